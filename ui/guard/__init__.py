"""What stands between the network and the app: who may ask, how much at once, and what an answer may do.

`Guard` is ASGI middleware and `Access` holds its settings. `launch` and `mount` put it in front of gradio.
"""

from diabolo.ui.guard.access import Access
from diabolo.ui.guard.middleware import Guard

__all__ = ["Access", "Guard"]
