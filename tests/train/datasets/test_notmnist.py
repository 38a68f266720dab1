"""notMNIST: a made-up set of its form, as a folder and as the archive; the real one by hand."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from _images import check, everything, labels_of, pixels
from PIL import Image

from diabolo.train.datasets import Fitting, ImageData, LoadRequest, load, notmnist
from diabolo.train.errors import DataError

LETTERS = "ABCDEFGHIJ"
EACH = 13  # good images a letter, one of them the same for all
REAL = os.environ.get("DIABOLO_DATA", "")


def letter(seed: int, side: int = 28) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with the set in it: two files empty and one too large, as in the original."""
    root = tmp_path / "data" / "notMNIST_small"
    for place, name in enumerate(LETTERS):
        (root / name).mkdir(parents=True)
        for index in range(EACH):
            seed = 100 * place + index if index else 12345
            letter(seed).save(root / name / f"{'abcdefghijklm'[index]}==.png")
    (root / "A" / "RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png").write_bytes(b"")
    (root / "F" / "Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png").write_bytes(b"")
    letter(1, 32).save(root / "C" / "large.png")
    return tmp_path / "data"


SKIPPED = [
    ("A/RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png", "not an image"),
    ("C/large.png", "32 x 32 pixels, not 28 x 28"),
    ("F/Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png", "not an image"),
]


def packed(home: Path, target: Path) -> Path:
    """The folder as an archive like the original; its data folder."""
    target.mkdir()
    with tarfile.open(target / "notMNIST_small.tar.gz", "w:gz") as archive:
        archive.add(home / "notMNIST_small", "notMNIST_small")
    return target


def loaded(home: Path, **options: object) -> ImageData:
    data = load("notmnist", LoadRequest(data_dir=home, fitting=Fitting(**options)))  # type: ignore[arg-type]
    check(data)
    return data


def test_folder(home: Path) -> None:
    data = loaded(home)
    assert data.image_shape == (1, 28, 28)
    assert data.classes == tuple(LETTERS)
    assert len(everything(data)) == 10 * EACH
    assert list(data.skipped) == SKIPPED
    assert data.notes[0].startswith("3 files cannot be read: A/RGV")
    for split in (data.train, data.test):
        for image, label in zip(split.images[:], labels_of(split), strict=True):
            own = (letter(seed) for seed in (12345, *range(100 * label + 1, 100 * label + EACH)))
            assert any(np.array_equal(image[0], np.asarray(picture)) for picture in own)


@pytest.mark.parametrize("inside", ["", "notMNIST"])
def test_archive(home: Path, tmp_path: Path, inside: str) -> None:
    folder, root = loaded(home), packed(home, tmp_path / "packed")
    if inside:
        (root / inside).mkdir()
        (root / "notMNIST_small.tar.gz").rename(root / inside / "notMNIST_small.tar.gz")
    archive = loaded(root)
    assert pixels(archive) == pixels(folder)
    assert labels_of(archive.train).tolist() == labels_of(folder.train).tolist()
    assert archive.provenance == folder.provenance
    assert archive.skipped == folder.skipped


def test_no_image_is_in_both_splits(home: Path) -> None:
    """One stands under all ten letters."""
    data = loaded(home)
    train, test = ({image.tobytes() for image in split.images[:]} for split in (data.train, data.test))
    assert not train & test
    common = np.asarray(letter(12345)).tobytes()
    assert sum(image.tobytes() == common for image in everything(data)) == 10


def test_a_part_is_split_as_the_whole_is(home: Path, tmp_path: Path) -> None:
    whole = loaded(home)
    shutil.copytree(home, tmp_path / "part")
    for path in (tmp_path / "part").rglob("[b-d]==.png"):
        path.unlink()
    part = loaded(tmp_path / "part")
    tests = {image.tobytes() for image in whole.test.images[:]}
    assert len(part.train) + len(part.test) == 10 * (EACH - 3)
    assert {image.tobytes() for image in part.test.images[:]} <= tests
    assert not {image.tobytes() for image in part.train.images[:]} & tests


def test_a_sixth_is_for_the_test() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3000, 1, 28, 28), np.uint8)
    share = sum(map(notmnist._tests, images)) / 3000
    assert share == pytest.approx(1 / 6, abs=0.025)  # 3.5 standard deviations


def test_the_second_load_decodes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loaded(home)
    monkeypatch.delattr(notmnist, "decode")
    assert pixels(loaded(home)) == pixels(first)
    assert loaded(home).skipped == first.skipped


def test_size_and_colour(home: Path) -> None:
    plain, data = loaded(home), loaded(home, image_size=(20, 32), colour=True, resize="pad")
    assert data.image_shape == (3, 20, 32)
    assert data.provenance == plain.provenance
    assert labels_of(data.test).tolist() == labels_of(plain.test).tolist()
    assert (data.train.images[:][..., :6] == 255).all()


# Damage


def test_letters_that_lack(home: Path) -> None:
    for name in "DH":
        shutil.rmtree(home / "notMNIST_small" / name)
    with pytest.raises(DataError, match=r"notMNIST_small lacks the folders D, H\. Unpack .*--data-dir"):
        loaded(home)


def test_odd_files_in_the_folder(home: Path) -> None:
    expected = loaded(home)
    letters = home / "notMNIST_small"
    (letters / "A" / "._a==.png").write_bytes(b"x")
    (letters / "A" / "Thumbs.db").write_bytes(b"x")
    (letters / "B" / "deeper").mkdir()
    letter(7).save(letters / "B" / "deeper" / "x.png")
    (letters / "X").mkdir()
    letter(8).save(letters / "X" / "x.png")
    os.mkfifo(letters / "D" / "pipe.png")
    (letters / "E" / "gone.png").symlink_to("nowhere")
    (letters / "G" / "folder.png").mkdir()
    data = loaded(home)
    assert pixels(data) == pixels(expected)
    odd = [
        ("D/pipe.png", "it is a named pipe, not a file"),
        ("E/gone.png", "it is a link that leads nowhere"),
    ]
    assert list(data.skipped) == sorted(SKIPPED + odd)


def test_a_file_that_may_not_be_read(nobody: Path) -> None:
    for name in LETTERS:
        (nobody / "notMNIST_small" / name).mkdir(parents=True)
        for index in range(11):
            letter(ord(name) * 20 + index).save(nobody / "notMNIST_small" / name / f"{index}.png")
    (nobody / "notMNIST_small" / "J" / "3.png").chmod(0)
    data = loaded(nobody)
    assert data.skipped == (("J/3.png", "permission denied"),)
    assert len(everything(data)) == 109


def test_many_broken_files_make_one_short_note(home: Path) -> None:
    for index in range(50):
        (home / "notMNIST_small" / "I" / f"x{index}.png").write_bytes(b"x")
    data = loaded(home)
    assert len(data.skipped) == 53
    assert data.notes[0].endswith("and 50 more")


def test_too_few(home: Path) -> None:
    for path in (home / "notMNIST_small").rglob("[a-f]==.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"holds 70 letters that can be read\. Unpack or fetch"):
        loaded(home)


@pytest.mark.parametrize("kind", ["cut", "changed", "no archive", "no gzip", "empty"])
def test_a_damaged_archive(home: Path, tmp_path: Path, kind: str) -> None:
    path = packed(home, tmp_path / "packed") / "notMNIST_small.tar.gz"
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "cut": whole[:middle],
            "changed": whole[:middle] + bytes(64) + whole[middle + 64 :],
            "no archive": gzip.compress(b"hello" * 1000),
            "no gzip": b"<html>404</html>",
            "empty": b"",
        }[kind]
    )
    with pytest.raises(DataError, match=r"notMNIST_small\.tar\.gz .*(is damaged|holds \d+ letters)"):
        loaded(tmp_path / "packed")


def test_an_archive_that_may_not_be_read(nobody: Path) -> None:
    (nobody / "notMNIST_small.tar.gz").write_bytes(b"x")
    (nobody / "notMNIST_small.tar.gz").chmod(0)
    with pytest.raises(DataError, match=r"cannot read .*tar\.gz: [Pp]ermission denied\. Mend that") as caught:
        loaded(nobody)
    assert "damaged" not in str(caught.value)


def test_a_hostile_archive(home: Path, tmp_path: Path) -> None:
    """Names that lead out, links and devices are not seen; nothing is written where they point."""
    expected = loaded(home)
    packed(home, tmp_path / "packed")
    with tarfile.open(tmp_path / "packed" / "notMNIST_small.tar.gz", "w:gz") as archive:
        archive.add(home / "notMNIST_small", "notMNIST_small")
        content = io.BytesIO()
        letter(77).save(content, "png")
        for name in ("../A/out.png", "notMNIST_small/../../B/out.png", "A/._a==.png"):
            member = tarfile.TarInfo(name)
            member.size = content.tell()
            archive.addfile(member, io.BytesIO(content.getvalue()))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo(f"notMNIST_small/C/odd{kind.decode()}.png")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    before = sorted(tmp_path.rglob("*.png"))
    data = loaded(tmp_path / "packed")
    assert pixels(data) == pixels(expected)
    assert data.skipped == expected.skipped
    assert sorted(tmp_path.rglob("*.png")) == before


def test_a_name_twice_in_an_archive(home: Path, tmp_path: Path) -> None:
    expected = loaded(home)
    packed(home, tmp_path / "packed")
    with tarfile.open(tmp_path / "packed" / "notMNIST_small.tar.gz", "w:gz") as archive:
        for prefix in ("notMNIST_small", "copy"):
            archive.add(home / "notMNIST_small", prefix)
    data = loaded(tmp_path / "packed")
    assert pixels(data) == pixels(expected)
    assert data.skipped == expected.skipped


@pytest.mark.long
@pytest.mark.skipif(
    not (Path(REAL) / "notMNIST_small").is_dir(), reason="needs DIABOLO_DATA with notMNIST_small"
)
def test_the_real_one() -> None:
    data = loaded(Path(REAL))
    assert len(everything(data)) in (14_333, 18_724)
    train, test = ({image.tobytes() for image in split.images[:]} for split in (data.train, data.test))
    assert not train & test
    assert len(data.test) / len(everything(data)) == pytest.approx(1 / 6, abs=0.01)
    assert set(labels_of(data.test)) == set(range(10))
