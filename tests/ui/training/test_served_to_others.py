"""Nobody trains on an app that is served to others; the tab says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _pair import save_pair

from diabolo.runtime.errors import UsageError

pytest.importorskip("gradio")

from gradio.context import LocalContext

from diabolo.ui import build
from diabolo.ui.app import find_tabs
from diabolo.ui.guard import Access
from diabolo.ui.serving import _is_private
from diabolo.ui.tabs.train import page
from diabolo.ui.tabs.train.desk import TrainDesk, _check_caller

pytestmark = GRADIO_MARKS[1:]  # no page is opened


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    save_pair(tmp_path / "pair")
    return str(tmp_path / "pair")


def desks(app: Any) -> list[Any]:
    return [block for block in app.blocks.values() if isinstance(block, TrainDesk)]


@pytest.mark.parametrize(
    ("host", "auth", "access", "private"),
    [
        ("127.0.0.1", None, Access(), True),
        ("localhost", None, Access(), True),
        ("0.0.0.0", None, Access(), False),  # noqa: S104 - it is not served
        ("192.168.1.2", None, Access(), False),
        ("127.0.0.1", {"me": "secret"}, Access(), False),
        ("127.0.0.1", None, Access(hosts=("demo.example.org",)), False),
        ("127.0.0.1", None, Access(origins=("https://example.org",)), False),
    ],
)
def test_only_an_app_for_this_machine_trains(
    host: str, auth: dict[str, str] | None, access: Access, private: bool
) -> None:
    assert _is_private(host, auth, access) is private


def test_an_app_in_another_page_says_why_it_does_not_train(bundle: str) -> None:
    app: Any = build(bundle, device="cpu")
    assert desks(app) == []
    assert "Models cannot be trained here" in str(app.get_config_file())


def test_the_app_of_this_machine_trains(bundle: str) -> None:
    app: Any = build(bundle, device="cpu", training=True)
    assert len(desks(app)) == 1
    assert "Models cannot be trained here" not in str([b.get_config() for b in app.blocks.values()])


@pytest.fixture
def caller(request: pytest.FixtureRequest) -> Iterator[None]:
    held = LocalContext.request.set(SimpleNamespace(client=SimpleNamespace(host=request.param)))
    yield
    LocalContext.request.reset(held)


@pytest.mark.parametrize("caller", ["10.0.0.5", "2001:db8::1", "example"], indirect=True)
@pytest.mark.usefixtures("caller")
def test_a_call_from_another_machine_is_refused() -> None:
    with pytest.raises(UsageError, match="only somebody at this machine"):
        _check_caller()


@pytest.mark.parametrize("caller", ["127.0.0.1", "::1"], indirect=True)
@pytest.mark.usefixtures("caller")
def test_a_call_from_this_machine_is_taken() -> None:
    _check_caller()


def test_without_torch_there_is_no_such_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "train" in find_tabs()
    found = page.importlib.util.find_spec
    monkeypatch.setattr(
        page.importlib.util, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    assert "train" not in find_tabs()
