"""What an exercise is. Declared once, as data, it is the check that learners run, the marks that an instructor gives,
and the test of both.

    reference   the right answer
    cases       the inputs to try it on, drawn from a seed
    observe     runs an answer on a case and returns what it did, as plain data
    mistakes    wrong answers that many people would write, each with what to tell them
    accepted    right answers that are written differently

A check observes the learner's answer and then judges the observations. The judge runs the reference on the same cases;
where the two differ, it looks for the mistake that this shows, or runs one mistake after the other until one behaves as
the answer does, and says what belongs to it. If none does, it says which property differs. It needs the cases and the
observations and nothing else of the answer, so it can sit in a process that no learner's code has touched.

The first cases are small, so that an example can be read; the last one is the hardest, where a second mistake shows.
Of the mistakes, those with `shows` come first, whatever else is wrong; then those that behave like the answer on all
cases; then those that do so on all but the hardest. Among equals the first one in the list is told. `look` is for answers
that no mistake fits: one text, or one for each beginning of a name in an observation.
"""

import _thread
import contextlib
import functools
import inspect
import io
import linecache
import logging
import math
import os
import random
import signal
import sysconfig
import textwrap
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

Case = dict  # "about": the case in words; "secret": whether the right result stays untold; the rest is for `observe`
Observation = (
    dict  # what an answer did -> tensor, number, string, tuple or None; names that begin with "_" are not compared
)

VISIBLE_SEED = 0  # of the check in the notebook: who runs it twice sees the same numbers
GRADED_SEED = 1  # of the marks, where GANCOURSE_SEED does not say another
STOPPED = "it stops"
SECONDS = 10  # for an answer on one case; right ones take a fraction of a second
NOT_WRITTEN = "NotImplementedError:"
TOLERANCE = 1e-3  # of the largest number in a tensor: wide for rounding, narrow for mistakes
HERE = Path(__file__).parents[1]


class CheckFailed(AssertionError):
    """An answer is not right; the message says what is wrong with it, and IPython shows nothing else."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Endless(Exception):
    """An answer takes too long."""


@dataclass(frozen=True)
class Mistake:
    """Wrong answers that many people would write, and what to tell them: what is wrong, and where to look."""

    says: str
    answers: tuple[object, ...]
    shows: dict[str, object] | None  # what gives it away whatever else is wrong, the example first


def mistake(says: str, *answers: object, shows: dict[str, object] | None = None) -> Mistake:
    """Return a Mistake that is made in one or several ways."""
    return Mistake(says, answers, shows)


@dataclass(frozen=True, eq=False, repr=False)
class Exercise:
    """An exercise; `exercise(answer)` checks an answer, `exercise.grade(answer)` gives marks."""

    name: str  # of the answer in the notebook
    reference: object
    points: int
    cases: Callable[[int, bool], list[Case]]  # seed, strict: the graded cases may be more and harder
    observe: Callable[[object, Case, Observation], Observation]  # answer, case, what to take over from an observation
    look: str | dict[str, str]  # where to look, if no mistake fits; see above
    mistakes: tuple[Mistake, ...] = ()
    accepted: tuple[object, ...] = ()
    partial: bool = False  # marks for the share of the cases that are right
    random: bool = False  # judged by statistics of random numbers: tested for false alarms

    def __repr__(self) -> str:
        return f"the check of {self.name}: call it with your answer, as the lesson does"

    def __call__(self, answer: object) -> None:
        """Print one line if the answer is right; raise CheckFailed with a message for the learner if not."""
        message, _ = self.examine(answer, VISIBLE_SEED)
        if message:
            raise CheckFailed(message)
        print(f"✓ {self.name}: right.")

    def grade(self, answer: object) -> float:
        """Return the points for an answer under stricter cases; raise CheckFailed where there are none.

        GANCOURSE_SEED draws the inputs. Nothing is written to stderr: nbgrader would give such a cell 0 points.
        """
        with muted():
            message, share = self.examine(answer, graded_seed(), strict=True)
        points = math.floor(4 * self.points * share) / 4
        if message and (not self.partial or points == 0):
            raise CheckFailed(message)
        print(f"{points:g} of {self.points} points.", message or f"✓ {self.name}: right.")
        return points

    def carry_on(self, namespace: dict) -> None:
        """Keep namespace[name] if it is right, else put the course's version there; say which."""
        with contextlib.redirect_stdout(io.StringIO()):
            right = self.name in namespace and not self.examine(namespace[self.name], VISIBLE_SEED)[0]
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
            return f"✗ {self.name}: this is a {what}; it should be what the `def` or `class` makes.", 0.0
        cases, observations = self.inputs(seed, strict), []
        for case in cases:
            endless = observations and is_endless(observations[-1])
            observations.append(observations[-1] if endless else self.watch(answer, case))
        return self.judge(cases, observations)

    def inputs(self, seed: int, strict: bool = False) -> list[Case]:
        """Return the cases of a seed; "seed" in each of them is where an answer's own random numbers begin."""
        with same_circumstances(seed):
            return [{**case, "seed": seed} for case in self.cases(seed, strict)]

    def watch(self, answer: object, case: Case, like: Observation | None = None) -> Observation:
        """Observe an answer, always from the same random numbers. An exception is an observation, too.

        With `like`, the noise is taken over from that observation.
        """
        with same_circumstances(case["seed"]):
            try:
                with time_limit():
                    seen = self.observe(answer, case, like or {})
                return {name: _comparable(value) for name, value in seen.items()}
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever an answer raises is the answer's
                first_line = (_words_of(error).strip() or " ").splitlines()[0]
                return {STOPPED: f"{type(error).__name__}: {first_line}", "_where": line_of_learner(error)}

    def judge(self, cases: list[Case], observations: list[Observation]) -> tuple[str, float]:
        """Return what to tell the learner, "" if all is right, and the share of the cases that are right."""
        pairs = list(zip(cases, observations, strict=True))
        rights = [self._right(case, seen) for case, seen in pairs]
        wrong = [
            [STOPPED] if STOPPED in seen else list(differences(right, seen))
            for right, seen in zip(rights, observations, strict=True)
        ]
        share = wrong.count([]) / len(wrong)
        if share == 1:
            return "", share
        first = next(i for i, names in enumerate(wrong) if names)
        if observations[first].get(STOPPED, "").strip() == NOT_WRITTEN:
            where = observations[first]["_where"][0].partition(",")[0]
            return f"✗ {self.name}: not written yet: `raise NotImplementedError()` still stands {where}.", share
        says, i, name = self._mistake(pairs, wrong, first)
        message = textwrap.fill(f"✗ {self.name}: {says}", 110)
        return "\n".join([message, *_example(cases[i], name, rights[i], observations[i])]), share

    def _right(self, case: Case, seen: Observation) -> Observation:
        """Observe the reference, with the noise of the answer where it can use that."""
        right = self.watch(self.reference, case, like=seen)
        if STOPPED in right:
            right = self.watch(self.reference, case)
        if STOPPED in right:
            raise RuntimeError(f"the check of {self.name} fails itself, whatever the answer: {right[STOPPED]}")
        return right

    def _mistake(
        self, pairs: list[tuple[Case, Observation]], wrong: list[list[str]], first: int
    ) -> tuple[str, int, str]:
        """Return what to say about observations that are wrong, and which case and name in it are the example.

        wrong: the names of what differs from the reference in each case; first: the first case where something does.
        """
        for mistake in self.mistakes:
            for i, (_, seen) in enumerate(pairs):
                telling = next(iter(mistake.shows or ()), None)
                if telling in wrong[i] and all(seen.get(name) == value for name, value in mistake.shows.items()):
                    return mistake.says, i, telling

        def behaves(answer: object, pairs: list) -> bool:
            # Backwards, for speed: what came last is the hardest.
            return not any(any(differences(self.watch(answer, c, like=seen), seen)) for c, seen in reversed(pairs))

        without_the_hardest = [pairs[:-1]] if first < len(pairs) - 1 else []
        for alike in (pairs, *without_the_hardest):
            for mistake in self.mistakes:
                if not mistake.shows and any(behaves(answer, alike) for answer in mistake.answers):
                    return mistake.says, first, wrong[first][0]
        name = wrong[first][0]
        if is_endless(pairs[first][1]):
            return "it does not end. Is there a loop whose condition never changes?", first, name
        if name == STOPPED:
            return "it stops with an error.", first, name
        texts = {"": self.look} if isinstance(self.look, str) else self.look
        look = next((text for start, text in texts.items() if start and name.startswith(start)), texts[""])
        return f"something is not right. {look}", first, name


def graded_seed() -> int:
    """Return the seed that the instructor has set for the marks; ValueError where GANCOURSE_SEED is no number."""
    text = os.environ.get("GANCOURSE_SEED") or str(GRADED_SEED)
    if not (text.isdecimal() and int(text) < 2**32):
        raise ValueError(f"GANCOURSE_SEED is {text!r}; it must be a whole number from 0 to {2**32 - 1}.")
    return int(text)


def _example(case: Case, name: str, right: Observation, seen: Observation) -> list[str]:
    """Return the lines that show one thing an answer does differently: the case, what was seen, what should be."""
    about = f"  Tried with {case['about']}:"
    if STOPPED in seen:
        return [about, f"  it stops with {seen[STOPPED]}", *(f"  {line}" for line in seen["_where"])]
    if case.get("secret"):
        return []
    yours, ours = seen.get(name, "nothing"), right.get(name, "nothing")
    if isinstance(yours, Tensor) and isinstance(ours, Tensor):
        if yours.shape != ours.shape:
            yours, ours = f"of shape {tuple(yours.shape)}", f"of shape {tuple(ours.shape)}"
        elif ours.numel() > 4:  # the place where they differ most
            gap = (yours.double() - ours.double()).abs().nan_to_num(math.inf)  # an answer may be of another dtype
            place = torch.unravel_index(gap.argmax(), gap.shape)
            name = f"{name} at {[int(i) for i in place]}"
            yours, ours = yours[place], ours[place]
    return [about, f"  {name}", f"      yours:     {shown(yours)}", f"      should be: {shown(ours)}"]


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
    """Give the names of what differs between two observations, in the order of the first."""
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


def edited(reference: Callable, *changes: tuple[str, str]) -> Callable:
    """Return a function or class like `reference`, with each (old, new) piece of its source replaced."""
    source = _source(reference)
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands {source.count(old)} times in {reference.__name__}, not once")
        source = source.replace(old, new)
    names = dict(inspect.getmodule(reference).__dict__) | {"__name__": f"edited {reference.__name__}"}
    exec(compile(source, f"<edited {reference.__name__}>", "exec"), names)
    return names[reference.__name__]


@functools.cache
def _source(reference: Callable) -> str:
    return inspect.getsource(reference)  # parses the whole module each time


def is_endless(seen: Observation) -> bool:
    """Return whether an answer was stopped because it took too long."""
    return seen.get(STOPPED, "").startswith(f"{Endless.__name__}:")


@contextlib.contextmanager
def muted():
    """Let nothing be printed, logged or warned, also not by code outside Python: nbgrader gives 0 for a line on stderr."""
    nowhere, level, stderr = io.StringIO(), logging.root.manager.disable, os.dup(2)
    with (
        open(os.devnull, "w") as null,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(action="ignore"),
    ):
        logging.disable()
        os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            logging.disable(level)


@contextlib.contextmanager
def time_limit():
    """Interrupt Python code that takes longer than SECONDS; it ends with Endless where it has come to."""
    if threading.current_thread() is not threading.main_thread():  # an interrupt would reach another one
        yield
        return
    over = threading.Event()

    def interrupt():
        over.set()
        _thread.interrupt_main()

    timer = threading.Timer(SECONDS, interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process of `nohup` ignores interrupts
    timer.start()
    try:
        yield
    except KeyboardInterrupt as stop:
        if not over.is_set():
            raise
        raise Endless(f"no end after {SECONDS} seconds").with_traceback(stop.__traceback__) from None
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@contextlib.contextmanager
def same_circumstances(seed: int):
    """Random numbers that begin at the seed, full float32 precision, the CPU; all is put back at the end."""
    precision, dtype = torch.get_float32_matmul_precision(), torch.get_default_dtype()
    of_python, of_numpy = random.getstate(), np.random.get_state()
    with (
        torch.random.fork_rng(devices=[]),
        torch.autocast("cpu", enabled=False),
        torch.enable_grad(),
        contextlib.nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"),  # a slow one
    ):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reach a GPU's numbers, too
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.set_float32_matmul_precision("highest")
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)
            torch.set_float32_matmul_precision(precision)
            torch.set_default_dtype(dtype)


def line_of_learner(error: Exception) -> list[str]:
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
