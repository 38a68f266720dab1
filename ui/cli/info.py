"""`diabolo info BUNDLE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diabolo.ui.cli._shared import options

if TYPE_CHECKING:
    from diabolo.runtime.bundle.manifest import Manifest

__all__ = ["command"]


@click.command(short_help="Show what a bundle contains, and which device it runs on.")
@options.bundle
@click.option(
    "--device",
    metavar="NAME",
    help="Also start the model on this device (auto, cpu, cuda, ...) and show what it really runs on.",
)
@options.threads
@click.option(
    "--json", "as_json", is_flag=True, help="Print model.json; with --device, together with the device."
)
def command(bundle: str, device: str | None, threads: int | None, as_json: bool) -> None:
    """Show what BUNDLE contains: shapes, dataset, figures, parity with torch, files.

    \b
    diabolo info bundles/digits
    diabolo info bundles/digits --device cuda      does it run on CUDA? if not, why?
    """
    import json

    from diabolo.runtime import Bundle
    from diabolo.runtime.bundle.quality import quality_line, quality_warnings
    from diabolo.runtime.image.background import background_kind
    from diabolo.runtime.listing import printable

    m = Bundle.open(bundle).manifest
    runs = _device(bundle, device, threads) if device else None
    if as_json:
        shown = {"model": m.document, "device": runs} if runs else m.document
        click.echo(json.dumps(shown))
        return
    parity = m.document["parity"]["max_abs_difference"]
    rows = {
        "name": m.name,
        "what": m.summary,
        "image": f"{m.colour}, (channels, height, width) = {m.image_shape}, "
        + ("the size of training; takes any size, " if m.any_size else "")
        + f"{background_kind(m.background) or 'no common'} background"
        + ("; grey values from {:g} to {:g}".format(*m.value_range) if m.value_range else ""),
        "latent": f"shape {m.latent_shape}"
        + (f", or {m.any_size.latent_stride} times smaller than the image" if m.any_size else "")
        + (", prior N(0, I)" if m.prior else "")
        + (f", drawn from a {m.distribution}" if m.distribution in ("codebook", "mixture") else ""),
        "noise": _noise(m),
        "network": m.network,
        "dataset": m.dataset + (f", {len(m.classes)} classes" if m.classes else ""),
        "metrics": ", ".join(f"{k} {v:.5g}" for k, v in m.metrics.items() if isinstance(v, int | float)),
        **({"quality": line} if (line := quality_line(m.metrics)) else {}),
        "parity": f"at most {parity['latent']:.1e} (latent), {parity['image']:.1e} (image) away from torch",
        "graphs": f"opset {m.document['graphs']['opset']}, {m.document['graphs']['dtype']}, "
        f"onnxruntime {m.document['graphs'].get('onnxruntime', 'unknown')} or later",
        "files": ", ".join(f"{name} ({entry.size / 1024:,.0f} KiB)" for name, entry in m.files.items()),
    }
    for name, value in (rows | (runs or {})).items():
        click.echo(printable(f"{name:9} {value}"))
    for warning in quality_warnings(m.metrics):
        click.echo(printable(f"warning   {warning}"))


def _noise(m: Manifest) -> str:
    if m.noise is None:
        return "none: trained on clean images"
    if m.noise_spec is None or m.noise_spec.is_plain:
        return "{}, level {:g} to {:g}".format(*m.noise)
    return f"{m.noise_spec}{'' if m.noise_spec.clip else ', also unclipped'}"


def _device(bundle: str, device: str, threads: int | None) -> dict[str, Any]:
    """Start the model and describe the device that it runs on."""
    import logging
    import platform

    from diabolo.runtime import Autoencoder

    logging.getLogger("diabolo").setLevel(logging.ERROR)  # the reason is among the lines
    d = Autoencoder.load(bundle, device=device, threads=threads).device
    return {
        "requested": d.requested,
        "active": f"{d.name}, {d.provider}",
        "reason": d.reason,
        "threads": d.threads,
        "runtime": f"onnxruntime {d.onnxruntime} (package {d.package}), Python {platform.python_version()}",
    }
