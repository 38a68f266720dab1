"""Was the learning rate too high or too low, or was the training too short?

The rate rises for some steps and then follows a cosine down to almost nothing, so that any loss is flat at
the end. Progress is therefore measured per unit of learning rate: the loss over the sum of the rates so far.
"""

from __future__ import annotations

from itertools import pairwise

from diabolo.runtime.bundle.quality import not_better_than_pca
from diabolo.train.budget import few_steps
from diabolo.train.config import RATES
from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding
from diabolo.train.optim.schedule import learning_rate

__all__ = ["too_high", "too_low"]

_SPIKE = 0.5  # of the whole fall, lost again from one validation to the next
_HIGH = 3.0  # times the optimizer's default
_LOW = 0.2  # times the optimizer's default
_NOTHING = 0.05  # explained variance: hardly more than the mean image
_LITTLE = 0.3  # explained variance of a poor model
_FALLING = 0.4  # of the fall since the first validation, in the last third of the sum of learning rates
_FALLING_SLOWLY = 0.25  # the same at a low rate, where a loss falls in a straight line
_EARLY = 1 / 3  # of that sum: after it, the first validation does not show the fall
_FEWEST = 4  # validations
_POINTS = 200  # of the schedule
_FOLLOWING = ("same-output", "dead-output", "learned-little", "not-better-than-pca")


def too_high(e: Evidence) -> list[Finding]:
    """The loss was not a number, jumped, or the model is poor at a rate far above the default."""
    usual, lr = RATES[e.config.optimizer], e.config.lr
    see, severity = "plots/losses.png; history.csv", "error"
    if e.failed is not None:
        where = f"epoch {e.failed.get('epoch')}, step {e.failed.get('step')}"
        problem = f"the loss became NaN or infinite in {where}, at --lr {lr:g}."
        see = "failed.json; history.csv until the epoch before"
    elif lr > _HIGH * usual and e.explained is not None and e.explained < _LITTLE:
        problem = (
            f"little was learned at --lr {lr:g}, {lr / usual:.0f} times the default: "
            f"{percent(e.explained)} of the variance is explained."
        )
    elif (spike := _spike(e)) is not None:
        epoch, before, after = spike
        problem = (
            f"the validation loss jumped from {before:.4g} to {after:.4g} in epoch {epoch:.0f}, "
            f"at --lr {lr:g}."
        )
        severity = "warning"
    else:
        return []
    return [
        Finding(
            name="learning-rate-too-high",
            severity="error" if severity == "error" else "warning",
            problem=problem,
            see=see,
            advice=f"--lr {min(usual, lr / 5):.2g}"
            + (" --precision fp32" if e.failed and e.config.precision != "fp32" else ""),
            explains=_FOLLOWING if severity == "error" else (),
        )
    ]


def _spike(e: Evidence) -> tuple[float, float, float] | None:
    """The epoch of the largest jump of the validation loss, and its values before and in it."""
    curve = e.curve("validation_loss")
    jumps = [(after[1] - before[1], before, after) for before, after in pairwise(curve[1:])]
    if not jumps:
        return None
    jump, (_, before), (epoch, after) = max(jumps)
    fall = curve[0][1] - min(value for _, value in curve)
    return (epoch, before, after) if fall > 0 and jump > _SPIKE * fall else None


def too_low(e: Evidence) -> list[Finding]:
    """The loss was still falling at the end, at a low rate or after few epochs."""
    usual, lr, share = RATES[e.config.optimizer], e.config.lr, e.explained
    low = lr < _LOW * usual
    falling = _falling(e, _FALLING_SLOWLY if low else _FALLING)
    nothing = share is not None and share < _NOTHING
    few = few_steps(e.steps) if e.steps is not None and share is not None and share < _LITTLE else ""
    if falling is None and not (low and nothing) and not few:
        return []
    what = f"{percent(share or 0)} of the variance is explained"
    if falling is not None:
        what = f"the loss was still falling: {percent(falling)} of its fall came in the last third"
    problem = what + (f", at --lr {lr:g}; the default is {usual:g}." if low else ".")
    if few:
        problem += f" {few[0].upper()}{few[1:]}"
    return [
        Finding(
            name="learning-rate-too-low" if low else "too-few-epochs",
            severity="error" if nothing else "warning" if low or few or _poor(e) else "note",
            problem=problem,
            see="plots/losses.png; loss and validation_loss in history.csv",
            advice=f"--lr {usual:g}" if low else e.longer(3 if few else 2),
            explains=(*_FOLLOWING, "learning-rate-too-high") if low or few else ("learned-little",),
        )
    ]


def _poor(e: Evidence) -> bool:
    """Whether the model is not known to be better than PCA."""
    return e.explained is None or bool(not_better_than_pca(e.figures))


def _falling(e: Evidence, much: float) -> float | None:
    """The share of the fall in the last third of the sum of learning rates, if it is more than `much`."""
    curve, epochs = e.curve("validation_loss"), e.config.epochs or e.epochs
    if len(curve) < _FEWEST or e.epochs < epochs:
        return None
    rates = [learning_rate(1.0, step, _POINTS) for step in range(_POINTS)]
    done = [sum(rates[: round(_POINTS * epoch / epochs)]) / sum(rates) for epoch, _ in curve]
    lowest = min(value for _, value in curve)
    fall = curve[0][1] - lowest
    if fall <= 0 or done[0] > _EARLY:
        return None
    before = [value for (_, value), share in zip(curve, done, strict=True) if share <= 2 / 3]
    late = (min(before) - lowest) / fall
    return late if late > much else None
