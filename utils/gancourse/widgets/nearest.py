"""The training pictures that are nearest to what the explorer shows: is it a copy?"""

import functools
import html

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gancourse import datasets, features, figures, metrics
from gancourse.features import FeatureNetwork
from gancourse.widgets.controls import show
from gancourse.widgets.page import png
from gancourse.widgets.task import Task

SHOWN = 4
TITLES = {"mnist": "MNIST", "cifar10": "CIFAR-10", "pokemon": "Pokémon"}
HELD_OUT = 1_000  # images of the test split that a distance is compared with; of 100 Pokémon all
COPY = 0.01  # of the held-out images are nearer than what counts as a copy, as in metrics.copied_share


class Nearest:
    """The nearest training pictures, in the features of a classifier: `box`. They are searched while it `is_open`.

    shape: of the generator's images, which tells the dataset. known: whether the generator did learn from it.
    why_not: why nothing can be searched, "" if it can.
    """

    def __init__(self, shape: tuple[int, ...], known: bool):
        self._name, self._known = datasets.of_shape(shape), known
        self.why_not = _why_not(self._name, shape)
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width=f"{72 * SHOWN}px", height="72px"))
        self.picture.add_class("gancourse-nearest")
        self.text = widgets.HTML()
        self.box = widgets.VBox([self.text, self.picture])
        show(self.box, False)
        self.is_open = False
        self._image: Tensor | None = None
        self._searched: tuple[Tensor, Tensor] | None = None  # features of the training images; held-out distances
        self._loading = Task(self._on_error)

    def open(self, image: Tensor | None) -> None:
        """Show the box; the first time the features of all training pictures are computed, in a thread."""
        self.is_open = True
        show(self.box, True)
        self.update(image)
        if self._searched is None:
            self.text.value = (
                "Computing the features of all training pictures; this happens once and takes up to two minutes …"
            )
            self._loading.run(lambda stopped: self._load())

    def close(self) -> None:
        """Hide the box."""
        self.is_open = False
        show(self.box, False)

    def update(self, image: Tensor | None) -> None:
        """Search for an image, uint8 (C, H, W); None where there is none."""
        self._image = image
        if not self.is_open or self._searched is None or image is None:
            return
        searched, held_out = self._searched
        both = torch.stack([image, image.flip(-1)])[: 1 if self._name == "mnist" else 2]  # a mirrored copy is one, too
        away = torch.cdist(network(self._name)(both)[0].float(), searched).amin(0)
        nearest = away.topk(SHOWN, largest=False)
        self.picture.value = png(figures.tile(datasets.load(self._name).images[nearest.indices], SHOWN, pad=1))
        rank = float((held_out < nearest.values[0]).double().mean())
        if rank < COPY:
            verdict = "It may be a copy: fewer than 1% of the test pictures are as near to a training picture"
        else:
            verdict = f"No sign of a copy: {rank:.0%} of the test pictures are nearer to a training picture"
        of = TITLES[self._name] + ("" if self._known else ", if your generator learnt from it")
        self.text.value = (
            f"<b>The nearest of {len(searched):,} training pictures of {of}.</b> {verdict}. "
            f"(Measured in {network(self._name).name}.)"
        )

    def wait(self) -> None:
        """Wait until the training pictures' features are there."""
        self._loading.wait()

    def _load(self) -> None:
        size = min(HELD_OUT, len(datasets.load(self._name, "test")))
        real = metrics.real(self._name, size, network(self._name))
        self._searched = real.searched.float(), real.test_to_train.float()
        self.update(self._image)

    def _on_error(self, text: str) -> None:
        self.text.value = f"The training pictures cannot be compared: {html.escape(text)}"


@functools.cache
def network(dataset: str) -> FeatureNetwork:
    """Return the classifier in whose features pictures of a dataset are compared: the course's own, that ship with it."""
    if dataset == "mnist":
        return features.digits()
    classifier = features.cifar10_classes()
    if dataset == "cifar10":
        return classifier
    # It looks at 32x32 pixels, half of a Pokémon's.
    return FeatureNetwork(
        f"{classifier.name}, at half size",
        classifier.sha256,
        classifier.size,
        (3, 64, 64),
        lambda images: classifier.run(avg_pool2d(images.float(), 2).round().to(torch.uint8)),
    )


def _why_not(name: str, shape: tuple[int, ...]) -> str:
    if not name:
        return f"no dataset of the course has pictures of {' x '.join(map(str, shape))}"
    if datasets.status(name) != "ready":
        return f"the dataset is not on this machine; the command `gancourse data {name}` fetches it"
    return ""
