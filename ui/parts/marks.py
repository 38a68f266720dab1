"""Two marks on decoded pictures: unlike the data (orange), and decoded far from the training codes (blue).

They are different questions. A decoder may draw a perfect digit far from all codes, and a smear between two
codes that are close together. Tabs show both, each with its own colour and sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.autoencoder import Autoencoder
from diabolo.runtime.latent.plausibility import Plausibility
from diabolo.ui.models.cache import cached
from diabolo.ui.parts.inline_html import escaped
from diabolo.ui.parts.texts import Texts

__all__ = ["FAR", "TEXTS", "Marks", "far_of", "marks_of"]

FAR = 0.95  # a latent is marked if more than this share of the test codes lies closer to the training codes

TEXTS: Texts = {
    "en": {
        "unlike": "The picture is unlike the data: how much it changes when it is encoded and decoded again "
        "and how far it lies between classes, taken together, exceed those of 95 % of the test codes.",
        "far": "The latent is far from the codes: 95 % of the test codes lie closer to the training codes.",
        "unlike_short": "unlike the data",
        "far_short": "far from the codes",
        "unlike_count": "{count} of {of} pictures are unlike the data",
        "far_count": "{count} of {of} latents are far from the codes",
        "unlike_unknown": "too few stored codes to tell which pictures are unlike the data",
    },
    "zh-TW": {
        "unlike": "畫面不像資料：反覆編碼、解碼時的變化，加上介於類別之間的程度，"
        "綜合起來高於 95% 的測試編碼。",
        "far": "潛在向量遠離編碼：95% 的測試編碼都比它更靠近訓練編碼。",
        "unlike_short": "不像資料",
        "far_short": "遠離編碼",
        "unlike_count": "{of} 張影像裡有 {count} 張不像資料",
        "far_count": "{of} 個潛在向量裡有 {count} 個遠離編碼",
        "unlike_unknown": "存下的編碼太少，無法判斷哪些影像不像資料",
    },
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Marks:
    """The marks of decoded pictures; None if the bundle does not hold what they take.

    Attributes:
        unlike: whether each picture is unlike the data, bool `(n,)`: `runtime.latent.plausibility`.
        far: whether each latent is far from the training codes, bool `(n,)`: `runtime.latent.density`.
    """

    unlike: NDArray[np.bool_] | None
    far: NDArray[np.bool_] | None

    @property
    def known(self) -> dict[str, NDArray[np.bool_]]:
        """The marks by name, without those that are not known."""
        both = {"unlike": self.unlike, "far": self.far}
        return {name: marks for name, marks in both.items() if marks is not None}

    def at(self, index: int) -> list[str]:
        """The names of the marks of one picture; they are also the names of CSS classes."""
        return [name for name, marks in self.known.items() if marks[index]]

    def legend(self, say: Mapping[str, str]) -> str:
        """How many there are of each, as HTML; `say` has `TEXTS` in one language."""
        lines = [] if self.unlike is not None else [escaped(say["unlike_unknown"])]
        for name, marks in self.known.items():
            words = say[f"{name}_count"].format(count=int(marks.sum()), of=len(marks))
            lines.append(f'<i class="mark {name}"></i>{escaped(words)}')
        return "".join(f'<span class="small-print">{line}</span>' for line in lines)


def marks_of(model: Autoencoder, latents: NDArray[np.float32], images: NDArray[np.float32]) -> Marks:
    """The marks of pictures that a model decoded.

    Args:
        model: has decoded the pictures.
        latents: `(n, *latent_shape)`.
        images: decoded from them, `(n, channels, height, width)` in [0, 1].

    Raises:
        BundleError: the bundle was modified.
        GraphError: onnxruntime cannot compute a graph.
    """
    plausibility = _plausibility_of(model)
    unlike = None if plausibility is None else plausibility.unlike(images)
    return Marks(unlike=unlike, far=far_of(model, latents))


def far_of(model: Autoencoder, latents: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Whether each latent is far from the training codes, bool `(n,)`; None if the bundle has no density.

    Args:
        model: the model that they are latents of.
        latents: `(n, *latent_shape)`.

    Raises:
        BundleError: the bundle was modified.
    """
    ranks = model.latent_space.rank(latents)
    return None if ranks is None else ranks > FAR


@cached(16)
def _plausibility_of(model: Autoencoder) -> Plausibility | None:
    return Plausibility.of(model)
