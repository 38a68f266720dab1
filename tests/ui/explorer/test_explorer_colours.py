"""A colour has one meaning in the app: the marks are the same in the explorer as in the other tabs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import diabolo.ui

pytest.importorskip("gradio")

UI = Path(diabolo.ui.__file__).parent
PAGE = UI / "explorer" / "page"


@pytest.mark.parametrize("mark", ["unlike", "far"])
def test_the_marks_have_the_colours_of_the_other_tabs(mark: str) -> None:
    def colours(path: Path) -> list[str]:
        return re.findall(rf"--{mark}: (#\w+)", path.read_text("utf-8"))

    assert colours(PAGE / "explorer.css") == colours(UI / "app.css")
    assert len(colours(UI / "app.css")) == 1  # light and dark, as in the pictures that *Generate* draws


def test_the_marks_have_the_words_of_the_other_tabs() -> None:
    from diabolo.ui.explorer._component import _script
    from diabolo.ui.parts.marks import TEXTS

    assert _script().startswith(f"const MARK_WORDS = {json.dumps(TEXTS)};\n")
    own = (PAGE / "words.js").read_text("utf-8")
    assert not re.search(r"^ +(unlike|far)(_short)?:", own, re.MULTILINE)  # they would come first
