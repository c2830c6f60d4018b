"""nbgrader, set up for this course: run its commands in this folder. solutions/README.md says which."""

import os
from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

CLASSROOM = Path(__file__).resolve().parent / "classroom"  # what belongs to a class; git ignores it

seed = os.environ.get("GANCOURSE_SEED") or "1"
if not (seed.isdecimal() and int(seed) < 2**32):  # every graded cell would fail, and the whole class get nothing
    raise SystemExit(f"GANCOURSE_SEED is {seed!r}; it must be a whole number from 0 to {2**32 - 1}.")


class ShortErrors(NbGraderPreprocessor):
    """Leave of an error in a graded cell what it says, as of a missing name; where it arose would show the hidden test."""

    def preprocess_cell(self, cell, resources, index):
        for output in cell.get("outputs", []):
            if is_grade(cell) and output.output_type == "error" and output.ename != "CheckFailed":
                output.traceback = output.traceback[-1:]
        return cell, resources


c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "gan"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "lessons"
c.CourseDirectory.ignore.append("*.py")  # the sources hold the answers
for stage in ("source_with_tests", "submitted", "autograded", "feedback", "solution"):
    setattr(c.CourseDirectory, f"{stage}_directory", f"classroom/{stage}")
c.CourseDirectory.db_url = f"sqlite:///{CLASSROOM / 'gradebook.db'}"
c.Exchange.root = os.environ.get("GANCOURSE_EXCHANGE") or str(CLASSROOM / "exchange")
c.Exchange.assignment_dir = "work"  # where learners have their copies
c.ZipCollectApp.downloaded_directory = "classroom/downloaded"
# STUDENT_03_vanilla_gan.ipynb; adapt it to the names that your learning platform gives.
c.FileNameCollectorPlugin.named_regexp = r".*?(?P<student_id>[^/_]+)_(?P<file_id>\d\d_\w+)"
c.ExportPlugin.to = "classroom/grades.csv"

c.Execute.timeout = 300  # seconds for a cell; nbgrader's own 30 would fail slow machines
c.KernelManager.transport_encryption = "auto"  # else ipykernel warns in the terminal
c.OverwriteCells.add_missing_cells = True  # a deleted test cell comes back instead of leaving no mark
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",  # or the page would show them
    ShortErrors,
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
