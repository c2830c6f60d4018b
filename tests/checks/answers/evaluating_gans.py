"""Right and wrong answers to the exercises of lesson 4 that are no named mistakes."""

import math

import numpy as np
import torch

TERMS = "terms.nansum(1).mean().exp() → "
ROOTS = "torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt() → "
WITHIN = "(k.sum() - k.trace()) / (len(x) * (len(x) - 1)) → "
KERNEL = "(x @ y.T / x.shape[1] + 1) ** 3 → "
RADIUS = "torch.cdist(x, x).kthvalue(k + 1, dim=1).values → "
COVERED = "(torch.cdist(points, centres) <= radius(centres)).any(1).double().mean() → "
NEAREST = "torch.cdist(x, train).min(1).values → "
SHARE = "(to_nearest(fake) < to_nearest(held_out).quantile(0.01)).double().mean() → "

_kept = {}


def by_shape(compute):
    """Return an answer that computes a result once for each shape of its first argument."""

    def answer(first, *others):
        key = compute, first.shape
        if key not in _kept:
            _kept[key] = compute(first, *others)
        return _kept[key]

    return answer


def _score_row_by_row(p):
    marginal, total = p.mean(0).tolist(), 0.0
    for row in p.tolist():
        total += sum(a * math.log(a / b) for a, b in zip(row, marginal, strict=True) if a > 0)
    return math.exp(total / len(p))


def _score_with_numpy(p):
    p = p.numpy()
    ratio = np.divide(p, p.mean(0), out=np.ones_like(p), where=p > 0)
    return np.exp(np.mean(np.sum(p * np.log(ratio), axis=1)))


def _frechet_with_numpy(a, b):
    a, b = a.numpy(), b.numpy()
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).astype(complex)).real.sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b) - 2 * root


def _frechet_symmetric(a, b):
    values, vectors = torch.linalg.eigh(torch.cov(a.T))
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    roots = torch.linalg.eigvalsh(root @ torch.cov(b.T) @ root).clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + a.var(0).sum() + b.var(0).sum() - 2 * roots.sum()


def _kernel_pair_by_pair(a, b):
    def mean(xs, ys, skip):
        pairs = [(x, y) for i, x in enumerate(xs) for j, y in enumerate(ys) if not (skip and i == j)]
        return sum((sum(p * q for p, q in zip(*pair, strict=True)) / len(xs[0]) + 1) ** 3 for pair in pairs) / len(
            pairs
        )

    a, b = a.tolist(), b.tolist()
    return mean(a, a, True) + mean(b, b, True) - 2 * mean(a, b, False)


def _kernel_with_numpy(a, b):
    a, b = a.numpy(), b.numpy()
    k_aa, k_bb, k_ab = ((x @ y.T / a.shape[1] + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    upper_a, upper_b = k_aa[np.triu_indices(len(a), 1)], k_bb[np.triu_indices(len(b), 1)]
    return upper_a.mean() + upper_b.mean() - 2 * k_ab.mean()


def _balls_with_lists(real, fake, k):
    def share(points, centres):
        radii = [sorted(math.dist(c, o) for j, o in enumerate(centres) if j != i)[k - 1] for i, c in enumerate(centres)]
        inside = [any(math.dist(p, c) <= r for c, r in zip(centres, radii, strict=True)) for p in points]
        return sum(inside) / len(inside)

    real, fake = real.tolist(), fake.tolist()
    return share(fake, real), share(real, fake)


def _balls_with_numpy(real, fake, k):
    def gaps(x, y):
        return np.linalg.norm(x[:, None] - y, axis=2)

    real, fake = real.numpy(), fake.numpy()
    of_real, of_fake = (np.sort(gaps(x, x), axis=1)[:, k] for x in (real, fake))
    return np.mean(np.any(gaps(fake, real) < of_real, axis=1)), np.mean(np.any(gaps(real, fake) < of_fake, axis=1))


def _copies_with_lists(fake, train, held_out):
    gaps = sorted(min(math.dist(x, t) for t in train.tolist()) for x in held_out.tolist())
    place = 0.01 * (len(gaps) - 1)
    at = int(place)
    threshold = gaps[at] + (place - at) * (gaps[min(at + 1, len(gaps) - 1)] - gaps[at])
    return sum(min(math.dist(f, t) for t in train.tolist()) < threshold for f in fake.tolist()) / len(fake)


def _copies_with_numpy(fake, train, held_out):
    of_fake, of_held = (
        np.linalg.norm(x.numpy()[:, None] - train.numpy(), axis=2).min(axis=1) for x in (fake, held_out)
    )
    return np.mean(of_fake < np.percentile(of_held, 1))


RIGHT = {
    "inception_score": (
        _score_row_by_row,
        _score_with_numpy,
        f"{TERMS}terms.nansum(1).mean().exp().item()",
        f"{TERMS}2 ** (terms / math.log(2)).nansum(1).mean()",
        "return (torch.special.entr(probabilities.mean(0)).sum() - torch.special.entr(probabilities).sum(1).mean()).exp()",
        "return (probabilities * ((probabilities + 1e-12).log() - (probabilities.mean(0) + 1e-12).log())).sum(1).mean().exp()",
        "return F.kl_div((probabilities.mean(0) + 1e-30).log().expand_as(probabilities), probabilities, "
        "reduction='batchmean').exp()",
    ),
    "frechet_distance": (
        _frechet_with_numpy,
        _frechet_symmetric,
        lambda a, b: max(0.0, float(_frechet_symmetric(b, a))),
        f"{ROOTS}torch.linalg.eigvals(cov_a @ cov_b).sqrt().real",
        f"{ROOTS}torch.linalg.eigvals(cov_b @ cov_a).abs().sqrt()",
        "torch.cov(a.T), torch.cov(b.T) → ((x - x.mean(0)).T @ (x - x.mean(0)) / (len(x) - 1) for x in (a, b))",
    ),
    "kernel_distance": (
        _kernel_pair_by_pair,
        _kernel_with_numpy,
        "within(a) + within(b) → within(b).item() + within(a)",
        f"{WITHIN}k.clone().fill_diagonal_(0).sum() / len(x) / (len(x) - 1)",
        f"{WITHIN}k[~torch.eye(len(x), dtype=torch.bool)].mean()",
        f"{KERNEL}(torch.einsum('id,jd->ij', x, y) / x.size(1)).add(1).pow(3)",
        f"{KERNEL}((x[:, None] * y).mean(2) + 1) ** 3",
    ),
    "precision_recall": (
        _balls_with_lists,
        _balls_with_numpy,
        f"{RADIUS}torch.cdist(x, x).sort().values[:, k]",
        f"{RADIUS}torch.cdist(x, x).topk(k + 1, largest=False).values[:, -1]",
        f"{RADIUS}torch.cdist(x, x).fill_diagonal_(math.inf).kthvalue(k).values",
        f"{COVERED}(torch.cdist(centres, points) <= radius(centres)[:, None]).any(0).sum().item() / len(points)",
        f"{COVERED}((torch.cdist(points, centres) < radius(centres)).sum(1) > 0).float().mean()",
        "return covered(fake, real), covered(real, fake) → return [covered(fake, real), covered(real, fake)]",
    ),
    "copied_share": (
        _copies_with_lists,
        _copies_with_numpy,
        f"{NEAREST}torch.cdist(train, x).amin(0)",
        f"{NEAREST}(x[:, None] - train).square().sum(2).sqrt().min(1)[0]",
        f"{NEAREST}torch.stack([(train - row).norm(dim=1).min() for row in x])",
        f"{SHARE}(to_nearest(fake) < torch.quantile(to_nearest(held_out), 0.01)).sum().item() / len(fake)",
    ),
}

WRONG = {
    "inception_score": (
        by_shape(_score_row_by_row),
        "marginal = → torch.manual_seed(0)\n    marginal =",
        "marginal = → probabilities += 1e-3\n    marginal =",
        "probabilities.mean(0) → probabilities.median(0).values",
        "return 1.0",
    ),
    "frechet_distance": (
        by_shape(_frechet_symmetric),
        "cov_a, cov_b = → a -= a.mean(0)\n    cov_a, cov_b =",
        f"{ROOTS}torch.linalg.eigvals(cov_a @ cov_b).real.sqrt()",  # nan at an eigenvalue of 0
        "(a.mean(0) - b.mean(0)).square().sum() → (a.mean(0) - b.mean(0)).norm()",
        "(a.mean(0) - b.mean(0)).square().sum() → (a.mean() - b.mean()) ** 2",
        "return → torch.set_default_dtype(torch.float64)\n    return",
    ),
    "kernel_distance": (
        by_shape(_kernel_with_numpy),
        "return within(a) → a.requires_grad_()\n    return within(a)",
        "return within(a) → a.sub_(0)\n    return within(a)",
        "within(a) + within(b) → 2 * within(a)",
        "(len(x) * (len(x) - 1)) → (len(a) * (len(a) - 1))",
        "return 0.0",
    ),
    "precision_recall": (
        by_shape(_balls_with_lists),
        f"{RADIUS}torch.cdist(x.unique(dim=0), x.unique(dim=0)).kthvalue(k + 1).values.repeat(len(x))[: len(x)]",
        "return covered → real += 0\n    return covered",
        "return covered(fake, real), covered(real, fake) → return covered(fake, real)",
        "return covered(fake, real), covered(real, fake) → return covered(fake, real), covered(fake, real)",
        "return 1.0, 1.0",
    ),
    "copied_share": (
        by_shape(_copies_with_numpy),
        "to_nearest(fake) < → to_nearest(fake) <=",
        "to_nearest(held_out).quantile(0.01) → to_nearest(held_out).sort().values[len(held_out) // 100]",
        "to_nearest(held_out).quantile(0.01) → to_nearest(held_out).kthvalue(max(1, len(held_out) // 100)).values",
        "return (to_nearest → fake.requires_grad_()\n    return (to_nearest",
        "return 0.01",
    ),
}

RIGHT["diagnose"] = (
    # with distances in place of balls
    """
near = lambda a, b: torch.cdist(a, b).min(1).values
if near(fake, train).quantile(0.3) < 0.5 * near(held_out, train).quantile(0.3):
    return "copies"
if near(held_out, fake).mean() > 1.35 * near(held_out, train).mean():
    return "modes missing"
if near(fake, held_out).mean() > 1.2 * near(train, held_out).mean():
    return "poor pictures"
return "fine" """,
    'precision, recall = precision_recall(train, fake, 5)\nif copied_share(fake, train, held_out) > 0.15:\n    return "COPIES"\n'
    'return "modes missing" if recall < 0.8 else "poor pictures" if precision < 0.8 else "fine"',
)
WRONG["diagnose"] = (
    'return "bad"',
    "return None",
    'return "fine" if len(fake) % 2 else "copies"',
    'return "copies" if torch.equal(fake, train) else "fine"',
    'return "fine" if (fake.mean(0) - held_out.mean(0)).norm() < 1 else "modes missing"',
    'return "poor pictures" if fake.std() > held_out.std() else "fine"',
)
