"""What the tabs share: texts, the context they are built in, the picture input, the sketch pad."""

from __future__ import annotations

from diabolo.runtime._renamed import renamed

renamed({"diabolo.ui.parts.opened": "diabolo.ui.parts.first_open"})
