"""The course's digit classifier: its 128 features are the eyes with which MNIST generators are measured."""

from torch import Tensor, nn


class DigitClassifier(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] -> class logits (N, 10); `features` gives the (N, 128) activations before them."""

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
