"""What a model's metrics say about how much it has learned."""

from __future__ import annotations

import pytest

from diabolo.runtime.bundle.quality import (
    explained_variance,
    little_explained,
    quality_line,
    quality_warnings,
)

GOOD = {"mse": 0.01, "mean_mse": 0.1, "pca_mse": 0.02, "pca_components": 8}


def test_explained_variance() -> None:
    assert explained_variance(0.025, 0.1) == pytest.approx(0.75)
    assert explained_variance(0.2, 0.1) == pytest.approx(-1)
    assert explained_variance(0.0, 0.0) is None


def test_a_good_model_is_told_in_one_line() -> None:
    assert quality_line(GOOD) == (
        "90 % of the variance explained; MSE 0.01000, the mean image 0.10000, PCA with 8 components 0.02000"
    )
    assert quality_warnings(GOOD) == []
    assert little_explained(GOOD) is None


@pytest.mark.parametrize(("images", "words"), [(1, "on 1 test image only"), (9, "on 9 test images only")])
def test_figures_of_few_test_images_say_so(images: int, words: str) -> None:
    assert words in quality_line(GOOD | {"images": images})
    assert quality_line(GOOD | {"images": 10}) == quality_line(GOOD)


def test_a_model_worse_than_pca_says_so_and_what_to_try() -> None:
    (said,) = quality_warnings(GOOD | {"mse": 0.021})
    assert "not better than PCA" in said
    assert "0.02100" in said
    assert "--epochs" in said


def test_a_model_that_learned_by_heart_is_advised_otherwise() -> None:
    little, pca = quality_warnings(GOOD | {"mse": 0.088, "training_explained_variance": 0.99})
    assert "explain 12 % of their variance" in little
    assert little_explained(GOOD | {"mse": 0.088}) == pytest.approx(0.12)
    assert "99 %: it has learned them by heart" in pca
    assert "--augment" in pca


def test_a_model_that_removes_noise_is_judged_on_noisy_images() -> None:
    noisy = GOOD | {"mse": 0.09, "denoised_mse": 0.03, "pca_denoised_mse": 0.04}
    assert quality_warnings(noisy) == []
    assert "70 % of the variance explained" in quality_line(noisy)
    assert quality_warnings(noisy | {"pca_denoised_mse": 0.03})


@pytest.mark.parametrize("metrics", [{}, {"mse": 0.1}, GOOD | {"mean_mse": None}, GOOD | {"mean_mse": 0}])
def test_metrics_of_older_releases_tell_nothing(metrics: dict[str, float]) -> None:
    assert quality_line(metrics) == ""
    assert quality_warnings(metrics) == []
    assert little_explained(metrics) is None


def test_a_code_of_bits_is_not_compared_with_numbers_of_any_precision() -> None:
    figures = {"mse": 0.02, "mean_mse": 0.06, "pca_mse": 0.01, "pca_components": 32, "images": 1000}
    assert "not better than PCA" in " ".join(quality_warnings(figures))
    assert quality_warnings(figures | {"bits_per_position": 9.0}) == []
