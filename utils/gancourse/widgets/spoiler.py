"""Sliders that spoil a set of real digits in known ways, beside the measures of it: which of them sees what?"""

import functools
import html
from dataclasses import dataclass

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from gancourse import datasets, features, figures, metrics, training
from gancourse.widgets.page import Message, Page, png, sized, with_still
from gancourse.widgets.painter import Painter

SHOWN = 32  # images on the sheet
MOST = 1_000  # images in a set: more take too long for a slider
SEARCHED = 5_000  # training images among which copies are looked for
NORMAL_SETS = 40  # unspoiled sets that tell how far a measure moves by chance
NORMAL_IMAGES = 4_000  # what they are drawn from
CHANCE = 4  # standard deviations: what lies further off is no chance
PICTURES = 250, 100, 50, 20, 10, 1  # how many different ones, besides all
SEES, MISSES, PRAISES = "sees it", "does not see it", "rates it better"
# name -> how it is written, whether more is better, the least and the most that it can be
MEASURES = {
    "Fréchet distance": ("{:.1f}", False, 0, float("inf")),
    "kernel distance": ("{:.1f}", False, float("-inf"), float("inf")),
    "precision": ("{:.1%}", True, 0, 1),
    "recall": ("{:.1%}", True, 0, 1),
    "share of copies": ("{:.1%}", False, 0, 1),
    "inception score": ("{:.2f}", True, 1, 10),
    "class KL": ("{:.3f}", False, 0, float("inf")),
}


class SetSpoiler(widgets.VBox):
    """A set of real test digits that the reader spoils, and what each measure of it says then.

    samples: images in the set, 129 to 1,000; it is compared with as many other test digits. seed: of the choice.

    `spoiler.images` is the set, uint8 (samples, 1, 28, 28); `values`, `fresh` and `verdicts` have by name each measure of it,
    the same of the unspoiled set, and what it means: a value beyond what chance explains "sees it" or, where it lies on the
    wrong side, "rates it better". What goes wrong is a message in the widget, not an exception.
    """

    def __init__(self, samples: int = 500, seed: int = 0):
        self._samples, self._seed = samples, seed
        self.images: Tensor | None = None
        self.values, self.fresh, self.verdicts, self._said = {}, {}, {}, ""
        # Steps that binary numbers hold exactly: the page sends back a value that it has to round, as if it were a move.
        share, size = functools.partial(widgets.FloatSlider, min=0, value=0), sized(310, 116)
        self.blur = share(max=3, step=1 / 8, description="blur", readout_format=".3f", **size)
        self.noise = share(max=1, step=1 / 16, description="noise", **size)
        self.left_out = widgets.IntSlider(min=0, max=9, value=0, description="digits left out", **size)
        counts = [("all", samples)] + [(str(n), n) for n in PICTURES if n < samples]
        self.different = widgets.SelectionSlider(options=counts, description="different pictures", **size)
        self.copies = share(max=1, step=1 / 16, description="training images", readout_format=".0%", **size)
        self._sliders = [self.blur, self.noise, self.left_out, self.different, self.copies]
        self._painter = Painter(self._paint, self._settle)
        for slider in self._sliders:
            slider.observe(lambda _: self._painter.request(), "value")
        self.reset = widgets.Button(description="Reset", tooltip="The unspoiled set again")
        self.reset.on_click(lambda _: self._reset())
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width="466px", max_width="100%"))
        self.picture.add_class("gancourse-picture")
        self.table, self.text, self._message, self._page = widgets.HTML(), widgets.HTML(), Message(), Page()
        wrap = widgets.Layout(flex_flow="row wrap", overflow="visible", align_items="flex-start")
        controls = widgets.HBox([*self._sliders, self.reset], layout=wrap)
        both = widgets.HBox([self.picture, self.table], layout=wrap)
        super().__init__([controls, both, self.text, self._message, self._page])
        self.add_class("gancourse")
        self._paint()
        self._settle()

    def wait(self) -> None:
        """Wait until the picture and all numbers are those of the sliders."""
        self._painter.wait()

    def _reset(self) -> None:
        for slider in self._sliders:
            slider.value = self._samples if slider is self.different else 0

    def _paint(self) -> None:
        state = [slider.value for slider in self._sliders]
        try:
            real = _real(self._samples)
            self.fresh = self.fresh or real.measure(*features.digits()(self._set(real, 0, 0, 0, self._samples, 0)))
            self.images = self._set(real, *state)
            self.values = real.measure(*features.digits()(self.images))
        except Exception as error:  # no data, an odd number of samples: said in the widget, and the lesson goes on
            self.images, self._said, self.table.value = None, "", ""
            self._message.error(f"The set cannot be measured. {type(error).__name__}: {error}")
            return
        self._message.clear()
        self.verdicts = {name: _verdict(name, value, *real.normal[name]) for name, value in self.values.items()}
        self._said = f"{self._describe(*state)}. Seen by {self._names(SEES) or 'no measure'}."
        if better := self._names(PRAISES):
            self._said += f" Rated better by {better}."
        self.picture.value = png(figures.tile(self.images[:SHOWN], pad=1), 466)
        self._page.picture = f"{SHOWN} of {self._describe(*state)}"
        self.table.value = self._as_table(real)

    def _settle(self) -> None:
        self.text.value = f'<span role="status">{html.escape(self._said)}</span>'

    def _set(self, real: "Real", blur: float, noise: float, left_out: int, different: int, copies: float) -> Tensor:
        """Return the set, uint8 (samples, 1, 28, 28). What stays in it when a slider moves stays at its place."""
        random = torch.Generator().manual_seed(self._seed)
        own = torch.randperm(len(real.pool), generator=random, device="cpu")
        own = own[real.pool_labels[own] >= left_out]
        images = real.pool[
            own[torch.arange(different, device="cpu") % len(own)]
        ]  # repeated only where the digits run out
        known = (real.searched_labels >= left_out).nonzero().flatten()
        replaced = torch.randperm(self._samples, generator=random, device="cpu")
        replaced = replaced[replaced < different][: round(copies * different)]
        images[replaced] = real.searched[known[torch.arange(len(replaced), device="cpu") % len(known)]]
        x = _blurred(training.to_unit(images), blur)
        x = x + noise * torch.randn(self._samples, 1, 28, 28, generator=random, device="cpu")[:different]
        return training.to_uint8(x)[torch.arange(self._samples, device="cpu") % different]

    def _describe(self, blur: float, noise: float, left_out: int, different: int, copies: float) -> str:
        parts = [f"blur {blur:g}"] if blur else []
        parts += [f"noise {noise:g}"] if noise else []
        parts += [f"without {', '.join(map(str, range(left_out)))}"] if left_out else []
        parts += [f"different pictures: {different}"] if different < self._samples else []
        parts += [f"{copies:.0%} training images"] if copies else []
        return f"{self._samples} real digits: {'; '.join(parts) or 'unspoiled'}"

    def _names(self, verdict: str) -> str:
        return ", ".join(name for name, said in self.verdicts.items() if said == verdict)

    def _as_table(self, real: "Real") -> str:
        left, right = (
            f'style="padding: 2px 5px; text-align: {side}; border-bottom: 1px solid var(--line)"'
            for side in ("left", "right")
        )
        rows = f'<tr><th scope="col" {left}>measure</th><th scope="col" {right}>now</th>'
        rows += f'<th scope="col" {right}>unspoiled (range)</th><th scope="col" {left}>verdict</th></tr>'
        for name, verdict in self.verdicts.items():
            now, fresh, low, high = map(
                MEASURES[name][0].format, (self.values[name], self.fresh[name], *real.normal[name])
            )
            rows += f'<tr><th scope="row" {left}>{name}</th><td {right}>{now}</td><td {right}>{fresh} ({low} to {high})</td>'
            rows += f"<td {left}>{verdict if verdict == MISSES else f'<b>{verdict}</b>'}</td></tr>"
        return f'<table style="border-collapse: collapse; margin: 0 0 0 8px">{rows}</table>'

    def _repr_mimebundle_(self, **kwargs):
        bundle = with_still(super()._repr_mimebundle_(**kwargs), bytes(self.picture.value) or None)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        rows = [f"{n}: {MEASURES[n][0].format(self.values[n])}, {verdict}" for n, verdict in self.verdicts.items()]
        data["text/plain"] = "\n".join([self._said, *rows])
        return bundle


@dataclass(frozen=True)
class Real:
    """What sets are made of and compared with: real digits, uint8 (N, 1, 28, 28), and features, float64 (N, 128)."""

    pool: Tensor  # test images for the sets
    pool_labels: Tensor
    searched: Tensor  # training images
    searched_labels: Tensor
    searched_features: Tensor
    test_features: Tensor  # of the test images that sets are compared with
    test_shares: Tensor  # of their classes (10,)
    normal: dict[str, tuple[float, float]]  # from where to where each measure of an unspoiled set goes

    def measure(self, f: Tensor, probabilities: Tensor) -> dict[str, float]:
        """Return every measure of a set with these features (N, 128) and probabilities of classes (N, 10)."""
        values = (
            metrics.frechet_distance(f, self.test_features),
            metrics.kernel_distance(f, self.test_features)[0],
            *metrics.precision_recall(self.test_features, f),
            metrics.copied_share(f, self.searched_features, self.test_features),
            metrics.inception_score(probabilities),
            metrics.class_kl(metrics.class_shares(probabilities.argmax(1), 10), self.test_shares),
        )
        return dict(zip(MEASURES, values, strict=True))


@functools.lru_cache(maxsize=2)
def _real(samples: int) -> Real:
    """Return the real images for sets of this size; once in a process, since it takes thousands of features."""
    if not 128 < samples <= MOST:
        raise ValueError(f"a set needs 129 to {MOST:,} images, not {samples:,}.")
    train, test, network = datasets.load("mnist"), datasets.load("mnist", split="test"), features.digits()
    random = torch.Generator().manual_seed(0)
    order = torch.randperm(len(test), generator=random, device="cpu")  # neighbours in MNIST share a writer
    searched = torch.randperm(len(train), generator=random, device="cpu")[:SEARCHED]
    compared, pool = order[:samples], order[samples:]
    real = Real(
        pool=test.images[pool],
        pool_labels=test.labels[pool],
        searched=train.images[searched],
        searched_labels=train.labels[searched],
        searched_features=network(train.images[searched])[0],
        test_features=network(test.images[compared])[0],
        test_shares=metrics.class_shares(test.labels[compared], 10),
        normal={},
    )
    f, probabilities = network(real.pool[:NORMAL_IMAGES])
    random.manual_seed(1)  # typical; after seed 0 precision happens to vary half as much as over hundreds of sets
    picked = [torch.randperm(len(f), generator=random, device="cpu")[:samples] for _ in range(NORMAL_SETS)]
    sets = [real.measure(f[own], probabilities[own]) for own in picked]
    for name, (_, _, least, most) in MEASURES.items():
        values = torch.tensor([s[name] for s in sets], dtype=torch.float64)
        # Not the least and the most of these sets: with some luck those are narrow, and then an unspoiled set is spoiled.
        low, high = values.mean() - CHANCE * values.std(), values.mean() + CHANCE * values.std()
        real.normal[name] = max(least, float(low)), min(most, float(high))
    return real


def _verdict(name: str, value: float, low: float, high: float) -> str:
    if low <= value <= high:
        return MISSES
    return PRAISES if (value > high) == MEASURES[name][1] else SEES


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """Return images (N, 1, H, W) in [-1, 1] under a Gaussian of this many pixels, on black."""
    if sigma == 0:
        return x
    reach = int(3 * sigma) + 1
    kernel = torch.exp(-torch.arange(-reach, reach + 1).square() / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).view(1, 1, -1, 1)
    return conv2d(conv2d(x + 1, kernel, padding=(reach, 0)), kernel.mT, padding=(0, reach)) - 1
