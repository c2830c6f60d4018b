"""The exercises of lesson 1. For each: the course's answer, then what is checked and which mistakes are known."""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.shared import first_numbers, question, randn

# PyTorch's words, which name a slip whatever else is wrong.
NOT_A_TENSOR = "TypeError: unsupported operand type(s) for -: 'torch.return_types.sort' and 'torch.return_types.sort'"
NO_GRAPH = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"
IN_PLACE = "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."
NO_GRADIENT_YET = "AttributeError: 'NoneType' object has no attribute 'zero_'"

TWO_THINGS = "sort() returns two things, the sorted numbers and where they stood. Take the first: x.sort().values."

# ---- the push-forward ---------------------------------------------------------------------------------------------


def _standard_normal(z):
    return torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)


def _tilted(z):
    """A density from -1 to 1 that is not symmetric, so that a wrong sign shows."""
    return torch.where(z.abs() <= 1, (1 + z) / 2, 0.0)


def _pushed_density(prior, scale, shift, x):
    """Return the density at x (n,) of scale · z + shift, where z has the density `prior`."""
    return prior((x - shift) / scale) / abs(scale)


def _pushed_cases(seed, strict):
    scale, shift = 0.5 + seed % 5 / 4, 1 + seed % 3 / 2
    x = torch.linspace(-3, 4, 5) if not strict else torch.linspace(-4, 5, 40) + randn(seed, 40) * 0.05
    cases = (
        ("a standard normal prior", _standard_normal, 2.0, 1.0),
        ("a standard normal prior", _standard_normal, scale, -shift),
        ("the prior (1 + z) / 2 between -1 and 1", _tilted, 2.0, shift),
        ("the prior (1 + z) / 2 between -1 and 1", _tilted, -1.5 - seed % 4 / 4, shift),
    )
    return [
        {
            "about": f"{about}, scale = {scale}, shift = {shift}, x = {first_numbers(x)}",
            "arguments": (prior, scale, shift, x),
            "returns": ("the density",),
        }
        for about, prior, scale, shift in cases
    ]


pushed_density = Exercise(
    name="pushed_density",
    reference=_pushed_density,
    points=2,
    cases=_pushed_cases,
    observe=observers.function,
    look="Two steps: which z becomes this x? (x - shift) / scale. And how much is the density thinned out by stretching? By |scale|.",
    mistakes=(
        mistake(
            "the density is not thinned out: stretched to twice the width, it must become half as high, or its area would no longer "
            "be 1. Divide by the size of the scale.",
            lambda prior, scale, shift, x: prior((x - shift) / scale),
        ),
        mistake(
            "the density is multiplied by the scale. Stretching makes it lower: divide.",
            lambda prior, scale, shift, x: prior((x - shift) / scale) * abs(scale),
            lambda prior, scale, shift, x: prior((x - shift) / scale) * scale,
        ),
        mistake(
            "for a negative scale the density comes out negative. What counts is the size of the scale: abs(scale).",
            lambda prior, scale, shift, x: prior((x - shift) / scale) / scale,
        ),
        mistake(
            "this goes the wrong way: scale * x + shift is where *z = x* would land. You need the z that lands on x.",
            lambda prior, scale, shift, x: prior(scale * x + shift) / abs(scale),
            lambda prior, scale, shift, x: prior(scale * x + shift),
            lambda prior, scale, shift, x: prior(scale * x + shift) * abs(scale),
        ),
        mistake(
            "the shift is undone after the scale: x = scale * z + shift is solved by subtracting first and then dividing.",
            lambda prior, scale, shift, x: prior(x / scale - shift) / abs(scale),
        ),
        mistake(
            "the shift has the wrong sign: a positive shift moves the density to the right, so it is subtracted from x.",
            lambda prior, scale, shift, x: prior((x + shift) / scale) / abs(scale),
        ),
        mistake(
            "this is the value of the generator, scale * prior + shift: it maps the *density*, not the samples.",
            lambda prior, scale, shift, x: scale * prior(x) + shift,
            lambda prior, scale, shift, x: prior(x) * scale + shift,
        ),
        mistake(
            "the density is made to have the sum 1 over these points. A density has the *area* 1; the points are only where it is asked for.",
            lambda prior, scale, shift, x: prior((x - shift) / scale) / prior((x - shift) / scale).sum(),
        ),
        mistake(
            "the scale is squared. Along one axis a density is thinned out by |scale| itself.",
            lambda prior, scale, shift, x: prior((x - shift) / scale) / scale**2,
        ),
        mistake(
            "this is the prior itself: neither scale nor shift has any effect.",
            lambda prior, scale, shift, x: prior(x),
        ),
    ),
    accepted=(
        lambda prior, scale, shift, x: prior((x - shift) / scale) * abs(1 / scale),
        lambda prior, scale, shift, x: prior((x - shift) / scale) / math.sqrt(scale**2),
        lambda prior, scale, shift, x: torch.stack([prior((v - shift) / scale) / abs(scale) for v in x]),
        lambda prior, scale, shift, x: prior(x / scale - shift / scale) / torch.tensor(scale).abs(),
    ),
)


# ---- distances ----------------------------------------------------------------------------------------------------


def _distance(x, y):
    """Return the mean gap between the sorted samples x and y, both (n,): Wasserstein's distance in one dimension."""
    return (x.sort().values - y.sort().values).abs().mean()


def _sample_cases(seed, strict):
    sizes = (1, 3, 8) if not strict else (1, 2, 30 + seed % 20, 200)
    cases = []
    for number, n in enumerate(sizes):
        x = randn(3 * seed + number, n).round(decimals=2)
        y = randn(5 * seed + number + 99, n) * 1.7
        if n > 1:  # nearly the same mean, so that a difference of means is something else
            y += x.mean() - y.mean() + 0.1
        y = y.round(decimals=2)
        cases.append(
            {
                "about": f"x = {first_numbers(x)}, y = {first_numbers(y)}",
                "arguments": (x, y),
                "returns": ("the distance",),
            }
        )
    x = torch.tensor([3.0, -1.0, 0.5, 2.0])
    same = {"about": f"x = {first_numbers(x)}, y = the same numbers in another order", "arguments": (x, x.flip(0))}
    return [*cases[:-1], same | {"returns": ("the distance",)}, cases[-1]]


distance = Exercise(
    name="distance",
    reference=_distance,
    points=2,
    cases=_sample_cases,
    observe=observers.function,
    look="Sort both, so that the smallest is compared with the smallest; then the mean of the absolute differences.",
    mistakes=(
        mistake(TWO_THINGS, lambda x, y: (x.sort() - y.sort()).abs().mean(), shows={STOPPED: NOT_A_TENSOR}),
        mistake(
            "the samples are compared in the order in which they were drawn, which means nothing. Sort both first. (x.sort() leaves x as it "
            "is; what is sorted is what it returns.)",
            lambda x, y: (x - y).abs().mean(),
        ),
        mistake(
            "only one of the two is sorted.",
            lambda x, y: (x.sort().values - y).abs().mean(),
            lambda x, y: (x - y.sort().values).abs().mean(),
        ),
        mistake(
            "this is the difference of the two means. Distributions of the same mean can be far apart: take the absolute values first, then the mean.",
            lambda x, y: (x.mean() - y.mean()).abs(),
            lambda x, y: (x.sort().values - y.sort().values).mean(),
            lambda x, y: (x.sort().values - y.sort().values).mean().abs(),
        ),
        mistake(
            "the gaps are squared. This distance is the mean of their sizes.",
            lambda x, y: (x.sort().values - y.sort().values).square().mean(),
            lambda x, y: (x.sort().values - y.sort().values).square().mean().sqrt(),
        ),
        mistake(
            "this is the sum of the gaps. With more samples it must not grow: take the mean.",
            lambda x, y: (x.sort().values - y.sort().values).abs().sum(),
        ),
        mistake(
            "this is the largest gap. The distance is the mean of all gaps.",
            lambda x, y: (x.sort().values - y.sort().values).abs().max(),
        ),
        mistake(
            "one is sorted upwards and the other downwards.",
            lambda x, y: (x.sort().values - y.sort(descending=True).values).abs().mean(),
        ),
        mistake(
            "every x is compared with every y: that is not 0 even for the same samples.",
            lambda x, y: (x[:, None] - y).abs().mean(),
        ),
        mistake(
            "every x is compared with the y that is nearest: then one y can serve for all, and a lost part of y is not noticed.",
            lambda x, y: (x[:, None] - y).abs().min(1).values.mean(),
        ),
        mistake(
            "these are the gaps themselves, one for each sample: take their mean.",
            lambda x, y: (x.sort().values - y.sort().values).abs(),
        ),
    ),
    accepted=(
        lambda x, y: (x.sort().values - y.sort().values).abs().mean().item(),
        lambda x, y: torch.nn.functional.l1_loss(x.sort()[0], y.sort()[0]),
        lambda x, y: sum(abs(a - b) for a, b in zip(sorted(x.tolist()), sorted(y.tolist()), strict=True)) / len(x),
        lambda x, y: (x.sort(descending=True)[0] - y.sort(descending=True)[0]).abs().sum() / x.numel(),
    ),
)


# ---- a one-parameter generator ------------------------------------------------------------------------------------


def _fit_scale(x, z, theta, step_size, steps):
    """Return theta after gradient descent on the mean squared gap between the sorted samples theta · z and x, all (n,)."""
    theta = torch.tensor(theta, requires_grad=True)
    for _ in range(steps):
        loss = ((theta * z).sort().values - x.sort().values).square().mean()
        (slope,) = torch.autograd.grad(loss, theta)
        theta = (theta - step_size * slope).detach().requires_grad_()
    return theta.item()


def _fit_cases(seed, strict):
    n = 6 if not strict else 20
    plans = ((0.5, 0.1, 1), (0.5, 0.1, 2), (-1.0, 0.05, 3), (1.5, 0.2, 5), (0.3, 0.05, 8))
    return [
        {
            "about": f"{n} samples each, theta = {theta}, step_size = {step_size}, steps = {steps}",
            "arguments": (
                (randn(seed + number, n) * 2.5 + 0.4).round(decimals=2),
                randn(seed + 50 + number, n).round(decimals=2),
                theta,
                step_size,
                steps,
            ),
            "returns": ("theta",),
        }
        for number, (theta, step_size, steps) in enumerate(plans)
    ]


def _fit(*changes):
    return edited(_fit_scale, *changes)


def _with_backward(x, z, theta, step_size, steps):
    theta = torch.tensor(theta, requires_grad=True)
    for _ in range(steps):
        loss = ((theta * z).sort().values - x.sort().values).square().mean()
        loss.backward()
        with torch.no_grad():
            theta -= step_size * theta.grad
        theta.grad = None
    return theta.item()


def _backward(*changes):
    return edited(_with_backward, *changes)


def _with_optimizer(clear=True, kind=torch.optim.SGD, **options):
    def fit(x, z, theta, step_size, steps):
        theta = torch.tensor(theta, requires_grad=True)
        optimizer = kind([theta], lr=step_size, **options)
        for _ in range(steps):
            if clear:
                optimizer.zero_grad()
            ((theta * z).sort().values - x.sort().values).square().mean().backward()
            optimizer.step()
        return theta.item()

    return fit


def _with_own_slope(x, z, theta, step_size, steps):
    x = x.sort().values
    for _ in range(steps):
        order = (theta * z).argsort()
        theta = theta - step_size * (2 * (theta * z[order] - x) * z[order]).mean().item()
    return theta


def _with_one_loss(x, z, theta, step_size, steps):
    theta = torch.tensor(theta, requires_grad=True)
    loss = ((theta * z).sort().values - x.sort().values).square().mean()
    for _ in range(steps):
        loss.backward()
        with torch.no_grad():
            theta -= step_size * theta.grad
        theta.grad = None
    return theta.item()


fit_scale = Exercise(
    name="fit_scale",
    reference=_fit_scale,
    points=3,
    cases=_fit_cases,
    observe=observers.function,
    look="Each step: the loss at theta, its slope in theta, theta minus step_size times the slope. Nothing is carried over but theta.",
    mistakes=(
        mistake(
            TWO_THINGS,
            _fit(("(theta * z).sort().values - x.sort().values", "((theta * z).sort() - x.sort())")),
            shows={STOPPED: NOT_A_TENSOR},
        ),
        mistake(
            "theta is changed in place while PyTorch keeps a record of it. Make a new one, theta = (theta - step_size * "
            "slope).detach().requires_grad_(), or do the step within `with torch.no_grad():`.",
            _backward(("with torch.no_grad():", "if True:")),
            _fit(("theta = (theta - step_size * slope).detach().requires_grad_()", "theta -= step_size * slope")),
            shows={STOPPED: IN_PLACE},
        ),
        mistake(
            "the loss has no slope, since theta does not ask for one. At the start it has to be torch.tensor(theta, requires_grad=True). After "
            "each step, too: a new theta made by detach() or within torch.no_grad() asks again by .requires_grad_().",
            _fit((", requires_grad=True", "")),
            _fit((".requires_grad_()", "")),
            _backward((", requires_grad=True", "")),
            _backward(("theta = torch.tensor(theta, requires_grad=True)", "")),
            _backward(("theta -= step_size * theta.grad", "theta = theta - step_size * theta.grad")),
            shows={STOPPED: NO_GRAPH},
        ),
        mistake(
            "theta is still a number of Python, which has no gradient. Begin with theta = torch.tensor(theta, requires_grad=True).",
            _fit(("theta = torch.tensor(theta, requires_grad=True)", "")),
            _fit(("torch.tensor(theta, requires_grad=True)", "theta.requires_grad_()")),
        ),
        mistake(
            "there is None where the slope should be. backward() returns nothing, and fills .grad only of a theta without history: after theta = "
            "theta - ... the new one has a history. Cut it off, .detach().requires_grad_(), or take the slope from torch.autograd.grad.",
            _backward(
                ("with torch.no_grad():", "if True:"),
                ("theta -= step_size * theta.grad", "theta = theta - step_size * theta.grad"),
            ),
            _fit(("(slope,) = torch.autograd.grad(loss, theta)", "slope = loss.backward()")),
        ),
        mistake(
            "theta.grad is cleared before there is one: until the first backward() it is None. Clear it after the step, or set theta.grad = None.",
            _backward(
                ("        loss.backward()", "        theta.grad.zero_()\n        loss.backward()"),
                ("        theta.grad = None\n", ""),
            ),
            shows={STOPPED: NO_GRADIENT_YET},
        ),
        mistake(
            "the slope of one and the same loss is asked for twice. Compute the loss anew in each step, from the new theta, and ask once: "
            "backward() or torch.autograd.grad, not both.",
            _with_one_loss,
            _fit(("(slope,) =", "loss.backward()\n        (slope,) =")),
        ),
        mistake(
            "torch.autograd.grad returns a tuple, even for one slope: (slope,) = torch.autograd.grad(loss, theta).",
            _fit(("(slope,) =", "slope =")),
        ),
        mistake(
            "this is Adam, which divides each slope by its usual size. The text asks for plain descent: theta loses step_size times the "
            "slope, which is torch.optim.SGD.",
            _with_optimizer(kind=torch.optim.Adam),
        ),
        mistake(
            "this is descent with momentum: something of the last slope is carried over. Plain descent forgets it.",
            _with_optimizer(momentum=0.9),
            _with_optimizer(momentum=0.5),
        ),
        mistake(
            "theta climbs: the slope is added. To make a loss smaller, go against its slope.",
            _fit(("theta - step_size", "theta + step_size")),
        ),
        mistake(
            "gradients add up from step to step: clear them before each backward().",
            _with_optimizer(clear=False),
        ),
        mistake(
            "the samples are not sorted, so each z is pulled to whatever x stands at its place.",
            _fit(("(theta * z).sort().values - x.sort().values", "theta * z - x")),
            _fit(("(theta * z).sort().values", "theta * z")),
            _fit(("x.sort().values", "x")),
        ),
        mistake(
            "the sorting is done once, before theta is known. With a negative theta the order is the other way round: sort theta * z.",
            _fit(("(theta * z).sort().values", "theta * z.sort().values")),
        ),
        mistake(
            "this is one step, whatever `steps` says.",
            _fit(("range(steps)", "range(1)")),
        ),
        mistake(
            "there is a step too many or too few.",
            _fit(("range(steps)", "range(steps + 1)")),
            _fit(("range(steps)", "range(steps - 1)")),
        ),
        mistake(
            "the absolute gaps are used. The loss of this exercise is their mean *square*.",
            _fit((".square().mean()", ".abs().mean()")),
        ),
        mistake(
            "the squared gaps are summed. The text asks for their mean: a sum would make the steps n times as long.",
            _fit((".square().mean()", ".square().sum()")),
        ),
        mistake(
            "the difference of the means is squared. It cannot see how wide the samples are spread.",
            _fit((".square().mean()", ".mean().square()")),
            _fit(("((theta * z).sort().values - x.sort().values)", "((theta * z).mean() - x.mean())")),
        ),
        mistake(
            "the root of the mean square is used; the text asks for the mean square itself.",
            _fit((".square().mean()", ".square().mean().sqrt()")),
        ),
        mistake(
            "theta does not move. What does the loop change?",
            _fit(("theta = (theta - step_size * slope)", "_ = (theta - step_size * slope)")),
        ),
        mistake(
            "the slope is computed once, before the loop. It changes with theta.",
            lambda x, z, theta, step_size, steps: theta + steps * (_fit_scale(x, z, theta, step_size, 1) - theta),
        ),
        mistake(
            "the step size does not count.",
            lambda x, z, theta, step_size, steps: _fit_scale(x, z, theta, 1.0, steps),
        ),
    ),
    accepted=(
        _with_optimizer(),
        _with_own_slope,
        _with_backward,
        _fit((".detach().requires_grad_()", "")),
        lambda *a: torch.tensor(_fit_scale(*a)),
        _fit(("square().mean()", "pow(2).sum() / len(x)")),
    ),
)


# ---- a density ratio ----------------------------------------------------------------------------------------------


def _density_ratio(logits, n_real, n_fake):
    """Return p_data(x) / p_g(x) for the logits (n,) of a classifier that was trained on n_real and n_fake samples."""
    return logits.exp() * n_fake / n_real


def _ratio_cases(seed, strict):
    sizes = (1, 3, 6) if not strict else (1, 5, 40)
    counts = ((100, 100), (300, 100), (100, 250 + seed % 50))
    cases = []
    for number, (n, (n_real, n_fake)) in enumerate(zip(sizes, counts, strict=True)):
        a = (randn(seed + number, n) * 1.5).round(decimals=2)
        about = f"logits = {first_numbers(a)}, n_real = {n_real}, n_fake = {n_fake}"
        cases.append({"about": about, "arguments": (a, n_real, n_fake), "returns": ("the ratio",)})
    return cases


density_ratio = Exercise(
    name="density_ratio",
    reference=_density_ratio,
    points=2,
    cases=_ratio_cases,
    observe=observers.function,
    look="D / (1 - D) = exp(a). That is n_real p_data / (n_fake p_g): divide the counts out.",
    mistakes=(
        mistake(
            "the counts are forgotten. A classifier that has seen three real samples for one fake leans towards real by that much.",
            lambda a, n_real, n_fake: a.exp(),
        ),
        mistake(
            "the counts are the wrong way round: many real samples in training make D too large, so they must make the ratio smaller.",
            lambda a, n_real, n_fake: a.exp() * n_real / n_fake,
        ),
        mistake(
            "this is the ratio of the fakes to the data. The text asks for p_data / p_g.",
            lambda a, n_real, n_fake: (-a).exp() * n_real / n_fake,
            lambda a, n_real, n_fake: (-a).exp(),
            lambda a, n_real, n_fake: (-a).exp() * n_fake / n_real,
        ),
        mistake(
            "this is D(x), a probability between 0 and 1. The ratio is D / (1 - D), and can be any size.",
            lambda a, n_real, n_fake: a.sigmoid(),
            lambda a, n_real, n_fake: a.sigmoid() * n_fake / n_real,
        ),
        mistake(
            "this is the logarithm of the ratio. Take exp().",
            lambda a, n_real, n_fake: a + math.log(n_fake / n_real),
            lambda a, n_real, n_fake: a,
        ),
        mistake(
            "the logits are multiplied before exp(). Counts multiply the ratio, not its logarithm.",
            lambda a, n_real, n_fake: (a * n_fake / n_real).exp(),
        ),
        mistake(
            "the counts are taken as shares of all samples. What counts is one against the other: n_fake / n_real.",
            lambda a, n_real, n_fake: a.exp() * n_fake / (n_real + n_fake),
            lambda a, n_real, n_fake: a.exp() * n_real / (n_real + n_fake),
        ),
    ),
    accepted=(
        lambda a, n_real, n_fake: (a + math.log(n_fake) - math.log(n_real)).exp(),
        lambda a, n_real, n_fake: a.sigmoid() / (1 - a.sigmoid()) * (n_fake / n_real),
        lambda a, n_real, n_fake: (n_fake / n_real) / (-a).exp(),
    ),
)


# ---- the attack ---------------------------------------------------------------------------------------------------


def _sign_attack(classifier, images, labels, epsilon):
    """Return images (N, ...) in [-1, 1], each pixel moved by epsilon so that the classifier's loss rises (2015, eq. 2)."""
    images = images.clone().requires_grad_()
    loss = cross_entropy(classifier(images), labels)
    (gradient,) = torch.autograd.grad(loss, images)
    return (images + epsilon * gradient.sign()).clamp(-1, 1).detach()


def _small_classifier(seed, *shape):
    def make():
        network = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 8), nn.Tanh(), nn.Linear(8, 4))
        with torch.no_grad():
            for number, parameter in enumerate(network.parameters()):
                parameter.copy_(randn(seed + number, *parameter.shape))
        return network

    return make


def _attack_cases(seed, strict):
    sizes = ((1, 0.1), (3, 0.3), (12, 0.5)) if not strict else ((1, 0.2), (4, 0.1), (20, 0.5))
    return [
        {
            "about": f"{n} image{'s' * (n > 1)} of shape (1, 4, 4), a small classifier of four classes, epsilon = {epsilon}",
            "classifier": _small_classifier(seed + 5, 1, 4, 4),
            "images": randn(seed + number, n, 1, 4, 4).tanh(),
            "labels": torch.arange(n) % 4,
            "epsilon": epsilon,
        }
        for number, (n, epsilon) in enumerate(sizes)
    ]


def _attack(*changes):
    return edited(_sign_attack, *changes)


SIGN = "epsilon * gradient.sign()"


def _others(logits, labels):
    """The logits with those of the true classes out of the way."""
    return logits.scatter(1, labels[:, None], -math.inf)


def _leaving_gradients(classifier, images, labels, epsilon):
    images = images.clone().requires_grad_()
    cross_entropy(classifier(images), labels).backward()
    return (images + epsilon * images.grad.sign()).clamp(-1, 1).detach()


def _with_sum(classifier, images, labels, epsilon):
    images = images.detach().requires_grad_(True)
    loss = cross_entropy(classifier(images), labels, reduction="sum")
    gradient = torch.autograd.grad(loss, images)[0]
    return torch.clip(images.detach() + epsilon * torch.sign(gradient), -1, 1)


def _in_no_grad(classifier, images, labels, epsilon):
    with torch.enable_grad():
        x = images.clone().requires_grad_()
        gradient = torch.autograd.grad(-classifier(x).log_softmax(1)[torch.arange(len(x)), labels].sum(), x)[0]
    with torch.no_grad():
        return torch.minimum(torch.maximum(x + epsilon * gradient.sign(), torch.tensor(-1.0)), torch.tensor(1.0))


sign_attack = Exercise(
    name="sign_attack",
    reference=_sign_attack,
    points=3,
    cases=_attack_cases,
    observe=observers.attack,
    look={
        "pixels": "Pixels live in [-1, 1]: cut the result off there with .clamp(-1, 1).",
        "the given": "Work on a copy: images.clone().",
        "its history": "Return plain numbers: .detach() cuts them off from how they were computed.",
        "the classifier": "Leave the classifier as it is: no eval(), no requires_grad_(False).",
        "gradients left": "Ask torch.autograd.grad for the gradient in the images; it leaves the classifier alone.",
        "": "The gradient of the cross-entropy in the images; its sign; epsilon times that, *added*; cut off at [-1, 1].",
    },
    mistakes=(
        mistake(
            "the images do not ask for a gradient, so they get none. Take a copy that does: images.clone().requires_grad_().",
            _attack((".clone().requires_grad_()", ".clone()")),
            _attack(
                (".clone().requires_grad_()", ".clone()"),
                ("(gradient,) = torch.autograd.grad(loss, images)", "loss.backward()\n    gradient = images.grad"),
            ),
        ),
        mistake(
            "the copy is changed in place while PyTorch keeps a record of it. Make a new tensor: images + epsilon * ...",
            _attack(
                (
                    "return (images + epsilon * gradient.sign())",
                    "images += epsilon * gradient.sign()\n    return images",
                )
            ),
            shows={STOPPED: IN_PLACE},
        ),
        mistake(
            "torch.autograd.grad returns a tuple, even for one gradient: (gradient,) = torch.autograd.grad(loss, images).",
            _attack(("(gradient,) =", "gradient =")),
        ),
        mistake(
            "the images move so that the loss falls: the classifier would only become surer. An attack climbs: add.",
            _attack(("images + epsilon", "images - epsilon")),
        ),
        mistake(
            "the gradient is used as it is, so most pixels hardly move. Take its sign: each pixel moves by epsilon.",
            _attack((SIGN, "epsilon * gradient")),
        ),
        mistake(
            "the gradient is divided by its length. That limits the length of the whole change; here each pixel moves by epsilon: its sign.",
            _attack((SIGN, "epsilon * gradient / gradient.norm()")),
            _attack((SIGN, "epsilon * gradient / gradient.abs().max()")),
            _attack((SIGN, "epsilon * torch.nn.functional.normalize(gradient.flatten(1)).view_as(gradient)")),
        ),
        mistake(
            "pixels leave the range: there is no grey beyond -1 and 1. Cut the changed image off, not the change: .clamp(-1, 1) "
            "comes last.",
            _attack((".clamp(-1, 1)", "")),
            _attack((f"(images + {SIGN}).clamp(-1, 1)", f"(images + ({SIGN}).clamp(-1, 1))")),
        ),
        mistake(
            "the result is cut off at 0 and 1. These images live in [-1, 1].",
            _attack((".clamp(-1, 1)", ".clamp(0, 1)")),
        ),
        mistake(
            "gradients stay behind in the classifier's weights; an optimiser would use them. torch.autograd.grad leaves none; "
            "backward() does.",
            _leaving_gradients,
        ),
        mistake(
            "epsilon does not count.",
            _attack((SIGN, "gradient.sign()")),
        ),
        mistake(
            "this is the change alone, without the image.",
            _attack((f"images + {SIGN}", SIGN)),
        ),
        mistake(
            "this is the gradient of the right class's logit: climbing that helps the classifier. Climb the cross-entropy.",
            _attack(
                ("cross_entropy(classifier(images), labels)", "classifier(images).gather(1, labels[:, None]).sum()")
            ),
        ),
        mistake(
            "only the logit of the true class is pushed down, as if the others did not count. (nll_loss on logits does just that: "
            "it takes the output of log_softmax.) Climb the cross-entropy.",
            _attack(
                ("cross_entropy(classifier(images), labels)", "nn.functional.nll_loss(classifier(images), labels)")
            ),
            _attack(
                ("cross_entropy(classifier(images), labels)", "-classifier(images).gather(1, labels[:, None]).sum()")
            ),
        ),
        mistake(
            "this climbs the logits of other classes and leaves that of the true one where it is. cross_entropy weighs them all.",
            _attack(
                ("cross_entropy(classifier(images), labels)", "_others(classifier(images), labels).max(1).values.sum()")
            ),
            _attack(
                ("cross_entropy(classifier(images), labels)", "_others(classifier(images), labels).logsumexp(1).sum()")
            ),
            _attack(
                (
                    "cross_entropy(classifier(images), labels)",
                    "_others(classifier(images), labels).clamp(min=-1e6).sum()",
                )
            ),
        ),
        mistake(
            "the classifier's logits go through a softmax first. cross_entropy does that itself, and works on logits.",
            _attack(("classifier(images)", "classifier(images).softmax(1)")),
        ),
        mistake(
            "the labels are not used: this pushes each image away from what the classifier *says*. Use the true labels.",
            _attack(
                (
                    "cross_entropy(classifier(images), labels)",
                    "cross_entropy(classifier(images), classifier(images).argmax(1))",
                )
            ),
        ),
        mistake(
            "the given images are changed in place. Work on a copy.",
            lambda classifier, images, labels, epsilon: images.copy_(_sign_attack(classifier, images, labels, epsilon)),
        ),
        mistake(
            "nothing is changed: these are the images as they came.",
            lambda classifier, images, labels, epsilon: images.clone(),
        ),
    ),
    accepted=(
        _with_sum,
        _in_no_grad,
        _attack(("images.clone().requires_grad_()", "images.detach().clone().requires_grad_(True)")),
        lambda classifier, images, labels, epsilon: torch.cat(
            [_sign_attack(classifier, i[None], j[None], epsilon) for i, j in zip(images, labels, strict=True)]
        ),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------

question_1 = question(
    "question_1",
    "c",
    a="p_z is the prior: what goes *into* the generator. You drew it and chose it yourself.",
    b="that is the data's distribution, which G is to imitate. Nobody can write it down.",
    d="G is a function, not a distribution. What does it make of the noise?",
)
question_2 = question(
    "question_2",
    "b",
    a="a classifier is trained on p(label | image). To draw an image you would need p(image), which it never learns.",
    c="both can be networks, and both can be trained by gradients. What is drawn, or what is asked?",
    d="GANs were trained on labelled and on unlabelled data. That is not what makes them generative.",
)
question_3 = question(
    "question_3",
    "d",
    a="look at your numbers again: how many of the wrong answers came with more confidence than the right one?",
    b="nothing was changed in the network. Its weights are the same before and after.",
    c="look at the picture at epsilon 0.1 again: could you still read it?",
)
