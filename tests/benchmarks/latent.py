"""How well directions in the noise get their names, and how well a picture's noise is found, for the shipped generators.

    python tests/benchmarks/latent.py names
    python tests/benchmarks/latent.py inversion

names: for the 8 principal directions of each generator, and for the direction of each statistic, the share of 1,000 fresh moves
that change the statistic in the sense of the name.

inversion: for held-out pictures, the error of the picture that `inversion.invert` finds, beside a search from one random start,
another one for each picture, the closest of 1,000 random pictures, and the projection on as many principal components as the noise has numbers.
"""

import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gancourse import datasets, directions, features, inversion, pretrained, recipes, training
from gancourse.directions import principal_directions

DIRECTIONS = 8
FRESH, FRESH_SEED = 1_000, 1_000_003  # moves, from points that no name has seen

INVERTED = {"mnist_better": 200, "mnist_conditional": 200, "cifar10_dcgan": 20, "pokemon_dcgan": 20}  # pictures
ALONE = 10  # of them, also one at a time
PCA_ROUNDS = 6  # of the randomised decomposition


def names() -> None:
    """Print the names of directions beside the share of fresh moves that agree with them."""
    print(f"share of {FRESH:,} fresh moves along the direction that change the statistic in the sense of its name")
    for name in pretrained.names():
        generator = pretrained.load(name).generator
        principal = principal_directions(generator, DIRECTIONS)
        began = time.perf_counter()
        named = directions.name_directions(generator, principal)
        middle = time.perf_counter()
        properties = directions.property_directions(generator)
        ended = time.perf_counter()
        fresh = directions.Moves(generator, FRESH, FRESH_SEED)
        print(f"\n{name}: names in {middle - began:.1f} s, directions of statistics in {ended - middle:.1f} s")
        for i, (direction, found) in enumerate(zip(principal, named, strict=True), start=1):
            print(f"  direction {i}  {in_words(found, direction, fresh)}")
        for direction, found in properties.values():
            print(f"  {found.statistic:11}  {in_words(found, direction, fresh)}")


def in_words(name: directions.Name, direction: Tensor, fresh: directions.Moves) -> str:
    """Return a name, its correlation and its share of the fresh moves in one line."""
    if name.statistic is None:
        return f"no name        (closest: correlation {name.correlation:+.2f}, {name.agreement:.1%} agree)"
    low, high = name.ends
    return f"{f'{low} ↔ {high}':34} correlation {name.correlation:+.2f}, share {share(name, direction, fresh):.1%}"


def share(name: directions.Name, direction: Tensor, fresh: directions.Moves) -> float:
    """Return the share of fresh moves that change the statistic in the sense of its name."""
    lengths, changes = fresh.along(direction)
    return (lengths * changes[name.statistic] * name.correlation > 0).float().mean().item()


def inversion_table() -> None:
    """Print how close the pictures come that are found for held-out ones, and in which time."""
    print(f"{torch.get_num_threads()} threads; error: mean squared difference of the pixels from -1 to 1\n")
    head = ("", "pictures", "class kept", "label found", "mean error", "median", "seconds each", "length of z")
    print(f"{head[0]:36}" + "".join(f"{cell:14}" for cell in head[1:]))
    for name, n in INVERTED.items():
        compare(name, n)


def compare(name: str, n: int) -> None:
    """Print the rows of one generator."""
    trained = pretrained.load(name)
    G, dataset = trained.generator, recipes.get(trained.card["recipe"]).dataset
    train, test = datasets.load(dataset), datasets.load(dataset, "test")
    images, labels = test.images[:n], None if test.labels is None else test.labels[:n]
    print(f"{name}, typical length of z {G.z_dim**0.5 * training.noise_deviation(G):.1f}")
    row("search", lambda: inversion.invert(G, images), images, labels)
    row("search, one at a time", lambda: one_at_a_time(G, images[:ALONE]), images[:ALONE], labels)
    if hasattr(G, "classes"):
        row("search, labels given", lambda: inversion.invert(G, images, labels), images, labels)
    row("search from one random start", lambda: one_at_a_time(G, images, samples=1, starts=1), images, labels)
    row("closest of 1,000 random pictures", lambda: next(inversion.search(G, images)), images, labels)
    began = time.perf_counter()
    projected = principal_components(train.images, images, G.z_dim)
    print_row(f"PCA, {G.z_dim} components", projected, None, images, labels, time.perf_counter() - began)


def one_at_a_time(G: nn.Module, images: Tensor, **options: int) -> inversion.Found:
    """Return what is found for each picture on its own, each with a seed of its own."""
    found = [inversion.invert(G, image[None], seed=i, **options) for i, image in enumerate(images)]
    return inversion.Found(
        *(torch.cat([getattr(one, field) for one in found]) for field in ("z", "images", "error")),
        None if found[0].labels is None else torch.cat([one.labels for one in found]),
    )


def principal_components(train: Tensor, images: Tensor, components: int) -> Tensor:
    """Return images uint8 (N, C, H, W), projected on the first principal components of the training pictures."""
    rows = training.to_unit(train).flatten(1)
    middle = rows.mean(0)
    torch.manual_seed(0)  # the decomposition is randomised
    _, _, basis = torch.svd_lowrank(rows - middle, components + 20, niter=PCA_ROUNDS)
    basis = basis[:, :components]
    flat = training.to_unit(images).flatten(1) - middle
    return training.to_uint8((flat @ basis @ basis.T + middle).view(images.shape))


def row(what: str, find: Callable[[], inversion.Found], images: Tensor, labels: Tensor | None) -> None:
    """Print what a search finds, and its time."""
    began = time.perf_counter()
    found = find()
    print_row(what, found.images, found, images, labels, time.perf_counter() - began)


def print_row(
    what: str, drawn: Tensor, found: inversion.Found | None, images: Tensor, labels: Tensor | None, seconds: float
):
    """Print one line of the table."""
    error = (training.to_unit(drawn) - training.to_unit(images)).square().mean((1, 2, 3))
    kept = label_found = length = "-"
    if images.shape[1] == 1:
        digits = features.digits()(drawn)[1].argmax(1)
        kept = f"{(digits == labels[: len(digits)]).float().mean():.1%}"
    if found is not None:
        lengths = found.z.norm(dim=1)
        length = f"{lengths.mean():.1f} ({lengths.min():.1f} to {lengths.max():.1f})"
        if found.labels is not None:
            label_found = f"{(found.labels == labels[: len(images)]).float().mean():.1%}"
    cells = (
        len(images),
        kept,
        label_found,
        f"{error.mean():.4f}",
        f"{error.median():.4f}",
        f"{seconds / len(images):.3f}",
    )
    print(f"  {what:34}" + "".join(f"{cell!s:14}" for cell in (*cells, length)), flush=True)


if __name__ == "__main__":
    {"names": names, "inversion": inversion_table}[sys.argv[1]]()
