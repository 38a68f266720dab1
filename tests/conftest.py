"""Small trained runs and bundles, made once for each variant."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# the nets here are tiny: threads that wait for each other take longer than one
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from _chromium import started
from _images import load_folder, save
from _known_once import begin, exports
from filelock import FileLock
from PIL import Image, ImageDraw

from diabolo.train.datasets._decoding import workers

begin()

_LONG_FILES = (
    "tests/docs/test_readme.py",
    "tests/ui/visitors/",
    "tests/ui/sandbox/",
    "tests/train/run/",
    "tests/examples/",
    "tests/train/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: one of them at the end would leave the other workers idle."""
    browser = {item.path for item in items if item.get_closest_marker("browser")}

    def rank(item: pytest.Item) -> int:
        found = (number for number, start in enumerate(_LONG_FILES, 1) if item.nodeid.startswith(start))
        return 0 if item.path in browser else next(found, len(_LONG_FILES) + 1)

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """What was imported stays: `gc.collect()`, with which many tests end, need not look through it."""
    if "PYTEST_XDIST_WORKER" in os.environ and "torch" in sys.modules:
        importlib.import_module("torch._dynamo")  # large, and imported by the first optimizer anyway
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Extension modules look for what they leak when Python ends."""
    gc.unfreeze()


_GIVE_WAY = ("diabolo.ui.sandbox.keeper", "diabolo.ui.drawing")


def pytest_runtest_setup() -> None:
    """What is right for users, and takes long in tests, is left out; tests of it undo this."""
    exports()
    for module in (sys.modules[name] for name in _GIVE_WAY if name in sys.modules):
        # processes that give way to all others hardly run while every processor is busy with tests
        vars(module)["lower"] = lambda _pid, _by: True


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is made for the whole session is made before a test has folders of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIABOLO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _own_folders(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache or data."""
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DIABOLO_DATA", raising=False)
    if "pictures" in request.fixturenames:  # they need not be decoded again for each test
        shutil.copytree(request.getfixturevalue("_decoded"), tmp_path / "cache" / "decoded")


@pytest.fixture(autouse=True)
def _plots_unless_looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training's plots are made as always, but written blank, unless the test asks for `plots`.

    To draw the five of them takes longer than the trainings here.
    """
    files = sys.modules.get("diabolo.train.run.files")
    if files is None or "plots" in request.fixturenames:
        return
    own = files.Files.write_picture

    def write_picture(self: Any, name: str, figure: Any) -> None:
        width, height = (int(10 * inches) for inches in figure.get_size_inches())
        blank = Image.new("L", (width, height), 255)
        own(self, name, SimpleNamespace(savefig=lambda path, format, **_: blank.save(path, format)))

    monkeypatch.setattr(files.Files, "write_picture", write_picture)


@pytest.fixture(autouse=True)
def _decoded_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are decoded in this process, unless the test asks for `decoders`: to start one takes 0.3 s."""
    if "decoders" not in request.fixturenames:
        monkeypatch.setattr(workers, "_begin", lambda _job: None)


@pytest.fixture
def decoders() -> None:
    """For a test of the processes that decode images, which are then started as for users."""


@pytest.fixture
def plots() -> None:
    """For a test that looks at a training's plots, which are then drawn as for users."""


@pytest.fixture(autouse=True, scope="module")
def _nothing_left() -> Iterator[None]:
    """What gradio leaves to the garbage collector goes at the end of the module that it was left in.

    That is an event loop in this thread for every app that is made, and more for every server.
    """
    asyncio.set_event_loop(None)
    yield
    try:
        asyncio.get_event_loop()
    except RuntimeError:  # no app was made
        return
    asyncio.set_event_loop(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    gc.freeze()  # what is left stays, and the next collection need not look through it


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium for all tests of a module."""
    with started() as running:
        yield running


@pytest.fixture(scope="module")
def client(address: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Gradio's client of what the module serves at its `address`."""
    import gradio_client.client

    # for each file that it downloads, the client leaves an empty folder in the one for temporary files
    folder = str(tmp_path_factory.mktemp("client"))
    own = vars(tempfile) | {"gettempdir": lambda: folder}
    gradio_client.client.tempfile = SimpleNamespace(**own)
    return gradio_client.Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("got")))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the ready-made models."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setattr("diabolo.runtime.bundle.zoo._MODELS", folder)
    return folder


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder, as a user whom permissions bind: root, whom they do not, becomes nobody for the test."""
    if os.geteuid():
        yield tmp_path
        return
    load_folder(save(tmp_path / "warm", 10))  # imports all that is needed; nobody may not
    # not below pytest's folder: nobody may not enter it, and other workers are at work in it
    own = Path(tempfile.mkdtemp(prefix="nobody-"))
    monkeypatch.setenv("DIABOLO_CACHE", str(own / "cache"))
    os.chown(own, 65534, 65534)
    os.seteuid(65534)
    try:
        yield own
    finally:
        os.seteuid(0)
        shutil.rmtree(own)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 120 small grey pictures in two classes: discs and bars, bright on dark."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for kind in ("bars", "discs"):
        (folder / kind).mkdir()
        for index in range(60):
            picture = Image.new("L", (16, 16))
            draw, (x, y) = ImageDraw.Draw(picture), rng.integers(2, 9, 2).tolist()
            if kind == "discs":
                draw.ellipse((x, y, x + 5, y + 5), fill=255)
            else:
                draw.rectangle((x, y, x + 1, y + 6), fill=255)
            picture.save(folder / kind / f"{index}.png")
    return folder


@pytest.fixture(scope="session")
def _decoded(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the cache holds once `pictures` have been decoded."""
    from diabolo.train import datasets

    cache = tmp_path_factory.mktemp("decoded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIABOLO_CACHE", str(cache))
        datasets.load(str(pictures), datasets.LoadRequest(folder=pictures))
    return cache / "decoded"


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker makes; each worker has a copy, since tests may write into theirs."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = shared / f"{name}-of-all"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            shutil.rmtree(begun := shared / f"{name}-begun", ignore_errors=True)
            begun.mkdir()
            make(begun)
            begun.rename(made)
    return Path(shutil.copytree(made, factory.mktemp(name), symlinks=True, dirs_exist_ok=True))


@pytest.fixture(scope="session")
def runs(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One short run of every variant that is found, on `pictures`."""
    from diabolo.train import Config, fit, variants

    def train(folder: Path) -> None:
        for name in variants.names():
            config = Config.make(name, str(pictures), latent_dim=6, epochs=40, batch_size=20, lr=3e-3)
            fit(config, folder / name)

    folder = _made_once(tmp_path_factory, "runs", train)
    return {name: folder / name for name in variants.names()}


@pytest.fixture(scope="session")
def bundles(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The export of every run of `runs`."""
    from diabolo.export import export_run

    def export(folder: Path) -> None:
        for name, run in runs.items():
            export_run(run, folder / name)

    folder = _made_once(tmp_path_factory, "bundles", export)
    return {name: folder / name for name in runs}


@pytest.fixture(scope="session")
def spatial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle in colour whose latent is [3, 2, 2]: the means of an image's quarters, enlarged again."""
    import torch

    from diabolo.export import export_pair

    images = np.random.default_rng(0).random((40, 3, 2, 2), np.float32).repeat(8, axis=2).repeat(8, axis=3)
    encoder, decoder = torch.nn.AvgPool2d(8), torch.nn.Upsample(scale_factor=8, mode="bilinear")
    out = tmp_path_factory.mktemp("spatial") / "quarters"
    return export_pair(encoder, decoder, images[:2], out, images=images).path
