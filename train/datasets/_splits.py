"""Which folders of a data set are its splits, by the names that are usual, and which are classes.

train, val, test            torchvision, Keras and most others; each with images, or a folder per class
train2017, val2017          COCO
images/train, images/val    Ultralytics; train/images, valid/images: Roboflow
training_set/training_set   Kaggle
train/good, test/good, test/DEFECT    MVTec AD
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from diabolo.runtime.listing import Contents, contents, printable, quoted

__all__ = ["File", "arranged", "base_of", "inner_of", "questions", "splits_in"]

_NAMES = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
_SUFFIX = re.compile(r"[-_ ]?(set|images|\d{4})$")  # test_set, val2017
_MASKS = {"mask", "masks", "labels", "annotations", "ground_truth", "groundtruth", "gt"}
_SHOWN = 3  # names in a note


class File(NamedTuple):
    """A file that has an image's extension."""

    name: str  # relative to the root, with '/'
    label: str | None  # the sub-folder; None for a file that is not in one
    split: str | None  # 'train', 'validation' or 'test' if the folder says so
    size: int  # bytes
    times: tuple[int, int]  # of its content and of its entry, nanoseconds


def _split_of(name: str) -> str:
    """The split that a folder of this name holds: 'train', 'validation' or 'test'; '' for another name."""
    plain = _SUFFIX.sub("", name.lower())
    return next((split for split, names in _NAMES.items() if plain in names), "")


def splits_in(held: Contents) -> dict[str, str]:
    """The folders that hold splits, by 'train', 'validation' and 'test'; of several the most usual name."""
    parts: dict[str, str] = {}
    for split, usual in _NAMES.items():
        named = [name for name in (*held.folders, *held.links) if _split_of(name) == split]
        if named:
            parts[split] = max(
                named, key=lambda name: (name in usual, name.lower() in usual, name in held.folders)
            )
    return parts


def base_of(root: Path) -> str:
    """The folder in `root` that has the folders for splits, with '/' at its end; '' if it is `root` itself.

    That is the only folder there, or one called `images`.
    """
    held = _held(root)
    if held is None or held.files or splits_in(held):
        return ""
    for name in held.folders if len(held.folders) == 1 else ("images",):
        inner = _held(root / name) if name in held.folders else None
        if inner is not None and "train" in splits_in(inner):
            return f"{name}/"
    return ""


def inner_of(root: Path, base: str) -> str:
    """`base`, a split's folder, or the only folder in it if that is called like the split."""
    held = _held(root / base)
    if held is None or held.files or len(held.folders) != 1:
        return base
    (name,) = held.folders
    return f"{base}{name}/" if _split_of(name) == _split_of(Path(base).name) else base


def _held(folder: Path) -> Contents | None:
    try:
        return contents(folder)
    except OSError:  # whoever walks through the folder reports it
        return None


def arranged(
    parts: Mapping[str, str], found: Mapping[str, list[File]], outside: list[File]
) -> tuple[list[File], list[str]]:
    """The files with their splits and classes, and notes about the folders.

    Args:
        parts: the folders of the splits, as `splits_in` finds them.
        found: the files in each.
        outside: all other files.
    """
    splits = {split: files for split, files in found.items() if files}
    train = splits.get("train", [])
    if not splits:
        return outside, []
    if not train or (len(splits) == 1 and _one_of_several(train, outside)):
        return _as_classes(parts, splits, outside)
    test, notes = _like_training(train, splits.get("test", []), parts)
    files = [f._replace(split="train" if test else None) for f in train]
    files += [f._replace(split="validation") for f in splits.get("validation", [])]
    files += [f._replace(split="test") for f in test]
    if not test:
        some = f"some images of the folder {parts['train']} are used for testing"
        notes.insert(0, f"{_lacking('test', parts)}: {some}")
    if outside:
        named = _folders(parts[split] for split in splits)
        notes.append(f"{len(outside)} images outside {named} are ignored")
    return _without_images_folder(files), notes


def _as_classes(
    parts: Mapping[str, str], splits: Mapping[str, list[File]], outside: list[File]
) -> tuple[list[File], list[str]]:
    """The folders that are called like splits as classes among the others."""
    files = [f._replace(label=Path(parts[split]).name) for split, group in splits.items() for f in group]
    lacking = _lacking("test" if "train" in splits else "train", parts)
    named = _folders(parts[split] for split in splits)
    how = "is treated as a class" if len(splits) == 1 else "are treated as classes"
    return sorted(files + outside), [f"{lacking}: {named} {how}"]


def _lacking(split: str, parts: Mapping[str, str]) -> str:
    return f"the folder {parts[split]} has no images" if split in parts else f"there is no folder {split}"


def _folders(names: Iterable[str]) -> str:
    *first, last = names
    return f"the folders {', '.join(first)} and {last}" if first else f"the folder {last}"


def _one_of_several(train: list[File], outside: list[File]) -> bool:
    """Whether the folder `train` is a class like the others next to it: images of trains, for instance."""
    return all(file.label is None for file in train) and any(file.label is not None for file in outside)


def _like_training(
    train: list[File], test: list[File], parts: Mapping[str, str]
) -> tuple[list[File], list[str]]:
    """The test images without those of other classes, if all training images are of one class.

    So images with defects do not count in the usual error, by which `anomaly` is measured.
    """
    (only, *more) = {file.label for file in train}
    others = [file for file in test if file.label != only]
    if only is None or more or len(others) == len(test) or not others:
        return test, []
    classes = sorted({printable(file.label or "no class") for file in others})
    return [file for file in test if file.label == only], [
        f"{len(others)} images in {parts['test']} are left out, since training has only the class {only!r} "
        f"({_some(classes)}): measure them afterwards, with diabolo reconstruct"
    ]


def _without_images_folder(files: list[File]) -> list[File]:
    """Without a class if the only one is a folder `images`, often with text files next to it."""
    if {file.label and file.label.lower() for file in files} == {"images"}:
        return [file._replace(label=None) for file in files]
    return files


def questions(root: Path, files: list[File]) -> list[str]:
    """Notes about classes whose names suggest that they are not classes."""
    classes = sorted({file.label for file in files if file.label is not None})
    notes = []
    named = [name for name in classes if _split_of(name)]
    if named and len(classes) > len(named):
        notes.append(
            f"is {_some(named)} a class? It is called like a split, and its images are learned from. To make "
            "splits, put all images into folders train, validation and test"
        )
    named = [name for name in classes if name.lower() in _MASKS]
    if named and len(classes) > len(named):
        rest = ",".join(name for name in classes if name not in named)
        notes.append(f"is {_some(named)} a class, or masks of the other images? Without it: --classes {rest}")
    if all(file.split is None for file in files):
        nested = [name for name in classes if _has_splits(root / name)]
        if nested:
            notes.append(
                f"folders with splits of their own are taken as one class each: {_some(nested)}. To train on "
                f"one of them: --dataset {quoted(root / nested[0])}"
            )
    return notes


def _has_splits(folder: Path) -> bool:
    held = _held(folder) if os.path.isdir(folder) else None  # noqa: PTH112 - Path.is_dir() may raise
    return held is not None and {"train", "test"} <= splits_in(held).keys()


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(map(printable, names[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
