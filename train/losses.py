"""The losses, as pure functions over tensors."""

from __future__ import annotations

import math

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
    "mean_squared_error",
]


def mean_squared_error(image: Tensor, reconstruction: Tensor) -> Tensor:
    """The reconstruction error, MSE = 1/n sum (y_i - y~_i)^2 over all values of the batch."""
    return functional.mse_loss(reconstruction.float(), image.float())


def half_squared_error(image: Tensor, reconstruction: Tensor) -> Tensor:
    """Half the squared error, summed over an image's values, averaged over images.

    The J that the published sparsity weights are relative to:
    http://ufldl.stanford.edu/tutorial/unsupervised/Autoencoders/
    """
    return 0.5 * (image - reconstruction).float().square().flatten(1).sum(1).mean()


def bernoulli_kl(sparsity: float, activity: Tensor) -> Tensor:
    """sum_j KL(rho || rho_hat_j) in nats, over units.

    KL = rho log(rho / rho_hat) + (1 - rho) log((1 - rho) / (1 - rho_hat)).

    Args:
        sparsity: rho, in (0, 1).
        activity: rho_hat `(units,)`, each unit's mean activation over samples, in [0, 1].
    """
    rho_hat = activity.float().clamp(1e-6, 1 - 1e-6)
    rho = torch.as_tensor(sparsity, dtype=torch.float32, device=activity.device)
    return (rho * (rho / rho_hat).log() + (1 - rho) * ((1 - rho) / (1 - rho_hat)).log()).sum()


def bernoulli_reconstruction(image: Tensor, logits: Tensor) -> Tensor:
    """-log p(x | z) in nats, `(batch,)`, each value a Bernoulli: summed over an image's values.

    For grey values in [0, 1] this is a cross-entropy and no density.
    """
    loss = functional.binary_cross_entropy_with_logits(logits.float(), image.float(), reduction="none")
    return loss.flatten(1).sum(1)


def gaussian_reconstruction(image: Tensor, reconstruction: Tensor, log_deviation: Tensor) -> Tensor:
    """-log p(x | z) in nats, `(batch,)`, each value a gaussian of one deviation: summed over values.

    A density of values in [0, 1]: it may be negative. One learned deviation for all values is Rybkin et al.,
    'Simple and Effective VAE Training with Calibrated Decoders', https://arxiv.org/abs/2006.13202.
    """
    log_deviation = log_deviation.float().clamp(-6, 3)
    error = (image.float() - reconstruction.float()).square().flatten(1)
    constant = log_deviation + 0.5 * math.log(2 * math.pi)
    return (0.5 * error * (-2 * log_deviation).exp() + constant).sum(1)


def gaussian_kl_by_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) in nats of each latent value, shaped as `mean`.

    Kingma and Welling, 'Auto-Encoding Variational Bayes', appendix B, https://arxiv.org/abs/1312.6114:
    -1/2 (1 + log variance - mean^2 - variance).
    """
    mean, log_variance = mean.float(), log_variance.float()
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp())


def binarised(image: Tensor, thresholds: Tensor) -> Tensor:
    """0 or 1 for each value: 1 with the value's own chance, if thresholds are drawn from [0, 1)."""
    return (thresholds < image).to(image.dtype)


def fixed_thresholds(image: Tensor) -> Tensor:
    """Thresholds shaped as `image` that are the same whenever the same image comes.

    An image's brightness picks one of a thousand fixed draws, so that nothing has to be kept by image.
    """
    generator = torch.Generator().manual_seed(20081)
    bank = torch.rand(1000, *image.shape[1:], generator=generator).to(image.device)
    pick = (image.float() * 255).round().flatten(1).sum(1).long() % len(bank)
    return bank[pick]
