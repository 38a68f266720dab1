"""The progress bar that `fit` shows in a notebook."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from diabolo.train.callbacks import BaseCallback
from diabolo.train.callbacks.notebook import NotebookProgress, default_callback


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook was given to show; IPython is replaced by a module of its interface."""
    pages: list[str] = []

    def display(page: str, display_id: bool) -> Any:
        assert display_id
        pages.append(page)
        return SimpleNamespace(update=pages.append)

    ipython, shows = ModuleType("IPython"), ModuleType("IPython.display")
    vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
    vars(shows).update(HTML=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shows)
    return pages


def test_a_notebook_gets_a_bar_with_notes(shown: list[str]) -> None:
    callback = default_callback()
    assert isinstance(callback, NotebookProgress)
    callback.note("400 images < 500")
    callback.start(images=100, epochs=4, done=0.5)
    callback.step(50, 0.1)
    callback.epoch({"epoch": 1.0, "loss": 0.25})
    assert "<progress value='100' max='400'>" in shown[-1]
    assert "100 of 400 images" in shown[-1]
    assert "loss 0.25" in shown[-1]
    assert "400 images &lt; 500" in shown[-1]


def test_a_program_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert type(default_callback()) is BaseCallback
