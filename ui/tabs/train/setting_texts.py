"""What the page says in place of the help of settings, and of the summaries of variants and data sets.

For one that is not listed, such as that of another package, it shows the help or the summary itself.
"""

from __future__ import annotations

__all__ = ["ABOUT", "SETTINGS"]

SETTINGS: dict[str, dict[str, str]] = {
    "en": {
        "latent_dim": "Size of the latent vector; with 2, the map shows it as it is.",
        "epochs": "Passes over the training images.",
    },
    "zh-TW": {
        "latent_dim": "潛在向量有幾個數；2 的話，地圖直接畫出它。網路 conv-spatial 則是網格的通道數。",
        "width": "網路各層的寬度。",
        "depth": "網路的層數。",
        "blocks": "網路的殘差區塊數。",
        "epochs": "所有訓練影像要看過幾遍。",
        "batch_size": "每一步用幾張影像。",
        "validate_every": "每隔幾個訓練週期驗證一次；每次驗證都會在歷史裡加一列，並存下檢查點。",
        "optimizer": "adam；或 muon，每一步較久，但需要的步數較少。",
        "lr": "學習率的最大值。",
        "weight_decay": "權重衰減（與梯度分開計算），以每單位學習率計。",
        "average": "權重指數移動平均（EMA）的衰減率，例如 0.999；驗證與儲存的就是平均後的權重。0：不平均。",
        "patience": "驗證損失經過這麼多個訓練週期都沒有變好就停止；0：不提早停止。",
        "seed": "所有亂數的種子；種子相同，結果就相同。",
        "device": "訓練用的裝置；auto：能用的裝置裡最快的。",
        "precision": "浮點數精度；auto：如果裝置用 bf16 算得比較快，就用 bf16。",
        "compile": "使用 torch.compile；訓練要好幾分鐘時才划算，尤其是在 GPU 上。",
        "image_size": "把影像縮放成這個大小，8 到 256 像素，例如 28 或 32x48。",
        "crop": "影像保持原來的大小，訓練時隨機裁切成這個邊長的正方形；用於照片的去雜訊與壓縮，"
        "需要能接受任何大小的網路。",
        "noisy": "同名影像的雜訊版本所在的資料夾，由模型種類 denoising 學習清除；要搭配 crop，"
        "這時不再另加雜訊。",
        "resize": "crop：裁切成需要的比例；pad：補邊；stretch：直接拉成需要的大小。",
        "colour": "全部轉成彩色，或全部轉成灰階。",
        "background": "透明處與補邊的顏色：名稱或 #rrggbb。",
        "range": "超過 8 位元的灰階影像，哪些值算黑、哪些值算白。full：0 與 65535；auto：資料夾裡的最小值與"
        "最大值；或兩個數，例如 0:4095。",
        "classes": "只用這些類別的影像訓練與測試，以逗號分隔。",
        "augment": "每一步都重新變化訓練影像：shift:像素、rotate:角度、zoom:比例、shear:比例、flip、"
        "mix:比例；none：不變化。",
        "data_dir": "已有資料集的資料夾；只讀取，不會寫入。",
        "noise": "雜訊的種類與強度，例如 gaussian:0.5，也可以是範圍，例如 gaussian:0-0.5；"
        "用 + 依序加上幾種。",
        "clip": "加雜訊後把像素限制在 [0, 1]，就像影像檔那樣。",
        "sparsity": "稀疏參數 ρ：每個神經元平均激活程度的目標，介於 0 與 1。",
        "sparsity_weight": "β：稀疏項的權重；0 就是使用 sigmoid 神經元的一般 Autoencoder。",
        "active": "k：每張影像有幾個神經元不為 0；網格則是每個位置各 k 個通道。",
        "revival_weight": "α：輔助損失的權重，讓對任何影像都不再激活的神經元學習改善重建；"
        "0 的話，大多數神經元可能會死掉。",
        "contraction_weight": "λ：編碼器 Jacobian 範數平方的權重；0 就是一般的 Autoencoder。",
        "projections": "每張影像用幾個隨機投影估計這個範數；每多一個，就多一次反向傳播。",
        "beta": "與 N(0, I) 的 KL 散度的權重；1 就是 ELBO。",
        "kl_warmup": "β 從 0 升到設定值所用的訓練週期數，用來避免後驗崩塌。",
        "tc_weight": "在 KL 散度之外，總相關（total correlation）另有多少權重，即 β-TC-VAE 的 β − 1；"
        "越大，潛在向量的各個維度越獨立。",
        "likelihood": "bernoulli：像素值當成機率；gaussian：像素值當成平均，標準差由學習得到。",
        "binarise": "把每個像素抽樣成 0 或 1：dynamic 每一步重新抽、static 只抽一次；none：保留灰階。",
        "importance_samples": "每張影像抽幾個潛在向量；大於 1 時改用更緊的下界（IWAE），"
        "訓練時間也大約變成這麼多倍。",
        "importance_after": "先用一個潛在向量訓練幾個訓練週期，再改用上面的數目。",
        "mask_share": "遮住的方塊占多少，例如 0.5；或一個範圍，例如 0-0.75，每張影像各抽一個。"
        "範圍從 0 開始時，模型也看得到完整的影像，這些影像同樣重建得好。",
        "patch_size": "方塊的邊長，以像素計；越大越難，因為從邊緣猜不出缺了什麼。",
        "visible_weight": "看得見的像素的誤差占多少權重（遮住的像素是 1）；0 與論文相同，"
        "但模型就不會學著重現看得見的部分。",
        "encoder": "deterministic：每張影像一個潛在向量（WAE）；gaussian：預測平均與變異數，"
        "再從中抽出潛在向量（InfoVAE）。",
        "mmd_weight": "λ：編碼與 N(0, I) 之差異（MMD）的權重；越大，間隙越少，誤差越大。",
        "alpha": "編碼器是 gaussian 時，1 − α 是每張影像後驗分布的 KL 散度的權重；"
        "1 就是不用這一項（MMD-VAE）。",
        "code_weight": "β：編碼長度平方的權重，讓編碼留在原點附近。",
        "decoder_weight": "λ：解碼器權重平方的權重，讓解碼器平滑。",
        "components": "用幾個常態分布的混合來描述編碼；編碼太少時會用得更少。",
        "vectors": "碼簿裡有幾個向量；每一格占 log₂ 這個數目的位元。",
        "quantiser": "vq：學習一本碼簿；fsq：把幾個數各自捨入到少數幾個等級，不必學碼簿，"
        "也幾乎不會有用不到的。",
        "commitment": "編碼器輸出與其向量之距離的權重；只用於 vq。",
        "carry": "讓潛在向量的前幾個通道就是影像本身，由解碼器修正；用於去雜訊，所需的訓練少得多。",
        "activation": "殘差區塊的激活函數；relu 在 onnxruntime 裡比較快。",
    },
}

ABOUT: dict[str, dict[str, str]] = {
    "en": {},
    "zh-TW": {
        "variant autoencoder": "一般的 Autoencoder：輸出應該等於輸入。",
        "variant conv": "卷積：編碼器逐步縮小影像，解碼器再逐步放大。",
        "variant denoising": "輸入先加上雜訊，每個批次都重新加；目標是乾淨的影像。",
        "variant masked": "輸入遮住一些方塊，每個批次都重新選；目標是完整的影像。",
        "variant sparse": "sigmoid 神經元，並要求它們的平均激活程度接近一個小的 ρ。",
        "variant wasserstein": "讓所有編碼合起來接近 N(0, I)，每張影像的編碼仍然精確；能生成新影像。",
        "variant topk": "每張影像只留下最大的 k 個神經元，不多不少；死掉的神經元會被救活。",
        "variant contractive": "懲罰編碼器的 Jacobian，讓影像稍有變化時編碼幾乎不變。",
        "variant regularised": "編碼留在原點附近，解碼器權重小；訓練後配適混合常態分布來生成影像。",
        "variant vq": "潛在網格的每一格都是碼簿裡的一個向量：編碼是整數，只占幾個位元。",
        "variant vae": "編碼成平均與變異數，再從中抽出潛在向量；能生成新影像。",
        "images glyphs": "23 種字型的字母 A 到 J，當場繪製，不必下載",
        "images shapes": "正方形、橢圓與心形，大小、角度與位置都已知，當場繪製",
        "images mnist": "手寫數字",
        "images fashion-mnist": "衣物、鞋子與包包的照片",
        "images notmnist": "許多字型的字母 A 到 J",
        "images cifar10": "十類彩色小照片",
        "images bsds500": "自然照片，適合去雜訊與壓縮",
    },
}
