"""A folder of the user's own images."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split
from diabolo.train.datasets._decode import EXTENSIONS, decode, probe
from diabolo.train.errors import DataError

__all__ = ["Dataset"]

_LONGEST = 64  # pixels: the longer side when no size is asked for
_FEWEST = 10  # good images; fewer teach a network nothing
_NAMED = 5  # broken files named in the note

_Size = tuple[int, int]  # height, width


class Dataset(DatasetBase):
    """Images lying flat in a folder, or in one sub-folder per class, or so in a `train` and a `test` folder.

    The images come out in one size: `image_size`, else the commonest one, scaled down to 64 pixels on its
    longer side; others are scaled to cover it and cropped around the centre. They are grey where every one
    of them is, otherwise RGB. Transparency is laid on white. Files that start with a dot are left out, and so
    are those that cannot be read: `notes` names them. Classes are the sub-folders' names, sorted; there are
    none where images lie beside sub-folders.
    """

    title: ClassVar[str] = "A folder of images"
    summary: ClassVar[str] = f"your own images ({' '.join(EXTENSIONS)}), flat or one sub-folder per class"
    takes_folder: ClassVar[bool] = True

    def load(self, request: LoadRequest) -> ImageData:
        """Read `request.folder`; where it brings no test split, a sixth drawn by `request.seed` is that.

        Raises:
            DataError: the folder is not there, or holds fewer than 10 images that can be read.
        """
        root = _root(request)
        files, notes = _scan(root)
        if not files:
            raise DataError(
                f"no images in {str(root)!r}: looked for files ending in {', '.join(EXTENSIONS)}, in the "
                "folder and below. Give a folder that holds some."
            )
        images, good, size_notes = _read(root, files, request)
        classes = tuple(sorted({f.label for f in good if f.label is not None}))
        if any(f.label is None for f in good):
            if classes:
                flat = sum(f.label is None for f in good)
                notes.append(f"{flat} images lie beside the sub-folders, so none has a label")
            classes = ()
        place = {label: i for i, label in enumerate(classes)}
        labels = np.array([place[f.label] for f in good if f.label in place], np.int64)
        train, test = _indices(good, request.seed)
        return ImageData(
            name=root.resolve().name,
            train=Split(images=images[train], labels=labels[train] if classes else None),
            test=Split(images=images[test], labels=labels[test] if classes else None),
            classes=classes,
            notes=(*notes, *size_notes),
            provenance={"images": len(good), "seed": request.seed, "sha256": _digest(good, images)},
        )


@dataclass(frozen=True, kw_only=True)
class _File:
    path: Path
    name: str  # relative to the root, with '/'
    label: str | None  # the sub-folder; None for a file that lies flat
    split: str | None  # 'train' or 'test' where the folder says so


def _root(request: LoadRequest) -> Path:
    if request.folder is None:
        raise DataError("the dataset 'folder' needs the path of a folder of images: --dataset ./photos.")
    if not request.folder.is_dir():
        raise DataError(f"no folder at {str(request.folder)!r}. Give the path of a folder of images.")
    return request.folder


def _scan(root: Path) -> tuple[list[_File], list[str]]:
    """Every file with an image's extension, sorted by name; and notes on what is left aside."""
    parts = {part: _below(root, root / part, part) for part in ("train", "test") if (root / part).is_dir()}
    if len(parts) < 2 or not all(parts.values()):
        return _below(root, root, None), []
    beside = [f for f in _below(root, root, None) if not f.name.startswith(("train/", "test/"))]
    notes = [f"{len(beside)} images beside the folders train and test are left aside"] if beside else []
    return parts["train"] + parts["test"], notes


def _below(root: Path, base: Path, split: str | None) -> list[_File]:
    """Image files in `base` and its sub-folders at any depth.

    A link to a folder is followed where it stands for a class and does not lead back up; below that, links to
    folders are not, so that the walk ends.
    """
    try:
        entries = sorted(base.iterdir())
    except OSError as error:
        raise DataError(f"cannot read the folder {str(base)!r}: {error.strerror}.") from error
    found: list[tuple[Path, str | None]] = [(path, None) for path in entries if not path.is_dir()]
    for folder in (path for path in entries if path.is_dir() and not path.name.startswith(".")):
        if base.resolve().is_relative_to(folder.resolve()):
            continue
        for where, folders, names in os.walk(folder, onerror=_unreadable):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [(Path(where, name), folder.name) for name in names]
    files = [
        _File(path=path, name=path.relative_to(root).as_posix(), label=label, split=split)
        for path, label in found
        if path.suffix.lower().lstrip(".") in EXTENSIONS and not path.name.startswith(".")
    ]
    return sorted(files, key=lambda file: file.name)


def _unreadable(error: OSError) -> None:
    raise DataError(
        f"cannot read the folder {error.filename!r}: {error.strerror}. Mend that or move it away."
    )


def _read(
    root: Path, files: Sequence[_File], request: LoadRequest
) -> tuple[NDArray[np.uint8], list[_File], list[str]]:
    """The images `(n, channels, height, width)` of the good files, those files, and notes."""
    broken: dict[str, str] = {}
    sizes: dict[_File, _Size] = {}
    for done, file in enumerate(files, 1):
        try:
            sizes[file] = probe(file.path)
        except DataError as error:
            broken[file.name] = str(error)
        request.progress("measuring", done, len(files))
    size, notes = _size(list(sizes.values()), request.image_size)
    decoded: dict[_File, NDArray[np.uint8]] = {}
    for done, file in enumerate(sizes, 1):
        try:
            decoded[file] = decode(file.path, size)
        except DataError as error:
            broken[file.name] = str(error)
        request.progress("decoding", done, len(sizes))
    if broken:
        notes.append(f"{len(broken)} of {len(files)} files cannot be read and are left out: {_list(broken)}")
    if len(decoded) < _FEWEST:
        raise DataError(
            f"{str(root)!r} holds {len(decoded)} images that can be read; at least {_FEWEST} are needed. "
            + (f"Broken: {_list(broken)}. " if broken else "")
            + "Add images."
        )
    channels = max(len(pixels) for pixels in decoded.values())
    images = np.empty((len(decoded), channels, *size), np.uint8)
    for target, pixels in zip(images, decoded.values(), strict=True):
        target[...] = pixels  # grey among colour fills all three channels
    return images, list(decoded), notes


def _size(sizes: Sequence[_Size], wanted: _Size | None) -> tuple[_Size, list[str]]:
    """The size that all images are brought to, and a note where that changes some."""
    if not sizes:
        return (1, 1), []
    counts = Counter(sizes)
    common = max(counts, key=lambda size: (counts[size], size))
    scale = min(1.0, _LONGEST / max(common))
    size = wanted or (max(1, round(common[0] * scale)), max(1, round(common[1] * scale)))
    if not (others := len(sizes) - counts[size]):
        return size, []
    why = "as asked for" if wanted else f"the commonest is {common[0]} x {common[1]}"
    shape = f"{size[0]} x {size[1]} pixels (height x width; {why})"
    return size, [f"{others} of {len(sizes)} images are scaled and cropped to {shape}"]


def _indices(files: Sequence[_File], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which images train and which test, each in the files' order."""
    if files[0].split is not None:
        tests = np.array([file.split == "test" for file in files])
        return np.flatnonzero(~tests), np.flatnonzero(tests)
    order = np.random.default_rng(seed).permutation(len(files))
    count = max(1, round(len(files) / 6))
    return np.sort(order[count:]), np.sort(order[:count])


def _list(broken: dict[str, str]) -> str:
    # A file name need not be text; what cannot be printed is escaped.
    named = [
        f"{n.encode('utf-8', 'backslashreplace').decode()} ({broken[n]})" for n in sorted(broken)[:_NAMED]
    ]
    more = len(broken) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _digest(files: Sequence[_File], images: NDArray[np.uint8]) -> str:
    names = b"\0".join(os.fsencode(file.name) for file in files)
    return hashlib.sha256(names + b"\0" + images.tobytes()).hexdigest()
