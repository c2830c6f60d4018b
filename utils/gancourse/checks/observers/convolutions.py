"""A class of convolutional networks: its layers, and its outputs where weights and running averages are known."""

import functools
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gancourse.checks.observers import networks
from gancourse.checks.observers.values import kind

RESIZING = {"pool": "pooling", "interpolate": "upsampling", "upsample": "upsampling", "shuffle": "pixel shuffle"}
NORMS = {"instance_norm", "layer_norm", "group_norm", "local_response_norm", "rms_norm"}
ENDINGS = {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "hardtanh", "clamp", "softplus", "softmax"}

# What to tell about any such class; an exercise adds what its own table asks for.
LOOK = networks.LOOK | {
    "hidden_weights": "some layers are hidden from nn.Module, so an optimiser would not find their weights. Make every layer in __init__ and keep it as an "
    "attribute of self; in a plain Python list layers are hidden, in nn.Sequential or nn.ModuleList they are not.",
    "channels": "the convolutions have other numbers of channels, or there is one too many or too few. Compare each with the table.",
    "resizing": "a separate layer changes the size of the maps. Here the convolutions do that themselves: stride=2.",
    "dropout": "there is a dropout, which the table does not have. Remove it.",
    "normalisation": "another normalisation stands where batch norm should: it normalises each image by itself. Take nn.BatchNorm2d.",
    "eps": "batch norm's second argument is eps, the small number that keeps it from dividing by 0. nn.BatchNorm2d(channels) is all it needs.",
    "momentum": "batch norm's momentum is, in PyTorch, the share of the *new* values, 0.1 unless told, not 0.9: nn.BatchNorm2d(channels) is all it needs.",
    "different_inputs": "different inputs give the same output. Hand all of the input to the layers, as it is, and keep nothing from an earlier call.",
    "unused_layers": "__init__ makes a layer that forward does not use. Send the maps through all of them, batch norms, too, or remove it.",
    "no_gradient": "some weights receive no gradient from the output, because of .detach(), .data, .item() or torch.no_grad(). "
    "Remove that: freezing is the job of the training step.",
    "modes": "forward changes the mode of the network or of its layers: call no train() and no eval() in it.",
    "again": "the same input gives another output the second time: something random is drawn in forward. Hand the input to the layers, as it is.",
    "running_averages": {
        "they stay": "batch norm's running averages do not move in training mode: nothing in forward may call eval(), and a batch_norm of "
        "torch.nn.functional needs the running averages in place of None, and training=self.training.",
        "there are": "there is no batch norm with running averages, which it needs in eval mode. nn.BatchNorm2d has them (track_running_stats=True).",
    },
    "in_training_mode": "there is no batch norm: in training mode the output for one image is the same whatever else is in the batch.",
    "in_eval_mode": "in eval mode one image's output depends on the others: batch norm uses the batch's mean and variance, not its running averages. Let self.training decide.",
    "requires_grad": "forward changes requires_grad of its input. Remove requires_grad_(): the caller decides whether the input needs a gradient.",
    "vectors": "biases and batch norms are not those of the table: a bias is one vector, a batch norm has two, scale and shift. (A bias before batch norm "
    "does not count: batch norm takes it away again.)",
    "training": "weights and shapes are right, the output is not. Compare activations and batch norms, and where they stand, with the table.",
    "evaluation": "in training mode the output is right, in eval mode it is not. There batch norm uses its running averages, not the numbers of the batch: "
    "let self.training decide, as nn.BatchNorm2d does.",
    "": "Compare your layers with the table above the exercise, one row after the other.",
}


def convolutional(answer, case, like) -> dict:
    """A class of convolutional networks without arguments: its layers, and its outputs where they are known.

    The weights are set to numbers that depend on their shape alone, so that two networks of the same structure must agree,
    however they are written. A bias before batch norm, which that takes away again, counts as none.

    case["input"]: the name of forward's argument; case["inputs"]: (N, ...), N > 1, for training mode; case["others"], if
    there: as many others, N > 2, for more properties; case["evaluated"]: batches for eval mode; case["shape"]: that of one
    output; case["logits"]: whether that is a logit; case["kernel"]: its sides; case["slope"]: the one that a LeakyReLU may
    have; case["maps"]: those (C, h, w) that a linear layer may make or take in; case["vectors"]: sizes of biases and the
    like to look for; case["z_dim"], if there: that the class has this attribute.
    """
    made, seen = networks.built(answer)
    if made is None:
        return seen
    forward, first = answer.inside(made.train(), [case["input"]]), case["inputs"][[0, 1, 0]]  # as no later batch
    with _Diary() as diary:
        output = forward(first)  # lazy layers find their sizes
    parameters = dict(made.named_parameters())
    seen["returned"] = kind(output)
    if "z_dim" in case:
        z_dim = getattr(made, "z_dim", "missing")
        seen["z_dim"] = z_dim if isinstance(z_dim, int | str) else kind(z_dim)
    seen |= _layers(parameters, diary, case)
    if not isinstance(output, Tensor):
        return seen
    averages = _set_numbers(made, parameters, case["maps"])
    seen |= _in_training(made, forward, parameters, case)
    if "training" not in seen:  # of a wrong shape
        return seen
    with torch.no_grad():
        for name, value in made.named_buffers():
            value.copy_(averages[name])
        return seen | _in_evaluation(made, forward, parameters, case)


def _layers(parameters: dict[str, nn.Parameter], diary: "_Diary", case: dict) -> dict:
    """Return what can be said about the layers before they compute anything that is compared."""
    ours, used = ({id(p) for p in several} for several in (parameters.values(), diary.parameters))
    kernels = [_as_kernel(tuple(p.shape), case["maps"]) for p in parameters.values()]
    odd = sorted({f"{k[2]} × {k[3]}" for k in kernels if len(k) == 4 and k[2:] != case["kernel"]})
    pairs = sorted(tuple(sorted(k[:2])) for k in kernels if len(k) > 1)
    seen = {
        "hidden_weights": "some" if any(id(p) not in ours for p in diary.parameters) else "none",
        "unused_layers": ", ".join(name for name, p in parameters.items() if id(p) not in used) or "none",
        "resizing": ", ".join(sorted(diary.resizing)) or "none",
        "channels": ", ".join(f"{a} and {b}" for a, b in pairs) or "none",
        "kernels": ", ".join(odd) or "none of another size",
        "dropout": "there" if any("dropout" in name for name in diary.names) else "none",
        "normalisation": ", ".join(sorted(diary.names & NORMS)) or "batch norm, or none",
        "slopes": ", ".join(map(str, sorted(diary.slopes - {case["slope"]}, key=str))) or "none of another size",
        "eps": ", ".join(map(str, sorted(diary.eps - {1e-5}))) or "as usual",
        "momentum": "of the old values" if any(momentum > 0.5 for momentum in diary.momentum) else "of the new ones",
    }
    return seen | ({"ending": ", ".join(diary.ending) or "nothing"} if case["logits"] else {})


def _set_numbers(network: nn.Module, parameters: dict[str, nn.Parameter], maps: tuple[int, ...]) -> dict[str, Tensor]:
    """Set weights and running averages to known numbers; return a copy of the buffers."""
    with torch.no_grad():
        for p in parameters.values():
            p.copy_(_known_numbers(tuple(p.shape), maps))
        for name, buffer in network.named_buffers():
            if name.endswith(("mean", "var")):
                numbers = _drawn(buffer.numel() + 7, buffer.numel()).view_as(buffer)
                buffer.copy_(numbers if name.endswith("mean") else 0.5 + numbers.abs())
    return {name: value.clone() for name, value in network.named_buffers()}


def _in_training(network: nn.Module, forward, parameters: dict[str, nn.Parameter], case: dict) -> dict:
    """Return what training mode shows, where "training" is the output; without that if its shape is wrong."""
    inputs, seen = case["inputs"], {}
    averages, modes = {name: b.clone() for name, b in network.named_buffers()}, [m.training for m in network.modules()]
    output = forward(given := inputs.clone().requires_grad_())
    seen[f"shape:{len(inputs)}"] = tuple(output.shape)
    if output.shape != (len(inputs), *case["shape"]):
        return seen
    learned, slopes = _learned(parameters, output, given, case["maps"])
    moved = [not torch.equal(b, averages[name]) for name, b in network.named_buffers() if b.is_floating_point()]
    if not case["logits"]:
        outside = "beyond -1 and 1" if output.abs().max() > 1.001 else "from -1 to 1"
        seen["range"] = "0 or more" if output.min() > -0.001 else outside
    alone = _alike(output[1:], output[:1].expand_as(output[1:]))
    if "others" in case:
        mixed = forward(torch.cat([inputs[:2], case["others"][2:]]))
        alone |= _alike(mixed, output)
    seen["different_inputs"] = "the same output" if alone else "different outputs"
    seen["modes"] = "as before" if modes == [m.training for m in network.modules()] else "changed"
    seen["again"] = "the same output" if _alike(output, forward(inputs.clone())) else "another output"
    seen["no_gradient"] = ", ".join(name for name in parameters if learned[name] is None) or "none"
    stays = "they stay" if moved else "there are none"
    seen["running_averages"] = "they move" if any(moved) else stays
    if "others" in case:
        seen["in_training_mode"] = "each for itself" if _alike(output[:2], mixed[:2]) else "depend on each other"
    vectors = [
        p.numel() for n, p in parameters.items() if learned[n] and len(_as_kernel(tuple(p.shape), case["maps"])) == 1
    ]
    seen |= {f"vectors:{size}": str(vectors.count(size)) for size in sorted({*vectors, *case["vectors"]})}
    seen["training"] = output.detach()
    seen[f"gradient:{case['input']}"] = slopes.flatten(1).norm(dim=1)  # of single numbers, a kink may change some
    with torch.no_grad():
        for name, much in learned.items():
            if not much:
                parameters[name].zero_()
    return seen


def _in_evaluation(network: nn.Module, forward, parameters: dict[str, nn.Parameter], case: dict) -> dict:
    network.eval()
    pairs = [(batch, forward(batch.clone())) for batch in case["evaluated"]]
    seen = {f"shape:{len(batch)} in eval mode": tuple(output.shape) for batch, output in pairs}
    pairs = [(batch, output) for batch, output in pairs if output.shape == (len(batch), *case["shape"])]
    alone = [_alike(output[[i]], forward(batch[[i]])) for batch, output in pairs if len(batch) > 1 for i in (0, 1)]
    seen["in_eval_mode"] = "each for itself" if all(alone) else "depend on each other"
    seen["modes"] = "changed" if any(m.training for m in network.modules()) else "as before"
    for batch, output in pairs:
        seen[f"evaluation:{len(batch)}"] = output
    if case["logits"] and "others" in case and pairs:  # whatever its sign, nothing comes after the logit
        for p in parameters.values():
            if p.numel() == 1 or _as_kernel(tuple(p.shape), case["maps"])[0] == 1:
                p.neg_()
        seen["signs"] = forward(pairs[0][0].clone())
    return seen


class _Diary(TorchFunctionMode):
    """Notes which functions of torch run, and with which parameters."""

    def __init__(self):
        super().__init__()
        self.names: set[str] = set()
        self.resizing: set[str] = set()
        self.slopes: set[float | str] = set()  # of LeakyReLU and PReLU
        self.eps: set[float] = set()  # of batch norm
        self.momentum: set[float] = set()  # of batch norm
        self.ending: list[str] = []  # activations since the last parameter
        self.parameters: list[nn.Parameter] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        returned = function(*args, **kwargs)
        name = getattr(function, "__name__", "").rstrip("_")
        found = [a for a in (*args, *kwargs.values()) if isinstance(a, nn.Parameter)]
        self.names.add(name)
        self.parameters += found
        self.ending = [] if found else [*self.ending, *({name} & ENDINGS - {*self.ending})]
        words = {word for part, word in RESIZING.items() if part in name}
        if words and args and isinstance(returned, Tensor) and args[0].shape != returned.shape:
            self.resizing |= words
        if name == "leaky_relu":
            self.slopes.add(float(kwargs.get("negative_slope", args[1] if len(args) > 1 else 0.01)))
        if "prelu" in name and found:
            self.slopes.add("learned")
        if name == "batch_norm":
            self.eps.add(kwargs.get("eps", args[7] if len(args) > 7 else 1e-5))
            self.momentum.add(kwargs.get("momentum", args[6] if len(args) > 6 else 0.1))
        return returned


def _learned(
    parameters: dict, output: Tensor, given: Tensor, maps: tuple[int, ...]
) -> tuple[dict[str, bool | None], Tensor]:
    """Return of each parameter whether the output depends on it, None where nothing arrives; and the gradient in the input.

    On a bias before batch norm it does not depend: its gradient is rounding, beside that of batch norm's scale and shift.
    """
    sizes: dict[str, int] = {}
    slopes: dict[str, float] = {}
    arrived, wanted = torch.zeros_like(given), [given, *parameters.values()]
    if output.requires_grad:
        weights = torch.linspace(0.5, 2, output.numel()).view_as(output)
        first, *others = torch.autograd.grad((output * weights).sum(), wanted, allow_unused=True)
        arrived = arrived if first is None else first
        for name, slope in zip(parameters, others, strict=True):
            if (
                slope is not None
            ):  # the bias of a linear layer that makes maps: what all places share is lost in batch norm
                slopes[name] = (slope.sum() if slope.shape == (math.prod(maps),) else slope).abs().max().item()
    for name, p in parameters.items():
        if len(_as_kernel(tuple(p.shape), maps)) == 1:
            sizes[name] = min(p.numel(), maps[0])
    largest = {size: max(slopes.get(name, 0) for name in sizes if sizes[name] == size) for size in sizes.values()}
    much = {n: None if n not in slopes else n not in sizes or slopes[n] > 1e-3 * largest[sizes[n]] for n in parameters}
    return much, arrived


def _alike(a: Tensor, b: Tensor) -> bool:
    """Return whether the numbers of two outputs agree up to rounding."""
    a, b = a.detach().flatten().nan_to_num(), b.detach().flatten().nan_to_num()
    return a.shape == b.shape and torch.allclose(a, b, rtol=5e-5, atol=5e-5)


def _as_kernel(shape: tuple[int, ...], maps: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the kernel that a parameter stands for, (n,) for what is only a vector.

    A linear layer between a vector and maps is a kernel, too.
    """
    size, of_maps = math.prod(shape), math.prod(maps)
    if size == of_maps and len(shape) > 1:
        return (1, *maps)
    if size == max(shape, default=1):
        return (size,)
    return (min(shape), *maps) if len(shape) == 2 and max(shape) == of_maps else shape


@functools.lru_cache(32)
def _known_numbers(shape: tuple[int, ...], maps: tuple[int, ...]) -> Tensor:
    """Return numbers that depend on the shape alone; the same for a kernel and for the linear layer that does its work."""
    kernel, of_maps = _as_kernel(shape, maps), math.prod(maps)
    if len(kernel) == 1:
        return torch.full(shape, 0.3) if kernel == (of_maps,) else 0.7 * _drawn(kernel[0], *kernel).view(shape)
    seed = sum(side * 1_000**place for place, side in enumerate(kernel))
    numbers = _drawn(seed, *kernel) / (2 * max(kernel[:2]) ** 0.5)
    if kernel[1:] == maps:  # the same whether its numbers lie in memory as (channels, places) or the other way round
        orders = list(_orders(maps))
        numbers = sum(numbers.flatten(1)[:, order] for order in orders) / len(orders) ** 0.5
    if len(shape) == 2 and shape[0] == of_maps and shape[1] > 1:
        return numbers.view(-1, of_maps).T
    return numbers.reshape(shape)


def _orders(maps: tuple[int, ...]) -> Iterator[Tensor]:
    """Yield the orders that come from exchanging channels and places again and again."""
    exchanged = torch.arange(math.prod(maps)).view(maps[0], -1).T.flatten()
    order = first = torch.arange(len(exchanged))
    while True:
        yield order
        order = order[exchanged]
        if torch.equal(order, first):
            return


def _drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed % 2**63))
