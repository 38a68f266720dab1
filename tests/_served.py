"""The app served on a free port of this machine, and ended again with all it leaves behind."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(bundles: Any, **options: Any) -> Iterator[str]:
    """The address of the app of these models; `options` as `launch` takes them."""
    from diabolo.ui.serving import launch

    port = free_port()
    app = launch(bundles, port=port, open_browser=False, block=False, **options)
    yield f"http://127.0.0.1:{port}/"
    close(app)


def close(app: Any) -> None:
    """End the app and whatever it leaves behind, here where its warnings are let pass."""
    app.close(verbose=False)  # waits some seconds for the server, which may not be enough
    app.server.thread.join(timeout=60)
    gc.collect()
