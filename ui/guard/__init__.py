"""ASGI middleware between the network and Gradio: access control, request limits and response headers.

`Guard` is the middleware, `Access` its settings. `launch` and `mount` add it to the app.
"""

from diabolo.ui.guard.access import Access
from diabolo.ui.guard.middleware import Guard

__all__ = ["Access", "Guard"]
