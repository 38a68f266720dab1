"""Every variant that is found trains, and what it computes is what its paper says."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.image.convert import as_batch
from diabolo.train import Config, Run, fit, losses, networks, resume, variants
from diabolo.train.datasets import Split
from diabolo.train.errors import OptionError, RunError
from diabolo.train.evaluation import evaluate as evaluate_module
from diabolo.train.step import Step

SHAPES = [(1, 28, 28), (3, 32, 32), (1, 9, 13)]


def test_what_must_be_there_is_found() -> None:
    assert {"autoencoder", "sparse", "denoising", "vae", "conv", "topk", "contractive"} <= set(
        variants.names()
    )
    assert {"dense", "conv"} <= set(networks.names())


@pytest.mark.parametrize("network", networks.names())
@pytest.mark.parametrize("variant", variants.names())
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_parameter_gets_a_gradient(variant: str, network: str, shape: tuple[int, int, int]) -> None:
    kind = variants.make(variant)
    if kind.networks is not None and network not in kind.networks:
        with pytest.raises(OptionError, match="--network"):
            Config.make(variant, "glyphs", network=network)
        return
    _, model = Config.make(variant, "glyphs", network=network, latent_dim=5).build(shape)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(4, *shape, generator=generator)
    loss = kind.loss(model, image, Step(0, 0))
    loss.objective.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, f"{name} gets no gradient in the first step"
    assert model(image).shape == image.shape
    assert model.encode(image).latent.shape == (4, *model.latent_shape)


@pytest.mark.parametrize("options", [{}, {"likelihood": "gaussian"}])
@pytest.mark.parametrize("variant", variants.names())
def test_an_output_that_ran_to_black_comes_back(variant: str, options: dict[str, str]) -> None:
    if options and variant != "vae":
        return
    torch.manual_seed(0)
    kind, model = Config.make(variant, "glyphs", latent_dim=5, variant_options=options).build((1, 8, 8))
    image = torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        [*model.decoder.parameters()][-1].sub_(60)  # the biases at the end
        assert float(model(image).max()) < 1e-12
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    for number in range(300):
        optimizer.zero_grad()
        kind.loss(model, image, Step(0, number)).objective.backward()
        optimizer.step()
    with torch.inference_mode():
        # some losses return slowly; one that cannot return stays below 1e-12
        assert float(model.eval()(image).mean()) > 0.01


@pytest.mark.parametrize("variant", variants.names())
def test_the_loss_falls_and_the_output_follows_the_input(
    variant: str, runs: dict[str, Path], pictures: Path
) -> None:
    run = Run.open(runs[variant])
    history = run.history()
    assert len(history) == 40
    assert history[-1]["loss"] < history[0]["loss"]
    _, model = run.load()
    images = as_batch(sorted(pictures.rglob("*.png")), run.image_shape)
    with torch.inference_mode():
        assert float(model(torch.from_numpy(images)).std(0).max()) > 0.02


@pytest.mark.parametrize("variant", variants.names())
def test_a_run_holds_what_the_design_says(variant: str, runs: dict[str, Path]) -> None:
    run = runs[variant]
    for name in ("config.json", "model.safetensors", "history.csv", "metrics.json", "last/state.safetensors"):
        assert (run / name).stat().st_size > 0, name
    figures = json.loads((run / "metrics.json").read_text())
    assert {p.stem for p in (run / "plots").glob("*.png")} == {
        "losses",
        "reconstructions",
        "latent_map",
        "samples",
    } | ({"activity"} if "activity_by_unit" in figures else set())
    assert min(plot.stat().st_size for plot in (run / "plots").iterdir()) > 2000
    assert 0 < figures["mse"] < 0.2
    assert figures["images"] == 15
    assert not list(run.rglob("*.part"))


def test_denoising_figures_stand_beside_the_noisy_ones(runs: dict[str, Path]) -> None:
    figures = json.loads((runs["denoising"] / "metrics.json").read_text())
    assert figures["denoised_psnr"] > figures["noisy_psnr"]


@pytest.mark.parametrize("variant", ["contractive", "denoising", "regularised", "topk", "vq"])
def test_a_resumed_run_equals_an_unbroken_one(
    variant: str, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diabolo.train.variants.topk._WINDOW", 30)  # so that units are dead so early
    config = Config.make(variant, str(pictures), latent_dim=12, epochs=3, batch_size=25)
    whole = fit(config, tmp_path / "whole")

    class Stop(Exception):
        pass

    class Callback:
        def note(self, text: str) -> None: ...
        def loading(self, what: str, done: int, total: int) -> None: ...
        def start(self, images: int, epochs: int, done: int) -> None: ...
        def step(self, images: int, loss: float | None) -> None: ...
        def epoch(self, row: dict[str, float]) -> None:
            raise Stop

    with pytest.raises(Stop):
        fit(config, tmp_path / "broken", callback=Callback())
    continued = resume(tmp_path / "broken")
    assert len(continued.history()) == 3
    ours, theirs = (run.read_tensors("last/state.safetensors") for run in (continued, whole))
    assert ours.keys() == theirs.keys()
    assert any(row.get("dead") for row in whole.history()) is (variant == "topk")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_files_left_out_are_named_in_the_run(pictures: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(pictures, tmp_path / "root"))
    config = Config.make("autoencoder", str(root), latent_dim=2, epochs=1)
    assert not (fit(config, tmp_path / "whole").path / "skipped.csv").exists()
    broken = [b"a,b.png", b"two\nlines.png", b'"quoted".png', b"\xff.png", "\u8c93.png".encode()]
    for name in broken:
        (root / "bars" / os.fsdecode(name)).write_bytes(b"x")
    (root / "discs" / "gone.png").symlink_to("nowhere")
    run = fit(config, tmp_path / "run")
    with (run.path / "skipped.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "reason"]
    names = {
        "bars/" + name.decode("utf-8", "surrogateescape").replace("\udcff", "\\udcff") for name in broken
    }
    assert {name for name, _ in rows[1:]} == names | {"discs/gone.png"}
    assert len(rows) == 1 + len(names) + 1
    assert all(reason for _, reason in rows[1:])


def test_an_existing_run_is_kept(runs: dict[str, Path], pictures: Path) -> None:
    before = (runs["vae"] / "model.safetensors").read_bytes()
    with pytest.raises(RunError, match="--resume"):
        fit(Config.make("vae", str(pictures)), runs["vae"])
    with pytest.raises(RunError, match="--epochs"):
        resume(runs["vae"])
    assert (runs["vae"] / "model.safetensors").read_bytes() == before


def test_a_training_builds_its_model_once(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[object] = []
    build = Config.build
    monkeypatch.setattr(Config, "build", lambda *given: built.append(given) or build(*given))
    run = fit(Config.make("autoencoder", str(pictures), latent_dim=2, epochs=1), tmp_path / "run")
    assert len(built) == 2  # the second one takes the best weights at the end
    assert run.metrics()


def test_wrong_settings_are_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'vae'"):
        Config.make("vea", "glyphs")
    with pytest.raises(UnknownNameError, match="dense"):
        Config.make("vae", "glyphs", network="denes")
    with pytest.raises(OptionError, match="sparsity"):
        Config.make("sparse", "glyphs", variant_options={"sparsity": 1.5})
    with pytest.raises(OptionError, match="epochs"):
        Config.make("vae", "glyphs", epochs=0)
    with pytest.raises(OptionError, match="options"):
        Config.make("vae", "glyphs", variant_options={"sparsity": 0.1})


def test_bernoulli_kl_by_hand() -> None:
    by_hand = 0.1 * np.log(0.1 / 0.3) + 0.9 * np.log(0.9 / 0.7)
    assert float(losses.bernoulli_kl(0.1, torch.tensor([0.3, 0.1]))) == pytest.approx(by_hand, rel=1e-5)


def test_a_dead_unit_is_drawn_back_to_rho() -> None:
    """Its activity is far below anything that occurs, but its gradient is not zero."""
    logits = torch.tensor([-40.0, -2.0], requires_grad=True)
    losses.bernoulli_kl(0.1, logits.sigmoid()).backward()
    assert logits.grad is not None
    # d KL / d logit = rho_hat - rho
    torch.testing.assert_close(logits.grad, logits.detach().sigmoid() - 0.1)


def test_the_activity_of_few_images_does_not_choose_the_best_weights() -> None:
    variant = variants.make("sparse")
    pools = {"activity": torch.full((196,), 0.3)}
    few, many = (variant.pooled({"error": 1.0, "images": n}, pools) for n in (7, 128))
    assert many["loss"] == pytest.approx(1 + 3 * many["sparsity_kl"])
    assert few["sparsity_kl"] == many["sparsity_kl"]
    assert 0 < few["loss"] - 1 < (many["loss"] - 1) / 100


def test_gaussian_kl_agrees_with_torch() -> None:
    mean, log_variance = torch.randn(7, 3), torch.randn(7, 3)
    ours = losses.gaussian_kl_by_dimension(mean, log_variance).sum(1).mean()
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    theirs = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_sums_and_means_are_where_they_belong() -> None:
    image, other = torch.zeros(2, 1, 3, 3), torch.ones(2, 1, 3, 3)
    assert float(losses.mean_squared_error(image, other)) == 1
    assert float(losses.half_squared_error(image, other)) == 4.5
    nats = losses.bernoulli_reconstruction(image, image)
    assert nats.tolist() == pytest.approx([9 * np.log(2)] * 2, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("latent_dim", 7),
        ("latent_dim", 6.5),
        ("image_shape", None),
        ("image_size", 5),
        ("dataset", 7),
        ("variant", "vea"),
        ("epochs", 2.5),
        ("variant_options", {"noise": 5}),
    ],
)
def test_a_changed_config_is_told(runs: dict[str, Path], tmp_path: Path, name: str, change: object) -> None:
    run = Path(shutil.copytree(runs["denoising"], tmp_path / "run"))
    document = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(document | {name: change}))
    with pytest.raises(RunError):
        Run.open(run).load()


def test_a_cut_state_is_told(runs: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs["vae"], tmp_path / "run"))
    state = run / "last" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:40])
    with pytest.raises(RunError, match="cannot be read"):
        resume(run, epochs=50)


def test_sparse_figures_do_not_depend_on_the_cut(
    runs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    variant, model = Run.open(runs["sparse"]).load()
    test = Split(images=np.random.default_rng(0).integers(0, 256, (50, 1, 16, 16), np.uint8))
    whole = evaluate_module.evaluate(variant, model, test)
    monkeypatch.setattr(evaluate_module, "_BATCH", 7)
    pieces = evaluate_module.evaluate(variant, model, test)
    assert pieces.pop("activity_by_unit") == pytest.approx(whole.pop("activity_by_unit"), abs=2e-5)
    assert pieces == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize("batch_size", [8, 128])
def test_sparse_units_come_to_rho_and_none_dies(pictures: Path, tmp_path: Path, batch_size: int) -> None:
    """A running mean lags behind the weights: followed blindly, it pushes every unit to nothing."""
    config = Config.make(
        "sparse", str(pictures), latent_dim=20, epochs=40 if batch_size == 8 else 150, batch_size=batch_size
    )
    run = fit(config, tmp_path / "run")
    _, model = run.load()
    images = as_batch(sorted(pictures.rglob("*.png")), run.image_shape)
    with torch.inference_mode():
        activity = model.encode(torch.from_numpy(images)).latent.mean(0).numpy()
    assert activity.min() > 0.02
    assert np.abs(activity - 0.1).mean() < 0.05
    figures = json.loads((run.path / "metrics.json").read_text())
    by_unit = np.array(figures["activity_by_unit"])
    assert len(by_unit) == 20
    assert figures["activity_gap_mean"] == pytest.approx(np.abs(by_unit - 0.1).mean(), abs=1e-4)


@pytest.mark.usefixtures("plots")
def test_two_dimensions_get_their_manifold(pictures: Path, tmp_path: Path) -> None:
    run = fit(Config.make("vae", str(pictures), latent_dim=2, epochs=2), tmp_path / "run")
    assert (run.path / "plots" / "manifold.png").stat().st_size > 1000


@pytest.mark.long
@pytest.mark.filterwarnings("default")  # of the compiler
@pytest.mark.parametrize("variant", variants.names())
def test_compiled_training_is_the_same(variant: str, pictures: Path, tmp_path: Path) -> None:
    histories = []
    for number in range(2):
        config = Config.make(
            variant, str(pictures), latent_dim=4, epochs=2, batch_size=20, compile=bool(number)
        )
        histories.append(fit(config, tmp_path / str(number)).history())
    for plain, compiled in zip(*histories, strict=True):
        assert compiled == pytest.approx(plain, rel=1e-3)
