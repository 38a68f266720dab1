"""Bundles as people hand them on: a .zip each, some of them not what they should be."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from diabolo.runtime.bundle import manifest


def zipped(folder: Path, name: str = "") -> Path:
    """A .zip of a bundle's folder, beside it."""
    return Path(shutil.make_archive(str(folder.with_name(name or folder.name)), "zip", folder))


def change(folder: Path, card: str | None = None, **changes: Any) -> Path:
    """Another model.json for the bundle, sealed anew; `card` becomes its README.md."""
    document = json.loads((folder / "model.json").read_text("utf-8"))
    if card is not None:
        raw = card.encode()
        (folder / "README.md").write_bytes(raw)
        entry = {"role": "card", "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}
        document["files"]["README.md"] = entry
    (folder / "model.json").write_bytes(manifest.seal(document | changes))
    return folder
