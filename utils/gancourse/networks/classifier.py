"""The course's own classifiers: they classify generated images, and generators are measured on their features."""

from torch import Tensor, nn


class DigitClassifier(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] -> class logits (N, 10); `features` gives the (N, 128) activations before them."""

    image_shape = (1, 28, 28)

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),  # (N, 32, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 32, 14, 14)
            nn.Conv2d(32, 64, 3, padding=1),  # (N, 64, 14, 14)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 64, 7, 7)
            nn.Flatten(),  # (N, 3136)
            nn.Linear(64 * 7 * 7, 128),
            nn.ReLU(),  # (N, 128)
        )
        self.head = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class ColourClassifier(nn.Module):
    """Images (N, 3, 32, 32) in [-1, 1] -> class logits (N, 10); `features` gives the (N, 256) activations before them."""

    image_shape = (3, 32, 32)

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            _block(3, 64),  # (N, 64, 32, 32)
            nn.MaxPool2d(2),  # (N, 64, 16, 16)
            _block(64, 128),  # (N, 128, 16, 16)
            _block(128, 128),
            nn.MaxPool2d(2),  # (N, 128, 8, 8)
            _block(128, 256),  # (N, 256, 8, 8)
            _block(256, 256),
            nn.AdaptiveMaxPool2d(1),  # (N, 256, 1, 1): the strongest answer, wherever in the image it comes from
            nn.Flatten(),  # (N, 256)
        )
        self.head = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def _block(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU())
