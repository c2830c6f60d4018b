"""Pins: points that are kept, to come back to, to walk along, and to save as a loop that moves."""

from dataclasses import replace

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import figures, walks
from gancourse.widgets import latent
from gancourse.widgets.controls import button, row, show, width
from gancourse.widgets.history import History, Point
from gancourse.widgets.page import Message, png, save_link, see_through, sized

MAX_PINS = 8
LEG = 60  # steps of a walk from one pin to the next
GIF_LEG = 24  # pictures of a GIF from one pin to the next
GIF_PIXELS = 256


class Pins:
    """The kept points with their pictures (`strip`), and the walk along them (`walking`), shown from the second pin on.

    message: where hints go. class_names: of the generator, [] where it takes no labels.
    """

    def __init__(self, generator: nn.Module, history: History, message: Message, class_names: list[str]):
        self._generator, self._history, self._message = generator, history, message
        self._class_names = class_names
        self.kept: dict[str, Point] = {}
        self._boxes: dict[str, widgets.VBox] = {}  # made when first needed, then only hidden and shown
        self.strip = widgets.Box(layout=widgets.Layout(flex_flow="row wrap"))
        self.hint = widgets.HTML("Pin two pictures or more to walk between them, and to save the walk as a GIF.")
        self.route = widgets.HTML()
        self.walk = widgets.IntSlider(max=LEG, description="Walk", readout=False, **sized(300, 50))
        self.play = widgets.Play(max=LEG, interval=60, repeat=True, tooltip="Play the walk", show_repeat=False)
        widgets.jslink((self.play, "value"), (self.walk, "value"))
        self.loop = widgets.Checkbox(
            value=True, description="and back", indent=False, tooltip="Return to the first pin", layout=width("auto")
        )
        self.make_gif = button("Make a GIF", "Save the walk as a picture that moves", self._on_make_gif)
        self.gif = widgets.HTML()
        self.walking = row(self.walk, self.play, self.loop, self.route, self.make_gif, self.gif)
        show(self.walking, False)
        self.walk.observe(self._on_walk, "value")
        self.loop.observe(lambda _: self._show(), "value")

    def keep(self) -> None:
        """Keep the point where the reader stands."""
        free = [name for name in "ABCDEFGH"[:MAX_PINS] if name not in self.kept]
        if not free:
            self._message.hint(f"There is room for {MAX_PINS} pins at most: remove one first.")
            return
        point = self._history.point
        try:
            picture = latent.draw(self._generator, point.z[None], latent.labels_for(point.shares, 1))
        except latent.CannotShow:
            self._message.error("There is no picture to pin.")
            return
        self.kept[free[0]] = point
        shown, buttons = self._box(free[0]).children
        shown.children[0].value = png(figures.tile(picture, pad=0))
        if point.shares is not None:
            words = latent.shares_in_words(point.shares, self._class_names)
            buttons.children[0].tooltip = f"Go to pin {free[0]}, {words}"
        self._show()

    def way(self) -> tuple[list[str], Tensor, Tensor | None]:
        """Return the names of the pins along the walk, their noise (P, z_dim), and their shares (P, classes) or None."""
        names = sorted(self.kept)
        names += names[:1] * (self.loop.value and len(names) > 1)
        points = [self.kept[name] for name in names]
        shares = None if points[0].shares is None else torch.stack([p.shares for p in points])
        return names, torch.stack([p.z for p in points]), shares

    def frames(self) -> Tensor:
        """Return the pictures of the whole walk, uint8 (N, C, H, W); a loop does not show its start twice."""
        names, z, shares = self.way()
        n = GIF_LEG * (len(names) - 1)
        at = torch.arange(n + (not self.loop.value)) / GIF_LEG
        z = walks.along(z, at, straight=latent.is_uniform(self._generator))
        if shares is None:
            return latent.draw(self._generator, z)
        shares = walks.along(shares, at, straight=True)
        between = shares.max(1).values < 1
        if not between.any():  # every conditional generator takes labels, not every one takes shares
            return latent.draw(self._generator, z, shares.argmax(1))
        return latent.draw(self._generator, z, shares)

    def stop(self) -> None:
        """Stop the walk that is playing."""
        self.play.playing = False

    def _show(self) -> None:
        names = sorted(self.kept)
        # Hidden, not removed: the page would keep 80 kB of every picture and button that is taken away and put back.
        self.strip.children = list(self._boxes.values())
        for name, box in self._boxes.items():
            show(box, name in self.kept)
        self.gif.value = ""
        show(self.walking, len(names) > 1)
        show(self.hint, len(names) < 2)
        if len(names) < 2:
            self.stop()
            return
        names = self.way()[0]
        self.route.value = " → ".join(names)
        with self._history.showing():
            self.walk.max = self.play.max = LEG * (len(names) - 1)

    def _box(self, name: str) -> widgets.VBox:
        """Return the picture of a pin and its two buttons."""
        if name not in self._boxes:
            side = widgets.Layout(width="60px", height="60px", margin="0", grid_area="1 / 1 / 2 / 2")
            over = see_through(f"Go to pin {name}", 0, 1, lambda _: self._on_go(name))
            picture = widgets.Box([widgets.Image(layout=side), over], layout=widgets.Layout(display="grid"))
            go = button(name, f"Go to pin {name}", lambda: self._on_go(name))
            drop = button("×", f"Remove pin {name}", lambda: self._on_drop(name))
            go.layout.width, drop.layout.width = "32px", "26px"
            drop.add_class("gancourse-small")
            box = self._boxes[name] = widgets.VBox([picture, widgets.HBox([go, drop])], layout=width("66px"))
            box.add_class("gancourse-pinned")
        return self._boxes[name]

    def _on_go(self, name: str) -> None:
        self._history.go(replace(self.kept[name], moved=f"at pin {name}"), f"pin {name}")

    def _on_drop(self, name: str) -> None:
        del self.kept[name]
        self._show()

    def _on_walk(self, _) -> None:
        if self._history.is_showing or len(self.kept) < 2:
            return
        names, z, shares = self.way()
        at = torch.tensor([min(self.walk.value / LEG, len(names) - 1.0)])
        z = walks.along(z, at, straight=latent.is_uniform(self._generator))[0]
        shares = None if shares is None else walks.along(shares, at, straight=True)[0]
        leg = min(int(at), len(names) - 2)
        way = f"{at.item() - leg:.0%} of the way from pin {names[leg]} to pin {names[leg + 1]}"
        seed = self._history.point.seed
        self._history.go(Point(z, shares, seed, moved=way, of_seed=False), "walk")

    def _on_make_gif(self) -> None:
        try:
            data = figures.gif(self.frames(), at_least=GIF_PIXELS)
        except latent.CannotShow as error:
            self._message.error(str(error))
            return
        name = f"walk-{'-'.join(sorted(self.kept))}.gif"
        self.gif.value = save_link("Save GIF", name, "image/gif", data)
