"""The page *Use via API*: every endpoint that the app lists accepts its own example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from _chromium import GRADIO_MARKS
from _served import served
from PIL import Image

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        served(["mnist-vae-2d", "mnist-conv"], device="cpu") as address,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    endpoints: dict[str, Any] = client.get("gradio_api/info").json()["named_endpoints"]
    return endpoints


@pytest.fixture(scope="module")
def uploaded(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A picture in the place of the one on the internet that Gradio has as its example."""
    file = tmp_path_factory.mktemp("picture") / "bus.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60), np.uint8)).save(file)
    with Path(file).open("rb") as content:
        (path,) = client.post("gradio_api/upload", files={"files": content}).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def _argument(about: dict[str, Any], uploaded: dict[str, Any]) -> Any:
    """What the page's code sends: the default, or else the example."""
    given = about["parameter_default"] if about["parameter_has_default"] else about["example_input"]
    if isinstance(given, list):
        return [uploaded if _is_picture(item) else item for item in given]
    return uploaded if _is_picture(given) else given


def _is_picture(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("path", "")).endswith(".png")


def test_every_example_is_accepted(
    client: httpx.Client, described: dict[str, Any], uploaded: dict[str, Any]
) -> None:
    answers = {
        name: client.post(
            f"gradio_api/run{name}",
            json={"data": [_argument(one, uploaded) for one in about["parameters"]]},
        )
        for name, about in described.items()
        if name != "/test_image"  # whose data set need not be here
    }
    refused = {name: answer.text for name, answer in answers.items() if answer.status_code != 200}
    assert len(answers) > 10
    assert not refused


def test_the_curl_command_of_the_page_works(client: httpx.Client, described: dict[str, Any]) -> None:
    """It sends the arguments by their names."""
    named = {one["parameter_name"]: _argument(one, {}) for one in described["/decode"]["parameters"]}
    started = client.post("gradio_api/call/v2/decode", json=named)
    assert started.status_code == 200, started.text
    told = client.get(f"gradio_api/call/decode/{started.json()['event_id']}").text
    assert "event: complete" in told


def test_everything_on_it_has_a_name_and_an_example(described: dict[str, Any]) -> None:
    for name, about in described.items():
        assert name.strip("/").isidentifier()
        assert about["description"]
        for result in about["returns"]:
            assert result["label"].isidentifier(), (name, result["label"])
    assert '"foo"' not in json.dumps(described)  # Gradio's example of any JSON
    assert ".pdf" not in json.dumps(described)


@pytest.mark.parametrize("wrong", [None, 7, "x" * 9, [[None]], {"a": {}}, {"path": "/etc/passwd"}, 1e300])
def test_a_wrong_value_in_the_place_of_one_argument_gets_a_reason(
    client: httpx.Client,
    described: dict[str, Any],
    uploaded: dict[str, Any],
    wrong: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All others are right, so that each argument's own check is met."""
    for name, about in described.items():
        right = [_argument(one, uploaded) for one in about["parameters"]]
        for index in range(len(right)):
            data = [*right[:index], wrong, *right[index + 1 :]]
            answer = client.post(f"gradio_api/run{name}", json={"data": data})
            # a number or a null may be right
            assert answer.status_code in (200, 422), (name, index, answer.text)
            if answer.status_code == 422:
                said = answer.json()
                assert said.get("error") or said.get("detail"), (name, index)
    assert "Traceback" not in caplog.text + capsys.readouterr().err


def test_too_few_and_too_many_arguments_get_a_reason(
    client: httpx.Client, described: dict[str, Any], uploaded: dict[str, Any]
) -> None:
    for name, about in described.items():
        right = [_argument(one, uploaded) for one in about["parameters"]]
        for data in (right[:-1], []):
            answer = client.post(f"gradio_api/run{name}", json={"data": data})
            assert answer.status_code == 422, (name, answer.text)
            assert answer.json().get("error") or answer.json().get("detail")
        answer = client.post(f"gradio_api/run{name}", json={"data": [*right, 1, 2]})
        assert answer.status_code in (200, 422), (name, answer.text)


def test_types_can_be_read_on_dark(client: httpx.Client) -> None:
    """The page has them in the accent's colour, on grey; it is outside of what the style sheet reaches."""
    dark = client.get("theme.css").text.partition(".dark")[2]
    assert "--color-accent: var(--primary-400)" in dark
