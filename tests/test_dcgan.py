"""The DCGAN: its networks, training it in bfloat16, and what it is shown."""

import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import augment, losses, pretrained, shipping, training
from gancourse.networks.dcgan import (
    ConditionalDCGANDiscriminator,
    ConditionalDCGANGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
)
from gancourse.steps import dcgan_step, other_labels

LABELS = torch.tensor([3, 1, 4, 1, 5])


@pytest.mark.parametrize("size", [32, 64])
def test_either_size_makes_pictures_and_one_logit_for_each(size):
    G, D = DCGANGenerator(width=8, size=size).eval(), DCGANDiscriminator(width=8, size=size).eval()
    images = G(training.noise(G, 5))
    assert images.shape == (5, 3, size, size)
    assert images.abs().max() <= 1
    images = torch.randn(5, 3, size, size)
    with torch.no_grad():
        for parameter in D.parameters():
            parameter.mul_(20)  # logits far enough from each other
        logits = D(images)
    assert logits.shape == (5,)
    assert logits.std() > 1
    assert torch.allclose(logits[2:3], D(images[2:3]), rtol=1e-4)


def test_a_size_or_norm_that_does_not_exist_is_refused():
    for make, says in (
        (lambda: DCGANGenerator(size=128), "128"),
        (lambda: DCGANDiscriminator(size=28), "28"),
        (lambda: DCGANDiscriminator(norm="spectrum"), "spectrum"),
    ):
        with pytest.raises(ValueError, match=says):
            make()


def test_every_layer_has_the_shape_that_its_comment_states():
    G, D = DCGANGenerator(width=8, size=64), DCGANDiscriminator(width=8, size=64)
    shapes = []
    for block in [*G.body, *D.features]:
        block.register_forward_hook(lambda block, _, out: shapes.append(tuple(out.shape[1:])))
    D(G(training.noise(G, 2)))
    w, s = 8, 64
    assert shapes == [
        (100, 1, 1),
        (4 * w, s // 8, s // 8),
        (2 * w, s // 4, s // 4),
        (w, s // 2, s // 2),
        (3, s, s),
        (3, s, s),
        (w, s // 2, s // 2),
        (2 * w, s // 4, s // 4),
        (4 * w, s // 8, s // 8),
        (8 * w, 4, 4),
    ]


@pytest.mark.parametrize("make", [DCGANGenerator, DCGANDiscriminator])
@torch.no_grad()
def test_initial_weights_are_those_of_the_paper(make):
    network = make()
    kernels = torch.cat([p.flatten() for p in network.parameters() if p.dim() == 4])
    scales = torch.cat([m.weight for m in network.modules() if isinstance(m, nn.BatchNorm2d)])
    assert abs(float(kernels.std()) - 0.02) < 1e-4
    assert abs(float(kernels.mean())) < 1e-4
    assert abs(float(scales.mean()) - 1) < 0.01
    assert abs(float(scales.std()) - 0.02) < 0.005
    assert all((m.bias == 0).all() for m in network.modules() if getattr(m, "bias", None) is not None)


@torch.no_grad()
def test_spectral_normalisation_bounds_every_kernel():
    D = DCGANDiscriminator(width=8, norm="spectral")
    for _ in range(60):  # each pass in train mode is one more round of the power iteration
        D(torch.randn(2, 3, 32, 32))
    D.eval()
    layers = [m for m in D.modules() if isinstance(m, nn.Conv2d)]
    assert len(layers) == 4
    for layer in layers:
        assert abs(float(torch.linalg.matrix_norm(layer.weight.flatten(1), 2)) - 1) < 0.02


def test_the_conditional_discriminator_adds_a_kernel_of_the_class():
    D = ConditionalDCGANDiscriminator(width=8).eval()
    x = torch.randn(5, 3, 32, 32)
    kernels = D.head.weight + D.code.table.view(10, *D.head.weight.shape[1:])  # one for each class
    h = D.features(x)
    by_hand = torch.stack([(kernels[y] * h[i]).sum() for i, y in enumerate(LABELS)]) + D.head.bias
    assert torch.allclose(D(x, LABELS), by_hand, atol=1e-5)


def test_the_conditional_generator_listens_to_labels_and_shares():
    G = ConditionalDCGANGenerator(width=8).eval()
    z = training.noise(G, 1, seed=0).expand(5, -1)
    images = G(z, LABELS)
    assert images.shape == (5, 3, 32, 32)
    assert torch.equal(images[1], images[3])
    assert not torch.allclose(images[0], images[1], rtol=0, atol=1e-5)
    assert torch.allclose(G(z, nn.functional.one_hot(LABELS, 10).float()), images, rtol=0, atol=1e-7)


# ---- training ----


def toy(steps, folder=None, bf16=True, train_step=None, **settings):
    torch.manual_seed(0)
    G, D = DCGANGenerator(z_dim=8, width=8), DCGANDiscriminator(width=8)
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8, generator=rng)
    train_step = train_step or dcgan_step(gamma=0.1, every=2)
    players = G, D, training.adam(G, 2e-4), training.adam(D, 2e-4)
    settings = {"batch_size": 16, "ema": 0.9, "augment": augment.random_flip, "progress": False} | settings
    return training.fit(train_step, *players, images, steps=steps, folder=folder, bf16=bf16, **settings)


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("train_step", [None, dcgan_step(seen=augment.differentiable)], ids=["R1", "augmented"])
def test_a_training_of_convolutions_resumes_to_the_bit(tmp_path, train_step, bf16):
    whole = toy(9, None, bf16, train_step)
    toy(4, tmp_path, bf16, train_step)
    resumed = toy(9, tmp_path, bf16, train_step)
    for a, b in ((whole.G, resumed.G), (whole.D, resumed.D), (whole.generator, resumed.generator)):
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
            assert torch.equal(x, y)


def test_bf16_is_used_where_the_machine_has_it_and_leaves_the_weights_float32():
    seen = {}

    def train_step(G, D, opt_G, opt_D, real, step):
        with torch.no_grad():
            seen["activations"] = D.features(real).dtype
        return {"one": torch.ones(())}

    for asked in (False, True):
        run = toy(1, bf16=asked, train_step=train_step)
        native = asked and training.has_native_bf16(torch.device("cpu"))
        assert seen["activations"] == (torch.bfloat16 if native else torch.float32)
        assert {p.dtype for p in run.G.parameters()} == {torch.float32}


def test_logits_are_float32_in_mixed_precision_too():
    dtypes = []

    def train_step(G, D, opt_G, opt_D, real, step):
        dtypes.append(D(real).dtype)
        return {"one": torch.ones(())}

    toy(1, train_step=train_step)
    assert dtypes == [torch.float32]


def test_g_is_trained_against_the_new_d_in_bf16_too():
    """Autocast may keep a weight that it has cast; kept over D's update, G would play against the old D."""
    seen = []

    def train_step(G, D, opt_G, opt_D, real, step):
        seen.append(D(real).float().detach())
        D.head.weight.data.mul_(2)  # an update; the head's bias is 0, so every logit doubles
        seen.append(D(real).float().detach())
        return {"one": torch.ones(())}

    toy(1, train_step=train_step)
    assert seen[0].abs().max() > 0
    assert torch.allclose(seen[1], 2 * seen[0], rtol=0.02, atol=0)


def test_a_training_after_steps_by_hand_goes_on_as_one_that_began_with_fit():
    """Fused Adam reads moments in the order in which its weights lie; `fit` changes that order."""
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8, generator=rng)

    def moved(optimizer):
        torch.manual_seed(0)
        G, D = DCGANGenerator(z_dim=8, width=8), DCGANDiscriminator(width=8)
        opt_G, opt_D = optimizer(G), optimizer(D)
        step = dcgan_step()
        for i in range(4):
            torch.manual_seed(i)
            step(G, D, opt_G, opt_D, training.to_unit(images[:16]), i)
        before = D.features[1][0].weight.detach().clone()
        training.fit(step, G, D, opt_G, opt_D, images, steps=1, batch_size=16, progress=False)
        return (D.features[1][0].weight.detach() - before).flatten()

    fused = moved(lambda network: training.adam(network, 2e-4))
    plain = moved(lambda network: torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)))
    assert nn.functional.cosine_similarity(fused, plain, dim=0) > 0.99


@pytest.mark.parametrize("relativistic", [False, True])
def test_a_step_moves_both_players_and_leaves_d_trainable(relativistic):
    G, D = DCGANGenerator(width=8), DCGANDiscriminator(width=8)
    weights = {**dict(G.named_parameters(prefix="G")), **dict(D.named_parameters(prefix="D"))}
    before = {name: w.detach().clone() for name, w in weights.items()}
    opts = training.adam(G, 2e-4), training.adam(D, 2e-4)
    said = dcgan_step(relativistic)(G, D, *opts, torch.rand(8, 3, 32, 32), 1)
    still = {name for name, w in weights.items() if torch.equal(w, before[name])}
    assert still == ({"D.head.bias"} if relativistic else set())  # a difference of logits knows no common shift
    assert all(p.requires_grad for p in D.parameters())
    assert set(said) == {"d_loss", "g_loss", "d_real", "d_fake"}


def test_mismatched_pairs_have_wrong_labels_and_fakes_the_ones_they_were_made_for():
    given = []
    G, D = ConditionalDCGANGenerator(width=8), ConditionalDCGANDiscriminator(width=8)
    D.register_forward_pre_hook(lambda _, arguments: given.append(arguments[1].tolist()))
    opts = training.adam(G, 2e-4), training.adam(D, 2e-4)
    dcgan_step(mismatched=True)(G, D, *opts, torch.rand(5, 3, 32, 32), LABELS, 1)
    right = LABELS.tolist()
    assert given[:2] + given[3:] == [right] * 3  # real and fake for D, fake for G
    assert all(a != b for a, b in zip(given[2], right, strict=True))


def test_a_relativistic_step_takes_no_third_kind_of_pairs():
    with pytest.raises(ValueError, match="third kind"):
        dcgan_step(relativistic=True, mismatched=True)


def test_other_labels_are_all_the_others():
    labels = torch.arange(10).repeat(300)
    others = other_labels(labels, 10)
    pairs = set(zip(labels.tolist(), others.tolist(), strict=True))
    assert pairs == {(a, b) for a in range(10) for b in range(10) if a != b}


def test_what_is_to_be_refused_counts_as_much_as_what_is_to_be_believed():
    a = torch.zeros(4)
    assert torch.allclose(losses.matching_loss(a, a, a), losses.discriminator_loss(a, a))
    b = torch.tensor([3.0, -120.0])
    assert torch.allclose(losses.matching_loss(a[:2], b, b), losses.discriminator_loss(a[:2], b))


def test_the_relativistic_loss_knows_differences_alone():
    a, b = torch.tensor([2.0, -1.0, 120.0]), torch.tensor([-1.0, -1.0, -120.0])
    by_hand = -torch.log(torch.sigmoid((a - b).double())).mean()
    assert torch.allclose(losses.relativistic_loss(a, b).double(), by_hand, atol=1e-6)
    assert torch.allclose(losses.relativistic_loss(a + 7, b + 7), losses.relativistic_loss(a, b), atol=1e-5)
    assert losses.relativistic_loss(b, a).isfinite()


# ---- augmentation ----


def test_a_shift_moves_each_image_by_itself_and_mirrors_at_the_edge():
    place = torch.arange(32.0)
    images = torch.stack([place.expand(32, 32), place[:, None].expand(32, 32)]).expand(300, -1, -1, -1)
    torch.manual_seed(0)
    shifted = augment.random_shift(images, pixels=4)
    assert shifted.shape == images.shape
    right_by, down_by = shifted[:, 0, 10, 10] - 10, shifted[:, 1, 10, 10] - 10
    assert set(right_by.tolist()) == set(down_by.tolist()) == set(range(-4, 5))
    assert abs(float(torch.corrcoef(torch.stack([right_by, down_by]))[0, 1])) < 0.3
    right = shifted[right_by == 2][0, 0, 0]
    assert right[:30].tolist() == list(range(2, 32))
    assert right[30:].tolist() == [30, 29]


def test_colours_are_those_of_the_three_changes_one_after_the_other():
    x = torch.rand(2, 3, 4, 4, dtype=torch.float64) * 2 - 1
    brightness, saturation, contrast = (torch.tensor(v, dtype=torch.float64) for v in ([0.3, 0], [0, 1], [0.5, 1]))
    first, second = augment.recolour(x, brightness, saturation, contrast)
    assert torch.allclose(second, x[1])
    grey = (x[0] + 0.3).mean(0)
    assert torch.allclose(first, (grey.mean() + 0.5 * (grey - grey.mean())).expand(3, 4, 4))


def test_what_moves_out_is_lost_and_grey_comes_in():
    x = torch.arange(1.0, 13).view(1, 1, 3, 4).repeat(3, 1, 1, 1)
    moved = augment.translate(x, torch.tensor([0, 1, -5]), torch.tensor([1, -2, 0]))
    assert moved[0, 0].tolist() == [[0, 1, 2, 3], [0, 5, 6, 7], [0, 9, 10, 11]]
    assert moved[1, 0].tolist() == [[0, 0, 0, 0], [3, 4, 0, 0], [7, 8, 0, 0]]
    assert not moved[2].any()


def test_a_hole_may_reach_over_the_edge():
    x = torch.ones(2, 3, 4, 5)
    cut = augment.cutout(x, torch.tensor([1, -1]), torch.tensor([3, 0]), side=2)
    assert cut[0, 2].tolist() == [[1] * 5, [1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [1] * 5]
    assert cut[1, 0].tolist() == [[0, 0, 1, 1, 1], [1] * 5, [1] * 5, [1] * 5]
    assert x.all()


def test_random_places_and_holes_have_the_ranges_of_the_paper():
    torch.manual_seed(0)
    spot = torch.zeros(4_000, 1, 64, 64)
    spot[:, :, 32, 32] = 1
    places = augment.random_place(spot).flatten(1).argmax(1)
    rows, columns = places // 64, places % 64
    assert set(rows.tolist()) == set(columns.tolist()) == set(range(24, 41))
    holes = augment.random_hole(torch.ones(4_000, 1, 64, 64))[:, 0] == 0
    rows = holes.any(2).sum(1)  # that have lost something
    assert (int(rows.min()), int(rows.max())) == (16, 32)


def test_gradients_come_back_through_the_augmentation_to_what_is_still_seen():
    torch.manual_seed(0)
    x = (torch.rand(16, 3, 64, 64) - 0.5).requires_grad_()
    seen = augment.random_hole(augment.random_place(x))
    (gradient,) = torch.autograd.grad(seen.sum(), x)
    assert torch.equal(gradient.sum((1, 2, 3)), (seen != 0).sum((1, 2, 3)).float())
    assert set(gradient.unique().tolist()) == {0, 1}
    (gradient,) = torch.autograd.grad(augment.differentiable(x).square().sum(), x)
    assert gradient.isfinite().all()
    assert gradient.flatten(1).any(1).all()


def test_every_image_that_D_is_shown_is_changed_the_same_way():
    """Real images, fakes in both turns, wrong labels and the penalty: all of them, or the change leaks into the samples."""
    shown = []

    class Watching(ConditionalDCGANDiscriminator):
        def forward(self, x, labels):
            shown.append(x.detach().float())
            return super().forward(x, labels)

    def seen(images):
        return images.masked_fill(torch.arange(32) < 16, 0)

    G, D = ConditionalDCGANGenerator(width=8), Watching(width=8)
    step = dcgan_step(gamma=1.0, every=1, mismatched=True, seen=seen)
    optimisers = [training.adam(network, 2e-4) for network in (G, D)]
    step(G, D, *optimisers, torch.rand(5, 3, 32, 32) * 2 - 1, LABELS, 1)
    assert len(shown) == 5
    for images in shown:
        assert not images[..., :16].any()
        assert images[..., 16:].flatten(1).any(1).all()
    assert any(p.grad.any() for p in G.parameters())


# ---- shipping ----


def test_pictures_of_samples_and_curves_lie_beside_the_card(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path)
    (tmp_path / "toy").mkdir()
    shipping.draw("toy", toy(8))
    for name in ("samples.png", "curves.png"):
        with Image.open(tmp_path / "toy" / name) as picture:
            assert picture.width > 300
            assert len(picture.convert("RGB").getcolors(2**24)) > 50
