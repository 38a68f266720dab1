"""Flipped, cut and swapped bytes of a bundle: an error or a right answer, whatever happens."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from _damage import Judge

from diabolo.runtime.bundle import manifest, zoo

_BLOCK = 50  # cases for a process
_PATIENCE = 120.0  # seconds for a block, which takes ten
DAMAGE = Path(__file__).with_name("_damage.py")


def outcomes(work: Path, cases: Sequence[int], bundles: list[Path]) -> list[tuple[str, str]]:
    """What was done in each case, and what came of it; a process that dies or hangs has a successor."""
    found: list[tuple[str, str]] = []
    while len(found) < len(cases):
        first = cases[len(found)]
        last = min(first + _BLOCK, cases[-1] + 1)
        command = [sys.executable, DAMAGE, work, first, last, *bundles]
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, timeout=_PATIENCE)
            text, said, ending = done.stdout, done.stderr, f"DIED: {done.returncode}"
        except subprocess.TimeoutExpired as late:
            text, said, ending = late.stdout or b"", late.stderr or b"", "HUNG"
        lines = [line.split("\t") for line in text.decode().splitlines()]
        assert lines, f"the process ended before case {first}: {ending} {said.decode()}"
        for number, what, *came in lines:
            found.append((f"{number}, {what}", came[0] if came and came[0] else f"{ending} {said.decode()}"))
    return found


def judged(found: list[tuple[str, str]]) -> Counter[str]:
    bad = [f"{what}: {came}" for what, came in found if came.split(":")[0] not in ("right", "error")]
    assert bad == []
    return Counter(came for _, came in found)


def test_a_hundred_damaged_bundles(bundles: dict[str, Path], tmp_path: Path) -> None:
    found = outcomes(tmp_path / "work", range(100), [bundles["conv"], bundles["vae"]])
    assert len(found) == 100
    # each of the ways to find it has found some
    assert {"error: verify", "error: IntegrityError", "error: ManifestError"} <= set(judged(found))


def test_what_is_nobody_s_harms_nobody(bundles: dict[str, Path], tmp_path: Path) -> None:
    """A case that comes out right, so that not everything is called an error."""
    document = json.loads((bundles["vae"] / "model.json").read_bytes())
    folder = tmp_path / "bundle"
    shutil.copytree(bundles["vae"], folder)
    (folder / "model.json").write_bytes(manifest.seal(document | {"nobody's": 1}))
    assert Judge(bundles["vae"]).outcome(folder) == "right"


@pytest.mark.long
def test_two_thousand_damaged_bundles(bundles: dict[str, Path], tmp_path: Path) -> None:
    names = ("mnist-autoencoder", "mnist-conv", "mnist-vae-2d", "cifar10-conv")
    sources = [*bundles.values(), *map(zoo.locate, names)]
    found = outcomes(tmp_path / "work", range(2000), sources)
    assert len(found) == 2000
    assert len(judged(found)) > 3
