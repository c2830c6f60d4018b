"""Who's that Pokémon, and the gallery of favourites."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import datasets, figures, training, walks
from gancourse.networks.dcgan import ConditionalDCGANGenerator, DCGANGenerator
from gancourse.widgets import Gallery, WhosThatPokemon, latent
from gancourse.widgets.gallery import MOST, file_name
from gancourse.widgets.whos_that import ANSWERS, GENERATED, IN_NOISE, IN_PIXELS, REAL, SHADOW, silhouettes


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return DCGANGenerator(width=8, size=64).eval()


def decoded(png: bytes) -> torch.Tensor:
    """PNG -> uint8 (height, width, 3)."""
    return torch.from_numpy(np.array(Image.open(io.BytesIO(png)).convert("RGB")))


def saved(link: str) -> dict[str, bytes]:
    """Links to save -> file name and content."""
    found = re.findall(r'download="([^"]*)" href="data:[^;]*;base64,([^"]*)"', link)
    return {name: base64.b64decode(data) for name, data in found}


def parts(box) -> tuple:
    """Return what belongs to a favourite: its picture, its name, its files and the button that removes it."""
    picture, name, below = box.children
    return picture, name, *below.children


# ---- who's that Pokémon -------------------------------------------------------------------------------------------


def test_each_kind_is_a_quarter_of_the_pictures_and_is_what_it_says(generator):
    game = WhosThatPokemon(generator, rounds=8)
    of = {kind: [puzzle.image for puzzle in game.sheet if puzzle.kind == kind] for kind in ANSWERS}
    assert [len(images) for images in of.values()] == [2, 2, 2, 2]
    held_out = datasets.load("pokemon", "test").images
    assert all(any(torch.equal(image, real) for real in held_out) for image in of[REAL])
    z, a, b = training.noise(generator, 6, seed=1_000).chunk(3)
    first, second = (latent.draw(generator, noise) for noise in (a, b))
    assert torch.equal(torch.stack(of[GENERATED]), latent.draw(generator, z))
    assert torch.equal(torch.stack(of[IN_PIXELS]), ((first.int() + second.int()) // 2).to(torch.uint8))
    halfway = walks.slerp(a, b, torch.full((2,), 0.5))
    assert torch.equal(torch.stack(of[IN_NOISE]), latent.draw(generator, halfway))


def test_right_answers_are_counted_of_each_kind(generator):
    game = WhosThatPokemon(generator, rounds=8)
    kinds = [puzzle.kind for puzzle in game.puzzles]
    for kind in kinds:
        game.buttons[REAL if kind == GENERATED else kind].click()
    assert game.right == 6
    assert "You: 6 of 8." in game.text.value
    assert "2 of 2 real, 0 of 2 generated, 2 of 2 blended in z, 2 of 2 blended in pixels" in game.text.value


def test_silhouettes_hide_the_colours_of_the_puzzle_and_not_of_the_sheet(generator):
    game = WhosThatPokemon(generator, rounds=4)
    game.silhouettes.value = True
    shown = decoded(game.picture.value).flatten(0, 1).unique(dim=0)
    assert {tuple(colour) for colour in shown.tolist()} <= {(255, 255, 255), tuple(SHADOW.tolist())}
    for _ in range(4):
        game.buttons[REAL].click()
    assert len(decoded(game.picture.value).flatten(0, 1).unique(dim=0)) > 10


def test_a_silhouette_is_all_that_is_not_white():
    image = torch.full((1, 3, 2, 2), 250, dtype=torch.uint8)
    image[0, 2, 1, 1] = 100  # yellow
    dark = silhouettes(image)[0]
    assert torch.equal(dark[:, 1, 1], SHADOW)
    assert (dark.flatten(1)[:, :3] == 255).all()


def test_silhouettes_of_a_set_without_held_out_pictures(generator, monkeypatch):
    load = datasets.load

    def load_small(name, split="train"):
        assert (name, split) == ("pokemon819", "train")
        return load("pokemon", split)

    monkeypatch.setattr(datasets, "load", load_small)
    assert len(WhosThatPokemon(generator, "pokemon819", rounds=4).puzzles) == 4


@pytest.mark.parametrize(
    ("generator", "why"),
    [
        ("pikachu", "pikachu"),
        (DCGANGenerator(width=8), "pictures of shape (3, 32, 32); those of pokemon are (3, 64, 64)"),
        (ConditionalDCGANGenerator(width=8, size=64), "takes labels"),
    ],
    ids=["name", "size", "labels"],
)
def test_a_game_with_something_that_does_not_suit_it_says_so(generator, why):
    game = WhosThatPokemon(generator)
    game._repr_mimebundle_()
    assert why in game.children[0].value
    assert 'role="alert"' in game.children[0].value


# ---- the gallery --------------------------------------------------------------------------------------------------


def test_a_click_keeps_a_picture_and_a_name_goes_into_its_files(generator):
    gallery = Gallery(generator)
    z = training.noise(generator, len(gallery.choices), seed=0)
    gallery.choices[3].click()
    kept = gallery.favourites[0]
    assert torch.equal(kept.z, z[3])
    box = gallery._boxes.children[0]
    image, name, files, _ = parts(box)
    assert box.layout.display == "flex"
    assert torch.equal(decoded(image.value), kept.image.permute(1, 2, 0))
    name.value = "Mr. <Mime> / 2"
    assert kept.name == "Mr. <Mime> / 2"
    content = saved(files.value)
    assert set(content) == {"pokemon-Mr-Mime-2.png", "pokemon-Mr-Mime-2.json"}
    assert torch.equal(torch.tensor(json.loads(content["pokemon-Mr-Mime-2.json"])["z"]), z[3])
    scale = decoded(content["pokemon-Mr-Mime-2.png"])[::4, ::4]
    assert torch.equal(scale, kept.image.permute(1, 2, 0))
    assert set(saved(gallery.all.value)) == {"gallery.png"}


def test_what_an_explorer_shows_can_be_kept(generator):
    gallery = Gallery(generator)
    z = torch.linspace(-1, 1, generator.z_dim)
    gallery.keep(z, "Slope")
    assert [(f.name, f.z.tolist()) for f in gallery.favourites] == [("Slope", z.tolist())]
    with pytest.raises(ValueError, match=r"z must be 100 numbers; this has the shape \(3,\)"):
        gallery.keep(torch.zeros(3))
    with pytest.raises(ValueError, match="finite"):
        gallery.keep(torch.full((100,), torch.nan))
    with pytest.raises(ValueError, match="the message in it says why"):
        Gallery("pikachu").keep(z)


def test_a_favourite_that_goes_leaves_the_others_where_they_are(generator):
    gallery = Gallery(generator)
    for i, name in enumerate(("A", "B", "C")):
        gallery.choices[i].click()
        parts(gallery._boxes.children[i])[1].value = name
    for _ in range(2):  # an impatient reader
        parts(gallery._boxes.children[1])[3].click()
    assert [favourite.name for favourite in gallery.favourites] == ["A", "C"]
    shown = [box for box in gallery._boxes.children if box.layout.display == "flex"]
    assert [parts(box)[1].value for box in shown] == ["A", "C"]
    gallery.choices[5].click()
    assert [favourite.name for favourite in gallery.favourites] == ["A", "", "C"]


def test_what_was_kept_stays_when_the_generator_trains_on():
    torch.manual_seed(0)
    G = DCGANGenerator(width=8, size=64).eval()
    gallery = Gallery(G)
    shown = gallery._images[0]
    with torch.no_grad():
        G.body[-2].bias.add_(0.5)
    gallery.choices[0].click()
    before = gallery.favourites[0].file
    with torch.no_grad():
        G.body[-2].bias.add_(0.5)
    parts(gallery._boxes.children[0])[1].value = "Kept"
    assert torch.equal(gallery.favourites[0].image, shown)
    assert saved(parts(gallery._boxes.children[0])[2].value)["pokemon-Kept.json"] == before


def test_more_of_a_broken_generator_is_a_message_and_the_page_stays():
    G = DCGANGenerator(width=8, size=64).eval()
    gallery = Gallery(G)
    z, bias = gallery._z, G.body[-2].bias
    with torch.no_grad():
        bias.fill_(torch.nan)
    gallery.more.click()
    assert "NaN" in gallery._message.value
    assert gallery._z is z
    with torch.no_grad():
        bias.zero_()
    gallery.more.click()
    assert gallery._message.value == ""
    assert torch.equal(gallery._z, training.noise(G, len(gallery.choices), seed=1))


def test_more_shows_other_pictures_and_keeps_the_favourites(generator):
    gallery = Gallery(generator)
    gallery.choices[0].click()
    before = gallery.picture.value
    gallery.more.click()
    assert gallery.picture.value != before
    assert torch.equal(gallery._z, training.noise(generator, len(gallery.choices), seed=1))
    assert len(gallery.favourites) == 1


def test_a_full_gallery_says_so_and_loses_nothing(generator):
    gallery = Gallery(generator)
    for _ in range(MOST + 1):
        gallery.choices[0].click()
    assert len(gallery.favourites) == MOST
    assert "remove one first" in gallery._message.value
    parts(gallery._boxes.children[0])[3].click()
    assert gallery._message.value == ""


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("", "pokemon-nameless"),
        ("../..", "pokemon-nameless"),
        ("CON", "pokemon-CON"),
        ("Ho-Oh", "pokemon-Ho-Oh"),
        ("Flabe\u0301be\u0301", "pokemon-Flabébé"),
        ("ピカチュウ", "pokemon-ピカチュウ"),
        ("a" * 59 + " b", "pokemon-" + "a" * 59),
    ],
)
def test_a_name_becomes_the_name_of_a_file(name, file):
    assert file_name(name) == file


def test_the_sheet_has_every_name_even_one_like_a_formula(generator):
    gallery = Gallery(generator)
    gallery.keep(torch.zeros(100), "$a_$")
    one = decoded(saved(gallery.all.value)["gallery.png"])
    parts(gallery._boxes.children[0])[1].value = "$b_$"
    other = decoded(saved(gallery.all.value)["gallery.png"])
    assert one.shape == other.shape
    changed = (one != other).any(2).nonzero()
    assert 0 < len(changed) < 500, "a letter"
    for _ in range(6):
        gallery.choices[0].click()
    large = decoded(saved(gallery.all.value)["gallery.png"])
    assert large.shape[0] > one.shape[0]
    assert large.shape[1] > one.shape[1]


def test_a_name_that_the_sheet_cannot_spell_is_said(generator):
    gallery = Gallery(generator)
    gallery.keep(torch.zeros(100), "ピカチュウ")
    assert "lacks some letters" in gallery._message.value
    parts(gallery._boxes.children[0])[1].value = "Pikachu"
    assert gallery._message.value == ""


def test_a_conditional_generator_is_refused_in_words():
    assert "takes labels" in Gallery(ConditionalDCGANGenerator(width=8, size=64))._message.value


def test_a_notebook_that_is_only_read_shows_the_pictures(generator):
    gallery, game = Gallery(generator), WhosThatPokemon(generator, rounds=4)
    puzzles = torch.stack([puzzle.image for puzzle in game.puzzles])
    for widget, wanted in ((gallery, figures.tile(gallery._images, 4)), (game, figures.tile(puzzles, 4))):
        bundle = widget._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        shown = decoded(data["image/png"])
        scale = shown.shape[0] // wanted.shape[0]
        assert torch.equal(shown[::scale, ::scale], torch.from_numpy(wanted))
