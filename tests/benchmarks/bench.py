"""Steps per second: the course's engine against a textbook loop with the same networks, batch and optimiser settings.

    make bench

Each figure is measured in a process of its own, the two loops in turn, and the medians are compared: these
are ratios of one run on one machine. The textbook loop is what most tutorials print: a DataLoader without workers, an image
at a time turned into a float tensor, Adam as it comes, `.item()` on every loss, a line every 100 steps. Convolutions are
computed in bfloat16 by the engine where the processor has it; the peak is that of matrix products in the same precision.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gancourse import datasets, recipes, training
from gancourse.losses import discriminator_loss, non_saturating_loss
from gancourse.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gancourse.steps import dcgan_step, mlp_step

WARM_UP, ROUNDS = 10, 3


@dataclasses.dataclass(frozen=True)
class Case:
    """What is trained, by either loop."""

    data: Callable[[], datasets.ImageDataset]
    networks: Callable[[], tuple[nn.Module, nn.Module]]
    optimizer: Callable[[nn.Module], Optimizer]
    batch_size: int
    plain_step: training.TrainStep  # what the textbook loop does
    whole_step: training.TrainStep  # what the recipe does
    ema: float
    augment: Callable[[Tensor], Tensor] | None
    bf16: bool
    steps: int
    conditional: bool = False


def case_of(name: str, steps: int) -> Case:
    """Return the case of a recipe."""
    recipe = recipes.get(name)
    plain_step = mlp_step() if recipe.dataset == "mnist" else dcgan_step()
    return Case(
        lambda: datasets.load(recipe.dataset),
        recipe.networks,
        recipe.optimizer,
        recipe.batch_size,
        plain_step,
        recipe.train_step,
        recipe.ema,
        recipe.augment,
        recipe.bf16,
        steps,
        recipe.conditional,
    )


def enlarged() -> datasets.ImageDataset:
    """Return photographs of CIFAR-10, 64x64."""
    data = datasets.load("cifar10")
    images = nn.functional.interpolate(data.images[:5_000], scale_factor=2)
    return dataclasses.replace(data, images=images, labels=data.labels[:5_000])


CASES = {
    "mnist_tutorial": case_of("mnist_tutorial", 150),
    "mnist_better": case_of("mnist_better", 150),
    "cifar10_dcgan": case_of("cifar10_dcgan", 60),
    "pokemon_dcgan": case_of("pokemon_dcgan", 60),
    "dcgan at 64x64": Case(
        enlarged,
        lambda: (DCGANGenerator(size=64), DCGANDiscriminator(size=64)),
        lambda network: training.adam(network, lr=2e-4),
        64,
        dcgan_step(),
        dcgan_step(),
        0.0,
        None,
        True,
        20,
    ),
}


def textbook(case: Case) -> float:
    """Return the steps per second of the textbook loop."""
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    class Pictures(Dataset):
        def __init__(self):
            self.data = case.data()

        def __len__(self):
            return len(self.data)

        def __getitem__(self, i):
            height, width, channels = (pixels := self.data.images[i].permute(1, 2, 0)).shape
            picture = Image.fromarray(pixels.squeeze(-1).numpy())
            pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(height, width, channels)
            pixels = (pixels.permute(2, 0, 1).contiguous().float() / 255 - 0.5) / 0.5
            return (pixels, self.data.labels[i]) if case.conditional else (pixels,)

    device = training.pick_device()
    G, D = (network.to(device) for network in case.networks())
    settings = case.optimizer(G).defaults
    opt_G, opt_D = (torch.optim.Adam(n.parameters(), settings["lr"], settings["betas"]) for n in (G, D))
    step, began, losses = 0, 0.0, []
    while True:
        for batch in DataLoader(Pictures(), case.batch_size, shuffle=True, drop_last=True, num_workers=0):
            real, *labels = (part.to(device) for part in batch)
            if step == WARM_UP:
                began = time.perf_counter()
            fake = G(training.noise(G, len(real)), *labels)
            d_loss = discriminator_loss(D(real, *labels), D(fake.detach(), *labels))
            opt_D.zero_grad()
            d_loss.backward()
            opt_D.step()
            g_loss = non_saturating_loss(D(fake, *labels))
            opt_G.zero_grad()
            g_loss.backward()
            opt_G.step()
            losses.append((d_loss.item(), g_loss.item()))
            step += 1
            if step % 100 == 0:
                print(f"step {step}: D {losses[-1][0]:.3f}, G {losses[-1][1]:.3f}", file=sys.stderr)
            if step == WARM_UP + case.steps:
                return case.steps / (time.perf_counter() - began)


def engine(case: Case, whole: bool = False, compile: bool = False) -> float:
    """Return the steps per second of `training.fit` with the same step; `whole`: with all that the recipe does."""
    data = case.data()
    G, D = (network.to(training.pick_device()) for network in case.networks())
    step_function = case.whole_step if whole else case.plain_step
    clock = []

    def timed_step(G, D, opt_G, opt_D, *batch):
        if torch.cuda.is_available() and len(clock) in (WARM_UP, WARM_UP + case.steps):
            torch.cuda.synchronize()  # what was begun before is done
        clock.append(time.perf_counter())
        return step_function(G, D, opt_G, opt_D, *batch)

    training.fit(
        timed_step,
        G,
        D,
        case.optimizer(G),
        case.optimizer(D),
        data.images,
        labels=data.labels if case.conditional else None,
        steps=WARM_UP + case.steps + 1,
        batch_size=case.batch_size,
        ema=case.ema if whole else 0.0,
        augment=case.augment if whole else None,
        bf16=case.bf16,
        compile=compile,
        progress=False,
    )
    return case.steps / (clock[-1] - clock[WARM_UP])  # from the start of one step to the start of another


def precision(case: Case) -> torch.dtype:
    """Return the precision in which the engine computes the case's products on this machine."""
    return torch.bfloat16 if case.bf16 and training.has_native_bf16(training.pick_device()) else torch.float32


def peak(case: Case) -> float:
    """Return the machine's matrix product rate in the engine's precision, FLOP/s: the best of five, n x n."""
    device = training.pick_device()
    n = 2048 if device.type == "cpu" else 8192  # long beside the time to begin it
    a, b = torch.randn(2, n, n, device=device).to(precision(case))
    rates = []
    for _ in range(6):
        began = time.perf_counter()
        (a @ b)[0, 0].item()
        rates.append(2 * n**3 / (time.perf_counter() - began))
    return max(rates[1:])


def flops(case: Case) -> int:
    """Return the floating-point operations of the matrix products of one plain training step."""
    from torch.utils.flop_counter import FlopCounterMode

    G, D = case.networks()
    data = case.data()
    real = training.to_unit(data.images[: case.batch_size])
    labels = [data.labels[: case.batch_size]] if case.conditional else []
    with FlopCounterMode(display=False) as counter:
        case.plain_step(G, D, case.optimizer(G), case.optimizer(D), real, *labels, 1)
    return counter.get_total_flops()


ARMS = {
    "textbook": textbook,
    "engine": engine,
    "engine, the whole recipe": lambda case: engine(case, whole=True),
    "peak": peak,
}


def measure(arm: str, case: str) -> float:
    """Run one arm in a new process and return its figure."""
    command = [sys.executable, __file__, "--arm", arm, "--case", case]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, stderr=subprocess.DEVNULL).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--case", choices=CASES, help="measure only this one")
    options = parser.parse_args()
    if options.arm:
        print(ARMS[options.arm](CASES[options.case]))
        return
    print(f"{training.pick_device()}, {torch.get_num_threads()} threads; medians of {ROUNDS} rounds\n")
    print(f"{'networks':16} {'loop':26} {'steps/s':>8} {'ratio':>6} {'ratios of the rounds':>22} {'of peak':>8}")
    for name in [options.case] if options.case else CASES:
        figures = {arm: [] for arm in ARMS}
        for _ in range(ROUNDS):
            for arm, values in figures.items():
                values.append(measure(arm, name))
        work, top = flops(CASES[name]), statistics.median(figures["peak"])
        for arm in list(ARMS)[:-1]:
            ratios = [a / b for a, b in zip(figures[arm], figures["textbook"], strict=True)]
            rate = statistics.median(figures[arm])
            spread = ", ".join(f"{r:.2f}" for r in ratios)
            print(
                f"{name:16} {arm:26} {rate:8.1f} {statistics.median(ratios):6.2f} {spread:>22} {rate * work / top:8.0%}"
            )
        kind = str(precision(CASES[name])).removeprefix("torch.")
        print(
            f"{'':16} matrix product peak {top / 1e9:.0f} GFLOP/s {kind}, {work / 1e9:.2f} GFLOP a step\n", flush=True
        )


if __name__ == "__main__":
    main()
