"""Who may use what a visitor brought, over real HTTP: its session, and no other, however it asks."""

from __future__ import annotations

import base64
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _served import launched
from _visit import Visitor, at_once
from _wasteful import save_hostile
from _zipped import change, zipped
from PIL import Image

from diabolo.ui.sandbox import VisitorLimits

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]

FUNCTIONS = (
    ("open", {}),
    ("graph", {}),
    ("plane", {"axes": None}),
    ("code", {"index": 0}),
    ("decode", {"latents": "AAAAAAAAAAA="}),
    ("marks", {"latents": "AAAAAAAAAAA="}),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from diabolo.ui import build

    folder = tmp_path_factory.mktemp("listed")
    limits = VisitorLimits(check_s=4, call_s=1, memory_mb=256, kills=2)
    app = build(change(save_coded(folder / "plane"), name="plane"), device="cpu", limits=limits)
    with launched(app) as address:
        yield address


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    return zipped(change(save_coded(tmp_path / "letters"), name="letters"))


def workers() -> set[int]:
    """The processes that this one has started for models."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text("ascii").rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if b"diabolo.ui.sandbox" in command and parent == os.getpid():
            found.add(int(folder.name))
    return found


def taken(answer: Any) -> str:
    """The name under which a bundle was taken."""
    return str(answer["data"][0]["value"])


def test_only_its_visitor_may_use_it(address: str, letters: Path) -> None:
    ann, bob = Visitor(address), Visitor(address)
    assert taken(ann.bring(letters)) == "letters"
    status, facts = ann.run("describe", "letters")
    assert (status, facts["data"][0]["uploaded"]) == (200, True)
    assert all(check["ok"] for check in facts["data"][0]["checks"])
    assert "process of its own" in facts["data"][0]["device"]["reason"]
    for name, more in FUNCTIONS:
        asked = {"model": "letters"} | more
        status, answer = ann.explorer(name, asked)
        assert status == 200, name
        assert not isinstance(answer, dict) or "problem" not in answer
        unknown = bob.explorer(name, {"model": "no such model"} | more)
        for forged in (bob.explorer(name, asked), bob.explorer(name, asked, session_hash="")):
            assert str(forged).replace("letters", "no such model") == str(unknown)
            assert "unknown model" in str(forged)
            assert forged[0] == 200
            assert set(forged[1]) == {"problem"}
        assert bob.explorer(name, asked, session_hash=None)[0] == 400  # gradio's own refusal
    for session in (True, False):
        status, answer = bob.run("describe", "letters", session=session)
        assert "unknown model 'letters'" in answer["error"]
        status, answer = bob.run("compare", ["letters"], None, session=session)
        assert "unknown model" in answer["error"]
    assert ann.run("compare", "letters", None, session=False)[1]["error"] == answer["error"]


def test_the_same_name_for_two(address: str, letters: Path) -> None:
    ann, bob = Visitor(address), Visitor(address)
    answers = at_once(lambda: ann.bring(letters), lambda: bob.bring(zipped(letters.with_suffix(""), "bob")))
    assert [taken(answer) for answer in answers] == ["letters", "letters"]
    for visitor in (ann, bob):
        assert visitor.run("sample", "letters", 4, 0)[0] == 200


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("plane", {"model": 3}),
        ("plane", {"model": "plane", "axes": ["a", "b"]}),
        ("plane", {"model": "plane", "axes": 3}),
        ("code", {"model": "plane"}),
        ("code", {"model": "plane", "index": "first"}),
        ("decode", {"model": "plane", "latents": [0, 0]}),
        ("marks", {"model": "plane", "latents": "?"}),
    ],
)
def test_what_makes_no_sense_is_told(address: str, name: str, asked: Any) -> None:
    status, answer = Visitor(address).explorer(name, asked)
    assert status == 200
    assert "must be" in answer["problem"]


@pytest.mark.parametrize("asked", [None, ["letters"], {}])
def test_what_no_page_sends_is_refused(address: str, asked: Any) -> None:
    status, answer = Visitor(address).explorer("graph", asked)
    assert status in (200, 422)
    assert answer.get("problem") or answer.get("detail")


def test_an_endless_check_holds_up_nobody(address: str, letters: Path, tmp_path: Path) -> None:
    ann, bob, path = Visitor(address), Visitor(address), zipped(save_hostile(tmp_path / "loop", "endless"))
    ends = []

    def bring(visitor: Visitor, path: Path) -> Any:
        answer = visitor.bring(path)
        ends.append(visitor)
        return answer

    slow, quick = at_once(lambda: bring(ann, path), lambda: bring(bob, letters))
    assert slow["error"] == "loop.zip is not taken: its check took more than 4 s."
    assert taken(quick) == "letters"
    assert ends == [bob, ann]


def test_one_that_does_not_end_is_thrown_out_and_others_answer(address: str, tmp_path: Path) -> None:
    ann, bob = Visitor(address), Visitor(address)
    assert taken(ann.bring(zipped(save_hostile(tmp_path / "bright", "bright")))) == "bright"
    picture = _spot()
    calls = [lambda: ann.run("compare", "bright", picture)] * 3 + [lambda: bob.run("sample", "plane", 4, 0)]
    *bad, good = at_once(*calls)
    assert good[0] == 200
    reasons = [answer["error"] for _, answer in bad]
    assert "the model 'bright' was stopped: its encoder took more than 1 s" in " ".join(reasons)
    answer = ann.run("compare", "bright", picture)[1]
    assert "bright was removed: it was stopped 2 times, the last time since its encoder" in answer["error"]


def test_a_slow_model_of_one_holds_up_nobody_else(address: str, tmp_path: Path) -> None:
    """Choosing it measures how well it denoises, which takes bright pixels."""
    ann, bob, ends = Visitor(address), Visitor(address), []
    assert taken(ann.bring(zipped(save_hostile(tmp_path / "bright", "bright")))) == "bright"

    def choose(visitor: Visitor, model: str) -> list[Any]:
        answers = visitor.choose(model)
        ends.append(visitor)
        return answers

    bad, good = at_once(lambda: choose(ann, "bright"), lambda: choose(bob, "plane"))
    assert ends == [bob, ann]
    assert len(good) == len(bad) > 3
    assert not any(answer.get("error") for answer in good)
    assert any("took more than 1 s" in (answer.get("error") or "") for answer in bad)


def _spot() -> dict[str, Any]:
    """A bright spot on a dark ground, as programs send a picture."""
    spot = Image.new("L", (8, 8))
    spot.paste(255, (3, 3, 5, 5))
    out = io.BytesIO()
    spot.save(out, "PNG")
    address = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    return {"url": address, "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("place", ["alone", "nested", "rendered"])
def test_all_goes_when_the_page_is_closed(letters: Path, tmp_path: Path, place: str) -> None:
    from diabolo.ui import build

    listed = save_coded(tmp_path / "listed")
    if place == "nested":
        with gr.Blocks() as page:
            gr.Markdown("# Somebody's own page")
            build(listed, device="cpu")
    else:
        page = built = build(listed, device="cpu")
    if place == "rendered":
        with gr.Blocks() as page:
            built.render()
    before = workers()
    with launched(page) as address:
        ann = Visitor(address)
        ann.arrive()
        assert taken(ann.bring(letters)) == "letters"
        assert len(workers() - before) == 1
        ann.leave()
        end = time.monotonic() + 20
        while workers() - before and time.monotonic() < end:
            time.sleep(0.1)
        assert workers() <= before
        status, answer = ann.explorer("graph", {"model": "letters"})
        why = "letters was removed: the page that uploaded it was closed, or lost its connection"
        assert (status, answer["problem"].split(".")[0]) == (200, why)


def test_it_outlives_what_the_page_was_sent(letters: Path, tmp_path: Path) -> None:
    """A thousand other sessions make gradio forget this one's choices."""
    from diabolo.ui import build

    page = build(save_coded(tmp_path / "listed"), device="cpu")
    with launched(page) as address:
        ann = Visitor(address)
        assert taken(ann.bring(letters)) == "letters"
        page.state_holder.session_data.clear()
        assert ann.run("sample", "letters", 4, 0)[0] == 200
        assert "unknown model 'letters'" in Visitor(address).run("sample", "letters", 4, 0)[1]["error"]
        assert "characters as model, not ['letters']" in ann.run("sample", ["letters"], 4, 0)[1]["error"]


def test_switched_off(letters: Path, tmp_path: Path) -> None:
    from diabolo.ui import build

    app = build(save_coded(tmp_path / "listed"), device="cpu", limits=VisitorLimits(uploads=False))
    with launched(app) as address:
        assert "does not take uploads" in Visitor(address).bring(letters)["error"]


def test_whoever_brings_more_is_told_what_went(letters: Path, tmp_path: Path) -> None:
    from diabolo.ui import build

    listed = change(save_coded(tmp_path / "plane"), name="plane")
    more = zipped(change(save_coded(tmp_path / "more"), name="more"))
    with launched(build(listed, device="cpu", limits=VisitorLimits(kept=1))) as address:
        ann = Visitor(address)
        assert "removed" not in ann.bring(letters)["data"][1]
        answer = ann.bring(more)
        assert taken(answer) == "more"
        assert "your upload **letters** was removed" in answer["data"][1]
