"""What the directory of a .zip may say of its entries, checked before any of them is unpacked."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath
from zipfile import ZipInfo

from diabolo.runtime.bundle.limits import BundleLimits
from diabolo.runtime.errors import BundleError

__all__ = ["check_entries", "check_unpacked", "leaves"]

_LONGEST = 1024  # characters of an entry's name, folders included
_HEADER = 30  # bytes before an entry's data, its name apart
_ENCRYPTED = 0x41  # flags: by a password, or strongly
_METHODS = {0: "stored", 8: "deflated", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstandard"}


def check_entries(path: Path, entries: Sequence[ZipInfo], limits: BundleLimits, size: int) -> None:
    """Refuse a .zip of `size` bytes that no bundle comes in.

    Raises:
        BundleError: too many entries, too much in them, or one that cannot be what it says.
    """
    wrong = next(_wrong(entries, limits, size), "")
    if wrong:
        raise BundleError(f"{path} {wrong}. Do not use it, or zip the bundle's folder again.")


def check_unpacked(entries: Sequence[ZipInfo], most: int, limits: BundleLimits) -> str:
    """What is wrong with the entries' sizes: more than `most` bytes together, or packed too well; or ''."""
    total = sum(entry.file_size for entry in entries)
    if total > most:
        return f"unpacks to {total:,} bytes; {most:,} are allowed"
    for entry in entries:
        packed, unpacked = max(1, entry.compress_size), entry.file_size
        if unpacked > limits.small and unpacked > limits.ratio * packed:
            return (
                f"unpacks {entry.filename!r} from {packed:,} bytes to {unpacked:,}; "
                f"above {limits.small:,} bytes at most {limits.ratio:,} times as many are allowed"
            )
    return ""


def leaves(name: str) -> bool:
    """Whether a name is no relative path of plain parts, on any system."""
    parts = PurePosixPath(name).parts
    return (
        not parts
        or ".." in parts
        or name.startswith("/")
        or bool(PureWindowsPath(name).drive)
        or "\\" in name
        or "\0" in name
    )


def _wrong(entries: Sequence[ZipInfo], limits: BundleLimits, size: int) -> Iterator[str]:
    if len(entries) > limits.entries:
        yield f"has {len(entries):,} entries; a bundle's .zip may have {limits.entries:,}"
    if wrong := check_unpacked(entries, limits.unpacked, limits):
        yield wrong
    seen: set[str] = set()
    for entry in entries:
        if wrong := _wrong_entry(entry, limits):
            yield f"holds {entry.orig_filename[:80]!r}, {wrong}"
        if entry.filename in seen:
            yield f"holds {entry.filename!r} more than once"
        seen.add(entry.filename)
    yield from _overlaps(entries, size)


def _wrong_entry(entry: ZipInfo, limits: BundleLimits) -> str:
    name = entry.orig_filename
    if len(name) > _LONGEST:
        return f"a name of {len(name):,} characters; {_LONGEST:,} are allowed"
    if leaves(name):
        return "which is no file inside a bundle"
    if entry.flag_bits & _ENCRYPTED:
        return "which is encrypted; a bundle has no password"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "which is a link; a bundle holds files alone"
    if entry.compress_type not in limits.methods:
        allowed = ", ".join(_METHODS[method] for method in sorted(limits.methods))
        method = _METHODS.get(entry.compress_type, entry.compress_type)
        return f"which is compressed by the method {method}; allowed are: {allowed}"
    return ""


def _overlaps(entries: Sequence[ZipInfo], size: int) -> Iterator[str]:
    """Bytes that belong to two entries: by them a small .zip unpacks to anything (D. Fifield, 'A better zip
    bomb', WOOT 2019)."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    spans = [(e.header_offset, e.header_offset + _HEADER + e.compress_size, e.filename) for e in ordered]
    for (_, end, one), (start, _, other) in pairwise(spans):
        if end > start:
            yield f"holds {one!r} and {other!r} in the same bytes"
    for start, end, name in spans:
        if start < 0 or end > size:
            yield f"holds {name!r} at the bytes {start:,} to {end:,}, but has {size:,} bytes"
