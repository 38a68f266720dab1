"""Keeps proxy settings away from the requests that Gradio sends to its own server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["proxies_bypassed"]

_NAMES = ("no_proxy", "NO_PROXY")  # of two spellings, the lower-case one counts, unless it is empty


@contextmanager
def proxies_bypassed() -> Iterator[None]:
    """Within the block, new HTTP clients of this process connect directly, not through the user's proxies.

    While an app starts, Gradio sends requests to it, and gives up if they fail. A proxy cannot reach this
    machine's 127.0.0.1. To exempt only this address would not be enough: httpx opens every proxy that is set,
    and fails for SOCKS if the package `socksio` is not installed.
    """
    before = {name: os.environ.get(name) for name in _NAMES}
    os.environ.update(dict.fromkeys(_NAMES, "*"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
