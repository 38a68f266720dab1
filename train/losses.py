"""Losses as pure functions of tensors. Images are `(batch, channels, height, width)` in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "bernoulli_kl",
    "bernoulli_reconstruction",
    "binarised",
    "fixed_thresholds",
    "gaussian_kl_by_dimension",
    "gaussian_reconstruction",
    "half_squared_error",
    "inverse_multiquadratics",
    "maximum_mean_discrepancy",
    "mean_squared_error",
    "total_correlation",
]


def mean_squared_error(image: Tensor, reconstruction: Tensor) -> Tensor:
    """The mean squared error, 1/n sum_i (x_i - y_i)^2 over all n values of the batch: a scalar.

    Args:
        image: `(batch, channels, height, width)` in [0, 1].
        reconstruction: of the same shape and range.
    """
    return functional.mse_loss(reconstruction.float(), image.float())


def half_squared_error(image: Tensor, reconstruction: Tensor) -> Tensor:
    """Half the squared error, summed over an image's values, averaged over images: a scalar.

    This is the J of http://ufldl.stanford.edu/tutorial/unsupervised/Autoencoders/, which published sparsity
    weights refer to.

    Args:
        image: `(batch, channels, height, width)` in [0, 1].
        reconstruction: of the same shape and range.
    """
    return 0.5 * (image - reconstruction).float().square().flatten(1).sum(1).mean()


def bernoulli_kl(sparsity: float, activity: Tensor) -> Tensor:
    """The KL divergence sum_j KL(rho || rho_hat_j) over units, in nats: a scalar.

    KL = rho log(rho / rho_hat) + (1 - rho) log((1 - rho) / (1 - rho_hat)).

    Args:
        sparsity: rho, in (0, 1).
        activity: rho_hat `(units,)`, each unit's mean activation over samples, in [0, 1].
    """
    # not clamped further: a clamped unit has no gradient, and one that is dead would never be active again
    rho_hat = activity.float().clamp(1e-30, 1 - 2**-24)
    rho = torch.as_tensor(sparsity, dtype=torch.float32, device=activity.device)
    return (rho * (rho / rho_hat).log() + (1 - rho) * ((1 - rho) / (1 - rho_hat)).log()).sum()


def bernoulli_reconstruction(image: Tensor, logits: Tensor) -> Tensor:
    """-log p(x | z) for Bernoulli pixels, summed over an image's values: `(batch,)`, in nats.

    For values between 0 and 1 this is a cross-entropy, not a probability.

    Args:
        image: `(batch, channels, height, width)` in [0, 1].
        logits: of the same shape, before the sigmoid.
    """
    loss = functional.binary_cross_entropy_with_logits(logits.float(), image.float(), reduction="none")
    return loss.flatten(1).sum(1)


def gaussian_reconstruction(image: Tensor, reconstruction: Tensor, log_std: Tensor) -> Tensor:
    """-log p(x | z) for gaussian pixels, summed over an image's values: `(batch,)`, in nats.

    It is the logarithm of a density, so it may be negative. All values share one standard deviation, which is
    learned: Rybkin et al., 'Simple and Effective VAE Training with Calibrated Decoders',
    https://arxiv.org/abs/2006.13202.

    Args:
        image: `(batch, channels, height, width)` in [0, 1].
        reconstruction: the means, of the same shape and range.
        log_std: the logarithm of the standard deviation, `()`; clamped to [-6, 3].
    """
    log_std = log_std.float().clamp(-6, 3)
    error = (image.float() - reconstruction.float()).square().flatten(1)
    constant = log_std + 0.5 * math.log(2 * math.pi)
    return (0.5 * error * (-2 * log_std).exp() + constant).sum(1)


def gaussian_kl_by_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of each latent value: `(batch, *latent_shape)`, in nats.

    -1/2 (1 + log variance - mean^2 - variance): Kingma and Welling, 'Auto-Encoding Variational Bayes',
    appendix B, https://arxiv.org/abs/1312.6114.

    Args:
        mean: `(batch, *latent_shape)`.
        log_variance: of the same shape.
    """
    mean, log_variance = mean.float(), log_variance.float()
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp())


def inverse_multiquadratics(left: Tensor, right: Tensor, scales: Sequence[float]) -> Tensor:
    """The kernel k(x, y) = sum_s C_s / (C_s + |x - y|^2), with C_s = 2 d s: `(n, m)`.

    2 d is the expected squared distance of two samples from N(0, I) in d dimensions. Tolstikhin et al.,
    'Wasserstein Auto-Encoders', section 4, https://arxiv.org/abs/1711.01558.

    Args:
        left: `(n, d)`.
        right: `(m, d)`.
        scales: every s. A kernel of one scale hardly tells samples apart that differ at another one.
    """
    # not by matrix products, which lose the digits of small distances
    squared = torch.cdist(left, right, compute_mode="donot_use_mm_for_euclid_dist").square()
    widths = [2 * left.shape[1] * scale for scale in scales]
    return torch.stack([width / (width + squared) for width in widths]).sum(0)


def maximum_mean_discrepancy(codes: Tensor, prior: Tensor, scales: Sequence[float]) -> Tensor:
    """The unbiased estimate of MMD^2 between the distributions of two sets of samples: a scalar.

    The mean of k(z, z') over pairs of codes, plus that over pairs of samples of the prior, minus twice the
    mean over pairs of one of either. No sample is paired with itself, so the estimate is 0 in the mean, and
    negative as often as not, if both distributions are the same. Gretton et al., 'A Kernel Two-Sample Test',
    lemma 6, https://jmlr.org/papers/v13/gretton12a.html.

    Args:
        codes: `(n, d)`, n at least 2.
        prior: `(n, d)`.
        scales: of the kernel, see `inverse_multiquadratics`.
    """
    pairs = len(codes) * (len(codes) - 1)

    def among(samples: Tensor) -> Tensor:
        kernel = inverse_multiquadratics(samples, samples, scales)
        return (kernel.sum() - kernel.diagonal().sum()) / pairs

    across = inverse_multiquadratics(codes, prior, scales).mean()
    return among(codes) + among(prior) - 2 * across


_MOST_DENSITIES = 2**24  # of one image at one latent in one dimension, in memory at a time


def total_correlation(latent: Tensor, mean: Tensor, log_variance: Tensor, own: slice, images: int) -> Tensor:
    """An estimate of the total correlation KL(q(z) || prod_j q(z_j)) in nats: a scalar.

    q(z) is the mean of the posteriors q(z | x) of all images. It is estimated from those of the batch by
    stratified sampling: an image's own posterior has the weight 1 / n in it, and the others share the rest
    equally, which is unbiased. Its logarithm is not: in a small batch, the estimate is too low. Chen et al.,
    'Isolating Sources of Disentanglement in VAEs', appendix C.2, https://arxiv.org/abs/1802.04942; there, one
    image has a larger share than the others, which has the same mean and a larger variance.

    Args:
        latent: drawn from the posteriors of some images of the batch, `(m, d)`.
        mean: of the posteriors of all images of the batch, `(b, d)`; b at least 2.
        log_variance: the same.
        own: which images of the batch `latent` is drawn from.
        images: n, in the whole set; taken to be at least b.
    """
    batch, share = len(mean), 1 / max(images, len(mean))
    weights = torch.full((len(latent), batch), (1 - share) / (batch - 1), device=mean.device)
    rows = torch.arange(len(latent), device=mean.device)
    weights[rows, rows + own.start] = share
    together, apart = weights.log(), mean.new_zeros(len(latent))
    size = max(1, _MOST_DENSITIES // (len(latent) * batch))
    for start in range(0, latent.shape[1], size):
        of_latent, of_mean, of_variance = (
            values[:, start : start + size] for values in (latent, mean, log_variance)
        )
        squared = (of_latent[:, None] - of_mean).square() / of_variance.exp()
        density = -0.5 * (math.log(2 * math.pi) + of_variance + squared)  # log q(z_ij | x_k), (m, b, size)
        together = together + density.sum(2)
        apart = apart + (weights.log()[:, :, None] + density).logsumexp(1).sum(1)
    return (together.logsumexp(1) - apart).mean()


def binarised(image: Tensor, thresholds: Tensor) -> Tensor:
    """1 where a value is above its threshold, else 0.

    With thresholds drawn from [0, 1), a value is the probability of its 1.

    Args:
        image: `(batch, channels, height, width)` in [0, 1].
        thresholds: of the same shape.
    """
    return (thresholds < image).to(image.dtype)


def fixed_thresholds(image: Tensor) -> Tensor:
    """Thresholds in [0, 1) for each value of `image`; the same image always gets the same ones.

    The sum of an image's values selects one of a thousand fixed draws, so nothing is stored per image.

    Args:
        image: `(batch, channels, height, width)` in [0, 1].
    """
    generator = torch.Generator().manual_seed(20081)
    bank = torch.rand(1000, *image.shape[1:], generator=generator).to(image.device)
    pick = (image.float() * 255).round().flatten(1).sum(1).long() % len(bank)
    return bank[pick]
