"""Ten honest visitors at work while everything that was ever tried against the app is tried at once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _siege
import numpy as np
import psutil
import pytest
from _chromium import GRADIO_MARKS, started
from _served import free_port
from _siege import upload
from _visit import SOURCE, Visitor
from PIL import Image

pytestmark = [*GRADIO_MARKS, pytest.mark.long]

SECONDS = float(os.environ.get("SIEGE_SECONDS", "90"))
PAGES, PROGRAMS = 2, 8
MODELS = ("mnist-conv", "mnist-vae-2d", "mnist-denoising")


@contextmanager
def app(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    port = free_port()
    command = [sys.executable, "-m", "diabolo.ui.cli", "ui", *MODELS, "--port", str(port), "--no-browser"]
    environment = {key: value for key, value in os.environ.items() if key != "GRADIO_TEMP_DIR"}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([*command, "--device", "cpu"], env=environment, stderr=log) as process,
    ):
        address = f"http://127.0.0.1:{port}/"
        for _ in range(300):
            try:
                Visitor(address)
                break
            except OSError:
                time.sleep(0.2)
        yield address, psutil.Process(process.pid)
        process.terminate()
        assert process.wait(60) == 0


class Times:
    """How long honest visitors wait, and what goes wrong for them."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []

    def p95(self, who: str) -> float:
        return float(np.percentile(self.took[who], 95))


class Start:
    """Everybody arrives first: ten visitors who come in the same second are a load of their own."""

    def __init__(self, visitors: int, seconds: float) -> None:
        self._everybody, self._seconds, self._ends = threading.Barrier(visitors + 1), seconds, 0.0

    def arrived(self) -> Callable[[], bool]:
        """Waits for the others. Returns whether it is not over yet."""
        self._everybody.wait(120)
        self._everybody.wait(120)
        return lambda: time.monotonic() < self._ends

    def give(self, first: Callable[[], None]) -> None:
        self._everybody.wait(120)
        first()
        self._ends = time.monotonic() + self._seconds
        self._everybody.wait(120)


def program(address: str, picture: bytes, times: Times, start: Start, seed: int) -> None:
    SOURCE.set(f"127.0.1.{seed + 1}")
    rng, visitor = random.Random(seed), Visitor(address)
    path = upload(address, picture)
    asks: list[tuple[str, list[Any]]] = [
        ("reconstruct", ["mnist-conv", path]),
        ("encode", ["mnist-vae-2d", path]),
        ("decode", ["mnist-vae-2d", [0.5, -1.0]]),
        ("denoise", ["mnist-denoising", path, "gaussian", 0.3, 0]),
        ("sample", ["mnist-vae-2d", 4, 0]),
        ("interpolate", ["mnist-conv", path, path, 8, "linear"]),
    ]
    goes_on = start.arrived()
    while goes_on():
        name, data = rng.choice(asks)
        begun = time.monotonic()
        status, answer = visitor.run(name, *data)
        times.took["over HTTP"].append(time.monotonic() - begun)
        if status != 200:
            times.wrong.append(f"{name}: {status} {str(answer)[:200]}")
        time.sleep(rng.uniform(0.3, 1.0))


def page(address: str, times: Times, start: Start) -> None:
    with started() as browser:
        shown = browser.new_page()
        shown.on("pageerror", lambda error: times.wrong.append(f"page: {error}"))
        shown.goto(address)
        picture = ".reconstruct-result img"
        fetch = shown.get_by_role("button", name="Fetch a sample").first
        fetch.click(timeout=60_000)
        shown.wait_for_selector(picture, timeout=60_000)  # the first one starts the model
        before = shown.locator(picture).get_attribute("src") or ""
        goes_on = start.arrived()
        while goes_on():
            begun = time.monotonic()
            fetch.click()
            try:
                shown.wait_for_function(
                    "([what, before]) => (document.querySelector(what)?.src ?? before) !== before",
                    arg=[picture, before],
                    timeout=30_000,
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, the visitor saw nothing
                times.wrong.append(f"page: {type(error).__name__}")
                continue
            times.took["on the page"].append(time.monotonic() - begun)
            before = shown.locator(picture).get_attribute("src") or ""
            if toast := shown.locator(".toast-body.error").all_inner_texts():
                times.wrong += [f"page: {words}" for words in toast]
            time.sleep(0.7)


def work(address: str, picture: bytes, seconds: float, first: Callable[[], None] = lambda: None) -> Times:
    times, start = Times(), Start(PROGRAMS + PAGES, seconds)
    threads = [
        threading.Thread(target=program, args=(address, picture, times, start, n)) for n in range(PROGRAMS)
    ]
    threads += [threading.Thread(target=page, args=(address, times, start)) for _ in range(PAGES)]
    for thread in threads:
        thread.start()
    start.give(first)
    for thread in threads:
        thread.join()
    return times


@contextmanager
def besieged(
    address: str, folder: Path, private: Path
) -> Iterator[tuple[Callable[[], None], dict[str, Any]]]:
    """What begins the attacks and, filled when the block ends, for each what came of it and what may."""
    command = [sys.executable, _siege.__file__, address, str(folder), str(private)]
    found: dict[str, Any] = {}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as attackers:  # type: ignore[call-overload]
        assert attackers.stdout.readline() == "ready\n"

        def begin() -> None:
            attackers.stdin.write("\n")
            attackers.stdin.flush()

        yield begin, found
        said, _ = attackers.communicate()
    found.update(json.loads(said))


def test_ten_visitors_notice_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private = tmp_path / "private.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)).save(private)
    with app(tmp_path) as (address, process):
        work(address, private.read_bytes(), 10)  # models start
        calm = work(address, private.read_bytes(), SECONDS)
        before = process.memory_info().rss / 1e6
        with besieged(address, tmp_path, private) as (begin, found):
            busy = work(address, private.read_bytes(), SECONDS, begin)
        after = process.memory_info().rss / 1e6
    with capsys.disabled():
        sys.stdout.write(report(calm, busy, before, after, found))
    assert not calm.wrong
    assert not busy.wrong
    assert len(found) > 10
    for name, what in found.items():
        assert what["seen"], name
        assert set(what["seen"]) <= set(what["allowed"]), name
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log[-3000:]


def report(calm: Times, busy: Times, before: float, after: float, found: dict[str, Any]) -> str:
    """The tables of docs/security.md."""
    head = ("honest visitors", "calm: requests", "p50", "p95", "attacked: requests", "p50", "p95")
    lines = ["", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for who in ("over HTTP", "on the page"):
        figures = []
        for times in (calm, busy):
            took = times.took[who]
            figures += [str(len(took)), f"{np.median(took):.2f} s", f"{times.p95(who):.2f} s"]
        lines.append(f"| {who} | {' | '.join(figures)} |")
    ratios = [f"{busy.p95(who) / calm.p95(who):.2f} {who}" for who in ("over HTTP", "on the page")]
    lines += ["", f"p95 under attack: {' and '.join(ratios)} times the calm one"]
    lines += ["", f"memory of the app: {before:.0f} MB, then {after:.0f} MB", ""]
    lines += ["| attack | results, with counts |", "|---|---|"]
    for name, outcomes in ((name, what["seen"]) for name, what in found.items()):
        lines.append(f"| {name} | {', '.join(f'{what}: {count}' for what, count in outcomes.items())} |")
    return "\n".join([*lines, f"wrong: {calm.wrong[:5]} {busy.wrong[:5]}", ""])
