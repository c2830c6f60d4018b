"""The trained networks that come with the course, and their model cards.

Each lies in a folder of `data/pretrained/`: `card.json` says what was trained how, on what, and how well it did; the
weights lie beside it as safetensors, half precision (the pictures are the same to within one grey level of 255).
"""

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from gancourse import recipes, sources
from gancourse.files import save_atomically
from gancourse.sources import data_folder
from gancourse.training import pick_device


class WeightsError(RuntimeError):
    """Shipped weights are missing or damaged."""


@dataclass(frozen=True)
class Pretrained:
    """A shipped GAN at one stage of its training, both networks in eval mode on the CPU."""

    name: str
    stage: int  # 1 is the earliest
    step: int
    generator: nn.Module
    discriminator: nn.Module
    card: dict


def folder() -> Path:
    """Return the folder of the shipped weights."""
    return data_folder() / "pretrained"


def names() -> list[str]:
    """Return the names of the generators that draw from noise."""
    return [*recipes.RECIPES, *recipes.JOINED]


def load(name: str, stage: int | None = None) -> Pretrained:
    """Return a shipped GAN, e.g. `load("mnist_better").generator`; `stage` counts from 1, the last is the default.

    Raises ValueError for an unknown name or stage, WeightsError for missing or damaged files.
    """
    known = [*names(), *recipes.SRGANS]
    if name not in known:
        raise ValueError(f"No weights are shipped under {name!r}. There are: {', '.join(known)}.")
    card = read_card(name)
    stages = card["stages"]
    stage = len(stages) if stage is None else stage
    if not 1 <= stage <= len(stages):
        raise ValueError(f"{name} has the stages 1 to {len(stages)}, not {stage}.")
    entry = stages[stage - 1]
    tensors = _read_weights(folder() / name / entry["file"], entry["sha256"])
    recipe = recipes.get(card["recipe"])
    G, D = recipe.networks()
    if recipe.conditional:
        G.class_names = sources.registry()[recipe.dataset].classes  # for the explorer
    for prefix, network in (("generator.", G), ("discriminator.", D)):
        network.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        network.float().eval().requires_grad_(False)  # float32 whatever torch's default is
    return Pretrained(name, stage, entry["step"], G, D, card)


def load_classifier(name: str = "digit_classifier") -> tuple[nn.Module, str]:
    """Return a frozen classifier, "digit_classifier" or "cifar10_classifier", in eval mode and the SHA-256 of its weights."""
    if name not in recipes.CLASSIFIERS:
        raise ValueError(f"There is no classifier {name!r}. There are: {', '.join(recipes.CLASSIFIERS)}.")
    card = read_card(name)
    classifier = recipes.CLASSIFIERS[name].network()
    classifier.load_state_dict(_read_weights(folder() / name / card["file"], card["sha256"]))
    return classifier.float().eval().requires_grad_(False), card["sha256"]


def read_card(name: str) -> dict:
    """Return the model card of `name`."""
    path = folder() / name / "card.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise WeightsError(f"{path} is missing. {_MEND}") from None
    except ValueError as error:
        raise WeightsError(f"{path} is damaged ({error}). {_MEND}") from None


def write_weights(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    """Write tensors as half-precision safetensors; return the SHA-256 of the file. Integers stay as they are."""
    halved = {k: (v.half() if v.is_floating_point() else v).cpu().contiguous() for k, v in tensors.items()}
    data = safetensors.torch.save(halved)
    save_atomically(path, data)
    return hashlib.sha256(data).hexdigest()


def write_card(name: str, card: dict) -> None:
    """Write the model card of `name`."""
    save_atomically(folder() / name / "card.json", (json.dumps(card, indent=2) + "\n").encode())


def fingerprint(network: nn.Module) -> str:
    """Return the SHA-256 of a network's weights and their names, in hexadecimal digits: it tells networks apart."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        if not isinstance(tensor, torch.Tensor):  # what a module keeps beside its tensors
            continue
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def machine() -> str:
    """Return the hardware that trains here: the GPU's name, or the CPU's architecture and number of threads."""
    device = pick_device()
    if device.type != "cpu":
        return torch.cuda.get_device_name() if device.type == "cuda" else "Apple GPU"
    return f"CPU, {torch.get_num_threads()} threads, {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"


_MEND = "The weights come with the course: `git checkout -- data/pretrained` or a new installation brings them back."


def _read_weights(path: Path, sha256: str) -> dict[str, torch.Tensor]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}). {_MEND}") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsError(f"{path} is not the file that its card describes (other SHA-256). {_MEND}")
    try:
        tensors = safetensors.torch.load(data)
    except SafetensorError as error:
        raise WeightsError(f"{path} is damaged ({error}). {_MEND}") from None
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
