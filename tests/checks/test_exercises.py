"""Every exercise of every lesson, tested by its own declaration: mistakes are named, right answers pass, wrong ones do not.

Right answers that are written differently, and wrong ones that are no named mistake, stand in answers/LESSON.py.
"""

import functools
import importlib
import pkgutil

import pytest
import torch

from gancourse import checks
from gancourse.checks import answers as course
from gancourse.checks.core import STOPPED, Exercise, differences


class Remembering(Exercise):
    """An exercise that watches an answer on a case and its noise once: a mistake is compared with every other, which takes long."""

    def inputs(self, seed, strict=False):
        return [case | {"seen": {}} for case in super().inputs(seed, strict)]

    def watch(self, answer, case, like=None):
        own = self.once(answer, case)
        return own if like is None or noise_of(like) == noise_of(own) else self.once(answer, case, like)

    def once(self, answer, case, like=None):
        answer = course.written(self.reference, answer)
        key = id(answer), like and noise_of(like)
        if key not in case["seen"]:
            seen = super().watch(answer, case, like)
            case["seen"][key] = seen | {"_noise_as_key": noise_of(seen)}, answer  # kept, so that the id stays its own
        return case["seen"][key][0]


def noise_of(seen: dict) -> tuple:
    """Return all noise of an observation, as something that can be a key."""
    return seen.get("_noise_as_key") or tuple(
        tuple((z.shape, z.numpy().tobytes()) for z in step) for step in seen.get("_noise", ())
    )


LESSONS = [m.name for m in pkgutil.iter_modules(checks.__path__) if m.ispkg and m.name != "observers"]
FOUND = {
    f"{lesson}-{name}": exercise
    for lesson in LESSONS
    for name, exercise in vars(importlib.import_module(f"gancourse.checks.{lesson}")).items()
    if isinstance(exercise, Exercise)
}
EXERCISES = [pytest.param(Remembering(**vars(exercise)), id=name) for name, exercise in FOUND.items()]
# Those that take longest first, so that no process is left with one at the end.
EXERCISES.sort(key=lambda each: -sum(len(mistake.answers) for mistake in each.values[0].mistakes))
SEEDS = [range(2), pytest.param(range(200), marks=[pytest.mark.long, pytest.mark.timeout(3600)])]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES)


def known(exercise: Exercise, kind: str) -> tuple:
    """The answers of a kind, RIGHT or WRONG, that tests/checks/answers has for an exercise."""
    lesson = next(name for name, e in FOUND.items() if e.reference is exercise.reference).partition("-")[0]
    return getattr(importlib.import_module(f"answers.{lesson}"), kind).get(exercise.name, ())


def verdict(exercise: Exercise, answer, cases: list) -> str:
    """What the check says; `examine` would say only that a reference or a declared mistake is the course's own."""
    return exercise.judge(cases, [exercise.watch(answer, case) for case in cases])[0]


@functools.lru_cache(maxsize=2)  # of one exercise: its tests follow each other in the same process
def drawn(exercise: Exercise, seed: int) -> list:
    """The inputs of a seed: the visible cases and the graded ones by turns."""
    return exercise.inputs(seed, strict=seed % 2 == 1)


def draws(exercise: Exercise, seeds):
    return (drawn(exercise, seed) for seed in seeds)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_there_are_exercises():
    assert EXERCISES


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_of_a_module_is_in_its_package(lesson):
    package = importlib.import_module(f"gancourse.checks.{lesson}")
    modules = [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    declared = {e.name for module in modules for e in vars(module).values() if isinstance(e, Exercise)}
    assert declared == {e.name for e in vars(package).values() if isinstance(e, Exercise)}


@each_exercise
@pytest.mark.parametrize("seeds", SEEDS, ids=["two", "200"])
def test_the_reference_and_every_right_answer_pass(exercise, seeds):
    for cases in draws(exercise, seeds):
        assert all(STOPPED not in exercise.watch(exercise.reference, case) for case in cases)
        for number, answer in enumerate((exercise.reference, *known(exercise, "RIGHT"))):
            assert verdict(exercise, answer, cases) == "", f"answer {number}, seed {cases[0]['seed']}"


@each_exercise
@pytest.mark.parametrize("seeds", SEEDS, ids=["two", "200"])
def test_every_named_mistake_is_told_by_its_own_message(exercise, seeds):
    for cases in draws(exercise, seeds):
        for mistake in exercise.mistakes:
            for number, answer in enumerate(mistake.answers):
                said = one_line(verdict(exercise, answer, cases))
                assert one_line(mistake.says) in said, f"way {number} to make it, seed {cases[0]['seed']}"


@each_exercise
@pytest.mark.parametrize("seeds", SEEDS, ids=["two", "200"])
def test_wrong_answers_that_are_no_named_mistake_do_not_pass(exercise, seeds):
    for cases in draws(exercise, seeds):
        for number, answer in enumerate(known(exercise, "WRONG")):
            assert verdict(exercise, answer, cases) != "", f"answer {number}, seed {cases[0]['seed']}"


@each_exercise
def test_observations_are_plain_data(exercise, tmp_path):
    for case in drawn(exercise, 0):
        seen = exercise.watch(exercise.reference, case)
        torch.save(seen, tmp_path / "seen.pt")
        assert not list(differences(seen, torch.load(tmp_path / "seen.pt", weights_only=True)))


@each_exercise
def test_an_answer_that_is_not_written_gets_no_points_and_is_told_so(exercise):
    def stub(*arguments, **options):
        raise NotImplementedError()

    cases = drawn(exercise, 1)
    message, share = exercise.judge(cases, [exercise.watch(stub, case) for case in cases])
    assert "not written yet" in message
    assert share == 0


@each_exercise
def test_a_constant_an_identity_and_nothing_at_all_do_not_pass(exercise):
    for cases in draws(exercise, range(2)):
        for answer in (lambda *a, **k: 0, lambda *a, **k: a[0] if a else None, lambda *a, **k: None, None, 3):
            assert verdict(exercise, answer, cases) != ""


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.values[0].random])
def test_the_right_answer_to_a_random_exercise_raises_no_false_alarm_in_10_000_runs(exercise):
    def right_with_other_numbers(*arguments, **options):
        torch.rand(7)  # or it would draw the very numbers that the reference draws
        return exercise.reference(*arguments, **options)

    for cases in draws(exercise, range(10_000)):
        assert verdict(exercise, right_with_other_numbers, cases) == "", f"seed {cases[0]['seed']}"
