"""The names of what other people's encoders and decoders return."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.distributions import Distribution

__all__ = ["Path", "names_of", "plain"]

Path = tuple[tuple[str, Any], ...]

_COMMON = (  # attributes that an object is asked for, if it does not list its own
    *("latent_dist", "latents", "latent", "z", "embedding", "mean", "mu", "loc", "logvar", "log_var"),
    *("log_covariance", "std", "sample", "reconstruction", "recon_x", "last_hidden_state"),
)


def names_of(out: Any) -> dict[str, Path] | None:
    """The path of every name of a mapping or an object, in plain letters; None for what has no names."""
    if isinstance(out, Mapping):
        return {plain(key): (("item", key),) for key in out if isinstance(key, str)}
    if isinstance(out, tuple) and hasattr(out, "_fields"):
        return {plain(name): (("attr", name),) for name in out._fields}
    if isinstance(out, tuple | list | numbers.Number | str | bytes | Distribution) or out is None:
        return None
    listed = [field.name for field in dataclasses.fields(out)] if dataclasses.is_dataclass(out) else []
    listed += [name for name in getattr(out, "__dict__", {}) if name not in listed]
    listed += [name for name in _COMMON if name not in listed and _has(out, name)]
    return {plain(name): (("attr", name),) for name in listed if not name.startswith("_")} or None


def _has(out: Any, name: str) -> bool:
    try:
        return isinstance(getattr(out, name, None), Tensor | Distribution)
    except Exception:  # noqa: BLE001  a property of somebody else's class
        return False


def plain(name: str) -> str:
    """A name in small letters, without underscores, hyphens and spaces."""
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()
