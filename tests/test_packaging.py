"""One list of dependencies, and a package that also works away from the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from gancourse import pretrained, sources

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "lessons").glob("*/*.ipynb"))
COLAB = ("ipykernel==6.17.1", "ipython==7.34.0", "backcall==0.2.0", "decorator==5.2.1", "pickleshare==0.7.5")
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LISTS = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
REQUIREMENTS = [Requirement(text) for texts in LISTS for text in texts]


def pinned() -> dict[str, str]:
    """Return name -> version of constraints.txt."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    parts = [re.fullmatch(r"([\w.-]+)==([\w.+!]+)(;.*)?", line).groups() for line in lines if line]
    return {canonicalize_name(name): version for name, version, _ in parts}


def test_the_conda_environment_points_to_the_one_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, from_pip = environment["dependencies"]
    assert pip == "pip"
    assert from_pip == {"pip": ["--constraint constraints.txt", "--editable .[lab]"]}
    version = re.fullmatch(r"python=(3\.\d+)", python).group(1)
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_to_a_version_that_it_allows(requirement):
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


def test_the_makefile_asks_for_the_python_that_the_package_asks_for():
    makefile = (ROOT / "Makefile").read_text()
    allowed = [minor for minor in range(30) if SpecifierSet(PROJECT["requires-python"]).contains(f"3.{minor}")]
    assert f"(3, {allowed[0]}) <= sys.version_info[:2] < (3, {allowed[-1] + 1})" in makefile


LAB_ONLY = [Requirement(text).name for text in PROJECT["optional-dependencies"]["lab"]]
DRAW = """\
import sys
sys.modules |= dict.fromkeys({lab_only!r})  # as where these are not installed
import gancourse
from gancourse import checks, pretrained, sources, training
print(gancourse.__file__)
print(sources.cache_folder())
from gancourse import doctor, recipes, shipping, widgets
gan = pretrained.load({name!r})
print(tuple(training.sample(gan.generator, 3, seed=0).shape), gan.card["recipe"])
checks.vanilla_gan.draw_noise(lambda n, device="cpu": checks.vanilla_gan.draw_noise.reference(n, device))
"""


@dataclass(frozen=True)
class Elsewhere:
    """An environment away from the repository, in which the wheel is installed."""

    python: Path
    packages: Path
    wheel: Path

    def run(self, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Run Python in the folder, with a home in which nothing has ever been."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GANCOURSE", "PYTHON", "XDG", "PYTEST"))}
        own = {"HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "home" / "cache")}
        (folder / "home").mkdir()
        command = [self.python, *arguments]
        return subprocess.run(command, cwd=folder, env=clean | own | variables, capture_output=True, text=True)


def pip(*arguments: str | Path) -> str:
    """Run pip and return what it prints."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Elsewhere:
    """It borrows everything from this environment but gancourse, and the kernel and IPython, which are those of Colab."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("gancourse-*.whl")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": folder / "venv", "platbase": folder / "venv"}))
    pip("--python", python, "install", "--no-deps", wheel, *COLAB)
    # An editable gancourse stays out: a folder that is named in a .pth file has its own .pth files ignored.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Elsewhere(python, packages, wheel)


def test_the_wheel_draws_a_sample_with_shipped_weights_elsewhere(elsewhere, tmp_path):
    name = pretrained.names()[0]
    done = elsewhere.run(tmp_path, "-c", DRAW.format(name=name, lab_only=LAB_ONLY))
    assert done.stderr == ""
    imported, cache, sample, check = done.stdout.splitlines()
    assert Path(imported) == elsewhere.packages / "gancourse" / "__init__.py"
    assert Path(cache) == tmp_path / "home" / "cache" / "gancourse"
    assert sample == f"(3, 1, 28, 28) {name}"
    assert check == "✓ draw_noise: right."


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_released_lesson_runs_from_the_wheel_in_an_empty_folder(elsewhere, tmp_path, lesson):
    """All its cells, under plain `jupyter execute`, as after "Run all": unsolved exercises, and the course's version steps in."""
    shutil.copy(lesson, tmp_path)
    data = sources.cache_folder().parent  # fetched before, by whatever test
    options = ["--inplace", "--timeout=300"]
    done = elsewhere.run(
        tmp_path,
        "-c",
        "from nbclient.cli import main; main()",
        *options,
        lesson.name,
        GANCOURSE_BUDGET="quick",
        GANCOURSE_DATA=str(data),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = [cell for cell in nbformat.read(tmp_path / lesson.name, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.execution_count is None and cell.source] == []
    failed = {cell.id for cell in cells for output in cell.outputs if output.output_type == "error"}
    assert failed == {cell.id for cell in cells if "raises-exception" in cell.metadata.get("tags", [])}
    (said,) = (cell.outputs[0].text for cell in cells if cell.id == "start")
    assert said.startswith("Ready: ")


@pytest.mark.parametrize(
    "lesson",
    [path if path.stem < "05" else pytest.param(path, marks=pytest.mark.long) for path in SOLUTIONS],
    ids=lambda path: path.stem,
)
def test_a_lesson_runs_as_a_script(lesson, tmp_path):
    """Converted by jupytext; IPython runs it where a training lets the page of a notebook go on (`await`)."""
    script = jupytext.writes(nbformat.read(lesson, as_version=4), "py:percent")
    waits = "await " in script
    file = tmp_path / f"{lesson.stem}.{'ipy' if waits else 'py'}"
    file.write_text(script)
    done = subprocess.run(
        [sys.executable, *(["-m", "IPython", "--colors=NoColor"] if waits else []), file.name],
        cwd=tmp_path,
        env=os.environ | {"GANCOURSE_BUDGET": "quick", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stdout
    assert len(re.findall("^✓", done.stdout, re.MULTILINE)) == len(
        re.findall(r"^checks\.\w+\.\w+\(\w+\)", script, re.MULTILINE)
    )


def test_installing_keeps_the_torch_of_the_platform(elsewhere, tmp_path, monkeypatch):
    """Colab and Kaggle bring torch with CUDA, newer than ours perhaps, and a kernel of their own."""
    (tmp_path / "none.txt").touch()
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "none.txt"))  # whatever this machine demands of versions
    venv.create(tmp_path / "platform", symlinks=True)
    target = sysconfig.get_path("purelib", "venv", dict.fromkeys(("base", "platbase"), tmp_path / "platform"))
    theirs = {"torch": "2.19.1+cu140", "numpy": "2.0.2", "ipykernel": "6.17.1", "ipython": "7.34.0", "pillow": "11.3.0"}
    for name, version in theirs.items():
        about = Path(target) / f"{name}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    report = tmp_path / "report.json"
    pip("--python", tmp_path / "platform/bin/python", "install", "--dry-run", "--report", report, elsewhere.wheel)
    installed = {canonicalize_name(item["metadata"]["name"]) for item in json.loads(report.read_text())["install"]}
    assert {"gancourse", "ipywidgets", "anywidget", "safetensors"} <= installed
    assert installed.isdisjoint({*theirs, "jupyterlab", "nbgrader"})


def test_the_container_file_is_sound_and_uses_what_there_is():
    file = ROOT / "Containerfile"
    linted = subprocess.run([Path(sys.executable).with_name("hadolint"), file], capture_output=True, text=True)
    assert (linted.returncode, linted.stdout) == (0, "")
    assert "RUN make install" in file.read_text()
    assert '"lab", "LAB_FLAGS=' in file.read_text()


@pytest.mark.parametrize("name", ["course", "Köpfe und Münzen, 2"])
def test_an_environment_that_was_moved_is_installed_anew(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, folder)

    def make() -> str:
        (folder / ".venv/bin").mkdir(parents=True, exist_ok=True)
        for file in (".venv/bin/pip", ".venv/.installed"):  # newer than the lists: nothing to do
            (folder / file).touch()
        return subprocess.run(["make", "-n", "install"], cwd=folder, capture_output=True, text=True).stdout

    assert "Installing" not in make()
    (folder / ".venv/.place").write_text(f"{folder}\n")
    assert "Installing" not in make()
    (folder / ".venv/.place").write_text("/elsewhere\n")
    said = make()
    assert "This folder was moved or renamed" in said
    assert "Installing the course" in said
