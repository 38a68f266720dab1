"""`diabolo lab`."""

from __future__ import annotations

import json
import locale
from pathlib import Path

import pytest
from click.testing import CliRunner

from diabolo.course.catalogue import labs
from diabolo.ui.cli import main


def called(*words: str, **env: str) -> tuple[int, str, str]:
    done = CliRunner(env=env).invoke(main, ["lab", *words])
    return done.exit_code, done.stdout, done.stderr


def test_it_lists_the_labs() -> None:
    code, out, err = called(LANG="en_GB.UTF-8", LC_ALL="", LC_MESSAGES="")
    assert code == 0
    assert out.splitlines()[0].startswith("Lab 1: An autoencoder")
    assert len(out.splitlines()) == len(labs())
    assert "diabolo lab 1 -o lab1" in err
    assert "自編碼器" in called(LANG="zh_TW.UTF-8", LC_ALL="", LC_MESSAGES="")[1]
    assert "自編碼器" in called("--language", "zh-TW")[1]
    assert json.loads(called("--json")[1])[0]["number"] == 1


def test_on_windows_the_language_is_the_system_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for system, lab in (("Chinese (Traditional)_Taiwan.950", "自編碼器"), ("English_Taiwan.950", "An auto")):
        monkeypatch.setattr(locale, "setlocale", lambda _category, system=system: system)
        assert lab in called(LANG="", LC_ALL="", LC_MESSAGES="")[1]


@pytest.mark.parametrize("words", [["1"], ["get", "1"]])
def test_it_puts_one_into_a_folder(words: list[str], tmp_path: Path) -> None:
    code, out, _ = called(*words, "-o", str(tmp_path / "a" / "here"), "--language", "zh-TW")
    assert code == 0
    assert out.split() == [str(tmp_path / "a" / "here" / "lab1-autoencoder.ipynb")]
    assert "自編碼器" in Path(out.strip()).read_text("utf-8")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["here"]


def test_a_folder_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert called("1", "-o", str(tmp_path / "work"))[0] == 0  # it was empty
    mine = tmp_path / "work" / "lab1-autoencoder.ipynb"
    mine.write_text("mine", "utf-8")
    code, _, err = called("1", "-o", str(tmp_path / "work"))
    assert code == 1
    assert "exists already, and may hold your work" in err
    assert "diabolo lab 1 -o" in err
    assert mine.read_text("utf-8") == "mine"
    code, _, err = called("1", "-o", str(mine))
    assert code == 1
    code, _, err = called("1", "-o", str(mine / "x"))
    assert code == 1
    assert "cannot be written" in err


def test_a_check_speaks_the_language_of_its_notebook(tmp_path: Path) -> None:
    english, chinese = "still to fill", "空格沒填"
    called("7", "-o", str(tmp_path / "lab"), "--language", "zh-TW")
    file = str(tmp_path / "lab" / "my_network.py")
    (tmp_path / "elsewhere.py").write_text("x = ...\n", "utf-8")
    (tmp_path / "lab0.ipynb").write_text("[1]", "utf-8")  # somebody else's
    assert chinese in called("check", "7", file, LANG="en_GB.UTF-8", LC_ALL="", LC_MESSAGES="")[1]
    assert english in called("check", "7", file, "--language", "en")[1]
    assert english in called("--language", "en", "check", "7", file)[1]
    assert (
        english
        in called("check", "7", str(tmp_path / "elsewhere.py"), LANG="C", LC_ALL="", LC_MESSAGES="")[1]
    )


def test_a_solution_speaks_the_language_of_its_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called("7", "-o", str(tmp_path / "lab"), "--language", "zh-TW")
    monkeypatch.chdir(tmp_path / "lab")
    assert called("solution", "7", LANG="C", LC_ALL="", LC_MESSAGES="")[0] == 0
    assert "其中一種寫法" in Path("my_network_solution.py").read_text("utf-8")
    assert called("solution", "7", "-o", "mine.py", "--language", "en")[0] == 0
    assert "A solution of exercise 7" in Path("mine.py").read_text("utf-8")


def test_what_it_says_is_in_the_language_asked_for(tmp_path: Path) -> None:
    _, out, err = called("--language", "zh-TW")
    assert "分鐘" in out
    assert "min" not in out
    assert err == "放進一個資料夾：diabolo lab 1 -o lab1\n"
    assert "Open it: jupyter" in called("1", "-o", str(tmp_path / "a"), "--language", "en")[2]
    assert "打開筆記本：jupyter" in called("1", "-o", str(tmp_path / "b"), "--language", "zh-TW")[2]


@pytest.mark.parametrize("words", [["0"], ["999"], ["1", "--language", "fr"], ["two"]])
def test_what_there_is_not(words: list[str]) -> None:
    code, _, err = called(*words)
    assert code == 2
    assert err


def test_a_lab_by_its_name() -> None:
    assert "no lab 'autoencoder'; labs have numbers" in called("autoencoder")[2]
