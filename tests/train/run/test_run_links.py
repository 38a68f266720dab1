"""A run that somebody else made: what is written into it goes nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diabolo.train.errors import RunError
from diabolo.train.run.files import STATE, Files


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of the user's own, with files by the names that a run writes and removes."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("state.safetensors", "film.part"):
        (folder / name).write_text("mine")
    return folder


@pytest.mark.parametrize("name", ["last", "plots", "tensorboard"])
def test_a_folder_of_the_run_that_is_a_link_is_refused(name: str, elsewhere: Path, tmp_path: Path) -> None:
    run = Files(tmp_path / "run")
    run.path.mkdir()
    (run.path / name).symlink_to(elsewhere)
    told = rf"{run.path / name} is a link, .* remove the link"
    with pytest.raises(RunError, match=told):
        run.write_tensors(STATE, {"a": torch.zeros(1)})
    with pytest.raises(RunError, match=told):
        run.sweep()
    assert {path.name: path.read_text() for path in elsewhere.iterdir()} == {
        "state.safetensors": "mine",
        "film.part": "mine",
    }


def test_files_that_are_links_are_replaced_and_not_followed(elsewhere: Path, tmp_path: Path) -> None:
    run, mine = Files(tmp_path / "run"), elsewhere / "state.safetensors"
    (run.path / "last").mkdir(parents=True)
    for name in ("metrics.json", "metrics.json.part", STATE, f"{STATE}.part"):
        (run.path / name).symlink_to(mine)
    run.write_json("metrics.json", {"mse": 1})
    run.write_tensors(STATE, {"a": torch.zeros(1)})
    assert mine.read_text() == "mine"
    assert not any(path.is_symlink() for path in run.path.rglob("*"))


def test_the_run_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    Files(tmp_path / "run").write_tensors(STATE, {"a": torch.zeros(1)})
    assert (tmp_path / "disk" / STATE).is_file()
