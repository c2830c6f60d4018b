"""The exercises of lesson 6. For each: the course's answer, then what is checked and which mistakes are known."""

import copy

import torch
from torch import nn
from torch.nn.functional import normalize

from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.dcgan_networks import (  # noqa: F401 (exercises of this lesson)
    Discriminator,
    Generator,
    relativistic_losses,
    update_average,
)
from gancourse.checks.shared import question, randn

CUT_SHORT = "a result with a single row or column loses that dimension: .squeeze() removes every dimension of size 1."


def _drawn_digits(seed, *shape):
    """Return whole numbers from -9 to 9 as floats, no 0, and no number twice where there is room for that."""
    numbers = torch.tensor([*range(-9, 0), *range(1, 10)], dtype=torch.float32)
    count = torch.Size(shape).numel()
    order = torch.cat([torch.randperm(18, generator=_generator(seed + i)) for i in range(0, count, 18)])
    return numbers[order[:count]].view(shape)


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _told(values, most=12):
    """Return a tensor as a reader sees it: all of it if that is little, else its shape."""
    if values.numel() > most:
        return f"{' × '.join(map(str, values.shape))} numbers"
    return str(_rounded(values.tolist())).replace("'", "")


def _rounded(values):
    return [_rounded(v) for v in values] if isinstance(values, list) else f"{values:.4g}"


# ---- the transposed convolution -----------------------------------------------------------------------------------


def _transposed_conv(x, kernel, stride):
    """Return the transposed convolution of x (H, W) with kernel (k, m): ((H-1)*stride + k, (W-1)*stride + m)."""
    (H, W), (k, m) = x.shape, kernel.shape
    result = x.new_zeros((H - 1) * stride + k, (W - 1) * stride + m)
    for i in range(H):
        for j in range(W):
            top, left = i * stride, j * stride
            result[top : top + k, left : left + m] += x[i, j] * kernel
    return result


def _transposed_cases(seed, strict):
    sizes = ((1, 2, 1, 3, 2), (2, 2, 2, 2, 2), (2, 2, 1, 2, 3), (2, 3, 3, 2, 1), (3, 2, 4, 3, 2))
    if strict:
        sizes = (
            (1, 1, 2, 3, 2),
            (2, 5, 3, 4, 2),
            (3, 1, 2, 1, 1 + seed % 2),
            (4, 3, 1, 2, 3),
            (2 + seed % 4, 3, 3, 5, 4),
            (6, 5, 4, 4, 2),
        )
    cases = []
    for number, (H, W, k, m, stride) in enumerate(sizes):
        drawn = 31 * seed + 2 * number
        x, kernel = _drawn_digits(drawn, H, W), _drawn_digits(drawn + 1, k, m)
        if strict:
            x, kernel = x + 0.1 * randn(drawn, H, W), kernel + 0.1 * randn(drawn + 1, k, m)
        if stride > max(k, m):  # small numbers, beside which a little where nothing lies is not small
            x, kernel = x / 10, kernel / 10
        cases.append(
            {
                "about": f"x = {_told(x)}, kernel = {_told(kernel)}, stride = {stride}",
                "arguments": (x, kernel, stride),
                "returns": ("the result",),
            }
        )
    return cases


def _laid(put=lambda old, new: old + new, times=lambda a, kernel: a * kernel, size=None, step=None, down=True, end=0):
    """Return an answer that lays kernels down, with one thing changed.

    size: the side of the result for n numbers, a kernel of k and a stride; step: the stride used.
    """

    def answer(x, kernel, stride):
        (H, W), (k, m) = x.shape, kernel.shape
        rows, columns = ((size or _side)(n, side, stride) for n, side in ((H, k), (W, m)))
        result = x.new_zeros(rows, columns)
        places = [(i, j) for i in range(H - end) for j in range(W - end)]
        for i, j in places if down else reversed(places):
            a, b = ((step or _stride)(n, stride) for n in (k, m))
            there = (slice(i * a, i * a + k), slice(j * b, j * b + m))
            result[there] = put(result[there], times(x[i, j], kernel))
        return result

    return answer


def _with_sides(size, slices, put=torch.Tensor.add_):
    """Return an answer that takes other sides of the kernel for the result's size, or for where each kernel lies."""

    def answer(x, kernel, stride):
        (H, W), (k, m) = x.shape, kernel.shape
        (k, m), (a, b) = size(k, m), slices(k, m)
        result = x.new_zeros((H - 1) * stride + k, (W - 1) * stride + m)
        for i in range(H):
            for j in range(W):
                there = (slice(i * stride, i * stride + a), slice(j * stride, j * stride + b))
                result[there] = put(result[there], x[i, j] * kernel)
        return result

    return answer


def _as_they_are(k, m):
    return k, m


def _swapped(k, m):
    return m, k


def _first_side(k, m):
    return k, k


def _second_side(k, m):
    return m, m


def _side(n, k, stride):
    return (n - 1) * stride + k


def _stride(k, stride):
    return stride


def _by_torch(x, kernel, **options):
    return nn.functional.conv_transpose2d(x[None, None], kernel[None, None], **options)


def _crop(result, rows, columns):
    """Return the middle of a result (h, w); what is left over on both sides is halved."""
    top, left = (max(have - want, 0) // 2 for have, want in zip(result.shape, (rows, columns), strict=True))
    return result[top : top + rows, left : left + columns]


def _spread(x, stride, zeros_after=False):
    """Return x with stride - 1 zeros between its numbers."""
    H, W = x.shape
    wide = x.new_zeros(H * stride, W * stride)
    wide[::stride, ::stride] = x
    return wide if zeros_after else wide[: (H - 1) * stride + 1, : (W - 1) * stride + 1]


def _sliding(x, kernel, stride=1):
    """Return the ordinary convolution of x with a kernel, without padding; nothing where the kernel is too large."""
    k, m = kernel.shape
    rows, columns = ((n - side) // stride + 1 if n >= side else 0 for n, side in zip(x.shape, (k, m), strict=True))
    result = x.new_zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            result[i, j] = (x[i * stride : i * stride + k, j * stride : j * stride + m] * kernel).sum()
    return result


def _padded(x, kernel):
    k, m = kernel.shape
    return nn.functional.pad(x, (m - 1, m - 1, k - 1, k - 1))


def _kernel_changed(x, kernel, stride):
    (H, W), (k, m) = x.shape, kernel.shape
    result = x.new_zeros((H - 1) * stride + k, (W - 1) * stride + m)
    for i in range(H):
        for j in range(W):
            kernel *= x[i, j]
            result[i * stride : i * stride + k, j * stride : j * stride + m] += kernel
    return result


def _by_kernel_place(x, kernel, stride):
    (H, W), (k, m) = x.shape, kernel.shape
    result = torch.zeros((H - 1) * stride + k, (W - 1) * stride + m)
    for a in range(k):
        for b in range(m):
            result[a : a + (H - 1) * stride + 1 : stride, b : b + (W - 1) * stride + 1 : stride] += kernel[a, b] * x
    return result


def _with_lists(x, kernel, stride):
    (H, W), (k, m) = x.shape, kernel.shape
    rows = [[0.0] * ((W - 1) * stride + m) for _ in range((H - 1) * stride + k)]
    for i, row in enumerate(x.tolist()):
        for j, number in enumerate(row):
            for a, line in enumerate(kernel.tolist()):
                for b, weight in enumerate(line):
                    rows[i * stride + a][j * stride + b] += number * weight
    return torch.tensor(rows)


def _folded(x, kernel, stride):
    columns = torch.outer(kernel.flatten(), x.flatten())
    size = [(n - 1) * stride + k for n, k in zip(x.shape, kernel.shape, strict=True)]
    return nn.functional.fold(columns[None], size, kernel.shape, stride=stride)[0, 0]


def _by_matrices(x, kernel, stride):
    (H, W), (k, m) = x.shape, kernel.shape
    rows = torch.zeros(H, k, (H - 1) * stride + k, dtype=x.dtype)
    columns = torch.zeros(W, m, (W - 1) * stride + m, dtype=x.dtype)
    for places in (rows, columns):
        for i in range(places.shape[0]):
            for a in range(places.shape[1]):
                places[i, a, i * stride + a] = 1
    return torch.einsum("ij,ab,iap,jbq->pq", x, kernel, rows, columns)


def _as_a_gradient(x, kernel, stride):
    size = [(n - 1) * stride + k for n, k in zip(x.shape, kernel.shape, strict=True)]
    image = x.new_zeros(size).requires_grad_()
    small = nn.functional.conv2d(image[None, None], kernel[None, None], stride=stride)[0, 0]
    return torch.autograd.grad(small, image, x)[0]


def _as_a_gradient_in_grad(x, kernel, stride):
    (H, W), (k, m) = x.shape, kernel.shape
    y = torch.zeros(1, 1, (H - 1) * stride + k, (W - 1) * stride + m, requires_grad=True)
    nn.functional.conv2d(y, kernel[None, None], stride=stride)[0, 0].backward(x)
    return y.grad[0, 0]


transposed_conv = Exercise(
    name="transposed_conv",
    reference=_transposed_conv,
    points=2,
    cases=_transposed_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the result as a tensor.",
        "the arguments": "x or the kernel has changed. Add up in a new tensor of zeros.",
        "": "Begin with zeros, in the shape that the text gives. The upper left corner of the kernel for x[i, j] lies at row i*stride, column "
        "j*stride; add x[i, j] * kernel to what is there.",
    },
    mistakes=(
        mistake(
            "x or the kernel itself is changed, by *= or the like: whoever uses it after you gets other numbers, and so does the next "
            "round of your loop. Multiply without =, and add up in a tensor of your own.",
            _kernel_changed,
            lambda x, kernel, stride: _transposed_conv(x.mul_(2) / 2, kernel, stride),
            lambda x, kernel, stride: _transposed_conv(x, kernel.copy_(kernel.flip(0, 1)), stride),
            shows={"the arguments afterwards": "changed in place"},
        ),
        mistake(
            "where two kernels overlap, the later one covers the earlier (or the other way around). There the two add up: +=.",
            _laid(put=lambda old, new: new),
            _laid(put=lambda old, new: new, down=False),
            _laid(put=lambda old, new: torch.where(old == 0, new, old)),
        ),
        mistake(
            "where kernels overlap, the mean or the largest is taken. They add up, and the sum is not divided by anything.",
            lambda x, kernel, stride: (
                _transposed_conv(x, kernel, stride)
                / _transposed_conv(torch.ones_like(x), torch.ones_like(kernel), stride).clamp_min(1)
            ),
            _laid(put=torch.maximum),
            lambda x, kernel, stride: (
                _transposed_conv(x, kernel, stride) / (torch.tensor(kernel.shape) / stride).ceil().prod()
            ),
        ),
        mistake(
            "the kernel lies upside down, turned by 180 degrees. Each number of x lays it down as it is. (If you slide over x with zeros "
            "between its numbers, it is then that the kernel must be turned.)",
            lambda x, kernel, stride: _transposed_conv(x, kernel.flip(0, 1), stride),
            lambda x, kernel, stride: _sliding(_padded(_spread(x, stride), kernel), kernel),
            lambda x, kernel, stride: _transposed_conv(x.flip(0, 1), kernel, stride).flip(0, 1),
        ),
        mistake(
            "the kernel is transposed: its rows lie as columns. The name of the operation speaks of another matrix; the kernel stays as "
            "it is.",
            lambda x, kernel, stride: _transposed_conv(x, kernel.T, stride),
        ),
        mistake(
            "rows and columns are mixed up: x, or the result, is transposed. x[i, j] belongs to row i*stride, column j*stride.",
            lambda x, kernel, stride: _transposed_conv(x.T, kernel, stride),
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride).T,
            lambda x, kernel, stride: _transposed_conv(x.T, kernel.T, stride).T.flip(0),
        ),
        mistake(
            "this is an ordinary convolution, which slides over x and makes it smaller. The transposed one goes the other way: each "
            "number of x becomes a whole kernel in the result.",
            lambda x, kernel, stride: _sliding(x, kernel, stride),
            lambda x, kernel, stride: nn.functional.conv2d(x[None, None], kernel[None, None], stride=stride)[0, 0],
            lambda x, kernel, stride: _sliding(_padded(x, kernel), kernel, stride),
            lambda x, kernel, stride: _sliding(_padded(x, kernel), kernel.flip(0, 1), stride),
        ),
        mistake(
            "the kernels stand side by side, as in a Kronecker product, so `stride` is not used. They lie `stride` places apart: they "
            "overlap if that is less than the kernel, and leave a gap of zeros if it is more.",
            lambda x, kernel, stride: torch.kron(x, kernel),
            _laid(size=lambda n, k, stride: n * k, step=lambda k, stride: k),
        ),
        mistake(
            "`stride` is not used where the kernels are laid down: each lies only one place further than the last.",
            _laid(step=lambda k, stride: 1),
            _laid(size=lambda n, k, stride: n + k - 1, step=lambda k, stride: 1),
            lambda x, kernel, stride: _by_torch(x, kernel)[0, 0],
        ),
        mistake(
            "`stride` counts in one direction only. One place further in x, to the right or down, is `stride` places further in the "
            "result.",
            lambda x, kernel, stride: _by_torch(x, kernel, stride=(stride, 1))[0, 0],
            lambda x, kernel, stride: _by_torch(x, kernel, stride=(1, stride))[0, 0],
        ),
        mistake(
            "a kernel begins at the row i * stride, and so ends at i * stride + k: from i * stride to i + k there are too few rows, or none.",
            edited(_transposed_conv, ("top : top + k, left : left + m", "top : i + k, left : j + m")),
            edited(_transposed_conv, ("top : top + k, left : left + m", "top : k, left : m")),
        ),
        mistake(
            "the steps are one too long: `stride` zeros between two numbers of x are a zero too many. From one kernel's corner to the "
            "next are `stride` places.",
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride + 1),
        ),
        mistake(
            "the gaps are in the kernel: its numbers are spread apart (dilation), not those of x. The kernel stays whole, and its copies "
            "lie `stride` places apart.",
            lambda x, kernel, stride: _by_torch(x, kernel, dilation=stride)[0, 0],
            lambda x, kernel, stride: _transposed_conv(x, _spread(kernel, stride), 1),
            lambda x, kernel, stride: _by_torch(x, kernel, stride=stride, dilation=stride)[0, 0],
        ),
        mistake(
            "the numbers of x are repeated `stride` times before the kernel is laid down (upsampling). Each number of x lays it down only "
            "once; between two of them are zeros.",
            lambda x, kernel, stride: _transposed_conv(
                x.repeat_interleave(stride, 0).repeat_interleave(stride, 1), kernel, 1
            ),
            lambda x, kernel, stride: _sliding(
                _padded(x.repeat_interleave(stride, 0).repeat_interleave(stride, 1), kernel), kernel
            ),
        ),
        mistake(
            "the size is wrong: there are rows and columns of zeros too many at the end. The last kernel begins at (H-1)*stride, because "
            "the first one begins at 0, and ends with the result.",
            _laid(size=lambda n, k, stride: n * stride + k),
            lambda x, kernel, stride: _transposed_conv(_spread(x, stride, zeros_after=True), kernel, 1),
            _laid(size=lambda n, k, stride: _side(n, k, stride) + 1),
            lambda x, kernel, stride: _by_torch(x, kernel, stride=stride, output_padding=stride - 1)[0, 0],
        ),
        mistake(
            "the result is cut: rows and columns are missing at its edges, as with `padding`. Here is no padding; the result holds every "
            "kernel whole.",
            lambda x, kernel, stride: _by_torch(x, kernel, stride=stride, padding=1)[0, 0],
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride)[1:-1, 1:-1],
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride)[:-1, :-1],
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride)[: len(x) * stride, : x.shape[1] * stride],
            lambda x, kernel, stride: _crop(_transposed_conv(x, kernel, stride), len(x) * stride, x.shape[1] * stride),
            lambda x, kernel, stride: _by_torch(
                x, kernel, stride=stride, padding=tuple((n - 1) // 2 for n in kernel.shape)
            )[0, 0],
        ),
        mistake(
            "the tensor of zeros is too small for all the kernels. The last one begins at row (H-1)*stride and is k rows high; the same "
            "for columns.",
            _laid(size=lambda n, k, stride: n * stride),
            _laid(size=lambda n, k, stride: (n - 1) * stride),
            _laid(size=lambda n, k, stride: (n - 1) * stride + 1),
            _laid(size=lambda n, k, stride: n + k - 1),
            _laid(size=lambda n, k, stride: (n - 1) * stride + k - 1),
            _laid(size=lambda n, k, stride: n * stride - k),
        ),
        mistake(
            "the kernel is taken to be square: one of its sides stands for both. kernel.shape is (k, l), k rows and l columns, and each "
            "has a place of its own: k with H and i, l with W and j.",
            *(
                _with_sides(size, slices, put)
                for put in (torch.Tensor.add_, torch.add)
                for one in (_first_side, _second_side)
                for size, slices in ((one, one), (one, _as_they_are), (_as_they_are, one))
            ),
        ),
        mistake(
            "k and l are exchanged: kernel.shape is (k, l), first the rows, which belong to H and i, then the columns, which belong to W "
            "and j.",
            *(
                _with_sides(size, slices, put)
                for put in (torch.Tensor.add_, torch.add)
                for size, slices in ((_swapped, _swapped), (_swapped, _as_they_are), (_as_they_are, _swapped))
            ),
        ),
        mistake(
            "something is added everywhere, also where no kernel lies. Begin with zeros: torch.zeros, not ones or empty.",
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride) + 1,
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride) + 0.01,
        ),
        mistake(
            "x and the kernel are added. Each kernel is *multiplied* by its number of x: where x is 0, nothing is laid down.",
            _laid(times=lambda a, kernel: a + kernel),
        ),
        mistake(
            "the kernel is laid down, but not multiplied by the number of x, so x has no say.",
            _laid(times=lambda a, kernel: kernel),
        ),
        mistake(
            "the last row and the last column of x lay down nothing: the loops end one too early. range(H) ends with H - 1 by itself.",
            _laid(end=1),
            lambda x, kernel, stride: _transposed_conv(x[:-1, :-1], kernel, stride),
        ),
        mistake(
            "the result has the dimensions of a batch and of channels, which PyTorch's layers ask for. Take these two off again: [0, 0].",
            lambda x, kernel, stride: _by_torch(x, kernel, stride=stride),
            lambda x, kernel, stride: _by_torch(x, kernel, stride=stride)[0],
        ),
        mistake(
            f"{CUT_SHORT} Say which ones: [0, 0].",
            lambda x, kernel, stride: _by_torch(x, kernel, stride=stride).squeeze(),
        ),
        mistake(
            "all lies one place away from where it should: rows and columns are counted from 0.",
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride).roll((1, 1), (0, 1)),
            lambda x, kernel, stride: _transposed_conv(x, kernel, stride).roll((-1, -1), (0, 1)),
        ),
    ),
    accepted=(
        _by_kernel_place,
        _with_lists,
        _folded,
        _by_matrices,
        _as_a_gradient,
        _as_a_gradient_in_grad,
        lambda x, kernel, stride: _by_torch(x, kernel, stride=stride)[0, 0],
        lambda x, kernel, stride: _by_torch(x, kernel, stride=stride).squeeze(0).squeeze(0),
        lambda x, kernel, stride: _sliding(_padded(_spread(x, stride), kernel), kernel.flip(0, 1)),
    ),
)


# ---- batch normalisation ------------------------------------------------------------------------------------------


def _batch_norm(x, running_mean, running_var, training):
    """Return y like x (N, C, H, W) and the new running mean and variance (C,) (Ioffe & Szegedy 2015, algorithms 1 and 2)."""
    m, v = running_mean, running_var
    if training:
        n = x.numel() // x.shape[1]
        m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        running_mean = 0.9 * running_mean + 0.1 * m
        running_var = 0.9 * running_var + 0.1 * v * n / (n - 1)
    y = (x - m.view(-1, 1, 1)) / (v.view(-1, 1, 1) + 1e-5).sqrt()
    return y, running_mean, running_var


def _norm_cases(seed, strict):
    plans = [(True, 2, 1, 1, 2), (False, 1, 2, 1, 3), (True, 2, 3, 2, 3), (True, 3, 2, 2, 1), (True, 2, 2, 2, 3)]
    if strict:
        plans = [
            (True, 1, 3, 4, 2),
            (True, 4 + seed % 3, 3, 1, 1),
            (False, 3, 4, 2, 4),
            (True, 3, 4, 3, 4),
            (True, 4, 4, 4, 4),
            (False, 3, 3, 3, 3),
            (True, 2, 2, 3 + seed % 4, 5),
            (False, 2, 2, 2, 3),
            (True, 3, 2, 2, 3),
        ]
    cases = []
    for number, (training, n, c, h, w) in enumerate(plans):
        drawn = 17 * seed + 3 * number
        x = (randn(drawn, n, c, h, w) * 3 + 2 * randn(drawn + 1, c, 1, 1)).round(decimals=1)
        mean, var = (randn(drawn + 2, 2, c) * 1.5).round(decimals=1)
        var = var.abs() + 0.3
        if (training and x.std((0, 2, 3)).min() < 1) or x.numel() == 4:  # the first one is for reading
            x = x + torch.linspace(-4, 4, n * h * w).round(decimals=1).view(n, 1, h, w)
        x, mean, var = (v.round(decimals=1) + 0.0 for v in (x, mean, var))  # no -0
        more = ""
        if number >= len(plans) - 1 - strict:
            more = ", where the numbers of a channel are nearly the same"
            x[:, 0], var[0] = 0.002 * randn(drawn, n, h, w), 4e-6 if not training else var[0]
            mean[0] = mean[0] if training else 0.001
            if training:
                x[:, 1] = 0.5
        about = f"training = {training}, x {'=' if x.numel() <= 6 else 'of'} {_told(x, 6)}{more}"
        cases.append(
            {
                "about": f"{about}, running_mean = {_told(mean)}, running_var = {_told(var)}",
                "arguments": (x, mean, var, training),
                "returns": ("y", "the new running mean", "the new running variance"),
            }
        )
    return cases


MOMENTS = "m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)"
Y = "y = (x - m.view(-1, 1, 1)) / (v.view(-1, 1, 1) + 1e-5).sqrt()"
NEW_MEAN, NEW_VAR = "0.9 * running_mean + 0.1 * m", "0.9 * running_var + 0.1 * v * n / (n - 1)"


def _batch_norm_unbiased(x, m, v, training):
    """Return y; in training with the variance divided by n - 1."""
    v = x.var((0, 2, 3)) if training else v
    return (x - m.view(-1, 1, 1)) / (v.view(-1, 1, 1) + 1e-5).sqrt()


def _norm(*changes):
    return edited(_batch_norm, *changes)


def _whole_batch_norm(x, running_mean, running_var, training):
    running_mean, running_var = running_mean.clone(), running_var.clone()
    y = nn.functional.batch_norm(x, running_mean, running_var, training=training)
    return y, running_mean, running_var


def _by_layer(x, running_mean, running_var, training):
    layer = nn.BatchNorm2d(x.shape[1]).train(training)
    layer.running_mean.copy_(running_mean)
    layer.running_var.copy_(running_var)
    return layer(x), layer.running_mean, layer.running_var


def _by_layer_with_clones(x, running_mean, running_var, training):
    layer = nn.BatchNorm2d(x.shape[1], eps=1e-5, momentum=0.1, affine=False)
    layer.running_mean, layer.running_var = running_mean.clone(), running_var.clone()
    if not training:
        layer.eval()
    return layer(x), layer.running_mean, layer.running_var


def _by_channel(x, running_mean, running_var, training):
    y, means, variances = torch.empty_like(x), [], []
    for c in range(x.shape[1]):
        channel, mean, var = x[:, c], running_mean[c], running_var[c]
        if training:
            batch_mean, batch_var = channel.mean(), ((channel - channel.mean()) ** 2).mean()
            y[:, c] = (channel - batch_mean) / torch.sqrt(batch_var + 1e-5)
            mean, var = mean + 0.1 * (batch_mean - mean), var + 0.1 * (channel.var() - var)
        else:
            y[:, c] = (channel - mean) / torch.sqrt(var + 1e-5)
        means.append(mean)
        variances.append(var)
    return y, torch.stack(means), torch.stack(variances)


def _by_einsum(x, running_mean, running_var, training):
    if not training:
        scale = (running_var + 1e-5).rsqrt()
        shift = -running_mean * scale
        return torch.einsum("nchw,c->nchw", x, scale) + shift[:, None, None], running_mean, running_var
    n = len(x) * x.shape[2] * x.shape[3]
    m = torch.einsum("nchw->c", x) / n
    centred = x - m[None, :, None, None]
    squares = torch.einsum("nchw,nchw->c", centred, centred)
    y = centred * (squares / n + 1e-5).rsqrt()[None, :, None, None]
    return y, torch.lerp(running_mean, m, 0.1), torch.lerp(running_var, squares / (n - 1), 0.1)


def _with_rows(x, running_mean, running_var, training):
    rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    m, v = (rows.mean(0), rows.var(0, unbiased=False)) if training else (running_mean, running_var)
    y = ((rows - m) / (v + 1e-5) ** 0.5).reshape(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2)
    if training:
        running_mean, running_var = 0.9 * running_mean + 0.1 * m, 0.9 * running_var + 0.1 * rows.var(0)
    return [y, running_mean, running_var]


def _in_place(x, running_mean, running_var, training):
    if training:
        running_mean.mul_(0.9).add_(0.1 * x.mean((0, 2, 3)))
        running_var.mul_(0.9).add_(0.1 * x.var((0, 2, 3)))
        return nn.functional.batch_norm(x, None, None, training=True), running_mean, running_var
    return _batch_norm(x, running_mean, running_var, training)


def _x_in_place(x, running_mean, running_var, training):
    if training:
        _, *new = _batch_norm(x, running_mean, running_var, training)
        x -= x.mean((0, 2, 3), keepdim=True)
        x /= (x.var((0, 2, 3), keepdim=True, correction=0) + 1e-5).sqrt()
        return x, *new
    return _batch_norm(x, running_mean, running_var, training)


def _of_instances(x, running_mean, running_var, training):
    """As nn.InstanceNorm2d does it, without its complaint about pictures of one pixel."""
    if not training:
        return _batch_norm(x, running_mean, running_var, training)
    m, v = x.mean((2, 3)), x.var((2, 3), correction=0)
    y = (x - m[:, :, None, None]) / (v[:, :, None, None] + 1e-5).sqrt()
    return y, 0.9 * running_mean + 0.1 * m.mean(0), 0.9 * running_var + 0.1 * v.mean(0)


def _of_instances_alone(x, running_mean, running_var, training):
    """The same for y alone; the running ones are right."""
    _, *new = _batch_norm(x, running_mean, running_var, training)
    return _of_instances(x, running_mean, running_var, training)[0], *new


def _of_images(x, running_mean, running_var, training):
    _, *new = _batch_norm(x, running_mean, running_var, training)
    return nn.functional.layer_norm(x, x.shape[1:]) if training else _batch_norm(x, *new, False)[0], *new


def _of_places(x):
    return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()


def _by_image(x):
    return nn.functional.layer_norm(x, x.shape[1:])


def _means_of_places(x):
    return x.mean((0, 2, 3)), x.var(0).mean((1, 2))


def _biased_means_of_places(x):
    return x.mean((0, 2, 3)), x.var(0, correction=0).mean((1, 2))


def _by_place(moments):
    """Return an answer that normalises each place by itself in training; moments: what its running ones take in."""

    def answer(x, running_mean, running_var, training):
        if not training:
            return _batch_norm(x, running_mean, running_var, False)
        m, v = moments(x)
        return _of_places(x), 0.9 * running_mean + 0.1 * m, 0.9 * running_var + 0.1 * v

    return answer


_of_all = _norm((MOMENTS, "m, v, n = x.mean(), x.var(correction=0), x.numel()"))


batch_norm = Exercise(
    name="batch_norm",
    reference=_batch_norm,
    points=3,
    cases=_norm_cases,
    observe=observers.function,
    look={
        "what": "Return three tensors: `return y, new_running_mean, new_running_var`.",
        "the new running mean": "In training it is .9 times the old running mean plus .1 times the batch's, (C,); otherwise it stays.",
        "the new running variance": "In training it is .9 times the old running variance plus .1 times the batch's, this time divided by n - 1 and not by "
        "n; otherwise it stays.",
        "the arguments": "One of the arguments has changed. Make new tensors, and return these.",
        "": "In training y is (x - m) / sqrt(v + eps) with mean and variance of each channel over the batch and all pixels; otherwise the same with the "
        "running ones.",
    },
    mistakes=(
        mistake(
            "an argument itself is changed (by -=, .mul_() or the like, or by nn.functional.batch_norm, which writes into the running "
            "ones it is given). Return new tensors, and leave those that came as they are.",
            _in_place,
            _x_in_place,
            lambda x, mean, var, training: (nn.functional.batch_norm(x, mean, var, training=training), mean, var),
            lambda x, mean, var, training: _batch_norm(x.mul_(2), mean, var, training),
            shows={"the arguments afterwards": "changed in place"},
        ),
        mistake(
            "only y comes back. The running mean and variance are returned, too: `return y, new_running_mean, new_running_var`.",
            lambda *a: _batch_norm(*a)[0],
            shows={"what it returns": "a tensor"},
        ),
        mistake(
            "the three come back in another order. It is y, running mean, running variance.",
            *(
                _norm(("return y, running_mean, running_var", f"return {order}"))
                for order in (
                    "y, running_var, running_mean",
                    "running_mean, running_var, y",
                    "running_var, running_mean, y",
                    "running_mean, y, running_var",
                    "running_var, y, running_mean",
                )
            ),
        ),
        mistake(
            "mean and variance (C,) stand against the *last* dimension of x, the columns of the picture: an error, or, where there are as "
            "many columns as channels, wrong numbers without one. Give them the shape (C, 1, 1) or (1, C, 1, 1) first.",
            _norm((Y, "y = (x - m) / (v + 1e-5).sqrt()")),
            _norm((Y, "y = (x - m.view(-1, 1)) / (v.view(-1, 1) + 1e-5).sqrt()")),
            _norm((Y, "y = (x - m.view(-1, 1, 1)) / (v + 1e-5).sqrt()")),
            _norm((Y, "y = (x - m.view(-1, 1, 1, 1)) / (v.view(-1, 1, 1, 1) + 1e-5).sqrt()")),
        ),
        mistake(
            "the batch's mean and variance keep four dimensions (keepdim=True) and meet the running ones, (C,), like that: the sum has a "
            "shape of its own. The new running ones have the shape (C,): .flatten() first.",
            _norm(
                (
                    MOMENTS,
                    "m, v = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, correction=0)",
                )
            ),
            _norm(
                (
                    MOMENTS,
                    "m, v = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, correction=0)\n"
                    "        running_mean, running_var = running_mean.view(1, -1, 1, 1), running_var.view(1, -1, 1, 1)",
                )
            ),
        ),
        mistake(
            "each image has a mean and a variance of its own: that is instance normalisation. Take them for each channel over all images, "
            "too: dimensions 0, 2 and 3.",
            _of_instances,
            _of_instances_alone,
            _norm(
                (MOMENTS, "m, v = x.mean((2, 3)), x.var((2, 3), correction=0)"),
                (Y, "y = (x - m[..., None, None]) / (v[..., None, None] + 1e-5).sqrt()"),
            ),
            _norm((MOMENTS, "m, v = x.mean((2, 3)), x.var((2, 3), correction=0)")),
            lambda x, mean, var, training: (
                nn.functional.instance_norm(x, mean := mean.clone(), var := var.clone(), use_input_stats=training),
                mean,
                var,
            ),
        ),
        mistake(
            "each place of the picture has a mean and a variance of its own. A convolution treats all places alike, and so does its "
            "batch norm: take the mean over rows and columns, too, dimensions 0, 2 and 3.",
            _norm((MOMENTS, "m, v = x.mean(0), x.var(0, correction=0)"), (Y, "y = (x - m) / (v + 1e-5).sqrt()")),
            _norm((MOMENTS, "m, v = x.mean(0), x.var(0, correction=0)")),
            lambda x, mean, var, training: (
                nn.functional.batch_norm(x.flatten(1), None, None, training=True).view_as(x)
                if training
                else _batch_norm(x, mean, var, False)[0],
                *_batch_norm(x, mean, var, training)[1:],
            ),
            *(_by_place(new) for new in (_means_of_places, _biased_means_of_places)),
            lambda x, mean, var, training: (_of_places(x), mean, var),
        ),
        mistake(
            "mean and variance are those of a whole image, over all its channels: that is layer normalisation. Take them for each channel "
            "over the batch: dimensions 0, 2 and 3, not 1.",
            _of_images,
            _norm(
                (MOMENTS, "m, v = x.mean((1, 2, 3)), x.var((1, 2, 3), correction=0)"),
                (Y, "y = (x - m.view(-1, 1, 1, 1)) / (v.view(-1, 1, 1, 1) + 1e-5).sqrt()"),
            ),
            _norm(
                (MOMENTS, "m, v = x.mean((1, 2, 3)), x.var((1, 2, 3), correction=0)"),
                (
                    Y,
                    "y = (x - m.view(-1, 1, 1, 1)) / (v.view(-1, 1, 1, 1) + 1e-5).sqrt() if training else _batch_norm(x, m, v, False)[0]",
                ),
                (" * n / (n - 1)", ""),
            ),
            lambda x, mean, var, training: (_by_image(x), mean, var),
            _norm((MOMENTS, "m, v = x.mean((1, 2, 3)), x.var((1, 2, 3), correction=0)")),
            _norm((MOMENTS, "m, v = x.mean(1), x.var(1, correction=0)")),
        ),
        mistake(
            "all channels share one mean and one variance. Each channel has its own: leave dimension 1 out when you take the mean.",
            _norm(
                (MOMENTS, "m, v = x.mean().expand(x.shape[1]), x.var(correction=0).expand(x.shape[1])"),
            ),
            _norm((MOMENTS, "m, v = x.mean(), x.var(correction=0)")),
            _norm(
                (MOMENTS, "m, v, n = x.mean().expand(x.shape[1]), x.var(correction=0).expand(x.shape[1]), x.numel()")
            ),
            _norm((MOMENTS, "m, v = x.mean(), x.var()"), (NEW_VAR, "0.9 * running_var + 0.1 * v")),
            _norm((MOMENTS, "m, v = x.mean(), x.var()")),
            _norm((MOMENTS, "m, v, n = x.mean(), x.var(), x.numel()")),
            _norm((MOMENTS, "m, v = x.mean(), x.var(correction=0)"), (NEW_VAR, "0.9 * running_var + 0.1 * v")),
            lambda x, mean, var, training: (
                _of_all(x, mean, var, training)[0],
                *_batch_norm(x, mean, var, training)[1:],
            ),
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, training)[0],
                *_of_all(x, mean, var, training)[1:],
            ),
        ),
        mistake(
            "y is made with the variance divided by n - 1, as x.var() does it. In y it is divided by n; n - 1 is for the running variance.",
            _norm((MOMENTS, "m, v = x.mean((0, 2, 3)), x.var((0, 2, 3))"), (" * n / (n - 1)", "")),
            _norm((Y, "y = _batch_norm_unbiased(x, m, v, training)")),
        ),
        mistake(
            "the running variance takes in the variance divided by n. That is a little small on average; for the running one divide by n "
            "- 1: multiply by n / (n - 1).",
            _norm((" * n / (n - 1)", "")),
        ),
        mistake(
            "n and n - 1 are turned around: y is made with the variance divided by n, the running one takes in the variance divided by n "
            "- 1.",
            _norm((" * n / (n - 1)", ""), (Y, "y = _batch_norm_unbiased(x, m, v, training)")),
            _norm((MOMENTS, "m, v = x.mean((0, 2, 3)), x.var((0, 2, 3))"), (" * n / (n - 1)", " * (n - 1) / n")),
        ),
        mistake(
            "the step from n to n - 1 is made twice: x.var() divides by n - 1 already. Take correction=0 for y, and then n / (n - 1) for "
            "the running one.",
            _norm((MOMENTS, "m, v = x.mean((0, 2, 3)), x.var((0, 2, 3))")),
        ),
        mistake(
            "n is counted wrong. It is how many numbers a channel's mean is made of: images times rows times columns.",
            _norm(("x.numel() // x.shape[1]", "len(x)")),
            _norm(("x.numel() // x.shape[1]", "x.numel()")),
            _norm(("x.numel() // x.shape[1]", "x.shape[2] * x.shape[3]")),
            _norm(("x.numel() // x.shape[1]", "x.shape[1]")),
            _norm((NEW_VAR, "0.9 * running_var + 0.1 * v * len(x) / torch.tensor(len(x) - 1)")),
            _norm((NEW_VAR, "0.9 * running_var + 0.1 * v * (n - 1) / n")),
        ),
        mistake(
            "the weights .9 and .1 are turned around: the running ones keep .9 of what they were, so that a single batch moves them only "
            "a little.",
            _norm((NEW_MEAN, "0.1 * running_mean + 0.9 * m"), (NEW_VAR, "0.1 * running_var + 0.9 * v * n / (n - 1)")),
            _norm((NEW_MEAN, "0.1 * running_mean + 0.9 * m"), (NEW_VAR, "0.1 * running_var + 0.9 * v")),
        ),
        mistake(
            "the running ones are replaced by the batch's. They are averages over many batches: .9 of the old, .1 of the new.",
            _norm((NEW_MEAN, "m"), (NEW_VAR, "v * n / (n - 1)")),
            _norm((NEW_MEAN, "m"), (NEW_VAR, "v")),
        ),
        mistake(
            "a tenth of the batch's is added to all of the old, so that the running ones grow and grow. Keep only .9 of the old.",
            _norm((NEW_MEAN, "running_mean + 0.1 * m"), (NEW_VAR, "running_var + 0.1 * v * n / (n - 1)")),
            _norm((NEW_MEAN, "running_mean + 0.1 * m"), (NEW_VAR, "running_var + 0.1 * v")),
        ),
        mistake(
            "old and new count the same, a half each. Keep .9 of the old and take .1 of the new.",
            _norm((NEW_MEAN, "0.5 * running_mean + 0.5 * m"), (NEW_VAR, "0.5 * running_var + 0.5 * v * n / (n - 1)")),
        ),
        mistake(
            "the running ones come back as they were. In training they take in a tenth of the batch's mean and variance.",
            lambda x, mean, var, training: (_batch_norm(x, mean, var, training)[0], mean, var),
        ),
        mistake(
            "with training=False y is made with the batch's own mean and variance. Then an image would look different in another batch: "
            "use the running ones.",
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, True)[0],
                *_batch_norm(x, mean, var, training)[1:],
            ),
        ),
        mistake(
            "`training` is not looked at: the batch's mean and variance are always used, and the running ones always changed.",
            _norm(("if training:", "if True:")),
        ),
        mistake(
            "`training` is not looked at: y is always made with the running mean and variance, and these never change.",
            _norm(("if training:", "if False:")),
        ),
        mistake(
            "with training=False the running mean and variance are changed, too. They are for reading only then.",
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, training)[0],
                *_batch_norm(x, mean, var, True)[1:],
            ),
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, training)
                if training
                else _batch_norm(x, *_batch_norm(x, mean, var, True)[1:], False)
            ),
        ),
        mistake(
            "`training` is turned around: True means that the batch's own are used.",
            _norm(("if training", "if not training")),
            _norm(("if training", "if not training"), (" * n / (n - 1)", "")),
            _norm(
                ("if training", "if not training"),
                (MOMENTS, "m, v = x.mean((0, 2, 3)), x.var((0, 2, 3))"),
                (" * n / (n - 1)", ""),
            ),
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, not training)[0],
                *_batch_norm(x, mean, var, training)[1:],
            ),
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, training)[0],
                *_batch_norm(x, mean, var, not training)[1:],
            ),
        ),
        mistake(
            "y is made with the running mean and variance in training, too. There it is the batch's own that make it; the running ones "
            "are for later.",
            lambda x, mean, var, training: (
                _batch_norm(x, mean, var, False)[0],
                *_batch_norm(x, mean, var, training)[1:],
            ),
            _norm((Y, f"m, v = running_mean, running_var\n    {Y}")),
        ),
        mistake(
            "there is no eps, or so little that it has no effect. Where all numbers of a channel are nearly the same, y is huge, or no "
            "number at all. Add 1e-5 to the variance.",
            _norm((" + 1e-5", "")),
            _norm(("1e-5", "1e-8")),
            _norm(("1e-5", "1e-12")),
            _norm(("(v.view(-1, 1, 1) + 1e-5).sqrt()", "v.view(-1, 1, 1).sqrt().clamp_min(1e-5)")),
        ),
        mistake(
            "eps stands outside of the square root. It is added to the variance, and then the root is taken.",
            _norm(("(v.view(-1, 1, 1) + 1e-5).sqrt()", "(v.view(-1, 1, 1).sqrt() + 1e-5)")),
        ),
        mistake(
            "eps is another one than 1e-5, or is added in a place of its own: where a channel's numbers are nearly the same, it shows.",
            _norm(("1e-5", "1e-3")),
            _norm(("1e-5", "1e-4")),
            _norm(("1e-5", "1e-6")),
            _norm(("(v.view(-1, 1, 1) + 1e-5).sqrt()", "v.view(-1, 1, 1).clamp_min(1e-5).sqrt()")),
        ),
        mistake(
            "it is divided by the variance. Divide by its square root, so that y has the variance 1.",
            _norm((".sqrt()", "")),
        ),
        mistake(
            "the running variance takes in the standard deviation. Take in the variance: the root is taken only when y is made.",
            _norm((NEW_VAR, "0.9 * running_var + 0.1 * (v * n / (n - 1)).sqrt()")),
            _norm((NEW_VAR, "0.9 * running_var + 0.1 * v.sqrt()")),
        ),
        mistake(
            "with training=False y is divided by the running variance. Divide by its root, as in training.",
            _norm((Y, f"{Y}\n    y = y if training else y / (v.view(-1, 1, 1) + 1e-5).sqrt()")),
        ),
        mistake(
            "the mean is not subtracted, only the spread is set to 1.",
            _norm(("x - m.view(-1, 1, 1)", "x")),
        ),
        mistake(
            "the mean is subtracted, but nothing is divided: the spread is to become 1 as well.",
            _norm((Y, "y = x - m.view(-1, 1, 1)")),
        ),
        mistake(
            "the variance is the mean of the squares, without the mean subtracted first. Subtract the channel's mean, then square.",
            _norm((MOMENTS, "m, v = x.mean((0, 2, 3)), (x**2).mean((0, 2, 3))")),
        ),
        mistake(
            "the running mean stays as it was. Both running ones take in a tenth of the batch's.",
            _norm((NEW_MEAN, "running_mean")),
        ),
        mistake(
            "the running variance stays as it was. Both running ones take in a tenth of the batch's.",
            _norm((NEW_VAR, "running_var")),
        ),
    ),
    accepted=(
        _whole_batch_norm,
        _by_layer,
        _by_layer_with_clones,
        _by_channel,
        _by_einsum,
        _with_rows,
        _norm((Y, "y = (x - m[None, :, None, None]) * torch.rsqrt(v[None, :, None, None] + 1e-5)")),
        _norm((MOMENTS, "m = x.mean((0, 2, 3))\n        v = (x**2).mean((0, 2, 3)) - m**2")),
        _norm((NEW_VAR, "0.9 * running_var + 0.1 * x.var((0, 2, 3))")),
    ),
)


# ---- what the discriminator looks at ------------------------------------------------------------------------------


def _saliency(D, images):
    """Return for images (N, 3, H, W) how strongly each pixel moves the image's own logit: (N, H, W).

    The largest absolute gradient over the colours (Simonyan et al. 2014, section 3.1).
    """
    was_training = D.training
    D.eval()
    x = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x)
    D.train(was_training)
    return gradient.abs().amax(1)


def _saliency_cases(seed, strict):
    plans = [(1, 2, 3, False, False), (2, 3, 2, True, False), (3, 4, 3, False, True), (4, 2, 4, True, True)]
    if strict:
        plans = [
            (1, 4, 5, True, True),
            (3, 5, 4, False, False),
            (4, 8, 8, False, True),
            (2 + seed % 5, 6, 5, True, False),
            (5, 7, 5, True, True),
        ]
    cases = []
    for number, (n, h, w, training, gradients) in enumerate(plans):
        images = torch.tanh(randn(23 * seed + number, n, 3, h, w))
        mode = "training" if training else "evaluation"
        about = f"a small D with batch norm, in {mode} mode, and {n} image{'s' * (n > 1)} of {h} × {w} pixels"
        if gradients:
            about = f"{about}; there are gradients in D's weights already"
        cases.append({"about": about, "images": images, "training": training, "gradients": gradients})
    return cases


ASKED, GRADIENT, MAP = "D(x).sum()", "torch.autograd.grad(D(x).sum(), x)", "gradient.abs().amax(1)"
COPY, EVAL, BACK = "images.detach().clone().requires_grad_()", "D.eval()", "D.train(was_training)"


def _salient(*changes):
    return edited(_saliency, *changes)


def _by_backward(D, images):
    """Right but for the gradients that stay in D's weights."""
    was_training = D.training
    D.eval()
    x = images.clone().requires_grad_()
    D(x).sum().backward()
    D.train(was_training)
    return x.grad.abs().max(dim=1).values


def _zeroed(D, images):
    result = _by_backward(D, images)
    D.zero_grad()
    return result


def _with_images_own(D, images):
    was_training = D.training
    D.eval()
    images.requires_grad_()
    D(images).sum().backward()
    D.train(was_training)
    return images.grad.abs().amax(1)


def _with_a_copy(D, images):
    D = copy.deepcopy(D).eval()
    x = images.clone().requires_grad_()
    D(x).sum().backward()
    return x.grad.abs().amax(1)


def _one_by_one(D, images):
    modes = {module: module.training for module in D.modules()}
    D.eval()
    maps = []
    for image in images:
        x = image[None].clone().requires_grad_()
        gradient = torch.autograd.grad(D(x), x)[0]
        maps.append(gradient[0].abs().max(0)[0])
    for module, mode in modes.items():
        module.training = mode
    return torch.stack(maps)


def _by_jacobian(D, images):
    was_training = D.training
    D.eval()
    slopes = torch.autograd.functional.jacobian(lambda x: D(x), images)
    D.train(was_training)
    return torch.stack([slopes[i, i].abs().max(dim=0).values for i in range(len(images))])


def _by_func(D, images):
    D = copy.deepcopy(D).eval()
    gradients = torch.func.vmap(torch.func.grad(lambda x: D(x[None])[0]))(images)
    return torch.maximum(gradients, -gradients).amax(dim=1).detach()


def _frozen_for_a_while(D, images):
    training = D.training
    D.eval().requires_grad_(False)
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(D(images), images, torch.ones(len(images)))
    images.requires_grad_(False)
    D.train(training).requires_grad_(True)
    return gradient.abs().amax(-3)


def _put_back(D, images):
    kept = [p.grad for p in D.parameters()]
    D.zero_grad()
    result = _by_backward(D, images)
    for p, grad in zip(D.parameters(), kept, strict=True):
        p.grad = grad
    return result


def _with_a_frozen_copy(D, images):
    D = copy.deepcopy(D).requires_grad_(False)
    x = images.clone().requires_grad_()
    return torch.autograd.grad(D(x).sum(), x)[0].abs().amax(1)


MODE = "D's mode afterwards"
LEFT = "gradients in D's weights afterwards"
GIVEN = "the given images afterwards"
GRAPH = "its graph"


def _by_three_colours(D, images):
    was_training = D.training
    D.eval()
    x = images.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(D(x).sum(), x)
    D.train(was_training)
    r, g, b = gradient.abs().unbind(1)
    return torch.maximum(torch.maximum(r, g), b)


saliency = Exercise(
    name="saliency",
    reference=_saliency,
    points=3,
    cases=_saliency_cases,
    observe=observers.saliency,
    look={
        "what it returns": "Return the maps of all images as one tensor (N, H, W).",
        "its graph": "Nothing is to be learned from the map: take .detach(), or torch.autograd.grad without create_graph.",
        "the given images": "The images are to be as they were. Work on images.clone().requires_grad_().",
        "gradients in": "backward() leaves gradients in every weight. torch.autograd.grad(..., x) computes only what it is asked for.",
        "D's": "D is to be as it was. Remember D.training, call D.eval(), and at the end D.train(what you remembered).",
        "": "In eval mode: the gradient of D(x).sum() in x = a copy of the images, then its absolute value, then the largest over the colours, "
        "dimension 1.",
    },
    mistakes=(
        mistake(
            "max(dim=1) returns two things, the numbers and where they stood. Take the first: .values.",
            _salient((MAP, "gradient.abs().max(dim=1)")),
            shows={"what it returns": "a max"},
        ),
        mistake(
            "D is asked in training mode: batch norm then mixes the images, so that a pixel of one moves the logit of another, and its "
            "running averages move. Call D.eval() first.",
            _salient((EVAL, "pass")),
            _salient((EVAL, "D.train()")),
            lambda D, images: torch.stack([_salient((EVAL, "pass"))(D, image[None])[0] for image in images]),
            _salient((EVAL, "pass"), (BACK, "D.eval()")),
            shows={"D's running averages afterwards": "changed"},
        ),
        mistake(
            "D is left in eval mode, so that the training that goes on would be another one. Remember D.training before, and put it "
            "back with D.train(...).",
            _salient((BACK, "pass")),
            shows={MODE: "in eval mode"},
        ),
        mistake(
            "D is left in training mode, though it came in eval mode. Do not call D.train() in any case: remember D.training first, "
            "and put that back.",
            _salient((BACK, "D.train()")),
            shows={MODE: "in training mode"},
        ),
        mistake(
            "a gradient is left behind in D's weights, and would count in the next training step: backward() puts one into every weight "
            "on its way. torch.autograd.grad(..., x) computes the gradient in x alone.",
            _by_backward,
            shows={LEFT: "some, where there were none"},
        ),
        mistake(
            "the gradients that D's weights had are lost: zero_grad() also takes those that were there before you came. Do not let any "
            "arise: torch.autograd.grad(..., x) computes the gradient in x alone.",
            _zeroed,
            lambda D, images: (D.zero_grad(), _saliency(D, images))[1],
            lambda D, images: ([p.grad.zero_() for p in D.parameters() if p.grad is not None], _saliency(D, images))[1],
            shows={LEFT: "those that were there are gone"},
        ),
        mistake(
            "the images that were handed in now ask for a gradient. Do that with a copy: images.clone().requires_grad_().",
            _salient((COPY, "images.requires_grad_()")),
            lambda D, images: _with_images_own(copy.deepcopy(D), images),
            shows={GIVEN: "asking for a gradient"},
        ),
        mistake(
            "the images that were handed in carry a gradient now, in .grad. Work on a copy: images.clone().requires_grad_().",
            lambda D, images: (_with_images_own(copy.deepcopy(D), images), images.requires_grad_(False))[0],
            shows={GIVEN: "with a gradient in .grad"},
        ),
        mistake(
            "the images that were handed in have other numbers now. Work on a copy: images.clone().",
            lambda D, images: _saliency(D, images.add_(0.5)),
            lambda D, images: _saliency(D, images.mul_(127.5).add_(127.5)),
            shows={GIVEN: "changed in place"},
        ),
        mistake(
            "D's weights can no longer be trained: requires_grad is off. Put it on again, or leave it alone: torch.autograd.grad(..., x) "
            "touches no weight.",
            lambda D, images: _saliency(D.requires_grad_(False), images),
            shows={"D's weights afterwards": "frozen"},
        ),
        mistake(
            "the result drags its whole graph along. Nothing is learned from it: leave create_graph away, or .detach() it.",
            _salient(("D(x).sum(), x)", "D(x).sum(), x, create_graph=True)")),
            shows={GRAPH: "kept in memory"},
        ),
        mistake(
            "the images do not ask for a gradient, so there is none in them. x = images.clone().requires_grad_() *before* D sees them, "
            "and then the gradient in this x.",
            _salient((COPY, "images.clone()")),
            _salient((COPY, "images.clone()"), (GRADIENT, "(D(x).sum().backward(), x.grad)[1:]")),
            _salient((GRADIENT, "torch.autograd.grad(D(x.clone().detach()).sum(), x)")),
            _salient((ASKED, "D(images).sum()")),
            _salient((ASKED, "torch.no_grad()(D)(x).sum()")),
        ),
        mistake(
            "a gradient can be taken of a single number only, and D returns one logit for each image. In eval mode each depends on "
            "its own image alone, so take their sum.",
            _salient((ASKED, "D(x)")),
            lambda D, images: (
                _with_a_copy(D, images) if len(images) == 1 else D.eval()(images.clone().requires_grad_()).backward()
            ),
        ),
        mistake(
            "the mean of the logits is taken, so the map of an image gets paler the more images stand beside it. Take the sum: in each "
            "image it has the gradient of its own logit.",
            _salient((ASKED, "D(x).mean()")),
        ),
        mistake(
            "only the logit of the first (or last) image is looked at; the others' maps are black. Take the sum of all: in each image it "
            "has the gradient of its own.",
            _salient((ASKED, "D(x)[0]")),
            _salient((ASKED, "D(x)[-1]")),
            _salient((ASKED, "D(x).max()")),
        ),
        mistake(
            "this is the gradient of the probability D(x), or of its logarithm, which vanishes where D is sure. Take that of the logit, "
            "as D returns it.",
            _salient((ASKED, "D(x).sigmoid().sum()")),
            _salient((ASKED, "nn.functional.logsigmoid(D(x)).sum()")),
            _salient((ASKED, "nn.functional.softplus(D(x)).sum()")),
            _salient((ASKED, "D(x).sigmoid().mean()")),
            _salient((ASKED, "nn.functional.logsigmoid(D(x)).mean()")),
            _salient((ASKED, "nn.functional.softplus(D(x)).mean()")),
            _salient((ASKED, "D(x).square().sum()")),
        ),
        mistake(
            "the absolute value is missing: a colour that *lowers* the logit counts as well. First .abs(), then the largest.",
            _salient((MAP, "gradient.amax(1)")),
            _salient((MAP, "gradient.relu().amax(1)")),
        ),
        mistake(
            "the absolute value comes too late: the largest gradient is not the one with the largest absolute value. First .abs(), then "
            "the largest.",
            _salient((MAP, "gradient.amax(1).abs()")),
        ),
        mistake(
            "the colours are added up or averaged with their signs, so that they can cancel each other out. Take the largest absolute "
            "value.",
            _salient((MAP, "gradient.mean(1).abs()")),
            _salient((MAP, "gradient.sum(1).abs()")),
            _salient((MAP, "gradient.mean(1)")),
            _salient((MAP, "gradient.sum(1)")),
        ),
        mistake(
            "the colours are averaged or added up. Of their absolute values take the largest: amax(1).",
            _salient((MAP, "gradient.abs().mean(1)")),
            _salient((MAP, "gradient.abs().sum(1)")),
            _salient((MAP, "gradient.norm(dim=1)")),
            _salient((MAP, "gradient.square().mean(1).sqrt()")),
            _salient((MAP, "gradient.square().sum(1)")),
        ),
        mistake(
            "of the colours, only one is looked at. Take the largest absolute value of all.",
            _salient((MAP, "gradient[:, 0].abs()")),
            _salient((MAP, "gradient[:, -1].abs()")),
        ),
        mistake(
            "the smallest of the colours is taken, not the largest.",
            _salient((MAP, "gradient.abs().amin(1)")),
        ),
        mistake(
            "this is the square of it. Take the absolute value.",
            _salient((MAP, "gradient.square().amax(1)")),
        ),
        mistake(
            "the colours are still apart. One number for each pixel, (N, H, W): the largest over the colours.",
            _salient((MAP, "gradient.abs()")),
            _salient((MAP, "gradient")),
        ),
        mistake(
            "the dimension of the colours is still there, with size 1. The shape is (N, H, W): leave keepdim away.",
            _salient((MAP, "gradient.abs().amax(1, keepdim=True)")),
        ),
        mistake(
            "the largest is taken over the wrong dimension. An image tensor is (N, colours, H, W): the colours are dimension 1.",
            _salient((MAP, "gradient.abs().amax(0)")),
            _salient((MAP, "gradient.abs().amax(-1)")),
            _salient((MAP, "gradient.abs().amax(2)")),
        ),
        mistake(
            "the largest is taken over more than the colours: the maps of the images, or all their pixels, are thrown together.",
            _salient((MAP, "gradient.abs().amax((0, 1))")),
            _salient((MAP, "gradient.abs().max()")),
            _salient((MAP, "gradient.abs().amax((1, 2, 3))")),
            _salient((MAP, "gradient.sum(0).abs().amax(0)")),
            _salient((MAP, "gradient.mean(0).abs().amax(0)")),
        ),
        mistake(
            "of a single image the map loses its first dimension: .squeeze() removes every dimension of size 1. The shape is (N, H, W), "
            "also for N = 1.",
            _salient((MAP, "gradient.abs().amax(1).squeeze()")),
            _salient((MAP, "gradient.abs().amax(1, keepdim=True).squeeze()")),
        ),
        mistake(
            "the maps are stretched, so that the brightest pixel is 1. Then they cannot be compared; leave that to whoever draws them.",
            _salient((MAP, "gradient.abs().amax(1) / gradient.abs().max()")),
            _salient((MAP, "gradient.abs().amax(1) / gradient.abs().amax((1, 2, 3))[:, None, None]")),
            _salient((MAP, "(s := gradient.abs().amax(1)).sub(s.min()).div(s.max() - s.min())")),
            _salient(
                (
                    MAP,
                    "(s := gradient.abs().amax(1)).sub(s.amin((1, 2), True)).div(s.amax((1, 2), True) - s.amin((1, 2), True))",
                )
            ),
        ),
        mistake(
            "the gradient is multiplied by the image. That is another method; here it is the gradient alone, so a black pixel can matter, "
            "too.",
            _salient((MAP, "(gradient * images).abs().amax(1)")),
        ),
        mistake(
            "D is asked in training mode: a copy of it was left in that mode. There batch norm mixes the images: .eval() first.",
            _with_a_frozen_copy,
            lambda D, images: _salient((EVAL, "D.train()"))(copy.deepcopy(D), images),
            lambda D, images: torch.cat([_with_a_frozen_copy(D, image[None]) for image in images]),
        ),
        mistake(
            "the map says only which colour matters most, its number: argmax. Its absolute gradient is wanted: amax.",
            _salient((MAP, "gradient.abs().argmax(1)")),
            _salient((MAP, "gradient.abs().max(1).indices")),
        ),
    ),
    accepted=(
        _with_a_copy,
        _one_by_one,
        _by_jacobian,
        _by_func,
        _frozen_for_a_while,
        _put_back,
        _salient((GRADIENT, "torch.autograd.grad(list(D(x)), x)")),
        _salient((MAP, "gradient.abs().max(dim=1).values")),
        _salient((MAP, "gradient.norm(float('inf'), dim=1)")),
        _by_three_colours,
    ),
)


# ---- one step towards the largest singular value ------------------------------------------------------------------


def _spectral_step(weight, u):
    """Return an estimate of the largest singular value of weight (out, in, k, k), 0-d, and the next u (out,).

    One step of the power iteration (Miyato et al. 2018, algorithm 1).
    """
    W = weight.flatten(1)
    with torch.no_grad():
        v = W.T @ u
        v = v / v.norm()
        u = W @ v
        u = u / u.norm()
    sigma = u @ W @ v
    return sigma, u


def _spectral_cases(seed, strict):
    sizes = ((2, 1, 1), (2, 2, 1), (3, 2, 2), (3, 3, 2))
    if strict:
        sizes = ((1, 2, 3), (7, 1, 1), (4, 4, 3), (5 + seed % 4, 3, 2), (9, 2, 1), (6, 5, 4))
    cases = []
    for number, (out, into, k) in enumerate(sizes):
        drawn = 29 * seed + 2 * number
        weight = randn(drawn, out, into, k, k).round(decimals=1)
        u = normalize(randn(drawn + 1, out) + 0.5 * torch.linspace(-1, 1, out), dim=0)
        if not strict and number == 1:
            weight, u = torch.tensor([[3.0, 1.0], [-1.0, 2.0]]).view(2, 2, 1, 1), torch.tensor([0.6, 0.8])
        if number == len(sizes) - 1:
            weight = 0.02 * weight  # as small as at the start of a training
        about = f"weight {'=' if weight.numel() <= 6 else 'of'} {_told(weight, 6)}, u = {_told(u)}"
        cases.append({"about": about, "weight": weight, "u": u})
    return cases


MATRIX, SIGMA = "weight.flatten(1)", "sigma = u @ W @ v"
FREE, SIGMA_RETURNED = "with torch.no_grad():", "return sigma, u"
OF_V, OF_U = "v = v / v.norm()", "u = u / u.norm()"


def _power(*changes):
    return edited(_spectral_step, *changes)


def _old_u(weight, u):
    """Return v for u: an answer's first half."""
    return normalize((weight.flatten(1).T @ u).detach(), dim=0)


def _through_v(weight, u):
    W = weight.flatten(1)
    v = normalize(W.T @ u, dim=0)
    return (W @ v).norm(), normalize(W @ v, dim=0).detach()


def _by_svd(weight, u):
    with torch.no_grad():
        left, _, right = torch.linalg.svd(weight.flatten(1), full_matrices=False)
    sigma = left[:, 0] @ weight.flatten(1) @ right[0]
    return sigma, left[:, 0] * (left[:, 0] @ u).sign()


def _many_steps(count):
    def answer(weight, u):
        for _ in range(count):
            sigma, u = _spectral_step(weight, u)
        return sigma, u

    return answer


def _from_another_u(new):
    return lambda weight, u: _spectral_step(weight, normalize(new(u), dim=0))


def _u_in_place(weight, u):
    sigma, new_u = _spectral_step(weight, u)
    return sigma, u.copy_(new_u)


def _weight_divided(weight, u):
    sigma, new_u = _spectral_step(weight, u)
    weight.data /= sigma.detach()
    return sigma, new_u


def _by_length(weight, u):
    W = weight.reshape(weight.shape[0], -1)
    v = normalize(W.t() @ u, dim=0).detach()
    Wv = torch.mv(W, v)
    return Wv.norm(), (Wv / Wv.norm()).detach()


def _by_product(weight, u):
    W = weight.detach().flatten(1)
    v = torch.nn.functional.normalize(torch.mv(W.t(), u), dim=0, eps=1e-12)
    u = torch.nn.functional.normalize(torch.mv(W, v), dim=0, eps=1e-12)
    return (torch.outer(u, v).view_as(weight) * weight).sum(), u


def _by_einsum_step(weight, u):
    with torch.no_grad():
        v = torch.einsum("oikl,o->ikl", weight, u)
        v /= v.square().sum().sqrt()
        u = torch.einsum("oikl,ikl->o", weight, v)
        u /= u.square().sum().sqrt()
    return torch.einsum("oikl,o,ikl->", weight, u, v), u


def _by_columns(weight, u):
    W = weight.permute(0, 2, 3, 1).flatten(1)  # another order of the columns: the singular values stay
    v = (u[None] @ W.detach())[0]
    v = v / (v.norm() + 1e-12)
    u = (W.detach() @ v[:, None])[:, 0]
    u = u / (u.norm() + 1e-12)
    return torch.dot(u, W @ v), u


def _with_rows_one_by_one(weight, u):
    rows = [kernel.flatten() for kernel in weight]
    v = sum(a * row.detach() for a, row in zip(u, rows, strict=True))
    v = v / torch.sqrt((v * v).sum())
    Wv = torch.stack([(row * v).sum() for row in rows])
    new_u = (Wv / torch.linalg.vector_norm(Wv)).detach()
    return (new_u * Wv).sum(), new_u


def _by_convolution(weight, u):
    frozen = weight.detach()
    v = normalize(nn.functional.conv_transpose2d(u.view(1, -1, 1, 1), frozen), dim=(1, 2, 3))
    Wv = nn.functional.conv2d(v, weight).flatten()
    new_u = normalize(Wv.detach(), dim=0)
    return new_u @ Wv, new_u


EXACT = (
    "this is more than one step of the iteration, or the exact largest singular value, as from torch.linalg.svd. Both are slow; "
    "here v and new_u are computed once, from the u that came: v = Wᵀu, then new_u = W v, each divided by its length."
)

spectral_step = Exercise(
    name="spectral_step",
    reference=_spectral_step,
    points=3,
    cases=_spectral_cases,
    observe=observers.spectral_step,
    look={
        "what": "Return two tensors: `return sigma, new_u`.",
        "new_u's graph": "new_u is a constant for the next step. Compute it under torch.no_grad(), or .detach() it.",
        "the arguments": "weight or u has changed. Make new tensors, and leave those that came as they are.",
        "sigma's gradient": "Compute v and new_u under torch.no_grad(), then sigma = new_u · W v outside of it, with the weight itself in W.",
        "": "W is the weight with all but its first dimension flattened. v = Wᵀu, divided by its length; new_u = W v, divided by its length; "
        "sigma = new_u · W v.",
    },
    mistakes=(
        mistake(
            "u or the weight itself is changed. Return a new u, and leave the arguments as they are: whoever calls you decides what "
            "becomes of them.",
            _u_in_place,
            _weight_divided,
            lambda weight, u: (_spectral_step(weight, u)[0], u.mul_(-1)),
            shows={"the arguments afterwards": "changed in place"},
        ),
        mistake(
            "a gradient is left behind in the weight, and would count in the next training step. Call no backward() here: sigma's own "
            "graph is all that is needed.",
            lambda weight, u: (_spectral_step(weight, u)[0].backward(), _spectral_step(weight, u))[1],
            shows={"a gradient left in the weight": "yes"},
        ),
        mistake(
            "normalize() takes the dimension along which the length is 1 from you; without it, it is the second one, which a vector does "
            "not have: normalize(..., dim=0).",
            lambda weight, u: (normalize(weight.flatten(1).T @ u), u),
            shows={STOPPED: "IndexError: Dimension out of range (expected to be in range of [-1, 0], but got 1)"},
        ),
        mistake(
            EXACT,
            _by_svd,
            *(
                lambda weight, u, new=new: (torch.linalg.svd(weight.flatten(1))[1][0], new(weight, u))
                for new in (
                    lambda weight, u: u,
                    lambda weight, u: torch.linalg.svd(weight.flatten(1))[0][:, 0],
                    lambda weight, u: torch.linalg.svd(weight.detach().flatten(1))[0][:, 0],
                    lambda weight, u: torch.linalg.svd(weight.detach().flatten(1))[2][0],
                )
            ),
            lambda weight, u: (torch.linalg.matrix_norm(weight.flatten(1), 2), _spectral_step(weight, u)[1]),
            lambda weight, u: (torch.linalg.svdvals(weight.flatten(1))[0], u),
            lambda weight, u: (torch.linalg.svdvals(weight.flatten(1))[0], _by_svd(weight, u)[1]),
            lambda weight, u: (torch.linalg.svdvals(weight.detach().flatten(1))[0], u),
            shows={"how good sigma is": "exact"},
        ),
        mistake(
            "only one thing comes back. Return two: `return sigma, new_u`.",
            lambda weight, u: _spectral_step(weight, u)[0],
            lambda weight, u: _spectral_step(weight, u)[1],
            lambda weight, u: weight / _spectral_step(weight, u)[0],
            shows={"what it returns": "a tensor"},
        ),
        mistake(
            "the two are in the wrong order: sigma comes first, then the new u.",
            lambda weight, u: _spectral_step(weight, u)[::-1],
        ),
        mistake(
            "sigma is cut off from the weight, so the division by it would be no part of what is learned. v and new_u are constants, "
            "sigma = new_u · W v is not: compute it outside of torch.no_grad(), without .item(), .detach() or .data.",
            lambda weight, u: _spectral_step(weight.detach(), u),
            lambda weight, u: (_spectral_step(weight, u)[0].item(), _spectral_step(weight, u)[1]),
            torch.no_grad()(lambda weight, u: _spectral_step(weight, u)),
            shows={"sigma's gradient": "none: sigma is cut off from the weight"},
        ),
        mistake(
            "new_u has a graph. It is kept for the next step, and would drag all earlier steps along. Compute v and new_u under "
            "torch.no_grad(), or detach both.",
            _power((FREE, "if True:")),
            _power((SIGMA_RETURNED, "return sigma, u + 0 * sigma")),
            _power((SIGMA, "Wv = W @ v\n    u = Wv / Wv.norm()\n    sigma = u @ Wv")),
            shows={"new_u's graph": "kept in memory"},
        ),
        mistake(
            "the gradient also runs through v, which was computed from the weight. Its value is right, its gradient is not: treat v as a "
            "constant, under torch.no_grad() or with .detach().",
            _through_v,
            _power((FREE, "if True:"), (SIGMA_RETURNED, "return sigma, u.detach()")),
        ),
        mistake(
            "the weight becomes another matrix. W has a row for each *output* channel, (out, in*k*k): leave the first dimension, and "
            "flatten the rest.",
            _power((MATRIX, "weight.flatten(0, 2)")),
            _power((MATRIX, "weight.flatten(1).T")),
            _power((MATRIX, "weight.transpose(0, 1).flatten(1)")),
            _power((MATRIX, "weight.view(weight.shape[1], -1)")),
            _power((MATRIX, "weight.reshape(-1, weight.shape[0]).T")),
        ),
        mistake(
            "only a part of each kernel counts, or its places are added up or averaged. Each place of each channel is a column of its "
            "own: flatten, do not sum.",
            _power((MATRIX, "weight[:, :, 0, 0]")),
            _power((MATRIX, "weight.sum((2, 3))")),
            _power((MATRIX, "weight.mean((2, 3))")),
            _power((MATRIX, "weight.sum(1).flatten(1)")),
            _power((MATRIX, "weight.mean(1).flatten(1)")),
            _power((MATRIX, "weight[:, 0].flatten(1)")),
        ),
        mistake(
            "v is not divided by its length, so sigma comes out wrong, too large where that is above 1, too small where it is below.",
            _power((OF_V, "")),
            _power((OF_V, ""), (OF_U, "")),
        ),
        mistake(
            "the new u is not divided by its length. It must have length 1: a product with W changes that.",
            _power((OF_U, "")),
            _power((OF_U, ""), (SIGMA, "sigma = (W @ v).norm()")),
        ),
        mistake(
            "the vectors are divided by something else than their length: the root of the sum of squares, .norm().",
            _power((OF_V, "v = v / v.norm() ** 2"), (OF_U, "u = u / u.norm() ** 2")),
            _power((OF_V, "v = v / v.sum()"), (OF_U, "u = u / u.sum()")),
            _power((OF_V, "v = v / v.abs().sum()"), (OF_U, "u = u / u.abs().sum()")),
            _power((OF_V, "v = v / v.abs().max()"), (OF_U, "u = u / u.abs().max()")),
            _power((OF_V, "v = v / v.max()"), (OF_U, "u = u / u.max()")),
            _power((OF_V, "v = v.softmax(0)"), (OF_U, "u = u.softmax(0)")),
        ),
        mistake(
            "sigma is computed with the u that came, not with the new one: an estimate half a step behind. (u · W v with the old u is "
            "just |Wᵀu|.)",
            lambda weight, u: (u @ weight.flatten(1) @ _old_u(weight, u), _spectral_step(weight, u)[1]),
            lambda weight, u: ((weight.flatten(1).T @ u).norm(), _spectral_step(weight, u)[1]),
            lambda weight, u: (
                (weight.flatten(1).T @ u).detach()
                @ weight.flatten(1).T
                @ u
                / (weight.flatten(1).T @ u).norm().detach(),
                _spectral_step(weight, u)[1],
            ),
        ),
        mistake(
            "the u that came is returned, so that the next step would begin where this one did. Return the new one.",
            lambda weight, u: (_spectral_step(weight, u)[0], u),
            lambda weight, u: (_spectral_step(weight, u)[0], u.clone()),
            lambda weight, u: (u @ weight.flatten(1) @ _old_u(weight, u), u),
        ),
        mistake(
            "v is returned, not new_u. From step to step it is u (out,) that is kept.",
            lambda weight, u: (_spectral_step(weight, u)[0], _old_u(weight, u)),
        ),
        mistake(
            "u is not used: the iteration begins somewhere else each time. A single step is enough only because it goes on where the last "
            "one ended.",
            _from_another_u(torch.ones_like),
            _from_another_u(lambda u: torch.randn_like(u)),
            _from_another_u(lambda u: torch.randn(len(u), dtype=u.dtype)),
            _from_another_u(lambda u: torch.rand_like(u)),
        ),
        mistake(
            EXACT,
            *map(_many_steps, (2, 3, 5, 10, 50)),
        ),
        mistake(
            "this is the length of all weights together (Frobenius). It is larger than the largest singular value: sigma = new_u · W v.",
            lambda weight, u: (weight.norm(), _spectral_step(weight, u)[1]),
            lambda weight, u: (weight.flatten(1).norm(), u),
            lambda weight, u: (weight.square().sum().sqrt(), _spectral_step(weight, u)[1]),
        ),
        mistake(
            "this is the square of sigma: W occurs twice in it. sigma = new_u · W v, with W once.",
            lambda weight, u: (
                (weight.flatten(1) @ _old_u(weight, u)).square().sum(),
                _spectral_step(weight, u)[1],
            ),
            lambda weight, u: (
                (weight.flatten(1).T @ _spectral_step(weight, u)[1]).square().sum(),
                _spectral_step(weight, u)[1],
            ),
        ),
        mistake(
            "sigma is computed with one v more: v is renewed after u. The order is v, then new_u, then sigma from these two.",
            lambda weight, u: (
                (weight.flatten(1).T @ _spectral_step(weight, u)[1]).norm(),
                _spectral_step(weight, u)[1],
            ),
        ),
        mistake(
            "sigma is no single number: it has a dimension of size 1, or more. A product of the vectors u (out,) and W v (out,) is 0-d.",
            lambda weight, u: (_spectral_step(weight, u)[0].view(1), _spectral_step(weight, u)[1]),
            lambda weight, u: (_spectral_step(weight, u)[0].view(1, 1), _spectral_step(weight, u)[1]),
            lambda weight, u: (_spectral_step(weight, u)[0].view(1, 1), _spectral_step(weight, u)[1][:, None]),
            lambda weight, u: (weight.flatten(1) @ _old_u(weight, u), _spectral_step(weight, u)[1]),
            _power((SIGMA, "sigma = u * (W @ v)")),
        ),
        mistake(
            "the new u has a dimension too many. Its shape is (out,), as it came.",
            lambda weight, u: (_spectral_step(weight, u)[0], _spectral_step(weight, u)[1][:, None]),
            lambda weight, u: (_spectral_step(weight, u)[0], _spectral_step(weight, u)[1][None]),
        ),
        mistake(
            "the weight divided by sigma is returned. Return sigma itself; the division comes later.",
            lambda weight, u: (weight / _spectral_step(weight, u)[0], _spectral_step(weight, u)[1]),
            lambda weight, u: (weight.flatten(1) / _spectral_step(weight, u)[0], _spectral_step(weight, u)[1]),
        ),
    ),
    accepted=(
        _by_length,
        _by_product,
        _by_einsum_step,
        _by_columns,
        _with_rows_one_by_one,
        _by_convolution,
        _power((MATRIX, "weight.view(len(weight), -1)"), (SIGMA, "sigma = torch.dot(u, torch.mv(W, v))")),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------

question_1 = question(
    "question_1",
    "b",
    a="a frozen D knows the difference between photographs and noise, and nothing of what makes a photograph: look at section 6.1 "
    "again, where it took a grey square for real.",
    c="this D is right about noise, which is all that it has met. G may draw anything else, and section 6.1 shows what D lets through.",
    d="G never sees a photograph, and this D asks for none: it is content with much less (section 6.1).",
)

question_2 = question(
    "question_2",
    "d",
    a="the grid is there before the first step of the training: some pixels are covered by more kernels than their neighbours "
    "(section 6.2). A learning rate does not change what a layer can easily draw.",
    b="batch norm shifts and scales a whole channel alike, it cannot make neighbouring pixels equal; and at the end of G it does harm.",
    c="the cause is the same for every image of the batch: how many kernels of 3 meet in a pixel with stride 2 (section 6.2).",
)

question_3 = question(
    "question_3",
    "a",
    b="then the pictures would be grey in train mode, too. What is the only thing that differs between the two modes?",
    c="D takes no part in drawing. What is the only thing that differs between train and eval mode?",
    d="nothing switches the noise off: z is an argument. What is the only thing that batch norm does differently in the two modes?",
)
