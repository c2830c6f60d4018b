"""Checkpoints: everything that changes while training, in one safetensors file, written atomically.

Beside it lies `card.json`, a readable note of how far the training has come; nothing is ever read from the card.
"""

import json
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from gancourse.files import save_atomically


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read, or belongs to another training."""


def write(
    path: Path,
    networks: dict[str, nn.Module],
    optimizers: dict[str, Optimizer],
    tensors: dict[str, Tensor],
    about: dict,
) -> None:
    """Write networks, optimiser states, further tensors, torch's random state and `about` (what json can hold)."""
    every = dict(tensors)
    for prefix, network in networks.items():
        every |= {f"{prefix}.{name}": tensor for name, tensor in network.state_dict().items()}
    for prefix, optimizer in optimizers.items():
        for i, state in optimizer.state_dict()["state"].items():
            every |= {f"{prefix}.{i}.{name}": tensor for name, tensor in state.items() if tensor is not None}
    every["rng.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        every["rng.cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        every["rng.mps"] = torch.mps.get_rng_state()
    # clone: safetensors refuses tensors that share memory, or that are not in the order of their dimensions
    copies = {k: v.cpu().clone(memory_format=torch.contiguous_format) for k, v in every.items()}
    data = safetensors.torch.save(copies, {"about": json.dumps(about)})
    save_atomically(path, data)
    save_atomically(path.with_name("card.json"), (json.dumps(about, indent=2) + "\n").encode())


def read(
    path: Path, networks: dict[str, nn.Module], optimizers: dict[str, Optimizer], plan: dict
) -> tuple[dict[str, Tensor], dict]:
    """Load a checkpoint into networks, optimisers and torch's random state; return its further tensors and `about`.

    Raises CheckpointError where the file is damaged, where `about["plan"]` is not `plan`, or where the networks differ.
    """
    advice = f"Delete the folder {path.parent} to start this training anew, or name another folder."
    try:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["about"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. {advice}") from None
    there = about["plan"]
    differ = [k for k in sorted(plan.keys() | there.keys()) if plan.get(k) != there.get(k)]
    if differ:
        listed = ", ".join(f"{k}: {there.get(k)} there, {plan.get(k)} here" for k in differ)
        raise CheckpointError(f"{path} belongs to a training with other settings ({listed}). {advice}")
    try:
        for prefix, network in networks.items():
            network.load_state_dict(with_prefix(tensors, prefix))
        for prefix, optimizer in optimizers.items():
            _restore(optimizer, with_prefix(tensors, prefix))
    except (RuntimeError, ValueError, IndexError) as error:
        raise CheckpointError(f"{path} holds other networks than these: {error} {advice}") from None
    torch.set_rng_state(tensors["rng.cpu"])
    if "rng.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["rng.cuda"])
    if "rng.mps" in tensors and torch.backends.mps.is_available():
        torch.mps.set_rng_state(tensors["rng.mps"])
    return tensors, about


def read_generator(path: Path, G: nn.Module) -> int:
    """Load G's weights from a checkpoint or a snapshot of a training, the EMA weights where there are any.

    Returns how many images the training had drawn if they are EMA weights of a checkpoint, whose batch norm must be
    refreshed, else 0. Raises CheckpointError where the file is missing or damaged, or belongs to another network.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            averaged = any(name.startswith("average.module.") for name in tensors)
            about = json.loads(file.metadata()["about"]) if averaged else {}
            drawn = about["step"] * about["plan"]["batch_size"] if averaged else 0
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist. `training.fit(folder=...)` writes checkpoints.") from None
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Take an earlier snapshot of the same folder.") from None
    states = {prefix: with_prefix(tensors, prefix) for prefix in ("generator", "average.module", "G")}
    prefix = next((prefix for prefix, state in states.items() if state), None)
    if prefix is None:
        raise CheckpointError(f"{path} holds no generator. `training.fit(folder=...)` writes checkpoints.")
    there, here = ({name: tuple(t.shape) for name, t in s.items()} for s in (states[prefix], G.state_dict()))
    if differ := [name for name in sorted(there | here) if there.get(name) != here.get(name)]:
        listed = ", ".join(f"{n} {there.get(n, 'missing')} there, {here.get(n, 'missing')} here" for n in differ[:3])
        raise CheckpointError(f"{path} holds another network than this generator ({listed}).")
    G.load_state_dict(states[prefix])
    return drawn


def with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose name begins with `prefix` and a dot, without it."""
    return {name.removeprefix(prefix + "."): t for name, t in tensors.items() if name.startswith(prefix + ".")}


def write_players(path: Path, generator: nn.Module, discriminator: nn.Module) -> None:
    """Write the weights of both networks to one safetensors file, under `generator.` and `discriminator.`."""
    tensors = {f"generator.{k}": v for k, v in generator.state_dict().items()}
    tensors |= {f"discriminator.{k}": v for k, v in discriminator.state_dict().items()}
    save_atomically(path, safetensors.torch.save({k: v.cpu().contiguous() for k, v in tensors.items()}))


def _restore(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        i, key = name.split(".", 1)
        state.setdefault(int(i), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def lay_out(optimizer: Optimizer) -> None:
    """Copy an optimiser's state into the memory layout of its parameters; fused optimisers would mix it up otherwise."""
    for parameter, known in optimizer.state.items():
        for key, value in known.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                known[key] = torch.empty_like(parameter).copy_(value)
