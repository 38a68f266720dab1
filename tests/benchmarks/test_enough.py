"""The benchmark of the defaults: its rows hold what the runs hold, and a stopped one goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import enough
from diabolo.train import Config

FOLDERS = ("gradients-30", "textures-60")
WORDS = ("--side", "12", "--steps", "40", "--variants", "autoencoder,vae", *FOLDERS)


def table(keep: Path, capsys: pytest.CaptureFixture[str]) -> tuple[list[list[str]], str]:
    """The cells of each row, and the last line."""
    enough.main(["--keep", str(keep), *WORDS])
    lines = capsys.readouterr().out.strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:-2]], lines[-1]


def test_every_pair_beats_pca_or_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, last = table(tmp_path, capsys)
    assert [row[:2] for row in rows] == [[kind, name] for kind in ("autoencoder", "vae") for name in FOLDERS]
    for variant, name, decided, mse, pca, *_, says, _ in rows:
        run = tmp_path / f"{name}-{variant}-12-40-None"
        config = json.loads((run / "config.json").read_text())
        changed = "shift:1,rotate:10,zoom:0.1" + (",mix:0.5" if variant == "autoencoder" else "")
        assert decided == f"{config['epochs']:,} epochs, batch size 16, {changed}"
        explained = json.loads((run / "metrics.json").read_text())["explained_variance"]
        assert says == ("better than PCA" if float(mse) < float(pca) and explained >= 0.3 else "warns")
    better = sum(row[-2] == "better than PCA" for row in rows)
    assert last.startswith(f"{better} of 4 are better than PCA")


def test_what_is_there_is_not_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = table(tmp_path, capsys)
    (tmp_path / "gradients-30-vae-12-40-None" / "metrics.json").unlink()  # as if stopped before the end
    monkeypatch.setattr(enough, "fit", None)
    again, _ = table(tmp_path, capsys)
    assert [row[:-1] for row in again] == [row[:-1] for row in first]


def test_settings_instead_of_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(config: Config, run: Path) -> None:
        assert (config.weight_decay, config.lr, config.augment) == (0.1, 0.003, "none")
        assert run.name == "gradients-30-autoencoder-8-2-none-weight_decay=0.1"
        raise KeyboardInterrupt  # that is all

    monkeypatch.setattr(enough, "fit", asked)
    words = [
        "--keep",
        str(tmp_path),
        "--side",
        "8",
        "--steps",
        "2",
        "--variants",
        "autoencoder",
        "gradients-30",
    ]
    with pytest.raises(KeyboardInterrupt):
        enough.main(["--weight-decay", "0.1", "--augment", "none", *words])


def test_an_unknown_folder_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        enough.main(["letter-100"])
    assert "no folder 'letter-100'; choose from scenes-12" in capsys.readouterr().err
