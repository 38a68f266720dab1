"""The facts about a model as HTML; `facts.py` collects them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.inline_html import escaped

__all__ = ["about"]

_METRICS: dict[str, tuple[str, Callable[[float], str]]] = {
    "mse": ("MSE", mse_text),
    "psnr": ("PSNR", "{:.2f} dB".format),
    "ssim": ("SSIM", "{:.4f}".format),
}


def about(facts: dict[str, Any], say: dict[str, str]) -> str:
    """Four short parts as HTML: what the model is, where it runs, parity with torch, and the checks.

    Args:
        facts: as `facts.facts` returns them.
        say: texts of `SHARED` and of this tab.
    """
    parts = [
        ("what", _rows(_what(facts, say))),
        ("runs", _rows(_runs(facts["device"], say)) if facts["device"] else _paragraph(say["stopped"])),
        ("parity", _paragraph(_parity(facts["parity"], say))),
        ("checked" if facts["uploaded"] else "checks", _checks(facts["checks"], say)),
    ]
    return "".join(f"<h2>{escaped(say[key])}</h2>{body}" for key, body in parts)


def _what(facts: dict[str, Any], say: dict[str, str]) -> dict[str, str]:
    channels, height, width = facts["image_shape"]
    colour = say[facts["colour"]].format(channels=channels)
    size = f"{width} × {height}"
    latent = " × ".join(map(str, facts["latent_shape"]))
    if facts["any_size"]:
        size = say["any_size"].format(size=size)
        latent = say["grid"].format(count=facts["latent_shape"][0], stride=facts["latent_stride"])
    elif len(facts["latent_shape"]) > 1:
        latent += f" = {prod(facts['latent_shape'])}"
    known = {key: value for key, value in facts["metrics"].items() if key in _METRICS}
    rows = {
        "images": f"{size}, {colour}",
        "latent": f"{latent}, {say['prior' if facts['prior'] else 'free']}",
        "kind": f"{facts['variant']}, {facts['network']}",
        "noise": "",
        "data": facts["dataset"],
        "licence": facts["licence"],
        "figures": "  ·  ".join(f"{_METRICS[k][0]} {_METRICS[k][1](v)}" for k, v in known.items()),
        "weights": facts["dtype"],
        "size": f"{facts['bytes'] / 1e6:.1f} MB",
    }
    if facts["noise"]:
        low, high = facts["noise"]["level"]
        level = f"{low:g}" if low == high else f"{low:g}–{high:g}"
        named = say["noise_of"].format(kind=facts["noise"]["kind"], level=level)
        rows["noise"] = facts["noise"].get("spec", named)
    return {say[key]: value for key, value in rows.items() if value}


def _runs(device: dict[str, Any], say: dict[str, str]) -> dict[str, str]:
    return {
        say["asked"]: device["requested"],
        say["used"]: f"{device['name']} ({device['provider']})",
        say["why"]: device["reason"],
        say["threads"]: str(device["threads"]),
        say["versions"]: f"onnxruntime {device['onnxruntime']} ({device['package']})",
    }


def _parity(parity: dict[str, Any], say: dict[str, str]) -> str:
    largest = parity["max_abs_difference"]
    words = {key: f"{largest[key]:.1e}" for key in ("latent", "image")}
    return say["parity_of"].format(**words, tolerance=f"{parity['tolerance']:.0e}")


def _checks(checks: list[dict[str, Any]], say: dict[str, str]) -> str:
    bad = sum(not check["ok"] for check in checks)
    line = say["unsound" if bad else "sound"].format(bad=bad, count=len(checks))
    items = (
        f'<li class="{"ok" if check["ok"] else "failed"}">'
        f'<i role="img" aria-label="{escaped(say["ok" if check["ok"] else "failed"])}"></i>'
        f"<b>{escaped(check['name'])}</b> {escaped(_detail(check, say))}</li>"
        for check in checks
    )
    opened = " open" if bad else ""  # failures are to be seen
    return f"<details{opened}><summary>{escaped(line)}</summary><ul>{''.join(items)}</ul></details>"


def _detail(check: dict[str, Any], say: dict[str, str]) -> str:
    """The result of a check in the reader's language; the reason of a failure is in English."""
    largest, allowed = check["difference"], check["allowed"]
    if isinstance(largest, float) and isinstance(allowed, float):
        return say["difference"].format(found=f"{largest:.1e}", allowed=f"{allowed:.0e}")
    if not check["ok"]:
        return str(check["detail"])
    return say[{"model.json": "valid", "graphs": "graphs_fit"}.get(check["name"], "sha256")]


def _rows(rows: dict[str, str]) -> str:
    pairs = (f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in rows.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _paragraph(words: str) -> str:
    return f"<p>{escaped(words)}</p>"
