"""The models that visitors uploaded; each is visible only to its visitor."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.verify import Check
from diabolo.ui.models.cache import forget

__all__ = ["UploadedModel", "UploadedModels"]

_REMEMBERED = 1000  # visitors without models who are remembered, to tell them why theirs were removed
_LEFT = "the page that uploaded it was closed, or lost its connection"


@dataclass(kw_only=True, eq=False)
class UploadedModel:
    """One model of a visitor.

    Attributes:
        bundle: its bundle.
        model: the model, ready to run.
        checks: the result of `verify` when it was uploaded.
        file: its .zip, which is removed with it.
        size: of that file and of the codes in memory, in bytes.
        close: stops its process; called with the reason.
        used: when it was last used, by `time.monotonic`.
        shown: whether a page has shown it.
    """

    bundle: Bundle
    model: Autoencoder
    checks: list[Check]
    file: Path
    size: int
    close: Callable[[str], None]
    used: float = field(default_factory=time.monotonic)
    shown: bool = False


@dataclass(kw_only=True, eq=False)
class _Visitor:
    own: OrderedDict[str, UploadedModel] = field(default_factory=OrderedDict)
    removed: dict[str, str] = field(default_factory=dict)  # reasons by name
    left: float = 0.0  # when, by `time.monotonic`


class UploadedModels:
    """Models by visitor and name. A visitor is identified by a session hash; None has no models."""

    def __init__(self) -> None:
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()
        self._lock = threading.RLock()

    def find(self, visitor: str | None, name: str) -> UploadedModel | None:
        """The model `name` of this visitor, or None."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            return known.own.get(name) if known else None

    def names(self, visitor: str | None) -> list[str]:
        """The names of this visitor's models."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            return list(known.own) if known else []

    def manifests(self, visitor: str) -> dict[str, Manifest]:
        """The manifests of this visitor's models, by name."""
        with self._lock:
            known = self._visitors.get(visitor, _Visitor())
            return {name: own.bundle.manifest for name, own in known.own.items()}

    def removal_reason(self, visitor: str | None, name: str) -> str:
        """Why this visitor's model `name` was removed; '' if there was none."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            return known.removed.get(name, "") if known else ""

    def ever_had(self, name: str) -> bool:
        """Whether any visitor has, or had, a model of this name. Never show this to a visitor."""
        with self._lock:
            return any(name in known.own or name in known.removed for known in self._visitors.values())

    def used_names(self, visitor: str) -> set[str]:
        """The names of all models that this visitor has or had."""
        with self._lock:
            known = self._visitors.get(visitor, _Visitor())
            return {*known.own, *known.removed}

    def arrive(self, visitor: str) -> float:
        """Register a visitor who begins an upload; returns the value for the argument `since` of `keep`."""
        with self._lock:
            self._visitors.setdefault(visitor, _Visitor())
            self._visitors.move_to_end(visitor)
            self._trim()
        return time.monotonic()

    def keep(
        self, visitor: str, name: str, own: UploadedModel, *, since: float, most: int, in_all: int, size: int
    ) -> bool:
        """Store a model, and remove others that exceed the limits.

        Args:
            visitor: its visitor.
            name: its name, which `used_names` must not contain.
            own: the model.
            since: the value that `arrive` returned.
            most: the limit per visitor; the least recently used model is removed.
            in_all: the limit for all visitors; a model of the visitor with the most models is removed.
            size: the limit for the `size` of all models, in bytes; those of the visitor who takes most are
                removed, but never this one.

        Returns:
            False if the visitor has left since; the model is not stored then.
        """
        with self._lock:
            known = self._visitors.setdefault(visitor, _Visitor())
            if known.left > since:
                return False
            known.own[name] = own
            while len(known.own) > most:
                self.remove(visitor, _oldest(known.own), f"at most {most} uploads are kept for a visitor")
            while sum(len(one.own) for one in self._visitors.values()) > in_all:
                owner = self._largest()
                oldest = _oldest(self._visitors[owner].own)
                self.remove(owner, oldest, f"at most {in_all} uploads are kept for all visitors together")
            self._make_room(own, size)
            return True

    def mark_shown(self, visitor: str | None, name: str) -> None:
        """Note that a page shows this model; from then on, `leave` is called when the visitor leaves."""
        if own := self.find(visitor, name):
            own.shown = True

    def drop_unseen(self, visitor: str, name: str, seconds: float) -> bool:
        """Remove a model that no page has shown and that was unused for `seconds`.

        This does not wait for the lock, since the calling thread also supervises the workers.

        Returns:
            Whether to check again later.
        """
        if not self._lock.acquire(blocking=False):
            return True
        try:
            own = self.find(visitor, name)
        finally:
            self._lock.release()
        if own is None or own.shown:
            return False
        if time.monotonic() - own.used <= seconds:
            return True
        self.remove(visitor, name, f"no page showed it, and nobody used it for {seconds / 60:g} minutes")
        return False

    def remove(self, visitor: str, name: str, why: str) -> None:
        """Remove a model, with its file and its process; its visitor is shown `why`."""
        with self._lock:
            known = self._visitors.get(visitor)
            own = known.own.pop(name, None) if known else None
            if known is None or own is None:  # removed by another thread
                return
            known.removed[name] = why
        forget(own.model, own.bundle)
        own.close(f"{name} was removed: {why}.")
        with suppress(OSError):  # Windows, if its process has not ended; the folder is removed with the app
            own.file.unlink(missing_ok=True)

    def leave(self, visitor: str | None) -> None:
        """Remove all models of a visitor who has left."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            if visitor is None or known is None:
                return
            known.left = time.monotonic()
            for name in list(known.own):
                self.remove(visitor, name, _LEFT)

    def _largest(self) -> str:
        """The visitor with the most models; among equals, the one whose models were unused the longest."""

        def size(visitor: str) -> tuple[int, float]:
            own = self._visitors[visitor].own
            return len(own), -max((one.used for one in own.values()), default=0.0)

        return max((visitor for visitor, known in self._visitors.items() if known.own), key=size)

    def _make_room(self, new: UploadedModel, size: int) -> None:
        """Remove models other than the new one until all together take at most `size` bytes."""

        def weight(visitor: str) -> tuple[int, float]:
            own = others[visitor]  # among equals, the one whose models were unused the longest
            return _size(own), -max(one.used for one in own.values())

        while True:
            others = {
                visitor: {name: own for name, own in known.own.items() if own is not new}
                for visitor, known in self._visitors.items()
            }
            if new.size + sum(map(_size, others.values())) <= size or not any(others.values()):
                return
            owner = max((visitor for visitor in others if others[visitor]), key=weight)
            why = f"at most {size >> 20:,} MB of uploads are kept for all visitors together"
            self.remove(owner, _oldest(others[owner]), why)

    def _trim(self) -> None:
        idle = [visitor for visitor, known in self._visitors.items() if not known.own]
        for visitor in idle[: max(0, len(idle) - _REMEMBERED)]:
            del self._visitors[visitor]


def _size(own: Mapping[str, UploadedModel]) -> int:
    return sum(one.size for one in own.values())


def _oldest(own: Mapping[str, UploadedModel]) -> str:
    return min(own, key=lambda name: own[name].used)
