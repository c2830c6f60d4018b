"""Answers to the exercises of lesson 7: right ones in other words, and wrong ones that are no listed mistakes."""

import torch
from remembering import by_shape

from gancourse.checks import dcgan_pokemon

LOGITS = "D(images).mean() → "
SHAPE, CHANGED = "v.view(-1, 1, 1, 1) → ", "mean + contrast * (images - mean) → "
GREY, SATURATE = "images.mean(1, keepdim=True) → ", "grey + saturation * (images - grey) → "
MOVED = "torch.nn.functional.pad(image, (x, -x, y, -y))"
BY_SLICES = (
    "torch.zeros_like(image).index_put((torch.arange(len(image))[:, None, None], "
    "torch.arange(max(y, 0), image.shape[1] + min(y, 0))[:, None], torch.arange(max(x, 0), image.shape[2] + min(x, 0))), "
    "image[:, max(-y, 0) : image.shape[1] - max(y, 0), max(-x, 0) : image.shape[2] - max(x, 0)])"
)
INSIDE = """
    rows = torch.arange(images.shape[2], device=images.device)[:, None] - top[:, None, None]
    columns = torch.arange(images.shape[3], device=images.device) - left[:, None, None]
    inside = ((rows >= 0) & (rows < side) & (columns >= 0) & (columns < side))[:, None]
    """
PAIRS, ORDER = "torch.cdist(fake, train).min(1) → ", "distances.argsort()[:pairs] → "

FAKE, ASKS = "fake = G(training.noise(G, len(real))).detach()", "D(augment(real)), D(augment(fake))"
IN_G = "D(augment(G(training.noise(G, len(real)))))"
D_ZERO, D_STEP, G_STEP = "    opt_D.zero_grad()\n", "    opt_D.step()\n", "    opt_G.step()\n"


def asking(name):
    """Return an answer that leaves its first tensor asking for a gradient."""
    reference = getattr(dcgan_pokemon, name).reference
    return lambda first, *others: (reference(first, *others), first.requires_grad_())[0]


def in_another_order(*steps):
    """Return an answer that makes the three changes in another order, which makes no difference."""

    def answer(images, brightness, saturation, contrast):
        ones, zeros = torch.ones_like(contrast), torch.zeros_like(contrast)
        of = {"b": (brightness, ones, ones), "s": (zeros, saturation, ones), "c": (zeros, ones, contrast)}
        for step in steps:
            images = dcgan_pokemon.recolour.reference(images, *of[step])
        return images

    return answer


RIGHT = {
    "overfitting": (
        """
        was_training = D.training
        with torch.no_grad():
            parts = D.eval()(torch.cat([train, held_out, fakes])).split([len(train), len(held_out), len(fakes)])
        D.train(was_training)
        of_train, of_new, of_fakes = (part.mean() for part in parts)
        return (of_new - of_train) / (of_fakes - of_train)""",
        f"{LOGITS}torch.cat([D(x[None]) for x in images]).mean()",
        f"{LOGITS}D(images).double().sum() / len(images)",
        ("D.eval() → D.train(False)", "D.train(was_training) → D.train() if was_training else None"),
        "torch.no_grad() → torch.inference_mode()",
        """
        import copy
        with torch.no_grad():
            a, b, c = (copy.deepcopy(D).eval()(x).mean().item() for x in (train, held_out, fakes))
        return (a - b) / (a - c)""",
        """
        modes = {m: m.training for m in D.modules()}
        D.eval()
        with torch.no_grad():
            a, b, c = D(train).mean(), D(held_out).mean(), D(fakes).mean()
        for m, mode in modes.items():
            m.training = mode
        return np.float64((a - b) / (a - c))""",
    ),
    "recolour": (
        *(in_another_order(*steps) for steps in ("csb", "scb", "cbs")),
        (f"{SATURATE}saturation * images + (1 - saturation) * grey", f"{CHANGED}torch.lerp(mean, images, contrast)"),
        f"{SHAPE}v[:, None, None, None]",
        "images.mean((1, 2, 3), keepdim=True) → images.flatten(1).mean(1).view(-1, 1, 1, 1)",
        f"{GREY}(images[:, :1] + images[:, 1:2] + images[:, 2:]) / 3",
        """
        new = []
        for x, b, s, c in zip(images, brightness, saturation, contrast):
            x = x + b
            x = x.mean(0) + s * (x - x.mean(0))
            new.append(x.mean() + c * (x - x.mean()))
        return torch.stack(new)""",
        "images = images + brightness → images = images.clone(); images += brightness",
    ),
    "translate": (
        f"{MOVED} → F.pad(image, [x, -x, y, -y], 'constant', 0)",
        f"{MOVED} → {BY_SLICES}",
        """
        N, C, H, W = images.shape
        new = torch.zeros(N, C, H, W, device=images.device)
        for i in range(N):
            y, x = int(down[i]), int(right[i])
            new[i, :, max(y, 0):H + min(y, 0), max(x, 0):W + min(x, 0)] = images[i, :, max(-y, 0):H - max(y, 0), max(-x, 0):W - max(x, 0)]
        return new""",
        """
        H, W = images.shape[2:]
        frame = F.pad(images, (W, W, H, H))
        return torch.cat([frame[i:i + 1, :, H - y:2 * H - y, W - x:2 * W - x] for i, (y, x) in enumerate(zip(down, right))])""",
        """
        H, W = images.shape[2:]
        rows = torch.arange(H, device=images.device) - down[:, None]
        columns = torch.arange(W, device=images.device) - right[:, None]
        there = ((rows >= 0) & (rows < H))[:, None, :, None] & ((columns >= 0) & (columns < W))[:, None, None]
        n = torch.arange(len(images), device=images.device)[:, None, None]
        moved = images[n, :, rows.clamp(0, H - 1)[:, :, None], columns.clamp(0, W - 1)[:, None]].permute(0, 3, 1, 2)
        return torch.where(there, moved, torch.tensor(0.0))""",
        """
        H, W = images.shape[2:]
        rows = (torch.arange(H)[:, None] - down.cpu()[:, None, None] == torch.arange(H)).float().to(images.device)
        columns = (torch.arange(W)[:, None] - right.cpu()[:, None, None] == torch.arange(W)).float().to(images.device)
        return rows[:, None] @ images @ columns[:, None].mT""",
    ),
    "cutout": (
        f"{INSIDE}return images * ~inside",
        f"{INSIDE}return images.masked_fill(inside, 0)",
        f"{INSIDE}return torch.where(inside, torch.zeros_like(images), images)",
        f"{INSIDE}return torch.where(inside, torch.tensor(0.0), images)",
        """
        mask = torch.ones_like(images)
        for i in range(len(images)):
            y, x = int(top[i]), int(left[i])
            mask[i, :, max(y, 0):max(y + side, 0), max(x, 0):max(x + side, 0)] = 0
        return images * mask""",
        """
        H, W = images.shape[2:]
        kept = [[[not (0 <= i - y < side and 0 <= j - x < side) for j in range(W)] for i in range(H)] for y, x in zip(top, left)]
        return images * torch.tensor(kept, device=images.device)[:, None]""",
        """
        mask = torch.ones(len(images), 1, *images.shape[2:])
        for i, (y, x) in enumerate(zip(top.tolist(), left.tolist())):
            for row in range(max(y, 0), min(y + side, images.shape[2])):
                for column in range(max(x, 0), min(x + side, images.shape[3])):
                    mask[i, 0, row, column] = 0
        return images * mask.to(images.device)""",
    ),
    "augmented_step": (
        # where augment stands
        (f"{FAKE} → {FAKE.removesuffix('.detach()')}", f"{ASKS} → D(augment(real)), D(augment(fake.detach()))"),
        (f"{FAKE} → {FAKE.removesuffix('.detach()')}", f"{ASKS} → D(augment(real)), D(augment(fake).detach())"),
        (f"    {FAKE} →     real = augment(real)\n    {FAKE}", f"{ASKS} → D(real), D(augment(fake))"),
        (
            f"{FAKE} → with torch.no_grad():\n        fake = augment({FAKE[7:-9]})",
            f"{ASKS} → D(augment(real)), D(fake)",
        ),
        (
            f"    {FAKE} →     judge = lambda images: D(augment(images))\n    {FAKE}",
            f"{ASKS} → judge(real), judge(fake)",
        ),
        # the same in other words
        f"{IN_G} → D(augment(G(torch.randn(len(real), 64))))",
        (f"{D_ZERO} → ", f"{FAKE} → opt_D.zero_grad(set_to_none=False)\n    {FAKE}", "g_loss.detach() → g_loss.item()"),
    ),
}

WRONG = {
    "overfitting": (
        by_shape(dcgan_pokemon.overfitting),
        "D.train(was_training) → D.train()",
        "D.train(was_training) → D.training = was_training",
        "D.eval() → D.eval(); D.zero_grad()",
        ("D.eval() → D.eval().requires_grad_(False)", "D.train(was_training) → D.train(was_training).requires_grad_()"),
        "with torch.no_grad(): → if True:",
        "D.eval() → [m.eval() for m in D.modules() if isinstance(m, nn.BatchNorm2d)]",
        "import copy\nwith torch.no_grad():\n    a, b, c = (copy.deepcopy(D)(x).mean() for x in (train, held_out, fakes))\nreturn (a - b) / (a - c)",
        "(of_train - of_new) / (of_train - of_fakes) → abs((of_train - of_new) / (of_train - of_fakes))",
        f"{LOGITS}D(images[-1:]).mean()",
        "D_mode = D.training\nD.eval()\nwith torch.no_grad():\n    a, b, c = (x.mean() for x in D(torch.cat([train, held_out, fakes])).chunk(3))\nD.train(D_mode)\nreturn float((a - b) / (a - c))",
    ),
    "recolour": (
        by_shape(dcgan_pokemon.recolour),
        asking("recolour"),
        "images = images + brightness → images += brightness",
        "images = images + brightness → images.data += brightness",
        "images = images + brightness → images = images.data + brightness",
        f"{GREY}images.mean(1, keepdim=True).detach()",
        f"{SATURATE}saturation * images",
        f"{CHANGED}(mean + contrast * (images - mean)).squeeze()",
        f"{GREY}(images * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)",
    ),
    "translate": (
        by_shape(dcgan_pokemon.translate),
        asking("translate"),
        f"{MOVED} → F.pad(image.detach(), (x, -x, y, -y))",
        "for i, (y, x) in enumerate(zip(down.tolist(), right.tolist())):\n    images[i] = F.pad(images[i].clone(), (x, -x, y, -y))\nreturn images",
        f"{MOVED} → F.pad(image, (y, -y, x, -x))",
        f"{MOVED} → F.pad(image, (x, -x, y, -y), value=1)",
        f"{MOVED} → F.pad(image, (max(x, 0), -max(x, 0), max(y, 0), -max(y, 0)))",
        "return torch.stack(moved) → return moved",
        "return torch.stack(moved) → return torch.cat(moved)",
        "new = torch.zeros(images.shape)\nfor i, (y, x) in enumerate(zip(down.tolist(), right.tolist())):\n    new[i] = F.pad(images[i], (x, -x, y, -y))\nreturn new",
    ),
    "cutout": (
        by_shape(dcgan_pokemon.cutout),
        asking("cutout"),
        "images.clone() → images",
        "images.clone() → images.detach().clone()",
        "] = 0 → ] = images.mean()",
        "new[i, : → new[i, 0",
        "+ side, 0), max(x, 0) → + side - 1, 0), max(x, 0)",
        f"{INSIDE}return images * inside",
        f"{INSIDE}return ~inside.expand_as(images)",
        f"{INSIDE.replace(', device=images.device', '')}return images * ~inside",
        "images.clone() → images.clone()\n    top.clamp_(min=0)",
        "zip(top.tolist(), left.tolist(), strict=True) → zip(top.clamp(min=0).tolist(), left.clamp(min=0).tolist())",
    ),
    "augmented_step": (
        # augment: nothing comes back through it, another change instead of it, one more, numbers that repeat
        f"{IN_G} → D(augment(G(training.noise(G, len(real))).detach()))",
        (
            f"{ASKS} → D(real.flip(-1)), D(fake.flip(-1))",
            f"{IN_G} → D(G(training.noise(G, len(real))).flip(-1))",
        ),
        f"{ASKS} → D(augment(real) + 0.1 * torch.randn_like(real)), D(augment(fake))",
        f"{ASKS} → D(augment(real[:-1])), D(augment(fake))",
        f"{ASKS} → [(torch.set_rng_state(s), D(augment(x)))[1] for s in [torch.get_rng_state()] for x in (real, fake)]",
        f"{ASKS} → D(augment(torch.cat([real, fake]))).chunk(2)",
        (f"{D_ZERO} → {D_ZERO}    again = D(augment(real))\n", "(real_logits > 0) → (again > 0)"),
        # what can go wrong in any step
        f"    {FAKE} →     G.train()\n    D.train()\n    {FAKE}",
        f"{G_STEP} → {G_STEP}    D.eval()\n",
        f"    {FAKE} →     torch.manual_seed(step)\n    {FAKE}",
        f"    {FAKE} →     real.mul_(2)\n    {FAKE}",
        f"{D_STEP} → {D_STEP}    opt_D.param_groups[0]['lr'] *= 0.5\n",
        f"{D_STEP} → {D_STEP}    opt_D.state.clear()\n",
        "fake_logits < 0 → fake_logits <= 0",
    ),
}

RIGHT["my_augmentation"] = (
    # colours exchanged
    "chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < p\nreturn torch.where(chosen, images.flip(1), images)",
    "chosen = (torch.rand(len(images), device=images.device) < p).view(-1, 1, 1, 1)\nreturn torch.where(chosen, images.flip(2) * 0.8, images)",
    # waves of a strength of their own
    """
n, _, h, w = images.shape
chosen = (torch.rand(n, 1, 1, 1) < p).to(images)
strength = 0.1 + 0.2 * torch.rand(n, 1, 1, 1)
return images + chosen * strength * torch.sin(torch.arange(w) * 0.7 + 0.3)""",
    # a blur, copied into a new tensor
    """
new = images.clone()
chosen = torch.rand(len(images)) < p
if chosen.any():
    new[chosen] = F.avg_pool2d(images[chosen], 3, 1, 1)
return new""",
    # a zoom, image by image
    """
out = []
for image in images:
    if torch.rand(()) < p:
        image = F.interpolate(image[None, :, 1:-1, 1:-1], size=image.shape[1:], mode="bilinear")[0]
    out.append(image)
return torch.stack(out)""",
)
WRONG["my_augmentation"] = (
    "return images",
    "return images.flip(2)",
    "return images * (torch.rand(len(images), 1, 1, 1) < p)",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p, images.flip(2).detach(), images)",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p, images.flip(2).round(), images)",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p, images.flip(0), images)",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p / 2, images.flip(2), images)",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p**2, images.flip(2), images)",
    "return torch.where(torch.rand_like(images) < p, images.flip(2), images)[:, :2]",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p, images.flip(2), images + 0.01)",
    "return images + p * 0.1 * torch.randn_like(images)",
    "images.data.mul_(0.9)\nreturn torch.where(torch.rand(len(images), 1, 1, 1) < p, images.flip(2), images)",
    "return torch.where(torch.rand(len(images), 1, 1, 1) < p, images / 0, images)",
)
