"""Convert what a caller gives to the images of one model."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image._array import Pixels, array_batch
from diabolo.runtime.image._gather import Picture, gather, is_picture, is_series
from diabolo.runtime.image.background import background_kind
from diabolo.runtime.image.convert import Images, prepare
from diabolo.runtime.image.own_size import as_it_is
from diabolo.runtime.image.tiles import scaled

__all__ = ["Invert", "ModelInput"]

Invert: TypeAlias = bool | None


class ModelInput:
    """The images that one model takes.

    Args:
        manifest: of the model.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        spec = manifest.noise_spec
        self._span = (0.0, 1.0) if spec is None else spec.span  # of values in float arrays
        self._said = False  # that a picture was inverted

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(channels, height, width)` of the images; height and width are 0 if the model takes any."""
        channels, height, width = self._manifest.image_shape
        return (channels, 0, 0) if self._manifest.any_size else (channels, height, width)

    def batch(
        self, images: Images, invert: Invert = None, size: tuple[int, ...] | None = None
    ) -> NDArray[np.float32]:
        """Convert images of any kind to one batch.

        Args:
            images: as in `runtime.image.convert.as_batch`.
            invert: None inverts pictures that look inverted, but never arrays, and nothing for a model of any
                size, which is one of photographs; False inverts nothing, True everything.
            size: height and width that a model of any size gets pictures in; by default their own.

        Returns:
            float32 `(batch, channels, height, width)` in [0, 1]; arrays with the unclipped noise that
            the model was trained on may go beyond.

        Raises:
            ImageError: the model cannot take these images.
            UsageError: `invert` is none of the three.
        """
        if invert is None and isinstance(images, np.ndarray):  # the shortest way: thousands of times a second
            return array_batch(images, self.shape, self._span)
        return scaled(self.pixels(images, invert, size))

    def pixels(self, images: Images, invert: Invert = None, size: tuple[int, ...] | None = None) -> Pixels:
        """As `batch`, but uint8 if that is what a model of any size was given in all images.

        A quarter of the memory of floats, which the model needs of one tile at a time only.
        """
        if not (invert is None or isinstance(invert, bool | np.bool_)):
            raise UsageError(f"invert must be True, False or None, not {invert!r}.")
        swap = None if invert is None else bool(invert)

        def convert(picture: Picture) -> Pixels:
            m = self._manifest
            channels, height, width = m.image_shape
            if m.any_size:
                if size is None:
                    return as_it_is(
                        picture,
                        channels,
                        invert=bool(swap),
                        padding=m.padding,
                        value_range=m.value_range,
                    )
                height, width = size
            seen = prepare(
                picture,
                (channels, height, width),
                invert=bool(swap) if m.any_size else swap,
                **m.preparation,
            )
            if swap is None and ("inverted", "") in seen.steps:
                self._say_inverted()
            return seen.image

        return gather(images, self.shape, convert, invert=bool(swap), span=self._span)

    def one_each(
        self, images: Any, needed: str, invert: Invert, least: int, most: int | None = None
    ) -> NDArray[np.float32]:
        """Convert a list with one image in each item, which are the ends or corners of an interpolation.

        Args:
            images: a list; or an array or tensor with one axis more than an image has.
            needed: the beginning of a message: 'a path takes at least two images'.
            invert: as in `batch`.
            least: the fewest images.
            most: the most images; None if there is no limit.

        Returns:
            float32 `(len(images), channels, height, width)` in [0, 1].

        Raises:
            ImageError: the model cannot take these images.
            UsageError: not a list, too few or too many images, or several images in an item.
        """
        items = _listed(images, needed)
        if len(items) < least or (most is not None and len(items) > most):
            raise UsageError(f"{needed}, not {len(items)}.")
        batches = [self.batch(items[0], invert)] if items else []
        batches += [self.batch(item, invert, size=batches[0].shape[2:]) for item in items[1:]]
        if any(len(batch) != 1 for batch in batches):
            raise UsageError("each end or corner of an interpolation must be a single image, not a batch.")
        if len({batch.shape for batch in batches}) > 1:
            raise ImageError(
                "the images of an interpolation must have one size. Crop the arrays, or give pictures."
            )
        return np.concatenate(batches)

    def _say_inverted(self) -> None:
        if self._said:
            return
        self._said = True
        own = background_kind(self._manifest.background)
        logging.getLogger("diabolo").warning(
            "%s: a picture with a %s border was inverted, because the model was trained on images with a %s "
            "background. Pass invert=False to leave pictures as they are. This is said once.",
            self._manifest.name,
            "bright" if own == "dark" else "dark",
            own,
        )


def _listed(images: Any, needed: str) -> list[Any]:
    if is_series(images) and not is_picture(images):
        with contextlib.suppress(TypeError):  # an array or tensor without axes
            return list(images)
    raise UsageError(f"{needed}, in a list; a single {type(images).__name__} was given.")
