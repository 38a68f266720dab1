"""The comparison as HTML: a row for each model, or a card for each on a narrow page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.models.collection import figures
from diabolo.ui.parts.context import picture_of
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.inline_html import error_map, escaped, picture
from diabolo.ui.tabs.compare.compared import Row, graph_bytes

__all__ = ["page", "said", "size"]

# the measures of a row, and whether more is better
_MEASURES: dict[str, tuple[Callable[[Row], float], bool]] = {
    "mse": (lambda row: row.mse, False),
    "psnr": (lambda row: row.psnr, True),
    "ssim": (lambda row: row.ssim, True),
    "code": (lambda row: prod(row.manifest.latent_shape), False),
    "files": (lambda row: graph_bytes(row.manifest), False),
    "time": (lambda row: row.milliseconds, False),
}

_FULL = (
    0.5  # the error that has the full colour, at most: one bad model must not make the others look perfect
)

_FORMS: dict[str, Callable[[float], str]] = {
    "mse": mse_text,
    "psnr": "{:.1f} dB".format,
    "ssim": "{:.3f}".format,
    "files": lambda count: size(int(count)),
    "time": "{:.2f} ms".format,
}


def page(rows: Sequence[Row], say: Mapping[str, str]) -> str:
    """The rows as HTML, in texts of `Context.say(compare.TEXTS, request)`."""
    full = min(_FULL, max(float(np.abs(row.made - row.seen).mean(0).max()) for row in rows))
    columns = ["sees", "restores", "error", *_MEASURES]
    head = "".join(f'<th scope="col">{escaped(say[key])}</th>' for key in ("model", *columns))
    body = "".join(_row(row, rows, full, say) for row in rows)
    note = escaped(say["rows_note"].format(full=f"{full:.2f}"))
    return (
        f'<table class="compared"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f'<p class="small-print">{note}</p>'
    )


def _row(row: Row, rows: Sequence[Row], full: float, say: Mapping[str, str]) -> str:
    pictures = {
        "sees": picture_of(row.seen),
        "restores": picture_of(row.made),
        "error": error_map(row.seen, row.made, full),
    }
    kind = " · ".join(dict.fromkeys((row.manifest.variant, row.manifest.network)))
    cells = [f'<th scope="row"><b>{escaped(row.name)}</b><span>{escaped(kind)}</span>{_card(row, say)}</th>']
    for key, image in pictures.items():
        shown = picture(image, f"{row.name}: {say[key]}")
        cells.append(f'<td class="seen" data-label="{escaped(say[key])}">{shown}</td>')
    for key, (value, larger) in _MEASURES.items():
        best = (max if larger else min)(value(other) for other in rows)
        text = escaped(_text(key, value(row), say))
        marked = f"<b>{text}</b>" if len(rows) > 1 and value(row) == best else text
        cells.append(f'<td class="figure" data-label="{escaped(say[key])}">{marked}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _text(key: str, value: float, say: Mapping[str, str]) -> str:
    if key == "psnr" and value == float("inf"):
        return "∞"
    if key == "code":
        return say["numbers"].format(count=int(value))
    return _FORMS[key](value)


def _card(row: Row, say: Mapping[str, str]) -> str:
    lines = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in said(row.manifest).items()
    )
    return f"<details><summary>{escaped(say['says'])}</summary><dl>{lines}</dl></details>"


def said(m: Manifest) -> dict[str, str]:
    """The facts in a model.json that it has, by name."""
    training = m.document.get("training") or {}
    found = {
        "summary": m.summary,
        "dataset": m.dataset,
        "image": " × ".join(map(str, m.image_shape)),
        "latent": " × ".join(map(str, m.latent_shape)),
        "prior": m.prior,
        "noise": _noise(m),
        "dtype": m.document.get("graphs", {}).get("dtype"),
        "training images": training.get("images"),
        "epochs": m.settings.get("epochs"),
        **m.variant_options,
    }
    told = {name: str(value) for name, value in found.items() if value not in (None, "")}
    measured = {f"{name} (test)": f"{value:.4g}" for name, value in figures(m).items() if name != "images"}
    return told | measured


def _noise(m: Manifest) -> str | None:
    if m.noise is None or m.noise_spec is None or m.noise_spec.is_plain:
        return m.noise and f"{m.noise[0]} {m.noise[1]:g}–{m.noise[2]:g}"
    return str(m.noise_spec)


def size(count: int) -> str:
    """A number of bytes for people: '1.3 MB'."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
