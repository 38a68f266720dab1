"""What a training is made of, as `config.json` keeps it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import MISSING, asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_origin

from diabolo.runtime.errors import PluginError, UsageError
from diabolo.train import networks, variants
from diabolo.train.augment import Augment
from diabolo.train.datasets import DATA_DIR_HELP, Fitting, LoadRequest, Progress
from diabolo.train.devices import DEVICES, PRECISIONS
from diabolo.train.errors import OptionError, RunError
from diabolo.train.model import Model
from diabolo.train.settings import Settings, rules, same, setting, settings

__all__ = ["RATES", "Config"]

RATES = {"adam": 3e-3, "muon": 2e-2}  # the optimizers, each with its usual learning rate


def _names(text: str) -> tuple[str, ...]:
    """The names between the commas."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError
    return names


def _latent_dim_help() -> str:
    """A network of another package that cannot be loaded is named when it is chosen, not at every help."""
    own = {}
    for name in networks.names():
        with suppress(PluginError):
            own[name] = networks.default_latent_dim(name)
    unless = ", ".join(f"{count} with {name}" for name, count in own.items() if count)
    return f"Width of the code; of a grid, its channels: {unless} unless given."


def _network_help() -> str:
    """Looked up when it is shown: other packages may bring networks, too."""
    return f"{' or '.join(networks.names())}, or two classes of your own in a Python file, which is executed."


def _last(path: str) -> str:
    """Of a file its name alone: where it lies on one machine says nothing on another."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Everything needed to train again; a default in words is what None, or an empty text, stands for.

    Raises:
        UnknownNameError, OptionError: a name that does not exist, a value that is not allowed.
    """

    variant: str = field(metadata=rules("What is optimised, by its name.", check=variants.find, option=False))
    dataset: str = field(
        metadata=rules(
            "A dataset's name, or a folder of images.",
            form="the name of a dataset or the path of a folder",
            path=True,
            metavar="NAME|FOLDER",
        )
    )
    latent_dim: int = field(metadata=rules(_latent_dim_help, low=1, high=65536))
    network: str = field(
        metadata=rules(
            _network_help,
            form="the name of a network, or my_nets.py:MyNetwork",
            check=networks.check_name,
            write=_last,
            metavar="NAME|FILE.py[:CLASS]",
        )
    )
    width: int | None = setting(
        None, "Width of the network's layers.", low=1, high=2**20, default_text="the network's own"
    )
    depth: int | None = setting(
        None, "Its number of layers.", low=0, high=1000, default_text="the network's own"
    )
    blocks: int | None = setting(
        None, "Its residual blocks.", low=0, high=1000, default_text="the network's own"
    )
    epochs: int = setting(10, "Passes over the training images.", low=1, high=100000, unit="epochs")
    batch_size: int = setting(128, "Images a step.", low=1, high=65536, unit="images")
    optimizer: str = setting(
        "adam", "adam; or muon, whose steps take longer and get further.", choices=tuple(RATES)
    )
    lr: float = setting(
        RATES["adam"],
        "The highest learning rate.",
        above=0,
        high=1,
        default_text=", ".join(f"{rate:g} with {name}" for name, rate in RATES.items()),
    )
    weight_decay: float = setting(
        0.0, "The share of the weights that goes, by unit of learning rate.", low=0, high=10
    )
    average: float = setting(
        0.0,
        "Keep a running average of the weights; the share of it that a step keeps, such as 0.999.",
        low=0,
        high=0.99999,
    )
    clip: float = setting(
        100.0,
        "The largest norm of the gradient, in units of the square root of an image's number of values.",
        low=0,
        high=10**6,
        option=False,
    )
    patience: int = setting(
        0,
        "Stop after so many epochs without a better validation loss; 0: never.",
        low=0,
        high=100000,
        unit="epochs",
    )
    seed: int = setting(0, "The same seed, the same run.", low=0, high=2**31 - 1)
    device: str = setting(
        "cpu",
        "Where to train; auto: on the fastest device that works.",
        choices=DEVICES,
        command_default="auto",
        local=True,
    )
    precision: str = setting(
        "fp32",
        "In which arithmetic; auto: in bf16 where the device computes faster in it.",
        choices=PRECISIONS,
        command_default="auto",
        local=True,
    )
    compile: bool = setting(
        False, "torch.compile: pays in trainings of some minutes, and most on a GPU.", local=True
    )
    image_size: tuple[int, int] | None = same(Fitting, "image_size")
    resize: str = same(Fitting, "resize")
    colour: bool | None = same(Fitting, "colour")
    background: str = same(Fitting, "background")
    classes: tuple[str, ...] | None = setting(
        None,
        "Learn, and be tested, on images of these classes only: --classes 5,6,7,8,9.",
        form="names separated by commas, none of them empty: 5,6,7,8,9",
        parse=_names,
        metavar="A,B,...",
    )
    augment: str = setting(
        "",
        "Change the images learned from a little at every step: shift:PIXELS, rotate:DEGREES, "
        "zoom:SHARE, shear:SHARE, flip.",
        form="changes separated by commas: shift:2,flip",
        check=Augment.parse,
        metavar="HOW,...",
        default_text="as they are",
    )
    data_dir: str | None = setting(
        None,
        DATA_DIR_HELP,
        form="the path of a folder",
        path=True,
        metavar="DIR",
        envvar="DIABOLO_DATA",
        local=True,
    )
    tensorboard: bool = setting(
        False,
        "Also write curves and pictures to RUN/tensorboard, for tensorboard --logdir.",
        local=True,
    )
    variant_options: dict[str, Any] = field(
        default_factory=dict, metadata=rules("The variant's own settings.", option=False)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        variant = variants.make(self.variant, self.variant_options)
        if variant.networks is not None and self.network not in variant.networks:
            raise OptionError(
                f"variant {self.variant!r} runs on the network {' or '.join(variant.networks)} only, "
                f"not {self.network!r}. Use --network {variant.networks[0]}, or another variant."
            )

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
        if own := networks.default_latent_dim(given["network"]):
            given.setdefault("latent_dim", own)
        for name, one in settings(cls).items():
            if one.default is MISSING and hasattr(kind, f"default_{name}"):
                given.setdefault(name, getattr(kind, f"default_{name}"))
        if given.get("optimizer") in RATES:
            given.setdefault("lr", RATES[given["optimizer"]])
        return cls(variant=variant, dataset=dataset, variant_options=options, **given)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Config:
        """Read what `to_json` gave; unknown keys are ignored.

        Raises:
            RunError: something is missing.
        """
        known = settings(cls)
        values = {key: value for key, value in document.items() if key in known}
        for key, value in values.items():
            if isinstance(value, list) and get_origin(known[key].kind) is tuple:
                values[key] = tuple(value) or None
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
