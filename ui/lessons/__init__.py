"""What each tab shows, in five sentences and a formula: a fold in the tab.

The texts are the Markdown files of a folder for each language. `TAB.md` is for any model, `TAB.KIND.md` for
models of which `kinds_of` says that kind; the first kind that has a text is taken. `{{mse}}` is replaced by
that fact of the chosen model. `*Error*`, or 「誤差」, names a label on the page, in the words of the page.
"""

from __future__ import annotations

from diabolo.ui.lessons._fold import add_fold

__all__ = ["add_fold"]
