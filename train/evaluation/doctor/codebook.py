"""Is the codebook of a vector-quantised latent used?

A vector that no output of the encoder is near is never chosen and never moved (codebook collapse: Dhariwal et
al., 'Jukebox', section 3, https://arxiv.org/abs/2005.00341).
"""

from __future__ import annotations

from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding

__all__ = ["unused"]

_USED = 0.3  # of the vectors: sound codebooks use nine tenths
_CHOICES = 4  # positions of the test images' codes for each vector: with fewer, many vectors cannot occur


def unused(e: Evidence) -> list[Finding]:
    """Most vectors occur in no code of the test images."""
    used, bits, images = (e.number(name) for name in ("codebook_used", "bits_per_position", "images"))
    if used is None or not bits or bits > 32 or not images or not e.latent_size:
        return []
    vectors = round(2**bits)
    positions = images * e.latent_size / e.config.latent_dim
    if used >= _USED or positions < _CHOICES * vectors:
        return []
    learned = e.config.variant_options.get("quantiser") != "fsq"
    fewer = f"; or --vectors {2 ** max(1, round(used * vectors).bit_length())}" if learned else ""
    other = "--quantiser fsq, of which hardly anything is left unused; " if learned else ""
    return [
        Finding(
            name="unused-codebook",
            severity="warning",
            problem=f"{percent(used)} of the codebook's {vectors} vectors occur in the test images' codes.",
            see="codebook_used and codebook_perplexity in metrics.json",
            advice=f"{other}{e.longer()}{fewer}",
        )
    ]
