"""Real test images in the app: offered where the data set lies here, called so, shown as they are."""

from __future__ import annotations

import importlib.util
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _linear import make_bundle
from _pair import save_pair
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.train import datasets
from diabolo.train.datasets.bsds500 import BSD68

gr = pytest.importorskip("gradio")

# gradio leaves event loops and sockets to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DIGITS = [*"0123456789"]
# a bright square on a dark ground, up to the border: taken for an inverted picture, if anything is
BRIGHT = np.full((28, 28), 250, np.uint8)
BRIGHT[10:20, 10:20] = 10


def small_mnist(folder: Path) -> Path:
    """A data folder with a small MNIST, whose images are all `BRIGHT` and of the class 7."""
    (folder / "mnist").mkdir(parents=True)
    for part, count in (("train", 40), ("t10k", 12)):
        for kind, array in (
            ("images-idx3", np.tile(BRIGHT, (count, 1, 1))),
            ("labels-idx1", np.full(count, 7, np.uint8)),
        ):
            head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / "mnist" / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    return folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the small MNIST lies."""
    monkeypatch.setenv("DIABOLO_DATA", str(small_mnist(tmp_path / "data")))
    return tmp_path / "data" / "mnist"


def context(folder: Path, **dataset: Any) -> Any:
    """What a tab gets, with one model on MNIST."""
    bundle = make_bundle(folder / "m", dataset={"name": "mnist", "classes": DIGITS} | dataset)
    return _context(bundle)


def _context(bundle: Path) -> Any:
    from diabolo.ui.models.collection import collect
    from diabolo.ui.parts.context import Context

    return Context(bundles=collect({"m": Autoencoder.load(bundle, device="cpu")}), chooser=None)  # type: ignore[arg-type]


def test_a_test_image_is_called_one(data: Path, tmp_path: Path) -> None:
    given = context(tmp_path)
    assert given.originals.available(given.manifest("m"))
    picture, words = given.test_image("m", None)
    np.testing.assert_array_equal(np.asarray(picture), BRIGHT)
    assert "real image" in words
    assert "mnist" in words
    assert words.endswith("7.")


def test_it_is_read_once_and_not_before_it_is_asked_for(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, read, load = context(tmp_path), [], datasets.load
    monkeypatch.setattr(datasets, "load", lambda *args: read.append(args) or load(*args))
    assert given.originals.available(given.manifest("m"))
    assert not read
    for _ in range(3):
        given.test_image("m", None)
    assert len(read) == 1


@pytest.mark.parametrize(
    "dataset",
    [{"name": "fashion-mnist"}, {"name": "my photos"}, {"name": "folder"}, {"classes": ["cats", "dogs"]}],
    ids=str,
)
def test_no_test_image_where_the_set_is_not_here(dataset: dict[str, Any], data: Path, tmp_path: Path) -> None:
    given = context(tmp_path, **dataset)
    assert not given.originals.available(given.manifest("m"))
    with pytest.raises(gr.Error, match="diabolo datasets get"):
        given.test_image("m", None)


def test_only_images_of_the_classes_that_the_model_learned(data: Path, tmp_path: Path) -> None:
    given = context(tmp_path, classes=["7", "9"])
    assert "7." in given.test_image("m", None)[1]
    (tmp_path / "other").mkdir()
    other = context(tmp_path / "other", classes=["3"])
    with pytest.raises(gr.Error, match="test images"):
        other.test_image("m", None)


def test_a_part_of_a_set_is_none(data: Path, tmp_path: Path) -> None:
    (data / "t10k-labels-idx1-ubyte").unlink()
    given = context(tmp_path)
    assert not given.originals.available(given.manifest("m"))


def test_the_app_does_without_the_training(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, find = context(tmp_path), importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "diabolo.train" else find(name, *more),
    )
    assert not given.originals.available(given.manifest("m"))
    with pytest.raises(gr.Error, match="not on this machine"):
        given.test_image("m", None)


def test_images_are_read_without_torch(data: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "m", dataset={"name": "mnist", "classes": DIGITS})
    code = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(['torch', 'torchvision', 'pooch', 'psutil', 'matplotlib'])\n"
        "from diabolo.runtime import Bundle\nfrom diabolo.ui.models.dataset_images import DatasetImages\n"
        f"print(DatasetImages().draw(Bundle.open({str(bundle)!r}).manifest).label)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"


def test_what_the_app_made_is_not_inverted(data: Path, tmp_path: Path) -> None:
    """A test image comes back from the page as a file; a stranger's file with a bright border is inverted."""
    from diabolo.ui.parts.picture_input import pixels

    given = context(tmp_path)
    picture, _ = given.test_image("m", None)
    shown = pixels("seen")
    saved = shown.postprocess(picture).path
    content = Path(saved).read_bytes()
    Path(saved).write_bytes(b"there")
    assert shown.postprocess(picture).path == saved
    assert Path(saved).read_bytes() == b"there"  # it is not written again: a browser may be reading it
    Path(saved).write_bytes(content)
    np.testing.assert_array_equal(given.see("m", saved).image[0] * 255, BRIGHT)
    stranger = tmp_path / "stranger.png"
    Image.fromarray(BRIGHT).save(stranger)
    assert given.see("m", str(stranger)).steps == (("inverted", ""),)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(Exception, match="picture"):
        given.see("m", str(tmp_path / "broken.png"))


def test_photos_have_no_ground_to_be_inverted_to(tmp_path: Path) -> None:
    image = {"shape": [1, 28, 28], "range": [0, 1], "colour": "grey", "background": 0.49}
    bundle = make_bundle(tmp_path / "m", image=image)
    given = _context(bundle)
    assert given.see("m", Image.fromarray(BRIGHT)).steps == ()
    assert "dark" not in given.describe("m", None)


SIZES = [(40, 24), (24, 40)]  # width and height of the photographs


def small_bsds500(folder: Path) -> None:
    """A data folder with photographs named and counted as those of BSDS500, of two colours and sizes."""
    for part, count in (("train", 200), ("val", 100), ("test", 200)):
        place = folder / "BSDS500" / "data" / "images" / part
        place.mkdir(parents=True)
        stems = [*sorted(BSD68), *map(str, range(1, 33))] if part == "val" else map(str, range(1, count + 1))
        for number, stem in enumerate(stems):
            Image.new("RGB", SIZES[number % 2], (200, 100, 50)).save(place / f"{stem}.jpg")


@pytest.mark.parametrize(("channels", "mode"), [(3, "RGB"), (1, "L")])
def test_photographs_keep_their_size_for_a_model_of_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int, mode: str
) -> None:
    small_bsds500(tmp_path / "data")
    monkeypatch.setenv("DIABOLO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    shape = (channels, 16, 16)
    dataset = {"name": "bsds500", "classes": []}
    given = _context(save_pair(tmp_path / "m", any_size=True, image_shape=shape, dataset=dataset))
    assert given.originals.available(given.manifest("m"))
    found = [given.test_image("m", None) for _ in range(68)]
    assert {(picture.size, picture.mode) for picture, _ in found} == {(size, mode) for size in SIZES}
    assert {words for _, words in found} == {"A real image from the test set of bsds500."}


def test_the_button_is_there_where_the_set_is(data: Path, tmp_path: Path) -> None:
    given = context(tmp_path)
    with gr.Blocks():
        given.originals_buttons.append(gr.Button())
    assert [button.visible for button in given.show_originals("m")] == [True]
    (data / "t10k-labels-idx1-ubyte").unlink()
    assert [button.visible for button in given.show_originals("m")] == [False]
