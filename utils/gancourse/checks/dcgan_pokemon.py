"""The exercises of lesson 7. For each: the course's answer, then what is checked and which mistakes are known."""

from itertools import combinations

import torch
from torch import nn

from gancourse import losses, training
from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.shared import question, randn
from gancourse.checks.vanilla_gan import (
    IN_ONE_BATCH,
    STEP_LOOK,
    STEP_MISTAKES,
    STEP_VARIANTS,
    AskedOtherwise,
    step_cases,
)

CUT_OFF = (
    "the result is cut off from the images, so nothing that D finds out about them could reach G. Leave .detach(), .data, .item() and "
    "torch.no_grad() away: this is a part of the way from D back to G."
)
IN_PLACE = "the images that came are changed themselves: whoever uses the batch after you gets others. Make new ones."
ARGUMENT_CHANGED = (
    "an argument is changed in place, as `+=`, `x[...] = ...` and names that end with an underscore do it (`clamp_`, `neg_`): whoever uses it "
    "after you gets other numbers. Make a new one; .detach() and .data make none, .clone() does."
)
NO_GRADIENT = {"its gradient": "none: the result is cut off from the arguments"}
LEAF = {STOPPED: "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."}
CHANGED = {"the arguments afterwards": "changed in place"}


def drawn_images(seed: int, *shape: int) -> torch.Tensor:
    """Return images between -1 and 1 with one digit after the point, none of them 0, which means erased."""
    values = (randn(seed, *shape) * 0.5).clamp(-0.9, 0.9).round(decimals=1)
    return values.where(values != 0, 0.1)


# ---- is D overfitting? --------------------------------------------------------------------------------------------


def _overfitting(D, train, held_out, fakes):
    """Return how far D's logits of new real images have sunk from those of the training images to those of fakes.

    (mean a(train) - mean a(held_out)) / (mean a(train) - mean a(fakes)); Karras et al. 2020, equation 1, r_v.
    """
    was_training = D.training
    D.eval()
    with torch.no_grad():
        of_train, of_new, of_fakes = (D(images).mean() for images in (train, held_out, fakes))
    D.train(was_training)
    return (of_train - of_new) / (of_train - of_fakes)


def _overfitting_cases(seed, strict):
    counts = ((1, 1, 1), (4, 2, 3)) if not strict else ((1, 2, 3), (7 + seed % 5, 3, 9))
    cases = []
    for number, several in enumerate(counts):
        sets = [drawn_images(11 * seed + 3 * number + i, n, 3, 6, 6) + 0.2 * i for i, n in enumerate(several)]
        for turn in range(3):  # each set in each place: the number of at least one of the three is negative
            training = (number + turn) % 2 == 1
            mode = "train" if training else "eval"
            n_train, n_new, n_fakes = map(len, sets)
            about = f"D in {mode} mode; training images: {n_train}, held-out ones: {n_new}, fakes: {n_fakes}"
            cases.append({"about": about, "sets": sets, "training": training, "of_D": 5 * seed + number})
            sets = sets[1:] + sets[:1]
    return cases


def _asked(*changes):
    return edited(_overfitting, *changes)


def _from(number):
    """Return an answer that makes another number of the three means."""

    def answer(D, *sets):
        was_training = D.training
        D.eval()
        with torch.no_grad():
            means = [D(images).mean() for images in sets]
        D.train(was_training)
        return number(*means)

    return answer


def _all_at_once(D, *sets):
    was_training = D.training
    D.eval()
    with torch.no_grad():
        parts = D(torch.cat(sets)).split([len(images) for images in sets])
    D.train(was_training)
    of_train, of_new, of_fakes = (part.mean() for part in parts)
    return float((of_new - of_train) / (of_fakes - of_train))


EVAL, BACK = "    D.eval()\n", "    D.train(was_training)\n"

overfitting = Exercise(
    name="overfitting",
    reference=_overfitting,
    points=2,
    cases=_overfitting_cases,
    observe=observers.verdict,
    look={
        "what it returns": "Return one number. Where nothing comes back, a `return` is missing.",
        "its graph": "Nothing is to be learnt here: ask D under torch.no_grad().",
        "the mode of D's layers": "`D.training = ...` sets a flag of D alone; its layers keep their mode. Call D.train(was_training).",
        "D's mode": "Remember D.training at the start, and give it back at the end: D.train(was_training).",
        "D's weights afterwards": "D's weights take no gradients any more: whoever trains on trains nothing. Under torch.no_grad() they stay as they are.",
        "gradients afterwards": "Gradients are off for all that comes after. `with torch.no_grad():` switches them on again at its end.",
        "D's weights and": "D has changed while it was asked: in train mode batch norm moves its running averages.",
        "the given": "The images have changed; leave them as they are.",
        "": "Three means of logits, with D in eval mode. From the first, subtract the second; divide by the first minus the third.",
    },
    mistakes=(
        mistake(
            "D answers in train mode. Batch norm then normalises each set by its own mean and variance, which hides how the sets differ, and "
            "moves its running averages. Call D.eval() first, and put the mode back at the end.",
            _asked((EVAL, "")),
            _asked((EVAL, "    D.train()\n")),
        ),
        mistake(
            "D is left in eval mode, where it was in train mode before. Who trains on would train another network: D.train(was_training).",
            _asked((BACK, "")),
            shows={"D's mode afterwards": "in eval mode"},
        ),
        mistake(
            "D is left in train mode, where it was in eval mode before. Remember D.training at the start: D.train(was_training).",
            _asked((BACK, "    D.train()\n")),
            shows={"D's mode afterwards": "in training mode"},
        ),
        mistake(
            "D says that it is in train mode, but its layers are left in eval mode: `D.training = ...` sets a flag of D alone. Call D.train(was_training).",
            _asked((BACK, "    D.training = was_training\n")),
            shows={"the mode of D's layers": "another than D's"},
        ),
        mistake(
            "a graph is kept in memory. Nothing is to be learnt here: ask D under torch.no_grad().",
            _asked(("with torch.no_grad():", "if True:")),
            shows={"its graph": "kept in memory"},
        ),
        mistake(
            "D's weights are left without gradients. torch.no_grad() does what you want, and only for these lines.",
            _asked((EVAL, "    D.eval().requires_grad_(False)\n")),
            shows={"D's weights afterwards": "frozen"},
        ),
        mistake(
            "gradients are switched off for everything that comes after. `with torch.no_grad():` switches them on again at its end.",
            _asked(("    with torch.no_grad():", "    torch.set_grad_enabled(False)\n    if True:")),
            shows={"gradients afterwards": "switched off"},
        ),
        mistake(
            "the logits of a set are left as they are, one for each image. Take the mean of each set: D(images).mean().",
            _asked(("D(images).mean()", "D(images)")),
            _asked(
                ("D(images).mean()", "D(images)"),
                ("(of_train - of_fakes)", "(of_train - of_fakes)).mean()"),
                ("return (", "return (("),
            ),
        ),
        mistake(
            "the sets stand at the wrong places: it is training minus held-out, divided by training minus fakes.",
            _from(lambda train, new, fake: (train - fake) / (train - new)),
            _from(lambda train, new, fake: (new - fake) / (train - fake)),
            _from(lambda train, new, fake: (train - new) / (new - fake)),
            _from(lambda train, new, fake: (new - train) / (new - fake)),
            _from(lambda train, new, fake: (train - new) / (fake - new)),
        ),
        mistake(
            "brackets are missing: without them only a part of the numerator or of the denominator is divided. (a - b) / (a - c).",
            _from(lambda train, new, fake: train - new / (train - fake)),
            _from(lambda train, new, fake: (train - new) / train - fake),
            _from(lambda train, new, fake: train - new / train - fake),
        ),
        mistake(
            "the sign is turned around: where D ranks held-out images between the two others, the number lies between 0 and 1.",
            _from(lambda train, new, fake: (new - train) / (train - fake)),
            _from(lambda train, new, fake: (train - new) / (fake - train)),
        ),
        mistake(
            "the difference is not divided. Logits of different discriminators have different sizes; measure in steps from training images to fakes.",
            _from(lambda train, new, fake: train - new),
            _from(lambda train, new, fake: new - train),
            _from(lambda train, new, fake: (train - new) / train),
        ),
        mistake(
            "the absolute value is taken. A negative number is possible by chance, and would be good news: leave the sign.",
            _from(lambda train, new, fake: ((train - new) / (train - fake)).abs()),
            _from(lambda train, new, fake: (train - new).abs() / (train - fake).abs()),
        ),
        mistake(
            "negative numbers are cut off. One is possible by chance, and would be good news: leave it.",
            _from(lambda train, new, fake: ((train - new) / (train - fake)).clamp(min=0)),
            _from(lambda train, new, fake: ((train - new) / (train - fake)).clamp(0, 1)),
        ),
        mistake(
            "the number is in percent, or rounded. Return the ratio as it is.",
            _from(lambda train, new, fake: 100 * (train - new) / (train - fake)),
            _from(lambda train, new, fake: round(float((train - new) / (train - fake)), 2)),
        ),
        mistake(
            "losses are compared, or logarithms of probabilities. Take the logits as they come.",
            _asked(("D(images).mean()", "nn.functional.logsigmoid(D(images)).mean()")),
            _asked(("D(images).mean()", "nn.functional.softplus(D(images)).mean()")),
        ),
        mistake(
            "probabilities are compared. Where D is sure they are all 0 or 1; take the logits as they come.",
            _asked(("D(images).mean()", "D(images).sigmoid().mean()")),
            _asked(("D(images).mean()", "D(images).mean().sigmoid()")),
        ),
        mistake(
            "the share of images that D takes for real is compared. It does not see how sure D is; take the mean of the logits.",
            _asked(("D(images).mean()", "(D(images) > 0).float().mean()")),
        ),
        mistake(
            "the sum of the logits is taken, so a set counts the more the larger it is. Take the mean of each.",
            _asked(("D(images).mean()", "D(images).sum()")),
        ),
        mistake(
            "only the first image of each set counts, or the median. Take the mean over all.",
            _asked(("D(images).mean()", "D(images)[0]")),
            _asked(("D(images).mean()", "D(images).median()")),
        ),
    ),
    accepted=(
        _all_at_once,
        _asked(("D(images).mean()", "torch.cat([D(x[None]) for x in images]).mean()")),
        _asked(
            (
                "return (of_train - of_new) / (of_train - of_fakes)",
                "return ((of_train - of_new) / (of_train - of_fakes)).item()",
            )
        ),
        _asked((EVAL, "    D.train(False)\n"), (BACK, "    if was_training:\n        D.train()\n")),
        _asked(("D(images).mean()", "D(images).double().sum() / len(images)")),
        _asked(("with torch.no_grad():", "with torch.inference_mode():")),
    ),
)


# ---- colours ------------------------------------------------------------------------------------------------------


def _recolour(images, brightness, saturation, contrast):
    """Change the colours of images (N, 3, H, W), each by a number of its own, (N,) each (Zhao et al. 2020, their code)."""
    brightness, saturation, contrast = (v.view(-1, 1, 1, 1) for v in (brightness, saturation, contrast))
    images = images + brightness
    grey = images.mean(1, keepdim=True)
    images = grey + saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + contrast * (images - mean)


def _factors(seed, n):
    """Return brightness, saturation and contrast for n images, none of them at a value that changes nothing."""
    numbers = torch.rand(3, n, generator=torch.Generator().manual_seed(seed))
    brightness, saturation, contrast = numbers * 0.5 + 0.4  # far from nothing, or a wrong mean would hardly show
    sign = torch.where(torch.arange(n) % 2 == 0, 1.0, -1.0)
    return [v.round(decimals=2) for v in (sign * brightness / 2, 1 + sign * saturation, 1 - sign * contrast / 2)]


def _recolour_cases(seed, strict):
    sizes = (
        ((1, 1, 2), (2, 2, 2), (3, 2, 3), (3, 4, 4))
        if not strict
        else ((1, 3, 2), (3, 3, 3), (4, 2, 5), (2 + seed % 6, 5, 4))
    )
    cases = []
    for number, (n, H, W) in enumerate(sizes):
        images, factors = drawn_images(7 * seed + number, n, 3, H, W), _factors(5 * seed + number, n)
        told = ", ".join(
            f"{name} = {[round(v, 2) for v in values.tolist()]}"
            for name, values in zip(("brightness", "saturation", "contrast"), factors, strict=True)
        )
        cases.append(
            {
                "about": f"images of shape {tuple(images.shape)}, {told}",
                "arguments": (images, *factors),
                "returns": ("the new images",),
                "gradients": {0: "the images"},
            }
        )
    return cases


def _coloured(*changes):
    return edited(_recolour, *changes)


SHAPES = "(v.view(-1, 1, 1, 1) for v in (brightness, saturation, contrast))"
BRIGHTER = "images = images + brightness"
GREY, SATURATED = "images.mean(1, keepdim=True)", "grey + saturation * (images - grey)"
MEAN, CONTRASTED = "images.mean((1, 2, 3), keepdim=True)", "mean + contrast * (images - mean)"


def _in_its_place(images, brightness, saturation, contrast):
    for i in range(len(images)):
        images[i] += brightness[i]
    return _recolour(images, torch.zeros_like(brightness), saturation, contrast)


def _other_order(*steps):
    """Return an answer that makes the three changes in another order: that makes no difference."""

    def answer(images, brightness, saturation, contrast):
        ones, zeros = torch.ones_like(contrast), torch.zeros_like(contrast)
        of = {"b": (brightness, ones, ones), "s": (zeros, saturation, ones), "c": (zeros, ones, contrast)}
        for step in steps:
            images = _recolour(images, *of[step])
        return images

    return answer


recolour = Exercise(
    name="recolour",
    reference=_recolour,
    points=2,
    cases=_recolour_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the new images as a tensor.",
        "its gradient": "The images are right, but not the way back: D's gradient in the new images is to reach the old ones.",
        "": "One change after the other, each with the images that the last one has made: add brightness; grey is the mean of a pixel's three "
        "colours; the mean at last is one number for each image.",
    },
    mistakes=(
        mistake(
            IN_PLACE,
            _coloured((BRIGHTER, "images += brightness")),
            _coloured((BRIGHTER, "images.add_(brightness)")),
            shows=LEAF,
        ),
        mistake(
            ARGUMENT_CHANGED,
            _coloured((BRIGHTER, "images = images.detach().add_(brightness)")),
            lambda images, brightness, saturation, contrast: _recolour(
                images, brightness, saturation.mul_(2), contrast
            ),
            shows=CHANGED,
        ),
        mistake(
            CUT_OFF,
            _coloured((BRIGHTER, "images = images.detach() + brightness")),
            _coloured((f"return {CONTRASTED}", f"return ({CONTRASTED}).detach()")),
            shows=NO_GRADIENT,
        ),
        mistake(
            "the three numbers of an image, (N,), stand against the *last* dimension, the columns of the picture: an error, or, where there are as "
            "many columns as images, wrong colours without one. Give them the shape (N, 1, 1, 1) first.",
            _coloured((SHAPES, "(brightness, saturation, contrast)")),
            *(
                _coloured(
                    (SHAPES, f"(v if v is {one} else v.view(-1, 1, 1, 1) for v in (brightness, saturation, contrast))")
                )
                for one in ("brightness", "saturation", "contrast")
            ),
            *(
                _coloured(
                    (SHAPES, f"(v.view(-1, 1, 1, 1) if v is {one} else v for v in (brightness, saturation, contrast))")
                )
                for one in ("brightness", "saturation", "contrast")
            ),
        ),
        mistake(
            "(N, 1) stands against the rows and columns of a picture, not against the images. Four dimensions need (N, 1, 1, 1).",
            _coloured((SHAPES, "(v.view(-1, 1) for v in (brightness, saturation, contrast))")),
        ),
        mistake(
            "(N, 1, 1), or (1, N, 1, 1), stands against the three colours, not against the images: an error, or, with three images, wrong colours without one. Four dimensions "
            "need (N, 1, 1, 1).",
            _coloured((SHAPES, "(v.view(-1, 1, 1) for v in (brightness, saturation, contrast))")),
            _coloured((SHAPES, "(v.view(1, -1, 1, 1) for v in (brightness, saturation, contrast))")),
        ),
        mistake(
            "a mean has lost the dimensions over which it was taken, so it stands against the wrong ones. keepdim=True keeps them, with the length 1.",
            _coloured((GREY, "images.mean(1)"), (MEAN, "images.mean((1, 2, 3))")),
            _coloured((GREY, "images.mean(1)")),
            _coloured((MEAN, "images.mean((1, 2, 3))")),
        ),
        mistake(
            "all images are changed by the numbers of one of them, the first or the last. Each has its own.",
            _coloured((SHAPES, "(v[-1:].view(-1, 1, 1, 1) for v in (brightness, saturation, contrast))")),
            _coloured((SHAPES, "(v[:1].view(-1, 1, 1, 1) for v in (brightness, saturation, contrast))")),
            _coloured((SHAPES, "(v[0] for v in (brightness, saturation, contrast))")),
            _coloured((SHAPES, "(v.mean() for v in (brightness, saturation, contrast))")),
        ),
        mistake(
            "grey is one number for the whole image, for each colour, row or column, or for the batch. It is each pixel's own: the mean over its three colours, .mean(1, keepdim=True).",
            *(
                _coloured((GREY, f"images.mean({over}, keepdim=True)"))
                for over in ("0", "2", "3", "(1, 2)", "(1, 3)", "(2, 3)", "(1, 2, 3)")
            ),
            _coloured((GREY, "images.mean()")),
        ),
        mistake(
            "the mean that contrast keeps is that of the whole batch, so an image depends on the others. Each image has its own: .mean((1, 2, 3), keepdim=True).",
            _coloured((MEAN, "images.mean()")),
            _coloured((MEAN, "images.mean(0, keepdim=True)")),
            _coloured((MEAN, "images.mean((0, 2, 3), keepdim=True)")),
        ),
        mistake(
            "the mean that contrast keeps is one for each colour, row, column or pixel. It is one for the image, over colours, rows and columns: .mean((1, 2, 3), keepdim=True).",
            *(
                _coloured((MEAN, f"images.mean({over}, keepdim=True)"))
                for over in ("1", "2", "3", "(1, 2)", "(1, 3)", "(2, 3)")
            ),
        ),
        mistake(
            "the numbers multiply the pixels themselves. What is multiplied is the distance from the grey (saturation) or from the mean (contrast), "
            "so that a factor of 1 changes nothing and 0 leaves grey, or the mean.",
            _coloured((SATURATED, "saturation * images"), (CONTRASTED, "contrast * images")),
            _coloured((SATURATED, "saturation * images")),
            _coloured((CONTRASTED, "contrast * images")),
            _coloured((SATURATED, "grey + saturation * images"), (CONTRASTED, "mean + contrast * images")),
            _coloured((SATURATED, "grey + saturation * images")),
            _coloured((CONTRASTED, "mean + contrast * images")),
            _coloured((SATURATED, "saturation * (images - grey)"), (CONTRASTED, "contrast * (images - mean)")),
            _coloured((SATURATED, "saturation * (images - grey)")),
            _coloured((CONTRASTED, "contrast * (images - mean)")),
        ),
        mistake(
            "the changed distance is added to the image, which has its distance already (or 1 is added to a factor, which is the same). Add it to the grey (saturation), or to the mean (contrast).",
            _coloured(
                (SATURATED, "images + saturation * (images - grey)"),
                (CONTRASTED, "images + contrast * (images - mean)"),
            ),
            _coloured((SATURATED, "images + saturation * (images - grey)")),
            _coloured((CONTRASTED, "images + contrast * (images - mean)")),
        ),
        mistake(
            "grey and mean are those of the image that came. Each step works on what the one before has made, so take both after brightness was added.",
            _coloured(
                (f"    grey = {GREY}\n", ""),
                (f"    mean = {MEAN}\n", ""),
                (BRIGHTER, f"grey, mean = {GREY}, {MEAN}\n    {BRIGHTER}"),
            ),
        ),
        mistake(
            "the mean is that of the image that came. Each step works on what the one before has made, so take it after brightness was added.",
            _coloured(
                (f"    mean = {MEAN}\n", ""),
                (BRIGHTER, f"mean = {MEAN}\n    {BRIGHTER}"),
            ),
        ),
        mistake(
            "the grey is that of the image that came. Each step works on what the one before has made, so take it after brightness was added.",
            _coloured(
                (f"    grey = {GREY}\n", ""),
                (BRIGHTER, f"grey = {GREY}\n    {BRIGHTER}"),
            ),
        ),
        mistake(
            "saturation multiplies the distance of the *old* image from the new grey. Take both the grey and the image after brightness was added.",
            _coloured(
                (BRIGHTER, "came, images = images, images + brightness"),
                (SATURATED, "grey + saturation * (came - grey)"),
            ),
        ),
        mistake(
            "the factor stands at the wrong end: with a saturation of 1 the image keeps its colours, with 0 it is grey. The distance is multiplied, not "
            "the grey.",
            _coloured((SATURATED, "images + saturation * (grey - images)")),
            _coloured((CONTRASTED, "images + contrast * (mean - images)")),
            _coloured((SATURATED, "saturation * grey + (images - grey)")),
            _coloured((CONTRASTED, "contrast * mean + (images - mean)")),
        ),
        mistake(
            "brightness is multiplied. It is added to all numbers; 0 changes nothing.",
            _coloured((BRIGHTER, "images = images * brightness")),
            _coloured((BRIGHTER, "images = images * (1 + brightness)")),
        ),
        mistake(
            "the brightness is not there, or lost on the way: saturation works on what brightness has made.",
            _coloured((BRIGHTER, "images = images + 0")),
        ),
        mistake(
            "brightness and saturation have changed places.",
            lambda images, brightness, saturation, contrast: _recolour(images, saturation, brightness, contrast),
        ),
        mistake(
            "the brightness is subtracted. It is added.",
            lambda images, brightness, saturation, contrast: _recolour(images, -brightness, saturation, contrast),
        ),
        mistake(
            "the three colours count differently in the grey, as for the eye. Here it is their plain mean.",
            _coloured((GREY, "(images * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)")),
        ),
        mistake(
            "the images that came are changed themselves, and PyTorch does not let that happen to a tensor that waits for a gradient. Make new ones: "
            "images = images + ...",
            _in_its_place,
        ),
        mistake(
            "saturation and contrast have changed places, or grey and mean have: the grey is a pixel's, over its colours; the mean is the image's, over everything.",
            lambda images, brightness, saturation, contrast: _recolour(images, brightness, contrast, saturation),
        ),
        mistake(
            "the saturation is not there, or lost on the way: contrast works on what saturation has made.",
            _coloured((SATURATED, "images")),
        ),
        mistake("the contrast is not there.", _coloured((CONTRASTED, "images"))),
        mistake(
            "the result, or something on the way to it, is cut off at -1 and 1, or at 0 and 1. That takes away the gradient of every pixel beyond; D does not mind numbers outside.",
            _coloured((f"return {CONTRASTED}", f"return ({CONTRASTED}).clamp(-1, 1)")),
            _coloured((BRIGHTER, "images = (images + brightness).clamp(-1, 1)")),
            _coloured((SATURATED, f"({SATURATED}).clamp(-1, 1)")),
            _coloured(
                (BRIGHTER, "images = (images + brightness).clamp(-1, 1)"),
                (f"return {CONTRASTED}", f"return ({CONTRASTED}).clamp(-1, 1)"),
            ),
            _coloured(
                (BRIGHTER, "images = (images + brightness).clamp(-1, 1)"),
                (SATURATED, f"({SATURATED}).clamp(-1, 1)"),
                (f"return {CONTRASTED}", f"return ({CONTRASTED}).clamp(-1, 1)"),
            ),
            _coloured((f"return {CONTRASTED}", f"return ({CONTRASTED}).clamp(0, 1)")),
        ),
        mistake(
            "no gradient comes back through the grey or the mean: leave .detach() away there, too.",
            _coloured((GREY, "images.mean(1, keepdim=True).detach()")),
            _coloured((MEAN, "images.mean((1, 2, 3), keepdim=True).detach()")),
            _coloured(
                (GREY, "images.mean(1, keepdim=True).detach()"),
                (MEAN, "images.mean((1, 2, 3), keepdim=True).detach()"),
            ),
        ),
    ),
    accepted=(
        *(_other_order(*steps) for steps in ("csb", "scb", "cbs")),
        _coloured(
            (SATURATED, "saturation * images + (1 - saturation) * grey"),
            (CONTRASTED, "torch.lerp(mean, images, contrast)"),
        ),
        _coloured((SHAPES, "(v[:, None, None, None] for v in (brightness, saturation, contrast))")),
        _coloured((MEAN, "images.flatten(1).mean(1).view(-1, 1, 1, 1)")),
        _coloured((GREY, "(images[:, :1] + images[:, 1:2] + images[:, 2:]) / 3")),
        lambda images, *factors: torch.cat(
            [_recolour(x[None], *v) for x, *v in zip(images, *(f.split(1) for f in factors), strict=True)]
        ),
        lambda images, b, s, c: torch.stack(
            [
                (y := (x + b[i]).mean(0) + s[i] * (x + b[i] - (x + b[i]).mean(0))).mean() + c[i] * (y - y.mean())
                for i, x in enumerate(images)
            ]
        ),
    ),
)


# ---- another place ------------------------------------------------------------------------------------------------


def _translate(images, down, right):
    """Move each image of (N, C, H, W) by whole pixels, int64 (N,) each; 0 comes in (Zhao et al. 2020, their code)."""
    moved = []
    for image, y, x in zip(images, down.tolist(), right.tolist(), strict=True):
        moved.append(nn.functional.pad(image, (x, -x, y, -y)))  # a negative padding cuts off
    return torch.stack(moved)


def _translate_cases(seed, strict):
    def drawn(count, most, number):
        values = torch.randint(-most, most + 1, (count,), generator=torch.Generator().manual_seed(97 * seed + number))
        return values.where(values != 0, 1)

    sizes = ((1, 1, 3, 3, 1), (2, 1, 3, 4, 2), (3, 3, 4, 4, 2), (4, 2, 5, 6, 3))
    if strict:
        sizes = ((1, 3, 4, 4, 2), (4, 3, 4, 4, 2), (5, 1, 6, 5, 4), (3 + seed % 4, 2, 7, 8, 6), (6, 3, 8, 8, 5))
    cases = []
    for number, (n, C, H, W, most) in enumerate(sizes):
        images, down, right = (
            drawn_images(3 * seed + number, n, C, H, W),
            drawn(n, most, number),
            drawn(n, most, 50 + number),
        )
        down[0], right[0] = down[0].abs(), -right[0].abs()  # another way, or another sign, shows in the first image
        if n > 2:
            down[1], right[1] = 0, 0
            down[2], right[2] = -down[2].abs(), right[2].abs()
        cases.append(
            {
                "about": f"images of shape {tuple(images.shape)}, down = {down.tolist()}, right = {right.tolist()}",
                "arguments": (images, down, right),
                "returns": ("the new images",),
                "gradients": {0: "the images"},
            }
        )
    return cases


def _each(move):
    """Return an answer that moves one image (C, H, W) after the other."""
    return lambda images, down, right: torch.stack(
        [move(image, y, x) for image, y, x in zip(images, down.tolist(), right.tolist(), strict=True)]
    )


def _padded(y, x, **options):
    """Return a move by padding a larger frame and cutting a window out of it."""

    def move(image, down, right):
        _, H, W = image.shape
        frame = nn.functional.pad(image[None], (W, W, H, H), **options)[0]
        top, left = H - y * down, W - x * right
        return frame[:, top : top + H, left : left + W]

    return move


def _by_slices(image, down, right):
    return _moved_within(image, down, right, torch.zeros_like(image))


def _moved_within(image, down, right, new):
    """Write the part of the image that stays inside into its new place in `new`."""
    _, H, W = image.shape
    if abs(down) < H and abs(right) < W:
        new[:, max(down, 0) : H + min(down, 0), max(right, 0) : W + min(right, 0)] = image[
            :, max(-down, 0) : H - max(down, 0), max(-right, 0) : W - max(right, 0)
        ]
    return new


def _slices_from_zero(image, down, right):
    """Right for moves down and to the right; for others the slices begin at negative numbers."""
    _, H, W = image.shape
    new = torch.zeros_like(image)
    new[:, down:, right:] = image[:, : H - down, : W - right]
    return new


def _one_after_the_other(image, down, right):
    """Right where neither is 0; first the rows move, then the columns."""
    rows = torch.zeros_like(image)
    if down >= 0:
        rows[:, down:] = image[:, :-down]
    else:
        rows[:, :down] = image[:, -down:]
    new = torch.zeros_like(image)
    if right >= 0:
        new[:, :, right:] = rows[:, :, :-right]
    else:
        new[:, :, :right] = rows[:, :, -right:]
    return new


def _second_from_the_old(image, down, right):
    """Move the rows; then write the columns of the old image over them."""
    W = image.shape[2]
    new = _by_slices(image, down, 0)
    new[:, :, max(right, 0) : W + min(right, 0)] = image[:, :, max(-right, 0) : W - max(right, 0)]
    return new


def _slices_from_the_end(image, down, right):
    """Right where neither is 0: what is cut off is counted from the end."""
    part = image[:, :-down] if down >= 0 else image[:, -down:]
    part = part[:, :, :-right] if right >= 0 else part[:, :, -right:]
    return nn.functional.pad(part, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))


def _into_slices_from_the_end(image, down, right):
    new = torch.zeros_like(image)
    rows, from_rows = (slice(down, None), slice(None, -down)) if down >= 0 else (slice(None, down), slice(-down, None))
    columns, from_columns = (
        (slice(right, None), slice(None, -right)) if right >= 0 else (slice(None, right), slice(-right, None))
    )
    new[:, rows, columns] = image[:, from_rows, from_columns]
    return new


def _rolled_and_erased_up_to(end):
    """Return a move by torch.roll after which the first end(down) rows and end(right) columns are erased."""

    def move(image, down, right):
        new = image.roll((down, right), (1, 2))
        new[:, : end(down)] = 0
        new[:, :, : end(right)] = 0
        return new

    return move


def _rolled_and_erased_from_zero(image, down, right):
    """Right where neither is 0."""
    new = image.roll((down, right), (1, 2))
    new[:, slice(down) if down > 0 else slice(down, None)] = 0
    new[:, :, slice(right) if right > 0 else slice(right, None)] = 0
    return new


def _moved_in_their_place(images, down, right):
    for i, moved in enumerate(_translate(images, down, right)):
        images[i] = moved
    return images


def _rolled_and_erased(image, down, right):
    _, H, W = image.shape
    rows, columns = torch.arange(H) - down, torch.arange(W) - right
    there = ((rows >= 0) & (rows < H))[:, None] & ((columns >= 0) & (columns < W))
    return image.roll((down, right), (1, 2)) * there


def _by_matrices(images, down, right):
    H, W = images.shape[2:]
    rows = (torch.arange(H)[:, None] - down[:, None, None] == torch.arange(H)).to(images)
    columns = (torch.arange(W)[:, None] - right[:, None, None] == torch.arange(W)).to(images)
    return rows[:, None] @ images @ columns[:, None].mT


def _by_indices(images, down, right):
    n, _, H, W = images.shape
    frame = nn.functional.pad(images, (1, 1, 1, 1))
    rows = (torch.arange(H) - down[:, None] + 1).clamp(0, H + 1)
    columns = (torch.arange(W) - right[:, None] + 1).clamp(0, W + 1)
    return frame[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)


def _within(image, down, right):
    """Move by less than the sides."""
    _, H, W = image.shape
    return nn.functional.pad(
        image, (max(min(right, W), -W), -max(min(right, W), -W), max(min(down, H), -H), -max(min(down, H), -H))
    )


translate = Exercise(
    name="translate",
    reference=_translate,
    points=3,
    cases=_translate_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the new images as a tensor.",
        "its gradient": "The images are right, but not the way back: D's gradient in the new images is to reach the old ones.",
        "": "The pixel in row i, column j of the new image is that of row i - down, column j - right of the old one, and 0 where there is none.",
    },
    mistakes=(
        mistake(
            IN_PLACE, lambda images, down, right: images.copy_(_translate(images.detach(), down, right)), shows=LEAF
        ),
        mistake(
            ARGUMENT_CHANGED,
            lambda images, down, right: (images.detach().mul_(0.5), _translate(images, down, right))[1],
            lambda images, down, right: _translate(images, down.neg_(), right),
            shows=CHANGED,
        ),
        mistake(
            CUT_OFF,
            lambda images, down, right: _translate(images.detach(), down, right),
            lambda images, down, right: torch.tensor(_translate(images, down, right).tolist()),
            shows=NO_GRADIENT,
        ),
        mistake(
            "what leaves on one side comes in again on the other: torch.roll turns in a circle. What leaves is lost, and 0 comes in.",
            _each(lambda image, down, right: image.roll((down, right), (1, 2))),
            _each(lambda image, down, right: image.roll(down, 1).roll(right, 2)),
            lambda images, down, right: images.roll((int(down[0]), int(right[0])), (2, 3)),
        ),
        mistake(
            "the edge is repeated where nothing is. What comes in is 0, the grey in the middle, so that it is not taken for a part of the picture.",
            _each(_padded(1, 1, mode="replicate")),
        ),
        mistake(
            "what comes in is not 0. White, or black, could be a part of a picture; grey tells D where the picture ends.",
            _each(_padded(1, 1, value=1.0)),
            _each(_padded(1, 1, value=-1.0)),
            _each(_padded(1, 1, value=0.5)),
        ),
        mistake(
            "the images move up where they should move down, or to the left where they should move to the right.",
            _each(_padded(-1, -1)),
            _each(_padded(-1, 1)),
            _each(_padded(1, -1)),
        ),
        mistake(
            "`down` and `right` have changed places: down moves along the rows, the third dimension, right along the columns, the last. (pad takes columns first: left, right, top, bottom.)",
            lambda images, down, right: _translate(images, right, down),
            lambda images, down, right: _translate(images, -right, -down),
        ),
        mistake(
            "where `down` or `right` is 0 the image is empty: x[:-0] is x[:0], nothing at all. End the slice at the height - down, and at the width - right.",
            _each(_slices_from_the_end),
            _each(_into_slices_from_the_end),
            _each(_one_after_the_other),
        ),
        mistake(
            "an image that moves by 0 comes back as 0 everywhere. Follow your code with 0: of `if down > 0 ... elif down < 0` neither is done, and `x[0:] = 0` erases all.",
            _each(lambda image, down, right: _by_slices(image, down, right) * (down != 0 and right != 0)),
            _each(_rolled_and_erased_from_zero),
        ),
        mistake(
            "the second move begins with the old image. Make the first move, then the second with what that has made.",
            _each(_second_from_the_old),
            _each(lambda image, down, right: _second_from_the_old(image.mT, right, down).mT),
        ),
        mistake(
            "what leaves its place is still seen there: the move begins with a copy of the image. Begin with zeros, torch.zeros_like(images).",
            _each(lambda image, down, right: _moved_within(image, down, right, image.clone())),
        ),
        mistake(
            "the images are joined along the wrong dimension. torch.stack makes a new one, the first: (N, C, H, W).",
            lambda images, down, right: torch.cat(list(_translate(images, down, right))),
            lambda images, down, right: torch.stack(list(_translate(images, down, right)), 1),
        ),
        mistake(
            "the numbers of pad stand in another order: left, right, top, bottom.",
            _each(lambda image, down, right: nn.functional.pad(image, (right, down, -right, -down))),
        ),
        mistake(
            "the rows and columns that come in again at the lower and the right edge are left there. Where an image moves up, its last rows are new; where it "
            "moves to the left, its last columns.",
            _each(_rolled_and_erased_up_to(lambda n: max(n, 0))),
        ),
        mistake(
            "0 comes in at the upper and the left edge only. Where an image moves up, the lowest rows are new; where it moves to the left, the rightmost columns.",
            _each(_rolled_and_erased_up_to(lambda n: n)),
        ),
        mistake(
            "the images that came are changed themselves, and PyTorch does not let that happen to a tensor that waits for a gradient. Put the moved ones into a list, "
            "and make a batch of it: torch.stack.",
            _moved_in_their_place,
        ),
        mistake(
            "all images move as one of them does, the first or the last. Each has its own numbers.",
            lambda images, down, right: _translate(images, down[:1].expand_as(down), right[:1].expand_as(right)),
            lambda images, down, right: _translate(images, down[-1:].expand_as(down), right[-1:].expand_as(right)),
        ),
        mistake(
            "a slice that begins at a negative number counts from the end: x[-2:] is the last two rows. Where an image moves up or to the left, begin at 0 in "
            "the new image and at -down, or -right, in the old one.",
            _each(_slices_from_zero),
        ),
        mistake(
            "negative numbers move nothing. They move an image up, or to the left.",
            lambda images, down, right: _translate(images, down.clamp(min=0), right.clamp(min=0)),
            lambda images, down, right: _translate(images, down.clamp(min=0), right),
            lambda images, down, right: _translate(images, down, right.clamp(min=0)),
        ),
        mistake(
            "negative numbers move an image as positive ones do. They move it up, or to the left.",
            lambda images, down, right: _translate(images, down.abs(), right.abs()),
            lambda images, down, right: _translate(images, down.abs(), right),
            lambda images, down, right: _translate(images, down, right.abs()),
        ),
        mistake(
            "only one of the two moves is made.",
            lambda images, down, right: _translate(images, down, torch.zeros_like(right)),
            lambda images, down, right: _translate(images, torch.zeros_like(down), right),
        ),
        mistake(
            "the images have become larger, or smaller: what is added on one side has to be cut off on the other.",
            _each(lambda image, down, right: nn.functional.pad(image, (abs(right), 0, abs(down), 0))),
            _each(lambda image, down, right: nn.functional.pad(image, (right, 0, down, 0))),
            _each(
                lambda image, down, right: nn.functional.pad(
                    image, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0))
                )
            ),
            lambda images, down, right: nn.functional.pad(images, (1, 1, 1, 1)),
        ),
    ),
    accepted=(
        _each(_padded(1, 1)),
        _each(_by_slices),
        _each(_within),
        _each(_rolled_and_erased),
        _by_matrices,
        _by_indices,
    ),
)


# ---- a hole -------------------------------------------------------------------------------------------------------


def _cutout(images, top, left, side):
    """Set a square of each image of (N, C, H, W) to 0; its upper left corner, int64 (N,) each, may lie outside."""
    rows = torch.arange(images.shape[2]) - top[:, None]  # (N, H)
    columns = torch.arange(images.shape[3]) - left[:, None]  # (N, W)
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    return images * ~inside[:, None]


def _cutout_cases(seed, strict):
    sizes = ((1, 1, 4, 4, 2), (2, 1, 4, 5, 2), (3, 3, 5, 5, 3), (5, 2, 6, 5, 4))
    if strict:
        sizes = ((1, 3, 6, 6, 3), (5, 3, 5, 5, 4), (4, 1, 7, 5, 3), (3 + seed % 4, 2, 8, 9, 4), (6, 3, 8, 8, 5))
    cases = []
    for number, (n, C, H, W, side) in enumerate(sizes):
        images, drawn = drawn_images(13 * seed + number, n, C, H, W), torch.Generator().manual_seed(53 * seed + number)
        top, left = (torch.randint(0, size - side + 1, (n,), generator=drawn) for size in (H, W))
        left[0] = (top[0] + 1) % (W - side + 1)  # so that rows and columns differ
        if n > 1:
            top[1], left[1] = -1, W - side + 1  # over the upper edge, and over the right one
        if n > 2:
            top[2] = -side - 1  # outside of the image, but for slices that end at a negative number
        if n > 3:
            top[3], left[3] = H - 1, -side + 1
        cases.append(
            {
                "about": f"images of shape {tuple(images.shape)}, top = {top.tolist()}, left = {left.tolist()}, side = {side}",
                "arguments": (images, top, left, side),
                "returns": ("the new images",),
                "gradients": {0: "the images"},
            }
        )
    return cases


def _cut(*changes):
    return edited(_cutout, *changes)


def _each_hole(hole):
    """Return an answer that makes a copy of the images and erases part of one after the other; hole: where, (y, x, side)."""

    def answer(images, top, left, side):
        new = images.clone()
        for i, (y, x) in enumerate(zip(top.tolist(), left.tolist(), strict=True)):
            new[i][hole(y, x, side)] = 0
        return new

    return answer


def _inside(y, x, side):
    return slice(None), slice(max(y, 0), max(y + side, 0)), slice(max(x, 0), max(x + side, 0))


def _as_it_is(y, x, side):
    return slice(None), slice(y, y + side), slice(x, x + side)


def _end_as_it_is(y, x, side):
    return slice(None), slice(max(y, 0), y + side), slice(max(x, 0), x + side)


def _in_their_place(images, top, left, side):
    for i in range(len(images)):
        images[i][_inside(int(top[i]), int(left[i]), side)] = 0
    return images


def _over_a_copy(images, top, left, side):
    new = images.clone()
    for image, y, x in zip(new, top.tolist(), left.tolist(), strict=True):
        image[_inside(y, x, side)] = 0
    return new


def _all_holes(images, top, left, side):
    new = images.clone()
    for y, x in zip(top.tolist(), left.tolist(), strict=True):
        new[(slice(None), *_inside(y, x, side))] = 0
    return new


def _by_product(images, top, left, side):
    seen = torch.ones_like(images)
    for i in range(len(images)):
        seen[i][_end_as_it_is(int(top[i]), int(left[i]), side)] = 0
    return images * seen


def _by_mask(images, top, left, side):
    seen = torch.ones_like(images)
    for i in range(len(images)):
        seen[i][_inside(int(top[i]), int(left[i]), side)] = 0
    return images * seen


def _only_whole_squares(images, top, left, side):
    H, W = images.shape[2:]
    whole = (top >= 0) & (left >= 0) & (top <= H - side) & (left <= W - side)
    return _cutout(images, top.where(whole, H), left, side)


def _pixel_by_pixel(images, top, left, side):
    seen = [
        [
            [not (0 <= i - y < side and 0 <= j - x < side) for j in range(images.shape[3])]
            for i in range(images.shape[2])
        ]
        for y, x in zip(top.tolist(), left.tolist(), strict=True)
    ]
    return images * torch.tensor(seen)[:, None]


def _filled_with(colours):
    """Return an answer whose holes have other colours; colours: images (N, C, H, W) -> what fits beside them."""
    return lambda images, top, left, side: torch.where(
        _cutout(torch.ones_like(images), top, left, side) == 0, colours(images), images
    )


INSIDE = "((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]"

cutout = Exercise(
    name="cutout",
    reference=_cutout,
    points=2,
    cases=_cutout_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the new images as a tensor.",
        "its gradient": "The images are right, but not the way back: D's gradient in the new images is to reach what is left of the old ones.",
        "": "A pixel in row i, column j is set to 0 if top <= i < top + side and left <= j < left + side, in all three colours; all others stay.",
    },
    mistakes=(
        mistake(
            IN_PLACE,
            lambda images, top, left, side: images.mul_(_cutout(torch.ones_like(images), top, left, side)),
            shows=LEAF,
        ),
        mistake(
            ARGUMENT_CHANGED,
            lambda images, top, left, side: _cutout(images, top.clamp_(min=0), left, side),
            lambda images, top, left, side: (
                images.detach().mul_(_cutout(torch.ones_like(images), top, left, side)),
                images,
            )[1],
            shows=CHANGED,
        ),
        mistake(
            "the images that came are changed themselves, and PyTorch does not let that happen to a tensor that waits for a gradient. Work on a copy, "
            "images.clone(), or multiply by a mask.",
            _in_their_place,
        ),
        mistake(
            "`for image in new` takes the batch apart, and PyTorch does not let the parts be changed where a gradient is to come back. Change the batch: "
            "new[i, :, rows, columns] = 0; or multiply by a mask.",
            _over_a_copy,
        ),
        mistake(
            CUT_OFF,
            lambda images, top, left, side: _cutout(images.detach(), top, left, side),
            lambda images, top, left, side: _each_hole(_inside)(images.detach(), top, left, side),
        ),
        mistake(
            "this is the mask alone. Multiply the images by it.",
            lambda images, top, left, side: _cutout(torch.ones_like(images), top, left, side),
            lambda images, top, left, side: _cutout(torch.ones_like(images[:, :1]), top, left, side),
            lambda images, top, left, side: _cutout(torch.ones_like(images[:, :1]), top, left, side)[:, 0],
            lambda images, top, left, side: _cutout(torch.ones_like(images), top, left, side) == 1,
        ),
        mistake(
            "a square that reaches over an edge is left out. It stays where it is, and its part inside is erased. (Perhaps by a slice that begins at a negative number: x[-1:1] is empty.)",
            _only_whole_squares,
        ),
        mistake(
            "where the square reaches over the upper or the left edge, a slice begins at a negative number, which counts from the end: nothing is erased, or "
            "the wrong rows. Begin at max(top, 0) and max(left, 0).",
            _each_hole(_as_it_is),
        ),
        mistake(
            "a square that lies outside of the image, above it or to its left, erases what lies inside: its slice ends at a negative number, which counts from "
            "the end. End at max(top + side, 0) and max(left + side, 0).",
            _each_hole(_end_as_it_is),
            _by_product,
        ),
        mistake(
            "the square is pushed back into the image where it reaches over the edge. It stays where it is, and only its part inside is erased: so the pixels at "
            "the edge are erased as often as those in the middle.",
            lambda images, top, left, side: _cutout(
                images, top.clamp(0, images.shape[2] - side), left.clamp(0, images.shape[3] - side), side
            ),
            lambda images, top, left, side: _cutout(images, top.clamp(min=0), left.clamp(min=0), side),
        ),
        mistake(
            "`top` and `left` have changed places: top counts rows, the third dimension, left counts columns, the last.",
            lambda images, top, left, side: _cutout(images, left, top, side),
        ),
        mistake(
            "it is the other way around: the square stays, and all else is erased.",
            _cut(("~inside", "inside")),
        ),
        mistake(
            "whole rows and columns are erased, a cross. A pixel is erased if its row *and* its column lie in the square.",
            _cut((INSIDE, INSIDE.replace("[:, :, None] &", "[:, :, None] |"))),
        ),
        mistake(
            "only rows, or only columns, are looked at, so that a whole band is erased.",
            _cut((INSIDE, "((rows >= 0) & (rows < side))[:, :, None].expand(-1, -1, images.shape[3])")),
            _cut((INSIDE, "((columns >= 0) & (columns < side))[:, None, :].expand(-1, images.shape[2], -1)")),
        ),
        mistake(
            "the square is a pixel too large or too small: it has `side` rows, from top to top + side - 1.",
            lambda images, top, left, side: _cutout(images, top, left, side + 1),
            lambda images, top, left, side: _cutout(images, top, left, side - 1),
            lambda images, top, left, side: _cutout(images, top - 1, left - 1, side + 2),
            lambda images, top, left, side: _cutout(images, top + 1, left + 1, side - 1),
            lambda images, top, left, side: _cutout(images, top, left, side // 2),
        ),
        mistake(
            "the square has no end: all that lies below it and to its right is erased, too. Rows end before top + side, columns before left + side.",
            _cut((INSIDE, "(rows >= 0)[:, :, None] & (columns >= 0)[:, None, :]")),
        ),
        mistake(
            "the square has no beginning: all that lies above it and to its left is erased, too. Rows begin at top, columns at left.",
            _cut((INSIDE, "(rows < side)[:, :, None] & (columns < side)[:, None, :]")),
        ),
        mistake(
            "only one image has its hole. Does the `return`, or the copy, stand inside of the loop?",
            lambda images, top, left, side: torch.cat([_cutout(images[:1], top[:1], left[:1], side), images[1:]]),
            lambda images, top, left, side: torch.cat([images[:-1], _cutout(images[-1:], top[-1:], left[-1:], side)]),
        ),
        mistake(
            "`top` is used for rows and columns. The columns begin at `left`.",
            lambda images, top, left, side: _cutout(images, top, top, side),
        ),
        mistake(
            "negative numbers are taken as positive ones. The square then begins outside, and only its part inside is erased.",
            lambda images, top, left, side: _cutout(images, top.abs(), left.abs(), side),
        ),
        mistake(
            "`top` and `left` are taken for the middle of the square. They are its upper left corner.",
            lambda images, top, left, side: _cutout(images, top - side // 2, left - side // 2, side),
            lambda images, top, left, side: _cutout(images, top - (side - 1) // 2, left - (side - 1) // 2, side),
            lambda images, top, left, side: _cutout(images, top - side // 2, left - side // 2, 2 * (side // 2)),
            lambda images, top, left, side: _cutout(images, top - side // 2, left - side // 2, 2 * (side // 2) + 1),
        ),
        mistake(
            "the square stands a pixel too far up, down, left or right: its first row is `top`, its first column `left`.",
            *(
                lambda images, top, left, side, y=y, x=x: _cutout(images, top + y, left + x, side)
                for y in (-1, 0, 1)
                for x in (-1, 0, 1)
                if y or x
            ),
        ),
        mistake(
            "nothing is erased. Do you return the old images, or write into a copy, as `new[i][:, rows][:, :, columns] = 0` does where rows and columns are tensors? Or is the mask true nowhere?",
            lambda images, top, left, side: images * 1,
        ),
        mistake(
            "all images get the hole of one of them, the first or the last. Each has its own.",
            lambda images, top, left, side: _cutout(images, top[:1].expand_as(top), left[:1].expand_as(left), side),
            lambda images, top, left, side: _cutout(images, top[-1:].expand_as(top), left[-1:].expand_as(left), side),
        ),
        mistake(
            "every image gets the holes of all. Each has its own: new[i, :, rows, columns] = 0.",
            _all_holes,
        ),
        mistake(
            "the colours are forgotten: the first index after i is the colour, then come rows and columns. new[i, :, rows, columns] = 0.",
            _each_hole(lambda y, x, side: _inside(y, x, side)[1:]),
        ),
        mistake(
            "the mask has no dimension for the colours, so it stands against them or makes an image for each: mask[:, None] is (N, 1, H, W).",
            _cut(("inside[:, None]", "inside")),
        ),
        mistake(
            "only one of the colours is erased. A hole goes through all of them.",
            _each_hole(lambda y, x, side: (0, *_inside(y, x, side)[1:])),
        ),
        mistake(
            "the hole is not 0, but white, black, something in between, noise or a mean. Erased is 0, the grey in the middle: other colours could be a part of a picture.",
            *(_filled_with(lambda images, colour=colour: colour) for colour in (1.0, -1.0, 0.5, 0.1)),
            _filled_with(torch.rand_like),
            _filled_with(torch.randn_like),
            _filled_with(lambda images: images.mean((1, 2, 3), keepdim=True)),
            _filled_with(lambda images: images.detach().mean((1, 2, 3), keepdim=True)),
            _filled_with(lambda images: images.mean((2, 3), keepdim=True)),
            _filled_with(torch.mean),
        ),
        mistake(
            "what is left is multiplied, as dropout does it. It stays as it is.",
            lambda images, top, left, side: _cutout(images, top, left, side) * 1.25,
            lambda images, top, left, side: (
                (new := _cutout(images, top, left, side))
                * (new[0].numel() / (new != 0).flatten(1).sum(1).clamp_min(1)).view(-1, 1, 1, 1)
            ),
        ),
    ),
    accepted=(
        _each_hole(_inside),
        _by_mask,
        _pixel_by_pixel,
        _cut(("images * ~inside[:, None]", "images.masked_fill(inside[:, None], 0)")),
        _cut(("images * ~inside[:, None]", "torch.where(inside[:, None], torch.zeros_like(images), images)")),
    ),
)


# ---- the training step --------------------------------------------------------------------------------------------


def _augmented_step(G, D, opt_G, opt_D, real, step, augment):
    """Update D, then G, where D sees nothing but augmented images (Zhao et al. 2020, equation 3); return what to record."""
    fake = G(training.noise(G, len(real))).detach()
    real_logits, fake_logits = D(augment(real)), D(augment(fake))
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = losses.non_saturating_loss(D(augment(G(training.noise(G, len(real))))))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()

    d_real = (real_logits > 0).float().mean()
    d_fake = (fake_logits < 0).float().mean()
    return {"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), "d_real": d_real, "d_fake": d_fake}


def _with_augmentation(step_of_lesson_3):
    def augmented_step(G, D, opt_G, opt_D, real, step, augment):
        return step_of_lesson_3(G, AskedOtherwise(D, lambda x: D(augment(x))), opt_G, opt_D, real, step)

    return augmented_step


def _observed(answer, case, like):
    """A training step of both players, and how it calls the `augment` that it is given.

    It makes the mirrored image, with a third of its columns erased and its numbers doubled, so that some lie beyond -1 and 1.
    In the case "both" it draws a random number, which it does not use; in the others answers share their noise, which is fast.
    """
    calls = []  # step by step: the state of the random numbers at each call

    def augment(images):
        calls[-1].append(torch.get_rng_state().numpy().tobytes())
        if case["part"] == "both":
            torch.rand(1)
        return images.flip(-1) * 2 * (torch.arange(images.shape[-1]) % 3 > 0)

    def watched(*arguments, **options):
        calls.append([])
        return answer(*arguments, **options)

    seen = observers.training_step(watched, {**case, "options": {"augment": augment}}, like)
    if case["part"] == "both":
        again = any(len(set(states)) < len(states) for states in calls)
        seen["random numbers of augment"] = "the same at two calls of a step" if again else "its own at each call"
    return seen | {"calls of augment": "some" if any(calls) else "none"}


def _augmented_cases(seed, strict):
    cases = step_cases(seed)
    for case in cases:
        case["batch_norm"] = True  # as this lesson's D has it
        case["about"] += (
            ", with an `augment` that mirrors each image, doubles its numbers and erases a third of its columns"
        )
    return cases


def _through(*changes):
    return edited(_augmented_step, *changes)


DRAWN, OF_CHANGED_NOISE = "G(training.noise(G, len(real)))", "G(augment(training.noise(G, len(real))))"
D_ASKS, G_ASKS = "D(augment(real)), D(augment(fake))", f"D(augment({DRAWN}))"
BOTH_AT_ONCE = "D(augment(torch.cat([real, fake]))).split(len(real))"
PLAIN_IN_G = (G_ASKS, f"D({DRAWN})")
FAKE_OF_CHANGED_NOISE = (f"fake = {DRAWN}", f"fake = {OF_CHANGED_NOISE}")

augmented_step = Exercise(
    name="augmented_step",
    reference=_augmented_step,
    points=5,
    partial=True,
    cases=_augmented_cases,
    observe=_observed,
    random=True,
    look=STEP_LOOK
    | {
        "change of D": "Look at D's turn: which loss, of which images, seen through augment or not?",
        "change of G": "Look at G's turn: which loss, of which fakes, seen through augment or not?",
        "": "It is lesson 3's step; only, each image that D is asked about goes through augment first. Follow it line by line.",
    },
    mistakes=(
        mistake(
            "D sees real images through augment, and fakes as they are. Then it tells the two apart by the augmentation alone, and what G learns is to draw "
            "augmented images: it leaks. Fakes go through augment, too, in both turns.",
            _through((D_ASKS, "D(augment(real)), D(fake)"), PLAIN_IN_G),
        ),
        mistake(
            "in D's turn the real images go through augment and the fakes do not; in G's turn they do. D sees the same kind of images in all three places.",
            _through((D_ASKS, "D(augment(real)), D(fake)")),
        ),
        mistake(
            "the fakes go through augment, and the real images do not: D tells the two apart by the augmentation alone.",
            _through((D_ASKS, "D(real), D(augment(fake))")),
            _through((D_ASKS, "D(real), D(augment(fake))"), PLAIN_IN_G),
        ),
        mistake(
            "in G's turn the fakes reach D without augment. D has learnt to judge augmented images only; what it says about others is no guide for G.",
            _through(PLAIN_IN_G),
        ),
        mistake(
            "augment is used in G's turn only. D needs it for all images that it learns from.",
            _through((D_ASKS, "D(real), D(fake)")),
        ),
        mistake(
            "`augment` is never called. Each image that D is asked about goes through it, and through no change of your own.",
            _through((D_ASKS, "D(real), D(fake)"), PLAIN_IN_G),
            _through((D_ASKS, "D(real * 0.5), D(fake * 0.5)"), (G_ASKS, f"D(0.5 * {DRAWN})")),
            shows={"calls of augment": "none"},
        ),
        mistake(
            "augment begins at the same random numbers twice in a step, so the images of both calls are changed alike, one by one. Set no seed in a training step, and do not put the random numbers' state back.",
            _through(
                (
                    D_ASKS,
                    "(seed := torch.get_rng_state()) is None or D(augment(real)), torch.set_rng_state(seed) or D(augment(fake))",
                )
            ),
            shows={"random numbers of augment": "the same at two calls of a step"},
        ),
        mistake(
            "what augment has made is cut off at -1 and 1 before D sees it. Let D see it as it is: a number that was cut off has gradient 0.",
            *(
                _through(*((f"D({seen})", f"D({seen}.clamp(-1, 1))") for seen in some))
                for n in (1, 2, 3)
                for some in combinations(("augment(real)", "augment(fake)", f"augment({DRAWN})"), n)
            ),
        ),
        mistake(
            "images go through augment twice.",
            _through((D_ASKS, "D(augment(augment(real))), D(augment(fake))")),
            _through((D_ASKS, "D(augment(real)), D(augment(augment(fake)))")),
            _through(
                (D_ASKS, "D(augment(augment(real))), D(augment(augment(fake)))"),
                (G_ASKS, f"D(augment(augment({DRAWN})))"),
            ),
            _through((G_ASKS, f"D(augment(augment({DRAWN})))")),
            _through(("    fake = ", "    real = augment(real)\n    fake = ")),
            _through((".detach()\n    real_logits", ".detach()\n    fake = augment(fake)\n    real_logits")),
        ),
        mistake(
            "what D says goes through augment: D(...) gives logits, and augment takes images. The other way round: D(augment(real)).",
            _through((D_ASKS, "augment(D(real)), augment(D(fake))"), (G_ASKS, f"augment(D({DRAWN}))")),
            _through((D_ASKS, "augment(D(real)), augment(D(fake))")),
            _through((D_ASKS, "D(augment(real)), augment(D(fake))")),
            _through((D_ASKS, "augment(D(real)), D(augment(fake))")),
            _through((G_ASKS, f"augment(D({DRAWN}))")),
        ),
        mistake(
            "what G(...) gets is no standard normal noise. Did it go through augment, or does it not come from torch.randn? Take training.noise as it is; what G makes of it goes through augment: augment(G(z)).",
            _through((G_ASKS, f"D({OF_CHANGED_NOISE})")),
            _through(FAKE_OF_CHANGED_NOISE),
            _through(FAKE_OF_CHANGED_NOISE, (G_ASKS, f"D(augment({OF_CHANGED_NOISE}))")),
            _through(FAKE_OF_CHANGED_NOISE, ("augment(fake)", "fake")),
        ),
        mistake(
            "real images and fakes stand in one batch. D's batch normalisation then takes the mean of both together, and what it makes of an image depends on "
            "the other kind. Ask D twice.",
            _with_augmentation(IN_ONE_BATCH),
            _through((D_ASKS, BOTH_AT_ONCE), PLAIN_IN_G),
            _through((D_ASKS, "D(torch.cat([augment(real), fake])).split(len(real))")),
            _through((D_ASKS, "D(torch.cat([real, fake])).split(len(real))")),
            _through(
                (D_ASKS, BOTH_AT_ONCE),
                (
                    "losses.discriminator_loss(real_logits, fake_logits)",
                    "losses.discriminator_loss(real_logits, fake_logits) / 2",
                ),
            ),
        ),
        mistake(
            "D is asked in eval mode, in which its batch normalisation takes running averages instead of the batch's. While it is trained it stays in train mode.",
            _through(("    fake = ", "    D.eval()\n    fake = "), ("    d_real = ", "    D.train()\n    d_real = ")),
            _through(
                ("    g_loss = ", "    D.eval()\n    g_loss = "), ("    d_real = ", "    D.train()\n    d_real = ")
            ),
            _through(("    fake = ", "    D.eval()\n    fake = "), ("    g_loss = ", "    D.train()\n    g_loss = ")),
        ),
        *(
            mistake(known.says, *(_with_augmentation(a) for a in known.answers), shows=known.shows)
            for known in STEP_MISTAKES
        ),
    ),
    accepted=(
        *(_with_augmentation(variant) for variant in STEP_VARIANTS),
        _through((".detach()\n", "\n"), (D_ASKS, "D(augment(real)), D(augment(fake.detach()))")),
        _through((".detach()\n", "\n"), (D_ASKS, "D(augment(real)), D(augment(fake).detach())")),
        _through(("    fake = ", "    real = augment(real)\n    fake = "), (D_ASKS, "D(real), D(augment(fake))")),
    ),
)


# ---- the closest pairs --------------------------------------------------------------------------------------------


def _closest_pairs(fake, train, pairs):
    """Return the fakes that lie nearest to a training picture, those pictures, and how far it is, nearest first.

    fake (N, d), train (M, d) -> int64 (pairs,), int64 (pairs,), (pairs,).
    """
    distances, nearest = torch.cdist(fake, train).min(1)
    order = distances.argsort()[:pairs]
    return order, nearest[order], distances[order]


def _pair_cases(seed, strict):
    sizes = (
        ((3, 2, 2, 1), (4, 3, 2, 2), (6, 4, 3, 3), (5, 7, 4, 5), (5, 8, 4, 4))
        if not strict
        else ((2, 3, 2, 2), (9, 4, 3, 4), (30, 20, 8, 6), (12, 40, 5 + seed % 4, 12), (5, 9, 4, 3))
    )
    cases = []
    for number, (n, m, d, pairs) in enumerate(sizes):
        fake, train = 2 * randn(17 * seed + number, n, d), 2 * randn(19 * seed + 100 + number, m, d)
        train[0] = fake[0] + 0.4  # one training picture that two fakes are near
        if n > 2:
            fake[2] = train[0] + 0.3
        if (
            number == 4
        ):  # the last fake is the nearest, and near to two, so that whoever does not sort or sorts pairs is seen
            train[7] = train[5] - 0.15 / d**0.5
            fake[:5] = train[1:6] + torch.tensor([0.5, 0.4, 0.3, 0.2, 0.1])[:, None] / d**0.5
        fake, train = fake.round(decimals=2), train.round(decimals=2)
        if n == m:
            train = train + 0.05
        about = (
            f"fake = {_in_short(fake)}, train = {_in_short(train)}"
            if n * d < 7
            else f"fake of shape ({n}, {d}), train of shape ({m}, {d})"
        )
        cases.append(
            {
                "about": f"{about}, pairs = {pairs}",
                "arguments": (fake, train, pairs),
                "returns": ("the fakes", "their training pictures", "the distances"),
                "places": ("the fakes", "their training pictures"),
            }
        )
    return cases


def _in_short(features: torch.Tensor) -> list[list[float]]:
    """Return features (N, d) as they are written in a message, two digits after the point."""
    return [[round(value, 2) for value in row] for row in features.tolist()]


def _pairs(*changes):
    return edited(_closest_pairs, *changes)


def _of_all_pairs(fake, train, pairs):
    """Return the nearest of all N·M pairs, so that a fake may come more than once."""
    d, places = torch.cdist(fake, train).flatten().sort()
    return places[:pairs] // len(train), places[:pairs] % len(train), d[:pairs]


def _by_loops(fake, train, pairs):
    found = []
    for i, f in enumerate(fake):
        d = [float((f - t).square().sum().sqrt()) for t in train]
        j = min(range(len(d)), key=d.__getitem__)
        found.append((d[j], i, j))
    found = sorted(found)[:pairs]
    return (
        torch.tensor([i for _, i, _ in found]),
        torch.tensor([j for _, _, j in found]),
        torch.tensor([d for d, _, _ in found]),
    )


FOUND, ORDER = "torch.cdist(fake, train).min(1)", "distances.argsort()[:pairs]"

closest_pairs = Exercise(
    name="closest_pairs",
    reference=_closest_pairs,
    points=2,
    cases=_pair_cases,
    observe=observers.function,
    look={
        "what it returns": "Return three things: `return fakes, pictures, distances`.",
        "what": "Return tensors, not lists or numbers.",
        "the fakes": "For each fake, the distance to its nearest training picture; of these, the places of the smallest.",
        "their training": "For each fake that you return: which training picture is its nearest?",
        "the distances": "The distances are those of the pairs, the smallest first: the root of the sum of squares, as torch.cdist gives it.",
        "": "torch.cdist(fake, train) is a table (N, M). The smallest number of each row, and its place; then sort the rows.",
    },
    mistakes=(
        mistake(
            ARGUMENT_CHANGED,
            lambda fake, train, pairs: _closest_pairs(fake.sub_(1), train - 1, pairs),
            shows=CHANGED,
        ),
        mistake(
            "the fakes that lie *farthest* from the training pictures come first. Sort from the smallest distance on.",
            _pairs((ORDER, "distances.argsort(descending=True)[:pairs]")),
            _pairs((ORDER, "distances.topk(pairs).indices")),
            _pairs((ORDER, "distances.argsort()[-pairs:]")),
        ),
        mistake(
            "for each fake the *farthest* training picture is taken: .max(1) instead of .min(1).",
            _pairs((FOUND, "torch.cdist(fake, train).max(1)")),
        ),
        mistake(
            "it is asked for each training picture which fake is nearest. Ask for each fake which training picture is: the minimum along the rows of (N, M).",
            _pairs((FOUND, "torch.cdist(train, fake).min(1)")),
            _pairs((FOUND, "torch.cdist(fake, train).min(0)")),
            lambda fake, train, pairs: tuple(_closest_pairs(train, fake, pairs)[i] for i in (1, 0, 2)),
        ),
        mistake(
            "one fake comes more than once, with several training pictures. Each has one partner, its nearest: first the minimum of each row, then sort.",
            _of_all_pairs,
        ),
        mistake(
            "the places are numbers with a point, and a tensor cannot be picked from with these. Leave them int64, as argsort and min give them.",
            _pairs(("return order, nearest[order]", "return order.float(), nearest[order].float()")),
            _pairs(("nearest[order]", "nearest[order].double()")),
        ),
        mistake(
            "the pairs are not sorted: the first fakes are returned, not the nearest.",
            _pairs((ORDER, "torch.arange(len(fake))[:pairs]")),
        ),
        mistake(
            "only the first fakes are looked at: they are cut to `pairs` before they are sorted. Sort all of them, then cut.",
            _pairs((ORDER, "distances[:pairs].argsort()")),
        ),
        mistake(
            "the training pictures do not belong to the fakes beside them: those have been sorted, these have not. Take both in the same order: nearest[order].",
            _pairs(("nearest[order]", "nearest[:pairs]")),
            _pairs(("nearest[order]", "nearest.sort().values[:pairs]")),
        ),
        mistake(
            "the distances are not those of the pairs beside them: take them in the same order, distances[order].",
            _pairs(("distances[order]", "distances[:pairs]")),
        ),
        mistake(
            "the distances are put in order twice: sort() has ordered them already, and their places belong to the old order.",
            lambda fake, train, pairs: (
                (found := torch.cdist(fake, train).min(1)),
                (ordered := found.values.sort()),
                (
                    ordered.indices[:pairs],
                    found.indices[ordered.indices[:pairs]],
                    ordered.values[ordered.indices[:pairs]],
                ),
            )[2],
        ),
        mistake(
            "these are ranks, not places: argsort() of argsort(). Once is enough.",
            _pairs((ORDER, "distances.argsort().argsort()[:pairs]")),
        ),
        mistake(
            "min(1) gives the smallest numbers first and their places second: distances, nearest = table.min(1).",
            lambda fake, train, pairs: (
                (found := torch.cdist(fake, train).min(1)),
                (order := found.indices.argsort()[:pairs]),
                (order, found.values[order], found.indices[order]),
            )[2],
        ),
        mistake(
            "the fakes are ordered by their mean distance to all training pictures. What counts is the nearest one.",
            _pairs((FOUND, "(table := torch.cdist(fake, train)).mean(1), table.min(1).indices")),
        ),
        mistake(
            "the right fakes, but in the order in which they came, or the farthest of them first. The nearest stands first.",
            _pairs((ORDER, "distances.argsort()[:pairs].sort().values")),
            _pairs((ORDER, "distances.argsort()[:pairs].flip(0)")),
        ),
        mistake(
            "the places of the fakes are there twice. The second of the three holds the places of their training pictures: nearest[order].",
            _pairs(("return order, nearest[order]", "return order, order")),
        ),
        mistake(
            "places count from 0, as in a list; these count from 1.",
            _pairs(("return order, nearest[order]", "return order + 1, nearest[order] + 1")),
        ),
        mistake(
            "the features themselves are returned. Return the places where they stand.",
            _pairs(("return order, nearest[order]", "return fake[order], train[nearest[order]]")),
        ),
        mistake(
            "too many are returned, or too few. As many are wanted as `pairs` says.",
            _pairs(("[:pairs]", "")),
            _pairs(("[:pairs]", "[: pairs + 1]")),
            _pairs(("[:pairs]", "[: pairs - 1]")),
        ),
        mistake(
            "these are squared distances. A distance is the root of the sum of squares.",
            _pairs(
                (
                    "return order, nearest[order], distances[order]",
                    "return order, nearest[order], distances[order].square()",
                )
            ),
        ),
        mistake(
            "another distance is taken: of absolute values, of angles, or the mean of squares. Take the usual one, torch.cdist(fake, train).",
            _pairs((FOUND, "torch.cdist(fake, train, p=1).min(1)")),
            _pairs((FOUND, "(1 - nn.functional.normalize(fake) @ nn.functional.normalize(train).T).min(1)")),
            _pairs((FOUND, "(fake[:, None] - train).square().mean(2).min(1)")),
        ),
        mistake(
            "the three come back in another order: fakes, training pictures, distances.",
            _pairs(("order, nearest[order], distances[order]", "nearest[order], order, distances[order]")),
            _pairs(("order, nearest[order], distances[order]", "distances[order], order, nearest[order]")),
            _pairs(("order, nearest[order], distances[order]", "order, distances[order], nearest[order]")),
        ),
    ),
    accepted=(
        _by_loops,
        _pairs((ORDER, "distances.topk(pairs, largest=False).indices")),
        _pairs((FOUND, "(fake[:, None] - train).square().sum(2).sqrt().min(1)")),
        lambda fake, train, pairs: (
            (d := torch.cdist(fake, train)).amin(1).argsort()[:pairs],
            d.argmin(1)[d.amin(1).argsort()[:pairs]],
            d.amin(1).sort().values[:pairs],
        ),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------

question_1 = question(
    "question_1",
    "c",
    a="held-out pictures lie at -2, near the fakes at -4 and far from the training pictures at 5. D is sure of them, and wrong.",
    b="it has learnt something: the training pictures, by heart. New ones it judges like fakes.",
    d="what G draws does not matter to D's judgement of held-out pictures. They are as real as the training ones, and judged like fakes.",
)
question_2 = question(
    "question_2",
    "b",
    a="D only ever sees real pictures with holes. A picture without one is a fake to it, so G had better draw holes.",
    c="whole Pokémon are fakes to this D, which never sees a real picture without a hole. G is told so at every step.",
    d="the training pictures have holes for D at a new place each time, so it cannot learn them by heart so soon. That is not what goes wrong here.",
)
question_3 = question(
    "question_3",
    "d",
    a="pixels compare each place with itself. Move a picture, and its pixels are far from the original's.",
    b="a copy that is moved by three pixels lies as far from the training pictures as held-out ones do: see the table, 2 % beside 1 %.",
    c="with other noise it draws other pictures, but whether these are copies is a matter of how they are compared.",
)
