"""The system's Chromium for tests of pages, and an eye on what a page says and whom it asks."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# no WebGL on the CPU: pages must do without, as on machines without a graphics card
ARGUMENTS += ["--disable-software-rasterizer"]

# the first one draws no window of its own, which takes half of the time of these tests
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

GRADIO_MARKS = [
    pytest.mark.browser,
    # gradio's server leaves event loops and sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # and it sums up its queue with calls that pandas gives up
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated:DeprecationWarning"),
]


@contextmanager
def started() -> Iterator[Any]:
    """A browser; skips where none is installed, which under CI is an error."""
    sync_api = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("no chromium is installed, and under CI the browser tests must run")
    if found is None:
        pytest.skip("no chromium is installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


def new_page(browser: Any, **options: Any) -> Any:
    """A page to be closed after use; those with the same options share a cache, so that only the first of a
    module fetches and compiles gradio's scripts, which takes longer than most tests.

    They also share storage and permissions, which the app does not use.
    """
    contexts = vars(browser).setdefault("_by_options", {})
    key = json.dumps(options, sort_keys=True)
    if key not in contexts:
        contexts[key] = browser.new_context(**options)
    return contexts[key].new_page()


def watch(page: Any, kinds: tuple[str, ...] = ("error",)) -> list[str]:
    """What goes wrong on the page from now on: console messages of these kinds, errors, strangers asked."""
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(_said(said)) if said.type in kinds else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: wrong.append(sent.url) if _stranger(sent.url) else None)
    return wrong


def once_loaded(page: Any, selector: str, told: str) -> Any:
    """What the JavaScript `told` says of the picture `i`, in a moment in which it is there.

    A newer picture may follow at any time, and between two questions.
    """
    look = f"""() => {{
      const i = document.querySelector({json.dumps(selector)});
      return i?.complete && i.naturalWidth > 0 && {told};
    }}"""
    return page.wait_for_function(look, timeout=60_000).json_value()


def _said(message: Any) -> str:
    return f"{message.text} {message.location.get('url', '')}".rstrip()


def _stranger(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1"
