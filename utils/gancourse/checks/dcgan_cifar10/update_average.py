"""Exercise 8: the exponential moving average of a network's weights."""

import torch
from torch import nn

from gancourse.checks import answers
from gancourse.checks.answers import instead
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import randn

# decay, whether the average asks for no gradients, whether it is in training mode, calls
VISIBLE = [(0.5, False, True, 1), (0.75, True, False, 1), (0.999, True, True, 2)]
GRADED = [(0.9, False, False, 1), (0.1, True, True, 1), (0.99, True, False, 4), (0.3, False, True, 2)]


def _cases(seed: int, strict: bool) -> list[dict]:
    cases = []
    for i, (decay, frozen, training, calls) in enumerate(GRADED if strict else VISIBLE):
        about = f"a small network with a linear layer, convolutions, batch norm, and a parameter and a buffer of its own, decay = {decay}, "
        about += f"{calls} call{'s' * (calls > 1)}; {'the average asks for no gradients' if frozen else 'both ask for gradients'}"
        case = {"about": about, "frozen": frozen, "training": training, "decay": decay, "calls": calls}
        cases.append(case | {"seeds": (2 * seed + 1_000 * i, 2 * seed + 1 + 1_000 * i)})
    return cases


class _Small(nn.Sequential):
    """Several kinds of layers, one of them frozen and one in eval mode; a parameter and a buffer of its own."""

    def __init__(self, seed: int, training: bool):
        convolutions = nn.ConvTranspose2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.ConvTranspose2d(3, 1, 2)
        super().__init__(nn.Linear(3, 8), nn.Unflatten(1, (2, 2, 2)), *convolutions)
        self.level = nn.Parameter(torch.zeros(2))
        self.register_buffer("spread", torch.ones(2))
        with torch.no_grad():
            for i, value in enumerate((*self.parameters(), *self.buffers())):
                numbers = 1 + randn(100 * seed + i, *value.shape).abs()
                value.copy_(numbers if value.is_floating_point() else 10 + seed % 1000)
        self.train(training)
        self[3].train(not training)
        self[0].bias.requires_grad_(False)


def _observe(answer, case, like) -> dict:
    average, G = _Small(case["seeds"][0], case["training"]), _Small(case["seeds"][1], True)
    if case["frozen"]:
        average.requires_grad_(False)
    before = {name: id(value) for name, value in average.named_parameters()}
    start = {name: value.clone() for name, value in average.state_dict().items()}
    for p in (*average.parameters(), *G.parameters()):
        p.grad = torch.full_like(p, 0.5)
    for _ in range(case["calls"]):
        with torch.no_grad():
            for p in G.parameters():
                p.mul_(1.1)
            G.spread.add_(1)
        answer(average, G, case["decay"])
        answer.results.clear()  # nothing is to come back; who returns the average returns the same one each time
    parameters, state = dict(average.named_parameters()), average.state_dict(keep_vars=True)
    ours = before == {name: id(value) for name, value in parameters.items()}
    graph = any(value.grad_fn is not None for value in state.values())
    after = {name: value.detach().clone() for name, value in state.items()}
    with torch.no_grad():
        for value in (*G.parameters(), *G.buffers()):
            value.add_(1)
    alone = all(torch.equal(value, after[name]) for name, value in average.state_dict().items())
    changed = {name for name, value in after.items() if name in start and not torch.equal(value, start[name])}
    moved, asking = changed & parameters.keys(), {name for name, p in parameters.items() if p.requires_grad}
    only = "only those that ask for gradients" if moved == asking < parameters.keys() else "some change, asking or not"
    return {
        "parameters": only if moved else "none changes",
        "buffers": "some change" if changed - parameters.keys() else "none changes",
        "objects": "those that it had" if ours else "others",
        "graph": "kept in memory" if graph else "none",
        "memory": "its own" if alone else "shared with G",
    } | {f"{'parameter' if name in parameters else 'buffer'}:{name}": after[name].double() for name in after}


NO_GRAD, MOVED, COPIED = "with torch.no_grad():", "mean.lerp_(new, 1 - decay)", "old.copy_(new)"
REPLACED = "the average gets new parameter tensors, so code that holds the old ones sees no change. Write into the old ones: lerp_, copy_, ..."
ONLY_READ = "G has changed. It is only read; the average is what moves. Which of the two do you write into?"

update_average = Exercise(
    reference=answers.load("dcgan_cifar10", "update_average"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "parameters": {
            "only": "only parameters with requires_grad=True have changed. Update all of them: an average is often frozen, and still all of its parameters change.",
            "": "no parameter of the average has changed. `p = ...` only gives a name to a new tensor: write into its own, by mul_, add_, lerp_ or copy_.",
        },
        "buffers": "no buffer of the average has changed. Batch norm's running averages are not parameters, and without them the average draws with the "
        "statistics of other weights: copy G's into them.",
        "objects": REPLACED,
        "graph": "PyTorch records a graph of this arithmetic, which would grow with every step. Put it under torch.no_grad().",
        "memory": "the average and G share memory: where G's own tensor is put into the average, it moves with G from then on. Copy the numbers: copy_.",
        "parameter": "a parameter of the average is not decay · average + (1 - decay) · G. Is the arithmetic right? (In place, the second operation sees the result of "
        "the first.) Is every parameter updated exactly once, the network's own, too? average.parameters() gives all of them.",
        "buffer": "a buffer of the average is not a copy of G's: batch norm's running averages and counter, or another. average.buffers() goes over all.",
        "weights:G": ONLY_READ,
        "averages:G": ONLY_READ,
        "trainable:average": {
            "other parameters": REPLACED,
            "": "requires_grad has changed for parameters of the average. Leave it alone: torch.no_grad() around the arithmetic is enough.",
        },
        "": "Parameters: decay · average + (1 - decay) · G, written into the average in place. Buffers: a copy of G's numbers.",
    },
    mistakes=(
        mistake(
            "PyTorch records a graph of this arithmetic: it would grow with every step, and a parameter that asks for gradients cannot be changed in "
            "place meanwhile. Put it under torch.no_grad().",
            f"{NO_GRAD} → if True:",
            (f"{NO_GRAD} → if True:", f"{MOVED} → mean.mul_(decay).add_(new, alpha=1 - decay)"),
            (f"{NO_GRAD} → if True:", f"{MOVED} → mean.copy_(decay * mean + (1 - decay) * new)"),
        ),
        mistake(
            "decay multiplies the wrong term: the larger decay is, the more of the old average should remain.",
            f"{MOVED} → mean.lerp_(new, decay)",
        ),
        mistake(
            "the buffers are averaged as the parameters are, or left out in part. All are copied: running statistics, and the counter, a whole number.",
            *instead(COPIED, "old.lerp_(new, 1 - decay)", "old.copy_(decay * old + (1 - decay) * new)"),
            f"{COPIED} → old.lerp_(new, 1 - decay) if old.is_floating_point() else {COPIED}",
            f"{COPIED} → old.is_floating_point() and {COPIED}",
        ),
        mistake(
            "the two parts do not add up to a whole: take decay of the old average and 1 - decay of G's weights.",
            *instead(MOVED, "mean.copy_(new)", "mean.mul_(decay)", "mean.mul_(decay).add_(new)"),
            f"{MOVED} → mean.add_(new, alpha=1 - decay)",
            f"{MOVED} → mean.mul_(decay).add_(new, alpha=decay)",
        ),
    ),
)
