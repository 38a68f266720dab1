"""From torch modules to ONNX graphs with nothing in them but the mathematics."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import Any

import onnx
import onnx_ir.passes.common as common_passes
import torch
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.train.model import Model

__all__ = ["IR_VERSION", "decoder_graph", "encoder_graph"]

IR_VERSION = 10  # of onnx 1.16; what onnxruntime 1.18 reads


class _Encoder(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        code = self.model.encode(image)
        return code.latent if code.log_variance is None else (code.latent, code.log_variance)


class _Decoder(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor) -> Tensor:
        return self.model.decode(latent)


def encoder_graph(model: Model, opset: int) -> bytes:
    """`image` to `latent`, and `log_variance` where the model has one."""
    outputs = ["latent"] + ["log_variance"] * (model.head.width == 2)
    return _graph(_Encoder(model), torch.rand(2, *model.image_shape), "image", outputs, opset)


def decoder_graph(model: Model, opset: int) -> bytes:
    """`latent` to `image`."""
    return _graph(_Decoder(model), torch.randn(2, model.latent_dim), "latent", ["image"], opset)


def _graph(module: nn.Module, example: Tensor, name: str, outputs: list[str], opset: int) -> bytes:
    """The bytes of an ONNX graph with a dynamic batch; the same weights give the same bytes.

    Raises:
        ExportError: the graph has another opset than asked for, or onnx's checker refuses it.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            input_names=[name],
            output_names=outputs,
            dynamic_shapes=({0: "batch"},),
            opset_version=opset,
            optimize=True,
            external_data=False,
            verbose=False,
        )
    # stack traces with local paths are kept there otherwise
    common_passes.ClearMetadataAndDocStringPass()(program.model)
    proto = program.model_proto
    proto.ir_version = IR_VERSION
    proto.producer_name, proto.producer_version = "diabolo", ""
    found = next(item.version for item in proto.opset_import if item.domain == "")
    if found != opset:
        raise ExportError(f"torch made opset {found} where {opset} was asked for. Use --opset {found}.")
    try:
        onnx.checker.check_model(proto, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"onnx's checker refuses the graph: {error}") from None
    raw: bytes = proto.SerializeToString(deterministic=True)
    return raw
