"""One unit as HTML: the picture without it, the codes that activate it most, and what it contributes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.image import convert
from diabolo.ui.parts.figures import signed
from diabolo.ui.parts.inline_html import escaped, picture, signed_map
from diabolo.ui.tabs.inside.unit_charts import colour_of
from diabolo.ui.tabs.inside.units import Units, units_of

__all__ = ["grid", "page", "switched"]

_Array = NDArray[np.float32]
_STRONGEST = 8
_SHORT = 4  # characters of a class's name that fit below one of eight pictures
_CELLS = 1024  # at most


def switched(model: Autoencoder, seen: _Array, unit: int) -> tuple[_Array, _Array, float, float]:
    """The reconstruction of an image with all units, and with one switched off.

    Args:
        model: encodes and decodes.
        seen: float32 `(channels, height, width)` in [0, 1].
        unit: the unit's number, from 0.

    Returns:
        Both images, shaped as `seen` and in [0, 1]; and the unit's value before and after.
    """
    units = units_of(model)
    latents = model.encode(seen[None])
    both = np.concatenate([latents, units.off(latents, unit)])
    before, after = model.decode(both)
    values = units.of(both)[:, unit]
    return before, after, float(values[0]), float(values[1])


def page(model: Autoencoder, unit: int, seen: _Array | None, say: Mapping[str, str]) -> str:
    """All about one unit as HTML.

    Args:
        model: the model.
        unit: the unit's number, from 0.
        seen: the picture as the model sees it, `(channels, height, width)` in [0, 1]; None without a picture.
        say: texts of `Context.say(inside.TEXTS, request)`.
    """
    units = units_of(model)
    parts = [] if seen is None else [_switched(model, seen, unit, say)]
    if units.values is not None:
        parts.append(_strongest(model, units, unit, say))
    parts.append(_alone(model, units, unit, say))
    return f'<div class="one-unit">{"".join(parts)}</div>'


def _switched(model: Autoencoder, seen: _Array, unit: int, say: Mapping[str, str]) -> str:
    before, after, value, off = switched(model, seen, unit)
    what = say["off_zero" if units_of(model).rests_at_zero(unit) else "off_mean"]
    words = say["off"].format(unit=unit, value=signed(value), off=signed(off), what=what)
    shown = {
        say["before"]: convert.to_pil(before[None])[0],
        say["after"]: convert.to_pil(after[None])[0],
        say["difference"]: _change(before, after),
    }
    return _panel(words, shown, say["change"].format(most=f"{_most(before, after):.2f}"))


def _strongest(model: Autoencoder, units: Units, unit: int, say: Mapping[str, str]) -> str:
    codes = model.codes
    assert codes is not None and units.values is not None  # noqa: S101, PT018 - callers check
    rows = units.strongest(unit, _STRONGEST)
    names = model.manifest.classes
    frames, longest = "", 0
    for row, image in zip(rows, convert.to_pil(model.decode(codes.latents[rows])), strict=True):
        label = None if codes.labels is None or not names else int(codes.labels[row])
        name = "" if label is None else names[label]
        dot = "" if label is None else f'<i style="background: rgb{colour_of(label)}"></i>'
        value, longest = signed(float(units.values[row, unit])), max(longest, len(name))
        words = escaped(name)
        frames += f'<li>{picture(image)}<span title="{words}">{dot}{words}</span><small>{value}</small></li>'
    words = escaped(say["strongest"].format(unit=unit))
    kind = "strongest" if longest <= _SHORT else "strongest named"
    return f'<figure><figcaption>{words}</figcaption><ol class="{kind}">{frames}</ol></figure>'


def _alone(model: Autoencoder, units: Units, unit: int, say: Mapping[str, str]) -> str:
    less, mean, more = model.decode(units.alone(unit))
    shown = {
        say["less"]: convert.to_pil(less[None])[0],
        say["mean"]: convert.to_pil(mean[None])[0],
        say["more"]: convert.to_pil(more[None])[0],
        say["draws"]: _change(mean, more),
    }
    return _panel(
        say["alone"].format(unit=unit), shown, say["change"].format(most=f"{_most(mean, more):.2f}")
    )


def _most(before: _Array, after: _Array) -> float:
    return float(np.abs((after - before).mean(0)).max())


def _change(before: _Array, after: _Array) -> Image.Image:
    """The full colour marks the largest change; an invisible change stays invisible."""
    return signed_map(before, after, max(_most(before, after), 0.02))


def _panel(words: str, shown: Mapping[str, Image.Image], note: str) -> str:
    frames = "".join(
        f"<li>{picture(image)}<span>{escaped(name)}</span></li>" for name, image in shown.items()
    )
    return (
        f'<figure><figcaption>{escaped(words)}</figcaption><ol style="--count: {len(shown)}">{frames}</ol>'
        f'<p class="small-print">{escaped(note)}</p></figure>'
    )


def grid(units: Units, latent: _Array | None, chosen: int, say: Mapping[str, str]) -> str:
    """A square for each unit as HTML, of a picture's code or of the mean code.

    Args:
        units: the model's units.
        latent: float32 `latent_shape`; None for the mean over the training images.
        chosen: the number of the unit that is marked.
        say: texts of `Context.say(inside.TEXTS, request)`.
    """
    values = units.of((units.manifest.latent_mean if latent is None else latent)[None])[0]
    heights = units.height(values)
    fires = units.fire(values) & (latent is not None)  # the mean is not the code of a picture
    cells = ""
    for unit in range(min(len(units), _CELLS)):
        state = say["firing"] if fires[unit] else ""
        words = say["cell"].format(unit=unit, value=signed(values[unit]), state=state)
        here = unit == chosen
        cells += (
            f'<button type="button" data-unit="{unit}" aria-pressed="{str(here).lower()}" '
            f'tabindex="{0 if here else -1}" class="{"fires" if fires[unit] else ""}" '
            f'style="--height: {100 * heights[unit]:.0f}%" title="{escaped(words)}" '
            f'aria-label="{escaped(words)}"></button>'
        )
    head = say["grid_mean"] if latent is None else say["grid"].format(fire=int(fires.sum()), count=len(units))
    if len(units) > _CELLS:
        head += " " + say["first_cells"].format(count=_CELLS)
    wide = min(len(units), max(8, round(min(len(units), _CELLS) ** 0.5)))
    return (
        f'<p class="grid-head">{escaped(head)}</p><div class="units" role="group" '
        f'aria-label="{escaped(say["grid_keys"])}" data-chosen="{chosen}" style="--wide: {wide}">'
        f"{cells}</div>"
    )
