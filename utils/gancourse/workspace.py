"""The learner's own copies of the lessons, in work/: made once, never overwritten."""

import hashlib
import json
from pathlib import Path

from gancourse.files import save_atomically

RECORD = ".lessons.json"  # which version of each lesson was copied last


def prepare(lessons: Path, work: Path) -> list[str]:
    """Copy each lesson to `work` the first time; offer one that has changed since beside the learner's copy.

    Returns a line for everything that was done. What the learner has is never touched: not a notebook that was edited,
    and not one that was deleted.
    """
    work.mkdir(parents=True, exist_ok=True)
    record = _read_record(work / RECORD)
    lines = []
    for lesson in sorted(lessons.glob("*/*.ipynb")):
        content = lesson.read_bytes()
        version = hashlib.sha256(content).hexdigest()
        name = lesson.stem
        if record.get(name) == version:
            continue
        mine = work / name / lesson.name
        mine.parent.mkdir(exist_ok=True)
        if not mine.exists():
            save_atomically(mine, content)
            lines.append(f"{name}: copied to {mine.parent}")
        elif mine.read_bytes() != content:
            newer = mine.with_name(f"{name}.new-{version[:6]}.ipynb")
            if not newer.exists():
                save_atomically(newer, content)
            lines.append(f"{name}: has changed; the new version lies beside yours as {newer.name}")
        record[name] = version
    _refresh_glossary(lessons / "README.md", work / "README.md", record)
    save_atomically(work / RECORD, (json.dumps(record, indent=2) + "\n").encode())
    return lines


def _refresh_glossary(glossary: Path, mine: Path, record: dict[str, str]) -> None:
    """Copy the page that notebooks link to as ../README.md, unless the learner has written into it."""
    if not glossary.exists():
        return
    content = glossary.read_bytes()
    if not mine.exists() or hashlib.sha256(mine.read_bytes()).hexdigest() == record.get("README"):
        save_atomically(mine, content)
        record["README"] = hashlib.sha256(content).hexdigest()


def _read_record(path: Path) -> dict[str, str]:
    """Return the record, an empty one where it is missing or damaged: then at worst a lesson is offered once more."""
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
