"""Refuse modules that cannot be copied to the CPU in float32, or not be read by `torch.export`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from diabolo.export.errors import ExportError
from diabolo.export.external.copies import modules_of, objects_of

__all__ = ["check_modules"]

_QUANTISED = (  # where torch keeps its quantised layers, those in training for it, and what observes ranges
    *("torch.ao.nn.quantized", "torch.ao.nn.qat", "torch.ao.nn.intrinsic.quantized"),
    *("torch.ao.nn.intrinsic.qat", "torch.ao.quantization.fake_quantize", "torch.ao.quantization.observer"),
)
_SPREAD = "torch.distributed.tensor"  # where DTensor is; its import takes seconds


def check_modules(part: Any, what: str) -> None:
    """Check a part, the 'encoder' or 'decoder', before it is copied.

    Raises:
        ExportError: it contains TorchScript, a batch norm without statistics, quantised layers, weights that
            are spread over processes, or tensors that hold no values.
    """
    if isinstance(part, torch.jit.ScriptFunction):
        raise ExportError(
            f"the {what} is a TorchScript function. Give the Python function that it was made from."
        )
    for module in modules_of(part):
        _check_module(module, what)
        for name, weight in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            _check_tensor(weight, f"the {what}'s {name!r} of {type(module).__name__}")
    for each in objects_of(part):
        if isinstance(each, Tensor):
            _check_tensor(each, f"a tensor that the {what} holds")


def _check_module(module: nn.Module, what: str) -> None:
    name = type(module).__name__
    if isinstance(module, torch.jit.ScriptModule):
        raise ExportError(
            f"the {what} is, or contains, a TorchScript module (torch.jit.script or torch.jit.trace), which "
            "torch cannot export to ONNX. Give the Python module that it was made from."
        )
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None:
        raise ExportError(
            f"the {what}'s {name} has no running statistics, so that the result for an image depends on the "
            "others in its batch. Give it track_running_stats=True, and train it."
        )
    if type(module).__module__.startswith(_QUANTISED):
        raise ExportError(
            f"the {what}'s {name} is quantised, or prepared for it ({type(module).__module__}). Give the "
            "module as it was before; dtype='int8' then quantises the graphs."
        )


def _check_tensor(value: Tensor, name: str) -> None:
    if isinstance(value, (nn.UninitializedParameter, nn.UninitializedBuffer)):
        raise ExportError(
            f"{name} has no shape yet. Call the module once on an image first, and train it or load its "
            "weights."
        )
    if type(value).__module__.startswith(_SPREAD):
        raise ExportError(
            f"{name} is spread over several processes (FSDP or tensor parallelism). Load its full state dict "
            "into a module on one device, and give that."
        )
    if value.is_meta:
        raise ExportError(
            f"{name} is on the device 'meta', which holds no values. Move it with to_empty(device='cpu'), "
            "and load its weights."
        )
    if value.is_quantized:
        raise ExportError(
            f"{name} is quantised. Give the module as it was before; dtype='int8' then quantises the graphs."
        )
    if value.layout is not torch.strided:
        raise ExportError(f"{name} is sparse, which torch cannot export to ONNX. Give it as to_dense().")
