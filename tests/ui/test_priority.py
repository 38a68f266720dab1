"""Processes that give way to the one that serves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from diabolo.ui import drawing
from diabolo.ui._priority import lower
from diabolo.ui.sandbox import keeper

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process may use")


@pytest.fixture
def waiting() -> Iterator[int]:
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        yield process.pid
        process.kill()


def test_a_process_is_lowered_and_leaves_one_processor(waiting: int) -> None:
    lower(waiting, 15)
    mine = sorted(os.sched_getaffinity(0))
    assert os.getpriority(os.PRIO_PROCESS, waiting) == 15
    assert os.sched_getaffinity(waiting) == set(mine[1:] or mine)


def test_where_there_is_only_one_processor_it_is_shared(
    waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.sched_getaffinity(waiting)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    lower(waiting, 15)
    monkeypatch.undo()
    assert os.sched_getaffinity(waiting) == before


def test_a_process_that_is_gone_is_left_alone(waiting: int) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert lower(gone.pid, 15)


def test_a_visitor_s_model_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "lower", lower)  # which other tests do without
    process = keeper.begin([sys.executable, "-c", "input()"], dict(os.environ))
    priority = os.getpriority(os.PRIO_PROCESS, process.pid)
    process.communicate(b"\n")
    assert priority == 15


def test_a_long_drawing_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def lowered(pid: int, by: int) -> bool:
        lower(pid, by)
        seen.append(os.getpriority(os.PRIO_PROCESS, pid))
        return True

    monkeypatch.setattr(drawing, "lower", lowered)
    drawing.draw_in_subprocess([Image.new("L", (2, 2))] * 2, "GIF", 1, lambda: None)
    assert seen == [10]
