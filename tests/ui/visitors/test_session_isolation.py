"""What one visitor does to the page stays in that visitor's session; the rest is as gradio does it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")
pytest.importorskip("onnx")

pytestmark = GRADIO_MARKS[1:]  # no browser

LONG = "x" * 5000


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    shapes = {"two": (2,), "seven": (7,)}
    return {
        name: Autoencoder.load(save_coded(folder / name, shape), device="cpu")
        for name, shape in shapes.items()
    }


def page(models: dict[str, Autoencoder], linked: bool = True) -> Any:
    """A page with all that a session may change."""
    from diabolo.ui import LatentExplorer

    with gr.Blocks(analytics_enabled=False) as app:
        name, said = gr.Textbox(label="name"), gr.Textbox(label="said")
        count, counted = gr.State(0), gr.Number(label="counted")
        chooser = gr.Dropdown(["a"], label="chooser")
        explorer = LatentExplorer(models)
        if linked:
            gr.DeepLinkButton()
        listeners: dict[str, tuple[Any, Any, Any]] = {
            "say": (lambda text: f"{text}!", name, said),
            "count": (lambda number: (number + 1, number + 1), count, [count, counted]),
            "offer": (lambda text: gr.update(choices=["a", text], visible=False), name, chooser),
            "pick": (lambda: "b", None, chooser),
            "picked": (lambda choice: choice, chooser, said),
            "choose": (lambda text: gr.update(chosen=text), name, explorer),
            "point": (lambda: [0.5] * 7, None, explorer),
            "pointed": (len, explorer, counted),
        }
        for api_name, (function, inputs, outputs) in listeners.items():
            gr.Button().click(function, inputs, outputs, api_name=api_name, queue=False)
    return app


class Two:
    """Two visitors of one app."""

    def __init__(self, app: Any) -> None:
        from starlette.testclient import TestClient

        self.app, self._client = app, TestClient(app.app)

    def ask(self, session: str, name: str, *data: Any) -> list[Any]:
        return self.post(session, name, data=data).get("data", ["refused"])

    def post(self, session: str, name: str, **body: Any) -> dict[str, Any]:
        answer = self._client.post(f"/gradio_api/run/{name}", json={**body, "session_hash": session})
        return dict(answer.json())

    def linked(self, session: str) -> dict[str, Any]:
        """What the page of the session's deep link shows: settings by the component's label or type."""
        link = self._client.get("/gradio_api/deep_link", params={"session_hash": session}).json()
        config = self._client.get("/config", params={"deep_link": link}).json()
        assert config["deep_link_state"] == "valid"
        assert len({one["id"] for one in config["components"]}) == len(config["components"])
        return {one["props"].get("label") or one["type"]: one["props"] for one in config["components"]}


@pytest.fixture(params=[True, False], ids=["light", "gradio's"])
def two(request: pytest.FixtureRequest, models: dict[str, Autoencoder]) -> Iterator[Two]:
    from diabolo.ui.sessions import light as light_sessions

    app = page(models)
    assert not request.param or light_sessions.lighten(app)
    yield Two(app)
    app.close()


def test_values(two: Two) -> None:
    assert two.ask("one", "say", "hello") == ["hello!"]
    assert two.ask("other", "say", LONG) == [f"{LONG}!"]
    one, other = two.linked("one"), two.linked("other")
    assert (one["name"]["value"], one["said"]["value"]) == ("hello", "hello!")
    assert (other["name"]["value"], other["said"]["value"]) == (LONG, f"{LONG}!")
    two.ask("third", "count", None)
    assert not two.linked("third")["name"].get("value")


def test_state(two: Two) -> None:
    assert [two.ask("one", "count", None)[1] for _ in range(3)] == [1, 2, 3]
    assert two.ask("other", "count", None)[1] == 1
    assert two.ask("one", "count", None)[1] == 4
    assert two.linked("one")["counted"]["value"] == 4
    assert two.linked("other")["counted"]["value"] == 1


def test_properties(two: Two) -> None:
    assert two.ask("one", "offer", "b")[0]["choices"] == [["a", "a"], ["b", "b"]]
    assert two.ask("one", "picked", "b") == ["b"]
    assert two.ask("other", "picked", "b") == ["refused"]
    assert two.ask("one", "pick") == ["b"]
    one, other = two.linked("one")["chooser"], two.linked("other")["chooser"]
    assert one["value"] == "b"
    assert (one["visible"], one["choices"]) == (False, [["a", "a"], ["b", "b"]])
    assert (other["visible"], other["choices"]) == (True, [["a", "a"]])


def test_the_explorer_s_model(two: Two) -> None:
    assert two.ask("one", "choose", "seven")[0]["props"]["chosen"] == "seven"
    assert two.ask("one", "pointed", [0.1] * 7) == [7]
    assert two.ask("other", "pointed", [0.1] * 7) == ["refused"]
    assert two.ask("other", "pointed", [0.1] * 2) == [2]
    two.ask("one", "point")
    one, other = two.linked("one")["html"], two.linked("other")["html"]
    assert (one["props"]["chosen"], other["props"]["chosen"]) == ("seven", "two")
    assert other["value"] == [0.1] * 2


def test_what_a_listener_gives_an_updated_component_is_linked(models: dict[str, Autoencoder]) -> None:
    """Gradio itself keeps that value under another number."""
    from diabolo.ui.sessions import light as light_sessions

    app = page(models)
    assert light_sessions.lighten(app)
    two = Two(app)
    two.ask("one", "choose", "seven")
    blocks = len(app.state_holder["one"].blocks_config.blocks)
    for _ in range(3):
        two.ask("one", "point")
    assert two.linked("one")["html"]["value"] == [0.5] * 7
    assert len(app.state_holder["one"].blocks_config.blocks) == blocks == len(app.blocks)
    app.close()


def test_without_deep_links_a_page_s_long_values_are_not_kept(models: dict[str, Autoencoder]) -> None:
    from diabolo.ui.sessions import light as light_sessions

    app = page(models, linked=False)
    assert light_sessions.lighten(app)
    two = Two(app)
    two.ask("one", "say", "hello")
    assert two.linked("one")["said"]["value"] == "hello!"
    two.ask("one", "say", LONG)
    assert not two.linked("one")["said"].get("value")
    assert two.ask("one", "say", LONG) == [f"{LONG}!"]
    app.close()


@pytest.mark.parametrize("light", [True, False], ids=["light", "gradio's"])
def test_what_is_rendered_for_one_visitor(light: bool) -> None:
    """`gr.render` adds components and functions to a session."""
    from diabolo.ui.sessions import light as light_sessions

    with gr.Blocks(analytics_enabled=False) as app:
        count = gr.Number(0)

        @gr.render(count, queue=False)
        def more(number: float) -> None:
            said = gr.Textbox()
            for step in range(int(number)):
                gr.Button().click(
                    lambda step=step: str(step), None, said, api_name=f"step{step}", queue=False
                )

    assert not light or light_sessions.lighten(app)
    two, before = Two(app), len(app.fns)
    (render,) = [fn._id for fn in app.fns.values() if fn.renderable]
    for session, number in (("one", 3), ("other", 1)):
        answer = two.post(session, "render", fn_index=render, data=[number])
        assert len(answer["render_config"]["dependencies"]) == number
    assert two.ask("one", "step2") == ["2"]
    assert two.ask("other", "step0") == ["0"]
    with pytest.raises(Exception, match="step2"):
        two.ask("other", "step2")
    assert len(app.fns) == before
    app.close()
