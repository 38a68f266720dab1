"""The texts of the view and the desk of photographs."""

from __future__ import annotations

from diabolo.ui.files.incoming import MOST_PIXELS
from diabolo.ui.parts.texts import Texts

__all__ = ["DESK", "VIEW", "view_words"]

VIEW: Texts = {
    "en": {
        "stage": "The picture: the mouse wheel, two fingers or + and - zoom; drag to move it; a double click "
        "or 0 shows the whole again",
        "edge": "Move the divider between before and after",
        "sides": "What the right side shows",
        "closer": "Zoom in",
        "farther": "Zoom out",
        "pixels": "One pixel of the picture per pixel of the screen",
        "fit": "Fit",
    },
    "zh-TW": {
        "stage": "影像：用滾輪、雙指或 + 與 - 縮放，拖曳可以移動，按兩下或按 0 回到全圖",
        "edge": "移動處理前後的分界線",
        "sides": "右側顯示的內容",
        "closer": "放大",
        "farther": "縮小",
        "pixels": "影像的一個像素對應螢幕的一個像素",
        "fit": "全圖",
    },
}

_MEGAPIXELS = MOST_PIXELS // 10**6

DESK: Texts = {
    "en": {
        "own_size": "This model takes pictures of any size: yours is neither scaled nor cropped. At most "
        f"{_MEGAPIXELS} million pixels.",
        "scene": "An example that the app draws itself. Upload or paste a photograph of your own.",
        "strength": "Strength",
        "strength_info": "How much of the result is shown and downloaded; the rest is the picture as it was.",
        "cancel": "Cancel",
        "download": "Download",
        "stopped": "Stopped. Change a setting, or give another picture, to begin again.",
        "working": "Computing",
        "tiles": "tiles",
        "treated": "*Prepare by hand* does not apply here: the picture is taken as it is.",
        "none": "Upload or paste a picture.",
        "gone": "There is no result to download yet.",
    },
    "zh-TW": {
        "own_size": f"這個模型可處理任何大小的影像，不縮放也不裁切；上限為 {_MEGAPIXELS * 100:,} 萬像素。",
        "scene": "這是程式自己畫的範例，請上傳或貼上自己的照片。",
        "strength": "效果強度",
        "strength_info": "顯示與下載的影像中，處理結果占多少；其餘是原來的影像。",
        "cancel": "取消",
        "download": "下載",
        "stopped": "已停止。更改設定或換一張影像，就會重新開始。",
        "working": "計算中",
        "tiles": "塊",
        "treated": "「手動處理」在這裡不套用，影像照原樣處理。",
        "none": "請上傳或貼上影像。",
        "gone": "還沒有可以下載的結果。",
    },
}


def view_words(language: str | None, names: Texts) -> Texts:
    """The words of a view.

    Args:
        language: of the app; None for each browser's own.
        names: 'before' and 'after', by language; for a view that also shows an error, 'error', and 'darker',
            'brighter' and 'scale' of the legend to it.
    """
    words = {one: {**VIEW[one], **names[one]} for one in VIEW}
    return words if language is None else {language: words[language]}
