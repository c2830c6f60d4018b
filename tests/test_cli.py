"""The `gancourse` command as a user meets it, in a process of its own; what it refuses, and a training, in this one."""

import importlib.metadata
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import gancourse
from gancourse import authoring, cli, doctor, metrics

GANCOURSE = Path(sys.executable).with_name("gancourse")


def run(*command, **settings) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=120, errors="replace", **settings
    )


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A repository with one lesson that is not built yet."""
    source = tmp_path / "solutions/01_x/01_x.py"
    source.parent.mkdir(parents=True)
    source.write_text("# %% [markdown]\n# # Hello\n\n# %%\nprint('hello')\n")
    monkeypatch.setattr(cli, "_checkout", lambda: tmp_path)
    return tmp_path


def test_the_command_gives_ctrl_c_back_its_handler(capsys):
    before = signal.getsignal(signal.SIGINT)
    assert cli.main(["train", "no such recipe"]) == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert "There is no recipe" in capsys.readouterr().err


def test_import_loads_nothing_heavy():
    heavy = ("torch", "numpy", "matplotlib", "ipywidgets", "IPython", "jupytext", "pooch")
    code = "import sys, gancourse\nprint(gancourse.__version__, *sys.modules)"
    version, *loaded = run(sys.executable, "-c", code).stdout.split()
    assert version == "0.1.0"
    assert set(loaded) & set(heavy) == set()


def test_training_and_metrics_run_without_notebooks_and_widgets():
    code = "import sys\nfrom gancourse import training, metrics, recipes, pretrained\nprint(*sys.modules)"
    loaded = run(sys.executable, "-c", code).stdout.split()
    assert "torch" in loaded
    assert set(loaded) & {"IPython", "ipywidgets", "nbgrader", "nbformat", "matplotlib", "pooch"} == set()


def test_evaluate_prints_a_table_and_writes_the_same_figures(tmp_path):
    done = run(GANCOURSE, "evaluate", "mnist_better", "--samples", "200", "--out", tmp_path / "report.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "200 images beside as many real mnist test images, on digit features" in done.stdout
    figures = json.loads((tmp_path / "report.json").read_text())
    assert f"{figures['frechet_digit_features']:.2f}" in done.stdout
    assert f"{figures['controls']['noise']:.2f}" in done.stdout
    assert "FID" not in done.stdout


def test_evaluate_takes_what_a_training_has_written(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(metrics, "SAMPLES", 200)  # of the report at the end of `train`; 10,000 take half a minute
    assert cli.main(["train", "mnist_better", "--steps", "20", "--runs", str(tmp_path)]) == 0
    assert "of 1 seeds" in capfd.readouterr().out
    weights, report = tmp_path / "mnist_better-seed0/checkpoint.safetensors", tmp_path / "report.json"
    options = ["--weights", str(weights), "--samples", "150", "--out", str(report)]
    assert cli.main(["evaluate", "mnist_better", *options]) == 0
    assert capfd.readouterr().err == ""
    assert json.loads(report.read_text())["times_floor"] > 10
    assert cli.main(["evaluate", "mnist_tutorial", *options]) == 1
    assert "another network" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["evaluate", "mnist_better", "--ship", "--samples", "200"], ["train", "digit_classifier", "--steps", "5"]],
    ids=["evaluate", "train"],
)
def test_options_that_would_be_ignored_are_refused(arguments, capfd):
    assert cli.main(arguments) == 1
    assert "remove" in capfd.readouterr().err


def test_evaluate_of_too_few_images_says_how_many_it_takes(capfd):
    assert cli.main(["evaluate", "mnist_better", "--samples", "100"]) == 1
    assert "at least 129" in capfd.readouterr().err


def test_help_names_every_command_and_loads_no_torch():
    code = "import sys\nfrom gancourse import cli\ntry: cli.main(['--help'])\nexcept SystemExit: assert 'torch' not in sys.modules"
    shown = run(sys.executable, "-c", code)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(name in shown.stdout for name in ("doctor", "lab", "data", "train", "evaluate", "build", "explore"))


@pytest.mark.parametrize(
    ("arguments", "there_are"),
    [
        (["train", "nonsense"], "mnist_better"),
        (["evaluate", "nonsense"], "mnist_better"),
        (["explore", "nonsense"], "mnist_better"),
        (["data", "nonsense"], "pokemon819"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_unknown_name_is_answered_in_one_line_with_those_there_are(arguments, there_are, capfd):
    assert cli.main(arguments) == 1
    said = capfd.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith(f"gancourse {arguments[0]}: ")
    assert "nonsense" in line
    assert there_are in line


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["train", "mnist_better", "--steps", "many"]])
def test_a_wrong_command_line_gets_the_usage(arguments):
    answer = run(GANCOURSE, *arguments)
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: gancourse")


def test_a_wrong_budget_is_said_clearly(monkeypatch, capsys):
    monkeypatch.setenv("GANCOURSE_BUDGET", "huge")
    with pytest.raises(ValueError, match="GANCOURSE_BUDGET is 'huge'; it must be one of quick, cpu, gpu"):
        gancourse.budget(quick=1, cpu=2, gpu=3)
    doctor.check()
    said = capsys.readouterr().out
    assert "GANCOURSE_BUDGET is 'huge'" in said
    assert "unset GANCOURSE_BUDGET" in said


def test_a_budget_may_be_written_in_capitals(monkeypatch):
    monkeypatch.setenv("GANCOURSE_BUDGET", " Quick ")
    assert gancourse.budget(quick=1, cpu=2, gpu=3) == 1


def test_the_module_is_the_command():
    answer = run(sys.executable, "-m", "gancourse")
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: gancourse")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_gets_its_table(encoding):
    answer = run(GANCOURSE, "doctor", env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert answer.returncode == 0
    assert answer.stderr == ""


def test_doctor_prints_its_table():
    answer = run(GANCOURSE, "doctor")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert [line.split()[0] for line in answer.stdout.splitlines()[:3]] == ["Python", "torch", "device"]


def test_build_check_fails_until_the_lessons_are_built(checkout, capsys):
    assert cli.main(["build", "--check"]) == 1
    assert capsys.readouterr().out == "solutions/01_x/01_x.ipynb: not built\n"
    assert cli.main(["build"]) == 0
    assert capsys.readouterr().out == "01_x: executed and released\n"
    assert cli.main(["build", "--check"]) == 0
    assert capsys.readouterr().out == "Every notebook agrees with its source.\n"


def test_a_lesson_that_does_not_run_fails_the_build_with_the_cells_error(checkout, capsys):
    (checkout / "solutions/01_x/01_x.py").write_text("# %%\n1 / 0\n")
    assert cli.main(["build"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("gancourse build: 01_x")
    assert "ZeroDivisionError" in said


def test_the_repositorys_own_lessons_agree_with_their_sources(capfd):
    root = Path(__file__).parents[1]
    assert authoring.sources(root)
    assert cli.main(["build", "--check"]) == 0
    assert capfd.readouterr().out == "Every notebook agrees with its source.\n"


def test_lab_copies_the_lessons_and_hands_its_flags_to_jupyterlab(tmp_path):
    (tmp_path / "lessons/01_x").mkdir(parents=True)
    (tmp_path / "lessons/01_x/01_x.ipynb").write_text("{}")
    lines = ["import pathlib", "from gancourse import cli", f"cli._checkout = lambda: pathlib.Path({str(tmp_path)!r})"]
    answer = run(sys.executable, "-c", "\n".join([*lines, "cli.main(['lab', '--version'])"]))
    copied, version = answer.stdout.splitlines()
    assert copied == f"01_x: copied to {tmp_path / 'work' / '01_x'}"
    assert version == importlib.metadata.version("jupyterlab")
    assert (tmp_path / "work/01_x/01_x.ipynb").exists()


def test_outside_a_checkout_lab_and_build_say_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "lib/site-packages/gancourse/cli.py"))
    for command in ("lab", "build"):
        assert cli.main([command]) == 1
        assert "in a clone of the course's repository" in capsys.readouterr().err


def test_what_a_command_needs_beside_the_lessons_is_named(monkeypatch, capsys):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in ("voila", "jupyterlab") else there(name)
    )
    for command, package in (("lab", "jupyterlab"), ("explore", "voila")):
        assert cli.main([command]) == 1
        assert (
            f"needs {package}, not installed here. Run `make install` in the course's folder, or pip install {package}\n"
            in capsys.readouterr().err
        )


@pytest.mark.parametrize("after", [0.3, 0.5, 0.7, 0.9])  # seconds: torch is loaded from about 0.2 to 1.5
def test_three_interrupts_while_torch_is_loaded_print_no_traceback(after):
    running = subprocess.Popen([GANCOURSE, "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(after)
    for _ in range(3):
        running.send_signal(signal.SIGINT)
        time.sleep(0.05)
    _, said = running.communicate(timeout=60)
    assert "Traceback" not in said
    assert running.returncode in (0, 130)  # 0 on a machine that was faster


def test_explore_that_is_killed_leaves_no_server_and_no_folder(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    # A home that cannot be written: neither Voilà nor a kernel may need it.
    env = os.environ | {"TMPDIR": str(tmp_path), "HOME": os.devnull}
    running = subprocess.Popen(
        [GANCOURSE, "explore", "--no-browser", f"--port={port}"],
        env=env,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        assert _within(60, lambda: _answers(port))
        page = urllib.request.urlopen(f"http://localhost:{port}/", timeout=60)
        assert page.status == 200
    finally:
        running.terminate()
    assert running.wait(timeout=30) == 143
    assert _within(10, lambda: not _answers(port))
    assert not list(tmp_path.glob("tmp*"))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("localhost", port)) == 0


def _within(seconds: float, true) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.2)
    return False
