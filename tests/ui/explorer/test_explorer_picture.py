"""The user's picture on the map: what Python and clients may give, and what the model makes of it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _coded import save_coded
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import ImageError

pytest.importorskip("gradio")

from diabolo.ui.explorer._picture import for_page, prepared
from diabolo.ui.explorer.backend import Backend
from diabolo.ui.parts.marks import marks_of

# gradio leaves event loops and sockets to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RNG = np.random.default_rng(0)
GREY = np.pad(RNG.integers(0, 256, (4, 4), np.uint8), 2)  # with a dark background, as the training images


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    """Of grey images of 8 x 8."""
    return Autoencoder.load(save_coded(tmp_path_factory.mktemp("bundle") / "coded"), device="cpu")


def _floats(text: str) -> Any:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_a_picture_comes_in_many_forms(model: Autoencoder, tmp_path: Path) -> None:
    """All of these are the same picture, and the model sees it as it is."""
    Image.fromarray(GREY).save(tmp_path / "picture.png")
    grey = (GREY / np.float32(255))[None]
    forms = [GREY, Image.fromarray(GREY), tmp_path / "picture.png", str(tmp_path / "picture.png"), grey]
    for form in forms:
        sent = for_page(form)
        np.testing.assert_allclose(prepared(sent, model)[0], grey, atol=1e-6)
        assert for_page(sent) == sent
    assert for_page(None) is for_page({}) is None


def test_a_float_array_is_taken_as_it_is(model: Autoencoder) -> None:
    """Any other picture is inverted if its background is not that of the training images."""
    grey = np.full((1, 8, 8), 0.9, np.float32)
    grey[0, 3:5, 3:5] = 0.1
    np.testing.assert_allclose(prepared(for_page(grey), model)[0], grey, atol=1 / 255)
    inverted = prepared(for_page(Image.fromarray((255 * grey[0]).astype(np.uint8))), model)[0]
    np.testing.assert_allclose(inverted, 1 - grey, atol=2 / 255)


def test_large_pictures_are_reduced_before_the_page_holds_them(model: Autoencoder) -> None:
    photo = Image.fromarray(RNG.integers(0, 256, (900, 1300, 3), np.uint8))
    sent = for_page(photo)
    assert sent is not None
    assert len(sent["url"]) < 1 << 20
    assert prepared(sent, model).shape == (1, 1, 8, 8)
    assert photo.size == (1300, 900)  # the caller's picture is left alone


def test_what_the_model_makes_of_it(model: Autoencoder) -> None:
    answer = Backend(model).picture(for_page(GREY))
    seen = (GREY / np.float32(255))[None, None]
    latent = model.encode(seen)
    np.testing.assert_allclose(_floats(answer["latent"]), latent.ravel(), atol=1e-6)
    assert base64.b64decode(answer["seen"]) == GREY.tobytes()
    wanted = (255 * model.decode(latent)).round().astype(np.uint8)
    assert base64.b64decode(answer["image"]) == wanted.tobytes()
    marks = marks_of(model, latent, model.decode(latent))
    assert answer["marks"] == {name: each.tolist() for name, each in marks.known.items()}
    assert set(answer["marks"]) == {"unlike", "far"}


@pytest.mark.parametrize(
    "wrong",
    [
        3,
        [1, 2],
        np.zeros((2, 2, 2, 2), np.uint8),
        np.zeros((8, 8), np.int64),
        np.full((1, 8, 8), np.nan, np.float32),
        np.zeros((5, 8, 8), np.float32),
        "/no/such/file.png",
        {"url": "https://example.org/picture.png"},
        {"url": "data:image/png;base64,AAAA"},
        {"url": "data:image/png;base64," + "A" * (5 << 20)},
        {"url": None},
    ],
    ids=str,
)
def test_what_is_not_a_picture_is_refused(wrong: Any) -> None:
    with pytest.raises(ImageError):
        for_page(wrong)


def test_clients_send_small_png_files_only(model: Autoencoder, tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "picture.bmp")
    Image.new("L", (600, 4)).save(tmp_path / "wide.png")
    urls = [
        f"data:image/png;base64,{base64.b64encode((tmp_path / name).read_bytes()).decode()}"
        for name in ("picture.bmp", "wide.png")
    ]
    for sent in (None, "picture.png", {"url": str(tmp_path / "wide.png")}, *({"url": url} for url in urls)):
        with pytest.raises(ImageError):
            prepared(sent, model)


def test_the_component_takes_one_and_changes_it(model: Autoencoder) -> None:
    import gradio as gr

    from diabolo.ui import LatentExplorer

    with gr.Blocks():
        explorer = LatentExplorer(model, picture=GREY)
    assert explorer.get_config()["props"]["picture"] == for_page(GREY)
    answer = explorer.explorer_picture({"model": "by-hand", "picture": for_page(GREY)})
    assert set(answer) == {"latent", "seen", "image", "marks", "std", "kl"}
    assert "PNG" in explorer.explorer_picture({"model": "by-hand", "picture": {"url": "x"}})["problem"]
    assert explorer.show_picture(GREY)["picture"] == for_page(GREY)
    assert explorer.show_picture(GREY, example=True)["picture"] == {**(for_page(GREY) or {}), "example": True}
    assert explorer.show_picture(None)["picture"] == {}  # gradio would drop None
    with pytest.raises(ImageError, match="not a picture"):
        explorer.show_picture(7)
