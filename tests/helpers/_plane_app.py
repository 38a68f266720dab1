"""The served app of one small model called 'plane', and requests to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from _coded import save_coded
from _served import mounted, served

from diabolo.runtime.autoencoder import Autoencoder

META = {"meta": {"_type": "gradio.FileData"}}


@contextmanager
def plane_app(folder: Path, below: str = "") -> Iterator[httpx.Client]:
    """By `launch`, or mounted in a service below a path such as '/latent'."""
    models = {"plane": Autoencoder.load(save_coded(folder / "plane"), device="cpu")}
    with (
        mounted(models, below) if below else served(models) as address,
        httpx.Client(base_url=address, timeout=60) as asked,
    ):
        yield asked


def run(client: httpx.Client, endpoint: str, data: Any, **headers: str) -> httpx.Response:
    return client.post(f"gradio_api/run/{endpoint}", json={"data": data}, headers=headers)


def uploaded(client: httpx.Client, content: bytes, name: str = "picture.png") -> str:
    answer = client.post("gradio_api/upload", files={"files": (name, content)})
    path: str = answer.json()[0]
    return path
