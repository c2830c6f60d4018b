"""Seconds that a learner waits for a check, and an instructor for a submission.

    make bench

A check is timed in a new process that has run a lesson's first cell: with a right answer, with an answer that no known
mistake explains, which is compared with all of them, then with every known mistake. Validating and autograding are nbgrader's own commands on the solution, start of the interpreter included.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 3

ONE_EXERCISE = """
import json, sys, time
from gancourse import checks, doctor, figures, training
doctor.check()
lesson, name = sys.argv[1:]
def seconds(exercise, answer):
    began = time.perf_counter()
    cases = exercise.inputs(0)
    exercise.judge(cases, [exercise.watch(answer, case) for case in cases])
    return time.perf_counter() - began
began = time.perf_counter()
exercise = getattr(getattr(checks, lesson), name)
first = time.perf_counter() - began + seconds(exercise, exercise.reference)
reference = exercise.reference
def odd(value):
    if isinstance(value, tuple | list):
        return type(value)([odd(value[0]), *value[1:]])
    if isinstance(value, dict):
        return value | {"d_loss": value["d_loss"] + 1}
    return f"{value} or so" if isinstance(value, str) or value is None else value * 1.01 + 0.3
if isinstance(reference, type):
    class unknown(reference):
        def forward(self, x):
            return odd(super().forward(x))
else:
    unknown = lambda *arguments, **options: odd(reference(*arguments, **options))
seconds(exercise, unknown)
known = [seconds(exercise, answer) for mistake in exercise.mistakes for answer in mistake.answers]
print(json.dumps([first, seconds(exercise, unknown), *known]))
"""


def checks_of(lesson: str, names: list[str]) -> None:
    print(
        f"\nchecks of {lesson}: seconds\n{'':22}right, the first time  no known mistake  a mistake: median   slowest of   "
    )
    for name in names:
        command = [sys.executable, "-c", ONE_EXERCISE, lesson, name]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])
            for _ in range(ROUNDS)
        ]
        first, unknown, *mistakes = (statistics.median(times) for times in zip(*runs, strict=True))
        print(
            f"{name:22}{first:18.2f}{unknown:18.2f}   {statistics.median(mistakes):17.2f}   {max(mistakes):7.2f} of {len(mistakes)}"
        )


def nbgrader(folder: Path, *arguments: str) -> float:
    """Return the seconds that a command of nbgrader takes in a course's folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    began = time.perf_counter()
    environment = os.environ | {"PATH": path}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def grading_of(lesson: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        notebook = Path(lesson) / f"{lesson}.ipynb"
        for room in ("solutions", "classroom/submitted/somebody"):
            (course / room / lesson).mkdir(parents=True)
            shutil.copy(ROOT / "solutions" / notebook, course / room / notebook)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        nbgrader(course, "generate_assignment", lesson)
        validate = [nbgrader(course, "validate", str(ROOT / "lessons" / notebook)) for _ in range(ROUNDS)]
        autograde = [nbgrader(course, "autograde", lesson, "--create", "--force") for _ in range(ROUNDS)]
    print(f"\nnbgrader, {lesson}: seconds, median of {ROUNDS}")
    print(f"validate the untouched lesson  {statistics.median(validate):6.1f}")
    print(f"autograde the solution         {statistics.median(autograde):6.1f}")


def main() -> None:
    for source in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        cells = json.loads(source.read_text())["cells"]
        names = [cell["id"].removesuffix("-check") for cell in cells if cell["id"].endswith("-check")]
        checks_of(source.stem.partition("_")[2], names)
        grading_of(source.stem)


if __name__ == "__main__":
    main()
