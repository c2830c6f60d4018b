"""What the latent explorer computes: the pictures of a generator, and its classes. No widget in here."""

import contextlib
import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gancourse import arguments, checkpoints, pretrained
from gancourse.training import device_of, drawn, in_eval_mode, refresh_batch_norm, to_uint8

MAX_Z = 1_000.0  # of a number in z: far beyond any noise, and harmless to compute with
MOST_SHARES = 4  # that are said in words


class CannotShow(ValueError):
    """A generator, a noise file or a checkpoint cannot be used; the message is for the reader."""


# ---- generators ---------------------------------------------------------------------------------------------------


def open_generator(generator: nn.Module | str, weights: str | Path | None = None) -> nn.Module:
    """Return a generator that can be explored; `generator` is a network, or the name of a shipped one.

    weights: a file that `training.fit(folder=...)` has written (a snapshot or the checkpoint), to be loaded into it.
    Raises CannotShow.
    """
    if isinstance(generator, str):
        try:
            generator = pretrained.load(generator).generator
        except (ValueError, pretrained.WeightsError) as error:
            raise CannotShow(str(error)) from None
    with _in_words():
        arguments.check_generator(generator)
        arguments.check_copyable(generator, "generator")
    class_names(generator)
    if weights is not None:
        try:
            drawn = checkpoints.read_generator(Path(weights), generator)
        except checkpoints.CheckpointError as error:
            raise CannotShow(str(error)) from None
        if drawn:
            refresh_batch_norm(generator, drawn)
    return generator


def open_unconditional(generator: nn.Module | str) -> nn.Module:
    """Return a generator that takes noise alone. Raises CannotShow."""
    generator = open_generator(generator)
    if class_names(generator):
        raise CannotShow("This generator takes labels; pass one that takes none.")
    return generator


def draw(generator: nn.Module, z: Tensor, *others: Tensor | None) -> Tensor:
    """Return G(z, *others) in eval mode as uint8 (N, C, H, W) on the CPU. Raises CannotShow.

    z: float32 (N, z_dim). others: what else G takes, as `training.generator_inputs` returns it; None is left out. Labels are
    int64 (N,) or shares float32 (N, classes).
    """
    inputs = [x for x in (z, *others) if x is not None]
    with _in_words():
        images = arguments.check_pixels(_run(generator, *inputs), len(z), _said(*inputs))
    return to_uint8(images).cpu()


@contextlib.contextmanager
def _in_words():
    """Turn a ValueError of the engine into CannotShow, with the same words."""
    try:
        yield
    except CannotShow:
        raise
    except ValueError as error:
        raise CannotShow(str(error)) from None


@torch.no_grad()
def _run(generator: nn.Module, *inputs: Tensor) -> Tensor:
    """Return G(*inputs) in eval mode, on G's own device."""
    try:
        quiet = in_eval_mode(generator)
        device = device_of(generator)
        return drawn(quiet, *((x.float() if x.is_floating_point() else x).to(device) for x in inputs))
    except Exception as error:  # whatever a reader's network does, the explorer says so and goes on
        first_line = (str(error) or "no message").splitlines()[0]
        hint = ""
        if len(inputs) == 1 and isinstance(error, TypeError) and "missing" in first_line:
            hint = " (Does it want labels? Then it needs an attribute `classes`, the number of them.)"
        elif len(inputs) > 1 and inputs[-1].dim() <= 2:
            hint = " (It has an attribute `classes`, so it is called as G(z, labels), labels int64 (N,)."
            hint += " Between classes they are shares, float32 (N, classes).)" if inputs[-1].dim() == 2 else ")"
        raise CannotShow(
            f"The generator stops at {_said(*inputs)} with {type(error).__name__}: {first_line}{hint}"
        ) from None


def _said(z: Tensor, *others: Tensor) -> str:
    """Return in words what a generator was given."""
    kinds = {1: "labels", 2: "shares", 4: "coarse images"}
    return " and ".join(
        [f"noise {tuple(z.shape)}", *(f"{kinds.get(x.dim(), 'a tensor')} {tuple(x.shape)}" for x in others)]
    )


class Stopped(Exception):
    """A generator was asked for pictures that nobody wants any more."""


def quiet_copy(generator: nn.Module) -> nn.Module:
    """Return a copy in eval mode for a thread: the next cell may train the generator itself."""
    with warnings.catch_warnings(
        action="ignore", category=FutureWarning
    ):  # of torch, about what it has recorded itself
        return copy.deepcopy(generator).eval().requires_grad_(False)


def stop_when(generator: nn.Module, stopped: Callable[[], bool]) -> None:
    """Let a generator raise Stopped, instead of drawing, once `stopped` is true: so any calculation with it ends soon."""

    def ask(*_) -> None:
        if stopped():
            raise Stopped

    generator.register_forward_pre_hook(ask)


def is_uniform(generator: nn.Module) -> bool:
    """Return whether the generator wants noise that is uniform on (-1, 1), not normal."""
    return getattr(generator, "prior", "normal") == "uniform"


def fingerprint(generator: nn.Module) -> str:
    """Return the first 16 hexadecimal digits of the weights' SHA-256, which tell one generator from another."""
    return pretrained.fingerprint(generator)[:16]


# ---- classes ------------------------------------------------------------------------------------------------------


def class_names(generator: nn.Module) -> list[str]:
    """Return the names of a conditional generator's classes, [] for a generator that takes no labels. Raises CannotShow.

    It is conditional if it has `classes`, the number of them; their names are its `class_names`, if any, else 0, 1, 2, ...
    """
    classes = getattr(generator, "classes", None)
    if classes is None:
        return []
    with _in_words():
        arguments.check_generator(generator)
    names = [str(name) for name in getattr(generator, "class_names", None) or range(classes)]
    if len(set(names)) != classes or len(names) != classes:
        raise CannotShow(
            f"The generator has {classes} classes: its `class_names` must be {classes} different names, "
            f"not {len(names)} with {len(set(names))} different ones."
        )
    return names


def shares_of(label: int, classes: int) -> Tensor:
    """Return the shares of a picture that is all of one class: float32 (classes,), a single 1."""
    return one_hot(torch.tensor(label), classes).float()


def only_class(shares: Tensor | None) -> int | None:
    """Return the one class that has all of the shares (classes,); None between classes, and where there are none."""
    return int(shares.argmax()) if shares is not None and shares.max() == 1 else None


def labels_for(shares: Tensor | None, n: int) -> Tensor | None:
    """Return what a generator is told to draw n pictures with these shares (classes,); None where it takes no labels.

    Labels int64 (n,) of a single class, which every conditional generator takes; between classes float32 (n, classes).
    """
    if shares is None:
        return None
    label = only_class(shares)
    return shares.expand(n, -1) if label is None else torch.full((n,), label)


def shares_in_words(shares: Tensor, names: list[str]) -> str:
    """Return the shares as text, such as "class 3", "half class 3, half class 8" or "63% class 3, 37% class 8"."""
    if (label := only_class(shares)) is not None:
        return f"class {names[label]}"
    most = [i for i in shares.topk(min(MOST_SHARES, len(shares))).indices.tolist() if shares[i] >= 0.005]
    words = [f"{'half' if shares[i] == 0.5 else f'{shares[i]:.0%}'} class {names[i]}" for i in sorted(most)]
    rest = 1 - shares[most].sum().item()
    return ", ".join(words + [f"{rest:.0%} others"] * (rest >= 0.005))
