"""What the parts of a LAPGAN's level are worth, and how long its trainings take beside that of `cifar10_dcgan`.

    python tests/benchmarks/lapgan.py variants   # the level of 32x32, each change alone: about 3 minutes an arm on one core
    python tests/benchmarks/lapgan.py time       # processor seconds a step, all trainings in turns

An arm is the shipped recipe of the level with one thing changed. It trains for the same number of steps with the same seed, and
draws 5,000 pictures for the reduced versions of training pictures. *Distance*: Fréchet distance to 5,000 test pictures on
the features of the course's CIFAR-10 classifier. *Spread*: the mean standard deviation of a pixel over eight pictures of one coarse picture.
What is measured stands in lapgan.json beside this file; an arm that stands there is not trained again.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from gancourse import datasets, features, files, metrics, pyramid, recipes, training
from gancourse.networks.lapgan import LevelDiscriminator, LevelGenerator  # Discriminator
from gancourse.steps import level_step

RESULTS = Path(__file__).with_suffix(".json")
NAME, SIDE, STEPS, SAMPLES = "cifar10_lapgan_32", 32, 1_500, 5_000
ROUNDS, TIMED_STEPS, WARM_UP = 6, 16, 4


def networks(**of_D):
    """Return what makes the networks of the level, with other settings of D."""
    return lambda: (LevelGenerator(SIDE), LevelDiscriminator(SIDE, **of_D))


ARMS = {
    "the course's": {},
    "no loss on pixels": {"train_step": level_step(weight=0.0)},
    "no reward for spread": {"train_step": level_step(spread=0.0)},
    "D sees the picture alone": {"networks": networks(pair=False)},
    "batch norm in D": {"networks": networks(norm="batch")},
}


def read() -> dict:
    """Return what has been measured."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {"variants": {}, "seconds": {}}


def write(results: dict) -> None:
    """Keep what has been measured."""
    files.save_atomically(RESULTS, (json.dumps(results, indent=1) + "\n").encode())


def variant(arm: str, seed: int) -> dict[str, float]:
    """Train an arm and return its distance and its spread."""
    before = recipes.LEVELS[NAME]
    recipes.LEVELS[NAME] = replace(before, **ARMS[arm], steps=STEPS, stages=())
    try:
        run = recipes.train(NAME, seed, progress=False)
    finally:
        recipes.LEVELS[NAME] = before
    G = run.generator.cpu()
    G.examples = recipes.reduced(datasets.load("cifar10").images[-SAMPLES:], SIDE // 2)
    network = features.cifar10_classes()
    real = network(datasets.load("cifar10", "test").images[:SAMPLES])[0]
    distance = metrics.frechet_distance(real, network(training.sample(G, SAMPLES))[0])
    coarse = training.to_unit(G.examples[:200]).repeat_interleave(8, 0)
    with torch.no_grad():
        drawn = G(training.noise(G, len(coarse), seed=1), coarse).view(200, 8, -1)
    return {"distance": round(float(distance), 1), "spread": round(float(drawn.std(1).mean()), 3)}


def variants(arms: list[str], seeds: int) -> None:
    """Measure these arms, as far as they have not been measured yet, and print them."""
    for arm in arms:
        for seed in range(seeds):
            if str(seed) not in read()["variants"].get(arm, {}):
                measured = variant(arm, seed)
                results = read()  # another process may measure other arms
                results["variants"].setdefault(arm, {})[str(seed)] = measured
                write(results)
            print(f"{arm:34} seed {seed}  {read()['variants'][arm][str(seed)]}", flush=True)
    network = features.cifar10_classes()
    given = training.to_unit(datasets.load("cifar10").images[-SAMPLES:])
    real = network(datasets.load("cifar10", "test").images[:SAMPLES])[0]
    for name, images in {
        "no band, only expanded": training.to_uint8(pyramid.expand(pyramid.reduce(given))),
        "real training pictures": training.to_uint8(given),
    }.items():
        print(f"{name:34} distance {metrics.frechet_distance(real, network(images)[0]):.1f}")


def rows() -> list[str]:
    """Return the lines that lesson 9 shows of the variants: name, distance and spread of seed 0."""
    measured = {arm: read()["variants"][arm]["0"] for arm in ARMS}
    return [f'("{arm}", {of["distance"]}, {of["spread"]}),' for arm, of in measured.items()]


def seconds() -> None:
    """Print the processor seconds that a step of each training takes, the median of several rounds."""
    names = ["cifar10_dcgan", *recipes.LEVELS]
    prepared = {name: recipes.prepare(name) for name in names}
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, (players, settings) in prepared.items():
            settings = settings | {"steps": WARM_UP + TIMED_STEPS, "snapshot_steps": (), "progress": False}
            for run in training.fit_in_steps(*players, **settings):
                if run.step == WARM_UP:
                    began = time.process_time()
                if run.step == settings["steps"]:
                    taken[name].append((time.process_time() - began) / TIMED_STEPS)
                    break
    results = read()
    results["seconds"] = {name: round(sorted(of)[len(of) // 2], 4) for name, of in taken.items()}
    write(results)
    for name, each in results["seconds"].items():
        steps = recipes.get(name).steps
        print(f"{name:32} {each * 1e3:6.1f} ms a step, {steps:6,} steps: {each * steps / 60:5.1f} minutes of one core")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("variants", "time"))
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS), help="variants: only these")
    parser.add_argument("--seeds", type=int, default=1, help="variants: seeds 0, 1, ... of each arm")
    options = parser.parse_args()
    torch.set_num_threads(1)  # so that processor seconds are those of one core
    if options.what == "time":
        seconds()
    else:
        variants(options.arms, options.seeds)


if __name__ == "__main__":
    main()
