"""What a run of the tests says at its end."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_without_chromium_it_is_said_once_how_many_tests_were_skipped():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-m",
        "not long",
        "tests/browser/test_pokemon_in_lab.py",
    ]
    nowhere = os.environ | {"PATH": str(Path(sys.executable).parent)}
    said = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True, timeout=120).stdout
    (line,) = [line for line in said.splitlines() if "tests in a browser were skipped" in line]
    assert line.endswith("Chromium is not installed. To run them: sudo apt-get install chromium")
    assert int(line.split()[0]) > 1
