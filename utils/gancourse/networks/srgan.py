"""SRGAN: a picture four times as wide and as high (Ledig et al. 2017, "Photo-Realistic Single Image Super-Resolution Using a
Generative Adversarial Network").

The generator works at the small size, in residual blocks, and enlarges at the end, by pixel shuffle (Shi et al. 2016). It adds its result
to the bicubic enlargement, and begins with a result of 0. It has no batch-norm (Lim et al. 2017, section 3.1). In the comments, N is the number of images, w the width of the network, h the side of the small picture.
"""

from torch import Tensor, nn

from gancourse.resampling import enlarge


class SRGenerator(nn.Module):
    """Small images (N, 3, h, h') in [-1, 1] -> images (N, 3, 4h, 4h'), in [-1, 1] in eval mode; h and h' are at least 1.

    While training they may lie beyond, so that the gradient can bring them back.

    examples: uint8 images (K, 3, h, h') that are enlarged where nobody gives any, as while G is trained (see
    `training.generator_inputs`). reach: how many pixels of the small picture, to each side, have an influence on one of them.
    """

    def __init__(self, width: int = 64, blocks: int = 8):
        super().__init__()
        w = width
        self.reach = 2 * blocks + 3
        self.first = conv(3, w)  # (N, w, h, h)
        self.blocks = nn.Sequential(*(ResidualBlock(w) for _ in range(blocks)))
        self.grow = nn.Sequential(
            conv(w, 4 * (w // 2)),
            nn.PixelShuffle(2),  # (N, w/2, 2h, 2h)
            nn.LeakyReLU(0.2),
            conv(w // 2, 4 * (w // 2)),
            nn.PixelShuffle(2),  # (N, w/2, 4h, 4h)
            nn.LeakyReLU(0.2),
            conv(w // 2, 3),  # (N, 3, 4h, 4h)
        )
        nn.init.zeros_(self.grow[-1].weight)
        self.examples = None

    def forward(self, small: Tensor) -> Tensor:
        first = self.first(small)
        x = enlarge(small) + self.grow(first + self.blocks(first))
        return x if self.training else x.clamp(-1, 1)


class ResidualBlock(nn.Module):
    """Maps (N, width, h, h) to the same shape: x plus two convolutions of it, the second of which begins with zeros.

    So the block begins as the identity, and its gradient passes unchanged (Zhang et al. 2019, "Fixup Initialization").
    """

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(conv(width, width), nn.LeakyReLU(0.2), conv(width, width))
        nn.init.zeros_(self.body[-1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def conv(channels: int, out: int) -> nn.Conv2d:
    """Return a convolution of kernel 3 that keeps the size, with He's initialisation and biases of 0."""
    layer = nn.Conv2d(channels, out, kernel_size=3, padding=1)
    nn.init.kaiming_normal_(layer.weight, a=0.2)
    nn.init.zeros_(layer.bias)
    return layer
