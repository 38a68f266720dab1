"""How a worker answers requests: it checks a bundle, or runs its graphs."""

from __future__ import annotations

import dataclasses
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.limits import STRANGERS
from diabolo.runtime.errors import GraphError
from diabolo.runtime.latent import STORED
from diabolo.runtime.session._graphs import Graphs
from diabolo.runtime.verify import verify
from diabolo.ui.sandbox import _frames

__all__ = ["Answering", "is_memory"]

_MEMORY = ("bad_alloc", "bad allocation", "Failed to allocate", "allocate memory", "MemoryError")
_FLOAT = 4  # bytes per number in the app's memory, whatever its dtype in the file
_Array = NDArray[np.float32]
_Answer = tuple[dict[str, Any], _Array | None]


class Answering:
    """Answers requests about the one bundle of this worker."""

    def __init__(self) -> None:
        self._graphs: Graphs | None = None

    def answer(self, header: dict[str, Any], asked: IO[bytes]) -> _Answer:
        """Answer one request.

        Args:
            header: the request.
            asked: the pipe from which the request's array is read, if it has one.

        Returns:
            The header of the answer, and the output of the graph if one was run, else None.

        Raises:
            BundleError: the bundle cannot be read or run.
            MemoryError: it needs more memory than allowed.
        """
        what = header["do"]
        if what == "check":
            return self._check(header["path"]), None
        if what == "open":
            return self._open(Bundle.open(header["path"], limits=STRANGERS)), None
        if self._graphs is None:
            raise GraphError("no bundle is open.")
        array = _frames.read_array(asked, tuple(header["shape"]))
        if what == "encode_whole":
            parts = self._graphs.encode_whole(array)
            return _described(np.stack(list(parts.values())), names=list(parts))
        compute = {"encode": self._graphs.encode, "decode": self._graphs.decode}[what]
        return _described(compute(array))

    def _check(self, path: str) -> dict[str, Any]:
        checks = verify(path, device="cpu", limits=STRANGERS)
        found: dict[str, Any] = {"checks": [dataclasses.asdict(check) for check in checks]}
        if any(is_memory(check.detail) for check in checks if not check.ok):
            raise MemoryError
        if all(check.ok for check in checks):
            bundle = Bundle.open(path, limits=STRANGERS)
            found |= {
                "codes": sum(_bytes(bundle.arrays(role) or {}) for role in ("codes", *STORED)),
                "values": _values(bundle.manifest.document),
            }
            found |= self._open(bundle)
        return found

    def _open(self, bundle: Bundle) -> dict[str, Any]:
        self._graphs = Graphs(bundle, "cpu", 1)
        return {"device": dataclasses.asdict(self._graphs.device), "chunk": self._graphs.chunk}


def _bytes(arrays: dict[str, Any]) -> int:
    """The memory that arrays take, as they are and as float32."""
    return sum(max(array.nbytes, _FLOAT * array.size) for array in arrays.values())


def _values(document: Any) -> int:
    """The number of values in a JSON document, including lists and objects."""
    count, waiting = 0, [document]
    while waiting:
        one = waiting.pop()
        count += 1
        if isinstance(one, list | dict):
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return count


def is_memory(reason: str) -> bool:
    """Whether this error message of onnxruntime or Python means that memory ran out."""
    return any(words in reason for words in _MEMORY)


def _described(array: _Array, **more: Any) -> _Answer:
    return {"shape": list(array.shape), "dtype": str(array.dtype)} | more, array
