"""Bundles that people bring to the app: which are taken, who sees them, and how long they are kept."""

from __future__ import annotations

import gc
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _zipped import change, zipped

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import BundleError, UnknownNameError, UsageError
from diabolo.ui.errors import RemovedError
from diabolo.ui.models import collection
from diabolo.ui.models.collection import Models
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.sessions import current
from diabolo.ui.tabs.models.uploads import Uploads

pytestmark = GRADIO_MARKS[1:]  # its garbage collection meets what gradio's server left in other tests


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Models]:
    models = Models({"listed": Bundle.open(save_coded(tmp_path / "listed"))}, device="cpu")
    yield models
    for visitor in ("ann", "bob", "cat"):
        models.uploaded.leave(visitor)


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whose request this is: the last one."""
    visitors: list[str] = []
    monkeypatch.setattr(current, "session_hash", lambda: visitors[-1] if visitors else None)
    yield visitors
    assert collection.current is current


def own(folder: Path, name: str = "mine") -> Path:
    return change(save_coded(folder), name=name)


def files(uploads: Uploads) -> list[Path]:
    return list(uploads._folder.iterdir())


def test_one_is_taken_and_nobody_else_finds_it(models: Models, tmp_path: Path, asks: list[str]) -> None:
    uploads, path = Uploads(models), zipped(own(tmp_path / "own"))
    assert uploads.take(path, "ann") == ("mine", True)
    for visitor in ("bob", ""):
        asks.append(visitor)
        assert "mine" not in models
        assert models.names() == ["listed"]
        with pytest.raises(KeyError):
            models["mine"]
        with pytest.raises(UnknownNameError):
            models.bundle("mine")
        with pytest.raises(UnknownNameError) as told:
            models.check("mine")
        assert str(told.value) == str(UnknownNameError("model", "mine", ["listed"]))
    asks.append("ann")
    assert models["mine"].decode([[0.0, 0.0]]).shape == (1, 1, 8, 8)
    assert models.names() == ["listed", "mine"]
    assert (list(models), len(models)) == (["listed"], 1)
    assert len(files(uploads)) == 1


def test_what_is_there_already_is_not_taken_twice(models: Models, tmp_path: Path) -> None:
    uploads = Uploads(models)
    assert uploads.take(zipped(tmp_path / "listed", "again"), "ann") == ("listed", False)
    folder = own(tmp_path / "own")
    assert uploads.take(zipped(folder), "ann") == ("mine", True)
    assert uploads.take(zipped(folder), "ann") == ("mine", False)
    assert len(files(uploads)) == 1


def test_a_name_tells_nobody_of_another_s(models: Models, tmp_path: Path, asks: list[str]) -> None:
    uploads = Uploads(models)
    first, second = own(tmp_path / "first"), change(own(tmp_path / "second"), summary="another")
    assert uploads.take(zipped(first), "ann") == ("mine", True)
    assert uploads.take(zipped(second), "bob") == ("mine", True)
    assert uploads.take(zipped(second, "again"), "ann") == ("mine (2)", True)
    listed = change(save_coded(tmp_path / "own"), name="listed", summary="not the one that all see")
    assert uploads.take(zipped(listed), "bob") == ("listed (2)", True)
    for visitor, summary in (("ann", "a projection"), ("bob", "another")):
        asks.append(visitor)
        assert models.manifest("mine").summary == summary


def test_the_one_used_longest_ago_goes_first(models: Models, tmp_path: Path, asks: list[str]) -> None:
    uploads, ways = Uploads(models, VisitorLimits(kept=2)), []
    asks.append("ann")
    for number in range(3):
        ways.append(zipped(change(own(tmp_path / str(number)), summary=str(number))))
        uploads.take(ways[-1], "ann")
        assert models["mine"].device.name == "cpu"  # the first one is in use
    assert models.names() == ["listed", "mine", "mine (3)"]
    assert len(files(uploads)) == 2
    with pytest.raises(RemovedError, match=r"^mine \(2\) was removed: at most 2 uploads are kept for a visi"):
        models.check("mine (2)")
    # a name once given is never another's
    uploads.take(zipped(change(own(tmp_path / "more"), summary="more")), "ann")
    assert models.names()[-1] == "mine (4)"


def test_who_has_most_makes_room(models: Models, tmp_path: Path, asks: list[str]) -> None:
    uploads = Uploads(models, VisitorLimits(kept_in_all=3))
    for number, visitor in enumerate(["ann", "bob", "bob", "cat"]):
        folder = change(own(tmp_path / str(number)), summary=str(number))
        assert uploads.take(zipped(folder), visitor)[1]
    left = []
    for visitor in ("ann", "bob", "cat"):
        asks.append(visitor)
        left.append(models.names()[1:])
    assert left == [["mine"], ["mine (2)"], ["mine"]]
    asks.append("bob")
    with pytest.raises(RemovedError, match=r"at most 3 uploads are kept for all visitors together\. Upload"):
        models.check("mine")
    assert len(files(uploads)) == 3


def test_all_goes_with_its_visitor(models: Models, tmp_path: Path, asks: list[str]) -> None:
    from diabolo.ui.explorer.backend import backend_of

    uploads = Uploads(models)
    asks.append("ann")
    uploads.take(zipped(own(tmp_path / "own")), "ann")
    uploads.take(zipped(own(tmp_path / "bob's")), "bob")
    model = models["mine"]
    backend_of(model)
    hosted = [one for one in uploads._pool._hosted if one.pid is not None]
    assert len(hosted) == 2
    models.uploaded.leave("ann")
    assert [one.pid is None for one in hosted].count(True) == 1
    assert len(files(uploads)) == 1
    with pytest.raises(RemovedError, match="the page that uploaded it was closed, or lost its connection"):
        models.check("mine")
    asks.append("bob")
    assert "mine" in models
    known = weakref.ref(model)
    del model
    gc.collect()
    assert known() is None  # nothing that was computed of it is kept
    asks.clear()
    with pytest.raises(UnknownNameError):
        models.check("mine")


def test_who_left_during_the_check_leaves_nothing(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.ui.tabs.models import uploads as module

    checked = module.check

    def check(*given: object) -> object:
        models.uploaded.leave("ann")
        return checked(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "check", check)
    uploads = Uploads(models)
    with pytest.raises(BundleError, match="the page was closed before"):
        uploads.take(zipped(own(tmp_path / "own")), "ann")
    assert files(uploads) == []
    assert models.uploaded.names("ann") == []
    assert uploads._pool.alive == 0


def test_its_files_go_with_it(models: Models, tmp_path: Path) -> None:
    uploads = Uploads(models)
    uploads.take(zipped(own(tmp_path / "own")), "ann")
    folder = uploads._folder
    assert folder.stat().st_mode & 0o077 == 0
    del uploads
    gc.collect()
    assert not folder.exists()


def test_without_a_session_or_where_it_is_switched_off(models: Models, tmp_path: Path) -> None:
    for limits, visitor, words in (
        (VisitorLimits(), None, "belongs to a session"),
        (VisitorLimits(uploads=False), "ann", "does not take uploads"),
    ):
        uploads, path = Uploads(models, limits), zipped(own(tmp_path / words.split()[0]))
        with pytest.raises(UsageError, match=words):
            uploads.take(path, visitor)
        assert files(uploads) == []


def broken(kind: str, folder: Path) -> Path:
    own(folder)
    if kind == "text":
        (folder.parent / "text.zip").write_text("no zip")
        return folder.parent / "text.zip"
    if kind == "empty":
        (folder / "model.json").unlink()
    elif kind == "changed":
        (folder / "decoder.onnx").write_bytes(b"\0" * (folder / "decoder.onnx").stat().st_size)
    elif kind == "more":
        (folder / "more.txt").write_text("more")
    elif kind == "unpacked":
        (folder / "more.txt").write_bytes(bytes(20 << 20))
    elif kind == "markup":
        change(folder, name="<img src=//example.org/x.png>")
    elif kind == "class":
        change(folder, dataset={"name": "made", "classes": ["a", "b", "![c](//example.org/x.png)"]})
    return zipped(folder, kind)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text", r"^text\.zip is neither a folder nor a \.zip"),
        ("empty", r"^empty\.zip holds 0 model\.json"),
        ("changed", r"^changed\.zip is not taken: decoder\.onnx: .*sha256 differs"),
        ("more", r"more\.txt is not listed in model\.json\. Remove it"),
        ("unpacked", "unpacks 'more.txt' .* at most 200 times as many are allowed"),
        ("markup", "without < >"),
        ("class", "without < >, links"),
        ("image", "it has images of 64 numbers; at most 63 are allowed"),
        ("latent", "it has latents of 2 numbers; at most 1 are allowed"),
    ],
)
def test_what_is_not_sound_is_refused(
    models: Models, tmp_path: Path, kind: str, words: str, asks: list[str]
) -> None:
    sizes = {"image": {"image_values": 63}, "latent": {"latent_values": 1}}.get(kind, {})
    uploads = Uploads(models, VisitorLimits(**sizes))
    with pytest.raises(BundleError, match=words):
        uploads.take(broken(kind, tmp_path / "own"), "ann")
    assert files(uploads) == []
    asks.append("ann")
    assert models.names() == ["listed"]


def test_a_large_file_is_refused_before_it_is_read(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(own(tmp_path / "own"))
    with path.open("ab") as file:
        file.truncate((1 << 20) + 1)
    monkeypatch.setattr(zipfile, "ZipFile", lambda _: pytest.fail("it was read"))
    with pytest.raises(BundleError, match=r"own\.zip is larger than 1 MB.*diabolo ui"):
        Uploads(models, VisitorLimits(zip_mb=1)).take(path, "ann")
