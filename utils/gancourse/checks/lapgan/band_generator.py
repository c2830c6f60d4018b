"""Exercise 4: a generator that draws a band for a coarse picture."""

from torch import Tensor

from gancourse import pyramid
from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, Observation, mistake
from gancourse.checks.observers import convolutions
from gancourse.checks.observers.values import randn

TEXT_OUT = "the layers have the right sizes, but the picture is wrong. Follow the four steps one by one: what goes into each, which activation, and what is added at the end."
Z_DIM, SIDE = 64, 8
NOISE = Z_DIM
PLACES = Z_DIM + 3 * SIDE * SIDE
LAST, JOINED = "pyramid.expand(coarse) + self.draw(", "torch.cat([seen, noise], dim=1)"
NORM = "            nn.BatchNorm2d(64),\n            nn.LeakyReLU(0.2),\n"


class _Packed:
    """An answer whose networks take noise and coarse picture as one row of numbers, as `convolutions` hands them over."""

    def __init__(self, answer):
        self._answer, self.answer = answer, answer.answer

    def __call__(self):
        return self._answer()

    def inside(self, network, names):
        forward = self._answer.inside(network, ["z", "coarse"])

        def of_rows(rows: Tensor) -> Tensor:
            return forward(rows[:, :NOISE], rows[:, NOISE:].reshape(-1, 3, SIDE, SIDE))

        return of_rows


def _cases(seed: int, strict: bool) -> list[Case]:
    sizes = (5, 1, 3) if strict else (3, 1, 2)
    n = 4 + seed % 3 if strict else 4
    evaluated = [randn(20 * seed + i, size, PLACES) for i, size in enumerate(sizes)]
    return [
        {
            "about": "noise (N, 64) and coarse pictures (N, 3, 8, 8)",
            "input": "noise and coarse",
            "inputs": randn(20 * seed + 10, n, PLACES),
            "others": randn(20 * seed + 11, n, PLACES),
            "evaluated": evaluated,
            "shape": (3, 2 * SIDE, 2 * SIDE),
            "logits": False,
            "kernel": (3, 3),
            "slope": 0.2,
            "maps": (64, SIDE, SIDE),
            "vectors": (3, 64),
            "z_dim": True,
        }
    ]


def _observe(answer, case: Case, like: Observation) -> Observation:
    """Observe layers and outputs, and first how the picture depends on each input and whether a band is added to the expansion."""
    packed = _Packed(answer)
    seen = convolutions.convolutional(packed, case, like)
    seen.pop("range", None)  # the sum may lie anywhere
    if "training" not in seen:
        return seen
    before = list(seen)[: list(seen).index("training")]
    return {name: seen[name] for name in before} | _residual(packed, case) | seen


def _residual(packed: _Packed, case: Case) -> Observation:
    """Return what the picture is while every weight is 0, so that the band is 0, too."""
    network = packed().eval()
    forward = packed.inside(network, [])
    for p in network.parameters():
        p.data.zero_()
    rows = case["inputs"]
    picture = forward(rows.clone()).detach()
    expanded = pyramid.expand(rows[:, NOISE:].reshape(-1, 3, SIDE, SIDE))
    alike = picture.shape == expanded.shape and (picture - expanded).abs().max() < 1e-4
    words = "the expanded coarse picture" if alike else "0" if picture.abs().max() < 1e-6 else "something else"
    return {"without_weights": words}


BandGenerator = Exercise(
    reference=answers.load("lapgan", "BandGenerator"),
    points=4,
    cases=_cases,
    observe=_observe,
    look=convolutions.LOOK
    | {
        "z_dim": "z_dim is missing or has another value. It is a class attribute: keep the line z_dim = 64.",
        "channels": "the convolutions have other numbers of channels, or there is one too many or too few: 3 → 64, then 65 → 64 (64 maps and one channel of "
        "noise), then the transposed one 64 → 3.",
        "kernels": "a convolution has another kernel: 3 × 3 in the first two, 4 × 4 in the transposed one.",
        "slopes": "LeakyReLU has another slope. It is 0.2 here: nn.LeakyReLU(0.2).",
        "shape": "the pictures do not have the shape (N, 3, 16, 16). Print .shape after each layer: padding=1 keeps 8 × 8, and the transposed convolution with "
        "stride 2 and padding 1 makes 16 × 16 of it.",
        "resizing": "the size is changed in another way than by the transposed convolution and pyramid.expand.",
        "without_weights": {
            "0": "with all weights at 0 the picture is 0. The expanded coarse picture should be added to the band: pyramid.expand(coarse) + band.",
            "": "with all weights at 0 the picture is not the expanded coarse picture. The last line should be pyramid.expand(coarse) + band, and nothing after it.",
        },
        "training": TEXT_OUT,
        "evaluation": "in training mode the output is right, in eval mode it is not: batch norm uses its running averages there, as nn.BatchNorm2d does by itself.",
        "dropout": "there is a dropout, which the four steps do not have. Remove it.",
        "vectors": "biases and batch norms are not those of the four steps: the first and the last convolution have a bias, and one batch norm stands between.",
        "vectors:64": "the batch norm after the second convolution is missing, stands there twice, or the first convolution has lost its bias.",
        "vectors:3": "the transposed convolution has lost its bias, or a batch norm follows it. The band is its output, as it is.",
        "": "Go through the four steps of the text one by one.",
    },
    mistakes=(
        mistake(
            "only the band comes back. The picture is the expanded coarse picture plus the band.",
            "pyramid.expand(coarse) + self.draw( → self.draw(",
        ),
        mistake(
            "the band is subtracted. The picture is the expanded coarse picture *plus* the band.",
            "pyramid.expand(coarse) + self.draw( → pyramid.expand(coarse) - self.draw(",
        ),
        mistake(
            "the arguments of forward are swapped: first the noise, then the coarse picture.",
            "z: torch.Tensor, coarse: torch.Tensor → coarse: torch.Tensor, z: torch.Tensor",
        ),
        mistake(
            "the noise fills its channel column by column. z.view(-1, 1, 8, 8) fills it row by row.",
            "z.view(-1, 1, 8, 8) → z.view(-1, 1, 8, 8).mT",
        ),
        mistake(
            "the noise has no influence on the picture: the channel of noise holds something else. It holds the 64 numbers of z, as they are.",
            "z.view(-1, 1, 8, 8) → torch.zeros(len(z), 1, 8, 8)",
        ),
        mistake(
            "the coarse picture is repeated in squares instead of expanded. Use pyramid.expand(coarse).",
            "pyramid.expand(coarse) + → F.interpolate(coarse, scale_factor=2) +",
        ),
        mistake(
            "a tanh limits the picture or the band. Remove it: a band is a difference, and the sum is the picture.",
            ("return pyramid.expand → return torch.tanh(pyramid.expand", f"{JOINED}) → {JOINED}))"),
            (f"{LAST} → pyramid.expand(coarse) + torch.tanh(self.draw(", f"{JOINED}) → {JOINED}))"),
        ),
        mistake(
            "the channel of noise stands before the 64 maps. It comes after them: torch.cat([maps, noise], dim=1).",
            f"{JOINED} → torch.cat([noise, seen], dim=1)",
        ),
        mistake(
            "the activation after the first convolution is missing.",
            "nn.Conv2d(3, 64, 3, padding=1), nn.LeakyReLU(0.2)) → nn.Conv2d(3, 64, 3, padding=1))",
        ),
        mistake(
            "the activation after the batch norm is missing.",
            f"{NORM} → {NORM.splitlines(keepends=True)[0]}",
        ),
        mistake(
            "batch norm stands after the activation. It belongs between the convolution and the activation.",
            f"{NORM} → {''.join(reversed(NORM.splitlines(keepends=True)))}",
        ),
        mistake(
            "there is a ReLU where the text asks for LeakyReLU with slope 0.2.",
            (
                "padding=1), nn.LeakyReLU(0.2)) → padding=1), nn.ReLU())",
                "nn.LeakyReLU(0.2),\n            nn.ConvT → nn.ReLU(),\n            nn.ConvT",
            ),
            "padding=1), nn.LeakyReLU(0.2)) → padding=1), nn.ReLU())",
            "nn.LeakyReLU(0.2),\n            nn.ConvT → nn.ReLU(),\n            nn.ConvT",
        ),
    ),
)
