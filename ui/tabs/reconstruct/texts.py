"""The texts of the tab Reconstruct."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "lead": "The encoder compresses the picture into a code; the decoder reconstructs it from the code "
        "alone.",
        "result": "Reconstruction",
        "error": "Error",
        "figures": "MSE **{mse}**  ·  PSNR **{psnr}\u00a0dB**  ·  SSIM **{ssim:.3f}**",
        "fewer": "{image} numbers → {code}: {ratio} times fewer.",
        "not_fewer": "{image} numbers → {code}: no compression. This code is large enough to hold the whole "
        "picture.",
        "darker": "too dark",
        "brighter": "too bright",
        "scale": "the deeper the colour, the larger the error: deepest from {full} on (1 is the difference "
        "between black and white)",
    },
    "zh-TW": {
        "lead": "編碼器把影像壓縮成編碼，解碼器只憑這段編碼把它還原。",
        "result": "重建結果",
        "error": "誤差",
        "figures": "重建誤差 MSE **{mse}**  ·  PSNR **{psnr}\u00a0dB**  ·  SSIM **{ssim:.3f}**",
        "fewer": "{image} 個數 → {code} 個數，壓縮為原來的 1/{ratio}。",
        "not_fewer": "{image} 個數 → {code} 個數，沒有壓縮：這樣的編碼裝得下整張影像。",
        "darker": "太暗",
        "brighter": "太亮",
        "scale": "顏色越深，誤差越大；最深表示 {full} 以上（全黑到全白為 1）",
    },
}
