"""Measures of small sets, on made-up pictures whose answer is known."""

import pytest
import torch

from gancourse import datasets, features, metrics, shipping, small_sets


def drawn(n: int, seed: int) -> torch.Tensor:
    """Return pictures uint8 (n, 3, 8, 8), each of four colours that it does not share with others."""
    colours = torch.randint(0, 256, (n, 3, 2, 2), generator=torch.Generator().manual_seed(seed))
    return colours.repeat_interleave(4, 2).repeat_interleave(4, 3).to(torch.uint8)


@pytest.fixture
def toy(monkeypatch):
    """A dataset of 60 training pictures and 40 held-out ones, and features that are every fourth pixel."""
    sets = {"train": drawn(60, 1), "test": drawn(40, 2)}

    def load(name, split="train"):
        return datasets.ImageDataset(sets[split], None, (), name, split, "")

    monkeypatch.setattr(datasets, "load", load)
    small_sets.pictures.cache_clear()
    small_sets._searched_pixels.cache_clear()
    yield (
        sets,
        features.FeatureNetwork("toy", "0" * 64, 48, (3, 8, 8), lambda x: (x[..., ::2, ::2].flatten(1) / 255.0, None)),
    )
    small_sets.pictures.cache_clear()
    small_sets._searched_pixels.cache_clear()


def test_training_pictures_are_copies_and_new_ones_are_not(toy):
    sets, network = toy
    replay, new = (small_sets.evaluate_images(x, "toy", network) for x in (sets["train"][:30], drawn(400, 3)))
    assert (replay.copied, replay.copied_pixels) == (1, 1)
    assert max(new.copied, new.copied_pixels) < 0.06


def test_a_mirrored_training_picture_is_a_copy(toy):
    sets, network = toy
    mirrored = small_sets.evaluate_images(sets["train"].flip(-1), "toy", network)
    assert (mirrored.copied, mirrored.copied_pixels) == (1, 1)


def test_the_closest_pairs_are_the_nearest_and_come_first(toy):
    sets, network = toy
    images = drawn(50, 4)
    images[[7, 31]] = sets["train"][[5, 6]]
    images[31, 0, 0, 0] += 40  # a feature of it
    images[12] = sets["train"][9].flip(-1)
    images[12, :, 0, 0] //= 2
    own, theirs = small_sets.evaluate_images(images, "toy", network).closest(3)
    assert torch.equal(own[0], images[7])
    assert torch.equal(theirs[0], sets["train"][5])
    assert {tuple(x.flatten().tolist()) for x in own[1:]} == {tuple(images[i].flatten().tolist()) for i in (31, 12)}
    assert any(torch.equal(x, sets["train"][9].flip(-1)) for x in theirs)


def test_a_replay_is_near_to_all_real_pictures_and_only_its_share_of_copies_tells(toy):
    sets, network = toy
    report, new = (small_sets.evaluate_images(x, "toy", network) for x in (sets["train"], drawn(60, 3)))
    for value, error in (
        report.kernel_to_held_out,
        new.kernel_to_held_out,
        report.kernel_to_train,
        new.kernel_to_train,
    ):
        assert value < 3 * error
    assert new.copied < 0.1
    value, error = metrics.kernel_distance(report.features, network(sets["test"])[0])
    assert report.kernel_to_held_out == (value, error)
    controls = report.real.controls
    assert controls["training pictures"][0] < controls["blur"][0]
    assert controls["training pictures"][0] < controls["noise"][0]
    figures = report.as_dict()
    assert figures["copied"] == 1
    assert figures["samples"] == 60
    assert set(figures["controls"]) == {"training pictures", "blur", "noise"}


def test_the_table_holds_the_figures_beside_those_of_the_controls(toy):
    sets, network = toy
    report = small_sets.evaluate_images(sets["train"][:30], "toy", network)
    head, names, to_held_out, to_train, _, copies, in_pixels = report.table("a replay").splitlines()
    assert head.startswith("a replay: 30 pictures beside 40 held-out and 60 training pictures of toy")
    assert names.split() == ["kernel", "distance", "generated", "training", "pictures", "blur", "noise"]
    measured = [report.kernel_to_held_out, *report.real.controls.values()]
    assert to_held_out.split() == ["to", "held-out", *" ".join(map(small_sets.in_words, measured)).split()]
    assert to_train.split()[2:] == small_sets.in_words(report.kernel_to_train).split()
    assert copies.split()[-2:] == in_pixels.split()[-2:] == ["100.0%", "1.0%"]
    assert f"{small_sets.in_words(report.kernel_to_held_out)} to held-out" in report.line("a replay")
    assert report.headline == report.kernel_to_held_out[0]


def test_a_small_set_is_measured_in_its_own_way(toy):
    _, network = toy
    G = torch.nn.Sequential(torch.nn.Linear(4, 192), torch.nn.Tanh(), torch.nn.Unflatten(1, (3, 8, 8)))
    G.z_dim = 4
    report = shipping.measure(G, "toy", 50, network)
    assert isinstance(report, small_sets.Report)
    assert report.images.shape == (50, 3, 8, 8)


def test_pictures_of_another_size_are_refused_before_anything_is_computed(toy):
    _, network = toy
    with pytest.raises(ValueError, match=r"have the shape \(3, 16, 16\), those of toy \(3, 8, 8\)"):
        small_sets.evaluate_images(torch.zeros(5, 3, 16, 16, dtype=torch.uint8), "toy", network)


def test_which_sets_are_small(toy):
    _, network = toy
    assert small_sets.is_small("toy", network)
    few = features.FeatureNetwork("few", "0" * 64, 12, (3, 8, 8), network.run)
    assert not small_sets.is_small("toy", few)
