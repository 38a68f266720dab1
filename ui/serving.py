"""Serve the app: alone, or as a part of somebody's web service."""

from __future__ import annotations

import gc
import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware

from diabolo.runtime.errors import MissingPackageError, UsageError
from diabolo.ui.app import build, queue, translations
from diabolo.ui.blocks import THREADS
from diabolo.ui.files.temporary import ended_by_signals, own_folder
from diabolo.ui.guard import Access, Guard
from diabolo.ui.models.collection import Sources
from diabolo.ui.ports import check_port, free_port
from diabolo.ui.sandbox import VisitorLimits
from diabolo.ui.sessions import light

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["launch", "mount"]

_ICON = str(Path(__file__).with_name("icon.png"))
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
    block: bool = True,
) -> gr.Blocks:
    """Serve the app until Ctrl-C or SIGTERM; this machine alone can reach it unless told otherwise.

    Visitors' files lie in a folder of the process's own (mode 700), below the one that GRADIO_TEMP_DIR names
    or in the system's for temporary files. It is removed when the process ends.

    Args:
        bundles: as `build` takes them; None takes the ready-made models.
        language: 'en' or 'zh-TW'; None takes each browser's own.
        device: as `Autoencoder.load` takes it.
        host: the address to listen at; '0.0.0.0' lets the whole network in. Read docs/security.md first.
        port: where to listen; None takes the first free one from 7860.
        auth: passwords by user names; None asks for none.
        access: who may call, and how much a request may bring; None takes the defaults.
        limits: what visitors' bundles may take, and whether they may bring any; None takes the defaults.
        concurrency: how many events of one kind are computed at a time.
        mcp: offer the endpoints as tools to programs that speak the Model Context Protocol, too.
        open_browser: open the page.
        block: wait for Ctrl-C; False returns at once, and `close` of what is returned ends the app.

    Raises:
        MissingPackageError: `mcp` without the package for it.
        PortError: the port is taken, or may not be used, or the host is none of this machine.
        UsageError: `auth` together with `mcp`, which asks for no password.
        BundleError, DeviceError, UnknownNameError, UsageError: as `build` raises them.
    """
    if mcp:
        _check_mcp()
    if mcp and auth:
        raise UsageError("the Model Context Protocol asks for no password. Leave out --mcp, or --auth.")
    if concurrency < 1:
        raise UsageError(f"concurrency must be at least 1, not {concurrency}.")
    port = free_port(host) if port is None else check_port(port, host)
    folder, access = own_folder(), access or Access()
    access = replace(access, hosts=(*access.hosts, host))
    app = build(bundles, language=language, device=device, limits=limits)
    queue(app, concurrency)

    def serve() -> None:
        app.launch(
            server_name=host,
            server_port=port,
            inbrowser=open_browser,
            inline=False,  # a notebook's frame is another page, and may not show the app
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            max_threads=THREADS,
            mcp_server=mcp,
            favicon_path=_ICON,
            auth=list(auth.items()) if auth else None,
            **_guarded(access, folder),
            **_looks(),
        )
        light.lighten(app)
        _tell(host, port, mcp=mcp, open_to_all=auth is None)

    if not block:
        serve()
        return app
    with ended_by_signals():
        try:
            serve()
            gc.collect()
            gc.freeze()  # it stays, and looking through it again would stop everybody for a tenth of a second
            app.block_thread()
        except KeyboardInterrupt:  # the page was there already, but the start was not at its end
            app.close(verbose=False)
        finally:
            gc.unfreeze()
    return app


def _tell(host: str, port: int, *, mcp: bool, open_to_all: bool) -> None:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    click.echo(f"the app runs at {address} (Ctrl-C ends it)", err=True)
    if mcp:
        click.echo(f"its tools, by the Model Context Protocol: {address}gradio_api/mcp/", err=True)
    if host not in _LOOPBACK and open_to_all:
        click.echo(
            "whoever reaches this machine can use the app: it asks for no password (--auth). "
            "docs/security.md says what it keeps from strangers.",
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
    """Put the app into a FastAPI service; who may reach it is the service's business.

    Args:
        app: the service.
        bundles: as `build` takes them; None takes the ready-made models.
        path: below which address, such as '/diabolo'.
        root_path: the same as browsers see it, where a proxy takes a part away, such as '/demos/diabolo';
            None takes the service's own `root_path` and `path`.
        language: 'en' or 'zh-TW'; None takes each browser's own.
        device: as `Autoencoder.load` takes it.
        access: who may call, and how much a request may bring. None takes the defaults, and answers under
            any name: which names lead to the service is the service's business.
        limits: what visitors' bundles may take, and whether they may bring any; None takes the defaults.
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
    blocks = build(bundles, language=language, device=device, limits=limits)
    below = path.rstrip("/") or "/"
    # always said: what gradio finds out by itself lacks `path` in the addresses of files
    seen = (root_path or app.root_path.rstrip("/") + below).rstrip("/")
    icon = _ICON if below == "/" else None  # elsewhere the service's own is shown
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        below,
        root_path=seen,
        mcp_server=mcp,
        ssr_mode=False,
        favicon_path=icon,
        **_guarded(access or Access(hosts=("*",)), Path(get_upload_folder())),
        **_looks(),
    )
    light.lighten(blocks)
    return mounted


def _guarded(access: Access, folder: Path) -> dict[str, Any]:
    return {
        "app_kwargs": {"middleware": [Middleware(Guard, access=access, folder=folder)]},
        "max_file_size": access.upload << 20,
        "show_error": False,
    }


def _looks() -> dict[str, Any]:
    return {
        "run_history": False,
        "enable_monitoring": False,  # sums of all calls, made anew after each
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
