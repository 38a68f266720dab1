"""Verify one bundle as a stranger's, or as one's own, in a process of its own; what it takes, as JSON.

python _opening.py strangers|local BUNDLE
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime  # noqa: F401  its memory and time are not the bundle's

from diabolo.runtime import verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.bundle.limits import LOCAL, STRANGERS


def _peak() -> float:
    """The most memory that this process ever had, in MB; getrusage would tell the parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main(limits: str, path: Path) -> None:
    manifest.schema()
    np.zeros(1)
    before, start = _peak(), time.process_time()
    checks = verify(path, device="cpu", limits=STRANGERS if limits == "strangers" else LOCAL)
    seconds = time.process_time() - start
    wrong = [check.detail for check in checks if not check.ok]
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": _peak() - before, "wrong": wrong[:1]}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
