"""The texts of the tab Inside."""

from __future__ import annotations

from diabolo.ui.parts.texts import Texts

__all__ = ["TEXTS"]

TEXTS: Texts = {
    "en": {
        "lead": "In a plain autoencoder about half of the units are active for any picture. In a sparse one "
        "only a few are, so that different units learn different features.",
        "left": "Model A",
        "right": "Model B",
        "unit": "Unit",
        "unit_number": "A unit is one of the {count} numbers of the code.",
        "unit_channel": "A unit is one of the {count} channels of the code, averaged over its {positions} "
        "positions.",
        "no_codes": "This model has no stored codes, so how often its units fire is unknown.",
        "asked": "Asked for and what came",
        "asked_rho": "is ρ, the mean activity that training asked each unit for",
        "came_mean": "is ρ̂, the mean activity that came of it",
        "came_metrics": "Measured on all test images after training.",
        "came_codes": "Measured here, on the stored codes of test images.",
        "came_unknown": "Training asked each unit for a mean activity of ρ = {rho}. What came of it is not "
        "known: model.json does not say, and there are no stored codes to measure it on.",
        "came_told": "The units lie between {low} and {high}; {near} of {count} are within {share} % of ρ.",
        "bin": "{count} units with a mean activity from {low} to {high}",
        "histogram": "How many units have which mean activity: from {low} to {high}, with ρ = {rho} marked",
        "share": "of the {count} units fire for an average image",
        "fires": "A unit fires if its value is above the middle of its range, which extends from its lowest "
        "to its highest value among the stored codes of test images.",
        "mean_sigmoid": "Mean activity of each unit, highest first: its value, from 0 to 1, averaged over "
        "the images.",
        "mean_other": "Mean activity of each unit, highest first: where its value lies within its range, "
        "from 0 to 1, averaged over the images.",
        "images": "Share of the {count} images for which each unit fires, highest first.",
        "classes": "Classes for which each unit fires: each column is a unit, and units are grouped by the "
        "class for which they fire most.",
        "tip": "Unit {unit}: {value}",
        "bars": "Bars from {most} down to {least}, mean {mean}",
        "grid": "This picture's code: {fire} of {count} units fire. Click a square to switch that unit off.",
        "grid_mean": "The mean code of all training images. Fetch or draw a picture to see which units fire "
        "for it.",
        "grid_keys": "Units: the arrow keys move from one to the next",
        "first_cells": "Only the first {count} are shown.",
        "cell": "Unit {unit}: {value}{state}",
        "firing": ", fires",
        "off": "Without unit {unit}: its value, {value} here, is replaced by {off} ({what}).",
        "off_zero": "inactive",
        "off_mean": "its mean over the training images",
        "before": "With the unit",
        "after": "Without the unit",
        "difference": "Difference",
        "change": "Teal pixels became brighter, pink ones darker; the largest change is {most} of full "
        "brightness.",
        "strongest": "What activates unit {unit} most: pictures decoded from the stored codes in which its "
        "value is highest.",
        "alone": "What unit {unit} contributes, with all other units at their means.",
        "less": "−2 std",
        "mean": "All units at their means",
        "more": "+2 std",
        "draws": "+2 std minus mean",
    },
    "zh-TW": {
        "lead": "一般自編碼器不論看到什麼影像，約有一半的神經元被激活；稀疏自編碼器每次只激活少數幾個，"
        "不同的神經元才會學到不同的東西。",
        "left": "模型 A",
        "right": "模型 B",
        "unit": "神經元",
        "unit_number": "編碼的 {count} 個數，每個就是一個神經元。",
        "unit_channel": "編碼有 {count} 個通道，每個通道算一個神經元，取 {positions} 個位置的平均。",
        "no_codes": "這個模型沒有附上編碼，無法得知神經元多常被激活。",
        "asked": "要求的與得到的",
        "asked_rho": "是 ρ：訓練時要求每個神經元達到的平均激活程度",
        "came_mean": "是 ρ̂：實際得到的平均激活程度",
        "came_metrics": "訓練後在全部測試影像上量得。",
        "came_codes": "在這裡用存好的測試影像編碼量得。",
        "came_unknown": "訓練時要求每個神經元的平均激活程度為 ρ = {rho}；實際得到多少則不詳："
        "model.json 沒有記載，也沒有存好的編碼可以量。",
        "came_told": "各神經元介於 {low} 與 {high} 之間；{count} 個裡有 {near} 個與 ρ 相差不到 {share} %。",
        "bin": "平均激活程度從 {low} 到 {high} 的神經元有 {count} 個",
        "histogram": "各種平均激活程度各有幾個神經元：從 {low} 到 {high}，並標出 ρ = {rho}",
        "share": "的神經元（共 {count} 個）平均會被一張影像激活",
        "fires": "數值超過自身範圍的中點就算激活；範圍是它在測試影像的編碼裡，從最低到最高的值。",
        "mean_sigmoid": "每個神經元的平均激活程度，由高到低：它的值（0 到 1）對所有影像取平均。",
        "mean_other": "每個神經元的平均激活程度，由高到低：它的值在自身範圍裡的位置，對所有影像取平均。",
        "images": "{count} 張影像裡，每個神經元被激活的比例，由高到低。",
        "classes": "哪些類別會激活各個神經元：每一直行是一個神經元，依最常激活它的類別排列。",
        "tip": "神經元 {unit}：{value}",
        "bars": "長條由 {most} 遞減到 {least}，平均 {mean}",
        "grid": "這張影像的編碼：{count} 個神經元裡有 {fire} 個激活。點一格，就關掉那個神經元。",
        "grid_mean": "所有訓練影像的平均編碼。取一張或畫一張影像，看看它激活哪些神經元。",
        "grid_keys": "神經元：用方向鍵逐個移動",
        "first_cells": "只列出前 {count} 個。",
        "cell": "神經元 {unit}：{value}{state}",
        "firing": "，激活",
        "off": "關掉神經元 {unit}：它的值原本是 {value}，改成 {off}（{what}）。",
        "off_zero": "未激活",
        "off_mean": "訓練影像的平均值",
        "before": "有這個神經元",
        "after": "沒有這個神經元",
        "difference": "差別",
        "change": "青色的像素變亮，粉紅色的變暗；最大的變化是全亮度的 {most}。",
        "strongest": "最能激活神經元 {unit} 的影像：由它的值最高的幾個編碼解碼而成。",
        "alone": "神經元 {unit} 的作用：其他神經元都固定在平均值。",
        "less": "−2 個標準差",
        "mean": "全部為平均值",
        "more": "+2 個標準差",
        "draws": "+2 個標準差減去平均",
    },
}
