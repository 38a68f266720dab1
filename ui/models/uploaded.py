"""The models that visitors brought, each of them its visitor's alone."""

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

_REMEMBERED = 1000  # visitors without models, to tell them what became of theirs
_LEFT = "the page that brought it was closed, or lost its connection"


@dataclass(kw_only=True, eq=False)
class UploadedModel:
    """One model of a visitor.

    Attributes:
        bundle: its bundle.
        model: the same, ready to run.
        checks: what `verify` found when it was brought.
        file: its .zip, which goes with it.
        size: bytes of that.
        close: ends what runs of it; it is told why.
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
    gone: dict[str, str] = field(default_factory=dict)  # names, and why
    left: float = 0.0


class UploadedModels:
    """Models by visitor and name. A visitor is a session's hash; None, which is nobody, has none."""

    def __init__(self) -> None:
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()
        self._lock = threading.RLock()

    def find(self, visitor: str | None, name: str) -> UploadedModel | None:
        """The model that this visitor calls `name`."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            return known.own.get(name) if known else None

    def names(self, visitor: str | None) -> list[str]:
        """What this visitor has brought, and is kept."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            return list(known.own) if known else []

    def manifests(self, visitor: str) -> dict[str, Manifest]:
        """What the visitor's models say of themselves."""
        with self._lock:
            known = self._visitors.get(visitor, _Visitor())
            return {name: own.bundle.manifest for name, own in known.own.items()}

    def why_gone(self, visitor: str | None, name: str) -> str:
        """Why a model that this visitor had is not kept any more; '' where there was none."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            return known.gone.get(name, "") if known else ""

    def has_had(self, name: str) -> bool:
        """Whether any visitor's model has, or had, this name. For the app itself: no visitor may learn it."""
        with self._lock:
            return any(name in known.own or name in known.gone for known in self._visitors.values())

    def used_names(self, visitor: str) -> set[str]:
        """All names that this visitor's models have, or had."""
        with self._lock:
            known = self._visitors.get(visitor, _Visitor())
            return {*known.own, *known.gone}

    def arrive(self, visitor: str) -> float:
        """A visitor is about to bring something; what to give to `keep`."""
        with self._lock:
            self._visitors.setdefault(visitor, _Visitor())
            self._visitors.move_to_end(visitor)
            self._trim()
        return time.monotonic()

    def keep(
        self, visitor: str, name: str, own: UploadedModel, *, since: float, most: int, in_all: int, size: int
    ) -> bool:
        """Take a model, and let go of what is more than may be kept; whether the visitor is still here.

        Args:
            visitor: whose it is.
            name: a new one, as `used_names` tells.
            own: the model.
            since: what `arrive` returned.
            most: how many to keep for a visitor; the one used the longest time ago goes.
            in_all: how many to keep for all; one goes of the visitor who has the most.
            size: bytes of all files; others go first, from the visitor whose files take the most.
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
        """A page shows this model, so its visitor is there, and `leave` will tell when they go."""
        if own := self.find(visitor, name):
            own.shown = True

    def drop_unseen(self, visitor: str, name: str, seconds: float) -> bool:
        """Let go of a model that no page has shown, once unused for so long; whether to look again.

        It waits for nobody: who asks looks after workers, too.
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
        """Let go of a model, with its file and its process."""
        with self._lock:
            known = self._visitors.get(visitor)
            own = known.own.pop(name, None) if known else None
            if known is None or own is None:  # gone by another way
                return
            known.gone[name] = why
        forget(own.model, own.bundle)
        own.close(f"{name} was removed: {why}.")
        with suppress(OSError):  # Windows: its process is still ending; the folder goes with the app
            own.file.unlink(missing_ok=True)

    def leave(self, visitor: str | None) -> None:
        """A visitor has gone: so do all of their models."""
        with self._lock:
            known = self._visitors.get(visitor) if visitor else None
            if visitor is None or known is None:
                return
            known.left = time.monotonic()
            for name in list(known.own):
                self.remove(visitor, name, _LEFT)

    def _largest(self) -> str:
        """The visitor with the most models; of several, the one who has asked for none the longest."""

        def size(visitor: str) -> tuple[int, float]:
            own = self._visitors[visitor].own
            return len(own), -max((one.used for one in own.values()), default=0.0)

        return max((visitor for visitor, known in self._visitors.items() if known.own), key=size)

    def _make_room(self, new: UploadedModel, size: int) -> None:
        """Let go of others than the new one until all files together have at most `size` bytes."""
        while True:
            others = {
                visitor: {name: own for name, own in known.own.items() if own is not new}
                for visitor, known in self._visitors.items()
            }
            if new.size + sum(map(_size, others.values())) <= size or not any(others.values()):
                return
            owner = max(
                (visitor for visitor in others if others[visitor]), key=lambda one: _size(others[one])
            )
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
