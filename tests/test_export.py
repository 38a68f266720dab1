"""Export: dtypes, uint8 graphs, other people's modules, the card; and what would be wrong is refused."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import Tensor, nn

from diabolo.export import ExportError, Settings, export_factory, export_pair, export_run
from diabolo.export.graphs import OPSETS, oldest_runtime
from diabolo.export.quantised import quantised
from diabolo.runtime import Autoencoder, manifest, verify
from diabolo.runtime._onnx import external_tensors
from diabolo.runtime.errors import BundleError, IntegrityError
from diabolo.ui.cli import main


def document(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "model.json").read_text("utf-8"))
    jsonschema.validate(found, manifest.schema())
    return found


def sound(bundle: Path) -> bool:
    checks = verify(bundle, device="cpu")
    assert len(checks) > 5
    return all(check.ok for check in checks)


class Conv(nn.Module):
    """A small convolutional autoencoder with a spatial latent, as anyone might have one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)

    def encode(self, image: Tensor) -> Tensor:
        return self.down(image).tanh()

    def decode(self, latent: Tensor) -> Tensor:
        return self.up(latent).sigmoid()


class Gaussian(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(64, 6)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layer(image.flatten(1)).chunk(2, 1)
        return mean, log_variance


class Linear(nn.Sequential):
    def __init__(self) -> None:
        torch.manual_seed(2)
        super().__init__(nn.Linear(3, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))


EXAMPLE = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(3))
GREY = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(4))


def test_same_weights_same_bytes_in_another_process(
    runs: dict[str, Path], bundles: dict[str, Path], tmp_path: Path
) -> None:
    code = f"from diabolo.export import export_run; export_run({str(runs['vae'])!r}, {str(tmp_path / 'b')!r})"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    for name in ("encoder.onnx", "decoder.onnx", "codes.npz", "preview.png"):
        mine, theirs = ((folder / name).read_bytes() for folder in (tmp_path / "b", bundles["vae"]))
        assert hashlib.sha256(mine).hexdigest() == hashlib.sha256(theirs).hexdigest(), name


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
        return quantised(graph, name, [50 * batch for batch in batches])

    monkeypatch.setattr("diabolo.export.bundle.quantised", coarse)
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


@pytest.mark.parametrize("opset", OPSETS)
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


def test_two_modules_with_a_mean_and_a_log_variance(tmp_path: Path) -> None:
    encoder, decoder = Gaussian(), Linear()
    encoder.train()
    done = export_pair(
        *(encoder, decoder, GREY, tmp_path / "b"),
        images=GREY.numpy(),
        labels=[0, 1] * 4,
        classes=["a", "b"],
        value_range=(-1, 1),
        prior="normal",
        summary="made for a test",
    )
    assert encoder.training  # the caller's module is as it was
    assert sound(done.path)
    model = Autoencoder.load(done.path, device="cpu")
    with torch.no_grad():
        mean, _ = encoder(GREY * 2 - 1)
        image = ((decoder(mean) + 1) / 2).clamp(0, 1)
    np.testing.assert_allclose(model.encode(GREY.numpy()), mean.numpy(), atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(GREY.numpy()), image.numpy(), atol=1e-5)
    assert model.manifest.log_variance
    assert model.sampling == "the prior N(0, I)"
    assert model.codes is not None
    np.testing.assert_allclose(model.codes.latents, mean.numpy(), atol=1e-5)
    assert model.manifest.classes == ("a", "b")
    card = (done.path / "README.md").read_text("utf-8")
    assert card.startswith("# b\n\nMade for a test.\n")
    assert "given images" in card
    assert f"{document(done.path)['exported']['graphs']['psnr']:.2f}" in card


def test_a_card_s_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = export_pair(Gaussian(), Linear(), GREY, tmp_path / "b", value_range=(-1, 1))
    Image.new("L", (20, 20), 128).save(done.path / "picture.png")
    blocks = (done.path / "README.md").read_text("utf-8").split("```python\n")[1:]
    assert len(blocks) == 2
    for block in blocks:
        (tmp_path / "code.py").write_text(block.split("```")[0])
        subprocess.run([sys.executable, tmp_path / "code.py"], check=True, cwd=done.path)


def test_a_spatial_latent_is_no_vector_anywhere(tmp_path: Path) -> None:
    model = Conv()
    done = export_pair(model.encode, model.decode, EXAMPLE, tmp_path / "b", images=EXAMPLE.numpy())
    runtime = Autoencoder.load(done.path, device="cpu")
    assert runtime.manifest.latent_shape == (4, 8, 8)
    assert runtime.encode(EXAMPLE.numpy()).shape == (8, 4, 8, 8)
    assert runtime.sample(3, seed=0).shape == (3, 3, 16, 16)
    ends = EXAMPLE.numpy()[:1], EXAMPLE.numpy()[1:2]
    assert runtime.interpolate(*ends, steps=4, method="spherical").shape == (4, 3, 16, 16)
    with Image.open(done.path / "preview.png") as picture:
        assert picture.width > 10 * 16


def test_diffusers_kl(tmp_path: Path) -> None:
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    sizes = {"block_out_channels": (8, 16), "down_block_types": ("DownEncoderBlock2D",) * 2}
    model = AutoencoderKL(
        **sizes,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=16,
    ).eval()
    done = export_pair(
        model.encode, model.decode, EXAMPLE, tmp_path / "kl", value_range=(-1, 1), prior="normal"
    )
    about = document(done.path)["latent"]
    assert about["shape"] == [4, 8, 8]
    assert about["log_variance"]
    assert sound(done.path)
    with torch.no_grad():
        wanted = model.encode(EXAMPLE * 2 - 1).latent_dist.mean.numpy()
    np.testing.assert_allclose(
        Autoencoder.load(done.path, device="cpu").encode(EXAMPLE.numpy()), wanted, atol=1e-4
    )


def test_diffusers_tiny(tmp_path: Path) -> None:
    from diffusers import AutoencoderTiny

    torch.manual_seed(0)
    model = AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).eval()
    done = export_pair(model.encode, model.decode, EXAMPLE, tmp_path / "tiny", value_range=(-1, 1))
    assert document(done.path)["latent"]["shape"] == [4, 8, 8]
    assert sound(done.path)


def test_a_factory_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        textwrap.dedent("""
        import torch
        from torch import nn
        def make():
            torch.manual_seed(0)
            encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
            decoder = nn.Sequential(nn.Linear(2, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
            return encoder, decoder, torch.rand(4, 1, 8, 8)
        def wrong():
            return 3
        """)
    )
    done = CliRunner().invoke(main, ["export", f"{tmp_path / 'mine.py'}:make", "--uint8-io"])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(tmp_path / "mine")
    assert sound(tmp_path / "mine")
    for name, message in (
        ("wrong", "returns int"),
        ("nothing", "no function 'nothing'"),
        ("", "names no function"),
    ):
        named = f"{tmp_path / 'mine.py'}:{name}" if name else str(tmp_path / "mine.py")
        with pytest.raises(ExportError, match=message):
            export_factory(named, tmp_path / "out")
    assert not (tmp_path / "out").exists()


class Fixed(nn.Module):
    """Asks for the batch's size where the example had two."""

    def forward(self, image: Tensor) -> Tensor:
        return image.reshape(len(image), -1)[:, :3] if len(image) == 2 else image.flatten(1)[:, 1:4]


class Random(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return image.flatten(1)[:, :3] + torch.rand(3)


class Several(nn.Module):
    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"latent": image}


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (Several(), Linear(), "returns dict. It must return the latent"),
        (Fixed(), Linear(), "fixed|differs from torch|cannot export"),
        (Random(), Linear(), "differs from torch"),
        (nn.Linear(5, 5), Linear(), r"encoder fails on a batch of shape \(8, 1, 8, 8\)"),
        (Gaussian(), nn.Linear(3, 64), "the decoder gives shape"),
        (lambda image: image, Linear(), "Give a torch.nn.Module"),
    ],
)
def test_modules_that_do_not_do(encoder: Any, decoder: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=message):
        export_pair(encoder, decoder, GREY, tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_wrong_arguments(tmp_path: Path) -> None:
    def call(**given: Any) -> None:
        export_pair(*(Gaussian(), Linear(), given.pop("example", GREY), tmp_path / "b"), **given)

    with pytest.raises(ExportError, match="prior 'laplace'"):
        call(prior="laplace")
    with pytest.raises(ExportError, match="lower number comes first"):
        call(value_range=(1, -1))
    with pytest.raises(ExportError, match="labels must be 8 whole numbers"):
        call(labels=[0, 1], classes=["a"], images=GREY.numpy())
    with pytest.raises(ExportError, match="Give float images"):
        call(example=torch.zeros(1, 8, 8))
    assert not list(tmp_path.iterdir())


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


def test_the_commands_of_the_page(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "export.md").read_text("utf-8")
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
