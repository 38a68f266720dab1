"""A latent that is a grid, from training to the app: every network that declares one, on every variant."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from _stopper import Stopper
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.export import export_run
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.image.convert import as_batch
from diabolo.train import Config, Run, fit, networks, resume, variants
from diabolo.train.errors import RunError, StoppedError
from diabolo.train.step import Step
from diabolo.ui.cli import main
from diabolo.ui.explorer.backend import backend_of

SHAPE, CHANNELS = (1, 16, 16), 2
GRIDS = {
    name: shape
    for name in networks.names()
    if len(shape := networks.find(name).latent_shape(SHAPE, CHANNELS)) > 1
}
PAIRS = [
    (variant, network)
    for variant in variants.names()
    for network in GRIDS
    if network in (variants.find(variant).Variant.networks or GRIDS)
]


def settings(pictures: Path, variant: str, network: str, **more: object) -> Config:
    options = {"network": network, "latent_dim": CHANNELS, "epochs": 2, "batch_size": 20} | more
    return Config.make(variant, str(pictures), **options)


EXPORTED = [pair for pair in PAIRS if pair[0] in ("sparse", "vae")]  # without a prior, and with one


@pytest.fixture(scope="module")
def made(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """A short run of each pair; some of them exported to `bundle` in their folder."""
    folder, made = tmp_path_factory.mktemp("grids"), {}
    for pair in PAIRS:
        made[pair] = fit(settings(pictures, *pair), folder / "-".join(pair)).path
        if pair in EXPORTED:
            export_run(made[pair])
    return made


@pytest.fixture(params=EXPORTED, ids="-".join)
def run(request: pytest.FixtureRequest, made: dict[tuple[str, str], Path]) -> Run:
    return Run.open(made[request.param])


@pytest.fixture
def model(run: Run) -> Autoencoder:
    return Autoencoder.load(run.path / "bundle", device="cpu")


def shape_of(run: Run) -> tuple[int, ...]:
    return GRIDS[run.config.network]


def call(*arguments: object) -> Result:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    return done


def test_most_variants_take_a_grid() -> None:
    assert {"autoencoder", "conv", "denoising", "sparse", "vae"} <= {variant for variant, _ in PAIRS}


@pytest.mark.parametrize("network", GRIDS)
def test_figures_count_every_value_of_the_grid(network: str, made: dict[tuple[str, str], Path]) -> None:
    count = prod(GRIDS[network])
    vae, sparse = (Run.open(made[name, network]).metrics() for name in ("vae", "sparse"))
    assert len(vae["kl_by_dimension"]) == count
    assert sum(vae["kl_by_dimension"]) == pytest.approx(vae["kl"], rel=1e-2)
    assert 0 <= vae["active_units"] <= count
    assert len(sparse["activity_by_unit"]) == count
    assert np.mean(sparse["activity_by_unit"]) == pytest.approx(sparse["activity"], abs=1e-4)


@pytest.mark.parametrize("network", GRIDS)
def test_the_vaes_loss_is_the_flat_latents(network: str) -> None:
    """The same means, log-variances and noise, flat or as a grid, give the same terms."""
    kind, model = Config.make("vae", "glyphs", network=network, latent_dim=CHANNELS).build(SHAPE)
    model.requires_grad_(False)
    image = torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(0))
    code = model.encode(image)
    assert code.log_variance is not None
    assert code.latent.shape == code.log_variance.shape == (3, *GRIDS[network])
    mean, variance = code.latent.double(), code.log_variance.double().exp()
    exact = 0.5 * (mean.square() + variance - 1 - variance.log()).sum((1, 2, 3)).mean()
    loss = kind.loss(model, image, Step(0, 0))
    assert float(loss.terms["kl"]) == pytest.approx(float(exact), rel=1e-5)
    weights = kind.log_weights(model, image, Step(0, 0), 5)
    assert weights is not None
    assert weights.shape == (3, 5)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_run_is_complete(pair: tuple[str, str], made: dict[tuple[str, str], Path]) -> None:
    run = Run.open(made[pair])
    assert 0 < run.metrics()["mse"] < 0.2
    drawn = {"losses", "reconstructions", "latent_map", "samples"}
    assert drawn <= set(run.figures())
    assert "manifold" not in run.figures()
    with pytest.raises(RunError, match="has all its 2 epochs"):
        resume(run.path)


@pytest.mark.parametrize(("variant", "network"), EXPORTED)
def test_resumed_to_the_last_bit(variant: str, network: str, pictures: Path, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        config = settings(pictures, variant, network, average=0.9)
        whole = fit(config, tmp_path / "whole")
        with pytest.raises(StoppedError):
            fit(config, tmp_path / "cut", callback=Stopper(3))
        cut = resume(tmp_path / "cut")
    finally:
        torch.set_num_threads(threads)
    for name in ("model.safetensors", "last/state.safetensors"):
        ours, theirs = whole.read_tensors(name), cut.read_tensors(name)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours), name
    assert whole.metrics() == cut.metrics()


def test_torch_and_onnx_agree(run: Run, model: Autoencoder, pictures: Path) -> None:
    assert model.manifest.latent_shape == shape_of(run)
    assert all(check.ok for check in verify(run.path / "bundle", device="cpu"))
    images = as_batch(sorted(pictures.rglob("*.png"))[::10], SHAPE)
    _, trained = run.load()
    with torch.inference_mode():
        latents = trained.encode(torch.from_numpy(images)).latent
        again = trained.decode(latents)
    np.testing.assert_allclose(model.encode(images), latents.numpy(), atol=1e-4)
    np.testing.assert_allclose(model.decode(latents.numpy()), again.numpy(), atol=1e-4)


def test_every_verb(run: Run, model: Autoencoder, pictures: Path) -> None:
    first, *_, last = sorted(pictures.rglob("*.png"))
    assert model.sample_latents(3, seed=0).shape == (3, *shape_of(run))
    assert model.sample(3, seed=0).shape == (3, *SHAPE)
    for method in ("linear", "spherical", "standardised"):
        assert model.interpolate(first, last, steps=4, method=method).shape == (4, *SHAPE)
    assert model.codes is not None
    assert model.density is not None
    assert model.density.rank(model.codes.latents).shape == (len(model.codes.latents),)


@pytest.mark.parametrize("ending", [".npz", ".npy", ".csv"])
def test_the_commands(
    ending: str, run: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bundle, few = run.path / "bundle", pictures / "discs"
    call("encode", bundle, few, "-o", f"codes{ending}")
    call("decode", bundle, f"codes{ending}", "-o", "decoded")
    call("reconstruct", bundle, few, "-o", "again")
    again, decoded = sorted(Path("again").rglob("*.png")), sorted(Path("decoded").rglob("*.png"))
    assert len(again) == len(decoded) == 60
    if ending == ".npz":  # a .npy has no names: its pictures are numbered
        for pair in zip(again, decoded, strict=True):
            np.testing.assert_allclose(*(np.asarray(Image.open(p), np.int16) for p in pair), atol=1)
    said = json.loads(call("info", bundle, "--json").stdout)
    assert said["latent"]["shape"] == list(shape_of(run))
    if ending == ".npz":  # the others would be drawn again
        call("sample", bundle, "--count", 4, "-o", "drawn.png")
        call("interpolate", bundle, few / "0.png", few / "1.png", "--steps", 3, "-o", "walk.json")
        call("interpolate", bundle, "--path", "walk.json", "-o", "walk.png")
        assert call("evaluate", run.path).stdout


def test_the_explorer(run: Run, model: Autoencoder) -> None:
    space = backend_of(model)
    assert space.count == prod(shape_of(run))
    about = space.about()
    assert about["shape"] == shape_of(run)
    answer = space.decode(about["start"])
    assert answer["images"]
    assert len(answer["far"]) == 1
    assert space.plane([0, space.count - 1])["points"]
    assert space.graph()["images"]
