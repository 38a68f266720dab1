"""Bundles that visitors upload: checked, kept for a while, and visible only to their visitor."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import uuid
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import BundleError, UsageError
from diabolo.ui.errors import BusyError
from diabolo.ui.files.temporary import KEPT, visitors_folder
from diabolo.ui.models.collection import Models
from diabolo.ui.models.uploaded import UploadedModel, UploadedModels
from diabolo.ui.sandbox import VisitorLimits, keeper
from diabolo.ui.sandbox.check import CheckedBundle, check
from diabolo.ui.sandbox.pool import Pool
from diabolo.ui.work import stop_if_disconnected

__all__ = ["Uploads"]

_MARKUP = re.compile(r"[<>\x00-\x1f]|\]\(|!\[")
_LONGEST = 80  # characters of a name


class Uploads:
    """Checks uploaded bundles and adds them to `models`; files and processes end with this object."""

    def __init__(self, models: Models, limits: VisitorLimits | None = None) -> None:
        self._models, self._limits = models, limits or VisitorLimits()
        self._pool = Pool(self._limits)
        self._checking: set[str] = set()  # visitors
        self._lock = threading.Lock()
        self._folder = Path(tempfile.mkdtemp(prefix=KEPT, dir=visitors_folder()))  # for this user alone
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    @property
    def busy(self) -> bool:
        """Whether the allowed number of bundles is being checked at the moment."""
        return len(self._checking) >= self._limits.checks

    def take(self, path: str | Path, visitor: str | None) -> tuple[str, bool]:
        """Check a .zip and add it to the visitor's models. The file stays: others may have sent it, too.

        Args:
            path: of the uploaded file.
            visitor: the session in which it was uploaded.

        Returns:
            The model's name, and whether it is new: the visitor may have this bundle already.

        Raises:
            BundleError: the file is too large, not a bundle, or not as it was exported.
            BusyError: too many bundles are being checked, or another one of this visitor.
            ModelStoppedError: the check exceeded a limit.
            UsageError: there is no session, or this app does not take uploads.
        """
        path = Path(path)
        copy = self._folder / f"{uuid.uuid4().hex}.zip"
        new = False
        checked = self._let_in(visitor)
        try:
            name, new = self._take(path, copy, checked)
            return name, new
        except (BundleError, BusyError) as error:
            raise type(error)(str(error).replace(str(copy), path.name)) from None
        finally:
            self._checking.discard(checked)
            if not new:
                copy.unlink(missing_ok=True)

    def _let_in(self, visitor: str | None) -> str:
        if not self._limits.uploads:
            raise UsageError("this app does not take uploads. Open your bundle with: diabolo ui FILE.")
        if not visitor:
            raise UsageError(
                "an uploaded bundle belongs to a session, and this request has none. Upload it on the page, "
                "or open it with: diabolo ui FILE."
            )
        with self._lock:
            if visitor in self._checking:
                raise BusyError("another bundle of yours is being checked. Wait until that is done.")
            self._checking.add(visitor)
        return visitor

    def _take(self, path: Path, copy: Path, visitor: str) -> tuple[str, bool]:
        since = self._models.uploaded.arrive(visitor)
        _check_size(path, self._limits)
        fetch = partial(_copy, path, copy, self._limits)
        sound = check(copy, self._pool, fetch, stop_if_disconnected)
        try:
            _check_words(sound.bundle.manifest)
            known = self._same(sound.bundle, visitor)
            return (self._keep(sound, visitor, since), True) if known is None else (known, False)
        finally:
            sound.end()

    def _same(self, bundle: Bundle, visitor: str) -> str | None:
        """The name under which this visitor has this very bundle already; None if there is none."""
        uploaded = self._models.uploaded
        known = {name: self._models.manifest(name) for name in self._models} | uploaded.manifests(visitor)
        digest = bundle.manifest.document["digest"]
        return next((name for name, m in known.items() if m.document["digest"] == digest), None)

    def _keep(self, sound: CheckedBundle, visitor: str, since: float) -> str:
        uploaded, limits = self._models.uploaded, self._limits
        name = self._models.new_name(sound.bundle.manifest.name, visitor)
        model, hosted = sound.start(name, self._pool, lambda why: uploaded.remove(visitor, name, why))
        own = UploadedModel(
            bundle=sound.bundle,
            model=model,
            checks=sound.checks,
            file=sound.bundle.path,
            size=sound.size,
            close=hosted.close,
        )
        kept = uploaded.keep(
            visitor,
            name,
            own,
            since=since,
            most=limits.kept,
            in_all=limits.kept_in_all,
            size=max(limits.kept_mb, limits.zip_mb + limits.codes_mb) << 20,
        )
        if not kept:
            hosted.close("the page was closed.")
            raise BundleError("the page was closed before its bundle was checked.")
        keeper.watch(_looker(uploaded, visitor, name, limits.unseen_s))
        return name


def _looker(uploaded: UploadedModels, visitor: str, name: str, seconds: float) -> Callable[[], bool]:
    """A watch that drops a model which no page has shown for so many seconds; False ends the watch."""
    known = weakref.ref(uploaded)

    def look() -> bool:
        found = known()
        return found is not None and found.drop_unseen(visitor, name, seconds)

    return look


def _check_size(path: Path, limits: VisitorLimits) -> None:
    try:
        if path.stat().st_size > limits.zip_mb << 20:
            raise BundleError(
                f"{path.name} is larger than {limits.zip_mb} MB. Open it from a terminal: diabolo ui FILE."
            )
    except OSError as error:
        raise _unreadable(path, error) from None


def _copy(path: Path, to: Path, limits: VisitorLimits) -> None:
    _check_size(path, limits)  # the file may have been replaced while the check waited
    try:
        shutil.copyfile(path, to)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> BundleError:
    return BundleError(f"{path.name} cannot be read: {error.strerror}. Upload it again.")


def _check_words(m: Manifest) -> None:
    """Refuse markup in names, which are shown in many places of the page."""
    for words in (m.name, m.variant, m.network, m.dataset, *m.classes, *(m.noise or ())[:1]):
        if len(words) > _LONGEST or _MARKUP.search(words):
            raise BundleError(
                f"model.json has the name {words[:_LONGEST]!r}: names have at most {_LONGEST} characters, "
                "without < >, links and line breaks. Export the bundle under another name."
            )
