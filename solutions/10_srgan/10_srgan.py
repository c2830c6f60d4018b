# %% [markdown]
# # 10 · SRGAN: detail that was never there
#
# To enlarge a small picture you have to add what is missing, and nobody can know what that was. In this lesson you enlarge pictures by a factor of 4 in width and height: by interpolation, with a network trained on pixels, and with a GAN. The GAN adds detail that looks real and is invented. This is **super-resolution**; the GAN is **SRGAN** (Ledig et al. 2017).
#
# **You will be able to**
#
# - measure an enlarged picture with PSNR and SSIM, and say what these measures miss;
# - build a network of residual blocks and pixel shuffle, and train it on pixels, on features and against a discriminator;
# - weigh faithful against realistic pictures with two kinds of measures, and tell a reader which details are invented.
#
# **Time**: 120 minutes, including six exercises and a challenge. Every cell runs in less than two minutes on two CPU cores; two of them train. A good place for a break is after 10.5.
#
# **You need**: lessons 3, 4, 6 and 7. The [glossary](../README.md#glossary) explains the terms. Exercises, checks and folded cells work as in
# [lesson 1](../01_generative_models/01_generative_models.ipynb).

# %% start=true
from gancourse import checks, doctor

doctor.check("pokemon")

# %%
import functools

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from IPython.display import display
from torch import nn

import gancourse
from gancourse import (
    augment,
    datasets,
    features,
    fidelity,
    figures,
    losses,
    pretrained,
    recipes,
    resampling,
    training,
)
from gancourse.networks.dcgan import DCGANDiscriminator
from gancourse.networks.srgan import SRGenerator

train = datasets.load("pokemon").images  # uint8 (908, 3, 64, 64)
held_out = datasets.load(
    "pokemon", "test"
).images  # uint8 (100, 3, 64, 64): no network here has seen them
small = recipes.shrunk(held_out)  # uint8 (100, 3, 16, 16)
srresnet = pretrained.load("pokemon_srgan", 1).generator  # trained on pixels
srgan = pretrained.load("pokemon_srgan", 2).generator  # trained further, against a discriminator

SHOWN = [10, 33, 40, 52, 71]  # of the held-out pictures


def compare(ways):
    """Show held-out pictures, one row for each way: name -> uint8 (100, 3, 64, 64)."""
    rows = torch.cat([images[SHOWN] for images in ways.values()])
    display(figures.image_grids({"held-out pictures": rows}, columns=len(SHOWN), rows=list(ways)))


# This is where we are going: 16 × 16 pixels, enlarged to 64 × 64.
ways = {
    "small": fidelity.interpolated(small, "nearest"),
    "bicubic": fidelity.interpolated(small, "bicubic"),
    "SRResNet": fidelity.enlarged(srresnet, small),
    "SRGAN": fidelity.enlarged(srgan, small),
    "original": held_out,
}
compare(ways)

# %% [markdown]
# ## 10.1 Making pictures small
#
# To train and to measure we need pairs of a small picture and its original. We make the small ones ourselves: `resampling.shrink` reduces both sides by 4. The way pictures are made small is called the **degradation**. We use a common one, *antialiased bicubic*. Each small pixel is a weighted mean of large ones, with a smooth kernel that is wide enough to see every pixel. The result is rounded to 256 levels, as in a file.
#
# Always state the degradation with a result: a network learns to undo one, and 10.10 shows what happens with another.
#
# To enlarge without a network there are two usual ways. **Nearest neighbour** repeats each pixel in a square of 4 × 4. **Bicubic interpolation** draws a smooth curve through the pixels. The second row of the picture above is bicubic. It looks blurred, because no new detail comes from interpolation.

# %% [markdown]
# ## 10.2 Measuring fidelity: PSNR and SSIM
#
# The simplest measure is the **mean squared error** (MSE) of the pixels. It is usually given in decibels, as the **peak signal-to-noise ratio**:
#
# $$\text{PSNR} = 10\,\log_{10}\frac{255^2}{\text{MSE}}$$
#
# Here 255 is the largest value of a pixel. A higher PSNR is better. Halving the MSE adds 3 dB, and an exact copy has an infinite PSNR.

# %% [markdown]
# ### Exercise 1 · `psnr`
# ●○○ · 6 minutes
#
# Write it: `psnr(images, originals)` returns the PSNR of each image, float (N,). Both arguments are uint8 (N, C, H, W). The MSE of an image is taken over its colours and pixels. An exact copy gets `inf`.
#
# You practise: converting uint8 before subtracting.
#
# <details><summary>Hint 1</summary>A uint8 cannot be negative: 3 - 5 is 254. What do you do before you subtract?</details>
# <details><summary>Hint 2</summary><code>.float()</code> of both, then the mean of the squares over <code>dim=(1, 2, 3)</code>, then <code>torch.log10</code>.</details>


# %% exercise="psnr"
def psnr(images: torch.Tensor, originals: torch.Tensor) -> torch.Tensor:
    """Return the PSNR of each image in decibels (N,); both are uint8 (N, C, H, W)."""
    ### BEGIN SOLUTION
    error = images.float() - originals.float()
    mse = error.square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(255**2 / mse)
    ### END SOLUTION


# %% [markdown]
# We average over the three colours and all pixels. Many papers measure only the brightness channel and cut off a border, so do not compare our numbers with theirs.
#
# PSNR compares each pixel with the pixel at the same place. Look at four changed versions of the originals. *Predict*: which has the lowest PSNR?

# %%
x = training.to_unit(held_out)
torch.manual_seed(0)
changed = {
    "moved by one pixel": torch.roll(x, 1, dims=3),
    "blurred": F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1),
    "grain": x + 0.19 * torch.randn_like(x),
    "darker": x - 0.19,
}
changed = {name: training.to_uint8(image) for name, image in changed.items()}
for name, images in changed.items():
    print(f"{name:>20}  PSNR {psnr(images, held_out).mean():5.1f} dB")
compare({"original": held_out} | changed)

# %% [markdown]
# The picture moved by one pixel has the lowest PSNR, 19.0 dB. Without the original beside it you would hardly notice the shift. The blurred one has the highest, 23.6 dB.
#
# **Structural similarity** (SSIM, Wang et al. 2004) compares small windows instead of pixels. In each window it compares the means, and then how the pixels vary around them, alone and together:
#
# $$\text{SSIM} = \underbrace{\frac{2\mu_x\mu_y + c_1}{\mu_x^2 + \mu_y^2 + c_1}}_{\text{luminance}}\;\underbrace{\frac{2\,\text{cov}_{xy} + c_2}{\text{var}_x + \text{var}_y + c_2}}_{\text{contrast and structure}}$$
#
# Here $\mu$ is the mean of a window, var its variance, cov the covariance of both windows. $c_1 = 0.01^2$ and $c_2 = 0.03^2$, for pixels from 0 to 1, avoid a division by 0. The SSIM of a picture is the mean over all windows and colours, and 1 for an exact copy. (The paper has three factors; with its constants, contrast and structure merge into the second one here.)

# %% [markdown]
# ### Exercise 2 · `ssim`
# ●●○ · 12 minutes
#
# Write it: `ssim(x, y)` returns the SSIM of each pair of images, float (N,). x and y are float (N, C, H, W) from 0 to 1, with sides of at least 7. The windows are squares of 7 × 7 pixels with equal weights, one at every place where it fits inside the picture. Take variances and covariances as means over the 49 pixels: $\text{var}_x = \text{mean}(x^2) - \mu_x^2$ and $\text{cov}_{xy} = \text{mean}(xy) - \mu_x\mu_y$.
#
# You practise: one function that computes all means of a window.
#
# <details><summary>Hint 1</summary>Five means of each window are all you need: of x, y, x², y² and xy.</details>
# <details><summary>Hint 2</summary><code>F.avg_pool2d(v, 7, stride=1)</code> is the mean of v over each window. Multiply luminance and structure first, and then take the mean over <code>dim=(1, 2, 3)</code>.</details>


# %% exercise="ssim"
def ssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the SSIM of each pair of images (N,); both are float (N, C, H, W) from 0 to 1."""
    ### BEGIN SOLUTION
    c1, c2 = 0.01**2, 0.03**2
    mean_x, mean_y = F.avg_pool2d(x, 7, stride=1), F.avg_pool2d(y, 7, stride=1)
    var_x = F.avg_pool2d(x * x, 7, stride=1) - mean_x**2
    var_y = F.avg_pool2d(y * y, 7, stride=1) - mean_y**2
    cov = F.avg_pool2d(x * y, 7, stride=1) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * cov + c2) / (var_x + var_y + c2)
    return (luminance * structure).mean(dim=(1, 2, 3))
    ### END SOLUTION


# %%
for name, images in changed.items():
    print(
        f"{name:>20}  PSNR {psnr(images, held_out).mean():5.1f} dB   SSIM {ssim(images / 255, held_out / 255).mean():.3f}"
    )

# %% [markdown]
# SSIM ranks them in another order. The darker picture has 0.984: a constant shift leaves variances and covariance as they are, except where pixels are clipped to black. Grain is the worst with 0.641, because noise adds variance and no covariance. Still, both measures compare a picture with *one* original. From here on we use the course's `fidelity.psnr` and `fidelity.ssim`; the latter weights each window with a Gaussian of 11 × 11 pixels, as the paper does.

# %% [markdown]
# ## 10.3 Pixel shuffle
#
# A network could enlarge the picture first and then work at the large size. That is expensive: every convolution has 16 times as many places. It is cheaper to work at the small size and to enlarge at the end. For that the last layers make more *channels*: with $r^2$ times as many, each place of the small picture holds the numbers of $r \times r$ large pixels. **Pixel shuffle** (Shi et al. 2016) moves them to their places:
#
# $$\text{large}[n,\; c,\; r i + a,\; r j + b] = x[n,\; c\,r^2 + a\,r + b,\; i,\; j]$$
#
# Here $i$ and $j$ count the small rows and columns, and $a$ and $b$ run from 0 to $r-1$ inside each square. Nothing is computed: each number is only moved. (This is PyTorch's order of the channels; the paper numbers them differently.)

# %% [markdown]
# ### Exercise 3 · `pixel_shuffle`
# ●●○ · 10 minutes
#
# Write it: `pixel_shuffle(x, r)` returns maps (N, C, r h, r w) for maps x (N, C r², h, w), by the formula above. Gradients can flow through it. (PyTorch has a layer for this. Write it with reshape and permute, or with slices, to see what it does.)
#
# You practise: splitting and joining dimensions in the right order.
#
# <details><summary>Hint 1</summary>Write the channels as three dimensions, (C, r, r). Where do the two r belong in the result?</details>
# <details><summary>Hint 2</summary><code>x.reshape(n, c, r, r, h, w)</code>, then <code>permute</code> so that the first r stands directly behind h and the second one behind w, then <code>reshape</code> again.</details>


# %% exercise="pixel_shuffle"
def pixel_shuffle(x: torch.Tensor, r: int) -> torch.Tensor:
    """Return maps (N, C r², h, w) as maps (N, C, r h, r w)."""
    ### BEGIN SOLUTION
    n, channels, h, w = x.shape
    c = channels // r**2
    x = x.reshape(n, c, r, r, h, w)
    x = x.permute(0, 1, 4, 2, 5, 3)
    return x.reshape(n, c, r * h, r * w)
    ### END SOLUTION


# %%
four = torch.arange(1.0, 17.0).view(1, 4, 2, 2)
print("four channels of 2 × 2:", four[0].int().tolist())
print("one channel of 4 × 4:")
print(pixel_shuffle(four, 2)[0, 0].int())

# %% [markdown]
# Each square of 2 × 2 large pixels comes from one place of the four channels: 1, 5, 9 and 13 from the first one.

# %% [markdown]
# ## 10.4 Residual blocks
#
# Most of the network consists of **residual blocks** (He et al. 2016). A block computes a correction and adds it to its input, $x + f(x)$, so information and gradients always have a direct way past it. If the last convolution of $f$ begins with zeros, a new block changes nothing: it begins as the identity, however many of them stand in a row.
#
# Our generator does the same on a larger scale. It enlarges the small picture by bicubic interpolation, and adds what the network computes, which begins as zero:
#
# $$G(\text{small}) = \text{bicubic}(\text{small}) + f(\text{small})$$
#
# So before the first training step $G$ is exactly the bicubic enlargement. There is no batch norm: Lim et al. (2017) removed it, and report a higher PSNR and less memory.

# %% [markdown]
# ### Exercise 4 · `ResidualBlock`
# ●●○ · 10 minutes
#
# Write it: `ResidualBlock(width)` maps (N, width, h, w) to the same shape: x plus a convolution of x, LeakyReLU(0.2), and a second convolution. Both convolutions have kernel 3, padding 1, `width` channels in and out, and a bias. Nothing follows the sum. A new block is the identity, and it can learn: the gradients of its weights are not all zero.
#
# You practise: initialisation as a part of the design.
#
# <details><summary>Hint 1</summary>Only one of the two convolutions should begin with zeros. What would the gradients be if both did?</details>
# <details><summary>Hint 2</summary><code>nn.init.zeros_</code> of the weight and of the bias of the second convolution.</details>


# %% exercise="ResidualBlock"
class ResidualBlock(nn.Module):
    """Maps (N, width, h, w) -> maps of the same shape: x plus two convolutions of it. It begins as the identity."""

    def __init__(self, width: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return x + self.second(F.leaky_relu(self.first(x), 0.2))
        ### END SOLUTION


# %% [markdown]
# ## 10.5 Training on pixels
#
# Put together, this is the course's `SRGenerator`. A convolution turns the small picture (N, 3, h, w) into 64 channels. Eight residual blocks follow, and their result is added to their input. Then a convolution makes 128 channels, and a pixel shuffle turns them into (N, 32, 2h, 2w); a second pair gives (N, 32, 4h, 4w). A last convolution, which begins with zeros, makes three colours, and the bicubic enlargement is added.
#
# Train it on pixels alone, with the mean absolute error. *Predict*: how many decibels above bicubic will it be after 600 steps?

# %%
torch.manual_seed(0)
device = training.pick_device()
mine = SRGenerator().to(device)
optimizer = training.adam(mine, lr=4e-4, betas=(0.9, 0.99))
batches = training.Batches(train, 16, augment=augment.flip_and_swap_colours)
bicubic = fidelity.psnr(ways["bicubic"], held_out).mean()
for step in range(1, gancourse.budget(quick=6, cpu=600, gpu=2_000) + 1):
    real = batches(step)
    loss = (mine(resampling.shrink(real)) - real).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step in (1, 6, 100, 300, 600, 2_000):
        now = fidelity.psnr(fidelity.enlarged(mine, small), held_out).mean()
        print(f"step {step:5,}: PSNR {now:.2f} dB, bicubic {bicubic:.2f} dB")

# %% [markdown]
# After 600 steps the PSNR is 21.67 dB instead of 20.01, on pictures that the network was not trained on. After the very first step it is slightly lower than at the start. We think that this is Adam: its first step moves every weight by about the learning rate, however small the gradient.
# The course's network of this kind, **SRResNet**, was trained for 6,000 steps, about seven minutes of one core. In our longer runs the PSNR of held-out pictures did not rise further; we think that 908 pictures are too few.


# %%
def told(ways):
    """Print PSNR and SSIM of each way, mean over the held-out pictures."""
    for name, images in ways.items():
        near = (
            fidelity.psnr(images, held_out).mean(),
            fidelity.ssim(images, held_out).mean(),
        )
        print(f"{name:>12}  PSNR {near[0]:5.2f} dB   SSIM {near[1]:.3f}")


ways |= {"yours": fidelity.enlarged(mine, small)}
told({name: ways[name] for name in ("small", "bicubic", "yours", "SRResNet")})
compare({name: ways[name] for name in ("bicubic", "yours", "SRResNet", "original")})

# %% [markdown]
# SRResNet has 22.11 dB, and its SSIM is 0.768 instead of 0.632. But look at the pictures: outlines are clear, and eyes, mouths and fingers are soft. Where several originals are possible for one small picture, every guess costs the network something. For squared errors, which PSNR measures, the *mean* of the possibilities has the lowest expected error. For absolute errors, as in our loss, it is the *median* of each pixel. Both soften, or leave out, what the originals disagree about.
#
# An example: a line may lie at four places, and the small picture does not tell at which. *Predict*: what has the lower mean squared error over the four originals, and so the higher PSNR, a guess or the mean of all four?

# %%
lines = torch.full((4, 1, 16, 16), 255, dtype=torch.uint8)
for place in range(4):
    lines[place, :, :, 6 + place] = 0
mean = lines.float().mean(0, keepdim=True).round().to(torch.uint8)


def average_psnr(answer):
    """Return the PSNR that belongs to the mean squared error over all four possible originals."""
    error = (answer.float() - lines.float()).square().mean()
    return 10 * torch.log10(255**2 / error)


print(f"a guess {average_psnr(lines[:1]):.1f} dB, the mean {average_psnr(mean):.1f} dB")
display(figures.image_grids({"four possible originals": lines, "their mean": mean}, columns=4))

# %% [markdown]
# The mean is better, 13.3 instead of 10.3 dB, although this soft grey stripe is never right. (The median of each pixel is white here: a network trained on absolute errors would do best to draw no line at all.)
#
# This holds in general. Suppose you answer with a random original, drawn with the probability that it has for the given small picture. Its expected squared error is exactly twice that of the mean, which is 3 dB. Such answers are distributed like real pictures. So a perfectly realistic set of pictures need not cost more than 3 dB (Blau & Michaeli 2018).

# %% [markdown]
# ## 10.6 A loss in three parts
#
# Ledig et al. (2017) train SRGAN with two parts: a content loss on features, *in place of* the loss on pixels, and an adversarial loss. ESRGAN (Wang et al. 2018) keeps an absolute pixel error as a third part. You write the loss with all three, and 10.8 measures whether the content part helps here:
#
# $$L_G = \underbrace{\text{mean}\,|\hat x - x|}_{\text{pixels}} + \lambda_c\,\underbrace{\text{mean}\,(\varphi(\hat x) - \varphi(x))^2}_{\text{content}} + \lambda_a\,\underbrace{\text{mean}\,\text{softplus}(-a(\hat x))}_{\text{adversarial}}$$
#
# Here $\hat x = G(\text{small})$ is the enlarged picture, $x$ the original, and $a$ the logit of the discriminator; the last part is the non-saturating loss of lesson 3. $\varphi(x)$ are feature maps of a classifier. The means are over the batch and all entries. The **content loss** compares what the classifier sees (edges, spots, textures), not single pixels. The adversarial part wants pictures that $D$ takes for real, whichever of the possible originals they show. $D$ sees only large pictures, never the small one: the first two parts keep $G$ near the original.

# %% [markdown]
# ### Exercise 5 · `generator_loss`
# ●●○ · 10 minutes
#
# Write it: `generator_loss(fake, real, fake_logits, features, content, adversarial)` returns the loss above, a scalar tensor. fake and real are float (N, 3, H, W), fake_logits (N,). `features` is a network; call it on both pictures. `content` and `adversarial` are the weights $\lambda_c$ and $\lambda_a$. Take `losses.non_saturating_loss(fake_logits)` for the last part.
#
# You practise: a loss of several terms, each a mean.
#
# <details><summary>Hint 1</summary>Absolute values for the pixels, squares for the features.</details>
# <details><summary>Hint 2</summary>Three lines: two differences with their <code>.mean()</code>, and the weighted sum. Detach neither fake nor features(fake).</details>


# %% exercise="generator_loss"
def generator_loss(
    fake: torch.Tensor,
    real: torch.Tensor,
    fake_logits: torch.Tensor,
    features: nn.Module,
    content: float,
    adversarial: float,
) -> torch.Tensor:
    """Return G's loss: on pixels, plus `content` times that on features, plus `adversarial` times the non-saturating loss."""
    ### BEGIN SOLUTION
    pixels = (fake - real).abs().mean()
    maps = (features(fake) - features(real)).square().mean()
    return pixels + content * maps + adversarial * losses.non_saturating_loss(fake_logits)
    ### END SOLUTION


# %% [markdown]
# ## 10.7 Training against a discriminator
#
# The training step is that of lesson 3, with two differences. The generator gets small pictures instead of noise, so it is deterministic: it gives one answer for each small picture. And its loss has three parts.

# %% [markdown]
# ### Exercise 6 · `srgan_step`
# ●●○ · 10 minutes
#
# Write it: `srgan_step(G, D, opt_G, opt_D, real, step, loss_of_G)` trains both players once. real is float (N, C, 4h, 4w); step is not used.
#
# - The small pictures are `resampling.shrink(real)`, and the fakes `G(small)`.
# - First $D$'s turn, with `losses.discriminator_loss(real_logits, fake_logits)` and detached fakes. Then $G$'s turn, with `loss_of_G(fake, real, fake_logits)`: a function that stands for the loss of exercise 5. Its logits come from $D$ after its step.
# - Return a dict with d_loss, g_loss, d_real and d_fake, as in lesson 3: the losses detached, the shares of the real logits above 0 and of the fake logits below 0 that went into $D$'s loss.
#
# Lesson 3's rules hold: in $D$'s turn no gradient reaches $G$, and modes and `requires_grad` stay as they are.
#
# You practise: the step that you know, with other inputs.
#
# <details><summary>Hint 1</summary>Where does the noise of lesson 3's step go, and what stands there now?</details>
# <details><summary>Hint 2</summary>In G's turn the fakes are not detached: call G(small) again, or keep the ones from before. D is called on them again.</details>


# %% exercise="srgan_step"
def srgan_step(G, D, opt_G, opt_D, real: torch.Tensor, step: int, loss_of_G) -> dict:
    """Update D, then G, on real pictures (N, C, 4h, 4w) and their small versions; return what to record."""
    ### BEGIN SOLUTION
    small = resampling.shrink(real)

    fake = G(small).detach()
    real_logits, fake_logits = D(real), D(fake)
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    fake = G(small)
    g_loss = loss_of_G(fake, real, D(fake))
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
# Continue training the course's SRResNet with your step and your loss for 300 steps, once with seed 0 and once with seed 1. The weights are $\lambda_c = 1$ and $\lambda_a = 0.05$. $\varphi$ are the first three convolutions of the course's CIFAR-10 classifier, and $D$ is lesson 7's. It sees everything augmented, as in 7.4. *Predict*: will the PSNR rise or fall?

# %%
content = features.content_maps("classifier")
loss_of_G = functools.partial(generator_loss, features=content, content=1.0, adversarial=0.05)


class Augmented(nn.Module):
    """A discriminator that sees pictures augmented, each time anew."""

    def __init__(self):
        super().__init__()
        self.D = DCGANDiscriminator(width=32, size=64)

    def forward(self, x):
        return self.D(augment.differentiable(x))


yours = []
for seed in (0, 1):
    torch.manual_seed(seed)
    G = pretrained.load("pokemon_srgan", 1).generator.to(device).requires_grad_(True)
    G.examples = small
    D = Augmented().to(device)
    run = training.fit(
        functools.partial(srgan_step, loss_of_G=loss_of_G),
        G,
        D,
        training.adam(G, lr=4e-4, betas=(0.5, 0.99)),
        training.adam(D, lr=4e-4, betas=(0.5, 0.99)),
        train,
        steps=gancourse.budget(quick=2, cpu=300, gpu=2_000),
        batch_size=16,
        seed=seed,
        ema=0.99,
        augment=augment.random_flip,
        bf16=True,
    )
    yours.append(run.generator.cpu())

# %%
ways |= {f"yours, seed {seed}": fidelity.enlarged(G, small) for seed, G in enumerate(yours)}
told({name: ways[name] for name in ("SRResNet", "yours, seed 0", "yours, seed 1", "SRGAN")})
compare({name: ways[name] for name in ("SRResNet", "yours, seed 0", "SRGAN", "original")})

# %% [markdown]
# The PSNR falls: a little after 300 steps, and from 22.11 to 21.38 dB with the course's **SRGAN**, which had 3,000 steps, the adversarial weight 0.02 and no content loss. After 300 steps the pictures have hardly changed. SRGAN's outlines are sharper, and it draws lines and shading inside the figures. It also draws small white or coloured dots that the originals do not have. We think that its $D$, which sees only augmented pictures, does not notice them.

# %% [markdown]
# ## 10.8 The perception-distortion trade-off
#
# How large should the weights be? Blau & Michaeli (2018) proved that you cannot have both: beyond a point no method can lower the error of the pixels and also the distance between enlarged and real pictures *as sets*. We measured it. Each point below began with the course's SRResNet and was trained for 2,000 more steps, without a content loss, with another weight of the adversarial part.
#
# The horizontal axis is the PSNR. The vertical axis is lesson 7's kernel distance, on EfficientNet-Lite0's features. It compares the enlarged held-out pictures with the 908 training pictures, which are real but not their originals. *Predict*: is the weight 0, pixels alone, at one end of the curve?

# %%
# Weight of the adversarial part, PSNR, SSIM, kernel distance; each with the seeds 0 and 1 (tests/benchmarks/srgan.py curve)
curve = [
    (0.0, 22.07, 0.769, 0.81),
    (0.0, 22.09, 0.769, 0.81),
    (0.005, 21.63, 0.758, 0.69),
    (0.005, 21.65, 0.758, 0.67),
    (0.02, 21.56, 0.756, 0.59),
    (0.02, 21.56, 0.755, 0.66),
    (0.2, 21.63, 0.758, 0.65),
    (0.2, 21.57, 0.757, 0.67),
]
fig, ax = plt.subplots(figsize=(7, 4))
looks = ((figures.BLUE, "o", "-"), (figures.ORANGE, "s", "--"))
for seed, (colour, marker, line) in enumerate(looks):
    points = [(decibels, distance) for _, decibels, _, distance in curve[seed::2]]
    ax.plot(*zip(*points, strict=True), color=colour, marker=marker, ls=line, label=f"seed {seed}")
for weight, decibels, _, distance in curve:
    ax.annotate(f"{weight:g}", (decibels, distance), textcoords="offset points", xytext=(6, 6))
ax.set(
    xlabel="PSNR in dB (higher: closer to the original)",
    ylabel="kernel distance (lower: more realistic as a set)",
)
ax.legend(title="the number: adversarial weight", fontsize=8)
ax.spines[["top", "right"]].set_visible(False)
fig.tight_layout()
for weight, decibels, _, distance in curve:
    print(f"weight {weight:5g}: {decibels:.2f} dB, distance {distance:.2f}")
stages = pretrained.read_card("pokemon_srgan")["stages"]
shipped = {"SRResNet": stages[0]["metrics"], "SRGAN": stages[1]["metrics"]}
for name, of in (shipped | shipped["SRResNet"]["controls"]).items():
    decibels, distance = of.get("psnr", float("inf")), of["kernel_efficientnet_lite0_features"]
    print(f"{name:>12}: {decibels:.2f} dB, distance {distance:.2f}")

# %% [markdown]
# Yes: the weight 0 is at one end. It has the highest PSNR, 22.07 and 22.09 dB, and the largest distance, 0.81. Any adversarial weight lowers the PSNR by about half a decibel, and the distance to between 0.59 and 0.69. Among 0.005, 0.02 and 0.2 our two seeds decide nothing: at 0.02 alone they give 0.59 and 0.66. Bicubic interpolation (20.01 dB, 1.28) is worse in both measures.
#
# This curve is not the bound of the proof. It is what our network reached in 2,000 steps; a better method would lie below and to the right of it. One caveat: we chose how long to train SRGAN by looking at the same 100 held-out pictures, so its numbers are slightly optimistic.

# %%
# With a content loss beside the adversarial weight 0.02, seed 0: features, PSNR, SSIM, kernel distance (tests/benchmarks/srgan.py content)
with_content = [
    ("CIFAR-10 classifier", 21.45, 0.751, 0.57),
    ("EfficientNet-Lite0", 21.5, 0.752, 0.58),
]
for name, decibels, likeness, distance in with_content:
    print(f"{name:>20}: {decibels:.2f} dB, SSIM {likeness:.3f}, distance {distance:.2f}")

# %% [markdown]
# Without a content loss the same weight and seed gave 0.59. With either kind of features the distance is 0.01 or 0.02 smaller, less than two seeds differ, and the PSNR is lower, too. EfficientNet-Lite0 also judges here, which gives it an advantage. So we found no use for a content loss beside the one on pixels, and the course's SRGAN has none. Ledig et al. (2017) use theirs *in place of* the one on pixels.

# %% [markdown]
# ## 10.9 Invented detail
#
# The details of an enlarged picture are not in the small one. Where do they come from? Compare three networks that began with the same SRResNet. Your two differ only in the seed. The course's SRGAN was trained longer and with another loss. *Predict*: where will the pictures differ most? Look at the faces.

# %%
three = {name: ways[name] for name in ("yours, seed 0", "yours, seed 1", "SRGAN")}
compare({"small": ways["small"]} | three | {"original": held_out})
stack = torch.stack([images.float() for images in three.values()]) / 255
again = [(recipes.shrunk(images).float() - small.float()).abs().mean() for images in three.values()]
print(
    f"mean difference between your two networks at 64 × 64, of 255: {255 * (stack[0] - stack[1]).abs().mean():.1f}"
)
print("made small again, mean difference from the given small picture, of 255:")
for name, gap in zip(three, again, strict=True):
    print(f"{name:>16} {gap:.1f}")

# %% [markdown]
# All three agree with what is given: made small again, they differ from the small picture by about 1.3 grey levels of 255. At the large size your two networks differ by 2.9 grey levels. (Differences that average out over 4 × 4 pixels vanish when the pictures are made small, so the two numbers are not to be compared.) After 300 steps from the same start you hardly see this difference. SRGAN differs visibly: it adds dots to the middle of the star and dark lines around the monkey's mouth. All of these pictures fit the small one about equally well, and none of them is the original.

# %% [markdown]
# In a game this does not matter. In medicine or forensics it does: a network that was trained on scans with many tumours can draw one where there is none (Cohen et al. 2018 showed this for image translation). A face drawn from 16 × 16 pixels is a guess shaped by the training pictures. In June 2020 users of PULSE (Menon et al. 2020), which searches for a face that fits a small picture, gave it a pixelated photograph of Barack Obama and got the face of a white man. An enlarged picture is not evidence of anything that the small one does not show. If you publish one, say how it was made.

# %% [markdown]
# ## 10.10 Another degradation
#
# The networks learned to undo one degradation. *Predict*: what happens if the small pictures were made in another way, such as taking every fourth pixel?

# %%
x = training.to_unit(held_out)
torch.manual_seed(0)
made = {
    "bicubic, antialiased": resampling.shrink(x),
    "mean of 4 × 4": F.avg_pool2d(x, 4),
    "every fourth pixel": x[
        :, :, 1::4, 1::4
    ],  # near the middle of each square: ::4 would also shift
    "bicubic and noise": resampling.shrink(x) + 0.05 * torch.randn(100, 3, 16, 16),
}
print("PSNR in dB              bicubic   SRResNet   SRGAN")
shown = {}
for name, other in made.items():
    given = training.to_uint8(other)
    results = [
        fidelity.interpolated(given, "bicubic"),
        *(fidelity.enlarged(G, given) for G in (srresnet, srgan)),
    ]
    values = [fidelity.psnr(images, held_out).mean() for images in results]
    print(f"{name:>22} {values[0]:8.2f} {values[1]:10.2f} {values[2]:7.2f}")
    shown[name] = results[2]
compare(shown | {"original": held_out})

# %% [markdown]
# The pictures show SRGAN. The mean of 4 × 4 pixels is a similar degradation: both networks are above bicubic, SRResNet by a decibel. With every fourth pixel both are far below bicubic, 15.27 and 14.62 instead of 18.15 dB. We think that they take the jagged edges for real ones and sharpen them. With noise both stay above bicubic, but SRGAN turns the noise into streaks on the white background.

# %% [markdown]
# ## 10.11 Play: drag the line
#
# 1. Compare *SRResNet* with *SRGAN*, then *SRGAN* with *original*. Zoom to 4 × and look for a detail that is convincing and wrong.
# 2. Can you find a face that is right?
# 3. Choose *Your picture* and a photograph of your own. What does a network do that knows nothing but Pokémon?
#
# <details><summary>What we saw</summary>1: SRGAN's outlines look as if they were drawn with a pen. In the middle of the star, number 10, the dots give the invention away. 2: we found none. Number 40 has dark marks for eyes and a mouth of its own. 3: we do not know your photograph. The network has never seen one.</details>

# %%
from gancourse.widgets import BeforeAfter

BeforeAfter(number=10, networks={"yours": yours[0]})

# %% [markdown]
# ## 10.12 Pictures of any size
#
# The generator consists of convolutions, so it takes pictures of any size. Here it enlarges Pokémon that lesson 7's generator drew, from 64 × 64 to 256 × 256. There is no original for these.

# %%
dcgan = pretrained.load("pokemon_dcgan").generator
drawn = training.sample(dcgan, 10, seed=7)[1:4]
large = fidelity.enlarged(srgan, drawn)
fig, axes = plt.subplots(2, 3, figsize=(7.5, 5.2))
for column in range(3):
    for ax, image in zip(axes[:, column], (drawn[column], large[column]), strict=True):
        ax.imshow(image.permute(1, 2, 0), interpolation="none")
        ax.axis("off")
axes[0, 0].set_title("drawn, 64 × 64", fontsize=10, loc="left")
axes[1, 0].set_title("enlarged, 256 × 256", fontsize=10, loc="left")
fig.tight_layout()

# %% [markdown]
# The jagged edges are gone, and there are new thin lines inside. We think that the network adds them because it was trained on pictures of 16 × 16 pixels, where such lines are lost.
#
# A camera's photograph has about 12 million pixels. Enlarged, one set of the 32 feature maps takes about 25 GB, so the whole picture does not fit into most memories. So cut it into tiles, enlarge each, and join them. At the border of a tile the convolutions miss their neighbours, and a seam would show. The remedy is a margin: hand over each tile with as many more pixels around it as the network can see, and cut the margin off afterwards. How far it sees is its **receptive field**, and it follows from the layers. A convolution with kernel 3 sees one pixel to each side. At the small size there are 18 of them; the one at twice the size sees half a small pixel, and the last one a quarter. So a margin of 19 suffices (`srgan.reach`).

# %% [markdown]
# ### Exercise 7 · `in_tiles` · the challenge
# ●●● · 25 minutes
#
# Write it: `in_tiles(G, x, tile, margin)` returns `G(x)`, (N, C, 4h, 4w), for images x (N, C, h, w). G never gets more than `tile + 2 * margin` pixels in either direction.
#
# - The tiles have `tile` × `tile` pixels; the last ones of a row or column may be smaller. G is called once for each.
# - G gets the tile with `margin` more pixels on each side, as far as the picture reaches. Add nothing beyond the border of the picture.
# - Of what G returns keep the tile's own part, 4 times as large, and join all parts. If the margin is at least as wide as G sees, the result is `G(x)`, up to rounding.
#
# You practise: indices at a border, in two sizes.
#
# <details><summary>Hint 1</summary>Draw the first two tiles on paper. How many pixels stand before the second tile's own part, in both sizes?</details>
# <details><summary>Hint 2</summary>Two loops over <code>range(0, h, tile)</code> and <code>range(0, w, tile)</code>. <code>max(top - margin, 0)</code> is where the margin begins; a slice may end beyond the picture, but must not begin at a negative number.</details>


# %% exercise="in_tiles"
def in_tiles(G, x: torch.Tensor, tile: int, margin: int) -> torch.Tensor:
    """Return G(x), (N, C, 4h, 4w), for images x (N, C, h, w), computed tile by tile with a margin around each."""
    ### BEGIN SOLUTION
    h, w = x.shape[2:]
    rows = []
    for top in range(0, h, tile):
        row = []
        for left in range(0, w, tile):
            bottom, right = min(top + tile, h), min(left + tile, w)
            above, before = max(top - margin, 0), max(left - margin, 0)
            large = G(x[:, :, above : bottom + margin, before : right + margin])
            down, across = 4 * (top - above), 4 * (left - before)
            row.append(
                large[:, :, down : down + 4 * (bottom - top), across : across + 4 * (right - left)]
            )
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)
    ### END SOLUTION


# %%
x = training.to_unit(datasets.load("pokemon", "test", size=128).images[:2])  # (2, 3, 128, 128)
with torch.no_grad():
    whole = srgan(x)
    for margin in (0, 4, srgan.reach):
        gap = (in_tiles(srgan, x, 48, margin) - whole).abs().max() * 127.5
        print(f"margin {margin:2}: largest difference from the whole, of 255: {gap:.2f}")

# %% [markdown]
# With a margin as wide as the network sees, nothing but rounding is left. `gancourse upscale PICTURE` does the same with files of any size, in the terminal:
#
# ```
# gancourse upscale holiday.jpg
# gancourse upscale holiday.jpg --faithful --out holiday-large.png
# ```
#
# `--faithful` takes SRResNet instead of SRGAN.

# %% [markdown]
# ## 10.13 What came after it
#
# - **ESRGAN** (Wang et al. 2018) has more and denser blocks, also without batch norm, and a relativistic discriminator, which judges whether a real picture is more real than the fakes are on average.
# - **Real-ESRGAN** (Wang et al. 2021) is trained on many random degradations, blur, noise and JPEG among them. It copes better with pictures whose degradation is unknown, the problem of 10.10.
# - **SR3** (Saharia et al. 2021) enlarges with a diffusion model. It starts from noise and draws one of the possible originals in many steps, so each run gives another picture. Its authors, too, measured a lower PSNR than with a network trained on pixels.

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** A network that is trained on pixels alone draws soft eyes, however long you train it. Why?
#
# - **a** Several originals are possible for one small picture, and a compromise between them (their mean or median) has the lowest expected error.
# - **b** It has too few residual blocks.
# - **c** Pixel shuffle blurs.
# - **d** Its learning rate is too high at the end.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** SRGAN's PSNR is lower than SRResNet's, and its pictures look more real. What follows?
#
# - **a** SRGAN makes more mistakes, so its pictures only seem better.
# - **b** SRGAN overfits its training pictures.
# - **c** Nothing is wrong: realistic detail that differs from the original's costs PSNR.
# - **d** SRGAN needs more steps until its PSNR is higher, too.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** A camera recorded a face in 16 × 16 pixels. An SRGAN that was trained on faces draws a scar on the cheek. What do you know?
#
# - **a** The person has a scar, because the network has learned what scars look like.
# - **b** The person probably has a scar, if the network's PSNR is high.
# - **c** The person probably has a scar, if the network's kernel distance is small.
# - **d** Nothing about a scar: the small picture does not show one, and the network added what it knows from its training pictures.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. A hospital wants to make its scans with a quarter of the resolution, which is faster, and to enlarge them with a network. Which loss would you train it with? How would you test it before anybody relies on it, and what would you show to the doctor?
# (4 points, graded by hand: one for the loss with a reason, two for tests, one for what is shown; a model answer is in `solutions/`.)

# %% [markdown] open="question_4" points=4
# I would train it on pixels, perhaps with a content loss, and without a discriminator: a soft edge says that the network does not know, a sharp one that was invented says that it does. I would test it on scans from other machines and patients than those it was trained on, made small as the machine does it and not by a program, because a network learns one degradation. PSNR alone does not suffice: doctors should look for findings in enlarged and full scans without knowing which is which, and we would count findings that vanish or appear. To the doctor I would show the small scan beside the enlarged one, marked as computed, with a map of how much several networks disagree.
#
# *Rubric*: a loss that suits (pixels or content; a discriminator only with a reason against the danger), 1 · a test on pictures like those in use (other patients, machine, degradation), 1 · a test of what matters (findings that vanish or appear, by people or a task), 1 · showing what is computed or uncertain (the small scan beside it, a mark, a map of disagreement), 1.

# %% [markdown]
# ## Summary
#
# - A degradation makes pictures small; every result of super-resolution holds for the degradation it was measured with.
# - PSNR compares pixels, SSIM windows, and both compare with one original. A kernel distance compares sets of pictures.
# - A network of residual blocks and pixel shuffle works at the small size. It begins as bicubic interpolation.
# - Trained on pixels it draws something between all that is possible, which is soft. An adversarial loss makes the pictures look more real, and costs PSNR.
# - The details of an enlarged picture are invented. Different pictures fit the same small one about equally well.
# - Tiles with a margin enlarge pictures of any size.

# %% [markdown]
# **Sources**: Ledig et al. 2017, *Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network* (10.4 to 10.7; theirs has 16 blocks, batch norm and PReLU, a loss of squared errors for SRResNet, and VGG's features for SRGAN). Shi et al. 2016, *Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network* (10.3). He et al. 2016, *Deep Residual Learning* (10.4). Lim et al. 2017, *Enhanced Deep Residual Networks* (no batch norm; a loss of absolute values). Zhang et al. 2019, *Fixup Initialization* (blocks that begin as the identity). Kim et al. 2016, *VDSR* (adding to the bicubic enlargement). Wang et al. 2004, *Image Quality Assessment: From Error Visibility to Structural Similarity* (10.2). Blau & Michaeli 2018, *The Perception-Distortion Tradeoff* (10.5, 10.8). Menon et al. 2020, *PULSE*, and Cohen et al. 2018, *Distribution Matching Losses Can Hallucinate Features in Medical Image Translation* (10.9). Wang et al. 2018, *ESRGAN*; Wang et al. 2021, *Real-ESRGAN*; Saharia et al. 2021, *Image Super-Resolution via Iterative Refinement* (10.13).
#
# **One step further**: train SRResNet on several degradations at once, each batch made small in another way. What does it lose on ours, and what does it gain on the others?
