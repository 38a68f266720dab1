"""Errors that a visitor can act on: their messages, in the language of the page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from diabolo.runtime.errors import BundleError, DiaboloError, IntegrityError, LatentError
from diabolo.ui.errors import BusyError, ModelStoppedError

pytest.importorskip("gradio")

from diabolo.ui.refused import answering, bug, busy, invalid, refusal, refusal_of, titled


def event(fixed: str | None, browser: str) -> AbstractContextManager[None]:
    """An event of an app of this language, from a browser of that one."""
    return answering(fixed, SimpleNamespace(headers={"accept-language": browser}))


@pytest.mark.parametrize(
    ("fixed", "browser", "chinese"),
    [(None, "zh-TW,en", True), (None, "en-US", False), ("en", "zh-TW", False), ("zh-TW", "en-US", True)],
)
def test_the_language_is_the_app_s_or_the_browser_s(fixed: str | None, browser: str, chinese: bool) -> None:
    with event(fixed, browser):
        said = refusal_of(BundleError("rubbish.zip is not a bundle."))
    assert said.message.endswith("rubbish.zip is not a bundle.")
    assert said.message.startswith("這個 bundle 無法使用。") == chinese
    assert said.title == ("錯誤" if chinese else "Error")


def test_outside_an_event_it_is_english() -> None:
    assert refusal_of(BusyError("wait.")).message == "wait."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModelStoppedError, "程序"),  # rather than what is said of a bundle, which it also is
        (IntegrityError, "bundle"),
        (LatentError, "潛在向量"),
        (DiaboloError, "沒有成功"),
    ],
)
def test_the_sentence_is_that_of_the_closest_kind(error: type[DiaboloError], sentence: str) -> None:
    with event("zh-TW", ""):
        assert sentence in refusal_of(error("why")).message.split("原因：")[0]
        assert sentence in invalid("why", error("why")).message.split("原因：")[0]


@pytest.mark.parametrize(
    ("said", "title"), [(invalid, "Error"), (busy, "Busy"), (bug, "Error in the app"), (refusal, "Error")]
)
def test_messages_of_all_kinds_are_in_either_language(said: Callable[[str], Any], title: str) -> None:
    assert (said("why").message, said("why").title) == ("why", title)
    with event(None, "zh-TW"):
        chinese = said("why")
    assert chinese.message.endswith("why")
    assert ("原因：" in chinese.message) == (said is not refusal)
    assert chinese.title != title
    assert titled(chinese.title) == titled(title) == title


def test_a_reason_is_text_of_bounded_length_without_the_server_s_folders() -> None:
    path = Path(tempfile.gettempdir()) / "gradio" / "deep" / "photo.png"
    assert refusal(f"{path} is <b>no</b> picture.").message == "photo.png is &lt;b>no&lt;/b> picture."
    assert len(refusal("x" * 10_000).message) < 500


def test_a_long_message_stays_until_it_is_read() -> None:
    assert refusal("short.").duration == 10
    assert refusal("x" * 300).duration == 25
