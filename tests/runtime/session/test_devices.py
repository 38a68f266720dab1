"""Devices: what was asked for runs, or an error says what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from _pair import save_pair
from click.testing import CliRunner

from diabolo.runtime import Autoencoder, errors
from diabolo.runtime.session import _graphs, _session, device
from diabolo.ui.cli import main


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return save_pair(tmp_path / "bundle")


def test_what_runs_is_told(bundle: Path) -> None:
    chosen = Autoencoder.load(bundle, device="cpu", threads=2).device
    assert (chosen.requested, chosen.active, chosen.index, chosen.threads) == ("cpu", "cpu", 0, 2)
    assert chosen.provider == "CPUExecutionProvider"
    assert chosen.onnxruntime == onnxruntime.__version__
    assert chosen.package.startswith("onnxruntime")
    assert str(chosen) == "cpu (asked for)"


@pytest.mark.parametrize("name", ["CPU", "cpuexecutionprovider", "CPUExecutionProvider", " cpu "])
def test_a_provider_has_several_names(bundle: Path, name: str) -> None:
    assert Autoencoder.load(bundle, device=name).device.active == "cpu"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("cdua", errors.UnknownNameError, "Did you mean 'cuda'.*auto, cpu, cuda"),
        ("", errors.UnknownNameError, "Choose from"),
        ("cpu:0", errors.UsageError, "takes no number"),
        ("auto:1", errors.UsageError, "takes no number"),
        ("cuda:first", errors.UsageError, "counted from 0"),
        ("cuda:-1", errors.UsageError, "counted from 0"),
        ("nnapi", errors.DeviceError, "has no NnapiExecutionProvider; it has .*cpu"),
    ],
)
def test_a_wrong_name_is_told(bundle: Path, name: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Autoencoder.load(bundle, device=name)


def test_a_missing_library_is_named(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """onnxruntime's CUDA part is a file that is no library: the message names it, and stdout stays empty."""
    (tmp_path / "ort" / "capi").mkdir(parents=True)
    name = "libonnxruntime_providers_cuda.so"
    (tmp_path / "ort" / "capi" / name).write_bytes(b"no library")
    fake = fake_onnxruntime(file=str(tmp_path / "ort" / "__init__.py"), runs_on="CPUExecutionProvider")
    monkeypatch.setattr(device, "import_onnxruntime", lambda _device: fake)
    monkeypatch.setattr(device, "_cuda_trouble", lambda _ort: "")
    with pytest.raises(errors.DeviceError, match=rf"cuda:1 does not work here.*{name}.*pip install"):
        Autoencoder.load(bundle, device="cuda:1")
    assert "libcurand" not in capsys.readouterr().out
    auto = Autoencoder.load(bundle, device="auto").device
    assert (auto.requested, auto.active) == ("auto", "cpu")
    assert name in auto.reason


def test_a_provider_that_takes_nothing_does_not_run(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = fake_onnxruntime(runs_on="CoreMLExecutionProvider", taken=0)
    monkeypatch.setattr(device, "import_onnxruntime", lambda _device: fake)
    with pytest.raises(errors.DeviceError, match="none of this graph's operators"):
        Autoencoder.load(bundle, device="coreml")


def test_a_part_of_the_graph_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = fake_onnxruntime(runs_on="CoreMLExecutionProvider", taken=3)
    monkeypatch.setattr(device, "import_onnxruntime", lambda _device: fake)
    _, chosen = device.create_session(b"", "CoreMLExecutionProvider", 1)
    assert (chosen.active, chosen.memory) == ("coreml", "cpu")
    assert chosen.reason == "asked for; 3 of 4 operators"


def test_a_gpu_is_chosen_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = fake_onnxruntime(runs_on="CUDAExecutionProvider", taken=4)
    monkeypatch.setattr(device, "import_onnxruntime", lambda _device: fake)
    monkeypatch.setattr(device, "_cuda_trouble", lambda _ort: "")
    _, chosen = device.create_session(b"", "CUDA:1", 1)
    assert (chosen.name, chosen.memory, chosen.index) == ("cuda:1", "cuda", 1)
    assert fake.providers[0][0] == "CUDAExecutionProvider"
    options = {"device_id": "1", "use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
    assert fake.providers[0][1] == options


def test_the_latents_stay_where_the_device_keeps_them(bundle: Path) -> None:
    model = Autoencoder.load(bundle, device="cpu")
    images = np.random.default_rng(0).random((5, 1, 8, 8), np.float32)
    bound = _graphs.run_bound(model._graphs, images, memory="cpu")
    np.testing.assert_allclose(bound, model.reconstruct(images), atol=1e-6)


def test_reconstruct_binds_on_a_gpu(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Autoencoder.load(bundle, device="cpu")
    monkeypatch.setattr(device.Device, "memory", property(lambda _self: "elsewhere"))
    monkeypatch.setattr(_graphs, "_CHUNK_VALUES", {"cpu": 1, "cuda": 1})
    seen: list[int] = []
    right = _graphs.run_bound

    def spy(graphs: _graphs.Graphs, batch: Any) -> Any:
        seen.append(len(batch))
        return right(graphs, batch, memory="cpu")

    monkeypatch.setattr(_graphs, "run_bound", spy)
    images = np.random.default_rng(0).random((5, 1, 8, 8), np.float32)
    through = model.reconstruct(images)
    assert sum(seen) == 5
    np.testing.assert_allclose(through, model.decode(model.encode(images)), atol=1e-6)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (7, []), (8, [4, 4]), (9, [5, 5]), (15, [5] * 3)])
@pytest.mark.parametrize("verb", ["encode", "decode", "reconstruct"])
def test_a_gpu_gets_pieces_of_one_size(
    verb: str, count: int, sizes: list[int], bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Autoencoder.load(bundle, device="cpu")
    images = np.random.default_rng(0).random((count, 1, 8, 8), np.float32)
    given = model.encode(images) if verb == "decode" else images
    right = getattr(model, verb)(given)
    monkeypatch.setattr(device.Device, "memory", property(lambda _self: "cuda"))
    monkeypatch.setattr(model._graphs, "chunk", 7)
    seen: list[int] = []
    cut = _graphs._cut_padded

    def spy(batch: Any, most: int) -> Any:
        for piece in cut(batch, most):
            seen.append(len(piece))
            yield piece

    monkeypatch.setattr(_graphs, "_cut_padded", spy)
    bound = _graphs.run_bound
    monkeypatch.setattr(_graphs, "run_bound", lambda graphs, batch: bound(graphs, batch, memory="cpu"))
    np.testing.assert_allclose(getattr(model, verb)(given), right, atol=1e-6)
    assert seen == sizes  # what fits into one goes as it is


@pytest.mark.parametrize("memory", ["cpu", "cuda"])
@pytest.mark.parametrize("more", [-1, 1])
def test_a_piece_with_another_number_of_rows_is_refused(
    memory: str, more: int, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = Autoencoder.load(bundle, device="cpu")._graphs
    monkeypatch.setattr(device.Device, "memory", property(lambda _self: memory))
    monkeypatch.setattr(graphs, "chunk", 4)
    batch = np.zeros((8, 2), np.float32)
    with pytest.raises(errors.GraphError, match="returned shape"):
        graphs._run("encoder", lambda piece: np.zeros((len(piece) + more, 2), np.float32), batch, (2,))


def test_both_packages_get_the_commands_that_repair_them(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_installed", lambda: {"onnxruntime", "onnxruntime-gpu"})
    with pytest.raises(
        errors.MissingPackageError, match=r"pip uninstall -y onnxruntime onnxruntime-gpu, then pip install"
    ):
        Autoencoder.load(bundle)
    assert Autoencoder.load(bundle, device="cpu").device.package == "onnxruntime and onnxruntime-gpu"


def test_info_shows_it(bundle: Path) -> None:
    done = CliRunner().invoke(main, ["info", str(bundle), "--device", "CPU", "--threads", "3"])
    assert done.exit_code == 0, done.stderr
    for line in ("requested CPU", "active    cpu", "reason    asked for", "threads   3", "onnxruntime 1."):
        assert line in done.stdout
    done = CliRunner().invoke(main, ["info", str(bundle), "--device", "cpu", "--json"])
    assert json.loads(done.stdout)["device"]["requested"] == "cpu"


def test_a_graph_of_one_batch_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ManifestError, match="batches of 1 only"):
        Autoencoder.load(save_pair(tmp_path / "fixed", batch=1), device="cpu")


def test_a_graph_that_fails_is_one_error(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Autoencoder.load(bundle, device="cpu")
    wrong = np.zeros((2, 1, 9, 9), np.float32)
    with pytest.raises(errors.GraphError, match="could not compute the encoder"):
        model._graphs.encode(wrong)


def fake_onnxruntime(*, runs_on: str, taken: int = 0, file: str = onnxruntime.__file__) -> Any:
    """An onnxruntime whose sessions say that they run on `runs_on`, with `taken` of 4 operators there."""
    fake: Any = SimpleNamespace(
        SessionOptions=onnxruntime.SessionOptions,
        ExecutionMode=onnxruntime.ExecutionMode,
        __version__="9.9",
        __file__=file,
        set_default_logger_severity=lambda _level: None,
        get_available_providers=lambda: list(dict.fromkeys([_session.CUDA, runs_on, _session.CPU])),
        get_all_providers=onnxruntime.get_all_providers,
        preload_dlls=lambda: print("Failed to load libcurand.so.10"),  # noqa: T201 - as the real one does
    )

    def session(model: bytes, options: Any, providers: list[Any], enable_fallback: int) -> Any:
        fake.providers = providers
        if providers == [_session.CPU]:
            return onnxruntime.InferenceSession(model, options, providers=providers)
        parts = [(runs_on, taken), (_session.CPU, 4 - taken)]
        return SimpleNamespace(
            get_providers=lambda: [runs_on, _session.CPU],
            get_provider_graph_assignment_info=lambda: [
                SimpleNamespace(ep_name=name, get_nodes=lambda count=count: [None] * count)
                for name, count in parts
            ],
            disable_fallback=lambda: None,
        )

    fake.InferenceSession = session
    return fake
