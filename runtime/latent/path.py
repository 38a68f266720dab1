"""A path through a latent space as a file: key latents, the interpolation between them, and the model.

`docs/interpolation.md` describes the JSON. It determines every latent of the path, so that the same graphs
decode it to the same images.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import LatentError, UnknownNameError, UsageError
from diabolo.runtime.latent import interpolation
from diabolo.runtime.latent.space import LatentSpace

if TYPE_CHECKING:
    from diabolo.runtime.autoencoder import Autoencoder
    from diabolo.runtime.image.convert import Images

__all__ = ["FORMAT_VERSION", "FRAMES", "KEYS", "STEPS", "LatentPath", "read"]

FORMAT_VERSION = 1
KEYS, STEPS, FRAMES = 256, 1000, 10_000  # the most keys, steps from one key to the next, images in all
_DIMENSIONS = 8  # of a latent, at most
_LARGEST = float(np.finfo(np.float32).max)
_AGAIN = "Save it again: in the app's tab Interpolate, or by diabolo interpolate ... -o FILE.json."


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentPath:
    """A path through key latents.

    Attributes:
        keys: float32 `(k, *latent_shape)`, k from 2 to `KEYS`.
        steps: latents from one key to the next, both included; 2 to `STEPS`.
        method: one of `interpolation.METHODS`.
        model: the name of the model that the latents belong to, or ''.
        digest: the digest of that model's model.json, 'sha256:' and 64 digits, or ''.

    Raises:
        UnknownNameError: there is no such method.
        UsageError: too few or too many keys or steps, or more than `FRAMES` images in all.
    """

    keys: NDArray[np.float32]
    steps: int
    method: str
    model: str = ""
    digest: str = ""

    def __post_init__(self) -> None:
        _check(len(self.keys), self.steps, self.method)

    @classmethod
    def through(cls, model: Autoencoder, images: Sequence[Images], *, steps: int, method: str) -> LatentPath:
        """The path through the codes of images.

        Args:
            model: encodes the images.
            images: 2 to `KEYS`; each is a single image in any form that `Autoencoder.encode` takes.
            steps: images from one key to the next, both included; 2 to `STEPS`.
            method: one of `interpolation.METHODS`.

        Raises:
            ImageError: the model cannot take the images.
            UnknownNameError: there is no such method.
            UsageError: fewer than 2 images or steps, or too many.
        """
        m = model.manifest
        _check(len(images), steps, method)
        keys = np.concatenate([model.encode(image) for image in images])
        return cls(keys=keys, steps=steps, method=method, model=m.name, digest=m.document["digest"])

    def latents(self, m: Manifest) -> NDArray[np.float32]:
        """All latents of the path.

        Args:
            m: the manifest of the model that decodes them.

        Returns:
            float32 `((k - 1) (steps - 1) + 1, *latent_shape)`; latent i (steps - 1) is key i.
        """
        return LatentSpace.of(m).interpolate(self.keys, self.steps, self.method)

    def grid(self, m: Manifest) -> NDArray[np.float32]:
        """The grid between four keys: top left, top right, bottom left, bottom right.

        Args:
            m: the manifest of the model that decodes it.

        Returns:
            float32 `(steps, steps, *latent_shape)`.

        Raises:
            UsageError: other than four keys, or more than `FRAMES` images.
        """
        if len(self.keys) != 4:
            raise UsageError(f"a grid takes four key images; this path has {len(self.keys)}.")
        _check_frames(self.steps**2)
        return LatentSpace.of(m).grid(self.keys, self.steps, self.steps, self.method)

    def check(self, m: Manifest) -> str:
        """Check that this path fits a model.

        Args:
            m: the model's manifest.

        Returns:
            A warning if the path was made with another model, otherwise ''.

        Raises:
            LatentError: the shapes differ.
        """
        if self.keys.shape[1:] != m.latent_shape:
            owner = (
                f"the model it was made with, {self.model}" if self.model else "the model it was made with"
            )
            raise LatentError(
                f"the path holds latents of shape {list(self.keys.shape[1:])}; {m.name} takes "
                f"{list(m.latent_shape)}. Render it with {owner}."
            )
        if self.digest in ("", m.document["digest"]):
            return ""
        other = (
            f"another bundle called {self.model}" if self.model == m.name else self.model or "another bundle"
        )
        return f"the path was made with {other}; the same latents may decode to other images with this one."

    def dumps(self) -> str:
        """The path as JSON, on one line."""
        return json.dumps(self.document(), ensure_ascii=False, allow_nan=False) + "\n"

    def document(self) -> dict[str, Any]:
        """The path as a JSON object, which `read` takes. Every value is read as the same float32 again."""
        owner = {"name": self.model, "digest": self.digest} if self.digest else None
        return {
            "format": "diabolo-path",
            "format_version": FORMAT_VERSION,
            **({"model": owner} if owner else {}),
            "latent_shape": list(self.keys.shape[1:]),
            "method": self.method,
            "steps": self.steps,
            # doubles, which hold any float32 exactly
            "keys": self.keys.reshape(len(self.keys), -1).tolist(),
        }


def read(source: bytes | str | Mapping[str, Any]) -> LatentPath:
    """Read a path from JSON. Unknown keys are ignored.

    Args:
        source: the JSON as text, or parsed.

    Raises:
        LatentError: this is not a path, its version is unknown, or it holds invalid values.
        UnknownNameError: there is no such method.
        UsageError: too few or too many keys, steps or images.
    """
    document = source if isinstance(source, Mapping) else _parse(source)
    if document.get("format") != "diabolo-path":
        raise LatentError(f'this is not a path: it lacks "format": "diabolo-path". {_AGAIN}')
    version = document.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise LatentError(
            f"the path has format_version {version!r:.40}; this release reads {FORMAT_VERSION}. "
            "Install a newer diabolo: pip install -U diabolo."
        )
    shape, keys = _shape(document.get("latent_shape")), document.get("keys")
    if not isinstance(keys, list) or not 2 <= len(keys) <= KEYS:
        have = str(len(keys)) if isinstance(keys, list) else f"{keys!r:.40} instead of a list"
        raise LatentError(f"a path is a list of 2 to {KEYS} keys; this one has {have}. {_AGAIN}")
    model = document.get("model")
    owner = model if isinstance(model, dict) else {}
    return LatentPath(
        keys=np.stack([_latent(key, shape, number) for number, key in enumerate(keys)]),
        steps=document.get("steps"),  # type: ignore[arg-type]  # refused where it is none
        method=document.get("method"),  # type: ignore[arg-type]
        model=str(owner.get("name", "")),
        digest=str(owner.get("digest", "")),
    )


def _check_frames(count: int) -> None:
    if count > FRAMES:
        raise UsageError(f"that is {count:,} images; at most {FRAMES:,} are allowed. Use fewer steps.")


def _parse(source: bytes | str) -> Mapping[str, Any]:
    try:
        document = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise LatentError(f"the path is not valid JSON: {error}. {_AGAIN}") from None
    if not isinstance(document, dict):
        raise LatentError(f"a path is a JSON object, not a {type(document).__name__}. {_AGAIN}")
    return document


def _check(keys: int, steps: Any, method: Any) -> None:
    if not 2 <= keys <= KEYS:
        raise UsageError(f"a path takes 2 to {KEYS} images, not {keys}.")
    if type(steps) is not int or not 2 <= steps <= STEPS:
        raise UsageError(f"steps must be a whole number from 2 to {STEPS}, not {steps!r:.40}.")
    if not isinstance(method, str) or method not in interpolation.METHODS:
        raise UnknownNameError("interpolation", f"{method!s:.40}", interpolation.METHODS)
    _check_frames((keys - 1) * (steps - 1) + 1)


def _shape(given: Any) -> tuple[int, ...]:
    whole = isinstance(given, list) and all(type(number) is int and number > 0 for number in given)
    if not whole or not 1 <= len(given) <= _DIMENSIONS:
        raise LatentError(
            f"latent_shape must be a list of 1 to {_DIMENSIONS} whole numbers above 0, not {given!r:.80}. "
            f"{_AGAIN}"
        )
    return tuple(given)


def _latent(values: Any, shape: tuple[int, ...], number: int) -> NDArray[np.float32]:
    count = prod(shape)
    if not isinstance(values, list) or len(values) != count:
        have = f"{len(values)} values" if isinstance(values, list) else f"{values!r:.40} instead of a list"
        raise LatentError(f"key {number} has {have}; latent_shape {list(shape)} needs {count}. {_AGAIN}")
    for value in values:
        if type(value) not in (int, float) or not abs(value) <= _LARGEST:  # a NaN is not, either
            raise LatentError(f"key {number} holds {value!r:.40}, which is not a finite float32. {_AGAIN}")
    return np.array(values, np.float32).reshape(shape)
