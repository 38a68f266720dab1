"""The masked autoencoder: the model sees nothing of what is hidden, and learns to restore it."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import Tensor

from diabolo.runtime.errors import NoiseError
from diabolo.runtime.image.noise import HIDDEN
from diabolo.train import Config, variants
from diabolo.train.model import Model
from diabolo.train.step import Step

IMAGE = torch.rand(6, 3, 12, 16, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.55  # nowhere grey


class Seen:
    """A model that keeps what it is given, and answers with one value."""

    def __init__(self, answer: float = 0.0) -> None:
        self.answer = answer
        self.image = torch.empty(0)

    def __call__(self, image: Tensor) -> Tensor:
        self.image = image
        return torch.full_like(image, self.answer)


def seen(image: Tensor = IMAGE, **options: object) -> tuple[Tensor, float]:
    """What the model gets of the images, and the loss."""
    model = Seen()
    loss = variants.make("masked", options).loss(cast("Model", model), image, Step(1, 2))
    return model.image, float(loss.objective)


def test_hidden_pixels_are_grey_and_the_others_as_they_were() -> None:
    given, _ = seen(mask_share="0.5", patch_size=4)
    hidden = given == HIDDEN
    assert torch.equal(given[~hidden], IMAGE[~hidden])
    patches = hidden.reshape(6, 3, 3, 4, 4, 4).permute(0, 2, 4, 1, 3, 5).flatten(3)
    assert torch.equal(patches.all(3), patches.any(3))  # all channels of a whole patch, or nothing
    assert (patches.all(3).flatten(1).sum(1) == 6).all()  # of 12
    assert len({tuple(one.flatten().tolist()) for one in patches.all(3)}) > 1  # other ones in each image


@pytest.mark.parametrize("network", ["conv", "dense", "conv-spatial"])
def test_hidden_pixels_do_not_change_the_output_at_all(network: str) -> None:
    config = Config.make(
        "masked", "glyphs", network=network, latent_dim=5, variant_options={"mask_share": "0.5"}
    )
    variant, model = config.build((3, 12, 16))
    model.eval()
    outputs: list[Tensor] = []
    model.register_forward_hook(lambda _module, _given, out: outputs.append(out))
    hidden = seen(mask_share="0.5")[0] == HIDDEN
    others = torch.where(hidden, 1 - IMAGE, IMAGE)
    with torch.inference_mode():
        for image in (IMAGE, others, torch.where(hidden, IMAGE, 1 - IMAGE)):
            variant.loss(model, image, Step(1, 2))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_the_loss_by_hand() -> None:
    given, loss = seen(mask_share="0.25", visible_weight=0.2)
    hidden = (given == HIDDEN).double()
    weight = hidden + 0.2 * (1 - hidden)
    assert loss == pytest.approx(float((weight * IMAGE.double() ** 2).sum() / weight.sum()), rel=1e-5)


def test_visible_pixels_may_count_nothing_or_as_much() -> None:
    given, alone = seen(mask_share="0.5", visible_weight=0.0)
    assert alone == pytest.approx(float(IMAGE[given == HIDDEN].square().mean()), rel=1e-5)
    assert seen(mask_share="0.5", visible_weight=1.0)[1] == pytest.approx(
        float(IMAGE.square().mean()), rel=1e-5
    )
    assert seen(mask_share="0", visible_weight=0.0)[1] == 0


def test_a_range_hides_another_share_of_each_image() -> None:
    image = torch.ones(200, 1, 8, 8)
    shares = (seen(image, mask_share="0-0.75", patch_size=2)[0] == HIDDEN).flatten(1).float().mean(1)
    assert (float(shares.min()), float(shares.max())) == (0, 0.75)
    assert len(shares.unique()) > 8


def test_all_can_be_hidden() -> None:
    assert (seen(mask_share="1")[0] == HIDDEN).all()


def test_a_share_is_a_share() -> None:
    with pytest.raises(NoiseError, match="level 1"):
        variants.make("masked", {"mask_share": "1.5"})
    with pytest.raises(NoiseError, match="'half'"):
        variants.make("masked", {"mask_share": "half"})
    with pytest.raises(NoiseError):
        variants.make("masked", {"mask_share": "0.5/8"})


def test_what_is_missing_is_restored_and_what_is_whole_stays() -> None:
    """Stripes that a hidden patch cannot hide, and a model that learned them from others."""
    torch.manual_seed(0)
    shades = torch.rand(256, 1, 1, 1)
    stripes = (torch.arange(8) % 4 < 2).float()
    image = (0.2 + 0.6 * shades * stripes[None, None, None]).expand(-1, -1, 8, -1).contiguous()
    config = Config.make("masked", "glyphs", network="dense", latent_dim=4, width=64)
    variant, model = config.build((1, 8, 8))
    model.set_mean(image.mean((0, 2, 3)))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for number in range(200):
        optimizer.zero_grad()
        variant.loss(model, image, Step(0, number)).objective.backward()
        optimizer.step()
    broken = image.clone()
    broken[..., :4, :4] = HIDDEN
    with torch.inference_mode():
        restored, whole = (model.eval()(one)[..., :4, :4] for one in (broken, image))
    hole = image[..., :4, :4]
    before = float((broken[..., :4, :4] - hole).square().mean())
    assert float((restored - hole).square().mean()) < before / 10
    assert float((whole - hole).square().mean()) < before / 10


@pytest.mark.parametrize("share", ["0.5+patches:0.5", "0.5+poisson-gaussian:0.1", "0.5/3", "2"])
def test_a_share_is_nothing_else(share: str) -> None:
    with pytest.raises(NoiseError):
        variants.make("masked", {"mask_share": share})
