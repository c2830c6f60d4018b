"""What the explorer saves and shows of a point: a noise file, and the code that makes its picture. No widget in here."""

import json

import torch
from torch import Tensor, nn

from gancourse.widgets.latent import MAX_Z, CannotShow, class_names, fingerprint, labels_for, only_class, shares_of

MAX_FILE = 100_000  # bytes of a noise file; z of length 512 takes about 11,000


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
            f"from gancourse import {'runs' if generator.startswith('runs.') else 'pretrained'}, training",
            "",
            f"generator = {generator}",
            noise,
            *labels,
            f"image = training.to_uint8(generator.eval()({arguments}).detach())[0].cpu()  # uint8 (C, H, W)",
            'plt.imshow(image.permute(1, 2, 0).numpy(), cmap="gray", vmin=0, vmax=255);',
        ]
    )
