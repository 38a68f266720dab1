"""Draws long animations in a subprocess, so that they do not slow down the server.

The subprocess is `python -m diabolo.ui.drawing`. It reads a line of JSON and the frames from standard input,
and writes the file to standard output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

from PIL import Image

from diabolo.runtime._old_names import old_names
from diabolo.runtime.image import mosaic
from diabolo.ui._priority import lower

__all__ = ["draw_in_subprocess"]

_COMMAND = [sys.executable, "-m", "diabolo.ui.drawing"]
_NICER = 10  # a lower priority than the server, a higher one than uploaded models
_LOOK = 0.1  # seconds between two calls of `watch`


def draw_in_subprocess(
    frames: Sequence[Image.Image], kind: str, legs: int, watch: Callable[[], None]
) -> bytes:
    """Call `mosaic.drawn` in a subprocess with a lower priority.

    Args:
        frames: at least one, all of the same size and mode.
        kind: as for `mosaic.drawn`.
        legs: as for `mosaic.drawn`.
        watch: called several times a second; if it raises an error, the subprocess is stopped.

    Returns:
        The content of the file.

    Raises:
        RuntimeError: the subprocess failed.
    """
    head = {"mode": frames[0].mode, "size": frames[0].size, "count": len(frames), "kind": kind, "legs": legs}
    # a file, not a pipe: `communicate` with a timeout cannot be combined with writing to a pipe
    with tempfile.TemporaryFile() as asked:
        asked.writelines([json.dumps(head).encode(), b"\n", *(frame.tobytes() for frame in frames)])
        asked.seek(0)
        process = subprocess.Popen(_COMMAND, stdin=asked, stdout=subprocess.PIPE)  # noqa: S603 - a fixed command
        lower(process.pid, _NICER)
    with process:
        try:
            made = _wait(process, watch)
        except BaseException:
            process.kill()
            raise
    if process.returncode or not made:
        raise RuntimeError(f"drawing {len(frames)} frames as {kind} ended with {process.returncode}.")
    return made


def _wait(process: subprocess.Popen[bytes], watch: Callable[[], None]) -> bytes:
    while True:
        try:
            return process.communicate(timeout=_LOOK)[0]
        except subprocess.TimeoutExpired:
            watch()


def _main() -> None:
    source = sys.stdin.buffer
    head = json.loads(source.readline())
    size = tuple(head["size"])
    length = len(Image.new(head["mode"], size).tobytes())
    frames = [Image.frombytes(head["mode"], size, source.read(length)) for _ in range(head["count"])]
    sys.stdout.buffer.write(mosaic.render(frames, head["kind"], legs=head["legs"]))


__getattr__ = old_names(__name__, {"drawn_apart": "draw_in_subprocess"})


if __name__ == "__main__":
    _main()
