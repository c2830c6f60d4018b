"""The latent explorer: sliders over the noise vector of a generator, and the picture that it makes of it."""

import contextlib
import html
import operator
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import torch
from IPython import get_ipython
from torch import Tensor, nn

from gancourse import figures
from gancourse.training import device_of, noise
from gancourse.widgets import latent
from gancourse.widgets.page import Message, Page, png, save_link, see_through, sized, with_still
from gancourse.widgets.painter import Painter

PICTURE_PIXELS = 320  # side of the picture on the screen
NEIGHBOURS = 5  # in each direction, an odd number: the point itself is in the middle
MAX_SEED = 999_999
MAX_PINS = 8
MAX_UNDO = 100
MAX_BUTTONS = 12  # classes; more of them are a menu
SAME_MOVE = 1.0  # seconds: moves of one control that follow each other faster are undone together
WALK_STEPS = 60
ORANGE = (230, 159, 0)
MOST_CHANGE = "directions of most change"


@dataclass(frozen=True)
class Point:
    """Where the explorer stands. The picture depends on z (z_dim,) and shares; the rest says how it got there.

    shares: of the classes, float32 (classes,) that sum to one, where the generator is conditional: a single 1, but on a walk.
    """

    z: Tensor
    shares: Tensor | None
    seed: int
    truncation: float = 1.0
    moved: str = ""  # how z left the seed's noise, "" where it has not
    of_seed: bool = True  # False where z has nothing to do with the seed


class LatentExplorer(widgets.VBox):
    """Sliders over the noise vector of a generator, and the picture G(z).

    generator: a network that maps noise (N, z_dim) to images (N, C, H, W) in [-1, 1], C 1 or 3, and knows its `z_dim`
        (`prior` "uniform" for noise from (-1, 1)); or the name of one that the course ships, such as "mnist_better".
        If it has `classes`, the number of them, it is conditional: it is called with labels, int64 (N,), and on a walk
        between classes with shares of them, float32 (N, classes). Its `class_names`, if any, are shown in place of numbers.
    sliders: how many at a time. They move z along the directions that change the picture most, or along coordinates.
    seed: of the first noise vector.
    weights: a snapshot or checkpoint that `training.fit(folder=...)` has written, to be loaded into the generator.

    `explorer.z` is the noise vector (z_dim,), `explorer.label` the class of a conditional generator, and `explorer.image`
    the picture, uint8 (C, H, W), None where there is none.
    A generator that cannot be shown is an error message in the widget, not an exception.
    """

    def __init__(self, generator: nn.Module | str, sliders: int = 8, seed: int = 0, weights: str | Path | None = None):
        self._message = Message()
        self.image: Tensor | None = None
        self._point: Point | None = None
        self._painter = Painter(self._paint, self._settle)
        self._page = Page()
        self._shipped = generator if isinstance(generator, str) else ""
        super().__init__([self._message, self._page])
        self.add_class("gancourse")
        try:
            if not 0 <= seed <= MAX_SEED:
                raise latent.CannotShow(f"The seed must lie between 0 and {MAX_SEED:,}, not {seed}.")
            if sliders < 1:
                raise latent.CannotShow(f"There must be at least one slider, not {sliders}.")
            self.generator = latent.open_generator(generator, weights)
            self._class_names = latent.class_names(self.generator)
            shares = latent.shares_of(0, len(self._class_names)) if self._class_names else None
            z = noise(self.generator, 1, seed).cpu()
            self.image = latent.draw(self.generator, z, latent.labels_for(shares, 1))[0]
            principal = latent.principal_directions(self.generator, sliders)
        except latent.CannotShow as error:
            self._message.error(str(error))
            return
        self._sets = self._slider_sets(principal, sliders)
        self._point = Point(z[0], shares, seed)
        self._undo: list[Point] = []
        self._last_move = ("", 0.0)
        self._pins: dict[str, Point] = {}
        self._pin_boxes: dict[str, widgets.VBox] = {}  # made when first needed, then only hidden and shown
        self._lock = (
            threading.RLock()
        )  # of the point and the directions: a thread paints, callbacks may come from another
        self._from_code = False
        self._make_controls(sliders, seed)
        self._show_point()
        self._paint()
        self._settle()

    # ---- what it shows ----------------------------------------------------------------------------------------

    @property
    def z(self) -> Tensor:
        """Return the noise vector (z_dim,) on the CPU; `explorer.z = z` moves the explorer there."""
        return self._standing().z.clone()

    @z.setter
    def z(self, z: Tensor) -> None:
        z = torch.as_tensor(z, dtype=torch.float32).detach().cpu()
        point = self._standing()
        if z.shape != point.z.shape or not z.abs().le(latent.MAX_Z).all():
            raise ValueError(
                f"z must be {len(point.z)} finite numbers, none beyond {latent.MAX_Z:,.0f}; this has the shape {tuple(z.shape)}."
            )
        self._go(Point(z.clone(), point.shares, point.seed, moved="noise set by code", of_seed=False), "code")

    @property
    def label(self) -> int | None:
        """Return the class; None between classes, and for a generator that takes no labels. `explorer.label = 3` keeps z."""
        return latent.only_class(self._standing().shares)

    @label.setter
    def label(self, label: int) -> None:
        point, classes = self._standing(), len(self._class_names)
        if not classes:
            raise ValueError("This generator takes no labels: it has no attribute `classes`.")
        try:
            fits = not isinstance(label, bool) and 0 <= operator.index(label) < classes
        except TypeError:
            fits = False
        if not fits:
            raise ValueError(f"label must be a whole number from 0 to {classes - 1}, not {label!r}.")
        label = operator.index(label)
        self._go(replace(point, shares=latent.shares_of(label, classes)), f"class {label}")

    def _standing(self) -> Point:
        if self._point is None:
            raise ValueError("This explorer has no generator to show; the message in it says why.")
        return self._point

    def wait(self) -> None:
        """Wait until the picture is that of `z` and every text says so."""
        self._painter.wait()

    def _slider_sets(self, principal: Tensor, sliders: int) -> dict[str, Tensor]:
        """Return what the sliders can move: title -> orthonormal directions (n, z_dim)."""
        coordinates = torch.eye(self.generator.z_dim).split(sliders)
        names = (f"z[{i * sliders}] to z[{i * sliders + len(c) - 1}]" for i, c in enumerate(coordinates))
        return {MOST_CHANGE: principal} | dict(zip(names, coordinates, strict=True))

    @property
    def _directions(self) -> Tensor:
        return self._sets[self.slider_set.value]

    def _paint(self) -> None:
        with self._lock:
            wide = self.view.value == "neighbours"
            z = self._neighbours(self._point.z) if wide else self._point.z[None]
            labels = latent.labels_for(self._point.shares, len(z))
        try:
            images = latent.draw(self.generator, z, labels)
        except latent.CannotShow as error:
            self._message.error(str(error))
            self.image, self._painted = None, np.full((28, 28), 205, np.uint8)
        else:
            if self.image is None:  # until now there was none, and the message said why
                self._message.clear()
            self.image = images[len(images) // 2]
            self._painted = _framed(images) if wide else figures.tile(self.image[None], pad=0)
        self.picture.value = png(self._painted)

    def _neighbours(self, z: Tensor) -> Tensor:
        """Return z moved along the two chosen directions, row after row (NEIGHBOURS², z_dim)."""
        steps = torch.arange(NEIGHBOURS).sub(NEIGHBOURS // 2) * self.spread.value / (NEIGHBOURS // 2)
        # While the menus change, what they say may be nothing, or a direction that the new sliders do not have.
        across, down = (
            self._directions[min(menu.value or 0, len(self._directions) - 1)] for menu in (self.across, self.down)
        )
        return z + (steps[:, None, None] * down + steps[None, :, None] * across).flatten(0, 1)

    def _settle(self) -> None:
        """Say in text what is shown, and bring the files and the code up to date: too slow for every frame."""
        point = self._point
        label = latent.only_class(point.shares)
        g_of_z, origins, ending = "G(z)", [], ""
        if point.shares is not None:
            g_of_z = "G(z, shares)" if label is None else f"G(z, {label})"
            origins = [latent.shares_in_words(point.shares, self._class_names)]
            ending = "-between-classes" if label is None else f"-class-{label}"
        origin = ", ".join(origins + [f"seed {point.seed}"] * point.of_seed + [point.moved] * bool(point.moved))
        truncated = f", truncation {point.truncation:.2f}" if point.truncation < 1 else ""
        what = f"{g_of_z} for {origin}{truncated}; length of z {point.z.norm():.2f}"
        wide = self.view.value == "neighbours"
        if wide:
            what = f"The middle is {what}. Around it, z moves by up to {self.spread.value:.1f} along two directions."
        hidden = zip(self.sliders, self._directions @ point.z, strict=False)
        if beyond := [slider.description for slider, value in hidden if abs(value) > slider.max]:
            what += f"; beyond the end of its slider: {', '.join(beyond)}"
        if self.image is None:
            what = "No picture: the message above says why."
        self.text.value = f'<span role="status">{html.escape(what)}</span>'
        self._page.picture = what
        name = f"seed-{point.seed}" if point.of_seed else "noise"
        name += "-moved" * bool(point.of_seed and point.moved) + "-truncated" * (point.truncation < 1) + ending
        picture = png(self._painted, PICTURE_PIXELS)
        self.files.value = save_link(
            "Save picture", f"{name}{'-neighbours' * wide}.png", "image/png", picture
        ) + save_link(
            "Save noise",
            f"{name}.json",
            "application/json",
            latent.write_noise(point.z, self.generator, point.shares),
        )
        if self.show_code.value:
            seed = None if point.moved or point.truncation < 1 else point.seed
            lines = latent.code(point.z, seed, device_of(self.generator), self._reach_generator(), point.shares)
            self.code.value = f'<pre tabindex="0" aria-label="Code for this picture">{html.escape(lines)}</pre>'

    def _reach_generator(self) -> str:
        """Return a Python expression for the generator in the reader's notebook: one of their variables, if possible."""
        if self._shipped:
            return f'pretrained.load("{self._shipped}").generator'
        names = list(getattr(get_ipython(), "user_ns", {}).items())  # a copy: a cell may make new ones meanwhile
        for name, value in names:
            if not name.startswith("_") and value is self.generator:
                return name
            if not name.startswith("_") and getattr(value, "generator", None) is self.generator:
                return f"{name}.generator"
        return "explorer.generator  # with explorer = LatentExplorer(...)"

    # ---- how it moves -----------------------------------------------------------------------------------------

    def _go(self, point: Point, control: str) -> None:
        """Go to a point, and remember where it came from. `control`: what moved; a drag is undone as one move."""
        with self._lock:
            now = time.monotonic()
            last_control, then = self._last_move
            if control != last_control or now - then > SAME_MOVE:
                self._undo = [*self._undo[1 - MAX_UNDO :], self._point]
                self.undo.disabled = False
            self._last_move = (control, now)
            self._point = point
        if self._message.value and self.image is not None:
            self._message.clear()
        if control != "walk":
            self.play.playing = False
        self._painter.request()
        if not control.startswith("slider"):
            self._show_point()

    def _show_point(self) -> None:
        """Set every control to the point."""
        with self._lock, self._by_code():
            for slider, value in zip(self.sliders, self._directions @ self._point.z, strict=False):
                slider.value = round(value.item() / slider.step) * slider.step  # and clamped; the point is not
            self.seed.value = self._point.seed
            self.truncation.value = self._point.truncation
            self.classes.value = latent.only_class(self._point.shares)  # None is pressed between classes

    @contextlib.contextmanager
    def _by_code(self):
        """Change controls without taking it for a move of the reader's."""
        self._from_code = True
        try:
            yield
        finally:
            self._from_code = False

    def _keep_locked(self, z: Tensor) -> Tensor:
        """Return z with its present component along the direction of each locked slider."""
        for direction, lock in zip(self._directions, self.locks, strict=False):
            if lock.value:
                z = z + (self._point.z @ direction - z @ direction) * direction
        return z

    def _on_slider(self, change) -> None:
        if self._from_code:
            return
        i = self.sliders.index(change.owner)
        direction, z = self._directions[i], self._point.z
        by = change.new - (z @ direction).item()
        if abs(by) <= change.owner.step / 2:
            return  # the browser rounds what it was told and sends it back
        z = z + by * direction
        self._go(replace(self._point, z=z, moved="moved"), f"slider {i}")

    def _on_seed(self, change) -> None:
        if not self._from_code:
            self._draw_seed(change.new)

    def _on_draw(self, _) -> None:
        self._draw_seed((self._point.seed + 1) % (MAX_SEED + 1))

    def _draw_seed(self, seed: int) -> None:
        drawn = noise(self.generator, 1, seed).cpu()[0] * self._point.truncation
        z = self._keep_locked(drawn)
        moved = "with locked sliders" if any(lock.value for lock in self.locks) else ""
        self._go(replace(self._point, z=z, seed=seed, moved=moved, of_seed=True), f"seed {seed}")

    def _on_class(self, change) -> None:
        if not self._from_code and change.new is not None:
            self.label = change.new

    def _on_truncation(self, change) -> None:
        if not self._from_code and abs(change.new - self._point.truncation) > change.owner.step / 2:
            point, locked = self._point, any(lock.value for lock in self.locks)
            if point.moved:
                z = point.z * (change.new / point.truncation)
            else:  # without rounding: at 1 it is exactly the seed's noise again
                z = noise(self.generator, 1, point.seed).cpu()[0] * change.new
            moved = point.moved or ("with locked sliders" if locked else "")
            self._go(replace(point, z=self._keep_locked(z), truncation=change.new, moved=moved), "truncation")

    def _on_undo(self, _) -> None:
        with self._lock:
            if not self._undo:
                return
            self._point = self._undo.pop()
            self._last_move = ("", 0.0)
            self.undo.disabled = not self._undo
        self._show_point()
        self._painter.request()

    def _on_slider_set(self, change) -> None:
        if any(lock.value for lock in self.locks):
            self._message.hint("The locks are open again: they held the sliders that you had before.")
        for lock in self.locks:
            lock.value = False
        self._name_sliders()
        self._show_point()
        self._painter.request()

    def _on_lock(self, change) -> None:
        i = self.locks.index(change.owner)
        self.sliders[i].disabled = change.new
        change.owner.icon = "lock" if change.new else "unlock"

    def _name_sliders(self) -> None:
        principal = self.slider_set.value == MOST_CHANGE
        # At least 3 deviations, and a power of two, like the steps. The page sends back what it has to round, perhaps after
        # the explorer has moved on; it need not round these numbers.
        limit = (2.0 if principal else 1.0) if latent.is_uniform(self.generator) else 4.0
        first = list(self._sets).index(self.slider_set.value) - 1
        names = [
            f"direction {i + 1}" if principal else f"z[{first * len(self.sliders) + i}]"
            for i in range(len(self._directions))
        ]
        with self._lock, self._by_code():
            for i, (slider, lock) in enumerate(zip(self.sliders, self.locks, strict=True)):
                self.rows.children[i].layout.display = "flex" if i < len(names) else "none"
                if i < len(names):
                    slider.min, slider.max = -limit, limit
                    slider.description = names[i]
                    lock.tooltip = f"Lock {names[i]}: new draws keep its value"
            for menu, value in ((self.across, 0), (self.down, min(1, len(names) - 1))):
                menu.options = [(name, i) for i, name in enumerate(names)]
                menu.value = value

    def _on_view(self, change) -> None:
        wide = change.new == "neighbours"
        if wide and len(self.stage.children) == 1:
            self.stage.children = [self.picture, *self._neighbour_buttons()]
        for button in self.stage.children[1:]:
            button.layout.display = "block" if wide else "none"
        self.around.layout.display = "flex" if wide else "none"
        self._painter.request()

    def _neighbour_buttons(self) -> list[widgets.Button]:
        """Return see-through buttons that lie over the neighbours; pressing one goes there."""
        buttons = []
        for i in range(NEIGHBOURS**2):
            row, column = divmod(i, NEIGHBOURS)
            right, below = column - NEIGHBOURS // 2, row - NEIGHBOURS // 2
            told = f"Go there: {_steps(right, 'right', 'left')}, {_steps(below, 'down', 'up')}"
            buttons.append(see_through(told, i, NEIGHBOURS, self._on_neighbour))
        return buttons

    def _on_neighbour(self, i: int) -> None:
        z = self._neighbours(self._point.z)[i]
        self._go(replace(self._point, z=z, moved="moved"), f"neighbour {time.monotonic()}")

    def _on_around(self, change) -> None:
        if not self._from_code:
            self._painter.request()

    # ---- pins and walks ---------------------------------------------------------------------------------------

    def _on_pin(self, _) -> None:
        free = [name for name in "ABCDEFGH"[:MAX_PINS] if name not in self._pins]
        if not free:
            self._message.hint(f"There is room for {MAX_PINS} pins at most: remove one first.")
            return
        if self.image is None:
            self._message.error("There is no picture to pin.")
            return
        point = self._point
        picture = latent.draw(self.generator, point.z[None], latent.labels_for(point.shares, 1))[0]
        self._pins[free[0]] = point
        image, buttons = self._pin_box(free[0]).children
        image.value = png(figures.tile(picture[None], pad=0))
        if point.shares is not None:
            words = latent.shares_in_words(point.shares, self._class_names)
            buttons.children[0].tooltip = f"Go to pin {free[0]}, {words}"
        self._show_pins()

    def _show_pins(self) -> None:
        names = sorted(self._pins)
        # Hidden, not removed: the page would keep 80 kB of every picture and button that is taken away and put back.
        self.pins.children = list(self._pin_boxes.values())
        for name, box in self._pin_boxes.items():
            box.layout.display = "flex" if name in self._pins else "none"
        with self._by_code():
            for menu, value in ((self.walk_from, names[:1]), (self.walk_to, names[-1:])):
                kept = menu.value if menu.value in names else (value or [None])[0]
                menu.options, menu.value = names, kept
        if len(names) >= 2 and self.walk_from.value == self.walk_to.value:
            self.walk_to.value = next(n for n in reversed(names) if n != self.walk_from.value)
        self.walking.layout.display = "flex" if len(names) >= 2 else "none"
        if len(names) < 2:
            self.play.playing = False

    def _pin_box(self, name: str) -> widgets.VBox:
        """Return the picture of a pin and its two buttons."""
        if name not in self._pin_boxes:
            image = widgets.Image(layout=widgets.Layout(width="60px", height="60px"))
            go = widgets.Button(description=name, tooltip=f"Go to pin {name}", layout=_width("32px"))
            drop = widgets.Button(description="×", tooltip=f"Remove pin {name}", layout=_width("26px"))
            drop.add_class("gancourse-small")
            go.on_click(lambda _: self._on_pinned(name))
            drop.on_click(lambda _: self._on_drop(name))
            box = self._pin_boxes[name] = widgets.VBox([image, widgets.HBox([go, drop])], layout=_width("66px"))
            box.add_class("gancourse-pinned")
        return self._pin_boxes[name]

    def _on_pinned(self, name: str) -> None:
        self._go(replace(self._pins[name], moved=f"at pin {name}"), f"pin {name}")

    def _on_drop(self, name: str) -> None:
        del self._pins[name]
        self._show_pins()

    def _on_walk(self, _) -> None:
        a, b = self.walk_from.value, self.walk_to.value
        if self._from_code or a not in self._pins or b not in self._pins:
            return
        if a == b:
            self._message.hint("A walk needs two different pins.")
            return
        t, start, end = self.walk.value / WALK_STEPS, self._pins[a], self._pins[b]
        z = latent.walk(start.z, end.z, t, straight=latent.is_uniform(self.generator))
        shares = None if start.shares is None else torch.lerp(start.shares, end.shares, t)
        way = f"{t:.0%} of the way from pin {a} to pin {b}"
        self._go(Point(z, shares, self._point.seed, moved=way, of_seed=False), "walk")

    # ---- files and code ---------------------------------------------------------------------------------------

    def _on_load(self, change) -> None:
        if not change.new:
            return
        try:
            z, shares, hint = latent.read_noise(bytes(change.new[0]["content"]), self.generator)
        except latent.CannotShow as error:
            self._message.error(str(error))
        else:
            point = self._point
            shares = point.shares if shares is None else shares
            self._go(Point(z, shares, point.seed, moved="noise loaded from a file", of_seed=False), "file")
            if hint:
                self._message.hint(hint)
        finally:
            self.load.value = ()

    def _on_show_code(self, change) -> None:
        self.code.layout.display = "block" if change.new else "none"
        self._painter.request()

    # ---- its parts --------------------------------------------------------------------------------------------

    def _make_controls(self, sliders: int, seed: int) -> None:
        def button(text: str, tooltip: str, on_click) -> widgets.Button:
            made = widgets.Button(description=text, tooltip=tooltip, layout=_width("auto"))
            made.on_click(on_click)
            return made

        uniform = latent.is_uniform(self.generator)
        self.seed = widgets.BoundedIntText(value=seed, min=0, max=MAX_SEED, description="Seed", **sized(190, 84))
        self.draw = button("Draw another", "Draw another noise vector: the next seed's", self._on_draw)
        self.undo = button("Undo", "Go back to where you were", self._on_undo)
        self.undo.disabled = True
        self.classes = self._class_control()
        self.slider_set = widgets.Dropdown(options=list(self._sets), description="Sliders", **sized(300, 84))
        self.sliders = [
            widgets.FloatSlider(
                step=1 / 64 if uniform else 1 / 32,
                readout_format=".2f",
                layout=widgets.Layout(flex="1 1 auto", width="auto", min_width="0"),
                style={"description_width": "84px"},
            )
            for _ in range(min(sliders, self.generator.z_dim))
        ]
        self.locks = [
            widgets.ToggleButton(icon="unlock", layout=widgets.Layout(width="32px", flex="0 0 auto"))
            for _ in self.sliders
        ]
        for lock in self.locks:
            lock.add_class("gancourse-small")
        self.rows = widgets.VBox([widgets.HBox(pair) for pair in zip(self.sliders, self.locks, strict=True)])
        self.truncation = widgets.FloatSlider(
            value=1,
            min=0.1,
            max=1,
            step=0.05,
            description="truncation",
            tooltip="Shrinks z towards 0, where the noise is densest: less variety",
            **sized("auto", 84),
        )
        self.view = widgets.ToggleButtons(
            options=[("Picture", "picture"), ("Neighbours", "neighbours")],
            tooltips=["The picture of z alone", "z in the middle, and what lies around it; click to go there"],
            style={"button_width": "auto"},
        )
        self.across = widgets.Dropdown(description="across", **sized(165, 50))
        self.down = widgets.Dropdown(description="down", **sized(165, 50))
        self.spread = widgets.FloatSlider(
            value=1.0, min=0.1, max=3, step=0.1, description="spread", readout_format=".1f", **sized(260, 50)
        )
        self.around = widgets.Box(
            [self.across, self.down, self.spread], layout=widgets.Layout(flex_flow="row wrap", display="none")
        )
        side = f"{PICTURE_PIXELS}px"
        self.picture = widgets.Image(
            format="png",
            layout=widgets.Layout(
                grid_area=f"1 / 1 / {NEIGHBOURS + 1} / {NEIGHBOURS + 1}",
                width="100%",
                height="100%",
                margin="0",
                object_fit="contain",
            ),
        )
        self.picture.add_class("gancourse-picture")
        self.stage = widgets.Box(
            [self.picture],
            layout=widgets.Layout(
                display="grid",
                width=side,
                height=side,
                grid_template_columns=f"repeat({NEIGHBOURS}, 1fr)",
                grid_template_rows=f"repeat({NEIGHBOURS}, 1fr)",
                flex="0 0 auto",
            ),
        )
        self.text = widgets.HTML(layout=_width("auto"))
        self.files = widgets.HTML()
        self.load = widgets.FileUpload(
            accept=".json", description="Load noise", tooltip="A file from “Save noise”", layout=_width("auto")
        )
        self.pin = button("Pin", "Keep this point, to come back or to walk to it", self._on_pin)
        self.show_code = widgets.ToggleButton(
            description="Code", tooltip="The lines that make this picture", layout=_width("auto")
        )
        self.code = widgets.HTML(layout=widgets.Layout(display="none", width="100%"))
        self.pins = widgets.Box(layout=widgets.Layout(flex_flow="row wrap"))
        self.walk_from = widgets.Dropdown(description="Walk from", **sized(130, 70))
        self.walk_to = widgets.Dropdown(description="to", **sized(80, 20))
        self.walk = widgets.IntSlider(min=0, max=WALK_STEPS, description="way", readout=False, **sized(220, 32))
        self.play = widgets.Play(max=WALK_STEPS, interval=60, repeat=True, tooltip="Play the walk", show_repeat=False)
        widgets.jslink((self.play, "value"), (self.walk, "value"))
        self.walking = widgets.Box(
            [self.walk_from, self.walk_to, self.walk, self.play],
            layout=widgets.Layout(flex_flow="row wrap", display="none"),
        )
        self._name_sliders()

        for slider in self.sliders:
            slider.observe(self._on_slider, "value")
        for lock in self.locks:
            lock.observe(self._on_lock, "value")
        self.seed.observe(self._on_seed, "value")
        self.classes.observe(self._on_class, "value")
        self.truncation.observe(self._on_truncation, "value")
        self.slider_set.observe(self._on_slider_set, "value")
        self.view.observe(self._on_view, "value")
        for control in (self.across, self.down, self.spread):
            control.observe(self._on_around, "value")
        self.walk.observe(self._on_walk, "value")
        self.load.observe(self._on_load, "value")
        self.show_code.observe(self._on_show_code, "value")

        row = widgets.Layout(flex_flow="row wrap", align_items="center")
        left = widgets.VBox(
            [
                widgets.Box([self.seed, self.draw, self.undo], layout=row),
                *([self.classes] if self._class_names else []),
                self.slider_set,
                self.rows,
                self.truncation,
            ],
            layout=widgets.Layout(flex="1 1 320px", min_width="280px", max_width="460px"),
        )
        right = widgets.VBox(
            [
                self.view,
                self.around,
                self.stage,
                self.text,
                widgets.Box([self.pin, self.files, self.load, self.show_code], layout=row),
            ],
            layout=widgets.Layout(flex="1 1 320px", min_width="290px"),
        )
        both = widgets.Box([left, right], layout=widgets.Layout(flex_flow="row wrap", grid_gap="8px 24px"))
        self.children = [self._message, both, self.pins, self.walking, self.code, self._page]

    def _class_control(self) -> widgets.ToggleButtons | widgets.Dropdown:
        """Return one button for each class, or a menu where they are many."""
        options = [(name, i) for i, name in enumerate(self._class_names)]
        if len(options) > MAX_BUTTONS:
            return widgets.Dropdown(options=options, description="Class", **sized(300, 84))
        buttons = widgets.ToggleButtons(
            options=options,
            description="Class",
            tooltips=[f"class {name}" for name in self._class_names],
            style={"button_width": "auto", "description_width": "84px"},
        )
        buttons.add_class("gancourse-classes")
        return buttons

    def _repr_mimebundle_(self, **kwargs):
        picture = None if self.image is None else png(figures.tile(self.image[None], pad=0), PICTURE_PIXELS)
        return with_still(super()._repr_mimebundle_(**kwargs), picture)


def _width(width: str) -> widgets.Layout:
    return widgets.Layout(width=width)


def _framed(images: Tensor) -> np.ndarray:
    """Return NEIGHBOURS² images as one sheet in colour, 1 pixel apart, with an orange frame around the one in the middle."""
    sheet = figures.tile(images, NEIGHBOURS, pad=1)
    colour = np.broadcast_to(sheet.reshape(*sheet.shape[:2], -1), (*sheet.shape[:2], 3)).copy()
    height, width = images.shape[2:]
    top, left = NEIGHBOURS // 2 * (height + 1), NEIGHBOURS // 2 * (width + 1)
    bottom, right = top + height + 1, left + width + 1
    colour[[top, bottom], left : right + 1] = ORANGE
    colour[top : bottom + 1, [left, right]] = ORANGE
    return colour


def _steps(n: int, forth: str, back: str) -> str:
    return f"{abs(n)} {forth if n > 0 else back}" if n else f"0 {forth}"
