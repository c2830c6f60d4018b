"""Lesson 3: the generator, a multilayer perceptron; and what its check shares with the discriminator's."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, Mistake, mistake
from gancourse.checks.observers import networks
from gancourse.checks.observers.values import randn

LOOK = networks.LOOK | {
    "matrices": networks.LOOK["matrices"]
    | {"": "the linear layers have other sizes than those of the table, or one is missing or too many."},
    "count": "the weight matrices are right, but not the number of parameters. Each linear layer has a bias; nothing else has weights (no batch normalisation, no PReLU).",
    "returned": {
        "nothing": "forward returns nothing. Is the `return` missing?",
        "": "forward should return the tensor that the last layer makes.",
    },
    "output": "the sizes of the linear layers are right. Compare what stands between the linear layers, and after the last, with the table.",
    "z_dim": "the line `z_dim = Z_DIM` is gone or says something else. Later cells read it, to draw noise that fits.",
    "": "Compare your layers with the table above the exercise, one line after the other.",
}


def batches(seed: int, strict: bool, *shape: int, **more) -> list[dict]:
    """Return the case of a network: batches that grow and shrink, of images or vectors of this shape."""
    sizes = (2, 130, 1, 30 + seed % 20, 3) if strict else (4, 1, 50, 2)
    inputs = [3 * randn(seed + i, n, *shape).clamp(-1, 1) for i, n in enumerate(sizes)]
    about = f"batches of {', '.join(map(str, sizes))}, and weights that the check sets"
    return [{"about": about, "inputs": inputs, **more}]


def hidden(first: str, dead: str) -> tuple[Mistake, ...]:
    """Return the mistakes in what stands after the two hidden layers.

    first: the number of inputs of the first layer, as the answer writes it; dead: what a ReLU's zeros do in this network.
    """
    after = [f"nn.Linear({n}, 128),  # (N, 128)\n            nn.LeakyReLU(0.2)," for n in (first, "128")]

    def each(between: str) -> list:  # after both hidden layers, after the first, after the second
        edits = [f"{old} → {old.replace('nn.LeakyReLU(0.2),', between)}" for old in after]
        return [tuple(edits), *edits]

    return (
        mistake(f"a ReLU stands where LeakyReLU(0.2) should: {dead}.", *each("nn.ReLU(),")),
        mistake(
            "the LeakyReLU lets through 0.01 of what is negative, its default. The text asks for 0.2: nn.LeakyReLU(0.2).",
            *each("nn.LeakyReLU(),"),
        ),
        mistake(
            "an activation function is missing. Two linear layers in a row act as one: put LeakyReLU(0.2) after the first two.",
            *each(""),
        ),
        mistake(
            "another activation function stands where LeakyReLU(0.2) should.",
            *(way for other in ("Tanh", "Sigmoid", "ELU", "GELU") for way in each(f"nn.{other}(),")),
        ),
        mistake(
            "there is a batch normalisation, which the table does not have. Remove it; section 3.12 says where one helps.",
            *each("nn.BatchNorm1d(128), nn.LeakyReLU(0.2),"),
            *each("nn.LeakyReLU(0.2), nn.BatchNorm1d(128),"),
        ),
    )


VIEW = ".view(-1, 1, 28, 28)"

Generator = Exercise(
    reference=answers.load("vanilla_gan", "Generator"),
    points=3,
    cases=lambda seed, strict: batches(seed, strict, 64, z_dim=True, input="z"),
    observe=networks.network,
    look=LOOK
    | {
        "shape": "images come out in another shape than (N, 1, 28, 28), or not for every size of the batch. End forward with .view(-1, 1, 28, 28)."
    },
    mistakes=(
        mistake(
            "the last layer has no tanh, so pixels leave the range from -1 to 1 that the real images have.",
            "            nn.Tanh(),\n → ",
        ),
        mistake(
            "a sigmoid ends the network: its pixels lie between 0 and 1. The real images lie between -1 and 1: nn.Tanh().",
            "nn.Tanh() → nn.Sigmoid()",
        ),
        mistake(
            "there is a LeakyReLU between the last linear layer and the tanh. It lets no pixel come near -1; remove it.",
            "nn.Tanh() → nn.LeakyReLU(0.2), nn.Tanh()",
        ),
        mistake(
            "the images come out flat, as rows of 784 numbers. End forward with .view(-1, 1, 28, 28).", f"{VIEW} → "
        ),
        mistake(
            "the channel dimension is missing: a batch of images is (N, 1, 28, 28), also where there is only one channel.",
            f"{VIEW} → .view(-1, 28, 28)",
        ),
        mistake(
            "the shape is fixed to one image. Let the first dimension follow the batch: .view(-1, 1, 28, 28).",
            f"{VIEW} → .view(1, 28, 28)",
            f"{VIEW} → .view(1, 1, 28, 28)",
        ),
        mistake(
            "the pixels are shifted to lie between 0 and 1. The real images lie between -1 and 1, as the tanh's do; leave them as they are.",
            f"self.body(z){VIEW} → (self.body(z){VIEW} + 1) / 2",
        ),
        *hidden("Z_DIM", dead="what is negative is cut to 0, and no gradient comes back through it"),
    ),
)
