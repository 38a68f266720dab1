"""Visitors' bundles in processes of their own: what they may take, and what happens beyond."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from _coded import save_coded
from _sandboxed import BRIEF, BRIGHT, DARK, SMALL, Run, gone, running
from _wasteful import save_hostile
from _zipped import zipped

from diabolo.ui.errors import BusyError, ModelStoppedError
from diabolo.ui.sandbox.check import check
from diabolo.ui.sandbox.pool import Pool


@pytest.fixture
def run() -> Iterator[Run]:
    with running() as run:
        yield run


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(save_coded(tmp_path_factory.mktemp("good") / "good"))


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(save_hostile(tmp_path_factory.mktemp("bright") / "bright", "bright"))


def test_an_endless_check_ends_and_holds_up_nobody(good: Path, tmp_path: Path) -> None:
    path, pool, told = (
        zipped(save_hostile(tmp_path / "endless", "endless")),
        Pool(dataclasses.replace(SMALL, check_s=5)),
        [],
    )

    def endless() -> None:
        with pytest.raises(ModelStoppedError, match=r"its check took more than 5 s\.") as stopped:
            check(path, pool)
        told.append(stopped)

    thread = threading.Thread(target=endless)
    thread.start()
    sound = check(good, pool)
    meanwhile = thread.is_alive()
    sound.end()
    thread.join()
    assert meanwhile
    assert told
    assert all(one.ok for one in sound.checks)


def test_a_check_waits_its_turn_but_not_for_ever(good: Path) -> None:
    pool = Pool(dataclasses.replace(SMALL, checks=1, check_wait_s=1, checks_waiting=1))

    def leave() -> None:
        raise EOFError

    with pool.checking(lambda: None) as worker:
        with pytest.raises(BusyError, match=r"1 other bundles are being checked"):
            check(good, pool)
        with pytest.raises(EOFError):  # nobody waits for it any more
            check(good, pool, stop=leave)
        worker.stop()
    check(good, pool).end()


def test_a_call_that_does_not_end_is_stopped(good: Path, bright: Path, run: Run) -> None:
    pool = Pool(dataclasses.replace(BRIEF, kills=2))
    model, hosted = run.start(bright, pool)
    other, _ = run.start(good, pool)
    assert model.encode(DARK).shape == (1, 2)
    first, reasons = hosted.pid, []

    def call() -> None:
        with pytest.raises(ModelStoppedError) as stopped:
            model.encode(BRIGHT)
        reasons.append(str(stopped.value))

    thread = threading.Thread(target=call)
    thread.start()
    while thread.is_alive():
        assert other.reconstruct(DARK).shape == DARK.shape  # another model answers meanwhile
        time.sleep(0.1)
    assert reasons[0].startswith(
        "the model 'bright' was stopped: its encoder took more than 1 s. It restarts"
    )
    assert first is not None
    assert gone(first)
    assert model.encode(DARK).shape == (1, 2)  # it was started again
    call()
    assert "It was stopped 2 times" in reasons[1]
    assert run.thrown_out == ["it was stopped 2 times, the last time since its encoder took more than 1 s"]
    with pytest.raises(ModelStoppedError, match="It was stopped 2 times"):
        model.encode(DARK)
    assert not hosted.running


def test_many_calls_of_one_leave_room_for_others(good: Path, bright: Path, run: Run) -> None:
    """Each call that waits holds a thread of the server, which has 40."""
    pool = Pool(dataclasses.replace(BRIEF, kills=2, waiting=3))
    model, _ = run.start(bright, pool)
    other, _ = run.start(good, pool)
    errors: list[Exception] = []

    def call() -> None:
        try:
            model.encode(BRIGHT)
        except (BusyError, ModelStoppedError) as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(45)]
    for thread in threads:
        thread.start()
    assert other.encode(DARK).shape == (1, 2)
    for thread in threads:
        thread.join()
    assert [type(one) for one in errors].count(BusyError) >= 41
    assert len(errors) == 45
    assert any("3 calls are waiting for 'bright' already" in str(one) for one in errors)


def test_memory_is_bounded(tmp_path: Path) -> None:
    path = zipped(save_hostile(tmp_path / "large", "large"))
    with pytest.raises(ModelStoppedError, match=r"its check took more than 256 MB of memory"):
        check(path, Pool(SMALL))


def test_workers_are_few(good: Path, run: Run) -> None:
    pool = Pool(dataclasses.replace(SMALL, workers=2))
    models = [run.start(good, pool) for _ in range(3)]
    assert [hosted.running for _, hosted in models] == [False, True, True]
    assert models[0][0].encode(DARK).shape == (1, 2)  # takes the place of the one used longest ago
    assert [hosted.running for _, hosted in models] == [True, False, True]


def test_an_idle_worker_goes_and_comes_again(good: Path, run: Run) -> None:
    model, hosted = run.start(good, Pool(dataclasses.replace(SMALL, idle_s=1)))
    end = time.monotonic() + 30
    while hosted.running and time.monotonic() < end:
        time.sleep(0.1)
    assert not hosted.running
    assert model.encode(DARK).shape == (1, 2)


def test_one_that_is_removed_during_a_call_says_so(bright: Path, run: Run) -> None:
    model, hosted = run.start(bright, Pool(dataclasses.replace(SMALL, call_s=30)))
    told: list[str] = []

    def call() -> None:
        with pytest.raises(ModelStoppedError) as stopped:
            model.encode(BRIGHT)
        told.append(str(stopped.value))

    thread = threading.Thread(target=call)
    thread.start()
    pid = hosted.pid
    time.sleep(0.2)
    hosted.close("bright was removed: it was time.")
    thread.join(20)
    assert told == ["bright was removed: it was time."]
    assert pid is not None
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of others does not tell a child")
def test_it_dies_with_its_parent(bright: Path) -> None:
    """Even in the middle of an endless call, and when nobody could clear away."""
    code = f"""
import threading, time
import numpy as np
from pathlib import Path
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.sandbox.pool import Pool
from diabolo.ui.sandbox.check import check

pool = Pool(VisitorLimits(call_s=60))
model, hosted = check(Path({str(bright)!r}), pool).start("bright", pool, print)
idle, other = check(Path({str(bright)!r}), pool).start("idle", pool, print)
print(hosted.pid, other.pid, flush=True)
model.encode(np.ones((1, 1, 8, 8), np.float32))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        time.sleep(0.2)
        parent.kill()
    assert all(gone(pid) for pid in pids)


def test_a_worker_can_do_little(good: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of the app")
    _, hosted = run.start(good, Pool(SMALL))
    found = Path(f"/proc/{hosted.pid}")
    if not found.exists():
        pytest.skip("this system does not show what a process may do")
    assert b"SECRET" not in (found / "environ").read_bytes()
    limits = dict(_limits((found / "limits").read_text("ascii")))
    assert limits["Max data size"] == limits["Max address space"] - (1 << 30) == 256 << 20
    assert (limits["Max file size"], limits["Max core file size"], limits["Max processes"]) == (0, 0, 0)
    assert limits["Max open files"] == 64
    assert limits["Max cpu time"] <= SMALL.check_s + 2
    for number in (0, 1, 2):
        assert (found / "fd" / str(number)).resolve() == Path(os.devnull)


def _limits(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines()[1:]:
        soft = line[26:].split()[0]
        if soft != "unlimited":
            yield line[:26].strip(), int(soft)
