"""The app's own card of a model, in the visitor's language, from model.json and the bundle's pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.ui.parts.inline_html import escaped

__all__ = ["card_body"]

_PYTHON = """from diabolo.runtime import Autoencoder

model = Autoencoder.load({name})  # the folder
image = model.reconstruct("picture.png")"""

_PLAIN = """import numpy as np, onnxruntime

encoder, decoder = (onnxruntime.InferenceSession(f"{{n}}.onnx") for n in ("encoder", "decoder"))
image = np.zeros({image}, np.float32)
(latent,) = encoder.run(["latent"], {{"image": image}})
(again,) = decoder.run(["image"], {{"latent": latent}})"""

_JAVASCRIPT = """const encoder = await ort.InferenceSession.create("encoder.onnx");
const image = new ort.Tensor("float32", new Float32Array({count}), {image});
const {{ latent }} = await encoder.run({{ image }});"""


def card_body(name: str, m: Manifest, take: Callable[[str], str], say: Mapping[str, str]) -> str:
    """The card as HTML that loads nothing; every text from model.json is escaped.

    Args:
        name: the model's name in the app.
        m: the model's manifest.
        take: gives a picture of the bundle, by its name, as a data URL; '' if the bundle has none.
        say: `card_texts.TEXTS` in one language.
    """
    parts = (_head(name, m, take, say), _training(m, say), _quality(m, say), _use(m, say))
    return "".join(line for part in parts for line in part)


def _head(name: str, m: Manifest, take: Callable[[str], str], say: Mapping[str, str]) -> Iterator[str]:
    yield f"<h1>{escaped(name)}</h1>"
    if m.summary:
        yield f'<p lang="en">{escaped(m.summary)}</p>'
    for file, words in (
        ("preview.png", _preview(m, say)),
        ("map.png", say["map"]),
    ):
        if source := take(file):
            yield f'<figure><img src="{source}" alt=""><figcaption>{escaped(words)}</figcaption></figure>'


def _preview(m: Manifest, say: Mapping[str, str]) -> str:
    """What preview.png shows."""
    coded = any(entry.role == "codes" for entry in m.files.values())
    if m.any_size and not coded:
        return say["scene_noise" if m.noise else "scene"]
    return say["preview" if coded else "preview_plain"].format(noise=say["preview_noise"] if m.noise else "")


def _training(m: Manifest, say: Mapping[str, str]) -> Iterator[str]:
    training, dataset = m.document.get("training") or {}, m.document["dataset"]
    if not training:
        return
    held = training["held_out"]
    crop = training["settings"].get("crop")
    counts = {"images": f"{training['images'] - held:,}", "held": f"{held:,}", "crop": crop}
    lines = [say["crops" if crop else "images"].format(**counts)]
    if dataset.get("published"):
        share = f"{dataset['read'] / dataset['published']:.0%}"
        lines.append(say["share"].format(share=share, published=f"{dataset['published']:,}"))
    lines.append(say["epochs"].format(epochs=training["settings"]["epochs"], seed=training["seed"]))
    yield f"<h2>{escaped(say['training'])}</h2>"
    yield from (f"<p>{escaped(line)}</p>" for line in lines)
    if recipe := training.get("recipe"):
        command = f"diabolo train {m.variant} --recipe recipe.toml"
        yield f"<p>{escaped(say['recipe'])} <code>{escaped(command)}</code></p>{_code(recipe)}"


def _quality(m: Manifest, say: Mapping[str, str]) -> Iterator[str]:
    exported, holes = m.document.get("exported") or {}, m.metrics.get("holes")
    if not exported and holes is None:
        return
    yield f"<h2>{escaped(say['quality'])}</h2>"
    if exported:
        yield from _measured(m, exported, say)
    if isinstance(holes, int | float):
        yield f"<p>{escaped(say['holes'].format(share=f'{holes:.1%}'))}</p>"


def _measured(m: Manifest, exported: Mapping[str, Any], say: Mapping[str, str]) -> Iterator[str]:
    words = say["measured"].format(
        images=f"{exported['graphs']['images']:,}",
        split=say.get(exported["on"], exported["on"]),
        what=say["denoised" if m.noise else "reconstructions"],
    )
    yield f"<p>{escaped(words)}</p>"
    rows = "".join(
        f'<tr><th scope="row">{escaped(say[key])}</th>'
        + "".join(f"<td>{exported[key][name]:.{places}f}</td>" for name, places in _PLACES.items())
        + "</tr>"
        for key in ("graphs", "torch")
        if exported.get(key)
    )
    head = "".join(f'<th scope="col">{name.upper()}</th>' for name in _PLACES)
    yield f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"


_PLACES = {"mse": 5, "psnr": 2, "ssim": 4}  # decimal places


def _use(m: Manifest, say: Mapping[str, str]) -> Iterator[str]:
    image = m.image_shape
    words = say["takes"].format(
        image=_shape("batch", *_of_any_size(m, image)),
        latent=_shape("batch", *_of_any_size(m, m.latent_shape)),
        more=say["log_variance"] if m.document["latent"]["log_variance"] else "",
    )
    if m.any_size:
        words += say["multiples"].format(multiple=m.any_size.multiple, stride=m.any_size.latent_stride)
    if version := m.document["graphs"].get("onnxruntime"):
        words += say["oldest"].format(version=version)
    one = f"(1, {', '.join(map(str, image))})"
    yield f"<h2>{escaped(say['use'])}</h2><p>{escaped(words)}</p>"
    yield f"<p>{escaped(say['python'])}</p>{_code(_PYTHON.format(name=json.dumps(m.name)))}"
    yield f"<p>{escaped(say['plain'])}</p>{_code(_PLAIN.format(image=one))}"
    script = _JAVASCRIPT.format(count=prod(image), image=_shape(1, *image))
    yield f"<p>{escaped(say['javascript'])}</p>{_code(script)}"


def _of_any_size(m: Manifest, shape: tuple[int, ...]) -> tuple[int | str, ...]:
    if m.any_size is None:
        return shape
    return (shape[0], *(("height", "width") if shape == m.image_shape else ("rows", "columns")))


def _shape(*sizes: object) -> str:
    return f"[{', '.join(map(str, sizes))}]"


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{escaped(text)}</code></pre>'
