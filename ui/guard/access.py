"""Who may reach the app, and how much one request may bring."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from diabolo.runtime.errors import UsageError

__all__ = ["Access"]

_MEGABYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Access:
    """Settings of the guard.

    Attributes:
        hosts: names under which the app may be asked for, besides this machine's own and any address in
            numbers. A web page can make a browser ask 127.0.0.1 under a name of its own (DNS rebinding); such
            a request is refused. "*" lets every name in.
        origins: web pages of other origins that may call the app, such as "https://example.org".
        frames: who may show the app in a frame, as the policy `frame-ancestors` takes it.
        upload: megabytes of one upload, at most.
        body: megabytes of any other request, at most.
        stored: megabytes of visitors' files that are kept at a time; further uploads are refused.
        seconds: for the arrival of a request's body, besides a second for each 100 kB.
        requests: that are answered at a time, at most; further ones get 503.

    Raises:
        UsageError: a number below 1, or an origin that is none.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    frames: tuple[str, ...] = ("'self'",)
    upload: int = 256
    body: int = 32
    stored: int = 4096
    seconds: float = 30.0
    requests: int = 256

    def __post_init__(self) -> None:
        for name in ("upload", "body", "stored", "seconds", "requests"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}.")
        for origin in self.origins:
            if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).netloc:
                raise UsageError(f"{origin!r} is not an origin. Give one such as https://example.org.")

    def knows(self, host: str) -> bool:
        """Whether the app answers under this name, a Host header's."""
        name = _bare(host)
        if not name:
            return False
        if "*" in self.hosts or name in (*_own(), *(_bare(known) for known in self.hosts)):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True  # no other name leads here by an address in numbers

    def trusts(self, origin: str, headers: Mapping[str, str]) -> bool:
        """Whether a page of this origin may call the app: it is the app's own page, or allowed to."""
        if origin in self.origins:
            return True
        asked = (headers.get("host", ""), headers.get("x-forwarded-host", ""))
        return urlsplit(origin).netloc.lower() in [name.lower() for name in asked if name]

    def most(self, path: str) -> int:
        """Bytes that a request to this path may bring."""
        upload = path.rstrip("/").endswith("/upload")
        return (self.upload + 1 if upload else self.body) * _MEGABYTE  # one more: an upload's own frame


def _own() -> tuple[str, ...]:
    return ("localhost", socket.gethostname().lower())


def _bare(host: str) -> str:
    """The name without its port and brackets, in small letters."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
