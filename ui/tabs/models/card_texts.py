"""The texts of a model's card."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "preview": "Row by row: characters drawn with a font{noise}; their reconstructions; two rows of "
        "decoded codes; the path from the first code to the one farthest from it; samples.",
        "preview_plain": "Row by row: characters drawn with a font{noise}; their reconstructions; "
        "decoded latents.",
        "preview_noise": ", with noise",
        "scene": "A drawn scene and its reconstruction; below, a part of both, enlarged.",
        "scene_noise": "A drawn scene with noise, and what the model makes of it; below, a part of both, "
        "enlarged.",
        "map": "Codes of images in the latent space.",
        "training": "Training",
        "images": "{images} images, and {held} more to select the best weights.",
        "crops": "{images} crops of {crop} × {crop} pixels, and {held} more to select the best weights.",
        "share": "{share} of the {published} images of the whole dataset were available.",
        "epochs": "{epochs} epochs, seed {seed}.",
        "recipe": "To train it again, save this as recipe.toml, then run",
        "quality": "Quality",
        "measured": "Means over {images} {split} images: {what} compared with the images. PSNR in dB.",
        "test": "test",
        "given": "given",
        "reconstructions": "reconstructions",
        "denoised": "denoised images",
        "graphs": "this bundle (onnxruntime)",
        "torch": "the model in torch",
        "holes": "Holes: {share} of sampled latents are far from the codes and decode to nothing like the "
        "data. In a latent space without holes it is about 5 %.",
        "use": "Use it in your program",
        "takes": "encoder.onnx takes image, float32 {image} in [0, 1], and returns latent {latent}{more}. "
        "decoder.onnx takes latent and returns image.",
        "multiples": " Height and width are multiples of {multiple}; rows and columns are height / "
        "{stride} and width / {stride}.",
        "oldest": " onnxruntime {version} or later runs both.",
        "log_variance": " and log_variance",
        "python": "Python, with this package",
        "plain": "Python, with onnxruntime alone",
        "javascript": "JavaScript, with onnxruntime-web or onnxruntime-node",
        "attached": "The card inside the bundle (README.md)",
    },
    "zh-TW": {
        "preview": "由上而下：用字型畫的字{noise}、它們的重建結果、兩列由編碼解碼出來的影像、"
        "從第一個編碼走到離它最遠的編碼、隨機生成的影像。",
        "preview_plain": "由上而下：用字型畫的字{noise}、它們的重建結果、由潛在向量解碼出來的影像。",
        "preview_noise": "（加上雜訊）",
        "scene": "程式畫的風景與它的重建結果；下方是兩者的局部放大。",
        "scene_noise": "加上雜訊的風景（程式所畫）與模型去雜訊的結果；下方是兩者的局部放大。",
        "map": "影像的編碼在潛在空間裡的位置。",
        "training": "訓練",
        "images": "以 {images} 張影像訓練，另外 {held} 張用來挑選最好的權重。",
        "crops": "以 {images} 塊 {crop} × {crop} 像素的影像訓練，另外 {held} 塊用來挑選最好的權重。",
        "share": "完整資料集有 {published} 張，訓練時取得了其中的 {share}。",
        "epochs": "共 {epochs} 個訓練週期（epoch），亂數種子 {seed}。",
        "recipe": "想重新訓練，把下面的內容存成 recipe.toml，再執行",
        "quality": "表現",
        "measured": "以 {images} 張{split}影像計算的平均值：{what}與原圖相比。PSNR 的單位是 dB。",
        "test": "測試",
        "given": "提供的",
        "reconstructions": "重建結果",
        "denoised": "去雜訊後的影像",
        "graphs": "這個 bundle（onnxruntime）",
        "torch": "torch 模型",
        "holes": "間隙：抽樣得到的潛在向量有 {share} 離所有編碼都遠，解碼結果也不像訓練資料；"
        "沒有間隙的潛在空間大約是 5 %。",
        "use": "用在自己的程式裡",
        "takes": "encoder.onnx 的輸入是 image（float32 {image}，值在 0 到 1 之間），"
        "輸出是 latent {latent}{more}；decoder.onnx 的輸入是 latent，輸出是 image。",
        "multiples": "高與寬必須是 {multiple} 的倍數；rows 與 columns 各為其 {stride} 分之一。",
        "oldest": "兩者都需要 onnxruntime {version} 以上。",
        "log_variance": " 和 log_variance",
        "python": "Python，使用這個套件",
        "plain": "Python，只用 onnxruntime",
        "javascript": "JavaScript，使用 onnxruntime-web 或 onnxruntime-node",
        "attached": "bundle 內附的說明卡（README.md，原文）",
    },
}
