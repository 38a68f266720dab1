"""Export, runtime and verify: the pair equals the torch model, and damage is found."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diabolo.export import ExportError, export_run
from diabolo.export import bundle as export_bundle
from diabolo.export.pair import Pair
from diabolo.runtime import Autoencoder, Bundle, errors, verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.bundle._schema import problems
from diabolo.runtime.session import device
from diabolo.train import Run, variants

each_variant = pytest.mark.parametrize("variant", variants.names())


@pytest.fixture
def copy(bundles: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the vae's bundle, to be damaged."""
    return Path(shutil.copytree(bundles["vae"], tmp_path / "copy"))


@each_variant
def test_the_pair_equals_torch(variant: str, bundles: dict[str, Path], runs: dict[str, Path]) -> None:
    model = Autoencoder.load(bundles[variant], device="cpu")
    _, trained = Run.open(runs[variant]).load()
    for size in (1, 2, 3, 17, 64):
        images = np.random.default_rng(size).random((size, *model.manifest.image_shape), np.float32)
        with torch.inference_mode():
            code = trained.encode(torch.from_numpy(images)).latent
            reconstruction = trained.decode(code).numpy()
        np.testing.assert_allclose(model.encode(images), code.numpy(), atol=2e-4)
        np.testing.assert_allclose(model.reconstruct(images), reconstruction, atol=1e-4)


@each_variant
def test_a_bundle_is_sound(variant: str, bundles: dict[str, Path]) -> None:
    checks = verify(bundles[variant], device="cpu")
    assert all(check.ok for check in checks), checks
    document = json.loads((bundles[variant] / "model.json").read_text("utf-8"))
    jsonschema.validate(document, manifest.schema())
    more = document["latent"]["log_variance"] + bool(
        {"codebook.npz", "mixture.npz"} & document["files"].keys()
    )
    assert len(checks) == 12 + more
    assert document["parity"]["batch_sizes"] == [1, 2, 3, 17, 64]
    assert 0 < document["parity"]["max_abs_difference"]["image"] < 1e-4


@each_variant
def test_graphs_hold_nothing_but_mathematics(
    variant: str, bundles: dict[str, Path], runs: dict[str, Path]
) -> None:
    for name in ("encoder.onnx", "decoder.onnx"):
        raw = (bundles[variant] / name).read_bytes()
        graph = onnx.load_model_from_string(raw)
        assert not any("Random" in node.op_type for node in graph.graph.node)
        assert graph.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
        assert b".py" not in raw


def test_the_same_weights_give_the_same_bytes(
    runs: dict[str, Path], bundles: dict[str, Path], tmp_path: Path
) -> None:
    again = export_run(runs["conv"], tmp_path / "again").path
    for name in ("encoder.onnx", "decoder.onnx", "codes.npz"):
        assert (again / name).read_bytes() == (bundles["conv"] / name).read_bytes(), name


def test_a_failed_proof_leaves_nothing(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = export_bundle.decoder_graph

    def wrong(pair: Pair, opset: int) -> onnx.ModelProto:
        graph = right(pair, opset)
        weights = onnx.numpy_helper.to_array(graph.graph.initializer[0]) + 1
        graph.graph.initializer[0].CopyFrom(
            onnx.numpy_helper.from_array(weights.astype(weights.dtype), graph.graph.initializer[0].name)
        )
        return graph

    monkeypatch.setattr(export_bundle, "decoder_graph", wrong)
    with pytest.raises(ExportError, match="differs from torch"):
        export_run(runs["autoencoder"], tmp_path / "out" / "bundle")
    assert not list(tmp_path.glob("out/*"))


def test_export_keeps_what_is_there(runs: dict[str, Path], bundles: dict[str, Path]) -> None:
    with pytest.raises(ExportError, match="already exists"):
        export_run(runs["vae"], bundles["vae"])


def test_images_of_every_kind(bundles: dict[str, Path], tmp_path: Path) -> None:
    model = Autoencoder.load(bundles["autoencoder"], device="cpu")
    Image.new("RGB", (40, 30), "white").save(tmp_path / "a b.png")
    grey = np.zeros((16, 16), np.uint8)
    for images, count in [
        (tmp_path / "a b.png", 1),
        ([tmp_path / "a b.png", Image.new("RGBA", (5, 90))], 2),
        (grey, 1),
        (grey[None, ..., None], 1),
        (np.zeros((3, 1, 16, 16), np.float32), 3),
        (np.zeros((0, 1, 16, 16), np.float32), 0),
    ]:
        out = model.reconstruct(images)  # type: ignore[arg-type]
        assert out.shape == (count, 1, 16, 16)
        assert out.dtype == np.float32
    for wrong, word in [
        (np.full((1, 1, 16, 16), 255.0), "Divide"),
        (np.full((1, 1, 16, 16), np.nan), "not numbers"),
        (np.zeros((1, 1, 9, 16)), "does not fit"),
        (np.zeros((9, 9), np.uint8), "does not fit"),
        ("nowhere.png", "no picture"),
        ([3], "cannot be of type int"),
    ]:
        with pytest.raises(errors.ImageError, match=word):
            model.encode(wrong)  # type: ignore[arg-type]
    with pytest.raises(errors.LatentError, match="do not fit"):
        model.decode(np.zeros((1, 9)))


def test_verbs(bundles: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = Autoencoder.load(bundles["vae"], device="cpu")
    a, b = np.zeros((16, 16), np.uint8), np.full((16, 16), 255, np.uint8)
    for method in ("linear", "spherical"):
        path = model.interpolate(a, b, steps=5, method=method)
        assert path.shape == (5, 1, 16, 16)
        np.testing.assert_allclose(path[[0, -1]], model.reconstruct([a, b]), atol=1e-5)
    with pytest.raises(errors.UnknownNameError, match="spherical"):
        model.interpolate(a, b, method="sphericle")
    np.testing.assert_array_equal(model.sample(3, seed=1), model.sample(3, seed=1))
    assert model.sampling == "the prior N(0, I)"
    assert "fitted" in Autoencoder.load(bundles["sparse"], device="cpu").sampling
    assert Autoencoder.load(bundles["sparse"], device="cpu").sample(2).shape == (2, 1, 16, 16)
    images = np.random.default_rng(0).random((50, 1, 16, 16), np.float32)
    whole = model.reconstruct(images)
    monkeypatch.setattr("diabolo.runtime.session._graphs._CHUNK_VALUES", {"cpu": 7 * 256})
    model = Autoencoder.load(bundles["vae"], device="cpu")
    np.testing.assert_allclose(model.reconstruct(images), whole, atol=1e-5)


def test_a_zip_is_a_bundle(bundles: dict[str, Path], tmp_path: Path) -> None:
    archive = Path(
        shutil.make_archive(str(tmp_path / "b"), "zip", bundles["conv"].parent, bundles["conv"].name)
    )
    assert all(check.ok for check in verify(archive, device="cpu"))
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("conv/extra.txt", "x")
    assert not all(check.ok for check in verify(archive, device="cpu"))


@pytest.mark.parametrize("name", ["encoder.onnx", "decoder.onnx", "codes.npz", "model.json"])
def test_an_altered_byte_and_a_missing_file_are_found(copy: Path, name: str) -> None:
    path = copy / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert not all(check.ok for check in verify(copy, device="cpu"))
    with pytest.raises(errors.BundleError):
        _ = Autoencoder.load(copy, device="cpu").codes
    path.unlink()
    assert not all(check.ok for check in verify(copy, device="cpu"))


def reseal(folder: Path, **changes: object) -> None:
    """Change model.json and give it a digest that fits."""
    document = json.loads((folder / "model.json").read_text("utf-8"))
    (folder / "model.json").write_bytes(manifest.seal(document | changes))


@pytest.mark.parametrize(
    ("raw", "error", "word"),
    [
        (b"{", errors.ManifestError, "not valid JSON"),
        (b"[" * 100000, errors.ManifestError, "not valid JSON"),
        (b"{}", errors.ManifestError, "not a Diabolo"),
        (b'{"format": "diabolo-bundle", "format_version": 6}', errors.ManifestError, "newer"),
        (b'{"format": "diabolo-bundle", "format_version": 1}', errors.ManifestError, "lacks"),
    ],
)
def test_a_wrong_manifest_is_told(copy: Path, raw: bytes, error: type[Exception], word: str) -> None:
    (copy / "model.json").write_bytes(raw)
    with pytest.raises(error, match=word):
        Bundle.open(copy)


def test_paths_that_leave_the_bundle_are_refused(copy: Path) -> None:
    files = Bundle.open(copy).manifest.document["files"]
    for name in ("../x", "/etc/passwd", "C:\\x", "a/../../x", "a//b", "model.json"):
        reseal(copy, files=files | {name: files["encoder.onnx"]})
        with pytest.raises(errors.ManifestError, match="not a file inside"):
            Bundle.open(copy)


def test_unknown_keys_are_ignored_and_other_graphs_refused(copy: Path, bundles: dict[str, Path]) -> None:
    reseal(copy, something_new={"a": 1})
    assert all(check.ok for check in verify(copy, device="cpu"))
    document = Bundle.open(copy).manifest.document
    reseal(copy, image=document["image"] | {"shape": [1, 8, 32]})
    with pytest.raises(errors.ManifestError, match="not the graph"):
        Autoencoder.load(copy, device="cpu")


def test_devices(bundles: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = Autoencoder.load(bundles["conv"], device="cpu")
    assert model.device.active == "cpu"
    with pytest.raises(errors.UnknownNameError, match="cuda"):
        Autoencoder.load(bundles["conv"], device="cdua")
    monkeypatch.setattr(device, "_cuda_trouble", lambda _ort: "no driver. Install it.")
    with pytest.raises(errors.DeviceError, match="no driver"):
        Autoencoder.load(bundles["conv"], device="cuda")
    assert "no driver" in Autoencoder.load(bundles["conv"], device="auto").device.reason
    monkeypatch.setattr(device, "_installed", lambda: {"onnxruntime", "onnxruntime-gpu"})
    with pytest.raises(errors.MissingPackageError, match="uninstall"):
        Autoencoder.load(bundles["conv"])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 70000)
    | st.floats(allow_nan=False, width=32)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(value=JSON, data=st.data())
def test_our_schema_reader_agrees_with_jsonschema(
    value: object, data: st.DataObject, bundles: dict[str, Path]
) -> None:
    document = json.loads((bundles["vae"] / "model.json").read_text("utf-8"))
    node, key = document, ""
    while isinstance(node, dict) and node and (not key or data.draw(st.booleans())):
        parent, key = node, data.draw(st.sampled_from(sorted(node)))
        node = parent[key]
    parent[key] = value
    validator = jsonschema.Draft202012Validator(manifest.schema())
    assert (not list(problems(document, manifest.schema()))) == validator.is_valid(document)


def replace_file(folder: Path, name: str, raw: bytes) -> None:
    """Swap a file and make every hash fit again."""
    (folder / name).write_bytes(raw)
    files = Bundle.open(folder).manifest.document["files"]
    entry = files[name] | {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    reseal(folder, files=files | {name: entry})


def npz(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def huge_npz() -> bytes:
    """An array whose header promises far more than is there."""
    raw, buffer = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(raw, {"descr": "<f4", "fortran_order": False, "shape": (10**11, 6)})
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("codes.npy", raw.getvalue())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("encoder.onnx", b"not onnx"),
        ("decoder.onnx", b""),
        ("codes.npz", b"no zip"),
        ("codes.npz", huge_npz()),
        ("codes.npz", npz(codes=np.array([["a"] * 6]))),
        ("codes.npz", npz(codes=np.full((2, 6), np.nan, np.float32))),
        ("codes.npz", npz(codes=np.zeros((2, 6), np.float32), labels=np.array([99, -5]))),
    ],
)
def test_broken_files_with_fitting_hashes_are_found(copy: Path, name: str, raw: bytes) -> None:
    replace_file(copy, name, raw)
    assert not all(check.ok for check in verify(copy, device="cpu"))


def test_a_cut_zip_is_told(bundles: dict[str, Path], tmp_path: Path) -> None:
    folder = bundles["conv"]
    archive = Path(shutil.make_archive(str(tmp_path / "b"), "zip", folder.parent, folder.name))
    raw = archive.read_bytes()
    archive.write_bytes(raw[:-60] + raw[-22:])
    with pytest.raises(errors.BundleError):
        Bundle.open(archive)
