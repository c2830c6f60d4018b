"""Generators that a reader has trained and keeps by name, whatever their class: the explorer's page opens them.

`keep("my digits", G)` at the end of a training writes a file; `load("my digits")` needs no class for it, because the file holds
the computation itself (torch.export), not only the weights. Beside it lies a picture of four samples.
"""

import contextlib
import copy
import io
import json
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gancourse import arguments, files, sources
from gancourse.training import generator_inputs, to_uint8

NAME = r"[\w][\w .()-]{0,59}"
SUFFIX = ".pt2"
SAMPLES = 4  # in the picture
ABOUT = "about.json"
WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"  # a setting of torch.load
EXAMPLES = 3  # noise vectors that the computation is recorded with; it runs with any number


class RunError(RuntimeError):
    """A kept generator is missing or damaged, or one cannot be kept; the message says what to do."""


class Kept(nn.Module):
    """A generator from a file: G(z), or G(z, labels) with labels int64 (N,) or, where it was kept so, shares (N, classes)."""

    def __init__(self, program: nn.Module, about: dict):
        super().__init__()
        self.program, self.training, self.name = program, False, about["name"]
        self.z_dim, self.prior = about["z_dim"], about["prior"]
        self.takes_shares = about["takes_shares"]
        if groups := about.get("noise_groups"):
            self.noise_groups = {name: slice(*ends) for name, ends in groups.items()}
        if about["classes"]:
            self.classes, self.class_names = about["classes"], about["class_names"]

    def train(self, mode: bool = True) -> "Kept":
        """Stay in eval mode: what was recorded has no other."""
        return self

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        if labels and self.takes_shares and not labels[0].is_floating_point():
            labels = (one_hot(labels[0], self.classes).float(),)
        return self.program(z, *labels)


class _Inside(nn.Module):
    """A network as part of another: torch.export stumbles over parts with the names of its own, such as `code`."""

    def __init__(self, G: nn.Module):
        super().__init__()
        self.G = G

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.G(*inputs)


def folder() -> Path:
    """Return the folder of the kept generators: data/runs/ of a checkout, else beside the user's cache."""
    return sources.default_cache().with_name("runs")


def names() -> list[str]:
    """Return the names that `load` takes, the newest first."""
    kept = folder().glob(f"*{SUFFIX}") if folder().is_dir() else ()
    return [path.stem for path in sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)]


def keep(name: str, generator: nn.Module) -> Path:
    """Write a generator to a file of this name, in place of an earlier one; return its path.

    generator: a network with `z_dim` (and `classes`, if it takes labels), as the explorer takes it. It is left as it is.
    Raises ValueError for a name that is none or a generator that draws no images, RunError where it cannot be recorded.
    """
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise ValueError(f"A name has 1 to 60 letters, digits, spaces, dots, hyphens or brackets; this is {name!r}.")
    from gancourse import figures  # matplotlib: only where something is kept

    arguments.check_generator(generator)
    if hasattr(generator, "examples"):
        raise ValueError(
            "A level draws nothing without a coarse picture. Keep all levels together: `LAPGAN(base, level, ...)`."
        )
    arguments.check_copyable(generator, "generator")
    G = copy.deepcopy(generator).eval().cpu().float().requires_grad_(False)
    z, *labels = generator_inputs(G, EXAMPLES, seed=0)
    with torch.no_grad():
        arguments.check_pixels(G(z, *labels), EXAMPLES, f"noise {tuple(z.shape)}")
    shares = [one_hot(y, G.classes).float() for y in labels]
    takes_shares = bool(labels) and _runs(G, z, *shares)
    classes = getattr(G, "classes", None)
    about = {
        "name": name,
        "z_dim": G.z_dim,
        "prior": getattr(G, "prior", "normal"),
        "classes": classes,
        "class_names": [str(n) for n in getattr(G, "class_names", None) or range(classes or 0)],
        "takes_shares": takes_shares,
        "noise_groups": {name: [part.start, part.stop] for name, part in getattr(G, "noise_groups", {}).items()},
    }
    inputs = (z, *(shares if takes_shares else labels))
    number = torch.export.Dim("N")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(_Inside(G), inputs, dynamic_shapes=(tuple({0: number} for _ in inputs),))
    except Exception as error:  # whatever a reader's network does
        first_line = (str(error) or "no message").strip().splitlines()[0]
        raise RunError(
            f"This generator cannot be kept: torch.export stops with {type(error).__name__}: {first_line}"
        ) from None
    path, buffer = folder() / f"{name}{SUFFIX}", io.BytesIO()
    torch.export.save(program, buffer, extra_files={ABOUT: json.dumps(about)})
    files.save_atomically(path, buffer.getvalue())
    with torch.no_grad():
        samples = to_uint8(G(*generator_inputs(G, SAMPLES, seed=1)))
    buffer = io.BytesIO()
    Image.fromarray(figures.tile(samples, columns=2, pad=0)).save(buffer, "png")
    files.save_atomically(path.with_suffix(".png"), buffer.getvalue())
    return path


def picture(name: str) -> bytes:
    """Return four samples of a kept generator as PNG, b"" where there is no picture."""
    try:
        return (folder() / f"{name}.png").read_bytes()
    except OSError:
        return b""


def load(name: str) -> Kept:
    """Return a kept generator, in eval mode on the CPU. Raises RunError where it is missing or damaged.

    A file that would run code of its own when it is opened is refused as damaged.
    """
    path = folder() / f"{name}{SUFFIX}"
    if name not in names():
        raise RunError(f"No generator is kept under {name!r}. There are: {', '.join(names()) or 'none yet'}.")
    extra = {ABOUT: ""}
    try:
        with warnings.catch_warnings(), _no_code():
            warnings.simplefilter("ignore")
            program = torch.export.load(path, extra_files=extra).module()
        return Kept(program, json.loads(extra[ABOUT])).requires_grad_(False)
    except Exception as error:  # a file of this kind can be damaged in many ways, and each raises something else
        raise RunError(
            f"{path} is damaged ({type(error).__name__}). Keep the generator again, or delete the file."
        ) from None


@contextlib.contextmanager
def _no_code() -> Iterator[None]:
    """Keep torch from unpickling anything but tensors: torch.export.load would try again without that limit."""
    before = os.environ.get(WEIGHTS_ONLY)
    os.environ[WEIGHTS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[WEIGHTS_ONLY]
        else:
            os.environ[WEIGHTS_ONLY] = before


@torch.no_grad()
def _runs(G: nn.Module, *inputs: Tensor) -> bool:
    """Return whether a network takes these inputs."""
    try:
        G(*inputs)
    except Exception:  # whatever a reader's network does
        return False
    return True
