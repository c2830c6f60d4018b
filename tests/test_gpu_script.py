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
README = """\
| **3 [A](x)** | parts | MNIST | 8 / not measured | eight exercises |
| **6 [B](x)** | parts | CIFAR-10 | 3 / not measured | seven exercises |

<!-- gpu --><!-- end of gpu -->
"""
FOUND = {
    "device": "Some GPU",
    "torch": "2.13.0",
    "tests": "35 passed",
    "rates": {
        "mnist_tutorial": {"textbook": 100.4, "engine": 1000.0, "of peak": 0.1234, "compiled": 1500.0},
        "mnist_better": {"textbook": 90.0, "engine": 200.0, "of peak": 0.1},
    },
    "quality": {"mnist_better": {"reached": {"8": 11.0, "4": 50.0}, "steps": 9_000, "seconds": 50.0, "last": 3.9}},
}


@pytest.mark.long
def test_it_runs_with_tiny_numbers_and_writes_nothing():
    results = SCRIPT.with_suffix(".json")
    before = results.read_bytes() if results.exists() else None
    done = subprocess.run([sys.executable, SCRIPT, "--tiny"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^tests: \d+ passed", done.stdout, re.MULTILINE)
    for arm in ("textbook", "engine", "of peak", "compiled"):
        assert re.search(rf"^{arm}: [\d.]+$", done.stdout, re.MULTILINE), arm
    assert re.search(r"^mnist_better: step 2, [\d.]+ s, [\d.]+$", done.stdout, re.MULTILINE)
    assert (results.read_bytes() if results.exists() else None) == before


def test_what_was_measured_reaches_the_readme_and_the_cards(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import gpu

    (tmp_path / "README.md").write_text(README)
    shutil.copytree(pretrained.folder(), tmp_path / "pretrained")
    (tmp_path / "gpu.json").write_text(json.dumps(FOUND))
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    monkeypatch.setattr(gpu, "RESULTS", tmp_path / "gpu.json")
    monkeypatch.setattr(pretrained, "folder", lambda: tmp_path / "pretrained")
    gpu.tell()
    gpu.tell()  # again: replaced, not repeated
    readme = (tmp_path / "README.md").read_text()
    assert readme.count("| `mnist_tutorial` | 100 | 1,000 | 1,500 | 12.3% |") == 1
    assert "| `mnist_better` | 90 | 200 | – | 10.0% |" in readme
    assert "Steps per second on one Some GPU, torch 2.13.0" in readme
    minutes = (14_000 / 1000 + 28_000 / 200) / 60
    assert f"| MNIST | 8 / {minutes:.0f} | eight exercises" in readme
    assert "| CIFAR-10 | 3 / not measured |" in readme  # of which nothing was measured
    card = pretrained.read_card("mnist_better")
    assert card["gpu"] == {"device": "Some GPU", "steps_per_second": 200.0} | FOUND["quality"]["mnist_better"]
    assert card["steps"] == 28_000


def test_the_readme_has_a_place_for_the_figures():
    assert re.search(r"<!-- gpu -->.*<!-- end of gpu -->", (ROOT / "README.md").read_text(), re.DOTALL)
