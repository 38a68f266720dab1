"""How long does the app take to change the model? A real Chromium chooses another one, again and again.

    python -m benchmarks.ui_switch [BUNDLE BUNDLE] [--times 10] [--chromium PATH]

line: from the choice to the line under the title, which describes the new model.
tab: from the choice to new contents in the open tab; all tabs were opened before.
requests: sent by one switch until none has followed for a second.
quiet: from the choice to the last answer.

The app is a `diabolo ui` of its own. Without bundles it has the ready-made models, and `mnist-conv` and
`mnist-vae-2d` take turns.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks._shared.explorer import ARGUMENTS, served
from benchmarks._shared.tables import heading, row, short
from benchmarks.ui import processor

GOAL = 1000.0  # milliseconds to the open tab
QUIET = 1000  # milliseconds without a request or an answer, after which a switch is over
NAMES = ("mnist-conv", "mnist-vae-2d")
TABS = {"Reconstruct": ".reconstruct-result", "Denoise": ".denoise-curve"}  # and what shows the model there

# notes when the line, and what shows the model in the open tab, first differ from what they are now
EYE = """(shown) => {
  const state = () => [".model-line", shown].map((one) => {
    const found = document.querySelector(one);
    return found ? found.innerText + [...found.querySelectorAll("img")].map((image) => image.src) +
      (found.querySelector("svg")?.innerHTML ?? "") : "";
  });
  const before = state();
  const seen = window.switched = { from: performance.now(), line: null, tab: null };
  const look = () => {
    const [line, tab] = state();
    const now = performance.now() - seen.from;
    if (seen.line === null && line !== before[0]) seen.line = now;
    if (seen.tab === null && tab !== before[1]) seen.tab = now;
    if (seen.line === null || seen.tab === null) requestAnimationFrame(look);
  };
  look();
}"""


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui_switch")
    parser.add_argument("bundles", nargs="*", metavar="BUNDLE", help="two, which take turns")
    parser.add_argument("--times", type=int, default=10, help="switches for each tab")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args(words)
    if len(given.bundles) not in (0, 2):
        parser.error("give two bundles, or none")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, served(*given.bundles) as address:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=ARGUMENTS)
        cores, load = os.cpu_count(), os.getloadavg()[0]
        print(f"{processor()}, {cores} cores, load {load:.1f}; Chromium {browser.version}")
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
        traffic = Traffic(page)
        page.goto(address)
        page.locator(".model-line p").first.wait_for(timeout=60_000)
        names = options(page) if given.bundles else NAMES
        for tab in page.get_by_role("tab").all_inner_texts():
            if tab not in ("Draw", "Upload or paste"):
                page.get_by_role("tab", name=tab, exact=True).first.click()
                traffic.wait(page)
        heading(
            "Milliseconds from the choice of another model:",
            ("open tab", "switches", "line p50", "p95", "tab p50", "p95", "goal", "quiet p50", "requests"),
        )
        for tab, shown in TABS.items():
            page.get_by_role("tab", name=tab, exact=True).first.click()
            with_a_picture(page, traffic)
            measure(page, traffic, tab, shown, others(page, names, given.times + 2))
        browser.close()


class Traffic:
    """Counts the requests of a page, and knows when the last answer came."""

    def __init__(self, page: Any) -> None:
        self.sent, self.last = 0, time.perf_counter()
        page.on("request", self._request)
        page.on("requestfinished", self._answer)

    def _request(self, request: Any) -> None:
        self.sent += "/queue/join" in request.url or (request.method == "POST" and "/run/" in request.url)
        self.last = time.perf_counter()

    def _answer(self, _request: Any) -> None:
        self.last = time.perf_counter()

    def wait(self, page: Any) -> None:
        """Until nothing has been sent or answered for a while."""
        self.last = time.perf_counter()
        while (time.perf_counter() - self.last) * 1000 < QUIET:
            page.wait_for_timeout(50)


def options(page: Any) -> list[str]:
    page.get_by_role("combobox", name="Model").first.click()
    names: list[str] = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return [name.strip().removeprefix("✓").strip() for name in names]


def others(page: Any, names: Sequence[str], count: int) -> list[str]:
    """Both names in turn, beginning with one that is not chosen now."""
    now = page.get_by_role("combobox", name="Model").first.input_value()
    start = 1 if now == names[0] else 0
    return [names[(start + turn) % 2] for turn in range(count)]


def with_a_picture(page: Any, traffic: Traffic) -> None:
    page.get_by_role("button", name="Fetch a sample").locator("visible=true").first.click()
    traffic.wait(page)


def measure(page: Any, traffic: Traffic, tab: str, shown: str, names: list[str]) -> None:
    """Choose the models in turn; the first two switches start them and are not counted."""
    found: list[tuple[float, float, float, float]] = []
    for name in names:
        page.get_by_role("combobox", name="Model").first.click()
        choice = page.get_by_role("option", name=name, exact=True)
        choice.wait_for()
        traffic.sent, begun = 0, time.perf_counter()
        page.evaluate(EYE, shown)
        choice.click()
        page.wait_for_function("switched.line !== null && switched.tab !== null", timeout=60_000)
        traffic.wait(page)
        seen = page.evaluate("switched")
        found.append((seen["line"], seen["tab"], 1000 * (traffic.last - begun), traffic.sent))
    line, opened, quiet, sent = np.array(found[2:]).T
    at = {name: np.percentile(values, (50, 95)) for name, values in (("line", line), ("tab", opened))}
    row(
        tab,
        str(len(line)),
        *(f"{value:.0f}" for value in at["line"]),
        f"{at['tab'][0]:.0f}",
        f"{at['tab'][1]:.0f}{short(at['tab'][1], GOAL)}",
        f"< {GOAL:.0f}",
        f"{np.median(quiet):.0f}",
        f"{np.median(sent):.0f}",
    )


if __name__ == "__main__":
    main()
