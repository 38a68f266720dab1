"""Has the model learned its training images by heart?"""

from __future__ import annotations

from statistics import median

from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["overfitting"]

_GAP = 0.3  # more explained variance on the training images than on the test images
_RISE = 0.1  # of the validation loss after its lowest point, as a share of its fall, or of itself if positive
_LATE = 0.8  # of the epochs: a lowest point that comes later is the end
_FEWEST = 5  # validations
_LAST = 3  # validations whose median is the loss at the end


def overfitting(e: Evidence) -> list[Finding]:
    """Training images are explained much better than test images, or the validation loss rises again."""
    trained, share = e.number("training_explained_variance"), e.number("explained_variance")
    if trained is not None and share is not None and trained - share > _GAP:
        problem = (
            f"the model has learned its training images by heart: it explains {percent(trained)} of their "
            f"variance, and {percent(share)} of the test images'."
        )
        see = "training_explained_variance and explained_variance in metrics.json; plots/losses.png"
        return [_finding(e, problem, see, "warning", ("learned-little", "not-better-than-pca"))]
    if (risen := _risen(e)) is None:
        return []
    at, best, end = risen
    problem = (
        f"overfitting: the validation loss was lowest in epoch {at:.0f} ({best:.4g}) and rose to {end:.4g} "
        f"at the end, while the training loss fell. The weights of epoch {at:.0f} are kept."
    )
    return [_finding(e, problem, "plots/losses.png; validation_loss in history.csv", "note")]


def _finding(e: Evidence, problem: str, see: str, severity: str, explains: tuple[str, ...] = ()) -> Finding:
    few = "more images, " if e.config.augment else "more images, --augment shift:2,rotate:10,zoom:0.1, "
    return Finding(
        name="overfitting",
        severity="warning" if severity == "warning" else "note",
        problem=problem,
        see=see,
        advice=f"{few}--weight-decay 0.05, or a smaller --width; --patience {max(2, e.epochs // 10)} stops "
        "sooner",
        explains=explains,
    )


def _risen(e: Evidence) -> tuple[float, float, float] | None:
    """Epoch and value of the lowest validation loss, and its value at the end, if it rose for good."""
    held, learned = e.curve("validation_loss"), e.curve("loss")
    if len(held) < _FEWEST or len(learned) != len(held):
        return None
    index = min(range(len(held)), key=lambda row: held[row][1])
    at, best = held[index]
    end = median(value for _, value in held[-_LAST:])
    fall = held[0][1] - best
    rises = end - best > _RISE * fall and (best <= 0 or end - best > _RISE * best)
    if not rises or at > _LATE * e.epochs or learned[-1][1] >= learned[index][1]:
        return None
    return at, best, end
