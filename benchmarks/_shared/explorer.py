"""The app's explorer in a real Chromium: served, opened, dragged over, and watched as it paints."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BADGES = {"browser": "Decoding in your browser", "server": "Decoding on the server"}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
PACE = 1 / 125  # seconds between the moves of a mouse

# what waits for a picture: one is decoded at a time, and moves that come meanwhile get the next
EYE = """() => {
  const seen = window.seen = { running: null, waiting: [], heard: [], moved: [], paints: 0, frames: [] };
  addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    const move = [performance.now(), event.timeStamp];
    if (seen.running) seen.waiting.push(move);
    else seen.running = [move];
  }, true);
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...what) {
    put.apply(this, what);
    if (!this.canvas.classList.contains("picture")) return;
    const now = performance.now();
    seen.paints++;
    for (const [heard, moved] of seen.running ?? []) {
      seen.heard.push(now - heard);
      seen.moved.push(now - moved);
    }
    seen.running = seen.waiting.length ? seen.waiting : null;
    seen.waiting = [];
  };
  const frame = (now) => (seen.frames.push(now), requestAnimationFrame(frame));
  requestAnimationFrame(frame);
}"""


def drag(page: Any, moves: int = 1 << 30, seconds: float = math.inf) -> None:
    """Loops over the map with the button down, at the pace of a mouse."""
    box = page.locator(".explorer .pointer").bounding_box()
    began = time.perf_counter()
    for step in range(moves):
        turn = step / 97
        x, y = 0.5 + 0.4 * math.sin(3 * turn), 0.5 + 0.4 * math.cos(2 * turn)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if step == 0:
            page.mouse.down()
        if (now := time.perf_counter() - began) > seconds:
            break
        time.sleep(max(0, (step + 1) * PACE - now))
    page.wait_for_timeout(100)  # the last picture
    page.mouse.up()
    page.wait_for_timeout(300)  # the value is told


def explorer(browser: Any, address: str, path: str) -> Any:
    """The tab Explore on a page of its own, with a way to decode."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000}, locale="en-GB")
    page.add_init_script(f"({EYE})()")
    page.goto(address)
    page.get_by_role("tab", name="Explore").click()
    badge = page.locator(".explorer .decoder button", has_text=BADGES["browser"])
    badge.wait_for(timeout=60_000)
    if path == "server":
        badge.click()
    page.locator(".explorer .decoder button", has_text=BADGES[path]).wait_for()
    page.locator(".explorer .pointer").scroll_into_view_if_needed()
    return page


@contextmanager
def served(*bundles: str | Path) -> Iterator[str]:
    """The address of a `diabolo ui` of these bundles; without any, of the ready-made models."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "diabolo.ui.cli", "ui", *map(str, bundles), "--no-browser"]
    command += ["--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as app:
        try:
            address = f"http://127.0.0.1:{port}/"
            wait(app, address)
            yield address
        finally:
            app.terminate()


def wait(app: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(600):
        assert app.poll() is None, "the app ended"
        with suppress(OSError), urllib.request.urlopen(f"{address}config"):  # noqa: S310
            return
        time.sleep(0.1)
    raise TimeoutError("the app does not answer")
