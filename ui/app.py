"""The app: a model chooser above the tabs, which are found by their files."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from importlib import resources
from types import ModuleType
from typing import Any

import click
import gradio as gr

from diabolo.runtime import _discovery
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import UsageError
from diabolo.ui.errors import PortError
from diabolo.ui.tabs._base import Context
from diabolo.ui.tabs._texts import LANGUAGES, SHARED, Texts

__all__ = ["build", "find_tabs", "launch"]

_HOST = "127.0.0.1"  # nobody else is let in
_FIRST_PORT, _PORTS = 7860, 100
_ALIASES = ("zh", "zh-HK", "zh-Hant", "zh-Hant-TW")  # browsers ask for Chinese under these names too


def find_tabs() -> dict[str, ModuleType]:
    """The tabs by name, in the order in which they are shown."""
    package = "diabolo.ui.tabs"
    found = {name: _discovery.find(package, name, "tab") for name in _discovery.names(package)}
    return dict(sorted(found.items(), key=lambda item: item[1].ORDER))


def build(bundles: Mapping[str, Autoencoder]) -> gr.Blocks:
    """The app with these models, by the names people choose from. Start it with `launch`.

    Raises:
        UsageError: no models.
    """
    if not bundles:
        raise UsageError("the app needs at least one bundle. Make one: diabolo demo, or diabolo export RUN.")
    tabs, names = find_tabs(), list(bundles)
    i18n = _translations(tabs)
    app: gr.Blocks
    with gr.Blocks(title="Diabolo", analytics_enabled=False) as app:
        with gr.Row(elem_id="head"):
            with gr.Column(scale=3, min_width=260):
                gr.Markdown("# Diabolo")
                gr.Markdown(i18n("tagline"))
            chooser = gr.Dropdown(
                names, value=names[0], label=i18n("model"), visible=len(names) > 1, min_width=220
            )
        line = gr.Markdown(elem_id="model-line")
        context = Context(bundles=bundles, chooser=chooser, i18n=i18n)
        with gr.Tabs():
            for name, tab in tabs.items():
                with gr.Tab(i18n(f"{name}_tab"), id=name):
                    tab.build(context)
        gr.on(
            [app.load, chooser.change],
            context.describe,
            chooser,
            line,
            api_visibility="private",
            show_progress="hidden",
        )
        gr.on(
            [app.load, chooser.change],
            context.show_originals,
            chooser,
            context.originals_buttons,
            api_visibility="private",
            show_progress="hidden",
        )
    return app


def launch(
    bundles: Mapping[str, Autoencoder],
    *,
    port: int | None = None,
    open_browser: bool = True,
    block: bool = True,
) -> gr.Blocks:
    """Serve the app on this machine only, until Ctrl-C.

    Args:
        bundles: the models by the names people choose from.
        port: where to listen; None takes the first free one from 7860.
        open_browser: open the page.
        block: wait for Ctrl-C; False returns at once, and `close` of what is returned ends the app.

    Raises:
        PortError: the port is taken, or may not be used.
        UsageError: no models.
    """
    port = _free_port() if port is None else _check_port(port)
    app = build(bundles)
    app.launch(
        server_name=_HOST,
        server_port=port,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        run_history=False,
        footer_links=["api", "settings"],
        i18n=_translations(find_tabs()),
        theme=_theme(),
        css=resources.files("diabolo.ui").joinpath("app.css").read_text("utf-8"),
    )
    click.echo(f"the app runs at http://{_HOST}:{port}/ (Ctrl-C ends it)", err=True)
    if block:
        app.block_thread()
    return app


def _translations(tabs: Mapping[str, ModuleType]) -> gr.I18n:
    texts: Texts = {}
    for language in LANGUAGES:
        texts[language] = dict(SHARED[language])
        for name, tab in tabs.items():
            texts[language] |= {f"{name}_{key}": text for key, text in tab.TEXTS[language].items()}
            texts[language][f"{name}_tab"] = tab.TITLE[language]
    return gr.I18n(**texts, **dict.fromkeys(_ALIASES, texts["zh-TW"]))


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
    return theme.set(**labels, **dark)


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
