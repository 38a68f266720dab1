"""`diabolo export RUN`."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["command"]


@click.command(short_help="Split a run into encoder.onnx, decoder.onnx and model.json.")
@click.argument("source", metavar="RUN|FILE.py:FACTORY")
@click.option(
    "-o", "--out", metavar="BUNDLE", help="The new bundle folder. [default: RUN/bundle, or FILE without .py]"
)
@click.option("--network", metavar="FILE.py[:CLASS]", help="The run's network, if it is one of your own.")
@click.option(
    "--dtype",
    default="fp32",
    show_default=True,
    metavar="fp32|fp16|int8",
    help="fp16: weights stored in half the size, as fast as before; int8: a quarter of the size, mostly "
    "faster, calibrated on training images.",
)
@click.option(
    "--uint8-io", is_flag=True, help="Add graphs that take and give uint8, height x width x channels."
)
@click.option("--force", is_flag=True, help="Keep an int8 pair that costs more than 0.5 dB of PSNR.")
@click.option("--opset", type=int, default=18, show_default=True, help="ONNX operator set, 18 to 21.")
def command(source: str, out: str | None, network: str | None, **settings: Any) -> None:
    """Export RUN as a bundle, proved equal to the torch model before it says done.

    \b
    diabolo export runs/vae -o bundles/mnist-vae
    diabolo export runs/conv -o bundles/small --dtype int8

    Any two torch modules do as well: FACTORY is a function in FILE.py, which is executed, that takes nothing
    and returns (encoder, decoder, example images), or a dict of diabolo.export.export_pair's arguments.

    \b
    diabolo export my_model.py:make -o bundles/mine
    """
    from diabolo.export import export_factory, export_run
    from diabolo.export.errors import ExportError
    from diabolo.train.userfile import split
    from diabolo.ui.cli._shared.progress import console

    printer = console()

    def note(text: str) -> None:
        printer.print(text, markup=False, soft_wrap=True)

    if split(source):
        if network:
            raise ExportError("--network belongs to a run. Leave it out.")
        done = export_factory(source, out, note=note, **settings)
    else:
        done = export_run(source, out, network=network, note=note, **settings)
    note(
        f"proved: largest difference from torch {done.proof.latent:.1e} (latent), "
        f"{done.proof.image:.1e} (image), on {' and '.join(done.proof.images)} images"
    )
    _say_figures(done.figures, settings["dtype"], note)
    click.echo(str(done.path))


def _say_figures(figures: dict[str, Any], dtype: str, note: Any) -> None:
    if not figures:
        return
    before, after = figures["torch"], figures["graphs"]
    note(
        f"{after['images']:,} {figures['on']} images: MSE {after['mse']:.5f} (torch {before['mse']:.5f}), "
        f"PSNR {after['psnr']:.2f} dB (torch {before['psnr']:.2f})"
    )
    if dtype != "fp32":
        small, full = figures["bytes"][dtype], figures["bytes"]["fp32"]
        note(
            f"{dtype}: {figures['change']['psnr']:+.2f} dB of PSNR, {small / 1024:,.0f} KiB instead of "
            f"{full / 1024:,.0f} ({small / full:.0%})"
        )
