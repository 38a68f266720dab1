"""What a run shows: in TensorBoard, in a notebook, beside another run."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from diabolo.runtime.errors import MissingPackageError
from diabolo.train import Config, Run, fit, resume
from diabolo.train.datasets import spread
from diabolo.ui.cli import main

ALWAYS = {"losses", "reconstructions", "latent_map", "samples"}


def board(run: Path) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The steps of every curve and of every picture."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard")).Reload()
    tags = events.Tags()
    return (
        {tag: [event.step for event in events.Scalars(tag)] for tag in tags["scalars"]},
        {tag: [event.step for event in events.Images(tag)] for tag in tags["images"]},
    )


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = Config.make("vae", str(pictures), latent_dim=2, epochs=2, tensorboard=True)
    return fit(config, tmp_path_factory.mktemp("seen") / "run")


@pytest.mark.filterwarnings("default")  # TensorBoard's own
def test_tensorboard_has_the_curves_and_the_plots(run: Run) -> None:
    curves, images = board(run.path)
    assert curves == {name: [1, 2] for name in ("loss", "validation_loss", "reconstruction", "kl")}
    assert images["reconstructions"] == [1, 2]
    assert set(images) == {"reconstructions"} | {f"plots/{name}" for name in (*ALWAYS, "manifold")}


@pytest.mark.filterwarnings("default")
def test_a_continued_run_goes_on_in_it(pictures: Path, tmp_path: Path) -> None:
    config = Config.make("autoencoder", str(pictures), epochs=1, tensorboard=True)
    path = fit(config, tmp_path / "run").path
    resume(path, epochs=3)
    curves, _ = board(path)
    assert curves["loss"] == [1, 2, 3]


def test_without_tensorboard_nothing_is_begun(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "tensorboard" else find(name, *more)
    )
    with pytest.raises(MissingPackageError, match=re.escape('pip install "diabolo[tensorboard]"')):
        fit(Config.make("autoencoder", str(pictures), tensorboard=True), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_api_returns_history_and_figures(run: Run) -> None:
    assert [row["epoch"] for row in run.history()] == [1, 2]
    assert run.metrics() == json.loads((run.path / "metrics.json").read_text())
    figures = run.figures()
    assert set(figures) == ALWAYS | {"manifold"}
    for name, picture in figures.items():
        assert min(picture.size) > 50, name
        assert len(picture.convert("L").getcolors(1 << 16) or []) > 1, f"{name} is blank"


def test_a_notebook_shows_them(run: Run) -> None:
    page = run._repr_html_()
    assert "vae on pictures" in page
    assert f"<td>mse</td><td style='text-align:right'>{run.metrics()['mse']:.5g}</td>" in page
    inside = re.findall(r"data:image/png;base64,([^']+)'", page)
    assert len(inside) == len(run.figures())
    for text in inside:
        Image.open(io.BytesIO(base64.b64decode(text))).load()


@pytest.fixture(scope="module")
def pair(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A sparse run, and one of the same size without the sparsity term."""
    folder = tmp_path_factory.mktemp("pair")
    paths = []
    for name, weight in (("sparse", 3.0), ("plain", 0.0)):
        options = {"sparsity": 0.1, "sparsity_weight": weight}
        config = Config.make(
            "sparse", str(pictures), latent_dim=8, epochs=30, batch_size=20, variant_options=options
        )
        paths.append(str(fit(config, folder / name).path))
    return paths


def test_activity_beside_a_plain_autoencoder_s(pair: list[str]) -> None:
    done = CliRunner().invoke(main, ["evaluate", pair[0], "--beside", pair[1]])
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == pair
    (activity,) = (line for line in lines if line[0] == "activity")
    assert float(activity[1]) < 0.2 < float(activity[2])
    assert (Path(pair[0]) / "plots" / "activity_beside.png").is_file()
    assert not (Path(pair[1]) / "plots" / "activity_beside.png").exists()


def test_beside_as_json(pair: list[str]) -> None:
    done = CliRunner().invoke(main, ["evaluate", pair[0], "--beside", pair[1], "--json"])
    figures = json.loads(done.stdout)
    assert figures["beside"][pair[1]] == Run.open(pair[1]).metrics()
    assert "beside" not in Run.open(pair[0]).metrics()
    assert len(figures["activity_by_unit"]) == len(figures["beside"][pair[1]]["activity_by_unit"]) == 8


def test_beside_other_figures(pair: list[str], run: Run) -> None:
    """What one of them lacks is a dash."""
    done = CliRunner().invoke(main, ["evaluate", pair[0], "--beside", str(run.path)])
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:]}
    assert rows["elbo"][0] == "-"
    assert rows["activity"][1] == "-"
    assert "-" not in rows["mse"]


def test_beside_what_has_no_figures(pair: list[str], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((Path(pair[0]) / "config.json").read_bytes())
    done = CliRunner().invoke(main, ["evaluate", pair[0], "--beside", str(tmp_path)])
    assert done.exit_code == 1
    assert f"diabolo evaluate {tmp_path}" in done.stderr


@pytest.mark.parametrize("most", [1, 10, 3000])
def test_pictures_are_spread_over_the_set(most: int) -> None:
    """A set may be sorted by its classes: its first images would be of one."""
    for count in (1, 7, 2389, 60_000):
        chosen = spread(count, most)
        assert len(chosen) == min(count, most)
        assert chosen[0] == 0
        assert chosen[-1] == (count - 1 if most > 1 else 0)
        assert len(chosen) < 3 or np.ptp(np.diff(chosen)) <= 1
