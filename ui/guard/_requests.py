"""Checks of a request's path, query and headers, made before its body is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from python_multipart.multipart import parse_options_header

from diabolo.ui.guard.access import Access, is_upload

__all__ = ["asked", "misshaped", "trusted"]

Refusal = tuple[int, str]

# Gradio routes that this app does not use; some run programs or write files for any caller
_CLOSED = re.compile(
    r"/gradio_api/(process_recording|(undo-)?vibe-|dev/|run-history/|profiling/|stream/|proxy=|runs)|/monitoring"
    r"|^(?!.*/gradio_api/).*/(openapi\.json|docs|redoc)/?$",
    re.DOTALL,
)
_MCP = re.compile(r"/gradio_api/mcp(.*)", re.DOTALL)
_MCP_ENDS = ("", "/", "/http", "/http/", "/schema", "/sse", "/messages", "/messages/")
_FOREIGN = re.compile(r"/file[=/]+https?:", re.IGNORECASE)
_ICON = re.compile(r"/pwa_icon/(\d+)$")
_LARGEST_ICON = 1024  # pixels
_LONGEST = 4000  # characters of a path, and of a query
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_PATH = re.compile(r"/gradio_api/(?:heartbeat|call/[^/]+)/(.*)", re.DOTALL)
_IN_QUERY = ("upload_id", "session_hash", "event_id", "session_id")
_FORMS = (b"multipart", b"x-www-form-urlencoded")
_CHARSETS = (b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso8859-1", b"latin-1", b"latin1")
_NO_FORMS = re.compile(r"/gradio_api/(component_server|run|api|call|queue/join)(/|$)")
_LONGEST_BOUNDARY = 70  # characters, RFC 2046
_PROTOCOLS = ("http", "https", "ws", "wss")


def misshaped(scope: Any, kinds: Sequence[str]) -> Refusal | None:
    """The status and reason to refuse a request for its path, query or Content-Types; None to accept it."""
    path: str = scope["path"]
    if max(len(path), len(scope.get("query_string", b""))) > _LONGEST:
        return 414, f"the path and the query string may have at most {_LONGEST:,} characters each."
    return _address(path) or _names(path, asked(scope)) or _form(path, kinds)


def asked(scope: Any) -> dict[str, list[str]]:
    """The query string's values by parameter name."""
    return parse_qs(scope.get("query_string", b"").decode("latin-1"))


def trusted(headers: Sequence[tuple[bytes, bytes]], access: Access) -> list[tuple[bytes, bytes]]:
    """The headers without those that would put an untrusted host name into the page's URLs."""
    return [(name, value) for name, value in headers if _tells_truth(name.lower(), value, access)]


def _tells_truth(name: bytes, value: bytes, access: Access) -> bool:
    said = value.decode("latin-1")
    if name == b"x-forwarded-host":
        return all(access.names(host.strip()) for host in said.split(","))
    if name == b"x-forwarded-proto":
        return all(protocol.strip() in _PROTOCOLS for protocol in said.split(","))
    return name != b"x-gradio-server"


def _address(path: str) -> Refusal | None:
    if _CLOSED.search(path):
        return 404, "this route does not exist."
    if (mcp := _MCP.search(path)) and mcp[1] not in _MCP_ENDS:
        return 404, "this route does not exist. The MCP server is at /gradio_api/mcp/."
    if _FOREIGN.search(path):
        return 403, "this app does not serve files from other URLs."
    if (icon := _ICON.search(path)) and int(icon[1][:6]) not in range(1, _LARGEST_ICON + 1):
        return 404, f"the icon size must be 1 to {_LARGEST_ICON} pixels."
    return None


def _names(path: str, query: Mapping[str, Sequence[str]]) -> Refusal | None:
    """Gradio keeps the ids of sessions and uploads in memory for a long time, whatever their length."""
    found = [name for key in _IN_QUERY for name in query.get(key, ())]
    if within := _IN_PATH.search(path):
        found.append(within[1].rstrip("/") or "-")
    for name in found:
        if not _ID.fullmatch(name):
            return (
                422,
                f"{name[:64]!r} is not a valid id: use 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'.",
            )
    return None


def _form(path: str, kinds: Sequence[str]) -> Refusal | None:
    """Form fields are decoded with the sender's charset, and some charsets are slow to decode."""
    if len(kinds) > 1:
        return 422, "the request has more than one Content-Type. Send one."
    kind, options = parse_options_header(kinds[0] if kinds else "")
    length = len(options.get(b"boundary", b""))
    if is_upload(path) and (length > _LONGEST_BOUNDARY or (b"multipart" in kind and not length)):
        return (
            422,
            f"the Content-Type's boundary has {length} characters; 1 to {_LONGEST_BOUNDARY} are allowed.",
        )
    if not any(form in kind for form in _FORMS):
        return None
    if _NO_FORMS.search(path):
        return 415, "no forms are taken here. Send JSON."
    charset = options.get(b"charset", b"utf-8")
    if charset.lower() not in _CHARSETS:
        return 415, f"the charset {charset[:64].decode('latin-1')!r} is not taken in forms. Send UTF-8."
    return None
