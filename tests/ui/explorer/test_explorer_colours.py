"""A colour has one meaning in the app: blue is far from the codes, in the explorer as in the other tabs."""

from __future__ import annotations

import re
from pathlib import Path

import diabolo.ui

UI = Path(diabolo.ui.__file__).parent


def test_far_from_the_codes_has_the_colour_of_the_other_tabs() -> None:
    def far(path: Path) -> list[str]:
        return re.findall(r"--far: (#\w+)", path.read_text("utf-8"))

    page = UI / "explorer" / "page"
    assert far(page / "explorer.css")[:1] == far(UI / "app.css")[:1] != []
    assert '"--far"' in (page / "map.js").read_text("utf-8")
