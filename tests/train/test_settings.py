"""One field makes the check, the message, the option, the key in a recipe and the row in the docs."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from diabolo.runtime.errors import UnknownNameError
from diabolo.train import Config, variants
from diabolo.train.datasets import Fitting
from diabolo.train.errors import OptionError, RunError
from diabolo.train.run.recipe import recipe
from diabolo.train.settings import Settings, setting, settings
from diabolo.train.settings_page import page
from diabolo.ui.cli import main
from diabolo.ui.cli._shared.settings import options

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """One of each kind."""

    share: float = setting(0.5, "a share", above=0, high=1)
    layers: int = setting(2, "layers", low=1, high=9, unit="layers")
    shape: str = setting("round", "a shape", choices=("round", "square"))
    deep: bool = setting(False, "deep or not")
    shown: bool = setting(True, "shown or not")
    tinted: bool | None = setting(None, "tinted or not", off="plain", default_text="as it comes")
    title: str | None = setting(None, "a title", default_text="none")
    grid: tuple[int, int] | None = setting(None, "a grid", low=1, high=4, form="two numbers from 1 to 4")


def message(**given: Any) -> str:
    with pytest.raises((OptionError, UnknownNameError)) as caught:
        Options(**given)
    return str(caught.value)


@pytest.mark.parametrize("value", [0, 1.5, math.nan, math.inf, 10**400, True, "0.5", None])
def test_a_number_out_of_its_range_is_refused(value: object) -> None:
    said = message(share=value)
    assert said.startswith(f"share {value!r}"[:200])
    assert said.endswith(" is not possible; it must be a number above 0 and at most 1.")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"layers": 0}, "layers 0 is not possible; it must be a whole number of layers from 1 to 9."),
        ({"layers": 2.5}, "layers 2.5 is not possible; it must be a whole number of layers from 1 to 9."),
        ({"layers": False}, "layers False is not possible"),
        ({"shape": "squar"}, "unknown shape 'squar'. Did you mean 'square'? Choose from: round, square."),
        ({"shape": 3}, "shape 3 is not possible; it must be one of round, square."),
        ({"deep": 1}, "deep 1 is not possible; it must be true or false."),
        ({"title": 3}, "title 3 is not possible; it must be text."),
        ({"grid": (1, 5)}, "grid (1, 5) is not possible; it must be two numbers from 1 to 4."),
        ({"grid": (1,)}, "grid (1,) is not possible"),
        ({"grid": 3}, "grid 3 is not possible"),
    ],
)
def test_a_wrong_value_is_told(given: dict[str, Any], said: str) -> None:
    assert said in message(**given)


def test_right_values() -> None:
    Options(share=1, layers=9, shape="square", deep=True, tinted=False, title="", grid=(1, 4))
    Options(grid=[2, 3])  # as JSON has it


def run(*words: str) -> dict[str, Any]:
    """What a command with these options is given."""
    seen: dict[str, Any] = {}
    command = click.Command("c", params=list(options(Options)), callback=lambda **given: seen.update(given))
    done = CliRunner().invoke(command, list(words), standalone_mode=False, catch_exceptions=False)
    assert done.exit_code == 0
    return seen


def test_without_options_the_defaults_hold() -> None:
    assert run() == asdict(Options())


def test_options_give_values() -> None:
    words = ["--share", "1", "--layers", "3", "--shape", "square", "--deep", "--no-shown", "--plain"]
    words += ["--title", "5"]
    assert run(*words) == {
        **{"share": 1.0, "layers": 3, "shape": "square", "deep": True, "shown": False},
        **{"tinted": False, "title": "5", "grid": None},
    }
    assert run("--tinted", "--shown")["tinted"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layers", "many"), "--layers 'many' is not possible; it must be a whole number of layers from 1"),
        (("--share", "nan"), "--share nan is not possible"),
        (("--shape", "rond"), "Did you mean 'round'"),
    ],
)
def test_a_wrong_option_is_told_in_the_same_words(words: tuple[str, str], said: str) -> None:
    with pytest.raises((OptionError, UnknownNameError), match=re.escape(said)):
        run(*words)


def test_help_has_defaults_and_choices() -> None:
    command = click.Command("c", params=list(options(Options)))
    text = " ".join(CliRunner().invoke(command, ["--help"]).stdout.split())
    assert "--share FLOAT a share [default: 0.5]" in text
    assert "--shape round|square a shape [default: round]" in text
    assert "--tinted / --plain tinted or not [default: as it comes]" in text


def test_the_page_is_what_the_fields_say() -> None:
    same = (DOCS / "settings.md").read_text("utf-8") == page()
    assert same, "make it again: python -m diabolo.train.settings_page > docs/settings.md"


def test_every_setting_is_an_option_and_a_row() -> None:
    rows = set(re.findall(r"^\| `([a-z-]+)`", page(), re.MULTILINE))
    for name in variants.names():
        own = settings(variants.find(name).Options)
        known = [one.key for one in {**settings(Config), **own}.values() if one.rules.option]
        assert set(known) <= rows
        shown = CliRunner().invoke(main, ["train", name, "--help"]).stdout
        assert all(f"--{key} " in shown for key in known)


def test_an_option_reaches_the_field_of_its_name() -> None:
    """Every one of them, by a recipe of values that are not the defaults."""
    given = {"epochs": 3, "average": 0.5, "classes": ("a", "b"), "image_size": (9, 12), "colour": True}
    given |= {
        "augment": "flip",
        "patience": 2,
        "width": 8,
        "depth": 1,
        "blocks": 1,
        "seed": 1,
        "resize": "pad",
    }
    given |= {
        "validate_every": 2,
        "background": "black",
        "batch_size": 2,
        "weight_decay": 0.5,
        "optimizer": "muon",
        "lr": 0.5,
    }
    config = Config.make("autoencoder", "glyphs", network="conv", **given)
    text = recipe(config, "glyphs")
    assert len(text.splitlines()) == 3 + 1 + len(given)
    read = {key: settings(Config)[key.replace("-", "_")].read(value) for key, value in toml(text).items()}
    assert Config.make(**{key.replace("-", "_"): value for key, value in read.items()}) == config


def toml(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def test_what_the_fitting_says_is_said_once() -> None:
    for each in fields(Fitting):
        assert settings(Config)[each.name] == settings(Fitting)[each.name]


@pytest.mark.parametrize("clip", [1.0, 100])
def test_only_the_norm_of_the_gradient_has_no_recipe(clip: float) -> None:
    assert bool(recipe(Config.make("vae", "glyphs", clip=clip), "glyphs")) == (clip == 100)
    assert recipe(Config.make("vae", "glyphs", device="auto", tensorboard=True), "glyphs").count("\n") == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("epochs", value) for value in (True, 3.0, "3", [], 0)),
        *(("image_size", value) for value in ("12x12", [12], [12, 12.0], [1, 12], 12)),
        *(("classes", value) for value in ("a,b", [1])),
        *(("variant_options", value) for value in ([], {"beta": "much"}, {"beta": True}, {"betta": 1.0})),
        *(("variant", value) for value in ("vea", None, ["vae"])),
        ("width", []),
        ("device", "tpu"),
    ],
)
def test_an_odd_config_json_is_refused(name: str, value: object) -> None:
    document = Config.make("vae", "glyphs").to_json()
    assert Config.from_json(json.loads(json.dumps(document))) == Config.make("vae", "glyphs")
    with pytest.raises(RunError, match=r"config\.json cannot be used: .*\. Train again\."):
        Config.from_json(document | {name: value})


def test_an_unknown_option_of_a_variant_is_told() -> None:
    with pytest.raises(
        OptionError, match=r"no option 'betta'\. Did you mean 'beta'\? Its options: beta, kl_w"
    ):
        variants.make("vae", {"betta": 1})


def test_a_folder_may_be_a_path(tmp_path: Path) -> None:
    config = Config.make("vae", tmp_path, data_dir=tmp_path)  # type: ignore[arg-type]
    assert config.data_dir == tmp_path


def test_the_former_helpers_still_work() -> None:
    from diabolo.train.variants import _base

    with pytest.warns(DeprecationWarning, match="setting"):
        check_range, check_choice, option = _base.check_range, _base.check_choice, _base.option
    assert option(1.0, "a number").metadata
    check_range("x", 0, 0, 1, or_low=True)
    with pytest.raises(OptionError, match="x 0 is not possible; it must be a number above 0 and below 1"):
        check_range("x", 0, 0, 1)
    with pytest.raises(UnknownNameError, match="Choose from: a, b"):
        check_choice("x", "c", ("a", "b"))
