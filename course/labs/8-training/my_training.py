"""Exercise 8: the network of an autoencoder, and its training.

Replace each ... by code, then check: diabolo lab check 8 my_training.py
"""

from math import prod

import torch
from torch import nn
from torch.nn.functional import mse_loss


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` to codes `(batch, outputs)`."""

    def __init__(self, image_shape, outputs):
        super().__init__()
        ...

    def forward(self, image):
        return ...


class Decoder(nn.Module):
    """Codes `(batch, latent_dim)` to logits `(batch, channels, height, width)`."""

    def __init__(self, image_shape, latent_dim):
        super().__init__()
        ...

    def forward(self, latent):
        return ...


def train(encoder, decoder, batches, epochs):
    """Train both networks.

    Args:
        encoder: an Encoder, with weights that know nothing yet.
        decoder: a Decoder, likewise.
        batches: gives all training images once whenever it is looped over, as tensors
            `(batch, channels, height, width)` in [0, 1], in a new order each time.
        epochs: how often to go through all images.
    """
    # Adam, for the weights of both networks
    optimizer = torch.optim.Adam(..., lr=1e-3)
    for epoch in range(epochs):
        for images in batches:
            # encode, decode, and turn the logits into values from 0 to 1
            restored = ...
            # the reconstruction error
            loss = ...
            # three lines: forget the last gradient, compute the new one, change the weights
            ...
        print(f"epoch {epoch + 1}: {loss.item():.4f}")
