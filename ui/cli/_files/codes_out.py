"""Writes codes to .npz, .npy, .csv or .bits files batch by batch; only the current batch is in memory."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import UsageError
from diabolo.runtime.latent import Codebook
from diabolo.ui.cli._files.outputs import replacing
from diabolo.ui.cli._files.packed import ENDING, PackedSink

__all__ = ["ENDINGS", "check_ending", "writing"]

ENDINGS = (".npz", ".npy", ".csv", ENDING)

_Codes: TypeAlias = NDArray[np.float32]
_Spare: TypeAlias = Callable[[], IO[bytes]]  # a temporary file
_Add: TypeAlias = Callable[[Sequence[str], _Codes], None]


class _Sink(Protocol):
    """A file format: takes batches of codes, then the end."""

    def add(self, names: Sequence[str], codes: _Codes) -> None: ...

    def end(self) -> None: ...


def check_ending(path: Path) -> None:
    """Check that the file's ending is one of ENDINGS.

    Raises:
        UsageError: it is another one.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{path} ends in {path.suffix or 'nothing'}; files of codes end in {', '.join(ENDINGS)}."
        )


@contextmanager
def writing(path: Path, latent_shape: tuple[int, ...], codebook: Codebook | None = None) -> Iterator[_Add]:
    """Open a file of codes; the block gets a function `add(names, codes)`.

    `names` are the files that were encoded, and `codes` is float32 `(batch, *latent_shape)`. `path` appears
    when the block ends, unless it raises an error. A `.npz` contains `codes`, float32 `(n, *latent_shape)`,
    and `files`, unicode `(n,)`, without pickle; a `.npy` contains the codes only; a `.csv` has a header
    `file,latent_0,...` and one line per file, with the code flat in C order; a `.bits`, of a model with a
    codebook, has the index at each position in whole bits, see `_files.packed`.

    Raises:
        OutputError: the file cannot be written.
        UsageError: it has another ending; or it is a .bits, and the model has no codebook.
    """
    check_ending(path)
    if path.suffix.lower() == ENDING and codebook is None:
        raise UsageError(
            f"{path}: only the codes of a model with a codebook are written as {ENDING}; this model's are "
            f"numbers. Choose another ending: {', '.join(one for one in ENDINGS if one != ENDING)}."
        )
    kinds: dict[str, Callable[[IO[bytes], _Spare], _Sink]] = {
        ".npz": lambda file, spare: _Npz(file, spare, latent_shape),
        ".npy": lambda file, spare: _Npy(file, spare, latent_shape),
        ".csv": lambda file, _: _Csv(file, latent_shape),
    }
    if codebook is not None:
        kinds[ENDING] = lambda file, spare: PackedSink(file, spare, codebook)
    make = kinds[path.suffix.lower()]
    with replacing(path) as file, ExitStack() as stack:
        # in the same folder: the usual folder for temporary files may be in memory
        sink = make(file, lambda: stack.enter_context(tempfile.TemporaryFile(dir=path.parent)))
        yield sink.add
        sink.end()


class _Npy:
    """The header states the number of codes, so the values are first collected in a temporary file."""

    def __init__(self, file: IO[bytes], spare: _Spare, latent_shape: tuple[int, ...]) -> None:
        self._file, self._held, self._shape, self._count = file, spare(), latent_shape, 0

    def add(self, names: Sequence[str], codes: _Codes) -> None:
        self._held.write(np.ascontiguousarray(codes, "<f4").tobytes())
        self._count += len(codes)

    def end(self) -> None:
        self._copy(self._file)

    def _copy(self, file: IO[bytes]) -> None:
        _header(file, "<f4", (self._count, *self._shape))
        self._held.seek(0)
        shutil.copyfileobj(self._held, file, 1 << 20)


class _Npz(_Npy):
    """Names are collected, too: the longest one determines the dtype of the array."""

    def __init__(self, file: IO[bytes], spare: _Spare, latent_shape: tuple[int, ...]) -> None:
        super().__init__(file, spare, latent_shape)
        self._names, self._longest = spare(), 1

    def add(self, names: Sequence[str], codes: _Codes) -> None:
        super().add(names, codes)
        for name in names:
            raw = _utf32(name)
            self._names.write(len(raw).to_bytes(4, "little") + raw)
            self._longest = max(self._longest, len(raw) // 4)

    def end(self) -> None:
        # members as numpy.savez writes them, but names compressed: their padding shrinks well
        with zipfile.ZipFile(self._file, "w") as archive:
            with archive.open("codes.npy", "w", force_zip64=True) as member:
                self._copy(member)
            info = zipfile.ZipInfo("files.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                _header(member, f"<U{self._longest}", (self._count,))
                self._names.seek(0)
                while size := self._names.read(4):
                    member.write(
                        self._names.read(int.from_bytes(size, "little")).ljust(4 * self._longest, b"\0")
                    )


class _Csv:
    """Writes each batch at once."""

    def __init__(self, file: IO[bytes], latent_shape: tuple[int, ...]) -> None:
        # file names that are not valid UTF-8 are written as their bytes
        self._text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="", write_through=True)
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(["file", *(f"latent_{i}" for i in range(prod(latent_shape)))])

    def add(self, names: Sequence[str], codes: _Codes) -> None:
        for name, values in zip(names, codes.reshape(len(codes), -1).tolist(), strict=True):
            # nine digits distinguish all float32 values
            self._rows.writerow([name, *(f"{value:.9g}" for value in values)])

    def end(self) -> None:
        self._text.detach()


def _header(file: Any, descr: str, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def _utf32(name: str) -> bytes:
    return name.encode("utf-32-le", "surrogatepass")
