"""Parse untrusted JSON; its size, nesting and numbers are limited."""

from __future__ import annotations

import json
import re
from typing import Any

from diabolo.runtime.bundle.limits import BundleLimits
from diabolo.runtime.errors import ManifestError

__all__ = ["read_document"]

_DIGITS = 20  # the most digits of an integer
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_document(raw: bytes, limits: BundleLimits) -> Any:
    """Parse the bytes of a model.json.

    Args:
        raw: UTF-8, with or without a byte order mark.
        limits: of the size, the number of values and the nesting.

    Returns:
        The JSON value, usually a dict.

    Raises:
        ManifestError: the document is too large, is not JSON, or has a number or a text that other programs
            cannot read.
    """
    if len(raw) > limits.manifest:
        raise ManifestError(_too_much(len(raw), "bytes", limits.manifest))
    values = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if values > limits.values:  # it also counts commas in texts, but valid documents are far below the limit
        raise ManifestError(_too_much(values, "values", limits.values))
    try:
        text = raw.decode("utf-8-sig")
        document = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole_number
        )
        _check_nesting(document, limits.nesting)
        if _SURROGATE.search(raw):
            json.dumps(document, ensure_ascii=False).encode()  # raises for an unpaired surrogate
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"model.json is not valid JSON: {error}. Get the bundle again.") from None
    return document


def _too_much(count: int, what: str, most: int) -> str:
    return f"model.json has {count:,} {what}; {most:,} are allowed. Export the bundle again."


def _check_nesting(document: Any, most: int) -> None:
    """Check the depth level by level; recursion would exceed Python's limit."""
    level: list[Any] = [[document]]
    depth = 0
    while level:
        depth += 1
        if depth > most + 1:
            raise ManifestError(
                f"model.json nests more than {most} lists and objects inside each other. "
                "Export the bundle again."
            )
        inner = (child for it in level for child in (it.values() if type(it) is dict else it))
        level = [child for child in inner if type(child) is dict or type(child) is list]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ManifestError(f"model.json: the number {text[:40]} is too large. Export the bundle again.")
    return number


def _whole_number(text: str) -> int:
    if len(text) > _DIGITS:
        raise ManifestError(
            f"model.json: the number {text[:_DIGITS]}... has {len(text):,} digits; {_DIGITS} are allowed. "
            "Export the bundle again."
        )
    return int(text)
