"""The benchmarks still run: on few images, for their result and not for their speed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

DATA = """
import sys, torchvision, numpy as np
from pathlib import Path
from benchmarks import data
scratch = Path(sys.argv[1])
rng = np.random.default_rng(0)
grey, colour = (rng.integers(0, 256, (300, *s)).astype(np.uint8) for s in ((1, 28, 28), (3, 32, 32)))
data.ROUNDS = 1
data.write_idx(scratch / "torchvision", grey)
print(*data.feeding("MNIST", grey, torchvision.datasets.MNIST, scratch / "torchvision", scratch), sep="|")
data.write_photos(scratch / "photos", colour, 12)
data.write_letters(scratch / "letters", grey, 30)
for name, size in (("photos", (16, 16)), ("letters", (28, 28))):
    print(*data.decoding(name, scratch / name, size), sep="|")
print(data.memory(scratch, 20, 16))
"""


def test_data(tmp_path: Path) -> None:
    environment = os.environ | {"DIABOLO_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", DATA, str(tmp_path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    feeding, photos, letters, peak = done.stdout.strip().splitlines()
    assert feeding.count(" x") == 2
    assert photos.startswith("photos|")
    assert letters.startswith("letters|")
    assert int(peak) > 50e6
