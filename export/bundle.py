"""A pair becomes a bundle: graphs, proof, figures, codes, card and model.json, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from diabolo.export.card import card
from diabolo.export.document import document
from diabolo.export.errors import ExportError
from diabolo.export.fp16 import halved
from diabolo.export.golden import golden
from diabolo.export.graphs import OPSETS, checked, decoder_graph, encoder_graph
from diabolo.export.map import latent_picture
from diabolo.export.measure import figures, of_graphs, of_torch
from diabolo.export.parity import BATCH_SIZES, Proof, prove
from diabolo.export.preview import preview
from diabolo.export.quantised import quantised
from diabolo.export.source import Source
from diabolo.export.uint8 import uint8_decoder, uint8_encoder
from diabolo.runtime._durable import make_folder, move_folder
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import seal
from diabolo.runtime.latent import Codebook

__all__ = ["DTYPES", "OPSET", "Exported", "Settings", "check_free", "write"]

OPSET = 18
DTYPES = ("fp32", "fp16", "int8")
_LOSS = 0.5  # dB of PSNR that 8 bits may cost
_CALIBRATION = 32  # images a batch
_PROVED = 64  # test images that the proof is given

Note = Callable[[str], None]
Graphs = tuple[onnx.ModelProto, onnx.ModelProto]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to write the graphs.

    Attributes:
        opset: of ONNX operators.
        dtype: fp32; fp16 stores weights in half the size; int8 quantises to a quarter.
        uint8_io: add graphs that take and give uint8 images, height x width x channels.
        force: keep 8-bit graphs that cost more than half a decibel.

    Raises:
        ExportError: an opset or a dtype that is not possible.
    """

    opset: int = OPSET
    dtype: str = "fp32"
    uint8_io: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        if self.opset not in OPSETS:
            raise ExportError(f"opset {self.opset} is not possible; choose from {OPSETS[0]} to {OPSETS[-1]}.")
        if self.dtype not in DTYPES:
            raise ExportError(f"dtype {self.dtype!r} is not possible; choose from {', '.join(DTYPES)}.")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A finished bundle.

    Attributes:
        path: its folder.
        proof: that its graphs in float32 equal the torch modules.
        figures: 'torch' and 'graphs' on the same images, as in model.json's `exported`; empty without images.
    """

    path: Path
    proof: Proof
    figures: dict[str, Any]


def check_free(target: Path) -> None:
    """Refuse a place where something is.

    Raises:
        ExportError: there is.
    """
    if target.exists():
        raise ExportError(f"{target} exists already and is kept. Remove it, or name another with -o.")


def write(source: Source, target: Path, settings: Settings, say: Note) -> Exported:
    """Make the graphs, prove them, and write the folder `target`, which `check_free` found free.

    Raises:
        ExportError: the graphs cannot be made, the proof fails, or 8 bits cost too much.
    """
    say("splitting the model into two graphs")
    full = encoder_graph(source.pair, settings.opset), decoder_graph(source.pair, settings.opset)
    plain = checked(full[0]), checked(full[1])
    say(f"proving them equal to torch at batch sizes {', '.join(map(str, BATCH_SIZES))}")
    proof = prove(source.pair, *plain, real=_some(source))
    graphs = _converted(source, full, settings, say)
    encoder, decoder = checked(graphs[0]), checked(graphs[1])
    say("measuring them on the test images")
    exported = _measured(source, plain, (encoder, decoder), settings)
    some, brought = source.learned[:_PROVED], source.arrays.get("codes")
    answers = golden(source.pair, source.codes, encoder, decoder, settings.dtype, some, brought)
    name = source.name if target.name == "bundle" else target.name
    about = document(source, name, proof, answers, settings.opset, settings.dtype, exported)
    files = {"encoder.onnx": ("encoder", encoder), "decoder.onnx": ("decoder", decoder)}
    if settings.uint8_io:
        shape = source.pair.image_shape
        files["encoder-uint8.onnx"] = ("encoder_uint8", checked(uint8_encoder(graphs[0], shape)))
        files["decoder-uint8.onnx"] = ("decoder_uint8", checked(uint8_decoder(graphs[1], shape)))
    if source.arrays:
        files["codes.npz"] = ("codes", _archive(source.arrays))
    if source.codebook:
        files["codebook.npz"] = ("codebook", _archive(_vectors(source.codebook)))
    _write(target, files, about, source.arrays.get("codes", source.codes))
    return Exported(path=target, proof=proof, figures=exported)


def _some(source: Source) -> NDArray[np.float32] | None:
    return next((batch[:_PROVED] for batch in source.test()), None)


def _converted(source: Source, full: Graphs, settings: Settings, say: Note) -> Graphs:
    """The graphs in the dtype asked for."""
    if settings.dtype == "fp16":
        return halved(full[0]), halved(full[1])
    if settings.dtype == "int8":
        say(f"quantising them by {len(source.learned)} training images")
        images = [source.learned[i : i + _CALIBRATION] for i in range(0, len(source.learned), _CALIBRATION)]
        latents = [source.pair.latents(batch) for batch in images]
        return quantised(full[0], "image", images), quantised(full[1], "latent", latents)
    return full


def _measured(
    source: Source, plain: tuple[bytes, bytes], graphs: tuple[bytes, bytes], settings: Settings
) -> dict[str, Any]:
    """Figures of torch's modules and of the graphs, and what the dtype changed."""
    before = figures(of_torch(source.pair), source.test, source.noise)
    if not before["images"]:
        return {}
    after = figures(of_graphs(*graphs), source.test, source.noise)
    change = {key: after[key] - before[key] for key in ("mse", "psnr", "ssim")}
    if settings.dtype == "int8" and change["psnr"] < -_LOSS and not settings.force:
        raise ExportError(
            f"8 bits cost {-change['psnr']:.2f} dB of PSNR, more than {_LOSS:g}: {before['psnr']:.2f} became "
            f"{after['psnr']:.2f}. Nothing was written. Use --dtype fp16, or --force to have it all the same."
        )
    sizes = {"fp32": sum(map(len, plain)), settings.dtype: sum(map(len, graphs))}
    return {"on": source.measured_on, "torch": before, "graphs": after, "change": change, "bytes": sizes}


def _vectors(codebook: Codebook) -> dict[str, NDArray[Any]]:
    return {"vectors": codebook.vectors, "frequencies": codebook.frequencies}


def _archive(arrays: dict[str, NDArray[Any]]) -> bytes:
    """An .npz, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.save(raw, array, allow_pickle=False)
            # a fixed time: np.savez would write today's
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), raw.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def _write(
    target: Path, files: dict[str, tuple[str, bytes]], about: dict[str, Any], codes: NDArray[np.float32]
) -> None:
    """Write the folder beside its place, load it, add picture and card, load it again, and rename it."""
    try:
        make_folder(target.parent)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Name another with -o.") from None
    try:
        temporary.chmod(0o755)
        _fill(temporary, files, about)
        model = Autoencoder.load(temporary, device="cpu")
        drawn = {"preview.png": ("preview", preview(model, codes)), "map.png": ("map", latent_picture(model))}
        more = {name: (role, raw) for name, (role, raw) in drawn.items() if raw}
        more["README.md"] = ("card", card(about, more.keys()).encode())
        _fill(temporary, files | more, about)
        Autoencoder.load(temporary, device="cpu")
        move_folder(temporary, target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Name another with -o.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _fill(folder: Path, files: dict[str, tuple[str, bytes]], about: dict[str, Any]) -> None:
    listed = {
        name: {"role": role, "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        for name, (role, raw) in files.items()
    }
    for name, (_, raw) in files.items():
        (folder / name).write_bytes(raw)
    (folder / "model.json").write_bytes(seal(about | {"files": listed}))
