"""Settings: each is one field of a dataclass, and everything else is derived from that.

    @dataclass(frozen=True, kw_only=True)
    class Options(Settings):
        beta: float = setting(1.0, "weight of the KL to N(0, I)", low=0, high=10**6)

The field determines the check of type and range, the message about a wrong value, the option `--beta` of the
command line with its help, the key `beta` of recipes, and the row in docs/settings.md.
"""

from __future__ import annotations

from diabolo.train.settings._rules import Rules, rules, same, setting
from diabolo.train.settings._setting import Setting
from diabolo.train.settings._settings import Settings, make, settings

__all__ = ["Rules", "Setting", "Settings", "make", "rules", "same", "setting", "settings"]
