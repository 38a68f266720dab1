"""How much the bundles that visitors bring may take."""

from __future__ import annotations

from dataclasses import dataclass, fields

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import UsageError

__all__ = ["VisitorLimits"]

_SWITCHES = ("uploads",)


@dataclass(frozen=True, kw_only=True)
class VisitorLimits:
    """Bounds on what visitors' bundles may take. Bundles that the app was started with have none.

    Raises:
        UsageError: a number below 1.
    """

    uploads: bool = True
    """Whether visitors may bring bundles at all."""
    zip_mb: int = 256
    """Megabytes (2^20 bytes) of an uploaded .zip."""
    kept: int = 3
    """Bundles that are kept for one visitor; the one that was used the longest time ago goes first."""
    kept_in_all: int = 20
    """Bundles that are kept for all visitors together."""
    kept_mb: int = 1024
    """Megabytes of all of them together, or of the largest that may be uploaded if that is more; the oldest
    goes of the visitor whose bundles take the most."""
    unseen_s: int = 900
    """Seconds without use after which a bundle goes that no page has shown: nobody may be there to leave."""
    memory_mb: int = 1024
    """Megabytes of memory that one process may take."""
    check_s: int = 60
    """Seconds of processor time for checking a bundle; it may take twice as long by the clock."""
    call_s: int = 20
    """Seconds of processor time for one call of a model; it may take twice as long by the clock."""
    values: int = 50_000_000
    """Numbers in one call: images x channels x height x width, or latents x their length if that is more."""
    image_values: int = 1 << 22
    """Numbers in one image."""
    latent_values: int = 1 << 16
    """Numbers in one latent."""
    file_mb: int = 64
    """Megabytes of a file that the app itself reads, such as a picture, or hands on, as the decoder."""
    codes_mb: int = 32
    """Megabytes of the arrays in codes.npz; the app itself holds them and computes with them."""
    kills: int = 3
    """How many times a model's process may be stopped for what it does before the bundle is thrown out."""
    workers: int = 4
    """Processes that are kept for models; the one that was idle for the longest time is stopped first."""
    checks: int = 2
    """Bundles that are checked at the same time, each in one more process."""
    waiting: int = 12
    """Calls that may wait for one model, which answers one at a time."""
    waiting_in_all: int = 24
    """Calls that may wait for visitors' models. Each holds one of the server's threads."""
    wait_s: int = 40
    """Seconds that a call, or a check, waits for its turn."""
    idle_s: int = 120
    """Seconds after which a process that nobody uses is stopped; the next call starts it again."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in _SWITCHES and value < 1:
                raise UsageError(f"{field.name} must be at least 1, not {value}.")


__getattr__ = old_names(__name__, {"Limits": "VisitorLimits"})
