"""`diabolo verify BUNDLE`."""

from __future__ import annotations

import sys

import click

from diabolo.ui.cli._shared import options

__all__ = ["command"]


@click.command(short_help="Check a bundle's files, graphs and golden image.")
@options.bundle
@options.device
@options.as_json
def command(bundle: str, device: str, as_json: bool) -> None:
    """Check that BUNDLE is unchanged since its export and gives the same results here.

    Exits with 1 if a check fails.

    \b
    diabolo verify bundles/digits
    diabolo verify bundles/digits --device cuda
    """
    import dataclasses
    import json

    from diabolo.runtime import verify
    from diabolo.runtime.listing import printable

    checks = verify(bundle, device=device)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(check) for check in checks]))
    else:
        for check in checks:
            click.echo(printable(f"{'ok ' if check.ok else 'OFF'} {check.name}: {check.detail}"))
    if not all(check.ok for check in checks):
        click.echo(f"diabolo: {bundle} failed a check. Download or export it again.", err=True)
        sys.exit(1)
