"""MNIST: 70,000 handwritten digits."""

from __future__ import annotations

from typing import ClassVar

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest
from diabolo.train.datasets._decode import resize_split
from diabolo.train.datasets._idx import load_idx

__all__ = ["Dataset"]


class Dataset(DatasetBase):
    """60,000 training and 10,000 test images of `(1, 28, 28)`, white digits on black."""

    title: ClassVar[str] = "MNIST"
    summary: ClassVar[str] = "handwritten digits, 28 x 28 grey, 60,000 + 10,000 (downloads 11 MB)"
    licence: ClassVar[str] = "CC BY-SA 3.0 (Y. LeCun, C. Cortes)"
    home: ClassVar[str] = "http://yann.lecun.com/exdb/mnist/"

    def load(self, request: LoadRequest) -> ImageData:
        """Read the four idx files, plain or `.gz`: in `MNIST/raw`, `mnist`, `raw` or the data folder itself.

        Raises:
            DataError: a file is missing or damaged, or the set cannot be fetched.
        """
        train, test, provenance = load_idx(request, "MNIST", ("MNIST/raw", "mnist", "raw", ""), classes=10)
        return ImageData(
            name="mnist",
            train=resize_split(train, request.image_size),
            test=resize_split(test, request.image_size),
            classes=tuple("0123456789"),
            licence=self.licence,
            provenance=provenance,
        )
