"""Every dataset found, here or in another package, keeps the contract."""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from _images import check, save

from diabolo.runtime.errors import PluginError, UnknownNameError
from diabolo.train import Config, datasets, fit, networks, variants
from diabolo.train.datasets import DatasetBase, ImageData, LoadRequest, Split, find, load, names
from diabolo.train.errors import DataError


def test_found() -> None:
    assert {"mnist", "fashion-mnist", "cifar10", "notmnist", "glyphs", "folder"} <= set(names())
    assert sum(find(name).takes_folder for name in names()) == 1


@pytest.mark.parametrize("name", names())
def test_description(name: str) -> None:
    dataset = find(name)
    assert isinstance(dataset, DatasetBase)
    assert type(dataset).__bases__ == (DatasetBase,)
    assert dataset.title
    assert dataset.summary
    assert "\n" not in dataset.summary
    if not dataset.takes_folder:
        assert dataset.licence
        assert dataset.home.startswith("http")
        assert dataset.count


@pytest.mark.parametrize("name", names())
def test_loads_or_says_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With neither data nor a network, a set is there all the same or its error is one for people."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    try:
        data = find(name).load(LoadRequest())
    except DataError as error:
        assert str(error).endswith(".")  # noqa: PT017
    else:
        check(data)
    assert capsys.readouterr().out == ""


def test_unknown_name_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match=r"'mnits'.*'mnist'.*folder of images"):
        load("mnits", LoadRequest())
    # A name wins over a folder of that name; './glyphs' is the folder.
    monkeypatch.chdir(tmp_path)
    save(Path("glyphs"), 12)
    assert load("./glyphs", LoadRequest()).image_shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("photo.png", r"'photo\.png' is not a folder of images: it is a file\. Give the folder"),
        ("gone.png", r"no folder at 'gone\.png'\. Give"),
        ("./gone", r"no folder at '\./gone'\. Give"),
        ("some/where", r"no folder at 'some/where'\. Give"),
    ],
)
def test_a_path_that_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(b"x")
    with pytest.raises(DataError, match=told):
        load(name, LoadRequest())


def test_images_of_another_kind_are_a_bug() -> None:
    good = np.zeros((2, 1, 8, 8), np.uint8)
    with pytest.raises(ValueError, match="uint8"):
        Split(images=good.astype(np.float32))
    with pytest.raises(ValueError, match="2 images but 3 labels"):
        Split(images=good, labels=np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="differ in shape"):
        ImageData(name="a", train=Split(images=good), test=Split(images=good[:, :, :4]))
    with pytest.raises(DataError, match=r"0 test images.*Add images"):
        ImageData(name="a", train=Split(images=good), test=Split(images=good[:0]))


# Other packages


DATASET = """
import numpy as np
from diabolo.train.datasets import DatasetBase, ImageData, Split

class Dataset(DatasetBase):
    title = "Dots"
    summary = "dots"

    def locate(self, request):
        return None

    def load(self, request):
        images = np.random.default_rng(request.seed).integers(0, 256, (60, 1, 8, 8), np.uint8)
        return ImageData(name="dots", train=Split(images=images[:48]), test=Split(images=images[48:]))
"""
VARIANT = """
from dataclasses import dataclass
from diabolo.train.losses import mean_squared_error
from diabolo.train.variants import Loss, VariantBase

@dataclass(frozen=True, kw_only=True)
class Options:
    factor: float = 2.0

class Variant(VariantBase):
    summary = "twice the error"

    def __init__(self, options):
        self.options = options

    def loss(self, model, image, step):
        return Loss(self.options.factor * mean_squared_error(image, model(image)))
"""
NETWORK = "from diabolo.train.networks.dense import *\nfrom diabolo.train.networks.dense import __all__\n"
GROUPS = ("diabolo.train.datasets", "diabolo.train.variants", "diabolo.train.networks")

Install = Callable[[str, dict[str, str], dict[str, dict[str, str]]], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a distribution of the modules given, by name, with the entry points given, by group."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))

    def made(name: str, modules: dict[str, str], points: dict[str, dict[str, str]]) -> None:
        about = site / f"{name}-1.0.dist-info"
        about.mkdir(parents=True)
        for module, text in modules.items():
            (site / f"{module}.py").write_text(text)
            monkeypatch.delitem(sys.modules, module, raising=False)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in p.items()) for group, p in points.items()
        ]
        (about / "entry_points.txt").write_text("".join(lines))
        importlib.invalidate_caches()

    return made


def test_another_package_adds_its_own(install: Install, tmp_path: Path) -> None:
    modules = {"dots_data": DATASET, "dots_variant": VARIANT, "dots_network": NETWORK}
    points = [{"dots": "dots_data"}, {"twice": "dots_variant"}, {"thick": "dots_network"}]
    install("dots", modules, dict(zip(GROUPS, points, strict=True)))
    assert "dots" in names()
    assert "twice" in variants.names()
    assert "thick" in networks.names()
    config = Config.make("twice", "dots", network="thick", latent_dim=2, epochs=1)
    run = fit(config, tmp_path / "run")
    assert len(run.history()) == 1
    assert run.document["dataset_name"] == "dots"
    assert run.image_shape == (1, 8, 8)


@pytest.mark.parametrize(
    ("module", "value", "reason"),
    [
        ("import not_there_at_all", "broken_dots", "not_there_at_all"),
        ("1 / 0", "broken_dots", "division by zero"),
        ("", "broken_dots:Dataset", "Dataset"),
        ("Dataset = 1", "broken_dots:Dataset", "is not a module"),
    ],
)
def test_a_broken_one_is_told_when_it_is_used(install: Install, module: str, value: str, reason: str) -> None:
    install("badly-made", {"broken_dots": module}, {GROUPS[0]: {"dots": value}})
    assert "dots" in datasets.names()
    assert find("glyphs").title == "Glyphs"
    with pytest.raises(PluginError, match=rf"'dots'.*'badly-made'.*{reason}.*pip uninstall badly-made"):
        load("dots", LoadRequest())


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("", "it has no class Dataset"),
        ("Dataset = dict", "does not derive from"),
        ("Dataset = 3", "TypeError"),
        (DATASET.replace("def load", "def lead"), "abstract"),
        (DATASET + "    def __init__(self):\n        1 / 0\n", "division by zero"),
    ],
)
def test_one_that_does_not_keep_the_contract(install: Install, module: str, reason: str) -> None:
    install("badly-made", {"broken_dots": module}, {GROUPS[0]: {"dots": "broken_dots"}})
    with pytest.raises(PluginError, match=rf"'dots' in the module 'broken_dots' .*{reason}.*Update"):
        find("dots")


def test_ours_wins(install: Install) -> None:
    install("copycat", {"copied_data": DATASET}, {GROUPS[0]: {"glyphs": "copied_data"}})
    assert find("glyphs").title == "Glyphs"
    assert names().count("glyphs") == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my photos.zip", "python -m zipfile -e 'my photos.zip' 'my photos', then --dataset 'my photos'"),
        ("photos.TAR.gz", "python -m tarfile -e photos.TAR.gz photos, then --dataset photos"),
    ],
)
def test_an_archive_is_to_be_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        load(name, LoadRequest())
    assert words in str(caught.value)
    Path("photos.txt").write_bytes(b"x")
    with pytest.raises(DataError, match="it is a file"):
        load("photos.txt", LoadRequest())
