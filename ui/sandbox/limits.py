"""Limits for bundles that visitors upload."""

from __future__ import annotations

from dataclasses import dataclass, fields

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import UsageError

__all__ = ["VisitorLimits"]

_SWITCHES = ("uploads",)


@dataclass(frozen=True, kw_only=True)
class VisitorLimits:
    """Limits for bundles that visitors upload; they do not apply to those that the app was started with.

    Raises:
        UsageError: a number is below 1.
    """

    uploads: bool = True
    """Whether visitors may upload bundles."""
    zip_mb: int = 256
    """Size of an uploaded .zip, in megabytes (2^20 bytes)."""
    kept: int = 3
    """Bundles kept per visitor; the least recently used one is removed first."""
    kept_in_all: int = 300
    """Bundles kept for all visitors together, however small."""
    kept_mb: int = 1024
    """Size of all bundles together, in megabytes, or what one bundle may take if that is more: their .zip
    files on the disk, and their codes, which the app keeps in memory. The least recently used bundle of the
    visitor whose bundles are the largest is removed first."""
    unseen_s: int = 900
    """Seconds without use after which a bundle that no page has shown is removed; without a page, the app
    does not notice when the visitor leaves."""
    memory_mb: int = 1024
    """Memory of one process, in megabytes."""
    check_s: int = 60
    """CPU seconds for the check of a bundle; it may take twice as long in real time."""
    call_s: int = 20
    """CPU seconds for one call of a model; it may take twice as long in real time."""
    values: int = 50_000_000
    """Numbers in one call: images x channels x height x width, or latents x their values, if larger."""
    image_values: int = 1 << 22
    """Numbers in one image."""
    latent_values: int = 1 << 16
    """Numbers in one latent."""
    file_mb: int = 64
    """Size of a file that the app reads, such as a picture, or serves, such as the decoder, in megabytes."""
    codes_mb: int = 32
    """Size of codes, codebook and mixture, which the app itself keeps in memory, in megabytes."""
    kills: int = 3
    """How many times a model's process may be stopped for exceeding a limit before its bundle is removed."""
    workers: int = 4
    """Processes for models; if another is needed, the one that was idle for the longest time is stopped."""
    checks: int = 2
    """Bundles that are checked at the same time, each in an additional process."""
    waiting: int = 12
    """Calls that may wait for one model, which runs one at a time."""
    waiting_in_all: int = 24
    """Calls that may wait for all uploaded models together. Each holds a thread of the server."""
    wait_s: int = 40
    """Seconds that a call waits for its turn, at most."""
    checks_waiting: int = 40
    """Uploads that may wait for their check. Each holds a thread of the server."""
    check_wait_s: int = 180
    """Seconds that an upload waits for its check, at most: a class uploads all at once."""
    idle_s: int = 120
    """Seconds after which an idle process is stopped; the next call restarts it."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in _SWITCHES and value < 1:
                raise UsageError(f"{field.name} must be at least 1, not {value}.")


__getattr__ = old_names(__name__, {"Limits": "VisitorLimits"})
