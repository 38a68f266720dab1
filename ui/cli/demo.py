"""`diabolo demo`: the whole way, on data that needs no download."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="Train, export, verify and open the app, on data that needs no download.")
@click.option("-o", "--out", metavar="DIR", help="Where to work. [default: a new temporary folder]")
@click.option("--variant", default="vae", show_default=True, help="Which variant to train.")
@click.option("--epochs", type=int, default=8, show_default=True, help="Passes over the letters.")
@click.option("--port", type=int, help="Port of the app. [default: the first free one from 7860]")
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option("--no-app", is_flag=True, help="Stop before the app.")
def command(
    out: str | None, variant: str, epochs: int, port: int | None, no_browser: bool, no_app: bool
) -> None:
    """Train a small model on letters drawn from fonts, export it, verify it, and open the app with it."""
    import tempfile
    from pathlib import Path

    from diabolo.export import export_run
    from diabolo.runtime import Autoencoder, verify
    from diabolo.runtime.errors import BundleError
    from diabolo.train import Config, fit
    from diabolo.ui.cli._shared.progress import Bar

    folder = Path(out) if out else Path(tempfile.mkdtemp(prefix="diabolo-demo-"))
    with Bar() as bar:
        bar.note(f"1/4 train: {variant} on glyphs, into {folder / 'run'}")
        config = Config.make(variant, "glyphs", epochs=epochs, device="auto", precision="auto")
        run = fit(config, folder / "run", watcher=bar)
    bar.note(f"2/4 export: {folder / 'glyphs-demo'}")
    done = export_run(run.path, folder / "glyphs-demo")
    bar.note(f"    equal to torch within {done.proof.largest:.1e}")
    checks = verify(done.path)
    bar.note(f"3/4 verify: {sum(check.ok for check in checks)} of {len(checks)} checks passed")
    click.echo(str(done.path))
    if not all(check.ok for check in checks):
        raise BundleError(f"{done.path} is not sound: run diabolo verify {done.path}.")
    if no_app:
        return
    from diabolo.ui.serving import launch

    bar.note("4/4 app: Ctrl-C ends it")
    model = Autoencoder.load(done.path)
    launch({model.manifest.name: model}, port=port, open_browser=not no_browser)
