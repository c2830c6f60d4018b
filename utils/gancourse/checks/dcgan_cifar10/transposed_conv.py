"""Exercise 2: the transposed convolution of one channel, by hand."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import values


def _cases(seed: int, strict: bool) -> list[dict]:
    """Sides of x and of the kernel, and the stride: smaller than the kernel, as large, larger; kernels that are not square."""
    sizes = [(1, 2, 1, 3, 2), (2, 2, 2, 2, 2), (2, 2, 1, 2, 3), (2, 3, 3, 2, 1), (3, 2, 4, 3, 2), (1, 1, 2, 2, 1)]
    if strict:
        sizes = [(1, 1, 2, 3, 2), (2, 5, 3, 4, 2), (3, 1, 2, 1, 1 + seed % 2), (4, 3, 1, 2, 3)]
        sizes += [(2 + seed % 4, 3, 3, 5, 4), (6, 5, 4, 4, 2), (2, 2, 5, 1, 3), (1, 1, 1, 1, 2)]
    cases = []
    for number, (rows, columns, k, m, stride) in enumerate(sizes):
        x, kernel = _whole(31 * seed + 2 * number, rows, columns), _whole(31 * seed + 2 * number + 1, k, m)
        if strict:
            x, kernel = x + 0.1 * values.randn(seed, rows, columns), kernel + 0.1 * values.randn(seed + 1, k, m)
        if stride > max(k, m):  # small numbers, beside which a little where nothing lies is not small
            x, kernel = x / 10, kernel / 10
        if number == 4:  # a number that lays down nothing, two that are equal
            x[0, 1], x[-1, -1] = 0, x[0, 0]
        about = f"x = {_told(x)}, kernel = {_told(kernel)}, stride = {stride}"
        cases.append({"about": about, "arguments": (x, kernel, stride), "returns": ("result",)})
    return cases


def _whole(seed: int, *shape: int) -> Tensor:
    """Return whole numbers from -9 to 9, no 0, and none twice where there is room for that."""
    count, generator = torch.Size(shape).numel(), torch.Generator().manual_seed(seed)
    numbers = torch.tensor([*range(-9, 0), *range(1, 10)], dtype=torch.float32)
    order = torch.cat([torch.randperm(18, generator=generator) for _ in range(0, count, 18)])
    return numbers[order[:count]].view(shape)


def _told(numbers: Tensor) -> str:
    if numbers.numel() > 12:
        return f"{' × '.join(map(str, numbers.shape))} numbers"
    return str([[f"{v:.4g}" for v in row] for row in numbers.tolist()]).replace("'", "")


SHAPES = "(height, width), (k, m) = x.shape, kernel.shape"
PLACE, WHERE = "rows, columns = i * stride, j * stride", "out[rows : rows + k, columns : columns + m]"
ADDED, NAMED = f"{WHERE} += x[i, j] * kernel", f"{WHERE} += → out[rows : rows + a, columns : columns + b] +="
SCATTERING, SLIDING = (f"F.{name}(x[None, None], kernel[None, None]" for name in ("conv_transpose2d", "conv2d"))

transposed_conv = Exercise(
    reference=answers.load("dcgan_cifar10", "transposed_conv"),
    points=2,
    cases=_cases,
    observe=values.function,
    look={
        "returned": {"nothing": "", "": "Return the result as a tensor."},
        "": "Begin with zeros, in the shape that the text gives. The upper left corner of the kernel for x[i, j] lies at row i*stride, column "
        "j*stride; add x[i, j] * kernel to what is there.",
    },
    mistakes=(
        mistake(
            "where two kernels overlap, only one of them counts, or the larger. There the two add up: +=.",
            "+= x[i, j] → = x[i, j]",
            ("in range(height) → in reversed(range(height))", "range(width) → reversed(range(width))", "+= x → = x"),
            f"{ADDED} → {WHERE} = torch.where({WHERE} == 0, x[i, j] * kernel, {WHERE})",
            f"{ADDED} → {WHERE} = torch.maximum({WHERE}, x[i, j] * kernel)",
        ),
        mistake(
            "the kernel is rotated by 180 degrees or transposed. Add it as it is for each number of x. (If you slide the kernel over x "
            "with zeros between its numbers, rotate it first; the name of the operation refers to another matrix.)",
            "* kernel → * kernel.flip(0, 1)",
            f"{SHAPES} → kernel = kernel.T\n    {SHAPES}",
        ),
        mistake(
            "this is an ordinary convolution, which slides over x. In a transposed one, each number of x becomes a whole kernel in the result.",
            f"return {SLIDING}, stride=stride)[0, 0]",
            f"k, m = kernel.shape\nreturn {SLIDING}, stride=stride, padding=(k - 1, m - 1))[0, 0]",
            f"k, m = kernel.shape\nreturn {SLIDING}.flip(2, 3), stride=stride, padding=(k - 1, m - 1))[0, 0]",
        ),
        mistake(
            "`stride` is not used, or in one direction only. One place further in x, to the right or down, is `stride` places further in the result: "
            "kernels overlap if that is less than their side, and leave zeros between them if it is more.",
            *(f"{PLACE} → rows, columns = {a}, {b}" for a, b in (("i", "j"), ("i * stride", "j"), ("i", "j * stride"))),
            *(f"return {SCATTERING}, stride={one})[0, 0]" for one in ("1", "(stride, 1)", "(1, stride)")),
            "return torch.kron(x, kernel)",
            f"{SHAPES}\nreturn torch.kron(x, kernel)[: (height - 1) * stride + k, : (width - 1) * stride + m]",
        ),
        mistake(
            "x is taken for a square: the loop over j has x.shape[1] rounds.", "in range(width) → in range(height)"
        ),
        mistake(
            "the kernel's numbers are spread apart (dilation), or those of x are repeated (upsampling). Each number of x lays down the kernel once, as it "
            "is, and these copies lie `stride` places apart.",
            f"return {SCATTERING}, dilation=stride)[0, 0]",
            f"return {SCATTERING}, stride=stride, dilation=stride)[0, 0]",
            f"x = x.repeat_interleave(stride, 0).repeat_interleave(stride, 1)\nreturn {SCATTERING})[0, 0]",
        ),
        mistake(
            "one side of the kernel stands for both, or the two are swapped. kernel.shape is (k, l): k rows belong to H and i, l columns to W and j.",
            *(
                (
                    f"(k, m) = x.shape, kernel.shape → (k, m) = x.shape, kernel.shape\n    (k, m), (a, b) = {size}, {laid}",
                    NAMED,
                )
                for one in ("(k, k)", "(m, m)", "(m, k)")
                for size, laid in ((one, one), (one, "(k, m)"), ("(k, m)", one))
            ),
        ),
        mistake(
            "the kernel is laid down, but x[i, j] is added to it, or not used at all. Multiply: x[i, j] * kernel. Where x is 0, nothing is laid down.",
            "x[i, j] * kernel → x[i, j] + kernel",
            "x[i, j] * kernel → kernel",
        ),
    ),
)
