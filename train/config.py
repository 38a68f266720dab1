"""What a training is made of, as `config.json` keeps it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from diabolo.runtime.errors import UnknownNameError, UsageError
from diabolo.train import networks, variants
from diabolo.train.augment import Augment
from diabolo.train.datasets import Fitting, LoadRequest, Progress
from diabolo.train.errors import OptionError, RunError
from diabolo.train.model import Model

__all__ = ["RATES", "Config"]

RATES = {"adam": 3e-3, "muon": 2e-2}  # the optimizers, each with its usual learning rate

_TYPES: dict[str, tuple[type, ...]] = {
    "variant": (str,),
    "dataset": (str,),
    "network": (str,),
    "latent_dim": (int,),
    "width": (int, type(None)),
    "depth": (int, type(None)),
    "weight_decay": (int, float),
    "average": (int, float),
    "blocks": (int, type(None)),
    "optimizer": (str,),
    "clip": (int, float),
    "patience": (int,),
    "compile": (bool,),
    "epochs": (int,),
    "batch_size": (int,),
    "lr": (int, float),
    "seed": (int,),
    "device": (str,),
    "precision": (str,),
    "image_size": (list, type(None)),
    "resize": (str,),
    "colour": (bool, type(None)),
    "background": (str,),
    "augment": (str,),
    "classes": (list, type(None)),
    "tensorboard": (bool,),
    "data_dir": (str, type(None)),
    "variant_options": (dict,),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything needed to train again.

    Raises:
        UnknownNameError, OptionError: a name that does not exist, a value out of its range.
    """

    variant: str
    dataset: str  # a name, or the path of a folder of images
    network: str  # a name, or a Python file of the user's: my_nets.py:MyNetwork
    latent_dim: int  # numbers of a flat latent, channels of a grid
    width: int | None = None  # of the network's layers; None: the network's own
    depth: int | None = None  # its number of layers, likewise
    blocks: int | None = None  # its residual blocks, likewise
    epochs: int = 10
    batch_size: int = 128  # images
    optimizer: str = "adam"  # or muon
    lr: float = 3e-3  # at its highest
    weight_decay: float = 0.0  # decoupled, of weights only
    average: float = 0.0  # how much of the running average of the weights a step keeps; 0: no average
    clip: float = 100.0  # largest norm of the gradient, in units of the square root of an image's values
    patience: int = 0  # epochs without a better validation loss after which to stop; 0: never
    compile: bool = False  # torch.compile: pays after some minutes
    seed: int = 0
    device: str = "cpu"
    precision: str = "fp32"
    image_size: tuple[int, int] | None = None  # (height, width), pixels; None: the dataset's own
    resize: str = "crop"  # crop, pad or fit
    colour: bool | None = None  # None: grey where every image is
    background: str = "white"  # under transparency and padding
    augment: str = ""  # changes of the images learned from, such as shift:2,flip
    classes: tuple[str, ...] | None = None  # only images of these; None: all images
    tensorboard: bool = False  # write RUN/tensorboard
    data_dir: str | None = None
    variant_options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        variant = variants.make(self.variant, self.variant_options)
        networks.check_name(self.network)
        if self.optimizer not in RATES:
            raise UnknownNameError("optimizer", self.optimizer, RATES)
        if variant.networks is not None and self.network not in variant.networks:
            raise OptionError(
                f"variant {self.variant!r} runs on the network {' or '.join(variant.networks)} only, "
                f"not {self.network!r}. Use --network {variant.networks[0]}, or another variant."
            )
        for name, low, high in (
            ("latent_dim", 1, 65536),
            ("epochs", 1, 100000),
            ("batch_size", 1, 65536),
            ("seed", 0, 2**31 - 1),
            ("width", 1, 2**20),
            ("depth", 0, 1000),
            ("blocks", 0, 1000),
            ("patience", 0, 100000),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise OptionError(f"{name} {value} is not possible; it must lie from {low} to {high}.")
        self.fitting()
        Augment.parse(self.augment)
        for name, most in (("weight_decay", 10.0), ("average", 0.99999), ("clip", 1e6)):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= most):
                raise OptionError(f"{name} {value:g} is not possible; it must lie from 0 to {most:g}.")
        if not (math.isfinite(self.lr) and 0 < self.lr <= 1):
            raise OptionError(f"lr {self.lr:g} is not possible; it must lie above 0 and at most 1.")

    @classmethod
    def make(cls, variant: str, dataset: str, **given: Any) -> Config:
        """A config with the variant's own defaults where nothing, or None, is given.

        A network whose latent is a grid has a default of its own for `latent_dim`.

        Raises:
            UnknownNameError, OptionError: as above.
        """
        options = dict(given.pop("variant_options", None) or {})
        kind = variants.make(variant, options)
        given = {key: value for key, value in given.items() if value is not None}
        given.setdefault("network", kind.default_network)
        own = networks.default_latent_dim(given["network"])
        given.setdefault("latent_dim", own or kind.default_latent_dim)
        if given.get("optimizer") in RATES:
            given.setdefault("lr", RATES[given["optimizer"]])
        return cls(variant=variant, dataset=dataset, variant_options=options, **given)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Config:
        """Read what `to_json` gave; unknown keys are ignored.

        Raises:
            RunError: something is missing.
        """
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in document.items() if key in known}
        for name, kinds in _TYPES.items():
            if name in values and type(values[name]) not in kinds:  # exactly: True is an int, too
                raise RunError(f"config.json has {name} {values[name]!r}, which cannot be. Train again.")
        for name in ("image_size", "classes"):
            if name in values:
                values[name] = tuple(values[name]) if values[name] else None
        try:
            return cls(**values)
        except (TypeError, AttributeError, ValueError, UsageError) as error:
            raise RunError(f"config.json cannot be used: {error} Train again.") from None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    def fitting(self) -> Fitting:
        """How images are brought to one size and colour.

        Raises:
            UnknownNameError, OptionError: a value that is not allowed.
        """
        return Fitting(
            image_size=self.image_size, resize=self.resize, colour=self.colour, background=self.background
        )

    def request(self, *, data_dir: str | None = None, progress: Progress | None = None) -> LoadRequest:
        """What to load: the dataset just as the training saw it, from `data_dir` if it lies there now."""
        where = data_dir or self.data_dir
        request = LoadRequest(
            data_dir=Path(where) if where else None,
            seed=self.seed,
            fitting=self.fitting(),
            classes=self.classes,
        )
        return replace(request, progress=progress) if progress else request

    def latent_shape(self, image_shape: tuple[int, int, int], network: networks.Network) -> tuple[int, ...]:
        """The shape of one image's latent: `(latent_dim,)`, or `(latent_dim, rows, columns)` for a grid.

        Raises:
            OptionError: the network does not take these options, or declares a shape that is not allowed.
        """
        return network.latent_shape(image_shape, self.latent_dim, **self._layers())

    def build(
        self, image_shape: tuple[int, int, int], network: networks.Network | None = None
    ) -> tuple[variants.VariantBase, Model]:
        """The variant and its untrained model; a network of the user's own is executed unless it is given.

        Raises:
            OptionError: the network does not take these options, or is not what the contract says.
        """
        variant = variants.make(self.variant, self.variant_options)
        network = network or networks.find(self.network)
        head = variant.head()
        pair = network.build(
            image_shape,
            head.width * self.latent_dim,
            self.latent_dim,
            **self._layers(),
        )
        shape = self.latent_shape(image_shape, network)
        return variant, Model(*pair, head, image_shape, shape, variant.extras())

    def _layers(self) -> dict[str, int | None]:
        return {"width": self.width, "depth": self.depth, "blocks": self.blocks}
