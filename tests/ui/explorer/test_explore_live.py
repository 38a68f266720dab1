"""The explorer decodes in a real Chromium as the server does, and says where it decodes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, watch
from _coded import save_coded
from _examples import needed
from _pair import save_pair
from _served import free_port
from numpy.typing import NDArray

from diabolo.runtime.bundle import Bundle, zoo
from diabolo.runtime.image.convert import to_uint8
from diabolo.ui.models.collection import Models

gr = pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

pytestmark = GRADIO_MARKS

WAIT = 30_000  # milliseconds
HERE, THERE = "Decoding in your browser", "Decoding on the server"
OWN = ("plane", "spatial", "plain")  # made by hand: with codes, spatial, spatial without codes
RGBA = """c => { let all = ""; for (const v of c.getContext("2d").getImageData(0, 0, c.width, c.height).data)
  all += String.fromCharCode(v); return btoa(all); }"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "plane")
    save_coded(folder / "spatial", (3, 2, 2))
    save_pair(folder / "plain", image_shape=(3, 8, 6))
    bundles = {name: Bundle.open(folder / name) for name in OWN}
    ready = {name: Bundle.open(zoo.folder(name)) for name in zoo.names()}
    # those of any size have latents that are too large for a page
    fitting = {name: bundle for name, bundle in ready.items() if bundle.manifest.any_size is None}
    return Models(bundles | fitting, device="cpu")


def _latent(models: Models, name: str) -> NDArray[np.float32]:
    """Somewhere between two codes, or off the mean."""
    codes, m = models[name].codes, models.manifest(name)
    if codes is None:
        rng = np.random.default_rng(0)
        return (m.latent_mean + 0.3 * rng.standard_normal(m.latent_shape)).astype(np.float32)
    return (0.3 * codes.latents[1] + 0.7 * codes.latents[2]).astype(np.float32)


@contextmanager
def _served(models: Models) -> Iterator[str]:
    """An explorer of all models and one of a plane, mounted below a path of somebody's service."""
    import uvicorn
    from fastapi import FastAPI

    from diabolo.ui import LatentExplorer

    def move(name: str) -> Any:
        return gr.update(value=_latent(models, name).ravel().tolist())

    with gr.Blocks() as demo:
        explorer = LatentExplorer(models, elem_id="one")
        LatentExplorer(models["plane"], elem_id="two", language="zh-TW")
        for name in models:
            gr.Button(f"show {name}").click(
                lambda name=name: gr.update(chosen=name), None, explorer, show_progress="hidden"
            )
            gr.Button(f"move {name}").click(
                lambda name=name: move(name), None, explorer, show_progress="hidden"
            )
    service = FastAPI()
    service.get("/favicon.ico", status_code=204)(lambda: None)
    gr.mount_gradio_app(service, demo, path="/deep/down")
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(service, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/deep/down/"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address(models: Models) -> Iterator[str]:
    from diabolo.ui.explorer import _web

    needed("ui/explorer/web has no node_modules: run `npm ci` there", _web.FOLDER.is_dir())
    with _served(models) as address:
        yield address


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[[], Any]]:
    """Opens the page; afterwards: no error and no warning in the console, no request to anybody else."""
    pages, wrong = [], []

    def open_page() -> Any:
        pages.append(browser.new_page(viewport={"width": 1280, "height": 900}))
        wrong.append(watch(pages[-1]))
        pages[-1].goto(address)
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
    assert not any(wrong), wrong


def _badge(page: Any, words: str, place: str = "#one") -> Any:
    badge = page.locator(f"{place} .decoder button", has_text=words)
    badge.wait_for(timeout=WAIT)
    return badge


def _pixels(page: Any) -> NDArray[np.int64]:
    raw = base64.b64decode(page.locator("#one .picture").evaluate(RGBA))
    return np.frombuffer(raw, np.uint8).reshape(-1, 4)[:, :3].astype(int)


def _picture(page: Any, like: NDArray[np.uint8]) -> None:
    """The picture comes to show this image, within a level of 255."""
    wanted = np.broadcast_to(like, (*like.shape[:2], 3)).reshape(-1, 3).astype(int)
    for _ in range(100):
        found = _pixels(page)
        if found.shape == wanted.shape and np.abs(found - wanted).max() <= 1:
            return
        page.wait_for_timeout(50)
    raise AssertionError("the picture is another")


def _choose(page: Any, name: str) -> float:
    """Choose a model; the difference that the page found."""
    page.locator("#one .whole").evaluate("e => e.dataset.old = true")
    page.get_by_role("button", name=f"show {name}", exact=True).click()
    page.locator("#one .whole:not([data-old]) .decoder[data-difference]").wait_for(timeout=WAIT)
    return float(page.locator("#one .decoder").get_attribute("data-difference"))


def test_models_decode_here_as_on_the_server(visit: Callable[[], Any], models: Models) -> None:
    """The test's own, and one ready-made of each dtype and number of channels."""
    kinds = {_kind(models, name): name for name in sorted(set(models) - set(OWN))}
    assert len(kinds) > 2
    decode_here(visit(), models, {*OWN, *kinds.values()})


@pytest.mark.long
def test_all_models_decode_here_as_on_the_server(visit: Callable[[], Any], models: Models) -> None:
    decode_here(visit(), models, set(models))


def _kind(models: Models, name: str) -> tuple[str, int]:
    manifest = models.manifest(name)
    return manifest.document["graphs"]["dtype"], manifest.image_shape[0]


def decode_here(page: Any, models: Models, chosen: set[str]) -> None:
    decoded: list[str] = []
    page.on("request", lambda sent: decoded.append(sent.url) if _decodes(sent) else None)
    assert set(OWN) < set(models)
    assert len(models) > 10
    _badge(page, HERE)
    for name in reversed([name for name in models if name in chosen]):  # the first is shown already
        difference = _choose(page, name)
        tolerance = models.manifest(name).golden.tolerance
        assert difference <= tolerance.get("wasm", tolerance["default"]), name
        _badge(page, HERE)
        decoded.clear()
        page.get_by_role("button", name=f"move {name}", exact=True).click()
        _picture(page, to_uint8(models[name].decode(_latent(models, name)))[0])
        assert not decoded, name


def _decodes(sent: Any) -> bool:
    return "explorer_decode" in (sent.post_data or "")


def test_both_ways_give_the_same_picture(visit: Callable[[], Any]) -> None:
    page = visit()
    badge = _badge(page, HERE)
    assert "at most 0.000" in page.locator("#one .decoder span").inner_text()
    before = _pixels(page)
    assert before.max() > 0
    with page.expect_request(_decodes):
        badge.click()
    _badge(page, THERE)
    page.wait_for_timeout(200)
    assert np.abs(_pixels(page) - before).max() <= 1
    page.get_by_role("button", name="show spatial").click()
    page.locator("#one .axes").wait_for(timeout=WAIT)
    _badge(page, THERE).click()  # the wish outlives the model
    _badge(page, HERE)


def test_the_files_are_loaded_once_for_a_page(visit: Callable[[], Any], address: str) -> None:
    page = visit()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "onnxruntime-web" in sent.url else None)
    page.reload()
    _badge(page, HERE)
    _badge(page, "在瀏覽器裡解碼", "#two")
    assert len(asked) == len(set(asked)) == 2
    assert all(url.startswith(f"{address}gradio_api/file=") for url in asked)


def test_the_picture_does_not_wait_for_its_marks(
    visit: Callable[[], Any], models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.ui.explorer.backend import Backend

    page, free = visit(), threading.Event()
    _badge(page, HERE)
    page.locator("#one .density", has_text="Training codes lie close").wait_for(timeout=WAIT)
    own = Backend.marks

    def marks(self: Backend, latents: str) -> dict[str, list[bool] | None]:
        free.wait(20)
        return own(self, latents)

    monkeypatch.setattr(Backend, "marks", marks)
    try:
        box = page.locator("#one .pointer").bounding_box()
        page.mouse.click(box["x"] + box["width"] - 5, box["y"] + 5)  # far from all codes
        values = [float(v.replace("−", "-")) for v in page.locator("#one output").all_inner_texts()]
        _picture(page, to_uint8(models["plane"].decode(np.array([values], np.float32)))[0])
        assert "Training codes lie close" in page.locator("#one .density").inner_text()
    finally:
        free.set()
    page.locator("#one .density", has_text="The latent is far from the codes").wait_for(timeout=WAIT)


def test_without_the_files_the_server_decodes(
    visit: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from diabolo.ui.explorer import _web

    monkeypatch.setattr(_web, "FOLDER", tmp_path)
    page = visit()
    badge = _badge(page, THERE)
    assert badge.is_disabled()
    assert "onnxruntime-web, which decodes in the browser, is not installed" in badge.get_attribute("title")
    box = page.locator("#one .pointer").bounding_box()
    with page.expect_request(_decodes):
        page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.locator("#one .density", has_text="The latent is far from the codes").wait_for(timeout=WAIT)


@pytest.mark.parametrize("case", ["other images", "no graph"])
def test_what_does_not_agree_is_decoded_by_the_server(
    case: str, visit: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from diabolo.ui.explorer.backend import Backend

    own = Backend.graph

    def graph(self: Backend) -> dict[str, Any]:
        sent = own(self)
        images = np.frombuffer(base64.b64decode(sent["images"]), "<f4")
        if case == "other images":
            return sent | {"images": base64.b64encode((images - np.float32(0.0123)).tobytes()).decode()}
        return sent | {"graph": base64.b64encode(b"no graph at all").decode()}

    monkeypatch.setattr(Backend, "graph", graph)
    page = visit()
    page.locator("#one .decoder[data-difference]").wait_for(timeout=WAIT)
    badge = _badge(page, THERE)
    assert badge.is_disabled()
    words = {"other images": "server's by 0.013", "no graph": "could not run"}[case]
    assert words in badge.get_attribute("title")
    box = page.locator("#one .pointer").bounding_box()
    with page.expect_request(_decodes):
        page.mouse.click(box["x"] + 5, box["y"] + 5)
