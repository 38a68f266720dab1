"""Every variant at its defaults on folders of 12 to 5,000 pictures, next to PCA of its latent size.

python -m benchmarks.enough --keep DIR     # prints the table row by row; goes on where it was stopped
python -m benchmarks.enough --keep DIR --steps 500 --side 32 scenes-12 textures-60     # smaller and sooner
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from unittest.mock import patch

from benchmarks._shared import folders, runs
from diabolo.runtime.bundle.quality import quality_warnings
from diabolo.train import Config, budget, fit, resume, variants

_HEAD = """| variant | folder | decided | MSE | PCA | explained | in training | says | minutes |
|---|---|---|---|---|---|---|---|---|"""


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enough")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=", ".join(folders.FOLDERS))
    parser.add_argument("--keep", metavar="DIR", help="keep folders and runs in DIR, and use those there")
    parser.add_argument("--variants", metavar="A,B", default=",".join(variants.names()))
    parser.add_argument("--steps", type=int, help="optimizer steps that a training is made of, not 3,500")
    parser.add_argument("--side", type=int, help="pixels that the larger side of a picture has at most")
    parser.add_argument("--augment", help="instead of the default, as are the next two")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--weight-decay", type=float)
    given = parser.parse_args(words)
    if unknown := [name for name in given.folders if name not in folders.FOLDERS]:
        parser.error(f"no folder {unknown[0]!r}; choose from {', '.join(folders.FOLDERS)}")
    print(_HEAD, flush=True)
    better = total = 0
    with runs.folder(given.keep) as kept:
        for variant in given.variants.split(","):
            for name in given.folders or list(folders.FOLDERS)[:10]:
                figures = _figures(variant, name, kept, given)
                print(row(variant, name, *figures), flush=True)
                better += not quality_warnings(figures[1])
                total += 1
    print(f"\n{better} of {total} are better than PCA and explain 30 % or more; the others warn")


def _figures(variant: str, name: str, kept: Path, given: argparse.Namespace) -> tuple[Path, dict, dict]:
    pictures = kept / "pictures" / f"{name}-{given.side or 'whole'}"
    if not pictures.exists():
        folders.make(name, pictures, given.side)
    own = {"lr": given.lr, "weight_decay": given.weight_decay}
    told = [f"{key}={value:g}" for key, value in own.items() if value is not None]
    run = kept / "-".join(map(str, (name, variant, given.side, given.steps, given.augment, *told)))
    with patch.object(budget, "_STEPS", given.steps or budget._STEPS):
        if not (run / "config.json").is_file():
            fit(Config.make(variant, str(pictures), augment=given.augment, **own), run)
        elif not (run / "metrics.json").is_file():
            print(f"{run}: continued; its minutes count the time between", file=sys.stderr)
            resume(run)
    figures, config = (
        json.loads((run / name).read_text("utf-8")) for name in ("metrics.json", "config.json")
    )
    return run, figures, config


def row(variant: str, name: str, run: Path, figures: dict, config: dict) -> str:
    """A row of the table; a model that removes noise is measured on noisy images, as is PCA."""
    noisy = "denoised_" if "denoised_mse" in figures else ""
    mse, pca = figures[f"{noisy}mse"], figures.get(f"pca_{noisy}mse", float("nan"))
    changed = config["augment"] or "as they are"
    settings = f"{config['epochs']:,} epochs, batch size {config['batch_size']}, {changed}"
    return (
        f"| {variant} | {name} | {settings} | {mse:.5f} | {pca:.5f} | {1 - mse / figures['mean_mse']:.0%} "
        f"| {figures['training_explained_variance']:.0%} "
        f"| {'warns' if quality_warnings(figures) else 'better than PCA'} | {runs.minutes(run):.1f} |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
