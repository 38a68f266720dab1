"""Check at the start, and then every minute, that the model computes the same as when it was exported."""

import asyncio
import time
from typing import Any

import numpy as np
from bundle import Pair

EVERY = 60.0  # seconds


class Golden:
    """The golden check. It does not wait in the queue, and its latest result is available immediately."""

    def __init__(self, pair: Pair):
        self._pair, self._worst, self._at = pair, float("nan"), 0.0

    async def take(self) -> None:
        """Compute the golden latent and reconstruction, in a thread."""
        self._worst = await asyncio.to_thread(self._difference)
        self._at = time.monotonic()

    async def keep(self) -> None:
        """Repeat the check every minute, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.take()

    @property
    def ok(self) -> bool:
        """Whether the latest result is within the tolerance; False for a NaN."""
        return self._worst <= self._pair.tolerance

    def facts(self) -> dict[str, Any]:
        """The largest difference, the tolerance, and the age of the result in seconds."""
        return {
            "largest_difference": self._worst if np.isfinite(self._worst) else None,
            "allowed": self._pair.tolerance,
            "age": round(time.monotonic() - self._at, 1),
        }

    def _difference(self) -> float:
        far = []
        for image, latent, rebuilt in self._pair.golden():
            try:
                found = self._pair.encode(image[None])[0], self._pair.decode(latent[None])[0]
            except Exception:  # noqa: BLE001 - onnxruntime's errors; /health reports a failure
                return float("nan")
            far += [found[0] - latent, found[1] - rebuilt]
        return float(np.max([np.abs(each).max() for each in far]))  # the built-in max() may ignore a NaN
