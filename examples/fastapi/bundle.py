"""Load a bundle: check its files and start its two graphs."""

import base64
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before the import, or onnxruntime reports its use

import numpy as np
import onnxruntime

VERSIONS = (1, 4)  # of the format
DIGEST = re.compile(rb'"digest"\s*:\s*"sha256:([0-9a-f]{64})"')


@dataclass(frozen=True)
class Pair:
    """Both graphs. `encode` and `decode` take a batch and can be called from any thread."""

    folder: Path
    model: dict  # model.json
    encoder: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images (batch, channels, height, width) in [0, 1] to latents (batch, *latent_shape)."""
        return self.encoder.run(["latent"], {"image": images})[0]

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Latents (batch, *latent_shape) to images (batch, channels, height, width) in [0, 1]."""
        return self.decoder.run(["image"], {"latent": latents})[0]

    @property
    def any_size(self) -> bool:
        """Whether the graphs take images of any size."""
        return self.model["image"].get("size") == "any"

    def golden(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Image, latent and reconstruction, without a batch axis; of two sizes if images have any size."""
        first = self.model["golden"]
        return [self._arrays(each) for each in (first, first.get("second")) if each]

    def _arrays(self, golden: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        image, latent = self.model["image"]["shape"], self.model["latent"]["shape"]
        if self.any_size:
            step = self.model["latent"]["stride"]
            image = [image[0], *golden["size"]]
            latent = [latent[0], *(side // step for side in golden["size"])]
        shapes = {"image": image, "latent": latent, "reconstruction": image}
        return tuple(
            np.frombuffer(base64.b64decode(golden[name]), "<f4").reshape(shape)
            for name, shape in shapes.items()
        )

    @property
    def tolerance(self) -> float:
        """The largest difference from the golden results that is allowed on the CPU."""
        tolerance = self.model["golden"]["tolerance"]
        return tolerance.get("cpu", tolerance["default"])


def load(folder: Path) -> Pair:
    """Load a bundle. Raises ValueError if a file was changed after the export."""
    raw = (folder / "model.json").read_bytes()
    # the digest is the sha256 of these bytes with its own 64 digits replaced by zeros
    found = DIGEST.search(raw)
    blank = raw[: found.start(1)] + b"0" * 64 + raw[found.end(1) :] if found else raw
    if not found or hashlib.sha256(blank).hexdigest().encode() != found[1]:
        raise ValueError("model.json was changed after the export")
    model = json.loads(raw)
    if model.get("format") != "diabolo-bundle" or model.get("format_version") not in VERSIONS:
        version, known = model.get("format_version"), " and ".join(map(str, VERSIONS))
        raise ValueError(f"model.json has format_version {version}; this service reads {known}")
    if model["latent"].get("distribution") == "codebook" or "value_range" in model["image"]:
        raise ValueError("model.json has a codebook or a value_range, which this service does not read")
    encoder, decoder = (session(read(folder, model, name)) for name in ("encoder.onnx", "decoder.onnx"))
    return Pair(folder, model, encoder, decoder)


def read(folder: Path, model: dict, name: str) -> bytes:
    """Read and check a file that model.json lists."""
    raw, entry = (folder / name).read_bytes(), model["files"][name]
    if len(raw) != entry["size"] or hashlib.sha256(raw).hexdigest() != entry["sha256"]:
        raise ValueError(f"{name} is not the file that was exported")
    return raw


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """Start a session with one thread, which is enough for batches. Threads must not spin while idle."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
