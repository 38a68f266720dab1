"""The files of onnxruntime-web, with which a browser runs the decoder; `npm ci` in `web/` fetches them."""

from __future__ import annotations

import functools
from pathlib import Path
from urllib.parse import quote

import gradio as gr

__all__ = ["FILES", "FOLDER", "served"]

FOLDER = Path(__file__).resolve().parent / "web" / "node_modules" / "onnxruntime-web" / "dist"
FILES = {"script": "ort.wasm.bundle.min.mjs", "wasm": "ort-wasm-simd-threaded.wasm"}


def served() -> dict[str, str] | None:
    """The paths of the 'script' and the 'wasm' at gradio's file route; None if they were not fetched."""
    return _serve(FOLDER) if all((FOLDER / name).is_file() for name in FILES.values()) else None


@functools.cache
def _serve(folder: Path) -> dict[str, str]:
    paths = {part: folder / name for part, name in FILES.items()}
    gr.set_static_paths(list(paths.values()))
    return {part: quote(path.as_posix()) for part, path in paths.items()}
