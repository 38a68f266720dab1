"""What a visitor's model answers from its process, what is no answer, and what is not even asked."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _coded import save_coded
from _hostile import npz, packed, sealed, sound
from _pair import save_pair
from _sandboxed import BRIGHT, DARK, SMALL, Run, gone, running, until
from _zipped import change, zipped

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import BundleError, GraphError, UsageError
from diabolo.ui.errors import ModelStoppedError
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.sandbox._answering import Answering
from diabolo.ui.sandbox.check import check
from diabolo.ui.sandbox.pool import Pool


@pytest.fixture
def run() -> Iterator[Run]:
    with running() as run:
        yield run


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(save_coded(tmp_path_factory.mktemp("good") / "good"))


@pytest.mark.parametrize("latent_shape", [(7,), (2, 4, 4)])
def test_it_answers_as_in_this_process(tmp_path: Path, latent_shape: tuple[int, ...], run: Run) -> None:
    path = zipped(save_coded(tmp_path / "same", latent_shape))
    plain, pool = Autoencoder.load(path, device="cpu"), Pool(VisitorLimits())
    model, _ = run.start(path, pool)
    rng = np.random.default_rng(0)
    for count in (0, 1, 9000):  # more than go at once
        images = rng.random((count, 1, 8, 8), np.float32)
        np.testing.assert_array_equal(model.encode(images), plain.encode(images))
        np.testing.assert_array_equal(model.reconstruct(images), plain.reconstruct(images))
    latents = rng.standard_normal((9000, *latent_shape)).astype(np.float32)
    np.testing.assert_array_equal(model.decode(latents), plain.decode(latents))
    np.testing.assert_array_equal(model.sample(5, seed=3), plain.sample(5, seed=3))
    whole, theirs = (one._graphs.encode_whole(BRIGHT) for one in (model, plain))
    assert whole.keys() == theirs.keys()
    np.testing.assert_array_equal(whole["latent"], theirs["latent"])
    assert "process of its own" in model.device.reason
    assert dataclasses.replace(model.device, reason="") == dataclasses.replace(plain.device, reason="")


def test_a_model_of_any_size_answers_as_in_this_process(tmp_path: Path, run: Run) -> None:
    # a latent larger than those of models of one size may be: its statistics are by channel
    path = zipped(save_pair(tmp_path / "any", any_size=True, image_shape=(3, 256, 256)))
    plain, pool = Autoencoder.load(path, device="cpu"), Pool(VisitorLimits())
    model, _ = run.start(path, pool)
    rng = np.random.default_rng(0)
    for shape in ((1, 3, 1, 1), (3, 3, 37, 50), (2, 3, 600, 400)):
        images = rng.random(shape, np.float32)
        np.testing.assert_array_equal(model.encode(images), plain.encode(images))
        np.testing.assert_array_equal(model.reconstruct(images, tile=256), plain.reconstruct(images))
    with pytest.raises(UsageError, match="too many for one call"):
        model.reconstruct(np.zeros((1, 3, 5000, 4000), np.float32), tile=0)


def test_too_many_numbers_in_one_call(good: Path, run: Run) -> None:
    model, hosted = run.start(good, Pool(dataclasses.replace(SMALL, values=640)))
    assert len(model.sample(10)) == 10
    with pytest.raises(UsageError, match=r"11 images of 64 numbers .* at most 10 images"):
        model.sample(11)
    assert hosted.running


def test_codes_are_bounded(tmp_path: Path) -> None:
    path = zipped(save_coded(tmp_path / "codes", (60,), count=3000))  # twice 3,000 times 60 numbers
    with pytest.raises(BundleError, match=r"it has codes of 1\.\d MB; at most 1 MB"):
        check(path, Pool(dataclasses.replace(SMALL, codes_mb=1)))


def test_codes_count_as_the_app_holds_them(tmp_path: Path) -> None:
    files = sound(tmp_path)
    codes = np.ones((100, 2), np.uint8)
    path = packed(
        tmp_path / "few.zip", sealed(files | {"codes.npz": npz(tmp_path / "c.npz", {"codes": codes})})
    )
    assert Answering()._check(str(path))["codes"] == 100 * 2 * 4


def test_a_codebook_counts_as_codes(tmp_path: Path) -> None:
    def counted(role: str) -> int:
        (tmp_path / role).mkdir()
        files = sealed(
            sound(tmp_path / role) | {"codebook.npz": book},
            lambda document: document["files"]["codebook.npz"].update(role=role),
        )
        return int(Answering()._check(str(packed(tmp_path / f"{role}.zip", files)))["codes"])

    book = npz(tmp_path / "b.npz", {"vectors": np.ones((300, 2), np.float32)})
    assert counted("codebook") - counted("other") == 300 * 2 * 4


def test_model_json_is_bounded(tmp_path: Path) -> None:
    folder = change(save_coded(tmp_path / "many"), many=[[]] * 100_000)
    with pytest.raises(BundleError, match=r"it has 100,\d+ values in model\.json; at most 100,008 are"):
        check(zipped(folder), Pool(SMALL))


def test_what_the_app_itself_reads_is_bounded(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "diabolo.runtime.bundle._bundle.external_tensors", lambda _: pytest.fail("looked into")
    )
    sound = check(good, Pool(SMALL))
    assert sound.bundle.read_graph("decoder") == sound.bundle.read("decoder.onnx")
    sound.bundle.largest = 100  # type: ignore[attr-defined]
    with pytest.raises(BundleError, match=r"decoder\.onnx has 0 MB, more than this app reads"):
        sound.bundle.read_graph("decoder")
    sound.end()


def test_a_call_that_fails_is_told_and_costs_nothing(tmp_path: Path, run: Run) -> None:
    """A graph that takes one image only, against what it says."""
    import onnx

    folder = save_coded(tmp_path / "one")
    model = onnx.load_from_string((folder / "encoder.onnx").read_bytes())
    for constant in model.graph.initializer:
        if constant.name == "shape":
            constant.CopyFrom(onnx.numpy_helper.from_array(np.array([1, 2]), "shape"))
    raw = model.SerializeToString()
    (folder / "encoder.onnx").write_bytes(raw)
    _seal(folder, raw)
    opened, hosted = run.start(zipped(folder), Pool(SMALL))
    before = hosted.pid
    with pytest.raises(GraphError, match="could not compute the encoder"):
        opened.encode(np.zeros((2, 1, 8, 8), np.float32))
    assert opened.encode(DARK).shape == (1, 2)
    assert hosted.pid == before


def _seal(folder: Path, raw: bytes) -> None:
    import hashlib
    import json

    files = json.loads((folder / "model.json").read_text("utf-8"))["files"]
    files["encoder.onnx"] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    change(folder, files=files)


def test_one_that_crashes_is_started_again(good: Path, run: Run) -> None:
    model, hosted = run.start(good, Pool(SMALL))
    assert hosted.pid is not None
    os.kill(hosted.pid, signal.SIGSEGV)
    assert until(lambda: not hosted.running)  # its threads end one after another
    assert model.encode(DARK).shape == (1, 2)  # it had died between two calls: nobody was hurt
    assert run.thrown_out == []


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",  # a header of 4 GB
        b"\x03\x00\x00\x00[1]",
        b"\x02\x00\x00\x00{]",
        b'\x2a\x00\x00\x00{"shape": [1, 3],     "dtype": "float32"}  ',
        b'\x2a\x00\x00\x00{"shape": [1, 2],     "dtype": "float64"}  ',
        b'\x1f\x00\x00\x00{"shape": "all", "dtype": null}',
    ],
)
def test_nonsense_is_no_answer(good: Path, run: Run, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    import io

    model, hosted = run.start(good, Pool(SMALL))
    worker = hosted._worker
    assert worker is not None
    monkeypatch.setattr(worker, "_stdout", io.BytesIO(said + bytes(100)))
    with pytest.raises(ModelStoppedError, match="its encoder gave an invalid answer"):
        model.encode(DARK)
    assert not hosted.running


@pytest.mark.parametrize(
    "said",
    [{}, {"checks": 3}, {"checks": [{"name": "it"}]}, {"checks": [], "codes": 0, "values": 0, "device": {}}],
)
def test_nonsense_is_no_check(good: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]) -> None:
    from diabolo.ui.sandbox._worker import Worker

    pids = []

    def ask(worker: Worker, *asked: Any) -> dict[str, Any]:
        pids.append(worker.pid)
        return said

    monkeypatch.setattr(Worker, "ask", ask)
    with pytest.raises(ModelStoppedError, match=r"good\.zip is not taken: its check gave an invalid answer"):
        check(good, Pool(SMALL))
    assert gone(pids[0])


def test_limits_are_checked() -> None:
    for name in ("kept", "memory_mb", "wait_s"):
        with pytest.raises(UsageError, match=f"{name} must be at least 1, not 0"):
            VisitorLimits(**{name: 0})
    known: dict[str, Any] = dataclasses.asdict(VisitorLimits())
    assert known["uploads"] is True
    assert not VisitorLimits(uploads=False).uploads


def test_one_pixel_too_many_is_not_asked_for(tmp_path: Path) -> None:
    path = zipped(save_pair(tmp_path / "wide", image_shape=(1, 16, 16)))
    with pytest.raises(BundleError, match="images of 256 numbers; at most 255"):
        check(path, Pool(dataclasses.replace(SMALL, image_values=255)))
