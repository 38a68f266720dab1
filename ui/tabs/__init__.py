"""The app's tabs, one folder each."""

from __future__ import annotations

from diabolo.runtime._renamed import renamed

renamed(
    {
        "diabolo.ui.tabs.compare.path": "diabolo.ui.tabs.compare.path_strip",
        "diabolo.ui.tabs.models.shelf": "diabolo.ui.tabs.models.model_list",
    }
)
