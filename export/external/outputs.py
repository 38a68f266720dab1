"""Find the latent, the log-variance and the image in what other people's encoders and decoders return.

What is found is a path, not a tensor: `torch.export` then follows it without looking at values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from diabolo.export.errors import ExportError
from diabolo.export.external.names import Path, names_of

__all__ = ["SPREADS", "Reading", "described", "find_image", "find_latent", "follow"]

# how a spread becomes a log-variance
SPREADS: dict[str, Callable[[Tensor], Tensor]] = {
    "log_variance": lambda value: value,
    "variance": torch.log,
    "std": lambda value: 2 * torch.log(value),
    "log_std": lambda value: 2 * value,
}

# names as `names_of` writes them, in order of preference
_MEANS = ("mu", "mean", "means", "loc", "zmu", "muz", "zmean", "meanz", "latentmean", "posteriormean")
_LATENTS = (
    *(
        "latent",
        "latents",
        "latentsample",
        "z",
        "embedding",
        "embeddings",
        "embed",
        "code",
        "codes",
        "encoding",
    ),
    *("encoded", "zq", "quantized", "quantised", "quantize", "sample", "lasthiddenstate", "pooleroutput"),
)
_SPREAD_NAMES = {
    "log_variance": ("logvar", "logvariance", "logcovariance", "logvars", "zlogvar", "logvarz", "logsigma2"),
    "log_std": ("logstd", "logscale", "logsigma", "zlogstd"),
    "variance": ("var", "variance", "covariance", "sigma2"),
    "std": ("std", "stddev", "sigma", "scale", "standarddeviation", "zstd", "zsigma"),
}
_CONCENTRATIONS = "logconcentration", "concentration", "kappa", "logkappa"
_NESTED = ("latentdist", "posterior", "dist", "distribution", "latentdistribution", "q", "qz", "qzx")
_IMAGES = (
    *(
        "reconstruction",
        "reconstructions",
        "reconx",
        "xrecon",
        "recon",
        "reconimages",
        "reconstructed",
        "xhat",
    ),
    *("sample", "image", "images", "decoded", "x", "output", "outputs", "pixelvalues", "mean", "mu", "loc"),
)


class Reading(NamedTuple):
    """Where an encoder's output has the latent, and where and how the spread of its posterior.

    Attributes:
        latent: the path to the latent, or to the posterior's mean.
        spread: the path to the spread, or None.
        kind: of the spread, a key of SPREADS.
        assumed: a sentence for the user, if the kind was not named by the output.
    """

    latent: Path
    spread: Path | None = None
    kind: str = "log_variance"
    assumed: str = ""

    def read(self, out: Any) -> Tensor | tuple[Tensor, Tensor]:
        """The latent, or the mean and the log-variance, in float32."""
        latent: Tensor = follow(out, self.latent).float()
        if self.spread is None:
            return latent
        return latent, SPREADS[self.kind](follow(out, self.spread).float())


class _Found(NamedTuple):
    path: Path
    value: Tensor


def find_latent(out: Any, again: Any, count: int, spread: str | None) -> Reading:
    """Find the latent in the output of an encoder.

    Args:
        out: the output for `count` images.
        again: another output for the same images; in a tuple of three, what differs was drawn at random.
        count: the number of images.
        spread: what the second of two tensors is, a key of SPREADS; None if the caller did not say.

    Raises:
        ExportError: the output has no known name or form, or may mean two things.
    """
    if isinstance(out, Tensor):
        return Reading(())
    if isinstance(out, Distribution):
        return _of_distribution(out)
    names = names_of(out)
    if names is not None:
        return _of_names(out, names, again, count, spread)
    if isinstance(out, tuple | list):
        return _of_tuple(out, again, count, spread)
    raise _unknown("encoder", out)


def find_image(out: Any, shapes: tuple[tuple[int, ...], ...]) -> Path:
    """Find the image in the output of a decoder.

    Args:
        out: the output.
        shapes: those that a batch of images may have.

    Raises:
        ExportError: the output has no known name or form.
    """
    if isinstance(out, Tensor):
        return ()
    if isinstance(out, Distribution):
        return (*_step_base(out), ("attr", "mean"))
    names = names_of(out)
    if names is not None:
        for name in _IMAGES:
            if name in names and isinstance(follow(out, names[name]), Tensor | Distribution):
                return names[name] + find_image(follow(out, names[name]), shapes)
    if isinstance(out, tuple | list):
        found = list(_tensors(out))
        fitting = [path for path, value in found if tuple(value.shape) in shapes]
        if fitting or len(found) == 1:
            return (fitting or [found[0].path])[0]
    raise _unknown("decoder", out)


def follow(out: Any, path: Path) -> Any:
    """The value at the end of a path."""
    for kind, key in path:
        out = out[key] if kind == "item" else getattr(out, key)
    return out


def described(out: Any) -> str:
    """An output in a few words, for a message."""
    if isinstance(out, Tensor):
        return f"a tensor of shape {tuple(out.shape)}"
    names = names_of(out)
    if names:
        kind = "dict" if type(out) is dict else type(out).__name__
        listed = ", ".join(repr(path[0][1]) for path in names.values())
        return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind} with {listed}"
    if isinstance(out, tuple | list):
        inner = ", ".join(_short(each) for each in out)
        return f"a {type(out).__name__} of {len(out)} ({inner})"
    return type(out).__name__


def _short(value: Any) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


def _of_distribution(out: Distribution) -> Reading:
    base = out.base_dist if isinstance(out, Independent) else out
    if not isinstance(base, Normal):
        raise ExportError(
            f"the encoder returns the distribution {type(base).__name__}. Only a Normal has a mean and a "
            "log-variance for each latent: return one, or a tensor."
        )
    first = _step_base(out)
    return Reading((*first, ("attr", "loc")), (*first, ("attr", "scale")), "std")


def _step_base(out: Distribution) -> Path:
    return (("attr", "base_dist"),) if isinstance(out, Independent) else ()


def _of_names(out: Any, names: Mapping[str, Path], again: Any, count: int, spread: str | None) -> Reading:
    """The reading of a dict, a dataclass, a named tuple or an object."""
    tensors = {name: path for name, path in names.items() if isinstance(follow(out, path), Tensor)}
    kind, where = next(
        ((kind, tensors[name]) for kind, known in _SPREAD_NAMES.items() for name in known if name in tensors),
        ("", None),
    )
    latent = next((tensors[name] for name in _MEANS if name in tensors), None)
    other = next((tensors[name] for name in _LATENTS if name in tensors), None)
    if concentration := next((name for name in _CONCENTRATIONS if name in tensors), None):
        raise ExportError(
            f"the encoder returns a {concentration!r}, that of a von Mises-Fisher distribution: its latents "
            "lie on the unit sphere. Give a function that returns them: lambda image: "
            "torch.nn.functional.normalize(encoder(image).embedding, dim=-1)."
        )
    if (best := latent or other) is not None:
        return Reading(best, where, kind or "log_variance")
    for name in (*_NESTED, *_LATENTS):
        if name in names and not isinstance(follow(out, names[name]), Tensor):
            first = names[name]
            inner = find_latent(follow(out, first), follow(again, first), count, spread)
            return inner._replace(
                latent=first + inner.latent, spread=None if inner.spread is None else first + inner.spread
            )
    if isinstance(out, tuple):  # its names say nothing, its order may
        return _of_tuple(out, again, count, spread)
    lone = [(name, path) for name, path in tensors.items() if _per_image(follow(out, path), count)]
    if len(names) == len(lone) == 1:  # it can be nothing else
        return Reading(
            lone[0][1], assumed=f"the encoder's only result, {lone[0][0]!r}, is taken for the latent"
        )
    raise _unknown("encoder", out)


def _of_tuple(out: Any, again: Any, count: int, spread: str | None) -> Reading:
    """The reading of a tuple or list; losses, indices and what is None are passed over."""
    if len(out) == 1:
        inner = find_latent(out[0], again[0], count, spread)
        where = None if inner.spread is None else (("item", 0), *inner.spread)
        return inner._replace(latent=(("item", 0), *inner.latent), spread=where)
    found = [each for each in _tensors(out) if _per_image(each.value, count)]
    shapes = {tuple(each.value.shape) for each in found}
    if len(found) == 1:
        return Reading(found[0].path)
    if len(found) == 2 and len(shapes) == 1:
        return _of_two(found[0], found[1], spread)
    if len(found) == 3 and len(shapes) == 1:
        return _of_three(found, again, spread)
    raise _unknown("encoder", out)


def _of_two(mean: _Found, second: _Found, spread: str | None) -> Reading:
    low, high = float(second.value.min()), float(second.value.max())
    if spread is None and low >= 0:
        raise ExportError(
            f"the encoder returns two tensors, and the second has no value below 0 ({low:.3g} to "
            f"{high:.3g}): "
            "it may be a standard deviation. Say what it is: spread='std', 'variance', 'log_variance' or "
            "'log_std'."
        )
    if spread in ("std", "variance") and low < 0:
        raise ExportError(
            f"spread={spread!r}, but the encoder's second tensor has values below 0 ({low:.3g} to "
            f"{high:.3g}). "
            "Choose 'log_variance' or 'log_std'."
        )
    if spread is not None:
        return Reading(mean.path, second.path, spread)
    assumed = (
        "the encoder returns two tensors: they are taken for the mean and the log-variance. If the second is "
        "something else, say so with spread=."
    )
    return Reading(mean.path, second.path, assumed=assumed)


def _of_three(found: list[_Found], again: Any, spread: str | None) -> Reading:
    """`(z, mean, log_variance)` or `(mean, log_variance, z)`, told apart by which one is drawn, or is the
    mean."""
    first, middle, last = found
    drawn = [not torch.equal(each.value, follow(again, each.path)) for each in found]
    if drawn == [True, False, False] or (not any(drawn) and torch.equal(first.value, middle.value)):
        return _of_two(middle, last, spread)
    if drawn == [False, False, True] or (not any(drawn) and torch.equal(first.value, last.value)):
        return _of_two(first, middle, spread)
    raise ExportError(
        "the encoder returns three tensors of one shape, and it is not clear which are the mean and the "
        "log-variance. Give a function that returns these two: lambda image: encoder(image)[1:]."
    )


def _per_image(value: Tensor, count: int) -> bool:
    """Whether a tensor may be a latent: not a loss (one number), not indices (integers)."""
    return value.is_floating_point() and value.ndim > 1 and len(value) == count


def _tensors(out: Any, path: Path = ()) -> Iterator[_Found]:
    if isinstance(out, Tensor):
        yield _Found(path, out)
    elif isinstance(out, tuple | list):
        for index, each in enumerate(out):
            yield from _tensors(each, (*path, ("item", index)))


def _unknown(what: str, out: Any) -> ExportError:
    wanted = (
        "the latent, or the mean and the log-variance: as tensors, or in a dict with the keys 'latent' or "
        "'mean' and 'log_variance'"
        if what == "encoder"
        else "images: as a tensor, or in a dict with the key 'reconstruction'"
    )
    return ExportError(f"the {what} returns {described(out)}. It must return {wanted}.")
