"""One thread: small networks are fastest so, and tests that run side by side do not wait for each other."""

import os

from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded, here and in subprocesses


class ByModule(LoadScopeScheduling):
    """A module's tests go to one process, for its fixtures; the exercises', half of all, share nothing and are spread."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if "test_exercises.py" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return ByModule(config, log)
