"""The example's HTTP service: answers as diabolo.runtime's, batches, limits."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from _examples import EXAMPLES, damaged, expected, picture
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.image.convert import to_uint8

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")

SERVICE = [sys.executable, str(EXAMPLES / "fastapi" / "service.py")]


@pytest.fixture(scope="module", params=["vae", "spatial"])
def bundle(request: pytest.FixtureRequest, bundles: dict[str, Path], spatial: Path) -> Path:
    return spatial if request.param == "spatial" else bundles[request.param]


@pytest.fixture(scope="module")
def client(bundle: Path) -> Iterator[Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([*SERVICE, str(bundle), "--port", str(port)], stderr=subprocess.DEVNULL) as running:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            for _ in range(300):
                try:
                    client.get("/health")
                    break
                except httpx.TransportError:
                    assert running.poll() is None
                    time.sleep(0.1)
            yield client
        running.terminate()


def test_it_agrees_with_itself_under_load(bundle: Path) -> None:
    done = subprocess.run([*SERVICE, str(bundle), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "golden check: largest difference" in done.stdout
    assert done.stdout.endswith("ok\n")


def test_pictures_and_latents(client: Any, bundle: Path, tmp_path: Path) -> None:
    source = picture(tmp_path / "drawing.png")
    wanted = expected(bundle, source)
    seen, rebuilt = np.split(wanted, 2, axis=1)
    answer = client.post("/reconstruct", content=source.read_bytes())
    assert answer.headers["content-type"] == "image/png"
    assert np.abs(_image(answer.content, rebuilt) - rebuilt).max() <= 1
    error = np.square(seen / 255 - rebuilt / 255).mean()
    assert float(answer.headers["x-mean-squared-error"]) == pytest.approx(error, abs=2e-3)

    latents = client.post("/encode", content=source.read_bytes()).json()["latents"]
    model = Autoencoder.load(bundle, device="cpu")
    assert np.shape(latents) == (1, *model.manifest.latent_shape)
    twice = client.post("/decode", json={"latents": latents + np.negative(latents).tolist()})
    both = np.concatenate(list(to_uint8(model.decode(np.array(latents + np.negative(latents).tolist())))), 1)
    assert np.abs(_image(twice.content, both) - both).max() <= 1
    flat = client.post("/decode", json={"latents": np.reshape(latents, (1, -1)).tolist()})
    assert np.abs(_image(flat.content, rebuilt) - rebuilt).max() <= 1


def test_health(client: Any, bundle: Path) -> None:
    answer = client.get("/health")
    facts = answer.json()
    assert answer.status_code == 200
    assert facts["ok"]
    manifest = Autoencoder.load(bundle, device="cpu").manifest
    assert facts["golden"]["allowed"] == manifest.golden.tolerance["cpu"] < 2e-4
    assert facts["golden"]["largest_difference"] <= facts["golden"]["allowed"]
    assert facts["model"]["latent_shape"] == list(manifest.latent_shape)


def test_bad_requests_are_told_why(client: Any) -> None:
    large = io.BytesIO()
    Image.new("1", (2001, 2000)).save(large, "PNG")
    for path, body, status, reason in (
        ("/encode", b"no picture", 422, "PNG"),
        ("/encode", b"", 422, "PNG"),
        ("/reconstruct", large.getvalue(), 422, "4 million pixels"),
        ("/reconstruct", bytes(9 << 20), 413, "bytes"),
        ("/decode", b"{", 422, "latents"),
        ("/decode", b'{"latents": 3}', 422, "latent"),
        ("/decode", b'{"latents": []}', 422, "latent"),
        ("/decode", b'{"latents": [[1, 2], [3]]}', 422, "latents"),
        ("/decode", b'{"latents": [[NaN' + b", 1" * 400 + b"]]}", 422, "finite"),
        ("/decode", b"[" * 100_000, 422, "latents"),
    ):
        answer = client.post(path, content=body)
        assert answer.status_code == status, (path, body[:20], answer.text)
        assert reason in answer.json()["detail"]


def test_too_many_latents_and_numbers_that_are_none(client: Any) -> None:
    shape = client.get("/health").json()["model"]["latent_shape"]
    answer = client.post("/decode", json={"latents": np.zeros((65, *shape)).tolist()})
    assert (answer.status_code, "64" in answer.json()["detail"]) == (422, True)
    body = str({"latents": [[float("1e39")] * int(np.prod(shape))]}).replace("'", '"')
    answer = client.post("/decode", content=body)
    assert (answer.status_code, "finite" in answer.json()["detail"]) == (422, True)


def test_a_changed_bundle_does_not_start(bundles: dict[str, Path], tmp_path: Path) -> None:
    changed = damaged(bundles["vae"], "decoder.onnx", tmp_path)
    done = subprocess.run([*SERVICE, str(changed)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "decoder.onnx is not the file that was exported" in done.stderr


@pytest.fixture
def batching() -> ModuleType:
    spec = importlib.util.spec_from_file_location("batching", EXAMPLES / "fastapi" / "batching.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_waits_is_computed_together_and_errors_reach_everyone(batching: ModuleType) -> None:
    def double(batch: np.ndarray) -> np.ndarray:
        if (batch < 0).any():
            raise ValueError("negative")
        return 2 * batch

    async def ask() -> None:
        batcher = batching.Batcher(double, most=4)
        calls = [asyncio.ensure_future(batcher(np.array([float(i)]))) for i in range(10)]
        await asyncio.sleep(0)
        calls[9].cancel()
        task = asyncio.create_task(batcher.work())
        assert [float((await call)[0]) for call in calls[:9]] == [2.0 * i for i in range(9)]
        assert batcher.sizes == {4: 2, 1: 1}
        failed = await asyncio.gather(
            batcher(np.array([-1.0])), batcher(np.array([1.0])), return_exceptions=True
        )
        assert [str(error) for error in failed] == ["negative"] * 2
        task.cancel()
        full = batching.Batcher(double, most=1)
        waiting = [asyncio.ensure_future(full(np.zeros(1))) for _ in range(17)]
        await asyncio.wait(waiting, timeout=0.05)
        assert sum(isinstance(call.exception(), batching.Busy) for call in waiting if call.done()) == 1
        for call in waiting:
            call.cancel()

    asyncio.run(ask())


def _image(png: bytes, like: np.ndarray) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as opened:
        return np.asarray(opened, np.int16).reshape(like.shape)
