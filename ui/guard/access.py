"""Who may reach the app, and how much one request may bring."""

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
        hosts: names under which the app may be asked for, besides this machine's own and any address in
            numbers. A web page can make a browser ask 127.0.0.1 under a name of its own (DNS rebinding); such
            a request is refused. "*" lets every name in.
        origins: web pages of other origins that may call the app, such as "https://example.org".
        frames: who may show the app in a frame, as the policy `frame-ancestors` takes it.
        upload: megabytes of one upload, at most.
        body: megabytes of any other request, at most.
        values: of the JSON in a request, at most; a million empty lists would keep the app busy for seconds.
        files: of one upload, at most.
        stored: megabytes of visitors' files that are kept at a time; of more, the oldest are removed.
        seconds: for the arrival of a request's body, besides a second for each 100 kB; and for a client to
            take its answer, besides a second for each 10 kB.
        requests: that are answered at a time, at most; further ones get 503. Lines that a page keeps open do
            not count.

    Raises:
        UsageError: a number below 1, or a string that is not an origin.
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
        """Whether the app answers under this name, a Host header's."""
        name = _bare(host)
        if not name or not _PLAIN.fullmatch(host):
            return False
        if "*" in self.hosts or name in (*_own(), *(_bare(known) for known in self.hosts)):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True  # no other name leads here by an address in numbers

    def names(self, host: str) -> bool:
        """Whether `hosts` names this host, which somebody says the app was asked for by."""
        known = {_bare(name) for name in self.hosts}
        return bool(_PLAIN.fullmatch(host)) and ("*" in self.hosts or _bare(host) in known)

    def trusts(self, origin: str, headers: Mapping[str, str]) -> bool:
        """Whether a page of this origin may call the app: it is the app's own page, or allowed to.

        Any page can send X-Forwarded-Host. It counts only where `hosts` names it, as that of a proxy.
        """
        if origin in self.origins:
            return True
        forwarded = headers.get("x-forwarded-host", "")
        named = _bare(forwarded) in [_bare(known) for known in self.hosts if known != "*"]
        return _alike(origin, headers.get("host", "")) or (named and _alike(origin, forwarded))

    def most(self, path: str) -> int:
        """Bytes that a request to this path may bring."""
        megabytes = self.upload + 1 if is_upload(path) else self.body  # one more: an upload's own frame
        return megabytes * _MEGABYTE


def is_upload(path: str) -> bool:
    """Whether a request to this path brings files."""
    return bool(_UPLOAD.search(path))


def _alike(origin: str, host: str) -> bool:
    """Whether a page of this origin was served under this name. Some proxies leave the port out of it."""
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
    """The name without its port and brackets, in small letters."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
