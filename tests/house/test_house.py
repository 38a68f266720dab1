"""The house stands: floors import only those below, the ground floor stays light, packages are listed."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from textwrap import indent

import pytest
from _house import FLOORS, ROOT, modules

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


def when_loaded(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when a file is loaded: none in functions, none for type checkers alone."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If):
            if ast.unparse(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                yield from when_loaded(node.body)
            yield from when_loaded(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ("body", "handlers", "orelse", "finalbody"):
                yield from when_loaded(getattr(node, inner, []))


def needed(source: str, known: Mapping[str, Path]) -> set[str]:
    """Those of the `known` modules that a file's text imports when it is loaded."""
    found = set()
    for node in when_loaded(ast.parse(source).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            full = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else str(node.module) for name in full.values()}
    return found & known.keys()


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules of which each imports the next, the last one being the first again; [] where there are none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1][::-1]
        return found
    return []


def test_no_imports_in_a_circle() -> None:
    known = modules()
    assert len(known) > 200
    assert circle({name: needed(path.read_text("utf-8"), known) for name, path in known.items()}) == []


def test_a_circle_is_found() -> None:
    sources = {
        "a": "try:\n    import b\nexcept ImportError:\n    pass",
        "b": "def f():\n    import a\nif TYPE_CHECKING:\n    import a",
        "c": "class C:\n    from d.e import x",
        "d.e": "from c import y",
    }
    known = dict.fromkeys(sources, ROOT)
    graph = {name: needed(source, known) for name, source in sources.items()}
    assert graph == {"a": {"b"}, "b": set(), "c": {"d.e"}, "d.e": {"c"}}
    assert circle(graph) in (["c", "d.e", "c"], ["d.e", "c", "d.e"])


def test_what_serves_knows_neither_tabs_nor_commands() -> None:
    for path in (ROOT / "ui").rglob("*.py"):
        part = path.relative_to(ROOT / "ui").parts[0]
        barred = {
            "diabolo.ui.cli": part != "cli",
            "diabolo.ui.tabs": part not in ("tabs", "app.py"),  # which puts them together
            "diabolo.ui.sandbox._": part != "sandbox",
        }
        for module in imported(path):
            assert not module.startswith(tuple(start for start, bad in barred.items() if bad)), (
                f"{path}: {module}"
            )


FILES, LINES, FUNCTION = (
    20,
    300,
    60,
)  # at most: Python files of a folder, lines of a file, lines of a function


def sources() -> list[Path]:
    """The Python files of the package, of its tests, of its benchmarks and of its site."""
    folders = (*FLOORS, "tests", "benchmarks", "website")
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def too_long(source: str) -> list[str]:
    """The functions of a file's text that have more lines than they may."""
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [one.name for one in functions if (one.end_lineno or 0) - one.lineno + 1 > FUNCTION]


def test_no_folder_is_a_drawer() -> None:
    count = Counter(path.parent.relative_to(ROOT) for path in sources())
    assert len(count) > 30
    assert {str(folder): files for folder, files in count.items() if files > FILES} == {}


def test_no_file_and_no_function_is_long() -> None:
    files = [path for path in sources() if path.relative_to(ROOT).parts[0] in (*FLOORS, "website")]
    assert len(files) > 250
    for path in files:
        text = path.read_text("utf-8")
        assert text.count("\n") <= LINES, path
        assert too_long(text) == [], path


def test_a_long_function_is_found() -> None:
    short = "def short():\n" + "    pass\n" * (FUNCTION - 1)
    assert too_long(short) == []
    assert too_long(f"class A:\n{indent(short, '    ')}        pass\n") == ["short"]


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


def test_every_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("setuptools.setup", lambda packages: found.extend(packages))
    runpy.run_path("setup.py")
    on_disk = {
        "diabolo." + ".".join(init.parent.relative_to(ROOT).parts)
        for floor in FLOORS
        for init in (ROOT / floor).rglob("__init__.py")
    }
    assert set(found) == on_disk | {"diabolo"}
    assert {"diabolo.ui.tabs.denoise", "diabolo.runtime.latent"} <= on_disk


def test_no_branch_on_a_variant_outside_training() -> None:
    names = {path.stem for path in (ROOT / "train" / "variants").glob("[!_]*.py")} - {"conv"}
    assert {"autoencoder", "sparse", "denoising", "vae"} <= names
    for floor in set(FLOORS) - {"train"}:
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare):
                    values = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
                    assert not names & {v for v in values if isinstance(v, str)}, f"{path}:{node.lineno}"
