"""練習 9 的其中一種寫法，你的不必一樣。"""

import torch
from torch import nn
from torch.nn.functional import mse_loss

CHANNELS = 32


class Encoder(nn.Module):
    """影像 `(batch, channels, height, width)` 變成編碼 `(batch, outputs)`。"""

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
    """編碼 `(batch, latent_dim)` 變成 logits `(batch, channels, height, width)`。"""

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
