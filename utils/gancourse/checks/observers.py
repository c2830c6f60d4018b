"""What to look at in an answer, for the exercises of GAN lessons.

Each `observe` function takes (answer, case, like) and returns what the answer did as plain data, under names that a
learner understands: a check shows them as they stand. `like` is an earlier observation whose noise is to be used again.
"""

import copy
import functools
import gc
import math
import weakref
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, normalize, one_hot
from torch.overrides import TorchFunctionMode

CLASSES = 10  # of the conditional players
MANY = 1_000  # rows: enough for statistics
UNUSUAL = 5.5  # standard deviations: a right answer is found unusual less than once in ten million looks


def kind(value: object) -> str:
    """Return what a value is, in a word or two: "a tensor", "a float"."""
    if value is None:
        return "nothing: is the `return` missing?"
    return "a tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"


# ---- losses -------------------------------------------------------------------------------------------------------


def loss(answer, case, like) -> dict:
    """A loss on logits: its value, its shape, and its gradient in every logit.

    case["logits"]: argument name -> tensor (N,); case["options"], if there: further keyword arguments; case["large"], if
    there: that these logits are large, which the names then say; case["losses"], if there: the names of the losses that it
    returns as a tuple.
    """
    logits = {name: values.clone().requires_grad_() for name, values in case["logits"].items()}
    returned, names = answer(*logits.values(), **case.get("options", {})), case.get("losses")
    if not names:
        return _loss(returned, logits, case, "what it returns", "its value", "its gradient")
    several = isinstance(returned, tuple | list)
    seen = {"what it returns": f"{len(returned)} things" if several else kind(returned)}
    if several and len(returned) == len(names):
        for name, value in zip(names, returned, strict=True):
            seen |= _loss(value, logits, case, f"what {name} is", f"the value of {name}", f"the gradient of {name}")
    return seen


def _loss(value: object, logits: dict[str, Tensor], case: dict, what: str, its_value: str, its_gradient: str) -> dict:
    seen = {what: kind(value)}
    if not isinstance(value, Tensor):
        return seen
    large = "for large logits, " * case.get("large", False)
    seen[f"{large}{its_value}"] = value.detach()
    seen[its_gradient] = "there" if value.requires_grad else "none: the result does not depend on the logits"
    if value.requires_grad and value.dim() == 0:
        gradients = torch.autograd.grad(value, list(logits.values()), allow_unused=True, retain_graph=True)
        for (name, values), gradient in zip(logits.items(), gradients, strict=True):
            seen[f"{large}{its_gradient} in {name}"] = torch.zeros_like(values) if gradient is None else gradient
    return seen


# ---- functions of numbers -----------------------------------------------------------------------------------------


def function(answer, case, like) -> dict:
    """A function of tensors and numbers: what it returns, and that it leaves its arguments as they were.

    case["arguments"]: tuple; case["returns"]: the name of each thing that it returns, more than one as a tuple. A number of
    Python counts as a tensor without dimensions. case["places"], if there: names of those that are whole numbers, to pick
    with. Where the one thing that it returns is a tensor, more can be asked for:
    case["typed"]: the type of its numbers; case["gradients"]: number of an argument -> its name, gradients in these.
    case["raises"]: these arguments are not allowed, and any exception is right.
    """
    arguments = [a.clone() if isinstance(a, Tensor) else a for a in case["arguments"]]
    if case.get("raises"):
        return _refusal(answer, arguments)
    for number in case.get("gradients", ()):
        arguments[number].requires_grad_()
    returned, names = answer(*arguments), case["returns"]
    seen = {}
    if len(names) > 1:
        several = isinstance(returned, tuple | list)
        seen["what it returns"] = f"{len(returned)} things" if several else kind(returned)
        if not several or len(returned) != len(names):
            return seen
    for name, value in zip(names, returned if len(names) > 1 else [returned], strict=True):
        whole, value = isinstance(value, Tensor) and not value.is_floating_point(), as_numbers(value)
        seen[f"what {name} is" if len(names) > 1 else "what it returns"] = kind(value)
        if isinstance(value, Tensor):
            seen[name] = value
            if name in case.get("places", ()):
                seen[f"what {name} can be used for"] = "to pick with" if whole else "to compute with"
    if isinstance(returned, Tensor):
        seen |= {"its type": str(returned.dtype)} if case.get("typed") else {}
        seen |= _gradients(returned, {name: arguments[i] for i, name in case.get("gradients", {}).items()})
    kept = all(torch.equal(a, b) for a, b in zip(arguments, case["arguments"], strict=True) if isinstance(b, Tensor))
    return seen | {"the arguments afterwards": "unchanged" if kept else "changed in place"}


def _refusal(answer, arguments: list) -> dict:
    """Return whether an answer raises an exception."""
    try:
        answer(*arguments)
    except NotImplementedError:  # the stub's
        raise
    except Exception:
        return {"what happens": "an exception is raised"}
    return {"what happens": "no exception; a result comes back"}


def _gradients(returned: Tensor, arguments: dict[str, Tensor]) -> dict:
    """Return the gradients of a result in the arguments; each number of the result counts in another way."""
    if not arguments:
        return {}
    if not returned.requires_grad:
        return {"its gradient": "none: the result is cut off from the arguments"}
    weights = torch.arange(1.0, returned.numel() + 1).view_as(returned)
    gradients = torch.autograd.grad((weights * returned).sum(), list(arguments.values()), allow_unused=True)
    pairs = zip(arguments.items(), gradients, strict=True)
    seen = {f"its gradient in {name}": torch.zeros_like(a) if g is None else g for (name, a), g in pairs}
    return {"its gradient": "there"} | seen


def as_numbers(value: object) -> object:
    """Return a tensor of float64 for a number or a tensor of numbers, anything else as it is."""
    if isinstance(value, Tensor) and value.dtype != torch.bool and not value.is_complex():
        return value.detach().double()
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float64)
    return value


def slope_penalty(answer, case, like) -> dict:
    """A penalty on how steep a network is at some inputs: its value, and what the network's weights learn from it.

    case["network"]: a function that returns the network, whose outputs have the shape (N,); case["inputs"]: (N, ...).
    """
    network, inputs = case["network"](), case["inputs"].clone()
    weights = list(network.parameters())
    value = answer(network, inputs)
    seen = {"what it returns": kind(value)}
    if not isinstance(value, Tensor):
        return seen
    seen["its value"] = value.detach()
    left = any(p.grad is not None for p in weights)
    seen["gradients left in the network's weights"] = "some" if left else "none"
    seen["the inputs afterwards"] = "unchanged" if torch.equal(inputs, case["inputs"]) else "changed in place"
    seen["the weights learn from it"] = value.requires_grad
    if value.requires_grad and value.dim() == 0:
        gradients = torch.autograd.grad(value, weights, allow_unused=True)
        seen["the weights learn from it"] = any(g is not None for g in gradients)
        seen["its gradient in the weights"] = torch.cat(
            [(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(weights, gradients, strict=True)]
        )
    return seen


def attack(answer, case, like) -> dict:
    """A change of images that is to fool a classifier: the changed images, and what else was touched.

    case["classifier"]: a function that returns the network; case["images"]: (N, ...) in [-1, 1]; case["labels"]: (N,) int64;
    case["epsilon"]: how far each pixel may move.
    """
    classifier, images = case["classifier"](), case["images"].clone()
    changed = answer(classifier, images, case["labels"].clone(), case["epsilon"])
    seen = {"what it returns": kind(changed)}
    if not isinstance(changed, Tensor):
        return seen
    seen["its shape"] = tuple(changed.shape)
    if changed.shape == images.shape:
        seen["pixels outside of [-1, 1]"] = "some" if changed.detach().abs().max() > 1 + 1e-6 else "none"
        seen["the changed images"] = changed.detach()
    seen["its history"] = "kept: call .detach() on what you return" if changed.requires_grad else "cut off"
    seen["the given images afterwards"] = "unchanged" if torch.equal(images, case["images"]) else "changed in place"
    if images.requires_grad:
        seen["the given images afterwards"] = "asking for a gradient"
    trainable = all(p.requires_grad for p in classifier.parameters())
    seen["the classifier afterwards"] = "as it was" if classifier.training and trainable else "frozen or in eval mode"
    left = any(p.grad is not None for p in classifier.parameters())
    seen["gradients left in the classifier's weights"] = "some" if left else "none"
    return seen


def saliency(answer, case, like) -> dict:
    """A function that asks D what in images it looks at: the maps (N, H, W), and how D and the images are left.

    case["images"]: (N, C, H, W); case["training"]: whether D is in training mode before; case["gradients"]: whether its
    weights have gradients before.
    """
    D = _spectator(case["images"].shape).train(case["training"])
    for p in D.parameters():
        p.grad = torch.randn_like(p) if case["gradients"] else None
    before = copy.deepcopy(D.state_dict())
    gradients = [None if p.grad is None else p.grad.clone() for p in D.parameters()]
    images = case["images"].clone()
    maps = answer(D, images)
    seen = {"what it returns": kind(maps)}
    if not isinstance(maps, Tensor):
        return seen
    modes = {True: "in training mode", False: "in eval mode"}
    alike = all(m.training == D.training for m in D.modules())
    averages = {name for name, _ in D.named_buffers()}
    moved = {name for name, value in D.state_dict().items() if not torch.equal(value, before[name])}
    trainable = all(p.requires_grad for p in D.parameters())
    return seen | {
        "the maps": maps.detach(),
        "its graph": "kept in memory" if maps.requires_grad else "none",
        "D's mode afterwards": modes[D.training] + f", but some layers {modes[not D.training]}" * (not alike),
        "D's running averages afterwards": "changed" if moved & averages else "unchanged",
        "D's weights afterwards": "changed" if moved - averages else "unchanged" if trainable else "frozen",
        "gradients in D's weights afterwards": _gradients_left(gradients, [p.grad for p in D.parameters()]),
        "the given images afterwards": _left(images, case["images"]),
    }


def verdict(answer, case, like) -> dict:
    """A function that asks D about several sets of images and returns a number: that number, and how D is left.

    case["sets"]: images (N, C, H, W), in the order of the arguments after D; case["training"]: whether D is in training mode
    before; case["of_D"]: a seed, of D's weights.
    """
    torch.default_generator.manual_seed(case["of_D"])
    D = _spectator(case["sets"][0].shape).train(case["training"])
    before = copy.deepcopy(D.state_dict())
    sets = [images.clone() for images in case["sets"]]
    with torch.enable_grad():  # an answer that switches gradients off for good does so only here
        value = answer(D, *sets)
        gradients = torch.is_grad_enabled()
    number = as_numbers(value)
    one = isinstance(number, Tensor) and number.numel() == 1
    seen = {"what it returns": "one number" if one else kind(number)}
    if not one:
        return seen
    moved = any(not torch.equal(tensor, before[name]) for name, tensor in D.state_dict().items())
    kept = all(map(torch.equal, sets, case["sets"]))
    return seen | {
        "the number": number,
        "its graph": "kept in memory" if isinstance(value, Tensor) and value.requires_grad else "none",
        "D's mode afterwards": "in training mode" if D.training else "in eval mode",
        "the mode of D's layers": "D's own"
        if all(m.training == D.training for m in D.modules())
        else "another than D's",
        "D's weights afterwards": "trainable" if all(p.requires_grad for p in D.parameters()) else "frozen",
        "gradients afterwards": "computed" if gradients else "switched off",
        "D's weights and running averages afterwards": "changed" if moved else "unchanged",
        "the given images afterwards": "unchanged" if kept else "changed in place",
    }


def _spectator(shape: torch.Size) -> nn.Sequential:
    """Return a small D for images (N, C, H, W) -> logits (N,), with batch norm whose averages are not a batch's."""
    D = nn.Sequential(
        nn.Conv2d(shape[1], 5, 3, padding=1),
        nn.BatchNorm2d(5),
        nn.LeakyReLU(0.2),
        nn.Conv2d(5, 1, tuple(shape[2:])),
        nn.Flatten(0),
    )
    with torch.no_grad():
        for layer in (D[0], D[3]):
            layer.weight.normal_(0, 1.5 / math.sqrt(layer.weight[0].numel()))
        D[0].weight += 0.3 * torch.randn(5, 1, 3, 3)  # brightness, so that often all colours raise or lower the logit
        D[1].running_mean.normal_()
        D[1].running_var.uniform_(0.3, 2)
        D[1].weight.uniform_(0.5, 1.5)
        D[1].bias.normal_()
    return D


def _gradients_left(before: list[Tensor | None], after: list[Tensor | None]) -> str:
    """Return in words what became of the gradients of a network's weights."""
    pairs = list(zip(before, after, strict=True))
    if all(a is b is None or (a is not None and b is not None and torch.equal(a, b)) for a, b in pairs):
        return "as they were"
    if all(a is None for a in before):
        return "some, where there were none"
    gone = all(b is None or not b.any() for b in after)
    return "those that were there are gone" if gone else "others than there were"


def _left(images: Tensor, before: Tensor) -> str:
    """Return in words how images were left that asked for no gradient before."""
    if not torch.equal(images, before):
        return "changed in place"
    if images.requires_grad:
        return "asking for a gradient"
    return "unchanged" if images.grad is None else "with a gradient in .grad"


def spectral_step(answer, case, like) -> dict:
    """A step of the power iteration: sigma, its gradient in the weight, the new u, and that the arguments stay.

    case["weight"]: (out, in, k, k), which asks for a gradient; case["u"]: (out,).
    """
    weight, u = nn.Parameter(case["weight"].clone()), case["u"].clone()
    returned = answer(weight, u)
    several = isinstance(returned, tuple | list)
    seen = {"what it returns": f"{len(returned)} things" if several else kind(returned)}
    if not several or len(returned) != 2:
        return seen
    for name, value in zip(("sigma", "new_u"), returned, strict=True):
        numbers = as_numbers(value)
        seen[f"what {name} is"] = kind(numbers)
        if isinstance(numbers, Tensor):
            seen[name] = numbers
    seen["how good sigma is"] = "exact" if _is_exact(seen.get("sigma"), case) else "an estimate"
    sigma, new_u = returned
    if isinstance(new_u, Tensor) and new_u.dim():
        seen["new_u's graph"] = "kept in memory" if new_u.requires_grad else "none"
    alike = torch.equal(weight, case["weight"]) and torch.equal(u, case["u"])
    seen["the arguments afterwards"] = "unchanged" if alike and not u.requires_grad else "changed in place"
    seen["a gradient left in the weight"] = "no" if weight.grad is None else "yes"
    if isinstance(sigma, Tensor) and sigma.dim():
        return seen
    learns = isinstance(sigma, Tensor) and sigma.requires_grad
    seen["sigma's gradient"] = "there" if learns else "none: sigma is cut off from the weight"
    if learns:
        (gradient,) = torch.autograd.grad(sigma, weight, allow_unused=True)
        seen["sigma's gradient in the weight"] = torch.zeros_like(weight) if gradient is None else gradient
    return seen


def _is_exact(sigma: object, case: dict) -> bool:
    """Return whether sigma is the largest singular value, where one step of the power iteration finds it by no chance."""
    W, u = case["weight"].flatten(1).double(), case["u"].double()
    largest, estimate = torch.linalg.matrix_norm(W, 2), (W @ normalize(W.T @ u, dim=0)).norm()
    if not isinstance(sigma, Tensor) or sigma.dim() or min(W.shape) < 3 or estimate > 0.99 * largest:
        return False
    return bool((sigma - largest).abs() < 2e-6 * largest)


# ---- random functions ---------------------------------------------------------------------------------------------


def draw(answer, case, like) -> dict:
    """A function that returns random numbers (n, d): what they are, how they are distributed, whether independent.

    case["n"]: how many rows; case["device"]: the device to ask for, if any ("meta" needs no hardware).
    """
    if "device" in case:
        return _on_device(answer, case["n"], case["device"])
    values = answer(case["n"])
    seen = {"what it returns": kind(values)}
    if not isinstance(values, Tensor):
        return seen
    seen |= {"its shape": tuple(values.shape), "its type": str(values.dtype), "its device": values.device.type}
    seen["its gradient"] = "wanted" if values.requires_grad else "not wanted"
    if values.dim() != 2 or not values.is_floating_point():
        return seen
    again = answer(case["n"])
    seen["a second call"] = "the same numbers" if torch.equal(values, again) else "new numbers"
    if len(values) >= MANY:
        seen |= independence(values)
        if seen["the rows"] == seen["the columns"] == "independent":
            seen |= distribution(values)
    return seen


def _on_device(answer, n: int, device: str) -> dict:
    """Return where the numbers lie if a device is asked for. "meta" needs no hardware, and not everything works on it."""
    try:
        values = answer(n, device=device)
    except RuntimeError as error:
        if not str(error):
            raise  # the stub's NotImplementedError
        moved = "Cannot copy out of meta tensor" in str(error)
        # Anything else, values.mean().item() say, may be right, and is impossible where there are no values.
        return {"its device": "cpu" if moved else device}
    return {"its device": values.device.type if isinstance(values, Tensor) else kind(values)}


def distribution(values: Tensor) -> dict[str, str]:
    """Return mean, standard deviation, kind of distribution and lengths of rows of random numbers (n, d), as text."""
    flat = values.detach().double().flatten()
    spread = flat.std().item()
    kinds = {"normal": normal_distance, "uniform": uniform_distance}
    which = [name for name, distance in kinds.items() if spread > 0 and distance(flat) * math.sqrt(len(flat)) < 3]
    return {
        "the mean": f"about {round(flat.mean().item(), 1) + 0.0}",
        "the standard deviation": f"about {_rounded(spread, 1)}",
        "the lengths of the rows": "vary"
        if values.double().norm(dim=1).std() > 0.05 * values.norm() / len(values) ** 0.5
        else "all the same",
        "the distribution": (which or ["neither normal nor uniform"])[0],
    }


def _rounded(spread: float, digits: int) -> str:
    """Return a standard deviation as text. Around 1 fewer digits, or chance would decide between 0.99 and 1.0."""
    return f"{spread:.1f}" if spread > 0.5 else f"{spread:.{digits}g}"


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
    """A function for `network.apply`: what it makes of linear layers and batch normalisation, and that it leaves the rest.

    case["network"]: a function that returns an nn.Sequential of new layers, all biases other than 0.
    """
    network = case["network"]()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.apply(answer)
    after = {name: value.clone() for name, value in network.state_dict().items()}
    seen = {}
    ours = (nn.Linear, nn.BatchNorm1d)
    for kind_of_layer, digits in ((nn.Linear, 2), (nn.BatchNorm1d, 1)):
        what = kind_of_layer.__name__
        names = [name for name, m in network.named_children() if isinstance(m, kind_of_layer)]
        weights = torch.cat([after[f"{name}.weight"].flatten() for name in names]).double()
        untouched = all(torch.equal(after[f"{name}.weight"], before[f"{name}.weight"]) for name in names)
        seen[f"{what}: weights"] = "untouched" if untouched else "set"
        if not untouched:
            seen[f"{what}: mean of the weights"] = f"about {round(weights.mean().item(), 2) + 0.0}"
            seen[f"{what}: standard deviation of the weights"] = f"about {_rounded(weights.std().item(), digits)}"
            normal = weights.std() > 0 and normal_distance(weights) * math.sqrt(len(weights)) < 3
            seen[f"{what}: distribution of the weights"] = "normal" if normal else "not normal"
        biased = [f"{name}.bias" for name in names if f"{name}.bias" in before]
        biases = torch.cat([after.get(name, torch.tensor([math.nan])) for name in biased])
        if all(name in after and torch.equal(after[name], before[name]) for name in biased):
            seen[f"{what}: biases"] = "untouched"
        else:
            seen[f"{what}: biases"] = "all 0" if not biases.any() else f"from {biases.min():.3g} to {biases.max():.3g}"
    kinds = {name: type(m) for name, m in network.named_children()}
    others = [n for n in before if kinds[n.split(".")[0]] not in ours or not n.endswith(("weight", "bias"))]
    kept = after.keys() == before.keys() and all(torch.equal(after[n], before[n]) for n in others)
    seen["everything else"] = "left alone" if kept else "changed"
    network.apply(answer)
    same = all(torch.equal(value, after[name]) for name, value in network.state_dict().items())
    seen["a second call"] = "the same weights" if same else "new weights"
    seen["every weight can be trained"] = all(
        isinstance(p, nn.Parameter) and p.requires_grad for p in network.parameters()
    )
    return seen


# ---- networks -----------------------------------------------------------------------------------------------------


def network(answer, case, like) -> dict:
    """A network class without arguments: its weights, and its output where they are known.

    The weights are set to numbers that depend on a layer's shape alone, so that two networks of the same structure
    must agree in every output, however they are written. case["inputs"]: list of batches; case["z_dim"], if there: that
    the class has this attribute.
    """
    built, seen = _built(answer)
    if built is None:
        return seen
    built(case["inputs"][0])  # lazy layers find their sizes
    shapes = [sorted((len(p), p[0].numel())) for p in built.parameters() if p.dim() > 1]
    seen["its weight matrices"] = ", ".join(f"{a} × {b}" for a, b in sorted(shapes)) or "none"
    seen["number of weights and biases"] = sum(p.numel() for p in built.parameters())
    if "z_dim" in case:
        z_dim = getattr(built, "z_dim", "missing")
        seen["its z_dim"] = z_dim if isinstance(z_dim, int | str) else kind(z_dim)
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(_known_weights(parameter))
    for batch in case["inputs"]:
        given = batch.clone()
        output = built(given)
        seen["what forward returns"] = kind(output)
        if not isinstance(output, Tensor):
            return seen
        seen[f"shape for a batch of {len(batch)}"] = tuple(output.shape)
        seen[f"output for a batch of {len(batch)}"] = output.detach()
        seen["the input afterwards"] = "unchanged" if torch.equal(given, batch) else "changed in place"
        again = torch.equal(output.nan_to_num(), built(batch.clone()).nan_to_num())
        seen["the same input again"] = "same output" if again else "another output"
    if output.requires_grad:
        output.sum().backward()
    without = [name for name, p in built.named_parameters() if p.grad is None]
    seen["weights that receive no gradient"] = ", ".join(without) or "none"
    return seen


def _known_weights(parameter: Tensor) -> Tensor:
    """Return numbers that depend on the shape alone, the same for x @ W and x @ W.T; large enough to bend every curve."""
    if parameter.dim() < 2:
        return torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel())) * 0.5
    rows, columns = len(parameter), parameter[0].numel()
    low, high = sorted((rows, columns))
    matrix = torch.randn(low, high, generator=torch.Generator().manual_seed(low * 10_000 + high))
    if low == high:
        matrix = (matrix + matrix.T) / math.sqrt(2)
    return (matrix if rows == low else matrix.T).reshape(parameter.shape) * 2 / (low * high) ** 0.25


def convolutional(answer, case, like) -> dict:
    """A class of convolutional networks without arguments: its weights, and its outputs where they are known.

    As in `network`, the weights are set to numbers that depend on their shape alone. A bias before batch norm, which that
    takes away again, counts as none. case["inputs"]: (N, ...), N > 2, for training mode; case["others"]: as many others;
    case["evaluated"]: batches for eval mode; case["shape"]: that of one output; case["logits"]: whether it ends in
    a logit; case["slope"]: the one that a LeakyReLU may have; case["vectors"]: sizes of biases and the like to look for;
    case["z_dim"], if there: that the class has this attribute.
    """
    built, seen = _built(answer)
    if built is None:
        return seen
    inputs, few = case["inputs"], case["inputs"][:2]
    built.train()
    with _Diary() as diary:
        output = built(few.clone())  # lazy layers find their sizes
    used, training_diary = {id(p) for p in diary.parameters}, diary
    parameters = dict(built.named_parameters())
    ours = {id(p) for p in parameters.values()}
    seen["what forward returns"] = kind(output)
    if "z_dim" in case:
        z_dim = getattr(built, "z_dim", "missing")
        seen["its z_dim"] = z_dim if isinstance(z_dim, int | str) else kind(z_dim)
    hidden = any(p not in ours for p in used)
    seen["weights that no optimiser would find"] = "some" if hidden else "none"
    kernels = [_as_kernel(tuple(p.shape)) for p in parameters.values()]
    kernels = [k for k in kernels if len(k) > 1]
    odd = sorted({f"{k[2]} × {k[3]}" for k in kernels if len(k) == 4 and k[2:] != (4, 4)})
    seen["kernels that are not 4 × 4"] = ", ".join(odd) or "none"
    pairs = sorted(tuple(sorted(k[:2])) for k in kernels)
    seen["channels of its convolutions"] = ", ".join(f"{a} and {b}" for a, b in pairs) or "none"
    seen |= diary.in_words()
    slopes = sorted(diary.slopes - {case["slope"]})
    seen["other slopes of a LeakyReLU than the table's"] = ", ".join(map(str, slopes)) or "none"
    if case["logits"]:
        seen["a sigmoid or a tanh"] = ", ".join(sorted(diary.names & {"sigmoid", "tanh"})) or "none"
    if not isinstance(output, Tensor):
        return seen
    seen[f"shape for a batch of {len(few)}"] = tuple(output.shape)
    if output.shape != (len(few), *case["shape"]):
        return seen
    with torch.no_grad():
        for p in parameters.values():
            p.copy_(_known_numbers(tuple(p.shape)))
        for name, buffer in built.named_buffers():
            if name.endswith(("mean", "var")):
                buffer.copy_(_known_averages(name, buffer.numel()).view_as(buffer))
        averages = {name: value.clone() for name, value in built.named_buffers()}
    given = inputs.clone()
    output = built(given)
    seen[f"shape for a batch of {len(inputs)}"] = tuple(output.shape)
    if output.shape != (len(inputs), *case["shape"]):
        return seen
    learned = _learned(parameters, output)
    moved = [not torch.equal(b, averages[name]) for name, b in built.named_buffers() if b.is_floating_point()]
    mixed = built(torch.cat([few, case["others"][2:]]))[:2]
    again = built(inputs.clone())
    seen["two different inputs"] = (
        "the same output" if _alike(output[1:], output[:1].expand_as(output[1:])) else "different outputs"
    )
    stays = "they stay" if moved else "there are none"
    idle = [name for name, p in parameters.items() if learned[name] is None and id(p) not in used]
    seen["layers that forward does not use"] = _layers_of(built, idle)
    cut = any(learned[name] is None and id(p) in used for name, p in parameters.items())
    seen["the way from the output back to the weights"] = "cut" if cut else "open"
    seen["_batch norm in training mode"] = training_diary.norms_in_words()
    seen["running averages in training mode"] = "they move" if any(moved) else stays
    seen["the images in training mode"] = "each for itself" if _alike(output[:2], mixed) else "depend on each other"
    seen["the same batch again"] = "same output" if _alike(output, again) else "another output"
    seen["weights that receive no gradient"] = ", ".join(p for p in parameters if learned[p] is None) or "none"
    vectors = [p.numel() for name, p in parameters.items() if learned[name] and len(_as_kernel(tuple(p.shape))) == 1]
    for size in sorted({*vectors, *case["vectors"]}):
        seen[f"learned vectors of {size}"] = vectors.count(size)
    seen["output in training mode"] = output.detach()
    seen["the input afterwards"] = "unchanged" if torch.equal(given, inputs) else "changed in place"
    with torch.no_grad():
        for name, much in learned.items():
            if not much:
                parameters[name].zero_()
        for name, value in built.named_buffers():
            value.copy_(averages[name])
    built.eval()
    outputs = []
    with _Diary() as diary:
        for batch in case["evaluated"]:
            output = built(batch.clone())
            seen[f"shape for a batch of {len(batch)} in eval mode"] = tuple(output.shape)
            if output.shape == (len(batch), *case["shape"]):
                outputs.append((batch, output.detach()))
    alone = [_alike(output[i], built(batch[[i]])) for batch, output in outputs for i in range(min(2, len(batch)))]
    seen["the images in eval mode"] = "each for itself" if all(alone) else "depend on each other"
    seen["_batch norm in eval mode"] = diary.norms_in_words()
    for batch, output in outputs:
        seen[f"output for a batch of {len(batch)} in eval mode"] = output
    if case["logits"] and outputs:  # whatever the sign of a logit: nothing may bend it
        with torch.no_grad():
            for p in parameters.values():
                if p.numel() == 1 or _as_kernel(tuple(p.shape))[0] == 1:
                    p.neg_()
        seen["output where all signs in the last layer are changed"] = built(outputs[-1][0].clone()).detach()
    return seen


RESIZING = {"pool": "pooling", "interpolate": "upsampling", "upsample": "upsampling", "shuffle": "pixel shuffle"}
NORMS = {"instance_norm", "layer_norm", "group_norm", "local_response_norm", "rms_norm"}


class _Diary(TorchFunctionMode):
    """Writes down which functions of torch run, and with which parameters."""

    def __init__(self):
        super().__init__()
        self.names: set[str] = set()
        self.resizing: set[str] = set()
        self.slopes: set[float] = set()  # of LeakyReLU
        self.norms: set[str] = set()  # where batch norms take mean and variance from
        self.learned_slopes = False  # of PReLU
        self.parameters: list[nn.Parameter] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        returned = function(*args, **kwargs)
        name = getattr(function, "__name__", "")
        self.names.add(name)
        self.parameters += [a for a in (*args, *kwargs.values()) if isinstance(a, nn.Parameter)]
        words = {word for part, word in RESIZING.items() if part in name}
        if words and args and isinstance(returned, Tensor) and args[0].shape != returned.shape:
            self.resizing |= words
        if name in ("leaky_relu", "leaky_relu_"):
            self.slopes.add(float(kwargs.get("negative_slope", args[1] if len(args) > 1 else 0.01)))
        if name == "batch_norm":
            averages = kwargs.get("running_mean", args[1] if len(args) > 1 else None)
            of_the_batch = kwargs.get("training", len(args) > 5 and args[5])
            other = "of the batch" if of_the_batch else "of the running averages"
            self.norms.add("of the batch, without running averages" if averages is None else other)
        self.learned_slopes |= "prelu" in name and any(isinstance(a, nn.Parameter) for a in (*args, *kwargs.values()))
        return returned

    def in_words(self) -> dict[str, str]:
        """Return what runs of the things that do not belong into a DCGAN."""
        return {
            "pooling or upsampling": ", ".join(sorted(self.resizing)) or "none",
            "dropout": "there" if any("dropout" in name for name in self.names) else "none",
            "another normalisation": ", ".join(sorted(self.names & NORMS)) or "none",
            "slopes that are learned": "some" if self.learned_slopes else "none",
        }

    def norms_in_words(self) -> str:
        """Return where the batch norms of PyTorch take mean and variance from."""
        return " and ".join(sorted(self.norms)) or "none"


def _layers_of(network: nn.Module, parameters: list[str]) -> str:
    """Return in words which layers these parameters, given by name, belong to."""
    layers = [network.get_submodule(name.rpartition(".")[0]) for name in parameters]
    norms = layers and all(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers)
    return "batch norms" if norms else "some" if layers else "none"


def _learned(parameters: dict[str, nn.Parameter], output: Tensor) -> dict[str, bool | None]:
    """Return of each parameter whether the output depends on it, None where nothing arrives.

    On a bias before batch norm it does not depend: its gradient is rounding, beside that of batch norm's scale and shift.
    """
    slopes: dict[str, float] = {}
    if output.requires_grad and parameters:
        weights = torch.linspace(0.5, 2, output.numel()).view_as(output)
        gradients = torch.autograd.grad((output * weights).sum(), list(parameters.values()), allow_unused=True)
        for name, slope in zip(parameters, gradients, strict=True):
            if slope is not None:
                # The bias of a linear layer that makes 256 maps of 4 × 4: what all places share is lost in batch norm.
                slopes[name] = (slope.sum() if slope.shape == (4096,) else slope).abs().max().item()
    sizes = {name: min(p.numel(), 256) for name, p in parameters.items() if len(_as_kernel(tuple(p.shape))) == 1}
    largest = {size: max(slopes.get(name, 0) for name in sizes if sizes[name] == size) for size in sizes.values()}
    return {
        name: None if name not in slopes else name not in sizes or slopes[name] > 1e-3 * largest[sizes[name]]
        for name in parameters
    }


def _alike(a: Tensor, b: Tensor) -> bool:
    """Return whether the numbers of two outputs agree up to rounding."""
    a, b = a.detach().flatten().nan_to_num(), b.detach().flatten().nan_to_num()
    return a.shape == b.shape and torch.allclose(a, b, rtol=5e-5, atol=5e-5)


def _as_kernel(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the kernel that a parameter stands for, (n,) for what is only a vector.

    A linear layer between a vector and 256 maps of 4 × 4 is a kernel, too.
    """
    size = math.prod(shape)
    if size == 4096 and len(shape) > 1:
        return (1, 256, 4, 4)
    if size == max(shape, default=1):
        return (size,)
    return (min(shape), 256, 4, 4) if len(shape) == 2 and max(shape) == 4096 else shape


@functools.lru_cache(32)
def _known_numbers(shape: tuple[int, ...]) -> Tensor:
    """Return numbers that depend on the shape alone; the same for a kernel and for the linear layer that does its work."""
    kernel = _as_kernel(shape)
    if len(kernel) == 1:
        return torch.full(shape, 0.3) if kernel == (4096,) else 0.7 * _drawn(kernel[0], *kernel).view(shape)
    seed = sum(side * 1_000**place for place, side in enumerate(kernel))
    numbers = _drawn(seed, *kernel) / (2 * max(kernel[:2]) ** 0.5)
    if kernel[1:] == (256, 4, 4):  # the same if its 4096 numbers lie in memory as (256, 4, 4) or as (4, 4, 256)
        flat, turned = numbers.flatten(1), torch.arange(4096).view(256, 16).T.flatten()
        numbers = (flat + flat[:, turned] + flat[:, turned][:, turned]) / 3**0.5
    if len(shape) == 2 and shape[0] == 4096 and shape[1] > 1:
        return numbers.view(-1, 4096).T
    return numbers.reshape(shape)


def _known_averages(name: str, size: int) -> Tensor:
    """Return running averages that depend on their size alone."""
    numbers = _drawn(size + 7, size)
    return numbers if name.endswith("mean") else 0.5 + numbers.abs()


def _drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed % 2**63))


def _built(answer) -> tuple[nn.Module | None, dict]:
    """Return the network that a class makes, None if there is none, and what was seen of the class."""
    if isinstance(answer, nn.Module):
        return None, {"what it is": "a network already, not the class: leave the () away"}
    built = answer()
    if not isinstance(built, nn.Module):
        return None, {"what it is": f"{kind(built)}, not an nn.Module: is `(nn.Module)` missing in its first line?"}
    forward = "missing" if type(built).forward is nn.Module.forward else "there"
    return built if forward == "there" else None, {"what it is": "a class of networks", "its forward": forward}


def moving_average(answer, case, like) -> dict:
    """A function that moves the average of a network's weights: what is in both networks afterwards.

    case["average"], case["G"]: functions that return networks of the same structure; case["decay"]; case["calls"]: how
    often G moves and the function is called.
    """
    average, G = case["average"](), case["G"]()
    kept = dict(average.named_parameters())
    asking = {name: p.requires_grad for name, p in kept.items()}
    before = copy.deepcopy(average.state_dict())
    modes = [m.training for network in (average, G) for m in network.modules()]
    for p in G.parameters():
        p.grad = torch.full_like(p, 0.5)
    for _ in range(case["calls"]):
        with torch.no_grad():
            for p in G.parameters():
                p.mul_(1.1)
        state = copy.deepcopy(G.state_dict())
        answer(average, G, case["decay"])
        left = all(torch.equal(value, state[name]) for name, value in G.state_dict().items())
    seen = {}
    after = {name: value.detach().clone() for name, value in average.state_dict().items()}
    now = dict(average.named_parameters())
    own = now.keys() == kept.keys() and all(now[name] is kept[name] for name in kept)
    seen["the average's parameters"] = "those that it had" if own else "others: they were to change in place"
    alike = after.keys() == before.keys() and all(torch.equal(value, before[name]) for name, value in after.items())
    seen["the average"] = "no number has changed" if alike else "other numbers than before"
    seen["G afterwards"] = "unchanged" if left else "changed"
    graph = any(p.grad_fn is not None for p in average.parameters()) or any(b.requires_grad for b in average.buffers())
    seen["a graph behind the average"] = "kept in memory" if graph else "none"
    asked = {name: p.requires_grad for name, p in now.items()}
    seen["which of the average's parameters ask for a gradient"] = "as before" if graph or asked == asking else "others"
    grads = all(p.grad is not None and bool((p.grad == 0.5).all()) for p in G.parameters())
    grads = grads and all(p.requires_grad for p in G.parameters())
    seen["gradients of G"] = "as they were" if grads else "changed"
    same = [m.training for network in (average, G) for m in network.modules()] == modes
    seen["modes of the two networks"] = "as they were" if same else "changed"
    for name in [*kept, *(name for name, _ in average.named_buffers())]:
        seen[f"the average's {name}"] = after[name].double() if name in after else "gone"
    with torch.no_grad():
        for value in (*G.parameters(), *G.buffers()):
            value.add_(1)
    own = all(torch.equal(value, after[name]) for name, value in average.state_dict().items())
    seen["the average, when G moves on"] = "keeps its numbers" if own else "moves with it: it shares memory with G"
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
        return self.noted(self.body(self.taken(x)))

    def taken(self, x: Tensor) -> Tensor:
        """Write down what goes in; return that, or what is to be used instead."""
        with torch.inference_mode(False):  # or a copy could not be used again in training
            self.inputs.append(x.detach().clone())
        return self.replay[len(self.inputs) - 1] if len(self.inputs) <= len(self.replay) else x

    def noted(self, output: Tensor) -> Tensor:
        """Return what comes out so that its graph, and a gradient that comes back, are noticed."""
        token = _Token()
        self.tokens.append(weakref.ref(token))
        output = _Trace.apply(output, token)
        if output.requires_grad:
            output.register_hook(lambda _: self.diary.append(f"gradient in {self.name}"))
        return output


# What a conditional generator has made: image -> label that it was given -> label that it used, noise. Where its weights
# have exploded, it may make one and the same image for several labels.
Made = dict[bytes, dict[int, tuple[int, bytes]]]


class _ConditionalG(_Player):
    """A small conditional generator: the row of `table` for the label stands beside the noise."""

    def __init__(self, diary: list[str]):
        super().__init__(
            nn.Sequential(
                nn.Linear(64 + 8, 6),
                nn.BatchNorm1d(6),
                nn.LeakyReLU(0.2),
                nn.Linear(6, 784),
                nn.Tanh(),
                nn.Unflatten(1, (1, 28, 28)),
            ),
            diary,
            "G",
        )
        self.table = nn.Parameter(torch.randn(CLASSES, 8))
        self.z_dim, self.classes = 64, CLASSES
        self.labels: list[Tensor] = []  # that it was given, call by call
        self.replay_labels: list[Tensor] = []  # to use instead of those
        self.made: Made = {}
        self.modes: set[bool] = set()  # of its batch normalisation, while it draws

    def __deepcopy__(self, memo: dict) -> "_ConditionalG":
        """Return a copy; what it makes, and in which mode, is noted as G's."""
        memo |= {id(book): book for book in (self.made, self.modes)}
        memo[id(self)] = twin = type(self).__new__(type(self))
        twin.__setstate__(copy.deepcopy(self.__dict__, memo))
        return twin

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        given = _whole_labels(labels, len(z))
        with torch.inference_mode(False):
            self.labels.append(given.clone())
        used = self.replay_labels[len(self.labels) - 1] if len(self.labels) <= len(self.replay_labels) else given
        self.modes.add(self.body[1].training)
        joined = torch.cat([self.taken(z), embedding(used, self.table)], dim=1)
        images = self.noted(self.body(joined))
        for image, label, *rest in zip(_rows(images), given.tolist(), used.tolist(), _rows(z), strict=False):
            self.made.setdefault(image, {})[label] = tuple(rest)
        return images


class _ConditionalD(_Player):
    """A small conditional discriminator: w·h + c·h, where c is the row of `table` for the label."""

    def __init__(self, diary: list[str], made: Made):
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(784, 6), nn.LeakyReLU(0.2)), diary, "D")
        self.head = nn.Linear(6, 1)
        self.table = nn.Parameter(torch.randn(CLASSES, 6))
        self.classes = CLASSES
        self.made = made  # G's
        self.real: dict[bytes, int] = {}  # real image -> its label
        # Which images -> call by call, image by image: its own label, the label that D was told.
        self.told: dict[str, list[list[tuple[int, int]]]] = {}

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        labels = _whole_labels(labels, len(x))
        told, images = labels.tolist(), _rows(x)
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
        turn = "in G's turn" if "opt_D.step()" in self.diary else "in its own turn"
        for what, pairs in (("real", real), (turn, [(used, told[i]) for i, _, used in fakes])):
            self.told.setdefault(what, []).extend([pairs] if pairs else [])
        h = self.body(self.taken(x))
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


def _rows(batch: Tensor) -> list[bytes]:
    """Return what tells the rows of a batch (N, ...) apart."""
    return [row.tobytes() for row in batch.detach().flatten(1).numpy()]


class _Optimizer(torch.optim.SGD):
    """Plain gradient descent, in which the size of a gradient shows, that writes down when it steps."""

    def __init__(self, player: _Player, lr: float):
        super().__init__(player.parameters(), lr=lr)
        self.player = player

    def step(self, closure=None):
        loss = super().step(closure)  # first: a closure propagates the loss
        self.player.diary.append(f"opt_{self.player.name}.step()")
        return loss


def training_step(answer, case, like) -> dict:
    """A training step of both players, played a few times.

    case["batches"]: list of real images (N, 1, 28, 28), one a step; case["labels"], if there: a list of their labels,
    int64 (N,) from 0 to 9, for conditional players; case["options"], if there: further keyword arguments;
    case["batch_norm"], if true: D has batch normalisation, too, so that it matters which images it sees in one batch;
    case["part"], what to look at: "D" or "G", the change of that player's weights while the other's learning rate is 0;
    "both", their changes together, who received gradients, who stepped when, what was left behind; "returned".
    """
    diary: list[str] = []
    conditional = "labels" in case
    G, D = _conditional_players(diary) if conditional else _players(diary, case.get("batch_norm", False))
    part = case["part"]
    opt_G = _Optimizer(G, 0.0 if part in ("D", "returned") else 1.0)
    opt_D = _Optimizer(D, {"G": 0.0, "returned": 20.0}.get(part, 0.5))  # far, so that what is taken too late differs
    start = {player: _weights(player) for player in (D, G)}
    seen: dict = {"_noise": []}  # and, for conditional players, the labels: what went into G at each of its calls
    drawn: list[list[Tensor]] = []
    for number, batch in enumerate(case["batches"], start=1):
        diary.clear()
        for player in (G, D):
            player.inputs.clear()
            player.tokens.clear()
        G.replay = like["_noise"][number - 1] if number <= len(like.get("_noise", [])) else []
        real, labels = batch.clone(), []
        if conditional:
            labels = [case["labels"][number - 1].clone()]
            G.replay, G.replay_labels = G.replay[::2], G.replay[1::2]
            G.labels, D.told, D.real = [], {}, dict(zip(_rows(real), labels[0].tolist(), strict=True))
            G.made.clear()
        values = answer(G, D, opt_G, opt_D, real, *labels, number, **case.get("options", {}))
        drawn.append(list(G.inputs))
        inputs = zip(G.inputs, G.labels, strict=True) if conditional else zip(G.inputs, strict=True)
        seen["_noise"].append([tensor for call in inputs for tensor in call])
        if part == "both":
            seen |= _order(diary)
            seen |= _noise(drawn, len(batch))
            if conditional:
                seen |= _labels(G, D)
                kept = torch.equal(labels[0], case["labels"][number - 1])
                seen["the labels afterwards"] = "unchanged" if kept else "changed in place"
            seen["the real images afterwards"] = "unchanged" if torch.equal(real, batch) else "changed in place"
            seen["after the step, the graph of its losses"] = "still in memory" if _alive(G, D) else "freed"
        for player in (D, G):
            if part in ("both", player.name):
                seen[f"change of {player.name}'s weights by the end of step {number}"] = (
                    _weights(player) - start[player]
                )
        if part == "returned":
            seen["what it returns"] = "a dict" if isinstance(values, dict) else kind(values)
            if not isinstance(values, dict):
                return seen
            wanted = ("d_loss", "g_loss", "d_real", "d_fake")
            there = all(name in values for name in wanted)
            seen["its keys"] = ", ".join(wanted if there else map(str, values)) or "none"
            seen |= {f"{name} in step {number}": _number(values[name]) for name in wanted if there}
    if part == "both":
        for player in (G, D):
            seen[f"{player.name} afterwards"] = "in training mode" if player.training else "in eval mode"
            frozen = not all(p.requires_grad for p in player.parameters())
            seen[f"{player.name}'s weights afterwards"] = "frozen" if frozen else "trainable"
    return seen


def _players(diary: list[str], batch_norm: bool = False) -> tuple[_Player, _Player]:
    """Return G and D; without biases, so that the logits of neither kind of images lie all on one side of 0."""
    G = _Player(
        nn.Sequential(
            nn.Linear(64, 6),
            nn.BatchNorm1d(6),
            nn.LeakyReLU(0.2),
            nn.Linear(6, 784, bias=False),
            nn.Tanh(),
            nn.Unflatten(1, (1, 28, 28)),
        ),
        diary,
        "G",
    )
    G.z_dim = 64
    normalised = [nn.BatchNorm1d(6)] if batch_norm else []
    hidden = nn.Linear(784, 6, bias=False), *normalised, nn.LeakyReLU(0.2)
    return G, _Player(nn.Sequential(nn.Flatten(), *hidden, nn.Linear(6, 1, bias=False), nn.Flatten(0)), diary, "D")


def _conditional_players(diary: list[str]) -> tuple[_ConditionalG, _ConditionalD]:
    G = _ConditionalG(diary)
    return G, _ConditionalD(diary, G.made)


def _alive(*players: _Player) -> bool:
    """Return whether a graph of this step still exists; a cycle of references may have to be collected first."""
    tokens = [token for player in players for token in player.tokens]
    if any(token() is not None for token in tokens):
        gc.collect(1)  # the young objects, which is quick
    return any(token() is not None for token in tokens)


def _weights(player: _Player) -> Tensor:
    return torch.cat([p.detach().flatten() for p in player.parameters()])


def _order(diary: list[str]) -> dict:
    steps = [entry for entry in diary if entry.endswith(".step()")]
    seen = {"the optimisers' steps": ", ".join(steps) or "none"}
    for name in ("D", "G"):
        stepped = diary.index(f"opt_{name}.step()") if f"opt_{name}.step()" in diary else len(diary)
        there = f"gradient in {name}" in diary[:stepped]
        seen[f"{name}'s gradient when opt_{name} steps"] = "there" if there else "not computed yet"
    end = diary.index("opt_D.step()") if "opt_D.step()" in diary else 0
    own = diary[end : diary.index("opt_G.step()", end)] if "opt_G.step()" in diary[end:] else []
    seen["_before opt_G's first step"] = "a gradient of G's own turn" if "gradient in G" in own else "nothing"
    received = {True: "receives a gradient", False: "receives no gradient"}
    return seen | {
        "G in D's turn": received["gradient in G" in diary[:end]],
        "G in its own turn": received["gradient in G" in diary[end:]],
    }


def _noise(steps: list[list[Tensor]], n: int) -> dict:
    """Return how the noise of the steps so far was drawn: steps[i][k] went into G at its k-th call in step i."""
    now, earlier = steps[-1], [z for step in steps[:-1] for z in step]
    drawn = len(now) > 1 or sum(map(len, now)) > n
    fresh = drawn and not any(torch.equal(a, b) for i, a in enumerate(now) for b in now[:i])
    new = not any(torch.equal(a, b) for a in now for b in earlier)
    repeated = any(len(z.unique(dim=0)) < len(z) for z in now)
    numbers = torch.cat([z.flatten() for step in steps for z in step] or [torch.zeros(2)])
    usual = normal_distance(numbers) * math.sqrt(len(numbers)) < 3 and (numbers.std() - 1).abs() < 0.2
    return {
        "shape of the noise": ", ".join(sorted({str(tuple(z.shape)) for z in now})),
        "noise of the two turns": "fresh for each" if fresh else "the same for both",
        "noise of two steps": "fresh for each" if new else "the same for both",
        "rows of the noise": "some are the same" if repeated else "all different",
        "distribution of the noise": "standard normal" if usual and numbers.mean().abs() < 0.2 else "another",
    }


def _labels(G: _ConditionalG, D: _ConditionalD) -> dict[str, str]:
    """Return, in words, which labels the players were given in this step."""
    alike = any(len(labels) > 1 and len(labels.unique()) == 1 for labels in G.labels)
    seen = {"labels that G was given": "the same for all" if alike else "one for each image"}
    seen["labels that D was given with the real images"] = _in_words(D.told.get("real", []), "their own")
    for turn in ("in its own turn", "in G's turn"):
        words = _in_words(D.told.get(turn, []), "those that G was given", list(D.real.values()))
        seen[f"labels that D was given with the fakes {turn}"] = words
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


def _number(value: object) -> object:
    """Return what was recorded as a float, or in words why it is none."""
    if isinstance(value, Tensor):
        return value.detach().float().item() if value.numel() == 1 else f"a tensor of shape {tuple(value.shape)}"
    try:
        return kind(value) if isinstance(value, str) else float(value)  # a number of Python or NumPy
    except (TypeError, ValueError):
        return kind(value)


class _EndlessLoop(Exception):
    """A training step was called far more often than it should have been."""


def training_loop(answer, case, like) -> dict:
    """A loop that draws batches and calls a training step: which batches, how often, and what it keeps.

    case["images"]: uint8 (N, 1, 28, 28), all different; case["steps"], case["batch_size"].
    """
    images = case["images"].clone()
    calls: list[tuple] = []
    batches: list[Tensor] = []

    def train_step(G, D, opt_G, opt_D, real, step):
        if len(calls) >= 20 * case["steps"]:
            raise _EndlessLoop
        calls.append(((G, D, opt_G, opt_D), step))
        batches.append(real.detach().clone() if isinstance(real, Tensor) else real)
        seen["a batch"] = kind(real)
        return {"d_loss": torch.tensor(1.0 + step), "g_loss": torch.tensor(2.0 * step)}

    G, D = nn.Linear(1, 1), nn.Linear(1, 1)  # the loop has only to hand them on
    players = G, D, torch.optim.SGD(G.parameters()), torch.optim.SGD(D.parameters())
    seen: dict = {}
    try:
        history = answer(train_step, *players, images, case["steps"], case["batch_size"])
    except _EndlessLoop:
        return {"calls of train_step": "no end of them"}
    seen["calls of train_step"] = len(calls)
    seen["the dataset afterwards"] = "unchanged" if torch.equal(images, case["images"]) else "changed in place"
    if calls:
        numbers = [step for _, step in calls]
        in_order = numbers == list(range(1, case["steps"] + 1))
        seen["step numbers"] = f"1 to {case['steps']}" if in_order else f"{', '.join(map(str, numbers[:5]))}, ..."
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
    shapes = [tuple(batch.shape) for batch in batches]
    seen = {
        "type of a batch": str(batches[0].dtype),
        "shape of every batch": shapes[0] if len(set(shapes)) == 1 else f"not the same: {shapes[0]}, {shapes[-1]}",
    }
    if any(batch.numel() == 0 or batch.numel() % 784 for batch in batches):
        return seen
    lowest, highest = min(batch.min().item() for batch in batches), max(batch.max().item() for batch in batches)
    seen["pixels"] = f"from {round(lowest, 1) + 0.0} to {round(highest, 1)}"
    scaled = images.flatten(1).float() / 127.5 - 1
    drawn = []  # the numbers of the images in each batch, -1 for what is no image of the dataset
    for batch in batches:
        gap, nearest = (batch.float().reshape(-1, 1, 784) - scaled).abs().mean(2).min(1)
        drawn.append(nearest.where(gap < 0.01, -1).tolist())
    flat = [number for batch in drawn for number in batch]
    in_order = sum(b - a == 1 for a, b in pairwise(flat)) > len(flat) / 2
    enough = 1.0 if len(flat) >= 20 * len(images) else 0.7  # chance leaves one of 12 images out of 240 once in 10⁸ runs
    return seen | {
        "images in the batches": "not those of `images`" if -1 in flat else "those of `images`",
        "two batches": "the same" if drawn[1:] and drawn[0] == drawn[1] else "different",
        "order of the images": "as in `images`" if in_order else "random",
        "part of `images` that is used": "nearly all" if len(set(flat)) >= enough * len(images) else "a part",
    }


# ---- pictures -----------------------------------------------------------------------------------------------------


def class_grid(answer, case, like) -> dict:
    """A function that draws with a conditional generator: which class and which noise lie where, and how G is left.

    case["z"]: (n, 64); case["classes"]: how many of G's ten; case["training"]: whether G is in training mode before.
    """
    G = _ConditionalG([])
    for numbers in (G.body[1].running_mean, G.body[1].bias.data):
        numbers.normal_()  # so that its running averages are not those of a batch
    G.train(case["training"])
    before, z = {name: value.clone() for name, value in G.state_dict().items()}, case["z"].clone()
    images = answer(G, z, case["classes"])
    seen = {"what it returns": kind(images)}
    if not isinstance(images, Tensor):
        return seen
    seen |= {"its shape": tuple(images.shape), "its type": str(images.dtype)}
    if images.dtype == torch.float32 and images.numel() and images.numel() % 784 == 0:
        made = [next(iter(G.made.get(row, {}).items()), None) for row in _rows(images.reshape(-1, 784))]
        columns = {row: str(j) for j, row in enumerate(_rows(case["z"]))}
        seen["the classes, image by image"] = _listed([str(m[0]) if m else "?" for m in made])
        seen["the numbers of the noise vectors in z, image by image"] = _listed(
            [columns.get(m[1][1], "new") if m else "?" for m in made]
        )
    modes = {True: "in training mode", False: "in eval mode"}
    seen["G while it draws"] = " and ".join(modes[mode] for mode in sorted(G.modes)) or "not called"
    seen["the images"] = images.detach()
    seen["their graph"] = "kept in memory" if images.requires_grad else "none"
    alike = G.training == G.body[1].training
    seen["G's mode afterwards"] = modes[G.training] + f", but its layers {modes[not G.training]}" * (not alike)
    kept = all(torch.equal(value, before[name]) for name, value in G.state_dict().items())
    trainable = all(p.requires_grad for p in G.parameters())
    seen["G's weights and averages afterwards"] = "changed" if not kept else "unchanged" if trainable else "frozen"
    seen["z afterwards"] = "unchanged" if torch.equal(z, case["z"]) else "changed in place"
    return seen


def _listed(words: list[str]) -> str:
    """Return the words, of long lists the first."""
    return ", ".join(words[:24] + ["..."] * (len(words) > 24))


# ---- questions ----------------------------------------------------------------------------------------------------


def choice(answer, case, like) -> dict:
    """A question with the possible answers a, b, c, d: a function that returns the chosen letter."""
    chosen = answer()
    letter = chosen.strip(" ().").lower() if isinstance(chosen, str) else ""
    return {"your choice": letter if letter in list("abcd") else f"{chosen!r}, not one of a, b, c, d"}
