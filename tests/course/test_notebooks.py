"""Notebooks in the kernel of Jupyter: a lab, and an exercise, from the first cell to the last."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from diabolo.course.catalogue import find
from diabolo.ui.cli import main

_OTHERS = [each for each in os.environ["PATH"].split(os.pathsep) if not Path(each, "diabolo").exists()]
FEW = "from diabolo.train.datasets import glyphs\nglyphs._TRAIN, glyphs._TEST = 300, 100"


@pytest.mark.parametrize(("number", "language"), [(1, "en"), (7, "zh-TW")])
def test_a_notebook_runs_in_jupyter(
    number: int, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few images and one epoch; the cells of the other labs are run without Jupyter."""
    monkeypatch.setenv("PATH", os.pathsep.join(_OTHERS))  # as where the environment was not activated
    lab, folder = find(number), tmp_path / "lab"
    done = CliRunner().invoke(main, ["lab", str(number), "-o", str(folder), "--language", language])
    assert done.exit_code == 0, done.output
    if lab.exercise:
        shutil.copy(lab.folder / "solution.py", folder / lab.exercise.file)
    notebook = nbformat.read(next(folder.glob("*.ipynb")), as_version=4)
    assert notebook.cells[-1].cell_type == "markdown"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(r'^dataset = "\w+"', 'dataset = "glyphs"', cell.source, flags=re.MULTILINE)
            cell.source = re.sub(r"(epochs[= ])\d+", r"\g<1>1", cell.source)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FEW))
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and not cell.source.startswith("#")]
    assert [cell.execution_count for cell in code] == sorted(cell.execution_count for cell in code)
    text = "".join(out.get("text", "") for cell in code for out in cell.outputs)
    assert "Traceback" not in text
    pictures = [cell for cell in code if any("image/png" in out.get("data", {}) for out in cell.outputs)]
    assert len(pictures) == sum(1 for cell in lab.cells(language) if cell.picture)
    assert any(folder.glob("runs/*/model.safetensors"))
