"""The games on a page of Voilà, which shows widgets without a notebook: they obey, play and pause."""

from lab import write_notebook
from playwright.sync_api import expect
from test_games_in_lab import DIRAC, LINE, PLANE, Games


def test_they_play_in_voila(lab):
    games = """\
from IPython.display import display
from gancourse.widgets import DiracGame, LineGame, PlaneGame

display(LineGame(), DiracGame(), PlaneGame())"""
    notebook = write_notebook(lab().folder / "voila.ipynb", games)
    with lab().page() as page:
        page.goto(f"{lab().address}voila/render/{notebook.name}?token={lab().token}")
        voila = Games(lab(), page, notebook)
        expect(voila.game(PLANE).get_by_text("Step 0.")).to_be_visible(timeout=60_000)
        voila.game(LINE).get_by_role("slider", name="Mean", exact=True).press("ArrowRight")
        voila.expect_to_say(LINE, "N(3.06, 1.00²)")
        voila.game(DIRAC).get_by_label("Updates").select_option("in turn, D first")
        voila.expect_to_say(DIRAC, "absolute values 1.000000 and 1.000000")
        voila.game(PLANE).get_by_label("Data", exact=True).select_option("grid of 25")
        voila.expect_to_say(PLANE, "of 25")
        for game in (LINE, DIRAC, PLANE):
            voila.press(game, "Play")
            voila.expect_frames(game, 10)
            voila.press(game, "Pause")
            voila.expect_rest(game)
