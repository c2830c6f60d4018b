"""What an answer leaves behind: seen in one place, for every exercise, around each call of the answer.

A Guard stands for the answer that an observer calls. It looks at everything that is handed to a call before and after
it, and at what surrounds it, and notes each property as text under "property:name of the argument":

    of a network    mode, trainable, gradients, weights, averages, hooks
    of a tensor     values, requires_grad, grad
    of an optimiser settings, state
    around          seed, defaults
    what came back  earlier ("kept", or how a later call has changed or shared an earlier result)

The reference is observed in the same way, so an exercise whose answer is to change the weights has nothing to declare;
what the text leaves to the learner stands in its `free`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

AS_BEFORE = "as before"


class Guard:
    """An answer that is watched; `left` tells what its calls have left behind."""

    def __init__(self, answer, names: list[str], free: tuple[str, ...] = ()):
        self.answer, self.names, self.free = answer, names, free
        self.left: dict[str, str] = {}
        self.results: list[tuple[object, object]] = []  # what each call has returned, and a copy of that
        self.inner: list[Guard] = []

    def __call__(self, *arguments, **options):
        """Call the answer; return what it returns."""
        subjects = dict(zip(self.names, arguments, strict=False)) | options
        before = {name: _state(value, self.free) for name, value in subjects.items()}
        around = _surroundings()
        try:
            returned = self.answer(*arguments, **options)
        finally:
            for name, value in subjects.items():
                for what, words in _changes(value, before[name], self.free):
                    self._note(f"{what}:{name}", words)
            for what, value in _surroundings().items():
                self._note(what, AS_BEFORE if value == around[what] else _SURROUNDINGS_CHANGED[what])
        self.results.append((returned, _copy(returned)))
        return returned

    def inside(self, function, names: list[str]) -> "Guard":
        """Return a guard around something that the answer has made, a network say, which notes to the same place."""
        guard = Guard(function, names, self.free)
        guard.left = self.left
        self.inner.append(guard)
        return guard

    def _note(self, what: str, words: str) -> None:
        """Keep the first change of a property; of an optimiser's memory what it has come to."""
        if what.startswith("state:") or self.left.get(what, AS_BEFORE) == AS_BEFORE:
            self.left[what] = words

    def earlier(self) -> str:
        """Return what has become of the results of earlier calls."""
        if bad := next((words for guard in self.inner if (words := guard.earlier()) != "kept"), ""):
            return bad
        for i, (first, copied) in enumerate(self.results):
            later = [result for result, _ in self.results[i + 1 :]]
            if isinstance(first, nn.Module):
                ours = {id(p) for p in first.parameters()}
                if any(id(p) in ours for other in later if isinstance(other, nn.Module) for p in other.parameters()):
                    return "shared: two networks have layers in common"
            elif isinstance(first, Tensor | dict | list) and any(first is other for other in later):
                return "the same object each time"
            elif not _equal(first, copied):
                return "overwritten by a later call"
        return "kept"


_SURROUNDINGS_CHANGED = {"seed": "set", "defaults": "changed"}


def _surroundings() -> dict:
    """Return what a call should leave alone around it."""
    defaults = (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_device(),
    )
    return {"seed": torch.default_generator.initial_seed(), "defaults": defaults}


# What can change in an argument: property -> how to copy it.
_OF_NETWORK = {
    "mode": lambda network: [m.training for m in network.modules()],
    "trainable": lambda network: {name: p.requires_grad for name, p in network.named_parameters()},
    "gradients": lambda network: [_cloned(p.grad if p.is_leaf else None) for p in network.parameters()],
    "weights": lambda network: {name: _cloned(p) for name, p in network.named_parameters()},
    "averages": lambda network: {name: _cloned(b) for name, b in network.named_buffers()},
    "hooks": lambda network: _hooks(network),
}
_OF_TENSOR = {"values": lambda x: [_cloned(x), -1 if x.is_inference() else x._version]}
_OF_LEAF = _OF_TENSOR | {"requires_grad": lambda x: x.requires_grad, "grad": lambda x: _cloned(x.grad)}
_OF_OPTIMISER = {"settings": lambda optimiser: _settings(optimiser)}


def _state(value: object, free: tuple[str, ...]) -> dict:
    """Return a copy of what can change in an argument and is not the learner's choice."""
    looks = {}
    if isinstance(value, nn.Module):
        looks = _OF_NETWORK
    elif isinstance(value, Tensor):
        looks = _OF_LEAF if value.is_leaf else _OF_TENSOR
    elif isinstance(value, Optimizer):
        looks = _OF_OPTIMISER
    return {what: look(value) for what, look in looks.items() if what not in free}


def _changes(value: object, before: dict, free: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each property of an argument and, in words, what has become of it."""
    in_words = {"mode": _mode, "trainable": _trainable, "gradients": _gradients}
    now = _state(value, free)
    for what in before:
        if _equal(before[what], now.get(what)):
            yield what, AS_BEFORE
        else:
            yield what, in_words[what](before[what], now[what]) if what in in_words else "changed"
    if isinstance(value, Optimizer):
        steps = sorted({int(s["step"]) for s in value.state.values() if "step" in s})
        yield "state", f"{len(value.state)} parameters, steps {steps}" if value.state else "empty"


def _mode(before: list[bool], now: list[bool]) -> str:
    if all(before) or not any(before):
        part = "" if len(set(now)) == 1 else ", a part of it"
        return f"in {'eval' if all(before) else 'training'} mode{part}"
    return "changed where a layer was in eval mode" if all(now) else "changed"


def _trainable(before: dict[str, bool], now: dict[str, bool]) -> str:
    if now.keys() != before.keys():
        return "other parameters"
    frozen = any(before[name] and not now[name] for name in now)
    thawed = any(now[name] and not before[name] for name in now)
    return " and ".join(["frozen"] * frozen + ["thawed: a frozen parameter asks for a gradient"] * thawed)


def _gradients(before: list[Tensor | None], after: list[Tensor | None]) -> str:
    if len(before) != len(after):
        return "of other parameters"
    if all(a is None for a in before):
        return "some, where there were none"
    gone = all(b is None or not b.any() for b in after)
    return "those that were there are gone" if gone else "others than there were"


def _hooks(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    of_layers = sum(len(getattr(m, kind)) for m in network.modules() for kind in kinds)
    return of_layers + sum(len(p._backward_hooks or ()) for p in network.parameters())


def _settings(optimizer: Optimizer) -> list[dict]:
    return [
        {k: v for k, v in group.items() if k != "params"} | {"n": len(group["params"])}
        for group in optimizer.param_groups
    ]


def _cloned(value: Tensor | None) -> Tensor | None:
    return None if value is None else value.detach().clone()


def _copy(value: object) -> object:
    """Return a copy of a result, as far as a later call could change it."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copy(v) for key, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list | tuple) else None


def _equal(a: object, b: object) -> bool:
    """Return whether tensors, also inside dicts and lists, are equal; what cannot be compared counts as equal."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return a.device.type == "meta" or torch.equal(a, b) or torch.equal(a.nan_to_num(), b.nan_to_num())
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return False
    return a == b if isinstance(a, int | float | str) and isinstance(b, int | float | str) else True
