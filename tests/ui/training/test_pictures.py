"""A zip or a folder to train on: what is unpacked, and what is refused with the reason."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from diabolo.train.errors import DataError
from diabolo.ui.training.pictures import check_folder, here, unpack


def png() -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "PNG")
    return out.getvalue()


def zipped(path: Path, *names: str, content: bytes | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, png() if content is None else content)
    return path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_pictures_are_unpacked_with_their_folders(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "x.zip", "cats/1.png", "dogs/2.PNG", "notes.txt", "__MACOSX/cats/1.png", ".a.png"
    )
    found = unpack(archive, "my pets.zip", tmp_path / "runs" / "pictures")
    assert found == tmp_path / "runs" / "pictures" / "my-pets"
    assert files(found) == {"cats/1.png", "dogs/2.PNG"}


def test_a_second_zip_of_a_name_has_a_folder_of_its_own(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", "1.png")
    first, second = (unpack(archive, "x.zip", tmp_path / "in") for _ in range(2))
    assert (first.name, second.name) == ("x", "x-2")


def test_a_zip_without_pictures_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", "a.txt", "b.csv")
    with pytest.raises(DataError, match=r"x\.zip has no pictures: none of its 2 files is one\. Zip a folder"):
        unpack(archive, "x.zip", tmp_path / "in")
    assert not (tmp_path / "in").exists()


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it is empty"):
        unpack(zipped(tmp_path / "x.zip"), "x.zip", tmp_path / "in")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04" + bytes(40)])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as a zip"):
        unpack(tmp_path / "x.zip", "x.zip", tmp_path / "in")


def test_no_file_leaves_the_folder(tmp_path: Path) -> None:
    names = ("../out.png", "/tmp/out.png", "a/../../out.png", "C:\\out.png", "in.png")  # noqa: S108 - in a zip
    found = unpack(zipped(tmp_path / "x.zip", *names), "../../x.zip", tmp_path / "in")
    assert found == tmp_path / "in" / "x"
    assert files(tmp_path) == {"x.zip", "in/x/in.png"}


def test_links_are_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="has no pictures"):
        unpack(tmp_path / "x.zip", "x.zip", tmp_path / "in")


def test_a_damaged_picture_leaves_nothing(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", "1.png", content=bytes(5000))
    content = bytearray(archive.read_bytes())
    content[100] ^= 255  # its checksum does not hold any more
    archive.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        unpack(archive, "x.zip", tmp_path / "in")
    assert files(tmp_path / "in") == set()


def test_a_zip_of_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.ui.training.pictures._MOST_BYTES", 10)
    with pytest.raises(DataError, match="Unpack it yourself"):
        unpack(zipped(tmp_path / "x.zip", "1.png"), "x.zip", tmp_path / "in")


def test_a_folder_is_given_by_its_path(tmp_path: Path) -> None:
    assert check_folder(f" {tmp_path} ") == str(tmp_path.resolve())


@pytest.mark.parametrize("written", ["", "  ", "/no/such/folder", "a\0b", "x" * 5000])
def test_a_folder_that_is_not_there_is_named(written: str) -> None:
    with pytest.raises(DataError, match="no folder at"):
        check_folder(written)


def test_glyphs_are_always_here() -> None:
    assert "glyphs" in [one["name"] for one in here()]
