"""Long work of a widget beside the kernel's own: one thread, of which only the newest job counts."""

import atexit
import threading
import weakref
from collections.abc import Callable

from gancourse import memory

_TASKS: "weakref.WeakSet[Task]" = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """End every job before Python does: a thread that it stops inside torch would abort the whole program."""
    for task in list(_TASKS):
        task.stop()
        task.wait()


class Task:
    """Runs jobs in a thread, one at a time. A job gets `stopped`, a function that it must ask often, and ends once that is true.

    on_error: told in words what an exception in a job says; a job that was stopped stays silent.
    """

    def __init__(self, on_error: Callable[[str], None]):
        self._on_error = on_error
        self._number = 0  # of the job that may run
        self._thread: threading.Thread | None = None
        _TASKS.add(self)

    def run(self, job: Callable[[Callable[[], bool]], None]) -> None:
        """Begin a job, once the one before it, which is told to stop, has ended."""
        self._number += 1
        before, number = self._thread, self._number
        self._thread = threading.Thread(target=self._work, args=(job, number, before), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the job to stop."""
        self._number += 1

    def wait(self) -> None:
        """Wait until no job runs."""
        if self._thread is not None:
            self._thread.join()

    def _work(self, job, number: int, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()

        def stopped() -> bool:
            return number != self._number

        if stopped():
            return
        try:
            job(stopped)
        except Exception as error:  # whatever a reader's network or a full disk does: the page says it
            if not stopped():
                first_line = (str(error) or "no message").strip().splitlines()[0]
                kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
                self._on_error(kind + first_line)
        finally:
            memory.give_back()
