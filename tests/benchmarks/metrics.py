"""Seconds that the measures of 10,000 generated digits beside 10,000 real ones take.

    make bench

Each round is a process of its own; what is kept of the real images is there, as it is after the first report on a machine. The
first report is timed once, with an empty cache.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from gancourse import datasets, metrics, pretrained, training

ROUNDS = 3
PARTS = {
    "features": lambda images: metrics.evaluate_images(images),
    "Fréchet distance": lambda report: report.frechet,
    "kernel distance": lambda report: report.kernel,
    "precision, recall": lambda report: report.precision_recall,
    "share of copies": lambda report: report.copied,
    "class KL, score": lambda report: (report.class_kl, report.inception_score),
    "floor, controls": lambda report: report.as_dict(),
}


def seconds() -> dict[str, float]:
    """Return how long each part of one report takes."""
    images = training.sample(pretrained.load("mnist_better").generator, 10_000)
    datasets.load("mnist")
    took, subject = {}, images
    for name, part in PARTS.items():
        began = time.perf_counter()
        result = part(subject)
        took[name] = time.perf_counter() - began
        subject = result if name == "features" else subject
    return took


def measure(**environment: str) -> dict[str, float]:
    """Return the seconds of one report in a new process."""
    command = [sys.executable, __file__, "--once"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ | environment).stdout)


def main() -> None:
    if "--once" in sys.argv:
        print(json.dumps(seconds()))
        return
    measure()
    rounds = [measure() for _ in range(ROUNDS)]
    print(f"10,000 digits beside 10,000, {torch.get_num_threads()} threads; medians of {ROUNDS} rounds, in seconds\n")
    for name in PARTS:
        print(f"{name:20} {statistics.median(r[name] for r in rounds):6.2f}")
    own = [sum(seconds for name, seconds in r.items() if name != "floor, controls") for r in rounds]
    print(f"{'all measures':20} {statistics.median(own):6.2f}   rounds {', '.join(f'{s:.1f}' for s in own)}")
    print(f"{'with floor, controls':20} {statistics.median(sum(r.values()) for r in rounds):6.2f}")
    with tempfile.TemporaryDirectory() as empty:
        cache = Path(empty) / "cache"
        cache.mkdir()
        (cache / "mnist").symlink_to((metrics.sources.cache_folder() / "mnist").resolve())
        print(
            f"{'the first report':20} {sum(measure(GANCOURSE_DATA=empty).values()):6.2f}   with the features of all real images"
        )


if __name__ == "__main__":
    main()
