"""Are the units of a sparse latent as active as they should be?

The mean activity of each unit should be rho (A. Ng, 'Sparse autoencoder',
https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf). A unit that is never active is dead: it gets
hardly any gradient through its sigmoid. Where only the largest units stay, a dead one gets none (Makhzani and
Frey, 'k-Sparse Autoencoders', https://arxiv.org/abs/1312.5663).
"""

from __future__ import annotations

from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["dead_units", "never_active", "rho"]

_DEAD = 0.1  # of rho: sound units come within a few percent of it
_SHARE = 0.05  # of the units may be dead
_NEAR = 0.3  # of rho, the mean distance of units from it; a sound model has some percent
_SEE = "plots/activity.png; activity_by_unit in metrics.json"


def dead_units(e: Evidence) -> list[Finding]:
    """Units that are active for no image."""
    activity, rho = e.numbers("activity_by_unit"), e.option("sparsity")
    if not activity or not rho or not e.option("sparsity_weight"):
        return []
    dead = sum(each < _DEAD * rho for each in activity)
    if dead <= _SHARE * len(activity):
        return []
    return [
        Finding(
            name="dead-units",
            severity="error" if dead == len(activity) else "warning",
            problem=f"{dead} of {len(activity)} units are dead: on average over the images they are active "
            f"below {_DEAD * rho:g}, and rho is {rho:g}.",
            see=_SEE,
            advice=f"--lr {e.config.lr / 3:.2g} instead of {e.config.lr:g}, or --batch-size 128 or more; "
            f"fewer units: --latent-dim {max(1, len(activity) - dead)}",
            explains=("rho-not-reached",),
        )
    ]


def never_active(e: Evidence) -> list[Finding]:
    """Units of which it was counted that they are zero for every image."""
    dead, units = e.number("dead_units"), len(e.numbers("activity_by_unit"))
    if not dead or not units or dead <= _SHARE * units:
        return []
    weight = e.option("revival_weight")
    revive = "" if weight is None else f"--revival-weight {1 / 32 if not weight else 10 * weight:g}; or "
    return [
        Finding(
            name="dead-units",
            severity="error" if dead == units else "warning",
            problem=f"{dead:.0f} of {units} units are dead: they are zero for every image.",
            see=f"{_SEE}; dead_units in metrics.json",
            advice=f"{revive}--lr {e.config.lr / 3:.2g} instead of {e.config.lr:g}; or fewer units: "
            f"--latent-dim {max(2, units - int(dead))}",
        )
    ]


def rho(e: Evidence) -> list[Finding]:
    """The mean activity is not what the sparsity term asks for."""
    activity, target, weight = (
        e.numbers("activity_by_unit"),
        e.option("sparsity"),
        e.option("sparsity_weight"),
    )
    if not activity or not target or not weight:  # without the term, no activity is asked for
        return []
    gap = sum(abs(each - target) for each in activity) / len(activity)
    if gap <= _NEAR * target:
        return []
    mean = sum(activity) / len(activity)
    return [
        Finding(
            name="rho-not-reached",
            severity="warning",
            problem=f"rho is not reached: units are active {mean:.3f} on average instead of {target:g}, and "
            f"are {gap:.3f} ({percent(gap / target)} of rho) away from it on average.",
            see=_SEE,
            advice=f"--sparsity-weight {10 * weight:g} instead of {weight:g}" if weight < 3 else e.longer(),
        )
    ]
