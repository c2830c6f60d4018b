"""Lesson 8: what answers are told that no declared mistake fits exactly, and one that never ends."""

import pytest
import torch

from gancourse.checks import circumstances, latent_space


def said(exercise, answer, strict: bool) -> str:
    return " ".join(exercise.examine(answer, seed=int(strict), strict=strict)[0].split())


def whole_rows_again(n, z_dim, limit):
    z = torch.randn(n, z_dim)
    while (outside := (z.abs() > limit).any(1)).any():
        z[outside] = torch.randn(int(outside.sum()), z_dim)
    return z


@pytest.mark.parametrize("strict", [False, True])
def test_noise_whose_whole_rows_are_drawn_again_never_ends(monkeypatch, strict):
    monkeypatch.setattr(circumstances, "SECONDS", 1)  # far more than the other cases take
    assert "it does not end. Draw again the single numbers" in said(
        latent_space.truncated_noise, whole_rows_again, strict
    )


def from_a_small_start(G, images):
    was_training = G.training
    G.eval()
    z = (0.01 * torch.randn(len(images), G.z_dim)).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.1)
    for _ in range(200):
        z.grad = torch.autograd.grad((G(z) - images).square().mean((1, 2, 3)).sum(), z)[0]
        optimizer.step()
        z.data *= (1.4 * G.z_dim**0.5 / z.data.norm(dim=1, keepdim=True)).clamp(max=1)
    G.train(was_training)
    return z.detach()


def smallest_components(activations, z, k):
    centred = activations - activations.mean(0)
    _, vectors = torch.linalg.eigh(centred.double().T @ centred.double() / len(z))
    return torch.nn.functional.normalize((centred @ vectors[:, :k].float()).T @ z, dim=1)


def few_random_components(activations, z, k):
    torch.rand(3)  # other random numbers than a declared mistake's
    components = torch.pca_lowrank(activations, q=k)[2].T
    centred = activations - activations.mean(0)
    return torch.nn.functional.normalize((centred @ components.T).T @ z, dim=1)


def empty_groups(z, values, n):
    order = values.argsort(descending=True)
    return z[order[: n - 1]].mean(0) - z[order[-n:-1]].mean(0)


def lengths_of_all(a, b, t):
    """Everything right but the lengths, which are those of the whole matrices."""
    t = t[:, None]
    unit_a, unit_b = a / a.norm(), b / b.norm()
    angle = torch.cosine_similarity(a, b)[:, None].clamp(-1, 1).arccos()
    arc = (((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b) / angle.sin()
    return torch.where(angle.sin() < 1e-3, torch.lerp(a, b, t), arc * ((1 - t) * a.norm() + t * b.norm()))


def zeros_outside(n, z_dim, limit):
    z = torch.randn(n, z_dim)
    z[z.abs() > limit] = 0
    return z


TOLD = [
    (latent_space.slerp, lengths_of_all, "Each row has its own: norm(dim=1, keepdim=True)"),
    (latent_space.truncated_noise, zeros_outside, "many numbers are exactly 0"),
    (latent_space.activation_directions, smallest_components, "the components with the *smallest* variance"),
    (latent_space.activation_directions, few_random_components, "pca_lowrank only approximate"),
    (latent_space.group_direction, empty_groups, "for a group that is empty, mean(0) is NaN"),
    (latent_space.invert, from_a_small_start, "the start is poor"),
]


@pytest.mark.parametrize(("exercise", "answer", "says"), TOLD, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("strict", [False, True])
def test_the_message_speaks_of_the_cause(exercise, answer, says, strict):
    assert says in said(exercise, answer, strict)
