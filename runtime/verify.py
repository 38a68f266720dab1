"""Check that a bundle is unchanged since its export and computes the same results here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder, Codes
from diabolo.runtime.bundle import Bundle, zoo
from diabolo.runtime.bundle.fingerprint import fingerprint
from diabolo.runtime.bundle.limits import LOCAL, BundleLimits
from diabolo.runtime.errors import BundleError, GraphError, ImageError, LatentError
from diabolo.runtime.image.convert import to_uint8
from diabolo.runtime.session.device import create_session

__all__ = ["Check", "verify"]

_CODES = 16  # codes that the uint8 graphs are checked with


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: what was checked: a file, or 'graphs', 'golden latent', ...
        ok: whether the check passed.
        detail: the reason, in one sentence or phrase.
        difference: the largest absolute difference of what was compared, if it is finite; otherwise None.
        allowed: the largest difference that is allowed; None if nothing was compared.
    """

    name: str
    ok: bool
    detail: str
    difference: float | None = None
    allowed: float | None = None


def verify(source: str | Path | Bundle, *, device: str = "auto", limits: BundleLimits = LOCAL) -> list[Check]:
    """Check a bundle: its files' hashes, the graphs' inputs and outputs, and the golden image.

    Args:
        source: the name of a ready-made model, a bundle's folder or .zip, or an open bundle.
        device: where to compute the golden image, as in `Autoencoder.load`.
        limits: how much a bundle may hold; ignored for an open bundle, which has its own.

    Returns:
        One `Check` for each check; the bundle is valid if all are `ok`. If a file was changed, no graph is
        run.

    Raises:
        BundleError: there is nothing at `source`.
        DeviceError: the device does not work here.
        MissingPackageError: onnxruntime is not usable.
    """
    return list(_checks(source, device, limits))


def _checks(source: str | Path | Bundle, device: str, limits: BundleLimits) -> Iterator[Check]:
    if not isinstance(source, Bundle) and not os.path.exists(zoo.locate(source)):  # noqa: PTH110 - never raises
        Bundle.open(source)  # raises
    try:
        bundle = source if isinstance(source, Bundle) else Bundle.open(source, limits=limits)
    except BundleError as error:
        yield Check(name="model.json", ok=False, detail=str(error))
        return
    yield Check(name="model.json", ok=True, detail="valid, its digest fits")
    unchanged = True
    for name in bundle.manifest.files:
        try:
            bundle.check(name)
        except BundleError as error:
            unchanged = False
            yield Check(name=name, ok=False, detail=str(error))
        else:
            yield Check(name=name, ok=True, detail="sha256 fits")
    for name in bundle.extra_files():
        unchanged = False
        yield Check(name=name, ok=False, detail=f"{name} is not listed in model.json. Remove it.")
    if unchanged:
        yield from _run_checks(bundle, device)


def _run_checks(bundle: Bundle, device: str) -> Iterator[Check]:
    try:
        model = Autoencoder(bundle, device=device)
        codes = model.codes
    except BundleError as error:
        yield Check(name="graphs", ok=False, detail=str(error))
        return
    yield Check(name="graphs", ok=True, detail="inputs and outputs as in model.json")
    golden = bundle.manifest.golden
    tolerance = _allowed(golden.tolerance, model)
    try:
        yield _compare("golden latent", model.encode(golden.image), golden.latent, tolerance)
        yield _compare("golden reconstruction", model.decode(golden.latent), golden.reconstruction, tolerance)
        if golden.second is not None:
            second = golden.second
            where = "at {} x {}".format(*second.image.shape[2:])
            yield _compare(f"golden latent {where}", model.encode(second.image), second.latent, tolerance)
            found = model.decode(second.latent)
            yield _compare(f"golden reconstruction {where}", found, second.reconstruction, tolerance)
        if golden.sums and bundle.manifest.any_size:
            yield from _fingerprint_checks(model, golden.latent, golden.image.shape[1:])
        elif golden.sums and codes:
            yield from _fingerprint_checks(model, codes.latents, bundle.manifest.image_shape)
    except (GraphError, ImageError, LatentError) as error:
        yield Check(name="golden image", ok=False, detail=str(error))
        return
    yield from _uint8_checks(bundle, model, tolerance, codes)


def _fingerprint_checks(
    model: Autoencoder, codes: NDArray[np.float32], image_shape: tuple[int, ...]
) -> Iterator[Check]:
    graphs, m = model._graphs, model.manifest
    found = fingerprint(graphs.encode_whole, graphs.decode, codes, image_shape)
    for name, total in found.items():
        if name in m.golden.sums:
            expected = m.golden.sums[name]
            allowed = _allowed(expected.tolerance, model)
            yield _compare(f"sum {name}", total.values, expected.values, allowed)


def _allowed(tolerance: dict[str, float], model: Autoencoder) -> float:
    return tolerance.get(model.device.active, tolerance["default"])


def _uint8_checks(
    bundle: Bundle, model: Autoencoder, tolerance: float, codes: Codes | None
) -> Iterator[Check]:
    """Check that the uint8 graphs, if the bundle has them, compute the same as the others."""
    roles = [role for role in ("encoder_uint8", "decoder_uint8") if bundle.manifest.file(role)]
    if not roles:
        return
    latents = bundle.manifest.golden.latent
    if codes:
        latents = np.concatenate([latents, codes.latents[:: max(1, len(codes.latents) // _CODES)]])
    with np.errstate(invalid="ignore"):  # casting a NaN
        pixels = to_uint8(model.decode(latents))
    for role, given, wanted, allowed in (
        ("encoder_uint8", {"image": pixels}, model.encode(pixels), tolerance),
        ("decoder_uint8", {"latent": latents}, pixels, 1 + 255 * tolerance),
    ):
        if role not in roles:
            continue
        output = "latent" if role.startswith("encoder") else "image"
        try:
            session, _ = create_session(bundle.read_graph(role), model.device.name, 1)
            found = session.run([output], given)[0]
        except BundleError as error:
            yield Check(name=role, ok=False, detail=str(error))
        except Exception as error:  # noqa: BLE001  onnxruntime raises a dozen unrelated classes
            yield Check(name=role, ok=False, detail=f"cannot be run: {error}. Get the bundle again.")
        else:
            if found.shape != wanted.shape or found.dtype != wanted.dtype:
                got, due = (f"{array.dtype} {array.shape}" for array in (found, wanted))
                detail = f"returns {got}, not {due}. Get the bundle again."
                yield Check(name=role, ok=False, detail=detail)
            else:
                yield _compare(role, found.astype(np.float32), wanted.astype(np.float32), allowed)


def _compare(name: str, found: NDArray[np.float32], wanted: NDArray[np.float32], tolerance: float) -> Check:
    with np.errstate(all="ignore"):  # infinity minus infinity
        largest = float(np.abs(found - wanted).max())
    return Check(
        name=name,
        ok=largest <= tolerance,  # False for a NaN
        detail=f"largest difference {largest:.1e}, allowed {tolerance:.0e}",
        difference=largest if np.isfinite(largest) else None,
        allowed=tolerance,
    )
