"""What works on this machine: `gancourse doctor`, and the one line at the top of every lesson."""

import importlib.metadata
import platform
import shutil
import sys
from dataclasses import dataclass

OK, MISSING, BROKEN = "ok", "–", "PROBLEM"  # MISSING: something optional, or not fetched yet


@dataclass(frozen=True)
class Row:
    """One line of the table: what was looked at, its state, what was found, and the command that mends it."""

    what: str
    state: str
    found: str
    mend: str = ""


def rows() -> list[Row]:
    """Look at everything and return a row for each."""
    return [_python(), *_torch(), _budget(), *_datasets(), *_weights(), *_extensions(), _bubblewrap(), _chromium()]


def table(found: list[Row]) -> str:
    """Return the rows as text, each problem followed by the command that mends it."""
    widths = [max(len(getattr(row, name)) for row in found) for name in ("what", "state")]
    lines = []
    for row in found:
        lines.append(f"{row.what:<{widths[0]}}  {row.state:<{widths[1]}}  {row.found}")
        if row.mend:
            lines.append(f"{'':<{widths[0]}}  {'':<{widths[1]}}  -> {row.mend}")
    return "\n".join(lines)


def check(*datasets: str) -> None:
    """Print one line for the top of a lesson: ready on which device, or what is missing and how to mend it."""
    from gancourse import budget_name
    from gancourse.datasets import status

    found = [_python(), *_torch(), _budget(), *(_dataset(name, status) for name in datasets), *_weights()]
    problems = [row for row in found if row.state == BROKEN]
    if problems:
        print("Not ready yet:\n" + table(problems))
        return
    _make_an_optimizer()
    _allow_widgets_on_colab()
    absent = [row.what.removeprefix("data ") for row in found if row.state == MISSING and row.what.startswith("data ")]
    later = f" {' and '.join(absent)} will be fetched when first used." if absent else ""
    budget = budget_name()
    short = ": a few steps and pictures, which show only that everything runs" * (budget == "quick")
    print(f"Ready: {device_line()}, budget {budget!r}{short}.{later}")


def _make_an_optimizer() -> None:
    """Create an optimiser, so that torch's delayed imports happen here and not during a lesson's first check."""
    import torch

    torch.optim.SGD([torch.zeros(1)])


def _allow_widgets_on_colab() -> None:
    """Let Colab show the widgets: it hides those of ipywidgets 8 and of anywidget until it is told to fetch their page's part."""
    if "google.colab" in sys.modules:
        from google.colab import output

        output.enable_custom_widget_manager()


def device_line() -> str:
    """Return the device in words: name, memory, whether bfloat16 is native."""
    import torch

    from gancourse.training import has_native_bf16, pick_device

    device = pick_device()
    bf16 = "native bf16" if has_native_bf16(device) else "no native bf16"
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, {bf16}"
    threads = torch.get_num_threads()
    name = "Apple GPU" if device.type == "mps" else f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    return f"{name}, {bf16}"


def _python() -> Row:
    right = (3, 11) <= sys.version_info[:2] < (3, 14)
    mend = "" if right else "install Python 3.11 to 3.13 and run: rm -rf .venv && make install PYTHON=python3.12"
    return Row("Python", OK if right else BROKEN, platform.python_version(), mend)


def _torch() -> list[Row]:
    try:
        import torch
    except (ImportError, OSError) as error:
        return [Row("torch", BROKEN, str(error).splitlines()[0], "make install")]
    return [Row("torch", OK, torch.__version__), Row("device", OK, device_line())]


def _budget() -> Row:
    from gancourse import budget_name

    try:
        return Row("budget", OK, budget_name())
    except ValueError as error:
        return Row("budget", BROKEN, str(error), "unset GANCOURSE_BUDGET")


def _datasets() -> list[Row]:
    from gancourse import datasets

    try:
        return [_dataset(name, datasets.verify) for name in datasets.NAMES]
    except datasets.DataError as error:  # GANCOURSE_DATA names no folder: the same for every set
        return [Row("data", BROKEN, " ".join(str(error).split()), "unset GANCOURSE_DATA")]


def _dataset(name: str, look) -> Row:
    """Return the row of a dataset; `look` is datasets.status (quick) or datasets.verify (every byte)."""
    state = look(name)
    if state == "ready":
        return Row(f"data {name}", OK, "ready")
    damaged = state.startswith("damaged")
    return Row(f"data {name}", BROKEN if damaged else MISSING, state, f"gancourse data {name}")


def _weights() -> list[Row]:
    from gancourse import pretrained, recipes

    found = []
    for name in [*recipes.CLASSIFIERS, *pretrained.names(), *recipes.SRGANS]:
        try:
            if name in recipes.CLASSIFIERS:
                pretrained.load_classifier(name)
                found.append(Row(f"weights {name}", OK, "read and verified"))
            else:
                stages = pretrained.read_card(name)["stages"]
                for stage in range(len(stages)):
                    pretrained.load(name, stage + 1)
                found.append(Row(f"weights {name}", OK, f"{len(stages)} stages read and verified"))
        except pretrained.WeightsError as error:
            found.append(Row(f"weights {name}", BROKEN, str(error), "git checkout -- data/pretrained"))
    return found


def _extensions() -> list[Row]:
    found = []
    for package in ("ipywidgets", "anywidget", "jupyterlab"):
        try:
            found.append(Row(package, OK, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            optional = package == "jupyterlab"  # the lessons run in other places, too
            why = "not installed; only `gancourse lab` needs it" if optional else "not installed"
            found.append(Row(package, MISSING if optional else BROKEN, why, f"pip install {package}"))
    return found


def _bubblewrap() -> Row:
    path = shutil.which("bwrap")
    if path:
        return Row("bubblewrap", OK, path)
    return Row("bubblewrap", MISSING, "not installed; only graders need it", "sudo apt-get install bubblewrap")


def _chromium() -> Row:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path:
        return Row("Chromium", OK, path)
    return Row("Chromium", MISSING, "not installed; only the browser tests need it", "sudo apt-get install chromium")
