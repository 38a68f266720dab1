"""練習 8 的其中一種寫法，你的不必一樣。"""

from math import prod

import torch
from torch import nn
from torch.nn.functional import mse_loss


class Encoder(nn.Module):
    """影像 `(batch, channels, height, width)` 變成編碼 `(batch, outputs)`。"""

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
    """編碼 `(batch, latent_dim)` 變成 logits `(batch, channels, height, width)`。"""

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
    """訓練兩個網路。"""
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    for epoch in range(epochs):
        for images in batches:
            restored = torch.sigmoid(decoder(encoder(images)))
            loss = mse_loss(restored, images)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: {loss.item():.4f}")
