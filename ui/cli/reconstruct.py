"""`diabolo reconstruct BUNDLE IMAGE...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli._files.own_size import OwnSize, note_scaled, own_size, takes_any_size
from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diabolo.runtime import Autoencoder
    from diabolo.ui.cli._files.reading import Batch
    from diabolo.ui.cli._files.unlike import Unlike
    from diabolo.ui.cli._files.work import Compute

__all__ = ["command"]


@click.command(short_help="Encode and decode images, and measure the error.")
@options.bundle
@options.images
@click.option(
    "-o", "--out", metavar="DIR|FILE", help="Where the pictures go. [default: only figures are printed]"
)
@click.option(
    "--beside", is_flag=True, help="Write each image, as the model saw it, and its result side by side."
)
@own_size
@options.invert
@options.overwrite
@options.device
@options.threads
@options.as_json
def command(
    bundle: str,
    images: tuple[str, ...],
    out: str | None,
    beside: bool,
    invert: str,
    overwrite: bool,
    device: str,
    threads: int | None,
    as_json: bool,
    **sized: Any,
) -> None:
    """Encode and decode images with the model in BUNDLE, and measure the error.

    \b
    diabolo reconstruct bundles/digits seven.png -o back.png
    diabolo reconstruct bundles/digits ./scans -o ./back --beside
    diabolo reconstruct bundles/parts './line-3/*.jpg' --json      figures only

    For every image, the command prints mse, psnr (dB) and ssim, compared with the image as the model saw it,
    and anomaly: its mse divided by the model's mse on test images, if the bundle has that. It is about 1 for
    an image like those that the model was trained on, and much higher for an image unlike them. If the model
    itself explains little of the variance of its test images, a note says so: anomaly then tells nothing.

    A model of any size takes each picture at its own size, and writes the result in the picture's own format,
    with its colour profile and its EXIF data. Other models scale pictures to their size.

    A picture that looks unlike the training images is reported, with the measures that say so: code (it is
    far from the training images' codes), reconstruction (it differs more from the picture than is usual),
    border (the picture's border is brighter or darker). Do not rely on its reconstruction.
    """
    from diabolo.ui.cli._files.unlike import Unlike
    from diabolo.ui.cli._files.work import Work, finish, report

    model = options.load(bundle, device, threads)
    if takes_any_size(model.manifest):
        _reconstruct_photos(model, images, out, overwrite, beside, invert, OwnSize(**sized), as_json)
        return
    OwnSize(**sized).check_unused(noise=False)
    work = Work(
        given=images, out=out, overwrite=overwrite, beside=beside, invert=invert, what="reconstructing"
    )
    unlike = Unlike(model)
    counter = work.run(model.manifest, _reconstruct(model, unlike))
    report(work, counter, as_json, _about_anomaly(model.manifest.metrics) if work.rows else ())
    note_scaled(work.scaled, model.manifest, noise=False)
    unlike.note(counter.done)
    finish(counter, "reconstructed")


def _reconstruct_photos(
    model: Any,
    images: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    beside: bool,
    invert: str,
    sized: OwnSize,
    as_json: bool,
) -> None:
    """The same for a model of any size, which keeps the size of the pictures."""
    from diabolo.ui.cli._files import photo_figures
    from diabolo.ui.cli._files.photos import PhotoWork
    from diabolo.ui.cli._files.work import finish, report

    work = PhotoWork(
        given=images, out=out, overwrite=overwrite, beside=beside, what="reconstructing", options=sized
    )
    figures = photo_figures.reconstructed(model.manifest.metrics.get("mse"))
    counter = work.run(model, figures, invert=invert)
    report(work, counter, as_json, _about_anomaly(model.manifest.metrics) if work.rows else ())
    finish(counter, "reconstructed")


def _about_anomaly(figures: Mapping[str, Any]) -> list[str]:
    """A warning if the model has learned so little that its mean error is no yardstick."""
    from diabolo.runtime.bundle.quality import learned_little

    sentence = learned_little(figures)
    return [f"{sentence} So an anomaly of about 1 does not mean that an image is normal."] if sentence else []


def _reconstruct(model: Autoencoder, unlike: Unlike) -> Compute:
    from diabolo.runtime.image import metrics
    from diabolo.ui.cli._files.work import Computed

    usual = model.manifest.metrics.get("mse")

    def compute(batch: Batch) -> Computed:
        latents = model.encode(batch.images)
        result = model.decode(latents)
        error = metrics.mse(batch.images, result)
        figures = {
            "mse": error,
            "psnr": metrics.psnr_of_mse(error),
            "ssim": metrics.ssim(batch.images, result),
            "anomaly": error / usual if isinstance(usual, int | float) and usual > 0 else None,
        }
        judged = unlike.judge(batch, latents, result)
        return Computed(panels=[batch.images, result], figures=figures, unlike=judged)

    return compute
