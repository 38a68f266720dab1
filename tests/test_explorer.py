"""The latent explorer without a browser: planes, what the page is sent, the component and its value."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _coded import CLASSES, save_coded
from _pair import save_pair
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import LatentError, UnknownNameError, UsageError
from diabolo.runtime.images import to_uint8
from diabolo.ui._models import Models

pytest.importorskip("gradio")
pytest.importorskip("onnx")

# gradio leaves event loops and sockets to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


SHAPES = [(1,), (2,), (1, 2, 1), (7,), (3, 2, 2)]


@pytest.fixture(params=SHAPES, ids=str)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Autoencoder:
    return Autoencoder.load(save_coded(tmp_path / "coded", request.param), device="cpu")


def floats(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), "<f4")


def text(latents: NDArray[np.float32]) -> str:
    return base64.b64encode(latents.tobytes()).decode()


def test_the_package_does_not_wait_for_gradio() -> None:
    code = "import sys, diabolo.ui\nprint('gradio' in sys.modules, 'LatentExplorer' in diabolo.ui.__all__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_what_the_page_is_sent_is_the_space(model: Autoencoder) -> None:
    from diabolo.ui.explorer._space import space_of

    about, size = space_of(model).about(), model.codes.latents[0].size  # type: ignore[union-attr]
    json.dumps(about)
    assert about["classes"] == tuple(CLASSES)
    assert sorted(about["order"]) == list(range(size))
    assert (np.array(about["low"]) < about["high"]).all()
    plane = about["plane"]
    points = floats(plane["points"]).reshape(-1, 2)
    across, up, origin = (floats(plane[name]) for name in ("across", "up", "origin"))
    codes = model.codes.latents.reshape(-1, size)  # type: ignore[union-attr]
    np.testing.assert_allclose(points[:, 0], (codes - origin) @ across, atol=1e-5)
    assert abs(across @ up) < 1e-5
    assert np.linalg.norm(across) == pytest.approx(1)
    assert (plane["axes"] is None) == (size > 2)
    inside = ((points > plane["low"]) & (points < plane["high"])).all(1)
    assert inside.mean() > 0.9
    tint = np.frombuffer(base64.b64decode(plane["density"]), np.uint8).reshape(plane["side"], -1)
    row = ((plane["high"][1] - points[:, 1]) / (plane["high"][1] - plane["low"][1]) * len(tint)).astype(int)
    column = ((points[:, 0] - plane["low"][0]) / (plane["high"][0] - plane["low"][0]) * len(tint)).astype(int)
    assert tint[row[inside], column[inside]].mean() > 2 * tint.mean()  # dense where codes lie


def test_a_hole_between_classes_has_no_tint(tmp_path: Path) -> None:
    from diabolo.ui.explorer import _planes

    model = Autoencoder.load(save_coded(tmp_path / "coded"), device="cpu")
    assert model.codes is not None
    plane = _planes.find(model.codes.latents, None, prior=False)
    tint = _planes.levels(plane, model.density, (2,))

    def at(x: float, y: float) -> int:
        left, top = [
            (v - low) / (high - low) for v, low, high in zip((x, y), plane.low, plane.high, strict=True)
        ]
        return int(tint[int((1 - top) * len(tint)), int(left * len(tint))])

    assert min(at(0, 0), at(4, 0), at(0, 4)) > 60
    assert at(2, 0) < 20
    assert at(4, 4) == 0


def test_principal_directions_are_those_of_the_svd() -> None:
    from diabolo.ui.explorer._planes import principal

    codes = np.random.default_rng(0).standard_normal((500, 30)) * np.linspace(3, 0.1, 30)
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((30, 30)))
    codes = (codes @ turn + 5).astype(np.float32)
    expected = np.linalg.svd(codes - codes.mean(0), full_matrices=False)[2][:2]
    found = np.stack(principal(codes))
    spread, best = ((codes - codes.mean(0)) @ found.T).std(0), ((codes - codes.mean(0)) @ expected.T).std(0)
    np.testing.assert_allclose(spread, best, rtol=1e-2)
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-5)


def test_decoding_is_the_model_s(model: Autoencoder) -> None:
    from diabolo.ui.explorer._space import space_of

    space = space_of(model)
    assert model.codes is not None
    assert model.density is not None
    codes = model.codes.latents[:5]
    answer = space.decode(text(codes))
    sent = np.frombuffer(base64.b64decode(answer["images"]), np.uint8).reshape(5, 8, 8, 1)
    np.testing.assert_array_equal(sent, to_uint8(model.decode(codes)))
    np.testing.assert_allclose(answer["ranks"], model.density.rank(codes), atol=1e-4)
    far = space.decode(text(np.full_like(codes[:1], 50)))
    assert far["ranks"] == [1]
    np.testing.assert_array_equal(floats(space.code(3)), codes[3].ravel())


def test_a_browser_gets_the_decoder_and_images_to_check_its_own(model: Autoencoder) -> None:
    from diabolo.ui.explorer._space import space_of

    sent = space_of(model).graph()
    assert base64.b64decode(sent["graph"]) == model.bundle.read("decoder.onnx")
    latents = floats(sent["latents"]).reshape(-1, *model.manifest.latent_shape)
    assert 3 <= len(np.unique(latents, axis=0)) <= 4
    np.testing.assert_array_equal(floats(sent["images"]), model.decode(latents).ravel())
    assert sent["allowed"] == 1e-4
    assert model.density is not None
    np.testing.assert_allclose(
        space_of(model).ranks(sent["latents"]) or (), model.density.rank(latents), atol=1e-4
    )


def test_two_dimensions_may_be_chosen(tmp_path: Path) -> None:
    from diabolo.ui.explorer._space import space_of

    space = space_of(Autoencoder.load(save_coded(tmp_path / "coded", (7,)), device="cpu"))
    plane = space.plane([4, 1])
    assert plane["axes"] == (4, 1)
    np.testing.assert_array_equal(floats(plane["across"]), np.eye(7)[4])
    for wrong in ([0, 7], [-1, 0], [0], [0, 1, 2]):
        with pytest.raises(UsageError, match="7 dimensions"):
            space.plane(wrong)
    for index in (-1, 300):
        with pytest.raises(UsageError, match="no code"):
            space.code(index)
    with pytest.raises(UsageError, match="1,024"):
        space.decode(text(np.zeros((1025, 7), np.float32)))
    with pytest.raises(LatentError, match="7 numbers"):
        space.decode(text(np.zeros(8, np.float32)))
    with pytest.raises(LatentError, match="finite"):
        space.decode(text(np.full(7, np.nan, np.float32)))


def test_a_bundle_without_codes_has_no_plane(tmp_path: Path) -> None:
    from diabolo.ui.explorer._space import space_of

    model = Autoencoder.load(save_pair(tmp_path / "plain"), device="cpu")
    space = space_of(model)
    about = space.about()
    assert (about["plane"], about["labels"], about["classes"]) == (None, None, ())
    np.testing.assert_array_equal(space.start, model.manifest.latent_mean.ravel())
    assert space.decode(text(space.start))["ranks"] is None
    with pytest.raises(UsageError, match="no plane"):
        space.plane(None)


def test_it_begins_with_no_odd_code(tmp_path: Path) -> None:
    from diabolo.ui.explorer._space import space_of

    model = Autoencoder.load(save_coded(tmp_path / "coded"), device="cpu")
    assert model.codes is not None
    assert model.density is not None
    ranks = model.density.rank(model.codes.latents[:64])
    assert ranks[0] > 0.25 > ranks.min()
    first = np.flatnonzero(ranks <= 0.25)[0]
    np.testing.assert_array_equal(space_of(model).start, model.codes.latents[first].ravel())


@pytest.fixture
def explorer(tmp_path: Path) -> Any:
    import gradio as gr

    from diabolo.ui import LatentExplorer

    with gr.Blocks():
        return LatentExplorer(save_coded(tmp_path / "coded"), elem_id="here")


def test_the_component_carries_all_it_needs(explorer: Any) -> None:
    folder = Path(sys.modules[type(explorer).__module__].__file__ or "").parent
    config = explorer.get_config()
    for part in folder.glob("*.js"):
        assert part.read_text("utf-8") in config["js_on_load"]
    assert config["elem_id"] == "here"
    assert config["props"] == {"sliders": True, "chosen": "by-hand", "language": None}
    assert "{sliders: true, language: null}" in config["js_on_load"]  # gradio may lose the props
    assert len(config["server_fns"]) == 6
    json.dumps(config["value"])
    page = config["html_template"] + config["css_template"] + config["js_on_load"]
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
        with pytest.raises(UnknownNameError, match="two"):
            asked({"model": "four", "axes": None, "index": 0, "latents": ""})
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
    import re

    from diabolo.ui import explorer

    words = (Path(explorer.__file__).parent / "words.js").read_text("utf-8")
    english, chinese = (set(re.findall(r"^    (\w+):", part, re.M)) for part in words.split("  zh: {"))
    assert english == chinese
    script = "".join(path.read_text("utf-8") for path in Path(explorer.__file__).parent.glob("*.[jh]*"))
    said = set(re.findall(r'say\([^)]*?"(\w+)"|data-say="(\w+)"', script))
    assert {name for pair in said for name in pair if name} <= english


def test_a_wheel_carries_what_browsers_decode_with_and_its_licence() -> None:
    from diabolo.ui.explorer import _web

    root = Path(__file__).parent.parent
    package = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    web = root / "ui" / "explorer" / "web"
    carried = {web.parent / name for name in package["diabolo.ui.explorer"]}
    assert carried == {web / "LICENSE", *(_web.FOLDER / name for name in _web.FILES.values())}
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
