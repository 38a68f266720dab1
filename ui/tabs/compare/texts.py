"""The texts of the tab Compare."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "rows": "One picture",
        "maps": "Two maps",
        "lead": "Give the same picture to several models, and compare their reconstructions, the sizes of "
        "their codes and their speed.",
        "models": "Models to compare",
        "fair": "A fetched sample favours the model that decoded it. For a fair comparison, draw or upload "
        "a picture, or fetch a test image.",
        "none_chosen": "Choose at least one model to compare.",
        "model": "Model",
        "sees": "Input",
        "restores": "Reconstruction",
        "error": "Error",
        "mse": "MSE",
        "psnr": "PSNR",
        "ssim": "SSIM",
        "code": "Code",
        "files": "Files",
        "time": "Time",
        "numbers": "{count} numbers",
        "says": "From model.json",
        "rows_note": "Bold: the best value in its column. Error: the deeper the colour, the larger "
        "the error, on the same scale in all rows; the deepest is {full} or more. Files: the size of both "
        "graphs together. Time: to encode and decode this picture, the median of seven runs.",
        "maps_lead": "A plain autoencoder leaves gaps between its codes, where there is no training data. A "
        "VAE's codes lie close together around the centre, and one class turns into another along the path. "
        "The orange mark judges the picture: how much it changes when it is encoded and decoded again and "
        "how far it lies between classes, taken together, exceed those of 95 % of the test codes. The blue "
        "mark judges the latent alone: it lies farther from the training codes than 95 % of the test codes "
        "do. A smear that the model itself reproduces may get no orange mark.",
        "left": "Left map",
        "right": "Right map",
        "from": "From class",
        "to": "To class",
        "follow": "Move the right pointer to the code of the picture on the left",
        "show_picture": "Show my picture on both maps",
        "same_image": "Both pointers are at the code of the same test image, of class **{name}**. Drag the "
        "left one through the gaps.",
        "own_image": "Each pointer is at a code of class **{name}**. Drag the left one through the gaps.",
        "your_picture": "Both pointers are at the code of your picture.",
        "no_picture": "There is no picture yet: draw, upload or fetch one on the left.",
        "no_classes": "The two models do not have codes of at least two common classes, so there is no path "
        "to choose. Drag the pointers instead.",
        "removed": "Your upload **{name}** was removed, so another model is shown in its place.",
        "from_to": "from {start} to {end}",
        "step": "Step {step} of {count}",
        "without_prior": "No prior: training did not ask for any shape of the codes as a whole.",
        "with_prior": "A prior: training pulled the codes together around the centre.",
        "holes": "Holes, according to model.json: **{share} %** of randomly drawn latents. A latent space "
        "without holes scores about 5 %.",
    },
    "zh-TW": {
        "rows": "一張影像",
        "maps": "兩張地圖",
        "lead": "把同一張影像交給好幾個模型，比較重建的效果、編碼的大小和速度。",
        "models": "要比較的模型",
        "fair": "「取一個樣本」的影像對解碼出它的模型有利；要公平比較，請手繪、上傳，或取一張測試影像。",
        "none_chosen": "請至少選一個模型。",
        "model": "模型",
        "sees": "輸入影像",
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
        "rows_note": "粗體：該欄的最佳值。誤差：顏色越深，誤差越大；各列使用同一個尺度，最深表示 {full} 以"
        "上。檔案：編碼器與解碼器的大小合計。時間：這張影像編碼再解碼一次所需的時間，取七次的中位數。",
        "maps_lead": "一般自編碼器的編碼之間留有間隙，那裡沒有訓練資料；VAE 的編碼緊靠在中心周圍，沿著路徑"
        "走，一個類別會慢慢變成另一個類別。橘色看的是畫面：反覆編碼、解碼時的變化，加上介於類別之間的程度，"
        "綜合起來高於 95% 的測試編碼。藍色只看潛在向量：它離訓練編碼比 95% 的測試編碼還遠。模型自己能重建的"
        "模糊畫面，不一定標得出來。",
        "left": "左邊的地圖",
        "right": "右邊的地圖",
        "from": "從類別",
        "to": "到類別",
        "follow": "右邊的游標跟著移到左邊影像的編碼上",
        "show_picture": "在兩張地圖上標出我的影像",
        "same_image": "兩邊的游標都停在同一張測試影像的編碼上，類別為 **{name}**。請拖曳左邊的游標穿過間隙看"
        "看。",
        "own_image": "兩邊的游標各停在一個「{name}」的編碼上。請拖曳左邊的游標穿過間隙看看。",
        "your_picture": "兩邊的游標都停在你這張影像的編碼上。",
        "no_picture": "還沒有影像：請先在左側手繪、上傳或取一張。",
        "no_classes": "這兩個模型共同的類別不到兩個，無法選擇路徑，請直接拖曳游標。",
        "removed": "你上傳的 **{name}** 已被移除，這裡改為顯示另一個模型。",
        "from_to": "從 {start} 到 {end}",
        "step": "第 {step} 步，共 {count} 步",
        "without_prior": "沒有先驗分布：訓練時沒有規定編碼整體的形狀。",
        "with_prior": "有先驗分布：訓練時把編碼都拉向中心。",
        "holes": "根據 model.json，隨機抽取的潛在向量有 **{share}%** 落在間隙裡；沒有間隙的潛在空間約為 5%。",
    },
}
