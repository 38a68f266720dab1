"""Any argument of the public functions of `export` gives a right answer or a DiaboloError, and no warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from _modules import GREY, Gaussian, Linear
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from diabolo.export import ExportError, Settings, export_factory, export_pair, export_run
from diabolo.export.external.arguments import class_indices, example_of, images_of, range_of
from diabolo.export.memory import bytes_per_image, most_images
from diabolo.runtime.errors import DiaboloError, ImageError

ODD: list[Any] = [
    *(None, 3, -1, 1e300, float("nan"), True, "", "\0", "x" * 5000, b"x", (), [], {}, set(), object(), Path),
    *(np.empty(0), np.empty((0, 1, 8, 8), np.float32), np.full((1, 1, 8, 8), 1e300), np.array("a")),
    *(np.array([[1], [2, 3]], object), np.ones((1, 1, 8, 8), complex), np.full((2, 1, 8, 8), np.nan)),
    *(torch.empty(0), torch.ones(1, 1, 8, 8, device="meta"), torch.eye(3).to_sparse(), torch.ones(2).bool()),
    *([1, "a"], ["no-such-file.png"], [np.ones((3, 3))], Image.new("L", (0, 0)), GREY.half() * 300, 10**400),
]
NAMES = ["encoder", "decoder", "example", "images", "labels", "test", "value_range", "spread", "name", "note"]
NAMES += ["summary", "prior", "dataset", "classes", "licence", "opset", "dtype"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_argument(name: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the value is allowed, the export ends before it exports anything."""

    def write(*_: Any) -> None:
        raise ExportError("allowed")

    monkeypatch.setattr("diabolo.export.external_modules.write", write)
    arguments = {"encoder": Gaussian(), "decoder": Linear(), "example": GREY, "out": tmp_path / "b"}
    with pytest.raises(DiaboloError):
        export_pair(**{**arguments, "value_range": (-1, 1), name: value})


@pytest.mark.parametrize("value", [*ODD[1:8], *ODD[9:16]])
def test_odd_paths(value: Any, tmp_path: Path) -> None:
    for call in (export_run, export_factory):
        with pytest.raises(DiaboloError):
            call(value)
    with pytest.raises(DiaboloError):
        Settings(opset=value)
    with pytest.raises(DiaboloError):
        Settings(dtype=value)


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_odd_images(value: Any) -> None:
    with pytest.raises(DiaboloError):
        images_of(value, (1, 8, 8), "images", (0, 1))
    with pytest.raises(DiaboloError):
        example_of(value, (0, 1))
    with pytest.raises(DiaboloError):
        range_of(value)
    with pytest.raises(DiaboloError):
        class_indices(value, 5, ["a"])


class Held:
    """Something with `__array__` that is not an array."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return self.values if dtype is None else self.values.astype(dtype)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(
    count=st.integers(1, 4),
    channels=st.sampled_from([1, 3]),
    kind=st.sampled_from(["float32", "float64", "float16"]),
    form=st.sampled_from(["array", "tensor", "held", "list", "tensors", "strided", "read only", "grad"]),
)
def test_images_of_any_kind(count: int, channels: int, kind: str, form: str) -> None:
    known = np.random.default_rng(count).random((count, channels, 5, 4)).astype(kind)
    value: Any = known
    if form in ("tensor", "grad"):
        value = torch.from_numpy(known).requires_grad_(form == "grad")
    elif form == "held":
        value = Held(known)
    elif form == "list":
        value = list(known)
    elif form == "tensors":
        value = [torch.from_numpy(each) for each in known]
    elif form == "strided":
        value = known.repeat(2, axis=3)[..., ::2]
    elif form == "read only":
        value.flags.writeable = False
    found = images_of(value, (channels, 5, 4), "images", (0, 1))
    np.testing.assert_array_equal(found, known.astype(np.float32))
    assert found.flags.writeable
    if form not in ("list", "tensors"):
        np.testing.assert_array_equal(example_of(value, (0, 1)), found)


def test_bytes() -> None:
    """Channels come first in tensors, and last in arrays."""
    array = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), np.uint8)
    known = array.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    tensor = torch.from_numpy(array.transpose(0, 3, 1, 2).copy())
    for value in (array, tensor, list(tensor)):
        np.testing.assert_array_equal(images_of(value, (3, 5, 4), "images", (0, 1)), known)


def test_images_in_another_range() -> None:
    with pytest.raises(ImageError, match=r"Give \(images \+ 1\) / 2, and value_range=\(-1, 1\)"):
        example_of(GREY * 2 - 1, (0, 1))
    with pytest.raises(ImageError, match=r"Give \(images \+ 1\) / 2\."):
        images_of(GREY * 2 - 1, (1, 8, 8), "images", (-1, 1))
    with pytest.raises(ImageError, match="Divide 8-bit values by 255"):
        example_of(GREY * 255, (0, 1))


def test_a_factory_s_mistakes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def fails():\n    return 1 / 0\ndef more():\n    return M\n")
    with pytest.raises(ExportError, match="fails: ZeroDivisionError"):
        export_factory(f"{tmp_path / 'mine.py'}:fails")
    text = "def more():\n    return {'encoder': 1, 'decoder': 2, 'example': 3, 'colour': 4}\n"
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(ExportError, match="'colour' is not an argument of export_pair"):
        export_factory(f"{tmp_path / 'mine.py'}:more")


def test_the_old_name_of_adapt() -> None:
    from diabolo.export import pair

    with pytest.warns(DeprecationWarning, match=r"export\.external\.adapt\.adapt"):
        assert callable(pair.adapted)


def test_memory() -> None:
    """A chain of two: the input and the first result, then both results, at batch 1."""
    shapes = {"a": ["batch", 100], "b": ["16*batch", 50], "c": ["batch", 7]}
    values = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()]
    nodes = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Relu", ["b"], ["c"])]
    graph = helper.make_graph(nodes, "g", values[:1], values[2:], value_info=values[1:2])
    model: onnx.ModelProto = helper.make_model(graph)
    assert bytes_per_image(model) == 4 * (100 + 16 * 50)
    assert most_images([model]) == 2**30 // 3600
