"""What a check says, what it leaves alone, and the marks it gives. The exercises themselves are in test_exercises."""

import contextlib
import functools
import logging
import os
import random
import re
import signal
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from torch.nn.functional import softplus

from gancourse import checks
from gancourse.checks import answers, circumstances, core, minimax_loss, vanilla_gan
from gancourse.checks.core import CheckFailed, Exercise, mistake, same
from gancourse.checks.vanilla_gan import discriminator_loss, draw_noise, train_step


def halve(x):
    return x / 2


HALVE = Exercise(
    reference=halve,
    points=2,
    cases=lambda seed, strict: [
        {"about": f"x = {x}", "x": torch.tensor(float(x)), "extreme": x == 40} for x in (2, 7, 10 + seed, 40)
    ],
    observe=lambda answer, case, like: {"result": answer(case["x"])},
    look={"": "Divide by two."},
    mistakes=(mistake("you took the square root.", "return x.sqrt()"),),
    partial=True,
)


def said(exercise, answer) -> str:
    with pytest.raises(CheckFailed) as caught:
        exercise(answer)
    return str(caught.value)


# What is said


def test_a_right_answer_gets_one_short_line(capsys):
    HALVE(lambda x: 0.5 * x)
    assert capsys.readouterr().out == "✓ halve: right.\n"


def test_a_named_mistake_is_said_with_the_smallest_example():
    assert said(HALVE, lambda x: torch.sqrt(x)).splitlines() == [
        "✗ halve: you took the square root.",
        "  Tried with x = 2:",
        "  result",
        "      yours:     1.414",
        "      should be: 1",
    ]


def test_an_unknown_mistake_is_told_where_to_look():
    assert said(HALVE, lambda x: 3 * x + x.exp()).startswith("✗ halve: something is not right. Divide by two.\n")


def test_a_large_tensor_is_compared_where_it_differs_most():
    class Speck(vanilla_gan.Generator.reference):
        def forward(self, z):
            images = super().forward(z).clone()
            images[0, 0, 3, 4] += 1
            return images

    Speck.__module__ = "__main__"
    lines = said(vanilla_gan.Generator, Speck).splitlines()
    assert "  output for a batch of 4 at [0, 0, 3, 4]" in lines


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: -x / 2, "the sign is wrong"),
        (lambda x: x, "the result is twice what it should be"),
        (lambda x: (x / 2).log(), "the logarithm of what it should be"),
        (lambda x: (x / 2).view(1), "the numbers are right, but their shape is (1,); it should be ()"),
        (lambda x: x / 2 * torch.tensor(float("nan")), "NaN"),
    ],
)
def test_numbers_that_are_off_in_the_same_way_everywhere_are_told_so(answer, says):
    assert says in said(HALVE, answer)


def test_a_cause_is_told_only_if_it_explains_every_tame_case():
    assert "square root" not in said(HALVE, lambda x: x.sqrt() if x < 10 else x / 3)


def test_what_is_kept_from_call_to_call_is_seen():
    calls = []

    def answer(x):
        calls.append(x)
        return x / 2 + (len(calls) > 5)

    assert "something is kept from one call to the next" in said(HALVE, answer)


def test_an_exception_is_shown_at_the_learners_own_line():
    def answer(x):
        y = x + 1
        return y.no_such_thing()

    lines = said(HALVE, answer).splitlines()
    assert "  it stops with AttributeError: 'Tensor' object has no attribute 'no_such_thing'" in lines
    assert lines[-1] == "      return y.no_such_thing()"


def test_an_exception_inside_torch_is_shown_at_the_learners_own_line():
    def answer(real_logits, fake_logits):
        return torch.nn.functional.binary_cross_entropy_with_logits(real_logits, torch.ones(77))

    lines = said(discriminator_loss, answer).splitlines()
    assert lines[-1] == "      return torch.nn.functional.binary_cross_entropy_with_logits(real_logits, torch.ones(77))"


def test_a_wrong_signature_is_told_as_one():
    assert "compare the arguments" in said(draw_noise, lambda: torch.zeros(3))


def test_what_is_not_written_is_told_so_also_where_it_is_a_class():
    def answer(x):
        raise NotImplementedError()

    class Generator(torch.nn.Module):
        def __init__(self):
            super().__init__()
            raise NotImplementedError()

    where = r"✗ {}: not written yet: `raise NotImplementedError\(\)` still stands at line \d+ of your cell\."
    assert re.fullmatch(where.format("halve"), said(HALVE, answer))
    assert re.fullmatch(where.format("Generator"), said(vanilla_gan.Generator, Generator))


@pytest.mark.parametrize("name", ["Generator", "Discriminator"])
def test_a_forward_that_is_misspelt_is_not_taken_for_one_that_is_not_written(name):
    class Network(torch.nn.Module):
        def foward(self, x):
            return x

    assert "it has no `forward`" in said(getattr(vanilla_gan, name), Network)


@pytest.mark.parametrize("answer", ["c", torch.zeros(3), None])
def test_what_cannot_be_called_is_said_to_be_so(answer):
    assert f"this is a {type(answer).__name__}" in said(HALVE, answer)


@pytest.mark.parametrize("answer", [lambda: None, lambda: 3, lambda: print("c"), lambda: "", lambda: "e", lambda: "ab"])
def test_a_question_says_what_it_wants(answer):
    assert 'Return one letter, such as "a".' in said(vanilla_gan.question_1, answer)


def test_an_error_outside_the_learners_code_is_not_blamed_on_the_signature():
    lines = said(minimax_loss.generator_losses, {}.__getitem__).splitlines()
    assert lines[-1].strip() == "after your code, where the check uses what it made"


def test_a_second_mistake_in_the_hardest_case_does_not_hide_the_first():
    assert "you took the square root." in said(HALVE, lambda x: x.sqrt() if x < 30 else -x)


def test_where_to_look_depends_on_what_is_wrong():
    exercise = Exercise(**vars(HALVE) | {"look": {"result": "Look at the result.", "": "Look."}, "mistakes": ()})
    assert "Look at the result." in said(exercise, lambda x: x + x.exp())


@pytest.mark.parametrize("answer", [halve, functools.partial(halve)])
def test_the_courses_own_version_is_recognised(answer):
    assert "the course's own version" in said(HALVE, answer)


def test_a_question_does_not_tell_its_answer():
    message = said(vanilla_gan.question_1, lambda: "a")
    assert "should be" not in message
    assert len(message) > 60


def test_ipython_shows_the_message_and_no_traceback(capsys):
    shell = InteractiveShell.instance()
    shell.run_cell("from gancourse import checks\nchecks.vanilla_gan.question_1(lambda: 'a')")
    out = capsys.readouterr().out
    InteractiveShell.clear_instance()
    assert out.startswith("✗ question_1: ")
    assert "Traceback" not in out
    assert "core.py" not in out


def test_a_lesson_without_checks_is_said():
    with pytest.raises(AttributeError, match="no checks for a lesson called 'no_such_lesson'"):
        checks.no_such_lesson  # noqa: B018


# Marks


def test_marks_are_a_float_and_quiet_on_stderr(capfd):
    logging.getLogger("noise").addHandler(logging.StreamHandler(sys.stderr))  # made before, so it keeps the real stderr

    def noisy(x):
        warnings.warn("noise", stacklevel=1)
        print("noise", file=sys.stderr)
        print("noise")
        logging.getLogger("noise").error("noise")
        os.write(2, b"noise")
        return x / 2

    points = HALVE.grade(noisy)
    assert (points, type(points)) == (2.0, float)
    captured = capfd.readouterr()
    assert captured.out == "2 of 2 points. ✓ halve: right.\n"
    assert captured.err == ""


def test_part_of_the_cases_gives_part_of_the_points_and_says_why(capsys):
    assert HALVE.grade(lambda x: x / 2 if x < 30 else x) == 1.5
    assert capsys.readouterr().out.startswith("1.5 of 2 points. ✗ halve: something is not right.")


def test_no_case_right_gives_none():
    with pytest.raises(CheckFailed, match="the result is twice what it should be"):
        HALVE.grade(lambda x: x)


def test_without_partial_credit_one_wrong_case_gives_none():
    with pytest.raises(CheckFailed):
        Exercise(**vars(HALVE) | {"partial": False}).grade(lambda x: x / 2 if x < 30 else x)


def test_gancourse_seed_draws_the_inputs_of_the_marks(monkeypatch):
    tried = []

    def answer(x):
        tried.append(x.item())
        return x / 2

    for seed in ("3", "4"):
        monkeypatch.setenv("GANCOURSE_SEED", seed)
        HALVE.grade(answer)
    assert tried == [2, 7, 13, 40, 2, 2, 2, 7, 14, 40, 2, 2]  # the first once more, after another call


@pytest.mark.parametrize("text", ["spring", "-1", "1.5", "9" * 30])
def test_a_seed_that_is_no_number_is_one_clear_error(monkeypatch, text):
    monkeypatch.setenv("GANCOURSE_SEED", text)
    with pytest.raises(ValueError, match=f"GANCOURSE_SEED is '{text}'; it must be a whole number from 0"):
        HALVE.grade(halve)


# Answers that do not end


def endless(x):
    while True:
        x = x + 1


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(circumstances, "SECONDS", 0.2)


def test_an_answer_that_does_not_end_is_stopped_once_and_shown_at_its_line(short_limit):
    calls = []

    def answer(x):
        calls.append(x)
        return endless(x)

    lines = said(HALVE, answer).splitlines()
    assert lines[0] == "✗ halve: it does not end. Is there a loop whose condition never changes?"
    assert "x = x + 1" in lines[-1] or "while True" in lines[-1]
    assert len(calls) == 1


def test_it_is_stopped_where_interrupts_are_ignored(short_limit):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert "does not end" in said(HALVE, endless)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_carrying_on_replaces_an_answer_that_does_not_end(short_limit):
    namespace = {"halve": endless}
    HALVE.carry_on(namespace)
    assert namespace["halve"] is halve


def test_the_stop_button_stops_a_check():
    def stopped(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        HALVE(stopped)


def test_a_check_works_in_another_thread():
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(HALVE.examine, lambda x: 0.5 * x, 0).result() == ("", 1.0)


# Carrying on


def test_carrying_on_keeps_a_right_answer(capsys):
    namespace = {"halve": lambda x: 0.5 * x}
    kept = namespace["halve"]
    HALVE.carry_on(namespace)
    assert namespace["halve"] is kept
    assert capsys.readouterr().out == "Your own halve is in use.\n"


@pytest.mark.parametrize(
    "namespace", [{}, {"halve": lambda x: x}, {"halve": None}], ids=["none", "wrong", "no function"]
)
def test_carrying_on_without_a_right_answer_takes_the_courses(namespace, capsys):
    HALVE.carry_on(namespace)
    assert namespace["halve"] is halve
    assert capsys.readouterr().out.startswith("From here on halve is the course's version.")


# Circumstances

# For some exercises, an edit that changes nothing.
CHANGED = {
    "draw_noise": "device=device) → device=device) + 0",
    "Generator": ".view(-1, 1, 28, 28) → .reshape(-1, 1, 28, 28)",
    "train_step": "opt_G.step() → (opt_G.step())",
    "train_loop": "/ 127.5 - 1 → / 127.5 - 1.0",
}


@pytest.mark.parametrize(
    "exercise", [draw_noise, vanilla_gan.Generator, train_step, vanilla_gan.train_loop], ids=lambda e: e.name
)
def test_a_check_leaves_the_random_numbers_as_they_were(exercise):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    exercise.examine(answers.written(exercise.reference, CHANGED[exercise.name]), seed=0)
    assert torch.equal(torch.rand(3), expected)


@contextlib.contextmanager
def odd_settings():
    """A notebook in which somebody has changed what torch does by default."""
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad(), torch.device("meta"):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("exercise", [discriminator_loss, vanilla_gan.Discriminator, train_step], ids=lambda e: e.name)
def test_the_settings_of_a_notebook_change_nothing_that_is_observed(exercise):
    cases = exercise.inputs(0)
    usual = [exercise.watch(exercise.reference, case) for case in cases]
    with odd_settings():
        cases = exercise.inputs(0)
        odd = [exercise.watch(exercise.reference, case) for case in cases]
        assert torch.get_float32_matmul_precision() == "medium"
        assert torch.get_default_dtype() == torch.float64
    assert [list(core.differences(a, b)) for a, b in zip(usual, odd, strict=True)] == [[]] * len(cases)


def test_a_check_leaves_the_random_numbers_of_python_and_numpy_as_they_were():
    before = random.getstate(), np.random.get_state()[1].tolist()
    assert HALVE.examine(lambda x: x / 2 + 0 * random.random() + 0 * np.random.rand(), seed=0)[0] == ""
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_a_check_that_fails_itself_does_not_blame_the_learner():
    def cannot(x):
        return 1 / 0

    exercise = Exercise(**vars(HALVE) | {"reference": cannot})
    with pytest.raises(RuntimeError, match="the check of cannot fails itself"):
        exercise(lambda x: x / 2)


def test_leaving_python_does_not_leave_the_check(capsys):
    def leaves(x):
        raise SystemExit

    assert "it stops with SystemExit" in said(HALVE, leaves)
    with pytest.raises(CheckFailed):
        HALVE.grade(leaves)
    namespace = {"halve": leaves}
    HALVE.carry_on(namespace)
    assert namespace["halve"] is halve


JUDGE = """
import sys, torch
from gancourse.checks.vanilla_gan import train_step
observations = torch.load(sys.argv[1], weights_only=True)
print(train_step.judge(train_step.inputs(7, strict=True), observations))
"""


def test_the_judge_needs_nothing_but_plain_data_so_it_can_sit_in_another_process(tmp_path):
    answer = answers.written(train_step.reference, ").detach()\n    real_logits → )\n    real_logits")
    cases = train_step.inputs(7, strict=True)
    observations = [train_step.watch(answer, case) for case in cases]
    torch.save(observations, tmp_path / "seen.pt")
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, tmp_path / "seen.pt"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(train_step.judge(cases, observations))
    assert "a gradient reaches G" in done.stdout


# How values are compared


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        (1.0, 1.0004, True),
        (1.0, 1.01, False),
        (torch.tensor([1.0, 1e-9]), torch.tensor([1.0, 0.0]), True),
        (torch.tensor([1.0]), torch.tensor([[1.0]]), False),
        (float("inf"), float("inf"), True),
        (float("inf"), -float("inf"), False),
        (float("nan"), 1.0, False),
        (torch.tensor([float("inf"), 1.0]), torch.tensor([float("inf"), 2.0]), False),
        ("new", "new", True),
        (1, True, False),
        (None, 0.0, False),
    ],
)
def test_same(a, b, agree):
    assert same(a, b) is agree
    assert same(b, a) is agree


def test_a_piece_of_source_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="stands 0 times in halve"):
        answers.written(halve, "x / 3 → x")


# What other courses let through


def loss_with_swapped_labels(real, fake):
    return softplus(real).mean() + softplus(-fake).mean()


def correlated_rows(n, device="cpu"):
    return (torch.randn(n, 64, device=device) + torch.randn(1, 64, device=device)) / 2**0.5


def correlated_columns(n, device="cpu"):
    return (torch.randn(n, 64, device=device) + torch.randn(n, 1, device=device)) / 2**0.5


class ConstantDiscriminator(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(len(x))


def any_bias(bias):
    def init_weights(layer):
        vanilla_gan.init_weights.reference(layer)
        if getattr(layer, "bias", None) is not None:
            torch.nn.init.constant_(layer.bias, bias)

    return init_weights


def wrong_and_printed(real, fake):
    try:
        raise AssertionError("wrong")
    except AssertionError as error:
        print(error)
    return (real + fake).mean() * 0


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("init_weights", any_bias(1.0)),
        ("init_weights", any_bias(0.01)),
        ("draw_noise", lambda n, device="cpu": torch.randn(n, 64, device=device) + 5),
        ("draw_noise", lambda n, device="cpu": (torch.rand(n, 64, device=device) - 0.5) * 12**0.5),
        ("draw_noise", correlated_rows),
        ("draw_noise", correlated_columns),
        ("Discriminator", ConstantDiscriminator),
        ("discriminator_loss", loss_with_swapped_labels),
        ("discriminator_loss", wrong_and_printed),
        ("train_step", lambda G, D, opt_G, opt_D, real, step, d_loss_function=None: {}),
        ("train_step", lambda *arguments, **options: dict.fromkeys(("d_loss", "g_loss", "d_real", "d_fake"), 0.0)),
    ],
)
@pytest.mark.parametrize("seed", range(10))
def test_the_slips_of_other_courses_do_not_pass(name, answer, seed):
    exercise = getattr(vanilla_gan, name)
    for strict in (False, True):
        message, _ = exercise.examine(answer, seed, strict)
        assert message.startswith("✗")


def with_label(z, label):
    return torch.cat([z, label], 1)


def test_a_concatenation_of_the_right_shape_is_not_enough():
    exercise = Exercise(
        reference=with_label,
        points=1,
        cases=lambda seed, strict: [{"about": "3 vectors", "z": torch.randn(3, 4), "label": torch.eye(4)[:3]}],
        observe=lambda answer, case, like: {"the result": answer(case["z"], case["label"])},
        look={"": "The noise comes first."},
    )
    for wrong in (lambda z, label: torch.zeros(3, 8), lambda z, label: torch.cat([label, z], 1)):
        assert exercise.examine(wrong, 0)[0].startswith("✗")
