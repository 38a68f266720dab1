"""What latents are drawn from, in words."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.runtime.latent.codebook import Codebook
from diabolo.runtime.latent.distribution import Distribution, Fitted, Normal, Statistics

pytest.importorskip("gradio")

from diabolo.ui.parts.texts import LANGUAGES, SHARED, source_of

CODES = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
DISTRIBUTIONS: list[Distribution] = [
    Normal((3,)),
    Fitted.to(CODES),
    Fitted(Statistics.of(CODES), lambda: None),
    Codebook(np.eye(3)),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_distribution_has_words_of_its_own_in_every_language(language: str) -> None:
    said = [source_of(distribution, SHARED[language]) for distribution in DISTRIBUTIONS]
    assert len(set(said)) == len(DISTRIBUTIONS)


def test_the_english_ones_are_the_runtime_s() -> None:
    assert [source_of(each, SHARED["en"]) for each in DISTRIBUTIONS] == [
        each.description for each in DISTRIBUTIONS
    ]
