"""The course's answers, and answers that differ from them by a few words.

The lessons' sources hold the only copy of an answer: a learner reads it there, `carry_on` takes it from there, and a
check runs it as the reference. A wrong answer is written as text, too, in one of three ways:

    "softplus(-fake_logits) → softplus(fake_logits)"     an edit of the reference; a tuple of such texts is several edits
    "return -softplus(fake_logits).mean()"               another body for the same `def` line
    a function or class                                  where neither is readable
"""

import ast
import functools
import importlib.resources
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path

ARROW = " → "
EXTRAS = "import math\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
_sources: dict[object, tuple[str, str]] = {}  # answer of the course -> lesson, text


def load(lesson: str, name: str) -> Callable:
    """Return the course's answer to an exercise, a function or class, from the source of a lesson ("vanilla_gan").

    Raises KeyError where the lesson defines no such name.
    """
    _define(name, lesson, _space(lesson))
    answer = _space(lesson)[name]
    _sources[answer] = lesson, _definitions(lesson)[name]
    return answer


def instead(old: str, *new: str) -> tuple[str, ...]:
    """Return the edits that put each of several texts in the place of another."""
    return tuple(f"{old}{ARROW}{text}" for text in new)


def written(reference: Callable, answer: object) -> Callable:
    """Return the answer that a text or several edits stand for (see above), and anything else as it is."""
    return _compiled(reference, answer) if isinstance(answer, str | tuple) else answer


def is_edit(answer: object) -> bool:
    """Return whether an answer is the text of a single edit."""
    return isinstance(answer, str) and ARROW in answer


@functools.cache
def _compiled(reference: Callable, answer: str | tuple[str, ...]) -> Callable:
    lesson, source = _sources.get(reference) or ("", textwrap.dedent(inspect.getsource(reference)))
    if isinstance(answer, str) and not is_edit(answer):
        source = _with_body(source, answer)
    else:
        for edit in (answer,) if isinstance(answer, str) else answer:
            old, _, new = edit.partition(ARROW)
            if source.count(old) != 1:
                raise ValueError(f"{old!r} stands {source.count(old)} times in {reference.__name__}, not once")
            source = source.replace(old, new)
    space = dict(_space(lesson)) if lesson else dict(inspect.getmodule(reference).__dict__)
    exec(EXTRAS, extras := {})
    space = extras | space | {"__name__": "edited"}
    for needed in _names(source) - {reference.__name__}:
        _define(needed, lesson, space)
    exec(compile(source, f"<edited {reference.__name__}>", "exec"), space)
    return space[reference.__name__]


def _with_body(source: str, body: str) -> str:
    """Return the source of a function with another body."""
    function = ast.parse(source).body[0]
    if not isinstance(function, ast.FunctionDef):
        raise ValueError(f"{body!r}: only a function can get another body; edit a class, old → new")
    function.body = ast.parse(textwrap.dedent(body)).body
    return ast.unparse(function)


@functools.cache
def _space(lesson: str) -> dict:
    """Return the names that answers of a lesson have needed so far; "gancourse" in __name__ marks them as the course's."""
    return {"__name__": __name__}


def _define(name: str, lesson: str, space: dict) -> None:
    """Define a name of the lesson in `space`, and before it all others that it needs."""
    text = _definitions(lesson).get(name) if lesson else None
    if text is None or name in space:
        return
    for needed in _names(text) - {name}:
        _define(needed, lesson, space)
    exec(compile(text, f"<{lesson}>", "exec"), space)


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


@functools.cache
def _definitions(lesson: str) -> dict[str, str]:
    """Return name -> source text of each import, function, class and plain number at the top level of a lesson."""
    source = _file(lesson).read_text("utf-8")
    found: dict[str, str] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                start = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
                text = f"{start}import {alias.name}" + f" as {alias.asname}" * bool(alias.asname)
                found.setdefault(alias.asname or alias.name.partition(".")[0], text)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.setdefault(node.name, ast.get_source_segment(source, node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and len(node.targets) == 1:
            found.setdefault(ast.unparse(node.targets[0]), ast.unparse(node))
    return found


def _file(lesson: str) -> Path:
    """Return the source of a lesson: in a clone where authors edit it, elsewhere inside the package."""
    clone = Path(__file__).parents[3] / "solutions"
    folder = clone if clone.is_dir() else importlib.resources.files("gancourse") / "_data" / "solutions"
    files = [f for f in folder.glob(f"*_{lesson}/*.py") if f.stem == f.parent.name and f.stem[2:] == f"_{lesson}"]
    if not files:
        raise KeyError(f"there is no lesson {lesson!r} in {folder}")
    return files[0]
