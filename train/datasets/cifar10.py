"""CIFAR-10: 60,000 small colour photos of ten kinds of animals and vehicles."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, data_roots
from diabolo.train.datasets._fetch import fetch
from diabolo.train.datasets._formats.cifar_batches import ARCHIVE, FILES, FOLDER, read_batches
from diabolo.train.datasets._resize import fit_splits
from diabolo.train.errors import DataError

__all__ = ["Dataset"]


class Dataset(DatasetBase):
    """50,000 training and 10,000 test images of `(3, 32, 32)`, RGB."""

    title: ClassVar[str] = "CIFAR-10"
    summary: ClassVar[str] = "photos of animals and vehicles"
    image_shape: ClassVar[tuple[int, int, int] | None] = (3, 32, 32)
    count: ClassVar[str] = "50,000 + 10,000"
    classes: ClassVar[tuple[str, ...]] = (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    )
    download: ClassVar[int] = ARCHIVE.size
    licence: ClassVar[str] = "no licence stated (A. Krizhevsky, 2009)"
    home: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar.html"

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder of the seven original files, or else the archive of them.

        Raises:
            DataError: the data folder has only some of the files.
        """
        *named, cache = data_roots(request)
        for root in [*named, cache]:
            for folder in (root / FOLDER, root):
                if all((folder / name).is_file() for name in FILES):
                    return folder
            if (root / ARCHIVE.name).is_file():
                return root / ARCHIVE.name
            if root != cache:
                _complain(root)
        return None

    def load(self, request: LoadRequest) -> ImageData:
        """Read the seven original files: in `cifar-10-batches-py`, the data folder itself, or the archive.

        The archive is read without unpacking it. Every file must have the md5 of the original.

        Raises:
            DataError: a file is missing or not the original, or the archive cannot be fetched.
        """
        source = self.locate(request)
        if source is None:
            source = fetch(ARCHIVE, data_roots(request)[-1] / ARCHIVE.name, request.progress)
        train, test = read_batches(source, request.progress)
        provenance = {"files": {name: f"md5:{digest}" for name, digest in FILES.items()}}
        train, test = fit_splits("cifar10", train, test, provenance, request)
        return ImageData(
            name="cifar10",
            train=train,
            test=test,
            classes=self.classes,
            licence=self.licence,
            provenance=provenance,
        )


def _complain(root: Path) -> None:
    """Raise if only some files are here: fetching would hide that the given folder is not the one read."""
    for folder in (root / FOLDER, root):
        missing = [name for name in FILES if not (folder / name).is_file()]
        if len(missing) < len(FILES):
            raise DataError(f"{folder} lacks {', '.join(missing)}. Add it, or give another --data-dir.")
