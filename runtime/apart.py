"""`verify` in a process of its own, for a bundle that nobody vouches for.

What a graph costs is only known when onnxruntime has run it: a few bytes may ask for any amount of memory or
time, and a graph that is broken on purpose may end the process. Here that is another process, with bounds.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from diabolo.runtime import errors
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.limits import Limits
from diabolo.runtime.verify import Check, verify

__all__ = ["MEMORY", "SECONDS", "verify_apart"]

SECONDS = 60.0  # a .zip of 180 MB takes ten on a busy machine
MEMORY = 3 << 30  # bytes beyond what Python and onnxruntime take
_RAISED: dict[str, type[errors.DiaboloError]] = {
    "DeviceError": errors.DeviceError,
    "MissingPackageError": errors.MissingPackageError,
    "UsageError": errors.UsageError,
    "BundleError": errors.BundleError,
}
_ON_CPU = {
    "CPUExecutionProvider",
    "AzureExecutionProvider",
}  # the second one is in every wheel, and calls out


def verify_apart(
    bundle: Bundle, *, device: str = "auto", seconds: float = SECONDS, memory: int = MEMORY
) -> list[Check]:
    """What `verify` finds, or a check called 'cost' that failed where the process did not get that far.

    Where Python cannot start processes of its own, it is `verify` itself. Memory is bounded on Linux, when
    the checks run on the CPU.

    Args:
        bundle: opened with the limits that hold in the process, too.
        device: as `verify` takes it.
        seconds: after which the process is ended.
        memory: bytes that it may take beyond what it needs to start.

    Raises:
        DeviceError: the device does not work here.
        MissingPackageError: onnxruntime is not usable.
        UsageError: there is no such device.
    """
    if not sys.executable or getattr(sys, "frozen", False):  # a packed program is no Python
        return verify(bundle, device=device)
    limits = dataclasses.asdict(bundle.limits) | {"methods": sorted(bundle.limits.methods)}
    job = {"path": str(bundle.path.absolute()), "device": device, "limits": limits, "memory": memory}
    try:
        done = subprocess.run(  # noqa: S603 - this very module
            [sys.executable, "-P", "-m", __name__, json.dumps(job)],  # -P: no module of the working folder's
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [_failed(f"checking it took more than the {seconds:g} seconds that are allowed")]
    except OSError as error:
        raise errors.BundleError(
            f"a process to check {bundle.path} in cannot be started: {error.strerror}. Try again."
        ) from None
    return _answer(done)


def _failed(why: str) -> Check:
    return Check(name="cost", ok=False, detail=f"{why}. Do not use it, or open it from the command line.")


def _answer(done: subprocess.CompletedProcess[bytes]) -> list[Check]:
    if done.returncode < 0:
        try:
            name = signal.Signals(-done.returncode).name
        except ValueError:
            name = f"signal {-done.returncode}"
        return [_failed(f"onnxruntime ended with {name} when it was checked")]
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no answer"])[-1]
        return [_failed(f"the process that checked it ended with {done.returncode}: {last[:200]}")]
    if "error" in answer:
        raise _RAISED[answer["error"]](answer["message"])
    return [Check(**check) for check in answer["checks"]]


def _main(job: dict[str, Any]) -> None:
    limits = Limits(**job["limits"] | {"methods": frozenset(job["limits"]["methods"])})
    answer: dict[str, Any]
    try:
        _bound(job["memory"], job["device"])
        bundle = Bundle.open(Path(job["path"]), limits=limits)
        checks = verify(bundle, device=job["device"])
        answer = {"checks": [dataclasses.asdict(check) for check in checks]}
    except MemoryError:
        answer = {
            "checks": [dataclasses.asdict(_failed(f"it needs more than {job['memory']:,} bytes of memory"))]
        }
    except errors.DiaboloError as error:
        kind = next((name for name, kind in _RAISED.items() if isinstance(error, kind)), "BundleError")
        answer = {"error": kind, "message": str(error)}
    sys.stdout.write(json.dumps(answer))


def _bound(memory: int, device: str) -> None:
    """Bound the addresses of this process; a GPU's library reserves far more of them than it uses."""
    try:
        import resource

        import onnxruntime

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (ImportError, OSError):
        return  # not Linux; or no onnxruntime, which is said where it is needed
    if device != "cpu" and set(onnxruntime.get_available_providers()) - _ON_CPU:
        return
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
