"""Run an exported autoencoder with onnxruntime, numpy and pillow, without torch.

from diabolo.runtime import Autoencoder
model = Autoencoder.load("my-bundle")
images = model.reconstruct("digit.png")
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from diabolo.runtime._renamed import renamed
from diabolo.runtime.autoencoder import Autoencoder, Codes
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import DiaboloError
from diabolo.runtime.latent.space import LatentSpace
from diabolo.runtime.session.device import Device
from diabolo.runtime.verify import Check, verify

if TYPE_CHECKING:
    from diabolo.runtime.image.noise import NoiseSpec, add_noise

__all__ = [
    "Autoencoder",
    "Bundle",
    "Check",
    "Codes",
    "Device",
    "DiaboloError",
    "LatentSpace",
    "Manifest",
    "NoiseSpec",
    "add_noise",
    "verify",
]

# Recent releases of onnxruntime report their use to Microsoft, and write an identifier of the machine to the
# user's cache, unless this is set before they are imported. A value that is set already is left as it is.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

renamed(
    {
        "diabolo.runtime.centring": "diabolo.runtime.image.placement",
        "diabolo.runtime.density": "diabolo.runtime.latent.density",
        "diabolo.runtime.device": "diabolo.runtime.session.device",
        "diabolo.runtime.fitting": "diabolo.runtime.image.resize",
        "diabolo.runtime.holes": "diabolo.runtime.latent.holes",
        "diabolo.runtime.images": "diabolo.runtime.image.convert",
        "diabolo.runtime.interpolation": "diabolo.runtime.latent.interpolation",
        "diabolo.runtime.latent_path": "diabolo.runtime.latent.path",
        "diabolo.runtime.limits": "diabolo.runtime.bundle.limits",
        "diabolo.runtime.manifest": "diabolo.runtime.bundle.manifest",
        "diabolo.runtime.metrics": "diabolo.runtime.image.metrics",
        "diabolo.runtime.nearest": "diabolo.runtime.latent.knn",
        "diabolo.runtime.noise": "diabolo.runtime.image.noise",
        "diabolo.runtime.pictures": "diabolo.runtime.image.mosaic",
        "diabolo.runtime.planes": "diabolo.runtime.latent.pca",
        "diabolo.runtime.ready": "diabolo.runtime.bundle.zoo",
        "diabolo.runtime.sampling": "diabolo.runtime.latent.distribution",
        "diabolo.runtime.sums": "diabolo.runtime.bundle.fingerprint",
    }
)


def __getattr__(name: str) -> Any:
    """Import the noise functions when they are first used; a model runs without them."""
    if name in ("NoiseSpec", "add_noise"):
        from diabolo.runtime.image import noise

        return getattr(noise, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
