"""Networks, one file each: a module with two classes, `Encoder` and `Decoder`.

    Encoder(image_shape, outputs)      (batch, channels, height, width) in [0, 1] -> (batch, outputs)
    Decoder(image_shape, latent_dim)   (batch, latent_dim) -> logits (batch, channels, height, width)

The decoder returns logits; the model adds its offset and the sigmoid. Both may take `width`, `depth` and
`blocks`, each with its own default. `outputs` is `latent_dim`, or a multiple of it where the variant needs
several numbers per latent value, such as a mean and a log-variance.

The latent may be a grid, channels first. The module then declares its shape:

    latent_shape(image_shape, latent_dim)   -> (latent_dim, rows, columns)

The encoder returns `(batch, outputs, rows, columns)`, the decoder takes `(batch, latent_dim, rows, columns)`,
and `latent_shape` takes the options that the two classes take. `LATENT_DIM`, if the module has it, is the
default for --latent-dim: the variants' own defaults are meant for flat latents.

A network whose models take pictures of any size, when trained with --crop, declares what sides of pictures
have to be multiples of; the grid then has a side of height / stride, whatever the height:

    stride()   -> pixels of one step of the grid

A network may declare further options, as variants do:

    @dataclass(frozen=True, kw_only=True)
    class Options(Settings):
        kernel: int = setting(3, "side of the kernels", low=1, high=31, unit="pixels")

Each becomes an option of `diabolo train`, a key of recipes, an entry of config.json and a row of
docs/settings.md. `Encoder`, `Decoder` and `latent_shape` get all of them as keyword arguments: `kernel=3`.
Their names must differ from those of the other settings.

A user's own file keeps the same contract: `my_nets.py`, or `my_nets.py:MyNetwork` for a class that holds all
of this. It is not executed until it is needed, so its LATENT_DIM is ignored, and its options can be given in
Python only: `Config.make(..., network_options={"kernel": 5})`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import nn

from diabolo.runtime import _discovery
from diabolo.runtime.errors import PluginError, UnknownNameError
from diabolo.train.errors import OptionError
from diabolo.train.networks._own import load
from diabolo.train.settings import Setting, Settings, make, settings
from diabolo.train.userfile import split

__all__ = [
    "Network",
    "check_name",
    "copy_name",
    "default_latent_dim",
    "find",
    "is_own",
    "names",
    "options",
]

_LAYERS = ("width", "depth", "blocks")  # options that many networks share; they are settings of the training


@dataclass(frozen=True, kw_only=True)
class _NoOptions(Settings):
    """The options of a network that declares none."""


def names() -> list[str]:
    """The networks by name: the files here, and other packages' entry points `diabolo.train.networks`."""
    return _discovery.names(__name__)


def is_own(text: str) -> bool:
    """Whether `text` names a Python file of the user's rather than one of `names()`."""
    return split(text) is not None


def check_name(text: str) -> None:
    """Check that `text` may name a network, without executing anything.

    Raises:
        UnknownNameError: it is neither one of `names()` nor a Python file.
    """
    if not is_own(text) and text not in names():
        raise UnknownNameError("network", text, names(), "Or name your own: my_nets.py:MyNetwork.")


def find(text: str) -> Network:
    """The network called `text`; a user's own file is executed.

    Raises:
        UnknownNameError: there is no network of that name.
        OptionError: the file cannot be loaded, or lacks one of the two classes.
    """
    check_name(text)
    if own := split(text):
        path, name = own
        source = path.read_text("utf-8") if path.is_file() else ""
        return Network(name=name or path.stem, holder=load(path, name), source=source)
    return Network(name=text, holder=_discovery.find(__name__, text, "network"))


def default_latent_dim(text: str) -> int | None:
    """The network's default for `latent_dim`; None if it has none, is a user's file or does not exist."""
    if is_own(text) or text not in names():
        return None
    default: int | None = getattr(find(text).holder, "LATENT_DIM", None)
    return default


def options() -> dict[str, dict[str, Setting]]:
    """The options that networks declare: for each network that has some, its settings by name.

    A network of another package that cannot be loaded is left out.
    """
    declared = {}
    for name in names():
        with suppress(PluginError):
            if own := settings(find(name).options_class):
                declared[name] = own
    return declared


@dataclass(frozen=True, kw_only=True)
class Network:
    """Two classes: one makes an encoder, the other a decoder.

    Attributes:
        name: as model.json shows it.
        holder: a module or class with the attributes `Encoder` and `Decoder`, and maybe `latent_shape` and
            `Options`.
        source: the text of a user's own file; empty for one of `names()`.
    """

    name: str
    holder: Any
    source: str = ""

    @property
    def options_class(self) -> type[Settings]:
        """The dataclass of the options that the network declares, besides `width`, `depth` and `blocks`."""
        return cast("type[Settings]", getattr(self.holder, "Options", _NoOptions))

    def make_options(self, values: Mapping[str, Any]) -> Settings:
        """The network's declared options, some of them given.

        Raises:
            OptionError, UnknownNameError: an option that it does not have, or a value that is not allowed.
        """
        return cast("Settings", make(self.options_class, values, f"network {self.name!r}"))

    def latent_shape(
        self, image_shape: tuple[int, int, int], latent_dim: int, **options: Any
    ) -> tuple[int, ...]:
        """The shape of one image's latent: `(latent_dim,)` unless the network declares a grid.

        Args:
            image_shape: `(channels, height, width)`.
            latent_dim: numbers of a flat latent, channels of a grid.
            options: `width`, `depth` and `blocks`, None where not given, and the network's declared options.

        Raises:
            OptionError: the network does not take these options, or declares a shape that is not allowed.
        """
        if not hasattr(self.holder, "latent_shape"):
            return (latent_dim,)
        given = self.given(options)
        shape = self._call("latent_shape", image_shape, latent_dim, given)
        if not _is_shape(shape, latent_dim):
            raise OptionError(
                f"{self.name}.latent_shape returns {shape!r} for --latent-dim {latent_dim}. It must return "
                f"({latent_dim},), or ({latent_dim}, rows, columns) for a grid: --latent-dim first, then "
                "whole numbers from 1."
            )
        return tuple(shape)

    @property
    def takes_any_size(self) -> bool:
        """Whether its models can take images of any size: its module has the function `stride`."""
        return hasattr(self.holder, "stride")

    def build(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        latent_dim: int,
        **options: Any,
    ) -> tuple[nn.Module, nn.Module]:
        """Make the encoder and the decoder.

        Args:
            image_shape: `(channels, height, width)`.
            outputs: numbers that the encoder returns per image; for a grid, at each position.
            latent_dim: numbers of a flat latent, channels of a grid.
            options: `width`, `depth` and `blocks`, None where not given, and the network's declared options.

        Raises:
            OptionError: they do not take these options, or their outputs do not have the shapes above.
        """
        given = self.given(options)
        shape = self.latent_shape(image_shape, latent_dim, **given)
        encoder = self._make("Encoder", image_shape, outputs, given)
        decoder = self._make("Decoder", image_shape, latent_dim, given)
        if self.source:
            self._check(encoder, "Encoder", (2, *image_shape), (2, outputs, *shape[1:]))
            self._check(decoder, "Decoder", (2, *shape), (2, *image_shape))
        return encoder, decoder

    def given(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """What the classes are called with: `width` and the like where given, and all declared options."""
        layers = {name: options[name] for name in _LAYERS if options.get(name) is not None}
        declared = {name: value for name, value in options.items() if name not in _LAYERS}
        return layers | asdict(self.make_options(declared))

    def _make(
        self, part: str, image_shape: tuple[int, int, int], size: int, given: dict[str, Any]
    ) -> nn.Module:
        module = self._call(part, image_shape, size, given)
        if not isinstance(module, nn.Module):
            raise OptionError(f"{self.name}.{part} is not a torch.nn.Module. Derive the class from it.")
        return module

    def _call(self, part: str, image_shape: tuple[int, int, int], size: int, given: dict[str, Any]) -> Any:
        try:
            return getattr(self.holder, part)(image_shape, size, **given)
        except OptionError:
            raise
        except Exception as error:
            if not self.source and not isinstance(error, TypeError):
                raise
            called = ", ".join([str(image_shape), str(size), *(f"{k}={v}" for k, v in given.items())])
            only = f", and {_options(given)} only where it has them" if given else ""
            raise OptionError(
                f"{self.name}.{part}({called}) fails: {type(error).__name__}: {error}. It must take the "
                f"image's shape (channels, height, width) and a number{only}."
            ) from error

    def _check(self, module: nn.Module, part: str, given: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        """Run a user's module once before the training, and compare the shape of its output."""
        training = module.training
        try:
            with torch.no_grad():
                out = module.eval()(torch.full(given, 0.5))
        except Exception as error:
            raise OptionError(
                f"{self.name}.{part} fails on a batch of shape {given}: {type(error).__name__}: {error}. "
                f"It must return {wanted}."
            ) from error
        finally:
            module.train(training)
        found = tuple(out.shape) if isinstance(out, torch.Tensor) else type(out).__name__
        if found != wanted:
            raise OptionError(
                f"{self.name}.{part} returns {found} for a batch of shape {given}; it must return {wanted}. "
                + _MEANING[part]
            )


def _is_shape(shape: Any, latent_dim: int) -> bool:
    """Whether it is `(latent_dim, ...)`, all of them whole numbers from 1."""
    if not isinstance(shape, tuple | list) or not shape:
        return False
    return all(type(side) is int and side > 0 for side in shape) and shape[0] == latent_dim


def _options(given: Mapping[str, Any]) -> str:
    return " and ".join(f"--{name}" for name in given)


_MEANING = {
    "Encoder": "The second number is the argument `outputs` of Encoder: the size of the latent, or twice "
    "that for a variant that needs a mean and a log-variance. A latent is flat unless the network has "
    "latent_shape(image_shape, latent_dim), which returns (latent_dim, rows, columns) for a grid.",
    "Decoder": "That is a batch of images: (batch, channels, height, width), before the sigmoid.",
}


def copy_name(text: str) -> str:
    """The name of a run's copy of a user's file; it ends in .txt, so that Python does not import it."""
    own = split(text)
    return f"{own[0].name if own else text}.txt"
