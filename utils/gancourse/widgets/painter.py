"""Painting off the hot path: a widget's callback says that something has changed, a thread of its own paints."""

import atexit
import sys
import threading
import time
import weakref
from collections.abc import Callable

FRAME = 1 / 40  # seconds between two pictures, so that the browser is never behind
YIELD = 0.002  # seconds that the callback gets to end before this thread takes Python's lock from it
CALM = 0.25  # seconds without a request after which a point has settled
NEVER_CALM = 1.0  # seconds after which it counts as settled although requests keep coming, as they do from a walk


_PAINTERS: "weakref.WeakSet[Painter]" = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """End every painter before Python does: a thread that it stops inside torch would abort the whole program."""
    for painter in list(_PAINTERS):
        painter.end()


class Painter:
    """Calls `paint` for the newest request only, and `settle` once no new one has come for a while, or every second.

    A request returns at once. While `paint` works, any number of requests become one: what is painted last is what was
    asked for last, and nothing stale queues up. Both functions run in a thread that ends when there is nothing to do.
    """

    def __init__(self, paint: Callable[[], None], settle: Callable[[], None]):
        self._paint, self._settle = paint, settle
        self._changed = threading.Condition()
        self._wanted = False
        self._ended = False
        self._thread: threading.Thread | None = None
        _PAINTERS.add(self)

    def request(self) -> None:
        """Ask for a picture of how things are now."""
        with self._changed:
            self._wanted = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify()

    def wait(self) -> None:
        """Wait until everything that was asked for is painted and settled."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def end(self) -> None:
        """Paint nothing more, and wait for the picture that is being painted."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self.wait()

    def _work(self) -> None:
        settled = time.monotonic()
        while self._more():
            time.sleep(YIELD)
            began = time.monotonic()
            try:
                self._paint()
                if began - settled > NEVER_CALM:
                    self._settle()
                    settled = began
            except Exception:  # a mistake of ours: said, and the next request is painted all the same
                sys.excepthook(*sys.exc_info())
            time.sleep(max(0.0, began + FRAME - time.monotonic()))

    def _more(self) -> bool:
        """Return whether there is something to paint; False when all has settled, and then the thread is done."""
        with self._changed:
            calm = not self._wanted and not self._changed.wait_for(lambda: self._wanted or self._ended, CALM)
        if self._ended:
            return False
        if calm:
            self._settle()
        with self._changed:
            if not self._wanted:
                self._thread = None
                return False
            self._wanted = False
            return True
