"""The slider of the tab Denoise offers levels that are possible, for every kind of noise and every model."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pair import save_pair

pytest.importorskip("gradio")

from diabolo.runtime import Bundle, NoiseSpec
from diabolo.runtime.image.noise import KINDS
from diabolo.ui.tabs.denoise.levels import first_noise, level_slider, read_noise, top, within
from diabolo.ui.tabs.denoise.texts import TEXTS

SENSOR = {"spec": "poisson-gaussian:0-0.2/0.02-0.04+jpeg:40-90", "kind": "poisson-gaussian"}
MODELS = {
    "clean": None,
    "strong": {"kind": "gaussian", "level": [1, 3]},
    "unknown": {"kind": "snow", "level": [1, 3]},
    "sensor": SENSOR | {"level": [0, 0.2]},
    "jpeg": {"kind": "jpeg", "level": [40, 90], "spec": "jpeg:40-90"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_all_levels_are_possible(tmp_path: Path, name: str, kind: str) -> None:
    m = Bundle.open(save_pair(tmp_path / "a", noise=MODELS[name])).manifest
    for level in (0.0, 0.5, 100.0):
        chosen = within(m, kind, level)
        NoiseSpec(kind=kind, low=chosen, high=top(m, kind))
    for say in TEXTS.values():
        assert say[kind]
        assert level_slider(m, kind, within(m, kind, 0.5), say).info


def test_the_tab_begins_with_what_the_model_knows(tmp_path: Path) -> None:
    manifests = {
        name: Bundle.open(save_pair(tmp_path / name, noise=noise)).manifest for name, noise in MODELS.items()
    }
    assert first_noise(manifests["sensor"]) == ("poisson-gaussian", 0.1)
    assert read_noise(manifests["sensor"]) == pytest.approx(0.03)
    assert top(manifests["sensor"], "poisson-gaussian") == 0.2
    assert first_noise(manifests["jpeg"]) == ("jpeg", 65)
    assert first_noise(manifests["unknown"]) == first_noise(manifests["clean"]) == ("gaussian", 0.3)
    assert top(manifests["strong"], "gaussian") == 3
