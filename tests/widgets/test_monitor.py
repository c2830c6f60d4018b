"""The live monitor without a browser: what it keeps and says, and that it changes nothing in the training."""

import asyncio
import io
import itertools
import re

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import losses, training, watching
from gancourse.networks.conditional import ConditionalDiscriminator, ConditionalGenerator
from gancourse.steps import mlp_step
from gancourse.widgets import TrainingMonitor, fit_live
from gancourse.widgets.chart import Line, binned, line_chart
from gancourse.widgets.monitor import MAX_FRAMES, Ended, duration, least_missed, sheet_columns
from toy_training import images, players

train_step = mlp_step(gamma=1.0)


def run_with(monitor, steps=40, after_step=None, **settings):
    """Train the toy, as fit_live does; `after_step` maps a step to what happens after it."""
    for run in training.fit_in_steps(train_step, *players(), images(), steps=steps, watcher=monitor, **settings):
        (after_step or {}).get(run.step, lambda: None)()
    return run


def test_watching_changes_nothing():
    monitor = TrainingMonitor(40)
    watched = run_with(monitor, after_step=dict.fromkeys(range(0, 40, 3), monitor.sample))
    alone = training.fit(train_step, *players(), images(), steps=40, progress=False)
    for name, values in alone.history.items():
        assert torch.equal(values, watched.history[name])
        assert torch.equal(values, monitor.history[name])
    for a, b in zip(alone.G.parameters(), watched.G.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_sheets_are_the_generators_pictures_of_those_steps():
    monitor = TrainingMonitor(40)
    run = run_with(monitor, after_step={10: monitor.sample, 20: monitor.sample}, ema=0.9)
    assert set(monitor.frames) >= {11, 21, 40}
    assert torch.equal(monitor.frames[40], training.sample(run.G, 64))
    monitor.finished(run)
    assert torch.equal(monitor.frames[40], training.sample(run.generator, 64))
    shown = np.asarray(Image.open(io.BytesIO(monitor.window.picture)))
    assert shown.ndim == 2
    assert "after step 40," in monitor.window.caption


def test_stop_ends_after_the_step_and_keeps_the_run():
    monitor = TrainingMonitor(40)
    run = run_with(monitor, after_step={7: monitor.stop_button.click})
    assert run.interrupted
    assert run.step == 8
    assert len(run.history["d_loss"]) == len(monitor.history["d_loss"]) == 8
    assert monitor.stop_button.disabled


def test_a_pause_waits_and_its_time_does_not_count():
    monitor = TrainingMonitor(40)

    async def train():
        training_steps = training.fit_in_steps(train_step, *players(), images(), steps=40, watcher=monitor)
        waited = 0
        for run in training_steps:
            if run.step == 5 and not waited:
                monitor.pause.click()
                assert monitor.pause.description == "Go on"
            while monitor.waits():
                await asyncio.sleep(0.02)
                waited += 1
                if waited == 20:
                    monitor.pause.click()
        return run, waited

    run, waited = asyncio.run(train())
    assert waited == 20
    assert run.step == 40
    assert not run.interrupted
    assert monitor.pause.description == "Pause"


def test_nothing_waits_once_the_training_has_ended():
    monitor = TrainingMonitor(40)
    monitor.pause.click()
    monitor.end()
    assert not monitor.waits()


def test_stop_ends_a_pause_too():
    monitor = TrainingMonitor(40)
    monitor.pause.click()
    assert monitor.waits()
    monitor.stop_button.click()
    assert not monitor.waits()
    assert monitor.stops()


def test_afterwards_a_slider_shows_how_the_pictures_formed():
    monitor = TrainingMonitor(40)
    run_with(monitor, after_step=dict.fromkeys((5, 10, 15), monitor.sample))
    assert monitor.forming in Ended(monitor).children
    assert monitor.frame.max == len(monitor.frames) - 1
    for i, step in enumerate(monitor.frames):
        monitor.frame.value = i
        monitor._painter.wait()
        assert f"after step {step}," in monitor.window.caption


def test_a_training_that_fails_leaves_no_live_buttons():
    monitor = TrainingMonitor(40)

    def failing(*arguments):
        return {"d_loss": torch.tensor(float("nan"))}

    with pytest.raises(training.TrainingStopped):
        training.fit(failing, *players(), images(), steps=40, watcher=monitor)
    assert monitor.pause.disabled


def test_sheets_are_kept_close_together_early_and_far_apart_late():
    steps: list[int] = []
    for step in range(100, 30_001, 100):
        steps.append(step)
        if len(steps) > MAX_FRAMES:
            steps.remove(least_missed(steps))
    assert (steps[0], steps[-1], len(steps)) == (100, 30_000, MAX_FRAMES)
    assert steps[1] - steps[0] == 100
    ratios = [b / a for a, b in itertools.pairwise(steps[10:])]
    assert max(ratios) < 1.35


def test_without_a_notebook_it_prints_lines(capsys):
    run = asyncio.run(fit_live(train_step, *players(), images(), steps=30, batch_size=8))
    lines = capsys.readouterr().out.splitlines()
    assert run.step == 30
    assert re.match(r"step 30 of 30 · .* steps/s · .* done · d_loss \d", lines[-1])


def test_under_nbgrader_it_says_nothing(capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert asyncio.run(fit_live(train_step, *players(), images(), steps=3)).step == 3
    assert capsys.readouterr().out == ""


def test_readers_without_widgets_get_the_last_sheet():
    monitor = TrainingMonitor(40)
    run_with(monitor)
    bundle = Ended(monitor)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert np.asarray(Image.open(io.BytesIO(data["image/png"]))).shape[0] >= 400


@pytest.mark.parametrize(("n", "bins"), [(0, 0), (1, 1), (119, 119), (120, 120), (121, 61), (1_000, 112)])
def test_bins_are_means_of_equal_stretches(n, bins):
    values = torch.arange(n).float()
    means = binned(values)
    assert len(means) == bins
    if n:
        size = -(-n // 120)
        assert means[0] == values[:size].mean()
        assert means[-1] == values[(bins - 1) * size :].mean()


def test_a_chart_draws_what_it_is_told_and_says_it():
    values = {"d_loss": torch.tensor([1.0, 2.0]), "other": torch.tensor([5.0, 5.0])}
    svg = line_chart("Losses", values, [Line("d_loss", "#000"), Line("log 4", "#000", level=1.386)], step=2, steps=4)
    assert 'aria-label="Losses after 2 of 4 steps: d_loss 2.00"' in svg
    assert svg.count("<polyline") == 3  # the axes, the curve, the level
    x = [float(place.split(",")[0]) for place in re.findall(r'points="([^"]+)"', svg)[1].split()]
    assert x[1] == pytest.approx((40 + 342) / 2)  # two of four steps are done
    assert "5.00" not in svg


def test_a_chart_of_a_training_that_goes_on_begins_where_the_earlier_one_ended():
    svg = line_chart("Losses", {"d_loss": torch.ones(2)}, [Line("d_loss", "#000")], step=4, steps=4)
    x = [float(place.split(",")[0]) for place in re.findall(r'points="([^"]+)"', svg)[1].split()]
    assert x == pytest.approx([40 + 302 * 3 / 4, 342])


@pytest.mark.parametrize(
    ("forward", "says"), [(lambda z: z, "into (64, 8)"), (lambda z: 9 * torch.ones(len(z), 1, 28, 28), "run from 9.00")]
)
def test_pictures_that_cannot_be_shown_do_not_stop_the_training(forward, says):
    monitor = TrainingMonitor(40)
    run = run_with(monitor, steps=40)
    run.G.forward = forward
    monitor._draw(run, run.G, "")
    assert says in monitor.window.caption
    del run.G.z_dim
    monitor.finished(run)
    assert "z_dim" in monitor.window.caption


# ---- conditional generators ---------------------------------------------------------------------------------------


def conditional_players(classes: int = 10):
    torch.manual_seed(0)
    G = ConditionalGenerator(z_dim=8, classes=classes, hidden=(32,))
    D = ConditionalDiscriminator(classes=classes, hidden=(32,))
    return G, D, training.adam(G, 1e-3), training.adam(D, 1e-3)


def conditional_step(G, D, opt_G, opt_D, real, labels, step):
    fake = G(training.noise(G, len(real)), labels)
    real_logits, fake_logits = D(real, labels), D(fake.detach(), labels)
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()
    g_loss = losses.non_saturating_loss(D(fake, labels))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()
    return {"d_loss": d_loss, "g_loss": g_loss}


def train_conditional(monitor, classes: int = 10, **settings):
    settings |= {"labels": torch.arange(500) % classes, "watcher": monitor}
    return training.fit(conditional_step, *conditional_players(classes), images(), steps=12, **settings)


def test_each_column_of_a_conditional_generators_sheet_is_a_class():
    monitor = TrainingMonitor(12)
    run = train_conditional(monitor, ema=0.9)
    monitor.finished(run)
    sheet = monitor.frames[12]
    assert torch.equal(sheet, training.sample(run.generator, 60))
    shown = np.asarray(Image.open(io.BytesIO(monitor.window.picture)))
    assert shown.shape == (6 * 29 + 1, 10 * 29 + 1)
    third = training.noise(run.generator, 60, seed=0)[3::10]
    pictures = training.to_uint8(run.generator(third, torch.full((6,), 3)).detach())
    assert np.array_equal(shown[1:-1, 3 * 29 + 1 : 4 * 29].reshape(-1, 28)[:28], pictures[0, 0].numpy())
    assert np.array_equal(shown[5 * 29 + 1 : 6 * 29, 3 * 29 + 1 : 4 * 29], pictures[5, 0].numpy())
    assert monitor.window.caption.startswith("60 pictures of the EMA generator after step 12")
    assert monitor.window.caption.endswith("each column is a class")
    still = Ended(monitor)._repr_mimebundle_()
    data = still[0] if isinstance(still, tuple) else still
    height, width = np.asarray(Image.open(io.BytesIO(data["image/png"]))).shape
    assert (height, width) == (2 * (6 * 29 + 1), 2 * (10 * 29 + 1))  # large enough to see


@pytest.mark.parametrize(
    ("classes", "columns"), [(0, 8), (1, 12), (2, 12), (5, 10), (7, 7), (10, 10), (12, 12), (13, 8)]
)
def test_a_sheet_has_columns_that_suit_its_classes(classes, columns):
    assert sheet_columns(classes) == columns


def test_many_classes_come_by_turns():
    monitor = TrainingMonitor(12)
    run = train_conditional(monitor, classes=40)
    assert torch.equal(monitor.frames[12], training.sample(run.G, 64))
    assert monitor.window.caption.endswith("the classes by turns")


def test_fit_live_hands_the_labels_on(capsys):
    labels = torch.arange(500) % 10
    run = asyncio.run(fit_live(conditional_step, *conditional_players(), images(), steps=12, labels=labels, ema=0.9))
    alone = train_conditional(watching.Watcher(), ema=0.9)
    for name, values in alone.history.items():
        assert torch.equal(values, run.history[name])


def test_classes_that_are_no_number_do_not_stop_the_training():
    monitor = TrainingMonitor(40)
    run = run_with(monitor)
    run.G.classes = ["cat", "dog"]
    monitor._draw(run, run.G, "")
    assert "`classes` is ['cat', 'dog']" in monitor.window.caption


@pytest.mark.parametrize(("seconds", "text"), [(3.4, "3 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")])
def test_durations_are_read_at_a_glance(seconds, text):
    assert duration(seconds) == text
