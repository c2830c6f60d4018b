# %% [markdown]
# # 3 · A vanilla GAN from scratch
#
# In this lesson you train two small networks, without convolutions and without labels. At the end one of them turns random numbers into handwritten digits.
#
# **You will be able to**
#
# - write a generator, a discriminator, a loss and the training step in which they compete, and find the faults in somebody else's;
# - say what the loss curves of a GAN show, and what they do not show;
# - train a better recipe, and measure how much better it is.
#
# **Time**: 100 minutes, including eight exercises; a break fits after 3.8. About 8 of the 100 minutes are training on two CPU cores, less on a GPU. Where a
# training takes more than two minutes, you can load finished weights instead.
#
# **You need**: lessons 1 and 2, and one small network that you have trained in PyTorch. The [glossary](../README.md#glossary)
# explains the terms.
#
# The first cell checks that everything is installed. If it reports a problem, follow its advice and run it again.

# %% start=true
from gancourse import checks, doctor

doctor.check("mnist")

# %%
from IPython.display import display

from gancourse import figures, pretrained, training

# This is where we are going: 64 digits that nobody has written, from weights that come with the course.
better = pretrained.load("mnist_better")
display(
    figures.image_grids(
        {"G(z), not one picked by hand": training.sample(better.generator, 64, seed=3)}
    )
)

# %% [markdown]
# Exercises, checks and folded cells work as in
# [lesson 1](../01_generative_models/01_generative_models.ipynb): write your answer, run the check below it, and open
# the second folded cell if you are stuck and want to carry on.

# %% [markdown]
# ## 3.1 The data
#
# The training set of MNIST has 60,000 grey images of 28 × 28 pixels. Each is a sample $x \sim p_{data}$ from a distribution that nobody can write
# down.
#
# We scale the grey levels from 0…255 to $[-1, 1]$, because the generator ends with a tanh, which has that range.
# `training.to_unit` does this: `.float() / 127.5 - 1`.

# %%
from gancourse import datasets

mnist = datasets.load("mnist")
real = training.to_unit(mnist.images[:64])
print("dataset:", tuple(mnist.images.shape), mnist.images.dtype)
print("a batch:", tuple(real.shape), real.dtype, "from", real.min().item(), "to", real.max().item())
display(figures.image_grids({"real": mnist.images[:64]}))

# %% [markdown]
# ## 3.2 Noise
#
# A network is a function: the same input gives the same output. To get a *different* digit each time, we feed it a different
# **noise vector** $z \sim p_z$. We choose $p_z$, so let it be simple: 64 independent numbers from the standard normal
# distribution.
#
# $p_z$ is called the **prior**. It is **not** the generator's distribution. That is the push-forward $p_g$, the distribution of
# $G(z)$.

# %% [markdown]
# ### Exercise 1 · `draw_noise`
# ●○○ · 3 minutes
#
# Write the function that draws the noise of a batch: `draw_noise(n, device)` returns a float32 tensor of shape (n, 64), one row
# for each image. All n · 64 numbers are standard normal and independent of each other. The tensor is on `device`.
#
# You practise: drawing separate noise for each image.
#
# <details><summary>Hint 1</summary>torch has several functions that fill a new tensor with random numbers. Which one draws from
# the standard normal distribution?</details>
# <details><summary>Hint 2</summary><code>torch.randn</code> takes the sizes, and <code>device=</code>. <code>torch.rand</code> is
# another distribution.</details>

# %%
import torch

Z_DIM = 64


# %% exercise="draw_noise"
def draw_noise(n: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return n noise vectors, shape (n, Z_DIM), standard normal, on `device`."""
    ### BEGIN SOLUTION
    return torch.randn(n, Z_DIM, device=device)
    ### END SOLUTION


# %%
torch.manual_seed(0)
z = draw_noise(64)
print(tuple(z.shape), f"mean {z.mean().item():.3f}, standard deviation {z.std().item():.3f}")

# %% [markdown]
# ## 3.3 The generator
#
# $G(z)$ maps noise (N, 64) to images (N, 1, 28, 28). We start with a **multilayer perceptron** (MLP): linear layers with an **activation function** between them.
#
# | layer | output |
# |---|---|
# | linear, 64 → 128 | (N, 128) |
# | LeakyReLU, 0.2 | (N, 128) |
# | linear, 128 → 128 | (N, 128) |
# | LeakyReLU, 0.2 | (N, 128) |
# | linear, 128 → 784 | (N, 784) |
# | tanh | (N, 784) |
# | reshape | (N, 1, 28, 28) |
#
# - **LeakyReLU** multiplies negative numbers by 0.2. A plain ReLU would set them, and their gradient, to 0.
# - **Tanh** keeps the pixels in $[-1, 1]$, like those of the real images.

# %% [markdown]
# ### Exercise 2 · `Generator`
# ●○○ · 6 minutes
#
# Write the network of the table: `Generator()(z)` takes z of shape (N, 64) and returns images (N, 1, 28, 28) in $[-1, 1]$, for any
# batch size N, including 1. Leave the line `z_dim = Z_DIM` as it is: later cells read it.
#
# You practise: building a network that ends in an image.
#
# <details><summary>Hint 1</summary>Make the layers in <code>__init__</code> and keep them as attributes of <code>self</code>, so
# that PyTorch finds their weights. Call them in <code>forward</code>.</details>
# <details><summary>Hint 2</summary><code>nn.Sequential</code> can hold the six layers of the table in order. In
# <code>forward</code>, <code>.view</code> or <code>.unflatten</code> turns 784 numbers into an image; the size of the batch must
# stay open.</details>

# %%
from torch import nn


# %% exercise="Generator"
class Generator(nn.Module):
    """Noise (N, 64) -> images (N, 1, 28, 28) in [-1, 1]."""

    z_dim = Z_DIM  # the course's tools read it to draw noise that fits

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.body = nn.Sequential(
            nn.Linear(Z_DIM, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 784),  # (N, 784)
            nn.Tanh(),
        )
        ### END SOLUTION

    def forward(self, z):
        ### BEGIN SOLUTION
        return self.body(z).view(-1, 1, 28, 28)
        ### END SOLUTION


# %% [markdown]
# *Predict before you run*: what do 64 images of an untrained generator look like? Do they differ?


# %%
def correlation(images):
    """Return the mean correlation between two of the images: 1 if all are the same."""
    pairs = torch.corrcoef(images.flatten(1).double())
    return (pairs.sum() - len(pairs)).item() / (len(pairs) * (len(pairs) - 1))


torch.manual_seed(0)
G = Generator()
fog = training.sample(G, 64)
display(figures.image_grids({"untrained G(z)": fog}))
print(f"mean correlation between two of them: {correlation(fog):.2f}")

# %% [markdown]
# You see 64 grey patterns. The eye cannot tell that they share something; the correlation of 0.47 can. Part of each image does not depend on $z$: the biases, and the mean of each LeakyReLU's output, which is above 0 because it shrinks only negative
# numbers. The next section sets the biases to 0 and measures the correlation again.

# %% [markdown]
# ## 3.4 The discriminator
#
# We know of no simple formula on pixels that tells how far these images are from handwriting. So we *learn* the judge: a classifier of real
# against fake. For each image it returns one number, the **logit** $a(x)$, and
#
# $$D(x) = \sigma(a(x)) = \frac{1}{1 + e^{-a(x)}}$$
#
# is its estimate of the probability that $x$ is real. The network itself contains no sigmoid: the losses work on logits, for a reason that the
# next section shows.
#
# | layer | output |
# |---|---|
# | flatten | (N, 784) |
# | linear, 784 → 128 | (N, 128) |
# | LeakyReLU, 0.2 | (N, 128) |
# | linear, 128 → 128 | (N, 128) |
# | LeakyReLU, 0.2 | (N, 128) |
# | linear, 128 → 1 | (N, 1) |
# | remove the dimension of size 1 | (N,) |

# %% [markdown]
# ### Exercise 3 · `Discriminator`
# ●○○ · 5 minutes
#
# Write the network of the table: `Discriminator()(x)` takes images x of shape (N, 1, 28, 28) and returns logits (N,), for any batch
# size N, including 1.
#
# You practise: giving a loss exactly the shape that it needs.
#
# <details><summary>Hint 1</summary>The pattern is that of the generator, reversed. A linear layer needs (N, 784), so each image must
# be flattened first.</details>
# <details><summary>Hint 2</summary><code>nn.Flatten</code> keeps the batch dimension and flattens the rest. For the last line of the
# table name the dimension that you remove; without a name, a batch of one image loses both.</details>


# %% exercise="Discriminator"
class Discriminator(nn.Module):
    """Images (N, 1, 28, 28) -> logits (N,); above 0 means "more likely real"."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.body = nn.Sequential(
            nn.Flatten(),  # (N, 784)
            nn.Linear(784, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 128),  # (N, 128)
            nn.LeakyReLU(0.2),
            nn.Linear(128, 1),  # (N, 1)
        )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.body(x).squeeze(1)  # (N,)
        ### END SOLUTION


# %% [markdown]
# **Initialising the weights.** By default PyTorch draws weights and biases from a uniform distribution whose width depends on
# the layer. The authors of DCGAN (lesson 6) initialise the weights with $\mathcal{N}(0, 0.02^2)$: mean 0, standard deviation
# 0.02. Many GAN programs copied this. It is one choice of several: SNGAN, BigGAN, StyleGAN and our better recipe (3.12) use others. If you copy it, mind two details:
#
# - **Biases** must be set to 0, or PyTorch's random ones stay.
# - The weights of **batch normalisation** (section 3.12) must be drawn around 1, from $\mathcal{N}(1, 0.02^2)$. The layer *multiplies* by them, so weights around 0
#   would make its output nearly 0.

# %% [markdown]
# ### Exercise 4 · `init_weights`
# ●●○ · 6 minutes
#
# Write the function that initialises **one layer** in place and returns nothing: `init_weights(layer)`.
# `network.apply(init_weights)` calls it on every layer, including layers without weights, an `nn.Sequential` that contains other
# layers, and the network itself.
#
# - `nn.Linear`: weights from $\mathcal{N}(0, 0.02^2)$, bias 0
# - `nn.BatchNorm1d`: weights from $\mathcal{N}(1, 0.02^2)$, bias 0
# - any other layer: do not change it. A linear layer may have no bias; then `layer.bias` is `None`.
#
# You practise: changing the weights of a layer in place.
#
# <details><summary>Hint 1</summary><code>isinstance(layer, nn.Linear)</code> tells which kind of layer it is. Which functions of
# <code>nn.init</code> change a tensor in place?</details>
# <details><summary>Hint 2</summary><code>nn.init.normal_</code> takes a tensor, a mean and a standard deviation;
# <code>nn.init.zeros_</code> is for the biases. Test for <code>None</code> before you touch a bias.</details>


# %% exercise="init_weights"
def init_weights(layer: nn.Module) -> None:
    """Set the first weights of one layer in place (Radford et al. 2016, section 4, and their code)."""
    ### BEGIN SOLUTION
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm1d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    else:
        return
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    ### END SOLUTION


# %%
torch.manual_seed(0)
G, D = Generator().apply(init_weights), Discriminator().apply(init_weights)
print(f"mean correlation between two of G's images: {correlation(training.sample(G, 64)):.2f}")
with torch.no_grad():
    print("D(real), the first five:", torch.sigmoid(D(real))[:5])
    print("D(fake), the first five:", torch.sigmoid(D(G(z)))[:5])

# %% [markdown]
# The images are fainter and have less in common. The weights changed, too, so the biases need not be the only cause. $D$ answers
# about one half to everything: it cannot tell real from fake yet.

# %% [markdown]
# ## 3.5 The discriminator's loss
#
# Lesson 2 derived what $D$ minimises. It is the negative value $-V$, the sum of two binary cross-entropies, which on logits is
#
# $$-V = \mathbb{E}[\text{softplus}(-a(x))] + \mathbb{E}[\text{softplus}(a(G(z)))], \qquad \text{softplus}(a) = \log(1 + e^a).$$
#
# $\mathbb{E}$ is the expectation, `.mean()` in code. Why do we not compute the logarithm of a sigmoid? Consider a fake that $D$
# takes for real, with the logit 20.

# %%
from torch.nn.functional import softplus

a = torch.tensor(20.0)
print("log(1 - sigmoid(20)), step by step:", torch.log(1 - torch.sigmoid(a)).item())
print("-softplus(20):                     ", -softplus(a).item())

# %% [markdown]
# In 32-bit numbers $\sigma(20)$ is rounded to 1, and $\log 0$ is minus infinity. PyTorch's `softplus` gives the right number.
# (`torch.log(1 + torch.exp(a))` has the same problem elsewhere: $e^{100}$ overflows.) `binary_cross_entropy_with_logits` is right,
# too: it takes logits and labels, and uses a softplus inside.

# %% [markdown]
# ### Exercise 5 · `discriminator_loss`
# ●●○ · 6 minutes
#
# Write $-V$ for two batches of logits: `discriminator_loss(real_logits, fake_logits)`, both of shape (N,), returns one number, a
# tensor without dimensions. The expectations become means over the batch, and you add the two means. The loss must be right for
# large logits such as ±100, too.
#
# You practise: translating a loss into numerically safe code.
#
# <details><summary>Hint 1</summary>Test your code in your head: if <code>D</code> is right about everything, real logits are large
# and fake logits are very negative. The loss must then be near 0.</details>
# <details><summary>Hint 2</summary><code>softplus</code> and <code>.mean()</code>, once for each batch. In which of the two does the
# logit need a minus sign?</details>


# %% exercise="discriminator_loss"
def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """Return -V for logits (N,) on real and on fake images, a 0-d tensor."""
    ### BEGIN SOLUTION
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()
    ### END SOLUTION


# %%
guessing = torch.zeros(64)  # a logit of 0 is D(x) = 1/2
print(
    f"a discriminator that guesses loses {discriminator_loss(guessing, guessing).item():.6f}, log 4 is {torch.log(torch.tensor(4.0)).item():.6f}"
)

# %% [markdown]
# Remember **log 4 = 1.386**: the loss of a discriminator that answers one half to everything. (Lesson 2: the optimal $D$ does so where
# $p_g = p_{data}$.)

# %% [markdown]
# ## 3.6 The generator's loss
#
# Lesson 2 compared two losses for $G$. The minimax loss $\log(1 - D(G(z)))$ has almost no gradient where $D$ recognises a fake. Goodfellow et al. (2014) expect this early in training. We follow them and use the
# non-saturating loss $-\log D(G(z)) = \text{softplus}(-a)$.


# %%
def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """Return the mean of -log D(G(z)) for logits (N,), the non-saturating loss, a 0-d tensor."""
    return softplus(-fake_logits).mean()


# %% [markdown]
# ## 3.7 One training step
#
# First $D$ is updated, then $G$, each with a batch of fakes of its own. Each turn has four lines: loss, `zero_grad()`, `backward()`, `step()`. Three points need attention:
#
# - **Where gradients stop.** In $D$'s turn they flow through $D$ and stop at the fakes, which are detached or drawn under
#   `torch.no_grad()`. If you forget this, $G$ still does not change in $D$'s turn, because only `opt_D` steps. But
#   computing $G$'s gradients costs time, and nobody uses them.
# - **Where gradients must pass.** In $G$'s turn they flow through $D$ *into* $G$. They leave gradients in $D$ as well. `opt_G` does not touch $D$,
#   and the next `opt_D.zero_grad()` clears them.
# - **`zero_grad()`.** PyTorch adds new gradients to old ones. If you forget `zero_grad()`, there is no error message, and $D$ even
#   keeps the gradients from $G$'s turn.

# %%
from gancourse import diagrams

diagrams.turns()

# %% [markdown]
# ### Exercise 6 · `train_step`
# ●●○ · 15 minutes · a quarter of the points each: $D$'s update, $G$'s update, the two together, what you return
#
# `train_step(G, D, opt_G, opt_D, real, step, d_loss_function)` makes one step. `real` has shape (N, 1, 28, 28); `d_loss_function` is your `discriminator_loss` unless the caller passes another (section 3.11
# does). Update $D$ once on `d_loss_function(real_logits, fake_logits)`; no gradient may reach $G$. Then
# update $G$ once on `generator_loss`, against the updated $D$, with **fresh noise** and a second call of $G$. Each turn uses N fakes.
# Return a dict:
#
# | key | value: numbers, or tensors without a graph |
# |---|---|
# | `d_loss`, `g_loss` | the two losses |
# | `d_real` | the share of the real images, from 0 to 1, with a logit above 0 |
# | `d_fake` | the share of the fakes, from 0 to 1, with a logit below 0 |
#
# Both shares come from the logits of `d_loss`, before the update: they say how often $D$ was right. Do not change `real`, the
# modes (train, eval) or `requires_grad`. You do not need `step`; section 3.12 will.

# %% [markdown]
# You practise: sending each loss's gradient to the right network.
#
# <details><summary>Hint 1</summary>Write D's turn first: noise, fakes without a path back to G, logits of both, the loss; then clear,
# backward, step with D's optimiser. G's turn needs no real images, and nothing is detached.</details>
# <details><summary>Hint 2</summary>D's turn: <code>draw_noise</code>, <code>G</code>, <code>.detach()</code>, two calls of
# <code>D</code>, <code>d_loss_function</code>. G's turn: new noise, <code>G</code>, <code>D</code>, <code>generator_loss</code>. A
# share is the mean of a comparison, as floats; a loss without its graph is <code>.detach()</code>ed.</details>


# %% exercise="train_step"
def train_step(G, D, opt_G, opt_D, real, step, d_loss_function=discriminator_loss) -> dict:
    """Update D, then G, on real images (N, 1, 28, 28); return d_loss, g_loss, d_real and d_fake."""
    ### BEGIN SOLUTION
    fake = G(draw_noise(len(real), real.device)).detach()
    real_logits, fake_logits = D(real), D(fake)
    d_loss = d_loss_function(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = generator_loss(D(G(draw_noise(len(real), real.device))))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()

    return {
        "d_loss": d_loss.detach(),
        "g_loss": g_loss.detach(),
        "d_real": (real_logits > 0).float().mean(),
        "d_fake": (fake_logits < 0).float().mean(),
    }
    ### END SOLUTION


# %% [markdown]
# ## 3.8 The training loop
#
# The loop calls the step again and again, each time with other real images.

# %% [markdown]
# ### Exercise 7 · `train_loop`
# ●●○ · 6 minutes
#
# `images` is uint8, (N, 1, 28, 28), from 0 to 255, like `mnist.images`. For each step 1, 2, ..., `steps`: pick `batch_size` images at
# random from all of them (with or without repeats; `images` holds at least that many), scale them to $[-1, 1]$ as in section 3.1, and call
# `train_step(G, D, opt_G, opt_D, real, step)`. Return a list with what each call returned.
#
# You practise: drawing random batches from a tensor.
#
# <details><summary>Hint 1</summary>A tensor of indices picks many images at once: <code>images[picked]</code>. When must the indices be
# drawn?</details>
# <details><summary>Hint 2</summary><code>torch.randint</code> draws the indices; <code>range</code> must begin at 1 and include
# <code>steps</code>. Convert to float before you scale: uint8 cannot hold −1.</details>


# %% exercise="train_loop"
def train_loop(train_step, G, D, opt_G, opt_D, images, steps: int, batch_size: int) -> list[dict]:
    """Call train_step `steps` times on random batches of images, uint8 (N, 1, 28, 28); return what it returned."""
    ### BEGIN SOLUTION
    history = []
    for step in range(1, steps + 1):
        picked = torch.randint(len(images), (batch_size,))
        real = images[picked].float() / 127.5 - 1
        history.append(train_step(G, D, opt_G, opt_D, real, step))
    return history
    ### END SOLUTION


# %%
import gancourse


def new_players(device="cpu"):
    torch.manual_seed(0)
    G, D = Generator().apply(init_weights), Discriminator().apply(init_weights)
    return G.to(device), D.to(device)


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999))


G, D = new_players()
history = train_loop(train_step, G, D, adam(G), adam(D), mnist.images, steps=50, batch_size=100)
for step in (1, 50):
    values = ", ".join(f"{name} {float(value):.3f}" for name, value in history[step - 1].items())
    print(f"step {step}: {values}")

# %% [markdown]
# It runs. At step 50 every fake has a logit just above 0 (`d_fake` 0, G's loss near log 2): $D$ is unsure, and this is no bug. Fifty steps are almost nothing; the next training takes ten thousand.

# %% [markdown]
# ### Exercise 8 · `repaired_gan`
# ●●● · 20 minutes · a challenge · a fifth of the points for each fault that you repair
#
# Imagine that somebody asks you about this program: "It runs, there is no error, but my GAN does not learn. What is wrong?" The dict at its end
# names six parts; five of them have **one fault each**. Each part should do what the exercise with its name asks
# for, and a part that calls a faulty one is not right yet. (`non_saturating` is right, and PyTorch's own initialisation is no fault.)
#
# Run it, and look at the losses and the picture. Then copy the body of `faulty_gan` into `repaired_gan` below and repair it. Change nothing else.

# %% [markdown]
# You practise: reading training code with suspicion.
#
# <details><summary>Hint 1</summary>Some faults hide behind others: after the first repair the losses may look worse. Read line by line, and ask
# of each tensor: which range, which shape, does a gradient flow through it?</details>
# <details><summary>Hint 2</summary>Compare what <em>G</em> draws with what <em>D</em> is shown as real; the noise of the training with that of
# <code>training.sample</code>; what D returns with what the loss expects; what the loss gives for a logit of 120; and which weights change in
# G's turn.</details>


# %%
def faulty_gan() -> dict:
    """Return the parts of a GAN for MNIST, name -> function or class. Five have a fault."""

    def draw_noise(n, device="cpu"):
        return torch.rand(n, Z_DIM, device=device)

    class Generator(nn.Module):
        z_dim = Z_DIM

        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Linear(Z_DIM, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 784),
                nn.Tanh(),
            )

        def forward(self, z):
            return self.body(z).view(-1, 1, 28, 28)

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Flatten(),
                nn.Linear(784, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 1),
                nn.Sigmoid(),
            )

        def forward(self, x):
            return self.body(x).squeeze(1)

    def discriminator_loss(real_logits, fake_logits):
        real_loss = -torch.log(torch.sigmoid(real_logits)).mean()
        return real_loss - torch.log(1 - torch.sigmoid(fake_logits)).mean()

    def non_saturating(fake_logits):
        return softplus(-fake_logits).mean()

    def train_step(G, D, opt_G, opt_D, real, step, d_loss_function=discriminator_loss):
        fake = G(draw_noise(len(real), real.device)).detach()
        real_logits, fake_logits = D(real), D(fake)
        d_loss = d_loss_function(real_logits, fake_logits)
        opt_D.zero_grad()
        d_loss.backward()
        opt_D.step()

        g_loss = non_saturating(D(fake))
        opt_G.zero_grad()
        g_loss.backward()
        opt_G.step()

        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            "d_real": (real_logits > 0).float().mean(),
            "d_fake": (fake_logits < 0).float().mean(),
        }

    def train_loop(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
        history = []
        for step in range(1, steps + 1):
            picked = torch.randint(len(images), (batch_size,))
            real = images[picked].float() / 255
            history.append(train_step(G, D, opt_G, opt_D, real, step))
        return history

    return {
        "draw_noise": draw_noise,
        "Generator": Generator,
        "Discriminator": Discriminator,
        "discriminator_loss": discriminator_loss,
        "train_step": train_step,
        "train_loop": train_loop,
    }


def train_parts(parts, steps):
    """Train a GAN that is made of these parts; return G."""
    torch.manual_seed(0)
    G, D = parts["Generator"](), parts["Discriminator"]()
    players = G, D, adam(G), adam(D)
    history = parts["train_loop"](parts["train_step"], *players, mnist.images, steps, 100)
    last = history[-1]
    print(f"step {steps:,}: D loss {float(last['d_loss']):.3f}, G loss {float(last['g_loss']):.3f}")
    return G


FEW = gancourse.budget(quick=20, cpu=2_000, gpu=2_000)
G = train_parts(faulty_gan(), FEW)
display(figures.image_grids({"the faulty program": training.sample(G, 16)}))


# %% exercise="repaired_gan"
def repaired_gan() -> dict:
    """Return the same parts, repaired."""
    ### BEGIN SOLUTION

    def draw_noise(n, device="cpu"):
        return torch.randn(n, Z_DIM, device=device)

    class Generator(nn.Module):
        z_dim = Z_DIM

        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Linear(Z_DIM, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 784),
                nn.Tanh(),
            )

        def forward(self, z):
            return self.body(z).view(-1, 1, 28, 28)

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Flatten(),
                nn.Linear(784, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 1),
            )

        def forward(self, x):
            return self.body(x).squeeze(1)

    def discriminator_loss(real_logits, fake_logits):
        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def non_saturating(fake_logits):
        return softplus(-fake_logits).mean()

    def train_step(G, D, opt_G, opt_D, real, step, d_loss_function=discriminator_loss):
        fake = G(draw_noise(len(real), real.device)).detach()
        real_logits, fake_logits = D(real), D(fake)
        d_loss = d_loss_function(real_logits, fake_logits)
        opt_D.zero_grad()
        d_loss.backward()
        opt_D.step()

        g_loss = non_saturating(D(G(draw_noise(len(real), real.device))))
        opt_G.zero_grad()
        g_loss.backward()
        opt_G.step()

        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            "d_real": (real_logits > 0).float().mean(),
            "d_fake": (fake_logits < 0).float().mean(),
        }

    def train_loop(train_step, G, D, opt_G, opt_D, images, steps, batch_size):
        history = []
        for step in range(1, steps + 1):
            picked = torch.randint(len(images), (batch_size,))
            real = images[picked].float() / 127.5 - 1
            history.append(train_step(G, D, opt_G, opt_D, real, step))
        return history

    return {
        "draw_noise": draw_noise,
        "Generator": Generator,
        "Discriminator": Discriminator,
        "discriminator_loss": discriminator_loss,
        "train_step": train_step,
        "train_loop": train_loop,
    }
    ### END SOLUTION


# %%
G = train_parts(repaired_gan(), FEW)
display(figures.image_grids({"repaired": training.sample(G, 16)}))

# %% [markdown]
# After 2,000 steps the repaired program draws strokes. None of the five faults gave an error message, but the losses of the faulty program were a clue. With a sigmoid at its end $D$ returns numbers from 0 to 1, and the loss takes
# them for logits. So $D$'s loss cannot fall below $\text{softplus}(-1) + \text{softplus}(0) = 1.006$, where it stopped. When a GAN does not learn, check its parts one by one: ranges, shapes, gradients, and which weights have changed.

# %% [markdown]
# For long runs use `training.fit`. It is the same loop with the housekeeping done: batches come directly from memory, snapshots use
# the same noise each time, and it stops with a clear message if a loss is NaN or if $D$ has been right and certain for 1,000 steps.
# `gancourse.budget` picks the number of steps for your machine.
#
# `fit_live` is `fit` with a window that shows both losses, how often $D$ is right, and 64 pictures. You can pause it, or press *Sample now*. If you stop it, `vanilla` below keeps what was learnt. `await` lets the notebook react to clicks during training. Afterwards a slider shows the earlier pictures.
#
# Adam's first beta is 0.5 here instead of the usual 0.9, so a step follows the newest gradients more closely. Try 0.9 later, and compare.
#
# *Predict*: after 1,000 steps, is $D$ right about more than half of the fakes? Which of the two losses will fall as training goes on, and which will rise?

# %%
from gancourse.widgets import fit_live

STEPS = gancourse.budget(quick=60, cpu=10_000, gpu=10_000)
CHECKPOINTS = [s for s in (100, 1_000, 3_000, 10_000) if s <= STEPS]
device = training.pick_device()

G, D = new_players(device)
vanilla = await fit_live(
    train_step,
    G,
    D,
    adam(G),
    adam(D),
    mnist.images,
    steps=STEPS,
    batch_size=100,
    snapshot_steps=CHECKPOINTS,
)
print(f"{vanilla.step:,} steps, {vanilla.step / vanilla.seconds:.0f} a second")

# %%
snapshots = vanilla.snapshots or {vanilla.step: training.sample(vanilla.generator, 64)}
display(
    figures.image_grids({f"after {step:,} steps": images for step, images in snapshots.items()})
)

# %% [markdown]
# You see blurs first, nearly the same for every $z$; then strokes; then shapes that are almost digits. Every grid uses the same 64
# noise vectors, so you can follow one image through the four grids.

# %% [markdown]
# ## 3.9 Reading the loss curves
#
# Look at the curves, not only at the few lines of the table. Left: both losses, smoothed, in nats; the dotted lines are their values
# where $D$ answers one half to everything, $\log 4$ and $\log 2$. Right: how often $D$ is right, the table's last two columns.


# %%
def average(run, name, step):
    """Return the mean of a recorded value over the 100 steps that end at `step`."""
    return run.history[name][max(0, step - 100) : step].mean().item()


def print_table(run):
    print("  step   D loss   G loss   D right on real   D right on fakes")
    for step in [s for s in (1_000, 3_000, 10_000) if s <= run.step] or [run.step]:
        d, g, on_real, on_fake = (
            average(run, name, step) for name in ("d_loss", "g_loss", "d_real", "d_fake")
        )
        print(f"{step:6,}   {d:6.3f}   {g:6.3f}   {on_real:15.1%}   {on_fake:16.1%}")


print_table(vanilla)
display(figures.training_curves(vanilla.history))

# %% [markdown]
# At first $D$ takes nearly all fakes for real. After a few hundred steps it is right about most real images *and* most fakes. From step 1,000 to step 10,000 $D$'s loss falls from 1.223 to 0.979, with a hump near step 3,500. $G$'s loss *rises* from 1.016 to 1.470, and
# yet its images are much better at the end. A classifier whose training loss rises is getting worse. For a player this does not follow, because its loss depends on both players.

# %% [markdown]
# The curves do **not** show whether the pictures are good. A loss is a score *against this opponent at this moment*. $D$'s loss can rise
# because $G$ has improved, or because $D$ has become worse.
#
# The curves do show three warning signs:
#
# - **$D$'s loss is near 0 and $D$ is right about everything.** The players are out of balance. The gradient of the non-saturating loss with respect to the *logit* is still large (lesson 2). But the logit may hardly change with the *pixels*, and then $G$ learns little.
# - **$D$'s loss is $\log 4$ and $D$ is right half of the time.** The fakes may be perfect, or $D$ may be too weak to see the difference; or a few very wrong answers cost as much as guessing.
# - **A loss is NaN.** Stop the training.
#
# So we need a measure that does not depend on the opponent.

# %% [markdown]
# ## 3.10 An independent measure
#
# A classifier of real digits turns each image into 128 **features**, the numbers just before its last layer. Compare the features of 10,000 generated digits with those of 10,000
# real test digits: the **Fréchet distance** is large if their means or covariances differ (lesson 4 builds it). $G$ never plays against
# this classifier. Smaller is better, but even two sets of real digits do not have distance 0. So we report multiples of the **floor**, the distance between
# real training digits and real test digits.
#
# The table has two more columns: how many digits make up at least 1 % of the samples, and how far the shares of the digits are from the
# real ones (**class KL**, the Kullback-Leibler divergence; 0 is best). The classifier assigns a digit even to noise. So look at the images first: both columns need mostly readable images.

# %%
from gancourse import metrics

SAMPLES = gancourse.budget(quick=500, cpu=10_000, gpu=10_000)


def measure(name, generator):
    report = metrics.evaluate_generator(generator, samples=SAMPLES)
    print(
        f"{name:28} {report.times_floor:7.1f} x floor   class KL {report.class_kl:.4f}   "
        f"{report.classes_covered:2} of 10 digits"
    )


torch.manual_seed(0)
measure("untrained", Generator())
measure(f"vanilla, {vanilla.step:,} steps", vanilla.generator)

# %% [markdown]
# ## 3.11 One-sided label smoothing
#
# Lesson 2 introduced one-sided label smoothing: the target of real images becomes 0.9, that of fakes stays 0. For a logit $a$ and a target $t$ the cross-entropy is $-t \log \sigma(a) - (1 - t) \log(1 - \sigma(a)) = t\,\text{softplus}(-a) + (1 - t)\,\text{softplus}(a)$. Since
# $\text{softplus}(-a) = \text{softplus}(a) - a$, this is $\text{softplus}(a) - t\,a$.
#
# The numbers then mean something else. Where $D$ cannot tell fakes from real images, the optimal $D$ answers 0.45 instead of 0.5, so its loss is 1.376 instead of 1.386, and
# $G$'s 0.7985 instead of 0.693. A probability of 0.45 is a logit below 0, so the last two columns of the table would then say 0 % and 100 %.


# %%
def smoothed_loss(
    real_logits: torch.Tensor, fake_logits: torch.Tensor, target: float = 0.9
) -> torch.Tensor:
    """Return the loss of D for logits (N,), with the label of real images lowered to `target`; a 0-d tensor."""
    return (softplus(real_logits) - target * real_logits).mean() + softplus(fake_logits).mean()


# %%
import functools

balance = torch.logit(torch.full((64,), 0.45))  # what the optimal D answers where it cannot tell
print(
    f"D loss {smoothed_loss(balance, balance).item():.4f}, G loss {generator_loss(balance).item():.4f}"
)

smoothed_step = functools.partial(train_step, d_loss_function=smoothed_loss)
G, D = new_players(device)
smoothed = training.fit(
    smoothed_step, G, D, adam(G), adam(D), mnist.images, steps=STEPS, batch_size=100
)

print_table(smoothed)
measure(f"vanilla, {vanilla.step:,} steps", vanilla.generator)
measure(f"smoothed, {smoothed.step:,} steps", smoothed.generator)

# %% [markdown]
# With smoothing the distance is 44.8 times the floor, with the plain loss 59.9 times (10,000 samples, one seed). (Do not compare the losses: smoothing changes their meaning.) One run of each cannot tell a gain from luck. There are two seeds: `torch.manual_seed(0)` in `new_players` draws the first weights, and `seed=` of `fit` and `fit_live` (0 by default) draws noise and batches. Change both in both trainings. Is the difference larger than the spread between seeds?

# %% [markdown]
# ## 3.12 A better recipe
#
# **Batch normalisation in $G$** rescales each activation to mean 0 and standard deviation 1 over the batch, then multiplies and shifts it
# by two learnt numbers. Lesson 6 measures what it contributes to a DCGAN.
#
# **R1** penalises the squared gradient norm of $D$'s logit at real images: $\frac{\gamma}{2}\,\mathbb{E}\,\lVert \nabla_x\, a(x) \rVert^2$, as in
# lesson 2. It costs a second backward pass, so we compute it on every eighth step only, with eight times the weight.
#
# **EMA of $G$'s weights** (exponential moving average). We think that $G$ moves around a good point and that the average of its recent weights is closer to it; Yazıcı et al. (2019) report better samples from such averages. After each step, average ← 0.999 · average + 0.001 · weights. Training never uses the
# average. We only sample from it, and call it the **EMA generator**.


# %%
def r1_penalty(D, real):
    """Return the mean squared gradient norm of the logit at real images (N, 1, 28, 28)."""
    real = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def better_step(G, D, opt_G, opt_D, real, step):
    """As train_step, with R1 (gamma 1) on every eighth step, and one batch of fakes for both turns."""
    fake = G(draw_noise(len(real), real.device))  # for both turns: saves a pass through G

    real_logits, fake_logits = D(real), D(fake.detach())
    d_loss = discriminator_loss(real_logits, fake_logits)
    penalty = 8 * 0.5 * r1_penalty(D, real) if step % 8 == 0 else 0
    opt_D.zero_grad()
    (d_loss + penalty).backward()
    opt_D.step()

    g_loss = generator_loss(D(fake))
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


# %% [markdown]
# The recipe changes more than these three. `better_step` uses the same fakes in both turns, which saves a pass through $G$; unlike the fault in Exercise 8, $G$'s turn keeps their graph. The networks are wider and keep PyTorch's initialisation (`MLPGenerator` 64 → 256 → 512 → 784,
# `MLPDiscriminator` 784 → 512 → 256 → 1; print them to see the layers). Batches hold 64 images, Adam's second beta is 0.99, and training
# takes 28,000 steps. So the comparison below compares two *recipes*; it does not tell which change matters.
#
# The training takes about six minutes on two CPU cores. Set `TRAIN = False` to load finished weights of the same recipe instead.

# %%
from gancourse.networks.mlp import MLPDiscriminator, MLPGenerator

TRAIN = True
BETTER_STEPS = gancourse.budget(quick=60, cpu=28_000, gpu=28_000)

if TRAIN:
    torch.manual_seed(0)
    G, D = MLPGenerator().to(device), MLPDiscriminator().to(device)
    opt_G = training.adam(G, lr=1e-3, betas=(0.5, 0.99))
    opt_D = training.adam(D, lr=1e-3, betas=(0.5, 0.99))
    run = await fit_live(
        better_step, G, D, opt_G, opt_D, mnist.images, steps=BETTER_STEPS, batch_size=64, ema=0.999
    )
    display(figures.training_curves(run.history))
    better_generator = run.generator  # the EMA generator
else:
    better_generator = pretrained.load("mnist_better").generator

# %% [markdown]
# *Predict*: by how much will the Fréchet distance fall? Will you see the difference?

# %%
measure(f"vanilla, {vanilla.step:,} steps", vanilla.generator)
measure(f"smoothed, {smoothed.step:,} steps", smoothed.generator)
measure("better", better_generator)
display(
    figures.image_grids(
        {
            "vanilla": training.sample(vanilla.generator, 64),
            "label smoothing": training.sample(smoothed.generator, 64),
            "better": training.sample(better_generator, 64),
            "real": mnist.images[64:128],
        },
    )
)

# %% [markdown]
# The distance falls from 59.9 times the floor to 3.9 times, and you can see it. Most strokes are complete and nearly all specks are gone. Some
# images are still blurred, or no digits.

# %% [markdown]
# ## 3.13 Play: explore the latent space
#
# A trained generator maps 64 numbers to a digit. In the explorer you change these numbers. Each slider moves $z$ along one *direction*. The course computed
# the eight directions along which a small step changes the pixels most, on average over random $z$ (Wang & Ponce 2021). The menu also offers the 64 coordinates, and *properties*: directions that change one thing, such as the slant. A slider's name says what was measured to change along it, with the correlation; lesson 8 explains how. The explorer shows the
# generator that comes with the course; `LatentExplorer(better_generator)` shows yours.

# %% [markdown]
# Try this:
#
# 1. Move the first slider from end to end. Then choose z[0] in the menu. Which changes more? What changes: the digit, its slant, its
#    thickness, or several at once? Nothing in the training gives a single number of $z$ a meaning.
# 2. Press *Neighbours* and look for a border between two digits. Click a picture on the border, and make the spread smaller. The pictures
#    between two digits are neither, and real data contain few of them.
# 3. Pin two digits and walk from one to the other. On how much of the way do you see no digit? (The walk is an arc. A noise vector of 64 numbers nearly always has a length near 8; the middle of a straight line would be much shorter.)
# 4. Press *Draw another* until you see something that is no digit. Which slider repairs it? *Truncation* makes $z$ shorter
#    than the usual 8. Does it repair pictures, or does it only make them alike?
# 5. Lock a slider and draw another: what does this direction preserve? *Undo* goes back; *Code* shows the lines that make the picture.

# %%
from gancourse.widgets import LatentExplorer

LatentExplorer(better.generator)

# %% [markdown]
# Keep your own generator: `from gancourse import runs` and `runs.keep("my digits", vanilla.generator)`. Then it appears, under this name, on the page that `make explore` opens.

# %% [markdown]
# The last figure shows four stages of the generator that comes with the course. After 1,000 steps the digits are blurred and grainy; from 10,000 on the strokes are sharp. One noise vector may still change its digit between two stages.

# %%
stages = [pretrained.load("mnist_better", stage) for stage in (1, 2, 3, 4)]
display(figures.image_grids({f"step {s.step:,}": training.sample(s.generator, 64) for s in stages}))

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** In $D$'s turn, how far does back-propagation go?
#
# - **a** Nowhere. The networks are only evaluated.
# - **b** Through $D$ and on into $G$. $G$ does not change because `opt_G` does not step.
# - **c** Through $D$; it stops at the fakes.
# - **d** Through $D$ only, because `eval()` has stopped $G$.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** The loss of your discriminator has risen for the last 2,000 steps. What does that tell you?
#
# - **a** The training is failing: $D$ should make its loss smaller.
# - **b** The training goes well: the fakes have improved.
# - **c** Nothing until it reaches log 4; there the fakes are perfect.
# - **d** One of several things is happening; the loss does not tell which.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** You train $D$ until it is optimal, freeze it, and then let $G$ learn against it with the *minimax* loss and plain
# gradient descent. The fakes are far from the data. What happens?
#
# - **a** $G$ learns fast, since it has the best teacher.
# - **b** $G$ learns almost nothing.
# - **c** $G$ learns the opposite: to be recognised more easily.
# - **d** PyTorch stops with an error.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about five sentences. For 1,000 steps $D$'s loss has been log 4 and $G$'s log 2. A friend says: "It has
# converged, the digits must be perfect." When is your friend right? What else could be the reason? Which two things would you look at, and
# what would each tell you? (4 points, graded by hand, one for each answer and each thing; a model answer is in `solutions/`.)

# %% [markdown] open="question_4" points=4
# At equilibrium $p_g = p_{data}$, the optimal discriminator answers one half to everything, and the losses have exactly these values. So the
# friend may be right. But the losses show only that **this** $D$ answers one half. A $D$ that is too small, that learns too slowly, or that
# receives no gradient does so as well, for any pictures; so do players that circle around each other, if you look at means. I would look at
# a grid of samples beside real digits, not selected by hand, and use a measure that does not depend on the opponent, such as the Fréchet distance
# beside its floor. I could also train a new $D$ on these fakes: if its loss soon falls below log 4, the old one was too weak.
#
# *Rubric, one point for each*: the friend is right if $p_g = p_{data}$, because then $D^* = 1/2$ · the same numbers come from a $D$ that is
# too weak or does not learn · looks at samples, or names mode collapse as something that no loss shows · names an independent measure
# (Fréchet distance, a new discriminator).

# %% [markdown]
# ## Summary
#
# - $G$ turns noise into images. $D$ returns a logit; its sigmoid is the probability of *real*.
# - $D$ minimises $-V$. $G$ minimises $-\log D(G(z))$, because the minimax loss saturates where $D$ recognises the fakes.
# - In $D$'s turn gradients stop at `detach()` and only `opt_D` steps. In $G$'s turn they flow through $D$, and only `opt_G` steps.
# - Losses are scores against a changing opponent. To judge quality, use an independent measure beside its floor.
# - With wider networks, batch normalisation in $G$, R1 on $D$, EMA and more steps, the Fréchet distance is 15 times smaller (59.9 and 3.9 times
#   the floor, 10,000 samples, one seed).

# %% [markdown]
# **Sources**: Goodfellow et al. 2014, *Generative Adversarial Nets*, sections 3 and 4. Radford, Metz & Chintala 2016, *Unsupervised Representation Learning with Deep Convolutional GANs*, section 4 (initialisation). Wang & Ponce 2021, *The Geometry of Deep Generative Image Models* (directions). Salimans et al. 2016, *Improved
# Techniques for Training GANs*, section 3.4 (label smoothing). Ioffe & Szegedy 2015 (batch normalisation). Mescheder et
# al. 2018, *Which Training Methods for GANs do actually Converge?*, section 4 (R1). Karras et al. 2020, *Analyzing and Improving the Image
# Quality of StyleGAN*, section 3.1 (R1 on some steps only). Yazıcı et al. 2019, *The Unusual Effectiveness of Averaging in GAN Training*.
#
# **One step further**: remove one change of the better recipe at a time, `ema=0` first, and measure again. Which one contributes most?

# %% [markdown]
# ## A page to keep
#
# This script trains the better GAN and needs only PyTorch. (It draws fresh noise for $G$'s turn, as in Exercise 6.) Copy it into a file, save the images beside it with
# `torch.save(mnist.images, "images.pt")`, and run it with Python.
#
# ```python
# """A GAN for grey images of 28 x 28 pixels. Needs images.pt, a uint8 tensor (N, 1, 28, 28); writes samples.pgm."""
#
# import torch
# from torch import nn
# from torch.nn.functional import softplus
#
# STEPS, BATCH, Z_DIM, R1_GAMMA, R1_EVERY, DECAY = 28_000, 64, 64, 1.0, 8, 0.999
# device = "cuda" if torch.cuda.is_available() else "cpu"
#
#
# class Generator(nn.Module):
#     """Noise (N, 64) -> images (N, 1, 28, 28) in [-1, 1]."""
#
#     def __init__(self):
#         super().__init__()
#         self.body = nn.Sequential(
#             nn.Linear(Z_DIM, 256, bias=False),
#             nn.BatchNorm1d(256),
#             nn.LeakyReLU(0.2),
#             nn.Linear(256, 512, bias=False),
#             nn.BatchNorm1d(512),
#             nn.LeakyReLU(0.2),
#             nn.Linear(512, 784),
#             nn.Tanh(),
#         )
#
#     def forward(self, z):
#         return self.body(z).view(-1, 1, 28, 28)
#
#
# class Discriminator(nn.Module):
#     """Images (N, 1, 28, 28) -> logits (N,)."""
#
#     def __init__(self):
#         super().__init__()
#         self.body = nn.Sequential(
#             nn.Flatten(),
#             nn.Linear(784, 512),
#             nn.LeakyReLU(0.2),
#             nn.Linear(512, 256),
#             nn.LeakyReLU(0.2),
#             nn.Linear(256, 1),
#         )
#
#     def forward(self, x):
#         return self.body(x).squeeze(1)
#
#
# def r1_penalty(D, real):
#     """Return the mean squared gradient norm of the logit at real images."""
#     real = real.clone().requires_grad_()
#     (gradient,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
#     return gradient.square().flatten(1).sum(1).mean()
#
#
# def train_step(G, D, opt_G, opt_D, real, step):
#     """Update D, then G; return both losses."""
#     fake = G(torch.randn(len(real), Z_DIM, device=device)).detach()  # no gradient reaches G
#     d_loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
#     penalty = R1_EVERY * R1_GAMMA / 2 * r1_penalty(D, real) if step % R1_EVERY == 0 else 0
#     opt_D.zero_grad()
#     (d_loss + penalty).backward()
#     opt_D.step()
#
#     g_loss = softplus(-D(G(torch.randn(len(real), Z_DIM, device=device)))).mean()
#     opt_G.zero_grad()
#     g_loss.backward()  # through D, which does not step
#     opt_G.step()
#     return d_loss.detach(), g_loss.detach()
#
#
# @torch.no_grad()
# def update_ema(ema, G):
#     """Move the weights of `ema` a little towards G's; copy the running averages of batch norm."""
#     for mean, new in zip(ema.parameters(), G.parameters()):
#         mean.lerp_(new, 1 - DECAY)
#     for old, new in zip(ema.buffers(), G.buffers()):
#         old.copy_(new)
#
#
# @torch.no_grad()
# def save_samples(G, path, rows=8):
#     """Write a grid of rows x rows samples as a PGM picture."""
#     G.eval()
#     images = G(torch.randn(rows * rows, Z_DIM, device=device)).cpu()
#     grid = images.view(rows, rows, 28, 28).transpose(1, 2).reshape(rows * 28, rows * 28)
#     pixels = ((grid + 1) * 127.5).round().to(torch.uint8)
#     with open(path, "wb") as file:
#         file.write(f"P5 {rows * 28} {rows * 28} 255\n".encode() + bytes(pixels.flatten().tolist()))
#
#
# images = torch.load("images.pt")
# G, D, ema = Generator().to(device), Discriminator().to(device), Generator().to(device)
# ema.load_state_dict(G.state_dict())
# opt_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.99))
# opt_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.99))
# for step in range(1, STEPS + 1):
#     picked = torch.randint(len(images), (BATCH,))
#     real = images[picked].to(device).float() / 127.5 - 1  # [-1, 1], like tanh
#     d_loss, g_loss = train_step(G, D, opt_G, opt_D, real, step)
#     update_ema(ema, G)
#     if step % 1_000 == 0:
#         print(f"step {step:,}: D loss {d_loss:.3f}, G loss {g_loss:.3f}")
# save_samples(ema, "samples.pgm")
# ```
