"""`diabolo export RUN`."""

from __future__ import annotations

from typing import Any

import click

from diabolo.ui.cli._shared import options

__all__ = ["command"]


@click.command(short_help="Export a run as encoder.onnx, decoder.onnx and model.json.")
@click.argument("source", metavar="RUN|FILE.py:FACTORY")
@click.option(
    "-o", "--out", metavar="BUNDLE", help="The new bundle folder. [default: RUN/bundle, or FILE without .py]"
)
@click.option(
    "--network", metavar="FILE.py[:CLASS]", help="The file of the run's network, if it is not a built-in one."
)
@options.dataset
@click.option(
    "--dtype",
    default="fp32",
    show_default=True,
    metavar="fp32|fp16|int8",
    help="fp16: weights of half the size, not faster; int8: a quarter of the size, usually faster, "
    "calibrated on training images.",
)
@click.option(
    "--uint8-io",
    is_flag=True,
    help="Also write graphs with uint8 inputs and outputs, height x width x channels.",
)
@click.option(
    "--codes/--no-codes",
    default=True,
    show_default=True,
    help="Store codes of test images, for the app and the model card. Images like them can be decoded from "
    "these, so leave them out if nobody may see your images.",
)
@click.option("--force", is_flag=True, help="Keep int8 graphs even if they lose more than 0.5 dB of PSNR.")
@click.option(
    "--opset", type=int, default=18, show_default=True, help="Version of the ONNX operator set, 18 to 21."
)
def command(source: str, out: str | None, network: str | None, dataset: str | None, **settings: Any) -> None:
    """Export RUN as a bundle, after checking that its graphs give the same results as the torch model.

    \b
    diabolo export runs/vae -o bundles/mnist-vae
    diabolo export runs/conv -o bundles/small --dtype int8

    Any pair of torch modules can be exported, too: FACTORY is a function in FILE.py, which is executed. It
    takes no arguments and returns (encoder, decoder, example images), or a dict of arguments for
    diabolo.export.export_pair.

    \b
    diabolo export my_model.py:make -o bundles/mine
    """
    from diabolo.export import export_factory, export_run
    from diabolo.export.errors import ExportError
    from diabolo.runtime import Bundle
    from diabolo.runtime.bundle.quality import quality_line, quality_warnings
    from diabolo.train.userfile import split
    from diabolo.ui.cli._shared.progress import console

    printer = console()

    def note(text: str) -> None:
        printer.print(text, markup=False, soft_wrap=True)

    if split(source):
        if network or dataset:
            raise ExportError(f"--{'network' if network else 'dataset'} is only for a run. Leave it out.")
        done = export_factory(source, out, note=note, **settings)
    else:
        done = export_run(source, out, network=network, dataset=dataset, note=note, **settings)
    note(
        f"checked: largest difference from torch {done.parity.latent:.1e} (latent), "
        f"{done.parity.image:.1e} (image), on {' and '.join(done.parity.images)} images"
    )
    _note_figures(done.figures, settings["dtype"], note)
    metrics = Bundle.open(done.path).manifest.metrics
    for text in filter(None, (quality_line(metrics), *quality_warnings(metrics))):
        note(text)
    click.echo(str(done.path))


def _note_figures(figures: dict[str, Any], dtype: str, note: Any) -> None:
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
