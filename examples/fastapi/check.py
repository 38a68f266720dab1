"""Compare the answers to 64 serial requests with those to 64 concurrent ones."""

import io
import json
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from PIL import Image

COUNT = 64


def check(app: FastAPI) -> int:
    """Start the service on a free port, compare, and stop it. Returns 0 if the answers agree."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                return 1
            time.sleep(0.01)
        return _compare(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join()


def _compare(address: str) -> int:
    health = json.loads(_ask(f"{address}/health"))
    worst, allowed = health["golden"]["largest_difference"], health["golden"]["allowed"]
    if worst is None:
        print("golden check: the model cannot be computed")
        return 1
    print(f"golden check: largest difference {worst:.1e}, allowed {allowed:.0e}")
    if health["model"]["any_size"]:
        return _compare_photographs(address) if health["ok"] else 1
    _, height, width = health["model"]["image_shape"]
    pictures = [_picture(seed, width, height) for seed in range(COUNT)]

    def encode(raw: bytes) -> Any:
        return json.loads(_ask(f"{address}/encode", raw))["latents"]

    def reconstruct(raw: bytes) -> Any:
        return np.asarray(Image.open(io.BytesIO(_ask(f"{address}/reconstruct", raw))), np.int16)

    serial = [(encode(raw), reconstruct(raw)) for raw in pictures]
    before = json.loads(_ask(f"{address}/health"))["batches"]["encode"]
    with ThreadPoolExecutor(COUNT) as pool:
        latents = list(pool.map(encode, pictures))
        images = list(pool.map(reconstruct, pictures))
    after = json.loads(_ask(f"{address}/health"))["batches"]["encode"]
    sizes = {int(size): count - before.get(size, 0) for size, count in after.items()}
    print("batches, size x count:", ", ".join(f"{s} x {c}" for s, c in sorted(sizes.items()) if c))

    far = max(float(np.abs(np.subtract(a, b)).max()) for a, (b, _) in zip(latents, serial, strict=True))
    levels = max(int(np.abs(a - b).max()) for a, (_, b) in zip(images, serial, strict=True))
    print(f"{2 * COUNT} concurrent answers against serial ones: {far:.1e} (latents), {levels}/255 (pixels)")
    good = health["ok"] and far <= 1e-4 * max(1, np.abs(latents).max()) and levels <= 1 and max(sizes) > 1
    print("ok" if good else "the answers differ, or no batch had more than one request")
    return 0 if good else 1


def _compare_photographs(address: str) -> int:
    """The same with photographs of different sizes; they are not computed in batches."""
    pictures = [_picture(seed, 17 + 5 * seed, 40 - seed) for seed in range(16)]

    def reconstruct(raw: bytes) -> bytes:
        return _ask(f"{address}/reconstruct", raw)

    serial = [reconstruct(raw) for raw in pictures]
    with ThreadPoolExecutor(len(pictures)) as pool:
        good = list(pool.map(reconstruct, pictures)) == serial
    good &= all(
        Image.open(io.BytesIO(a)).size == Image.open(io.BytesIO(b)).size
        for a, b in zip(serial, pictures, strict=True)
    )
    print("ok" if good else "the answers differ, or have another size")
    return 0 if good else 1


def _ask(address: str, raw: bytes | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, raw), timeout=30) as answer:  # noqa: S310
        return answer.read()


def _picture(seed: int, width: int, height: int) -> bytes:
    """A PNG of a few random rectangles."""
    rng = np.random.default_rng(seed)
    values = np.zeros((height, width), np.uint8)
    for _ in range(3):
        top, left = rng.integers(0, (height, width))
        values[top : top + height // 3, left : left + width // 3] = rng.integers(64, 256)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()
