"""Flipped, cut and swapped bytes of a bundle: an error or a right answer, whatever happens."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from diabolo.runtime import ready

_PATIENCE = 60.0  # seconds for a case
DAMAGE = Path(__file__).with_name("_damage.py")


def outcomes(work: Path, cases: range, bundles: list[Path]) -> list[tuple[str, str]]:
    """What was done in each case, and what came of it; a process that dies or hangs has a successor."""
    found: list[tuple[str, str]] = []
    while len(found) < len(cases):
        first = cases[len(found)]
        command = [sys.executable, DAMAGE, work, first, cases.stop, *bundles]
        process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        try:
            text, _ = process.communicate(timeout=_PATIENCE + len(cases))
            ending = f"DIED: {process.returncode}"
        except subprocess.TimeoutExpired:
            process.kill()
            text, ending = process.communicate()[0], "HUNG"
        lines = [line.split("\t") for line in text.splitlines()]
        assert lines, f"the process ended before case {first}: {ending}"
        found += [
            (f"{line[0]}, {line[1]}", line[2] if len(line) == 3 and line[2] else ending) for line in lines
        ]
    return found


def judged(found: list[tuple[str, str]]) -> Counter[str]:
    bad = [f"{what}: {came}" for what, came in found if came.split(":")[0] not in ("right", "error")]
    assert bad == []
    return Counter(came for _, came in found)


def test_a_hundred_damaged_bundles(bundles: dict[str, Path], tmp_path: Path) -> None:
    found = outcomes(tmp_path / "work", range(100), [bundles["conv"], bundles["vae"]])
    assert len(found) == 100
    # found in each of the ways that there are, and some bytes are nobody's
    assert {"error: verify", "error: IntegrityError", "error: ManifestError", "right"} <= set(judged(found))


@pytest.mark.long
def test_two_thousand_damaged_bundles(bundles: dict[str, Path], tmp_path: Path) -> None:
    names = ("mnist-autoencoder", "mnist-conv", "mnist-vae-2d", "cifar10-conv")
    sources = [*bundles.values(), *map(ready.locate, names)]
    found = outcomes(tmp_path / "work", range(2000), sources)
    assert len(found) == 2000
    assert len(judged(found)) > 3
