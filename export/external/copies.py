"""Copy a model with everything that it reaches: modules, tensors, and functions that close over them.

`copy.deepcopy` alone refuses a module that keeps a tensor with a gradient (a KL term, the weight of an old
`weight_norm`) or an object without copies (a lock, a file), and it leaves functions as they are, so that a
copied module would go on calling the original through a lambda.
"""

from __future__ import annotations

import copy
import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

__all__ = ["NotCopiedError", "copied", "module_name", "modules_of", "objects_of", "unwrapped"]


class NotCopiedError(Exception):
    """Something that a part reaches can be neither copied nor shared."""


_LIBRARIES = ("torch", "numpy", "diabolo", "functools", "builtins")  # their functions hold no models
_ATOMS = (
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
    type,
    types.ModuleType,
    types.BuiltinFunctionType,
)


def copied(root: Any, memo: dict[int, Any], tensor: Callable[[Tensor], Tensor] = Tensor.clone) -> Any:
    """A copy of a module, a method, a function or a `functools.partial`, and of all that it reaches.

    Args:
        root: what to copy.
        memo: copies by the id of the original, as in `copy.deepcopy`; it is extended. Two copies that are
            made with one memo share what their originals share.
        tensor: copies a tensor that is not a parameter; it gets it without a gradient.

    Returns:
        The copy. Tensors that are neither parameters nor buffers have no gradient; `torch.compile` and
        `DataParallel` are taken off; objects that cannot be copied are the originals.
    """
    found = list(_walk(root, memo))
    functions = [each for each in found if isinstance(each, types.FunctionType) and _holds(each)]
    rebuilt = [(each, _empty(each)) for each in functions]
    memo.update({id(old): new for old, new in rebuilt})
    for each in found:
        if isinstance(each, Tensor) and (not isinstance(each, nn.Parameter) or not each.is_leaf):
            memo[id(each)] = tensor(each.detach())
    for each in reversed(found):  # a wrapper comes before what it wraps
        if (inner := unwrapped(each)) is not each:
            memo[id(each)] = _deep(inner, memo)
    for old, new in rebuilt:
        _fill(old, new, memo)
    memo[id(memo)] = [*memo.get(id(memo), []), *found]  # an id is used again once its object is gone
    return _deep(root, memo)


def unwrapped(part: Any) -> Any:
    """The module or function inside `torch.compile`, `DataParallel` or `DistributedDataParallel`."""
    while True:
        inner = vars(part).get("_torchdynamo_orig_callable") if inspect.isfunction(part) else None
        if isinstance(part, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = part.module
        elif isinstance(part, nn.Module):
            inner = vars(part).get("_modules", {}).get("_orig_mod") if _is_compiled(part) else None
        if inner is None:
            return part
        part = inner


def _is_compiled(part: nn.Module) -> bool:
    return type(part).__name__ == "OptimizedModule"


def modules_of(root: Any) -> list[nn.Module]:
    """All modules that a part reaches, each once."""
    return [each for each in objects_of(root) if isinstance(each, nn.Module)]


def objects_of(root: Any) -> list[Any]:
    """All objects that a part reaches, each once: modules, tensors, functions, lists."""
    return list(_walk(root, {}))


def module_name(part: Any) -> str:
    """The name of the class of a part's module, or of the function."""
    part = unwrapped(part)
    if isinstance(part, functools.partial):
        return module_name(part.func)
    owner = unwrapped(getattr(part, "__self__", part))
    return str(owner.__name__) if inspect.isfunction(owner) else type(owner).__name__


def _walk(root: Any, known: Mapping[int, Any]) -> Iterator[Any]:
    """All objects that `root` reaches, itself included, without those that `known` has copies of."""
    seen, waiting = set(known), [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, _ATOMS):
            continue
        seen.add(id(each))
        yield each
        waiting.extend(_parts(each))


def _parts(each: Any) -> list[Any]:
    if isinstance(each, Tensor):
        return []
    if (inner := unwrapped(each)) is not each:
        return [inner]
    if isinstance(each, types.MethodType):
        return [each.__self__]
    if isinstance(each, types.FunctionType):
        return _references(each)
    if isinstance(each, functools.partial):
        return [each.func, *each.args, *each.keywords.values()]
    if isinstance(each, Mapping):
        return list(each.values())
    if isinstance(each, list | tuple | set | frozenset):
        return list(each)
    return list(getattr(each, "__dict__", {}).values())


def _references(function: types.FunctionType) -> list[Any]:
    """The values that a function closes over, its defaults, and the global ones that it names."""
    if (function.__module__ or "").split(".")[0] in _LIBRARIES:
        return list(vars(function).values())
    values = [*_cells(function).values(), *(function.__defaults__ or ())]
    values += [*(function.__kwdefaults__ or {}).values(), *vars(function).values()]
    return values + [value for value in _globals(function).values() if value is not function]


def _cells(function: types.FunctionType) -> dict[int, Any]:
    cells = enumerate(function.__closure__ or ())
    return {place: cell.cell_contents for place, cell in cells if not _is_empty(cell)}


def _is_empty(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def _globals(function: types.FunctionType) -> dict[str, Any]:
    """The global values that a function names, if they may hold a model."""
    names, codes = set[str](), [function.__code__]
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    kinds = nn.Module, Tensor, types.FunctionType, functools.partial, types.MethodType, list, dict, tuple
    found = {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}
    return {name: value for name, value in found.items() if isinstance(value, kinds)}


def _holds(function: types.FunctionType) -> bool:
    """Whether a function reaches a module or a tensor, so that its copy must reach the copies."""
    return any(isinstance(each, nn.Module | Tensor) for each in _walk(function, {}))


def _empty(function: types.FunctionType) -> types.FunctionType:
    """The same function with globals and a closure of its own, which are still to be filled."""
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    new = types.FunctionType(function.__code__, dict(function.__globals__), function.__name__, None, cells)
    new.__module__, new.__qualname__ = function.__module__, function.__qualname__
    return new


def _fill(old: types.FunctionType, new: types.FunctionType, memo: dict[int, Any]) -> None:
    for place, value in _cells(old).items():
        (new.__closure__ or ())[place].cell_contents = _deep(value, memo)
    new.__globals__.update({name: _deep(value, memo) for name, value in _globals(old).items()})
    new.__defaults__ = _deep(old.__defaults__, memo)
    new.__kwdefaults__ = _deep(old.__kwdefaults__, memo)
    new.__dict__.update({name: _deep(value, memo) for name, value in vars(old).items()})


def _deep(value: Any, memo: dict[int, Any]) -> Any:
    """`copy.deepcopy`; what refuses to be copied is shared with the original."""
    trial = dict(memo)  # a copy that failed leaves half-made objects in its memo
    try:
        new = copy.deepcopy(value, trial)
    except Exception:  # noqa: BLE001  somebody else's code may raise anything
        _share(value, memo)
        trial = dict(memo)
        try:
            new = copy.deepcopy(value, trial)
        except Exception as error:
            raise NotCopiedError(f"{type(error).__name__}: {error}") from error
    memo.update(trial)
    return new


def _share(value: Any, memo: dict[int, Any]) -> None:
    """Enter into the memo every attribute that cannot be copied, as its own copy.

    Those that hold nothing, such as locks, come first: with them, most of what holds them can be copied.
    """
    never = Tensor, nn.Module, dict, list, tuple, *_ATOMS
    held = [part for owner in _walk(value, memo) for part in _parts(owner) if not isinstance(part, never)]
    for part in sorted(held, key=lambda part: bool(_parts(part))):
        if id(part) not in memo and not _copies(part, memo):
            memo[id(part)] = part


def _copies(value: Any, memo: dict[int, Any]) -> bool:
    try:
        copy.deepcopy(value, dict(memo))
    except Exception:  # noqa: BLE001  somebody else's code may raise anything
        return False
    return True
