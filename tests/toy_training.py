"""A small training on made-up images with everything that must survive a stop: batch-norm, R1, EMA, Adam, random noise.

Run as a program (`python tests/toy_training.py FOLDER STEPS`) so that a test can kill it; prints the weights' hash.
"""

import hashlib
import sys
from pathlib import Path

import torch

from gancourse import training
from gancourse.networks.mlp import MLPDiscriminator, MLPGenerator
from gancourse.steps import mlp_step
from gancourse.training import Run, adam, fit


def images(n: int = 500) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 1, 28, 28), dtype=torch.uint8, generator=rng)


def players():
    torch.manual_seed(0)
    G, D = MLPGenerator(z_dim=8, hidden=(32, 32)), MLPDiscriminator(hidden=(32,))
    return G, D, adam(G, 1e-3), adam(D, 1e-3)


def toy_fit(folder: Path | None = None, steps: int = 60, train_step=None, **options) -> Run:
    settings = {"batch_size": 32, "ema": 0.9, "progress": False} | options
    return fit(train_step or mlp_step(gamma=1.0), *players(), images(), steps=steps, folder=folder, **settings)


def weights_hash(run: Run) -> str:
    """Hash of both networks, the averaged generator and everything recorded."""
    state = [*run.G.state_dict().values(), *run.D.state_dict().values(), *run.generator.state_dict().values()]
    return hashlib.sha256(b"".join(t.numpy().tobytes() for t in [*state, *run.history.values()])).hexdigest()


if __name__ == "__main__":
    training.CHECK_SECONDS = 0.02  # look, and write a checkpoint, as often as that
    run = toy_fit(Path(sys.argv[1]), int(sys.argv[2]), checkpoint_seconds=0)
    print(weights_hash(run), flush=True)
