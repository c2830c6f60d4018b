# %% [markdown]
# # 3 · A vanilla GAN from scratch
#
# Two small networks, no convolutions, no labels: at the end of this lesson one of them turns random numbers into
# handwritten digits.
#
# **You will be able to**
#
# - write a generator, a discriminator, their losses and the training step that plays them against each other;
# - say what the loss curves of a GAN tell, and what they do not;
# - train a better recipe beside the plain one, and measure how much better it is.
#
# **Time**: 90 minutes, nine exercises among them. Training takes about 8 of them on two CPU cores, less on a GPU;
# where a training takes more than two minutes you can load finished weights instead.
#
# **Builds on**: Python, and one small network that you have trained in PyTorch. Words of the trade are
# in the [glossary](../README.md#glossary).
#
# The first cell looks whether everything is there. If it names a problem, do what the arrow says and run it again.

# %%
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
# **How an exercise works.** You replace `raise NotImplementedError()`, run the cell, and run the check below it. The check
# compares what your answer *does* with what it should do: ✓ means right; ✗ says what is wrong and where to look. It
# does not mind how you write it. You can be wrong as often as you like. (A `NameError` there means that the cell above has
# not run.)
#
# Below each check lie folded cells. The first gives marks, where somebody grades this notebook; here it does
# nothing. The second is for when you are stuck: it puts the course's version in the place of an answer that is not
# right yet, so that the rest of the lesson runs. Come back when you like. *Run all* works, too, without one line of yours.

# %% [markdown]
# ## 3.1 The data
#
# What does the generator have to imitate? MNIST is 60,000 grey images of 28×28 pixels. Each is one draw
# $x \sim p_{data}$ from a distribution that we can only see through such draws: nobody can write $p_{data}$ down.
#
# We scale the grey levels from 0…255 to $[-1, 1]$, because the generator will end in a tanh, whose range that is.
# `training.to_unit` does it: `.float() / 127.5 - 1`.

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
# A network is a function: the same input gives the same output. To get a *different* digit each time we feed it
# something different each time, a *noise vector* $z \sim p_z$. We choose $p_z$ ourselves, so let it be simple: 64
# independent numbers, standard normal.
#
# $p_z$ is called the *prior*. It is **not** the generator's distribution: that is $p_g$, what comes out when the
# noise has gone through $G$ (the *push-forward* of $p_z$).

# %% [markdown]
# ### Exercise 1 · `draw_noise`
# ●○○ · 3 minutes
#
# Write the function that draws the noise of a batch: `draw_noise(n, device)` → float32, (n, 64), one row an image. All
# n · 64 numbers are standard normal and independent of each other, and they lie on `device`.
#
# It tests: what a prior is, and that every image needs noise of its own.
#
# <details><summary>Hint 1</summary>torch has several functions that make a tensor of random numbers in a given shape. Which
# of them draws from the standard normal distribution?</details>
# <details><summary>Hint 2</summary>One line: <code>torch.randn</code> takes the two sizes, and
# <code>device=device</code>.</details>

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
# $G(z)$ maps noise (N, 64) to images (N, 1, 28, 28). Two hidden layers of 128 (a *perceptron*: linear layers with something bent between them) are enough to start with:
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
# - **LeakyReLU** passes a fifth of what is negative. A plain ReLU would pass nothing, and its gradient nothing either.
# - **Tanh** keeps the pixels in $[-1, 1]$, like the real ones.

# %% [markdown]
# ### Exercise 2 · `Generator`
# ●○○ · 6 minutes
#
# Write the network of the table: `Generator()(z)` with z of shape (N, 64) → images (N, 1, 28, 28) in $[-1, 1]$, for any
# batch size N, one included. Leave the line `z_dim = Z_DIM` as it is: later cells read it.
#
# It tests: how a vector becomes a picture, and why the last layer is what it is.
#
# <details><summary>Hint 1</summary>Make the layers in <code>__init__</code>, as attributes of <code>self</code>, so that
# PyTorch finds their weights; <code>nn.Sequential</code> holds all six. Call them in <code>forward</code>.</details>
# <details><summary>Hint 2</summary><code>self.body = nn.Sequential(nn.Linear(64, 128), nn.LeakyReLU(0.2), ...)</code>; and
# <code>.view(-1, 1, 28, 28)</code> turns 784 numbers into a picture and leaves the batch size open.</details>

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
# *Predict before you run*: what will 64 images of an untrained generator look like? Will they differ?


# %%
def correlation(images):
    """Mean correlation between two of the images: 1 if all are the same picture."""
    pairs = torch.corrcoef(images.flatten(1).double())
    return (pairs.sum() - len(pairs)).item() / (len(pairs) * (len(pairs) - 1))


torch.manual_seed(0)
G = Generator()
fog = training.sample(G, 64)
display(figures.image_grids({"untrained G(z)": fog}))
print(f"mean correlation between two of them: {correlation(fog):.2f}")

# %% [markdown]
# Grey fog, and rather the same fog 64 times. It is grey because the weights are small. And it is the same because the
# biases, which no $z$ can change, add as much to a pixel as $z$ does. Everything that you will see in the end, the
# training has to put there.

# %% [markdown]
# ## 3.4 The discriminator
#
# No simple formula on pixels says how far that fog is from handwriting. So we *learn* the judge as well: a classifier of
# real against fake. It returns one number for each image, the *logit* $a(x)$, and
#
# $$D(x) = \sigma(a(x)) = \frac{1}{1 + e^{-a(x)}}$$
#
# is its probability that $x$ is real. There is no sigmoid inside the network: the loss works on logits, for a reason
# that the next section shows.
#
# | layer | output |
# |---|---|
# | flatten | (N, 784) |
# | linear, 784 → 128 | (N, 128) |
# | LeakyReLU, 0.2 | (N, 128) |
# | linear, 128 → 128 | (N, 128) |
# | LeakyReLU, 0.2 | (N, 128) |
# | linear, 128 → 1 | (N, 1) |
# | drop the dimension of size 1 | (N,) |

# %% [markdown]
# ### Exercise 3 · `Discriminator`
# ●○○ · 5 minutes
#
# Write the network of the table: `Discriminator()(x)` with images x of shape (N, 1, 28, 28) → logits (N,), for any batch size
# N, one included.
#
# It tests: what a logit is, and the shape that a loss relies on.
#
# <details><summary>Hint 1</summary>The same pattern as the generator, the other way round. A linear layer wants (N, 784),
# so the pictures must be laid flat first, each by itself.</details>
# <details><summary>Hint 2</summary><code>nn.Flatten()</code> begins the <code>nn.Sequential</code>, <code>nn.Linear(128, 1)</code>
# ends it; <code>.squeeze(1)</code> makes (N,) of (N, 1), also where N is 1; a bare <code>.squeeze()</code> does not.</details>


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
# How should the weights begin? PyTorch draws them, and the biases too, from a uniform distribution whose width depends on
# the layer. The authors of DCGAN (lesson 6) draw weights from $\mathcal{N}(0, 0.02)$ instead, mean 0 and standard deviation
# 0.02, and most GANs since then do as they did. Two details go wrong in many copies of their code:
#
# - **Biases** begin at 0. If nobody sets them, PyTorch's random ones stay.
# - **Batch normalisation** (section 3.12) *multiplies* by its weights. They belong around 1, $\mathcal{N}(1, 0.02)$; around
#   0 they would switch the layer off.

# %% [markdown]
# ### Exercise 4 · `init_weights`
# ●●○ · 6 minutes
#
# Write the function that sets the first weights of **one layer**: `init_weights(layer)` → nothing; it changes the layer in
# place. `network.apply(init_weights)` calls it on every layer in turn, also on those without weights, on an
# `nn.Sequential` that holds others, and on the network itself.
#
# - `nn.Linear`: weights from $\mathcal{N}(0, 0.02)$, bias 0
# - `nn.BatchNorm1d`: weights from $\mathcal{N}(1, 0.02)$, bias 0
# - any other layer: leave it alone. A linear layer may also have no bias: then its `bias` is `None`.
#
# It tests: that where a training begins is a choice, and that weights live in tensors that you can change.
#
# <details><summary>Hint 1</summary><code>isinstance(layer, nn.Linear)</code> tells what a layer is. The functions in
# <code>nn.init</code> change a tensor in place; their names end in _.</details>
# <details><summary>Hint 2</summary><code>nn.init.normal_(layer.weight, 0.0, 0.02)</code> and
# <code>nn.init.zeros_(layer.bias)</code> if <code>layer.bias is not None</code>; for batch normalisation the mean is
# 1.</details>


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
# Without biases the images have less in common. (The fog itself is now fainter still, which a correlation does not
# see.) And $D$ says one half to everything: it has no opinion yet.

# %% [markdown]
# ## 3.5 What the discriminator wants
#
# Both players argue about one number, the value
#
# $$V(D, G) = \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))].$$
#
# $\mathbb{E}$ is the average over draws, `.mean()` in code. $D$ **maximises** $V$: high $D$ on real images, low on fakes.
# Optimisers minimise, so we hand them $-V$, the sum of two binary cross-entropies. On logits, with
# $\text{softplus}(a) = \log(1 + e^a)$, $-\log \sigma(a) = \text{softplus}(-a)$ and $-\log(1 - \sigma(a)) = \text{softplus}(a)$, so
#
# $$-V = \mathbb{E}[\text{softplus}(-a(x))] + \mathbb{E}[\text{softplus}(a(G(z)))].$$
#
# Why not compute $\log$ of a sigmoid? Look at a fake that $D$ takes for real with the logit 20.

# %%
from torch.nn.functional import softplus

a = torch.tensor(20.0)
print("log(1 - sigmoid(20)), step by step:", torch.log(1 - torch.sigmoid(a)).item())
print("-softplus(20):                     ", -softplus(a).item())

# %% [markdown]
# In 32-bit numbers $\sigma(20)$ is rounded to 1, and the logarithm of 0 ends the training. PyTorch's `softplus` is right.
# Writing `torch.log(1 + torch.exp(a))` instead would only move the problem: $e^{100}$ overflows.
# `binary_cross_entropy_with_logits` is right too: it takes logits and labels, and is a softplus inside.

# %% [markdown]
# ### Exercise 5 · `discriminator_loss`
# ●●○ · 6 minutes
#
# Write $-V$ for two batches of logits: `discriminator_loss(real_logits, fake_logits)`, both of shape (N,) → one number,
# a tensor without dimensions. The expectations become means over the batch, and the two means are added. It must be right
# for logits of ±100 as well.
#
# It tests: who wants what, the sign that this gives, and numbers that survive.
#
# <details><summary>Hint 1</summary>The last formula above is nearly the code. Check it with a thought: if
# <code>D</code> is right about everything, real logits are large and fake logits very negative, and the loss must be near
# 0.</details>
# <details><summary>Hint 2</summary><code>softplus(...).mean() + softplus(...).mean()</code>; one of the two gets a minus
# sign inside.</details>


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
# Remember **log 4 = 1.386**, twice $-\log \frac12$: the loss of a discriminator that cannot tell real from fake. For a fixed
# $G$ the best discriminator is $D^*(x) = p_{data} / (p_{data} + p_g)$, one half where both are equally likely (lesson 2
# proves it).

# %% [markdown]
# ## 3.6 What the generator wants
#
# In the *minimax* game $G$ minimises the same $V$. Its first term has no $G$ in it, so what is left is
# $\log(1 - D(G(z))) = -\text{softplus}(a)$ with the slope $-\sigma(a)$: almost nothing where $a$ is very negative, which is
# where a beginner's fakes are. The loss *saturates*. So, since the first GAN paper, $G$ minimises
# $-\log D(G(z)) = \text{softplus}(-a)$ instead, the *non-saturating* loss: same aim, slope $-(1 - \sigma(a))$.
#
# *Predict*: $D$ is sure that a fake is fake, $a = -10$. How many times larger is the slope of the non-saturating loss than
# that of the minimax loss?

# %%
for logit in (-10.0, -2.0, 0.0, 2.0):
    a = torch.tensor(logit, requires_grad=True)
    (saturating,) = torch.autograd.grad(-softplus(a), a)  # log(1 - D)
    (non_saturating,) = torch.autograd.grad(softplus(-a), a)  # -log D
    print(
        f"a = {logit:5.1f}   minimax {saturating.item():9.6f}   non-saturating {non_saturating.item():9.6f}"
    )


# %% [markdown]
# The minus sign says that a larger logit lowers the loss; compare the sizes. At $a = -10$ the second is twenty thousand
# times stronger. Whoever draws worst needs the gradient most, and the minimax loss gives
# it to them least.

# %% [markdown]
# ### Exercise 6 · `generator_loss`
# ●○○ · 3 minutes
#
# Write the non-saturating loss: `generator_loss(fake_logits)` with logits of shape (N,) → the mean of $-\log D(G(z))$, a tensor
# without dimensions, right for logits of ±100 as well.
#
# It tests: what the generator wants, on logits.
#
# <details><summary>Hint 1</summary>G's loss must fall when D's logit for a fake rises. Which of
# softplus(a) and softplus(−a) does?</details>
# <details><summary>Hint 2</summary>It is the first half of <code>discriminator_loss</code>, given the fakes: G wants them
# to be taken for real.</details>


# %% exercise="generator_loss"
def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """Return the mean of -log D(G(z)), the non-saturating loss, a 0-d tensor."""
    ### BEGIN SOLUTION
    return softplus(-fake_logits).mean()
    ### END SOLUTION


# %% [markdown]
# ## 3.7 One training step
#
# First $D$, then $G$, each on a batch of fakes of its own. For both, a turn is the same four lines: loss, `zero_grad()`,
# `backward()`, `step()`. Three things deserve a second look:
#
# - **Where gradients stop.** In $D$'s turn they flow back through $D$ and stop at the fakes, cut off by `detach()` or because the
#   fakes were drawn under `torch.no_grad()`. $G$ would not move anyway, since only `opt_D` steps, but the work is saved.
# - **Where they must pass.** In $G$'s turn gradients flow through $D$ *into* $G$, or $G$ would not know what to change. They
#   leave gradients in $D$ as well, which nobody uses: only `opt_G` steps.
# - **`zero_grad()`.** PyTorch adds new gradients to old ones unless told otherwise. Forget it and nothing complains; $D$ even
#   keeps what $G$'s turn left in it.

# %% [markdown]
# ### Exercise 7 · `train_step`
# ●●● · 15 minutes · a quarter of the points each: $D$'s update, $G$'s update, the two together, what you return
#
# The heart of every GAN. `real` has shape (N, 1, 28, 28). Update $D$ once on `d_loss_function(real_logits, fake_logits)`; no
# gradient may reach $G$. Then update $G$ once on `generator_loss`, against the new $D$, with **fresh noise** and a second
# call of $G$. Return a dict:
#
# | key | value: numbers, or tensors without a graph |
# |---|---|
# | `d_loss`, `g_loss` | the two losses |
# | `d_real`, `d_fake` | the shares of real images and of fakes, from 0 to 1, that $D$ was right about before its update |
#
# $D$ is right about a real image if its logit is above 0, about a fake if it is below. Leave `real` unchanged, and
# train(), eval() and `requires_grad` as you found them. `step`, the number of the step, is for section 3.12.

# %% [markdown]
# It tests: whose noise, whose loss, whose gradients, whose step.
#
# <details><summary>Hint 1</summary>Write D's turn alone first. Noise, fakes without a path back into G, logits of both, loss;
# then clear, backward, step of D's optimiser. G's turn is shorter: it needs no real images, and nothing is cut.</details>
# <details><summary>Hint 2</summary><code>fake = G(draw_noise(len(real), real.device)).detach()</code> for D;
# <code>generator_loss(D(G(draw_noise(len(real), real.device))))</code> for G. A share is
# <code>(real_logits > 0).float().mean()</code>; a loss without its graph is <code>d_loss.detach()</code>.</details>


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
# ## 3.8 The loop
#
# What is left is to call that step again and again, each time on other real images.

# %% [markdown]
# ### Exercise 8 · `train_loop`
# ●●○ · 6 minutes
#
# `images` is uint8, (N, 1, 28, 28), in 0…255, like `mnist.images`. For the steps 1, 2, ... up to `steps`: pick
# `batch_size` images at random (with or without repeats, but always that many), scale them to $[-1, 1]$, call
# `train_step(G, D, opt_G, opt_D, real, step)`. Return a list of what it returned, one entry a step.
#
# It tests: what a stochastic training sees of its data.
#
# <details><summary>Hint 1</summary><code>images[picked]</code> with a tensor of indices <code>picked</code> takes out many
# images at once, in this order.</details>
# <details><summary>Hint 2</summary><code>picked = torch.randint(len(images), (batch_size,))</code> and
# <code>real = images[picked].float() / 127.5 - 1</code>, inside <code>for step in range(1, steps + 1):</code></details>


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
# It runs: that is all that a GAN is. Fifty steps are next to nothing; ten thousand are to come.
#
# For long runs take `training.fit`: the same loop, with the housekeeping done. Batches come straight from memory, snapshots
# are drawn from the same noise each time, and it stops clearly if a loss is no longer a number or if $D$ has been right and
# certain for 1,000 steps. `gancourse.budget` picks the number of steps for your machine.
#
# `fit_live` is `fit` with a window: both losses, how often $D$ is right, and 64 pictures while they form. Pause it, stop it
# (`vanilla` keeps what was learnt; the cell run again begins anew), or press *Sample now*. `await` is Python's word for "let others have a turn meanwhile", here your
# clicks. Afterwards a slider below takes you back to every sheet of pictures that was drawn.
#
# Adam's first beta is 0.5 here, not the usual 0.9: less momentum (a step follows the newest gradients more), because the target moves. Try 0.9 later: this very
# recipe then collapses to fog.
#
# *Predict*: which player will be ahead after 1,000 steps? Will the losses fall, as they do for a classifier?

# %%
import gancourse
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
    figures.image_grids(
        {f"after {step:,} steps": images for step, images in snapshots.items()}, width=2.6
    )
)

# %% [markdown]
# First a blur, nearly the same for every $z$; then strokes; then things that are nearly digits. Every grid uses the same
# 64 noise vectors, so you can follow one image from left to right.

# %% [markdown]
# ## 3.9 Reading the curves
#
# Do not conclude anything from the few lines of the next table before you have looked at the curves below it. Left: both losses, smoothed, in nats (natural logarithms); the dotted lines are their values when $D$ says one half
# to everything, $\log 4$ and $\log 2$. Right: the table's last two columns.


# %%
def average(run, name, step):
    """Mean of a recorded value over the 100 steps that end at `step`."""
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
# $G$ is ahead for the first few hundred steps, $D$ from then on; and neither loss falls the way a classifier's does: each player's success is the other's loss.
#
# What the curves do **not** tell: whether the pictures are good. The opponent changes all the time, so a loss is a
# score *against this opponent at this moment*. $D$'s loss can rise because $G$ got better, or because $D$ forgot
# something. Compare the grids after 3,000 and 10,000 steps with the curves there.
#
# What they do tell:
#
# - $D$ right about everything, its loss near 0: the players are out of balance. The minimax loss would leave $G$ without a
#   gradient; ours leaves a strong one (3.6), which says little about where to go.
# - $D$'s loss at $\log 4$ and right half of the time: a draw, because the fakes are perfect **or** because $D$ is too weak to
#   see the difference. The number cannot tell the two apart.
# - A loss that is not a number: stop.
#
# So we need a measure from outside the game.

# %% [markdown]
# ## 3.10 A number from outside
#
# A classifier that has learnt to read real digits turns each image into 128 *features*. Compare the features of 10,000
# generated digits with those of 10,000 real test digits: the **Fréchet distance** is large if their means or
# covariances differ (lesson 4 builds it). The classifier is fixed, $G$ never plays against it. Two sets of real digits are
# not at distance 0 either, so we count in multiples of the **floor**, the distance of real training digits from real
# test digits. Beside it: how many digits make up at least 1 % of the samples, and how far their shares are from the real
# ones (class KL, the Kullback-Leibler divergence; best is 0). The classifier names a digit even for fog, so these two mean
# something only where the distance is small.

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
# A discriminator that is *certain* is a bad teacher. Label smoothing asks it to be only 90 % sure of real images: the
# target 1 becomes 0.9, while the target of fakes stays 0. The cross-entropy with target $t$ is
# $-t \log \sigma(a) - (1 - t) \log(1 - \sigma(a)) = \text{softplus}(a) - t\,a$; with $t = 1$ that is the
# $\text{softplus}(-a)$ of section 3.5.
#
# It changes what the numbers mean. The best discriminator is now $D^*(x) = \dfrac{0.9\,p_{data}}{p_{data} + p_g}$, so
# where real and fake are equally likely $D^* = 0.45$. A draw then costs $D$ 1.376 instead of 1.386, and $G$ 0.799
# instead of 0.693. At 0.45 the logit is below 0: the last two columns of the table would say 0 % and 100 % *at a draw*, so do not read
# them as before. The fakes' side keeps its 0: raised to 0.1, it would put $0.1\,p_g$ into the numerator, and $D^*$ would
# reward the generator for staying where it already is.


# %% [markdown]
# ### Exercise 9 · `smoothed_loss`
# ●●○ · 5 minutes
#
# Write $D$'s loss with one-sided label smoothing: `smoothed_loss(real_logits, fake_logits, target)`, logits of shape (N,) → one
# number, the mean cross-entropy of real images with this target plus that of fakes with the target 0.
#
# It tests: which side is smoothed, and what a target other than 0 and 1 does to a cross-entropy.
#
# <details><summary>Hint 1</summary>The fakes' half is that of <code>discriminator_loss</code>. The formula for a target
# $t$ stands above.</details>
# <details><summary>Hint 2</summary><code>(softplus(real_logits) - target * real_logits).mean()</code> is the half of the real
# images.</details>


# %% exercise="smoothed_loss"
def smoothed_loss(
    real_logits: torch.Tensor, fake_logits: torch.Tensor, target: float = 0.9
) -> torch.Tensor:
    """The loss of D with the label of real images lowered to `target`; a 0-d tensor."""
    ### BEGIN SOLUTION
    return (softplus(real_logits) - target * real_logits).mean() + softplus(fake_logits).mean()
    ### END SOLUTION


# %%
import functools

draw = torch.logit(torch.full((64,), 0.45))
print(
    f"at a draw: D loss {smoothed_loss(draw, draw).item():.4f}, G loss {generator_loss(draw).item():.4f}"
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
# The numbers in the table have moved. And the digits? When this page was made: 45 times the floor with smoothing, 60
# without. That looks like a gain, but one run of each cannot tell it from luck: change the seed in `new_players`, train both again, and see
# how far a distance moves by itself.

# %% [markdown]
# ## 3.12 A better recipe
#
# **Batch normalisation in $G$** rescales every hidden number to mean 0 and spread 1 over the batch, then by two learnt
# numbers. In practice a generator learns faster with it; why is still debated.
#
# **R1** punishes $D$ for being steep at real images: $\frac{\gamma}{2}\,\mathbb{E}\,\lVert \nabla_x\, a(x) \rVert^2$. Near
# the data $D$ becomes a gentle slope that $G$ can walk up, instead of a cliff. $\nabla_x$ is the gradient in the *pixels*.
# Each logit depends on its own image only, so the gradient of their sum holds one for each image; `create_graph=True`
# because the penalty itself is differentiated, by $D$'s weights. It costs a second backward pass, so it is computed on
# every eighth step only, and counts eight times there.
#
# **An averaged generator** (EMA). $G$ tends to circle around a good point rather than settle on it; the mean of its recent
# weights lies nearer the middle. After each step, average ← 0.999 · average + 0.001 · weights. Training never sees the
# average: we only sample from it.


# %%
def r1_penalty(D, real):
    """Mean squared length of the gradient of the logit at real images (N, 1, 28, 28)."""
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
# The recipe changes more than these three: the networks are wider (their weights begin as PyTorch draws them; `MLPGenerator` 64 → 256 → 512 → 784,
# `MLPDiscriminator` 784 → 512 → 256 → 1; print them to see the layers), batches hold 64, Adam's second beta is 0.99, and it
# trains for longer. So the comparison below is one of *recipes*; which change earns what is for you to find out.
#
# This training takes about six minutes on two CPU cores. Set `TRAIN = False` to load the finished weights of the same
# recipe instead.

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
    better_generator = run.generator  # the averaged one
else:
    better_generator = pretrained.load("mnist_better").generator

# %% [markdown]
# *Predict*: by how much will the Fréchet distance fall? Will you see it?

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
        width=2.6,
    )
)

# %% [markdown]
# When this page was made: from 60 times the floor to 4, and you see it. Strokes are whole and the specks are gone, though
# one picture in ten or so is still no digit.

# %% [markdown]
# ## 3.13 Play: turn the knobs of a generator
#
# A trained generator is a map from 64 numbers to a digit; the explorer moves the 64. Each slider moves $z$ along one
# *direction*: of all directions in 64 dimensions these eight change the picture most. The menu has the 64 coordinates
# themselves. The generator is the shipped one; `LatentExplorer(better_generator)` shows yours.

# %% [markdown]
# Try this:
#
# 1. Take *direction 1* from end to end; then, from the menu, z[0]. Which changes more? Is it the digit that changes, its
#    slant, its thickness, or several at once? Nobody told the generator what a number of $z$ should mean, so most of them
#    mean a little of everything.
# 2. Press *Neighbours* and look for a border between two digits. Click a picture on it, and make the spread smaller. What
#    lies there is neither of the two, and real data has little of it.
# 3. Pin two digits and walk from one to the other. How much of the way do you spend where there is no digit? (The walk is an arc, not a straight line: halfway on the line, noise would be shorter than it nearly ever is.)
# 4. Press *Draw another* until something is no digit. Which slider repairs it? *Truncation* shrinks $z$ towards 0, where noise is
#    densest. Does it repair anything, or only make the pictures alike?
# 5. Lock a slider and draw another: what does this direction hold on to? *Undo* goes back, *Code* shows the lines that make the picture.

# %%
from gancourse.widgets import LatentExplorer

LatentExplorer(better.generator)

# %% [markdown]
# The four shipped stages of the same training show how this map came about.

# %%
stages = [pretrained.load("mnist_better", stage) for stage in (1, 2, 3, 4)]
display(
    figures.image_grids(
        {f"step {s.step:,}": training.sample(s.generator, 64) for s in stages}, width=2.6
    )
)

# %% [markdown]
# ## Check yourself
#
# Three questions and one to write about. Put your letter into the function below each.
#
# **Question 1.** In $D$'s turn, how far does back-propagation go?
#
# - **a** Nowhere. The networks are only evaluated.
# - **b** It runs through $D$ and on into $G$. $G$ stays as it is because `opt_G` does not step.
# - **c** It runs through $D$ and stops at the fakes.
# - **d** It runs through $D$ only, because `eval()` has put $G$ to sleep.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** The loss of your discriminator has risen for the last 2,000 steps. What does that tell?
#
# - **a** The training is failing: $D$ should make its loss smaller.
# - **b** The training goes well: the fakes have become better.
# - **c** Nothing until it reaches log 4; there the fakes are perfect.
# - **d** That one of several things happens; which one, the loss does not tell.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** You train $D$ to perfection first, hold it still, and then let $G$ learn against it with the *minimax*
# loss. What happens?
#
# - **a** $G$ learns fast, since it has the best teacher.
# - **b** $G$ learns next to nothing.
# - **c** $G$ learns the opposite: to be caught more easily.
# - **d** PyTorch stops with an error.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about five sentences. For 1,000 steps $D$'s loss has been log 4 and $G$'s log 2. A friend
# says: "It has converged, the digits must be perfect." When is your friend right? What else could it be? Which two
# things would you look at, and what would each tell? (4 points, marked by hand, one for each answer and each thing; a
# model answer stands in `solutions/`.)

# %% [markdown] open="question_4" points=4
# At equilibrium $p_g = p_{data}$, the best discriminator says one half to everything, and the losses are just these: so the
# friend may be right. But they show only that **this** $D$ says one half. A $D$ that is too small, that learns too slowly, or
# that gets no gradient says so as well, of any pictures; so do players that turn around each other, if one looks at means. I would look
# at a grid of samples beside real digits, not picked by hand, and measure with a judge that does not play, such as the
# Fréchet distance beside its floor. I could also train a fresh $D$ on these fakes: if it soon does better than log 4, the
# old one was blind.
#
# *Rubric, a point for each*: the friend is right if $p_g = p_{data}$, because then $D^* = 1/2$ · the same numbers
# come from a $D$ that is too weak or does not learn · looks at samples, or names mode collapse as something that no loss shows
# · names a measure from outside the game (Fréchet distance, a fresh discriminator).

# %% [markdown]
# ## Summary
#
# - $G$ turns noise into images; $D$ returns a logit, and the sigmoid of it is the probability of *real*.
# - $D$ minimises $-V$; $G$ minimises $-\log D(G(z))$, because the minimax loss is flat where $G$ loses.
# - In $D$'s turn gradients stop at `detach()` and only `opt_D` steps; in $G$'s turn they pass through $D$, and only `opt_G`
#   steps.
# - Losses are scores against a moving opponent; quality needs a measure from outside, beside its floor.
# - With wider networks, batch normalisation in $G$, R1 on $D$, an averaged generator and more steps, the same game gives
#   digits fifteen times closer to real ones.
#
# **Sources**: Goodfellow et al. 2014, *Generative Adversarial Nets*, sections 3 and 4. Salimans et al. 2016, *Improved
# Techniques for Training GANs*, section 3.4 (label smoothing). Ioffe & Szegedy 2015 (batch normalisation). Mescheder et
# al. 2018, *Which Training Methods for GANs do actually Converge?*, section 4 (R1). Yazıcı et al. 2019, *The Unusual
# Effectiveness of Averaging in GAN Training*.
#
# **One step further**: take one change of the better recipe away at a time, `ema=0` first, and measure again. Which one
# earns most of the gain?
