"""What can be trained, as a form and as a command; wrong values get the message of the setting."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import asdict, replace
from typing import Any

import pytest
from click.testing import CliRunner

from diabolo.runtime.errors import UnknownNameError
from diabolo.train import Config, variants
from diabolo.train.errors import OptionError
from diabolo.ui.cli import main
from diabolo.ui.tabs.train.setting_texts import ABOUT, SETTINGS
from diabolo.ui.training._describe import described
from diabolo.ui.training.catalogue import Catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(described())


def test_every_variant_is_offered_with_its_networks(catalogue: Catalogue) -> None:
    assert set(catalogue.document["variants"]) == set(variants.names())
    assert "conv" in catalogue.document["variants"]["conv"]["networks"]


def test_values_become_options(catalogue: Catalogue) -> None:
    values = {
        "latent_dim": "2",
        "epochs": " 3 ",
        "beta": "4",
        "binarise": "none",
        "colour": "false",
        "lr": "",
    }
    options = catalogue.options("vae", "conv", values)
    assert options == ["--network", "conv", "--latent-dim", "2", "--epochs", "3", "--grey", "--beta", "4"]


def test_the_command_and_the_python_train_the_same(catalogue: Catalogue) -> None:
    values = {
        "latent_dim": "2",
        "epochs": "3",
        "lr": "0.01",
        "beta": "4",
        "image_size": "16",
        "compile": "true",
    }
    values |= {"classes": "A, B", "device": "cpu", "precision": "fp32"}
    choice = {"variant": "vae", "network": "conv", "values": values}
    seen: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diabolo.train.fit", lambda config, _out, **_: seen.update(command=config))
        options = catalogue.options("vae", "conv", values)
        CliRunner().invoke(main, ["train", "vae", "--dataset", "glyphs", *options, "-o", "runs/x"])
    written = ast.parse(catalogue.python(choice, "glyphs", "runs/x"))
    call = written.body[1]
    assert isinstance(call, ast.Assign)
    made = eval(ast.unparse(call.value), {"Config": Config})  # noqa: S307 - our own text
    usual = asdict(variants.find("vae").Options())
    both = [replace(one, variant_options=usual | one.variant_options) for one in (made, seen["command"])]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("epochs", "many", "--epochs 'many' is not possible; it must be a whole number of epochs from 1"),
        ("epochs", "0", "--epochs 0 is not possible"),
        ("latent_dim", "2.5", "--latent-dim '2.5' is not possible"),
        ("lr", "nan", "--lr nan is not possible"),
        ("beta", "-1", "--beta -1.0 is not possible"),
        ("colour", "perhaps", "must be true or false"),
        ("rho", "1", "has no setting 'rho'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    catalogue: Catalogue, name: str, value: str, told: str
) -> None:
    with pytest.raises(OptionError) as error:
        catalogue.options("vae", "dense", {name: value})
    assert told in str(error.value)


def test_a_wrong_choice_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownNameError, match=r"adamw.*adam, muon"):
        catalogue.options("vae", "dense", {"optimizer": "adamw"})


def test_a_file_is_no_network_here(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownNameError, match="network"):
        catalogue.options("vae", "evil.py:Network", {})


def test_a_value_is_never_taken_for_an_option(catalogue: Catalogue) -> None:
    assert catalogue.options("vae", "dense", {"augment": "--resume"}) == ["--augment=--resume"]


def test_settings_are_explained_in_chinese(catalogue: Catalogue) -> None:
    found = catalogue.document
    lists = [found["settings"], *found["networks"].values()]
    lists += [variant["settings"] for variant in found["variants"].values()]
    known = {one["name"] for settings in lists for one in settings}
    assert set(SETTINGS["zh-TW"]) == known
    assert {f"variant {name}" for name in variants.names()} <= set(ABOUT["zh-TW"])


def test_the_app_reads_all_this_without_torch() -> None:
    modules = "diabolo.ui.training.supervisor, diabolo.ui.training.pictures, diabolo.ui.tabs.train.page"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
