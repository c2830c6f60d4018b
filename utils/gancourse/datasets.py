"""The course's datasets as tensors: load("mnist"), load("cifar10"), load("pokemon"), load("pokemon819").

A set is fetched and verified once (sources.py), converted once, and memory-mapped from then on.
"""

import hashlib
import io
import json
import os
import pickle
import re
import shutil
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gancourse import sources
from gancourse.sources import DataError, Entry, SourceError

__all__ = ["NAMES", "DataError", "ImageDataset", "load", "status", "verify"]

NAMES = tuple(sources.registry())
CONVERSION = 1  # raise it when the conversion changes: caches made before are then made anew
RECORD = "complete.json"  # written last: a folder without it is not believed


@dataclass(frozen=True)
class ImageDataset:
    """Pictures of one split, and their labels. Writing into the tensors changes your copy only, not the cache."""

    images: torch.Tensor  # uint8 (N, C, H, W)
    labels: torch.Tensor | None  # int64 (N,)
    classes: tuple[str, ...]
    name: str
    split: str
    sha256: str  # of the bytes of images

    def __len__(self) -> int:
        return len(self.images)


def load(name: str, split: str = "train", size: int | None = None) -> ImageDataset:
    """Load one split of a dataset, fetching it the first time. `size` is for Pokémon: height and width in pixels."""
    entry, size = find(name, size)
    if split not in entry.splits:
        raise ValueError(f"{name} has no split {split!r}; it has: {', '.join(entry.splits)}")
    folder = ready_folder(entry, size) or prepare(entry, size)
    facts = json.loads((folder / RECORD).read_text(encoding="utf-8"))["arrays"]
    labels = open_array(folder, f"{split}_labels") if f"{split}_labels" in facts else None
    images = open_array(folder, f"{split}_images")
    return ImageDataset(images, labels, entry.classes, name, split, facts[f"{split}_images"]["sha256"])


def of_shape(shape: Sequence[int]) -> str:
    """Return the name of the dataset with images of this shape (C, H, W), "" where there is none."""
    return {(1, 28, 28): "mnist", (3, 32, 32): "cifar10", (3, 64, 64): "pokemon"}.get(tuple(shape), "")


def status(name: str, size: int | None = None) -> str:
    """Return the state after a quick look: "ready", "not fetched", "found, not converted yet", "damaged: ..." or "out of date: ..."."""
    entry, size = find(name, size)
    if ready_folder(entry, size):
        return "ready"
    problems = [cache_problem(folder / folder_name(entry, size), entry, size) for folder in sources.cache_folders()]
    damaged = [problem for problem in problems if problem != "not fetched"]
    if damaged:
        return damaged[0]
    return "found, not converted yet" if sources.has_local_files(entry) else "not fetched"


def verify(name: str, size: int | None = None) -> str:
    """Return the same as `status`, but compare every byte of a ready set with its recorded hash."""
    entry, size = find(name, size)
    folder = ready_folder(entry, size)
    if folder is None:
        return status(name, size)
    for key, facts in json.loads((folder / RECORD).read_text(encoding="utf-8"))["arrays"].items():
        if array_facts(folder / f"{key}.npy")["sha256"] != facts["sha256"]:
            return f"damaged: {key}.npy in {folder} has changed"
    return "ready"


def discard_if_damaged(name: str, size: int | None = None) -> None:
    """Delete the converted set if a byte of it has changed; the next load makes it anew."""
    entry, size = find(name, size)
    folder = ready_folder(entry, size)
    if folder and verify(name, size) != "ready":
        shutil.rmtree(folder)


def find(name: str, size: int | None) -> tuple[Entry, int]:
    """Return the registry entry of a dataset and the size of its pictures."""
    entry = sources.registry().get(name)
    if entry is None:
        raise ValueError(f"there is no dataset {name!r}; there are: {', '.join(NAMES)}")
    if size is None or size == entry.size:
        return entry, entry.size
    if not entry.resizable:
        raise ValueError(f"{name} pictures are always {entry.size} x {entry.size}; leave out size={size!r}")
    if not isinstance(size, int) or not 8 <= size <= 256:
        raise ValueError(f"size must be a whole number from 8 to 256, not {size!r}")
    return entry, size


# The cache: one folder for each set and size, with one .npy file for each array and a record


def folder_name(entry: Entry, size: int) -> str:
    return f"{entry.name}-{size}" if entry.resizable else entry.name


def ready_folder(entry: Entry, size: int) -> Path | None:
    """Return the folder of the converted set, or None where there is no complete one."""
    folders = [cache / folder_name(entry, size) for cache in sources.cache_folders()]
    return next((folder for folder in folders if cache_problem(folder, entry, size) is None), None)


def cache_problem(folder: Path, entry: Entry, size: int) -> str | None:
    """Return what is wrong with a converted set, or None; look at its record, file sizes and headers only."""
    if not folder.is_dir():
        return "not fetched"
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if record["recipe"] != recipe(entry, size):
            return "out of date: made by another version of the course"
        for key, facts in record["arrays"].items():
            path = folder / f"{key}.npy"
            if not path.is_file() or path.stat().st_size != facts["bytes"]:
                return f"damaged: {path.name} is missing or cut short"
            array = np.load(path, mmap_mode="r")
            if list(array.shape) != facts["shape"] or str(array.dtype) != facts["dtype"]:
                return f"damaged: {path.name} has another shape or type than recorded"
    except FileNotFoundError:
        return f"damaged: {RECORD} is missing"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"damaged: {folder.name} cannot be read"
    return None


def recipe(entry: Entry, size: int) -> str:
    """Return a hash of everything that determines the arrays."""
    facts = [CONVERSION, size, entry.tensors, entry.members_sha256, entry.test]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def open_array(folder: Path, key: str) -> torch.Tensor:
    """Memory-map one array. Copy on write: the file never changes."""
    return torch.from_numpy(np.load(folder / f"{key}.npy", mmap_mode="c"))


def prepare(entry: Entry, size: int) -> Path:
    """Fetch, verify and convert a dataset; return the folder of the result."""
    problems = []
    try:
        for label, source, paths in sources.candidates(entry):
            try:
                members = sources.read_members(entry, source, paths or sources.download(entry, source))
                return save(entry, size, convert(entry, source.layout, members, size), label)
            except SourceError as error:
                problems.append(f"{label}: {error}")
    except OSError as error:
        raise sources.disk_error(entry, error) from None
    raise sources.all_failed(entry, problems)


def save(entry: Entry, size: int, arrays: dict[str, np.ndarray], source: str) -> Path:
    """Write the arrays, verify what was written, and only then give the folder its final name."""
    final = sources.cache_folder() / folder_name(entry, size)
    with sources.partial_folder() as partial:
        folder = partial / "converted"
        folder.mkdir()
        facts = {}
        for key, array in arrays.items():
            np.save(folder / f"{key}.npy", array)
            facts[key] = array_facts(folder / f"{key}.npy")
            if entry.tensors and facts[key]["sha256"] != entry.tensors[key]:
                raise SourceError(f"{key} is not the recorded one (SHA-256 {facts[key]['sha256'][:12]}...)")
        record = {"recipe": recipe(entry, size), "source": source, "arrays": facts}
        (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
        install(folder, final, entry, size)
    return final


def array_facts(path: Path) -> dict:
    array = np.load(path, mmap_mode="r")
    digest = hashlib.sha256(array).hexdigest()
    return {"shape": array.shape, "dtype": str(array.dtype), "bytes": path.stat().st_size, "sha256": digest}


def install(folder: Path, final: Path, entry: Entry, size: int) -> None:
    """Rename a finished folder into place, unless another process was faster; a damaged one is put aside."""
    for attempt in range(10):
        try:
            os.rename(folder, final)
            return
        except OSError:
            if not final.is_dir():
                raise
        if cache_problem(final, entry, size) is None:
            return
        with suppress(FileNotFoundError):  # another process has just put it aside too
            os.rename(final, folder.with_name(f"damaged-{attempt}"))
    raise OSError(f"{final} cannot be replaced")


# From the members of an archive to arrays


def convert(entry: Entry, layout: str, members: dict[str, bytes], size: int) -> dict[str, np.ndarray]:
    """Return the arrays of a dataset: "train_images", "train_labels" and so on."""
    if layout == "idx":
        return convert_idx(members)
    if layout == "cifar-pickle":
        return convert_cifar_pickle(members)
    if layout == "cifar-png":
        return convert_cifar_png(members)
    return convert_pictures(members, size, entry.test)


def convert_idx(members: dict[str, bytes]) -> dict[str, np.ndarray]:
    arrays = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        arrays[f"{split}_images"] = read_idx(members, f"{prefix}-images-idx3-ubyte")[:, None]
        arrays[f"{split}_labels"] = read_idx(members, f"{prefix}-labels-idx1-ubyte").astype(np.int64)
    return arrays


def read_idx(members: dict[str, bytes], name: str) -> np.ndarray:
    """Return the values of an idx file: two zero bytes, the type (8: bytes), the number of dimensions, each of them, then the values."""
    data = members[name]
    if data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise SourceError(f"{name} is not an idx file of bytes")
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if values.size != np.prod(shape):
        raise SourceError(f"{name} is cut short")
    return values.reshape(shape)


def convert_cifar_png(members: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Return the arrays from PNG files with one picture in each row: 1024 pixels, channels last."""
    names = {"train": [f"data_batch_{number}.png" for number in range(1, 6)], "test": ["test_batch.png"]}
    arrays = {}
    for split, batches in names.items():
        rows = np.concatenate([np.asarray(open_picture(members, batch)) for batch in batches])
        arrays[f"{split}_images"] = np.ascontiguousarray(rows.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2))
        arrays[f"{split}_labels"] = np.array(json.loads(members[f"{split}_lables.json"]), np.int64)  # spelt so
    return arrays


def convert_cifar_pickle(members: dict[str, bytes]) -> dict[str, np.ndarray]:
    names = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
    arrays = {}
    for split, batches in names.items():
        read = [read_pickle(members, batch) for batch in batches]
        rows = np.concatenate([batch[b"data"] for batch in read])
        arrays[f"{split}_images"] = rows.reshape(-1, 3, 32, 32)
        arrays[f"{split}_labels"] = np.concatenate([batch[b"labels"] for batch in read]).astype(np.int64)
    return arrays


class ArrayUnpickler(pickle.Unpickler):
    """Reads dictionaries, lists and arrays. A pickle can call any function; this one may call nothing else."""

    allowed = frozenset({("numpy", "ndarray"), ("numpy", "dtype"), ("numpy.core.multiarray", "_reconstruct")})

    def find_class(self, module: str, name: str):
        if (module, name) not in self.allowed:
            raise SourceError(f"it asks to run {module}.{name}, which no dataset needs: refused")
        return np._core.multiarray._reconstruct if name == "_reconstruct" else getattr(np, name)


def read_pickle(members: dict[str, bytes], name: str) -> dict:
    try:
        return ArrayUnpickler(io.BytesIO(members[name]), encoding="bytes").load()
    except SourceError as error:
        raise SourceError(f"{name} is not safe: {error}") from None
    except Exception as error:  # a damaged pickle can raise anything
        raise SourceError(f"{name} cannot be read ({type(error).__name__})") from None


def convert_pictures(members: dict[str, bytes], size: int, test: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return the pictures sorted by number; those whose number is in `test` are the test split."""
    splits = {"train": [], "test": []}
    for name in sorted(members, key=lambda name: (number_of(name), name)):
        splits["test" if number_of(name) in test else "train"].append(square(open_picture(members, name), size))
    return {f"{split}_images": np.stack(pictures) for split, pictures in splits.items() if pictures}


def number_of(name: str) -> int:
    """Return the number that a file name begins with: 6 for "6-mega-x.png"."""
    found = re.match(r"\d+", name)
    return int(found[0]) if found else 0


def open_picture(members: dict[str, bytes], name: str) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(members[name]))
        picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise SourceError(f"{name} is not a picture that can be read") from None
    return picture


def square(picture: Image.Image, size: int) -> np.ndarray:
    """Return a picture on white, padded to a square and resized: uint8 (3, size, size). 16-bit grey becomes 8-bit.

    Resized once, from the full picture, with Lanczos: it weighs all pixels that become one, so nothing is aliased
    (a box filter aliases unless the sizes divide), and outlines stay sharp. Put on white before that, so that no
    colour hidden under transparent pixels bleeds into the outline.
    """
    if picture.mode.startswith("I"):  # `convert` would clip 16 bits at 255, to white
        picture = Image.fromarray((np.asarray(picture).clip(0, 65_535) // 257).astype(np.uint8))
    picture = picture.convert("RGBA")
    side = max(picture.size)
    canvas = Image.new("RGBA", (side, side), "white")
    canvas.alpha_composite(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(canvas.convert("RGB").resize((size, size), Image.Resampling.LANCZOS)).transpose(2, 0, 1)
