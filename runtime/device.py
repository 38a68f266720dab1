"""Which onnxruntime, which device: what was asked for, what really runs, and why."""

from __future__ import annotations

import ctypes
import functools
import logging
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from diabolo.runtime.errors import BundleError, DeviceError, MissingPackageError, UnknownNameError

__all__ = ["DEVICES", "Device", "create_session", "import_onnxruntime"]

DEVICES = ("auto", "cpu", "cuda")
_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_log = logging.getLogger("diabolo")


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where a model runs. `str(device)` is one line for people."""

    requested: str  # 'auto', 'cpu' or 'cuda'
    active: str  # 'cpu' or 'cuda'
    reason: str
    provider: str  # onnxruntime's name
    threads: int

    def __str__(self) -> str:
        return f"{self.active} ({self.reason})"


def _installed() -> set[str]:
    found = set()
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
    return found


def import_onnxruntime(device: str = "auto") -> Any:
    """The onnxruntime module.

    Raises:
        MissingPackageError: none is installed, or both packages are, which overwrite each other's files
            (with `device` 'cpu' that is let pass: the CPU code is in both).
    """
    installed = _installed()
    if len(installed) == 2 and device != "cpu":
        raise MissingPackageError(
            "both onnxruntime and onnxruntime-gpu are installed; they overwrite each other's files and CUDA "
            "goes missing. Repair it with: pip uninstall -y onnxruntime onnxruntime-gpu, then "
            'pip install "diabolo[gpu]" (or "diabolo[cpu]"). Until then, the device cpu works.'
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(
            f'onnxruntime cannot be imported ({error}). Install it: pip install "diabolo[cpu]", '
            'or pip install "diabolo[gpu]" for an NVIDIA GPU.'
        ) from None
    return onnxruntime


def create_session(model: bytes, device: str, threads: int) -> tuple[Any, Device]:
    """An onnxruntime session of the graph in `model`, on the device asked for.

    Args:
        model: the bytes of an .onnx file.
        device: 'auto' (CUDA when it works, else the CPU), 'cpu', or 'cuda' (CUDA or an error).
        threads: CPU threads for one call, at least 1.

    Raises:
        DeviceError: 'cuda' does not work here; the message says why.
        MissingPackageError: onnxruntime is not usable.
        UnknownNameError: another device.
    """
    if device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)
    ort = import_onnxruntime(device)
    if device == "cpu":
        return _cpu_session(ort, model, threads), _device(device, "cpu", "asked for", threads)
    trouble = _cuda_trouble(ort)
    if not trouble:
        session, trouble = _cuda_session(ort, model, threads)
        if session is not None:
            reason = "asked for" if device == "cuda" else "CUDA works here"
            return session, _device(device, "cuda", reason, threads)
    if device == "cuda":
        raise DeviceError(f"CUDA does not work here: {trouble} Or use the device cpu or auto.")
    reason = trouble.split(". ")[0].rstrip(".")
    if _CUDA in ort.get_available_providers():
        _say_once(f"running on the CPU: {reason}")
    return _cpu_session(ort, model, threads), _device(device, "cpu", reason, threads)


@functools.cache
def _say_once(message: str) -> None:
    _log.warning(message)


def _device(requested: str, active: str, reason: str, threads: int) -> Device:
    provider = _CUDA if active == "cuda" else _CPU
    return Device(requested=requested, active=active, reason=reason, provider=provider, threads=threads)


def _session(ort: Any, model: bytes, providers: list[str], threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # spinning threads answer a little sooner and burn whole cores while nothing is asked
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=providers)


def _cpu_session(ort: Any, model: bytes, threads: int) -> Any:
    try:
        return _session(ort, model, [_CPU], threads)
    except Exception as error:  # noqa: BLE001  onnxruntime raises a dozen unrelated classes; the text is passed on
        raise BundleError(f"onnxruntime refuses the graph: {error}. Get the bundle again.") from None


def _cuda_trouble(ort: Any) -> str:
    """Why CUDA cannot work, found without trying, or ''."""
    if _CUDA not in ort.get_available_providers():
        return (
            "the installed onnxruntime has no CUDA. "
            'Install the other one: pip uninstall -y onnxruntime, then pip install "diabolo[gpu]".'
        )
    driver = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        ctypes.CDLL(driver)
    except OSError:
        return f"no NVIDIA driver was found ({driver} does not load). Install NVIDIA's driver."
    return ""


def _cuda_session(ort: Any, model: bytes, threads: int) -> tuple[Any, str]:
    """A session that really runs on CUDA, or None and why not."""
    ort.set_default_logger_severity(4)  # its errors about libraries are told in our message instead
    try:
        if hasattr(ort, "preload_dlls"):
            ort.preload_dlls()
        session = _session(ort, model, [_CUDA, _CPU], threads)
    except Exception as error:  # noqa: BLE001  onnxruntime raises a dozen unrelated classes; the text is passed on
        return None, f"onnxruntime could not start it: {error}"
    finally:
        ort.set_default_logger_severity(2)
    if session.get_providers()[0] != _CUDA:
        return None, (
            "onnxruntime could not load its CUDA libraries. "
            'Install CUDA and cuDNN for it: pip install "onnxruntime-gpu[cuda,cudnn]".'
        )
    return session, ""
