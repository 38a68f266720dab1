"""A page is told which of its visitor's uploads are gone, and why."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio")

from diabolo.ui.models import uploaded
from diabolo.ui.models.uploaded import UploadedModel, UploadedModels
from diabolo.ui.parts.owned import changed, owned_text


class Collection(dict[str, Any]):
    """The models of an app, of which only the names matter here."""

    def __init__(self) -> None:
        super().__init__({"ready": None, "made": None})
        self.uploaded = UploadedModels()


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(uploaded, "forget", lambda *_: None)
    return Collection()


def bring(models: Any, folder: Path, visitor: str, name: str, in_all: int = 2) -> None:
    nothing: Any = SimpleNamespace()
    own = UploadedModel(
        bundle=nothing, model=nothing, checks=[], file=folder / name, size=1, close=lambda _why: None
    )
    since = models.uploaded.arrive(visitor)
    assert models.uploaded.keep(visitor, name, own, since=since, most=3, in_all=in_all, size=100)


def test_what_another_visitor_displaced_is_told(models: Any, tmp_path: Path) -> None:
    bring(models, tmp_path, "ann", "first")
    bring(models, tmp_path, "ann", "second")
    owned = owned_text(models, "ann")
    assert json.loads(owned) == ["first", "second"]
    assert changed(models, owned, "first", "ann") is None
    bring(models, tmp_path, "bob", "his")
    found = changed(models, owned, "first", "ann")
    assert found == {
        "owned": '["second"]',
        "removed": {"first": "at most 2 uploads are kept for all visitors together"},
        "names": ["ready", "made", "second"],
        "chosen": "ready",  # the chosen one is gone
    }
    assert changed(models, found["owned"], "ready", "ann") is None  # it is told once
    assert changed(models, owned, "second", "ann") == found | {"chosen": "second"}


def test_nothing_is_told_to_who_has_none(models: Any, tmp_path: Path) -> None:
    bring(models, tmp_path, "ann", "first")
    assert owned_text(models, "bob") == owned_text(models, None) == ""
    assert changed(models, "", "ready", "bob") is None
    models.uploaded.leave("ann")
    assert owned_text(models, "ann") == ""
