"""Responses of text are compressed for clients that take gzip, and streams are not."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

pytest.importorskip("gradio")

from diabolo.ui.guard.compression import Compression, accepts_gzip

PAGE = b"<p>the same again</p>" * 500
HTML = [(b"Content-Type", b"text/html; charset=utf-8"), (b"content-length", b"10500"), (b"etag", b'"a"')]


def sent(
    headers: list[tuple[bytes, bytes]], *bodies: bytes, status: int = 200
) -> tuple[dict[Any, Any], bytes]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def respond() -> None:
        out = Compression(send)
        await out.send({"type": "http.response.start", "status": status, "headers": headers})
        for index, body in enumerate(bodies):
            more = index + 1 < len(bodies)
            await out.send({"type": "http.response.body", "body": body, "more_body": more})

    asyncio.run(respond())
    assert messages[0]["type"] == "http.response.start"
    return dict(messages[0]["headers"]), b"".join(message["body"] for message in messages[1:])


def test_a_page_is_compressed() -> None:
    headers, body = sent(HTML, PAGE)
    assert gzip.decompress(body) == PAGE
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"vary"] == b"Accept-Encoding"
    assert int(headers[b"content-length"]) == len(body) < len(PAGE) / 10
    assert b"etag" not in headers  # it names the other bytes


@pytest.mark.parametrize(
    ("headers", "bodies", "status"),
    [
        (HTML, (b"<p>short</p>",), 200),
        (HTML, (PAGE, PAGE), 200),  # a stream
        (HTML, (PAGE,), 206),
        ([(b"content-type", b"image/png")], (PAGE,), 200),
        ([(b"content-type", b"text/event-stream")], (PAGE,), 200),
        ([*HTML, (b"content-encoding", b"br")], (PAGE,), 200),
    ],
)
def test_the_rest_is_passed_on(headers: Any, bodies: tuple[bytes, ...], status: int) -> None:
    assert sent(headers, *bodies, status=status) == (dict(headers), b"".join(bodies))


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("br, gzip, deflate", True),
        ("GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("notgzip", False),
    ],
)
def test_gzip_must_be_accepted(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted
