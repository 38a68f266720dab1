"""The plots of a run, in RUN/plots."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from diabolo.runtime.image.noise import add_noise
from diabolo.runtime.latent.plane import Plane
from diabolo.runtime.latent.space import LatentSpace
from diabolo.train.datasets import Crops, ImageData, Images, rows_of, spread
from diabolo.train.evaluation.evaluate import encode_all
from diabolo.train.model import Model
from diabolo.train.run import Run
from diabolo.train.variants import VariantBase

__all__ = [
    "activity",
    "draw",
    "latent_map",
    "names",
    "place",
    "reconstruction_rows",
    "reconstructions",
    "save",
]

_COLUMNS = 10
_SAMPLE_ROWS = 4
_MANIFOLD = 15  # images a side
_CANDIDATES = 200  # crops that those with detail are chosen from
_GAP = 2  # pixels between images
_MAP_POINTS = 3000  # codes, at most
_MAP_VALUES = 2**24  # of all of them together: a large grid has fewer points
_FEWEST_POINTS = 64


def draw(
    run: Run, variant: VariantBase, model: Model, data: ImageData, test: dict[str, Any]
) -> dict[str, Figure]:
    """Draw the losses, reconstructions, the latent map, samples and more.

    Args:
        run: has the history.
        variant: has the noise, if it removes noise.
        model: in eval mode.
        data: the dataset that it was trained on.
        test: the metrics on the test split.

    Returns:
        Figures by name. `manifold` is among them for a flat latent of two numbers, and `activity` if the mean
        activity of units was measured.
    """
    most = max(_FEWEST_POINTS, _MAP_VALUES // prod(model.latent_shape))
    chosen = spread(len(data.test), min(_MAP_POINTS, most))
    latents = encode_all(model, rows_of(data.test.images, chosen))
    codes = latents.reshape(len(latents), -1)
    labels = None if data.test.labels is None else data.test.labels[chosen]
    space = model.latent_space(latents)
    figures = {
        "losses": _losses(run.history()),
        "reconstructions": reconstructions(variant, model, data),
        "latent_map": latent_map(codes, labels, data.classes),
        "samples": _samples(model, space),
    }
    if codes.shape[1:] == (2,):
        figures["manifold"] = _manifold(model, codes)
    if "activity_by_unit" in test:
        figures["activity"] = activity({run.path.name: test["activity_by_unit"]})
    return figures


def names(size: int, test: dict[str, Any]) -> list[str]:
    """The names of the figures that `draw` returns.

    Args:
        size: the number of values of a latent.
        test: the metrics on the test split.
    """
    more = {"manifold": size == 2, "activity": "activity_by_unit" in test}
    return [
        "losses",
        "reconstructions",
        "latent_map",
        "samples",
        *(name for name, there in more.items() if there),
    ]


def save(run: Run, figures: Mapping[str, Figure]) -> None:
    """Write figures to RUN/plots, each whole or not at all.

    Raises:
        RunError: they cannot be written.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # in the name of a class; a box is drawn
        for name, figure in figures.items():
            run.write_picture(place(name), figure)


def place(name: str) -> str:
    """The path of the plot of this name within a run."""
    return f"plots/{name}.png"


def _losses(history: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    epochs = [row["epoch"] for row in history]
    for name, label in (("loss", "training"), ("validation_loss", "validation")):
        axes.plot(epochs, [row[name] for row in history], marker=".", label=label)
    axes.set(xlabel="epoch", ylabel="loss", title="Loss by epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    return figure


def reconstructions(variant: VariantBase, model: Model, data: ImageData) -> Figure:
    """Some test images and their reconstructions, or those of their noisy copies, as one figure."""
    return _grid(reconstruction_rows(variant, model, data))


@torch.inference_mode()
def reconstruction_rows(
    variant: VariantBase, model: Model, data: ImageData
) -> list[tuple[str, NDArray[np.float32]]]:
    """Rows of test images and their reconstructions, or those of their noisy copies.

    Of crops, those with much detail are shown, rather than the sky.

    Args:
        variant: has the noise, if it removes noise.
        model: in eval mode.
        data: has the test images.

    Returns:
        For each row 'image', 'noisy' or 'reconstruction', and float32 `(columns, channels, height, width)` in
        [0, 1].
    """
    images = data.test.images
    chosen = _detailed(images) if isinstance(images, Crops) else spread(len(images), _COLUMNS)
    shown = images.stacked() if isinstance(images, Crops) and images.paired else images
    both = shown[chosen].astype(np.float32) / np.float32(255)
    clean, *given = np.split(both, both.shape[1] // images.shape[1], axis=1)
    rows = [("image", clean)]
    if given:
        rows.append(("noisy", given[0]))
    elif variant.noise is not None:
        rows.append(("noisy", add_noise(clean, variant.noise, np.random.default_rng(0))))
    out = model(torch.from_numpy(rows[-1][1]).to(model.offset.device)).float().cpu().numpy()
    rows.append(("reconstruction", out))
    return rows


def _detailed(images: Images) -> NDArray[np.int64]:
    """Indices of images of more than the median variance, spread evenly."""
    some = spread(len(images), _CANDIDATES)
    variance = np.array([images[some[i : i + 1]].var() for i in range(len(some))])
    detailed: NDArray[np.int64] = some[variance >= np.median(variance)]
    shown: NDArray[np.int64] = detailed[spread(len(detailed), _COLUMNS)]
    return shown


@torch.inference_mode()
def _samples(model: Model, space: LatentSpace) -> Figure:
    """Samples, drawn as `diabolo sample` does after the export."""
    drawn = space.sample(_SAMPLE_ROWS * _COLUMNS, np.random.default_rng(0))
    rows = []
    for index, latents in enumerate(np.split(drawn, _SAMPLE_ROWS)):
        images = model.decode(torch.from_numpy(latents).to(model.offset.device)).float().cpu().numpy()
        rows.append(("samples" if index == 0 else "", images))
    return _grid(rows)


@torch.inference_mode()
def _manifold(model: Model, codes: NDArray[np.float32]) -> Figure:
    """What the points of a regular grid in the plane of the codes decode to."""
    low, high = np.quantile(codes, [0.01, 0.99], axis=0)
    across = np.linspace(low[0], high[0], _MANIFOLD)
    rows = [
        ("", _decoded(model, np.column_stack([across, np.full(_MANIFOLD, up)])))
        for up in np.linspace(high[1], low[1], _MANIFOLD)
    ]
    figure = _grid(rows)
    figure.axes[0].set_title("What each point of the latent space decodes to")
    return figure


def _decoded(model: Model, flat: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Images of flat latents `(n, d)`."""
    latents = torch.from_numpy(flat.astype(np.float32)).reshape(len(flat), *model.latent_shape)
    images: NDArray[np.float32] = model.decode(latents.to(model.offset.device)).float().cpu().numpy()
    return images


def activity(by_run: Mapping[str, Sequence[float]]) -> Figure:
    """Each unit's mean activity, the most active first; the first run as bars, others as lines.

    Args:
        by_run: for each run, the mean activity of each unit, in [0, 1].
    """
    figure = Figure(figsize=(6, 3))
    axes = figure.subplots()
    for name, by_unit in by_run.items():
        units, ordered = np.arange(len(by_unit)), sorted(by_unit, reverse=True)
        if axes.patches:
            axes.step(units, ordered, where="mid", color=f"C{len(axes.lines) + 1}", label=name)
        else:
            axes.bar(units, ordered, width=1.0, label=name)
    axes.set(
        xlabel="unit, the most active first",
        ylabel="mean activity",
        title="How active each unit is over the test images",
        xlim=(-0.5, max(map(len, by_run.values())) - 0.5),
    )
    if len(by_run) > 1:
        axes.legend(frameon=False)
    return figure


def _grid(rows: list[tuple[str, NDArray[np.float32]]]) -> Figure:
    """Rows of images `(columns, channels, height, width)` with a label each, as one picture."""
    height, width = rows[0][1].shape[2:]
    columns = len(rows[0][1])
    side = np.ones((1, height + _GAP, width + _GAP, 3), np.float32)
    lines = []
    for _, images in rows:
        tiles = np.repeat(side, columns, axis=0)
        tiles[:, :height, :width] = images[:, :3].transpose(0, 2, 3, 1)  # one channel fills all three
        lines.append(np.concatenate(list(tiles), axis=1))
    mosaic = np.concatenate(lines)[:-_GAP, :-_GAP]
    figure = Figure(figsize=(0.9 * columns, 0.95 * len(rows) * height / width))
    axes = figure.subplots()
    axes.imshow(mosaic.clip(0, 1), interpolation="nearest")
    axes.set(xticks=[], yticks=[(row + 0.5) * (height + _GAP) for row in range(len(rows))])
    axes.set_yticklabels([label for label, _ in rows], fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def latent_map(
    codes: NDArray[np.float32],
    labels: NDArray[np.int64] | None,
    classes: tuple[str, ...],
    title: str = "Codes of test images",
) -> Figure:
    """A scatter plot of codes, coloured by class.

    Args:
        codes: `(n, *latent_shape)`; with more than two numbers, their two principal components are shown.
        labels: int64 `(n,)`, indices into `classes`; None if there are no classes.
        classes: their names.
        title: of the plot.
    """
    figure = Figure(figsize=(6, 5.4))
    axes = figure.subplots()
    plane = LatentSpace.of_codes(codes).plane()
    points = plane.project(codes)
    across, up = _axis_labels(plane)
    if labels is None:
        axes.scatter(points[:, 0], points[:, 1], s=4)
    else:
        for index, name in enumerate(classes):
            mine = points[labels == index]
            # a dollar sign would start a formula
            axes.scatter(mine[:, 0], mine[:, 1], s=4, label=name.replace("$", r"\$"))
        if len(classes) <= 20:
            axes.legend(frameon=False, markerscale=3, bbox_to_anchor=(1, 1))
    axes.set(xlabel=across, ylabel=up, title=title)
    return figure


def _axis_labels(plane: Plane) -> tuple[str, str]:
    if plane.axes is None:
        return "principal component 1", "principal component 2"
    return "latent 1", "latent 2" if plane.up.any() else ""
