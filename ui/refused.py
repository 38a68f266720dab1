"""Errors as messages of the page.

The reasons are written in English, where the errors are raised. On a Chinese page a sentence in Chinese, by
the kind of the error, precedes the reason. The page's language is known within `answering`.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from diabolo.runtime.errors import (
    BundleError,
    DeviceError,
    DiaboloError,
    ImageError,
    LatentError,
    MissingPackageError,
    NoiseError,
    UnknownNameError,
)
from diabolo.ui.errors import BusyError, ModelStoppedError, RemovedError
from diabolo.ui.parts.texts import language

__all__ = ["BUSY", "INTERNAL", "answering", "bug", "busy", "invalid", "refusal", "refusal_of", "titled"]

_REFUSED = "Error"  # the titles in English, of errors that the sender can act on,
INTERNAL = "Error in the app"  # of those that are bugs,
BUSY = "Busy"  # and of those that may not occur at the next try
_TITLES = {_REFUSED: "錯誤", INTERNAL: "程式發生錯誤", BUSY: "忙碌中"}
_ENGLISH = {chinese: english for english, chinese in _TITLES.items()}

_LONGEST = 400  # characters of a reason
_SHOWN = 10.0  # seconds that a message stays, at least
_PACE = 12  # characters that are read in a second, unhurried
_KINDS: dict[type[DiaboloError], str] = {
    BusyError: "目前忙不過來，請稍後再試。",
    RemovedError: "這個模型已經移除，請再上傳一次。",
    ModelStoppedError: "這個模型的程序已經停止，或無法啟動。",
    BundleError: "這個 bundle 無法使用。",
    ImageError: "這張影像無法使用。",
    LatentError: "這些潛在向量或路徑無法使用。",
    NoiseError: "雜訊的種類或強度不符規定。",
    UnknownNameError: "找不到這個名稱。",
    DeviceError: "指定的裝置無法使用。",
    MissingPackageError: "伺服器缺少需要的套件。",
    DiaboloError: "這個動作沒有成功。",
}
_INVALID = "送出的值不正確。"
_BUG = "詳細情形記在伺服器的紀錄裡。"
_ASKING: ContextVar[tuple[str | None, Any]] = ContextVar("asking", default=("en", None))


@contextlib.contextmanager
def answering(language: str | None, request: Any) -> Iterator[None]:
    """Within the block, errors are in `language`, or in that of the request's browser if it is None."""
    before = _ASKING.set((language, request))
    try:
        yield
    finally:
        _ASKING.reset(before)


def refusal(reason: str, *, kind: str = "", title: str = _REFUSED) -> gr.Error:
    """An error with this message. The page renders it as HTML, so it is escaped: it may quote anything.

    Args:
        reason: what is wrong, in English unless `kind` is empty; shortened if it is long.
        kind: a sentence in Chinese, which precedes the reason on a Chinese page.
        title: of the message, in English.
    """
    chinese = _chinese()
    places = {str(get_upload_folder()), tempfile.gettempdir()}
    for folder in places:  # show visitors' files by their names only
        reason = re.sub(rf"{re.escape(folder)}[\\/](?:[^\s\\/]+[\\/])*", "", reason)
    shown = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]} …"
    words = (f"{kind}原因：" if kind and chinese else "") + shown.replace("<", "&lt;")
    seconds = max(_SHOWN, len(words) / _PACE)
    title = _TITLES[title] if chinese else title
    return gr.Error(words, duration=seconds, title=title, print_exception=False)


def refusal_of(error: DiaboloError) -> gr.Error:
    """The message for this error, in the language of whoever sent the event that is being answered."""
    return refusal(str(error), kind=_kind(error))


def invalid(reason: str, error: BaseException | None = None) -> gr.Error:
    """The message for a value that the page does not send, or that a component refuses.

    Args:
        reason: why.
        error: that the component raised.
    """
    return refusal(reason, kind=_kind(error) if isinstance(error, DiaboloError) else _INVALID)


def busy(reason: str) -> gr.Error:
    """The message for what may succeed later."""
    return refusal(reason, kind=_KINDS[BusyError], title=BUSY)


def bug(reason: str) -> gr.Error:
    """The message for a bug of the app, which is in its log."""
    return refusal(reason, kind=_BUG, title=INTERNAL)


def titled(title: str) -> str:
    """The English title, in which the kinds of errors are told apart, of a message in either language."""
    return _ENGLISH.get(title, title)


def _kind(error: DiaboloError) -> str:
    return next(_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS)


def _chinese() -> bool:
    """Whether the answer is in Chinese; an app within another page answers in English."""
    fixed, request = _ASKING.get()
    return (fixed or language(request)) == "zh-TW"
