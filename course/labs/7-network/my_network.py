"""Exercise 7: the network of an autoencoder.

Replace each ... by code, then check: diabolo lab check 7 my_network.py
"""

from math import prod

from torch import nn


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` to codes `(batch, outputs)`."""

    def __init__(self, image_shape, outputs):
        super().__init__()
        pixels = prod(image_shape)  # channels x height x width
        self.layers = nn.Sequential(
            nn.Flatten(),  # (batch, channels, height, width) -> (batch, pixels)
            # a Linear layer from all pixels to 256 units
            ...,
            # an activation function
            ...,
            # a Linear layer from these units to the code
            ...,
        )

    def forward(self, image):
        # send the images through the layers
        return ...


class Decoder(nn.Module):
    """Codes `(batch, latent_dim)` to logits `(batch, channels, height, width)`."""

    def __init__(self, image_shape, latent_dim):
        super().__init__()
        # the encoder's layers the other way round, but without its Flatten
        self.layers = ...
        # at the end, pixels in a row have to become an image
        self.to_image = ...

    def forward(self, latent):
        return ...
