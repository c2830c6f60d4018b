"""Write files atomically: a file is either complete or absent."""

import os
import time
from contextlib import suppress
from pathlib import Path

STALE_SECONDS = 3600


def save_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it to `path`, so that no reader sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_behind in path.parent.glob(f".{path.name}.*.partial"):  # by a process that was killed while writing
        with suppress(FileNotFoundError):
            if time.time() - left_behind.stat().st_mtime > STALE_SECONDS:
                left_behind.unlink()
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
