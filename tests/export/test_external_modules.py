"""Other people's modules as bundles; and what would be wrong is refused."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from _modules import EXAMPLE, GREY, Conv, Gaussian, Linear, document, sound
from click.testing import CliRunner
from PIL import Image
from torch import Tensor, nn

from diabolo.export import Exported, ExportError, export_factory, export_pair
from diabolo.export.parity import Parity
from diabolo.runtime import Autoencoder
from diabolo.ui.cli import main


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
    np.testing.assert_allclose(model.codes.latents, mean.numpy(), atol=float(mean.std(0).max()) / 100)
    assert model.density is None  # no test images: nothing to rank by
    assert model.manifest.classes == ("a", "b")
    card = (done.path / "README.md").read_text("utf-8")
    assert card.startswith("# b\n\nmade for a test.\n")
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


@pytest.mark.long
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


@pytest.mark.long
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
        ("", "does not name a function"),
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
        return {"first": image, "second": image}


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (Several(), Linear(), "returns a dict with 'first', 'second'. It must return the latent"),
        (Fixed(), Linear(), "depends on the others in its batch"),
        (Random(), Linear(), "the encoder is random"),
        (nn.Linear(5, 5), Linear(), r"encoder fails on a batch of shape \(8, 1, 8, 8\)"),
        (Gaussian(), nn.Linear(3, 63), "the decoder returns shape"),
        ("image", Linear(), "the encoder is str. Give a torch.nn.Module"),
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


def test_codes_far_from_zero_are_told_apart(tmp_path: Path) -> None:
    """What is rounded is a share of the deviation, not of the value."""

    class Far(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return 100 + 0.03 * image.flatten(1)[:, :3]

    class Back(torch.nn.Module):
        def forward(self, latent: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(latent[:, :1, None, None] - 100).expand(-1, 1, *GREY.shape[2:])

    images = np.random.default_rng(0).random((60, *GREY.shape[1:]), np.float32)
    done = export_pair(
        Far(), Back(), GREY, tmp_path / "b", images=images, classes=[" ", "!"], labels=[0] * 60
    )
    codes = Autoencoder.load(done.path, device="cpu").codes
    assert codes is not None
    known = 100 + 0.03 * images.reshape(60, -1)[:, :3]
    assert (np.abs(codes.latents - known) < known.std(0) / 90).all()


def test_a_pair_without_error(tmp_path: Path) -> None:
    """Its PSNR would be infinite, which JSON cannot hold."""
    said: list[str] = []
    decoder = nn.Sequential(nn.Unflatten(1, (1, 8, 8)))
    done = export_pair(nn.Sequential(nn.Flatten()), decoder, GREY, tmp_path / "b", note=said.append)
    assert document(done.path)["exported"]["torch"]["mse"] == 0
    assert 130 < document(done.path)["exported"]["torch"]["psnr"] < 140
    assert not any("mean" in each for each in said)


def test_a_pair_that_is_worse_than_the_mean_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []
    parity = Parity(latent=0, image=0, images=())
    done = Exported(path=tmp_path, parity=parity, figures={"torch": {"mse": 0.2}})
    monkeypatch.setattr("diabolo.export.external_modules.write", lambda *_: done)
    export_pair(Gaussian(), Linear(), GREY, tmp_path / "b", value_range=(-1, 1), note=said.append)
    assert "MSE of 0.2, more than that of the images' mean" in said[-1]
    assert "value_range" in said[-1]
