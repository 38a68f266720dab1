"""A model of any size: pictures of every size come back in theirs, in tiles as in the whole."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.errors import ImageError, LatentError, ManifestError, UsageError
from diabolo.runtime.session._graphs import Graphs

AWKWARD = [(1, 1), (2, 3), (33, 71), (300, 2), (1, 50), (64, 64)]


@pytest.fixture(scope="module", params=[1, 3])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    folder = tmp_path_factory.mktemp("any") / "bundle"
    save_pair(folder, image_shape=(request.param, 16, 16), any_size=True)
    return Autoencoder.load(folder, device="cpu")


def noise(model: Autoencoder, height: int, width: int, count: int = 1) -> NDArray[np.float32]:
    channels = model.manifest.image_shape[0]
    return np.random.default_rng(0).random((count, channels, height, width), np.float32)


def blurred(images: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the model does: the mean of 3 x 3 pixels, with the edge of the multiple repeated."""
    height, width = images.shape[2:]
    even = np.pad(images, ((0, 0), (0, 0), (0, height % 2), (0, width % 2)), "edge")
    wide = np.pad(even, ((0, 0), (0, 0), (1, 1), (1, 1)), "edge")
    shifted = [
        wide[:, :, row : row + even.shape[2], column : column + even.shape[3]]
        for row in range(3)
        for column in range(3)
    ]
    mean: NDArray[np.float64] = np.mean(shifted, 0, dtype=np.float64)[:, :, :height, :width]
    return mean


@pytest.mark.parametrize(("height", "width"), AWKWARD)
def test_pictures_come_back_in_their_size(model: Autoencoder, height: int, width: int) -> None:
    images = noise(model, height, width, 2)
    result = model.reconstruct(images)
    assert result.shape == images.shape
    np.testing.assert_allclose(result, blurred(images), atol=1e-6)


@pytest.mark.parametrize(("height", "width"), AWKWARD)
@pytest.mark.parametrize("tile", [16, 17, 40])
def test_tiles_give_what_the_whole_gives(model: Autoencoder, height: int, width: int, tile: int) -> None:
    images = noise(model, height, width, 2)
    np.testing.assert_allclose(model.denoise(images, tile=tile), model.denoise(images, tile=0), atol=1e-6)


def test_large_pictures_are_computed_in_tiles(model: Autoencoder) -> None:
    calls = []
    images = noise(model, 1100, 1000)
    result = model.reconstruct(images, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 9) for done in range(1, 10)]
    np.testing.assert_allclose(result, blurred(images), atol=1e-6)


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_pieces_of_a_picture_of_any_type_cover_it(model: Autoencoder, dtype: type, top: int) -> None:
    (image,) = noise(model, 45, 70)
    given = (image * top).round().astype(dtype) if top > 1 else image
    out = np.full(image.shape, np.nan, np.float32)
    for first, left, piece in model.reconstruct_tiles(given, tile=20):
        part = out[:, first : first + piece.shape[1], left : left + piece.shape[2]]
        assert np.isnan(part).all()
        part[:] = piece
    np.testing.assert_allclose(out, blurred(image[None])[0], atol=0.6 / top + 1e-6 if top > 1 else 1e-6)


def in_8_bits(model: Autoencoder, height: int, width: int) -> NDArray[np.uint8]:
    """Noise `(height, width, channels)`, as files and Pillow have it."""
    channels = model.manifest.image_shape[0]
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("invert", [False, True])
def test_8_bits_give_what_their_floats_give(model: Autoencoder, tile: int, invert: bool) -> None:
    pixels = in_8_bits(model, 37, 50)
    floats = np.ascontiguousarray(pixels.transpose(2, 0, 1)) / np.float32(255)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    wanted = model.reconstruct(floats, tile=tile, invert=invert)
    for given in (pixels, picture):
        np.testing.assert_allclose(model.reconstruct(given, tile=tile, invert=invert), wanted, atol=1e-6)
        np.testing.assert_allclose(
            model.encode(given, invert=invert), model.encode(floats, invert=invert), atol=1e-6
        )
    mixed = model.reconstruct([picture, floats, pixels], tile=tile, invert=invert)
    np.testing.assert_allclose(mixed, np.repeat(wanted, 3, 0), atol=1e-6)


def test_large_pictures_in_8_bits_are_not_in_floats_as_a_whole(model: Autoencoder) -> None:
    pixels = in_8_bits(model, 2000, 1500)
    tracemalloc.start()
    result = model.reconstruct(pixels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * result.nbytes  # a copy in floats would make it 2


def test_no_memory_is_kept_for_every_shape_of_a_tile(model: Autoencoder, tmp_path: Path) -> None:
    one_size = Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu")
    for loaded, kept in ((model, False), (one_size, True)):
        graphs = loaded._graphs
        assert isinstance(graphs, Graphs)
        for session in (graphs.encoder, graphs.decoder):
            assert session.get_session_options().enable_mem_pattern is kept


def test_an_exception_in_progress_stops_the_work(model: Autoencoder) -> None:
    class Cancelled(Exception):
        pass

    calls = []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        model.reconstruct(noise(model, 64, 64), tile=16, progress=stop)
    assert calls == [1, 2]


def test_latents_of_any_size_are_a_grid(model: Autoencoder) -> None:
    channels = model.manifest.image_shape[0]
    latents = model.encode(noise(model, 33, 70))
    assert latents.shape == (1, 4 * channels, 17, 35)
    assert model.decode(latents).shape == (1, channels, 34, 70)
    assert model.decode(latents[0]).shape == (1, channels, 34, 70)
    with pytest.raises(LatentError, match="do not fit"):
        model.decode(latents[:, 1:])


def test_large_pictures_are_encoded_and_decoded_in_tiles(model: Autoencoder) -> None:
    images = noise(model, 1100, 1000)
    latents = model.encode(images)
    assert latents.shape[2:] == (550, 500)
    np.testing.assert_allclose(model.decode(latents), blurred(images), atol=1e-6)


def test_pictures_keep_their_size_and_are_not_inverted(model: Autoencoder) -> None:
    """A bright border is no reason to invert a photograph."""
    picture = Image.new("RGB", (30, 21), "white")
    exif = picture.getexif()
    exif[0x0112] = 6  # turned by a quarter
    raw = io.BytesIO()
    picture.save(raw, "JPEG", exif=exif)
    result = model.reconstruct(raw.getvalue())
    assert result.shape[2:] == (30, 21)
    np.testing.assert_allclose(result, 1, atol=1e-6)
    assert model.reconstruct(picture, invert=True).max() < 1e-6


def test_interpolation_has_the_size_of_the_first_picture(model: Autoencoder) -> None:
    mode = "L" if model.manifest.image_shape[0] == 1 else "RGB"
    first, second = Image.new(mode, (31, 20), "white"), Image.new(mode, (64, 64), "black")
    for method in ("linear", "spherical", "standardised"):
        between = model.interpolate(first, second, steps=3, method=method)
        assert between.shape[2:] == (20, 31)
    np.testing.assert_allclose(model.interpolate(first, second, steps=3)[1], 0.5, atol=1e-5)
    grid = model.interpolate_grid([first, second, second, first], rows=2, columns=3)
    assert grid.shape == (2, 3, model.manifest.image_shape[0], 20, 31)
    with pytest.raises(ImageError, match="one size"):
        model.interpolate(noise(model, 8, 8), noise(model, 8, 10))


def test_samples_have_the_size_of_the_crops(model: Autoencoder) -> None:
    assert model.sample(2, seed=0).shape == (2, *model.manifest.image_shape)


@pytest.mark.parametrize(
    "images", [np.zeros((2, 3, 4, 5, 6), np.float32), np.zeros((0, 5), np.uint8), "no.png"]
)
def test_what_is_no_image_is_refused(model: Autoencoder, images: object) -> None:
    with pytest.raises(ImageError):
        model.reconstruct(images)


def test_pictures_of_one_call_have_one_size(model: Autoencoder) -> None:
    with pytest.raises(ImageError, match="one size, not 4 x 5 and 6 x 5 pixels"):
        model.reconstruct([Image.new("RGB", (5, 4)), Image.new("RGB", (5, 6))])


@pytest.mark.parametrize("tile", [-1, 1, 15, 2.5, "16", True])
def test_a_tile_is_refused_that_is_too_small(model: Autoencoder, tile: object) -> None:
    with pytest.raises(UsageError, match="tile must be"):
        model.reconstruct(noise(model, 40, 40), tile=tile)  # type: ignore[arg-type]


def test_a_model_of_one_size_has_no_tiles(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu")
    for call in (model.reconstruct, model.denoise, model.reconstruct_tiles):
        with pytest.raises(UsageError, match="images of one size, 8 x 8, which are not computed in tiles"):
            call(np.zeros((1, 1, 8, 8), np.float32), tile=16)


def test_a_model_that_sees_the_whole_picture_has_no_tiles(tmp_path: Path) -> None:
    folder = save_pair(tmp_path / "bundle", any_size=True, image={"receptive_radius": None})
    model = Autoencoder.load(folder, device="cpu")
    assert model.reconstruct(np.zeros((1, 1, 1100, 1000), np.float32)).shape == (1, 1, 1100, 1000)
    with pytest.raises(UsageError, match="cannot be computed in tiles"):
        model.reconstruct(np.zeros((1, 1, 40, 40), np.float32), tile=16)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": {"multiple": 3}}, "do not fit together"),
        ({"latent": {"stride": 4}}, "do not fit together"),
        (
            {"latent": {"shape": [4, 4, 4]}},
            r"latent.shape \[4, 4, 4\] is not possible for images of any size",
        ),
        ({"image": {"size": "some"}}, "model.json"),
        ({"image": {"multiple": 0}}, "model.json"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(tmp_path: Path, changes: dict, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        Autoencoder.load(save_pair(tmp_path / "bundle", any_size=True, **changes), device="cpu")


def test_threads_are_all_cores_for_any_size_only(model: Autoencoder, tmp_path: Path) -> None:
    from diabolo.runtime._numbers import cores

    assert model.device.threads == cores()
    assert Autoencoder.load(save_pair(tmp_path / "bundle"), device="cpu").device.threads == 1
