"""A trained run becomes a bundle: encoder.onnx, decoder.onnx, model.json and the codes of test images."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.export.errors import ExportError
from diabolo.export.graphs import IR_VERSION, decoder_graph, encoder_graph
from diabolo.export.proof import BATCH_SIZES, TOLERANCE, Proof, prove
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.manifest import seal
from diabolo.train.datasets import ImageData, Images, rows_of
from diabolo.train.evaluate import encode_all
from diabolo.train.model import Model
from diabolo.train.run import Run
from diabolo.train.variants import VariantBase

__all__ = ["OPSET", "Exported", "export_run"]

OPSET = 18
_OPSETS = range(18, 22)
_CODES = 2000  # codes of test images that go along
_BORDERS = 1000  # training images whose borders tell the background
_STATISTICS = 20000  # training images that the latent's statistics are taken over
_GOLDEN_TOLERANCE = {"cpu": 1e-4, "cuda": 5e-3, "default": 5e-3}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A finished bundle and the proof that it equals the torch model."""

    path: Path
    proof: Proof


def export_run(
    source: str | Path,
    out: str | Path | None = None,
    *,
    network: str | None = None,
    opset: int = OPSET,
    note: Callable[[str], None] | None = None,
) -> Exported:
    """Export the run folder `source` to the new folder `out` (default: `bundle` in the run).

    `network` names the Python file of a run on a network of the user's own, which is executed.

    The bundle is built beside its place and renamed when it is proved, so a failed export leaves none.

    Raises:
        ExportError: `out` exists, the opset is not possible, or the proof fails.
        RunError, DataError: the run or its data cannot be read.
    """
    say = note or (lambda _text: None)
    if opset not in _OPSETS:
        raise ExportError(
            f"opset {opset} is not possible; choose from {_OPSETS.start} to {_OPSETS.stop - 1}."
        )
    run = Run.open(source)
    target = Path(out) if out else run.path / "bundle"
    if target.exists():
        raise ExportError(f"{target} exists already and is kept. Remove it, or name another with -o.")
    metrics = _metrics(run)
    made = run.network(network)
    variant, model = run.load(made)
    say("reading the dataset for the latent's statistics")
    data = run.data(note=say)
    say("splitting the model into two graphs")
    encoder, decoder = encoder_graph(model, opset), decoder_graph(model, opset)
    say(f"proving them equal to torch at batch sizes {', '.join(map(str, BATCH_SIZES))}")
    proof = prove(model, encoder, decoder)
    files = {
        "encoder.onnx": ("encoder", encoder),
        "decoder.onnx": ("decoder", decoder),
        "codes.npz": ("codes", _codes(model, data)),
    }
    document = _document(run, variant, model, data, proof, opset, target.name)
    document |= {"metrics": metrics, "network": made.name}
    document["files"] = {
        name: {"role": role, "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        for name, (role, raw) in files.items()
    }
    _write(target, {name: raw for name, (_, raw) in files.items()} | {"model.json": seal(document)})
    return Exported(path=target, proof=proof)


def _codes(model: Model, data: ImageData) -> bytes:
    """An .npz of `codes` float32 and `labels` int64, the same bytes each time."""
    arrays: dict[str, NDArray[Any]] = {"codes": encode_all(model, rows_of(data.test.images, slice(_CODES)))}
    if data.test.labels is not None:
        arrays["labels"] = data.test.labels[:_CODES]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.save(raw, array, allow_pickle=False)
            # a fixed time: np.savez would write today's
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), raw.getvalue())
    return buffer.getvalue()


@torch.inference_mode()
def _document(
    run: Run,
    variant: VariantBase,
    model: Model,
    data: ImageData,
    proof: Proof,
    opset: int,
    name: str,
) -> dict[str, Any]:
    codes = encode_all(model, rows_of(data.train.images, slice(_STATISTICS)))
    # a decoded mean code, so that no image of the dataset travels in the bundle
    image = model.decode(torch.from_numpy(codes.mean(0, keepdims=True))).numpy()
    latent = model.encode(torch.from_numpy(image)).latent
    channels = run.image_shape[0]
    return {
        "name": name if name != "bundle" else run.path.resolve().name,
        "summary": f"{run.config.variant} on {data.name}: {variant.summary}",
        "variant": run.config.variant,
        "image": {
            "shape": list(run.image_shape),
            "range": [0, 1],
            "colour": {1: "grey", 3: "rgb"}.get(channels, "other"),
            "background": round(_background(data.train.images), 4),
            "resize": run.config.resize,
            "padding": list(run.config.fitting().ground),
        },
        "latent": {
            "shape": [model.latent_dim],
            "mean": _floats(codes.mean(0)),
            "deviation": _floats(codes.std(0)),
            "minimum": _floats(codes.min(0)),
            "maximum": _floats(codes.max(0)),
            "prior": model.head.prior,
            "log_variance": model.head.width == 2,
        },
        "noise": None
        if variant.noise is None
        else {"kind": variant.noise.kind, "level": [variant.noise.low, variant.noise.high]},
        "dataset": {"name": data.name, "classes": list(data.classes), "licence": data.licence},
        "parity": {
            "max_abs_difference": {"latent": proof.latent, "image": proof.image},
            "tolerance": TOLERANCE,
            "batch_sizes": list(BATCH_SIZES),
        },
        "graphs": {"opset": opset, "ir_version": IR_VERSION, "dtype": "fp32", "onnxruntime": "1.18"},
        "golden": {
            "image": _base64(image),
            "latent": _base64(latent.numpy()),
            "reconstruction": _base64(model.decode(latent).numpy()),
            "tolerance": _GOLDEN_TOLERANCE,
        },
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "tools": {tool: metadata.version(tool) for tool in ("diabolo", "torch", "onnx", "onnxscript")},
    }


def _metrics(run: Run) -> dict[str, Any]:
    path = run.path / "metrics.json"
    if not path.is_file():
        raise ExportError(f"{run.path} has no metrics.json: its training is not complete. Use --resume.")
    try:
        metrics = json.loads(path.read_text("utf-8"))
    except ValueError:
        metrics = None
    if not isinstance(metrics, dict):
        raise ExportError(f"{path} is damaged. Make it again: diabolo evaluate {run.path}.")
    return metrics


def _background(images: Images) -> float:
    """The mean brightness of the images' border, in [0, 1]."""
    some = images[:_BORDERS]
    edges = (some[..., 0, :], some[..., -1, :], some[..., :, 0], some[..., :, -1])
    return float(np.mean([edge.mean() for edge in edges]) / 255)


def _floats(values: NDArray[np.float32]) -> list[float]:
    return [float(value) for value in values]


def _base64(array: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def _write(target: Path, files: dict[str, bytes]) -> None:
    """Write the folder beside its place, load it once, and rename it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Name another with -o.") from None
    try:
        temporary.chmod(0o755)
        for name, raw in files.items():
            (temporary / name).write_bytes(raw)
        Autoencoder.load(temporary, device="cpu")
        temporary.rename(target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Name another with -o.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
