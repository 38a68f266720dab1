"""A network of the user's own: two short classes in a file that only the user can have executed."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diabolo.runtime import Autoencoder
from diabolo.ui.cli import main

GOOD = """
from math import prod
from torch import nn

class Small:
    class Encoder(nn.Sequential):
        def __init__(self, image_shape, outputs):
            super().__init__(nn.Flatten(), nn.Linear(prod(image_shape), outputs))

    class Decoder(nn.Sequential):
        def __init__(self, image_shape, latent_dim):
            super().__init__(nn.Linear(latent_dim, prod(image_shape)), nn.Unflatten(1, image_shape))
"""

GRID = """
from torch import nn

def latent_shape(image_shape, latent_dim):
    return latent_dim, image_shape[1] // 4, image_shape[2] // 4

class Encoder(nn.Sequential):
    def __init__(self, image_shape, outputs):
        super().__init__(nn.Conv2d(image_shape[0], outputs, 4, stride=4))

class Decoder(nn.Sequential):
    def __init__(self, image_shape, latent_dim):
        super().__init__(nn.ConvTranspose2d(latent_dim, image_shape[0], 4, stride=4))
"""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(GOOD)
    return tmp_path / "nets.py"


def train(pictures: Path, network: str, *more: object) -> Result:
    return call(
        *("train", "vae", "--dataset", pictures, "--epochs", 1, "--latent-dim", 3),
        *("--network", network, "-o", "run", *more),
    )


def test_the_whole_way(file: Path, pictures: Path) -> None:
    done = train(pictures, "nets.py:Small")
    assert done.exit_code == 0, done.stderr
    assert Path("run/nets.py.txt").read_text() == GOOD
    for words in (
        ["evaluate", "run"],
        ["export", "run"],
        ["train", "vae", "--resume", "-o", "run", "--epochs", 2],
    ):
        refused = call(*words)
        assert refused.exit_code == 1
        assert "--network nets.py:Small" in refused.stderr
        done = call(*words, "--network", "nets.py:Small")
        assert done.exit_code == 0, done.stderr
    model = Autoencoder.load("run/bundle", device="cpu")
    assert model.manifest.network == "Small"
    assert "Small" in call("info", "run/bundle").stdout


def test_nothing_executes_the_copy(file: Path, pictures: Path) -> None:
    assert train(pictures, "nets.py:Small").exit_code == 0
    Path("run/nets.py.txt").write_text("raise SystemExit('it ran')")
    config = json.loads(Path("run/config.json").read_text())
    file.write_text("raise SystemExit('it ran')")
    for path in ("run/nets.py.txt", str(file.resolve())):
        Path("run/config.json").write_text(json.dumps(config | {"network": path}))
        for words in (["evaluate", "run"], ["export", "run"], ["train", "vae", "--resume", "-o", "run"]):
            done = call(*words)
            assert done.exit_code in (1, 2)
            assert "it ran" not in done.output


def test_classes_of_the_file_itself(file: Path, pictures: Path) -> None:
    body = GOOD.replace("class Small:\n", "").replace("    class", "class").replace("        def", "    def")
    file.write_text(body.replace("            super", "        super"))
    assert train(pictures, "nets.py").exit_code == 0


@pytest.mark.parametrize(
    ("network", "old", "new", "words"),
    [
        ("gone.py:Small", "", "", "there is no file 'gone.py'"),
        ("nets.py:Smal", "", "", "has no class 'Smal'; it has Small"),
        ("nets.py", "", "", "has no Encoder and no Decoder"),
        ("nets.py:Small", "class Decoder", "class Dekoder", "has no Decoder"),
        ("nets.py:Small", "from math", "fro math", "SyntaxError"),
        ("nets.py:Small", "prod(image_shape), outputs)", "prod(image_shape), 5)", "returns (2, 5)"),
        ("nets.py:Small", "nn.Unflatten(1, image_shape)", "nn.Flatten()", "must return (2, 1, 16, 16)"),
        ("nets.py:Small", "nn.Linear(latent_dim", "nn.Linear(7", "fails on a batch of shape (2, 3)"),
        ("nets.py:Small", "def __init__(self, image_shape, outputs)", "def __init__(self)", "image's shape"),
        ("nets.py:Small", "nn.Flatten(), nn", "nn.Flaten(), nn", "AttributeError"),
    ],
)
def test_what_does_not_fit_is_told(
    file: Path, pictures: Path, network: str, old: str, new: str, words: str
) -> None:
    file.write_text(GOOD.replace(old, new) if old else GOOD)
    done = train(pictures, network)
    assert done.exit_code == 2
    assert words in done.stderr
    assert not Path("run").exists()


def test_a_grid(file: Path, pictures: Path) -> None:
    in_class = textwrap.indent(GRID.replace("from torch import nn", ""), "    ")
    file.write_text(f"from torch import nn\nclass Grid:\n{in_class}")
    network = "nets.py:Grid"
    done = train(pictures, network)
    assert done.exit_code == 0, done.stderr
    for words in (["export", "run"], ["train", "vae", "--resume", "-o", "run", "--epochs", 2]):
        done = call(*words, "--network", network)
        assert done.exit_code == 0, done.stderr
    assert Autoencoder.load("run/bundle", device="cpu").manifest.latent_shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "latent_dim, image_shape[1] // 4, ",
            "image_shape[1] // 4, ",
            "must return (3,), or (3, rows, ",
        ),
        ("return latent_dim, image_shape[1] // 4", "return latent_dim, 0", "whole numbers from 1"),
        ("return latent_dim, image_shape[1] // 4", "return latent_dim, 4.0", "whole numbers from 1"),
        ("return latent_dim, image_shape[1] // 4, ", "return ", "returns 4 for --latent-dim 3"),
        ("return latent_dim, image_shape[1] // 4", "return latent_dim, 5", "must return (2, 6, 5, 4)"),
        ("return latent_dim, image_shape[1] // 4", "return latent_dim, 1 / 0", "ZeroDivisionError"),
        ("(image_shape, latent_dim):\n    return", "(image_shape):\n    return", "and a number"),
        ("def latent_shape", "def latent_form", "latent_shape(image_shape, latent_dim), which returns"),
    ],
)
def test_a_grid_that_does_not_fit_is_told(old: str, new: str, words: str, file: Path, pictures: Path) -> None:
    assert old in GRID
    file.write_text(GRID.replace(old, new, 1))
    done = train(pictures, "nets.py")
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())
    assert not Path("run").exists()


def test_width_only_where_it_is_taken(file: Path, pictures: Path) -> None:
    done = train(pictures, "nets.py:Small", "--width", 3)
    assert done.exit_code == 2
    assert "--width only where it has them" in done.stderr
