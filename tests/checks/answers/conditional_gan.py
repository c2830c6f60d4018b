"""Lesson 5: right answers that are written differently, and wrong ones that are no named mistake."""

import copy

import torch

# ---- join ---------------------------------------------------------------------------------------------------------

FILLED = """
joined = z.new_zeros(len(z), z.shape[1] + classes)
joined[:, : z.shape[1]] = z
joined[range(len(z)), labels + z.shape[1]] = 1
return joined
"""

# ---- class_grid ---------------------------------------------------------------------------------------------------

ROW_BY_ROW = """
was_training = G.training
try:
    G.eval()
    with torch.inference_mode():
        rows = [G(z, torch.full((len(z),), y)) for y in range(classes)]
finally:
    G.train(was_training)
return torch.cat(rows)
"""
IMAGE_BY_IMAGE = """
mode = G.training
G.eval()
images = [G(row[None], torch.tensor([y])).detach() for y in range(classes) for row in z]
G.train(mode)
return torch.cat(images)
"""
WITH_PRODUCT = """
mode = G.training
G.train(False)
pairs = torch.cartesian_prod(torch.arange(classes), torch.arange(len(z)))
images = G(z[pairs[:, 1]], pairs[:, 0]).detach()
if mode:
    G.train()
return images
"""
EVERY_MODE = """
modes = {layer: layer.training for layer in G.modules()}
with torch.no_grad():
    images = G.eval()(torch.cat([z] * classes), torch.arange(classes * len(z)) // len(z))
for layer, mode in modes.items():
    layer.training = mode
return images
"""


def with_a_copy(G, z, classes):
    """Draw with a copy in eval mode, so that there is no mode to put back."""
    labels = torch.arange(classes).repeat_interleave(len(z))
    with torch.no_grad():
        return copy.deepcopy(G).eval()(z.repeat(classes, 1), labels)


LABELS = "torch.arange(classes, device=z.device).repeat_interleave(len(z))"

# ---- conditional_step ---------------------------------------------------------------------------------------------

FAKE = "fake = G(training.noise(G, len(real)), labels).detach()"
ASKS = "real_logits, fake_logits = D(real, labels), D(fake, labels)"
IN_G = "D(G(training.noise(G, len(real)), labels), labels)"
D_LOSS, G_LOSS = "discriminator_loss(real_logits, fake_logits)", f"non_saturating_loss({IN_G})"
D_ZERO, D_STEP, G_STEP = "    opt_D.zero_grad()\n", "    opt_D.step()\n", "    opt_G.step()\n"
DRAWN, SHUFFLED = "y = torch.randint(10, labels.shape)", "y = labels[torch.randperm(len(labels))]"
G_LINE = f"    g_loss = {G_LOSS}\n"
OTHERS_IN_D = f"{FAKE} → {DRAWN}; {FAKE.replace('labels', 'y')}"
OTHERS_IN_G = f"{G_LINE} →     {DRAWN}\n{G_LINE.replace('labels', 'y')}"

# ---- wrong --------------------------------------------------------------------------------------------------------


def kept_by_shape(answer):
    """Return an answer that keeps its first result for each shape of its arguments."""
    kept = {}

    def keeping(*arguments):
        key = tuple(getattr(a, "shape", a if isinstance(a, int) else type(a)) for a in arguments)
        if key not in kept:
            kept[key] = answer(*arguments)
        return kept[key].clone()

    return keeping


def joined(z, labels, classes):
    return torch.cat([z, torch.nn.functional.one_hot(labels, classes)], 1)


RIGHT = {
    "join": (
        FILLED,
        "return torch.cat((z, F.one_hot(labels, classes)), 1)",
        "return torch.column_stack([z, (labels[:, None] == torch.arange(classes)).float()])",
        "return torch.hstack([z, torch.eye(classes)[labels]])",
        "return torch.stack([torch.cat([a, torch.eye(classes)[b]]) for a, b in zip(z, labels, strict=True)])",
        "return torch.from_numpy(np.concatenate([z.numpy(), np.eye(classes, dtype=np.float32)[labels.numpy()]], 1))",
    ),
    "projection_logit": (
        "return ((w + codes[labels]) * h).sum(1) + b",
        "return torch.einsum('nd,nd->n', h, codes[labels] + w) + b",
        "return h @ w + b + (h @ codes.T).gather(1, labels[:, None]).squeeze(1)",
        "return h @ w + b + (h @ codes[labels].T).diagonal()",
        "return torch.stack([w @ a + b + codes[c] @ a for a, c in zip(h, labels, strict=True)])",
        "return F.linear(h, w[None], b[None]).squeeze(1) + (F.embedding(labels, codes)[:, None] @ h[:, :, None]).flatten()",
        "return ((F.one_hot(labels, len(codes)).float() @ codes + w) * h).sum(-1) + b",
        "return torch.addmv(b, h, w) + torch.linalg.vecdot(codes[labels], h)",
    ),
    "conditional_loss": (
        "return (softplus(-real_logits) + 0.5 * (softplus(mismatched_logits) + softplus(fake_logits))).mean()",
        "return -(F.logsigmoid(real_logits) + F.logsigmoid(-mismatched_logits) / 2 + F.logsigmoid(-fake_logits) / 2).mean()",
        "wrong = torch.cat([mismatched_logits, fake_logits])\n"
        "return nn.BCEWithLogitsLoss()(real_logits, torch.ones_like(real_logits)) "
        "+ nn.BCEWithLogitsLoss()(wrong, torch.zeros_like(wrong))",
        "return (discriminator_loss(real_logits, mismatched_logits) + discriminator_loss(real_logits, fake_logits)) / 2",
        "refused = softplus(mismatched_logits).sum() + softplus(fake_logits).sum()\n"
        "return (softplus(-real_logits).sum() + refused / 2) / len(real_logits)",
    ),
    "class_grid": (
        ROW_BY_ROW,
        IMAGE_BY_IMAGE,
        WITH_PRODUCT,
        EVERY_MODE,
        with_a_copy,
        f"{LABELS} → torch.tensor([y for y in range(classes) for _ in z])",
        f"{LABELS} → F.one_hot(torch.arange(10), 10).float()[:classes].repeat_interleave(len(z), 0)",
        "z.repeat(classes, 1) → z[None].expand(classes, -1, -1).reshape(-1, z.shape[1])",
    ),
    "conditional_step": (
        # other labels for the fakes, as long as G and D are told the same
        OTHERS_IN_G,
        (OTHERS_IN_D, "D(fake, labels) → D(fake, y)"),
        (OTHERS_IN_D, "D(fake, labels) → D(fake, y)", OTHERS_IN_G),
        f"{G_LINE} →     {SHUFFLED}\n{G_LINE.replace('labels', 'y')}",
        # the same in other words
        f"{ASKS} → real_logits, fake_logits = D(torch.cat([real, fake]), labels.repeat(2)).split(len(real))",
        (
            f"{FAKE} → fake = G(z=training.noise(G, len(real)), labels=labels).detach()",
            f"{ASKS} → fake_logits = D(x=fake, labels=labels)\n    real_logits = D(x=real, labels=labels)",
            f"{IN_G} → D(labels=labels, x=G(training.noise(G, len(real)), labels=labels))",
        ),
        (
            f"{FAKE} → codes = F.one_hot(labels, 10).float(); {FAKE.replace('labels', 'codes')}",
            f"{IN_G} → D(G(training.noise(G, len(real)), labels), F.one_hot(labels, 10).float())",
        ),
        (
            f"{FAKE} → with torch.no_grad():\n        {FAKE.removesuffix('.detach()')}",
            "d_loss.detach() → d_loss.item()",
        ),
        (f"{FAKE} → {FAKE.removesuffix('.detach()')}", "D(fake, labels) → D(fake.detach(), labels)"),
        (
            f"{D_LOSS} → softplus(-real_logits).mean() + softplus(fake_logits).mean()",
            f"{G_LOSS} → softplus(-{IN_G}).mean()",
        ),
    ),
}

WRONG = {
    "join": (
        kept_by_shape(joined),
        "z.requires_grad_()\nreturn torch.cat([z, F.one_hot(labels, classes).float()], 1).detach()",
        "z *= 2\nreturn torch.cat([z / 2, F.one_hot(labels, classes).float()], 1)",
        "return torch.cat([z, F.one_hot(labels.sort().values, classes).float()], 1)",
        "return torch.cat([z, torch.zeros(len(z), classes)], 1)",
        "return torch.cat([z, F.one_hot(labels, classes).float()], 1).squeeze()",
    ),
    "projection_logit": (
        kept_by_shape(lambda h, labels, w, b, codes: h @ w + b + (codes[labels] * h).sum(1)),
        "codes[labels] → codes[labels].detach()",
        "(codes[labels] * h).sum(1) → (codes[labels] * h).sum(1).mean()",
        "return (h @ w + b + (codes[labels] * h).sum(1)).squeeze()",
        "codes[labels] → codes[labels.sort().values]",
    ),
    "conditional_loss": (
        "softplus(fake_logits) → softplus(fake_logits.detach())",
        "real_logits.relu_()\nreturn softplus(-real_logits).mean()",
        "return -(real_logits.sigmoid().log() + (1 - mismatched_logits.sigmoid()).log() / 2 "
        "+ (1 - fake_logits.sigmoid()).log() / 2).mean()",
        "torch.manual_seed(0)\n"
        "return softplus(-real_logits).mean() + (softplus(mismatched_logits) + softplus(fake_logits)).mean() / 2",
    ),
    "class_grid": (
        kept_by_shape(with_a_copy),
        "G.train(was_training) → G.training = was_training",
        "G.train(was_training) → G.train()",
        "return images → G.zero_grad()\n    return images",
        ("with torch.no_grad(): → if True:", "return images → return images.detach().requires_grad_()"),
        (
            "with torch.no_grad(): → if G.requires_grad_(False):",
            "return images → G.requires_grad_()\n    return images",
        ),
        "with torch.no_grad(): → if True:",
        "G(z.repeat → G(z.requires_grad_().repeat",
        "z.repeat(classes, 1) → torch.cat([z, torch.randn(len(z) * (classes - 1), z.shape[1])])",
        "return images → return images.view(classes, len(z), 1, 28, 28).squeeze(1)",
        "with torch.no_grad(): → torch.set_grad_enabled(False)\n    if True:",
    ),
    "conditional_step": (
        # labels: of another order, of other images, of one class; kept from the first step; changed in place
        f"{G_LINE} →     {SHUFFLED}\n{G_LINE.replace('labels), labels', 'labels), y')}",
        OTHERS_IN_D,
        f"{G_LINE} →     {DRAWN}\n{G_LINE.replace('labels), labels', 'y), labels')}",
        "D(real, labels) → D(real, labels.roll(1))",
        f"{FAKE} → labels = labels[:1].expand(len(real)); {FAKE}",
        f"{FAKE} → labels = G.__dict__.setdefault('kept', labels)[: len(real)]; {FAKE}",
        f"{FAKE} → labels.sub_(1).remainder_(10); {FAKE}",
        (
            f"{ASKS} → {ASKS}\n    mismatched = D(real, labels.roll(1))",
            f"{D_LOSS} → {D_LOSS} + softplus(mismatched).mean()",
        ),
        # what can go wrong in any step
        f"{FAKE} → G.train()\n    D.train()\n    {FAKE}",
        (f"{G_LINE} →     D.requires_grad_(False)\n{G_LINE}", f"{G_STEP} → {G_STEP}    D.requires_grad_(True)\n"),
        f"{FAKE} → G.eval()\n    {FAKE}",
        f"{FAKE} → torch.manual_seed(step)\n    {FAKE}",
        f"{FAKE} → real.mul_(2)\n    {FAKE}",
        f"{D_STEP} → {D_STEP}    opt_D.param_groups[0]['lr'] *= 0.5\n",
        f"{D_STEP} → {D_STEP}    opt_D.state.clear()\n",
        "fake_logits < 0 → fake_logits <= 0",
    ),
}


def hand_with(start, steps, keep="", restore="G.train(was_training)"):
    """A search for z from one start: (z0, how many steps of Adam)."""
    return f"""
was_training = G.training
G.eval()
{keep}
z = {start}
z.requires_grad_()
optimizer = torch.optim.Adam([z], lr=0.05)
for _ in range({steps}):
    loss = (G(z, torch.tensor([label])) - image).square().mean()
    z.grad = torch.autograd.grad(loss, z)[0]
    optimizer.step()
with torch.no_grad():
    images = torch.cat([G(z, torch.tensor([y])) for y in range(classes)])
{restore}
return images"""


RIGHT["same_hand"] = (
    hand_with("torch.zeros(1, G.z_dim)", 400),
    hand_with("torch.randn(1, G.z_dim)", 600),
    # by L-BFGS, with backward() on frozen weights
    """
was_training, asked = G.training, [p.requires_grad for p in G.parameters()]
G.eval().requires_grad_(False)
z = torch.zeros(1, G.z_dim, requires_grad=True)
optimizer = torch.optim.LBFGS([z], max_iter=100, line_search_fn="strong_wolfe")
def closure():
    optimizer.zero_grad()
    loss = (G(z, torch.tensor([label])) - image[None]).square().sum()
    loss.backward()
    return loss
optimizer.step(closure)
with torch.no_grad():
    images = G(z.detach().repeat(classes, 1), torch.arange(classes))
for p, was in zip(G.parameters(), asked):
    p.requires_grad_(was)
return G.train(was_training) and images""",
)
WRONG["same_hand"] = (
    hand_with("torch.zeros(1, G.z_dim)", 0),
    hand_with("torch.zeros(1, G.z_dim)", 10),
    hand_with("torch.zeros(1, G.z_dim)", 400, restore=""),
    hand_with("torch.zeros(1, G.z_dim)", 400, restore="G.train()"),
    hand_with("torch.zeros(1, G.z_dim)", 400).replace("G.eval()", ""),
    hand_with("torch.zeros(1, G.z_dim)", 400).replace("range(classes)", "reversed(range(classes))"),
    hand_with("torch.zeros(1, G.z_dim)", 400).replace("with torch.no_grad()", "if True"),
    hand_with("torch.zeros(1, G.z_dim)", 400).replace("z.grad = torch.autograd.grad(loss, z)[0]", "loss.backward()"),
    hand_with("torch.zeros(1, G.z_dim)", 400).replace("return images", "return images.squeeze()"),
    hand_with("torch.zeros(1, G.z_dim)", 400).replace("return images", "images[label] = image\nreturn images"),
    "return image.expand(classes, 1, 28, 28)",
    "with torch.no_grad():\n    return G(torch.randn(1, G.z_dim).expand(classes, -1), torch.arange(classes))",
)
