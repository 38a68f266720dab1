"""Responses that the guard sends itself, and the headers that it adds to the app's."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from diabolo.ui.guard.access import Access
from diabolo.ui.refused import BUSY, INTERNAL, titled

__all__ = ["Message", "Receive", "Send", "answer", "protected", "status_of"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_PAGE = (  # as strict as Gradio's page allows: it evaluates the scripts of its components
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors {frames}"
)
_FILES = re.compile(r"/gradio_api/(file[=/]|mcp)")  # content that visitors wrote or that the URL determines
_FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox"


async def answer(send: Send, status: int, detail: str, **headers: str) -> None:
    """Send the JSON response {"detail": detail}."""
    body = json.dumps({"detail": detail}).encode()
    named = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
    }
    if status == 503:
        named["retry-after"] = "5"  # seconds
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in (named | headers).items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def protected(headers: list[tuple[bytes, bytes]], path: str, access: Access) -> list[tuple[bytes, bytes]]:
    """A response's headers with security policies added; headers that are already set are kept."""
    policy = _FILE if _FILES.search(path) else _PAGE.format(frames=" ".join(access.frames))
    wanted = {
        b"content-security-policy": policy.encode("latin-1"),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    }
    if access.frames == ("'self'",):
        wanted[b"x-frame-options"] = b"SAMEORIGIN"
    there = {name.lower() for name, _ in headers}
    return [*headers, *((name, value) for name, value in wanted.items() if name not in there)]


def status_of(body: bytes) -> int:
    """The status for an event's error: Gradio sends 500 for all; errors that the client can fix get 422."""
    try:
        said = json.loads(body)
    except ValueError:
        return 500
    if not isinstance(said, dict) or not isinstance(said.get("error"), str):
        return 500
    return {INTERNAL: 500, BUSY: 503}.get(titled(str(said.get("title"))), 422)
