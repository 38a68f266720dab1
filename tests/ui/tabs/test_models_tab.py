"""The tab Models: choose one, open one's own, and know whether it is sound; whatever is written in it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, watch
from _coded import save_coded
from _served import served
from _zipped import change, zipped

from diabolo.runtime.bundle import Bundle

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds
CARD = """# A card

Words **in bold**, `code` and

| a | b |
|---|---|
| 1 | 2 |
"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001"
    "48afa4710000000049454e44ae426082"
)
STRANGER = "http://stranger.example"
EVIL = f"""# <img src={STRANGER}/1.png> ![a]({STRANGER}/2.png)

![b][ref] <img src="{STRANGER}/3.png">
<style>@import "{STRANGER}/4.css"; b {{ background: url({STRANGER}/5) }}</style>

<div style="background: url({STRANGER}/6)">x</div> <iframe src="{STRANGER}/7"></iframe>
<link rel="stylesheet" href="{STRANGER}/8.css"><script src="{STRANGER}/9.js"></script>

[a link]({STRANGER}/10) [<img src={STRANGER}/11>](javascript:fetch('{STRANGER}/12')) <{STRANGER}/13>

| ![c]({STRANGER}/14.png) |
|---|
| <video src="{STRANGER}/15" autoplay></video> ${{fetch("{STRANGER}/16")}} {{{{value}}}} |

![d](../../../etc/passwd) ![e](data:image/svg+xml;base64,PHN2Zy8+) ![in the bundle](evil.png)

[ref]: {STRANGER}/17.png "title"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    change(save_coded(folder / "plane"), name="plane", summary="two numbers", card=CARD)
    change(save_coded(folder / "seven", (7,)), name="seven")
    change(save_coded(folder / "mine", (5,)), name="mine", card=CARD)
    return folder


@contextmanager
def launched(*bundles: Path, language: str | None = "en") -> Iterator[str]:
    with served(bundles, device="cpu", language=language) as address:
        yield address


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with launched(folder / "plane", folder / "seven", language=None) as address:
        yield address


def opened(browser: Any, address: str, locale: str = "en-US") -> tuple[Any, list[str]]:
    """The tab in a session of its own, and what went wrong there."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}, locale=locale).new_page()
    wrong = watch(page)
    page.goto(address)
    page.get_by_role("tab", name=re.compile("^(Models|模型)$")).click()
    page.locator(".model-list button").first.wait_for(timeout=WAIT)
    return page, wrong


def chosen(page: Any, name: str) -> None:
    """Wait until this model is the chosen one, everywhere."""
    page.locator(f'.model-list button[aria-pressed="true"][data-name="{name}"]').wait_for(timeout=WAIT)
    assert page.locator('.model-list button[aria-pressed="true"]').count() == 1
    assert page.locator(".head [role=combobox]").input_value() == name


def bring(page: Any, path: Path) -> None:
    page.locator("input[type=file][accept*=zip]").first.set_input_files(path)


def test_describe(address: str, folder: Path) -> None:
    from gradio_client import Client

    client = Client(address, verbose=False)
    facts = client.predict("plane", api_name="/describe")
    document = json.loads((folder / "plane" / "model.json").read_text("utf-8"))
    assert facts["parity"] == document["parity"]
    assert (facts["image_shape"], facts["latent_shape"], facts["classes"][0]) == ([1, 8, 8], [2], "ants")
    assert (facts["device"]["requested"], facts["device"]["active"], facts["device"]["threads"]) == (
        *("cpu", "cpu"),
        1,
    )
    checks = {check["name"]: check for check in facts["checks"]}
    assert {"model.json", "encoder.onnx", "codes.npz", "graphs", "golden latent"} <= set(checks)
    assert all(check["ok"] for check in checks.values())
    made = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/describe"]["returns"]
    assert made[0]["type"]["type"] == "object"


def test_checks_are_told_in_the_reader_s_language(folder: Path) -> None:
    from diabolo.runtime import verify
    from diabolo.ui.tabs.models.about import _detail
    from diabolo.ui.tabs.models.texts import TEXTS

    checks = verify(folder / "plane", device="cpu")
    say = {key: f"<{key}>" for key in TEXTS["en"]} | {"difference": "<{found} {allowed}>"}
    told = {check.name: _detail(dataclasses.asdict(check), say) for check in checks}
    assert all(words.startswith("<") for words in told.values())
    assert (told["model.json"], told["codes.npz"], told["graphs"]) == ("<valid>", "<sha256>", "<graphs_fit>")
    golden = next(check for check in checks if check.name == "golden latent")
    assert told["golden latent"] == f"<{golden.difference:.1e} {golden.allowed:.0e}>"
    failed = dataclasses.replace(checks[1], ok=False, detail="cannot be read")
    assert _detail(dataclasses.asdict(failed), say) == "cannot be read"


def test_choose_by_mouse_and_by_keyboard(browser: Any, address: str) -> None:
    page, wrong = opened(browser, address)
    chosen(page, "plane")
    about, card = page.locator(".models-about").last, page.locator(".models-card").last
    about.get_by_text("All 8 checks passed.").wait_for(timeout=WAIT)
    assert about.locator("li.ok").count() == 8
    assert "cpu (CPUExecutionProvider)" in about.inner_text()
    card.get_by_text("The card inside the bundle").click()
    attached = card.locator("details")
    assert attached.locator("strong", has_text="in bold").is_visible()
    assert attached.locator("td", has_text="2").count() == 1
    page.locator('.model-list button[data-name="seven"]').click()
    chosen(page, "seven")
    card.locator("h1", has_text="seven").wait_for(timeout=WAIT)
    assert card.locator("details").count() == 0  # this bundle has no card
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    chosen(page, "plane")
    assert wrong == []


def test_one_s_own_is_shown_to_nobody_else(browser: Any, address: str, folder: Path) -> None:
    page, wrong = opened(browser, address, "zh-TW")
    bring(page, zipped(folder / "mine"))
    page.locator(".models-said", has_text="通過全部檢查").first.wait_for(timeout=WAIT)
    chosen(page, "mine")
    assert page.locator(".model-list button b").all_inner_texts() == ["plane", "seven", "mine你的"]
    page.locator(".model-line", has_text="8 × 8").first.wait_for(timeout=WAIT)
    page.get_by_role("tab", name="重建").click()
    page.get_by_role("button", name="取一個樣本").first.click()
    page.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=WAIT)
    page.get_by_role("tab", name="探索").click()
    page.wait_for_function(
        "[...document.querySelectorAll('.explorer .whole:not([inert]) .sliders label')].length == 5",
        timeout=WAIT,
    )
    other, amiss = opened(browser, address)
    assert other.locator(".model-list button").count() == 2
    other.locator(".head [role=combobox]").click()
    options = other.get_by_role("option")
    assert [words.split()[-1] for words in options.all_inner_texts()] == ["plane", "seven"]
    assert wrong == amiss == []


def test_the_chooser_appears_with_the_second_model(browser: Any, folder: Path) -> None:
    with launched(folder / "plane") as address:
        page, wrong = opened(browser, address)
        assert page.locator(".head [role=combobox]").count() == 0
        bring(page, zipped(folder / "mine"))
        page.locator(".head [role=combobox]").wait_for(timeout=WAIT)
        chosen(page, "mine")
        page.locator(".head [role=combobox]").click()
        page.get_by_role("option", name="plane").click()
        chosen(page, "plane")
        page.close()  # the server waits for who is connected
        assert wrong == []


def test_a_broken_zip_is_told(browser: Any, address: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(zipped(folder / "mine", "half").read_bytes()[:2000])
    evil = change(save_coded(tmp_path / "evil"), name=f"<img src={STRANGER}/name.png>")
    page, wrong = opened(browser, address)
    for path, words in (
        (tmp_path / "broken.zip", "neither a folder nor a .zip"),
        (zipped(evil), "without < >"),
    ):
        bring(page, path)
        said = page.get_by_test_id(
            "toast-body",
        ).filter(has_text=words)
        said.wait_for(timeout=WAIT)
        assert str(tmp_path) not in said.inner_text()
        said.get_by_test_id("toast-close").click()
    chosen(page, "plane")
    assert wrong == []


def test_a_card_shows_its_words_and_nothing_else(tmp_path: Path) -> None:
    from diabolo.ui.tabs.models.model_card import card_html

    folder = save_coded(tmp_path / "evil")
    html = card_html(Bundle.open(change(folder, card=EVIL)))
    tags = re.findall(r"<(\w+)([^>]*)>", html)
    assert {name for name, _ in tags} <= {"h1", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert {attributes for _, attributes in tags} == {""}
    assert f"a link ({STRANGER}/10)" in html
    (folder / "evil.png").write_bytes(PIXEL)
    import hashlib

    files = json.loads((folder / "model.json").read_text("utf-8"))["files"]
    files["evil.png"] = {"role": "x", "sha256": hashlib.sha256(PIXEL).hexdigest(), "size": len(PIXEL)}
    html = card_html(Bundle.open(change(folder, files=files)))
    assert re.findall(r"<img src=\"([^\"]{22})", html) == ["data:image/png;base64,"]
    assert card_html(Bundle.open(save_coded(tmp_path / "plain"))) == ""


def test_a_stranger_s_bundle_asks_nobody_for_anything(browser: Any, folder: Path, tmp_path: Path) -> None:
    markup = f'<img src="{STRANGER}/name.png"> ![x]({STRANGER}/x.png)'
    evil = change(
        save_coded(tmp_path / "evil"),
        card=EVIL,
        name=markup,
        summary=markup,
        variant=markup,
        network=markup,
        dataset={"name": markup, "classes": [markup, markup + "2", markup + "3"], "licence": markup},
        noise={"kind": markup, "level": [0.1, 0.5]},
    )
    with launched(evil, folder / "plane") as address:  # past the door: it was named when the app started
        page, wrong = opened(browser, address)
        page.locator(".models-card", has_text="inside the bundle").last.wait_for(timeout=WAIT)
        tabs = page.locator(".main-tabs > .tab-wrapper").get_by_role("tab")
        for index in range(tabs.count()):
            tabs.nth(index).click()
            page.wait_for_timeout(500)
        page.get_by_role("tab", name="Reconstruct").click()
        page.get_by_role("button", name="Fetch a sample").first.click()
        page.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=WAIT)
        page.close()
        assert wrong == []


def test_what_others_displace_is_told_and_leaves_every_list(
    browser: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a further click: the page asks by itself."""
    from diabolo.ui.parts import owned
    from diabolo.ui.sandbox import VisitorLimits

    monkeypatch.setattr(owned, "PERIOD", 1)
    models = {name: Bundle.open(folder / name) for name in ("plane", "seven")}
    with served(models, language="en", limits=VisitorLimits(kept_in_all=1)) as address:
        page, wrong = opened(browser, address)
        bring(page, zipped(folder / "mine"))
        chosen(page, "mine")
        other, amiss = opened(browser, address)
        bring(other, zipped(change(save_coded(tmp_path / "his"), name="his")))
        chosen(other, "his")
        page.get_by_text("Your upload mine was removed: at most 1 uploads are kept").wait_for(timeout=WAIT)
        chosen(page, "plane")
        page.wait_for_function("document.querySelectorAll('.model-list button').length === 2", timeout=WAIT)
        assert wrong == amiss == []
        page.close()
        other.close()
