"""The network that enlarges pictures, its training in two parts, and the shipped ones."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import cli, datasets, doctor, features, fidelity, pretrained, recipes, resampling, training, upscaling
from gancourse.networks.dcgan import DCGANDiscriminator
from gancourse.networks.srgan import ResidualBlock, SRGenerator
from gancourse.steps import srgan_step
from gancourse.widgets import ExplorePage, LatentExplorer

GANCOURSE = Path(sys.executable).with_name("gancourse")


def away_from_its_start(network: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(0)
    for p in network.parameters():
        torch.nn.init.normal_(p, 0, 0.1)
    return network.eval()


@pytest.mark.parametrize("size", [(16, 16), (5, 9), (1, 1)])
@torch.no_grad()
def test_a_new_network_enlarges_as_bicubic_interpolation_does(size):
    small = torch.rand(3, 3, *size) * 1.6 - 0.8
    large = SRGenerator(width=8, blocks=3).train()(small)
    assert large.shape == (3, 3, 4 * size[0], 4 * size[1])
    assert torch.allclose(large, resampling.enlarge(small), atol=1e-6)


def test_a_new_block_is_the_identity_and_can_learn():
    block, x = ResidualBlock(4), torch.randn(2, 4, 5, 5)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert block.body[-1].weight.grad.any()


@torch.no_grad()
def test_pictures_stay_in_range_in_eval_mode_alone():
    G, white = SRGenerator(width=8, blocks=1), torch.ones(1, 3, 4, 4)
    G.grow[-1].bias.fill_(0.5)
    assert G.eval()(white).max() == 1
    assert G.train()(white).max() > 1


@pytest.mark.parametrize("blocks", [1, 3])
@torch.no_grad()
def test_it_says_how_far_it_sees(blocks):
    G = away_from_its_start(SRGenerator(width=4, blocks=blocks)).train().double()
    middle = G.reach + 2
    small = torch.zeros(1, 3, 2 * middle + 1, 1, dtype=torch.float64)
    before = G(small)
    small[:, :, middle] = 1
    rows = (G(small) != before).any((0, 1, 3)).nonzero().flatten()  # of the large picture
    first, last = int(rows[0]), int(rows[-1])
    assert first >= 4 * (middle - G.reach)
    assert last < 4 * (middle + G.reach + 1)
    assert first < 4 * (middle - G.reach + 1)  # and no less far


def test_a_training_is_on_pixels_first_and_then_against_d():
    torch.manual_seed(0)
    G, D = SRGenerator(width=8, blocks=1), DCGANDiscriminator(width=8)
    opt_G, opt_D = training.adam(G, 1e-3), training.adam(D, 1e-3)
    step = srgan_step(4, 12, adversarial=0.1, content=0.5, maps=features.content_maps)
    real = torch.rand(4, 3, 32, 32) * 2 - 1
    rates, changed = [], []
    for number in range(1, 15):
        before = [p.clone() for p in D.parameters()]
        values = step(G, D, opt_G, opt_D, real, number)
        rates.append(opt_G.param_groups[0]["lr"] / 1e-3)
        changed.append(not all(map(torch.equal, before, D.parameters())))
        assert (float(values["d_loss"].detach()) == 0) == (number <= 4)
    assert changed == [False] * 4 + [True] * 8 + [False] * 2
    assert rates == pytest.approx([1, 1, 1, 0.5, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0])
    assert all(p.requires_grad for p in D.parameters())


@pytest.mark.parametrize(("weight", "moves"), [(0.0, False), (1.0, True)])
def test_the_weights_of_the_parts_count(weight, moves):
    """With a weight of 0 a part has no influence on G's update, with another one it has."""
    for part in ("content", "adversarial"):
        updates = []
        for value in (0.0, weight):
            torch.manual_seed(0)
            G, D = SRGenerator(width=8, blocks=1), DCGANDiscriminator(width=8)
            opt_G, opt_D = torch.optim.SGD(G.parameters(), lr=0.1), torch.optim.SGD(D.parameters(), lr=0.1)
            weights = {"content": 0.0, "adversarial": 0.0} | {part: value}
            real = torch.rand(4, 3, 32, 32) * 2 - 1
            srgan_step(0, 10, **weights, maps=features.content_maps, seen=lambda x: x)(G, D, opt_G, opt_D, real, 1)
            updates.append(torch.cat([p.detach().flatten() for p in G.parameters()]))
        assert torch.equal(*updates) != moves


@pytest.fixture
def small_recipe(monkeypatch, tmp_path):
    """The recipe for Pokémon with small networks and six steps; weights are shipped to a folder of its own."""
    recipe = replace(
        recipes.SRGANS["pokemon_srgan"],
        networks=lambda: (SRGenerator(width=8, blocks=1), DCGANDiscriminator(width=4, size=64)),
        train_step=srgan_step(3, 6),
        steps=6,
        stages=(3, 6),
    )
    monkeypatch.setitem(recipes.SRGANS, "pokemon_srgan", recipe)
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path / "pretrained")
    monkeypatch.setattr(fidelity, "SAMPLES", 20)
    fidelity.reference.cache_clear()
    yield tmp_path
    fidelity.reference.cache_clear()


def test_one_command_trains_measures_and_ships_both_stages(small_recipe, capsys):
    assert cli.main(["train", "pokemon_srgan", "--ship", "--runs", str(small_recipe)]) == 0
    printed = capsys.readouterr().out
    assert "kernel distance to real pictures: median" in printed
    card = json.loads((small_recipe / "pretrained/pokemon_srgan/card.json").read_text())
    assert [stage["step"] for stage in card["stages"]] == [3, 6]
    for stage in card["stages"]:
        assert stage["metrics"]["psnr"] > 10
        assert set(stage["metrics"]["controls"]) == {"nearest", "bicubic", "originals"}
    first, last = (pretrained.load("pokemon_srgan", number).generator for number in (1, 2))
    assert any(not torch.equal(a, b) for a, b in zip(first.parameters(), last.parameters(), strict=True))
    pictures = sorted(path.name for path in (small_recipe / "pretrained/pokemon_srgan").glob("*.png"))
    assert pictures == ["curves.png", "samples.png"]


def test_a_training_goes_on_to_the_bit(small_recipe):
    whole = recipes.train("pokemon_srgan", folder=small_recipe / "whole", progress=False)
    recipes.train("pokemon_srgan", steps=4, folder=small_recipe / "parts", progress=False)
    parts = recipes.train("pokemon_srgan", folder=small_recipe / "parts", progress=False)
    for a, b in zip(whole.generator.parameters(), parts.generator.parameters(), strict=True):
        assert torch.equal(a, b)


def test_evaluate_compares_with_interpolation(tmp_path, capsys):
    assert cli.main(["evaluate", "pokemon_srgan", "--out", str(tmp_path / "report.json")]) == 0
    table = capsys.readouterr().out
    for word in ("PSNR, dB", "SSIM", "kernel distance", "enlarged", "nearest", "bicubic", "originals"):
        assert word in table
    assert json.loads((tmp_path / "report.json").read_text())["factor"] == 4


def test_evaluate_writes_its_figures_into_runs_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["evaluate", "pokemon_srgan", "--stage", "1"]) == 0
    assert [file.suffix for file in (tmp_path / "runs").iterdir()] == [".json"]


def test_evaluate_refuses_what_makes_no_sense(capsys):
    assert cli.main(["evaluate", "pokemon_srgan", "--directions"]) == 1
    assert "has no directions" in capsys.readouterr().err
    assert cli.main(["evaluate", "pokemon_srgan", "--samples", "50"]) == 1
    assert "remove --samples" in capsys.readouterr().err


def test_a_network_that_enlarges_is_not_explored():
    assert "pokemon_srgan" not in pretrained.names()
    assert not any("srgan" in item["name"] for item in ExplorePage().chooser.items)
    explorer = LatentExplorer(pretrained.load("pokemon_srgan").generator)
    assert "z_dim" in explorer.children[0].value


def test_the_doctor_looks_at_its_weights():
    rows = {row.what: row for row in doctor._weights()}
    assert rows["weights pokemon_srgan"].state == doctor.OK


# ---- what is shipped ------------------------------------------------------------------------------------------------


def metrics_of(name: str) -> tuple[dict, dict, dict]:
    """Return the figures of the shipped SRResNet, of the SRGAN, and of bicubic interpolation."""
    first, last = (stage["metrics"] for stage in pretrained.read_card(name)["stages"])
    return first, last, first["controls"]["bicubic"]


DISTANCE = "kernel_efficientnet_lite0_features"


@pytest.mark.parametrize("name", recipes.SRGANS)
def test_the_shipped_networks_are_as_good_as_promised(name):
    """What the card records; `gancourse evaluate pokemon_srgan --ship` measures it again."""
    srresnet, srgan, bicubic = metrics_of(name)
    gain = 1.0 if name == "pokemon_srgan" else 0.5
    assert srresnet["psnr"] >= bicubic["psnr"] + gain
    assert srresnet["ssim"] > bicubic["ssim"]
    assert srgan["psnr"] >= bicubic["psnr"] - 0.5
    assert srgan[DISTANCE] <= 0.5 * bicubic[DISTANCE]


def test_the_shipped_networks_do_what_their_card_says():
    originals = datasets.load("pokemon", "test").images
    small = recipes.shrunk(originals)
    for number, stage in enumerate(pretrained.read_card("pokemon_srgan")["stages"], start=1):
        images = fidelity.enlarged(pretrained.load("pokemon_srgan", number).generator, small)
        assert fidelity.psnr(images, originals).mean() == pytest.approx(stage["metrics"]["psnr"], abs=0.02)


def photograph(path: Path, width: int, height: int) -> Path:
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    small.resize((width, height), Image.Resampling.BICUBIC).save(path)
    return path


@torch.no_grad()
def test_the_shipped_network_leaves_no_seam():
    image = datasets.load("pokemon", "test", size=128).images[0]
    G = pretrained.load("pokemon_srgan").generator
    whole = training.to_uint8(G(training.to_unit(image[None])))[0]
    gap = (torch.cat(list(upscaling.bands(G, image, 40)), dim=1).int() - whole.int()).abs()
    assert gap.max() <= 1


@pytest.mark.parametrize("options", [[], ["--faithful"], ["--network", "cifar10_srgan"]])
def test_upscale_writes_a_file_four_times_as_large(tmp_path, options, capsys):
    path = photograph(tmp_path / "holiday.jpg", 30, 20)
    assert cli.main(["upscale", str(path), *options]) == 0
    assert "holiday-4x.png: 120 x 80 pixels" in capsys.readouterr().out
    with Image.open(tmp_path / "holiday-4x.png") as picture:
        assert picture.size == (120, 80)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["upscale", "nowhere.png"], "there is no file 'nowhere.png'"),
        (["upscale", "."], "there is no file '.'"),
        (["upscale", "text.png"], "no picture that can be read"),
        (["upscale", "good.png", "--network", "mnist_better"], "does not enlarge pictures"),
        (["upscale", "good.png", "--out", "good.png"], "is there already"),
        (["upscale", "good.png", "--out", "good.jpg"], "names a PNG file"),
    ],
)
def test_what_cannot_be_upscaled_is_one_line(tmp_path, monkeypatch, arguments, says, capsys):
    monkeypatch.chdir(tmp_path)
    photograph(tmp_path / "good.png", 8, 8)
    (tmp_path / "text.png").write_text("hello")
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["good.png", "text.png"]


def test_ctrl_c_stops_an_upscale_and_leaves_no_half_file(tmp_path):
    path = photograph(tmp_path / "large.png", 800, 800)
    process = subprocess.Popen([GANCOURSE, "upscale", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    end = time.monotonic() + 60
    while not list(tmp_path.glob(".large-4x.png.*.partial")) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in printed
    assert os.listdir(tmp_path) == ["large.png"]


@pytest.mark.long
def test_upscaling_a_million_pixels_takes_less_than_a_gigabyte(tmp_path):
    path = photograph(tmp_path / "large.png", 1024, 1024)
    with subprocess.Popen([GANCOURSE, "upscale", path], stdout=subprocess.PIPE) as process:
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    assert status == 0
    assert b"tiles: 100%" in printed
    assert usage.ru_maxrss < 1e6  # kB
    with Image.open(tmp_path / "large-4x.png") as picture:
        assert picture.size == (4096, 4096)
