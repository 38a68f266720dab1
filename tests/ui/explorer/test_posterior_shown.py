"""The posterior of a picture: what the server says of it, and the page that draws codes from it."""

from __future__ import annotations

import base64
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _chromium import GRADIO_MARKS, new_page, watch
from _coded import save_coded
from _served import served

from diabolo.runtime.autoencoder import Autoencoder

pytest.importorskip("gradio")

from diabolo.ui.explorer.backend import Backend
from diabolo.ui.explorer.posterior import REPARAMETRISATION, kl_by_dimension, posterior, usual_kl

pytestmark = GRADIO_MARKS[1:]  # `browser` marks some tests only

WAIT = 60_000  # milliseconds
VAE, OTHER = "mnist-vae-2d", "mnist-autoencoder-2d"


@pytest.fixture(scope="module")
def vae() -> Autoencoder:
    return Autoencoder.load(VAE, device="cpu")


@pytest.fixture(scope="module")
def seven(vae: Autoencoder) -> np.ndarray:
    assert vae.codes is not None
    return vae.decode(vae.codes.latents[:1])


def _floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_the_kl_divergence_is_what_integration_gives() -> None:
    mean, std = np.array([[0.0, 1.5]], np.float32), np.array([[1.0, 0.3]], np.float32)
    x = np.linspace(-12, 12, 200_001)
    for found, m, s in zip(kl_by_dimension(mean, std)[0], mean[0], std[0], strict=True):
        q = np.exp(-0.5 * ((x - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))
        log_ratio = -0.5 * ((x - m) / s) ** 2 - np.log(s) + 0.5 * x**2
        assert found == pytest.approx((q * log_ratio).sum() * (x[1] - x[0]), abs=1e-4)


def test_the_kl_divergence_is_that_of_training() -> None:
    torch = pytest.importorskip("torch")
    from diabolo.train.losses import gaussian_kl_by_dimension

    mean, log_variance = torch.randn(3, 4), torch.randn(3, 4)
    found = kl_by_dimension(mean.numpy(), (0.5 * log_variance).exp().numpy())
    np.testing.assert_allclose(found, gaussian_kl_by_dimension(mean, log_variance).numpy(), atol=1e-5)


def test_the_quoted_code_is_the_source_of_training() -> None:
    pytest.importorskip("torch")
    from diabolo.train.variants import vae

    assert REPARAMETRISATION["where"] == "train/variants/vae.py"
    source = {line.strip() for line in inspect.getsource(vae).splitlines()}
    assert set(REPARAMETRISATION["code"].splitlines()) <= source


def test_what_the_server_says_of_a_picture(vae: Autoencoder, seven: np.ndarray) -> None:
    from diabolo.ui.explorer._picture import for_page

    backend = Backend(vae)
    answer = backend.picture(for_page(seven[0]))
    mean, std = vae.posterior(np.rint(255 * seven) / np.float32(255))
    np.testing.assert_allclose(_floats(answer["latent"]), mean[0], atol=1e-5)
    np.testing.assert_allclose(_floats(answer["std"]), std[0], atol=1e-5)
    np.testing.assert_allclose(_floats(answer["kl"]), kl_by_dimension(mean, std)[0], atol=1e-4)
    assert backend.about()["posterior"]["usual"] == vae.manifest.metrics["kl_by_dimension"]


def test_a_model_without_one_says_so(tmp_path: Path) -> None:
    model = Autoencoder.load(save_coded(tmp_path / "plain"), device="cpu")
    code, std = posterior(model, np.zeros((1, 1, 8, 8), np.float32))
    np.testing.assert_array_equal(code, model.encode(np.zeros((1, 1, 8, 8), np.float32)))
    assert std is None
    assert Backend(model).about()["posterior"] is None
    assert usual_kl(model.manifest) is None


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served([VAE, OTHER], device="cpu") as address:
        yield address


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = new_page(browser, viewport={"width": 1280, "height": 1000}, locale="en-US")
    wrong = watch(page)
    page.goto(address)
    page.get_by_role("tab", name="Explore", exact=True).click()
    yield page
    assert wrong == []
    page.close()


def _row(page: Any, row: int) -> list[float]:
    """A row of the table: mean, std, draw and latent."""
    cells = page.locator(".posterior tbody tr").nth(row).locator("td").all_inner_texts()[:4]
    return [float(cell.replace("−", "-")) for cell in cells]


@pytest.mark.browser
def test_codes_are_drawn_and_decoded(page: Any, vae: Autoencoder) -> None:
    draws = page.locator(".posterior .draws canvas")
    draws.first.wait_for(timeout=WAIT)  # the first one comes of itself, from the model's own example
    assert page.locator(".whose").inner_text() == "An example"
    mean, std = vae.posterior(vae.decode(vae.codes.latents[:1])) if vae.codes else (None, None)
    order = np.argsort(-kl_by_dimension(mean, std)[0])
    seen = set()
    for count in (2, 3):
        page.get_by_role("button", name="Draw a code").click()
        draws.nth(count - 1).wait_for(timeout=WAIT)
        for row, dimension in enumerate(order):
            shown = _row(page, row)
            assert shown[:2] == pytest.approx([mean[0, dimension], std[0, dimension]], abs=0.011)
            assert shown[3] == pytest.approx(shown[0] + shown[1] * shown[2], abs=0.03)
            seen.add(shown[2])
    assert len(seen) == 4  # epsilon is drawn anew for each dimension and each code
    assert page.locator(".posterior code").inner_text() == REPARAMETRISATION["code"]


@pytest.mark.browser
def test_the_ellipse_is_seen_on_the_map(page: Any) -> None:
    page.locator(".posterior .draws canvas").first.wait_for(timeout=WAIT)
    page.locator(".explorer .map").scroll_into_view_if_needed()
    dark = """() => {
      const canvas = document.querySelector(".map .pointer");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 0 && value < 80 && data[at + 3] > 200).length;
    }"""
    before = page.evaluate(dark)
    page.get_by_role("button", name="Zoom to the ellipses").click()
    page.wait_for_function(f"({dark})() > {before} + 300", timeout=WAIT)  # pixels of ink
    page.locator(".all-of-it").click()
    page.wait_for_function(f"({dark})() < {before} + 300", timeout=WAIT)


@pytest.mark.browser
def test_a_model_without_a_posterior_shows_none(page: Any) -> None:
    page.locator(".posterior .draws canvas").first.wait_for(timeout=WAIT)
    page.locator(".head [role=combobox]").click()
    page.get_by_role("option", name=OTHER, exact=True).click()
    page.locator(".posterior:not([hidden])").wait_for(state="detached", timeout=WAIT)
    assert page.locator(".yours:visible").count() == 0  # nor is a picture shown that nobody gave
    page.locator("button:visible", has_text="Fetch a sample").click()
    page.locator(".yours .go").wait_for(timeout=WAIT)
    assert page.locator(".whose").inner_text() == "Your picture"
    assert page.locator(".of-posterior:visible, .posterior:visible").count() == 0


@pytest.mark.browser
def test_the_fold_opens_with_the_text_for_the_model(page: Any) -> None:
    page.locator(".lesson:visible > button").first.click()
    text = page.locator(".lesson-text:visible").first
    text.locator(".katex").first.wait_for(timeout=WAIT)
    assert re.search(r"weight β = 1\b", text.inner_text())
    page.locator(".head [role=combobox]").click()
    page.get_by_role("option", name=OTHER, exact=True).click()
    text.get_by_text("Nothing in the training of mnist-autoencoder-2d").wait_for(timeout=WAIT)
