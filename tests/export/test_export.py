"""Export: dtypes, opsets, uint8 graphs, the same bytes each time; and the page's commands."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from _modules import EXAMPLE, GREY, Conv, Gaussian, Linear, document, sound
from click.testing import CliRunner
from PIL import Image

from diabolo.export import ExportError, Settings, export_pair, export_run
from diabolo.export.graphs import OPSETS, oldest_runtime
from diabolo.export.quantised import quantise
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import manifest
from diabolo.train import Run
from diabolo.ui.cli import main


def test_same_weights_same_bytes_in_another_process(
    runs: dict[str, Path], bundles: dict[str, Path], tmp_path: Path
) -> None:
    code = f"from diabolo.export import export_run; export_run({str(runs['vae'])!r}, {str(tmp_path / 'b')!r})"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    for name in ("encoder.onnx", "decoder.onnx", "codes.npz", "preview.png", "map.png"):
        mine, theirs = ((folder / name).read_bytes() for folder in (tmp_path / "b", bundles["vae"]))
        assert hashlib.sha256(mine).hexdigest() == hashlib.sha256(theirs).hexdigest(), name


def test_codes_say_how_dense_the_training_codes_lie(bundles: dict[str, Path]) -> None:
    """Codes of test images are ordinary; for a VAE, whose training codes are drawn, so is the prior."""
    for name, path in bundles.items():
        model = Autoencoder.load(path, device="cpu")
        codes, density = model.codes, model.density
        assert codes is not None, name
        assert density is not None, name
        assert density.rank(codes.latents).mean() < 0.9, name
        far = model.manifest.latent_maximum + 20 * model.manifest.latent_std.max()
        assert density.rank(far[None])[0] == 1, name
        if model.manifest.prior:
            assert density.rank(model.sample_latents(200, seed=0)).mean() < 0.9


def test_without_codes_nothing_of_the_data_set_can_be_decoded(
    runs: dict[str, Path], tmp_path: Path, bundles: dict[str, Path]
) -> None:
    told = CliRunner().invoke(main, ["export", str(runs["vae"]), "-o", str(tmp_path / "b"), "--no-codes"])
    assert told.exit_code == 0, told.output
    names = {path.name for path in (tmp_path / "b").iterdir()}
    assert names == {path.name for path in bundles["vae"].iterdir()} - {"codes.npz", "map.png"}
    assert Autoencoder.load(tmp_path / "b", device="cpu").codes is None
    assert sound(tmp_path / "b")
    card, full = ((folder / "README.md").read_text("utf-8") for folder in (tmp_path / "b", bundles["vae"]))
    assert "two rows of decoded codes" in full
    assert "decoded codes" not in card
    with (
        Image.open(tmp_path / "b/preview.png") as picture,
        Image.open(bundles["vae"] / "preview.png") as all_,
    ):
        assert picture.width == all_.width
        assert picture.height < all_.height  # two rows less


def test_codes_are_those_of_test_images_hardly_rounded(
    runs: dict[str, Path], bundles: dict[str, Path]
) -> None:
    data = Run.open(runs["vae"]).data()
    model = Autoencoder.load(bundles["vae"], device="cpu")
    assert model.codes is not None
    labels = model.codes.labels
    assert labels is not None
    assert len(labels) == len(data.test)
    np.testing.assert_array_equal(labels, data.test.labels)
    again = model.encode(data.test.images[:].astype(np.float32) / np.float32(255))
    assert (np.abs(model.codes.latents - again) < again.std(0) / 100).all()


def test_half_precision_halves_the_file(
    runs: dict[str, Path], bundles: dict[str, Path], tmp_path: Path
) -> None:
    done = export_run(runs["conv"], tmp_path / "half", dtype="fp16")
    about = document(done.path)
    assert about["graphs"]["dtype"] == "fp16"
    assert about["exported"]["bytes"]["fp16"] < 0.6 * about["exported"]["bytes"]["fp32"]
    assert abs(about["exported"]["change"]["psnr"]) < 0.05
    assert sound(done.path)
    images = np.random.default_rng(0).random((5, 1, 16, 16), np.float32)
    mine, full = (Autoencoder.load(b, device="cpu").reconstruct(images) for b in (done.path, bundles["conv"]))
    np.testing.assert_allclose(mine, full, atol=5e-3)
    assert not np.array_equal(mine, full)


def test_eight_bits_are_measured_and_sound(runs: dict[str, Path], tmp_path: Path) -> None:
    done = export_run(runs["conv"], tmp_path / "small", dtype="int8", force=True)
    about = document(done.path)
    assert about["exported"]["bytes"]["int8"] < 0.6 * about["exported"]["bytes"]["fp32"]
    change = about["exported"]["change"]["psnr"]
    assert change == pytest.approx(
        about["exported"]["graphs"]["psnr"] - about["exported"]["torch"]["psnr"], abs=1e-9
    )
    assert change != 0
    assert sound(done.path)
    for name in ("encoder.onnx", "decoder.onnx"):
        kinds = {node.op_type for node in onnx.load(done.path / name).graph.node}
        assert {"QuantizeLinear", "DequantizeLinear"} <= kinds, name


def test_eight_bits_that_cost_too_much_are_refused(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coarse(graph: onnx.ModelProto, name: str, batches: list[np.ndarray]) -> onnx.ModelProto:
        return quantise(graph, name, [50 * batch for batch in batches])

    monkeypatch.setattr("diabolo.export.bundle.quantise", coarse)
    with pytest.raises(ExportError, match=r"dB of PSNR.*--force"):
        export_run(runs["autoencoder"], tmp_path / "small", dtype="int8")
    assert not (tmp_path / "small").exists()
    done = export_run(runs["autoencoder"], tmp_path / "small", dtype="int8", force=True)
    assert document(done.path)["exported"]["change"]["psnr"] < -0.5


@pytest.mark.parametrize("dtype", ["fp32", "int8"])
def test_uint8_graphs(dtype: str, tmp_path: Path) -> None:
    import onnxruntime

    model = Conv()
    done = export_pair(
        model.encode, model.decode, EXAMPLE, tmp_path / "b", uint8_io=True, dtype=dtype, force=True
    )
    assert sound(done.path)
    assert {check.name for check in verify(done.path, device="cpu")} >= {"encoder_uint8", "decoder_uint8"}
    pixels = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)
    encoder, decoder = (
        onnxruntime.InferenceSession(done.path / f"{name}-uint8.onnx", providers=["CPUExecutionProvider"])
        for name in ("encoder", "decoder")
    )
    latent = encoder.run(["latent"], {"image": pixels})[0]
    image = decoder.run(["image"], {"latent": latent})[0]
    runtime = Autoencoder.load(done.path, device="cpu")
    np.testing.assert_allclose(latent, runtime.encode(pixels), atol=1e-5)
    assert image.dtype == np.uint8
    assert image.shape == pixels.shape
    wanted = runtime.decode(latent).transpose(0, 2, 3, 1) * 255
    assert np.abs(image - wanted).max() <= 0.51


def test_verify_finds_a_wrong_uint8_graph(tmp_path: Path) -> None:
    model = Conv()
    done = export_pair(model.encode, model.decode, EXAMPLE, tmp_path / "b", uint8_io=True)
    about = document(done.path)
    raw = (done.path / "decoder.onnx").read_bytes()  # floats where uint8 is promised
    (done.path / "decoder-uint8.onnx").write_bytes(raw)
    entry = about["files"]["decoder-uint8.onnx"]
    entry |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    (done.path / "model.json").write_bytes(manifest.seal(about))
    assert [check.name for check in verify(done.path, device="cpu") if not check.ok] == ["decoder_uint8"]


@pytest.mark.parametrize(
    "opset",
    [OPSETS[0], *(pytest.param(each, marks=pytest.mark.long) for each in OPSETS[1:-1]), OPSETS[-1]],
)
def test_every_opset_is_what_it_says(opset: int, tmp_path: Path) -> None:
    done = export_pair(Gaussian(), Linear(), GREY, tmp_path / "b", opset=opset, value_range=(-1, 1))
    about = document(done.path)["graphs"]
    for name in ("encoder.onnx", "decoder.onnx"):
        graph = onnx.load(done.path / name)
        assert [item.version for item in graph.opset_import if item.domain == ""] == [opset]
        assert graph.ir_version == about["ir_version"]
    assert about["opset"] == opset
    assert about["onnxruntime"] == oldest_runtime(opset)
    assert sound(done.path)


def test_settings_that_are_not_possible() -> None:
    with pytest.raises(ExportError, match="opset 7 is not possible"):
        Settings(opset=7)
    with pytest.raises(ExportError, match="fp32, fp16, int8"):
        Settings(dtype="fp8")


def test_the_commands_of_the_page(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("vae", "conv"):
        shutil.copytree(runs[name], tmp_path / "runs" / name)
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    Path("my_model.py").write_text(code)
    listed = re.findall(r"^    diabolo (.*)$", page, re.MULTILINE)
    assert [line.split()[0] for line in listed] == ["export", "verify", "export", "export"]
    for line in listed:
        force = ["--force"] * ("int8" in line)  # tiny images of discs bear 8 bits worse
        done = CliRunner().invoke(main, [*line.split(), *force])
        assert done.exit_code == 0, done.output
    for opset in OPSETS:
        assert oldest_runtime(opset) in page
