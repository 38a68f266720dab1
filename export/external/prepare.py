"""Prepare the copy of a module: on the CPU, in float32, in eval mode, and its weights plain tensors."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrize

__all__ = ["prepare"]

_OTHER_FLOATS = torch.float16, torch.bfloat16, torch.float64


def prepare(module: nn.Module) -> None:
    """Change a copy in place, its submodules included.

    A module may remember where it was, and cast its input to that: attributes that are a device or a
    floating-point type become the CPU and float32.

    Weights that are computed from others (`torch.nn.utils.parametrize`) become what is computed. This saves
    the graph the computation, for some of which, such as that of `orthogonal`, ONNX has no operators.
    """
    module.cpu().float().eval().requires_grad_(False)
    for each in module.modules():
        for name, value in vars(each).items():
            if isinstance(value, torch.dtype) and value in _OTHER_FLOATS:
                vars(each)[name] = torch.float32
            elif isinstance(value, torch.device) or (name == "device" and isinstance(value, str)):
                vars(each)[name] = torch.device("cpu")
    for each in list(module.modules()):
        if parametrize.is_parametrized(each):
            _fix_weights(each)


@torch.no_grad()
def _fix_weights(module: nn.Module) -> None:
    """Give a module the values of its parametrised weights, unless they are drawn anew each time.

    The class of the module is shared with the original: unlike `remove_parametrizations`, this leaves it.
    """
    names = list(module.parametrizations)  # type: ignore[arg-type]
    values = {name: getattr(module, name).clone() for name in names}
    if not all(torch.equal(value, getattr(module, name)) for name, value in values.items()):
        return
    del module.parametrizations
    module.__class__ = type(module).__bases__[0]
    for name, value in values.items():
        module.register_parameter(name, nn.Parameter(value, requires_grad=False))
