"""A path as a file: it comes back exactly, draws the same pixels, and nonsense is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pair import save_pair
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from diabolo.runtime import Autoencoder, errors
from diabolo.runtime.latent.interpolation import METHODS
from diabolo.runtime.latent.path import LatentPath, read
from diabolo.ui.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "interpolation.md").read_text("utf-8")
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
GOOD = {
    "format": "diabolo-path",
    "format_version": 1,
    "latent_shape": [2],
    "method": "linear",
    "steps": 3,
    "keys": [[0, 1], [2.5, -3]],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: a spatial `bundle`, one of another shape, a stranger, four pictures."""
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "bundle", latent_shape=(4, 4, 4))
    save_pair(tmp_path / "flat", latent_shape=(64,))
    save_pair(tmp_path / "stranger", latent_shape=(4, 4, 4), name="somebody")
    rng = np.random.default_rng(0)
    for name in "abcd":
        Image.fromarray(rng.integers(0, 256, (8, 8)).astype(np.uint8)).save(f"{name}.png")
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), shape=st.sampled_from([(1,), (5,), (2, 3, 2)]), count=st.integers(2, 4))
def test_it_comes_back_exactly(data: st.DataObject, shape: tuple[int, ...], count: int) -> None:
    keys = data.draw(hnp.arrays(np.float32, (count, *shape), elements=FINITE))
    path = LatentPath(keys=keys, steps=7, method="spherical", model="數字", digest="sha256:" + "0" * 64)
    again = read(path.dumps())
    assert again.keys.tobytes() == keys.tobytes()
    assert again.keys.shape == keys.shape
    assert (again.steps, again.method, again.model, again.digest) == (7, "spherical", "數字", path.digest)


@pytest.mark.parametrize("method", METHODS)
def test_a_saved_path_draws_the_same_pixels(place: Path, method: str) -> None:
    options = ["a.png", "b.png", "c.png", "--steps", 4, "--method", method]
    for name in ("strip.png", "walk.gif", "walk.webp", "path.json"):
        assert call("interpolate", "bundle", *options, "-o", name).exit_code == 0
    for name in ("strip.png", "walk.gif", "walk.webp", "path.json"):
        done = call("interpolate", "bundle", "--path", "path.json", "-o", f"again-{name}")
        assert done.exit_code == 0, done.stderr
        assert "note" not in done.stderr
        assert Path(f"again-{name}").read_bytes() == Path(name).read_bytes()


def test_steps_and_method_can_be_told_anew(place: Path) -> None:
    assert call("interpolate", "bundle", "a.png", "b.png", "-o", "path.json", "--steps", 4).exit_code == 0
    told = ["--steps", 9, "--method", "spherical"]
    call("interpolate", "bundle", "--path", "path.json", *told, "-o", "told.json")
    call("interpolate", "bundle", "a.png", "b.png", *told, "-o", "direct.json")
    assert Path("told.json").read_bytes() == Path("direct.json").read_bytes()


def test_four_keys_make_a_grid(place: Path) -> None:
    four = ["a.png", "b.png", "c.png", "d.png", "--steps", 3]
    assert call("interpolate", "bundle", *four, "-o", "path.json").exit_code == 0
    assert call("interpolate", "bundle", *four, "--grid", "-o", "grid.png").exit_code == 0
    done = call("interpolate", "bundle", "--path", "path.json", "--grid", "-o", "again.png")
    assert done.exit_code == 0, done.stderr
    np.testing.assert_array_equal(pixels("again.png"), pixels("grid.png"))
    call("interpolate", "bundle", "a.png", "b.png", "-o", "two.json")
    refused = call("interpolate", "bundle", "--path", "two.json", "--grid", "-o", "no.png")
    assert refused.exit_code == 2
    assert "four key images; this path has 2" in refused.stderr


def test_another_bundle_is_told(place: Path) -> None:
    call("interpolate", "bundle", "a.png", "b.png", "-o", "path.json")
    done = call("interpolate", "stranger", "--path", "path.json", "-o", "o.png")
    assert done.exit_code == 0, done.stderr
    assert "note: the path was made with by-hand" in done.stderr
    save_pair(place / "sibling", latent_shape=(4, 4, 4), summary="trained again")
    done = call("interpolate", "sibling", "--path", "path.json", "-o", "p.png")
    assert "another bundle called by-hand" in done.stderr
    done = call("interpolate", "flat", "--path", "path.json", "-o", "q.png")
    assert done.exit_code == 2
    assert "shape [4, 4, 4]; by-hand takes [64]" in done.stderr
    assert not Path("q.png").exists()


def test_a_path_without_a_model_is_taken_as_it_is(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bundle", latent_shape=(2,)), device="cpu")
    path = read(GOOD | {"note": "unknown keys are ignored"})
    assert path.check(model.manifest) == ""
    np.testing.assert_array_equal(path.latents(model.manifest), np.float32([[0, 1], [1.25, -1], [2.5, -3]]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, "diabolo-path"),
        ({"format_version": 2}, "format_version 2; this release reads 1"),
        ({"format_version": True}, "format_version True"),
        ({"latent_shape": []}, "latent_shape"),
        ({"latent_shape": [2, -1]}, "latent_shape"),
        ({"latent_shape": [10**30]}, "needs 1000000"),
        ({"latent_shape": [3]}, r"key 0 has 2 values; latent_shape \[3\] needs 3"),
        ({"keys": [[0, 1]]}, "2 to 256 keys; this one has 1"),
        ({"keys": [[0, 1]] * 257}, "this one has 257"),
        ({"keys": {"a": [0, 1]}}, "instead of a list"),
        ({"keys": [[0, 1], 5]}, "key 1 has 5 instead of a list"),
        ({"keys": [[0, 1], [0, "1"]]}, "key 1 holds '1'"),
        ({"keys": [[0, True], [0, 1]]}, "key 0 holds True"),
        ({"keys": [[0, 1], [0, 1e39]]}, "not a finite float32"),
        ({"keys": [[0, 1], [0, 10**400]]}, "not a finite float32"),
        ({"keys": [[0, 1], [float("nan"), 0]]}, "key 1 holds nan"),
        ({"steps": 1}, "2 to 1000, not 1"),
        ({"steps": 2.5}, "not 2.5"),
        ({"steps": None}, "not None"),
        ({"steps": 1000, "keys": [[0, 1]] * 12}, "at most 10,000"),
        ({"method": "sperical"}, "Did you mean 'spherical'"),
        ({"method": 3}, "unknown interpolation '3'"),
    ],
)
def test_nonsense_is_told(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.UsageError, match=words):
        read(json.dumps(GOOD | changes))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, "\x00", b"\xff\xfe\xff"])
def test_what_is_no_json_object_is_told(text: str | bytes) -> None:
    with pytest.raises(errors.LatentError, match="Save it again"):
        read(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-o o.png", "two or more images, or --path FILE"),
        ("a.png b.png --path path.json -o o.png", "leave out images"),
        ("--path path.json --invert auto -o o.png", "leave out --invert"),
        ("--path nowhere.json -o o.png", "nowhere.json cannot be read"),
        ("--path a.png -o o.png", "a.png: the path is not valid JSON"),
        ("--path path.json --method sperical -o o.png", "Did you mean 'spherical'"),
        ("--path path.json -o path.json", "--overwrite"),
    ],
)
def test_bad_use_is_told(place: Path, line: str, words: str) -> None:
    Path("path.json").write_text(json.dumps(GOOD))
    done = call("interpolate", "bundle", *line.split())
    assert done.exit_code in (1, 2), done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert not Path("o.png").exists()


def test_the_page_s_commands_and_code(place: Path) -> None:
    Path("bundles").mkdir()
    Path("bundle").rename("bundles/letters")
    for letter, name in zip("abc", ("letter", "other", "third"), strict=True):
        Path(f"{letter}.png").rename(f"{name}.png")
    for line in re.findall(r"^    diabolo (.*)$", PAGE, re.MULTILINE):
        done = call(*re.split(r"\s{3,}", line)[0].split())
        assert done.exit_code == 0, done.output
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "(8, 1, 8, 8)\n"


def test_the_page_s_example_is_a_path() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    path = read(example)
    assert path.keys.shape == (2, 2)
    assert path.document() == json.loads(example)
