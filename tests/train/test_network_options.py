"""A network declares options of its own: on the command line, in recipes, in config.json and on the page."""

from __future__ import annotations

import json
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from _images import save
from click.testing import CliRunner, Result

from diabolo.runtime import Autoencoder
from diabolo.runtime.errors import UnknownNameError
from diabolo.train import Config, Run, networks
from diabolo.train.errors import OptionError
from diabolo.train.run.recipe import recipe
from diabolo.train.settings_page import page
from diabolo.ui.cli import main

NETWORK = """
from dataclasses import dataclass
from math import prod

from torch import nn

from diabolo.train.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    hidden: int = setting(5, "units of the hidden layer", low=1, high=100, unit="units")
    bend: str = setting("relu", "the activation", choices=("relu", "tanh"))
    biased: bool = setting(False, "whether the hidden layer has a bias")


def layers(size, out, hidden, bend, biased):
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[bend]()
    return [nn.Linear(size, hidden, bias=biased), activation, nn.Linear(hidden, out)]


class Encoder(nn.Sequential):
    def __init__(self, image_shape, outputs, **options):
        super().__init__(nn.Flatten(), *layers(prod(image_shape), outputs, **options))


class Decoder(nn.Sequential):
    def __init__(self, image_shape, latent_dim, **options):
        super().__init__(*layers(latent_dim, prod(image_shape), **options), nn.Unflatten(1, image_shape))
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network comes with another package, whose entry point names its file."""
    (tmp_path / "toy_network.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toy_network", raising=False)
    point = metadata.EntryPoint("toy", "toy_network", "diabolo.train.networks")
    monkeypatch.setattr(
        metadata, "entry_points", lambda **chosen: metadata.EntryPoints([point]).select(**chosen)
    )
    monkeypatch.chdir(tmp_path)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def make(**options: object) -> Config:
    return Config.make("vae", "glyphs", network="toy", network_options=options)


def test_the_whole_way(tmp_path: Path) -> None:
    pictures = save(tmp_path / "pictures", 30)
    (tmp_path / "toy.toml").write_text(
        'network = "toy"\nbend = "tanh"\nhidden = 3\nepochs = 1\nlatent-dim = 2\n'
    )
    words = ["train", "vae", "--dataset", pictures, "--recipe", "toy.toml", "--hidden", 4, "-o", "run"]
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    run = Run.open("run")
    assert run.config.network_options == {"hidden": 4, "bend": "tanh"}
    _, model = run.load()
    assert model.get_parameter("encoder.1.weight").shape == (4, 3 * 8 * 8)
    assert "encoder.1.bias" not in dict(model.named_parameters())
    for more in (
        ["train", "vae", "--resume", "-o", "run", "--epochs", 2],
        ["export", "run"],
        ["evaluate", "run"],
    ):
        assert call(*more).exit_code == 0
    settings = Autoencoder.load("run/bundle", device="cpu").manifest.document["training"]["settings"]
    assert settings["network_options"] == {"hidden": 4, "bend": "tanh"}


def test_help_and_page_show_them() -> None:
    shown = " ".join(call("train", "autoencoder", "--help").stdout.split())
    assert "--hidden INTEGER" in shown
    assert "units of the hidden layer" in shown
    assert "[default: 5 with toy]" in shown
    assert "relu|tanh" in shown
    assert "## The network `toy`" in page()
    assert "| `hidden` | `5` | a whole number of units from 1 to 100 | units of the hidden layer |" in page()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--network", "toy", "--hidden", 0],
            "--hidden 0 is not possible; it must be a whole number of units",
        ),
        (["--network", "toy", "--bend", "tang"], "Did you mean 'tanh'?"),
        (["--network", "dense", "--hidden", 4], "network 'dense' has no option 'hidden'. Its options: none."),
        (["--biased"], "network 'dense' has no option 'biased'"),
    ],
)
def test_a_wrong_one_is_refused(tmp_path: Path, words: list[object], told: str) -> None:
    done = call("train", "autoencoder", "--dataset", save(tmp_path / "pictures", 12), "-o", "run", *words)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())
    assert not Path("run").exists()


def test_python_is_told_the_same() -> None:
    for wrong in ({"hidden": 0}, {"hidden": "4"}, {"hiden": 4}):
        with pytest.raises(OptionError, match="hid"):
            make(**wrong)
    with pytest.raises(UnknownNameError, match="relu"):
        make(bend="none")
    assert networks.options()["toy"].keys() == {"hidden", "bend", "biased"}


def test_config_json_is_read_with_and_without_them() -> None:
    config = make(hidden=7, biased=True)
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config
    plain = Config.make("vae", "glyphs").to_json()
    assert "network_options" not in plain
    assert Config.from_json(plain).network_options == {}


def test_a_recipe_has_what_is_not_the_default() -> None:
    read = tomllib.loads(recipe(make(hidden=7, bend="relu"), "glyphs"))
    assert read["hidden"] == 7
    assert read["network"] == "toy"
    assert "bend" not in read
    own = Config.make("vae", "glyphs", network="toy_network.py", network_options={"hidden": 7})
    assert recipe(own, "glyphs") == ""


def test_a_file_of_the_user_gets_them_from_python(tmp_path: Path) -> None:
    config = Config.make("vae", "glyphs", network="toy_network.py", network_options={"hidden": 9})
    _, model = config.build((1, 8, 8))
    assert model.get_parameter("encoder.1.weight").shape == (9, 64)
    wrong = Config.make("vae", "glyphs", network="toy_network.py", network_options={"hiden": 9})
    with pytest.raises(OptionError, match="Did you mean 'hidden'"):
        wrong.build((1, 8, 8))


def test_an_encoder_that_only_carries_the_image_is_refused(tmp_path: Path) -> None:
    words = ["denoising", "--dataset", "glyphs", "--network", "conv-spatial", "--carry", "--depth", "1"]
    done = CliRunner().invoke(main, ["train", *words, "--latent-dim", "4", "-o", str(tmp_path / "run")])
    assert done.exit_code == 2
    assert "at least --latent-dim 5, or --no-carry" in " ".join(done.stderr.split())
    assert not (tmp_path / "run").exists()
