"""The learner's own copies: made once, and never lost."""

import json
from pathlib import Path

import pytest

from gancourse import workspace


@pytest.fixture
def lessons(tmp_path) -> Path:
    for name in ("01_a", "02_b"):
        put(tmp_path / "lessons" / name / f"{name}.ipynb", f"{name}, first version")
    return tmp_path / "lessons"


@pytest.fixture
def work(tmp_path) -> Path:
    return tmp_path / "work"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.ipynb")}


def test_every_lesson_is_copied_once(lessons, work):
    lines = workspace.prepare(lessons, work)
    assert [line.split(":")[0] for line in lines] == ["01_a", "02_b"]
    assert contents(work) == contents(lessons)
    assert workspace.prepare(lessons, work) == []


def test_a_lesson_that_is_added_later_is_copied(lessons, work):
    workspace.prepare(lessons, work)
    put(lessons / "03_c" / "03_c.ipynb", "new")
    assert workspace.prepare(lessons, work) == [f"03_c: copied to {work / '03_c'}"]


def test_what_the_learner_wrote_stays_when_nothing_has_changed(lessons, work):
    workspace.prepare(lessons, work)
    put(work / "01_a/01_a.ipynb", "my answers")
    assert workspace.prepare(lessons, work) == []
    assert contents(work)["01_a/01_a.ipynb"] == "my answers"


def test_a_changed_lesson_is_offered_once_beside_the_learners_copy(lessons, work):
    workspace.prepare(lessons, work)
    put(work / "01_a/01_a.ipynb", "my answers")
    put(lessons / "01_a/01_a.ipynb", "second version")
    (line,) = workspace.prepare(lessons, work)
    (offered,) = work.glob("01_a/*.new-*.ipynb")
    assert offered.name in line
    assert offered.read_text() == "second version"
    assert contents(work)["01_a/01_a.ipynb"] == "my answers"
    assert workspace.prepare(lessons, work) == []


def test_an_offered_version_that_the_learner_works_in_is_not_overwritten(lessons, work):
    workspace.prepare(lessons, work)
    put(work / "01_a/01_a.ipynb", "my answers")
    put(lessons / "01_a/01_a.ipynb", "second version")
    workspace.prepare(lessons, work)
    (offered,) = work.glob("01_a/*.new-*.ipynb")
    put(offered, "my answers in the second version")
    put(lessons / "01_a/01_a.ipynb", "01_a, first version")  # taken back ...
    workspace.prepare(lessons, work)
    put(lessons / "01_a/01_a.ipynb", "second version")  # ... and brought again
    workspace.prepare(lessons, work)
    (work / workspace.RECORD).unlink()
    workspace.prepare(lessons, work)
    assert offered.read_text() == "my answers in the second version"


def test_a_copy_that_was_never_touched_is_not_overwritten_either(lessons, work):
    workspace.prepare(lessons, work)
    put(lessons / "01_a/01_a.ipynb", "second version")
    workspace.prepare(lessons, work)
    assert contents(work)["01_a/01_a.ipynb"] == "01_a, first version"
    assert "second version" in contents(work).values()


def test_a_deleted_notebook_comes_back_only_with_a_new_version(lessons, work):
    workspace.prepare(lessons, work)
    (work / "01_a/01_a.ipynb").unlink()
    assert workspace.prepare(lessons, work) == []
    assert "01_a/01_a.ipynb" not in contents(work)
    put(lessons / "01_a/01_a.ipynb", "second version")
    workspace.prepare(lessons, work)
    assert contents(work)["01_a/01_a.ipynb"] == "second version"


@pytest.mark.parametrize("damaged", ["", "{", "[]", "null", '"01_a"', b"\xff\xfe"])
def test_a_damaged_record_loses_nothing(lessons, work, damaged):
    workspace.prepare(lessons, work)
    put(work / "01_a/01_a.ipynb", "my answers")
    (work / workspace.RECORD).write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    workspace.prepare(lessons, work)
    assert contents(work)["01_a/01_a.ipynb"] == "my answers"
    assert contents(work)["02_b/02_b.ipynb"] == "02_b, first version"
    assert set(json.loads((work / workspace.RECORD).read_text())) == {"01_a", "02_b"}


def test_other_files_of_the_learner_are_left_alone(lessons, work):
    put(work / "notes.ipynb", "mine")
    put(work / "01_a" / "try.ipynb", "mine too")
    workspace.prepare(lessons, work)
    assert contents(work) == contents(lessons) | {"notes.ipynb": "mine", "01_a/try.ipynb": "mine too"}


def test_the_glossary_is_kept_fresh_until_the_learner_writes_into_it(tmp_path):
    lessons, work = tmp_path / "lessons", tmp_path / "work"
    lessons.mkdir()
    for text in ("first", "second"):
        (lessons / "README.md").write_text(text)
        workspace.prepare(lessons, work)
        assert (work / "README.md").read_text() == text
    (work / "README.md").write_text("my notes")
    (lessons / "README.md").write_text("third")
    workspace.prepare(lessons, work)
    assert (work / "README.md").read_text() == "my notes"
