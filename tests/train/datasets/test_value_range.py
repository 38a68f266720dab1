"""Images of more than 8 bits whose values fill only a part of the range, such as 12 bits stored in 16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _images import everything, load_folder, save
from _pair import save_pair
from click.testing import CliRunner
from PIL import Image

from diabolo.runtime import Autoencoder, Bundle
from diabolo.runtime.errors import ImageError, ManifestError, UsageError
from diabolo.runtime.image.convert import prepare
from diabolo.train import Config, fit
from diabolo.train.datasets import Fitting
from diabolo.train.errors import DataError
from diabolo.train.run import Run
from diabolo.ui.cli import main

AUTO = Fitting(range="auto")


def scans(folder: Path, high: int = 4095, dtype: type = np.uint16, low: int = 16) -> Path:
    """24 pictures with the values `low` to `high` in each."""
    folder.mkdir(parents=True)
    for number in range(24):
        values = np.random.default_rng(number).integers(low, high + 1, (8, 8))
        values[0, :2] = low, high
        Image.fromarray(values.astype(dtype)).save(folder / f"{number:02}.tif")
    return folder


def test_12_bits_in_16_are_told(tmp_path: Path) -> None:
    data = load_folder(scans(tmp_path / "scans"))
    assert everything(data).max() == 16
    assert "values go from 16 to 4095 of 65535" in data.notes[0]
    assert "--range auto" in data.notes[0]
    assert load_folder(tmp_path / "scans").notes == data.notes  # from the cache, too


@pytest.mark.parametrize(
    ("high", "mode", "told"), [(65535, np.uint16, False), (20000, np.uint16, False), (15, np.uint8, True)]
)
def test_it_is_told_only_of_dark_images(tmp_path: Path, high: int, mode: type, told: bool) -> None:
    data = load_folder(scans(tmp_path / "scans", high, mode, low=0))
    assert ("nearly black" in " ".join(data.notes)) == told


def test_auto_scales_to_black_and_white(tmp_path: Path) -> None:
    data = load_folder(scans(tmp_path / "scans"), fitting=AUTO)
    assert data.value_range == (16, 4095)
    assert (everything(data).min(), everything(data).max()) == (0, 255)
    assert not data.notes
    given = load_folder(tmp_path / "scans", fitting=Fitting(range="16:4095"))
    np.testing.assert_array_equal(everything(given), everything(data))


def test_floats_outside_0_to_1(tmp_path: Path) -> None:
    scans(tmp_path / "scans", 900, np.float32, low=-100)
    with pytest.raises(DataError, match=r"values outside 0 to 1: they go from -100 to 900.*--range auto"):
        load_folder(tmp_path / "scans")
    data = load_folder(tmp_path / "scans", fitting=AUTO)
    assert data.value_range == (-100, 900)


def test_images_of_8_bits_stay_as_they_are(tmp_path: Path) -> None:
    save(tmp_path / "a", 12, "L")
    plain = everything(load_folder(tmp_path / "a"))
    data = load_folder(tmp_path / "a", fitting=AUTO)
    assert data.value_range is None
    np.testing.assert_array_equal(everything(data), plain)


@pytest.mark.parametrize("given", ["0", "9:3", "1:1", "a:b", "nan:1", "0:inf", "automatic", ""])
def test_other_ranges_are_refused(given: str) -> None:
    with pytest.raises(UsageError, match="full, auto or LOW:HIGH"):
        Fitting(range=given)


def test_from_the_training_to_the_commands(tmp_path: Path) -> None:
    """The bundle scales a picture as training did."""
    from diabolo.export import export_run

    scans(tmp_path / "scans")
    config = Config.make("autoencoder", str(tmp_path / "scans"), epochs=1, latent_dim=2, range="auto")
    run = fit(config, tmp_path / "run")
    assert run.document["value_range"] == [16, 4095]
    brighter = np.full((8, 8), 5000, np.uint16)  # would change the range of a training that begins now
    Image.fromarray(brighter).save(tmp_path / "scans" / "99.tif")
    again = Run.open(tmp_path / "run").data()
    assert again.value_range == (16, 4095)
    bundle = export_run(tmp_path / "run", tmp_path / "bundle").path
    manifest = Bundle.open(bundle).manifest
    assert manifest.value_range == (16, 4095)
    assert manifest.document["format_version"] == 3
    path = tmp_path / "scans" / "03.tif"
    values = np.asarray(Image.open(path)).astype(np.float64)
    expected = np.rint((values - 16) * 255 / (4095 - 16)) / 255
    seen = prepare(path, (1, 8, 8), value_range=manifest.value_range).image[0]
    np.testing.assert_allclose(seen, expected, atol=1e-6)
    model = Autoencoder.load(bundle, device="cpu")
    np.testing.assert_allclose(model.encode(path), model.encode(seen[None]), atol=1e-5)
    out = tmp_path / "codes.npy"
    done = CliRunner().invoke(main, ["encode", str(bundle), str(path), "-o", str(out)])
    assert done.exit_code == 0, done.stderr
    np.testing.assert_allclose(np.load(out), model.encode(path), atol=1e-5)
    assert "16 to 4095" in CliRunner().invoke(main, ["info", str(bundle)]).stdout


def test_a_model_of_any_size_scales_photographs_too(tmp_path: Path) -> None:
    scans(tmp_path / "scans")
    bundle = save_pair(
        tmp_path / "bundle", image_shape=(1, 64, 64), any_size=True, image={"value_range": [16, 4095]}
    )
    model = Autoencoder.load(bundle, device="cpu")
    path = tmp_path / "scans" / "03.tif"
    values = (np.asarray(Image.open(path)).astype(np.float32) - 16) / (4095 - 16)
    np.testing.assert_allclose(model.reconstruct(path), model.reconstruct(values[None, None]), atol=1 / 255)
    done = CliRunner().invoke(main, ["reconstruct", str(bundle), str(path), "-o", str(tmp_path / "out.tif")])
    assert done.exit_code == 0, done.stderr
    expected = model.reconstruct(values[None, None])[0, 0] * (4095 - 16) + 16
    np.testing.assert_allclose(np.asarray(Image.open(tmp_path / "out.tif")), expected, atol=1)


def test_a_bundle_without_a_range_is_written_as_before(tmp_path: Path) -> None:
    manifest = Bundle.open(save_pair(tmp_path / "a")).manifest
    assert manifest.document["format_version"] == 1
    assert "value_range" not in manifest.document["image"]


@pytest.mark.parametrize("given", [[5, 5], [9, 3]])
def test_a_range_that_is_none_is_refused(tmp_path: Path, given: list[int]) -> None:
    with pytest.raises(ManifestError, match="is not a range"):
        Bundle.open(save_pair(tmp_path / "a", image={"value_range": given}))


def test_values_beyond_the_range_are_clipped_and_nans_refused() -> None:
    picture = Image.fromarray(np.array([[-1, 0], [2, 9]], np.float32))
    seen = prepare(picture, (1, 2, 2), value_range=(0, 4)).image
    np.testing.assert_allclose(seen[0], [[0, 0], [0.5, 1]], atol=1 / 255)
    with pytest.raises(ImageError, match="not numbers"):
        prepare(Image.new("F", (2, 2), float("nan")), (1, 2, 2), value_range=(0, 4))
