"""A named set in another size: converted once, shown as it goes, and mapped where it is large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diabolo.train.datasets import Fitting, LoadRequest, Rows, Split, _resize, fit_splits
from diabolo.train.datasets._decoding.decode import fit_split
from diabolo.train.errors import DataError

RNG = np.random.default_rng(0)


def split(count: int, channels: int = 3) -> Split:
    images = RNG.integers(0, 256, (count, channels, 10, 12), np.uint8)
    return Split(images=images, labels=np.arange(count))


def called(train: Split, test: Split, pinned: Any = "a", **options: Any) -> tuple[Split, Split]:
    told: list[tuple[str, int, int]] = []
    fitting = Fitting(**options)
    request = LoadRequest(fitting=fitting, progress=lambda *step: told.append(step))
    fitted = fit_splits("dots", train, test, {"files": pinned}, request)
    assert told in ([], [("fitting dots", done, 700) for done in (256, 512, 600, 700)])
    for before, after in zip((train, test), fitted, strict=True):
        assert np.array_equal(after.images[:], fit_split(before, fitting).images[:])
        assert after.labels is before.labels
    return fitted


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("colour", [None, True, False])
@pytest.mark.parametrize("resize", ["crop", "pad"])
def test_the_same_as_in_memory(channels: int, colour: bool | None, resize: str) -> None:
    train, test = split(600, channels), split(100, channels)
    called(train, test, image_size=(9, 8), colour=colour, resize=resize, background="red")


def test_nothing_asked_nothing_changed(tmp_path: Path) -> None:
    train, test = split(600), split(100)
    assert called(train, test) == (train, test)
    assert called(train, test, image_size=(10, 12)) == (train, test)
    called(train, test, colour=False)
    assert not (tmp_path / "cache").exists()


def test_later_runs_convert_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = split(600), split(100)
    first = called(train, test, image_size=(9, 8))
    monkeypatch.delattr(_resize, "fit_images")
    again = called(train, test, image_size=(9, 8))
    assert np.array_equal(again[0].images[:], first[0].images[:])
    with pytest.raises(NameError):
        called(train, test, "b", image_size=(9, 8))  # other images


@pytest.mark.parametrize(("limit", "mapped"), [("0", True), ("2000", False)])
def test_mapped_where_it_is_large(monkeypatch: pytest.MonkeyPatch, limit: str, mapped: bool) -> None:
    monkeypatch.setenv("DIABOLO_MEMORY", limit)
    for fitted in called(split(600), split(100), image_size=(9, 8)):
        assert isinstance(fitted.images, Rows)
        assert fitted.images.mapped == mapped


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(DataError, match=r"cannot be kept in .*DIABOLO_CACHE"):
        called(split(600), split(100), image_size=(9, 8))
