"""The texts that all tabs share, and the choice of a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import gradio as gr

from diabolo.runtime.errors import UnknownNameError
from diabolo.runtime.latent.distribution import Distribution

__all__ = ["LANGUAGES", "SHARED", "Texts", "check", "language", "source_of"]

Texts: TypeAlias = dict[str, dict[str, str]]

LANGUAGES = ("en", "zh-TW")

SHARED: Texts = {
    "en": {
        "model": "Model",
        "draw": "Draw",
        "picture": "Upload or paste",
        "sample": "Fetch a sample",
        "test_image": "Fetch a test image",
        "seen": "What the model sees",
        "lesson": "What is this?",
        "not_known": "(not known)",
        "tagline": "Compress a picture into a small code, reconstruct it, and see what was kept.",
        "empty": "Draw something, upload a picture, or fetch a sample.",
        "example": "An example, decoded from a stored code. It is easier to reconstruct than a real image: "
        "draw or upload a picture of your own.",
        "scene": "A part of an example that the app draws itself. Draw or upload a picture of your own.",
        "scene_fetched": "Drawn by the app.",
        "own_size": "pictures of any size, {colour}",
        "grid": "{count} numbers for each {stride} × {stride} pixels",
        "try": "Try {name}",
        "suits": "suits this tab, until you choose a model",
        "as_is": "Used as it is: its size and colours match the model's.",
        "stored": "{model} decoded this picture from a stored code. It is not an image from the dataset, "
        "and {model} usually reconstructs it more easily than one.",
        "original": "A real image from the test set of {dataset}.",
        "labelled": "A real image from the test set of {dataset}, class {label}.",
        "drawn": "Decoded from a latent drawn from {source}.",
        "from_normal": "the prior N(0, I)",
        "from_fitted": "a gaussian fitted to the codes of test images",
        "from_diagonal": "a gaussian fitted to the codes, each dimension independently",
        "from_codebook": "the codebook's vectors, by their frequency",
        "from_mixture": "a mixture of gaussians fitted to the codes",
        "cropped": "cropped to {detail}",
        "padded": "padded to the model's proportions",
        "centred": "scaled and centred as the training images were",
        "resized": "resized to {detail}",
        "converted": "converted to {detail}",
        "flattened": "transparency filled",
        "inverted": "inverted",
        "thresholded": "black and white from a brightness of {detail}",
        "object": "cropped to the object, {detail}",
        "unlike": "**This looks unlike the training images**: {reasons}. Do not rely on the result; for a "
        "photograph of a drawing, try *Prepare by hand* below the pad.",
        "unlike_code": "its code is farther from theirs than those of {code} of the test images",
        "unlike_reconstruction": "it comes back worse than {level} of the test images",
        "unlike_border": "its border has a brightness of {border}, theirs {low} to {high}",
        "by_hand": "Prepare by hand",
        "invert": "Invert",
        "auto": "automatic",
        "yes": "yes",
        "no": "no",
        "crop_object": "Crop to the object",
        "threshold": "Black and white from a brightness of (0: off)",
        "grey": "grey",
        "rgb": "colour",
        "other": "{channels} channels",
        "8 bit": "8 bits",
        "dark": "light on dark",
        "light": "dark on light",
        "latent": "latent of {count} numbers",
        "trained_on": "trained on {dataset}",
        "runs_on": "runs on {device}",
        "wait": "Other requests come first. Yours starts in about {seconds} s.",
        "app_restarted": "the app was restarted",
        "removed": "Your upload {name} was removed: {why}. Upload it again, or choose another model.",
    },
    "zh-TW": {
        "model": "模型",
        "draw": "手繪",
        "picture": "上傳或貼上",
        "sample": "取一個樣本",
        "test_image": "取一張測試影像",
        "seen": "模型看到的影像",
        "lesson": "這是什麼？",
        "not_known": "（不詳）",
        "tagline": "把影像壓縮成一小段編碼，再還原回來，看看保留了什麼。",
        "empty": "請先畫點東西、上傳影像，或取一個樣本。",
        "example": "這是範例，由存好的編碼解碼而成，比真實影像容易重建；請手繪或上傳自己的影像試試。",
        "scene": "這是程式自己畫的範例的一部分；請手繪或上傳自己的影像試試。",
        "scene_fetched": "由程式所畫。",
        "own_size": "任何大小的{colour}影像",
        "grid": "每 {stride} × {stride} 個像素 {count} 個數",
        "try": "改用 {name}",
        "suits": "依分頁自動挑選，選定模型後就不再更換",
        "as_is": "大小與色彩都相符，直接輸入。",
        "stored": "這張影像是 {model} 用存好的編碼解碼出來的，不是資料集裡的影像；"
        "{model} 重建它，通常也比重建真實影像容易。",
        "original": "{dataset} 測試集裡的真實影像。",
        "labelled": "{dataset} 測試集裡的真實影像，類別為「{label}」。",
        "drawn": "由抽樣得到的潛在向量解碼而成（來源：{source}）。",
        "from_normal": "先驗分布 N(0, I)，也就是標準常態分布",
        "from_fitted": "依測試影像的編碼配適的常態分布",
        "from_diagonal": "依編碼配適的常態分布（各維度獨立）",
        "from_codebook": "碼簿裡的向量（依出現頻率）",
        "from_mixture": "依編碼配適的混合常態分布",
        "cropped": "裁切為 {detail}",
        "padded": "補邊至模型的比例",
        "centred": "比照訓練影像縮放並置中",
        "resized": "縮放為 {detail}",
        "converted": "轉為{detail}",
        "flattened": "填滿透明處",
        "inverted": "明暗反轉",
        "thresholded": "以亮度 {detail} 為界轉為黑白",
        "object": "裁切到物件（{detail}）",
        "unlike": "**這張影像不像訓練資料**：{reasons}。結果不可靠；如果是紙上圖樣的照片，"
        "可以用畫板下方的「手動處理」試試。",
        "unlike_code": "它的編碼比 {code} 的測試影像離訓練資料更遠",
        "unlike_reconstruction": "它的重建結果比 {level} 的測試影像更差",
        "unlike_border": "它的邊緣亮度是 {border}，訓練影像是 {low} 到 {high}",
        "by_hand": "手動處理",
        "invert": "明暗反轉",
        "auto": "自動",
        "yes": "是",
        "no": "否",
        "crop_object": "裁切到物件",
        "threshold": "從這個亮度起轉為白色，其餘為黑（0：不處理）",
        "grey": "灰階",
        "rgb": "彩色",
        "other": "{channels} 個通道",
        "8 bit": " 8 位元",
        "dark": "暗底亮圖",
        "light": "亮底暗圖",
        "latent": "潛在向量：{count} 個數",
        "trained_on": "以 {dataset} 訓練",
        "runs_on": "在 {device} 上執行",
        "wait": "正在處理其他人的請求，大約 {seconds} 秒後輪到你。",
        "app_restarted": "程式重新啟動過",
        "removed": "你上傳的 {name} 已被移除（{why}）。請重新上傳，或改選其他模型。",
    },
}


def check(language: str | None) -> str | None:
    """The language of an app, checked: one of `LANGUAGES`, or None for each browser's own.

    Raises:
        UnknownNameError: the app has no such language.
    """
    if language is not None and language not in LANGUAGES:
        raise UnknownNameError("language", language, LANGUAGES)
    return language


def language(request: gr.Request | None) -> str:
    """The language of a browser: 'zh-TW' if it prefers Chinese, else 'en'."""
    headers = getattr(request, "headers", None) or {}
    first = str(headers.get("accept-language", "")).split(",")[0].strip().lower()
    return "zh-TW" if first.startswith("zh") else "en"


def source_of(distribution: Distribution, say: Mapping[str, str]) -> str:
    """What latents are drawn from, in words.

    Args:
        distribution: of a latent space.
        say: `SHARED` in one language.
    """
    diagonal = getattr(distribution, "diagonal", False)  # a gaussian without covariances
    return say["from_diagonal" if diagonal else f"from_{distribution.name}"]
