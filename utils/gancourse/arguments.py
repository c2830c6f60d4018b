"""What the engine, the measures and the explorer accept. Anything else is one clear error, before anything is trained."""

from numbers import Integral

import numpy as np
import torch
from torch import Tensor, nn

ENOUGH = 16  # images that tell whether a generator ends in a sigmoid: fewer may be light by chance


def images_of(images: object) -> Tensor:
    """Return images uint8 (N, C, H, W), given as such a tensor, as a numpy array, or as one of the course's datasets.

    Raises ValueError with what to change for anything else.
    """
    if isinstance(getattr(images, "images", None), Tensor):  # datasets.ImageDataset
        images = images.images
    images = _tensor_of(images, "images", "uint8 of shape (N, C, H, W)")
    what = f"these are {images.dtype} of {tuple(images.shape)}"
    if images.dim() == 3:
        raise ValueError(f"images have the shape (N, C, H, W); {what}. Grey ones need `images[:, None]`.")
    if images.dim() != 4:
        raise ValueError(f"images have the shape (N, C, H, W); {what}.")
    if images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        raise ValueError(f"the colours come before height and width; {what}. Use `images.permute(0, 3, 1, 2)`.")
    if images.is_floating_point() and not images.isfinite().all():
        raise ValueError("there are NaN or infinite pixels: the generator broke down. Load earlier weights.")
    if images.dtype != torch.uint8:
        raise ValueError(
            f"images must be uint8, from 0 to 255, as they would be saved; {what}. `training.to_uint8` turns floats from -1 to "
            "1 into them, and `training.sample` draws them."
        )
    if len(images) == 0:
        raise ValueError("there are no images: the set is empty.")
    return images


def labels_of(labels: object, n: int) -> Tensor:
    """Return labels int64 (n,), given as such a tensor, as a numpy array or a list of whole numbers. Raises ValueError."""
    if isinstance(labels, list) and all(isinstance(label, Integral) for label in labels):
        labels = torch.tensor(labels)
    labels = _tensor_of(labels, "labels", f"int64 of shape ({n},)")
    if labels.shape != (n,):
        raise ValueError(f"labels must be int64 of shape ({n},), one for each image, not {tuple(labels.shape)}.")
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise ValueError(f"labels are whole numbers, int64; these are {labels.dtype}. `.long()` turns 3.0 into 3.")
    return labels.long()


def _tensor_of(data: object, name: str, wanted: str) -> Tensor:
    if isinstance(data, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(data))
    if isinstance(data, Tensor):
        return data
    kind = type(data).__name__
    if isinstance(data, torch.utils.data.DataLoader):
        advice = f"The engine draws its own batches: pass all {name} as one tensor, for instance `datasets.load(...).{name}`."
    elif isinstance(data, torch.utils.data.Dataset):
        advice = f"Collect all {name} in one tensor first, with `torch.stack`."
    elif isinstance(data, list | tuple):
        advice = "`torch.stack` makes one tensor of a list of tensors."
    else:
        advice = f"`datasets.load(...).{name}` is one."
    raise ValueError(f"{name} must be one tensor, {wanted}, not a {kind}. {advice}")


def whole(name: str, value: object, least: int) -> int:
    """Return a setting that must be a whole number, at least `least`. Raises ValueError."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, not {value!r}.")
    return int(value)


# ---- networks -----------------------------------------------------------------------------------------------------


def check_generator(G: object) -> None:
    """Raise ValueError unless G is a network that says what noise, and which labels, it takes."""
    check_network(G, "generator")
    if not _is_count(getattr(G, "z_dim", None)):
        other = next(
            (name for name in ("latent_dim", "noise_dim", "nz") if isinstance(getattr(G, name, None), int)), None
        )
        how = (
            f"it has `{other}`, so `G.z_dim = G.{other}` will do."
            if other
            else "for instance `z_dim = 64` in its class."
        )
        raise ValueError(
            f"The generator needs an attribute `z_dim`, the length of its noise vector, a whole number: {how}"
        )
    classes = getattr(G, "classes", None)
    if classes is not None and not _is_count(classes):
        raise ValueError(
            f"The generator's `classes` is {f'{classes!r}'[:60]}; it should be the number of its classes, a positive "
            "whole number. A generator that takes no labels has no such attribute."
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def check_network(network: object, role: str) -> None:
    """Raise ValueError unless this is a network, rather than its class or something else."""
    if isinstance(network, type):
        raise ValueError(f"This is the class {network.__name__}. Create a network first: {network.__name__}().")
    if not isinstance(network, nn.Module):
        raise ValueError(f"A {role} is a torch.nn.Module; this is a {type(network).__name__}.")


def check_weights(network: nn.Module, role: str) -> None:
    """Raise ValueError unless the weights that are trained are float32: half of them round updates away."""
    other = next((p.dtype for p in network.parameters() if p.is_floating_point() and p.dtype != torch.float32), None)
    if other is not None:
        raise ValueError(
            f"The {role}'s weights are {other}; the engine trains float32. Call `.float()` on the network before you make "
            "its optimiser. (`bf16=True` computes in bfloat16 and keeps float32 weights.)"
        )


def check_pixels(pixels: object, n: int, given: str) -> Tensor:
    """Return what a generator has made of `given`, in words, if it is n images float (n, C, H, W) from -1 to 1.

    Raises ValueError, also where at least ENOUGH images are never darker than grey: a sigmoid in place of a tanh.
    """
    if not isinstance(pixels, Tensor) or pixels.dim() != 4 or len(pixels) != n or pixels.shape[1] not in (1, 3):
        shape = tuple(pixels.shape) if isinstance(pixels, Tensor) else f"a {type(pixels).__name__}"
        raise ValueError(
            f"The generator turns {given} into {shape}; the course takes images (N, 1, H, W) or (N, 3, H, W). Does its "
            "forward end in something like `.view(-1, 1, 28, 28)`?"
        )
    if not pixels.is_floating_point():
        raise ValueError(f"The generator returns numbers of type {pixels.dtype}; the course wants float, from -1 to 1.")
    if not pixels.isfinite().all():
        raise ValueError("The generator returns NaN or infinity: its training broke down. Load earlier weights.")
    low, high = pixels.min().item(), pixels.max().item()
    if low < -1.01 or high > 1.01:
        raise ValueError(
            f"The generator's numbers run from {low:.2f} to {high:.2f}; the course takes -1 as black and 1 as white. "
            "Does the network end in nn.Tanh()?"
        )
    if n >= ENOUGH and 0 <= low < 0.5 and low < high:
        raise ValueError(
            f"The generator's numbers run from {low:.2f} to {high:.2f}, never below 0; the course takes -1 as black and 1 as "
            "white, so they would all be grey or lighter. Does the network end in nn.Tanh(), not in nn.Sigmoid()?"
        )
    return pixels


def check_copyable(network: nn.Module, role: str) -> None:
    """Raise ValueError if a network keeps a tensor with a graph, which nobody can copy."""
    for place, module in network.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, Tensor) and value.grad_fn is not None:
                where = f"{place}.{name}".lstrip(".")
                raise ValueError(
                    f"The {role} keeps a tensor with its graph in `{where}`, so it cannot be copied. Keep "
                    f"`{name}.detach()` instead. (torch.nn.utils.spectral_norm keeps one, too: take "
                    "torch.nn.utils.parametrizations.spectral_norm.)"
                )
