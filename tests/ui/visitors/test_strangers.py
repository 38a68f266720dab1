"""What strangers may name over HTTP: no file of the server, no address, no other page's name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _plane_app import META, plane_app, run, uploaded
from fastapi.testclient import TestClient
from PIL import Image

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
REFUSED = "was not uploaded to this app"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with plane_app(tmp_path_factory.mktemp("bundles")) as asked:
        yield asked


@pytest.fixture(scope="module", params=["", "/latent"], ids=["launched", "mounted"])
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Gradio checks no path where an app is mounted."""
    with plane_app(tmp_path_factory.mktemp("bundles"), request.param) as asked:
        yield asked


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A picture that lies on the server and was never uploaded."""
    path = tmp_path / "private.png"
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(path)
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
def test_no_file_of_the_server_is_read(either: httpx.Client, private: Path, endpoint: str, meta: Any) -> None:
    answer = run(either, endpoint, PICTURES[endpoint]({"path": str(private), **meta}))
    assert answer.status_code == 422
    assert REFUSED in answer.json()["error"]
    nothing = run(either, endpoint, PICTURES[endpoint]({"path": str(private) + ".none", **meta}))
    assert nothing.text == answer.text  # nothing is told of what is there


@pytest.mark.parametrize("endpoint", PICTURES)
def test_what_was_uploaded_is_read(either: httpx.Client, private: Path, endpoint: str) -> None:
    path = uploaded(either, private.read_bytes())
    assert run(either, endpoint, PICTURES[endpoint]({"path": path, **META})).status_code == 200


@pytest.mark.parametrize("endpoint", PICTURES)
def test_no_address_is_fetched(either: httpx.Client, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio import processing_utils

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", lambda *_: pytest.fail("asked"))
    answer = run(either, endpoint, PICTURES[endpoint]({"path": "https://x.example/i.png", **META}))
    assert answer.status_code == 422
    assert "not downloaded" in answer.json()["error"]


def test_odd_paths_are_refused_at_once(either: httpx.Client, private: Path, tmp_path: Path) -> None:
    folder = Path(uploaded(either, private.read_bytes())).parent
    for name in ("pipe", "link"):
        (folder / name).unlink(missing_ok=True)
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
        answer = run(either, "reconstruct", ["plane", {"path": path}])
        assert answer.status_code == 422, path
        assert str(private) not in answer.text or path == f"file://{private}"


def test_pictures_of_the_page_s_own_events_are_checked_too(either: httpx.Client, private: Path) -> None:
    """Events without a name are called by their number."""
    config = either.get("config").json()
    images = {
        part["id"] for part in config["components"] if part["type"] in ("image", "file", "uploadbutton")
    }
    tried = 0
    for event in config["dependencies"]:
        if not images & set(event["inputs"]):
            continue
        data = [{"path": str(private)} if part in images else "plane" for part in event["inputs"]]
        body = {"data": data, "fn_index": event["id"], "session_hash": "s"}
        answer = either.post("gradio_api/run/predict", json=body)
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

    from diabolo.ui.app import build
    from diabolo.ui.files import incoming

    app = build(["mnist-vae-2d"], device="cpu")
    ours = {incoming._received_picture, incoming._received_files}
    checked = 0
    for function in app.fns.values():
        for part in function.inputs:
            if isinstance(part, Component) and "FileData" in str(getattr(part, "data_model", "")) + repr(
                getattr(part.data_model, "model_fields", "")
            ):
                assert type(part).preprocess in ours, (function.api_name, part)
                checked += 1
    assert checked > 10


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


def test_messages_name_no_folder(either: httpx.Client) -> None:
    path = uploaded(either, b"no picture", "mine.png")
    answer = run(either, "encode", ["plane", {"path": path, **META}])
    assert answer.status_code == 422
    assert "mine.png" in answer.text
    assert str(Path(path).parent) not in answer.text


@pytest.mark.parametrize("meta", [{}, META], ids=["bare", "meta"])
def test_nor_within_somebody_s_own_mounted_page(private: Path, tmp_path: Path, meta: Any) -> None:
    """Gradio's own checks are left out there, and so is our `Blocks`."""
    from fastapi import FastAPI

    from diabolo.ui import build

    with gr.Blocks() as page:
        build(save_coded(tmp_path / "plane"), device="cpu")
    service = gr.mount_gradio_app(FastAPI(), page, "/own")
    with TestClient(service) as asked:
        path = asked.post("/own/gradio_api/upload", files={"files": ("x.png", private.read_bytes())}).json()[
            0
        ]
        for endpoint, data in PICTURES.items():
            for file, taken in ((str(private), False), ("https://x.example/i.png", False), (path, True)):
                named = {"path": file, **(META if taken else meta)}
                body = {"data": json.loads(json.dumps(data(named)).replace('"plane"', '"by-hand"'))}
                answer = asked.post(f"/own/gradio_api/run/{endpoint}", json=body)
                assert (answer.status_code == 200) == taken, (endpoint, file, answer.text)
    assert not list(Path(path).parent.parent.rglob("private.png"))
