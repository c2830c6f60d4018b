"""Exercises of lesson 6 that are about its players: the networks, the relativistic losses, the average of weights."""

import copy
from itertools import cycle

import torch
from torch import nn
from torch.nn import functional
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gancourse.checks import observers
from gancourse.checks.core import STOPPED, Exercise, edited, mistake
from gancourse.checks.shared import (
    EACH,
    NO_GRADIENT,
    ROUNDED,
    SUMMED,
    by_hand,
    drawn_logits,
    first_numbers,
    module_mistakes,
    randn,
)

# ---- networks -----------------------------------------------------------------------------------------------------


class _Discriminator(nn.Module):
    """Images (N, 3, 32, 32) -> logits (N,); above 0 means "more likely real"."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=4, stride=2, padding=1),  # (N, 64, 16, 16)
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 128, kernel_size=4, stride=2, padding=1, bias=False),  # (N, 128, 8, 8)
            nn.BatchNorm2d(128),
            nn.LeakyReLU(0.2),
            nn.Conv2d(128, 256, kernel_size=4, stride=2, padding=1, bias=False),  # (N, 256, 4, 4)
            nn.BatchNorm2d(256),
            nn.LeakyReLU(0.2),
            nn.Conv2d(256, 1, kernel_size=4),  # (N, 1, 1, 1)
        )

    def forward(self, x):
        return self.body(x).flatten()  # (N,)


class _Generator(nn.Module):
    """Noise (N, 100) -> images (N, 3, 32, 32) in [-1, 1]."""

    z_dim = 100

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.ConvTranspose2d(100, 256, kernel_size=4, bias=False),  # (N, 256, 4, 4)
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.ConvTranspose2d(256, 128, kernel_size=4, stride=2, padding=1, bias=False),  # (N, 128, 8, 8)
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1, bias=False),  # (N, 64, 16, 16)
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 3, kernel_size=4, stride=2, padding=1),  # (N, 3, 32, 32)
            nn.Tanh(),
        )

    def forward(self, z):
        return self.body(z.view(-1, 100, 1, 1))


def _network_cases(seed, strict, given, made, **more):
    n, sizes = (4 + seed % 3, (1, 2 + seed % 4)) if strict else (4, (1, 3))
    return [
        {
            "about": f"{n} inputs in training mode, then {' and '.join(map(str, sizes))} in eval mode; weights and "
            "running averages that the check sets",
            "inputs": randn(3 * seed, n, *given),
            "others": randn(3 * seed + 1, n, *given),
            "evaluated": [randn(3 * seed + 2 + i, size, *given) for i, size in enumerate(sizes)],
            "shape": made,
            **more,
        }
    ]


def _network(layers, forward, unused=list, **attributes):
    """Return a class of networks; layers: a function that makes a list of them; unused: one for layers that never run."""

    class Built(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(*layers())
            self.unused = nn.ModuleList(unused())

        def forward(self, x):
            return forward(self.body, x)

    for name, value in attributes.items():
        setattr(Built, name, value)
    return Built


def _layers(convolution, channels, geometry, normed, bend, bent, norm, bias, options):
    """Return a function that makes blocks of convolution, batch norm and activation, with one thing changed.

    geometry: kernel, stride, padding, if need be output_padding of each convolution; normed, bent: after which convolutions
    the others stand; bias: which convolutions have one, by default those without batch norm; options: "after" to have
    batch norm after the activation, "between" for further layers before it, "start" and "end" for layers there; "unused" for
    layers that are only made.
    """

    def make():
        layers = options.get("start", list)()
        for i, sides in enumerate(geometry):
            has_bias = i not in normed if bias is None else i in bias
            layer = convolution(channels[i], channels[i + 1], *sides, bias=has_bias)
            block = [norm(channels[i + 1])] if i in normed else []
            block += [bend()] if i in bent else []
            between = options.get("between", list)() if i in bent else []
            layers += [layer, *between, *(reversed(block) if options.get("after") else block)]
        return layers + options.get("end", list)()

    return make


D_GEOMETRY = ((4, 2, 1), (4, 2, 1), (4, 2, 1), (4, 1, 0))
G_GEOMETRY = ((4, 1, 0), (4, 2, 1), (4, 2, 1), (4, 2, 1))


def _leaky():
    return nn.LeakyReLU(0.2)


def _flat(body, x):
    return body(x).flatten()


def _D(
    channels=(3, 64, 128, 256, 1),
    geometry=D_GEOMETRY,
    normed=(1, 2),
    bend=_leaky,
    bent=(0, 1, 2),
    norm=nn.BatchNorm2d,
    bias=None,
    forward=_flat,
    **options,
):
    layers = _layers(nn.Conv2d, channels, geometry, normed, bend, bent, norm, bias, options)
    return _network(layers, forward, options.get("unused", list))


def _on_maps(body, z):
    return body(z[:, :, None, None])


def _tanh():
    return [nn.Tanh()]


def _G(
    channels=(100, 256, 128, 64, 3),
    geometry=G_GEOMETRY,
    normed=(0, 1, 2),
    bend=nn.ReLU,
    bent=(0, 1, 2),
    norm=nn.BatchNorm2d,
    bias=None,
    forward=_on_maps,
    end=_tanh,
    z_dim=100,
    **options,
):
    options["end"] = end
    layers = _layers(nn.ConvTranspose2d, channels, geometry, normed, bend, bent, norm, bias, options)
    return _network(layers, forward, options.get("unused", list), **({"z_dim": z_dim} if z_dim is not None else {}))


class _Affineless(nn.BatchNorm2d):
    def __init__(self, channels):
        super().__init__(channels, affine=False)


class _Coarse(nn.BatchNorm2d):
    def __init__(self, channels):
        super().__init__(channels, 0.8)


class _Forgetful(nn.BatchNorm2d):
    def __init__(self, channels):
        super().__init__(channels, track_running_stats=False)


class _WithoutAverages(nn.BatchNorm2d):
    def forward(self, x):
        return functional.batch_norm(x, None, None, self.weight, self.bias, training=True)


class _WithoutAveragesInEvaluation(nn.BatchNorm2d):
    def forward(self, x):
        return functional.batch_norm(x, None, None, self.weight, self.bias, training=self.training)


class _WithoutAnything(nn.Identity):
    def forward(self, x):
        return functional.batch_norm(x, None, None, training=True)


class _AlwaysTraining(nn.BatchNorm2d):
    def forward(self, x):
        return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training=True)


class _NeverTraining(nn.BatchNorm2d):
    def forward(self, x):
        return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias)


def _twice(channels):
    return nn.Sequential(nn.BatchNorm2d(channels), nn.BatchNorm2d(channels))


def _same_size(convolution, resize):
    """Return layers that keep the size by padding, and make the change of size a layer of its own: `resize`."""

    class Layer(nn.Sequential):
        def __init__(self, a, b, kernel, stride, padding, bias):
            if stride == 1:
                super().__init__(convolution(a, b, kernel, stride, padding, bias=bias))
                return
            layers = [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(a, b, kernel, bias=bias)]
            super().__init__(*((*layers, resize()) if convolution is nn.Conv2d else (resize(), *layers)))

    return Layer


def _with(convolution, resize, normed, bend, channels, geometry, forward, end=list, **attributes):
    make = _layers(
        _same_size(convolution, resize), channels, geometry, normed, bend, (0, 1, 2), nn.BatchNorm2d, None, {"end": end}
    )
    return _network(make, forward, **attributes)


def _pooling(pool):
    return _with(nn.Conv2d, pool, (1, 2), _leaky, (3, 64, 128, 256, 1), D_GEOMETRY, _flat)


def _upsampling(up):
    sizes = (100, 256, 128, 64, 3)
    return _with(nn.ConvTranspose2d, up, (0, 1, 2), nn.ReLU, sizes, G_GEOMETRY, _on_maps, _tanh, z_dim=100)


def _hidden(reference):
    """Return networks like the reference with layers that nn.Module does not know: all, the first four, made too late."""
    opened, closed = "self.body = nn.Sequential(", "        )\n\n    def"

    class Late(nn.Module):
        z_dim = 100

        def forward(self, x):
            return reference()(x)

    return (
        edited(
            reference,
            (opened, "self.layers = list(nn.Sequential("),
            (closed, closed.replace(")", "))", 1)),
            ("self.body(", "nn.Sequential(*self.layers)("),
        ),
        edited(
            reference,
            (closed, "        )\n        self.first, self.body = list(self.body[:4]), self.body[4:]\n\n    def"),
            ("return self.body(", "return nn.Sequential(*self.first, *self.body)("),
        ),
        Late,
    )


NETWORK_LOOK = {
    "what it is": "The check wants the class itself, which it calls to make a network.",
    "what forward returns": "forward should return the tensor that the last layer makes.",
    "its z_dim": "The class has an attribute z_dim, how many numbers of noise it takes: 100.",
    "kernels": "Every kernel is 4 × 4: kernel_size=4.",
    "channels": "Compare how many channels go into and come out of each convolution with the table.",
    "shape for": "Follow the shape through your layers and print it after each: .shape.",
    "weights that receive": "The way back to the weights is cut: by .detach(), .data, no_grad() or a layer that is never called.",
    "learned vectors": "The kernels are the table's. Compare where biases and batch norms are with it: a bias is one vector, a batch norm has two, "
    "scale and shift; a bias before batch norm, which that takes away again, is not counted.",
    "other slopes": "Look at which activation the table names, and at the slope that it gives.",
    "the images in": "Batch norm takes mean and variance of the batch in training mode, and running averages in eval mode.",
    "the same batch": "Something random is in it; the same input should give the same output.",
    "output in training mode": "Weights and shapes are right. Compare activations and batch norms, where they stand and what they are, with the table.",
    "output for": "In training mode it is right, in eval mode it is not: what does batch norm do there?",
    "the input afterwards": "The input has been changed in place; leave it as it is.",
    "": "Compare your layers with the table above the exercise, one line after the other.",
}


OTHER_SLOPE = "other slopes of a LeakyReLU than the table's"
CHANNELS = {
    "_D": "1 and 256, 3 and 64, 64 and 128, 128 and 256",
    "_G": "3 and 64, 64 and 128, 100 and 256, 128 and 256",
}


def _vectors(net, size, number):
    """Return what shows that something is learned for these channels too often or not at all."""
    return {f"learned vectors of {size}": number, "channels of its convolutions": CHANNELS[net.__name__]}


def _on(net):
    """Return the usual forward of a network, a function of (body, x)."""
    return _flat if net is _D else _on_maps


def _mistakes_of_both(net, reference, others, returned):
    """The mistakes that are the same in both networks.

    net: _D or _G; others: places where a batch norm belongs; returned: what forward returns, in the reference's source.
    """
    last = 3
    return (
        mistake(
            "the layers are hidden from nn.Module, so an optimiser would not find all the weights. Make every layer in __init__ and keep it "
            "as an attribute of self; in a plain Python list layers are hidden, in nn.Sequential or nn.ModuleList they are not.",
            *_hidden(reference),
            shows={"weights that no optimiser would find": "some"},
        ),
        mistake(
            "the output is cut off from weights that have made it, by .detach(), .data, .item() or torch.no_grad(), so these could not "
            "learn. Leave that away here: where something is to be held still, the training step sees to it.",
            edited(reference, (f"return {returned}", f"return {returned}.detach()")),
            edited(reference, (f"return {returned}", f"return {returned}.data")),
            edited(reference, ("    def forward", "    @torch.no_grad()\n    def forward")),
            net(forward=lambda body, x: _on(net)(lambda x: body[4:](body[:4](x).detach()), x)),
            shows={"the way from the output back to the weights": "cut"},
        ),
        mistake(
            "__init__ makes batch norms that forward does not use: being made is not enough, the maps have to go through them.",
            net(normed=(), unused=lambda: [nn.BatchNorm2d(128), nn.BatchNorm2d(256)]),
            net(normed=others[:1], unused=lambda: [nn.BatchNorm2d(256)]),
            net(normed=others, unused=lambda: [nn.BatchNorm2d(64)]),
            net(normed=(), bias=(0, last), unused=lambda: [nn.BatchNorm2d(128), nn.BatchNorm2d(256)]),
            shows={"layers that forward does not use": "batch norms"},
        ),
        mistake(
            "__init__ makes a layer that forward does not use. Send what comes in through all of them, or leave it away.",
            net(unused=lambda: [nn.Conv2d(64, 128, 4, 2, 1)]),
            net(unused=lambda: [nn.Linear(4096, 1)]),
            net(normed=(), unused=lambda: [nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128)]),
            shows={"layers that forward does not use": "some"},
        ),
        mistake(
            f"there is a PReLU, whose slope is learned. The table names {'LeakyReLU(0.2), whose slope stays' if net is _D else 'ReLU'}.",
            *_bent(net, _leaky if net is _D else nn.ReLU, lambda: nn.PReLU(init=0.2)),
            shows={"slopes that are learned": "some"},
        ),
        mistake(
            "there is a dropout, which the table does not have. Leave it away.",
            net(between=lambda: [nn.Dropout(0.3)]),
            net(between=lambda: [nn.Dropout2d(0.5)]),
            shows={"dropout": "there"},
        ),
        *(
            mistake(
                f"another normalisation stands where batch norm should ({name}): it looks at each image alone. Take nn.BatchNorm2d.",
                net(norm=norm),
                shows={"another normalisation": name},
            )
            for name, norm in (
                ("instance_norm", lambda c: nn.InstanceNorm2d(c, affine=True)),
                ("group_norm", lambda c: nn.GroupNorm(8, c)),
            )
        ),
        *(
            mistake(
                f"a kernel is {side} × {side}. Kernels are 4 × 4 here"
                + (
                    ", a multiple of the stride 2, so that each pixel is reached by equally many of their places."
                    if side % 2
                    else "."
                ),
                net(geometry=geometry),
                shows={"kernels that are not 4 × 4": f"{side} × {side}"},
            )
            for side, geometry in _other_kernels(net).items()
        ),
        mistake(
            "different inputs have the same result. Hand all of the input to the layers, as it is.",
            net(forward=lambda body, x: _on(net)(body, x * 0)),
            net(forward=lambda body, x: _on(net)(body, x[:1].expand_as(x))),
            shows={"two different inputs": "the same output"},
        ),
        mistake(
            "the same input has another result each time: something random is drawn in forward. Hand the input to the layers, as it is.",
            net(forward=lambda body, x: _on(net)(body, torch.randn_like(x))),
            net(forward=lambda body, x: _on(net)(body, x + 0.1 * torch.randn_like(x))),
            shows={"the same batch again": "another output"},
        ),
        mistake(
            "batch norm uses its running averages in training mode, too: nothing in forward may call eval(), and a batch_norm of "
            "torch.nn.functional wants to be told training=self.training.",
            net(norm=_NeverTraining),
            net(forward=lambda body, x: _on(net)(body.eval(), x)),
            shows={
                "running averages in training mode": "they stay",
                "_batch norm in training mode": "of the running averages",
            },
        ),
        mistake(
            "there is no batch norm: what comes out for one image is the same whatever else is in the batch. nn.BatchNorm2d belongs "
            f"after {'the second and the third convolution' if net is _D else 'every transposed convolution but the last'}.",
            net(normed=()),
            net(normed=(), bias=(0, 1, 2, 3)),
            shows={"the images in training mode": "each for itself"},
        ),
        mistake(
            "batch norm has no running averages and always takes the numbers of the batch, so that in eval mode one image changes "
            "another. Leave track_running_stats at True; a batch_norm of torch.nn.functional wants the running ones in place of None, "
            "and training=self.training. nn.BatchNorm2d does both by itself.",
            net(norm=_Forgetful),
            net(norm=_WithoutAverages),
            net(norm=_WithoutAnything),
            shows={
                "the images in eval mode": "depend on each other",
                "_batch norm in eval mode": "of the batch, without running averages",
            },
        ),
        mistake(
            "batch norm has no running averages, so it cannot work in eval mode: a batch_norm of torch.nn.functional wants them in "
            "place of None. nn.BatchNorm2d has them, and decides by itself.",
            net(norm=_WithoutAveragesInEvaluation),
            shows={STOPPED: "RuntimeError: running_mean must be defined in evaluation mode"},
        ),
        mistake(
            "batch norm goes on with the numbers of the batch in eval mode, so that one image changes another. Its running averages are "
            "there for that: let self.training decide, and switch nothing in forward.",
            net(norm=_AlwaysTraining),
            net(forward=lambda body, x: _on(net)(body.train(), x)),
            shows={
                "the images in eval mode": "depend on each other",
                "_batch norm in eval mode": "of the batch",
            },
        ),
        mistake(
            "batch norm has no scale and shift to learn: leave `affine` at True.",
            net(norm=_Affineless),
            net(norm=_Affineless, bias=(0, 1, 2, 3)),
        ),
        mistake(
            "batch norm's second argument is eps, the small number that keeps it from dividing by 0; 0.8 or so is not small. "
            "nn.BatchNorm2d(channels) is all it needs.",
            net(norm=_Coarse),
        ),
        mistake(
            "batch norm stands after the activation. It belongs between the convolution and the activation.",
            net(after=True),
            net(after=True, bias=(0, 1, 2, 3)),
        ),
        mistake("two batch norms follow one another. One of them is enough.", net(norm=_twice)),
        mistake(
            f"some batch norms are missing. {'The second and the third convolution' if net is _D else 'Every transposed convolution but the last'} "
            "has one.",
            *(net(normed=(i,)) for i in others),
            *(net(normed=(i,), bias=bias) for i in others for bias in ((0, 1, 2, 3), (0, 3) if net is _D else (3,))),
            *(
                net(normed=tuple(j for j in others if j != i), bias=bias)
                for i in others
                for bias in ((0, 1, 2, 3), (3,))
                if len(others) > 2
            ),
            *(net(normed=tuple(j for j in others if j != i)) for i in others if len(others) > 2),
        ),
        mistake(
            "the last layer has a batch norm. What it makes is the result, and that should not depend on what else is in the batch: none there.",
            *(net(normed=(*others, last), bias=bias) for bias in (None, (0, 1, 2, 3))),
            shows=_vectors(net, 1 if net is _D else 3, 2),
        ),
        *(
            mistake(
                "a convolution without batch norm has lost its bias. bias=False is for those that a batch norm follows, which has a shift of "
                "its own; leave `bias` alone in the others.",
                *(net(bias=bias) for bias in lost),
                shows=_vectors(net, size, 0),
            )
            for size, lost in (((64, ((), (3,))), (1, ((0,),))) if net is _D else ((3, ((),)),))
        ),
        mistake(
            "nothing bends what the convolutions make: one after the other, they are a single linear map. Put the table's activation between them.",
            net(bent=()),
        ),
        mistake(
            "one of the activations is missing: every convolution but the last has one.",
            *(net(bent=bent) for bent in ((0, 1), (0, 2), (1, 2))),
        ),
        *module_mistakes(reference, returned),
    )


def _other_kernels(net):
    """Return, for kernels of another side, a geometry whose maps still have the right size."""
    if net is _D:
        return {3: ((3, 2, 1),) * 3 + ((4, 1, 0),), 5: ((5, 2, 2),) * 3 + ((4, 1, 0),)}
    return {
        3: ((4, 1, 0),) + ((3, 2, 1, 1),) * 3,
        5: ((4, 1, 0),) + ((5, 2, 2, 1),) * 3,
        2: ((4, 1, 0),) + ((2, 2, 0),) * 3,
    }


def _by_turns(makers):
    """Return a function that calls one after the other, again and again."""
    turn = cycle(makers)
    return lambda: next(turn)()


def _bent(net, usual, other):
    """Return networks with another activation after all, or after one, of the first three convolutions."""
    return [
        net(bend=_by_turns([other if i in places else usual for i in range(3)]))
        for places in ((0, 1, 2), (0,), (1,), (2,))
    ]


class _FunctionalD(nn.Module):
    """The discriminator, written with functions, and with biases before batch norm."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(256 * 4 * 4, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(128), nn.BatchNorm2d(256, momentum=0.2)])
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in ((3, 64), (64, 128), (128, 256)))

    def forward(self, x):
        h = functional.leaky_relu(self.convolutions[0](x), 0.2)
        for convolution, norm in zip(self.convolutions[1:], self.norms, strict=True):
            h = norm(convolution(h))
            h = torch.where(h > 0, h, 0.2 * h)
        return self.head(torch.flatten(h, 1)).squeeze(1)


class _HandMadeNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if self.training:
            mean, var, n = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False), x.numel() / x.shape[1]
            with torch.no_grad():
                self.running_mean.lerp_(mean, 0.1)
                self.running_var.lerp_(var * n / (n - 1), 0.1)
        else:
            mean, var = self.running_mean, self.running_var
        x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        return self.gamma * x + self.beta


class _BlocksD(nn.Module):
    """The discriminator as a list of blocks; padding, batch norm and the head made in other ways."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList()
        for a, b in ((3, 64), (64, 128), (128, 256)):
            block = [nn.ZeroPad2d(1), nn.Conv2d(a, b, 4, 2)]
            if a > 3:
                block.append(_HandMadeNorm(b))
            self.blocks.append(nn.Sequential(*block, nn.LeakyReLU(0.2, inplace=True)))
        self.last = nn.Parameter(torch.randn(256, 4, 4))
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return (x * self.last).sum((1, 2, 3)) + self.shift


class _LazyD(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.LazyConv2d(64, 4, 2, 1), nn.LeakyReLU(0.2)]
        for c in (128, 256):
            layers += [nn.LazyConv2d(c, 4, 2, 1), nn.LazyBatchNorm2d(), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(1), nn.Flatten(0))

    def forward(self, x):
        return self.body(x)


def _linear_end(forward):
    return _D(
        channels=(3, 64, 128, 256),
        geometry=D_GEOMETRY[:3],
        end=lambda: [nn.Flatten(), nn.Linear(4096, 1)],
        forward=forward,
    )


def _padded(*paddings):
    return tuple((k, s, p) for (k, s, _), p in zip(D_GEOMETRY, paddings, strict=True))


SMALL = "the maps shrink too much on their way, so that nothing is left that a 4 × 4 kernel fits on. Stride 2 with padding=1 takes their side from 32 to 16, 8 and 4."

Discriminator = Exercise(
    name="Discriminator",
    reference=_Discriminator,
    points=3,
    cases=lambda seed, strict: _network_cases(seed, strict, (3, 32, 32), (), logits=True, slope=0.2, vectors=(1, 64)),
    observe=observers.convolutional,
    look=NETWORK_LOOK,
    mistakes=(
        mistake(
            "it returns probabilities, from a sigmoid. The losses of this course work on logits: leave the sigmoid away.",
            _D(end=lambda: [nn.Sigmoid()]),
            _D(forward=lambda body, x: torch.sigmoid(body(x)).flatten()),
            _D(forward=lambda body, x: body(x).sigmoid()),
            shows={"a sigmoid or a tanh": "sigmoid"},
        ),
        mistake(
            "there is a tanh, so no logit can be larger than 1 and D can never be sure. Leave it away.",
            _D(end=_tanh),
            shows={"a sigmoid or a tanh": "tanh"},
        ),
        mistake(
            "pooling makes the maps smaller. Here the convolutions do that themselves: stride=2.",
            _pooling(lambda: nn.MaxPool2d(2)),
            _pooling(lambda: nn.AvgPool2d(2)),
            _D(
                channels=(3, 64, 128, 256),
                geometry=D_GEOMETRY[:3],
                end=lambda: [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 1)],
            ),
            shows={"pooling or upsampling": "pooling"},
        ),
        *_mistakes_of_both(_D, _Discriminator, (1, 2), "self.body(x).flatten()"),
        mistake(
            "the first convolution has a batch norm. The first one sees the pixels, and keeps their brightness and spread: none there.",
            _D(normed=(0, 1, 2)),
            _D(normed=(0, 1, 2), bias=(0, 1, 2, 3)),
            _D(normed=(0,)),
            _D(normed=(0, 1)),
            shows=_vectors(_D, 64, 2),
        ),
        mistake(
            "the images themselves go through a batch norm. D is to see their brightness and colours as they are.",
            _D(start=lambda: [nn.BatchNorm2d(3)]),
        ),
        mistake(
            "a ReLU stands where LeakyReLU(0.2) should: where it is 0, G would get no gradient through D.",
            *_bent(_D, _leaky, nn.ReLU),
        ),
        mistake(
            "the LeakyReLU lets through 0.01 of what is negative, its default. The text asks for 0.2: nn.LeakyReLU(0.2).",
            *_bent(_D, _leaky, nn.LeakyReLU),
            shows={OTHER_SLOPE: "0.01"},
        ),
        mistake(
            "the LeakyReLU has another slope than 0.2, or another activation stands in its place.",
            *(
                _D(bend=bend)
                for bend in (lambda: nn.LeakyReLU(0.02), lambda: nn.LeakyReLU(0.1), nn.ELU, nn.GELU, nn.SiLU)
            ),
            _D(bend=lambda: nn.LeakyReLU(2.0)),
        ),
        mistake(
            "the logit goes through a LeakyReLU or ReLU, which bends it. Nothing comes after the last convolution.",
            _D(bent=(0, 1, 2, 3)),
            _D(end=lambda: [nn.ReLU()]),
        ),
        mistake(
            "the convolutions have other numbers of channels than the table's: 3, 64, 128, 256 and 1.",
            *(
                _D(channels=channels)
                for channels in (
                    (3, 128, 256, 512, 1),
                    (3, 32, 64, 128, 1),
                    (3, 256, 128, 64, 1),
                    (3, 64, 64, 64, 1),
                    (3, 16, 32, 64, 1),
                )
            ),
        ),
        mistake(
            "there is one block too many, or one too few: three convolutions of stride 2, then the one that makes the logit.",
            _D(channels=(3, 64, 128, 1), geometry=D_GEOMETRY[1:]),
            _D(
                channels=(3, 64, 128, 256, 512, 1),
                geometry=(*D_GEOMETRY[:3], (4, 2, 1), (2, 1, 0)),
                normed=(1, 2, 3),
                bent=(0, 1, 2, 3),
            ),
        ),
        mistake(
            "it wants images of one channel; these have three: red, green and blue.",
            _D(channels=(1, 64, 128, 256, 1)),
            shows={
                STOPPED: "RuntimeError: Given groups=1, weight of size [64, 1, 4, 4], expected input[2, 3, 32, 32] to have 1 channels, but got 3 channels instead"
            },
        ),
        mistake(
            "the number of channels that one layer makes is not the number that the next one takes. Compare the two.",
            _D(normed=(1, 2), norm=lambda c: nn.BatchNorm2d(64)),
            _D(normed=(1, 2), norm=lambda c: nn.BatchNorm2d(c // 2)),
        ),
        *(
            mistake(
                SMALL,
                *(_D(geometry=_padded(*paddings, 0)) for paddings in several),
                shows={
                    STOPPED: f"RuntimeError: Calculated padded input size per channel: ({side} x {side}). Kernel size: (4 x 4). "
                    "Kernel size can't be greater than actual input size"
                },
            )
            for side, several in ((2, [(0, 0, 0), (0, 0, 1)]), (3, [(0, 1, 1), (1, 0, 1), (1, 1, 0)]))
        ),
        mistake(
            "the maps are larger than 4 × 4 before the last convolution, or that one is padded, so that an image has several logits. "
            "Stride 2 with padding 1 takes their side from 32 to 16, 8 and 4; the last convolution has padding 0.",
            _D(geometry=_padded(1, 1, 1, 1)),
            _D(geometry=_padded(2, 2, 2, 0)),
            _D(geometry=(*D_GEOMETRY[:3], (4, 2, 1))),
            _D(geometry=(*D_GEOMETRY[:2], (4, 1, 1), (4, 1, 0))),
            _D(geometry=((4, 1, 1), *D_GEOMETRY[1:])),
        ),
        mistake(
            "the output has shape (N, 1) or (N, 1, 1, 1) instead of (N,). Subtract (N,) from that and PyTorch makes a table without a word. "
            "Each image has one number: .flatten().",
            _D(forward=lambda body, x: body(x)),
            _D(forward=lambda body, x: body(x).flatten(1)),
            _D(forward=lambda body, x: body(x).view(-1, 1)),
            _D(forward=lambda body, x: body(x).squeeze(1)),
            _D(forward=lambda body, x: body(x).squeeze(3).squeeze(2)),
            _linear_end(lambda body, x: body(x)),
        ),
        mistake(
            "a batch of one image loses its batch dimension: .squeeze() removes every dimension of size 1. Take .flatten().",
            _D(forward=lambda body, x: body(x).squeeze()),
            _linear_end(lambda body, x: body(x).squeeze()),
        ),
        mistake(
            "the logits of the batch are made one number. Each image has its own: (N,).",
            _D(forward=lambda body, x: body(x).mean()),
            _D(forward=lambda body, x: body(x).mean(0).squeeze()),
            _D(forward=lambda body, x: body(x).sum()),
        ),
        mistake(
            "it has two outputs, as a classifier of two classes. One logit is enough: the probability of fake is one minus that of real.",
            _D(channels=(3, 64, 128, 256, 2)),
            _D(channels=(3, 64, 128, 256, 2), forward=lambda body, x: body(x)[:, :, 0, 0]),
            _D(channels=(3, 64, 128, 256, 2), forward=lambda body, x: body(x)[:, 1, 0, 0]),
            shows={"channels of its convolutions": "2 and 256, 3 and 64, 64 and 128, 128 and 256"},
        ),
        mistake(
            "the maps reach the linear layer as (N, 256, 4, 4); it wants (N, 4096). Put nn.Flatten() before it.",
            _D(channels=(3, 64, 128, 256), geometry=D_GEOMETRY[:3], end=lambda: [nn.Linear(4096, 1)]),
            _D(channels=(3, 64, 128, 256), geometry=D_GEOMETRY[:3], end=lambda: [nn.Linear(256, 1)]),
            _D(channels=(3, 64, 128, 256), geometry=D_GEOMETRY[:3], end=lambda: [nn.Flatten(), nn.Linear(256, 1)]),
            _D(channels=(3, 64, 128, 256), geometry=D_GEOMETRY[:3], end=lambda: [nn.Flatten(0), nn.Linear(4096, 1)]),
        ),
        mistake(
            "the sign is turned around: high is to mean real.",
            _D(forward=lambda body, x: -body(x).flatten()),
        ),
        mistake(
            "the images are scaled or moved inside of D. They lie between -1 and 1 already; hand x to the layers as it is.",
            _D(forward=lambda body, x: body(2 * x - 1).flatten()),
            _D(forward=lambda body, x: body((x + 1) / 2).flatten()),
            _D(forward=lambda body, x: body((x - 0.5) / 0.5).flatten()),
        ),
        mistake(
            "height and width of the images are exchanged, or the colours turned around. Hand x to the layers as it is.",
            _D(forward=lambda body, x: body(x.mT).flatten()),
            _D(forward=lambda body, x: body(x.flip(1)).flatten()),
        ),
        mistake(
            "the images come as (N, 3, 32, 32), the order that PyTorch's convolutions want. Exchange no dimensions.",
            _D(forward=lambda body, x: body(x.permute(0, 3, 1, 2)).flatten()),
            _D(forward=lambda body, x: body(x.permute(0, 2, 3, 1)).flatten()),
        ),
    ),
    accepted=(
        _FunctionalD,
        _BlocksD,
        _LazyD,
        _D(bias=(0, 1, 2, 3)),
        _D(bias=(0, 2, 3), forward=lambda body, x: body(x).view(-1)),
        _D(forward=lambda body, x: body(x)[:, 0, 0, 0]),
        _D(forward=lambda body, x: body(x).squeeze(3).squeeze(2).squeeze(1)),
        _D(forward=lambda body, x: body(x).squeeze((1, 2, 3))),
        _D(forward=lambda body, x: body(x).reshape(len(x))),
        _D(geometry=(*D_GEOMETRY[:3], (4, 2, 0)), bend=lambda: nn.LeakyReLU(0.2, inplace=True)),
        _linear_end(_flat),
        edited(_Discriminator, ("return self.body(x).flatten()", "return self.body(x).mean(dim=(1, 2, 3))")),
    ),
)


class _FunctionalG(nn.Module):
    """The generator, written with functions, beginning with a linear layer, with biases before batch norm."""

    def __init__(self):
        super().__init__()
        self.z_dim = 100
        self.first = nn.Linear(100, 4096)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 4, 2, 1) for c in (128, 64))
        self.out = nn.ConvTranspose2d(64, 3, 4, 2, 1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in (256, 128, 64))

    def forward(self, z):
        h = functional.relu(self.norms[0](self.first(z).view(-1, 256, 4, 4)))
        for up, norm in zip(self.up, self.norms[1:], strict=True):
            h = norm(up(h)).clamp(min=0)
        return 2 * torch.sigmoid(2 * self.out(h)) - 1


class _ChannelsLastG(nn.Module):
    """The generator; its linear layer makes maps (N, 4, 4, 256), as other libraries would."""

    z_dim = 100

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(100, 4 * 4 * 256, bias=False)
        self.body = _G()().body[1:]

    def forward(self, z):
        return self.body(self.first(z).view(-1, 4, 4, 256).permute(0, 3, 1, 2))


class _BlocksG(nn.Module):
    """The generator as a list of blocks; the first one is a matrix, batch norm is made by hand."""

    z_dim = 100

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(100, 4096))
        norms = [nn.Sequential(_HandMadeNorm(c), nn.ReLU(True)) for c in (256, 128, 64)]
        pairs = ((256, 128), (128, 64), (64, 3))
        self.blocks = nn.ModuleList(
            nn.Sequential(norm, nn.ConvTranspose2d(a, b, 4, 2, 1)) for norm, (a, b) in zip(norms, pairs, strict=True)
        )

    def forward(self, z):
        h = (z @ self.matrix).reshape(len(z), 256, 4, 4)
        for block in self.blocks:
            h = block(h)
        return h.tanh()


def _linear_start(reshaped, linear=(100, 4096), more=list, bias=False):
    """Return a generator that begins with a linear layer; more: layers between that and the shape of maps."""

    def start():
        return [nn.Linear(*linear, bias=bias), *more(), reshaped]

    def make():
        return [*start(), *_G()().body[1:]]

    return _network(make, lambda body, z: body(z), z_dim=100)


def _without_first_norm(first_bend):
    def make():
        return [nn.Linear(100, 4096), nn.Unflatten(1, (256, 4, 4)), *first_bend, *_G()().body[3:]]

    return _network(make, lambda body, z: body(z), z_dim=100)


def _on_noise(reshape):
    return _G(forward=lambda body, z: body(reshape(z)))


class _Unflattened(nn.Module):
    def forward(self, h):
        return h.view(-1, 256, 4, 4)


ROWS = (
    "the noise comes as rows (N, 100); a transposed convolution wants maps (N, 100, 1, 1), 100 channels of one pixel. Reshape it "
    "in forward, before the first layer."
)
ORDINARY = (
    "ordinary convolutions (nn.Conv2d) stand where transposed ones should: these make maps smaller, G has to make them larger, with "
    "nn.ConvTranspose2d."
)

Generator = Exercise(
    name="Generator",
    reference=_Generator,
    points=3,
    cases=lambda seed, strict: _network_cases(
        seed, strict, (100,), (3, 32, 32), logits=False, slope=0.0, vectors=(3,), z_dim=True
    ),
    observe=observers.convolutional,
    look=NETWORK_LOOK,
    mistakes=(
        mistake(
            "upsampling makes the maps larger. Here the transposed convolutions do that themselves: stride=2.",
            _upsampling(lambda: nn.Upsample(scale_factor=2)),
            _upsampling(lambda: nn.Upsample(scale_factor=2, mode="bilinear")),
            _G(geometry=(*G_GEOMETRY[:3], (3, 1, 1)), end=lambda: [nn.Upsample(scale_factor=2), nn.Tanh()]),
            shows={"pooling or upsampling": "upsampling"},
        ),
        *_mistakes_of_both(_G, _Generator, (0, 1, 2), "self.body(z.view(-1, 100, 1, 1))"),
        mistake(
            ROWS,
            _on_noise(lambda z: z),
            shows={
                STOPPED: "RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv_transpose2d, but got input of size: [2, 100]"
            },
        ),
        mistake(
            ROWS,
            _on_noise(lambda z: z[:, :, None]),
            _on_noise(lambda z: z[:, None, None]),
            _on_noise(lambda z: z[None]),
            _on_noise(lambda z: z.view(-1, 10, 10)),
            _on_noise(lambda z: z.view(-1, 1, 10, 10)),
            _on_noise(lambda z: z[None, None]),
        ),
        mistake(
            "the noise of the whole batch is put into one image, or mixed up between the images: keep the batch in the first dimension, "
            "(N, 100, 1, 1).",
            _on_noise(lambda z: z.view(1, -1, 1, 1)),
            _on_noise(lambda z: z.T.reshape(-1, 100, 1, 1)),
            _on_noise(lambda z: z.T[None]),
            _on_noise(lambda z: z.T[:, :, None, None]),
        ),
        mistake(
            "the last layer is not bent by a tanh, so pixels leave the range from -1 to 1 that the real images have.",
            _G(end=list),
            _G(end=lambda: [nn.Identity()]),
        ),
        mistake(
            "a sigmoid ends the network: its pixels lie between 0 and 1. The real images lie between -1 and 1: nn.Tanh().",
            _G(end=lambda: [nn.Sigmoid()]),
        ),
        mistake(
            "the pixels are cut off at -1 and 1 instead of being bent there, so that no gradient comes back from a pixel beyond: nn.Tanh().",
            _G(end=lambda: [nn.Hardtanh()]),
            _G(forward=lambda body, z: body(z[:, :, None, None]).clamp(-1, 1), end=list),
        ),
        mistake(
            "the tanh stands there twice. Once is enough.",
            _G(end=lambda: [nn.Tanh(), nn.Tanh()]),
        ),
        mistake(
            "there is a ReLU between the last convolution and the tanh. It lets no pixel come near -1; leave it away.",
            _G(bent=(0, 1, 2, 3)),
        ),
        mistake(
            "the pixels are moved to lie between 0 and 1. The real images lie between -1 and 1, as the tanh's do; leave them as they are.",
            _G(forward=lambda body, z: (body(z[:, :, None, None]) + 1) / 2),
            _G(forward=lambda body, z: body(z[:, :, None, None]) * 0.5 + 0.5),
        ),
        *(
            mistake(
                "there is a LeakyReLU in it. The leaky one is D's: G has ReLU after each batch norm, and tanh at the end.",
                *_bent(_G, nn.ReLU, leaky),
                _G(end=lambda leaky=leaky: [leaky(), nn.Tanh()]),
                shows={OTHER_SLOPE: slope},
            )
            for leaky, slope in ((_leaky, "0.2"), (nn.LeakyReLU, "0.01"))
        ),
        mistake(
            "another activation stands where ReLU should.",
            *(_G(bend=bend) for bend in (nn.Tanh, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid)),
        ),
        mistake(
            "z_dim is missing or says something else. It is an attribute of the class, how many numbers of noise it takes: 100.",
            _G(z_dim=None),
            _G(z_dim=64),
            _G(z_dim="100"),
        ),
        mistake(
            "the images have one channel. In colour, they have three: red, green and blue.",
            _G(channels=(100, 256, 128, 64, 1)),
            shows={"channels of its convolutions": "1 and 64, 64 and 128, 100 and 256, 128 and 256"},
        ),
        mistake(
            "the convolutions have other numbers of channels than the table's: 100, 256, 128, 64 and 3.",
            *(
                _G(channels=channels)
                for channels in (
                    (100, 512, 256, 128, 3),
                    (100, 64, 128, 256, 3),
                    (100, 128, 64, 32, 3),
                    (100, 256, 256, 256, 3),
                    (64, 256, 128, 64, 3),
                )
            ),
        ),
        mistake(
            "there is one block too many, or one too few: from 1 pixel to 4, then three times twice as many.",
            _G(channels=(100, 128, 64, 3), geometry=G_GEOMETRY[1:], normed=(0, 1), bent=(0, 1)),
            _G(channels=(100, 256, 128, 3), geometry=G_GEOMETRY[1:], normed=(0, 1), bent=(0, 1)),
            _G(
                channels=(100, 512, 256, 128, 64, 3),
                geometry=(*G_GEOMETRY, (4, 2, 1)),
                normed=(0, 1, 2, 3),
                bent=(0, 1, 2, 3),
            ),
        ),
        mistake(
            "the first convolution does not make 4 × 4 of the one pixel: its stride is 1 and its padding 0. Padding cuts off the edge of what a "
            "transposed convolution makes.",
            _G(geometry=((4, 2, 1), *G_GEOMETRY[1:])),
            _G(geometry=((4, 1, 1), *G_GEOMETRY[1:])),
        ),
        *(
            mistake(
                f"the images are {side} × {side}: padding=1 is missing in a layer of stride 2. It cuts the edge off, so that 2n + 2 "
                "becomes 2n.",
                *(
                    _G(geometry=(G_GEOMETRY[0], *((4, 2, int(i not in without)) for i in (1, 2, 3))))
                    for without in several
                ),
                shows={"shape for a batch of 2": (2, 3, side, side)},
            )
            for side, several in (
                (40, [(1,)]),
                (36, [(2,)]),
                (34, [(3,)]),
                (44, [(1, 2)]),
                (42, [(1, 3)]),
                (38, [(2, 3)]),
                (46, [(1, 2, 3)]),
            )
        ),
        mistake(
            "the maps do not become twice as large in each step. (n - 1) · stride - 2 · padding + kernel is their new side: with kernel 4, "
            "which stride and which padding make 2n of n?",
            _G(geometry=((4, 1, 0),) + ((4, 1, 0),) * 3),
            _G(geometry=((4, 1, 0),) + ((4, 1, 1),) * 3),
            _G(geometry=((4, 1, 0),) + ((4, 2, 2),) * 3),
            _G(geometry=(*G_GEOMETRY[:3], (4, 1, 0))),
            _G(geometry=(*G_GEOMETRY[:3], (4, 1, 1))),
        ),
        *(
            mistake(
                ORDINARY,
                _network(
                    lambda first=first: [
                        first(100, 256, 4),
                        nn.BatchNorm2d(256),
                        nn.ReLU(),
                        nn.Conv2d(256, 128, 4, 2, 1),
                        nn.BatchNorm2d(128),
                        nn.ReLU(),
                        nn.Conv2d(128, 64, 4, 2, 1),
                        nn.BatchNorm2d(64),
                        nn.ReLU(),
                        nn.Conv2d(64, 3, 4, 2, 1),
                        nn.Tanh(),
                    ],
                    _on_maps,
                    z_dim=100,
                ),
                shows={
                    STOPPED: f"RuntimeError: Calculated padded input size per channel: ({side} x {side}). Kernel size: (4 x 4). "
                    "Kernel size can't be greater than actual input size"
                },
            )
            for first, side in ((nn.ConvTranspose2d, 3), (nn.Conv2d, 1))
        ),
        mistake(
            "the third transposed convolution has neither batch norm nor ReLU. “The same” in the table means its whole block: only the last "
            "one does without.",
            _G(normed=(0, 1), bent=(0, 1)),
            _G(normed=(0, 1), bent=(0, 1), bias=(0, 1, 2, 3)),
            _G(normed=(0, 1), bent=(0, 1), bias=(3,)),
        ),
        mistake(
            ORDINARY,
            _network(
                _layers(
                    nn.Conv2d,
                    (100, 256, 128, 64, 3),
                    G_GEOMETRY,
                    (0, 1, 2),
                    nn.ReLU,
                    (0, 1, 2),
                    nn.BatchNorm2d,
                    None,
                    {"end": _tanh},
                ),
                _on_maps,
                z_dim=100,
            ),
        ),
        mistake(
            "the images come out in another order of dimensions. PyTorch's is (N, 3, 32, 32): the colours before rows and columns.",
            _G(forward=lambda body, z: body(z[:, :, None, None]).permute(0, 2, 3, 1)),
            _G(forward=lambda body, z: body(z[:, :, None, None]).view(-1, 32, 32, 3)),
            _G(forward=lambda body, z: body(z[:, :, None, None]).mT),
        ),
        mistake(
            "the images come out flat. Return them as the last layer makes them, (N, 3, 32, 32).",
            _G(forward=lambda body, z: body(z[:, :, None, None]).flatten(1)),
        ),
        mistake(
            "a batch of one loses its batch dimension: .squeeze() removes every dimension of size 1. Return the images as the last layer makes "
            "them.",
            _G(forward=lambda body, z: body(z[:, :, None, None]).squeeze()),
        ),
        mistake(
            "batch norm takes each of the 4096 numbers of the linear layer for itself. It belongs to the 256 maps: reshape to "
            "(N, 256, 4, 4) first, then nn.BatchNorm2d(256).",
            _network(
                lambda: [
                    nn.Linear(100, 4096),
                    nn.BatchNorm1d(4096),
                    nn.ReLU(),
                    nn.Unflatten(1, (256, 4, 4)),
                    *_G()().body[3:],
                ],
                lambda body, z: body(z),
                z_dim=100,
            ),
            _network(
                lambda: [
                    nn.Linear(100, 4096, bias=False),
                    nn.BatchNorm1d(4096),
                    nn.Unflatten(1, (256, 4, 4)),
                    *_G()().body[2:],
                ],
                lambda body, z: body(z),
                z_dim=100,
            ),
        ),
        mistake(
            "the linear layer at the beginning lacks its batch norm, its ReLU or both. They come after it, once its numbers are maps "
            "(N, 256, 4, 4).",
            _without_first_norm(()),
            _without_first_norm((nn.ReLU(),)),
        ),
        mistake(
            "the linear layer is turned around: nn.Linear(inputs, outputs), from 100 numbers of noise to 256 · 4 · 4.",
            _linear_start(_Unflattened(), linear=(4096, 100)),
            _linear_start(_Unflattened(), linear=(4096, 100), bias=True),
        ),
        mistake(
            "the 4096 numbers of the linear layer are cut up in another way than (N, 256, 4, 4): first the channels, then rows and columns.",
            _linear_start(nn.Unflatten(1, (4, 4, 256))),
            _linear_start(nn.Unflatten(1, (4, 256, 4))),
            _linear_start(nn.Unflatten(1, (16, 16, 16))),
        ),
    ),
    accepted=(
        _FunctionalG,
        _ChannelsLastG,
        _BlocksG,
        _G(bias=(0, 1, 2, 3)),
        _G(bias=(0, 3), geometry=((4, 2, 0), *G_GEOMETRY[1:])),
        _on_noise(lambda z: z.unsqueeze(2).unsqueeze(3)),
        _on_noise(lambda z: z.reshape(z.shape[0], z.shape[1], 1, 1)),
        _on_noise(lambda z: z.unflatten(1, (100, 1, 1))),
        _linear_start(nn.Unflatten(1, (256, 4, 4))),
        _linear_start(_Unflattened(), bias=True),
        edited(
            _Generator,
            ("            nn.Tanh(),\n", ""),
            ("return self.body(z.view(-1, 100, 1, 1))", "return torch.tanh(self.body(z.view(-1, 100, 1, 1)))"),
        ),
    ),
)


# ---- relativistic losses ------------------------------------------------------------------------------------------


def _relativistic_losses(real_logits, fake_logits):
    """Return (d_loss, g_loss), both 0-d, for the logits (N,) of N real images and of as many fakes, in pairs."""
    gap = real_logits - fake_logits  # (N,)
    return softplus(-gap).mean(), softplus(gap).mean()


def _paired_cases(seed, strict):
    """One pair first, where a wrong number is easy to see; then batches; then logits that a sigmoid rounds to 0 or 1."""
    sizes = (1, 3, 8) if not strict else (1, 2, 5 + seed % 30, 200)
    pairs = [(drawn_logits(2 * seed, n), drawn_logits(2 * seed + 1, n)) for n in sizes]
    pairs = [(real, fake.where(fake != real, fake + 0.5)) for real, fake in pairs]  # a right loss may have a kink at 0
    pairs.append((torch.tensor([100.0, -100.0]), torch.tensor([-90.0, 110.0])))
    return [
        {
            "about": f"real_logits = {first_numbers(real)}, fake_logits = {first_numbers(fake)}",
            "logits": {"real_logits": real, "fake_logits": fake},
            "losses": ("d_loss", "g_loss"),
            "large": number == len(sizes),
        }
        for number, (real, fake) in enumerate(pairs)
    ]


def _observe_losses(answer, case, like):
    """As `observers.loss`; whether g_loss has a gradient in the real logits is left open: they do not depend on G."""
    seen = observers.loss(answer, case, like)
    return {name: value for name, value in seen.items() if not name.endswith("gradient of g_loss in real_logits")}


def _pairs(loss, other=None):
    """Return an answer: loss of a_real - a_fake for D, `other` (by default the same) of a_fake - a_real for G."""
    return lambda real, fake: (loss(real - fake), (other or loss)(fake - real))


def _right(gap):
    return softplus(-gap).mean()


def _cross_entropy(gap):
    return binary_cross_entropy_with_logits(gap, torch.ones_like(gap))


def _in_a_loop(real_logits, fake_logits):
    d_losses, g_losses = [], []
    for real, fake in zip(real_logits, fake_logits, strict=True):
        d_losses.append(torch.logaddexp(torch.zeros(()), fake - real))
        g_losses.append(torch.logaddexp(torch.zeros(()), real - fake))
    return sum(d_losses) / len(d_losses), sum(g_losses) / len(g_losses)


def _real_held(real_logits, fake_logits):
    return _right(real_logits - fake_logits), _right(fake_logits - real_logits.detach())


relativistic_losses = Exercise(
    name="relativistic_losses",
    reference=_relativistic_losses,
    points=2,
    cases=_paired_cases,
    observe=_observe_losses,
    look={
        "what it returns": "Return both losses, d_loss first: return d_loss, g_loss.",
        "what d_loss is": "Both losses are tensors with a single number, as .mean() makes them.",
        "what g_loss is": "Both losses are tensors with a single number, as .mean() makes them.",
        "": "For each pair, the difference of the two logits; softplus of that, with which sign for D and with which for G?; "
        "then the mean over the pairs.",
    },
    mistakes=(
        mistake(
            "the two losses are exchanged, or the sign is: D's loss is to be small where the real image of a pair has the higher logit.",
            lambda real, fake: (_right(fake - real), _right(real - fake)),
            lambda real, fake: (softplus(real - fake).mean(), softplus(fake - real).mean()),
            lambda real, fake: (_cross_entropy(fake - real), _cross_entropy(real - fake)),
        ),
        mistake(
            "both losses are the same. What D wants, G does not: the difference has another sign for G.",
            lambda real, fake: (_right(real - fake), _right(real - fake)),
            lambda real, fake: (_right(fake - real),) * 2,
        ),
        mistake(
            "G's loss is minus D's. That is the minimax game, where G has no slope while D wins; for G, exchange the roles of real and "
            "fake in softplus instead.",
            lambda real, fake: (_right(real - fake), -_right(real - fake)),
            lambda real, fake: (_cross_entropy(real - fake), torch.log(1 - torch.sigmoid(fake - real)).mean()),
        ),
        mistake(
            "the logits are judged one by one, as in the lessons before: the losses should know only the difference between the two of a pair.",
            lambda real, fake: (softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()),
            lambda real, fake: ((softplus(-real).mean() + softplus(fake).mean()) / 2, softplus(-fake).mean()),
            lambda real, fake: (
                softplus(-real).mean() + softplus(fake).mean(),
                softplus(-fake).mean() + softplus(real).mean(),
            ),
        ),
        mistake(
            "D's loss is right, and G's is the one of the lessons before: G, too, is to look at the difference between fake and real.",
            lambda real, fake: (_right(real - fake), softplus(-fake).mean()),
            lambda real, fake: (_right(real - fake), softplus(-(fake - real.mean())).mean()),
        ),
        mistake(
            "a logit is compared with the mean of the others, not with its partner. That is another relativistic loss, the one with averages "
            "(RaGAN); here pair i is real i with fake i.",
            lambda real, fake: (_right(real - fake.mean()), _right(fake - real.mean())),
            lambda real, fake: (
                _right(real - fake.mean()) + softplus(fake - real.mean()).mean(),
                _right(fake - real.mean()) + softplus(real - fake.mean()).mean(),
            ),
            lambda real, fake: (
                (_right(real - fake.mean()) + softplus(fake - real.mean()).mean()) / 2,
                (_right(fake - real.mean()) + softplus(real - fake.mean()).mean()) / 2,
            ),
        ),
        mistake(
            "every real image is compared with every fake, in a table (N, N). Pair i is real i with fake i: subtract (N,) from (N,).",
            lambda real, fake: (_right(real[:, None] - fake), _right(fake - real[:, None])),
            lambda real, fake: (_right(real[:, None] - fake[None]), _right(fake[:, None] - real[None])),
        ),
        mistake(
            "the pairs are mixed up: real i belongs to fake i.",
            lambda real, fake: (_right(real - fake.flip(0)), _right(fake - real.flip(0))),
            lambda real, fake: (
                _right(real.sort().values - fake.sort().values),
                _right(fake.sort().values - real.sort().values),
            ),
            lambda real, fake: (_right(real - fake.roll(1)), _right(fake - real.roll(1))),
        ),
        mistake(
            f"{ROUNDED}",
            _pairs(lambda gap: -torch.sigmoid(gap).log().mean()),
            _pairs(lambda gap: torch.log(1 + torch.exp(-gap)).mean()),
            _pairs(lambda gap: -torch.log(torch.sigmoid(gap) + 1e-8).mean()),
            _pairs(lambda gap: -torch.log(torch.sigmoid(gap).clamp(1e-7, 1 - 1e-7)).mean()),
            _pairs(lambda gap: functional.binary_cross_entropy(torch.sigmoid(gap), torch.ones_like(gap))),
            _pairs(lambda gap: torch.log1p(torch.exp(-gap)).mean()),
        ),
        mistake(
            "the logits or their difference go through a sigmoid before softplus, which squashes them twice. Leave the sigmoid away.",
            lambda real, fake: (_right(real.sigmoid() - fake.sigmoid()), _right(fake.sigmoid() - real.sigmoid())),
            _pairs(lambda gap: _right(gap.sigmoid())),
            _pairs(lambda gap: _cross_entropy(gap.sigmoid())),
        ),
        mistake(
            SUMMED, _pairs(lambda gap: softplus(-gap).sum()), _pairs(lambda gap: -functional.logsigmoid(gap).sum())
        ),
        mistake(EACH, _pairs(lambda gap: softplus(-gap)), _pairs(lambda gap: -functional.logsigmoid(gap))),
        mistake(
            "the mean is taken too early: first the softplus of each pair's difference, then the mean of those.",
            _pairs(lambda gap: softplus(-gap.mean())),
            lambda real, fake: (softplus(fake.mean() - real.mean()), softplus(real.mean() - fake.mean())),
        ),
        mistake(
            "the losses are below 0: a minus is missing. The logarithm of a probability is negative, and its loss is minus that.",
            _pairs(lambda gap: functional.logsigmoid(gap).mean()),
            _pairs(lambda gap: -softplus(-gap).mean()),
        ),
        mistake(
            "the losses are the differences themselves, without softplus. That is a Wasserstein critic's loss, which needs a bound on D's slope.",
            _pairs(lambda gap: -gap.mean()),
        ),
        mistake(
            "another function than softplus is taken of the difference: a square, a hinge, an exponential or a sigmoid.",
            _pairs(lambda gap: (gap - 1).square().mean()),
            _pairs(lambda gap: torch.relu(1 - gap).mean()),
            _pairs(lambda gap: torch.relu(-gap).mean()),
            _pairs(lambda gap: torch.exp(-gap).mean()),
            _pairs(lambda gap: torch.sigmoid(-gap).mean()),
        ),
        mistake(
            "the losses are half as large, or twice as large, as they should be. There is one softplus for each pair; then take the mean over pairs.",
            _pairs(lambda gap: softplus(-gap).mean() / 2),
            _pairs(lambda gap: 2 * softplus(-gap).mean()),
            lambda real, fake: (
                softplus(-(real - fake)).sum() / (2 * len(real)),
                softplus(-(fake - real)).sum() / (2 * len(real)),
            ),
        ),
        mistake(
            "both signs of the difference are added up, so that the loss does not care which of the two is real.",
            lambda real, fake: ((_right(real - fake) + _right(fake - real)),) * 2,
            lambda real, fake: ((_right(real - fake) + _right(fake - real)) / 2,) * 2,
            _pairs(lambda gap: softplus(-gap.abs()).mean()),
        ),
        mistake(
            "the logits are added, not subtracted. The loss should know only the difference between the two of a pair.",
            lambda real, fake: (softplus(-(real + fake)).mean(), softplus(real + fake).mean()),
            lambda real, fake: (_right(real + fake), _right(fake + real)),
        ),
        mistake(
            NO_GRADIENT,
            lambda real, fake: tuple(loss.detach() for loss in _relativistic_losses(real, fake)),
            lambda real, fake: tuple(loss.item() for loss in _relativistic_losses(real, fake)),
            lambda real, fake: tuple(torch.tensor(loss.item()) for loss in _relativistic_losses(real, fake)),
        ),
        mistake(
            "the logits of the fakes are cut off in D's loss. D learns from both logits of a pair; what is detached in D's turn is the fake "
            "image, outside of this function.",
            lambda real, fake: (_right(real - fake.detach()), _right(fake - real)),
            lambda real, fake: (_right(real - fake.detach()), _right(fake - real.detach())),
        ),
        mistake(
            "the logits of the fakes are cut off in G's loss, so that nothing would reach G.",
            lambda real, fake: (_right(real - fake), _right(fake.detach() - real)),
            lambda real, fake: (_right(real - fake.detach()), _right(fake.detach() - real)),
        ),
        mistake(
            "the two losses come back as one number. Return both: return d_loss, g_loss.",
            lambda real, fake: sum(_relativistic_losses(real, fake)),
            lambda real, fake: _right(real - fake),
            lambda real, fake: torch.stack(_relativistic_losses(real, fake)),
            shows={"what it returns": "a tensor"},
        ),
        mistake(
            "nothing comes back. Is the `return` missing?",
            lambda real, fake: None,
            shows={"what it returns": "nothing: is the `return` missing?"},
        ),
    ),
    accepted=(
        _pairs(_right),
        _pairs(_cross_entropy),
        _pairs(lambda gap: -functional.logsigmoid(gap).mean()),
        _pairs(lambda gap: by_hand(-gap).mean()),
        _pairs(lambda gap: softplus(-gap).sum() / len(gap)),
        lambda real, fake: [softplus(fake - real).mean(), softplus(real - fake).mean()],
        lambda real, fake: (
            binary_cross_entropy_with_logits(real - fake, torch.ones(len(real))),
            binary_cross_entropy_with_logits(real - fake, torch.zeros(len(real))),
        ),
        _in_a_loop,
        _real_held,
    ),
)


# ---- average of weights -------------------------------------------------------------------------------------------


def _update_average(average, G, decay):
    """Move the average of G's weights, in place: decay · average + (1 - decay) · G. Buffers are copied from G."""
    with torch.no_grad():
        for mean, new in zip(average.parameters(), G.parameters(), strict=True):
            mean.mul_(decay).add_(new, alpha=1 - decay)
        for mean, new in zip(average.buffers(), G.buffers(), strict=True):
            mean.copy_(new)


class _Small(nn.Sequential):
    """Several kinds of layers, and a parameter and a buffer that belong to none of them."""

    def __init__(self):
        super().__init__(
            nn.Linear(3, 8),
            nn.Unflatten(1, (2, 2, 2)),
            nn.ConvTranspose2d(2, 3, 2),
            nn.BatchNorm2d(3),
            nn.ReLU(),
            nn.ConvTranspose2d(3, 1, 2),
        )
        self.level = nn.Parameter(torch.zeros(2))
        self.register_buffer("spread", torch.ones(2))


def _small_generator(seed, frozen, training):
    """Return a function that makes a small generator with batch norm whose numbers all depend on the seed."""

    def make():
        network = _Small()
        with torch.no_grad():
            for i, value in enumerate((*network.parameters(), *network.buffers())):
                if value.is_floating_point():
                    value.copy_(1 + randn(100 * seed + i, *value.shape).abs())
                else:
                    value.fill_(10 + seed % 1000)
        return network.requires_grad_(not frozen).train(training)

    return make


def _average_cases(seed, strict):
    plans = [(0.75, True, False, 1), (0.5, False, True, 1), (0.999, True, True, 2)]
    if strict:
        plans = [
            (0.9, False, False, 1),
            (0.1, True, True, 1),
            (0.97, False, True, 1),
            (0.99, True, False, 3),
            (0.3, False, True, 2),
        ]
    return [
        {
            "about": f"a small network with a linear layer, convolutions, batch norm, and a parameter and a buffer of its own, decay = {decay}, {calls} call{'s' * (calls > 1)}; the average's parameters "
            f"{'ask for no gradient' if frozen else 'ask for gradients'}",
            "average": _small_generator(2 * seed + 1_000 * i, frozen, training),
            "G": _small_generator(2 * seed + 1 + 1_000 * i, frozen=False, training=True),
            "decay": decay,
            "calls": calls,
        }
        for i, (decay, frozen, training, calls) in enumerate(plans)
    ]


def _average_of(parameters=None, buffers=None, grad=False):
    """Return an answer that does something to each pair of parameters, then of buffers, with or without a graph."""

    def answer(average, G, decay):
        with torch.set_grad_enabled(grad):
            for mean, new in zip(average.parameters(), G.parameters(), strict=True):
                (parameters or _moved)(mean, new, decay)
            for mean, new in zip(average.buffers(), G.buffers(), strict=True):
                (buffers or _copied)(mean, new, decay)

    return answer


def _moved(mean, new, decay):
    mean.copy_(decay * mean + (1 - decay) * new)


def _swapped(mean, new, decay):
    mean.copy_(decay * new + (1 - decay) * mean)


def _copied(mean, new, decay):
    mean.copy_(new)


def _nothing(mean, new, decay):
    pass


def _data(make):
    def change(mean, new, decay):
        mean.data = make(mean.data, new.data, decay)

    return change


def _averaged_floats(mean, new, decay):
    if mean.is_floating_point():
        _moved(mean, new, decay)
    else:
        mean.copy_(new)


def _only_floats(mean, new, decay):
    if mean.is_floating_point():
        mean.copy_(new)


def _only(wanted):
    def answer(average, G, decay):
        with torch.no_grad():
            pairs = zip(average.named_parameters(), G.parameters(), strict=True)
            for (name, mean), new in pairs:
                if wanted(name, mean):
                    _moved(mean, new, decay)
        _average_of(_nothing)(average, G, decay)

    return answer


def _whole_state(average, G, decay):
    with torch.no_grad():
        new = G.state_dict()
        for name, value in average.state_dict().items():
            value.copy_(decay * value + (1 - decay) * new[name])


def _assigned(average, G, decay):
    for mean, new in zip(average.modules(), G.modules(), strict=True):
        for name, value in new.named_parameters(recurse=False):
            setattr(mean, name, decay * getattr(mean, name) + (1 - decay) * value)
    _average_of(_nothing)(average, G, decay)


def _weights_assigned(average, G, decay):
    for mean, new in zip(average.modules(), G.modules(), strict=True):
        if hasattr(mean, "weight"):
            mean.weight = decay * mean.weight + (1 - decay) * new.weight


def _with_layers(kinds=nn.Module, buffers=None, names=None, children=False):
    """Return an answer that goes from layer to layer, and so leaves something out.

    kinds: of layers that it knows; names: of parameters that it knows; buffers: a function for them, by default the layers'.
    """

    def answer(average, G, decay):
        layers = (n.children() if children else n.modules() for n in (average, G))
        with torch.no_grad():
            for layer, other in zip(*layers, strict=True):
                if not isinstance(layer, kinds):
                    continue
                new = dict(other.named_parameters(recurse=children))
                for name, mean in layer.named_parameters(recurse=children):
                    if names is None or name in names:
                        _moved(mean, new[name], decay)
                if buffers is None:
                    new = dict(other.named_buffers(recurse=children))
                    for name, mean in layer.named_buffers(recurse=children):
                        if names is None or name in names:
                            mean.copy_(new[name])
        if buffers is not None:
            buffers(average, G, decay)

    return answer


def _buffers_of_norms(names=("running_mean", "running_var", "num_batches_tracked")):
    def answer(average, G, decay):
        _average_of(buffers=_nothing)(average, G, decay)
        for layer, other in zip(average.modules(), G.modules(), strict=True):
            if isinstance(layer, nn.BatchNorm2d):
                for name in names:
                    getattr(layer, name).copy_(getattr(other, name))

    return answer


_all_buffers = _average_of(_nothing)
_no_buffers = _average_of(_nothing, _nothing)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def _wrapped(average, G, decay):
    for mean, new in zip(average.modules(), G.modules(), strict=True):
        for name, value in list(new.named_parameters(recurse=False)):
            old = getattr(mean, name)
            setattr(mean, name, nn.Parameter((decay * old + (1 - decay) * value).detach(), old.requires_grad))
    _average_of(_nothing)(average, G, decay)


@torch.no_grad()
def _lerp_everywhere(average, G, decay):
    for mean, new in zip(average.state_dict().values(), G.state_dict().values(), strict=True):
        mean.lerp_(new, 1 - decay)


def _in_place_everywhere(average, G, decay):
    with torch.no_grad():
        new = G.state_dict()
        for name, value in average.state_dict().items():
            value.mul_(decay).add_((1 - decay) * new[name])


def _by_loading(average, G, decay):
    state, new = average.state_dict(), G.state_dict()
    names = {name for name, _ in average.named_parameters()}
    average.load_state_dict({n: decay * state[n] + (1 - decay) * v if n in names else v for n, v in new.items()})


def _by_lerp(average, G, decay):
    weights = dict(average.named_parameters())
    state = average.state_dict()
    with torch.no_grad():
        for name, value in G.state_dict().items():
            if name in weights:
                state[name].lerp_(value, 1 - decay)
            else:
                state[name].copy_(value)


def _by_data(average, G, decay):
    for mean, new in zip(average.parameters(), G.parameters(), strict=True):
        mean.data = mean.data * decay + new.data * (1 - decay)
    for mean, new in zip(average.buffers(), G.buffers(), strict=True):
        mean.data = new.data.clone()


@torch.no_grad()
def _decorated(average, G, decay):
    for mean, new in zip(average.parameters(), G.parameters(), strict=True):
        mean += (1 - decay) * (new - mean)
    for mean, new in zip(average.buffers(), G.buffers(), strict=True):
        mean[...] = new
    return average


def _by_foreach(average, G, decay):
    with torch.no_grad():
        torch._foreach_lerp_(list(average.parameters()), list(G.parameters()), 1 - decay)
    for mean, new in zip(average.buffers(), G.buffers(), strict=True):
        mean.copy_(new)


def _by_module(average, G, decay):
    with torch.no_grad():
        for layer, other in zip(average.modules(), G.modules(), strict=True):
            for name, mean in layer.named_parameters(recurse=False):
                mean.copy_(mean * decay + getattr(other, name) * (1 - decay))
            for name, _ in layer.named_buffers(recurse=False):
                setattr(layer, name, getattr(other, name).clone())


def _shared_buffers(average, G, decay):
    _average_of(buffers=_nothing)(average, G, decay)
    for layer, other in zip(average.modules(), G.modules(), strict=True):
        for name, buffer in other.named_buffers(recurse=False):
            setattr(layer, name, buffer)


def _new_parameters(average, G, decay):
    for layer, other in zip(average.modules(), G.modules(), strict=True):
        for name, mean in list(layer.named_parameters(recurse=False)):
            new = decay * mean + (1 - decay) * getattr(other, name)
            delattr(layer, name)
            setattr(layer, name, new)
    for mean, new in zip(average.buffers(), G.buffers(), strict=True):
        mean.copy_(new)


def _then(change):
    """Return an answer that is right and does something more."""

    def answer(average, G, decay):
        _update_average(average, G, decay)
        change(average, G)

    return answer


update_average = Exercise(
    name="update_average",
    reference=_update_average,
    points=2,
    cases=_average_cases,
    observe=observers.moving_average,
    look={
        "the average's parameters": "The average should have the parameters that it had, with other numbers in them.",
        "G afterwards": "G is only read.",
        "gradients of G": "G is only read; its gradients, too, stay as they are.",
        "modes": "Neither network changes its mode here: no .train() and no .eval().",
        "which of": "What asks for a gradient is not for this function to change.",
        "": "Parameters: decay · average + (1 - decay) · G, written into the average in place. Buffers: a copy of G's numbers.",
    },
    mistakes=(
        mistake(
            "no number of the average has changed. `p = ...` only gives a name to a new tensor: write the new numbers into the average's own "
            "tensors, with functions whose names end in _ , such as mul_, add_, lerp_ or copy_.",
            lambda average, G, decay: None,
            _average_of(lambda mean, new, decay: decay * mean + (1 - decay) * new, _nothing),
            lambda average, G, decay: _update_average(copy.deepcopy(average), G, decay),
            shows={"the average": "no number has changed", "G afterwards": "unchanged"},
        ),
        mistake(
            "no parameter of the average has changed, only its buffers have. `p = ...` gives a name to a new tensor: write the new numbers into "
            "the average's own parameters, with functions whose names end in _ , such as mul_, add_, lerp_ or copy_.",
            _average_of(_nothing),
        ),
        mistake(
            "G has changed. It is only read; the average is what moves. Which of the two do you write into?",
            lambda average, G, decay: _update_average(G, average, decay),
            lambda average, G, decay: _update_average(G, average, 1 - decay),
            _average_of(lambda mean, new, decay: mean.add_(new.mul_(1 - decay), alpha=1).sub_((1 - decay) * mean)),
            _average_of(buffers=lambda mean, new, decay: new.copy_(mean)),
            shows={"G afterwards": "changed"},
        ),
        *(
            mistake(
                "PyTorch writes down a graph of this arithmetic: it would grow with every step, and a parameter that asks for gradients cannot "
                "be changed in place meanwhile. Put it under torch.no_grad().",
                _average_of(lambda mean, new, decay: mean.mul_(decay).add_(new, alpha=1 - decay), grad=True),
                _average_of(grad=True),
                _average_of(lambda mean, new, decay: mean.lerp_(new, 1 - decay), grad=True),
                shows=shows,
            )
            for shows in (
                {"a graph behind the average": "kept in memory"},
                {STOPPED: "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation."},
            )
        ),
        mistake(
            "the average and G share memory: where G's own tensor is put into the average, it moves with G from then on. Copy the numbers: copy_.",
            _shared_buffers,
            _average_of(buffers=_data(lambda mean, new, decay: new)),
            _average_of(_data(lambda mean, new, decay: new), _copied),
            shows={"the average, when G moves on": "moves with it: it shares memory with G"},
        ),
        mistake(
            "the average gets new tensors for parameters, and so the old ones, which others may hold, stay behind: write into those it has.",
            _new_parameters,
            _wrapped,
            lambda average, G, decay: average.load_state_dict(
                {
                    n: decay * v + (1 - decay) * G.state_dict()[n]
                    if v.dim() and "running" not in n
                    else G.state_dict()[n].clone()
                    for n, v in average.state_dict().items()
                },
                assign=True,
            ),
            shows={"the average's parameters": "others: they were to change in place"},
        ),
        mistake(
            "a tensor cannot be assigned where a parameter stands. Write its numbers into the parameter: copy_.",
            _assigned,
            shows={
                STOPPED: "TypeError: cannot assign 'torch.FloatTensor' as parameter 'level' (torch.nn.Parameter or None expected)"
            },
        ),
        mistake(
            "a tensor cannot be assigned where a parameter stands. Write its numbers into the parameter: copy_.",
            _weights_assigned,
            shows={
                STOPPED: "TypeError: cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or None expected)"
            },
        ),
        *(
            mistake(
                "the counter of batch norm (num_batches_tracked) is a whole number, and there is no average of it: buffers, unlike "
                "parameters, are copied.",
                answer,
                shows={STOPPED: error},
            )
            for answer, error in (
                (_in_place_everywhere, "RuntimeError: result type Float can't be cast to the desired output type Long"),
                (_lerp_everywhere, "NotImplementedError: \"lerp_kernel_scalar\" not implemented for 'Long'"),
            )
        ),
        mistake(
            "the mode of a network has changed, by train() or eval(). Leave both as they are.",
            _then(lambda average, G: average.eval()),
            _then(lambda average, G: G.eval()),
            _then(lambda average, G: (average.eval(), G.eval())),
            shows={"modes of the two networks": "changed"},
        ),
        mistake(
            "G's gradients have changed, or it does not ask for any afterwards. G is only read.",
            _then(lambda average, G: G.zero_grad()),
            _then(lambda average, G: G.requires_grad_(False)),
            shows={"gradients of G": "changed"},
        ),
        mistake(
            "another set of the average's parameters asks for gradients than before. Leave requires_grad alone; torch.no_grad() is enough.",
            _then(lambda average, G: average.requires_grad_(False)),
            _then(lambda average, G: average.requires_grad_(True)),
            shows={"which of the average's parameters ask for a gradient": "others"},
        ),
        mistake(
            "decay stands at the wrong one: the larger decay is, the more of the old average remains.",
            *(_average_of(_swapped, buffers) for buffers in (None, _nothing, _averaged_floats)),
            _average_of(lambda mean, new, decay: mean.lerp_(new, decay)),
        ),
        mistake(
            "the buffers are forgotten. Batch norm's running averages are not parameters, and without them the average of weights draws with "
            "statistics of an untrained network: copy G's.",
            _average_of(buffers=_nothing),
        ),
        mistake(
            "the buffers are averaged as the parameters are. They are to be copied: batch norm's running statistics are averages already.",
            _average_of(buffers=_averaged_floats),
            _average_of(buffers=_moved),
            _average_of(
                buffers=lambda mean, new, decay: _moved(mean, new, decay) if mean.is_floating_point() else None
            ),
            _whole_state,
        ),
        mistake(
            "batch norm's counter is not copied. It is a buffer as well: go over all of .buffers().",
            _average_of(buffers=_only_floats),
        ),
        mistake(
            "the parameters are copied, not averaged: the old average is lost at every call.",
            lambda average, G, decay: average.load_state_dict(G.state_dict()) and None,
            _average_of(_copied),
        ),
        mistake(
            "the two parts do not add up to a whole: decay of the old average and 1 - decay of G's weights.",
            _average_of(lambda mean, new, decay: mean.mul_(decay).add_(new)),
            _average_of(lambda mean, new, decay: mean.add_(new, alpha=1 - decay)),
            _average_of(lambda mean, new, decay: mean.mul_(decay)),
            _average_of(lambda mean, new, decay: mean.mul_(decay).sub_(new, alpha=1 - decay)),
            _average_of(lambda mean, new, decay: mean.mul_(decay).add_(new, alpha=decay)),
        ),
        mistake(
            "the average has changed already when it is used a second time. In place, the second step sees the first one's result.",
            _average_of(lambda mean, new, decay: mean.mul_(decay).add_((1 - decay) * mean)),
            _average_of(lambda mean, new, decay: mean.copy_(new).mul_(1 - decay).add_(decay * mean)),
        ),
        mistake(
            "`decay` is not used as it is given: another number, or a half, stands in its place.",
            *(
                _average_of(lambda mean, new, decay, other=other: _moved(mean, new, other))
                for other in (0.999, 0.99, 0.95)
            ),
            _average_of(lambda mean, new, decay: mean.add_(new).div_(2)),
        ),
        mistake(
            "only some of the parameters move: those that ask for gradients. The average's need not ask; go over all of .parameters().",
            _only(lambda name, p: p.requires_grad),
        ),
        mistake(
            "only the layers of some kinds are looked at, and others are left out. A network may hold nn.Linear, and parameters and "
            "buffers of its own: average.parameters() and average.buffers() go over all of them.",
            *(
                _with_layers(kinds, buffers)
                for kinds in (
                    (*CONVOLUTIONS, nn.BatchNorm2d),
                    (*CONVOLUTIONS, nn.Linear),
                    CONVOLUTIONS,
                    nn.ConvTranspose2d,
                    nn.Linear,
                    nn.BatchNorm2d,
                )
                for buffers in (None, _all_buffers)
            ),
            _with_layers((*CONVOLUTIONS, nn.BatchNorm2d), _no_buffers),
        ),
        mistake(
            "what the network holds by itself, outside of its layers, is left out: a nn.Parameter or a buffer that is an attribute of its "
            "own. .children() and the like do not see it; average.parameters() and average.buffers() go over everything.",
            _with_layers(children=True),
            _with_layers(children=True, buffers=_all_buffers),
            _with_layers(children=True, buffers=_no_buffers),
            _with_layers((*CONVOLUTIONS, nn.BatchNorm2d, nn.Linear)),
            _with_layers((*CONVOLUTIONS, nn.BatchNorm2d, nn.Linear), _all_buffers),
            _with_layers(names=("weight", "bias", "running_mean", "running_var", "num_batches_tracked")),
            _with_layers(names=("weight", "bias", "running_mean", "running_var")),
        ),
        mistake(
            "only batch norm's buffers are copied, or some of them. There may be others: go over all of average.buffers().",
            _buffers_of_norms(),
            _buffers_of_norms(("running_mean", "running_var")),
            _average_of(_moved, lambda mean, new, decay: None if mean.shape == (2,) else mean.copy_(new)),
        ),
        mistake(
            "only some of the parameters move. Biases, and batch norm's scale and shift, are parameters as well: go over all of .parameters().",
            _only(lambda name, p: name.endswith("weight")),
            _only(lambda name, p: p.dim() > 1),
            _only(lambda name, p: not name.startswith("3.")),
        ),
    ),
    accepted=(
        _by_loading,
        _by_lerp,
        _by_data,
        _decorated,
        _by_foreach,
        _by_module,
        _average_of(),
        _average_of(_data(lambda mean, new, decay: decay * mean + (1 - decay) * new)),
    ),
)
