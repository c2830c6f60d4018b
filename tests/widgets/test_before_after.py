"""The widget that compares ways to enlarge a picture."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import datasets, fidelity, pretrained, recipes
from gancourse.widgets import BeforeAfter
from gancourse.widgets.before_after import BICUBIC, ORIGINAL, SMALL

WAYS = [SMALL, BICUBIC, "SRResNet", "SRGAN", ORIGINAL]


def held_out(number: int) -> torch.Tensor:
    return datasets.load("pokemon", "test").images[number]


def decoded(png: bytes) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(io.BytesIO(png)).convert("RGB"))).permute(2, 0, 1)


def file_of(image: torch.Tensor, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(buffer, kind)
    return buffer.getvalue()


def test_it_shows_a_held_out_picture_in_five_ways():
    widget = BeforeAfter(number=3)
    assert widget.divider.names == list(widget.images) == WAYS
    small = recipes.shrunk(held_out(3)[None])
    expected = [fidelity.interpolated(small, mode)[0] for mode in ("nearest", "bicubic")]
    expected += [fidelity.enlarged(pretrained.load("pokemon_srgan", n).generator, small)[0] for n in (1, 2)]
    for png, image in zip(widget.divider.pictures, [*expected, held_out(3)], strict=True):
        assert torch.equal(decoded(png), image)
    assert (widget.divider.left, widget.divider.right) == (WAYS.index(BICUBIC), WAYS.index("SRGAN"))
    value = fidelity.psnr(expected[2][None], held_out(3)[None]).item()
    assert f"SRResNet {value:.1f} dB" in widget.text.value


def test_another_picture_keeps_what_was_chosen():
    widget = BeforeAfter()
    widget.divider.left, widget.divider.place, widget.divider.zoom = 0, 20, 4
    widget.number.value = 7
    assert torch.equal(decoded(widget.divider.pictures[-1]), held_out(7))
    assert widget.divider.label == "held-out picture 7"
    assert (widget.divider.left, widget.divider.place, widget.divider.zoom) == (0, 20, 4)


def test_a_picture_of_the_readers_own():
    widget = BeforeAfter()
    widget.file.hear({"kind": "file"}, [file_of(held_out(5))])
    assert torch.equal(decoded(widget.divider.pictures[-1]), held_out(5))
    assert widget.divider.label == "your picture"
    widget.file.hear({"kind": "file"}, [b"no picture"])
    assert "no picture that can be read" in widget.message.value
    assert widget.divider.label == "your picture"
    widget.number.value = 1
    assert not widget.message.value


def test_networks_of_ones_own_stand_beside_the_shipped_ones():
    yours = pretrained.load("pokemon_srgan", 1).generator
    widget = BeforeAfter(networks={"yours": yours})
    assert widget.divider.names == [*WAYS[:-1], "yours", ORIGINAL]
    assert widget.divider.pictures[2] == widget.divider.pictures[4]


def test_readers_without_widgets_get_a_picture():
    bundle = BeforeAfter()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    png = data["image/png"]
    picture = Image.open(io.BytesIO(base64.b64decode(png) if isinstance(png, str) else png))
    assert picture.width > 400


def test_the_photographs_have_one_too():
    widget = BeforeAfter("cifar10_srgan", number=2)
    assert widget.images["SRGAN"].shape == (3, 32, 32)


def test_what_does_not_enlarge_or_is_named_like_another_is_refused():
    with pytest.raises(ValueError, match="mnist_better does not enlarge pictures"):
        BeforeAfter("mnist_better")
    with pytest.raises(ValueError, match="'original' is the name of another picture"):
        BeforeAfter(networks={"original": pretrained.load("pokemon_srgan").generator})
