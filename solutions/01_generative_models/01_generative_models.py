# %% [markdown]
# # 1 · Generative models, and why two networks compete
#
# A classifier looks at a picture and says *seven*. A generative model does the opposite: it draws a new seven. In this
# lesson you see what that means, how to measure the result, and why the judge of the drawings should be a network, too.
#
# **You will be able to**
#
# - explain what a generative model is, and what the push-forward is;
# - measure how far apart two sets of samples are, fit a generator by gradient descent, and build one for any one-dimensional dataset;
# - turn a classifier into a ratio of densities, and fool a good classifier on purpose.
#
# **Time**: 70 minutes, including five exercises. Every cell runs in seconds on a CPU.
#
# **You need**: Python, and one small network that you have trained in PyTorch. The [glossary](../README.md#glossary)
# explains the terms.
#
# The first cell checks that everything is installed. If it reports a problem, follow its advice and run it again.

# %% start=true
from gancourse import checks, doctor

doctor.check("mnist")

# %% [markdown]
# **How an exercise works.** Replace `raise NotImplementedError()` with your answer, run the cell, then run the check below
# it. The check compares what your answer *does* with what it should do. ✓ means that it is right; ✗ tells you what is
# wrong and where to look. Any correct style is accepted, and you can try as often as you like. (If the check reports a
# `NameError`, you have not run the cell above it.)
#
# Two folded cells follow each check. The first gives marks if somebody grades this notebook; otherwise it does nothing. The
# second helps you when you are stuck: if your answer is not right yet, it loads the course's version, so that the rest of
# the lesson runs. You can come back to the exercise later. *Run all* also works before you have written a line.

# %% [markdown]
# ## 1.1 Two kinds of models
#
# A **discriminative** model answers a question about a given $x$: which digit is this? It learns $p(y \mid x)$, the
# probability of the label $y$ given $x$. It does not learn what pictures look like in general.
#
# A **generative** model makes new $x$. We assume that digits come from a distribution $p_{data}$. Nobody can write it down;
# we only have *samples* from it, the dataset. The model should produce more samples.
#
# Here is the simplest generative model. For each pixel, it looks up how often each grey level occurs in the dataset, and
# draws the pixel from that distribution. Each pixel alone is then distributed exactly as in the data.
#
# *Predict before you run*: what will its digits look like?

# %%
import torch
from IPython.display import display

from gancourse import datasets, figures, training

mnist = datasets.load("mnist", split="test")  # images uint8 (10000, 1, 28, 28)
torch.manual_seed(0)
# A short cut: each pixel is copied from a random image of the dataset, a new image for every pixel.
source = torch.randint(len(mnist.images), (64, 1, 28, 28))
pixel_by_pixel = mnist.images.gather(0, source)
display(figures.image_grids({"real": mnist.images[:64], "each pixel by itself": pixel_by_pixel}))

# %% [markdown]
# You see white specks, dense in the middle, where digits usually are, and black at the edges. Each pixel has the right distribution, but the pixels are
# independent of each other. In a real seven they are not: whether one pixel is dark depends on its neighbours. A generative
# model has to learn the **joint** distribution of all 784 pixels.

# %% [markdown]
# ## 1.2 A generator transforms noise
#
# How can a function produce random pictures? Its input is random. Draw $z$ from a simple distribution that we choose, the
# **prior** $p_z$, and compute $G(z)$. The results have a distribution of their own, $p_g$, which is called the
# **push-forward** of $p_z$ by $G$. To train a GAN means to change $G$ so that $p_g$ comes closer to $p_{data}$.
#
# Take a very small generator, $G(z) = s\,z + b$. It stretches the noise by the scale $s$ and moves it by the shift $b$. The
# **density** at $x$ says how closely the samples lie there; the area under it is 1. If $G$ makes the distribution twice as
# wide, the density becomes half as high:
#
# $$p_g(x) = \frac{1}{|s|}\; p_z\!\left(\frac{x - b}{s}\right)$$
#
# In words: find the $z$ that $G$ maps to $x$, take the density of the noise at that $z$, and divide it by $|s|$.

# %% [markdown]
# ### Exercise 1 · `pushed_density`
# ●○○ · 5 minutes
#
# Write the formula as code: `pushed_density(prior, scale, shift, x)` returns the density $p_g$ at each place in x, a tensor
# of shape (n,). `prior` is a function: `prior(z)` returns the density of the noise at z, with the shape of z. The scale may
# be negative; then $G$ also mirrors the noise.
#
# You practise: following a generator backwards, from a sample to its noise.
#
# <details><summary>Hint 1</summary>You know x and need the z that was mapped to it. Solve x = scale · z + shift for z. What
# does stretching do to the height of the density?</details>
# <details><summary>Hint 2</summary>Two steps: compute z with one subtraction and one division; then call
# <code>prior</code> on it and divide. The density must not become negative for a negative scale:
# <code>abs</code>.</details>


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
# The dashed line should follow the top of the grey bars. For most networks there is no such simple formula, but we can always draw samples. So we look for methods that need only
# samples. (The generator of lesson 3 maps 64 numbers to 784 pixels. Its pictures fill a surface of at most 64 dimensions, as a curve lies in a plane. Strictly, such a $p_g$ has no density; formulas with $p_g(x)$ assume one.)

# %% [markdown]
# ## 1.3 How far apart are two sets of samples?
#
# To improve $G$ we need a number that says how far its samples are from the data. In one dimension there is a good one.
# Think of both sets as piles of sand: how far must you carry the grains, on average, to turn one pile into the other? It is
# cheapest to carry the leftmost grain to the leftmost place, the second to the second place, and so on. So **sort both sets
# and compare them in order**:
#
# $$W(x, y) = \frac{1}{n} \sum_{i=1}^{n} \left| x_{(i)} - y_{(i)} \right|$$
#
# Here $x_{(i)}$ is the $i$-th smallest of the $n$ numbers. $W$ is called the **Wasserstein distance**, or earth mover's
# distance.


# %%
def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the mean gap between the sorted samples x and y, both (n,)."""
    return (x.sort().values - y.sort().values).abs().mean()


# %% compared=true
torch.manual_seed(0)
a, b = torch.randn(5_000), torch.randn(5_000)
print(f"two piles from the same distribution:        {float(distance(a, b)):.3f}")
print(f"the second moved by 1:                       {float(distance(a, b + 1)):.3f}")
print(f"the second three times as wide:              {float(distance(a, 3 * b)):.3f}")

# %% [markdown]
# The first distance is not quite 0, although both sets come from the same distribution: two random samples always differ a
# little. What remains is called the **floor**. The floor of this distance falls when there are more samples. In the last
# line both sets have the same mean, so a difference of means would have missed the change.

# %% [markdown]
# ## 1.4 A generator with one parameter
#
# Now train a generator. Its data are 500 numbers from a distribution that you cannot see. The generator is $G(z) = \theta z$.
# First fit it by hand: change `theta` and run the cell again until the distance is as small as you can make it. How do you
# decide whether to go up or down?

# %%
torch.manual_seed(1)
width = 1 + 3 * torch.rand(1)  # hidden from you: do not print it yet
hidden = width * torch.randn(500)
z = torch.randn(500)

theta = 1.0  # change this
print(f"theta = {theta}: distance {float(distance(hidden, theta * z)):.3f}")

# %% [markdown]
# You tried a value, tried another one near it, and moved to the better one. So you estimated the sign of a derivative. PyTorch
# computes it exactly. Sorting is no obstacle: it only decides which numbers are compared. We use squares instead of absolute
# values, so that the gradient becomes small near the minimum and the steps become small, too:
#
# $$L(\theta) = \frac{1}{n} \sum_i \left( (\theta z)_{(i)} - x_{(i)} \right)^2$$

# %% [markdown]
# ### Exercise 2 · `fit_scale`
# ●●○ · 8 minutes
#
# Write gradient descent: `fit_scale(x, z, theta, step_size, steps)` returns theta, a Python number, after `steps` steps
# (`steps` can be 0). Each step subtracts step_size times the gradient of $L$ from theta. x and z have shape (n,); theta
# arrives as a float.
#
# You practise: a training loop without an optimiser.
#
# <details><summary>Hint 1</summary>PyTorch needs theta as a tensor with <code>requires_grad=True</code>. Each step computes the
# loss, its gradient and the new theta. Each step must start from a plain number; otherwise PyTorch keeps the graphs of all earlier steps.</details>
# <details><summary>Hint 2</summary>In the loop: the loss from sorted values; its gradient from
# <code>torch.autograd.grad</code>, which returns a tuple; the new theta, detached and again with
# <code>requires_grad</code>. After the loop: <code>.item()</code>. (<code>backward()</code> would add up gradients in
# <code>theta.grad</code>.)</details>


# %% exercise="fit_scale"
def fit_scale(
    x: torch.Tensor, z: torch.Tensor, theta: float, step_size: float, steps: int
) -> float:
    """Return theta after gradient descent on the mean squared gap of the sorted theta · z and x."""
    ### BEGIN SOLUTION
    theta = torch.tensor(theta, requires_grad=True)
    for _ in range(steps):
        loss = ((theta * z).sort().values - x.sort().values).square().mean()
        (gradient,) = torch.autograd.grad(loss, theta)
        theta = (theta - step_size * gradient).detach().requires_grad_()
    return theta.item()
    ### END SOLUTION


# %% compared=true
for steps in (0, 1, 5, 30):
    theta = float(fit_scale(hidden, z, 1.0, 0.1, steps))
    print(
        f"{steps:2} steps: theta = {theta:.3f}, distance {float(distance(hidden, theta * z)):.3f}"
    )
other = width * torch.randn(500)
print(
    f"the hidden width is {width.item():.3f}; floor, two sets of it: {distance(hidden, other):.3f}"
)

# %% [markdown]
# After 30 steps the distance is 0.217, below the floor of 0.303 (one draw): theta was fitted to random details of these 500 numbers, too. So you have trained a
# generator without a second network. But a generator with one parameter can only stretch the noise. In one dimension you can build a
# generator for *any* dataset, even without training.

# %% [markdown]
# ### Exercise 3 · `fit_generator`
# ●●● · 20 minutes · a challenge: several ways are right
#
# Build it: `fit_generator(data)` takes at least 100 different numbers, shape (N,), and returns a generator: a function `G` such that
# `G(z)`, for standard normal z of shape (n,), looks like n more numbers from the same distribution.
#
# - The same z always gives the same number, whatever else is in its batch.
# - It works for any dataset: with two peaks, with a long tail, with numbers of size 0.01.
# - Most of what it draws is new: not exactly a number of the dataset.
# - G(z) is finite for every z, also for −8 and 8. `fit_generator` does not change `data`.

# %% [markdown]
# You practise: designing a push-forward.
#
# <details><summary>Hint 1</summary>Let G keep the order: the smallest z gets the smallest x. If 30 % of all z are smaller than this
# one, which number of the dataset should G return?</details>
# <details><summary>Hint 2</summary><code>torch.special.ndtr(z)</code> is the share of a standard normal distribution below z. Sort the
# data once. The share, times N − 1, is a place in the sorted data; it lies between two neighbours, and
# <code>torch.lerp</code> goes from one to the other. Mind the last place, which has no right neighbour.</details>


# %% exercise="fit_generator"
def fit_generator(data: torch.Tensor):
    """Return a generator for the distribution of data (N,): a function from standard normal z (n,) to numbers (n,)."""
    ### BEGIN SOLUTION
    ordered = data.sort().values

    def G(z):
        place = torch.special.ndtr(z) * (len(ordered) - 1)  # from 0 to N - 1
        left = place.long().clamp(max=len(ordered) - 2)
        return torch.lerp(ordered[left], ordered[left + 1], place - left)

    return G
    ### END SOLUTION


# %%
def two_peaks():
    """Return 500 numbers, (500,): 300 around -2, and 200 from 1 to 6, most of them near 1."""
    return torch.cat([torch.randn(300) * 0.5 - 2, 1 + 5 * torch.rand(200) ** 2])


torch.manual_seed(0)
data = two_peaks()
made = fit_generator(data)(torch.randn(500))
figure, ax = plt.subplots(figsize=(7, 2.6))
ax.hist(data, bins=60, range=(-4, 8), color=figures.GREY, alpha=0.5, label="data")
ax.hist(
    made, bins=60, range=(-4, 8), histtype="step", color=figures.VERMILION, label="G(z), 500 new z"
)
ax.set(xlabel="x", ylabel="count")
ax.legend()
plt.show()
print(f"distance between data and G(z): {float(distance(data, made)):.3f}")
print(f"floor, two sets of such data:   {float(distance(data, two_peaks())):.3f}")

# %% [markdown]
# The distance is about the floor, and no second network was needed. So why do GANs have one?

# %% [markdown]
# ## 1.5 Why this does not work for pictures
#
# Pictures cannot be sorted, so we cannot match them in order. We can still match them if we have a distance between two pictures. The
# simplest is the **Euclidean distance** between their pixels. The next cell tests it: it compares a digit, shifted to the right by two
# pixels, with the digit itself and with images of *other* classes.

# %%
unit = training.to_unit(mnist.images[:2_000])  # float (2000, 1, 28, 28) in [-1, 1]
moved = unit.roll(2, dims=3)
to_itself = (moved - unit).flatten(1).norm(dim=1)
others = torch.cdist(moved.flatten(1), unit.flatten(1))
another_digit = mnist.labels[:2_000, None] != mnist.labels[:2_000]
to_another = others.where(another_digit, torch.inf).min(1)
share = (to_another.values < to_itself).float().mean()
print(
    f"some image of another class is nearer to the shifted digit than its original: {share:.0%} of 2,000"
)
worst = (to_itself - to_another.values).argsort(descending=True)[:8]
rows = [mnist.images[:2_000][worst], training.to_uint8(moved[worst])]
rows.append(mnist.images[:2_000][to_another.indices[worst]])
display(
    figures.image_grids(
        {"digit / shifted / nearest image of another class, eight extreme cases": torch.cat(rows)}
    )
)

# %% [markdown]
# You recognise a shifted digit at once. The Euclidean distance prefers an image of another class for 86 % of the 2,000. So we **learn** the comparison: we train a network to tell real
# pictures from generated ones, the **fakes**. If it can tell *new* pictures apart, there is a difference that the generator still has to remove. This is one way to train a
# generator, not the only one: diffusion models (1.9) and others need no second network.

# %% [markdown]
# ## 1.6 A classifier knows a ratio of densities
#
# Train a classifier on $n_r$ real samples and $n_f$ fakes. It computes a number $a(x)$, the **logit**, and answers with the
# probability $D(x) = \sigma(a(x)) = 1 / (1 + e^{-a(x)})$ that $x$ is real. If 30 of 40 samples near $x$ are real, the best answer is
# 30 / 40: the share of real samples among all samples at $x$ (lesson 2 proves it). For this **optimal** classifier
#
# $$D(x) = \frac{n_r\, p_{data}(x)}{n_r\, p_{data}(x) + n_f\, p_g(x)}
# \qquad\Longrightarrow\qquad \frac{D(x)}{1 - D(x)} = e^{a(x)} = \frac{n_r\, p_{data}(x)}{n_f\, p_g(x)}$$
#
# So the optimal classifier gives the ratio of two densities, although nobody can write them down. A trained classifier estimates this ratio from samples alone. Where $p_{data} / p_g$ is above 1, the generator draws too few samples; where it
# is below 1, too many. This tells the generator where to draw more, and where less.

# %% [markdown]
# ### Exercise 4 · `density_ratio`
# ●○○ · 4 minutes
#
# Write it as code: `density_ratio(logits, n_real, n_fake)` returns $p_{data}(x) / p_g(x)$ for each logit, for a tensor of
# logits of shape (n,). It must be right for logits such as ±40, too.
#
# You practise: reading a logit as the logarithm of a ratio.
#
# <details><summary>Hint 1</summary>The right-hand side above already contains the ratio, multiplied by two counts. Solve for
# the ratio.</details>
# <details><summary>Hint 2</summary>Use <code>torch.exp</code> on the logits directly, then multiply by one count and divide by
# the other. A detour through the sigmoid rounds D to 0 or 1.</details>


# %% exercise="density_ratio"
def density_ratio(logits: torch.Tensor, n_real: int, n_fake: int) -> torch.Tensor:
    """Return p_data / p_g at the places with these logits (n,)."""
    ### BEGIN SOLUTION
    return logits.exp() * n_fake / n_real
    ### END SOLUTION


# %% [markdown]
# Test your formula where the true ratio is known. The data come from $\mathcal{N}(0, 1)$, the fakes from
# $\mathcal{N}(1, 1.5^2)$, which has mean 1 and standard deviation 1.5. There are three times as many real samples as fakes.
# The classifier is a small network that sees nothing but samples.

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
# Where there are samples, the two curves agree. At the left edge the classifier has seen only a few samples, and its answer is poor. A classifier is reliable only where it had training data.

# %% [markdown]
# ## 1.7 Two players
#
# Now combine the two. A **generator** $G$ makes fakes, like a counterfeiter. A **discriminator** $D$ tells real from fake, like
# a detective. $D$ learns from real pictures and fakes. $G$ never sees a real picture; it learns only from the gradient that
# comes back through $D$: a good $D$ has a larger logit where the ratio of 1.6 is larger. So the logit's gradient at a fake points to where $G$ draws too few samples. $G$ changes its weights so that its fakes move there.

# %%
from gancourse import diagrams

diagrams.data_flow()

# %% [markdown]
# When $G$ improves, $D$ must find smaller differences, and $G$ then learns to remove those. In the ideal case this ends when $p_g = p_{data}$. With equally many real samples and fakes, the share of 1.6 is then one half
# everywhere. Lesson 2 studies when this training converges; in lesson 3 you train a GAN on digits.

# %% [markdown]
# *Be the discriminator.* People wrote half of these 16 digits. The others come from four stages of one training, from step
# 1,000 to step 28,000. At the end you see what the discriminator of that training answered.

# %%
from gancourse.widgets import RealOrFake

RealOrFake()

# %% [markdown]
# ## 1.8 How to fool a good classifier
#
# Even an accurate classifier can be fooled. The course's digit classifier classifies 99.3 % of the test digits
# correctly (accuracy). Now change every pixel by the same small amount $\epsilon$, up or down, in the direction that increases the
# classifier's loss, and clamp the result to $[-1, 1]$:
#
# $$x' = x + \epsilon\; \text{sign}\big(\nabla_x\, L(x, y)\big)$$
#
# $L$ is the cross-entropy between the classifier's answer to $x$ and the true label $y$, and $\nabla_x$ is its gradient with
# respect to the *pixels*. This is the **fast gradient sign method** (FGSM), and the change is called an **adversarial
# perturbation**. The weights stay fixed: we optimise the picture.
#
# A generator learns in the same way, from a gradient that flows through a classifier back to the pixels.

# %% [markdown]
# ### Exercise 5 · `sign_attack`
# ●●○ · 8 minutes
#
# Write FGSM: `sign_attack(classifier, images, labels, epsilon)` returns the changed images, clamped to −1 and 1, in the same
# shape. images: float (N, 1, H, W) in $[-1, 1]$; labels: int64 (N,); `classifier(images)` returns logits (N, classes). Three things must not change: the given images, the `.grad` of the classifier's weights, and its mode (train or eval). The result has no gradient history (no **graph**).
#
# You practise: taking a gradient with respect to the input.
#
# <details><summary>Hint 1</summary>You need the gradient with respect to the images. Ask for it on a copy, so that the caller's
# tensor stays as it is. The loss should go up, not down.</details>
# <details><summary>Hint 2</summary>Make a copy of the images with <code>requires_grad</code>; compute
# <code>cross_entropy</code>; get the gradient in the copy from <code>torch.autograd.grad</code> (<code>backward()</code>
# would also fill the classifier's gradients); then <code>.sign()</code>, <code>.clamp()</code> and
# <code>.detach()</code>.</details>

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
# Move *epsilon*, and try several images. Some digits change their class at a small epsilon, others resist: try the first one, a 7. For
# each digit: at which value does the classifier change its answer, and can *you* still recognise the digit there?

# %%
from gancourse import pretrained
from gancourse.widgets import AttackSlider

classifier, _ = pretrained.load_classifier()
AttackSlider(sign_attack, classifier, mnist.images[:50], mnist.labels[:50])

# %% [markdown]
# A classifier's **confidence** is the probability that its softmax gives to its answer. Is a fooled classifier also confident? In a famous example of
# the FGSM paper, a panda, it is surer after the change than before. Count it on 1,000 digits, and compare with a random change of the same size.

# %%
images, labels = training.to_unit(mnist.images[:1_000]), mnist.labels[:1_000]
before = classifier(images).softmax(1)
confidence_before = before.gather(1, labels[:, None]).squeeze(1)  # in the true class
was_right = before.argmax(1) == labels
torch.manual_seed(0)
print(
    f"before: {was_right.float().mean():.1%} right, mean confidence in the right answers {confidence_before[was_right].mean():.1%}"
)
print("epsilon   right   right (random change)   confidence when wrong   surer than before")
for epsilon in (0.05, 0.1, 0.2, 0.3, 0.5):
    changed = sign_attack(classifier, images, labels, epsilon)
    confidence, answer = classifier(changed).softmax(1).max(1)
    noisy = (images + epsilon * torch.randn_like(images).sign()).clamp(-1, 1)
    fooled = was_right & (answer != labels)
    surer = (fooled & (confidence > confidence_before)).sum().item()
    print(
        f"{epsilon:7.2f}   {(answer == labels).float().mean():5.1%}"
        f"   {(classifier(noisy).argmax(1) == labels).float().mean():21.1%}"
        f"   {confidence[fooled].mean():21.1%}   {surer:10} of {fooled.sum().item()}"
    )

# %% [markdown]
# At every $\epsilon$ the chosen change causes many more errors than a random change of the same size.
#
# When this classifier is fooled, it is usually less confident than before. Its mean confidence in the right answers was 99.3 %; in the wrong answers it is between 75 % and 82 %. From $\epsilon = 0.2$ on, the classifier is less confident on most of the fooled digits. At
# 0.05 and 0.1 only 15 and 28 digits are fooled, too few to decide.
#
# The FGSM paper reports more confidence for another network. With $\epsilon = 0.25$ for pixels in $[0, 1]$, which is 0.5 in our range, a network with maxout activations was wrong on 89.4 % of MNIST, with a mean confidence of 97.6 %; a linear classifier on 99.9 %, with 79.3 %. So the confidence of a
# fooled classifier depends on the network.
#
# By following the gradient you find inputs on which a fixed classifier is wrong. In section 6.1 a generator, trained against a fixed discriminator, finds them, too.
# So the discriminator has to keep learning.

# %% [markdown]
# ## 1.9 A short history
#
# - **2014** Goodfellow et al.: the first GAN, on MNIST, on 48 × 48 faces (TFD) and on CIFAR-10. Its networks are multilayer
#   perceptrons and, in one model, convolutional. Also conditional GANs (lesson 5).
# - **2015–16** LAPGAN: from coarse to fine (lesson 9). DCGAN: convolutions, and rules for stable training (lesson 6).
# - **2017** Wasserstein GAN and gradient penalties: other measures of distance. Image-to-image translation: pix2pix,
#   CycleGAN. SRGAN: super-resolution (lesson 10).
# - **2018–20** BigGAN: photographs of the 1,000 classes of ImageNet. StyleGAN: photographs of people who do not exist.
# - **From 2020** diffusion models turn noise into a picture in many small steps. Dhariwal & Nichol (2021) report better
#   measures of quality and of variety than BigGAN's on ImageNet (FID and recall, lesson 4). Stable Diffusion is one of them.
#
# One pass through $G$ gives a sample, so GANs are still used where speed matters, for example in speech synthesis (HiFi-GAN, Kong et al. 2020). An *adversarial
# loss* also helps other models: it keeps the pictures of an autoencoder sharp (VQGAN, Esser et al. 2021), and it can train a diffusion model to need only one
# step (Sauer et al. 2023).

# %% [markdown]
# **Uses**: translating images (a map to a photograph, a sketch to a shoe), super-resolution, three-dimensional shapes, extra
# training data where real data are scarce or private. Extra data are only as good as the generator, so measure on real data
# whether they help.
#
# **Misuse**: faces and voices of real people, showing what they never said or did. Three questions help you to judge a
# generated picture. Did the person shown agree? Could somebody take it for a record of a real event? Who is harmed if they
# do? We think that a detector does not solve the problem for long: it is a discriminator, and a generator can be trained against it.

# %% [markdown]
# | advantages of GANs | disadvantages |
# |---|---|
# | one pass through $G$ gives a sample: fast | training is a game and may not converge (lesson 2) |
# | sharp pictures: a blurred mean of several pictures does not look real, so $D$ rejects it | parts of the data may be missing: *mode collapse* |
# | needs no formula for $p_g$ | gives no density: you cannot compute $p_g(x)$ for a given $x$ |
# | similar noise vectors give similar pictures: you can walk between them (lesson 3) | the losses do not tell you how good the samples are (lessons 3 and 4) |

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** A GAN has been trained. You draw noise $z$ from $p_z$ and look at $G(z)$. From which distribution is $G(z)$ a
# sample?
#
# - **a** From $p_z$.
# - **b** From $p_{data}$.
# - **c** From $p_g$, the push-forward of $p_z$ by $G$.
# - **d** From the weights of $G$.


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
# - **b** You can draw new samples from it.
# - **c** It is a neural network, trained by gradients.
# - **d** It needs no labels.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** What does section 1.8 show for our classifier?
#
# - **a** A fooled classifier is usually surer of the wrong answer than it was of the right one.
# - **b** FGSM changes the network until it makes mistakes.
# - **c** The classifier makes mistakes only where people can no longer recognise the digit.
# - **d** A change along the gradient can change the classifier's answer while people can still recognise the digit.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about five sentences. In section 1.4 you trained a generator without a discriminator. A
# friend says: "So we do not need a discriminator." What took its place in 1.4? Why does that fail for pictures? What does a
# learnt judge add, and which new danger does it bring? (4 points, graded by hand, one for each answer; a model answer is in
# `solutions/`.)

# %% [markdown] open="question_4" points=4
# In 1.4 a formula measured how far apart the samples were: the gap between sorted numbers. It works because numbers can be
# sorted. Pictures have no order, and a distance on pixels puts a shifted digit farther away than another digit. A
# discriminator learns from samples what distinguishes the fakes, at whatever level that is, and gives the generator a
# gradient. The danger: a judge can be fooled where it is wrong, so it has to keep learning, and then the two play a game that
# may not converge.
#
# *Rubric, one point for each*: a distance computed by a formula (sorting) took its place · pictures cannot be sorted, or pixel
# distances do not measure what matters · the judge learns the difference from samples and gives a gradient · it can be
# fooled, or the game may not converge.

# %% [markdown]
# ## Summary
#
# - A generative model draws new samples from a distribution that we know only through samples.
# - A generator transforms noise, $z \sim p_z$; the distribution of its samples is the push-forward $p_g$.
# - In one dimension you can sort samples and compare them. Pictures cannot be sorted, so we learn the comparison.
# - The logit of the optimal classifier, for equally many real samples and fakes, is the logarithm of $p_{data} / p_g$.
# - Gradients with respect to the pixels fool a fixed classifier easily. So the judge has to keep learning.
#
# **Sources**: Goodfellow et al. 2014, *Generative Adversarial Nets*. Goodfellow, Shlens & Szegedy 2015, *Explaining and Harnessing
# Adversarial Examples*, section 4 (FGSM, and the figures in 1.8). Sugiyama, Suzuki & Kanamori 2012, *Density Ratio Estimation in
# Machine Learning*, chapter 4. Peyré & Cuturi 2019, *Computational Optimal Transport*, section 2.6 (sorting). Dhariwal & Nichol 2021, *Diffusion Models Beat GANs on Image Synthesis*.
# Kong et al. 2020, *HiFi-GAN*. Esser et al. 2021, *Taming Transformers* (VQGAN). Sauer et al. 2023, *Adversarial Diffusion Distillation*.
#
# **One step further**: change the attack so that the classifier takes every digit for a 3. What changes in the formula?
