"""Slips that occur in every exercise: what to say about a property that differs, an error, or numbers that are off.

None of these names a cause that was not observed. `PROPERTIES` tell what was seen, `ERRORS` explain an exception, and
`relation` finds what all numbers of an answer have in common with the right ones.
"""

import re
from collections.abc import Callable

import torch
from torch import Tensor

# What is left behind (observers/guard.py): property -> what to say, with {0} for the name of the argument; where it
# depends on what was seen, a table of the beginnings of these words.
LEFT_BEHIND: dict[str, str | dict[str, str]] = {
    "mode": {
        "in eval": "{0} is left in eval mode, or a part of it. If the text does not ask for eval mode, leave the modes alone. Else put back what you found: was = {0}.training before, {0}.train(was) after.",
        "in training": "{0} is left in training mode, and was in eval mode before. If the text does not ask for a mode, leave it alone. Else put back what you found: was = {0}.training before, {0}.train(was) after.",
        "changed where": "a layer of {0} was in eval mode and is in training mode now: {0}.train() reaches every layer. If the text does not ask for it, leave the modes alone.",
        "": "some layers of {0} are in another mode than before the call. Restore the mode of each layer, or leave the modes alone.",
    },
    "trainable": {
        "frozen": "{0} is left frozen: some of its parameters have requires_grad=False now. Put back what you changed.",
        "thawed": "a frozen parameter of {0} has requires_grad=True now: requires_grad_(True) on the network unfreezes all of them. Restore only what you changed.",
        "": "{0} has other parameters after the call than before. Change their values in place; do not replace them.",
    },
    "gradients": {
        "some": "your function leaves gradients in the weights of {0}, where there were none. torch.autograd.grad returns a gradient and fills no .grad; no_grad() computes none.",
        "those": "the gradients that {0} had are gone. They are the caller's: call no zero_grad() here.",
        "": "the gradients that {0} had have changed: yours were added to them. torch.autograd.grad returns a gradient and fills no .grad.",
    },
    "weights": "the weights of {0} are not what they should be after the call. Change them only where the text asks for it.",
    "averages": "the running averages of {0} (batch normalisation) are not what they should be after the call: a forward pass in training mode moves them, one in eval mode does not.",
    "hooks": "a hook is left on {0}. Remove it before you return: handle.remove().",
    "values": "{0} itself is changed in place, so code that uses it later gets other numbers. Compute a new tensor: use no function whose name ends in _, no += and no assignment to a slice.",
    "requires_grad": "{0} is left with another requires_grad than before. Work on a copy: {0}.detach().clone().requires_grad_().",
    "grad": "a gradient is left in {0}.grad, or one that was there is gone. Take it from torch.autograd.grad, or work on a copy.",
    "settings": "the settings of {0} (learning rate, betas, ...) have changed. Call only step() and zero_grad().",
    "state": "the state of {0} (its moments and its step count) is not what it should be. Call step() once, in its turn, and change the state in no other way.",
    "seed": "your code sets a seed: in each call, torch.manual_seed restarts the random numbers of the whole program. Remove it.",
    "defaults": "a default of PyTorch is left changed (gradients switched off, another dtype or device). Use `with`, which puts it back.",
    "earlier": {
        "the same": "every call returns the same object: it repeats or overwrites an earlier result. Make a new one in each call.",
        "shared": "two networks of this class share layers. Make the layers inside __init__, for each network anew.",
        "": "a later call overwrites what an earlier one has returned: both use the same memory. Return a new tensor each time.",
    },
}

# What else can differ in several exercises.
PROPERTIES: dict[str, str | dict[str, str]] = {
    "returned": {
        "nothing": "it returns nothing: the `return` is missing, or stands in a branch that was not taken.",
        "a float": "it returns a Python number, which has no gradient. Return the tensor: remove .item() and float().",
        "a tuple": "several things come back, as a tuple. Return only what the text asks for.",
        "a list": "a list comes back. Return one tensor: torch.stack makes it from tensors of one shape, torch.tensor from numbers.",
        "a ndarray": "it returns a NumPy array. Return a tensor.",
        "a str": "text comes back. Return numbers.",
        "a bool": "True or False comes back. Return a number.",
        "a builtin": "a function comes back instead of its result. Call it: brackets are missing.",
        "a method": "a function comes back instead of its result. Call it: brackets are missing.",
        "a function": "a function comes back instead of its result. Call it: brackets are missing.",
    },
    "gradient_there": "the result is detached from its inputs, so no gradient can flow back to them. Remove .item(), .detach(), .data and no_grad().",
    "gradient": "the value is right, but its gradient is not: a part of the graph is detached (.detach(), .data, no_grad(), .item()), or the gradient flows through the wrong terms.",
    "again": "the same input gives another output the second time.",
}

SHOWN = {
    "shape": "shape of the output for a batch of",
    "output": "output for a batch of",
    "again": "the same input again",
    "class": "what it is",
    "matrices": "its weight matrices",
    "count": "number of weights and biases",
    "no_gradient": "weights that receive no gradient",
    "returned": "what it returns",
    "gradient_there": "its gradient",
    "gradient": "its gradient in",
    "mode": "the mode afterwards, of",
    "trainable": "what can be trained afterwards, in",
    "gradients": "gradients afterwards, in",
    "weights": "weights afterwards, of",
    "averages": "running averages afterwards, of",
    "hooks": "hooks afterwards, on",
    "values": "afterwards,",
    "requires_grad": "requires_grad afterwards, of",
    "grad": ".grad afterwards, of",
    "settings": "settings afterwards, of",
    "state": "state afterwards, of",
    "seed": "the global seed",
    "defaults": "PyTorch's defaults",
    "earlier": "what an earlier call returned",
}

# Exceptions: a pattern of words in the error, in lower case, and indented below it what that means. The first that fits is told.
ERRORS = re.findall(
    r"^(\S.*)\n((?: {4}.*\n)+)",
    r"""
in-place operation|inplace operation
    PyTorch needs the old numbers of a tensor for its gradient, and they are changed in place. Make a new tensor, or change it within
    torch.no_grad().
does not require grad
    a gradient is needed, but no graph leads from the result back to a tensor with requires_grad=True: it was detached, made under no_grad(),
    or no tensor has requires_grad=True.
inference tensors cannot
    tensors made under torch.inference_mode() can never be trained on. Use torch.no_grad(), or .detach().
backward through the graph a second time
    backward() is called twice on the same graph, which is gone after the first call. Compute the loss again, from new outputs.
cannot assign .* as parameter
    a plain tensor is assigned where a parameter stands. Write its numbers into the parameter, under no_grad(): copy_.
kernel size can't be greater
    the maps that reach a convolution are smaller than its kernel. Print .shape after each layer before it, and compare with the text.
running_mean must be defined
    a batch norm without running averages is used in eval mode: leave track_running_stats at True; batch_norm of torch.nn.functional needs them.
(running_mean|weight) should contain
    a batch norm is made for another number of channels than its input has. Print .shape before it and compare the two.
expected 3d \(unbatched\) or 4d
    a convolution takes maps (N, channels, rows, columns), and something else reaches it. Print .shape before it, and reshape.
multi-target|log_softmax.*not implemented
    cross_entropy takes first the logits, (N, classes), then the labels, int64 (N,). Are the two swapped?
desired output type long|not implemented for 'long'
    whole numbers (int64), such as labels or batch norm's counter, are used where floats are needed.
only for scalar outputs
    PyTorch computes the gradient of a single number, but this tensor has many. Take their sum (or mean) first.
dimension out of range
    a dimension is named that the tensor does not have. They are counted from 0, so a vector has dimension 0 only: dim=0.
must be tensor, not (float|int)
    a PyTorch function gets a Python number. Make a tensor of it, or use `math`.
appears to not have been used
    you ask for the gradient with respect to a tensor that the loss does not depend on.
iteration over a 0-d
    a loop runs over a tensor without dimensions. Compute with the whole tensor, which works for every shape.
boolean value of tensor
    a tensor of many numbers is neither true nor false. Ask `is not None`, or take .any() or .all().
nonetype.* has no attribute|nonetype.* object is not|unsupported operand.*nonetype
    something is None where a tensor or a layer is expected: a .grad before the first backward() or of a tensor that was computed from others, a
    bias that a layer does not have, or a function that returns nothing, as backward().
return_types
    min, max, sort, topk and kthvalue along a dimension return two things, the values and their places. Take the one that you need: .values or
    .indices.
tuple indices must
    a tuple is indexed as if it were a tensor. min, max, sort, topk and kthvalue along a dimension return two things: take .values or .indices.
'bool' object has no attribute
    a comparison gave one True or False of Python, so one side of == is no tensor. (max(1), say, returns two things: take .indices or .values.)
could not infer output dtype|input dtype must be
    mean() needs floats, and here are True and False or whole numbers: .float().mean().
needs labels
    a conditional player needs one label for each of its inputs, int64 (N,). Compare how many there are of both, and the dtype.
unsupported operand.*tuple|tuple.* has no attribute|multiply sequence|concatenate tuple
    a function has returned a tuple; take the part of it that you need. torch.autograd.grad returns one even for a single gradient.
cannot be converted to scalar|only one element tensors
    one number is needed here, but the tensor has several. math.exp() and .item() take one number; torch.exp() takes a tensor.
unsupported operand.*'(function|method|builtin_function_or_method)'
    a function is used where its result is meant. Call it, with its arguments in brackets.
unsupported operand.*'list'|'list' object has no attribute
    you cannot compute with a Python list as a whole. Use tensors.
more than 1 value per channel
    batch normalisation in training mode needs more than one image. Was a network put into training mode?
before module\.__init__
    the network is not ready for layers: call super().__init__() before the first one is made.
required "forward"
    the class has no `forward`. Is the name right, and is its `def` indented as far as `def __init__`?
0-dim tensor
    a single number without dimensions comes where several are expected. .squeeze() removes every dimension of size 1, also that of the batch:
    name the one you mean.
is invalid for input of size
    a tensor is reshaped to a shape with another number of elements. Is a size hard-coded, such as that of one batch? Let it
    follow the input, or write -1.
size.*\(0\)|size.*\[(\d+, )*0[,\]]
    a tensor is empty where numbers are expected: it has a dimension of size 0. Look at the slice that made it: x[:-k] is empty for k = 0.
shapes cannot be multiplied|must match the (existing )?size|sizes of tensors must match|to be equal size|must be the same as input size|1d tensors expected|broadcast shape|size mismatch|expected .* channels|given groups|incorrect batch|same number of dimensions|shape of the mask|mismatch in its core dimension|could not be broadcast
    two shapes do not fit together. Print .shape before this line and compare it with the text.
can't call numpy\(\)|numpy\(\) on
    NumPy cannot read a tensor that has a gradient. Stay with PyTorch's functions.
only integer|must be long, |as indices
    whole numbers (int64) are needed here, and floats came.
scatter|index .*out of (range|bounds)
    an index points past the end of a dimension.
not supported for complex|converted to type double
    complex numbers are used where only real ones can be. Take .real of them first.
expected a matrix|at least 2 dim
    a matrix is needed here, and this tensor has another number of dimensions.
positive-definite|singular
    the matrix has an eigenvalue of 0, so it has no inverse and no Cholesky factor.
q must be in the range
    torch.quantile takes a share from 0 to 1, not per cent: the 1st percentile is 0.01.
math domain|expected a positive input|division by zero
    there is a division by 0, the logarithm of 0, or the root of a negative number.
dtype|expected .*scalar type|found dtype
    two tensors have different dtypes. The networks here compute in float32; labels are int64.
missing \d+ required|positional argument|unexpected keyword
    something is called with other arguments than its `def` line has. Is it your own function? Then compare your `def` line with the lesson's.
is not defined|unboundlocal|referenced before|cannot access local
    a name is used that has no value here: it is misspelt, or gets its value in a loop or branch that did not run.
object has no attribute
    the value before the dot is of a type that has no attribute of this name. The error names both.
""",
    re.MULTILINE,
)


def words_for(what: str, value: object, table: dict) -> str:
    """Return the text for a property, "name" or "name:subject", that has this value; "" if the table has none."""
    what = re.sub(r" \(step \d+\)$", "", what)
    name, _, subject = what.partition(":")
    says = table.get(what, table.get(name, ""))
    if isinstance(says, dict):
        says = next((text for start, text in says.items() if str(value).startswith(start)), "")
    return says.replace("{0}", subject)


def shown(what: str) -> str:
    """Return a property as a learner reads it."""
    name, _, subject = what.partition(":")
    return f"{SHOWN.get(name, name.replace('_', ' '))} {subject}".strip()


def error(text: str) -> str:
    """Return what an exception means, "" if it is an unusual one."""
    return next((" ".join(says.split()) for pattern, says in ERRORS if re.search(pattern, text.lower())), "")


# ---- numbers that have something in common with the right ones -----------------------------------------------------

Pair = tuple[Tensor, Tensor]  # what is right, what was seen

FUNCTIONS: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("exactly one minus what it should be", lambda x: 1 - x),
    ("one divided by what it should be", lambda x: 1 / x),
    ("the square of what it should be", torch.square),
    ("the square root of what it should be. It is not asked for", torch.sqrt),
    ("the absolute value of what it should be: remove abs()", torch.abs),
    ("the logarithm of what it should be", torch.log),
    ("the exponential of what it should be: remove exp()", torch.exp),
    ("the sigmoid of what it should be. Remove the sigmoid", torch.sigmoid),
    ("the tanh of what it should be: one tanh too many", torch.tanh),
    ("what it should be, rounded to whole numbers", torch.round),
    ("what it should be, cut off at -1 and 1", lambda x: x.clamp(-1, 1)),
    ("what it should be, cut off at 0 and 1", lambda x: x.clamp(0, 1)),
    ("what it should be, cut off below 0", torch.relu),
)


def relation(pairs: list[Pair], sizes: list[set[int]], agree: Callable[[object, object], bool]) -> str:
    """Return in words what all wrong numbers have in common with the right ones, "" if that is nothing.

    pairs: one for each case; sizes: the sizes of the tensors in each case; agree(a, b): whether two tensors are the same.
    What only a later case shows than the one that learners see, the first wrong one, is not told.
    """
    right, seen = next((pair for pair in pairs if not agree(*pair)), pairs[0])
    if seen.isnan().any() and not right.isnan().any():
        return "the result has NaN (not a number) in it: 0 · log 0, 0 / 0, a mean of nothing, the root of a negative number, or inf - inf."
    if seen.isinf().any() and not right.isinf().any():
        return "the result is infinite somewhere: a division by 0, log 0, or an exp() that overflows."
    if right.shape != seen.shape:
        return _of_shapes(pairs, agree)
    if any(right.shape != seen.shape for right, seen in pairs):
        return ""
    several = [(right, seen) for right, seen in pairs if not agree(right, seen)]
    if sum(right.numel() for right, _ in several) < 2:
        return ""
    if all(agree(-right, seen) for right, seen in pairs):
        return "the sign is wrong: every number is minus what it should be."
    if all(right.dim() == 2 and right.shape == seen.T.shape and agree(right.T, seen) for right, seen in several):
        return "rows and columns are swapped (transposed)."
    telling = [
        i for i, (right, seen) in enumerate(pairs) if right.any() or not agree(right, seen)
    ]  # 0 is any multiple of 0
    factors = [_factor(*pairs[i], agree) for i in telling]
    if None not in factors and (says := _of_factors(factors, [sizes[i] for i in telling])):
        return says
    if len(torch.cat([seen.flatten() for _, seen in several]).unique()) == 1:  # many numbers, rounded or cut
        return ""
    for words, function in FUNCTIONS:
        if all(agree(function(right), seen) for right, seen in several):
            return f"the result is {words}."
    if all(agree(-right, seen) for right, seen in several):
        return "the sign is wrong in some cases: there every number is minus what it should be."
    if all(right.dim() and len(right) > 1 and agree(_sorted(right), _sorted(seen)) for right, seen in several):
        return "the numbers are right, but they stand in another order than they should."
    gaps = [(seen - right).flatten() for right, seen in pairs]
    if max(len(gap) for gap in gaps) > 1 and all(agree(gap, gaps[0][:1].expand_as(gap)) for gap in gaps):
        return f"every number is off by the same amount, {gaps[0][0].item():.4g}."
    return ""


def _of_shapes(pairs: list[Pair], agree: Callable) -> str:
    differ = [pair for pair in pairs if pair[0].shape != pair[1].shape]
    wanted, there = (tuple(values.shape) for values in differ[0])  # the example's; a large case says more
    right, seen = max(differ, key=lambda p: (p[0].numel(), p[1].numel()))
    same_numbers = right.numel() == seen.numel() and agree(right.flatten(), seen.flatten())
    start = "the numbers are right, but their shape is" if same_numbers else "the result has the shape"
    hint = ""
    if right.dim() == 0 and agree(seen.mean(), right):
        hint = " Take the mean of it."
    elif right.dim() == 0 and agree(seen.sum(), right):
        hint = " Take the sum of it."
    elif same_numbers and seen.dim() < right.dim() and [n for n in there if n > 1] == [n for n in wanted if n > 1]:
        hint = " A dimension of size 1 got lost: .squeeze() removes all of them; name the one you mean."
    elif right.dim() == 1 and seen.dim() == 2 and seen.shape[0] == seen.shape[1] == len(right):
        hint = " (N, 1) combined with (N,) broadcasts to (N, N) without an error."
    return f"{start} {there}; it should be {wanted}.{hint}"


def _factor(right: Tensor, seen: Tensor, agree: Callable) -> float | None:
    """Return k where seen is k times what is right, None where there is no such number or it cannot be told."""
    if not right.numel() or not bool(right.abs().max() > 1e-6):
        return None
    place = right.abs().argmax()
    k = (seen.flatten()[place] / right.flatten()[place]).item()
    return k if k and agree(k * right, seen) else None


def _of_factors(factors: list[float], sizes: list[set[int]]) -> str:
    first = factors[0]
    if len(factors) > 1 and all(abs(k / first - 1) < 1e-3 for k in factors):
        known = {
            0.5: "half of",
            2.0: "twice",
            4.0: "four times",
            0.25: "a quarter of",
            -1.0: "minus",
            1.442695: "1 / log(2) = 1.443 times",
        }
        words = next((w for value, w in known.items() if abs(first / value - 1) < 1e-3), f"{first:.4g} times")
        return f"the result is {words} what it should be."
    if len(set(factors)) == 1:
        return ""

    def are_sizes(numbers: list[float]) -> bool:
        return all(any(abs(k / n - 1) < 1e-3 for n in s | {1}) for k, s in zip(numbers, sizes, strict=True))

    if are_sizes(factors):
        return "the result grows with the number of inputs: a sum is taken where a mean should be."
    if are_sizes([1 / k for k in factors]):
        return "the result shrinks as the number of inputs grows: it is divided by that number (a mean instead of a sum, or a mean taken twice)."
    return ""


def _sorted(values: Tensor) -> Tensor:
    return values.flatten().sort().values
