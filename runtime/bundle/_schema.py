"""The part of JSON Schema (draft 2020-12) that `model.schema.json` uses, without a dependency.

model.json is thus validated against the published schema itself. Known keywords: type, const, enum, required,
properties, additionalProperties (as a schema), propertyNames, maxProperties, items, minItems, maxItems,
minLength, maxLength, minimum, maximum, pattern. A schema with another keyword is a bug of this project.

A value that is too long gives one message, and its items are not checked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["problems"]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
_ANNOTATIONS = frozenset({"$schema", "$id", "title", "description"})


def problems(value: Any, schema: dict[str, Any], path: str = "model.json") -> Iterator[str]:
    """Validate a value.

    Args:
        value: parsed JSON.
        schema: the schema that applies to it.
        path: its place in the document, for messages.

    Yields:
        One clause for each mistake; nothing if the value is valid.
    """
    sizes = schema.keys() & _SIZES.keys()
    if too_long := [
        problem for keyword in sizes for problem in _SIZES[keyword](value, schema[keyword], path)
    ]:
        yield from too_long
        return
    for keyword, rule in schema.items():
        if keyword not in _ANNOTATIONS and keyword not in _SIZES:
            yield from _CHECKS[keyword](value, rule, path, schema)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, float) and name == "integer":
        return value.is_integer()
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, _TYPES[name])


def _equal(a: Any, b: Any) -> bool:
    """Equality in JSON: 1 equals 1.0, but true does not equal 1."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _type(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    allowed = rule if isinstance(rule, list) else [rule]
    if not any(_is(value, name) for name in allowed):
        yield f"{path} must be {' or '.join(allowed)}, not {_show(value)}"


def _const(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if not _equal(value, rule):
        yield f"{path} must be {rule!r}, not {_show(value)}"


def _enum(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if not any(_equal(value, allowed) for allowed in rule):
        yield f"{path} must be one of {rule}, not {_show(value)}"


def _required(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{path} lacks {name!r}" for name in rule if name not in value)


def _properties(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, schema in rule.items():
            if name in value:
                yield from problems(value[name], schema, f"{path}: {name}")


def _additional(value: Any, rule: Any, path: str, schema: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name in value.keys() - schema.get("properties", {}).keys():
            yield from problems(value[name], rule, f"{path}: {name[:80]}")


def _items(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, list) and not _are_valid_numbers(value, rule):
        for index, item in enumerate(value):
            yield from problems(item, rule, f"{path}[{index}]")


def _are_valid_numbers(items: list[Any], rule: dict[str, Any]) -> bool:
    """Whether all items are numbers within bounds, checked quickly; False if each item must be checked."""
    kinds = set(map(type, items))
    if rule.get("type") != "number" or not kinds or kinds - {int, float}:
        return False
    within = rule.get("minimum", -math.inf) <= min(items) and max(items) <= rule.get("maximum", math.inf)
    return within and not rule.keys() - _ANNOTATIONS - {"type", "minimum", "maximum"}


def _min_items(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, list) and len(value) < rule:
        yield f"{path} needs at least {rule} items, has {len(value)}"


def _names(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name in value:
            yield from problems(name, rule, f"{path}: the name {_show(name)}")


def _max_items(value: Any, rule: int, path: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) > rule:
        yield f"{path} may have at most {rule:,} items, has {len(value):,}"


def _max_properties(value: Any, rule: int, path: str) -> Iterator[str]:
    if isinstance(value, dict) and len(value) > rule:
        yield f"{path} may have at most {rule:,} keys, has {len(value):,}"


def _max_length(value: Any, rule: int, path: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) > rule:
        yield f"{path} may have at most {rule:,} characters, has {len(value):,}"


def _min_length(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) < rule:
        yield f"{path} is too short: {_show(value)}"


def _minimum(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if _is(value, "number") and value < rule:
        yield f"{path} must be at least {rule}, not {_show(value)}"


def _maximum(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if _is(value, "number") and value > rule:
        yield f"{path} must be at most {rule}, not {_show(value)}"


def _pattern(value: Any, rule: Any, path: str, _: Any) -> Iterator[str]:
    if isinstance(value, str) and not re.search(rule, value):
        yield f"{path} must match {rule}, not {_show(value)}"


def _show(value: Any) -> str:
    if isinstance(value, list | dict) and len(value) > 20:
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value):,}"
    text = repr(value[:61] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."


_SIZES = {"maxItems": _max_items, "maxProperties": _max_properties, "maxLength": _max_length}
_CHECKS = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "minItems": _min_items,
    "propertyNames": _names,
    "minLength": _min_length,
    "minimum": _minimum,
    "maximum": _maximum,
    "pattern": _pattern,
}
