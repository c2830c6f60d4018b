"""Conditional multilayer perceptron (MLP) GAN for labelled 28x28 grey images (Mirza & Osindero 2014, "Conditional Generative
Adversarial Nets"): both players are told the class, in one of several ways.

A label is an int64, 0 to classes - 1. Networks compute with its *code*, a row of numbers: one-hot, or learnt. To mix
classes, pass shares instead of labels, float32 (N, classes), each row summing to one: their codes are mixed accordingly.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from gancourse.networks.mlp import IMAGE_SHAPE, PIXELS, MLPGenerator

EMBEDDING = 32  # numbers in a learnt code


class LabelCode(nn.Module):
    """Labels int64 (N,), or shares float32 (N, classes) -> codes float32 (N, width).

    One row of `table` a class. width: of codes that are learnt; None for one-hot codes, 1 at the place of the class.
    """

    def __init__(self, classes: int, width: int | None = None):
        super().__init__()
        if width is None:
            self.register_buffer("table", torch.eye(classes), persistent=False)
        else:
            self.table = nn.Parameter(torch.randn(classes, width))
        self.width = self.table.shape[1]

    def forward(self, labels: Tensor) -> Tensor:
        return labels @ self.table if labels.is_floating_point() else embedding(labels, self.table)


class ConditionalGenerator(nn.Module):
    """Noise z (N, z_dim) and labels (N,) or shares (N, classes) -> images (N, 1, 28, 28) in [-1, 1].

    code: "one-hot" or "embedding", the code that is concatenated with z.
    """

    def __init__(
        self,
        z_dim: int = 64,
        classes: int = 10,
        hidden: tuple[int, ...] = (256, 512),
        code: Literal["one-hot", "embedding"] = "one-hot",
    ):
        super().__init__()
        self.z_dim, self.classes = z_dim, classes
        self.code = LabelCode(classes, EMBEDDING if code == "embedding" else None)
        self.body = MLPGenerator(z_dim + self.code.width, hidden).body

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        joined = torch.cat([z, self.code(labels)], dim=1)  # (N, z_dim + width of a code)
        return self.body(joined).view(-1, *IMAGE_SHAPE)


class ConditionalDiscriminator(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] and labels (N,) -> logits (N,): is this a real image *of this class*?

    code: how D is told the class.
        "one-hot"     ten numbers beside the 784 pixels
        "embedding"   numbers that are learnt, beside the pixels
        "map"         a picture of the class that is learnt, a second channel of the image
        "projection"  not before the end: the logit is w·h + c·h, where h are the activations of the last hidden layer, which know nothing
                      of the class, and c is its code, which is learnt (Miyato & Koyama 2018, equation 4)
    """

    def __init__(
        self,
        classes: int = 10,
        hidden: tuple[int, ...] = (512, 256),
        code: Literal["one-hot", "embedding", "map", "projection"] = "projection",
    ):
        super().__init__()
        self.classes, self.projects = classes, code == "projection"
        widths = {"one-hot": None, "embedding": EMBEDDING, "map": PIXELS, "projection": hidden[-1]}
        self.code = LabelCode(classes, widths[code])
        layers: list[nn.Module] = []
        width = PIXELS if self.projects else PIXELS + self.code.width
        for out in hidden:
            layers += [nn.Linear(width, out), nn.LeakyReLU(0.2)]
            width = out
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        pixels, code = x.flatten(1), self.code(labels)  # (N, 784), (N, width of a code)
        if self.projects:
            h = self.body(pixels)  # (N, hidden[-1])
            return self.head(h).squeeze(1) + (code * h).sum(1)
        return self.head(self.body(torch.cat([pixels, code], dim=1))).squeeze(1)
