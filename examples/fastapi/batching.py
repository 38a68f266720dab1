"""Requests that come together are computed together."""

import asyncio
from collections import Counter
from collections.abc import Callable

import numpy as np


class Busy(Exception):
    """More waits than can be answered soon."""


class Batcher:
    """Gathers single arrays into batches for `run`, which a worker thread executes, one batch at a time.

    A batch starts `patience` seconds after its first array came, or as soon as the batch before it is done,
    whichever is later; it takes what waits by then, at most `most`.
    """

    def __init__(self, run: Callable[[np.ndarray], np.ndarray], *, most: int = 64, patience: float = 0.003):
        self.sizes: Counter[int] = Counter()  # how many batches of each size there were
        self._run, self._most, self._patience = run, most, patience
        self._waiting: asyncio.Queue[tuple[np.ndarray, asyncio.Future]] = asyncio.Queue(maxsize=16 * most)

    async def __call__(self, array: np.ndarray) -> np.ndarray:
        """The answer for one array without a batch axis. Raises Busy when too many wait already."""
        answer = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((array, answer))
        except asyncio.QueueFull:
            raise Busy from None
        return await answer

    async def work(self) -> None:
        """Answer until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            if self._waiting.qsize() < self._most - 1:
                await asyncio.sleep(self._patience)
            while len(batch) < self._most and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            # who gave up meanwhile needs no answer
            batch = [(array, answer) for array, answer in batch if not answer.done()]
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
