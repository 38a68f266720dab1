"""Caches for values computed from a model, which are dropped when the model is removed."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

__all__ = ["cached", "forget"]

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

_all: list[Callable[[tuple[Any, ...]], None]] = []


def cached(most: int) -> Callable[[Callable[[_Key], _Value]], Callable[[_Key], _Value]]:
    """Like `functools.lru_cache(most)`, for a function of one argument; `forget` can drop its results."""

    def decorate(compute: Callable[[_Key], _Value]) -> Callable[[_Key], _Value]:
        found: OrderedDict[_Key, _Value] = OrderedDict()
        lock = threading.Lock()
        under_way: dict[_Key, threading.RLock] = {}  # whoever comes meanwhile waits for the first caller

        @functools.wraps(compute)
        def look(key: _Key) -> _Value:
            with lock:
                if key in found:
                    found.move_to_end(key)
                    return found[key]
                turn = under_way.setdefault(key, threading.RLock())
            try:
                with turn:
                    with lock:
                        if key in found:
                            return found[key]
                    value = compute(key)
                    with lock:
                        found[key] = value
                        while len(found) > most:
                            found.popitem(last=False)
                    return value
            finally:
                with lock:
                    under_way.pop(key, None)

        def drop(keys: tuple[Any, ...]) -> None:
            with lock:
                for key in keys:
                    found.pop(key, None)

        _all.append(drop)
        return look

    return decorate


def forget(*keys: Hashable) -> None:
    """Drop all cached results for these arguments."""
    for drop in _all:
        drop(keys)
