"""Measure how good generated images are, and whether they are copies, for datasets of a few hundred pictures.

900 pictures are too few for a covariance of 1,280 features, so sets are compared by the kernel distance, which is unbiased whatever
their sizes. It does not see a replay: training pictures come from the same distribution as held-out ones and are near to
both. So the report also gives the share of copies, searched for picture by picture.
"""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from gancourse import datasets, metrics
from gancourse.features import FeatureNetwork
from gancourse.training import sample

SAMPLES = 1_000


@dataclass(frozen=True)
class Pictures:
    """The real pictures of a small dataset, and their features float64 (N, d): those to learn from, and those held out.

    A copy may be mirrored, so each training picture is searched as it is and mirrored: index i and N + i.
    """

    dataset: str
    network: FeatureNetwork

    @functools.cached_property
    def train(self) -> Tensor:
        return self.network(datasets.load(self.dataset).images)[0]

    @functools.cached_property
    def searched(self) -> Tensor:
        return torch.cat([self.train, self.network(datasets.load(self.dataset).images.flip(-1))[0]])

    @functools.cached_property
    def held_out(self) -> Tensor:
        return self.network(datasets.load(self.dataset, "test").images)[0]

    @functools.cached_property
    def controls(self) -> dict[str, tuple[float, float]]:
        """Return the kernel distance, and its error, from training pictures, blurred ones and noise to the held-out ones."""
        images = datasets.load(self.dataset).images
        noise = metrics.noise_like(images)
        blurred = avg_pool2d(images.float(), 9, stride=1, padding=4, count_include_pad=False).to(torch.uint8)
        sets = {"training pictures": self.train}
        sets |= {name: self.network(x)[0] for name, x in (("blur", blurred), ("noise", noise))}
        return {name: metrics.kernel_distance(f, self.held_out) for name, f in sets.items()}


@functools.lru_cache(maxsize=2)
def pictures(dataset: str, network: FeatureNetwork) -> Pictures:
    """Return the real pictures of a small dataset, once in a process."""
    return Pictures(dataset, network)


@dataclass(frozen=True)
class Report:
    """The measures of generated pictures, uint8 (N, C, H, W), with features float64 (N, d)."""

    HEADLINE = "kernel distance to held-out pictures"

    images: Tensor
    features: Tensor
    real: Pictures

    @functools.cached_property
    def kernel_to_held_out(self) -> tuple[float, float]:
        """Return the kernel distance to the held-out pictures and its standard error."""
        return metrics.kernel_distance(self.features, self.real.held_out)

    @property
    def headline(self) -> float:
        return self.kernel_to_held_out[0]

    @functools.cached_property
    def kernel_to_train(self) -> tuple[float, float]:
        return metrics.kernel_distance(self.features, self.real.train)

    @functools.cached_property
    def copied(self) -> float:
        """Return the share of copies in features: pictures nearer to a training picture than 99 % of held-out ones are."""
        return metrics.copied_share(self.features, self.real.searched, self.real.held_out)

    @functools.cached_property
    def copied_pixels(self) -> float:
        """Return the share of copies by the distance between pixels."""
        return metrics.copied_share(*(as_rows(x) for x in (self.images, *_searched_pixels(self.real.dataset))))

    def closest(self, pairs: int = 10) -> tuple[Tensor, Tensor]:
        """Return the pictures that lie nearest to a training picture, and those, uint8 (pairs, C, H, W) each; nearest first."""
        distances, indices = metrics.nearest(self.features, self.real.searched)
        order = distances.argsort()[:pairs]
        return self.images[order], _searched_pixels(self.real.dataset)[0][indices[order]]

    def as_dict(self) -> dict:
        """Return every measure, rounded, with what it depends on."""
        network = self.real.network
        which = network.key
        figures = {
            "dataset": self.real.dataset,
            "samples": len(self.images),
            f"kernel_to_held_out_{which}": self.kernel_to_held_out[0],
            "kernel_to_held_out_error": self.kernel_to_held_out[1],
            f"kernel_to_train_{which}": self.kernel_to_train[0],
            "kernel_to_train_error": self.kernel_to_train[1],
            "controls": {name: round(value, 4) for name, (value, _) in self.real.controls.items()},
            "copied": self.copied,
            "copied_pixels": self.copied_pixels,
            "features_sha256": network.sha256,
        }
        return metrics.rounded(figures)

    def line(self, what: str) -> str:
        """Return the main figures in one line; what: whose they are."""
        network = self.real.network
        return (
            f"{what}: kernel distance on {network.name} {in_words(self.kernel_to_held_out)} to held-out pictures, "
            f"{in_words(self.kernel_to_train)} to training pictures; copies {self.copied:.1%} in features, "
            f"{self.copied_pixels:.1%} in pixels; {len(self.images):,} samples, network {network.sha256[:12]}"
        )

    def table(self, what: str) -> str:
        """Return all of it as a table: the generated pictures beside the training pictures and the controls."""
        network, controls = self.real.network, self.real.controls
        rows = [("kernel distance", "generated", *controls)]
        rows.append(("  to held-out", *map(in_words, (self.kernel_to_held_out, *controls.values()))))
        rows.append(("  to training", in_words(self.kernel_to_train)))
        rows.append(("share of copies", "generated", "held-out"))
        rows.append(("  in features", f"{self.copied:.1%}", f"{metrics.PERCENTILE:.1%}"))
        rows.append(("  in pixels", f"{self.copied_pixels:.1%}", f"{metrics.PERCENTILE:.1%}"))
        head = (
            f"{what}: {len(self.images):,} pictures beside {len(self.real.held_out)} held-out and {len(self.real.train)} training "
            f"pictures of {self.real.dataset}, on {network.name} ({network.sha256[:12]}). A copy is nearer to a training picture, "
            "as it is or mirrored, than 99 % of the held-out pictures are."
        )
        return "\n".join([head, *metrics.in_columns(rows)])


def in_words(measured: tuple[float, float]) -> str:
    """Return a distance and its standard error as text."""
    return f"{measured[0]:.2f} ± {measured[1]:.2f}"


@functools.lru_cache(maxsize=2)
def _searched_pixels(dataset: str) -> tuple[Tensor, Tensor]:
    """Return the training pictures, as they are and then mirrored, and the held-out ones."""
    images = datasets.load(dataset).images
    return torch.cat([images, images.flip(-1)]), datasets.load(dataset, "test").images


def as_rows(images: Tensor) -> Tensor:
    """Return uint8 images (N, C, H, W) as rows of pixels from 0 to 1, float64 (N, C H W)."""
    return images.flatten(1).double() / 255


def is_small(dataset: str, network: FeatureNetwork) -> bool:
    """Return whether a dataset has too few pictures for a Fréchet distance on these features."""
    return metrics.smaller_split(dataset) <= network.size


def evaluate_images(
    images: Tensor, dataset: str = "pokemon", network: FeatureNetwork | None = None, progress: bool = False
) -> Report:
    """Return the Report of generated pictures, uint8 (N, C, H, W).

    network: the features to compare on, those of `metrics.network_for(dataset)` unless told. Raises ValueError for pictures
    that cannot be compared.
    """
    network = network or metrics.network_for(dataset)
    real = tuple(datasets.load(dataset).images.shape[1:])
    if tuple(images.shape[1:]) != real:
        raise ValueError(f"the pictures have the shape {tuple(images.shape[1:])}, those of {dataset} {real}.")
    f = network(images, "generated pictures" if progress else "")[0]
    return Report(images, f, pictures(dataset, network))


def evaluate_generator(
    G: nn.Module,
    seed: int = 0,
    samples: int = SAMPLES,
    dataset: str = "pokemon",
    network: FeatureNetwork | None = None,
    progress: bool = False,
) -> Report:
    """Return the Report of a generator, from `samples` unselected pictures."""
    return evaluate_images(sample(G, samples, seed), dataset, network, progress)
