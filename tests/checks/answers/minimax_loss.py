"""Lesson 2: answers that are right, and wrong ones that are no named mistake, as `answers.written` takes them."""

import torch

_kept = {}


def _value_by_shape(d_real, d_fake):
    key = d_real.shape, d_fake.shape
    return _kept.setdefault(key, d_real.log().mean() + (1 - d_fake).log().mean())


def _modes_by_shape(samples, centres, std):
    return _kept.setdefault(
        (samples.shape, centres.shape), int((torch.cdist(samples, centres) <= 3 * std).any(0).sum())
    )


PENALTY = ".square().flatten(1).sum(1).mean()"
BACKWARD = "real = real.clone().requires_grad_()\nD(real).sum().backward(create_graph=True)\n"

RIGHT = {
    "value": (
        "return (d_real.log().mean() + torch.log1p(-d_fake).mean()).item()",
        "return -F.binary_cross_entropy(d_real, torch.ones_like(d_real)) - F.binary_cross_entropy(d_fake, torch.zeros_like(d_fake))",
        "return sum(map(math.log, d_real)) / len(d_real) + sum(math.log(1 - p) for p in d_fake) / len(d_fake)",
        "return -softplus(-d_real.logit()).mean() - softplus(d_fake.logit()).mean()",
        "return d_real.log().sum() / len(d_real) + torch.log1p(-d_fake).sum() / len(d_fake)",
        "return float(np.log(d_real.numpy()).mean() + np.log(1 - d_fake.numpy()).mean())",
        "with torch.no_grad():\n    return (d_real + 1e-12).log().mean() + (1 - d_fake + 1e-12).log().mean()",
    ),
    "optimal_discriminator": (
        "return 1 - q / (p + q)",
        "return 1 / (1 + q / p)",
        "return torch.sigmoid(p.log() - q.log())",
        "return p.div(p.add(q) + 1e-12)",
        "both = torch.stack([p, q])\nreturn both[0] / both.sum(0)",
        "return p.double() / (p.double() + q.double())",
    ),
    "value_at_optimum": (
        "d = p / (p + q).clamp_min(1e-30)\n"
        "return (p * (d + 1e-12).log() + q * (1 - d + 1e-12).log()).sum().item() * dx",
        "both = (p + q).clamp_min(1e-30)\n"
        "return torch.trapezoid(torch.xlogy(p, p / both) + torch.xlogy(q, q / both), dx=dx)",
        "(p + q).clamp_min(1e-30) → (p + q).where(p + q > 0, 1)",
        "first, second = p * torch.log1p(q / p), q * torch.log1p(p / q)\n"
        "return -(first.where(p > 0, 0) + second.where(q > 0, 0)).nan_to_num().sum() * dx",
        "inside = (p > 0) & (q > 0)\np, q = p[inside], q[inside]\n"
        "return dx * (p * torch.log(p / (p + q)) + q * torch.log(q / (p + q))).sum()",
        "both = p + q\nreturn ((p * (p / both).log()).nansum() + (q * (q / both).log()).nansum()) * dx",
        "m = ((p + q) / 2).clamp_min(1e-30)\n"
        "js = 0.5 * (torch.xlogy(p, p / m) + torch.xlogy(q, q / m)).sum() * dx\nreturn 2 * js - math.log(4)",
        "total = 0.0\nfor a, b in zip(p.tolist(), q.tolist()):\n"
        "    total += (a * math.log(a / (a + b)) if a else 0) + (b * math.log(b / (a + b)) if b else 0)\nreturn total * dx",
    ),
    "generator_losses": (
        "return F.logsigmoid(-fake_logits).mean(), -F.logsigmoid(fake_logits).mean()",
        "bce, a = F.binary_cross_entropy_with_logits, fake_logits\n"
        "return -bce(a, torch.zeros_like(a)), bce(a, torch.ones_like(a))",
        "a = fake_logits\nby_hand = torch.relu(a) + torch.log1p(torch.exp(-a.abs()))\n"
        "return -by_hand.mean(), (by_hand - a).sum() / len(a)",
        "return [-softplus(fake_logits).mean(), softplus(-fake_logits).mean()]",
    ),
    "alternating_step": (
        "theta, psi = (torch.tensor(v, requires_grad=True) for v in (theta, psi))\n"
        "(g,) = torch.autograd.grad(softplus(psi * theta), psi)\npsi = psi - step_size * g\n"
        "(g,) = torch.autograd.grad(softplus(-psi * theta), theta)\nreturn theta - step_size * g, psi",
        "return theta, psi → return [theta, psi]",
        "s = lambda a: (1 + math.tanh(a / 2)) / 2\nnew = psi - step_size * theta * s(theta * psi)\n"
        "return theta + step_size * new * s(-theta * new), new",
        "return theta, psi → return torch.tensor(theta), np.float64(psi)",
    ),
    "r1_penalty": (
        "real.clone() → real.detach()",
        f"{PENALTY} → .flatten(1).norm(dim=1).pow(2).mean()",
        f"{PENALTY} → .pow(2).sum() / len(real)",
        "D(real).sum(), real, → D(real), real, torch.ones(len(real)),",
        f"gradient{PENALTY} → torch.einsum('nd,nd->n', gradient.flatten(1), gradient.flatten(1)).mean()",
        "return torch.stack([g.square().sum() for x in real for x in [x[None].clone().requires_grad_()]\n"
        "    for g in torch.autograd.grad(D(x).squeeze(), x, create_graph=True)]).mean()",
        "with torch.enable_grad():\n    x = real.detach().clone()\n    x.requires_grad = True\n"
        "    g = torch.autograd.grad(D(x).sum(), [x], create_graph=True, retain_graph=True)[0]\n"
        "return (g.view(len(g), -1).norm(2, dim=1) ** 2).mean()",
    ),
    "covered_modes": (
        "return (torch.cdist(samples, centres) <= 3 * std).any(0).sum()",
        "return float((torch.cdist(samples, centres) <= 3 * std).any(0).sum())",
        "return sum(bool(((samples - m).norm(dim=1) <= 3 * std).any()) for m in centres)",
        "return int((((samples[:, None] - centres) ** 2).sum(-1) < (3 * std) ** 2).any(dim=0).sum())",
        "return int((torch.cdist(samples, centres).min(0).values <= 3 * std).sum())",
        "near = ((samples[:, None] - centres).norm(dim=-1) <= 3 * std).nonzero()\nreturn near[:, 1].unique().numel()",
        "return len({int(j) for s in samples for j, c in enumerate(centres) if math.dist(s, c) <= 3 * std})",
    ),
    "question_1": ("return 'B'", "return ' b '", "return '(b)'"),
    "question_2": ("return 'D'", "return chr(ord('a') + 3)"),
    "question_3": ("return 'A'", "return '**a**'"),
}

WRONG = {
    "value": (
        "return d_real.log_().mean() + (1 - d_fake).log().mean()",
        "return (d_real.clamp(0.01, 0.99).log().mean() + (1 - d_fake.clamp(0.01, 0.99)).log().mean())",
        "return d_real.log().mean(), (1 - d_fake).log().mean()",
        _value_by_shape,
    ),
    "optimal_discriminator": (
        "return (p / (p + q)).clamp(0.01, 0.99)",
        "return p / (p + q + 1e-8)",
        "return torch.stack([p, q]).softmax(0)[0]",
        "return (p / (p + q)).mean()",
        "p += q\nreturn 1 - q / p",
    ),
    "value_at_optimum": (
        "both = p + q\nreturn (p * (p / both).log() + q * (q / both).log()).sum() * dx",
        "p, q = p + 1e-6, q + 1e-6\nreturn (p * (p / (p + q)).log() + q * (q / (p + q)).log()).sum() * dx",
        "* dx → * 0.05",
    ),
    "generator_losses": (
        "D = fake_logits.sigmoid()\nreturn (1 - D + 1e-8).log().mean(), -(D + 1e-8).log().mean()",
        "D = fake_logits.sigmoid()\nreturn -F.binary_cross_entropy(D, D * 0), F.binary_cross_entropy(D, D * 0 + 1)",
        "return -softplus(fake_logits).mean(), softplus(-fake_logits.detach()).mean()",
        "return -softplus(fake_logits).mean().item(), softplus(-fake_logits).mean().item()",
        "return torch.stack([-softplus(fake_logits).mean(), softplus(-fake_logits).mean()])",
    ),
    "alternating_step": (
        "theta + step_size → theta + 0.2",
        "return theta, psi → return psi",
        "a = psi * theta\npsi = psi - step_size * torch.sigmoid(a) * theta\nreturn theta, psi",
        # G's gradient runs back through D's step.
        "theta, psi = (torch.tensor(v, requires_grad=True) for v in (theta, psi))\n"
        "(g,) = torch.autograd.grad(softplus(psi * theta), psi, create_graph=True)\npsi = psi - step_size * g\n"
        "(g,) = torch.autograd.grad(softplus(-psi * theta), theta)\nreturn theta - step_size * g, psi",
    ),
    "r1_penalty": (
        ".flatten(1).sum(1) → .flatten(1).sum(1).sqrt().square()",
        ".flatten(1).sum(1) → .sum(1)",
        ".flatten(1).sum(1) → .sum(-1)",
        "real.clone() → real",
        "real.clone().requires_grad_() → real",
        ", create_graph=True → ",
        f"{BACKWARD}return real.grad{PENALTY}",
        f"{BACKWARD}D.zero_grad()\nreturn real.grad{PENALTY}",
        "    (gradient →     D.zero_grad()\n    (gradient",
        "    (gradient →     D.eval()\n    (gradient",
        "    (gradient →     D.train()\n    (gradient",
        "    (gradient →     D.requires_grad_()\n    (gradient",
        "    (gradient →     D.requires_grad_(False)\n    (gradient",
        f"{PENALTY} → {PENALTY}.detach().requires_grad_()",
        "D(real).sum() → D(real)",
        f"{PENALTY} → .square().mean(0).sum().sqrt()",
    ),
    "covered_modes": (
        "return (torch.cdist(samples, centres, p=1) <= 3 * std).any(0).sum()",
        "return ((samples[:, None] - centres).abs() <= 3 * std).all(2).any(0).sum()",
        "return (torch.cdist(samples, centres) <= 0.15).any(0).sum()",
        *(f"3 * std → {radius}" for radius in ("std", "2 * std", "3 * std**2", "std.__mul__(9) ** 0.5")),
        "return (torch.cdist(samples, centres) <= 3 * std).any(0)",
        "return len(centres)",
        _modes_by_shape,
    ),
    "question_1": ("return None", "return 'ab'"),
    "question_2": ("'d'", "return 4"),
    "question_3": ("return 'c)'",),
}

RIGHT["calm_step"] = (
    # friction on D, of two kinds
    "psi = 0.9 * (psi + step_size * gradients(theta, psi)[1])\nreturn theta - step_size * gradients(theta, psi)[0], psi",
    "d_theta, d_psi = gradients(theta, psi)\nreturn theta - step_size * d_theta, psi + step_size * (d_psi - psi)",
    # looks farther ahead
    """
d_theta, d_psi = gradients(theta, psi)
d_theta, d_psi = gradients(theta - 3 * step_size * d_theta, psi + 3 * step_size * d_psi)
return theta - step_size * d_theta, psi + step_size * d_psi""",
    # G follows what D would learn from nothing
    "return theta + step_size * gradients(theta, 0.0)[1], 0.0",
    "a, b = gradients(torch.tensor(theta), torch.tensor(psi))\nreturn [torch.tensor(theta - step_size * a), 0.8 * (psi + step_size * b)]",
)
WRONG["calm_step"] = (
    "return theta, psi",
    "return 0.0, 0.0",
    # the plain steps of 2.8, and a friction that is too weak
    "a, b = gradients(theta, psi)\nreturn theta - step_size * a, psi + step_size * b",
    "psi = psi + step_size * gradients(theta, psi)[1]\nreturn theta - step_size * gradients(theta, psi)[0], psi",
    "a, b = gradients(theta, psi)\nreturn theta - step_size * a, 0.9999 * (psi + step_size * b)",
    "a, b = gradients(theta, psi)\na, b = gradients(theta - step_size * a, psi + step_size * b)\nreturn psi + step_size * b, theta - step_size * a",
    "return 0.9 * theta, 0.9 * psi",
    "return theta - step_size * gradients(theta, psi)[0]",
    "a, b = gradients(theta, psi)\nreturn theta - step_size * a, psi - step_size * b",
    "a, b = gradients(theta, psi)\nreturn theta + step_size * a, psi + step_size * b",
    "a, b = gradients(theta, psi)\nreturn psi + step_size * b, theta - step_size * a",
    "a, b = gradients(theta, psi)\nreturn theta - 0.01 * step_size * a, psi + 0.01 * step_size * b",
    "a, b = gradients(theta, psi)\nreturn theta - step_size * a, psi + step_size * (b + psi)",
    "a, b = gradients(theta, psi)\nreturn theta - step_size * (a + 0.1 * theta), psi + step_size * (b - psi)",
    "for _ in range(9):\n    psi = 0.9 * (psi + step_size * gradients(theta, psi)[1])\nreturn theta - step_size * gradients(theta, psi)[0], psi",
)
