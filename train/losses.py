"""The losses, as pure functions over tensors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "bernoulli_kl",
    "bernoulli_reconstruction",
    "gaussian_kl",
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
    """-log p(x | z) in nats per image, each value a Bernoulli: summed over values, averaged over images.

    For grey values in [0, 1] this is a cross-entropy and no density.
    """
    total = functional.binary_cross_entropy_with_logits(logits.float(), image.float(), reduction="sum")
    return total / len(image)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, I)) in nats per image: summed over dimensions, averaged over images.

    Kingma and Welling, 'Auto-Encoding Variational Bayes', appendix B, https://arxiv.org/abs/1312.6114:
    -1/2 sum (1 + log variance - mean^2 - variance).
    """
    mean, log_variance = mean.float(), log_variance.float()
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()
