"""Checks an uploaded bundle in a worker, which runs it afterwards."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from diabolo.runtime._old_names import old_names
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.limits import STRANGERS
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import BundleError, IntegrityError
from diabolo.runtime.session.device import Device
from diabolo.runtime.verify import Check
from diabolo.ui.errors import ModelStoppedError
from diabolo.ui.sandbox._hosted import Hosted
from diabolo.ui.sandbox._worker import GoneError, Worker
from diabolo.ui.sandbox.graphs import RemoteGraphs
from diabolo.ui.sandbox.limits import VisitorLimits
from diabolo.ui.sandbox.pool import Pool

__all__ = ["CheckedBundle", "check"]

_REASON = "a visitor's model runs on the CPU, in a process of its own"
_VALUES = 100_000  # in model.json, without those of the latent; each takes about 60 bytes of memory
_CHUNK = 1 << 19  # images per call, at most


class _LimitedBundle(Bundle):
    """A bundle that a worker has checked. The app never parses its graphs, and reads no large files of it."""

    largest = VisitorLimits().file_mb << 20  # bytes

    def read(self, name: str) -> bytes:
        """The content of a file, checked by size and sha256.

        Raises:
            IntegrityError: the file was changed, or is larger than the limit.
        """
        entry = self.manifest.files.get(name)
        if entry is not None and entry.size > self.largest:
            raise IntegrityError(f"{name} has {entry.size / 2**20:,.0f} MB, more than this app reads.")
        return super().read(name)

    def read_graph(self, role: str) -> bytes:
        """The content of the graph with this role, as `read` returns it."""
        return self.read_role(role)


@dataclass(frozen=True, kw_only=True, eq=False)
class _CheckResult:
    """A worker's report on a bundle that passed: size of its codes in bytes, values in model.json."""

    checks: list[Check]
    codes: int
    values: int
    device: Device
    chunk: int


@dataclass(kw_only=True, eq=False)
class CheckedBundle:
    """A bundle that passed its check, and the worker that checked it. Call `start` or `end`.

    Attributes:
        bundle: the bundle; the app does not load its graphs.
        checks: the results of `verify`.
    """

    bundle: Bundle
    checks: list[Check]
    _worker: Worker | None
    _told: _CheckResult

    @property
    def size(self) -> int:
        """The size of its .zip and of its codes in memory, in bytes."""
        return self.bundle.path.stat().st_size + self._told.codes

    def start(self, name: str, pool: Pool, thrown_out: Callable[[str], None]) -> tuple[Autoencoder, Hosted]:
        """Return the model, run by the worker that checked it, and its host in the pool.

        Args:
            name: its name, for messages.
            pool: the pool of all workers.
            thrown_out: called with the reason if its worker was stopped too often.
        """
        hosted = Hosted(name, self.bundle.path, pool, thrown_out)
        if self._worker is not None:
            hosted.adopt(self._worker)
            self._worker = None
        device, chunk = dataclasses.replace(self._told.device, reason=_REASON), self._told.chunk
        graphs = RemoteGraphs(hosted, self.bundle.manifest, device, chunk, pool.limits)
        return Autoencoder(self.bundle, graphs=graphs), hosted

    def end(self) -> None:
        """Stop the worker, unless `start` was called."""
        if self._worker is not None:
            self._worker.stop()


def check(
    path: Path,
    pool: Pool,
    fetch: Callable[[], None] = lambda: None,
    stop: Callable[[], None] = lambda: None,
) -> CheckedBundle:
    """Wait for a turn, then check a bundle's .zip in a worker, as `diabolo verify` does.

    Args:
        path: the .zip.
        pool: the pool of all workers.
        fetch: called when it is its turn, to put the .zip at `path`, so that waiting ones take no disk space.
        stop: called again and again while it waits; whatever it raises ends the wait.

    Raises:
        BundleError: the bundle was changed, or exceeds `pool.limits`.
        BusyError: the wait was too long.
        ModelStoppedError: the check exceeded a limit.
    """
    with pool.checking(stop) as worker:
        try:
            fetch()
            result = _run_check(worker, path, pool.limits)
            bundle = _open_bundle(path, pool.limits)
            _check_sizes(path, bundle.manifest, result, pool.limits)
            return CheckedBundle(bundle=bundle, checks=result.checks, _worker=worker, _told=result)
        except BaseException:
            worker.stop()
            raise


def _run_check(worker: Worker, path: Path, limits: VisitorLimits) -> _CheckResult:
    try:
        answer = worker.ask(worker.begin(limits.check_s) | {"do": "check", "path": str(path)})
    except GoneError as error:
        raise ModelStoppedError(f"{path} is not taken: its check {error}.") from None
    worker.rest()
    if "error" in answer:
        raise BundleError(f"{path} is not taken: {answer.get('reason')}")
    try:
        checks = [Check(**check) for check in answer["checks"]]
        _raise_failed(path, [check for check in checks if not check.ok])
        return _CheckResult(
            checks=checks,
            codes=int(answer["codes"]),
            values=int(answer["values"]),
            device=Device(**answer["device"]),
            chunk=min(max(1, int(answer["chunk"])), _CHUNK),
        )
    except (KeyError, TypeError, ValueError):
        raise ModelStoppedError(f"{path} is not taken: its check gave an invalid answer.") from None


def _raise_failed(path: Path, wrong: list[Check]) -> None:
    if wrong and wrong[0].name == "model.json":  # it is not a bundle
        raise BundleError(wrong[0].detail)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise BundleError(f"{path} is not taken: {wrong[0].name}: {wrong[0].detail}{more}")


def _open_bundle(path: Path, limits: VisitorLimits) -> Bundle:
    bundle = _LimitedBundle.open(path, limits=STRANGERS)
    assert isinstance(bundle, _LimitedBundle)  # noqa: S101 - for mypy
    bundle.largest = limits.file_mb << 20
    return bundle


def _check_sizes(path: Path, m: Manifest, result: _CheckResult, limits: VisitorLimits) -> None:
    image, latent = prod(m.image_shape), prod(m.latent_shape)
    # in model.json; the mean, standard deviation, minimum and maximum of a model of any size are by channel
    statistics = 4 * (m.latent_shape[0] if m.any_size else latent)
    most_latent = limits.image_values if m.any_size else limits.latent_values
    codes, values = result.codes, result.values
    most = _VALUES + statistics
    for fits, what, allowed in (
        (image <= limits.image_values, f"images of {image:,} numbers", f"{limits.image_values:,}"),
        (latent <= most_latent, f"latents of {latent:,} numbers", f"{most_latent:,}"),
        (values <= most, f"{values:,} values in model.json", f"{most:,}"),
        (codes <= limits.codes_mb << 20, f"codes of {codes / 2**20:,.1f} MB", f"{limits.codes_mb} MB"),
    ):
        if not fits:
            raise BundleError(
                f"{path} is not taken: it has {what}; at most {allowed} are allowed here. "
                "Open it from the command line: diabolo ui FILE"
            )


__getattr__ = old_names(__name__, {"Sound": "CheckedBundle"})
