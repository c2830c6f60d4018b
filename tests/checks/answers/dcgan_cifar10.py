"""Answers to the exercises of lesson 6 that are right, or wrong in a way that no mistake of the check describes."""

import torch
from torch import nn
from torch.nn import functional

# ---- transposed_conv ------------------------------------------------------------------------------------------------

BY_KERNEL_PLACE = """
(H, W), (k, m) = x.shape, kernel.shape
result = torch.zeros((H - 1) * stride + k, (W - 1) * stride + m)
for a in range(k):
    for b in range(m):
        result[a : a + (H - 1) * stride + 1 : stride, b : b + (W - 1) * stride + 1 : stride] += kernel[a, b] * x
return result
"""
WITH_LISTS = """
(H, W), (k, m) = x.shape, kernel.shape
rows = [[0.0] * ((W - 1) * stride + m) for _ in range((H - 1) * stride + k)]
for i, row in enumerate(x.tolist()):
    for j, number in enumerate(row):
        for a, line in enumerate(kernel.tolist()):
            for b, weight in enumerate(line):
                rows[i * stride + a][j * stride + b] += number * weight
return torch.tensor(rows)
"""
FOLDED = """
columns = torch.outer(kernel.flatten(), x.flatten())
size = [(n - 1) * stride + k for n, k in zip(x.shape, kernel.shape)]
return F.fold(columns[None], size, kernel.shape, stride=stride)[0, 0]
"""
AS_A_GRADIENT = """
image = x.new_zeros([(n - 1) * stride + k for n, k in zip(x.shape, kernel.shape)]).requires_grad_()
F.conv2d(image[None, None], kernel[None, None], stride=stride)[0, 0].backward(x)
return image.grad
"""
SLIDING = """
(H, W), (k, m) = x.shape, kernel.shape
wide = x.new_zeros((H - 1) * stride + 1, (W - 1) * stride + 1)
wide[::stride, ::stride] = x
return F.conv2d(F.pad(wide, (m - 1, m - 1, k - 1, k - 1))[None, None], kernel.flip(0, 1)[None, None])[0, 0]
"""

# ---- batch_norm -----------------------------------------------------------------------------------------------------

BY_LAYER = """
layer = nn.BatchNorm2d(x.shape[1], affine=False).train(training)
layer.running_mean, layer.running_var = running_mean.clone(), running_var.clone()
return layer(x), layer.running_mean, layer.running_var
"""
BY_FUNCTION = """
running_mean, running_var = running_mean.clone(), running_var.clone()
return F.batch_norm(x, running_mean, running_var, training=training), running_mean, running_var
"""
BY_CHANNEL = """
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
"""
WITH_ROWS = """
rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
m, v = (rows.mean(0), rows.var(0, unbiased=False)) if training else (running_mean, running_var)
y = ((rows - m) / (v + 1e-5) ** 0.5).reshape(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2)
if training:
    with torch.no_grad():
        running_mean, running_var = torch.lerp(running_mean, m, 0.1), 0.9 * running_var + 0.1 * v * len(rows) / (len(rows) - 1)
return [y, running_mean, running_var]
"""
MOMENTS = "mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)"

# ---- saliency -------------------------------------------------------------------------------------------------------

ON_A_COPY = """
D, x = copy.deepcopy(D).eval(), images.clone().requires_grad_()
D(x).sum().backward()
return x.grad.abs().max(dim=1).values
"""
ONE_BY_ONE = """
modes = {module: module.training for module in D.modules()}
D.eval()
maps = []
for image in images:
    x = image[None].clone().requires_grad_()
    maps.append(torch.autograd.grad(D(x), x)[0][0].abs().max(0)[0])
for module, mode in modes.items():
    module.training = mode
return torch.stack(maps)
"""
BY_JACOBIAN = """
was = D.training
D.eval()
slopes = torch.autograd.functional.jacobian(lambda x: D(x), images)
D.train(was)
return torch.stack([slopes[i, i].abs().amax(0) for i in range(len(images))])
"""
BY_FUNC = """
D = copy.deepcopy(D).eval()
gradients = torch.func.vmap(torch.func.grad(lambda x: D(x[None])[0]))(images)
return torch.maximum(gradients, -gradients).amax(dim=1).detach()
"""
PUT_BACK = """
was, kept = D.training, [p.grad for p in D.parameters()]
D.zero_grad()
x = images.clone().requires_grad_()
D.eval()(x).sum().backward()
D.train(was)
for p, grad in zip(D.parameters(), kept):
    p.grad = grad
return x.grad.abs().amax(-3)
"""
FROZEN_FOR_A_WHILE = """
was, asked = D.training, [p.requires_grad for p in D.parameters()]
D.eval().requires_grad_(False)
images.requires_grad_()
(gradient,) = torch.autograd.grad(D(images), images, torch.ones(len(images)))
images.requires_grad_(False)
D.train(was)
for p, asks in zip(D.parameters(), asked):
    p.requires_grad_({asks})
return gradient.abs().amax(1)
"""
BY_BACKWARD = "images = images.clone().requires_grad_()\nD(images).sum().backward()\nreturn images.grad.abs().amax(1)"
MAP, ASKED = "gradient.abs().amax(1)", "torch.autograd.grad(D(x).sum(), x)"

# ---- spectral_step --------------------------------------------------------------------------------------------------


# ---- relativistic_losses, update_average ------------------------------------------------------------------------------

BY_LOADING = """
state, new = average.state_dict(), G.state_dict()
names = {name for name, _ in average.named_parameters()}
average.load_state_dict({n: decay * state[n] + (1 - decay) * v if n in names else v for n, v in new.items()})
"""
BY_DATA = """
for mean, new in zip(average.parameters(), G.parameters()):
    mean.data = mean.data * decay + new.data * (1 - decay)
for mean, new in zip(average.buffers(), G.buffers()):
    mean.data = new.data.clone()
return average
"""
BY_MODULE = """
with torch.no_grad():
    for layer, other in zip(average.modules(), G.modules()):
        for name, mean in layer.named_parameters(recurse=False):
            mean.copy_(mean * decay + getattr(other, name) * (1 - decay))
        for name, _ in layer.named_buffers(recurse=False):
            setattr(layer, name, getattr(other, name).clone())
"""
BY_FOREACH = """
with torch.no_grad():
    torch._foreach_lerp_(list(average.parameters()), list(G.parameters()), 1 - decay)
for mean, new in zip(average.buffers(), G.buffers()):
    mean[...] = new
"""
SHARED_BUFFERS = """
with torch.no_grad():
    for mean, new in zip(average.parameters(), G.parameters()):
        mean.lerp_(new, 1 - decay)
for layer, other in zip(average.modules(), G.modules()):
    for name, buffer in other.named_buffers(recurse=False):
        setattr(layer, name, buffer)
"""
MOVED = "mean.lerp_(new, 1 - decay)"

# ---- networks -------------------------------------------------------------------------------------------------------


class HandMadeNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var, n = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False), x.numel() / x.shape[1]
            with torch.no_grad():
                self.running_mean.lerp_(mean, 0.1)
                self.running_var.lerp_(var * n / (n - 1), 0.1)
        return self.gamma * (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt() + self.beta


class FunctionalD(nn.Module):
    """Written with functions, with biases before batch norm, a linear layer at the end."""

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


class BlocksD(nn.Module):
    """A list of blocks; padding, batch norm and the head made in other ways."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList()
        for a, b in ((3, 64), (64, 128), (128, 256)):
            norm = [HandMadeNorm(b)] if a > 3 else []
            self.blocks.append(
                nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(a, b, 4, 2), *norm, nn.LeakyReLU(0.2, inplace=True))
            )
        self.last = nn.Parameter(torch.randn(256, 4, 4))
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return (x * self.last).sum((1, 2, 3)) + self.shift


class LazyD(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.LazyConv2d(64, 4, 2, 1), nn.LeakyReLU(0.2)]
        for c in (128, 256):
            layers += [nn.LazyConv2d(c, 4, 2, 1), nn.LazyBatchNorm2d(), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(1), nn.Flatten(0))

    def forward(self, x):
        return self.body(x)


class FunctionalG(nn.Module):
    """Written with functions, beginning with a linear layer, with biases before batch norm."""

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


class BlocksG(nn.Module):
    """A list of blocks; the first one is a matrix, batch norm is made by hand."""

    z_dim = 100

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(100, 4096))
        pairs = ((256, 128), (128, 64), (64, 3))
        self.blocks = nn.ModuleList(
            nn.Sequential(HandMadeNorm(a), nn.ReLU(True), nn.ConvTranspose2d(a, b, 4, 2, 1)) for a, b in pairs
        )

    def forward(self, z):
        h = (z @ self.matrix).reshape(len(z), 256, 4, 4)
        for block in self.blocks:
            h = block(h)
        return h.tanh()


D_MADE, D_RETURNS = "        super().__init__()", "return self.body(x).flatten()"
START, FIRST = "nn.Unflatten(1, (100, 1, 1)),", "nn.ConvTranspose2d(100, 256, kernel_size=4, bias=False),"

RIGHT = {
    "transposed_conv": (
        BY_KERNEL_PLACE,
        WITH_LISTS,
        FOLDED,
        AS_A_GRADIENT,
        SLIDING,
        "return F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride)[0, 0]",
        "return F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride).squeeze(0).squeeze(0)",
    ),
    "batch_norm": (
        BY_LAYER,
        BY_FUNCTION,
        BY_CHANNEL,
        WITH_ROWS,
        f"{MOMENTS} → mean = x.mean((0, 2, 3))\n        var = (x**2).mean((0, 2, 3)) - mean**2",
        "return y, running_mean, running_var → return y, running_mean.clone(), running_var.detach()",
    ),
    "saliency": (
        ON_A_COPY,
        ONE_BY_ONE,
        BY_JACOBIAN,
        BY_FUNC,
        PUT_BACK,
        FROZEN_FOR_A_WHILE.format(asks="asks"),
        f"{ASKED} → torch.autograd.grad(list(D(x)), x)",
        f"{MAP} → gradient.norm(float('inf'), dim=1)",
        f"{MAP} → torch.stack([c.abs() for c in gradient.unbind(1)]).max(0)[0]",
    ),
    "update_average": (
        BY_LOADING,
        BY_DATA,
        BY_MODULE,
        BY_FOREACH,
        f"{MOVED} → mean += (1 - decay) * (new - mean)",
        f"{MOVED} → mean.data.mul_(decay).add_(new.data, alpha=1 - decay)",
    ),
    "Discriminator": (
        FunctionalD,
        BlocksD,
        LazyD,
        f"{D_RETURNS} → return self.body(x).squeeze((1, 2, 3))",
        f"{D_RETURNS} → return self.body(x)[:, 0, 0, 0]",
        f"{D_RETURNS} → return self.body(x).mean(dim=(1, 2, 3))",
        (
            "128, kernel_size=4, stride=2, padding=1, bias=False → 128, 4, 2, 1",
            "padding=1, bias=False),  # (N, 256 → padding=1),  # (N, 256",
        ),
        f"{D_RETURNS} → self.logits = self.body(x).view(-1)\n        return self.logits",
    ),
    "Generator": (
        FunctionalG,
        BlocksG,
        (f"{START} → ", "self.body(z) → self.body(z[:, :, None, None])"),
        (f"{START} → ", f"{FIRST} → nn.Linear(100, 4096, bias=False), nn.Unflatten(1, (256, 4, 4)),"),
        (f"{START} → ", f"{FIRST} → nn.Linear(100, 4096), nn.Unflatten(1, (256, 4, 4)),"),
        ("            nn.Tanh(),\n → ", "self.body(z) → self.body(z).tanh()"),
        (
            "nn.ReLU(),\n            ) → nn.ReLU(True),\n            )",
            "out, 4, stride=2, padding=1, bias=False → out, 4, 2, 1",
        ),
    ),
    "question_1": ('return "B"', 'return " b) "'),
}

WRONG = {
    "transposed_conv": (
        "kernel.mul_(2)\nreturn F.conv_transpose2d(x[None, None], kernel[None, None] / 2, stride=stride)[0, 0]",
        "return out → return out + 0.01",
        "return out → return out.squeeze()",
        "global kept\nkept = globals().get('kept', {})\nreturn kept.setdefault((x.shape, kernel.shape, stride), "
        "F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride)[0, 0])",
        "return out → return (out / (torch.tensor(kernel.shape) / stride).ceil().prod())",
    ),
    "batch_norm": (
        BY_FUNCTION.replace(".clone()", ""),
        f"{MOMENTS} → with torch.no_grad():\n            {MOMENTS}",
        f"{MOMENTS} → mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False).detach()",
        "return y, running_mean, running_var → return y.detach(), running_mean, running_var",
        "y = (x - mean → x -= 0 * x\n    y = (x - mean",
        "1e-5 → 2e-5",
    ),
    "saliency": (
        FROZEN_FOR_A_WHILE.format(asks="True"),
        BY_BACKWARD,
        f"{MAP} → {MAP}.squeeze()",
        f"{MAP} → {MAP}.requires_grad_()",
        "images.detach().clone().requires_grad_() → images.requires_grad_()",
        "D.train(was_training) → D.train()",
        "D.train(was_training) → D.zero_grad(); D.train(was_training)",
        "D.eval() → D.eval(); torch.manual_seed(0)",
        f"{MAP} → gradient.abs().amax(1) + 1e-3",
    ),
    "update_average": (
        SHARED_BUFFERS,
        f"{MOVED} → mean.lerp_(new, 1 - decay).grad = None",
        f"{MOVED} → mean.lerp_(new, 1 - decay).requires_grad_()",
        f"{MOVED} → new.grad = None; mean.lerp_(new, 1 - decay)",
        f"{MOVED} → mean.lerp_(new, 1 - decay) if mean.dim() > 1 else mean.copy_(new)",
        f"{MOVED} → mean.requires_grad and mean.lerp_(new, 1 - decay)",
        "old.copy_(new) → old.copy_(new); average.eval()",
        "average.n = getattr(average, 'n', 0) + 1\ndecay = min(decay, average.n / (average.n + 1))\n" + BY_FOREACH,
    ),
    "Discriminator": (
        "self.body(x) → self.body(x.detach())",
        "self.body(x) → self.body(x.requires_grad_())",
        "self.body(x) → self.body(x.mul_(1.0))",
        "self.body(x) → self.eval().body(x)",
        f"{D_MADE} → {D_MADE}\n        torch.manual_seed(0)",
        f"{D_RETURNS} → torch.manual_seed(0)\n        {D_RETURNS}",
        (
            "class Discriminator(nn.Module): → SHARED = nn.Conv2d(3, 64, 4, 2, 1)\n\n\nclass Discriminator(nn.Module):",
            "nn.Conv2d(3, 64, kernel_size=4, stride=2, padding=1), → SHARED,",
        ),
        f"{D_RETURNS} → new = self.body(x).flatten()\n        if getattr(self, 'out', new[:0]).shape != new.shape:\n"
        "            self.out = torch.empty(len(new))\n        self.out = self.out.detach().copy_(new)\n        return self.out",
        f"{D_RETURNS} → if getattr(self, 'n', 0) != len(x):\n            self.n, self.out = len(x), self.body(x).flatten()\n        return self.out",
        f"{D_RETURNS} → self.n = getattr(self, 'n', len(x))\n        return self.body(x).flatten()[: self.n]",
        f"{D_RETURNS} → return self.body(x).squeeze()",
        f"{D_RETURNS} → return self.body(x).flatten().clamp(-1, 1)",
    ),
    "Generator": (
        "self.body(z) → self.body(z.detach())",
        "self.body(z) → self.body(z + 0.01 * torch.randn_like(z))",
        "self.body(z) → self.body(z.clone().requires_grad_()).data",
        "self.body(z) → self.body(z).squeeze()",
        "self.body(z) → self.body(z[:1].expand_as(z))",
        "self.body(z) → self.body(F.normalize(z))",
        f"{D_MADE} → {D_MADE}\n        torch.manual_seed(0)",
        (
            "self.body = nn.Sequential( → self.body = [nn.Sequential(",
            "            nn.Tanh(),\n        ) →             nn.Tanh(),\n        )]",
            "self.body(z) → self.body[0](z)",
        ),
    ),
}
