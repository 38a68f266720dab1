"""Which precision is chosen on which device."""

from __future__ import annotations

import pytest
import torch

from diabolo.runtime.errors import UnknownNameError
from diabolo.train import devices

AMX = "vendor_id : GenuineIntel\nflags : avx512f avx512_bf16 amx_bf16 amx_tile"
ZEN = "vendor_id : AuthenticAMD\nflags : avx512f avx512_bf16"
NO_AMX = "vendor_id : GenuineIntel\nflags : avx512f avx512_bf16"  # slower there than fp32
OLD = "vendor_id : AuthenticAMD\nflags : avx2"


@pytest.mark.parametrize(("about", "chosen"), [(AMX, "bf16"), (ZEN, "bf16"), (NO_AMX, "fp32"), (OLD, "fp32")])
def test_by_the_processor(monkeypatch: pytest.MonkeyPatch, about: str, chosen: str) -> None:
    monkeypatch.setattr("pathlib.Path.is_file", lambda _: True)
    monkeypatch.setattr("pathlib.Path.read_text", lambda _: about)
    assert devices.choose_precision("auto", "cpu") == chosen
    assert devices.choose_precision("bf16", "cpu") == "bf16"  # whoever asks gets it
    assert devices.choose_precision("fp32", "cpu") == "fp32"


def test_where_nothing_says_what_the_processor_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.is_file", lambda _: False)
    assert devices.choose_precision("auto", "cpu") == "fp32"


@pytest.mark.parametrize(("can", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_by_the_gpu(monkeypatch: pytest.MonkeyPatch, can: bool, chosen: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: can)
    assert devices.choose_precision("auto", "cuda") == chosen
    assert devices.choose_precision("auto", "mps") == "fp32"


def test_an_unknown_one() -> None:
    with pytest.raises(UnknownNameError, match="fp8"):
        devices.choose_precision("fp8", "cpu")
