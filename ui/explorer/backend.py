"""What the explorer's page asks the server about a model: planes, codes, images; ready for JSON."""

from __future__ import annotations

import base64
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import LatentError, UsageError
from diabolo.runtime.image import convert
from diabolo.ui.explorer import latent_map
from diabolo.ui.explorer._picture import prepared
from diabolo.ui.explorer.posterior import (
    REPARAMETRISATION,
    has_posterior,
    kl_by_dimension,
    posterior,
    usual_kl,
)
from diabolo.ui.models.cache import cached
from diabolo.ui.parts.marks import far_of, marks_of
from diabolo.ui.work import check_pictures

__all__ = ["LARGEST_LATENT", "Backend", "backend_of", "latents_of"]

LARGEST_LATENT = 1 << 14  # numbers: the page sends and writes a latent at each move of the pointer
_MOST = 1024  # latents in one call
_MARKED = 16  # latents whose marks are told at once; the page asks for 12
_TRIED = 64  # codes; the page starts at the first of them that is not an outlier:
_ORDINARY = 0.25  # at most this share of test codes lies closer to the training codes
_LARGEST = 16 << 20  # bytes; a larger decoder is not sent to browsers
_OFFERED = 64  # dimensions that can be chosen as axes of a plane


class Backend:
    """Answers the page's questions about one model. Latents are flat here, whatever their shape.

    Attributes:
        count: the numbers of one latent.
        start: the latent to start at, float32 `(count,)`.
    """

    def __init__(self, model: Autoencoder) -> None:
        self._model = model
        self._space = space = model.latent_space
        self._codes = (
            None if space.codes is None else space.codes.latents.reshape(len(space.codes.latents), -1)
        )
        self._plane = functools.lru_cache(maxsize=16)(self._make_plane)
        self.count = space.dimensions
        self.start = space.statistics.mean.ravel() if self._codes is None else self._first_code(self._codes)

    def _first_code(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """The code to start at: not an outlier."""
        ranks = self._space.rank(codes[:_TRIED].reshape(-1, *self._space.shape))
        first = 0 if ranks is None else int(np.argmax(ranks <= _ORDINARY))
        code: NDArray[np.float32] = codes[first]
        return code

    def about(self) -> dict[str, Any]:
        """The facts about the model that do not change, and the plane to start with.

        Raises:
            UsageError: its latents are too large for the page.
        """
        if self.count > LARGEST_LATENT:
            raise UsageError(
                f"a latent of this model has {self.count:,} numbers; the explorer takes at most "
                f"{LARGEST_LATENT:,}. Choose a model with a smaller code."
            )
        m, space, codes = self._model.manifest, self._space, self._space.codes
        low, high = latent_map.slider_range(space)
        order = np.argsort(-space.statistics.std.ravel(), kind="stable").tolist()
        labels = None if codes is None or codes.labels is None or not m.classes else codes.labels
        return {
            "image": m.image_shape,
            "size": self.count,
            "start": _text(self.start.astype("<f4")),
            "shape": m.latent_shape,
            "classes": m.classes if labels is not None else (),
            "labels": None if labels is None else _text(labels.astype("<u2")),
            "low": low.tolist(),
            "high": high.tolist(),
            "order": order,
            "offered": sorted(order[:_OFFERED]),
            "plane": None if self._codes is None else self.plane(None),
            "posterior": {**REPARAMETRISATION, "usual": usual_kl(m)} if has_posterior(m) else None,
        }

    def plane(self, axes: Sequence[int] | None) -> dict[str, Any]:
        """The codes in a plane, and their density.

        Args:
            axes: two dimensions; None takes both of a latent of two dimensions, else the codes' principal
                directions.

        Raises:
            UsageError: there are no such dimensions, or no codes.
        """
        if self._codes is None:
            raise UsageError("this bundle has no stored codes, so there is no plane to show.")
        return self._plane(None if axes is None else self._space.check_axes(axes))

    def code(self, index: int) -> str:
        """A stored code.

        Raises:
            UsageError: there is no code of that number.
        """
        if self._codes is None or not 0 <= index < len(self._codes):
            count = 0 if self._codes is None else len(self._codes)
            raise UsageError(f"there is no code {index}: the bundle has {count} codes, counted from 0.")
        return _text(self._codes[index])

    def decode(self, latents: str) -> dict[str, Any]:
        """The images of latents, and which latents are far from the codes.

        Args:
            latents: base64 of little-endian float32 `(batch, count)`.

        Raises:
            LatentError: these are not latents of this model.
            UsageError: more than 1,024 latents, or more pictures than a request may ask for.
        """
        shaped = self._shaped(latents)
        check_pictures(len(shaped), self._model.manifest.image_shape)
        far = far_of(self._model, shaped)
        return {
            "images": _text(convert.to_uint8(self._model.decode(shaped))),
            "far": None if far is None else far.tolist(),
        }

    def marks(self, latents: str) -> dict[str, list[bool] | None]:
        """The marks of latents and of their images by name; None if the bundle does not hold what one takes.

        It takes latents and raises errors as `decode` does.
        """
        shaped = self._shaped(latents)
        if len(shaped) > _MARKED:
            raise LatentError(f"marks are for up to {_MARKED} latents, not {len(shaped)}.")
        return self._marks(shaped, self._model.decode(shaped))

    def picture(self, sent: Any) -> dict[str, Any]:
        """A picture's code, the picture as the model sees it, its reconstruction, and the marks of both;
        of a VAE also the standard deviations of its posterior, and the KL divergence of each dimension.

        Args:
            sent: the picture as the page holds it, see `_picture.for_page`.

        Raises:
            ImageError: it is not a picture.
        """
        seen = prepared(sent, self._model)
        latent, std = posterior(self._model, seen)
        made = self._model.decode(latent)
        return {
            "latent": _text(latent.astype("<f4")),
            "std": None if std is None else _text(std.astype("<f4")),
            "kl": None if std is None else _text(kl_by_dimension(latent, std).astype("<f4")),
            "seen": _text(convert.to_uint8(seen)),
            "image": _text(convert.to_uint8(made)),
            "marks": self._marks(latent, made),
        }

    def graph(self) -> dict[str, Any]:
        """The decoder for the browser, with a few latents, their images and the difference that is allowed.

        Raises:
            BundleError: the bundle was modified.
            UsageError: the decoder is too large to be sent; the page then decodes on the server.
        """
        graph = _decoder(self._model.bundle)
        m, active = self._model.manifest, self._model.device.active
        if self._codes is None:
            s = self._space.statistics
            flat = np.stack([s.mean.ravel() + times * s.std.ravel() for times in (-1, 0, 1)])
        else:
            flat = self._codes[:: max(1, len(self._codes) // 3)][:4]
        shaped = flat.astype("<f4").reshape(-1, *m.latent_shape)
        tolerance = m.golden.tolerance
        return {
            "graph": graph,
            "latents": _text(shaped),
            "images": _text(self._model.decode(shaped).astype("<f4")),
            "allowed": max(tolerance.get(name, tolerance["default"]) for name in ("wasm", active)),
        }

    def _shaped(self, latents: str) -> NDArray[np.float32]:
        try:
            values = np.frombuffer(base64.b64decode(latents), "<f4")
        except ValueError:
            raise LatentError("latents must be base64 of little-endian float32.") from None
        return latents_of(values, self.count).reshape(-1, *self._model.manifest.latent_shape)

    def _marks(
        self, latents: NDArray[np.float32], images: NDArray[np.float32]
    ) -> dict[str, list[bool] | None]:
        found = marks_of(self._model, latents, images)
        return {"unlike": None, "far": None} | {name: each.tolist() for name, each in found.known.items()}

    def _make_plane(self, axes: tuple[int, int] | None) -> dict[str, Any]:
        shown = latent_map.map_of(self._space, axes)
        plane, level = shown.plane, latent_map.density_levels(shown, self._space)
        return {
            "axes": plane.axes,
            "points": _text(shown.points.astype("<f4")),
            "across": _text(plane.across.astype("<f4")),
            "up": _text(plane.up.astype("<f4")),
            "origin": _text(plane.origin.astype("<f4")),
            "low": shown.low,
            "high": shown.high,
            "density": _text(level),
            "side": len(level),
        }


@cached(32)
def backend_of(model: Autoencoder) -> Backend:
    """The backend of a model, cached since it takes a while to compute."""
    return Backend(model)


@cached(8)
def _decoder(bundle: Bundle) -> str:
    """The decoder as base64, encoded once for all visitors."""
    m = bundle.manifest
    name = m.file("decoder")
    if name is not None and (size := m.files[name].size) > _LARGEST:
        raise UsageError(
            f"the decoder has {size / 2**20:,.1f} MB; at most {_LARGEST >> 20} MB are sent to a browser. "
            "Decode on the server."
        )
    return base64.b64encode(bundle.read_graph("decoder")).decode("ascii")


def latents_of(value: ArrayLike, count: int) -> NDArray[np.float32]:
    """One or more latents as float32 `(batch, count)`.

    Args:
        value: the latents, flat or nested in any way.
        count: the numbers of one latent.

    Raises:
        LatentError: these are not finite numbers, or not a multiple of `count`.
        UsageError: more than 1,024 latents.
    """
    try:
        with np.errstate(over="ignore"):  # it becomes infinite, and is refused below
            flat = np.asarray(value, np.float32).reshape(-1, count)
    except (TypeError, ValueError, OverflowError):
        raise LatentError(f"a latent of this model must be {count} numbers.") from None
    if not len(flat) or not np.isfinite(flat).all():
        raise LatentError(f"a latent of this model must be {count} numbers, all finite.")
    if len(flat) > _MOST:
        raise UsageError(f"at most {_MOST:,} latents at a time, not {len(flat):,}.")
    return flat


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
