"""Denoise many picture files at once, into a zip."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image.mosaic import png
from diabolo.runtime.image.photo import encode_photo
from diabolo.ui.files.incoming import size_of
from diabolo.ui.files.unique_names import UniqueNames
from diabolo.ui.parts.context import Context, picture_of
from diabolo.ui.photos.encoded import ending_of
from diabolo.ui.photos.jobs import StoppedError
from diabolo.ui.photos.work import own_size_photo, processed
from diabolo.ui.work import stop_if_disconnected

__all__ = ["MOST", "MOST_MEGABYTES", "MOST_MEGAPIXELS", "Denoised", "denoised"]

MOST = 500  # files
MOST_MEGABYTES = 200  # of all files together
MOST_MEGAPIXELS = 200  # of all pictures together, at their own size: minutes of work
_BATCH = 32  # images


@dataclass(frozen=True, kw_only=True)
class Denoised:
    """The result.

    Attributes:
        content: the bytes of the zip; empty if there is no picture in it.
        count: how many pictures are in it.
        given: how many files there were.
        broken: the names of the files that could not be read, each with the reason.
    """

    content: bytes
    count: int
    given: int
    broken: tuple[tuple[str, str], ...]

    @property
    def stopped(self) -> bool:
        """Whether the visitor stopped it before all files were done."""
        return self.count + len(self.broken) < self.given


def denoised(
    context: Context, model: str, paths: Sequence[str], tick: Callable[[int, int], None]
) -> Denoised:
    """Denoise files, each fitted to the model as any picture is; no noise is added.

    A model of any size denoises each at its own size, and it stays what it was: a JPEG a JPEG.

    Args:
        context: the app's context.
        model: the model's name.
        paths: of the files. In the zip of a model of one size, `photo.jpg` becomes `photo.png`, and a second
            one `photo-2.png`.
        tick: called with the number of files that are done and the number of all, also after each tile of a
            large one. It may raise a `StoppedError`: what is done by then is returned.

    Raises:
        UsageError: there are too many files, or they are too large.
        UnknownNameError: there is no such model.
    """
    _check(paths)
    if context.manifest(model).any_size is not None:
        return _at_own_size(context, model, paths, tick)
    opened, names = context.model(model), UniqueNames()

    def fill(archive: zipfile.ZipFile, broken: list[tuple[str, str]]) -> None:
        for batch in _read(context, model, paths, broken, tick):
            stop_if_disconnected()
            made = opened.denoise(np.stack([image for _, image in batch]))
            for (name, _), image in zip(batch, made, strict=True):
                archive.writestr(names.take(name), png(picture_of(image)))

    return _filled(fill, len(paths))


def _at_own_size(
    context: Context, model: str, paths: Sequence[str], tick: Callable[[int, int], None]
) -> Denoised:
    _check_pixels(paths)
    names = UniqueNames()

    def fill(archive: zipfile.ZipFile, broken: list[tuple[str, str]]) -> None:
        for done, path in enumerate(paths):
            name = Path(path).name

            def step(_tiles: int, _all: int, done: int = done) -> None:
                stop_if_disconnected()
                tick(done, len(paths))

            try:
                photo = processed(context, model, own_size_photo(path), step)
                archive.writestr(names.take(name, ending_of(photo, name)), encode_photo(photo))
            except ImageError as error:
                broken.append((name, _named(str(error), path)))
            tick(done + 1, len(paths))

    return _filled(fill, len(paths))


def _filled(fill: Callable[[zipfile.ZipFile, list[tuple[str, str]]], None], given: int) -> Denoised:
    """The zip that `fill` writes to, with the files that it reports as broken, until it is stopped."""
    out = io.BytesIO()
    broken: list[tuple[str, str]] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed already
        with contextlib.suppress(StoppedError):
            fill(archive, broken)
        count = len(archive.namelist())
    content = out.getvalue() if count else b""
    return Denoised(content=content, count=count, given=given, broken=tuple(broken))


def _named(reason: str, path: str) -> str:
    """The reason with the file's name, and not its path on the server."""
    name = Path(path).name
    told = reason.replace(path, name)
    return told if name in told else f"{name}: {told}"


def _check_pixels(paths: Sequence[str]) -> None:
    """Refuse too many pixels by the headers of the files, before anything is computed."""
    megapixels = sum(width * height for width, height in map(size_of, paths)) / 1e6
    if megapixels > MOST_MEGAPIXELS:
        raise UsageError(
            f"these pictures have {megapixels:.0f} million pixels together; at most {MOST_MEGAPIXELS} "
            "million can be denoised here at a time at their own size. Choose fewer, or use the command, "
            "which takes any number: diabolo denoise BUNDLE FOLDER -o OUT."
        )


def _check(paths: Sequence[str]) -> None:
    size = sum(Path(path).stat().st_size for path in paths) / 1e6
    if len(paths) > MOST or size > MOST_MEGABYTES:
        raise UsageError(
            f"{len(paths)} files of {size:.0f} MB are more than the {MOST} files and {MOST_MEGABYTES} MB "
            "that can be denoised here at a time. Choose fewer, or use the command, which takes any number: "
            "diabolo denoise BUNDLE FOLDER -o OUT."
        )


def _read(
    context: Context,
    model: str,
    paths: Sequence[str],
    broken: list[tuple[str, str]],
    tick: Callable[[int, int], None],
) -> Iterator[list[tuple[str, NDArray[np.float32]]]]:
    """Batches of names and images; files that cannot be read go to `broken`."""
    batch: list[tuple[str, NDArray[np.float32]]] = []
    for done, path in enumerate(paths, 1):
        name = Path(path).name
        try:
            batch.append((name, context.see(model, path).image))
        except ImageError as error:
            broken.append((name, str(error).replace(path, name)))
        tick(done, len(paths))
        if batch and (len(batch) == _BATCH or done == len(paths)):
            yield batch
            batch = []
