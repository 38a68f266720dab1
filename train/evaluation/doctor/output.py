"""Does the output depend on the input at all?

With a sigmoid and a squared error, an output can run into saturation in the first steps: all pixels become
black and get no gradient any more.
"""

from __future__ import annotations

from diabolo.train.config import RATES
from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["same_output"]

_SAME = 0.005  # of the images' variance; a model that learned anything keeps some percent of it
_ONE_COLOUR = 0.02  # standard deviation over the pixels of the mean reconstruction, images in [0, 1]
_DECAY = 0.5  # weight decay that pulls weights to 0 faster than they learn
_FOLLOWING = ("learned-little", "not-better-than-pca")


def same_output(e: Evidence) -> list[Finding]:
    """The output is the same whatever goes in: one colour, or one picture."""
    varies, contrast = e.number("reconstruction_variance"), e.number("reconstruction_contrast")
    if varies is None or contrast is None or varies >= _SAME:
        return []
    one = contrast < _ONE_COLOUR
    what = "one colour" if one else "the same picture"
    tries = [f"--lr {min(e.config.lr / 10, RATES[e.config.optimizer]):.2g} instead of {e.config.lr:g}"]
    if e.config.weight_decay > _DECAY:
        tries.insert(0, f"--weight-decay 0 instead of {e.config.weight_decay:g}")
    if e.variant.tradeoff:
        tries.append(e.variant.tradeoff)
    return [
        Finding(
            name="dead-output" if one else "same-output",
            severity="error",
            problem=f"the output is {what} whatever goes in: reconstructions have {percent(varies)} of the "
            "images' variance.",
            see="plots/reconstructions.png; reconstruction_variance in metrics.json",
            advice="; or ".join(tries),
            explains=_FOLLOWING,
        )
    ]
