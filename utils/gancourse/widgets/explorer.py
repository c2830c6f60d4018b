"""The latent explorer: sliders over the noise vector of a generator, and the picture that it makes of it.

Its parts can be read alone: `history` says where the reader stands, `direction_sliders`, `plane`, `map`, `pins` and `finder`
move them, `levels` holds parts of the noise, `stage` and `nearest` show what is there.
"""

import html
import operator
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets
import torch
from IPython import get_ipython
from torch import Tensor, nn

from gancourse import directions, figures, memory, pretrained, runs
from gancourse.training import device_of, noise
from gancourse.widgets import latent, noise_files
from gancourse.widgets.controls import button, class_control, row, show, toggle, width
from gancourse.widgets.direction_sliders import MOST_CHANGE, PROPERTIES, DirectionSliders
from gancourse.widgets.file_field import FileField
from gancourse.widgets.finder import Finder
from gancourse.widgets.history import SEARCH, History, Point
from gancourse.widgets.levels import Levels
from gancourse.widgets.map import LatentMap
from gancourse.widgets.nearest import Nearest
from gancourse.widgets.page import Message, Page, png, save_link, sized, with_still
from gancourse.widgets.painter import Painter
from gancourse.widgets.pins import Pins
from gancourse.widgets.plane import Plane
from gancourse.widgets.stage import PIXELS, Stage
from gancourse.widgets.task import Task

MAX_SEED = 999_999


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
        self._message, self._page = Message(), Page()
        self._history: History | None = None
        self._painter = Painter(self._paint, self._settle)
        self._shipped = generator if isinstance(generator, str) else ""
        self._naming = Task(lambda text: None)  # a generator that breaks down: the picture says so
        super().__init__([self._message, self._page])
        self.add_class("gancourse")
        self.add_class("gancourse-latent")
        try:
            if not 0 <= seed <= MAX_SEED:
                raise latent.CannotShow(f"The seed must lie between 0 and {MAX_SEED:,}, not {seed}.")
            if sliders < 1:
                raise latent.CannotShow(f"There must be at least one slider, not {sliders}.")
            self.generator = latent.open_generator(generator, weights)
            self._class_names = latent.class_names(self.generator)
            if hasattr(self.generator, "examples"):
                raise latent.CannotShow(
                    "This generator adds detail to coarse pictures. Show all levels together: LAPGAN(base, level, ...)."
                )
            self.levels = Levels(self.generator)
            shares = latent.shares_of(0, len(self._class_names)) if self._class_names else None
            z = noise(self.generator, 1, seed).cpu()
            image = latent.draw(self.generator, z, latent.labels_for(shares, 1))[0]
            measured = self._measured(sliders)
            principal = measured.principal if measured else directions.principal_directions(self.generator, sliders)
        except ValueError as error:
            self._message.error(str(error))
            return
        self._history = History(Point(z[0], shares, seed), self._on_move)
        self._make_parts(principal, image)
        self._lay_out()
        self._show_point()
        self._paint()
        self._settle()
        if measured:
            self._show_names(measured)
        else:
            quiet = latent.quiet_copy(self.generator)
            self._naming.run(lambda stopped: self._measure(quiet, principal, stopped))

    # ---- where it stands --------------------------------------------------------------------------------------

    @property
    def z(self) -> Tensor:
        """Return the noise vector (z_dim,) on the CPU; `explorer.z = z` moves the explorer there."""
        return self._point().z.clone()

    @z.setter
    def z(self, z: Tensor) -> None:
        z = torch.as_tensor(z, dtype=torch.float32).detach().cpu()
        point = self._point()
        if z.shape != point.z.shape or not z.abs().le(latent.MAX_Z).all():
            raise ValueError(
                f"z must be {len(point.z)} finite numbers, none beyond {latent.MAX_Z:,.0f}; this has the shape {tuple(z.shape)}."
            )
        self._history.go(Point(z.clone(), point.shares, point.seed, moved="noise set by code", of_seed=False), "code")

    @property
    def label(self) -> int | None:
        """Return the class; None between classes, and for a generator that takes no labels. `explorer.label = 3` keeps z."""
        return latent.only_class(self._point().shares)

    @label.setter
    def label(self, label: int) -> None:
        point, classes = self._point(), len(self._class_names)
        if not classes:
            raise ValueError("This generator takes no labels: it has no attribute `classes`.")
        try:
            fits = not isinstance(label, bool) and 0 <= operator.index(label) < classes
        except TypeError:
            fits = False
        if not fits:
            raise ValueError(f"label must be a whole number from 0 to {classes - 1}, not {label!r}.")
        label = operator.index(label)
        self._history.go(replace(point, shares=latent.shares_of(label, classes)), f"class {label}")

    @property
    def image(self) -> Tensor | None:
        """Return the picture of the point, uint8 (C, H, W); None where there is none."""
        return None if self._history is None else self.stage.image

    def wait(self) -> None:
        """Wait until the picture is that of `z` and every text says so."""
        self._naming.wait()
        self._painter.wait()
        if self._history is not None:
            self.map.wait()

    def rest(self) -> None:
        """Stop what goes on by itself: a walk that is playing, a search for a picture."""
        if self._history is not None:
            self.pins.stop()
            self.finder.stop()

    def _point(self) -> Point:
        if self._history is None:
            raise ValueError("This explorer has no generator to show; the message in it says why.")
        return self._history.point

    # ---- what it shows ----------------------------------------------------------------------------------------

    def _paint(self) -> None:
        had_none = self.stage.image is None
        try:
            self.stage.paint()
            if had_none:  # until now the message said why there was no picture
                self._message.clear()
        except latent.CannotShow as error:
            self._message.error(str(error))
        finally:
            self.map.painted()

    def _settle(self) -> None:
        """Say in text what is shown, and bring the files and the code up to date: too slow for every frame."""
        point = self._history.point
        what = self._in_words(point)
        self.text.value = f'<span role="status">{html.escape(what)}</span>'
        self._page.picture = what
        name, wide = self._file_name(point), "-neighbours" * self.stage.is_wide
        noise_file = noise_files.write_noise(point.z, self.generator, point.shares)
        picture = png(self.stage.sheet, PIXELS)
        self.save_picture.value = save_link("Save picture", f"{name}{wide}.png", "image/png", picture)
        self.save_noise.value = save_link("Save noise", f"{name}.json", "application/json", noise_file)
        if self.show_code.value:
            seed = None if point.moved or point.truncation < 1 else point.seed
            lines = noise_files.code(point.z, seed, device_of(self.generator), self._reach_generator(), point.shares)
            self.code.value = f'<pre tabindex="0" aria-label="Code for this picture">{html.escape(lines)}</pre>'
        self.nearest.update(self.stage.image)
        memory.give_back()

    def _in_words(self, point: Point) -> str:
        """Return what is shown and how it came about."""
        if self.stage.image is None:
            return "No picture: the message above says why."
        g_of_z, origins = "G(z)", []
        if point.shares is not None:
            label = latent.only_class(point.shares)
            g_of_z = "G(z, shares)" if label is None else f"G(z, {label})"
            origins = [latent.shares_in_words(point.shares, self._class_names)]
        moved = f"noise {point.moved}" if point.moved.startswith("moved") and not point.of_seed else point.moved
        origin = ", ".join(origins + [f"seed {point.seed}"] * point.of_seed + [moved] * bool(moved))
        truncated = f", truncation {point.truncation:.2f}" if point.truncation < 1 else ""
        what = f"{g_of_z} for {origin}{truncated}; length of z {point.z.norm():.2f}"
        if self.stage.is_wide:
            spread = self.plane.spread.value
            what = f"The middle is {what}. Around it, z moves by up to {spread:.1f} along two directions."
        if beyond := self.directions.beyond(point):
            what += f"; beyond the end of its slider: {', '.join(beyond)}"
        return what

    def _file_name(self, point: Point) -> str:
        """Return what files of a point are called, without an ending."""
        name = f"seed-{point.seed}" if point.of_seed else "noise"
        name += "-moved" * bool(point.of_seed and point.moved) + "-truncated" * (point.truncation < 1)
        if point.shares is None:
            return name
        label = latent.only_class(point.shares)
        return f"{name}-between-classes" if label is None else f"{name}-class-{label}"

    def _reach_generator(self) -> str:
        """Return a Python expression for the generator in the reader's notebook: one of their variables, if possible."""
        if self._shipped:
            return f'pretrained.load("{self._shipped}").generator'
        if isinstance(self.generator, runs.Kept):
            return f"runs.load({self.generator.name!r})"
        names = list(getattr(get_ipython(), "user_ns", {}).items())  # a copy: a cell may make new ones meanwhile
        for name, value in names:
            if not name.startswith("_") and value is self.generator:
                return name
            if not name.startswith("_") and getattr(value, "generator", None) is self.generator:
                return f"{name}.generator"
        return "explorer.generator  # with explorer = LatentExplorer(...)"

    def _show_point(self) -> None:
        """Set every control to the point."""
        with self._history.showing():
            point = self._history.point
            self.directions.show(point)
            self.seed.value = point.seed
            self.truncation.value = point.truncation
            self.classes.value = latent.only_class(point.shares)  # None is pressed between classes

    def _measured(self, sliders: int) -> directions.Measured | None:
        """Return what was measured of a shipped generator's directions, if it fits."""
        if not self._shipped:
            return None
        measured = directions.read(pretrained.folder() / self._shipped / directions.FILE, self.generator)
        return measured if measured and len(measured.principal) == sliders else None

    def _measure(self, quiet: nn.Module, principal: Tensor, stopped: Callable[[], bool]) -> None:
        """Measure what the directions change; quiet: a copy of the generator."""
        latent.stop_when(quiet, stopped)
        self._show_names(directions.measure(quiet, principal))

    def _show_names(self, measured: directions.Measured) -> None:
        """Name the sliders after what they change, and offer the directions of single properties."""
        labels = [f"{i + 1} · {_label(name)}" for i, name in enumerate(measured.names)]
        if measured.property_names:
            own, told = (list(map(text, measured.property_names)) for text in (_label, _told))
            self.directions.add_set(PROPERTIES, measured.properties, own, told)
        self.directions.rename(MOST_CHANGE, labels, list(map(_told, measured.names)))

    # ---- how it moves -----------------------------------------------------------------------------------------

    def _on_move(self, control: str) -> None:
        """Follow the history to its new point; `control` has moved it."""
        self.undo.disabled = not self._history.can_undo
        walks, searches = control == "walk", control.startswith(SEARCH)
        if self._message.value and self.stage.image is not None and not (walks or searches):
            self._message.clear()
        if not walks:
            self.pins.stop()
        if not searches:
            self.finder.stop()
        self._painter.request()
        self.map.follow()
        if not control.startswith("slider"):
            self._show_point()

    def _on_seed(self, change) -> None:
        if not self._history.is_showing:
            self._draw_seed(change.new)

    def _on_draw(self) -> None:
        self._draw_seed((self._history.point.seed + 1) % (MAX_SEED + 1))

    def _draw_seed(self, seed: int) -> None:
        point = self._history.point
        if self.levels.all_kept:
            self._show_point()  # the field of the seed, too
            self._message.hint(
                "Every level is kept, so a new draw changes nothing. Release one of the buttons beside “Keep”."
            )
            return
        z = self.directions.keep(noise(self.generator, 1, seed).cpu()[0] * point.truncation)
        self._history.go(replace(point, z=z, seed=seed, moved=self._held(), of_seed=True), f"seed {seed}")

    def _held(self) -> str:
        """Return in words what a new draw leaves as it is."""
        kept = f"with the noise of {' and '.join(self.levels.kept)} kept" if self.levels.kept else ""
        return ", ".join(filter(None, (kept, "with locked sliders" * self.directions.any_locked)))

    def _on_class(self, change) -> None:
        if not self._history.is_showing and change.new is not None:
            self.label = change.new

    def _on_truncation(self, change) -> None:
        point = self._history.point
        if self._history.is_showing or abs(change.new - point.truncation) <= change.owner.step / 2:
            return
        if point.moved:
            z = point.z * (change.new / point.truncation)
        else:  # without rounding: at 1 it is exactly the seed's noise again
            z = noise(self.generator, 1, point.seed).cpu()[0] * change.new
        moved = point.moved or ("with locked sliders" if self.directions.any_locked else "")
        # Kept levels are shrunk as well: truncation is a matter of the whole noise.
        z = self.directions.keep_locked(z)
        self._history.go(replace(point, z=z, truncation=change.new, moved=moved), "truncation")

    def _on_directions(self) -> None:
        """Follow the sliders to other directions, or to other names of the same ones."""
        self.plane.name()
        self._show_point()
        self._painter.request()
        self.map.follow()

    def _on_stuck(self) -> None:
        self._message.hint(
            "This slider moves noise that is kept. Release a level beside “Keep”, or take another slider."
        )

    def _on_search(self) -> None:
        if self.directions.unlock():
            self._message.hint("The locks are open again: the search needs every direction.")

    def _on_slider_set(self, _) -> None:
        if not self._history.is_showing and self.directions.unlock():
            self._message.hint("The locks are open again: they held the sliders that you had before.")

    def _on_plane(self) -> None:
        self._painter.request()
        self.map.follow()

    def _on_load(self, data: bytes) -> None:
        try:
            z, shares, hint = noise_files.read_noise(data, self.generator)
        except latent.CannotShow as error:
            self._message.error(str(error))
            return
        point = self._history.point
        shares = point.shares if shares is None else shares
        self._history.go(Point(z, shares, point.seed, moved="noise loaded from a file", of_seed=False), "file")
        if hint:
            self._message.hint(hint)

    # ---- what is open -----------------------------------------------------------------------------------------

    def _on_show_map(self, shown: bool) -> None:
        self.map.is_open = shown
        show(self._map_box, shown)
        show(self.plane.controls, shown or self.stage.is_wide)
        self.map.follow()

    def _on_view(self, _) -> None:
        show(self.plane.controls, self.show_map.value or self.stage.is_wide)

    def _on_show_nearest(self, shown: bool) -> None:
        if shown:
            self.nearest.open(self.stage.image)
        else:
            self.nearest.close()

    def _on_show_finder(self, shown: bool) -> None:
        show(self.finder.box, shown)

    def _on_show_code(self, shown: bool) -> None:
        self.code.layout.display = "block" if shown else "none"
        self._painter.request()

    # ---- its parts --------------------------------------------------------------------------------------------

    def _make_parts(self, principal: Tensor, image: Tensor) -> None:
        history, shape = self._history, tuple(image.shape)
        self.directions = DirectionSliders(
            self.generator, history, principal, self.levels, self._on_directions, self._on_stuck
        )
        self.directions.menu.observe(self._on_slider_set, "value")
        self.plane = Plane(history, self.directions, self._on_plane)
        self.stage = Stage(self.generator, history, self.plane, image, self._painter.request)
        self.stage.view.observe(self._on_view, "value")
        self.map = LatentMap(self.generator, shape, history, self.plane)
        self.pins = Pins(self.generator, history, self._message, self._class_names)
        self.nearest = Nearest(shape, known=bool(self._shipped))
        self.finder = Finder(self.generator, shape, history, self._message, self._on_search)

        self.seed = widgets.BoundedIntText(
            value=history.point.seed, min=0, max=MAX_SEED, description="Seed", **sized(190, 84)
        )
        self.seed.observe(self._on_seed, "value")
        self.draw = button("Draw another", "Draw another noise vector: the next seed's", self._on_draw)
        self.undo = button("Undo", "Go back to where you were", history.undo)
        self.undo.disabled = True
        self.pin = button("Pin", "Keep this point, to come back or to walk to it", self.pins.keep)
        self.classes = class_control(self._class_names)
        self.classes.observe(self._on_class, "value")
        self.truncation = widgets.FloatSlider(
            value=1,
            min=0.1,
            max=1,
            step=0.05,
            description="truncation",
            tooltip="Shrinks z towards 0, where the noise is densest: less variety",
            **sized("auto", 128),
        )
        self.truncation.observe(self._on_truncation, "value")
        self.text, self.save_picture, self.save_noise = (
            widgets.HTML(layout=width("auto")),
            widgets.HTML(),
            widgets.HTML(),
        )
        self.load = FileField(
            "Load noise", "A file from “Save noise”", ".json", noise_files.MAX_FILE, self._on_load, self._message.error
        )
        self.show_map = toggle("Map", "What lies around the point: click and drag over it", self._on_show_map)
        self.show_nearest = toggle("Is it a copy?", "The nearest training pictures", self._on_show_nearest)
        self.show_finder = toggle(
            "Draw your own", "Draw something, or give a picture, and the explorer looks for it", self._on_show_finder
        )
        self.show_code = toggle("Code", "The lines that make this picture", self._on_show_code)
        self.code = widgets.HTML(layout=widgets.Layout(display="none", width="100%"))
        self.centre = button("Centre", "Draw the map around the mark", self.map.centre)
        for part, opens in ((self.nearest, self.show_nearest), (self.finder, self.show_finder)):
            if part.why_not:
                opens.disabled, opens.tooltip = True, f"Not here: {part.why_not}"

    def _lay_out(self) -> None:
        reasons = (
            ("Training pictures cannot be compared", self.nearest.why_not),
            ("No picture can be searched", self.finder.why_not),
        )
        why_not = widgets.HTML("<br>".join(html.escape(f"{what}: {why}.") for what, why in reasons if why))
        show(why_not, bool(why_not.value))
        controls = widgets.VBox(
            [
                *([self.classes] if self._class_names else []),
                self.seed,
                self.levels.box,
                self.directions.menu,
                self.directions.rows,
                self.truncation,
            ]
        )
        controls.add_class("gancourse-controls")
        self._map_box = widgets.VBox([self.map, row(self.centre)])
        self._map_box.add_class("gancourse-map-box")
        show(self._map_box, False)
        picture = widgets.VBox(
            [self.stage.view, self.stage.frame, row(self.draw, self.undo, self.pin, self.save_picture), self.text]
        )
        picture.add_class("gancourse-stage")
        self.plane.controls.add_class("gancourse-plane")
        pictures = widgets.Box([picture, self._map_box, self.plane.controls])
        pictures.add_class("gancourse-pictures")
        pinned = widgets.VBox([self.pins.strip, self.pins.hint, self.pins.walking])
        pinned.add_class("gancourse-pins")
        more = row(self.show_finder, self.show_nearest, self.show_map, self.save_noise, self.load, self.show_code)
        below = widgets.VBox([more, why_not, self.finder.box, self.nearest.box, self.code])
        below.add_class("gancourse-below")
        parts = widgets.Box([controls, pictures, pinned, below])
        parts.add_class("gancourse-explorer")
        self.children = [self._message, parts, self._page]

    def _repr_mimebundle_(self, **kwargs):
        picture = None if self.image is None else png(figures.tile(self.image[None], pad=0), PIXELS)
        return with_still(super()._repr_mimebundle_(**kwargs), picture)


def _label(name: directions.Name) -> str:
    """Return what a slider is called: a statistic with its correlation, or "no name"."""
    sign = "\N{MINUS SIGN}" * (name.correlation < 0)
    return "no name" if name.statistic is None else f"{name.statistic} {sign}{abs(name.correlation):.2f}"


def _told(name: directions.Name) -> str:
    """Return in a sentence what a slider's name rests on."""
    if name.statistic is None:
        return "Of what was measured nothing changes reliably along this direction"
    low, high = name.ends
    return f"From {low} to {high}, in {name.agreement:.0%} of the moves that were measured"
