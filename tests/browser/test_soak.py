"""The page of all explorers used at random for minutes: no error, no lost kernel, and the memory stays where it was."""

import random
import subprocess
import time

import pytest
from explorer import ExplorerPage
from lab import run_cells_with
from playwright.sync_api import TimeoutError as Vanished

# The kernel says in its own output how much memory it has.
CELLS = [
    """\
import os
from gancourse.widgets import ExplorePage

print("kernel", os.getpid())
ExplorePage()"""
]
MINUTES = 20
GENERATORS = ("mnist_better", "mnist_conditional", "pokemon_dcgan")  # each is opened once before the memory is measured
MB = 2**20
MOST_GROWTH = 50 * MB
WARM_UP = 60  # seconds until everything has been used once
PATIENCE = 1_000  # milliseconds for a control that the act before is just hiding
MOST_MISSED = 0.05  # of all acts


def kernel_memory(pid: int) -> int:
    """Return the bytes of memory that a process has for itself: the least of ten looks, for a job may be at work."""
    sizes = []
    for _ in range(10):
        out = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
        sizes.append(1024 * int(out))
        time.sleep(0.5)
    return min(sizes)


def page_memory(page) -> int:
    """Return the bytes of the page's heap after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")
    session.detach()
    return next(m["value"] for m in metrics["metrics"] if m["name"] == "JSHeapUsedSize")


class User:
    """Someone who does anything that the explorer offers, in any order."""

    def __init__(self, explorer: ExplorerPage, seed: int):
        self.explorer, self.random = explorer, random.Random(seed)
        self.acts = [self.slide] * 6 + [self.draw, self.undo, self.lock, self.menu, self.view, self.seed]
        self.acts += [
            self.neighbour,
            self.pin,
            self.walk,
            self.truncate,
            self.gif,
            self.sketch,
            self.nearest,
            self.choose,
        ]
        self.acts += [self.drag, self.drag, self.keys, self.plane]
        self.done = self.missed = 0

    def act(self) -> None:
        """Do something; a control may vanish under the hand, because the kernel answers to the act before."""
        try:
            self.random.choice(self.acts)()
        except Vanished:
            self.missed += 1
        self.done += 1

    def act_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.act()

    def slide(self) -> None:
        handles = self.explorer.box.locator(".noUi-handle:visible")
        handles.nth(self.random.randrange(4)).focus()
        for _ in range(self.random.randrange(1, 15)):
            self.explorer.page.keyboard.press(self.random.choice(["ArrowLeft", "ArrowRight", "PageUp", "PageDown"]))

    def draw(self) -> None:
        self.explorer.press("Draw another")

    def undo(self) -> None:
        button = self.explorer.box.get_by_role("button", name="Undo")
        if button.is_enabled():
            button.click()

    def lock(self) -> None:
        self.explorer.box.locator(".widget-toggle-button.gancourse-small:visible").nth(self.random.randrange(4)).click()

    def menu(self) -> None:
        self.explorer.menu("Sliders").select_option(index=self.random.randrange(9))

    def view(self) -> None:
        self.explorer.press(self.random.choice(["Picture", "Neighbours"]))

    def seed(self) -> None:
        box = self.explorer.box.get_by_label("Seed")
        box.fill(str(self.random.randrange(1000)))
        box.press("Enter")

    def neighbour(self) -> None:
        buttons = self.explorer.box.locator(".gancourse-see-through:visible")
        if buttons.count():
            buttons.nth(self.random.randrange(25)).click()

    def pin(self) -> None:
        pinned = self.explorer.box.locator(".gancourse-pinned:visible")
        if pinned.count() < 4:
            self.explorer.press("Pin")
        else:
            pinned.nth(self.random.randrange(2)).get_by_role("button", name="Remove").click()

    def walk(self) -> None:
        if self.explorer.box.locator(".gancourse-pinned:visible").count() >= 2:
            self.explorer.move("Walk", *["ArrowRight"] * self.random.randrange(1, 10))

    def truncate(self) -> None:
        self.explorer.move("truncation", *[self.random.choice(["ArrowLeft", "ArrowRight", "End"])] * 3)

    def choose(self) -> None:
        self.explorer.page.locator(f".gancourse-choices [data-name='{self.random.choice(GENERATORS)}']").click()

    def gif(self) -> None:
        if self.explorer.box.locator(".gancourse-pinned:visible").count() >= 2:
            self.explorer.press("Make a GIF")

    def plane(self) -> None:
        self.explorer.menu(self.random.choice(["across", "down"])).select_option(index=self.random.randrange(2))

    def keys(self) -> None:
        self.explorer.box.locator(".gancourse-map:visible").focus()
        for _ in range(self.random.randrange(1, 10)):
            self.explorer.page.keyboard.press(self.random.choice(["ArrowLeft", "ArrowRight", "ArrowUp", "Enter"]))

    def drag(self) -> None:
        self._draw_on(".gancourse-map:visible")

    def sketch(self) -> None:
        if not self.explorer.box.locator(".gancourse-sketch:visible").count():
            self.explorer.press("Draw your own")
        self._draw_on(".gancourse-sketch:visible canvas")

    def nearest(self) -> None:
        self.explorer.press("Is it a copy?")

    def _draw_on(self, selector: str) -> None:
        """Draw a line on a field with the pointer held."""
        field = self.explorer.box.locator(selector)
        field.scroll_into_view_if_needed()
        place, mouse = field.bounding_box(), self.explorer.page.mouse
        if place is None:  # the act before has just hidden it
            raise Vanished("hidden")
        for i in range(4):
            at = [
                place[a] + self.random.uniform(0.1, 0.9) * place[side] for a, side in (("x", "width"), ("y", "height"))
            ]
            mouse.move(*at, steps=5)
            if i == 0:
                mouse.down()
        mouse.up()


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_minutes_of_random_use(lab):
    with lab().notebook(*CELLS, height=1400) as (page, notebook):
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        run_cells_with(page, notebook, "ExplorePage")
        pid = int(page.locator(".jp-OutputArea-output pre", has_text="kernel").inner_text().split()[1])
        explorer = ExplorerPage(page)
        user = User(explorer, seed=0)
        for name in (*GENERATORS[1:], GENERATORS[0]):  # what takes memory once, is used once before it is measured
            page.locator(f".gancourse-choices [data-name='{name}']").click()
            page.wait_for_timeout(3000)
            for act in (user.pin, user.draw, user.pin, user.gif, user.sketch, user.nearest):
                act()
            page.wait_for_timeout(15_000)
        page.set_default_timeout(PATIENCE)
        user.act_for(WARM_UP)
        page.locator(f".gancourse-choices [data-name='{GENERATORS[0]}']").click()
        page.wait_for_timeout(5000)
        before = kernel_memory(pid), page_memory(page)
        user.act_for(60 * MINUTES - WARM_UP)
        page.set_default_timeout(30_000)
        page.locator(f".gancourse-choices [data-name='{GENERATORS[0]}']").click()
        page.wait_for_timeout(10_000)  # until no search goes on
        explorer.assert_shows_g_of_z()
        grown = [now - then for now, then in zip((kernel_memory(pid), page_memory(page)), before, strict=True)]
        print(f"{user.done} acts in {MINUTES} min: kernel {grown[0] / MB:+.1f} MB, page {grown[1] / MB:+.1f} MB")
        assert user.missed <= MOST_MISSED * user.done
        assert max(grown) < MOST_GROWTH
        assert errors == []
        assert page.locator(".jp-RenderedText[data-mime-type*='stderr']").count() == 0
        assert page.get_by_text("| Idle").is_visible()
