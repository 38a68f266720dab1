"""Apps with sessions as gradio makes them, to measure ours against.

python -m benchmarks._shared.stock PORT               one function
python -m benchmarks._shared.stock --ours [MODEL ...] PORT   our app, not served by `diabolo.ui.launch`
"""

from __future__ import annotations

import sys

import gradio as gr


def backwards(text: str) -> str:
    return text[::-1]


def made(words: list[str]) -> gr.Blocks:
    if not words:
        return gr.Interface(backwards, "text", "text", analytics_enabled=False)
    from diabolo.ui import build

    return build(words[1:] or None, device="cpu").queue()


if __name__ == "__main__":
    app = made(sys.argv[1:-1])
    app.launch(server_name="127.0.0.1", server_port=int(sys.argv[-1]), quiet=True, ssr_mode=False)
