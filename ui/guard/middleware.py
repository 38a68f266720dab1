"""The ASGI middleware: which requests it accepts, and how it responds to those that fail."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from pathlib import Path
from typing import Any

from diabolo.ui.guard._requests import asked, misshaped, trusted
from diabolo.ui.guard._uploads import Uploads
from diabolo.ui.guard.access import Access, is_upload
from diabolo.ui.guard.answers import Receive, Send, answer
from diabolo.ui.guard.caller import LEFT
from diabolo.ui.guard.exchange import Exchange, TooMuchError
from diabolo.ui.guard.location import Location
from diabolo.ui.guard.storage import Storage

__all__ = ["Guard"]

_LOG = logging.getLogger("diabolo.ui")
_LINE = re.compile(r"/gradio_api/(heartbeat/|queue/data|call/[^/]+/[^/]+|mcp|upload_progress)")
_LINES = 4000  # connections that pages keep open: a few per page, all idle
_UPLOADS = 10_000  # connections; `Uploads` limits how many of them transfer data
_FILE = re.compile(
    r"/gradio_api/(file[=/]|custom_component/)|^(?!.*/gradio_api/).*/(assets|static|svelte)/", re.DOTALL
)


class Guard:
    """ASGI middleware that protects the app.

    Args:
        app: the ASGI app.
        access: who may call it, and how large a request may be.
        folder: the folder of visitors' files.
        location: where the app is mounted.
    """

    def __init__(
        self, app: Any, access: Access, folder: str | Path, location: Location | None = None
    ) -> None:
        self._app = app
        self._access = access
        self._location = location or Location()
        self._storage = Storage(folder, access.stored)
        self._uploads = Uploads()
        self._active: Counter[str] = Counter()  # by kind

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # gradio has none
            await send({"type": "websocket.close", "code": 1003})
            return
        scope = self._location.resolved(scope)
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        kind = _kind(scope["path"])
        kinds = [
            value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"content-type"
        ]
        refusal = self._refusal(scope["path"], headers, kind) or misshaped(scope, kinds)
        if refusal is not None:
            status, detail = refusal
            await answer(send, status, detail, connection="close")
            return
        scope = {**scope, "headers": trusted(scope["headers"], self._access)}
        exchange = Exchange(scope, receive, send, self._access)
        self._active[kind] += 1
        try:
            await self._pass(scope, exchange, kind)
        finally:
            self._uploads.end(exchange)
            self._active[kind] -= 1

    def _refusal(self, path: str, headers: dict[str, str], kind: str) -> tuple[int, str] | None:
        """The status and reason to refuse a request; None to accept it."""
        host, origin, length = (headers.get(name, "") for name in ("host", "origin", "content-length"))
        if not self._access.knows(host):
            return 403, f"the host name {host!r} is not accepted here. Start the app with --allow-host NAME."
        if origin and not self._access.trusts(origin, headers):
            return 403, f"pages of {origin} may not call this app. Start the app with --allow-origin ORIGIN."
        if self._active[kind] >= {"line": _LINES, "upload": _UPLOADS}.get(kind, self._access.requests):
            return 503, "too many concurrent requests. Try again in a few seconds."
        if length.isdigit() and int(length) > (most := self._access.most(path)):
            return 413, f"the body is larger than {most >> 20} MB, the maximum here."
        return None

    async def _pass(self, scope: Any, exchange: Exchange, kind: str) -> None:
        token = LEFT.set(exchange.left)
        try:
            if kind == "upload" or scope["path"].endswith("/upload_progress"):
                for name in asked(scope).get("upload_id", ())[-1:]:
                    self._uploads.follow(name)
            await self._admit(scope["method"], exchange, kind)
            await self._app(scope, exchange.receive, exchange.send)
        except TooMuchError:
            pass
        except Exception as error:  # noqa: BLE001 - logged; the client gets its type
            # Gradio's routes raise almost anything on requests that its pages do not send
            _LOG.info("a request to %s was refused", scope["path"], exc_info=True)
            exchange.refused = exchange.refused or (
                400,
                f"this is not a valid request for this app ({type(error).__name__}).",
            )
        finally:
            LEFT.reset(token)
            await exchange.end()

    async def _admit(self, method: str, exchange: Exchange, kind: str) -> None:
        """Wait for an upload slot, and make room on disk."""
        if kind == "upload":
            await self._uploads.begin(exchange)
        elif method != "POST" or not self._storage.due:
            return
        room = await asyncio.to_thread(self._storage.tidy, wait=kind == "upload")
        if kind == "upload" and not room:
            full = "there is no disk space for another file. Remove models that you uploaded, or try later."
            exchange.refuse(507, full)


def _kind(path: str) -> str:
    """The kind under which a request is counted: 'upload', 'file', 'line' (it stays open) or 'call'."""
    if _FILE.search(path):
        return "file"
    if is_upload(path):
        return "upload"
    return "line" if _LINE.search(path) else "call"
