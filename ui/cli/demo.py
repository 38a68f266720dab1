"""`diabolo demo`: training, export, verification and the app, on data that needs no download."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="Train, export and verify a small model and open the app; needs no data.")
@click.option("-o", "--out", metavar="DIR", help="The working folder. [default: a new temporary folder]")
@click.option("--variant", default="vae", show_default=True, help="The variant to train.")
@click.option("--epochs", type=int, default=8, show_default=True, help="Passes over the training images.")
@click.option("--port", type=int, help="Port of the app. [default: the first free one from 7860]")
@click.option("--no-browser", is_flag=True, help="Only print the address; do not open a browser.")
@click.option("--no-app", is_flag=True, help="Stop before the app is started.")
def command(
    out: str | None, variant: str, epochs: int, port: int | None, no_browser: bool, no_app: bool
) -> None:
    """Train a small model on letters drawn from fonts, export it, verify it, and open it in the app.

    \b
    diabolo demo
    diabolo demo --variant sparse --no-app -o ./demo
    """
    import tempfile
    from pathlib import Path

    from diabolo.export import export_run
    from diabolo.runtime import Autoencoder, verify
    from diabolo.runtime.errors import BundleError
    from diabolo.runtime.listing import quoted
    from diabolo.train import Config, fit
    from diabolo.ui.cli._shared.progress import Bar

    folder = Path(out) if out else Path(tempfile.mkdtemp(prefix="diabolo-demo-"))
    with Bar() as bar:
        bar.note(f"1/4 train: {variant} on glyphs, in {folder / 'run'}")
        config = Config.make(variant, "glyphs", epochs=epochs, device="auto", precision="auto")
        run = fit(config, folder / "run", callback=bar)
    bar.note(f"2/4 export: {folder / 'glyphs-demo'}")
    done = export_run(run.path, folder / "glyphs-demo")
    bar.note(f"    largest difference from torch: {done.parity.largest:.1e}")
    checks = verify(done.path)
    bar.note(f"3/4 verify: {sum(check.ok for check in checks)} of {len(checks)} checks passed")
    click.echo(str(done.path))
    if not all(check.ok for check in checks):
        raise BundleError(f"{done.path} failed a check. See which: diabolo verify {quoted(done.path)}")
    if no_app:
        return
    from diabolo.ui import launch

    bar.note("4/4 app: press Ctrl-C to stop it")
    model = Autoencoder.load(done.path)
    launch({model.manifest.name: model}, port=port, open_browser=not no_browser)
