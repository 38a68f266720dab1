"""Values that no page sends, in every event and function of the app: each gets a reason."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from _chromium import GRADIO_MARKS
from _plane_app import plane_app

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with plane_app(tmp_path_factory.mktemp("bundles")) as asked:
        yield asked


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("component_server", {"session_hash": "x", "component_id": 99999, "fn_name": "x", "data": 1}),
        ("component_server", {"data": 1}),
        ("component_server", []),
        ("queue/join", {"data": [], "fn_index": 99999, "session_hash": "a"}),
        ("run/nothing", {"data": []}),
        ("call/nothing", {"data": []}),
    ],
)
def test_requests_that_no_page_sends_are_answered_in_words(
    client: httpx.Client, path: str, body: Any
) -> None:
    answer = client.post(f"gradio_api/{path}", json=body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]


ODD: list[Any] = [
    None,
    True,
    "",
    "x",
    "plane",
    -1,
    0,
    2,
    1e300,
    10**40,
    [],
    [[]],
    {},
    {"a": 1},
    [1.5, 2],
    "é" * 99,
]
ODD += [
    {"path": "x"},
    {"path": 1},
    [{"path": "x"}],
    {"url": "data:image/png;base64,AAAA"},
    ["plane"],
    [None] * 3,
]


def test_generated_requests_get_a_reason(client: httpx.Client) -> None:
    named = client.get("gradio_api/info").json()["named_endpoints"]
    assert len(named) > 10
    rng = random.Random(0)
    for name, about in named.items():
        for _ in range(24):
            data = [rng.choice(ODD) for _ in about["parameters"]][: rng.choice([99, 99, 99, 1, 0])]
            body = json.dumps({"data": data}).replace("1e+300", rng.choice(["1e300", "NaN", "1e999"]))
            answer = client.post(
                f"gradio_api/run{name}", content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code in (200, 422), (name, body, answer.text)
            if answer.status_code == 422:
                assert answer.json().get("error") or answer.json().get("detail"), (name, body)
                assert "Traceback" not in answer.text


def test_the_page_s_own_events_get_a_reason_too(client: httpx.Client) -> None:
    """Events without a name are called by their number, with what no page sends."""
    rng, config = random.Random(1), client.get("config").json()
    odd = [
        *ODD,
        {"frames": [1], "model": "plane"},
        {"frames": 1},
        {"drawing": 1},
        "data:image/png;base64,AAAA",
    ]
    for event in config["dependencies"]:
        for _ in range(4):
            data = [rng.choice(odd) for _ in event["inputs"]]
            body = {"data": data, "fn_index": event["id"], "session_hash": "odd"}
            body["event_data"] = {
                "index": rng.choice([0, 99, -1]),
                "value": "x",
                "name": rng.choice(["plane", 5]),
            }
            answer = client.post("gradio_api/run/predict", json=body)
            assert answer.status_code in (200, 404, 422), (event["id"], event["targets"], data, answer.text)


@pytest.mark.parametrize("said", [None, {}, "x", [], 7, True, {"index": 0}, {"value": "x"}])
def test_an_event_that_says_nothing_of_itself_gets_a_reason(client: httpx.Client, said: Any) -> None:
    config = client.get("config").json()
    chosen = 0
    for event in config["dependencies"]:
        data = ["plane", *[None] * 9][: len(event["inputs"])]
        body = {"data": data, "fn_index": event["id"], "session_hash": "odd", "event_data": said}
        answer = client.post("gradio_api/run/predict", json=body)
        assert answer.status_code in (200, 404, 422), (event["id"], said, answer.text)
        chosen += "event data is incomplete" in answer.text
    assert chosen >= 2


def test_a_long_name_costs_nothing(client: httpx.Client) -> None:
    begun = time.process_time()  # of this process, in which the app runs
    for endpoint, data in (("describe", ["x" * (8 << 20)]), ("compare", [["x" * (8 << 20)], None])):
        answer = client.post(f"gradio_api/run/{endpoint}", json={"data": data})
        assert answer.status_code == 422
        assert len(answer.text) < 2000
    assert time.process_time() - begun < 1.5


PLANE = {"model": "plane"}
GOOD: dict[str, list[Any]] = {  # what the page's functions take of the data below
    "explorer_open": [{}, PLANE],
    "explorer_graph": [PLANE],
    "explorer_plane": [PLANE],
    "explorer_script": [{}, PLANE, {"model": "none"}, {"model": ["plane"]}],
    "train_form": [{}, PLANE, {"model": "none"}, {"model": ["plane"]}],
    "train_state": [{}, PLANE, {"model": "none"}, {"model": ["plane"]}],
}


@pytest.mark.parametrize("data", [{}, [], None, {"model": "none"}, {"model": ["plane"]}, {"model": "plane"}])
def test_functions_of_the_page_get_a_reason(client: httpx.Client, data: Any) -> None:
    config = client.get("config").json()
    parts = [
        (p["id"], p["props"]["server_fns"]) for p in config["components"] if p["props"].get("server_fns")
    ]
    assert {name for _, names in parts for name in names} >= {"explorer_decode", "film_file"}
    for number, names in parts:
        for name in names:
            body = {"session_hash": "s", "component_id": number, "fn_name": name, "data": data}
            answer = client.post("gradio_api/component_server", json=body)
            if name in GOOD and data in GOOD[name]:
                assert answer.status_code == 200
                continue
            assert answer.status_code == (200 if "problem" in answer.text else 422), (name, answer.text)
            assert answer.json().get("detail") or answer.json().get("problem")
