"""What to look at in an answer, for the exercises of GAN lessons.

Each `observe` function takes (answer, case, like) and returns what the answer did as plain data, under names that a
learner understands: a check shows them as they stand. `like` is an earlier observation whose noise is to be used again.
"""

import math
import weakref
from itertools import pairwise

import torch
from torch import Tensor, nn

MANY = 1_000  # rows: enough for statistics
UNUSUAL = 5.5  # standard deviations: a right answer is found unusual less than once in ten million looks


def kind(value: object) -> str:
    """Return what a value is, in a word: "tensor", "float", "nothing (None)"."""
    if value is None:
        return "nothing: is the `return` missing?"
    return "a tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"


# ---- losses -------------------------------------------------------------------------------------------------------


def loss(answer, case, like) -> dict:
    """A loss on logits: its value, its shape, and its gradient in every logit.

    case["logits"]: argument name -> tensor (N,); case["options"], if there: further keyword arguments.
    """
    logits = {name: values.clone().requires_grad_() for name, values in case["logits"].items()}
    value = answer(*logits.values(), **case.get("options", {}))
    seen = {"what it returns": kind(value)}
    if not isinstance(value, Tensor):
        return seen
    seen["its value"] = value.detach()
    seen["its gradient"] = "there" if value.requires_grad else "none: the result does not depend on the logits"
    if value.requires_grad and value.dim() == 0:
        gradients = torch.autograd.grad(value, list(logits.values()), allow_unused=True)
        for (name, values), gradient in zip(logits.items(), gradients, strict=True):
            seen[f"its gradient in {name}"] = torch.zeros_like(values) if gradient is None else gradient
    return seen


# ---- random functions ---------------------------------------------------------------------------------------------


def draw(answer, case, like) -> dict:
    """A function that returns random numbers (n, d): what they are, how they are distributed, whether independent.

    case["n"]: how many rows; case["device"]: the device to ask for, if any ("meta" needs no hardware).
    """
    options = {"device": case["device"]} if "device" in case else {}
    values = answer(case["n"], **options)
    seen = {"what it returns": kind(values)}
    if not isinstance(values, Tensor):
        return seen
    seen |= {"its shape": tuple(values.shape), "its type": str(values.dtype), "its device": values.device.type}
    seen["its gradient"] = "wanted" if values.requires_grad else "not wanted"
    if values.device.type == "meta" or values.dim() != 2 or not values.is_floating_point():
        return seen
    again = answer(case["n"], **options)
    seen["a second call"] = "the same numbers" if torch.equal(values, again) else "new numbers"
    if len(values) >= MANY:
        seen |= independence(values)
        if seen["the rows"] == seen["the columns"] == "independent":
            seen |= distribution(values)
    return seen


def distribution(values: Tensor) -> dict[str, str]:
    """Return mean, standard deviation (one decimal each) and kind of distribution of many random numbers, as text."""
    flat = values.detach().double().flatten()
    spread = flat.std().item()
    kinds = {"normal": normal_distance, "uniform": uniform_distance}
    which = [name for name, distance in kinds.items() if spread > 0 and distance(flat) * math.sqrt(len(flat)) < 3]
    return {
        "the mean": f"about {round(flat.mean().item(), 1) + 0.0}",
        "the standard deviation": f"about {round(spread, 1)}",
        "the distribution": (which or ["neither normal nor uniform"])[0],
    }


def normal_distance(values: Tensor) -> float:
    """Return the largest gap between the distribution of values (n,) and a normal one (Kolmogorov-Smirnov)."""
    ordered = ((values - values.mean()) / values.std()).sort().values
    return _largest_gap(torch.special.ndtr(ordered))


def uniform_distance(values: Tensor) -> float:
    """Return the same for a uniform distribution between the smallest and the largest value."""
    ordered = values.sort().values
    return _largest_gap((ordered - ordered[0]) / (ordered[-1] - ordered[0]))


def _largest_gap(expected: Tensor) -> float:
    steps = torch.arange(len(expected) + 1, dtype=expected.dtype) / len(expected)
    return torch.maximum((expected - steps[:-1]).abs(), (expected - steps[1:]).abs()).max().item()


def independence(values: Tensor) -> dict[str, str]:
    """Return whether the rows, and the columns, of random numbers (n, d) are independent of each other, as text."""
    values = values.detach().double()
    values = (values - values.mean()) / values.std().clamp_min(1e-12)
    return {"the rows": _independent(values), "the columns": _independent(values.T)}


def _independent(rows: Tensor) -> str:
    """Rows that repeat are found by looking; rows that share something make the means of the columns too large."""
    if len(rows.unique(dim=0)) < len(rows):
        return "some are the same"
    columns = rows.shape[1]
    squares = (len(rows) * rows.mean(0).square()).sum().item()  # chi-squared, if independent
    usual = 1 - 2 / (9 * columns)
    unusual = ((squares / columns) ** (1 / 3) - usual) / math.sqrt(1 - usual)  # Wilson & Hilferty 1931
    return "independent" if abs(unusual) < UNUSUAL else "not independent"


def initialisation(answer, case, like) -> dict:
    """A function for `network.apply`, called on linear layers and batch normalisation: what it makes of them.

    case["network"]: a function that returns the network.
    """
    network = case["network"]()
    network.apply(answer)
    seen = {}
    for layer, name in ((nn.Linear, "Linear"), (nn.BatchNorm1d, "BatchNorm1d")):
        layers = [m for m in network if isinstance(m, layer) and m.weight is not None]
        weights = torch.cat([m.weight.detach().flatten() for m in layers]).double()
        biases = torch.cat([m.bias.detach() for m in layers if m.bias is not None])
        digits = "mean about {:.2f}, standard deviation about {:.2f}"
        seen[f"{name}: weights"] = digits.format(weights.mean().item() + 0.0, weights.std().item()).replace(
            "-0.00", "0.00"
        )
        normal = weights.std() > 0 and normal_distance(weights) * math.sqrt(len(weights)) < 3
        seen[f"{name}: distribution of the weights"] = "normal" if normal else "not normal"
        seen[f"{name}: biases"] = "all 0" if not biases.any() else f"from {biases.min():.3g} to {biases.max():.3g}"
    first = [p.detach().clone() for p in network.parameters()]
    network.apply(answer)
    same = all(torch.equal(a, b) for a, b in zip(first, network.parameters(), strict=True))
    seen["a second call"] = "the same weights" if same else "new weights"
    trainable = all(isinstance(p, nn.Parameter) and p.requires_grad for p in network.parameters())
    seen["every weight can be trained"] = trainable
    return seen


# ---- networks -----------------------------------------------------------------------------------------------------


def network(answer, case, like) -> dict:
    """A network class without arguments: its layers, its parameters, and its output where the weights are known.

    The weights are set to numbers that depend on a layer's shape alone, so that two networks of the same structure
    must agree in every output, however they are written. case["inputs"]: list of batches.
    """
    built = answer()
    if not isinstance(built, nn.Module):
        return {"what it is": f"{kind(built)}, not an nn.Module"}
    seen = {"number of weights and biases": sum(p.numel() for p in built.parameters())}
    for parameter in built.parameters():
        rng = torch.Generator().manual_seed(sum(s * 7**i for i, s in enumerate(parameter.shape)))
        size = 2 / math.sqrt(parameter[0].numel()) if parameter.dim() > 1 else 0.5  # large enough to bend every curve
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=rng) * size)
    ran = []
    for layer in built.modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda m, *_: ran.append(f"{m.in_features} → {m.out_features}"))
    for batch in case["inputs"]:
        given = batch.clone()
        ran.clear()
        output = built(given)
        seen |= {"what forward returns": kind(output), "linear layers, as they run": ", ".join(ran)}
        if not isinstance(output, Tensor):
            return seen
        seen[f"output for a batch of {len(batch)}"] = output.detach()
        seen["the same input again"] = "same output" if torch.equal(output, built(given)) else "another output"
        seen["the input afterwards"] = "unchanged" if torch.equal(given, batch) else "changed in place"
    if output.requires_grad:
        output.sum().backward()
    without = [name for name, p in built.named_parameters() if p.grad is None]
    seen["weights that receive no gradient"] = ", ".join(without) or "none"
    return seen


# ---- training steps -----------------------------------------------------------------------------------------------


class _Trace(torch.autograd.Function):
    """The identity; its place in the graph keeps `token` alive for as long as the graph lives."""

    @staticmethod
    def forward(ctx, x, token):
        ctx.token = token
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class _Token:
    pass


class _Player(nn.Module):
    """A small network that writes down how it is used in one training step."""

    def __init__(self, body: nn.Sequential, diary: list[str], name: str):
        super().__init__()
        self.body, self.diary, self.name = body, diary, name
        self.inputs: list[Tensor] = []
        self.replay: list[Tensor] = []  # inputs to use instead of those that come
        self.tokens: list[weakref.ref] = []

    def forward(self, x: Tensor) -> Tensor:
        self.inputs.append(x.detach().clone())
        if len(self.inputs) <= len(self.replay):
            x = self.replay[len(self.inputs) - 1]
        output = self.body(x)
        token = _Token()
        self.tokens.append(weakref.ref(token))
        output = _Trace.apply(output, token)
        if output.requires_grad:
            output.register_hook(lambda _: self.diary.append(f"gradient in {self.name}"))
        return output


class _Optimizer(torch.optim.SGD):
    """Plain gradient descent, in which the size of a gradient shows, that writes down when it steps."""

    def __init__(self, player: _Player, lr: float):
        super().__init__(player.parameters(), lr=lr)
        self.player = player

    def step(self, closure=None):
        self.player.diary.append(f"opt_{self.player.name}.step()")
        return super().step(closure)


def training_step(answer, case, like) -> dict:
    """A training step of both players, played a few times: what moved, by how much, who received gradients.

    case["batches"]: list of real images (N, 1, 28, 28), one a step; case["turn"]: "both", or the player to look at, while
    the other's learning rate is 0; case["options"], if there: further keyword arguments.
    """
    diary: list[str] = []
    G = _Player(
        nn.Sequential(nn.Linear(64, 6), nn.BatchNorm1d(6), nn.LeakyReLU(0.2), nn.Linear(6, 784), nn.Tanh()), diary, "G"
    )
    G.body.append(nn.Unflatten(1, (1, 28, 28)))
    G.z_dim = 64
    D = _Player(
        nn.Sequential(nn.Flatten(), nn.Linear(784, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1), nn.Flatten(0)), diary, "D"
    )
    turn = case["turn"]
    opt_G, opt_D = _Optimizer(G, 0.0 if turn == "D" else 1.0), _Optimizer(D, 0.0 if turn == "G" else 0.5)
    start = {player: _weights(player) for player in (G, D)}
    seen: dict = {"_noise": []}
    for number, batch in enumerate(case["batches"], start=1):
        diary.clear()
        for player in (G, D):
            player.inputs.clear()
            player.tokens.clear()
        G.replay = like["_noise"][number - 1] if number <= len(like.get("_noise", [])) else []
        real = batch.clone()
        values = answer(G, D, opt_G, opt_D, real, number, **case.get("options", {}))
        seen["_noise"].append(list(G.inputs))
        if not isinstance(values, dict):
            return seen | {"what it returns": kind(values)}
        if turn == "both":
            seen |= _order(diary)
            seen |= _noise(seen["_noise"], len(batch))
        for player in (G, D):
            if turn in ("both", player.name):
                seen[f"change of {player.name}'s weights by the end of step {number}"] = (
                    _weights(player) - start[player]
                )
                seen[f"{player.name.lower()}_loss in step {number}"] = _number(
                    values.get(f"{player.name.lower()}_loss")
                )
        if turn == "both":
            seen |= {f"{name} in step {number}": _number(values.get(name)) for name in ("d_real", "d_fake")}
            seen["the real images afterwards"] = "unchanged" if torch.equal(real, batch) else "changed in place"
            alive = [token for player in (G, D) for token in player.tokens if token() is not None]
            seen["after the step, the graph of its losses"] = "still in memory" if alive else "freed"
    for player in (G, D):
        seen[f"{player.name} afterwards"] = "in training mode" if player.training else "in evaluation mode"
        frozen = not all(p.requires_grad for p in player.parameters())
        seen[f"{player.name}'s weights afterwards"] = "frozen" if frozen else "trainable"
    return seen


def _weights(player: _Player) -> Tensor:
    return torch.cat([p.detach().flatten() for p in player.body.parameters()])


def _order(diary: list[str]) -> dict:
    steps = [entry for entry in diary if entry.endswith(".step()")]
    end = diary.index("opt_D.step()") + 1 if "opt_D.step()" in diary else 0
    received = {True: "receives a gradient", False: "receives no gradient"}
    return {
        "the optimisers' steps": ", ".join(steps) or "none",
        "G in D's turn": received["gradient in G" in diary[:end]],
        "G in its own turn": received["gradient in G" in diary[end:]],
    }


def _noise(steps: list[list[Tensor]], n: int) -> dict:
    """Return how the noise of the steps so far was drawn: steps[i][k] went into G at its k-th call in step i."""
    now, earlier = steps[-1], [z for step in steps[:-1] for z in step]
    fresh = len(now) > 1 and not any(torch.equal(a, b) for i, a in enumerate(now) for b in now[:i])
    new = not any(torch.equal(a, b) for a in now for b in earlier)
    numbers = torch.cat([z.flatten() for step in steps for z in step] or [torch.zeros(1)])
    usual = normal_distance(numbers) * math.sqrt(len(numbers)) < 3 and (numbers.std() - 1).abs() < 0.2
    return {
        "shape of the noise": ", ".join(sorted({str(tuple(z.shape)) for z in now})),
        "noise of the two turns": "fresh for each" if fresh else "the same for both",
        "noise of two steps": "fresh for each" if new else "the same for both",
        "distribution of the noise": "standard normal" if usual and numbers.mean().abs() < 0.2 else "another",
    }


def _number(value: object) -> object:
    """Return what was recorded as a float, or in words why it is none."""
    if isinstance(value, Tensor):
        return value.detach().float().item() if value.numel() == 1 else f"a tensor of shape {tuple(value.shape)}"
    return float(value) if isinstance(value, int | float) else kind(value)


def training_loop(answer, case, like) -> dict:
    """A loop that draws batches and calls a training step: which batches, how often, and what it keeps.

    case["images"]: uint8 (N, 1, 28, 28), all different; case["steps"], case["batch_size"].
    """
    images = case["images"].clone()
    calls: list[tuple] = []
    batches: list[Tensor] = []

    def train_step(G, D, opt_G, opt_D, real, step):
        calls.append(((G, D, opt_G, opt_D), step))
        batches.append(real.detach().float().clone() if isinstance(real, Tensor) else real)
        seen["a batch"] = kind(real)
        return {"d_loss": torch.tensor(1.0 + step), "g_loss": torch.tensor(2.0 * step)}

    G, D = nn.Linear(1, 1), nn.Linear(1, 1)  # the loop has only to hand them on
    players = G, D, torch.optim.SGD(G.parameters()), torch.optim.SGD(D.parameters())
    seen: dict = {}
    history = answer(train_step, *players, images, case["steps"], case["batch_size"])
    seen["calls of train_step"] = len(calls)
    seen["the dataset afterwards"] = "unchanged" if torch.equal(images, case["images"]) else "changed in place"
    if calls:
        seen["step numbers"] = f"{calls[0][1]}, {calls[-1][1]} at the end"
        seen["players handed on"] = "right" if all(handed == players for handed, _ in calls) else "mixed up"
    if calls and all(isinstance(batch, Tensor) for batch in batches):
        seen |= _batches(batches, case["images"])
    seen["what it returns"] = kind(history)
    if isinstance(history, list):
        seen["length of the history"] = len(history)
        kept = [{k: _number(v) for k, v in entry.items()} if isinstance(entry, dict) else {} for entry in history]
        returned = [{"d_loss": 1.0 + step, "g_loss": 2.0 * step} for _, step in calls]
        seen["entries of the history"] = "what train_step returned" if kept == returned else "something else"
    return seen


def _batches(batches: list[Tensor], images: Tensor) -> dict:
    """Return how batches (n, 1, 28, 28) were drawn from images, uint8 (N, 1, 28, 28)."""
    lowest, highest = min(batch.min().item() for batch in batches), max(batch.max().item() for batch in batches)
    seen = {
        "shape of a batch": tuple(batches[0].shape),
        "pixels": f"from {round(lowest, 1) + 0.0} to {round(highest, 1)}",
    }
    if batches[0].numel() % 784:
        return seen
    scaled = images.flatten(1).float() / 127.5 - 1
    drawn = []  # the numbers of the images in each batch, -1 for what is no image of the dataset
    for batch in batches:
        gap, nearest = (batch.view(-1, 1, 784) - scaled).abs().mean(2).min(1)
        drawn.append(nearest.where(gap < 0.01, -1).tolist())
    flat = [number for batch in drawn for number in batch]
    in_order = sum(b - a == 1 for a, b in pairwise(flat)) > len(flat) / 2
    return seen | {
        "images in the batches": "not those of the dataset" if -1 in flat else "from the dataset",
        "two batches": "the same" if drawn[1:] and drawn[0] == drawn[1] else "different",
        "order of the images": "as in the dataset" if in_order else "random",
        "part of the dataset that is used": "nearly all" if len(set(flat)) > 0.7 * len(images) else "a part",
    }


# ---- questions ----------------------------------------------------------------------------------------------------


def choice(answer, case, like) -> dict:
    """A question with a few possible answers: a function that returns the chosen letter. case["options"]: "abc"."""
    chosen = answer()
    letter = chosen.strip().lower() if isinstance(chosen, str) else None
    known = letter in case["options"] and len(letter or "") == 1
    return {
        "_chosen": letter,
        "your choice": letter if known else f"{chosen!r}, not one of {', '.join(case['options'])}",
    }
