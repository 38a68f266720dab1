"""Serve the app: alone, or as a part of somebody's web service."""

from __future__ import annotations

import errno
import importlib.util
import os
import socket
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import gradio as gr

from diabolo.runtime.errors import MissingPackageError, UsageError
from diabolo.ui._models import Sources
from diabolo.ui.app import build, translations
from diabolo.ui.errors import PortError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["launch", "mount"]

_HOST = "127.0.0.1"  # nobody else is let in
_FIRST_PORT, _PORTS = 7860, 100
_ICON = str(Path(__file__).with_name("icon.svg"))


def launch(
    bundles: Sources = None,
    *,
    language: str | None = None,
    device: str = "auto",
    port: int | None = None,
    mcp: bool = False,
    open_browser: bool = True,
    block: bool = True,
) -> gr.Blocks:
    """Serve the app on this machine only, until Ctrl-C.

    Args:
        bundles: as `build` takes them; None takes the ready-made models.
        language: 'en' or 'zh-TW'; None takes each browser's own.
        device: as `Autoencoder.load` takes it.
        port: where to listen; None takes the first free one from 7860.
        mcp: offer the endpoints as tools to programs that speak the Model Context Protocol, too.
        open_browser: open the page.
        block: wait for Ctrl-C; False returns at once, and `close` of what is returned ends the app.

    Raises:
        MissingPackageError: `mcp` without the package for it.
        PortError: the port is taken, or may not be used.
        BundleError, DeviceError, UnknownNameError, UsageError: as `build` raises them.
    """
    if mcp:
        _check_mcp()
    port = _free_port() if port is None else _check_port(port)
    app = build(bundles, language=language, device=device)
    app.launch(
        server_name=_HOST,
        server_port=port,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        mcp_server=mcp,
        favicon_path=_ICON,
        **_looks(),
    )
    click.echo(f"the app runs at http://{_HOST}:{port}/ (Ctrl-C ends it)", err=True)
    if mcp:
        click.echo(
            f"its tools, by the Model Context Protocol: http://{_HOST}:{port}/gradio_api/mcp/", err=True
        )
    if block:
        app.block_thread()
    return app


def mount(
    app: FastAPI,
    bundles: Sources = None,
    *,
    path: str = "/diabolo",
    root_path: str | None = None,
    language: str | None = None,
    device: str = "auto",
    mcp: bool = False,
) -> FastAPI:
    """Put the app into a FastAPI service; who may reach it is the service's business.

    Args:
        app: the service.
        bundles: as `build` takes them; None takes the ready-made models.
        path: below which address, such as '/diabolo'.
        root_path: the same as browsers see it, where a proxy takes a part away, such as '/demos/diabolo';
            None takes the service's own `root_path` and `path`.
        language: 'en' or 'zh-TW'; None takes each browser's own.
        device: as `Autoencoder.load` takes it.
        mcp: offer the endpoints as tools to programs that speak the Model Context Protocol, too.

    Returns:
        The service.

    Raises:
        UsageError: a path that does not begin with '/'.
        MissingPackageError, BundleError, DeviceError, UnknownNameError: as `launch` raises them.

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
    blocks = build(bundles, language=language, device=device)
    below = path.rstrip("/") or "/"
    # always said: what gradio finds out by itself lacks `path` in the addresses of files
    seen = (root_path or app.root_path.rstrip("/") + below).rstrip("/")
    icon = _ICON if below == "/" else None  # elsewhere the service's own is shown
    mounted: FastAPI = gr.mount_gradio_app(
        app, blocks, below, root_path=seen, mcp_server=mcp, ssr_mode=False, favicon_path=icon, **_looks()
    )
    return mounted


def _looks() -> dict[str, Any]:
    return {
        "run_history": False,
        "footer_links": ["api", "settings"],
        "i18n": translations(),
        "theme": _theme(),
        "css": resources.files("diabolo.ui").joinpath("page.css").read_text("utf-8"),
    }


def _theme() -> Any:
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans TC", "Microsoft JhengHei", "sans-serif"]
    theme = gr.themes.Soft(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=fonts,
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )
    plain = {"background_fill": "none", "text_color": "*body_text_color", "text_weight": "500"}
    labels = {f"block_{part}_{key}": value for part in ("title", "label") for key, value in plain.items()}
    dark = {f"{key}_dark": value for key, value in labels.items() if not key.endswith("weight")}
    # fields and buttons of white on white have to be told apart
    edges = {"input_border_width": "1px", "input_border_color": "*border_color_primary"}
    return theme.set(**labels, **dark, **edges)


def _check_mcp() -> None:
    if importlib.util.find_spec("mcp") is None:
        raise MissingPackageError(
            'the Model Context Protocol takes a package that is not installed: pip install "diabolo[ui,mcp]".'
        )


def _check_port(port: int) -> int:
    if not 0 < port < 65536:
        raise PortError(f"port {port} does not exist: ports go from 1 to 65535.")
    if reason := _refused(port):
        raise PortError(
            f"port {port} on {_HOST} {reason}. "
            "Choose another with --port, or leave --port out to get a free one."
        )
    return port


def _free_port() -> int:
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if not _refused(port):
            return port
    raise PortError(
        f"ports {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} on {_HOST} are all taken. "
        "Name a free one with --port."
    )


def _refused(port: int) -> str:
    """Why this port cannot be had, or ''."""
    with socket.socket() as probe:
        # on posix: have a port again that was just given up; elsewhere the option means something else
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            return "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return ""
