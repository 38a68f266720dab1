"""The examples in Python and in Node, as programs: they compute what diabolo.runtime does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from _examples import EXAMPLES, damaged, expected, needs_modules, picture, pixels
from _pair import save_pair
from PIL import Image

from diabolo.runtime import Autoencoder, Bundle
from diabolo.runtime.bundle.manifest import schema

PLAIN = [sys.executable, str(EXAMPLES / "python_plain" / "reconstruct.py")]
# calls the page's function for images of any size, on noise.npy
DRIVER = """
import json, onnxruntime
from pathlib import Path

def session(graph, output):
    opened = onnxruntime.InferenceSession(f"any/{graph}.onnx")
    return lambda given: opened.run([output], {opened.get_inputs()[0].name: given})[0]

model = json.loads(Path("any/model.json").read_text())
pair = session("encoder", "latent"), session("decoder", "image")
np.save("found.npy", reconstruct(np.load("noise.npy"), model, *pair, side=16))
"""
NODE = ["node", str(EXAMPLES / "node" / "reconstruct.mjs")]


@pytest.fixture(params=["python", "node"])
def command(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "node":
        needs_modules("node")
        return NODE
    return PLAIN


@pytest.fixture(params=["autoencoder", "vae", "conv", "spatial"])
def bundle(request: pytest.FixtureRequest, bundles: dict[str, Path], spatial: Path) -> Path:
    return spatial if request.param == "spatial" else bundles[request.param]


def run(command: list[str], *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *map(str, arguments)], cwd=cwd, capture_output=True, text=True)


def test_the_golden_check_and_a_picture(command: list[str], bundle: Path, tmp_path: Path) -> None:
    source = picture(tmp_path / "drawing.png")
    done = run(command, bundle, source, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = re.findall(r"golden check: largest difference (\S+), allowed (\S+)", done.stdout)
    assert 0 <= float(found[0]) <= float(found[1])
    allowed = Bundle.open(bundle).manifest.golden.tolerance["cpu"]
    assert float(found[1]) == pytest.approx(allowed, rel=0.1)  # one digit is printed
    assert "digest of model.json and sha256 of" in done.stdout
    wanted = expected(bundle, source)
    assert np.abs(pixels(tmp_path / "reconstruction.png", wanted) - wanted).max() <= 1


@pytest.mark.parametrize("name", ["model.json", "encoder.onnx", "decoder.onnx", "codes.npz"])
def test_one_changed_byte_is_refused(
    command: list[str], name: str, bundles: dict[str, Path], tmp_path: Path
) -> None:
    done = run(command, damaged(bundles["vae"], name, tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert "golden check" not in done.stdout


def test_samples_lie_where_the_codes_do(bundle: Path, tmp_path: Path) -> None:
    assert run(PLAIN, bundle, cwd=tmp_path).returncode == 0
    assert not (tmp_path / "reconstruction.png").exists()
    with Image.open(tmp_path / "samples.png") as samples:
        assert samples.size == (8 * 16, 16)
        values = np.asarray(samples, np.int16).reshape(16, 8, 16, -1)
    assert np.abs(np.diff(values, axis=1)).max() > 20  # not eight times the same


def test_node_takes_the_golden_image_without_a_picture(bundles: dict[str, Path], tmp_path: Path) -> None:
    needs_modules("node")
    assert run(NODE, bundles["vae"], cwd=tmp_path).returncode == 0
    assert (tmp_path / "reconstruction.png").is_file()
    assert run(NODE, cwd=tmp_path).returncode == 2


def test_they_need_nothing_of_ours() -> None:
    for path in EXAMPLES.glob("*/*.py"):
        if path.name == "photos.py":  # imported for models of any size only
            continue
        assert not re.search(r"^\s*(import|from) diabolo", path.read_text("utf-8"), re.MULTILINE), path
    for lock in EXAMPLES.glob("*/package-lock.json"):
        assert '"resolved"' not in lock.read_text("utf-8"), f"{lock} names a registry"


def test_what_is_not_there_is_named(command: list[str], bundles: dict[str, Path], tmp_path: Path) -> None:
    for arguments in (["nothing"], [bundles["vae"], "no.png"]):
        done = run(command, *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert str(arguments[-1]) in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_page_on_embedding(bundles: dict[str, Path], tmp_path: Path) -> None:
    page = (EXAMPLES.parent / "docs" / "embedding.md").read_text("utf-8")
    code, any_size, unlike, folder, gradio = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "bundle").symlink_to(bundles["vae"], target_is_directory=True)
    picture(tmp_path / "picture.png")
    code += "print(latent.shape, reconstruction.shape)"
    assert run([sys.executable, "-c", code], cwd=tmp_path).stdout == "(1, 6) (1, 1, 16, 16)\n"
    save_pair(tmp_path / "any", image_shape=(3, 16, 16), any_size=True)
    noise = np.random.default_rng(0).integers(0, 256, (33, 70, 3), np.uint8)
    wanted = Autoencoder.load(tmp_path / "any", device="cpu").reconstruct(noise)
    np.save(tmp_path / "noise.npy", noise)
    run([sys.executable, "-c", f"import numpy as np\n{any_size}\n{DRIVER}"], cwd=tmp_path)
    found = np.load(tmp_path / "found.npy")
    assert np.abs(found - 255 * wanted[0].transpose(1, 2, 0)).max() <= 0.51
    picture(tmp_path / "digit.png")
    assert run([sys.executable, "-c", unlike], cwd=tmp_path).stdout.startswith(("True (", "False ("))
    (tmp_path / "scans").mkdir()
    Image.fromarray(np.full((40, 40), 90, np.uint8)).save(tmp_path / "scans" / "grey.png")
    assert run([sys.executable, "-c", folder], cwd=tmp_path).stdout.startswith("scans/grey.png (")
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / "letters").symlink_to(bundles["vae"], target_is_directory=True)
    app = gradio.replace(
        "demo.launch()", "print(explorer.value, *(d['targets'] for d in demo.config['dependencies']))"
    )
    shown = run([sys.executable, "-W", "ignore", "-c", app], cwd=tmp_path).stdout
    assert "'select'" in shown
    described = schema()["properties"]
    for key in re.findall(r"`((?:image|latent|noise|dataset|graphs|files|golden)(?:\.[a-z_0-9]+)?)`", page):
        top, _, below = key.partition(".")
        assert not below or below in described[top]["properties"], key
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page):
        assert (EXAMPLES.parent / "docs" / link).is_file(), link
