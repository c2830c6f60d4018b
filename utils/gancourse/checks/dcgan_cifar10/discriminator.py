"""Exercise 1: a discriminator of strided convolutions."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import convolutions
from gancourse.checks.observers.values import randn

KERNEL = "a kernel has another size. Kernels are 4 × 4 here: kernel_size=4, a multiple of the stride 2."


def network_cases(seed: int, strict: bool, given: tuple[int, ...], **more) -> list[dict]:
    """Return a case with few images, for the eye, and one with more; given: the shape of one input, more: added to each."""
    n, sizes = (4 + seed % 3, (2 + seed % 4, 1, 3)) if strict else (4, (3, 1))
    cases = []
    for number, (trained, evaluated) in enumerate(((2, (1,)), (n, sizes))):
        drawn = 10 * seed + 5 * number
        told = " and ".join(map(str, evaluated))
        case = {
            "about": f"{trained} inputs in training mode, then {told} in eval mode; the check sets weights and running averages",
            "inputs": randn(drawn, trained, *given),
            "evaluated": [randn(drawn + 1 + i, size, *given) for i, size in enumerate(evaluated)],
            "kernel": (4, 4),
            "maps": (256, 4, 4),
            **more,
        }
        cases.append(case | ({"others": randn(drawn + 4, trained, *given)} if number else {}))
    return cases


FIRST = "padding=1),  # (N, 64, 16, 16)\n            nn.LeakyReLU(0.2),"
SECOND, THIRD = (f"nn.BatchNorm2d({c}),\n            nn.LeakyReLU(0.2)," for c in (128, 256))
RETURNED = "return self.body(x).flatten()"


def _with(activation: str) -> tuple[tuple[str, ...], ...]:
    """Return edits that put another activation everywhere, or in one place."""
    edits = [f"{block} → {block.replace('nn.LeakyReLU(0.2),', activation)}" for block in (FIRST, SECOND, THIRD)]
    return (tuple(edits), *((edit,) for edit in edits))


Discriminator = Exercise(
    reference=answers.load("dcgan_cifar10", "Discriminator"),
    points=3,
    cases=lambda seed, strict: network_cases(
        seed, strict, (3, 32, 32), input="x", shape=(), logits=True, slope=0.2, vectors=(1, 3, 64, 128, 256)
    ),
    observe=convolutions.convolutional,
    look=convolutions.LOOK
    | {
        "kernels": KERNEL,
        "slopes": {
            "0.01": "a LeakyReLU lets through 0.01 of what is negative, its default. The table has 0.2: nn.LeakyReLU(0.2).",
            "": "a LeakyReLU has another slope than the table's, or one that is learned (PReLU): nn.LeakyReLU(0.2).",
        },
        "ending": {
            "sigmoid": "it returns probabilities, from a sigmoid. The losses of this course work on logits: remove the sigmoid.",
            "tanh": "there is a tanh at the end, so no logit can be larger than 1 and D can never be sure. Remove it.",
            "": "the logit goes through an activation. Nothing but .flatten() comes after the last convolution.",
        },
        "shape": {
            "()": "the logits of a batch become one number, or a batch of one loses its dimension (.squeeze() removes every dimension of size 1). Each image "
            "has a logit of its own, (N,): take .flatten().",
            "": "what comes back does not have the shape (N,). Print .shape after each layer: stride 2 with padding 1 takes the sides from 32 to 16, 8 and 4, the "
            "last convolution (padding 0) makes (N, 1, 1, 1), and .flatten() makes (N,) of that.",
        },
        "vectors:1": {
            "0": "the last convolution has lost its bias. bias=False is for the ones that a batch norm follows.",
            "": "the logit goes through a batch norm, so it depends on what else is in the batch. Remove it.",
        },
        "vectors:3": "the images themselves go through a batch norm. Remove it: D should see their brightness and colours as they are.",
        "vectors:64": {
            "0": "the first convolution has lost its bias. bias=False is for the ones that a batch norm follows.",
            "": "the first convolution has a batch norm, which hides the brightness and spread of the pixels from D. Remove it.",
        },
        "vectors:128": "the batch norm of the second convolution is missing, has no scale and shift, or stands there twice.",
        "vectors:256": "the batch norm of the third convolution is missing, has no scale and shift, or stands there twice.",
        "signs": "the logit is not the plain result of the last convolution. Nothing but .flatten() comes after it.",
    },
    mistakes=(
        mistake(
            "a ReLU stands where LeakyReLU(0.2) should. Where a ReLU is 0, G would get no gradient through D.",
            *_with("nn.ReLU(),"),
        ),
        mistake("an activation is missing. Every convolution but the last has a LeakyReLU(0.2) after it.", *_with("")),
        mistake(
            "another activation stands where LeakyReLU(0.2) should.",
            *(_with(f"nn.{other}(),")[0] for other in ("ELU", "GELU", "SiLU", "Tanh")),
        ),
        mistake(
            "batch norm stands after the activation. It belongs between the convolution and the activation.",
            *(
                tuple(
                    f"{bias}{end}\n            nn.BatchNorm2d({c}),\n            nn.LeakyReLU(0.2), → "
                    f"{new}{end}\n            nn.LeakyReLU(0.2),\n            nn.BatchNorm2d({c}),"
                    for c, end in ((128, "),  # (N, 128, 8, 8)"), (256, "),  # (N, 256, 4, 4)"))
                )
                for bias, new in ((", bias=False", ", bias=False"), (", bias=False", ""))
            ),
        ),
        mistake(
            "the images are scaled, shifted or transposed inside of D. They lie between -1 and 1 already: hand x to the layers as it is.",
            *(
                f"self.body(x) → self.body({changed})"
                for changed in ("2 * x - 1", "(x + 1) / 2", "x / 255", "x.mT", "x.flip(1)")
            ),
        ),
    ),
)
