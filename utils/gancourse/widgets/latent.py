"""What the latent explorer computes: pictures, directions, walks, noise files. No widget in here."""

import contextlib
import copy
import json
import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gancourse import arguments, checkpoints, pretrained
from gancourse.training import device_of, generator_inputs, refresh_batch_norm, to_uint8

SAMPLES = 1_024  # pictures that `principal_directions` draws
NUDGE = 0.05  # how far it moves the noise
MAX_FILE = 100_000  # bytes of a noise file; z of length 512 takes about 11,000
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


def draw(generator: nn.Module, z: Tensor, labels: Tensor | None = None) -> Tensor:
    """Return G(z), or G(z, labels), in eval mode as uint8 (N, C, H, W) on the CPU. Raises CannotShow.

    z: float32 (N, z_dim). labels: for a conditional generator, int64 (N,) or shares float32 (N, classes).
    """
    with _in_words():
        images = arguments.check_pixels(_run(generator, z, labels), len(z), _said(z, labels))
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
def _run(generator: nn.Module, z: Tensor, labels: Tensor | None = None) -> Tensor:
    """Return G(z), or G(z, labels), in eval mode, on G's own device.

    A network in training mode is copied first, because another thread may be training it at this moment.
    """
    try:
        quiet = copy.deepcopy(generator).eval() if generator.training else generator
        device = device_of(generator)
        inputs = [x.float() if x.is_floating_point() else x for x in (z, labels) if x is not None]
        return quiet(*(x.to(device) for x in inputs))
    except Exception as error:  # whatever a reader's network does, the explorer says so and goes on
        first_line = (str(error) or "no message").splitlines()[0]
        hint = ""
        if labels is None and isinstance(error, TypeError) and "missing" in first_line:
            hint = " (Does it want labels? Then it needs an attribute `classes`, the number of them.)"
        elif labels is not None:
            hint = " (It has an attribute `classes`, so it is called as G(z, labels), labels int64 (N,)."
            hint += " Between classes they are shares, float32 (N, classes).)" if labels.dim() == 2 else ")"
        raise CannotShow(
            f"The generator stops at {_said(z, labels)} with {type(error).__name__}: {first_line}{hint}"
        ) from None


def _said(z: Tensor, labels: Tensor | None) -> str:
    """Return in words what a generator was given."""
    if labels is None:
        return f"noise {tuple(z.shape)}"
    return f"noise {tuple(z.shape)} and {'labels' if labels.dim() == 1 else 'shares'} {tuple(labels.shape)}"


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


# ---- directions ---------------------------------------------------------------------------------------------------


def principal_directions(generator: nn.Module, n: int, seed: int = 0) -> Tensor:
    """Return n orthonormal directions in the noise, float32 (n, z_dim): first those that change the picture most.

    They are the eigenvectors with the largest eigenvalues of JᵀJ, averaged over random noise, where J is the Jacobian
    of G: along a unit vector v, the squared change of all pixels is vᵀJᵀJv (Wang & Ponce 2021, *A Geometric Analysis of
    Deep Generative Image Models*, section 2). J is taken by differences, so any generator will do. A conditional one draws
    its classes by turns, so that these are good directions on average over them. Raises CannotShow.
    """
    z_dim = generator.z_dim
    nudges = NUDGE * torch.eye(z_dim)
    metric = torch.zeros(z_dim, z_dim, dtype=torch.float64)
    samples = max(4, SAMPLES // z_dim)
    if classes := len(class_names(generator)):
        samples += -samples % min(classes, samples)  # every class as often, unless there are very many
    for z, *label in zip(*(part.cpu() for part in generator_inputs(generator, samples, seed)), strict=True):
        labels = [one.expand(1 + z_dim) for one in label]
        images = _run(generator, torch.cat([z[None], z + nudges]), *labels).flatten(1).cpu().double()
        jacobian = (images[1:] - images[0]) / NUDGE  # transposed: (z_dim, pixels)
        metric += jacobian @ jacobian.T
    if not metric.isfinite().all():
        raise CannotShow("The generator returns NaN or infinity: its training broke down. Load earlier weights.")
    directions = torch.linalg.eigh(metric).eigenvectors.T.flip(0)[:n]
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return (
        directions * largest.sign()
    ).float()  # the sign of an eigenvector is arbitrary: choose it alike on all machines


def walk(a: Tensor, b: Tensor, t: float, straight: bool = False) -> Tensor:
    """Return the point at t in [0, 1] on the way from a to b, both (z_dim,).

    The way is an arc (Shoemake 1985; for GANs White 2016, *Sampling Generative Networks*): normal noise has nearly always
    the length √z_dim, and a straight line would cut through the middle, where no noise was in training. `straight` is for
    uniform noise. The length goes evenly from a's to b's.
    """
    angle = torch.arccos(torch.cosine_similarity(a, b, dim=0).clamp(-1, 1)).item()
    no_arc = math.sin(angle) < 1e-4 or not (a.any() and b.any())  # the same direction, the opposite one, or none
    if straight or no_arc:
        return (1 - t) * a + t * b
    arc = (math.sin((1 - t) * angle) * a / a.norm() + math.sin(t * angle) * b / b.norm()) / math.sin(angle)
    return arc * ((1 - t) * a.norm() + t * b.norm())


# ---- noise files --------------------------------------------------------------------------------------------------


def write_noise(z: Tensor, generator: nn.Module, shares: Tensor | None = None) -> bytes:
    """Return a small JSON file that holds z (z_dim,) to the last bit, and the class, or the shares (classes,) of several."""
    about = "A noise vector of the GAN course's LatentExplorer; load it there, or torch.tensor(file['z'])."
    file = {"about": about, "generator": fingerprint(generator)}
    if shares is not None:
        label = only_class(shares)
        file |= {"shares": shares.tolist()} if label is None else {"class": label}
    return json.dumps(file | {"z": z.tolist()}, indent=1).encode()


def read_noise(data: bytes, generator: nn.Module) -> tuple[Tensor, Tensor | None, str]:
    """Return a file's noise vector (z_dim,), its shares (classes,), and what the reader should know, "" where nothing.

    shares: None where the generator takes no labels, or where the file has no class that fits. Raises CannotShow.
    """
    if len(data) > MAX_FILE:
        raise CannotShow(f"This is no noise file: it has {len(data):,} bytes; a noise file has a few thousand.")
    try:
        file = json.loads(data)
        z = torch.tensor(file["z"], dtype=torch.float32)
        whose = file["generator"]
    except (ValueError, KeyError, TypeError, RuntimeError, RecursionError, OverflowError):
        raise CannotShow("This is no noise file, or a damaged one. Noise files come from “Save noise”.") from None
    if z.dim() != 1 or not len(z) or not z.isfinite().all():
        raise CannotShow("This noise file is damaged: it should hold one row of finite numbers.")
    if z.abs().max() > MAX_Z:
        raise CannotShow(f"This noise file is damaged: no noise has numbers as large as {z.abs().max():.3g}.")
    if len(z) != generator.z_dim:
        raise CannotShow(
            f"This noise belongs to another generator: it has {len(z)} numbers, this generator takes {generator.z_dim}."
        )
    shares, hint = _read_class(file, len(class_names(generator)))
    if whose != fingerprint(generator):
        other = "This noise was saved with another generator, or with earlier weights of this one: here it makes another picture."
        hint = f"{other} {hint}".strip()
    return z, shares, hint


def _read_class(file: dict, classes: int) -> tuple[Tensor | None, str]:
    """Return the shares (classes,) that a noise file holds, None where none fit, and then why; classes: of the generator."""
    if not classes:
        has = "class" in file or "shares" in file
        return None, "The file also names a class; this generator takes none." if has else ""
    if "class" in file:
        label = file["class"]
        if type(label) is int and 0 <= label < classes:
            return shares_of(label, classes), ""
        why = f"The file's class does not fit this generator, whose classes run from 0 to {classes - 1}"
    elif "shares" in file:
        try:
            shares = torch.tensor(file["shares"], dtype=torch.float32)
        except (ValueError, TypeError, RuntimeError, OverflowError):
            shares = torch.empty(0)
        # Written so that NaN fits no more than a negative number does.
        if shares.shape == (classes,) and shares.ge(0).all() and (shares.sum() - 1).abs() < 1e-4:
            return shares, ""
        why = f"The file's shares of the classes are not {classes} numbers that sum to one"
    else:
        why = "The file names no class"
    return None, f"{why}: the class stays as it is."


# ---- the code -----------------------------------------------------------------------------------------------------


def code(z: Tensor, seed: int | None, device: torch.device, generator: str, shares: Tensor | None = None) -> str:
    """Return the Python lines that make the picture of z (z_dim,).

    seed: where z is exactly the noise of a seed, else None: then the numbers are written out.
    generator: how the reader reaches the network, as Python.
    shares: (classes,), for a conditional generator.
    """
    where = "" if device.type == "cpu" else f', device="{device}"'
    if seed is None:
        noise = f"z = torch.tensor([{z.tolist()}]{where})"
    else:
        noise = f"z = training.noise(generator, 1, seed={seed})"
    labels = [] if shares is None else [f"labels = torch.tensor({labels_for(shares, 1).tolist()}{where})"]
    arguments = "z, labels" if labels else "z"
    return "\n".join(
        [
            "import matplotlib.pyplot as plt",
            "import torch",
            "from gancourse import pretrained, training",
            "",
            f"generator = {generator}",
            noise,
            *labels,
            f"image = training.to_uint8(generator.eval()({arguments}).detach())[0].cpu()  # uint8 (C, H, W)",
            'plt.imshow(image.permute(1, 2, 0).numpy(), cmap="gray", vmin=0, vmax=255);',
        ]
    )
