"""Work beside the kernel's own: one job at a time, the newest one, and none when Python ends."""

import subprocess
import sys
import threading
import time

import pytest

from gancourse.widgets.task import Task


def test_the_newest_job_counts_and_they_never_run_side_by_side():
    running, most, done, task = [], [], [], Task(lambda text: None)

    def job(i):
        def work(stopped):
            running.append(i)
            most.append(len(running))
            while not stopped() and not (i == 4 and len(most) > 2):
                time.sleep(0.001)
            done.append((i, stopped()))
            running.remove(i)

        return work

    for i in range(4):
        task.run(job(i))
        time.sleep(0.02)
    most.append(0)
    task.run(job(4))
    task.wait()
    assert max(most) == 1
    assert done[-1] == (4, False)
    assert all(was_stopped for _, was_stopped in done[:-1])


def test_a_job_that_waits_for_its_turn_is_dropped_when_it_is_stopped():
    began, go, task = [], threading.Event(), Task(lambda text: None)
    task.run(lambda stopped: go.wait())
    task.run(lambda stopped: began.append(True))
    task.stop()
    go.set()
    task.wait()
    assert began == []


def test_an_error_is_told_in_words_but_not_of_a_job_that_was_stopped():
    told = []
    task = Task(told.append)

    def fails(stopped):
        raise KeyError("x")

    task.run(fails)
    task.wait()
    assert told == ["KeyError: 'x'"]
    go = threading.Event()

    def fails_late(stopped):
        go.wait()
        raise ValueError("y")

    task.run(fails_late)
    task.stop()
    go.set()
    task.wait()
    assert len(told) == 1


SCRIPT = """
import torch
from gancourse.networks.dcgan import DCGANGenerator
from gancourse.widgets import LatentExplorer
LatentExplorer(DCGANGenerator(size=64).eval())
print("the end of the script")
"""


def test_a_script_that_ends_while_directions_are_measured_ends_well():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "the end of the script\n", "")


MEMORY = """
import torch
from gancourse.widgets.task import Task

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

kept, before = [], resident()

def job(stopped):
    parts = [torch.rand(250, 100) for _ in range(4_000)]  # 400 MB; what stays alive is spread over them
    kept.extend(parts[::100])

task = Task(print)
task.run(job)
task.wait()
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, and asks glibc")
def test_a_job_gives_its_freed_memory_back():
    ended = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, timeout=120)
    assert float(ended.stdout) < 100, ended.stderr
