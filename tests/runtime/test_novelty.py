"""Pictures unlike the training images, judged by ready-made models and by bundles that know little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _coded import save_coded
from _commands import ROOT  # the benchmarks are there
from _pair import save_pair
from PIL import Image

from benchmarks import unlike
from diabolo.runtime import Autoencoder
from diabolo.runtime.errors import UsageError
from diabolo.runtime.image.convert import prepare
from diabolo.runtime.novelty import NoveltyDetector

assert Path(unlike.__file__).is_relative_to(ROOT)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Digits that another model decoded: nearly real ones."""
    model = Autoencoder.load("mnist-conv", device="cpu")
    assert model.codes is not None
    return model.decode(model.codes.latents[:200])


@pytest.mark.parametrize("name", ["mnist-vae", "mnist-vae-2d", "mnist-autoencoder"])
def test_digits_are_familiar_and_other_pictures_are_not(name: str, digits: np.ndarray) -> None:
    model = Autoencoder.load(name, device="cpu")
    detector = NoveltyDetector(model)
    assert np.mean([found.unlike for found in detector.judge(digits)]) < 0.03
    swapped = detector.judge(1 - digits[:40])
    assert all("border" in found.reasons for found in swapped)
    noise = np.random.default_rng(0).uniform(0, 1, (40, 1, 28, 28)).astype(np.float32)
    assert all("reconstruction" in found.reasons for found in detector.judge(noise))


@pytest.mark.parametrize("name", ["mnist-vae", "mnist-vae-2d"])
def test_a_photographed_digit_on_lined_paper_is_told(name: str, digits: np.ndarray) -> None:
    """Inverted, as the app does, it may come back as another digit; treated by hand it is a digit."""
    model = Autoencoder.load(name, device="cpu")
    detector, m = NoveltyDetector(model), model.manifest
    pictures = [Image.fromarray((255 * digit[0]).astype(np.uint8)) for digit in digits[:30]]
    photographs = [unlike.on_lined_paper(picture, seed) for seed, picture in enumerate(pictures)]
    found = detector.judge(unlike.prepared(model, photographs, None))
    assert np.mean([one.unlike for one in found]) > 0.95
    treated = [
        prepare(one, m.image_shape, invert=True, drawing=m.drawing, **unlike.BY_HAND_ONLY).image
        for one in photographs
    ]
    assert np.mean([one.unlike for one in detector.judge(np.stack(treated))]) < 0.5


def test_what_is_said() -> None:
    model = Autoencoder.load("mnist-vae", device="cpu")
    detector = NoveltyDetector(model)
    (white,) = detector.judge(np.ones((1, 1, 28, 28), np.float32))
    assert white.unlike
    assert str(white).startswith("the picture looks unlike the training images: its code is farther from")
    assert "than all of the test images' codes" in str(white)
    assert "its border has a brightness of 1.00, theirs from 0.00 to 0.0" in str(white)
    (usual,) = detector.judge(model.decode(model.latent_space.statistics.mean[None]))
    assert usual.reasons == ()
    assert str(usual) == "the picture looks like the training images."


def test_each_measure_has_its_limit(tmp_path: Path) -> None:
    """A model that keeps two numbers of 64: its own pictures lie in a plane."""
    model = Autoencoder.load(save_coded(tmp_path / "plane", count=900), device="cpu")
    detector = NoveltyDetector(model)
    far = model.decode(np.array([[9, 9]], np.float32))
    (found,) = detector.judge(far)
    assert found.reconstruction is None  # its model.json has no errors
    assert found.code == 1
    assert "code" in found.reasons
    ordinary = detector.judge(model.decode(np.zeros((1, 2), np.float32)))[0]
    assert ordinary.code is not None
    assert ordinary.code < 0.99


def test_a_bundle_that_holds_nothing_judges_nothing(tmp_path: Path) -> None:
    model = Autoencoder.load(save_pair(tmp_path / "bare"), device="cpu")
    (found,) = NoveltyDetector(model).judge(np.ones((1, 1, 8, 8), np.float32))
    assert not found.known
    assert not found.unlike
    assert "does not tell" in str(found)


def test_a_file_is_judged_as_the_model_sees_it(digits: np.ndarray, tmp_path: Path) -> None:
    """A digit in black on white is inverted for the model, and looks like the others then."""
    model = Autoencoder.load("mnist-conv", device="cpu")
    Image.fromarray(255 - np.rint(255 * digits[0, 0]).astype(np.uint8)).save(tmp_path / "ink.png")
    (found,), (as_it_is,) = (
        NoveltyDetector(model).judge(tmp_path / "ink.png", invert=invert) for invert in (None, False)
    )
    assert not found.unlike
    assert as_it_is.unlike


def test_outputs_that_are_there_are_judged_without_the_model(digits: np.ndarray) -> None:
    model = Autoencoder.load("mnist-vae", device="cpu")
    detector = NoveltyDetector(model)
    images = np.concatenate([digits[:5], 1 - digits[:5]])
    latents = model.encode(images)
    assert detector.judge_outputs(images, latents, model.decode(latents)) == detector.judge(images)
    with pytest.raises(UsageError, match=r"latents must have the shape \(10, 20\), not \(9, 20\)"):
        detector.judge_outputs(images, latents[1:], images)
    with pytest.raises(UsageError, match=r"images must have the shape \(10, 1, 28, 28\), not \(10, 28, 28\)"):
        detector.judge_outputs(images[:, 0], latents, images)


@pytest.mark.long
def test_real_data(capsys: pytest.CaptureFixture[str]) -> None:
    """Two minutes; the table is in docs/embedding.md."""
    assert unlike.main([]) == 0, capsys.readouterr().out
