"""The painter: only the newest request counts, and the last picture is of the last request."""

import subprocess
import sys
import threading
import time

from gancourse.widgets.painter import Painter


def test_requests_that_come_while_it_paints_become_one_and_the_last_state_is_painted():
    state, painted, settled = [0], [], []

    def paint():
        now = state[0]
        time.sleep(0.05)
        painted.append(now)

    painter = Painter(paint, lambda: settled.append(state[0]))
    for value in range(1, 101):
        state[0] = value
        painter.request()
        time.sleep(0.002)
    painter.wait()
    assert painted[-1] == 100
    assert len(painted) < 20
    assert settled[-1] == 100


def test_a_request_returns_at_once():
    painter = Painter(lambda: time.sleep(0.2), lambda: None)
    began = time.monotonic()
    for _ in range(100):
        painter.request()
    assert time.monotonic() - began < 0.1
    painter.wait()


def test_no_thread_is_left_and_it_can_begin_again():
    counts = []
    painter = Painter(lambda: counts.append("painted"), lambda: counts.append("settled"))
    before = threading.active_count()
    for _ in range(3):
        painter.request()
        painter.wait()
    assert threading.active_count() == before
    assert counts == ["painted", "settled"] * 3


def test_a_request_while_it_settles_is_not_lost():
    counts = []

    def settle():
        if counts == [1]:
            painter.request()
        counts.append(0)

    painter = Painter(lambda: counts.append(1), settle)
    painter.request()
    painter.wait()
    assert counts == [1, 0, 1, 0]


def test_an_error_in_one_painting_does_not_end_them(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    painted = []

    def paint():
        painted.append(True)
        if len(painted) == 1:
            raise ValueError

    painter = Painter(paint, lambda: None)
    painter.request()
    painter.wait()
    painter.request()
    painter.wait()
    assert len(painted) == 2


def test_a_program_that_ends_waits_for_the_picture_that_is_being_painted(tmp_path):
    done = tmp_path / "done"
    program = (
        "import pathlib, time\n"
        "from gancourse.widgets.painter import Painter\n"
        f"painter = Painter(lambda: (time.sleep(0.3), pathlib.Path({str(done)!r}).touch()), lambda: None)\n"
        "painter.request()\n"
        "time.sleep(0.1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
    assert done.exists()
