"""A variant with discrete codes is one file: trained, drawn from, exported and run like any other."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from _images import save

from diabolo.export import export_run
from diabolo.runtime import Autoencoder, Bundle, LatentSpace
from diabolo.runtime.bundle import manifest
from diabolo.runtime.errors import ManifestError
from diabolo.runtime.latent import Codebook
from diabolo.runtime.verify import verify
from diabolo.train import Config, Run, fit, resume, variants

VARIANT = '''
"""Each position of the grid is replaced by the nearest of a few vectors (https://arxiv.org/abs/1711.00937)."""
from dataclasses import dataclass

import torch
from torch import nn

from diabolo.runtime.latent import Codebook
from diabolo.train.losses import mean_squared_error
from diabolo.train.model import Code, Head
from diabolo.train.settings import Settings, setting
from diabolo.train.variants import Loss, VariantBase


@dataclass(frozen=True, kw_only=True)
class Options(Settings):
    vectors: int = setting(8, "vectors in the codebook", low=2, high=65536)


class Nearest(Head):
    def __init__(self, count):
        super().__init__()
        self.count = count

    def build(self, latent_shape):
        self.vectors = nn.Parameter(torch.randn(self.count, latent_shape[0]))

    def forward(self, raw):
        point = raw.float().movedim(1, -1).unsqueeze(-2)
        index = (point - self.vectors).square().sum(-1).argmin(-1)
        return Code(self.vectors[index].movedim(-1, 1))

    def distribution(self, codes):
        return Codebook.to(self.vectors.detach().cpu().numpy(), codes)


class Variant(VariantBase):
    summary = "discrete codes"
    default_network = "conv-spatial"

    def __init__(self, options):
        self.options = options

    def head(self):
        return Nearest(self.options.vectors)

    def loss(self, model, image, step):
        raw = model.encoder(image)
        vectors = model.head(raw).latent
        straight_through = raw + (vectors - raw).detach()
        error = mean_squared_error(image, model.decode(straight_through))
        codebook = mean_squared_error(raw.detach(), vectors)
        commitment = mean_squared_error(raw, vectors.detach())
        return Loss(error + codebook + 0.25 * commitment, {"error": error.detach()})
'''
SHAPE = (4, 4, 4)


@pytest.fixture(scope="module", autouse=True)
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The variant comes with another package, whose entry point names its file."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "toy_discrete.py").write_text(VARIANT)
    point = metadata.EntryPoint("discrete", "toy_discrete", "diabolo.train.variants")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr(
            metadata, "entry_points", lambda **chosen: metadata.EntryPoints([point]).select(**chosen)
        )
        yield
    sys.modules.pop("toy_discrete", None)


@pytest.fixture(scope="module")
def run(_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("discrete")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIABOLO_CACHE", str(folder / "cache"))
        config = Config.make(
            "discrete",
            str(save(folder / "pictures", 40)),
            epochs=2,
            batch_size=20,
            width=4,
            image_size=(16, 16),
        )
        return fit(config, folder / "run")


@pytest.fixture(scope="module")
def bundle(run: Run) -> Path:
    return export_run(run.path).path


def vectors(run: Run) -> torch.Tensor:
    _, model = run.load()
    return model.get_parameter("head.vectors").detach()


def test_it_is_trained_and_drawn(run: Run) -> None:
    assert "discrete" in variants.names()
    _, model = run.load()
    assert model.latent_shape == SHAPE
    torch.manual_seed(run.config.seed)
    _, fresh = run.config.build(run.image_shape)
    assert not torch.equal(vectors(run), fresh.get_parameter("head.vectors"))
    latents = np.random.default_rng(0).standard_normal((30, *SHAPE)).astype(np.float32)
    space = model.latent_space(latents)
    assert isinstance(space.distribution, Codebook)
    np.testing.assert_array_equal(space.distribution.vectors, vectors(run).numpy())
    drawn = space.sample(3, np.random.default_rng(0))
    np.testing.assert_array_equal(space.quantise(drawn), drawn)
    assert {"samples", "latent_map", "reconstructions"} <= run.figures().keys()
    assert run.metrics()["error"] == pytest.approx(run.metrics()["mse"], rel=1e-4)


def test_it_is_continued(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    assert resume(tmp_path / "run", epochs=3).epochs_done() == 3


def test_the_bundle_has_the_codebook(run: Run, bundle: Path) -> None:
    opened = Bundle.open(bundle)
    assert opened.manifest.document["format_version"] == 2
    assert opened.manifest.distribution == "codebook"
    assert opened.manifest.prior is None
    space = LatentSpace.of(opened)
    assert isinstance(space.distribution, Codebook)
    np.testing.assert_array_equal(space.distribution.vectors, vectors(run).numpy())
    assert space.distribution.frequencies.sum() == pytest.approx(1)
    assert LatentSpace.of(opened.manifest).distribution.name == "fitted"  # the manifest has no vectors


def test_the_bundle_runs(bundle: Path) -> None:
    model = Autoencoder.load(bundle, device="cpu")
    latents = model.sample_latents(5, seed=1)
    assert latents.shape == (5, *SHAPE)
    np.testing.assert_array_equal(model.latent_space.quantise(latents), latents)
    images = model.decode(latents)
    codes = model.encode(images)
    np.testing.assert_allclose(model.latent_space.quantise(codes), codes, atol=1e-6)
    assert all(check.ok for check in verify(bundle))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.clear(), "no vectors"),
        (lambda arrays: arrays.update(vectors=arrays["vectors"][:, :3]), r"vectors of shape \(8, 3\)"),
        (lambda arrays: arrays.update(vectors=arrays["vectors"] * np.nan), "up to nan"),
        (lambda arrays: arrays.update(frequencies=arrays["frequencies"][:3]), "as many frequencies"),
        (lambda arrays: arrays.update(frequencies=-arrays["frequencies"]), "at least 0"),
    ],
)
def test_a_codebook_that_does_not_fit_is_refused(
    bundle: Path, tmp_path: Path, change: object, words: str
) -> None:
    import hashlib

    folder = shutil.copytree(bundle, tmp_path / "changed")
    arrays = dict(np.load(folder / "codebook.npz"))
    change(arrays)  # type: ignore[operator]
    np.savez(folder / "codebook.npz", **arrays)
    raw = (folder / "codebook.npz").read_bytes()
    document = json.loads((folder / "model.json").read_text("utf-8"))
    document["files"]["codebook.npz"] |= {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
    (folder / "model.json").write_bytes(manifest.seal(document))
    with pytest.raises(ManifestError, match=words):
        LatentSpace.of(Bundle.open(folder))


def test_a_missing_codebook_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundle, tmp_path / "changed")
    document = json.loads((folder / "model.json").read_text("utf-8"))
    del document["files"]["codebook.npz"]
    (folder / "model.json").write_bytes(manifest.seal(document))
    with pytest.raises(ManifestError, match="no vectors"):
        LatentSpace.of(Bundle.open(folder))
