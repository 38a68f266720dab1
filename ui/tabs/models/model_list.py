"""The list of models as HTML: a button for each, with a picture and figures."""

from __future__ import annotations

import base64
import io
from math import prod

from PIL import Image

from diabolo.runtime._old_names import old_names
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image import convert, resize
from diabolo.ui.models.cache import cached
from diabolo.ui.models.collection import Models, figures
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.inline_html import escaped
from diabolo.ui.parts.model_buttons import CLICKED
from diabolo.ui.tabs.models.facts import size_of

__all__ = ["CLICKED", "model_list"]

__getattr__ = old_names(__name__, {"shelf": "model_list"})

_WIDE, _HIGH = 420, 260  # pixels of a picture, at most
_PIXELS = 4_000_000  # in a picture's file, at most


def model_list(models: Models, chosen: str, say: dict[str, str]) -> str:
    """The list as HTML.

    Args:
        models: those of the app come first, the visitor's own last.
        chosen: the name of the model that is marked.
        say: texts of `SHARED` and of this tab.
    """
    names = models.names()
    buttons = (
        _button(n, models.bundle(n), n == chosen, models.find_uploaded(n) is not None, say) for n in names
    )
    return (
        f'<div class="model-list" role="group" aria-label="{escaped(say["choose"])}">{"".join(buttons)}</div>'
    )


def _button(name: str, bundle: Bundle, chosen: bool, own: bool, say: dict[str, str]) -> str:
    m = bundle.manifest
    channels, height, width = m.image_shape
    latent = " × ".join(map(str, m.latent_shape))
    whole = "" if len(m.latent_shape) == 1 else f" = {prod(m.latent_shape)}"
    size, shape = f"{width} × {height}", say["latent_of"].format(shape=latent + whole)
    if m.any_size:
        size = say["any"]
        shape = say["grid"].format(count=m.latent_shape[0], stride=m.any_size.latent_stride)
    first = [f"{size} {say[m.colour].format(channels=channels)}", shape]
    lines = [first, _figures(m), [f"{size_of(m) / 1e6:.1f} MB"]]
    mark = f"<i>{escaped(say['mine'])}</i>" if own else ""
    return (
        f'<button type="button" data-name="{escaped(name)}" aria-pressed="{str(chosen).lower()}">'
        f'<img src="{_picture(bundle)}" alt=""><b>{escaped(name)}{mark}</b>'
        + "".join(f"<span>{escaped('  ·  '.join(line))}</span>" for line in lines)
        + "</button>"
    )


def _figures(m: Manifest) -> list[str]:
    known = figures(m)
    mse = [f"MSE {mse_text(known['mse'])}"] if "mse" in known else []
    return mse + ([f"PSNR {known['psnr']:.1f} dB"] if "psnr" in known else [])


@cached(64)
def _picture(bundle: Bundle) -> str:
    """A small picture as a data URL: the bundle's preview or map, or its golden reconstruction."""
    picture = _file(bundle, "preview") or _file(bundle, "map") or _golden(bundle.manifest)
    picture.thumbnail((_WIDE, _HIGH))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=75)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def _file(bundle: Bundle, role: str) -> Image.Image | None:
    if bundle.manifest.file(role) is None:
        return None
    try:
        with resize.opened(io.BytesIO(bundle.read_role(role))) as picture:
            fits = picture.format == "PNG" and picture.width * picture.height <= _PIXELS
            return picture.convert("RGB") if fits else None
    except Exception:  # noqa: BLE001 - Pillow raises nearly anything on bad bytes; the model then has another picture
        return None


def _golden(m: Manifest) -> Image.Image:
    if m.colour == "other":
        return Image.new("RGB", (1, 1), "#888888")
    picture = convert.to_pil(m.golden.reconstruction)[0].convert("RGB")
    scale = max(1, _HIGH // max(picture.size))
    size = (picture.width * scale, picture.height * scale)
    return picture.resize(size, Image.Resampling.NEAREST)
