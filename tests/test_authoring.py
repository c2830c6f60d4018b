"""From source to notebooks: what is built, what is said when the files disagree, and what stays away from learners."""

import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from gancourse import authoring

SOURCE = """\
# %% [markdown]
# # Tiny lesson

# %%
answer = 6 * 7
answer

# %%
print("the end")
"""


EXERCISE = """\
# %%
from gancourse import checks

# %% exercise="question_1"
def question_1():
    \"\"\"Return a letter.\"\"\"
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION

# %% quiz="question_2"
def question_2():
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION

# %% [markdown] open="essay" points=4
# The model answer.
"""


def add_lesson(root: Path, source: str, name: str = "01_x") -> Path:
    path = root / "solutions" / name / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return path


def executed(root: Path, name: str = "01_x"):
    return nbformat.read(root / "solutions" / name / f"{name}.ipynb", as_version=4)


def released(root: Path, name: str = "01_x"):
    return nbformat.read(root / "lessons" / name / f"{name}.ipynb", as_version=4)


def built(root: Path, source: str):
    """Build one lesson of this source and return the executed notebook."""
    add_lesson(root, source)
    authoring.build(root)
    return executed(root)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("built")
    built(root, SOURCE)
    return root


@pytest.fixture
def root(built_once, tmp_path) -> Path:
    """A copy of a root in which the tiny lesson is built."""
    return shutil.copytree(built_once, tmp_path, dirs_exist_ok=True)


def files(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def test_build_keeps_outputs_beside_the_source_and_releases_without(root):
    notebook, lesson = executed(root), released(root)
    assert notebook.cells[1].outputs[0].data["text/plain"] == "42"
    assert notebook.cells[2].outputs[0].text == "the end\n"
    assert [c.source for c in lesson.cells] == [c.source for c in notebook.cells]
    assert [c.id for c in lesson.cells] == [c.id for c in notebook.cells]
    assert all(c.outputs == [] and c.execution_count is None for c in lesson.cells if c.cell_type == "code")
    assert authoring.check(root) == []


def test_a_second_build_executes_nothing(root):
    notebook = root / "solutions/01_x/01_x.ipynb"
    before = notebook.stat().st_mtime_ns
    assert authoring.build(root) == ["01_x: up to date"]
    assert notebook.stat().st_mtime_ns == before


def test_a_change_of_text_keeps_the_outputs(root):
    add_lesson(root, SOURCE.replace("# Tiny lesson", "# Small lesson"))
    lesson_before = executed(root)
    assert authoring.build(root) == ["01_x: only its text has changed, released"]
    assert executed(root).cells[0].source == "# Small lesson"
    assert released(root).cells[0].source == "# Small lesson"
    assert executed(root).cells[1:] == lesson_before.cells[1:]
    assert authoring.check(root) == []


def test_a_forced_build_executes_again_and_ends_with_the_same_notebook(root):
    before = executed(root)
    assert authoring.build(root, force=True) == ["01_x: executed and released"]
    assert executed(root) == before
    assert set(before.metadata) == {"kernelspec"}
    assert all(c.metadata == {} for c in before.cells)  # no timing


def test_editing_a_cell_changes_only_its_id(tmp_path):
    before = authoring.to_notebook(add_lesson(tmp_path, SOURCE + '\n# %%\nprint("the end")\n'))
    after = authoring.to_notebook(add_lesson(tmp_path, SOURCE.replace("6 * 7", "6 * 8") + '\n# %%\nprint("the end")\n'))
    assert len({c.id for c in before.cells}) == 4  # also where two cells have the same text
    assert [a.id == b.id for a, b in zip(after.cells, before.cells, strict=True)] == [True, False, True, True]


def test_cells_run_in_this_environment_in_the_lessons_folder_at_the_cpu_budget(tmp_path, monkeypatch):
    monkeypatch.delenv("GANCOURSE_BUDGET", raising=False)
    lines = "import os, sys\nprint(sys.executable, os.getcwd(), os.environ['GANCOURSE_BUDGET'], sep='|')"
    notebook = built(tmp_path, f"# %%\n{lines}\n")
    assert notebook.cells[0].outputs[0].text == f"{sys.executable}|{tmp_path / 'solutions' / '01_x'}|cpu\n"


# Where the course can be had

START = """\
# %% [markdown]
# # A lesson

# %% start=true
from gancourse import checks

# %%
print("the end")
"""
PYPROJECT = '[project]\nname = "gancourse"\n[project.urls]\nRepository = "https://github.com/someone/gan-course.git"\n'
README = "<!-- badges --><!-- end -->\n\ngit clone REPOSITORY gan-course && cd gan-course\n"


def test_without_an_address_the_first_cell_asks_for_a_copy_and_there_are_no_badges(tmp_path):
    (tmp_path / "README.md").write_text(README)
    notebook = built(tmp_path, START)
    assert "%pip install FOLDER, where FOLDER is your copy" in notebook.cells[1].source
    assert len(notebook.cells) == 3
    assert (tmp_path / "README.md").read_text() == README
    assert authoring.check(tmp_path) == []


def test_an_address_reaches_the_first_cell_the_badges_and_the_readme_and_keeps_the_outputs(tmp_path):
    (tmp_path / "README.md").write_text(README)
    before = built(tmp_path, START).cells[-1]
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    assert authoring.check(tmp_path) == [
        "README.md: its badges or its address are not those of pyproject.toml",
        "solutions/01_x/01_x.ipynb: older than 01_x.py",
    ]
    assert authoring.build(tmp_path) == ["01_x: only its text has changed, released"]
    lesson = released(tmp_path)
    assert "%pip install 'gancourse @ git+https://github.com/someone/gan-course'" in lesson.cells[2].source
    where = "https://colab.research.google.com/github/someone/gan-course/blob/main/lessons/01_x/01_x.ipynb"
    assert where in lesson.cells[1].source
    assert "https://mybinder.org/v2/gh/someone/gan-course/main?urlpath=lab/tree/lessons/01_x" in lesson.cells[1].source
    text = (tmp_path / "README.md").read_text()
    assert "gan-course/blob/main/lessons/01_generative_models/01_generative_models.ipynb" in text
    assert "git clone https://github.com/someone/gan-course gan-course &&" in text
    assert executed(tmp_path).cells[-1] == before
    assert authoring.check(tmp_path) == []


def test_elsewhere_than_on_github_there_are_no_badges():
    assert authoring.badges("https://example.org/someone/gan-course", "x.ipynb") == ""


def test_the_first_cell_says_in_one_sentence_how_to_install_what_is_missing(tmp_path):
    cell = authoring.to_notebook(add_lesson(tmp_path, START)).cells[1]
    done = subprocess.run(
        [sys.executable, "-IS", "-c", cell.source], capture_output=True, text=True
    )  # with nothing installed
    assert done.stderr.splitlines()[-1].startswith(
        "ModuleNotFoundError: The course's package is not installed here. Run"
    )
    assert "During handling" not in done.stderr


# Exercises


@pytest.fixture(scope="module")
def exercises(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("exercises")
    add_lesson(root, EXERCISE, "03_vanilla_gan")
    authoring.build(root)
    return root


def test_a_header_stands_for_the_cells_that_nbgrader_needs(exercises):
    _, *built, essay = executed(exercises, "03_vanilla_gan").cells
    names = ["question_1", "question_1-check", "question_1-graded", "question_1-carry-on"]
    assert [c.id for c in built] == [*names, "question_2", "question_2-check", "question_2-graded"]
    graded = [c.metadata.get("nbgrader", {}) for c in [*built, essay]]
    kinds = [(g.get("solution"), g.get("grade"), g.get("locked"), g.get("points")) for g in graded]
    answer, check, marks = (True, False, False, None), (False, True, True, 0), (False, True, True, 1)
    assert kinds == [answer, check, marks, (None,) * 4, answer, check, marks, (True, True, False, 4)]
    assert all(g.get("grade_id", c.id) == c.id for g, c in zip(graded, [*built, essay], strict=True))
    assert authoring.check(exercises) == []


def test_an_executed_notebook_shows_what_right_answers_get(exercises):
    _, _, check, marks, carry_on, *_ = executed(exercises, "03_vanilla_gan").cells
    assert check.outputs[0].text == "✓ question_1: right.\n"
    assert [marks.outputs[0].text, marks.outputs[1].data["text/plain"]] == [
        "1 of 1 points. ✓ question_1: right.\n",
        "1.0",
    ]
    assert carry_on.outputs[0].text == "Your own question_1 is in use.\n"


def test_a_released_lesson_has_a_stub_in_place_of_an_answer_and_no_hidden_test(exercises):
    _, stub, check, marks, *_, essay = released(exercises, "03_vanilla_gan").cells
    lines = [
        "def question_1():",
        '    """Return a letter."""',
        "    # YOUR CODE HERE",
        "    raise NotImplementedError()",
    ]
    assert stub.source.splitlines() == lines
    assert check.source == "checks.vanilla_gan.question_1(question_1)  # 1 point"
    assert len(marks.source.splitlines()) == 1
    assert marks.source.startswith("# Marks for question_1 (1 point)")
    assert essay.source == "YOUR ANSWER HERE"


def test_a_change_of_points_is_seen(exercises, tmp_path):
    root = shutil.copytree(exercises, tmp_path, dirs_exist_ok=True)
    add_lesson(root, EXERCISE.replace("points=4", "points=5"), "03_vanilla_gan")
    assert authoring.check(root) == ["solutions/03_vanilla_gan/03_vanilla_gan.ipynb: older than 03_vanilla_gan.py"]
    authoring.build(root)
    assert authoring.check(root) == []
    assert released(root, "03_vanilla_gan").cells[-1].metadata.nbgrader.points == 5


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            'exercise="question_1"',
            'exercise="question_7"',
            "gancourse.checks.vanilla_gan declares no exercise 'question_7'",
        ),
        (
            '    ### BEGIN SOLUTION\n    return "c"\n    ### END SOLUTION',
            '    return "c"',
            "the answer of question_1 does not stand",
        ),
        ('return "c"', 'return "a"', "✗ question_1"),
    ],
)
def test_an_exercise_that_cannot_work_stops_the_build(tmp_path, old, new, reason):
    add_lesson(tmp_path, EXERCISE.replace(old, new), "03_vanilla_gan")
    with pytest.raises(authoring.BuildError, match=reason):
        authoring.build(tmp_path)
    assert files(tmp_path) == ["solutions/03_vanilla_gan/03_vanilla_gan.py"]


@pytest.mark.parametrize(
    "header", ['opne="essay" points=4', 'open="essay"', 'exercise="question_1" points=4', 'tags=["x"]']
)
def test_a_header_that_says_something_else_stops_the_build(tmp_path, header):
    add_lesson(tmp_path, f"# %% [markdown] {header}\n# The model answer.\n", "03_vanilla_gan")
    with pytest.raises(authoring.BuildError, match="vanilla_gan: a cell's header says"):
        authoring.build(tmp_path)


@pytest.mark.parametrize("header", ["[markdown] start=true", "start=true points=4", "start=false"])
def test_the_start_is_a_code_cell_with_no_other_header(tmp_path, header):
    with pytest.raises(authoring.BuildError, match="01_x: the header of the first code cell is `# %% start=true`"):
        authoring.to_notebook(add_lesson(tmp_path, f"# %% {header}\n# x\n"))


def test_another_start_is_executed_again(tmp_path):
    built(tmp_path, START)
    assert built(tmp_path, START.replace("import checks", "import checks, figures")).cells[1].execution_count == 1
    add_lesson(tmp_path, START)
    assert authoring.build(tmp_path) == ["01_x: executed and released"]


def test_an_exercise_of_a_lesson_without_checks_stops_the_build(tmp_path):
    add_lesson(tmp_path, EXERCISE, "99_nothing")
    with pytest.raises(authoring.BuildError, match="no checks for a lesson called 'nothing'"):
        authoring.build(tmp_path)


def test_a_check_that_fails_stops_the_build_although_the_notebook_runs_on(tmp_path):
    cell = nbformat.v4.new_code_cell("raise AssertionError('✗ wrong')", metadata={"tags": ["raises-exception"]})
    with pytest.raises(authoring.BuildError, match=r"(?s)own answer does not pass.*✗ wrong"):
        authoring.execute(nbformat.v4.new_notebook(cells=[cell]), tmp_path)


# What check says


def test_check_names_a_lesson_that_is_not_built(tmp_path):
    add_lesson(tmp_path, SOURCE)
    assert authoring.check(tmp_path) == ["solutions/01_x/01_x.ipynb: not built"]
    assert files(tmp_path) == ["solutions/01_x/01_x.py"]


def test_check_names_a_lesson_older_than_its_source_and_build_mends_it(root):
    add_lesson(root, SOURCE.replace("6 * 7", "6 * 8"))
    assert authoring.check(root) == ["solutions/01_x/01_x.ipynb: older than 01_x.py"]
    authoring.build(root)
    assert authoring.check(root) == []
    assert executed(root).cells[1].outputs[0].data["text/plain"] == "48"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text(path.read_text().replace("the end", "an end")),
        lambda path: path.unlink(),
        lambda path: path.write_text(path.read_text()[:100]),
    ],
    ids=["edited", "deleted", "cut short"],
)
def test_check_names_a_damaged_release_and_build_mends_it(root, damage):
    damage(root / "lessons/01_x/01_x.ipynb")
    assert authoring.check(root) == ["lessons/01_x/01_x.ipynb: not the release of its source"]
    assert authoring.build(root) == ["01_x: up to date"]
    assert authoring.check(root) == []


def test_an_unreadable_executed_notebook_is_built_again(root):
    (root / "solutions/01_x/01_x.ipynb").write_text("<<<<<<< HEAD\n{}")
    assert authoring.check(root) == ["solutions/01_x/01_x.ipynb: not a notebook"]
    assert authoring.build(root) == ["01_x: executed and released"]
    assert authoring.check(root) == []


def test_check_names_notebooks_whose_source_is_gone(root):
    (root / "solutions/01_x/01_x.py").unlink()
    assert authoring.check(root) == [
        "lessons/01_x/01_x.ipynb: has no source in solutions/",
        "solutions/01_x/01_x.ipynb: has no source in solutions/",
    ]


# What may not reach a learner


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys\nsys.stderr.write('look at this')", "look at this"),
        ("import warnings\nwarnings.warn('too old')", "too old"),
    ],
    ids=["exception", "stderr", "warning"],
)
def test_a_cell_that_fails_or_complains_stops_the_build_and_leaves_no_file(tmp_path, cell, reason):
    add_lesson(tmp_path, f"{SOURCE}\n# %%\n{cell}\n")
    with pytest.raises(authoring.BuildError, match=f"(?s)01_x.*{reason}"):
        authoring.build(tmp_path)
    assert files(tmp_path) == ["solutions/01_x/01_x.py"]


def test_a_failed_build_keeps_the_last_good_notebook(root):
    good = executed(root)
    add_lesson(root, SOURCE.replace("6 * 7", "6 / 0"))
    with pytest.raises(authoring.BuildError):
        authoring.build(root)
    assert executed(root) == good


def test_a_widget_becomes_a_picture(tmp_path):
    cell = """\
import torch
from gancourse.widgets import LatentExplorer

G = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 8, 8)))
G.z_dim = 4
LatentExplorer(G)
"""
    notebook = built(tmp_path, f"# %%\n{cell}")
    (output,) = notebook.cells[0].outputs
    assert authoring.WIDGET_VIEW not in output.data
    assert Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).size == (320, 320)


def test_a_widget_without_a_picture_stops_the_build(tmp_path):
    add_lesson(tmp_path, "# %%\nimport ipywidgets\nipywidgets.IntSlider()\n")
    with pytest.raises(authoring.BuildError, match=r"01_x.*no still picture"):
        authoring.build(tmp_path)


def test_a_progress_bar_leaves_its_last_state(tmp_path):
    notebook = built(tmp_path, "# %%\nprint('a\\nb', end='')\nfor i in range(9):\n    print(f'\\r{i}', end='')\n")
    assert notebook.cells[0].outputs[0].text == "a\n8"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\ntext\n", "plain\ntext\n"),
        ("\r10%\r100%\ndone\n", "100%\ndone\n"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("50%\r100%\r", "100%"),
    ],
)
def test_last_lines_is_what_a_terminal_shows(written, shown):
    assert authoring.last_lines(written) == shown


def test_pictures_become_smaller_and_stay_the_same():
    pixels = (np.add.outer(np.arange(60), np.arange(80))[..., None] * (1, 2, 3, 0)).astype(np.uint8)
    for alpha in (255, 128):
        pixels[..., 3] = alpha
        before = io.BytesIO()
        Image.fromarray(pixels).save(before, "PNG", compress_level=0)
        after = authoring.smallest(before.getvalue())
        assert len(after) < len(before.getvalue())
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(after)).convert("RGBA")), pixels)
    assert authoring.smallest(after) == after
