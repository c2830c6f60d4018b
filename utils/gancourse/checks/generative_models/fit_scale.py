"""Gradient descent on the one parameter of a generator."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function, randn

START = "theta = torch.tensor(theta, requires_grad=True)"
STEP = "theta = (theta - step_size * gradient).detach().requires_grad_()"
FLIPS, RISES, SMALL = "theta:that changes its sign", "theta:while the loss rises", "theta:with small gradients"
ADAM = (
    f"{START} → {START}; adam = torch.optim.Adam([theta], lr=step_size)",
    f"{STEP} → theta.grad = gradient; adam.step()",
)


def _adding_up(share: float) -> tuple[str, ...]:
    """Return the edits with which a step takes a share of all earlier gradients, too."""
    gradient = "(gradient,) = torch.autograd.grad(loss, theta)"
    changed = f"total = {share} * total + torch.autograd.grad(loss, theta)[0]"
    return "for _ → total = 0\n    for _", f"{gradient} → {changed}", "step_size * gradient → step_size * total"


def _cases(seed: int, strict: bool) -> list[dict]:
    sizes = (6, 3, 5, 6, 1, 8, 2, 4, 40, 30, 6) if not strict else (20, 300, 40, 7, 1, 50, 2, 200, 60, 90, 7)
    plans = [(0.5, 0.1, 1), (-1.2, 0.3, 1), (0.5, 0.1, 2), (-1.0, 0.05, 3), (1.5, 0.2, 5), (0.3, 0.05, 8)]
    plans += [(-0.7, 0.1, 4), (1.2, 0.1, 0), (9.0, 0.9, 3), (4.0, 1.6, 4), (0.02, 0.05, 9)]
    cases = []
    for number, (n, (theta, step_size, steps)) in enumerate(zip(sizes, plans, strict=True)):
        x, z = randn(seed + number, n) * 2.5 + 0.4, randn(seed + 50 + number, n)
        if n > 3:  # ties, and a sample on which theta has no effect
            x[1], z[1], z[2] = x[0], z[0], 0
        z /= z.square().mean().sqrt() if step_size > 0.5 else 1  # so that these steps are too long for sure
        about = f"{n} sample{'s' * (n > 1)} each, theta = {theta}, step_size = {step_size}, steps = {steps}"
        x = 0.02 * x if theta == 0.02 else x.round(decimals=2)  # small gradients all the way
        arguments = (x, z.round(decimals=2), theta, step_size, steps)
        name = "theta" if steps > 1 else f"theta:after {steps} step{'s' * (steps == 0)}"
        name = {9.0: FLIPS, 4.0: RISES, 0.02: SMALL}.get(theta, name)
        cases.append({"about": about, "arguments": arguments, "returns": (name,)})
    return cases


fit_scale = Exercise(
    reference=answers.load("generative_models", "fit_scale"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "": "In each step, compute the loss at theta and its gradient, and subtract step_size times that from theta. Keep only theta.",
        "theta": "it is right after one step, but not after several. Each step starts from the new theta: compute loss and gradient again.",
        "theta:after 1 step": "it is wrong after a single step. Subtract step_size times the gradient of the loss above from theta.",
        "theta:after 0 steps": "with 0 steps theta should stay as it is.",
        FLIPS: "it is wrong only where theta changes its sign on the way, which reverses the order of theta * z: sort it in each step.",
        RISES: "it is wrong only where the steps are so long that the loss rises. Take all `steps` of them, and return theta after the last one.",
        SMALL: "it is wrong only where theta and the gradients are small. Take all `steps` of them, and round nothing.",
    },
    mistakes=(
        mistake(
            "theta is a number of Python. Begin with torch.tensor(theta, requires_grad=True).", f"    {START}\n → "
        ),
        mistake("this is Adam, which divides by the gradient's usual size. Use plain descent: torch.optim.SGD.", ADAM),
        mistake(
            "earlier gradients count, as with momentum. Plain descent forgets them.", _adding_up(0.9), _adding_up(0.5)
        ),
        mistake("gradients add up from step to step: clear them before each backward().", _adding_up(1)),
        mistake("theta climbs: to make the loss smaller, subtract the gradient.", "theta - step → theta + step"),
        mistake(
            "theta * z and x are not both sorted, so a z is pulled to whatever x stands at its place.",
            ("(theta * z).sort().values → theta * z", "x.sort().values → x"),
            "(theta * z).sort().values → theta * z",
            "x.sort().values → x",
        ),
        mistake("a negative theta reverses the order: sort theta * z, not z.", "(theta * z).sort() → theta * z.sort()"),
        mistake(
            "the number of steps is wrong. With 0 steps theta stays as it is. (A `return` inside the loop ends it after one.)",
            "range(steps) → range(1)",
            "    return → " + 8 * " " + "return",
            "range(steps) → range(steps + 1)",
            "range(steps) → range(steps - 1)",
        ),
        mistake("the loss has abs() in place of the square. It is the mean square.", ".square() → .abs()"),
        mistake("there is a root around the mean square. Remove it.", ".mean() → .mean().sqrt()"),
        mistake("the squares are summed, so the steps are n times as long. Take their mean.", ".mean() → .sum()"),
        mistake("the mean is squared. First square, then take the mean.", ".square().mean() → .mean().square()"),
        mistake(
            "the steps are half as long as they should be. The derivative of a square has a factor 2: a² has 2 a.",
            "step_size * → step_size / 2 *",
        ),
        mistake(
            "the gradient is computed once, for the first theta. Compute loss and gradient anew in each step.",
            ("range(steps) → range(1)", "* gradient → * gradient * steps"),
        ),
    ),
)
