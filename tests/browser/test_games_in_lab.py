"""The games in JupyterLab: they play, obey, leave other cells alone, and stop when nobody looks; with and without subshells."""

import re

import pytest
from lab import browser_page, open_notebook, run_cells_with, running_lab, serious, write_notebook
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
def lab(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    notebook = write_notebook(folder / "games.ipynb", *CELLS)
    with running_lab(folder, request.param) as (address, token), browser_page(height=3600) as page:
        lab = Lab(page, notebook, address, token)
        lab.open()
        lab.run("LineGame()", "DiracGame()", "PlaneGame()")
        yield lab


class Lab:
    """The notebook of games, open in JupyterLab; everything that went wrong in the page is in `errors`."""

    def __init__(self, page: Page, notebook, address: str, token: str):
        self.page, self.notebook, self.address, self.token = page, notebook, address, token
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self) -> None:
        open_notebook(self.page, self.address, self.token, self.notebook.name)

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


def test_the_line_says_what_theory_says(lab):
    lab.expect_to_say(LINE, "N(3.00, 1.00²)")
    handle = lab.game(LINE).get_by_role("slider", name="Mean", exact=True)
    handle.focus()
    for _ in range(16):
        lab.page.keyboard.press("ArrowLeft")
    lab.expect_to_say(LINE, f"V(D*, G) = {MINUS}0.7126")
    lab.expect_to_say(LINE, "N(2.00, 1.00²)")


def test_the_mean_is_dragged_in_the_picture_and_the_slider_follows(lab):
    lab.drag(LINE, (0.6, 0.5), (0.3, 0.5))
    lab.expect_to_say(LINE, re.compile(rf"N\({MINUS}[3-6]"))
    number = lab.game(LINE).get_by_role("textbox", name="Mean", exact=True)
    expect(number).to_have_text(re.compile(f"^{MINUS}[3-6]"))


def test_the_line_trains_against_a_learnt_discriminator(lab):
    lab.game(LINE).get_by_label("D", exact=True).select_option("learnt")
    lab.expect_to_say(LINE, "Learnt D")
    before = lab.printed("moved").split(",")[0]
    lab.press(LINE, "Play")
    lab.expect_frames(LINE, 40)
    lab.press(LINE, "Pause")
    lab.expect_rest(LINE)
    assert lab.printed("moved").startswith(before)  # nothing came back from the sliders, which followed


def test_the_dirac_gan_moves_to_where_it_is_put(lab):
    lab.expect_to_say(DIRAC, "absolute values 1.004988 and 1.004988")
    lab.game(DIRAC).get_by_label("Updates").select_option("in turn, D first")
    lab.expect_to_say(DIRAC, "absolute values 1.000000 and 1.000000")
    lab.drag(DIRAC, (0.7, 0.4), (0.4, 0.4))
    number = lab.game(DIRAC).get_by_role("textbox", name="Start theta")
    expect(number).to_have_text(re.compile(f"^{MINUS}0.[67]"))
    assert lab.printed("moved").endswith(
        "[False, False]"
    )  # the start is where the pointer was, not on a step of the sliders
    lab.press(DIRAC, "Back")
    lab.expect_to_say(DIRAC, "after 0 steps")
    lab.press(DIRAC, "Step")
    lab.expect_to_say(DIRAC, "after 1 steps")
    lab.press(DIRAC, "Play")
    lab.expect_frames(DIRAC, 10)
    lab.press(DIRAC, "Pause")
    lab.expect_rest(DIRAC)


def test_the_plane_trains_while_other_cells_are_run_and_stops_when_told(lab):
    lab.press(PLANE, "Play")
    lab.expect_frames(PLANE, 20)
    first = int(lab.printed("answer").split()[2])
    assert lab.printed("running").startswith("running 1 [True,")
    lab.expect_frames(PLANE, 20)
    assert int(lab.printed("answer").split()[2]) > first
    lab.expect_to_say(PLANE, re.compile(r"Modes covered: \d of 8"))
    lab.press(PLANE, "Pause")
    lab.expect_rest(PLANE)
    assert lab.printed("running") == "running 0 [False, False, False]"


def test_the_plane_goes_on_while_a_cell_waits_and_after_an_interrupt(lab):
    lab.press(PLANE, "Play")
    lab.expect_frames(PLANE, 5)
    lab.page.locator(".jp-CodeCell").nth(5).locator(".jp-InputPrompt").first.click()
    lab.page.keyboard.press("Control+Enter")
    lab.page.wait_for_timeout(500)
    lab.expect_frames(PLANE, 10)
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("i")
    lab.page.keyboard.press("i")
    expect(lab.page.get_by_text("CancelledError").last).to_be_visible()
    lab.expect_frames(PLANE, 10)
    lab.press(PLANE, "Pause")
    lab.expect_rest(PLANE)


def test_single_steps_and_new_players(lab):
    lab.press(PLANE, "New players")
    lab.expect_to_say(PLANE, "Step 0.")
    lab.press(PLANE, "Step")
    lab.expect_to_say(PLANE, "Step 1.")
    before = lab.frame(PLANE)
    lab.press(PLANE, "D step")
    lab.press(PLANE, "G step")
    lab.expect_frames(PLANE, 1, since=before)
    assert lab.frame(PLANE) > before
    assert lab.says(PLANE).startswith("Step 1.")


def test_every_loss_and_every_cloud_plays(lab):
    lab.press(PLANE, "Play")
    for menu, options in (
        ("Loss", ("minimax, saturating", "WGAN, gradient penalty", "least squares")),
        ("Data", ("grid of 25", "two moons", "two clusters")),
    ):
        for option in options:
            lab.game(PLANE).get_by_label(menu, exact=True).select_option(option)
            lab.expect_frames(PLANE, 5)
    expect(lab.game(PLANE).get_by_role("alert")).to_have_count(0)
    lab.press(PLANE, "Pause")
    lab.expect_rest(PLANE)


def test_data_are_drawn_by_hand(lab):
    lab.game(PLANE).get_by_label("Data", exact=True).select_option("free hand")
    lab.press(PLANE, "Play")
    expect(lab.game(PLANE).get_by_text("draw in the plane")).to_be_visible()
    lab.expect_rest(PLANE)
    lab.drag(PLANE, (0.3, 0.3), (0.7, 0.3), (0.7, 0.7))
    lab.drag(PLANE, (0.3, 0.6), (0.5, 0.8))
    expect(lab.game(PLANE).get_by_text("draw in the plane")).to_have_count(0)
    assert int(lab.printed("drawn").split()[1]) > 20
    lab.press(PLANE, "Play")
    lab.expect_frames(PLANE, 10)
    lab.press(PLANE, "Clear drawing")
    expect(lab.game(PLANE).get_by_text("draw in the plane")).to_be_visible()
    lab.expect_rest(PLANE)


def test_an_accessibility_check_finds_nothing_serious(lab):
    assert serious(lab.page) == []


def test_running_the_cell_again_leaves_nothing_running(lab):
    lab.game(PLANE).get_by_label("Data", exact=True).select_option("ring of 8")
    lab.press(PLANE, "Play")
    lab.expect_frames(PLANE, 5)
    lab.page.locator(".jp-CodeCell").nth(PLANE).locator(".jp-InputPrompt").first.click()
    lab.page.keyboard.press("Control+Enter")
    expect(lab.game(PLANE).get_by_text("Step 0.")).to_be_visible(timeout=10_000)
    assert lab.printed("running") == "running 0 [False, False, False, False]"


def test_a_page_that_is_closed_leaves_nothing_running(lab):
    lab.press(PLANE, "Play")
    lab.expect_frames(PLANE, 5)
    assert lab.errors == []
    lab.page.goto("about:blank")
    lab.page.wait_for_timeout(4000)
    lab.open()

    assert lab.printed("running").startswith("running 0")
