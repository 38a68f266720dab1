"""A solution of exercise 8. Yours may look different."""

from math import prod

import torch
from torch import nn
from torch.nn.functional import mse_loss


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` to codes `(batch, outputs)`."""

    def __init__(self, image_shape, outputs):
        super().__init__()
        pixels = prod(image_shape)
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, 256),
            nn.ReLU(),
            nn.Linear(256, outputs),
        )

    def forward(self, image):
        return self.layers(image)


class Decoder(nn.Module):
    """Codes `(batch, latent_dim)` to logits `(batch, channels, height, width)`."""

    def __init__(self, image_shape, latent_dim):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, 256),
            nn.ReLU(),
            nn.Linear(256, prod(image_shape)),
        )
        self.to_image = nn.Unflatten(1, image_shape)

    def forward(self, latent):
        return self.to_image(self.layers(latent))


def train(encoder, decoder, batches, epochs):
    """Train both networks."""
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    for epoch in range(epochs):
        for images in batches:
            restored = torch.sigmoid(decoder(encoder(images)))
            loss = mse_loss(restored, images)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: {loss.item():.4f}")
