"""Open a path file in the tab: its key latents become key frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import UsageError
from diabolo.runtime.latent.path import LatentPath, read
from diabolo.ui.parts.plain_text import as_text
from diabolo.ui.tabs.interpolate.keyframes import MOST

__all__ = ["STEPS", "notes", "path_of"]

STEPS = 32  # on the slider, at most
_LARGEST = 4_000_000  # bytes of a path file


def path_of(file: str, model: Autoencoder) -> LatentPath:
    """Read an uploaded path file, and check that the tab can show it.

    Args:
        file: the path of the uploaded file.
        model: is to decode the path.

    Raises:
        LatentError: this is not a path, or not one of this model's latent shape.
        UnknownNameError: there is no such method of interpolation.
        UsageError: the file is too large, or the path has more key frames than the tab shows.
    """
    size = Path(file).stat().st_size
    if size > _LARGEST:
        raise UsageError(f"a path file has at most {_LARGEST / 1e6:g} MB here, not {size / 1e6:.1f} MB.")
    path = read(Path(file).read_bytes())
    path.check(model.manifest)
    if len(path.keys) > MOST:
        raise UsageError(
            f"the path has {len(path.keys)} key frames; the app shows at most {MOST}. "
            "Render it on the command line: diabolo interpolate --path FILE."
        )
    return path


def notes(path: LatentPath, model: Autoencoder, say: Mapping[str, str]) -> str:
    """What to know about an opened path, in texts of the tab: another model made it, or it has more steps."""
    found = [say["opened"].format(count=len(path.keys))]
    if path.check(model.manifest):
        found.append(say["opened_other"].format(model=as_text(path.model[:80]) or "?"))
    if path.steps > STEPS:
        found.append(say["opened_steps"].format(steps=path.steps, most=STEPS))
    return " ".join(found)
