"""Check the entries in the directory of a .zip before any of them is unpacked."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath
from zipfile import ZipInfo

from diabolo.runtime.bundle.limits import BundleLimits
from diabolo.runtime.errors import BundleError

__all__ = ["check_entries", "check_unpacked", "escapes"]

_LONGEST = 1024  # the most characters of an entry's name, with its folders
_HEADER = 30  # bytes before an entry's data, without its name
_ENCRYPTED = 0x41  # flags: encryption, strong encryption
_METHODS = {0: "stored", 8: "deflated", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstandard"}


def check_entries(path: Path, entries: Sequence[ZipInfo], limits: BundleLimits, size: int) -> None:
    """Check the entries of a bundle's .zip.

    Args:
        path: the .zip, for messages.
        entries: of its directory.
        limits: of the entries' number, size, compression ratio and compression methods.
        size: of the .zip in bytes.

    Raises:
        BundleError: there are too many entries, they are too large, or one of them is not allowed.
    """
    wrong = next(_wrong(entries, limits, size), "")
    if wrong:
        raise BundleError(f"{path} {wrong}. Do not use it, or zip the bundle's folder again.")


def check_unpacked(entries: Sequence[ZipInfo], most: int, limits: BundleLimits) -> str:
    """Check the entries' unpacked sizes and compression ratios.

    Args:
        entries: of a .zip's directory.
        most: bytes that they may unpack to together.
        limits: of the compression ratio.

    Returns:
        What is wrong, to follow the file's name in a sentence; '' if nothing is.
    """
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


def escapes(name: str) -> bool:
    """Whether a name could lead out of the bundle's folder, on any operating system."""
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
    if escapes(name):
        return "which is not a file inside a bundle"
    if entry.flag_bits & _ENCRYPTED:
        return "which is encrypted; a bundle has no password"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "which is a link; a bundle holds only files"
    if entry.compress_type not in limits.methods:
        allowed = ", ".join(_METHODS[method] for method in sorted(limits.methods))
        method = _METHODS.get(entry.compress_type, entry.compress_type)
        return f"which is compressed by the method {method}; allowed are: {allowed}"
    return ""


def _overlaps(entries: Sequence[ZipInfo], size: int) -> Iterator[str]:
    """Find bytes that belong to two entries, with which a small .zip can unpack to any size.

    D. Fifield, 'A better zip bomb', WOOT 2019, https://www.usenix.org/conference/woot19/presentation/fifield.
    """
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    spans = [(e.header_offset, e.header_offset + _HEADER + e.compress_size, e.filename) for e in ordered]
    for (_, end, one), (start, _, other) in pairwise(spans):
        if end > start:
            yield f"holds {one!r} and {other!r} in the same bytes"
    for start, end, name in spans:
        if start < 0 or end > size:
            yield f"holds {name!r} at the bytes {start:,} to {end:,}, but has {size:,} bytes"
