"""Lesson 3: noise vectors."""

from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.randomness import distribution, independence
from gancourse.checks.observers.values import kind

MANY = 1_000  # rows: enough for statistics


def _cases(seed, strict):
    sizes = (5, 1, 1_000 + seed % 100, 2) if not strict else (3 + seed % 7, 1, 1_500, 2, 1_001)
    cases = [{"about": f"n = {n}", "n": n} for n in sizes]
    return [*cases, {"about": 'n = 5, device = "meta" (PyTorch\'s device without numbers)', "n": 5, "device": "meta"}]


def _observe(answer, case, like):
    """Return what random numbers (n, d) are, how they are distributed, whether independent; case["n"], case["device"]."""
    if "device" in case:
        return _on_device(answer, case["n"], case["device"])
    values = answer(case["n"])
    seen = {"returned": kind(values)}
    if not isinstance(values, Tensor):
        return seen
    seen |= {"shape": tuple(values.shape), "type": str(values.dtype), "device": values.device.type}
    seen["asks"] = "for a gradient" if values.requires_grad else "for none"
    if values.dim() != 2 or not values.is_floating_point():
        return seen
    again = answer(case["n"])
    seen["calls"] = "the same numbers" if values.equal(again) else "new numbers"
    if len(values) >= MANY:
        seen |= independence(values)
        if seen["rows"] == seen["columns"] == "independent":
            found = distribution(values)
            seen |= {
                "distribution": found["distribution"]
            } | found  # first: of uniform numbers the mean is not the point
    return seen


def _on_device(answer, n: int, device: str) -> dict:
    """Return where the numbers lie if a device is asked for. "meta" needs no hardware, and not everything works on it."""
    try:
        values = answer(n, device=device)
    except RuntimeError as error:
        if not str(error):
            raise  # the stub's NotImplementedError
        moved = "copy" in str(error) and "meta" in str(error)
        # Anything else, values.mean().item() say, may be right, and is impossible where there are no values.
        return {"device": "cpu" if moved else device}
    return {"device": values.device.type if isinstance(values, Tensor) else kind(values)}


draw_noise = Exercise(
    reference=answers.load("vanilla_gan", "draw_noise"),
    points=2,
    cases=_cases,
    observe=_observe,
    random=True,
    look={
        "shape": "one row of 64 numbers is wanted for each image, so (n, Z_DIM), whatever n is.",
        "type": {
            "torch.float64": "these are 64-bit numbers; the networks' weights have 32 bits. Add .float(), or remove the dtype.",
            "torch.int": "these are whole numbers. The prior is continuous: torch.randn, not torch.randint.",
            "": "these are not 32-bit floats, as the networks' weights are.",
        },
        "device": "the noise lies on the CPU although another device was asked for. Pass `device=device` on to torch.",
        "asks": "the noise asks for gradients. Nothing trains the noise; remove `requires_grad`.",
        "calls": "two calls return the same numbers: a seed inside the function, or numbers drawn once, outside it. Draw new ones at every call.",
        "rows": {
            "some": "rows repeat, so images would repeat too. Draw n · 64 numbers, each of them once.",
            "": "the rows are not independent, so one image would depend on another. Draw all n · 64 numbers independently.",
        },
        "columns": {
            "some": "every coordinate of a row is the same number: that is one random number per image, not 64.",
            "": "the numbers of a row are not independent. Draw all 64 independently, and do not change them afterwards.",
        },
        "mean": "the mean should be 0, as for standard normal numbers. torch.randn draws them; do not change them afterwards.",
        "spread": "the standard deviation should be 1, as for standard normal numbers. torch.randn draws them; do not change them afterwards.",
        "lengths": "all rows have the same length. Independent normal numbers make vectors of different lengths; do not divide by theirs.",
        "distribution": {
            "uniform": "these are uniform numbers, not normal ones. A normal number can be any size: torch.randn, with an n at the end.",
            "": "these numbers are not normally distributed: cut off, rounded, or changed after they were drawn. torch.randn gives normal ones.",
        },
        "": "Look again at what the docstring promises: shape (n, Z_DIM), independent standard normal numbers, on `device`.",
    },
    mistakes=(
        mistake(
            "the shape is transposed. One row is one noise vector, so the number of rows is n.",
            "randn(n, Z_DIM → randn(Z_DIM, n",
        ),
        mistake(
            "the noise has too many dimensions. A linear layer takes (n, 64); other code uses (n, 64, 1, 1) for convolutions.",
            "randn(n, Z_DIM → randn(n, Z_DIM, 1, 1",
            "randn(n, Z_DIM → randn(n, 1, Z_DIM",
        ),
    ),
)
