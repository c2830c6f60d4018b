"""Matplotlib figures in one style: image grids and training curves."""

import textwrap
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

# Okabe & Ito's palette, told apart by colour-blind readers; lines differ in style too.
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#777777"


def tile(images: Tensor, columns: int = 8, pad: int = 2, background: int = 205) -> np.ndarray:
    """Return uint8 images (N, C, H, W) as one picture, uint8 (rows, width) for C = 1 or (rows, width, 3) for C = 3."""
    if images.dtype != torch.uint8:
        raise ValueError(f"tile shows uint8 images, these are {images.dtype}: pass them through training.to_uint8.")
    n, c, h, w = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet = np.full((rows * (h + pad) + pad, columns * (w + pad) + pad, c), background, np.uint8)
    for i, image in enumerate(images.permute(0, 2, 3, 1).numpy()):
        top, left = pad + i // columns * (h + pad), pad + i % columns * (w + pad)
        sheet[top : top + h, left : left + w] = image
    return sheet.squeeze(2) if c == 1 else sheet


def image_grids(grids: Mapping[str, Tensor], columns: int = 8, width: float = 3.2) -> Figure:
    """Return one figure with a titled grid beside the other: title -> uint8 images (N, C, H, W)."""
    figure, axes = plt.subplots(1, len(grids), figsize=(width * len(grids), width * 1.1), squeeze=False)
    for ax, (title, images) in zip(axes[0], grids.items(), strict=True):
        ax.imshow(tile(images, columns), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        ax.set_title(title, fontsize=10)
        ax.axis("off")
    figure.tight_layout()
    plt.close(figure)  # the caller shows it once, by returning it
    return figure


def named_pictures(pictures: list[tuple[str, Tensor]], columns: int = 6) -> Figure:
    """Return a figure of pictures, uint8 (C, H, W), with their names below, on three lines at most."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.95 * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, (name, image) in zip(axes.flat, pictures, strict=False):
        ax.imshow(tile(image[None], pad=0), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        lines = textwrap.fill(name, 20, max_lines=3, placeholder="...")
        ax.text(
            0.5, -0.04, lines, fontsize=8, ha="center", va="top", transform=ax.transAxes, parse_math=False
        )  # $ is a $
    figure.tight_layout()
    plt.close(figure)
    return figure


def smooth(values: Tensor, window: int) -> np.ndarray:
    """Return the running mean over `window` values, (len - window + 1,)."""
    return np.convolve(values.double().numpy(), np.ones(window) / window, mode="valid")


def training_curves(history: Mapping[str, Tensor], window: int = 50) -> Figure:
    """Return two panels: both losses with their values if D says 1/2 to everything, and D's accuracy on real and fake images.

    history: the `history` of a Run with d_loss, g_loss, d_real and d_fake, each (steps,).
    """
    window = max(1, min(window, len(history["d_loss"]) // 4))
    steps = np.arange(window, len(history["d_loss"]) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.2))
    left.plot(steps, smooth(history["d_loss"], window), color=BLUE, label="D loss (real + fake)")
    left.plot(steps, smooth(history["g_loss"], window), color=VERMILION, linestyle="--", label="G loss")
    left.axhline(np.log(4), color=BLUE, linewidth=0.8, linestyle=":", label="log 4: D says 1/2 to everything")
    left.axhline(np.log(2), color=VERMILION, linewidth=0.8, linestyle=":", label="log 2: D says 1/2 to every fake")
    left.set(xlabel="step", ylabel="loss in nats")
    right.plot(steps, smooth(history["d_real"], window), color=GREEN, label="real images taken for real")
    right.plot(steps, smooth(history["d_fake"], window), color=ORANGE, linestyle="--", label="fakes seen through")
    right.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":", label="one half: guessing")
    right.set(xlabel="step", ylabel="share of the batch", ylim=(0, 1.02))
    for ax in (left, right):
        ax.legend(fontsize=8)
        ax.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.close(figure)
    return figure
