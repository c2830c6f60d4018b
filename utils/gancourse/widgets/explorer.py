"""The latent explorer: sliders over the noise vector of a generator, and the picture that it makes of it."""

import io

import ipywidgets as widgets
import torch
from PIL import Image
from torch import Tensor, nn

from gancourse.training import noise, to_uint8

PICTURE_PIXELS = 280  # at most, on the screen
MAX_SEED = 999_999


class LatentExplorer(widgets.HBox):
    """Sliders over the first `sliders` coordinates of z, a seed for all of them, and the picture G(z).

    generator: maps noise (N, z_dim) to images (N, C, H, W) in [-1, 1], C 1 or 3, and knows its `z_dim`; it is put in
    eval mode. Raises ValueError if it does not. `explorer.z` is the noise vector (z_dim,), the seed's own but for the
    coordinates with a slider, which are rounded to its steps; `explorer.image` is the picture as uint8 (C, H, W).
    """

    def __init__(self, generator: nn.Module, sliders: int = 8, seed: int = 0):
        z_dim = getattr(generator, "z_dim", None)
        if not isinstance(z_dim, int):
            raise ValueError("The generator needs an attribute `z_dim`, the length of its noise vector (an int).")
        if not 0 <= seed <= MAX_SEED:
            raise ValueError(f"The seed must lie between 0 and {MAX_SEED:,}, not {seed}.")
        self.generator = generator.eval()
        self.z = noise(generator, 1, seed)[0]
        self.image = self._draw()

        limit, step = (1.0, 0.02) if getattr(generator, "prior", "normal") == "uniform" else (3.0, 0.05)
        self.sliders = [
            widgets.FloatSlider(
                value=0,
                min=-limit,
                max=limit,
                step=step,
                description=f"z[{i}]",
                continuous_update=True,
                readout_format=".2f",
                layout=widgets.Layout(width="320px"),
            )
            for i in range(min(sliders, z_dim))
        ]
        self.seed = widgets.BoundedIntText(
            value=seed, min=0, max=MAX_SEED, description="Seed", layout=widgets.Layout(width="200px")
        )
        self.next_seed = widgets.Button(description="Next seed", tooltip="Draw another noise vector")
        self.text = widgets.HTML()
        self.picture = widgets.Image(format="png", layout=widgets.Layout(margin="0 0 0 24px", align_self="flex-start"))
        self.picture.add_class("gancourse-picture")

        for slider in self.sliders:
            slider.observe(self._on_slider, "value")
        self.seed.observe(self._on_seed, "value")
        self.next_seed.on_click(self._on_next_seed)
        self._from_code = False
        self._show_point()
        controls = widgets.VBox([widgets.HBox([self.seed, self.next_seed]), *self.sliders, self.text])
        super().__init__([controls, self.picture])

    @torch.no_grad()
    def _draw(self) -> Tensor:
        images = self.generator(self.z[None])
        if images.dim() != 4 or images.shape[1] not in (1, 3):
            raise ValueError(
                f"The generator turned noise (1, {len(self.z)}) into {tuple(images.shape)}; the explorer shows images "
                "(N, 1, H, W) or (N, 3, H, W). Does its forward end in `.view(-1, 1, 28, 28)`?"
            )
        if not images.isfinite().all():
            raise ValueError("The generator returned NaN or infinity: its training broke down. Load earlier weights.")
        return to_uint8(images[0]).cpu()

    def _show_point(self) -> None:
        """Set every slider to the current z, and z to what the sliders can show; draw it."""
        self._from_code = True
        try:
            for i, slider in enumerate(self.sliders):
                slider.value = round(self.z[i].item() / slider.step) * slider.step  # a slider clamps to its range
                self.z[i] = slider.value
        finally:
            self._from_code = False
        self._show_picture()

    def _show_picture(self) -> None:
        self.image = self._draw()
        self.picture.value = png(self.image)
        self.text.value = (
            f"G(z) for seed {self.seed.value}, {len(self.z)} noise coordinates, length of z {self.z.norm():.2f}"
        )

    def _on_slider(self, change) -> None:
        if not self._from_code:
            self.z[self.sliders.index(change.owner)] = change.new
            self._show_picture()

    def _on_seed(self, change) -> None:
        self.z = noise(self.generator, 1, change.new)[0]
        self._show_point()

    def _on_next_seed(self, _) -> None:
        self.seed.value = (self.seed.value + 1) % (self.seed.max + 1)

    def _repr_mimebundle_(self, **kwargs):
        """Add a still picture for readers without widgets (GitHub, a printed page)."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["image/png"] = png(self.image)
        return bundle


def png(image: Tensor) -> bytes:
    """Return a uint8 image (C, H, W) as PNG, every pixel enlarged to a square so that no browser blurs it."""
    factor = max(1, PICTURE_PIXELS // max(image.shape[1:]))
    array = image.repeat_interleave(factor, 1).repeat_interleave(factor, 2).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(array.squeeze(2) if array.shape[2] == 1 else array).save(buffer, "png")
    return buffer.getvalue()
