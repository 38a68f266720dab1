"""The models that an explorer can show, and the one it shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.ui.models.collection import Models

__all__ = ["ModelChoice", "ModelSource"]

ModelSource: TypeAlias = Autoencoder | str | Path | Mapping[str, Autoencoder]


class ModelChoice:
    """Models by name. A mapping is not copied: models added to it later can be chosen, too.

    Args:
        source: one model, what `Autoencoder.load` opens, or a mapping of names to models.
        chosen: the name of the model to show; None takes the first.

    Raises:
        BundleError: the source is not a bundle, or the bundle was modified.
        UnknownNameError: no model is called `chosen`.
        UsageError: the mapping is empty.
    """

    def __init__(self, source: ModelSource, chosen: str | None) -> None:
        if isinstance(source, str | Path):
            source = Autoencoder.load(source)
        if isinstance(source, Autoencoder):
            source = {source.manifest.name: source}
        if not source:
            raise UsageError("an explorer needs at least one model.")
        self._models = source
        self.chosen = next(iter(source)) if chosen is None else chosen
        # gradio recreates components outside their visitor's request, where a visitor's model is not known
        if not (isinstance(source, Models) and source.uploaded.ever_had(self.chosen)):
            self._check(self.chosen)

    def model(self, name: str | None = None) -> Autoencoder:
        """The model called `name`, or the chosen one; a mapping may start it on this access.

        Raises:
            BundleError: the bundle was modified.
            RemovedError: the visitor's model is no longer kept.
            UnknownNameError: this visitor has no model of that name.
        """
        return self._models[self._check(self.chosen if name is None else name)]

    def manifest(self) -> Manifest | None:
        """The chosen model's manifest; `Models` does not start the model for it.

        None for a visitor's own model outside that visitor's requests.
        """
        if isinstance(self._models, Models):
            return self._models.manifest(self.chosen) if self.chosen in self._models else None
        return self.model().manifest

    def _check(self, name: str) -> str:
        if isinstance(self._models, Models):
            return self._models.check(name)
        if name not in self._models:
            raise UnknownNameError("model", name, self._models)
        return name
