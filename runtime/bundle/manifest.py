"""`model.json`, the description of a bundle, read as untrusted input.

It is validated against the published schema, `model.schema.json` next to this file. Unknown keys are ignored;
an unknown `format_version` is refused.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from diabolo.runtime.bundle._document import read_document
from diabolo.runtime.bundle._entries import escapes
from diabolo.runtime.bundle._golden import golden
from diabolo.runtime.bundle._schema import problems
from diabolo.runtime.bundle._shapes import any_size, latent_shape, values
from diabolo.runtime.bundle._types import AnySize, FileEntry, Golden, Manifest, Sum
from diabolo.runtime.bundle.limits import LOCAL, BundleLimits
from diabolo.runtime.errors import IntegrityError, ManifestError, UsageError
from diabolo.runtime.image.noise import NoiseSpec
from diabolo.runtime.image.placement import Drawing

__all__ = ["FORMAT_VERSION", "AnySize", "FileEntry", "Golden", "Manifest", "Sum", "parse", "schema", "seal"]

FORMAT_VERSION = 5  # the newest version that is read; a bundle is written as the oldest that has all it needs
_SHOWN = 3  # problems in one message
_COLOURS = {"grey": 1, "rgb": 3}  # channels
_DIGEST = re.compile(rb'"digest"\s*:\s*"sha256:([0-9a-f]{64})"')


@functools.cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of model.json. The returned dict is shared: do not change it."""
    from importlib import resources  # a slow import, which is needed only to open a bundle

    text = resources.files(__package__).joinpath("model.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def seal(document: dict[str, Any]) -> bytes:
    """Encode a model.json and fill in its digest.

    The digest is the sha256 of the file with the digest's 64 digits replaced by zeros. It can therefore be
    checked in any language, however that formats JSON.

    Args:
        document: the JSON object; `format`, `format_version` and `digest` are added.

    Returns:
        UTF-8, indented, with a newline at the end.
    """
    version = 2 if "distribution" in document.get("latent", {}) else 1
    version = 3 if "value_range" in document.get("image", {}) else version
    version = 4 if "size" in document.get("image", {}) else version
    version = 4 if "spec" in (document.get("noise") or {}) else version
    version = 5 if document.get("latent", {}).get("distribution") == "mixture" else version
    sealed = {"format": "diabolo-bundle", "format_version": version, "digest": f"sha256:{'0' * 64}"}
    sealed |= {key: value for key, value in document.items() if key not in sealed}
    blank = (json.dumps(sealed, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    digits = hashlib.sha256(blank).hexdigest().encode()
    start = _find_digest(blank).start(1)
    return blank[:start] + digits + blank[start + 64 :]


def _find_digest(raw: bytes) -> re.Match[bytes]:
    found = _DIGEST.search(raw)
    if not found:
        raise ManifestError("model.json has no digest. Export the bundle again.")
    return found


def parse(raw: bytes, limits: BundleLimits = LOCAL) -> Manifest:
    """Read and validate a model.json.

    Args:
        raw: the bytes of the file.
        limits: of the document's size.

    Raises:
        ManifestError: the document is not JSON, has an unknown version, is not valid by the schema, or is
            larger than `limits` allow.
        IntegrityError: the digest does not match: the file was changed after the export.
    """
    document = read_document(raw, limits)
    if not isinstance(document, dict) or document.get("format") != "diabolo-bundle":
        raise ManifestError('model.json is not a Diabolo bundle\'s: it lacks "format": "diabolo-bundle".')
    version = document.get("format_version")
    if version not in range(1, FORMAT_VERSION + 1) or type(version) is not int:
        raise ManifestError(
            f"model.json has format_version {version!r}; this release reads 1 to {FORMAT_VERSION}. "
            "Install a newer diabolo: pip install -U diabolo."
        )
    if wrong := list(islice(problems(document, schema()), _SHOWN + 1)):
        more = " (and more)" if len(wrong) > _SHOWN else ""
        raise ManifestError("; ".join(wrong[:_SHOWN]) + more + ". Export the bundle again.")
    classes = len(document["dataset"]["classes"])
    if classes > limits.classes:
        raise ManifestError(f"model.json has {classes:,} classes; {limits.classes:,} are allowed.")
    match = _find_digest(raw)
    blank = raw[: match.start(1)] + b"0" * 64 + raw[match.end(1) :]
    digits = match.group(1).decode()
    if hashlib.sha256(blank).hexdigest() != digits or document["digest"] != f"sha256:{digits}":
        raise IntegrityError(
            "model.json was changed after the export: its digest does not fit. Get the bundle again."
        )
    return _build(document)


def _build(document: dict[str, Any]) -> Manifest:
    image, latent = document["image"], document["latent"]
    channels, height, width = (int(n) for n in image["shape"])
    image_shape = (channels, height, width)
    sizes, shape = any_size(document), latent_shape(document)
    noise, padding = document["noise"], image.get("padding", [255, 255, 255])
    for name in document["files"]:
        _check_name(name)
    _check_consistency(document)
    return Manifest(
        name=document["name"],
        summary=document.get("summary", ""),
        variant=document["variant"],
        network=document["network"],
        image_shape=image_shape,
        any_size=sizes,
        colour=image["colour"],
        background=float(image["background"]),
        resize=image.get("resize", "crop"),
        padding=(int(padding[0]), int(padding[1]), int(padding[2])),
        value_range=_value_range(document),
        drawing=_drawing(image.get("drawing"), min(height, width)),
        latent_shape=shape,
        latent_mean=values(latent["mean"], shape, "mean", sizes),
        latent_std=values(latent["deviation"], shape, "deviation", sizes),
        latent_minimum=values(latent["minimum"], shape, "minimum", sizes),
        latent_maximum=values(latent["maximum"], shape, "maximum", sizes),
        prior=latent["prior"],
        distribution=_distribution(document),
        log_variance=latent["log_variance"],
        noise=None if noise is None else (noise["kind"], float(noise["level"][0]), float(noise["level"][1])),
        noise_spec=_noise_spec(document),
        dataset=document["dataset"]["name"],
        classes=tuple(document["dataset"]["classes"]),
        metrics=document["metrics"],
        files={
            name: FileEntry(role=e["role"], sha256=e["sha256"], size=int(e["size"]))
            for name, e in document["files"].items()
        },
        golden=golden(document["golden"], image_shape, shape, sizes),
        document=document,
    )


def _distribution(document: dict[str, Any]) -> str:
    latent = document["latent"]
    # version 1 did not have the key, so it is an unknown one there, and ignored
    given = latent.get("distribution") if document["format_version"] > 1 else None
    return given or latent["prior"] or "fitted"


def _value_range(document: dict[str, Any]) -> tuple[float, float] | None:
    given = document["image"].get("value_range") if document["format_version"] > 2 else None
    if given is None:
        return None
    low, high = float(given[0]), float(given[1])
    if low >= high:
        raise ManifestError(
            f"model.json: image.value_range {low:g} to {high:g} is not a range; the lower value comes first. "
            "Export the bundle again."
        )
    return low, high


def _noise_spec(document: dict[str, Any]) -> NoiseSpec | None:
    noise = document["noise"]
    if noise is None:
        return None
    kind, (low, high) = noise["kind"], noise["level"]
    if "spec" not in noise or document["format_version"] < 4:
        try:
            return NoiseSpec(kind=kind, low=float(low), high=float(high))
        except UsageError:  # a kind of another exporter's, or a level that cannot be drawn here
            return None
    try:
        spec = NoiseSpec.parse(noise["spec"], clip=noise.get("clip", True))
    except UsageError as error:
        raise ManifestError(f"model.json: noise.spec: {error} Export the bundle again.") from None
    if (spec.kind, spec.low, spec.high) != (kind, low, high):
        raise ManifestError(
            f"model.json: noise.kind and noise.level are not those of noise.spec, {noise['spec']!r}. "
            "Export the bundle again."
        )
    return spec


def _drawing(given: dict[str, Any] | None, most: int) -> Drawing | None:
    if given is None:
        return None
    if given["box"] > most:
        raise ManifestError(
            f"model.json: a drawing's box of {given['box']} pixels does not fit into the image, whose "
            f"shorter side has {most}. Export the bundle again."
        )
    return Drawing(box=int(given["box"]), centre=given["centre"])


def _check_consistency(document: dict[str, Any]) -> None:
    """Check values that depend on each other, which a schema cannot express."""
    colour, channels = document["image"]["colour"], document["image"]["shape"][0]
    if _COLOURS.get(colour, channels) != channels:
        raise ManifestError(
            f"model.json: images of {channels} channels cannot be {colour!r}, which has {_COLOURS[colour]}. "
            "Export the bundle again."
        )
    low, high = document["noise"]["level"] if document["noise"] else (0, 0)
    if low > high:
        raise ManifestError(
            f"model.json: the noise level {low} to {high} is not a range; the lower level comes first. "
            "Export the bundle again."
        )
    latent = document["latent"]
    for index, (least, most) in enumerate(zip(latent["minimum"], latent["maximum"], strict=False)):
        if least > most:
            raise ManifestError(
                f"model.json: latent value {index} has the minimum {least}, above its maximum {most}. "
                "Export the bundle again."
            )


def _check_name(name: str) -> None:
    if escapes(name) or name != "/".join(PurePosixPath(name).parts) or name == "model.json":
        raise ManifestError(
            f"model.json lists {name!r}, which is not a file inside the bundle. Do not use it."
        )
