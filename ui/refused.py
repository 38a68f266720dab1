"""Errors that a visitor can act on, as messages of the page.

The reasons are written in English, where the errors are raised. On a Chinese page a sentence in Chinese, by
the kind of the error, precedes the reason.
"""

from __future__ import annotations

import re
import tempfile

import gradio as gr
from gradio.context import LocalContext
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

__all__ = ["refusal", "refusal_of"]

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


def refusal(reason: str, *, kind: str = "", title: str = "Error") -> gr.Error:
    """An error with this message. The page renders it as HTML, so it is escaped: it may quote anything.

    Args:
        reason: what is wrong; shortened if it is long.
        kind: a sentence before it.
        title: of the message.
    """
    places = {str(get_upload_folder()), tempfile.gettempdir()}
    for folder in places:  # show visitors' files by their names only
        reason = re.sub(rf"{re.escape(folder)}[\\/](?:[^\s\\/]+[\\/])*", "", reason)
    shown = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]} …"
    words = kind + shown.replace("<", "&lt;")
    seconds = max(_SHOWN, len(words) / _PACE)
    return gr.Error(words, duration=seconds, title=title, print_exception=False)


def refusal_of(error: DiaboloError) -> gr.Error:
    """The message for this error, in the language of whoever sent the event that is being answered."""
    if _language() != "zh-TW":
        return refusal(str(error))
    kind = next(_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS)
    return refusal(str(error), kind=f"{kind}原因：", title="錯誤")


def _language() -> str:
    """The app's, or the browser's if the app has none; an app within another page answers in English."""
    fixed: str | None = getattr(LocalContext.blocks.get(None), "language", "en")
    return fixed or language(LocalContext.request.get(None))
