"""What the games share: play, pause and single steps on the kernel's event loop, and a canvas that follows."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable

import ipywidgets as widgets
import torch

from gancourse.widgets.canvas import Canvas
from gancourse.widgets.frame import Frame, with_minus
from gancourse.widgets.page import Message, Page, with_still

CHUNK = 0.02  # seconds of steps before the kernel gets to do something else
TURNS = 8  # of the event loop that a message needs from the socket to a widget or a cell
FRAME = 1 / 20  # seconds between two frames: the page needs the processor, too
TEXT = 1.0  # seconds between two texts while it plays, for users of screen readers
FOLLOW = 0.2  # seconds between two moves of sliders that follow the game
LOST = 2.0  # seconds without an answer after which the page counts as closed


class MainLoop:
    """Runs functions in the event loop in which it was made, whichever thread asks; where there is none, at once.

    JupyterLab lets the messages of widgets be handled by a thread of their own ("subshell"), in which a network that is
    just being trained must not be touched.
    """

    def __init__(self):
        self._thread = threading.get_ident()
        try:
            self.loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self.loop = None

    def is_here(self) -> bool:
        """Return whether this is the loop's thread."""
        return threading.get_ident() == self._thread

    def call(self, function: Callable[..., None], *arguments) -> None:
        """Call a function: at once in the loop's thread, soon from any other."""
        if self.loop is None or self.is_here():
            function(*arguments)
        else:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the kernel ends
                self.loop.call_soon_threadsafe(function, *arguments)


@contextlib.contextmanager
def one_thread():
    """Let torch compute in one thread: for networks this small more threads only add waiting, above all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Game(widgets.VBox):
    """A game with a canvas. A subclass says what a step is (`advance`) and what is seen (`frame`), and calls `_assemble`.

    It plays only while a page draws it: where there is none (nbconvert, nbgrader, plain Python) it shows how it begins, and
    when the page is closed or the cell run again it pauses. Training runs in the kernel's main thread, a few milliseconds
    at a time, so other cells can be run meanwhile; while one of them works, the game waits.
    """

    pace: float | None = None  # steps a second at most, None for as many as there is time for

    def __init__(self, label: str):
        self._main = MainLoop()
        self._task: asyncio.Task | None = None
        self._playing = False  # may be cleared from any thread
        self._told: dict[widgets.Widget, float] = {}  # what the game has set its sliders to
        self._followed = 0.0  # time.monotonic() at which the sliders last followed
        self._text, self._spoke = "", 0.0
        self.message = Message()
        self.canvas = Canvas(self._next_frame, self._call, self.on_pointer, self._on_gone)
        self.canvas.label = label
        self.play_button = widgets.Button(
            description="Play", icon="play", tooltip="Let it run, or pause", layout=widgets.Layout(width="90px")
        )
        self.play_button.on_click(lambda _: self.play_or_pause())
        self.step_button = self.button("Step", "One step", self.advance)
        super().__init__()
        self.add_class("gancourse")

    # ---- for the subclass -------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Do one step."""
        raise NotImplementedError

    def frame(self) -> Frame:
        """Return what is seen."""
        raise NotImplementedError

    def still(self) -> bytes:
        """Return a PNG for readers without widgets."""
        return self.frame().still()

    def on_pointer(self, phase: str, panel: int, points: list) -> None:
        """React to the pointer, which went "down", "move" or "up" in a panel at points (x, y)."""

    def followers(self) -> list[tuple[widgets.FloatSlider, float]]:
        """Return sliders that follow what the game does, and their values.

        Their steps and the lengths of their ranges are powers of two, and their ends multiples of the steps. The page sends back
        what it has to round, perhaps after the game has moved on; it need not round these numbers.
        """
        return []

    def fitting(self, what: str, value: float, low: float, high: float) -> float:
        """Return the value, or, if it is no number from low to high, say so and return the nearest one."""
        fits = isinstance(value, int | float) and low <= value <= high
        if not fits:
            self.message.error(f"{what} must be a number from {low} to {high}, not {value!r}.")
        return value if fits else min(high, max(low, value)) if isinstance(value, int | float) else low

    def known(self, what: str, name: str, names: Iterable[str]) -> str:
        """Return the name if it is one of the names; otherwise say which there are, and return the first."""
        names = list(names)
        if name not in names:
            self.message.error(f"There is no {what} {name!r}; there are: {', '.join(names)}.")
        return name if name in names else names[0]

    def button(self, text: str, tooltip: str, act: Callable[[], None]) -> widgets.Button:
        """Return a button that does something and shows what came of it."""
        made = widgets.Button(description=text, tooltip=tooltip, layout=widgets.Layout(width="auto"))
        made.on_click(lambda _: self._call(self._act, act))
        return made

    def follow(self, act: Callable[[], None], *controls: widgets.Widget) -> None:
        """When the reader changes one of the controls, do something and show what came of it."""

        def changed(change) -> None:
            if self._told.pop(change.owner, None) != change.new:
                self._call(self._act, act)

        for control in controls:
            control.observe(changed, "value")

    def let_follow(self, at_once: bool = True) -> None:
        """Move the sliders along with the game, at once or only if their last move is more than FOLLOW seconds ago."""
        now = time.monotonic()
        if at_once or now - self._followed > FOLLOW:
            self._followed = now
            for slider, value in self.followers():
                value = round(value / slider.step) * slider.step
                if value != slider.value:
                    self._told[slider] = value
                    slider.value = value

    def _assemble(self, *rows: list[widgets.Widget]) -> None:
        """Put the parts together: rows of controls, below them the canvas."""
        row = widgets.Layout(flex_flow="row wrap", align_items="center")
        controls = [widgets.Box(list(parts), layout=row) for parts in rows]
        self.children = [*controls, self.message, self.canvas, Page()]

    # ---- play and pause ---------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Return whether the game is playing."""
        return self._playing

    def play_or_pause(self) -> None:
        """Do what the button says; safe to call from any thread."""
        if self._playing:
            self.pause()
        else:
            self._call(self._play)

    def pause(self) -> None:
        """Stop after the step that is being done; safe to call from any thread."""
        self._playing = False
        self._call(self._show_state)

    def _play(self) -> None:
        self.message.clear()
        if not self.canvas.seen or self._main.loop is None:
            self.message.hint("The game can be played once a page shows it: in JupyterLab, below its cell.")
            return
        self._playing = True
        self._show_state()
        if self._task is None:
            self._task = self._main.loop.create_task(self._run())

    async def _run(self) -> None:
        """Do steps until somebody stops it."""
        began = chunk = time.monotonic()
        done, drawn, silent = 0, 0.0, 0.0
        try:
            while self._playing:
                # Time in which a cell kept the kernel from hearing the page does not count.
                turn = min(time.monotonic() - chunk, 3 * CHUNK)
                silent = silent + turn if self.canvas.is_waiting else 0.0
                chunk = time.monotonic()
                with one_thread():
                    while self._playing and time.monotonic() - chunk < CHUNK:
                        if self.pace and done >= self.pace * (time.monotonic() - began):
                            break
                        self.advance()
                        done += 1
                if silent > LOST:
                    self._playing = False
                    self.message.hint("Paused: the page did not draw any more. Press Play to go on.")
                if self.canvas.is_free and time.monotonic() - drawn >= FRAME:
                    drawn = time.monotonic()
                    self.let_follow(at_once=False)
                    self.canvas.refresh()
                if self.pace:
                    await asyncio.sleep(0.005)
                for _ in range(TURNS):
                    await asyncio.sleep(0)
        except Exception as error:
            self._say(error)
        finally:
            self._playing, self._task = False, None
            self._show_state()
            self._guarded(self.let_follow)
            self._guarded(self.canvas.refresh)

    def _show_state(self) -> None:
        self.play_button.description = "Pause" if self._playing else "Play"
        self.play_button.icon = "pause" if self._playing else "play"

    def _on_gone(self) -> None:
        self._playing = False

    # ---- what is seen -----------------------------------------------------------------------------------------

    def _call(self, function: Callable[..., None], *arguments) -> None:
        self._main.call(self._guarded, function, *arguments)

    def _guarded(self, function: Callable[..., None], *arguments) -> None:
        try:
            function(*arguments)
        except Exception as error:
            self._say(error)

    def _say(self, error: Exception) -> None:
        self._playing = False
        self.message.error(f"The game stopped: {type(error).__name__}: {error}")

    def _act(self, act: Callable[[], None]) -> None:
        self.message.clear()
        with one_thread():
            act()
        self.canvas.refresh()

    def _next_frame(self) -> Frame | None:
        """Return the frame to draw now; while the game plays, its text changes every TEXT seconds only."""
        with one_thread():
            frame = self.frame()
        now = time.monotonic()
        if not self._playing or now - self._spoke > TEXT:
            self._text, self._spoke = with_minus(frame.text), now
        return Frame(frame.panels, self._text)

    def _repr_mimebundle_(self, **kwargs):
        return with_still(super()._repr_mimebundle_(**kwargs), self.still())
