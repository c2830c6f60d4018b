"""Challenges with many right answers: the course's own does what the text asks for, and the faulty programs have five faults."""

from pathlib import Path

import pytest

from gancourse.checks import (
    answers,
    conditional_gan,
    dcgan_cifar10,
    dcgan_pokemon,
    latent_space,
    minimax_loss,
    vanilla_gan,
)
from gancourse.checks.evaluating_gans import diagnose
from gancourse.checks.generative_models import fit_generator

WANTED = [  # an observation is compared with the course's answer only, so this one is looked at by itself
    (fit_generator, {"each": "by itself", "finite": "yes", "distribution": "that of the data", "new_numbers": "most"}),
    (minimax_loss.calm_step, {"ends": "at rest in the solution", "d_goes": "up V"}),
    (conditional_gan.same_hand, {"copy": "close", "noise": "the same in all", "pixels": "as G makes them"}),
    (dcgan_pokemon.my_augmentation, {"share": "about p", "way_back": "to every image", "mixed": "no"}),
    (latent_space.invert, {"noise_length": "within the limit", "drawn_in": "eval mode", "finite": "yes"}),
]
SOURCES = sorted((Path(__file__).parents[2] / "solutions").glob("*/*.py"))
FAULTY = [(vanilla_gan.repaired_gan, "faulty_gan"), (dcgan_cifar10.repaired_dcgan, "faulty_dcgan")]


@pytest.mark.parametrize(("exercise", "wanted"), WANTED, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(200), marks=pytest.mark.long)], ids=["four", "200"])
def test_the_courses_answer_does_what_the_text_asks_for(exercise, wanted, seeds):
    for seed in seeds:
        for case in exercise.inputs(seed, strict=seed % 2 == 1):
            seen = exercise.watch(exercise.reference, case)
            assert wanted.items() <= seen.items(), f"seed {seed}, {case['about']}"


@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(200), marks=pytest.mark.long)], ids=["four", "200"])
def test_the_courses_search_finds_the_noise_of_every_picture(seeds):
    for seed in seeds:
        for case in latent_space.invert.inputs(seed, strict=seed % 2 == 1):
            seen = latent_space.invert.watch(latent_space.invert.reference, case)
            found = {words for what, words in seen.items() if what.startswith("picture:")}
            assert found == {"close"}, f"seed {seed}, {case['about']}"


@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(200), marks=pytest.mark.long)], ids=["four", "200"])
def test_the_courses_diagnosis_is_the_fault_that_was_made(seeds):
    for seed in seeds:
        for case in diagnose.inputs(seed, strict=seed % 2 == 1):
            assert diagnose.watch(diagnose.reference, case)["diagnosis"] == case["fault"], (
                f"seed {seed}, {case['about']}"
            )


def text_of(exercise, name: str) -> str:
    """The body of a function of the lesson, as a learner copies it."""
    lesson, _ = answers._sources[exercise.reference]
    return answers._definitions(lesson)[name].split('"""', 2)[2]


@pytest.mark.parametrize(("exercise", "faulty"), FAULTY, ids=["lesson 3", "lesson 6"])
@pytest.mark.parametrize("seed", range(2))
def test_a_faulty_program_has_a_fault_in_five_parts_and_its_repair_in_none(exercise, faulty, seed):
    strict = seed % 2 == 1
    for name, wrong in ((exercise.name, 0), (faulty, 5)):
        answer = answers.written(exercise.reference, text_of(exercise, name))
        message, share = exercise.examine(answer, seed, strict)
        assert share == 1 - wrong / 5
        assert (message == "") == (wrong == 0)
        parts = [case for case in exercise.inputs(seed, strict) if "before" not in case]
        seen = [exercise.watch(answer, case)[case["part"]] for case in parts]
        assert seen.count("not right yet") == wrong


@pytest.mark.parametrize(("exercise", "faulty"), FAULTY, ids=["lesson 3", "lesson 6"])
def test_one_repair_earns_a_fifth_of_the_marks_and_the_next_fault_is_named_by_its_part(exercise, faulty):
    made = {name: answers.written(exercise.reference, text_of(exercise, name))() for name in (exercise.name, faulty)}
    for part in [case["part"] for case in exercise.inputs(0) if not case.get("no_points")][:5]:
        message, share = exercise.examine(lambda part=part: made[faulty] | {part: made[exercise.name][part]}, 0)
        assert share == pytest.approx(0.2)
        assert f"its {part} is" not in message
        assert "is not right yet" in message


def test_the_parts_of_a_program_must_be_returned_under_their_names():
    for answer, says in ((lambda: None, "return a dict"), (dict, 'the dict has no "Generator"')):
        assert says in " ".join(vanilla_gan.repaired_gan.examine(answer, 0)[0].split())


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_lesson_has_one_challenge(source):
    assert source.read_text("utf-8").count("\n# ●●● · ") == 1
