"""A bundle as an HTTP service that computes concurrent requests together.

python service.py BUNDLE [--port 8000]     then open http://127.0.0.1:8000/docs
python service.py BUNDLE --check           start it, send 64 requests at once, compare, stop

curl --data-binary @picture.png 127.0.0.1:8000/reconstruct > reconstruction.png
curl --data-binary @picture.png 127.0.0.1:8000/encode      > latent.json
curl --data-binary @latent.json 127.0.0.1:8000/decode      > image.png
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from batching import Batcher, Busy
from bundle import Pair, load
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pictures import BadPicture, prepare, to_png

MOST_BYTES = 8 * 2**20  # of a request's body
MOST_LATENTS = 64  # in one call of /decode


def build(pair: Pair) -> FastAPI:
    """The service of one model."""
    model = pair.model
    if model["image"]["colour"] == "other":
        raise ValueError("this model's images are no pictures, and this service takes and gives pictures")
    image_shape, latent_shape = model["image"]["shape"], model["latent"]["shape"]
    encode, decode = Batcher(pair.encode), Batcher(pair.decode)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(batcher.work()) for batcher in (encode, decode)]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(title=model["name"], description=model.get("summary", ""), lifespan=lifespan)

    @app.exception_handler(Busy)
    async def busy(_request: Request, _error: Busy) -> Response:
        return JSONResponse({"detail": "too many requests wait"}, 503, {"Retry-After": "1"})

    @app.get("/health")
    async def health() -> Response:
        """The golden check, what model this is, and the batch sizes so far."""
        latent, image = await asyncio.gather(encode(pair.golden("image")), decode(pair.golden("latent")))
        worst = max(
            float(np.abs(latent - pair.golden("latent")).max()),
            float(np.abs(image - pair.golden("reconstruction")).max()),
        )
        ok = worst <= pair.tolerance  # a NaN is not
        facts: dict[str, Any] = {"ok": ok, "golden": {"largest_difference": worst, "allowed": pair.tolerance}}
        facts["model"] = {key: model[key] for key in ("name", "digest", "variant", "network")}
        facts["model"] |= {"image_shape": image_shape, "latent_shape": latent_shape}
        facts["batches"] = {"encode": encode.sizes, "decode": decode.sizes}
        return JSONResponse(facts, 200 if ok else 503)

    @app.post("/encode")
    async def encode_picture(request: Request) -> dict[str, Any]:
        """A PNG, JPEG or WebP as the body; its latent, as nested lists of the latent's shape."""
        latent = await encode(await picture(request))
        return {"latents": [latent.tolist()]}

    @app.post("/decode", response_class=Response)
    async def decode_latents(request: Request) -> Response:
        """`{"latents": [...]}`, each flat or of the latent's shape; a PNG with the images side by side."""
        latents = read_latents(await body(request), latent_shape)
        images = await asyncio.gather(*(decode(latent) for latent in latents))
        return Response(await asyncio.to_thread(to_png, images), media_type="image/png")

    @app.post("/reconstruct", response_class=Response)
    async def reconstruct(request: Request) -> Response:
        """A PNG, JPEG or WebP as the body; a PNG of what the model makes of it, at the model's size."""
        image = await picture(request)
        result = await decode(await encode(image))
        png = await asyncio.to_thread(to_png, [result])
        error = float(((result - image) ** 2).mean())
        return Response(png, media_type="image/png", headers={"X-Mean-Squared-Error": f"{error:.6f}"})

    async def picture(request: Request) -> np.ndarray:
        try:
            return await asyncio.to_thread(prepare, await body(request), model["image"])
        except BadPicture as error:
            raise HTTPException(422, str(error)) from None

    return app


async def body(request: Request) -> bytes:
    """The body, given up as soon as it is too long."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise HTTPException(413, f"the body has more than {MOST_BYTES} bytes")
    return bytes(raw)


def read_latents(raw: bytes, shape: list[int]) -> np.ndarray:
    """float32 (n, *shape) of a JSON body."""
    try:
        latents = np.array(json.loads(raw)["latents"], np.float32)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise HTTPException(422, 'send {"latents": [[numbers], ...]}') from None
    if latents.shape[1:] not in (tuple(shape), (int(np.prod(shape)),)) or not np.isfinite(latents).all():
        raise HTTPException(422, f"each latent must be {int(np.prod(shape))} finite numbers, flat or {shape}")
    if not 1 <= len(latents) <= MOST_LATENTS:
        raise HTTPException(422, f"send 1 to {MOST_LATENTS} latents")
    return latents.reshape(-1, *shape)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--check", action="store_true", help="start it, send 64 requests at once, compare, stop"
    )
    options = parser.parse_args()
    try:
        app = build(load(options.bundle))
    except (OSError, ValueError) as error:
        raise SystemExit(f"{options.bundle} cannot be served: {error}") from None
    if options.check:
        from check import check

        raise SystemExit(check(app))
    uvicorn.run(app, host=options.host, port=options.port)
