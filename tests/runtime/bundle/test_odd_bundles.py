"""Bundles of which a name, a link or a size is odd: opening them and verifying them tells it in words."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from _hostile import packed, sealed, sound

from diabolo.runtime import Autoencoder, Bundle, verify
from diabolo.runtime.errors import BundleError, IntegrityError, ManifestError


@pytest.mark.parametrize(
    ("whole", "odd"),
    [(b"batch", b"ba\xffch"), (b"image", b"im\xffge"), (b"latent", b"lat\xffnt")],
    ids=["dimension", "input", "output"],
)
def test_a_name_that_is_no_text_is_told(whole: bytes, odd: bytes, tmp_path: Path) -> None:
    files = sound(tmp_path)
    files["encoder.onnx"] = files["encoder.onnx"].replace(whole, odd)
    path = packed(tmp_path / "a.zip", sealed(files))
    with pytest.raises(ManifestError, match=r"encoder\.onnx is not the graph .*\\xff.* is not UTF-8"):
        Autoencoder.load(path, device="cpu")
    wrong = [check for check in verify(path, device="cpu") if not check.ok]
    assert [check.name for check in wrong] == ["graphs"]


def test_a_graph_that_a_few_bytes_unpack_to_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "a.zip", sealed(sound(tmp_path) | {"encoder.onnx": bytes(20 << 20)}))
    bundle = Bundle.open(path)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(
        IntegrityError, match=r"encoder\.onnx .*from 20,\d+ bytes to 20,971,520; .* 200 times"
    ):
        bundle.read_graph("encoder")


def test_a_file_is_in_memory_once_when_it_is_read(tmp_path: Path) -> None:
    bundle = Bundle.open(packed(tmp_path / "a.zip", sealed(sound(tmp_path) | {"more.bin": bytes(16 << 20)})))
    tracemalloc.start()
    try:
        assert bundle.read("more.bin") == bytes(16 << 20)
        assert tracemalloc.get_traced_memory()[1] < (16 << 20) * 3  # our own copy to compare with is one
    finally:
        tracemalloc.stop()


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    sound(tmp_path)
    path = tmp_path / "sound" / "encoder.onnx"
    path.unlink()
    path.symlink_to(path.name)
    told = rf"{path} (cannot be read: it )?is a link that leads back to itself"
    with pytest.raises(BundleError, match=told):
        Bundle.open(tmp_path / "sound").read("encoder.onnx")
    wrong = [check.name for check in verify(tmp_path / "sound", device="cpu") if not check.ok]
    assert wrong == ["encoder.onnx"]
