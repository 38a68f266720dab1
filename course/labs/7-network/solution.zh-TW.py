"""練習 7 的其中一種寫法，你的不必一樣。"""

from math import prod

from torch import nn


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
