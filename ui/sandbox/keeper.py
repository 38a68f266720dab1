"""The thread that starts the workers and supervises them.

Linux ends a worker when the thread that started it ends, and Gradio's threads are short-lived, so one thread
that lives as long as the app starts all workers. It checks each of them ten times a second.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from diabolo.ui._priority import lower

__all__ = ["begin", "watch"]

_TICK = 0.1  # seconds
_NICER = 15  # a lower priority than the server and the drawing of animations
_PATIENCE = 60.0  # seconds that the start of a process may take

Look = Callable[[], bool]  # called at each tick until it returns False
Process = subprocess.Popen[bytes]
_Job = Callable[[], None]

_lock = threading.Lock()
_keeper: _Keeper | None = None


class _Keeper(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="diabolo-workers", daemon=True)
        self.pid = os.getpid()
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self.looks: list[Look] = []

    def run(self) -> None:
        while True:
            with contextlib.suppress(queue.Empty):
                self.jobs.get(timeout=_TICK if self.looks else None)()
            self.looks = [look for look in self.looks if _done(look)]


def _done(look: Look) -> bool:
    try:
        return look()
    except Exception:  # go on with the others
        logging.getLogger("diabolo").exception("the check of a worker failed")
        return True


def begin(command: Sequence[str], environment: dict[str, str]) -> Process:
    """Start a process with pipes, in its own process group, from the supervising thread.

    Raises:
        OSError: it cannot be started, or (TimeoutError) not in time.
    """
    started: Future[Process] = Future()

    def job() -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - this very Python
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        except BaseException as error:  # noqa: BLE001 - raised again in the caller
            started.set_exception(error)
        else:
            if not lower(process.pid, _NICER):
                watch(lambda: process.poll() is None and not lower(process.pid, _NICER))
            started.set_result(process)

    _running().jobs.put(job)
    return started.result(timeout=_PATIENCE)


def watch(look: Look) -> None:
    """Call `look` several times a second, until it returns False."""
    keeper = _running()
    keeper.jobs.put(lambda: keeper.looks.append(look))


def _running() -> _Keeper:
    global _keeper
    with _lock:
        if _keeper is None or _keeper.pid != os.getpid():  # threads do not survive a fork
            _keeper = _Keeper()
            _keeper.start()
        return _keeper
