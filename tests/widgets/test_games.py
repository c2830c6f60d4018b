"""The games without a browser: what they show and say, and that they play only while a page draws them."""

import asyncio
import gc
import html
import io
import itertools
import json
import math
import re
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import toys
from gancourse.widgets import DiracGame, LineGame, PlaneGame, frame, game, line_game
from gancourse.widgets.frame import Arrows, Frame, Heat, Lines, Panel, Points
from gancourse.widgets.plane_players import LOSSES, MOST_RECORDS, Curves, PlanePlayers, Settings

GAMES = [DiracGame, LineGame, PlaneGame]


class FakePage:
    """Draws the frames of a game as a page would, after a moment; `frames` holds what it got."""

    def __init__(self, shown):
        self.canvas, self.view, self.answers, self.frames = shown.canvas, 1, True, []
        shown.canvas.send = self.get
        self.say(kind="ready")

    def say(self, **content) -> None:
        self.canvas._handle_custom_msg(content | {"view": self.view}, [])

    def get(self, message, buffers) -> None:
        self.frames.append((message, buffers))
        if self.answers:
            loop = asyncio.get_running_loop()
            loop.call_later(0.005, lambda: self.say(kind="drawn", frame=message["number"]))


async def until(condition, seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("this does not happen")


def others() -> set[asyncio.Task]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def playing(kind):
    """Return a game that plays, and its page."""
    shown = kind()
    page = FakePage(shown)
    await until(lambda: shown.canvas.seen)
    shown.play_button.click()
    assert shown.playing
    assert len(others()) == 1
    return shown, page


# ---- play and pause -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GAMES)
def test_it_plays_until_it_is_paused_and_leaves_no_task(kind):
    async def play():
        shown, page = await playing(kind)
        before = len(page.frames)
        await until(lambda: len(page.frames) > before + 3)
        shown.play_button.click()
        await until(lambda: not others())
        assert not shown.playing
        assert shown.play_button.description == "Play"
        await until(lambda: shown.canvas.is_free)
        count = len(page.frames)
        await asyncio.sleep(0.2)
        assert len(page.frames) == count

    asyncio.run(play())


@pytest.mark.parametrize("kind", GAMES)
def test_without_a_page_nothing_is_sent_and_nothing_runs(kind):
    async def press():
        shown = kind()
        sent = []
        shown.canvas.send = lambda *message: sent.append(message)
        shown.play_button.click()
        shown.step_button.click()
        await asyncio.sleep(0.05)
        assert not shown.playing
        assert not others()
        assert sent == []
        return shown

    shown = asyncio.run(press())
    kind().play_button.click()  # where there is no event loop at all
    shown.play_button.click()
    assert "once a page shows it" in shown.message.value


def test_it_pauses_when_the_page_is_gone():
    async def play():
        shown, page = await playing(PlaneGame)
        page.say(kind="gone")
        await until(lambda: not others())
        assert not shown.playing

    asyncio.run(play())


@pytest.mark.parametrize("kind", GAMES)
def test_it_pauses_when_the_page_does_not_answer_and_goes_on_with_a_new_one(kind, monkeypatch):
    monkeypatch.setattr(game, "LOST", 0.1)

    async def play():
        shown, page = await playing(kind)
        page.answers = False
        await until(lambda: not others())
        assert "did not draw any more" in shown.message.value
        page.answers, page.view = True, 2
        page.say(kind="ready")
        count = len(page.frames)
        shown.play_button.click()
        await until(lambda: len(page.frames) > count + 3)
        shown.pause()
        await until(lambda: not others())

    asyncio.run(play())


def test_a_cell_that_keeps_the_kernel_busy_does_not_pause_it(monkeypatch):
    monkeypatch.setattr(game, "LOST", 0.1)

    async def play():
        shown, page = await playing(PlaneGame)
        for _ in range(3):
            time.sleep(0.3)  # as a cell does
            count = len(page.frames)
            await until(lambda count=count: len(page.frames) > count + 2)
        assert shown.playing
        shown.pause()
        await until(lambda: not others())

    asyncio.run(play())


def test_a_page_that_answers_fast_keeps_it_playing(monkeypatch):
    monkeypatch.setattr(game, "LOST", 0.1)
    monkeypatch.setattr(game, "FRAME", 0.0)

    async def play():
        shown, page = await playing(DiracGame)
        await asyncio.sleep(0.5)
        assert shown.playing
        assert len(page.frames) > 5
        shown.pause()
        await until(lambda: not others())

    asyncio.run(play())


def test_another_page_that_shows_it_keeps_it_playing():
    async def play():
        shown, page = await playing(PlaneGame)
        page.canvas._handle_custom_msg({"kind": "ready", "view": 2}, [])
        page.canvas._handle_custom_msg({"kind": "gone", "view": 2}, [])
        await asyncio.sleep(0.1)
        assert shown.playing
        shown.pause()
        await until(lambda: not others())

    asyncio.run(play())


def test_an_error_is_said_and_ends_the_play(monkeypatch):
    async def play():
        shown, _ = await playing(PlaneGame)
        monkeypatch.setattr(shown, "advance", lambda: {}["lost"])
        await until(lambda: not others())
        assert not shown.playing
        assert "KeyError" in shown.message.value
        assert 'role="alert"' in shown.message.value
        monkeypatch.undo()
        shown.play_button.click()
        await asyncio.sleep(0.1)
        assert shown.playing
        assert shown.message.value == ""
        shown.pause()
        await until(lambda: not others())

    asyncio.run(play())


def test_controls_in_another_thread_act_in_that_of_the_loop():
    async def play():
        shown = LineGame()
        page = FakePage(shown)
        seen = []
        shown.players.put = lambda *place: seen.append((place, threading.get_ident()))
        thread = threading.Thread(target=lambda: setattr(shown.mean, "value", 2.0))
        thread.start()
        await until(lambda: seen)
        thread.join()
        assert seen == [((2.0, 1.0), threading.get_ident())]
        await until(lambda: len(page.frames) > 1)

    asyncio.run(play())


def test_one_frame_at_a_time_and_the_newest_one():
    async def change():
        shown = LineGame()
        page = FakePage(shown)
        for mean in (1.0, 2.0, 4.0):
            shown.mean.value = mean
        assert len(page.frames) == 1
        await until(lambda: shown.canvas.is_free and not shown.canvas._stale)
        assert len(page.frames) == 2
        assert "N(4.00" in page.frames[-1][0]["text"]

    asyncio.run(change())


def test_steps_leave_torchs_threads_as_they_are():
    async def play():
        threads = torch.get_num_threads()
        torch.set_num_threads(3)
        try:
            shown, page = await playing(PlaneGame)
            await until(lambda: len(page.frames) > 3)
            assert torch.get_num_threads() == 3
            shown.pause()
            await until(lambda: not others())
            assert torch.get_num_threads() == 3
        finally:
            torch.set_num_threads(threads)

    asyncio.run(play())


# ---- what is seen -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GAMES)
def test_readers_without_widgets_get_a_png(kind):
    bundle = kind()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    picture = np.asarray(Image.open(io.BytesIO(data["image/png"])))
    assert min(picture.shape[:2]) > 300
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 50


@pytest.mark.parametrize("kind", GAMES)
def test_a_frame_is_data_for_its_layers(kind):
    message, data = kind().frame().message()
    layers = [layer for panel in message["panels"] for layer in panel["layers"]]
    assert len(layers) == len(data)
    for layer, values in zip(layers, data, strict=True):
        columns = {"arrows": 4, "heat": None}.get(layer["kind"], 2)
        assert values.dtype == (np.uint8 if columns is None else np.float32)
        assert columns is None or values.shape[1] == columns
        assert layer["kind"] != "lines" or sum(layer["lengths"]) == len(values)
        assert np.isfinite(values).all()


def test_no_two_layers_of_a_panel_differ_by_colour_alone():
    for kind in GAMES:
        for panel in kind().frame().panels:
            looks = [
                (type(layer), getattr(layer, "dash", ()), getattr(layer, "marker", ""), getattr(layer, "width", 0))
                for layer in panel.layers
            ]
            assert len(set(looks)) == len(looks), panel.title


def test_numbers_that_are_none_take_the_middle_colour():
    assert Heat(np.array([[0.0, 1.0, 2.0, math.nan]])).data().tolist() == [[0, 255, 255, 128]]


def test_ticks_are_round_numbers_with_a_minus_sign():
    assert [text for _, text in frame.ticks(-2.5, 2.5)] == ["\N{MINUS SIGN}2", "0", "2"]
    assert [text for _, text in frame.ticks(0, 1.05)] == ["0", "0.5", "1"]
    assert frame.with_minus("non-saturating -0.5, 1e-05") == "non-saturating \N{MINUS SIGN}0.5, 1e\N{MINUS SIGN}05"


def test_a_level_line_lies_where_the_values_cross_it():
    values = np.tile(np.linspace(0, 1, 11), (5, 1))
    (line,) = frame.level_lines(values, (0, 11), (0, 5))
    assert np.allclose(line[:, 0], 5.5)


def test_a_still_has_every_kind_of_layer():
    some = np.random.default_rng(0).normal(size=(5, 2))
    layers = [Heat(np.eye(4)), Lines([some, some + 1], "#000000", (2, 2), fill=True, name="lines")]
    layers += [Points(some, "#000000", "cross", name="points"), Arrows(np.tile(some, 2), "#000000", name="arrows")]
    panels = [Panel("one", (-2, 2), (-2, 2), layers, "x"), Panel("two", (0, 1), (0, 1), layers[1:], column=1)]
    Image.open(io.BytesIO(Frame([*panels, Panel("empty", (0, 1), (0, 1))], "").still())).verify()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PlaneGame("rings"), "There is no data set 'rings'; there are: ring of 8, grid of 25"),
        (lambda: PlaneGame(seed=-1), "The seed must be a number from 0 to 999999, not -1."),
        (lambda: LineGame(mean=9), "The mean must be a number from -8.0 to 8.0, not 9."),
        (lambda: LineGame(width="wide"), "The width must be a number from 0.25 to 4.25, not 'wide'."),
        (lambda: DiracGame("wgan"), "There is no loss 'wgan'; there are: minimax"),
        (lambda: DiracGame(start=(0, math.nan)), "psi at the start must be a number"),
    ],
)
def test_what_cannot_be_is_said_in_the_game(make, says):
    shown = make()
    assert says in html.unescape(shown.message.value)
    shown.frame().message()


# ---- the line -----------------------------------------------------------------------------------------------------


def test_the_line_says_the_value_of_the_optimal_discriminator():
    line = LineGame()
    for mean, value in ((0, "-1.3863"), (1, "-1.1635"), (2, "-0.7126"), (4, "-0.1209"), (8, "-0.0002")):
        line.mean.value = mean
        assert f"N({mean:.2f}, 1.00²). Optimal D: V(D*, G) = {value}" in line.frame().text


def test_against_the_optimal_discriminator_the_generator_arrives():
    line = LineGame(mean=3.0, width=2.0)
    for _ in range(600):
        line.advance()
    assert line.players.mean == pytest.approx(0, abs=0.15)
    assert line.players.width == pytest.approx(1, abs=0.15)
    assert line.mean.value == pytest.approx(line.players.mean, abs=0.03)


def test_far_away_the_saturating_loss_does_not_move_the_generator():
    moved = {}
    for loss in toys.GENERATOR_LOSSES:
        line = LineGame(mean=8.0)
        line.loss.value = loss
        moved[loss] = line._pushes()[1].abs().mean().item()
    assert moved["non-saturating"] == pytest.approx(8, rel=0.05)
    assert moved["saturating"] < 1e-3


def test_a_discriminator_learns_towards_the_best_one():
    line = LineGame(mean=1.0)
    line.which.value = True
    assert not line.d_step_button.disabled
    for _ in range(300):
        line.d_step_button.click()
    x = torch.linspace(-2, 3, 50, dtype=torch.float64)
    with torch.no_grad():
        gap = (line.players.learnt_logit(x).sigmoid() - line.players.best_logit(x).sigmoid()).abs().max()
    assert gap < 0.1
    line.new_d.click()
    line.which.value = False
    assert line.new_d.disabled


def test_a_slider_that_follows_does_not_move_the_generator():
    line = LineGame()
    line.on_pointer("down", 0, [[-4.0, 0.1]])
    assert line.players.mean == -4
    line.on_pointer("up", 0, [[1.234, 0.1], [1.234, 0.1]])
    assert line.mean.value == 1.25
    assert line.players.mean == 1.234
    line.on_pointer("up", 0, [[99.0, 0.1]])
    assert line.players.mean == 8
    line.mean.value = 1.25
    assert line.players.mean == 1.25


@pytest.mark.parametrize("kind", [LineGame, DiracGame])
def test_the_page_computes_the_sliders_that_follow_without_rounding(kind):
    for slider, _ in kind().followers():
        length = slider.max - slider.min
        step = slider.step * 100 / length  # as noUiSlider does, in per cent
        for i in range(round(length / slider.step) + 1):
            value = slider.min + i * slider.step
            assert value == round((value - slider.min) * 100 / length / step) * step * length / 100 + slider.min


def test_the_generators_loss_lies_in_its_panel():
    line = LineGame(mean=6.0)
    for line.mean.value, line.width.value in itertools.product((-8, 0, 6, 8), line_game.WIDTHS):
        for line.loss.value in toys.GENERATOR_LOSSES:
            panel = line.frame().panels[2]
            ((_, loss),) = panel.layers[-1].data()
            assert panel.y[0] < loss < panel.y[1]


# ---- the plane ----------------------------------------------------------------------------------------------------


def test_players_depend_on_their_seed_alone():
    torch.manual_seed(5)
    a, b, other = PlanePlayers(3), PlanePlayers(3), PlanePlayers(4)
    for players in (a, b, other):
        for _ in range(12):
            players.step(toys.ring(), Settings())
    assert a.curves.records == b.curves.records != other.curves.records


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_every_loss_trains_both_players(loss, gamma):
    plane = PlaneGame()
    plane.loss.value, plane.gamma.value, plane.d_steps.value = loss, gamma, 2
    before = [p.clone() for p in (*plane.players.G.parameters(), *plane.players.D.parameters())]
    plane.advance()
    after = [*plane.players.G.parameters(), *plane.players.D.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(before[:-1], after[:-1], strict=True))
    assert all(p.requires_grad for p in after)
    assert torch.isfinite(torch.cat([p.flatten() for p in after])).all()
    plane.frame().message()


def test_the_ring_is_learnt():
    plane = PlaneGame()
    for _ in range(1200):
        plane.advance()
    covered, share = map(float, re.search(r"covered: (\d) of 8; (\d+)%", plane.frame().text).groups())
    assert covered >= 7
    assert share > 40


def test_numbers_beyond_all_bounds_are_said_and_end_the_play():
    plane = PlaneGame()
    plane.loss.value = "WGAN, gradient penalty"
    with torch.no_grad():
        plane.players.D[-1].bias.fill_(math.inf)
    for _ in range(10):
        plane.advance()
    assert "beyond all bounds" in plane.message.value
    message, _ = plane.frame().message()
    json.dumps(message, allow_nan=False)
    plane.frame().still()


def test_steps_of_one_player_leave_the_other_alone():
    plane = PlaneGame()
    plane._step_alone("d_step")
    same = PlaneGame()
    assert torch.equal(plane.players.G[0].weight, same.players.G[0].weight)
    assert not torch.equal(plane.players.D[0].weight, same.players.D[0].weight)
    same._step_alone("g_step")
    assert not torch.equal(plane.players.G[0].weight, same.players.G[0].weight)
    assert plane.players.curves.step == 0


def test_the_still_picture_shows_trained_players_and_leaves_those_of_the_game_alone():
    plane = PlaneGame()
    before, players = plane.frame().still(), plane.players
    assert plane.still() != before
    assert plane.players is players
    assert plane.frame().still() == before
    plane.advance()
    assert plane.still() == plane.frame().still()


def test_data_without_modes_have_no_coverage():
    plane = PlaneGame("two moons")
    for _ in range(20):
        plane.advance()
    assert "Modes covered: –" in plane.frame().text
    plane.data.value = "grid of 25"
    assert "of 25" in plane.frame().text


def test_a_drawing_is_learnt_and_wiped_out():
    plane = PlaneGame("free hand")
    plane.advance()
    assert "draw in the plane" in plane.message.value
    plane.on_pointer("down", 0, [[0.0, 0.0]])
    plane.on_pointer("move", 0, [[0.5, 0.5], [9.0, 0.5]])
    assert plane.message.value == ""
    assert plane._real.shape == (300, 2)
    assert plane._real.max() < 1.8
    plane.advance()
    assert plane.players.curves.step == 1
    plane.clear.click()
    assert plane.cloud is None
    plane.frame().message()


def test_curves_of_a_long_training_stay_short_and_reach_its_end():
    curves = Curves()
    for _ in range(50_000):
        curves.step += 1
        if curves.is_due():
            curves.add(0.0, 0.0, 0, 0.0)
    steps = [record[0] for record in curves.records]
    assert MOST_RECORDS / 2 <= len(steps) <= MOST_RECORDS
    assert steps[-1] > 49_000
    assert len({b - a for a, b in itertools.pairwise(steps)}) == 1


# ---- the Dirac-GAN ------------------------------------------------------------------------------------------------


def test_the_dirac_game_shows_the_trajectory_of_its_controls():
    dirac = DiracGame()
    assert torch.equal(dirac.trajectory(), toys.dirac_trajectory("minimax", 100))
    dirac.loss.value, dirac.order.value, dirac.gamma.value = "non-saturating", True, 0.3
    dirac.on_pointer("up", 0, [[0.5, -7.0]])
    assert (dirac.theta.value, dirac.psi.value) == (0.5, -2)
    assert torch.equal(dirac.trajectory(), toys.dirac_trajectory("non-saturating", 100, 0.2, True, 0.3, (0.5, -2)))
    dirac.psi.value = 1.0
    assert dirac.start == (0.5, 1.0)
    for loss in toys.DIRAC_LOSSES:
        dirac.loss.value, dirac.step_size.value, dirac.steps.value = loss, 1.0, 500
        dirac.frame().message()


def test_the_dirac_game_says_when_the_players_arrive():
    dirac = DiracGame()
    assert "above 1" in dirac.frame().text
    dirac.order.value = True
    assert "exactly 1" in dirac.frame().text
    dirac.gamma.value = 1.0
    assert "below 1" in dirac.frame().text


def test_games_can_be_forgotten():
    async def play():
        shown, _ = await playing(PlaneGame)
        shown.pause()
        await until(lambda: not others())

    asyncio.run(play())
    gc.collect()  # a task that was destroyed while it waited would warn here
