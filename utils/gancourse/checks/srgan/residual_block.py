"""Exercise 4: a residual block that begins as the identity."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, Observation, mistake
from gancourse.checks.observers import convolutions
from gancourse.checks.observers.values import kind, randn

ZEROS = "        nn.init.zeros_(self.second.weight)\n        nn.init.zeros_(self.second.bias)\n"
FORWARD = "x + self.second(F.leaky_relu(self.first(x), 0.2))"


class _OfWidth:
    """An answer whose networks are made with a width, for an observer that calls the class without arguments."""

    def __init__(self, answer, width: int):
        self._answer, self._width, self.answer, self.inside = answer, width, answer.answer, answer.inside

    def __call__(self):
        return self._answer(self._width)


def _cases(seed: int, strict: bool) -> list[Case]:
    cases = []
    for number, width in enumerate((4, 7) if not strict else (6, 3 + seed % 6)):
        start = 30 * seed + 10 * number
        evaluated = [randn(start + i, size, width, 5, 6) for i, size in enumerate((3, 1, 2))]
        cases.append(
            {
                "about": f"ResidualBlock({width}) and maps (N, {width}, 5, 6)",
                "input": "x",
                "inputs": randn(start + 3, 4, width, 5, 6),
                "others": randn(start + 4, 4, width, 5, 6),
                "evaluated": evaluated,
                "shape": (width, 5, 6),
                "logits": False,
                "kernel": (3, 3),
                "slope": 0.2,
                "maps": (width, 5, 6),
                "vectors": (width,),
                "width": width,
            }
        )
    return cases


def _observe(answer, case: Case, like: Observation) -> Observation:
    """Observe first how a new block begins, then its layers and outputs."""
    of_width = _OfWidth(answer, case["width"])
    return _beginning(of_width, case) | {
        name: value for name, value in convolutions.convolutional(of_width, case, like).items() if name != "range"
    }


def _beginning(answer: _OfWidth, case: Case) -> Observation:
    """Return, in words, what a new block does to maps, and whether its first update would change it."""
    block = answer()
    if not isinstance(block, torch.nn.Module):
        return {}
    x = case["inputs"]
    output = answer.inside(block.train(), ["x"])(x.clone())
    if not isinstance(output, torch.Tensor) or output.shape != x.shape:
        return {"beginning": f"{kind(output)} of another shape" if isinstance(output, torch.Tensor) else kind(output)}
    seen = {"beginning": "the identity" if torch.equal(output, x) else "something else"}
    learns = False
    if output.requires_grad:
        output.square().sum().backward()
        learns = any(p.grad is not None and bool(p.grad.any()) for p in block.parameters() if p.dim() > 1)
    return seen | {"learns": "yes" if learns else "no: the gradients of all weights are 0"}


ResidualBlock = Exercise(
    reference=answers.load("srgan", "ResidualBlock"),
    points=3,
    cases=_cases,
    observe=_observe,
    look=convolutions.LOOK
    | {
        "beginning": {
            "something": "a new block is not the identity: block(x) should be x. Set the weights and the bias of the second convolution to zero in __init__.",
            "": "what comes out has another shape than x. Both convolutions have width channels in and out, kernel 3 and padding=1.",
        },
        "learns": "the gradients of all weights of a new block are 0, so it cannot learn. Do both convolutions begin with zeros? Is a convolution kept in a plain list, or not used?",
        "channels": "the convolutions have other numbers of channels, or there is one too many or too few: two of them, width → width.",
        "kernels": "a convolution has another kernel. Both have kernel 3 and padding=1.",
        "slopes": "LeakyReLU has another slope. It is 0.2 here.",
        "vectors": "the biases are not those of the text: both convolutions have one, and nothing else does.",
        "training": "the layers have the right sizes, but the output is wrong. It is x plus: convolution, LeakyReLU(0.2), convolution.",
        "running_averages": "there is a batch norm, which the text does not have. Remove it.",
        "normalisation": "there is a normalisation, which the text does not have. Remove it.",
        "in_training_mode": "one picture's output depends on the others in the batch. The text has no batch norm: remove it.",
        "": "Two convolutions with a LeakyReLU between them, and x added to the result; the second convolution begins with zeros.",
    },
    mistakes=(
        mistake(
            "x is not added: a block is x *plus* the two convolutions of it.",
            f"return {FORWARD} → return self.second(F.leaky_relu(self.first(x), 0.2))",
        ),
        mistake(
            "the weight or the bias of the second convolution begins with random numbers, so a new block is not the identity. Set both to zero.",
            (f"{ZEROS} → ",),
            "        nn.init.zeros_(self.second.weight)\n → ",
            "        nn.init.zeros_(self.second.bias)\n → ",
            "nn.init.zeros_(self.second.weight) → nn.init.normal_(self.second.weight, 0, 0.001)",
            (
                "nn.init.zeros_(self.second.weight) → nn.init.zeros_(self.first.weight)",
                "nn.init.zeros_(self.second.bias) → nn.init.zeros_(self.first.bias)",
            ),
        ),
        mistake(
            "both convolutions begin with zeros, so the gradients of all weights are 0, and the block can learn nothing but a bias. Set only the second one to zero.",
            f"{ZEROS} → {ZEROS}        nn.init.zeros_(self.first.weight)\n        nn.init.zeros_(self.first.bias)\n",
        ),
        mistake(
            "the activation between the convolutions is missing: two convolutions in a row are one linear map.",
            "F.leaky_relu(self.first(x), 0.2) → self.first(x)",
        ),
        mistake(
            "there is an activation after the sum, or after the second convolution. The text has one, between the convolutions.",
            f"return {FORWARD} → return F.leaky_relu({FORWARD}, 0.2)",
            "x + self.second(F.leaky_relu(self.first(x), 0.2)) → x + F.leaky_relu(self.second(F.leaky_relu(self.first(x), 0.2)), 0.2)",
        ),
        mistake(
            "this is a ReLU, or a LeakyReLU with PyTorch's slope 0.01. The text has the slope 0.2.",
            "F.leaky_relu(self.first(x), 0.2) → F.relu(self.first(x))",
            "F.leaky_relu(self.first(x), 0.2) → F.leaky_relu(self.first(x))",
        ),
        mistake(
            "the activation stands before the first convolution. Convolve, then activate, then convolve.",
            "F.leaky_relu(self.first(x), 0.2) → self.first(F.leaky_relu(x, 0.2))",
        ),
        mistake(
            "one convolution is used twice. Each of the two has weights of its own.",
            (f"{FORWARD} → x + self.second(F.leaky_relu(self.second(x), 0.2))",),
        ),
    ),
)
