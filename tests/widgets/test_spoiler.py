"""The set spoiler of lesson 4: what each control does to the set, and which measures see it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import datasets, figures
from gancourse.widgets import SetSpoiler, spoiler

DISTANCES = {"Fréchet distance", "kernel distance"}


def moved(**values) -> SetSpoiler:
    """Return a spoiler with these sliders moved, by name, and settled."""
    widget = SetSpoiler(seed=values.pop("seed", 0))
    for name, value in values.items():
        getattr(widget, name).value = value
    widget.wait()
    return widget


def seen(widget: SetSpoiler, verdict: str = spoiler.SEES) -> set[str]:
    return {name for name, said in widget.verdicts.items() if said == verdict}


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


@pytest.mark.parametrize("seed", range(4))
def test_no_measure_sees_anything_in_an_unspoiled_set(seed):
    widget = SetSpoiler(seed=seed)
    assert set(widget.verdicts.values()) == {spoiler.MISSES}
    assert widget.values == widget.fresh
    assert "unspoiled. Seen by no measure." in widget.text.value
    test = datasets.load("mnist", split="test").images
    assert len(rows(widget.images)) == 500
    assert rows(widget.images) <= rows(test)


def test_the_set_has_none_of_the_images_that_it_is_compared_with():
    real = spoiler._real(500)
    assert len(real.pool) == 9_500
    assert spoiler.metrics.nearest(real.test_features, spoiler.features.digits()(real.pool)[0])[0].min() > 0


def test_blur_is_seen_by_the_distances_and_recall_and_taken_for_better_by_precision():
    widget = moved(blur=1)
    assert seen(widget) == DISTANCES | {"recall", "inception score"}
    widget.blur.value = 2
    widget.wait()
    assert seen(widget, spoiler.PRAISES) == {"precision"}
    assert "Rated better by precision" in widget.text.value


def test_noise_is_not_seen_by_precision():
    for noise in (0.25, 0.5, 1):
        widget = moved(noise=noise)
        assert seen(widget) >= DISTANCES | {"recall"}
        assert widget.verdicts["precision"] == spoiler.MISSES


def test_a_little_blur_and_noise_are_seen_by_none():
    assert seen(moved(blur=0.25)) == set()
    assert seen(moved(noise=0.0625)) == set()


def test_digits_that_are_left_out_are_seen_by_all_but_precision_and_the_share_of_copies():
    for left_out in (1, 5, 9):
        widget = moved(left_out=left_out)
        assert seen(widget) == DISTANCES | {"recall", "inception score", "class KL"}
    assert len(rows(widget.images)) == 500  # there are enough nines
    test = datasets.load("mnist", split="test")
    assert rows(widget.images) <= rows(test.images[test.labels == 9])


def test_training_images_are_seen_by_the_share_of_copies_alone():
    for copies in (0.0625, 0.5, 1):
        widget = moved(copies=copies)
        assert seen(widget) == {"share of copies"}
        assert len(rows(widget.images) & rows(datasets.load("mnist").images)) == round(500 * copies)
    widget.noise.value = 0.25
    widget.wait()
    assert "share of copies" not in seen(widget)  # some noise hides them


def test_few_different_pictures_are_seen_by_recall_first():
    assert seen(moved(different=250)) >= {"recall"}
    assert seen(moved(different=10)) >= DISTANCES | {"recall", "inception score", "class KL"}
    widget = moved(different=50, blur=0.5, noise=0.125)
    assert len(rows(widget.images)) == 50
    assert torch.equal(widget.images[:50], widget.images[50:100])


def test_what_a_slider_leaves_in_the_set_stays_at_its_place():
    before, some, more = (moved(copies=copies).images for copies in (0, 0.25, 0.5))
    kept = (some == before).flatten(1).all(1)
    assert kept.sum() == 375
    assert not (more == before).flatten(1).all(1)[~kept].any()


def test_reset_puts_all_back():
    fresh = SetSpoiler()
    widget = moved(blur=1, noise=0.5, left_out=3, different=100, copies=0.5)
    assert "blur 1; noise 0.5; without 0, 1, 2; different pictures: 100; 50% training images" in widget.text.value
    widget.reset.click()
    widget.wait()
    assert torch.equal(widget.images, fresh.images)
    assert widget.values == fresh.values
    assert widget.text.value == fresh.text.value


def test_what_goes_wrong_is_said_in_the_widget_and_the_next_move_tries_again(monkeypatch):
    for samples in (128, 1_001):
        assert f"images, not {samples:,}" in SetSpoiler(samples=samples)._message.value
    with monkeypatch.context() as broken:
        broken.setattr(spoiler.features, "digits", lambda: (_ for _ in ()).throw(OSError("no <weights>")))
        widget = SetSpoiler()
        assert "OSError: no &lt;weights&gt;" in widget._message.value
        assert widget.picture.value == b""
        assert "image/png" not in widget._repr_mimebundle_()
    widget.left_out.value = 1
    widget.wait()
    assert widget._message.value == ""
    assert "class KL" in seen(widget)


def test_a_notebook_that_is_only_read_shows_the_sheet_and_the_numbers():
    widget = moved(blur=1)
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    sheet = np.array(Image.open(io.BytesIO(data["image/png"])))
    assert np.array_equal(sheet[::2, ::2], figures.tile(widget.images[:32], pad=1))
    assert "Fréchet distance: " in data["text/plain"]
    assert "precision: 95.2%, rates it better" in data["text/plain"]


@pytest.mark.parametrize("samples", [129, 250, 1_000])
def test_sets_of_other_sizes(samples):
    widget = SetSpoiler(samples=samples)
    assert seen(widget) == set()
    widget.left_out.value = 5
    widget.wait()
    assert seen(widget) >= {"recall", "class KL"}
