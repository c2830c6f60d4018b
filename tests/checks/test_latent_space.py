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
    assert "it does not end. Draw again the single numbers" in said(latent_space.truncated_noise, whole_rows_again, strict)
