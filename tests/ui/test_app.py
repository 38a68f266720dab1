"""The app through its endpoints, with a tiny linear model on a free port."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from _linear import LATENT, make_bundle
from _pair import save_pair
from _served import served
from click.testing import CliRunner, Result
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.bundle import Bundle
from diabolo.runtime.errors import IntegrityError
from diabolo.runtime.image.convert import to_uint8

pytest.importorskip("gradio")
pytest.importorskip("onnx")

# gradio's server leaves event loops and sockets to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # and it sums up its queue with calls that pandas gives up
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Autoencoder]:
    folder = tmp_path_factory.mktemp("bundles")
    noise = {"kind": "masking", "level": [0.2, 0.6]}
    return {
        "tiny": Autoencoder.load(make_bundle(folder / "tiny"), device="cpu"),
        "noisy": Autoencoder.load(make_bundle(folder / "noisy", "noisy", noise=noise), device="cpu"),
    }


@pytest.fixture(scope="module")
def address(models: dict[str, Autoencoder]) -> Iterator[str]:
    with served(models) as address:
        yield address


@pytest.fixture
def photo(tmp_path: Path) -> Any:
    from gradio_client import handle_file

    values = np.random.default_rng(2).integers(0, 256, (60, 90, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "photo.png")
    return handle_file(str(tmp_path / "photo.png"))


def _size(result: Any) -> tuple[int, int]:
    path = result["path"] if isinstance(result, dict) else result
    with Image.open(path) as picture:
        return picture.size


def test_reconstruct(client: Any, photo: Any) -> None:
    seen, result, measured, error = client.predict("tiny", photo, api_name="/reconstruct")
    assert _size(seen) == _size(result) == _size(error) == (28, 28)
    assert set(measured) == {"mse", "psnr", "ssim"}


@pytest.mark.parametrize("kind", ["gaussian", "salt-pepper", "masking", "speckle"])
def test_denoise(client: Any, photo: Any, kind: str) -> None:
    clean, noisy, result, measured = client.predict("noisy", photo, kind, 0.4, 3, api_name="/denoise")
    assert _size(clean) == _size(noisy) == _size(result) == (28, 28)
    assert set(measured) == {"noisy_psnr", "denoised_psnr"}


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_interpolate(client: Any, photo: Any, method: str) -> None:
    other, _ = client.predict("tiny", api_name="/stored")
    from gradio_client import handle_file

    strip, animation = client.predict("tiny", photo, handle_file(other), 5, method, api_name="/interpolate")
    width, height = _size(strip)
    assert width == 5 * height
    assert width % (5 * 28) == 0
    path = animation["path"] if isinstance(animation, dict) else animation
    with Image.open(path) as film:
        assert film.format == "GIF"
        assert film.n_frames == 8  # type: ignore[attr-defined]


def test_explore_decode(client: Any, models: dict[str, Autoencoder]) -> None:
    latent = [0.5] * LATENT
    image, ranks = client.predict("tiny", latent, api_name="/decode")
    with Image.open(image["path"] if isinstance(image, dict) else image) as picture:
        np.testing.assert_array_equal(
            np.asarray(picture.convert("L")), to_uint8(models["tiny"].decode([latent]))[0, ..., 0]
        )
    assert ranks is None  # the bundle does not say how dense its codes lie
    image, _ = client.predict("tiny", [latent, [0] * LATENT, latent], api_name="/decode")
    width, height = _size(image)
    assert width == 3 * height


@pytest.mark.parametrize("wrong", [[1, 2], [], "no numbers", None, [[0] * LATENT, [0]]])
def test_what_is_no_latent_gives_a_message(client: Any, wrong: Any) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=f"{LATENT} numbers"):
        client.predict("tiny", wrong, api_name="/decode")


def test_sample_says_where_it_comes_from(client: Any) -> None:
    picture, words = client.predict("tiny", api_name="/stored")
    assert _size(picture) == (28, 28)
    assert "stored code" in words
    assert words.startswith("tiny ")  # another model may be shown it next


def test_no_picture_gives_a_message(client: Any, photo: Any) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="upload"):
        client.predict("tiny", None, api_name="/reconstruct")
    with pytest.raises(AppError, match="upload"):
        client.predict("tiny", None, "masking", 0.4, 3, api_name="/denoise")
    for pictures in ((photo, None), (None, photo), (None, None)):
        with pytest.raises(AppError, match="needs both pictures"):
            client.predict("tiny", *pictures, 5, "linear", api_name="/interpolate")


def test_a_file_that_is_no_picture_gives_a_message(client: Any, tmp_path: Path) -> None:
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    (tmp_path / "wrong.png").write_bytes(b"no picture")
    with pytest.raises(AppError, match=r"picture|image"):
        client.predict("tiny", handle_file(str(tmp_path / "wrong.png")), api_name="/reconstruct")


def test_endpoints_are_named_and_documented(client: Any) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    tabs = {"/reconstruct", "/encode", "/decode", "/denoise", "/denoise_files", "/interpolate"}
    tabs |= {"/compare", "/units", "/switch_off"}
    tabs |= {"/interpolate_path", "/render_path", "/interpolate_grid"}
    assert set(endpoints) >= tabs | {"/sample", "/stored", "/test_image", "/describe"}
    assert all(endpoint["description"] for endpoint in endpoints.values())
    for endpoint in endpoints.values():
        assert [one["label"] for one in endpoint["parameters"]] == [
            one["parameter_name"] for one in endpoint["parameters"]
        ]
        assert all(re.fullmatch("[a-z]+", one["label"]) for one in endpoint["returns"])
    assert [one["label"] for one in endpoints["/reconstruct"]["returns"]] == [
        "seen",
        "reconstruction",
        "metrics",
        "error",
    ]


def test_tabs_are_found_by_their_files() -> None:
    from diabolo.ui.app import find_tabs

    tabs = find_tabs()
    assert {"reconstruct", "explore", "denoise", "interpolate"} <= set(tabs)
    assert [tab.ORDER for tab in tabs.values()] == sorted(tab.ORDER for tab in tabs.values())
    for tab in tabs.values():
        assert set(tab.TITLE) == set(tab.TEXTS) == {"en", "zh-TW"}
        assert set(tab.TEXTS["en"]) == set(tab.TEXTS["zh-TW"])


def test_browsers_are_given_an_icon(address: str) -> None:
    with urlopen(f"{address}favicon.ico") as answer:
        assert answer.headers["content-type"] == "image/png"
        assert answer.read() == resources.files("diabolo.ui").joinpath("icon.png").read_bytes()


def test_shared_words_are_in_both_languages() -> None:
    from diabolo.ui.parts.texts import SHARED as shared

    assert set(shared["en"]) == set(shared["zh-TW"])


def test_a_taken_port_is_named(models: dict[str, Autoencoder]) -> None:
    from diabolo.ui.errors import PortError
    from diabolo.ui.serving import launch

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=f"port {port} .* is taken.*--port"):
            launch(models, port=port, open_browser=False, block=False)


def test_models_start_when_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.app import build
    from diabolo.ui.models import collection

    started: list[str] = []

    def start(bundle: Bundle, *, device: str) -> Autoencoder:
        started.append(bundle.manifest.name)
        return Autoencoder(bundle, device=device)

    monkeypatch.setattr(collection, "Autoencoder", start)
    names = ("a", "b", "c")
    bundles = {name: Bundle.open(make_bundle(tmp_path / name, name)) for name in names}
    models = collection.Models(bundles, device="cpu")
    build(models)
    assert (list(models), len(models), "b" in models, "d" in models) == (list(names), 3, True, False)
    assert models.manifest("c").name == "c"
    assert started == ["a"]
    assert models["b"] is models["b"]
    assert started == ["a", "b"]
    with pytest.raises(KeyError):
        models["d"]


def run_ui(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[list[str], Result]:
    """The command's models by name, in their order, without an app."""
    from diabolo.ui import serving
    from diabolo.ui.cli.ui import command

    shown: list[str] = []
    monkeypatch.setattr(serving, "launch", lambda models, **_: shown.extend(models))
    return shown, CliRunner().invoke(command, [*arguments, "--device", "cpu"])


def test_the_command_alone_shows_all_ready_made_models(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cats", "ants", "bees"):
        make_bundle(shelf / name, "called otherwise")
    assert run_ui(monkeypatch)[0] == ["ants", "bees", "cats"]
    latent = json.loads((shelf / "cats" / "model.json").read_text())["latent"] | {"prior": "normal"}
    make_bundle(shelf / "wide", latent=latent)
    assert run_ui(monkeypatch)[0] == ["ants", "bees", "cats", "wide"]
    assert run_ui(monkeypatch, "bees", str(shelf / "ants"))[0] == ["called otherwise", "called otherwise (2)"]


def test_the_ready_made_models_are_sorted(shelf: Path) -> None:
    from diabolo.ui.models.collection import ready_made

    for name in ("zebra", "ants", "plane"):
        save_pair(shelf / name)
    assert list(ready_made()) == ["ants", "plane", "zebra"]


def test_a_first_model_that_does_not_run_is_told_before_the_app(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bundle(shelf / "ants")
    (shelf / "ants" / "encoder.onnx").write_bytes(b"")
    shown, done = run_ui(monkeypatch)
    assert not shown
    assert isinstance(done.exception, IntegrityError)


def test_the_command_without_a_bundle_says_how_to_make_one(shelf: Path) -> None:
    from diabolo.ui.cli import main

    result = CliRunner().invoke(main, ["ui"])
    assert result.exit_code == 2
    assert "diabolo demo" in result.output
    assert "diabolo export" in result.output


@pytest.mark.parametrize("drawn", [True, False])
def test_what_is_transparent_in_a_drawing_is_the_model_s_ground(
    models: dict[str, Autoencoder], drawn: bool
) -> None:
    """Light on dark stays so; in any other picture it is what the model learned with: white, here."""
    from diabolo.ui.models.collection import collect
    from diabolo.ui.parts.context import Context

    drawing = Image.new("RGBA", (56, 56))
    drawing.paste((255, 255, 255, 255), (24, 8, 32, 48))
    context = Context(bundles=collect(models), chooser=None)  # type: ignore[arg-type]
    seen = context.see("tiny", drawing, drawn).image[0]
    assert seen[0, 0] == 0
    assert (seen[14, 14] > 0.9) == drawn
