"""The README's figures are those of the model cards, and its links lead somewhere."""

import inspect
import re
import statistics
from pathlib import Path

import pytest

from benchmarks import ablation, lapgan, srgan
from gancourse import pretrained, recipes, small_sets

ROOT = Path(__file__).parents[1]
ROOMS = ("lessons", "solutions", "data", "utils", "tests")
PAGES = [ROOT / "README.md", *(ROOT / room / "README.md" for room in ROOMS)]


@pytest.mark.parametrize("name", [name for name in pretrained.names() if name.startswith("mnist")])
def test_the_table_of_digits_is_what_the_cards_say(name):
    card = pretrained.read_card(name)
    ratios = [seed["times_floor"] for seed in card["seeds"]]
    kl = max(seed["class_kl"] for seed in card["seeds"])
    digits = min(seed["classes_covered"] for seed in card["seeds"])
    row = (
        f"| `{name}` | {card['steps']:,} | {statistics.median(ratios):.2f} | {max(ratios):.2f} | {kl:.4f} | {digits} |"
    )
    assert row in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", [name for name in pretrained.names() if name.startswith("cifar10")])
def test_the_table_of_colour_is_what_the_cards_say(name):
    card = pretrained.read_card(name)
    shipped = card["stages"][-1]["metrics"]
    distance, floor = shipped["frechet_efficientnet_lite0_features"], shipped["floor"]
    obeys = f"{shipped['gan_test']:.0%}" if "gan_test" in shipped else "unconditional"
    row = f"| `{name}` | {card['steps']:,} | {distance:.0f} | {distance / floor:.1f} | {shipped['recall']:.2f} | {obeys} |"
    readme = (ROOT / "README.md").read_text()
    assert row in readme
    controls = shipped["controls"]
    scale = (
        f"The floor is {floor:.0f}, blurred photographs have {controls['blur']:,.0f}, noise {controls['noise']:,.0f}."
    )
    assert scale in readme


@pytest.mark.parametrize("name", [name for name in pretrained.names() if name.startswith("pokemon")])
def test_the_table_of_pokemon_is_what_the_cards_say(name):
    card = pretrained.read_card(name)
    shipped = card["stages"][-1]["metrics"]
    to_new, to_old = (shipped[f"kernel_to_{which}_efficientnet_lite0_features"] for which in ("held_out", "train"))
    row = f"| `{name}` | {card['steps']:,} | {to_new:.2f} ± {shipped['kernel_to_held_out_error']:.2f} | {to_old:.2f} |"
    readme = (ROOT / "README.md").read_text()
    assert f"{row} {shipped['copied']:.1%} | {shipped['copied_pixels']:.1%} |" in readme


def test_the_readme_and_lesson_7_say_what_the_card_of_its_generator_says():
    card = pretrained.read_card("pokemon_dcgan")
    shipped = card["stages"][-1]["metrics"]
    readme = (ROOT / "README.md").read_text()
    controls = [f"{shipped['controls'][name]:.2f}" for name in ("training pictures", "blur", "noise")]
    told = "To the held-out ones training pictures have {}, blurred ones {}, noise {}."
    assert told.format(*controls) in readme
    lesson = " ".join(
        (ROOT / "solutions/07_dcgan_pokemon/07_dcgan_pokemon.py").read_text().replace("\n# ", " ").split()
    )
    assert (
        "training pictures are at a distance of {} from the held-out ones, blurred ones at {}, noise at {}.".format(
            *controls
        )
        in lesson
    )
    half_as_long = small_sets.in_words(ablation.read()["pokemon_long"]["arms"]["augmented"]["0"]["kernel_to_held_out"])
    at_the_end = small_sets.in_words(
        (shipped["kernel_to_held_out_efficientnet_lite0_features"], shipped["kernel_to_held_out_error"])
    )
    assert f"lowered its distance from {half_as_long} to {at_the_end}" in lesson
    assert f"the share is {shipped['copied']:.1%}".replace("%", " %") in lesson
    assert f"in pixels {shipped['copied_pixels']:.1%}".replace("%", " %") in lesson


def test_the_readme_quotes_the_worst_seed_of_the_conditional_generator():
    seeds = pretrained.read_card("mnist_conditional")["seeds"]
    readme = " ".join((ROOT / "README.md").read_text().split())
    for figure, quoted in (("gan_test", 97.5), ("gan_train", 96.5)):
        assert quoted <= 100 * min(seed[figure] for seed in seeds) + 0.05
        assert f"at least {quoted} %" in readme


def test_the_room_of_the_data_quotes_the_classifier_of_colour():
    accuracy = pretrained.read_card("cifar10_classifier")["test_accuracy"]
    assert f"{accuracy:.1%}".replace("%", " %") in (ROOT / "data/README.md").read_text()


@pytest.mark.parametrize("of_set", ["improvements", "long", "guidelines", "pokemon", "pokemon_long"])
def test_the_figures_of_the_lessons_show_what_the_ablation_measured(of_set):
    name = "07_dcgan_pokemon" if of_set.startswith("pokemon") else "06_dcgan_cifar10"
    lesson = (ROOT / f"solutions/{name}/{name}.py").read_text()
    rows, arms = ablation.rows(of_set), ablation.read()[of_set]["arms"]
    assert all(arms[arm].keys() == {"0", "1"} for arm in ablation.SETS[of_set][1]), "a seed is missing"
    assert len(rows) == len(ablation.SETS[of_set][1])
    for row in rows:
        assert f"    {row}\n" in lesson


def test_lesson_9_shows_what_was_measured_of_the_variants():
    source = (ROOT / "solutions/09_lapgan/09_lapgan.py").read_text()
    for row in lapgan.rows():
        assert f"    {row}\n" in source


def test_lesson_10_shows_what_was_measured_of_the_loss():
    source = (ROOT / "solutions/10_srgan/10_srgan.py").read_text()
    assert all(srgan.read()["curve"][str(weight)].keys() == {"0", "1"} for weight in srgan.WEIGHTS), "a seed is missing"
    for row in [*srgan.rows("curve"), *srgan.rows("content")]:
        assert f"    {row}\n" in source


@pytest.mark.parametrize("name", recipes.SRGANS)
def test_the_figures_of_the_enlarging_networks_are_those_of_their_cards(name):
    readme = (ROOT / "README.md").read_text()
    stages = [stage["metrics"] for stage in pretrained.read_card(name)["stages"]]
    ways = {"bicubic": stages[0]["controls"]["bicubic"], "SRResNet": stages[0], "SRGAN": stages[1]}
    for way, of in ways.items():
        distance = of["kernel_efficientnet_lite0_features"]
        assert f"| `{name}` | {way} | {of['psnr']:.2f} | {of['ssim']:.3f} | {distance:.2f} |" in readme


@pytest.mark.parametrize(
    ("arm", "name"),
    [
        (ablation.BEST, "cifar10_dcgan"),
        (ablation.AUGMENTED, "pokemon_dcgan"),
        (ablation.PLAIN_POKEMON, "pokemon_plain"),
    ],
    ids=["BEST", "AUGMENTED", "PLAIN_POKEMON"],
)
def test_the_best_arms_of_the_ablation_are_the_shipped_recipes(arm, name):
    def shapes(network):
        return type(network), {name: value.shape for name, value in network.state_dict().items()}

    recipe = recipes.get(name)
    optimizer = recipe.optimizer(recipe.networks()[0]).defaults
    assert (arm.lr, arm.betas) == (optimizer["lr"], optimizer["betas"])
    assert (arm.dataset, arm.batch_size, arm.ema) == (recipe.dataset, recipe.batch_size, recipe.ema)
    assert arm.augment is recipe.augment
    assert inspect.getclosurevars(arm.train_step).nonlocals == inspect.getclosurevars(recipe.train_step).nonlocals
    assert [shapes(arm.generator()), shapes(arm.discriminator())] == [*map(shapes, recipe.networks())]
    assert recipe.bf16


def test_augmentation_halves_the_distance_to_held_out_pictures_with_either_seed():
    arms = ablation.read()["pokemon_long"]["arms"]
    for seed in "01":
        plain, augmented = (arms[name][seed]["kernel_to_held_out"][0] for name in ("plain", "augmented"))
        assert augmented <= plain / 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_and_pictures_exist(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]
    assert missing == []
