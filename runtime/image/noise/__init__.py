"""The noise that denoising autoencoders are trained on, in numpy.

    gaussian          x + level * n, n ~ N(0, 1)                      level: standard deviation
    salt-pepper       a share `level` of the pixels becomes 0 or 1    level: share
    masking           a share `level` of the pixels becomes 0         level: share
    speckle           x + level * x * n, n ~ N(0, 1)                  level: standard deviation
    poisson-gaussian  x + sqrt(gain * x + read^2) * n, n ~ N(0, 1)    level: gain; and read
    jpeg              compressed as a JPEG file and read again        level: quality, 1 to 100
    patches           a share of the square patches becomes grey, 0.5 level: share; and side in pixels

A level is a number, or is drawn from a range for each image. Noise of several kinds is applied in order. The
result is clipped to [0, 1], as it would be in a file, unless the noise is unclipped.

Masking and salt-and-pepper are the corruptions of Vincent et al., 'Stacked Denoising Autoencoders',
JMLR 11 (2010), https://www.jmlr.org/papers/v11/vincent10a.html; all channels of a pixel are changed together.
Patches are left out as in He et al., 'Masked Autoencoders Are Scalable Vision Learners',
https://arxiv.org/abs/2111.06377: of the patches on a grid, a fixed number is drawn. Grey marks them, since it
depends neither on the image, which would tell something of what it hides, nor on the data set.
Poisson-gaussian is the noise of a camera's sensor: photons are counted, which gives a variance of `gain * x`,
and reading the count adds a variance of `read^2`. Both are drawn as one normal variable, as in Foi et al.,
'Practical Poissonian-Gaussian Noise Modeling and Fitting for Single-Image Raw-Data', IEEE Transactions on
Image Processing 17 (2008), https://doi.org/10.1109/TIP.2008.2001399.
"""

from __future__ import annotations

from diabolo.runtime.image.noise._add import HIDDEN, add_noise
from diabolo.runtime.image.noise._spec import KINDS, NoiseSpec, largest_level, smallest_level

__all__ = ["HIDDEN", "KINDS", "NoiseSpec", "add_noise", "largest_level", "smallest_level"]
