"""The tab Interpolate in Chromium: key frames come and go, and the way between them is played and saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _coded import save_coded
from _pair import save_pair
from _served import served
from click.testing import CliRunner

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.latent.path import LatentPath, read
from diabolo.ui.cli import main
from diabolo.ui.parts.marks import marks_of

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds
SUM = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .reduce((sum, value) => (31 * sum + value) % 1000003, 0)"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles: `plane` with codes in classes, `spatial` and `bright` with none."""
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "plane")
    save_pair(folder / "spatial", latent_shape=(2, 4, 4))
    save_pair(folder / "bright", image={"background": 1.0})
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    names = ("plane", "spatial", "bright")
    models = {name: Autoencoder.load(folder / name, device="cpu") for name in names}
    with served(models) as address:
        yield address


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """The tab, in English unless told; afterwards: no error in the console, no request to anybody else."""
    page = new_page(
        browser,
        viewport={"width": 1280, "height": 950},
        locale=getattr(request, "param", "en-US"),
        permissions=["clipboard-read", "clipboard-write"],
    )
    wrong = watch(page)
    page.goto(address)
    page.get_by_role("tab", name=re.compile("^(Interpolate|內插)$")).click()
    wait_for(page, 2, 12)  # it opens with two samples in place
    yield page
    page.close()
    assert wrong == []


def keys(page: Any) -> list[str]:
    """The pictures of the key frames."""
    return [image.get_attribute("src") for image in page.locator(".keys img").all()]


def wait_for(page: Any, key_frames: int, frames: int) -> None:
    """Until so many key frames lead to so many pictures; 0: to none."""
    counts = """([keys, frames]) => {
      const hidden = document.querySelector(".film").hidden;
      const shown = hidden ? 0 : document.querySelectorAll(".reel figure").length;
      return document.querySelectorAll(".keys img").length === keys && shown === frames;
    }"""
    page.wait_for_function(counts, arg=[key_frames, frames], timeout=WAIT)


def fetch(page: Any) -> None:
    before = (
        page.locator(".interpolate-seen img").get_attribute("src")
        if page.locator(".interpolate-seen img").count()
        else ""
    )
    page.locator("button:visible", has_text=re.compile("Fetch a sample|取一個樣本")).click()
    changed = "old => (document.querySelector('.interpolate-seen img')?.src ?? '') !== (old || '')"
    page.wait_for_function(changed, arg=before, timeout=WAIT)


@pytest.mark.parametrize("page", ["zh-TW"], indirect=True)
def test_key_frames_come_and_go(page: Any) -> None:
    wait_for(page, 2, 12)
    a, b = keys(page)
    fetch(page)
    page.locator(".interpolate-add").click()
    wait_for(page, 3, 23)
    assert keys(page)[:2] == [a, b]
    c = keys(page)[2]
    page.locator(".keys figure").nth(2).locator(".left").click()
    page.locator(".keys figure").nth(0).locator(".right").press("Enter")  # a c b, then c a b
    page.wait_for_function("src => document.querySelector('.keys img').src === src", arg=c, timeout=WAIT)
    assert keys(page) == [c, a, b]
    page.wait_for_timeout(300)
    page.keyboard.press("Shift+Tab")  # the moved one's button has the focus still; before it is the other
    page.keyboard.press("Enter")
    page.wait_for_function("src => document.querySelector('.keys img').src === src", arg=a, timeout=WAIT)
    assert keys(page) == [a, c, b]
    page.locator(".keys .remove").nth(1).click()
    wait_for(page, 2, 12)
    assert keys(page) == [a, b]
    for left in (1, 0):
        page.locator(".keys .remove").first.press("Space")
        wait_for(page, left, 0)
    page.locator(".film-part .nothing", has_text="至少").wait_for(timeout=WAIT)
    page.locator(".interpolate-run").click()
    wait_for(page, 2, 12)


def test_the_player_is_led_by_keys_and_clicks(page: Any) -> None:
    wait_for(page, 2, 12)
    where, scrub, play = (page.locator(f".film .{name}") for name in ("where", "scrub", "play"))
    seen = {
        page.wait_for_function(
            "old => document.querySelector('.where').textContent !== old && 'moved'",
            arg=where.inner_text(),
            timeout=WAIT,
        ).json_value()
    }
    assert seen == {"moved"}  # it plays by itself
    scrub.press("Home")
    assert re.search("key frame A|關鍵影格 A", where.inner_text())
    first = page.locator(".stage").evaluate(SUM)
    assert first == page.locator(".reel canvas").first.evaluate(SUM)
    scrub.press("ArrowRight")
    assert re.search("^2 of 12|第 2 張，共 12 張", where.inner_text())
    page.locator(".reel figure").last.click()
    assert re.search("key frame B|關鍵影格 B", where.inner_text())
    assert page.locator(".stage").evaluate(SUM) == page.locator(".reel canvas").last.evaluate(SUM) != first
    still = where.inner_text()
    page.wait_for_timeout(600)
    assert where.inner_text() == still  # whoever looks at one picture is not driven on
    play.press("Enter")
    page.wait_for_function(
        "old => document.querySelector('.where').textContent !== old", arg=still, timeout=WAIT
    )


def saved(page: Any, kind: str) -> bytes:
    with page.expect_download(timeout=WAIT) as coming:
        page.locator(f".film [data-kind={kind}]").click()
    assert coming.value.suggested_filename == f"by-hand-path.{kind}"
    return Path(coming.value.path()).read_bytes()


def test_what_is_taken_along_is_what_is_shown(
    page: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wait_for(page, 2, 12)
    page.locator(".interpolate-method label", has_text=re.compile("Spherical|球面")).click()
    page.locator(".block.interpolate-about", has_text=re.compile("arc|圓弧")).wait_for(timeout=WAIT)
    got = {"json": saved(page, "json")}
    while read(got["json"]).method != "spherical":  # the new pictures are on their way
        page.wait_for_timeout(100)
        got["json"] = saved(page, "json")
    got |= {kind: saved(page, kind) for kind in ("png", "gif", "webp")}
    Path("got.json").write_bytes(got["json"])
    path = read(got["json"])
    assert (path.method, path.steps, len(path.keys)) == ("spherical", 12, 2)
    for kind in ("png", "gif", "webp"):
        out = f"again.{kind}"
        done = CliRunner().invoke(
            main, ["interpolate", str(folder / "plane"), "--path", "got.json", "-o", out]
        )
        assert done.exit_code == 0, done.output
        assert Path(out).read_bytes() == got[kind]
    page.locator(".film .copy").click()
    page.locator(".film .told", has_text=re.compile("clipboard|剪貼簿")).wait_for(timeout=WAIT)
    assert page.evaluate("navigator.clipboard.readText()").encode() == got["json"]


def test_a_grid_stands_between_four(page: Any) -> None:
    page.locator(".interpolate-four").click()
    wait_for(page, 4, 34)
    grid = page.locator(".interpolate-grid img")
    grid.wait_for(timeout=WAIT)
    assert grid.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1600
    page.locator(".keys .remove").first.click()
    grid.wait_for(state="hidden", timeout=WAIT)


def test_another_model_takes_the_key_frames_if_it_sees_them_alike(page: Any) -> None:
    wait_for(page, 2, 12)
    before, shown = keys(page), page.locator(".reel canvas").nth(5).evaluate(SUM)

    def choose(name: str) -> None:
        page.get_by_role("combobox", name=re.compile("^(Model|模型)$")).click()
        page.get_by_role("option", name=name).click()

    choose("spatial")
    other = f"old => ({SUM})(document.querySelectorAll('.reel canvas')[5]) !== old"
    page.wait_for_function(other, arg=shown, timeout=WAIT)
    assert keys(page) == before
    choose("bright")  # which sees them otherwise, and opens with samples of its own
    page.wait_for_function(
        "old => ![...document.querySelectorAll('.keys img')].some((one) => old.includes(one.src))",
        arg=before,
        timeout=WAIT,
    )
    wait_for(page, 2, 12)


def test_a_row_that_was_emptied_stays_empty(page: Any) -> None:
    for left in (1, 0):
        page.locator(".keys .remove").first.click()
        wait_for(page, left, 0)
    page.get_by_role("tab", name=re.compile("^(Generate|生成)$")).click()
    page.get_by_role("tab", name=re.compile("^(Interpolate|內插)$")).click()
    page.wait_for_timeout(1000)
    assert keys(page) == []


def test_six_are_the_most(page: Any) -> None:
    page.locator(".interpolate-four").click()
    wait_for(page, 4, 34)
    fetch(page)
    for count, frames in ((5, 45), (6, 56)):
        page.locator(".interpolate-add").click()
        wait_for(page, count, frames)
    page.locator(".interpolate-add").click()
    page.locator(".block.interpolate-hint", has_text=re.compile("Six|六張")).wait_for(timeout=WAIT)
    assert len(keys(page)) == 6


def test_a_new_path_may_come_while_one_plays(browser: Any, address: str) -> None:
    page = browser.new_page(locale="en-US")
    wrong = watch(page)
    late = "requestAnimationFrame = (call) => draw((now) => call(now - 60000))"  # frames as of a busy machine
    page.add_init_script(f"const draw = requestAnimationFrame.bind(window); {late}")
    page.goto(address)
    page.get_by_role("tab", name="Interpolate").click()
    wait_for(page, 2, 12)
    first = page.locator(".film .where").inner_text()
    page.wait_for_function(
        "old => document.querySelector('.where').textContent !== old", arg=first, timeout=WAIT
    )
    page.locator(".interpolate-four").click()
    wait_for(page, 4, 34)
    page.wait_for_timeout(300)
    page.close()
    assert wrong == []


def test_marks_name_what_is_wrong_with_a_step(
    browser: Any, address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Autoencoder.load(folder / "plane", device="cpu")
    bee = (model.decode(np.float32([[1, 0]])) > 0).astype(np.float32)  # its code lies at about (3.5, 0)
    monkeypatch.setattr(
        "diabolo.ui.tabs.interpolate.keyframes.samples", lambda *_: np.concatenate([0 * bee, bee])
    )
    page = browser.new_page(locale="en-US")
    page.goto(address)
    page.get_by_role("tab", name="Interpolate").click()
    wait_for(page, 2, 12)
    latents = read(saved(page, "json")).latents(model.manifest)
    marks = marks_of(model, latents, model.decode(latents))
    assert marks.far is not None
    assert not marks.far[0]
    assert marks.far[6]
    assert not marks.far[-1]
    frames = page.locator(".reel figure")
    shown = [(frame.get_attribute("class") or "").replace("now", "").split() for frame in frames.all()]
    assert shown == [marks.at(index) for index in range(12)]
    for name, words in (("far", "far from the codes"), ("unlike", "unlike the data")):
        told, found = page.locator(f".film .told-{name}"), marks.known[name]
        frames.nth(int(found.argmax())).click()
        assert (words in told.inner_text()) == found.any()
        frames.nth(int(found.argmin())).click()
        assert told.inner_text() == ""
        assert f"{found.sum()} of 12" in page.locator(".film .legend").inner_text()
    page.close()


def test_what_was_replaced_comes_back(page: Any) -> None:
    undo = page.locator("button.interpolate-undo")
    assert undo.is_disabled()
    wait_for(page, 2, 12)
    first = keys(page)
    page.locator(".interpolate-four").click()
    wait_for(page, 4, 34)
    four = keys(page)
    undo.click()
    wait_for(page, 2, 12)
    assert keys(page) == first
    undo.click()  # takes the undoing back
    wait_for(page, 4, 34)
    assert keys(page) == four
    page.locator(".keys .remove").nth(1).click()
    wait_for(page, 3, 23)
    undo.click()
    wait_for(page, 4, 34)
    assert keys(page) == four


def test_a_saved_path_is_opened_with_its_latents(page: Any, folder: Path, tmp_path: Path) -> None:
    """Its pictures, encoded again, would have other codes."""
    model = Autoencoder.load(folder / "plane", device="cpu")
    latents = np.array([[0.25, -7], [1 / 3, 2], [4, 0.1]], np.float32)
    m = model.manifest
    path = LatentPath(keys=latents, steps=5, method="spherical", model=m.name, digest=m.document["digest"])
    saved_before = tmp_path / "saved.json"
    saved_before.write_text(path.dumps())
    page.locator("input[type=file][accept*=json]").set_input_files(saved_before)
    wait_for(page, 3, 9)
    assert not np.allclose(model.encode(model.decode(latents)), latents, atol=0.1)
    page.locator(".block.interpolate-hint", has_text=re.compile("3 key latents|3 個關鍵")).wait_for(
        timeout=WAIT
    )
    page.locator(".block.interpolate-about", has_text=re.compile("arc|圓弧")).wait_for(timeout=WAIT)
    again = saved(page, "json")
    while read(again).method != "spherical":  # the slider and the method have been set one by one
        page.wait_for_timeout(100)
        again = saved(page, "json")
    assert again.decode() == path.dumps()
    page.locator(".keys figure").nth(0).locator(".right").click()  # the latents move with their pictures
    page.wait_for_timeout(500)
    wait_for(page, 3, 9)
    while (found := read(saved(page, "json")).keys)[0].tolist() == latents[0].tolist():
        page.wait_for_timeout(100)
    np.testing.assert_array_equal(found, latents[[1, 0, 2]])
    for _ in range(2):  # back to the opened path, and forward again
        before = found
        page.locator("button.interpolate-undo").click()
        while np.array_equal(found := read(saved(page, "json")).keys, before):
            page.wait_for_timeout(100)
    np.testing.assert_array_equal(found, latents[[1, 0, 2]])


def test_a_phone(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800}, locale="en-US")
    page.goto(address)
    page.get_by_role("tab", name="Interpolate").click()
    page.locator(".interpolate-four").click()
    wait_for(page, 4, 34)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


@pytest.mark.parametrize("width", [1100, 1200, 1440])
def test_the_player_stays_in_its_column(browser: Any, address: str, width: int) -> None:
    """Next to it stands the picture that can be added; the column of the player may be narrow."""
    page = browser.new_page(viewport={"width": width, "height": 900}, locale="en-US")
    page.goto(address)
    page.get_by_role("tab", name="Interpolate").click()
    wait_for(page, 2, 12)
    right = page.locator(".film").evaluate("film => film.getBoundingClientRect().right")
    inside = page.locator(".film .show :is(p, button, input, canvas)").evaluate_all(
        "all => Math.max(...all.map((each) => each.getBoundingClientRect().right))"
    )
    assert inside <= right + 1
    page.close()
