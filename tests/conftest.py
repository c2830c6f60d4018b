"""One thread: small networks are fastest so, and tests that run side by side do not wait for each other."""

import os
import re

import pytest
from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded, here and in subprocesses


class ByFixture(LoadScopeScheduling):
    """Tests go to the process that has what they need: a module's fixtures, a browser, what an exercise's answers did."""

    def _split_scope(self, nodeid: str) -> str:
        if "test_exercises.py" in nodeid and "[" in nodeid:
            return re.sub(r"(two|200)-", "", nodeid.partition("[")[2])
        return "the browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)  # so that pytest -p no:xdist works
def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False  # what comes with the most tests is not what takes longest
    return ByFixture(config, log)


def pytest_collection_modifyitems(items):
    """Put first what takes longest, and last the exercises, which fill the gaps at the end."""
    longest = ("tests/browser", "tests/classroom")
    items.sort(key=lambda item: (not item.nodeid.startswith(longest), "test_exercises.py" in item.nodeid))


def pytest_terminal_summary(terminalreporter):
    """Say once how many tests a missing Chromium has cost."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "Chromium" in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests in a browser were skipped: Chromium is not installed. To run them: "
            "sudo apt-get install chromium"
        )
