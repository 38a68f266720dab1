"""Graphs that somebody made to hurt, or to reach for other files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx
import onnxruntime
import pytest
from _hostile import inside, varint
from _pair import save_pair
from onnx import TensorProto, helper

from diabolo.runtime import Bundle, verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.bundle._onnx import external_tensors
from diabolo.runtime.bundle.limits import LOCAL, STRANGERS
from diabolo.runtime.errors import IntegrityError

MB = 1 << 20


def deep(depth: int) -> bytes:
    """A graph in an attribute of a node of a graph ..."""
    raw = b""
    for _ in range(depth):
        raw = inside(1, inside(5, inside(6, raw)))
    return inside(7, raw)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (bytes(100 * MB), "a field's number is out of range"),
        (b"\x08\x01" * 100_001, "made of more than 100,000 fields"),
        (inside(7, b"\x0a\x00" * 100_001), "made of more than 100,000 fields"),
        (inside(7, inside(5, b"\x08\x01" * 100_001)), "made of more than 100,000 fields"),
        (deep(34), "nested more than 100 messages deep"),
        (deep(20_000), "nested more than 100 messages deep"),
        (inside(7, b"\x0a" + varint(1 << 62)), "cut short"),
        (b"\x08" + b"\xff" * 12, "not valid protobuf"),
        (b"\x0b\x0c", "not valid protobuf"),  # a group, which protobuf has given up
        (b"\x0a\x7f\x00\x00ORTM" + bytes(200), "onnxruntime's own format"),
    ],
    ids=["zeros", "fields", "nodes", "dimensions", "deep", "deeper", "long", "varint", "group", "ort"],
)
def test_a_graph_that_costs_too_much_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        external_tensors(raw, STRANGERS.fields)


def test_weights_are_skipped_and_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 MB of weights, which look like a million fields each, are a handful of fields."""
    weights = b"\x08\x01" * (100 * MB)
    tensor = inside(8, b"weights") + inside(9, weights)
    raw = inside(7, inside(5, tensor) + inside(1, inside(4, b"MatMul")))
    assert external_tensors(raw, 6) == []
    with pytest.raises(ValueError, match="more than 5 fields"):
        external_tensors(raw, 5)


def external(name: str) -> TensorProto:
    tensor = TensorProto(name=name, data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def everywhere() -> dict[str, bytes]:
    """A model for each place in which onnx lets a tensor hang."""
    value, info = external("there"), helper.make_tensor_value_info("y", 1, [1])
    inner = helper.make_graph([], "inner", [], [], initializer=[value])
    sparse = onnx.SparseTensorProto(dims=[4], values=value)
    indices = onnx.SparseTensorProto(dims=[4], indices=value)

    def of(*nodes: onnx.NodeProto, **more: object) -> onnx.ModelProto:
        return helper.make_model(helper.make_graph(list(nodes), "g", [], [info], **more))  # type: ignore[arg-type]

    def attribute(**said: object) -> onnx.ModelProto:
        node = onnx.NodeProto(op_type="Constant", output=["y"])
        node.attribute.append(onnx.AttributeProto(name="value", **said))  # type: ignore[arg-type]
        return of(node)

    in_function, default, trained = of(), of(), of()
    function = onnx.FunctionProto(name="f", domain="d")
    function.node.append(helper.make_node("Constant", [], ["y"], value=value))
    in_function.functions.append(function)
    with_default = onnx.FunctionProto(name="f", domain="d")
    with_default.attribute_proto.append(onnx.AttributeProto(name="a", type=4, t=value))
    default.functions.append(with_default)
    trained.training_info.add().algorithm.CopyFrom(inner)
    models = {
        "initializer": of(initializer=[value]),
        "sparse": of(sparse_initializer=[sparse]),
        "indices": of(sparse_initializer=[indices]),
        "tensor": attribute(type=4, t=value),
        "tensors": attribute(type=9, tensors=[value]),
        "graph": attribute(type=5, g=inner),
        "graphs": attribute(type=10, graphs=[inner]),
        "sparse tensor": attribute(type=11, sparse_tensor=sparse),
        "sparse tensors": attribute(type=12, sparse_tensors=[sparse]),
        "function": in_function,
        "default": default,
        "training": trained,
    }
    return {name: model.SerializeToString() for name, model in models.items()}


@pytest.mark.parametrize("place", everywhere())
def test_a_tensor_in_another_file_is_found_wherever_it_hangs(place: str) -> None:
    assert set(external_tensors(everywhere()[place])) == {"there"}


def test_the_fields_are_onnx_s_own() -> None:
    """Each field of onnx's messages that leads to a tensor, by onnx's own description, is followed."""
    from diabolo.runtime.bundle._onnx import _INSIDE

    ours = {
        "ModelProto": "model",
        "TrainingInfoProto": "training",
        "GraphProto": "graph",
        "FunctionProto": "function",
        "NodeProto": "node",
        "AttributeProto": "attribute",
        "SparseTensorProto": "sparse",
        "TensorProto": "tensor",
    }
    for theirs, mine in ours.items():
        fields = getattr(onnx, theirs).DESCRIPTOR.fields
        leading = {
            f.number: ours[f.message_type.name]
            for f in fields
            if f.message_type and f.message_type.name in ours
        }
        assert {n: what for n, what in _INSIDE[mine].items() if what != "operator"} == leading, theirs


def test_a_field_cannot_hide_behind_a_long_number() -> None:
    """Some readers keep 32 bits of a key: 7 + 2^29 is 7 for them, and a field nobody knows for others."""
    raw = everywhere()["initializer"]
    assert raw.count(b"\x3a") >= 1
    start = raw.index(b"\x3a")
    hidden = raw[:start] + b"\xba\x80\x80\x80\x10" + raw[start + 1 :]
    with pytest.raises(ValueError, match="a field's number is out of range"):
        external_tensors(hidden)


def test_a_compiled_part_in_another_file_is_found() -> None:
    node = helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft", ep_cache_context="../a.bin")
    graph = helper.make_graph([node], "g", [], [])
    assert external_tensors(helper.make_model(graph).SerializeToString()) == ["EPContext"]


def test_onnxruntime_s_own_format_is_recognised(tmp_path: Path) -> None:
    """As onnxruntime writes it: weights may lie elsewhere in it, too, and the format is not protobuf."""
    source = save_pair(tmp_path / "pair") / "encoder.onnx"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(tmp_path / "a.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    with pytest.raises(ValueError, match="onnxruntime's own format"):
        external_tensors((tmp_path / "a.ort").read_bytes())


def test_the_bounds_of_a_bundle_are_those_it_was_opened_with(tmp_path: Path) -> None:
    folder = save_pair(tmp_path / "pair")
    raw = (folder / "encoder.onnx").read_bytes() + inside(14, b"") * (STRANGERS.fields + 1)
    (folder / "encoder.onnx").write_bytes(raw)
    document = json.loads((folder / "model.json").read_bytes())
    document["files"]["encoder.onnx"] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    (folder / "model.json").write_bytes(manifest.seal(document))
    with pytest.raises(IntegrityError, match=r"encoder\.onnx .* more than 100,000 fields"):
        Bundle.open(folder, limits=STRANGERS).read_graph("encoder")
    wrong = [check.detail for check in verify(folder, device="cpu", limits=STRANGERS) if not check.ok]
    assert len(wrong) == 1
    assert "more than 100,000 fields" in wrong[0]
    assert Bundle.open(folder, limits=LOCAL).read_graph("encoder") == raw
