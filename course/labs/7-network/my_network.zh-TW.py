"""練習 7：自編碼器的網路。

把每個 ... 換成程式碼，再檢查：diabolo lab check 7 my_network.py
"""

from math import prod

from torch import nn


class Encoder(nn.Module):
    """影像 `(batch, channels, height, width)` 變成編碼 `(batch, outputs)`。"""

    def __init__(self, image_shape, outputs):
        super().__init__()
        pixels = prod(image_shape)  # 通道數 x 高 x 寬
        self.layers = nn.Sequential(
            nn.Flatten(),  # (batch, channels, height, width) -> (batch, pixels)
            # 一個 Linear 層，從所有像素到 256 個神經元
            ...,
            # 一個激活函數
            ...,
            # 一個 Linear 層，從這些神經元到編碼
            ...,
        )

    def forward(self, image):
        # 讓影像依序通過各層
        return ...


class Decoder(nn.Module):
    """編碼 `(batch, latent_dim)` 變成 logits `(batch, channels, height, width)`。"""

    def __init__(self, image_shape, latent_dim):
        super().__init__()
        # 編碼器的各層反過來排，但不需要 Flatten
        self.layers = ...
        # 最後，排成一列的像素要變回影像
        self.to_image = ...

    def forward(self, latent):
        return ...
