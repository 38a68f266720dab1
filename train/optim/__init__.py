"""Optimisation: the optimizers, gradient clipping and the learning-rate schedule."""
