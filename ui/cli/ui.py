"""`diabolo ui [BUNDLE...]`."""

from __future__ import annotations

import click

from diabolo.runtime.errors import UsageError
from diabolo.ui.cli._shared import options

__all__ = ["command"]


def _users(_ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Names and passwords of `--auth NAME:PASSWORD`."""
    users = {}
    for pair in given:
        name, colon, password = pair.partition(":")
        if not (name and colon and password):
            raise UsageError("give a name and a password with a colon between: --auth NAME:PASSWORD.")
        users[name] = password
    return users


@click.command(short_help="Open the app with the ready-made models, or with bundles of your own.")
@click.argument(
    "bundles",
    nargs=-1,
    metavar="[BUNDLE]...",
    shell_complete=options.complete,
    callback=options.note_shadowed_folder,
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="GRADIO_SERVER_NAME",
    help="Where to listen: 0.0.0.0 lets the whole network in (docs/security.md). Or GRADIO_SERVER_NAME.",
)
@click.option("--port", type=int, help="Where to listen. [default: the first free one from 7860]")
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--language", type=click.Choice(["en", "zh-TW"]), help="Of the page. [default: the browser's]")
@click.option("--mcp", is_flag=True, help="Offer the app's actions as tools to assistants (MCP), too.")
@click.option(
    "--auth",
    "users",
    multiple=True,
    metavar="NAME:PASSWORD",
    envvar="DIABOLO_AUTH",
    callback=_users,
    help="Ask for a password; once for each user. Better given as DIABOLO_AUTH, which no process list shows.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Answer under this name, too, such as a proxy's. [default: this machine's names and addresses]",
)
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="ORIGIN",
    help="Let pages of this origin call the app, such as https://example.org. [default: none]",
)
@click.option(
    "--max-upload",
    type=click.IntRange(1, 1 << 20),
    default=256,
    show_default=True,
    metavar="MB",
    help="Megabytes of one upload, at most.",
)
@click.option("--no-uploads", is_flag=True, help="Take no bundles of visitors, only their pictures.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    metavar="N",
    help="Events of one kind that are computed at a time; further ones wait.",
)
def command(
    bundles: tuple[str, ...],
    host: str,
    port: int | None,
    no_browser: bool,
    device: str,
    language: str | None,
    mcp: bool,
    users: dict[str, str],
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    max_upload: int,
    no_uploads: bool,
    concurrency: int,
) -> None:
    """Open the app with the models in BUNDLE..., or with all ready-made ones.

    Only this machine can reach it, unless --host says otherwise; docs/security.md says what then holds.

    \b
    diabolo ui                       the ready-made models
    diabolo ui mnist-vae             one of them
    diabolo ui bundles/digits        your own: folders or .zip files
    diabolo ui --host 0.0.0.0 --auth me:secret       for a class in the same network

    With several models the page has a chooser; each is started when it is first chosen.
    """
    from diabolo.runtime.bundle import zoo
    from diabolo.ui.models.collection import collect

    if not bundles and not zoo.names():
        raise UsageError(
            "no ready-made model came with this package: give at least one BUNDLE. "
            "Make one with: diabolo demo, or diabolo export RUN after a training."
        )
    models = collect(bundles or None, device=device)
    models[next(iter(models))]  # what is wrong with the device or the first model is said here
    from diabolo.ui.guard import Access
    from diabolo.ui.sandbox import VisitorLimits
    from diabolo.ui.serving import launch

    launch(
        models,
        language=language,
        host=host,
        port=port,
        auth=users or None,
        access=Access(hosts=allow_host, origins=allow_origin, upload=max_upload),
        limits=VisitorLimits(uploads=not no_uploads, zip_mb=max_upload),
        concurrency=concurrency,
        mcp=mcp,
        open_browser=not no_browser,
    )
