"""What /docs and /openapi.json say of bodies and of refusals."""

from typing import Any

from pydantic import BaseModel


class Refusal(BaseModel):
    """Why a request was not answered."""

    detail: str


class Latents(BaseModel):
    """Latents, each as nested lists of the latent's shape or flat."""

    latents: list[Any]


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}

REFUSALS: dict[int | str, dict[str, Any]] = {
    408: {"model": Refusal, "description": "The body was not here in time"},
    413: {"model": Refusal, "description": "The body is too long"},
    422: {"model": Refusal, "description": "The body is not what it should be"},
    503: {"model": Refusal, "description": "Too many requests wait: try again", "headers": _RETRY},
}
PNG: dict[int | str, dict[str, Any]] = {200: {"description": "A PNG", "content": {"image/png": _BINARY}}}
PICTURE_BODY = {"requestBody": {"required": True, "content": {"image/*": _BINARY}}}
LATENTS_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Latents.model_json_schema()}},
    }
}
