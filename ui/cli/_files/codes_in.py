"""Reads codes from .npz, .npy, .csv or .bits files."""

from __future__ import annotations

import array
import csv
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import LatentError, UsageError
from diabolo.runtime.latent import Codebook
from diabolo.runtime.listing import check_file
from diabolo.ui.cli._files.codes_out import check_ending
from diabolo.ui.cli._files.packed import ENDING, read_packed

__all__ = ["Table", "read"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Codes from a file.

    Attributes:
        codes: an array `(n, *latent_shape)` of any numeric dtype; memory-mapped if the file is a .npy.
        names: the name of each code, a relative path with '/' as the file gives it; None if it has no names.
    """

    codes: NDArray[Any]
    names: list[str] | None


def read(path: Path, latent_shape: tuple[int, ...], codebook: Codebook | None = None) -> Table:
    """Read codes for a model with this latent shape.

    Args:
        path: the .npz, .npy, .csv or .bits file.
        latent_shape: the shape of one code; codes in the file may also be flat, in C order.
        codebook: of the model, if it has one.

    Raises:
        LatentError: the file does not exist, does not contain codes, its codes have another shape, or they
            are those of another codebook.
        UsageError: the file has another ending; or it is a .bits, and the model has no codebook.
    """
    check_ending(path)
    if path.suffix.lower() == ENDING and codebook is None:
        raise UsageError(
            f"{path} has the codes of a model with a codebook, and this model has none. Decode it with the "
            "model that encoded it."
        )
    try:
        check_file(path)
        if codebook is not None and path.suffix.lower() == ENDING:
            found: tuple[NDArray[Any], list[str] | None] = read_packed(path, codebook)
        elif path.suffix.lower() == ".csv":
            found = _csv(path)
        else:
            found = _numpy(path)
    except FileNotFoundError:
        raise LatentError(f"there is no file {str(path)!r}. Encode images with: diabolo encode") from None
    except OSError as error:
        raise LatentError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise LatentError(f"{path} cannot be read as codes: {error}. Write it with: diabolo encode") from None
    codes, files = found
    return Table(codes=_shaped(codes, latent_shape, path), names=None if files is None else _names(files))


def _numpy(path: Path) -> tuple[NDArray[Any], list[str] | None]:
    opened: Any = np.load(path, mmap_mode="r" if path.suffix.lower() == ".npy" else None, allow_pickle=False)
    if isinstance(opened, np.ndarray):
        return opened, None
    with opened as archive:
        name = "codes" if "codes" in archive or len(archive.files) != 1 else archive.files[0]
        if name not in archive:
            raise ValueError(f"it has no array 'codes'; its arrays: {', '.join(archive.files) or 'none'}")
        codes = archive[name]
        files = archive["files"].tolist() if "files" in archive else None
    if files is not None and len(files) != len(codes):
        raise ValueError(f"it has {len(codes)} codes and {len(files)} files")
    return codes, files


def _csv(path: Path) -> tuple[NDArray[Any], list[str] | None]:
    values, files = array.array("f"), []
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = _rows(file)
        _, header = next(rows, (0, []))
        named = header[:1] == ["file"]
        wide = len(header) - named
        if wide < 1 or any(not name.startswith("latent_") for name in header[named:]):
            raise ValueError("its first line must be file,latent_0,latent_1,...")
        for number, row in rows:
            if len(row) != len(header):
                raise ValueError(f"line {number} has {len(row)} values, but the first line has {len(header)}")
            try:
                values.extend(map(float, row[named:]))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
            if named:
                files.append(row[0])
    return np.frombuffer(values, np.float32).reshape(-1, wide), files if named else None


def _rows(file: IO[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a .csv file, each with the number of its last line.

    Raises:
        ValueError: a row is malformed.
    """
    rows = csv.reader(file)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: {error}") from None


def _shaped(codes: NDArray[Any], latent_shape: tuple[int, ...], path: Path) -> NDArray[Any]:
    if codes.shape == latent_shape:
        codes = codes[None]
    if codes.dtype.kind not in "fiu":
        raise LatentError(f"{path} contains {codes.dtype}, not numbers. Encode images with: diabolo encode")
    if codes.shape[1:] == latent_shape:
        return codes
    if codes.ndim == 2 and codes.shape[1] == prod(latent_shape):
        return codes.reshape(len(codes), *latent_shape)
    takes = ", ".join(map(str, latent_shape))
    raise LatentError(
        f"{path} contains codes of shape {codes.shape}; this model takes (n, {takes}). "
        "Decode them with the model that encoded them."
    )


def _names(files: list[str]) -> list[str]:
    """The files' paths relative to their common folder; no path leads out of it."""
    every = [_parts(str(name)) for name in files]
    shared = 0
    while every and all(len(p) > shared + 1 and p[shared] == every[0][shared] for p in every):
        shared += 1
    return ["/".join(parts[shared:]) or "code" for parts in every]


def _parts(name: str) -> list[str]:
    path = Path(os.path.normpath(name.replace("\0", "_")))
    return [part for part in path.parts if part not in ("..", path.anchor)]
