"""Writing codes to .npz, .npy or .csv as they come: nothing but the current batch is held."""

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
from diabolo.ui.cli._files.outputs import replacing

__all__ = ["ENDINGS", "check_ending", "writing"]

ENDINGS = (".npz", ".npy", ".csv")

_Codes: TypeAlias = NDArray[np.float32]
_Spare: TypeAlias = Callable[[], IO[bytes]]  # a temporary file
_Add: TypeAlias = Callable[[Sequence[str], _Codes], None]


class _Sink(Protocol):
    """Where codes go: batches first, then the end."""

    def __init__(self, file: IO[bytes], spare: _Spare, latent_shape: tuple[int, ...], /) -> None: ...

    def add(self, names: Sequence[str], codes: _Codes) -> None: ...

    def end(self) -> None: ...


def check_ending(path: Path) -> None:
    """See that the file's ending is one of ENDINGS.

    Raises:
        UsageError: it is not.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{path} ends in {path.suffix or 'nothing'}; codes go to one of {', '.join(ENDINGS)}."
        )


@contextmanager
def writing(path: Path, latent_shape: tuple[int, ...]) -> Iterator[_Add]:
    """A function that takes names of files and their codes `(batch, *latent_shape)`; whole or not at all.

    `.npz` holds `codes`, float32 `(n, *latent_shape)`, and `files`, unicode `(n,)`, no pickle; `.npy` the
    codes alone; `.csv` a header `file,latent_0,...` and a line a file, codes flat in C order.

    Raises:
        OutputError: it cannot be written.
        UsageError: another ending.
    """
    check_ending(path)
    kinds: dict[str, type[_Sink]] = {".npz": _Npz, ".npy": _Npy, ".csv": _Csv}
    make = kinds[path.suffix.lower()]
    with replacing(path) as file, ExitStack() as stack:
        # beside the result: where temporary files usually go may be memory
        sink = make(file, lambda: stack.enter_context(tempfile.TemporaryFile(dir=path.parent)), latent_shape)
        yield sink.add
        sink.end()


class _Npy:
    """The header tells how many there are, so the values wait in a file of their own."""

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
    """Names wait too: how wide an array of text is, its longest one decides."""

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
        # the members as numpy.savez makes them; the padded names shrink well
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
    """Straight through."""

    def __init__(self, file: IO[bytes], _: _Spare, latent_shape: tuple[int, ...]) -> None:
        # names that are no text go in as the bytes they are
        self._text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="", write_through=True)
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(["file", *(f"latent_{i}" for i in range(prod(latent_shape)))])

    def add(self, names: Sequence[str], codes: _Codes) -> None:
        for name, values in zip(names, codes.reshape(len(codes), -1).tolist(), strict=True):
            # nine digits tell every float32 from its neighbours
            self._rows.writerow([name, *(f"{value:.9g}" for value in values)])

    def end(self) -> None:
        self._text.detach()


def _header(file: Any, descr: str, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def _utf32(name: str) -> bytes:
    return name.encode("utf-32-le", "surrogatepass")
