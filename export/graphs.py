"""Export torch modules as ONNX graphs, without metadata."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any

import onnx
import onnx_ir.passes.common as common_passes
import torch
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.export.external.operators import translations
from diabolo.export.pair import Pair

__all__ = ["OPSETS", "checked", "decoder_graph", "encoder_graph", "ir_version", "oldest_runtime"]

_SIDES = {"image": ("height", "width"), "latent": ("latent_height", "latent_width")}  # axes of any size
# opset: the ONNX IR version that was released with it, and the first onnxruntime that was tested to run it
_READERS = {18: (8, "1.15"), 19: (9, "1.16"), 20: (9, "1.17"), 21: (10, "1.18")}
OPSETS = tuple(_READERS)

# what torch.export says of a batch size that became a constant
_FIXED = re.compile(r"not in VR\[|specialized|inferred ranges|Constraints violated|ConstraintViolation")
# and of a value that decides something in Python
_DECIDES = re.compile(r"data-dependent|unbacked|GuardOnDataDependent")
# and of an operator that it cannot translate
_UNKNOWN = re.compile(r"target=torch\.ops\.(aten\.\w+?)(?:\.\w+)?\]")
_LOGGERS = "torch.onnx", "torch.export", "torch._export", "torch.fx", "torch._dynamo", "onnxscript", "onnx_ir"


def ir_version(opset: int) -> int:
    """The ONNX IR version that graphs of this opset are written in."""
    return _READERS[opset][0]


def oldest_runtime(opset: int) -> str:
    """The oldest version of onnxruntime that runs graphs of this opset."""
    return _READERS[opset][1]


def encoder_graph(pair: Pair, opset: int) -> onnx.ModelProto:
    """Export the encoder: `image` to `latent`, and `log_variance` if it returns one.

    Args:
        pair: the torch modules.
        opset: of the graph, one of OPSETS.

    Raises:
        ExportError: the encoder cannot be exported with this opset.
    """
    outputs = ["latent"] + ["log_variance"] * pair.log_variance
    sides = _SIDES["image"] if pair.any_size else ()
    graph = _graph(pair.encoder, torch.rand(2, *pair.image_shape), "image", outputs, opset, sides)
    return _with_sides(graph, "latent") if sides else graph


def decoder_graph(pair: Pair, opset: int) -> onnx.ModelProto:
    """Export the decoder: `latent` to `image`.

    Args:
        pair: the torch modules.
        opset: of the graph, one of OPSETS.

    Raises:
        ExportError: the decoder cannot be exported with this opset.
    """
    sides = _SIDES["latent"] if pair.any_size else ()
    graph = _graph(pair.decoder, torch.randn(2, *pair.latent_shape), "latent", ["image"], opset, sides)
    return _with_sides(graph, "image") if sides else graph


def _with_sides(graph: onnx.ModelProto, kind: str) -> onnx.ModelProto:
    """The graph with names for the rows and columns of its outputs, which torch calls by formulas."""
    for value in graph.graph.output:
        for axis, name in enumerate(_SIDES[kind], 2):
            value.type.tensor_type.shape.dim[axis].dim_param = name
    return graph


def checked(graph: onnx.ModelProto) -> bytes:
    """Check a graph and encode it; the same graph gives the same bytes.

    Raises:
        ExportError: onnx's checker refuses it.
    """
    try:
        onnx.checker.check_model(graph, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"onnx's checker refuses the graph: {error}. Try another --opset.") from None
    raw: bytes = graph.SerializeToString(deterministic=True)
    return raw


def _graph(
    module: nn.Module, example: Tensor, name: str, outputs: list[str], opset: int, sides: tuple[str, ...]
) -> onnx.ModelProto:
    program = _exported(module.eval(), example, name, outputs, opset, ("batch", None, *sides))
    # it contains stack traces with local paths
    common_passes.ClearMetadataAndDocStringPass()(program.model)
    graph: onnx.ModelProto = program.model_proto
    graph.ir_version = ir_version(opset)
    graph.producer_name, graph.producer_version = "diabolo", ""
    found = next(item.version for item in graph.opset_import if item.domain == "")
    if found != opset:
        raise ExportError(f"torch exported opset {found} instead of {opset}. Use --opset {found}.")
    batches = {
        value.type.tensor_type.shape.dim[0].dim_param for value in [*graph.graph.input, *graph.graph.output]
    }
    if batches != {"batch"}:
        raise ExportError(
            f"the batch size of {name!r} or of its results became fixed: the module uses it as a number. "
            "Use reshape(-1, ...) or flatten instead."
        )
    given = tuple(side.dim_param for side in graph.graph.input[0].type.tensor_type.shape.dim[2:])
    if sides and given != sides:
        raise ExportError(
            f"the height or the width of {name!r} became fixed: the module uses it as a number. Use only "
            "layers "
            "that take any size, such as convolutions."
        )
    return graph


def _exported(
    module: nn.Module,
    example: Tensor,
    name: str,
    outputs: list[str],
    opset: int,
    axes: tuple[str | None, ...],
) -> Any:
    try:
        with _silent():
            return torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                input_names=[name],
                output_names=outputs,
                dynamic_shapes=({axis: called for axis, called in enumerate(axes) if called},),
                opset_version=opset,
                optimize=True,
                external_data=False,
                verbose=False,
                custom_translation_table=translations(),
            )
    except Exception as error:
        raise ExportError(_explained(error, name, " and ".join(outputs))) from error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without what torch prints of a module that it cannot export: the error says it."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    out, errors = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    try:
        with warnings.catch_warnings(), out, errors:
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def _explained(error: Exception, name: str, outputs: str) -> str:
    """What torch says, and what to do."""
    text = f"{error}\n{error.__cause__ or ''}"
    reason = (str(error.__cause__ or error).strip().splitlines() or [type(error).__name__])[0]
    if _FIXED.search(text):
        return (
            f"the batch size of {name!r} is fixed, or the module does different things for different "
            "sizes. Use flatten(1) or reshape(x.shape[0], ...) in it, not len(x), which torch takes as "
            f"a constant, and no condition on the size. ({reason})"
        )
    if _DECIDES.search(text):
        return (
            f"what computes {outputs} depends on the values of a tensor in Python: if, while, assert, item() "
            "or float(). A graph cannot do that. Take it out, such as a check of the input, or use "
            f"torch.where or clamp. ({reason})"
        )
    if ".numpy() is not supported" in text:
        return (
            f"what computes {outputs}, or a hook in it, turns a tensor into a numpy array, which is not "
            "exported. Use torch's functions instead, or remove the hook."
        )
    if found := _UNKNOWN.search(text):
        return (
            f"what computes {outputs} uses {found[1]}, for which torch has no translation to ONNX. Compute "
            "it by other functions."
        )
    return f"torch cannot export what computes {outputs}: {reason}"
