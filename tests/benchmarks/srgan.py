"""What the parts of SRGAN's loss are worth: the trade-off between near pixels and real-looking pictures, and two kinds of features.

    python tests/benchmarks/srgan.py curve          # four adversarial weights, two seeds
    python tests/benchmarks/srgan.py content        # the content loss on two networks' features; without it, see the curve at 0.02

Each arm begins with the shipped SRResNet and trains for 2,000 steps on Pokémon, about 5 minutes of one core. It is measured on the 100
held-out pictures. The kernel distance is on EfficientNet-Lite0's features, so the arm that is trained on its maps has an advantage.
What is measured stands in srgan.json beside this file; an arm that stands there is not trained again.
"""

import argparse
import functools
import json
from pathlib import Path

import torch

from gancourse import datasets, features, fidelity, files, pretrained, recipes, training
from gancourse.networks.dcgan import DCGANDiscriminator
from gancourse.steps import srgan_step

RESULTS = Path(__file__).with_suffix(".json")
NAME, STEPS = "pokemon_srgan", 2_000
WEIGHTS = (0.0, 0.005, 0.02, 0.2)
CONTENT = {
    "CIFAR-10 classifier": {"content": 1.0, "maps": functools.partial(features.content_maps, "classifier")},
    "EfficientNet-Lite0": {"content": 0.002, "maps": functools.partial(features.content_maps, "efficientnet")},
}


def read() -> dict:
    """Return what has been measured."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {"curve": {}, "content": {}}


def write(what: str, arm: str, seed: int, measured: dict) -> None:
    """Keep what has been measured."""
    results = read()
    results[what].setdefault(arm, {})[str(seed)] = measured
    files.save_atomically(RESULTS, (json.dumps(results, indent=1) + "\n").encode())


def trained(seed: int, **settings):
    """Return the shipped SRResNet, trained on with this loss."""
    recipe = recipes.get(NAME)
    images = datasets.load(recipe.dataset).images
    torch.manual_seed(seed)
    G = pretrained.load(NAME, 1).generator.requires_grad_(True)
    D = DCGANDiscriminator(width=32, size=64)
    G.examples = recipes.shrunk(images)
    run = training.fit(
        srgan_step(0, STEPS, **settings),
        G,
        D,
        recipe.optimizer(G),
        recipe.optimizer(D),
        images,
        steps=STEPS,
        batch_size=recipe.batch_size,
        seed=seed,
        ema=recipe.ema,
        augment=recipe.augment,
        bf16=recipe.bf16,
        progress=False,
    )
    return run.generator


def figures_of(report: fidelity.Report) -> dict[str, float]:
    """Return what the lesson quotes of a report."""
    return {"psnr": round(report.psnr, 2), "ssim": round(report.ssim, 3), "distance": round(report.kernel[0], 2)}


def arms(what: str, settings: dict[str, dict], seeds: int) -> None:
    """Train and measure these arms, as far as they have not been measured yet, and print them."""
    for seed in range(seeds):
        for arm, of in settings.items():
            if str(seed) not in read()[what].get(arm, {}):
                write(what, arm, seed, figures_of(fidelity.evaluate(trained(seed, **of), "pokemon")))
            print(f"{arm:24} seed {seed}  {read()[what][arm][str(seed)]}", flush=True)
    for name, report in fidelity.reference("pokemon", fidelity.metrics.network_for("pokemon")).controls.items():
        print(f"{name:24} {report._measures()}")


def rows(what: str) -> list[str]:
    """Return the lines that lesson 10 shows of the curve or of the content losses."""
    lines = []
    for arm, seeds in read()[what].items():
        for of in seeds.values():
            name = float(arm) if what == "curve" else f'"{arm}"'
            lines.append(f"({name}, {of['psnr']}, {of['ssim']}, {of['distance']}),")
    return lines


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("curve", "content"))
    parser.add_argument("--seeds", type=int, default=2, help="curve: seeds 0, 1, ... of each arm (default: 2)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.what == "curve":
        arms("curve", {str(weight): {"adversarial": weight} for weight in WEIGHTS}, options.seeds)
    else:
        arms("content", CONTENT, 1)


if __name__ == "__main__":
    main()
