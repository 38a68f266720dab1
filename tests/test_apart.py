"""A bundle is checked in a process of its own, which may be ended, killed, or run out of memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from _hostile import contents, packed, sealed, sound
from _pair import save_pair
from onnx import TensorProto, helper, numpy_helper

from diabolo.runtime import Bundle, apart, verify
from diabolo.runtime.apart import verify_apart
from diabolo.runtime.errors import UsageError
from diabolo.runtime.limits import STRANGERS, Limits


def with_decoder(
    files: dict[str, bytes], *nodes: onnx.NodeProto, **constants: np.ndarray
) -> dict[str, bytes]:
    """The pair's decoder, its image made larger by 'more', which the nodes compute."""
    model = onnx.load_from_string(files["decoder.onnx"])
    graph = model.graph
    graph.node[-1].output[0] = "plain"
    graph.node.extend(nodes)
    graph.node.append(helper.make_node("Add", ["plain", "more"], ["image"]))
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    return sealed(files | {"decoder.onnx": model.SerializeToString()})


def test_it_finds_what_verify_finds(tmp_path: Path) -> None:
    files = sound(tmp_path)
    for name, made in (("sound", files), ("wrong", files | {"more.txt": b"more"})):
        bundle = Bundle.open(packed(tmp_path / f"{name}.zip", made), limits=STRANGERS)
        checks = verify(bundle, device="cpu")
        assert verify_apart(bundle, device="cpu") == checks
        assert all(check.ok for check in checks) == (name == "sound")
    with pytest.raises(UsageError, match="cdua"):
        verify_apart(Bundle.open(tmp_path / "sound.zip"), device="cdua")


def test_its_limits_hold_in_the_process(tmp_path: Path) -> None:
    bundle = Bundle.open(save_pair(tmp_path / "pair"), limits=Limits(fields=5))
    wrong = [check.detail for check in verify_apart(bundle, device="cpu") if not check.ok]
    assert len(wrong) == 1
    assert "more than 5 fields" in wrong[0]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is bounded on Linux alone")
def test_a_graph_that_wants_much_memory_is_refused(tmp_path: Path) -> None:
    """2 GB of zeros made by a graph of a few hundred bytes."""
    files = with_decoder(
        contents(save_pair(tmp_path / "pair")),
        helper.make_node("ConstantOfShape", ["count"], ["many"]),
        helper.make_node("ReduceSum", ["many"], ["more"], keepdims=0),
        count=np.array([1 << 29]),
    )
    bundle = Bundle.open(packed(tmp_path / "a.zip", files), limits=STRANGERS)
    wrong = [check for check in verify_apart(bundle, device="cpu", memory=1 << 30) if not check.ok]
    assert len(wrong) == 1
    assert wrong[0].name in ("graphs", "golden image", "cost")


def test_a_graph_that_never_ends_is_ended(tmp_path: Path) -> None:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Identity", ["sum"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, []),
        ],
    )
    files = with_decoder(
        contents(save_pair(tmp_path / "pair")),
        helper.make_node("Loop", ["times", "yes", "nought"], ["more"], body=body),
        times=np.array(1 << 60),
        yes=np.array(True),
        nought=np.float32(0),
    )
    bundle = Bundle.open(packed(tmp_path / "a.zip", files), limits=STRANGERS)
    checks = verify_apart(bundle, device="cpu", seconds=3)
    assert [(check.name, check.ok) for check in checks] == [("cost", False)]
    assert "more than the 3 seconds that are allowed" in checks[0].detail


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "onnxruntime ended with SIGSEGV"),
        ("raise SystemExit('no luck')", "ended with 1: no luck"),
    ],
)
def test_a_process_that_dies_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    bundle, run = Bundle.open(save_pair(tmp_path / "pair")), apart.subprocess.run
    monkeypatch.setattr(
        apart.subprocess, "run", lambda command, **more: run([command[0], "-c", code], **more)
    )
    checks = verify_apart(bundle, device="cpu")
    assert [check.ok for check in checks] == [False]
    assert words in checks[0].detail


def test_without_a_python_to_start_it_is_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = Bundle.open(save_pair(tmp_path / "pair"))
    monkeypatch.setattr("sys.executable", "")
    monkeypatch.setattr(apart.subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert verify_apart(bundle, device="cpu") == verify(bundle, device="cpu")
