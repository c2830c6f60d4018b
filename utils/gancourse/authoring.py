"""From the source of a lesson to the notebooks that people read: solutions/*/*.py -> executed .ipynb -> lessons/.

solutions/NN_topic/NN_topic.py      the source: jupytext percent, the only file that is edited
solutions/NN_topic/NN_topic.ipynb   executed, with its pictures
lessons/NN_topic/NN_topic.ipynb     released by nbgrader: no answers, no outputs

Cell headers of a source stand for the cells that nbgrader needs, and for a tag:

# %% start=true                           the first code cell: says how to install the course where it is missing
# %% exercise="draw_noise"               an answer, its check, its marks, and "stuck? carry on"
# %% quiz="question_1"                   the same without carrying on
# %% [markdown] open="essay" points=4    a model answer with its rubric; marks are given by hand
# %% compared=true                        a cell whose output is the same everywhere: `make test` compares it (nbval)

Where the course can be had stands in pyproject.toml alone: [project.urls], Repository. From it come the command that the
first cell names, the badges above it and in README.md, and the address in README.md. Without one there are no badges.
"""

import base64
import hashlib
import io
import os
import re
import tomllib
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from gancourse import checks
from gancourse.checks.core import Exercise
from gancourse.files import save_atomically

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 3600
FIRST = "lessons/01_generative_models/01_generative_models.ipynb"  # what the badges of README.md open
START = """\
try:
    import gancourse
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "The course's package is not installed here. Run this in a new cell, then run this cell again: "
        "%pip install {}"
    ) from None

"""
WITHOUT_ADDRESS = "FOLDER, where FOLDER is your copy of the course's repository"


class BuildError(RuntimeError):
    """A lesson does not run, or what it says and what was built disagree."""


def sources(root: Path) -> list[Path]:
    """Return the lessons' source files in order."""
    return sorted(p for p in (root / "solutions").glob("*/*.py") if p.stem == p.parent.name)


def address(root: Path) -> str:
    """Return the address of the course's repository, from pyproject.toml; "" where it names none."""
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text())["project"] if file.exists() else {}
    return project.get("urls", {}).get("Repository", "").removesuffix("/").removesuffix(".git")


def badges(repository: str, notebook: str) -> str:
    """Return links, Markdown, that open a notebook of the repository in Colab and on Binder.

    Both are for repositories on GitHub; "" for any other.
    """
    host, _, name = repository.partition("https://github.com/")
    if host or not name:
        return ""
    colab = f"https://colab.research.google.com/github/{name}/blob/main/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/{notebook}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def readme(root: Path) -> str:
    """Return the repository's README.md with the badges and the address that pyproject.toml tells; "" without README.md."""
    file, where = root / "README.md", address(root)
    text = file.read_text() if file.exists() else ""
    links = badges(where, FIRST)
    text = re.sub(r"(<!-- badges -->).*(<!-- end -->)", rf"\1{links}\2", text)
    return re.sub(r"git clone \S+ gan-course", f"git clone {where or 'REPOSITORY'} gan-course", text)


def to_notebook(source: Path) -> NotebookNode:
    """Return the source as a notebook without outputs.

    The id of a cell that nbgrader knows is its grade_id; any other depends on the cell's text, so a diff shows real
    changes.
    """
    parsed = jupytext.read(source, fmt="py:percent")
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    seen: dict[str, int] = {}
    repository = address(source.parents[2])
    for cell in parsed.cells:
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's, for the way back
        if "start" in cell.metadata:
            notebook.cells += _start(cell, repository, source.stem)
            continue
        expanded = _expanded(cell, lesson=source.stem.partition("_")[2])
        if len(expanded) == 1 and "nbgrader" not in cell.metadata:
            digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
            seen[digest] = seen.get(digest, 0) + 1
            cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        notebook.cells += expanded
    return notebook


def _start(cell: NotebookNode, repository: str, stem: str) -> list[NotebookNode]:
    """Return the first code cell, which says how to install the course where it is missing, and the badges before it."""
    if cell.cell_type != "code" or cell.metadata != {"start": True}:
        raise BuildError(f"{stem}: the header of the first code cell is `# %% start=true`, and nothing else.")
    del cell.metadata["start"]
    install = f"'gancourse @ git+{repository}'" if repository else WITHOUT_ADDRESS
    cell.id, cell.source = "start", START.format(install) + cell.source
    links = badges(repository, f"lessons/{stem}/{stem}.ipynb")
    return [new_markdown_cell(links, id="badges"), cell] if links else [cell]


def _expanded(cell: NotebookNode, lesson: str) -> list[NotebookNode]:
    """Return the cells that a cell of the source stands for, itself where its header is an ordinary one."""
    unknown = set(cell.metadata) - {"exercise", "quiz", "open", "points", "compared"}
    if unknown or ("points" in cell.metadata) != ("open" in cell.metadata):
        raise BuildError(
            f"{lesson}: a cell's header says {dict(cell.metadata)}. It may say start=true, exercise=NAME, quiz=NAME, open=NAME points=N, or compared=true."
        )
    if "exercise" in cell.metadata:
        return _exercise(cell, cell.metadata.pop("exercise"), lesson)
    if "quiz" in cell.metadata:
        return _exercise(cell, cell.metadata.pop("quiz"), lesson)[:-1]
    if cell.metadata.pop("compared", False):
        cell.metadata.tags = ["nbval-check-output"]
    if "open" in cell.metadata:
        cell.id = cell.metadata.pop("open")
        cell.metadata.nbgrader = _nbgrader(cell.id, solution=True, points=cell.metadata.pop("points"))
    return [cell]


def _exercise(cell: NotebookNode, name: str, lesson: str) -> list[NotebookNode]:
    """Return the answer, its visible check, the cell that gives the marks, and the one that carries on without it."""
    try:
        exercise = vars(getattr(checks, lesson)).get(name)
    except AttributeError as error:
        raise BuildError(f"{lesson}: {error}") from error
    if not isinstance(exercise, Exercise):
        raise BuildError(f"{lesson}: gancourse.checks.{lesson} declares no exercise {name!r}.")
    if "### BEGIN SOLUTION" not in cell.source:
        raise BuildError(f"{lesson}: the answer of {name} does not stand between ### BEGIN SOLUTION and END SOLUTION.")
    points = exercise.points
    worth = f"{points} point{'s' * (points != 1)}"
    cell.id = name
    cell.metadata.nbgrader = _nbgrader(name, solution=True)
    folded = {"jupyter": {"source_hidden": True}}
    check = new_code_cell(
        f"checks.{lesson}.{name}({name})  # {worth}",
        id=f"{name}-check",
        # Worth nothing, but graded: nbgrader's Validate looks at graded cells only. "Run all" goes on after a ✗.
        metadata={"nbgrader": _nbgrader(f"{name}-check", points=0), "tags": ["raises-exception"]},
    )
    graded = new_code_cell(
        f"""\
# Marks for {name} ({worth}): the check above with other numbers. There is nothing to do here.
### BEGIN HIDDEN TESTS
from gancourse import checks

checks.{lesson}.{name}.grade({name})
### END HIDDEN TESTS""",
        id=f"{name}-graded",
        metadata={"nbgrader": _nbgrader(f"{name}-graded", points=points), **folded},
    )
    carry_on = new_code_cell(
        f"""\
# Stuck? This cell lets you carry on: if your {name} is not right yet, the course's version steps in.
checks.{lesson}.{name}.carry_on(globals())""",
        id=f"{name}-carry-on",
        metadata={"deletable": False, "editable": False, **folded},
    )
    return [cell, check, graded, carry_on]


def _nbgrader(grade_id: str, solution: bool = False, points: int | None = None) -> dict:
    """Return nbgrader's metadata (its schema 3) of a cell with an answer, with marks (points), or with both."""
    graded = {} if points is None else {"points": points}
    return graded | {
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run the notebook in place, in `folder`, at the learner's budget, and keep what a reader needs of its outputs."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from traitlets.config import Config

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        config=Config(KernelManager={"transport_encryption": "auto"}),  # else ipykernel warns in the terminal
    )
    try:
        client.execute(env=os.environ | {"GANCOURSE_BUDGET": os.environ.get("GANCOURSE_BUDGET", "cpu")})
    except CellExecutionError as error:
        raise BuildError(f"{folder.name}: a cell failed.\n{error}") from None
    notebook.metadata = {"kernelspec": KERNEL}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # of a check, which does not stop the notebook
                raise BuildError(f"{folder.name}: the course's own answer does not pass.\n{output.evalue}")
            if output.output_type == "stream" and output.name == "stderr":
                raise BuildError(
                    f"{folder.name}: a cell wrote to stderr, which learners would see. Remove the cause:\n{output.text}"
                )
            if output.output_type == "stream":
                output.text = last_lines(output.text)
            elif WIDGET_VIEW in output.get("data", {}):
                if "image/png" not in output.data:
                    raise BuildError(f"{folder.name}: a widget has no still picture for readers without widgets.")
                del output.data[WIDGET_VIEW]
            if picture := output.get("data", {}).get("image/png"):
                output.data["image/png"] = base64.b64encode(smallest(base64.b64decode(picture))).decode()
    return notebook


def smallest(png: bytes) -> bytes:
    """Return the same picture in a smaller PNG if there is one: compressed harder, and without an opaque alpha channel."""
    from PIL import Image

    picture, smaller = Image.open(io.BytesIO(png)), io.BytesIO()
    if picture.mode == "RGBA" and picture.getextrema()[3] == (255, 255):
        picture = picture.convert("RGB")
    picture.save(smaller, "PNG", optimize=True)
    return min(png, smaller.getvalue(), key=len)


def last_lines(text: str) -> str:
    """Return what a terminal would show of text whose progress bars overwrite their line with a carriage return."""
    return re.sub(r"[^\n]*\r", "", re.sub(r"\r+(?=\n|\Z)", "", text))


def release(executed: NotebookNode) -> NotebookNode:
    """Return the student's version of a notebook, as `nbgrader generate_assignment` makes it, without a gradebook."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    notebook, resources = nbformat.from_dict(executed), {}
    for step in GenerateAssignment().preprocessors:
        if step is not SaveCells:
            notebook, resources = step()(notebook, resources)
    return notebook


def build(root: Path, force: bool = False) -> list[str]:
    """Execute and release every lesson whose source has changed; return a line for each lesson."""
    lines = []
    if (text := readme(root)) and text != (root / "README.md").read_text():
        save_atomically(root / "README.md", text.encode())
    for source in sources(root):
        executed_path, released_path = _paths(root, source)
        notebook = to_notebook(source)
        if not force and not _difference(source, executed_path):
            lines.append(f"{source.stem}: up to date")
        elif not force and _take_outputs(notebook, _read(executed_path)):
            _write(executed_path, notebook)
            lines.append(f"{source.stem}: only its text has changed, released")
        else:
            _write(executed_path, execute(notebook, source.parent))
            lines.append(f"{source.stem}: executed and released")
        _write(released_path, release(_read(executed_path)))
    return lines


def check(root: Path) -> list[str]:
    """Return what disagrees between sources, executed notebooks and released lessons; writes nothing."""
    problems = []
    if (text := readme(root)) and (root / "README.md").read_text() != text:
        problems.append("README.md: its badges or its address are not those of pyproject.toml")
    for source in sources(root):
        executed_path, released_path = _paths(root, source)
        problem = _difference(source, executed_path)
        if problem:
            problems.append(f"{executed_path.relative_to(root)}: {problem}")
        elif _read(released_path) != release(_read(executed_path)):
            problems.append(f"{released_path.relative_to(root)}: not the release of its source")
    stems = {s.stem for s in sources(root)}
    notebooks = [p for room in ("lessons", "solutions") for p in sorted((root / room).glob("*/*.ipynb"))]
    strays = [p for p in notebooks if p.stem not in stems]
    return problems + [f"{p.relative_to(root)}: has no source in solutions/" for p in strays]


def _paths(root: Path, source: Path) -> tuple[Path, Path]:
    return source.with_suffix(".ipynb"), root / "lessons" / source.stem / f"{source.stem}.ipynb"


def _difference(source: Path, executed_path: Path) -> str:
    """Return in words how the executed notebook differs from its source, "" where it does not."""
    if not executed_path.exists():
        return "not built"
    executed = _read(executed_path)
    if executed is None:
        return "not a notebook"
    fresh = to_notebook(source)
    if [(c.id, c.source, c.metadata) for c in executed.cells] != [(c.id, c.source, c.metadata) for c in fresh.cells]:
        return f"older than {source.name}"
    if not any(c.get("outputs") for c in executed.cells):
        return "not executed"
    return ""


def _take_outputs(notebook: NotebookNode, executed: NotebookNode | None) -> bool:
    """Take over the outputs of an executed notebook with the same code cells; return whether it has the same.

    The cell that looks for the course may differ: what it prints does not depend on how the course is installed.
    """
    new, old = ([c for c in nb.cells if c.cell_type == "code"] if nb else [] for nb in (notebook, executed))
    if [_own(c) for c in new] != [_own(c) for c in old] or not any(c.outputs for c in old):
        return False
    for cell, done in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    return True


def _own(cell: NotebookNode) -> str:
    """Return a cell's code without what the build puts before it."""
    return cell.source.rpartition(START.rpartition("{}")[2])[2]


def _read(path: Path) -> NotebookNode | None:
    """Return the notebook, None where there is none that can be read (a merge conflict, say)."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None


def _write(path: Path, notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    save_atomically(path, (nbformat.writes(notebook) + "\n").encode())
