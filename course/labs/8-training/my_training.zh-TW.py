"""練習 8：自編碼器的網路和訓練。

把每個 ... 換成程式碼，再檢查：diabolo lab check 8 my_training.py
"""

from math import prod

import torch
from torch import nn
from torch.nn.functional import mse_loss


class Encoder(nn.Module):
    """影像 `(batch, channels, height, width)` 變成編碼 `(batch, outputs)`。"""

    def __init__(self, image_shape, outputs):
        super().__init__()
        ...

    def forward(self, image):
        return ...


class Decoder(nn.Module):
    """編碼 `(batch, latent_dim)` 變成 logits `(batch, channels, height, width)`。"""

    def __init__(self, image_shape, latent_dim):
        super().__init__()
        ...

    def forward(self, latent):
        return ...


def train(encoder, decoder, batches, epochs):
    """訓練兩個網路。

    Args:
        encoder: 一個 Encoder，權重還什麼都沒學到。
        decoder: 一個 Decoder，也是。
        batches: 每對它做一次迴圈，就會給出全部的訓練影像，每次的順序都不同；每一批是形狀
            `(batch, channels, height, width)`、值在 [0, 1] 的張量。
        epochs: 全部影像要看幾遍。
    """
    # Adam，要更新兩個網路的權重
    optimizer = torch.optim.Adam(..., lr=1e-3)
    for epoch in range(epochs):
        for images in batches:
            # 編碼、解碼，再把 logits 變成 0 到 1 的值
            restored = ...
            # 重建誤差
            loss = ...
            # 三行：忘掉上一次的梯度、計算新的梯度、更新權重
            ...
        print(f"epoch {epoch + 1}: {loss.item():.4f}")
