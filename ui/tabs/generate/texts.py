"""The texts of the tab Generate."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "lead": "There is no input picture here: latents are drawn at random and decoded.",
        "count": "Pictures",
        "seed": "Seed",
        "same": "The same seed gives the same pictures.",
        "others": "Sample again",
        "grid": "Generated pictures",
        "prior": "Drawn from **{source}**. Training kept the codes close to this distribution, so most of "
        "these latents are near codes of training images. Even so, not every picture looks like the data.",
        "grid_prior": "Drawn from **{source}**, independently at each position of the latent's grid. In "
        "codes of real images the positions depend on each other, so the details of these pictures may look "
        "like the data, but not the whole.",
        "fitted": "Drawn from **{source}**. Training did not make this model's codes follow a distribution, "
        "so the gaussian also covers the gaps between them, where there is no training data: latents in a "
        "gap may decode to something unlike the data.",
        "mixture": "Drawn from **{source}** when the training was over: several clusters of codes, each with "
        "a gaussian of its own. Fewer latents fall between the clusters than from a single gaussian, and "
        "those that do may decode to something unlike the data.",
        "photos": "This model was trained to keep any picture, and not to know what pictures show: random "
        "codes decode to random colours.",
        "unlike": "**{found} of {count}** pictures are unlike the data{which}: they keep changing when they "
        "are encoded and decoded again, or lie between classes, more than 95 % of the test codes do.",
        "far": "**{found} of {count}** latents are far from the codes{which}: 95 % of the test codes lie "
        "closer to the training codes.",
        "which": " ({numbers})",
        "marked": " ({numbers}, marked in {colour})",
        "orange": "orange",
        "blue": "blue",
        "usual": "For comparison, each is true of one in twenty test codes.",
    },
    "zh-TW": {
        "lead": "這裡不需要輸入影像：隨機抽取潛在向量，再解碼成影像。",
        "count": "張數",
        "seed": "亂數種子",
        "same": "同一個種子，結果相同。",
        "others": "換一批",
        "grid": "模型生成的影像",
        "prior": "抽樣自**{source}**。訓練時把編碼拉向這個分布，所以這些潛在向量大多靠近訓練影像的編碼，"
        "但不保證每一張都像訓練資料。",
        "grid_prior": "抽樣自**{source}**，潛在向量網格的每個位置各自獨立抽取。真實影像的編碼在不同位置"
        "之間彼此相關，所以解碼出來的局部可能像資料，整體卻不像。",
        "fitted": "抽樣自**{source}**。訓練時並未要求這個模型的編碼服從任何分布，所以這個分布也涵蓋編碼之間的"
        "間隙，那裡沒有訓練資料；抽到間隙裡，解碼出來可能不像資料。",
        "mixture": "抽樣自**{source}**，訓練結束後才配適：編碼分成好幾群，每一群各有一個常態分布。"
        "比起只用一個，落在群與群之間的潛在向量比較少；落在那裡的，解碼出來可能不像資料。",
        "photos": "這個模型學的是保留任何影像，而不是影像的內容；隨機的編碼只會解碼成雜亂的色塊。",
        "unlike": "這 {count} 張影像裡，有 **{found}** 張不像資料{which}：反覆編碼、解碼，它們會一再改變，"
        "或是介於幾個類別之間，程度超過 95% 的測試編碼。",
        "far": "這 {count} 個潛在向量裡，有 **{found}** 個遠離編碼{which}：95% 的測試編碼都比它更靠近"
        "訓練編碼。",
        "which": "（第 {numbers} 張）",
        "marked": "（第 {numbers} 張，以{colour}標示）",
        "orange": "橘色",
        "blue": "藍色",
        "usual": "作為對照：這兩種情形，測試編碼裡各約二十分之一。",
    },
}
