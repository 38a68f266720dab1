"""The benchmark of inpainting: what it hides, what it measures, and how it does without OpenCV."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.family import inpainting

RECIPE = (
    'variant = "masked"\ndataset = "{}"\nlatent-dim = 4\nwidth = 4\nepochs = 1\nnetwork = "conv-spatial"\n'
)


def test_only_hidden_pixels_are_measured() -> None:
    images = np.full((2, 3, 8, 8), 0.5, np.float32)
    mask = inpainting.hidden(images, 0.5, 4)
    assert mask.shape == (2, 1, 8, 8)
    assert mask.mean() == 0.5
    other = np.where(mask, np.float32(0.6), np.float32(0))
    assert inpainting.psnr(images, other, mask) == pytest.approx(20, abs=1e-3)


def test_without_opencv_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SystemExit, match="pip install opencv-python-headless"):
        inpainting.main(["--most", "2"])


@pytest.mark.parametrize(("answer", "code"), [(255, 0), (None, 1)])
def test_the_model_is_compared_with_what_opencv_makes(
    answer: int | None,
    code: int,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A stand-in for OpenCV: it either paints all white, which any model beats, or knows the answer."""
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE.format(pictures))
    clean: list[NDArray[np.float32]] = []
    measured = inpainting.psnr

    def remember(images: NDArray[np.float32], *others: Any) -> float:
        clean[:] = [images]
        return measured(images, *others)

    calls: list[NDArray[np.uint8]] = []

    def inpaint(pixels: NDArray[np.uint8], mask: NDArray[np.uint8], _radius: int, _kind: int) -> Any:
        calls.append(mask)
        if answer is not None:
            return np.full_like(pixels, answer)
        image = clean[0][(len(calls) - 1) % len(clean[0])] * 255
        return np.rint(image).astype(np.uint8).transpose(1, 2, 0)

    monkeypatch.setattr(inpainting, "psnr", remember)
    monkeypatch.setattr(inpainting, "opencv", lambda: SimpleNamespace(inpaint=inpaint, INPAINT_TELEA=1))
    words = ["--recipe", str(recipe), "--keep", str(tmp_path / "runs"), "--most", "6"]
    assert inpainting.main(words) == code
    out = capsys.readouterr().out
    assert "6 test images, patches of 4 x 4" in out
    assert [line.split("|")[1].strip() for line in out.splitlines() if "%" in line] == ["25%", "50%", "75%"]
    assert {float(mask.mean()) for mask in calls} == {0.25, 0.5, 0.75}
