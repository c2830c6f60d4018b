"""Steps per second: the course's engine against a textbook loop with the same networks, batch and optimiser settings.

    make bench

Each figure is measured in a process of its own, the two loops in turn, and the medians are compared: these
are ratios of one run on one machine. The textbook loop is what most tutorials print: a DataLoader without workers, an image
at a time turned into a float tensor, Adam as it comes, `.item()` on every loss, a line every 100 steps.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import torch

from gancourse import datasets, recipes, training
from gancourse.losses import discriminator_loss, non_saturating_loss

WARM_UP, STEPS, ROUNDS = 20, 150, 3


def textbook(recipe: recipes.Recipe) -> float:
    """Return the steps per second of the textbook loop."""
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    class Digits(Dataset):
        def __init__(self):
            self.images = datasets.load("mnist").images

        def __len__(self):
            return len(self.images)

        def __getitem__(self, i):
            picture = Image.fromarray(self.images[i, 0].numpy())
            pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(1, 28, 28)
            return (pixels.float() / 255 - 0.5) / 0.5

    device = training.pick_device()
    G, D = (network.to(device) for network in recipe.networks())
    settings = recipe.optimizer(G).defaults
    opt_G, opt_D = (torch.optim.Adam(n.parameters(), settings["lr"], settings["betas"]) for n in (G, D))
    step, began, losses = 0, 0.0, []
    while True:
        for real in DataLoader(Digits(), recipe.batch_size, shuffle=True, drop_last=True, num_workers=0):
            real = real.to(device)
            if step == WARM_UP:
                began = time.perf_counter()
            fake = G(training.noise(G, len(real)))
            d_loss = discriminator_loss(D(real), D(fake.detach()))
            opt_D.zero_grad()
            d_loss.backward()
            opt_D.step()
            g_loss = non_saturating_loss(D(fake))
            opt_G.zero_grad()
            g_loss.backward()
            opt_G.step()
            losses.append((d_loss.item(), g_loss.item()))
            step += 1
            if step % 100 == 0:
                print(f"step {step}: D {losses[-1][0]:.3f}, G {losses[-1][1]:.3f}", file=sys.stderr)
            if step == WARM_UP + STEPS:
                return STEPS / (time.perf_counter() - began)


def engine(recipe: recipes.Recipe, whole: bool = False) -> float:
    """Return the steps per second of `training.fit` with the same step; `whole` adds the recipe's R1 and averaging."""
    G, D = (network.to(training.pick_device()) for network in recipe.networks())
    opt_G, opt_D = recipe.optimizer(G), recipe.optimizer(D)
    step_function = recipe.train_step if whole else recipes.mlp_step()
    clock = []

    def timed_step(G, D, opt_G, opt_D, real, step):
        clock.append(time.perf_counter())
        return step_function(G, D, opt_G, opt_D, real, step)

    images = datasets.load("mnist").images
    ema = recipe.ema if whole else 0.0
    training.fit(
        timed_step,
        G,
        D,
        opt_G,
        opt_D,
        images,
        steps=WARM_UP + STEPS + 1,
        batch_size=recipe.batch_size,
        ema=ema,
        progress=False,
    )
    return STEPS / (clock[-1] - clock[WARM_UP])  # from the start of one step to the start of another


def peak() -> float:
    """Return the machine's fp32 matrix product rate in FLOP/s, the best of five products of 2048 x 2048."""
    a, b = torch.randn(2, 2048, 2048, device=training.pick_device())
    rates = []
    for _ in range(6):
        began = time.perf_counter()
        (a @ b)[0, 0].item()
        rates.append(2 * 2048**3 / (time.perf_counter() - began))
    return max(rates[1:])


def flops(recipe: recipes.Recipe) -> int:
    """Return the floating-point operations of the matrix products of one plain training step."""
    from torch.utils.flop_counter import FlopCounterMode

    G, D = recipe.networks()
    real = torch.zeros(recipe.batch_size, 1, 28, 28)
    with FlopCounterMode(display=False) as counter:
        recipes.mlp_step()(G, D, recipe.optimizer(G), recipe.optimizer(D), real, 1)
    return counter.get_total_flops()


ARMS = {
    "textbook": textbook,
    "engine": engine,
    "engine, R1 and averaging": lambda recipe: engine(recipe, whole=True),
    "peak": lambda _: peak(),
}


def measure(arm: str, recipe: str) -> float:
    """Run one arm in a new process and return its figure."""
    command = [sys.executable, __file__, "--arm", arm, "--recipe", recipe]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, stderr=subprocess.DEVNULL).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--recipe", choices=recipes.RECIPES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.arm:
        print(ARMS[options.arm](recipes.get(options.recipe)))
        return
    print(f"{training.pick_device()}, {torch.get_num_threads()} threads; medians of {ROUNDS} rounds of {STEPS} steps\n")
    print(f"{'recipe':16} {'loop':26} {'steps/s':>8} {'ratio':>6} {'ratios of the rounds':>22} {'of peak':>8}")
    for name in (name for name, recipe in recipes.RECIPES.items() if not recipe.conditional):
        figures = {arm: [] for arm in ARMS}
        for _ in range(ROUNDS):
            for arm, values in figures.items():
                values.append(measure(arm, name))
        work, top = flops(recipes.get(name)), statistics.median(figures["peak"])
        for arm in list(ARMS)[:-1]:
            ratios = [a / b for a, b in zip(figures[arm], figures["textbook"], strict=True)]
            rate = statistics.median(figures[arm])
            spread = ", ".join(f"{r:.2f}" for r in ratios)
            print(
                f"{name:16} {arm:26} {rate:8.1f} {statistics.median(ratios):6.2f} {spread:>22} {rate * work / top:8.0%}"
            )
        print(f"{'':16} matrix product peak {top / 1e9:.0f} GFLOP/s fp32, {work / 1e9:.2f} GFLOP a step\n", flush=True)


if __name__ == "__main__":
    main()
