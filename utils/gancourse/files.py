"""Files that are either whole or not there."""

import os
from pathlib import Path


def save_atomically(path: Path, data: bytes) -> None:
    """Write the file under another name first: whoever finds `path` finds it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
