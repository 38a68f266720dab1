"""`encode` and `decode` with .bits: codes of a model with a codebook in as few bytes as they take."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.bundle import manifest
from diabolo.ui.cli import main
from diabolo.ui.cli._files.packed import MAGIC

VECTORS = np.array([[0.0], [0.25], [0.5], [0.75], [1.0]], np.float32)  # five: three bits
NAMES = ["a.png", "b/c.png", "數字.png"]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def with_codebook(folder: Path, vectors: np.ndarray) -> Path:
    """A bundle, and a codebook of vectors of one number."""
    save_pair(folder, latent_shape=(1, 8, 8), latent={"distribution": "codebook"}, format_version=2)
    raw = io.BytesIO()
    np.savez(raw, vectors=vectors, frequencies=np.ones(len(vectors)))
    (folder / "codebook.npz").write_bytes(raw.getvalue())
    document = json.loads((folder / "model.json").read_text("utf-8"))
    document["files"]["codebook.npz"] = {
        "role": "codebook",
        "sha256": hashlib.sha256(raw.getvalue()).hexdigest(),
        "size": len(raw.getvalue()),
    }
    (folder / "model.json").write_bytes(manifest.seal(document))
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `bundle` with a codebook of five vectors, and a folder of images."""
    monkeypatch.chdir(tmp_path)
    with_codebook(tmp_path / "bundle", VECTORS)
    for number, name in enumerate(NAMES):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        inner = np.random.default_rng(number).integers(0, 256, (6, 6)).astype(np.uint8)
        Image.fromarray(np.pad(inner, 1)).save(path)
    return tmp_path


def test_codes_come_back_as_the_images(place: Path) -> None:
    done = call("encode", "bundle", "in", "-o", "codes.bits", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["bytes_per_image"], told["bits_per_pixel"]) == (8 * 8 * 3 // 8, 3)
    assert "24 bytes per image: 3 bits per pixel" in done.stderr
    raw = Path("codes.bits").read_bytes()
    head = json.loads(raw[12 : 12 + int.from_bytes(raw[8:12], "little")])
    assert raw.startswith(MAGIC)
    assert (head["count"], head["vectors"], head["positions"]) == (3, 5, [8, 8])
    assert len(raw) == 12 + int.from_bytes(raw[8:12], "little") + 3 * 24
    assert call("decode", "bundle", "codes.bits", "-o", "back").exit_code == 0
    model = Autoencoder.load("bundle", device="cpu")
    for name in NAMES:
        wanted = model.decode(model.latent_space.quantise(model.encode(Path("in", name))))
        with Image.open(Path("back", name)) as after:
            assert np.abs(wanted[0, 0] * 255 - np.asarray(after)).max() <= 1


def test_other_models_are_refused(place: Path) -> None:
    assert call("encode", "bundle", "in", "-o", "codes.bits").exit_code == 0
    with_codebook(place / "other", VECTORS[::-1])
    save_pair(place / "without")
    for bundle, said in (("other", "written with another model"), ("without", "this model has none")):
        done = call("decode", bundle, "codes.bits", "-o", "back")
        assert done.exit_code in (1, 2)
        assert said in done.stderr
    assert not Path("back").exists()
    done = call("encode", "without", "in", "-o", "more.bits")
    assert done.exit_code == 2
    assert "Choose another ending: .npz, .npy, .csv" in " ".join(done.stderr.split())
    assert not Path("more.bits").exists()


def test_damage_is_found(place: Path) -> None:
    assert call("encode", "bundle", "in", "-o", "codes.bits").exit_code == 0
    raw = Path("codes.bits").read_bytes()
    end = 12 + int.from_bytes(raw[8:12], "little")
    for changed in (
        b"",
        b"x" + raw[1:],
        raw[:-1],
        raw + b"\0",
        raw[: end - 1],
        raw[:8] + b"\xff\xff\xff\xff" + raw[12:],
        raw[:12] + b"[" * (end - 12) + raw[end:],
        raw[:12] + b"{}".ljust(end - 12) + raw[end:],
        raw[:end] + b"\xff" * 72,  # the index 7
    ):
        Path("bad.bits").write_bytes(changed)
        done = call("decode", "bundle", "bad.bits", "-o", "back")
        assert done.exit_code in (1, 2), changed[:40]
        assert "bad.bits" in done.stderr
        assert "Traceback" not in done.output
        assert not Path("back").exists()
