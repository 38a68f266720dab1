"""The facts about a model: its manifest, the device it runs on, and the checks of its bundle."""

from __future__ import annotations

import dataclasses
from typing import Any

from diabolo.runtime import verify
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import BundleError
from diabolo.ui.models.collection import Models, figures

__all__ = ["facts", "size_of"]


def facts(models: Models, name: str) -> dict[str, Any]:
    """The facts as JSON values. The model is started and its bundle checked for them.

    The checks of a model that a visitor uploaded are those made at its upload. `device` is None if the model
    cannot be started; `checks` then have the reason.

    Raises:
        DeviceError: the device does not work here.
    """
    m = models.manifest(name)
    document = m.document
    try:
        device = models[name].device
    except BundleError:
        device = None
    own = models.find_uploaded(name)
    if own is None:
        checks = verify(models.bundle(name).path, device=models.device if device is None else device.name)
    else:  # a visitor's graphs are never loaded in this process: a worker checked them
        checks = own.checks
    return {
        "name": name,
        "uploaded": own is not None,
        "summary": m.summary,
        "variant": m.variant,
        "network": m.network,
        "dtype": document["graphs"]["dtype"],
        "dataset": m.dataset,
        "classes": list(m.classes),
        "licence": document["dataset"].get("licence", ""),
        "image_shape": list(m.image_shape),
        "any_size": m.any_size is not None,
        "latent_stride": m.any_size.latent_stride if m.any_size else None,
        "colour": m.colour,
        "latent_shape": list(m.latent_shape),
        "prior": m.prior,
        "noise": _noise(m),
        "metrics": figures(m),
        "bytes": size_of(m),
        "parity": document["parity"],
        "device": None if device is None else dataclasses.asdict(device) | {"name": device.name},
        "checks": [dataclasses.asdict(check) for check in checks],
    }


def _noise(m: Manifest) -> dict[str, Any] | None:
    if m.noise is None:
        return None
    spec = m.noise_spec
    more = {} if spec is None or spec.is_plain else {"spec": str(spec), "clip": spec.clip}
    return {"kind": m.noise[0], "level": list(m.noise[1:]), **more}


def size_of(m: Manifest) -> int:
    """Bytes of the files that model.json lists."""
    return sum(entry.size for entry in m.files.values())
