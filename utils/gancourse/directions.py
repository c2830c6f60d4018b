"""Name directions in a generator's noise by what they change in the picture, and find the direction that changes a given thing.

A name is a measurement: many random noise vectors are moved along the direction, and each statistic of `appearance.measure` is
compared before and after. A direction gets the name of a statistic only if nearly every move changes it in the same sense.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gancourse import appearance, arguments, files
from gancourse.pretrained import fingerprint
from gancourse.training import device_of, generator_inputs, in_eval_mode, noise_deviation, to_uint8

FILE = "directions.safetensors"  # beside a card
SAMPLES = 1_024  # pictures that `principal_directions` draws
NUDGE = 0.05  # how far it moves the noise
POINTS = 256  # random noise vectors that are moved along a direction
FITTED = 2_000  # pictures from which the direction of a statistic is computed
SHORTEST, LONGEST = 1.0, 3.0  # length of a move, in standard deviations of one number of the noise
# A name promises that 90 % of all moves change the statistic in its sense. Both halves of the points must show 95 %: that a
# direction with just 90 % passes twice at 128 points happens about once in a thousand times.
RELIABLE = 0.95
BATCH = 250


@dataclass(frozen=True)
class Name:
    """What moving along a direction changes.

    `correlation` is that of the move with the change of the statistic, over the points used to choose; its sign is the sense of
    the name. `agreement` is measured on other points. Where `statistic` is None, nothing changes reliably, and the two numbers
    belong to the statistic that came closest.
    """

    statistic: str | None
    correlation: float
    agreement: float  # share of the moves that change the statistic in the sense of the name

    @property
    def ends(self) -> tuple[str, str] | None:
        """Return the words for both ends of a slider, such as ("thin", "thick"), against and along the direction; or None."""
        if self.statistic is None:
            return None
        low, high = appearance.ends(self.statistic)
        return (low, high) if self.correlation > 0 else (high, low)


@torch.no_grad()
def principal_directions(generator: nn.Module, n: int, seed: int = 0) -> Tensor:
    """Return n orthonormal directions in the noise, float32 (n, z_dim): first those that change the picture most.

    They are the eigenvectors with the largest eigenvalues of JᵀJ, averaged over random noise, where J is the Jacobian
    of G: along a unit vector v, the squared change of all pixels is vᵀJᵀJv (Wang & Ponce 2021, *A Geometric Analysis of
    Deep Generative Image Models*, section 2). J is taken by differences, so any generator will do. A conditional one draws
    its classes by turns, so that these are good directions on average over them. Raises ValueError where G breaks down.
    """
    z_dim = generator.z_dim
    nudges = NUDGE * torch.eye(z_dim)
    metric = torch.zeros(z_dim, z_dim, dtype=torch.float64)
    samples = max(4, SAMPLES // z_dim)
    if classes := getattr(generator, "classes", None):
        samples += -samples % min(classes, samples)  # every class as often, unless there are very many
    quiet, device = in_eval_mode(generator), device_of(generator)
    for z, *label in zip(*(part.cpu() for part in generator_inputs(generator, samples, seed)), strict=True):
        labels = [one.expand(1 + z_dim) for one in label]
        inputs = (x.to(device) for x in (torch.cat([z[None], z + nudges]), *labels))
        images = quiet(*inputs).flatten(1).cpu().double()
        jacobian = (images[1:] - images[0]) / NUDGE  # transposed: (z_dim, pixels)
        metric += jacobian @ jacobian.T
    if not metric.isfinite().all():
        raise ValueError("The generator returns NaN or infinity: its training broke down. Load earlier weights.")
    directions = torch.linalg.eigh(metric).eigenvectors.T.flip(0)[:n]
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return (directions * largest.sign()).float()  # an eigenvector's sign is arbitrary: choose it alike on all machines


def name_directions(generator: nn.Module, directions: Tensor, points: int = POINTS, seed: int = 0) -> list[Name]:
    """Return the name of each direction; `names_in_turn` says how."""
    return list(names_in_turn(generator, directions, points, seed))


def names_in_turn(generator: nn.Module, directions: Tensor, points: int = POINTS, seed: int = 0) -> Iterator[Name]:
    """Yield the Name of each direction, (n, z_dim) of any length above 0, as soon as it is measured.

    points: so many noise vectors are drawn from the generator's prior, and each is moved once along each direction, forwards or
    backwards, by 1 to 3 standard deviations of the prior. A conditional generator draws its classes by turns, a class before and
    after a move. Half of the points choose the statistic, the one with the largest correlation; both halves must confirm it.

    The generator runs in eval mode and is left as it was. Raises ValueError for arguments that do not fit.
    """
    arguments.check_generator(generator)
    directions = _units(directions, generator.z_dim)
    arguments.whole("points", points, least=8)
    moves = Moves(generator, points, seed)
    for direction in directions:
        lengths, changes = moves.along(direction)
        yield _name(lengths, changes)


def property_directions(generator: nn.Module, seed: int = 0) -> dict[str, tuple[Tensor, Name]]:
    """Return for each statistic the direction that changes it best, float32 (z_dim,), and its Name; `properties_in_turn` says how."""
    return {name.statistic: (direction, name) for direction, name in properties_in_turn(generator, seed)}


def properties_in_turn(generator: nn.Module, seed: int = 0) -> Iterator[tuple[Tensor, Name]]:
    """Yield a unit vector float32 (z_dim,) along which a statistic rises, and its Name, for each statistic with a reliable one.

    The direction is the gradient of a linear regression of the statistic, by ranks, on the noise of 2,000 pictures; for a
    conditional generator within its classes (Shen et al. 2020, *Interpreting the Latent Space of GANs for Semantic Face Editing*,
    section 3, take the normal of a classifier's boundary for yes-or-no properties). It is tested as in `names_in_turn`, on points
    that the regression did not use. The generator runs in eval mode and is left as it was.
    """
    moves = Moves(generator, POINTS, seed + 1)
    z, labels = _draw_points(generator, FITTED, seed)
    for statistic, values in appearance.measure(_draw(moves.generator, z, labels)).items():
        direction = _rising(z, values, labels)
        if direction is None:
            continue
        lengths, changes = moves.along(direction)
        name = _name(lengths, {statistic: changes[statistic]})
        if name.statistic is not None and name.correlation > 0:
            yield direction, name


# ---- kept with a generator ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """The directions of a generator that an explorer offers, and what was measured of them.

    generator: `pretrained.fingerprint` of it. principal: (n, z_dim), orthonormal, and their names; properties: (k, z_dim), one
    for each statistic with a direction of its own, of length 1 but not orthogonal, and their names.
    """

    generator: str
    principal: Tensor
    names: list[Name]
    properties: Tensor
    property_names: list[Name]


def measure(generator: nn.Module, principal: Tensor, seed: int = 0) -> Measured:
    """Return what is measured of a generator's principal directions (n, z_dim), and of its properties: 1 to 20 seconds."""
    properties = list(properties_in_turn(generator, seed))
    vectors = torch.stack([vector for vector, _ in properties]) if properties else torch.empty(0, generator.z_dim)
    names = name_directions(generator, principal, seed=seed)
    return Measured(fingerprint(generator), principal, names, vectors, [name for _, name in properties])


def write(path: Path, measured: Measured) -> None:
    """Write directions and their names to a safetensors file."""
    words = {key: json.dumps([asdict(name) for name in getattr(measured, key)]) for key in ("names", "property_names")}
    tensors = {"principal": measured.principal.contiguous(), "properties": measured.properties.contiguous()}
    files.save_atomically(path, safetensors.torch.save(tensors, words | {"generator": measured.generator}))


def read(path: Path, generator: nn.Module) -> Measured | None:
    """Return the directions of a generator from a file; None where it is missing or damaged, or belongs to another one."""
    try:
        with safe_open(path, "pt") as file:
            words = file.metadata()
            names = [[Name(**name) for name in json.loads(words[key])] for key in ("names", "property_names")]
            measured = Measured(
                words["generator"], file.get_tensor("principal"), names[0], file.get_tensor("properties"), names[1]
            )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
    return measured if measured.generator == fingerprint(generator) else None


# ---- moves ----------------------------------------------------------------------------------------------------------


class Moves:
    """Random noise vectors of a generator, and the statistics of their pictures, to be compared with those after a move."""

    def __init__(self, generator: nn.Module, points: int, seed: int):
        self.generator = in_eval_mode(generator)
        self.z, self.labels = _draw_points(generator, points, seed)
        self.before = appearance.measure(_draw(self.generator, self.z, self.labels))
        rng = torch.Generator().manual_seed(seed)
        lengths = SHORTEST + (LONGEST - SHORTEST) * torch.rand(points, generator=rng, device="cpu")
        forwards = torch.rand(points, generator=rng, device="cpu") < 0.5
        self.lengths = torch.where(forwards, lengths, -lengths) * noise_deviation(generator)

    def along(self, direction: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return how far each point was moved along a unit vector (z_dim,), and the change of each statistic, all (points,).

        Where a statistic is not defined before or after the move, its change is 0.
        """
        moved = self.z + self.lengths[:, None] * direction
        after = appearance.measure(_draw(self.generator, moved, self.labels))
        return self.lengths, {name: (after[name] - before).nan_to_num(0) for name, before in self.before.items()}


def _draw_points(generator: nn.Module, points: int, seed: int) -> tuple[Tensor, Tensor | None]:
    """Return noise (points, z_dim) of the generator's prior and labels (points,), or None, on the CPU."""
    z, *labels = generator_inputs(generator, points, seed)
    return z.cpu(), labels[0].cpu() if labels else None


@torch.no_grad()
def _draw(generator: nn.Module, z: Tensor, labels: Tensor | None) -> Tensor:
    """Return the pictures of noise (N, z_dim) and labels (N,), uint8 (N, C, H, W) on the CPU."""
    device, images = device_of(generator), []
    for part in zip(*(whole.to(device).split(BATCH) for whole in (z, labels) if whole is not None), strict=True):
        pixels = arguments.check_pixels(generator(*part), len(part[0]), f"noise {tuple(part[0].shape)}")
        images.append(to_uint8(pixels).cpu())
    return torch.cat(images)


def _units(directions: Tensor, z_dim: int) -> Tensor:
    """Return directions (n, z_dim) as float32 unit vectors on the CPU. Raises ValueError."""
    if not isinstance(directions, Tensor) or directions.dim() != 2 or directions.shape[1] != z_dim:
        shape = tuple(directions.shape) if isinstance(directions, Tensor) else f"a {type(directions).__name__}"
        raise ValueError(f"directions must be a tensor of the shape (n, {z_dim}), one direction a row, not {shape}.")
    directions = directions.detach().cpu().float()
    lengths = directions.norm(dim=1, keepdim=True)
    if not (lengths.isfinite() & (lengths > 0)).all():
        raise ValueError("every direction must have a finite length above 0.")
    return directions / lengths


# ---- statistics of moves --------------------------------------------------------------------------------------------


def _name(lengths: Tensor, changes: dict[str, Tensor]) -> Name:
    """Return the Name that moves of these lengths (points,) and the changes of the statistics, each (points,), earn."""
    half = len(lengths) // 2
    correlations = {name: _correlation(lengths[:half], change[:half]) for name, change in changes.items()}
    best = max(correlations, key=lambda name: abs(correlations[name]))
    sense = 1 if correlations[best] > 0 else -1
    agrees = (sense * lengths * changes[best] > 0).float()  # no change is no agreement
    chosen, confirmed = agrees[:half].mean().item(), agrees[half:].mean().item()
    reliable = min(chosen, confirmed) >= RELIABLE
    return Name(best if reliable else None, correlations[best], confirmed)


def _correlation(a: Tensor, b: Tensor) -> float:
    """Return Pearson's correlation of a (N,) and b (N,); 0 where one of them is constant."""
    a, b = a.double() - a.double().mean(), b.double() - b.double().mean()
    lengths = (a.norm() * b.norm()).item()
    return (a @ b).item() / lengths if lengths else 0.0


def _rising(z: Tensor, values: Tensor, labels: Tensor | None) -> Tensor | None:
    """Return the unit vector (z_dim,) along which the values (N,) rise with the noise z (N, z_dim), None where none do.

    Labels (N,): only differences within a class count. Values that are NaN are left out.
    """
    known = ~values.isnan()
    z, values = z[known].double(), values[known]
    if len(values) <= 2 * z.shape[1] or values.min() == values.max():
        return None
    ranks = values.argsort(stable=True).argsort().double()  # one outlier does not turn the direction
    classes = torch.zeros(len(z), dtype=torch.int64, device="cpu") if labels is None else labels[known]
    z, ranks = _centred(z, classes), _centred(ranks[:, None], classes)
    direction = torch.linalg.lstsq(z, ranks).solution[:, 0]
    return (direction / direction.norm()).float() if direction.norm() > 0 else None


def _centred(values: Tensor, classes: Tensor) -> Tensor:
    """Return values (N, d) minus the mean of their class (N,)."""
    sums = torch.zeros(int(classes.max()) + 1, values.shape[1], dtype=values.dtype, device="cpu")
    counts = torch.bincount(classes, minlength=len(sums))[:, None].clamp_min(1)
    return values - (sums.index_add(0, classes, values) / counts)[classes]
