"""What must stay the same when code is only rearranged, as one JSON document, and what of it has changed.

    python -m benchmarks.unchanged record before.json       # on the commit before; some minutes
    python -m benchmarks.unchanged compare before.json      # after the change

A run of each variant at a fixed seed: the bytes of its weights and of the graphs exported from it. What each
ready-made model answers, and what `diabolo verify` says of it. The public names of all modules, where an old
one may live on under another. The app's endpoints. The help of every command: compared by the options that it
names, since its English may become better.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import diabolo.ui
from benchmarks._shared.runs import diabolo as command
from diabolo.runtime import Autoencoder

FLOORS = ("runtime", "train", "export", "course", "ui")
STARTED = ("__main__", "ui.sandbox", "ui.drawing")  # modules that are commands


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unchanged")
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    given = parser.parse_args(words)
    if given.what == "record":
        given.file.write_text(json.dumps(record(), indent=1), "utf-8")
        return
    changed = differences(json.loads(given.file.read_text("utf-8")), record())
    print("\n".join(changed) or "nothing has changed")
    sys.exit(bool(changed))


def record() -> dict[str, Any]:
    return {
        "runs": runs(),
        "models": models(),
        "names": names(),
        "endpoints": endpoints(),
        "options": options(),
    }


def runs() -> dict[str, str]:
    """The sha256 of weights and graphs of each variant's run."""
    from diabolo.train import variants

    found = {}
    os.environ["OMP_NUM_THREADS"] = "1"  # sums of several threads come in an order of their own
    with TemporaryDirectory(prefix="diabolo-unchanged-") as folder:
        pictures = discs(Path(folder) / "pictures")
        for variant in variants.names():
            run, bundle = Path(folder) / variant, Path(folder) / f"{variant}-bundle"
            given = ("--epochs", "2", "--device", "cpu", "--seed", "0")
            command("train", variant, "--dataset", str(pictures), *given, "-o", str(run))
            command("export", str(run), "-o", str(bundle))
            found[f"{variant}: weights"] = tensors(run / "model.safetensors")
            for name in ("encoder.onnx", "decoder.onnx"):
                found[f"{variant}: {name}"] = sha256((bundle / name).read_bytes())
    return found


def discs(folder: Path) -> Path:
    """200 grey pictures of 16 x 16."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(200):
        picture, (x, y) = Image.new("L", (16, 16)), rng.integers(0, 10, 2).tolist()
        ImageDraw.Draw(picture).ellipse((x, y, x + 5, y + 5), fill=255)
        picture.save(folder / f"{number}.png")
    return folder


def tensors(path: Path) -> str:
    from safetensors.numpy import load_file

    weights = load_file(path)
    return sha256(b"".join(name.encode() + weights[name].tobytes() for name in sorted(weights)))


def models() -> dict[str, str]:
    """What each ready-made model draws, interpolates and is said to be."""
    found = {}
    for name in sorted(
        path.name for path in (Path(diabolo.ui.__file__).parents[1] / "runtime/models").iterdir()
    ):
        model = Autoencoder.load(name, device="cpu")
        latents = model.sample_latents(16, seed=1)
        images = model.decode(latents)
        found[f"{name}: latents"] = sha256(latents.tobytes())
        found[f"{name}: images"] = sha256((images * 255).round().astype("u1").tobytes())
        for method in ("linear", "spherical", "standardised"):
            walked = model.interpolate(images[:1], images[1:2], steps=5, method=method)
            found[f"{name}: {method}"] = sha256((walked * 255).round().astype("u1").tobytes())
        found[f"{name}: verify"] = re.sub(r"\s*\d+(\.\d+)? s\b", "", command("verify", name))
    return found


def names() -> list[str]:
    """`module:name` of all public names."""
    found = []
    for floor in FLOORS:
        package = importlib.import_module(f"diabolo.{floor}")
        inside = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        for module in [package.__name__, *(info.name for info in inside)]:
            public = not any(part.startswith("_") for part in module.split("."))
            if public and not module.endswith(STARTED):
                shown = getattr(importlib.import_module(module), "__all__", ())
                found += [f"{module}:{name}" for name in shown]
    return sorted(found)


def endpoints() -> dict[str, Any]:
    """The app's functions over HTTP, with what they take and give."""
    described = diabolo.ui.build(["mnist-vae-2d", "mnist-denoising"], device="cpu").get_api_info()
    keys = ("parameter_name", "parameter_has_default", "component", "label")
    return {
        name: [
            [[part.get(key) for key in keys] for part in about[side]] for side in ("parameters", "returns")
        ]
        for name, about in described["named_endpoints"].items()
    }


def options() -> dict[str, list[str]]:
    """The options of every command, by its help."""
    from diabolo.train import variants

    listed = command("--help").split("Commands:")[1]
    verbs = [[verb] for verb in re.findall(r"^  (\w+)", listed, re.MULTILINE)]
    verbs += [["train", variant] for variant in variants.names()]
    return {" ".join(verb): sorted(set(re.findall(r"--?[a-z][\w-]*", help_of(verb)))) for verb in verbs}


def help_of(verb: list[str]) -> str:
    wide = os.environ | {"COLUMNS": "400"}
    called = [sys.executable, "-m", "diabolo.ui.cli", *verb, "--help"]
    said = subprocess.run(called, check=True, stdout=subprocess.PIPE, text=True, env=wide).stdout
    # an option that the prose of another mentions is not one of this command
    return "\n".join(line.split("  ")[1] for line in said.splitlines() if re.match(r"  -", line))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What was recorded and is not so any more; what is new is no difference."""
    found = [f"{old} cannot be imported" for old in before["names"] if not importable(old)]
    for part in ("runs", "models", "endpoints", "options"):
        for name, value in before[part].items():
            if part == "options":
                missing = sorted(set(value) - set(now[part].get(name, [])))
                found += [f"{part}: {name}: {option} is gone" for option in missing]
            elif now[part].get(name) != value:
                found.append(f"{part}: {name}: {value} is now {now[part].get(name)}")
    return found


def importable(name: str) -> bool:
    module, _, attribute = name.partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return hasattr(importlib.import_module(module), attribute)
        except ImportError:
            return False


if __name__ == "__main__":
    main()
