"""How much of anything a bundle may hold: generous for one's own, strict for one that a stranger sent."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass

from diabolo.runtime._old_names import old_names

__all__ = ["LOCAL", "STRANGERS", "BundleLimits"]

_MB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class BundleLimits:
    """What is checked before anything is unpacked or parsed, and again while it is read.

    What applies to every bundle whoever made it (lengths of names, dimensions of a latent, ranges of numbers)
    stands in `model.schema.json` instead.
    """

    archive: int = 16384 * _MB  # bytes of a .zip
    entries: int = 4096  # files and folders in a .zip
    unpacked: int = 8192 * _MB  # bytes of all files together
    ratio: int = 2000  # unpacked bytes for one packed byte, of a file that unpacks to more than `small`
    small: int = 16 * _MB  # bytes; posterior collapse makes codes that are nearly all alike
    methods: frozenset[int] = frozenset(  # of compression
        {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
    )
    manifest: int = 64 * _MB  # bytes of model.json
    values: int = 4_000_000  # numbers, strings, lists and objects in model.json
    nesting: int = 64  # lists and objects inside each other in model.json
    classes: int = 100_000
    fields: int = 1_000_000  # protobuf fields of a graph, its weights apart
    arrays: int = 512 * _MB  # bytes of all arrays of an .npz
    array_count: int = 256  # arrays of an .npz
    codes: int = 10_000_000  # of test images, and of training images; each is a point on a page


LOCAL = BundleLimits()
"""For bundles that the user of this machine names."""

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
"""For bundles that anybody may send to a server.

The ready-made models need 3 MB in 7 files, 84 kB and 1,200 values of model.json, 1,100 fields a graph and
2 MB of arrays, of 5,000 codes at most; their files pack to no less than half, a column of labels to a 123rd.
A model of 256 x 256 colour images with a latent of 4 x 32 x 32 has a model.json of almost 4 MB.
"""

__getattr__ = old_names(__name__, {"Limits": "BundleLimits"})
