"""Train what the course ships: run recipes, measure them, write weights and model cards."""

import statistics
import time
from pathlib import Path

import safetensors.torch

from gancourse import datasets, metrics, pretrained, recipes


def line(what: str, report: metrics.Report) -> str:
    """Return a report in one line."""
    return (
        f"{what}: Fréchet distance on digit features {report.frechet_digit_features:.2f} "
        f"= {report.times_floor:.2f} x floor ({report.floor:.2f}), class KL {report.class_kl:.4f}, "
        f"{report.classes_covered} of 10 digits; {report.samples:,} samples, classifier {report.classifier_sha256[:12]}"
    )


def train_classifier(ship: bool) -> None:
    """Train the digit classifier and say how good it is; with `ship`, write it to data/pretrained."""
    began = time.monotonic()
    classifier, accuracy = recipes.train_classifier()
    minutes = (time.monotonic() - began) / 60
    print(f"digit_classifier: {accuracy:.2%} of the MNIST test digits read right after {minutes:.1f} min")
    if ship:
        file = "weights.safetensors"
        sha256 = pretrained.write_weights(pretrained.folder() / pretrained.CLASSIFIER / file, classifier.state_dict())
        card = {
            "about": "The eyes of the MNIST metrics: a small convolutional classifier; its 128 features are compared.",
            "made_by": "gancourse train digit_classifier --ship",
            "data": {"name": "mnist", "split": "train", "sha256": datasets.load("mnist").sha256},
            "seed": 0,
            "epochs": recipes.CLASSIFIER_EPOCHS,
            "minutes": round(minutes, 2),
            "test_accuracy": round(accuracy, 4),
            "machine": pretrained.machine(),
            "licence": "MIT",
            "file": file,
            "sha256": sha256,
        }
        pretrained.write_card(pretrained.CLASSIFIER, card)


def train(name: str, seeds: int, runs: Path, steps: int | None, ship: bool) -> None:
    """Train a recipe with seeds 0, 1, ... and print a report for each; with `ship`, write seed 0 to data/pretrained."""
    recipe = recipes.get(name)
    if ship and steps:
        raise ValueError("--ship trains the recipe's full number of steps; leave --steps away.")
    results = []
    for seed in range(seeds):
        run = recipes.train(name, seed, steps, runs / f"{name}-seed{seed}")
        if run.interrupted:
            print(f"Stopped at step {run.step:,}; the same command goes on from there.")
            return
        report = metrics.evaluate_generator(run.generator)
        results.append({"seed": seed, "minutes": round(run.seconds / 60, 2)} | report.as_dict())
        print(line(f"{name} seed {seed}, {run.step:,} steps in {run.seconds / 60:.1f} min", report), flush=True)
    ratios = [result["times_floor"] for result in results]
    print(f"times the floor: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f} of {seeds} seeds")
    if ship:
        _ship(name, recipe, runs / f"{name}-seed0", results)


def _ship(name: str, recipe: recipes.Recipe, run_folder: Path, results: list[dict]) -> None:
    data = datasets.load(recipe.dataset)
    stages = []
    for number, step in enumerate(recipe.stages, start=1):
        file, snapshot = f"stage-{number}.safetensors", run_folder / f"snapshot-{step:06d}.safetensors"
        if not snapshot.exists():
            raise RuntimeError(
                f"{snapshot} is missing. Delete {run_folder} and train again: the recipe's stages changed."
            )
        tensors = safetensors.torch.load_file(snapshot)
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
    pretrained.write_card(name, card)  # `load` reads it
    for number, stage in enumerate(stages, start=1):  # measured as shipped, in half precision
        report = metrics.evaluate_generator(pretrained.load(name, number).generator)
        stage["metrics"] = report.as_dict()
        print(line(f"{name} as shipped, step {stage['step']:,}", report))
    pretrained.write_card(name, card)
