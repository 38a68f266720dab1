"""`diabolo bench BUNDLE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.runtime import Autoencoder

__all__ = ["command"]

_SIZES = (1, 32, 256)
_VALUES = 1 << 28  # in a batch, at most: 1 GiB of float32
_LINE = "{:12} {:>6} {:8} {:>11} {:>11} {:>13} {:>7}"


@click.command(short_help="Measure latency and throughput by batch size and device.")
@options.bundle
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="NAME",
    help="auto, cpu, cuda, cuda:1, or another execution provider; may be repeated. [default: auto]",
)
@click.option(
    "--batch",
    "sizes",
    type=click.IntRange(1, 65536),
    multiple=True,
    help=f"Images per batch; may be repeated. [default: {', '.join(map(str, _SIZES))}]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.01, 60),
    default=1.0,
    show_default=True,
    help="Seconds to measure each figure for.",
)
@options.threads
@options.as_json
def command(
    bundle: str,
    devices: tuple[str, ...],
    sizes: tuple[int, ...],
    seconds: float,
    threads: int | None,
    as_json: bool,
) -> None:
    """Measure how fast the model in BUNDLE encodes and decodes on this machine.

    \b
    diabolo bench bundles/digits
    diabolo bench bundles/digits --device cpu --device cuda --batch 1 --batch 1024

    The images are random float32 arrays in memory. For each call, the median and the 95th percentile are
    shown; throughput is computed from the median. Close other programs first: they compete for the processor.
    """
    import json

    rows: list[dict[str, Any]] = []
    if not as_json:
        click.echo(_LINE.format("device", "batch", "graph", "median", "p95", "images/s", "rounds"))
    for name in dict.fromkeys(devices or ("auto",)):
        model = options.load(bundle, name, threads)
        for size in dict.fromkeys(sizes or _SIZES):
            for row in _measure(model, size, seconds):
                rows.append(row)
                if not as_json:
                    click.echo(_table_line(row))
    if as_json:
        click.echo(json.dumps(rows))


def _measure(model: Autoencoder, size: int, seconds: float) -> list[dict[str, Any]]:
    from math import prod

    import numpy as np

    from diabolo.runtime.errors import UsageError
    from diabolo.ui.cli._shared.timing import measure

    values = max(prod(model.manifest.image_shape), prod(model.manifest.latent_shape))
    if size * values > _VALUES:
        raise UsageError(
            f"--batch {size:,} takes more than 1 GiB with this model; use at most {_VALUES // values:,}."
        )
    images = np.random.default_rng(0).random((size, *model.manifest.image_shape), np.float32)
    latents = model.encode(images)
    rows = []
    for graph, call in (("encode", lambda: model.encode(images)), ("decode", lambda: model.decode(latents))):
        timing = measure(call, seconds)
        rows.append(
            {
                "device": model.device.name,
                "threads": model.device.threads,
                "batch": size,
                "graph": graph,
                "median_ms": 1e3 * timing.median,
                "p95_ms": 1e3 * timing.p95,
                "images_per_second": size / timing.median,
                "rounds": timing.rounds,
            }
        )
    return rows


def _table_line(row: dict[str, Any]) -> str:
    return _LINE.format(
        row["device"],
        row["batch"],
        row["graph"],
        f"{row['median_ms']:.3f} ms",
        f"{row['p95_ms']:.3f} ms",
        f"{row['images_per_second']:,.0f}",
        row["rounds"],
    )
