"""Lesson 3: the discriminator, a multilayer perceptron."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import networks
from gancourse.checks.vanilla_gan.generator import LOOK, batches, hidden

LAST, FLAT = "nn.Linear(128, 1),  # (N, 1)", "nn.Flatten(),  # (N, 784)"

Discriminator = Exercise(
    reference=answers.load("vanilla_gan", "Discriminator"),
    points=3,
    cases=lambda seed, strict: batches(seed, strict, 1, 28, 28, input="x"),
    observe=networks.network,
    look=LOOK
    | {
        "matrices": {
            "2 × 128, 128 × 128, 128 × 784": "it has two outputs, as a classifier of two classes. One logit is enough: the probability of "
            "fake is one minus that of real.",
            **LOOK["matrices"],
        },
        "shape": "the output should have the shape (N,), one logit for each image, for every size of the batch. End with .squeeze(1).",
    },
    mistakes=(
        mistake(
            "it returns probabilities, from a sigmoid. The losses of this course work on logits: remove the sigmoid (section 3.5 shows why).",
            f"{LAST} → nn.Linear(128, 1), nn.Sigmoid(),",
        ),
        mistake(
            "the output has shape (N, 1) instead of (N,). Combined with a tensor (N,), it broadcasts to (N, N) "
            "without an error. End with .squeeze(1).",
            ".squeeze(1) → ",
        ),
        mistake(
            "a batch of one image loses its batch dimension: .squeeze() removes every dimension of size 1. Name the one you mean: .squeeze(1).",
            ".squeeze(1) → .squeeze()",
        ),
        mistake(
            "the images reach the linear layer as (N, 1, 28, 28); it wants (N, 784). Begin with nn.Flatten().",
            f"{FLAT} → ",
        ),
        mistake(
            "the whole batch is flattened into one row. Keep the first dimension: nn.Flatten() or x.flatten(1), not x.flatten().",
            f"{FLAT} → nn.Flatten(0),",
            (f"{FLAT} → ", "self.body(x) → self.body(x.view(1, -1))"),
        ),
        mistake(
            "the result does not depend on the image. Pass x, all of it, to the layers.",
            "self.body(x) → self.body(x * 0)",
        ),
        mistake(
            "the logit goes through a LeakyReLU, which shrinks negative logits. Remove it: nothing comes after the last linear layer.",
            f"{LAST} → nn.Linear(128, 1), nn.LeakyReLU(0.2),",
        ),
        *hidden("784", dead="where it is 0, G would get no gradient through D"),
    ),
)
