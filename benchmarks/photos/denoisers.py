"""The denoisers that `benchmarks.photos` compares: our bundles, and those of scikit-image and OpenCV.

Each takes a noisy picture, float32 `(channels, height, width)`, and the true standard deviation of its noise
in [0, 1], which our models are not told, and returns a picture of the same shape in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSICAL", "Denoise", "bundle", "classical", "ensemble"]

_Array: TypeAlias = NDArray[np.float32]
Denoise = Callable[[_Array, float], _Array]

_WEIGHT = (
    1.1  # of total variation, per unit of sigma: the best of 0.7 to 1.9 on the held-out pictures of BSDS500
)


def bundle(source: str, threads: int) -> Denoise:
    """A bundle on the CPU; its input may leave [0, 1], whatever noise it was trained on."""
    from diabolo.runtime import Autoencoder
    from diabolo.runtime._any_size import AnySizePair

    model = Autoencoder.load(source, device="cpu", threads=threads)
    if model.manifest.any_size is None:
        raise SystemExit(f"{source} takes images of one size; this benchmark is of photographs at their own.")
    pair = AnySizePair(model._graphs, model.manifest, model.manifest.any_size)  # past the check of the range
    return lambda noisy, _sigma: pair.reconstruct(noisy[None])[0]


def ensemble(denoise: Denoise) -> Denoise:
    """The mean of what it makes of a picture's four quarter turns, each as it is and mirrored.

    Timofte et al., 'Seven ways to improve example-based single image super resolution', CVPR 2016,
    https://arxiv.org/abs/1511.02228.
    """

    def mean(noisy: _Array, sigma: float) -> _Array:
        out = np.zeros(noisy.shape, np.float32)
        for turns in range(4):
            turned = np.rot90(noisy, turns, (1, 2))
            out += np.rot90(denoise(np.ascontiguousarray(turned), sigma), -turns, (1, 2))
            mirrored = np.ascontiguousarray(turned[:, :, ::-1])
            out += np.rot90(denoise(mirrored, sigma)[:, :, ::-1], -turns, (1, 2))
        return out / np.float32(8)

    return mean


def classical(name: str) -> Denoise:
    """One of CLASSICAL; the packages are imported here, since the memory of each process is measured."""
    return CLASSICAL[name]()


def _channels_last(image: _Array) -> Any:
    return image[0] if len(image) == 1 else image.transpose(1, 2, 0)


def _channels_first(image: Any) -> _Array:
    array = np.asarray(image, np.float32)
    return array[None] if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))


def _axis(image: _Array) -> int | None:
    return None if len(image) == 1 else -1


def _nl_means() -> Denoise:
    from skimage.restoration import denoise_nl_means

    def denoise(noisy: _Array, sigma: float) -> _Array:
        out = denoise_nl_means(
            _channels_last(noisy),
            patch_size=5,
            patch_distance=6,
            h=0.6 * sigma,  # as scikit-image's own example has it for the fast mode
            sigma=sigma,
            fast_mode=True,
            channel_axis=_axis(noisy),
        )
        return _channels_first(out)

    return denoise


def _wavelet() -> Denoise:
    from skimage.restoration import denoise_wavelet

    def denoise(noisy: _Array, sigma: float) -> _Array:
        out = denoise_wavelet(
            _channels_last(noisy),
            sigma=sigma,
            method="BayesShrink",
            mode="soft",
            convert2ycbcr=len(noisy) == 3,
            rescale_sigma=True,
            channel_axis=_axis(noisy),
        )
        return _channels_first(out)

    return denoise


def _total_variation() -> Denoise:
    from skimage.restoration import denoise_tv_chambolle

    def denoise(noisy: _Array, sigma: float) -> _Array:
        out = denoise_tv_chambolle(
            _channels_last(noisy), weight=_WEIGHT * sigma, max_num_iter=100, channel_axis=_axis(noisy)
        )
        return _channels_first(out)

    return denoise


def _opencv() -> Denoise:
    import cv2

    def denoise(noisy: _Array, sigma: float) -> _Array:
        given = (_channels_last(noisy).clip(0, 1) * 255).round().astype(np.uint8)  # it takes nothing else
        h = 255 * sigma
        if len(noisy) == 1:
            out = cv2.fastNlMeansDenoising(given, None, h, 7, 21)
        else:
            out = cv2.fastNlMeansDenoisingColored(given, None, h, h, 7, 21)
        return _channels_first(out) / np.float32(255)

    return denoise


CLASSICAL: dict[str, Callable[[], Denoise]] = {
    "scikit-image: non-local means": _nl_means,
    "scikit-image: wavelet": _wavelet,
    "scikit-image: total variation": _total_variation,
    "OpenCV: non-local means (8 bits)": _opencv,
}
"""By the name in the table, a function that imports what is needed and returns the denoiser."""
