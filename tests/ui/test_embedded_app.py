"""The app within other people's pages and services: twice on one page, by gradio's registry, under a path."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import save_coded
from _served import close, free_port

from diabolo.runtime import errors
from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

WAIT = 60_000  # milliseconds
ENDPOINTS = {"/reconstruct", "/denoise", "/interpolate"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    save_coded(folder / "plane")
    save_coded(folder / "seven", (7,))
    return folder


@contextmanager
def launched(page: Any, **options: Any) -> Iterator[str]:
    port = free_port()
    page.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        **options,
    )
    yield f"http://127.0.0.1:{port}/"
    close(page)


def named(address: str) -> set[str]:
    from gradio_client import Client

    client = Client(address, verbose=False)
    return set(client.view_api(return_format="dict", print_info=False)["named_endpoints"])


def test_twice_on_one_page_each_with_its_own_model(folder: Path) -> None:
    from diabolo.ui import build

    built = build(folder / "seven", language="zh-TW", device="cpu")
    with gr.Blocks() as page:
        gr.Markdown("# Somebody's own page")
        with gr.Tab("one"):
            build([folder / "plane", folder / "seven"], device="cpu")  # where it is called
        with gr.Tab("two"):
            built.render()
    with launched(page) as address, started() as browser:
        endpoints = named(address)
        assert endpoints >= ENDPOINTS | {f"{name}_1" for name in ENDPOINTS}
        tab = browser.new_page(viewport={"width": 1280, "height": 1000})
        wrong = watch(tab)
        tab.goto(address)
        one, two = tab.locator(".diabolo").first, tab.locator(".diabolo").last
        one.get_by_role("button", name="Fetch a sample").first.click()
        one.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=WAIT)
        tab.get_by_role("tab", name="two").click()
        two.get_by_role("tab", name="探索").wait_for(timeout=WAIT)  # its words need no launch of ours
        two.get_by_role("button", name="取一個樣本").first.click()
        two.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=WAIT)
        two.get_by_role("tab", name="探索").click()
        two.locator(".sliders label").nth(6).wait_for(timeout=WAIT)  # seven numbers, the other has two
        assert wrong == []


def test_gradio_s_own_registry(folder: Path) -> None:
    from diabolo.ui import registry

    page = gr.load(str(folder / "plane"), src=registry, language="zh-TW", device="cpu")
    with launched(page) as address:
        assert named(address) >= ENDPOINTS
        with urllib.request.urlopen(f"{address}config") as answer:
            assert "探索" in str(json.load(answer))


def test_in_a_service_under_a_path(folder: Path) -> None:
    import uvicorn
    from fastapi import FastAPI

    from diabolo.ui import mount

    service = FastAPI()

    @service.get("/")
    @service.get("/favicon.ico")  # browsers ask for it where the service begins
    def home() -> dict[str, str]:
        return {"own": "page"}

    assert mount(service, {"digits": Autoencoder.load(folder / "plane")}, path="/latent/") is service
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(service, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert answer.read() == b'{"own":"page"}'
    with started() as browser:
        tab = browser.new_page(locale="zh-TW")
        wrong = watch(tab)
        tab.goto(f"http://127.0.0.1:{port}/latent/")
        tab.get_by_role("button", name="取一個樣本").first.click()
        tab.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=WAIT)
        assert tab.get_by_text(re.compile("^diabolo_|_tab$")).count() == 0
        assert wrong == []
    server.should_exit = True
    thread.join(30)


def test_tools_by_the_model_context_protocol(folder: Path) -> None:
    import anyio
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    from diabolo.ui import launch

    port = free_port()
    app = launch(folder / "plane", device="cpu", port=port, mcp=True, open_browser=False, block=False)

    async def ask() -> tuple[dict[str, Any], Any]:
        async with (
            streamable_http_client(f"http://127.0.0.1:{port}/gradio_api/mcp/") as (get, send, *_),
            ClientSession(get, send) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            return tools, await session.call_tool("decode", {"model": "by-hand", "latents": [0.0, 0.0]})

    tools, result = anyio.run(ask)
    close(app)
    assert {name.strip("/") for name in ENDPOINTS} <= set(tools)
    assert all(tool.description for tool in tools.values())
    assert not result.isError
    assert any(part.type == "image" for part in result.content)
    (rank,) = json.loads(result.content[-1].text)
    assert 0 <= rank <= 1


def test_what_people_have_becomes_models(folder: Path, shelf: Path) -> None:
    from diabolo.ui.models.collection import collect

    save_coded(shelf / "ready")
    opened = Autoencoder.load(folder / "plane", device="cpu")
    assert list(collect(None)) == ["ready"]
    assert list(collect("ready")) == list(collect(folder / "plane")) == [opened.manifest.name]
    many = collect([opened, Bundle.open(folder / "plane"), str(folder / "seven")], device="cpu")
    name = opened.manifest.name
    assert list(many) == [name, f"{name} (2)", f"{name} (3)"]
    assert many[name] is opened
    assert collect(many) is many
    assert list(collect({"mine": opened})) == ["mine"]
    for nothing in ([], {}):
        with pytest.raises(errors.UsageError, match="at least one bundle"):
            collect(nothing)


def test_wrong_words_are_named(folder: Path) -> None:
    from diabolo.ui import build, mount

    with pytest.raises(errors.UnknownNameError, match="zh-TW"):
        build(folder / "plane", language="fr")
    with pytest.raises(errors.UsageError, match="'latent' must begin with '/'"):
        mount(None, folder / "plane", path="latent")  # type: ignore[arg-type]
