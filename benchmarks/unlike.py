"""Does a model recognise what it was not trained on? False alarms and hits of runtime/novelty.py.

    DIABOLO_DATA=folder python -m benchmarks.unlike                 two minutes on one core
    ... --models mnist-vae mnist-conv                               only these
    ... --denoised                                                  denoised pictures, as in `diabolo denoise`

For each model: the share of its own test images, and of other pictures, that are judged unlike its training
images, and by which measure. Other pictures are what a visitor may give: MNIST's digits, notMNIST's letters,
CIFAR-10's photographs in grey, BSDS500's photographs, digits with bright and dark swapped, digits written on
lined paper and photographed (drawn here: a bright page, unevenly lit, with lines and grain), and noise. They
are prepared as the app prepares pictures, inverted if their border calls for it; swapped digits are not. The
last column is of the same photographs, made black and white and cropped to the object before that.
It fails if more than 2 % of a model's own test images are judged unlike, or if a model of MNIST misses more
than 10 % of any other kind.
With --denoised, gaussian noise is added to each kind, and its denoised pictures are judged, by the models
that were trained on noise; it fails if more than 2 % of a model's own test images are judged unlike.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime import Autoencoder, NoiseSpec, add_noise
from diabolo.runtime.image.convert import prepare
from diabolo.runtime.image.placement import Drawing
from diabolo.runtime.novelty import NoveltyDetector
from diabolo.train.datasets import LoadRequest, data_roots, load

MODELS = (
    "mnist-autoencoder",
    "mnist-autoencoder-2d",
    "mnist-conv",
    "mnist-denoising",
    "mnist-sparse",
    "mnist-vae",
    "mnist-vae-2d",
    "notmnist-autoencoder",
    "notmnist-vae-2d",
    "cifar10-conv",
    "cifar10-denoising",
)
DENOISING, DENOISED = (
    ("mnist-denoising", "cifar10-denoising"),
    ("gaussian:0.1", "gaussian:0.25", "gaussian:0.4"),
)
COUNT = 1000  # pictures of each kind, at most; of a model's own test images, ten times as many
MEASURES = ("code", "reconstruction", "border")
TREATED = "lined paper, treated"
BY_HAND_ONLY = {"threshold": 0.3, "crop_object": True}
BY_HAND = {**BY_HAND_ONLY, "drawing": Drawing(box=20)}
FALSE_ALARMS, MISSED = 0.02, 0.1

_Array = NDArray[np.float32]


def kinds() -> dict[str, list[Image.Image]]:
    """Pictures of each kind, as a visitor would upload them."""
    digits = _pictures("mnist")
    rng = np.random.default_rng(0)
    photographs = [root / "BSDS500" / "data" / "images" / "test" for root in data_roots(LoadRequest())]
    found = [path for folder in photographs for path in sorted(folder.glob("*.jpg"))]
    noise = rng.integers(0, 256, (300, 40, 40), np.uint8)
    return {
        "mnist": digits,
        "notmnist": _pictures("notmnist"),
        "cifar10": [picture.convert("L") for picture in _pictures("cifar10")],
        "photographs": [Image.open(path).convert("RGB") for path in found],
        "swapped digits": [Image.fromarray(255 - np.asarray(digit)) for digit in digits[:COUNT]],
        "lined paper": [on_lined_paper(digit, seed) for seed, digit in enumerate(digits[:COUNT])],
        "noise": [Image.fromarray(values) for values in noise],
        TREATED: [on_lined_paper(digit, seed) for seed, digit in enumerate(digits[:COUNT])],
    }


def _pictures(dataset: str) -> list[Image.Image]:
    images = load(dataset, LoadRequest()).test.images
    return [Image.fromarray(image.transpose(1, 2, 0).squeeze()) for image in images[: 10 * COUNT]]


def on_lined_paper(digit: Image.Image, seed: int) -> Image.Image:
    """A photograph of a digit that was written on lined paper: 224 x 224, grey."""
    rng, side, size = np.random.default_rng(seed), 224, 160
    page = np.full((side, side), rng.uniform(0.8, 0.95)) * np.linspace(1, rng.uniform(0.75, 1), side)
    distance = int(rng.integers(24, 44))
    for top in range(int(rng.integers(distance)), side, distance):
        page[top : top + 3] -= rng.uniform(0.2, 0.45)
    left, top = rng.integers(0, side - size, 2)
    ink = np.zeros((side, side))
    ink[top : top + size, left : left + size] = np.asarray(digit.resize((size, size))) / 255
    page = page * (1 - 0.85 * ink) + rng.normal(0, 0.02, page.shape)
    return Image.fromarray((255 * np.clip(page, 0, 1)).astype(np.uint8))


def prepared(model: Autoencoder, pictures: list[Image.Image], invert: bool | None, **by_hand: Any) -> _Array:
    m = model.manifest
    return np.stack(
        [
            prepare(picture, m.image_shape, invert=invert, **m.preparation, **by_hand).image
            for picture in pictures
        ]
    )


def shares(model: Autoencoder, given: dict[str, list[Image.Image]]) -> Iterator[tuple[str, dict[str, float]]]:
    """For each kind the share judged unlike ('any') and the share by each measure."""
    detector, dataset = NoveltyDetector(model), model.manifest.dataset
    for kind, pictures in given.items():
        own = kind == dataset
        chosen = _pictures(dataset) if own else pictures[:COUNT]
        by_hand = BY_HAND if kind == TREATED else {}
        swap = False if own or kind == "swapped digits" else None
        found = detector.judge(prepared(model, chosen, swap, **by_hand))
        yield (
            kind,
            {
                "any": float(np.mean([one.unlike for one in found])),
                **{name: float(np.mean([name in one.reasons for one in found])) for name in MEASURES},
            },
        )


def denoised(given: dict[str, list[Image.Image]]) -> bool:
    """Print a table of the denoised pictures that are judged unlike; whether the false alarms are few."""
    well = True
    print("| model | noise | mnist | notmnist | cifar10 in grey |")
    print("|---" * 5 + "|")
    for name in DENOISING:
        model = Autoencoder.load(name, device="cpu")
        detector, m = NoveltyDetector(model), model.manifest
        for level in DENOISED:
            cells = []
            for kind in ("mnist", "notmnist", "cifar10"):
                own = kind == m.dataset
                images = prepared(model, _pictures(kind)[:COUNT] if own else given[kind][:COUNT], False)
                noisy = add_noise(images, NoiseSpec.parse(level), np.random.default_rng(0))
                share = float(np.mean([one.unlike for one in detector.judge(model.denoise(noisy))]))
                well &= not own or share <= FALSE_ALARMS
                cells.append(f"{share:.1%}")
            print(f"| {name} | {level} | {' | '.join(cells)} |", flush=True)
    return well


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unlike")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--denoised", action="store_true")
    options = parser.parse_args(words)
    chosen, given, well = options.models, kinds(), True
    if options.denoised:
        return int(not denoised(given))
    print(f"| model | {' | '.join(given)} |")
    print("|---" * (1 + len(given)) + "|")
    for name in chosen:
        model = Autoencoder.load(name, device="cpu")
        cells = []
        for kind, share in shares(model, given):
            by = ", ".join(f"{share[name]:.0%}" for name in MEASURES)
            cells.append(f"{share['any']:.1%} ({by})")
            if kind == model.manifest.dataset:
                well &= share["any"] <= FALSE_ALARMS
                cells[-1] = f"**{cells[-1]}**"
            elif model.manifest.dataset == "mnist" and kind != TREATED:
                well &= share["any"] >= 1 - MISSED
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\nin brackets: by the code, the reconstruction and the border")
    print(f"the judgement {'holds' if well else 'does NOT hold'}")
    return int(not well)


if __name__ == "__main__":
    raise SystemExit(main())
