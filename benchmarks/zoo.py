"""The ready-made models against the real test sets: is what their cards say what they do?

    DIABOLO_DATA=folder python -m benchmarks.zoo                        measure all of them: some minutes
    DIABOLO_DATA=folder python -m benchmarks.zoo mnist-vae              only these
    DIABOLO_DATA=folder python -m benchmarks.zoo --rebuild mnist-vae    train one anew and compare
    ... --keep DIR                                                      keep the new run and its bundle

It fails when a bundle is not sound, a figure of its card is not what is measured, its recipe in
recipes/models is not what its card shows, it is larger than 4 MB, or all together are larger than 40 MB.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._shared import runs
from diabolo.export import export_run
from diabolo.export.measure import figures
from diabolo.runtime import Autoencoder, verify
from diabolo.runtime.bundle import zoo
from diabolo.runtime.latent.holes import REFERENCES, TESTED, measure_holes
from diabolo.train import Config, networks
from diabolo.train.datasets import Fitting, ImageData, Images, LoadRequest, load, spread
from diabolo.train.evaluation.evaluate import batches
from diabolo.train.run.recipe import recipe as recipe_of
from diabolo.train.variants import find

RECIPES = Path(__file__).parent.parent / "recipes" / "models"
ONE, ALL = 4_000_000, 40_000_000  # bytes, at most
COLUMNS = ("MSE", "PSNR", "SSIM", "holes")
NEAR = 0.005  # relative: another processor's last digits
NEAR_HOLES = 0.005  # of the share: what twenty places make
LIKE = 0.05  # relative: the same recipe on another machine


@dataclass(frozen=True)
class Figure:
    """What a card says, and what is so."""

    name: str
    said: float
    measured: float
    near: float  # the largest difference that counts as none

    @property
    def holds(self) -> bool:
        return abs(self.measured - self.said) <= self.near


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(zoo.names()))
    parser.add_argument("--rebuild", metavar="NAME", help="train this one anew and compare")
    parser.add_argument("--dtype", help="of a rebuilt one; by default that of the one that is there")
    parser.add_argument("--keep", metavar="DIR", help="keep the new run and its bundle in DIR")
    given = parser.parse_args(words)
    if given.rebuild:
        return rebuild(given.rebuild, given.dtype, given.keep)
    chosen = given.models or zoo.names()
    if unknown := set(chosen) - set(zoo.names()):
        parser.error(f"no ready-made model {', '.join(sorted(unknown))}; there are {', '.join(zoo.names())}")
    return check_all(chosen)


def check_all(names: list[str]) -> int:
    """Print a row of measured figures for each; 1 if anything is wrong, a card's figure among it."""
    print(f"| model | {' | '.join(COLUMNS)} | MB |")
    print("|---" * (2 + len(COLUMNS)) + "|")
    trouble, total = [], 0
    if missing := {path.stem for path in RECIPES.glob("*.toml")} - set(zoo.names()):
        trouble.append(f"recipes without a model: {', '.join(sorted(missing))}")
    for name in names:
        size = size_of(zoo.folder(name))
        total += size
        trouble += [f"{name}: {what}" for what in unsound(name, size)]
        model = Autoencoder.load(name, device="cpu", threads=2)
        found = measured(model, data_of(model))
        cells = [f"{figure.measured:.4g}" for figure in found] + [""] * (len(COLUMNS) - len(found))
        print(f"| {name} | {' | '.join(cells)} | {size / 1e6:.2f} |", flush=True)
        trouble += [
            f"{name}: its card says {figure.name} {figure.said:.5g}, it is {figure.measured:.5g}"
            for figure in found
            if not figure.holds
        ]
    if total > ALL:
        trouble.append(f"together they have {total / 1e6:.1f} MB, more than {ALL / 1e6:.0f}")
    print(f"\n{len(names)} models, {total / 1e6:.1f} MB: {'all hold' if not trouble else 'NOT all hold'}")
    for line in trouble:
        print(line)
    return int(bool(trouble) or not names)


def unsound(name: str, size: int) -> list[str]:
    """What is wrong with the bundle itself."""
    trouble = [f"{check.name}: {check.detail}" for check in verify(name, device="cpu") if not check.ok]
    document = Autoencoder.load(name, device="cpu").manifest.document
    recipe = RECIPES / f"{name}.toml"
    if not recipe.is_file():
        trouble.append(f"it has no recipe {recipe.name}")
    elif written(recipe) != document["training"]["recipe"]:
        trouble.append(f"{recipe.name} is not the recipe that its card shows")
    if size > ONE:
        trouble.append(f"it has {size / 1e6:.2f} MB, more than {ONE / 1e6:.0f}")
    return trouble


def written(path: Path) -> str:
    """A recipe file as a card shows it: in its order, without what is the default."""
    given = {key.replace("-", "_"): value for key, value in tomllib.loads(path.read_text("utf-8")).items()}
    variant, dataset = given.pop("variant"), given.pop("dataset")
    options = _taken(given, find(variant).Options)
    network = networks.find(given["network"]).options_class if "network" in given else None
    of_network = _taken(given, network) if network else {}
    config = Config.make(variant, dataset, variant_options=options, network_options=of_network, **given)
    return recipe_of(config, dataset)


def _taken(given: dict[str, Any], options: Any) -> dict[str, Any]:
    """Take the fields of this class out of the given ones, in their order."""
    theirs = {field.name for field in fields(options)}
    return {name: given.pop(name) for name in list(given) if name in theirs}


def data_of(model: Autoencoder) -> ImageData:
    settings = model.manifest.document["training"]["settings"]
    fitting = Fitting(crop=settings.get("crop"), colour=settings["colour"])
    request = LoadRequest(seed=settings["seed"], classes=settings["classes"], fitting=fitting)
    return load(model.manifest.dataset, request)


def measured(model: Autoencoder, data: ImageData) -> list[Figure]:
    """The figures of the card beside those of the graphs on the real test set."""
    m = model.manifest
    now = figures(model.reconstruct, lambda: batches(data.test.images, whole=True), m.noise_spec)
    said = m.document["exported"]["graphs"]
    rows = [Figure(n, said[n], now[n], NEAR * abs(said[n])) for n in ("mse", "psnr", "ssim")]
    if m.any_size:  # its latent is as large as the picture
        return rows
    walked = measure_holes(
        model.decode,
        encoded(model, data.train.images, REFERENCES),
        encoded(model, data.test.images, TESTED),
        prior=m.prior == "normal",
    )
    said_share = m.metrics.get("holes")
    if said_share is None and walked.share is None:
        return rows
    shares = (-1.0 if share is None else share for share in (said_share, walked.share))  # -1: no figure
    return [*rows, Figure("holes", *shares, NEAR_HOLES)]


def encoded(model: Autoencoder, images: Images, most: int) -> Any:
    chosen = images[spread(len(images), most)]
    return np.concatenate([model.encode(batch) for batch in batches(chosen)])


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def rebuild(name: str, dtype: str | None, keep: str | None) -> int:
    """Train by the recipe, export, and print the new figures beside the old ones; 1 if they differ much."""
    recipe = RECIPES / f"{name}.toml"
    variant = tomllib.loads(recipe.read_text("utf-8"))["variant"]
    old = Autoencoder.load(name, device="cpu").manifest if name in zoo.names() else None
    dtype = dtype or (old.document["graphs"]["dtype"] if old else "fp16")
    with runs.folder(keep) as folder:
        run = runs.train(folder / f"{name}-run", variant, "--recipe", str(recipe))
        target = folder / name
        # of photographs, which have owners, nothing may be seen in the bundle
        codes = "crop" not in tomllib.loads(recipe.read_text("utf-8"))
        export_run(run, target, dtype=dtype, codes=codes, note=lambda text: print(text, file=sys.stderr))
        new = Autoencoder.load(target, device="cpu").manifest
        minutes, size = runs.minutes(run), size_of(target)
    print(
        f"{name}: {minutes:.1f} minutes, {size / 1e6:.2f} MB\n\n| figure | ready-made | anew |\n|---|---|---|"
    )
    differs = False
    for key in ("mse", "psnr", "ssim"):
        now = new.document["exported"]["graphs"][key]
        before = old.document["exported"]["graphs"][key] if old else None
        print(f"| {key} | {'' if before is None else f'{before:.5g}'} | {now:.5g} |")
        differs |= before is not None and abs(now - before) > LIKE * abs(before)
    if differs:
        print(f"\nNOT alike: a figure differs by more than {LIKE:.0%}")
    return int(differs)


if __name__ == "__main__":
    raise SystemExit(main())
