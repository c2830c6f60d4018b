"""Exercise 7, the challenge: many ways to find the noise of a picture, judged by what G draws with it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import kind, randn

CLOSE = 0.01  # of the squared difference between two random images
LIKE_OURS = 1.2  # times the squared difference that the course's answer reaches
LONGEST = 1.5  # of a noise vector, in √z_dim
Z_DIM = 8


class _G(nn.Module):
    """A small generator of two kinds of images, with a ridge between them that descent does not cross: the kind that holds z = 0 is the more frequent one.

    note() gets the mode of every call, of copies, too.
    """

    z_dim = Z_DIM

    def __init__(self, seed: int, shape: tuple[int, int, int], training: bool, note: Callable[[bool], None]):
        super().__init__()
        self.first, self.norm, self.last = (
            nn.Linear(Z_DIM, 24),
            nn.BatchNorm1d(24),
            nn.Linear(26, shape[0] * shape[1] * shape[2]),
        )
        with torch.no_grad():
            self.first.weight.copy_(0.5 * nn.init.orthogonal_(torch.empty(24, Z_DIM)))
            self.last.weight.copy_(randn(seed, *self.last.weight.shape) / 5)
            self.last.weight[:, 24:] *= torch.tensor([2.0, 6.0])
            self.norm.running_mean.normal_(0, 0.3)  # other averages than those of a batch
            self.norm.running_var.uniform_(0.1, 0.3)
        self.register_buffer("across", normalize(randn(seed + 1, Z_DIM), dim=0))
        for p in self.parameters():
            p.grad = torch.full_like(p, 0.5)
        self.last.bias.requires_grad_(False)
        self.shape, self.note = shape, note
        self.train(training)

    def forward(self, z: Tensor) -> Tensor:
        """Return images (N, C, H, W) for z (N, 8)."""
        if z.dim() != 2 or z.shape[1] != Z_DIM:
            raise ValueError(f"G expects noise of shape (N, {Z_DIM}), and gets shape {tuple(z.shape)}")
        self.note(self.norm.training)
        which = (z @ self.across)[:, None] - 0.4
        h = torch.cat([self.norm(self.first(z)).tanh(), (4 * which).tanh(), (-4 * which.square()).exp()], dim=1)
        return self.last(h).tanh().view(-1, *self.shape)


def _cases(seed: int, strict: bool) -> list[Case]:
    """Images that G has drawn: one, eight, a few. Then others: damaged ones, and some that only longer noise would draw."""
    plans = [
        (1, (1, 6, 8), True, ""),
        (8, (1, 6, 8), False, ""),
        (4, (3, 5, 4), True, "damaged"),
        (2, (1, 7, 5), False, "extreme"),
    ]
    if strict:
        plans = [(1, (3, 4, 5), False, ""), (8, (1, 8, 8), True, ""), (3 + seed % 3, (2, 5, 6), False, "")]
        plans += [(6, (1, 9, 6), False, "damaged"), (3, (3, 4, 4), True, "extreme")]
    cases = []
    for i, (n, shape, training, what) in enumerate(plans):
        at = seed + 17 * i
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(at)
            G = _G(at, shape, False, lambda _: None)
            weights = {name: values.clone() for name, values in G.state_dict().items()}
        along = (
            G.across * torch.tensor([0.5, -0.4])[torch.arange(n) % 2, None]
        )  # both kinds in turn, away from the ridge
        z = randn(at + 2, n, Z_DIM)
        z = normalize(z - (z @ G.across)[:, None] * G.across, dim=1) + along
        z = normalize(z, dim=1) * Z_DIM**0.5
        z = z * (1.7 if what == "extreme" else torch.linspace(0.8, 1.25, n)[:, None])
        with torch.no_grad():
            images, others = G(z), G(randn(at + 3, 400, Z_DIM))
        if what == "damaged":  # by noise, and by a black corner, in turn
            images[::2] = (images[::2] + 0.3 * randn(at + 4, *images[::2].shape)).clamp(-1, 1)
            images[1::2, :, :2, :2] = -1
        case = {
            "images": images,
            "weights": weights,
            "training": training,
            "what": what,
            "usual": (others[:200] - others[200:]).square().mean(),
        }
        if what:
            case["ours"] = _gaps(G, invert.reference(G, images), images)
        told = {
            "": "that G has drawn",
            "damaged": "that G has drawn, damaged",
            "extreme": "that only longer noise would give",
        }[what]
        about = f"{n} image{'s' * (n > 1)} of shape {shape} {told}, a G in {'training' if training else 'eval'} mode"
        cases.append({"about": about} | case)
    return cases


def _gaps(G: nn.Module, z: Tensor, images: Tensor) -> Tensor:
    """Return the mean squared difference of each image (N,) from what G draws in eval mode."""
    was_training = G.training
    with torch.no_grad():
        drawn = G.eval()(z.detach().float())
    G.train(was_training)
    return (drawn - images).square().mean((1, 2, 3))


def _observe(answer, case: Case, like: dict) -> dict:
    """Have the answer find the noise of images, and compare what G draws with it, in words."""
    modes: set[bool] = set()
    images = case["images"]
    G = _G(0, tuple(images.shape[1:]), case["training"], modes.add)
    G.load_state_dict(case["weights"])
    z = answer(G, images.clone())
    training = "training mode" if True in modes else "eval mode" if modes else "not at all"
    seen = {"returned": kind(z)}
    if not isinstance(z, Tensor):
        return seen
    seen["shape"] = str(tuple(z.shape))
    if seen["shape"] != str((len(images), Z_DIM)) or not z.is_floating_point():
        return seen
    z = z.detach().float()
    seen |= {"finite": "yes" if z.isfinite().all() else "no", "drawn_in": training}
    seen["vectors"] = "the same for all images" if len(z) > 1 and z.eq(z[0]).all() else "one for each image"
    seen["noise_length"] = "within the limit" if z.norm(dim=1).max() <= LONGEST * Z_DIM**0.5 * 1.0001 else "too long"
    if seen["finite"] == "no":
        return seen
    gaps = _gaps(G, z, images)
    if case["what"]:
        far = gaps > LIKE_OURS * case["ours"] + 1e-5 * case["usual"]
        if case["what"] == "extreme":  # has several local minima; it is here for the length
            far = gaps > 3 * case["ours"] + CLOSE * case["usual"]
        return seen | {f"picture:{case['what']}": _words(far, gaps > 2 * case["ours"] + 0.3 * case["usual"])}
    return seen | {"picture:of G": _words(gaps >= CLOSE * case["usual"], gaps > 0.3 * case["usual"])}


def _words(far: Tensor, very: Tensor) -> str:
    """Return in words how close images (N,) are; far, very: which are not close, which are not even alike."""
    if not far.any():
        return "close"
    if len(far) > 2 and not far.all():
        return "some close, others not"
    return "not alike" if very.all() else "somewhat alike"


invert = Exercise(
    reference=answers.load("latent_space", "invert"),
    points=4,
    cases=_cases,
    observe=_observe,
    look={
        "endless": "it takes longer than ten seconds. A few hundred steps are enough, with all images in one batch, from a good start.",
        "returned": {"a list": "a list comes back. One tensor is wanted: torch.stack or torch.cat joins several."},
        "shape": "one noise vector for each image is wanted: (N, G.z_dim).",
        "finite": "some numbers are infinite or NaN.",
        "vectors": "all images get one and the same noise vector. Each needs its own, found for it alone: z has a row for each image.",
        "averages": "the running averages of G have moved, as a forward pass in training mode moves them. Call G.eval() before G draws.",
        "drawn_in": {
            "training": "G draws in training mode, where an image depends on its neighbours in the batch. Call eval() before.",
            "": "G is never called. Only what G draws tells whether a noise vector is right.",
        },
        "gradients": "the gradients of G's weights have changed. torch.autograd.grad(error, z) computes the gradient for z and leaves "
        "those of the weights alone; error.backward() does not.",
        "noise_length": "a noise vector is longer than 1.5 √z_dim, and G has hardly seen such noise. After each step, shorten what is too long.",
        "picture": {
            "some close": "for some images what G draws is close enough, for others it is not. Start each image at the best of several hundred "
            "random samples (from a poor start, descent ends in a poor place), and take enough steps.",
            "somewhat": "what G draws is somewhat like the image, but not close enough. The best random sample is only a start: from there "
            "take a few hundred steps, until the error falls no more.",
            "": "what G draws is not like the image. Print the error of each image. If it stops falling early, the start is poor (zeros, or a single "
            "random sample): begin at the best of several hundred random samples. If it becomes small, z[i] does not belong to images[i].",
        },
        "picture:damaged": {
            "some close": "for some images that G has not drawn itself, the error is more than 1.2 times the course's. Start each image at the best "
            "of several hundred random samples.",
            "": "for images that G has not drawn itself, the error is more than 1.2 times the course's. Minimise the mean squared difference, "
            "until it falls no more.",
        },
        "picture:extreme": "it is wrong only where longer noise would fit better. Let the length reach nearly 1.5 √z_dim, and shorten the vector only.",
        "": "Print the error of each image every 50 steps, and draw G(z) beside the images.",
    },
    mistakes=(
        mistake(
            "all images get one and the same noise vector. Each needs its own: z has a row for each image.",
            "return z.detach() → return z.detach()[:1].expand(len(images), -1).clone()",
        ),
        mistake(
            "the start is poor, and descent from there ends in a poor place, as it does from z = 0 for all images. Start each image at the best of "
            "several hundred random samples.",
            "guesses[nearest].clone() → torch.zeros(len(images), G.z_dim)",
        ),
        mistake(
            "the nearest *image* is searched for each sample. It is the nearest sample for each image: torch.cdist(images, samples).argmin(1).",
            "argmin(1) → argmin(0)",
        ),
        mistake(
            "the pictures come back. Return the noise, (N, z_dim), from which G draws them.",
            "return z.detach() → return G(z).detach()",
        ),
        mistake(
            "G draws in training mode, where an image depends on its neighbours in the batch, and the running averages move. Call G.eval() before.",
            "    G.eval()\n → ",
        ),
    ),
)
