"""How good are these images? Measures of a set of generated images beside real ones, on the features of a network.

A number means little alone. A Report compares N generated images with N real test images, and beside it stands the *floor*:
what N real training images get. No generator that has learnt from the training images alone can be expected below it. It is
one draw of training images, always the same: others give up to 15 % more or less with 10,000 digits. Three
controls show how large a distance can be: noise, blur, and real images of one class only. Images are compared as uint8, all else is
float64. A measure of a Report is computed when it is read, and then kept.
"""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from gancourse import arguments, datasets, features, sources
from gancourse.features import FeatureNetwork
from gancourse.files import save_atomically
from gancourse.training import check_labels, sample

COVERED = 0.1  # a class counts as covered from a tenth of its fair share on
SAMPLES = 10_000  # images of a report
NEIGHBOURS = 3  # k of precision and recall
PERCENTILE = 0.01  # of real held-out images, this share is as near to the training images as a copy
ROWS = 500  # of a matrix of distances at a time: beside 60,000 images these are 120 MB

# ---- classes ------------------------------------------------------------------------------------------------------


def class_shares(labels: Tensor, classes: int) -> Tensor:
    """Return the share of each class among labels int64 (N,), float64 (classes,), summing to one."""
    if not len(labels):
        raise ValueError("there are no labels: shares of nothing are not defined.")
    return torch.bincount(check_labels(labels, classes), minlength=classes).double() / len(labels)


def class_kl(generated: Tensor, real: Tensor) -> float:
    """Return KL(generated || real) of the shares of classes, both (K,), in nats: 0 where they agree.

    A class that is never generated costs nothing by itself, others then come too often: leaving out one of ten equal
    classes gives log(10 / 9) = 0.105. Raises ValueError for a class without real images: no share can be compared with 0.
    """
    if missing := (real == 0).nonzero().flatten().tolist():
        raise ValueError(f"among the real images there is none of class {missing[0]}: take more of them.")
    return float(torch.special.xlogy(generated, generated / real).sum())


def classes_covered(shares: Tensor) -> int:
    """Return how many classes have at least a tenth of an equal share each: 1 % of the samples, with ten classes."""
    return int((shares >= COVERED / len(shares)).sum())


def inception_score(probabilities: Tensor) -> float:
    """Return exp of the mean KL(p(y|x) || p(y)) of a classifier's probabilities (N, K): 1, the worst, to K.

    Salimans et al. 2016, section 4. High where each image is classified with confidence and all classes occur.
    """
    if not len(probabilities):
        raise ValueError("there are no probabilities: the score of nothing is not defined.")
    if not probabilities.isfinite().all():
        raise ValueError("there are NaN or infinite probabilities: the classifier, or what it reads, broke down.")
    if (probabilities < 0).any() or not torch.allclose(sums := probabilities.sum(1), torch.ones_like(sums), atol=1e-3):
        raise ValueError(
            "these are no probabilities: each row should be at least 0 and sum to 1. `.softmax(1)` makes them of logits."
        )
    marginal = probabilities.mean(0)
    return float(torch.special.xlogy(probabilities, probabilities / marginal).nansum(1).mean().exp())


def label_consistency(read: Tensor, labels: Tensor, classes: int) -> tuple[float, Tensor]:
    """Return the share of images that were classified (N,) as the class asked for (N,), overall and by class (K,).

    With a classifier of real images this is the GAN-test of Shmelkov et al. 2018. Raises ValueError for a class that was
    never asked for.
    """
    if len(read) != len(labels):
        raise ValueError(f"{len(read)} images were classified and {len(labels)} asked for: one label for each image.")
    read, labels = check_labels(read, classes), check_labels(labels, classes)
    asked = torch.bincount(labels, minlength=classes)
    if (asked == 0).any():
        raise ValueError(f"no image of class {int((asked == 0).nonzero()[0])} was asked for: ask for each class.")
    right = (read == labels).double()
    return float(right.mean()), torch.bincount(labels, weights=right, minlength=classes) / asked


def within_class_distance(f: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return the mean distance of two images of the same class, float64 (K,), of features (N, d) and labels (N,).

    How much variety is in a class: 0 if it is always the same picture. Raises ValueError for a class of less than two.
    """
    if len(f) != len(labels):
        raise ValueError(f"{len(f)} images and {len(labels)} labels: one label for each image.")
    check_labels(labels, classes)
    means = []
    for label in range(classes):
        own = f[labels == label].double()
        if len(own) < 2:
            raise ValueError(f"class {label} has {len(own)} images: a distance takes two.")
        total = sum(torch.cdist(rows, own).sum() for rows in own.split(ROWS))
        means.append(total / (len(own) * (len(own) - 1)))
    return torch.stack(means)


# ---- distances of sets --------------------------------------------------------------------------------------------


def check_features(*sets: Tensor, equal: bool = True) -> None:
    """Raise ValueError unless these are feature sets (N, d) of finite numbers, with the same d and, if `equal`, the same N."""
    for f in sets:
        if f.dim() != 2 or not f.is_floating_point():
            raise ValueError(f"features are floats of shape (N, d); these are {f.dtype} of {tuple(f.shape)}.")
        if not len(f):
            raise ValueError("there are no features: the set of images is empty.")
        if not f.isfinite().all():
            raise ValueError("there are NaN or infinite features. Do they come from a generator that broke down?")
    if len({f.shape[1] for f in sets}) > 1:
        raise ValueError(f"these features come from different networks: {[f.shape[1] for f in sets]} numbers an image.")
    if equal and len({len(f) for f in sets}) > 1:
        raise ValueError(
            f"sets of {' and '.join(f'{len(f):,}' for f in sets)} images cannot be compared: this measure depends on their "
            "number. Take as many of each."
        )


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the squared Fréchet distance of the normal distributions fitted to features a and b, both (N, d).

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)); Dowson & Landau 1982, for GANs Heusel et al. 2017, eq. 6.
    The trace of the root comes from the eigenvalues of the symmetric S_a^(1/2) S_b S_a^(1/2), which are those of
    S_a S_b: no complex numbers, no iteration. Raises ValueError where there are too few samples for a covariance.
    """
    check_features(a, b)
    n, d = a.shape
    if n <= d:
        raise ValueError(
            f"{n:,} images are too few for the covariance of {d:,} features: it takes more images than features, at least "
            f"{d + 1:,}. For small sets there is the kernel distance."
        )
    a, b = a.double(), b.double()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(cov_a)
    root_a = vectors * values.clamp(min=0).sqrt() @ vectors.T
    trace_of_root = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * trace_of_root)


def kernel_distance(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Return the kernel distance of features a (N, d) and b (M, d), and its standard error.

    The unbiased estimate of the squared maximum mean discrepancy with k(x, y) = (x·y / d + 1)^3, over all pairs
    (Bińkowski et al. 2018, section 4): around 0 for two sets of the same distribution, whatever their sizes, so it can be negative.
    The error is the jackknife's, from how far the estimate moves when one image is left out (Arvesen 1969). For two sets of
    the same distribution it comes out too large, by a factor of √2: an error on the safe side.
    """
    check_features(a, b, equal=False)
    if min(len(a), len(b)) < 3:
        raise ValueError(f"sets of {len(a)} and {len(b)} images are too few: an error bar takes three of each.")
    n, m = len(a), len(b)
    a, b = a.double(), b.double()
    within_a, within_b = _kernel_sums(a, a)[0] - _kernel(a, a), _kernel_sums(b, b)[0] - _kernel(b, b)
    across_a, across_b = _kernel_sums(a, b)
    all_a, all_b, across = within_a.sum(), within_b.sum(), across_a.sum()
    value = all_a / (n * (n - 1)) + all_b / (m * (m - 1)) - 2 * across / (n * m)
    without_a = (all_a - 2 * within_a) / ((n - 1) * (n - 2)) - 2 * (across - across_a) / ((n - 1) * m)
    without_b = (all_b - 2 * within_b) / ((m - 1) * (m - 2)) - 2 * (across - across_b) / (n * (m - 1))
    variance = (n - 1) * without_a.var(correction=0) + (m - 1) * without_b.var(correction=0)
    return float(value), float(variance.sqrt())


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """Return k(x_i, y_i), (N,)."""
    return ((x * y).sum(1) / x.shape[1] + 1) ** 3


def _kernel_sums(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sums of k(a_i, b_j) over j, (N,), and over i, (M,)."""
    rows, columns = [], torch.zeros(len(b), dtype=torch.float64, device=b.device)
    for some in a.split(ROWS):
        k = (some @ b.T).div_(a.shape[1]).add_(1).pow_(3)
        rows.append(k.sum(1))
        columns += k.sum(0)
    return torch.cat(rows), columns


# ---- neighbours ---------------------------------------------------------------------------------------------------


def precision_recall(real: Tensor, fake: Tensor, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Return precision and recall of features, both (N, d) (Kynkäänniemi et al. 2019, section 2).

    Each point has a ball around it that reaches to its k-th nearest neighbour in its own set. Precision is the share of
    the fakes that lie in some ball of a real image, recall the share of the real images in some ball of a fake.
    """
    check_features(real, fake)
    if len(real) <= k:
        raise ValueError(f"{len(real)} images have no {k}-th neighbour: take more than {k}.")
    real, fake = real.double(), fake.double()
    of_real, of_fake = _radii(real, k), _radii(fake, k)
    precise, recalled = [], torch.zeros(len(real), dtype=torch.bool, device=real.device)
    for some, radii in zip(fake.split(ROWS), of_fake.split(ROWS), strict=True):
        d = torch.cdist(some, real)
        precise.append((d <= of_real).any(1))
        recalled |= (d <= radii[:, None]).any(0)
    return float(torch.cat(precise).double().mean()), float(recalled.double().mean())


def _radii(f: Tensor, k: int) -> Tensor:
    """Return the distance of each point (N, d) to its k-th nearest other point, (N,)."""
    # k + 1, since each point is its own nearest neighbour.
    return torch.cat([torch.cdist(some, f).topk(k + 1, largest=False).values[:, k] for some in f.split(ROWS)])


def nearest(f: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each point of f (N, d) the distance to the nearest of `among` (M, d), float64 (N,), and its index (N,)."""
    check_features(f, among, equal=False)
    single, lengths = among.float(), among.float().square().sum(1)  # float32 finds it, float64 measures it
    indices = [torch.addmm(lengths, some.float(), single.T, alpha=-2).argmin(1) for some in f.split(ROWS)]
    indices = torch.cat(indices)
    return (f.double() - among[indices].double()).norm(dim=1), indices


def copied_share(fake: Tensor, train: Tensor, held_out: Tensor) -> float:
    """Return the share of copies: fakes nearer to a training image than 99 % of held-out real images are.

    So held-out real images themselves get about 1 %, and a generator that
    replays its training images gets 100 %. All are features (.., d).
    """
    return _nearer(nearest(fake, train)[0], nearest(held_out, train)[0])


def _nearer(fakes: Tensor, held_out: Tensor) -> float:
    return float((fakes < held_out.quantile(PERCENTILE)).double().mean())


# ---- the report ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Real:
    """The real images of a dataset that reports compare with, always the same ones, through a feature network."""

    dataset: str
    samples: int  # N, of either split
    network: FeatureNetwork
    progress: bool

    def images(self, split: str) -> tuple[Tensor, Tensor | None]:
        """Return N random images of a split and their labels. Random, since neighbours in MNIST share a writer."""
        data = datasets.load(self.dataset, split)
        picked = torch.randperm(len(data), generator=torch.Generator().manual_seed(int(split == "test")), device="cpu")[
            : self.samples
        ]
        return data.images[picked], None if data.labels is None else data.labels[picked]

    @functools.cached_property
    def train(self) -> Tensor:
        return self._kept(f"train-{self.samples}", lambda: self._features("train", self.images("train")[0]))

    @functools.cached_property
    def test(self) -> Tensor:
        return self._kept(f"test-{self.samples}", lambda: self._features("test", self.images("test")[0]))

    @functools.cached_property
    def searched(self) -> Tensor:
        """Return the features of all training images, since a copy may be of any of them."""
        return self._kept("all", lambda: self._features("all training", datasets.load(self.dataset).images))

    @functools.cached_property
    def test_to_train(self) -> Tensor:
        """Return the distance (N,) of each test image to the nearest training image."""
        return self._kept(f"test-{self.samples}-to-all", lambda: nearest(self.test, self.searched)[0])

    @functools.cached_property
    def test_shares(self) -> Tensor:
        return class_shares(self.images("test")[1], len(datasets.load(self.dataset).classes))

    @functools.cached_property
    def floor(self) -> float:
        return frechet_distance(self.train, self.test)

    @functools.cached_property
    def kernel_floor(self) -> tuple[float, float]:
        return kernel_distance(self.train, self.test)

    @functools.cached_property
    def precision_recall(self) -> tuple[float, float]:
        return precision_recall(self.test, self.train)

    @functools.cached_property
    def controls(self) -> dict[str, float]:
        """Return the Fréchet distances of sets that are certainly bad: noise, blurred training images, and those of one class."""
        train, labels = self.images("train")
        noise = noise_like(train)
        blurred = avg_pool2d(train.float(), 5, stride=1, padding=2).to(torch.uint8)
        sets = {"noise": noise, "blur": blurred}
        if labels is not None:
            own = train[labels == labels[0]]
            sets["one class"] = own[torch.arange(self.samples, device="cpu") % len(own)]
        return {name: frechet_distance(self.network(images)[0], self.test) for name, images in sets.items()}

    def _features(self, what: str, images: Tensor) -> Tensor:
        return self.network(images, f"{what} images, once" if self.progress else "")[0]

    def _kept(self, what: str, compute: Callable[[], Tensor]) -> Tensor:
        """Return a tensor of the real images, float64, from the cache if it was computed before: it is always the same."""
        data = "-".join(datasets.load(self.dataset, split).sha256[:8] for split in ("train", "test"))
        name = f"{self.dataset}-{what}-{data}-{self.network.sha256[:12]}-v{features.VERSION}.safetensors"
        path = sources.cache_folder() / "features" / name
        try:
            return safetensors.torch.load(path.read_bytes())[what].double()
        except (OSError, SafetensorError, KeyError):
            values = compute()
        with contextlib.suppress(
            OSError
        ):  # a full disk, or a cache that belongs to somebody else: then again next time
            save_atomically(path, safetensors.torch.save({what: values.float()}))
        return values.float().double()  # the same numbers as from the cache


@functools.lru_cache(maxsize=4)  # a lesson measures several generators
def real(dataset: str, samples: int, network: FeatureNetwork, progress: bool = False) -> Real:
    """Return the real images of a dataset, N of either split, for comparison."""
    return Real(dataset, samples, network, progress)


@dataclass(frozen=True)
class Report:
    """The measures of a set of generated images. Figures of another N, dataset or feature network are not comparable."""

    HEADLINE = "times the floor"  # what `headline` is, the figure by which trainings are compared first; less is better

    features: Tensor  # float64 (N, d)
    probabilities: Tensor | None  # float64 (N, K), where the feature network is a classifier
    real: Real

    @functools.cached_property
    def frechet(self) -> float:
        return frechet_distance(self.features, self.real.test)

    @property
    def times_floor(self) -> float:
        return self.frechet / self.real.floor

    @property
    def headline(self) -> float:
        return self.times_floor

    @functools.cached_property
    def kernel(self) -> tuple[float, float]:
        """Return the kernel distance and its standard error."""
        return kernel_distance(self.features, self.real.test)

    @functools.cached_property
    def precision_recall(self) -> tuple[float, float]:
        return precision_recall(self.real.test, self.features)

    @functools.cached_property
    def copied(self) -> float:
        return _nearer(nearest(self.features, self.real.searched)[0], self.real.test_to_train)

    @functools.cached_property
    def shares(self) -> Tensor:
        """Return the share of each class (K,), as the feature network classifies the images."""
        return class_shares(self.probabilities.argmax(1), self.probabilities.shape[1])

    @property
    def class_kl(self) -> float:
        return class_kl(self.shares, self.real.test_shares)

    @property
    def classes_covered(self) -> int:
        return classes_covered(self.shares)

    @property
    def inception_score(self) -> float:
        return inception_score(self.probabilities)

    def as_dict(self) -> dict:
        """Return every measure, rounded, with what it depends on: dataset, number of images, feature network."""
        network = self.real.network
        which = network.key
        figures = {
            "dataset": self.real.dataset,
            "samples": self.real.samples,
            f"frechet_{which}": self.frechet,
            "floor": self.real.floor,
            "times_floor": self.times_floor,
            "controls": {name: round(value, 4) for name, value in self.real.controls.items()},
            f"kernel_{which}": self.kernel[0],
            "kernel_error": self.kernel[1],
            "kernel_floor": self.real.kernel_floor[0],
            "precision": self.precision_recall[0],
            "recall": self.precision_recall[1],
            "floor_precision": self.real.precision_recall[0],
            "floor_recall": self.real.precision_recall[1],
            "copied": self.copied,
        }
        if self.probabilities is not None:
            figures["inception_score_digit_classifier"] = self.inception_score
            figures["class_kl"] = self.class_kl
            figures["classes_covered"] = self.classes_covered
        figures["features_sha256"] = network.sha256
        return rounded(figures)

    def line(self, what: str) -> str:
        """Return the main figures in one line; what: whose they are."""
        real, classes = self.real, ""
        if self.probabilities is not None:
            classes = f", class KL {self.class_kl:.4f}, {self.classes_covered} of {len(self.shares)} classes"
        return (
            f"{what}: Fréchet distance on {real.network.name} {self.frechet:.2f} = {self.times_floor:.2f} x floor "
            f"({real.floor:.2f}){classes}; {real.samples:,} samples, network {real.network.sha256[:12]}"
        )

    def table(self, what: str) -> str:
        """Return all of it as a table: the generated images, the real ones of the floor, and the controls."""
        real, controls = self.real, self.real.controls
        rows = [("", "generated", "real (floor)", *controls)]
        rows.append(("Fréchet distance", *(f"{v:.2f}" for v in (self.frechet, real.floor, *controls.values()))))
        rows.append(("  times the floor", f"{self.times_floor:.2f}", "1"))
        rows.append(("kernel distance", *(f"{v:.2f} ± {error:.2f}" for v, error in (self.kernel, real.kernel_floor))))
        for i, name in enumerate(("precision", "recall")):
            rows.append((name, f"{self.precision_recall[i]:.3f}", f"{real.precision_recall[i]:.3f}"))
        rows.append(("share of copies", f"{self.copied:.2%}", f"{PERCENTILE:.2%}"))
        if self.probabilities is not None:
            rows.append(("class KL, nats", f"{self.class_kl:.4f}"))
            rows.append(("classes covered", f"{self.classes_covered} of {len(self.shares)}"))
            rows.append(("inception score", f"{self.inception_score:.2f}"))
        network = real.network
        head = (
            f"{what}: {real.samples:,} images beside as many real {real.dataset} test images, on {network.name} "
            f"({network.sha256[:12]}). A copy is nearer to one of {len(real.searched):,} training images than 99 % of the "
            "real test images are."
        )
        if network.name == "Inception features":
            head += " If the file is the FID's network, the Fréchet distance is an FID and the kernel distance a KID."
        return "\n".join([head, *in_columns(rows)])


def in_columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows of a table as lines of text: the first column to the left, the others to the right."""
    return [f"{row[0]:18}" + "".join(f"{cell:>18}" for cell in row[1:]) for row in rows]


def rounded(figures: dict) -> dict:
    """Return figures as they stand in cards and reports: floats with six digits after the point."""
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()}


def network_for(dataset: str) -> FeatureNetwork:
    """Return the feature network for a dataset: the digit classifier for MNIST, EfficientNet-Lite0 for colour."""
    return features.digits() if dataset == "mnist" else features.efficientnet()


def smaller_split(dataset: str) -> int:
    """Return how many images the smaller split of a dataset has."""
    return min(len(datasets.load(dataset, split)) for split in ("train", "test"))


def check_number(samples: int, dataset: str, network: FeatureNetwork) -> None:
    """Raise ValueError unless so many images can be compared with a dataset on the features of a network."""
    most = smaller_split(dataset)
    if most <= network.size:
        raise ValueError(
            f"{dataset} has {most:,} images in a split, too few for a covariance of {network.size:,} features. Compare such small "
            "sets with `kernel_distance`."
        )
    if samples > most:
        raise ValueError(f"{dataset} has {most:,} test images: at most as many can be compared, not {samples:,}.")
    if samples <= network.size:
        raise ValueError(
            f"{samples:,} images are too few: a covariance of {network.size:,} features takes more images than features, "
            f"at least {network.size + 1:,}."
        )


def evaluate_images(
    images: Tensor, dataset: str = "mnist", network: FeatureNetwork | None = None, progress: bool = False
) -> Report:
    """Return the Report of generated images, uint8 (N, C, H, W), against N real ones of either split of a dataset.

    network: the features to compare on, those of `network_for(dataset)` unless told. Raises ValueError for images that
    cannot be compared, and for more of them than a split has.
    """
    images, network = arguments.images_of(images), network or network_for(dataset)
    check_number(len(images), dataset, network)
    beside = real(dataset, len(images), network, progress)
    f, probabilities = network(images, "generated images" if progress else "")
    return Report(f, probabilities, beside)


def evaluate_generator(
    G: nn.Module,
    seed: int = 0,
    samples: int = SAMPLES,
    dataset: str = "mnist",
    network: FeatureNetwork | None = None,
    progress: bool = False,
) -> Report:
    """Return the Report of a generator, from `samples` unselected images; a conditional one draws the dataset's mixture of classes."""
    network = network or network_for(dataset)
    check_number(samples, dataset, network)  # before they are drawn
    return evaluate_images(sample(G, samples, seed, asked(G, samples, seed, dataset)), dataset, network, progress)


def noise_like(images: Tensor) -> Tensor:
    """Return the control "noise": random pixels, always the same ones, uint8 of the images' shape."""
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, images.shape, dtype=torch.uint8, generator=rng, device="cpu")


def asked(G: nn.Module, samples: int, seed: int, dataset: str) -> Tensor | None:
    """Return the labels int64 (samples,) to ask a conditional G for: those of random training images; None for another G."""
    if not hasattr(G, "classes"):
        return None
    labels = datasets.load(dataset).labels
    return labels[torch.randint(len(labels), (samples,), generator=torch.Generator().manual_seed(seed), device="cpu")]
