"""`diabolo ui [BUNDLE...]`."""

from __future__ import annotations

import click

from diabolo.runtime.errors import UsageError
from diabolo.ui.cli._shared import options

__all__ = ["command"]


def _users(_ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Passwords by user name, from `--auth NAME:PASSWORD`."""
    users = {}
    for pair in given:
        name, colon, password = pair.partition(":")
        if not (name and colon and password):
            raise UsageError(
                "--auth takes a name and a password with a colon between them: --auth NAME:PASSWORD."
            )
        users[name] = password
    return users


@click.command(short_help="Open the app with the ready-made models or your own bundles.")
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
    help="The address to listen on; 0.0.0.0 opens the app to the network (see docs/security.md). [or: "
    "GRADIO_SERVER_NAME]",
)
@click.option(
    "--port",
    type=int,
    envvar="GRADIO_SERVER_PORT",
    help="The port to listen on. [or: GRADIO_SERVER_PORT; default: the first free one from 7860]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address; do not open a browser.")
@options.device
@click.option(
    "--language", type=click.Choice(["en", "zh-TW"]), help="Language of the page. [default: the browser's]"
)
@click.option(
    "--mcp", is_flag=True, help="Also offer the app's actions to assistants, as tools of an MCP server."
)
@click.option(
    "--auth",
    "users",
    multiple=True,
    metavar="NAME:PASSWORD",
    envvar="DIABOLO_AUTH",
    callback=_users,
    help="Require a password; repeat for more users. Prefer the variable DIABOLO_AUTH: options are "
    "visible in process lists.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Also accept this host name, such as a proxy's. [default: this machine's names and addresses]",
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
    help="Maximum size of an upload, in megabytes.",
)
@click.option("--no-uploads", is_flag=True, help="Do not accept bundles from visitors, only pictures.")
@click.option(
    "--keep-uploads",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    metavar="N",
    envvar="DIABOLO_KEEP_UPLOADS",
    help="Bundles that are kept for each visitor; the one unused for longest is removed first. "
    "[or: DIABOLO_KEEP_UPLOADS]",
)
@click.option(
    "--keep-uploads-mb",
    type=click.IntRange(1, 1 << 20),
    default=1024,
    show_default=True,
    metavar="MB",
    envvar="DIABOLO_KEEP_UPLOADS_MB",
    help="Size of all bundles that are kept, in megabytes: their .zip files, and their codes in memory. "
    "[or: DIABOLO_KEEP_UPLOADS_MB]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    metavar="N",
    help="How many events of one kind are computed at the same time; further ones wait.",
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
    keep_uploads: int,
    keep_uploads_mb: int,
    concurrency: int,
) -> None:
    """Open the app with the models in BUNDLE..., or with all ready-made models.

    By default, only this machine can reach it. See docs/security.md before you change that with --host.

    \b
    diabolo ui                       the ready-made models
    diabolo ui mnist-vae             one of them
    diabolo ui bundles/digits        your own: folders or .zip files
    diabolo ui --host 0.0.0.0 --auth me:secret       for others in your network

    With several models, the page lets you choose one; a model is started when it is first chosen.
    """
    from diabolo.runtime.bundle import zoo
    from diabolo.ui.models.collection import collect

    if not bundles and not zoo.names():
        raise UsageError(
            "this package contains no ready-made models, so give at least one BUNDLE. "
            "Make one with: diabolo demo, or diabolo export RUN after a training."
        )
    models = collect(bundles or None, device=device)
    models[next(iter(models))]  # report problems with the device or the first model here
    from diabolo.ui import launch  # the first: it imports Gradio in spite of any proxy settings
    from diabolo.ui.guard import Access
    from diabolo.ui.sandbox import VisitorLimits

    launch(
        models,
        language=language,
        host=host,
        port=port,
        auth=users or None,
        access=Access(hosts=allow_host, origins=allow_origin, upload=max_upload),
        limits=VisitorLimits(
            uploads=not no_uploads, zip_mb=max_upload, kept=keep_uploads, kept_mb=keep_uploads_mb
        ),
        concurrency=concurrency,
        mcp=mcp,
        open_browser=not no_browser,
    )
