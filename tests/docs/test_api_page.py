"""docs/api.md: it lists every endpoint there is, and all it shows is run."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _served import close, free_port
from PIL import Image, ImageDraw

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no browser

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
PORT = "7860"  # the page's


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """Where the app runs as the page starts it."""
    from diabolo.ui import launch

    commands = re.findall(r"^    diabolo ui (.*)$", PAGE, re.MULTILINE)
    names = [word for word in commands[0].split() if word.startswith("mnist-")]
    assert [command.split()[-2:] for command in commands] == [["--port", PORT]] * 2
    assert "--mcp" in commands[1]
    number = free_port()
    app = launch(names, device="cpu", port=number, mcp=True, open_browser=False, block=False)
    yield str(number)
    close(app)


@pytest.fixture
def digit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the page calls digit.png, where its commands run."""
    monkeypatch.chdir(tmp_path)
    picture = Image.new("L", (60, 80))
    ImageDraw.Draw(picture).line((30, 10, 30, 70), fill=255, width=7)
    picture.save("digit.png")
    return tmp_path / "digit.png"


def test_it_lists_every_endpoint_and_what_it_takes() -> None:
    from diabolo.ui import build

    known = build("mnist-vae-2d", device="cpu").get_api_info()["named_endpoints"]
    takes = {name: [one["parameter_name"] for one in known[name]["parameters"]] for name in known}
    rows = re.findall(r"^\| `(/\w+)` \| ([^|]*) \| [^|]+ \|$", PAGE, re.MULTILINE)
    listed = {name: re.findall(r"`(\w+)`", cell) for name, cell in rows}
    wrong = {name for name in takes | listed if listed.get(name) != takes.get(name)}
    right = {name: takes.get(name, "no such endpoint") for name in wrong}
    assert not wrong, f"correct the rows of these endpoints in docs/api.md: {right}"
    assert len(rows) == len(takes)  # none twice


def test_from_python(port: str, digit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, judged = blocks("python")[:2]
    seen: dict[str, Any] = {}
    exec(compile(code.replace(PORT, port), "page", "exec"), seen)  # noqa: S102 - the page's own
    assert len(seen["code"]) == len(seen["ranks"]) == 2
    for name, size in {"seen": (28, 28), "restored": (28, 28), "error": (28, 28)}.items():
        with Image.open(seen[name]) as picture:
            assert picture.size == size
    assert "N(0, I)" in seen["words"]
    assert seen["facts"]["noise"]["kind"] in capsys.readouterr().out
    assert all(check["ok"] for check in seen["facts"]["checks"])
    exec(compile(judged, "page", "exec"), seen)  # noqa: S102
    assert seen["found"].known


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="no curl")
def test_over_http(port: str, digit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    script, single = (ran(code.replace(PORT, port)) for code in blocks("sh"))
    answers = re.findall(r"^event: complete\ndata: (.*)$", script, re.MULTILINE)
    (image, ranks), (seen, restored, figures, error) = (json.loads(answer) for answer in answers)
    assert 0 <= ranks[0] <= 1
    assert set(figures) == {"mse", "psnr", "ssim"}
    assert all(picture["url"].startswith("http://127.0.0.1") for picture in (image, seen, restored, error))
    assert json.loads(single)["data"][1] == ranks


def ran(script: str) -> str:
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout


def test_as_tools(port: str, digit: Path) -> None:
    import anyio

    pytest.importorskip("mcp")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    (text,) = blocks("json")
    (server,) = json.loads(text.replace(PORT, port))["mcpServers"].values()
    picture = f"data:image/png;base64,{base64.b64encode(digit.read_bytes()).decode('ascii')}"

    async def ask() -> tuple[set[str], Any, Any]:
        async with (
            streamable_http_client(server["url"]) as (get, send, *_),
            ClientSession(get, send) as session,
        ):
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            asked = {"model": "mnist-vae-2d", "image": picture}
            return (
                tools,
                await session.call_tool("reconstruct", asked),
                await session.call_tool("describe", {"model": "mnist-denoising"}),
            )

    tools, restored, facts = anyio.run(ask)
    assert {name.strip("/") for name in re.findall(r"^\| `(/\w+)`", PAGE, re.MULTILINE)} <= tools
    assert [part.type for part in restored.content].count("image") == 3
    assert any("mse" in part.text for part in restored.content if part.type == "text")
    assert not facts.isError
    assert "'requested': 'cpu'" in facts.content[0].text


def test_in_an_app_of_one_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[Any] = []
    monkeypatch.setattr(gr.Blocks, "launch", lambda app: launched.append(app))
    page, one, mounted, component, shown = blocks("python")[2:]
    for code in (page, one, component, shown):
        exec(compile(code, "page", "exec"), {})  # noqa: S102 - the page's own
    whole, single, alone, marked = (str(app.get_config_file()) for app in launched)
    assert "My page" in whole
    assert "mnist-autoencoder-2d" in whole
    assert "探索" in single
    assert "Latent" in alone
    assert "Where it lies" in marked
    seen: dict[str, Any] = {}
    exec(compile(mounted, "page", "exec"), seen)  # noqa: S102
    from starlette.testclient import TestClient

    with TestClient(seen["service"]) as client:
        assert "Diabolo" in client.get("/latent/").text


def test_the_readme_leads_here() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert "(docs/api.md)" in readme
