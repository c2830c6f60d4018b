"""Lesson 8: right answers that are written differently, and wrong ones that are no named mistake."""

import math
import random

import numpy as np
import torch

from gancourse import walks


def kept_by_shape(answer):
    """Return an answer that keeps its first result for each shape of its arguments."""
    kept = {}

    def by_shape(*arguments):
        key = tuple(a.shape for a in arguments if isinstance(a, torch.Tensor))
        if key not in kept:
            kept[key] = answer(*arguments)
        return kept[key]

    return by_shape


# ---- slerp --------------------------------------------------------------------------------------------------------


def _slerp_row_by_row(a, b, t):
    rows = []
    for x, y, s in zip(a, b, t.tolist(), strict=True):
        long_x, long_y = x.norm().item(), y.norm().item()
        angle = math.acos(max(-1.0, min(1.0, (x @ y).item() / (long_x * long_y))))
        if math.sin(angle) < 1e-3:
            rows.append((1 - s) * x + s * y)
        else:
            weights = math.sin((1 - s) * angle) / math.sin(angle), math.sin(s * angle) / math.sin(angle)
            rows.append(((1 - s) * long_x + s * long_y) * (weights[0] * x / long_x + weights[1] * y / long_y))
    return torch.stack(rows)


def _slerp_with_numpy(a, b, t):
    a, b, t = a.double().numpy(), b.double().numpy(), t.double().numpy()[:, None]
    long_a, long_b = np.linalg.norm(a, axis=1, keepdims=True), np.linalg.norm(b, axis=1, keepdims=True)
    cosine = np.clip(np.sum(a * b, axis=1, keepdims=True) / long_a / long_b, -1, 1)
    angle = np.arccos(cosine)
    straight = (1 - t) * a + t * b
    sine = np.where(np.sin(angle) < 1e-4, 1, np.sin(angle))
    arc = np.sin((1 - t) * angle) / sine * a / long_a + np.sin(t * angle) / sine * b / long_b
    points = np.where(np.sin(angle) < 1e-4, straight, arc * ((1 - t) * long_a + t * long_b))
    return torch.from_numpy(points).float()


def _slerp_by_turning(a, b, t, straight=1e-3):
    """Turn a's direction towards b's by the angle t θ, in the plane of the two."""
    t = t.unsqueeze(1)
    u, v = torch.nn.functional.normalize(a), torch.nn.functional.normalize(b)
    cosine = (u * v).sum(1, keepdim=True)
    across = v - cosine * u
    angle = torch.atan2(across.norm(dim=1, keepdim=True), cosine)
    turned = (t * angle).cos() * u + (t * angle).sin() * torch.nn.functional.normalize(across)
    points = torch.lerp(a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True), t) * turned
    return torch.where(angle.sin() < straight, torch.lerp(a, b, t), points)


def _slerp_by_turning_only(a, b, t):
    return _slerp_by_turning(a, b, t, straight=-1)


def _slerp_with_masks(a, b, t):
    t = t.view(-1, 1)
    points = a + t * (b - a)
    unit_a, unit_b = a / a.norm(dim=1)[:, None], b / b.norm(dim=1)[:, None]
    angle = (unit_a * unit_b).sum(dim=1).clamp(max=1, min=-1).acos().reshape(-1, 1)
    arc = (angle.sin() >= 1e-3).squeeze(1)
    a, b, t, angle, unit_a, unit_b = (x[arc] for x in (a, b, t, angle, unit_a, unit_b))
    long = (1 - t) * a.norm(dim=1, keepdim=True) + t * b.norm(dim=1, keepdim=True)
    points[arc] = long * (torch.sin((1 - t) * angle) * unit_a + torch.sin(t * angle) * unit_b) / torch.sin(angle)
    return points


# ---- truncated_noise ----------------------------------------------------------------------------------------------


def _noise_number_by_number(n, z_dim, limit):
    def number():
        while abs(drawn := random.gauss(0, 1)) > limit:
            pass
        return drawn

    return torch.tensor([[number() for _ in range(z_dim)] for _ in range(n)])


def _noise_from_a_store(n, z_dim, limit):
    found = torch.empty(0)
    while len(found) < n * z_dim:
        more = torch.randn(4 * n * z_dim)
        found = torch.cat([found, more[more.abs() <= limit]])
    return found[: n * z_dim].view(n, z_dim)


def _noise_with_numpy(n, z_dim, limit):
    z = np.random.standard_normal((n, z_dim))
    while (np.abs(z) > limit).any():
        z = np.where(np.abs(z) > limit, np.random.standard_normal((n, z_dim)), z)
    return torch.tensor(z, dtype=torch.float32)


REDRAW = "z[outside] = torch.randn(int(outside.sum()))"
LOOP = f"while (outside := z.abs() > limit).any():\n        {REDRAW}"


# ---- activation_directions ----------------------------------------------------------------------------------------


def _directions_by_loops(activations, z, k):
    centred = activations - activations.mean(dim=0, keepdim=True)
    _, vectors = torch.linalg.eigh(centred.T @ centred / (len(centred) - 1))
    directions = []
    for i in range(k):
        component = vectors[:, -1 - i]
        direction = sum((row @ component) * noise for row, noise in zip(centred, z, strict=True))
        directions.append(-direction / direction.norm())
    return torch.stack(directions)


def _directions_with_numpy(activations, z, k):
    x = activations.double().numpy()
    values, vectors = np.linalg.eigh(np.cov(x, rowvar=False).reshape(x.shape[1], x.shape[1]))
    components = vectors[:, np.argsort(-values)[:k]]
    directions = ((x - x.mean(0)) @ components).T @ z.double().numpy()
    return torch.from_numpy(directions / np.linalg.norm(directions, axis=1, keepdims=True)).float()


CENTRED, COMPONENTS = "activations - activations.mean(0)", "torch.linalg.svd(centred, full_matrices=False).Vh[:k]"
DIRECTION = "coordinates.T @ z → "

# ---- group_direction ----------------------------------------------------------------------------------------------


def _groups_with_lists(z, values, n):
    order = sorted(range(len(values)), key=lambda i: values[i].item())
    return sum(z[i] for i in order[-n:]) / n - sum(z[i] for i in order[:n]) / n


GROUPS = "z[order[-n:]].mean(0) - z[order[:n]].mean(0) → "

# ---- path_length --------------------------------------------------------------------------------------------------

HERE = "here, ahead = features(walks.slerp(a, b, t)), features(walks.slerp(a, b, t + step))"
LENGTH = "(ahead - here).square().sum(1).mean() / step**2 → "


def _length_pair_by_pair(features, a, b, t, step):
    total = 0.0
    for x, y, s in zip(a, b, t, strict=True):
        here, ahead = (features(walks.slerp(x[None], y[None], at[None]))[0] for at in (s, s + step))
        total += sum((p - q) ** 2 for p, q in zip(ahead.tolist(), here.tolist(), strict=True)) / step**2
    return total / len(a)


def _length_with_own_slerp(features, a, b, t, step):
    here, ahead = features(_slerp_with_masks(a, b, t)), features(_slerp_row_by_row(a, b, t + step))
    return torch.stack([(x - y) @ (x - y) for x, y in zip(here, ahead, strict=True)]).mean() / step**2


def _length_by_derivative(features, a, b, t, step):
    _, speed = torch.func.jvp(lambda at: features(walks.slerp(a, b, at)), (t,), (torch.ones_like(t),))
    return speed.square().sum(1).mean()


# ---- class_share --------------------------------------------------------------------------------------------------


def _share_with_loops(features):
    vectors = [row for rows in features for row in rows]
    overall = sum(vectors) / len(vectors)
    means = [sum(rows) / len(rows) for rows in features]
    total = sum((x - overall).norm().item() ** 2 for x in vectors) / len(vectors)
    return sum((x - overall).norm().item() ** 2 for x in means) / len(means) / total


def _share_with_numpy(features):
    x = features.numpy().astype(np.float64)
    return x.mean(1).var(0).sum() / x.reshape(-1, x.shape[2]).var(0).sum()


SHARE = "between / total → "

# ---- invert -------------------------------------------------------------------------------------------------------

MANY_STARTS = """
was_training, longest = G.training, 1.5 * G.z_dim**0.5
G.eval()
N, tries = len(images), 40
z = torch.randn(tries * N, G.z_dim).requires_grad_()
wanted = images.repeat(tries, 1, 1, 1)
optimizer = torch.optim.Adam([z], lr=0.1)
for step in range(300):
    optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 300)
    error = (G(z) - wanted).square().mean((1, 2, 3))
    z.grad = torch.autograd.grad(error.sum(), z)[0]
    optimizer.step()
    z.data *= (longest / z.data.norm(dim=1, keepdim=True)).clamp(max=1)
with torch.no_grad():
    error = (G(z) - wanted).square().mean((1, 2, 3)).view(tries, N)
G.train(was_training)
return z.detach().view(tries, N, -1)[error.argmin(0), torch.arange(N)]
"""
BACKWARD = """
was_training, gradients = G.training, [p.grad for p in G.parameters()]
for p in G.parameters():
    p.grad = None
G.eval()
guesses = torch.randn(500, G.z_dim)
with torch.no_grad():
    drawn = G(guesses)
z = torch.stack([guesses[(drawn - x).square().mean((1, 2, 3)).argmin()] for x in images]).requires_grad_()
optimizer = torch.optim.Adam([z], lr=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 400)
for _ in range(400):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(G(z), images, reduction="sum").backward()
    optimizer.step()
    scheduler.step()
    with torch.no_grad():
        z.copy_(z.renorm(2, 0, 1.45 * G.z_dim**0.5))
for p, gradient in zip(G.parameters(), gradients, strict=True):
    p.grad = gradient
G.train(was_training)
return z.detach()
"""
LBFGS = """
import copy
copied = copy.deepcopy(G).eval().requires_grad_(False)
longest = 1.5 * G.z_dim**0.5
guesses = torch.randn(800, G.z_dim)
start = guesses[torch.cdist(images.flatten(1), copied(guesses).flatten(1)).argmin(1)]
free = start.clone().requires_grad_()

def noise():
    return free * (longest / free.norm(dim=1, keepdim=True)).clamp(max=1)

optimizer = torch.optim.LBFGS([free], max_iter=300, line_search_fn="strong_wolfe", tolerance_change=0, tolerance_grad=0)

def closure():
    optimizer.zero_grad()
    error = (copied(noise()) - images).square().sum()
    error.backward()
    return error

for _ in range(2):
    optimizer.step(closure)
return noise().detach()
"""
IMAGE_BY_IMAGE = """
def search(image):
    guesses = torch.randn(600, G.z_dim)
    with torch.no_grad():
        error = (G(guesses) - image).square().flatten(1).mean(1)
    z = guesses[error.argsort()[:4]].clone()
    moments, squares = torch.zeros_like(z), torch.zeros_like(z)
    for step in range(1, 251):
        z.requires_grad_()
        (gradient,) = torch.autograd.grad((G(z) - image).square().flatten(1).mean(1).sum(), z)
        moments, squares = 0.9 * moments + 0.1 * gradient, 0.99 * squares + 0.01 * gradient**2
        rate = 0.1 * (1 - step / 251)
        z = z.detach() - rate * (moments / (1 - 0.9**step)) / ((squares / (1 - 0.99**step)).sqrt() + 1e-8)
        z = z * (1.5 * G.z_dim**0.5 / z.norm(dim=1, keepdim=True)).clamp(max=1)
    with torch.no_grad():
        return z[(G(z) - image).square().flatten(1).mean(1).argmin()]

mode = G.training
G.eval()
found = torch.stack([search(image) for image in images])
G.train(mode)
return found
"""
NADAM = """
mode = G.training
G.train(False)
with torch.no_grad():
    guesses = torch.randn(2000, G.z_dim)
    drawn = G(guesses)
z = guesses[((images[:, None] - drawn) ** 2).flatten(2).mean(2).argmin(1)].requires_grad_()
optimizer = torch.optim.NAdam([z], lr=0.05)
for step in range(400):
    optimizer.param_groups[0]["lr"] = 0.05 * 0.99**step
    z.grad = torch.autograd.grad((G(z) - images).square().mean((1, 2, 3)).sum(), z)[0]
    optimizer.step()
    z.data *= torch.clamp(1.45 * G.z_dim**0.5 / z.data.norm(dim=1, keepdim=True), max=1)
G.train(mode)
return z.detach()
"""
BEST = "z = guesses[nearest].clone().requires_grad_() → "

RIGHT = {
    "slerp": (
        _slerp_row_by_row,
        _slerp_with_numpy,
        _slerp_by_turning,
        _slerp_with_masks,
        "a / long_a, b / long_b → torch.nn.functional.normalize(a, dim=1), torch.nn.functional.normalize(b, dim=1)",
        "(unit_a * unit_b).sum(1, keepdim=True) → torch.cosine_similarity(a, b, dim=1)[:, None]",
        "(unit_a * unit_b).sum(1, keepdim=True) → torch.einsum('ij,ij->i', unit_a, unit_b)[:, None]",
        "torch.where(angle.sin() < 1e-3, straight, arc * ((1 - t) * long_a + t * long_b)) → "
        "torch.where(angle.sin() > 1e-3, arc * torch.lerp(long_a, long_b, t), torch.lerp(a, b, t))",
        "angle.sin() < 1e-3 → angle.cos().abs() > 1 - 5e-7",
        "angle.sin() < 1e-3 → (angle < 1e-3) | (angle > torch.pi - 1e-3)",
        "angle.sin() < 1e-3 → torch.minimum(angle, torch.pi - angle) < 1e-3",
        "t = t[:, None] → a, b, t = a.double(), b.double(), t.double()[:, None]",
        (
            "t = t[:, None] → a, b, t = a.double(), b.double(), t.double()[:, None]",
            "angle.sin() < 1e-3 → angle.sin() < 1e-4",
        ),
    ),
    "truncated_noise": (
        _noise_number_by_number,
        _noise_from_a_store,
        _noise_with_numpy,
        f"{REDRAW} → z = torch.where(outside, torch.randn_like(z), z)",
        f"{REDRAW} → z[outside] = torch.randn(n, z_dim)[outside]",
        f"{LOOP} → while z.abs().max() > limit:\n        i, j = (z.abs() > limit).nonzero().T\n        z[i, j] = torch.randn(len(i))",
        "return torch.nn.init.trunc_normal_(torch.empty(n, z_dim), a=-limit, b=limit)",
        "edge = math.erf(limit / 2**0.5)\nreturn torch.erfinv((2 * torch.rand(n, z_dim) - 1) * edge) * 2**0.5",
        "low = torch.special.ndtr(torch.tensor(-float(limit)))\n"
        "return torch.special.ndtri(low + (1 - 2 * low) * torch.rand(n, z_dim)).clamp(-limit, limit)",
    ),
    "activation_directions": (
        _directions_by_loops,
        _directions_with_numpy,
        f"{CENTRED} → activations - activations.mean(0, keepdim=True)",
        f"{COMPONENTS} → torch.pca_lowrank(activations, q=min(activations.shape), niter=8)[2].T[:k]",
        f"{COMPONENTS} → torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1).T[:k]",
        f"{COMPONENTS} → torch.linalg.eigh(torch.cov(activations.T).reshape((centred.shape[1],) * 2))[1].flip(1)[:, :k].T",
        (
            "coordinates = → U = torch.linalg.svd(centred, full_matrices=False)[0]\n    coordinates =",
            f"{DIRECTION}U[:, :k].T @ z",
        ),
        f"{DIRECTION}coordinates.T @ (z - z.mean(0))",
        f"{DIRECTION}(coordinates.T @ z) / coordinates.var(0)[:, None]",
        f"{DIRECTION}torch.linalg.lstsq(coordinates.double(), z.double()).solution.float()",
        f"{DIRECTION}-torch.einsum('ji,jd->id', coordinates, z) / len(z)",
    ),
    "group_direction": (
        _groups_with_lists,
        "z = z[values.sort().indices]\nreturn z[-n:].mean(0) - z[:n].mean(0)",
        f"{GROUPS}z[values.topk(n).indices].mean(0) - z[values.topk(n, largest=False).indices].mean(0)",
        f"{GROUPS}z[values >= values.sort().values[-n]].mean(0) - z[values <= values.sort().values[n - 1]].mean(0)",
        f"{GROUPS}(z[order.flip(0)[:n]] - z[order[:n]]).mean(dim=0)",
        f"{GROUPS}(z[order[-n:]].sum(0) - z[order[:n]].sum(0)) / n",
        f"{GROUPS}torch.from_numpy(z.numpy()[np.argsort(-values.numpy())[:n]].mean(0)) - z[order[:n]].mean(0)",
        f"{GROUPS}z[order[len(z) - n :]].mean(0) - z.index_select(0, order[:n]).mean(0)",
    ),
    "path_length": (
        f"{LENGTH}(((ahead - here) / step) ** 2).sum(dim=1).mean()",
        f"{LENGTH}((ahead - here).norm(dim=1) / step).square().mean()",
        f"{LENGTH}((ahead - here).square().sum(1).mean() / step**2).item()",
        f"{LENGTH}F.mse_loss(ahead, here, reduction='sum') / len(a) / step**2",
        f"{LENGTH}torch.linalg.vector_norm(here - ahead, dim=-1).pow(2).div(step * step).mean()",
        f"{HERE} → here, ahead = features(torch.cat([walks.slerp(a, b, t), walks.slerp(a, b, t + step)])).chunk(2)",
        f"{HERE} → z = walks.slerp(torch.cat([a, a]), torch.cat([b, b]), torch.cat([t, t + step]))\n"
        "    here, ahead = features(z).split(len(a))",
        f"{HERE} → pass\n    with torch.no_grad():\n        {HERE}",
        _length_pair_by_pair,
        _length_with_own_slerp,
    ),
    "class_share": (
        _share_with_loops,
        _share_with_numpy,
        f"{SHARE}features.mean(1).var(0, correction=0).sum() / features.var((0, 1), correction=0).sum()",
        f"{SHARE}1 - (features - features.mean(1, keepdim=True)).square().sum(2).mean() / total",
        f"{SHARE}1 - features.var(1, unbiased=False).sum(1).mean() / total",
        f"{SHARE}((features.mean(1) - features.mean(1).mean(0)) ** 2).mean() / ((features - overall) ** 2).mean()",
        f"{SHARE}(features.mean(1) - overall).norm(dim=1).pow(2).mean() / (features - overall).norm(dim=2).pow(2).mean()",
        f"{SHARE}(between / total).item()",
        f"{SHARE}features.shape[1] * (features.mean(1) - overall).square().sum() / (features - overall).square().sum()",
    ),
    "invert": (
        MANY_STARTS,
        BACKWARD,
        LBFGS,
        IMAGE_BY_IMAGE,
        NADAM,
        "1_000 → 400",
        "steps, longest = 300, 1.4 → steps, longest = 500, 1.5",
        "torch.Generator().manual_seed(0) → torch.Generator()",
        "betas=(0.9, 0.99) → betas=(0.8, 0.999)",
        ".square().mean((1, 2, 3)).sum() → .square().mean()",
    ),
}

WRONG = {
    "slerp": (
        kept_by_shape(_slerp_row_by_row),
        _slerp_by_turning_only,
        "angle.sin() < 1e-3 → angle.sin() == 0",
        "angle.sin() < 1e-3 → angle == 0",
        "angle.sin() < 1e-3 → angle.sin() < 1e-6",
        "angle.sin() < 1e-3 → torch.allclose(a, b)",
        "return torch.zeros_like(a)",
        "straight, → a,",
        "straight, → b,",
        "straight, → torch.zeros_like(a),",
        "angle.sin() < 1e-3 → angle < 0.3",
        "angle.sin() < 1e-3 → (angle.sin() < 1e-3).any()",
        "t = t[:, None] → t = t[:, None].round()",
        "t = t[:, None] → t = t.mean()",
        "t = t[:, None] → t = t[0]",
        ".clamp(-1, 1) → .clamp(0, 1)",
        ".clamp(-1, 1) → .clamp(-0.99, 0.99)",
        ".clamp(-1, 1) → .abs().clamp(-1, 1)",
        ".arccos() → .arcsin()",
        "long_a + t * long_b → long_a * t * long_b",
        "arc * ((1 - t) * long_a + t * long_b) → arc * (long_a ** (1 - t) * long_b ** t)",
        "arc * ((1 - t) * long_a + t * long_b) → arc * straight.norm(dim=1, keepdim=True)",
        "return torch.nn.functional.normalize(torch.lerp(a, b, t[:, None])) * (a.norm(dim=1) * (1 - t) + b.norm(dim=1) * t)[:, None]",
    ),
    "truncated_noise": (
        "return torch.randn(n, z_dim)",
        "return torch.randn(n, z_dim).clamp(-limit, limit)",
        "return torch.randn(n, z_dim).tanh() * limit",
        "return limit * (torch.randn(n, z_dim) / limit).tanh()",
        "return (torch.rand(n, z_dim) * 2 - 1) * limit",
        "return torch.randn(n, z_dim) * limit**0.5",
        "return torch.randn(n, z_dim).clamp(-1, 1) * limit",
        "return torch.randn(n, z_dim).fmod(limit)",
        "z = torch.randn(n, z_dim)\nreturn z / z.abs().max() * limit",
        "z = torch.randn(n, z_dim)\nreturn z / z.abs().amax(1, keepdim=True) * limit",
        "z = torch.randn(n, z_dim)\nreturn z * (limit / z.norm(dim=1, keepdim=True)).clamp(max=1)",
        "z = torch.randn(n, z_dim)\nreturn z[(z.abs() <= limit).all(1)]",
        "z = torch.randn(n, z_dim)\nreturn z[z.abs() <= limit]",
        f"{REDRAW} → z[outside] = 0.5 * limit",
        f"{REDRAW} → z[outside] = 0",
        "z = torch.randn(n, z_dim)\nreturn torch.where(z.abs() > limit, z / z.abs() * (2 * limit - z.abs()), z)",
        f"{LOOP} → outside = z.abs() > limit\n    {REDRAW}",
        f"{LOOP} → for _ in range(20):\n        outside = z.abs() > limit\n        {REDRAW}",
        f"{LOOP} → outside = z.abs() > limit\n    {REDRAW}\n    z.clamp_(-limit, limit)",
        f"{REDRAW} → z[outside] = torch.randn(1)",
        f"{REDRAW} → z[outside] = torch.rand(int(outside.sum())) * limit",
        f"{REDRAW} → z[outside] = (torch.rand(int(outside.sum())) * 2 - 1) * limit",
        f"{REDRAW} → z[outside] *= 0.5",
        "return z → return z.abs()",
        "return z → return z.double()",
        "return z → return z / z.std()",
        "return z → return z.requires_grad_()",
        "return z → return z.sort(0).values",
        "return z → return z.sort(1).values",
        "return z → return z[torch.arange(n) // 2 * 2]",
        "return z → return z[:, :1].expand(n, z_dim).clone()",
        "z.abs() > limit → z.abs() > limit**2",
        "z.abs() > limit → z.abs() > 2",
        "z.abs() > limit → z.square() > limit",
        "z = → torch.manual_seed(0)\n    z =",
        "torch.randn(n, z_dim) → torch.randn(n, z_dim, generator=torch.Generator().manual_seed(0))",
        kept_by_shape(_noise_from_a_store),
    ),
    "activation_directions": (
        kept_by_shape(_directions_with_numpy),
        "activations.mean(0) → activations.median(0).values",
        f"{DIRECTION}coordinates.abs().T @ z",
        f"{DIRECTION}coordinates.sign().T @ z",
        f"{DIRECTION}coordinates.softmax(0).T @ z",
        f"{DIRECTION}torch.stack([z[column.argmax()] for column in coordinates.T])",
        f"{DIRECTION}torch.linalg.lstsq(z, coordinates).solution.T",
        f"{DIRECTION}torch.linalg.lstsq(z - z.mean(0), coordinates).solution.T",
        f"{DIRECTION}torch.randn(k, z.shape[1])",
        f"{DIRECTION}coordinates.T @ torch.nn.functional.normalize(z, dim=1)",
        f"{DIRECTION}(coordinates.T @ z).cumsum(0)",
        "return → activations -= activations.mean(0)\n    return",
    ),
    "group_direction": (
        kept_by_shape(_groups_with_lists),
        "order[-n:] → order[-n:-1] if n > 1 else order[-1:]",
        "order[:n] → order[n:]",
        "order[:n] → order[:-n]",
        f"{GROUPS}(z[order[-n:]].median(0).values - z[order[:n]].median(0).values)",
        f"{GROUPS}z[order[-1]] - z[order[0]]",
        f"{GROUPS}(z[order[-n:]].mean(0) - z[order[:n]].mean(0)).abs()",
        f"{GROUPS}(z[order[-n:]].mean(0) - z[order[:n]].mean(0)) / 2",
        f"{GROUPS}(z[order[-n:]].mean(0) - z[order[:n]].mean(0))[None]",
        "values.argsort() → z[:, 0].argsort()",
        "values.argsort() → z.norm(dim=1).argsort()",
        "values.argsort() → (values - values.mean()).abs().argsort()",
        "return → z += 0\n    return",
        "return z.mean(0)",
    ),
    "path_length": (
        kept_by_shape(_length_pair_by_pair),
        "return torch.tensor(0.0)",
        f"{LENGTH}(ahead - here).abs().sum(1).mean() / step",
        f"{LENGTH}(ahead - here).sum(1).square().mean() / step**2",
        f"{LENGTH}(ahead.square() - here.square()).sum(1).mean() / step**2",
        f"{LENGTH}(ahead - here).square().sum(0).mean() / step**2",
        f"{LENGTH}(ahead - here).square().sum(1).median() / step**2",
        f"{LENGTH}(ahead - here).square().sum(1).mean().sqrt() / step",
        f"{LENGTH}(ahead - here).square().sum(1).var() / step**2",
        f"{LENGTH}(ahead - here).square().sum(1) / step**2",
        f"{LENGTH}(ahead - here).square().sum(1).mean() / (2 * step)",
        f"{LENGTH}(ahead - here).square().sum(1).mean() / step**2 / (a - b).square().sum(1).mean()",
        "t + step)) → (t + step) / 2))",
        "t + step)) → torch.ones_like(t)))",
        "t + step)) → t * (1 + step)))",
        "t + step)) → t)) + 0 * t[:, None]",
        "walks.slerp(a, b, t)) → walks.slerp(a, b, 1 - t))",
        f"{HERE} → t = t.mean().expand_as(t)\n    {HERE}",
        _length_by_derivative,
    ),
    "class_share": (
        kept_by_shape(_share_with_loops),
        "return 0.5",
        f"{SHARE}between",
        f"{SHARE}total",
        f"{SHARE}(between / total).sqrt()",
        f"{SHARE}between.sqrt() / total.sqrt()",
        f"{SHARE}between / (total + between)",
        f"{SHARE}((features.mean(1) - overall).square().mean(0) / (features - overall).square().mean((0, 1))).sum()",
        "(features - overall) → (features - features.mean(1, keepdim=True))",
        "features.mean((0, 1)) → features.mean(1)",
        "features.mean((0, 1)) → features.flatten(0, 1).median(0).values",
        "(features.mean(1) - overall).square() → (features.median(1).values - overall).square()",
        "overall = → features -= 0\n    overall =",
    ),
    "invert": (
        kept_by_shape(lambda G, images: torch.zeros(len(images), 8)),
        "return torch.randn(len(images), G.z_dim)",
        "return torch.zeros(len(images), G.z_dim)",
        "steps, longest = 300, → steps, longest = 0,",
        "steps, longest = 300, → steps, longest = 10,",
        f"{BEST}z = torch.randn(len(images), G.z_dim).requires_grad_()",
        f"{BEST}z = guesses[: len(images)].clone().requires_grad_()",
        "1_000 → 1",
        "longest = 300, 1.4 → longest = 300, 100",
        "longest = 300, 1.4 → longest = 300, 1.0",
        "longest = 300, 1.4 → longest = 300, 1.6",
        "(G(z) - images).square() → -(G(z) - images).square()",
        "(G(z) - images).square() → (G(z).mean(0) - images.mean(0))[None].square()",
        "(z.grad,) = torch.autograd.grad(error, z) → error.backward()",
        "    G.train(was_training)\n → ",
        "random = torch.Generator().manual_seed(0) → random = torch.manual_seed(0)",
        "return z.detach() → return z.detach().flip(0) if len(z) > 1 else z.detach() + 1",
        "return z.detach() → return z.detach()[:, :, None, None]",
    ),
}
