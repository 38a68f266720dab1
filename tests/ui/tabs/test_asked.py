"""The sparsity that training asked for, next to what came of it: by model.json, measured, or not known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pair import save_pair

from diabolo.runtime.autoencoder import Autoencoder

pytest.importorskip("gradio")

from test_inside_tab import RARE, save_with_codes

from diabolo.ui.tabs.inside import asked, unit_charts
from diabolo.ui.tabs.inside.asked import activities, asked_and_came, histogram
from diabolo.ui.tabs.inside.texts import TEXTS
from diabolo.ui.tabs.inside.units import units_of

ASKED = {"settings": {"variant_options": {"sparsity": 0.25}}}


def units(folder: Path) -> Any:
    return units_of(Autoencoder.load(folder, device="cpu"))


def test_a_model_that_was_asked_for_none_shows_none(tmp_path: Path) -> None:
    assert asked_and_came(units(save_with_codes(tmp_path / "rare", RARE)), TEXTS["en"]) == ""


def test_it_is_measured_on_the_stored_codes(tmp_path: Path) -> None:
    found = units(save_with_codes(tmp_path / "rare", RARE, training=ASKED))
    told = asked_and_came(found, TEXTS["en"])
    assert re.findall(r"<span><b>([\d.]+)</b>", told) == ["0.25", "0.350"]  # of 0.25, 0.5, 0.3
    assert "between 0.250 and 0.500; 2 of 3 are within 30 % of ρ" in told
    assert TEXTS["en"]["came_codes"] in told
    assert told in unit_charts.page(found, None, TEXTS["en"])


def test_what_model_json_measured_on_all_test_images_comes_first(tmp_path: Path) -> None:
    metrics = {"mse": 0.01, "activity_by_unit": [0.2, 0.3, 0.1]}
    found = units(save_with_codes(tmp_path / "rare", RARE, training=ASKED, metrics=metrics))
    where, values = activities(found) or ("", np.empty(0))
    assert where == "came_metrics"
    np.testing.assert_array_equal(values, [0.2, 0.3, 0.1])
    assert "<b>0.200</b>" in asked_and_came(found, TEXTS["en"])


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_without_codes_and_figures_it_is_not_known(tmp_path: Path, language: str) -> None:
    found = units(save_pair(tmp_path / "bare", latent_shape=(3,), training=ASKED))
    say = TEXTS[language]
    assert say["came_unknown"].format(rho="0.25") in asked_and_came(found, say)
    assert "asked" in unit_charts.page(found, None, say)


def test_the_histogram_counts_every_unit_and_marks_rho() -> None:
    values = np.array([0.05, 0.051, 0.1, 0.15])
    drawn = histogram(values, 0.1, TEXTS["en"])
    counts = [int(count) for count in re.findall(r"<title>(\d+) units", drawn)]
    assert sum(counts) == 4
    assert max(counts) == 2
    assert float(re.findall(r"--rho: ([\d.]+)%", drawn)[0]) == pytest.approx(50, abs=1)


def test_the_doctor_takes_the_same_for_reached() -> None:
    pytest.importorskip("torch")
    from diabolo.train.evaluation.doctor import sparsity

    assert asked._NEAR == sparsity._NEAR
