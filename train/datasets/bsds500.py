"""BSDS500: 500 colour photographs at their own size, 481 x 321 pixels or 321 x 481.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, 'Contour Detection and Hierarchical Image Segmentation', IEEE
TPAMI 33, 2011, https://doi.org/10.1109/TPAMI.2010.161. Papers on denoising measure on 68 of the pictures in
`val`, which they call BSD68 in grey and CBSD68 in colour, and train on the 400 in `train` and `test`: Roth
and Black, 'Fields of Experts', https://doi.org/10.1007/s11263-008-0197-6.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, Split, data_roots
from diabolo.train.datasets._crops import Crops
from diabolo.train.datasets._decoding.pictures import decode_pictures
from diabolo.train.errors import DataError

__all__ = ["BSD68", "Dataset"]

_FOLDER = Path("BSDS500", "data", "images")
_PARTS = {"train": 200, "val": 100, "test": 200}  # pictures
_CROP = 64  # pixels, if no size is given

BSD68 = frozenset(
    """
    101085 101087 102061 103070 105025 106024 108005 108070 108082 109053 119082 12084 123074 126007
    130026 134035 14037 143090 145086 147091 148026 148089 157055 159008 160068 16077 163085 167062
    167083 170057 175032 175043 182053 189080 19021 196073 197017 208001 210088 21077 216081 219090
    220075 223061 227092 229036 236037 24077 241004 241048 253027 253055 260058 271035 285079 291000
    295087 296007 296059 299086 300091 302008 304034 304074 306005 3096 33039 351093
    """.split()  # noqa: SIM905 - seventy lines as a list
)
"""The names of the 68 pictures of `val` that are the test split."""


class Dataset(DatasetBase):
    """Crops of 400 pictures to train on; 32 others choose the best weights, and 68 are for testing, whole."""

    title: ClassVar[str] = "BSDS500"
    summary: ClassVar[str] = "colour photographs at their own size"
    count: ClassVar[str] = "432 + 68"
    licence: ClassVar[str] = "for research and education (P. Arbelaez et al., 2011)"
    home: ClassVar[str] = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/resources.html"
    takes_crop: ClassVar[bool] = True

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder `images` of the original's layout."""
        for root in data_roots(request):
            for folder in (root / _FOLDER, root / "BSR" / _FOLDER, root / "data" / "images"):
                if all((folder / part).is_dir() for part in _PARTS):
                    return folder
        return None

    def load(self, request: LoadRequest) -> ImageData:
        """Decode the pictures.

        Raises:
            DataError: some are missing or cannot be read.
        """
        folder = self.locate(request)
        if folder is None:
            raise DataError("BSDS500 is not there. Give the folder that contains it: --data-dir.")
        files = {part: sorted((folder / part).glob("*.jpg")) for part in _PARTS}
        for part, count in _PARTS.items():
            if len(files[part]) != count:
                raise DataError(
                    f"{folder / part} has {len(files[part])} pictures, not {count}. Get the set again."
                )
        tested = [path for path in files["val"] if path.stem in BSD68]
        held = [path for path in files["val"] if path.stem not in BSD68]
        groups = [files["train"] + files["test"], held, tested]
        size = request.fitting.crop or _CROP
        train, validation, test = (
            Split(images=Crops(decode_pictures(paths, request.fitting), size)) for paths in groups
        )
        return ImageData(
            name="bsds500",
            train=train,
            validation=validation,
            test=test,
            licence=self.licence,
            provenance={"pictures": [len(group) for group in groups]},
        )
