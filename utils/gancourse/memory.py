"""What the C library does with memory that has been freed: keep it for the next step, or return it to the system."""

import contextlib
import ctypes
import sys

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # of glibc's mallopt


def keep_freed() -> None:
    """Ask glibc to keep what a step of training frees, so that the next step does not fetch the same pages from the kernel again."""
    _call("mallopt", MMAP_THRESHOLD, 2**30)
    _call("mallopt", TRIM_THRESHOLD, 2**31 - 1)


def give_back() -> None:
    """Ask glibc to return to the system what it keeps: some hundred MB after a search, a map, or features of a whole dataset.

    Not while something is trained: the next step would fetch the same pages again.
    """
    _call("malloc_trim", 0)


def _call(function: str, *arguments: int) -> None:
    """Call a function of glibc; other C libraries, such as musl, do not have it and are left alone."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(None), function)(*arguments)
