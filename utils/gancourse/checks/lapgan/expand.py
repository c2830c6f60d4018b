"""Exercise 2: one step up the pyramid."""

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.lapgan.pictures import of_two_sizes, picture_cases


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [(1, 1, 3, 4), (2, 3, 2, 3), (1, 2, 4, 1), (3, 1, 1, 1), (1, 3, 3, 4)]
    if strict:
        shapes = [(1, 1, 4, 3), (4, 3, 8, 8), (1, 2, 3, 5), (2 + seed % 3, 5, 2, 1), (1, 1, 1, 1), (5, 3, 16, 4)]
    cases = picture_cases(shapes, seed)
    return [
        case
        | {
            "about": case["about"].replace("x of", "y of").replace("x[", "y["),
            "gradients": ("y",) * bool(case["gradients"]),
        }
        for case in cases
    ]


BODY = 'return F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)'
KERNEL = "k = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4\nc = y.shape[1]\nkernel = k.outer(k).expand(c, 1, 4, 4).to(y)\n"

expand = Exercise(
    reference=answers.load("lapgan", "expand"),
    points=2,
    cases=_cases,
    observe=of_two_sizes,
    look={
        "shape": "the shape is wrong. N and C stay as they are; height and width, dimensions 2 and 3, are doubled.",
        "inside": "pixels away from the border are wrong. Each is made of the two nearest ones in each direction, with the weights 3/4 and 1/4; even and odd places alternate, in both directions.",
        "border": "inside the picture the numbers are right, at the border they are not. Beyond the border the outermost pixel is repeated, so the "
        "corners keep their values.",
        "": "torch.nn.functional.interpolate with scale_factor=2 does it; look at its options mode and align_corners.",
    },
    mistakes=(
        mistake(
            "with align_corners=True the corner pixels of both sizes lie on each other, and the distances between the others change. Use "
            "align_corners=False.",
            "align_corners=False → align_corners=True",
        ),
        mistake(
            'each pixel is repeated in a square of four. Mix neighbours instead, three parts to one: mode="bilinear".',
            "return F.interpolate(y, scale_factor=2)",
            "return y.repeat_interleave(2, 2).repeat_interleave(2, 3)",
        ),
        mistake(
            'this is another interpolation, with weights that reach further or are negative. The formula is the bilinear one: mode="bilinear".',
            'return F.interpolate(y, scale_factor=2, mode="bicubic", align_corners=False)',
        ),
        mistake(
            "there are zeros between the pixels. Each new pixel is a mixture of its neighbours, with weights that sum to 1.",
            "out = torch.zeros(*y.shape[:2], 2 * y.shape[2], 2 * y.shape[3]).to(y)\nout[:, :, ::2, ::2] = y\nreturn out",
        ),
        mistake(
            "beyond the border there are zeros, so the border turns grey. Repeat the outermost pixel, or use interpolate, which does that.",
            f"{KERNEL}return F.conv_transpose2d(y, kernel, stride=2, padding=1, groups=c)",
        ),
        mistake(
            "the picture becomes darker: the weights of a new pixel should sum to 1. (Without the factor 4 this is the adjoint of `reduce`.)",
            f"{BODY} / 4",
            f"{BODY} / 2",
        ),
        mistake(
            "one direction is interpolated, the other is not. Mix along the rows and along the columns.",
            *(
                f'return F.interpolate(y.repeat_interleave(2, {dim}), scale_factor={scale}, mode="bilinear", align_corners=False)'
                for dim, scale in ((2, "(1, 2)"), (3, "(2, 1)"))
            ),
        ),
    ),
)
