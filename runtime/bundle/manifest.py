"""`model.json`: what a bundle says about itself, read without trusting it.

The published schema, `model.schema.json` beside this file, decides what is valid. Unknown keys are
ignored, an unknown `format_version` is refused.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import json
import re
from dataclasses import dataclass, field
from itertools import islice
from math import prod
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle._document import read_document
from diabolo.runtime.bundle._entries import leaves
from diabolo.runtime.bundle._schema import problems
from diabolo.runtime.bundle.limits import LOCAL, BundleLimits
from diabolo.runtime.errors import IntegrityError, ManifestError
from diabolo.runtime.image.placement import Drawing

__all__ = ["FORMAT_VERSION", "FileEntry", "Golden", "Manifest", "Sum", "parse", "schema", "seal"]

FORMAT_VERSION = 2  # the newest that is read; a bundle without a codebook is written as version 1
_TOLD = 3  # problems in one message
_COLOURS = {"grey": 1, "rgb": 3}  # channels
_DIGEST = re.compile(rb'"digest"\s*:\s*"sha256:([0-9a-f]{64})"')


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of the bundle, as model.json lists it."""

    role: str  # 'encoder', 'decoder', 'codes', 'card', 'preview' or another
    sha256: str  # 64 hexadecimal digits
    size: int  # bytes


@dataclass(frozen=True, kw_only=True, eq=False)
class Sum:
    """A sum of a graph's answers; see `diabolo.runtime.bundle.fingerprint`.

    Attributes:
        values: float32, of the shape of one answer.
        tolerance: as the golden image's.
    """

    values: NDArray[np.float32]
    tolerance: dict[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Golden:
    """One image with what the graphs made of it when they were exported.

    Attributes:
        image: float32 `(1, channels, height, width)` in [0, 1].
        latent: float32 `(1, *latent_shape)`.
        reconstruction: float32, shaped as the image.
        tolerance: largest absolute difference allowed, by provider ('cpu', 'wasm', 'cuda'), with a 'default'.
        sums: of the answers to many codes, by 'latent', 'log_variance', 'image'; none in older bundles.
    """

    image: NDArray[np.float32]
    latent: NDArray[np.float32]
    reconstruction: NDArray[np.float32]
    tolerance: dict[str, float]
    sums: dict[str, Sum]


@dataclass(frozen=True, kw_only=True, eq=False)
class Manifest:
    """A valid model.json. `document` is the whole of it, unknown keys included."""

    name: str
    summary: str
    variant: str  # for people; nothing may branch on it
    network: str
    image_shape: tuple[int, int, int]  # (channels, height, width), pixels
    colour: str  # 'grey', 'rgb' or 'other'
    background: float  # brightness of the training images' border, [0, 1]
    resize: str  # how pictures of another size are fitted: 'crop', 'pad' or 'fit'
    padding: tuple[int, int, int]  # red, green, blue around a picture that is padded, 0 to 255
    drawing: Drawing | None  # how what somebody draws is scaled and placed; None: fitted as any picture
    latent_shape: tuple[int, ...]  # without the batch
    latent_mean: NDArray[np.float32]  # latent_shape, over the training set, as the next three
    latent_deviation: NDArray[np.float32]
    latent_minimum: NDArray[np.float32]
    latent_maximum: NDArray[np.float32]
    prior: str | None  # 'normal': N(0, I)
    distribution: str  # of the latents: 'normal', 'fitted' or 'codebook'
    log_variance: bool  # the encoder has a second output
    noise: tuple[str, float, float] | None  # kind, lowest and highest level trained on
    dataset: str
    classes: tuple[str, ...]
    metrics: dict[str, Any]
    files: dict[str, FileEntry]
    golden: Golden = field(repr=False)
    document: dict[str, Any] = field(repr=False)

    def file(self, role: str) -> str | None:
        """The name of the first file with this role, or None."""
        return next((name for name, entry in self.files.items() if entry.role == role), None)


@functools.cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of model.json. Do not change what is returned."""
    from importlib import resources  # takes long, and only a reading of a bundle needs it

    text = resources.files(__package__).joinpath("model.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def seal(document: dict[str, Any]) -> bytes:
    """The bytes of a model.json with its own digest filled in.

    The digest is the sha256 of the file with the digest's 64 digits replaced by zeros, so that any
    language can check it without agreeing on how JSON is written.
    """
    version = FORMAT_VERSION if "distribution" in document.get("latent", {}) else 1
    sealed = {"format": "diabolo-bundle", "format_version": version, "digest": f"sha256:{'0' * 64}"}
    sealed |= {key: value for key, value in document.items() if key not in sealed}
    blank = (json.dumps(sealed, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    digits = hashlib.sha256(blank).hexdigest().encode()
    start = _find_digest(blank).start(1)
    return blank[:start] + digits + blank[start + 64 :]


def _find_digest(raw: bytes) -> re.Match[bytes]:
    found = _DIGEST.search(raw)
    if not found:
        raise ManifestError("model.json has no digest of itself. Export the bundle again.")
    return found


def parse(raw: bytes, limits: BundleLimits = LOCAL) -> Manifest:
    """Read the bytes of a model.json.

    Raises:
        ManifestError: not JSON, an unknown version, something missing or of the wrong kind, or more of it
            than `limits` or the schema allow.
        IntegrityError: its digest does not fit: a byte was changed after the export.
    """
    document = read_document(raw, limits)
    if not isinstance(document, dict) or document.get("format") != "diabolo-bundle":
        raise ManifestError('model.json is not a Diabolo bundle\'s: it lacks "format": "diabolo-bundle".')
    version = document.get("format_version")
    if version not in (1, FORMAT_VERSION) or isinstance(version, bool):
        raise ManifestError(
            f"model.json has format_version {version!r}; this release reads 1 and {FORMAT_VERSION}. "
            "Install a newer diabolo: pip install -U diabolo."
        )
    if wrong := list(islice(problems(document, schema()), _TOLD + 1)):
        more = " (and more)" if len(wrong) > _TOLD else ""
        raise ManifestError("; ".join(wrong[:_TOLD]) + more + ". Export the bundle again.")
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
    image, latent, golden = document["image"], document["latent"], document["golden"]
    channels, height, width = (int(n) for n in image["shape"])
    image_shape = (channels, height, width)
    latent_shape = tuple(int(n) for n in latent["shape"])
    noise, padding = document["noise"], image.get("padding", [255, 255, 255])
    for name in document["files"]:
        _check_name(name)
    _check_sense(document)
    return Manifest(
        name=document["name"],
        summary=document.get("summary", ""),
        variant=document["variant"],
        network=document["network"],
        image_shape=image_shape,
        colour=image["colour"],
        background=float(image["background"]),
        resize=image.get("resize", "crop"),
        padding=(int(padding[0]), int(padding[1]), int(padding[2])),
        drawing=_drawing(image.get("drawing"), min(height, width)),
        latent_shape=latent_shape,
        latent_mean=_values(latent["mean"], latent_shape, "mean"),
        latent_deviation=_values(latent["deviation"], latent_shape, "deviation"),
        latent_minimum=_values(latent["minimum"], latent_shape, "minimum"),
        latent_maximum=_values(latent["maximum"], latent_shape, "maximum"),
        prior=latent["prior"],
        distribution=latent.get("distribution") or latent["prior"] or "fitted",
        log_variance=latent["log_variance"],
        noise=None if noise is None else (noise["kind"], float(noise["level"][0]), float(noise["level"][1])),
        dataset=document["dataset"]["name"],
        classes=tuple(document["dataset"]["classes"]),
        metrics=document["metrics"],
        files={
            name: FileEntry(role=e["role"], sha256=e["sha256"], size=int(e["size"]))
            for name, e in document["files"].items()
        },
        golden=Golden(
            image=_array(golden["image"], (1, *image_shape), "image"),
            latent=_array(golden["latent"], (1, *latent_shape), "latent"),
            reconstruction=_array(golden["reconstruction"], (1, *image_shape), "reconstruction"),
            tolerance={name: float(value) for name, value in golden["tolerance"].items()},
            sums=_sums(golden.get("sums", {}), latent_shape, image_shape),
        ),
        document=document,
    )


def _sums(
    said: dict[str, Any], latent_shape: tuple[int, ...], image_shape: tuple[int, int, int]
) -> dict[str, Sum]:
    shapes = {"latent": latent_shape, "log_variance": latent_shape, "image": image_shape}
    return {
        name: Sum(
            values=_array(said[name]["sum"], shape, f"sum {name}"),
            tolerance={where: float(value) for where, value in said[name]["tolerance"].items()},
        )
        for name, shape in shapes.items()
        if name in said
    }


def _drawing(said: dict[str, Any] | None, most: int) -> Drawing | None:
    if said is None:
        return None
    if said["box"] > most:
        raise ManifestError(
            f"model.json: a drawing's box of {said['box']} pixels does not fit into the image, whose shorter "
            f"side has {most}. Export the bundle again."
        )
    return Drawing(box=int(said["box"]), centre=said["centre"])


def _check_sense(document: dict[str, Any]) -> None:
    """What a schema cannot say: values that must go together."""
    colour, channels = document["image"]["colour"], document["image"]["shape"][0]
    if _COLOURS.get(colour, channels) != channels:
        raise ManifestError(
            f"model.json: images of {channels} channels cannot be {colour!r}, which has {_COLOURS[colour]}. "
            "Export the bundle again."
        )
    low, high = document["noise"]["level"] if document["noise"] else (0, 0)
    if low > high:
        raise ManifestError(f"model.json: noise of level {low} to {high} ends before it begins.")
    latent = document["latent"]
    for index, (least, most) in enumerate(zip(latent["minimum"], latent["maximum"], strict=False)):
        if least > most:
            raise ManifestError(
                f"model.json: latent value {index} has the minimum {least}, above its maximum {most}. "
                "Export the bundle again."
            )


def _check_name(name: str) -> None:
    if leaves(name) or name != "/".join(PurePosixPath(name).parts) or name == "model.json":
        raise ManifestError(f"model.json lists {name!r}, which is no file inside the bundle. Do not use it.")


def _values(flat: list[float], shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    if len(flat) != prod(shape):
        raise ManifestError(
            f"model.json: latent {what} has {len(flat)} values, its shape {list(shape)} needs {prod(shape)}. "
            "Export the bundle again."
        )
    return np.array(flat, np.float32).reshape(shape)


def _array(text: str, shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ManifestError(f"model.json: golden {what} is not base64. Export the bundle again.") from None
    if len(raw) != 4 * prod(shape):
        raise ManifestError(
            f"model.json: golden {what} has {len(raw)} bytes, {list(shape)} needs {4 * prod(shape)}. "
            "Export the bundle again."
        )
    return np.frombuffer(raw, "<f4").astype(np.float32).reshape(shape)
