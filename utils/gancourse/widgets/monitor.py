"""The live monitor: losses, D's accuracy and a sheet of pictures while a training runs, with buttons that act at once."""

import asyncio
import contextlib
import math
import os
import threading
import time
from collections import deque

import ipywidgets as widgets
import torch
from IPython import get_ipython
from IPython.display import display
from torch import Tensor, nn

from gancourse import figures
from gancourse.training import Run, fit, fit_in_steps, generator_inputs
from gancourse.watching import Watcher
from gancourse.widgets import latent
from gancourse.widgets.chart import Line, line_chart
from gancourse.widgets.page import STILL, Page, Window, png, with_still
from gancourse.widgets.painter import Painter

PUMP_SECONDS = 0.03  # between two looks at the buttons
PUMPS = 8  # turns of the event loop that a message needs from the socket to the button, and a few more
SAMPLES = 64  # pictures on the sheet, always from the same noise; a few less where that fills its rows
COLUMNS = 8
MAX_COLUMNS = 12  # where they are classes
DRAW_SECONDS = 2.0  # between two drawings: the browser needs the processor for them, which the training then lacks
MOST_OF_THE_TIME = 0.015  # share of the training's time that drawing may take in the kernel
MAX_FRAMES = 60  # sheets that are kept
TEXT_SECONDS = 5.0  # between two lines of text, where there is no page to draw on
LOSSES = [
    Line("d_loss", figures.BLUE),
    Line("g_loss", figures.VERMILION, "6 3"),
    Line("log 4", figures.BLUE, level=math.log(4)),
    Line("log 2", figures.VERMILION, level=math.log(2)),
]
ACCURACY = [
    Line("d_real", figures.GREEN),
    Line("d_fake", "#8a5f00", "6 3"),
    Line("one half: guessing", "#595959", level=0.5),
]


async def fit_live(train_step, G, D, opt_G, opt_D, images: Tensor, *, steps: int, **settings) -> Run:
    """Train like `training.fit`, with the same arguments and a live monitor: `run = await fit_live(train_step, G, D, ...)`.

    Shows the TrainingMonitor below the cell; `await` lets the page's buttons through to the kernel between two steps. The
    cells below wait, as always, and the result is the same to the bit as that of `fit`. Where there is no notebook it prints
    a line of text every few seconds.
    """
    arguments = (train_step, G, D, opt_G, opt_D, images)
    if "NBGRADER_EXECUTION" in os.environ:
        return fit(*arguments, steps=steps, **settings)
    kernel = getattr(get_ipython(), "kernel", None)
    monitor = TrainingMonitor(steps) if kernel else TextMonitor(steps)
    handle = display(monitor, display_id=True) if kernel else None
    pumped = time.monotonic()
    try:
        with _idle_after_comms(kernel) if kernel else contextlib.nullcontext():
            for run in fit_in_steps(*arguments, steps=steps, watcher=monitor, **settings):  # noqa: B007
                while monitor.waits():
                    await asyncio.sleep(PUMP_SECONDS)
                if time.monotonic() - pumped > PUMP_SECONDS:
                    for _ in range(PUMPS):
                        await asyncio.sleep(0)
                    pumped = time.monotonic()
        monitor.finished(run)
        return run
    finally:
        monitor.end()  # also where the training failed before it began
        if handle:
            handle.update(Ended(monitor))  # with a picture, for readers who do not run the notebook


@contextlib.contextmanager
def _idle_after_comms(kernel):
    """Tell the page when the message of a widget was handled while a cell waits.

    ipykernel handles such messages, but does not say "idle" after them as it does otherwise (seen with 7.4), and a widget
    whose message is not answered never sends its next one.
    """
    handle, cell = kernel.shell_handlers["comm_msg"], kernel.get_parent()

    def handle_and_say_so(stream, ident, message) -> None:
        handle(stream, ident, message)
        if threading.current_thread() is threading.main_thread():  # in other threads it does say so
            for state, parent in (("idle", message), ("busy", cell)):
                kernel.session.send(kernel.iopub_socket, "status", {"execution_state": state}, parent=parent)

    kernel.shell_handlers["comm_msg"] = handle_and_say_so
    try:
        yield
    finally:
        kernel.shell_handlers["comm_msg"] = handle


class TextMonitor(Watcher):
    """A watcher that prints a line every few seconds."""

    def __init__(self, steps: int):
        self.steps = steps
        self._spoke = -math.inf

    def look(self, run: Run, recent: dict[str, Tensor]) -> None:
        if run.step == self.steps or time.monotonic() - self._spoke > TEXT_SECONDS:
            self._spoke = time.monotonic()
            values = ", ".join(f"{name} {v.mean():.3f}" for name, v in recent.items())
            print(f"{progress(run, self.steps)} · {values}", flush=True)

    def waits(self) -> bool:
        return False

    def finished(self, run: Run) -> None:
        pass


class TrainingMonitor(widgets.VBox):
    """What a training is doing, every two seconds or so; a watcher for `training.fit`, as `fit_live` uses it.

    Buttons: pause and go on, stop after this step (the run is kept), sample now. Afterwards a slider over the sheets of
    pictures that were drawn on the way. `monitor.frames` are these: step -> uint8 (64, C, H, W), always from the same noise,
    of G as it is trained; `fit_live` lets the last be one of `run.generator`. A conditional G draws its classes by turns, so
    that those of a column are of one class: 10 classes are 60 pictures in 10 columns.
    """

    def __init__(self, steps: int):
        self.steps = steps
        self.frames: dict[int, Tensor] = {}
        self.columns = COLUMNS  # of a sheet
        self._classes = 0  # of G, where it is conditional
        self.history: dict[str, Tensor] = {}
        self._asked = self._stopped = self._paused = self._ended = (
            False  # set by the buttons, maybe from another thread
        )
        self._averaged: int | None = None  # the step whose sheet is of the EMA generator
        self._next = 0.0  # time.monotonic() from which the next drawing is due
        self._costs: deque[float] = deque(maxlen=5)  # seconds; the least of them is what drawing takes by itself
        self._painter = Painter(self._paint_frame, lambda: None)

        auto = widgets.Layout(width="auto")
        self.pause = widgets.Button(description="Pause", tooltip="Wait between two steps", layout=auto)
        self.stop_button = widgets.Button(
            description="Stop", tooltip="End after this step and keep the run", layout=auto
        )
        self.sample_now = widgets.Button(
            description="Sample now", tooltip="Draw the pictures of this step", layout=auto
        )
        self.window = Window(steps=steps, status=f"0 of {steps:,} steps")
        self.frame = widgets.IntSlider(
            description="snapshot",
            readout=False,
            layout=widgets.Layout(width="240px"),
            style={"description_width": "64px"},
        )
        self.play = widgets.Play(interval=120, show_repeat=False)
        self.forming = widgets.HBox([self.frame, self.play], layout=widgets.Layout(flex_flow="row wrap"))
        self.pause.on_click(lambda _: self.pause_or_go_on())
        self.stop_button.on_click(lambda _: self.stop())
        self.sample_now.on_click(lambda _: self.sample())
        self.frame.observe(lambda _: self._painter.request(), "value")
        widgets.jslink((self.play, "value"), (self.frame, "value"))
        row = widgets.Layout(flex_flow="row wrap", align_items="center")
        controls = widgets.Box([self.pause, self.stop_button, self.sample_now], layout=row)
        super().__init__([controls, self.window, Page()])
        self.add_class("gancourse")

    # ---- called between two steps -----------------------------------------------------------------------------

    def asks(self) -> bool:
        """Return whether a button was pressed since the last look."""
        return self._asked

    def look(self, run: Run, recent: dict[str, Tensor]) -> None:
        """Keep what was recorded; draw if it is time, or if a button asked for it."""
        for name, values in recent.items():
            self.history[name] = torch.cat([self.history.get(name, values[:0]), values])
        asked, self._asked = self._asked, False
        if asked or run.step == self.steps or time.monotonic() >= self._next:
            began = time.monotonic()
            self._draw(run, run.G, "Paused. " if self._paused else "")
            now = time.monotonic()
            self._costs.append(now - began)
            self._next = now + max(DRAW_SECONDS, min(self._costs) / MOST_OF_THE_TIME)

    def waits(self) -> bool:
        """Return whether the training should wait."""
        return self._paused and not (self._stopped or self._ended)

    def stops(self) -> bool:
        """Return whether the stop button was pressed."""
        return self._stopped

    def end(self) -> None:
        """Disable the buttons: the training has ended, and Ended shows what is left to see."""
        self._ended = True
        self.pause.description = "Pause"
        for button in (self.pause, self.stop_button, self.sample_now):
            button.disabled = True
        if self.frames:
            self._offer_frames()

    def finished(self, run: Run) -> None:
        """Make the last sheet show `run.generator`: the EMA generator where there is one, with its batch norm refreshed."""
        self._averaged = run.step if run.generator is not run.G else None
        self._draw(run, run.generator, "Stopped. " if run.interrupted else "")
        if self.frames:
            self._offer_frames()

    def _offer_frames(self) -> None:
        self.frame.max = self.play.max = len(self.frames) - 1
        self.frame.value = self.frame.max

    def _draw(self, run: Run, generator: nn.Module, state: str) -> None:
        """Draw the curves and the pictures of this step. A generator that cannot be shown does not stop its training."""
        try:
            self._classes = len(latent.class_names(latent.open_generator(generator)))
            self.columns = sheet_columns(self._classes)
            inputs = generator_inputs(generator, SAMPLES // self.columns * self.columns, seed=0)
            self.frames[run.step], caption = latent.draw(generator, *inputs), ""
            if len(self.frames) > MAX_FRAMES:
                del self.frames[least_missed(list(self.frames))]
        except latent.CannotShow as error:
            caption = f"No pictures of step {run.step:,}: {error}"
        losses = line_chart("Losses", self.history, LOSSES, run.step, self.steps)
        shares = line_chart("Share that D is right about", self.history, ACCURACY, run.step, self.steps, top=1.0)
        with self.window.hold_sync():
            self.window.step = run.step
            self.window.status = f"{state}{progress(run, self.steps)}{said(self.history)}"
            self.window.curves = losses + shares
            if caption:
                self.window.caption = caption
            else:
                self._show(run.step)

    # ---- the page ---------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the training after this step."""
        self._stopped = self._asked = True

    def sample(self) -> None:
        """Draw the curves and the pictures after this step."""
        self._asked = True

    def pause_or_go_on(self) -> None:
        """Wait after this step, or go on."""
        self._paused = not self._paused
        self._asked, self._next = True, 0.0
        self.pause.description = "Go on" if self._paused else "Pause"

    def _paint_frame(self) -> None:
        self._show(list(self.frames)[self.frame.value])

    def _show(self, step: int) -> None:
        with self.window.hold_sync():
            sheet = self.frames[step]
            self.window.picture = png(figures.tile(sheet, self.columns, pad=1))
            player = "the EMA generator" if step == self._averaged else "G"
            caption = f"{len(sheet)} pictures of {player} after step {step:,}, always from the same noise"
            if self._classes:
                caption += "; each column is a class" if self._classes <= MAX_COLUMNS else "; the classes by turns"
            self.window.caption = caption


class Ended(widgets.VBox):
    """What is left of a monitor: its curves and pictures, and a slider over these.

    New, because a widget that is shown again is there twice in the page, and two Play buttons stop each other.
    """

    def __init__(self, monitor: TrainingMonitor):
        self._frames, self._columns = monitor.frames, monitor.columns
        super().__init__([monitor.window, *([monitor.forming] if monitor.frames else []), Page()])
        self.add_class("gancourse")

    def _repr_mimebundle_(self, **kwargs):
        last = None
        if self._frames:
            last = self._frames[max(self._frames)]
            if last.shape[-1] > 32:  # they make a notebook large: half will do
                last = last[: 4 * self._columns]
            last = png(figures.tile(last, self._columns, pad=1), at_least=STILL)
        return with_still(super()._repr_mimebundle_(**kwargs), last)


def sheet_columns(classes: int) -> int:
    """Return how many columns a sheet has: as many as classes, drawn by turns, or a multiple, so that a column is one class."""
    return MAX_COLUMNS // classes * classes if 0 < classes <= MAX_COLUMNS else COLUMNS


def progress(run: Run, steps: int) -> str:
    """Return how far a run is: steps, speed, time done and time to go."""
    rate = run.step / max(run.seconds, 1e-9)
    left = "" if run.step >= steps or run.interrupted else f", about {duration((steps - run.step) / rate)} to go"
    return f"step {run.step:,} of {steps:,} · {rate:.3g} steps/s · {duration(run.seconds)} done{left}"


def duration(seconds: float) -> str:
    """Return seconds as 12 s, 3 min 05 s or 2 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def said(history: dict[str, Tensor]) -> str:
    """Return the newest means in words, where the training records them."""
    last = {name: values[-50:].mean().item() for name, values in history.items()}
    losses = [f"{who} loss {last[name]:.3f}" for who, name in (("D", "d_loss"), ("G", "g_loss")) if name in last]
    shares = [f"{last[name]:.0%} of {what}" for what, name in (("real", "d_real"), ("fakes", "d_fake")) if name in last]
    return "".join(
        [
            f" · mean of the last steps: {', '.join(losses)}" if losses else "",
            f" · D right about {', '.join(shares)}" if shares else "",
        ]
    )


def least_missed(steps: list[int]) -> int:
    """Return the one of the ascending steps, neither the first nor the last, whose neighbours lie closest on a log scale.

    Dropping such steps leaves early ones, where much changes, close together, and late ones far apart.
    """
    gaps = {steps[i]: steps[i + 1] / steps[i - 1] for i in range(1, len(steps) - 1)}
    return min(gaps, key=gaps.get)
