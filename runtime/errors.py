"""All errors of the project. Every message says what is wrong and what to do next.

There is one class for each kind of mistake; `DiaboloError` catches all of them. The upper layers define their
own classes. This is the whole tree:

    DiaboloError                 something failed for a reason that the user can fix
    ├── UsageError               a wrong argument or option, or two that do not go together
    │   ├── UnknownNameError     a name that is not allowed
    │   ├── ImageError           an image or array that the model cannot take
    │   ├── LatentError          a latent of the wrong shape, or with values that are not numbers
    │   ├── NoiseError           a kind or level of noise that is not allowed
    │   ├── OptionError          train: an option of a variant, network or training is out of its range
    │   └── RemovedError         ui: a model that a visitor brought and that is no longer kept
    ├── MissingPackageError      an optional package is not installed, or does not work as installed
    ├── PluginError              an entry point of another package cannot be loaded
    ├── DeviceError              the device asked for does not work here
    ├── BundleError              a bundle cannot be opened or read
    │   ├── ManifestError        model.json is not valid, or has an unknown version
    │   ├── IntegrityError       a file is missing, or was changed after the export
    │   └── GraphError           onnxruntime cannot load or compute a graph
    │       └── ModelStoppedError    ui: a visitor's model took more than it may, or its process ended
    ├── DataError                train: a dataset is missing, cannot be fetched or cannot be read
    │   └── PassingError         train: an image cannot be decoded now, for a reason that may pass
    ├── RunError                 train: a run folder exists already, is not a run, or is not complete
    ├── TrainingError            train: training cannot go on
    ├── StoppedError             train: training was stopped on request, and saved
    ├── ExportError              export: the export failed; no bundle was written
    ├── LabError                 course: a lab's folder exists already, or its text has a mistake
    ├── OutputError              ui: a file cannot be written, or one that is there would be lost
    ├── PortError                ui: the app cannot listen where it was told to
    └── BusyError                ui: too much is asked of visitors' models at the moment

A `UsageError`, or a subclass of it, ends a command with exit code 2, any other with 1 (a `StoppedError` after
a signal with the code of that signal).
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

_LONGEST = 200  # characters of a name that are compared and shown


def closest(name: str, allowed: Iterable[str]) -> str:
    """The closest match to `name` in `allowed`, or '' if none is close."""
    import difflib  # needed for error messages only

    return next(iter(difflib.get_close_matches(name[:_LONGEST], list(allowed), n=1)), "")


class DiaboloError(Exception):
    """Something failed for a reason that the user can fix. A command ends with `exit_code`."""

    exit_code = 1


class UsageError(DiaboloError):
    """A wrong argument or option, or two that do not go together."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is not allowed; the message gives the closest match and lists the allowed ones.

    Attributes:
        name: the unknown name.
        allowed: the allowed names, sorted; numbers by their value.
    """

    def __init__(self, kind: str, name: str, allowed: Iterable[str], hint: str = "") -> None:
        allowed = sorted(allowed, key=lambda one: (int(one) if one.isdecimal() else 0, one))
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
    """An entry point of another installed package cannot be loaded."""


class BundleError(DiaboloError):
    """A bundle cannot be opened or read."""


class ManifestError(BundleError):
    """`model.json` is not valid, or has an unknown version."""


class IntegrityError(BundleError):
    """A file of a bundle is missing, or was changed after the export."""


class GraphError(BundleError):
    """onnxruntime cannot load or compute a graph of a bundle."""


class DeviceError(DiaboloError):
    """The requested device does not work on this machine."""


class ImageError(UsageError):
    """The model cannot take this image or array."""


class LatentError(UsageError):
    """A latent has the wrong shape, or values that are not finite numbers."""


class NoiseError(UsageError):
    """A kind or level of noise is not allowed."""
