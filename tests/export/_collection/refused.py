"""What cannot become a bundle, each with a part of the message."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.distributions import Laplace

from _collection.functions import Whole
from _collection.parts import Each, Wrapped, decoder, drawn, flat, halves, refused


@refused(r"values from -.* outside value_range=\(0, 1\).*value_range=\(-1, 1\)")
def tanh() -> Any:
    return flat(), decoder(last=nn.Tanh())


@refused(r"outside value_range=\(0, 1\).*sigmoid.*clip=True")
def logits() -> Any:
    layer = nn.Linear(3, 64)
    nn.init.normal_(layer.weight, std=20)
    return flat(), nn.Sequential(layer, nn.Unflatten(1, (1, 8, 8)))


@refused("may be a standard deviation.*spread='std'")
def mean_and_std() -> Any:
    return Each(lambda v: (v[:, :3], v[:, 3:].exp()))


@refused("TorchScript module.*Give the Python module")
def traced() -> Any:
    return torch.jit.trace(flat(), torch.rand(2, 1, 8, 8))


@refused("the encoder is random: .*Return the mean")
def draws_its_latent() -> Any:
    return Each(lambda v: drawn(*halves(v)))


@refused("the decoder is random")
def random_decoder() -> Any:
    return flat(), Wrapped(lambda x: x * torch.rand(1))


@refused("works for a batch of 8, but not of 1: it has a fixed batch size")
def fixed_batch() -> Any:
    return nn.Sequential(nn.Unflatten(0, (8, 1)), nn.Flatten(), nn.Linear(64, 3))


@refused("without the axis of the batch: squeeze")
def squeezes_the_batch() -> Any:
    return Each(lambda v: v[:, :3].squeeze())


@refused("batch size of 'image' is fixed|specialized|depends on the others")
def condition_on_the_batch() -> Any:
    return Each(lambda v: v[:, :3] + (1 if len(v) == 2 else 0))


@refused(r"batch size of 'image' is fixed.*x\.shape\[0\].*not len\(x\)")
def batch_by_len() -> Any:
    return Each(lambda v: v.reshape(len(v), -1)[:, :3])


@refused("no running statistics, so that the result")
def batch_statistics() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.BatchNorm1d(3, track_running_stats=False))


@refused("device 'meta', which holds no values")
def on_meta() -> Any:
    return flat().to("meta")


@refused("has no shape yet")
def lazy() -> Any:
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(3))


@refused("NaN or infinite values")
def not_numbers() -> Any:
    return Each(lambda v: v[:, :3] / 0)


@refused("returns a dict with 'a', 'b'")
def unknown_names() -> Any:
    return Each(lambda v: {"a": v[:, :3], "b": v})


@refused("a tuple of 2")
def several_scales() -> Any:
    return Each(lambda v: (v[:, :3], v))


@refused("not clear which are the mean")
def three_alike() -> Any:
    return Each(lambda v: (v[:, :3], v[:, 3:], 2 * v[:, :3]))


@refused("distribution Laplace")
def another_distribution() -> Any:
    return Each(lambda v: Laplace(v[:, :3], 1.0))


@refused("returns None")
def nothing() -> Any:
    return Each(lambda _v: None)


@refused("the class Whole, not an instance")
def a_class() -> Any:
    return Whole


@refused("the encoder fails on a batch")
def always_fails() -> Any:
    return Each(lambda v: v @ v)


@refused("a tensor that the encoder holds is on the device 'meta'")
def a_plain_tensor_on_meta() -> Any:
    encoder = Each(lambda v: v[:, :3])
    encoder.scale = torch.ones(3, device="meta")
    return encoder


@refused(r"sparse.*Give it as to_dense\(\)")
def a_sparse_tensor() -> Any:
    encoder = Each(lambda v: v[:, :3])
    encoder.scale = torch.eye(3).to_sparse()
    return encoder


@refused("Linear is quantised.*dtype='int8' then quantises the graphs")
def quantised() -> Any:
    return torch.ao.quantization.quantize_dynamic(flat(), {nn.Linear}, torch.qint8)


@refused("quantised, or prepared for it")
def trained_for_quantisation() -> Any:
    encoder = flat()
    encoder.append(torch.ao.quantization.FakeQuantize())
    return encoder


@refused("cannot be copied: .*[^.]\\. Give a module of plain tensors")
def cannot_be_copied() -> Any:
    class Closed(torch.Tensor):
        pass

    encoder = flat()
    encoder[1].weight = nn.Parameter(encoder[1].weight.data.as_subclass(Closed))
    return encoder


class Conditional(nn.Module):
    def forward(self, image: Any, label: Any) -> Any:
        return image.flatten(1)[:, :3] + label


@refused("'label'. It is called with the image alone: .*lambda image: encoder")
def conditional() -> Any:
    return Conditional()


@refused("'label'. It is called with the latent alone: .*lambda latent: decoder")
def conditional_decoder() -> Any:
    return flat(), Conditional()


@refused("in float32: leave out casts such as half")
def casts_to_half() -> Any:
    layer = nn.Linear(64, 3)
    return lambda image: layer(image.half().flatten(1)), decoder()


@refused("changes its 'mean' at each call, in eval mode too.*self.training")
def keeps_a_running_mean() -> Any:
    encoder = nn.Sequential(nn.Flatten())
    encoder.register_buffer("mean", torch.zeros(64))

    def follow(_module: Any, _given: Any, out: Any) -> Any:
        encoder.mean.mul_(0.9).add_(0.1 * out.mean(0))
        return (out - encoder.mean)[:, :3]

    encoder.register_forward_hook(follow)
    return encoder


@refused("the encoder is random.*F.dropout needs training=self.training")
def drops_always() -> Any:
    return Each(lambda v: nn.functional.dropout(v[:, :3]))


@refused("'logconcentration'.*unit sphere.*normalize")
def on_the_sphere() -> Any:
    return Each(lambda v: {"embedding": v[:, :3], "log_concentration": v[:, 3:4]})


@refused("complex numbers.*view_as_real")
def complex_latent() -> Any:
    return Each(lambda v: torch.complex(v[:, :3], v[:, 3:]))


@refused("depends on the values of a tensor in Python.*torch.where")
def checks_its_values() -> Any:
    return Each(lambda v: v[:, :3] if v.mean() > -100 else v[:, 3:])


@refused("uses aten.kthvalue, for which torch has no translation to ONNX")
def without_translation() -> Any:
    return Each(lambda v: v[:, :3] * v.kthvalue(2, 1, True)[0])


@refused("a hook in it, turns a tensor into a numpy array")
def hook_in_numpy() -> Any:
    encoder, kept = flat(), []
    encoder.register_forward_hook(lambda _m, _i, out: kept.append(out.detach().numpy()))
    return encoder
