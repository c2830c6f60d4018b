# %% [markdown]
# # 1 · Generative models, and why two networks fight
#
# A classifier looks at a picture and says *seven*. A generative model does the opposite: it draws a new seven. This lesson
# shows what that means, how it is measured, and why the judge of the drawings had better be a network, too.
#
# **You will be able to**
#
# - say what a generative model is, and what its distribution, the push-forward, is;
# - measure how far two sets of samples are apart, and fit a generator by hand and by gradient;
# - turn a classifier into a ratio of densities, and fool a good one on purpose.
#
# **Time**: 60 minutes, five exercises among them. Every cell runs in seconds on a CPU.
#
# **Builds on**: Python, and one small network that you have trained in PyTorch. Words of the trade are in the
# [glossary](../README.md#glossary).
#
# The first cell looks whether everything is there. If it names a problem, do what the arrow says and run it again.

# %%
from gancourse import checks, doctor

doctor.check("mnist")

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
# ## 1.1 Two kinds of models
#
# A **discriminative** model answers a question about a given $x$: which digit is this? It learns $p(y \mid x)$, the
# probability of the label $y$, and nothing about what pictures look like in general.
#
# A **generative** model makes new $x$. Somewhere there is a distribution $p_{data}$ of handwritten digits. Nobody can
# write it down; we only see *samples* of it, the data set. The model is to give us more samples.
#
# The simplest generative model of all: look at each pixel by itself, how often it has which grey level, and draw each
# pixel from that. Every single pixel is then distributed exactly right.
#
# *Predict before you run*: what will its digits look like?

# %%
import torch
from IPython.display import display

from gancourse import datasets, figures, training

mnist = datasets.load("mnist", split="test")  # images uint8 (10000, 1, 28, 28)
torch.manual_seed(0)
donors = torch.randint(len(mnist.images), (64, 1, 28, 28))  # for each pixel another image
pixel_by_pixel = mnist.images.gather(0, donors)
display(figures.image_grids({"real": mnist.images[:64], "each pixel by itself": pixel_by_pixel}))

# %% [markdown]
# Dust in the shape of all digits at once. What makes a seven is not in the pixels but *between* them: if this one is dark, that
# one is, too. A generative model has to get 784 numbers right **together**.

# %% [markdown]
# ## 1.2 A generator pushes noise into shape
#
# How can a function be random? Feed it random numbers. Draw $z$ from a simple distribution that we choose, the *prior* $p_z$, and
# apply $G$. What comes out has a distribution of its own, $p_g$: the **push-forward** of $p_z$ by $G$. All of GAN
# training is about bending $G$ until $p_g$ is $p_{data}$.
#
# Take the smallest $G$ there is, $G(z) = s\,z + b$. It stretches by the scale $s$ and moves by the shift $b$. The *density* at
# $x$ says how thickly the samples lie there; the area below it is 1. Stretched to twice the width it must become half as high:
#
# $$p_g(x) = \frac{1}{|s|}\; p_z\!\left(\frac{x - b}{s}\right)$$
#
# In words: find the $z$ that lands on $x$, look up how dense the noise is there, and thin it out by the stretching.

# %% [markdown]
# ### Exercise 1 · `pushed_density`
# ●○○ · 5 minutes
#
# Write the formula as code: `pushed_density(prior, scale, shift, x)` → the density $p_g$ at each of the places x of shape (n,).
# `prior` is a function: `prior(z)` gives the density of the noise at z, of the same shape. The scale may be negative: then
# the noise is mirrored, too.
#
# It tests: which way a generator maps, and what stretching does to a density.
#
# <details><summary>Hint 1</summary>You know x and want the z that was mapped to it: solve x = scale · z + shift for
# z.</details>
# <details><summary>Hint 2</summary>One line: <code>prior(...)</code> at that z, divided by
# <code>abs(scale)</code>.</details>


# %% exercise="pushed_density"
def pushed_density(prior, scale: float, shift: float, x: torch.Tensor) -> torch.Tensor:
    """Return the density at x (n,) of scale · z + shift, where z has the density `prior`."""
    ### BEGIN SOLUTION
    return prior((x - shift) / scale) / abs(scale)
    ### END SOLUTION


# %%
import math

import matplotlib.pyplot as plt


def standard_normal(z):
    return torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


torch.manual_seed(0)
z = torch.randn(20_000)
x = torch.linspace(-4, 8, 200)
figure, ax = plt.subplots(figsize=(7, 2.6))
ax.hist(2 * z + 3, bins=80, density=True, color="#dddddd", label="samples of $G(z) = 2z + 3$")
ax.plot(x, standard_normal(x), color=figures.BLUE, label="$p_z$")
pushed = pushed_density(standard_normal, 2.0, 3.0, x)
ax.plot(x, pushed, color=figures.VERMILION, linestyle="--", label="$p_g$, your formula")
ax.set(xlabel="x", ylabel="density")
ax.legend()
plt.show()

# %% [markdown]
# The dashed line should run along the top of the grey bars. For a network $G$ there is no such formula to work with: that of lesson 3 maps
# 64 numbers to 784, and no $z$ can be looked up. We can only draw samples. Everything from here on needs samples alone.

# %% [markdown]
# ## 1.3 How far apart are two piles of samples?
#
# To improve $G$ we need a number that says how far its samples are from the data. In one dimension there is a beautiful one.
# Think of both piles as sand: how far must the grains be carried, on average, to turn one pile into the other?
# Nobody carries crosswise: the leftmost grain goes to the leftmost place, the next to the next. So: **sort both, and
# compare in order.**
#
# $$W(x, y) = \frac{1}{n} \sum_{i=1}^{n} \left| x_{(i)} - y_{(i)} \right|$$
#
# where $x_{(i)}$ is the $i$-th smallest of the $n$ numbers. It is called Wasserstein's distance, or the earth mover's.

# %% [markdown]
# ### Exercise 2 · `distance`
# ●○○ · 4 minutes
#
# Write it: `distance(x, y)` with two tensors of shape (n,) → one number.
#
# It tests: that samples have no order of their own, and what a distance of distributions has to see.
#
# <details><summary>Hint 1</summary>What must be 0 if y holds the same numbers as x in another order?</details>
# <details><summary>Hint 2</summary><code>x.sort().values</code> are the numbers in order; the rest is
# <code>.abs().mean()</code>.</details>


# %% exercise="distance"
def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the mean gap between the sorted samples x and y, both (n,)."""
    ### BEGIN SOLUTION
    return (x.sort().values - y.sort().values).abs().mean()
    ### END SOLUTION


# %% compared=true
torch.manual_seed(0)
a, b = torch.randn(5_000), torch.randn(5_000)
print(f"two piles from the same distribution:        {float(distance(a, b)):.3f}")
print(f"the second moved by 1:                       {float(distance(a, b + 1)):.3f}")
print(f"the second three times as wide:              {float(distance(a, 3 * b)):.3f}")

# %% [markdown]
# Not quite 0 for the same distribution: chance makes two piles differ. Every distance between samples has such a *floor*, and it
# falls when there are more samples. The last line has equal means on both sides; a difference of means would have
# missed it.

# %% [markdown]
# ## 1.4 A generator with one parameter
#
# Now train a generator. Its data: 500 numbers from a distribution that is hidden from you. Its form: $G(z) = \theta z$. First
# by hand: change `theta`, run the cell again, until the distance is as small as you can get it. How do you decide which way to go?

# %%
torch.manual_seed(1)
hidden = (1 + 3 * torch.rand(1)) * torch.randn(500)  # how wide, only the computer knows
z = torch.randn(500)

theta = 1.0  # change this
print(f"theta = {theta}: distance {float(distance(hidden, theta * z)):.3f}")

# %% [markdown]
# You tried a value, tried another one near it, and went where it got better. That is a derivative, taken by hand. PyTorch
# takes it exactly, through the sorting, too: sorting only says who is compared with whom. Squares make the bottom of the valley
# round, so that steps become small by themselves:
#
# $$L(\theta) = \frac{1}{n} \sum_i \left( (\theta z)_{(i)} - x_{(i)} \right)^2$$

# %% [markdown]
# ### Exercise 3 · `fit_scale`
# ●●○ · 8 minutes
#
# Write the gradient descent: `fit_scale(x, z, theta, step_size, steps)` → the number theta after `steps` steps, which can be 0. In each, theta
# loses step_size times the slope of $L$. x and z have shape (n,); theta is a Python number at the start.
#
# It tests: a training loop at its barest, without an optimiser to hide behind.
#
# <details><summary>Hint 1</summary>Make theta a tensor that wants a gradient; in the loop compute the loss, its slope, the new
# theta, and cut the new theta off from its history.</details>
# <details><summary>Hint 2</summary><code>(slope,) = torch.autograd.grad(loss, theta)</code> gives the slope and
# leaves nothing behind (<code>loss.backward()</code> would put it into <code>theta.grad</code>, where slopes add up); then
# <code>theta = (theta - step_size * slope).detach().requires_grad_()</code>.</details>


# %% exercise="fit_scale"
def fit_scale(
    x: torch.Tensor, z: torch.Tensor, theta: float, step_size: float, steps: int
) -> float:
    """Return theta after gradient descent on the mean squared gap of the sorted theta · z and x."""
    ### BEGIN SOLUTION
    theta = torch.tensor(theta, requires_grad=True)
    for _ in range(steps):
        loss = ((theta * z).sort().values - x.sort().values).square().mean()
        (slope,) = torch.autograd.grad(loss, theta)
        theta = (theta - step_size * slope).detach().requires_grad_()
    return theta.item()
    ### END SOLUTION


# %% compared=true
for steps in (0, 1, 5, 30):
    theta = float(fit_scale(hidden, z, 1.0, 0.1, steps))
    print(
        f"{steps:2} steps: theta = {theta:.3f}, distance {float(distance(hidden, theta * z)):.3f}"
    )

# %% [markdown]
# A generator, trained, and no opponent in sight. So why would anybody need one?

# %% [markdown]
# ## 1.5 Why not do the same with pictures?
#
# Because pictures cannot be sorted. Which of two digits is the smaller one? And without an order, who is to be compared with
# whom? One might take the distance of two pictures, pixel by pixel. Look at what it thinks: the same digit, moved to the
# right by two pixels, against a quite different one.

# %%
unit = training.to_unit(mnist.images[:2_000])  # float (2000, 1, 28, 28) in [-1, 1]
moved = unit.roll(2, dims=3)
to_itself = (moved - unit).flatten(1).norm(dim=1)
others = torch.cdist(moved.flatten(1), unit.flatten(1))
another_digit = mnist.labels[:2_000, None] != mnist.labels[:2_000]
to_another = others.where(another_digit, torch.inf).min(1)
share = (to_another.values < to_itself).float().mean()
print(
    f"a digit moved by two pixels is nearer to some other digit than to itself: {share:.0%} of the time"
)
worst = (to_itself - to_another.values).argsort(descending=True)[:8]
rows = [mnist.images[:2_000][worst], training.to_uint8(moved[worst])]
rows.append(mnist.images[:2_000][to_another.indices[worst]])
display(figures.image_grids({"a digit / moved / what pixels call nearer": torch.cat(rows)}))

# %% [markdown]
# The eye sees the same digit at once; pixels do not. No simple formula on pixels measures what matters in a picture. So we
# **learn** the measure: train a network to tell real from fake. Whatever it can hold on to is a difference that the generator has
# still to remove.

# %% [markdown]
# ## 1.6 What a classifier knows about densities
#
# Train a classifier on $n_r$ real samples and $n_f$ fakes. If it is as good as can be, its probability of *real* is the share of
# real ones among all that are found at $x$:
#
# $$D(x) = \frac{n_r\, p_{data}(x)}{n_r\, p_{data}(x) + n_f\, p_g(x)}
# \qquad\Longrightarrow\qquad \frac{D(x)}{1 - D(x)} = e^{a(x)} = \frac{n_r\, p_{data}(x)}{n_f\, p_g(x)}$$
#
# with $a(x)$ its *logit*, the number before the sigmoid. So a classifier, which has only seen samples, knows the ratio of two
# densities that nobody can write down. Where the ratio is above 1 the generator draws too rarely, where it is below 1 too
# often. That is just what a generator needs to be told.

# %% [markdown]
# ### Exercise 4 · `density_ratio`
# ●○○ · 4 minutes
#
# Write it: `density_ratio(logits, n_real, n_fake)` → $p_{data}(x) / p_g(x)$ for each of the logits of shape (n,).
#
# It tests: what stands behind a logit.
#
# <details><summary>Hint 1</summary>The right-hand side above holds the ratio already; two counts stand in its way.</details>
# <details><summary>Hint 2</summary><code>logits.exp()</code>, times one count, divided by the other.</details>


# %% exercise="density_ratio"
def density_ratio(logits: torch.Tensor, n_real: int, n_fake: int) -> torch.Tensor:
    """Return p_data / p_g at the places with these logits (n,)."""
    ### BEGIN SOLUTION
    return logits.exp() * n_fake / n_real
    ### END SOLUTION


# %% [markdown]
# Try it where the truth is known: data from $\mathcal{N}(0, 1)$, fakes from $\mathcal{N}(1, 1.5^2)$, mean 1 and spread 1.5, and
# three times as many real samples as fakes. The classifier is a small network that sees nothing but samples.

# %%
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

torch.manual_seed(0)
x_real, x_fake = torch.randn(6_000, 1), 1 + 1.5 * torch.randn(2_000, 1)
samples = torch.cat([x_real, x_fake])
labels = torch.cat([torch.ones(6_000), torch.zeros(2_000)])
# (n, 1) -> logits (n,)
classifier = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1), nn.Flatten(0))
optimizer = torch.optim.Adam(classifier.parameters(), lr=0.01)
for _ in range(400):
    loss = binary_cross_entropy_with_logits(classifier(samples), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

x = torch.linspace(-3, 4, 150)
with torch.no_grad():
    learnt = density_ratio(classifier(x[:, None]), 6_000, 2_000)
true = standard_normal(x) / pushed_density(standard_normal, 1.5, 1.0, x)
figure, ax = plt.subplots(figsize=(7, 2.6))
ax.plot(x, true, color=figures.BLUE, label="true ratio of the densities")
ax.plot(
    x,
    learnt,
    color=figures.VERMILION,
    linestyle="--",
    label="from the classifier, with your formula",
)
ax.axhline(1, color=figures.GREY, linewidth=0.8, linestyle=":")
ax.set(xlabel="x", ylabel=r"$p_{data}\,/\,p_g$")
ax.legend()
plt.show()

# %% [markdown]
# Where there are samples, the two agree; at the left edge, where it has seen next to none, the classifier guesses. A judge knows
# only what was put before it.

# %% [markdown]
# ## 1.7 Two players
#
# Put the two together. A **generator** $G$ draws fakes, like a counterfeiter. A **discriminator** $D$ tells real from fake, like a
# detective. $D$ learns from both piles; $G$ never sees a real picture, only what $D$ thinks of its fakes.
#
# ```
# noise z ──► G ──► fake G(z) ──┐
#             ▲                 ├──► D ──► logit a(x)
#             │      real x ────┘    │
#             └── gradients to G ◄───┘
# ```
#
# When $G$ gets better, $D$ must look more closely, and what it then sees, $G$ has to learn next. If all goes well it ends
# where $p_g = p_{data}$ and $D$ says one half to everything. Lesson 2 asks when all goes well; lesson 3 builds it.

# %% [markdown]
# *Be the discriminator.* Half of these 16 digits were written by people. The others come from four stages of one training,
# from step 1,000 to step 28,000. At the end you hear what the discriminator of that training would have said.

# %%
from gancourse.widgets import RealOrFake

RealOrFake()

# %% [markdown]
# ## 1.8 How a good classifier is fooled
#
# Why should a network be hard to please? The course's digit classifier reads 99.3 % of the test digits. Now move every pixel by
# the same small amount $\epsilon$, up or down, whichever way makes its loss rise:
#
# $$x' = x + \epsilon\; \text{sign}\big(\nabla_x\, L(x, y)\big)$$
#
# $L$ is the cross-entropy of the classifier's answer to $x$ against the true label $y$, and $\nabla_x$ its gradient in
# the *pixels*. This is the *fast gradient sign* attack. The weights stay as they are: we train the picture.
#
# It is also, step for step, how a generator learns: a gradient that runs through a classifier back into pixels.

# %% [markdown]
# ### Exercise 5 · `sign_attack`
# ●●○ · 8 minutes
#
# Write the attack: `sign_attack(classifier, images, labels, epsilon)` → the changed images, same shape, cut off at −1 and 1.
# images: float (N, 1, H, W) in $[-1, 1]$; labels: int64 (N,); `classifier(images)` gives logits (N, classes). Change neither the
# given images nor anything in the classifier, its modes and gradients included, and return a tensor without history.
#
# It tests: a gradient in the input instead of the weights, and which way is up.
#
# <details><summary>Hint 1</summary>Take a copy of the images that wants a gradient, compute the cross-entropy, and ask
# for its gradient in the copy with <code>torch.autograd.grad</code>.</details>
# <details><summary>Hint 2</summary><code>(gradient,) = torch.autograd.grad(loss, images)</code> (backward() would leave gradients
# in the classifier, too), then
# <code>(images + epsilon * gradient.sign()).clamp(-1, 1).detach()</code>.</details>

# %%
from torch.nn.functional import cross_entropy


# %% exercise="sign_attack"
def sign_attack(
    classifier: nn.Module, images: torch.Tensor, labels: torch.Tensor, epsilon: float
) -> torch.Tensor:
    """Return images (N, 1, H, W) whose pixels moved by epsilon to where the classifier's loss rises."""
    ### BEGIN SOLUTION
    images = images.clone().requires_grad_()
    loss = cross_entropy(classifier(images), labels)
    (gradient,) = torch.autograd.grad(loss, images)
    return (images + epsilon * gradient.sign()).clamp(-1, 1).detach()
    ### END SOLUTION


# %% [markdown]
# Move *epsilon*, and try several images. Some digits fall early; the first one, a 7, holds out until 0.51. For each: at which value does
# the classifier change its mind, and could *you* still read the digit there?

# %%
from gancourse import pretrained
from gancourse.widgets import AttackSlider

reader, _ = pretrained.load_classifier()
AttackSlider(sign_attack, reader, mnist.images[:50], mnist.labels[:50])

# %% [markdown]
# Many tutorials tell why GANs were thought of with a sentence like this: *after such a change the wrong answer comes with
# more confidence than the right one had before.* Is that so? Count it, over 1,000 digits. And compare with moving each pixel up or
# down at random.

# %%
images, labels = training.to_unit(mnist.images[:1_000]), mnist.labels[:1_000]
before = reader(images).softmax(1)
confidence_before = before.gather(1, labels[:, None]).squeeze(1)  # in the true class
was_right = before.argmax(1) == labels
torch.manual_seed(0)
print("epsilon   right   right (random change)   wrong with more confidence than before")
for epsilon in (0.05, 0.1, 0.2, 0.3, 0.5):
    confidence, answer = reader(sign_attack(reader, images, labels, epsilon)).softmax(1).max(1)
    noisy = (images + epsilon * torch.randn_like(images).sign()).clamp(-1, 1)
    fooled = was_right & (answer != labels)
    surer = (fooled & (confidence > confidence_before)).sum().item()
    print(
        f"{epsilon:5.2f}   {(answer == labels).float().mean():7.1%}"
        f"   {(reader(noisy).argmax(1) == labels).float().mean():15.1%}"
        f"   {surer:15} of {fooled.sum().item()}"
    )

# %% [markdown]
# The first half of the story holds: a change chosen against the network does what the same amount of noise does not. The second
# half is a legend. Most wrong answers come with *less* confidence than the right one had. (Not at the two smallest
# changes: there only those few digits fall about which it was unsure to begin with.)
#
# For us there is a moral on each side. A network can be led by gradients to where people never go: a generator will find every
# blind spot of a *fixed* judge. That is why the judge must go on learning. And: count, before you believe.

# %% [markdown]
# ## 1.9 What became of the idea
#
# - **2014** Goodfellow and others: two perceptrons, digits and faces of 32 pixels.
# - **2015–16** DCGAN: convolutions, and rules that make training survive (lesson 6). Conditional GANs: labels for both players
#   (lesson 5). LAPGAN: from coarse to fine (lesson 9).
# - **2017** Wasserstein GAN and gradient penalties: other measures of distance. Pictures to pictures: pix2pix, CycleGAN.
#   SRGAN: super-resolution (lesson 10).
# - **2018–20** BigGAN and StyleGAN: photographs of people who do not exist.
# - **From 2021** diffusion models, which make a picture out of noise in many small steps, draw more varied pictures, follow text, and train without a fight. For pictures from
#   text they have replaced GANs.
#
# GANs are still chosen where one pass through a network must do: a picture or a second of speech in milliseconds;
# inside other models, as the *adversarial loss* that keeps their pictures sharp; and to make a diffusion model draw in one step.

# %% [markdown]
# **What they are used for**: translating images to images (a map to a photograph, a sketch to a shoe), super-resolution, ageing a face,
# shapes in three dimensions, data where real data is scarce or private. What is added that way is only as good as the
# generator: measure on real data whether it helps.
#
# **And misused for**: faces and voices of real people who never said that. Three questions help to think about a picture that is *made*:
# Did the person shown agree? Could somebody take it for a record of what happened? Who is harmed if they do? A detector
# is no way out for long: it is a discriminator, and you know what can be trained against it.

# %% [markdown]
# | for GANs | against them |
# |---|---|
# | one pass through $G$ gives a sample, fast | training is a game, and need not settle (lesson 2) |
# | sharp: no averaging over what might be | may leave out part of the data: *mode collapse* |
# | no density, no formula for $p_g$ needed | no density: $p_g(x)$ of a given $x$ cannot be asked |
# | a latent space to walk in | no loss that says how good it is (lesson 4) |

# %% [markdown]
# ## Check yourself
#
# Three questions and one to write about. Put your letter into the function below each.
#
# **Question 1.** A GAN is trained. You draw noise $z$ from $p_z$ and look at $G(z)$. From which distribution is what you see
# a sample?
#
# - **a** From $p_z$.
# - **b** From $p_{data}$.
# - **c** From $p_g$, the push-forward of $p_z$ by $G$.
# - **d** From $G$.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** What makes a model *generative*?
#
# - **a** It classifies so well that it can be run backwards.
# - **b** New samples can be drawn from it.
# - **c** It is a neural network, trained by gradients.
# - **d** It needs no labels.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** What does section 1.8 show?
#
# - **a** A fooled classifier is surer of the wrong answer than it was of the right one, as a rule.
# - **b** The attack changes the network until it errs.
# - **c** The classifier errs as soon as people can no longer read the digit.
# - **d** Changes that leave a digit readable for people, chosen along the gradient, change the classifier's answer.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about five sentences. In section 1.4 a generator was trained without a discriminator. A friend says:
# "So the discriminator is superfluous." What did 1.4 have in its place? Why does that fail for pictures? What does a learnt
# judge add, and what new danger comes with it? (4 points, marked by hand, one for each answer; a model answer stands in
# `solutions/`.)

# %% [markdown] open="question_4" points=4
# In 1.4 a formula told how far the samples were apart: the sorted gap. It works because numbers can be sorted; pictures
# have no order, and a distance on pixels calls a moved digit farther away than another digit. A discriminator learns from
# samples alone what distinguishes the fakes, on whatever level that is, and hands the generator a gradient there. The danger: a
# judge can be fooled where it is blind, so that it has to go on learning, and then the two play a game that need not come to
# rest.
#
# *Rubric, a point for each*: the place was taken by a distance computed by a formula (sorting) · pictures cannot be sorted, or
# distances on pixels do not measure what matters · the judge learns the difference from samples and gives a gradient · it can be fooled
# or has blind spots, or the game may not settle.

# %% [markdown]
# ## Summary
#
# - A generative model gives new samples of a distribution that we know through samples only.
# - A generator pushes noise, $z \sim p_z$, into shape; what comes out has the distribution $p_g$.
# - In one dimension samples can be sorted and compared; pictures cannot, so the comparison is learnt.
# - A classifier that saw as many real images as fakes knows the ratio $p_{data} / p_g$: its logit is the logarithm.
# - Gradients in the pixels fool a fixed classifier with little effort. A judge has to go on learning.
#
# **Sources**: Goodfellow et al. 2014, *Generative Adversarial Nets*. Goodfellow, Shlens & Szegedy 2015, *Explaining and Harnessing
# Adversarial Examples*, section 4 (the sign attack). Sugiyama, Suzuki & Kanamori 2012, *Density Ratio Estimation in Machine
# Learning*, chapter 4. Peyré & Cuturi 2019, *Computational Optimal Transport*, section 2.6 (sorting).
#
# **One step further**: attack the classifier so that it reads every digit as a 3. What changes in the formula?
