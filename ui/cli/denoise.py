"""`diabolo denoise BUNDLE IMAGE...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli._files.own_size import OwnSize, note_scaled, own_size, takes_any_size
from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.runtime import Autoencoder, NoiseSpec
    from diabolo.runtime.bundle.manifest import Manifest
    from diabolo.ui.cli._files.reading import Batch
    from diabolo.ui.cli._files.unlike import Unlike
    from diabolo.ui.cli._files.work import Compute

__all__ = ["command"]

_STEPS = 255  # noise is printed in units of this part of the range, as in the literature


@click.command(short_help="Remove noise from images; can add noise first, as a demonstration.")
@options.bundle
@options.images
@click.option(
    "-o",
    "--out",
    metavar="DIR|FILE",
    help="Where the pictures go. [default with --noise: only figures are printed]",
)
@click.option(
    "--noise",
    metavar="KIND:LEVEL",
    help="Add noise first, as a demonstration: gaussian:0.5, salt-pepper:0.2, masking:0.3, speckle:0.5, "
    "jpeg:40 (quality), poisson-gaussian:0.01/0.02 (GAIN/READ), patches:0.5/4 (SHARE/SIDE), or several, "
    "joined by '+'.",
)
@click.option(
    "--clip/--no-clip",
    default=True,
    help="Clip the added noise to [0, 1], as files are, or leave it unclipped. [default: clip]",
)
@options.seed
@click.option("--beside", is_flag=True, help="Write input and result side by side.")
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
    noise: str | None,
    clip: bool,
    seed: int,
    beside: bool,
    invert: str,
    overwrite: bool,
    device: str,
    threads: int | None,
    as_json: bool,
    **sized: Any,
) -> None:
    """Denoise images with the model in BUNDLE, which should have been trained on noise.

    \b
    diabolo denoise bundles/cleaner ./noisy-scans -o ./clean
    diabolo denoise bundles/photos ./photos -o ./clean --strength 0.7
    diabolo denoise bundles/cleaner seven.png --noise gaussian:0.5 --beside -o shown.png

    With --noise the clean image is known: the command prints noisy_psnr (dB) for every noisy image, and mse,
    psnr (dB) and ssim for every result. Without --noise it prints change, the mse between input and result,
    and noise_before and noise_after, estimates of the standard deviation of the noise in both, in grey levels
    (0 to 255).

    A model of any size writes each picture at its own size and in its own format, with its colour profile and
    its EXIF data, 16 bits a channel included. Other models scale pictures to their size.

    A picture that looks unlike the training images is reported, with the measures that say so (see diabolo
    reconstruct). With --noise, the clean picture is compared with them, otherwise the denoised one.
    """
    from diabolo.runtime import NoiseSpec
    from diabolo.runtime.errors import UsageError
    from diabolo.ui.cli._files.unlike import Unlike
    from diabolo.ui.cli._files.work import Work, finish, report

    spec = NoiseSpec.parse(noise, clip=clip) if noise else None
    if out is None and spec is None:
        raise UsageError("give --out, where the pictures go, or --noise, to add noise and print figures.")
    model = options.load(bundle, device, threads)
    trained = model.manifest.noise_spec
    if not clip and (spec is None or trained is None or trained.clip):
        raise UsageError(
            "--no-clip is for noise added with --noise, and for models that were trained with --no-clip. "
            "Leave it out."
        )
    _warn(model.manifest, spec)
    if takes_any_size(model.manifest):
        _denoise_photos(model, images, out, overwrite, beside, invert, OwnSize(**sized), spec, seed, as_json)
        return
    OwnSize(**sized).check_unused(noise=True)
    work = Work(given=images, out=out, overwrite=overwrite, beside=beside, invert=invert, what="denoising")
    unlike = Unlike(model)
    counter = work.run(model.manifest, _denoise(model, spec, seed, unlike))
    report(work, counter, as_json)
    note_scaled(work.scaled, model.manifest, noise=True)
    unlike.note(counter.done)
    finish(counter, "denoised")


def _warn(m: Manifest, spec: NoiseSpec | None) -> None:
    if m.noise is None:
        click.echo(
            "note: this model was not trained on noise; it only removes what its code cannot represent. "
            "Train one on noise with: diabolo train denoising",
            err=True,
        )
        return
    if spec is not None and (m.noise_spec is None or not m.noise_spec.covers(spec)):
        trained = m.noise_spec or f"{m.noise[0]} noise"
        click.echo(f"note: this model was trained on {trained}, not on {spec}.", err=True)


def _denoise_photos(
    model: Any,
    images: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    beside: bool,
    invert: str,
    sized: OwnSize,
    spec: NoiseSpec | None,
    seed: int,
    as_json: bool,
) -> None:
    """The same for a model of any size, which keeps the size of the pictures."""
    from diabolo.ui.cli._files import photo_figures
    from diabolo.ui.cli._files.photos import PhotoWork
    from diabolo.ui.cli._files.work import finish, report

    work = PhotoWork(
        given=images, out=out, overwrite=overwrite, beside=beside, what="denoising", options=sized
    )
    if spec is None:
        counter = work.run(model, photo_figures.denoised, invert=invert)
    else:
        spoil = photo_figures.spoiled(spec, seed)
        counter = work.run(model, photo_figures.noise_added, spoil, invert)
    report(work, counter, as_json)
    finish(counter, "denoised")


def _denoise(model: Autoencoder, spec: NoiseSpec | None, seed: int, unlike: Unlike) -> Compute:
    import numpy as np

    from diabolo.runtime import add_noise
    from diabolo.runtime.image import metrics
    from diabolo.runtime.image.noise_level import estimate_noise
    from diabolo.ui.cli._files.work import Computed

    def compute(batch: Batch) -> Computed:
        if spec is None:
            result = model.denoise(batch.images)
            figures = {
                "change": metrics.mse(batch.images, result),
                "noise_before": _STEPS * np.array([estimate_noise(image) for image in batch.images]),
                "noise_after": _STEPS * np.array([estimate_noise(image) for image in result]),
            }
            # noise alone makes a picture unlike the training images; the denoised one has none
            judged = unlike.judge_pictures(batch, result)
            return Computed(panels=[batch.images, result], figures=figures, unlike=judged)
        # one generator per image, so that its noise does not depend on the rest of the batch
        noisy = np.concatenate(
            [
                add_noise(image[None], spec, np.random.default_rng([seed, number]))
                for number, image in zip(batch.numbers, batch.images, strict=True)
            ]
        )
        result = model.denoise(noisy)
        error = metrics.mse(batch.images, result)
        figures = {
            "noisy_psnr": metrics.psnr(batch.images, noisy),
            "mse": error,
            "psnr": metrics.psnr_of_mse(error),
            "ssim": metrics.ssim(batch.images, result),
        }
        judged = unlike.judge_pictures(batch, batch.images)
        return Computed(panels=[batch.images, noisy, result], figures=figures, unlike=judged)

    return compute
