"""Commands with a model of any size: pictures keep their size, their format and what belongs to them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from _images import TiledModel, photo, sample
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime.image import metrics
from diabolo.runtime.image.photo import encode_photo, photo_mse, photo_ssim, read_photo
from diabolo.runtime.image.photo.scene import scene
from diabolo.ui.cli import main
from diabolo.ui.cli._shared import options


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> TiledModel:
    """Any bundle that a command loads."""
    made = TiledModel()
    monkeypatch.setattr(options, "load", lambda *_: made)
    return made


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: a folder `in` with pictures of every kind, one of them broken."""
    monkeypatch.chdir(tmp_path)
    Path("in/deep").mkdir(parents=True)
    Path("in/a.PNG").write_bytes(encode_photo(photo(20, 31, alpha=True)))
    Path("in/deep/b.tiff").write_bytes(encode_photo(photo(9, 14, bits=16, format="TIFF")))
    Path("in/c.jpg").write_bytes(encode_photo(photo(33, 17, format="JPEG")))
    sample("L", 6, 5).save("in/a.bmp")
    Path("in/broken.webp").write_bytes(b"RIFF")
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def files(folder: str) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


@pytest.mark.parametrize("command", ["denoise", "reconstruct"])
def test_each_picture_keeps_its_size_and_format(place: Path, model: TiledModel, command: str) -> None:
    done = call(command, "any", "in", "-o", "out", "--json", "--tile", 8)
    assert done.exit_code == 0, done.output
    assert files("out") == ["a-2.png", "a.PNG", "c.jpg", "deep/b.tiff"] or files("out") == [
        *("a.PNG", "a.png", "c.jpg", "deep/b.tiff"),
    ]
    told = json.loads(done.stdout)
    assert [row["file"] for row in told["failed"]] == [str(Path("in/broken.webp"))]
    assert "in/broken.webp cannot be read" in done.stderr.replace("\\", "/")
    assert "4 images" in done.stderr
    assert "note: BMP is written as PNG (" in done.stderr
    for row in told["images"]:
        before, after = read_photo(row["file"]), read_photo(row["out"])
        assert (after.format, after.size) == (row["format"], (row["width"], row["height"]))
        assert after.size == before.size
        assert after.pixels.dtype == before.pixels.dtype
        if after.format != "JPEG":
            np.testing.assert_array_equal(after.pixels, before.pixels)
        assert row["change" if command == "denoise" else "mse"] == 0
        assert ("noise_before" in row) == (command == "denoise")
    assert model.seen[0][0] == 3


def test_nothing_is_replaced_unless_told(place: Path, model: TiledModel) -> None:
    Path("out").mkdir()
    Path("out/c.jpg").write_bytes(b"mine")
    done = call("denoise", "any", "in/c.jpg", "-o", "out")
    assert done.exit_code == 1
    assert "--overwrite" in done.stderr
    assert Path("out/c.jpg").read_bytes() == b"mine"
    assert call("denoise", "any", "in/c.jpg", "-o", "out", "--overwrite").exit_code == 0
    assert files("out") == ["c.jpg"]
    before = Path("in/c.jpg").read_bytes()
    assert "would overwrite it" in call("denoise", "any", "in/c.jpg", "-o", "in", "--overwrite").stderr
    assert Path("in/c.jpg").read_bytes() == before


def test_one_picture_may_get_another_format(place: Path, model: TiledModel) -> None:
    done = call("denoise", "any", "in/deep/b.tiff", "-o", "new/b.JPG")
    assert done.exit_code == 0, done.output
    assert "16 bits a channel are reduced to 8 in a JPEG" in done.stderr
    assert (read_photo("new/b.JPG").format, read_photo("new/b.JPG").size) == ("JPEG", (14, 9))
    done = call("denoise", "any", "in/a.PNG", "-o", "new/a.jpg")
    assert done.exit_code == 1
    assert "in/a.PNG: it has transparent pixels, which JPEG cannot hold" in done.stderr
    assert call("denoise", "any", "in", "-o", "new/a.jpg").exit_code == 2
    done = call("denoise", "any", "in", "-o", "in/broken.webp/")
    assert done.exit_code != 0


def test_strength_mixes(place: Path, model: TiledModel) -> None:
    model.change = lambda x: 1 - x
    assert call("denoise", "any", "in/a.PNG", "-o", "out", "--strength", 0.5).exit_code == 0
    after = read_photo("out/a.PNG")
    np.testing.assert_allclose(after.pixels, 127.5, atol=0.5)
    np.testing.assert_array_equal(after.alpha, read_photo("in/a.PNG").alpha)
    assert call("denoise", "any", "in/a.PNG", "-o", "out", "--strength", 2).exit_code == 2


def test_strip(place: Path, model: TiledModel) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    sample("RGB", 8, 8).save("in/x.jpg", exif=exif, icc_profile=b"profile", comment="mine")
    for more in ((), ("--strip",)):
        assert call("denoise", "any", "in/x.jpg", "-o", "out", "--overwrite", *more).exit_code == 0
        after = read_photo("out/x.jpg").metadata
        assert after.icc == b"profile"
        assert (after.exif is None) == bool(more)
        assert bool(after.comments) != bool(more)


def test_a_large_picture_is_refused_with_the_option_that_helps(place: Path, model: TiledModel) -> None:
    done = call("denoise", "any", "in/c.jpg", "in/a.bmp", "-o", "out", "--max-pixels", 100)
    assert done.exit_code == 0
    assert "it has 561 pixels, more than 100; --max-pixels 561 raises the limit" in done.stderr
    assert files("out") == ["a.png"]


def test_added_noise_is_measured_over_the_whole_picture(place: Path, model: TiledModel) -> None:
    words = ["denoise", "any", "in/deep/b.tiff", "in/a.bmp", "--noise", "gaussian:0.1", "--json"]
    told = json.loads(call(*words).stdout)
    assert told == json.loads(call(*words).stdout)
    row = told["images"][0]
    assert row["psnr"] == pytest.approx(row["noisy_psnr"])
    assert 19 < row["psnr"] < 23
    assert 0 < row["ssim"] < 1
    assert call(*words[:-1], "-o", "out", "--beside").exit_code == 0
    assert read_photo("out/b.tiff").size == (3 * 14, 9)
    assert read_photo("out/a.png").pixels.shape == (5, 18, 1)


def test_inverting_is_refused(place: Path, model: TiledModel) -> None:
    done = call("denoise", "any", "in", "-o", "out", "--invert", "always")
    assert done.exit_code == 2
    assert "--invert always" in done.output


def test_a_model_of_one_size_says_that_it_scales(place: Path) -> None:
    save_pair(place / "bundle", latent_shape=(4, 4, 4))
    done = call("denoise", "./bundle", "in/c.jpg", "in/a.bmp", "-o", "out")
    assert done.exit_code == 0, done.output
    assert done.stderr.count("note: this model takes 8 x 8; your pictures are scaled to that.") == 1
    Image.new("L", (8, 8)).save("fits.png")
    assert "scaled" not in call("denoise", "./bundle", "fits.png", "-o", "out").stderr
    done = call("denoise", "./bundle", "fits.png", "-o", "out", "--strength", 0.5, "--strip")
    assert done.exit_code == 2
    assert "--strength, --strip: for models that keep the size of pictures" in done.output


def test_a_ready_made_model_that_keeps_the_size_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.ui.cli._files import own_size

    save_pair(place / "bundle", latent_shape=(4, 4, 4))
    monkeypatch.setattr(own_size, "takes_any_size", lambda m: "denoising" in m.name)
    done = call("denoise", "./bundle", "in/c.jpg", "-o", "out")
    assert "The ready-made model cifar10-denoising keeps their size." in done.stderr


@pytest.mark.parametrize("size", [(1, 1), (9, 40), (11, 11), (200, 3), (64, 50)])
def test_figures_by_strips_are_those_of_the_whole(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.runtime.image.photo import _compare

    one = photo(*size)
    other = one.replaced(one.pixels // 2 + 7)
    whole = [p.pixels.transpose(2, 0, 1)[None] / np.float32(255) for p in (one, other)]
    monkeypatch.setattr(_compare, "_STRIP", 500)
    assert photo_mse(one, other) == pytest.approx(metrics.mse(*whole)[0])
    assert photo_ssim(one, other) == pytest.approx(metrics.ssim(*whole)[0], abs=1e-6)


def test_a_picture_s_noise_is_estimated_before_and_after(tmp_path: Path) -> None:
    """By the ready-made model; a picture too small for an estimate has none."""
    clean = np.asarray(scene(0, 240, 160), np.float32)
    noisy = clean + 20 * np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    Image.fromarray(noisy.clip(0, 255).round().astype(np.uint8)).save(tmp_path / "noisy.png")
    Image.new("RGB", (3, 2)).save(tmp_path / "tiny.png")
    files = [str(tmp_path / name) for name in ("noisy.png", "tiny.png")]
    told = CliRunner().invoke(
        main,
        ["denoise", "photos-denoising", *files, "-o", str(tmp_path / "out"), "--device", "cpu", "--json"],
    )
    assert told.exit_code == 0, told.stderr
    row, tiny = json.loads(told.stdout)["images"]
    assert row["noise_before"] == pytest.approx(20, abs=2)
    assert row["noise_after"] < 2
    assert tiny["noise_before"] is None
    plain = CliRunner().invoke(
        main, ["denoise", "photos-denoising", *files, "-o", str(tmp_path / "again"), "--device", "cpu"]
    )
    assert "noise_before 2" in plain.stdout


def test_the_list_of_models_and_info_say_any_size() -> None:
    assert "any size colour" in CliRunner().invoke(main, ["models"]).stdout
    assert "48 channels" in CliRunner().invoke(main, ["models"]).stdout
    told = CliRunner().invoke(main, ["info", "photos-denoising", "--device", "cpu"]).stdout
    assert "takes any size" in told
    assert "or 2 times smaller than the image" in told
