"""The models that one explorer can show, and which it shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.ui.models.collection import Models

__all__ = ["Choice", "Given"]

Given: TypeAlias = Autoencoder | str | Path | Mapping[str, Autoencoder]


class Choice:
    """Models by their names; the mapping is kept as it is, so that it may grow.

    Args:
        given: one model, what opens it, or several by their names.
        chosen: the name of the one to show; None takes the first.

    Raises:
        BundleError: no bundle, or one that was changed.
        UnknownNameError: there is no model called `chosen`.
        UsageError: there are no models.
    """

    def __init__(self, given: Given, chosen: str | None) -> None:
        if isinstance(given, str | Path):
            given = Autoencoder.load(given)
        if isinstance(given, Autoencoder):
            given = {given.manifest.name: given}
        if not given:
            raise UsageError("an explorer needs at least one model.")
        self._models = given
        self.chosen = next(iter(given)) if chosen is None else chosen
        # gradio makes a page's component anew outside of its visitor's request: then it may be anybody's own
        if not (isinstance(given, Models) and given.uploaded.ever_had(self.chosen)):
            self._known(self.chosen)

    def model(self, name: str | None = None) -> Autoencoder:
        """The model called `name`, or the chosen one; a mapping may start it only now.

        Raises:
            BundleError: it was changed.
            RemovedError: it was this visitor's, and is not kept any more.
            UnknownNameError: there is none for the visitor who asks.
        """
        return self._models[self._known(self.chosen if name is None else name)]

    def manifest(self) -> Manifest | None:
        """What the chosen model says of itself; our own mapping does not start it for that.

        None where it is a visitor's own, and nobody says which visitor asks.
        """
        if isinstance(self._models, Models):
            return self._models.manifest(self.chosen) if self.chosen in self._models else None
        return self.model().manifest

    def _known(self, name: str) -> str:
        if isinstance(self._models, Models):
            return self._models.check(name)
        if name not in self._models:
            raise UnknownNameError("model", name, self._models)
        return name
