"""Compare ways to enlarge a picture: drag a line across it, and see one way left of it and another one right of it."""

import html
import io

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import datasets, fidelity, figures, pictures, pretrained, recipes
from gancourse.widgets.divider import Divider
from gancourse.widgets.file_field import FileField
from gancourse.widgets.page import Message, Page, with_still

SMALL, BICUBIC, ORIGINAL = "small picture", "bicubic", "original"


class BeforeAfter(widgets.VBox):
    """A held-out picture, made small and enlarged again in several ways, two of which are seen at a time.

    name: of the shipped networks, trained on pixels and with an adversarial loss. number: of the picture. networks: name -> more
    networks that enlarge four times, such as your own.

    `divider` holds what is chosen; `images` what is shown, name -> uint8 (3, H, W).
    """

    def __init__(self, name: str = "pokemon_srgan", number: int = 0, networks: dict[str, nn.Module] | None = None):
        if name not in recipes.SRGANS:
            raise ValueError(f"{name} does not enlarge pictures. {' and '.join(recipes.SRGANS)} do.")
        taken = {SMALL, BICUBIC, "SRResNet", "SRGAN", ORIGINAL} & set(networks or {})
        if taken:
            raise ValueError(f"{taken.pop()!r} is the name of another picture; give your network another name.")
        first, last = (pretrained.load(name, stage) for stage in (1, 2))
        self._networks = {"SRResNet": first.generator, "SRGAN": last.generator} | (networks or {})
        self._originals = datasets.load(last.card["data"]["name"], "test").images
        self.images: dict[str, Tensor] = {}
        self.number = widgets.BoundedIntText(
            value=number,
            max=len(self._originals) - 1,
            description="Picture",
            layout=widgets.Layout(width="150px"),
            style={"description_width": "55px"},
        )
        self.file = FileField(
            "Your picture",
            "Choose a file; it is made as small as the others, and enlarged again",
            "image/*",
            pictures.MOST_BYTES,
            self._read,
            lambda text: self.message.error(text),
        )
        self.message, self.text = Message(), widgets.HTML()
        names = [SMALL, BICUBIC, *self._networks, ORIGINAL]
        self.divider = Divider(left=names.index(BICUBIC), right=names.index("SRGAN"))
        self.number.observe(lambda _: self._choose(), "value")
        self._choose()
        row = widgets.Box([self.number, self.file], layout=widgets.Layout(flex_flow="row wrap", align_items="center"))
        super().__init__([row, self.message, self.divider, self.text, Page()])
        self.add_class("gancourse")

    def _choose(self) -> None:
        self.message.clear()
        self._show(self._originals[self.number.value], f"held-out picture {self.number.value}")

    def _read(self, data: bytes) -> None:
        try:
            picture = pictures.read(data, tuple(self._originals.shape[1:]))
        except pictures.PictureError as error:
            self.message.error(str(error))
            return
        self.message.clear()
        self._show(picture, "your picture")

    def _show(self, original: Tensor, label: str) -> None:
        self.images = enlargements(original, self._networks)
        self.divider.show(self.images, label)
        told = [
            f"{name} {fidelity.psnr(image[None], original[None]).item():.1f} dB"
            for name, image in self.images.items()
            if name != ORIGINAL
        ]
        self.text.value = f'<span role="status">{html.escape(label.capitalize())}. PSNR: {", ".join(told)}.</span>'

    def _repr_mimebundle_(self, **kwargs):
        rows = [enlargements(original, self._networks) for original in self._originals[self.number.value :][:3]]
        sheet = torch.stack([image for row in rows for image in row.values()])
        figure = figures.image_grids({", ".join(self.images): sheet}, columns=len(self.images))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=figures.DPI)
        return with_still(super()._repr_mimebundle_(**kwargs), buffer.getvalue())


def enlargements(original: Tensor, networks: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Return a picture, uint8 (3, 4h, 4w), made small and enlarged again: way -> uint8 of the same shape."""
    small = recipes.shrunk(original[None])
    shown = {SMALL: fidelity.interpolated(small, "nearest"), BICUBIC: fidelity.interpolated(small, "bicubic")}
    shown |= {name: fidelity.enlarged(G, small) for name, G in networks.items()}
    return {name: images[0] for name, images in shown.items()} | {ORIGINAL: original}
