"""A model is sent to another process, and copied: it is opened again there, and is the same."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair

from diabolo.runtime import Autoencoder, Bundle, LatentSpace
from diabolo.runtime.bundle.limits import STRANGERS
from diabolo.runtime.errors import BundleError, IntegrityError, UsageError


def decoded(model: Autoencoder, latents: np.ndarray) -> tuple[np.ndarray, int, str]:
    return model.decode(latents), model.device.threads, model.device.requested


@pytest.fixture(params=["folder", "zip"])
def source(request: pytest.FixtureRequest, bundles: dict[str, Path], tmp_path: Path) -> Path:
    if request.param == "folder":
        return Path(shutil.copytree(bundles["vae"], tmp_path / "vae"))
    return Path(shutil.make_archive(str(tmp_path / "vae"), "zip", bundles["vae"]))


def test_to_processes_that_share_nothing(source: Path) -> None:
    model = Autoencoder.load(source, device="CPU", threads=2)
    latents = model.sample_latents(6, seed=0)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(decoded, [model] * 3, np.split(latents, 3)))
    np.testing.assert_array_equal(np.concatenate([images for images, *_ in answers]), model.decode(latents))
    assert {(threads, device) for _, threads, device in answers} == {(2, "CPU")}


def test_from_another_folder(source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path means the same bundle wherever the other process was started."""
    monkeypatch.chdir(source.parent)
    sent = pickle.dumps(Autoencoder.load(Path(source.name), device="cpu"))
    monkeypatch.chdir(tmp_path.parent)
    assert pickle.loads(sent).bundle.path == source  # noqa: S301


def test_a_ready_made_model_travels_by_its_name() -> None:
    model = Autoencoder.load("mnist-vae-2d", device="cpu")
    sent = pickle.dumps(model)
    assert str(model.bundle.path).encode() not in sent, "the package may be elsewhere on the other machine"
    np.testing.assert_array_equal(pickle.loads(sent).sample(2, seed=1), model.sample(2, seed=1))  # noqa: S301


def test_copies(source: Path) -> None:
    model = Autoencoder.load(source, device="cpu")
    for other in (copy.copy(model), copy.deepcopy(model), copy.deepcopy({"a": [model]})["a"][0]):
        np.testing.assert_array_equal(other.sample(2, seed=1), model.sample(2, seed=1))


def test_a_bundle_that_was_changed_meanwhile_is_refused(bundles: dict[str, Path], tmp_path: Path) -> None:
    place = tmp_path / "bundle"
    shutil.copytree(bundles["vae"], place)
    model = Autoencoder.load(place, device="cpu")
    sent = {"model": pickle.dumps(model), "bundle": pickle.dumps(model.bundle)}
    shutil.rmtree(place)
    for each in sent.values():
        with pytest.raises(BundleError, match="there is no bundle"):
            pickle.loads(each)  # noqa: S301
    shutil.copytree(bundles["conv"], place)
    for each in sent.values():
        with pytest.raises(IntegrityError, match="is not the one that was sent here"):
            pickle.loads(each)  # noqa: S301


def test_limits_travel_along(bundles: dict[str, Path]) -> None:
    bundle = pickle.loads(pickle.dumps(Bundle.open(bundles["vae"], limits=STRANGERS)))  # noqa: S301
    assert bundle.limits == STRANGERS


@pytest.mark.parametrize("kind", ["autoencoder", "vae", "manifest", "of-codes", "of-codes-with-prior"])
def test_latent_spaces_travel_too(kind: str, bundles: dict[str, Path]) -> None:
    bundle = Bundle.open(bundles["vae" if kind == "vae" else "autoencoder"])
    codes = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
    space = {
        "manifest": lambda: LatentSpace.of(bundle.manifest),
        "of-codes": lambda: LatentSpace.of_codes(codes),
        "of-codes-with-prior": lambda: LatentSpace.of_codes(codes, prior="normal"),
    }.get(kind, lambda: LatentSpace.of(bundle))()
    other = pickle.loads(pickle.dumps(space))  # noqa: S301
    first, second = (each.sample(3, np.random.default_rng(0)) for each in (space, other))
    np.testing.assert_array_equal(first, second)
    assert (space.codes is None) == (other.codes is None)


def test_a_model_that_runs_elsewhere_says_so(tmp_path: Path) -> None:
    save_pair(tmp_path / "bundle", latent_shape=(4, 4, 4))
    bundle = Bundle.open(tmp_path / "bundle")

    class Elsewhere:
        device = Autoencoder(bundle, device="cpu").device

    model = Autoencoder(bundle, graphs=Elsewhere())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="neither pickled nor copied"):
        pickle.dumps(model)
