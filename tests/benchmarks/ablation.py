"""What each improvement of lessons 6 and 7 gains at equal time, and what each guideline of the DCGAN paper is worth.

    python tests/benchmarks/ablation.py improvements   # 5 minutes an arm, two seeds
    python tests/benchmarks/ablation.py guidelines     # 1 minute an arm, two seeds
    python tests/benchmarks/ablation.py labels         # conditional, with and without wrong labels; 5 minutes, two seeds
    python tests/benchmarks/ablation.py long           # the paper's recipe and the course's, 30 minutes each, two seeds
    python tests/benchmarks/ablation.py pokemon        # lesson 7: 5 minutes an arm, two seeds
    python tests/benchmarks/ablation.py pokemon_long   # the recipe of lesson 6 and that of lesson 7, 30 minutes, two seeds

Equal time means equal time of an undisturbed machine: first a step of each arm is timed, in turns, and each arm then trains for as
many steps as fit into its minutes. Trainings may share the machine after that, or be stopped: the same command goes
on from checkpoints in runs/, and what is measured stands in ablation.json beside this file, so it is not done again.
On EfficientNet-Lite0 features. CIFAR-10: the Fréchet distance of 10,000 generated images to the 10,000 test images; of
conditional generators also the share that the course's classifier reads as ordered. Pokémon: the kernel distance of 1,000
generated pictures to the 100 held-out ones and to the training pictures, and the share of copies.
"""

import argparse
import contextlib
import fcntl
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gancourse import augment, datasets, files, metrics, shipping, small_sets, training
from gancourse.networks.dcgan import (
    ConditionalDCGANDiscriminator,
    ConditionalDCGANGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    init_weights,
)
from gancourse.steps import dcgan_step

RESULTS = Path(__file__).with_suffix(".json")
WARM_UP, TIMED_STEPS, TIMED_ROUNDS = 4, 16, 6  # as many steps as R1 has in its round
PLAIN_STEP = dcgan_step()


@dataclass(frozen=True)
class Arm:
    """One way to train a DCGAN; the defaults are those of lesson 6, section 6.5."""

    says: str  # how the tables call it
    generator: Callable[[], nn.Module] = DCGANGenerator
    discriminator: Callable[[], nn.Module] = DCGANDiscriminator
    train_step: training.TrainStep = PLAIN_STEP
    dataset: str = "cifar10"
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    batch_size: int = 64
    ema: float = 0.0
    augment: Callable[[Tensor], Tensor] | None = None  # of the real images alone
    initialised: bool = True  # as in the paper; False: as PyTorch does
    raw_of: str = ""  # not trained: the generator itself of another arm, which also averages it


def with_prior_uniform() -> nn.Module:
    """The paper's generator: its noise is uniform."""
    G = DCGANGenerator()
    G.prior = "uniform"
    return G


def exchanged(network: nn.Module, old: type[nn.Module], new: Callable[[nn.Module], nn.Module]) -> nn.Module:
    """Return the network with each layer of one kind replaced, and its weights drawn anew."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, old):
                setattr(parent, name, new(layer))
    init_weights(network)
    return network


def pooled(layer: nn.Conv2d) -> nn.Module:
    """A strided convolution of D -> the same without stride, and a mean over squares of 2x2 pixels."""
    if layer.stride == (1, 1):
        return layer
    plain = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, bias=layer.bias is not None)
    return nn.Sequential(plain, nn.AvgPool2d(2))


def upsampled(layer: nn.ConvTranspose2d) -> nn.Module:
    """A transposed convolution of G with stride -> repeated pixels, and a plain convolution."""
    if layer.stride == (1, 1):
        return layer
    plain = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1, bias=layer.bias is not None)
    return nn.Sequential(nn.Upsample(scale_factor=2), plain)


def hidden(size: int) -> nn.Module:
    """Fully connected hidden layers at the narrow end of G, before the 4x4 maps."""
    G = DCGANGenerator()
    entrance = nn.Sequential(nn.Linear(G.z_dim, size), nn.BatchNorm1d(size), nn.ReLU(), nn.Linear(size, G.z_dim))
    G.body = nn.Sequential(entrance, *G.body)
    return G


def without_batch_norm(network: nn.Module) -> nn.Module:
    """Batch-norm gone, and its bias given to the convolution before it."""
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d) and layer.bias is None:
            layer.bias = nn.Parameter(torch.zeros(layer.out_channels))
    return exchanged(network, nn.BatchNorm2d, lambda layer: nn.Identity())


BASE = Arm("as in 6.5")
PAPER = Arm("the paper's recipe", generator=with_prior_uniform, batch_size=128)
BEST = replace(
    BASE, says="the course's recipe", lr=4e-4, betas=(0.5, 0.99), batch_size=32, ema=0.999, augment=augment.random_flip
)
CONDITIONAL = replace(
    BEST,
    generator=ConditionalDCGANGenerator,
    discriminator=ConditionalDCGANDiscriminator,
    train_step=dcgan_step(mismatched=True),
)

PLAIN_POKEMON = replace(
    BEST,
    says="lesson 6's recipe at 64x64 and half the width",
    dataset="pokemon",
    generator=lambda: DCGANGenerator(width=32, size=64),
    discriminator=lambda: DCGANDiscriminator(width=32, size=64),
)
AUGMENTED = replace(
    PLAIN_POKEMON,
    says="everything that D sees is augmented",
    train_step=dcgan_step(seen=augment.differentiable),
)

SETS: dict[str, tuple[float, dict[str, Arm]]] = {  # minutes of an arm, arms
    "improvements": (
        5,
        {
            "base": replace(BASE, raw_of="ema"),
            "ema": replace(BASE, says="EMA generator, 0.996", ema=0.996),
            "flips": replace(BASE, says="flips", augment=augment.random_flip),
            "r1": replace(BASE, says="R1, gamma 0.1, every 16th step", train_step=dcgan_step(gamma=0.1)),
            "relativistic": replace(BASE, says="relativistic loss", train_step=dcgan_step(relativistic=True)),
            "spectral": replace(
                BASE,
                says="spectral instead of batch norm in D",
                discriminator=lambda: DCGANDiscriminator(norm="spectral"),
            ),
            "lr": replace(BASE, says="Adam 4e-4 (0.5, 0.99)", lr=4e-4, betas=(0.5, 0.99)),
            "small": replace(BASE, says="batches of 32", batch_size=32),
        },
    ),
    "guidelines": (
        1,
        {
            "base": BASE,
            "no_batch_norm_G": replace(
                BASE, says="no batch norm in G", generator=lambda: without_batch_norm(DCGANGenerator())
            ),
            "no_batch_norm_D": replace(
                BASE, says="no batch norm in D", discriminator=lambda: DCGANDiscriminator(norm="none")
            ),
            "pooling": replace(
                BASE,
                says="3x3 with pooling and repeated pixels, no strides",
                generator=lambda: exchanged(DCGANGenerator(), nn.ConvTranspose2d, upsampled),
                discriminator=lambda: exchanged(DCGANDiscriminator(), nn.Conv2d, pooled),
            ),
            "hidden": replace(
                BASE, says="a fully connected hidden layer of 1,024 in G", generator=lambda: hidden(1024)
            ),
            "relu_D": replace(
                BASE,
                says="ReLU instead of LeakyReLU in D",
                discriminator=lambda: exchanged(DCGANDiscriminator(), nn.LeakyReLU, lambda layer: nn.ReLU()),
            ),
            "momentum": replace(BASE, says="Adam's usual beta of 0.9", betas=(0.9, 0.999)),
            "initialisation": replace(BASE, says="PyTorch's own initial weights", initialised=False),
        },
    ),
    "labels": (
        5,
        {
            "plain": replace(CONDITIONAL, says="two kinds of pairs", train_step=PLAIN_STEP),
            "mismatched": replace(CONDITIONAL, says="wrong labels as a third kind"),
        },
    ),
    "long": (30, {"paper": PAPER, "best": BEST}),
    "pokemon": (
        5,
        {
            "plain": PLAIN_POKEMON,
            "augmented": AUGMENTED,
            "raw": replace(AUGMENTED, says="the same without EMA", raw_of="augmented"),
            "real_alone": replace(
                PLAIN_POKEMON,
                says="the real pictures alone are augmented",
                augment=lambda images: augment.differentiable(augment.random_flip(images)),
            ),
            "small_D": replace(
                PLAIN_POKEMON,
                says="D of half the width, nothing augmented",
                discriminator=lambda: DCGANDiscriminator(width=16, size=64),
            ),
            "r1": replace(PLAIN_POKEMON, says="R1, gamma 0.1, nothing augmented", train_step=dcgan_step(gamma=0.1)),
            "augmented_r1": replace(
                AUGMENTED,
                says="R1, gamma 0.1, and everything augmented",
                train_step=dcgan_step(gamma=0.1, seen=augment.differentiable),
            ),
        },
    ),
    "pokemon_long": (30, {"plain": PLAIN_POKEMON, "augmented": AUGMENTED}),
}


def players(arm: Arm, seed: int) -> tuple[nn.Module, nn.Module, Adam, Adam]:
    """Return G, D and their optimisers on the device."""
    torch.manual_seed(seed)
    G, D = arm.generator(), arm.discriminator()
    for network in (G, D):
        for layer in network.modules() if not arm.initialised else ():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
                layer.reset_parameters()
        network.to(training.pick_device())
    return G, D, training.adam(G, arm.lr, arm.betas), training.adam(D, arm.lr, arm.betas)


def train(arm: Arm, seed: int, steps: int, folder: Path | None = None, progress: bool = True) -> training.Run:
    """Train an arm, from its last checkpoint in `folder` if there is one."""
    G, *others = players(arm, seed)
    data = datasets.load(arm.dataset)
    return training.fit(
        arm.train_step,
        G,
        *others,
        data.images,
        labels=data.labels if hasattr(G, "classes") else None,
        steps=steps,
        batch_size=arm.batch_size,
        seed=seed,
        ema=arm.ema,
        augment=arm.augment,
        bf16=True,
        folder=folder,
        patience=None,
        progress=progress,
    )


def time_steps(arms: dict[str, Arm]) -> dict[str, float]:
    """Return the seconds of a step of each arm: means over TIMED_STEPS, their median over rounds in which all take turns."""
    found = {name: [] for name in arms}
    for _ in range(TIMED_ROUNDS):
        for name, arm in arms.items():
            clock = []

            def timed(*arguments, arm=arm, clock=clock):
                clock.append(time.perf_counter())
                return arm.train_step(*arguments)

            train(replace(arm, train_step=timed), 0, WARM_UP + TIMED_STEPS + 1, progress=False)
            found[name].append((clock[-1] - clock[WARM_UP]) / TIMED_STEPS)
    return {name: round(statistics.median(values), 4) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--arms", nargs="+", metavar="ARM", help="only these")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--table", action="store_true", help="only print what is measured")
    parser.add_argument("--time", action="store_true", help="only time the steps, on a machine with nothing else to do")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    options = parser.parse_args()
    minutes, arms = SETS[options.set]
    if options.time or not options.table:
        known = read().get(options.set, {}).get("step_seconds", {})
        if missing := {name: arm for name, arm in arms.items() if name not in known}:
            found = time_steps(missing)
            with changed_results() as results:
                results.setdefault(options.set, {"minutes": minutes, "step_seconds": {}, "arms": {}})
                times = results[options.set]["step_seconds"]
                results[options.set]["step_seconds"] = found | times  # what another process has trained with stands
                results[options.set]["threads"] = torch.get_num_threads()
    if options.time:
        print(json.dumps(read()[options.set]["step_seconds"], indent=1))
        return
    if not options.table:
        for seed in options.seeds:
            for name in options.arms or arms:
                one(options.set, name, seed, options.runs)
    print(table(options.set))


def one(of_set: str, name: str, seed: int, runs: Path) -> None:
    """Train and measure one arm with one seed, unless that is done."""
    minutes, arms = SETS[of_set]
    if str(seed) in read()[of_set]["arms"].get(name, {}):
        return
    trained = arms[name].raw_of or name
    steps = int(60 * minutes / read()[of_set]["step_seconds"][trained])
    run = train(arms[trained], seed, steps, runs / f"{of_set}-{trained}-seed{seed}")
    if run.interrupted:
        raise SystemExit(f"Stopped at step {run.step:,}; the same command goes on from there.")
    report = shipping.measure(run.G if arms[name].raw_of else run.generator, arms[name].dataset)
    figures, of_all = {"steps": steps}, {"controls": report.real.controls}
    if isinstance(report, metrics.Report):
        of_all["floor"] = round(report.real.floor, 2)
        figures["frechet"] = round(report.frechet, 2)
        if hasattr(run.G, "classes"):
            figures["gan_test"] = shipping.conditional_figures(run.generator, arms[name].dataset)["gan_test"]
    else:
        for figure in ("kernel_to_held_out", "kernel_to_train", "copied", "copied_pixels"):
            figures[figure] = getattr(report, figure)
        figures = metrics.rounded(figures)
    with changed_results() as results:
        results[of_set] |= of_all
        results[of_set]["arms"].setdefault(name, {})[str(seed)] = figures
    print(report.line(f"{of_set}: {arms[name].says}, seed {seed}, {steps:,} steps"), flush=True)


def read() -> dict:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


@contextlib.contextmanager
def changed_results() -> Iterator[dict]:
    """Give what is measured, to be changed, and write it back; other processes wait so long."""
    with open(Path(tempfile.gettempdir()) / "gancourse-ablation.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        results = read()
        yield results
        files.save_atomically(RESULTS, (json.dumps(results, indent=1) + "\n").encode())


def table(of_set: str) -> str:
    """Return what is measured as a table in Markdown, for people; `rows` is what stands in the lessons."""
    minutes, arms = SETS[of_set]
    here = read().get(of_set, {"arms": {}})
    if not here["arms"]:
        return f"nothing of {of_set!r} is measured yet"
    measured = {name: values for name, values in here["arms"].items() if name in arms}
    seeds = sorted({seed for values in measured.values() for seed in values}, key=int)
    lines = ["| | steps | " + " | ".join(f"seed {seed}" for seed in seeds) + " |", "|---|---|" + "---|" * len(seeds)]
    for name, arm in arms.items():
        if name in measured:
            values = measured[name]
            cells = [in_cell(values[s]) if s in values else "" for s in seeds]
            steps = next(iter(values.values()))["steps"]
            lines.append(f"| {arm.says} | {steps:,} | " + " | ".join(cells) + " |")
    floor = [f"floor {here['floor']:.0f}"] if "floor" in here else []
    in_words = "{:,.0f}".format if floor else small_sets.in_words
    controls = [f"{name} {in_words(value)}" for name, value in here["controls"].items()]
    lines.append(f"\n{minutes:g} minutes each; {', '.join(floor + controls)}")
    if not floor:
        lines.append("Cells: kernel distance to held-out and to training pictures, share of copies")
    return "\n".join(lines)


def rows(of_set: str) -> list[str]:
    """Return what is measured as the lessons' figures take it: a line of a dict, way -> a value for each seed."""
    arms, here = SETS[of_set][1], read()[of_set]["arms"]
    return [
        f'"{arm.says}": ({", ".join(in_tuple(here[name][s]) for s in sorted(here[name], key=int))}),'
        for name, arm in arms.items()
    ]


def in_tuple(figures: dict) -> str:
    if "kernel_to_held_out" in figures:
        value, error = figures["kernel_to_held_out"]
        return f"({value:.2f}, {error:.2f})"
    return f"{figures['frechet']:.0f}"


def in_cell(figures: dict) -> str:
    if "kernel_to_held_out" in figures:
        to_new, to_old = small_sets.in_words(figures["kernel_to_held_out"]), figures["kernel_to_train"][0]
        return f"{to_new}, {to_old:.2f}, {figures['copied']:.1%}"
    obeys = f", {figures['gan_test']:.0%} as ordered" if "gan_test" in figures else ""
    return f"{figures['frechet']:,.0f}{obeys}"


if __name__ == "__main__":
    main()
