"""Memory that has been freed, and what the C library does with it."""

import contextlib
import ctypes
import sys


def give_back() -> None:
    """Ask glibc to return to the system what it keeps: some hundred MB after a search, a map, or features of a whole dataset.

    Not while something is trained: the next step would fetch the same pages again.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)
