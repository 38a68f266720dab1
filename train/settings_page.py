"""The page docs/settings.md, made of the settings themselves.

python -m diabolo.train.settings_page > docs/settings.md
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING

from diabolo.train import networks, variants
from diabolo.train.config import Config
from diabolo.train.settings import Setting, settings

__all__ = ["page"]

_TOP = """# Settings

Made by `python -m diabolo.train.settings_page` from the fields of `Config` and of the `Options` of variants
and networks.

A setting has one name in four spellings. `latent-dim` is the option `--latent-dim` of `diabolo train`, the
key `latent-dim` of a recipe, the argument `latent_dim` of `Config.make`, and the entry `latent_dim` in the
`config.json` of a run. The settings of a variant or a network are options and keys as well; `Config.make`
takes them in a dict: `variant_options={"beta": 4.0}`, `network_options={...}`.

## Every training
"""
_HEAD = "| setting | default | allowed | what it is |\n|---|---|---|---|"


def page() -> str:
    """The whole page."""
    parts = [_TOP, _table(settings(Config).values())]
    for name in variants.names():
        own = variants.find(name).Options
        if settings(own):
            parts.append(f"\n## The variant `{name}`\n\n{_table(settings(own).values())}")
    for name, declared in networks.options().items():
        parts.append(f"\n## The network `{name}`\n\n{_table(declared.values())}")
    return "\n".join(parts) + "\n"


def _table(rows_of: Iterable[Setting]) -> str:
    rows = [_row(one) for one in rows_of if one.rules.option]
    return "\n".join([_HEAD, *rows])


def _row(one: Setting) -> str:
    name = f"`{one.key}`" + (f" or `{one.rules.off}`" if one.rules.off else "")
    cells = [name, _default(one), one.allowed, one.help]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(one: Setting) -> str:
    if one.rules.default_text:
        return one.rules.default_text
    if one.default is MISSING:
        return "the variant's own" if hasattr(variants.VariantBase, f"default_{one.name}") else ""
    if one.rules.command_default is not None:
        return f"`{one.rules.command_default}`; in Python `{one.default}`"
    if one.default is None:
        return ""
    return ("on" if one.default else "off") if one.kind is bool else f"`{one.default}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is what it is for
