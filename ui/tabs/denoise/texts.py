"""The texts of the tab Denoise."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts
from diabolo.ui.tabs.denoise.denoised_files import MOST, MOST_MEGABYTES

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "lead": "Noise is added to the picture before the model sees it; a model trained to denoise removes "
        "it again.",
        "kind": "Noise",
        "gaussian": "gaussian",
        "salt-pepper": "salt and pepper",
        "masking": "masking",
        "speckle": "speckle",
        "poisson-gaussian": "camera sensor (Poisson-gaussian)",
        "jpeg": "JPEG compression",
        "level": "Level",
        "deviation": "standard deviation",
        "share": "share of the pixels",
        "gain": "gain: the variance of white",
        "quality": "quality: lower is worse",
        "seed": "Seed",
        "again": "New noise",
        "noisy": "Noisy",
        "denoised": "Denoised",
        "edge": "Move the divider between the noisy and the denoised picture",
        "trained": "This model was trained to remove {kind} noise of level {level}.",
        "other": "This model was trained to remove {kind} noise of level {level}, not the kind chosen here.",
        "trained_spec": "This model was trained to remove the noise {spec}.",
        "untrained": "This model was not trained to denoise: it removes only what its code cannot represent.",
        "figures": "PSNR **{noisy}\u00a0dB** noisy  →  **{denoised}\u00a0dB** denoised",
        "meaning": "PSNR: higher is cleaner; 3 dB more is half the squared error.",
        "usual": "On noisy test images of {dataset}, this model raises it from {noisy} to {denoised} dB on "
        "average.",
        "worse": "Here the result is worse than the noisy picture.",
        "instead": "These models were trained to remove noise:",
        "files_lead": "**Files that are already noisy**: the model denoises them as they are, and you get a "
        f"zip of PNG files in the model's size. At most {MOST} files and {MOST_MEGABYTES} MB at a time.",
        "files": "Noisy pictures",
        "files_run": "Denoise the files",
        "zip": "Denoised pictures",
        "no_files": "Choose picture files first.",
        "done": "Denoised: **{count}** of {all}.",
        "broken": "Skipped:",
        "reading": "Denoising",
    },
    "zh-TW": {
        "lead": "影像會先加上雜訊再交給模型；學過去雜訊的模型能還原出乾淨的影像。",
        "kind": "雜訊種類",
        "gaussian": "高斯雜訊",
        "salt-pepper": "椒鹽雜訊",
        "masking": "遮蔽雜訊",
        "speckle": "斑點雜訊",
        "poisson-gaussian": "感光元件雜訊（卜瓦松－高斯）",
        "jpeg": "JPEG 壓縮失真",
        "level": "強度",
        "deviation": "標準差",
        "share": "受影響的像素比例",
        "gain": "增益：白色處的變異數",
        "quality": "品質：越低失真越大",
        "seed": "亂數種子",
        "again": "換一組雜訊",
        "noisy": "加了雜訊",
        "denoised": "去雜訊結果",
        "edge": "移動分界線，比較去雜訊前後",
        "trained": "這個模型訓練時學的是去除{kind}（強度 {level}）。",
        "other": "這個模型訓練時學的是去除{kind}（強度 {level}），不是現在選的這一種。",
        "trained_spec": "這個模型訓練時學的是去除這種雜訊：{spec}。",
        "untrained": "這個模型沒有學過去雜訊，只會去掉編碼無法表示的部分。",
        "figures": "PSNR：有雜訊 **{noisy}\u00a0dB**  →  去雜訊後 **{denoised}\u00a0dB**",
        "meaning": "PSNR 越高越乾淨；每多 3 dB，誤差平方就少一半。",
        "usual": "在加了雜訊的 {dataset} 測試影像上，這個模型平均由 {noisy} dB 提高到 {denoised} dB。",
        "worse": "這裡的結果比有雜訊的影像還差。",
        "instead": "學過去雜訊的模型：",
        "files_lead": "**本來就有雜訊的檔案**：不另加雜訊，由模型直接去除；結果是一個 zip，"
        f"其中的 PNG 與模型的影像大小相同。一次最多 {MOST} 個檔案、{MOST_MEGABYTES} MB。",
        "files": "有雜訊的影像",
        "files_run": "去除檔案的雜訊",
        "zip": "去雜訊後的影像",
        "no_files": "請先選擇影像檔案。",
        "done": "已處理 **{count}** 個，共 {all} 個。",
        "broken": "略過的檔案：",
        "reading": "去雜訊中",
    },
}
