"""What the doctor says: what works, what does not, and how to mend it."""

import shutil
import sys
import types

import pytest

from gancourse import doctor, pretrained, sources
from gancourse.doctor import BROKEN, MISSING, OK, Row


@pytest.fixture
def own_weights(tmp_path, monkeypatch):
    """A copy of the shipped weights, to damage."""
    copy = shutil.copytree(sources.data_folder() / "pretrained", tmp_path / "pretrained")
    monkeypatch.setattr(pretrained, "data_folder", lambda: tmp_path)
    return copy


def broken(rows: list[Row]) -> dict[str, Row]:
    return {row.what: row for row in rows if row.state == BROKEN}


def test_the_table_looks_at_everything_that_the_course_uses():
    seen = {row.what for row in doctor.rows()}
    assert {"Python", "torch", "device", "jupyterlab", "ipywidgets", "bubblewrap", "Chromium"} <= seen
    assert {"data mnist", "data cifar10", "data pokemon", "data pokemon819"} <= seen
    assert {"weights digit_classifier", *(f"weights {name}" for name in pretrained.names())} <= seen


def test_this_environment_has_no_problem():
    assert broken(doctor.rows()) == {}


def test_whatever_is_not_ok_comes_with_what_mends_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no bubblewrap, no Chromium
    rows = doctor.rows()
    assert {"bubblewrap", "Chromium"} <= {row.what for row in rows if row.state == MISSING}
    assert all(bool(row.mend) == (row.state != OK) for row in rows)


def test_the_table_is_aligned_and_shows_the_mending_command_below_the_problem():
    rows = [Row("Python", OK, "3.12.1"), Row("data mnist", BROKEN, "damaged", "gancourse data mnist")]
    assert doctor.table(rows).splitlines() == [
        "Python      ok       3.12.1",
        "data mnist  PROBLEM  damaged",
        "                     -> gancourse data mnist",
    ]


def test_check_says_in_one_line_that_all_is_ready(capsys, monkeypatch):
    monkeypatch.setenv("GANCOURSE_BUDGET", "cpu")
    doctor.check()
    assert capsys.readouterr().out == f"Ready: {doctor.device_line()}, budget 'cpu'.\n"


def test_check_says_that_a_quick_run_shows_little(capsys, monkeypatch):
    monkeypatch.setenv("GANCOURSE_BUDGET", "quick")
    doctor.check()
    assert (
        "budget 'quick': a few steps and pictures, which show only that everything runs.\n" in capsys.readouterr().out
    )


def test_check_lets_colab_show_the_widgets(monkeypatch):
    """Colab's own module cannot be had elsewhere: this is only what its documentation says."""
    called = []
    output = types.SimpleNamespace(enable_custom_widget_manager=lambda: called.append(True))
    monkeypatch.setitem(sys.modules, "google", types.SimpleNamespace())
    monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(output=output))
    doctor.check()
    assert called == [True]


def test_check_says_what_will_be_fetched(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "default_cache", lambda: tmp_path)
    monkeypatch.delenv("GANCOURSE_DATA", raising=False)
    doctor.check("mnist", "pokemon")
    said = capsys.readouterr().out
    assert said.startswith("Ready: ")
    assert said.endswith("mnist and pokemon will be fetched when first used.\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1] + b"?"),
        lambda file: file.write_bytes(file.read_bytes()[:100]),
        lambda file: file.unlink(),
    ],
    ids=["changed", "cut short", "deleted"],
)
@pytest.mark.parametrize("file", ["weights.safetensors", "card.json"])
def test_a_damaged_classifier_is_named_with_what_brings_it_back(own_weights, capsys, damage, file):
    damage(own_weights / "digit_classifier" / file)
    found = broken(doctor.rows())
    assert set(found) == {"weights digit_classifier"}
    assert file in found["weights digit_classifier"].found
    doctor.check()
    said = capsys.readouterr().out
    assert said.startswith("Not ready yet")
    assert "git checkout -- data/pretrained" in said
    assert "Python" not in said  # what is fine is not mentioned


def test_a_damaged_stage_of_a_generator_is_named(own_weights):
    name = pretrained.names()[0]
    file = next((own_weights / name).glob("*.safetensors"))
    file.write_bytes(b"")
    found = broken(doctor.rows())
    assert set(found) == {f"weights {name}"}
    assert file.name in found[f"weights {name}"].found


def test_no_weights_at_all_is_a_problem(own_weights):
    for folder in own_weights.iterdir():
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    assert "weights digit_classifier" in broken(doctor.rows())


@pytest.mark.parametrize(("version", "state"), [((3, 10), BROKEN), ((3, 11), OK), ((3, 13), OK), ((3, 14), BROKEN)])
def test_python_must_be_one_that_the_course_runs_on(monkeypatch, version, state):
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    assert doctor.rows()[0].state == state
