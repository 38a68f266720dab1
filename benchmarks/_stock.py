"""The smallest app that gradio makes, to measure ours against: `python -m benchmarks._stock PORT`."""

from __future__ import annotations

import sys


def backwards(text: str) -> str:
    return text[::-1]


if __name__ == "__main__":
    import gradio as gr

    app = gr.Interface(backwards, "text", "text", analytics_enabled=False)
    app.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, ssr_mode=False)
