"""The learner's own copies of the lessons, in work/: made once, never overwritten."""

import hashlib
import json
import shutil
from pathlib import Path

from gancourse.training import save_atomically

RECORD = ".lessons.json"  # which version of each lesson was copied last


def prepare(lessons: Path, work: Path) -> list[str]:
    """Copy each lesson to `work` the first time; offer one that has changed since beside the learner's copy.

    Returns a line for everything that was done. What the learner has is never touched: not a notebook that was edited,
    and not one that was deleted.
    """
    work.mkdir(parents=True, exist_ok=True)
    record_path = work / RECORD
    try:
        record = json.loads(record_path.read_text())
    except (OSError, json.JSONDecodeError):
        record = {}
    lines = []
    for lesson in sorted(lessons.glob("*/*.ipynb")):
        version = hashlib.sha256(lesson.read_bytes()).hexdigest()
        name = lesson.stem
        if record.get(name) == version:
            continue
        mine = work / name / lesson.name
        mine.parent.mkdir(exist_ok=True)
        if not mine.exists():
            shutil.copyfile(lesson, mine)
            lines.append(f"{name}: copied to {mine.parent}")
        elif mine.read_bytes() != lesson.read_bytes():
            newer = mine.with_name(f"{name}.new-{version[:6]}.ipynb")
            shutil.copyfile(lesson, newer)
            lines.append(f"{name}: has changed; the new version lies beside yours as {newer.name}")
        record[name] = version
    save_atomically(record_path, (json.dumps(record, indent=2) + "\n").encode())
    return lines
