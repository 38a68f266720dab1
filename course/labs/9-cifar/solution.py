"""A solution of exercise 9. Yours may look different."""

import torch
from torch import nn
from torch.nn.functional import mse_loss

CHANNELS = 32


class Encoder(nn.Module):
    """Images `(batch, channels, height, width)` to codes `(batch, outputs)`."""

    def __init__(self, image_shape, outputs):
        super().__init__()
        channels, height, width = image_shape
        self.layers = nn.Sequential(
            nn.Conv2d(channels, CHANNELS, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(CHANNELS, 2 * CHANNELS, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(2 * CHANNELS * (height // 4) * (width // 4), outputs),
        )

    def forward(self, image):
        return self.layers(image)


class Decoder(nn.Module):
    """Codes `(batch, latent_dim)` to logits `(batch, channels, height, width)`."""

    def __init__(self, image_shape, latent_dim):
        super().__init__()
        channels, height, width = image_shape
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, 2 * CHANNELS * (height // 4) * (width // 4)),
            nn.Unflatten(1, (2 * CHANNELS, height // 4, width // 4)),
            nn.SiLU(),
            nn.ConvTranspose2d(2 * CHANNELS, CHANNELS, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.ConvTranspose2d(CHANNELS, channels, 4, stride=2, padding=1),
        )

    def forward(self, latent):
        return self.layers(latent)


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
