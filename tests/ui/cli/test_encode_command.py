"""`encode` and `decode`: what goes into a file comes out of it, whole or not at all."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.ui.cli import main
from diabolo.ui.cli._files import codes_in, codes_out, reading
from diabolo.ui.cli._files.counting import Counter
from diabolo.ui.cli._files.sources import Source, expand, sources

ENDINGS = pytest.mark.parametrize("ending", ["npz", "npy", "csv"])
NAMES = ["one.png", "sub/two.png", 'sub/three, or "so".png', "數字.png"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `bundle` with a spatial latent that loses nothing, and a folder of its images."""
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "bundle", latent_shape=(4, 4, 4))
    for number, name in enumerate(NAMES):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        inner = np.random.default_rng(number).integers(0, 256, (6, 6)).astype(np.uint8)
        Image.fromarray(np.pad(inner, 1)).save(path)  # with a dark border, or it would be inverted
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@ENDINGS
def test_codes_come_back_as_the_images(place: Path, ending: str) -> None:
    done = call("encode", "bundle", "in", "-o", f"out/codes.{ending}")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"out/codes.{ending}\n"
    assert call("decode", "bundle", f"out/codes.{ending}", "-o", "back").exit_code == 0
    found = sorted(p.relative_to("back").as_posix() for p in Path("back").rglob("*.png"))
    # in the order of names, folder by folder
    order = ["one.png", "數字.png", 'sub/three, or "so".png', "sub/two.png"]
    assert found == (sorted(NAMES) if ending != "npy" else [f"{i:06}.png" for i in range(4)])
    for number, name in enumerate(order):
        made = Path("back", f"{number:06}.png" if ending == "npy" else name)
        np.testing.assert_array_equal(pixels(made), pixels(Path("in", name)))


def test_each_format_holds_what_it_says(place: Path) -> None:
    model = Autoencoder.load("bundle", device="cpu")
    for ending in ("npz", "npy", "csv"):
        assert call("encode", "bundle", "in/one.png", "in/sub", "-o", f"c.{ending}").exit_code == 0
    given = [str(Path("in/one.png")), str(Path("in/sub", 'three, or "so".png')), str(Path("in/sub/two.png"))]
    wanted = model.encode(given)
    with np.load("c.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == ["codes", "files"]
        assert archive["codes"].dtype == np.float32
        np.testing.assert_array_equal(archive["codes"], wanted)
        assert archive["files"].tolist() == given
    np.testing.assert_array_equal(np.load("c.npy", allow_pickle=False), wanted)
    with Path("c.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:2] == ["file", "latent_0"]
    assert [row[0] for row in rows[1:]] == given
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], np.float32), wanted.reshape(3, -1))


@ENDINGS
def test_many_batches_are_one_file(tmp_path: Path, ending: str) -> None:
    codes = np.random.default_rng(0).normal(size=(10, 2, 3)).astype(np.float32)
    names = [f"{i}" * (i + 1) for i in range(10)]
    path = tmp_path / f"codes.{ending}"
    with codes_out.writing(path, (2, 3)) as add:
        for start in range(0, 10, 3):
            add(names[start : start + 3], codes[start : start + 3])
    table = codes_in.read(path, (2, 3))
    np.testing.assert_array_equal(table.codes, codes)
    assert table.names == (None if ending == "npy" else names)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@ENDINGS
def test_what_ends_early_leaves_nothing(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"codes.{ending}"
    path.write_bytes(b"older")
    writing = codes_out.writing(path, (1,))
    add = writing.__enter__()
    add(["a"], np.zeros((1, 1), np.float32))
    assert not writing.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert path.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_broken_files_are_listed_and_counted(place: Path) -> None:
    Path("in/broken.jpg").write_bytes(b"no")
    done = call("encode", "bundle", "in", "-o", "c.npz", "--json")
    assert done.exit_code == 0
    assert "in/broken.jpg cannot be read" in done.stderr.replace("\\", "/")
    assert "4 images encoded, 1 skipped" in done.stderr
    told = json.loads(done.stdout)
    assert (told["count"], told["latent_shape"], len(told["failed"])) == (4, [4, 4, 4], 1)
    done = call("encode", "bundle", "in/broken.jpg", "-o", "none.npz")
    assert done.exit_code == 1
    assert not Path("none.npz").exists()


def test_files_are_taken_as_they_are_needed(place: Path) -> None:
    """From files without end come batches: nothing waits but a few of them."""
    m = Autoencoder.load("bundle", device="cpu").manifest
    files = list(sources(expand(["in"]), Counter().fail))
    taken = 0

    def endless() -> Iterator[Source]:
        nonlocal taken
        for source in itertools.cycle(files):
            taken += 1
            yield source

    work = reading.batches(endless(), m, "never", Counter())
    first, second = next(work), next(work)
    work.close()
    assert len(first.images) == len(second.images) == 128
    assert [second.numbers[0], second.sources[0]] == [128, files[0]]
    assert taken <= 4 * 128


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("encode bundle in -o codes.txt", 2, ".npz, .npy, .csv"),
        ("encode bundle in -o codes", 2, ".npz, .npy, .csv"),
        ("encode bundle in", 2, "--out"),
        ("encode bundle nowhere -o c.npz", 2, "no file or folder"),
        ("encode bundle empty -o c.npz", 1, "no images here"),
        ("encode bundle in -o there.npz", 1, "--overwrite"),
        ("decode bundle nowhere.npz -o out", 2, "no file"),
        ("decode bundle there.npz -o out", 2, "cannot be read as codes"),
        ("decode bundle wide.npy -o out", 2, "this model takes (n, 4, 4, 4)"),
        ("decode bundle text.npy -o out", 2, "not numbers"),
        ("decode bundle nan.npy -o out", 2, "not numbers"),
        ("decode bundle other.npz -o out", 2, "no array 'codes'"),
        ("decode bundle pickled.npy -o out", 2, "cannot be read as codes"),
        ("decode bundle bad.csv -o out", 2, "line 2"),
        ("decode bundle head.csv -o out", 2, "first line"),
        ("decode bundle long.csv -o out", 2, "line 2: field larger than field limit"),
        ("decode bundle longer.csv -o out", 2, "field larger than field limit"),
        ("decode bundle codes.txt -o out", 2, ".npz, .npy, .csv"),
        ("decode bundle there.npz -o there.npz", 1, "a folder"),
        ("decode bundle there.npz -o out.png", 2, "Name a folder"),
    ],
)
def test_bad_input_is_told(place: Path, line: str, code: int, words: str) -> None:
    Path("empty").mkdir()
    Path("there.npz").write_bytes(b"mine")
    np.save("wide.npy", np.zeros((2, 9), np.float32))
    np.save("text.npy", np.array([["a"] * 64]))
    np.save("nan.npy", np.full((2, 64), np.nan, np.float32))
    np.save("pickled.npy", np.array([{}]), allow_pickle=True)
    np.savez("other.npz", a=np.zeros(3), b=np.zeros(3))
    Path("bad.csv").write_text("file,latent_0\nx.png,zero\n")
    Path("head.csv").write_text("a,b\n1,2\n")
    Path("long.csv").write_text(f"latent_0\n{'1' * 200_000}\n")
    Path("longer.csv").write_text("a" * 200_000)
    before = sorted(p.as_posix() for p in Path().rglob("*"))
    done = call(*line.split())
    assert done.exit_code == code, done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert sorted(p.as_posix() for p in Path().rglob("*") if p.name != "out") == before
    assert Path("there.npz").read_bytes() == b"mine"


def test_no_name_in_a_file_of_codes_leads_out_of_the_folder(place: Path) -> None:
    for number, names in enumerate(
        (["../../x.png", "/etc/y.png"], ["../a/x.png", "../b/x.png"], ["..", "/"])
    ):
        np.savez("codes.npz", codes=np.zeros((2, 64), np.float32), files=np.array(names))
        assert call("decode", "bundle", "codes.npz", "-o", f"back/{number}").exit_code == 0
        assert len(list(Path(f"back/{number}").rglob("*.png"))) == 2
    assert not list(place.parent.glob("*.png"))


def test_decoded_pictures_are_kept(place: Path) -> None:
    np.save("codes.npy", np.zeros((2, 4, 4, 4), np.float32))
    assert call("decode", "bundle", "codes.npy", "-o", "back").exit_code == 0
    again = call("decode", "bundle", "codes.npy", "-o", "back")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    assert call("decode", "bundle", "codes.npy", "-o", "back", "--overwrite").exit_code == 0
