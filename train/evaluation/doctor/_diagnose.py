"""All checks, in one list, and what they find together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from diabolo.runtime.listing import quoted
from diabolo.train.evaluation.doctor import (
    codebook,
    dataset,
    given,
    identity,
    learning_rate,
    noise,
    output,
    overfitting,
    posterior,
    quality,
    sparsity,
)
from diabolo.train.evaluation.doctor._evidence import Evidence
from diabolo.train.evaluation.doctor._finding import SEVERITIES, Finding

__all__ = ["CHECKS", "Check", "checked", "diagnose", "in_short"]

Needs: TypeAlias = Literal["settings", "history", "figures", "data", "pictures"]


@dataclass(frozen=True)
class Check:
    """One question to a training.

    Attributes:
        what: is checked, as listings say it.
        needs: what it judges; without that it is left out.
        find: returns what is wrong.
    """

    what: str
    needs: Needs
    find: Callable[[Evidence], list[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("posterior collapse", "figures", posterior.collapse),
    Check("a KL term without effect", "figures", posterior.unused_kl),
    Check("a KL warm-up longer than the training", "settings", posterior.warm_up),
    Check("a learning rate that is too high", "settings", learning_rate.too_high),
    Check("a learning rate that is too low, or too few epochs", "history", learning_rate.too_low),
    Check("an output that died", "figures", output.same_output),
    Check("dead units", "figures", sparsity.dead_units),
    Check("units that are never active", "figures", sparsity.never_active),
    Check("a rho that is not reached", "figures", sparsity.rho),
    Check("a codebook that is hardly used", "figures", codebook.unused),
    Check("noise that is too strong", "figures", noise.too_strong),
    Check("noise that is too weak", "figures", noise.too_weak),
    Check("a latent that lets the identity through", "settings", identity.too_wide),
    Check("overfitting", "history", overfitting.overfitting),
    Check("a model no better than the mean image or PCA", "figures", quality.against_baselines),
    Check("what the variant warns of", "figures", quality.declared),
    Check("too few images", "settings", dataset.few),
    Check("a class missing from a split", "data", dataset.classes),
    Check("constant images", "data", dataset.constant),
    Check("duplicate images", "data", dataset.duplicates),
    Check("test images among the training images", "data", dataset.leaked),
    Check("inverted images", "pictures", given.inverted),
    Check("images in another range of values", "pictures", given.wrong_range),
)


def diagnose(evidence: Evidence) -> list[Finding]:
    """What is wrong with a training, the most serious first, without what follows from another finding."""
    found = [finding for check in checked(evidence) for finding in check.find(evidence)]
    explained = {name for finding in found for name in finding.explains}
    found = [finding for finding in found if finding.name not in explained]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def checked(evidence: Evidence) -> list[Check]:
    """The checks for which there is enough evidence."""
    known = {
        "settings": True,
        "history": bool(evidence.history),
        "figures": bool(evidence.figures),
        "data": evidence.data is not None,
        "pictures": evidence.data is not None and evidence.pictures is not None,
    }
    return [check for check in CHECKS if known[check.needs]]


def in_short(findings: Sequence[Finding], path: str) -> list[str]:
    """What to say at the end of a training: at most two lines, none if there are only notes.

    Args:
        findings: as `diagnose` returns them.
        path: of the run.
    """
    serious = [finding for finding in findings if finding.severity != "note"]
    if not serious:
        return []
    first, *others = serious
    named = f" ({', '.join(finding.name for finding in others)})" if others else ""
    more = f"{len(others)} more{named}: " if others else "how one sees it: "
    return [f"{first.severity}: {first.problem} Try: {first.advice}", f"{more}diabolo doctor {quoted(path)}"]
