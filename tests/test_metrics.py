"""The metrics against independent implementations, and on sets whose answer is known."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gancourse import datasets, metrics, pretrained
from gancourse.training import to_unit


@pytest.fixture(scope="module")
def classifier():
    return pretrained.load_classifier()


@pytest.fixture(scope="module")
def digits():
    mnist = datasets.load("mnist", split="test")
    return mnist.images[::5], mnist.labels[::5]  # not the first 2,000, which are written by other people


def gaussian_features(n: int, shift: float, seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    mix = torch.randn(24, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.randn(n, 24, generator=rng, dtype=torch.float64) @ mix + shift


def test_frechet_distance_agrees_with_scipy():
    a, b = gaussian_features(500, 0, 1), gaussian_features(400, 0.3, 2)
    (mean_a, cov_a), (mean_b, cov_b) = ((x.numpy().mean(0), np.cov(x.numpy().T)) for x in (a, b))
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert metrics.frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_agrees_with_torchmetrics_on_the_same_features(classifier, digits):
    class Features(nn.Module):
        num_features = 128

        def forward(self, images):  # torchmetrics passes what `update` was given
            return classifier[0].features(to_unit(images))

    real, fake = digits[0][:1000], digits[0][1000:].roll(2, dims=-1)
    fid = FrechetInceptionDistance(feature=Features(), input_img_size=(1, 28, 28)).set_dtype(torch.float64)
    fid.update(real, real=True)
    fid.update(fake, real=False)
    ours = metrics.frechet_distance(*(metrics.digit_features(classifier[0], x)[0] for x in (fake, real)))
    assert ours == pytest.approx(float(fid.compute()), rel=1e-6)


def test_frechet_distance_of_a_shift_is_its_square():
    a = gaussian_features(300, 0, 1)
    assert metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert metrics.frechet_distance(a, a + 0.5) == pytest.approx(24 * 0.25, rel=1e-6)


def test_frechet_distance_survives_a_constant_feature():
    a, b = gaussian_features(300, 0, 1), gaussian_features(300, 0, 2)
    a[:, 3] = b[:, 3] = 0
    assert math.isfinite(metrics.frechet_distance(a, b))


def test_the_classifier_reads_digits(classifier, digits):
    _, read = metrics.digit_features(classifier[0], digits[0])
    assert (read == digits[1]).float().mean() > 0.98
    assert classifier[1] == pretrained.read_card("digit_classifier")["sha256"]


def test_class_kl_of_a_missing_class():
    uniform = torch.full((10,), 0.1, dtype=torch.float64)
    nine = torch.tensor([1 / 9] * 9 + [0], dtype=torch.float64)
    assert metrics.class_kl(uniform, uniform) == pytest.approx(0, abs=1e-12)
    assert metrics.class_kl(nine, uniform) == pytest.approx(math.log(10 / 9))


def test_a_digit_is_covered_from_one_percent_on():
    assert metrics.classes_covered(torch.tensor([0] * 98 + [1] + [2])) == 3
    assert metrics.classes_covered(torch.tensor([0] * 199 + [1])) == 1


def test_features_refuse_images_that_are_not_quantised(classifier):
    with pytest.raises(ValueError, match="as uint8"):
        metrics.digit_features(classifier[0], torch.rand(3, 1, 28, 28))


def test_more_images_than_the_test_split_are_refused():
    with pytest.raises(ValueError, match=r"pass 2 to 10,000"):
        metrics.evaluate_images(torch.zeros(10_001, 1, 28, 28, dtype=torch.uint8))


def test_controls_rank_as_they_must(digits):
    """Real digits are near the floor; blur, a single digit and noise lie far from it."""
    test, labels = digits
    pick = torch.randperm(60_000, generator=torch.Generator().manual_seed(1))[:1000]  # neighbours share a writer
    other = datasets.load("mnist").images[pick]
    blurred = nn.functional.avg_pool2d(other.float(), 5, stride=1, padding=2).to(torch.uint8)
    noise = torch.randint(0, 256, other.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ones = test[labels == 1][:100].repeat(10, 1, 1, 1)
    reports = {
        name: metrics.evaluate_images(images)
        for name, images in {"real": other, "blurred": blurred, "ones": ones, "noise": noise}.items()
    }
    assert min(reports, key=lambda name: reports[name].times_floor) == "real"
    assert 0.7 < reports["real"].times_floor < 1.4
    assert reports["real"].classes_covered == 10
    assert reports["blurred"].times_floor > 3
    assert reports["ones"].times_floor > 10
    assert reports["ones"].class_kl > 1.5
    assert reports["ones"].classes_covered == 1
    assert reports["noise"].times_floor > 10
