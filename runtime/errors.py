"""The errors a user can meet: one small tree, and every message says what to do next.

The floors above add their own leaves below `DiaboloError`; whoever embeds the runtime
catches that one class.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "BundleError",
    "DeviceError",
    "DiaboloError",
    "GraphError",
    "ImageError",
    "IntegrityError",
    "LatentError",
    "ManifestError",
    "MissingPackageError",
    "NoiseError",
    "PluginError",
    "UnknownNameError",
    "UsageError",
    "closest",
]

_LONGEST = 200  # characters of a name; longer ones are compared and shown up to there


def closest(name: str, allowed: Iterable[str]) -> str:
    """The one of `allowed` that `name` is most like, or ''."""
    import difflib  # where nothing is wrong, nothing waits for it

    return next(iter(difflib.get_close_matches(name[:_LONGEST], list(allowed), n=1)), "")


class DiaboloError(Exception):
    """Something failed for a reason the user can mend. The command line exits with `exit_code`."""

    exit_code = 1


class UsageError(DiaboloError):
    """What was asked for is not possible: a wrong value, or two that do not go together."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is not one of the allowed ones; the message lists them and the closest match."""

    def __init__(self, kind: str, name: str, allowed: Iterable[str], hint: str = "") -> None:
        allowed = sorted(allowed)
        shown = name if len(str(name)) <= _LONGEST else f"{str(name)[:_LONGEST]} …"
        parts = [f"unknown {kind} {shown!r}."]
        if close := closest(str(name), allowed):
            parts.append(f"Did you mean {close!r}?")
        parts.append(f"Choose from: {', '.join(allowed)}.")
        if hint:
            parts.append(hint)
        super().__init__(" ".join(parts))
        self.name = name
        self.allowed = allowed


class MissingPackageError(DiaboloError):
    """An optional package is not installed, or installed in a way that cannot work."""


class PluginError(DiaboloError):
    """What another installed package offers by an entry point cannot be loaded."""


class BundleError(DiaboloError):
    """A bundle cannot be opened or read."""


class ManifestError(BundleError):
    """`model.json` is not JSON, lacks something, or is of a version this release does not know."""


class IntegrityError(BundleError):
    """A file of a bundle is missing or is not the one that was exported."""


class GraphError(BundleError):
    """onnxruntime cannot start or compute a graph of a bundle."""


class DeviceError(DiaboloError):
    """The device asked for does not work here."""


class ImageError(UsageError):
    """An image or array is not one the model can take."""


class LatentError(UsageError):
    """A latent has the wrong shape or holds values that are not numbers."""


class NoiseError(UsageError):
    """A noise kind or level is not one of the allowed ones."""
