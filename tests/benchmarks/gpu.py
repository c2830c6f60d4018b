"""What a GPU makes of the course: tests, steps per second, and seconds to a fixed quality; in one go, under eight minutes.

    python tests/benchmarks/gpu.py           # on a GPU; writes gpu.json beside this file after every figure
    python tests/benchmarks/gpu.py --tiny    # anywhere, in a minute: does it run? Writes nothing
    python tests/benchmarks/gpu.py --tell    # anywhere: from gpu.json into README.md and the model cards

A bare machine needs torch, the packages of pyproject.toml's first list, pytest for the tests, and for the quality in colour
those of the extra "colour". What it cannot do it names and leaves out. Datasets: run `gancourse data mnist cifar10 pokemon`,
or carry data/cache there, in parts if need be: `tar -cJ data/cache | split -b 50M - part.`, there `cat part.* | tar -xJ`.
"""

import argparse
import dataclasses
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import bench
import torch

from gancourse import features, files, pretrained, recipes, shipping, training

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_suffix(".json")
MINUTES = 8.0
ROUNDS = 3
DEVICE_TESTS = "tests/test_device.py"
COMPILED = (
    "mnist_tutorial",
    "cifar10_dcgan",
    "pokemon_dcgan",
)  # compiling takes half a minute each; R1 cannot be compiled
GOALS = {  # recipe -> headline figures to reach, steps between two looks, seconds at most
    "mnist_better": ((8.0, 4.0), 1_000, 70),
    "cifar10_dcgan": ((450 / 38, 300 / 38, 200 / 38), 2_000, 110),  # distances, in multiples of the floor
    "pokemon_dcgan": ((0.6,), 3_000, 90),
}
LESSONS = {  # lesson -> steps of its trainings at the budget "gpu", by the recipe that is nearest to each
    3: {"mnist_tutorial": 14_000, "mnist_better": 28_000},
    5: {"mnist_conditional": 78_500},
    6: {"cifar10_dcgan": 10_250},
    7: {"pokemon_dcgan": 32_000},
}


class Clock:
    """The minutes that are left."""

    def __init__(self, minutes: float):
        self.end = time.monotonic() + 60 * minutes

    @property
    def seconds(self) -> float:
        return self.end - time.monotonic()


def tests() -> str:
    """Run the tests that take any device; return pytest's last line."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", DEVICE_TESTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    print(*lines[-20 * (done.returncode != 0) - 1 :], sep="\n", flush=True)
    return lines[-1]


def rates(name: str, steps: int) -> dict:
    """Return the steps per second of a recipe by each loop, and the engine's share of the device's peak."""
    case = bench.case_of(name, steps)
    few = dataclasses.replace(case, steps=max(1, steps // 8))  # the textbook loop is slow
    arms = {"textbook": lambda: bench.textbook(few), "engine": lambda: bench.engine(case, whole=True)}
    if name in COMPILED:
        for mode in training.COMPILE_MODES[1:]:
            arms[mode] = lambda mode=mode: bench.engine(case, whole=True, compile=mode)
    found = {}
    for arm, measure in arms.items():
        try:  # compiling falls into the warm-up
            found[arm] = round(statistics.median(measure() for _ in range(ROUNDS)), 1)
        except ValueError as error:
            print(f"{name}, {arm}: {error}", flush=True)
    found["of peak"] = round(found["engine"] * bench.flops(case) / bench.peak(case), 4)
    return found


def seconds_to(name: str, compile: str, most: float, every: int) -> dict:
    """Train a recipe and return for each goal the seconds of training until it was reached, looking every so many steps."""
    recipe, (goals, _, _) = recipes.get(name), GOALS[name]
    players, settings = recipes.prepare(name)
    settings |= {"compile": compile, "progress": False, "snapshot_steps": ()}
    best, reached, last = float("inf"), {}, 0.0
    for run in training.fit_in_steps(*players, **settings):
        if run.step % every:
            continue
        training.refresh_batch_norm(run.generator, run.step * recipe.batch_size)
        last = shipping.measure(run.generator, recipe.dataset).headline
        run.G.train()
        best = min(best, last)
        reached |= {
            f"{goal:.3g}": round(run.seconds, 1) for goal in goals if best <= goal and f"{goal:.3g}" not in reached
        }
        print(f"{name}: step {run.step:,}, {run.seconds:.0f} s, {last:.2f}", flush=True)
        if len(reached) == len(goals) or run.seconds > most:
            break
    return {
        "reached": reached,
        "compile": compile,
        "steps": run.step,
        "seconds": round(run.seconds, 1),
        "last": round(last, 3),
    }


def measure_all(tiny: bool) -> None:
    """Measure everything in the order of its worth, until the minutes are over; write what there is after each figure."""
    clock = Clock(MINUTES)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else training.pick_device().type
    results = {"device": device, "torch": torch.__version__, "rates": {}, "quality": {}}

    def note(place: dict, key: str, value) -> None:
        place[key] = value
        print(f"{key}: {value}", flush=True)
        if not tiny:
            files.save_atomically(RESULTS, (json.dumps(results, indent=2) + "\n").encode())

    note(results, "tests", tests())
    for name in list(recipes.RECIPES)[:1] if tiny else recipes.RECIPES:
        if clock.seconds > 60 * 5 or tiny:  # the rest is for the quality
            note(results["rates"], name, rates(name, 8 if tiny else 400))
    for name, (_, every, most) in GOALS.items():
        arms = {arm: rate for arm, rate in results["rates"].get(name, {}).items() if arm in training.COMPILE_MODES}
        plain = results["rates"].get(name, {}).get("engine", 0)
        fastest = max(arms, key=arms.get, default="")
        chosen = fastest if fastest and arms[fastest] > plain else ""
        try:
            if tiny:
                note(results["quality"], name, seconds_to(name, "", 0, 2))
            elif clock.seconds > most:
                note(results["quality"], name, seconds_to(name, chosen, most, every))
        except features.FeaturesError as error:
            print(f"{name}: {error}", flush=True)
        if tiny:
            break


def tell() -> None:
    """Write the figures of gpu.json into README.md's table and syllabus, and into the model cards."""
    found = json.loads(RESULTS.read_text())
    rows = [
        f"| `{name}` | {r['textbook']:,.0f} | {r['engine']:,.0f} | {r.get('default', '–')} | {r.get('reduce-overhead', '–')} |"
        for name, r in found["rates"].items()
    ]
    head = f"Steps per second on one {found['device']}, torch {found['torch']} (`python tests/benchmarks/gpu.py`):"
    table = ["| recipe | textbook loop | engine | compiled | with CUDA graphs |", "|---|---|---|---|---|", *rows]
    readme = (ROOT / "README.md").read_text()
    text = "\n".join(["<!-- gpu -->", head, "", *table, "<!-- end of gpu -->"])
    readme = re.sub(r"<!-- gpu -->.*<!-- end of gpu -->", lambda _: text, readme, flags=re.DOTALL)
    for lesson, trained in LESSONS.items():
        if all(name in found["rates"] for name in trained):
            minutes = sum(steps / found["rates"][name]["engine"] for name, steps in trained.items()) / 60
            readme = re.sub(
                rf"(^\| \*\*{lesson} \[.*\| \d+ / )[^|]+ \|",
                rf"\g<1>{max(1, round(minutes))} |",
                readme,
                flags=re.MULTILINE,
            )
    files.save_atomically(ROOT / "README.md", readme.encode())
    for name, figures in found["rates"].items():
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
