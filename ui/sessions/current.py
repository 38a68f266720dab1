"""The session of the current request, which identifies its visitor."""

from __future__ import annotations

import sys

__all__ = ["session_hash"]


def session_hash() -> str | None:
    """The Gradio session hash of the current request; None outside requests, and for requests without one.

    A page gets a new hash whenever it is loaded, and sends it only to the server.
    """
    if "gradio" not in sys.modules:  # on the command line, which must not import it
        return None
    import gradio
    from gradio.context import LocalContext
    from starlette.requests import Request

    # events have a Gradio request; functions called by /component_server have one of Starlette
    request: object = LocalContext.request.get(None)
    if isinstance(request, gradio.Request):
        return _checked(request.session_hash)
    return _in_body(request) if isinstance(request, Request) else None


def _in_body(request: object) -> str | None:
    """The session hash in the body of a request, which Gradio has read already."""
    from anyio import from_thread

    try:
        body = from_thread.run(request.json)  # type: ignore[attr-defined]
    except (RuntimeError, ValueError):  # a form instead of JSON, read already; no Gradio page sends one
        return None
    return _checked(body.get("session_hash")) if isinstance(body, dict) else None


def _checked(session: object) -> str | None:
    return session if isinstance(session, str) and session else None
