"""The device and the precision of a training; both are decided once and kept in the run's config."""

from __future__ import annotations

from pathlib import Path

import torch

from diabolo.runtime.errors import DeviceError, UnknownNameError

__all__ = ["DEVICES", "PRECISIONS", "choose_device", "choose_precision"]

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16")


def choose_device(name: str) -> str:
    """The device to train on: `name`, or for 'auto' the first of cuda, mps and cpu that works.

    Raises:
        UnknownNameError: it is not one of DEVICES.
        DeviceError: torch finds no such device here.
    """
    if name not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)
    works = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if works[device])
    if not works[name]:
        raise DeviceError(f"torch finds no working {name} here. Use --device cpu or auto.")
    return name


def choose_precision(name: str, device: str) -> str:
    """The precision: `name`, or for 'auto' bf16 if the device is faster in it than in fp32.

    Raises:
        UnknownNameError: it is not one of PRECISIONS.
    """
    if name not in PRECISIONS:
        raise UnknownNameError("precision", name, PRECISIONS)
    if name != "auto":
        return name
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if device == "cpu":
        about = Path("/proc/cpuinfo")
        return "bf16" if about.is_file() and _gains(about.read_text()) else "fp32"
    return "fp32"


def _gains(about: str) -> bool:
    """Whether a processor multiplies matrices faster in bf16, judging by its flags in /proc/cpuinfo.

    Those with AMX do. Of those with AVX-512 alone AMD's do, and Intel's are slower than in fp32: 644 against
    360 microseconds for 128 x 784 by 784 x 512 on two threads of a Xeon whose AMX is disabled.
    """
    return "amx_bf16" in about or ("avx512_bf16" in about and "AuthenticAMD" in about)
