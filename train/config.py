"""The settings of a training, as `config.json` stores them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_origin

from diabolo.runtime.errors import UsageError
from diabolo.train import networks, variants
from diabolo.train._config import texts
from diabolo.train._config.checks import check_network, check_noise, check_noisy, multiple_of
from diabolo.train._config.defaults import with_defaults
from diabolo.train.batches.augment import Augment
from diabolo.train.datasets import DATA_DIR_HELP, Fitting, LoadRequest, Progress
from diabolo.train.devices import DEVICES, PRECISIONS
from diabolo.train.errors import OptionError, RunError
from diabolo.train.model import Model
from diabolo.train.settings import Settings, rules, same, setting, settings

__all__ = ["RATES", "Config"]

RATES = {"adam": 3e-3, "muon": 2e-2}  # the optimizers, each with its default learning rate


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Everything that is needed to repeat a training; `Config.make` fills in the defaults of a variant.

    Raises:
        UnknownNameError, OptionError: a name that does not exist, a value that is not allowed.
    """

    variant: str = field(
        metadata=rules("The name of the variant: what is optimised.", check=variants.find, option=False)
    )
    dataset: str = field(
        metadata=rules(
            "A dataset's name, or a folder of images.",
            form="the name of a dataset or the path of a folder",
            path=True,
            metavar="NAME|FOLDER",
        )
    )
    latent_dim: int = field(metadata=rules(texts.latent_dim_help, low=1, high=65536))
    network: str = field(
        metadata=rules(
            texts.network_help,
            form="the name of a network, or my_nets.py:MyNetwork",
            check=networks.check_name,
            write=texts.last_part,
            metavar="NAME|FILE.py[:CLASS]",
        )
    )
    width: int | None = setting(
        None, "Width of the network's layers.", low=1, high=2**20, default_text="the network's own"
    )
    depth: int | None = setting(
        None, "Number of the network's layers.", low=0, high=1000, default_text="the network's own"
    )
    blocks: int | None = setting(
        None, "Number of the network's residual blocks.", low=0, high=1000, default_text="the network's own"
    )
    epochs: int | None = setting(
        None,
        "Passes over the training images.",
        low=1,
        high=100000,
        unit="epochs",
        default_text=texts.EPOCHS_TEXT,
    )
    batch_size: int | None = setting(
        None, "Images per step.", low=1, high=65536, unit="images", default_text=texts.BATCH_SIZE_TEXT
    )
    validate_every: int | None = setting(
        None,
        "Epochs from one validation to the next; each adds a row to the history and writes a checkpoint.",
        low=1,
        high=100000,
        unit="epochs",
        default_text="1 if the epochs are given, otherwise about 50 validations",
    )
    optimizer: str = setting(
        "adam", "adam, or muon, which takes longer per step but needs fewer steps.", choices=tuple(RATES)
    )
    lr: float = setting(
        RATES["adam"],
        "Peak learning rate.",
        above=0,
        high=1,
        default_text=", ".join(f"{rate:g} with {name}" for name, rate in RATES.items()),
    )
    weight_decay: float = setting(0.0, "Decoupled weight decay, per unit of learning rate.", low=0, high=10)
    average: float = setting(
        0.0,
        "Decay, such as 0.999, of an exponential moving average (EMA) of the weights, which is then what is "
        "validated and saved; 0: no average.",
        low=0,
        high=0.99999,
    )
    clip: float = setting(
        100.0,
        "Gradient clipping: the largest norm, in units of the square root of the values of an image.",
        low=0,
        high=10**6,
        option=False,
    )
    patience: int = setting(
        0,
        "Stop after this many epochs without a better validation loss; 0: never.",
        low=0,
        high=100000,
        unit="epochs",
    )
    seed: int = setting(0, "Seed of all random numbers; the same seed, the same run.", low=0, high=2**31 - 1)
    device: str = setting(
        "cpu",
        "Device to train on; auto: the fastest one that works.",
        choices=DEVICES,
        command_default="auto",
        local=True,
    )
    precision: str = setting(
        "fp32",
        "Floating-point precision; auto: bf16 if the device computes faster with it.",
        choices=PRECISIONS,
        command_default="auto",
        local=True,
    )
    compile: bool = setting(
        False,
        "Use torch.compile; worthwhile if training takes minutes, above all on a GPU.",
        local=True,
    )
    image_size: tuple[int, int] | None = same(Fitting, "image_size")
    crop: int | None = same(Fitting, "crop")
    noisy: str | None = setting(
        None,
        "Folder of noisy copies of the dataset's pictures, under the same names, that the variant denoising "
        "learns to clean; with --crop. No noise is added then.",
        form="the path of a folder",
        path=True,
        write=texts.last_part,
        metavar="FOLDER",
        default_text="noise is added, if the variant removes noise",
    )
    resize: str = same(Fitting, "resize")
    colour: bool | None = same(Fitting, "colour")
    background: str = same(Fitting, "background")
    range: str = same(Fitting, "range")
    classes: tuple[str, ...] | None = setting(
        None,
        "Train and test on images of these classes only: --classes 5,6,7,8,9.",
        form="names separated by commas, none of them empty: 5,6,7,8,9",
        parse=texts.parse_names,
        metavar="A,B,...",
    )
    augment: str | None = setting(
        None,
        "Augment the training images, in a new way at every step: shift:PIXELS, rotate:DEGREES, zoom:SHARE, "
        "shear:SHARE, flip, mix:SHARE; none: no augmentation.",
        form="changes separated by commas: shift:2,flip",
        check=Augment.parse,
        metavar="HOW,...",
        default_text=texts.AUGMENT_TEXT,
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
        "Also write curves and images to RUN/tensorboard, for tensorboard --logdir.",
        local=True,
    )
    variant_options: dict[str, Any] = field(
        default_factory=dict, metadata=rules("The variant's own settings.", option=False)
    )
    network_options: dict[str, Any] = field(
        default_factory=dict, metadata=rules("The network's own settings.", option=False)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        variant = variants.make(self.variant, self.variant_options)
        check_network(self.variant, variant, self.network, self.network_options)
        check_noisy(self.variant, variant, self.noisy, self.crop)
        self.fitting()  # raises if --crop does not go with the others

    @classmethod
    def make(cls, variant: str, dataset: str, **given: Any) -> Config:
        """A config with the defaults of the variant, the network and the optimizer.

        Args:
            variant: its name.
            dataset: its name, or the path of a folder of images.
            given: settings by name; None takes the default. `variant_options` and `network_options` are dicts
                of the variant's and the network's own settings.

        Raises:
            UnknownNameError, OptionError: a name that does not exist, a value that is not allowed.
        """
        options = given.pop("variant_options", None)
        if not (options is None or isinstance(options, dict)):
            raise OptionError(f"variant_options {options!r} is not possible; it must be a dict.")
        options = dict(options or {})
        kind = variants.make(variant, options)
        given = with_defaults(settings(cls), kind, RATES, given)
        check_noise(variant, options, given)
        return cls(variant=variant, dataset=dataset, variant_options=options, **given)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Config:
        """The config of what `to_json` returned; unknown keys are ignored.

        Raises:
            RunError: a setting is missing, or has a value that is not allowed.
        """
        if not isinstance(document, dict):
            raise RunError(f"config.json must hold an object, not {document!r}. Train again.")
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
        """The settings as JSON values; `network_options`, `crop` and `noisy` only if they are given."""
        values = asdict(self)
        for name in ("network_options", "crop", "noisy"):
            if not values[name]:
                del values[name]
        return values

    def fitting(self) -> Fitting:
        """The settings that say how images are resized and converted."""
        names = ("image_size", "crop", "resize", "colour", "background", "range")
        return Fitting(**{name: getattr(self, name) for name in names})

    def request(self, *, data_dir: str | None = None, progress: Progress | None = None) -> LoadRequest:
        """The request that loads the dataset as the training saw it.

        Args:
            data_dir: where to look for it first; by default the config's own.
            progress: called while it is loaded.
        """
        where = data_dir or self.data_dir
        request = LoadRequest(
            data_dir=Path(where) if where else None,
            noisy=Path(self.noisy) if self.noisy else None,
            seed=self.seed,
            fitting=self.fitting(),
            classes=self.classes,
        )
        return replace(request, progress=progress) if progress else request

    def latent_shape(self, image_shape: tuple[int, int, int], network: networks.Network) -> tuple[int, ...]:
        """The shape of one latent: `(latent_dim,)`, or `(latent_dim, rows, columns)` for a grid.

        Args:
            image_shape: `(channels, height, width)`.
            network: the config's network.

        Raises:
            OptionError: the network does not take these options, or declares a shape that is not allowed.
        """
        return network.latent_shape(image_shape, self.latent_dim, **self._layers())

    def build(
        self, image_shape: tuple[int, int, int], network: networks.Network | None = None
    ) -> tuple[variants.VariantBase, Model]:
        """The variant and its untrained model, initialised with torch's global random state.

        Args:
            image_shape: `(channels, height, width)`.
            network: the config's network; by default it is looked up, and a user's own file is executed.

        Raises:
            OptionError: the network does not take these options, or does not fulfil the contract.
        """
        variant = variants.make(self.variant, self.variant_options)
        network = network or networks.find(self.network)
        head = variant.head()
        pair = network.build(image_shape, head.width * self.latent_dim, self.latent_dim, **self._layers())
        shape = self.latent_shape(image_shape, network)
        multiple = multiple_of(self.crop, network, self._layers()) if self.crop else None
        return variant, Model(*pair, head, image_shape, shape, variant.extras(), multiple)

    def _layers(self) -> dict[str, Any]:
        """What the network is made with."""
        return {"width": self.width, "depth": self.depth, "blocks": self.blocks, **self.network_options}
