"""The noise in model.json: as before where one kind says all, in format version 4 where it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pair import save_pair

from diabolo.runtime import Autoencoder, Bundle, NoiseSpec
from diabolo.runtime.errors import ImageError, ManifestError

PHOTO = "poisson-gaussian:0-0.02/0-0.05+jpeg:40-90"
NOISE = {
    "plain": ({"kind": "gaussian", "level": [0.1, 0.7]}, NoiseSpec.parse("gaussian:0.1-0.7"), 1),
    "combination": (
        {"kind": "poisson-gaussian", "level": [0, 0.02], "spec": PHOTO},
        NoiseSpec.parse(PHOTO),
        4,
    ),
    "unclipped": (
        {"kind": "gaussian", "level": [0, 0.2], "spec": "gaussian:0-0.2", "clip": False},
        NoiseSpec.parse("gaussian:0-0.2", clip=False),
        4,
    ),
    "unknown": ({"kind": "snow", "level": [0, 0.2]}, None, 1),
    "none": (None, None, 1),
}


def opened(tmp_path: Path, noise: dict[str, Any] | None) -> Bundle:
    return Bundle.open(save_pair(tmp_path / "a", noise=noise))


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_read(tmp_path: Path, name: str) -> None:
    noise, spec, version = NOISE[name]
    m = opened(tmp_path, noise).manifest
    assert m.noise_spec == spec
    assert m.noise == (None if noise is None else (noise["kind"], *noise["level"]))
    assert m.document["format_version"] == version


@pytest.mark.parametrize("name", [name for name, (_, spec, _) in NOISE.items() if spec is not None])
def test_noise_is_written(name: str) -> None:
    document = pytest.importorskip("diabolo.export.document")
    noise, spec, _ = NOISE[name]
    assert json.dumps(document._noise(spec)) == json.dumps(noise | {"level": [spec.low, spec.high]})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"spec": "gaussian"}, "has no level"),
        ({"spec": "snow:0.2"}, "snow"),
        ({"spec": "gaussian:0-0.3"}, "not those of noise.spec"),
        ({"spec": "masking:0-0.2"}, "not those of noise.spec"),
        ({"spec": "gaussian:0-0.2", "clip": 1}, "clip must be boolean"),
        ({"spec": 5}, "spec must be string"),
        ({"spec": "gaussian:0-0.2+" * 100}, "at most 1,000 characters"),
    ],
)
def test_a_wrong_noise_is_refused(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    with pytest.raises(ManifestError, match=word):
        opened(tmp_path, {"kind": "gaussian", "level": [0, 0.2]} | changes)


def test_older_versions_did_not_know_the_keys(tmp_path: Path) -> None:
    """There they are unknown keys, which are ignored."""
    noise = {"kind": "gaussian", "level": [0, 0.2], "clip": False}
    m = opened(tmp_path, noise).manifest
    assert m.document["format_version"] == 1
    assert m.noise_spec == NoiseSpec.parse("gaussian:0-0.2")


def test_a_model_of_unclipped_noise_takes_what_is_beyond(tmp_path: Path) -> None:
    model = Autoencoder(opened(tmp_path, NOISE["unclipped"][0]), device="cpu")
    noisy = np.random.default_rng(0).normal(0.5, 1, (2, 1, 8, 8)).astype(np.float32)
    assert model.denoise(noisy).shape == noisy.shape
    np.testing.assert_array_equal(model.denoise([noisy[0], noisy[1]]), model.denoise(noisy))
    for wrong in (255 * noisy, np.full_like(noisy, np.nan), noisy + np.inf):
        with pytest.raises(ImageError):
            model.denoise(wrong)


@pytest.mark.parametrize("name", ["plain", "combination", "none"])
def test_other_models_do_not(tmp_path: Path, name: str) -> None:
    model = Autoencoder(opened(tmp_path, NOISE[name][0]), device="cpu")
    with pytest.raises(ImageError, match=r"must be in \[0, 1\]"):
        model.denoise(np.full((1, 1, 8, 8), -0.5, np.float32))
