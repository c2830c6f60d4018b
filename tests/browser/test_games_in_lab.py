"""The games in JupyterLab: they play, obey, leave other cells alone, and stop when nobody looks; with and without subshells."""

import re
from pathlib import Path

import pytest
from lab import Lab, run_cells_with, serious, write_notebook
from playwright.sync_api import Locator, Page, expect

CELLS = [
    """\
import asyncio
from gancourse.widgets import DiracGame, LineGame, PlaneGame

line = LineGame()
moves, put = [], line.players.put  # what moves the generator but its training
line.players.put = lambda *place: (moves.append(place), put(*place))
line""",
    "dirac = DiracGame()\ndirac",
    "planes = globals().get('planes', [])\nplanes.append(PlaneGame())\nplanes[-1]",
    "print('answer', 6 * 7, planes[-1].players.curves.step)",
    """\
running = [task for task in asyncio.all_tasks() if 'Game._run' in repr(task)]
print('running', len(running), [game.playing for game in (*planes, line, dirac)])""",
    "await asyncio.sleep(5)\nprint('slept')",
    "print('drawn', sum(len(stroke) for stroke in planes[-1]._strokes))",
    "print('moved', len(moves), [place * 16 % 1 == 0 for place in dirac.start])",
]
LINE, DIRAC, PLANE = range(3)
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module", params=["perCommTarget", pytest.param("disabled", marks=pytest.mark.long)])
def games(request, lab):
    place = lab(request.param)
    notebook = write_notebook(place.folder / "games.ipynb", *CELLS)
    with place.page(height=3600) as page:
        games = Games(place, page, notebook)
        games.open()
        games.run("LineGame()", "DiracGame()", "PlaneGame()")
        yield games


class Games:
    """The notebook of games, open in JupyterLab; everything that went wrong in the page is in `errors`."""

    def __init__(self, lab: Lab, page: Page, notebook: Path):
        self.lab, self.page, self.notebook = lab, page, notebook
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self) -> None:
        self.lab.open(self.page, self.notebook)

    def run(self, *texts: str) -> None:
        run_cells_with(self.page, self.notebook, *texts)

    def printed(self, text: str) -> str:
        """Run the cell that prints a line with this word first; return the line."""
        self.page.keyboard.press("Escape")
        cells = self.page.locator(".jp-CodeCell")
        i = next(i for i, cell in enumerate(CELLS) if f"print('{text}" in cell)
        prompt = cells.nth(i).locator(".jp-InputPrompt").first
        before = prompt.inner_text()
        cells.nth(i).locator(".jp-InputPrompt").first.click()
        self.page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=10_000)
        return cells.nth(i).locator(".jp-OutputArea-output pre").inner_text().strip()

    def game(self, i: int) -> Locator:
        return self.page.locator(".gancourse").nth(i)

    def press(self, i: int, name: str) -> None:
        self.game(i).locator(".widget-button", has_text=re.compile(f"^\\W*{name}$")).click()

    def frame(self, i: int) -> int:
        """Return the number of the frame that is shown."""
        return int(self.game(i).locator(".gancourse-panels").get_attribute("data-frame"))

    def says(self, i: int) -> str:
        return self.game(i).get_by_role("status").last.inner_text()

    def expect_to_say(self, i: int, text: str | re.Pattern) -> None:
        expect(self.game(i).get_by_role("status").last).to_contain_text(text, timeout=10_000)

    def expect_frames(self, i: int, more: int, since: int | None = None) -> None:
        """Expect so many frames more than those that are there, or than `since`."""
        wanted = (self.frame(i) if since is None else since) + more
        for _ in range(100):
            if self.frame(i) >= wanted:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"frame {self.frame(i)} is not followed by {more} more")

    def expect_rest(self, i: int) -> None:
        """Expect that nothing moves any more."""
        expect(self.game(i).locator(".widget-button", has_text=re.compile(r"^\W*Play$"))).to_be_visible()
        self.page.wait_for_timeout(400)
        before = self.frame(i)
        self.page.wait_for_timeout(1000)
        assert self.frame(i) == before

    def drag(self, i: int, *places: tuple[float, float], panel: int = 0) -> None:
        """Drag over a panel, in shares of its width and height."""
        canvas = self.game(i).locator("canvas").nth(panel)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=10)
        self.page.mouse.up()


def test_the_line_says_what_theory_says(games):
    games.expect_to_say(LINE, "N(3.00, 1.00²)")
    handle = games.game(LINE).get_by_role("slider", name="Mean", exact=True)
    handle.focus()
    for _ in range(16):
        games.page.keyboard.press("ArrowLeft")
    games.expect_to_say(LINE, f"V(D*, G) = {MINUS}0.7126")
    games.expect_to_say(LINE, "N(2.00, 1.00²)")


def test_the_mean_is_dragged_in_the_picture_and_the_slider_follows(games):
    games.drag(LINE, (0.6, 0.5), (0.3, 0.5))
    games.expect_to_say(LINE, re.compile(rf"N\({MINUS}[3-6]"))
    number = games.game(LINE).get_by_role("textbox", name="Mean", exact=True)
    expect(number).to_have_text(re.compile(f"^{MINUS}[3-6]"))


def test_the_line_trains_against_a_learnt_discriminator(games):
    games.game(LINE).get_by_label("D", exact=True).select_option("learnt")
    games.expect_to_say(LINE, "Learnt D")
    before = games.printed("moved").split(",")[0]
    games.press(LINE, "Play")
    games.expect_frames(LINE, 40)
    games.press(LINE, "Pause")
    games.expect_rest(LINE)
    assert games.printed("moved").startswith(before)  # nothing came back from the sliders, which followed


def test_the_dirac_gan_moves_to_where_it_is_put(games):
    games.expect_to_say(DIRAC, "absolute values 1.004988 and 1.004988")
    games.game(DIRAC).get_by_label("Updates").select_option("in turn, D first")
    games.expect_to_say(DIRAC, "absolute values 1.000000 and 1.000000")
    games.drag(DIRAC, (0.7, 0.4), (0.4, 0.4))
    number = games.game(DIRAC).get_by_role("textbox", name="Start theta")
    expect(number).to_have_text(re.compile(f"^{MINUS}0.[67]"))
    assert games.printed("moved").endswith(
        "[False, False]"
    )  # the start is where the pointer was, not on a step of the sliders
    games.press(DIRAC, "Back")
    games.expect_to_say(DIRAC, "after 0 steps")
    games.press(DIRAC, "Step")
    games.expect_to_say(DIRAC, "after 1 steps")
    games.press(DIRAC, "Play")
    games.expect_frames(DIRAC, 10)
    games.press(DIRAC, "Pause")
    games.expect_rest(DIRAC)


def test_the_plane_trains_while_other_cells_are_run_and_stops_when_told(games):
    games.press(PLANE, "Play")
    games.expect_frames(PLANE, 20)
    first = int(games.printed("answer").split()[2])
    assert games.printed("running").startswith("running 1 [True,")
    games.expect_frames(PLANE, 20)
    assert int(games.printed("answer").split()[2]) > first
    games.expect_to_say(PLANE, re.compile(r"Modes covered: \d of 8"))
    games.press(PLANE, "Pause")
    games.expect_rest(PLANE)
    assert games.printed("running") == "running 0 [False, False, False]"


def test_the_plane_goes_on_while_a_cell_waits_and_after_an_interrupt(games):
    games.press(PLANE, "Play")
    games.expect_frames(PLANE, 5)
    games.page.locator(".jp-CodeCell").nth(5).locator(".jp-InputPrompt").first.click()
    games.page.keyboard.press("Control+Enter")
    games.page.wait_for_timeout(500)
    games.expect_frames(PLANE, 10)
    games.page.keyboard.press("Escape")
    games.page.keyboard.press("i")
    games.page.keyboard.press("i")
    expect(games.page.get_by_text("CancelledError").last).to_be_visible()
    games.expect_frames(PLANE, 10)
    games.press(PLANE, "Pause")
    games.expect_rest(PLANE)


def test_single_steps_and_new_players(games):
    games.press(PLANE, "New players")
    games.expect_to_say(PLANE, "Step 0.")
    games.press(PLANE, "Step")
    games.expect_to_say(PLANE, "Step 1.")
    before = games.frame(PLANE)
    games.press(PLANE, "D step")
    games.press(PLANE, "G step")
    games.expect_frames(PLANE, 1, since=before)
    assert games.frame(PLANE) > before
    assert games.says(PLANE).startswith("Step 1.")


def test_every_loss_and_every_cloud_plays(games):
    games.press(PLANE, "Play")
    for menu, options in (
        ("Loss", ("minimax, saturating", "WGAN, gradient penalty", "least squares")),
        ("Data", ("grid of 25", "two moons", "two clusters")),
    ):
        for option in options:
            games.game(PLANE).get_by_label(menu, exact=True).select_option(option)
            games.expect_frames(PLANE, 5)
    expect(games.game(PLANE).get_by_role("alert")).to_have_count(0)
    games.press(PLANE, "Pause")
    games.expect_rest(PLANE)


def test_data_are_drawn_by_hand(games):
    games.game(PLANE).get_by_label("Data", exact=True).select_option("free hand")
    games.press(PLANE, "Play")
    expect(games.game(PLANE).get_by_text("draw in the plane")).to_be_visible()
    games.expect_rest(PLANE)
    games.drag(PLANE, (0.3, 0.3), (0.7, 0.3), (0.7, 0.7))
    games.drag(PLANE, (0.3, 0.6), (0.5, 0.8))
    expect(games.game(PLANE).get_by_text("draw in the plane")).to_have_count(0)
    assert int(games.printed("drawn").split()[1]) > 20
    games.press(PLANE, "Play")
    games.expect_frames(PLANE, 10)
    games.press(PLANE, "Clear drawing")
    expect(games.game(PLANE).get_by_text("draw in the plane")).to_be_visible()
    games.expect_rest(PLANE)


def test_an_accessibility_check_finds_nothing_serious(games):
    assert serious(games.page) == []


def test_running_the_cell_again_leaves_nothing_running(games):
    games.game(PLANE).get_by_label("Data", exact=True).select_option("ring of 8")
    games.press(PLANE, "Play")
    games.expect_frames(PLANE, 5)
    games.page.locator(".jp-CodeCell").nth(PLANE).locator(".jp-InputPrompt").first.click()
    games.page.keyboard.press("Control+Enter")
    expect(games.game(PLANE).get_by_text("Step 0.")).to_be_visible(timeout=10_000)
    assert games.printed("running") == "running 0 [False, False, False, False]"


def test_a_page_that_is_closed_leaves_nothing_running(games):
    games.press(PLANE, "Play")
    games.expect_frames(PLANE, 5)
    assert games.errors == []
    games.page.goto("about:blank")
    games.page.wait_for_timeout(4000)
    games.open()

    assert games.printed("running").startswith("running 0")
