"""Generate pictures: draw random latents and decode them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import ceil, prod, sqrt
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.runtime.errors import UsageError
from diabolo.runtime.image import convert, mosaic
from diabolo.runtime.latent.space import LatentSpace
from diabolo.ui.parts.context import QUIET, Context, shown_errors
from diabolo.ui.parts.picture_input import pixels
from diabolo.ui.parts.texts import SHARED, Texts, source_of
from diabolo.ui.work import check_pictures

__all__ = ["ORDER", "TEXTS", "TITLE", "build"]

TITLE = {"en": "Generate", "zh-TW": "生成"}
ORDER = 60
TEXTS: Texts = {
    "en": {
        "lead": "There is no input picture here: latents are drawn at random and decoded.",
        "count": "Pictures",
        "seed": "Seed",
        "same": "The same seed gives the same pictures.",
        "others": "Sample again",
        "grid": "Generated pictures",
        "prior": "Drawn from **{source}**. Training kept the codes close to this distribution, so most of "
        "these latents are near codes of training images, and decode to something like the data.",
        "grid_prior": "Drawn from **{source}**, independently at each position of the latent's grid. In "
        "codes of real images the positions depend on each other, so the details of these pictures may look "
        "like the data, but not the whole.",
        "fitted": "Drawn from **{source}**. Training did not make this model's codes follow a distribution, "
        "so the gaussian also covers the gaps between them, where there is no training data: latents in a "
        "gap may decode to something unlike the data.",
        "far": "**{far} of {count}** latents lie farther from the training codes than 90 % of the test "
        "codes do. For codes of real images, it is one in ten.",
    },
    "zh-TW": {
        "lead": "這裡不需要輸入影像：隨機抽取潛在向量，再解碼成影像。",
        "count": "張數",
        "seed": "亂數種子",
        "same": "同一個種子，結果相同。",
        "others": "換一批",
        "grid": "模型生成的影像",
        "prior": "抽樣自**{source}**。訓練時把編碼拉向這個分布，所以這些潛在向量大多靠近訓練影像的編碼，"
        "解碼出來也像訓練資料。",
        "grid_prior": "抽樣自**{source}**，潛在向量網格的每個位置各自獨立抽取。真實影像的編碼在不同位置"
        "之間彼此相關，所以解碼出來的局部可能像資料，整體卻不像。",
        "fitted": "抽樣自**{source}**。訓練時並未要求這個模型的編碼服從任何分布，所以這個分布也涵蓋編碼之間的"
        "間隙，那裡沒有訓練資料；抽到間隙裡，解碼出來可能不像資料。",
        "far": "這 {count} 個潛在向量裡，有 **{far}** 個離訓練編碼比九成的測試編碼還遠；"
        "真實影像的編碼則大約十個有一個。",
    },
}

_MOST = 100  # pictures
_LONGEST = 1200  # pixels of the grid's longer side
_FAR = 0.9  # a latent counts as far if more than this share of test codes lies closer


@dataclass(kw_only=True)
class _Page:
    """The components of the tab."""

    count: gr.Slider
    seed: gr.Number
    others: gr.Button
    words: gr.Markdown
    grid: gr.Image


def build(context: Context) -> None:
    """Lay out the tab."""
    _wire(context, _layout(context))


def _layout(context: Context) -> _Page:
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
    return _Page(count=count, seed=seed, others=others, words=words, grid=grid)


def _wire(context: Context, page: _Page) -> None:
    """Draw the pictures when the page opens and when a choice changes; it is the endpoint `/sample`, too."""

    def sample(model: str, count: float, seed: float, request: gr.Request) -> tuple[Image.Image, str]:
        """Generate pictures.

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
                return _grid(made), _words(opened.latent_space, latents, say, source)

    def another_seed() -> int:
        return random.randrange(10_000)

    gr.on(
        None,  # when the page opens, and when one of the inputs changes
        sample,
        [context.chooser, page.count, page.seed],
        [page.grid, page.words],
        show_progress="hidden",
        trigger_mode="always_last",
        **context.endpoint("sample", "grid", "source"),
    )
    page.others.click(another_seed, None, page.seed, **QUIET)


def _grid(made: list[Image.Image]) -> Image.Image:
    """Pictures in about as many rows as columns."""
    columns = ceil(sqrt(len(made)))
    width, height = made[0].size
    rows = -(-len(made) // columns)
    scale = mosaic.enlargement((columns * (width + 1), rows * (height + 1)), _LONGEST)
    return mosaic.tiled(made, columns, scale, gap=1)


def _words(space: LatentSpace, latents: NDArray[np.float32], say: dict[str, str], source: str) -> str:
    """What the latents were drawn from, what that means for the pictures, and how many lie far out."""
    lines = [say[_meaning(space)].format(source=source)]
    ranks = space.rank(latents)
    if ranks is not None:
        far = int((ranks > _FAR).sum())
        lines.append(say["far"].format(far=far, count=len(latents)))
    return "\n\n".join(lines)


def _meaning(space: LatentSpace) -> str:
    """The key in `TEXTS`: training draws codes towards a prior, whose positions are independent."""
    if space.distribution.name == "fitted":
        return "fitted"
    return "grid_prior" if prod(space.shape[1:]) > 1 else "prior"
