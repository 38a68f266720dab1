"""Write a bundle: graphs, parity check, metrics, codes, card and model.json; complete, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from diabolo.export.any_size.tiled import prove_tiles
from diabolo.export.card import card
from diabolo.export.document import document
from diabolo.export.errors import ExportError
from diabolo.export.fp16 import to_fp16
from diabolo.export.golden import golden
from diabolo.export.graphs import OPSETS, checked, decoder_graph, encoder_graph
from diabolo.export.map import latent_picture
from diabolo.export.measure import Reconstruct, figures, of_graphs, of_torch
from diabolo.export.memory import most_images
from diabolo.export.parity import BATCH_SIZES, Parity, check_parity
from diabolo.export.preview import preview
from diabolo.export.quantised import quantise
from diabolo.export.source import Source
from diabolo.export.uint8 import uint8_decoder, uint8_encoder
from diabolo.runtime._durable import make_folder, move_folder
from diabolo.runtime._old_names import OldAttribute
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle.manifest import seal
from diabolo.runtime.image.tiles import pad

__all__ = ["DTYPES", "OPSET", "Exported", "Settings", "check_free", "write"]

OPSET = 18
DTYPES = ("fp32", "fp16", "int8")
_LOSS = 0.5  # dB of PSNR that 8 bits may cost
_LOSS_ANY_SIZE = 0.1  # the same for a model of any size: of photographs, which people look at closely
_CALIBRATION = 32  # images in a batch of the calibration
_COMPARED = 64  # test images for the parity check

Note = Callable[[str], None]
Graphs = tuple[onnx.ModelProto, onnx.ModelProto]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the graphs are written.

    Attributes:
        opset: the version of the ONNX operators, 18 to 21.
        dtype: 'fp32'; 'fp16', for weights of half the size; or 'int8', quantised to a quarter of the size.
        uint8_io: whether to add graphs whose images are uint8 `(batch, height, width, channels)`.
        force: whether to keep int8 graphs that cost more than half a decibel of PSNR.
        codes: whether to store codes of test images, if the latent is small enough. Something like these
            images can be decoded from them.

    Raises:
        ExportError: the opset or the dtype is not possible.
    """

    opset: int = OPSET
    dtype: str = "fp32"
    uint8_io: bool = False
    force: bool = False
    codes: bool = True

    def __post_init__(self) -> None:
        if type(self.opset) is not int or self.opset not in OPSETS:
            raise ExportError(
                f"opset {self.opset!r} is not possible; choose from {OPSETS[0]} to {OPSETS[-1]}."
            )
        if not isinstance(self.dtype, str) or self.dtype not in DTYPES:
            raise ExportError(f"dtype {self.dtype!r} is not possible; choose from {', '.join(DTYPES)}.")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A bundle that has been written.

    Attributes:
        path: its folder.
        parity: the differences between the graphs in fp32 and the torch modules.
        figures: metrics of 'torch' and 'graphs' on the same images, as in `exported` of model.json; empty if
            there are no images.
    """

    path: Path
    parity: Parity
    figures: dict[str, Any]

    proof = OldAttribute("parity")


def check_free(out: str | os.PathLike[str]) -> Path:
    """Check that a path is free, and return it.

    Raises:
        ExportError: there is a file or a folder, or it cannot be the name of one.
    """
    try:
        target = Path(out)
        if "\0" in str(target):
            raise ValueError("it contains a null character")
        exists = target.exists() or target.is_symlink() or not target.name
    except (TypeError, ValueError, OSError) as error:
        raise ExportError(f"{out!r:.100} is not possible as a folder: {error}. Give a path.") from None
    if exists:
        raise ExportError(f"{target} already exists and was not changed. Remove it, or name another with -o.")
    return target


def write(source: Source, target: Path, settings: Settings, say: Note) -> Exported:
    """Export the graphs, compare them with torch, and write the bundle.

    Args:
        source: the torch modules, and what is known about them.
        target: the folder, which must not exist (`check_free`).
        settings: how the graphs are written.
        say: called with a line of text at each step.

    Raises:
        ExportError: the modules cannot be exported, the graphs differ from torch, or 8 bits cost too much.
    """
    if not settings.codes:
        source = replace(source, arrays={})
    say("splitting the model into two graphs")
    full = encoder_graph(source.pair, settings.opset), decoder_graph(source.pair, settings.opset)
    plain = checked(full[0]), checked(full[1])
    most = most_images(full, _sides(source))
    sizes = tuple(size for size in BATCH_SIZES if size <= most)
    say(f"proving them equal to torch at batch sizes {', '.join(map(str, sizes))}")
    parity = check_parity(source.pair, *plain, real=_test_images(source, most), sizes=sizes)
    graphs = _converted(source, full, settings, most, say)
    encoder, decoder = checked(graphs[0]), checked(graphs[1])
    say("measuring them on the test images")
    exported = _measured(source, plain, (encoder, decoder), settings, most)
    images, stored = source.training_images[: min(most, _COMPARED)], source.arrays.get("codes")
    answers = golden(source.pair, source.codes, encoder, decoder, settings.dtype, images, stored)
    name = source.name if target.name == "bundle" else target.name
    about = document(source, name, parity, answers, settings.opset, settings.dtype, exported)
    files = {"encoder.onnx": ("encoder", encoder), "decoder.onnx": ("decoder", decoder)}
    if settings.uint8_io:
        shape = source.pair.image_shape
        files["encoder-uint8.onnx"] = ("encoder_uint8", checked(uint8_encoder(graphs[0], shape)))
        files["decoder-uint8.onnx"] = ("decoder_uint8", checked(uint8_decoder(graphs[1], shape)))
    if source.arrays:
        files["codes.npz"] = ("codes", _archive(source.arrays))
    if source.distribution:
        role = source.distribution.name
        files[f"{role}.npz"] = (role, _archive(source.distribution.arrays()))
    _write(target, files, about, source.arrays.get("codes", source.codes) if settings.codes else None)
    return Exported(path=target, parity=parity, figures=exported)


def _test_images(source: Source, most: int) -> NDArray[np.float32] | None:
    return next((batch[: min(most, _COMPARED)] for batch in source.test()), None)


def _converted(source: Source, full: Graphs, settings: Settings, most: int, say: Note) -> Graphs:
    """The graphs in the dtype of the settings."""
    if settings.dtype == "fp16":
        return to_fp16(full[0]), to_fp16(full[1])
    if settings.dtype == "int8":
        training = source.training_images
        say(f"quantising them with {len(training)} training images")
        step = min(most, _CALIBRATION)
        images = [training[i : i + step] for i in range(0, len(training), step)]
        latents = [source.pair.latents(batch) for batch in images]
        return quantise(full[0], "image", images), quantise(full[1], "latent", latents)
    return full


def _measured(
    source: Source, plain: tuple[bytes, bytes], graphs: tuple[bytes, bytes], settings: Settings, most: int
) -> dict[str, Any]:
    """Metrics of the torch modules and of the graphs, and their differences."""
    multiple = source.pair.any_size.multiple if source.pair.any_size else 1
    before = figures(_in_parts(of_torch(source.pair), most, multiple), source.test, source.noise)
    if not before["images"]:
        return {}
    after = figures(_in_parts(of_graphs(*graphs), most, multiple), source.test, source.noise)
    change = {key: after[key] - before[key] for key in ("mse", "psnr", "ssim")}
    allowed = _LOSS_ANY_SIZE if source.pair.any_size else _LOSS
    if settings.dtype == "int8" and change["psnr"] < -allowed and not settings.force:
        raise ExportError(
            f"8 bits cost {-change['psnr']:.2f} dB of PSNR, more than {allowed:g}: {before['psnr']:.2f} "
            "became "
            f"{after['psnr']:.2f}. Nothing was written. Use --dtype fp16, or --force to export it anyway."
        )
    sizes = {"fp32": sum(map(len, plain)), settings.dtype: sum(map(len, graphs))}
    return {"on": source.measured_on, "torch": before, "graphs": after, "change": change, "bytes": sizes}


def _sides(source: Source) -> dict[str, int] | None:
    """For a model of any size: the lengths of the graphs' axes for images of `image_shape`, by name."""
    if source.pair.any_size is None:
        return None
    names = ("height", "width", "latent_height", "latent_width")
    return dict(zip(names, (*source.pair.image_shape[1:], *source.pair.latent_shape[1:]), strict=True))


def _in_parts(reconstruct: Reconstruct, most: int, multiple: int) -> Reconstruct:
    """The same function, which never gets more images at a time, and none whose sides are no multiples."""

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = images.shape[2:]
        parts = (pad(images[i : i + most], multiple) for i in range(0, len(images), most))
        return np.concatenate([reconstruct(part)[:, :, :height, :width] for part in parts])

    return run


def _archive(arrays: dict[str, NDArray[Any]]) -> bytes:
    """An .npz; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.save(raw, array, allow_pickle=False)
            # a fixed date: np.savez would write the current one
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), raw.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def _write(
    target: Path,
    files: dict[str, tuple[str, bytes]],
    about: dict[str, Any],
    codes: NDArray[np.float32] | None,
) -> None:
    """Write a temporary folder, load it, add the pictures and the card, load it again, and rename it."""
    try:
        make_folder(target.parent)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Name another with -o.") from None
    try:
        temporary.chmod(0o755)
        _fill(temporary, files, about)
        model = Autoencoder.load(temporary, device="cpu")
        prove_tiles(model)
        shown, plane = preview(model, codes), latent_picture(model)
        more = {"preview.png": ("preview", shown.png)} if shown else {}
        more |= {"map.png": ("map", plane)} if plane else {}
        more["README.md"] = ("card", card(about, shown, plane is not None).encode())
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
