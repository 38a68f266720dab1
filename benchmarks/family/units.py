"""The variants whose penalty or choice is of the latent's units, each next to one without it, on MNIST.

    DIABOLO_DATA=DIR python -m benchmarks.family.units              # minutes
    DIABOLO_DATA=DIR python -m benchmarks.family.units --keep DIR   # keeps runs in DIR, and uses those there

`topk` next to `sparse` with the same mean activity, and without its auxiliary loss; `contractive` next to the
same training without its penalty. All are of one dense network, and of as many epochs in each table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks._shared import runs
from benchmarks._shared.tables import heading, row
from diabolo.train import Run
from diabolo.train.datasets import rows_of, spread
from diabolo.train.model import Model

_COMMON = (
    "--dataset",
    "mnist",
    "--width",
    "256",
    "--batch-size",
    "128",
    "--device",
    "cpu",
    "--precision",
    "fp32",
)
_UNITS = {  # all with a mean activity of a tenth
    "topk": ("topk", "--epochs", "8"),
    "topk-unrevived": ("topk", "--epochs", "8", "--revival-weight", "0"),
    "sparse": ("sparse", "--epochs", "8", "--latent-dim", "200"),
}
_CODES = {
    "contractive": ("contractive", "--epochs", "4"),
    "plain": ("contractive", "--epochs", "4", "--contraction-weight", "0"),
}
_IMAGES = 1000  # of the test set, by which the exact Jacobian is measured
_DEAD = 0.01  # the mean activity below which a sigmoid unit, which is never exactly 0, counts as dead


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.family.units")
    parser.add_argument("--keep", metavar="DIR", help="keep the runs in DIR, and use those that are there")
    given = parser.parse_args(words)
    with runs.folder(given.keep) as kept:
        _units(kept)
        _codes(kept)


def _trained(kept: Path, name: str, how: tuple[str, ...]) -> Run:
    return Run.open(runs.train(kept / name, *how, *_COMMON))


def _units(kept: Path) -> None:
    heading("Only some units active", ("training", "units", "mean activity", "dead units", "mse"))
    for name, how in _UNITS.items():
        figures = _trained(kept, name, how).metrics()
        by_unit = np.array(figures["activity_by_unit"])
        dead = figures.get("dead_units", int((by_unit < _DEAD).sum()))
        row(" ".join(how), str(len(by_unit)), f"{by_unit.mean():.4f}", str(dead), f"{figures['mse']:.5f}")


def _codes(kept: Path) -> None:
    columns = ("training", "mse", "jacobian_norm", "exact", "decorrelated", "explained_variance")
    heading("Contraction", columns)
    for name, how in _CODES.items():
        run = _trained(kept, name, how)
        figures = run.metrics()
        exact, decorrelated = norms(run)
        shown = (figures["jacobian_norm"], exact, decorrelated, figures["explained_variance"])
        row(" ".join(how), f"{figures['mse']:.5f}", *(f"{value:.3f}" for value in shown))


def norms(run: Run) -> tuple[float, float]:
    """`norms_of` evenly spread test images."""
    _, model = run.load()
    test = run.data().test.images
    images = rows_of(test, spread(len(test), _IMAGES))[:].astype(np.float32) / np.float32(255)
    return norms_of(*with_jacobian(model, torch.from_numpy(images)))


def norms_of(codes: Tensor, jacobian: Tensor) -> tuple[float, float]:
    """The root mean square of the norm of the Jacobian over images.

    Args:
        codes: `(n, units)`.
        jacobian: `(n, units, pixels)`.

    Returns:
        Of the standardised code, as `jacobian_norm` is; and of the code that is decorrelated, too, by the
        inverse of its covariance, so that no linear change of the code lowers it.
    """
    covariance = torch.cov(codes.T.double(), correction=0)
    products = torch.einsum("nip,njp->ij", jacobian, jacobian).double() / len(jacobian)
    standard = (products.diag() / covariance.diag()).sum()
    return float(standard.sqrt()), float(torch.linalg.solve(covariance, products).trace().sqrt())


def with_jacobian(model: Model, images: Tensor) -> tuple[Tensor, Tensor]:
    """Codes `(n, units)` and their exact Jacobians `(n, units, pixels)` of images with a flat latent."""
    model.eval()
    images = images.requires_grad_()
    codes = model.encode(images).latent
    grads = [torch.autograd.grad(unit.sum(), images, retain_graph=True)[0].flatten(1) for unit in codes.T]
    return codes.detach(), torch.stack(grads, 1)


if __name__ == "__main__":
    main(sys.argv[1:])
