"""What an upload is made of, and which uploads may arrive at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from gradio.routes import file_upload_statuses

from diabolo.ui.guard import Access, Guard, _uploads, exchange
from diabolo.ui.guard._parts import Parts
from diabolo.ui.guard._uploads import Uploads

KIND = b"multipart/form-data; boundary=b"
FILE = b'--b\r\nX: y\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\nx\r\n'
FIELD = b'--b\r\nContent-Disposition: form-data; name="filename"; x="filename=y"\r\n\r\nx\r\n'
END = b"--b--\r\n"


class Visitor:
    """An upload whose body comes when the test says so."""

    def __init__(self, guard: Guard) -> None:
        self._pieces: asyncio.Queue[Any] = asyncio.Queue()
        self._sent: list[Any] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/gradio_api/upload",
            "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"content-type", KIND), (b"content-length", b"200000000")],
        }
        self.task = asyncio.create_task(guard(scope, self._pieces.get, self._send))  # type: ignore[arg-type]

    async def _send(self, message: Any) -> None:
        self._sent.append(message)

    async def brings(self, body: bytes, more: bool = True) -> None:
        self._pieces.put_nowait({"type": "http.request", "body": body, "more_body": more})
        await asyncio.sleep(0.01)

    async def answer(self) -> tuple[int, bytes]:
        await asyncio.wait_for(self.task, 5)
        return self._sent[0]["status"], self._sent[1]["body"]


async def taking(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"[]"})


async def ended(visitors: list[Visitor]) -> None:
    for visitor in visitors:
        visitor.task.cancel()
    await asyncio.gather(*(visitor.task for visitor in visitors), return_exceptions=True)


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_parts_are_found_wherever_the_body_is_cut(size: int) -> None:
    def of(body: bytes) -> tuple[int, bool, str]:
        parts = Parts(KIND)
        for start in range(0, len(body), size):
            parts.take(body[start : start + size])
        return parts.count, parts.fields, parts.fault

    assert of(FILE * 3 + END) == (3, False, "")
    assert of(FILE + FIELD + FILE + END) == (3, True, "")
    assert of(b"--b\r\nX: filename=x\r\n\r\n")[1]
    assert of(b"no form")[2]
    assert of(FILE.replace(b"Content-D", b"CONTENT-d").replace(b'"x"', b'""') + END) == (1, False, "")


@pytest.mark.parametrize(("body", "said"), [(FILE + FIELD, b"only files"), (b"x", b"not valid multipart")])
def test_uploads_of_anything_but_files_are_refused(tmp_path: Path, body: bytes, said: bytes) -> None:
    async def main() -> tuple[int, bytes]:
        visitor = Visitor(Guard(taking, Access(), tmp_path))
        await visitor.brings(body, more=False)
        return await visitor.answer()

    status, words = asyncio.run(main())
    assert (status, said in words) == (422, True)


def test_uploads_that_do_not_come_keep_nobody_out(tmp_path: Path) -> None:
    async def main() -> None:
        guard = Guard(taking, Access(), tmp_path)
        idle = [Visitor(guard) for _ in range(30)]
        for visitor in idle:
            await visitor.brings(FILE)
        honest = Visitor(guard)
        await honest.brings(FILE + END, more=False)
        assert (await honest.answer())[0] == 200
        assert not any(visitor.task.done() for visitor in idle)
        await ended(idle)

    asyncio.run(main())


def test_the_slowest_gives_its_place_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_BEGINNING", 50)
    monkeypatch.setattr(exchange, "_MEASURED", 0)
    monkeypatch.setattr(_uploads, "_SLOW", float("inf"))
    monkeypatch.setattr(_uploads, "_ARRIVING", 3)

    async def main() -> None:
        guard = Guard(taking, Access(), tmp_path)
        idle = [Visitor(guard) for _ in range(3)]
        for count, visitor in enumerate(idle):
            await visitor.brings(FILE * (3 - count))
        honest = Visitor(guard)
        await honest.brings(FILE * 4)
        status, words = await idle[2].answer()
        assert (status, b"the slowest" in words) == (503, True)
        await honest.brings(END, more=False)
        assert (await honest.answer())[0] == 200
        await ended(idle)
        assert not guard._uploads._arriving

    asyncio.run(main())


def test_fast_uploads_keep_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads, "_ARRIVING", 1)
    monkeypatch.setattr(_uploads, "_PATIENCE", 0.1)

    async def main() -> None:
        guard = Guard(taking, Access(), tmp_path)
        fast, late = Visitor(guard), Visitor(guard)
        await fast.brings(FILE + bytes(200_000))
        await late.brings(FILE + END, more=False)
        assert (await late.answer())[0] == 503
        await fast.brings(b"\r\n" + END, more=False)
        assert (await fast.answer())[0] == 200

    asyncio.run(main())


def test_a_class_that_uploads_at_once_waits_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads, "_ARRIVING", 2)
    monkeypatch.setattr(exchange, "_BEGINNING", 50)

    async def main() -> None:
        guard = Guard(taking, Access(seconds=2), tmp_path)
        pupils = [Visitor(guard) for _ in range(6)]
        for pupil in pupils:
            await pupil.brings(FILE * 2)
        for pair in (
            pupils[:2],
            pupils[2:4],
            pupils[4:],
        ):  # the last come after more than the time for a body
            await asyncio.sleep(1.2)
            assert pair == [pupil for pupil in pupils if not pupil.task.done()][:2]
            for pupil in pair:
                await pupil.brings(END, more=False)
                assert (await pupil.answer())[0] == 200
        assert not guard._uploads._queue

    asyncio.run(main())


def test_thirty_uploads_that_share_a_line_all_arrive(tmp_path: Path) -> None:
    """Each brings 8 kB at a time, 400 kB a second at first: none is too slow after its first 64 kB."""

    async def bring(pupil: Visitor) -> int:
        await pupil.brings(FILE)
        for _ in range(20):
            await pupil.brings(bytes(8 << 10))
            await asyncio.sleep(0.01)
        await pupil.brings(b"\r\n" + END, more=False)
        return (await asyncio.wait_for(pupil.answer(), 60))[0]

    async def main() -> list[int]:
        guard = Guard(taking, Access(), tmp_path)
        return await asyncio.gather(*(bring(Visitor(guard)) for _ in range(30)))

    assert asyncio.run(main()) == [200] * 30


def test_whoever_comes_later_does_not_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads, "_ARRIVING", 1)
    monkeypatch.setattr(_uploads, "_LOOK", 0.2)

    async def main() -> None:
        guard = Guard(taking, Access(), tmp_path)
        first, second = Visitor(guard), Visitor(guard)
        for pupil in (first, second):
            await pupil.brings(FILE + bytes(70_000))
        await first.brings(b"\r\n" + END, more=False)
        assert (await first.answer())[0] == 200  # its slot is free, and nobody has looked yet
        third = Visitor(guard)
        await third.brings(FILE + bytes(70_000))
        await asyncio.sleep(0.5)
        assert [each.address for each in guard._uploads._arriving] == [""]
        await second.brings(b"\r\n" + END, more=False)
        assert (await second.answer())[0] == 200
        assert not third.task.done()
        await third.brings(b"\r\n" + END, more=False)
        assert (await third.answer())[0] == 200

    asyncio.run(main())


def test_one_address_does_not_fill_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads, "_ARRIVING", 1)
    monkeypatch.setattr(_uploads, "_WAITING", 4)

    async def main() -> None:
        guard = Guard(taking, Access(), tmp_path)
        pupils = [Visitor(guard) for _ in range(4)]  # one arrives, two wait
        for pupil in pupils:
            await pupil.brings(FILE + bytes(70_000))
        assert (await pupils[3].answer())[0] == 503
        assert len(guard._uploads._queue) == 2
        await ended(pupils)

    asyncio.run(main())


def test_of_those_that_wait_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads, "_WAITING", 2)

    async def main() -> None:
        guard = Guard(taking, Access(), tmp_path)
        idle = [Visitor(guard) for _ in range(2)]
        await asyncio.sleep(0.01)
        honest = Visitor(guard)
        await honest.brings(FILE + END, more=False)
        assert ((await idle[0].answer())[0], (await honest.answer())[0]) == (503, 200)
        await ended(idle)
        assert not guard._uploads._waiting

    asyncio.run(main())


def test_a_beginning_that_does_not_come_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_BEGINNING_SECONDS", 0.05)

    async def main() -> tuple[int, bytes]:
        visitor = Visitor(Guard(taking, Access(), tmp_path))
        await visitor.brings(FILE)
        return await visitor.answer()

    assert asyncio.run(main()) == (408, b'{"detail": "the first 64 kB of the body took longer than 0.05 s."}')


def test_gradio_forgets_the_oldest_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_uploads, "_PROGRESS", 2)

    async def main() -> None:
        uploads = Uploads()
        for number in range(4):
            name = f"forgotten-{number}"
            uploads.follow(name)
            file_upload_statuses.track(name)
        uploads.follow("forgotten-4")
        kept = [name for name in file_upload_statuses._statuses if name.startswith("forgotten")]
        assert kept == ["forgotten-3"]
        assert [name for name in file_upload_statuses._signals if name.startswith("forgotten")] == kept

    asyncio.run(main())
    file_upload_statuses.stop_tracking("forgotten-3")
    file_upload_statuses._signals.pop("forgotten-3")


def test_a_type_that_cannot_be_read_takes_no_place(tmp_path: Path) -> None:
    for kind in ("x; boundary=" + "a" * 300, "multipart/form-data; boundary=" + "a" * 300, "x; boundary=a"):

        async def main(kind: str = kind) -> None:
            guard = Guard(taking, Access(), tmp_path)
            scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "query_string": b""}
            scope["headers"] = [(b"host", b"localhost"), (b"content-type", kind.encode())]
            sent: list[Any] = []

            async def send(message: Any) -> None:
                sent.append(message)

            async def receive() -> Any:
                return {"type": "http.request", "body": b"x", "more_body": False}

            await asyncio.wait_for(guard(scope, receive, send), 10)
            assert sent[0]["status"] in (200, 422)
            assert guard._active.total() == 0

        asyncio.run(main())
