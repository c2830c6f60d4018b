"""JupyterLab and Voilà, and a headless Chromium on them: for the browser tests, the benchmarks and screenshot.py."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gancourse.cli import ENVIRONMENT

START_SECONDS = 60
expect.set_options(timeout=20_000)  # milliseconds; a page that is right is seen sooner, but machines can be busy
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
SELECT = "i => { jupyterapp.shell.currentWidget.content.activeCellIndex = i; }"  # and bring it in sight
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}  # Lab would ask in a pop-up


@contextmanager
def running_lab(folder: Path, comms: str = "perCommTarget") -> Iterator[tuple[str, str]]:
    """Start JupyterLab on `folder` with settings of its own; yield its address and token; stop it at the end.

    comms: Lab's setting of the threads ("subshells") for the messages of widgets; its default, "perComm" or "disabled".
    """
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    options = [
        "--expose-app-in-browser",  # for SELECT
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
        "--KernelManager.transport_encryption=auto",
    ]
    with tempfile.TemporaryDirectory() as home, open(Path(home) / "log", "w+") as log:
        settings = Path(home) / "config/lab/user-settings/@jupyterlab/apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
        (settings / "kernels-settings.jupyterlab-settings").write_text(json.dumps({"commsOverSubshells": comms}))
        own = {f"JUPYTER_{kind.upper()}_DIR": f"{home}/{kind}" for kind in ("config", "data", "runtime")}
        server = subprocess.Popen(
            command + options,
            env=ENVIRONMENT | os.environ | own | {"IPYTHONDIR": home},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _address(server, Path(home) / "runtime", log), token
        finally:
            server.terminate()
            server.wait(timeout=30)


def _address(server: subprocess.Popen, runtime: Path, log) -> str:
    """Wait until the server has written down where it listens."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            if text := file.read_text():
                return json.loads(text)["url"]
        time.sleep(0.2)
    log.seek(0)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read()}")


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start a headless Chromium; stop it at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Lab:
    """A JupyterLab on a folder, and a browser to open its notebooks in."""

    folder: Path
    address: str
    token: str
    browser: Browser

    @contextmanager
    def page(self, width: int = 1280, height: int = 900) -> Iterator[Page]:
        """Open an empty page; at the end close it, and stop the kernels that it has started."""
        page = self.browser.new_page(viewport={"width": width, "height": height})
        try:
            yield page
        finally:
            headers = {"Authorization": f"token {self.token}"}
            for kernel in page.request.get(f"{self.address}api/kernels", headers=headers).json():
                page.request.delete(f"{self.address}api/kernels/{kernel['id']}", headers=headers)
            page.close()

    @contextmanager
    def notebook(self, *cells: str, name: str = "", **size: int) -> Iterator[tuple[Page, Path]]:
        """Write a notebook of these code cells, under a random name if none is given, and open it; yield its page and its path."""
        path = write_notebook(self.folder / f"{name or secrets.token_hex(4)}.ipynb", *cells)
        with self.page(**size) as page:
            self.open(page, path)
            yield page, path

    def open(self, page: Page, notebook: Path) -> None:
        """Open a notebook of the folder in a page, wait for its kernel, and select its first cell.

        A workspace of its own keeps Lab from opening what was open before, too.
        """
        workspace = f"{self.address}lab/workspaces/{secrets.token_hex(4)}"
        page.goto(f"{workspace}/tree/{notebook.relative_to(self.folder)}?token={self.token}")
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=1000 * START_SECONDS)  # the kernel is there
        page.keyboard.press("Control+b")  # more room for the notebook: hide the list of files
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.keyboard.press("Escape")


@contextmanager
def notebook_in_lab(*cells: str, **name_and_size) -> Iterator[tuple[Page, Path]]:
    """Do what `Lab.notebook` does in a JupyterLab and a browser of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as server,
        running_chromium() as browser,
        Lab(Path(folder), *server, browser).notebook(*cells, **name_and_size) as opened,
    ):
        yield opened


@contextmanager
def running_explore() -> Iterator[str]:
    """Start `gancourse explore`; yield its address; stop it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("gancourse"), "explore", "--no-browser", f"--port={port}"]
    with tempfile.TemporaryDirectory() as home, open(Path(home) / "log", "w+") as log:
        environment = os.environ | {"IPYTHONDIR": home}
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            end = time.monotonic() + START_SECONDS
            while "is running at" not in Path(log.name).read_text():
                if time.monotonic() > end or server.poll() is not None:
                    raise RuntimeError(f"Voilà did not start:\n{Path(log.name).read_text()}")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/"
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # the command and the server that it started
            server.wait(timeout=30)


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of these code cells; return its path."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, path)
    return path


def run_cells_with(page: Page, notebook: Path, *texts: str, seconds: float = 60) -> None:
    """Run those code cells of the open notebook that contain one of the texts.

    The last of them stays selected, and in sight: Lab takes cells that are far away out of the page.
    """
    cells = json.loads(notebook.read_text())["cells"]
    sources = ["".join(cell["source"]) if cell["cell_type"] == "code" else "" for cell in cells]
    for i, source in enumerate(sources):
        if any(text in source for text in texts):
            page.evaluate(SELECT, i)
            page.keyboard.press("Control+Enter")
            page.wait_for_timeout(300)
            expect(page.get_by_text("| Idle")).to_be_visible(timeout=1000 * seconds)


def serious(page: Page) -> list[str]:
    """Return what axe finds in the course's widgets against accessibility that is serious or critical."""
    found = Axe().run(page, context=".gancourse").response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]
