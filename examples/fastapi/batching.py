"""Requests that come together are computed together."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import islice

import numpy as np


class Busy(Exception):
    """More waits than can be answered soon."""


class Batcher:
    """Gathers single arrays into batches for `run`, which a worker thread executes, one batch at a time.

    A batch starts `patience` seconds after its first array came, or as soon as the batch before it is done,
    whichever is later; it takes what waits by then, at most `most`. A call that is cancelled waits no longer.
    """

    def __init__(self, run: Callable[[np.ndarray], np.ndarray], *, most: int = 64, patience: float = 0.003):
        self.sizes: Counter[int] = Counter()  # how many batches of each size there were
        self._run, self._most, self._patience = run, most, patience
        self._waiting: dict[asyncio.Future, np.ndarray] = {}  # in the order in which they came
        self._some = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many arrays wait for their batch."""
        return len(self._waiting)

    async def __call__(self, array: np.ndarray) -> np.ndarray:
        """The answer for one array without a batch axis. Raises Busy when too many wait already."""
        if len(self._waiting) >= 16 * self._most:
            raise Busy
        answer = asyncio.get_running_loop().create_future()
        self._waiting[answer] = array
        self._some.set()
        try:
            return await answer
        finally:
            self._waiting.pop(answer, None)  # who gave up needs no answer

    async def work(self) -> None:
        """Answer until cancelled."""
        while True:
            await self._some.wait()
            if len(self._waiting) < self._most:
                await asyncio.sleep(self._patience)
            batch = [(self._waiting.pop(answer), answer) for answer in [*islice(self._waiting, self._most)]]
            if not self._waiting:
                self._some.clear()
            if batch:
                await self._answer(batch)

    async def _answer(self, batch: list[tuple[np.ndarray, asyncio.Future]]) -> None:
        self.sizes[len(batch)] += 1
        try:
            stacked = np.stack([array for array, _ in batch])
            results = await asyncio.to_thread(self._run, stacked)
        except Exception as error:  # noqa: BLE001  each request reports it as its own
            results = [error] * len(batch)
        for (_, answer), result in zip(batch, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
