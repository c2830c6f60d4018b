"""Where a reader of the explorer stands, and where they came from. No widget in here."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

MAX_UNDO = 100
SEARCH = "search"  # what the controls of searches begin with
SAME_MOVE = 1.0  # seconds: moves of one control that follow each other faster are undone together


@dataclass(frozen=True)
class Point:
    """Where the explorer stands. The picture depends on z (z_dim,) and shares; the rest says how it got there.

    shares: of the classes, float32 (classes,) that sum to one, where the generator is conditional: a single 1, but on a walk.
    """

    z: Tensor
    shares: Tensor | None
    seed: int
    truncation: float = 1.0
    moved: str = ""  # how z left the seed's noise, "" where it has not
    of_seed: bool = True  # False where z has nothing to do with the seed


class History:
    """The point where the reader stands, and those before it. Every control moves this, and is told of every move.

    on_move: called after each move with the name of the control that moved, "undo" for a step back.
    """

    def __init__(self, start: Point, on_move: Callable[[str], None]):
        self.lock = threading.RLock()  # callbacks of the page, and the threads that paint and search, use the point
        self._shown_by: int | None = None
        self._number = 0
        self._point, self._on_move = start, on_move
        self._past: list[Point] = []
        self._last_move = ("", 0.0)

    @property
    def point(self) -> Point:
        """The point where the reader stands."""
        return self._point

    @property
    def number(self) -> int:
        """The number of the last move."""
        return self._number

    @property
    def is_showing(self) -> bool:
        """Whether this thread is setting controls to the point: then what they report is no move of the reader's."""
        return self._shown_by == threading.get_ident()

    @property
    def can_undo(self) -> bool:
        """Whether there is a point to go back to."""
        return bool(self._past)

    def go(self, point: Point, control: str, after: int | None = None) -> int | None:
        """Go to a point, and remember where it came from; return the number of this move.

        control: what moved. Moves of one control that follow each other fast, and all of one search, are undone together.
        after: number of a move; if there has been another one since, the reader is left where they are, and None comes back.
        """
        with self.lock:
            if after is not None and after != self._number:
                return None
            now = time.monotonic()
            last_control, then = self._last_move
            if control != last_control or (now - then > SAME_MOVE and not control.startswith(SEARCH)):
                self._past = [*self._past[1 - MAX_UNDO :], self._point]
            self._last_move = (control, now)
            self._point = point
            self._number += 1
            number = self._number
        self._on_move(control)
        return number

    def undo(self) -> None:
        """Go back to the point before the last move, if there is one."""
        with self.lock:
            if not self._past:
                return
            self._point = self._past.pop()
            self._last_move = ("", 0.0)
            self._number += 1
        self._on_move("undo")

    @contextlib.contextmanager
    def showing(self) -> Iterator[None]:
        """Set controls to the point: meanwhile `is_showing` is true in this thread."""
        with self.lock:
            before, self._shown_by = self._shown_by, threading.get_ident()
            try:
                yield
            finally:
                self._shown_by = before
