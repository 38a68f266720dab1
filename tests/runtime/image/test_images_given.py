"""Images in every form that a caller may have them in: all give the same batch."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.errors import ImageError, LatentError
from diabolo.runtime.image.convert import as_batch

SHAPE = (1, 8, 8)
PIXELS = np.pad(np.arange(36, dtype=np.uint8).reshape(6, 6) * 7, 1)
FLOATS = PIXELS / np.float32(255)


def png(pixels: np.ndarray = PIXELS) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


class Foreign:
    """An array of another library."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return FLOATS if dtype is None else FLOATS.astype(dtype)


GIVEN: dict[str, Callable[[], Any]] = {
    "uint8": lambda: PIXELS,
    "uint8-with-channel": lambda: PIXELS[..., None],
    "float": lambda: FLOATS,
    "float-with-channel": lambda: FLOATS[None],
    "float64": lambda: FLOATS.astype(float),
    "fortran": lambda: np.asfortranarray(FLOATS),
    "reversed": lambda: np.ascontiguousarray(FLOATS[:, ::-1])[:, ::-1],
    "masked": lambda: np.ma.masked_array(FLOATS),  # type: ignore[no-untyped-call]
    "tensor": lambda: torch.from_numpy(FLOATS),
    "tensor-with-gradient": lambda: torch.from_numpy(FLOATS).clone().requires_grad_(),
    "uint8-tensor": lambda: torch.from_numpy(PIXELS)[..., None],
    "foreign": Foreign,
    "bytes": png,
    "bytearray": lambda: bytearray(png()),
    "memoryview": lambda: memoryview(png()),
    "opened": lambda: io.BytesIO(png()),
    "pil": lambda: Image.fromarray(PIXELS),
}


@pytest.mark.parametrize("name", GIVEN)
def test_every_form_gives_the_same_image(name: str) -> None:
    wanted = FLOATS[None, None]
    np.testing.assert_allclose(as_batch(GIVEN[name](), SHAPE), wanted, atol=1e-7)
    twice = as_batch([GIVEN[name](), GIVEN[name]()], SHAPE)
    np.testing.assert_allclose(twice, np.concatenate([wanted, wanted]), atol=1e-7)


def test_several_grey_images_need_no_axis_for_the_channel() -> None:
    several = np.stack([FLOATS, FLOATS / 2, 0 * FLOATS])
    np.testing.assert_array_equal(as_batch(several, SHAPE)[:, 0], several)
    np.testing.assert_array_equal(as_batch(torch.from_numpy(several), SHAPE)[:, 0], several)
    with pytest.raises(ImageError, match=r"\(8, 8\) does not fit"):
        as_batch(FLOATS, (3, 8, 8))


def test_an_opened_file_stays_open(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    with (tmp_path / "a.png").open("rb") as file:
        as_batch(file, SHAPE)
        assert not file.closed
    (tmp_path / "a.txt").write_text("no picture")
    with (tmp_path / "a.txt").open("rb") as file, pytest.raises(ImageError, match=r"a\.txt cannot be read"):
        as_batch(file, SHAPE)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "images cannot be of type dict"),
        ({1, 2}, "images cannot be of type set"),
        (3, "images cannot be of type int"),
        ([3], "an image cannot be of type int"),
        ([{}], "an image cannot be of type dict"),
        (np.float64(0.5), r"a float array of shape \(\) does not fit"),
        (b"", "the picture of 0 bytes cannot be read as a picture"),
        (io.StringIO("text"), "the opened file cannot be read as a picture"),
        (torch.zeros(8, 8, device="meta"), "a Tensor cannot be converted to a numpy array: .*cpu"),
        (torch.zeros(8, 8, dtype=torch.bfloat16), "a Tensor cannot be converted to a numpy array"),
        (2 * FLOATS - 1, r"range from -1 to .* \[-1, 1\], give \(x \+ 1\) / 2"),
        (np.float32(255) * FLOATS, "Divide 8-bit values by 255"),
        (np.float32(65535) * FLOATS, "65535 for 16 bits"),
        (5 * FLOATS - 0.4, r"give x \* std \+ mean"),
        (np.full((8, 8), 1e300), "range from 1e\\+300"),
        (np.full((8, 8), np.nan), "values that are not numbers"),
    ],
)
def test_what_cannot_be_an_image_is_refused_in_words(given: Any, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        as_batch(given, SHAPE)


@pytest.fixture(scope="module")
def model(bundles: dict[str, Path]) -> Autoencoder:
    return Autoencoder.load(bundles["vae"], device="cpu")


@pytest.fixture(scope="module")
def scan() -> np.ndarray:
    """A drawing on white paper, `(16, 16)`; the model learned from bright shapes on black."""
    paper = np.full((16, 16), 255, np.uint8)
    paper[4:10, 5:11] = 10
    return paper


def test_a_picture_that_looks_inverted_is_inverted_and_an_array_is_not(
    model: Autoencoder, scan: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    inverted, as_it_is = model.encode(255 - scan), model.encode(scan)
    with caplog.at_level(logging.WARNING, "diabolo"):
        for picture in (Image.fromarray(scan), png(scan), io.BytesIO(png(scan)), [Image.fromarray(scan)]):
            np.testing.assert_array_equal(model.encode(picture), inverted)
    assert len(caplog.records) == 1, "said once for each model"
    assert "a bright border was inverted" in caplog.text
    assert "invert=False" in caplog.text
    caplog.clear()
    np.testing.assert_array_equal(model.encode(Image.fromarray(scan), invert=False), as_it_is)
    np.testing.assert_array_equal(model.encode(Image.fromarray(255 - scan), invert=True), as_it_is)
    np.testing.assert_allclose(model.encode(scan, invert=True), inverted, atol=1e-5)
    np.testing.assert_allclose(model.encode(torch.from_numpy(scan), invert=True), inverted, atol=1e-5)
    assert not caplog.records
    assert np.abs(inverted - as_it_is).max() > 0.1


def test_every_method_that_takes_pictures_follows_the_rule(model: Autoencoder, scan: np.ndarray) -> None:
    picture, array = Image.fromarray(scan), 255 - scan
    for given, invert in ((picture, None), (array, False), (array, None)):
        np.testing.assert_array_equal(model.reconstruct(given, invert=invert), model.reconstruct(array))
        np.testing.assert_array_equal(model.denoise(given, invert=invert), model.reconstruct(array))
        for found in (
            model.interpolate(given, given, steps=2, invert=invert),
            model.interpolate_path([given, given], steps=2, invert=invert),
            model.interpolate_grid([given] * 4, rows=2, columns=2, invert=invert)[0],
        ):
            np.testing.assert_allclose(found[:1], model.reconstruct(array), atol=1e-6)


def test_latents_that_are_large(model: Autoencoder) -> None:
    shape = model.manifest.latent_shape
    for latents in (np.full(shape, 1e30), torch.full(shape, -1e15), np.full(shape, 1e15, np.float32)):
        images = model.decode(latents)
        assert 0 <= images.min() <= images.max() <= 1
    with pytest.raises(LatentError, match="not numbers"):
        model.decode(np.full(shape, 1e300))


def test_latents_of_which_the_decoder_makes_no_numbers(
    model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape, images = model.manifest.latent_shape, np.full((1, *model.manifest.image_shape), np.nan, np.float32)
    monkeypatch.setattr(model._graphs, "decode", lambda _: images)
    with pytest.raises(LatentError, match=r"latents as large as 3e\+38 do not decode to numbers"):
        model.decode(np.full(shape, 3e38))
