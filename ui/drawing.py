"""Long animations are drawn in a process of their own: what serves everybody does not compute them.

`python -m diabolo.ui.drawing` is that process. It reads a line of JSON and the frames from standard input,
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
_NICER = 10  # below what serves everybody, above what strangers brought
_LOOK = 0.1  # seconds between two looks at whether somebody waits for it


def draw_in_subprocess(
    frames: Sequence[Image.Image], kind: str, legs: int, watch: Callable[[], None]
) -> bytes:
    """What `pictures.drawn` gives, computed by another process at a lower priority.

    Args:
        frames: at least one, of one size and mode.
        kind: as `pictures.drawn` takes it.
        legs: likewise.
        watch: called some times a second; what it raises ends the process.

    Raises:
        RuntimeError: the process failed.
    """
    head = {"mode": frames[0].mode, "size": frames[0].size, "count": len(frames), "kind": kind, "legs": legs}
    # a file, not a pipe: what is read with a time limit cannot be written to any more
    with tempfile.TemporaryFile() as asked:
        asked.writelines([json.dumps(head).encode(), b"\n", *(frame.tobytes() for frame in frames)])
        asked.seek(0)
        process = subprocess.Popen(_COMMAND, stdin=asked, stdout=subprocess.PIPE)  # noqa: S603 - ours
        lower(process.pid, _NICER)
    with process:
        try:
            made = _waited(process, watch)
        except BaseException:
            process.kill()
            raise
    if process.returncode or not made:
        raise RuntimeError(f"drawing {len(frames)} frames as {kind} ended with {process.returncode}.")
    return made


def _waited(process: subprocess.Popen[bytes], watch: Callable[[], None]) -> bytes:
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
    sys.stdout.buffer.write(mosaic.drawn(frames, head["kind"], legs=head["legs"]))


__getattr__ = old_names(__name__, {"drawn_apart": "draw_in_subprocess"})


if __name__ == "__main__":
    _main()
