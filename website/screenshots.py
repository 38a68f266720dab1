"""The screenshots of the README and the documents, taken of the app in Chromium.

python -m website.screenshots [NAME ...]      app, explore, train; into docs/

`train` trains a VAE on glyphs for some epochs, a minute or two. No image of a data set is shown.
"""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["SHOTS", "main"]

_DOCS = Path(__file__).parents[1] / "docs"
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_WAIT = 240_000  # milliseconds


def app(page: Any) -> None:
    """Reconstruct, with a drawn three."""
    _choose(page, "mnist-autoencoder")
    box = page.locator(".sketch canvas:visible").first.bounding_box()
    path = [*_arc(0.3, 0.18, -2.5, 1.57), *_arc(0.68, 0.2, -1.57, 2.5)]  # a three
    page.mouse.move(*_at(box, *path[0]))
    page.mouse.down()
    for place in path[1:]:
        page.mouse.move(*_at(box, *place))
    page.mouse.up()
    page.mouse.move(0, 0)
    page.locator(".steps:visible", has_text="centred").first.wait_for(timeout=_WAIT)
    page.wait_for_timeout(1500)


def explore(page: Any) -> None:
    """Explore, with the way from a zero to a one."""
    _tab(page, "Explore")
    _choose(page, "mnist-vae-2d")
    page.locator(".density:not(:empty):visible").wait_for(timeout=_WAIT)
    page.get_by_role("button", name="From A to B").click()
    box = page.locator(".map:visible").first.bounding_box()
    for place in ((0.55, 0.78), (0.41, 0.18)):
        page.mouse.click(*_at(box, *place))
        page.wait_for_timeout(800)
    page.locator(".decoder:visible", has_text="browser").first.wait_for(timeout=_WAIT)
    page.wait_for_timeout(2000)


def train(page: Any) -> None:
    """Train, a VAE with two dimensions on glyphs, at its end."""
    _tab(page, "Train")
    page.locator(".train-start").wait_for(timeout=_WAIT)
    page.locator("[data-setting=epochs]").fill("8")
    page.locator(".train-start").click()
    page.locator('.train-watch[data-stage="done"]').wait_for(timeout=_WAIT)
    page.wait_for_timeout(2000)
    page.evaluate("scrollTo(0, 0)")


SHOTS: dict[str, Callable[[Any], None]] = {"app": app, "explore": explore, "train": train}


def main(words: list[str] | None = None, into: Path = _DOCS) -> None:
    """Take the screenshots of these names, or all."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if browser is None:
        raise SystemExit("there is no Chromium here. Install it: apt-get install chromium")
    names = (sys.argv[1:] if words is None else words) or list(SHOTS)
    with _served() as address, sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=_FLAGS)
        for name in names:
            page = running.new_page(viewport={"width": 1280, "height": 950}, locale="en-GB")
            page.goto(address)
            page.locator(".model-line p").first.wait_for(timeout=_WAIT)
            SHOTS[name](page)
            page.screenshot(path=into / f"{name}.png", full_page=True)
            page.close()
        running.close()


@contextlib.contextmanager
def _served() -> Iterator[str]:
    """The address of an app with the ready-made models, in an empty folder."""
    command = [sys.executable, "-m", "diabolo.ui.cli", "ui", "--no-browser"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - fixed
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            for line in process.stdout or ():
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    return
            raise SystemExit("the app did not start. See what this says: diabolo ui")
        finally:
            process.terminate()
            process.wait()


def _tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def _choose(page: Any, model: str) -> None:
    page.get_by_role("listbox", name="Model").or_(page.get_by_label("Model", exact=True)).first.click()
    page.get_by_role("option", name=model, exact=True).click()
    page.wait_for_timeout(1500)


def _at(box: dict[str, float], x: float, y: float) -> tuple[float, float]:
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def _arc(y: float, height: float, first: float, last: float) -> list[tuple[float, float]]:
    """Places on an ellipse, of the sketch pad, from one angle to another."""
    angles = [first + (last - first) * step / 30 for step in range(31)]
    return [(0.47 + 0.25 * math.cos(angle), y + height * math.sin(angle)) for angle in angles]


if __name__ == "__main__":
    main()
