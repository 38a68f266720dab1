"""A collection of autoencoders in the styles of well-known code bases: as `(encoder, decoder, options)`.

`WORKS` are those that export; `REFUSED` those that cannot, with a part of the message. Each is a function, so
that a module is made when it is tested. The files sort them by kind.
"""

from __future__ import annotations

from _collection import functions, outputs, refused, states
from _collection.parts import REFUSED, WORKS

__all__ = ["REFUSED", "WORKS", "functions", "outputs", "refused", "states"]
