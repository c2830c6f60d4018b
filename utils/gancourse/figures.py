"""Matplotlib figures in one style: image grids, training curves, and measurements with several seeds."""

import io
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from gancourse import arguments

# Okabe & Ito's palette, told apart by colour-blind readers; lines differ in style too.
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#777777"

DPI, PAGE_WIDTH, GAP, TITLE_HEIGHT, CHARACTER = 100, 1000, 16, 20, 7  # of grids of images, in pixels


def tile(images: Tensor, columns: int = 8, pad: int = 2, background: int = 205) -> np.ndarray:
    """Return uint8 images (N, C, H, W) as one picture, uint8 (rows, width) for C = 1 or (rows, width, 3) for C = 3.

    Raises ValueError for what is no such set of images.
    """
    images = arguments.images_of(images)
    n, c, h, w = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet = np.full((rows * (h + pad) + pad, columns * (w + pad) + pad, c), background, np.uint8)
    for i, image in enumerate(images.permute(0, 2, 3, 1).numpy()):
        top, left = pad + i // columns * (h + pad), pad + i % columns * (w + pad)
        sheet[top : top + h, left : left + w] = image
    return sheet.squeeze(2) if c == 1 else sheet


def image_grids(grids: Mapping[str, Tensor], columns: int = 8, rows: Sequence[str] = ()) -> Figure:
    """Return one figure with titled grids beside and below each other: title -> uint8 images (N, C, H, W).

    An image is enlarged by a whole number, so that it is at least 48 pixels wide, or 96 if it is larger than a digit.
    rows: names of the rows of every grid.
    """
    margin = max((CHARACTER * len(name) + GAP for name in rows), default=0)  # all numbers here are pixels
    lines: list[list] = [[]]
    taken = right = 0
    for title, images in grids.items():
        sheet = _enlarged(tile(images, columns), images.shape[3])
        width = margin + max(sheet.shape[1], CHARACTER * max(map(len, title.split("\n")))) + GAP
        if lines[-1] and taken + width - GAP > PAGE_WIDTH:
            lines.append([])
            taken = 0
        lines[-1].append((title, sheet, taken + margin))
        taken += width
        right = max(right, taken - GAP)
    above = TITLE_HEIGHT * max(1 + title.count("\n") for title in grids)
    heights = [above + max(sheet.shape[0] for _, sheet, _ in line) for line in lines]
    figure = plt.figure(figsize=(right / DPI, sum(heights) / DPI), dpi=DPI)
    for n, line in enumerate(lines):
        for title, sheet, left in line:
            h, w = sheet.shape[:2]
            top = sum(heights[:n]) + above
            place = left / right, 1 - (top + h) / sum(heights), w / right, h / sum(heights)
            ax = figure.add_axes(place)
            ax.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="none", aspect="auto")
            ax.set_title(title, fontsize=10, pad=3)
            ax.axis("off")
            for i, name in enumerate(rows):
                ax.text(-6, h * (i + 0.5) / len(rows), name, fontsize=9, ha="right", va="center")
    plt.close(figure)  # the caller shows it once, by returning it
    return figure


def _enlarged(sheet: np.ndarray, width: int) -> np.ndarray:
    """Return a sheet of images of this width, in pixels, with each pixel repeated."""
    times = -(-(48 if width <= 28 else 96) // width)
    return sheet.repeat(times, 0).repeat(times, 1)


def gif(images: Tensor, milliseconds: int = 50, at_least: int = 0) -> bytes:
    """Return uint8 images (N, C, H, W) as a GIF that repeats for ever; milliseconds: of each image, in tens.

    at_least: pixels; smaller images are enlarged by a whole factor. Raises ValueError for what is no such set of images.
    """
    images = arguments.images_of(images)
    factor = max(1, at_least // max(images.shape[2:]))
    frames = []
    for image in images:
        picture = Image.fromarray(tile(image[None], pad=0))
        frames.append(picture.resize((factor * picture.width, factor * picture.height), Image.Resampling.NEAREST))
    buffer = io.BytesIO()
    frames[0].save(buffer, "gif", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()


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
    right.plot(steps, smooth(history["d_real"], window), color=GREEN, label="D right about real images")
    right.plot(steps, smooth(history["d_fake"], window), color=ORANGE, linestyle="--", label="D right about fakes")
    right.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":", label="one half: guessing")
    right.set(xlabel="step", ylabel="share of the batch", ylim=(0, 1.02))
    for ax in (left, right):
        ax.legend(fontsize=8)
        ax.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.close(figure)
    return figure


def seeds(results: Mapping[str, tuple], measure: str, marks: Mapping[str, float] | None = None) -> Figure:
    """Return a panel with a row for each way of training and a dot for each seed, with the numbers at the right.

    results: way -> a value for each seed, or (value, standard error); measure: what is measured, and in which unit;
    marks: name -> value of a dotted line to compare with.
    """
    figure, ax = plt.subplots(figsize=(8.5, 0.9 + 0.32 * len(results)))
    looks = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (VERMILION, "D"))
    for y, values in enumerate(results.values()):
        pairs = [value if isinstance(value, tuple) else (value, 0) for value in values]
        for i, (value, error) in enumerate(pairs):
            colour, marker = looks[i]
            ax.errorbar(value, y, xerr=error or None, color=colour, marker=marker, linestyle="", label=f"seed {i}")
        told = [f"{v:.2f} ± {e:.2f}" if e else f"{v:,.0f}" for v, e in pairs]
        ax.text(1.01, y, " · ".join(told), transform=ax.get_yaxis_transform(), va="center", fontsize=9)
    for name, value in (marks or {}).items():
        ax.axvline(value, color=GREY, linewidth=0.8, linestyle=":")
        ax.text(value, -0.7, name, color=GREY, fontsize=8, ha="center")
    shown = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))  # one entry a seed
    ax.legend(
        shown.values(), shown.keys(), fontsize=8, loc="lower left", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False
    )
    ax.set_yticks(range(len(results)), list(results))
    ax.set(xlabel=measure, ylim=(len(results) - 0.5, -0.5))
    ax.grid(axis="y", linewidth=0.4)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.05)
    figure.tight_layout()
    plt.close(figure)
    return figure
