"""Commands among things that are not files: each is named, none is opened, and the rest is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from _images import load_folder, save
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import BundleError, ImageError
from diabolo.runtime.image.convert import open_image, prepare
from diabolo.train.errors import DataError
from diabolo.ui.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="named pipes and such links are POSIX's")

ODD = {
    "pipe.png": "it is a named pipe, not a file",
    "device.png": "it is a device, not a file",
    "itself.png": "it is a link that leads back to itself",
    "gone.png": "it is a link that leads nowhere",
}
LIMIT = 60  # seconds; who waits for a pipe waits for ever


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `bundle`, and a folder `in` with two pictures between what is not a picture."""
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "bundle", latent_shape=(4, 4, 4))
    for number, name in enumerate(("in/a.png", "in/sub/b.png")):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 100 * number, np.uint8)).save(name)
    odd(Path("in"))
    return tmp_path


def odd(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    (folder / "device.png").symlink_to("/dev/zero")
    (folder / "itself.png").symlink_to("itself.png")
    (folder / "gone.png").symlink_to("nowhere.png")


def call(*arguments: str) -> Result:
    """The command, stopped where it waits."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"{arguments} waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        return CliRunner().invoke(main, arguments)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("command", ["encode", "reconstruct", "denoise"])
@pytest.mark.parametrize("given", ["in", "**/*.png", "in/*"])
def test_the_rest_is_done(place: Path, command: str, given: str) -> None:
    Path("in/round").symlink_to(".")
    Path("in/again").symlink_to("..")  # two links would lead '**' round 2 ** 40 times
    extra = ["-o", "c.npz"] if command == "encode" else ["--noise", "gaussian:0.1"] * (command == "denoise")
    files = [given] if given != "in/*" else [f"in/{name}" for name in ("a.png", "sub")]
    done = call(command, "bundle", *files, *extra, "--json")
    assert done.exit_code == 0, done.stderr
    assert "2 images" in done.stderr
    failed = {row["file"]: row["reason"] for row in json.loads(done.stdout)["failed"]}
    wanted = (
        {} if given == "in/*" else {f"in/{name}": f"in/{name} cannot be read: {ODD[name]}." for name in ODD}
    )
    assert failed == wanted
    assert all(reason in done.stderr for reason in failed.values())


@pytest.mark.parametrize(
    "command", ["encode bundle -o c.npz", "reconstruct bundle", "interpolate bundle -o o.png"]
)
@pytest.mark.parametrize("name", ODD)
def test_what_is_named_itself_is_refused(place: Path, command: str, name: str) -> None:
    done = call(*command.split(), f"in/{name}")
    assert done.exit_code == 2
    assert f"'in/{name}' cannot be read: {ODD[name]}. Give image files" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("c.npz").exists()


@pytest.mark.parametrize("name", ODD)
def test_among_what_the_shell_made_of_a_pattern_it_is_skipped(place: Path, name: str) -> None:
    """As in a folder, and as in training."""
    done = call("encode", "bundle", "in/a.png", f"in/{name}", "-o", "c.npz", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["failed"] == [
        {"file": f"in/{name}", "reason": f"in/{name} cannot be read: {ODD[name]}."}
    ]
    done = call("interpolate", "bundle", "in/a.png", f"in/{name}", "-o", "o.png")
    assert (done.exit_code, ODD[name] in done.stderr) == (2, True)


def test_commands_and_training_find_the_same_files(tmp_path: Path) -> None:
    """A class may be a link; other links, and what is not read, are the same to both."""
    save(tmp_path / "elsewhere", 6, "L")
    photos = save(tmp_path / "photos" / "a", 6, "L", start=10).parent
    (photos / "b").symlink_to("../elsewhere")
    (photos / "again").symlink_to("a")
    (photos / "up").symlink_to("..")
    (photos / "a" / "deeper").symlink_to("../../elsewhere")
    (photos / "round").symlink_to("round")
    (photos / "a" / "x.heic").write_bytes(b"x")
    bundle = save_pair(tmp_path / "bundle", latent_shape=(4, 4, 4))
    done = call("encode", str(bundle), str(photos), "-o", str(tmp_path / "c.npz"), "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    data = load_folder(photos)
    assert found["count"] == len(data.train) + len(data.test) == 12
    assert [row["file"] for row in found["failed"]] == [f"{photos}/{name}" for name, _ in data.skipped]
    told = "files of types that cannot be read are ignored: 1 heic (to read heic: pip install pillow-heif)"
    assert told in data.notes
    assert f"note: {told}" in done.stderr


def test_interpolate_names_what_is_in_its_way(place: Path) -> None:
    done = call("interpolate", "bundle", "in", "-o", "o.png")
    assert done.exit_code == 2
    assert "in/device.png cannot be read: it is a device" in done.stderr


def test_other_files_that_commands_read(place: Path) -> None:
    for ending in ("npz", "npy", "csv", "json"):
        os.mkfifo(f"codes.{ending}")
    for ending in ("npz", "npy", "csv"):
        done = call("decode", "bundle", f"codes.{ending}", "-o", "back")
        assert (done.exit_code, "cannot be read: it is a named pipe" in done.stderr) == (2, True), done.stderr
    done = call("interpolate", "bundle", "--path", "codes.json", "-o", "o.png")
    assert (done.exit_code, "cannot be read: it is a named pipe" in done.stderr) == (2, True), done.stderr
    done = call("datasets", "get", "in/pipe.png")
    assert (done.exit_code, "it is a named pipe" in done.stderr) == (1, True), done.stderr


def test_bundles(place: Path) -> None:
    os.mkfifo("pipe.zip")
    Path("nowhere.zip").symlink_to("gone.zip")
    Path("circle").symlink_to("circle")
    for name, reason in (
        ("pipe.zip", "a named pipe"),
        ("nowhere.zip", "leads nowhere"),
        ("circle", "back to itself"),
        ("/dev/null", "a device"),
    ):
        with pytest.raises(BundleError, match=reason):
            Bundle.open(name)
        for command in ("info", "verify", "bench"):
            assert call(command, name).exit_code == 1, command
    Path("bundle/decoder.onnx").unlink()
    os.mkfifo("bundle/decoder.onnx")
    for arguments in (
        ("verify", "bundle"),
        ("bench", "bundle"),
        ("encode", "bundle", "in/a.png", "-o", "c.npy"),
    ):
        done = call(*arguments)
        assert done.exit_code == 1
        assert "decoder.onnx is not a regular file" in done.stdout + done.stderr
    Path("bundle/model.json").unlink()
    os.mkfifo("bundle/model.json")
    with pytest.raises(BundleError, match=r"no model\.json"):
        Bundle.open("bundle")


@pytest.mark.parametrize("name", ODD)
def test_pictures_in_python(place: Path, name: str) -> None:
    path = Path("in") / name
    model = Autoencoder.load("bundle", device="cpu")
    for read in (open_image, lambda path: prepare(path, (1, 8, 8)), model.encode):
        with pytest.raises(ImageError, match=ODD[name]):
            read(path)
    with pytest.raises(ImageError, match="it is a folder"):
        open_image("in")
    with pytest.raises(ImageError, match="there is no picture at"):
        open_image("in/missing.png")


def test_training_names_the_same(tmp_path: Path) -> None:
    save(tmp_path / "photos", 12)
    odd(tmp_path / "photos")
    data = load_folder(tmp_path / "photos")
    assert dict(data.skipped) == ODD
    with pytest.raises(DataError, match="it is a named pipe"):
        load_folder(tmp_path / "photos" / "pipe.png")


WITHOUT_RIGHTS = """
import ctypes, os, sys
if os.geteuid() == 0:  # root may do anything, but for its capabilities
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, none) == 0
from diabolo.ui.cli import main
main(sys.argv[1:])
"""


def without_rights(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command run by somebody whom modes of files keep out."""
    words = [sys.executable, "-c", WITHOUT_RIGHTS, *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=LIMIT, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
def test_what_is_not_allowed(place: Path) -> None:
    Path("in/b.png").write_bytes(Path("in/a.png").read_bytes())
    Path("in/b.png").chmod(0)
    Path("in/locked/deep").mkdir(parents=True)
    Path("in/listed").mkdir()
    Path("in/listed/c.png").write_bytes(Path("in/a.png").read_bytes())
    Path("in/locked").chmod(0)
    Path("in/listed").chmod(0o444)
    try:
        done = without_rights("reconstruct", "bundle", "in", "--json")
        assert done.returncode == 0, done.stderr
        failed = {row["file"]: row["reason"] for row in json.loads(done.stdout)["failed"]}
        assert failed.keys() == {"in/b.png", "in/locked", "in/listed/c.png", *(f"in/{name}" for name in ODD)}
        assert failed["in/locked"] == "in/locked cannot be read: permission denied."
        assert all("ermission denied" in failed[f"in/{name}"] for name in ("b.png", "listed/c.png"))
        for given in ("in/locked", "in/locked/deep/x.png"):
            done = without_rights("reconstruct", "bundle", given)
            assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert "permission denied" in without_rights("reconstruct", "bundle", "in/locked").stderr
        done = without_rights("info", "in/locked/deep")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    finally:
        Path("in/locked").chmod(0o755)
        Path("in/listed").chmod(0o755)
