"""`diabolo export RUN`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="Split a run into encoder.onnx, decoder.onnx and model.json.")
@click.argument("run_folder", metavar="RUN")
@click.option("-o", "--out", metavar="BUNDLE", help="The new bundle folder. [default: RUN/bundle]")
@click.option("--network", metavar="FILE.py[:CLASS]", help="The network, if it is one of your own.")
@click.option("--opset", type=int, default=18, show_default=True, help="ONNX operator set, 18 to 21.")
def command(run_folder: str, out: str | None, network: str | None, opset: int) -> None:
    """Export RUN as a bundle, proved equal to the torch model before it says done."""
    from diabolo.export import export_run
    from diabolo.ui.cli._progress import console

    printer = console()
    done = export_run(
        run_folder, out, network=network, opset=opset, note=lambda text: printer.print(text, markup=False)
    )
    printer.print(
        f"proved: largest difference from torch {done.proof.latent:.1e} (latent), "
        f"{done.proof.image:.1e} (image)",
        markup=False,
    )
    click.echo(str(done.path))
