"""What strangers may send to the app over HTTP, and what they get for it."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _served import free_port, served
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened

PICTURES = {  # endpoints that take pictures, with what stands around one
    "reconstruct": lambda file: ["plane", file],
    "encode": lambda file: ["plane", file],
    "denoise": lambda file: ["plane", file, "gaussian", 0.1, 0],
    "denoise_files": lambda file: ["plane", [file]],
    "interpolate": lambda file: ["plane", file, file, 3, "linear"],
    "interpolate_path": lambda file: ["plane", [file, file], 3, "linear"],
    "interpolate_grid": lambda file: ["plane", [file] * 4, 2, "linear"],
    "compare": lambda file: [["plane"], file],
    "switch_off": lambda file: ["plane", file, 0],
}
META = {"meta": {"_type": "gradio.FileData"}}
REFUSED = "was not uploaded to this app"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("bundles")
    model = Autoencoder.load(save_coded(folder / "plane"), device="cpu")
    with served({"plane": model}) as address, httpx.Client(base_url=address, timeout=60) as asked:
        yield asked


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A picture that lies on the server and was never uploaded."""
    path = tmp_path / "private.png"
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(path)
    return path


def run(client: httpx.Client, endpoint: str, data: Any, **headers: str) -> httpx.Response:
    return client.post(f"gradio_api/run/{endpoint}", json={"data": data}, headers=headers)


def uploaded(client: httpx.Client, content: bytes, name: str = "picture.png") -> str:
    answer = client.post("gradio_api/upload", files={"files": (name, content)})
    path: str = answer.json()[0]
    return path


def test_every_endpoint_that_takes_pictures_is_tried(client: httpx.Client) -> None:
    named = client.get("gradio_api/info").json()["named_endpoints"]
    taking = {
        name.strip("/")
        for name, about in named.items()
        if any("filepath" in json.dumps(parameter) for parameter in about["parameters"])
    }
    assert taking == set(PICTURES)


@pytest.mark.parametrize("endpoint", PICTURES)
@pytest.mark.parametrize("meta", [{}, META], ids=["bare", "meta"])
def test_no_file_of_the_server_is_read(client: httpx.Client, private: Path, endpoint: str, meta: Any) -> None:
    answer = run(client, endpoint, PICTURES[endpoint]({"path": str(private), **meta}))
    assert answer.status_code == 422
    listed = not meta and endpoint in ("denoise_files", "interpolate_path", "interpolate_grid")
    assert ("'meta' field must be" if listed else REFUSED) in answer.json()["error"]
    nothing = run(client, endpoint, PICTURES[endpoint]({"path": str(private) + ".none", **meta}))
    assert nothing.text == answer.text  # nothing is told of what is there


@pytest.mark.parametrize("endpoint", PICTURES)
def test_what_was_uploaded_is_read(client: httpx.Client, private: Path, endpoint: str) -> None:
    path = uploaded(client, private.read_bytes())
    assert run(client, endpoint, PICTURES[endpoint]({"path": path, **META})).status_code == 200


@pytest.mark.parametrize("endpoint", PICTURES)
def test_no_address_is_fetched(client: httpx.Client, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio import processing_utils

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", lambda *_: pytest.fail("asked"))
    answer = run(client, endpoint, PICTURES[endpoint]({"path": "https://x.example/i.png", **META}))
    assert answer.status_code == 422
    assert "not fetched" in answer.json()["error"]


def test_old_files_are_swept_away(tmp_path: Path) -> None:
    from diabolo.ui import temporary

    now = time.time()
    for name, age in (("a/old.png", 5), ("a/new.png", 1), ("b/old.png", 5), ("tmpcut", 2), ("tmpnew", 0.5)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (now - 3600 * age,) * 2)
    kept = tmp_path / f"{temporary.KEPT}x"
    kept.mkdir()
    (kept / "model.zip").write_bytes(b"x")
    os.utime(kept / "model.zip", (0, 0))
    temporary.sweep(tmp_path, now)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"a/new.png", "tmpnew", f"{temporary.KEPT}x/model.zip"}
    assert not (tmp_path / "b").exists()


def test_odd_paths_are_refused_at_once(client: httpx.Client, private: Path, tmp_path: Path) -> None:
    folder = Path(uploaded(client, private.read_bytes())).parent
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(private)
    paths: list[Any] = [
        str(folder / "pipe"),
        str(folder / "link"),
        str(folder),
        f"{folder}/../../../etc/passwd",
    ]
    paths += [
        "/dev/zero",
        "",
        ".",
        "\0",
        "x" * 5000,
        f"file://{private}",
        5,
        None,
        [],
        {"path": str(private)},
    ]
    for path in paths:
        answer = run(client, "reconstruct", ["plane", {"path": path}])
        assert answer.status_code == 422, path
        assert str(private) not in answer.text or path == f"file://{private}"


def test_pictures_of_the_page_s_own_events_are_checked_too(client: httpx.Client, private: Path) -> None:
    """Events without a name are called by their number."""
    config = client.get("config").json()
    images = {
        part["id"] for part in config["components"] if part["type"] in ("image", "file", "uploadbutton")
    }
    tried = 0
    for event in config["dependencies"]:
        if not images & set(event["inputs"]):
            continue
        data = [{"path": str(private)} if part in images else "plane" for part in event["inputs"]]
        body = {"data": data, "fn_index": event["id"], "session_hash": "s"}
        answer = client.post("gradio_api/run/predict", json=body)
        assert answer.status_code == 422
        assert "error" in answer.json()
        tried += 1
    assert tried > 10


PLACES: list[Any] = [
    lambda file: {"path": "", "x": file},
    lambda file: {"frames": [file], "model": "plane"},
    lambda file: {"drawing": file},
    lambda file: [[file]],
    lambda file: {"path": "", "meta": {"_type": "gradio.FileData"}, "x": {"y": [file]}},
]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_hidden_in_another_value_does_not_come_back(
    client: httpx.Client, private: Path, place: Any
) -> None:
    """In every value of every event, and in what an event says of itself."""
    file, tried = place({"path": str(private), **META}), 0
    for event in client.get("config").json()["dependencies"]:
        body = {"fn_index": event["id"], "session_hash": "hidden"}
        for data, more in (
            ([file for _ in event["inputs"]], {}),
            ([None for _ in event["inputs"]], {"name": file}),
        ):
            sent = body | {"data": data, "event_data": {"index": 0, "value": "x", **more}}
            answer = client.post("gradio_api/run/predict", json=sent)
            assert private.name not in answer.text
            tried += answer.status_code == 422
    assert tried > 50


def test_every_part_that_takes_files_checks_them() -> None:
    from gradio.components import Component

    from diabolo.ui import incoming
    from diabolo.ui.app import build

    app = build(["mnist-vae-2d"], device="cpu")
    ours = {incoming._picture, incoming._files}
    checked = 0
    for function in app.fns.values():
        for part in function.inputs:
            if isinstance(part, Component) and "FileData" in str(getattr(part, "data_model", "")) + repr(
                getattr(part.data_model, "model_fields", "")
            ):
                assert type(part).preprocess in ours, (function.api_name, part)
                checked += 1
    assert checked > 10


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
    chance = random.Random(0)
    for name, about in named.items():
        for _ in range(24):
            data = [chance.choice(ODD) for _ in about["parameters"]][: chance.choice([99, 99, 99, 1, 0])]
            body = json.dumps({"data": data}).replace("1e+300", chance.choice(["1e300", "NaN", "1e999"]))
            answer = client.post(
                f"gradio_api/run{name}", content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code in (200, 422), (name, body, answer.text)
            if answer.status_code == 422:
                assert answer.json().get("error") or answer.json().get("detail"), (name, body)
                assert "Traceback" not in answer.text


def test_the_page_s_own_events_get_a_reason_too(client: httpx.Client) -> None:
    """Events without a name are called by their number, with what no page sends."""
    chance, config = random.Random(1), client.get("config").json()
    odd = [
        *ODD,
        {"frames": [1], "model": "plane"},
        {"frames": 1},
        {"drawing": 1},
        "data:image/png;base64,AAAA",
    ]
    for event in config["dependencies"]:
        for _ in range(4):
            data = [chance.choice(odd) for _ in event["inputs"]]
            body = {"data": data, "fn_index": event["id"], "session_hash": "odd"}
            body["event_data"] = {
                "index": chance.choice([0, 99, -1]),
                "value": "x",
                "name": chance.choice(["plane", 5]),
            }
            answer = client.post("gradio_api/run/predict", json=body)
            assert answer.status_code in (200, 404, 422), (event["id"], event["targets"], data, answer.text)


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
            if data == {"model": "plane"} and name in ("explorer_open", "explorer_graph", "explorer_plane"):
                assert answer.status_code == 200
                continue
            assert answer.status_code == (200 if "problem" in answer.text else 422), (name, answer.text)
            assert answer.json().get("detail") or answer.json().get("problem")


def test_another_page_s_name_is_not_answered(client: httpx.Client) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        assert client.get("", headers=headers).status_code == 403
        assert run(client, "sample", ["plane", 1, 0], **headers).status_code == 403
        answer = client.post("gradio_api/upload", files={"files": ("x", b"x")}, headers=headers)
        assert answer.status_code == 403


def test_icons_are_pictures(client: httpx.Client) -> None:
    for path in ("favicon.ico", "pwa_icon", "pwa_icon/64"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_visitors_files_go_with_the_app(tmp_path: Path, private: Path, number: signal.Signals) -> None:
    save_coded(tmp_path / "plane")
    port = free_port()
    place = tmp_path / "temporary"
    place.mkdir()
    command = [sys.executable, "-m", "diabolo.ui.cli", "ui", str(tmp_path / "plane"), "--device", "cpu"]
    environment = {key: value for key, value in os.environ.items() if key != "GRADIO_TEMP_DIR"}
    environment["TMPDIR"] = str(place)
    with subprocess.Popen(
        [*command, "--port", str(port), "--no-browser"], env=environment, stderr=subprocess.DEVNULL
    ) as app:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/", timeout=60) as asked:
                path = Path(uploaded(asked, private.read_bytes()))
                assert run(asked, "reconstruct", ["by-hand", {"path": str(path), **META}]).status_code == 200
            assert path.is_relative_to(place)
            own = place / path.relative_to(place).parts[0]
            assert own.stat().st_mode & 0o077 == 0
            app.send_signal(number)
            app.wait(60)
        finally:
            app.kill()
    left = {file.name for file in place.rglob("*") if file.is_file()}
    assert left <= {".ses"}  # onnxruntime's own
