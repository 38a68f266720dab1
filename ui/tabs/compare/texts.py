"""The words of the tab that compares models."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "rows": "One picture",
        "maps": "Two maps",
        "lead": "Give one picture to several models, and see what each of them keeps and what that costs.",
        "models": "Models to compare",
        "fair": "A fetched sample was made by the model chosen above, and is easy for that one: draw, "
        "upload or take a test image for a fair comparison.",
        "none_chosen": "Choose at least one model to compare.",
        "model": "Model",
        "sees": "Sees",
        "restores": "Reconstruction",
        "error": "Error",
        "mse": "MSE",
        "psnr": "PSNR",
        "ssim": "SSIM",
        "code": "Code",
        "files": "Files",
        "time": "Time",
        "numbers": "{count} numbers",
        "says": "What model.json says",
        "rows_note": "Bold: the best of its column. Error: the stronger the colour, the further off, on one "
        "scale for all rows; the full colour is {full} or more. Files: both graphs. Time: to encode and "
        "decode this picture once, the median of seven.",
        "maps_lead": "A plain autoencoder's codes leave gaps, where nothing was learned. A VAE's lie close "
        "around the middle, and one thing turns into another on the way. Steps that look like nothing in "
        "the data are marked in orange.",
        "left": "Left map",
        "right": "Right map",
        "from": "From class",
        "to": "to class",
        "follow": "The right pointer follows the left one's picture",
        "show_picture": "Show my picture on both",
        "same_image": "Both pointers stand on the code of the same test image, of class **{name}**. Drag "
        "the left one through the gaps.",
        "own_image": "Each pointer stands on a code of class **{name}**. Drag the left one through the gaps.",
        "your_picture": "Both pointers stand on the code of your picture.",
        "no_picture": "There is no picture yet: draw, upload or fetch one under 'One picture'.",
        "no_classes": "These two models have no codes of two classes in common: drag their pointers.",
        "way": "from {start} to {end}",
        "step": "Step {step} of {count}",
        "in_hole": ": like nothing in the data",
        "holes_met": "{count} of {of} steps look like nothing in the data",
        "unknown": "whether the steps look like the data cannot be told here: too few codes, or pixels do "
        "not tell",
        "without_prior": "No prior: nothing in the training asked the codes to lie close together.",
        "with_prior": "A prior: the training drew the codes together around the middle.",
        "holes": "Holes by model.json: **{share} %** of the places that a sampler may reach; about 5 % is "
        "what a space without holes has.",
    },
    "zh-TW": {
        "rows": "一張影像",
        "maps": "兩張地圖",
        "lead": "把同一張影像交給好幾個模型，看看各自留下了什麼，又付出多少代價。",
        "models": "要比較的模型",
        "fair": "「取一個樣本」的影像出自上方所選的模型，對它來說特別容易；要公平比較，請手繪、上傳，或取一"
        "張測試影像。",
        "none_chosen": "請至少選一個模型。",
        "model": "模型",
        "sees": "看到的影像",
        "restores": "重建結果",
        "error": "誤差",
        "mse": "MSE",
        "psnr": "PSNR",
        "ssim": "SSIM",
        "code": "編碼",
        "files": "檔案",
        "time": "時間",
        "numbers": "{count} 個數",
        "says": "model.json 的說明",
        "rows_note": "粗體是該欄最好的。誤差顏色越深，差得越遠；各列共用同一把尺，最深為 {full} 以上。檔案指"
        "編碼器與解碼器兩個檔的大小。時間是這張影像編碼再解碼一次所花的，量七次取中位數。",
        "maps_lead": "一般自編碼器的編碼之間留有間隙，那裡什麼也沒學到；VAE 的編碼緊靠著中心，一路走去，一樣"
        "東西會慢慢變成另一樣。橘色橫條標出不像任何資料的那幾步。",
        "left": "左邊的地圖",
        "right": "右邊的地圖",
        "from": "從類別",
        "to": "到類別",
        "follow": "右邊的游標跟著左邊的影像走",
        "show_picture": "把我的影像放上兩張地圖",
        "same_image": "兩邊的游標都停在同一張測試影像的編碼上，類別為 **{name}**。拖著左邊的游標穿過間隙看看"
        "。",
        "own_image": "兩邊的游標各停在一個「{name}」的編碼上。拖著左邊的游標穿過間隙看看。",
        "your_picture": "兩邊的游標都停在您這張影像的編碼上。",
        "no_picture": "還沒有影像：請先到「一張影像」手繪、上傳或取一張。",
        "no_classes": "這兩個模型沒有兩個共同類別的編碼，請直接拖曳游標。",
        "way": "從 {start} 走到 {end}",
        "step": "第 {step} 步，共 {count} 步",
        "in_hole": "：不像任何資料",
        "holes_met": "{of} 步裡有 {count} 步不像任何資料",
        "unknown": "這裡無法判斷哪幾步不像資料：編碼太少，或單憑像素分不出來",
        "without_prior": "沒有先驗分布：訓練時沒有要求編碼彼此靠近。",
        "with_prior": "有先驗分布：訓練時把編碼都往中心拉攏。",
        "holes": "model.json 記載的間隙：抽樣可能走到的地方有 **{share}%** 是間隙；沒有間隙的空間約為 5%。",
    },
}
