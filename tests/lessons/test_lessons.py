"""Every lesson runs from top to bottom, and its notebooks hold what a reader needs and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from gancourse import checks
from gancourse.checks.core import Exercise

ROOT = Path(__file__).parents[2]
RELEASED = sorted((ROOT / "lessons").glob("*/*.ipynb"))
EXECUTED = sorted((ROOT / "solutions").glob("*/*.ipynb"))
COMPARED = ["01_generative_models", "02_minimax_loss"]  # some of their numbers are the same everywhere
MEGABYTES = 2
WORDS = 200  # of one text cell
CELL_SECONDS = 60  # at the quick budget

released = pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
executed = pytest.mark.parametrize("path", EXECUTED, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def outputs(path: Path) -> list:
    return [output for cell in cells(path, "code") for output in cell.outputs]


def words(text: str) -> int:
    return len(re.sub(r"\$\$.*?\$\$|```.*?```|<!--.*?-->", " ", text, flags=re.DOTALL).split())


def test_there_are_lessons_and_each_was_executed():
    assert RELEASED
    assert [path.stem for path in RELEASED] == [path.stem for path in EXECUTED]


@pytest.mark.parametrize(
    "path",
    [path if path.stem in COMPARED else pytest.param(path, marks=pytest.mark.long) for path in EXECUTED],
    ids=lambda path: path.stem,
)
def test_a_lesson_runs_from_top_to_bottom(path, tmp_path):
    """The others are run, too, by tests/classroom, which grades them."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.tags = [
            tag for tag in cell.metadata.get("tags", []) if tag != "raises-exception"
        ]  # no failure unseen
    nbformat.write(notebook, tmp_path / path.name)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", path.name],
        cwd=tmp_path,
        env=os.environ | {"GANCOURSE_BUDGET": "quick"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert f"{len(cells(path, 'code'))} passed" in done.stdout


@pytest.mark.parametrize("lesson", COMPARED)
def test_numbers_that_are_the_same_everywhere_are_compared(lesson):
    (path,) = (path for path in EXECUTED if path.stem == lesson)
    compared = [cell for cell in cells(path, "code") if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert len(compared) >= 2
    assert all(cell.outputs for cell in compared)


@released
def test_every_exercise_of_a_lessons_checks_is_in_the_lesson(path):
    module = getattr(checks, path.stem.partition("_")[2])
    declared = {name for name, value in vars(module).items() if isinstance(value, Exercise)}
    assert {cell.id.removesuffix("-check") for cell in cells(path, "code") if cell.id.endswith("-check")} == declared


@released
def test_a_released_lesson_holds_no_outputs_and_no_answers(path):
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells(path, "code"))
    text = path.read_text()
    assert "BEGIN SOLUTION" not in text
    assert "BEGIN HIDDEN TESTS" not in text


@executed
def test_an_executed_lesson_ran_once_from_top_to_bottom_and_shows_pictures(path):
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert any("image/png" in output.get("data", {}) for output in outputs(path))


@executed
def test_an_executed_lesson_holds_no_errors_warnings_widgets_or_timings(path):
    assert [output for output in outputs(path) if output.output_type == "error"] == []
    assert [output.text for output in outputs(path) if output.get("name") == "stderr"] == []
    assert [kind for output in outputs(path) for kind in output.get("data", {}) if "widget" in kind] == []
    assert [output.text for output in outputs(path) if "Not ready yet" in output.get("text", "")] == []
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    assert [cell.metadata for cell in notebook.cells if "execution" in cell.metadata] == []


@executed
def test_an_executed_lesson_is_small(path):
    assert path.stat().st_size < MEGABYTES * 1e6


@executed
def test_text_cells_are_short(path):
    long = {cell.source[:60]: words(cell.source) for cell in cells(path, "markdown") if words(cell.source) > WORDS}
    assert long == {}
