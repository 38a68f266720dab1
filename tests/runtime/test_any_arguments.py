"""Every public function of `diabolo.runtime`, with arguments of every kind: an answer, or a DiaboloError."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _anything import answered, anything, parameters, public
from _pair import save_pair
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import diabolo.runtime
from diabolo.runtime import Autoencoder, NoiseSpec

FOUND = public(diabolo.runtime)
EXPECTED = {
    *(f"Autoencoder.{name}" for name in ("decode", "denoise", "encode", "interpolate", "interpolate_grid")),
    *(f"Autoencoder.{name}" for name in ("interpolate_path", "load", "reconstruct", "sample")),
    *("Autoencoder.sample_latents", "Bundle.open", "Bundle.read", "LatentSpace.of", "LatentSpace.sample"),
    *("NoiseSpec.parse", "add_noise", "verify"),
}
GREY = np.zeros((1, 1, 8, 8), np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    folder = tmp_path_factory.mktemp("pair") / "bundle"
    save_pair(folder, latent_shape=(4, 4, 4))
    return Autoencoder.load(folder, device="cpu")


@pytest.fixture(scope="module")
def any_size(tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    folder = tmp_path_factory.mktemp("pair") / "bundle"
    return Autoencoder.load(save_pair(folder, any_size=True), device="cpu")


def usual(model: Autoencoder) -> dict[str, Any]:
    """A value that is right for each parameter, by its name."""
    latents = np.zeros((4, *model.manifest.latent_shape), np.float32)
    return {
        **dict.fromkeys(("images", "a", "b"), GREY),
        **dict.fromkeys(("latents", "keys", "codes"), latents),
        **dict.fromkeys(("steps", "rows", "columns", "count"), 2),
        **dict.fromkeys(("role", "name"), "encoder"),
        **{"corners": latents, "method": "linear", "invert": None, "seed": 0, "device": "cpu", "threads": 1},
        **{"source": model.bundle.path, "limits": model.bundle.limits, "rng": np.random.default_rng(0)},
        **{"image": GREY[0], "tile": None, "progress": None},
        **{"axes": (0, 1), "prior": None, "distribution": None, "text": "gaussian:0.5"},
        "spec": NoiseSpec(kind="gaussian", low=0.1, high=0.2),
        "other": NoiseSpec.parse("poisson-gaussian:0.1/0.2+jpeg:40-90"),
        "clip": False,
    }


def test_what_must_be_there_was_found() -> None:
    assert FOUND.keys() >= EXPECTED


@pytest.mark.parametrize("name", sorted(FOUND))
def test_any_argument(name: str, model: Autoencoder, any_size: Autoencoder) -> None:
    owner, function = FOUND[name]
    if name == "Autoencoder.reconstruct_tiles":
        model = any_size
    if name == "Autoencoder.posterior":
        model = Autoencoder.load("mnist-vae-2d", device="cpu")
    right = usual(model)
    if owner is not None and not hasattr(function, "__self__"):
        instances = (model, model.bundle, model.latent_space, model.manifest, right["spec"], model.device)
        (instance,) = (one for one in instances if isinstance(one, owner))
        function = getattr(instance, name.split(".")[1])
    takes = parameters(function)
    if name == "Autoencoder.posterior":
        right["images"] = np.zeros((1, *model.manifest.image_shape), np.float32)
    if name == "LatentSpace.of":
        right["source"] = model.bundle
    if name == "LatentSpace.quantise":
        right["latents"] = None  # this space has no codebook
    if name.startswith("Autoencoder.interpolate_"):
        right |= dict.fromkeys(("images", "corners"), [GREY[0]] * 4)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def try_some(data: st.DataObject) -> None:
        changed = data.draw(st.sets(st.sampled_from(takes), min_size=1, max_size=2))
        answered(function, {key: right[key] for key in takes} | {key: data.draw(anything) for key in changed})

    assert answered(function, {key: right[key] for key in takes}) is not None or name in MAY_BE_NONE
    if takes:
        try_some()


MAY_BE_NONE = {
    *("Bundle.arrays", "Bundle.check", "Bundle.read", "LatentSpace.rank", "LatentSpace.quantise"),
    *("LatentSpace.plane", "Manifest.file"),
}


def test_answers_are_right(model: Autoencoder, tmp_path: Path) -> None:
    """Not contiguous, of another type, in lists: the same as the plain array."""
    images = np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32)
    latents = model.encode(images)
    for same in (images.astype(float), np.asfortranarray(images), np.repeat(images, 2, 0)[::2], list(images)):
        np.testing.assert_array_equal(model.encode(same), latents)
    decoded = model.decode(latents)
    for same in (latents.astype(float), np.asfortranarray(latents), latents.tolist(), list(latents)):
        np.testing.assert_allclose(model.decode(same), decoded, atol=1e-6)
