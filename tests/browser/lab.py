"""JupyterLab and a headless Chromium on it, for the browser test and for screenshot.py."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

START_SECONDS = 60
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}  # Lab would ask in a pop-up


@contextmanager
def running_lab(folder: Path) -> Iterator[tuple[str, str]]:
    """Start JupyterLab on `folder` with settings of its own; yield its address and token; stop it at the end."""
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    options = [
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
        "--KernelManager.transport_encryption=auto",
    ]
    with tempfile.TemporaryDirectory() as home, open(Path(home) / "log", "w+") as log:
        settings = Path(home) / "config/lab/user-settings/@jupyterlab/apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
        own = {f"JUPYTER_{kind.upper()}_DIR": f"{home}/{kind}" for kind in ("config", "data", "runtime")}
        server = subprocess.Popen(
            command + options, env=os.environ | own | {"IPYTHONDIR": home}, stdout=log, stderr=subprocess.STDOUT
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
def browser_page(width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Open an empty page in a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        try:
            yield browser.new_page(viewport={"width": width, "height": height})
        finally:
            browser.close()


def run_notebook(page: Page, address: str, token: str, notebook: Path, seconds: float = 60) -> None:
    """Open a released notebook of the server's folder and run its cells one after the other, as a learner does."""
    cells = json.loads(notebook.read_text())["cells"]
    page.goto(f"{address}lab/tree/{notebook.name}?token={token}")
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=1000 * START_SECONDS)  # the kernel is there
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    for _ in cells[:-1]:
        page.keyboard.press("Shift+Enter")
    page.keyboard.press("Control+Enter")  # Shift+Enter would add an empty cell below the last
    last_prompt = page.locator(".jp-CodeCell .jp-InputPrompt").last
    expect(last_prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=1000 * seconds)
