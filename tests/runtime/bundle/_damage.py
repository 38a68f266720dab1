"""Damaged bundles, one after another, in a process that may die.

    python _damage.py WORK FIRST LAST BUNDLE ...

The number of a case alone says what is done, to which of the bundles. A line is begun before each case and
ended after it, so that whoever started this process knows in which case it was when it died.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.errors import BundleError, DiaboloError

_MEMORY = 8 << 30  # bytes of addresses: a graph that asks for more gets an error, not the machine
_LEVEL = 1.5 / 255  # an answer is wrong where a pixel of 8 bits is off by more than one step
_QUANTISED = 25 / 255  # of 8-bit graphs, which every processor rounds a little differently
_FILES = ("model.json", "encoder.onnx", "decoder.onnx", "codes.npz")


def flipped(raw: bytearray, rng: np.random.Generator) -> None:
    """One to eight bits turned over."""
    for place in rng.integers(0, len(raw), rng.integers(1, 9)):
        raw[place] ^= 1 << int(rng.integers(8))


def cut(raw: bytearray, rng: np.random.Generator) -> None:
    """The end is gone, or some bytes within."""
    start = int(rng.integers(0, len(raw)))
    del raw[start : start + int(rng.integers(1, 65)) if rng.random() < 0.5 else len(raw)]


def swapped(raw: bytearray, rng: np.random.Generator) -> None:
    """Two stretches of one length change places."""
    length = int(rng.integers(1, 65))
    one, other = (int(place) for place in rng.integers(0, (len(raw) - length) // 2, 2))
    other += (len(raw) + length) // 2 - length  # in the second half
    raw[one : one + length], raw[other : other + length] = (
        raw[other : other + length],
        raw[one : one + length],
    )


_WAYS: tuple[Callable[[bytearray, np.random.Generator], None], ...] = (flipped, cut, swapped)


def damaged(sound: Path, work: Path, case: int) -> tuple[Path, str]:
    """A damaged copy of a bundle, and what was done to it."""
    rng = np.random.default_rng(case)
    how = _WAYS[int(rng.integers(len(_WAYS)))]
    target = str(rng.choice([*_FILES, "zip"]))
    mended = rng.random() < 0.5  # the hashes are made right again: onnxruntime itself sees the damage
    name = str(rng.choice(_FILES)) if target == "zip" else target
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(sound, work / "bundle")
    if target != "zip" or mended:
        spoil(work / "bundle" / name, how, rng)
    if mended:
        mend(work / "bundle", name)
    what = f"{name} {how.__name__}{', hashes mended' if mended else ''}"
    if target != "zip":
        return work / "bundle", what
    packed = work / "bundle.zip"
    packed.write_bytes(zipped(work / "bundle"))
    if mended:
        return packed, f"{what}, in a zip"
    spoil(packed, how, rng)
    return packed, f"zip {how.__name__}"


def spoil(
    path: Path, how: Callable[[bytearray, np.random.Generator], None], rng: np.random.Generator
) -> None:
    """Write a file anew with something done to it."""
    raw = bytearray(path.read_bytes())
    how(raw, rng)
    path.write_bytes(raw)


def zipped(folder: Path) -> bytes:
    """A .zip of a folder's files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return packed.getvalue()


def mend(folder: Path, name: str) -> None:
    """Make a file's hash fit, and model.json's own; where that is no JSON any more, nothing can."""
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        document = json.loads((folder / "model.json").read_bytes())
        if name != "model.json":
            raw = (folder / name).read_bytes()
            document["files"][name] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        (folder / "model.json").write_bytes(manifest.seal(document))


class Judge:
    """Knows what the sound bundle answers."""

    def __init__(self, sound: Path) -> None:
        model = Autoencoder.load(sound, device="cpu")
        assert model.codes is not None
        noise = np.random.default_rng(0).random((4, *model.manifest.image_shape), np.float32)
        self.images = np.concatenate([noise, model.decode(model.codes.latents[:60])])
        self.right = model.reconstruct(self.images)
        self.allowed = _QUANTISED if model.manifest.document["graphs"]["dtype"] == "int8" else _LEVEL

    def outcome(self, bundle: Path) -> str:
        """'error', 'right', or what must not be, in capitals."""
        try:
            sound = all(check.ok for check in verify(bundle, device="cpu"))
        except BundleError as error:
            return f"error: {type(error).__name__}"
        except Exception as error:  # noqa: BLE001  whatever else: it tells, and does not raise
            return f"LEAK: verify: {type(error).__name__}: {error}"
        try:
            model = Autoencoder.load(bundle, device="cpu")
            _ = model.codes
            answer = model.reconstruct(self.images)
        except DiaboloError as error:
            return f"error: {type(error).__name__}"
        except Exception as error:  # noqa: BLE001  that is what is looked for
            return f"LEAK: {type(error).__name__}: {error}"
        if not sound:
            return "error: verify"
        if answer.shape != self.right.shape:
            return f"WRONG: {answer.shape}"
        off = float(np.abs(answer - self.right).max())
        return "right" if off <= self.allowed else f"WRONG: {off:.4f}"


def main(work: Path, first: int, last: int, bundles: list[Path]) -> None:
    judges = [Judge(bundle) for bundle in bundles]
    with contextlib.suppress(ImportError):  # where there is none, the whole machine is the bound
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for case in range(first, last):
        which = case % len(bundles)
        bundle, what = damaged(bundles[which], work, case)
        sys.stdout.write(f"{case}\t{bundles[which].name}: {what}\t")
        sys.stdout.flush()
        sys.stdout.write(" ".join(judges[which].outcome(bundle).split()) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), [Path(word) for word in sys.argv[4:]])
