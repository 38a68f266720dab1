"""The callback that a caller gives, under either name of the argument."""

from __future__ import annotations

import warnings

from diabolo.train.callbacks import Callback
from diabolo.train.errors import OptionError

__all__ = ["given_callback"]


def given_callback(callback: Callback | None, watcher: Callback | None) -> Callback | None:
    """The callback; `watcher` is the old name of the argument.

    Raises:
        OptionError: it lacks the methods of `Callback`.
    """
    if watcher is not None:
        # level 1 is this function, 2 is `fit` or `resume`, 3 the line that calls it
        warnings.warn("the argument watcher is now called callback.", DeprecationWarning, stacklevel=3)
    chosen = watcher if callback is None else callback
    if not (chosen is None or callable(getattr(chosen, "note", None))):
        raise OptionError(f"a callback has the methods of diabolo.train.Callback; {chosen!r} has not.")
    return chosen
