"""`diabolo datasets`, as a user runs it."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from _images import save
from _server import Answer, Server, serve
from click.testing import CliRunner, Result

from diabolo.train.datasets import cifar10, fashion_mnist, mnist, names
from diabolo.train.datasets._formats.idx import FILES
from diabolo.ui.cli import main

FIELDS = {"name", "title", "summary", "count", "image_shape", "classes", "download", "here", "problem"}


def call(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(main, ["datasets", *map(str, arguments)], env=environment)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def files() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (30, 28, 28)), rng.integers(0, 10, 30)]
    arrays += [rng.integers(0, 256, (12, 28, 28)), rng.integers(0, 10, 12)]
    bodies = [gzip.compress(idx(array.astype(np.uint8)), mtime=0) for array in arrays]
    return dict(zip((f"{file}.gz" for file in FILES), bodies, strict=True))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A data folder with MNIST in it."""
    folder = tmp_path / "data" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, body in files().items():
        (folder / name).write_bytes(body)
    return tmp_path / "data"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server that MNIST comes from."""
    monkeypatch.setenv("no_proxy", "*")
    with serve() as server:
        made = files()
        server.answers |= {name: Answer(body, pieces=4, pause=0.01) for name, body in made.items()}
        published = {
            name: (f"sha256:{hashlib.sha256(body).hexdigest()}", len(body)) for name, body in made.items()
        }
        source = dataclasses.replace(mnist._SOURCE, addresses=(server.url(""),), published=published)
        monkeypatch.setattr(mnist, "_SOURCE", source)
        yield server


def row(done: Result, name: str) -> str:
    """What the table says about one dataset, in one line."""
    lines = done.stdout.splitlines()
    first = next(index for index, line in enumerate(lines) if line.split()[0] == name)
    rest = next((i for i, line in enumerate(lines[first + 1 :], first + 1) if line[0] != " "), len(lines))
    return " ".join(" ".join(lines[first:rest]).split())


@pytest.mark.parametrize("columns", ["80", "140", ""])
def test_table(here: Path, columns: str) -> None:
    done = call("--data-dir", here, COLUMNS=columns)
    assert done.exit_code == 0, done.stderr
    shown = [line.split()[0] for line in done.stdout.splitlines() if line[0] != " "]
    assert shown == ["name", *(name for name in names() if name != "folder")]
    assert "60,000 + 10,000, 28 x 28 grey 10 12 MB yes" in row(done, "mnist")
    assert f"here: {here / 'MNIST' / 'raw'}" in row(done, "mnist")
    assert "licence: CC BY-SA 3.0" in row(done, "mnist")
    assert "50,000 + 10,000, 32 x 32 colour 10 170 MB no" in row(done, "cifar10")
    assert "10 31 MB no" in row(done, "fashion-mnist")
    assert "none yes" in row(done, "glyphs")
    assert "here: drawn on the spot" in row(done, "glyphs")
    assert "--dataset ./photos" in done.stderr


def test_table_at_80_columns() -> None:
    done = call(COLUMNS="80")
    long = [line for line in done.stdout.splitlines() if len(line) > 80]
    assert all(len(line.split()) <= 2 for line in long)  # a path or an address stays whole


def test_json(here: Path) -> None:
    rows = {row["name"]: row for row in json.loads(call("--json", DIABOLO_DATA=str(here)).stdout)}
    assert set(rows) == set(names()) - {"folder"}
    assert all(set(row) >= FIELDS for row in rows.values())
    assert rows["mnist"]["here"] == str(here / "MNIST" / "raw")
    assert rows["mnist"]["download"] == 11_594_722
    assert rows["cifar10"]["here"] is None
    assert rows["cifar10"]["image_shape"] == [3, 32, 32]
    assert len(rows["fashion-mnist"]["classes"]) == 10


def test_incomplete(here: Path) -> None:
    (here / "MNIST" / "raw" / f"{FILES[2]}.gz").unlink()
    done = call("--data-dir", here)
    assert done.exit_code == 0
    assert "incomplete" in row(done, "mnist")
    assert f"lacks {FILES[2]}" in row(done, "mnist")
    assert "no" in row(done, "cifar10")


def test_plugin_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("faces", "not_there_at_all", "diabolo.train.datasets")
    monkeypatch.setattr(
        metadata, "entry_points", lambda **chosen: metadata.EntryPoints([point]).select(**chosen)
    )
    done = call()
    assert done.exit_code == 0, done.stderr
    assert "cannot be loaded" in row(done, "faces")
    assert "not_there_at_all" in row(done, "faces")
    assert "mnist" in done.stdout
    assert "problem" in next(r for r in json.loads(call("--json").stdout) if r["name"] == "faces")


def test_what_a_plugin_raises_is_its_row_s(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(dataset: object, request: object) -> None:
        raise ZeroDivisionError("nothing there")

    monkeypatch.setattr(mnist.Dataset, "locate", fail)
    monkeypatch.delattr(cifar10.Dataset, "summary")
    monkeypatch.setattr(fashion_mnist.Dataset, "image_shape", 3)
    for name, told in (
        ("mnist", "problem MNIST: handwritten digits, white on black ZeroDivisionError: nothing there"),
        ("cifar10", "AttributeError"),
        ("fashion-mnist", "TypeError"),
    ):
        done = call()
        assert done.exit_code == 0, done.stderr
        assert told in row(done, name)
        found = next(r for r in json.loads(call("--json").stdout) if r["name"] == name)
        assert told.split()[-1] in found["problem"]
    assert "yes" in row(done, "glyphs")


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = call()
    assert "not installed" in row(done, "glyphs")
    assert 'pip install "diabolo[train]"' in row(done, "glyphs")
    assert "incomplete" not in done.stdout


def test_data_folder_that_is_not_there(tmp_path: Path) -> None:
    done = call("--data-dir", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "no data folder" in done.stderr


def test_get(home: Server, tmp_path: Path) -> None:
    done = call("get", "mnist")
    assert done.exit_code == 0, done.stderr
    folder = tmp_path / "cache" / "datasets" / "MNIST" / "raw"
    assert done.stdout == f"mnist: 30 training and 12 test images, 28 x 28 grey, read from {folder}\n"
    assert "downloading" in done.stderr
    assert "(kB)" in done.stderr
    assert "yes" in row(call(), "mnist")
    assert call("get", "mnist").stdout == done.stdout
    assert len(home.asked) == 4


def test_get_that_fails(home: Server) -> None:
    home.answers.clear()
    done = call("get", "mnist")
    assert done.exit_code == 1
    assert "404 Not Found" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("variable", ["", "/elsewhere"])
def test_get_in_place(here: Path, before: bool, variable: str) -> None:
    where = ["--data-dir", here]
    arguments = [*where, "get", "mnist"] if before else ["get", "mnist", *where]
    done = call(*arguments, DIABOLO_DATA=variable)
    assert str(here) in done.stdout, done.stderr
    assert str(here) in call("get", "mnist", DIABOLO_DATA=str(here)).stdout


def test_get_folder(pictures: Path) -> None:
    done = call("get", pictures)
    assert done.exit_code == 0, done.stderr
    assert "105 training and 15 test images, 16 x 16 grey" in done.stdout
    assert str(pictures) in done.stdout


def test_get_a_folder_called_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("get", save(Path("folder"), 12))
    assert done.exit_code == 0, done.stderr
    assert "12 x 12" not in done.stdout
    assert done.stdout.endswith("8 x 8 colour, read from folder\n")


def test_get_what_is_made(tmp_path: Path) -> None:
    done = call("get", "glyphs", "--image-size", "12")
    assert done.stdout == "glyphs: 20,000 training and 4,000 test images, 12 x 12 grey, drawn on the spot\n"


@pytest.mark.parametrize(
    "size", ["", " 28", "28 ", "+28", "2_8", "28x", "x28", "28x28x28", "٢٨", "28.0", "99999"]
)
def test_sizes_that_are_none(pictures: Path, size: str) -> None:
    done = call("get", pictures, "--image-size", size)
    assert done.exit_code == 2
    assert "must be N or HxW" in done.stderr


@pytest.mark.parametrize(("size", "shown"), [("9", "9 x 9"), ("9x12", "9 x 12")])
def test_sizes(pictures: Path, size: str, shown: str) -> None:
    assert f", {shown} grey, read" in call("get", pictures, "--image-size", size).stdout


def test_unknown_name() -> None:
    done = call("get", "mnits")
    assert done.exit_code == 2
    assert "Did you mean 'mnist'?" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["get", "--help"]])
def test_help(arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.exit_code == 0
    assert "--data-dir" in done.stdout
    assert "FOLDER" in done.stdout or "get ./photos" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["get", "mnist"]])
def test_without_torch(here: Path, arguments: list[str]) -> None:
    code = (
        "import sys\nfrom diabolo.ui.cli import main\n"
        f"try:\n    main({['datasets', *arguments, '--data-dir', str(here)]!r})\n"
        "except SystemExit as end:\n    print(end.code)\n"
        "print(sorted({'torch', 'torchvision', 'gradio', 'pooch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]
