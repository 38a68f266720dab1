"""The commands on files, as a user runs them; right and wrong."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.ui.cli import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: a `bundle` that loses nothing, and pictures of its size, one of them broken."""
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "bundle", latent_shape=(4, 4, 4))
    rng = np.random.default_rng(0)
    for name in ("a/x.png", "b/x.bmp", "b/X.png", "b/deep/y.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        dark = np.pad(rng.integers(0, 256, (6, 6)).astype(np.uint8), 1)  # at the border: not inverted
        Image.fromarray(dark).save(name)
    Path("b/broken.png").write_bytes(b"\x89PNG")
    Path("b/notes.txt").write_text("no picture")
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def files(folder: str) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_reconstruct_writes_and_measures(place: Path) -> None:
    done = call("reconstruct", "bundle", "b", "-o", "out", "--json")
    assert done.exit_code == 0, done.stderr
    # X.png and x.bmp would be one file where case does not count
    assert files("out") == ["X.png", "deep/y.png", "x-2.png"]
    np.testing.assert_array_equal(pixels("out/x-2.png"), pixels("b/x.bmp"))
    told = json.loads(done.stdout)
    assert [row["out"] for row in told["images"]] == [
        str(Path("out", n)) for n in ("X.png", "x-2.png", "deep/y.png")
    ]
    assert told["images"][0]["ssim"] == pytest.approx(1, abs=1e-3)
    assert told["images"][0]["anomaly"] == pytest.approx(told["images"][0]["mse"] / 0.01)
    assert [row["file"] for row in told["failed"]] == [str(Path("b/broken.png"))]
    assert "b/broken.png cannot be read" in done.stderr.replace("\\", "/")
    assert "3 images reconstructed, 1 skipped" in done.stderr


def test_an_anomaly_of_1_is_no_good_news_from_a_model_that_learned_nothing(place: Path) -> None:
    """An error like those on test images reads as normal, also where all of them are bad."""
    poor = {"mse": 0.097, "mean_mse": 0.1}
    save_pair(place / "poor", latent_shape=(4, 4, 4), metrics=poor)
    done = call("reconstruct", "poor", "a/x.png")
    assert done.exit_code == 0, done.stderr
    assert "learned little: its reconstructions of test images explain 3 % of their variance" in done.stderr
    assert "an anomaly of about 1 does not mean that an image is normal" in done.stderr
    (warning,) = json.loads(call("reconstruct", "poor", "a/x.png", "--json").stdout)["warnings"]
    assert f"note: {warning}" in done.stderr
    save_pair(place / "good", latent_shape=(4, 4, 4), metrics=poor | {"mse": 0.01})
    done = call("reconstruct", "good", "a/x.png", "--json")
    assert "warnings" not in json.loads(done.stdout)
    assert "learned little" not in done.stderr


def test_two_files_of_one_name_get_two(place: Path) -> None:
    assert call("reconstruct", "bundle", "a/x.png", "b/x.bmp", "-o", "out").exit_code == 0
    np.testing.assert_array_equal(pixels("out/x.png"), pixels("a/x.png"))
    np.testing.assert_array_equal(pixels("out/x-2.png"), pixels("b/x.bmp"))


def test_several_folders_stay_apart(place: Path) -> None:
    assert call("reconstruct", "bundle", "a", "b", "-o", "out").exit_code == 0
    assert files("out") == ["a/x.png", "b/X.png", "b/deep/y.png", "b/x-2.png"]


def test_patterns_are_expanded(place: Path) -> None:
    done = call("reconstruct", "bundle", "*/*.png", "--json")
    told = json.loads(done.stdout)
    assert [Path(row["file"]).as_posix() for row in told["images"]] == ["a/x.png", "b/X.png"]
    assert not Path("out").exists()
    told = json.loads(call("reconstruct", "bundle", "**/*", "--json").stdout)
    read = sorted(Path(row["file"]).as_posix() for row in told["images"])
    assert read == ["a/x.png", "b/X.png", "b/deep/y.png", "b/x.bmp"]


def test_nothing_is_replaced_unless_told(place: Path) -> None:
    Path("out").mkdir()
    Path("out/x.png").write_bytes(b"mine")
    done = call("reconstruct", "bundle", "a/x.png", "-o", "out")
    assert done.exit_code == 1
    assert "--overwrite" in done.stderr
    assert Path("out/x.png").read_bytes() == b"mine"
    assert call("reconstruct", "bundle", "a/x.png", "-o", "out", "--overwrite").exit_code == 0
    assert pixels("out/x.png").shape == (8, 8)


def test_no_result_takes_its_own_images_place(place: Path) -> None:
    before = Path("a/x.png").read_bytes()
    done = call("reconstruct", "bundle", "a", "-o", "a", "--overwrite")
    assert done.exit_code == 1
    assert "would overwrite it" in done.stderr
    assert Path("a/x.png").read_bytes() == before


def test_the_output_folder_is_not_read(place: Path) -> None:
    for _ in range(2):
        assert call("reconstruct", "bundle", "a", "-o", "a/out", "--overwrite").exit_code == 0
    assert files("a") == ["out/x.png", "x.png"]


def test_one_picture_has_a_name_of_its_own(place: Path) -> None:
    done = call("reconstruct", "bundle", "a/x.png", "-o", "new/back.png", "--beside")
    assert done.exit_code == 0, done.stderr
    assert "new/back.png" in done.stdout.replace("\\", "/")
    assert pixels("new/back.png").shape == (8, 16)
    assert call("reconstruct", "bundle", "a", "-o", "new/back.png").exit_code == 2


def test_dark_and_bright_are_swapped(place: Path) -> None:
    Image.new("L", (8, 8), 255).save("white.png")
    for how, said in ((), "never"), (("--invert", "never"), "auto"), (("--invert", "always"), None):
        done = call("reconstruct", "bundle", "white.png", "-o", "out.png", "--overwrite", "--json", *how)
        assert re.findall("--invert (\\w+)", done.stderr) == ([said] if said else [])
        inverted = said != "auto"
        assert json.loads(done.stdout)["images"][0]["inverted"] is inverted
        assert pixels("out.png").max() == (0 if inverted else 255)


def test_how_many_were_swapped_is_in_the_json_of_encode(place: Path) -> None:
    Image.new("L", (8, 8), 255).save("white.png")
    Image.new("L", (8, 8)).save("black.png")
    done = call("encode", "bundle", "white.png", "black.png", "-o", "codes.npz", "--json")
    assert "note: 1 of 2 pictures have a bright border" in done.stderr
    assert json.loads(done.stdout)["inverted"] == 1


def test_python_and_the_command_and_the_app_give_a_picture_one_code(place: Path) -> None:
    from diabolo.ui.models.collection import collect
    from diabolo.ui.parts.context import Context

    picture = np.full((40, 30), 250, np.uint8)
    picture[10:30, 8:20] = np.arange(12, dtype=np.uint8) * 9
    Image.fromarray(picture).save("scan.png")
    assert call("encode", "bundle", "scan.png", "-o", "codes.npy").exit_code == 0
    model = Autoencoder.load("./bundle")
    code = model.encode("scan.png")
    np.testing.assert_array_equal(np.load("codes.npy"), code)
    app = Context(bundles=collect({"m": model}), chooser=None)  # type: ignore[arg-type]
    np.testing.assert_array_equal(model.encode(app.see("m", "scan.png").image), code)
    assert np.abs(model.encode("scan.png", invert=False) - code).max() > 0.1


def test_denoise_adds_noise_and_says_what_the_model_learned(place: Path) -> None:
    arguments = ["denoise", "bundle", "a/x.png", "b/X.png", "--noise", "gaussian:0.3", "--json"]
    first, again = call(*arguments, "--seed", 1), call(*arguments, "--seed", 1)
    assert first.exit_code == 0
    assert "not trained on noise" in first.stderr
    told = json.loads(first.stdout)
    assert told == json.loads(again.stdout)
    assert told != json.loads(call(*arguments, "--seed", 2).stdout)
    row = told["images"][0]
    assert row["psnr"] == pytest.approx(row["noisy_psnr"], abs=0.01)  # this model keeps everything
    alone = json.loads(
        call("denoise", "bundle", "a/x.png", "--noise", "gaussian:0.3", "--seed", 1, "--json").stdout
    )
    assert alone["images"][0] == row
    assert call(*arguments[:-1], "--beside", "-o", "out").exit_code == 0
    assert pixels("out/x.png").shape == (8, 24)


def test_another_noise_than_the_models_is_told(place: Path) -> None:
    save_pair(place / "cleaner", noise={"kind": "gaussian", "level": [0.1, 0.5]})
    assert (
        "trained on gaussian:0.1-0.5, not on"
        in call("denoise", "cleaner", "a/x.png", "--noise", "masking:0.3").stderr
    )
    assert "note" not in call("denoise", "cleaner", "a/x.png", "--noise", "gaussian:0.3").stderr
    assert call("denoise", "cleaner", "a/x.png", "-o", "out").stdout.count("change") == 1


def test_unclipped_noise_is_for_models_that_know_it(place: Path) -> None:
    level = {"kind": "gaussian", "level": [0.1, 0.5]}
    save_pair(place / "clipped", noise=level)
    save_pair(place / "unclipped", noise=level | {"spec": "gaussian:0.1-0.5", "clip": False})
    added = "a/x.png", "--noise", "gaussian:0.5", "--no-clip", "--json"
    done = call("denoise", "unclipped", *added)
    assert "note" not in done.stderr
    clipped = call("denoise", "unclipped", *(word for word in added if word != "--no-clip"))
    figures = [json.loads(one.stdout)["images"][0]["noisy_psnr"] for one in (done, clipped)]
    assert figures[0] < figures[1]
    assert "also unclipped" in call("info", "unclipped").stdout
    for wrong in (
        ["clipped", *added],
        ["bundle", *added],
        ["unclipped", "a/x.png", "-o", "out", "--no-clip"],
    ):
        refused = call("denoise", *wrong)
        assert refused.exit_code == 2
        assert "Leave it out" in refused.stderr


def test_without_noise_the_level_is_estimated(place: Path) -> None:
    save_pair(place / "large", image_shape=(1, 24, 24), latent_shape=(100,))
    noisy = np.random.default_rng(0).normal(128, 20, (24, 24)).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save("noisy.png")
    (row,) = json.loads(call("denoise", "large", "noisy.png", "-o", "out", "--json").stdout)["images"]
    assert row["noise_before"] == pytest.approx(20, rel=0.3)
    assert row["noise_after"] < row["noise_before"]
    # too few pixels for an estimate
    (row,) = json.loads(call("denoise", "bundle", "a/x.png", "-o", "out", "--json").stdout)["images"]
    assert (row["noise_before"], row["noise_after"]) == (None, None)


@pytest.mark.parametrize("ending", ["png", "gif", "webp"])
def test_interpolate_draws(place: Path, ending: str) -> None:
    done = call(
        "interpolate",
        "bundle",
        "a/x.png",
        "b/X.png",
        "b/x.bmp",
        "-o",
        f"o.{ending}",
        "--steps",
        3,
        "--scale",
        2,
    )
    assert done.exit_code == 0, done.stderr
    with Image.open(f"o.{ending}") as picture:
        if ending == "png":
            assert picture.size == (5 * 16, 16)
            kept = np.asarray(picture)[::2, ::2]
            np.testing.assert_array_equal(kept[:, :8], pixels("a/x.png"))
            np.testing.assert_array_equal(kept[:, 32:], pixels("b/x.bmp"))
        else:
            assert picture.size == (16, 16)
            assert picture.n_frames == 8  # five there, three back  # type: ignore[attr-defined]
            assert picture.info["loop"] == 0


@pytest.mark.parametrize("method", ["linear", "spherical", "standardised"])
def test_interpolate_draws_a_grid(place: Path, method: str) -> None:
    corners = ("a/x.png", "b/X.png", "b/x.bmp", "b/deep/y.png")
    done = call(
        "interpolate",
        "bundle",
        *corners,
        "-o",
        "g.png",
        "--grid",
        "--steps",
        4,
        "--scale",
        1,
        "--method",
        method,
    )
    assert done.exit_code == 0, done.stderr
    drawn = pixels("g.png")
    assert drawn.shape == (32, 32)
    np.testing.assert_array_equal(drawn[:8, 24:], pixels("b/X.png"))
    np.testing.assert_array_equal(drawn[24:, :8], pixels("b/x.bmp"))


def test_sample_draws_a_grid(place: Path) -> None:
    done = call("sample", "bundle", "-o", "new.png", "--count", 5, "--scale", 1, "--seed", 3)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "new.png\n"
    assert "each dimension independently" in done.stderr
    assert pixels("new.png").shape == (16, 24)
    call("sample", "bundle", "-o", "again.png", "--count", 5, "--scale", 1, "--seed", 3)
    assert Path("again.png").read_bytes() == Path("new.png").read_bytes()


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("reconstruct bundle nowhere.png -o out", 2, "no file or folder 'nowhere.png'"),
        ("reconstruct bundle none*.png -o out", 2, "nothing matches the pattern"),
        ("reconstruct bundle b/broken.png -o out", 1, "cannot be read as a picture"),
        ("reconstruct bundle empty -o out", 1, "no images here"),
        ("reconstruct bundle b/notes.txt", 1, "cannot be read as a picture"),
        ("reconstruct nowhere a/x.png", 1, "no bundle"),
        ("reconstruct bundle a/x.png --device cdua", 2, "Did you mean 'cuda'"),
        ("reconstruct bundle a/x.png -o b/notes.txt", 1, "Give a folder"),
        ("reconstruct bundle a/x.png -o b/notes.txt/out", 1, "cannot be written"),
        ("denoise bundle a/x.png", 2, "--noise"),
        ("denoise bundle a/x.png --noise snow:1", 2, "gaussian"),
        ("denoise bundle a/x.png --noise gaussian", 2, "KIND:LEVEL"),
        ("interpolate bundle a/x.png -o o.png", 2, "2 to 256 images, not 1"),
        ("interpolate bundle a/x.png b/X.png -o o.jpg", 2, ".gif or .webp for an animation"),
        ("interpolate bundle a/x.png b/X.png -o o.png --grid", 2, "4 images, not 2"),
        ("interpolate bundle a/x.png b/X.png -o o.gif --grid", 2, "a grid is one picture"),
        ("interpolate bundle a/x.png b/X.png -o o.png --method sperical", 2, "Did you mean 'spherical'"),
        ("interpolate bundle a/x.png b/broken.png -o o.png", 2, "cannot be read as a picture"),
        ("interpolate bundle b b b b b b b b b b b b b b -o o.png --steps 1000", 2, "cannot be read"),
        ("interpolate bundle a/x.png b/X.png -o a/x.png", 1, "--overwrite"),
        (
            "interpolate bundle a/x.png b/X.png b/x.bmp a/x.png --grid --steps 101 -o o.png",
            2,
            "Use fewer steps",
        ),
        ("sample bundle -o new.jpg", 2, "FILE.png"),
        ("sample bundle -o a/x.png", 1, "--overwrite"),
        ("sample bundle -o a", 2, "FILE.png"),
    ],
)
def test_bad_input_is_told(place: Path, line: str, code: int, words: str) -> None:
    Path("empty").mkdir()
    before = {name: Path(name).read_bytes() for name in files(".")}
    done = call(*line.split())
    assert done.exit_code == code, done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert {name: Path(name).read_bytes() for name in files(".")} == before


def test_a_full_disk_leaves_nothing_half_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Image.Image, file: object, *_: object, **__: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    done = call("reconstruct", "bundle", "a/x.png", "-o", "out")
    assert done.exit_code == 1
    assert "No space left on device" in done.stderr
    assert files("out") == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_lead_in_circles_end(place: Path) -> None:
    Path("a/self").symlink_to(place / "a")
    done = call("reconstruct", "bundle", "a", "--json")
    assert len(json.loads(done.stdout)["images"]) == 1
