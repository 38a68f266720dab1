"""A model's picture among the others, whatever its file says."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import pytest
from _hostile import packed, sealed, sound

from diabolo.runtime.bundle import Bundle

pytest.importorskip("gradio")
from diabolo.ui.tabs.models.model_list import _file, _picture


def png(side: int, data: bytes = b"") -> bytes:
    """A PNG that declares so many pixels either way, with anything in the place of their values."""

    def chunk(kind: bytes, raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "raw",
    [png(30_000), png(13_000), png(10_000), png(100, b"no pixels"), png(0), png(8)[:30], b"no picture"],
    ids=["bomb", "near a bomb", "large", "broken", "empty", "cut", "none"],
)
def test_a_picture_that_cannot_be_shown_is_left_out(tmp_path: Path, raw: bytes) -> None:
    files = sealed(
        sound(tmp_path) | {"preview.png": raw},
        lambda document: document["files"]["preview.png"].update(role="preview"),
    )
    bundle = Bundle.open(packed(tmp_path / "shown.zip", files))
    with warnings.catch_warnings(action="error"):
        assert _file(bundle, "preview") is None
        assert _picture(bundle).startswith("data:image/webp;base64,")
