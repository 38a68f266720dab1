"""`diabolo ui [BUNDLE...]`."""

from __future__ import annotations

import click

from diabolo.ui.cli import _options

__all__ = ["command"]


@click.command(short_help="Open the app with the ready-made models, or with bundles of your own.")
@click.argument(
    "bundles",
    nargs=-1,
    metavar="[BUNDLE]...",
    shell_complete=_options.complete,
    callback=_options.named,
)
@click.option("--port", type=int, help="Where to listen. [default: the first free one from 7860]")
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--language", type=click.Choice(["en", "zh-TW"]), help="Of the page. [default: the browser's]")
@click.option("--mcp", is_flag=True, help="Offer the app's actions as tools to assistants (MCP), too.")
def command(
    bundles: tuple[str, ...],
    port: int | None,
    no_browser: bool,
    device: str,
    language: str | None,
    mcp: bool,
) -> None:
    """Open the app with the models in BUNDLE..., or with all ready-made ones. Only this machine can reach it.

    \b
    diabolo ui                       the ready-made models
    diabolo ui mnist-vae             one of them
    diabolo ui bundles/digits        your own: folders or .zip files

    With several models the page has a chooser; each is started when it is first chosen.
    """
    from diabolo.runtime import ready
    from diabolo.ui._models import collect

    if not bundles and not ready.names():
        raise click.UsageError(
            "no ready-made model came with this package: give at least one BUNDLE. "
            "Make one with: diabolo demo, or diabolo export RUN after a training."
        )
    models = collect(bundles or None, device=device)
    models[next(iter(models))]  # what is wrong with the device or the first model is said here
    from diabolo.ui.serving import launch

    launch(models, language=language, port=port, mcp=mcp, open_browser=not no_browser)
