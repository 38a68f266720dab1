"""The house stands: floors import only those below, the ground floor stays light, packages are listed."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("runtime", "train", "export", "ui")
LIGHT = {"numpy", "PIL", "onnxruntime", "diabolo"}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write the full name of what is imported"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_floors_below(floor: str) -> None:
    files = list((ROOT / floor).rglob("*.py"))
    assert len(files) > 3
    above = FLOORS[FLOORS.index(floor) + 1 :]
    for path in files:
        for module in imported(path):
            assert not module.startswith(tuple(f"diabolo.{name}" for name in above)), f"{path}: {module}"


def test_the_ground_floor_is_light() -> None:
    for path in (ROOT / "runtime").rglob("*.py"):
        for module in imported(path):
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names or top in LIGHT, f"{path} imports {module}"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom diabolo.ui.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'onnxruntime', 'gradio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "train" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_runtime_loads_without_torch() -> None:
    code = "import sys, diabolo.runtime\nprint(sorted({'torch', 'gradio', 'onnx'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    on_disk = {
        "diabolo." + ".".join(init.parent.relative_to(ROOT).parts)
        for floor in FLOORS
        for init in (ROOT / floor).rglob("__init__.py")
    }
    assert set(listed) == on_disk


def test_no_branch_on_a_variant_outside_training() -> None:
    names = {path.stem for path in (ROOT / "train" / "variants").glob("[!_]*.py")} - {"conv"}
    assert {"autoencoder", "sparse", "denoising", "vae"} <= names
    for floor in set(FLOORS) - {"train"}:
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare):
                    values = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
                    assert not names & {v for v in values if isinstance(v, str)}, f"{path}:{node.lineno}"
