"""projection_logit: the end of a projection discriminator."""

from gancourse.checks import answers
from gancourse.checks.conditional_gan.labels import drawn_labels, shown_labels
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function, randn

ALONE = {"projection_alone": "w and b", "w·h_alone": "b and codes", "b_alone": "w and codes"}  # -> which are 0


def _cases(seed: int, strict: bool) -> list[dict]:
    """First each term alone, the projection twice; then equal N, d and classes, images of one class, equal rows of h."""
    sizes = [(2, 3, 4), (3, 2, 4), (1, 4, 3), (1, 4, 2), (4, 2, 4), (5, 3, 3), (1, 3, 2)]
    if strict:
        sizes += [(1, 1 + seed % 5, 3), (10, 16, 10), (7, 7, 7), (60, 32, 26), (1, 1, 2)]
    cases = []
    for number, (n, d, classes) in enumerate(sizes):
        shapes = {"h": (n, d), "w": (d,), "b": (), "codes": (classes, d)}
        given = {
            name: randn(5 * seed + number + 100 * i, *shape).round(decimals=1) + 0.05
            for i, (name, shape) in enumerate(shapes.items())
        }
        labels, h = drawn_labels(seed + number, n, classes), given.pop("h")
        if n > 3:
            labels[1], h[-1] = labels[0], h[0]
        term, zero = [*ALONE.items(), *ALONE.items()][number] if number < 4 else ("logits", "")
        given = {name: value * (name not in zero.split()) for name, value in given.items()}
        about = f"h = {[[round(v, 2) for v in row] for row in h.tolist()]}" if n * d < 9 else f"h {tuple(h.shape)}"
        about += f", labels = {shown_labels(labels)}, {classes} classes" + f"; {zero} are 0" * bool(zero)
        case = {"about": about, "arguments": (h, labels, *given.values()), "returns": (term,)}
        cases.append(case if zero else case | {"gradients": ("h", "w", "b", "codes")})
    return cases


PRODUCT = "(codes[labels] * h).sum(1)"

projection_logit = Exercise(
    reference=answers.load("conditional_gan", "projection_logit"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "projection_alone": "where w and b are 0, the inner product of h with its label's code should be left: "
        + PRODUCT,
        "w·h_alone": "where b and the codes are 0, w·h should be left: the sum over the d numbers of each image, h @ w.",
        "b_alone": "where w and the codes are 0, b should be left for each image: it is added once, after the sums.",
        "gradient_there": "the logits are cut off from h, w, b and codes, so D cannot learn. Remove .detach(), .data and .item().",
        "gradient": "the logits are right, but D cannot learn all of h, w, b and codes from them. Remove .detach() and .data. (nn.Embedding "
        "and nn.Parameter make weights of their own, not D's: use codes[labels].)",
        "": "An image has three terms: w·h, b, and the inner product of h with its label's code, codes[labels].",
    },
    mistakes=(
        mistake(
            "each image gets as many logits as there are classes. Pick the code of its own label first: codes[labels], (N, d).",
            "return (h @ w + b)[:, None] + h @ codes.T",
            "return h @ codes.T",
            f"{PRODUCT} → h @ codes.T",
        ),
        mistake(
            "this is a table of every image with every label of the batch. Image i goes with labels[i] alone: multiply number by "
            "number, then .sum(1).",
            f"{PRODUCT} → h @ codes[labels].T",
            f"{PRODUCT} → codes[labels] @ h.T",
            f"{PRODUCT} → (h @ codes.T)[:, labels]",
        ),
        mistake(
            "a sum over the d numbers is missing: an image still has d of them, and a logit is one number. w·h is h @ w; end with .sum(1).",
            f"{PRODUCT} → codes[labels] * h",
            "h @ w → h * w",
            "return h * w + b + codes[labels] * h",
            "return (h @ w)[:, None] + b + codes[labels] * h",
        ),
        mistake(
            f"@ and dot do not multiply two tables (N, d) image by image. Multiply number by number, then sum: {PRODUCT}.",
            *(f"{PRODUCT} → {other}" for other in ("h @ codes[labels]", "h.T @ codes[labels]", "h @ codes")),
            *(f"{PRODUCT} → {other}" for other in ("codes[labels] @ h", "torch.dot(h, codes[labels])")),
        ),
        mistake(
            f"w·h or b is inside the sum over the d numbers, so it counts d times. Sum only the product with the code: {PRODUCT}.",
            "return (h * w + b + codes[labels] * h).sum(1)",
            "return (h @ w + b + codes[labels] * h).sum(1)",
            "return ((h @ w)[:, None] + b + codes[labels] * h).sum(1)",
        ),
        mistake(
            "a sum or mean runs over the batch, so images are mixed. Sum over the d numbers of each image: .sum(1). (And (N, 1) + (N,) is an (N, N) table.)",
            "return ((h @ w)[:, None] + b + (codes[labels] * h).sum(1)).mean(1)",
            f"{PRODUCT} → (h @ codes[labels].T).sum(1)",
            *(".sum(1) → .sum(0)", ".sum(1) → .sum()", "h @ w → (h * w).sum()"),
        ),
    ),
)
