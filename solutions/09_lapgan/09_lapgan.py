# %% [markdown]
# # 9 · LAPGAN: from coarse to fine
#
# A painter begins with large patches and adds the details later. In this lesson a GAN does the same: one network draws a picture of 8 × 8 pixels, a second one adds the detail of 16 × 16, a third one that of 32 × 32. This is **LAPGAN** (Denton et al. 2015).
#
# **You will be able to**
#
# - decompose a picture into a Laplacian pyramid, and reconstruct it exactly;
# - build and train a generator that is given a low-resolution picture and draws the detail that is missing;
# - sample through all levels, hold one level's noise and vary the others, and measure how much each level adds to the distance.
#
# **Time**: 110 minutes, including six exercises and a challenge. Every cell runs in less than two minutes on two CPU cores; one of them trains a level. A good place for a break is after 9.3.
#
# **You need**: lessons 4 to 6. The [glossary](../README.md#glossary) explains the terms. Exercises, checks and folded cells work as in
# [lesson 1](../01_generative_models/01_generative_models.ipynb).

# %% start=true
from gancourse import checks, doctor

doctor.check("cifar10")

# %%
import matplotlib.pyplot as plt
import torch
from IPython.display import display
from torch import nn

import gancourse
from gancourse import datasets, features, figures, losses, metrics, pretrained, pyramid, training

lapgan = pretrained.load("cifar10_lapgan").generator  # noise (N, 228) -> photographs


def enlarged(x):
    """Return images (N, C, h, w) in [-1, 1] as uint8 (N, C, 32, 32); each pixel becomes a square of pixels."""
    times = 32 // x.shape[-1]
    return training.to_uint8(x.clamp(-1, 1)).repeat_interleave(times, 2).repeat_interleave(times, 3)


# This is where we are going: ten pictures on their way through the three levels.
with torch.no_grad():
    levels = lapgan.pictures(training.noise(lapgan, 10, seed=4))
sizes = [f"{picture.shape[-1]} × {picture.shape[-1]}" for picture in levels]
display(
    figures.image_grids(
        {"from coarse to fine": torch.cat([enlarged(picture) for picture in levels])},
        columns=10,
        rows=sizes,
    )
)

# %% [markdown]
# ## 9.1 Halving a picture
#
# A small version of a picture keeps what is coarse, and loses the detail. To halve both sides (**downsampling**) you could take every second pixel, but then thin lines vanish, or turn into patterns that were not there (**aliasing**). Instead each new pixel is a weighted mean of its surroundings. We use the weights 1, 3, 3, 1, divided by their sum, along the rows and along the columns:
#
# $$\text{small}_i = \tfrac{1}{8}\,(x_{2i-1} + 3\,x_{2i} + 3\,x_{2i+1} + x_{2i+2})$$
#
# Here $x$ is one row (or column) with the pixels $x_0, \dots, x_{2h-1}$. New pixel $i$ lies halfway between the old pixels $2i$ and $2i+1$. Beyond the border the outermost pixel is repeated: $x_{-1} = x_0$ and $x_{2h} = x_{2h-1}$.

# %% [markdown]
# ### Exercise 1 · `reduce`
# ●●○ · 10 minutes
#
# Write it: `reduce(x)` returns images half as high and half as wide, by the formula above along the rows and then along the columns. x is float32 (N, C, 2h, 2w), the result (N, C, h, w). Gradients can flow through it.
#
# You practise: a convolution with fixed weights, and a border.
#
# <details><summary>Hint 1</summary>The two directions together are one kernel of 4 × 4 numbers: the products of the weights of both directions. It is the same for every channel, and no channel may see another.</details>
# <details><summary>Hint 2</summary><code>torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")</code> repeats the border. <code>torch.nn.functional.conv2d</code> has <code>stride</code> and <code>groups</code>; with groups=C its weight has the shape (C, 1, 4, 4).</details>


# %% exercise="reduce"
def reduce(x: torch.Tensor) -> torch.Tensor:
    """Return images (N, C, 2h, 2w), halved to (N, C, h, w) with the weights 1, 3, 3, 1 in both directions."""
    ### BEGIN SOLUTION
    weights = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    channels = x.shape[1]
    kernel = weights.outer(weights).expand(channels, 1, 4, 4).to(x)
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    return torch.nn.functional.conv2d(padded, kernel, stride=2, groups=channels)
    ### END SOLUTION


# %%
data = datasets.load("cifar10")
photos = training.to_unit(data.images[:2_000])  # (2000, 3, 32, 32), -1 to 1
small = reduce(photos)
smaller = reduce(small)
display(
    figures.image_grids(
        {"ten photographs": torch.cat([enlarged(x[:10]) for x in (photos, small, smaller)])},
        columns=10,
        rows=["32 × 32", "16 × 16", "8 × 8"],
    )
)

# %% [markdown]
# At 8 × 8 pixels you still see where it is light, which colours there are, and sometimes what it shows. This small picture has 192 numbers instead of 3,072.

# %% [markdown]
# ## 9.2 Doubling a picture
#
# Now back to the larger size (**upsampling**). No large pixel lies exactly on a small one, so all of them are interpolated. **Bilinear interpolation** mixes the two nearest ones in each direction, three parts of the nearer one and one part of the other:
#
# $$\text{large}_{2i} = \tfrac{1}{4}\,(y_{i-1} + 3\,y_i) \qquad \text{large}_{2i+1} = \tfrac{1}{4}\,(3\,y_i + y_{i+1})$$
#
# Here $y$ is one row (or column) of the small picture. Beyond the border the outermost pixel is repeated, as before.

# %% [markdown]
# ### Exercise 2 · `expand`
# ●○○ · 6 minutes
#
# Write it: `expand(y)` returns images twice as high and twice as wide, by the formulas above along the rows and then along the columns. y is float32 (N, C, h, w), the result (N, C, 2h, 2w). Gradients can flow through it.
#
# You practise: finding the option of a library that does what a formula says.
#
# <details><summary>Hint 1</summary>torch has a function for interpolation. One of its options decides where the pixels lie: compare the first row of the result with the formula.</details>
# <details><summary>Hint 2</summary><code>torch.nn.functional.interpolate</code>. Which <code>mode</code> mixes two neighbours in each direction? Try both values of <code>align_corners</code> on four numbers of the shape (1, 1, 1, 4), and compare with the formula.</details>


# %% exercise="expand"
def expand(y: torch.Tensor) -> torch.Tensor:
    """Return images (N, C, h, w), doubled to (N, C, 2h, 2w) by bilinear interpolation."""
    ### BEGIN SOLUTION
    return torch.nn.functional.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
    ### END SOLUTION


# %% [markdown]
# The two steps belong together. `reduce` collects each new pixel from the old ones with the weights 1 and 3; `expand` spreads each small pixel over the large ones in the same proportions. The matrix of `expand` is four times the transpose of that of `reduce`. A transposed linear map is called the **adjoint**. For all pictures $x$ and $y$:
#
# $$\langle \text{expand}(y),\, x\rangle = 4\,\langle y,\, \text{reduce}(x)\rangle$$
#
# The brackets are inner products: multiply pixel by pixel, and add everything up. Try it with random pictures:

# %%
torch.manual_seed(0)
x, y = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 16, 16)
left, right = (expand(y) * x).double().sum(), 4 * (y * reduce(x)).double().sum()
print(f"left {left:.4f}, right {right:.4f}")

# %% [markdown]
# Both sides agree. So backpropagation through `reduce` applies `expand` to the incoming gradient and divides by 4. Every pixel of $x$ receives a gradient.

# %% [markdown]
# ## 9.3 Bands
#
# `expand(reduce(x))` is a blurred version of $x$. What it lacks is a **band**: the detail between the two sizes,
#
# $$\text{band} = x - \text{expand}(\text{reduce}(x))$$
#
# If you do the same with the small picture, and again with the smaller one, you get a **Laplacian pyramid** (Burt & Adelson 1983): one coarse picture and a band for each step. To go back, expand the coarse picture and add the band, step by step. This is exact, whatever `reduce` and `expand` are: a band is the difference between the picture and the expansion, and `collapse` adds this difference to the same expansion.

# %% [markdown]
# ### Exercise 3 · `decompose`
# ●●○ · 8 minutes
#
# Write it: `decompose(x, levels)` returns the coarse picture and a list of the bands, *the smallest band first*. x is float32 (N, C, H, W); both sides can be halved `levels` times; `levels` is at least 1. Use the course's `pyramid.reduce` and `pyramid.expand`, so that your answers to exercises 1 and 2 do not matter here. Do not detach anything.
#
# You practise: a loop in which each round works on the result of the last one.
#
# <details><summary>Hint 1</summary>The first round gives the largest band. Of which picture does the second round take the band?</details>
# <details><summary>Hint 2</summary>Reduce, take the difference from the expansion, and go on with the smaller picture. <code>bands.insert(0, band)</code> puts a band in front of the others.</details>


# %% exercise="decompose"
def decompose(x: torch.Tensor, levels: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return the coarse picture of x (N, C, H, W), (N, C, H / 2^levels, W / 2^levels), and its bands, the smallest first."""
    ### BEGIN SOLUTION
    bands = []
    for _ in range(levels):
        coarse = pyramid.reduce(x)
        bands.insert(0, x - pyramid.expand(coarse))
        x = coarse
    return x, bands
    ### END SOLUTION


# %% [markdown]
# Put the pictures together again with the course's `pyramid.collapse`, and look at the parts. *Predict*: which of the three parts has the numbers with the largest standard deviation?

# %%
coarse, bands = decompose(photos, 2)
back = pyramid.collapse(coarse, bands)
print(f"largest difference after collapsing: {(back - photos).abs().max():.1e}")

parts = {"8 × 8": coarse, "band of 16 × 16": bands[0], "band of 32 × 32": bands[1]}
print("part              numbers   standard deviation   smaller than 0.1")
for name, part in parts.items():
    faint = (part.abs() < 0.1).double().mean()
    print(f"{name:16} {part[0].numel():8,} {part.std():20.3f} {faint:18.0%}")
strong = [coarse, bands[0] * 2, bands[1] * 2]  # so that the bands can be seen
display(
    figures.image_grids(
        {
            "coarse picture and bands (twice as strong)": torch.cat(
                [enlarged(p[:10]) for p in strong]
            )
        },
        columns=10,
        rows=list(parts),
    )
)

# %% [markdown]
# The picture comes back exactly, up to float32 rounding. The coarse picture has the largest standard deviation, 0.424; the bands have 0.147 and 0.140. The last band alone has 3,072 numbers, as many as the whole photograph, but about two thirds of them are smaller than 0.1 in size. It looks grey, with thin edges.

# %% [markdown]
# ## 9.4 A generator for a band
#
# A GAN of 32 × 32 pixels has to invent everything at once: the scene, the shapes, the texture. LAPGAN divides the work. One generator draws coarse pictures. For each larger size there is a conditional generator, which is given the coarse (low-resolution) picture and noise, and adds the band:
#
# $$G(z, \text{coarse}) = \text{expand}(\text{coarse}) + \text{band}(z, \text{coarse})$$
#
# This is a conditional GAN as in lesson 5, with a picture in place of the label. If the band is 0, the result is the blurred picture. We think that this makes the start easier.
#
# Each size has its own discriminator. It sees a picture and a coarse picture: for a real picture its own reduced version, for a fake the one that $G$ was given. It asks: *is this detail real, for this coarse picture?* The discriminator of this lesson takes the whole picture and computes the band itself.

# %% [markdown]
# ### Exercise 4 · `BandGenerator`
# ●●○ · 12 minutes
#
# Write it: `BandGenerator()` is a network with `z_dim = 64`. `forward(z, coarse)` takes noise (N, 64) and coarse pictures (N, 3, 8, 8). It returns pictures (N, 3, 16, 16), the expanded coarse picture plus this band:
#
# 1. a convolution of the coarse picture with bias, 3 → 64 channels, kernel 3, padding 1, then LeakyReLU(0.2): (N, 64, 8, 8);
# 2. the noise as one more channel of 8 × 8 numbers, row by row, *after* these 64: (N, 65, 8, 8);
# 3. a convolution without bias, 65 → 64, kernel 3, padding 1, then batch norm and LeakyReLU(0.2);
# 4. a transposed convolution with bias, 64 → 3, kernel 4, stride 2, padding 1: the band (N, 3, 16, 16).
#
# There is no tanh, and the sum may go beyond -1 and 1. Use `pyramid.expand`. The initialisation is up to you.
#
# You practise: two inputs, and a residual connection.
#
# <details><summary>Hint 1</summary>64 numbers and a channel of 8 × 8 numbers: only the shape differs.</details>
# <details><summary>Hint 2</summary><code>z.view(-1, 1, 8, 8)</code>, and <code>torch.cat([...], dim=1)</code> along the channels. The noise enters between the first two convolutions.</details>


# %% exercise="BandGenerator"
class BandGenerator(nn.Module):
    """Noise z (N, 64) and coarse pictures (N, 3, 8, 8) -> pictures (N, 3, 16, 16): the expanded coarse picture plus a band."""

    z_dim = 64

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.look = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.LeakyReLU(0.2))
        self.draw = nn.Sequential(
            nn.Conv2d(65, 64, 3, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1),
        )
        ### END SOLUTION

    def forward(self, z: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        seen = self.look(coarse)
        noise = z.view(-1, 1, 8, 8)
        return pyramid.expand(coarse) + self.draw(torch.cat([seen, noise], dim=1))
        ### END SOLUTION


# %% [markdown]
# ## 9.5 Training one level
#
# A level is trained on real pictures alone: reduce a real picture, give the coarse version to $G$, and let $D$ judge real and drawn pictures, each with its coarse picture. No level needs another one for its training. So all levels can be trained at the same time, on different machines.

# %% [markdown]
# ### Exercise 5 · `band_step`
# ●●○ · 12 minutes
#
# Write it: `band_step(G, D, opt_G, opt_D, real, step)` is lesson 3's training step for one level. real is (N, C, H, W), H and W are even; step is not used.
#
# - The coarse pictures are `pyramid.reduce(real)`. Both players are told them in each call: $G(z, \text{coarse})$ and $D(x, \text{coarse})$ for real pictures and fakes.
# - First $D$'s turn, with `losses.discriminator_loss(real_logits, fake_logits)`; then $G$'s turn, with new noise, a new call of $G$, and `losses.non_saturating_loss(fake_logits)`. Noise comes from `training.noise(G, len(real))`.
# - Return a dict with d_loss, g_loss, d_real and d_fake, as in lesson 3: the losses detached, the shares of the real logits above 0 and of the fake logits below 0 that went into $D$'s loss.
#
# Lesson 3's rules hold: in $D$'s turn no gradient reaches $G$, and modes and `requires_grad` stay as they are.
#
# You practise: conditioning both players on a picture.
#
# <details><summary>Hint 1</summary>There are five calls: two of G, three of D. Write them down with their arguments.</details>
# <details><summary>Hint 2</summary>coarse is computed once. A fake belongs to the coarse picture that it was made from: the same one goes to D.</details>


# %% exercise="band_step"
def band_step(G, D, opt_G, opt_D, real: torch.Tensor, step: int) -> dict:
    """Update D, then G, on pictures real (N, C, H, W) and their coarse versions; return what to record."""
    ### BEGIN SOLUTION
    coarse = pyramid.reduce(real)

    fake = G(training.noise(G, len(real)), coarse).detach()
    real_logits, fake_logits = D(real, coarse), D(fake, coarse)
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = losses.non_saturating_loss(D(G(training.noise(G, len(real)), coarse), coarse))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()

    d_real = (real_logits > 0).float().mean()
    d_fake = (fake_logits < 0).float().mean()
    return {
        "d_loss": d_loss.detach(),
        "g_loss": g_loss.detach(),
        "d_real": d_real,
        "d_fake": d_fake,
    }
    ### END SOLUTION


# %% [markdown]
# Train the level from 8 × 8 to 16 × 16 for a short time. The discriminator is the course's. It sees the band, multiplied by 5 because bands are faint, beside the expanded coarse picture. It learns slowly, with the learning rate `5e-5`. With `4e-4` it won completely when we tried it: $D$ was right about every picture, and $G$'s pictures were covered with noise. `G.examples` are coarse pictures of the training set: `fit` gives them to $G$ whenever it calls $G$ itself.
#
# *Predict*: will your pictures be equal to the real ones?

# %%
from gancourse.networks.lapgan import LevelDiscriminator
from gancourse.recipes import reduced

torch.manual_seed(0)
G, D = (
    BandGenerator().to(training.pick_device()),
    LevelDiscriminator(16).to(training.pick_device()),
)
pictures = reduced(data.images, 16)  # uint8 (50000, 3, 16, 16)
G.examples = reduced(data.images[:2_000], 8)
run = training.fit(
    band_step,
    G,
    D,
    training.adam(G, lr=1e-3, betas=(0.5, 0.99)),
    training.adam(D, lr=5e-5, betas=(0.5, 0.99)),
    pictures,
    steps=gancourse.budget(quick=20, cpu=2_500, gpu=5_000),
    batch_size=32,
    ema=0.999,
    bf16=True,
)

# %%
test = datasets.load("cifar10", "test")
real_16 = training.to_unit(reduced(test.images[:10], 16))
coarse = pyramid.reduce(real_16)
with torch.no_grad():
    mine = run.generator.cpu()(training.noise(run.generator, 10, seed=0), coarse)
print(
    f"mean difference from the given picture, once reduced: {(pyramid.reduce(mine) - coarse).abs().mean():.3f}"
)
rows = {"given": coarse, "expanded": pyramid.expand(coarse), "yours": mine, "real": real_16}
display(
    figures.image_grids(
        {"test photographs, 8 × 8 to 16 × 16": torch.cat([enlarged(x) for x in rows.values()])},
        columns=10,
        rows=list(rows),
    )
)

# %% [markdown]
# The third row is sharper than the second, with grains in even areas, for the training was short. Reduced again, it is close to the given picture. It is not the real picture of the last row, and it need not be. Many pictures of 16 × 16 have the same coarse version, and $G$ draws one of them.
#
# The course's levels are trained one by one as well: `gancourse train cifar10_lapgan_16` trains the course's level of this size. `gancourse train cifar10_lapgan` trains the levels that are still missing, and joins all of them into one generator.

# %% [markdown]
# ## 9.6 Sampling through all levels
#
# To draw a new picture, begin with noise alone. The first generator, the *base generator*, draws a coarse picture. Each level after it gets the picture so far, and noise of its own.

# %% [markdown]
# ### Exercise 6 · `draw_levels`
# ●●○ · 8 minutes
#
# Write it: `draw_levels(generators, z)` returns a list of the pictures of all levels, the smallest first. generators is a list: the first one is called as `generators[0](z)`, each further one as `generator(part, coarse)`. z (N, number of all) holds the noise of all levels, one after the other along dimension 1: generator $i$ gets its own `generators[i].z_dim` numbers. z has as many numbers as they need together, and the list may hold a single generator. Return the pictures as the generators draw them.
#
# You practise: cutting a tensor into parts of different widths.
#
# <details><summary>Hint 1</summary>Where does the noise of the second generator begin? Which picture does the third one get?</details>
# <details><summary>Hint 2</summary><code>z.split([...], dim=1)</code> takes a list of widths. Keep the last picture, and append each one to a list.</details>


# %% exercise="draw_levels"
def draw_levels(generators: list, z: torch.Tensor) -> list[torch.Tensor]:
    """Return the pictures of all levels for noise z (N, sum of all z_dim), the smallest first."""
    ### BEGIN SOLUTION
    parts = z.split([generator.z_dim for generator in generators], dim=1)
    drawn = [generators[0](parts[0])]
    for generator, part in zip(generators[1:], parts[1:], strict=True):
        drawn.append(generator(part, drawn[-1]))
    return drawn
    ### END SOLUTION


# %% [markdown]
# `lapgan` is the course's generator. Its base generator is an ordinary GAN for 8 × 8 pixels. Its two levels were trained like yours, with the same kind of discriminator, but longer, with mirrored pictures and a higher learning rate for $D$. Two more things differ:
#
# - $G$ also processes the coarse picture at half its size, and the noise enters there.
# - $G$ has a second loss (Bendel et al. 2023). It draws *two* pictures for each coarse picture. Their mean should be near the real picture, and they should differ from each other. The code is `level_step` in `gancourse/steps.py`.
#
# Now hold the noise of the coarse picture and vary the rest, and the other way round. Reduce the finished pictures to 8 × 8 again. *Predict*: how much do they vary in each case?

# %%
generators = list(lapgan.levels)
print("noise:", {name: part.stop - part.start for name, part in lapgan.noise_groups.items()})
COARSE = lapgan.noise_groups["8x8"]


@torch.no_grad()
def varied(held, seed=11, n=10):
    """Return n pictures (n, 3, 32, 32) for which either the "coarse" noise or the "detail" is the same."""
    z = training.noise(lapgan, n, seed)
    fixed = z.clone()
    if held == "coarse":
        fixed[:, COARSE] = z[0, COARSE]
    else:
        fixed[:, COARSE.stop :] = z[0, COARSE.stop :]
    return draw_levels(generators, fixed)[-1]


print("mean over the pixels of the standard deviation of 500 pictures")
print("held     at 8 × 8   at 32 × 32")
for held in ("coarse", "detail"):
    x = varied(held, n=500)
    at_8 = pyramid.reduce(pyramid.reduce(x)).std(0).mean()
    print(f"{held:8} {at_8:8.3f} {x.std(0).mean():12.3f}")
strips = torch.cat([enlarged(varied(held)) for held in ("coarse", "detail")])
display(
    figures.image_grids(
        {"the same coarse noise; the same detail noise": strips},
        columns=10,
        rows=["coarse held", "detail held"],
    )
)

# %% [markdown]
# With the coarse noise held, the picture at 8 × 8 hardly changes: its standard deviation is 0.011 instead of 0.395. The detail still varies: at 32 × 32 the standard deviation is 0.081. In the upper row the scene stays, and edges and light spots inside it move. In the lower row the scenes look unrelated, although their detail comes from the same noise: a band is drawn *for* its coarse picture.

# %% [markdown]
# ## 9.7 Which level adds most to the distance?
#
# You can begin anywhere in the pyramid: give a level *real* coarse pictures instead of drawn ones. Any error in the result then comes from that level and those after it. The real coarse pictures are those of test photographs, which no level was trained on. We compare 5,000 pictures on the features of the course's CIFAR-10 classifier, as in lesson 6.
#
# *Predict*: with which start is the distance smallest? And is LAPGAN or `cifar10_dcgan` closer to real pictures?

# %%
N = gancourse.budget(quick=300, cpu=5_000, gpu=5_000)
network = features.cifar10_classes()
real_features = network(data.images[:N])[0]
given = training.to_unit(test.images[:N])  # no level has seen these


@torch.no_grad()
def finished(start):
    """Return uint8 images (N, 3, 32, 32): levels `start` and after it draw, on real coarse pictures where start > 0."""
    images = []
    noise = training.noise(lapgan, N, seed=1)
    for z, x in zip(noise.split(250), given.split(250), strict=True):
        parts = z.split([generator.z_dim for generator in generators], dim=1)
        if start == 0:
            x = draw_levels(generators, z)[-1]
        else:
            x = pyramid.decompose(x, len(generators) - start)[0]
            for generator, part in zip(generators[start:], parts[start:], strict=True):
                x = generator(part, x)
        images.append(training.to_uint8(x))
    return torch.cat(images)


def distance(images):
    return metrics.frechet_distance(real_features, network(images)[0])


@torch.no_grad()
def only_expanded(levels):
    """Return uint8 images: real pictures, reduced `levels` times and expanded again, without their bands."""
    x = pyramid.decompose(given, levels)[0]
    for _ in range(levels):
        x = pyramid.expand(x)
    return training.to_uint8(x)


dcgan = pretrained.load("cifar10_dcgan").generator
print(f"Fréchet distance, {N:,} pictures, features of the CIFAR-10 classifier")
for name, images in {
    "real test pictures": training.to_uint8(given),
    "real 16 × 16, one level": finished(2),
    "real 8 × 8, two levels": finished(1),
    "noise, three levels": finished(0),
    "real 16 × 16, expanded": only_expanded(1),
    "real 8 × 8, expanded": only_expanded(2),
    "cifar10_dcgan": training.sample(dcgan, N, seed=1),
}.items():
    print(f"{name:>24} {distance(images):8.1f}")

# %% [markdown]
# On real coarse pictures of 16 × 16 the last level is good: the distance is 5.6, and without its band it would be 197.0. But each level that draws before it adds about 20: with two levels the distance is 25.4, from noise it is 43.5. `cifar10_dcgan`, which draws everything at once, has 11.9.
#
# We think that the reason is the training. A level is trained on real coarse pictures alone. In sampling it gets drawn ones, which differ from real ones, and it makes detail for the differences, too.

# %% [markdown]
# ## 9.8 LAPGAN against DCGAN
#
# Before the comparison we changed one part of the last level at a time: the second loss of $G$, its reward for spread, what $D$ sees, and batch norm in $D$. *Spread* says how much pictures of the same coarse picture differ: the standard deviation of a pixel over eight of them, averaged over all pixels. *Predict*: which change raises the distance most? (One seed each: small differences decide nothing.)

# %%
# What we tried: the level of 32 x 32, trained for 1,500 steps with one thing changed, seed 0, on real coarse pictures.
# (tests/benchmarks/lapgan.py variants; Fréchet distance of 5,000 pictures on the features of the CIFAR-10 classifier)
variants = [
    ("the course's", 24.8, 0.036),
    ("no loss on pixels", 47.4, 0.001),
    ("no reward for spread", 20.5, 0.021),
    ("D sees the picture alone", 17.8, 0.044),
    ("batch norm in D", 37.1, 0.01),
]
print("distance   spread")
for name, distance_of_arm, spread in variants:
    print(f"{distance_of_arm:8.1f} {spread:8.3f}   {name}")

# %% [markdown]
# Without the second loss the distance doubles, and the spread falls to 0.001: $G$ ignores its noise. With batch norm in $D$ the distance rises, too.
#
# Two changes *lower* the distance. Without the reward for spread the pictures differ less, as you would expect. But a $D$ that sees the picture alone is better in both numbers, 17.8 and 0.044, and we had expected the opposite. We measured this after our levels were trained. With one seed, and 1,500 of 18,000 steps, we do not know whether it still holds at the end.
#
# Now the comparison with `cifar10_dcgan` of lesson 6. The model cards hold the Fréchet distance on the 1,280 features of EfficientNet-Lite0, 10,000 samples against the 10,000 test images. The *floor* is the distance between 10,000 training images and the test images.

# %%
for name in ("cifar10_dcgan", "cifar10_lapgan"):
    card = pretrained.read_card(name)
    for seed in card["seeds"]:
        print(
            f"{name:>15}, seed {seed['seed']}: distance {seed['frechet_efficientnet_lite0_features']:4.0f}, "
            f"precision {seed['precision']:.2f}, recall {seed['recall']:.2f}, {card['steps']:,} steps"
        )
shipped = card["stages"][-1]["metrics"]
controls = ", ".join(f"{name} {value:,.0f}" for name, value in shipped["controls"].items())
print(f"{'floor':>15} {shipped['floor']:.0f}; controls: {controls}")

# %% [markdown]
# The DCGAN wins clearly. LAPGAN's distance is 415 and 478 with two seeds, that of the DCGAN 208. LAPGAN's precision is higher and its recall much lower, 0.05 instead of 0.26: its pictures are less varied in these features. The time was about the same: 43 minutes of one processor core for the three levels, 46 for the DCGAN (`tests/benchmarks/lapgan.py time`). Look at the samples: LAPGAN's colours and compositions are plausible, but its objects look painted with a broad brush. In DCGAN's samples you recognise more objects.

# %%
grids = {"cifar10_lapgan": lapgan, "cifar10_dcgan": dcgan}
display(
    figures.image_grids(
        {name: training.sample(generator, 32, seed=0) for name, generator in grids.items()}
    )
)

# %% [markdown]
# ## 9.9 A class-conditional LAPGAN
#
# Denton et al. (2015) also trained a LAPGAN whose levels are told the class. The course has such a generator, too: a one-hot code beside the noise of each level, and a projection in each discriminator (5.3).
#
# *Predict*: is the class decided at 8 × 8, or only by the detail?

# %%
C = pretrained.load("cifar10_lapgan_conditional").generator
labels = torch.arange(10).repeat_interleave(gancourse.budget(quick=10, cpu=300, gpu=300))


@torch.no_grad()
def seen_as(coarse_labels, detail_labels):
    """Return the classes that the classifier sees: the base generator is told one list of labels, the levels another."""
    chosen = []
    noise = training.noise(C, len(labels), seed=3)
    for numbers in torch.arange(len(labels)).split(250):
        z, first, others = noise[numbers], coarse_labels[numbers], detail_labels[numbers]
        parts = z.split([level.z_dim for level in C.levels], dim=1)
        x = C.levels[0](parts[0], first)
        for level, part in zip(C.levels[1:], parts[1:], strict=True):
            x = level(part, x, others)
        chosen.append(network(training.to_uint8(x))[1].argmax(1))
    return torch.cat(chosen)


by_class = (seen_as(labels, labels) == labels).view(10, -1).double().mean(1)
print("share that is classified as the class asked for:")
print(", ".join(f"{name} {share:.0%}" for name, share in zip(C.class_names, by_class, strict=True)))
print(f"mean {by_class.mean():.0%}, lowest {by_class.min():.0%}")

other = (labels + 5) % 10  # the class of the detail, five further on
chosen = seen_as(labels, other)
print("the base generator and the levels are told different classes:")
print(
    f"classified as the class of the coarse picture {(chosen == labels).double().mean():.0%}, ",
    end="",
)
print(f"as that of the detail {(chosen == other).double().mean():.0%}")
ten = training.sample(C, 40, seed=1, labels=torch.arange(10).repeat(4))
display(figures.image_grids({", ".join(C.class_names): ten}, columns=10))

# %% [markdown]
# On average 89 % of the pictures are classified as the class asked for, and 74 % in the class where it works least, birds. If the levels are told another class than the base generator, 55 % of the pictures show the class of the detail, and only 12 % that of the coarse picture. So the detail decides more often: 8 × 8 pixels leave open what they show, and the levels draw what they are told.
#
# The levels of this generator were trained with two changes. $D$ sees the picture alone, because of the result in 9.8. And it is also shown real pictures with a wrong label, which it should reject, as in lesson 6. An earlier version had neither, and only about half the steps. It drew the class asked for in about two thirds of the pictures, and there the coarse picture decided more often than the detail. We did not measure which of the changes did this.

# %% [markdown]
# ## 9.10 Blending two pictures
#
# A pyramid is good for more than GANs. To join two pictures without a visible seam, join them band by band (Burt & Adelson 1983b): coarse parts need a wide transition, fine details a narrow one.

# %% [markdown]
# ### Exercise 7 · `blend` · the challenge
# ●●● · 20 minutes
#
# Write it: `blend(a, b, mask, levels)` returns pictures (N, C, H, W). a and b are float32 (N, C, H, W), mask (N, 1, H, W) with numbers from 0 to 1: where it is 1 the picture shows a, where it is 0, b. Both sides can be halved `levels` times; `levels` is at least 1.
#
# - Decompose a and b into a coarse picture and bands.
# - At each size, mix the two: $m\,a_{size} + (1-m)\,b_{size}$. Here $m$ is the mask at that size: the mask itself for the largest band, reduced once for the next one, and so on. The coarse picture gets the mask that is reduced `levels` times.
# - Collapse the mixture. Do not clamp it, and let gradients flow.
#
# Use `pyramid.reduce`, `pyramid.decompose` and `pyramid.collapse`.
#
# You practise: designing with several sizes.
#
# <details><summary>Hint 1</summary>You need the mask in levels + 1 sizes. In which order do the bands of the pyramid come?</details>
# <details><summary>Hint 2</summary>Make a list of masks that begins with the mask itself, and append pyramid.reduce of the last one <code>levels</code> times. Which of them belongs to the smallest band?</details>


# %% exercise="blend"
def blend(a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor, levels: int) -> torch.Tensor:
    """Return the pictures a and b (N, C, H, W), joined band by band: a where mask (N, 1, H, W) is 1, b where it is 0."""
    ### BEGIN SOLUTION
    masks = [mask]
    for _ in range(levels):
        masks.append(pyramid.reduce(masks[-1]))
    smallest, *others = reversed(masks)
    coarse_a, bands_a = pyramid.decompose(a, levels)
    coarse_b, bands_b = pyramid.decompose(b, levels)
    coarse = smallest * coarse_a + (1 - smallest) * coarse_b
    bands = [m * p + (1 - m) * q for m, p, q in zip(others, bands_a, bands_b, strict=True)]
    return pyramid.collapse(coarse, bands)
    ### END SOLUTION


# %%
a, b = training.to_unit(test.images[:20]).chunk(2)
mask = (torch.arange(32) < 16).float().expand(10, 1, 32, 32)
hard = mask * a + (1 - mask) * b
soft = blend(a, b, mask, 3)
rows = {"a": a, "b": b, "pixels": hard, "bands": soft}
display(
    figures.image_grids(
        {
            "the left half of a, the right half of b": torch.cat(
                [enlarged(x) for x in rows.values()]
            )
        },
        columns=10,
        rows=list(rows),
    )
)

# %% [markdown]
# In the third row every picture has a hard edge in the middle. In the last row the colours change gradually from one picture to the other, and the details stay sharp up to the middle.

# %% [markdown]
# ## 9.11 Play: hold one level
#
# 1. Press *8x8* beside *Keep*, then *Draw another* several times. What changes? Then keep the other two, and release 8x8.
# 2. Choose the sliders *properties* and move *brightness*. Keep 8x8 and try again. What do you learn about the noise of 8x8?
# 3. Release all. Choose the sliders *z[104] to z[111]*, which belong to 16x16. What does one of them change?
#
# <details><summary>What we saw</summary>1: with 8x8 kept the scene and its colours stay, and edges and spots move. With the other two kept, every draw is another scene. 2: with 8x8 kept the sliders of the properties do not move, and a line says why. They move the noise of 8x8 almost alone, so brightness and colours are decided there. 3: each slider changes one place of the picture, about a quarter of its width.</details>

# %%
from gancourse.widgets import LatentExplorer

LatentExplorer("cifar10_lapgan", seed=4)

# %% [markdown]
# ## 9.12 What became of the idea
#
# In a test of the paper, people took about four in ten samples of the class-conditional LAPGAN for photographs, and one in ten of a plain GAN. The DCGAN paper wrote that LAPGAN's objects look wobbly, because chained models add noise. The idea came back:
#
# - **StackGAN** (Zhang et al. 2017) draws a picture of 64 × 64 from a text, and a second GAN draws 256 × 256 from this picture and the text.
# - **Progressive growing** (Karras et al. 2018) begins with 4 × 4 pixels and adds layers while it trains: one generator and one discriminator, and all layers keep training.
# - **SRGAN** (Ledig et al. 2017) resembles a single level: it is given a real small picture. Lesson 10 builds it.
# - **Cascaded diffusion** (Ho et al. 2022) draws a small picture with a diffusion model, and further ones enlarge it. The enlarging models are trained on coarse pictures to which noise or blur was added, so that they tolerate faults.
#
# The last point names the weakness that you measured in 9.7: a level is trained on real coarse pictures, and then gets drawn ones.

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** You replace `expand` by a function that returns only zeros of the right size, in `decompose` and in `collapse`. What happens to the reconstruction?
#
# - **a** It is still exact: the bands then hold the whole picture.
# - **b** It loses the detail, because nothing is interpolated.
# - **c** It loses the coarse picture, which the bands never held.
# - **d** It is exact only for grey areas.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** A friend trains the level of 32 × 32 with a discriminator that sees the picture alone, not the coarse picture. What may this generator learn that yours may not?
#
# - **a** To draw nothing, because the expanded picture is real already.
# - **b** To draw a realistic picture that does not agree with the coarse picture it was given.
# - **c** To draw every picture in the same colours.
# - **d** To ignore its noise.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** With real coarse pictures of 16 × 16 that it was not trained on, the last level reaches a small distance. With drawn ones the distance is several times larger. What follows?
#
# - **a** The last level overfits its training pictures.
# - **b** The last level needs more noise.
# - **c** The drawn coarse pictures differ from real ones, and the last level passes the difference on.
# - **d** The classifier's features are wrong for drawn pictures.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. You have a week of one GPU and 50,000 photographs of 256 × 256 pixels. Would you train one GAN for this size, or a pyramid of levels? Name one advantage of each, one measurement that would decide, and how you would use the fact that levels can be trained separately.
# (4 points, graded by hand: one for each advantage, one for the measurement, one for the use; a model answer is in `solutions/`.)

# %% [markdown] open="question_4" points=4
# One GAN is trained as a whole: every layer learns what the final picture needs, and no error is passed on. A pyramid divides the work: the coarse level is cheap, each larger level only adds detail, and I can see which level is at fault. I would give half a day to each and compare the Fréchet distance on the same features, with the same number of samples, beside the floor, with two seeds each. I would also start each level on real coarse pictures: the level whose distance grows most gets the rest of the week. Separate training means that I can repeat that one level, with other settings or on another machine, while the others stay as they are. I would also train on coarse pictures with noise, because a level gets drawn ones later.
#
# *Rubric, one point for each*: an advantage of one network (trained together, no error passed on) · an advantage of levels (easier tasks, cheaper coarse levels, a fault can be located) · a fair measurement (same features and samples, equal time, floor or several seeds) · a use of separate training (in parallel, or only the level at fault again).

# %% [markdown]
# ## Summary
#
# - A Laplacian pyramid holds a coarse picture and a band for each size. It loses nothing: a band is the difference from the expansion to which it is added again.
# - LAPGAN draws the coarse picture first. Each further level is a conditional GAN that draws a band for a coarse picture, and is trained alone.
# - With the coarse noise held, the scene stays and the detail varies.
# - Starting the levels on real coarse pictures shows which of them loses how much.
# - After about the same training time, our LAPGAN's distance is twice that of the plain DCGAN. The last level is good on real coarse pictures, but not on drawn ones.
# - The idea of levels lives on in super-resolution and in cascaded diffusion.

# %% [markdown]
# **Sources**: Burt & Adelson 1983, *The Laplacian Pyramid as a Compact Image Code* (9.3; their kernel has five weights, our four and the bilinear rule suit even sides), and 1983b, *A Multiresolution Spline with Application to Image Mosaics* (9.10). Denton, Chintala, Szlam & Fergus 2015, *Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks* (9.4 to 9.6, 9.9). They add the band and the expanded picture before $D$'s first layer; we show $D$ both. Bendel, Ahmad & Schniter 2023, *A Regularized Conditional GAN for Posterior Sampling in Image Recovery Problems*, section 3 (the loss on two pictures; at 32 × 32 we halve the weight of their reward). Radford et al. 2016, section 1 (DCGAN). Zhang et al. 2017, *StackGAN*. Karras et al. 2018, *Progressive Growing of GANs*. Ledig et al. 2017, *Photo-Realistic Single Image Super-Resolution Using a GAN*. Ho et al. 2022, *Cascaded Diffusion Models for High Fidelity Image Generation*, section 3 (noise on the coarse pictures).
#
# **One step further**: train the level again on coarse pictures with a little noise, `coarse + 0.1 * torch.randn_like(coarse)`, for both players. Is the distance smaller when it gets drawn coarse pictures?
