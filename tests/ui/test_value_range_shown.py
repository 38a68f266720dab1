"""The app scales a picture of more than 8 bits as the model's training did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _pair import save_pair
from PIL import Image

from diabolo.ui.models.collection import collect
from diabolo.ui.parts.context import Context


@pytest.mark.parametrize(("value_range", "brightest"), [([0, 4095], 1.0), (None, 16 / 255)])
def test_12_bits_in_16(tmp_path: Path, value_range: list[int] | None, brightest: float) -> None:
    scaling = {"value_range": value_range} if value_range else {}
    bundle = save_pair(tmp_path / "bundle", image={"background": 0.5, **scaling})
    path = tmp_path / "scan.png"
    Image.fromarray(np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)).save(path)
    context = Context(bundles=collect([bundle]), chooser=None)  # type: ignore[arg-type]
    seen = context.see(next(iter(context.bundles)), str(path)).image
    assert seen.max() == pytest.approx(brightest, abs=1e-6)
