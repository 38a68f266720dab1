"""CONTRIBUTING.md: each example, pasted into the file that it names, works."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from click.testing import CliRunner

from diabolo.runtime import Autoencoder
from diabolo.train import Config, Run, datasets, fit
from diabolo.train.datasets import LoadRequest, glyphs
from diabolo.ui.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"`([\w/]+\.py)`:\n\n```python\n(.*?)```", PAGE, re.DOTALL))
pytestmark = GRADIO_MARKS[1:]  # no browser
KINDS = ["train/variants", "train/networks", "train/datasets", "ui/cli", "ui/tabs"]


def commands() -> list[list[str]]:
    return [line.split() for line in re.findall(r"^    diabolo (.*)$", PAGE, re.MULTILINE)]


@pytest.fixture
def pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every example in its place, in folders that the packages are looked for in besides their own."""
    monkeypatch.chdir(tmp_path)
    names = []
    for path, text in EXAMPLES.items():
        file = tmp_path / "pasted" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        kind = next(kind for kind in KINDS if path.startswith(f"{kind}/"))
        package = importlib.import_module(f"diabolo.{kind.replace('/', '.')}")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / "pasted" / kind)])
        names.append(
            (package, path.removeprefix(f"{kind}/").removesuffix("/__init__.py").removesuffix(".py"))
        )
    importlib.invalidate_caches()
    yield
    for package, name in names:
        sys.modules.pop(f"{package.__name__}.{name}", None)
        vars(package).pop(name, None)


def call(words: list[str]) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_there_is_an_example_of_each() -> None:
    assert [kind for kind in KINDS for path in EXAMPLES if path.startswith(f"{kind}/")] == KINDS
    assert PAGE.count("```python\n") == len(KINDS)
    assert not [path for path in EXAMPLES if (ROOT / path).exists()]


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_is_in_the_style_of_the_project(path: str) -> None:
    for words in (["check"], ["format", "--check"]):
        checked = [sys.executable, "-m", "ruff", *words, "--stdin-filename", path, "-"]
        done = subprocess.run(checked, input=EXAMPLES[path], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("pasted")
def test_the_commands_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_TRAIN", 300)
    monkeypatch.setattr(glyphs, "_TEST", 60)
    for words in commands():
        if words[0] != "ui":
            call(words)
    assert Run.open("runs/huber").config.variant_options == {"delta": 0.2}
    assert Run.open("runs/strided").load()[1].latent_shape == (4, 7, 7)
    assert Run.open("runs/bars").image_shape == (1, 16, 16)
    assert "(20,): " in call(["latent", "mnist-vae"])
    assert "latent" in call(["--help"])


@pytest.mark.usefixtures("pasted")
def test_the_variant_and_the_network_go_the_whole_way() -> None:
    config = Config.make("huber", "bars", network="strided", epochs=1)
    assert config.latent_dim == 4
    fit(config, "run")
    call(["export", "run", "-o", "bundle"])
    model = Autoencoder.load("bundle", device="cpu")
    assert model.manifest.latent_shape == (4, 4, 4)
    assert model.sample(2, seed=0).shape == (2, 1, 16, 16)


@pytest.mark.usefixtures("pasted")
def test_the_dataset_is_listed_and_read() -> None:
    (row,) = [line for line in call(["datasets"]).splitlines() if line.startswith("bars ")]
    assert "1,000 + 200" in row
    data = datasets.load("bars", LoadRequest(seed=1))
    again = datasets.load("bars", LoadRequest(seed=1))
    np.testing.assert_array_equal(data.train.images[:], again.train.images[:])
    assert data.only(["vertical"]).train.images[:].std(axis=2).max() == 0


@pytest.mark.usefixtures("pasted")
def test_the_tab_is_built() -> None:
    pytest.importorskip("gradio")
    from diabolo.ui import build
    from diabolo.ui.app import find_tabs

    assert list(find_tabs())[-1] == "mean"
    app: Any = build("mnist-vae-2d", device="cpu", language="zh-TW")
    shown = str(app.get_config_file())
    assert "平均" in shown
    assert "距平均編碼幾個標準差" in shown
    (decode,) = [
        event.fn for event in app.fns.values() if getattr(event.fn, "__module__", "").endswith(".mean")
    ]
    near, far = (np.asarray(decode("mnist-vae-2d", distance)) for distance in (0, 3))
    assert near.shape == (28, 28)
    assert (near != far).any()
