"""Compute concurrent requests in batches."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import islice

import numpy as np


class Busy(Exception):
    """Too many requests are waiting."""


class Batcher:
    """Collects single arrays in batches for `run`, which is called in a worker thread, one batch at a time.

    A batch starts `patience` seconds after its first array has arrived, or when the previous batch is done,
    whichever is later. It contains all waiting arrays, at most `most`. A cancelled call is removed from the
    queue.
    """

    def __init__(self, run: Callable[[np.ndarray], np.ndarray], *, most: int = 64, patience: float = 0.003):
        self.sizes: Counter[int] = Counter()  # the number of batches of each size
        self._run, self._most, self._patience = run, most, patience
        self._waiting: dict[asyncio.Future, np.ndarray] = {}  # in the order of arrival
        self._some = asyncio.Event()

    @property
    def waiting(self) -> int:
        """The number of arrays that wait for a batch."""
        return len(self._waiting)

    async def __call__(self, array: np.ndarray) -> np.ndarray:
        """The result for one array without a batch axis. Raises Busy if too many are waiting."""
        if len(self._waiting) >= 16 * self._most:
            raise Busy
        answer = asyncio.get_running_loop().create_future()
        self._waiting[answer] = array
        self._some.set()
        try:
            return await answer
        finally:
            self._waiting.pop(answer, None)  # also if the call was cancelled

    async def work(self) -> None:
        """Compute batches until cancelled."""
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
        except Exception as error:  # noqa: BLE001  raised again in each request
            results = [error] * len(batch)
        for (_, answer), result in zip(batch, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
