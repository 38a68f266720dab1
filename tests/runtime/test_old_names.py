"""Names that have changed still work, with a warning that gives the new one at the line that uses the old."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from diabolo.runtime import Autoencoder, LatentSpace
from diabolo.runtime.latent.holes import Holes
from diabolo.runtime.latent.interpolation import interpolate, linear

NAMES = [
    ("diabolo.export.fp16", "halved", "to_fp16"),
    ("diabolo.export.parity", "Proof", "Parity"),
    ("diabolo.export.parity", "prove", "check_parity"),
    ("diabolo.export.quantised", "quantised", "quantise"),
    ("diabolo.runtime.bundle.fingerprint", "Total", "SignedSum"),
    ("diabolo.runtime.bundle.fingerprint", "sums", "fingerprint"),
    ("diabolo.runtime.image.background", "opposed", "are_inverted"),
    ("diabolo.runtime.image.mosaic", "drawn", "render"),
    ("diabolo.runtime.image.mosaic", "pace", "frame_duration"),
    ("diabolo.runtime.image.placement", "centred", "place_drawing"),
    ("diabolo.runtime.image.resize", "covering", "crop_box"),
    ("diabolo.runtime.latent.interpolation", "Way", "Interpolator"),
    ("diabolo.ui.tabs.compare.path_strip", "walk", "path_strip"),
    ("diabolo.ui.tabs.inside.units", "beside", "counterpart"),
    ("diabolo.ui.tabs.models.model_list", "shelf", "model_list"),
]


@pytest.mark.parametrize(("module", "old", "new"), NAMES)
def test_a_name_in_a_module(module: str, old: str, new: str) -> None:
    found = import_module(module)
    with pytest.warns(DeprecationWarning, match=rf"{module}\.{old} is now called {new}\.") as seen:
        assert getattr(found, old) is getattr(found, new)
    assert [warning.filename for warning in seen] == [__file__]
    with pytest.raises(AttributeError, match="never_was"):
        _ = found.never_was


def test_attributes_and_methods() -> None:
    model = Autoencoder.load("mnist-vae-2d", device="cpu")
    with pytest.warns(
        DeprecationWarning, match=r"Manifest\.latent_deviation is now called latent_std"
    ) as seen:
        assert model.manifest.latent_deviation is model.manifest.latent_std
    assert [warning.filename for warning in seen] == [__file__]
    with pytest.warns(DeprecationWarning, match=r"LatentSpace\.way is now called interpolator"):
        assert model.latent_space.way("linear") is linear
    nothing = np.zeros((1, 2), np.float32)
    holes = Holes(share=None, limit=0.5, code_limit=2.5, places=nothing, is_hole=np.ones(1, bool))
    with pytest.warns(DeprecationWarning, match="code_limit"):
        assert holes.apart == 2.5
    with pytest.warns(DeprecationWarning, match="is_hole"):
        assert holes.far is holes.is_hole
    assert LatentSpace.way is not LatentSpace.interpolator  # the class has both, and looking does not warn


def test_keyword_arguments() -> None:
    a, b = np.float32([0, 1]), np.float32([2, 3])
    with pytest.warns(DeprecationWarning, match="argument way of interpolate is now called interp") as seen:
        found = interpolate(a, b, 3, way=linear)  # type: ignore[call-arg]
    assert [warning.filename for warning in seen] == [__file__]
    np.testing.assert_array_equal(found, interpolate(a, b, 3, interpolator=linear))
