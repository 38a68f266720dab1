"""The models of an app, by name. Each is started when it is first used."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias, cast

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle, zoo
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.ui.errors import RemovedError
from diabolo.ui.models.uploaded import UploadedModel, UploadedModels
from diabolo.ui.sessions import current

__all__ = ["Models", "Source", "Sources", "collect", "figures", "ready_made"]

Source: TypeAlias = "Autoencoder | Bundle | str | Path"
Sources: TypeAlias = "Mapping[str, Autoencoder] | Iterable[Source] | Source | None"


class Models(Mapping[str, Autoencoder]):
    """The models that visitors can choose, by name.

    Only model.json is read in advance. `models[name]` starts a model and keeps it, so that all threads share
    it; it raises the errors of `Autoencoder.load`.

    The models given at the start are visible to everyone. A model that a visitor uploaded is found by name
    only while a request of that visitor is handled, and iteration never includes it.

    Args:
        bundles: the models by name.
        device: as for `Autoencoder.load`.

    Attributes:
        uploaded: the models that visitors uploaded.
    """

    def __init__(self, bundles: Mapping[str, Bundle | Autoencoder], *, device: str = "auto") -> None:
        self.uploaded = UploadedModels()
        self._device = device
        self._bundles: dict[str, Bundle] = {}
        self._started: dict[str, Autoencoder] = {}
        self._added: list[str] = []
        for name, given in bundles.items():
            self._bundles[name] = given if isinstance(given, Bundle) else given.bundle
            if not isinstance(given, Bundle):
                self._started[name] = given
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Autoencoder:
        own = self.find_uploaded(name)
        if own is not None:
            own.used = time.monotonic()
            return own.model
        bundle = self._bundles[name]
        with self._lock:
            if name not in self._started:
                self._started[name] = Autoencoder(bundle, device=self._device)
            return self._started[name]

    def __contains__(self, name: object) -> bool:
        return name in self._bundles or (isinstance(name, str) and self.find_uploaded(name) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._bundles)

    def __len__(self) -> int:
        return len(self._bundles)

    @property
    def device(self) -> str:
        """The device that was requested; uploaded models run on the CPU."""
        return self._device

    def names(self) -> list[str]:
        """The models that the current visitor can choose, their uploads last."""
        return [*self._bundles, *self.uploaded.names(current.session_hash())]

    def find_uploaded(self, name: str) -> UploadedModel | None:
        """The model `name` if the current visitor uploaded it, else None."""
        return None if name in self._bundles else self.uploaded.find(current.session_hash(), name)

    def check(self, name: str) -> str:
        """Return `name` if the current visitor can use a model of that name.

        Raises:
            RemovedError: the visitor's model of that name was removed; the message says why.
            UnknownNameError: there is no such model.
        """
        if name in self:
            return name
        if why := self.uploaded.removal_reason(current.session_hash(), name):
            raise RemovedError(f"{name} was removed: {why}. Upload it again, or choose another model.")
        raise UnknownNameError("model", name, self.names())

    def bundle(self, name: str) -> Bundle:
        """The bundle of a model; this does not start the model.

        Raises:
            RemovedError, UnknownNameError: as for `check`.
        """
        own = self.find_uploaded(name)
        return self._bundles[self.check(name)] if own is None else own.bundle

    def manifest(self, name: str) -> Manifest:
        """The manifest (model.json) of a model; this does not start the model."""
        return self.bundle(name).manifest

    def add(self, bundle: Bundle, name: str) -> str:
        """Add a model that everyone sees, such as one that was trained in the app.

        Args:
            bundle: the model's; if it is there already, it keeps its name.
            name: wanted; it gets a number if another model has it.

        Returns:
            The model's name.
        """
        with self._lock:
            for known, other in self._bundles.items():
                if other.path == bundle.path and other.manifest.document == bundle.manifest.document:
                    return known
            new = _new_name(name, self._bundles)
            self._bundles = {**self._bundles, new: bundle}  # others may be iterating
            self._added.append(new)
            return new

    @property
    def added(self) -> list[str]:
        """The names that `add` returned, which a page that was laid out before does not offer."""
        return list(self._added)

    def new_name(self, name: str, visitor: str) -> str:
        """`name`, or 'name (2)' and so on if another model has the name, or this visitor had one with it."""
        return _new_name(name, {*self._bundles, *self.uploaded.used_names(visitor)})


def figures(m: Manifest) -> dict[str, float]:
    """The figures of a model by name, such as mse and psnr (dB).

    They are the run's; mse, psnr and ssim are those of the exported graphs, if these were measured on the
    same clean images, since int8 graphs are slightly worse.
    """
    exported = m.document.get("exported") or {}
    graphs = exported.get("graphs", {}) if m.noise is None and exported.get("on") == "test" else {}
    own = {key: graphs[key] for key in ("mse", "psnr", "ssim") if key in graphs}
    return {key: value for key, value in (m.metrics | own).items() if isinstance(value, int | float)}


def collect(sources: Sources, *, device: str = "auto") -> Models:
    """Collect models from names, folders, .zip files, opened bundles or models, one or several.

    Args:
        sources: a mapping keeps its names; other models get the name in their model.json, with a number if
            two have the same one. None takes the ready-made models.
        device: as for `Autoencoder.load`; models that were started already keep theirs.

    Raises:
        BundleError: something is not a bundle, or was changed.
        UsageError: there are no models.
    """
    if isinstance(sources, Models):
        return sources
    found: dict[str, Bundle | Autoencoder] = {}
    if sources is None:
        found.update(ready_made())
    elif isinstance(sources, Mapping):
        found.update(sources)
    else:
        alone = not isinstance(sources, Iterable) or isinstance(sources, str)
        for source in cast("list[Source]", [sources] if alone else sources):
            opened = Bundle.open(source) if isinstance(source, str | Path) else source
            found[_new_name(opened.manifest.name, found)] = opened
    if not found:
        raise UsageError("the app needs at least one bundle. Make one: diabolo demo, or diabolo export RUN")
    return Models(found, device=device)


def ready_made() -> dict[str, Bundle]:
    """The ready-made bundles by name, sorted; `suited.suited` chooses the one that is shown first.

    Raises:
        ManifestError, IntegrityError: a bundle was changed.
    """
    return {name: Bundle.open(zoo.folder(name)) for name in zoo.names()}


def _new_name(name: str, taken: Iterable[str]) -> str:
    names, number, new = set(taken), 1, name
    while new in names:
        number += 1
        new = f"{name} ({number})"
    return new
