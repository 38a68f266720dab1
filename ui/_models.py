"""Models by name, each started when it is first used: an app of many is there as soon as one of one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from diabolo.runtime import ready
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.manifest import Manifest

__all__ = ["Models", "ready_made"]


class Models(Mapping[str, Autoencoder]):
    """Bundles by the names people choose from. What model.json says is read, no graph is started yet.

    `models[name]` starts the model and keeps it: threads that ask for the same one get the same one. It
    raises what `Autoencoder.load` raises.
    """

    def __init__(self, bundles: Mapping[str, Bundle], *, device: str = "auto") -> None:
        self._bundles, self._device = dict(bundles), device
        self._started: dict[str, Autoencoder] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Autoencoder:
        bundle = self._bundles[name]
        with self._lock:
            if name not in self._started:
                self._started[name] = Autoencoder(bundle, device=self._device)
            return self._started[name]

    def __contains__(self, name: object) -> bool:
        return name in self._bundles  # without starting it

    def __iter__(self) -> Iterator[str]:
        return iter(self._bundles)

    def __len__(self) -> int:
        return len(self._bundles)

    def manifest(self, name: str) -> Manifest:
        """What a model's model.json says, whether it runs or not."""
        return self._bundles[name].manifest


def ready_made() -> dict[str, Bundle]:
    """The ready-made bundles by name, with the one to begin with first.

    That is one whose latent space can be looked at as a whole, two numbers that follow a known prior, if
    there is such a one; the rest stand in the order of their names.

    Raises:
        ManifestError, IntegrityError: one was changed.
    """
    found = {name: Bundle.open(ready.folder(name)) for name in ready.names()}
    first = next((name for name, bundle in found.items() if _is_plane(bundle.manifest)), None)
    return found if first is None else {first: found[first], **found}


def _is_plane(m: Manifest) -> bool:
    return m.prior == "normal" and m.latent_shape == (2,)
