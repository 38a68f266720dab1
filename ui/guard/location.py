"""Where a mounted app is: below a path of its service, and below another one for browsers behind a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Location"]


@dataclass(frozen=True, kw_only=True)
class Location:
    """The two paths of a mounted app.

    Attributes:
        mounted: its path in the service, such as '/latent'; '' for an app that is not mounted, or at '/'.
        public: its path, or its URL, as browsers see it, such as '/demos/latent'.
    """

    mounted: str = ""
    public: str = ""

    def resolved(self, scope: Any) -> Any:
        """The ASGI scope with the path as browsers see it, even if a proxy has stripped a prefix of it.

        ASGI demands that `path` begins with `root_path`. Starlette finds no route if it does not, and it does
        not behind a proxy that strips a prefix: there `root_path` is set by the app, and `path` by the proxy.
        """
        if not self.mounted and not self.public:
            return scope
        public = urlsplit(self.public).path.rstrip("/")
        rest = _without(scope["path"], scope.get("app_root_path", ""))
        if (below := _below(rest, self.mounted)) is None:
            below = _without(scope["path"], public)
        return {**scope, "path": public + below, "root_path": public}


def _without(path: str, prefix: str) -> str:
    below = _below(path, prefix.rstrip("/"))
    return path if below is None else below


def _below(path: str, prefix: str) -> str | None:
    """What follows the prefix; None if the path does not begin with it."""
    if path == prefix or path.startswith(f"{prefix}/"):
        return path[len(prefix) :]
    return None
