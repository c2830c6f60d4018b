"""Lesson 3: right answers that are written differently, and wrong ones that are no named mistake."""

from itertools import pairwise

import torch
from torch import nn

Z_DIM = 64


class OtherOrder(nn.Module):
    """The generator, written with functions, its layers made in another order than they run."""

    z_dim = Z_DIM

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 28 * 28)
        self.second = nn.Linear(128, 128)
        self.first = nn.Linear(Z_DIM, 128)

    def forward(self, z):
        h = nn.functional.leaky_relu(self.first(z), 0.2)
        h = self.second(h)
        h = torch.where(h > 0, h, 0.2 * h)
        return torch.tanh(self.out(h)).reshape(len(z), 1, 28, 28)


class Bare(nn.Module):
    """The generator without a layer: matrices and vectors."""

    z_dim = Z_DIM

    def __init__(self):
        super().__init__()
        sizes = (Z_DIM, 128, 128, 784)
        self.matrices = nn.ParameterList(torch.randn(a, b) for a, b in pairwise(sizes))
        self.vectors = nn.ParameterList(torch.zeros(b) for b in sizes[1:])

    def forward(self, z):
        activations = (lambda h: torch.maximum(h, 0.2 * h),) * 2 + (torch.tanh,)
        for matrix, vector, activation in zip(self.matrices, self.vectors, activations, strict=True):
            z = activation(z @ matrix + vector)
        return z.unflatten(1, (1, 28, 28))


def by_hand(a):
    """Softplus, written so that exp() cannot overflow."""
    return torch.relu(a) + torch.log1p(torch.exp(-a.abs()))


def labels_of(real, fake, reduction="mean"):
    """Return a loss by binary cross-entropy with logits against these labels."""
    bce = nn.functional.binary_cross_entropy_with_logits
    return lambda r, f: (
        bce(r, torch.full_like(r, real), reduction=reduction) + bce(f, torch.full_like(f, fake), reduction=reduction)
    )


def epochs(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
    history, step = [], 0
    while step < steps:
        for picked in torch.randperm(len(images)).split(batch_size):
            if len(picked) < batch_size or step == steps:
                break
            step += 1
            history.append(train_step(G, D, opt_G, opt_D, images[picked].float().div(127.5).sub(1), step))
    return history


def with_loader(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
    data = torch.utils.data.TensorDataset(images.float() / 127.5 - 1)
    sampler = torch.utils.data.RandomSampler(data, replacement=True, num_samples=steps * batch_size)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, sampler=sampler)
    return [train_step(G, D, opt_G, opt_D, real, step) for step, (real,) in enumerate(loader, start=1)]


def functional_step(G, D, opt_G, opt_D, real, step, d_loss_function=None):
    """The step with torch.func: gradients are computed as values and put into .grad."""
    from torch.func import functional_call, grad_and_value

    d_loss_function = d_loss_function or labels_of(1.0, 0.0)

    def draw():
        return torch.randn(len(real), Z_DIM)

    def d_loss_of(parameters, fake):
        logits = [functional_call(D, parameters, (images,)) for images in (real, fake)]
        return d_loss_function(*logits), [a.detach() for a in logits]

    gradients, (d_loss, (r, f)) = grad_and_value(d_loss_of, has_aux=True)(
        dict(D.named_parameters()), G(draw()).detach()
    )
    opt_D.zero_grad()
    for name, p in D.named_parameters():
        p.grad = gradients[name] if p.requires_grad else None
    opt_D.step()
    g_loss = nn.functional.softplus(-D(G(draw()))).mean()
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()
    shares = {"d_real": (r > 0).float().mean(), "d_fake": (f < 0).float().mean()}
    return {"d_loss": d_loss.detach(), "g_loss": g_loss.detach()} | shares


FAKE = "fake = G(draw_noise(len(real), real.device)).detach()"
IN_G = "D(G(draw_noise(len(real), real.device)))"
ASKS = "real_logits, fake_logits = D(real), D(fake)"
TAKE = "    for p, g in zip({0}.parameters(), torch.autograd.grad({1}, list({0}.parameters())), strict=True):\n        p.grad = g\n"
D_ZERO, G_ZERO = "    opt_D.zero_grad()\n", "    opt_G.zero_grad()\n"
D_STEP, G_STEP = "    opt_D.step()\n", "    opt_G.step()\n"
NOT_CUT = f"{FAKE} → {FAKE.removesuffix('.detach()')}"
PICKED, REAL = "picked = torch.randint(len(images), (batch_size,))", "real = images[picked].float() / 127.5 - 1"
VIEW = ".view(-1, 1, 28, 28)"

RIGHT = {
    "draw_noise": (
        "return torch.normal(0.0, 1.0, (n, Z_DIM), device=device)",
        "return torch.empty(n, Z_DIM, device=device).normal_()",
        "return torch.randn(n * Z_DIM).reshape(n, Z_DIM).to(device)",
        "return torch.distributions.Normal(0.0, 1.0).sample((n, Z_DIM)).to(device)",
        lambda n, device=None: torch.stack([torch.randn(Z_DIM, device=device) for _ in range(n)]),
        "values = torch.randn(n, Z_DIM, device=device)\nassert abs(values.mean().item()) < 10\nreturn values",
    ),
    "Generator": (
        OtherOrder,
        Bare,
        f"{VIEW} → .unflatten(1, (1, 28, 28))",
        ("nn.Tanh(), → nn.Tanh(), nn.Unflatten(1, (1, 28, 28)),", f"{VIEW} → "),
        f"{VIEW} → .reshape(z.shape[0], 1, 28, 28)",
    ),
    "Discriminator": (
        ".squeeze(1) → .flatten()",
        ".squeeze(1) → [:, 0]",
        ".squeeze(1) → .view(-1)",
        ("nn.Flatten(),  # (N, 784) → ", "self.body(x) → self.body(x.reshape(len(x), -1))"),
    ),
    "init_weights": (
        "nn.init.normal_(layer.weight, 0.0, 0.02) → layer.weight.data.normal_(0.0, 0.02)",
        "nn.init.normal_(layer.weight, 0.0, 0.02) → layer.weight.data = torch.randn_like(layer.weight) * 0.02",
        "nn.init.normal_(layer.weight, 1.0, 0.02) → nn.init.normal_(layer.weight, std=0.02).data.add_(1)",
        "isinstance(layer, nn.Linear) → type(layer).__name__ == 'Linear'",
    ),
    "discriminator_loss": (
        labels_of(1.0, 0.0),
        lambda real, fake: -nn.functional.logsigmoid(real).mean() - nn.functional.logsigmoid(-fake).mean(),
        lambda real, fake: by_hand(-real).mean() + by_hand(fake).mean(),
        "return softplus(-real_logits).sum() / len(real_logits) + softplus(fake_logits).sum() / len(fake_logits)",
        "logits = torch.cat([real_logits, fake_logits])\n"
        "labels = torch.cat([torch.ones_like(real_logits), torch.zeros_like(fake_logits)])\n"
        "return 2 * nn.BCEWithLogitsLoss()(logits, labels)",
        "zero = torch.zeros(())\nreturn (torch.logaddexp(-real_logits, zero) + torch.logaddexp(fake_logits, zero)).mean()",
    ),
    "train_step": (
        (
            f"{D_ZERO}    d_loss.backward()\n → {TAKE.format('D', 'd_loss')}",
            f"{G_ZERO}    g_loss.backward()\n → {TAKE.format('G', 'g_loss')}",
        ),
        f"{FAKE} → with torch.no_grad():\n        fake = G(draw_noise(len(real), real.device))",
        (NOT_CUT, "D(real), D(fake) → D(real), D(fake.detach())"),
        f"{ASKS} → fake_logits = D(fake)\n    real_logits = D(real)",
        f"generator_loss({IN_G}) → F.binary_cross_entropy_with_logits({IN_G}, torch.ones(len(real)))",
        (f"{D_ZERO} → ", f"{G_ZERO} → ", f"    {FAKE} → {D_ZERO}    {FAKE}", f"{D_STEP} → {D_STEP}{G_ZERO}"),
        (
            "opt_D.zero_grad() → opt_D.zero_grad(set_to_none=False)",
            "opt_G.zero_grad() → opt_G.zero_grad(set_to_none=False)",
        ),
        ("opt_D.zero_grad() → D.zero_grad()", f"{G_ZERO} →     G.zero_grad()\n    D.zero_grad()\n"),
        (f"{D_ZERO} → ", f"{G_ZERO} → ", f"{G_STEP} → {G_STEP}{D_ZERO}{G_ZERO}"),
        (
            "    g_loss = →     asked = [p for p in D.parameters() if p.requires_grad]\n"
            "    for p in asked:\n        p.requires_grad_(False)\n    g_loss =",
            f"{G_STEP} → {G_STEP}    for p in asked:\n        p.requires_grad_(True)\n",
        ),
        (
            f"    {FAKE} →     z = draw_noise(len(real)), draw_noise(len(real))\n    fake = G(z[0]).detach()",
            f"{IN_G} → D(G(z[1]))",
        ),
        ("d_loss.detach() → d_loss.item()", "g_loss.detach() → g_loss.item()"),
        ("d_loss.detach() → d_loss.detach().numpy()", '"d_real": → "more": 1, "d_real":'),
        f"{FAKE} → with torch.inference_mode():\n        fake = G(draw_noise(len(real)))\n    fake = fake.clone()",
        "d_loss.backward() → d_loss.backward(inputs=[p for p in D.parameters() if p.requires_grad])",
        "D(real), D(fake) → D(torch.cat([real, fake])).split(len(real))",
        "d_loss_function(real_logits, fake_logits) → d_loss_function(real_logits=real_logits, fake_logits=fake_logits)",
        functional_step,
    ),
    "train_loop": (
        epochs,
        with_loader,
        f"{PICKED} → picked = torch.randperm(len(images))[:batch_size]",
        f"{REAL} → real = (images[picked].float() / 255 - 0.5) / 0.5",
        f"{REAL} → real = images[picked] / 127.5 - 1",
        f"{REAL} → real = images[picked].float() / 255 * 2 - 1",
    ),
    "question_1": ('return "C"', 'return " c "', "return \"'c'\"", 'return "**c**"', 'return "c)\\n"'),
}

WRONG = {
    "train_loop": (f"{PICKED} → picked = torch.randint(len(images) - 1, (batch_size,))",),
    "draw_noise": (
        "return torch.randn(n, Z_DIM, device=device) + 5",
        "return (torch.rand(n, Z_DIM, device=device) - 0.5) * 12**0.5",
        "return (torch.randn(n, Z_DIM, device=device) + torch.randn(1, Z_DIM, device=device)) / 2**0.5",
        "return (torch.randn(n, Z_DIM, device=device) + torch.randn(n, 1, device=device)) / 2**0.5",
        "torch.manual_seed(0)\nreturn torch.randn(n, Z_DIM, device=device)",
        "return torch.randn(n, Z_DIM, device=device).clamp(-2, 2)",
    ),
    "Discriminator": (
        "self.body(x) → self.body(x.detach())",
        ".squeeze(1) → .squeeze(1) + torch.randn(1)",
        "self.body(x) → self.body(x.neg_().neg_())",
    ),
    "Generator": ("        super().__init__() →         super().__init__()\n        torch.manual_seed(0)",),
    "init_weights": (
        "nn.init.normal_(layer.weight, 0.0, 0.02) → nn.init.trunc_normal_(layer.weight, 0.0, 0.023, -0.04, 0.04)",
        "isinstance(layer, nn.Linear) → isinstance(layer, (nn.Linear, nn.Conv2d))",
        "nn.BatchNorm1d → (nn.BatchNorm1d, nn.BatchNorm2d)",
        "nn.init.zeros_(layer.bias) → nn.init.constant_(layer.bias, 0.01)",
    ),
    "discriminator_loss": (
        "return softplus(real_logits.neg_()).mean() + softplus(fake_logits).mean()",
        "loss = softplus(-real_logits) + softplus(fake_logits)\nreturn loss.mean() if len(loss) > 1 else loss",
    ),
    "train_step": (
        f"    {FAKE} →     G.train()\n    D.train()\n    {FAKE}",
        (
            "    g_loss = →     D.requires_grad_(False)\n    g_loss =",
            f"{G_STEP} → {G_STEP}    D.requires_grad_(True)\n",
        ),
        f"{D_STEP} → {D_STEP}    opt_D.state.clear()\n",
        f"{D_STEP} → {D_STEP}    opt_D.param_groups[0]['lr'] *= 0.5\n",
        f"{G_STEP} → {G_STEP}    D.eval()\n",
        f"{G_STEP} →     if step < 3:\n        opt_G.step()\n",
        f"    {FAKE} →     real.mul_(2)\n    {FAKE}",
    ),
}
