"""The measures against independent implementations, and on sets whose answer is known."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import scipy.stats
import torch
from torch import nn
from torch.nn.functional import avg_pool2d
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from gancourse import datasets, features, metrics, pretrained, recipes, training
from gancourse.training import to_unit


@pytest.fixture(scope="module")
def network():
    return features.digits()


@pytest.fixture(scope="module")
def digits():
    mnist = datasets.load("mnist", split="test")
    return mnist.images[::5], mnist.labels[::5]  # not the first 2,000, which are written by other people


class Oracle(nn.Module):
    """The course's classifier as torchmetrics wants a feature network, in float64 from there on."""

    num_features = 128

    def __init__(self, logits: bool = False):
        super().__init__()
        self.classifier, self.logits = pretrained.load_classifier()[0], logits

    def forward(self, images):  # torchmetrics passes what `update` was given
        f = self.classifier.float().features(to_unit(images))  # torchmetrics has made it float64
        return (self.classifier.head(f) if self.logits else f).double()


def gaussian_features(n: int, shift: float, seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    mix = torch.randn(24, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.randn(n, 24, generator=rng, dtype=torch.float64) @ mix + shift


# ---- oracles ------------------------------------------------------------------------------------------------------


def test_frechet_distance_agrees_with_scipy():
    a, b = gaussian_features(500, 0, 1), gaussian_features(500, 0.3, 2)
    (mean_a, cov_a), (mean_b, cov_b) = ((x.numpy().mean(0), np.cov(x.numpy().T)) for x in (a, b))
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert metrics.frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_agrees_with_torchmetrics_on_the_same_features(network, digits):
    real, fake = digits[0][:1000], digits[0][1000:].roll(2, dims=-1)
    fid = FrechetInceptionDistance(feature=Oracle(), input_img_size=(1, 28, 28)).set_dtype(torch.float64)
    fid.update(real, real=True)
    fid.update(fake, real=False)
    ours = metrics.frechet_distance(*(network(x)[0] for x in (fake, real)))
    assert ours == pytest.approx(float(fid.compute()), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save")
def test_kernel_distance_agrees_with_torchmetrics_on_the_same_features(network, digits):
    real, fake = digits[0][:400], digits[0][400:800].roll(2, dims=-1)
    kid = KernelInceptionDistance(feature=Oracle(), subsets=1, subset_size=400).set_dtype(torch.float64)
    kid.update(real, real=True)
    kid.update(fake, real=False)
    ours, _ = metrics.kernel_distance(*(network(x)[0] for x in (fake, real)))
    assert ours == pytest.approx(float(kid.compute()[0]), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save", "ignore:std")
def test_inception_score_agrees_with_torchmetrics_on_the_same_probabilities(network, digits):
    oracle = InceptionScore(feature=Oracle(logits=True), splits=1)
    oracle.update(digits[0][:500])
    ours = metrics.inception_score(network(digits[0][:500])[1])
    assert ours == pytest.approx(float(oracle.compute()[0]), rel=1e-6)


def test_the_inception_score_refuses_logits_and_nothing():
    with pytest.raises(ValueError, match=r"`.softmax\(1\)` makes them of logits"):
        metrics.inception_score(torch.randn(5, 10))
    with pytest.raises(ValueError, match="the score of nothing"):
        metrics.inception_score(torch.zeros(0, 10))


def test_empty_sets_are_refused_in_words():
    f = torch.randn(20, 4)
    for measure in (metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall):
        with pytest.raises(ValueError, match="the set of images is empty"):
            measure(f[:0], f)
    with pytest.raises(ValueError, match="the set is empty"):
        metrics.evaluate_images(torch.zeros(0, 1, 28, 28, dtype=torch.uint8))


def test_the_default_dtype_of_torch_changes_no_measure(network, digits):
    images = training.sample(pretrained.load("mnist_better").generator, 200)
    torch.set_default_dtype(torch.float64)
    try:
        again = training.sample(pretrained.load("mnist_better").generator, 200)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(images, again)


def test_class_kl_agrees_with_scipy():
    p, q = (torch.rand(10, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    p[3] = 0
    p, q = p / p.sum(), q / q.sum()
    assert metrics.class_kl(p, q) == pytest.approx(scipy.stats.entropy(p, q), rel=1e-9)


def test_precision_and_recall_agree_with_scipys_trees():
    real, fake = gaussian_features(700, 0, 1), 1.2 * gaussian_features(700, 1.5, 2)
    trees = {"real": scipy.spatial.cKDTree(real), "fake": scipy.spatial.cKDTree(fake)}
    radii = {name: tree.query(tree.data, k=4)[0][:, 3] for name, tree in trees.items()}

    def share(points, tree, radii):
        return np.mean([(np.linalg.norm(tree.data - x, axis=1) <= radii).any() for x in points.numpy()])

    precision, recall = metrics.precision_recall(real, fake, k=3)
    assert precision == share(fake, trees["real"], radii["real"])
    assert recall == share(real, trees["fake"], radii["fake"])
    assert precision != recall
    assert 0.02 < min(precision, recall) < max(precision, recall) < 0.98


def test_nearest_agrees_with_scipys_tree():
    points, among = gaussian_features(300, 0.5, 1), gaussian_features(900, 0, 2)
    distances, indices = scipy.spatial.cKDTree(among).query(points)
    ours, where = metrics.nearest(points, among)
    assert where.tolist() == indices.tolist()
    assert ours.numpy() == pytest.approx(distances, rel=1e-9)


# ---- known answers ------------------------------------------------------------------------------------------------


def test_frechet_distance_of_a_shift_is_its_square():
    a = gaussian_features(300, 0, 1)
    assert metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert metrics.frechet_distance(a, a + 0.5) == pytest.approx(24 * 0.25, rel=1e-6)


def test_frechet_distance_survives_a_constant_feature():
    a, b = gaussian_features(300, 0, 1), gaussian_features(300, 0, 2)
    a[:, 3] = b[:, 3] = 0
    assert math.isfinite(metrics.frechet_distance(a, b))


def test_kernel_distance_is_unbiased_and_its_error_is_that_of_repetitions():
    """Small sets of two sizes, 200 times. Of the same distribution the mean is 0, and the error bar is √2 times too long."""

    def repeated(shift):
        draws = [
            [torch.randn(n, 8, generator=torch.Generator().manual_seed(2 * i + k)) for k, n in enumerate((40, 25))]
            for i in range(200)
        ]
        return torch.tensor([metrics.kernel_distance(a, b + shift) for a, b in draws]).T

    values, errors = repeated(0.0)
    assert abs(values.mean()) < 4 * values.std() / math.sqrt(200)
    assert errors.mean() == pytest.approx(math.sqrt(2) * float(values.std()), rel=0.15)
    values, errors = repeated(0.7)
    assert errors.mean() == pytest.approx(float(values.std()), rel=0.15)


def test_kernel_distance_in_blocks_is_that_of_the_plain_formula():
    n, m = metrics.ROWS + 30, metrics.ROWS + 7
    a, b = gaussian_features(n, 0, 1), gaussian_features(m, 0.2, 2)
    aa, bb, ab = (((x @ y.T) / 24 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    expected = (aa.sum() - aa.trace()) / (n * (n - 1)) + (bb.sum() - bb.trace()) / (m * (m - 1)) - 2 * ab.mean()
    assert metrics.kernel_distance(a, b)[0] == pytest.approx(float(expected), rel=1e-9)


def test_copies_are_counted():
    train, held_out = gaussian_features(2_000, 0, 1), gaussian_features(1_000, 0, 2)
    new = gaussian_features(1_000, 0, 3)
    assert metrics.copied_share(new, train, held_out) < 0.03
    mixed = torch.cat([new[:700], train[:300] + 1e-3])
    assert metrics.copied_share(mixed, train, held_out) == pytest.approx(0.3, abs=0.02)


def test_the_classifier_reads_digits(network, digits):
    _, probabilities = network(digits[0])
    assert (probabilities.argmax(1) == digits[1]).float().mean() > 0.98
    assert network.sha256 == pretrained.read_card("digit_classifier")["sha256"]


def test_class_kl_of_a_missing_class():
    uniform = torch.full((10,), 0.1, dtype=torch.float64)
    nine = torch.tensor([1 / 9] * 9 + [0], dtype=torch.float64)
    assert metrics.class_kl(uniform, uniform) == pytest.approx(0, abs=1e-12)
    assert metrics.class_kl(nine, uniform) == pytest.approx(math.log(10 / 9))


def test_a_digit_is_covered_from_one_percent_on():
    assert metrics.classes_covered(metrics.class_shares(torch.tensor([0] * 98 + [1] + [2]), 10)) == 3
    assert metrics.classes_covered(metrics.class_shares(torch.tensor([0] * 199 + [1]), 10)) == 1


def test_label_consistency_overall_and_by_class():
    share, by_class = metrics.label_consistency(torch.tensor([0, 1, 1, 2, 0, 2]), torch.tensor([0, 0, 1, 1, 2, 2]), 3)
    assert share == 0.5
    assert by_class.tolist() == [0.5, 0.5, 0.5]
    share, by_class = metrics.label_consistency(torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 0, 1]), 2)
    assert share == 0.5
    assert by_class.tolist() == [pytest.approx(1 / 3), 1.0]


def test_within_class_distance_is_the_mean_over_pairs():
    f, labels = gaussian_features(60, 0, 1), torch.arange(60) % 3
    expected = [scipy.spatial.distance.pdist(f[labels == c]).mean() for c in range(3)]
    assert metrics.within_class_distance(f, labels, 3).numpy() == pytest.approx(np.array(expected), rel=1e-9)


# ---- what cannot be compared --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (torch.rand(200, 1, 28, 28), "must be uint8"),
        (torch.full((200, 1, 28, 28), math.nan), "NaN"),
        (torch.zeros(200, 28, 28, dtype=torch.uint8), "shape"),
        (torch.full((200, 3, 28, 28), 9, dtype=torch.uint8), r"shape \(N, 1, 28, 28\)"),
        (torch.ones(200, 1, 28, 28, dtype=torch.uint8), "no pixel is above 1"),
        (torch.full((10_001, 1, 28, 28), 9, dtype=torch.uint8), "10,000 test images"),
        (torch.full((128, 1, 28, 28), 9, dtype=torch.uint8), "at least 129"),
        (torch.zeros(0, 1, 28, 28, dtype=torch.uint8), "the set is empty"),
        (torch.zeros(200, 1, 28, 28, dtype=torch.uint8), "has collapsed"),
    ],
    ids=["float", "nan", "no channel", "three channels", "0 and 1", "too many", "too few", "none", "black"],
)
def test_images_that_cannot_be_compared_are_refused_with_a_reason(images, says):
    with pytest.raises(ValueError, match=says):
        metrics.evaluate_images(images)


@pytest.mark.parametrize(
    ("measure", "a", "b", "says"),
    [
        (metrics.frechet_distance, (20, 24), (20, 24), "at least 25"),
        (metrics.frechet_distance, (50, 24), (60, 24), "50 and 60"),
        (metrics.frechet_distance, (50, 24), (50, 23), "different networks"),
        (metrics.precision_recall, (50, 24), (60, 24), "50 and 60"),
        (metrics.precision_recall, (3, 24), (3, 24), "more than 3"),
        (metrics.kernel_distance, (2, 24), (50, 24), "too few"),
    ],
)
def test_feature_sets_that_cannot_be_compared_are_refused_with_a_reason(measure, a, b, says):
    with pytest.raises(ValueError, match=says):
        measure(torch.rand(a), torch.rand(b))


@pytest.mark.parametrize("measure", [metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_features_that_are_not_finite_are_refused(measure, value):
    broken = torch.rand(50, 4)
    broken[7, 2] = value
    with pytest.raises(ValueError, match="NaN or infinite"):
        measure(broken, torch.rand(50, 4))


def test_classes_that_cannot_be_counted_are_refused_with_a_reason():
    labels = torch.tensor([0, 1, 2, 0])
    with pytest.raises(ValueError, match="label 3"):
        metrics.class_shares(torch.tensor([0, 3]), 3)
    with pytest.raises(ValueError, match="label -1"):
        metrics.class_shares(torch.tensor([0, -1]), 3)
    with pytest.raises(ValueError, match="none of class 1"):
        metrics.class_kl(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0]))
    with pytest.raises(ValueError, match="class 3 was asked"):
        metrics.label_consistency(labels, labels, 4)
    with pytest.raises(ValueError, match="class 1 has 1"):
        metrics.within_class_distance(torch.rand(4, 2), labels, 3)
    with pytest.raises(ValueError, match="one label for each"):
        metrics.label_consistency(labels[:1], labels, 3)
    with pytest.raises(ValueError, match="one label for each"):
        metrics.within_class_distance(torch.rand(5, 2), labels, 3)
    with pytest.raises(ValueError, match="no labels"):
        metrics.class_shares(labels[:0], 3)
    with pytest.raises(ValueError, match=r"shape \(N,\)"):
        metrics.class_shares(labels[:, None], 3)
    with pytest.raises(ValueError, match="NaN"):
        metrics.inception_score(torch.full((4, 3), math.nan))


def test_too_many_samples_are_refused_before_they_are_drawn():
    with pytest.raises(ValueError, match="10,000 test images"):
        metrics.evaluate_generator(None, samples=10**9)


def test_two_classifiers_never_share_what_is_kept():
    torch.manual_seed(0)
    a, b = (features.of_classifier(type(pretrained.load_classifier()[0])()) for _ in range(2))
    assert a.sha256 != b.sha256


# ---- reports ------------------------------------------------------------------------------------------------------


def test_controls_rank_as_they_must(digits):
    """Real digits are near the floor; blur, a single digit and noise lie far from it; copies are found."""
    test, labels = digits
    pick = torch.randperm(60_000, generator=torch.Generator().manual_seed(1))[:1000]  # neighbours share a writer
    other = datasets.load("mnist").images[pick]
    blurred = avg_pool2d(other.float(), 5, stride=1, padding=2).to(torch.uint8)
    noise = torch.randint(0, 256, other.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ones = test[labels == 1][:100].repeat(10, 1, 1, 1)
    reports = {
        name: metrics.evaluate_images(images)
        for name, images in {"real": other, "blurred": blurred, "ones": ones, "noise": noise}.items()
    }
    assert min(reports, key=lambda name: reports[name].times_floor) == "real"
    assert 0.7 < reports["real"].times_floor < 1.4
    assert reports["real"].classes_covered == 10
    assert abs(reports["real"].kernel[0]) < 4 * reports["real"].kernel[1]
    assert reports["real"].copied == 1.0  # training images are that
    assert min(reports["real"].precision_recall) > 0.8
    assert reports["blurred"].times_floor > 3
    assert reports["ones"].times_floor > 10
    assert reports["ones"].class_kl > 1.5
    assert reports["ones"].classes_covered == 1
    assert reports["ones"].precision_recall[1] < 0.2
    assert reports["ones"].inception_score < 1.5
    assert reports["noise"].times_floor > 10
    assert reports["noise"].copied == 0
    assert min(reports["noise"].real.controls.values()) > 5 * reports["noise"].real.floor
    assert all(reports[n].kernel[0] > 10 * reports[n].kernel[1] for n in ("blurred", "ones", "noise"))


def test_a_report_names_its_features_in_every_figure_that_depends_on_them(digits):
    figures = metrics.evaluate_images(digits[0][:200]).as_dict()
    assert {"frechet_digit_features", "kernel_digit_features", "features_sha256", "floor", "controls"} <= figures.keys()
    assert figures["samples"] == 200
    assert not any("fid" in name for name in figures)


def test_what_is_kept_of_real_images_does_not_change_the_figures_and_damage_is_noticed(digits, monkeypatch, tmp_path):
    monkeypatch.setattr(metrics.sources, "cache_folder", lambda: tmp_path)
    few = {split: datasets.load("mnist", split) for split in ("train", "test")}  # to look at all of them takes long
    few = {split: dataclasses.replace(d, images=d.images[:900], labels=d.labels[:900]) for split, d in few.items()}
    monkeypatch.setattr(metrics.datasets, "load", lambda name, split="train": few[split])

    def figures():
        metrics.real.cache_clear()
        return metrics.evaluate_images(digits[0][:150]).as_dict()

    try:
        computed = figures()
        kept = sorted((tmp_path / "features").iterdir())
        assert len(kept) == 4
        assert figures() == computed
        for path in kept:
            path.write_bytes(path.read_bytes()[:1000])
        assert figures() == computed
    finally:
        metrics.real.cache_clear()


def test_a_conditional_generator_is_asked_for_the_mixture_of_the_data():
    G = recipes.get("mnist_conditional").networks()[0]
    labels = metrics.asked(G, 5_000, 0, "mnist")
    assert (
        metrics.class_kl(metrics.class_shares(labels, 10), metrics.class_shares(datasets.load("mnist").labels, 10))
        < 0.005
    )
    assert metrics.asked(recipes.get("mnist_better").networks()[0], 5_000, 0, "mnist") is None


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_classifiers_rank_generators_alike():
    """Twelve generators on the features of the shipped classifier and of one that was trained from another seed."""
    mnist = datasets.load("mnist")
    other, accuracy = recipes.train_classifier(mnist.images, mnist.labels, seed=1)
    assert accuracy > 0.985
    second = features.of_classifier(other)
    ranks = {
        (name, stage): [
            metrics.evaluate_images(
                training.sample(G, 2_000, 0, metrics.asked(G, 2_000, 0, "mnist")), network=n
            ).frechet
            for n in (features.digits(), second)
        ]
        for name in pretrained.names()
        if name.startswith("mnist")
        for stage in (1, 2, 3, 4)
        for G in [pretrained.load(name, stage).generator]
    }
    assert len(ranks) >= 10
    correlation = scipy.stats.spearmanr(*zip(*ranks.values(), strict=True)).statistic
    print(f"Spearman {correlation:.3f} over {len(ranks)} generators")
    assert correlation >= 0.9
