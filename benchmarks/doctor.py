"""Plants every fault that `diabolo doctor` knows and counts those found; counts false alarms on sound runs.

python -m benchmarks.doctor                    # tiny trainings: a minute
python -m benchmarks.doctor --keep DIR         # keeps folders and runs in DIR, and uses those that are there
python -m benchmarks.doctor --recipes --keep DIR recipes/mnist-conv.toml   # without a name all of them: hours
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

from benchmarks._shared import faults, runs
from benchmarks._shared.faults import Planted
from benchmarks._shared.tables import heading, row
from diabolo.train import Config, Run, fit
from diabolo.train.errors import TrainingError
from diabolo.train.evaluation.doctor import Finding, diagnose, evidence_of, with_data, with_pictures

_SETTINGS = {"epochs": 60, "batch_size": 32, "width": 64, "latent_dim": 6, "device": "cpu"}


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor")
    parser.add_argument("names", nargs="*", metavar="FINDING|RECIPE", help="only these")
    parser.add_argument("--keep", metavar="DIR", help="keep folders and runs in DIR, and use those there")
    parser.add_argument("--recipes", action="store_true", help="train recipes, which takes hours, not faults")
    given = parser.parse_args(words)
    with runs.folder(given.keep) as kept:
        (_recipes if given.recipes else _faults)(kept, given.names)


def _faults(kept: Path, names: list[str]) -> None:
    chosen = [each for each in faults.FAULTS if not names or each.finding in names]
    found = 0
    heading("Planted faults", ("fault", "planted by", "found", "also"))
    for each in chosen:
        named = [finding.name for finding in examined(kept, each)]
        found += each.finding in named
        others = ", ".join(name for name in named if name != each.finding)
        row(each.finding, each.told, "yes" if each.finding in named else "no", others)
    print(f"\n{found} of {len(chosen)} are found")
    if names:
        return
    heading("Sound trainings", ("training", "accused of"))
    for each in faults.SOUND:
        row(each.told, _accused(examined(kept, each)))


def _recipes(kept: Path, names: list[str]) -> None:
    heading("Recipes", ("recipe", "accused of"))
    paths = [Path(name) for name in names] or sorted(Path("recipes").rglob("*.toml"))
    for path in paths:
        variant = tomllib.loads(path.read_text("utf-8"))["variant"]
        run = Run.open(
            runs.train(kept / "-".join(path.with_suffix("").parts), variant, "--recipe", str(path))
        )
        evidence = with_data(evidence_of(run), run.data(), _silent)
        row(str(path), _accused(diagnose(evidence)))


def examined(kept: Path, planted: Planted) -> list[Finding]:
    """What the doctor finds in a planted training, which is made if it is not there."""
    pictures = faults.draw(kept / f"pictures-{planted.pictures.replace(' ', '-')}", planted.pictures)
    folder = kept / (planted.finding or f"sound-{planted.variant}")
    if not (folder / "config.json").is_file():
        config = Config.make(
            planted.variant,
            str(pictures),
            variant_options=planted.options,
            **(_SETTINGS | ({"width": 8} if planted.variant == "conv" else {}) | planted.settings),
        )
        try:
            fit(config, folder)
        except TrainingError as error:  # the loss was not a number, which is to be found
            print(error, file=sys.stderr)
    run = Run.open(folder)
    evidence = with_data(evidence_of(run), run.data(), _silent)
    evidence = replace(evidence, figures={**evidence.figures, **planted.figures})
    if planted.given:
        given = faults.draw(kept / f"given-{planted.given}", planted.given)
        paths = [str(path) for path in sorted((given / "test").rglob("*.png"))]
        evidence = with_pictures(evidence, run, paths, lambda path, _: print(path, file=sys.stderr))
    return diagnose(evidence)


def _accused(findings: list[Finding]) -> str:
    return ", ".join(f"{finding.name} ({finding.severity})" for finding in findings) or "nothing"


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


if __name__ == "__main__":
    main(sys.argv[1:])
