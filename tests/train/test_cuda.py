"""On a real GPU: ready-made models answer there as here, and what is trained there is trained.

Without one these are skipped; `python -m pytest tests/train/test_cuda.py` runs them where there is one.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from _stopper import Stopper

from diabolo.export import export_run
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import zoo
from diabolo.runtime.image.convert import as_batch
from diabolo.runtime.session._graphs import run_bound
from diabolo.train import Config, Run, fit, resume, variants
from diabolo.train.errors import StoppedError

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")


def test_what_must_be_there_is_found() -> None:
    assert len(zoo.names()) >= 11
    assert {"autoencoder", "sparse", "denoising", "vae", "conv"} <= set(variants.names())


@pytest.mark.parametrize("name", zoo.names())
def test_a_ready_model_answers_there_as_here(name: str) -> None:
    assert [check for check in verify(name, device="cuda") if not check.ok] == []
    there, here = (Autoencoder.load(name, device=device) for device in ("cuda", "cpu"))
    assert there.device.active == "cuda"
    assert there.device.reason.startswith("asked for")
    assert Autoencoder.load(name).device.active == "cuda"
    images = np.random.default_rng(0).random((3000, *there.manifest.image_shape), np.float32)
    for count in (1, 17, 3000):
        off = there.reconstruct(images[:count]) - here.reconstruct(images[:count])
        if there.manifest.document["graphs"]["dtype"] == "int8":  # each device rounds at other places
            assert float(np.sqrt(np.square(off).mean())) <= 0.01, count
        else:
            assert np.abs(off).max() <= 1e-3, count


@pytest.mark.parametrize("name", zoo.names())
def test_latents_that_stay_there_are_those_that_came_back(name: str) -> None:
    model = Autoencoder.load(name, device="cuda")
    images = np.random.default_rng(0).random((17, *model.manifest.image_shape), np.float32)
    assert model.device.memory == "cuda"
    stayed, came_back = (run_bound(model._graphs, images, memory) for memory in ("cuda", "cpu"))
    assert np.abs(stayed - came_back).max() <= 1e-3
    assert np.abs(stayed - model.decode(model.encode(images))).max() <= 1e-3


def settings(pictures: Path, variant: str, **more: object) -> Config:
    options = {"latent_dim": 6, "batch_size": 20, "lr": 3e-3, "device": "cuda"} | more
    return Config.make(variant, str(pictures), **options)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("variant", variants.names())
def test_a_variant_trains_there_and_answers_anywhere(
    variant: str, precision: str, pictures: Path, tmp_path: Path
) -> None:
    run = fit(settings(pictures, variant, epochs=40, precision=precision), tmp_path / "run")
    history = run.history()
    assert history[-1]["loss"] < history[0]["loss"]
    assert 0 < json.loads((run.path / "metrics.json").read_text())["mse"] < 0.2
    _, model = run.load()
    images = as_batch(sorted(pictures.rglob("*.png")), run.image_shape)
    with torch.inference_mode():
        assert float(model(torch.from_numpy(images)).std(0).max()) > 0.02
    bundle = export_run(run.path, tmp_path / "bundle").path
    for device in ("cpu", "cuda"):
        assert [check for check in verify(bundle, device=device) if not check.ok] == []


@pytest.mark.parametrize(
    ("variant", "compiled"), [*((name, False) for name in variants.names()), ("sparse", True)]
)
def test_stopped_there_and_continued(
    variant: str, compiled: bool, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[object] = []
    compiler = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda *given, mode: modes.append(mode) or compiler(*given, mode=mode)
    )
    config = settings(pictures, variant, epochs=3, precision="fp32", average=0.9, compile=compiled)
    whole = fit(config, tmp_path / "whole")
    with pytest.raises(StoppedError):
        fit(config, tmp_path / "cut", callback=Stopper(7))
    cut = resume(tmp_path / "cut")
    ours, theirs = (Run.open(run.path).read_tensors("model.safetensors") for run in (cut, whole))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
    assert modes == ["reduce-overhead"] * 3 * compiled  # each step is recorded


@pytest.mark.parametrize("variant", ["sparse", "vae"])  # what a step hands to the next; noise
def test_compiled_there(variant: str, pictures: Path, tmp_path: Path) -> None:
    plain, compiled = (
        fit(settings(pictures, variant, epochs=5, precision="fp32", compile=way), tmp_path / str(way))
        for way in (False, True)
    )
    assert compiled.history()[-1]["loss"] == pytest.approx(plain.history()[-1]["loss"], rel=0.02)
