"""The script that measures a GPU: it runs with tiny numbers where there is none, and tells what it has measured."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gancourse import pretrained

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests/benchmarks/gpu.py"
FOUND = {
    "device": "Some GPU",
    "torch": "2.13.0",
    "tests": "35 passed",
    "rates": {
        "mnist_tutorial": {
            "textbook": 100.0,
            "engine": 1000.0,
            "default": 1500.0,
            "reduce-overhead": 2500.5,
            "of peak": 0.1,
        },
        "mnist_better": {"textbook": 90.0, "engine": 200.0, "of peak": 0.1},
    },
    "quality": {
        "mnist_better": {"reached": {"8": 11.0, "4": 50.0}, "compile": "", "steps": 9_000, "seconds": 50.0, "last": 3.9}
    },
}


@pytest.mark.long
def test_it_runs_with_tiny_numbers_and_writes_nothing():
    results = SCRIPT.with_suffix(".json")
    before = results.read_bytes() if results.exists() else None
    done = subprocess.run([sys.executable, SCRIPT, "--tiny"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^tests: \d+ passed", done.stdout, re.MULTILINE)
    assert re.search(
        r"^mnist_tutorial: .*'textbook': [\d.]+, 'engine': [\d.]+, 'default': [\d.]+", done.stdout, re.MULTILINE
    )
    assert "mnist_better: step 4" in done.stdout
    assert (results.read_bytes() if results.exists() else None) == before


def test_what_was_measured_reaches_the_readme_and_the_cards(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import gpu

    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(pretrained.folder(), tmp_path / "pretrained")
    (tmp_path / "gpu.json").write_text(json.dumps(FOUND))
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    monkeypatch.setattr(gpu, "RESULTS", tmp_path / "gpu.json")
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path / "pretrained")
    gpu.tell()
    gpu.tell()  # again: replaced, not repeated
    readme = (tmp_path / "README.md").read_text()
    assert readme.count("| `mnist_tutorial` | 100 | 1,000 | 1500.0 | 2500.5 |") == 1
    assert "Steps per second on one Some GPU, torch 2.13.0" in readme
    minutes = (14_000 / 1000 + 28_000 / 200) / 60
    assert f"| MNIST | 8 / {minutes:.0f} | eight exercises" in readme
    assert "| Pokémon | 10 / not measured |" in readme  # of which nothing was measured
    card = pretrained.read_card("mnist_better")
    assert card["gpu"] == {"device": "Some GPU", "steps_per_second": 200.0} | FOUND["quality"]["mnist_better"]
    assert card["steps"] == 28_000
