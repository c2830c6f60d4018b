"""What the exercises on images share: images to try, and whether new tensors lie on the device of the images."""

import torch
from torch import Tensor

from gancourse.checks.observers.values import function, randn

DEVICE = (
    "a new tensor lies on the CPU, whatever the device of the images, so your answer stops on a GPU. Create it with "
    "device=images.device, or with torch.zeros_like or torch.ones_like."
)
ELSEWHERE = {"about": "images on another device", "elsewhere": True, "extreme": True}  # what such a case has besides


def drawn_images(seed: int, *shape: int) -> Tensor:
    """Return images between -1 and 1 with one digit after the point, none of them 0, which means erased."""
    values = (randn(seed, *shape) * 0.5).clamp(-0.9, 0.9).round(decimals=1)
    return values.where(values != 0, 0.1)


def image_case(number: int, images: Tensor, returns: str = "new_images", **others) -> dict:
    """Return a case of a function of images; in every second one, the first among them, they need no gradient."""
    lists = {k: [round(x, 2) for x in v.tolist()] if isinstance(v, Tensor) else v for k, v in others.items()}
    return {
        "about": ", ".join([f"images of shape {tuple(images.shape)}", *(f"{k} = {v}" for k, v in lists.items())]),
        "arguments": (images, *others.values()),
        "returns": (returns,),
        "gradients": ("images",) * (number % 2),
    }


def augmentation(answer, case, like) -> dict:
    """A function of images: what it returns, or, where case["elsewhere"], on which device it makes new tensors."""
    return {"device": _device(answer, *case["arguments"])} if case.get("elsewhere") else function(answer, case, like)


def _device(answer, images: Tensor, *others) -> str:
    """Return where new tensors lie. The device "meta" needs no hardware, and not everything works on it, so one of three
    ways without a complaint is enough. In the first, new tensors lie on "meta" unless images.device is asked for."""
    on_meta = [v.to("meta") if isinstance(v, Tensor) else v for v in (images, *others)]
    for default, arguments in (("meta", (images, *others)), ("cpu", (on_meta[0], *others)), ("cpu", on_meta)):
        try:
            with torch.device(default):
                returned = answer(*arguments)
            right = not isinstance(returned, Tensor) or returned.device == arguments[0].device
        except Exception as error:
            if not str(error):
                raise  # the stub's NotImplementedError
            right = default == "meta" and "expected device" not in str(error)  # .to(images.device) fails on "meta", too
        if right:
            return "that of the images"
    return "the CPU"
