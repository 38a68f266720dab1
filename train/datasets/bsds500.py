"""BSDS500: 500 colour photographs at their own size, 481 x 321 pixels or 321 x 481.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, 'Contour Detection and Hierarchical Image Segmentation', IEEE
TPAMI 33, 2011, https://doi.org/10.1109/TPAMI.2010.161. Papers on denoising measure on 68 of the pictures in
`val`, which they call BSD68 in grey and CBSD68 in colour, and train on the 400 in `train` and `test`: Roth
and Black, 'Fields of Experts', https://doi.org/10.1007/s11263-008-0197-6.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tarfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from diabolo.runtime._durable import move_folder
from diabolo.train.datasets._base import DatasetBase, ImageData, LoadRequest, data_roots
from diabolo.train.datasets._cropping.cropped import cropped
from diabolo.train.datasets._fetch import Remote, fetch
from diabolo.train.datasets._scan import File, Listing
from diabolo.train.datasets._unfinished import begin, sweep
from diabolo.train.datasets.folder import resized
from diabolo.train.errors import DataError

__all__ = ["BSD68", "Dataset"]

_FOLDER = Path("BSDS500", "data", "images")
_FOLDERS = (_FOLDER, Path("BSR") / _FOLDER, Path("BSDS500-master") / _FOLDER, Path("data", "images"))
_PARTS = {"train": 200, "val": 100, "test": 200}  # pictures
_MEMBER = re.compile(r"(?:\./)?BSR/BSDS500/data/images/(train|val|test)/([0-9]{1,8}\.jpg)", re.ASCII)
_LARGEST = 2**20  # bytes of a picture in the archive, at most; the largest has 126,011
_DIGEST = "73469dec2f4f89f5f6def7a15c6245430f5f23c42e6842da89f01059d07e9b41"  # see _digest
_REMOTE = Remote(
    name="BSR_bsds500.tgz",
    size=70_763_455,
    checksum="sha256:97e49d31764f3912f0c4122707d53062ac9e783ba0f095e447a4d53c1a41af8e",
    addresses=tuple(
        f"{site}.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz"
        for site in ("https://www2", "https://www", "http://www")
    ),
)

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
    """400 pictures to train on; 32 others choose the best weights, and 68 are for testing.

    With `--crop` they keep their size, and crops are drawn from them. Otherwise they are resized, as those of
    a folder.
    """

    title: ClassVar[str] = "BSDS500"
    summary: ClassVar[str] = "colour photographs at their own size, for --crop"
    count: ClassVar[str] = "432 + 68"
    download: ClassVar[int] = _REMOTE.size
    licence: ClassVar[str] = "for research and education (P. Arbelaez et al., 2011)"
    home: ClassVar[str] = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/resources.html"
    takes_crop: ClassVar[bool] = True

    def locate(self, request: LoadRequest) -> Path | None:
        """The folder `images` of the original's layout, or the original archive."""
        for root in data_roots(request):
            for folder in (root / each for each in _FOLDERS):
                if all((folder / part).is_dir() for part in _PARTS):
                    return folder
            if (root / _REMOTE.name).is_file():
                return root / _REMOTE.name
        return None

    def load(self, request: LoadRequest) -> ImageData:
        """Read the pictures in place, or else unpack the archive into the cache, or fetch it.

        Raises:
            DataError: it cannot be fetched, or some pictures are missing or cannot be read.
        """
        found, cache = self.locate(request), data_roots(request)[-1]
        if found is None:
            archive = fetch(_REMOTE, cache / _REMOTE.name, request.progress)
            found = _unpacked(archive, cache)
            archive.unlink(missing_ok=True)
        elif not found.is_dir():
            found = _unpacked(found, cache)
        listing = _listing(found)
        notes = []
        if cache not in found.parents and _digest(found, listing) != _DIGEST:
            notes.append(
                f"the pictures in {found} are not those of the published set, byte for byte, so figures may "
                "differ from those of others"
            )
        if request.fitting.crop is None:
            notes.append("the photographs are resized; --crop 64 keeps them at their own size, for denoising")
        make = cropped if request.fitting.crop else resized
        data = make("bsds500", found, listing, request)
        return replace(data, licence=self.licence, notes=(*notes, *data.notes))


def _listing(folder: Path) -> Listing:
    """The 500 pictures with their splits.

    Raises:
        DataError: there are more or fewer.
    """
    files = []
    for part, count in _PARTS.items():
        paths = sorted((folder / part).glob("*.jpg"))
        if len(paths) != count:
            raise DataError(
                f"{folder / part} has {len(paths)} pictures, not {count}. Get the set again, or give another "
                "--data-dir."
            )
        for path in paths:
            held = "test" if path.stem in BSD68 else "validation"
            about = path.stat()
            times = about.st_mtime_ns, about.st_ctime_ns
            split = held if part == "val" else "train"
            files.append(File(f"{part}/{path.name}", None, split, about.st_size, times))
    return Listing(files=files, skipped=[], notes=[])


def _digest(folder: Path, listing: Listing) -> str:
    """The sha256 of every picture's name, length and bytes, by name."""
    digest = hashlib.sha256()
    for name in sorted(file.name for file in listing.files):
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _unpacked(archive: Path, home: Path) -> Path:
    """The pictures of the archive, unpacked below `home`; nothing else in it is written.

    Raises:
        DataError: it is damaged, is not the set, or cannot be written.
    """
    temporary, target = None, home / _FOLDER
    if target.is_dir():
        return target
    try:
        home.mkdir(parents=True, exist_ok=True)
        sweep(home)
        temporary = begin(home)
        _extract(archive, temporary)
        _listing(temporary)  # raises if some are missing
        target.parent.mkdir(parents=True, exist_ok=True)
        move_folder(temporary, target)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{archive} is damaged ({error}). Delete it and fetch it again.") from error
    except OSError as error:
        if target.is_dir():  # another process was faster
            return target
        raise DataError(
            f"cannot unpack {archive} into {home}: {error.strerror or error}. Make room or mend that, or "
            "name another folder with DIABOLO_CACHE."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return target


def _extract(archive: Path, target: Path) -> None:
    for part in _PARTS:
        (target / part).mkdir()
    with tarfile.open(archive, "r|gz") as packed:
        for member in packed:
            named = _MEMBER.fullmatch(member.name)
            if not (named and member.isreg() and member.size <= _LARGEST):
                continue
            content = packed.extractfile(member)
            assert content is not None  # noqa: S101 - for mypy; a regular file has content
            (target / named[1] / named[2]).write_bytes(content.read())
