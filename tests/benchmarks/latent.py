"""How well directions in the noise get their names, and how well a picture's noise is found, for the shipped generators.

    python tests/benchmarks/latent.py names

names: for the 8 principal directions of each generator, and for the direction of each statistic, the share of 1,000 fresh moves
that change the statistic in the sense of the name.
"""

import sys
import time

from torch import Tensor

from gancourse import directions, pretrained
from gancourse.directions import principal_directions

DIRECTIONS = 8
FRESH, FRESH_SEED = 1_000, 1_000_003  # moves, from points that no name has seen


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


if __name__ == "__main__":
    {"names": names}[sys.argv[1]]()
