"""The errors a user can meet. Every message says what is wrong and what to do next.

Each kind of mistake has one class, and whoever embeds the project catches `DiaboloError`. The floors above
define their own leaves; this is the whole tree:

    DiaboloError                 something failed for a reason the user can mend
    ├── UsageError               what was asked for is not possible, whatever is on the disk
    │   ├── UnknownNameError     a name that is not one of those allowed
    │   ├── ImageError           an image or array that the model cannot take
    │   ├── LatentError          a latent of the wrong shape, or with values that are not numbers
    │   ├── NoiseError           a kind or level of noise that is not allowed
    │   ├── OptionError          train: an option of a variant, network or training is out of its range
    │   └── RemovedError         ui: a model that a visitor brought and that is no longer kept
    ├── MissingPackageError      an optional package is not installed, or does not work as installed
    ├── PluginError              an entry point of another package cannot be loaded
    ├── DeviceError              the device asked for does not work here
    ├── BundleError              a bundle cannot be opened or read
    │   ├── ManifestError        model.json is not valid, or is of an unknown version
    │   ├── IntegrityError       a file is missing, or is not the one that was exported
    │   └── GraphError           onnxruntime cannot start or compute a graph
    │       └── ModelStoppedError    ui: a visitor's model took more than it may, or its process ended
    ├── DataError                train: a dataset is missing, cannot be fetched or cannot be read
    │   └── PassingError         train: an image cannot be decoded now, for a reason that may pass
    ├── RunError                 train: a run folder exists already, is not a run, or is not complete
    ├── TrainingError            train: training cannot go on
    ├── StoppedError             train: training was stopped on request, and saved
    ├── ExportError              export: the export was given up, and no bundle is left behind
    ├── OutputError              ui: a file cannot be written, or one that is there would be lost
    ├── PortError                ui: the app cannot listen where it was told to
    └── BusyError                ui: too much is asked of visitors' models at the moment

`UsageError` and what is below it end a command with exit code 2, all others with 1 (`StoppedError` with a
signal's, where it was one).
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
