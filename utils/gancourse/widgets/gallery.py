"""A gallery: draw pictures, keep those that you like, name them, and save them."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import figures
from gancourse.training import noise
from gancourse.widgets import latent
from gancourse.widgets.page import Message, Page, array, png, save_link, with_still

COLUMNS, ROWS = 6, 2  # of pictures to choose from
SIDE = 96  # pixels on the screen, of each
SAVED = 256  # pixels, of a saved picture
MOST = 12  # favourites


@dataclass
class Favourite:
    """A kept noise vector (z_dim,), its picture, uint8 (C, H, W), and the name that the reader gave it."""

    z: Tensor
    image: Tensor
    name: str


class Gallery(widgets.VBox):
    """Pictures of a generator to choose from; a click keeps one, and it can be named and saved.

    generator: a network that knows its `z_dim` and takes no labels, or the name of a shipped one. seed: of the first page.

    `gallery.favourites` holds what was kept; `gallery.keep(explorer.z, "Name")` adds what a LatentExplorer shows.
    A generator that cannot be shown is an error message in the widget, not an exception.
    """

    def __init__(self, generator: nn.Module | str = "pokemon_dcgan", seed: int = 0):
        self._message = Message()
        self.favourites: list[Favourite] = []
        self._page = Page()
        super().__init__([self._message, self._page])
        self.add_class("gancourse")
        self._seed = seed
        try:
            self.generator = latent.open_generator(generator)
            if latent.class_names(self.generator):
                raise latent.CannotShow("This generator takes labels; the gallery shows generators that take none.")
            self._draw()
        except latent.CannotShow as error:
            self._message.error(str(error))
            return
        self._make_controls()
        self._show_choice()
        self._show_favourites()

    def keep(self, z: Tensor, name: str = "") -> None:
        """Add the picture of a noise vector (z_dim,) to the favourites. Raises ValueError where that is not possible."""
        z = torch.as_tensor(z, dtype=torch.float32).detach().cpu()
        if z.shape != (self.generator.z_dim,):
            raise ValueError(f"z must be {self.generator.z_dim} numbers; this has the shape {tuple(z.shape)}.")
        if len(self.favourites) == MOST:
            raise ValueError(f"{MOST} favourites are the most there is room for: remove one first.")
        image = latent.draw(self.generator, z[None])[0]
        self.favourites.append(Favourite(z.clone(), image, name))
        self._show_favourites()

    # ---- the choice ---------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        self._z = noise(self.generator, COLUMNS * ROWS, self._seed).cpu()
        self._images = latent.draw(self.generator, self._z)

    def _show_choice(self) -> None:
        self.picture.value = png(figures.tile(self._images, COLUMNS, pad=0))
        self._page.picture = f"{len(self._images)} generated pictures to choose from, page {self._seed}"

    def _on_more(self, _) -> None:
        self._seed += 1
        self._draw()
        self._show_choice()

    def _on_choice(self, i: int) -> None:
        self._try(lambda: self.keep(self._z[i]))

    def _try(self, action: Callable[[], None]) -> None:
        """Do what a click asks for; what is not possible is said in a message."""
        try:
            action()
        except ValueError as error:  # CannotShow is one
            self._message.error(str(error))
        else:
            self._message.clear()

    # ---- the favourites -----------------------------------------------------------------------------------------

    def _show_favourites(self) -> None:
        for i, box in enumerate(self._boxes.children):
            box.layout.display = "flex" if i < len(self.favourites) else "none"
            if i < len(self.favourites):
                favourite = self.favourites[i]
                image, name, files = box.children
                image.value, name.value = png(array(favourite.image)), favourite.name
                files.children[0].value = _files(favourite, self.generator)
        said = f"{len(self.favourites)} kept." if self.favourites else "Click on a picture to keep it; then name it."
        self.text.value = f'<span role="status">{said}</span>'
        self.all.value = (
            save_link("Save the gallery", "gallery.png", "image/png", sheet(self.favourites)) if self.favourites else ""
        )

    def _on_name(self, i: int, name: str) -> None:
        if i < len(self.favourites) and name != self.favourites[i].name:
            self.favourites[i].name = name.strip()
            self._show_favourites()

    def _on_drop(self, i: int) -> None:
        del self.favourites[i]
        self._message.clear()
        self._show_favourites()

    # ---- its parts ----------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.picture = widgets.Image(
            format="png",
            layout=widgets.Layout(
                grid_area=f"1 / 1 / {ROWS + 1} / {COLUMNS + 1}", width="100%", height="100%", margin="0"
            ),
        )
        self.picture.add_class("gancourse-picture")
        self.choices = []
        for i in range(COLUMNS * ROWS):
            row, column = divmod(i, COLUMNS)
            area = f"{row + 1} / {column + 1} / {row + 2} / {column + 2}"
            button = widgets.Button(
                tooltip=f"Keep picture {i + 1}",
                layout=widgets.Layout(width="auto", height="auto", margin="0", grid_area=area),
            )
            button.add_class("gancourse-neighbour")
            button.on_click(lambda _, i=i: self._on_choice(i))
            self.choices.append(button)
        stage = widgets.Box(
            [self.picture, *self.choices],
            layout=widgets.Layout(
                display="grid",
                width=f"{COLUMNS * SIDE}px",
                height=f"{ROWS * SIDE}px",
                grid_template_columns=f"repeat({COLUMNS}, 1fr)",
                grid_template_rows=f"repeat({ROWS}, 1fr)",
                flex="0 0 auto",
            ),
        )
        self.more = widgets.Button(
            description="More", tooltip="Draw other pictures", layout=widgets.Layout(width="auto")
        )
        self.more.on_click(self._on_more)
        self.text, self.all = widgets.HTML(), widgets.HTML()
        # All boxes are made now, then only hidden and shown: a page keeps what was taken away from it.
        self._boxes = widgets.Box(
            [self._favourite_box(i) for i in range(MOST)], layout=widgets.Layout(flex_flow="row wrap", grid_gap="8px")
        )
        row = widgets.HBox([self.more, self.text, self.all], layout=widgets.Layout(align_items="center"))
        self.children = [self._message, stage, row, self._boxes, self._page]

    def _favourite_box(self, i: int) -> widgets.VBox:
        """Return the picture of a favourite, its name, what can be saved of it, and a button to let it go."""
        image = widgets.Image(format="png", layout=widgets.Layout(width=f"{SIDE}px", height=f"{SIDE}px"))
        name = widgets.Text(
            placeholder="its name",
            continuous_update=False,
            layout=widgets.Layout(width="170px"),
            tooltip=f"Name of favourite {i + 1}",
        )
        name.observe(lambda change: self._on_name(i, change.new), "value")
        drop = widgets.Button(description="×", tooltip=f"Remove favourite {i + 1}", layout=widgets.Layout(width="26px"))
        drop.add_class("gancourse-small")
        drop.on_click(lambda _: self._on_drop(i))
        files = widgets.HBox([widgets.HTML(), drop])
        box = widgets.VBox([image, name, files], layout=widgets.Layout(width="180px", display="none"))
        box.add_class("gancourse-pinned")
        return box

    def _repr_mimebundle_(self, **kwargs):
        still = png(figures.tile(self._images, COLUMNS), 480) if hasattr(self, "_images") else None
        return with_still(super()._repr_mimebundle_(**kwargs), still)


def _files(favourite: Favourite, generator: nn.Module) -> str:
    """Return HTML: links that save the picture and the noise of a favourite under its name."""
    name = file_name(favourite.name)
    picture = png(array(favourite.image), SAVED)
    return save_link("Picture", f"{name}.png", "image/png", picture) + save_link(
        "Noise", f"{name}.json", "application/json", latent.write_noise(favourite.z, generator)
    )


def file_name(name: str) -> str:
    """Return a name as it may stand in a file's name on any system: letters, digits and single hyphens."""
    return re.sub(r"[\W_]+", "-", name).strip("-")[:60] or "nameless"


def sheet(favourites: list[Favourite]) -> bytes:
    """Return all favourites with their names as one PNG."""
    buffer = io.BytesIO()
    named = [(favourite.name, favourite.image) for favourite in favourites]
    figures.named_pictures(named, COLUMNS).savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()
