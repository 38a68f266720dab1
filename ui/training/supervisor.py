"""Starts, stops and continues the app's one training, and exports its run into the app's models."""

from __future__ import annotations

import atexit
import re
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import DiaboloError, UsageError
from diabolo.train.errors import RunError
from diabolo.ui.errors import BusyError
from diabolo.ui.models.collection import Models
from diabolo.ui.training import run_files
from diabolo.ui.training.process import Command
from diabolo.ui.training.shown import shown, stage_of

__all__ = ["Trainings"]

_NAME = re.compile(r"[^\W_][\w.-]{0,79}")
_ENDED = 5.0  # seconds that a process has to save and stop when the app ends
_LAST_LINES = 3


class Trainings:
    """The trainings of one app: one at a time, each in a process of its own, its run in `root`.

    A thread waits for the process, so nothing depends on a page: a training goes on when all pages are
    closed, and is stopped, and saved, when the app ends.

    Args:
        models: the app's models, to which exported ones are added.
        root: the folder of the runs.
    """

    def __init__(self, models: Models, root: Path = Path("runs")) -> None:
        self._models, self._root = models, root
        self._lock = threading.RLock()
        self._command: Command | None = None
        self._arguments: list[str] = []
        self._run: Path | None = None
        self._stage, self._problem, self._model = "idle", "", ""
        self._asked = ""  # 'pause' or 'finish' once that was asked for
        self._ending, self._since = False, 0.0
        atexit.register(_close, weakref.ref(self))

    @property
    def root(self) -> Path:
        """The folder of the runs."""
        return self._root

    def start(self, arguments: list[str], name: str) -> None:
        """Start a training.

        Args:
            arguments: of `diabolo train`, without the run's folder; see `arguments_of`.
            name: of the run, a new folder in `root`.

        Raises:
            BusyError: one is under way.
            RunError: there is such a run.
            UsageError: the name is not possible, or no process can be started.
        """
        with self._lock:
            run = self.check_new(name)
            self._begin("training", run, [*arguments, "--preview", "-o", str(run)])

    def resume(self, name: str) -> None:
        """Continue a run from its last checkpoint.

        Raises:
            BusyError: a training is under way.
            RunError: there is no such run, or it is complete.
        """
        with self._lock:
            self._check_free()
            run = self._there(name)
            if run_files.is_done(run):
                raise RunError(f"{run} is complete. Export it, or start a new training.")
            self._begin("training", run, self._again(run))

    def pause(self) -> None:
        """Save and stop the training; `resume` continues it.

        Raises:
            UsageError: none is under way.
        """
        self._interrupt("pause")

    def finish(self) -> None:
        """Stop the training for good: save, then measure what it has learned, so that it can be exported.

        Raises:
            UsageError: no training is under way or paused.
        """
        with self._lock:
            if self._stage in ("paused", "died") and self._run is not None:
                self._measure(self._run)
            else:
                self._interrupt("finish")

    def export(self, name: str) -> None:
        """Export a complete run, and add it to the app's models.

        Raises:
            BusyError: a training is under way.
            RunError: there is no such run, or it is not complete.
        """
        with self._lock:
            self._check_free()
            run = self._there(name)
            if not run_files.is_done(run):
                raise RunError(f"{run} is not complete yet. Continue it first.")
            if (run / run_files.BUNDLE / "model.json").is_file():
                self._stage, self._run, self._problem = "exporting", run, ""
                self._open(run)
            else:
                self._begin("exporting", run, ["export", str(run)])

    def close(self) -> None:
        """Stop what is under way, as the app ends; a training is saved first."""
        with self._lock:
            command, self._ending = self._command, True
        if command is not None and command.code is None:
            command.interrupt()
            with suppress(Exception):  # it is saving still, and ends without this process
                command.wait(_ENDED)

    def state(self, seen: Mapping[str, Any]) -> dict[str, Any]:
        """What the page shows.

        Args:
            seen: the 'run' and 'epoch' of the pictures that the page has; these are not sent again.

        Returns:
            'stage': idle, starting, training, measuring, stopping, exporting; or how the last one ended:
            paused, done, exported, died, refused. With a run: its 'run', 'arguments', 'config', 'progress',
            'history' and 'preview'; 'problem', the reason; 'last', lines of its output; 'model', the name
            under which it was exported; and 'runs', those that are there.
        """
        with self._lock:
            run, stage = self._run, self._stage
            told: dict[str, Any] = {
                "stage": stage,
                "problem": self._problem,
                "model": self._model,
                "arguments": list(self._arguments),
                "asked": self._asked,
                "busy": self._busy,
                "models": self._models.added,
            }
            if self._command is not None:
                told["last"] = self._command.lines()[-_LAST_LINES:]
        if not told["busy"]:
            told["runs"] = run_files.earlier(self._root)
        if run is not None:
            told |= {"run": run.name, "path": str(run), **shown(run, seen, self._since)}
            told["can_resume"] = run_files.is_begun(run) and not run_files.is_done(run)
            told["can_finish"] = run_files.has_epochs(run)
            if stage == "training":
                told["stage"] = stage_of(told["progress"], bool(self._asked))
        return told

    def free_name(self, wanted: str) -> str:
        """A name for a run that does not exist yet: 'vae-glyphs', 'vae-glyphs-2' and so on."""
        name = re.sub(r"[^\w.-]+", "-", wanted).strip("._-")[:70] or "run"
        number, free = 1, name
        while (self._root / free).exists():
            number += 1
            free = f"{name}-{number}"
        return free

    @property
    def _busy(self) -> bool:
        return self._command is not None

    def _check_free(self) -> None:
        if self._busy:
            raise BusyError("one training is under way already. Wait for it, pause it or stop it first.")

    def check_new(self, name: str) -> Path:
        """Check that a training may begin, in a run of this name.

        Returns:
            The run's folder.

        Raises:
            BusyError: one is under way.
            RunError: there is such a run.
            UsageError: the name is not possible.
        """
        self._check_free()
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"a run cannot be called {name[:80]!r}: a name has at most 80 letters, digits, '.', '_' and "
                "'-', and begins with a letter or a digit."
            )
        run = self._root / name
        if run_files.is_taken(run):
            way = "Continue it" if run_files.is_begun(run) and not run_files.is_done(run) else "Keep it"
            raise RunError(
                f"{run} exists already and is kept as it is. {way}, or give another name, such as "
                f"{self.free_name(name)}."
            )
        return run

    def _there(self, name: str) -> Path:
        run = self._root / name
        if not _NAME.fullmatch(name) or not run_files.is_begun(run):
            raise RunError(f"there is no run {name[:80]!r} in {self._root}. Start a training.")
        return run

    def _again(self, run: Path, *more: str) -> list[str]:
        variant = str(run_files.config_of(run).get("variant", ""))
        return ["train", variant, "--resume", *more, "--preview", "-o", str(run)]

    def _begin(self, stage: str, run: Path, arguments: list[str]) -> None:
        command = Command(arguments)
        self._command, self._arguments, self._run = command, arguments, run
        self._stage, self._problem, self._asked, self._model = stage, "", "", ""
        self._since = time.time()
        threading.Thread(target=self._follow, args=(command,), name="diabolo-training", daemon=True).start()

    def _interrupt(self, asked: str) -> None:
        with self._lock:
            if self._command is None or self._stage != "training":
                raise UsageError("no training is under way. Start one, or continue a run.")
            self._asked = asked
            self._command.interrupt()

    def _measure(self, run: Path) -> None:
        """Let the training end at the epochs that it has, which leaves the evaluation to do."""
        epochs = run_files.history_of(run).get("epoch") or []
        done = int(epochs[-1] or 0) if epochs else 0
        if not done or not run_files.has_epochs(run):
            self._stage, self._problem = "paused", "epochs"  # nothing is learned yet
            return
        self._begin("training", run, self._again(run, "--epochs", str(done)))

    def _follow(self, command: Command) -> None:
        """Wait for a process, and do what comes after it."""
        code = command.wait()
        with self._lock:
            run, asked = self._run, self._asked
            if command is not self._command or run is None or self._ending:
                return
            self._command = None
            self._problem = "" if code == 0 else command.message()
            if self._stage == "exporting":
                if code == 0:
                    self._open(run)
                else:
                    self._stage = "done" if code > 0 else "died"
            elif code == 0 and run_files.is_done(run):
                self._stage = "done"
            elif asked:
                self._stage, self._problem = "paused", ""
                if asked == "finish":
                    self._measure(run)
            elif code < 0 or (code == 0 and not run_files.is_done(run)):
                self._stage, self._problem = "died", f"signal {-code}" if code < 0 else ""
            else:
                self._stage = "refused"

    def _open(self, run: Path) -> None:
        try:
            self._model = self._models.add(Bundle.open(run / run_files.BUNDLE), run.name)
            self._stage = "exported"
        except DiaboloError as error:
            self._stage, self._problem = "done", str(error)


def _close(known: weakref.ref[Trainings]) -> None:
    if (found := known()) is not None:
        found.close()
