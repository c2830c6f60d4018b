"""The exercises of lesson 4. For each: the course's answer, then what is checked and which mistakes are known."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import kl_div, normalize, one_hot

from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.shared import question, randn

# PyTorch's words where a complex number is to become a plain one.
NO_FLOAT = "RuntimeError: value cannot be converted to type double without overflow"

NO_MEAN = "yes and no have no mean: make numbers of them first, .double().mean()."

TWO_THINGS = (
    "min, sort, topk and kthvalue return two things, the numbers and where they stood. Take the first: .values."
)


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _points(seed, n, d):
    """Return n points (n, d), float64 with two digits, whose coordinates have something to do with each other."""
    mixed = randn(seed, n, d).double() @ (torch.eye(d) + 0.6 * randn(seed + 1, d, d)).double()
    return (mixed + 0.8 * randn(seed + 2, d)).round(decimals=2)


def _told(values):
    """Return a tensor as a reader sees it: all of it if that is little, else its size."""
    if values.numel() <= 12:
        return str(values.tolist())
    return " × ".join(map(str, values.shape)) + " numbers"


# ---- the histogram of classes -------------------------------------------------------------------------------------


def _class_kl(labels, real_labels, classes):
    """Return KL(p || q) in nats of the shares of classes p of labels, int64 (N,), and q of real_labels, int64 (M,).

    sum_k p_k log(p_k / q_k); Kullback & Leibler 1951. A class with p_k = 0 counts 0.
    """
    p, q = _shares(labels, classes), _shares(real_labels, classes)
    return torch.xlogy(p, p / q).sum()


def _shares(labels, classes):
    """Return the share of each class, float64 (classes,), among labels, int64 (N,)."""
    return torch.bincount(labels, minlength=classes).double() / len(labels)


def _skewed_labels(seed, n, classes):
    """Return labels int64 (n,) in which every class occurs, some far more often than others."""
    weights = (1.2 * randn(seed, classes)).exp()
    more = torch.multinomial(weights, n - classes, replacement=True, generator=_generator(seed))
    return torch.cat([torch.arange(classes), more])


def _label_cases(seed, strict):
    often, seldom = seed % 3, (seed + 1) % 3
    few = torch.tensor([0, 1, 2, often, often]), torch.tensor([0, 1, 2, seldom])
    same = _skewed_labels(seed, 6, 3)
    plans = [("", *few, 3), ("the same shares twice: ", same.repeat(2), same, 3)]
    sizes = ((5, 12, 20), (6, 9, 15)) if not strict else ((2, 3, 40), (10, 60 + seed % 50, 200), (12, 30, 300))
    plans += [
        ("", _skewed_labels(seed + i, n, k), _skewed_labels(seed + i + 20, m, k), k)
        for i, (k, n, m) in enumerate(sizes)
    ]
    about, labels, real, k = plans[-1]
    lost = 1 + seed % (k - 2)
    plans[-1] = f"classes {lost} and {k - 1} missing: ", labels[(labels != lost) & (labels != k - 1)], real, k
    if strict:
        plans.insert(-1, ("", labels[:1] + seed % k, real, k))
    order = _generator(seed)
    cases = []
    for about, *both, k in plans:
        labels, real = (x[torch.randperm(len(x), generator=order)] for x in both)
        about = f"{about}labels = {_told(labels)}, real_labels = {_told(real)}, classes = {k}"
        cases.append({"about": about, "arguments": (labels, real, k), "returns": ("the divergence",)})
    return cases


def _of_shares(formula, shares=_shares):
    """Return an answer: a formula of p and q (classes,)."""
    return lambda labels, real, classes: formula(shares(labels, classes), shares(real, classes))


def _counts(labels, classes):
    return torch.bincount(labels, minlength=classes).double()


def _kl(p, q):
    return torch.xlogy(p, p / q).sum()


def _entropy(p, dim=0):
    return -torch.xlogy(p, p).sum(dim)


def _smoothed(epsilon):
    return _of_shares(lambda p, q: (p * ((p + epsilon) / (q + epsilon)).log()).sum())


def _with_lists(labels, real, classes):
    labels, real, total = labels.tolist(), real.tolist(), 0.0
    for k in range(classes):
        p, q = labels.count(k) / len(labels), real.count(k) / len(real)
        if p > 0:
            total += p * math.log(p / q)
    return total


def _with_numpy(labels, real, classes):
    p = np.bincount(labels.numpy(), minlength=classes) / len(labels)
    q = np.bincount(real.numpy(), minlength=classes) / len(real)
    there = p > 0
    return np.sum(p[there] * np.log(p[there] / q[there]))


class_kl = Exercise(
    name="class_kl",
    reference=_class_kl,
    points=2,
    cases=_label_cases,
    observe=observers.function,
    look="Two histograms, each divided by its own number of labels: p and q. Then p_k log(p_k / q_k), summed over the classes.",
    mistakes=(
        mistake(
            "a class that is missing among the labels gets no place in the histogram, so that the two do not fit together. Say how many "
            "classes there are: torch.bincount(labels, minlength=classes).",
            _of_shares(_kl, lambda x, k: torch.bincount(x) / len(x)),
            _of_shares(lambda p, q: (p * (p.log() - q.log())).sum(), lambda x, k: torch.bincount(x) / len(x)),
            _of_shares(lambda p, q: -(p * (q / p).log()).sum(), lambda x, k: torch.bincount(x) / len(x)),
            _of_shares(_kl, lambda x, k: x.unique(return_counts=True)[1] / len(x)),
            _of_shares(lambda p, q: -(p * (q / p).log()).sum(), lambda x, k: x.unique(return_counts=True)[1] / len(x)),
        ),
        mistake(
            "it is not a number where a class is missing among the labels: 0 · log 0. Such a class counts 0: torch.xlogy(p, r) is p log r "
            "with this rule; or leave these classes out of the sum.",
            _of_shares(lambda p, q: (p * (p / q).log()).sum()),
            _of_shares(lambda p, q: (p * (p.log() - q.log())).sum()),
            _of_shares(lambda p, q: sum(a * math.log(a / b) for a, b in zip(p.tolist(), q.tolist(), strict=True))),
            _of_shares(lambda p, q: -sum(a * math.log(b / a) for a, b in zip(p.tolist(), q.tolist(), strict=True))),
        ),
        mistake(
            "this is the divergence the other way round, sum of q log(q / p). It would be infinite as soon as one class is missing. p, the "
            "labels', weighs and stands above. (kl_div takes the *logarithm* of q first, then p.)",
            _of_shares(lambda p, q: torch.xlogy(q, q / p).sum()),
            _of_shares(lambda p, q: (q * ((q + 1e-12) / (p + 1e-12)).log()).sum()),
            _of_shares(lambda p, q: kl_div(p.log(), q, reduction="sum")),
            _of_shares(lambda p, q: _kl(q[p > 0], p[p > 0])),
        ),
        mistake(
            "kl_div gets shares as its first argument. It wants their logarithm there: kl_div(q.log(), p, reduction='sum').",
            _of_shares(lambda p, q: kl_div(q, p, reduction="sum")),
            _of_shares(lambda p, q: kl_div(p, q, reduction="sum")),
        ),
        mistake(
            "somewhere counts are used as if they were shares. The two sets are not of the same size: divide each histogram by the number "
            "of its own labels.",
            _of_shares(_kl, _counts),
            lambda a, b, k: torch.xlogy(_shares(a, k), _counts(a, k) / _counts(b, k)).sum(),
            lambda a, b, k: torch.xlogy(_counts(a, k), _shares(a, k) / _shares(b, k)).sum(),
            lambda a, b, k: _kl(_counts(a, k) / len(b), _counts(b, k) / len(b)),
            _of_shares(_kl, lambda x, k: _counts(x, k).softmax(0)),
            _of_shares(_kl, lambda x, k: _counts(x, k) / k),
        ),
        mistake(
            "this is another logarithm, to the base 2 or 10. The text asks for nats: torch.log.",
            _of_shares(lambda p, q: _kl(p, q) / math.log(2)),
            _of_shares(lambda p, q: _kl(p, q) / math.log(10)),
        ),
        mistake(
            "what is added to the shares against log 0 changes the result. Leave it away, and let a class with p = 0 count 0.",
            _smoothed(1e-1),
            _smoothed(1e-2),
            _smoothed(1e-3),
            _of_shares(_kl, lambda x, k: (_counts(x, k) + 1) / (len(x) + k)),
            _of_shares(_kl, lambda x, k: (_counts(x, k) + 1) / len(x)),
        ),
        mistake(
            "this is a mean over the classes. A divergence is the *sum*: p_k is the weight already. (In kl_div it is reduction='sum'.)",
            _of_shares(lambda p, q: _kl(p, q) / len(p)),
            _of_shares(lambda p, q: kl_div(q.log(), p, reduction="batchmean")),
        ),
        mistake(
            "this is how far the shares lie apart, class by class. The divergence takes logarithms of their *ratios*.",
            _of_shares(lambda p, q: (p - q).abs().sum()),
            _of_shares(lambda p, q: (p - q).abs().sum() / 2),
            _of_shares(lambda p, q: (p - q).abs().mean()),
            _of_shares(lambda p, q: (p - q).abs().max()),
            _of_shares(lambda p, q: (p - q).square().sum()),
            _of_shares(lambda p, q: (p - q).norm()),
            _of_shares(lambda p, q: ((p - q).square() / q).sum()),
        ),
        mistake(
            "this is an entropy: p log p without q, or p log q without p. What counts is the ratio of the two, p log(p / q).",
            _of_shares(lambda p, q: _entropy(p)),
            _of_shares(lambda p, q: -_entropy(p)),
            _of_shares(lambda p, q: _entropy(q) - _entropy(p)),
            _of_shares(lambda p, q: -(p * q.log()).sum()),
            _of_shares(lambda p, q: (p * q.log()).sum()),
        ),
        mistake(
            "this is the Jensen-Shannon divergence, which compares both with their mean. Compare p with q itself.",
            _of_shares(lambda p, q: (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2),
            _of_shares(lambda p, q: _kl(p, (p + q) / 2)),
        ),
        mistake(
            "this takes both directions together. The text asks for one: p log(p / q).",
            _of_shares(lambda p, q: _kl(p, q) + _kl(q, p)),
            _of_shares(lambda p, q: (_kl(p, q) + _kl(q, p)) / 2),
        ),
        mistake(
            "the sign is wrong. A divergence is never below 0: log(p / q), not log(q / p).",
            _of_shares(lambda p, q: -_kl(p, q)),
        ),
        mistake(
            "the weights p_k are missing: each class counts the same. How often a class occurs among the labels is its weight.",
            _of_shares(lambda p, q: (p / q).log().sum()),
            _of_shares(lambda p, q: (p / q).log().mean()),
        ),
        mistake(
            "there is one number for each class. Their sum is asked for.",
            _of_shares(lambda p, q: torch.xlogy(p, p / q)),
        ),
    ),
    accepted=(
        _with_lists,
        _with_numpy,
        _of_shares(lambda p, q: kl_div(q.log(), p, reduction="sum").item()),
        _of_shares(lambda p, q: (p * (p / q).log()).nansum()),
        _of_shares(lambda p, q: (p * ((p + 1e-12).log() - q.log())).sum(), lambda x, k: _shares(x, k).float()),
        _of_shares(_kl, lambda x, k: one_hot(x, k).float().mean(0)),
        _of_shares(_kl, lambda x, k: torch.tensor([(x == i).sum() / x.numel() for i in range(k)])),
        _of_shares(lambda p, q: -_entropy(p) - (p * q.log()).sum()),
    ),
)


# ---- the inception score ------------------------------------------------------------------------------------------


def _inception_score(probabilities):
    """Return exp(mean_n sum_k p_nk (log p_nk - log p_k)) for a classifier's probabilities (N, K), p_k their mean over n.

    Salimans et al. 2016, section 4. Where a probability is 0, it counts 0.
    """
    marginal = probabilities.mean(0)
    terms = torch.xlogy(probabilities, probabilities) - torch.xlogy(probabilities, marginal)
    return terms.sum(1).mean().exp()


def _percent(seed, n, classes):
    """Return probabilities (n, classes) of whole percents, none of them 0; a third of the rows are quite sure."""
    sharp = 1 + 2 * (torch.arange(n) % 3 == 0)
    percent = (100 * (sharp[:, None] * randn(seed, n, classes)).softmax(1)).floor().clamp(min=1)
    return _filled(percent) / 100


def _filled(percent):
    """Return percent (n, classes) in which the largest of each row takes what is left to 100."""
    rest = torch.zeros_like(percent).scatter(1, percent.argmax(1, keepdim=True), 100 - percent.sum(1, keepdim=True))
    return percent + rest


def _probability_cases(seed, strict):
    sizes = (
        ((2, 3), (4, 3), (12, 5), (9, 6)) if not strict else ((3, 2), (1, 4), (30 + seed % 20, 10), (150, 10), (40, 12))
    )
    rows = [_percent(seed + 7 * i, n, k) for i, (n, k) in enumerate(sizes)]
    percent, (n, k) = (100 * rows[-1]).round(), sizes[-1]
    percent[torch.arange(n), torch.arange(n) % k] = 0
    percent[:, seed % k] = 0
    percent[:2] = percent[:2].where(percent[:2] == percent[:2].max(1, keepdim=True).values, 0)
    rows[-1] = _filled(percent) / 100
    cases = []
    for number, p in enumerate(rows):
        about = (
            f"probabilities = {np.round(p.tolist(), 2).tolist()}"
            if p.numel() <= 12
            else f"{p.shape[0]} rows of {p.shape[1]} probabilities"
        )
        about += f", some of them 0, those of class {seed % k} in every row" * (number == len(rows) - 1)
        cases.append({"about": about, "arguments": (p,), "returns": ("the score",)})
    return cases


def _information(p, marginal):
    """Return the divergence (N,) of each row of p (N, K) from the marginal (K,)."""
    return (torch.xlogy(p, p) - torch.xlogy(p, marginal)).sum(1)


def _row_by_row(p):
    marginal = p.mean(0).tolist()
    total = 0.0
    for row in p.tolist():
        total += sum(a * math.log(a / b) for a, b in zip(row, marginal, strict=True) if a > 0)
    return math.exp(total / len(p))


def _score_with_numpy(p):
    p = p.double().numpy()
    ratio = np.divide(p, p.mean(0), out=np.ones_like(p), where=p > 0)
    return np.exp(np.mean(np.sum(p * np.log(ratio), axis=1)))


inception_score = Exercise(
    name="inception_score",
    reference=_inception_score,
    points=2,
    cases=_probability_cases,
    observe=observers.function,
    look="The mean of the rows is p(y). Each row's divergence from it: a sum over the classes. The mean of those over the rows, then exp.",
    mistakes=(
        mistake(
            "this is the logarithm of the score: exp() is missing at the end.",
            lambda p: _information(p, p.mean(0)).mean(),
            lambda p: _information(p, p.mean(0)).mean() / math.log(2),
        ),
        mistake(
            "exp() is taken of each row, and the mean after it. First the mean over the rows, then exp().",
            lambda p: _information(p, p.mean(0)).exp().mean(),
        ),
        mistake(
            "the divergence goes the wrong way round: each *row* weighs and stands above, p(y) below.",
            lambda p: (torch.xlogy(p.mean(0), p.mean(0)) - torch.xlogy(p.mean(0), p)).sum(1).mean().exp(),
            lambda p: (p.mean(0) * (p.mean(0).log() - p.log())).sum(1).mean().exp(),
            lambda p: (p.mean(0) * ((p.mean(0) + 1e-12).log() - (p + 1e-12).log())).sum(1).mean().exp(),
        ),
        mistake(
            "it is not a number where a probability is 0: 0 · log 0, or 0 / 0 where a class gets 0 in every row. Such a term counts 0. "
            "torch.xlogy(p, p) is p log p with this rule; write log(p / q) as a difference, or a ratio of 0 / 0 comes in between.",
            lambda p: (p * (p.log() - p.mean(0).log())).sum(1).mean().exp(),
            lambda p: (p * (p / p.mean(0)).log()).sum(1).mean().exp(),
            lambda p: torch.xlogy(p, p / p.mean(0)).sum(1).mean().exp(),
        ),
        mistake(
            "p(y) is the same for every class, 1 / K. (A mean along dim 1, or over everything, makes just that: each row sums to one.) It is the mean over the "
            "*rows*, dim 0: which classes come up at all.",
            lambda p: _information(p, torch.full_like(p, 1 / p.shape[1])).mean().exp(),
            lambda p: _information(p, torch.full_like(p, 1 / p.shape[1])).mean(),
            lambda p: (torch.xlogy(p, p) - torch.xlogy(p, p.mean(1))).sum(1).mean().exp(),
            lambda p: (p * (p.log() - p.mean(1, keepdim=True).log())).sum(1).mean().exp(),
            lambda p: (p * (p.log() - p.mean(1).log())).sum(1).mean().exp(),
            lambda p: (p * (p / p.mean(1)).log()).sum(1).mean().exp(),
        ),
        mistake(
            "p(y) is not the mean of the rows. A sum, a largest value or a softmax along dim 0 is something else: p(y) has to sum to one.",
            lambda p: _information(p, p.sum(0)).mean().exp(),
            lambda p: _information(p, p.max(0).values).mean().exp(),
            lambda p: _information(p, p.max(0).values / p.max(0).values.sum()).mean().exp(),
            lambda p: _information(p, p.mean(0).softmax(0)).mean().exp(),
            lambda p: _information(p, p.sum(0).softmax(0)).mean().exp(),
            lambda p: _information(p, p.median(0).values).mean().exp(),
        ),
        mistake(
            "the mean is taken over the classes, too. The divergence of a row is the *sum* over its classes: .sum(1).mean().",
            lambda p: (_information(p, p.mean(0)) / p.shape[1]).mean().exp(),
        ),
        mistake(
            "the sum is divided by K instead of N. The inner sum runs over the classes of one image, .sum(1), the mean over images. (kl_div with batchmean errs the same way: it goes by the length of its *first* argument.) "
            "Take reduction='sum' and divide by N.",
            lambda p: kl_div(p.mean(0).log(), p, reduction="batchmean").exp(),
            lambda p: kl_div((p.mean(0) + 1e-12).log(), p, reduction="batchmean").exp(),
        ),
        mistake(
            "the divergences of the rows are summed. The score must not grow with the number of images: take their mean.",
            lambda p: _information(p, p.mean(0)).sum().exp(),
        ),
        mistake(
            "the probabilities go through a softmax again, which makes them all look alike. They are probabilities already.",
            lambda p: _inception_score(p.softmax(1)),
            lambda p: _inception_score(p.log_softmax(1).exp().softmax(1)),
        ),
        mistake(
            "this looks only at p(y): how many classes there are, but not how sure the classifier is of each image.",
            lambda p: _entropy(p.mean(0)).exp(),
            lambda p: _entropy(p.mean(0)),
        ),
        mistake(
            "this looks only at how sure the classifier is of each image. Without p(y), one digit a thousand times would be perfect.",
            lambda p: _entropy(p, 1).mean().exp(),
            lambda p: (-_entropy(p, 1)).mean().exp(),
            lambda p: _entropy(p, 1).mean(),
        ),
        mistake(
            "each row is replaced by its most probable class. The score uses all probabilities: a hesitating classifier lowers it.",
            lambda p: _inception_score(one_hot(p.argmax(1), p.shape[1]).float()),
        ),
        mistake(
            "the logarithm and exp() do not fit together: e to the power of bits. Take the natural logarithm for both.",
            lambda p: (_information(p, p.mean(0)).mean() / math.log(2)).exp(),
            lambda p: (_information(p, p.mean(0)).mean() / math.log(10)).exp(),
            lambda p: 2 ** _information(p, p.mean(0)).mean(),
        ),
        mistake(
            "the sign of the divergence is wrong: log p_nk minus log p_k. The score is never below 1.",
            lambda p: (-_information(p, p.mean(0))).mean().exp(),
        ),
        mistake(
            "the weights p_nk before the logarithms are missing: a class counts by how probable it is in that row.",
            lambda p: (p.log() - p.mean(0).log()).sum(1).mean().exp(),
            lambda p: (p / p.mean(0)).log().sum(1).mean().exp(),
        ),
        mistake(
            "there is one number for each row. Take their mean, then exp().",
            lambda p: _information(p, p.mean(0)).exp(),
            lambda p: _information(p, p.mean(0)),
        ),
    ),
    accepted=(
        _row_by_row,
        _score_with_numpy,
        lambda p: (_entropy(p.mean(0)) - _entropy(p, 1).mean()).exp().item(),
        lambda p: 2 ** (_information(p, p.mean(0)) / math.log(2)).mean(),
        lambda p: (p * ((p + 1e-12).log() - (p.mean(0) + 1e-12).log())).sum(1).mean().exp(),
        lambda p: torch.exp((p * (p / p.mean(0, keepdim=True)).clamp_min(1e-12).log()).nansum() / len(p)),
        lambda p: kl_div((p.double().mean(0) + 1e-30).log().expand_as(p), p, reduction="batchmean").exp(),
    ),
)


# ---- Fréchet's distance -------------------------------------------------------------------------------------------


def _frechet_distance(a, b):
    """Return the squared Fréchet distance of the normal distributions fitted to features a (N, d) and b (M, d), float64.

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)); Dowson & Landau 1982, for GANs Heusel et al. 2017, eq. 6. The
    eigenvalues of S_a S_b are real and not negative up to rounding, and the trace of the root is the sum of their roots.
    """
    gap = (a.mean(0) - b.mean(0)).square().sum()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(cov_a @ cov_b).sqrt().real.sum()
    return gap + cov_a.trace() + cov_b.trace() - 2 * root


def _feature_cases(seed, strict):
    sizes = ((4, 5, 2), (6, 9, 3)) if not strict else ((4, 7, 2), (9, 9, 3), (60 + seed % 40, 150, 8))
    plans = [("", _points(seed + 5 * i, n, d), _points(seed + 5 * i + 70, m, d)) for i, (n, m, d) in enumerate(sizes)]
    a, b = _points(seed + 40, 7, 3), _points(seed + 50, 9, 3)
    a[:, 1] = b[:, 1] = 0.5
    plans.append((", the second feature constant", a, b))
    same = _points(seed + 60, 8, 3)
    # Moved, so that the distance is not 0: next to 0 a right answer in float32 would fail.
    plans.append((", the same points in another order, each moved by 0.5", same, same.roll(3, 0) + 0.5))
    plans.append((", fewer points than features", _points(seed + 80, 5, 20), _points(seed + 90, 7, 20)))
    return [
        {"about": f"a = {_told(a)}, b = {_told(b)}{more}", "arguments": (a, b), "returns": ("the distance",)}
        for more, a, b in plans
    ]


def _real_function(answer, case, like):
    """Observe a function of numbers; a complex result is none, whatever its imaginary part."""

    def called(*arguments):
        value = answer(*arguments)
        is_complex = isinstance(value, complex) or (isinstance(value, Tensor) and value.is_complex())
        return 1j if is_complex else value

    return observers.function(called, case, like)


def _frechet(*changes):
    return edited(_frechet_distance, *changes)


GAP, COV, ROOT = (
    "(a.mean(0) - b.mean(0)).square().sum()",
    "torch.cov(a.T), torch.cov(b.T)",
    "torch.linalg.eigvals(cov_a @ cov_b).sqrt().real.sum()",
)
TRACES = "gap + cov_a.trace() + cov_b.trace() - 2 * root"
COMPLEX = (
    "eigvals returns complex numbers, and you hand them on. Up to rounding they are real: take .real of the square roots, before "
    "anything that wants plain numbers."
)


def _matrix_root(matrix):
    """Return the square root of a symmetric matrix (d, d) that has no negative eigenvalue."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def _symmetric_root(cov_a, cov_b):
    """Return the trace of the root by way of a symmetric matrix with the same eigenvalues."""
    root = _matrix_root(cov_a)
    return torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()


def _frechet_with_numpy(a, b):
    a, b = a.numpy(), b.numpy()
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).astype(complex)).real.sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b) - 2 * root


def _own_covariance(x, less=1):
    x = x - x.mean(0)
    return x.T @ x / (len(x) - less)


frechet_distance = Exercise(
    name="frechet_distance",
    reference=_frechet_distance,
    points=4,
    cases=_feature_cases,
    observe=_real_function,
    look="Compute the parts one by one: the squared length of mu_a - mu_b; the traces of S_a and S_b; twice the sum of the roots of "
    "the eigenvalues of S_a @ S_b.",
    mistakes=(
        mistake(
            COMPLEX,
            _frechet((".real", "")),
            _frechet((ROOT, "np.linalg.eigvals(cov_a @ cov_b).astype(complex) ** 0.5"), ("* root", "* root.sum()")),
            shows={"what it returns": "a complex"},
        ),
        mistake(
            COMPLEX,
            _frechet((".sqrt().real.sum()", ".sqrt().sum() + 1e-9j"), (TRACES, f"float({TRACES})")),  # 1e-9: rounding
            shows={STOPPED: NO_FLOAT},
        ),
        mistake(
            COMPLEX,
            _frechet((".sqrt().real", ".clamp(min=0).sqrt()")),
        ),
        mistake(
            "torch.cov takes the *rows* as variables, and yours are points: that gives a matrix of N × N. Turn it: torch.cov(a.T). (In NumPy "
            "it is rowvar=False.)",
            _frechet((COV, "torch.cov(a), torch.cov(b)")),
            _frechet((COV, "torch.cov(a), torch.cov(b)"), (TRACES, "gap + (cov_a + cov_b).trace() - 2 * root")),
            _frechet(
                (COV, "torch.cov(a), torch.cov(b)"),
                (ROOT, "0"),
                (TRACES, "gap + (cov_a + cov_b - 2 * cov_a @ cov_b).trace()"),
            ),
            _frechet(
                (COV, "torch.cov(a), torch.cov(b)"),
                (ROOT, "0"),
                (TRACES, f"gap + (cov_a + cov_b).trace() - 2 * {ROOT}"),
            ),
            _frechet((COV, "np.cov(a.numpy()), np.cov(b.numpy())")),
            _frechet((COV, "(a - a.mean(0)) @ (a - a.mean(0)).T, (b - b.mean(0)) @ (b - b.mean(0)).T")),
        ),
        mistake(
            "it is not a number where an eigenvalue comes out a hair below 0, by rounding: it has no real root. Take the root of the complex "
            "number and .real after it, or .clamp(min=0) before the root.",
            _frechet((".sqrt().real", ".real.sqrt()")),
            _frechet(
                (ROOT, "np.linalg.eigvals(cov_a @ cov_b).real.tolist()"),
                ("* root", "* torch.tensor(root).sqrt().sum()"),
            ),
        ),
        mistake(
            "Cholesky's factor is used for the root. It needs a covariance without any eigenvalue 0, and a constant feature or a few points "
            "make one. eigvals has no such trouble.",
            _frechet((ROOT, "_through_cholesky(cov_a, cov_b)")),
            _frechet((ROOT, "_through_cholesky(cov_b, cov_a)")),
        ),
        mistake(
            "the distance of the means is not squared. What is added to the traces is its square: .square().sum().",
            _frechet((GAP, "(a.mean(0) - b.mean(0)).norm()")),
        ),
        mistake(
            "the squared differences of the means are averaged. A squared length is their *sum*.",
            _frechet((GAP, "(a.mean(0) - b.mean(0)).square().mean()")),
        ),
        mistake(
            "the mean is taken over all numbers. Each feature has its own: .mean(0) gives d of them.",
            _frechet((GAP, "(a.mean() - b.mean()).square()")),
        ),
        mistake(
            "the means are missing: two clouds of one shape, far apart, would have the distance 0. Add |mu_a - mu_b|².",
            _frechet((GAP, "0")),
        ),
        mistake(
            "only the means are compared. Add the term of the covariances, tr(S_a + S_b - 2 (S_a S_b)^(1/2)).",
            _frechet((TRACES, "gap")),
            _frechet((TRACES, "gap.sqrt()")),
        ),
        mistake(
            "the factor 2 before the root is missing: then the distance of a set to itself is not 0.",
            _frechet(("2 * root", "root")),
        ),
        mistake(
            "the root is added. It is subtracted: the more alike the covariances are, the more of their traces it takes away.",
            _frechet(("- 2 * root", "+ 2 * root")),
        ),
        mistake(
            "the root is missing, or left out: the term is tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^(1/2)).",
            _frechet((".sqrt()", "")),
            _frechet((ROOT, "(cov_a @ cov_b).trace()")),
            _frechet((ROOT, "0")),
        ),
        mistake(
            "the root is taken of each *number* in the matrix. The root of a matrix R is the one with R @ R = S_a @ S_b. Its trace is the sum of "
            "the roots of the eigenvalues: torch.linalg.eigvals.",
            _frechet((ROOT, "(cov_a @ cov_b).sqrt().trace()")),
            _frechet((ROOT, "(cov_a @ cov_b).abs().sqrt().trace()")),
            _frechet((ROOT, "(cov_a @ cov_b).clamp(min=0).sqrt().trace()")),
            _frechet((ROOT, "torch.linalg.det(cov_a @ cov_b).sqrt()")),
        ),
        mistake(
            "this is the root of the trace; wanted is the trace of the root. It is the sum of the roots of the eigenvalues: torch.linalg.eigvals.",
            _frechet((ROOT, "(cov_a @ cov_b).trace().sqrt()")),
        ),
        mistake(
            "`*` multiplies the two covariances number by number. The product of matrices is `@`.",
            _frechet(("cov_a @ cov_b", "cov_a * cov_b")),
            _frechet(("cov_a @ cov_b", "cov_a * cov_b"), (".sqrt()", "")),
        ),
        mistake(
            "only the variances count, the diagonals: (s_a - s_b)² for each feature. How features vary *together* is lost, and that is most of "
            "what an image is. Take the whole matrices, with S_a @ S_b.",
            _frechet((ROOT, "(cov_a * cov_b).sqrt().trace()")),
            _frechet((ROOT, "(a.std(0) * b.std(0)).sum()")),
            _frechet((TRACES, "gap + (a.var(0) - b.var(0)).square().sum()")),
            _frechet((TRACES, "gap + (a.var(0) - b.var(0)).abs().sum()")),
        ),
        mistake(
            "the covariances are divided by N. The text asks for the unbiased ones, N - 1, which is what torch.cov does by itself.",
            _frechet((COV, "torch.cov(a.T, correction=0), torch.cov(b.T, correction=0)")),
            _frechet((COV, "_own_covariance(a, 0), _own_covariance(b, 0)")),
        ),
        mistake(
            "the means are not subtracted before the products are averaged. A covariance is about what varies around the mean: torch.cov does it.",
            _frechet((COV, "a.T @ a / len(a), b.T @ b / len(b)")),
            _frechet((COV, "a.T @ a / (len(a) - 1), b.T @ b / (len(b) - 1)")),
        ),
        mistake(
            "the sums of products are not divided by N - 1, so that they grow with the number of points.",
            _frechet((COV, "_own_covariance(a) * (len(a) - 1), _own_covariance(b) * (len(b) - 1)")),
        ),
        mistake(
            "the root of the whole is taken. What papers report as FID is the squared distance.",
            lambda a, b: _frechet_distance(a, b).clamp(min=0).sqrt(),
            lambda a, b: _frechet_distance(a, b) ** 0.5,
        ),
        mistake(
            "S_a @ S_b is treated as symmetric: it is not, though both factors are. eigvalsh and eigh read only one half of it, and svdvals gives "
            "singular values. Use torch.linalg.eigvals.",
            _frechet((ROOT, "torch.linalg.eigvalsh(cov_a @ cov_b).sqrt().sum()")),
            _frechet((ROOT, "torch.linalg.eigvalsh(cov_a @ cov_b).clamp(min=0).sqrt().sum()")),
            _frechet((ROOT, "torch.linalg.eigvalsh(cov_a @ cov_b).abs().sqrt().sum()")),
            _frechet((ROOT, "torch.linalg.svdvals(cov_a @ cov_b).sqrt().sum()")),
        ),
        mistake(
            "each covariance gets a root of its own, and then they are multiplied. For matrices that is not the root of the product, unless they "
            "share their axes. First S_a @ S_b, then the eigenvalues.",
            _frechet((ROOT, "(_matrix_root(cov_a) @ _matrix_root(cov_b)).trace()")),
            _frechet((ROOT, "(torch.linalg.eigvalsh(cov_a) * torch.linalg.eigvalsh(cov_b)).clamp(min=0).sqrt().sum()")),
        ),
    ),
    accepted=(
        _frechet_with_numpy,
        lambda a, b: _frechet_distance(a, b).item(),
        _frechet((ROOT, "_symmetric_root(cov_a, cov_b)")),
        _frechet((ROOT, "_symmetric_root(cov_b, cov_a)")),
        _frechet((COV, "_own_covariance(a), _own_covariance(b)"), (".sqrt().real", ".real.clamp(min=0).sqrt()")),
        _frechet((".sqrt().real", ".abs().sqrt()"), (TRACES, "gap + a.var(0).sum() + b.var(0).sum() - 2 * root")),
        _frechet((ROOT, "torch.linalg.svdvals(_matrix_root(cov_a) @ _matrix_root(cov_b)).sum()")),
        lambda a, b: max(0.0, float(_frechet_distance(b, a))),
    ),
)


def _through_cholesky(cov_a, cov_b):
    factor = torch.linalg.cholesky(cov_a)
    return torch.linalg.eigvalsh(factor.T @ cov_b @ factor).clamp(min=0).sqrt().sum()


# ---- the kernel distance ------------------------------------------------------------------------------------------


def _kernel_distance(a, b):
    """Return the unbiased squared maximum mean discrepancy of a (N, d) and b (M, d) with the kernel (x · y / d + 1)^3.

    The mean over pairs of different points within a, plus that within b, minus twice that between a and b; Gretton et
    al. 2012, lemma 6, with the kernel of Bińkowski et al. 2018, section 4.
    """
    k_aa, k_bb, k_ab = _cubic(a, a), _cubic(b, b), _cubic(a, b)
    return _mean_of_others(k_aa) + _mean_of_others(k_bb) - 2 * k_ab.mean()


def _cubic(x, y):
    """Return the kernel of every x (N, d) with every y (M, d): (N, M)."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mean_of_others(kernel):
    """Return the mean of a square matrix (n, n) without its diagonal."""
    n = len(kernel)
    return (kernel.sum() - kernel.trace()) / (n * (n - 1))


def _kernel_cases(seed, strict):
    sizes = ((3, 2, 2), (6, 9, 3), (12, 8, 5)) if not strict else ((2, 3, 2), (7, 7, 4), (40 + seed % 30, 90, 16))
    plans = [("", _points(seed + 5 * i, n, d), _points(seed + 5 * i + 70, m, d)) for i, (n, m, d) in enumerate(sizes)]
    same = _points(seed + 60, 5, 2)
    plans.insert(1, (", the same points in another order", same, same.roll(2, 0)))
    return [
        {"about": f"a = {_told(a)}, b = {_told(b)}{more}", "arguments": (a, b), "returns": ("the distance",)}
        for more, a, b in plans
    ]


def _with_kernel(kernel):
    return lambda a, b: _mean_of_others(kernel(a, a)) + _mean_of_others(kernel(b, b)) - 2 * kernel(a, b).mean()


def _with_means(inside, between=torch.mean, factor=2):
    return lambda a, b: inside(_cubic(a, a)) + inside(_cubic(b, b)) - factor * between(_cubic(a, b))


def _without_diagonal(kernel):
    return kernel * (1 - torch.eye(*kernel.shape))


def _pair_by_pair(a, b):
    def mean(xs, ys, skip):
        values = [
            (sum(p * q for p, q in zip(x, y, strict=True)) / len(x) + 1) ** 3
            for i, x in enumerate(xs)
            for j, y in enumerate(ys)
            if not (skip and i == j)
        ]
        return sum(values) / len(values)

    a, b = a.tolist(), b.tolist()
    return mean(a, a, True) + mean(b, b, True) - 2 * mean(a, b, False)


def _kernel_with_numpy(a, b):
    a, b = a.numpy(), b.numpy()
    k_aa, k_bb, k_ab = ((x @ y.T / a.shape[1] + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    upper_a, upper_b = k_aa[np.triu_indices(len(a), 1)], k_bb[np.triu_indices(len(b), 1)]
    return upper_a.mean() + upper_b.mean() - 2 * k_ab.mean()


kernel_distance = Exercise(
    name="kernel_distance",
    reference=_kernel_distance,
    points=3,
    cases=_kernel_cases,
    observe=observers.function,
    look="Three matrices of kernels: a with a, b with b, a with b. From the first two the mean without the diagonal; minus twice the mean "
    "of the third.",
    mistakes=(
        mistake(
            "the diagonal is kept: pairs of a point with itself. They are larger than others, and make the distance too large for few points. "
            "Leave them out, and divide by n (n - 1).",
            _with_means(torch.mean),
        ),
        mistake(
            "the diagonal is taken out, but the sum is still divided by n². There are n (n - 1) pairs left. (.mean() of a matrix with zeros on "
            "its diagonal counts these zeros.)",
            _with_means(lambda k: _without_diagonal(k).mean()),
            _with_means(lambda k: _without_diagonal(k).mean(), lambda k: _without_diagonal(k).mean()),
        ),
        mistake(
            "the diagonal is not what is taken out: torch.diag(K) of a matrix K is a vector, which K - ... subtracts from every row, and torch.eye(n) holds "
            "ones. Subtract K.trace() from K.sum().",
            _with_means(lambda k: (k - torch.diag(k)).sum() / (len(k) * (len(k) - 1))),
            _with_means(lambda k: (k - torch.eye(len(k))).sum() / (len(k) * (len(k) - 1))),
        ),
        mistake(
            "the sum is divided by n (n - 1), but the diagonal is still in it. Subtract the trace.",
            _with_means(lambda k: k.sum() / (len(k) * (len(k) - 1))),
        ),
        mistake(
            "each pair is counted once, and divided by n (n - 1), which counts it twice.",
            _with_means(lambda k: k.triu(1).sum() / (len(k) * (len(k) - 1))),
        ),
        mistake(
            "the diagonal is taken out of the third matrix, too. There it is a pair like any other: a_i and b_i are different points.",
            _with_means(_mean_of_others, lambda k: (k.sum() - k.trace()) / (k.numel() - min(k.shape))),
            _with_means(_mean_of_others, lambda k: (k.sum() - k.trace()) / k.numel()),
            _with_means(_mean_of_others, lambda k: (k.sum() - k.trace()) / (len(k) * (len(k) - 1))),
            _with_means(_mean_of_others, lambda k: (k.sum() - k.trace()) / (len(k) * (k.shape[1] - 1))),
            lambda a, b: (
                _mean_of_others(_cubic(a, a))
                + _mean_of_others(_cubic(b, b))
                - 2 * _cubic(a, b)[~torch.eye(len(a), dtype=torch.bool)].mean()
            ),
        ),
        mistake(
            "x · y is not divided by d, the number of features.",
            _with_kernel(lambda x, y: (x @ y.T + 1) ** 3),
        ),
        mistake(
            "x · y is divided by the number of points. d is the number of features, x.shape[1]; len(x) counts the points.",
            _with_kernel(lambda x, y: (x @ y.T / len(x) + 1) ** 3),
            _with_kernel(lambda x, y: (x @ y.T / len(y) + 1) ** 3),
            lambda a, b: _with_kernel(lambda x, y: (x @ y.T / len(a) + 1) ** 3)(a, b),
        ),
        mistake(
            "d divides too much, or by its root: in (x · y / d + 1)³ it divides x · y alone.",
            _with_kernel(lambda x, y: ((x @ y.T + 1) / x.shape[1]) ** 3),
            _with_kernel(lambda x, y: (x @ y.T + 1) ** 3 / x.shape[1]),
            _with_kernel(lambda x, y: (x @ y.T / math.sqrt(x.shape[1]) + 1) ** 3),
        ),
        mistake(
            "+ 1 is missing in the kernel, or added after the power, where it cancels out: (x · y / d + 1)³. It is what lets the lower powers of x · y count, too: means and covariances.",
            _with_kernel(lambda x, y: (x @ y.T / x.shape[1]) ** 3),
            _with_kernel(lambda x, y: (x @ y.T / x.shape[1]) ** 3 + 1),
        ),
        mistake(
            "the power is not 3. With 1 only means are compared, with 2 also covariances; the third power sees skewness.",
            _with_kernel(lambda x, y: x @ y.T / x.shape[1] + 1),
            _with_kernel(lambda x, y: (x @ y.T / x.shape[1] + 1) ** 2),
            _with_kernel(lambda x, y: (x @ y.T / x.shape[1] + 1) ** 4),
        ),
        mistake(
            "this is another kernel. The text asks for (x · y / d + 1)³.",
            _with_kernel(lambda x, y: (-torch.cdist(x, y).square() / 2).exp()),
            _with_kernel(lambda x, y: (-torch.cdist(x, y).square()).exp()),
            _with_kernel(lambda x, y: (-torch.cdist(x, y).square() / x.shape[1]).exp()),
            _with_kernel(lambda x, y: (-torch.cdist(x, y).square() / (2 * x.shape[1])).exp()),
            _with_kernel(torch.cdist),
        ),
        mistake(
            "the pairs between a and b count once. They count twice: then the result is 0 on average if a and b are drawn alike.",
            _with_means(_mean_of_others, factor=1),
            _with_means(torch.mean, factor=1),
        ),
        mistake(
            "the sign is wrong: the pairs within the sets are added, those between them subtracted.",
            lambda a, b: -_kernel_distance(a, b),
            _with_means(_mean_of_others, factor=-2),
        ),
        mistake(
            "the result may be negative, and yours cannot be. Cut off at 0, or without its sign, it is too large on average, just where two sets "
            "are alike. (A root is not asked for either.)",
            lambda a, b: _kernel_distance(a, b).abs(),
            lambda a, b: _kernel_distance(a, b).clamp(min=0),
            lambda a, b: _kernel_distance(a, b).sqrt(),
            lambda a, b: _kernel_distance(a, b).abs().sqrt(),
            lambda a, b: _kernel_distance(a, b).clamp(min=0).sqrt(),
        ),
        mistake(
            "the features are averaged before the kernel. Take the kernel of each pair of points, and then the mean.",
            lambda a, b: (a.mean(0) - b.mean(0)).square().sum(),
            lambda a, b: (a.mean(0) - b.mean(0)).square().mean(),
            lambda a, b: (a.mean(0) - b.mean(0)).norm(),
            lambda a, b: _with_means(torch.mean)(a.mean(0, keepdim=True), b.mean(0, keepdim=True)),
        ),
        mistake(
            "sums of kernels are taken. They grow with the number of points: take means.",
            _with_means(lambda k: k.sum() - k.trace(), torch.sum),
            _with_means(torch.sum, torch.sum),
            _with_means(_mean_of_others, torch.sum),
        ),
        mistake(
            "only the pairs between a and b are there. Without those within each set there is nothing to compare them with.",
            lambda a, b: _cubic(a, b).mean(),
            lambda a, b: -2 * _cubic(a, b).mean(),
        ),
    ),
    accepted=(
        _pair_by_pair,
        _kernel_with_numpy,
        lambda a, b: _kernel_distance(b, a).item(),
        _with_means(lambda k: k.clone().fill_diagonal_(0).sum() / len(k) / (len(k) - 1)),
        _with_means(lambda k: k[~torch.eye(len(k), dtype=torch.bool)].mean()),
        _with_kernel(lambda x, y: (torch.einsum("id,jd->ij", x, y) / x.size(1)).add(1).pow(3)),
        _with_kernel(lambda x, y: ((x[:, None] * y).mean(2) + 1) ** 3),
    ),
)


# ---- precision and recall -----------------------------------------------------------------------------------------


def _precision_recall(real, fake, k):
    """Return precision and recall of fake points (M, d) against real ones (N, d); Kynkäänniemi et al. 2019, section 2.

    The share of the fakes that lie in the ball of at least one real point, and the share of the real points that lie in
    the ball of at least one fake. A ball reaches to the k-th nearest other point of its own set.
    """
    distances = torch.cdist(real, fake)  # (N, M)
    precision = (distances <= _radii(real, k)[:, None]).any(0).double().mean()
    recall = (distances <= _radii(fake, k)).any(1).double().mean()
    return precision, recall


def _radii(points, k):
    """Return the distance (n,) of each of the points (n, d) to its k-th nearest other one."""
    return torch.cdist(points, points).fill_diagonal_(math.inf).kthvalue(k).values


def _two_sets(seed, strict):
    """Two long clouds of points, some with large balls; a third of each lies beside the other cloud."""
    sizes = ((6, 7, 2, 1), (9, 12, 2, 2), (30, 24, 2, 3), (40, 60, 3, 5))
    if strict:
        sizes = ((4, 6, 2, 3), (9, 12, 2, 2), (25, 25, 3, 4), (50 + seed % 30, 90, 3, 5), (110, 70, 4, 3))
    cases = []
    for number, (n, m, d, k) in enumerate(sizes):
        real, fake = (
            randn(seed + 9 * number + at, count, d).double() * (0.5 * randn(seed + 9 * number + at + 1, count, 1)).exp()
            for at, count in ((0, n), (70, m))
        )
        real[:, 0], fake[:, 0] = 2.5 * real[:, 0], 2.5 * fake[:, 0]
        real[1::3, 1] -= 5
        fake[::3, 1] += 5
        digits = 3 if number == 0 else 9  # fewer would make ties, where < and <= differ
        real, fake = real.round(decimals=digits), (0.8 * fake + 1.1).round(decimals=digits)
        about = f"real = {_told(real)}, fake = {_told(fake)}, k = {k}"
        cases.append({"about": about, "arguments": (real, fake, k), "returns": ("precision", "recall")})
    return cases


def _both_ways(share, radii=_radii):
    """Return an answer, given the share of the points that lie in balls: share(distances (balls, points), radii (balls,))."""

    def answer(real, fake, k):
        distances = torch.cdist(real, fake)
        return share(distances, radii(real, k)), share(distances.T, radii(fake, k))

    return answer


def _share_in_balls(distances, radii):
    return (distances <= radii[:, None]).any(0).double().mean()


def _in_the_nearest_ball(distances, radii):
    nearest = distances.min(0)
    return (nearest.values <= radii[nearest.indices]).double().mean()


def _wrong_radii(real, fake, k):
    distances = torch.cdist(real, fake)
    precision = (distances <= _radii(fake, k)).any(0).double().mean()
    return precision, (distances <= _radii(real, k)[:, None]).any(1).double().mean()


def _point_by_point(real, fake, k):
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


precision_recall = Exercise(
    name="precision_recall",
    reference=_precision_recall,
    points=3,
    cases=_two_sets,
    observe=observers.function,
    look={
        "what it returns": "Return both: `return precision, recall`.",
        "precision": "The radii are those of the *real* points, and the share is one of the *fakes*: in how many of them is any real point near "
        "enough?",
        "recall": "The radii are those of the *fakes*, and the share is one of the *real* points.",
        "": "For each set the radii, from its own distances; then who lies in a ball of the other set.",
    },
    mistakes=(
        mistake(
            "the two are swapped. Precision is about the fakes: do they look real? Recall is about the real points: could G make them?",
            lambda *a: _precision_recall(*a)[::-1],
        ),
        mistake(
            TWO_THINGS,
            lambda r, f, k: torch.cdist(r, f) <= torch.cdist(r, r).kthvalue(k + 1)[:, None],
            lambda r, f, k: torch.cdist(f, r) <= torch.cdist(r, r).kthvalue(k + 1),
            lambda r, f, k: torch.cdist(r, r).sort()[:, k],
            lambda r, f, k: torch.cdist(r, r).sort(1)[k],
        ),
        mistake(NO_MEAN, lambda r, f, k: (torch.cdist(r, f) <= _radii(r, k)[:, None]).any(0).mean()),
        mistake(
            "the radii lie along the wrong axis of the distances. torch.cdist(real, fake) has a row for each real point, so the radii of the real "
            "points need a second axis: radii[:, None]. Those of the fakes fit as they are.",
            lambda r, f, k: (torch.cdist(r, f) <= _radii(r, k)).any(0).double().mean(),
            lambda r, f, k: (torch.cdist(f, r) <= _radii(f, k)).any(0).double().mean(),
            lambda r, f, k: (torch.cdist(f, r) <= _radii(r, k)[:, None]).any(1).double().mean(),
        ),
        mistake(
            "a point counts as its own first neighbour, with the distance 0, so every ball is too small. Its k-th nearest *other* point is number "
            "k + 1 in the sorted row. (Sorted, the row begins with that 0, so the index is k itself.)",
            _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).kthvalue(k).values),
        ),
        mistake(
            "the balls are one neighbour too large: with the point itself out of the way, its k-th nearest other is at the index k - 1 of the sorted "
            "row; with it still there, at k.",
            _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).sort().values[:, k + 1]),
            _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).fill_diagonal_(math.inf).sort().values[:, k]),
            _both_ways(_share_in_balls, lambda x, k: _radii(x, k + 1)),
        ),
        mistake(
            "k has no effect: a ball always reaches to the same neighbour.",
            _both_ways(_share_in_balls, lambda x, k: _radii(x, 1)),
            _both_ways(_share_in_balls, lambda x, k: _radii(x, 3)),
        ),
        mistake(
            "a ball reaches to the *mean* of the k nearest, or to the farthest point of all. Its radius is the distance to the k-th nearest.",
            _both_ways(
                _share_in_balls, lambda x, k: torch.cdist(x, x).fill_diagonal_(math.inf).sort().values[:, :k].mean(1)
            ),
            _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).max(1).values),
            _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).topk(k).values[:, -1]),
        ),
        mistake(
            "the radii are those of the wrong set. For precision the *real* points have balls, and a fake is in or out; for recall the fakes have "
            "them.",
            _wrong_radii,
        ),
        mistake(
            "the neighbours are searched in the other set. A ball reaches to the k-th nearest point of its *own* set.",
            lambda r, f, k: (
                _share_in_balls(torch.cdist(r, f), torch.cdist(r, f).kthvalue(k).values),
                _share_in_balls(torch.cdist(f, r), torch.cdist(f, r).kthvalue(k).values),
            ),
        ),
        mistake(
            "one radius is used for all points. Each has its own: small where points are dense, large where they are rare.",
            _both_ways(_share_in_balls, lambda x, k: _radii(x, k).mean().expand(len(x))),
            _both_ways(_share_in_balls, lambda x, k: _radii(x, k).median().expand(len(x))),
            _both_ways(_share_in_balls, lambda x, k: _radii(x, k).max().expand(len(x))),
            _both_ways(_share_in_balls, lambda x, k: _radii(x, k).min().expand(len(x))),
        ),
        mistake(
            "only the ball of the *nearest* point is looked at. A point farther away may have a ball that is large enough: any of them will do.",
            _both_ways(_in_the_nearest_ball),
        ),
        mistake(
            "this asks for points that lie in *all* balls. One is enough: any.",
            _both_ways(lambda d, r: (d <= r[:, None]).all(0).double().mean()),
        ),
        mistake(
            "this is the share of all pairs. Ask for each point whether *any* ball holds it, and then for the share of the points.",
            _both_ways(lambda d, r: (d <= r[:, None]).double().mean()),
            _both_ways(lambda d, r: (d <= r[:, None]).double().sum(0).mean()),
        ),
        mistake(
            "this is the share of *balls* that hold something. Precision is a share of the fakes, recall one of the real points: `any` goes over the "
            "axis of the balls.",
            _both_ways(lambda d, r: (d <= r[:, None]).any(1).double().mean()),
        ),
        mistake(
            "these are numbers of points. The text asks for shares, from 0 to 1.",
            _both_ways(lambda d, r: (d <= r[:, None]).any(0).sum()),
            _both_ways(lambda d, r: 100 * _share_in_balls(d, r)),
        ),
        mistake(
            "these are the points *outside* of all balls.",
            _both_ways(lambda d, r: 1 - _share_in_balls(d, r)),
        ),
        mistake(
            "squares of distances are compared with distances.",
            _both_ways(lambda d, r: _share_in_balls(d.square(), r)),
        ),
    ),
    accepted=(
        _point_by_point,
        _balls_with_numpy,
        _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).sort().values[:, k]),
        _both_ways(_share_in_balls, lambda x, k: torch.cdist(x, x).topk(k + 1, largest=False).values[:, -1]),
        _both_ways(lambda d, r: ((d - r[:, None]).min(0).values <= 0).sum().item() / d.shape[1]),
        lambda *a: [share.item() for share in _precision_recall(*a)],
        _both_ways(lambda d, r: ((d.square() < r.square()[:, None]).sum(0) > 0).float().mean()),
    ),
)


# ---- copies -------------------------------------------------------------------------------------------------------


def _copied_share(fake, train, held_out):
    """Return the share of fakes (F, d) that lie nearer to a point of train (N, d) than 99 % of held_out (M, d) do.

    The threshold is the 1st percentile of the distances from held_out to the nearest of train. After the three
    samples of Meehan et al. 2020, with a threshold in place of their test.
    """
    threshold = _to_nearest(held_out, train).quantile(0.01)
    return (_to_nearest(fake, train) < threshold).double().mean()


def _to_nearest(x, y):
    """Return the distance (n,) of each point of x (n, d) to the nearest point of y (m, d)."""
    return torch.cdist(x, y).min(1).values


def _copy_cases(seed, strict):
    sizes = ((3, 6, 5, 2), (6, 14, 9, 2), (5, 11, 15, 3), (9, 30, 40, 3))
    if strict:
        sizes = ((1, 8, 4, 2), (12, 25, 60, 3), (8, 40, 25, 5), (40 + seed % 20, 90, 130, 4))
    cases = []
    for number, (others, n, m, d) in enumerate(sizes):
        now = seed + 13 * number
        train, held_out = (randn(now + at, k, d).double() for at, k in ((0, n), (40, m)))
        train[seed % n] = 8 + train[seed % n] / 4  # alone: what lies beside it has no other neighbour
        held_out[seed % m] = -8 + held_out[seed % m] / 4
        low = _to_nearest(held_out, train).min()
        shares = torch.tensor([0, 0.001, 0.01, 0.05, 0.1, 0.5], dtype=train.dtype)
        # The right and the wrong thresholds: with fakes between each two, in different numbers, each has its own share.
        limits = torch.cat(
            [
                _to_nearest(held_out, train).quantile(shares),
                _to_nearest(train, held_out).quantile(shares[[0, 2]]),
                _radii(train, 1).quantile(shares[[0, 2]]),
            ]
        )
        limits = torch.cat([limits, limits[2:3].sqrt()]).sort().values
        away = torch.cat([low * torch.tensor([0.002, 0.006, 0.03, 0.6]), (limits[1:] + limits[:-1]) / 2])[:, None]
        some = torch.randint(7, 20, (3,), generator=_generator(now)).tolist()
        fake = torch.cat(
            [
                train[seed % n] + away * normalize(randn(now + 80, len(away), d).double()),
                held_out[seed % m] + away * normalize(randn(now + 81, len(away), d).double()),
                held_out[seed % m] + 0.1 * low * randn(now + 85, some[2], d),
                train[(seed + 1) % n] + 0.03 * low * randn(now + 82, 2, d),
                1.5 * randn(now + 90, others, d).double(),
                train.median(0).values + 0.1 * low * randn(now + 83, some[0], d),  # near to many
                (train.amax(0) + train.amin(0)) / 2 + 0.1 * low * randn(now + 84, some[1], d),  # far from none
            ]
        )
        fake = fake[torch.randperm(len(fake), generator=_generator(seed))]
        about = f"{len(fake)} fakes, {n} points in train and {m} in held_out, of {d} numbers each; some fakes lie close to one of train"
        cases.append({"about": about, "arguments": (fake, train, held_out), "returns": ("the share",)})
    return cases


def _below(threshold):
    """Return an answer, given how to take the threshold from the distances (M,) from held_out to train."""
    return lambda fake, train, held: (_to_nearest(fake, train) < threshold(_to_nearest(held, train))).double().mean()


def _with(distance):
    """Return an answer, given the distance (n,) from each of x (n, d) to y (m, d)."""
    return lambda fake, train, held: (distance(fake, train) < distance(held, train).quantile(0.01)).double().mean()


def _fake_by_fake(fake, train, held):
    gaps = sorted(min(math.dist(x, t) for t in train.tolist()) for x in held.tolist())
    place = 0.01 * (len(gaps) - 1)
    at = int(place)
    threshold = gaps[at] + (place - at) * (gaps[min(at + 1, len(gaps) - 1)] - gaps[at])
    copies = [f for f in fake.tolist() if min(math.dist(f, t) for t in train.tolist()) < threshold]
    return len(copies) / len(fake)


def _copies_with_numpy(fake, train, held):
    of_fake, of_held = (np.linalg.norm(x.numpy()[:, None] - train.numpy(), axis=2).min(axis=1) for x in (fake, held))
    return np.mean(of_fake < np.percentile(of_held, 1))


copied_share = Exercise(
    name="copied_share",
    reference=_copied_share,
    points=3,
    cases=_copy_cases,
    observe=observers.function,
    look="The distance of each held_out point to its nearest in train; their 1st percentile is the threshold. Then the same distance for each "
    "fake: which share lies below?",
    mistakes=(
        mistake(
            TWO_THINGS,
            lambda f, t, h: (torch.cdist(f, t).min(1) < torch.cdist(h, t).min(1).quantile(0.01)).double().mean(),
            lambda f, t, h: torch.quantile(torch.cdist(h, t).min(1), 0.01),
            lambda f, t, h: (torch.cdist(f, t).min(1) < _to_nearest(h, t).quantile(0.01)).double().mean(),
        ),
        mistake(NO_MEAN, lambda f, t, h: (_to_nearest(f, t) < _to_nearest(h, t).quantile(0.01)).mean()),
        mistake(
            "the threshold is 1 % of a *distance*. The 1st percentile is the distance below which 1 % of the points lie: torch.quantile(distances, "
            "0.01).",
            _below(lambda d: 0.01 * d.min()),
            _below(lambda d: 0.01 * d.max()),
            _below(lambda d: 0.01 * d.mean()),
            _below(lambda d: 0.01 * d.median()),
        ),
        mistake(
            "this is another percentile. torch.quantile takes shares, not percents: the 1st percentile is 0.01; 1 is the largest of all, and 0.99 "
            "lets nearly everything count as a copy.",
            _below(lambda d: d.quantile(0.99)),
            _below(lambda d: d.quantile(1.0)),
            _below(lambda d: d.quantile(0.1)),
            _below(lambda d: d.quantile(0.05)),
            _below(lambda d: d.quantile(0.001)),
        ),
        mistake(
            "the threshold is the smallest, a middle or the largest distance. The text asks for the 1st percentile, torch.quantile(distances, 0.01).",
            _below(torch.min),
            _below(torch.mean),
            _below(lambda d: d.quantile(0.5)),
            _below(torch.median),
        ),
        mistake(
            "the quantile does not go between two distances: the text asks for linear interpolation, which is what torch.quantile does by itself.",
            _below(lambda d: d.quantile(0.01, interpolation="higher")),
            _below(lambda d: d.quantile(0.01, interpolation="midpoint")),
        ),
        mistake(
            "the threshold comes from the fakes' own distances: then the share is about 1 %, whatever they are. It comes from held_out: how near real "
            "points come that nobody has copied.",
            lambda f, t, h: (_to_nearest(f, t) < _to_nearest(f, t).quantile(0.01)).double().mean(),
        ),
        mistake(
            "the threshold comes from distances within train. A point has the distance 0 to itself; and train may hold near doubles. Take held_out to "
            "train.",
            lambda f, t, h: (_to_nearest(f, t) < _to_nearest(t, t).quantile(0.01)).double().mean(),
            lambda f, t, h: (_to_nearest(f, t) < _radii(t, 1).quantile(0.01)).double().mean(),
        ),
        mistake(
            "train and held_out are swapped. A copy is a copy of a *training* image.",
            lambda f, t, h: _copied_share(f, h, t),
        ),
        mistake(
            "the fakes are compared with held_out, which G has never seen. Measure the distance of each fake to its nearest point of train.",
            lambda f, t, h: (_to_nearest(f, h) < _to_nearest(h, t).quantile(0.01)).double().mean(),
        ),
        mistake(
            "a fake counts if it is nearer to train than to held_out. That is about half of them even for new images. The threshold is one number, from "
            "held_out to train.",
            lambda f, t, h: (_to_nearest(f, t) < _to_nearest(f, h)).double().mean(),
        ),
        mistake(
            "this is the distance to the *farthest* point of train, or the mean distance. A copy is near to one point, and far from all others: min.",
            _with(lambda x, y: torch.cdist(x, y).max(1).values),
            _with(lambda x, y: torch.cdist(x, y).mean(1)),
        ),
        mistake(
            "the nearest is searched along the wrong axis: for each point of train its nearest fake or held-out image. Ask for each *fake*: with torch.cdist(fake, train) it "
            "is .min(1).",
            _with(lambda x, y: _to_nearest(y, x)),
            lambda f, t, h: (_to_nearest(t, f) < _to_nearest(h, t).quantile(0.01)).double().mean(),
            lambda f, t, h: (_to_nearest(f, t) < _to_nearest(t, h).quantile(0.01)).double().mean(),
        ),
        mistake(
            "all distances between the two sets are used. What counts is the distance of each point to its *nearest* one in train: .min(1).values.",
            lambda f, t, h: (torch.cdist(f, t) < torch.cdist(h, t).quantile(0.01)).double().mean(),
            lambda f, t, h: (_to_nearest(f, t) < torch.cdist(h, t).quantile(0.01)).double().mean(),
            lambda f, t, h: (torch.cdist(f, t) < _to_nearest(h, t).quantile(0.01)).double().mean(),
        ),
        mistake(
            "this is the share of fakes that are *no* copies. Copies lie below the threshold: <.",
            lambda *a: 1 - _copied_share(*a),
        ),
        mistake(
            "this is a number of fakes, or a percentage. The text asks for a share, from 0 to 1.",
            lambda f, t, h: _copied_share(f, t, h) * len(f),
            lambda *a: 100 * _copied_share(*a),
        ),
        mistake(
            "this is a distance. The text asks for the share of fakes that lie below the threshold.",
            lambda f, t, h: _to_nearest(f, t).mean(),
            lambda f, t, h: _to_nearest(h, t).quantile(0.01),
            lambda f, t, h: _to_nearest(f, t).quantile(0.01),
        ),
        mistake(
            "these are yes or no for each fake. Their share is asked for: .double().mean().",
            lambda f, t, h: _to_nearest(f, t) < _to_nearest(h, t).quantile(0.01),
        ),
        mistake(
            "squares of distances are compared with distances.",
            lambda f, t, h: (_to_nearest(f, t) ** 2 < _to_nearest(h, t).quantile(0.01)).double().mean(),
        ),
    ),
    accepted=(
        _fake_by_fake,
        _copies_with_numpy,
        _with(lambda x, y: torch.cdist(y, x).amin(0)),
        _with(lambda x, y: (x[:, None] - y).square().sum(2).sqrt().min(1)[0]),
        _with(lambda x, y: torch.stack([(y - row).norm(dim=1).min() for row in x])),
        lambda f, t, h: (_to_nearest(f, t) < torch.quantile(_to_nearest(h, t), 0.01)).sum().item() / len(f),
        lambda *a: float(_copied_share(*a)),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------

question_1 = question(
    "question_1",
    "b",
    a="the formula is the same for all, but not what is put into it. What in this lesson moved the number although the images stayed the same?",
    c="how long a generator was trained is a property of the generator. The question is about how it was *measured*.",
    d="generators of different architectures may well be compared; that is what a measure is for. What could differ in the measuring?",
)
question_2 = question(
    "question_2",
    "d",
    a="it compares means and covariances. Those of replayed training images are those of the training images: nothing could look better.",
    b="every replayed image lies within the ball of a real one: itself. So precision is as high as it can be.",
    c="replayed images are clear and of all classes, and it asks for nothing else. It never looks at the training images.",
)
question_3 = question(
    "question_3",
    "a",
    b="draw another 1,000, and another: the distance is about 18 each time. Can all of them be drawn badly?",
    c="all these images are real and drawn alike. None of the two sets is the better one.",
    d="the feature network looks at one image at a time. What it says of it does not depend on how many others there are.",
)
