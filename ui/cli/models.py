"""`diabolo models`: lists the ready-made models."""

from __future__ import annotations

from typing import Any

import click

from diabolo.ui.cli._shared import options
from diabolo.ui.cli._shared.table import image_size, wrapped

__all__ = ["command"]


@click.command(short_help="List the ready-made models of this package.")
@options.as_json
def command(as_json: bool) -> None:
    """List the ready-made models: images, latent, error on test images, size on disk.

    \b
    diabolo models                                        the list
    diabolo ui                                            the app with all of them
    diabolo reconstruct NAME seven.png -o back.png        use a NAME wherever a BUNDLE is expected

    mse and psnr (dB) are means over the test images of the dataset that the model was trained on.
    """
    import json

    from diabolo.runtime.bundle import zoo

    rows = [_row(name) for name in zoo.names()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(
            "this package contains no ready-made models. Make one: diabolo demo, or diabolo export RUN",
            err=True,
        )
        return
    wide = max(len(row["name"]) for row in rows)
    line = f"{{:<{wide}}}  {{:<16}} {{:<14}} {{:>8}} {{:>6}} {{:>8}}"
    click.echo(line.format("name", "images", "latent", "mse", "psnr", "on disk"))
    for row in rows:
        click.echo("\n".join(_lines(row, line)))


def _row(name: str) -> dict[str, Any]:
    """The model's data as plain JSON values; if its model.json cannot be read, the reason."""
    from diabolo.runtime import Bundle
    from diabolo.runtime.bundle import zoo
    from diabolo.runtime.errors import BundleError
    from diabolo.ui.models.collection import figures

    folder = zoo.folder(name)
    about = {"name": name, "path": str(folder), "size": sum(p.stat().st_size for p in folder.iterdir())}
    try:
        m = Bundle.open(folder).manifest
    except BundleError as error:
        return about | {"problem": str(error)}
    return about | {
        "summary": m.summary,
        "variant": m.variant,
        "network": m.network,
        "dataset": m.dataset,
        "classes": m.classes,
        "image_shape": m.image_shape,
        "latent_shape": m.latent_shape,
        "any_size": m.any_size is not None,
        "prior": m.prior,
        "noise": m.document["noise"],
        "dtype": m.document["graphs"]["dtype"],
        "licence": m.document["dataset"].get("licence", ""),
        "metrics": figures(m),
    }


def _lines(row: dict[str, Any], line: str) -> list[str]:
    """The table row of a model, and the lines below it that describe the model."""
    size = f"{row['size'] / 1e6:.1f} MB"
    if "problem" in row:
        return [line.format(row["name"], "cannot be read", "", "", "", size), *wrapped(row["problem"])]
    metrics, latent = row["metrics"], " x ".join(map(str, row["latent_shape"]))
    if row["any_size"]:
        latent = f"{row['latent_shape'][0]} channels"
    first = line.format(
        row["name"],
        image_size(row["image_shape"], row["any_size"]),
        latent + (", N(0, I)" if row["prior"] else ""),
        f"{metrics['mse']:.5f}" if "mse" in metrics else "",
        f"{metrics['psnr']:.2f}" if "psnr" in metrics else "",
        size,
    )
    lines = [first, *wrapped(row["summary"] or row["variant"])]
    if row["noise"]:
        low, high = row["noise"]["level"]
        level = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        named = row["noise"].get("spec", f"{row['noise']['kind']} noise, level {level}")
        lines += wrapped(f"removes: {named}{_denoising_gain(metrics)}")
    return lines


def _denoising_gain(metrics: dict[str, float]) -> str:
    """The PSNR before and after denoising the test images; '' if the bundle does not have it."""
    before, after = metrics.get("noisy_psnr"), metrics.get("denoised_psnr")
    return "" if before is None or after is None else f"; psnr {before:.2f} before, {after:.2f} after"
