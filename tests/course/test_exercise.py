"""The checks of the exercises: each mistake is found, and named; a right answer passes."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from diabolo.course.catalogue import LANGUAGES, labs
from diabolo.course.errors import LabError
from diabolo.course.exercise import Exercise, Finding, Report, check
from diabolo.course.exercise import _child as child
from diabolo.course.exercise._events import Events
from diabolo.course.exercise._report import Mistake
from diabolo.course.exercise._source import check_source
from diabolo.runtime.errors import UnknownNameError
from diabolo.train.datasets import LoadRequest, glyphs, load
from diabolo.ui.cli import main

EXERCISES = {lab.number: lab for lab in labs() if lab.exercise}
SOURCE = Path(child.__file__).parent
NETWORK, TRAINING, CONV = 7, 8, 9


def exercise(number: int) -> Exercise:
    found = EXERCISES[number].exercise
    assert found
    return found


def solution(number: int) -> str:
    return (EXERCISES[number].folder / "solution.py").read_text("utf-8")


class Silent(Events):
    """Keeps what is said, and never ends the process."""

    def __init__(self) -> None:
        super().__init__(io.StringIO(), io.StringIO())
        self.steps: list[str] = []
        self.notes: list[str] = []
        self.errors: dict[str, float] = {}

    def step(self, name: str, seconds: float) -> None:
        assert seconds > 0
        self.steps.append(name)

    def advice(self, code: str, **values: Any) -> None:
        self.notes.append(Finding(code=code, values=values).what("en"))

    def figures(self, **values: float) -> None:
        self.errors = values


@pytest.fixture(autouse=True)
def few_letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(glyphs, "_TRAIN", 300)
    monkeypatch.setattr(glyphs, "_TEST", 100)
    before = list(sys.path)
    yield
    sys.path[:] = before
    sys.modules.pop("student", None)


def wrong(text: str, number: int, folder: Path, **changes: Any) -> str:
    """The code of what is found in this text; '' if everything holds. In this process."""
    path = folder / "mine.py"
    path.write_text(text, "utf-8")
    about = replace(exercise(number), **changes)
    data = load("glyphs", LoadRequest()) if about.training else None
    try:
        check_source(path)
        child._check(path, about, data, Silent())
    except Mistake as mistake:
        finding = Finding(code=mistake.code, values=mistake.values)
        assert all(finding.what(language) and finding.hint(language) for language in LANGUAGES)
        return mistake.code
    return ""


NETWORK_MISTAKES = [
    ("syntax", "def __init__(self, image_shape, outputs):", "def __init__(self, image_shape, outputs)"),
    ("character", "nn.Flatten(),", "nn.Flatten()，"),
    ("character", "nn.Flatten(),", "nn.Flatten(),\u3000"),
    ("gap", "nn.Linear(256, outputs),", "...,"),
    ("missing", "class Decoder", "class Dekoder"),
    ("raises", "return self.layers(image)", "return self.layers(image) + int('a')"),
    ("raises-making", "super().__init__()", "super().__init__()\n        int('a')"),
    ("layer-class", "nn.ReLU()", "nn.ReLU"),
    ("name", "return self.layers(image)", "return self.layers(images)"),
    ("name", "prod(image_shape)),", "pixels),"),
    ("not-imported", "from math import prod\n", ""),
    ("not-imported", "return self.layers(image)", "return F.relu(self.layers(image))"),
    ("not-imported", "nn.Linear(256, outputs)", "Linear(256, outputs)"),
    ("attribute", "return self.layers(image)", "return self.layer(image)"),
    ("unflatten", "nn.Unflatten(1, image_shape)", "nn.Unflatten(0, image_shape)"),
    ("raises-making", "nn.Unflatten(1, image_shape)", "nn.Unflatten(image_shape)"),
    ("no-super", "super().__init__()", "pass"),
    ("multiply", "nn.Flatten(),", ""),
    ("multiply", "nn.Linear(256, outputs)", "nn.Linear(128, outputs)"),
    ("arguments", "(self, image_shape, outputs)", "(self, image_shape)"),
    ("not-module", "class Encoder(nn.Module)", "class Encoder"),
    ("plain-list", "nn.Sequential(\n            nn.Flatten", "list(\n            nn.Flatten"),
    ("no-return", "return self.layers(image)", "self.layers(image)"),
    ("not-tensor", "return self.layers(image)", "return self.layers(image), image"),
    ("layers-returned", "return self.layers(image)", "return self.layers"),
    ("not-finite", "return self.layers(image)", "return self.layers(image) / 0"),
    ("encoder-shape", "nn.Linear(256, outputs)", "nn.Linear(256, outputs + 1)"),
    ("encoder-shape", "return self.layers(image)", "return self.layers(image)[:1]"),
    ("decoder-flat", "self.to_image(self.layers(latent))", "self.layers(latent)"),
    ("decoder-shape", "return self.to_image(self.layers(latent))", "return latent"),
    ("one-size", "pixels = prod(image_shape)", "pixels = 784"),
    ("one-size", "nn.Linear(256, outputs)", "nn.Linear(256, 32)"),
    ("sigmoid", "(self.layers(latent))", "(self.layers(latent)).sigmoid()"),
    ("tanh", "(self.layers(latent))", "(self.layers(latent)).tanh()"),
    ("relu-last", "(self.layers(latent))", "(self.layers(latent)).relu()"),
    ("linear", "nn.ReLU()", "nn.Identity()"),
    ("no-graph", "return self.layers(image)", "return self.layers(image).detach()"),
    ("no-graph", "self.to_image(self.layers(latent))", "self.to_image(self.layers(latent)).detach()"),
    ("unused", "super().__init__()", "super().__init__()\n        self.more = nn.Linear(3, 3)"),
    ("learns-nothing", "nn.Linear(256, outputs)", "nn.Linear(256, outputs), nn.Hardtanh(0, 1e-5)"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "part", "instead"), NETWORK_MISTAKES)
def test_a_wrong_network(code: str, part: str, instead: str, tmp_path: Path) -> None:
    right = solution(NETWORK)
    assert part in right
    text = right.replace(part, instead)
    if code == "plain-list":
        text = text.replace("list(\n            nn.Flatten(),", "[\n            nn.Flatten(),").replace(
            "nn.Linear(256, outputs),\n        )", "nn.Linear(256, outputs),\n        ]"
        )
    assert wrong(text, NETWORK, tmp_path) == code


def test_a_network_without_weights(tmp_path: Path) -> None:
    text = (
        "import torch\nfrom torch import nn\n"
        "class Encoder(nn.Module):\n    def __init__(self, a, b):\n        super().__init__()\n"
        "class Decoder(Encoder):\n    pass\n"
    )
    assert wrong(text, NETWORK, tmp_path) == "no-weights"


LOOP_MISTAKES = [
    ("name", "mse_loss(restored, images)", "mse_loss(restored, image)"),
    ("no-batches", "for images in batches:", "for images in []:"),
    ("no-backward", "loss.backward()", "pass"),
    ("no-step", "optimizer.step()", "pass"),
    ("no-zero-grad", "optimizer.zero_grad()", "pass"),
    ("few-steps", "            optimizer.step()", "        optimizer.step()"),
    ("few-steps", "            optimizer.step()", "            optimizer.step()\n        return"),
    ("left-out", "*encoder.parameters(), ", ""),
    ("left-out", ", *decoder.parameters()", ""),
    ("diverged", "mse_loss(restored, images)", "mse_loss(restored, images) * float('inf')"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "part", "instead"), LOOP_MISTAKES)
def test_a_wrong_loop(code: str, part: str, instead: str, tmp_path: Path) -> None:
    right = solution(TRAINING)
    assert part in right
    text = right.replace(part, instead)
    if "print" in text and code in ("no-batches", "few-steps"):
        text = re.sub(r"\n +print\(.*\)", "", text)
    assert wrong(text, TRAINING, tmp_path) == code


TRAINING_MISTAKES = [
    (
        "compares-logits",
        "torch.sigmoid(decoder(encoder(images)))",
        "decoder(encoder(images))",
        {"epochs": 12},
    ),
    ("mean-image", "lr=1e-3", "lr=1e-7", {"epochs": 1}),
    ("worse-than-pca", "lr=1e-3", "lr=1e-3", {"epochs": 20}),
    ("above-goal", "lr=1e-3", "lr=2e-3", {"epochs": 60, "latent_dim": 4}),
]


@pytest.mark.parametrize(("code", "part", "instead", "changes"), TRAINING_MISTAKES)
def test_an_error_that_is_too_large(
    code: str, part: str, instead: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    text = solution(TRAINING)
    assert part in text
    given = {"ours": {"glyphs": 1e-6}} | changes
    assert wrong(text.replace(part, instead), TRAINING, tmp_path, **given) == code


def test_a_network_that_is_not_convolutional(tmp_path: Path) -> None:
    assert wrong(solution(TRAINING), CONV, tmp_path) == "not-convolutional"
    text = solution(CONV).replace("nn.Conv2d(channels, ", "nn.Conv2d(channels + 1, ")
    assert wrong(text, CONV, tmp_path) == "channels"


def test_half_a_code_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(solution(NETWORK).replace("(256, outputs),", "(256, outputs), nn.ReLU(),"), "utf-8")
    events = Silent()
    child._check(path, exercise(NETWORK), None, events)
    assert events.notes == ["The encoder's numbers are never negative."]


@pytest.mark.parametrize("number", EXERCISES)
def test_our_solution_passes(number: int, tmp_path: Path) -> None:
    changes = {"epochs": 25, "ours": {"glyphs": 1.0}} if exercise(number).training else {}
    assert wrong(solution(number), number, tmp_path, **changes) == ""


def reported(text: str, folder: Path, **changes: Any) -> Report:
    """The report of a check in a process of its own."""
    path = folder / "mine.py"
    path.write_text(text, "utf-8")
    return check(replace(exercise(NETWORK), **changes), path)


def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    text = solution(NETWORK).replace(
        "super().__init__()", "super().__init__()\n        while True:\n            pass", 1
    )
    report = reported(text, tmp_path, patience=1.5)
    assert report.failed
    assert report.failed.code == "endless"
    line = text.splitlines().index("        while True:") + 1
    assert report.failed.values["line"] in (str(line), str(line + 1))
    assert report.passed == ("source", "load")


def test_what_ends_python(tmp_path: Path) -> None:
    report = reported("import os\nprint('hello')\nos.write(1, b'hello')\nos._exit(3)\n", tmp_path)
    assert report.failed
    assert "status 3" in report.failed.what("en")
    report = reported("raise SystemExit\n", tmp_path)
    assert report.failed
    assert report.failed.code == "raises"
    assert report.failed.values["line"] == 1


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    done = run(main, ["lab", "solution", "7"])
    assert done.stdout.strip() == "my_network_solution.py"
    again = run(main, ["lab", "solution", "7"])
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)
    done = run(main, ["lab", "check", "7", "my_network_solution.py", "--language", "en"])
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 7
    Path("mine.py").write_text("x = ...\n", "utf-8")
    done = run(main, ["lab", "check", "7", "mine.py", "--language", "zh-TW"])
    assert done.exit_code == 1
    assert "還有 1 個空格沒填，就是第 1 行的 ..." in done.stdout
    done = run(main, ["lab", "check", "7", "mine.py", "--json", "--language", "en"])
    assert '"code": "gap"' in done.stdout
    assert done.exit_code == 1
    for words, said in (
        (["check", "1", "mine.py"], "lab 1 is not an exercise; these are: 7, 8, 9"),
        (["check", "7", "none.py"], "there is no file 'none.py'"),
        (["check", "8", "mine.py", "--dataset", "glyph"], "glyphs"),
        (["solution", "2"], "not an exercise"),
    ):
        done = run(main, ["lab", *words])
        assert done.exit_code in (1, 2)
        assert said in done.stderr


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"x = 1\x00\n"])
def test_what_is_no_text(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(text)
    report = check(exercise(NETWORK), path)
    assert report.failed
    assert report.failed.code in ("encoding", "syntax")


def test_what_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is no file"):
        check(exercise(NETWORK), tmp_path)
    path = tmp_path / "mine.py"
    path.write_text("x = 1\n", "utf-8")
    with pytest.raises(UnknownNameError, match="cifar10"):
        check(exercise(TRAINING), path, "cifar10")
