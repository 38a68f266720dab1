"""Trainings with a fault, and sound ones: small folders of shapes, a second or so each."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

__all__ = ["FAULTS", "SOUND", "Planted", "draw"]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A training, and what should be found in it.

    Attributes:
        finding: the name of the fault; '' for a sound training.
        variant: that is trained.
        how: what is wrong, in words; '' says the settings.
        pictures: how the folder differs from a sound one, see `draw`.
        given: how the pictures differ that are given to the doctor; '' gives none.
        figures: that replace those of the training, where its like is hard to train.
        settings: of the training.
        options: of the variant.
    """

    finding: str
    variant: str = "autoencoder"
    how: str = ""
    pictures: str = "sound"
    given: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What was planted, as a cell of a table."""
        words = {**self.options, **self.settings}
        options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in words.items())
        return self.how or f"`{self.variant} {options}`".replace(" `", "`")


_TINY = {"epochs": 3}
FAULTS = (
    Planted(finding="posterior-collapse", variant="vae", options={"beta": 1e5}),
    Planted(
        finding="unused-dimensions",
        variant="vae",
        how="figures of 2 active dimensions of 20, written",
        settings=_TINY,
        figures={"active_units": 2, "kl_by_dimension": [4.0] * 2 + [0.0] * 18},
    ),
    Planted(finding="kl-without-effect", variant="vae", options={"beta": 1e-4}),
    Planted(finding="warm-up-too-long", variant="vae", options={"kl_warmup": 100.0}),
    Planted(
        finding="same-output",
        how="figures of one picture for all, written",
        figures={"reconstruction_variance": 1e-7, "reconstruction_contrast": 0.2},
    ),
    Planted(
        finding="dead-output",
        how="figures of a dead output, written",
        figures={"reconstruction_variance": 1e-7, "reconstruction_contrast": 0.001},
    ),
    Planted(
        finding="dead-units",
        variant="sparse",
        how="figures of 10 dead units of 40, written",
        settings=_TINY,
        figures={"activity_by_unit": [0.0] * 10 + [0.1] * 30},
    ),
    Planted(finding="rho-not-reached", variant="sparse", options={"sparsity_weight": 1e-3}),
    Planted(
        finding="unused-codebook",
        variant="vq",
        how="figures of 5 % of the vectors, written",
        settings=_TINY,
        options={"vectors": 16},
        figures={"codebook_used": 0.05},
    ),
    Planted(finding="overfitting", pictures="noise", settings={"width": 256, "latent_dim": 32}),
    Planted(finding="learning-rate-too-high", settings={"lr": 0.9}),
    Planted(finding="learning-rate-too-low", settings={"lr": 1e-6}),
    Planted(finding="too-few-epochs", settings={"epochs": 2}),
    Planted(finding="latent-too-wide", settings={"latent_dim": 256}),
    Planted(finding="noise-too-strong", variant="denoising", options={"noise": "gaussian:4"}),
    Planted(finding="noise-too-weak", variant="denoising", options={"noise": "gaussian:0.005"}),
    Planted(finding="learned-little", settings={"latent_dim": 1, "width": 1}),
    Planted(finding="not-better-than-pca", settings={"latent_dim": 32, "width": 3}),
    Planted(finding="too-few-images", how="12 pictures", pictures="few", settings=_TINY),
    Planted(finding="class-missing", how="no bar in the test split", pictures="no bars", settings=_TINY),
    Planted(finding="constant-images", how="10 black pictures", pictures="black", settings=_TINY),
    Planted(finding="duplicate-images", how="20 pictures twice", pictures="copies", settings=_TINY),
    Planted(
        finding="test-images-in-train", how="15 test pictures learned", pictures="leaked", settings=_TINY
    ),
    Planted(finding="inverted-images", how="pictures with black and white swapped", given="inverted"),
    Planted(finding="wrong-range", how="pictures 20 times darker", given="dark"),
)
SOUND = (
    Planted(finding="", variant="autoencoder", given="sound"),
    Planted(finding="", variant="conv"),
    Planted(finding="", variant="vae"),
    Planted(finding="", variant="sparse", settings={"latent_dim": 64, "epochs": 250, "width": 256}),
    Planted(finding="", variant="denoising", options={"noise": "gaussian:0.2"}),
)


def draw(folder: Path, kind: str) -> Path:
    """A folder `train` and one `test`, with discs and bars of 16 x 16 pixels, bright on dark, in each.

    Args:
        folder: is made; if it is there, it is used as it is.
        kind: 'sound'; 'few' pictures; 'noise' instead of shapes; 'black' ones among them; 'copies' in the
            training split; test pictures 'leaked' into it; 'no bars' in the test split; 'inverted' or 'dark'.
    """
    if folder.exists():
        return folder
    part = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(part, ignore_errors=True)
    rng = np.random.default_rng(0)
    learned, tested = {"few": (5, 2), "noise": (30, 10)}.get(kind, (160, 30))
    for split, count in (("train", learned), ("test", tested)):
        for shape in ("discs", "bars"):
            (part / split / shape).mkdir(parents=True)
            for number in range(count):
                picture = _changed(_picture(shape, rng), kind, number, split)
                picture.save(part / split / shape / f"{number}.png")
    if kind == "no bars":
        shutil.rmtree(part / "test" / "bars")
        (part / "test" / "bars").mkdir()
    source, start = {"copies": ("train", "again"), "leaked": ("test", "test")}.get(kind, ("", ""))
    for path in sorted((part / source).rglob("*.png"))[::4][:20] if source else []:
        shutil.copy(path, part / "train" / path.parent.name / f"{start}-{path.name}")
    part.rename(folder)
    return folder


def _picture(shape: str, rng: np.random.Generator) -> Image.Image:
    picture = Image.new("L", (16, 16))
    pen, (x, y), grey = ImageDraw.Draw(picture), rng.uniform(2, 9, 2), int(rng.integers(150, 256))
    if shape == "discs":
        pen.ellipse((x, y, x + 5, y + 5), fill=grey)
    else:
        pen.rectangle((x, y, x + 1, y + 6), fill=grey)
    noisy = np.asarray(picture) + rng.integers(0, 3, (16, 16))  # so that no two are equal by chance
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _changed(picture: Image.Image, kind: str, number: int, split: str) -> Image.Image:
    if kind == "noise":
        rng = np.random.default_rng([number, len(split), sum(picture.tobytes())])
        return Image.fromarray(rng.integers(0, 256, (16, 16)).astype(np.uint8))
    if kind == "black" and split == "train" and number < 5:
        return Image.new("L", picture.size)
    if kind == "inverted":
        return ImageOps.invert(picture)
    return picture.point(lambda value: value // 20) if kind == "dark" else picture
