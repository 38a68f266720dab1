"""Trains in processes that end as if killed at one of the places where a run's folder changes.

    python _killer.py CONFIG.json OUT.json RUN PLACE[,PLACE...] ...

Each RUN is trained by as many processes as there are PLACES, the first with `fit`, the others with `resume`;
each ends at its place, a number and a letter: 3b before the third change; 3h with the new file half written;
3w with all of it written and not yet renamed. OUT gets, for each RUN, what happened. `0b` ends nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

KILLED = 77
_CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")


class Killer:
    """Watches every change below a folder, whoever makes it, by the interpreter's audit events."""

    def __init__(self, folder: str, place: str) -> None:
        self.folder, self.at, self.how = folder, int(place[:-1]), place[-1]
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _CHANGES or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.fspath(arguments[0])
        if not path.startswith(self.folder):
            return
        if event == "open" and not (
            isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_CREAT)
        ):
            return
        self.seen.append(f"{event.removeprefix('os.')} {path.removeprefix(self.folder).lstrip('/') or 'RUN'}")
        if len(self.seen) != self.at:
            return
        if self.how == "h" and event == "os.rename":  # of other changes there is no half
            os.truncate(path, Path(path).stat().st_size // 2)
        os._exit(KILLED)


def in_a_child(work: Callable[[], None]) -> tuple[int, str]:
    """How `work` ended in a process of its own, and what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it goes into the report
            sys.stdout.write(f"{type(error).__name__}: {error}")
            sys.stdout.flush()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def main() -> None:
    import matplotlib.backends.backend_agg  # noqa: F401 - and this by the plots
    import torch
    import torch._dynamo  # by every optimizer: here it is imported once, and not in each child

    from diabolo.train import Config, fit, resume

    torch.set_num_threads(1)
    config = Config.from_json(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    told: dict[str, list[object]] = {}

    def train(run: str, place: str) -> None:
        killer = Killer(run, place)
        sys.addaudithook(killer)
        if (Path(run) / "config.json").exists():
            resume(run)
        else:
            fit(config, run)
        sys.stdout.write("\n".join(killer.seen))
        sys.stdout.flush()

    for run, places in zip(sys.argv[3::2], sys.argv[4::2], strict=True):
        told[run] = [
            in_a_child(lambda run=run, place=place: train(run, place)) for place in places.split(",")
        ]
    Path(sys.argv[2]).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
