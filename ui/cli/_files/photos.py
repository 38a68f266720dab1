"""Processes pictures at their own size, one after the other, and writes each in its format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import click
import numpy as np

from diabolo.runtime.errors import ImageError, UsageError
from diabolo.runtime.image.photo import (
    FORMATS,
    Photo,
    TileModel,
    encode_photo,
    format_of,
    process_photo,
    read_photo,
)
from diabolo.runtime.listing import printable
from diabolo.ui.cli._files.counting import Counter, counting
from diabolo.ui.cli._files.outputs import replacing, single_output, write_problem
from diabolo.ui.cli._files.own_size import OwnSize
from diabolo.ui.cli._files.photo_figures import Figures, Spoil
from diabolo.ui.cli._files.sources import Source, expand, sources
from diabolo.ui.cli._files.work import number
from diabolo.ui.files.unique_names import UniqueNames

__all__ = ["PhotoWork"]

_ENDINGS = {ending: format for format, endings in FORMATS.items() for ending in endings}
_SHOWN = 3  # files in a note, at most


@dataclass(kw_only=True)
class PhotoWork:
    """The inputs and outputs of one command, for a model of any size.

    Attributes:
        given: files, folders and patterns.
        out: the output folder, or a file for a single picture; None to write nothing.
        overwrite: replace existing files.
        beside: write input and result side by side.
        what: the label of the counter.
        options: how pictures are processed.
        rows: the figures of each picture, after `run`.
    """

    given: tuple[str, ...]
    out: str | None
    overwrite: bool
    beside: bool
    what: str
    options: OwnSize
    rows: list[dict[str, Any]] = field(default_factory=list)
    _names: UniqueNames = field(default_factory=UniqueNames)
    _notes: dict[str, list[str]] = field(default_factory=dict)

    def run(
        self, model: TileModel, figures: Figures, spoil: Spoil | None = None, invert: str = ""
    ) -> Counter:
        """Process the pictures one by one; those that cannot be processed are reported and skipped.

        Args:
            model: of any size.
            figures: computes the figures of a picture.
            spoil: adds noise to a picture before the model gets it.
            invert: 'always' is refused: such models are for pictures as they are.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
            ImageError: a file does not exist.
            OutputError: an output cannot be written.
            UsageError: `out` is a single picture, and there are several inputs; `invert` is 'always'.
        """
        if invert == "always":
            raise UsageError("--invert always: this model takes pictures as they are. Leave it out.")
        items = expand(self.given)
        one = single_output(self.out, items, tuple(_ENDINGS))
        with counting(self.what) as counter:
            files = sources(items, counter.fail, Path(self.out) if self.out else None, counter.other)
            for index, source in enumerate(files):
                try:
                    self._process(source, index, one, counter, model, figures, spoil)
                except ImageError as error:
                    named = str(error).startswith(source.path)
                    counter.fail(source.path, str(error) if named else f"{source.path}: {error}")
                except MemoryError:
                    counter.fail(
                        source.path, f"{source.path} does not fit into memory. Give a smaller picture."
                    )
        self._tell()
        return counter

    def _process(
        self,
        source: Source,
        index: int,
        one: Path | None,
        counter: Counter,
        model: TileModel,
        figures: Figures,
        spoil: Spoil | None,
    ) -> None:
        target, format = self._target(source, one)
        if target is not None and (problem := write_problem(source, target, self.overwrite)):
            counter.fail(source.path, problem)
            return
        given = read_photo(source.path, max_pixels=self.options.max_pixels)
        seen = spoil(given, index) if spoil else given
        result = process_photo(
            model,
            seen,
            strength=self.options.strength,
            tile=self.options.tile,
            progress=lambda done, total: counter.part(source.name, done, total),
        )
        row: dict[str, Any] = {"file": source.path, "width": given.size[0], "height": given.size[1]}
        notes = result.notes
        if target is not None:
            panels = [given, *([seen] if spoil else []), result]
            shown = (_side_by_side(panels) if self.beside else result).in_format(format)
            encoded = encode_photo(shown, strip=self.options.strip)
            with replacing(target) as file:
                file.write(encoded)
            row |= {"out": str(target), "format": format}
            notes = shown.notes
        row |= {"notes": list(notes)}
        row |= {name: None if v is None else number(v) for name, v in figures(given, seen, result).items()}
        self.rows.append(row | {"unlike": None})
        for note in notes:
            self._notes.setdefault(note, []).append(source.path)
        counter.add(1)

    def _target(self, source: Source, one: Path | None) -> tuple[Path | None, str]:
        """Where a result goes, and its format: by the ending of `one`, or else that of the picture."""
        if self.out is None:
            return None, ""
        if one is not None:
            return one, _ENDINGS[one.suffix.lower()]
        format = format_of(source.path, max_pixels=self.options.max_pixels)
        ending = PurePosixPath(source.name).suffix
        kept = ending if _ENDINGS.get(ending.lower()) == format else FORMATS[format][0]
        return Path(self.out) / self._names.take(source.name, kept), format

    def _tell(self) -> None:
        for note, files in self._notes.items():
            more = f" and {len(files) - _SHOWN:,} more" if len(files) > _SHOWN else ""
            click.echo(printable(f"note: {note} ({', '.join(files[:_SHOWN])}{more})"), err=True)


def _side_by_side(panels: list[Photo]) -> Photo:
    last = panels[-1]
    alpha = None if last.alpha is None else np.concatenate([last.alpha] * len(panels), axis=1)
    return replace(last, pixels=np.concatenate([panel.pixels for panel in panels], axis=1), alpha=alpha)
