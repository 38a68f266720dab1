"""A worker process: checks or runs one bundle for the app that started it, over two pipes."""

from __future__ import annotations

import sys
from typing import IO, Any

from diabolo.ui.sandbox import _confine


def main() -> None:
    """Answer requests until the app closes the pipe."""
    asked, answers = _confine.take_pipes()
    memory_mb, parent = map(int, sys.argv[1:3])
    _confine.confine(memory_mb, parent)
    from diabolo.runtime.session.device import import_onnxruntime
    from diabolo.ui.sandbox import _frames
    from diabolo.ui.sandbox._answering import Answering

    import_onnxruntime("cpu")
    _confine.forbid_threads()
    answering = Answering()
    _frames.write(answers, {"ready": True})
    while True:
        try:
            header = _frames.read_header(asked)
        except EOFError:
            return
        if "seconds" in header:
            _confine.allow_time(header["seconds"])
        _answer(answering, header, asked, answers)


def _answer(answering: Any, header: dict[str, Any], asked: IO[bytes], answers: IO[bytes]) -> None:
    from diabolo.runtime.errors import BundleError
    from diabolo.ui.sandbox import _frames
    from diabolo.ui.sandbox._answering import is_memory

    try:
        found, array = answering.answer(header, asked)
    except MemoryError:
        found, array = {"error": "memory", "reason": "MemoryError"}, None
    except BundleError as error:
        kind = "memory" if is_memory(str(error)) else "bundle"
        found, array = {"error": kind, "reason": str(error)}, None
    _frames.write(answers, found, array)


if __name__ == "__main__":
    main()
