"""What an exercise is. Declared once, as data, it is the check that learners run, the marks that an instructor gives,
and the test of both.

    reference   the right answer, which stands in the lesson (answers.py)
    cases       the inputs to try it on, drawn from a seed
    observe     runs an answer on a case and returns what it did, as plain data
    mistakes    wrong answers that many people write, each with what to tell them
    look        where to look, if no mistake fits: property -> text

A check observes the learner's answer, then the reference, on the same cases; the answer is right where all properties
agree. What an answer leaves behind (modes, gradients, changed inputs, a seed, ...) is observed around every call, in
every exercise, by observers/guard.py. If something differs, the learner is told, in this order:

1. the mistake that behaves like the answer, in every property of every case: only then is it the cause;
2. what an exception means;
3. what is left behind;
4. what all wrong numbers have in common with the right ones (slips.py);
5. two of the mistakes at once, where these together behave like the answer;
6. the text in `look` for the first property that differs.

The judge needs the cases and the observations and nothing else of the answer, so it can sit in a process that no
learner's code has touched. The first cases are small, so that an example can be read.
"""

import contextlib
import functools
import inspect
import io
import itertools
import linecache
import math
import os
import sysconfig
import textwrap
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

import torch
from torch import Tensor

from gancourse.checks import circumstances, slips
from gancourse.checks.answers import is_edit, written
from gancourse.checks.observers.guard import AS_BEFORE, Guard

# "about": the case in words; "secret": the right result stays untold; "extreme": see _mistake; "no_points": see _share.
Case = dict
# Property -> tensor, number, string, tuple or None; names that begin with "_" are not compared.
Observation = dict

VISIBLE_SEED = 0  # of the check in the notebook: who runs it twice sees the same numbers
GRADED_SEED = 1  # of the marks, where GANCOURSE_SEED does not say another
STOPPED = "stopped"
NOT_WRITTEN = "NotImplementedError:"
TOLERANCE = 1e-3  # of the largest number in a tensor: wide for rounding, narrow for mistakes
HERE = Path(__file__).parents[1]


# Answer -> name of the exercise whose check it has passed: `carry_on` need not look again.
_found_right: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class CheckFailed(AssertionError):
    """An answer is not right; the message says what is wrong with it, and IPython shows nothing else."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


@dataclass(frozen=True)
class Mistake:
    """Wrong answers that many people write, and what to tell them: what is wrong, what would be right, where to look."""

    says: str
    answers: tuple[object, ...]  # as `answers.written` takes them


def mistake(says: str, *answers: object) -> Mistake:
    """Return a Mistake that is made in one or several ways."""
    return Mistake(says, answers)


@dataclass(frozen=True, eq=False, repr=False)
class Exercise:
    """An exercise; `exercise(answer)` checks an answer, `exercise.grade(answer)` gives marks."""

    reference: Callable
    points: int
    cases: Callable[[int, bool], list[Case]]  # seed, strict: the graded cases are more and harder
    observe: Callable[[object, Case, Observation], Observation]  # answer, case, what to take over from an observation
    # Property, or property:subject -> where to look; "": for all others; "endless": what to say to one that does not end.
    look: dict[str, str | dict[str, str]]
    mistakes: tuple[Mistake, ...] = ()
    free: tuple[str, ...] = ()  # what is left behind and is the learner's choice: "gradients", "gradients:G"
    partial: bool = False  # marks for the share of the cases that are right
    random: bool = False  # judged by statistics of random numbers: tested for false alarms

    @property
    def name(self) -> str:
        """The name of the answer in the notebook."""
        return self.reference.__name__

    def __repr__(self) -> str:
        return f"the check of {self.name}: call it with your answer, as the lesson does"

    def __call__(self, answer: object) -> None:
        """Print one line if the answer is right; raise CheckFailed with a message for the learner if not."""
        message, _ = self.examine(answer, VISIBLE_SEED)
        if message:
            raise CheckFailed(message)
        if isinstance(answer, FunctionType | type):
            _found_right[answer] = self.name
        print(f"✓ {self.name}: right.")

    def grade(self, answer: object) -> float:
        """Return the points for an answer under stricter cases; raise CheckFailed where there are none.

        GANCOURSE_SEED draws the inputs. Nothing is written to stderr: nbgrader would give such a cell 0 points.
        """
        with circumstances.muted():
            message, share = self.examine(answer, graded_seed(), strict=True)
        points = math.floor(4 * self.points * share) / 4
        if message and (not self.partial or points == 0):
            raise CheckFailed(message)
        print(f"{points:g} of {self.points} points.", message or f"✓ {self.name}: right.")
        return points

    def carry_on(self, namespace: dict) -> None:
        """Keep namespace[name] if it is right, else put the course's version there; say which."""
        answer = namespace.get(self.name)
        right = isinstance(answer, FunctionType | type) and _found_right.get(answer) == self.name
        if not right:
            with contextlib.redirect_stdout(io.StringIO()):
                right = answer is not None and not self.examine(answer, VISIBLE_SEED)[0]
        if right:
            print(f"Your own {self.name} is in use.")
            return
        namespace[self.name] = self.reference
        print(f"From here on {self.name} is the course's version. To use yours, run your own cell again.")

    def examine(self, answer: object, seed: int, strict: bool = False) -> tuple[str, float]:
        """Return what to tell the learner, "" if the answer is right, and the share of the cases that are right."""
        if is_ours(answer, self.reference):
            return f"✗ {self.name}: this is the course's own version. Run the cell with yours, then this one.", 0.0
        if not callable(answer):
            what = type(answer).__name__
            return f"✗ {self.name}: this is a {what}; pass the function or class that your cell defines.", 0.0
        cases, observations = self.inputs(seed, strict), []
        for case in cases:
            endless = observations and is_endless(observations[-1])
            observations.append(observations[-1] if endless else self.watch(answer, case))
        return self.judge(cases, observations)

    def inputs(self, seed: int, strict: bool = False) -> list[Case]:
        """Return the cases of a seed; "seed" in each of them is where an answer's own random numbers begin.

        The last one comes after a call with other numbers of the same shape: it shows what is kept between calls. It is
        like the first one, or the one that says "again".
        """
        with circumstances.same_circumstances(seed):
            cases = self.cases(seed, strict)
            if not cases[0].get("secret"):
                repeated = next((i for i, case in enumerate(cases) if case.get("again")), 0)
                later = self.cases(seed + 1, strict)[repeated]
                cases = [*cases, later | {"about": f"{later['about']}, after another call", "before": cases[repeated]}]
            return [{**case, "seed": seed} for case in cases]

    def watch(self, answer: object, case: Case, like: Observation | None = None) -> Observation:
        """Observe an answer, always from the same random numbers. An exception is an observation, too.

        With `like`, the noise is taken over from that observation; where it says "_hurry", an observer may end as soon as
        something differs from it.
        """
        guard = Guard(written(self.reference, answer), _parameters(self.reference), self.free)
        try:
            with circumstances.time_limit():
                if "before" in case:
                    with circumstances.same_circumstances(case["seed"]):
                        self.observe(guard, case["before"], {})
                with circumstances.same_circumstances(case["seed"]):
                    seen = self.observe(guard, case, like or {})
            left = {what: words for what, words in guard.left.items() if not self._is_free(what, seen.get("_only"))}
            return {name: _comparable(value) for name, value in seen.items()} | left | {"earlier": guard.earlier()}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever an answer raises is the answer's
            first_line = (_words_of(error).strip() or " ").splitlines()[0]
            return {STOPPED: f"{type(error).__name__}: {first_line}", "_where": line_of_learner(error)}

    def _is_free(self, what: str, only: tuple[str, ...] | None) -> bool:
        """Return whether something that is left behind is the learner's choice; `only`: what else a case does not look at."""
        name = what.partition(":")[0]
        return what in self.free or name in self.free or (only is not None and name not in only)

    def judge(self, cases: list[Case], observations: list[Observation]) -> tuple[str, float]:
        """Return what to tell the learner, "" if all is right, and the share of the cases that are right."""
        pairs = list(zip(cases, observations, strict=True))
        rights = [self._right(case, seen) for case, seen in pairs]
        wrong = [
            [STOPPED] if STOPPED in seen else list(differences(right, seen))
            for right, seen in zip(rights, observations, strict=True)
        ]
        share = self._share(cases, wrong)
        if share == 1:
            return "", share
        first = next(i for i, names in enumerate(wrong) if names)
        if observations[first].get(STOPPED, "").strip() == NOT_WRITTEN:
            where = observations[first]["_where"][0].partition(",")[0]
            return f"✗ {self.name}: not written yet: `raise NotImplementedError()` still stands {where}.", share
        says, i, name = self._says(pairs, rights, wrong, first)
        message = textwrap.fill(f"✗ {self.name}: {says}", 110)
        return "\n".join([message, *_example(cases[i], name, rights[i], observations[i])]), share

    def _share(self, cases: list[Case], wrong: list[list[str]]) -> float:
        """Return the share of the cases that are right; one that earns nothing itself costs as much as one, if all others are right."""
        earning = [
            not names
            for case, names in zip(cases, wrong, strict=True)
            if not ("before" in case or case.get("no_points"))
        ]
        return sum(earning) / len(earning) if not all(earning) or not any(wrong) else 1 - 1 / len(earning)

    def _right(self, case: Case, seen: Observation) -> Observation:
        """Observe the reference, with the noise of the answer where it can use that."""
        right = self.watch(self.reference, case, like=seen)
        if STOPPED in right:
            right = self.watch(self.reference, case)
        if STOPPED in right:
            raise RuntimeError(f"the check of {self.name} fails itself, whatever the answer: {right[STOPPED]}")
        return right

    def _says(self, pairs: list, rights: list[Observation], wrong: list[list[str]], first: int) -> tuple[str, int, str]:
        """Return what to say, and which case and which property in it are the example; see the head of this module.

        pairs: cases and observations; wrong: what differs in each; first: the first case where something does.
        """
        name = wrong[first][0]
        if says := self._mistake(pairs, wrong, self.mistakes):
            return says, first, name
        if is_endless(pairs[first][1]):
            says = "it does not end. Is there a loop whose condition never changes?"
            return self.look.get("endless", says), first, name
        if name == STOPPED:
            what = slips.error(pairs[first][1][STOPPED])
            return f"it stops with an error. {what[:1].upper()}{what[1:]}", first, name
        for i, names in enumerate(wrong):
            for what in names:
                if what in pairs[i][1] and rights[i].get(what) in (AS_BEFORE, "kept"):
                    value = pairs[i][1][what]
                    own = slips.words_for(what, value, self.look)
                    return own or slips.words_for(what, value, slips.LEFT_BEHIND), i, what
        if not any(wrong[i] for i, (case, _) in enumerate(pairs) if "before" not in case):
            says = "the first call is right, a later one is not: something is kept from one call to the next."
            return says, first, name
        if says := self._relation(pairs, rights, name):
            subject = f"{slips.shown(name)}: " if ":" in name else ""
            return f"{subject}{says} {self.look.get('', '')}", first, name
        if (
            inspect.isfunction(self.reference)
            and not self.random
            and (says := self._mistake(pairs, wrong, self._twos()))
        ):
            return says, first, name
        value = pairs[first][1].get(name)
        for table in (self.look, slips.PROPERTIES, slips.LEFT_BEHIND):
            if says := slips.words_for(name, value, table):
                return says, first, name
        return f"something is not right. {self.look.get('', '')}", first, name

    def _twos(self) -> Iterator[Mistake]:
        """Yield what two mistakes make of the reference together, once: who loops again finds none."""
        edits = [(each.says, answer) for each in self.mistakes for answer in each.answers if is_edit(answer)]
        for (one, edit), (other, second) in itertools.combinations(edits[:30], 2):  # more would take over a second
            with contextlib.suppress(ValueError, SyntaxError):
                if one != other and written(self.reference, (edit, second)):
                    yield Mistake(f"two things are wrong. First, {one} Second, {other}", ((edit, second),))

    def _mistake(self, pairs: list, wrong: list[list[str]], mistakes: Iterable[Mistake]) -> str:
        """Return the text of the first mistake that behaves like the answer, "" if none does.

        Where that is none, extreme cases (logits that a sigmoid rounds, say) may show a second mistake.
        """

        # For speed, small cases where something is wrong first: a mistake that is not the answer's differs there.
        order = sorted(range(len(pairs)), key=lambda i: (not wrong[i], _size(pairs[i][0])))
        tame = [pairs[i] for i in order if not pairs[i][0].get("extreme")]
        shows = any(wrong[i] for i in order if not pairs[i][0].get("extreme"))
        pairs = [pairs[i] for i in order]

        def behaves(answer: object, pairs: list) -> bool:
            watched = ((self.watch(answer, case, like=seen | {"_hurry": True}), seen) for case, seen in pairs)
            return not any(any(differences(*two)) for two in watched)

        for alike in (pairs, tame) if shows and len(tame) < len(pairs) else (pairs,):
            for each in mistakes:
                if any(behaves(answer, alike) for answer in each.answers):
                    return each.says
        return ""

    def _relation(self, pairs: list, rights: list[Observation], name: str) -> str:
        """Return what the numbers of a property have in common with the right ones, in all tame cases; "" if nothing."""
        chosen = [
            (
                right[name].double(),
                seen[name].double(),
                {_size(case), *(s for v in _tensors(case) for s in (*v.shape, v.numel()))} - {0},
            )
            for (case, seen), right in zip(pairs, rights, strict=True)
            if not case.get("extreme") and isinstance(right.get(name), Tensor) and isinstance(seen.get(name), Tensor)
        ]
        if not chosen:
            return ""
        return slips.relation([(right, seen) for right, seen, _ in chosen], [sizes for *_, sizes in chosen], same)


def graded_seed() -> int:
    """Return the seed that the instructor has set for the marks; ValueError where GANCOURSE_SEED is no number."""
    text = os.environ.get("GANCOURSE_SEED") or str(GRADED_SEED)
    if not (text.isdecimal() and int(text) < 2**32):
        raise ValueError(f"GANCOURSE_SEED is {text!r}; it must be a whole number from 0 to {2**32 - 1}.")
    return int(text)


def _tensors(value: object) -> Iterator[Tensor]:
    """Yield the tensors in a case."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _tensors(each)


def _size(case: Case) -> int:
    """Return how many numbers a case holds: how long it takes, roughly."""
    return sum(tensor.numel() for tensor in _tensors(case))


@functools.cache
def _parameters(reference: Callable) -> list[str]:
    return list(inspect.signature(reference).parameters)


def _example(case: Case, name: str, right: Observation, seen: Observation) -> list[str]:
    """Return the lines that show one thing an answer does differently: the case, what was seen, what should be."""
    about = f"  Tried with {case['about']}:"
    if STOPPED in seen:
        return [about, f"  it stops with {seen[STOPPED]}", *(f"  {line}" for line in seen["_where"])]
    if case.get("secret"):
        return []
    yours, ours, label = seen.get(name, "nothing"), right.get(name, "nothing"), slips.shown(name)
    if isinstance(yours, Tensor) and isinstance(ours, Tensor):
        if yours.shape != ours.shape:
            yours, ours = f"of shape {tuple(yours.shape)}", f"of shape {tuple(ours.shape)}"
        elif ours.numel() > 4:  # the place where they differ most
            gap = (yours.double() - ours.double()).abs().nan_to_num(math.inf)  # an answer may be of another dtype
            place = tuple((gap == gap.max()).nonzero()[0].tolist())  # torch.unravel_index imports SymPy: 2 seconds
            label = f"{label} at {list(place)}"
            yours, ours = yours[place], ours[place]
    return [about, f"  {label}", f"      yours:     {shown(yours)}", f"      should be: {shown(ours)}"]


def shown(value: object) -> str:
    """Return a value as a learner reads it: numbers with four digits."""
    if isinstance(value, Tensor):
        return shown(value.tolist())
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{value or 0:.4g}"  # no -0
    if isinstance(value, list):
        return f"[{', '.join(shown(v) for v in value)}]"
    return str(value)


def differences(right: Observation, seen: Observation) -> Iterator[str]:
    """Yield the names of what differs between two observations, in the order of the first."""
    names = [*right, *(name for name in seen if name not in right)]
    return (n for n in names if not n.startswith("_") and not same(right.get(n), seen.get(n)))


def _comparable(value: object) -> object:
    """Return a tensor on the CPU; in words, if there are no real numbers in it that could be compared."""
    if not isinstance(value, Tensor):
        return value
    if value.is_nested or value.is_complex():
        return "a nested tensor" if value.is_nested else "complex numbers"
    return value.cpu()


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an answer's own exception, which cannot say what it is
        return ""


def same(a: object, b: object) -> bool:
    """Return whether two observed values agree: tensors and numbers up to rounding, the rest exactly."""
    if isinstance(a, float) and isinstance(b, float):
        a, b = torch.tensor(a), torch.tensor(b)
    if not (isinstance(a, Tensor) and isinstance(b, Tensor)):
        return type(a) is type(b) and a == b
    if a.shape != b.shape or torch.equal(a, b):
        return a.shape == b.shape
    a, b = a.double(), b.double()
    finite = a.isfinite()
    if not torch.equal(finite, b.isfinite()) or not torch.equal(a[~finite].nan_to_num(), b[~finite].nan_to_num()):
        return False
    scale = b[finite].abs().max() if finite.any() else torch.tensor(0.0)
    return bool(((a - b)[finite].abs() <= TOLERANCE * scale + 1e-6).all())


def is_ours(answer: object, reference: object) -> bool:
    """Return whether an answer is a function or class of this package rather than one of the learner's own."""
    answer = getattr(answer, "func", answer)  # functools.partial
    return answer is reference or str(getattr(answer, "__module__", "")).startswith(f"{HERE.name}.")


def is_endless(seen: Observation) -> bool:
    """Return whether an answer was stopped because it took too long."""
    return seen.get(STOPPED, "").startswith(f"{circumstances.Endless.__name__}:")


def line_of_learner(error: BaseException) -> list[str]:
    """Return where in the learner's own code an exception arose: the line's number and text."""
    paths = sysconfig.get_paths()
    libraries = (str(HERE), paths["stdlib"], paths["purelib"], paths["platlib"], "<frozen")
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(libraries):
            line = linecache.getline(frame.filename, frame.lineno).strip()
            return [f"at line {frame.lineno} of your cell, in {frame.name}:", f"    {line}"]
    if isinstance(error, TypeError) and "argument" in str(error):
        return ["when it is called: compare the arguments in its `def` line with the lesson's"]
    return ["after your code, where the check uses what it made"]
