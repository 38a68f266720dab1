"""Files of a run that are damaged or lost are found, and made again where anything has what was in them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from _resumed import same, settings
from _stopper import Stopper
from safetensors import safe_open
from safetensors.torch import save_file
from test_lock import Notes

from diabolo.train import Run, fit, resume
from diabolo.train.errors import RunError, StoppedError

STATE, BEST = "last/state.safetensors", "model.safetensors"
ROWS = [
    b"",
    b"\xff\xfe",
    b"epoch,loss\n1.0\n",
    b"epoch,loss\n1.0,a\n",
    b'"',
    b"1,2\n3,4,5\n",
    b"epoch\n1\n1\n",
]


@pytest.fixture(scope="module")
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fit(settings(pictures), tmp_path_factory.mktemp("damage") / "whole")


@pytest.fixture
def done(whole: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole.path, tmp_path / "run"))


@pytest.fixture
def cut(pictures: Path, tmp_path: Path) -> Path:
    """A run that was stopped in its second epoch."""
    with pytest.raises(StoppedError):
        fit(settings(pictures), tmp_path / "cut", callback=Stopper(10))
    return tmp_path / "cut"


@pytest.mark.parametrize("content", [None, *ROWS])
def test_a_history_is_rebuilt(content: bytes | None, cut: Path, whole: Run) -> None:
    (cut / "history.csv").unlink()
    if content is not None:
        (cut / "history.csv").write_bytes(content)
    same(resume(cut), whole)


@pytest.mark.parametrize("content", [None, *ROWS[1:3]])
def test_so_is_that_of_a_finished_run(content: bytes | None, done: Path, whole: Run) -> None:
    (done / "history.csv").unlink()
    if content:
        (done / "history.csv").write_bytes(content)
        with pytest.raises(RunError, match=r"history\.csv is damaged\. .*--resume"):
            Run.open(done).history()
    same(resume(done), whole)
    with pytest.raises(RunError, match="has all its 3 epochs"):
        resume(done)


@pytest.mark.parametrize("name", ["metrics.json", "plots/samples.png", "plots/activity.png", "plots"])
def test_what_is_missing_is_finished(name: str, done: Path, whole: Run) -> None:
    path = done / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    same(resume(done), whole)
    assert {p.name for p in (done / "plots").iterdir()} == {p.name for p in (whole.path / "plots").iterdir()}


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '"mse"'])
def test_damaged_figures_are_taken_again(content: str, done: Path, whole: Run) -> None:
    (done / "metrics.json").write_text(content)
    with pytest.raises(RunError, match="diabolo evaluate"):
        Run.open(done).metrics()
    same(resume(done), whole)


def older(run: Path) -> None:
    """Make it a run of a release that kept no history in the checkpoint and no checksum anywhere."""
    for name in (STATE, BEST):
        with safe_open(run / name, "pt") as file:
            about = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        assert len(about.pop("sha256")) == 64
        about.pop("history", None)
        save_file(tensors, run / name, about or None)
    (run / ".lock").unlink()


def test_a_run_of_an_older_release_goes_on(cut: Path, whole: Run) -> None:
    older(cut)
    same(resume(cut), whole)


@pytest.mark.parametrize("content", [None, b"epoch,loss\n1.0\n"])
def test_also_without_its_history(content: bytes | None, cut: Path, whole: Run) -> None:
    older(cut)
    (cut / "history.csv").unlink()
    if content:
        (cut / "history.csv").write_bytes(content)
    notes = Notes()
    ended = resume(cut, callback=notes)
    assert any("the history has 0 of the first 1 epochs" in text for text in notes.said)
    assert ended.history() == whole.history()[1:]
    assert ended.metrics() == whole.metrics()


def flipped(path: Path, byte: int, bit: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[byte] ^= 1 << bit
    path.write_bytes(raw)


@pytest.mark.parametrize("flips", [30, pytest.param(150, marks=pytest.mark.long)])
def test_a_flipped_bit_is_found_wherever_it_is(flips: int, done: Path) -> None:
    """Where it is not, it stands in a blank or in the checksum's name: nothing that is used has changed."""
    for name in (STATE, BEST):
        before = (done / name).read_bytes()
        header = 8 + int.from_bytes(before[:8], "little")
        tensors, about = Run.open(done).read_both(name)
        rng, missed, told = np.random.default_rng(0), 0, []
        for byte in [
            *rng.integers(0, header, flips).tolist(),
            *rng.integers(header, len(before), flips).tolist(),
        ]:
            flipped(done / name, byte, int(rng.integers(8)))
            try:
                now, said = Run.open(done).read_both(name)
            except RunError as error:
                told.append(str(error))
            else:
                missed += 1
                assert byte < header
                assert now.keys() == tensors.keys()
                assert all((now[key] == tensors[key]).all() for key in now)
                assert {key: said[key] for key in about} == about
            (done / name).write_bytes(before)
        assert missed < flips / 5
        assert all("cannot be read" in text for text in told)


def test_a_damaged_state_tells_what_can_be_done(cut: Path, whole: Run) -> None:
    before = (cut / STATE).read_bytes()
    kept = {name: (cut / name).read_bytes() for name in (BEST, "config.json", "history.csv")}
    flipped(cut / STATE, len(before) - 5, 3)
    message = r"checksum does not match.*best weights until then are whole.*Remove .*state\.safetensors"
    with pytest.raises(RunError, match=message):
        resume(cut, epochs=5)
    assert kept == {name: (cut / name).read_bytes() for name in kept}
    (cut / STATE).unlink()
    notes = Notes()
    same(resume(cut, callback=notes), whole)
    assert any("begins at the first epoch" in text for text in notes.said)


def test_figures_stay_where_the_run_cannot_go_on(done: Path) -> None:
    flipped(done / STATE, (done / STATE).stat().st_size - 5, 3)
    before = (done / "metrics.json").read_bytes()
    config = (done / "config.json").read_bytes()
    with pytest.raises(RunError, match="checksum"):
        resume(done, epochs=5)
    assert (done / "metrics.json").read_bytes() == before
    assert (done / "config.json").read_bytes() == config


@pytest.mark.parametrize("lost", [True, False])
def test_the_checkpoint_stands_in_for_lost_best_weights(lost: bool, done: Path, whole: Run) -> None:
    if lost:
        (done / BEST).unlink()
    else:
        flipped(done / BEST, (done / BEST).stat().st_size - 5, 3)
        with pytest.raises(RunError, match=r"checksum does not match.*Continue with --resume"):
            Run.open(done).load()
    notes = Notes()
    run = resume(done, callback=notes)
    assert any("is missing or damaged" in text for text in notes.said)
    run.load()
    last = run.history()[-1]["validation_loss"]
    assert last >= min(row["validation_loss"] for row in run.history())
    assert run.metrics()["images"] == whole.metrics()["images"]
    assert len(resume(done, epochs=4).history()) == 4


def test_the_digest_is_of_what_is_in_the_file(done: Path) -> None:
    """By hand: sha256 over the texts, and over each tensor's name, type, shape and bytes."""
    import hashlib

    with safe_open(done / STATE, "np") as file:
        about = dict(file.metadata())
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    written = about.pop("sha256")
    sha256 = hashlib.sha256(json.dumps(sorted(about.items())).encode())
    for name in sorted(arrays):
        described = [name, f"torch.{arrays[name].dtype}", list(arrays[name].shape)]
        sha256.update(json.dumps(described).encode() + arrays[name].tobytes())
    assert sha256.hexdigest() == written
