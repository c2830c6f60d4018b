"""Every decimal and percentage in a lesson's text is printed: by its notebook, by a card, or by the ablation."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
EXECUTED = sorted((ROOT / "solutions").glob("*/*.ipynb"))
NOT_PROSE = re.compile(
    r"\$\$.*?\$\$|\$.*?\$|```.*?```|`[^`]*`|\]\([^)]*\)|<code>.*?</code>|^#+ \d+\.\d+", re.DOTALL | re.MULTILINE
)
NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+|\d+(?=%))%?")
SECTIONS = {  # 3.10 of lesson 3: not a number
    number
    for source in (ROOT / "solutions").glob("*/*.py")
    for number in re.findall(r"^# ## (\d+\.\d+)", source.read_text("utf-8"), re.MULTILINE)
}
QUOTED = {  # lesson -> number: who measured it
    "01_generative_models": dict.fromkeys(
        ("89.4", "97.6", "99.9", "79.3"), "Goodfellow, Shlens & Szegedy 2015, section 4"
    ),
    "04_evaluating_gans": {"48.3": "Kang et al. 2023, StudioGAN: DCGAN on CIFAR-10"},
}


def plain(text: str) -> str:
    """Numbers as they are compared: 1,234 as 1234, 5 % as 5%."""
    return re.sub(r"(?<=\d) %", "%", re.sub(r"(?<=\d),(?=\d{3})", "", text))


def numbers_of_prose(notebook) -> list[str]:
    """All decimals and percentages in the text, but for numbers of sections."""
    text = " ".join(NOT_PROSE.sub(" ", cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    found = [match.group(1) for match in NUMBER.finditer(plain(text))]
    return [number for number in found if number not in SECTIONS]


def printed(notebook) -> str:
    """What the notebook prints and what its code says; what the cards and the ablation hold."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.get("text", "") + str(output.get("data", {}).get("text/plain", "")) for output in outputs]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    cards = [card.read_text() for card in (ROOT / "data/pretrained").glob("*/card.json")]
    ablation = (ROOT / "tests/benchmarks/ablation.json").read_text()
    return plain(" ".join([*texts, *code, *cards, ablation]))


def is_printed(number: str, text: str) -> bool:
    """Whether a number stands in the text, or one that rounds to it; shares count as percentages, too."""
    if re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", text):
        return True
    digits = len(number.partition(".")[2])
    longer = (float(x) for x in set(re.findall(rf"\d+\.\d{{{digits + 1},}}", text)))
    return any(f"{value:.{digits}f}" == number or f"{100 * value:.{digits}f}" == number for value in longer)


@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: path.stem)
def test_every_number_in_the_text_is_printed_somewhere(path):
    notebook = nbformat.read(path, as_version=4)
    text = printed(notebook)
    quoted = QUOTED.get(path.stem, {})
    assert [n for n in numbers_of_prose(notebook) if n not in quoted and not is_printed(n, text)] == []


def test_a_number_that_nobody_printed_is_found():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell("The distance is 12.34, and 97.31 % are right. See 3.4.")]
    assert numbers_of_prose(notebook) == ["12.34", "97.31"]
    assert is_printed("12.34", "distance 12.341")
    assert is_printed("97.31", "share 0.97312")
    assert not is_printed("12.34", "distance 12.35, 112.34 and 12.3")
