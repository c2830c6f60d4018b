"""A slider for the size of an adversarial perturbation, and a classifier's answer to the perturbed picture."""

import html
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor, nn

from gancourse import figures, training
from gancourse.widgets.page import STILL, Page, png, with_still
from gancourse.widgets.painter import Painter

PIXELS = 200  # side of a picture on the screen
MOST = 0.6  # largest epsilon; grey levels go from -1 to 1


class AttackSlider(widgets.VBox):
    """A picture before and after an attack of a chosen size, with the classifier's answer to each.

    attack: (classifier, images (N, 1, H, W) in [-1, 1], labels (N,), epsilon) -> changed images.
    classifier: images -> logits (N, classes). images: uint8 (N, 1, H, W); labels: int64 (N,).

    An exception from the attack is shown as a message, and the slider keeps working.
    """

    def __init__(self, attack: Callable, classifier: nn.Module, images: Tensor, labels: Tensor):
        self._attack, self._classifier = attack, classifier
        self._images, self._labels = training.to_unit(images), labels
        self.epsilon = widgets.FloatSlider(max=MOST, step=0.01, description="epsilon", layout=_wide())
        self.number = widgets.IntSlider(max=len(images) - 1, description="image", layout=_wide())
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width=f"{2 * PIXELS}px", height=f"{PIXELS}px"))
        self.picture.add_class("gancourse-picture")
        self.text = widgets.HTML()
        self._page = Page()
        self._painter = Painter(self._paint, lambda: None)
        for slider in (self.epsilon, self.number):
            slider.observe(lambda _: self._painter.request(), "value")
        super().__init__([self.number, self.epsilon, self.picture, self.text, self._page])
        self.add_class("gancourse")
        self._paint()

    def wait(self) -> None:
        """Wait until picture and text are those of the sliders."""
        self._painter.wait()

    def _paint(self) -> None:
        i, epsilon = self.number.value, round(self.epsilon.value, 2)
        image, label = self._images[i : i + 1], self._labels[i : i + 1]
        try:
            changed = self._attack(self._classifier, image, label, epsilon).detach()
            before, after = self._says(image), self._says(changed)
            both = training.to_uint8(torch.cat([image, changed]))
        except Exception as error:  # the reader's function: whatever it raises is theirs to read
            self.text.value = _spoken(f"Your function stops with {type(error).__name__}: {error}")
            return
        self.picture.value = png(np.concatenate([p[0].numpy() for p in both], axis=1), 2 * PIXELS)
        verdict = "right" if after[0] == int(label) else "wrong"
        what = f"A {int(label)}. Left, unchanged: classified as {before[0]}, {before[1]:.1%} sure. "
        what += f"Right, epsilon {epsilon:.2f}: classified as {after[0]}, {after[1]:.1%} sure: {verdict}."
        self.text.value = _spoken(what)
        self._page.picture = what

    @torch.no_grad()
    def _says(self, image: Tensor) -> tuple[int, float]:
        """Return the class that the classifier names and its probability."""
        confidence, answer = self._classifier(image).softmax(1)[0].max(0)
        return int(answer), float(confidence)

    def _repr_mimebundle_(self, **kwargs):
        changed = self._attack(self._classifier, self._images[:8], self._labels[:8], 0.3).detach()
        rows = training.to_uint8(torch.cat([self._images[:8], changed]))
        return with_still(super()._repr_mimebundle_(**kwargs), png(figures.tile(rows), STILL))


def _wide() -> widgets.Layout:
    return widgets.Layout(width="400px", max_width="100%")


def _spoken(text: str) -> str:
    return f'<span role="status">{html.escape(text)}</span>'
