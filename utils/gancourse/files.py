"""Write files atomically: a file is either complete or absent."""

import errno
import glob
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

STALE_SECONDS = 3600


def in_words(error: OSError) -> str:
    """Return what an error of the file system means and what to do."""
    where = error.filename or "a file"
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return (
            f"{where} cannot be written or read here: {error.strerror}. Copy the course to a folder of your own, or name a "
            "folder that you can write to (--runs, --out)."
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where} cannot be written: the disk is full. Make room, then run this again; what was there is kept."
    return str(error)


def check_room(folder: Path, needed: int, what: str) -> None:
    """Raise OSError unless `needed` bytes for `what` fit on the disk of a folder, which need not exist yet."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise OSError(
            f"{what} in {folder} take up to {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free. Make room, or name a "
            "folder on another disk."
        )


def save_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it to `path`, so that no reader sees a part of it."""
    with open_atomically(path) as file:
        file.write(data)


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write. When the context ends it is renamed to `path`; after an exception nothing is left of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_behind in path.parent.glob(
        f".{glob.escape(path.name)}.*.partial"
    ):  # by a process that was killed while writing
        with suppress(FileNotFoundError):
            if time.time() - left_behind.stat().st_mtime > STALE_SECONDS:
                left_behind.unlink()
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
