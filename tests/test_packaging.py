"""One list of dependencies, and a package that also works away from the repository."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from gancourse import pretrained

ROOT = Path(__file__).parents[1]
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
    assert from_pip == {"pip": ["--constraint constraints.txt", "--editable ."]}
    version = re.fullmatch(r"python=(3\.\d+)", python).group(1)
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_to_a_version_that_it_allows(requirement):
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


def test_the_makefile_asks_for_the_python_that_the_package_asks_for():
    makefile = (ROOT / "Makefile").read_text()
    allowed = [minor for minor in range(30) if SpecifierSet(PROJECT["requires-python"]).contains(f"3.{minor}")]
    assert f"(3, {allowed[0]}) <= sys.version_info[:2] < (3, {allowed[-1] + 1})" in makefile


DRAW = """\
import gancourse
from gancourse import checks, pretrained, sources, training
print(gancourse.__file__)
print(sources.cache_folder())
gan = pretrained.load({name!r})
print(tuple(training.sample(gan.generator, 3, seed=0).shape), gan.card["recipe"])
checks.vanilla_gan.draw_noise(lambda n, device="cpu": checks.vanilla_gan.draw_noise.reference(n, device))
"""


def test_the_wheel_draws_a_sample_with_shipped_weights_elsewhere(tmp_path):
    name = pretrained.names()[0]
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("gancourse-*.whl")

    # Another environment, which borrows everything but gancourse from this one. An editable gancourse stays out:
    # a folder that is named in a .pth file has its own .pth files ignored.
    elsewhere = tmp_path / "elsewhere"
    venv.create(elsewhere, symlinks=True)
    python = elsewhere / "bin" / "python"
    target = Path(sysconfig.get_path("purelib", "venv", {"base": elsewhere, "platbase": elsewhere}))
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
    (target / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")

    home = tmp_path / "home"
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GANCOURSE", "PYTHON", "XDG", "PYTEST"))}
    done = subprocess.run(
        [python, "-c", DRAW.format(name=name)],
        cwd=tmp_path,
        env=clean | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == ""
    imported, cache, sample, check = done.stdout.splitlines()
    assert Path(imported) == target / "gancourse" / "__init__.py"
    assert Path(cache) == home / "cache" / "gancourse"
    assert sample == f"(3, 1, 28, 28) {name}"
    assert check == "✓ draw_noise: right."


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
