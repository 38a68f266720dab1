"""The tree of errors, as it is drawn and as it is; and the old names."""

from __future__ import annotations

import importlib
import re

import pytest
from _chromium import GRADIO_MARKS
from _house import modules

pytest.importorskip("gradio")
pytest.importorskip("torch")

from diabolo.runtime import errors

pytestmark = GRADIO_MARKS[1:]  # no page is opened


def drawn() -> dict[str, str]:
    """The name of each class with that of the one it stands below."""
    above, found = ["DiaboloError"], {}
    for indent, name in re.findall(r"^    ([│ ]*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        del above[depth + 1 :]
        found[name] = above[-1]
        above.append(name)
    return found


def below(base: type[errors.DiaboloError]) -> dict[str, str]:
    """The same, of the classes themselves."""
    found = {}
    for one in base.__subclasses__():
        if one.__module__.startswith("diabolo."):
            found |= {one.__name__: base.__name__} | below(one)
    return found


def test_the_drawing_has_every_error_where_it_belongs() -> None:
    for name in modules():
        if not name.endswith("__main__"):
            importlib.import_module(name)
    assert drawn() == below(errors.DiaboloError)
    assert len(drawn()) > 20


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("diabolo.runtime.bundle.limits", "Limits", "BundleLimits"),
        ("diabolo.ui.sandbox", "Limits", "VisitorLimits"),
        ("diabolo.ui.sandbox.limits", "Limits", "VisitorLimits"),
        ("diabolo.ui.errors", "StoppedError", "ModelStoppedError"),
        ("diabolo.ui.components", "as_it_is", "identity"),
        ("diabolo.ui.components", "derived", "subclass"),
        ("diabolo.ui.drawing", "drawn_apart", "draw_in_subprocess"),
        ("diabolo.ui.sandbox.check", "Sound", "CheckedBundle"),
        ("diabolo.ui.server_functions", "told", "report_errors"),
        ("diabolo.ui.work", "stop_for_nobody", "stop_if_disconnected"),
    ],
)
def test_an_old_name_still_works(module: str, old: str, new: str) -> None:
    found = importlib.import_module(module)
    with pytest.warns(DeprecationWarning, match=rf"{module}\.{old} is now called {new}"):
        assert getattr(found, old) is getattr(found, new)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        found.Nothing  # noqa: B018
