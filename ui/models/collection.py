"""Models by name, each started when it is first used: an app of many is there as soon as one of one."""

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
    """Bundles by the names people choose from. What model.json says is read, no graph is started yet.

    `models[name]` starts the model and keeps it: threads that ask for the same one get the same one. It
    raises what `Autoencoder.load` raises.

    Those that it was made of are everybody's. Any other name is looked for among what the visitor brought
    whose request is being answered, and nowhere else; who walks through all meets none of these.

    Attributes:
        brought: what visitors brought.
    """

    def __init__(self, bundles: Mapping[str, Bundle | Autoencoder], *, device: str = "auto") -> None:
        self.uploaded = UploadedModels()
        self._device = device
        self._bundles: dict[str, Bundle] = {}
        self._started: dict[str, Autoencoder] = {}
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
        """What the models are started on, as it was asked for; visitors' run on the CPU."""
        return self._device

    def names(self) -> list[str]:
        """What the visitor whose request this is may choose from, their own last."""
        return [*self._bundles, *self.uploaded.names(current.session_hash())]

    def find_uploaded(self, name: str) -> UploadedModel | None:
        """The model called `name` if the visitor whose request this is brought it."""
        return None if name in self._bundles else self.uploaded.find(current.session_hash(), name)

    def check(self, name: str) -> str:
        """The name, if there is a model of that name for the visitor whose request this is.

        Raises:
            RemovedError: there was one; the message says why it is gone.
            UnknownNameError: there is none.
        """
        if name in self:
            return name
        if why := self.uploaded.why_gone(current.session_hash(), name):
            raise RemovedError(f"{name} was removed: {why}. Upload it again, or choose another model.")
        raise UnknownNameError("model", name, self.names())

    def bundle(self, name: str) -> Bundle:
        """A model's bundle; the model is not started for it.

        Raises:
            RemovedError, UnknownNameError: as `check` raises them.
        """
        own = self.find_uploaded(name)
        return self._bundles[self.check(name)] if own is None else own.bundle

    def manifest(self, name: str) -> Manifest:
        """What a model's model.json says, whether it runs or not."""
        return self.bundle(name).manifest

    def new_name(self, name: str, visitor: str) -> str:
        """`name`, or 'name (2)' where a model that all see, or one of this visitor's, has or had it."""
        return _new_name(name, {*self._bundles, *self.uploaded.used_names(visitor)})


def figures(m: Manifest) -> dict[str, float]:
    """The run's; of the graphs where they were measured on the same clean images: 8 bits cost a little."""
    exported = m.document.get("exported") or {}
    graphs = exported.get("graphs", {}) if m.noise is None and exported.get("on") == "test" else {}
    own = {key: graphs[key] for key in ("mse", "psnr", "ssim") if key in graphs}
    return {key: value for key, value in (m.metrics | own).items() if isinstance(value, int | float)}


def collect(sources: Sources, *, device: str = "auto") -> Models:
    """Models from what people have: names, folders, .zip files, opened bundles or models, one or many.

    Args:
        sources: a mapping keeps its names, other models are called what their model.json says, with a number
            where two would be called the same; None means the ready-made ones.
        device: as `Autoencoder.load` takes it; models that run already stay where they are.

    Raises:
        BundleError: no bundle, or one that was changed.
        UsageError: none at all.
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
        raise UsageError("the app needs at least one bundle. Make one: diabolo demo, or diabolo export RUN.")
    return Models(found, device=device)


def ready_made() -> dict[str, Bundle]:
    """The ready-made bundles by name, with the one to begin with first.

    That is one whose latent space can be looked at as a whole, two numbers that follow a known prior, if
    there is such a one; the rest stand in the order of their names.

    Raises:
        ManifestError, IntegrityError: one was changed.
    """
    found = {name: Bundle.open(zoo.folder(name)) for name in zoo.names()}
    first = next((name for name, bundle in found.items() if _is_plane(bundle.manifest)), None)
    return found if first is None else {first: found[first], **found}


def _new_name(name: str, taken: Iterable[str]) -> str:
    names, number, new = set(taken), 1, name
    while new in names:
        number += 1
        new = f"{name} ({number})"
    return new


def _is_plane(m: Manifest) -> bool:
    return m.prior == "normal" and m.latent_shape == (2,)
