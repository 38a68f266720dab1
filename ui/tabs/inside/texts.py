"""The words of the tab that looks inside."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "lead": "In a plain autoencoder about half of the units are at work for any picture. In a sparse "
        "one each picture wakes only a few, so that units learn different things.",
        "left": "A model",
        "right": "and another beside it",
        "unit": "Unit",
        "unit_number": "A unit is one of the {count} numbers of the code.",
        "unit_channel": "A unit is one of the {count} channels of the code: the mean over its {positions} "
        "positions.",
        "no_codes": "This model came without stored codes: how often its units fire cannot be told.",
        "share": "of the {count} units fire for an average image",
        "fires": "It fires where it is above the middle of its range, from its lowest to its highest value "
        "among the stored codes of test images.",
        "mean_sigmoid": "Mean activity of each unit, the highest first: its value, from 0 to 1, averaged "
        "over the images.",
        "mean_other": "Mean activity of each unit, the highest first: where in its range it stands, "
        "averaged over the images.",
        "images": "The share of the {count} images for which each unit fires, the highest first.",
        "classes": "For which classes each unit fires: a column is a unit, under the class that it fires "
        "for most.",
        "tip": "Unit {unit}: {value}",
        "bars": "Bars from {most} down to {least}; the mean is {mean}",
        "grid": "This picture's code: {fire} of {count} units fire. Click a square to switch that unit off.",
        "grid_mean": "The mean code of all training images. Fetch or draw a picture to see which units it "
        "wakes.",
        "grid_keys": "Units: the arrow keys go from one to the next",
        "first_cells": "The first {count} are shown.",
        "cell": "Unit {unit}: {value}{state}",
        "firing": ", fires",
        "off": "Without unit {unit}: it stands at {value} here, and is set to {off}, {what}.",
        "off_zero": "silent",
        "off_mean": "its mean over the training images",
        "before": "With it",
        "after": "Without it",
        "difference": "Difference",
        "change": "Teal became brighter, pink darker; the largest change is {most} of the full brightness.",
        "strongest": "What excites unit {unit} most: the stored codes in which it is highest, decoded.",
        "alone": "What unit {unit} draws by itself, all other units at their means.",
        "less": "−2 deviations",
        "mean": "All at the mean",
        "more": "+2 deviations",
        "draws": "+2 against mean",
    },
    "zh-TW": {
        "lead": "一般自編碼器看任何影像，約有一半的神經元在忙；稀疏自編碼器每次只喚醒少數幾個，各個神經元才"
        "會學到不同的東西。",
        "left": "一個模型",
        "right": "和旁邊的另一個",
        "unit": "神經元",
        "unit_number": "編碼的 {count} 個數，每個就是一個神經元。",
        "unit_channel": "編碼有 {count} 個通道，每個通道算一個神經元，取 {positions} 個位置的平均。",
        "no_codes": "這個模型沒有附上編碼，無從得知神經元多常被激活。",
        "share": "的神經元（共 {count} 個）會被一張普通的影像激活",
        "fires": "數值高過自己範圍的中點就算激活；範圍是它在測試影像的編碼裡，從最低到最高的值。",
        "mean_sigmoid": "每個神經元的平均激活程度，由高到低：它的值（0 到 1）對所有影像取平均。",
        "mean_other": "每個神經元的平均激活程度，由高到低：它在自己範圍裡的高低，對所有影像取平均。",
        "images": "{count} 張影像裡，每個神經元被激活的比例，由高到低。",
        "classes": "每個神經元為哪些類別激活：一直行是一個神經元，排在最常激活它的類別下。",
        "tip": "神經元 {unit}：{value}",
        "bars": "長條由 {most} 遞減到 {least}，平均 {mean}",
        "grid": "這張影像的編碼：{count} 個神經元裡有 {fire} 個激活。點一格，就關掉那個神經元。",
        "grid_mean": "所有訓練影像的平均編碼。取一張或畫一張影像，看它喚醒哪些神經元。",
        "grid_keys": "神經元：用方向鍵逐個移動",
        "first_cells": "只列出前 {count} 個。",
        "cell": "神經元 {unit}：{value}{state}",
        "firing": "，激活",
        "off": "關掉神經元 {unit}：它在這裡是 {value}，改成 {off}（{what}）。",
        "off_zero": "不作聲",
        "off_mean": "訓練影像的平均值",
        "before": "有它",
        "after": "沒有它",
        "difference": "差別",
        "change": "青色變亮，粉紅變暗；變化最大的地方是全亮度的 {most}。",
        "strongest": "最能激活神經元 {unit} 的：它的值最高的幾個編碼，解碼出來的影像。",
        "alone": "神經元 {unit} 單獨畫出什麼：其他神經元都停在平均值。",
        "less": "−2 個標準差",
        "mean": "全部取平均",
        "more": "+2 個標準差",
        "draws": "+2 的變化",
    },
}
