"""Kinds of mistakes that can be made in every exercise: what is left behind, and what is kept from call to call.

`kinds.toml` says for each exercise which kinds apply to which of its arguments. Each is tried: the course's own answer, and
after it something that does not belong there. It has to be refused, with a message that says what it is. Run
`python tests/checks/test_kinds.py` to write the table anew, and read the difference.
"""

import importlib
import inspect
import sys
import tomllib
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import nn

from gancourse.checks import slips
from gancourse.checks.observers.guard import AS_BEFORE, Guard

TABLE = Path(__file__).parent / "kinds.toml"


def wiped_or_filled(network: nn.Module):
    left = [p for p in network.parameters() if p.grad is not None]
    for p in left or network.parameters():
        p.grad = None if left else torch.ones_like(p)


def first_frozen_or_thawed(network: nn.Module):
    p = next(network.parameters())
    p.requires_grad_(not p.requires_grad)


def first_weight_moved(network: nn.Module):
    next(network.parameters()).data.add_(1)


def averages_moved(network: nn.Module):
    next(b for b in network.buffers() if b.is_floating_point()).add_(1)


def lr_doubled(optimizer):
    optimizer.param_groups[0]["lr"] *= 2


def asked(tensor):
    tensor.requires_grad_(not tensor.requires_grad)


def grad_left(tensor):
    tensor.grad = torch.ones_like(tensor)


SPOILERS = {
    "mode": lambda network: network.train(not network.training),
    "trainable": first_frozen_or_thawed,
    "gradients": wiped_or_filled,
    "weights": first_weight_moved,
    "averages": averages_moved,
    "hooks": lambda network: network.register_forward_hook(lambda *_: None),
    "values": lambda tensor: tensor.data.copy_(tensor.flip(0) + 1 if tensor.dim() else tensor + 1),
    "requires_grad": asked,
    "grad": grad_left,
    "settings": lr_doubled,
    "state": lambda optimizer: optimizer.state.clear(),
    "seed": lambda _: torch.manual_seed(3),
    "defaults": lambda _: torch.autograd.set_detect_anomaly(True),  # put back after the test
}


def spoilt(reference, what: str):
    """Return the reference with something done after each call that does not belong there."""
    kind, _, subject = what.partition(":")
    of_calls = ("previous", "by_shape", "same_object")
    if inspect.isclass(reference):
        return spoilt_class(reference, kind, subject)
    names = list(inspect.signature(reference).parameters)
    kept = {}

    def answer(*arguments, **options):
        returned = reference(*arguments, **options)
        if kind in of_calls:
            shapes = tuple(a.shape if isinstance(a, torch.Tensor) else None for a in arguments)
            key = shapes if kind == "by_shape" else None
            before = kept.get(key, returned)
            kept[key] = before if kind in ("by_shape", "same_object") else returned
            if kind == "same_object" and isinstance(returned, dict):
                before.update(returned)
            return before
        SPOILERS[kind]((dict(zip(names, arguments, strict=False)) | options).get(subject))
        return returned

    return answer


def spoilt_class(reference, kind: str, subject: str):
    names = list(inspect.signature(reference.forward).parameters)[1:]

    class Spoilt(reference):
        last = None
        layers: ClassVar[dict] = {}

        def __init__(self, *arguments):
            super().__init__(*arguments)
            if kind == "same_object":
                layers = self.layers.setdefault(arguments, list(self.children()))
                for (name, _), layer in zip(list(self.named_children()), layers, strict=True):
                    setattr(self, name, layer)

        def forward(self, *inputs):
            returned = super().forward(*(x.detach() if kind == "detached" else x for x in inputs))
            if kind in ("previous", "by_shape"):
                if self.last is None or (kind == "previous" and self.last.shape == returned.shape):
                    before, self.last = self.last, returned
                    return returned if before is None else before
                return self.last if self.last.shape == returned.shape else returned
            if kind in SPOILERS:
                SPOILERS[kind](dict(zip(names, inputs, strict=True)).get(subject))
            return returned

    return Spoilt


def kinds_of(exercise) -> list[str]:
    """Which kinds can occur: what the guard watches, in a state that the course's answer leaves as it was."""
    if exercise.inputs(0)[0].get("secret"):
        return []
    kinds = set()
    for case in exercise.inputs(0):
        if not case.get("raises"):
            seen = exercise.watch(exercise.reference, case)
            kinds |= {what for what, words in seen.items() if isinstance(words, str) and words == AS_BEFORE}
            kinds |= {what for what, words in seen.items() if what.startswith("state:") and words != "empty"}
    kinds = {what for what in kinds if what.partition(":")[0] in SPOILERS}
    return sorted(what for what in kinds if can_be_spoilt(exercise, what)) + calls_of(exercise)


def can_be_spoilt(exercise, what: str) -> bool:
    """Whether the argument allows it: gradients are for leaves of floating point, averages for networks that have some."""
    kind, _, subject = what.partition(":")
    possible = []

    def probe(*arguments, **options):
        value = dict(zip(names, arguments, strict=False)).get(subject)
        if kind in ("requires_grad", "grad"):
            possible.append(value.is_floating_point() and value.is_leaf)
        elif kind == "averages":
            possible.append(any(b.is_floating_point() for b in value.buffers()))
        elif isinstance(value, nn.Module):
            possible.append(any(True for _ in value.parameters()))
        return exercise.reference(*arguments, **options)

    if inspect.isclass(exercise.reference):
        return kind not in ("requires_grad", "grad", "averages")
    names = list(inspect.signature(exercise.reference).parameters)
    for case in exercise.inputs(0):
        if not case.get("raises") and "before" not in case:
            exercise.watch(probe, case)
    return not possible or any(possible)


def calls_of(exercise) -> list[str]:
    """What can be kept from call to call, for answers that return something; and gradients by a network's input."""
    guard = Guard(exercise.reference, [])
    exercise.observe(guard, exercise.inputs(0)[0], {})
    returned = guard.results[0][0] if guard.results else None
    if inspect.isclass(exercise.reference):
        return ["detached", "previous", "by_shape", "same_object"]
    kinds = ["previous", "by_shape"] if returned is not None else []
    return kinds + ["same_object"] * isinstance(returned, dict)


def exercises() -> dict:
    from test_exercises import FOUND

    return FOUND


def the_table() -> dict[str, list[str]]:
    return tomllib.loads(TABLE.read_text("utf-8"))


@pytest.fixture(autouse=True)
def _no_anomaly_is_looked_for():
    yield
    torch.autograd.set_detect_anomaly(False)


@pytest.mark.parametrize("name", sorted(exercises()))
def test_each_kind_that_can_occur_is_refused_and_named(name):
    exercise, listed = exercises()[name], the_table()[name]
    assert listed == kinds_of(exercise), "the table says something else: see the head of this file"
    for what in listed:
        cases = exercise.inputs(0)
        answer = spoilt(exercise.reference, what)
        seen = [exercise.watch(answer, case) for case in cases]
        message, _ = exercise.judge(cases, seen)
        torch.autograd.set_detect_anomaly(False)
        assert message, f"{what} passes"
        kind, _, subject = what.partition(":")
        if kind in slips.LEFT_BEHIND and exercise.reference.__name__ != "init_weights":
            assert (subject or kind) in message, what


if __name__ == "__main__":
    sys.path.insert(0, str(TABLE.parent))
    lines = [f'{name} = ["' + '", "'.join(kinds_of(e)) + '"]' for name, e in sorted(exercises().items())]
    TABLE.write_text(
        "# exercise -> kind:argument; written by test_kinds.py\n" + "\n".join(lines).replace('[""]', "[]") + "\n"
    )
    importlib.invalidate_caches()
