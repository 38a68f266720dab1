"""Settings of the guard: who may call the app, and how large a request may be."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from diabolo.runtime.errors import UsageError

__all__ = ["Access", "is_upload"]

_MEGABYTE = 1 << 20
_UPLOAD = re.compile(r"(^|/)gradio_api/upload/?$")
_PLAIN = re.compile(r"(\[[0-9a-f:.]+(%\w+)?\]|[\w.-]+)(:\d{0,5})?", re.ASCII | re.IGNORECASE)  # host and port


@dataclass(frozen=True, kw_only=True)
class Access:
    """Settings of the guard.

    Attributes:
        hosts: accepted Host names, in addition to this machine's own names and any numeric address. A web
            page can make a browser send requests to 127.0.0.1 under a host name of the page's choice (DNS
            rebinding); such requests are refused. "*" accepts every name.
        origins: other origins whose pages may call the app, such as "https://example.org".
        frames: who may embed the app in a frame, in the syntax of the policy `frame-ancestors`.
        upload: the maximum size of an upload, in megabytes (2^20 bytes).
        body: the maximum size of any other request body, in megabytes.
        values: the maximum number of JSON values in a request; a million empty lists would keep the app busy
            for seconds.
        files: the maximum number of files in an upload.
        stored: the maximum size of all visitors' files on disk, in megabytes; beyond it, the oldest files are
            removed.
        seconds: the time allowed for a request body to arrive, plus one second per 100 kB; and for a client
            to read a response, plus one second per 10 kB.
        requests: the maximum number of concurrent requests; further ones get status 503. Connections that a
            page keeps open do not count.

    Raises:
        UsageError: a number is below 1, or an origin is not valid.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    frames: tuple[str, ...] = ("'self'",)
    upload: int = 256
    body: int = 32
    values: int = 200_000
    files: int = 500
    stored: int = 4096
    seconds: float = 30.0
    requests: int = 256

    def __post_init__(self) -> None:
        for name in ("upload", "body", "values", "files", "stored", "seconds", "requests"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for origin in self.origins:
            if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).netloc:
                raise UsageError(f"{origin!r} is not an origin. Give one such as https://example.org.")

    def knows(self, host: str) -> bool:
        """Whether the app accepts `host`, the value of a Host header."""
        name = _bare(host)
        if not name or not _PLAIN.fullmatch(host):
            return False
        if "*" in self.hosts or name in (*_own(), *(_bare(known) for known in self.hosts)):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True  # an attack by DNS rebinding needs a host name

    def names(self, host: str) -> bool:
        """Whether `hosts` contains this value of an X-Forwarded-Host header."""
        known = {_bare(name) for name in self.hosts}
        return bool(_PLAIN.fullmatch(host)) and ("*" in self.hosts or _bare(host) in known)

    def trusts(self, origin: str, headers: Mapping[str, str]) -> bool:
        """Whether pages of this origin may call the app: its own pages, and those of allowed origins.

        Any page can send X-Forwarded-Host, so it counts only if `hosts` contains it, as the name of a proxy.
        """
        if origin in self.origins:
            return True
        forwarded = headers.get("x-forwarded-host", "")
        named = _bare(forwarded) in [_bare(known) for known in self.hosts if known != "*"]
        return _alike(origin, headers.get("host", "")) or (named and _alike(origin, forwarded))

    def most(self, path: str) -> int:
        """The maximum size, in bytes, of the body of a request to this path."""
        megabytes = self.upload + 1 if is_upload(path) else self.body  # one more, for the multipart headers
        return megabytes * _MEGABYTE


def is_upload(path: str) -> bool:
    """Whether this is the path of Gradio's upload route."""
    return bool(_UPLOAD.search(path))


def _alike(origin: str, host: str) -> bool:
    """Whether a page of this origin was served under this host name. Some proxies omit the port."""
    try:
        page, asked = urlsplit(origin), urlsplit(f"//{host}")
        usual = {"http": 80, "https": 443}.get(page.scheme)
        ports = (page.port or usual, asked.port)
    except ValueError:
        return False
    same = page.hostname is not None and page.hostname == asked.hostname
    return same and (ports[1] is None or ports[0] == ports[1])


def _own() -> tuple[str, ...]:
    return ("localhost", socket.gethostname().lower())


def _bare(host: str) -> str:
    """The host name in lower case, without port and brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
