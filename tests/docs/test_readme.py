"""The README's commands and code run, in the order it gives them."""

from __future__ import annotations

import json
import re
import shlex
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _images import save
from click.testing import CliRunner
from PIL import Image

from diabolo.train import datasets, networks, variants
from diabolo.train.datasets import bsds500, glyphs
from diabolo.ui.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DATA = (ROOT / "docs" / "data.md").read_text("utf-8")
TRAINING = (ROOT / "docs" / "training.md").read_text("utf-8")
DOCTOR = (ROOT / "docs" / "doctor.md").read_text("utf-8")
CHINESE = {  # by the English page of the same commands
    "README.md": "README.zh-TW.md",
    "docs/guide.md": "docs/zh-TW/guide.md",
    "docs/variants.md": "docs/zh-TW/variants.md",
}


def commands(text: str) -> list[list[str]]:
    """The arguments of indented `diabolo` lines and their continuations; what follows spaces explains it."""
    text = re.sub(r"\n {8}(?=--)", " ", text)
    lines = re.findall(r"^    diabolo (.*)$", text, re.MULTILINE)
    return [re.split(r"\s{3,}", line)[0].split() for line in lines]


def idx(folder: Path, count: int) -> None:
    """A few random images in the format of MNIST."""
    rng = np.random.default_rng(0)
    for part in ("train", "t10k"):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            head = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
            body = rng.integers(0, 10, shape).astype(np.uint8).tobytes()
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + body)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run: with a MNIST, a folder of photos, and letters enough to see them work."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(glyphs, "_TRAIN", 600)
    monkeypatch.setattr(glyphs, "_TEST", 100)
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    idx(tmp_path / "data" / "mnist", 60)
    monkeypatch.setenv("DIABOLO_DATA", str(tmp_path / "data"))
    for kind in ("cats", "dogs"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for index in range(10):
            noise = np.random.default_rng(index).integers(0, 256, (20, 30, 3)).astype(np.uint8)
            Image.fromarray(noise).save(tmp_path / "photos" / kind / f"{index}.jpg")
    return tmp_path


def run(words: list[str]) -> None:
    """Run a command as it stands, but let a new training end after one epoch."""
    if words[0] == "train" and "--resume" not in words:
        words = [*words, "--epochs", "1"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output


def test_its_commands_and_its_ten_lines(workplace: Path) -> None:
    listed = commands(README)
    on_files = ["reconstruct", "denoise", "denoise", "encode", "decode", "interpolate", "sample", "bench"]
    first, last = ["train", "export", "verify", "ui"], ["datasets", "train", "train"]
    assert [words[0] for words in listed] == ["models", "ui", *first, *on_files, *last]
    for name in ("letter.png", "other.png"):
        Image.new("L", (50, 40), 90).save(name)
    for words in listed:
        if words[0] != "ui":  # the app's own tests start it
            run(words)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[:3] == ["(1, 20)", "(1, 1, 28, 28)", "(4, 1, 28, 28)"]
    with Image.open("between.png") as between:
        assert between.size == (28, 28)


@pytest.mark.parametrize("page", CHINESE)
def test_the_chinese_page_has_the_same_commands(page: str) -> None:
    """Those of the English page run; what explains them, after spaces or a hash, is in its own language."""

    def code(text: str) -> list[str]:
        lines = re.findall(r"^    .*", re.sub(r"^```python\n.*?^```", "", text, flags=re.M | re.S), re.M)
        lines += "".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)).splitlines()
        return [re.sub(r"(?<=\S)(\s{3,}|  # ).*", "", line) for line in lines]

    english, chinese = ((ROOT / name).read_text("utf-8") for name in (page, CHINESE[page]))
    assert len(code(english)) >= 5
    assert code(chinese) == code(english)
    headings = [re.findall(r"^#+ ", text, re.MULTILINE) for text in (english, chinese)]
    assert headings[0] == headings[1]


def test_the_readmes_lead_to_each_other_at_the_top() -> None:
    for page, other in (("README.md", "README.zh-TW.md"), ("README.zh-TW.md", "README.md")):
        assert f"]({other})" in "".join((ROOT / page).read_text("utf-8").splitlines()[:4])


def test_the_commands_of_the_guide(workplace: Path) -> None:
    listed = commands((ROOT / "docs" / "guide.md").read_text("utf-8"))
    assert [words[0] for words in listed] == [
        *["ui", "lab", "lab", "denoise", "train", "doctor"],
        *["export", "verify", "sample", "interpolate", "reconstruct", "encode"],
    ]
    for name in ("letter.png", "other.png"):
        Image.new("L", (50, 40), 90).save(name)
    for words in listed:
        if words[0] != "ui":
            run(words)


def test_the_commands_of_the_page_on_variants(workplace: Path) -> None:
    listed = commands((ROOT / "docs" / "variants.md").read_text("utf-8"))
    assert sorted(words[1] for words in listed) == variants.names()
    for words in listed:
        run(words)


def test_the_commands_of_the_page_on_data(workplace: Path) -> None:
    listed, crops = commands(DATA)[:4], commands(DATA)[4:]
    assert [words[:2] for words in listed] == [["train", "conv"]] * 4
    assert [words[:2] for words in crops] == [["train", "denoising"]] * 3
    save(Path("scans"), 12, "I;16", (16, 16))
    for number, words in enumerate(listed):
        run([*words, "-o", f"run-{number}"])
    shapes = [json.loads(Path(f"run-{n}/config.json").read_text())["image_shape"] for n in range(4)]
    assert shapes == [[3, 20, 30], [1, 48, 64], [1, 16, 16], [1, 16, 16]]


def test_the_commands_of_the_page_on_data_with_crops(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bsds500, "_PARTS", {"train": 2, "val": 2, "test": 1})
    images = Path("data", "BSDS500", "data", "images")
    for folder in ("photos", "clean", "noisy", images / "train", images / "val", images / "test"):
        save(Path(folder), 5, size=(64, 70))
    for part, names in (("train", ("1", "2")), ("val", ("3", "3096")), ("test", ("4",))):
        for name in names:
            Image.new("RGB", (70, 64)).save(images / part / f"{name}.jpg")
    for number, words in enumerate(commands(DATA)[4:]):
        run([*words, "-o", f"run-{number}"])
    shapes = [json.loads(Path(f"run-{n}/config.json").read_text())["image_shape"] for n in range(3)]
    assert shapes == [[3, 64, 64], [1, 64, 64], [3, 64, 64]]


def test_the_commands_of_the_page_on_training(workplace: Path) -> None:
    (recipe,) = re.findall(r"```toml\n(.*?)```", TRAINING, re.DOTALL)
    Path("recipe.toml").write_text(recipe)
    estimate, nets, grid, notebook = re.findall(r"```python\n(.*?)```", TRAINING, re.DOTALL)
    Path("my_nets.py").write_text(nets)
    Path("my_grid.py").write_text(grid)
    listed = commands(TRAINING)
    assert [words[0] for words in listed] == [
        *["train", "evaluate", *["train"] * 8],
        *["export", "train", "train", "evaluate"],
    ]
    for words in listed:
        run(words)
    seen: dict[str, Any] = {}
    exec(compile(notebook, "notebook", "exec"), seen)  # noqa: S102 - the page's own
    assert min(seen["picture"].size) > 50
    exec(compile(estimate, "estimate", "exec"), seen)  # noqa: S102 - the page's own
    assert seen["estimate_noise"](seen["noisy"]) == pytest.approx(0.1, rel=0.1)
    config = json.loads(Path("runs/seed-1/config.json").read_text())
    assert (config["seed"], config["latent_dim"], config["variant_options"]["kl_warmup"]) == (1, 8, 1.0)


def test_the_commands_of_the_page_on_the_doctor(workplace: Path) -> None:
    listed = commands(DOCTOR)
    assert [words[0] for words in listed] == ["train", "doctor"]
    for words in listed:
        run(words)


def test_the_page_on_data_has_every_set_and_option() -> None:
    for name in set(datasets.names()) - {"folder"}:
        assert f"| `{name}` |" in DATA, f"add a row for {name} to the table in docs/data.md"
    for how in datasets.RESIZE:
        assert f"| `--resize {how}` |" in DATA
    for group in ("datasets", "variants", "networks"):
        assert f'"diabolo.train.{group}"' in DATA


def test_the_page_on_training_has_every_network() -> None:
    for name in networks.names():
        assert f"| `{name}` |" in TRAINING, f"add a row for {name} to the networks in docs/training.md"


def test_its_files_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) >= 3
    for link in links:
        assert (ROOT / link.split("#")[0]).is_file(), link  # a test of the site looks for the place in it


def test_the_two_commands_stand_alike_everywhere() -> None:
    test_command = next(line.strip() for line in README.splitlines() if '-e ".[all,dev]"' in line)
    assert shlex.split(test_command.split("&&")[-1]) == [".venv/bin/pytest"]
    assert test_command in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
