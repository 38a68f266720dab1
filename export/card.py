"""Write README.md of a bundle, its model card: a description, metrics, the recipe, and how to use it."""

from __future__ import annotations

from typing import Any

from diabolo.export.preview import Preview
from diabolo.runtime.bundle.quality import explained_variance, quality_warnings

__all__ = ["card"]


def card(document: dict[str, Any], shown: Preview | None, has_map: bool) -> str:
    """Write the model card.

    Args:
        document: the content of model.json.
        shown: preview.png, if the bundle has it.
        has_map: whether it has map.png.

    Returns:
        Markdown.
    """
    return "\n".join(
        [*_what(document, shown, has_map), *_figures(document), *_recipe(document), *_use(document)]
    )


def _what(document: dict[str, Any], shown: Preview | None, has_map: bool) -> list[str]:
    dataset, noise, latent = document["dataset"], document["noise"], document["latent"]
    shape = _grid(latent) if None in latent["shape"] else " x ".join(map(str, latent["shape"]))
    lines = [f"# {document['name']}", "", _sentence(document.get("summary") or document["variant"]), ""]
    if shown:
        lines += [f"![{shown.about}](preview.png)", "", shown.caption, ""]
    if has_map:
        lines += ["![Codes of images](map.png)", ""]
    lines += [
        "| | |",
        "|---|---|",
        f"| images | {_shape(document['image'])} ({document['image']['colour']}), values in [0, 1] |",
        f"| latent | {shape}{', drawn from N(0, I) in training' if latent['prior'] else ''} |",
        f"| network | {document['network']}, weights in {document['graphs']['dtype']} |",
    ]
    if noise:
        lines.append(f"| trained to remove | {_noise(noise)} |")
    if dataset["name"]:
        lines.append(f"| trained on | {dataset['name']}{_images(document)} |")
    if dataset.get("licence"):
        lines.append(f"| licence of the data | {dataset['licence']} |")
    training = document.get("training", {})
    if training:
        epochs, seed = training["settings"]["epochs"], training["seed"]
        lines.append(f"| trained for | {epochs} {'epoch' if epochs == 1 else 'epochs'}, seed {seed} |")
    return [*lines, ""]


def _shape(image: dict[str, Any]) -> str:
    channels, height, width = image["shape"]
    return f"{channels} x any height x any width" if _any_size(image) else f"{channels} x {height} x {width}"


def _grid(latent: dict[str, Any]) -> str:
    return f"{latent['shape'][0]} x height / {latent['stride']} x width / {latent['stride']}"


def _any_size(image: dict[str, Any]) -> bool:
    return bool(image.get("size") == "any")


def _sentence(text: str) -> str:
    return text + ("" if text.endswith(".") else ".")


def _images(document: dict[str, Any]) -> str:
    training, dataset = document.get("training", {}), document["dataset"]
    if not training:
        return ""
    held = training["held_out"]
    what = "images"
    if training["settings"].get("crop"):
        what = f"crops of {training['settings']['crop']} x {training['settings']['crop']} pixels"
    words = f", {training['images'] - held:,} {what}, and {held:,} more to select the best weights"
    if "published" not in dataset:
        return words
    share = dataset["read"] / dataset["published"]
    return f"{words}; {share:.0%} of the {dataset['published']:,} images of the whole data set were available"


def _noise(noise: dict[str, Any]) -> str:
    if "spec" in noise:
        return f"noise {noise['spec']}{', also unclipped' if not noise.get('clip', True) else ''}"
    low, high = noise["level"]
    return f"{noise['kind']} noise, level {f'{low:g}' if low == high else f'{low:g} to {high:g}'}"


def _figures(document: dict[str, Any]) -> list[str]:
    exported = document["exported"]
    if not exported:
        return []
    mine, torch = exported["graphs"], exported["torch"]
    what = "denoised images" if document["noise"] else "reconstructions"
    rows = {"these graphs, onnxruntime": mine, "the model in torch": torch} | _baselines(document["metrics"])
    mean = document["metrics"].get("mean_mse")
    explained = [_explained(row["mse"], mean) for row in rows.values()]
    last = " | explained variance" if mean else ""
    return [
        "## Figures",
        "",
        f"Means over {mine['images']:,} {exported['on']} images, {what} against images. PSNR in dB.",
        "",
        f"| | MSE | PSNR | SSIM{last} |",
        f"|---|---|---|---|{'---|' if mean else ''}",
        *(_row(name, row) + share for (name, row), share in zip(rows.items(), explained, strict=True)),
        "",
        *_judged(document["metrics"]),
        *_holes(document),
    ]


def _baselines(metrics: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Rows for PCA and the mean image, which have no PSNR and SSIM; none in models of older releases."""
    rows = {}
    pca = metrics.get("pca_denoised_mse" if "denoised_mse" in metrics else "pca_mse")
    if pca is not None:
        rows[f"PCA with {metrics['pca_components']} components"] = {"mse": pca}
    if "mean_mse" in metrics:
        rows["the mean image"] = {"mse": metrics["mean_mse"]}
    return rows


def _row(name: str, figures: dict[str, float]) -> str:
    psnr, ssim = (
        format(figures[key], form) if key in figures else ""
        for key, form in (("psnr", ".2f"), ("ssim", ".4f"))
    )
    return f"| {name} | {figures['mse']:.5f} | {psnr} | {ssim} |"


def _explained(mse: float, mean: float | None) -> str:
    share = explained_variance(mse, mean) if mean else None
    return "" if share is None else f" {share:.1%} |"


def _judged(metrics: dict[str, Any]) -> list[str]:
    """The explained variance in words, and warnings about a poor model."""
    if "mean_mse" not in metrics:
        return []
    about = (
        "Explained variance is 1 - MSE / MSE of the mean image. PCA and the mean image are fitted to the "
        "same training images."
    )
    warned = [part for text in quality_warnings(metrics) for part in (f"**Warning:** {text}", "")]
    return [about, "", *warned]


def _holes(document: dict[str, Any]) -> list[str]:
    share = document["metrics"].get("holes")
    if share is None:
        return []
    return [
        f"Holes: {share:.1%} of sampled latents are far from the codes and decode to nothing like the data; "
        "in a latent space without holes it is about 5 %.",
        "",
    ]


def _recipe(document: dict[str, Any]) -> list[str]:
    text = document.get("training", {}).get("recipe")
    if not text:
        return []
    return [
        "## Recipe",
        "",
        f"`diabolo train {document['variant']} --recipe recipe.toml`, with this as recipe.toml:",
        "",
        "```toml",
        *text.splitlines(),
        "```",
        "",
    ]


def _use(document: dict[str, Any]) -> list[str]:
    image, latent = document["image"], document["latent"]
    channels, height, width = image["shape"]
    size = f"{channels}, {height}, {width}"
    rest = ", ".join(map(str, latent["shape"]))
    if _any_size(image):
        step = image["multiple"]
        size = f"{channels}, height, width"
        rest = f"{latent['shape'][0]}, height / {latent['stride']}, width / {latent['stride']}"
    sides = f", height and width multiples of {step}," if _any_size(image) and step > 1 else ","
    return [
        "## Use",
        "",
        f"`encoder.onnx` takes `image`, float32 [batch, {size}] in [0, 1]{sides} "
        f"and gives `latent` [batch, {rest}]"
        + (" and `log_variance`" if latent["log_variance"] else "")
        + "; `decoder.onnx` takes `latent` and gives `image`. `model.json` describes the model and has "
        f"a golden image for checking. They run on onnxruntime {document['graphs']['onnxruntime']} or newer.",
        "",
        "Python, with the package:",
        "",
        "```python",
        "from diabolo.runtime import Autoencoder",
        "",
        'model = Autoencoder.load(".")  # this folder',
        'image = model.reconstruct("picture.png")',
        "```",
        "",
        "Python, without it:",
        "",
        "```python",
        "import numpy as np, onnxruntime",
        "",
        'encoder, decoder = (onnxruntime.InferenceSession(f"{n}.onnx") for n in ("encoder", "decoder"))',
        f"image = np.zeros((1, {channels}, {height}, {width}), np.float32)",
        '(latent,) = encoder.run(["latent"], {"image": image})',
        '(again,) = decoder.run(["image"], {"latent": latent})',
        "```",
        "",
        "JavaScript, in a page with onnxruntime-web or in Node with onnxruntime-node:",
        "",
        "```js",
        'const encoder = await ort.InferenceSession.create("encoder.onnx");',
        f"const image = new ort.Tensor('float32', new Float32Array({channels * height * width}), "
        f"[1, {channels}, {height}, {width}]);",
        "const { latent } = await encoder.run({ image });",
        "```",
        "",
    ]
