"""Every variant at its defaults on ten folders of 12 to 5,000 pictures, next to PCA of its latent size.

python -m benchmarks.enough --keep DIR     # prints the table row by row; goes on where it was stopped
python -m benchmarks.enough scenes-12 --keep DIR
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks._shared import folders, runs
from diabolo.runtime.bundle.quality import quality_warnings
from diabolo.train import variants

_CLEAN, _NOISY = ("mse", "pca_mse"), ("denoised_mse", "pca_denoised_mse")


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enough")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=", ".join(folders.FOLDERS))
    parser.add_argument("--keep", metavar="DIR", help="keep folders and runs in DIR, and use those there")
    given = parser.parse_args(words)
    if unknown := [name for name in given.folders if name not in folders.FOLDERS]:
        parser.error(f"no folder {unknown[0]!r}; choose from {', '.join(folders.FOLDERS)}")
    print("| folder | variant | decided | MSE | PCA | explained variance | says | minutes |")
    print("|---|---|---|---|---|---|---|---|")
    with runs.folder(given.keep) as kept:
        for name in given.folders or folders.FOLDERS:
            pictures = kept / "pictures" / name
            if not pictures.exists():
                folders.make(name, pictures)
            for variant in variants.names():
                print(row(name, variant, pictures, kept / f"{name}-{variant}"), flush=True)


def row(name: str, variant: str, pictures: Path, folder: Path) -> str:
    run = runs.train(folder, variant, "--dataset", str(pictures))
    figures = json.loads((run / "metrics.json").read_text("utf-8"))
    config = json.loads((run / "config.json").read_text("utf-8"))
    noisy = "denoised_mse" in figures
    mse, pca = (
        figures["denoised_mse" if noisy else "mse"],
        figures["pca_denoised_mse" if noisy else "pca_mse"],
    )
    says = "warns" if quality_warnings(figures) else "better than PCA"
    settings = f"{config['epochs']:,} epochs of batches of {config['batch_size']}"
    return (
        f"| {name} | {variant} | {settings} | {mse:.5f} | {pca:.5f} | {1 - mse / figures['mean_mse']:.1%} "
        f"| {says} | {runs.minutes(run):.1f} |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
