"""Train what the course ships: run recipes, measure them, write weights and model cards."""

import json
import statistics
import time
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from gancourse import (
    checkpoints,
    datasets,
    directions,
    features,
    fidelity,
    files,
    metrics,
    pretrained,
    recipes,
    small_sets,
    training,
)
from gancourse.networks.srgan import SRGenerator

DIRECTIONS = 8  # as many as an explorer has sliders


def measure(
    G: nn.Module,
    dataset: str,
    samples: int | None = None,
    network: features.FeatureNetwork | None = None,
    progress: bool = False,
) -> metrics.Report | small_sets.Report | fidelity.Report:
    """Return the Report that suits a dataset's size, on 10,000 samples, or on 1,000 where there are only some hundred pictures.

    A network that enlarges pictures has a report of its own, on pictures that it was not trained on. Raises ValueError for `samples` then.
    """
    network = network or metrics.network_for(dataset)
    if isinstance(G, SRGenerator):
        if samples:
            raise ValueError("a network that enlarges is measured on the same pictures each time; remove --samples.")
        return fidelity.evaluate(G, dataset, network)
    suited = small_sets if small_sets.is_small(dataset, network) else metrics
    return suited.evaluate_generator(G, 0, samples or suited.SAMPLES, dataset, network, progress)


def evaluate(
    name: str,
    stage: int | None = None,
    weights: Path | None = None,
    samples: int | None = None,
    inception: Path | None = None,
    out: Path | None = None,
) -> None:
    """Print the report of a shipped generator, or of one trained by the same recipe, and write it as JSON.

    weights: a checkpoint or snapshot of `gancourse train`. inception: the FID's network, see `features.inception`.
    """
    recipe = recipes.get(name)
    if name in recipes.LEVELS:
        raise ValueError(f"a level is measured with the others: `gancourse evaluate {_whole(name)}`.")
    if weights and recipe.levels:
        raise ValueError(
            f"{name} has a file of weights for each level. `gancourse train {name}` joins and measures them."
        )
    if out and out.is_dir():
        raise ValueError(f"{out} is a folder; --out names a file.")
    if weights:
        G = recipe.networks()[0]
        if drawn := checkpoints.read_generator(weights, G):
            training.refresh_batch_norm(G, drawn)
        what, short = f"{name}, {weights}", f"{weights.parent.name}-{weights.stem}"
    else:
        gan = pretrained.load(name, stage)
        G, what, short = gan.generator, f"{name}, step {gan.step:,}", f"{name}-step{gan.step}"
    network = features.inception(inception) if inception else None
    report = measure(G, recipe.dataset, samples, network, progress=True)
    print(report.table(what))
    out = out or Path("runs") / f"{short}-{report.as_dict()['samples']}{'-inception' * bool(inception)}-report.json"
    files.save_atomically(out, (json.dumps({"what": what} | report.as_dict(), indent=2) + "\n").encode())
    print(f"The same figures are in {out}.")


def measure_stages(name: str) -> None:
    """Measure a shipped GAN as it is shipped, in half precision, at each stage, and write the figures into its card."""
    card, recipe = pretrained.read_card(name), recipes.get(name)
    for number, stage in enumerate(card["stages"], start=1):
        G = pretrained.load(name, number).generator
        report = measure(G, recipe.dataset)
        stage["metrics"] = report.as_dict() | (conditional_figures(G, recipe.dataset) if recipe.conditional else {})
        print(report.line(f"{name} as shipped, step {stage['step']:,}"), flush=True)
    pretrained.write_card(name, card)
    if name not in recipes.SRGANS:
        measure_directions(name)


def measure_directions(name: str) -> None:
    """Measure what the directions of a shipped generator change, print their names, and write them beside its card."""
    if name in recipes.SRGANS:
        raise ValueError(f"{name} enlarges pictures and takes no noise, so it has no directions.")
    generator = pretrained.load(name).generator
    measured = directions.measure(generator, directions.principal_directions(generator, DIRECTIONS))
    directions.write(pretrained.folder() / name / directions.FILE, measured)
    for what, names in (("directions of most change", measured.names), ("properties", measured.property_names)):
        listed = (f"{n.statistic} {n.correlation:.2f} ({n.agreement:.0%})" if n.statistic else "no name" for n in names)
        print(f"{name}, {what}: {', '.join(listed)}", flush=True)


def conditional_figures(G, dataset: str, samples: int = 10_000) -> dict:
    """Return how well a conditional generator keeps to its labels, and how varied its classes are.

    gan_test: the share of `samples` images that the course's classifier assigns to the class asked for. within_class: the mean distance of
    two generated images of a class on the classifier's features, in multiples of the real test images'. gan_train, for digits
    alone, as CIFAR-10's classifier takes too long to train: the accuracy on real test digits of a classifier that
    was trained on as many generated digits as MNIST has, and on nothing else.
    """
    test = datasets.load(dataset, "test")
    network = features.digits() if dataset == "mnist" else features.cifar10_classes()
    labels = metrics.asked(G, samples, 0, dataset)
    f, probabilities = network(training.sample(G, samples, 0, labels))
    share, by_class = metrics.label_consistency(probabilities.argmax(1), labels, G.classes)
    real = metrics.within_class_distance(network(test.images)[0], test.labels, G.classes)
    figures = {
        "gan_test": round(share, 4),
        "gan_test_by_class": [round(v, 4) for v in by_class.tolist()],
        "within_class": round(float((metrics.within_class_distance(f, labels, G.classes) / real).mean()), 4),
    }
    if dataset == "mnist":
        data = datasets.load(dataset)
        generated = training.sample(G, len(data), 1, data.labels)
        figures["gan_train"] = round(recipes.train_classifier(generated, data.labels)[1], 4)
    return figures


def train_classifier(name: str, ship: bool) -> None:
    """Train a classifier and say how good it is; with `ship`, write it to data/pretrained."""
    began = time.monotonic()
    recipe = recipes.CLASSIFIERS[name]
    data = datasets.load(recipe.dataset)
    classifier, accuracy = recipes.train_classifier(data.images, data.labels, name)
    minutes = (time.monotonic() - began) / 60
    print(f"{name}: {accuracy:.2%} of the {recipe.dataset} test images classified correctly after {minutes:.1f} min")
    if ship:
        file = "weights.safetensors"
        sha256 = pretrained.write_weights(pretrained.folder() / name / file, classifier.state_dict())
        card = {
            "about": recipe.about,
            "made_by": f"gancourse train {name} --ship",
            "data": {"name": data.name, "split": data.split, "sha256": data.sha256},
            "seed": 0,
            "epochs": recipe.epochs,
            "minutes": round(minutes, 2),
            "test_accuracy": round(accuracy, 4),
            "machine": pretrained.machine(),
            "licence": "MIT",
            "file": file,
            "sha256": sha256,
        }
        pretrained.write_card(name, card)


def train(name: str, seeds: int, runs: Path, steps: int | None, ship: bool) -> None:
    """Train a recipe with seeds 0, 1, ... and print a report for each; with `ship`, write seed 0 to data/pretrained.

    A pyramid's levels are trained one after the other, those that are not finished yet, and joined. A level by its own name is only
    trained: it is measured with the others.
    """
    recipe = recipes.get(name)
    if ship and steps:
        raise ValueError("--ship trains the recipe's full number of steps; remove --steps.")
    if name in recipes.LEVELS:
        _train_level(name, seeds, runs, steps, ship)
        return
    results, headlines, first = [], [], None
    for seed in range(seeds):
        parts = _train_parts(recipe.levels or (name,), seed, steps, runs)
        if not parts:
            return
        run = recipes.join(parts) if recipe.levels else parts[0]
        first = first or (run, parts)
        report = measure(run.generator, recipe.dataset)
        minutes = round(run.seconds / 60, 2)
        print(report.line(f"{name} seed {seed}, {run.step:,} steps in {minutes:.1f} min"), flush=True)
        more = {}
        if recipe.conditional:
            more = conditional_figures(run.generator, recipe.dataset)
            print("   ", ", ".join(f"{what} {value}" for what, value in more.items()), flush=True)
        results.append({"seed": seed, "minutes": minutes} | report.as_dict() | more)
        headlines.append(report.headline)
    print(f"{report.HEADLINE}: median {statistics.median(headlines):.2f}, worst {max(headlines):.2f} of {seeds} seeds")
    if ship:
        _ship(name, recipe, first[0], runs / f"{name}-seed0", results)
        draw(name, first[0], first[1] if recipe.levels else None)


def _train_level(name: str, seeds: int, runs: Path, steps: int | None, ship: bool) -> None:
    whole = _whole(name)
    if ship:
        raise ValueError(
            f"a level is not shipped alone; remove --ship. `gancourse train {whole} --ship` joins all levels."
        )
    for seed in range(seeds):
        parts = _train_parts((name,), seed, steps, runs)
        if not parts:
            return
        run = parts[0]
        print(f"{name} seed {seed}: {run.step:,} steps in {run.seconds / 60:.1f} min", flush=True)
    print(f"`gancourse train {whole}` trains what is missing of the other levels, joins all, and measures them.")


def _train_parts(names: tuple[str, ...], seed: int, steps: int | None, runs: Path) -> list[training.Run]:
    """Train these recipes one after the other; return their runs, or [] after saying so where one was interrupted."""
    parts = []
    for name in names:
        parts.append(recipes.train(name, seed, steps, runs / f"{name}-seed{seed}"))
        if parts[-1].interrupted:
            print(f"Stopped at step {parts[-1].step:,}; the same command goes on from there.")
            return []
    return parts


def _whole(level: str) -> str:
    """Return the name of the pyramid that a level belongs to."""
    return next(joined for joined, recipe in recipes.JOINED.items() if level in recipe.levels)


def draw(name: str, run: training.Run, parts: list[training.Run] | None = None) -> None:
    """Write pictures beside a card: 64 unselected samples (of a conditional GAN, its classes in turn), and curves.

    parts: the trainings that were joined to this run; each has curves of its own.
    """
    from gancourse import figures

    folder = pretrained.folder() / name
    if name in recipes.SRGANS:
        _draw_enlarged(name, run)
        return
    samples = {f"{name}: 64 samples, not selected": training.sample(run.generator, 64, seed=0)}
    figures.image_grids(samples).savefig(folder / "samples.png", dpi=figures.DPI)
    for number, part in enumerate(parts or [run], start=1):
        file = f"curves-{number}.png" if parts else "curves.png"
        figures.training_curves(part.history, window=200).savefig(folder / file, dpi=80)


def _draw_enlarged(name: str, run: training.Run) -> None:
    from gancourse import figures

    folder, recipe = pretrained.folder() / name, recipes.get(name)
    originals = datasets.load(recipe.dataset, "test").images[:10]
    small = recipes.shrunk(originals)
    rows = {"small": fidelity.interpolated(small, "nearest"), "bicubic": fidelity.interpolated(small, "bicubic")}
    for stage, which in enumerate(("SRResNet", "SRGAN"), start=1):
        rows[which] = fidelity.enlarged(pretrained.load(name, stage).generator, small)
    grid = {f"{name}: the first ten pictures not trained on": torch.cat([*rows.values(), originals])}
    figure = figures.image_grids(grid, columns=len(originals), rows=[*rows, "original"])
    figure.savefig(folder / "samples.png", dpi=figures.DPI)
    against_D = {what: values[recipe.stages[0] :] for what, values in run.history.items()}
    figures.training_curves(against_D, window=200).savefig(folder / "curves.png", dpi=80)


def _ship(
    name: str, recipe: recipes.Recipe | recipes.Joined, run: training.Run, run_folder: Path, results: list[dict]
) -> None:
    data = datasets.load(recipe.dataset)
    stages = []
    for number, step in enumerate(recipe.stages, start=1):
        file, snapshot = f"stage-{number}.safetensors", run_folder / f"snapshot-{step:06d}.safetensors"
        if recipe.levels:
            tensors = checkpoints.players(run.generator, run.D)
        elif snapshot.exists():
            tensors = safetensors.torch.load_file(snapshot)
        else:
            raise RuntimeError(
                f"{snapshot} is missing. Delete {run_folder} and train again: the recipe's stages changed."
            )
        sha256 = pretrained.write_weights(pretrained.folder() / name / file, tensors)
        stages.append({"step": step, "file": file, "sha256": sha256})
    card = {
        "about": recipe.about,
        "recipe": name,
        "made_by": f"gancourse train {name} --seeds {len(results)} --ship",
        "data": {"name": data.name, "split": data.split, "sha256": data.sha256},
        "seed": 0,
        "steps": recipe.steps,
        "batch_size": recipe.batch_size,
        "minutes": results[0]["minutes"],
        "machine": pretrained.machine(),
        "licence": "MIT",
        "stages": stages,
        "seeds": results,
    }
    if recipe.levels:
        card["levels"] = {level: recipes.LEVELS[level].steps for level in recipe.levels}
    pretrained.write_card(name, card)  # `load` reads it
    measure_stages(name)
