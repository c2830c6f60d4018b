"""How good are these digits? Distances between sets of images, on the features of the course's digit classifier.

A distance means little alone. So every report compares 10,000 generated with the 10,000 real test images, beside the
*floor*: the same distance between 10,000 real training images and the test images. No generator that has learnt only
from the training images can be expected below it. Images are compared as uint8, means and covariances are float64.
"""

import functools
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from gancourse import datasets, pretrained
from gancourse.training import sample, to_unit

CLASSES = 10
COVERED = 0.01  # a digit counts as covered from 1 % of the samples on; its fair share is about 10 %


@dataclass(frozen=True)
class Report:
    """Quality of a set of generated digits. The feature network stands in the name of each figure that depends on it."""

    samples: int  # generated images, and real ones on either side
    frechet_digit_features: float  # generated vs test
    floor: float  # train vs test
    times_floor: float
    class_kl: float  # in nats, of the generated digits' histogram from the test set's; 0 is best
    classes_covered: int  # of 10
    classifier_sha256: str

    def as_dict(self) -> dict:
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


@torch.no_grad()
def digit_features(classifier: nn.Module, images: Tensor, batch_size: int = 500) -> tuple[Tensor, Tensor]:
    """Return the features float64 (N, 128) and the predicted digits int64 (N,) of uint8 images (N, 1, 28, 28)."""
    if images.dtype != torch.uint8:
        raise ValueError(f"images are compared as uint8, as they would be saved; these are {images.dtype}.")
    device = next(classifier.parameters()).device
    features, digits = [], []
    for batch in images.split(batch_size):
        f = classifier.features(to_unit(batch.to(device)))
        features.append(f.cpu().double())
        digits.append(classifier.head(f).argmax(1).cpu())
    return torch.cat(features), torch.cat(digits)


def mean_and_covariance(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (d,) and unbiased covariance (d, d) of features (N, d)."""
    return features.mean(0), torch.cov(features.T)


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the squared Fréchet distance of the normal distributions fitted to features a (N, d) and b (M, d).

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)); Dowson & Landau 1982, for GANs Heusel et al. 2017, eq. 6.
    The trace of the root comes from the eigenvalues of the symmetric S_a^(1/2) S_b S_a^(1/2), which are those of
    S_a S_b: no complex numbers, no iteration.
    """
    (mean_a, cov_a), (mean_b, cov_b) = mean_and_covariance(a.double()), mean_and_covariance(b.double())
    values, vectors = torch.linalg.eigh(cov_a)
    root_a = vectors * values.clamp(min=0).sqrt() @ vectors.T
    trace_of_root = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp(min=0).sqrt().sum()
    return float((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * trace_of_root)


def class_shares(digits: Tensor) -> Tensor:
    """Return the share of each digit, float64 (10,), summing to one."""
    return torch.bincount(digits, minlength=CLASSES).double() / len(digits)


def class_kl(generated: Tensor, real: Tensor) -> float:
    """Return KL(generated || real) of two class histograms (10,), in nats: 0 where they agree.

    A digit that is never generated costs nothing by itself, others then come too often: leaving out one of ten equal
    classes gives log(10 / 9) = 0.105.
    """
    return float(torch.special.xlogy(generated, generated / real).sum())


def classes_covered(digits: Tensor) -> int:
    """Return how many of the ten digits make up at least 1 % of the samples each."""
    return int((class_shares(digits) >= COVERED).sum())


@functools.cache  # a lesson measures several generators
def _real_features(samples: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the features of `samples` real training and test images, always the same, and the test images' digits."""
    classifier, _ = pretrained.load_classifier()
    pick = torch.Generator().manual_seed(0)
    train, test = (
        images[torch.randperm(len(images), generator=pick)[:samples]]
        for images in (datasets.load("mnist", split).images for split in ("train", "test"))
    )
    return digit_features(classifier, train)[0], *digit_features(classifier, test)


def evaluate_images(images: Tensor) -> Report:
    """Return the Report of generated digits, uint8 (N, 1, 28, 28), against N real ones of either split of MNIST.

    N is at most 10,000, the size of the test split; figures of different N cannot be compared.
    """
    if not 2 <= len(images) <= 10_000:
        raise ValueError(f"{len(images)} images: pass 2 to 10,000, MNIST has no more to test against.")
    classifier, sha256 = pretrained.load_classifier()
    fake, digits = digit_features(classifier, images)
    train, test, test_digits = _real_features(len(images))
    distance, floor = frechet_distance(fake, test), frechet_distance(train, test)
    return Report(
        samples=len(images),
        frechet_digit_features=distance,
        floor=floor,
        times_floor=distance / floor,
        class_kl=class_kl(class_shares(digits), class_shares(test_digits)),
        classes_covered=classes_covered(digits),
        classifier_sha256=sha256,
    )


def evaluate_generator(G: nn.Module, seed: int = 0, samples: int = 10_000) -> Report:
    """Return the Report of a generator of MNIST digits, from `samples` unselected images."""
    return evaluate_images(sample(G, samples, seed))
