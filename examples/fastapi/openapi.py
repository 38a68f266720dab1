"""The descriptions of bodies and errors in /docs and /openapi.json."""

from typing import Any

from pydantic import BaseModel


class Refusal(BaseModel):
    """The reason why a request failed."""

    detail: str


class Latents(BaseModel):
    """Latents, each flat or as nested lists of the latent's shape."""

    latents: list[Any]


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}

REFUSALS: dict[int | str, dict[str, Any]] = {
    408: {"model": Refusal, "description": "The body did not arrive in time"},
    413: {"model": Refusal, "description": "The body is too long"},
    422: {"model": Refusal, "description": "The body is not valid"},
    503: {
        "model": Refusal,
        "description": "Too many requests are waiting: try again later",
        "headers": _RETRY,
    },
}
PNG: dict[int | str, dict[str, Any]] = {200: {"description": "A PNG", "content": {"image/png": _BINARY}}}
PHOTO: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A picture in the format of the body",
        "content": {f"image/{kind}": _BINARY for kind in ("jpeg", "png", "webp")},
    }
}
PICTURE_BODY = {"requestBody": {"required": True, "content": {"image/*": _BINARY}}}
LATENTS_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Latents.model_json_schema()}},
    }
}
