"""What is small is not shown as nothing."""

from __future__ import annotations

import pytest

from diabolo.ui.parts.figures import mse_text, signed


@pytest.mark.parametrize(
    ("mse", "text"),
    [
        (0.25, "0.2500"),
        (0.00429, "0.0043"),
        (0.000434, "0.00043"),
        (0.0000434, "0.000043"),
        (1.5e-6, "0.0000015"),
        (2.14e-9, "2.1e-09"),
        (0.0, "0"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_an_error_keeps_two_digits(mse: float, text: str) -> None:
    assert mse_text(mse) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.005e-3, "0.00"), (-0.886, "−0.89"), (-0.001, "0.00"), (12, "12.00")]
)
def test_a_negative_number_has_a_minus_sign(value: float, text: str) -> None:
    assert signed(value) == text
