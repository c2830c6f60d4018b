"""The latent explorer without a browser: its state, its picture, its refusals."""

import io

import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.training import noise, to_uint8
from gancourse.widgets import LatentExplorer


class TinyGenerator(nn.Module):
    z_dim = 12

    def __init__(self, shape=(1, 4, 4)):
        super().__init__()
        self.shape = shape
        torch.manual_seed(0)
        self.linear = nn.Linear(12, torch.Size(shape).numel())

    def forward(self, z):
        return torch.tanh(self.linear(z)).view(-1, *self.shape)


def shown(explorer) -> torch.Tensor:
    """The picture as the browser decodes it, without its enlargement, (C, H, W)."""
    picture = Image.open(io.BytesIO(explorer.picture.value))
    enlarged = torch.tensor(list(picture.tobytes()), dtype=torch.uint8).view(picture.height, picture.width, -1)
    factor = picture.height // explorer.image.shape[1]
    return enlarged[::factor, ::factor].permute(2, 0, 1)


def expected(explorer) -> torch.Tensor:
    with torch.no_grad():
        return to_uint8(explorer.generator(explorer.z[None]))[0]


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 4)])
def test_the_picture_is_g_of_the_shown_z(shape):
    explorer = LatentExplorer(TinyGenerator(shape), sliders=5)
    assert len(explorer.sliders) == 5
    assert torch.equal(shown(explorer), expected(explorer))
    before = shown(explorer)
    explorer.sliders[2].value = 2.5
    assert explorer.z[2] == 2.5
    assert torch.equal(shown(explorer), expected(explorer))
    assert not torch.equal(shown(explorer), before)


def test_a_seed_draws_a_whole_new_z_and_moves_the_sliders():
    explorer = LatentExplorer(TinyGenerator(), seed=3)
    explorer.seed.value = 7
    drawn = noise(explorer.generator, 1, 7)[0]
    assert torch.equal(explorer.z[8:], drawn[8:])
    assert [s.value for s in explorer.sliders] == pytest.approx(drawn[:8].clamp(-3, 3).tolist(), abs=0.026)
    assert [s.value for s in explorer.sliders] == pytest.approx(explorer.z[:8].tolist())
    assert torch.equal(shown(explorer), expected(explorer))
    explorer.next_seed.click()
    assert explorer.seed.value == 8
    assert torch.equal(explorer.z[8:], noise(explorer.generator, 1, 8)[0][8:])


def test_a_uniform_prior_has_sliders_from_minus_one_to_one():
    generator = TinyGenerator()
    generator.prior = "uniform"
    assert [(s.min, s.max) for s in LatentExplorer(generator).sliders] == [(-1, 1)] * 8


def test_readers_without_widgets_get_a_png():
    bundle = LatentExplorer(TinyGenerator())._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert Image.open(io.BytesIO(data["image/png"])).size == (280, 280)


def test_generators_that_cannot_be_shown_are_refused_in_words():
    generator = TinyGenerator()
    generator.z_dim = None
    with pytest.raises(ValueError, match="z_dim"):
        LatentExplorer(generator)
    with pytest.raises(ValueError, match=r"\(1, 16, 1, 1\).*the explorer shows images"):
        LatentExplorer(TinyGenerator((16, 1, 1)))
    broken = TinyGenerator()
    nn.init.constant_(broken.linear.bias, float("nan"))
    with pytest.raises(ValueError, match="NaN"):
        LatentExplorer(broken)
