"""A bundle's card costs little to show, whatever is written in it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from _hostile import packed, sealed, sound

from diabolo.runtime.bundle import Bundle, zoo

pytest.importorskip("gradio")
from diabolo.ui.tabs.models.card_body import card_body
from diabolo.ui.tabs.models.card_texts import TEXTS
from diabolo.ui.tabs.models.model_card import Pictures, card_html

PNG = b"\x89PNG\r\n\x1a\n"
MEGABYTE = 1 << 20


def bundle(tmp_path: Path, card: str, pictures: dict[str, bytes] | None = None) -> Bundle:
    """A bundle with this card and these pictures."""
    files = sealed(
        sound(tmp_path) | {"README.md": card.encode()} | (pictures or {}),
        lambda document: document["files"]["README.md"].update(role="card"),
    )
    return Bundle.open(packed(tmp_path / "card.zip", files))


def picture(number: int, size: int) -> bytes:
    """So many bytes that begin as a PNG does, unlike those of another number."""
    return (PNG + hashlib.sha256(bytes([number])).digest()).ljust(size, b"\0")


def test_a_picture_that_is_named_often_is_shown_once(tmp_path: Path) -> None:
    html = card_html(bundle(tmp_path, "![again](p.png)\n\n" * 1000, {"p.png": picture(0, 100_000)}))
    assert html.count("<img") == 1
    assert html.count("again") == 1000
    assert len(html) < 200_000


@pytest.mark.parametrize(("size", "shown"), [(1000, 8), (MEGABYTE, 4), (5 * MEGABYTE, 0)])
def test_few_pictures_are_shown(tmp_path: Path, size: int, shown: int) -> None:
    pictures = {f"{number}.png": picture(number, size) for number in range(10)}
    html = card_html(bundle(tmp_path, "".join(f"![x]({name}) " for name in pictures), pictures))
    assert html.count("<img") == shown


def test_files_that_are_no_pictures_are_not_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {f"{number}.bin": bytes(100) for number in range(50)}
    opened, read = bundle(tmp_path, "".join(f"![x]({name}) " for name in others), others), []
    whole = Bundle.read
    monkeypatch.setattr(Bundle, "read", lambda self, name: read.append(name) or whole(self, name))  # type: ignore[func-returns-value]
    assert "<img" not in card_html(opened)
    assert len(read) == 9  # the card is one


@pytest.mark.parametrize(
    "card",
    [
        "|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n" + "x\n" * 49_000,
        "![" * 50_000,
        "[" * 100_000,
        "[\n" * 50_000,
        f"[a]: {'x' * 9000}\n\n" + "[a]" * 30_000,
    ],
    ids=["cells", "pictures", "brackets", "lines", "references"],
)
def test_a_card_takes_little_time_and_room(tmp_path: Path, card: str) -> None:
    opened = bundle(tmp_path, card)
    begun = time.thread_time()
    html = card_html(opened)
    assert time.thread_time() - begun < 4
    assert len(html) < MEGABYTE
    assert card_html(opened) is html  # kept


def test_the_rest_of_a_long_card_is_left_out(tmp_path: Path) -> None:
    html = card_html(bundle(tmp_path, "first\n\n" + "words " * 10_000 + "last"))
    assert "first" in html
    assert "last" not in html


def test_the_card_of_a_model_of_any_size_says_what_its_picture_shows() -> None:
    opened = Bundle.open(zoo.folder("photos-denoising"))
    html = {
        language: card_body("photos-denoising", opened.manifest, Pictures(opened).take, say)
        for language, say in TEXTS.items()
    }
    assert "A drawn scene with noise, and what the model makes of it" in html["en"]
    assert "19,200 crops of 64 × 64 pixels" in html["en"]
    assert "加上雜訊的風景" in html["zh-TW"]
    assert "19,200 塊 64 × 64 像素" in html["zh-TW"]


@pytest.mark.parametrize("name", zoo.names())
def test_our_own_cards_are_shown_whole(name: str) -> None:
    opened = Bundle.open(zoo.folder(name))
    assert len(opened.read("README.md")) < 10_000
    assert "<table>" in card_html(opened)


@pytest.mark.parametrize("name", zoo.names())
def test_a_card_in_the_visitor_s_language_has_all_that_model_json_says(name: str) -> None:
    opened = Bundle.open(zoo.folder(name))
    m, pictures = opened.manifest, {}
    for language, say in TEXTS.items():
        pictures[language] = Pictures(opened)
        html = card_body(name, m, pictures[language].take, say)
        assert f"<h1>{m.name}</h1>" in html
        assert html.count("<img") == sum(file in m.files for file in ("preview.png", "map.png")) > 0
        assert f"{m.document['exported']['graphs']['mse']:.5f}" in html
        assert "diabolo train" in html
        assert str(m.document["graphs"]["onnxruntime"]) in html
        assert "{" not in html  # nothing was left out of a sentence


def test_both_languages_have_the_same_texts() -> None:
    assert list(TEXTS) == ["en", "zh-TW"]
    assert set(TEXTS["en"]) == set(TEXTS["zh-TW"])


def test_a_card_of_ours_escapes_what_a_bundle_says(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>{{value}}${name}"
    files = sealed(sound(tmp_path), lambda document: document.update(summary=evil))
    m = Bundle.open(packed(tmp_path / "evil.zip", files)).manifest
    html = card_body(evil, m, lambda _: "", TEXTS["en"])
    assert "onerror" in html
    assert not {"<img", "{{", "${"} & {part for part in ("<img", "{{", "${") if part in html}
