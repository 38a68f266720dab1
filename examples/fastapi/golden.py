"""Does the model still compute what it did when it was exported? Asked at the start, then each minute."""

import asyncio
import time
from typing import Any

import numpy as np
from bundle import Pair

EVERY = 60.0  # seconds


class Golden:
    """The golden check, out of turn: it waits in no queue, and the newest result is there at once."""

    def __init__(self, pair: Pair):
        self._pair, self._worst, self._at = pair, float("nan"), 0.0

    async def take(self) -> None:
        """Compute the golden image and latent anew, in a thread."""
        self._worst = await asyncio.to_thread(self._difference)
        self._at = time.monotonic()

    async def keep(self) -> None:
        """Take it once a minute, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.take()

    @property
    def ok(self) -> bool:
        """Whether the newest result lies within the tolerance; a NaN does not."""
        return self._worst <= self._pair.tolerance

    def facts(self) -> dict[str, Any]:
        """The largest difference, what is allowed, and how many seconds ago it was computed."""
        return {
            "largest_difference": self._worst if np.isfinite(self._worst) else None,
            "allowed": self._pair.tolerance,
            "age": round(time.monotonic() - self._at, 1),
        }

    def _difference(self) -> float:
        image, latent, rebuilt = (self._pair.golden(name) for name in ("image", "latent", "reconstruction"))
        try:
            far = (self._pair.encode(image[None])[0] - latent, self._pair.decode(latent[None])[0] - rebuilt)
        except Exception:  # noqa: BLE001 - onnxruntime's own; /health says that it is not well
            return float("nan")
        return float(np.max([np.abs(each).max() for each in far]))  # max() would pass over a NaN
