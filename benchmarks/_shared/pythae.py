"""pythae's own trainer on the net of `benchmarks.training`; run by it, in an interpreter that has pythae.

    PYTHON -P pythae.py FOLDER EPOCHS BATCH LR SEED

reads learn.npy, held.npy and test.npy in FOLDER, uint8 `(n, 1, 28, 28)`, and writes pythae.json, the seconds
of every epoch, and pythae.npy, the reconstructions of the test images. Imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pythae.models import AE, AEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.pipelines import TrainingPipeline
from pythae.trainers import BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import Tensor, nn

SHAPE, WIDTH, LATENT = (1, 28, 28), 512, 16


class Encoder(BaseEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, WIDTH), nn.ReLU(), nn.Linear(WIDTH, LATENT))

    def forward(self, image: Tensor) -> Any:
        return ModelOutput(embedding=self.layers(image))


class Decoder(BaseDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LATENT, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 784), nn.Sigmoid())

    def forward(self, latent: Tensor) -> Any:
        return ModelOutput(reconstruction=self.layers(latent).reshape(-1, *SHAPE))


class Times(TrainingCallback):
    """Seconds of every epoch: of its steps alone, and with the validation and the best model's copy."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.epochs: list[float] = []

    def on_epoch_begin(self, training_config: Any, **_: Any) -> None:
        self.since = time.perf_counter()

    def on_eval_step_begin(self, training_config: Any, **_: Any) -> None:
        self.steps.append(time.perf_counter() - self.since)

    def on_epoch_end(self, training_config: Any, **_: Any) -> None:
        self.epochs.append(time.perf_counter() - self.since)


def main(folder: Path, epochs: int, batch: int, rate: float, seed: int) -> None:
    learn, held, test = (
        torch.from_numpy(np.load(folder / f"{name}.npy")).float().div(255)
        for name in ("learn", "held", "test")
    )
    torch.manual_seed(seed)
    model = AE(AEConfig(input_dim=SHAPE, latent_dim=LATENT), Encoder(), Decoder())
    settings = BaseTrainerConfig(
        output_dir=str(folder / "pythae"),
        num_epochs=epochs,
        per_device_train_batch_size=batch,
        per_device_eval_batch_size=batch,
        learning_rate=rate,
        seed=seed,
        no_cuda=True,
    )
    times = Times()
    pipeline = TrainingPipeline(model=model, training_config=settings)
    pipeline(train_data=learn, eval_data=held, callbacks=[times])
    best = pipeline.trainer._best_model.eval()
    with torch.inference_mode():
        out = [best.decoder(best.encoder(part).embedding).reconstruction for part in test.split(500)]
    np.save(folder / "pythae.npy", torch.cat(out).numpy())
    about = {"steps": times.steps, "epochs": times.epochs, "images": len(learn)}
    (folder / "pythae.json").write_text(json.dumps(about))


if __name__ == "__main__":
    where, *numbers, rate, seed = sys.argv[1:]
    main(Path(where), *map(int, numbers), float(rate), int(seed))
