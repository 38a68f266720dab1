"""Rows of arrays in memory and mapped from files, and how batches are fed from them."""

from __future__ import annotations

import mmap
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from _images import pixels, save
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.train import Config, fit
from diabolo.train.batches import feed as feed_module
from diabolo.train.batches.feed import feed, shuffled
from diabolo.train.datasets import LoadRequest, Rows, load, rows_of
from diabolo.train.datasets._decoding import memory as _memory
from diabolo.train.errors import OptionError


def some(count: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 4, 5), np.uint8)


def mapped(folder: Path, array: np.ndarray) -> np.ndarray:
    """The array, mapped from a file."""
    array.tofile(folder / "mapped.u8")
    return np.asarray(np.memmap(folder / "mapped.u8", np.uint8, "r", shape=array.shape))


@pytest.fixture(params=["memory", "mapped"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Rows:
    return Rows(some() if request.param == "memory" else mapped(tmp_path, some()))


def keys(count: int) -> st.SearchStrategy[Any]:
    """A slice, or indices that may repeat and count from the end."""
    if not count:
        return st.slices(0)
    indices = st.lists(st.integers(-count, count - 1), max_size=40)
    return st.slices(count) | indices.map(lambda chosen: np.array(chosen, np.int64))


# Rows


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans())
def test_rows_are_numpy_s(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, file: bool) -> None:
    expected = some(data.draw(st.integers(1, 20)))
    rows = Rows(mapped(tmp_path_factory.getbasetemp(), expected) if file else expected)
    assert rows.mapped == file
    for _ in range(data.draw(st.integers(0, 3))):
        key = data.draw(keys(len(expected)))
        rows, expected = rows.rows(key), expected[key]
        assert len(rows) == len(expected)
        assert rows.shape == expected.shape
    key = data.draw(keys(len(expected)))
    assert np.array_equal(rows[key], expected[key])
    assert np.array_equal(np.asarray(rows), expected)
    assert rows.mapped == file


def test_what_rows_give_is_one_s_own(rows: Rows) -> None:
    for key in (slice(None), slice(3, 9), np.array([1, 1, 2]), np.array([], np.int64)):
        taken = rows[key]
        assert type(taken) is np.ndarray
        assert taken.flags.c_contiguous
        taken[:] = 7
    assert np.array_equal(rows[:], some())
    assert (rows.ndim, rows.dtype) == (4, np.uint8)


def test_rows_beyond_the_last(rows: Rows) -> None:
    with pytest.raises(IndexError):
        rows[np.array([30])]
    with pytest.raises(IndexError):
        rows.rows(np.array([0, -31]))


def test_rows_as_an_array_of_another_kind(rows: Rows) -> None:
    assert np.asarray(rows, np.float32).dtype == np.float32
    assert np.array_equal(np.asarray(rows, np.float32), some())


def test_rows_of_copies_nothing(rows: Rows) -> None:
    array = some()
    assert np.shares_memory(rows_of(array, slice(3, 9)), array)
    chosen = np.array([4, 2])
    for images in (rows, array):
        taken = rows_of(images, chosen)
        assert isinstance(taken, Rows)
        assert np.array_equal(taken[:], array[chosen])
    assert isinstance(rows_of(rows, slice(3)), Rows)


READ = """
import re, sys
import numpy as np
from diabolo.train.datasets import Rows

def resident():
    with open("/proc/self/status") as file:
        return int(re.search(r"RssFile:\\s+(\\d+)", file.read())[1]) // 1024

rows = Rows(np.asarray(np.memmap(sys.argv[1], np.uint8, "r", shape=(100_000, 1, 56, 56))))
order = np.random.default_rng(0).permutation(len(rows))
before, most = resident(), 0
for piece in np.array_split(order, 500):
    rows[piece]
    most = max(most, resident() - before)
print(most)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_mapped_rows_give_their_pages_back(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(100_000 * 56 * 56)
    done = subprocess.run(
        [sys.executable, "-c", READ, tmp_path / "sparse"], capture_output=True, text=True, check=True
    )
    assert 0 < int(done.stdout) < 100  # MiB, of 299


def test_pages_are_kept_on_a_system_that_cannot_give_them_back(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(mmap, "MADV_DONTNEED", raising=False)
    for _ in range(40):
        assert np.array_equal(rows[:], some())


# Memory


@pytest.mark.parametrize("value", ["lots", "-1", "1.5", "1e3", " 5", "0x10"])
def test_a_memory_that_is_no_number_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DIABOLO_MEMORY", value)
    with pytest.raises(OptionError, match=r"DIABOLO_MEMORY .* must be a number of MiB"):
        load(str(save(tmp_path / "root", 12)), LoadRequest())


def test_the_memory_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABOLO_MEMORY", "3")
    assert _memory.budget() == 3 * 2**20
    monkeypatch.setenv("DIABOLO_MEMORY", "")
    assert 0 <= _memory.budget() <= psutil.virtual_memory().total // 4
    monkeypatch.setattr(_memory, "_container", lambda: 4000)
    assert _memory.budget() == 1000


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [("5000\n", "2000\n", 3000), ("2000\n", "5000\n", 0), ("max\n", "2000\n", 2**62), (None, None, 2**62)],
)
def test_a_container_s_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None, used: str | None, expected: int
) -> None:
    if limit and used:
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text(used)
    monkeypatch.setattr(_memory, "Path", lambda _: tmp_path)
    assert _memory._container() == expected


def test_files_kept_in_memory_are_not_used_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"max": "5000", "current": "4900", "stat": "anon 900\ninactive_file 3000\n"}.items():
        (tmp_path / f"memory.{name}").write_text(text)
    monkeypatch.setattr(_memory, "Path", lambda _: tmp_path)
    assert _memory._container() == 3100


def test_an_array_in_another_order_is_put_in_order_once() -> None:
    turned = np.ascontiguousarray(some().transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    rows = Rows(turned)
    assert rows._array.flags.c_contiguous
    assert np.array_equal(rows[:], some())
    assert Rows(rows._array)._array is rows._array


def test_what_does_not_fit_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = save(tmp_path / "root", 12, size=(250, 250))
    loaded = {}
    for memory in ("0", "1"):
        monkeypatch.setenv("DIABOLO_MEMORY", memory)
        loaded[memory] = load(str(root), LoadRequest())
        assert isinstance(loaded[memory].train.images, Rows)
        assert loaded[memory].train.images.mapped == (memory == "0")
    assert pixels(loaded["0"]) == pixels(loaded["1"])


# The feed


def feeding() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("diabolo-feed")]


@pytest.mark.parametrize("count", [0, 1, 7, 30])
def test_batches(rows: Rows, count: int) -> None:
    order = np.random.default_rng(1).permutation(30)
    pieces = np.array_split(order, count) if count else []
    batches = list(feed(rows, pieces))
    assert len(batches) == count
    for piece, batch in zip(pieces, batches, strict=True):
        assert batch.dtype == torch.float32
        expected = torch.from_numpy(some()[piece]).float() / 255
        assert torch.equal(batch, expected)
    plain = list(feed(some(), pieces))
    assert all(torch.equal(a, b) for a, b in zip(plain, batches, strict=True))
    assert feeding() == []


def test_batches_are_one_s_own(rows: Rows) -> None:
    for images in (rows, some()):
        for batch in feed(images, [np.arange(30)] * 2):
            assert batch.max() > 0
            batch.zero_()
        assert np.array_equal(images[:], some())


def test_an_error_in_reading_comes_out(rows: Rows) -> None:
    pieces = [np.arange(5), np.arange(5, 10), np.array([99]), np.arange(3)]
    batches = feed(rows, pieces)
    assert len(next(batches)) == len(next(batches)) == 5
    with pytest.raises(IndexError):
        next(batches)
    assert feeding() == []


def test_abandoning_leaves_no_thread(tmp_path: Path) -> None:
    batches = feed(Rows(mapped(tmp_path, some())), [np.arange(5)] * 100)
    next(batches)
    assert feeding()
    batches.close()
    assert feeding() == []


def test_no_more_is_read_ahead_than_meant(tmp_path: Path) -> None:
    class Counting(Rows):
        taken = 0

        def __getitem__(self, key: Any) -> Any:
            Counting.taken += 1
            return super().__getitem__(key)

    batches = feed(Counting(mapped(tmp_path, some())), [np.arange(5)] * 100)
    for done in range(1, 30):
        next(batches)
        assert Counting.taken <= done + feed_module._AHEAD
    batches.close()


def test_training_is_the_same_from_memory_and_from_the_disk(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config.make("denoising", str(pictures), latent_dim=4, epochs=2, batch_size=16)
    made = {}
    for memory in ("0", "100"):
        monkeypatch.setenv("DIABOLO_MEMORY", memory)
        made[memory] = fit(config, tmp_path / memory).path
    for name in ("model.safetensors", "history.csv", "metrics.json"):
        assert (made["0"] / name).read_bytes() == (made["100"] / name).read_bytes(), name


def test_every_order_has_each_image_once_in_pieces_of_the_same_length() -> None:
    batches = shuffled(10, 3, 0, 5, orders=2)
    assert [tuple(map(len, pieces)) for pieces in batches] == [(4, 4), (3, 3), (3, 3)]
    first, second = (np.concatenate(order).tolist() for order in zip(*batches, strict=True))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert [piece.tolist() for (piece,) in shuffled(10, 3, 0, 5)] == [b[0].tolist() for b in batches]
