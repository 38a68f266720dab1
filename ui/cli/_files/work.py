"""Reads image files, computes, writes pictures, and reports the figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.image.background import is_dark
from diabolo.runtime.image.convert import to_pil
from diabolo.ui.cli._files.counting import Counter, counting
from diabolo.ui.cli._files.outputs import save_picture, single_output, write_problem
from diabolo.ui.cli._files.reading import Batch, batches, count_opposite
from diabolo.ui.cli._files.sources import Source, expand, sources
from diabolo.ui.files.unique_names import UniqueNames

__all__ = ["Compute", "Computed", "Work", "finish", "note_inverted", "number", "report"]

_NOT_FIGURES = ("file", "out", "inverted", "unlike", "width", "height", "format", "notes")  # of a row
_Figures: TypeAlias = Mapping[str, NDArray[np.floating] | None]  # one value per image; None: not known


@dataclass(frozen=True, kw_only=True, eq=False)
class Computed:
    """What a command computed for a batch.

    Attributes:
        panels: pictures that can be shown side by side; the last one is the result.
        figures: one value per image for each name; None if it is not known.
        unlike: for each image the measures by which it is unlike the training images; None if not known.
    """

    panels: list[NDArray[np.float32]]
    figures: _Figures
    unlike: list[list[str]] | None = None


Compute: TypeAlias = Callable[[Batch], Computed]


@dataclass(kw_only=True)
class Work:
    """The inputs and outputs of one command.

    Attributes:
        given: files, folders and patterns.
        out: the output folder, or a .png file for a single picture; None to write nothing.
        overwrite: replace existing files.
        beside: write input and result side by side.
        invert: 'never', 'always' or 'auto'.
        what: the label of the counter.
        rows: the figures of each image, after `run`.
        scaled: how many pictures had another size than the model's, after `run`.
    """

    given: tuple[str, ...]
    out: str | None
    overwrite: bool
    beside: bool
    invert: str
    what: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    scaled: int = 0
    _targets: dict[str, Path] = field(default_factory=dict)
    _names: UniqueNames = field(default_factory=UniqueNames)

    def run(self, m: Manifest, compute: Compute) -> Counter:
        """Process the files batch by batch.

        Raises:
            ImageError: a file does not exist.
            OutputError: an output cannot be written.
            UsageError: `out` is a single picture, and there are several inputs.
        """
        items = expand(self.given)
        one = single_output(self.out, items, (".png",))
        opposite = 0
        with counting(self.what) as counter:
            files = sources(items, counter.fail, Path(self.out) if self.out else None, counter.other)
            for batch in batches(self._writable(files, one, counter), m, self.invert, counter):
                opposite += count_opposite(batch, m, self.invert)
                self.scaled += sum(batch.scaled)
                self._write(batch, compute(batch))
                counter.add(len(batch.images))
        note_inverted(opposite, counter.done, m, self.invert)
        return counter

    def _writable(self, files: Iterable[Source], one: Path | None, counter: Counter) -> Iterable[Source]:
        """The files whose output may be written; the others are reported to `counter`."""
        for source in files:
            if self.out is not None:
                target = one or Path(self.out) / self._names.take(source.name)
                if problem := write_problem(source, target, self.overwrite):
                    counter.fail(source.path, problem)
                    continue
                self._targets[source.path] = target
            yield source

    def _write(self, batch: Batch, made: Computed) -> None:
        shown = np.concatenate(made.panels, axis=3) if self.beside else made.panels[-1]
        pictures: list[Image.Image] = to_pil(shown) if self.out is not None else []
        for index, source in enumerate(batch.sources):
            row: dict[str, Any] = {"file": source.path, "inverted": batch.inverted[index]}
            if self.out is not None:
                target = self._targets.pop(source.path)
                save_picture(pictures[index], target)
                row["out"] = str(target)
            row |= {
                name: None if values is None else number(values[index])
                for name, values in made.figures.items()
            }
            row["unlike"] = None if made.unlike is None else made.unlike[index]
            self.rows.append(row)


def number(value: Any) -> float | None:
    """A Python float; None for infinity, which JSON does not have."""
    return float(value) if np.isfinite(value) else None


def note_inverted(count: int, of: int, m: Manifest, invert: str) -> None:
    """Print a note if `count` of `of` pictures were inverted, or look inverted and were not (`invert`)."""
    if count:
        own, other = ("dark", "bright") if is_dark(m.background) else ("bright", "dark")
        done = (
            "Dark and bright were swapped in those. Add --invert never to leave them as they are."
            if invert == "auto"
            else "Add --invert auto to swap dark and bright in those."
        )
        click.echo(
            f"note: {count} of {of} pictures have a {other} border; the model was trained on {own} borders. "
            + done,
            err=True,
        )


def finish(counter: Counter, done: str) -> None:
    """Print how many images were processed and skipped; exit with 1 if none was processed.

    Args:
        counter: the numbers.
        done: the past participle for the message, such as 'encoded'.
    """
    line = f"{counter.done:,} image{'' if counter.done == 1 else 's'} {done}"
    click.echo(line + (f", {len(counter.failed):,} skipped" if counter.failed else ""), err=True)
    if not counter.done:
        if not counter.failed:
            click.echo("diabolo: there are no images here. Give image files, or folders of images.", err=True)
        sys.exit(1)


class Reported(Protocol):
    """Work that has the figures of each image."""

    rows: list[dict[str, Any]]


def report(work: Reported, counter: Counter, as_json: bool, warnings: Sequence[str] = ()) -> None:
    """Print the figures of each image and their means, as lines or as JSON.

    Args:
        work: that was done.
        counter: the numbers.
        as_json: print one JSON object instead of lines.
        warnings: what to know about the figures; in JSON under `warnings`, otherwise on stderr.
    """
    names = [name for name in (work.rows[0] if work.rows else {}) if name not in _NOT_FIGURES]
    known = {name: [row[name] for row in work.rows if row[name] is not None] for name in names}
    means = {name: sum(values) / len(values) for name, values in known.items() if values}
    if as_json:
        failed = [{"file": file, "reason": reason} for file, reason in counter.failed]
        told = {"warnings": list(warnings)} if warnings else {}
        click.echo(json.dumps({"images": work.rows, "mean": means, "failed": failed, **told}))
        return
    for row in work.rows:
        words = _words({name: row[name] for name in names})
        if row["unlike"]:
            words += f"  unlike the training images ({', '.join(row['unlike'])})"
        click.echo(f"{row.get('out', row['file'])}  {words}")
    if len(work.rows) > 1 and means:
        click.echo(f"mean of {len(work.rows):,}  {_words(means)}")
    for text in warnings:
        click.echo(f"note: {text}", err=True)


def _words(figures: dict[str, float | None]) -> str:
    units = {"psnr": " dB", "noisy_psnr": " dB"}
    return "  ".join(
        f"{name} {value:.4g}{units.get(name, '')}" for name, value in figures.items() if value is not None
    )
