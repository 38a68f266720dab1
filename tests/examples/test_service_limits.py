"""The example's HTTP service in this process, its model held back: queues, who waits, who has gone."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from _service import here, modules
from PIL import Image

pytest.importorskip("fastapi")

Load = Callable[[str], ModuleType]


@pytest.fixture(name="load")
def _load() -> Iterator[Load]:
    with modules() as load:
        yield load


def grey(value: int) -> bytes:
    """A PNG of the model's size; its border is dark for any value, the first pixel has it."""
    picture = Image.new("L", (28, 28))
    picture.putpixel((0, 0), value)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_health_answers_while_everything_waits(load: Load) -> None:
    with here(load, waiting=4) as (served, model), ThreadPoolExecutor(8) as pool:
        model.go.clear()
        waiting = [pool.submit(served.ask, "/encode", grey(value)) for value in range(4)]
        facts = served.until(lambda facts: facts["busy"]["requests"] == 4)
        assert facts["ok"]
        assert facts["busy"]["most_requests"] == 4
        for path in ("/encode", "/decode", "/reconstruct"):
            status, headers, told = served.ask(path, b"{}")
            assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
            assert "try again later" in told["detail"]
        status, _, facts = served.ask("/health")
        assert (status, facts["since_start"]["refused"]) == (200, 3)
        model.go.set()
        assert [call.result()[0] for call in waiting] == [200] * 4
        assert served.facts()["busy"]["requests"] == 0


@pytest.mark.parametrize("path", ["/encode", "/reconstruct"])
def test_who_has_gone_is_not_computed(load: Load, path: str) -> None:
    with here(load) as (served, model), ThreadPoolExecutor(2) as pool:
        model.go.clear()
        model.seen.clear()
        first = pool.submit(served.ask, path, grey(1))
        served.until(lambda _: len(model.seen) == 1)  # its batch has begun; the next ones wait
        gone = [served.send(path, grey(value)) for value in (2, 3)]
        served.until(lambda facts: facts["busy"]["waiting"]["encode"] == 2)
        for connection in gone:
            connection.close()
        facts = served.until(lambda facts: facts["since_start"]["left"] == 2)
        assert facts["busy"]["waiting"]["encode"] == 0
        assert facts["busy"]["requests"] == 1
        last = pool.submit(served.ask, path, grey(4))
        served.until(lambda facts: facts["busy"]["waiting"]["encode"] == 1)
        model.go.set()
        assert [call.result()[0] for call in (first, last)] == [200, 200]
        np.testing.assert_allclose(model.seen, np.array([1, 4]) / 255)


def test_pictures_of_who_has_gone_are_not_decoded(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    service = load("service")
    decode, go, begun = service.prepare, threading.Event(), []

    def slowly(raw: bytes, *about: Any) -> Any:
        begun.append(raw)
        assert go.wait(60)
        return decode(raw, *about)

    monkeypatch.setattr(service, "prepare", slowly)
    with here(load, decoders=1) as (served, _), ThreadPoolExecutor(1) as pool:
        gone = served.send("/encode", grey(1))
        served.until(lambda _: len(begun) == 1)
        waiting = [served.send("/encode", grey(2)), served.send("/encode", grey(3))]
        served.until(lambda facts: facts["busy"]["requests"] == 3)
        for connection in (gone, *waiting):
            connection.close()
        served.until(lambda facts: facts["since_start"]["left"] == 3)
        last = pool.submit(served.ask, "/encode", grey(4))
        served.until(lambda facts: facts["busy"]["requests"] == 1)
        assert begun == [grey(1)]  # its thread cannot be stopped, and is the only one
        go.set()
        assert last.result()[0] == 200
        assert begun == [grey(1), grey(4)]


def test_bodies_together_take_bounded_memory(load: Load) -> None:
    with here(load, held_bytes=1000) as (served, _):
        assert served.ask("/encode", grey(0))[0] == 200
        status, headers, _ = served.ask("/encode", bytes(1001))
        assert (status, headers["retry-after"]) == (503, "1")
        parts = [served.send("/encode", bytes(400), length=500) for _ in range(2)]
        served.until(lambda facts: facts["busy"]["body_bytes"] == 800)
        assert served.ask("/encode", bytes(300))[0] == 503
        for part in parts:
            part.close()
        served.until(lambda facts: facts["busy"]["body_bytes"] == 0)
        assert served.ask("/encode", bytes(300))[0] == 422  # room again; it is not a picture


def test_a_model_that_changed_is_told(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    with here(load) as (served, model):
        golden = load("golden").Golden(model)
        asyncio.run(golden.take())
        assert golden.ok
        monkeypatch.setattr(type(model), "decode", lambda *_: np.full((1, 1, 28, 28), np.nan), raising=False)
        asyncio.run(golden.take())
        assert not golden.ok
        assert golden.facts()["largest_difference"] is None
        assert served.facts()["ok"]  # taken at the start, anew each minute


def test_what_openapi_says(load: Load) -> None:
    with here(load) as (served, _):
        document = served.ask("/openapi.json")[2]
    for path in ("/encode", "/decode", "/reconstruct"):
        about = document["paths"][path]["post"]
        kind = "application/json" if path == "/decode" else "image/*"
        assert list(about["requestBody"]["content"]) == [kind]
        assert about["requestBody"]["required"]
        for status in ("408", "413", "422", "503"):
            schema = about["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Refusal"}
        assert "Retry-After" in about["responses"]["503"]["headers"]
        answer = "application/json" if path == "/encode" else "image/png"
        assert list(about["responses"]["200"]["content"]) == [answer]
    assert document["components"]["schemas"]["Refusal"]["required"] == ["detail"]
    assert set(document["paths"]["/health"]["get"]["responses"]) == {"200", "503"}
    assert "latents" in json.dumps(document["paths"]["/decode"]["post"]["requestBody"])


@pytest.mark.parametrize(
    "option", ["--most-pixels 0", "--decoders none", "--body-seconds nan", "--waiting -1"]
)
def test_limits_are_checked(load: Load, capsys: pytest.CaptureFixture[str], option: str) -> None:
    parser = argparse.ArgumentParser()
    load("limits").add_options(parser)
    assert load("limits").chosen(parser.parse_args([])) == load("limits").Limits()
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(option.split())
    assert f"argument {option.split()[0]}: invalid number above 0 value" in capsys.readouterr().err


def test_a_call_that_is_cancelled_leaves_the_queue(load: Load) -> None:
    given: list[Any] = []

    def run(batch: np.ndarray) -> np.ndarray:
        given.extend(batch[:, 0].tolist())
        return batch

    async def ask() -> None:
        batcher = load("batching").Batcher(run, most=2)
        calls = [asyncio.ensure_future(batcher(np.array([float(i)]))) for i in range(5)]
        await asyncio.sleep(0)
        assert batcher.waiting == 5
        for number in (0, 3):
            calls[number].cancel()
        await asyncio.sleep(0)
        assert batcher.waiting == 3
        task = asyncio.create_task(batcher.work())
        await asyncio.gather(*(calls[number] for number in (1, 2, 4)))
        task.cancel()
        assert given == [1.0, 2.0, 4.0]
        assert batcher.sizes == {2: 1, 1: 1}

    asyncio.run(ask())
