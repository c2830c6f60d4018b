"""Ways through the latent space: along arcs, because normal noise has nearly always the length √z_dim and a straight line
between two noise vectors passes through shorter ones, which hardly occurred in training (White 2016, *Sampling Generative
Networks*, section 2.1).
"""

import torch
from torch import Tensor

STRAIGHT = 1e-3  # of the sine of the angle: below it there is no arc; float32 rounds the angle to about 0.0003


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Return the points at t (N,) in [0, 1] on the arcs from a to b, all (N, z_dim) (Shoemake 1985, section 3.3).

    The length changes evenly from a's to b's. The way is straight where there is no arc: from or to zero, and between
    vectors of the same or the opposite direction.
    """
    t = t[:, None]
    long_a, long_b = (x.norm(dim=1, keepdim=True) for x in (a, b))
    angle = torch.cosine_similarity(a, b, dim=1)[:, None].clamp(-1, 1).arccos()
    arc = (((1 - t) * angle).sin() * a / long_a + (t * angle).sin() * b / long_b) / angle.sin()
    no_arc = (angle.sin() < STRAIGHT) | (long_a == 0) | (long_b == 0)
    return torch.where(no_arc, (1 - t) * a + t * b, arc * ((1 - t) * long_a + t * long_b))


def along(pins: Tensor, at: Tensor, straight: bool = False) -> Tensor:
    """Return points (N, ...) on the way through pins (P, ...), P at least 1: at = 0 is the first pin, 1 the second, and so on.

    straight: True for uniform noise and for shares of classes, else the way consists of arcs. at: (N,) in [0, P - 1].
    """
    last = max(len(pins) - 2, 0)
    leg = at.floor().clamp(0, last).long()
    t, start, end = at - leg, pins[leg], pins[(leg + 1).clamp(max=len(pins) - 1)]
    return torch.lerp(start, end, t[:, None]) if straight else slerp(start, end, t)
