"""Components with methods of our own, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from _chromium import GRADIO_MARKS
from _served import close, free_port

gr = pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS[1:]  # no page is opened


def test_a_number_of_the_old_range_comes_after_the_new_one() -> None:
    from gradio_client import Client

    from diabolo.ui.components import slider

    def narrow() -> Any:
        return gr.update(maximum=31, value=0)

    def read(unit: float) -> float:
        return unit

    with gr.Blocks() as app:
        unit, told, one, two = slider(0, 200, value=189), gr.Number(), gr.Button(), gr.Button()
        one.click(narrow, None, unit, api_name="narrow")
        two.click(read, unit, told, api_name="read")
    port = free_port()
    app.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, inbrowser=False
    )
    try:
        client = Client(f"http://127.0.0.1:{port}/", verbose=False)
        client.predict(api_name="/narrow")
        assert client.predict(189, api_name="/read") == 189
    finally:
        close(app)
