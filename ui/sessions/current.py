"""Who asks: the session of the page, or of the program, whose request is being answered."""

from __future__ import annotations

import sys

__all__ = ["session_hash"]


def session_hash() -> str | None:
    """Gradio's session hash of the request that this code answers; None outside of requests, or without one.

    A page gets a new one whenever it is loaded, and tells it to nobody but the server.
    """
    if "gradio" not in sys.modules:  # the command line does not wait for it
        return None
    import gradio
    from gradio.context import LocalContext
    from starlette.requests import Request

    # an event's request is gradio's; that of a component's own function, /component_server, the web server's
    request: object = LocalContext.request.get(None)
    if isinstance(request, gradio.Request):
        return _plain(request.session_hash)
    return _told(request) if isinstance(request, Request) else None


def _told(request: object) -> str | None:
    """The session in the body of a request that gradio has read already."""
    from anyio import from_thread

    try:
        body = from_thread.run(request.json)  # type: ignore[attr-defined]
    except (RuntimeError, ValueError):  # no JSON but a form, which was consumed: gradio's page sends none
        return None
    return _plain(body.get("session_hash")) if isinstance(body, dict) else None


def _plain(session: object) -> str | None:
    return session if isinstance(session, str) and session else None
