"""The page to keep at the end of a lesson: one script that needs PyTorch alone, and runs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
LINES = 120
SHAPES = {"03_vanilla_gan": (1, 28, 28), "05_conditional_gan": (1, 28, 28), "06_dcgan_cifar10": (3, 32, 32)}


def script(lesson: str) -> str:
    """The script on the lesson's page to keep."""
    source = (ROOT / f"solutions/{lesson}/{lesson}.py").read_text("utf-8")
    page = re.sub(r"(?m)^# ?", "", source.partition("# ## A page to keep\n")[2])
    return re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]


@pytest.mark.parametrize("lesson", SHAPES)
def test_a_page_is_short_and_imports_torch_alone(lesson):
    text = script(lesson)
    assert len(text.splitlines()) <= LINES
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [getattr(node, "module", None) or node.names[0].name for node in imports]
    assert {name.partition(".")[0] for name in names} == {"torch"}


@pytest.mark.parametrize("lesson", SHAPES)
def test_a_page_trains_and_writes_its_samples(lesson, tmp_path):
    channels, height, width = SHAPES[lesson]
    torch.save(torch.randint(256, (40, channels, height, width), dtype=torch.uint8), tmp_path / "images.pt")
    torch.save(torch.randint(10, (40,)), tmp_path / "labels.pt")
    text, found = re.subn(r"(?m)^(STEPS, .* = )[\d_]+,", r"\g<1>16,", script(lesson))
    assert found == 1
    (tmp_path / "gan.py").write_text(text, "utf-8")
    subprocess.run([sys.executable, "gan.py"], cwd=tmp_path, check=True, timeout=120)
    (picture,) = tmp_path.glob("samples.p?m")
    header, _, pixels = picture.read_bytes().partition(b"\n")
    kind, *sides, largest = header.split()
    across, down = map(int, sides)
    assert (kind, largest) == (b"P6" if channels == 3 else b"P5", b"255")
    assert across % width == down % height == 0
    assert len(pixels) == across * down * channels
    assert len(set(pixels)) > 10  # a picture, not one grey
