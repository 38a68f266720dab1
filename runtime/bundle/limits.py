"""Limits on what a bundle may hold: generous for the user's own bundles, strict for untrusted ones."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass

from diabolo.runtime._old_names import old_names

__all__ = ["LOCAL", "STRANGERS", "BundleLimits"]

_MB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class BundleLimits:
    """Limits that are checked before a file is unpacked or parsed, and again while it is read.

    Limits that apply to every bundle (lengths of names, dimensions of a latent, ranges of numbers) are in
    `model.schema.json`.
    """

    archive: int = 16384 * _MB  # bytes of a .zip
    entries: int = 4096  # files and folders in a .zip
    unpacked: int = 8192 * _MB  # bytes of all files together
    ratio: int = 2000  # the highest compression ratio of a file that unpacks to more than `small`
    small: int = 16 * _MB  # bytes; after posterior collapse, codes are nearly equal and compress well
    methods: frozenset[int] = frozenset(  # compression methods
        {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
    )
    manifest: int = 64 * _MB  # bytes of model.json
    values: int = 4_000_000  # numbers, strings, lists and objects in model.json
    nesting: int = 64  # levels of lists and objects in model.json
    classes: int = 100_000
    fields: int = 1_000_000  # protobuf fields of a graph, not counting weights
    arrays: int = 512 * _MB  # bytes of all arrays of an .npz
    array_count: int = 256  # arrays of an .npz
    codes: int = 10_000_000  # of test images, and of training images; each one is a point in a plot


LOCAL = BundleLimits()
"""For bundles that the user of this machine opens."""

STRANGERS = BundleLimits(
    archive=256 * _MB,
    entries=64,
    unpacked=512 * _MB,
    ratio=200,
    methods=frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}),
    manifest=8 * _MB,
    values=500_000,
    nesting=32,
    classes=10_000,
    fields=100_000,
    arrays=128 * _MB,
    array_count=16,
    codes=20_000,
)
"""For untrusted bundles, which anybody may send to a server.

The ready-made models have at most 3 MB in 7 files, a model.json of 84 kB and 1,200 values, 1,100 fields in a
graph, and 2 MB of arrays with 5,000 codes. The compression ratio of their files is at most 2, that of their
labels 123. A model of 256 x 256 colour images with a latent of 4 x 32 x 32 has a model.json of almost 4 MB.
"""

__getattr__ = old_names(__name__, {"Limits": "BundleLimits"})
