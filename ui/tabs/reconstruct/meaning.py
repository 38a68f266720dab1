"""What the figures of a reconstruction mean, by what model.json says; and which model does better."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.bundle.quality import little_explained
from diabolo.ui.models.collection import figures
from diabolo.ui.models.suited import reconstructs
from diabolo.ui.parts.figures import mse_text
from diabolo.ui.parts.texts import Texts

__all__ = ["WORDS", "better", "meaning"]

WORDS: Texts = {
    "en": {
        "mse": "MSE: the mean squared error of the pixels, from 0 (identical) to 1. PSNR and SSIM: higher is "
        "better.",
        "usual": "On test images of {dataset}, this model's mean MSE is {mean}.",
        "unusual": "On test images of {dataset}, this model's mean MSE is {mean}. Here it is {times} times "
        "as large: this picture is unlike the images that the model was trained on.",
        "little": "This model has learned little, so its mean error does not tell what is normal: of the "
        "variance of those images it explains {share} (100 % is perfect, 0 % one picture for all images).",
        "few": "{count} numbers are too few to keep what tells similar pictures apart{example}. {better} has "
        "{more} numbers, and a mean MSE of {its} instead of {mean}.",
        "more": "{better} reconstructs the same kind of images better: its mean MSE is {its} instead of "
        "{mean}.",
        "digits": ": a 4 may come back as a 9",
        "classes": ": a picture of one class may come back as another",
        "none": "",
    },
    "zh-TW": {
        "mse": "MSE 是各像素誤差平方的平均，從 0（完全相同）到 1；PSNR 與 SSIM 則是越高越好。",
        "usual": "這個模型在 {dataset} 測試影像上的平均 MSE 為 {mean}。",
        "unusual": "這個模型在 {dataset} 測試影像上的平均 MSE 為 {mean}，這張影像是它的 {times} 倍，"
        "可見和訓練時看過的影像不太一樣。",
        "little": "這個模型沒學到多少，所以平均誤差看不出影像是否正常：在那些測試影像上，變異只解釋了 {share}"
        "（100 % 是完美重建，0 % 等於不管輸入什麼都輸出同一張圖）。",
        "few": "只用 {count} 個數，記不住相似影像之間的差別{example}。{better} 用 {more} 個數，"
        "平均 MSE 為 {its}，這個模型則是 {mean}。",
        "more": "{better} 重建同類影像的效果更好：平均 MSE 為 {its}，這個模型則是 {mean}。",
        "digits": "：寫 4 可能還原成 9",
        "classes": "：還原出來可能變成別的類別",
        "none": "",
    },
}
_UNUSUAL = 3  # times the mean MSE
_BETTER = 0.6  # of the MSE of a model, that a better one has at most


def meaning(models: Mapping[str, Manifest], name: str, mse: float, say: dict[str, str]) -> list[str]:
    """What the MSE of a reconstruction means, in sentences.

    Args:
        models: the visitor's models.
        name: of the model that reconstructed the picture.
        mse: of this picture.
        say: `WORDS` in one language.
    """
    m = models[name]
    mean, lines = figures(m).get("mse"), [say["mse"]]
    if mean is None:
        return lines
    times = mse / mean if mean > 0 else 0
    words = say["unusual" if times >= _UNUSUAL else "usual"]
    lines.append(words.format(dataset=m.dataset, mean=mse_text(mean), times=f"{times:.2g}"))
    if (share := little_explained(m.metrics)) is not None:
        lines.append(say["little"].format(share=f"{100 * share:.0f} %"))
    if other := better(models, name):
        n = models[other]
        fewer = prod(m.latent_shape) < prod(n.latent_shape)
        lines.append(
            say["few" if fewer else "more"].format(
                count=prod(m.latent_shape),
                more=prod(n.latent_shape),
                better=other,
                its=mse_text(figures(n)["mse"]),
                mean=mse_text(mean),
                example=say[_example(m)],
            )
        )
    return lines


def better(models: Mapping[str, Manifest], name: str) -> str | None:
    """A model for the same images with a much smaller MSE on test images, the best; None if there is none."""
    m = models[name]
    mean = figures(m).get("mse")
    if mean is None:
        return None
    others = [
        other
        for other, n in models.items()
        if (n.dataset, n.image_shape, n.noise) == (m.dataset, m.image_shape, None)
        and figures(n).get("mse", mean) <= _BETTER * mean
    ]
    return max(others, key=lambda other: reconstructs(models[other]), default=None)


def _example(m: Manifest) -> str:
    if {"4", "9"} <= set(m.classes):
        return "digits"
    return "classes" if m.classes else "none"
