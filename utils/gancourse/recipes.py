"""The trainings whose results the course ships: `gancourse train mnist_better` runs one of them again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam, Optimizer

from gancourse import datasets, pyramid, resampling
from gancourse.augment import differentiable, flip_and_shift, flip_and_swap_colours, random_flip
from gancourse.networks.classifier import ColourClassifier, DigitClassifier
from gancourse.networks.conditional import ConditionalDiscriminator, ConditionalGenerator
from gancourse.networks.dcgan import (
    ConditionalDCGANDiscriminator,
    ConditionalDCGANGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
)
from gancourse.networks.lapgan import LAPGAN, BaseDiscriminator, BaseGenerator, LevelDiscriminator, LevelGenerator
from gancourse.networks.mlp import MLPDiscriminator, MLPGenerator
from gancourse.networks.srgan import SRGenerator
from gancourse.steps import SPREAD, dcgan_step, level_step, mlp_step, srgan_step
from gancourse.training import (
    Batches,
    Run,
    TrainStep,
    adam,
    fit,
    has_native_bf16,
    pick_device,
    to_uint8,
    to_unit,
)

EXAMPLES = 10_000  # coarse pictures that a level draws details for while it is trained


@dataclass(frozen=True)
class Recipe:
    """A GAN, the data it learns from and how."""

    about: str  # one sentence for the model card
    dataset: str
    networks: Callable[[], tuple[nn.Module, nn.Module]]
    optimizer: Callable[[nn.Module], Optimizer]
    train_step: TrainStep
    steps: int
    stages: tuple[int, ...]  # steps whose weights are kept
    batch_size: int
    ema: float = 0.0
    augment: Callable[[Tensor], Tensor] | None = None
    bf16: bool = False
    conditional: bool = False  # the players are told the labels
    side: int | None = None  # pixels, where the dataset's images are reduced to fewer
    levels: tuple[str, ...] = ()  # none: this is one training


@dataclass(frozen=True)
class Joined:
    """Levels of a Laplacian pyramid, each trained alone, whose generators make one. It has what a Recipe has, to ship and load it."""

    about: str  # one sentence for the model card
    levels: tuple[str, ...]  # names in LEVELS, the smallest pictures first

    def networks(self) -> tuple[nn.Module, nn.Module]:
        """Return the generator, and the discriminators of all levels."""
        generators, discriminators = zip(*(LEVELS[name].networks() for name in self.levels), strict=True)
        return LAPGAN(*generators), nn.ModuleList(discriminators)

    @property
    def dataset(self) -> str:
        return LEVELS[self.levels[0]].dataset

    @property
    def conditional(self) -> bool:
        return LEVELS[self.levels[0]].conditional

    @property
    def batch_size(self) -> int:
        return LEVELS[self.levels[0]].batch_size

    @property
    def steps(self) -> int:
        return sum(LEVELS[name].steps for name in self.levels)

    @property
    def stages(self) -> tuple[int, ...]:
        return (self.steps,)


def reduced(images: Tensor, side: int) -> Tensor:
    """Return uint8 images (N, C, s, s), reduced to (N, C, side, side). Raises ValueError where halving does not lead there."""
    parts = []
    for part in images.split(1_000):
        x = to_unit(part)
        while x.shape[-1] > side:
            x = pyramid.reduce(x)
        if x.shape[-1] != side:
            raise ValueError(f"images of {images.shape[-1]} pixels cannot be halved to {side}.")
        parts.append(to_uint8(x))
    return torch.cat(parts)


def shrunk(images: Tensor) -> Tensor:
    """Return uint8 images (N, C, 4h, 4w), made small: uint8 (N, C, h, w)."""
    return torch.cat([to_uint8(resampling.shrink(to_unit(part))) for part in images.split(1_000)])


def by_turns(labels: Tensor, n: int) -> Tensor:
    """Return the indices of n images whose labels are 0, 1, 2, ... and again from 0, as often as all classes suffice."""
    classes = [(labels == c).nonzero().flatten() for c in range(int(labels.max()) + 1)]
    each = min(n // len(classes), *map(len, classes))
    return torch.stack([indices[:each] for indices in classes], dim=1).flatten()


POKEMON = Recipe(
    about="A DCGAN of 64x64 pixels for a thousand pictures: half as wide, and everything that D sees is augmented.",
    dataset="pokemon",
    networks=lambda: (DCGANGenerator(width=32, size=64), DCGANDiscriminator(width=32, size=64)),
    optimizer=lambda network: adam(network, lr=4e-4, betas=(0.5, 0.99)),
    train_step=dcgan_step(seen=differentiable),
    steps=66_176,
    stages=(66_176,),
    batch_size=32,
    ema=0.999,
    augment=random_flip,
    bf16=True,
)

RECIPES = {
    "mnist_tutorial": Recipe(
        about="The vanilla GAN of many tutorials: two hidden layers of 128 for either player, label smoothing 0.9.",
        dataset="mnist",
        networks=lambda: (
            MLPGenerator(z_dim=100, hidden=(128, 128), batch_norm=False, prior="uniform"),
            MLPDiscriminator(hidden=(128, 128)),
        ),
        optimizer=lambda network: Adam(network.parameters(), lr=1e-3, fused=True),
        train_step=mlp_step(real_target=0.9),
        steps=30_000,
        stages=(1_000, 3_000, 10_000, 30_000),
        batch_size=100,
    ),
    "mnist_better": Recipe(
        about="A better vanilla GAN: wider, batch-norm in G, R1 on D, EMA of G, more steps.",
        dataset="mnist",
        networks=lambda: (MLPGenerator(), MLPDiscriminator()),
        optimizer=lambda network: adam(network, lr=1e-3, betas=(0.5, 0.99)),
        train_step=mlp_step(gamma=1.0),
        steps=28_000,
        stages=(1_000, 3_000, 10_000, 28_000),
        batch_size=64,
        ema=0.999,
    ),
    "mnist_conditional": Recipe(
        about="The better GAN, told which digit to draw: the class stands one-hot beside the noise and beside the pixels.",
        dataset="mnist",
        networks=lambda: (ConditionalGenerator(), ConditionalDiscriminator(code="one-hot")),
        optimizer=lambda network: adam(network, lr=1e-3, betas=(0.5, 0.99)),
        train_step=mlp_step(gamma=1.0),
        steps=32_000,
        stages=(1_000, 3_000, 10_000, 32_000),
        batch_size=64,
        ema=0.999,
        conditional=True,
    ),
    "cifar10_dcgan": Recipe(
        about="A DCGAN of 32x32 pixels: small batches, a higher learning rate than the paper's, flips, EMA of G.",
        dataset="cifar10",
        networks=lambda: (DCGANGenerator(), DCGANDiscriminator()),
        optimizer=lambda network: adam(network, lr=4e-4, betas=(0.5, 0.99)),
        train_step=dcgan_step(),
        steps=50_000,
        stages=(3_000, 50_000),
        batch_size=32,
        ema=0.999,
        augment=random_flip,
        bf16=True,
    ),
    "cifar10_conditional": Recipe(
        about="The same DCGAN, with labels: a one-hot code beside the noise, a projection in D, which also learns to reject wrong labels.",
        dataset="cifar10",
        networks=lambda: (ConditionalDCGANGenerator(), ConditionalDCGANDiscriminator()),
        optimizer=lambda network: adam(network, lr=4e-4, betas=(0.5, 0.99)),
        train_step=dcgan_step(mismatched=True),
        steps=30_000,
        stages=(3_000, 30_000),
        batch_size=32,
        ema=0.999,
        augment=random_flip,
        bf16=True,
        conditional=True,
    ),
    "pokemon_dcgan": POKEMON,
    "pokemon_plain": replace(
        POKEMON,
        about="The same DCGAN without that augmentation, trained half an hour on two fast cores: lesson 7 compares the two.",
        train_step=dcgan_step(),
        steps=39_911,
        stages=(39_911,),
    ),
}


def _levels(name: str, conditional: bool, steps: dict[int, int]) -> dict[str, Recipe]:
    """Return the recipes of the levels of a LAPGAN on CIFAR-10; steps: for each side."""
    classes = 10 if conditional else 0
    # A conditional D sees the picture alone (see lesson 9.8), and each level's D also rejects wrong labels: without both, 68 % of the
    # pictures showed the class asked for instead of 89 %.
    networks = {
        8: lambda: (BaseGenerator(classes=classes), BaseDiscriminator(classes=classes)),
        16: lambda: (
            LevelGenerator(16, classes=classes),
            LevelDiscriminator(16, classes=classes, pair=not conditional),
        ),
        32: lambda: (
            LevelGenerator(32, classes=classes),
            LevelDiscriminator(32, classes=classes, pair=not conditional),
        ),
    }
    # At 32x32 a smaller reward for spread: with the full one the first thousands of steps add grain, not detail.
    step_of = {
        8: dcgan_step(mismatched=conditional),
        16: level_step(mismatched=conditional),
        32: level_step(spread=SPREAD / 2, mismatched=conditional),
    }
    return {
        f"{name}_{side}": Recipe(
            about=f"The level of {name} whose pictures have {side}x{side} pixels.",
            dataset="cifar10",
            networks=networks[side],
            optimizer=lambda network: adam(
                network, lr=1e-3 if isinstance(network, LevelGenerator) else 4e-4, betas=(0.5, 0.99)
            ),
            train_step=step_of[side],
            steps=steps[side],
            stages=(steps[side],),
            batch_size=32,
            ema=0.999,
            augment=random_flip,
            bf16=True,
            conditional=conditional,
            side=side,
        )
        for side in steps
    }


LEVELS = {
    **_levels("cifar10_lapgan", False, {8: 25_000, 16: 15_000, 32: 18_000}),
    **_levels("cifar10_lapgan_conditional", True, {8: 25_000, 16: 12_000, 32: 12_000}),
}

JOINED = {
    "cifar10_lapgan": Joined(
        about="A Laplacian pyramid of GANs: a picture of 8x8 pixels, then the detail of 16x16 and of 32x32, each level trained alone.",
        levels=("cifar10_lapgan_8", "cifar10_lapgan_16", "cifar10_lapgan_32"),
    ),
    "cifar10_lapgan_conditional": Joined(
        about="The same pyramid with labels: every level is told the class.",
        levels=("cifar10_lapgan_conditional_8", "cifar10_lapgan_conditional_16", "cifar10_lapgan_conditional_32"),
    ),
}


def _enlarging(dataset: str, size: int, steps: int, pixels_only: int, adversarial: float) -> Recipe:
    """Return the recipe of a network that enlarges pictures four times. Its first stage, SRResNet, is trained on pixels alone."""
    return Recipe(
        about="Enlarges pictures four times. Stage 1, SRResNet, is trained on pixels; stage 2, SRGAN, also against a discriminator.",
        dataset=dataset,
        networks=lambda: (SRGenerator(), DCGANDiscriminator(width=32, size=size)),
        optimizer=lambda network: adam(network, lr=4e-4, betas=(0.5, 0.99)),
        train_step=srgan_step(pixels_only, steps, adversarial=adversarial),
        steps=steps,
        stages=(pixels_only, steps),
        batch_size=16,
        ema=0.999,
        augment=flip_and_swap_colours,
        bf16=True,
    )


SRGANS = {
    # Longer than this, the kernel distance of 100 held-out Pokémon no longer falls, and their PSNR does.
    "pokemon_srgan": _enlarging("pokemon", 64, steps=9_000, pixels_only=6_000, adversarial=0.02),
    "cifar10_srgan": _enlarging("cifar10", 32, steps=28_000, pixels_only=16_000, adversarial=0.06),
}


def get(name: str) -> Recipe | Joined:
    """Return a recipe, of one training or of several that are joined; raises ValueError with the names there are."""
    known = RECIPES | JOINED | SRGANS | LEVELS
    if name not in known:
        raise ValueError(f"There is no recipe {name!r}. There are: {', '.join(known)}.")
    return known[name]


def train(name: str, seed: int = 0, steps: int | None = None, folder: Path | None = None, progress: bool = True) -> Run:
    """Train a recipe, from its last checkpoint in `folder` if there is one; `steps` shortens it."""
    players, settings = prepare(name, seed)
    if steps is not None:
        settings["steps"] = steps
    return fit(*players, **settings, folder=folder, progress=progress)


def prepare(name: str, seed: int = 0) -> tuple[tuple, dict]:
    """Return what `fit` gets to train a recipe: what stands first (train_step to images), and the settings by name."""
    recipe = get(name)
    if recipe.levels:
        raise ValueError(f"{name} joins several trainings, {', '.join(recipe.levels)}: train each, and `join` them.")
    data = datasets.load(recipe.dataset)
    images = data.images if recipe.side is None else reduced(data.images, recipe.side)
    torch.manual_seed(seed)
    G, D = (network.to(pick_device()) for network in recipe.networks())
    if isinstance(G, LevelGenerator):
        G.examples = reduced(images[by_turns(data.labels, EXAMPLES)], recipe.side // 2)
    elif isinstance(G, SRGenerator):
        G.examples = shrunk(images[:EXAMPLES])
    settings = {
        "labels": data.labels if recipe.conditional else None,
        "steps": recipe.steps,
        "batch_size": recipe.batch_size,
        "seed": seed,
        "ema": recipe.ema,
        "augment": recipe.augment,
        "bf16": recipe.bf16,
        "snapshot_steps": recipe.stages,
    }
    return (recipe.train_step, G, D, recipe.optimizer(G), recipe.optimizer(D), images), settings


def join(parts: list[Run]) -> Run:
    """Return the run that the trainings of a pyramid's levels make, the smallest pictures first; it has no history of its own."""
    return Run(
        G=LAPGAN(*(part.G for part in parts)),
        D=nn.ModuleList(part.D for part in parts),
        generator=LAPGAN(*(part.generator for part in parts)).eval(),
        step=sum(part.step for part in parts),
        seconds=sum(part.seconds for part in parts),
    )


@dataclass(frozen=True)
class ClassifierRecipe:
    """A classifier of one of the datasets, and how it is trained: Adam with one rise and fall of the learning rate."""

    about: str  # one sentence for the model card
    dataset: str
    network: Callable[[], nn.Module]
    epochs: int
    max_lr: float
    augment: Callable[[Tensor], Tensor] | None = None
    smoothing: float = 0.0  # share of the target that all classes have in common
    bf16: bool = False


CLASSIFIERS = {
    "digit_classifier": ClassifierRecipe(
        about="The feature network of the MNIST metrics: a small convolutional classifier with 128 features.",
        dataset="mnist",
        network=DigitClassifier,
        epochs=5,
        max_lr=3e-3,
    ),
    "cifar10_classifier": ClassifierRecipe(
        about="Classifies what a conditional generator of CIFAR-10 drew: five convolutions, trained with flips and shifts.",
        dataset="cifar10",
        network=ColourClassifier,
        epochs=12,
        max_lr=4e-3,
        augment=flip_and_shift,
        smoothing=0.1,
        bf16=True,
    ),
}


def train_classifier(
    images: Tensor,
    labels: Tensor,
    name: str = "digit_classifier",
    seed: int = 0,
    batch_size: int = 128,
    epochs: int | None = None,
) -> tuple[nn.Module, float]:
    """Train one of the classifiers on images, uint8 (N, C, H, W), with labels int64 (N,).

    Returns it in eval mode on the CPU, and its accuracy on the real test images. With generated images this
    accuracy is the GAN-train of Shmelkov et al. 2018: it shows whether fakes suffice to learn the real classes.
    """
    recipe, device = CLASSIFIERS[name], pick_device()
    torch.manual_seed(seed)
    classifier = recipe.network().to(device, memory_format=torch.channels_last)
    batches = Batches(images, batch_size, seed, device, recipe.augment, labels)
    steps = (epochs or recipe.epochs) * batches.per_epoch
    optimizer = torch.optim.Adam(classifier.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=recipe.max_lr, total_steps=steps)
    bf16 = recipe.bf16 and has_native_bf16(device)
    for step in range(1, steps + 1):
        batch, its_labels, _ = batches.arguments(step)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            loss = cross_entropy(classifier(batch), its_labels, label_smoothing=recipe.smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    classifier = classifier.to("cpu", memory_format=torch.contiguous_format).eval()
    test = datasets.load(recipe.dataset, split="test")
    with torch.no_grad():
        read = torch.cat([classifier(to_unit(images)).argmax(1) for images in test.images.split(500)])
    return classifier, float((read == test.labels).float().mean())
