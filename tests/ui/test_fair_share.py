"""Who asked for little is served before who asks for much, and nobody waits where nobody else does."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from _chromium import GRADIO_MARKS
from _linear import LATENT, make_bundle
from _served import served

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.ui.sessions.fair_share import FairShare

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no browser


async def call(share: FairShare, caller: str, seconds: float, ends: list[str]) -> None:
    async with share.turn(caller):
        await asyncio.sleep(seconds)
    ends.append(caller)


def test_who_asks_for_little_goes_first() -> None:
    async def scene() -> list[str]:
        share, ends = FairShare(slots=1, seconds=10.0), list[str]()
        greedy = [asyncio.create_task(call(share, "greedy", 0.02, ends)) for _ in range(10)]
        await asyncio.sleep(0.05)  # two or three of them are over
        other = asyncio.create_task(call(share, "other", 0.02, ends))
        await asyncio.gather(*greedy, other)
        return ends

    ends = asyncio.run(scene())
    assert ends.count("greedy") == 10
    assert ends.index("other") <= 5


def test_calls_of_one_caller_keep_their_order() -> None:
    async def scene() -> list[int]:
        share, ends = FairShare(slots=1, seconds=10.0), list[int]()

        async def one(number: int) -> None:
            async with share.turn("somebody"):
                await asyncio.sleep(0)
            ends.append(number)

        await asyncio.gather(*(one(number) for number in range(20)))
        return ends

    assert asyncio.run(scene()) == list(range(20))


def test_a_long_call_leaves_its_slot_to_others() -> None:
    async def scene() -> float:
        share, ends = FairShare(slots=1, seconds=0.05), list[str]()
        long = asyncio.create_task(call(share, "long", 30.0, ends))
        await asyncio.sleep(0)
        begun = time.monotonic()
        await call(share, "short", 0.0, ends)
        took = time.monotonic() - begun
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        await call(share, "short", 0.0, ends)  # its slot was given back once, not twice
        assert share._free == 1
        return took

    assert asyncio.run(scene()) < 10


def test_a_call_that_is_called_off_while_it_waits() -> None:
    async def scene() -> None:
        share, ends = FairShare(slots=1, seconds=10.0), list[str]()
        first = asyncio.create_task(call(share, "a", 0.05, ends))
        waits = asyncio.create_task(call(share, "b", 0.0, ends))
        admitted = asyncio.create_task(call(share, "c", 0.0, ends))
        await asyncio.sleep(0.01)
        waits.cancel()
        await asyncio.gather(first, admitted)
        assert ends == ["a", "c"]
        assert (share._free, share._waiting) == (1, [])

    asyncio.run(scene())


def test_a_call_that_is_called_off_when_its_turn_comes() -> None:
    """Whether it was called off just before or just after, it ends as cancelled, and the next one begins."""

    async def scene(*, before: bool) -> None:
        share, ends = FairShare(slots=1, seconds=10.0), list[str]()
        await share._enter("a")
        waits = asyncio.create_task(call(share, "b", 0.0, ends))
        after = asyncio.create_task(call(share, "c", 0.0, ends))
        await asyncio.sleep(0)
        for step in (waits.cancel, share.leave) if before else (share.leave, waits.cancel):
            step()
        with pytest.raises(asyncio.CancelledError):
            await waits
        await after
        assert ends == ["c"]
        assert (share._free, share._waiting) == (1, [])

    asyncio.run(scene(before=True))
    asyncio.run(scene(before=False))


def test_a_failed_call_gives_its_slot_back() -> None:
    async def scene() -> FairShare:
        share = FairShare(slots=1, seconds=10.0)
        with pytest.raises(ValueError, match="wrong"):
            async with share.turn("a"):
                raise ValueError("wrong")
        return share

    share = asyncio.run(scene())
    assert share._free == 1


def test_what_was_used_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.ui.sessions import fair_share

    now = [100.0]
    monkeypatch.setattr(fair_share.time, "monotonic", lambda: now[0])
    share = FairShare()
    share._count("a", 0.8)
    assert share.used("a") == 0.8
    now[0] += 10.0
    assert share.used("a") == pytest.approx(0.2)
    assert share.used("nobody") == 0.0
    now[0] += 1000.0
    for number in range(2000):
        share._count(f"caller {number}", 0.1)
    assert len(share._used) <= 2000
    assert "a" not in share._used


def test_the_app_asks_whose_turn_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    callers: list[str] = []
    turn = FairShare.turn

    def recorded(share: FairShare, caller: str) -> Any:
        callers.append(caller)
        return turn(share, caller)

    monkeypatch.setattr(FairShare, "turn", recorded)
    model = Autoencoder.load(make_bundle(tmp_path / "tiny"), device="cpu")
    body = {"data": ["tiny", [0.5] * LATENT]}
    with served({"tiny": model}) as address, httpx.Client(base_url=address, timeout=60) as client:
        assert client.post("gradio_api/run/decode", json=body).status_code == 200
        event = client.post("gradio_api/call/decode", json=body).json()["event_id"]
        assert "complete" in client.get(f"gradio_api/call/decode/{event}").text
    assert callers == ["127.0.0.1"] * 2


def test_the_address_of_a_request() -> None:
    from types import SimpleNamespace

    from diabolo.ui.blocks import address_of

    one = SimpleNamespace(client=SimpleNamespace(host="192.0.2.7"))
    assert address_of(one) == address_of([one, None]) == "192.0.2.7"
    assert address_of(None) == address_of([]) == address_of(SimpleNamespace(client=None)) == ""
