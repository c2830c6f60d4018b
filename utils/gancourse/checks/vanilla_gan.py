"""The exercises of lesson 3. For each: the course's answer, then what is checked and which mistakes are known."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gancourse import losses, training
from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.shared import (
    EACH,
    INSIDE,
    NO_GRADIENT,
    ROUNDED,
    ROUNDED_TOO,
    SIGMOID_TWICE,
    SUMMED,
    TURNED,
    by_hand,
    logit_cases,
    module_mistakes,
    question,
    randn,
)

Z_DIM = 64


# ---- noise --------------------------------------------------------------------------------------------------------


def _draw_noise(n, device="cpu"):
    """Return n noise vectors, shape (n, 64), standard normal."""
    return torch.randn(n, Z_DIM, device=device)


def _noise_cases(seed, strict):
    sizes = (5, 1, 1_000 + seed % 100) if not strict else (3 + seed % 7, 1, 1_500)
    cases = [{"about": f"n = {n}", "n": n} for n in sizes]
    return [
        *cases,
        {
            "about": 'n = 5, device = "meta" (torch\'s device for trying out without computing)',
            "n": 5,
            "device": "meta",
        },
    ]


def _unit_uniform(n, device="cpu"):
    return (torch.rand(n, Z_DIM, device=device) * 2 - 1) * 3**0.5


def _with_fixed_seed(n, device="cpu"):
    torch.manual_seed(0)
    return torch.randn(n, Z_DIM, device=device)


def _from_numpy(n, device="cpu"):
    import numpy as np

    return torch.from_numpy(np.random.default_rng(0).normal(size=(n, Z_DIM))).float().to(device)


def _with_a_look_at_the_mean(n, device="cpu"):
    values = torch.randn(n, Z_DIM, device=device)
    assert abs(values.mean().item()) < 10
    return values


draw_noise = Exercise(
    name="draw_noise",
    reference=_draw_noise,
    points=2,
    cases=_noise_cases,
    observe=observers.draw,
    random=True,
    look={
        "what it returns": "Return the tensor that torch makes.",
        "its shape": "One row of 64 numbers for each image, so (n, Z_DIM), whatever n is.",
        "the mean": "Standard normal numbers have the mean 0. torch.randn gives them; do nothing with them afterwards.",
        "the standard deviation": "Standard normal numbers have the standard deviation 1. torch.randn gives them; do nothing with them afterwards.",
        "the rows": "Something connects the rows, so one image would depend on another. Draw all n · 64 numbers independently.",
        "the columns": "Something connects the numbers of a row. Draw all 64 independently, and do nothing with them afterwards.",
        "": "Look again at what the docstring promises: shape (n, Z_DIM), independent standard normal numbers, on `device`.",
    },
    mistakes=(
        mistake(
            "these are uniform numbers between 0 and 1. The prior is the standard normal distribution: torch.randn, "
            "with an n at the end for normal.",
            lambda n, device="cpu": torch.rand(n, Z_DIM, device=device),
            shows={"the distribution": "uniform", "the mean": "about 0.5"},
        ),
        mistake(
            "these are uniform numbers, not normal ones. They lie in an interval; a normal number can be any size. Look at torch.randn.",
            lambda n, device="cpu": torch.rand(n, Z_DIM, device=device) * 2 - 1,
            _unit_uniform,
            shows={"the distribution": "uniform"},
        ),
        mistake(
            "every coordinate of a row is the same number: that is one random number per image, not 64.",
            lambda n, device="cpu": torch.randn(n, 1, device=device).expand(n, Z_DIM),
            shows={"the columns": "some are the same"},
        ),
        mistake(
            "rows repeat, so images would repeat too. Draw n · 64 numbers, each of them once.",
            lambda n, device="cpu": torch.randn(1, Z_DIM, device=device).expand(n, Z_DIM),
            lambda n, device="cpu": torch.randn(Z_DIM, device=device).repeat(n, 1),
            shows={"the rows": "some are the same"},
        ),
        mistake(
            "the shape is turned around. One row is one noise vector, so the number of rows is n.",
            lambda n, device="cpu": torch.randn(Z_DIM, n, device=device),
        ),
        mistake(
            "there are dimensions too many. A linear layer wants (n, 64); the (n, 64, 1, 1) of other code is for convolutions.",
            lambda n, device="cpu": torch.randn(n, Z_DIM, 1, 1, device=device),
            lambda n, device="cpu": torch.randn(n, 1, Z_DIM, device=device),
        ),
        mistake(
            "the noise lies on the CPU although another device was asked for. Hand `device=device` on to torch.",
            lambda n, device="cpu": torch.randn(n, Z_DIM),
            lambda n, device="cpu": torch.randn(n, Z_DIM, device=device).cpu(),
            shows={"its device": "cpu"},
        ),
        mistake(
            "two calls return the same numbers: a seed inside the function, or numbers that were drawn once, outside it. Draw new "
            "ones at every call, and set seeds elsewhere.",
            _with_fixed_seed,
            edited(_draw_noise, ("    return", "    torch.manual_seed(42)\n    return")),
            _from_numpy,
            shows={"a second call": "the same numbers"},
        ),
        mistake(
            "all rows have the same length. Independent normal numbers make vectors of different lengths; do not divide by theirs.",
            lambda n, device="cpu": 8 * nn.functional.normalize(torch.randn(n, Z_DIM, device=device)),
            shows={"the lengths of the rows": "all the same"},
        ),
        mistake(
            "these are 64-bit numbers; the networks' weights have 32 bits. Add .float(), or leave the dtype away.",
            lambda n, device="cpu": torch.randn(n, Z_DIM, device=device, dtype=torch.float64),
            shows={"its type": "torch.float64"},
        ),
        mistake(
            "these are whole numbers. The prior is continuous: torch.randn, not torch.randint.",
            lambda n, device="cpu": torch.randint(0, 2, (n, Z_DIM), device=device),
            lambda n, device="cpu": torch.randint(-10, 10, (n, Z_DIM), device=device),
            shows={"its type": "torch.int64"},
        ),
        mistake(
            "the noise asks for gradients. Nothing trains the noise; leave `requires_grad` away.",
            lambda n, device="cpu": torch.randn(n, Z_DIM, device=device, requires_grad=True),
            shows={"its gradient": "wanted"},
        ),
    ),
    accepted=(
        lambda n, device="cpu": torch.normal(0.0, 1.0, (n, Z_DIM), device=device),
        lambda n, device="cpu": torch.empty(n, Z_DIM, device=device).normal_(),
        lambda n, device="cpu": torch.randn(n * Z_DIM).reshape(n, Z_DIM).to(device),
        lambda n, device="cpu": torch.distributions.Normal(0.0, 1.0).sample((n, Z_DIM)).to(device),
        lambda n, device=None: torch.stack([torch.randn(Z_DIM, device=device) for _ in range(n)]),
        _with_a_look_at_the_mean,
    ),
)


# ---- networks -----------------------------------------------------------------------------------------------------


class _Generator(nn.Module):
    """Noise (N, 64) -> images (N, 1, 28, 28) in [-1, 1]."""

    z_dim = Z_DIM

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(Z_DIM, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 784),  # (N, 784)
            nn.Tanh(),
        )

    def forward(self, z):
        return self.body(z).view(-1, 1, 28, 28)


class _Discriminator(nn.Module):
    """Images (N, 1, 28, 28) -> logits (N,); above 0 means "more likely real"."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(),  # (N, 784)
            nn.Linear(784, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 1),  # (N, 1)
        )

    def forward(self, x):
        return self.body(x).squeeze(1)  # (N,)


def _batches(seed, strict, *shape, **more):
    sizes = (2, 1, 30 + seed % 20, 130) if strict else (4, 1, 50)
    inputs = [randn(seed + i, n, *shape) for i, n in enumerate(sizes)]
    return [
        {"about": f"batches of {', '.join(map(str, sizes))}, and weights that the check sets", "inputs": inputs, **more}
    ]


class _OtherOrder(nn.Module):
    """The generator, written with functions, its layers made in another order than they run."""

    z_dim = Z_DIM

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 28 * 28)
        self.second = nn.Linear(128, 128)
        self.first = nn.Linear(Z_DIM, 128)

    def forward(self, z):
        h = nn.functional.leaky_relu(self.first(z), 0.2)
        h = self.second(h)
        h = torch.where(h > 0, h, 0.2 * h)
        return torch.tanh(self.out(h)).reshape(len(z), 1, 28, 28)


class _Bare(nn.Module):
    """The generator without a layer: matrices and vectors."""

    z_dim = Z_DIM

    def __init__(self):
        super().__init__()
        sizes = (Z_DIM, 128, 128, 784)
        self.matrices = nn.ParameterList(torch.randn(a, b) for a, b in pairwise(sizes))
        self.vectors = nn.ParameterList(torch.zeros(b) for b in sizes[1:])

    def forward(self, z):
        bends = (lambda h: torch.maximum(h, 0.2 * h),) * 2 + (torch.tanh,)
        for matrix, vector, bend in zip(self.matrices, self.vectors, bends, strict=True):
            z = bend(z @ matrix + vector)
        return z.unflatten(1, (1, 28, 28))


NETWORK_LOOK = {
    "what it is": "The check wants the class itself, which it calls to make a network.",
    "its weight matrices": "The linear layers have other sizes than those of the table.",
    "number of weights": "The linear layers are the table's; but each has a bias, and nothing else has weights.",
    "what forward returns": "forward should return the tensor that the last layer makes.",
    "shape for": "What comes out should have the shape in the last line of the table, whatever the size of the batch.",
    "output for": "Sizes and shapes are right. Compare what stands between the linear layers, and after the last, with the table.",
    "its z_dim": "The line `z_dim = Z_DIM` stands at the top of the class; leave it as it is.",
    "the input afterwards": "The input has been changed in place; leave it as it is.",
    "weights that receive": "The way back to the weights is cut: by .detach(), .data, no_grad() or a layer that is never called.",
    "": "Compare your layers with the table above the exercise, one line after the other.",
}


def _hidden(reference, first, second):
    """Return a network like the reference, with something else than LeakyReLU(0.2) after its two hidden layers."""
    layers = [
        f"nn.Linear({n}, 128),  # (N, 128)\n            "
        for n in ("Z_DIM" if reference is _Generator else "784", "128")
    ]
    after = zip(layers, (first, second), strict=True)
    return edited(reference, *((f"{layer}nn.LeakyReLU(0.2),", layer + new) for layer, new in after))


def _mistakes_of_both(reference, returned, dead):
    """The mistakes that are the same in both networks.

    returned: what forward returns, in the source of the reference; dead: what a ReLU's zeros do in this network.
    """
    x = "z" if reference is _Generator else "x"

    def each(between):  # after both hidden layers, after the first, after the second
        kept = "nn.LeakyReLU(0.2),"
        return [_hidden(reference, *after) for after in ((between, between), (between, kept), (kept, between))]

    return (
        mistake(f"a ReLU stands where LeakyReLU(0.2) should: {dead}.", *each("nn.ReLU(),")),
        mistake(
            "the LeakyReLU lets through 0.01 of what is negative, its default. The text asks for 0.2: nn.LeakyReLU(0.2).",
            *each("nn.LeakyReLU(),"),
        ),
        mistake(
            "there is nothing between the linear layers. Linear after linear is one linear map: put LeakyReLU(0.2) after the first two.",
            *each(""),
        ),
        mistake(
            "there is a batch normalisation, which this network does not have; section 3.12 says where one helps.",
            *each("nn.BatchNorm1d(128), nn.LeakyReLU(0.2),"),
            *each("nn.LeakyReLU(0.2), nn.BatchNorm1d(128),"),
        ),
        mistake(
            "there is a dropout, which the table does not have: it would give another answer to the same input each time.",
            *each("nn.LeakyReLU(0.2), nn.Dropout(0.3),"),
            shows={"the same input again": "another output"},
        ),
        mistake(
            "nn.Module knows of no layer, so no optimiser would find a weight. Make the layers in __init__ and keep them as attributes of "
            "self; in a plain Python list they are hidden, in nn.Sequential or nn.ModuleList they are not.",
            edited(
                reference,
                ("self.body = nn.Sequential(", "self.body = list(nn.Sequential("),
                ("        )\n\n    def", "        ))\n\n    def"),
                (f"return {returned}", f"for layer in self.body:\n            {x} = layer({x})\n        return {x}"),
            ),
            shows={"number of weights and biases": 0},
        ),
        *module_mistakes(reference, returned),
    )


Generator = Exercise(
    name="Generator",
    reference=_Generator,
    points=3,
    cases=lambda seed, strict: _batches(seed, strict, Z_DIM, z_dim=True),
    observe=observers.network,
    look=NETWORK_LOOK,
    mistakes=(
        mistake(
            "the last layer is not bent by a tanh, so pixels leave the range from -1 to 1 that the real images have.",
            edited(_Generator, ("            nn.Tanh(),\n", "")),
        ),
        mistake(
            "a sigmoid ends the network: its pixels lie between 0 and 1. The real images lie between -1 and 1: nn.Tanh().",
            edited(_Generator, ("nn.Tanh()", "nn.Sigmoid()")),
        ),
        mistake(
            "there is a LeakyReLU between the last linear layer and the tanh. It lets no pixel come near -1; leave it away.",
            edited(_Generator, ("            nn.Tanh()", "            nn.LeakyReLU(0.2),\n            nn.Tanh()")),
        ),
        mistake(
            "the images come out flat, as rows of 784 numbers. End forward with .view(-1, 1, 28, 28).",
            edited(_Generator, (".view(-1, 1, 28, 28)", "")),
        ),
        mistake(
            "the channel dimension is missing: a batch of images is (N, 1, 28, 28), also where there is only one channel.",
            edited(_Generator, (".view(-1, 1, 28, 28)", ".view(-1, 28, 28)")),
        ),
        mistake(
            "the shape is fixed to one image. Let the first dimension follow the batch: .view(-1, 1, 28, 28).",
            edited(_Generator, (".view(-1, 1, 28, 28)", ".view(1, 28, 28)")),
            edited(_Generator, (".view(-1, 1, 28, 28)", ".view(1, 1, 28, 28)")),
        ),
        mistake(
            "the pixels are shifted to lie between 0 and 1. The real images lie between -1 and 1, as the tanh's do; leave them as they are.",
            edited(_Generator, ("self.body(z)", "((self.body(z) + 1) / 2)")),
        ),
        mistake(
            "the line `z_dim = Z_DIM` is gone or says something else. Later cells read it, to draw noise that fits.",
            edited(_Generator, ("    z_dim = Z_DIM\n", "")),
            edited(_Generator, ("    z_dim = Z_DIM\n", "    z_dim = 100\n")),
        ),
        *_mistakes_of_both(
            _Generator,
            returned="self.body(z).view(-1, 1, 28, 28)",
            dead="what is negative is cut to 0, and no gradient comes back through it",
        ),
    ),
    accepted=(
        _OtherOrder,
        edited(_Generator, (".view(-1, 1, 28, 28)", ".unflatten(1, (1, 28, 28))")),
        edited(_Generator, ("nn.Tanh(),", "nn.Tanh(), nn.Unflatten(1, (1, 28, 28)),"), (".view(-1, 1, 28, 28)", "")),
        edited(_Generator, (".view(-1, 1, 28, 28)", ".reshape(z.shape[0], 1, 28, 28)")),
        _Bare,
    ),
)


Discriminator = Exercise(
    name="Discriminator",
    reference=_Discriminator,
    points=3,
    cases=lambda seed, strict: _batches(seed, strict, 1, 28, 28),
    observe=observers.network,
    look=NETWORK_LOOK,
    mistakes=(
        mistake(
            "it returns probabilities, from a sigmoid. The losses of this course work on logits: leave the sigmoid away (section 3.5 shows why).",
            edited(_Discriminator, ("nn.Linear(128, 1),  # (N, 1)", "nn.Linear(128, 1), nn.Sigmoid(),")),
        ),
        mistake(
            "a tanh ends the network, so no logit can be larger than 1 and D can never be sure. Leave it away.",
            edited(_Discriminator, ("nn.Linear(128, 1),  # (N, 1)", "nn.Linear(128, 1), nn.Tanh(),")),
        ),
        mistake(
            "the output has shape (N, 1) instead of (N,). Subtract (N,) from that and PyTorch makes an (N, N) table "
            "without a word. End with .squeeze(1).",
            edited(_Discriminator, (".squeeze(1)", "")),
        ),
        mistake(
            "a batch of one image loses its batch dimension: .squeeze() removes every dimension of size 1. Name the one you mean: .squeeze(1).",
            edited(_Discriminator, (".squeeze(1)", ".squeeze()")),
        ),
        mistake(
            "the images reach the linear layer as (N, 1, 28, 28); it wants (N, 784). Begin with nn.Flatten().",
            edited(_Discriminator, ("            nn.Flatten(),  # (N, 784)\n", "")),
        ),
        mistake(
            "the whole batch is flattened into one row. Keep the first dimension: nn.Flatten() or x.flatten(1), not x.flatten().",
            edited(_Discriminator, ("nn.Flatten(),  # (N, 784)", "nn.Flatten(0),")),
            edited(_Discriminator, ("nn.Flatten(),  # (N, 784)", ""), ("self.body(x)", "self.body(x.view(1, -1))")),
        ),
        mistake(
            "the result does not depend on the image. Hand x, all of it, to the layers.",
            edited(_Discriminator, ("self.body(x)", "self.body(x * 0)")),
        ),
        mistake(
            "it has two outputs, as a classifier of two classes. One logit is enough: the probability of fake is one minus that of real.",
            edited(_Discriminator, ("nn.Linear(128, 1),", "nn.Linear(128, 2),"), (".squeeze(1)", "")),
            edited(_Discriminator, ("nn.Linear(128, 1),", "nn.Linear(128, 2),"), (".squeeze(1)", "[:, 1]")),
            edited(_Discriminator, ("nn.Linear(128, 1),", "nn.Linear(128, 2),")),
            shows={"its weight matrices": "2 × 128, 128 × 128, 128 × 784"},
        ),
        mistake(
            "the logit goes through a LeakyReLU, which makes D slow to call anything a fake. Nothing comes after the last linear layer.",
            edited(_Discriminator, ("nn.Linear(128, 1),  # (N, 1)", "nn.Linear(128, 1), nn.LeakyReLU(0.2),")),
        ),
        mistake(
            "the sign is turned around: high is to mean real.",
            edited(_Discriminator, ("self.body(x)", "-self.body(x)")),
        ),
        *_mistakes_of_both(
            _Discriminator,
            returned="self.body(x).squeeze(1)",
            dead="where it is 0, G would get no gradient through D",
        ),
    ),
    accepted=(
        edited(_Discriminator, (".squeeze(1)", ".flatten()")),
        edited(_Discriminator, (".squeeze(1)", "[:, 0]")),
        edited(_Discriminator, (".squeeze(1)", ".view(-1)")),
        edited(_Discriminator, ("nn.Flatten(),  # (N, 784)", ""), ("self.body(x)", "self.body(x.reshape(len(x), -1))")),
    ),
)


# ---- initialisation -----------------------------------------------------------------------------------------------


def _init_weights(layer):
    """Linear: weights N(0, 0.02), biases 0. BatchNorm1d: weights N(1, 0.02), biases 0. Other layers: nothing."""
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm1d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    else:
        return
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _init_cases(seed, strict):
    def network():
        torch.manual_seed(seed)
        width = 1_000 + 100 * strict
        layers = [nn.Linear(100, 300), nn.BatchNorm1d(width), nn.LeakyReLU(0.2), nn.Linear(300, 100), nn.Tanh()]
        layers += [nn.Linear(100, 40, bias=False), nn.BatchNorm1d(200), nn.LayerNorm(8), nn.Conv1d(3, 2, 1)]
        for layer in layers:  # batch normalisation would begin with weights 1 and biases 0
            if isinstance(layer, nn.BatchNorm1d):
                nn.init.uniform_(layer.weight)
                nn.init.normal_(layer.bias)
        return nn.Sequential(*layers)

    return [{"about": "network.apply(init_weights), one layer without a bias among the others", "network": network}]


LINEAR, BATCH = "nn.init.normal_(layer.weight, 0.0, 0.02)", "nn.init.normal_(layer.weight, 1.0, 0.02)"
SPREAD = "standard deviation of the weights"
VARIANCE = (
    "0.02 is meant as the standard deviation. It looks as if it was taken for the variance, or the other way round."
)


def _init(*changes):
    return edited(_init_weights, *changes)


init_weights = Exercise(
    name="init_weights",
    reference=_init_weights,
    points=2,
    cases=_init_cases,
    observe=observers.initialisation,
    random=True,
    look={
        "Linear": "For nn.Linear: weights from N(0, 0.02), biases 0.",
        "BatchNorm1d": "For nn.BatchNorm1d: weights from N(1, 0.02), biases 0.",
        "": "Four things are asked for: the weights and the biases of nn.Linear and of nn.BatchNorm1d.",
    },
    mistakes=(
        mistake(
            "no layer has changed. Either no branch runs (compare with isinstance(layer, nn.Linear), not with `is` or ==), or the new "
            "numbers do not reach the layer: functions whose name ends in _ , such as nn.init.normal_, change a tensor in place; "
            "assigning to a local name does not.",
            lambda layer: None,
            _init(
                (LINEAR, "w = torch.randn_like(layer.weight) * 0.02"),
                (BATCH, "pass"),
                ("nn.init.zeros_(layer.bias)", "pass"),
            ),
            shows={"Linear: weights": "untouched", "BatchNorm1d: weights": "untouched", "Linear: biases": "untouched"},
        ),
        mistake(
            "the weights of nn.Linear are untouched: that branch does not run, or its numbers do not reach the layer. nn.init.normal_ "
            "changes them in place.",
            _init((LINEAR, "torch.randn_like(layer.weight) * 0.02")),
            _init(("isinstance(layer, nn.Linear)", "type(layer) == 'Linear'")),
            shows={"Linear: weights": "untouched"},
        ),
        mistake(
            "batch normalisation is left as PyTorch made it. Its weights are to be drawn from N(1, 0.02).",
            _init((BATCH, "pass")),
            _init(("nn.BatchNorm1d", "nn.BatchNorm2d")),
            shows={"BatchNorm1d: weights": "untouched"},
        ),
        mistake(
            "the biases of the linear layers are still PyTorch's own. Set them too: nn.init.zeros_(layer.bias).",
            _init(("    if layer.bias is not None:", "    if isinstance(layer, nn.BatchNorm1d):")),
            _init(("    if layer.bias is not None:\n        nn.init.zeros_(layer.bias)", "")),
            shows={"Linear: biases": "untouched"},
        ),
        mistake(
            "the biases of batch normalisation are not set. It begins with 0 anyway, but after a training init_weights should begin anew.",
            _init(
                ("    if layer.bias is not None:", "    if layer.bias is not None and isinstance(layer, nn.Linear):")
            ),
            shows={"BatchNorm1d: biases": "untouched"},
        ),
        mistake(
            VARIANCE,
            _init((LINEAR, LINEAR.replace("0.02", "0.02**0.5")), (BATCH, BATCH.replace("0.02", "0.02**0.5"))),
            _init((LINEAR, LINEAR.replace("0.02", "0.02**0.5"))),
            shows={f"Linear: {SPREAD}": "about 0.14", "Linear: distribution of the weights": "normal"},
        ),
        mistake(
            VARIANCE,
            _init((LINEAR, LINEAR.replace("0.02", "0.02**2")), (BATCH, BATCH.replace("0.02", "0.02**2"))),
            _init((LINEAR, LINEAR.replace("0.02", "0.02**2"))),
            shows={f"Linear: {SPREAD}": "about 0.0004"},
        ),
        mistake(
            "mean and standard deviation are swapped: nn.init.normal_(tensor, mean, std).",
            _init((LINEAR, LINEAR.replace("0.0, 0.02", "0.02, 0.0"))),
            _init((LINEAR, LINEAR.replace("0.0, 0.02", "0.02, 0.0")), (BATCH, BATCH.replace("1.0, 0.02", "0.02, 1.0"))),
            shows={f"Linear: {SPREAD}": "about 0", "Linear: mean of the weights": "about 0.02"},
        ),
        mistake(
            "the standard deviation of the linear layers' weights is 1, the default of nn.init.normal_. Its arguments are the tensor, the "
            "mean and the standard deviation: 0.0 and 0.02.",
            _init((LINEAR, "nn.init.normal_(layer.weight)")),
            _init((LINEAR, "nn.init.normal_(layer.weight, 0.02)")),
            shows={f"Linear: {SPREAD}": "about 1.0"},
        ),
        mistake(
            "batch normalisation's weights are drawn around 0. It multiplies by them, so that would switch off nearly everything: they belong around 1.",
            _init((BATCH, BATCH.replace("1.0", "0.0"))),
            shows={"BatchNorm1d: mean of the weights": "about 0.0"},
        ),
        mistake(
            "the weights of batch normalisation are all 1. They are to be drawn around 1, from N(1, 0.02).",
            _init((BATCH, "nn.init.ones_(layer.weight)")),
        ),
        mistake(
            "the weights are uniform numbers. They are to be normal ones: nn.init.normal_.",
            _init((LINEAR, "nn.init.uniform_(layer.weight, -0.02, 0.02)")),
            _init((LINEAR, "nn.init.uniform_(layer.weight, -0.0346, 0.0346)")),
            shows={"Linear: distribution of the weights": "not normal"},
        ),
        mistake(
            "the biases are not 0. They should begin there: nn.init.zeros_(layer.bias).",
            _init(("nn.init.zeros_(layer.bias)", "nn.init.normal_(layer.bias, 0.0, 0.02)")),
            _init(("nn.init.zeros_(layer.bias)", "nn.init.ones_(layer.bias)")),
            _init(("nn.init.zeros_(layer.bias)", "nn.init.constant_(layer.bias, 0.01)")),
            _init(
                (
                    "nn.init.zeros_(layer.bias)",
                    "nn.init.normal_(layer.bias, 0.0 if isinstance(layer, nn.Linear) else 1.0, 0.02)",
                )
            ),
        ),
        mistake(
            "two networks would begin with the same weights. A seed inside the function starts the random numbers again for every layer.",
            _init(
                (
                    "    if isinstance(layer, nn.Linear):",
                    "    torch.manual_seed(0)\n    if isinstance(layer, nn.Linear):",
                )
            ),
            shows={"a second call": "the same weights"},
        ),
        mistake(
            "something else than nn.Linear and nn.BatchNorm1d has changed, or something else in them than weight and bias. Leave it alone.",
            _init(
                ("isinstance(layer, nn.Linear)", "hasattr(layer, 'weight') and not isinstance(layer, nn.BatchNorm1d)")
            ),
            _init((BATCH, f"{BATCH}\n        nn.init.normal_(layer.running_mean)")),
            _init(
                (
                    "    if layer.bias is not None:",
                    "    if layer.bias is None:\n        layer.bias = nn.Parameter(torch.zeros(len(layer.weight)))\n    else:",
                )
            ),
            shows={"everything else": "changed"},
        ),
        mistake(
            "a linear layer may have no bias: then layer.bias is None, and there is nothing to set. Ask first: if layer.bias is not None.",
            _init(("    if layer.bias is not None:", "    if True:")),
            _init(
                ("    if layer.bias is not None:", "    if True:"),
                ("nn.init.zeros_(layer.bias)", "layer.bias.data.zero_()"),
            ),
            _init(
                ("    if layer.bias is not None:", "    if True:"),
                ("nn.init.zeros_(layer.bias)", "layer.bias.data.fill_(0)"),
            ),
            _init(
                ("    if layer.bias is not None:", "    if True:"),
                ("nn.init.zeros_(layer.bias)", "nn.init.constant_(layer.bias, 0)"),
            ),
        ),
        mistake(
            "some layers have no weights at all (an activation), and apply() calls you on those too. Look first what the layer is: isinstance(layer, nn.Linear).",
            _init(("    if isinstance(layer, nn.Linear):", "    if layer.weight is not None:")),
            _init(("    else:\n        return\n", "")),
            _init(("    elif isinstance(layer, nn.BatchNorm1d):", "    else:"), ("    else:\n        return\n", "")),
        ),
        mistake(
            "a tensor of many numbers is neither true nor false. Ask whether there is one: if layer.bias is not None.",
            _init(("    if layer.bias is not None:", "    if layer.bias:")),
            shows={STOPPED: "RuntimeError: Boolean value of Tensor with more than one value is ambiguous"},
        ),
        mistake(
            "PyTorch wants to differentiate this change of a weight. The functions of nn.init switch that off; layer.weight.data and "
            "torch.no_grad() do so, too.",
            _init((LINEAR, "layer.weight.normal_(0.0, 0.02)")),
            shows={STOPPED: "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."},
        ),
    ),
    accepted=(
        _init((LINEAR, "layer.weight.data.normal_(0.0, 0.02)")),
        _init((LINEAR, "layer.weight.data = torch.randn_like(layer.weight) * 0.02")),
        _init((BATCH, "nn.init.normal_(layer.weight, std=0.02).data.add_(1)")),
        _init(("isinstance(layer, nn.Linear)", "type(layer).__name__ == 'Linear'")),
    ),
)


# ---- losses -------------------------------------------------------------------------------------------------------


def _with_labels(real_label, fake_label, reduction="mean"):
    """Return a loss by binary cross-entropy with logits against these labels."""

    def loss(real_logits, fake_logits):
        real = binary_cross_entropy_with_logits(
            real_logits, torch.full_like(real_logits, real_label), reduction=reduction
        )
        return real + binary_cross_entropy_with_logits(
            fake_logits, torch.full_like(fake_logits, fake_label), reduction=reduction
        )

    return loss


discriminator_loss = Exercise(
    name="discriminator_loss",
    reference=losses.discriminator_loss,
    points=3,
    cases=lambda seed, strict: logit_cases(seed, strict, "real_logits", "fake_logits"),
    observe=observers.loss,
    look={
        "for large logits": ROUNDED_TOO,
        "what it returns": "Return the loss as the tensor that it is.",
        "": "Write -V from section 3.5 down once more: softplus(-a) for real images, softplus(a) for fakes, a mean of each, and the sum of both.",
    },
    mistakes=(
        mistake(
            "real and fake are swapped: this loss is low when D takes fakes for real. Which of the two gets the minus sign inside the softplus?",
            lambda real, fake: softplus(real).mean() + softplus(-fake).mean(),
        ),
        mistake(
            "this is V itself, the sign is missing. D maximises V; an optimiser minimises, so it needs -V.",
            lambda real, fake: -softplus(-real).mean() - softplus(fake).mean(),
        ),
        mistake(
            "this is half of -V. The text asks for the sum of the two means, not for their mean.",
            lambda real, fake: (softplus(-real).mean() + softplus(fake).mean()) / 2,
        ),
        mistake(SUMMED, lambda real, fake: softplus(-real).sum() + softplus(fake).sum()),
        mistake(EACH, lambda real, fake: softplus(-real) + softplus(fake)),
        mistake(
            "the fakes do not count. -V has two terms, one for real images and one for fakes.",
            lambda real, fake: softplus(-real).mean(),
        ),
        mistake(
            "the real images do not count. -V has two terms, one for real images and one for fakes.",
            lambda real, fake: softplus(fake).mean(),
        ),
        mistake(
            "both kinds are treated alike: fakes count as real.",
            lambda real, fake: softplus(-real).mean() + softplus(-fake).mean(),
        ),
        mistake(
            "both kinds are treated alike: real images count as fake.",
            lambda real, fake: softplus(real).mean() + softplus(fake).mean(),
        ),
        mistake(
            SIGMOID_TWICE,
            lambda real, fake: _with_labels(1.0, 0.0)(real.sigmoid(), fake.sigmoid()),
        ),
        mistake(
            ROUNDED,
            lambda real, fake: -torch.log(real.sigmoid()).mean() - torch.log(1 - fake.sigmoid()).mean(),
            lambda real, fake: -(torch.log(real.sigmoid()) + torch.log(1 - fake.sigmoid())).mean(),
            lambda real, fake: torch.log(1 + torch.exp(-real)).mean() + torch.log(1 + torch.exp(fake)).mean(),
            lambda real, fake: -torch.log(real.sigmoid() + 1e-8).mean() - torch.log(1 - fake.sigmoid() + 1e-8).mean(),
            lambda real, fake: (
                -real.sigmoid().clamp(1e-7, 1).log().mean() - (1 - fake.sigmoid()).clamp(1e-7, 1).log().mean()
            ),
            lambda real, fake: softplus(-real.clamp(-50, 50)).mean() + softplus(fake.clamp(-50, 50)).mean(),
            lambda real, fake: (
                nn.functional.binary_cross_entropy(real.sigmoid(), torch.ones_like(real))
                + nn.functional.binary_cross_entropy(fake.sigmoid(), torch.zeros_like(fake))
            ),
        ),
        mistake(
            NO_GRADIENT,
            lambda real, fake: losses.discriminator_loss(real.detach(), fake.detach()),
            lambda real, fake: losses.discriminator_loss(real, fake).item(),
        ),
        mistake(
            "no logarithm: these are the logits themselves (or their difference), which is another loss, Wasserstein's, without the constraint that it needs.",
            lambda real, fake: fake.mean() - real.mean(),
        ),
        mistake(
            "this is the squared error against the labels, another GAN's loss (least squares). The text asks for the cross-entropy.",
            lambda real, fake: (real.sigmoid() - 1).square().mean() + fake.sigmoid().square().mean(),
            lambda real, fake: (real - 1).square().mean() + fake.square().mean(),
        ),
        mistake(
            "the labels of real images are smoothed to 0.9; that comes only in section 3.11.",
            _with_labels(0.9, 0.0),
        ),
        mistake(INSIDE, lambda real, fake: softplus(-real.mean()) + softplus(fake.mean())),
        mistake(
            "the second term is subtracted. -V is the sum of the two cross-entropies.",
            lambda real, fake: softplus(-real).mean() - softplus(fake).mean(),
        ),
        mistake(
            "this is the hinge loss, another GAN's. The text asks for the cross-entropy.",
            lambda real, fake: torch.relu(1 - real).mean() + torch.relu(1 + fake).mean(),
        ),
        mistake(
            TURNED,
            lambda real, fake: (
                binary_cross_entropy_with_logits(torch.ones_like(real), real)
                + binary_cross_entropy_with_logits(torch.zeros_like(fake), fake)
            ),
        ),
    ),
    accepted=(
        lambda real, fake: softplus(-real).mean() + softplus(fake).mean(),
        _with_labels(1.0, 0.0),
        lambda real, fake: -nn.functional.logsigmoid(real).mean() - nn.functional.logsigmoid(-fake).mean(),
        lambda real, fake: by_hand(-real).mean() + by_hand(fake).mean(),
        lambda real, fake: softplus(-real).sum() / len(real) + softplus(fake).sum() / len(fake),
        lambda real, fake: (
            2
            * nn.BCEWithLogitsLoss()(
                torch.cat([real, fake]), torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
            )
        ),
        lambda real, fake: (torch.logaddexp(-real, torch.zeros(())) + torch.logaddexp(fake, torch.zeros(()))).mean(),
    ),
)

generator_loss = Exercise(
    name="generator_loss",
    reference=losses.non_saturating_loss,
    points=2,
    cases=lambda seed, strict: logit_cases(seed, strict, "fake_logits"),
    observe=observers.loss,
    look={
        "for large logits": ROUNDED_TOO,
        "what it returns": "Return the loss as the tensor that it is.",
        "": "G wants D(G(z)) to be high; its loss is the mean of -log D(G(z)), and -log of a sigmoid is a softplus.",
    },
    mistakes=(
        mistake(
            "this is the minimax loss, log(1 - D). Its gradient dies where D is sure of a fake; the text asks for the non-saturating one, -log D.",
            lambda fake: -softplus(fake).mean(),
            lambda fake: torch.log(1 - fake.sigmoid()).mean(),
        ),
        mistake(
            "this is D's side: it is low when D recognises the fakes, so G would learn to be caught. Mind the sign inside the softplus.",
            lambda fake: softplus(fake).mean(),
            lambda fake: -torch.log(1 - fake.sigmoid()).mean(),
        ),
        mistake(
            "the sign is wrong: this is log D(G(z)), which a minimiser makes as small as it can. G needs -log D(G(z)).",
            lambda fake: -softplus(-fake).mean(),
        ),
        mistake(SUMMED, lambda fake: softplus(-fake).sum()),
        mistake(EACH, lambda fake: softplus(-fake)),
        mistake(SIGMOID_TWICE, lambda fake: binary_cross_entropy_with_logits(fake.sigmoid(), torch.ones_like(fake))),
        mistake(INSIDE, lambda fake: softplus(-fake.mean())),
        mistake(TURNED, lambda fake: binary_cross_entropy_with_logits(torch.ones_like(fake), fake)),
        mistake(
            "this is D's loss, both of its terms. G has one wish only: that its fakes are taken for real.",
            lambda fake: losses.discriminator_loss(fake, fake),
        ),
        mistake(
            "the label is smoothed to 0.9. If at all, that belongs into D's loss, for real images (section 3.11).",
            lambda fake: _with_labels(0.9, 0.0)(fake, torch.full((1,), -1e4)),
        ),
        mistake(
            ROUNDED,
            lambda fake: -torch.log(fake.sigmoid() + 1e-8).mean(),
            lambda fake: -torch.log(fake.sigmoid()).mean(),
            lambda fake: torch.log(1 + torch.exp(-fake)).mean(),
            lambda fake: nn.functional.binary_cross_entropy(fake.sigmoid(), torch.ones_like(fake)),
        ),
        mistake(
            NO_GRADIENT,
            lambda fake: softplus(-fake.detach()).mean(),
            lambda fake: softplus(-fake).mean().item(),
        ),
        mistake(
            "no logarithm: this is the mean logit, which never stops growing.",
            lambda fake: -fake.mean(),
        ),
    ),
    accepted=(
        lambda fake: softplus(-fake).mean(),
        lambda fake: binary_cross_entropy_with_logits(fake, torch.ones_like(fake)),
        lambda fake: -nn.functional.logsigmoid(fake).mean(),
        lambda fake: by_hand(-fake).mean(),
        lambda fake: (softplus(fake) - fake).sum() / fake.numel(),
    ),
)


def _smoothed_loss(real_logits, fake_logits, target=0.9):
    """The loss of D with the label of real images lowered to `target`; a 0-d tensor."""
    return (softplus(real_logits) - target * real_logits).mean() + softplus(fake_logits).mean()


smoothed_loss = Exercise(
    name="smoothed_loss",
    reference=_smoothed_loss,
    points=3,
    cases=lambda seed, strict: logit_cases(
        seed, strict, "real_logits", "fake_logits", options=({}, {"target": 0.8}, {"target": 1.0})
    ),
    observe=observers.loss,
    look={
        "for large logits": ROUNDED_TOO,
        "what it returns": "Return the loss as the tensor that it is.",
        "": "For real images the cross-entropy with target t is softplus(a) - t·a; for fakes nothing changes.",
    },
    mistakes=(
        mistake(
            "the labels of both kinds are smoothed. One-sided means: only those of real images; a raised target for fakes rewards G for staying where it is.",
            lambda real, fake, target=0.9: _with_labels(target, 1 - target)(real, fake),
        ),
        mistake(
            "the fakes' label is raised, and that of real images is still 1. It is the other way round.",
            lambda real, fake, target=0.9: _with_labels(1.0, 1 - target)(real, fake),
        ),
        mistake(
            "the real term is multiplied by the target. That only makes it count less; a target of 0.9 also pulls D back where it is too sure: softplus(a) - t·a.",
            lambda real, fake, target=0.9: target * softplus(-real).mean() + softplus(fake).mean(),
        ),
        mistake(
            "the logits are multiplied by the target inside the softplus. The target weighs the linear part alone: softplus(a) - t·a.",
            lambda real, fake, target=0.9: softplus(-target * real).mean() + softplus(fake).mean(),
        ),
        mistake(
            "`target` is not used: it is 0.9 whatever the caller asks for.",
            lambda real, fake, target=0.9: _smoothed_loss(real, fake, 0.9),
        ),
        mistake(
            "nothing is smoothed: this is the loss of section 3.5.",
            lambda real, fake, target=0.9: _smoothed_loss(real, fake, 1.0),
        ),
        mistake(
            "real and fake are swapped: the target belongs to the logits of real images.",
            lambda real, fake, target=0.9: _smoothed_loss(fake, real, target),
        ),
        mistake(
            "the target is turned around: 0.9 is what D should say to real images, not 0.1.",
            lambda real, fake, target=0.9: _smoothed_loss(real, fake, 1 - target),
        ),
        mistake(
            "the sign before t·a is wrong: with it D is rewarded for calling real images fake.",
            lambda real, fake, target=0.9: (softplus(real) + target * real).mean() + softplus(fake).mean(),
        ),
        mistake(
            "softplus(-a) - t·a mixes two forms. Either softplus(-a), for a target of 1, or softplus(a) - t·a.",
            lambda real, fake, target=0.9: (softplus(-real) - target * real).mean() + softplus(fake).mean(),
        ),
        mistake(
            "this is half of it. As before, the text asks for the sum of two means.",
            lambda real, fake, target=0.9: _smoothed_loss(real, fake, target) / 2,
        ),
        mistake(SUMMED, lambda real, fake, target=0.9: _with_labels(target, 0.0, "sum")(real, fake)),
        mistake(EACH, lambda real, fake, target=0.9: softplus(real) - target * real + softplus(fake)),
        mistake(NO_GRADIENT, lambda real, fake, target=0.9: _smoothed_loss(real.detach(), fake.detach(), target)),
        mistake(
            "the fakes get the target of real images. Theirs stays 0: softplus(a).",
            lambda real, fake, target=0.9: _smoothed_loss(real, fake, target) - target * fake.mean(),
        ),
        mistake(
            "the fakes are smoothed into real ones: their target is 0, so their half is softplus(a), not softplus(-a).",
            lambda real, fake, target=0.9: _smoothed_loss(real, -fake, target),
        ),
        mistake(
            "the fakes do not count. Their half, softplus(a), is added as before.",
            lambda real, fake, target=0.9: (softplus(real) - target * real).mean(),
        ),
        mistake(
            "the second half is subtracted. The two cross-entropies are added.",
            lambda real, fake, target=0.9: (softplus(real) - target * real).mean() - softplus(fake).mean(),
        ),
        mistake(
            SIGMOID_TWICE, lambda real, fake, target=0.9: _with_labels(target, 0.0)(real.sigmoid(), fake.sigmoid())
        ),
        mistake(
            ROUNDED,
            lambda real, fake, target=0.9: (
                -(target * real.sigmoid().log() + (1 - target) * (1 - real.sigmoid()).log()).mean()
                - (1 - fake.sigmoid()).log().mean()
            ),
        ),
    ),
    accepted=(
        lambda real, fake, target=0.9: _with_labels(target, 0.0)(real, fake),
        lambda real, fake, target=0.9: (
            (target * softplus(-real) + (1 - target) * softplus(real)).mean() + softplus(fake).mean()
        ),
        lambda real, fake, target=0.9: softplus(-real).mean() + (1 - target) * real.mean() + softplus(fake).mean(),
        lambda real, fake, target=0.9: (by_hand(real) - target * real).mean() + by_hand(fake).mean(),
    ),
)


# ---- the training step --------------------------------------------------------------------------------------------


def _train_step(G, D, opt_G, opt_D, real, step, d_loss_function=losses.discriminator_loss):
    """Update D, then G, on real images (N, 1, 28, 28); return what to record."""
    fake = G(training.noise(G, len(real))).detach()
    real_logits, fake_logits = D(real), D(fake)
    d_loss = d_loss_function(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = losses.non_saturating_loss(D(G(training.noise(G, len(real)))))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()

    d_real = (real_logits > 0).float().mean()
    d_fake = (fake_logits < 0).float().mean()
    return {"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), "d_real": d_real, "d_fake": d_fake}


def _step(*changes):
    return edited(_train_step, *changes)


def _half_as_much(real_logits, fake_logits):
    return 0.5 * losses.discriminator_loss(real_logits, fake_logits, 0.7)


def step_case(seed, part, n, steps, about, **more):
    """Return a case of a training step, as observers.training_step wants it, on `steps` batches of n images."""
    batches = [randn(10 * seed + i, n, 1, 28, 28).tanh() for i in range(steps)]
    return {"about": about, "part": part, "batches": batches, **more}


class AskedOtherwise:
    """A player for this lesson's training step in a later lesson's game: `ask` is what calling it does, all else is its own."""

    def __init__(self, player, ask):
        self.player, self.ask = player, ask

    def __call__(self, x):
        return self.ask(x)

    def __getattr__(self, name):
        return getattr(self.player, name)


def step_cases(seed):
    """Return the cases of a training step: D's change, G's, the order of the step, and what it returns."""
    # Enough numbers to tell one kind of noise from another; neither a usual size of a batch nor a multiple of the classes.
    n = 33 + seed % 7
    return [
        step_case(seed, "D", 4, 2, "two steps on 4 images while opt_G's learning rate is 0"),
        step_case(seed, "G", 4, 2, "two steps on 4 images while opt_D's learning rate is 0"),
        step_case(seed, "both", n, 2, f"two steps on {n} images"),
        # Odd: a share and its opposite differ. Three steps: in two, two different shares agree at one seed of 500.
        step_case(seed, "returned", 63, 3, "three steps on 63 images"),
    ]


def _step_cases(seed, strict):
    cases = step_cases(seed)
    cases[-1]["options"] = {"d_loss_function": _half_as_much}
    cases[-1]["about"] += " with another d_loss_function"
    return cases


D_FAKE, G_FAKE = "fake = G(training.noise(G, len(real))).detach()", "D(G(training.noise(G, len(real))))"
D_ZERO, G_ZERO = "    opt_D.zero_grad()\n", "    opt_G.zero_grad()\n"
D_BACK, G_BACK = "    d_loss.backward()\n", "    g_loss.backward()\n"
D_STEP, G_STEP = "    opt_D.step()\n", "    opt_G.step()\n"
D_LOSS = "d_loss_function(real_logits, fake_logits)"
G_LOSS = f"    g_loss = losses.non_saturating_loss({G_FAKE})\n"
NOT_CUT = D_FAKE.removesuffix(".detach()")
G_STEPS_EARLY = "G's optimiser steps in D's turn, on D's loss. In D's turn only opt_D steps."
D_STEPS_LATE = "D's optimiser steps in G's turn, on G's loss: D would learn to be fooled. In G's turn only opt_G steps."

# What can go wrong in a training step, whatever its losses are; lesson 5's step is told the labels, too, and judged by the same.
LEFT_IN_EVAL = "a network is left in eval mode, where batch normalisation stops learning from its batches. If you call eval(), call train() again."
STEP_MISTAKES = (
    mistake(
        "`step()` stands before `backward()`: D's optimiser then uses what was left in the gradients. Order: zero_grad, backward, step.",
        _step((D_BACK + D_STEP, D_STEP + D_BACK)),
        shows={
            "D's gradient when opt_D steps": "not computed yet",
            "the optimisers' steps": "opt_D.step(), opt_G.step()",
        },
    ),
    mistake(
        "`step()` stands before `backward()`: G's optimiser then uses what was left in the gradients. Order: zero_grad, backward, step.",
        _step((G_BACK + G_STEP, G_STEP + G_BACK)),
    ),
    mistake(
        G_STEPS_EARLY,
        _step((D_STEP, D_STEP + G_STEP)),
        _step((D_FAKE, NOT_CUT), (D_STEP, D_STEP + G_STEP)),
        _step((D_FAKE, NOT_CUT), (D_ZERO, D_ZERO + G_ZERO), (D_STEP, D_STEP + G_STEP)),
        shows={
            "the optimisers' steps": "opt_D.step(), opt_G.step(), opt_G.step()",
            "_before opt_G's first step": "nothing",
        },
    ),
    mistake(
        "G steps twice in one training step. Once is asked for.",
        _step((G_STEP, G_STEP + G_STEP)),
        _step((G_STEP, G_STEP + G_LOSS + G_ZERO + G_BACK + G_STEP)),
        shows={
            "the optimisers' steps": "opt_D.step(), opt_G.step(), opt_G.step()",
            "_before opt_G's first step": "a gradient of G's own turn",
        },
    ),
    mistake(
        G_STEPS_EARLY,
        _step((D_FAKE, NOT_CUT), (D_STEP, G_STEP)),
        _step((D_STEP, G_STEP)),
        shows={"the optimisers' steps": "opt_G.step(), opt_G.step()"},
    ),
    mistake(
        D_STEPS_LATE,
        _step((G_STEP, G_STEP + D_STEP)),
        _step((G_ZERO, G_ZERO + D_ZERO), (G_STEP, G_STEP + D_STEP)),
        shows={"the optimisers' steps": "opt_D.step(), opt_G.step(), opt_D.step()"},
    ),
    mistake(D_STEPS_LATE, _step((G_STEP, D_STEP)), shows={"the optimisers' steps": "opt_D.step(), opt_D.step()"}),
    mistake(
        "D steps twice in one training step. Once is asked for.",
        _step((D_STEP, D_STEP + D_STEP)),
        _step(
            (
                D_BACK + D_STEP,
                D_BACK + D_STEP + D_ZERO + "    d_loss_function(D(real), D(fake)).backward()\n" + D_STEP,
            )
        ),
        shows={"the optimisers' steps": "opt_D.step(), opt_D.step(), opt_G.step()"},
    ),
    mistake(
        "opt_G never steps, so G stays as it is.",
        _step((G_STEP, "")),
        _step((G_ZERO + G_BACK + G_STEP, "")),
        shows={"the optimisers' steps": "opt_D.step()"},
    ),
    mistake(
        "opt_D never steps, so D stays as it is.",
        _step((D_STEP, "")),
        _step((D_ZERO + D_BACK + D_STEP, "")),
        shows={"the optimisers' steps": "opt_G.step()"},
    ),
    mistake(
        "the optimisers are swapped: opt_D steps on D's loss, opt_G on G's.",
        _step((G_BACK + G_STEP, G_BACK + D_STEP), (D_BACK + D_STEP, D_BACK + G_STEP)),
        shows={
            "the optimisers' steps": "opt_G.step(), opt_D.step()",
            "G's gradient when opt_G steps": "not computed yet",
        },
    ),
    mistake(
        "G learns against the discriminator of the step before: its gradient is computed before D's update. Finish D's turn first.",
        _step(
            (D_STEP, ""),
            (G_BACK + G_STEP, G_BACK + G_STEP + D_STEP),
            (G_ZERO, "    for p in D.parameters():\n        p.requires_grad_(False)\n" + G_ZERO),
            ("    d_real =", "    for p in D.parameters():\n        p.requires_grad_(True)\n    d_real ="),
        ),
        _step((D_STEP, ""), (D_ZERO + D_BACK, ""), (G_STEP, G_STEP + D_ZERO + D_BACK + D_STEP)),
        shows={"the optimisers' steps": "opt_G.step(), opt_D.step()"},
    ),
    mistake(
        "opt_D steps only after G's loss has left its gradients in D. Finish D's turn, with zero_grad, backward and step, before G's begins.",
        _step((D_STEP, ""), (G_STEP, D_STEP + G_STEP)),
        _step((D_BACK + D_STEP, ""), (G_BACK + G_STEP, "    (d_loss + g_loss).backward()\n" + D_STEP + G_STEP)),
        _step((D_STEP, ""), (G_BACK, G_BACK + D_STEP)),
        shows={"G in D's turn": "receives a gradient", "G in its own turn": "receives no gradient"},
    ),
    mistake(
        "G's loss is computed before D's update and propagated after it; in between D's weights have changed under it. Ask D anew in G's turn.",
        _step((G_LOSS, ""), (D_ZERO, G_LOSS + D_ZERO)),
    ),
    mistake(
        "G's turn uses the logits of D's turn: their graph is used up, and no path leads from them to G. Draw new fakes and ask D anew.",
        _step((G_FAKE, "fake_logits")),
    ),
    mistake(
        "in D's turn gradients flow on into G. Cut them off: D(fake.detach()), or draw the fakes under torch.no_grad().",
        _step((D_FAKE, NOT_CUT)),
        _step((D_FAKE, NOT_CUT), (D_BACK, D_BACK.replace("()", "(retain_graph=True)"))),
        shows={"G in D's turn": "receives a gradient"},
    ),
    mistake(
        "in G's own turn no gradient reaches G, so it never moves: what D sees there is detached, made under no_grad(), or not made "
        "by G at all; or g_loss.backward() is missing. Call G again and leave the path from D back to G open.",
        _step((G_FAKE, "D(fake)")),
        _step((G_FAKE, "D(G(training.noise(G, len(real))).detach())")),
        _step((G_FAKE, "D(real)")),
        _step((G_BACK, "")),
        shows={"G in its own turn": "receives no gradient"},
    ),
    mistake(
        "all images of a batch come from the same noise vector. Draw as many as there are images.",
        _step((G_FAKE, "D(G(training.noise(G, 1).expand(len(real), -1)))")),
        _step((D_FAKE, "fake = G(training.noise(G, 1).repeat(len(real), 1)).detach()")),
        shows={"rows of the noise": "some are the same"},
    ),
    mistake(
        "the fakes of both turns come out of one call of G. With batch normalisation in G they then depend on each other: call it once "
        "in each turn.",
        _step(
            (D_FAKE, "fake, fake_2 = G(training.noise(G, 2 * len(real))).chunk(2)"),
            ("D(real), D(fake)", "D(real), D(fake.detach())"),
            (G_FAKE, "D(fake_2)"),
        ),
    ),
    mistake(
        "G is in eval mode while it draws D's fakes: batch normalisation then takes its running averages instead of the batch's.",
        _step((D_FAKE, f"G.eval(); {D_FAKE}; G.train()")),
    ),
    mistake(
        "both turns use the same noise. The text asks for fresh noise in G's turn: draw again, and call G again.",
        _step((D_FAKE, NOT_CUT), ("D(real), D(fake)", "D(real), D(fake.detach())"), (G_FAKE, "D(fake)")),
        _step((D_FAKE, "z = training.noise(G, len(real)); fake = G(z).detach()"), (G_FAKE, "D(G(z))")),
        shows={"noise of the two turns": "the same for both"},
    ),
    mistake(
        "gradients pile up: PyTorch adds new ones to the old ones. Call zero_grad() of each optimiser before its backward().",
        _step((D_ZERO, ""), (G_ZERO, "")),
        _step((D_ZERO, "")),
        _step((G_ZERO, "")),
    ),
    mistake(
        "zero_grad() stands between backward() and step(), so the gradients are gone before anybody uses them. Call it before backward().",
        _step((D_ZERO + D_BACK, D_BACK + D_ZERO), (G_ZERO + G_BACK, G_BACK + G_ZERO)),
        _step((D_ZERO + D_BACK, D_BACK + D_ZERO)),
        _step((G_ZERO + G_BACK, G_BACK + G_ZERO)),
    ),
    mistake(
        "D's gradients are cleared too early, right after its step: G's loss then leaves its own in D, and D's next step uses them. "
        "Clear them before D's backward().",
        _step((D_ZERO, ""), (D_STEP, D_STEP + D_ZERO)),
        _step((D_ZERO, ""), (D_STEP, D_STEP + D_ZERO), (G_ZERO, ""), (G_STEP, G_STEP + G_ZERO)),
    ),
    mistake(
        "real and fake are swapped in D's loss: it gets the logits of real images first.",
        _step(("d_loss_function(real_logits, fake_logits)", "d_loss_function(fake_logits, real_logits)")),
        _step(("D(real), D(fake)", "D(fake), D(real)")),
    ),
    mistake(
        "the noise is the same in every step, so G learns pictures for these few vectors only. Draw it inside the step, without a seed.",
        _step(
            (D_FAKE, "fake = G(training.noise(G, len(real), 1)).detach()"),
            (G_FAKE, "D(G(training.noise(G, len(real), 2)))"),
        ),
        shows={"noise of two steps": "the same for both"},
    ),
    mistake(
        "the loss is summed over the batch. A mean is asked for, so that a step does not grow with the batch.",
        _step((D_BACK, "    (d_loss * len(real)).backward()\n"), (G_BACK, "    (g_loss * len(real)).backward()\n")),
        _step((D_BACK, "    (d_loss * len(real)).backward()\n")),
        _step((G_BACK, "    (g_loss * len(real)).backward()\n")),
        _step(
            (
                "d_loss = d_loss_function(real_logits, fake_logits)",
                "d_loss = len(real) * d_loss_function(real_logits, fake_logits)",
            )
        ),
        _step((f"losses.non_saturating_loss({G_FAKE})", f"softplus(-{G_FAKE}).sum()")),
    ),
    mistake(
        SIGMOID_TWICE,
        _step(("D(real), D(fake)", "D(real).sigmoid(), D(fake).sigmoid()"), (G_FAKE, f"{G_FAKE}.sigmoid()")),
        _step(("D(real), D(fake)", "D(real).sigmoid(), D(fake).sigmoid()")),
        _step((G_FAKE, f"{G_FAKE}.sigmoid()")),
    ),
    mistake(
        "something that you return, or keep, still holds on to its graph: a history of 10,000 such losses keeps 10,000 graphs in memory. "
        "Return d_loss.detach() and g_loss.detach(), and whatever else you return the same way.",
        _step(("d_loss.detach()", "d_loss"), ("g_loss.detach()", "g_loss")),
        _step(("d_loss.detach()", "d_loss")),
        _step(("g_loss.detach()", "g_loss")),
        _step(("    d_real =", "    real.graphs = [d_loss, g_loss]\n    d_real =")),
        shows={"after the step, the graph of its losses": "still in memory"},
    ),
    mistake(
        LEFT_IN_EVAL,
        _step(("    d_real =", "    G.eval()\n    d_real =")),
        _step(("    d_real =", "    G.eval()\n    D.eval()\n    d_real =")),
        _step((D_FAKE, f"G.eval()\n    {D_FAKE}")),
        shows={"G afterwards": "in eval mode"},
    ),
    mistake(
        LEFT_IN_EVAL,
        _step(("    d_real =", "    D.eval()\n    d_real =")),
        _step(("    g_loss = ", "    D.eval()\n    g_loss = ")),
        shows={"D afterwards": "in eval mode"},
    ),
    mistake(
        "the batch of real images is changed in place; whoever uses it after you sees other images. Write real = real ..., not real.mul_(...) or real += ...",
        _step((f"    {D_FAKE}", f"    real.add_(1).mul_(0.5)\n    {D_FAKE}")),
        _step((f"    {D_FAKE}", f"    real += 0.1 * torch.randn_like(real)\n    {D_FAKE}")),
        _step((f"    {D_FAKE}", f"    real.mul_(0.5)\n    {D_FAKE}")),
        _step((f"    {D_FAKE}", f"    real.mul_(2).sub_(1)\n    {D_FAKE}")),
        _step((f"    {D_FAKE}", f"    real.clamp_(0, 1)\n    {D_FAKE}")),
        shows={"the real images afterwards": "changed in place"},
    ),
    mistake(
        "nothing leads from D's loss back to D's weights: a no_grad() is open around D, something is detached on the way, or the step before has left D frozen "
        "(then set requires_grad back to True).",
        _step(("    g_loss = ", "    D.requires_grad_(False)\n    g_loss = ")),
        _step(
            (
                "real_logits, fake_logits = D(real)",
                "with torch.no_grad():\n        real_logits, fake_logits = D(real)",
            )
        ),
        _step((D_BACK, D_BACK.replace("d_loss", "d_loss.detach()"))),
    ),
    mistake(
        "d_real and d_fake are mean probabilities, or mean logits. They are shares: of how many images was D right? (logits > 0).float().mean().",
        _step(
            ("(real_logits > 0).float().mean()", "real_logits.mean().detach()"),
            ("(fake_logits < 0).float().mean()", "fake_logits.mean().detach()"),
        ),
        _step(
            ("(real_logits > 0).float().mean()", "real_logits.sigmoid().mean().detach()"),
            ("(fake_logits < 0).float().mean()", "(1 - fake_logits.sigmoid()).mean().detach()"),
        ),
        _step(
            ("(real_logits > 0).float().mean()", "real_logits.sigmoid().mean().detach()"),
            ("(fake_logits < 0).float().mean()", "fake_logits.sigmoid().mean().detach()"),
        ),
    ),
    mistake(
        "d_fake is the share of the fakes that D was wrong about. It is right about a fake where the logit is below 0.",
        _step(("fake_logits < 0", "fake_logits > 0")),
    ),
    mistake(
        "d_real is the share of the real images that D was wrong about. It is right about a real image where the logit is above 0.",
        _step(("real_logits > 0", "real_logits < 0")),
    ),
    mistake(
        "d_real and d_fake are the shares of the images that D was wrong about. It is right where the logit of a real image is above 0, and that of a fake below.",
        _step(("real_logits > 0", "real_logits < 0"), ("fake_logits < 0", "fake_logits > 0")),
    ),
    mistake(
        "the logits are compared with 0.5, which is for probabilities. A logit of 0 is a probability of one half.",
        _step(("real_logits > 0", "real_logits > 0.5"), ("fake_logits < 0", "fake_logits < 0.5")),
    ),
    mistake(
        "d_real, or d_fake, is taken after D's update, or in G's turn. They are the shares of D's turn: of the logits that its loss was made of.",
        _step(("(real_logits > 0)", "(D(real) > 0)"), ("(fake_logits < 0)", "(D(fake) < 0)")),
        _step(("(real_logits > 0)", "(D(real) > 0)")),
        _step(("(fake_logits < 0)", "(D(fake) < 0)")),
        _step(
            (f"losses.non_saturating_loss({G_FAKE})", f"losses.non_saturating_loss(again := {G_FAKE})"),
            ("fake_logits < 0", "again < 0"),
        ),
    ),
    mistake(
        "two values of the dict have changed places.",
        _step(
            (
                '"d_loss": d_loss.detach(), "g_loss": g_loss.detach()',
                '"d_loss": g_loss.detach(), "g_loss": d_loss.detach()',
            )
        ),
        _step(('"d_real": d_real, "d_fake": d_fake', '"d_real": d_fake, "d_fake": d_real')),
    ),
    mistake(
        "d_real and d_fake are counts, or percentages. They are shares, from 0 to 1: divide by the number of images, or take the mean.",
        _step(
            ("(real_logits > 0).float().mean()", "100 * (real_logits > 0).float().mean()"),
            ("(fake_logits < 0).float().mean()", "100 * (fake_logits < 0).float().mean()"),
        ),
        _step(
            ("(real_logits > 0).float().mean()", "(real_logits > 0).sum()"),
            ("(fake_logits < 0).float().mean()", "(fake_logits < 0).sum()"),
        ),
    ),
    mistake(
        "G trains on the minimax loss, log(1 - D). The text asks for the non-saturating one: the mean of softplus(-a).",
        _step(("losses.non_saturating_loss", "losses.saturating_loss")),
        _step((f"losses.non_saturating_loss({G_FAKE})", f"-d_loss_function(D(real), {G_FAKE})")),
    ),
    mistake(
        "G learns to be caught: its loss is low where D recognises the fakes. It is the mean of softplus(-a) over the logits of fakes.",
        _step((f"losses.non_saturating_loss({G_FAKE})", f"softplus({G_FAKE}).mean()")),
        _step((f"losses.non_saturating_loss({G_FAKE})", f"-losses.non_saturating_loss({G_FAKE})")),
    ),
    mistake(
        "the sign of D's loss is turned around, so that D learns to be wrong. It is a loss already: what the optimiser makes smaller.",
        _step((D_LOSS, f"-{D_LOSS}")),
    ),
    mistake(
        "the labels of the cross-entropy are smoothed: the target of real images is below 1, or that of fakes above 0. This step has no smoothing of its own.",
        *(_step((D_LOSS, f"losses.discriminator_loss(real_logits, fake_logits, {t})")) for t in (0.9, 0.8, 0.7)),
        _step((D_LOSS, "_with_labels(0.9, 0.1)(real_logits, fake_logits)")),
        _step((D_LOSS, "_with_labels(1.0, 0.1)(real_logits, fake_logits)")),
    ),
    mistake(
        "this is the loss of another GAN: least squares, Wasserstein or hinge. Here D and G take the cross-entropy, with the losses of lesson 3.",
        _step((D_LOSS, "(real_logits - 1).square().mean() + fake_logits.square().mean()")),
        _step((D_LOSS, "fake_logits.mean() - real_logits.mean()")),
        _step((D_LOSS, "(1 - real_logits).relu().mean() + (1 + fake_logits).relu().mean()")),
        _step((f"losses.non_saturating_loss({G_FAKE})", f"({G_FAKE} - 1).square().mean()")),
        _step((f"losses.non_saturating_loss({G_FAKE})", f"-{G_FAKE}.mean()")),
    ),
    mistake(
        "this is half of G's loss: the mean of softplus(-a) is asked for, not half of it.",
        _step((f"losses.non_saturating_loss({G_FAKE})", f"0.5 * losses.non_saturating_loss({G_FAKE})")),
    ),
    mistake(
        "only a part of the batch is used. D sees all images of `real`, and as many fakes.",
        _step((f"    {D_FAKE}", f"    real = real[: len(real) // 2]\n    {D_FAKE}")),
    ),
    mistake(
        "G is in eval mode while it draws the fakes of its own turn: batch normalisation then takes its running averages instead of the batch's.",
        _step((G_LOSS, f"    G.eval()\n{G_LOSS}    G.train()\n")),
    ),
    mistake(
        "G is in eval mode in both turns: batch normalisation then takes its running averages instead of the batch's.",
        _step((D_FAKE, f"G.eval(); {D_FAKE}"), (G_STEP, f"{G_STEP}    G.train()\n")),
    ),
    mistake(
        "this is half of D's loss: the sum of the two means is asked for, not their mean.",
        _step((D_LOSS, f"0.5 * {D_LOSS}")),
    ),
    mistake(
        "D's loss leaves out the fakes or the real images, or from one of the two no gradient comes back (no_grad(), detach()). It has both terms: softplus(-a) for real images, softplus(a) for fakes.",
        _step((D_LOSS, "softplus(-real_logits).mean()")),
        _step((D_LOSS, "softplus(fake_logits).mean()")),
    ),
)

STEP_VARIANTS = (
    _step((D_FAKE, "with torch.no_grad():\n        fake = G(training.noise(G, len(real)))")),
    _step((D_FAKE, NOT_CUT), ("D(real), D(fake)", "D(real), D(fake.detach())")),
    _step(("real_logits, fake_logits = D(real), D(fake)", "fake_logits = D(fake)\n    real_logits = D(real)")),
    _step(
        (
            f"losses.non_saturating_loss({G_FAKE})",
            f"binary_cross_entropy_with_logits({G_FAKE}, torch.ones(len(real)))",
        )
    ),
    _step((D_ZERO, ""), (G_ZERO, ""), (f"    {D_FAKE}", f"{D_ZERO}    {D_FAKE}"), (D_STEP, D_STEP + G_ZERO)),
    _step((D_ZERO, "    opt_D.zero_grad(set_to_none=False)\n"), (G_ZERO, "    opt_G.zero_grad(set_to_none=False)\n")),
    _step((D_ZERO, "    D.zero_grad()\n"), (G_ZERO, "    G.zero_grad()\n    D.zero_grad()\n")),
    _step((D_ZERO, ""), (G_ZERO, ""), (G_STEP, G_STEP + D_ZERO + G_ZERO)),
    _step(
        ("    g_loss = ", "    D.requires_grad_(False)\n    g_loss = "),
        (G_STEP, G_STEP + "    D.requires_grad_(True)\n"),
    ),
    _step(
        (f"    {D_FAKE}", f"    z = training.noise(G, len(real)), training.noise(G, len(real))\n    {D_FAKE}"),
        (D_FAKE, "fake = G(z[0]).detach()"),
        (G_FAKE, "D(G(z[1]))"),
    ),
    _step(
        (D_FAKE, "fake = G(torch.randn(len(real), 64)).detach()"),
        (G_FAKE, "D(G(torch.randn((real.shape[0], 64), device=real.device)))"),
    ),
    _step(("d_loss.detach()", "d_loss.item()"), ("g_loss.detach()", "g_loss.item()")),
    _step(("d_loss.detach()", "d_loss.detach().numpy()"), ('"d_real": d_real', '"d_real": d_real, "more": 1')),
    _step(
        (
            D_FAKE,
            "with torch.inference_mode():\n        fake = G(training.noise(G, len(real)))\n    fake = fake.clone()",
        )
    ),
    _step((D_BACK, ""), (D_STEP, ""), (D_ZERO, f"{D_ZERO}    d_loss.backward(inputs=list(D.parameters()))\n{D_STEP}")),
    _step((f"    {D_FAKE}", f"    G.train()\n    D.train()\n    {D_FAKE}")),
)

# Right where D has no batch normalisation.
IN_ONE_BATCH = _step(("D(real), D(fake)", "D(torch.cat([real, fake])).split(len(real))"))

# Where to look, in a training step of any lesson, if no mistake fits.
STEP_LOOK = {
    "what it returns": "The updates are fine; at the end a dict is wanted, with the keys d_loss, g_loss, d_real and d_fake.",
    "its keys": "The updates are fine; the dict needs the keys d_loss, g_loss, d_real and d_fake, spelt like this.",
    "d_loss": "The updates are fine; d_loss is to be D's loss as a number, before its update.",
    "g_loss": "The updates are fine; g_loss is to be G's loss as a number, before its update.",
    "d_real": "The updates are fine; d_real is the share of the real images, from 0 to 1, with a logit above 0. Take the logits that D's loss was made of.",
    "d_fake": "The updates are fine; d_fake is the share of the fakes, from 0 to 1, with a logit below 0. Take the logits that D's loss was made of.",
    "shape of the noise": "Draw one noise vector for each image of `real`: training.noise(G, len(real)).",
    "distribution of the noise": "The noise is to be standard normal, as training.noise makes it.",
    "after the step, the graph": "Something that you return still holds on to its graph: d_loss.detach(), g_loss.detach().",
}

train_step = Exercise(
    name="train_step",
    reference=_train_step,
    points=6,
    partial=True,
    cases=_step_cases,
    observe=observers.training_step,
    random=True,
    look=STEP_LOOK
    | {
        "d_loss": "The updates are fine; d_loss is to be the number that d_loss_function gave, before D's update.",
        "g_loss": "The updates are fine; g_loss is to be the number that generator_loss gave.",
        "shape of the noise": "Draw one noise vector for each image of `real`: draw_noise(len(real), real.device).",
        "distribution of the noise": "The noise is to be standard normal, as draw_noise makes it.",
        "change of D": "Look at D's turn: which loss, of which images, and what happens to its gradients before opt_D.step()?",
        "change of G": "Look at G's turn: which loss, of which fakes, and what happens to its gradients before opt_G.step()?",
        "": "Follow your step line by line with section 3.7: whose noise, whose loss, whose gradients are cleared, who steps.",
    },
    mistakes=(
        *STEP_MISTAKES,
        mistake(
            "D's loss is not d_loss_function but always the same one. Section 3.11 will hand in another.",
            _step(("d_loss = d_loss_function", "d_loss = losses.discriminator_loss")),
        ),
    ),
    accepted=(
        *STEP_VARIANTS,
        IN_ONE_BATCH,
        _step(
            (
                "d_loss_function(real_logits, fake_logits)",
                "d_loss_function(real_logits=real_logits, fake_logits=fake_logits)",
            )
        ),
    ),
)


# ---- the loop -----------------------------------------------------------------------------------------------------


def _train_loop(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
    """Call train_step `steps` times on random batches of images, uint8 (N, 1, 28, 28); return what it returned, as a list."""
    history = []
    for step in range(1, steps + 1):
        picked = torch.randint(len(images), (batch_size,))
        real = images[picked].float() / 127.5 - 1
        history.append(train_step(G, D, opt_G, opt_D, real, step))
    return history


def _loop(*changes):
    return edited(_train_loop, *changes)


def _loop_cases(seed, strict):
    images = torch.randint(256, (42, 1, 28, 28), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    sizes = [(30, 8)] if not strict else [(41 + seed % 7, 8), (12, 20)]
    return [
        {
            "about": f"{len(images)} images, steps = {steps}, batch_size = {size}",
            "images": images,
            "steps": steps,
            "batch_size": size,
        }
        for steps, size in sizes
    ]


def _epochs(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
    history, step = [], 0
    while step < steps:
        for picked in torch.randperm(len(images)).split(batch_size):
            if len(picked) < batch_size or step == steps:
                break
            step += 1
            history.append(train_step(G, D, opt_G, opt_D, images[picked].float().div(127.5).sub(1), step))
    return history


def _steps_as_epochs(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
    history = []
    for _ in range(steps):
        for picked in torch.randperm(len(images)).split(batch_size):
            if len(picked) == batch_size:
                real = images[picked].float() / 127.5 - 1
                history.append(train_step(G, D, opt_G, opt_D, real, len(history) + 1))
    return history


def _with_loader(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
    data = torch.utils.data.TensorDataset(training.to_unit(images))
    sampler = torch.utils.data.RandomSampler(data, replacement=True, num_samples=steps * batch_size)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, sampler=sampler)
    return [train_step(G, D, opt_G, opt_D, real, step) for step, (real,) in enumerate(loader, start=1)]


ONE_IMAGE = "a batch is one single image: one index picks one image. Pick batch_size indices: torch.randint(len(images), (batch_size,))."
PICKED = "picked = torch.randint(len(images), (batch_size,))"
REAL = "real = images[picked].float() / 127.5 - 1"

train_loop = Exercise(
    name="train_loop",
    reference=_train_loop,
    points=3,
    cases=_loop_cases,
    observe=observers.training_loop,
    random=True,
    look={
        "images in the batches": "Either the batches are not taken from `images`, or their pixels are scaled in another way than .float() / 127.5 - 1.",
        "shape of every batch": "Every batch has the shape (batch_size, 1, 28, 28), the last one too.",
        "type of a batch": "The networks want float32: .float().",
        "pixels": "The pixels are scaled in another way than .float() / 127.5 - 1, which maps 0…255 to -1…1.",
        "calls of train_step": "train_step is to be called once for each step, `steps` times in all.",
        "step numbers": "train_step also gets the number of the step: 1 in the first call, `steps` in the last.",
        "the dataset afterwards": "`images` itself has changed; scale a copy: real = images[picked].float() / 127.5 - 1.",
        "what it returns": "Return a list, with one entry for each step.",
        "length of the history": "Append one entry in each step: history.append(train_step(...)).",
        "entries of the history": "Append what train_step returns as it is: history.append(train_step(...)).",
        "": "Each round: pick batch_size images at random, scale them to [-1, 1], call train_step, keep what it returns.",
    },
    mistakes=(
        mistake(
            "the loop does not end. Does `step` grow in each round? With `for step in range(1, steps + 1):` it does by itself.",
            _loop(("    for step in range(1, steps + 1):", "    step = 1\n    while step <= steps:")),
            shows={"calls of train_step": "no end of them"},
        ),
        mistake(
            "`steps` is taken for a number of passes over the images. It is the number of calls of train_step.",
            _steps_as_epochs,
        ),
        mistake(
            "train_step is never called. Call it in each round; and mind that a `yield` makes a generator of your function, whose lines run only "
            "when somebody asks for the next value.",
            _loop(("history.append(train_step(G, D, opt_G, opt_D, real, step))", "pass")),
            _loop(("history.append(", "yield (")),
            shows={"calls of train_step": 0},
        ),
        mistake(
            "the `return` stands inside the loop, so it ends after one step. Indent it less.",
            _loop(("    return history\n", "        return history\n")),
            shows={"calls of train_step": 1},
        ),
        mistake(
            ONE_IMAGE,
            _loop((PICKED, "picked = torch.randint(len(images), ())")),
            shows={"shape of every batch": (1, 28, 28)},
        ),
        mistake(
            ONE_IMAGE,
            _loop((PICKED, "picked = torch.randint(len(images), (1,))")),
            shows={"shape of every batch": (1, 1, 28, 28)},
        ),
        mistake(
            "the slices run past the end of `images`: the batches become smaller and then empty. Pick at random instead: torch.randint gives "
            "indices of any number.",
            _loop((PICKED, "picked = slice((step - 1) * batch_size, step * batch_size)")),
        ),
        mistake(
            "every round trains on the same batch. Pick new images inside the loop.",
            _loop((PICKED, "picked = torch.arange(batch_size)")),
            _loop(("    history = []\n", f"    history = []\n    {PICKED}\n"), (f"        {PICKED}\n", "")),
            _loop((PICKED, f"torch.manual_seed(0); {PICKED}")),
        ),
        mistake(
            "the images come in the order of the dataset. Pick them at random: torch.randint gives random indices.",
            _loop((PICKED, "picked = torch.arange((step - 1) * batch_size, step * batch_size) % len(images)")),
        ),
        mistake(
            "the pixels are still from 0 to 255. Scale them to [-1, 1], as in section 3.1: .float() / 127.5 - 1.",
            _loop((REAL, "real = images[picked].float()")),
            _loop((REAL, "real = images[picked]")),
        ),
        mistake(
            "the pixels lie between 0 and 1. The generator's tanh draws from -1 to 1, so scale to that: / 127.5 - 1.",
            _loop((REAL, "real = images[picked].float() / 255")),
            _loop((REAL, "real = images[picked] / 255")),
        ),
        mistake(
            "whole-number arithmetic: uint8 cannot hold -1, so dark pixels wrap around. Make floats of the images first: .float().",
            _loop((REAL, "real = (images[picked] - 127).float() / 127.5")),
        ),
        mistake(
            "steps are counted from 0. The first step is number 1: range(1, steps + 1).",
            _loop(("range(1, steps + 1)", "range(steps)")),
        ),
        mistake(
            "there is one step too few: range(1, n) ends before n. Use range(1, steps + 1).",
            _loop(("range(1, steps + 1)", "range(1, steps)")),
        ),
        mistake(
            "only the last step is kept. Append what train_step returns to a list, and return the list.",
            _loop(
                (
                    "history.append(train_step(G, D, opt_G, opt_D, real, step))",
                    "history = train_step(G, D, opt_G, opt_D, real, step)",
                )
            ),
            _loop(
                (
                    "history.append(train_step(G, D, opt_G, opt_D, real, step))",
                    "history = [train_step(G, D, opt_G, opt_D, real, step)]",
                )
            ),
        ),
        mistake(
            "nothing comes back: return the history.",
            _loop(("    return history\n", "")),
            _loop(("history.append(", "("), ("return history", "return None")),
        ),
        mistake(
            "the history stays empty: append what train_step returns.",
            _loop(("history.append(", "(")),
        ),
        mistake(
            "the players are handed on in another order than train_step takes them: G, D, opt_G, opt_D.",
            _loop(("G, D, opt_G, opt_D, real, step)", "D, G, opt_D, opt_G, real, step)")),
            _loop(("G, D, opt_G, opt_D, real, step)", "G, D, opt_D, opt_G, real, step)")),
        ),
        mistake(
            "only a few of the images are ever used. The random indices go up to len(images), a new one for each image of a batch.",
            _loop((PICKED, "picked = torch.randint(batch_size, (batch_size,))")),
            _loop((PICKED, "picked = torch.randperm(batch_size)")),
            shows={
                "part of `images` that is used": "a part",
                "two batches": "different",
                "order of the images": "random",
            },
        ),
    ),
    accepted=(
        _epochs,
        _with_loader,
        _loop((PICKED, "picked = torch.randperm(len(images))[:batch_size]")),
        _loop((REAL, "real = training.to_unit(images[picked])")),
        _loop((REAL, "real = (images[picked].float() / 255 - 0.5) / 0.5")),
        _loop((REAL, "real = images[picked] / 127.5 - 1")),
        _loop((REAL, "real = images[picked].float() / 255 * 2 - 1")),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------


question_1 = question(
    "question_1",
    "c",
    a="think of the step you wrote: d_loss.backward() runs in D's turn, so something is propagated back. Through which network?",
    b="if gradients went on into G, opt_G would still not step; and detach() cuts them off before. Look at section 3.7 again.",
    d="train() and eval() change batch normalisation and dropout. They stop no gradient.",
)
question_2 = question(
    "question_2",
    "d",
    a="a loss is a score against this opponent at this moment. Could D's loss also rise because the fakes got better?",
    b="better fakes are one way to make D's loss rise. Is there another, one with bad pictures?",
    c="log 4 is the loss of a D that says one half to everything. A D that sees nothing says that too, however the fakes look.",
)
question_3 = question(
    "question_3",
    "b",
    a="a judge that is sure of everything: what is the slope of log(1 - D) where its logit is -10? Section 3.6 printed it.",
    c="the gradient through D still points towards 'more real'. But how large is it? Section 3.6 has the number.",
    d="nothing in the code stops. Look at the size of the gradient in section 3.6.",
)
