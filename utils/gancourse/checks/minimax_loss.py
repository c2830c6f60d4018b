"""The exercises of lesson 2. For each: the course's answer, then what is checked and which mistakes are known."""

import math

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits, logsigmoid, softplus

from gancourse import losses, toys
from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.shared import (
    NO_GRADIENT,
    ROUNDED,
    ROUNDED_TOO,
    SIGMOID_TWICE,
    SUMMED,
    by_hand,
    first_numbers,
    logit_cases,
    question,
    randn,
)

# ---- the value of the game ----------------------------------------------------------------------------------------


def _value(d_real, d_fake):
    """Return V(D, G) for D's probabilities (N,) on real and on fake samples."""
    return d_real.log().mean() + (1 - d_fake).log().mean()


def _probabilities(seed, n):
    return (randn(seed, n) * 1.5 + 0.8).sigmoid().round(decimals=2).clamp(0.02, 0.98)


def _value_cases(seed, strict):
    sizes = ((1, 1), (3, 2), (8, 5)) if not strict else ((1, 1), (2, 3), (5 + seed % 30, 40), (200, 150))
    cases = []
    for number, (n, m) in enumerate(sizes):
        real, fake = _probabilities(3 * seed + number, n), _probabilities(7 * seed + number + 100, m)
        about = f"d_real = {first_numbers(real)}, d_fake = {first_numbers(fake)}"
        cases.append({"about": about, "arguments": (real, fake), "returns": ("V",)})
    sure = torch.tensor([0.999, 0.5, 0.9]), torch.tensor([0.002, 0.998])
    return [*cases, {"about": "a D that is nearly sure", "arguments": sure, "returns": ("V",)}]


value = Exercise(
    name="value",
    reference=_value,
    points=2,
    cases=_value_cases,
    observe=observers.function,
    look="V is a sum of two means: of log D over real samples, and of log(1 - D) over fakes.",
    mistakes=(
        mistake(
            "log D is taken for the fakes, too. Their term is log(1 - D): what D gives for recognising them.",
            lambda real, fake: real.log().mean() + fake.log().mean(),
        ),
        mistake(
            "this is -V, the loss of D. V itself is what D makes as large as it can: it is never above 0.",
            lambda real, fake: -_value(real, fake),
        ),
        mistake(
            "real and fake are swapped: log D belongs to the real samples, log(1 - D) to the fakes.",
            lambda real, fake: fake.log().mean() + (1 - real).log().mean(),
        ),
        mistake(
            "the sums over the samples are taken. An expectation is a mean: with more samples it must not grow.",
            lambda real, fake: real.log().sum() + (1 - fake).log().sum(),
        ),
        mistake(
            "the 1 stands outside of the logarithm. The fakes' term is log(1 - D), not 1 - log D.",
            lambda real, fake: real.log().mean() + (1 - fake.log()).mean(),
            lambda real, fake: real.log().mean() + 1 - fake.log().mean(),
        ),
        mistake(
            "this is half of V: the two means are added, not averaged.",
            lambda real, fake: _value(real, fake) / 2,
        ),
        mistake(
            "this is another logarithm, to the base 2 or 10. V is in nats: torch.log.",
            lambda real, fake: real.log2().mean() + (1 - fake).log2().mean(),
            lambda real, fake: real.log10().mean() + (1 - fake).log10().mean(),
        ),
        mistake(
            "the logarithm of a mean is not the mean of the logarithms. First log, then mean.",
            lambda real, fake: real.mean().log() + (1 - fake.mean()).log(),
        ),
        mistake(
            "there is no logarithm: these are means of D itself. Without the logarithm it is another game (Wasserstein's).",
            lambda real, fake: real.mean() + (1 - fake).mean(),
            lambda real, fake: real.mean() - fake.mean(),
        ),
        mistake("only the real samples count: the term of the fakes is missing.", lambda real, fake: real.log().mean()),
        mistake(
            "only the fakes count: the term of the real samples is missing.",
            lambda real, fake: (1 - fake).log().mean(),
        ),
        mistake(
            "the probabilities go through a sigmoid again. They are D(x) already, between 0 and 1, not logits.",
            lambda real, fake: logsigmoid(real).mean() + logsigmoid(-fake).mean(),
        ),
        mistake(
            "the second term is subtracted. Both logarithms count for D.",
            lambda real, fake: real.log().mean() - (1 - fake).log().mean(),
        ),
        mistake(
            "probabilities near 0 and 1 are cut off. V is told by just these; only 0 and 1 themselves would be trouble.",
            lambda real, fake: _value(real.clamp(0.01, 0.99), fake.clamp(0.01, 0.99)),
        ),
        mistake(
            "all samples go into one mean. The two expectations are separate: each counts the same, however many samples it has.",
            lambda real, fake: 2 * torch.cat([real, 1 - fake]).log().mean(),
            lambda real, fake: torch.cat([real, 1 - fake]).log().mean(),
        ),
        mistake(
            "this is one number for each sample. An expectation is a mean over them.",
            lambda real, fake: real[: len(fake)].log() + (1 - fake).log()[: len(real)],
        ),
    ),
    accepted=(
        lambda real, fake: (real.log().mean() + torch.log1p(-fake).mean()).item(),
        lambda real, fake: (
            -binary_cross_entropy(real, torch.ones_like(real)) - binary_cross_entropy(fake, torch.zeros_like(fake))
        ),
        lambda real, fake: sum(map(math.log, real)) / len(real) + sum(math.log(1 - p) for p in fake) / len(fake),
        lambda real, fake: -losses.discriminator_loss(real.logit(), fake.logit()),
    ),
)


# ---- the best discriminator ---------------------------------------------------------------------------------------


def _best_discriminator(p, q):
    """Return D*(x) = p / (p + q) for the densities of data and fakes, tensors of one shape, not both 0 anywhere."""
    return p / (p + q)


def _densities(seed, n):
    return (randn(seed, n).abs() + 0.05).round(decimals=2)


def _density_cases(seed, strict, *more):
    sizes = (1, 3, 6) if not strict else (1, 2, 40 + seed % 20)
    pairs = [(_densities(2 * seed + i, n), _densities(5 * seed + i + 50, n)) for i, n in enumerate(sizes)]
    pairs.append((torch.tensor([0.5, 0.0, 0.3]), torch.tensor([0.5, 0.4, 0.0])))
    return [
        {
            "about": ", ".join(
                [f"p = {first_numbers(p)}, q = {first_numbers(q)}", *(f"{n} = {v}" for n, v in extra.items())]
            ),
            "arguments": (p, q, *extra.values()),
            "returns": ("D*",),
        }
        for (p, q), extra in zip(pairs, more or [{}] * len(pairs), strict=True)
    ]


best_discriminator = Exercise(
    name="best_discriminator",
    reference=_best_discriminator,
    points=2,
    cases=_density_cases,
    observe=observers.function,
    look="D* is the share of the data among all that is found at x: p against p and q together.",
    mistakes=(
        mistake(
            "this is the share of the fakes. D(x) is the probability that x is *real*: p above, not q.",
            lambda p, q: q / (p + q),
        ),
        mistake(
            "this is a ratio, p / q, and can be any size. A probability compares p with p and q together.",
            lambda p, q: p / q,
            lambda p, q: q / p,
        ),
        mistake(
            "this says only which density is larger, 0 or 1. The best D hedges where both kinds occur.",
            lambda p, q: (p > q).float(),
            lambda p, q: (p >= q).float(),
        ),
        mistake(
            "the densities are divided by their own sums. What counts is p against q at one and the same x.",
            lambda p, q: (p / p.sum()) / (p / p.sum() + q / q.sum()),
        ),
        mistake(
            "a sigmoid of the difference p - q is not it. The logit of D* is log p - log q, the difference of logarithms.",
            lambda p, q: torch.sigmoid(p - q),
        ),
        mistake(
            "this is p - q in one form or another, which is 0 where D cannot tell; D* is one half there.",
            lambda p, q: p - q,
            lambda p, q: (p - q) / (p + q),
        ),
        mistake(
            "this is not divided by p + q: so it is a density, not a probability.",
            lambda p, q: p + q,
            lambda p, q: p,
            lambda p, q: p * q,
        ),
        mistake("this is log D*. The text asks for D* itself.", lambda p, q: (p / (p + q)).log()),
        mistake(
            "this is the logit of D*, log p - log q. The text asks for the probability: its sigmoid.",
            lambda p, q: (p / q).log(),
        ),
        mistake(
            "this gives nothing usable where one of the densities is 0. p / (p + q) has no trouble there.",
            lambda p, q: 1 / (1 + (q.log() - p.log()).exp()) + 0 * (p.log() * 0) + 0 * (q.log() * 0),
            lambda p, q: (p * q) / (p * q + q * q),
        ),
    ),
    accepted=(
        lambda p, q: 1 - q / (p + q),
        lambda p, q: 1 / (1 + q / p),
        lambda p, q: torch.sigmoid(p.log() - q.log()),
        lambda p, q: torch.tensor([a / (a + b) for a, b in zip(p.tolist(), q.tolist(), strict=True)]),
        lambda p, q: p.div(p.add(q) + 1e-12),
    ),
)


# ---- what is left for the generator -------------------------------------------------------------------------------


def _value_at_best(p, q, dx):
    """Return V(D*, G) for densities (n,) on a grid with step dx; 0 log 0 counts as 0."""
    both = (p + q).clamp_min(1e-30)
    return (torch.xlogy(p, p / both) + torch.xlogy(q, q / both)).sum() * dx


def _bump(x, mean, width):
    return torch.exp(-0.5 * ((x - mean) / width) ** 2) / (width * math.sqrt(2 * math.pi))


def _box(x, low, high):
    return ((x >= low) & (x < high)) / (high - low)


def _grid_cases(seed, strict):
    x = torch.arange(-8, 8, 0.05, dtype=torch.float64)
    shift = 0.5 + seed % 7 / 4
    cases = [
        (f"p = N(0, 1), q = N({shift}, 1)", _bump(x, 0, 1), _bump(x, shift, 1)),
        ("p = q, a normal density", _bump(x, 0, 1), _bump(x, 0, 1)),
        (f"p = N(-4, 0.5), q = N({shift}, 0.5)", _bump(x, -4, 0.5), _bump(x, shift, 0.5)),
        ("p constant from 0 to 2, q constant from 1 to 5, and 0 elsewhere", _box(x, 0, 2), _box(x, 1, 5)),
    ]
    return [{"about": about, "arguments": (p, q, 0.05), "returns": ("V(D*, G)",)} for about, p, q in cases]


def _naive(p, q, dx):
    d = p / (p + q)
    return (p * d.log() + q * (1 - d).log()).sum() * dx


def _jensen_shannon(p, q, dx):
    return (_value_at_best(p, q, dx) + math.log(4)) / 2


value_at_best = Exercise(
    name="value_at_best",
    reference=_value_at_best,
    points=3,
    cases=_grid_cases,
    observe=observers.function,
    look="Put D* = p / (p + q) into V: p log D* + q log(1 - D*), summed over the grid, times dx.",
    mistakes=(
        mistake(
            "it is not a number where a density is 0: 0 · log 0, or 0 / 0. In an integral such a place counts 0: torch.xlogy(p, d) is "
            "p log d with this rule, and (p + q).clamp_min(1e-30) keeps the division alive.",
            _naive,
            lambda p, q, dx: (torch.xlogy(p, p / (p + q)) + torch.xlogy(q, q / (p + q))).sum() * dx,
            lambda p, q, dx: (
                (p * (p / (p + q).clamp_min(1e-12)).log() + q * (q / (p + q).clamp_min(1e-12)).log()).sum() * dx
            ),
        ),
        mistake(
            "it is minus infinity where D* is so near to 1 that 1 - D* is rounded to 0. Write q / (p + q) instead: the same, without "
            "the rounding.",
            lambda p, q, dx: (torch.xlogy(p, _d(p, q)) + torch.xlogy(q, 1 - _d(p, q))).sum() * dx,
        ),
        mistake(
            "the step dx is missing. A sum over a grid becomes an integral when each term is multiplied by the width of its place.",
            lambda p, q, dx: _value_at_best(p, q, 1),
        ),
        mistake(
            "this is a mean over the grid. An integral is the sum times dx.",
            lambda p, q, dx: _value_at_best(p, q, 1) / len(p),
            lambda p, q, dx: _value_at_best(p, q, dx) / len(p),
        ),
        mistake("the sign is wrong: this is D's smallest loss, -V.", lambda p, q, dx: -_value_at_best(p, q, dx)),
        mistake(
            "both logarithms are weighed with p. The fakes come from q: q log(1 - D*).",
            lambda p, q, dx: (torch.xlogy(p, _d(p, q)) + torch.xlogy(p, _d(q, p) + 1e-30)).sum() * dx,
        ),
        mistake(
            "the weights are swapped: log D* is averaged over the data, p, and log(1 - D*) over the fakes, q.",
            lambda p, q, dx: (torch.xlogy(q, _d(p, q) + 1e-30) + torch.xlogy(p, _d(q, p) + 1e-30)).sum() * dx,
        ),
        mistake(
            "the densities are missing as weights: each place of the grid counts the same. An expectation weighs x with how "
            "often it occurs.",
            lambda p, q, dx: (_d(p, q).clamp_min(1e-30).log() + _d(q, p).clamp_min(1e-30).log()).sum() * dx,
        ),
        mistake(
            "only the data's half is there: the fakes add q log(1 - D*).",
            lambda p, q, dx: torch.xlogy(p, _d(p, q)).sum() * dx,
        ),
        mistake(
            "this is half of V: the two terms are added, not averaged.",
            lambda p, q, dx: _value_at_best(p, q, dx) / 2,
        ),
        mistake(
            "this is the Jensen-Shannon divergence. V(D*, G) is twice that, minus log 4.",
            _jensen_shannon,
            lambda p, q, dx: 2 * _jensen_shannon(p, q, dx),
        ),
        mistake(
            "this is in bits. V is in nats: the natural logarithm.",
            lambda p, q, dx: _value_at_best(p, q, dx) / math.log(2),
        ),
        mistake(
            "this is the Kullback-Leibler divergence of the two, which knows nothing of D.",
            lambda p, q, dx: torch.xlogy(p, p / q.clamp_min(1e-30)).sum() * dx,
            lambda p, q, dx: torch.xlogy(q, q / p.clamp_min(1e-30)).sum() * dx,
        ),
    ),
    accepted=(
        lambda p, q, dx: 2 * _jensen_shannon(p, q, dx) - math.log(4),
        lambda p, q, dx: (p * (_d(p, q) + 1e-12).log() + q * (1 - _d(p, q) + 1e-12).log()).sum().item() * dx,
        lambda p, q, dx: (torch.special.xlogy(p, _d(p, q)) * dx).sum() + (torch.xlogy(q, _d(q, p)) * dx).sum(),
        lambda p, q, dx: torch.trapezoid(torch.xlogy(p, _d(p, q)) + torch.xlogy(q, _d(q, p)), dx=dx),
        edited(_value_at_best, ("(p + q).clamp_min(1e-30)", "(p + q).where(p + q > 0, 1)")),
        lambda p, q, dx: (
            -(torch.where(p > 0, p * torch.log1p(q / p), 0) + torch.where(q > 0, q * torch.log1p(p / q), 0))
            .nan_to_num()
            .sum()
            * dx
        ),
    ),
)


def _d(p, q):
    return p / (p + q).clamp_min(1e-30)


# ---- the two losses of the generator ------------------------------------------------------------------------------


def _generator_losses(fake_logits):
    """Return the saturating and the non-saturating loss of G for logits (N,): the means of log(1 - D) and of -log D."""
    return losses.saturating_loss(fake_logits), losses.non_saturating_loss(fake_logits)


TWO = ("the saturating loss", "the non-saturating loss")


def _both(first, second):
    return lambda a: (first(a), second(a))


def _saturating(a):
    return -softplus(a).mean()


def _non_saturating(a):
    return softplus(-a).mean()


generator_losses = Exercise(
    name="generator_losses",
    reference=_generator_losses,
    points=3,
    cases=lambda seed, strict: [case | {"losses": TWO} for case in logit_cases(seed, strict, "fake_logits")],
    observe=observers.loss,
    look={
        "what it returns": "Return both losses, the saturating one first: `return saturating, non_saturating`.",
        "for large logits": ROUNDED_TOO,
        "": "With softplus: log(1 - D) = -softplus(a), and -log D = softplus(-a). A mean of each.",
    },
    mistakes=(
        mistake(
            "the two are in the wrong order: the saturating loss comes first.", _both(_non_saturating, _saturating)
        ),
        mistake(
            "the saturating loss has the wrong sign: -log(1 - D) is what D minimises. G minimises log(1 - D) = -softplus(a).",
            _both(lambda a: softplus(a).mean(), _non_saturating),
        ),
        mistake(
            "the non-saturating loss has the wrong sign: it is -log D, positive, and small where the fakes are taken for real.",
            _both(_saturating, lambda a: -softplus(-a).mean()),
        ),
        mistake(
            "the non-saturating loss is -log D = softplus(-a), with a minus sign inside; softplus(a) is -log(1 - D), D's wish.",
            _both(_saturating, lambda a: softplus(a).mean()),
        ),
        mistake(
            "the saturating loss is log(1 - D) = -softplus(a), without a minus sign inside; -softplus(-a) is log D.",
            _both(lambda a: -softplus(-a).mean(), _non_saturating),
        ),
        mistake("both are the non-saturating loss.", _both(_non_saturating, _non_saturating)),
        mistake("both are the saturating loss.", _both(_saturating, _saturating)),
        mistake(SUMMED, _both(lambda a: -softplus(a).sum(), lambda a: softplus(-a).sum())),
        mistake(
            "there is one number for each fake. Each loss is a single number: take .mean().",
            _both(lambda a: -softplus(a), lambda a: softplus(-a)),
        ),
        mistake(
            SIGMOID_TWICE,
            _both(lambda a: _saturating(a.sigmoid()), lambda a: _non_saturating(a.sigmoid())),
        ),
        mistake(
            ROUNDED,
            _both(lambda a: (1 - a.sigmoid()).log().mean(), lambda a: -a.sigmoid().log().mean()),
            _both(lambda a: (1 - a.sigmoid()).log().mean(), _non_saturating),
            _both(lambda a: -(1 + a.exp()).log().mean(), lambda a: (1 + (-a).exp()).log().mean()),
            _both(lambda a: (1 - a.sigmoid() + 1e-8).log().mean(), lambda a: -(a.sigmoid() + 1e-8).log().mean()),
        ),
        mistake(
            "there is no logarithm: these are means of D or of its logits.",
            _both(lambda a: (1 - a.sigmoid()).mean(), lambda a: -a.sigmoid().mean()),
            _both(lambda a: -a.mean(), lambda a: -a.mean()),
        ),
        mistake(
            NO_GRADIENT,
            _both(lambda a: _saturating(a.detach()), lambda a: _non_saturating(a.detach())),
            _both(lambda a: _saturating(a).item(), lambda a: _non_saturating(a).item()),
        ),
    ),
    accepted=(
        _both(_saturating, _non_saturating),
        _both(lambda a: logsigmoid(-a).mean(), lambda a: -logsigmoid(a).mean()),
        _both(
            lambda a: -binary_cross_entropy_with_logits(a, torch.zeros_like(a)),
            lambda a: binary_cross_entropy_with_logits(a, torch.ones_like(a)),
        ),
        _both(lambda a: -by_hand(a).mean(), lambda a: (by_hand(a) - a).sum() / len(a)),
        lambda a: [_saturating(a), _non_saturating(a)],
    ),
)


def _generator_slopes(fake_logits):
    """Return the derivatives of log(1 - D) and of -log D in the logit, each of shape (N,)."""
    return -fake_logits.sigmoid(), -(-fake_logits).sigmoid()


def _slope_cases(seed, strict):
    logits = [case["logits"]["fake_logits"] for case in logit_cases(seed, strict, "fake_logits")][:-1]
    logits.append(torch.tensor([-10.0, 10.0]))
    names = ("the slope of the saturating loss", "the slope of the non-saturating loss")
    return [{"about": f"fake_logits = {first_numbers(a)}", "arguments": (a,), "returns": names} for a in logits]


generator_slopes = Exercise(
    name="generator_slopes",
    reference=_generator_slopes,
    points=2,
    cases=_slope_cases,
    observe=observers.function,
    look={
        "what it returns": "Return both slopes, that of the saturating loss first, each with one number for each logit.",
        "": "The derivative of softplus(a) is sigmoid(a). The losses are -softplus(a) and softplus(-a): mind the chain rule.",
    },
    mistakes=(
        mistake(
            "the two are in the wrong order: the slope of the saturating loss comes first.",
            lambda a: (-(-a).sigmoid(), -a.sigmoid()),
        ),
        mistake(
            "the signs are missing: these are the sizes of the slopes. Both losses fall when the logit rises, so both slopes are "
            "negative.",
            lambda a: (a.sigmoid(), (-a).sigmoid()),
        ),
        mistake(
            "one of the two signs is missing. Both losses fall when the logit rises.",
            lambda a: (a.sigmoid(), -(-a).sigmoid()),
            lambda a: (-a.sigmoid(), (-a).sigmoid()),
        ),
        mistake(
            "each is a mean over the logits. Here each logit has a slope of its own: a tensor like fake_logits.",
            lambda a: (-a.sigmoid().mean(), -(-a).sigmoid().mean()),
        ),
        mistake(
            "this is the derivative of the sigmoid, D (1 - D). The losses have a logarithm around it, which cancels one of the factors.",
            lambda a: (a.sigmoid() * (1 - a.sigmoid()), a.sigmoid() * (1 - a.sigmoid())),
            lambda a: (-a.sigmoid() * (1 - a.sigmoid()), -a.sigmoid() * (1 - a.sigmoid())),
        ),
        mistake(
            "these are derivatives in the probability D. The text asks for those in the logit a: times D (1 - D), by the chain rule.",
            lambda a: (-1 / (1 - a.sigmoid()), -1 / a.sigmoid()),
        ),
        mistake(
            "these are the losses, not their slopes.",
            lambda a: (-softplus(a), softplus(-a)),
            lambda a: (_saturating(a), _non_saturating(a)),
        ),
        mistake(
            "both are the same. Where D is sure of a fake, one slope is nearly 0 and the other nearly -1.",
            lambda a: (-a.sigmoid(), -a.sigmoid()),
            lambda a: (-(-a).sigmoid(), -(-a).sigmoid()),
        ),
        mistake(
            "each slope is divided by the number of logits, as in the gradient of a mean. Here each logit has a loss of its own.",
            lambda a: (-a.sigmoid() / len(a), -(-a).sigmoid() / len(a)),
        ),
    ),
    accepted=(
        lambda a: (-a.sigmoid(), a.sigmoid() - 1),
        lambda a: (-1 / (1 + (-a).exp()), -1 / (1 + a.exp())),
        lambda a: _by_autograd(a),
        lambda a: [-torch.special.expit(a.double()), torch.special.expit(a.double()) - 1],
    ),
)


def _by_autograd(a):
    a = a.clone().requires_grad_()
    return tuple(torch.autograd.grad(loss, a)[0] for loss in ((-softplus(a)).sum(), softplus(-a).sum()))


# ---- smoothing ----------------------------------------------------------------------------------------------------


def _smoothed_best(p, q, target):
    """Return the best D for one-sided label smoothing: target · p / (p + q)."""
    return target * p / (p + q)


smoothed_best = Exercise(
    name="smoothed_best",
    reference=_smoothed_best,
    points=2,
    cases=lambda seed, strict: _density_cases(seed, strict, *({"target": t} for t in (0.9, 0.8, 0.7, 0.9))),
    observe=observers.function,
    look="Where p = q it is target / 2; where there are no fakes it is the target. Both follow from target · p / (p + q).",
    mistakes=(
        mistake("the target does not count: this is D* without smoothing.", lambda p, q, t: p / (p + q)),
        mistake(
            "it is 0.9 whatever target is asked for. Use the argument.",
            lambda p, q, t: 0.9 * p / (p + q),
        ),
        mistake(
            "the target stands below as well. D's loss weighs all data and all fakes as before: p + q.",
            lambda p, q, t: t * p / (t * p + q),
            lambda p, q, t: t * p / (t * p + (1 - t) * q),
        ),
        mistake(
            "both sides are smoothed: a raised target for the fakes puts (1 - target) · q above. One-sided means it stays 0.",
            lambda p, q, t: (t * p + (1 - t) * q) / (p + q),
        ),
        mistake(
            "the fakes are smoothed, and the data is not. It is the other way round.",
            lambda p, q, t: (p + (1 - t) * q) / (p + q),
        ),
        mistake("this is the fakes' share. p stands above.", lambda p, q, t: t * q / (p + q)),
        mistake(
            "the smoothing is turned around: the target of real samples is `target`, not 1 - target.",
            lambda p, q, t: (1 - t) * p / (p + q),
        ),
        mistake(
            "this cuts D* off at the target. Smoothing scales it, everywhere.",
            lambda p, q, t: (p / (p + q)).clamp(max=t),
        ),
        mistake("this is D* divided by the target, and can be above 1.", lambda p, q, t: p / (p + q) / t),
    ),
    accepted=(
        lambda p, q, t: t * (1 - q / (p + q)),
        lambda p, q, t: t / (1 + q / p),
        lambda p, q, t: torch.sigmoid(p.log() - q.log()).mul(t),
    ),
)


# ---- one alternating update ---------------------------------------------------------------------------------------


def _sigmoid(a):
    return 1 / (1 + math.exp(-a))


def _alternating_step(theta, psi, step_size):
    """Return theta and psi after one update of D, then one of G with the new psi; a(x) = psi x, data at 0."""
    psi = psi - step_size * _sigmoid(psi * theta) * theta
    theta = theta + step_size * _sigmoid(-psi * theta) * psi
    return theta, psi


def _dirac_cases(seed, strict):
    points = randn(seed, 3, 2).mul(1.2).round(decimals=1)
    points = points.where(points.abs() > 0.2, 0.7).tolist()
    starts = [(1.0, 1.0, 0.2), *((theta, psi, h) for (theta, psi), h in zip(points, (0.5, 0.1, 1.0), strict=True))]
    return [
        {
            "about": f"theta = {theta:.1f}, psi = {psi:.1f}, step_size = {h}",
            "arguments": (theta, psi, h),
            "returns": ("theta", "psi"),
        }
        for theta, psi, h in starts
    ]


def _turn(change_psi, change_theta, before=False):
    """Return a step in which each player adds its change; before: both changes are computed at the old point."""

    def step(theta, psi, step_size):
        new = psi + step_size * change_psi(theta, psi)
        return theta + step_size * change_theta(theta, psi if before else new), new

    return step


def _down_d(theta, psi):
    return -_sigmoid(psi * theta) * theta


def _down_g(theta, psi):
    return _sigmoid(-psi * theta) * psi


def _g_first(theta, psi, step_size):
    theta = theta + step_size * _down_g(theta, psi)
    return theta, psi + step_size * _down_d(theta, psi)


def _with_tensors(theta, psi, step_size):
    theta, psi = torch.tensor(theta, requires_grad=True), torch.tensor(psi, requires_grad=True)
    (slope,) = torch.autograd.grad(losses.discriminator_loss(psi * 0, psi * theta), psi)
    psi = psi - step_size * slope
    (slope,) = torch.autograd.grad(losses.non_saturating_loss(psi * theta), theta)
    return theta - step_size * slope, psi


alternating_step = Exercise(
    name="alternating_step",
    reference=_alternating_step,
    points=3,
    cases=_dirac_cases,
    observe=observers.function,
    look={
        "what it returns": "Return both numbers: `return theta, psi`.",
        "psi": "D's slope is sigmoid(psi · theta) · theta, and D goes against it by step_size.",
        "": "G's slope is -sigmoid(-psi · theta) · psi with the psi that D has just got, and G goes against it by step_size.",
    },
    mistakes=(
        mistake(
            "G answers to the old psi: both move at once. Alternating means that D moves first, and G sees the new D.",
            _turn(_down_d, _down_g, before=True),
        ),
        mistake("G moves first. Here D does, and G answers to it.", _g_first),
        mistake(
            "D climbs its own loss. The slope is *subtracted*: psi - step_size · slope.",
            _turn(lambda t, p: -_down_d(t, p), _down_g),
        ),
        mistake(
            "G climbs its own loss: it moves to where D says fake. The slope is subtracted, and it is negative itself.",
            _turn(_down_d, lambda t, p: -_down_g(t, p)),
        ),
        mistake(
            "torch.sigmoid takes tensors, and these are numbers of Python: write 1 / (1 + math.exp(-a)).",
            lambda theta, psi, step_size: (theta, psi - step_size * torch.sigmoid(psi * theta) * theta),
            shows={STOPPED: "TypeError: sigmoid(): argument 'input' (position 1) must be Tensor, not float"},
        ),
        mistake(
            "the sigmoid is mirrored: sigmoid(a) is 1 / (1 + exp(-a)), with the minus.",
            _turn(lambda t, p: -_sigmoid(-p * t) * t, lambda t, p: _sigmoid(p * t) * p),
        ),
        mistake(
            "G goes down D's loss and so helps D. Its own loss is softplus(-psi · theta), with a minus in the slope and one within the sigmoid.",
            _turn(_down_d, lambda t, p: -_sigmoid(p * t) * p),
        ),
        mistake(
            "G uses the minimax loss log(1 - D), with the slope -sigmoid(psi · theta) · psi. The text asks for the non-saturating one.",
            _turn(_down_d, lambda t, p: _sigmoid(p * t) * p),
        ),
        mistake("the two are returned in the wrong order: theta first.", lambda *a: _alternating_step(*a)[::-1]),
        mistake(
            "the step size does not count.",
            lambda theta, psi, step_size: _alternating_step(theta, psi, 1.0),
        ),
        mistake(
            "the sigmoids are missing: that is the Wasserstein game. A sigmoid is what makes the push of a sure D small.",
            _turn(lambda t, p: -t, lambda t, p: p),
        ),
        mistake(
            "a factor is missing, by the chain rule: the logit of the fake is psi · theta, so D's slope has a factor theta and G's a "
            "factor psi.",
            _turn(lambda t, p: -_sigmoid(p * t), lambda t, p: _sigmoid(-p * t)),
            _turn(lambda t, p: -_sigmoid(p * t), _down_g),
            _turn(_down_d, lambda t, p: _sigmoid(-p * t)),
        ),
        mistake(
            "the factors are exchanged: the derivative of psi · theta in psi is theta, and the other way round.",
            _turn(lambda t, p: -_sigmoid(p * t) * p, lambda t, p: _sigmoid(-p * t) * t),
            _turn(_down_d, lambda t, p: _sigmoid(-p * t) * t),
            _turn(lambda t, p: -_sigmoid(p * t) * p, _down_g),
        ),
        mistake(
            "D treats the fake as real: its loss for a fake is softplus(a), with the slope sigmoid(a).",
            _turn(lambda t, p: _sigmoid(-p * t) * t, _down_g),
            _turn(lambda t, p: -_sigmoid(-p * t) * t, _down_g),
        ),
        mistake("only D moves. G's turn is missing.", _turn(_down_d, lambda t, p: 0.0)),
        mistake("only G moves. D's turn is missing.", _turn(lambda t, p: 0.0, _down_g)),
    ),
    accepted=(
        _with_tensors,
        lambda theta, psi, step_size: list(_turn(_down_d, _down_g)(theta, psi, step_size)),
        _turn(_down_d, lambda t, p: (1 - _sigmoid(p * t)) * p),
        lambda theta, psi, step_size: _turn(
            lambda t, p: -torch.tensor(p * t).sigmoid() * t, lambda t, p: torch.as_tensor(-p * t).sigmoid() * p
        )(theta, psi, step_size),
    ),
)


# ---- R1 -----------------------------------------------------------------------------------------------------------


def _r1_penalty(D, real):
    """Return the mean squared length of the gradient of D's logit at real samples (N, ...); a 0-d tensor."""
    real = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def _small_network(seed, *shape):
    def make():
        network = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0))
        with torch.no_grad():
            for number, parameter in enumerate(network.parameters()):
                parameter.copy_(randn(seed + number, *parameter.shape))
        return network

    return make


def _penalty_cases(seed, strict):
    sizes = ((1, 2), (4, 2), (3, 1, 4, 4)) if not strict else ((1, 2), (6 + seed % 5, 2), (5, 3, 4, 4))
    return [
        {
            "about": f"a small network and {n} real sample{'s' * (n > 1)} of shape {shape}",
            "network": _small_network(seed + 10, *shape),
            "inputs": randn(seed + 20, n, *shape),
        }
        for n, *shape in sizes
    ]


def _r1(*changes):
    return edited(_r1_penalty, *changes)


def _with_backward(D, real):
    real = real.clone().requires_grad_()
    D(real).sum().backward(create_graph=True)
    return real.grad.square().flatten(1).sum(1).mean()


r1_penalty = Exercise(
    name="r1_penalty",
    reference=_r1_penalty,
    points=3,
    cases=_penalty_cases,
    observe=observers.slope_penalty,
    look={
        "what it returns": "Return the penalty as the tensor that it is.",
        "the weights learn": "The penalty must be a function of D's weights: create_graph=True, and no .item() or .detach().",
        "": "For each sample the squared gradient of its logit, summed over all its numbers; then the mean over the samples.",
    },
    mistakes=(
        mistake(
            "D's weights cannot learn from it: the gradient is a plain number. create_graph=True keeps the way back to the weights.",
            _r1((", create_graph=True", "")),
            _r1(("gradient.square()", "gradient.detach().square()")),
            lambda D, real: _r1_penalty(D, real).detach(),
            lambda D, real: _r1_penalty(D, real).item(),
        ),
        mistake(
            "`real` does not ask for a gradient. Take a copy that does: real.clone().requires_grad_().",
            _r1((".clone().requires_grad_()", "")),
            shows={STOPPED: "RuntimeError: One of the differentiated Tensors does not require grad"},
        ),
        mistake(
            "a gradient is taken of a single number, and D(real) holds one logit for each sample: D(real).sum().",
            _r1(("D(real).sum()", "D(real)")),
            shows={STOPPED: "RuntimeError: grad can be implicitly created only for scalar outputs"},
        ),
        mistake(
            "torch.autograd.grad returns a tuple, even for one gradient: (gradient,) = torch.autograd.grad(...).",
            _r1(("(gradient,) =", "gradient =")),
        ),
        mistake(
            "sum(1) adds up one dimension only, and a picture has three. flatten(1) first makes one of them.",
            _r1((".flatten(1).sum(1)", ".sum(1)")),
        ),
        mistake(
            "this is the mean length of the gradient. R1 squares it.",
            _r1((".square().flatten(1).sum(1)", ".flatten(1).norm(dim=1)")),
        ),
        mistake(
            "this is the sum over the samples. R1 is their mean.",
            _r1((".sum(1).mean()", ".sum()")),
        ),
        mistake(
            "this is a mean over the numbers of a sample, too. The squared length of a gradient is the *sum* over them.",
            _r1((".flatten(1).sum(1).mean()", ".mean()")),
        ),
        mistake(
            "the gradient is that of the *mean* logit, so each sample's is divided by N. Take the sum: each logit depends on its "
            "own sample only.",
            _r1(("D(real).sum()", "D(real).mean()")),
        ),
        mistake(
            "this is the gradient of the probability, or of its logarithm. R1 looks at the logit itself.",
            _r1(("D(real).sum()", "D(real).sigmoid().sum()")),
            _r1(("D(real).sum()", "torch.nn.functional.logsigmoid(D(real)).sum()")),
        ),
        mistake(
            "this asks for a gradient of length 1: the penalty of WGAN-GP. R1 pulls it towards 0.",
            _r1((".square().flatten(1).sum(1).mean()", ".flatten(1).norm(dim=1).sub(1).square().mean()")),
        ),
        mistake(
            "gradients stay behind in D's weights, and opt_D would add them to its own. torch.autograd.grad leaves none; backward() does.",
            _with_backward,
        ),
        mistake(
            "gamma / 2 is in it already. The text asks for the bare penalty; the caller weighs it.",
            lambda D, real: _r1_penalty(D, real) / 2,
        ),
        mistake(
            "the numbers of the gradient are added before they are squared, so that they cancel.",
            _r1((".square().flatten(1).sum(1).mean()", ".flatten(1).sum(1).square().mean()")),
        ),
        mistake(
            "the gradient itself is averaged, not its squared length: slopes of opposite signs would cancel.",
            _r1((".square().flatten(1).sum(1).mean()", ".mean()")),
            _r1((".square().flatten(1).sum(1).mean()", ".sum()")),
        ),
        mistake(
            "there is one number for each sample: take .mean().",
            _r1((".sum(1).mean()", ".sum(1)")),
        ),
        mistake(
            "this is the gradient in D's weights. R1 looks at the gradient in the samples: how the logit changes when a sample moves.",
            lambda D, real: sum(
                g.square().sum() for g in torch.autograd.grad(D(real).sum(), D.parameters(), create_graph=True)
            ),
        ),
    ),
    accepted=(
        _r1(("real.clone().requires_grad_()", "real.requires_grad_()")),
        _r1(("real.clone()", "real.detach()")),
        _r1((".square().flatten(1).sum(1).mean()", ".flatten(1).norm(dim=1).pow(2).mean()")),
        _r1((".square().flatten(1).sum(1).mean()", ".pow(2).sum() / len(real)")),
        lambda D, real: losses.r1_penalty(D(real.requires_grad_()), real),
        _r1(("D(real).sum(), real,", "D(real), real, torch.ones(len(real)),")),
    ),
)


# ---- modes --------------------------------------------------------------------------------------------------------


def _covered_modes(samples, centres, std):
    """Return how many of the centres (k, 2) have a sample, of (n, 2), within 3 std."""
    return int((torch.cdist(samples, centres) <= 3 * std).any(0).sum())


def _mode_cases(seed, strict):
    sizes = ((3, 2, 4), (8, 3, 60), (8, 8, 200)) if not strict else ((1, 1, 5), (8, 3, 50), (12, 6, 400))
    cases = []
    for number, (k, hit, n) in enumerate(sizes):
        centres, std = toys.ring(k).modes, (0.05, 0.04, 0.06)[number]
        order = torch.randperm(k, generator=torch.Generator().manual_seed(seed + number))
        angle = randn(seed + 2 * number, n) * 10
        which = torch.arange(n) % hit
        away = torch.linspace(0.2, 0.9, n).where(which > 0, 2.9)  # standard deviations from the centre
        angle = angle.where(which > 0, math.pi / 4)
        near = centres[order[which]] + std * away[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
        missed = [_miss(i + number, centre, std) for i, centre in enumerate(centres[order[hit:]])]
        samples = torch.cat([near, *missed, 0.1 * centres[order[:1]]])
        about = f"{k} centres on a circle of radius 1, std = {std}, and {len(samples)} samples, most of them near {hit} of the centres"
        cases.append({"about": about, "arguments": (samples, centres, std), "returns": ("modes",)})
    return cases


def _miss(i, centre, std):
    """Return a sample (1, 2) that does not cover a centre: in the square around its circle, or farther away; or none."""
    aside = std * torch.tensor([3.3, 0.0])
    misses = [centre + 2.2 * std, centre + aside, 0.75 * centre, 0.65 * centre, 0.4 * centre]
    return torch.stack(misses)[i % 6 :][:1]


def _within(samples, centres, radius):
    return torch.cdist(samples, centres) <= radius


covered_modes = Exercise(
    name="covered_modes",
    reference=_covered_modes,
    points=2,
    cases=_mode_cases,
    observe=observers.function,
    look="A mode is covered if at least one sample lies within 3 std of its centre. Count the modes, not the samples.",
    mistakes=(
        mistake(
            "these are samples, not modes: how many of them lie near a centre. Ask for each *centre* whether any sample is near.",
            lambda s, c, std: int(_within(s, c, 3 * std).any(1).sum()),
            lambda s, c, std: int(_within(s, c, 3 * std).sum()),
        ),
        mistake(
            "samples far from every centre count for the one that is nearest. Between the modes there is no mode: look at the "
            "distance.",
            lambda s, c, std: len(torch.cdist(s, c).argmin(1).unique()),
        ),
        mistake(
            "the circle around a centre does not have the radius 3 std. What is compared with 3 * std is the distance itself: its square "
            "would need (3 * std) ** 2.",
            lambda s, c, std: int((torch.cdist(s, c).square() <= 3 * std).any(0).sum()),
            lambda s, c, std: int((torch.cdist(s, c) <= (3 * std) ** 2).any(0).sum()),
            lambda s, c, std: int(_within(s, c, std).any(0).sum()),
            lambda s, c, std: int(_within(s, c, 2 * std).any(0).sum()),
            lambda s, c, std: int(_within(s, c, 3.5 * std).any(0).sum()),
            lambda s, c, std: int((torch.cdist(s, c, p=1) <= 3 * std).any(0).sum()),
            lambda s, c, std: int(_within(s, c, 0.15).any(0).sum()),
            lambda s, c, std: int(_within(s, c, 6 * std).any(0).sum()),
            lambda s, c, std: int(_within(s, c, 3).any(0).sum()),
        ),
        mistake(
            "each coordinate is compared by itself: that is a square around the centre. The distance is the length of the difference.",
            lambda s, c, std: int(((s[:, None] - c).abs() <= 3 * std).all(2).any(0).sum()),
        ),
        mistake(
            "this asks that *all* samples are near a centre. One is enough to cover it.",
            lambda s, c, std: int(_within(s, c, 3 * std).all(0).sum()),
        ),
        mistake(
            "this is a share. The text asks for the number of modes.",
            lambda s, c, std: _covered_modes(s, c, std) / len(c),
            lambda s, c, std: _within(s, c, 3 * std).any(1).float().mean(),
        ),
        mistake("these are the modes that are *missed*.", lambda s, c, std: len(c) - _covered_modes(s, c, std)),
        mistake(
            "these are yes or no for each mode. Count the yes: .sum().",
            lambda s, c, std: _within(s, c, 3 * std).any(0),
        ),
    ),
    accepted=(
        lambda s, c, std: _within(s, c, 3 * std).any(0).sum(),
        lambda s, c, std: float(_within(s, c, 3 * std).any(0).sum()),
        lambda s, c, std: sum(bool(((s - m).norm(dim=1) <= 3 * std).any()) for m in c),
        lambda s, c, std: int((((s[:, None] - c) ** 2).sum(-1) < (3 * std) ** 2).any(dim=0).sum()),
        lambda s, c, std: int((torch.cdist(s, c).min(0).values <= 3 * std).sum()),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------

question_1 = question(
    "question_1",
    "b",
    a="the best D says one half only where p_g = p_data. But is this D the best one?",
    c="a loss that is not 0 is no sign of failure in a game: at its solution D's summed loss is log 4.",
    d="the two losses are scores of the players against each other. Which number in this lesson would tell how far p_g is from p_data?",
)
question_2 = question(
    "question_2",
    "d",
    a="gradients flow through D in G's turn, or G would learn nothing. It is D's *weights* that stay.",
    b="a perfect D gives the minimax loss no slope (section 2.5). The two take turns all the time.",
    c="p_z is the prior, the noise. What comes out when G is applied to it is another distribution.",
)
question_3 = question(
    "question_3",
    "a",
    b="for small steps the distance still grows, only more slowly: look at the eigenvalues of the simultaneous update.",
    c="the slopes of the non-saturating loss are the same close to the solution, and so are the eigenvalues there.",
    d="a solution where neither wants to move exists, (0, 0). The question is whether the steps lead there.",
)
