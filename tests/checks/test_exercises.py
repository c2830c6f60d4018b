"""Every exercise of every lesson, tested by its own declaration: mistakes are named, right answers pass."""

import importlib
import pkgutil

import pytest

from gancourse import checks
from gancourse.checks.core import STOPPED, Exercise

MODULES = [m.name for m in pkgutil.iter_modules(checks.__path__) if m.name not in ("core", "observers")]
EXERCISES = [
    pytest.param(exercise, id=f"{name}-{exercise.name}")
    for name in MODULES
    for exercise in vars(importlib.import_module(f"gancourse.checks.{name}")).values()
    if isinstance(exercise, Exercise)
]
FEW, MANY, DRAWS = range(10), range(200), 10_000
RANDOM = ("draw_noise", "init_weights", "train_loop", "train_step")  # answers that draw numbers of their own

each_exercise = pytest.mark.parametrize("exercise", EXERCISES)
seeds = pytest.mark.parametrize("seeds", [FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])


def verdict(exercise: Exercise, answer, seed: int, strict: bool = False) -> str:
    """What the check says; `examine` would say only that a reference or a declared mistake is the course's own."""
    cases = exercise.cases(seed, strict)
    return exercise.judge(cases, [exercise.watch(answer, case) for case in cases])[0]


def one_line(text: str) -> str:
    return " ".join(text.split())


def turns(seeds):
    """The visible cases and the graded ones by turns: each seed draws other inputs for both."""
    return [(seed, seed % 2 == 1) for seed in seeds]


def test_there_are_exercises():
    assert EXERCISES


@each_exercise
@seeds
def test_the_reference_and_every_accepted_variant_pass(exercise, seeds):
    for number, answer in enumerate((exercise.reference, *exercise.accepted)):
        for seed, strict in turns(seeds):
            assert verdict(exercise, answer, seed, strict) == "", f"accepted variant {number}, seed {seed}"


@each_exercise
@seeds
def test_every_named_mistake_is_told_by_its_own_message(exercise, seeds):
    for mistake in exercise.mistakes:
        for number, answer in enumerate(mistake.answers):
            for seed, strict in turns(seeds):
                said = one_line(verdict(exercise, answer, seed, strict))
                assert one_line(mistake.says) in said, f"way {number} to make it, seed {seed}"


@each_exercise
def test_the_reference_runs_on_every_case(exercise):
    for seed, strict in turns(FEW):
        assert all(STOPPED not in exercise.watch(exercise.reference, case) for case in exercise.cases(seed, strict))


@each_exercise
def test_an_answer_that_is_not_written_gets_no_points_and_is_told_so(exercise):
    def stub(*arguments, **options):
        raise NotImplementedError()

    cases = exercise.cases(1, True)
    message, share = exercise.judge(cases, [exercise.watch(stub, case) for case in cases])
    assert "not written yet" in message
    assert share == 0


@each_exercise
def test_a_constant_an_identity_and_nothing_at_all_do_not_pass(exercise):
    for answer in (lambda *a, **k: 0, lambda *a, **k: a[0] if a else None, lambda *a, **k: None, None, 3, "answer"):
        assert verdict(exercise, answer, 0) != ""
        assert verdict(exercise, answer, 1, strict=True) != ""


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.values[0].name in RANDOM])
def test_the_right_answer_to_a_random_exercise_never_raises_a_false_alarm(exercise):
    """The seed also draws the answer's own numbers, so that every run is another one."""
    alarms = [seed for seed in range(DRAWS) if verdict(exercise, exercise.reference, seed, strict=seed % 2 == 1)]
    assert alarms == []
