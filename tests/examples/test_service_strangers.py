"""The example's HTTP service, a process of its own, among strangers: large, cut-off and slow bodies."""

from __future__ import annotations

import io
import os
import socket
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from _service import Served, process
from PIL import Image

pytest.importorskip("fastapi")

MEMORY = 400  # MB that the process may take, whatever is sent


def drawn(kind: str, side: int, mode: str = "RGB") -> bytes:
    """A large picture of few bytes: a bright square on a dark ground."""
    picture = Image.new(mode, (side, side), "black")
    picture.paste(Image.new(mode, (side // 2, side // 2), "white"), (side // 4, side // 4))
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with process(tmp_path_factory.mktemp("service") / "log", "--body-seconds", "2") as served:
        yield served


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_sixteen_large_pictures_at_once_are_refused(served: Served, mode: str) -> None:
    raw = drawn("PNG", 4000, mode)
    assert len(raw) < 100_000
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: served.ask("/reconstruct", raw), range(16)))
    assert {status for status, _, _ in answers} == {422}
    assert "4000 x 4000 pixels; a PNG may have 4 million pixels" in answers[0][2]["detail"]
    if sys.platform == "linux":
        assert served.peak() < MEMORY
    assert served.facts()["busy"]["requests"] == 0


def test_as_many_as_large_as_allowed(served: Served) -> None:
    raws = [drawn("PNG", 2000), drawn("PNG", 2000, "RGBA"), drawn("WEBP", 2000)] * 8
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda raw: served.ask("/encode", raw), raws))
    assert {status for status, _, _ in answers} == {200}
    latents = np.array([latents["latents"][0] for _, _, latents in answers])
    np.testing.assert_allclose(latents, np.broadcast_to(latents[0], latents.shape), atol=0.05)
    if sys.platform == "linux":
        assert served.peak() < MEMORY


def test_a_photograph_s_size_is_allowed_as_jpeg(served: Served) -> None:
    large, small = (served.ask("/encode", drawn("JPEG", side)) for side in (4000, 400))
    assert (large[0], small[0]) == (200, 200)
    np.testing.assert_allclose(large[2]["latents"], small[2]["latents"], atol=0.1)
    status, _, told = served.ask("/encode", drawn("JPEG", 4100))
    assert (status, "a JPEG may have 16 million pixels" in told["detail"]) == (422, True)


def test_what_declares_too_much_is_not_decoded(served: Served) -> None:
    """Headers alone: a decoder would find that nothing follows, or would need gigabytes."""
    png = drawn("PNG", 16)
    wide = png[:16] + (200_000).to_bytes(4) + (200_000).to_bytes(4) + png[24:]
    status, _, told = served.ask("/encode", wide)
    assert status == 422
    scans = drawn("JPEG", 64) + b"\xff\xda" * 65
    status, _, told = served.ask("/encode", scans)
    assert (status, told["detail"]) == (422, "the JPEG has more than 64 scans")
    chunks = png[:33] + 4096 * (bytes(4) + b"prVt" + zlib.crc32(b"prVt").to_bytes(4)) + png[33:]
    status, _, told = served.ask("/encode", chunks)
    assert (status, told["detail"]) == (422, "the PNG has more than 4096 chunks; save it anew")
    huge = served.send("/encode", b"", length=10**12)  # answered before any of it is here
    assert huge.recv(1000).startswith(b"HTTP/1.1 413")
    huge.close()


def test_cut_off_bodies_leave_a_count_and_no_log(served: Served) -> None:
    before = served.facts()["since_start"]["left"]
    for _ in range(200):
        served.send("/encode", b"\x89PNG", length=1000).close()
    served.until(lambda facts: facts["since_start"]["left"] == before + 200)
    assert served.log is not None
    log = served.log.read_text()
    assert "Traceback" not in log
    assert "ClientDisconnect" not in log
    assert os.path.getsize(served.log) < 5000  # noqa: PTH202


def test_what_is_no_http_is_logged_once(served: Served) -> None:
    upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    for said, answer in ((b"nonsense\r\n\r\n", b"HTTP/1.1 400"), (upgrade, b"HTTP/1.1 404")) * 20:
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
            connection.sendall(said)
            assert connection.recv(1000).startswith(answer)
    assert served.log is not None
    assert served.log.read_text().count("Invalid HTTP request") == 1
    assert served.log.read_text().count("Unsupported upgrade request") == 1


def test_a_slow_body_is_given_up(served: Served) -> None:
    before = served.facts()["since_start"]["slow"]
    slow = served.send("/decode", b"{", length=100)
    served.until(lambda facts: facts["busy"]["body_bytes"] == 1)
    answer = b""
    while part := slow.recv(1000):  # until the service closes the connection
        answer += part
    slow.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"within 2 seconds" in answer
    facts = served.facts()
    assert facts["since_start"]["slow"] == before + 1
    assert (facts["busy"]["requests"], facts["busy"]["body_bytes"]) == (0, 0)
