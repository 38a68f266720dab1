"""MNIST: 70,000 handwritten digits."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from diabolo.runtime.image.placement import Drawing
from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest
from diabolo.train.datasets._formats.idx import IdxSet, load_idx, locate_idx
from diabolo.train.datasets._resize import fit_splits

__all__ = ["Dataset"]

_SOURCE = IdxSet(
    folders=("MNIST/raw", "mnist", "raw", ""),
    # the home page comes last, since it often refuses
    addresses=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    published={
        "train-images-idx3-ubyte.gz": ("md5:f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
        "train-labels-idx1-ubyte.gz": ("md5:d53e105ee54ea40749a09fcbcd1e9432", 28_881),
        "t10k-images-idx3-ubyte.gz": ("md5:9fb629c4189551a2d022fa330f9573f3", 1_648_877),
        "t10k-labels-idx1-ubyte.gz": ("md5:ec29112dd5afa0611ce80d1b7f02629c", 4_542),
    },
    classes=10,
)


class Dataset(DatasetBase):
    """60,000 training and 10,000 test images of `(1, 28, 28)`, white digits on black."""

    title: ClassVar[str] = "MNIST"
    summary: ClassVar[str] = "handwritten digits, white on black"
    image_shape: ClassVar[tuple[int, int, int] | None] = (1, 28, 28)
    count: ClassVar[str] = "60,000 + 10,000"
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    download: ClassVar[int] = sum(size for _, size in _SOURCE.published.values())
    licence: ClassVar[str] = "CC BY-SA 3.0 (Y. LeCun, C. Cortes)"
    home: ClassVar[str] = "http://yann.lecun.com/exdb/mnist/"
    drawing: ClassVar[Drawing | None] = Drawing(box=20, centre="mass")

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder of the four idx files.

        Raises:
            DataError: the data folder has only some of them.
        """
        return locate_idx(request, _SOURCE)

    def load(self, request: LoadRequest) -> ImageData:
        """Read the four idx files, plain or `.gz`: in `MNIST/raw`, `mnist`, `raw` or the data folder itself.

        Raises:
            DataError: a file is missing or damaged, or the set cannot be fetched.
        """
        train, test, provenance = load_idx(request, _SOURCE)
        train, test = fit_splits("mnist", train, test, provenance, request)
        return ImageData(
            name="mnist",
            train=train,
            test=test,
            classes=self.classes,
            licence=self.licence,
            provenance=provenance,
        )
