"""Whose turn it is, and how much one request may ask for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from diabolo.runtime.errors import UsageError

pytest.importorskip("gradio")

import gradio as gr

from diabolo.ui.guard.caller import LEFT
from diabolo.ui.refused import BUSY
from diabolo.ui.work import LeftError, Turns, check_frames, check_pictures, large, stop_if_disconnected

WORDS = "about {seconds} s"


def test_the_bounds_are_said() -> None:
    check_pictures(60_000, (1, 28, 28))
    with pytest.raises(UsageError, match=r"100 pictures of 1000 x 1000 are more .*; at most 16\. .*command"):
        check_pictures(100, (3, 1000, 1000))
    check_frames(400, (280, 280))
    with pytest.raises(UsageError, match=r"1,000 pictures of 280 x 280 are more .*; at most 408"):
        check_frames(1000, (280, 280))
    with pytest.raises(UsageError, match=r"at most 0"):
        check_pictures(1, (1, 9000, 9000))


def test_small_work_does_not_wait() -> None:
    assert not large(100, (1, 28, 28))
    assert large(100, (280, 280))


def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.005)
    pytest.fail("it did not happen")


def test_nobody_waits_for_a_turn_for_ever() -> None:
    turns, over = Turns(slots=1, patience=0.1), threading.Event()
    turns._seconds = 0.01
    holder = threading.Thread(target=lambda: hold(turns, over))
    holder.start()
    until(lambda: turns._active == 1)
    with pytest.raises(gr.Error, match="the app is busy") as told, turns.take(WORDS):
        pass
    assert told.value.title == BUSY
    over.set()
    holder.join()
    with turns.take(WORDS):  # who gave up is not in the way
        pass


def hold(turns: Turns, over: threading.Event) -> None:
    with turns.take(WORDS):
        over.wait(30)


def test_large_works_have_their_turns_in_order() -> None:
    turns, going = Turns(slots=1), threading.Event()
    done: list[int] = []

    def work(number: int) -> None:
        with turns.take(WORDS):
            if number == 0:
                going.wait(30)
            done.append(number)

    threads = []
    for number in range(4):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        until(lambda: turns._active == 1 and len(turns._waiting) == number)  # noqa: B023 - asked at once
    going.set()
    for thread in threads:
        thread.join(30)
    assert done == [0, 1, 2, 3]


def test_who_waits_is_told_and_who_would_wait_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Info", told.append)
    turns = Turns(slots=1, patience=50)
    turns._seconds = 30
    with turns.take(WORDS):
        waiting = threading.Thread(target=lambda: turns.take(WORDS).__enter__())
        waiting.start()
        until(lambda: bool(told))
        assert told == ["about 30 s"]
        with pytest.raises(gr.Error, match="busy: your turn would come in about 60 seconds") as refused:
            turns.take(WORDS).__enter__()
        assert refused.value.title == BUSY
    waiting.join(30)
    full = Turns(slots=1, waiting=1)
    full._active = 1
    full._waiting.append(object())
    with pytest.raises(gr.Error, match="busy"):
        full.take(WORDS).__enter__()


def test_nobody_s_work_leaves_the_queue_and_stops() -> None:
    turns, left = Turns(slots=1), threading.Event()
    left.set()
    LEFT.set(left)
    try:
        with pytest.raises(LeftError):
            stop_if_disconnected()
        turns._active = 1
        with pytest.raises(LeftError):
            turns.take(WORDS).__enter__()
        assert not turns._waiting
    finally:
        LEFT.set(None)
    stop_if_disconnected()


def test_a_failed_work_gives_its_turn_back() -> None:
    turns = Turns(slots=1)
    with pytest.raises(ZeroDivisionError), turns.take(WORDS):
        raise ZeroDivisionError
    with turns.take(WORDS):
        assert turns._active == 1
    assert turns._active == 0
