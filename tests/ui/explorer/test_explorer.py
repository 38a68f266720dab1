"""The latent explorer without a browser: the component and its value."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _coded import save_coded

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import LatentError, UnknownNameError, UsageError
from diabolo.ui.models.collection import Models

pytest.importorskip("gradio")
pytest.importorskip("onnx")

# gradio leaves event loops and sockets to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_the_package_does_not_wait_for_gradio() -> None:
    code = "import sys, diabolo.ui\nprint('gradio' in sys.modules, 'LatentExplorer' in diabolo.ui.__all__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.fixture
def explorer(tmp_path: Path) -> Any:
    import gradio as gr

    from diabolo.ui import LatentExplorer

    with gr.Blocks():
        return LatentExplorer(save_coded(tmp_path / "coded"), elem_id="here")


def test_the_component_carries_all_it_needs(explorer: Any) -> None:
    folder = Path(sys.modules[type(explorer).__module__].__file__ or "").parent
    config, script = explorer.get_config(), explorer.explorer_script({})
    for part in (folder / "page").glob("*.js"):
        assert part.read_text("utf-8") in script
    assert config["elem_id"] == "here"
    assert config["props"] == {
        "sliders": True,
        "chosen": "by-hand",
        "language": None,
        "picture": None,
        "interactive": True,
    }
    assert explorer.explorer_open({})["options"] == config["props"]  # gradio may lose the props
    assert len(config["server_fns"]) == 8
    json.dumps(config["value"])
    page = config["html_template"] + config["css_template"] + config["js_on_load"] + script
    assert "http" not in page
    assert "`" not in config["html_template"] + config["css_template"]  # they become template strings
    assert not list(folder.glob("*.pyi"))


def test_the_value_is_a_flat_list(explorer: Any) -> None:
    assert explorer.preprocess([1, 2.5]) == explorer.postprocess(np.array([[1, 2.5]])) == [1, 2.5]
    assert explorer.preprocess(None) is explorer.postprocess(None) is None
    for wrong in ([1], [1, 2, 3], ["a", "b"], [float("inf"), 0], []):
        with pytest.raises(LatentError, match="2 numbers"):
            explorer.preprocess(wrong)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = explorer.nonsense


class Told(Models):
    """Models that tell which of them were asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        made = {"two": save_coded(folder / "two"), "three": save_coded(folder / "three", (3,))}
        super().__init__({name: Bundle.open(path) for name, path in made.items()}, device="cpu")

    def __getitem__(self, name: str) -> Autoencoder:
        self.asked.append(name)
        return super().__getitem__(name)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_of_several_models_only_those_are_started_that_are_shown(told: Told, tmp_path: Path) -> None:
    import gradio as gr

    from diabolo.ui import LatentExplorer

    with gr.Blocks():
        explorer = LatentExplorer(told)
    assert (explorer.value, explorer.get_config()["props"]["chosen"], told.asked) == (None, "two", [])
    assert explorer.explorer_open({"model": "three"})["size"] == 3
    assert told.asked == ["three"]
    assert "four" in explorer.explorer_open({"model": "four"})["problem"]
    for asked in (explorer.explorer_plane, explorer.explorer_code, explorer.explorer_decode):
        answer = asked({"model": "four", "axes": None, "index": 0, "latents": ""})
        assert "Choose from: three, two" in answer["problem"]
    (tmp_path / "two" / "decoder.onnx").write_bytes(b"other")
    assert "decoder.onnx" in explorer.explorer_open({"model": "two"})["problem"]


def test_the_value_is_one_of_the_chosen_model(told: Told) -> None:
    import gradio as gr

    from diabolo.ui import LatentExplorer

    with gr.Blocks():
        explorer = LatentExplorer(told, [1, 2, 3], chosen="three")
    assert explorer.value == [1, 2, 3]
    assert "3 numbers" in explorer.api_info()["description"]
    for call in (explorer.preprocess, explorer.postprocess):
        with pytest.raises(LatentError, match="3 numbers"):
            call([1, 2])
    with pytest.raises(UnknownNameError, match="'three'"):
        LatentExplorer(told, chosen="tree")
    with pytest.raises(UnknownNameError, match="zh-TW"):
        LatentExplorer(told, language="zh")
    with pytest.raises(UsageError, match="at least one model"):
        LatentExplorer({})


def test_clients_are_told_the_type(explorer: Any) -> None:
    info = explorer.api_info()
    assert (info["type"], info["items"]) == ("array", {"type": "number"})
    assert "2 numbers" in info["description"]
    assert explorer.preprocess(explorer.example_payload()) == explorer.example_value()


def test_words_are_in_both_languages() -> None:
    from diabolo.ui import explorer

    page = Path(explorer.__file__).parent / "page"
    words = (page / "words.js").read_text("utf-8")
    english, chinese = (set(re.findall(r"^    (\w+):", part, re.M)) for part in words.split("  zh: {"))
    assert english == chinese
    script = "".join(path.read_text("utf-8") for path in page.glob("*.[jh]*"))
    said = set(re.findall(r'say\([^)]*?"(\w+)"|data-(?:say|name)="(\w+)"', script))
    assert {name for pair in said for name in pair if name} <= english


def test_every_picture_of_the_page_has_a_name() -> None:
    from diabolo.ui import explorer

    page = (Path(explorer.__file__).parent / "page" / "explorer.html").read_text("utf-8")
    pictures = [tag for tag in re.findall("<[^>]+>", page) if 'role="img"' in tag]
    assert len(pictures) == 4
    assert all("data-name=" in tag for tag in pictures)


def test_a_wheel_carries_what_browsers_decode_with_and_its_licence() -> None:
    from diabolo.ui.explorer import _web

    root = Path(__file__).parents[3]
    package = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    web = root / "ui" / "explorer" / "web"
    carried = {web.parent / name for name in package["diabolo.ui.explorer"]}
    assert web.parent / "page" / "*" in carried
    assert carried - {web.parent / "page" / "*"} == {
        web / "LICENSE",
        *(_web.FOLDER / name for name in _web.FILES.values()),
    }
    assert "Copyright (c) Microsoft" in (web / "LICENSE").read_text("utf-8")
    pinned, example = (
        json.loads((folder / "package-lock.json").read_text("utf-8"))
        for folder in (web, root / "examples" / "browser")
    )
    runtime = "node_modules/onnxruntime-web"
    assert pinned["packages"][runtime] == example["packages"][runtime]
    assert not any("resolved" in entry for entry in pinned["packages"].values())


def test_files_that_were_not_fetched_are_not_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from diabolo.ui.explorer import _web

    monkeypatch.setattr(_web, "FOLDER", tmp_path / "with space")
    assert _web.served() is None
    (tmp_path / "with space").mkdir()
    for name in _web.FILES.values():
        assert _web.served() is None
        (tmp_path / "with space" / name).write_bytes(b"")
    offered = _web.served()
    assert offered is not None
    assert offered["wasm"].endswith("with%20space/ort-wasm-simd-threaded.wasm")


def test_the_docstring_s_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import inspect
    import textwrap

    import gradio as gr

    from diabolo.ui import LatentExplorer

    example = textwrap.dedent((inspect.getdoc(LatentExplorer) or "").split("```python\n")[1].split("```")[0])
    (tmp_path / "path" / "to").mkdir(parents=True)
    save_coded(tmp_path / "path" / "to" / "bundle")
    monkeypatch.chdir(tmp_path)
    started: list[Any] = []
    monkeypatch.setattr(gr.Blocks, "launch", lambda self: started.append(self))
    exec(example, {})  # noqa: S102 - our own words
    assert len(started) == 1
    assert len(started[0].fns) == 1


def test_events_that_never_fire_are_refused(explorer: Any) -> None:
    for event in ("click", "submit", "edit"):
        with pytest.raises(AttributeError, match=f"no event '{event}'; its events are change, "):
            getattr(explorer, event)
        assert event not in dir(type(explorer))
    assert [str(event) for event in explorer.EVENTS] == ["change", "input", "release", "select"]
    assert all(callable(getattr(explorer, str(event))) for event in explorer.EVENTS)


def test_a_flagged_latent_is_read_back(explorer: Any) -> None:
    assert explorer.read_from_flag(explorer.flag([1.5, -2])) == [1.5, -2]
    assert explorer.read_from_flag("") is None


def test_an_example_is_the_decoded_image(explorer: Any) -> None:
    shown = explorer.process_example([[1.5, -2]])
    assert shown.startswith('<img src="data:image/png;base64,')
    assert 'alt="(1.50, -2.00)"' in shown
    assert 'width="64"' in shown
