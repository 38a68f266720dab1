"""Choose the device that a model runs on, and start onnxruntime sessions there."""

from __future__ import annotations

import ctypes
import functools
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

from diabolo.runtime.errors import DeviceError, MissingPackageError, UnknownNameError, UsageError
from diabolo.runtime.session._session import CPU, CUDA, TENSORRT, short, start, start_on

__all__ = ["DEVICES", "Device", "create_session", "import_onnxruntime"]

DEVICES = ("auto", "cpu", "cuda")  # and the name of any other execution provider of the installed onnxruntime
_PACKAGES = (  # each has a module `onnxruntime`
    *("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml"),
    *("onnxruntime-qnn", "onnxruntime-rocm", "onnxruntime-migraphx", "onnxruntime-webgpu"),
)


@dataclass(frozen=True, kw_only=True)
class Device:
    """The device that a model runs on. `str(device)` is a line for people.

    Attributes:
        requested: as the user wrote it: 'auto', 'cpu', 'cuda:1', 'coreml', ...
        active: 'cpu', 'cuda' or the short name of another execution provider.
        index: of the GPU, from 0; 0 for other devices.
        reason: why this device was chosen.
        provider: onnxruntime's name of the execution provider.
        threads: CPU threads for one call.
        onnxruntime: the version of onnxruntime.
        package: the installed package that contains it.
    """

    requested: str
    active: str
    index: int
    reason: str
    provider: str
    threads: int
    onnxruntime: str
    package: str

    @property
    def name(self) -> str:
        """The name that selects this device again: 'cpu', 'cuda', 'cuda:1'."""
        return f"{self.active}:{self.index}" if self.index else self.active

    @property
    def memory(self) -> str:
        """onnxruntime's name of the memory where latents can stay between the graphs: 'cpu' or 'cuda'."""
        return "cuda" if self.provider in (CUDA, TENSORRT) else "cpu"

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


@functools.cache
def _installed() -> set[str]:
    from importlib import metadata  # a slow import

    found = set()
    for name in _PACKAGES:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
    return found


def import_onnxruntime(device: str = "auto") -> Any:
    """Import onnxruntime.

    Args:
        device: 'cpu' tolerates two onnxruntime packages, since both contain the CPU code.

    Raises:
        MissingPackageError: none is installed, or two packages are, which overwrite each other's files.
    """
    installed = sorted(_installed())
    if len(installed) > 1 and device != "cpu":
        raise MissingPackageError(
            f"both {' and '.join(installed)} are installed; they overwrite each other's files and CUDA "
            f"goes missing. Repair it with: pip uninstall -y {' '.join(installed)}, then "
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


def create_session(
    model: bytes, device: str, threads: int, *, arena: bool = True, patterns: bool = True
) -> tuple[Any, Device]:
    """Start an onnxruntime session on a device.

    Args:
        model: the bytes of an .onnx file.
        device: 'auto' (CUDA if it works, otherwise the CPU), 'cpu', 'cuda' or 'cuda:1' (CUDA or an error), or
            the name of another execution provider of the installed onnxruntime: 'coreml', 'openvino',
            'TensorrtExecutionProvider'. Case does not matter.
        threads: CPU threads for one call, at least 1.
        arena: on the CPU, whether onnxruntime keeps the memory of a call for later ones, or gives it back.
            What it keeps may be several times what a call needs.
        patterns: on the CPU, whether onnxruntime plans the memory of a call anew for each shape of its input,
            and keeps it for the next call of that shape. With many shapes the arena then grows.

    Returns:
        The session and the device that it runs on.

    Raises:
        DeviceError: the device does not work here; the message says why.
        GraphError: onnxruntime refuses the graph.
        MissingPackageError: onnxruntime is not installed, or not usable.
        UnknownNameError: there is no such device.
        UsageError: the number after the colon is not a number, or the device takes none.
    """
    if not isinstance(device, str):
        raise UsageError(f"a device is given by its name, such as 'cpu' or 'cuda:1', not as {device!r}.")
    wanted = device.strip().lower()
    ort = import_onnxruntime(wanted)
    made = functools.partial(_device, ort, device, threads)
    provider, index = _parse(ort, wanted)
    if provider == CPU:
        return start(ort, model, threads, arena, patterns), made(CPU, 0, "asked for")
    trouble = _cuda_trouble(ort) if provider == CUDA else ""
    if not trouble:
        session, note = start_on(ort, model, provider, index, threads)
        if session is not None:
            reason = "CUDA works here" if wanted == "auto" else "asked for"
            return session, made(provider, index, f"{reason}; {note}" if note else reason)
        trouble = note
    if wanted != "auto":
        raise DeviceError(f"{device} does not work here: {trouble} Or use the device cpu or auto.")
    reason = trouble.split(". ")[0].rstrip(".")
    if CUDA in ort.get_available_providers():
        _say_once(f"running on the CPU: {reason}")
    return start(ort, model, threads, arena, patterns), made(CPU, 0, reason)


@functools.cache
def _say_once(message: str) -> None:
    import logging

    logging.getLogger("diabolo").warning(message)


def _device(ort: Any, requested: str, threads: int, provider: str, index: int, reason: str) -> Device:
    return Device(
        requested=requested,
        active=short(provider),
        index=index,
        reason=reason,
        provider=provider,
        threads=threads,
        onnxruntime=ort.__version__,
        package=" and ".join(sorted(_installed())) or "built from source",
    )


def _parse(ort: Any, wanted: str) -> tuple[str, int]:
    """The execution provider and the index of the GPU; for 'auto', CUDA."""
    name, colon, number = wanted.partition(":")
    name = short(name.replace("executionprovider", "ExecutionProvider"))
    available = {short(p): p for p in ort.get_available_providers()}
    provider = {"auto": CUDA, "cpu": CPU, "cuda": CUDA}.get(name) or available.get(name)
    if provider is None:
        _refuse(ort, wanted, name, available)
    if colon and (provider not in (CUDA, TENSORRT) or name == "auto"):
        raise UsageError(f"the device {name} takes no number; {wanted!r} has one. Write {name}.")
    if colon and not number.isdecimal():
        raise UsageError(f"{wanted!r} does not name a GPU. They are counted from 0: {name}:0.")
    return provider, int(number or 0)


def _refuse(ort: Any, wanted: str, name: str, available: dict[str, str]) -> NoReturn:
    known = {short(p): p for p in ort.get_all_providers()}
    if name in known:
        raise DeviceError(
            f"the installed onnxruntime {ort.__version__} has no {known[name]}; it has "
            f"{', '.join(sorted(available))}. Install a build that includes it (see "
            "https://onnxruntime.ai/docs/execution-providers/), or use the device cpu or auto."
        )
    raise UnknownNameError("device", wanted, {*DEVICES, *available}, "A second GPU is cuda:1.")


def _cuda_trouble(ort: Any) -> str:
    """The reason why CUDA cannot work, if that is known without starting a session; otherwise ''."""
    if CUDA not in ort.get_available_providers():
        return (
            "the installed onnxruntime has no CUDA. "
            'Install the build with CUDA: pip uninstall -y onnxruntime, then pip install "diabolo[gpu]".'
        )
    driver = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        ctypes.CDLL(driver)
    except OSError:
        return f"no NVIDIA driver was found ({driver} does not load). Install NVIDIA's driver."
    return ""
