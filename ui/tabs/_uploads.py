"""Bundles that people bring to the app: checked, kept for a while, and shown to nobody else."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import weakref
import zipfile
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from diabolo.runtime import verify
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import BundleError
from diabolo.runtime.manifest import Manifest
from diabolo.ui._models import Models

__all__ = ["LIMIT", "Uploads"]

LIMIT = 256  # MB of a .zip
_UNPACKED = 1024  # MB of what is in it
_KEPT = 5  # by all people together; the oldest is forgotten
_MARKUP = re.compile(r"[<>\x00-\x1f]|\]\(|!\[")
_LONGEST = 80  # characters of a name


class Uploads:
    """Adds bundles to `models`; their files go with this object."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._kept: deque[tuple[str, Path]] = deque()
        self._lock = threading.Lock()
        self._folder = Path(tempfile.mkdtemp(prefix="diabolo-uploads-"))  # for this user alone
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def take(self, path: str | Path, mine: Iterable[str] = ()) -> tuple[str, bool]:
        """Check a .zip and take it among the models. The file itself is removed.

        Args:
            path: what was uploaded.
            mine: names of models that the same person brought before.

        Returns:
            The model's name, and whether it is new; the very bundle may be there already.

        Raises:
            BundleError: too large, no bundle, or not what was exported.
        """
        path = Path(path)
        copy = Path(tempfile.mkstemp(suffix=".zip", dir=self._folder)[1])
        try:
            _move(path, copy)
            bundle = _checked(copy, self._models.device)
            name = self._same(bundle, mine)
            if name is None:
                return self._keep(bundle, copy), True
        except BundleError as error:
            copy.unlink(missing_ok=True)
            raise BundleError(str(error).replace(str(copy), path.name)) from None
        copy.unlink()
        return name, False

    def _same(self, bundle: Bundle, mine: Iterable[str]) -> str | None:
        """The name of this very bundle, among those that this person knows of."""
        digest = bundle.manifest.document["digest"]
        known = (name for name in (*self._models, *mine) if name in self._models)
        return next((n for n in known if self._models.manifest(n).document["digest"] == digest), None)

    def _keep(self, bundle: Bundle, path: Path) -> str:
        with self._lock:
            name = self._models.add(bundle, listed=False)
            self._kept.append((name, path))
            while len(self._kept) > _KEPT:
                oldest, file = self._kept.popleft()
                self._models.remove(oldest)
                file.unlink(missing_ok=True)
        return name


def _move(path: Path, to: Path) -> None:
    if path.stat().st_size > LIMIT << 20:
        path.unlink()
        raise BundleError(
            f"{path.name} is larger than {LIMIT} MB. Open it from the command line: diabolo ui FILE."
        )
    shutil.copyfile(path, to)
    path.unlink(missing_ok=True)


def _checked(path: Path, device: str) -> Bundle:
    if zipfile.is_zipfile(path):
        _check_unpacked(path)
    bundle = Bundle.open(path)
    _check_words(bundle.manifest)
    wrong = [check for check in verify(path, device=device) if not check.ok]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise BundleError(f"{path} is not taken: {wrong[0].name}: {wrong[0].detail}{more}")
    return bundle


def _check_unpacked(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return  # opening it as a bundle says what is wrong
    if size > _UNPACKED << 20:
        raise BundleError(f"{path} unpacks to {size / 2**20:,.0f} MB; {_UNPACKED} MB are allowed.")


def _check_words(m: Manifest) -> None:
    """Names are shown in many places of the page, so none may be made of markup."""
    for words in (m.name, m.variant, m.network, m.dataset, *m.classes, *(m.noise or ())[:1]):
        if len(words) > _LONGEST or _MARKUP.search(words):
            raise BundleError(
                f"model.json has the name {words[:_LONGEST]!r}: names take at most {_LONGEST} characters, "
                "none of < >, no links and no line breaks. Export the bundle under another name."
            )
