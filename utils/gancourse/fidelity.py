"""Measure enlarged pictures: how near they are to the originals, pixel by pixel, and how near to real pictures as a set.

The two disagree, and have to: "the perception-distortion trade-off" (Blau & Michaeli 2018). PSNR and SSIM compare each picture with its
original; the kernel distance compares the set with other real pictures, on features.
"""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from gancourse import datasets, metrics
from gancourse.features import FeatureNetwork
from gancourse.recipes import shrunk
from gancourse.resampling import FACTOR, enlarge
from gancourse.training import device_of, to_uint8, to_unit

SAMPLES = 1_000  # pictures that are enlarged, at most, and as many real ones
WINDOW, DEVIATION = 11, 1.5  # of SSIM, in pixels
C1, C2 = 0.01**2, 0.03**2  # of SSIM, for pixels from 0 to 1


def psnr(images: Tensor, originals: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of each image in decibels, float64 (N,); infinite for an exact copy.

    Both are uint8 (N, C, H, W). It is 10 log10(255² / MSE), over all pixels and colours of an image. Raises ValueError for other shapes.
    """
    a, b = _pair(images, originals)
    return -10 * (a - b).square().mean((1, 2, 3)).log10()


def ssim(images: Tensor, originals: Tensor) -> Tensor:
    """Return the structural similarity of each image, float64 (N,), 1 for an exact copy (Wang et al. 2004, section III.B).

    Both are uint8 (N, C, H, W) with sides of at least 11. A mean over the colours and over all places of the window, a Gaussian of
    11 x 11 pixels, that lie inside the picture. Raises ValueError for other shapes.
    """
    a, b = _pair(images, originals)
    if min(a.shape[2:]) < WINDOW:
        raise ValueError(
            f"SSIM needs sides of at least {WINDOW} pixels; these images have {a.shape[2]} x {a.shape[3]}."
        )
    places = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = (-(places**2) / (2 * DEVIATION**2)).exp()
    kernel = (weights.outer(weights) / weights.sum() ** 2).expand(a.shape[1], 1, WINDOW, WINDOW)

    def mean(x: Tensor) -> Tensor:
        return conv2d(x, kernel, groups=x.shape[1])

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    structure = (2 * covariance + C2) / (var_a + var_b + C2)
    return (luminance * structure).mean((1, 2, 3))


def _pair(images: Tensor, originals: Tensor) -> tuple[Tensor, Tensor]:
    """Return two sets of images as float64 from 0 to 1."""
    for which in (images, originals):
        if which.dtype != torch.uint8 or which.dim() != 4:
            raise ValueError(f"images are uint8 (N, C, H, W), not {which.dtype} {tuple(which.shape)}.")
    if images.shape != originals.shape:
        raise ValueError(f"the images have the shape {tuple(images.shape)}, their originals {tuple(originals.shape)}.")
    return images.double() / 255, originals.double() / 255


@torch.no_grad()
def enlarged(G: nn.Module, small: Tensor) -> Tensor:
    """Return uint8 images (N, C, h, w), enlarged by a network in eval mode: uint8 (N, C, 4h, 4w) on the CPU."""
    was_training = G.training
    G.eval()
    try:
        return torch.cat([to_uint8(G(to_unit(part.to(device_of(G))))).cpu() for part in small.split(50)])
    finally:
        G.train(was_training)


def interpolated(small: Tensor, mode: str) -> Tensor:
    """Return uint8 images (N, C, h, w), enlarged without a network: uint8 (N, C, 4h, 4w). mode: as in `resampling.enlarge`."""
    return to_uint8(enlarge(to_unit(small), mode))


@dataclass(frozen=True)
class Reference:
    """Pictures of a dataset that are enlarged, none of which was trained on, and real ones to compare the set with."""

    dataset: str
    network: FeatureNetwork

    @functools.cached_property
    def originals(self) -> Tensor:
        return datasets.load(self.dataset, "test").images[:SAMPLES]

    @functools.cached_property
    def small(self) -> Tensor:
        return shrunk(self.originals)

    @functools.cached_property
    def real(self) -> Tensor:
        """Return the features of training pictures, float64 (K, d)."""
        return self.network(datasets.load(self.dataset).images[:SAMPLES])[0]

    @functools.cached_property
    def controls(self) -> "dict[str, Report]":
        """Return the reports of the interpolations, and of the originals themselves."""
        pictures = {mode: interpolated(self.small, mode) for mode in ("nearest", "bicubic")}
        return {name: Report(x, self) for name, x in (pictures | {"originals": self.originals}).items()}


@functools.lru_cache(maxsize=2)
def reference(dataset: str, network: FeatureNetwork) -> Reference:
    """Return a dataset's Reference, once in a process."""
    return Reference(dataset, network)


@dataclass(frozen=True)
class Report:
    """The measures of enlarged pictures, uint8 (N, C, H, W)."""

    HEADLINE = "kernel distance to real pictures"

    images: Tensor
    reference: Reference

    @functools.cached_property
    def psnr(self) -> float:
        return float(psnr(self.images, self.reference.originals).mean())

    @functools.cached_property
    def ssim(self) -> float:
        return float(ssim(self.images, self.reference.originals).mean())

    @functools.cached_property
    def kernel(self) -> tuple[float, float]:
        """Return the kernel distance to real pictures, those that were trained on, and its standard error."""
        return metrics.kernel_distance(self.reference.network(self.images)[0], self.reference.real)

    @property
    def headline(self) -> float:
        return self.kernel[0]

    def as_dict(self) -> dict:
        """Return every measure, rounded, with what it depends on."""
        network = self.reference.network
        own = {"dataset": self.reference.dataset, "samples": len(self.images), "factor": FACTOR}
        controls = {name: metrics.rounded(report._measures()) for name, report in self.reference.controls.items()}
        return metrics.rounded(own | self._measures()) | {"controls": controls, "features_sha256": network.sha256}

    def _measures(self) -> dict:
        exact = torch.equal(self.images, self.reference.originals)
        near = {} if exact else {"psnr": self.psnr, "ssim": self.ssim}
        which = self.reference.network.key
        return near | {f"kernel_{which}": self.kernel[0], "kernel_error": self.kernel[1]}

    def line(self, what: str) -> str:
        """Return the main figures in one line; what: whose they are."""
        network, bicubic = self.reference.network, self.reference.controls["bicubic"]
        return (
            f"{what}: PSNR {self.psnr:.2f} dB (bicubic {bicubic.psnr:.2f}), SSIM {self.ssim:.3f} ({bicubic.ssim:.3f}), kernel distance on "
            f"{network.name} {self.kernel[0]:.2f} ({bicubic.kernel[0]:.2f}); {len(self.images):,} pictures, network {network.sha256[:12]}"
        )

    def table(self, what: str) -> str:
        """Return all of it as a table, beside the interpolations and the originals."""
        reports = {"enlarged": self} | self.reference.controls
        near = [report for name, report in reports.items() if name != "originals"]
        rows = [("", *reports)]
        rows.append(("PSNR, dB", *(f"{report.psnr:.2f}" for report in near)))
        rows.append(("SSIM", *(f"{report.ssim:.3f}" for report in near)))
        rows.append(("kernel distance", *("{:.2f} ± {:.2f}".format(*report.kernel) for report in reports.values())))
        network = self.reference.network
        head = (
            f"{what}: {len(self.images):,} pictures of {self.reference.dataset} that were not trained on, made smaller by {FACTOR} "
            f"(antialiased bicubic) and enlarged again. The kernel distance is to {len(self.reference.real):,} training pictures, on "
            f"{network.name} ({network.sha256[:12]})."
        )
        return "\n".join([head, *metrics.in_columns(rows)])


def evaluate(G: nn.Module, dataset: str, network: FeatureNetwork | None = None) -> Report:
    """Return the Report of a network that enlarges four times, on pictures of a dataset that it was not trained on."""
    known = reference(dataset, network or metrics.network_for(dataset))
    return Report(enlarged(G, known.small), known)
