"""What the exercises of several lessons share: numbers to try answers on, questions, and messages about losses."""

import torch
from torch import nn

from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake

SIGMOID_TWICE = "the logits go through a sigmoid before they reach a loss that works on logits: that squashes them twice. Leave the sigmoid away."
ROUNDED = (
    "for a logit of 100 or so it is wrong. There a sigmoid is rounded to 0 or 1, so that its logarithm is lost (a small number "
    "added inside, or a clamp, only hides it), and exp() overflows. Use softplus, or binary_cross_entropy_with_logits."
)
ROUNDED_TOO = f"F{ROUNDED[1:]}"
INSIDE = "the mean is taken too early: first the softplus of each logit, then the mean of those."
TURNED = "the arguments of the cross-entropy are turned around: first the logits, then the labels."
NO_GRADIENT = (
    "the result is cut off from the logits, so nothing could learn from it. Leave .item(), .detach() and .data away."
)
SUMMED = "the sum over the batch is taken. It should be the mean, so that the loss does not grow with the batch."
EACH = "there is one number for each image. A loss is a single number: take .mean()."


def randn(seed: int, *shape: int) -> torch.Tensor:
    """Return standard normal numbers of this shape that depend on the seed alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def first_numbers(values: torch.Tensor) -> str:
    """Return the first numbers of a tensor (n,) as a reader sees them."""
    return str([round(v, 2) for v in values[:4].tolist()] + ["..."] * (len(values) > 4)).replace("'", "")


def drawn_logits(seed, n):
    """Return n logits with two digits, none of them 0, where a right loss may have a kink."""
    values = (randn(seed, n) * 2 + 0.3).round(decimals=2)
    return values.where(values != 0, 0.01)


def logit_cases(seed, strict, *names, options=({},)):
    """One image first, where a wrong number is easy to see; then batches; then logits that a sigmoid rounds to 0 or 1."""
    sizes = (1, 3, 8) if not strict else (1, 2, 5 + seed % 30, 200)
    batches = [{name: drawn_logits(2 * seed + i, n) for i, name in enumerate(names)} for n in sizes]
    batches.append({name: torch.tensor([120.0, -120.0]) * (1 - 0.1 * i) for i, name in enumerate(names)})
    cases = []
    for number, logits in enumerate(batches):
        more = options[number % len(options)]
        shown = {name: first_numbers(values) for name, values in logits.items()}
        about = ", ".join(f"{name} = {value}" for name, value in (shown | more).items())
        cases.append({"about": about, "logits": logits, "options": more, "large": number == len(sizes)})
    return cases


def by_hand(a):
    """Softplus, written so that exp() cannot overflow."""
    return torch.relu(a) + torch.log1p(torch.exp(-a.abs()))


def _answers(letter):
    return lambda: letter


def question(name, right, **wrong):
    """A question with the letters a to d; wrong: letter -> what to say to someone who chose it."""
    return Exercise(
        name=name,
        reference=_answers(right),
        points=1,
        cases=lambda seed, strict: [{"about": "the answers in the text above", "secret": True}],
        observe=observers.choice,
        look='Return one letter, such as "a".',
        mistakes=tuple(mistake(says, _answers(letter), _answers(letter.upper())) for letter, says in wrong.items()),
        accepted=(_answers(right), _answers(right.upper()), _answers(f" {right} ")),
    )


class _WithoutForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(100, 784)


def module_mistakes(reference, returned):
    """The mistakes that one can make in any network; returned: what forward returns, in the source of the reference."""
    return (
        mistake(
            "forward returns nothing. Is the `return` missing?",
            edited(reference, (f"return {returned}", returned)),
            shows={"what forward returns": "nothing: is the `return` missing?"},
        ),
        mistake(
            "it has no `forward`. Is the name right, and does its `def` stand inside the class, indented as far as `def __init__`?",
            _WithoutForward,
            shows={"its forward": "missing"},
        ),
        mistake(
            "nn.Module is not ready for layers: __init__ must call super().__init__() before it makes the first one.",
            edited(reference, ("super().__init__()", "pass")),
            shows={STOPPED: "AttributeError: cannot assign module before Module.__init__() call"},
        ),
    )
