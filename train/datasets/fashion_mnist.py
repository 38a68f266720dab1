"""Fashion-MNIST: 70,000 pieces of clothing, in the format of MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest
from diabolo.train.datasets._formats.idx import IdxSet, load_idx, locate_idx
from diabolo.train.datasets._resize import fit_splits

__all__ = ["Dataset"]

_SOURCE = IdxSet(
    # Never the data folder itself: the files are called as MNIST's are.
    folders=("FashionMNIST/raw", "fashion-mnist"),
    addresses=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    published={
        "train-images-idx3-ubyte.gz": ("md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
        "train-labels-idx1-ubyte.gz": ("md5:25c81989df183df01b3e8a0aad5dffbe", 29_515),
        "t10k-images-idx3-ubyte.gz": ("md5:bef4ecab320f06d8554ea6380940ec79", 4_422_102),
        "t10k-labels-idx1-ubyte.gz": ("md5:bb300cfdad3c16e7a12a480ee83cd310", 5_148),
    },
    classes=10,
)


class Dataset(DatasetBase):
    """60,000 training and 10,000 test images of `(1, 28, 28)`, clothes on black."""

    title: ClassVar[str] = "Fashion-MNIST"
    summary: ClassVar[str] = "pieces of clothing, light on black"
    image_shape: ClassVar[tuple[int, int, int] | None] = (1, 28, 28)
    count: ClassVar[str] = "60,000 + 10,000"
    classes: ClassVar[tuple[str, ...]] = (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    )
    download: ClassVar[int] = sum(size for _, size in _SOURCE.published.values())
    licence: ClassVar[str] = "MIT (Zalando SE)"
    home: ClassVar[str] = "https://github.com/zalandoresearch/fashion-mnist"

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder of the four idx files.

        Raises:
            DataError: a folder of that name holds only some of them.
        """
        return locate_idx(request, _SOURCE)

    def load(self, request: LoadRequest) -> ImageData:
        """Read the four idx files, plain or `.gz`, in `FashionMNIST/raw` or `fashion-mnist`.

        Raises:
            DataError: a file is missing or damaged, or the set cannot be fetched.
        """
        train, test, provenance = load_idx(request, _SOURCE)
        train, test = fit_splits("fashion-mnist", train, test, provenance, request)
        return ImageData(
            name="fashion-mnist",
            train=train,
            test=test,
            classes=self.classes,
            licence=self.licence,
            provenance=provenance,
        )
