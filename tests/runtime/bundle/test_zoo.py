"""The ready-made models: found by their folders, opened by their names, listed."""

from __future__ import annotations

import fnmatch
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from _pair import save_pair
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import Autoencoder, Bundle, errors, verify
from diabolo.runtime.bundle import zoo
from diabolo.ui.cli import main

ROOT = Path(__file__).parents[3]
NOISE = {"kind": "gaussian", "level": [0.2, 0.5]}


@pytest.fixture
def stocked(shelf: Path) -> Path:
    """Two ready-made models, and what is none of them."""
    save_pair(
        shelf / "zebra", name="zebra", summary="stripes", noise=NOISE, metrics={"mse": 0.01, "psnr": 20}
    )
    save_pair(shelf / "ant", name="ant", image_shape=(3, 8, 8), latent_shape=(6,))
    for name in ("_half", ".new"):
        save_pair(shelf / name)
    (shelf / "empty").mkdir()
    (shelf / "README.md").write_text("no folder")
    return shelf


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_they_are_found_by_their_folders(stocked: Path) -> None:
    assert zoo.names() == ["ant", "zebra"]
    assert zoo.folder("ant") == stocked / "ant"
    assert zoo.locate("ant") == stocked / "ant"
    assert zoo.locate("_half") == Path("_half")


def test_no_folder_no_models(shelf: Path) -> None:
    shelf.rmdir()
    assert zoo.names() == []


def test_the_package_carries_their_files() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = listed["tool"]["setuptools"]["package-data"]["diabolo.runtime"]
    for path in zoo.folder("").rglob("*"):
        if path.is_file():
            name = path.relative_to(ROOT / "runtime").as_posix()
            assert any(fnmatch.fnmatch(name, p) and name.count("/") == p.count("/") for p in patterns), name
    assert zoo.folder("").parent == ROOT / "runtime"


def test_a_name_wins_over_a_folder(stocked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "ant", name="mine")
    assert Bundle.open("ant").manifest.name == "ant"
    assert Autoencoder.load("ant", device="cpu").manifest.name == "ant"
    for mine in ("./ant", Path("ant"), str(tmp_path / "ant")):
        assert Bundle.open(mine).manifest.name == "mine"
        assert all(check.ok for check in verify(mine, device="cpu"))
    done = call("info", "ant")
    assert done.stdout.split()[:2] == ["name", "ant"]
    assert "for the folder, write ./ant" in done.stderr
    assert not call("info", "./ant").stderr
    assert not call("info", "zebra").stderr


@pytest.mark.parametrize("given", ["zebar", "bundles/zebar", Path("zebar")])
def test_nothing_there_is_told(
    given: str | Path, stocked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for opening in (Bundle.open, Autoencoder.load, verify):
        with pytest.raises(errors.BundleError) as caught:
            opening(given)
        said = str(caught.value)
        assert f"no bundle at {str(given)!r}" in said
        assert "Did you mean 'zebra'?" in said
        assert "Ready-made: ant, zebra." in said
        assert "diabolo export RUN" in said


def test_where_none_is_ready_made_no_name_is_told(shelf: Path) -> None:
    with pytest.raises(errors.BundleError) as caught:
        Bundle.open("nowhere")
    assert str(caught.value) == "there is no bundle at 'nowhere'. Make one with: diabolo export RUN."


@pytest.mark.parametrize(
    "line",
    [
        "verify NAME --device cpu",
        "info NAME",
        "info NAME --device cpu",
        "encode NAME a.png -o codes.csv",
        "reconstruct NAME a.png",
        "denoise NAME a.png -o clean.png",
        "interpolate NAME a.png a.png -o walk.png",
        "sample NAME -o new.png",
        "bench NAME --batch 1 --seconds 0.01",
    ],
)
def test_commands_take_names(
    line: str, stocked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("L", (8, 8), 90).save("a.png")
    done = call(*line.replace("NAME", "zebra").split())
    assert done.exit_code == 0, done.output
    told = " ".join(call(line.split()[0], "--help").stdout.split())
    assert "name of a ready-made model" in told
    if line.startswith("encode"):
        assert call("decode", "zebra", "codes.csv", "-o", "back").exit_code == 0
        assert len(list((tmp_path / "back").iterdir())) == 1


def test_names_are_completed(stocked: Path) -> None:
    for command in ("info", "ui"):
        offered = ShellComplete(main, {}, "diabolo", "_X").get_completions([command], "ze")
        assert [(item.type, item.value) for item in offered] == [("file", "ze"), ("plain", "zebra")]


def test_the_list(stocked: Path) -> None:
    done = call("models")
    assert done.exit_code == 0, done.output
    head, ant, _, zebra, *below = done.stdout.splitlines()
    assert head.split() == ["name", "images", "latent", "mse", "psnr", "on", "disk"]
    assert ant.split()[:6] == ["ant", "8", "x", "8", "colour", "6"]
    assert " 2 x 4 x 4 " in zebra
    assert "0.01000" in zebra
    assert "20.00" in zebra
    assert "MB" in zebra
    assert below[0].strip() == "stripes"
    assert below[1].strip() == "removes: gaussian noise, level 0.2 to 0.5"


def test_the_list_as_json(stocked: Path) -> None:
    rows = {row["name"]: row for row in json.loads(call("models", "--json").stdout)}
    assert list(rows) == ["ant", "zebra"]
    zebra = rows["zebra"]
    assert zebra["image_shape"] == [1, 8, 8]
    assert zebra["noise"] == NOISE
    assert zebra["metrics"] == {"mse": 0.01, "psnr": 20}
    assert zebra["size"] == sum(path.stat().st_size for path in (stocked / "zebra").iterdir())


def test_one_that_cannot_be_read_does_not_hide_the_others(stocked: Path) -> None:
    (stocked / "ant" / "model.json").write_text("{")
    done = call("models")
    assert done.exit_code == 0, done.output
    assert "cannot be read" in done.stdout
    assert "zebra" in done.stdout
    assert "problem" in json.loads(call("models", "--json").stdout)[0]


def test_an_empty_list(shelf: Path) -> None:
    done = call("models")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "diabolo demo" in done.stderr
    assert json.loads(call("models", "--json").stdout) == []


def test_the_list_loads_nothing_heavy(stocked: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom diabolo.runtime.bundle import zoo\n"
        f"zoo._MODELS = Path({str(stocked)!r})\n"
        "from diabolo.ui.cli import main\n"
        "try:\n    main(['models'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'onnxruntime', 'gradio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "zebra" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
