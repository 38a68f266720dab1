"""Graphs that want other files are found before anything is run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
import pytest
from _modules import GREY, Gaussian, Linear, document

from diabolo.export import export_pair
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.bundle._onnx import external_tensors
from diabolo.runtime.errors import BundleError, IntegrityError


def test_the_walk_through_a_graph_follows_onnx_itself(bundles: dict[str, Path], tmp_path: Path) -> None:
    """The field numbers are onnx's, and a tensor elsewhere is found wherever it hangs."""
    raw = (bundles["conv"] / "encoder.onnx").read_bytes()
    assert external_tensors(raw) == []
    graph = onnx.load_model_from_string(raw)
    onnx.save(
        graph, tmp_path / "m.onnx", save_as_external_data=True, size_threshold=0, location="weights.bin"
    )
    outside = external_tensors((tmp_path / "m.onnx").read_bytes())
    assert sorted(outside) == sorted(tensor.name for tensor in graph.graph.initializer if tensor.dims)
    tensor = onnx.TensorProto(name="deep", data_location=onnx.TensorProto.EXTERNAL)
    inner = onnx.helper.make_graph([], "g", [], [], initializer=[tensor])
    node = onnx.helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    outer = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [], []))
    assert external_tensors(outer.SerializeToString()) == ["deep", "deep"]
    for broken in (raw[:1000], b"\xff" * 40, b"PK\x03\x04"):
        with pytest.raises(ValueError, match="it is"):
            external_tensors(broken)


def test_a_graph_that_wants_another_file_is_refused(tmp_path: Path) -> None:
    done = export_pair(Gaussian(), Linear(), GREY, tmp_path / "b", value_range=(-1, 1))
    about = document(done.path)
    graph = onnx.load(done.path / "decoder.onnx")
    onnx.save(
        graph, tmp_path / "m.onnx", save_as_external_data=True, size_threshold=0, location="weights.bin"
    )
    raw = (tmp_path / "m.onnx").read_bytes()
    (done.path / "decoder.onnx").write_bytes(raw)
    about["files"]["decoder.onnx"] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    (done.path / "model.json").write_bytes(manifest.seal(about))
    with pytest.raises(IntegrityError, match="in another file"):
        Autoencoder.load(done.path, device="cpu")
    checks = verify(done.path, device="cpu")
    assert any("in another file" in check.detail for check in checks if not check.ok)
    assert issubclass(IntegrityError, BundleError)
