"""A gallery: draw pictures, keep those that you like, name them, and save them."""

import io
import re
import unicodedata
import warnings
from dataclasses import dataclass

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import figures
from gancourse.training import noise
from gancourse.widgets import latent, noise_files
from gancourse.widgets.page import STILL, Message, Page, png, save_link, see_through, with_still

COLUMNS, ROWS = 6, 2  # of pictures to choose from
SIDE = 96  # pixels on the screen, of each
SAVED = 256  # pixels, of a saved picture
MOST = 12  # favourites


@dataclass
class Favourite:
    """A kept noise vector (z_dim,), its picture, uint8 (C, H, W), the name that the reader gave it, and its noise file.

    Picture and file are made when it is kept: the generator may be trained on afterwards.
    """

    z: Tensor
    image: Tensor
    name: str
    file: bytes


class Gallery(widgets.VBox):
    """Pictures of a generator to choose from; a click keeps one, and it can be named and saved.

    generator: a network that knows its `z_dim` and takes no labels, or the name of a shipped one. seed: of the first page.

    `gallery.favourites` holds what was kept; `gallery.keep(explorer.z, "Name")` adds what a LatentExplorer shows.
    A generator that cannot be shown is an error message in the widget, not an exception.
    """

    def __init__(self, generator: nn.Module | str = "pokemon_dcgan", seed: int = 0):
        self._message = Message()
        self._slots: list[Favourite | None] = [None] * MOST
        self._page = Page()
        super().__init__([self._message, self._page])
        self.add_class("gancourse")
        try:
            self.generator = latent.open_unconditional(generator)
            self._draw(seed)
        except latent.CannotShow as error:
            self._message.error(str(error))
            return
        self._make_controls()
        self._show_choice()
        self._say()

    @property
    def favourites(self) -> list[Favourite]:
        """Return the favourites, in the order in which they are shown."""
        return [favourite for favourite in self._slots if favourite]

    def keep(self, z: Tensor, name: str = "") -> None:
        """Add the picture of a noise vector (z_dim,) to the favourites. Raises ValueError where that is not possible."""
        if not hasattr(self, "generator"):
            raise ValueError("This gallery has no generator; the message in it says why.")
        z = torch.as_tensor(z, dtype=torch.float32).detach().cpu()
        if z.shape != (self.generator.z_dim,):
            raise ValueError(f"z must be {self.generator.z_dim} numbers; this has the shape {tuple(z.shape)}.")
        if not z.abs().le(latent.MAX_Z).all():
            raise ValueError(f"z must be finite numbers between -{latent.MAX_Z:g} and {latent.MAX_Z:g}.")
        self._keep(z.clone(), latent.draw(self.generator, z[None])[0], name)

    # ---- the choice ---------------------------------------------------------------------------------------------

    def _draw(self, seed: int) -> None:
        z = noise(self.generator, COLUMNS * ROWS, seed).cpu()
        images = latent.draw(self.generator, z)  # may raise; then nothing has changed
        self._seed, self._z, self._images = seed, z, images

    def _show_choice(self) -> None:
        self.picture.value = png(figures.tile(self._images, COLUMNS, pad=0))
        self._page.picture = f"{len(self._images)} pictures to choose from, those of seed {self._seed}"

    def _on_more(self, _) -> None:
        try:
            self._draw(self._seed + 1)
        except latent.CannotShow as error:
            self._message.error(str(error))
            return
        self._message.clear()
        self._show_choice()
        self._say()

    def _on_choice(self, i: int) -> None:
        try:
            self._keep(self._z[i].clone(), self._images[i], "")
        except ValueError as error:
            self._message.error(str(error))

    # ---- the favourites -----------------------------------------------------------------------------------------

    def _keep(self, z: Tensor, image: Tensor, name: str) -> None:
        if None not in self._slots:
            raise ValueError(f"There is room for {MOST} favourites at most: remove one first.")
        i = self._slots.index(None)
        self._slots[i] = Favourite(z, image, name, noise_files.write_noise(z, self.generator))
        self._message.clear()
        self._show(i)

    def _show(self, i: int) -> None:
        """Bring a favourite's place, the sheet of all and the text up to date."""
        favourite, box = self._slots[i], self._boxes.children[i]
        box.layout.display = "flex" if favourite else "none"
        if favourite:
            picture, name, (files, _) = box.children[0], box.children[1], box.children[2].children
            picture.value, name.value = png(figures.tile(favourite.image[None], pad=0)), favourite.name
            files.value = _files(favourite)
        self.all.value, unspelt = "", []
        if self.favourites:
            data, unspelt = sheet(self.favourites)
            self.all.value = save_link("Save the gallery", "gallery.png", "image/png", data)
        if unspelt:
            self._message.hint(
                "The font of the gallery's picture lacks some letters of these names; the names of your files have them."
            )
        self._say()

    def _say(self) -> None:
        kept = f"{len(self.favourites)} kept." if self.favourites else "Click on a picture to keep it; then name it."
        self.text.value = f'<span role="status">Pictures of seed {self._seed}. {kept}</span>'

    def _on_name(self, i: int, name: str) -> None:
        if self._slots[i] and name.strip() != self._slots[i].name:
            self._slots[i].name = name.strip()
            self._message.clear()
            self._show(i)

    def _on_drop(self, i: int) -> None:
        self._slots[i] = None
        self._message.clear()
        self._show(i)

    # ---- its parts ----------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.picture = widgets.Image(
            format="png",
            layout=widgets.Layout(
                grid_area=f"1 / 1 / {ROWS + 1} / {COLUMNS + 1}", width="100%", height="100%", margin="0"
            ),
        )
        self.picture.add_class("gancourse-picture")
        self.choices = [
            see_through(f"Keep picture {i + 1}", i, COLUMNS, self._on_choice) for i in range(COLUMNS * ROWS)
        ]
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
        still = png(figures.tile(self._images, columns=4), STILL) if hasattr(self, "_images") else None
        return with_still(super()._repr_mimebundle_(**kwargs), still)


def _files(favourite: Favourite) -> str:
    """Return HTML: links that save the picture and the noise of a favourite under its name."""
    name = file_name(favourite.name)
    picture = png(figures.tile(favourite.image[None], pad=0), SAVED)
    return save_link("Picture", f"{name}.png", "image/png", picture) + save_link(
        "Noise", f"{name}.json", "application/json", favourite.file
    )


def file_name(name: str) -> str:
    """Return a file name without extension that every system accepts: spaces and forbidden characters become hyphens."""
    letters = re.sub(r"[\s\x00-\x1f<>:\"/\\|?*.$%&#_-]+", "-", unicodedata.normalize("NFC", name))
    return f"pokemon-{letters[:60].strip('-') or 'nameless'}"  # "con" alone is none on Windows


def sheet(favourites: list[Favourite]) -> tuple[bytes, list]:
    """Return all favourites with their names as one PNG, and what its font could not spell."""
    buffer = io.BytesIO()
    named = [(favourite.name, favourite.image) for favourite in favourites]
    with warnings.catch_warnings(record=True) as unspelt:
        warnings.simplefilter("always")
        figures.named_pictures(named, COLUMNS).savefig(buffer, format="png", dpi=150)
    return buffer.getvalue(), [warning for warning in unspelt if "Glyph" in str(warning.message)]
