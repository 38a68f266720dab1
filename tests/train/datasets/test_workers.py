"""Decoding in processes: the same images, whatever dies, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from _images import everything, load_folder, pixels, sample, save

from diabolo.train.datasets import Fitting, LoadRequest, folder, load
from diabolo.train.datasets._decoding import workers
from diabolo.train.datasets._decoding.workers import Job, work
from diabolo.train.errors import DataError

CRASH = """
import os
import time
from PIL import Image

really = Image.open

def opened(path, *args, **options):
    if str(path).endswith("crash.png"):
        os._exit(3)
    if str(path).endswith("killed.png"):
        os.kill(os.getpid(), 9)
    if str(path).endswith("hang.png"):
        time.sleep(100)
    return really(path, *args, **options)

Image.open = opened
"""


pytestmark = pytest.mark.usefixtures("decoders")

Started = list[subprocess.Popen[str]]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """However few the files are, two processes decode them; none is left. Gives those that were started."""
    started: Started = []
    begin = workers._begin

    def noted(job: Job) -> subprocess.Popen[str] | None:
        process = begin(job)
        started.extend([process] if process else [])
        return process

    monkeypatch.setattr(workers, "_begin", noted)
    monkeypatch.setattr(workers, "_ALONE", (0, 0))
    monkeypatch.setattr(workers, "_cores", lambda: 2)
    monkeypatch.setattr(workers, "free", lambda: 2**40)
    before = set(psutil.Process().children(recursive=True))
    yield started
    assert all(process.poll() is not None for process in started)
    assert set(psutil.Process().children(recursive=True)) <= before  # others may end meanwhile
    assert not [thread for thread in threading.enumerate() if isinstance(thread, workers._Feeder)]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Grey, colour, several sizes, broken files, odd names."""
    root = save(tmp_path / "root" / "a\nb", 20)
    save(root, 10, "L", start=20)
    save(root, 10, "RGBA", size=(12, 20), start=30)
    (root / "broken.png").write_bytes(b"x")
    (root / "cut.png").write_bytes((root / "000.png").read_bytes()[:60])
    (root / "gone.png").symlink_to("nowhere")
    return tmp_path / "root"


@pytest.mark.parametrize(
    "fitting",
    [
        Fitting(),
        Fitting(image_size=(10, 14), resize="pad", background="red"),
        Fitting(image_size=(9, 9), resize="fit", colour=False),
    ],
    ids=["plain", "pad", "fit"],
)
def test_the_result_is_that_of_one_process(
    mixed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fitting: Fitting,
    request: pytest.FixtureRequest,
) -> None:
    alone = load_folder(mixed, fitting=fitting)
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "another"))
    request.getfixturevalue("pool")
    together = load_folder(mixed, fitting=fitting)
    assert pixels(together) == pixels(alone)
    assert together.provenance == alone.provenance
    assert together.skipped == alone.skipped
    assert together.notes == alone.notes


@pytest.mark.parametrize("count", [1, 2])
def test_a_file_that_kills_its_process_costs_that_file_only(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    root = save(tmp_path / "root", 30)
    for place in range(count):
        sample("RGB", 8, 8).save(root / f"{place}crash.png")
    data = load_folder(root)
    assert len(data.train) + len(data.test) == 30
    reason = "the decoder crashed on it"
    assert data.skipped == tuple((f"{place}crash.png", reason) for place in range(count))


def test_a_small_folder_is_as_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sample("RGB", 8, 8).save(save(tmp_path / "root", 10) / "crash.png")
    assert load_folder(tmp_path / "root").skipped == (("crash.png", "the decoder crashed on it"),)


@pytest.mark.parametrize(
    ("name", "reason"), [("killed", "lack of memory"), ("hang", "the decoder did not end")]
)
def test_a_file_that_may_do_better_another_time(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    what, tasks = job(tmp_path, 12)
    tasks.append((12, str(tmp_path / f"{name}.png")))
    sample("RGB", 8, 8).save(tasks[-1][1])
    Path(what.target).write_bytes(bytes(13 * 3 * 64))
    monkeypatch.setattr(workers, "_PATIENCE", 5.0)
    outcomes = {outcome.row: outcome for outcome in work(what, tasks, 0)}
    assert sorted(outcomes) == list(range(13))
    assert reason in outcomes.pop(12).reason
    assert not any(outcome.reason for outcome in outcomes.values())


def test_as_many_processes_as_the_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_cores", lambda: 8)
    for room, expected in ((0, 1), (3, 3), (100, 8)):
        monkeypatch.setattr(workers, "free", lambda room=room: room * workers._WORST)
        assert workers._count(10_000, 10) == expected
    assert workers._count(1000, 10) == 1


def job(tmp_path: Path, count: int) -> tuple[Job, list[tuple[int, str]]]:
    root = save(tmp_path / "root", count)
    target = tmp_path / "target"
    target.write_bytes(bytes(count * 3 * 64))
    tasks = [(row, str(path)) for row, path in enumerate(sorted(root.iterdir()))]
    return Job(target=str(target), size=(8, 8), channels=3, fitting=Fitting()), tasks


def test_each_row_is_its_file_s(pool: Started, tmp_path: Path) -> None:
    what, tasks = job(tmp_path, 40)
    outcomes = list(work(what, tasks, 0))
    assert sorted(outcome.row for outcome in outcomes) == list(range(40))
    assert {(outcome.size, outcome.grey, outcome.reason) for outcome in outcomes} == {((8, 8), False, "")}
    rows = np.fromfile(what.target, np.uint8).reshape(40, 3, 8, 8)
    for seed, row in enumerate(rows):
        assert np.array_equal(row.transpose(1, 2, 0), np.asarray(sample("RGB", 8, 8, seed)))


def test_whoever_stops_early_leaves_no_process(pool: Started, tmp_path: Path) -> None:
    what, tasks = job(tmp_path, 40)
    with closing(work(what, tasks, 0)) as outcomes:
        next(outcomes)
    assert pool


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_leaves_nothing(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.setattr(folder, "_TOLD", 1)
    save(tmp_path / "root", 40)

    def interrupt(what: str, done: int, total: int) -> None:
        assert pool
        raise error

    with pytest.raises(error):
        load(str(tmp_path / "root"), LoadRequest(progress=interrupt))
    assert [path for path in (tmp_path / "cache").rglob("*") if path.parent.parent.name == "decoded"] == []
    assert len(everything(load_folder(tmp_path / "root"))) == 40


def test_no_module_of_the_working_folder_is_run(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "queue", "numpy", "PIL", "diabolo"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit")
    save(tmp_path / "root", 12)
    monkeypatch.chdir(tmp_path)
    assert len(everything(load_folder(Path("root")))) == 12
    assert pool


@pytest.mark.parametrize("program", ["false", "not-there"])
def test_no_process_can_be_started(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    save(tmp_path / "root", 12)
    monkeypatch.setattr(sys, "executable", f"/bin/{program}")
    assert len(everything(load_folder(tmp_path / "root"))) == 12  # decoded here
    assert pool == []


def test_no_process_can_be_started_any_more(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    first = workers._begin
    monkeypatch.setattr(workers, "_begin", lambda job: None if pool else first(job))
    monkeypatch.setattr(workers, "_cores", lambda: 1)  # a second one would be missed before the crash
    what, tasks = job(tmp_path, 40)
    sample("RGB", 8, 8).save(tmp_path / "crash.png")
    tasks[0] = 0, str(tmp_path / "crash.png")  # the only process dies with others of its files to come
    with pytest.raises(DataError, match=r"cannot be started: .*Free some memory"):
        list(work(what, tasks, 0))
    assert [process.wait() for process in pool] == [3]


def test_a_target_that_cannot_be_written_is_told(pool: Started, tmp_path: Path) -> None:
    what, tasks = job(tmp_path, 12)
    Path(what.target).unlink()
    with pytest.raises(FileNotFoundError):
        list(work(what, tasks, 0))


def test_a_full_disk_is_not_the_image_s_fault(
    pool: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, tasks = job(tmp_path, 12)
    full = replace(what, target="/dev/full")
    for start in (workers._begin, lambda _: None):
        monkeypatch.setattr(workers, "_begin", start)
        with pytest.raises(OSError, match="No space left on device"):
            list(work(full, tasks, 0))


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """multiprocessing would run the script again in each process."""
    save(tmp_path / "root", 30)
    (tmp_path / "script.py").write_text(
        "print('begun')\n"
        "from diabolo.train.datasets import LoadRequest, load\n"
        "from diabolo.train.datasets._decoding import workers\n"
        "workers._ALONE = 0, 0\n"
        "workers._cores = lambda: 2\n"
        f"data = load({str(tmp_path / 'root')!r}, LoadRequest())\n"
        "print(len(data.train) + len(data.test))\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "begun\n30\n"
    assert done.stderr == ""
