"""Serve a bundle over HTTP; concurrent requests are computed in batches.

python service.py BUNDLE [--port 8000]     then open http://127.0.0.1:8000/docs
python service.py BUNDLE --check           start it, send 64 requests at once, compare, stop

curl --data-binary @picture.png 127.0.0.1:8000/reconstruct > reconstruction.png
curl --data-binary @picture.png 127.0.0.1:8000/encode      > latent.json
curl --data-binary @latent.json 127.0.0.1:8000/decode      > image.png
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from batching import Batcher, Busy
from bundle import Pair, load
from door import CLOSE, Door, OnceAMinute
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from golden import Golden
from limits import Limits, add_options, chosen
from openapi import LATENTS_BODY, PHOTO, PICTURE_BODY, PNG, REFUSALS, Latents
from patient import BACKLOG, Patient
from pictures import BadPicture, prepare, to_png
from starlette.requests import ClientDisconnect

MOST_LATENTS = 64  # in one call of /decode
DIGITS = 32  # bytes of a number in JSON, with separators
RETRY = 1  # seconds after which a refused client may try again


def build(pair: Pair, limits: Limits | None = None) -> FastAPI:
    """Make the application that serves one model."""
    if pair.model["image"]["colour"] == "other":
        raise ValueError("this model's images are neither grey nor RGB; this service needs pictures")
    service = Service(pair, limits or Limits())
    about = {"title": pair.model["name"], "description": pair.model.get("summary", "")}
    app = FastAPI(**about, lifespan=service.lifespan)
    app.add_exception_handler(Busy, service.busy)
    app.add_exception_handler(ClientDisconnect, service.nobody)
    unwell = {503: {"description": "The golden check fails"}}
    app.add_api_route("/health", service.health, methods=["GET"], responses=unwell)
    pictures = {"methods": ["POST"], "openapi_extra": PICTURE_BODY}
    if pair.any_size:
        about = {"response_class": Response, "responses": PHOTO | REFUSALS}
        app.add_api_route("/reconstruct", service.photograph, **about, **pictures)
        return app
    app.add_api_route("/encode", service.encode, response_model=Latents, responses=REFUSALS, **pictures)
    app.add_api_route(
        "/reconstruct", service.reconstruct, response_class=Response, responses=PNG | REFUSALS, **pictures
    )
    latents = {"methods": ["POST"], "openapi_extra": LATENTS_BODY}
    app.add_api_route("/decode", service.decode, response_class=Response, responses=PNG | REFUSALS, **latents)
    return app


class Service:
    """The routes and their shared state."""

    def __init__(self, pair: Pair, limits: Limits):
        self._model, self._limits = pair.model, limits
        self._latent_shape: list[int] = pair.model["latent"]["shape"]
        self._encode, self._decode = Batcher(pair.encode), Batcher(pair.decode)
        self._golden, self._door = Golden(pair), Door(limits)
        self._pool = ThreadPoolExecutor(limits.decoders)  # all untrusted input is parsed in these threads
        self._free = asyncio.Semaphore(limits.decoders)
        if pair.any_size:
            from photos import Photographs

            self._photographs = Photographs(pair.folder, limits.photo_pixels)
        else:
            numbers = MOST_LATENTS * int(np.prod(self._latent_shape))
            self._most_json = min(limits.most_bytes, 2**20 + DIGITS * numbers)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Start the background tasks, and cancel them at the end."""
        await self._golden.take()
        running = (self._encode.work(), self._decode.work(), self._golden.keep(), self._door.report())
        tasks = [asyncio.create_task(each) for each in running]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def health(self) -> Response:
        """The latest golden check, the model, the current load, and the batch sizes so far."""
        facts: dict[str, Any] = {"ok": self._golden.ok, "golden": self._golden.facts()}
        facts["model"] = {key: self._model[key] for key in ("name", "digest", "variant", "network")}
        facts["model"] |= {
            "image_shape": self._model["image"]["shape"],
            "latent_shape": self._latent_shape,
            "any_size": self._model["image"].get("size") == "any",
        }
        queues = {"encode": self._encode.waiting, "decode": self._decode.waiting}
        facts["busy"] = self._door.busy() | {"waiting": queues}
        facts["since_start"] = self._door.counts()
        facts["batches"] = {"encode": self._encode.sizes, "decode": self._decode.sizes}
        return JSONResponse(facts, 200 if self._golden.ok else 503)

    async def encode(self, request: Request) -> Response:
        """Encode a PNG, JPEG or WebP in the body to its latent, as nested lists of the latent's shape."""
        with self._door.enter(request) as visit:
            raw = await visit.body(self._limits.most_bytes)
            latent, _ = await visit.unless_gone(self._latent(raw))
            return JSONResponse({"latents": [latent.tolist()]})

    async def reconstruct(self, request: Request) -> Response:
        """Reconstruct a PNG, JPEG or WebP in the body: a PNG of the model's size."""
        with self._door.enter(request) as visit:
            raw = await visit.body(self._limits.most_bytes)
            return await visit.unless_gone(self._reconstruction(raw))

    async def photograph(self, request: Request) -> Response:
        """Reconstruct a PNG, JPEG or WebP in the body at its own size, in its format."""
        with self._door.enter(request) as visit:
            raw = await visit.body(self._limits.photo_bytes)
            try:
                content, kind = await visit.unless_gone(self._photographs(raw, self._in_thread))
            except BadPicture as error:
                raise HTTPException(422, str(error)) from None
            return Response(content, media_type=kind)

    async def decode(self, request: Request) -> Response:
        """Decode `{"latents": [...]}`, each flat or of the latent's shape, to a PNG of all images."""
        with self._door.enter(request) as visit:
            raw = await visit.body(self._most_json)
            return await visit.unless_gone(self._images(raw))

    async def _latent(self, raw: bytes) -> tuple[np.ndarray, np.ndarray]:
        """The latent of a picture, and the picture as the model sees it."""
        try:
            image = await self._in_thread(prepare, raw, self._model["image"], self._limits.most_pixels)
        except BadPicture as error:
            raise HTTPException(422, str(error)) from None
        return await self._encode(image), image

    async def _reconstruction(self, raw: bytes) -> Response:
        latent, image = await self._latent(raw)
        result = await self._decode(latent)
        error = float(((result - image) ** 2).mean())
        png = await self._in_thread(to_png, [result])
        return Response(png, media_type="image/png", headers={"X-Mean-Squared-Error": f"{error:.6f}"})

    async def _images(self, raw: bytes) -> Response:
        latents = await self._in_thread(read_latents, raw, self._latent_shape)
        calls = [asyncio.ensure_future(self._decode(latent)) for latent in latents]
        try:
            images = await asyncio.gather(*calls)
        finally:
            for call in calls:  # if one was refused, the others are not needed
                call.cancel()
        return Response(await self._in_thread(to_png, images), media_type="image/png")

    async def _in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run `work` in a thread of the pool; not at all if this is cancelled before a thread is free.

        Nothing waits in the pool's own queue, which would keep the bodies of clients that have disconnected.
        """
        await self._free.acquire()
        loop, done = asyncio.get_running_loop(), self._pool.submit(work, *args)

        def release(_done: object) -> None:
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                loop.call_soon_threadsafe(self._free.release)

        done.add_done_callback(release)  # after a cancellation the thread is still busy
        return await asyncio.wrap_future(done)

    async def busy(self, _request: Request, _error: Exception) -> Response:
        """The answer to a request that is refused for now."""
        self._door.refused += 1
        headers = {"Retry-After": str(RETRY), **CLOSE}
        return JSONResponse({"detail": "too many requests are waiting; try again later"}, 503, headers)

    async def nobody(self, _request: Request, _error: Exception) -> Response:
        """The client has disconnected; this answer is not received."""
        self._door.left += 1
        return Response(status_code=499)


def read_latents(raw: bytes, shape: list[int]) -> np.ndarray:
    """Parse latents in a JSON body to float32 (n, *shape)."""
    try:
        latents = np.array(json.loads(raw)["latents"], np.float32)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise HTTPException(422, 'send {"latents": [[numbers], ...]}') from None
    if latents.shape[1:] not in (tuple(shape), (int(np.prod(shape)),)) or not np.isfinite(latents).all():
        raise HTTPException(422, f"each latent must be {int(np.prod(shape))} finite numbers, flat or {shape}")
    if not 1 <= len(latents) <= MOST_LATENTS:
        raise HTTPException(422, f"send 1 to {MOST_LATENTS} latents")
    return latents.reshape(-1, *shape)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--host", default=os.environ.get("SERVICE_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=os.environ.get("SERVICE_PORT", "8000"))
    parser.add_argument(
        "--check", action="store_true", help="start it, send 64 requests at once, compare, stop"
    )
    parser.add_argument("--access-log", action="store_true", help="log each answer")
    add_options(parser)
    options = parser.parse_args()
    try:
        app = build(load(options.bundle), chosen(options))
    except (OSError, ValueError) as error:
        raise SystemExit(f"{options.bundle} cannot be served: {error}") from None
    if options.check:
        from check import check

        raise SystemExit(check(app))
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(OnceAMinute())
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        http=Patient,
        ws="none",
        backlog=BACKLOG,
        access_log=options.access_log,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
