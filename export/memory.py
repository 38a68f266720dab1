"""How much memory a graph takes, and how many images may therefore be run at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod

import onnx

from diabolo.export.errors import ExportError
from diabolo.train.datasets import free_memory

__all__ = ["bytes_per_image", "most_images"]

_BUDGET = 2**30  # bytes for the intermediate results of a batch
_FLOAT = 4  # bytes of a value; the few others are integers of shapes


def bytes_per_image(graph: onnx.ModelProto) -> int:
    """The memory of a graph's intermediate results at batch 1, each held until it is last used, in bytes.

    Args:
        graph: with the shapes of its values, as torch exports it.
    """
    graph = onnx.shape_inference.infer_shapes(
        graph, data_prop=True
    )  # torch leaves some out, of attention too
    known = [*graph.graph.input, *graph.graph.value_info, *graph.graph.output]
    sizes = {value.name: _size(value.type.tensor_type.shape.dim) for value in known}
    last = {name: place for place, node in enumerate(graph.graph.node) for name in node.input}
    held = {value.name for value in graph.graph.input}
    now = most = sum(sizes.get(name, 0) for name in held)
    for place, node in enumerate(graph.graph.node):
        made = set(node.output) - held
        held |= made
        now += sum(sizes.get(name, 0) for name in made)
        most = max(most, now)
        done = {name for name in held & set(node.input) if last[name] == place}
        held -= done
        now -= sum(sizes.get(name, 0) for name in done)
    return most


def most_images(graphs: Iterable[onnx.ModelProto], sides: dict[str, int] | None = None) -> int:
    """The images of the largest batch whose intermediate results take 1 GiB at most.

    At least 2, and 1 if two do not fit into the free memory.

    Args:
        graphs: of the encoder and the decoder.
        sides: for graphs of any size: the length of each axis, by its name.

    Raises:
        ExportError: the free memory is too small for one.
    """
    known = [each if sides is None else _sized(each, sides) for each in graphs]
    one, available = max(1, *map(bytes_per_image, known)), free_memory()
    if one > max(available, _BUDGET):  # what counts as free is an estimate, which may leave out caches
        raise ExportError(
            f"a graph needs {one / 2**30:.1f} GiB for a single image, and {available / 2**30:.1f} are free. "
            "Attention needs the square of the number of positions: export the model at a smaller image "
            "size. Nothing was written."
        )
    return max(2 if 2 * one <= available else 1, _BUDGET // one)


def _sized(graph: onnx.ModelProto, sides: dict[str, int]) -> onnx.ModelProto:
    """The graph for images of one size."""
    sized = onnx.ModelProto()
    sized.CopyFrom(graph)
    del sized.graph.value_info[:]
    for value in [*sized.graph.input, *sized.graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in sides:
                dim.dim_value = sides[dim.dim_param]
    return sized


def _size(dims: Iterable[onnx.TensorShapeProto.Dimension]) -> int:
    return _FLOAT * prod(_length(dim) for dim in dims)


def _length(dim: onnx.TensorShapeProto.Dimension) -> int:
    """A dimension at batch 1, such as 'batch' or '16*batch'."""
    return int(dim.dim_value) or prod(map(int, re.findall(r"\d+(?=\*)|(?<=\*)\d+", dim.dim_param)))
