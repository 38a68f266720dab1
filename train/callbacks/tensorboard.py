"""A callback for TensorBoard: curves and reconstructions after every epoch, the plots at the end.

    tensorboard --logdir runs

https://www.tensorflow.org/tensorboard
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import MissingPackageError
from diabolo.train.callbacks import BaseCallback
from diabolo.train.datasets import ImageData
from diabolo.train.evaluation import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from diabolo.train.trainer import Trainer

__all__ = ["TensorBoard", "check"]

__getattr__ = old_names(__name__, {"Board": "TensorBoard"})

_FOLDER = "tensorboard"  # in the run


def check() -> None:
    """Check that TensorBoard is installed.

    Raises:
        MissingPackageError: it is not.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise MissingPackageError(
            '--tensorboard needs the package tensorboard. Install it: pip install "diabolo[tensorboard]".'
        )


class TensorBoard(BaseCallback):
    """Writes RUN/tensorboard. When a run is continued, entries later than its checkpoint are removed."""

    def __init__(self, trainer: Trainer, data: ImageData) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._trainer, self._data = trainer, data
        folder = trainer.run.path / _FOLDER
        self._writer = SummaryWriter(str(folder), purge_step=trainer.position.epoch + 1)

    def epoch(self, row: dict[str, float]) -> None:
        """Add a point to every curve, and the current reconstructions of some test images."""
        number = int(row["epoch"])
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, number)
        trainer = self._trainer
        now = plots.reconstructions(trainer.variant, trainer.average, self._data)
        self._writer.add_figure("reconstructions", now, number)
        self._writer.flush()

    def finish(self, figures: Mapping[str, Figure]) -> None:
        """Add the plots of the trained model, and close the file."""
        for name, figure in figures.items():
            self._writer.add_figure(f"plots/{name}", figure, self._trainer.position.epoch)
        self._writer.close()
