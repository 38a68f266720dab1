"""Modules that have moved are found under their old names, with a warning that gives the new one."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

import diabolo.runtime
import diabolo.ui
from diabolo.runtime import _renamed

OLD = sorted(_renamed._NAMES)
DENSITY = "diabolo.runtime.density"


@pytest.fixture(autouse=True)
def _as_never_imported() -> Iterator[None]:
    """What a test imports by an old name is forgotten before and after it."""
    forget()
    yield
    forget()


def forget() -> None:
    for old in OLD:
        sys.modules.pop(old, None)
        package, _, name = old.rpartition(".")
        vars(sys.modules[package]).pop(name, None)


@pytest.mark.parametrize("old", OLD)
def test_an_old_name_gives_the_module_of_the_new_one(old: str) -> None:
    new = _renamed._NAMES[old]
    with pytest.warns(DeprecationWarning, match=f"{old} is now {new}") as seen:
        module = importlib.import_module(old)
    assert module is importlib.import_module(new)
    assert module.__name__ == new
    assert module.__spec__ is not None
    assert module.__spec__.name == new
    assert len(seen) == 1


@pytest.mark.parametrize(
    "line",
    [
        "import diabolo.runtime.density",
        "import diabolo.runtime.density as density",
        "from diabolo.runtime import density",
        "from diabolo.runtime.density import NEIGHBOUR, Density",
    ],
)
def test_each_way_to_import_warns_where_it_stands(line: str) -> None:
    with pytest.warns(DeprecationWarning, match=r"runtime\.latent\.density") as seen:
        exec(compile(line, "theirs.py", "exec"), {})  # noqa: S102 - ours, from above
    assert [warning.filename for warning in seen] == ["theirs.py"]


def test_a_warning_that_is_an_error_leaves_nothing_half_imported() -> None:
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(DeprecationWarning, match=DENSITY):
                importlib.import_module(DENSITY)
        assert DENSITY not in sys.modules
    with pytest.warns(DeprecationWarning, match=DENSITY):
        importlib.import_module(DENSITY)


def test_a_second_table_adds_to_the_first() -> None:
    before = list(sys.meta_path)
    _renamed.renamed({"diabolo.runtime.formerly": "diabolo.runtime.errors"})
    try:
        assert sys.meta_path == before
        with pytest.warns(DeprecationWarning, match=r"now diabolo\.runtime\.errors"):
            assert importlib.import_module("diabolo.runtime.formerly") is diabolo.runtime.errors
    finally:
        del _renamed._NAMES["diabolo.runtime.formerly"]
        sys.modules.pop("diabolo.runtime.formerly", None)
        vars(diabolo.runtime).pop("formerly", None)


def test_unknown_names_stay_unknown() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("diabolo.runtime.never_was")
    with pytest.raises(ImportError, match="never_was"):
        exec("from diabolo.runtime import never_was", {})  # noqa: S102


def test_nothing_of_it_is_imported_before_it_is_asked_for() -> None:
    code = f"import sys, diabolo.runtime, diabolo.ui\nprint(sorted({{*{OLD}}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
