"""Serve the app on its own (`launch`), or mounted in a FastAPI service (`mount`)."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import gradio as gr
import gradio.http_server  # here, and not first in its `launch`: it reads the environment
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse

from diabolo.runtime.errors import MissingPackageError, UsageError
from diabolo.ui.app import build, queue
from diabolo.ui.blocks import THREADS
from diabolo.ui.files.temporary import ended_by_signals, own_folder
from diabolo.ui.guard import Access, Guard
from diabolo.ui.guard.location import Location
from diabolo.ui.models.collection import Sources
from diabolo.ui.ports import check_port, free_port
from diabolo.ui.proxies import proxies_bypassed
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.sessions import light
from diabolo.ui.theme import looks

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["launch", "mount"]

_ICON = str(Path(__file__).with_name("icon.png"))
_LOOK = 0.1  # seconds between two looks at whether the app is still running
_SPACES = "https://huggingface.co"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def launch(
    bundles: Sources = None,
    *,
    language: str | None = None,
    device: str = "auto",
    host: str = "127.0.0.1",
    port: int | None = None,
    auth: Mapping[str, str] | None = None,
    access: Access | None = None,
    limits: VisitorLimits | None = None,
    concurrency: int = 2,
    mcp: bool = False,
    open_browser: bool = True,
    block: bool | None = None,
) -> gr.Blocks:
    """Serve the app until Ctrl-C or SIGTERM; by default only this machine can reach it.

    Without another host, origin or password, models can be trained on the page, into `runs` here. Visitors'
    files are stored in a private folder (mode 700) below GRADIO_TEMP_DIR, or below the system's
    folder for temporary files. It is removed when the process ends.

    Args:
        bundles: as for `build`; None takes the ready-made models.
        language: 'en' or 'zh-TW'; None follows each browser.
        device: as for `Autoencoder.load`.
        host: the address to listen on; '0.0.0.0' opens the app to the network, see docs/security.md first.
        port: the port to listen on; None takes the first free one from 7860.
        auth: passwords by user name; None asks for none.
        access: who may call the app, and how large a request may be; None takes the defaults.
        limits: limits for visitors' bundles, and whether they may upload any; None takes the defaults.
        concurrency: how many events of one kind are computed at the same time, at least 1.
        mcp: also offer the endpoints as tools of a Model Context Protocol (MCP) server.
        open_browser: open the page in a browser.
        block: wait for Ctrl-C; if False, return at once, and stop the app by calling `close()` on the result.
            None waits, except in a notebook, whose kernel would run no other cell meanwhile.

    Returns:
        The running app, or the stopped one if this has waited.

    Raises:
        MissingPackageError: `mcp` is set and its package is not installed.
        PortError: the port is taken or not permitted, or the host is not an address of this machine.
        UsageError: `auth` is combined with `mcp`, which has no passwords; or `concurrency` is below 1.
        BundleError, DeviceError, UnknownNameError, UsageError: as for `build`.
    """
    _check(mcp=mcp, auth=auth, concurrency=concurrency)
    port = free_port(host) if port is None else check_port(port, host)
    folder, access = own_folder(), _on_a_space(access or Access())
    private = _is_private(host, auth, access)
    app = build(bundles, language=language, device=device, limits=limits, training=private)
    queue(app, concurrency)
    access = replace(access, hosts=(*access.hosts, host))
    options = {"inbrowser": open_browser, "mcp_server": mcp, **_guarded(access, folder), **looks()}
    start = partial(_start, app, host, port, auth, options)
    if block or (block is None and not _in_notebook()):
        _run_until_stopped(app, start)
    else:
        start()
    return app


def _on_a_space(access: Access) -> Access:
    """On a Hugging Face Space, accept its host names, and let huggingface.co show the app in a frame."""
    # with a domain of its own, a Space has two names
    names = [name.strip() for name in os.environ.get("SPACE_HOST", "").split(",") if name.strip()]
    if not names:
        return access
    frames = (*access.frames, _SPACES) if access.frames == Access().frames else access.frames
    return replace(access, hosts=(*access.hosts, *names), frames=frames)


def _is_private(host: str, auth: Mapping[str, str] | None, access: Access) -> bool:
    """Whether the app is for this machine's user alone: no other host, origin or user is let in."""
    return host in _LOOPBACK and not (auth or access.hosts or access.origins)


def _in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook, such as Jupyter's. A kernel's shell has a `kernel`."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return getattr(shell, "kernel", None) is not None


def _check(*, mcp: bool, auth: Mapping[str, str] | None, concurrency: int) -> None:
    if mcp:
        _check_mcp()
    if mcp and auth:
        raise UsageError("the MCP server cannot ask for a password. Leave out --mcp, or --auth.")
    if concurrency < 1:
        raise UsageError(f"concurrency must be at least 1, not {concurrency}.")


def _start(
    app: gr.Blocks, host: str, port: int, auth: Mapping[str, str] | None, options: Mapping[str, Any]
) -> None:
    os.environ.pop("GRADIO_DEBUG", None)  # Gradio would wait for Ctrl-C itself, whatever `block` says
    with proxies_bypassed():
        app.launch(
            server_name=host,
            server_port=port,
            inline=False,  # a notebook would show it in a frame of another origin, which the guard forbids
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            max_threads=THREADS,
            favicon_path=_ICON,
            auth=list(auth.items()) if auth else None,
            **options,
        )
    light.lighten(app)
    _print_address(host, port, mcp=options["mcp_server"], password=auth is not None)


def _run_until_stopped(app: gr.Blocks, start: Callable[[], None]) -> None:
    with ended_by_signals() as ended:
        try:
            start()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)  # event loops that Gradio leaves open
                gc.collect()
            gc.freeze()  # the app's objects live on, and a collection of them would stop all events for 0.1 s
            ended.raises = False
            while app.is_running and not ended.by_signal:
                time.sleep(_LOOK)
            ended.raises = True  # a second Ctrl-C ends the program at once
        except KeyboardInterrupt:
            pass
        finally:
            gc.unfreeze()
        app.close(verbose=False)


def _print_address(host: str, port: int, *, mcp: bool, password: bool) -> None:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    ending = "call close() on what launch returned to stop it" if _in_notebook() else "press Ctrl-C to stop"
    click.echo(f"the app runs at {address} ({ending})", err=True)
    if mcp:
        click.echo(f"its MCP server (Model Context Protocol): {address}gradio_api/mcp/", err=True)
    if host not in _LOOPBACK and not password:
        click.echo(
            "anyone who can reach this machine can use the app; --auth asks for a password. "
            "docs/security.md describes how the app protects itself.",
            err=True,
        )


def mount(
    app: FastAPI,
    bundles: Sources = None,
    *,
    path: str = "/diabolo",
    root_path: str | None = None,
    language: str | None = None,
    device: str = "auto",
    access: Access | None = None,
    limits: VisitorLimits | None = None,
    mcp: bool = False,
) -> FastAPI:
    """Mount the app in a FastAPI service, which decides who may reach it.

    Args:
        app: the service.
        bundles: as for `build`; None takes the ready-made models.
        path: the path to mount it at, such as '/diabolo'.
        root_path: the same path as browsers see it, if a proxy strips a prefix, such as '/demos/diabolo';
            None takes the service's own `root_path` followed by `path`.
        language: 'en' or 'zh-TW'; None follows each browser.
        device: as for `Autoencoder.load`.
        access: who may call the app, and how large a request may be; None takes the defaults, but accepts
            any host name, since the service decides which names lead to it.
        limits: limits for visitors' bundles, and whether they may upload any; None takes the defaults.
        mcp: also offer the endpoints as tools of a Model Context Protocol (MCP) server.

    Returns:
        The service.

    Raises:
        UsageError: `path` does not begin with '/'.
        MissingPackageError, BundleError, DeviceError, UnknownNameError: as for `launch`.

    Example:
        ```python
        from fastapi import FastAPI

        from diabolo.ui import mount

        service = mount(FastAPI(), ["mnist-vae-2d", "bundles/digits"], path="/latent")
        # uvicorn service:service, and open /latent
        ```
    """
    if not path.startswith("/"):
        raise UsageError(f"path {path!r} must begin with '/', such as '/diabolo'.")
    if mcp:
        _check_mcp()
    blocks = build(bundles, language=language, device=device, limits=limits)
    path = path.rstrip("/")
    # always set: the one that Gradio infers lacks `path` in the URLs of files
    public = (root_path or app.root_path.rstrip("/") + path).rstrip("/")
    guarded = _guarded(
        access or Access(hosts=("*",)),
        Path(get_upload_folder()),
        Location(mounted=path, public=public),
    )
    _mount(app, blocks, path or "/", public, {"mcp_server": mcp, **guarded, **looks()})
    light.lighten(blocks)
    return app


def _mount(app: FastAPI, blocks: gr.Blocks, path: str, public: str, options: Mapping[str, Any]) -> None:
    if path != "/":
        # Starlette's own redirection to the path with a slash does not know of prefixes that a proxy strips
        app.add_route(path, lambda _request: RedirectResponse(f"{public}/"), include_in_schema=False)
    # browsers would ask for the icon where the service begins, which is not the app's
    head = f'<link rel="icon" type="image/png" href="{escape(public)}/favicon.ico">'
    gr.mount_gradio_app(app, blocks, path, root_path=public, ssr_mode=False, head=head, **options)
    blocks.favicon_path = _ICON  # type: ignore[assignment] # as an argument, it would be ignored below a path, with a warning


def _guarded(access: Access, folder: Path, location: Location | None = None) -> dict[str, Any]:
    guard = Middleware(Guard, access=access, folder=folder, location=location)
    return {
        "app_kwargs": {"middleware": [guard]},
        "max_file_size": access.upload << 20,
        "show_error": False,
    }


def _check_mcp() -> None:
    if importlib.util.find_spec("mcp") is None:
        raise MissingPackageError(
            'the MCP server needs a package that is not installed: pip install "diabolo[ui,mcp]".'
        )
