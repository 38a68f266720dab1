"""`diabolo verify BUNDLE`."""

from __future__ import annotations

import sys

import click

from diabolo.ui.cli._shared import options

__all__ = ["command"]


@click.command(short_help="Check a bundle's files, graphs and golden image.")
@options.bundle
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(bundle: str, device: str, as_json: bool) -> None:
    """Check that BUNDLE is what was exported and computes the same here; exit 1 when anything is off."""
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
        click.echo(f"diabolo: {bundle} is not sound. Get it again, or export it again.", err=True)
        sys.exit(1)
