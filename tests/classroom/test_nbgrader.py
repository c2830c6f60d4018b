"""The whole way through nbgrader's own commands: release, validate, autograde, feedback, export."""

import copy
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader looks for alembic there


class Lesson:
    """A lesson as nbgrader sees it. points: name of an exercise or question -> marks; open: names of what is marked by hand."""

    def __init__(self, name: str):
        self.name = name
        self.released = nbformat.read(ROOT / "lessons" / name / f"{name}.ipynb", as_version=4)
        self.solution = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        cells = self.released.cells
        graded = [cell for cell in cells if cell.id.endswith("-graded")]
        self.points = {cell.id.removesuffix("-graded"): float(cell.metadata.nbgrader.points) for cell in graded}
        self.open = [cell.id for cell in cells if cell.cell_type == "markdown" and "nbgrader" in cell.metadata]

    def solved(self, *names: str):
        """Return a submission in which these answers are the course's own, and the others are not written."""
        answers = {cell.id: cell.source for cell in self.solution.cells}
        notebook = copy.deepcopy(self.released)
        for cell in notebook.cells:
            if cell.id in names:
                cell.source = answers[cell.id]
        return notebook


LESSONS = {path.name: Lesson(path.name) for path in sorted((ROOT / "lessons").glob("[0-9]*"))}
LESSON = "03_vanilla_gan"  # the one that the tests of odd submissions know
POINTS, OPEN, RELEASED, solved = (getattr(LESSONS[LESSON], part) for part in ("points", "open", "released", "solved"))
WRITTEN, NOT_WRITTEN = list(POINTS)[:-3], list(POINTS)[-3:]
OTHERS = [name for name in LESSONS if name > LESSON]  # those before are run by tests/lessons


def nbgrader(course: Path, *arguments: str) -> str:
    """Run a command in the course's folder; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | {"PATH": PATH, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course folder of its own, with the assignments in the gradebook, as an instructor has it after the first command."""
    root = tmp_path_factory.mktemp("course")
    notebooks = [f"solutions/{lesson}/{lesson}.ipynb" for lesson in LESSONS]
    for name in ("nbgrader_config.py", "classroom/.gitignore", *notebooks):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    settings = PyFileConfigLoader("nbgrader_config.py", str(root)).load_config()
    settings.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=settings)  # as the command does, in one process for all lessons
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", PATH)
        for lesson in LESSONS:
            (root / f"solutions/{lesson}/{lesson}.py").write_text("# the source, which must not be released\n")
            done = api.generate_assignment(lesson)
            assert done["success"], done["log"]
    return root


def untidy():
    """Everything solved, by someone who writes to stderr and has lost all cells that are not an answer or a lesson's."""
    notebook = solved(*POINTS, *OPEN)
    notebook.cells = [c for c in notebook.cells if not c.id.endswith(("-check", "-graded", "-carry-on"))]
    for cell in notebook.cells:
        if cell.id == "draw_noise":
            cell.source += "\n\nprint_noise = draw_noise\ndef draw_noise(n, device='cpu'):\n"
            cell.source += (
                "    import sys, warnings\n    warnings.warn('noise!')\n    print('noise', file=sys.stderr)\n"
            )
            cell.source += "    import logging, os\n    logging.warning('noise')\n    os.write(2, b'noise')\n"
            cell.source += "    return print_noise(n, device)\n"
    return notebook


def broken():
    """The first answer is no Python, the training step returns a wrong name, and the last answers are not written."""
    notebook = solved(*WRITTEN)
    for cell in notebook.cells:
        if cell.id == next(iter(POINTS)):
            cell.source = "def draw noise(n:"
        if cell.id == "train_step":
            cell.source = cell.source.replace('"g_loss"', '"G_loss"')
    return notebook


def autograde(course: Path, submissions: dict, lesson: str = LESSON) -> dict[str, dict]:
    """Submit, autograde, and return student -> name of a graded cell -> its grade."""
    for student, notebook in submissions.items():
        path = course / "classroom/submitted" / student / lesson / f"{lesson}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
    nbgrader(course, "autograde", lesson, "--create")  # all that are not graded yet
    with Gradebook(f"sqlite:///{course / 'classroom/gradebook.db'}", "gan") as book:
        grades = {}
        for student in submissions:
            (notebook,) = book.find_submission(lesson, student).notebooks
            grades[student] = {grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in notebook.grades}
        return grades


def assert_only_checks_fail_and_say_not_written_yet(course: Path, student: str, lesson: str, written=()) -> None:
    """Look at how a lesson ran from top to bottom whose other answers are not written: a learner may run all cells."""
    path = course / "classroom/autograded" / student / lesson / f"{lesson}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    checks = [
        f"{name}{kind}" for name in LESSONS[lesson].points if name not in written for kind in ("-check", "-graded")
    ]
    errors = {
        cell.id: "\n".join(output.traceback)
        for cell in cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }
    assert list(errors) == checks
    assert [text for text in errors.values() if "not written yet" not in text or "\n" in text] == []


def automatic(grades: dict) -> dict[str, float]:
    """Return answer -> points, of the grades that were given automatically."""
    return {name.removesuffix("-graded"): score for name, (score, _) in grades.items() if name.endswith("-graded")}


@pytest.fixture(scope="module")
def grades(course) -> dict[str, dict]:
    return autograde(course, {"untidy": untidy(), "broken": broken()})


each_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


@each_lesson
def test_there_are_exercises_and_an_open_question(lesson):
    assert len(lesson.points) >= 8
    assert lesson.open


@each_lesson
def test_the_lesson_in_the_repository_is_what_nbgrader_releases(course, lesson):
    (released,) = (course / "lessons" / lesson.name).iterdir()
    assert released.read_bytes() == (ROOT / "lessons" / lesson.name / f"{lesson.name}.ipynb").read_bytes()


@pytest.mark.parametrize("lesson", OTHERS)
def test_in_another_lesson_every_second_answer_gets_its_points_and_the_others_none(course, lesson):
    every = LESSONS[lesson].points
    written = list(every)[::2]
    grades = autograde(course, {"odd": LESSONS[lesson].solved(*written)}, lesson)
    assert automatic(grades["odd"]) == {name: points * (name in written) for name, points in every.items()}
    assert_only_checks_fail_and_say_not_written_yet(course, "odd", lesson, written)


@pytest.mark.long
@pytest.mark.timeout(1200)
@each_lesson
def test_the_solution_gets_every_automatic_point_and_the_untouched_lesson_nothing(course, lesson):
    students = {"solved": lesson.solved(*lesson.points), "untouched": lesson.solved()}
    grades = autograde(course, students, lesson.name)
    assert automatic(grades["solved"]) == lesson.points
    assert automatic(grades["untouched"]) == dict.fromkeys(lesson.points, 0.0)
    assert_only_checks_fail_and_say_not_written_yet(course, "untouched", lesson.name)


def test_lost_cells_come_back_stderr_costs_nothing_and_the_open_question_waits(grades):
    assert automatic(grades["untidy"]) == POINTS
    assert [grades["untidy"][name] for name in OPEN] == [(None, True)] * len(OPEN)


def test_a_mistake_costs_its_own_points_only_and_what_is_partly_right_gets_a_part(grades):
    lost = {next(iter(POINTS)): 0.0, "train_step": 4.5} | dict.fromkeys(NOT_WRITTEN, 0.0)
    assert automatic(grades["broken"]) == POINTS | lost
    assert [grades["broken"][name] for name in OPEN] == [(0.0, False)] * len(OPEN)


@pytest.mark.long
@pytest.mark.timeout(1200)
@each_lesson
def test_each_exercise_solved_alone_gets_exactly_its_own_points(course, lesson):
    submissions = {name: lesson.solved(name) for name in lesson.points}
    for student, grades in autograde(course, submissions, lesson.name).items():
        assert automatic(grades) == {name: points * (name == student) for name, points in lesson.points.items()}


def test_validate_tells_a_learner_what_is_left(course, tmp_path):
    notebook = solved(*list(POINTS)[1:])
    end = next(i for i, cell in enumerate(notebook.cells) if cell.id == f"{list(POINTS)[2]}-graded")
    notebook.cells = notebook.cells[: end + 1]  # three exercises, which takes less long
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    said = nbgrader(course, "validate", str(tmp_path / "mine.ipynb"))
    assert "VALIDATION FAILED ON 1 CELL" in said
    assert f"{next(iter(POINTS))}: not written yet" in said


@pytest.mark.long
def test_validate_finds_nothing_in_the_solution(course, tmp_path):
    nbformat.write(solved(*POINTS, *OPEN), tmp_path / "done.ipynb")
    said = nbgrader(course, "validate", str(tmp_path / "done.ipynb"))
    assert "Success! Your notebook passes all the tests." in said


def test_feedback_shows_the_message_of_a_check_and_no_hidden_test(course, grades):
    nbgrader(course, "generate_feedback", LESSON, "--student=broken")
    (page,) = (course / "classroom/feedback/broken" / LESSON).glob("*.html")
    text = page.read_text()
    assert f"{NOT_WRITTEN[0]}: not written yet" in text
    assert f"name '{next(iter(POINTS))}' is not defined" in text
    assert ".grade(" not in text
    assert "HIDDEN TESTS" not in text


def test_export_writes_the_marks(course, grades):
    nbgrader(course, "export")
    with (course / "classroom/grades.csv").open() as file:
        scores = {(row["assignment"], row["student_id"]): float(row["score"]) for row in csv.DictReader(file)}
    assert scores[LESSON, "untidy"] == sum(POINTS.values())
    assert [scores[name, "odd"] for name in OTHERS] == [sum([*LESSONS[name].points.values()][::2]) for name in OTHERS]


def test_files_of_a_learning_platform_are_collected(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    archive = tmp_path / "classroom/downloaded" / LESSON / "archive"
    archive.mkdir(parents=True)
    for student in ("ada", "grace"):
        nbformat.write(RELEASED, archive / f"{student}_{LESSON}.ipynb")
    nbgrader(tmp_path, "zip_collect", LESSON)
    collected = sorted(
        p.relative_to(tmp_path / "classroom/submitted") for p in tmp_path.glob("classroom/submitted/*/*/*")
    )
    assert collected == [Path(student, LESSON, f"{LESSON}.ipynb") for student in ("ada", "grace")]


def test_a_seed_that_is_no_number_stops_the_command_before_the_class_gets_nothing(course, monkeypatch):
    monkeypatch.setenv("GANCOURSE_SEED", "spring")
    with pytest.raises(AssertionError, match="GANCOURSE_SEED is 'spring'"):
        nbgrader(course, "autograde", LESSON)
