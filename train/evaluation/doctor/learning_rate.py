"""Was the learning rate too high or too low, or was the training too short?

The rate rises for some steps and then follows a cosine down to almost nothing, so that any loss is flat at
the end. Progress is therefore measured per unit of learning rate: the loss over the sum of the rates so far.
"""

from __future__ import annotations

from itertools import pairwise

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
_FALLING = 0.25  # of the whole fall, in the last third of the sum of learning rates
_FEWEST = 4  # validations
_POINTS = 200  # of the schedule
_FOLLOWING = ("same-output", "dead-output", "learned-little", "not-better-than-pca")


def too_high(e: Evidence) -> list[Finding]:
    """The loss was not a number, jumped, or never fell at a rate far above the default."""
    usual, lr = RATES[e.config.optimizer], e.config.lr
    see, severity = "plots/losses.png; history.csv", "error"
    if e.failed is not None:
        problem = f"the loss became {e.failed.get('loss')} in epoch {e.failed.get('epoch')} at --lr {lr:g}."
        see = "failed.json; history.csv until the epoch before"
    elif lr > _HIGH * usual and e.explained is not None and e.explained < _NOTHING:
        problem = (
            f"nothing was learned at --lr {lr:g}, {lr / usual:.0f} times the default: "
            f"{percent(e.explained)} of the "
            "variance is explained."
        )
    elif (spike := _spike(e)) is not None:
        epoch, before, after = spike
        problem = f"the validation loss jumped from {before:.4g} to {after:.4g} in epoch {epoch:.0f} at --lr {lr:g}."
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
    falling = _falling(e)
    low = lr < _LOW * usual
    nothing = share is not None and share < _NOTHING
    few = few_steps(e.steps) if e.steps is not None and share is not None and share < _LITTLE else ""
    if falling is None and not (low and nothing) and not few:
        return []
    what = (
        f"the loss was still falling at the end: {percent(falling)} of its fall came in the last third of "
        "the "
        "training"
        if falling is not None
        else f"{percent(share or 0)} of the variance is explained"
    )
    problem = what + (f", at --lr {lr:g}; the default is {usual:g}." if low else ".")
    return [
        Finding(
            name="learning-rate-too-low" if low else "too-few-epochs",
            severity="error" if nothing else "warning",
            problem=" ".join(filter(None, (problem, few and few[0].upper() + few[1:]))),
            see="plots/losses.png; loss and validation_loss in history.csv",
            advice=f"--lr {usual:g}" if low else e.longer(3 if few else 2),
            explains=(*_FOLLOWING, "learning-rate-too-high") if low or few else ("learned-little",),
        )
    ]


def _falling(e: Evidence) -> float | None:
    """The share of the fall in the last third of the sum of learning rates, if that is much."""
    curve, epochs = e.curve("validation_loss"), e.config.epochs or e.epochs
    if len(curve) < _FEWEST or e.epochs < epochs:
        return None
    rates = [learning_rate(1.0, step, _POINTS) for step in range(_POINTS)]
    total = sum(rates)
    done = [sum(rates[: round(_POINTS * epoch / epochs)]) / total for epoch, _ in curve]
    lowest = min(value for _, value in curve)
    fall = curve[0][1] - lowest
    before = [value for (_, value), share in zip(curve, done, strict=True) if share <= 2 / 3]
    if fall <= 0 or not before:
        return None
    late = (min(before) - lowest) / fall
    return late if late > _FALLING else None
