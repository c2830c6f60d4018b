"""Answers to the exercises of lesson 1 that are right, or wrong in a way that no mistake of the check describes."""

import torch
from torch.nn.functional import cross_entropy

# ---- right --------------------------------------------------------------------------------------------------------

FIT_WITH_BACKWARD = """
theta = torch.tensor(theta, requires_grad=True)
for _ in range(steps):
    loss = ((theta * z).sort().values - x.sort().values).square().mean()
    loss.backward()
    with torch.no_grad():
        theta -= step_size * theta.grad
    theta.grad = None
return theta.item()
"""
FIT_WITH_OPTIMIZER = """
theta = nn.Parameter(torch.tensor(theta))
optimizer = torch.optim.SGD([theta], lr=step_size)
for _ in range(steps):
    optimizer.zero_grad()
    F.mse_loss((theta * z).sort()[0], x.sort()[0]).backward()
    optimizer.step()
return theta.item()
"""
FIT_BY_HAND = """
x = x.sort().values
for _ in range(steps):
    order = (theta * z).argsort()
    theta = theta - step_size * (2 * (theta * z[order] - x) * z[order]).mean().item()
return theta
"""
FIT_IN_ONE_ORDER = """
z, x = z[(theta * z).argsort()], x.sort().values
for _ in range(steps):
    theta = theta - step_size * (2 * (theta * z - x) * z).mean().item()
return theta
"""
FIT_UNTIL_IT_RISES = """
last = math.inf
for _ in range(steps):
    gap, order = (theta * z).sort().values - x.sort().values, (theta * z).argsort()
    if gap.square().mean() > last:
        break
    last, theta = gap.square().mean(), theta - step_size * (2 * gap * z[order]).mean().item()
return theta
"""
ATTACK_WITH_SUM = """
images = images.detach().requires_grad_(True)
loss = cross_entropy(classifier(images), labels, reduction="sum")
gradient = torch.autograd.grad(loss, images)[0]
return torch.clip(images.detach() + epsilon * torch.sign(gradient), -1, 1)
"""
ATTACK_IN_NO_GRAD = """
with torch.enable_grad():
    x = images.clone().requires_grad_()
    gradient = torch.autograd.grad(-classifier(x).log_softmax(1)[torch.arange(len(x)), labels].sum(), x)[0]
with torch.no_grad():
    return torch.minimum(torch.maximum(x + epsilon * gradient.sign(), torch.tensor(-1.0)), torch.tensor(1.0))
"""
ATTACK_WITH_BACKWARD = """
x = images.clone().requires_grad_()
cross_entropy(classifier(x), labels).backward(inputs=[x])
return (images + epsilon * x.grad.sign()).clamp(-1, 1)
"""
ATTACK_ON_A_COPY = """
from copy import deepcopy
copied, x = deepcopy(classifier), images.clone().requires_grad_()
cross_entropy(copied(x), labels).backward()
return (images + epsilon * x.grad.sign()).clamp(-1, 1)
"""
ATTACK_ONE_BY_ONE = """
changed = []
for image, label in zip(images, labels):
    image = image[None].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(classifier(image), label[None]), image)
    changed.append((image + epsilon * gradient.sign()).clamp(-1, 1).detach())
return torch.cat(changed)
"""

RIGHT = {
    "pushed_density": (
        "/ abs(scale) → * abs(1 / scale)",
        "abs(scale) → math.sqrt(scale**2)",
        "return torch.stack([prior((v - shift) / scale) / abs(scale) for v in x])",
        "return prior(x / scale - shift / scale) / torch.tensor(scale).abs()",
        "return torch.tensor([float(prior((v - shift) / scale)) / max(scale, -scale) for v in x])",
    ),
    "fit_scale": (
        FIT_WITH_BACKWARD,
        FIT_WITH_OPTIMIZER,
        FIT_BY_HAND,
        ".detach().requires_grad_() → ",
        "return theta.item() → return theta",
        ".square().mean() → .pow(2).sum() / len(x)",
    ),
    "density_ratio": (
        "return (logits + math.log(n_fake) - math.log(n_real)).exp()",
        "return (n_fake / n_real) / (-logits).exp()",
        "logits.exp() → logits.sigmoid() / (1 - logits.sigmoid())",
        "return torch.tensor([math.exp(a) for a in logits]) / (n_real / n_fake)",
    ),
    "sign_attack": (
        ATTACK_WITH_SUM,
        ATTACK_IN_NO_GRAD,
        ATTACK_WITH_BACKWARD,
        ATTACK_ON_A_COPY,
        ATTACK_ONE_BY_ONE,
        "images.clone() → images.detach().clone()",
        "classifier(images) → classifier(images).log_softmax(1)",
    ),
    "question_1": ('return "C"', 'return " c) "'),
    "question_2": ('return "B"', 'return "**b**"'),
    "question_3": ('return "D"', 'return "(d)"'),
}

# ---- wrong --------------------------------------------------------------------------------------------------------


def kept_by_shape(right):
    """Return an answer that computes anew for another shape only."""
    kept = {}

    def answer(*given):
        shapes = tuple(g.shape for g in given if isinstance(g, torch.Tensor))
        if shapes not in kept:
            kept[shapes] = right(*given)
        return kept[shapes]

    return answer


def fit(x, z, theta, step_size, steps):
    for _ in range(steps):
        order = (theta * z).argsort()
        theta -= step_size * (2 * (theta * z[order] - x.sort().values) * z[order]).mean().item()
    return theta


def attack(classifier, images, labels, epsilon):
    images = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(classifier(images), labels), images)
    return (images + epsilon * gradient.sign()).clamp(-1, 1).detach()


def attack_with(before="", after="", gradient="(gradient,) = torch.autograd.grad(loss, x)", result=""):
    """Return the body of an attack with other lines before, in and after it."""
    result = result or "(images + epsilon * gradient.sign()).clamp(-1, 1)"
    lines = ["x = images.clone().requires_grad_()", "loss = cross_entropy(classifier(x), labels)", gradient]
    return "\n".join([before, *lines, after, f"return {result}"])


LOSS = "cross_entropy(classifier(images), labels) → "
BACKWARD = "loss.backward(); gradient = x.grad"
FREEZE, THAW = (f"for p in classifier.parameters(): p.requires_grad_({on})" for on in (False, True))

WRONG = {
    "pushed_density": (
        "/ abs(scale) → / prior((x - shift) / scale).sum()",
        "x - shift → x.sub_(shift)",
        "(x - shift) / scale → (x[:1] - shift) / scale",
        "return (prior((x - shift) / scale) / abs(scale))[:, None]",
        "return prior((x - shift) / scale).log() - math.log(abs(scale))",
        "return [prior((v - shift) / scale) / abs(scale) for v in x]",
        "return prior((x - shift) * scale) * abs(scale)",
        "/ abs(scale) → * scale",
        "return prior((shift - x) / scale) / abs(scale)",
        "return prior((x - shift) / scale) / abs(scale) if scale > 0 else prior((x - shift) / scale)",
        kept_by_shape(lambda prior, scale, shift, x: prior((x - shift) / scale) / abs(scale)),
    ),
    "fit_scale": (
        "theta = (theta - step_size * gradient).detach().requires_grad_() → theta -= step_size * gradient",
        ".requires_grad_() → ",
        "torch.tensor(theta, requires_grad=True) → theta.requires_grad_()",
        "(gradient,) = torch.autograd.grad(loss, theta) → gradient = loss.backward()",
        "(gradient,) = → gradient =",
        "(gradient,) = → loss.backward()\n        (gradient,) =",
        "step_size * gradient → gradient",
        "step_size * gradient → 0.1 * gradient",
        "step_size * gradient → step_size * gradient.clamp(-1, 1)",
        "- x.sort().values → - x.sort(descending=True).values",
        "theta = (theta - → _ = (theta -",
        "return theta.item() → return theta, loss",
        "return theta.item() → return round(theta.item(), 1)",
        "torch.tensor(theta, → torch.tensor(1.0,",
        "range(steps) → range(1, steps)",
        FIT_IN_ONE_ORDER,
        FIT_UNTIL_IT_RISES,
        "for _ in range(steps): → x.requires_grad_()\n    for _ in range(steps):",
        "for _ in range(steps): → x.copy_(x.sort().values)\n    for _ in range(steps):",
        kept_by_shape(fit),
    ),
    "density_ratio": (
        "logits.exp() * n_fake / n_real → logits.exp() * (n_fake // n_real if n_fake >= n_real else 1 / (n_real // n_fake))",
        "logits.exp() → logits.exp_()",
        "logits.exp() → logits.requires_grad_().exp()",
        "logits.exp() → (1 - logits.sigmoid())",
        "logits.exp() → logits.exp().round()",
        "logits.exp() → logits.softmax(0)",
        "logits.exp() → logits.squeeze().exp()",
        "* n_fake / n_real → / n_real",
        "return (logits.exp() * n_fake / n_real).mean()",
        "return (logits.exp() * n_fake / n_real).clamp(max=5)",
        "return math.exp(logits) * n_fake / n_real",
        kept_by_shape(lambda logits, n_real, n_fake: logits.exp() * n_fake / n_real),
    ),
    "sign_attack": (
        "gradient.sign() → gradient",
        "gradient.sign() → gradient / gradient.norm()",
        "gradient.sign() → gradient / gradient.abs().amax((1, 2, 3), keepdim=True)",
        ".clamp(-1, 1) → ",
        "(images + epsilon * gradient.sign()) → images + (epsilon * gradient.sign())",
        "clamp(-1, 1) → clamp(0, 1)",
        "clamp(-1, 1) → clamp(images.min().item(), images.max().item())",
        ".detach() → ",
        ".clone().requires_grad_() → .requires_grad_()",
        "classifier(images) → classifier(images).squeeze()",
        attack_with(gradient=BACKWARD),
        attack_with(gradient=BACKWARD, after="classifier.zero_grad()"),
        attack_with(before="classifier.eval()"),
        attack_with(before="classifier.train()"),
        attack_with(before="was = classifier.training; classifier.eval()", after="classifier.train(was)"),
        attack_with(before=FREEZE),
        attack_with(before=FREEZE, after=THAW),
        attack_with(before="classifier.register_forward_hook(lambda *a: None)"),
        attack_with(before="torch.manual_seed(0)"),
        attack_with(after="torch.set_grad_enabled(False)"),
        attack_with(result="images.add_(epsilon * gradient.sign()).clamp_(-1, 1)"),
        attack_with(result="(images + epsilon * (gradient > 0) - epsilon * (gradient <= 0)).clamp(-1, 1)"),
        attack_with(result="(images + epsilon * gradient.mean(0).sign()).clamp(-1, 1)"),
        attack_with(result="(images + epsilon * gradient.sign()).clamp(-1, 1).flatten(1)"),
        attack_with(result="(images + 0.1 * gradient.sign()).clamp(-1, 1)"),
        LOSS + "-classifier(images).softmax(1).gather(1, labels[:, None]).log().sum()",
        LOSS + "cross_entropy(labels, classifier(images))",
        LOSS + "classifier(images).sum()",
        kept_by_shape(attack),
    ),
    "question_1": ('return "e"', 'return "cd"', "return 3"),
    "question_2": ('return ""',),
    "question_3": ('"d"',),
}

RIGHT["fit_generator"] = (
    # a step function, made smooth by a little of the noise itself
    """
ordered = data.sort().values
def G(z):
    place = (torch.special.ndtr(z) * len(ordered)).long().clamp(0, len(ordered) - 1)
    return ordered[place] + 0.01 * ordered.std() * torch.sin(50 * z)
return G""",
    "return lambda z: torch.quantile(data, torch.special.ndtr(z))",
    """
import numpy as np
ordered, shares = np.sort(data.numpy()), (np.arange(len(data)) + 0.5) / len(data)
return lambda z: torch.from_numpy(np.interp(torch.special.ndtr(z).numpy(), shares, ordered)).float()""",
    # trained, as in 1.4, but with a network
    """
torch.manual_seed(torch.initial_seed())
middle, width = data.mean(), data.std()
net = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), 1e-2)
z = torch.special.ndtri((torch.arange(len(data)) + 0.5) / len(data))
for _ in range(400):
    loss = (net(z[:, None])[:, 0] - (data.sort().values - middle) / width).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
return lambda z: (net(z[:, None])[:, 0] * width + middle).detach()""",
)
WRONG["fit_generator"] = (
    "return data",
    "return data.sort().values",
    "return lambda z: torch.full_like(z, data.mean())",
    "return lambda z: data.mean() + data.std() * torch.randn_like(z)",
    "return lambda z: z * data.std()",
    "return lambda z: torch.quantile(data, torch.rand(z.shape))",
    "return lambda z: torch.quantile(data, torch.special.ndtr(-z.sort().values))",
    "return lambda z: torch.quantile(data, torch.special.ndtr(z))[:1]",
    "return lambda z: torch.quantile(data[:30], torch.special.ndtr(z))",
    "return lambda z: torch.quantile(data, z.abs() / z.abs().max())",
    "data.sort().values → data.sort(descending=True).values + 1000",
    "ordered = data.sort().values\nreturn lambda z: ordered[(torch.special.ndtr(z) * len(ordered)).long()]",
    "return lambda z: torch.quantile(data, torch.special.ndtr(z).clamp(0.1, 0.9))",
    "torch.lerp(ordered[left], ordered[left + 1], place - left) → (ordered[left] + ordered[left + 1]) / 2",
    "return lambda z: torch.quantile(data, torch.special.ndtr(z)) / (z.abs() < 6)",
)
