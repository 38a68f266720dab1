"""Requests that ask for too much, that keep others waiting, or whose callers leave; over HTTP."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from _chromium import GRADIO_MARKS
from _plane_app import META, plane_app, run, uploaded
from PIL import Image

from diabolo.runtime.image import mosaic
from diabolo.ui import drawing

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with plane_app(tmp_path_factory.mktemp("bundles")) as asked:
        yield asked


@pytest.fixture(scope="module")
def picture(client: httpx.Client) -> dict[str, Any]:
    out = BytesIO()
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(out, "PNG")
    answer = client.post("gradio_api/upload", files={"files": ("picture.png", out.getvalue())})
    return {"path": answer.json()[0], **META}


@pytest.mark.parametrize(
    ("endpoint", "images", "steps", "words"),
    [
        (
            "interpolate",
            2,
            1000,
            "1,000 pictures of 280 x 280 are more than one request may ask for; at most 408",
        ),
        ("interpolate_path", 256, 40, "256 pictures are too many: one request takes at most 32"),
        ("interpolate_path", 32, 40, "1,210 pictures of 280 x 280"),
        ("interpolate_grid", 4, 1000, "1,000,000 pictures"),
    ],
)
def test_too_much_is_refused_with_the_bound(
    client: httpx.Client, picture: Any, endpoint: str, images: int, steps: int, words: str
) -> None:
    given = [picture] * 2 if endpoint == "interpolate" else [[picture] * images]
    answer = run(client, endpoint, ["plane", *given, steps, "linear"])
    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_a_picture_of_too_many_pixels_is_refused_unread(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = BytesIO()
    Image.new("1", (10_000, 5_001)).save(out, "PNG")
    path = client.post("gradio_api/upload", files={"files": ("large.png", out.getvalue())}).json()[0]
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was unpacked"))
    answer = run(client, "reconstruct", ["plane", {"path": path, **META}])
    assert answer.status_code == 422
    assert "50 million pixels; at most 50 million are" in answer.json()["error"]


def test_a_caller_who_leaves_ends_the_work_and_nobody_waits_for_it(
    client: httpx.Client, picture: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The drawing of an animation stands for any long work: here it never ends by itself."""
    script = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(3600)"
    told = tmp_path / "pid"
    monkeypatch.setattr(drawing, "_COMMAND", [sys.executable, "-c", script, str(told)])

    def until(true: Callable[[], bool]) -> None:
        for _ in range(3000):
            if true():
                return
            time.sleep(0.01)
        pytest.fail("it did not happen")

    body = b'{"data": ["plane", %s, %s, 60, "linear"]}' % (2 * (str(picture).replace("'", '"').encode(),))
    address = httpx.URL(client.base_url)
    with socket.create_connection((address.host, address.port or 80)) as line:
        head = f"POST /gradio_api/run/interpolate HTTP/1.1\r\nHost: {address.host}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body)
        until(lambda: told.is_file() and bool(told.read_text()))
        number = int(told.read_text())
        assert run(client, "sample", ["plane", 1, 0]).status_code == 200  # small work goes on
        assert psutil.pid_exists(number)
    until(lambda: not psutil.pid_exists(number))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_what_is_drawn_apart_is_the_same(mode: str, kind: str) -> None:
    values = np.random.default_rng(0).integers(0, 256, (5, 8, 6, 3), np.uint8)
    frames = [Image.fromarray(value).convert(mode) for value in values]
    wanted = mosaic.render(frames, kind, legs=2)
    assert drawing.draw_in_subprocess(frames, kind, 2, lambda: None) == wanted


def test_a_long_drawing_takes_as_many_looks_as_it_needs() -> None:
    """More frames than a pipe holds, and more time than one look."""
    values = np.random.default_rng(0).integers(0, 256, (60, 64, 64, 3), np.uint8)
    frames, looks = [Image.fromarray(value) for value in values], []
    wanted = mosaic.render(frames, "GIF")
    assert drawing.draw_in_subprocess(frames, "GIF", 1, lambda: looks.append(1)) == wanted
    assert looks


def test_a_drawing_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_COMMAND", [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(RuntimeError, match="1 frames as GIF ended with 3"):
        drawing.draw_in_subprocess([Image.new("L", (2, 2))], "GIF", 1, lambda: None)


def test_a_work_that_has_its_turn_waits_for_no_other(client: httpx.Client) -> None:
    """Several files, of which one alone would wait for a turn."""
    out = BytesIO()
    Image.new("L", (2100, 2100)).save(out, "PNG")
    given = {"path": uploaded(client, out.getvalue()), **META}
    answer = client.post("gradio_api/run/denoise_files", json={"data": ["plane", [given] * 4]}, timeout=20)
    assert answer.status_code == 200
