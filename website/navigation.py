"""The order of the pages in the sidebar, and their groups."""

from __future__ import annotations

from website.tree import Tree

__all__ = ["toctrees"]

_GROUPS = [  # the names of the group; its pages
    ({"en": "Start", "zh-TW": "開始"}, ["guide", "variants"]),
    ({"en": "Labs", "zh-TW": "Lab"}, ["labs"]),
    ({"en": "Training", "zh-TW": ""}, ["training", "data", "doctor", "settings"]),
    (
        {"en": "Using models", "zh-TW": ""},
        ["export", "embedding", "interpolation", "api", "security", "examples"],
    ),
    ({"en": "Reference", "zh-TW": "參考"}, ["commands/index", "python/index", "troubleshooting"]),
    ({"en": "The project", "zh-TW": ""}, ["architecture", "benchmarks", "contributing", "changelog"]),
]


def toctrees(tree: Tree, names: set[str]) -> str:
    """The tables of contents for the end of the first page.

    Args:
        tree: the pages of a language.
        names: all pages of that language, those that are generated included.
    """
    parts = []
    for caption, pages in _GROUPS:
        listed = [one for page in pages for one in _listed(page, tree) if one in names]
        if listed:
            lines = "\n".join(listed)
            parts.append(f"```{{toctree}}\n:hidden:\n:caption: {caption[tree.language]}\n\n{lines}\n```\n")
    return "\n".join(parts)


def _listed(page: str, tree: Tree) -> list[str]:
    """The pages of an entry: those of a folder, or the page itself."""
    if page == "labs":
        return tree.labs()
    return [name for name in tree.pages if name.startswith(f"{page}/")] or [page]
