"""`diabolo info BUNDLE`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command(short_help="What a bundle says about itself.")
@click.argument("bundle")
@click.option("--json", "as_json", is_flag=True, help="Print model.json as it is.")
def command(bundle: str, as_json: bool) -> None:
    """Print what BUNDLE is: shapes, dataset, figures, parity with torch, files."""
    import json

    from diabolo.runtime import Bundle

    m = Bundle.open(bundle).manifest
    if as_json:
        click.echo(json.dumps(m.document, ensure_ascii=False))
        return
    parity = m.document["parity"]["max_abs_difference"]
    rows = {
        "name": m.name,
        "what": m.summary,
        "image": f"{m.colour}, (channels, height, width) = {m.image_shape}, "
        f"{'dark' if m.background < 0.5 else 'bright'} ground",
        "latent": f"shape {m.latent_shape}" + (", prior N(0, I)" if m.prior else ""),
        "noise": "{}, level {:g} to {:g}".format(*m.noise) if m.noise else "none: trained on clean images",
        "network": m.network,
        "dataset": m.dataset + (f", {len(m.classes)} classes" if m.classes else ""),
        "metrics": ", ".join(f"{k} {v:.5g}" for k, v in m.metrics.items() if isinstance(v, int | float)),
        "parity": f"{parity['latent']:.1e} (latent), {parity['image']:.1e} (image) from torch at most",
        "graphs": f"opset {m.document['graphs']['opset']}, {m.document['graphs']['dtype']}, "
        f"onnxruntime {m.document['graphs'].get('onnxruntime', 'unknown')} or later",
        "files": ", ".join(f"{name} ({entry.size / 1024:,.0f} KiB)" for name, entry in m.files.items()),
    }
    for name, value in rows.items():
        click.echo(f"{name:9} {value}")
