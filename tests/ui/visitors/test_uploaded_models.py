"""Which of the models that visitors brought are let go, by their size and by whether anybody is there."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from diabolo.ui.models import uploaded
from diabolo.ui.models.uploaded import UploadedModel, UploadedModels
from diabolo.ui.sandbox import VisitorLimits


def own(folder: Path, name: str, size: int) -> UploadedModel:
    """A model that is none, whose file is there."""
    file = folder / name
    file.touch()
    nothing: Any = SimpleNamespace()
    return UploadedModel(
        bundle=nothing, model=nothing, checks=[], file=file, size=size, close=lambda _why: None
    )


@pytest.fixture(autouse=True)
def nothing_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploaded, "forget", lambda *_: None)


def bring(brought: UploadedModels, folder: Path, *given: tuple[str, int]) -> dict[str, list[str]]:
    """Visitors with a file of so many MB each, in turn; whose files are left when 1,000 MB may be kept."""
    for number, (visitor, size) in enumerate(given):
        model = own(folder, f"{number}.zip", size << 20)
        since = brought.arrive(visitor)
        kept = brought.keep(visitor, str(number), model, since=since, most=3, in_all=20, size=1000 << 20)
        assert kept
    return {visitor: brought.names(visitor) for visitor, _ in given}


def test_whose_files_take_most_make_room(tmp_path: Path) -> None:
    brought = UploadedModels()
    left = bring(brought, tmp_path, ("ann", 300), ("bob", 200), ("bob", 200), ("cat", 310))
    assert left == {"ann": ["0"], "bob": ["2"], "cat": ["3"]}
    assert "at most 1,000 MB of uploads are kept" in brought.removal_reason("bob", "1")
    assert not (tmp_path / "1.zip").exists()


def test_what_has_just_come_stays(tmp_path: Path) -> None:
    """Whoever fills the room by sessions without end keeps nobody out, large as their bundle may be."""
    crowd = [(f"nobody {number}", 250) for number in range(4)]
    left = bring(UploadedModels(), tmp_path, *crowd, ("ann", 256), ("bob", 1000))
    assert left == {visitor: [] for visitor, _ in crowd} | {"ann": [], "bob": ["5"]}


def test_a_class_of_30_with_two_bundles_each_fits(tmp_path: Path) -> None:
    """With the default limits; bundles of 17 MB, in the order in which a class brings them."""
    limits, brought = VisitorLimits(), UploadedModels()
    for number in range(2):
        for pupil in range(30):
            model = own(tmp_path, f"{pupil} {number}.zip", 17 << 20)
            visitor, since = f"pupil {pupil}", brought.arrive(f"pupil {pupil}")
            assert brought.keep(visitor, str(number), model, since=since, **bounds(limits))
    assert all(brought.names(f"pupil {pupil}") == ["0", "1"] for pupil in range(30))
    assert limits.kept_mb << 20 >= 60 * (17 << 20)  # and no more than that: the next one takes a place
    brought.keep(
        "late", "0", own(tmp_path, "late.zip", 17 << 20), since=brought.arrive("late"), **bounds(limits)
    )
    left = [len(brought.names(f"pupil {pupil}")) for pupil in range(30)]
    assert sorted(left) == [1] + [2] * 29


def bounds(limits: VisitorLimits) -> dict[str, int]:
    return {"most": limits.kept, "in_all": limits.kept_in_all, "size": limits.kept_mb << 20}


def test_a_model_that_no_page_shows_goes_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = UploadedModels()
    bring(brought, tmp_path, ("ann", 1), ("bob", 1))
    brought.mark_shown("ann", "0")
    brought.mark_shown("ann", "1")  # bob's
    now = time.monotonic()
    assert brought.drop_unseen("bob", "1", 900)
    assert not brought.drop_unseen("ann", "0", 900)
    monkeypatch.setattr(time, "monotonic", lambda: now + 1000)
    assert not brought.drop_unseen("ann", "0", 900)
    assert not brought.drop_unseen("bob", "1", 900)
    assert (brought.names("ann"), brought.names("bob")) == (["0"], [])
    assert "no page showed it, and nobody used it for 15 minutes" in brought.removal_reason("bob", "1")
