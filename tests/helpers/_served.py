"""The app served on a free port of this machine, and ended again with all it leaves behind."""

from __future__ import annotations

import gc
import socket
import threading
import time
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


@contextmanager
def launched(demo: Any) -> Iterator[str]:
    """The address of a page of Gradio's."""
    port = free_port()
    demo.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, ssr_mode=False
    )
    yield f"http://127.0.0.1:{port}/"
    close(demo)


@contextmanager
def mounted(bundles: Any, below: str) -> Iterator[str]:
    """The address of the app of these models in a service, below a path such as '/latent'."""
    import uvicorn
    from fastapi import FastAPI

    from diabolo.ui.serving import mount

    port = free_port()
    service = mount(FastAPI(), bundles, path=below)
    server = uvicorn.Server(uvicorn.Config(service, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}{below}/"
    server.should_exit = True
    thread.join(60)


def close(app: Any) -> None:
    """End the app and whatever it leaves behind, here where its warnings are let pass."""
    app.close(verbose=False)  # waits some seconds for the server, which may not be enough
    app.server.thread.join(timeout=60)
    gc.collect()
