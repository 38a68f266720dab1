"""What the explorer's page is sent of a latent space: planes, codes, images."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from _coded import CLASSES, save_coded
from _pair import save_pair
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import LatentError, UsageError
from diabolo.runtime.image.convert import to_uint8
from diabolo.ui.models.cache import forget

pytest.importorskip("gradio")
pytest.importorskip("onnx")

from diabolo.ui.parts.marks import FAR, marks_of

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


def test_what_the_page_is_sent_is_the_space(model: Autoencoder) -> None:
    from diabolo.ui.explorer.backend import backend_of

    assert model.codes is not None
    latents = model.codes.latents
    about, size = backend_of(model).about(), latents[0].size
    json.dumps(about)
    assert about["classes"] == tuple(CLASSES)
    assert sorted(about["order"]) == list(range(size))
    assert (np.array(about["low"]) < about["high"]).all()
    plane = about["plane"]
    points = floats(plane["points"]).reshape(-1, 2)
    across, up, origin = (floats(plane[name]) for name in ("across", "up", "origin"))
    codes = latents.reshape(-1, size)
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
    from diabolo.ui.explorer import latent_map

    model = Autoencoder.load(save_coded(tmp_path / "coded"), device="cpu")
    plane = latent_map.map_of(model.latent_space)
    tint = latent_map.density_levels(plane, model.latent_space)

    def at(x: float, y: float) -> int:
        left, top = [
            (v - low) / (high - low) for v, low, high in zip((x, y), plane.low, plane.high, strict=True)
        ]
        return int(tint[int((1 - top) * len(tint)), int(left * len(tint))])

    assert min(at(0, 0), at(4, 0), at(0, 4)) > 60
    assert at(2, 0) < 20
    assert at(4, 4) == 0


def test_principal_directions_are_those_of_the_svd() -> None:
    from diabolo.runtime.latent.pca import principal

    codes = np.random.default_rng(0).standard_normal((500, 30)) * np.linspace(3, 0.1, 30)
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((30, 30)))
    codes = (codes @ turn + 5).astype(np.float32)
    expected = np.linalg.svd(codes - codes.mean(0), full_matrices=False)[2][:2]
    found = np.stack(principal(codes))
    spread, best = ((codes - codes.mean(0)) @ found.T).std(0), ((codes - codes.mean(0)) @ expected.T).std(0)
    np.testing.assert_allclose(spread, best, rtol=1e-2)
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-5)


def test_decoding_is_the_model_s(model: Autoencoder) -> None:
    from diabolo.ui.explorer.backend import backend_of

    space = backend_of(model)
    assert model.codes is not None
    assert model.density is not None
    codes = model.codes.latents[:5]
    answer = space.decode(text(codes))
    sent = np.frombuffer(base64.b64decode(answer["images"]), np.uint8).reshape(5, 8, 8, 1)
    np.testing.assert_array_equal(sent, to_uint8(model.decode(codes)))
    assert answer["far"] == (model.density.rank(codes) > FAR).tolist()
    assert space.decode(text(np.full_like(codes[:1], 50)))["far"] == [True]
    np.testing.assert_array_equal(floats(space.code(3)), codes[3].ravel())


def test_a_browser_gets_the_decoder_and_images_to_check_its_own(model: Autoencoder) -> None:
    from diabolo.ui.explorer.backend import backend_of

    sent = backend_of(model).graph()
    assert base64.b64decode(sent["graph"]) == model.bundle.read("decoder.onnx")
    latents = floats(sent["latents"]).reshape(-1, *model.manifest.latent_shape)
    assert 3 <= len(np.unique(latents, axis=0)) <= 4
    np.testing.assert_array_equal(floats(sent["images"]), model.decode(latents).ravel())
    assert sent["allowed"] == 1e-4
    assert backend_of(model).marks(sent["latents"])["far"] == [False] * len(latents)


def test_the_marks_are_those_of_the_other_tabs(model: Autoencoder) -> None:
    from diabolo.ui.explorer.backend import backend_of

    assert model.codes is not None
    latents = np.concatenate([model.codes.latents[:14], np.full_like(model.codes.latents[:2], 50)])
    found = marks_of(model, latents, model.decode(latents))
    assert found.unlike is not None
    assert found.far is not None
    answer = backend_of(model).marks(text(latents))
    assert answer == {"unlike": found.unlike.tolist(), "far": found.far.tolist()}
    assert found.far[-2:].all()
    with pytest.raises(LatentError, match="marks are for up to 16 latents, not 17"):
        backend_of(model).marks(text(np.concatenate([latents, latents[:1]])))


def test_a_browser_gets_no_large_decoder(model: Autoencoder, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.explorer import backend

    space = backend.backend_of(model)
    monkeypatch.setattr(backend, "_LARGEST", model.manifest.files["decoder.onnx"].size)
    sent = space.graph()["graph"]
    assert space.graph()["graph"] is sent  # made once
    monkeypatch.setattr(backend, "_LARGEST", model.manifest.files["decoder.onnx"].size - 1)
    forget(model.bundle)
    with pytest.raises(UsageError, match=r"^the decoder has 0\.0 MB; .* Decode on the server\.$"):
        space.graph()


def test_two_dimensions_may_be_chosen(tmp_path: Path) -> None:
    from diabolo.ui.explorer.backend import backend_of

    space = backend_of(Autoencoder.load(save_coded(tmp_path / "coded", (7,)), device="cpu"))
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
    from diabolo.ui.explorer.backend import backend_of

    model = Autoencoder.load(save_pair(tmp_path / "plain"), device="cpu")
    space = backend_of(model)
    about = space.about()
    assert (about["plane"], about["labels"], about["classes"]) == (None, None, ())
    np.testing.assert_array_equal(space.start, model.manifest.latent_mean.ravel())
    assert space.decode(text(space.start))["far"] is None
    assert space.marks(text(space.start)) == {"unlike": None, "far": None}
    with pytest.raises(UsageError, match="no plane"):
        space.plane(None)


def test_it_begins_with_no_odd_code(tmp_path: Path) -> None:
    from diabolo.ui.explorer.backend import backend_of

    model = Autoencoder.load(save_coded(tmp_path / "coded"), device="cpu")
    assert model.codes is not None
    assert model.density is not None
    ranks = model.density.rank(model.codes.latents[:64])
    assert ranks[0] > 0.25 > ranks.min()
    first = np.flatnonzero(ranks <= 0.25)[0]
    np.testing.assert_array_equal(backend_of(model).start, model.codes.latents[first].ravel())
