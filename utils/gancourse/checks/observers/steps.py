"""A training step of two small players that write down how they are used, and the labels that they are told."""

import gc
import weakref

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, one_hot

from gancourse.checks.core import same
from gancourse.checks.observers.randomness import is_normal
from gancourse.checks.observers.values import kind, randn

CLASSES = 10  # of the conditional players
VALUES = ("d_loss", "g_loss", "d_real", "d_fake")  # that a step returns


def training_step(answer, case, like) -> dict:
    """A training step of both players, played a few times.

    case["batches"]: list of real images (N, 1, 28, 28), one a step; case["labels"], if there: a list of their labels,
    int64 (N,) from 0 to 9, for conditional players; case["options"], if there: further keyword arguments;
    case["batch_norm"], if true: D has batch normalisation, too, so that it matters which images it sees in one batch;
    case["players"], if there: a function of the diary that makes other players, see levels.py; a G without `z_dim` takes no noise;
    case["sees"], if there: what D sees of an image, a function.
    case["part"], what to look at: "D" or "G", the change of that player's weights while the other's learning rate is 0;
    "both", their changes together, who received gradients, who stepped when; "returned", the dict of a D whose logits are
    all 0 at first; "frozen", only what the guard sees: each player has a layer in eval mode and a frozen parameter, and an
    answer may refuse to work with these.
    """
    diary: list[str] = []
    part, conditional = case["part"], "labels" in case
    if conditional:
        G = ConditionalG(diary)
        D = _ConditionalD(diary, G.made)
    elif "players" in case:
        G, D = case["players"](diary)
    else:
        G, D = _generator(diary), _discriminator(diary, case.get("batch_norm", False))
    noisy = hasattr(G, "z_dim")
    opt_G = _Optimizer(G, 0.0 if part in ("D", "returned") else 0.5)
    opt_D = _Optimizer(D, {"G": 0.0, "returned": 3.0}.get(part, 0.25))  # far enough that what is taken too late differs
    if part == "returned":
        for weights in (D.head.weight, D.head.bias, D.table) if conditional else (D.body[-2].weight,):
            nn.init.zeros_(weights)
    start = {player: _weights(player) for player in (D, G)}
    seen: dict = {"_noise": []}  # and, for conditional players, the labels: what went into G at each of its calls
    if part == "frozen":
        seen["_only"] = ("mode", "trainable")
        for player in (D, G):
            player.unused = nn.Linear(1, 1).eval()
            player.unused.bias.requires_grad_(False)
    noise, fakes = [], []  # step by step: what went into G, what came out
    for number, batch in enumerate(case["batches"], start=1):
        diary.clear()
        for player in (G, D):
            player.begin()
        replay = like["_noise"][number - 1] if noisy and number <= len(like.get("_noise", [])) else []
        G.replay, labels = replay, []
        if conditional:
            labels = [case["labels"][number - 1].clone()]
            G.replay, G.replay_labels = replay[::2], replay[1::2]
            D.real = dict(zip(rows(batch), labels[0].tolist(), strict=True))
            G.made.clear()
        real = batch.clone()
        try:
            values = answer(G, D, opt_G, opt_D, real, *labels, number, **case.get("options", {}))
        except Exception as error:
            if part != "frozen" or isinstance(error, NotImplementedError):
                raise
        noise.append(list(G.inputs))
        fakes.append(list(G.outputs))
        inputs = zip(G.inputs, G.labels, strict=True) if conditional else zip(G.inputs, strict=True)
        seen["_noise"].append([tensor for call in inputs for tensor in call])
        if part == "both":
            now = _order(diary, D) | (_noise(noise, len(batch)) if noisy else {}) | _modes(G, D)
            now |= _images(D, batch, fakes, case.get("sees", lambda x: x))
            now |= _labels(G, D) if conditional else {}
            now |= G.told_pictures(D, batch) if "players" in case else {}
            now["graph"] = "still in memory" if _alive(G, D) else "freed"
            seen |= {f"{what} (step {number})": words for what, words in now.items()}
        for player in (D, G):
            if part in ("both", player.name):
                seen[f"change:{player.name} (step {number})"] = _weights(player) - start[player]
        if part == "returned":
            seen["returned"] = "a dict" if isinstance(values, dict) else kind(values)
            if not isinstance(values, dict):
                return seen
            there = all(name in values for name in VALUES)
            seen["keys"] = ", ".join(VALUES if there else map(str, values)) or "none"
            seen |= {f"{name} (step {number})": as_float(values[name]) for name in VALUES if there}
        if like.get("_hurry") and any(not same(seen[name], like.get(name)) for name in seen if name[0] != "_"):
            return seen
    return seen


def step_cases(seed: int, strict: bool) -> list[dict]:
    """Return the cases of a training step: D's change, G's, the order of the step, and what it returns."""
    # Enough numbers to tell one kind of noise from another; neither a usual size of a batch nor a multiple of the classes.
    n = 33 + seed % 7

    def case(part, sizes, about):
        batches = [randn(10 * seed + i, size, 1, 28, 28).tanh() for i, size in enumerate(sizes)]
        return {"about": about.format(len(sizes)), "part": part, "batches": batches}

    # None of two images: batch norm of two numbers is a step, which turns rounding into a difference.
    few = (4, 4, 3) if not strict else (4, 6, 4, 3, 5)
    return [
        case("both", (n, n - 3, n), f"{{}} steps on {n} images, the second batch smaller"),
        case("D", few, "{} steps on a few images while opt_G's learning rate is 0") | {"again": True},
        case("G", few, "{} steps on a few images while opt_D's learning rate is 0"),
        # Odd: a share and its opposite differ. Several steps: in two, two different shares agree at one seed of 500.
        case("returned", (63, 63, 31, *(45, 63) * strict), "{} steps on 63 images or fewer"),
        case("frozen", (4, 4), "{} steps with networks of which a layer is frozen and in eval mode")
        | {"no_points": True},
    ]


# ---- the players --------------------------------------------------------------------------------------------------


class _Token:
    """Lives in the graph of an output, as long as that lives, and notes a gradient that comes back."""

    def __init__(self, diary: list[str], name: str):
        self.diary, self.name = diary, name

    def __call__(self, gradient: Tensor) -> None:
        self.diary.append(f"gradient in {self.name}")


class Player(nn.Module):
    """A small network that writes down how it is used in one training step."""

    def __init__(self, diary: list[str], name: str, *body: nn.Module):
        super().__init__()
        self.body, self.diary, self.name = nn.Sequential(*body), diary, name
        self.replay: list[Tensor] = []  # inputs to use instead of those that come
        self.begin()

    def begin(self) -> None:
        """Forget what was written down."""
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.turns: list[str] = []  # call by call: whose turn it was
        self.modes: list[bool] = []
        self.tokens: list[weakref.ref] = []

    def forward(self, x: Tensor) -> Tensor:
        return self.noted(self.body(self.taken(x)))

    def taken(self, x: Tensor) -> Tensor:
        """Write down what goes in; return that, or what is to be used instead."""
        self.inputs.append(plain(x))
        self.turns.append("G's turn" if "opt_D.step()" in self.diary else "D's turn")
        self.modes.append(self.body.training)
        return self.replay[len(self.inputs) - 1] if len(self.inputs) <= len(self.replay) else x

    def noted(self, output: Tensor) -> Tensor:
        """Return what comes out so that its graph, and a gradient that comes back, are noticed."""
        token = _Token(self.diary, self.name)
        self.tokens.append(weakref.ref(token))
        self.outputs.append(plain(output))
        if output.requires_grad:
            output.register_hook(token)
        return output


def plain(x: Tensor) -> Tensor:
    """Return a copy without history, also of a tensor inside torch.func.grad or inference mode."""
    with torch.inference_mode(False):
        return torch.func.debug_unwrap(x, recurse=True).detach().clone()


def _generator(diary: list[str]) -> Player:
    layers = nn.Linear(64, 6), nn.BatchNorm1d(6), nn.SiLU(), nn.Linear(6, 784, bias=False)
    G = Player(diary, "G", *layers, nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    G.z_dim = 64
    G.made = {}
    return G


def _discriminator(diary: list[str], batch_norm: bool) -> Player:
    """Return a D without biases, so that the logits of neither kind of images lie all on one side of 0."""
    normalised = [nn.BatchNorm1d(6)] if batch_norm else []
    hidden = nn.Linear(784, 6, bias=False), *normalised, nn.SiLU()
    return Player(diary, "D", nn.Flatten(), *hidden, nn.Linear(6, 1, bias=False), nn.Flatten(0))


# What a conditional generator has made: image -> label that it was given -> label that it used, noise. Where its weights
# have exploded, it may make one and the same image for several labels.
Made = dict[bytes, dict[int, tuple[int, bytes]]]


class ConditionalG(Player):
    """A small conditional generator: the row of `table` for the label stands beside the noise."""

    def __init__(self, diary: list[str]):
        layers = nn.Linear(64 + 8, 6), nn.BatchNorm1d(6), nn.SiLU(), nn.Linear(6, 784)
        super().__init__(diary, "G", *layers, nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
        self.table = nn.Parameter(torch.randn(CLASSES, 8))
        self.z_dim, self.classes = 64, CLASSES
        self.replay_labels: list[Tensor] = []  # to use instead of those that come
        self.made: Made = {}

    def begin(self) -> None:
        """Forget what was written down."""
        super().begin()
        self.labels: list[Tensor] = []  # that it was given, call by call

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        given = _whole_labels(labels, len(z))
        self.labels.append(plain(given))
        used = self.replay_labels[len(self.labels) - 1] if len(self.labels) <= len(self.replay_labels) else given
        joined = torch.cat([self.taken(z), embedding(used, self.table)], dim=1)
        images = self.noted(self.body(joined))
        for image, label, *rest in zip(rows(images), given.tolist(), used.tolist(), rows(z), strict=False):
            self.made.setdefault(image, {})[label] = tuple(rest)
        return images


class _ConditionalD(Player):
    """A small conditional discriminator: w·h + c·h, where c is the row of `table` for the label."""

    def __init__(self, diary: list[str], made: Made):
        super().__init__(diary, "D", nn.Flatten(), nn.Linear(784, 6), nn.SiLU())
        self.head = nn.Linear(6, 1)
        self.table = nn.Parameter(torch.randn(CLASSES, 6))
        self.classes = CLASSES
        self.made = made  # G's
        self.real: dict[bytes, int] = {}  # real image -> its label

    def begin(self) -> None:
        """Forget what was written down."""
        super().begin()
        # Which images -> call by call, image by image: its own label, the label that D was told.
        self.told: dict[str, list[list[tuple[int, int]]]] = {}

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        labels = _whole_labels(labels, len(x))
        told, images = labels.tolist(), rows(x)
        real = [(self.real[image], label) for image, label in zip(images, told, strict=True) if image in self.real]
        fakes = []  # place, label that G was given, label that it used
        for i, image in enumerate(images):
            if image in self.made:
                given = told[i] if told[i] in self.made[image] else next(iter(self.made[image]))
                fakes.append((i, given, self.made[image][given][0]))
        # Who tells D what it has told G is right; so with the labels that G has used instead of those.
        if all(told[i] == given for i, given, _ in fakes):
            labels = labels.clone()
            for i, _, used in fakes:
                labels[i] = told[i] = used
        h = self.body(self.taken(x))
        for what, pairs in (("real images", real), (f"fakes in {self.turns[-1]}", [(u, told[i]) for i, _, u in fakes])):
            self.told.setdefault(what, []).extend([pairs] if pairs else [])
        return self.noted(self.head(h).squeeze(1) + (embedding(labels, self.table) * h).sum(1))


def _whole_labels(labels: object, n: int) -> Tensor:
    """Return labels int64 (n,); one-hot rows (n, CLASSES) say the same. ValueError for what is neither."""
    if isinstance(labels, Tensor) and labels.shape == (n, CLASSES) and labels.is_floating_point():
        places = labels.argmax(1)
        labels = places if torch.equal(one_hot(places, CLASSES).to(labels), labels) else labels
    if not isinstance(labels, Tensor) or labels.shape != (n,) or labels.dtype != torch.int64:
        what = f"{labels.dtype} of shape {tuple(labels.shape)}" if isinstance(labels, Tensor) else kind(labels)
        raise ValueError(f"a batch of {n} needs labels int64 of shape ({n},), one for each; these are {what}")
    return labels


def rows(batch: Tensor) -> list[bytes]:
    """Return what tells the rows of a batch (N, ...) apart."""
    return [row.tobytes() for row in plain(batch).flatten(1).numpy()]


class _Optimizer(torch.optim.SGD):
    """Plain gradient descent, in which the size of a gradient shows, that writes down when it steps and counts its steps."""

    def __init__(self, player: Player, lr: float):
        super().__init__(player.parameters(), lr=lr)
        self.player = player

    def step(self, closure=None):
        loss = super().step(closure)  # first: a closure propagates the loss
        self.player.diary.append(f"opt_{self.player.name}.step()")
        for p in self.player.parameters():
            self.state[p]["step"] = self.state[p].get("step", 0) + 1
        return loss


# ---- what is seen -------------------------------------------------------------------------------------------------


def _alive(*players: Player) -> bool:
    """Return whether a graph of this step still exists, other than behind gradients, which the next step clears.

    A cycle of references may have to be collected first.
    """
    for p in (p for player in players for p in player.parameters() if p.grad is not None and p.grad.requires_grad):
        p.grad = p.grad.detach()
    tokens = [token for player in players for token in player.tokens]
    if any(token() is not None for token in tokens):
        gc.collect(1)  # the young objects, which is quick
    return any(token() is not None for token in tokens)


def _weights(player: Player) -> Tensor:
    return torch.cat([p.detach().flatten() for p in player.parameters()])


def _order(diary: list[str], D: Player) -> dict:
    steps = [entry for entry in diary if entry.endswith(".step()")]
    seen = {"order": ", ".join(steps) or "none"}
    for name in ("D", "G"):
        stepped = diary.index(f"opt_{name}.step()") if f"opt_{name}.step()" in diary else len(diary)
        seen[f"ready:{name}"] = "there" if f"gradient in {name}" in diary[:stepped] else "not computed yet"
    seen["asked"] = "D, after its step" if "G's turn" in D.turns else "not D after its step"
    end = diary.index("opt_D.step()") if "opt_D.step()" in diary else 0
    received = {True: "receives a gradient", False: "receives no gradient"}
    return seen | {
        "flow:G in D's turn": received["gradient in G" in diary[:end]],
        "flow:G in its own turn": received["gradient in G" in diary[end:]],
    }


def _noise(steps: list[list[Tensor]], n: int) -> dict:
    """Return how the noise of the steps so far was drawn: steps[i][k] went into G at its k-th call in step i."""
    now, earlier = steps[-1], [z for step in steps[:-1] for z in step]
    again = any(torch.equal(a, b) for i, a in enumerate(now) for b in now[:i])
    one_call = len(now) < 2 and sum(map(len, now)) <= n
    new = not any(torch.equal(a, b) for a in now for b in earlier)
    repeated = any(len(z.unique(dim=0)) < len(z) for z in now)
    numbers = torch.cat([z.flatten() for step in steps for z in step] or [torch.zeros(2)])
    usual = is_normal(numbers) and (numbers.std() - 1).abs() < 0.2 and numbers.mean().abs() < 0.2
    return {
        "noise_shape": ", ".join(sorted({str(tuple(z.shape)) for z in now})),
        "noise_turns": "the same for both" if again else "drawn once: one call of G" if one_call else "fresh for each",
        "noise_steps": "fresh for each" if new else "the same as in an earlier step",
        "noise_rows": "some are the same" if repeated else "all different",
        "noise_distribution": "standard normal" if usual else "another",
    }


def _modes(*players: Player) -> dict:
    """Return in which modes the players were called: it matters where they have batch normalisation."""
    normalised = [p for p in players if any(isinstance(m, nn.BatchNorm1d) for m in p.body)]
    words = {True: "training", False: "eval"}
    return {f"mode_while:{p.name}": " and ".join(sorted({words[mode] for mode in p.modes})) for p in normalised}


def _images(D: Player, real: Tensor, fakes: list[list[Tensor]], sees) -> dict:
    """Return, in words, which images D was shown in each turn: rows of its inputs that are known from elsewhere."""
    ours = set(rows(sees(real)))
    now = {row for batch in fakes[-1] for row in rows(sees(batch))}
    before = {row for step in fakes[:-1] for batch in step for row in rows(sees(batch))} - now
    shown = {turn: set() for turn in ("D's turn", "G's turn")}
    for x, turn in zip(D.inputs, D.turns, strict=True):
        shown[turn] |= set(rows(x))
    of_real = len(ours & shown["D's turn"])
    seen = {"images:real in D's turn": "all" if of_real == len(ours) else "a part" if of_real else "none"}
    for turn, images in shown.items():
        n = len(now & images)
        words = "as many as real images" if n >= len(ours) else "fewer than real images" if n else "none of this step"
        seen[f"images:fakes in {turn}"] = "of an earlier step" if before & images else words
    return seen


def _labels(G: ConditionalG, D: _ConditionalD) -> dict[str, str]:
    """Return, in words, which labels the players were given in this step."""
    alike = any(len(labels) > 1 and len(labels.unique()) == 1 for labels in G.labels)
    seen = {
        "labels:G": "the same for all" if alike else "one for each image",
        "labels:D of real images": _in_words(D.told.get("real images", []), "their own"),
    }
    for turn in ("D's turn", "G's turn"):
        words = _in_words(D.told.get(f"fakes in {turn}", []), "those that G was given", list(D.real.values()))
        seen[f"labels:D of fakes in {turn}"] = words
    return seen


def _in_words(calls: list[list[tuple[int, int]]], right: str, of_the_real: list[int] | None = None) -> str:
    """Return which labels D was told of images: in each call, pairs of the image's label and what D was told."""
    wrong = [call for call in calls if any(own != told for own, told in call)]
    if not calls:
        return "none: it was not asked about such images"
    if not wrong:
        return right
    own, told = zip(*wrong[0], strict=True)
    if len(set(told)) == 1 and len(told) > 1:
        words = "the same for all"
    elif sorted(own) == sorted(told):
        words = f"{right}, in another order"
    elif list(told) == of_the_real:
        words = "those of the real images, which are not those that G was given"
    else:
        words = "others"
    return words if len(wrong) == len(calls) else f"{right}; and in another call {words}"


def as_float(value: object) -> object:
    """Return what was recorded as a float, or in words why it is none."""
    if isinstance(value, Tensor):
        return value.detach().float().item() if value.numel() == 1 else f"a tensor of shape {tuple(value.shape)}"
    try:
        return kind(value) if isinstance(value, str) else float(value)  # a number of Python or NumPy
    except (TypeError, ValueError):
        return kind(value)
