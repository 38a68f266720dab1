"""The examples with models of any size: they compute what diabolo.runtime does, tile by tile."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _examples import EXAMPLES, needs_modules, photograph, pixels, processed, save_any_size
from _service import PATIENCE, Served, here, modules, process
from PIL import Image

from diabolo.runtime import Autoencoder
from diabolo.runtime.bundle.manifest import parse
from diabolo.runtime.errors import ManifestError
from diabolo.runtime.image.photo import process_photo

PLAIN = [sys.executable, str(EXAMPLES / "python_plain" / "reconstruct.py")]
NODE = ["node", str(EXAMPLES / "node" / "reconstruct.mjs")]
SIZES = [(1, 1), (3, 2), (71, 33), (2, 300)]


@pytest.fixture(scope="module", params=[1, 3])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_any_size(tmp_path_factory.mktemp("any") / "bundle", request.param)


@pytest.fixture(params=["python", "node"])
def command(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "node":
        needs_modules("node")
        return NODE
    return PLAIN


def run(command: list[str], *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *map(str, arguments)], cwd=cwd, capture_output=True, text=True)


def node(code: str, *arguments: str | Path) -> Any:
    """What a script prints as JSON; it has `pair` of a bundle and `picture`, from the two arguments."""
    needs_modules("node")
    given = [str(EXAMPLES / "node" / name) for name in ("bundle.mjs", "picture.mjs")]
    script = f"""
        import {{ readFile }} from "node:fs/promises";
        import {{ readBundle, start }} from {json.dumps(given[0])};
        import {{ readPng }} from {json.dumps(given[1])};
        const [bundle, file] = process.argv.slice(1);
        const pair = await start(await readBundle(bundle));
        const picture = readPng(await readFile(file));
        {code}
    """
    words = ["node", "--input-type=module", "-e", script, *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_picture_keeps_its_size(
    command: list[str], bundle: Path, size: tuple[int, int], mode: str, tmp_path: Path
) -> None:
    if command is PLAIN and mode == "RGB" and Autoencoder.load(bundle).manifest.image_shape[0] == 1:
        mode = "L"  # it makes grey of colours
    source = photograph(tmp_path / "photo.png", *size, mode)
    done = run(command, bundle, source, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "golden check: largest difference" in done.stdout
    wanted = processed(bundle, source)
    assert np.abs(pixels(tmp_path / "reconstruction.png", wanted) - wanted).max() <= 1


def test_tiles_in_node_give_what_the_whole_gives(bundle: Path, tmp_path: Path) -> None:
    source = photograph(tmp_path / "photo.png", 71, 33, "RGBA")
    found = node(
        """
        const told = [];
        const onProgress = (done, total) => told.push([done, total]);
        const { width, height, data } = await pair.reconstruct(picture, { tile: 16, onProgress });
        console.log(JSON.stringify({ width, height, told, data: [...data] }));
        """,
        *(bundle, source),
    )
    assert (found["width"], found["height"]) == (71, 33)
    assert found["told"] == [[done, 15] for done in range(1, 16)]
    values = np.array(found["data"], np.int16).reshape(33, 71, 4)
    assert np.abs(values[..., :3] - processed(bundle, source)).max() <= 1
    with Image.open(source) as opened:
        np.testing.assert_array_equal(values[..., 3], np.asarray(opened)[..., 3])


def test_floats_in_node_are_those_of_python(bundle: Path, tmp_path: Path) -> None:
    source = photograph(tmp_path / "photo.png", 12, 8, "L")
    model = Autoencoder.load(bundle, device="cpu")
    channels = model.manifest.image_shape[0]
    found = node(
        f"""
        const values = Float32Array.from({{ length: {channels} * 96 }}, (_, i) => ((37 * i) % 101) / 100);
        const latent = await pair.encode(values, [8, 12]);
        const image = await pair.decode(latent, [4, 6]);
        console.log(JSON.stringify([[...latent], [...image]]));
        """,
        *(bundle, source),
    )
    values = ((37 * np.arange(channels * 96) % 101) / 100).astype(np.float32).reshape(1, channels, 8, 12)
    latent = model.encode(values)
    np.testing.assert_allclose(found[0], latent.ravel(), atol=1e-4)
    np.testing.assert_allclose(found[1], model.decode(latent).ravel(), atol=1e-4)


def test_node_can_be_stopped_and_says_what_a_tile_may_be(bundle: Path, tmp_path: Path) -> None:
    found = node(
        """
        const stop = new AbortController();
        const told = [];
        const onProgress = (done) => (told.push(done), done === 2 && stop.abort());
        const failed = async (options) => (await pair.reconstruct(picture, options).catch((error) => error));
        const { name } = await failed({ tile: 16, onProgress, signal: stop.signal });
        console.log(JSON.stringify([name, told, (await failed({ tile: 15 })).message]));
        """,
        *(bundle, photograph(tmp_path / "photo.png", 71, 33)),
    )
    assert found[:2] == ["AbortError", [1, 2]]
    assert "at least 16" in found[2]


def test_a_model_that_sees_the_whole_is_not_cut(tmp_path: Path) -> None:
    bundle = save_any_size(tmp_path / "bundle", image={"receptive_radius": None})
    source = photograph(tmp_path / "photo.png", 71, 33)
    found = node(
        """
        const told = [];
        await pair.reconstruct(picture, { onProgress: (done, total) => told.push([done, total]) });
        const { message } = await pair.reconstruct(picture, { tile: 16 }).catch((error) => error);
        console.log(JSON.stringify([told, message]));
        """,
        *(bundle, source),
    )
    assert found[0] == [[1, 1]]
    assert "cannot be computed in tiles" in found[1]


def test_node_and_the_page_have_the_same_file() -> None:
    one, other = EXAMPLES / "browser" / "any-size.js", EXAMPLES / "node" / "any-size.mjs"
    assert one.read_text("utf-8") == other.read_text("utf-8")


def test_both_golden_images_are_checked(command: list[str], tmp_path: Path) -> None:
    done = run(command, save_any_size(tmp_path / "bundle", wrong=0.1), cwd=tmp_path)
    assert done.returncode == 1
    assert "do not compute the same here" in done.stderr
    assert "largest difference 1.0e-" in done.stdout


def test_a_later_format_is_refused_by_its_number(command: list[str], tmp_path: Path) -> None:
    bundle = save_any_size(tmp_path / "bundle")
    raw = (bundle / "model.json").read_bytes().replace(b'"format_version": 4', b'"format_version": 99')
    (bundle / "model.json").write_bytes(resealed(raw))
    done = run(command, bundle, cwd=tmp_path)
    assert done.returncode == 1
    assert "model.json has format_version 99; this example reads 1 and 4" in done.stderr
    # what the releases that read 1 to 3 say of version 4
    with pytest.raises(ManifestError) as told:
        parse((bundle / "model.json").read_bytes())
    assert str(told.value).startswith("model.json has format_version 99; this release reads 1 to 5. ")
    assert "Install a newer diabolo: pip install -U diabolo." in str(told.value)


def resealed(raw: bytes) -> bytes:
    """model.json with the digest of what it holds now."""
    found = re.search(rb'"digest"\s*:\s*"sha256:([0-9a-f]{64})"', raw)
    assert found is not None
    blank = raw.replace(found[1], b"0" * 64, 1)
    return raw.replace(found[1], hashlib.sha256(blank).hexdigest().encode(), 1)


@pytest.fixture(scope="module")
def served(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    pytest.importorskip("fastapi")
    log = tmp_path_factory.mktemp("service") / "log"
    with process(log, "--photo-pixels", "10000", "--photo-bytes", "40000", bundle=bundle) as running:
        yield running


@pytest.mark.parametrize("name", ["photo.png", "photo.webp", "photo.jpg"])
def test_the_service_answers_in_the_size_and_the_format(
    served: Served, bundle: Path, name: str, tmp_path: Path
) -> None:
    for number, size in enumerate(SIZES):
        source = photograph(tmp_path / f"{number}-{name}", *size)
        status, headers, body = served.ask("/reconstruct", source.read_bytes())
        with Image.open(io.BytesIO(body)) as opened, Image.open(source) as given:
            assert (status, headers["content-type"]) == (200, f"image/{str(opened.format).lower()}")
            assert (opened.size, opened.format) == (size, given.format)
            found = np.asarray(opened.convert("RGB"), np.int16)
        if not name.endswith("jpg"):
            assert np.abs(found - processed(bundle, source)).max() <= 1


def test_the_service_has_bounds(served: Served, tmp_path: Path) -> None:
    assert served.facts()["ok"]
    assert served.facts()["model"]["any_size"]
    large = io.BytesIO()
    Image.new("RGB", (101, 100)).save(large, "JPEG")
    for path, body, status, reason in (
        ("/reconstruct", large.getvalue(), 422, "0.01 million pixels"),
        ("/reconstruct", bytes(40_001), 413, "40000 bytes"),
        ("/reconstruct", b"no picture", 422, "PNG"),
        ("/reconstruct", photograph(tmp_path / "a.png", 50, 50).read_bytes()[:1000], 422, ""),
        ("/encode", b"", 404, "Not Found"),
        ("/decode", b"", 404, "Not Found"),
    ):
        found, _, told = served.ask(path, body)
        assert found == status, (path, told)
        assert reason in told["detail"]


def test_a_client_that_leaves_stops_the_work(bundle: Path, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    source = photograph(tmp_path / "photo.png", 1200, 1100)
    with modules() as load, pytest.MonkeyPatch.context() as patch:
        photos = load("photos")
        entered, go, ended = threading.Event(), threading.Event(), threading.Event()

        def slow(model: Any, photo: Any, *, progress: Any) -> Any:
            entered.set()
            assert go.wait(PATIENCE)
            try:
                return process_photo(model, photo, progress=progress)
            except photos.Stopped:
                ended.set()
                raise

        patch.setattr(photos, "process_photo", slow)
        with here(load, bundle) as (service, _):
            connection = service.send("/reconstruct", source.read_bytes())
            assert entered.wait(PATIENCE)
            assert service.facts()["busy"]["requests"] == 1  # the event loop is free
            connection.close()
            service.until(lambda facts: facts["since_start"]["left"] == 1)
            go.set()
            assert ended.wait(PATIENCE)


def test_the_service_agrees_with_itself(bundle: Path) -> None:
    pytest.importorskip("fastapi")
    command = [sys.executable, str(EXAMPLES / "fastapi" / "service.py"), str(bundle), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("ok\n")
