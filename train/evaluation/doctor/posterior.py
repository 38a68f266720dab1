"""Does a latent with a KL divergence from a prior tell images apart, and does the divergence do anything?

Bowman et al., 'Generating Sentences from a Continuous Space', https://arxiv.org/abs/1511.06349, describe the
collapse; Burda et al., 'Importance Weighted Autoencoders', https://arxiv.org/abs/1509.00519, appendix C,
count active dimensions.
"""

from __future__ import annotations

from diabolo.train.evaluation.doctor._evidence import Evidence
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["collapse", "unused_kl", "warm_up"]

_MOST = 0.75  # of the dimensions inactive: in Burda et al. 31 of 50 are, in a sound model of MNIST
_WIDE = 2.0  # standard deviations of the prior that codes are apart from 0; a sound model has at most 1
_PRECISE = 8.0  # nats per active dimension: the posterior is 3,000 times narrower than the prior
_FOLLOWING = ("same-output", "learned-little", "not-better-than-pca", "no-progress")


def collapse(e: Evidence) -> list[Finding]:
    """All or most dimensions have a posterior that is the prior, whatever the image."""
    size, active = len(e.numbers("kl_by_dimension")), e.number("active_units")
    if not size or active is None:
        return []
    if active == 0:
        return [
            Finding(
                name="posterior-collapse",
                severity="error",
                problem=f"the posterior has collapsed: none of the {size} dimensions of the latent is "
                "active, and all images are reconstructed as the same one.",
                see="plots/reconstructions.png (every reconstruction is the same); active_units in "
                "metrics.json",
                advice=_less_pressure(e),
                explains=_FOLLOWING,
            )
        ]
    if size - active <= _MOST * size:
        return []
    return [
        Finding(
            name="unused-dimensions",
            severity="warning",
            problem=f"most dimensions of the latent have collapsed: {size - active:.0f} of {size} are the "
            "prior for every image and tell nothing.",
            see="active_units and kl_by_dimension in metrics.json",
            advice=_less_pressure(e, active),
        )
    ]


def _less_pressure(e: Evidence, active: float = 0) -> str:
    beta, warm = e.option("beta"), e.option("kl_warmup")
    tries = []
    if beta is not None and beta > 1:
        tries.append(f"--beta 1 instead of {beta:g}")
    if not warm:
        tries.append(f"--kl-warmup {max(1, e.epochs // 5)}")
    if active:
        tries.append(f"--latent-dim {active:.0f}, which loses nothing")
    return "; or ".join(tries) or f"a smaller --beta than {beta or 1:g}, or {e.longer()}"


def unused_kl(e: Evidence) -> list[Finding]:
    """The divergence has no effect: codes do not follow the prior, so latents drawn from it miss them."""
    by_dimension, beta = e.numbers("kl_by_dimension"), e.option("beta")
    if not by_dimension or beta is None:
        return []
    spread = e.number("code_deviation")
    nats = sum(by_dimension) / max(1, e.number("active_units") or 0)
    if beta == 0:
        what = f"--beta 0 switches it off, at {sum(by_dimension):.0f} nats per image"
    elif spread is not None and spread > _WIDE:
        what = f"the codes' root mean square is {spread:.1f} per dimension, and the prior's is 1"
    elif nats > _PRECISE:
        what = f"it is {nats:.1f} nats per active dimension at --beta {beta:g}, as if it were free"
    else:
        return []
    return [
        Finding(
            name="kl-without-effect",
            severity="warning",
            problem=f"the KL divergence has no effect: {what}. Latents drawn from N(0, I) miss the codes.",
            see="plots/samples.png (no pictures of the kind trained on), plots/latent_map.png (its axes), "
            "kl in metrics.json",
            advice="--beta 1, the ELBO; or train autoencoder, if you need no samples",
        )
    ]


def warm_up(e: Evidence) -> list[Finding]:
    """The training ended while beta was still rising."""
    warm, epochs = e.option("kl_warmup"), e.config.epochs or 0
    if warm is None or not epochs or warm < epochs:
        return []
    return [
        Finding(
            name="warm-up-too-long",
            severity="warning",
            problem=f"beta never reached its value: it rises over {warm:g} epochs, and the run has {epochs}.",
            see="kl_warmup and epochs in config.json; kl in history.csv",
            advice=f"--kl-warmup {max(1, epochs // 5)}, or --epochs {5 * round(warm)}",
        )
    ]
