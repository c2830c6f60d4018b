"""Lesson 3: initialising the weights."""

import math

import torch
from torch import nn

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.randomness import is_normal, rounded

LINEAR, BATCH = "nn.init.normal_(layer.weight, 0.0, 0.02)", "nn.init.normal_(layer.weight, 1.0, 0.02)"
ZEROS, IF_BIAS = "nn.init.zeros_(layer.bias)", "if layer.bias is not None:"
OURS = (nn.Linear, nn.BatchNorm1d)


def _cases(seed, strict):
    def network():
        torch.manual_seed(seed)
        layers = [nn.Linear(100, 200), nn.BatchNorm1d(1_000), nn.LeakyReLU(0.2), nn.Linear(200, 100), nn.Tanh()]
        layers += [nn.Linear(100, 40, bias=False), nn.BatchNorm1d(200), nn.LayerNorm(8), nn.Conv1d(3, 2, 1)]
        layers += [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(6), nn.Embedding(4, 5), nn.PReLU()]
        if strict:
            layers += [nn.ConvTranspose2d(4, 3, 4), nn.GroupNorm(2, 4), nn.Bilinear(2, 3, 4), nn.Linear(1, 700)]
        for layer in layers:  # batch normalisation would begin with weights 1 and biases 0
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.uniform_(layer.weight)
                nn.init.normal_(layer.bias)
        return nn.Sequential(*layers)

    about = "network.apply(init_weights), where one of the linear layers has no bias"
    return [{"about": about, "network": network}]


def _observe(answer, case, like):
    """Return what network.apply(answer) makes of linear layers and batch norm, and that it leaves the rest."""
    network = case["network"]()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    parameters = list(map(id, network.parameters()))
    network.apply(answer)
    after = {name: value.clone() for name, value in network.state_dict().items()}
    seen = {}
    for kind_of_layer, digits in zip(OURS, (2, 1), strict=True):
        what = kind_of_layer.__name__
        names = [n for n, m in network.named_children() if type(m) is kind_of_layer and f"{n}.weight" in before]
        weights = torch.cat([after[f"{name}.weight"].flatten() for name in names]).double()
        untouched = any(torch.equal(after[f"{name}.weight"], before[f"{name}.weight"]) for name in names)
        seen[f"weights_of:{what}"] = "untouched" if untouched else "set"
        if not untouched:
            seen[f"mean:{what}"] = f"about {round(weights.mean().item(), 2) + 0.0}"
            seen[f"spread:{what}"] = f"about {rounded(weights.std().item(), digits)}"
            normal = is_normal(weights) and abs(_tail(weights)) < 0.3
            seen[f"distribution:{what}"] = "normal" if normal else "not normal"
        biased = [f"{name}.bias" for name in names if f"{name}.bias" in before]
        biases = torch.cat([after.get(name, torch.tensor([math.nan])) for name in biased])
        if all(name in after and torch.equal(after[name], before[name]) for name in biased):
            seen[f"biases_of:{what}"] = "untouched"
        else:
            seen[f"biases_of:{what}"] = (
                "all 0" if not biases.any() else f"from {biases.min():.3g} to {biases.max():.3g}"
            )
    kinds = {name: type(m) for name, m in network.named_children()}
    others = [n for n in before if kinds[n.split(".")[0]] not in OURS or not n.endswith(("weight", "bias"))]
    kept = after.keys() == before.keys() and all(torch.equal(after[n], before[n]) for n in others)
    seen["others"] = "left alone" if kept else "changed"
    seen["parameters"] = "their own" if list(map(id, network.parameters())) == parameters else "new objects"
    answer(network)  # a Sequential is another layer: its children get their own call
    alone = all(torch.equal(value, after[name]) for name, value in network.state_dict().items())
    seen["layers_inside"] = "left alone" if alone else "changed"
    network.apply(answer)
    same = all(torch.equal(value, after[name]) for name, value in network.state_dict().items())
    seen["second_call"] = "the same weights" if same else "new weights"
    trained = all(isinstance(p, nn.Parameter) and p.requires_grad for p in network.parameters())
    return seen | {"can_be_trained": "every weight" if trained else "not every weight"}


def _tail(weights):
    """Return the excess kurtosis of numbers (n,), 0 for normal ones: what is cut off shows here first."""
    return (((weights - weights.mean()) / weights.std()) ** 4).mean().item() - 3


init_weights = Exercise(
    reference=answers.load("vanilla_gan", "init_weights"),
    points=2,
    cases=_cases,
    observe=_observe,
    random=True,
    look={
        "weights_of:Linear": "the weights of an nn.Linear are untouched: that branch does not run, or its numbers do not reach the layer. "
        "Functions whose name ends in _, such as nn.init.normal_, change a tensor in place; assigning to a local name does not.",
        "weights_of:BatchNorm1d": "batch normalisation is left as PyTorch made it. Draw its weights from N(1, 0.02).",
        "mean:Linear": "the weights of the linear layers do not have the mean 0.",
        "mean:BatchNorm1d": {
            "about 0.0": "batch normalisation's weights are drawn around 0. It multiplies by them, so that would switch off nearly everything: they belong around 1.",
            "": "the weights of batch normalisation do not have the mean 1.",
        },
        "spread:Linear": {
            "about 1.0": "the standard deviation of the linear layers' weights is 1, the default of nn.init.normal_. Its arguments are the tensor, the mean and the standard deviation: 0.0 and 0.02.",
            "": "the standard deviation of the linear layers' weights is not 0.02. (0.02 is no variance, and no half width.)",
        },
        "spread:BatchNorm1d": "the standard deviation of batch normalisation's weights is not 0.02. Draw them from N(1, 0.02), around 1.",
        "distribution": "the weights are not normally distributed (uniform, cut off, or in part untouched). Draw all of them with nn.init.normal_.",
        "biases_of:Linear": {
            "untouched": "the biases of the linear layers are still PyTorch's own. Set them too: nn.init.zeros_(layer.bias).",
            "": "the biases are not 0. They should begin there: nn.init.zeros_(layer.bias).",
        },
        "biases_of:BatchNorm1d": {
            "untouched": "the biases of batch normalisation are not set. They start at 0, but init_weights should reset a trained network, too: nn.init.zeros_(layer.bias).",
            "": "the biases are not 0. They should begin there: nn.init.zeros_(layer.bias).",
        },
        "others": "something other than the weight and bias of nn.Linear and nn.BatchNorm1d has changed. Leave it alone.",
        "parameters": "a layer gets new parameters: an optimiser made before would go on with the old ones. Change the numbers in place, with nn.init.normal_.",
        "layers_inside": "called on an nn.Sequential, it changes the layers inside. apply() calls your function on each layer: change only the layer that it receives.",
        "second_call": "two networks would begin with the same weights. A seed inside the function starts the random numbers again for every layer.",
        "can_be_trained": "a weight cannot be trained any more. Change the numbers in layer.weight; leave it the nn.Parameter that it is.",
        "": "Four things are asked for: the weights and the biases of nn.Linear and of nn.BatchNorm1d.",
    },
    mistakes=(
        mistake(
            "no layer has changed. Either no branch runs (compare with isinstance(layer, nn.Linear), not with `is` or ==), or the new "
            "numbers do not reach the layer: functions whose name ends in _ , such as nn.init.normal_, change a tensor in place; "
            "assigning to a local name does not.",
            "pass",
            (f"{LINEAR} → w = torch.randn_like(layer.weight) * 0.02", f"{BATCH} → pass", f"{ZEROS} → pass"),
        ),
        mistake(
            "0.02 is taken for the variance of the linear layers' weights. It is the standard deviation.",
            (f"{LINEAR} → {LINEAR.replace('0.02', '0.02**0.5')}", f"{BATCH} → {BATCH.replace('0.02', '0.02**0.5')}"),
            f"{LINEAR} → {LINEAR.replace('0.02', '0.02**0.5')}",
        ),
        mistake(
            "mean and standard deviation are swapped: nn.init.normal_(tensor, mean, std).",
            f"{LINEAR} → {LINEAR.replace('0.0, 0.02', '0.02, 0.0')}",
        ),
        mistake(
            "a linear layer may have no bias: then layer.bias is None, and there is nothing to set. Ask first: if layer.bias is not None.",
            f"{IF_BIAS} → if True:",
            (f"{IF_BIAS} → if True:", f"{ZEROS} → layer.bias.data.zero_()"),
            (f"{IF_BIAS} → if True:", f"{ZEROS} → layer.bias.data.fill_(0)"),
            (f"{IF_BIAS} → if True:", f"{ZEROS} → nn.init.constant_(layer.bias, 0)"),
        ),
        mistake(
            "some layers have no weights at all (an activation function), and apply() calls your function on those too. First check what the "
            "layer is: isinstance(layer, nn.Linear).",
            "if isinstance(layer, nn.Linear): → if layer.weight is not None:",
            "    else:\n        return\n → ",
            ("    elif isinstance(layer, nn.BatchNorm1d): →     else:", "    else:\n        return\n → "),
        ),
    ),
)
