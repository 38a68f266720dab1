"""Is the model better than the mean image, and than PCA with a latent of the same size?"""

from __future__ import annotations

from diabolo.runtime.bundle.quality import learned_little, not_better_than_pca
from diabolo.train.evaluation.doctor._evidence import Evidence
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["against_baselines", "declared"]

_ENOUGH = 0.8  # explained variance at which a variant that trades precision away may be worse than PCA
_SEE = "mse, mean_mse and pca_mse in metrics.json; plots/reconstructions.png"


def against_baselines(e: Evidence) -> list[Finding]:
    """Little more than the mean image, or no better than PCA."""
    found = []
    tries = [f"{e.longer()}; or a larger --latent-dim, or another --network"]
    if e.variant.tradeoff:
        tries.append(e.variant.tradeoff)
    advice = ". ".join(tries)
    if sentence := learned_little(e.figures):
        found.append(
            Finding(name="learned-little", severity="error", problem=sentence, see=_SEE, advice=advice)
        )
    traded = bool(e.variant.tradeoff) and (e.explained or 0) >= _ENOUGH
    if not traded and (sentence := not_better_than_pca(e.figures)):
        found.append(
            Finding(name="not-better-than-pca", severity="warning", problem=sentence, see=_SEE, advice=advice)
        )
    return found


def declared(e: Evidence) -> list[Finding]:
    """What the variant itself warns of, such as one of another package."""
    return [
        Finding(
            name="variant-warning",
            severity="warning",
            problem=text,
            see="metrics.json",
            advice="what the sentence says",
        )
        for text in (e.variant.warnings(dict(e.figures)) if e.figures else [])
    ]
