"""A mixture of gaussians: what it draws, and what it refuses."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pair import save_pair

from diabolo.runtime import Bundle, LatentSpace
from diabolo.runtime.bundle import manifest
from diabolo.runtime.errors import ManifestError
from diabolo.runtime.latent import Mixture

WEIGHTS = [3.0, 1.0]
MEANS = [[0.0, 0.0], [10.0, -10.0]]
ROOTS = [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 0.5]]]


def test_it_draws_each_gaussian_by_its_weight() -> None:
    drawn = Mixture(WEIGHTS, MEANS, ROOTS).sample(40_000, np.random.default_rng(0))
    assert drawn.dtype == np.float32
    second = drawn[:, 0] > 4
    assert second.mean() == pytest.approx(0.25, abs=0.01)
    for chosen, mean, root in ((~second, MEANS[0], ROOTS[0]), (second, MEANS[1], ROOTS[1])):
        np.testing.assert_allclose(drawn[chosen].mean(0), mean, atol=0.06)
        covariance = np.array(root) @ np.array(root).T
        np.testing.assert_allclose(np.cov(drawn[chosen], rowvar=False), covariance, atol=0.12)
    again = Mixture(WEIGHTS, MEANS, ROOTS).sample(40_000, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)


def test_weights_in_any_unit() -> None:
    np.testing.assert_array_equal(Mixture([1.5e308, 1.5e308], MEANS, ROOTS).weights, [0.5, 0.5])


def test_a_latent_that_is_a_grid() -> None:
    mixture = Mixture([1], np.zeros((1, 12)), np.eye(12)[None], shape=(3, 2, 2))
    assert mixture.sample(5, np.random.default_rng(0)).shape == (5, 3, 2, 2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"means": []}, r"means of shape \(k, d\)"),
        ({"means": [0.0, 1.0]}, r"means of shape \(k, d\)"),
        ({"weights": [1.0]}, r"weights of shape \(2,\)"),
        ({"roots": ROOTS[0]}, r"roots of shape \(2, 2, 2\)"),
        ({"weights": [0.0, 0.0]}, "not all 0"),
        ({"weights": [-1.0, 2.0]}, "at least 0"),
        ({"roots": np.full((2, 2, 2), np.nan)}, "roots must be finite"),
        ({"shape": (3,)}, "do not have 2 values"),
    ],
)
def test_what_makes_no_sense(changed: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"weights": WEIGHTS, "means": MEANS, "roots": ROOTS} | changed
    with pytest.raises(ValueError, match=words):
        Mixture(given.pop("weights"), given.pop("means"), given.pop("roots"), **given)


def bundle(folder: Path, arrays: dict[str, Any] | None) -> Bundle:
    save_pair(folder, latent_shape=(2,), latent={"distribution": "mixture"}, format_version=5)
    document = json.loads((folder / "model.json").read_text("utf-8"))
    if arrays is not None:
        raw = io.BytesIO()
        np.savez(raw, **arrays)
        (folder / "mixture.npz").write_bytes(raw.getvalue())
        entry = {"role": "mixture", "sha256": hashlib.sha256(raw.getvalue()).hexdigest()}
        document["files"]["mixture.npz"] = entry | {"size": len(raw.getvalue())}
    (folder / "model.json").write_bytes(manifest.seal(document))
    return Bundle.open(folder)


def test_of_a_bundle(tmp_path: Path) -> None:
    opened = bundle(tmp_path / "bundle", {"weights": WEIGHTS, "means": MEANS, "roots": ROOTS})
    assert opened.manifest.document["format_version"] == 5
    space = LatentSpace.of(opened)
    assert isinstance(space.distribution, Mixture)
    np.testing.assert_array_equal(space.distribution.weights, [0.75, 0.25])
    assert LatentSpace.of(opened.manifest).distribution.name == "fitted"  # the manifest has no numbers


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (None, "has no means"),
        ({"weights": WEIGHTS, "means": np.zeros((2, 3)), "roots": ROOTS}, r"means of shape \(2, 3\)"),
        ({"weights": WEIGHTS, "means": MEANS}, "has no roots"),
        ({"weights": WEIGHTS, "means": MEANS, "roots": np.full((2, 2, 2), np.inf)}, "up to inf"),
        ({"weights": [1.0], "means": MEANS, "roots": ROOTS}, "cannot be used"),
    ],
)
def test_one_that_does_not_fit_is_refused(arrays: dict[str, Any] | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=words):
        LatentSpace.of(bundle(tmp_path / "bundle", arrays))


def test_a_reader_of_an_older_version_names_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle(tmp_path / "bundle", {"weights": WEIGHTS, "means": MEANS, "roots": ROOTS})
    monkeypatch.setattr(manifest, "FORMAT_VERSION", 4)
    with pytest.raises(ManifestError, match="format_version 5; this release reads 1 to 4"):
        Bundle.open(tmp_path / "bundle")
