"""Files of packed codes, .bits: of a model with a codebook, the index at each position, in whole bits.

A file is the eight bytes of MAGIC; the length of its head, four bytes, the least significant first; the head,
JSON in UTF-8; and the codes, one after the other, as `runtime.latent.packing` packs them. The head has
'vectors', the number of vectors in the codebook; 'codebook', the SHA-256 of these (float32, the least
significant byte first, in C order); 'positions', the latent's shape after its first axis; 'count'; and
'files', the names of what was encoded.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.errors import LatentError
from diabolo.runtime.latent import Codebook
from diabolo.runtime.latent.packing import pack, size_of, unpack

__all__ = ["ENDING", "MAGIC", "PackedSink", "read_packed"]

ENDING = ".bits"
MAGIC = b"diabolo\x01"
_LONGEST = 1 << 30  # bytes of a head

_Codes: TypeAlias = NDArray[np.float32]


class PackedSink:
    """Takes batches of codes; the head states their number, so they are first collected in a temporary file.

    Args:
        file: to write.
        spare: opens a temporary file.
        codebook: of the model.
    """

    def __init__(self, file: IO[bytes], spare: Callable[[], IO[bytes]], codebook: Codebook) -> None:
        self._file, self._held, self._codebook = file, spare(), codebook
        self._names: list[str] = []

    def add(self, names: Sequence[str], codes: _Codes) -> None:
        """Add the codes `(batch, *latent_shape)` of these files: at each position, the nearest vector."""
        self._held.write(pack(self._codebook.indices(codes), len(self._codebook.vectors)))
        self._names += names

    def end(self) -> None:
        """Write the file."""
        head = json.dumps(
            {
                "vectors": len(self._codebook.vectors),
                "codebook": _digest(self._codebook),
                "positions": list(self._codebook.shape[1:]),
                "count": len(self._names),
                "files": self._names,
            }
        ).encode("ascii")  # with surrogates, of names that are not UTF-8, as \u escapes
        self._file.write(MAGIC + len(head).to_bytes(4, "little") + head)
        self._held.seek(0)
        shutil.copyfileobj(self._held, self._file, 1 << 20)


def read_packed(path: Path, codebook: Codebook) -> tuple[_Codes, list[str]]:
    """The codes of a file, float32 `(n, *latent_shape)`, and their names.

    Raises:
        LatentError: it was written with another model.
        OSError: it cannot be read.
        ValueError: it is not such a file, or is damaged.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin as such a file does")
        length = int.from_bytes(file.read(4), "little")
        if length > _LONGEST:
            raise ValueError(f"its head has {length:,} bytes")
        head = _head(file.read(length))
        if head["codebook"] != _digest(codebook):
            raise LatentError(
                f"{path} was written with another model: its codebook is not this one's. Decode it with the "
                "model that encoded it."
            )
        packed = file.read()
    positions, vectors = codebook.shape[1:], len(codebook.vectors)
    if len(packed) != head["count"] * size_of(positions, vectors) or len(head["files"]) != head["count"]:
        raise ValueError("it is damaged: its head and its codes do not fit")
    return codebook.lookup(unpack(packed, positions, vectors)), [str(name) for name in head["files"]]


def _head(raw: bytes) -> dict[str, Any]:
    try:
        head = json.loads(raw)
    except RecursionError:
        raise ValueError("its head is not JSON") from None
    kinds = {"codebook": str, "count": int, "files": list}
    if not isinstance(head, dict) or any(not isinstance(head.get(key), kind) for key, kind in kinds.items()):
        raise ValueError("its head lacks something")
    return head


def _digest(codebook: Codebook) -> str:
    return hashlib.sha256(np.ascontiguousarray(codebook.vectors, "<f4").tobytes()).hexdigest()
