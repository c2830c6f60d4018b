"""Checkpoints: everything that changes while training, in one safetensors file, written atomically.

Beside it lies `card.json`, a readable note of how far the training has come; nothing is ever read from the card.
"""

import contextlib
import functools
import hashlib
import json
import platform
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

import filelock
import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from gancourse import files


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read, or belongs to another training."""


def write(
    path: Path,
    networks: dict[str, nn.Module],
    optimizers: dict[str, Optimizer],
    tensors: dict[str, Tensor],
    about: dict,
) -> None:
    """Write networks, optimisers, further tensors, the states of random numbers and `about` (what json can hold)."""
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
    every |= _random_state()
    about = about | {"groups": {prefix: _settings(optimizer) for prefix, optimizer in optimizers.items()}}
    data = safetensors.torch.save(_copies(every), {"about": json.dumps(about)})
    files.save_atomically(path, data)
    files.save_atomically(path.with_name("card.json"), (json.dumps(about, indent=2) + "\n").encode())


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
        there, groups = about["plan"], about["groups"]
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. {advice}") from None
    except (KeyError, TypeError):  # safetensors of another program
        raise CheckpointError(f"{path} is no checkpoint of this course. {advice}") from None
    if there.get("train_step", {}).get("python") != plan.get("train_step", {}).get("python"):
        there, plan = ({k: v for k, v in p.items() if k != "train_step"} for p in (there, plan))  # cannot be compared
    differ = [k for k in sorted(plan.keys() | there.keys()) if plan.get(k) != there.get(k)]
    if differ:
        listed = ", ".join(
            "another train_step" if k == "train_step" else f"{k}: {there.get(k)} there, {plan.get(k)} here"
            for k in differ
        )
        raise CheckpointError(f"{path} belongs to a training with other settings ({listed}). {advice}")
    try:
        for prefix, network in networks.items():
            network.load_state_dict(with_prefix(tensors, prefix))
        for prefix, optimizer in optimizers.items():
            _restore(optimizer, with_prefix(tensors, prefix), groups[prefix])
    except (RuntimeError, ValueError, IndexError) as error:
        raise CheckpointError(f"{path} holds other networks than these: {error} {advice}") from None
    _set_random_state(tensors)
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
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}. Take an earlier snapshot of the same folder.") from None
    except (KeyError, TypeError):  # safetensors of another program
        raise CheckpointError(
            f"{path} is no checkpoint of this course. `training.fit(folder=...)` writes some."
        ) from None
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
    """Write the weights of both networks to one safetensors file, under `generator.` and `discriminator.`"""
    files.save_atomically(path, safetensors.torch.save(_copies(players(generator, discriminator))))


def players(generator: nn.Module, discriminator: nn.Module) -> dict[str, Tensor]:
    """Return the weights of both networks, under `generator.` and `discriminator.`"""
    tensors = {f"generator.{k}": v for k, v in generator.state_dict().items()}
    return tensors | {f"discriminator.{k}": v for k, v in discriminator.state_dict().items()}


def _copies(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return what safetensors can save: it refuses tensors that share memory, or whose dimensions are in another order."""
    return {name: t.cpu().clone(memory_format=torch.contiguous_format) for name, t in tensors.items()}


def check_room(folder: Path, networks: dict[str, nn.Module]) -> None:
    """Raise OSError unless a checkpoint of these networks and their Adam, and the one before it, fit on the disk."""
    tensors = [t for network in networks.values() for t in network.state_dict().values()]
    trained = [p for name in ("G", "D") for p in networks[name].parameters()]
    size = sum(t.nbytes for t in tensors) + 2 * sum(p.nbytes for p in trained)
    files.check_room(folder, 2 * size + 2**20, "checkpoints")


@contextlib.contextmanager
def locked(folder: str | Path | None) -> Iterator[None]:
    """Keep a folder to this training while it runs; raises CheckpointError where another one is at work there."""
    if folder is None:
        yield
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(Path(folder) / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise CheckpointError(
            f"Another training is writing into {folder} at this moment. Wait for it, or name another folder."
        ) from None
    try:
        yield
    finally:
        lock.release()


def code_of(function: Callable) -> dict[str, str]:
    """Return what tells one training step from another: a hash of its code, of the functions of the same module that it
    calls, and of the numbers, texts and functions that it closes over or was given by functools.partial.

    It does not see what other modules or objects do. Hashes of different versions of Python cannot be compared.
    """
    digest = hashlib.sha256()
    _add_code(digest, function, set())
    return {"python": platform.python_version(), "code": digest.hexdigest()[:16]}


def _add_code(digest, value: object, seen: set[int]) -> None:
    if value is None or isinstance(value, str | int | float | bytes):
        digest.update(repr(value).encode())
    elif isinstance(value, tuple | list):
        for part in value:
            _add_code(digest, part, seen)
    elif isinstance(value, functools.partial):
        _add_code(digest, (value.func, value.args, *sorted(value.keywords.items())), seen)
    elif isinstance(value, CodeType):
        digest.update(value.co_code)
        _add_code(digest, (*value.co_names, *value.co_consts), seen)
    elif isinstance(value, FunctionType):
        if id(value) in seen:
            return
        seen.add(id(value))
        _add_code(
            digest, (value.__code__, value.__defaults__ or (), *sorted((value.__kwdefaults__ or {}).items())), seen
        )
        _add_code(digest, [_content(cell) for cell in value.__closure__ or ()], seen)
        called = (value.__globals__.get(name) for name in value.__code__.co_names)
        _add_code(digest, [f for f in called if getattr(f, "__module__", None) == value.__module__], seen)
    else:
        digest.update(type(value).__name__.encode())


def _content(cell) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # still empty
        return None


def _random_state() -> dict[str, Tensor]:
    """Return the states of Python's and numpy's random numbers as tensors."""
    _, words, gauss = random.getstate()
    _, keys, place, has_gauss, cached = np.random.get_state()
    return {
        "rng.python": torch.tensor(words),
        "rng.python_gauss": torch.tensor([] if gauss is None else [gauss], dtype=torch.float64),
        "rng.numpy": torch.tensor([*keys.tolist(), place, has_gauss]),
        "rng.numpy_gauss": torch.tensor([cached], dtype=torch.float64),
    }


def _set_random_state(tensors: dict[str, Tensor]) -> None:
    gauss = tensors["rng.python_gauss"].tolist()
    random.setstate((random.getstate()[0], tuple(tensors["rng.python"].tolist()), gauss[0] if gauss else None))
    *keys, place, has_gauss = tensors["rng.numpy"].tolist()
    state = ("MT19937", np.array(keys, dtype=np.uint32), place, has_gauss, tensors["rng.numpy_gauss"].item())
    np.random.set_state(state)


def _settings(optimizer: Optimizer) -> list[dict]:
    """Return what each group of an optimiser is set to, such as its learning rate, without the parameters."""
    groups = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
    return json.loads(
        json.dumps(groups, default=lambda value: value.tolist() if isinstance(value, Tensor) else str(value))
    )


def _restore(optimizer: Optimizer, tensors: dict[str, Tensor], groups: list[dict]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        i, key = name.split(".", 1)
        state.setdefault(int(i), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    for group, saved in zip(optimizer.param_groups, groups, strict=True):
        for name, value in saved.items():
            if isinstance(value, int | float) and isinstance(group.get(name), int | float):
                group[name] = value
            elif isinstance(group.get(name), Tensor):
                group[name].fill_(value)


def lay_out(optimizer: Optimizer) -> None:
    """Copy an optimiser's state into the memory layout of its parameters; fused optimisers would mix it up otherwise."""
    for parameter, known in optimizer.state.items():
        for key, value in known.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                known[key] = torch.empty_like(parameter).copy_(value)
