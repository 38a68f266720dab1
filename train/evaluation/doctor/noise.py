"""Is the noise that a model learns to remove so strong that nothing is left, or so weak that copying wins?"""

from __future__ import annotations

from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["too_strong", "too_weak"]

_LITTLE = 0.3  # explained variance of noisy images: hardly more than the mean image
_DROWNED = 1.0  # the error of the noisy input, in multiples of the mean image's
_WEAK = 25.0  # dB of the noisy input: gaussian noise of 0.056


def too_strong(e: Evidence) -> list[Finding]:
    """The input is worse than the mean image, and the output hardly better."""
    share, noisy, mean = e.number("denoised_explained_variance"), e.number("noisy_psnr"), e.number("mean_mse")
    if share is None or noisy is None or not mean or share >= _LITTLE:
        return []
    times = 10 ** (-noisy / 10) / mean
    if times < _DROWNED:
        return []
    return [
        Finding(
            name="noise-too-strong",
            severity="error",
            problem=f"the noise leaves next to nothing of the images: its error is {times:.1f} times that "
            f"of the mean image, and the output explains {percent(share)} of the variance.",
            see="plots/reconstructions.png; noisy_psnr and denoised_explained_variance in metrics.json",
            advice=_other(e, "lower", "gaussian:0.5", "0-0.5"),
            explains=("learned-little", "not-better-than-pca", "same-output", "dead-output"),
        )
    ]


def too_weak(e: Evidence) -> list[Finding]:
    """The noisy input is nearer to the clean image than the output is: the identity would be better."""
    noisy, denoised = e.number("noisy_psnr"), e.number("denoised_psnr")
    if noisy is None or denoised is None or denoised > noisy:
        return []
    weak = noisy >= _WEAK
    what = "the noise is so weak that the identity wins" if weak else "the identity would be better"
    stronger = _other(e, "higher", "gaussian:0.3", "0.5")
    return [
        Finding(
            name="noise-too-weak" if weak else "noise-not-removed",
            severity="warning",
            problem=f"{what}: the noisy input has {noisy:.1f} dB and the output {denoised:.1f} dB.",
            see="plots/reconstructions.png; noisy_psnr and denoised_psnr in metrics.json",
            advice=stronger if weak else f"{e.longer()}; or a larger --latent-dim",
        )
    ]


def _other(e: Evidence, which: str, noise: str, share: str) -> str:
    """What to try: another level of noise, or another share of missing patches."""
    options = e.config.variant_options
    if "mask_share" in options:
        return f"a {which} --mask-share than {options['mask_share']}, such as {share}"
    return f"--noise with a {which} level than {options.get('noise', e.variant.noise)}, such as {noise}"
