"""What the installed Pillow decodes is read, by training and by models alike; the rest is named."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from _images import everything, load_folder, sample
from PIL import Image, ImageFile, features

from diabolo.runtime.errors import ImageError
from diabolo.runtime.image import formats
from diabolo.runtime.image.convert import open_image, prepare
from diabolo.runtime.listing import contents

MORE = {
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "ico": "ICO",
    "tga": "TGA",
    "pcx": "PCX",
    "qoi": "QOI",
    "dds": "DDS",
}
LIBRARIES = {"avif": "avif", "jp2": "jpg_2000"}


@pytest.mark.parametrize("ending", MORE)
def test_more_formats(tmp_path: Path, ending: str) -> None:
    if ending in LIBRARIES and not features.check(LIBRARIES[ending]):
        pytest.skip("this Pillow was built without it")
    for number in range(10):
        picture = sample("RGB", 16, 16, seed=number)
        if ending == "qoi":
            pytest.importorskip("PIL.QoiImagePlugin")
        try:
            picture.save(tmp_path / f"{number}.{ending}", MORE[ending])
        except KeyError:
            pytest.skip("this Pillow does not write it")
    data = load_folder(tmp_path)
    assert len(everything(data)) == 10
    assert data.skipped == ()
    seen = prepare(tmp_path / f"3.{ending}", (3, 16, 16)).image
    whole = np.asarray(open_image(tmp_path / f"3.{ending}").convert("RGB"))
    np.testing.assert_allclose(seen, whole.transpose(2, 0, 1) / np.float32(255), atol=1e-6)


class _Fake(ImageFile.ImageFile):
    """A format whose pixels are those of the PNG that follows its name."""

    format = "HEIF"

    def _open(self) -> None:
        self.fp.seek(4)
        with Image.open(io.BytesIO(self.fp.read())) as inner:
            self._inner = inner.copy()
        self._size, self._mode = self._inner.size, self._inner.mode
        self.tile = []

    def load(self) -> object:
        self.im = self._inner.im
        return None


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package pillow_heif that registers `_Fake`."""
    module = ModuleType("pillow_heif")
    vars(module)["register_heif_opener"] = lambda: Image.register_open(
        "HEIF", _Fake, lambda prefix: prefix.startswith(b"heif")
    )
    monkeypatch.setitem(sys.modules, "pillow_heif", module)
    _forget()
    yield
    Image.OPEN.pop("HEIF", None)
    Image.ID.remove("HEIF")
    _forget()


def _forget() -> None:
    formats._readable.cache_clear()
    formats.endings.cache_clear()


def test_a_plugin_is_used_where_it_is_installed(tmp_path: Path, plugin: None) -> None:
    raw = io.BytesIO()
    sample("RGB", 8, 8).save(raw, "PNG")
    (tmp_path / "a.HEIC").write_bytes(b"heif" + raw.getvalue())
    assert contents(tmp_path).files == ["a.HEIC"]
    seen = prepare(tmp_path / "a.HEIC", (3, 8, 8)).image
    np.testing.assert_array_equal(seen, prepare(raw_picture(raw), (3, 8, 8)).image)


def raw_picture(raw: io.BytesIO) -> Image.Image:
    return Image.open(raw)


@pytest.mark.skipif("pillow_heif" in sys.modules, reason="it is installed")
def test_without_the_plugin_its_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(b"x")
    assert contents(tmp_path).other == {"heic": 1}
    with pytest.raises(ImageError, match="pip install pillow-heif"):
        open_image(tmp_path / "a.heic")
    assert formats.hint("png") == formats.hint("xcf") == ""
