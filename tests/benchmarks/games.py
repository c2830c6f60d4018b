"""What the games do in JupyterLab in a headless Chromium: frames and steps per second, and how soon they obey.

    make bench

The game in the plane trains on the ring. From a choice in the menu of data to the frame that shows the other data; from a
press of Pause to the last frame that still moves and the button that says Play; from Ctrl+Enter on another cell to its
output, while the game trains and while it rests.
"""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from lab import CHROMIUM, notebook_in_lab, run_cells_with

SECONDS = 10  # for frames and steps
TIMES = 20  # of every act
CELLS = [
    "from gancourse.widgets import PlaneGame\n\ngame = PlaneGame()\ngame",
    "import time\n\nprint('at', time.time(), game.players.curves.step)",
]
BUTTON = """(text) => [...document.querySelectorAll(".gancourse .widget-button")].find((b) => b.textContent.trim() === text)"""
FRAMES = """(seconds) => new Promise((done) => {
  const panels = document.querySelector(".gancourse-panels"), began = performance.now(), times = [];
  new MutationObserver(() => times.push(performance.now())).observe(panels, { attributeFilter: ["data-frame"] });
  setTimeout(() => done([times.length, (performance.now() - began) / 1000]), 1000 * seconds);
})"""
# The title of the third panel says how many modes the data have, and stays as it is while the game trains.
CHOOSE = """([option]) => new Promise((done, failed) => {
  const menu = document.querySelector(".gancourse select"), canvas = document.querySelectorAll(".gancourse canvas")[2];
  const title = () => canvas.getContext("2d").getImageData(0, 0, 200, 16).data.join();
  const before = title(), late = performance.now() + 5000;
  const look = () => {
    if (title() !== before) done(performance.now() - began);
    else if (performance.now() > late) failed(new Error("no other data within 5 s"));
    else requestAnimationFrame(look);
  };
  menu.value = option;
  const began = performance.now();
  menu.dispatchEvent(new Event("change", { bubbles: true }));
  look();
})"""
PAUSE = f"""() => new Promise((done) => {{
  const panels = document.querySelector(".gancourse-panels"), button = ({BUTTON})("Pause");
  let last = performance.now();
  const watch = new MutationObserver(() => {{ last = performance.now(); }});
  watch.observe(panels, {{ attributeFilter: ["data-frame"] }});
  watch.observe(button, {{ childList: true, characterData: true, subtree: true }});
  const began = performance.now();
  button.click();
  setTimeout(() => {{ watch.disconnect(); done(last - began); }}, 1200);
}})"""
ARM = """() => {
  const cell = document.querySelectorAll(".jp-CodeCell")[1], output = () => cell.querySelector(".jp-OutputArea")?.textContent;
  const before = output();
  let began;
  document.addEventListener("keydown", () => { began ??= performance.now(); }, { capture: true });
  window.answered = new Promise((done, failed) => {
    setTimeout(() => failed(new Error("no answer within 10 s")), 10000);
    const look = () => {
      const now = output();
      if (now !== before && now?.includes("at")) done(performance.now() - began); else requestAnimationFrame(look);
    };
    look();
  });
}"""


def press(page: Page, text: str) -> None:
    """Press a button of the game."""
    page.evaluate_handle(BUTTON, text).as_element().click()


def answer(page: Page) -> tuple[float, int]:
    """Run the second cell; return the milliseconds until its output is there, and the game's steps."""
    page.locator(".jp-CodeCell").nth(1).locator(".jp-InputPrompt").first.click()
    page.wait_for_timeout(300)
    page.evaluate(ARM)
    page.keyboard.press("Control+Enter")
    milliseconds = page.evaluate("window.answered")
    return milliseconds, int(page.locator(".jp-CodeCell").nth(1).locator("pre").last.inner_text().split()[-1])


def row(name: str, times: list[float]) -> None:
    """Print the line of a table."""
    print(f"{name:44}{statistics.median(times):8.0f}{sorted(times)[int(0.95 * len(times)) - 1]:8.0f}{max(times):8.0f}")


def main() -> None:
    """Print what was measured, or why nothing was."""
    if CHROMIUM is None:
        print("Chromium is not installed, so the games are not measured: sudo apt-get install chromium")
        return
    with notebook_in_lab(*CELLS, height=1200) as (page, notebook):
        run_cells_with(page, notebook, "PlaneGame()")
        answer(page)
        resting = [answer(page)[0] for _ in range(TIMES)]
        press(page, "Play")
        page.wait_for_timeout(3000)
        _, before = answer(page)
        frames, seconds = page.evaluate(FRAMES, SECONDS)
        _, after = answer(page)
        training = [answer(page)[0] for _ in range(TIMES)]
        choices = []
        for i in range(TIMES):
            choices.append(page.evaluate(CHOOSE, [["grid of 25", "ring of 8"][i % 2]]))
            page.wait_for_timeout(300 + 37 * i)
        stops = []
        for i in range(TIMES):
            page.wait_for_timeout(500 + 37 * i)
            stops.append(page.evaluate(PAUSE))
            press(page, "Play")
    print(f"PlaneGame while it trains: {frames / seconds:.1f} frames/s, about {(after - before) / seconds:.0f} steps/s")
    print(f"{f'milliseconds, {TIMES} times each':44}{'median':>8}{'p95':>8}{'most':>8}")
    row("other data chosen, to the frame with them", choices)
    row("Pause, to the last frame and the button", stops)
    row("another cell while it trains, to the output", training)
    row("another cell while it rests", resting)


if __name__ == "__main__":
    main()
