"""Let a model make up pictures: draw latents by chance and decode them."""

from __future__ import annotations

import math
import random
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.errors import UsageError
from diabolo.runtime.image import convert
from diabolo.runtime.image import mosaic as tiles
from diabolo.ui.parts.context import QUIET, Context, shown_errors
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.texts import SHARED, Texts, source_of
from diabolo.ui.work import check_pictures

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Generate", "zh-TW": "生成"}
ORDER = 60
TEXTS: Texts = {
    "en": {
        "lead": "No picture goes in here: latents are drawn by chance and decoded.",
        "count": "Pictures",
        "seed": "Seed",
        "same": "The same seed gives the same pictures.",
        "others": "Draw others",
        "grid": "What the model made up",
        "prior": "Drawn from **{source}**. Training kept the codes near it, so most of what is drawn there "
        "was learned, and decodes to something like the data.",
        "fitted": "Drawn from **{source}**. Nothing asked this model's codes to follow a distribution, so "
        "the gaussian also covers places between them, where nothing was learned: what is drawn there may "
        "look like nothing.",
        "far": "**{far} of {count}** lie farther from the training codes than 90 % of the test codes do. Of "
        "codes of real images, one in ten does.",
    },
    "zh-TW": {
        "lead": "這裡不輸入影像：隨機抽出潛在向量，再解碼成影像。",
        "count": "張數",
        "seed": "亂數種子",
        "same": "同一個種子，結果相同。",
        "others": "換一批",
        "grid": "模型生成的影像",
        "prior": "抽自**{source}**。訓練時，編碼一直被拉向這個分布，所以抽到的位置大多學過，"
        "解碼出來就像資料裡的東西。",
        "fitted": "抽自**{source}**。訓練時沒有人要求這個模型的編碼服從任何分布，因此這個分布也蓋到編碼之間"
        "沒學過的間隙；抽到那裡，解碼出來可能什麼都不像。",
        "far": "這 {count} 個潛在向量裡，有 **{far}** 個離訓練編碼比九成的測試編碼還遠。"
        "換作真實影像的編碼，大約十個有一個。",
    },
}

_MOST = 100  # pictures
_LONGEST = 1200  # pixels of the grid
_FAR = 0.9  # the share of test codes that lie closer


def build(context: Context) -> None:
    """Lay out the tab."""

    def sample(model: str, count: float, seed: float, request: gr.Request) -> tuple[Image.Image, str]:
        """Let a model make up pictures.

        Args:
            model: the model's name.
            count: how many pictures, 1 to 100.
            seed: a whole number from 0; the same seed gives the same pictures.

        Returns:
            All of them in one picture, row by row (PNG), and what they were drawn from, in words.
        """
        say = context.say(TEXTS, request)
        with shown_errors():
            if not 1 <= (count := int(count or 0)) <= _MOST:
                raise UsageError(f"count must be from 1 to {_MOST}, not {count}.")
            opened = context.model(model)
            shape = opened.manifest.image_shape
            check_pictures(count, shape)
            with context.turn(count, shape):
                latents = opened.sample_latents(count, seed=int(seed or 0))
                made = convert.to_pil(opened.decode(latents))
                source = source_of(opened.latent_space.distribution, context.say(SHARED, request))
                return _grid(made), _words(opened, latents, say, source)

    def another() -> int:
        return random.randrange(10_000)

    def text(key: str) -> Any:
        return context.text("generate", key)

    gr.Markdown(text("lead"), elem_classes="lead")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=260, elem_classes="generate-choices"):
            count = gr.Slider(1, _MOST, value=16, step=1, label=text("count"))
            seed = gr.Number(0, precision=0, minimum=0, label=text("seed"), info=text("same"))
            others = gr.Button(text("others"), variant="primary", elem_classes="generate-run")
            words = gr.Markdown(elem_classes=["note", "generate-words"])
        with gr.Column(min_width=280, scale=2):
            grid = pixels(text("grid"), name="generate-grid")
    gr.on(
        None,  # when the page opens, and when one of these changes
        sample,
        [context.chooser, count, seed],
        [grid, words],
        show_progress="hidden",
        trigger_mode="always_last",
        **context.endpoint("sample"),
    )
    others.click(another, None, seed, **QUIET)


def _grid(made: list[Image.Image]) -> Image.Image:
    """Pictures in about as many rows as columns."""
    columns = math.ceil(math.sqrt(len(made)))
    width, height = made[0].size
    rows = -(-len(made) // columns)
    scale = tiles.enlargement((columns * (width + 1), rows * (height + 1)), _LONGEST)
    return tiles.tiled(made, columns, scale, gap=1)


def _words(model: Autoencoder, latents: NDArray[np.float32], say: dict[str, str], source: str) -> str:
    """What was drawn from, why that matters, and how far out these latents lie."""
    space = model.latent_space
    lines = [say["prior" if space.distribution.name == "normal" else "fitted"].format(source=source)]
    ranks = space.rank(latents)
    if ranks is not None:
        far = int((ranks > _FAR).sum())
        lines.append(say["far"].format(far=far, count=len(latents)))
    return "\n\n".join(lines)
