"""The marks on decoded pictures, held against classifiers that know nothing of the autoencoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _commands import ROOT  # before the benchmarks: it says where they are

from benchmarks import marks
from benchmarks._shared.classifier import Classifier
from diabolo.runtime import Autoencoder
from diabolo.train.datasets import Split

assert Path(marks.__file__).is_relative_to(ROOT)


@pytest.fixture(scope="module")
def judge() -> Classifier:
    """Trained on the digits that one model stores, which are close to real ones: its error is .002."""
    model = Autoencoder.load("mnist-conv", device="cpu")
    assert model.codes is not None
    digits = np.rint(255 * model.decode(model.codes.latents)).astype(np.uint8)
    return Classifier(Split(images=digits, labels=model.codes.labels), 10, epochs=4)


@pytest.mark.parametrize("name", ["mnist-autoencoder-2d", "mnist-vae-2d", "mnist-sparse"])
def test_marked_steps_are_those_that_the_classifier_doubts(name: str, judge: Classifier) -> None:
    found = marks.agreements(Autoencoder.load(name, device="cpu"), judge, paths=60)["marks"]
    assert found.marked > 0.05
    assert found.low > 2 * found.low_unmarked
    assert found.auroc > 0.62


def test_distances_alone_do_not_tell(judge: Classifier) -> None:
    """Why steps are not marked by the rule of the figure `holes`."""
    found = marks.agreements(Autoencoder.load("mnist-sparse", device="cpu"), judge, paths=60)
    assert found["marks"].auroc > found["both"].auroc + 0.1


def test_auroc() -> None:
    positive = np.array([True, False, True, False])
    assert marks.auroc(np.array([4.0, 1, 3, 2]), positive) == 1
    assert marks.auroc(np.array([1.0, 4, 2, 3]), positive) == 0
    assert marks.auroc(np.array([1.0, 1, 1, 1]), positive) == 0.5
    assert marks.auroc(np.array([2.0, 1, 1, 1]), positive) == 0.75


@pytest.mark.long
def test_the_marks_of_the_ready_made_models_on_real_data(capsys: pytest.CaptureFixture[str]) -> None:
    """Three minutes; the table is in docs/interpolation.md."""
    assert marks.main([]) == 0, capsys.readouterr().out
