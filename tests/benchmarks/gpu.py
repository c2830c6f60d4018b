"""What a GPU makes of the course: tests, steps per second, and seconds to a fixed quality; in one go, under eight minutes.

    PYTHONPATH=utils python tests/benchmarks/gpu.py          # on a GPU; writes gpu.json beside this file, figure by figure
    PYTHONPATH=utils python tests/benchmarks/gpu.py --tiny   # anywhere, in a minute: does it run? Writes nothing
    PYTHONPATH=utils python tests/benchmarks/gpu.py --tell   # anywhere: from gpu.json into README.md and the model cards

A bare machine needs torch and the rest of pyproject.toml's first list; for the tests pytest, pytest-timeout and pytest-xdist;
for the quality of photographs and Pokémon the extra "colour". What fails is named, and the rest goes on. Datasets: run
`gancourse data mnist cifar10 pokemon`, or carry data/cache there, in parts if need be: `tar -cJ data/cache | split -b 50M -
part.`, and there `cat part.* | tar -xJ`.
"""

import argparse
import dataclasses
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bench
import torch

from gancourse import files, pretrained, recipes, shipping, training, watching

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_suffix(".json")
SECONDS = 440  # the last figure is begun before
ROUNDS = 3
DEVICE_TESTS, TEST_SECONDS = "tests/test_device.py", 90
# Compiling takes half a minute each, and R1 cannot be compiled.
COMPILED = ("mnist_tutorial", "cifar10_dcgan", "pokemon_dcgan")
GOALS = {  # recipe -> headline figures to reach, steps between two looks, seconds at most, looks included
    "mnist_better": ((8.0, 4.0), 1_000, 60),
    "cifar10_dcgan": ((450 / 38, 300 / 38, 200 / 38), 2_000, 110),  # distances, in multiples of the floor
    "pokemon_dcgan": ((0.6,), 3_000, 80),
}
LESSONS = {  # lesson -> steps of its trainings at the budget "gpu", by the recipe that is nearest to each
    3: {"mnist_tutorial": 14_000, "mnist_better": 28_000},
    5: {"mnist_conditional": 78_500},
    6: {"cifar10_dcgan": 10_250},
    7: {"pokemon_dcgan": 32_000},
}


class EverySteps(watching.Watcher):
    """Let the engine look, which waits for the GPU and takes the time, after every so many steps."""

    def __init__(self, every: int):
        self.every, self.step = every, 0

    def asks(self) -> bool:
        self.step += 1
        return self.step % self.every == 0


def tests() -> str:
    """Run the tests that take any device; return pytest's last line."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", DEVICE_TESTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TEST_SECONDS)
    lines = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    print(*lines[-30 * (done.returncode != 0) :], sep="\n", flush=True)
    return lines[-1]


def rate(name: str, arm: str, steps: int) -> float:
    """Return the steps per second of a recipe: by the "textbook" loop, the "engine", or the engine "compiled"."""
    case = bench.case_of(name, steps)
    if arm == "textbook":
        few = dataclasses.replace(case, steps=max(1, steps // 8))  # it is slow
        return statistics.median(bench.textbook(few) for _ in range(ROUNDS))
    torch._dynamo.reset()  # code that was compiled for another recipe
    return statistics.median(bench.engine(case, whole=True, compile=arm == "compiled") for _ in range(ROUNDS))


def seconds_to(name: str, every: int, most: float) -> dict:
    """Train a recipe; return for each goal the seconds of training until it was reached, looking every so many steps."""
    recipe, goals = recipes.get(name), GOALS[name][0]
    players, settings = recipes.prepare(name)
    settings |= {"snapshot_steps": (), "watcher": EverySteps(every)}
    best, reached, began = float("inf"), {}, time.monotonic()
    for run in training.fit_in_steps(*players, **settings):
        if run.step % every:
            continue
        training.refresh_batch_norm(run.generator, run.step * recipe.batch_size)
        figure = shipping.measure(run.generator, recipe.dataset).headline
        best = min(best, figure)
        for goal in goals:
            if best <= goal:
                reached.setdefault(f"{goal:.3g}", round(run.seconds, 1))
        print(f"{name}: step {run.step:,}, {run.seconds:.1f} s, {figure:.3f}", flush=True)
        if len(reached) == len(goals) or time.monotonic() - began > most:
            break
    return {"reached": reached, "steps": run.step, "seconds": round(run.seconds, 1), "last": round(figure, 3)}


def measure_all(tiny: bool) -> None:
    """Measure everything, what matters most first, and write down each figure as soon as it is there."""
    end = time.monotonic() + SECONDS
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else training.pick_device().type
    results = {"device": device, "torch": torch.__version__, "rates": {}, "quality": {}}

    def note(place: dict, key: str, measure: Callable) -> None:
        if time.monotonic() > end:
            print(f"{key}: no time left", flush=True)
            return
        try:
            place[key] = measure()
        except (RuntimeError, ValueError, OSError, subprocess.TimeoutExpired) as error:
            print(f"{key}: {type(error).__name__}: {error}", flush=True)
            return
        print(f"{key}: {place[key]}", flush=True)
        if not tiny:
            files.save_atomically(RESULTS, (json.dumps(results, indent=2) + "\n").encode())

    note(results, "tests", tests)
    names, steps = (list(recipes.RECIPES)[:1], 8) if tiny else (list(recipes.RECIPES), 400)
    for name in names:
        print(f"{name}, steps per second:")
        found = results["rates"].setdefault(name, {})
        for arm in ("textbook", "engine"):
            note(found, arm, lambda name=name, arm=arm: round(rate(name, arm, steps), 1))
        case = bench.case_of(name, steps)
        if "engine" in found:
            note(
                found,
                "of peak",
                lambda case=case, r=found["engine"]: round(r * bench.flops(case) / bench.peak(case), 4),
            )
    for name, (_, every, most) in list(GOALS.items())[: 1 if tiny else None]:
        every, most = (2, 0) if tiny else (every, most)
        note(results["quality"], name, lambda name=name, every=every, most=most: seconds_to(name, every, most))
    for name in set(COMPILED) & set(names):
        print(f"{name}, steps per second:")
        note(results["rates"][name], "compiled", lambda name=name: round(rate(name, "compiled", steps), 1))


def tell() -> None:
    """Write the figures of gpu.json into README.md's table and syllabus, and into the model cards."""
    found = json.loads(RESULTS.read_text())
    rates = {name: r for name, r in found["rates"].items() if {"textbook", "engine", "of peak"} <= set(r)}
    rows = []
    for name, r in rates.items():
        compiled = f"{r['compiled']:,.0f}" if "compiled" in r else "–"
        rows.append(f"| `{name}` | {r['textbook']:,.0f} | {r['engine']:,.0f} | {compiled} | {r['of peak']:.1%} |")
    head = f"Steps per second on one {found['device']}, torch {found['torch']} (`tests/benchmarks/gpu.py`):"
    table = ["| recipe | textbook loop | engine | compiled | engine, of the peak |", "|---|---|---|---|---|", *rows]
    text = "\n".join(["<!-- gpu -->", head, "", *table, "<!-- end of gpu -->"])
    readme = (ROOT / "README.md").read_text()
    readme = re.sub(r"<!-- gpu -->.*<!-- end of gpu -->", lambda _: text, readme, flags=re.DOTALL)
    for lesson, trained in LESSONS.items():
        if all(name in rates for name in trained):
            minutes = sum(steps / rates[name]["engine"] for name, steps in trained.items()) / 60
            cell = rf"\g<1>{max(1, round(minutes))} |"
            readme = re.sub(rf"(^\| \*\*{lesson} \[.*\| \d+ / )[^|]+ \|", cell, readme, flags=re.MULTILINE)
    files.save_atomically(ROOT / "README.md", readme.encode())
    for name, figures in rates.items():
        card = pretrained.read_card(name)
        card["gpu"] = {"device": found["device"], "steps_per_second": figures["engine"]} | found["quality"].get(
            name, {}
        )
        pretrained.write_card(name, card)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few steps of a few things")
    parser.add_argument("--tell", action="store_true", help="write what was measured into README.md and the cards")
    options = parser.parse_args()
    if options.tell:
        tell()
    elif options.tiny or torch.cuda.is_available():
        measure_all(options.tiny)
    else:
        parser.error("there is no GPU here; --tiny runs the script on a CPU.")


if __name__ == "__main__":
    main()
