"""Bundles that people bring to the app: which are taken, who sees them, and how long they are kept."""

from __future__ import annotations

import gc
import zipfile
from pathlib import Path

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _zipped import change, zipped

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import BundleError
from diabolo.ui._models import Models
from diabolo.ui.tabs import _uploads
from diabolo.ui.tabs._uploads import Uploads

pytestmark = GRADIO_MARKS[1:]  # its garbage collection meets what gradio's server left in other tests


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models({"listed": Bundle.open(save_coded(tmp_path / "listed"))}, device="cpu")


def own(folder: Path, name: str = "mine") -> Path:
    return change(save_coded(folder), name=name)


def files(uploads: Uploads) -> list[Path]:
    return list(uploads._folder.iterdir())


def test_one_is_taken_and_nobody_else_is_told(models: Models, tmp_path: Path) -> None:
    uploads, path = Uploads(models), zipped(own(tmp_path / "own"))
    assert uploads.take(path) == ("mine", True)
    assert not path.exists()
    assert models["mine"].decode([[0.0, 0.0]]).shape == (1, 1, 8, 8)
    assert "mine" in models
    assert (list(models), len(models)) == (["listed"], 1)
    assert len(files(uploads)) == 1


def test_what_is_there_already_is_not_taken_twice(models: Models, tmp_path: Path) -> None:
    uploads = Uploads(models)
    assert uploads.take(zipped(tmp_path / "listed", "again")) == ("listed", False)
    folder = own(tmp_path / "own")
    name, _ = uploads.take(zipped(folder))
    assert uploads.take(zipped(folder), [name]) == (name, False)
    assert uploads.take(zipped(folder)) == ("mine (2)", True)  # somebody else, who knows nothing of the first
    assert len(files(uploads)) == 2


def test_the_oldest_is_forgotten_and_its_name_with_it(models: Models, tmp_path: Path) -> None:
    uploads, folder = Uploads(models), own(tmp_path / "own")
    names = [uploads.take(zipped(folder))[0] for _ in range(_uploads._KEPT + 2)]
    assert len(set(names)) == len(names)
    assert [name in models for name in names] == [False] * 2 + [True] * _uploads._KEPT
    assert len(files(uploads)) == _uploads._KEPT


def test_its_files_go_with_it(models: Models, tmp_path: Path) -> None:
    uploads = Uploads(models)
    uploads.take(zipped(own(tmp_path / "own")))
    folder = uploads._folder
    assert folder.stat().st_mode & 0o077 == 0
    del uploads
    gc.collect()
    assert not folder.exists()


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
    elif kind == "large":
        (folder / "more.txt").write_bytes(bytes(3 << 20))
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
        ("large", "unpacks to 3 MB; 1 MB are allowed"),
        ("markup", "none of < >"),
        ("class", "no links"),
    ],
)
def test_what_is_not_sound_is_refused(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, words: str
) -> None:
    monkeypatch.setattr(_uploads, "_UNPACKED", 1)
    uploads = Uploads(models)
    with pytest.raises(BundleError, match=words):
        uploads.take(broken(kind, tmp_path / "own"))
    assert files(uploads) == []
    assert list(models) == ["listed"]
    assert "mine" not in models


def test_a_large_file_is_refused_before_it_is_read(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_uploads, "LIMIT", 0)
    monkeypatch.setattr(zipfile, "is_zipfile", lambda _: pytest.fail("it was read"))
    path = zipped(own(tmp_path / "own"))
    with pytest.raises(BundleError, match=r"own\.zip is larger than 0 MB.*diabolo ui"):
        Uploads(models).take(path)
    assert not path.exists()
