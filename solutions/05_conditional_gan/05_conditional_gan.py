# %% [markdown]
# # 5 · A GAN that takes orders: the conditional GAN
#
# The generator of lesson 3 draws *a* digit. In this lesson it learns to draw the digit that you ask for, and you find out what is left
# for the noise to decide.
#
# **You will be able to**
#
# - tell both players the class, in four ways, and say what each costs and gains;
# - write the losses and the training step of a conditional GAN, and know where a label can go astray without an error;
# - measure whether a generator keeps to its orders, and whether its classes hold variety.
#
# **Time**: 90 minutes, seven exercises among them. Training takes about twelve of them on two CPU cores; the longest, five
# minutes, can be skipped with finished weights.
#
# **Builds on**: lessons 3 and 4. Words of the trade are in the [glossary](../README.md#glossary). How an exercise, its check and the folded cells below it
# work stands at the top of lesson 3.

# %%
from gancourse import checks, doctor

doctor.check("mnist")

# %%
import torch
from IPython.display import display

from gancourse import figures, pretrained, training

# This is where we are going: one row for each digit that was ordered. Nothing is picked by hand.
shipped = pretrained.load("mnist_conditional").generator
rows = [
    training.sample(shipped, 12, seed=7, labels=torch.full((12,), digit)) for digit in range(10)
]
display(figures.image_grids({"G(z, y), from y = 0 to y = 9": torch.cat(rows)}, columns=12, width=4))

# %% [markdown]
# ## 5.1 One distribution for each class
#
# A labelled dataset is a sample of pairs $(x, y)$: image and class. Up to now we ignored $y$ and learnt $p_{data}(x)$. A **conditional** GAN
# learns $p_{data}(x \mid y)$, ten distributions at once: what do images look like *given* that they show a 3?
#
# Both players are told. $G(z, y)$ draws an image of class $y$. $D(x, y)$ is the probability that the *pair* is real: that $x$ is a real image, and
# one of class $y$. If only $G$ were told, nothing would make it listen: a fine 4 in the place of a 3 would fool a $D$ that knows no order.
#
# $$\min_G \max_D\; V(D, G) = \mathbb{E}_{(x, y) \sim p_{data}}[\log D(x, y)] + \mathbb{E}_{z \sim p_z,\, y \sim p_{data}}[\log(1 - D(G(z, y), y))]$$

# %% [markdown]
# How does a network get to know a class? As numbers, but not as *the* number: 7 is not more than 3, nor between 6 and 8. The plainest code without an
# order is **one-hot**: as many numbers as classes, 1 at the place of the class, 0 elsewhere.

# %% [markdown]
# ### Exercise 1 · `one_hot`
# ●○○ · 4 minutes
#
# Write it: `one_hot(labels, classes)` → float32 (N, classes), for labels int64 (N,), also for N = 1. Any label outside of 0 … `classes` − 1
# (also −1) must raise an error, of any kind: better a stop than a wrong picture.
#
# It tests: shape, type, and what indexing does with −1.
#
# <details><summary>Hint 1</summary>PyTorch has a function of this name in <code>torch.nn.functional</code>. What is the type of what it
# returns?</details>
# <details><summary>Hint 2</summary><code>torch.nn.functional.one_hot(labels, classes).float()</code>. By hand:
# <code>torch.eye(classes, device=labels.device)[labels]</code>, after you have looked whether a label is below 0.</details>


# %% exercise="one_hot"
def one_hot(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return the one-hot codes, float32 (N, classes), of labels (N,); raise an error for a label out of range."""
    ### BEGIN SOLUTION
    return torch.nn.functional.one_hot(labels, classes).float()
    ### END SOLUTION


# %% [markdown]
# ## 5.2 The order beside the noise
#
# $G$ gets the code **side by side** with the noise: 64 random numbers and 10 that say what to draw, 74 in all. Its first linear layer then
# computes $W_z z + W_y\,\text{code}(y)$: with a one-hot code, the column of $W_y$ that belongs to the class. Each class shifts the hidden numbers in a direction of
# its own.

# %% [markdown]
# ### Exercise 2 · `join`
# ●○○ · 4 minutes
#
# Write the entrance of $G$: `join(z, labels, classes)` → float32 (N, z_dim + classes): noise (N, z_dim) first, then the one-hot code. Leave z as it is.
#
# It tests: the dimension along which things are joined, their order, and that neither gets lost.
#
# <details><summary>Hint 1</summary><code>torch.cat</code> joins tensors along a dimension that you name; all others must agree.</details>
# <details><summary>Hint 2</summary><code>torch.cat([z, one_hot(labels, classes)], dim=1)</code></details>


# %% exercise="join"
def join(z: torch.Tensor, labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return noise (N, z_dim) and the one-hot codes of labels (N,), side by side: (N, z_dim + classes)."""
    ### BEGIN SOLUTION
    return torch.cat([z, torch.nn.functional.one_hot(labels, classes).float()], dim=1)
    ### END SOLUTION


# %%
from gancourse.networks.conditional import ConditionalDiscriminator, ConditionalGenerator
from gancourse.networks.mlp import MLPDiscriminator

G = ConditionalGenerator()
print("noise (5, 64) and five labels:", tuple(join(torch.randn(5, 64), torch.arange(5), 10).shape))
print(G)

# %% [markdown]
# The course's `ConditionalGenerator` is the better generator of lesson 3 with this entrance. Its `code` can also be **learnt**: a table with a row of
# numbers for each class, an *embedding*, which the training moves like any weight. A one-hot code followed by a linear layer is an embedding already; a
# table of its own pays when there are a thousand classes.

# %% [markdown]
# ## 5.3 Four ways to tell D
#
# | `code` | how $D$ learns of the class |
# |---|---|
# | `"one-hot"` | ten numbers beside the 784 pixels |
# | `"embedding"` | 32 learnt numbers beside the pixels |
# | `"map"` | a learnt picture of the class, 28×28, a second channel of the image |
# | `"projection"` | only at the end, by a product |
#
# The first three mix class and image from the first layer on. The **projection** works out first what is in the image, hidden numbers $h$ that do not depend on $y$, and then
# asks two things: is this real ($w \cdot h + b$), and does it fit the order ($e_y \cdot h$, with a learnt vector $e_y$ for each class)?
#
# $$a(x, y) = w \cdot h(x) + b + e_y \cdot h(x)$$
#
# The form is that of the best discriminator's logit, which is a sum: $\log \frac{p_{data}(x)}{p_g(x)} + \log \frac{p_{data}(y|x)}{p_g(y|x)}$.

# %% [markdown]
# ### Exercise 3 · `projection_logit`
# ●●○ · 7 minutes
#
# Write the formula: `projection_logit(h, labels, w, b, codes)` → logits (N,). h: (N, d), the last hidden numbers; labels: int64 (N,); w: (d,); b:
# without dimensions; codes: (classes, d), one row $e_y$ for each class. $D$ learns h, w, b and the codes through it.
#
# It tests: for each image the row of *its* class, and a product that ends in one number for each image.
#
# <details><summary>Hint 1</summary><code>codes[labels]</code> has the shape (N, d): for each image the row of its class.</details>
# <details><summary>Hint 2</summary><code>h @ w + b + (codes[labels] * h).sum(1)</code></details>


# %% exercise="projection_logit"
def projection_logit(
    h: torch.Tensor, labels: torch.Tensor, w: torch.Tensor, b: torch.Tensor, codes: torch.Tensor
) -> torch.Tensor:
    """Return w·h + b + e_y·h for hidden numbers h (N, d), labels y (N,) and codes e (classes, d); (N,)."""
    ### BEGIN SOLUTION
    return h @ w + b + (codes[labels] * h).sum(1)
    ### END SOLUTION


# %% [markdown]
# The course's discriminator has such an end. Do the two agree?

# %%
D = ConditionalDiscriminator(code="projection")
x, y = torch.rand(5, 1, 28, 28), torch.tensor([3, 1, 4, 1, 5])
with torch.no_grad():
    yours = projection_logit(
        D.body(x.flatten(1)), y, D.head.weight[0], D.head.bias[0], D.code.table
    )
    print("your logits:", yours, "those of the course:", D(x, y), sep="\n")

# %% [markdown]
# ## 5.4 Three kinds of pairs
#
# What should $D$ say to a **real** image with a **wrong** label? Nobody has told it yet: in $V$ there are only real images with their own label and
# fakes with the label that they were made for. $D$ finds out indirectly. One can also tell it, with a third kind of pair that is to be refused:
#
# $$-\,\mathbb{E}[\log D(x, y)] - \frac{1}{2}\Big(\mathbb{E}[\log(1 - D(x, y'))] + \mathbb{E}[\log(1 - D(G(z, y), y))]\Big), \qquad y' \ne y$$
#
# The half keeps both sides equally heavy. On logits, each $-\log D$ is a softplus, as in lesson 3.

# %% [markdown]
# ### Exercise 4 · `conditional_loss`
# ●●○ · 6 minutes
#
# Write it: `conditional_loss(real_logits, mismatched_logits, fake_logits)`, three batches of logits (N,) → a tensor without dimensions, right for
# logits of ±100, too. Mismatched are real images with a wrong label.
#
# It tests: which pairs are to be believed, and what each side weighs.
#
# <details><summary>Hint 1</summary>A pair to be believed costs softplus(−a), a pair to be refused softplus(a). Only one of the three is to be
# believed.</details>
# <details><summary>Hint 2</summary><code>softplus(-real_logits).mean() + 0.5 * (softplus(mismatched_logits).mean() + ...)</code></details>

# %%
from torch.nn.functional import softplus


# %% exercise="conditional_loss"
def conditional_loss(
    real_logits: torch.Tensor, mismatched_logits: torch.Tensor, fake_logits: torch.Tensor
) -> torch.Tensor:
    """Return the loss of D for real pairs, real images with wrong labels, and fakes; logits (N,), a 0-d tensor."""
    ### BEGIN SOLUTION
    wrong = softplus(mismatched_logits).mean() + softplus(fake_logits).mean()
    return softplus(-real_logits).mean() + 0.5 * wrong
    ### END SOLUTION


# %% [markdown]
# ## 5.5 The step, with labels
#
# Next to nothing changes in the training step of lesson 3, but each call of a player now has a second argument, and each can go wrong without an error message. Two rules:
#
# - The fakes of a batch are made for labels, and judged with **the same** labels. New ones in $G$'s turn make orders worthless: $G$ is judged by an order that it never got. New ones in
#   $D$'s turn teach $D$ to refuse wrong pairs, as in 5.4: another game than $V$, and not the one that you meant.
# - Which labels? Those of the real batch: then they have the shares of the data, and real and fake differ in nothing but the image. (Others with the same shares would do.)

# %% [markdown]
# ### Exercise 5 · `conditional_step`
# ●●● · 15 minutes · a quarter of the points each: $D$'s update, $G$'s update, the two together, what you return
#
# `real`: (N, 1, 28, 28), `labels`: int64 (N,), theirs. The players are called `G(z, labels)` and `D(x, labels)`; `training.noise(G, n)` draws noise for n images.
# Update $D$ once on $-V$, with the two kinds of pairs of section 5.1 and no wrong labels; no gradient may reach $G$. Then update $G$ once with the non-saturating loss, **fresh noise** and the
# same labels, against the new $D$. Return a dict of `d_loss`, `g_loss`, and `d_real`, `d_fake`, the shares of real images and fakes that $D$ was right about before its update: numbers, or tensors
# without a graph. Change no modes and no `requires_grad`. `discriminator_loss` and `non_saturating_loss` (lesson 3's `generator_loss`) are imported below.
#
# It tests: that every call of a player gets the labels that belong to its images.
#
# <details><summary>Hint 1</summary>Your step of lesson 3, with labels in each of two calls of G and three of D.</details>
# <details><summary>Hint 2</summary><code>fake = G(training.noise(G, len(real)), labels).detach()</code>, <code>D(real, labels)</code>,
# <code>D(fake, labels)</code>; in G's turn <code>D(G(training.noise(G, len(real)), labels), labels)</code>.</details>

# %%
from gancourse.losses import discriminator_loss, non_saturating_loss


# %% exercise="conditional_step"
def conditional_step(G, D, opt_G, opt_D, real, labels, step) -> dict:
    """Update D, then G, on real images (N, 1, 28, 28) and their labels (N,); return d_loss, g_loss, d_real, d_fake."""
    ### BEGIN SOLUTION
    fake = G(training.noise(G, len(real)), labels).detach()
    real_logits, fake_logits = D(real, labels), D(fake, labels)
    d_loss = discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = non_saturating_loss(D(G(training.noise(G, len(real)), labels), labels))
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
# `training.fit` passes labels on when it gets them: `fit(step, ..., images, labels=...)`. A short run, to see whether it learns to obey:

# %%
import gancourse
from gancourse import datasets

mnist, test = datasets.load("mnist"), datasets.load("mnist", split="test")
device = training.pick_device()


def players(code="one-hot"):
    torch.manual_seed(0)
    G = ConditionalGenerator(code="embedding" if code == "embedding" else "one-hot").to(device)
    return G, ConditionalDiscriminator(code=code).to(device)


def adam(network):
    return training.adam(network, lr=1e-3, betas=(0.5, 0.99))


G, D = players()
first = training.fit(
    conditional_step,
    G,
    D,
    adam(G),
    adam(D),
    mnist.images,
    labels=mnist.labels,
    steps=gancourse.budget(quick=30, cpu=1_500, gpu=1_500),
    batch_size=64,
    ema=0.99,
)
ordered = torch.arange(10).repeat_interleave(10)
display(
    figures.image_grids(
        {
            f"after {first.step:,} steps, a row for each order": training.sample(
                first.generator, 100, labels=ordered
            )
        },
        columns=10,
    )
)

# %% [markdown]
# ## 5.6 Does it do what it was told?
#
# Lesson 4 needed a judge from outside, and here is an easy one: the digit classifier reads what was drawn. The share that it reads as ordered is the **label
# consistency**, also called GAN-test.

# %% [markdown]
# ### Exercise 6 · `label_consistency`
# ●○○ · 4 minutes
#
# Write it: `label_consistency(classifier, images, labels)` → the share of the images that are read as their label. images: float (N, 1, 28, 28) in $[-1, 1]$; labels:
# int64 (N,); `classifier(images)` → logits (N, classes).
#
# It tests: from logits to a decision, image by image.
#
# <details><summary>Hint 1</summary>The class that a classifier decides for is the place of the largest logit in the image's row.</details>
# <details><summary>Hint 2</summary><code>(classifier(images).argmax(1) == labels).float().mean()</code></details>


# %% exercise="label_consistency"
def label_consistency(classifier, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the share of images (N, 1, 28, 28) that the classifier reads as their labels (N,)."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        return (classifier(images).argmax(1) == labels).float().mean()
    ### END SOLUTION


# %% [markdown]
# Now the four ways to tell $D$, and the one-hot code once more with the third kind of pairs: five short trainings of equally many steps from the same
# first weights. (With the embedding, $G$ gets one as well.) The step is the better one of lesson 3, with R1 on every eighth step. *Predict*: which obeys best, which draws best?

# %%
from gancourse import metrics
from gancourse.losses import r1_penalty

reader, _ = pretrained.load_classifier()
SAMPLES = gancourse.budget(quick=300, cpu=5_000, gpu=10_000)
orders = mnist.labels[:SAMPLES]


def better_step(G, D, opt_G, opt_D, real, labels, step, wrong_labels=False):
    """A conditional step with one batch of fakes for both turns, R1 (gamma 1), and, if asked, mismatched pairs."""
    fake = G(training.noise(G, len(real)), labels)

    real_logits, fake_logits = D(real, labels), D(fake.detach(), labels)
    if wrong_labels:
        others = (labels + torch.randint_like(labels, 1, 10)) % 10  # any class but the right one
        d_loss = conditional_loss(real_logits, D(real, others), fake_logits)
    else:
        d_loss = discriminator_loss(real_logits, fake_logits)
    if step % 8 == 0:
        x = real.clone().requires_grad_()
        penalty = 8 * 0.5 * r1_penalty(D(x, labels), x)
    else:
        penalty = 0
    opt_D.zero_grad()
    (d_loss + penalty).backward()
    opt_D.step()

    g_loss = non_saturating_loss(D(fake, labels))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()

    d_real, d_fake = (real_logits > 0).float().mean(), (fake_logits < 0).float().mean()
    return {
        "d_loss": d_loss.detach(),
        "g_loss": g_loss.detach(),
        "d_real": d_real,
        "d_fake": d_fake,
    }


def measure(name, generator):
    images = training.sample(generator, SAMPLES, seed=1, labels=orders)
    obeys = label_consistency(reader, training.to_unit(images), orders)
    report = metrics.evaluate_images(images)
    print(f"{name:26} {float(obeys):6.1%} as ordered   {report.times_floor:6.2f} x floor")


# %%
import functools

COMPARE = gancourse.budget(quick=30, cpu=3_000, gpu=10_000)
for name, code, wrong_labels in (
    ("one-hot", "one-hot", False),
    ("embedding", "embedding", False),
    ("map", "map", False),
    ("projection", "projection", False),
    ("one-hot, wrong labels too", "one-hot", True),
):
    G, D = players(code)
    run = training.fit(
        functools.partial(better_step, wrong_labels=wrong_labels),
        G,
        D,
        adam(G),
        adam(D),
        mnist.images,
        labels=mnist.labels,
        steps=COMPARE,
        batch_size=64,
        ema=0.999,
        progress=False,
    )
    measure(name, run.generator)

# %% [markdown]
# When this page was made, one-hot came last among the codes, and the projection drew best. But telling $D$ about wrong labels did more for obedience than any
# code: 97 % instead of 82 %, with the very same networks. That is what the third kind of pairs is for.
#
# Two warnings. These are single, short runs, and codes that are a point apart cannot be ranked by them: change the seed in `players`, and pass another `seed=` to `fit`. And an
# early lead need not last: at 28,000 steps one-hot had come to 2.7 times the floor, the projection to 3.7 (one run each), and obeyed without being shown wrong labels. So the long training takes the plain
# one-hot code.

# %% [markdown]
# ## 5.7 The real training
#
# The same step for longer. It takes about five minutes on two CPU cores. Set `TRAIN = False` to load the finished weights of the same recipe instead. In the monitor
# each column is a class.

# %%
from gancourse.widgets import fit_live

TRAIN = True
STEPS = gancourse.budget(quick=60, cpu=32_000, gpu=32_000)

if TRAIN:
    G, D = players()
    run = await fit_live(
        better_step,
        G,
        D,
        adam(G),
        adam(D),
        mnist.images,
        labels=mnist.labels,
        steps=STEPS,
        batch_size=64,
        ema=0.999,
    )
    generator = run.generator  # the averaged one
else:
    generator = pretrained.load("mnist_conditional").generator
generator = generator.cpu()
measure("trained", generator)

# %% [markdown]
# ## 5.8 What is left for the noise?
#
# The label says which digit. So what does $z$ decide now? Keep $z$ and change the order.

# %% [markdown]
# ### Exercise 7 · `class_grid`
# ●●○ · 8 minutes
#
# Write it: `class_grid(G, z, classes)` → images (classes · n, 1, 28, 28), row after row, for n noise vectors z (n, z_dim). Row $y$ shows class $y$, column $j$ the noise
# $z_j$: the image number $y \cdot n + j$ is $G(z_j, y)$. $G$ must draw in eval mode, and be left in the mode in which it was; no graph.
#
# It tests: which of two things is repeated, and which is stretched; and what batch normalisation does in training mode.
#
# <details><summary>Hint 1</summary>Of z you need 1, 2, 3, 1, 2, 3, ...: <code>repeat</code>. Of the labels 0, 0, 0, 1, 1, 1, ...:
# <code>repeat_interleave</code>.</details>
# <details><summary>Hint 2</summary><code>labels = torch.arange(classes).repeat_interleave(len(z))</code>, <code>G(z.repeat(classes, 1), labels)</code> under
# <code>torch.no_grad()</code>; remember <code>G.training</code> before <code>G.eval()</code>, and give it back to <code>G.train(...)</code>.</details>


# %% exercise="class_grid"
def class_grid(G, z: torch.Tensor, classes: int) -> torch.Tensor:
    """Return G(z_j, y) for every class y and every row z_j of z (n, z_dim): (classes · n, 1, 28, 28)."""
    ### BEGIN SOLUTION
    was_training = G.training
    G.eval()
    labels = torch.arange(classes, device=z.device).repeat_interleave(len(z))
    with torch.no_grad():
        images = G(z.repeat(classes, 1), labels)
    G.train(was_training)
    return images
    ### END SOLUTION


# %%
z = training.noise(generator, 12, seed=3)
grid = class_grid(generator, z, 10)
display(
    figures.image_grids(
        {"one row a class, one column a z": training.to_uint8(grid)}, columns=12, width=4
    )
)

# %% [markdown]
# Look down a column: do the digits have something in common? It seems so: slant, thickness, width. *It seems* is not enough. Slant can be measured: how far does the ink move to the
# right with each step up?


# %%
def style(images):
    """Slant (how far the ink moves to the right from the bottom to the top) and amount of ink of images (N, 1, H, W)."""
    ink = images.squeeze(1) + 1  # 0 to 2
    place = torch.linspace(-1, 1, ink.shape[2])
    total = ink.sum((1, 2)).clamp_min(1e-6)
    column = ((ink * place).sum((1, 2)) / total)[:, None, None]  # the centre of the ink
    row = ((ink * place[:, None]).sum((1, 2)) / total)[:, None, None]
    down, right = place[:, None] - row, place - column
    slant = -(ink * down * right).sum((1, 2)) / (ink * down**2).sum((1, 2)).clamp_min(1e-6)
    return {"slant": slant, "ink": total}


z = training.noise(generator, gancourse.budget(quick=50, cpu=500, gpu=500), seed=4)
measured = style(class_grid(generator, z, 10))
for what, values in measured.items():
    by_class = torch.corrcoef(values.view(10, -1))  # of two classes, over the noise vectors
    shared = (by_class.sum() - 10) / 90
    print(f"{what}: the same z in two classes, mean correlation {float(shared):.2f}")

# %% [markdown]
# A correlation of 1 would mean that $z$ alone decides, 0 that each class makes something else of it. Ours are near 0.8: what you saw is there. (An untrained $G$ has 0.98, because it
# hardly listens to the label. 0.8 *and* obedient is the point.)
#
# Nobody told $G$ what slant is. It is something that all classes have in common, and a first layer that adds a shift for the class to one and the same
# $W_z z$ makes it cheap to share. Label and noise have divided the work: *which* digit, and *how* it is written.

# %% [markdown]
# ## 5.9 Obedient, but varied?
#
# A generator that always draws the same 3 obeys perfectly. Two measures see that. **GAN-train** turns the test around: train a classifier on *generated* digits only, and let it read real ones. What the
# generator never draws, that classifier will not know. And the **mean distance within a class**, on features, beside that of real digits.

# %%
from gancourse import features, recipes

MANY = gancourse.budget(quick=1_280, cpu=20_000, gpu=60_000)
epochs = gancourse.budget(quick=1, cpu=3, gpu=5)
asked_for = mnist.labels[:MANY]
drawn = training.sample(generator, MANY, seed=2, labels=asked_for)
for name, images in (("real", mnist.images[:MANY]), ("generated", drawn)):
    _, accuracy = recipes.train_classifier(images, asked_for, epochs=epochs)
    print(f"trained on {MANY:,} {name:9} digits: reads {accuracy:.1%} of the real test digits")

read = features.digits()
real_spread = metrics.within_class_distance(
    read(test.images[:SAMPLES])[0], test.labels[:SAMPLES], 10
)
spread = (
    metrics.within_class_distance(read(drawn[:SAMPLES])[0], asked_for[:SAMPLES], 10) / real_spread
)
print(
    "distance within a class, real = 1:",
    ", ".join(f"{d}: {v:.2f}" for d, v in enumerate(spread.tolist())),
)

# %% [markdown]
# The classifier that has seen nothing but generated digits reads real ones nearly as well as the other, two points behind. And the classes are as wide as real ones; where a number is above
# 1, some of it comes from failed digits, which lie far from all others.
#
# Read the two tests together. Obedient and not varied: GAN-test high, GAN-train low. Varied and not obedient: both low. Here both are high.

# %% [markdown]
# ## 5.10 Does it help against collapse?
#
# Take the plain recipe of lesson 3: two hidden layers of 128, no batch normalisation, no penalty, no averaging. Stop it after half of its steps, when the digits are
# still poor, and train it once with labels and once without; everything else is the same. *Predict*: what will the labels save, and what
# not?


# %%
class Plain(torch.nn.Module):
    """The generator of lesson 3: noise (N, 64), and labels (N,) if it is conditional, to images (N, 1, 28, 28)."""

    z_dim = 64

    def __init__(self, conditional):
        super().__init__()
        if conditional:
            self.classes = 10
        self.body = torch.nn.Sequential(
            torch.nn.Linear(74 if conditional else 64, 128),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Linear(128, 128),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Linear(128, 784),
            torch.nn.Tanh(),
        )

    def forward(self, z, *labels):
        entrance = join(z, *labels, 10) if labels else z
        return self.body(entrance).view(-1, 1, 28, 28)


PLAIN = gancourse.budget(quick=30, cpu=5_000, gpu=5_000)
sheets = {}
for seed in (0, 1):
    for name, conditional in (("without labels", False), ("with labels", True)):
        torch.manual_seed(seed)
        G = Plain(conditional).to(device)
        if conditional:
            D = ConditionalDiscriminator(hidden=(128, 128), code="one-hot").to(device)
        else:
            D = MLPDiscriminator(hidden=(128, 128)).to(device)
        training.fit(
            recipes.mlp_step(),  # the step of lesson 3, for players with labels or without
            G,
            D,
            training.adam(G, lr=1e-3),
            training.adam(D, lr=1e-3),
            mnist.images,
            labels=mnist.labels if conditional else None,
            steps=PLAIN,
            batch_size=100,
            seed=seed,
            progress=False,
        )
        images = training.sample(G, SAMPLES, labels=orders if conditional else None)
        report = metrics.evaluate_images(images)
        print(
            f"seed {seed}, {name:14}   class KL {report.class_kl:.3f}   "
            f"{report.times_floor:6.1f} x floor   recall {report.precision_recall[1]:.2f}"
        )
        sheets[name] = training.sample(G, 60)
display(figures.image_grids(sheets, columns=10))

# %% [markdown]
# In both seeds the shares of the digits come out nearly right, and the distance falls: somebody asks for each digit, so none is forgotten. Recall stays low. *Inside* a class
# a generator can leave out as much as before: labels help between classes, not within.
#
# And they are no insurance. With the recipe of many tutorials (*collapsed* in lesson 4) $G$ ended at one or two digits, with labels as without, in two seeds each. To see it, in `Plain`: `z_dim, prior = 100, "uniform"`,
# a first layer of `110 if conditional else 100`; `betas=(0.9, 0.999)` for both, `recipes.mlp_step(real_target=0.9)`, 8,000 steps, `patience=None`.

# %% [markdown]
# ## 5.11 Between two classes
#
# There is no class $3\frac12$, but its code exists: half the code of 3 plus half the code of 8. The course's conditional networks take such *shares* in the place of labels,
# (N, classes), each row summing to one. $G$ has never seen such a code. *Predict*: will there be a sudden jump, a blend of both pictures, or a shape in between?

# %%
steps = torch.linspace(0, 1, 12)[:, None]
codes = torch.eye(10)
z = training.noise(generator, 3, seed=3)
rows = []
with torch.no_grad():
    for noise, (a, b) in zip(z, ((3, 8), (1, 7), (4, 9)), strict=True):
        shares = (1 - steps) * codes[a] + steps * codes[b]
        rows.append(training.to_uint8(generator(noise.expand(12, -1), shares)))
display(
    figures.image_grids(
        {"3 to 8, 1 to 7, 4 to 9; the noise of a row stays": torch.cat(rows)}, columns=12, width=5
    )
)

# %% [markdown]
# No jump. Mostly a shape in between: the 3 closes, a bar grows on the 1. With other noise the middle falls apart: nothing real lies there, and $G$ never had to draw it.

# %% [markdown]
# ## 5.12 Play: order a digit
#
# The explorer now has a row of classes.
#
# 1. Press one class after the other. What stays? Then *Draw another*: what changes now?
# 2. Move *direction 1* to its end, and press the classes again. Does the direction mean the same for a 1 and for an 8?
# 3. Pin a 3, change the class to 8, pin it, and walk between the pins. Then pin two different 3s, and walk. Which way leads through more legible digits?
# 4. *Neighbours* around a 7, at spread 1, then wider: lesson 3 found borders between digits there. Where are they now? (Between the classes; inside one there are none.)

# %%
from gancourse.widgets import LatentExplorer

LatentExplorer(generator, seed=7)

# %% [markdown]
# ## 5.13 Where labels go from here
#
# CIFAR-10 has ten classes, too: planes, cars, birds, cats. There a class is not a shape but a thing in many poses, and ten one-hot numbers beside thousands of pixels are easy to overlook. Lesson 6 brings a
# conditional DCGAN that was trained with a projection, where the hidden numbers $h$ come out of convolutions; which code is best there, 5.6 does not tell. And a label need not be a class: pix2pix is told a whole picture,
# a text-to-image model a sentence, super-resolution (lesson 10) the small image.

# %% [markdown]
# ## Check yourself
#
# Three questions and one to write about. Put your letter into the function below each.
#
# **Question 1.** Conditional $G$ and $D$ are trained, but you forgot to give $D$ the labels; $G$ still gets them. What does $G$ learn to do with a label?
#
# - **a** To draw the class that was asked for.
# - **b** Nothing reliable: it may ignore it.
# - **c** Nothing: PyTorch stops with an error.
# - **d** To draw all classes in one picture.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** In a class grid, one column shares one noise vector and the class changes from row to row. What do the images of a column have in common?
#
# - **a** The class.
# - **b** Nothing.
# - **c** Style, such as slant and thickness.
# - **d** The pixels.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** A classifier reads 99 % of a conditional generator's samples as asked (GAN-test), but one that is trained on samples alone reads only 80 % of real test digits
# (GAN-train). What is the likely reason?
#
# - **a** The samples show the right classes, but too little of each class's variety.
# - **b** The classifier is broken.
# - **c** The labels are swapped.
# - **d** The samples are blurred beyond recognition.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. A hospital has 900 X-ray images of healthy lungs and 30 of a rare disease, and wants to train a conditional GAN to draw more of the
# disease. What could the GAN learn from the healthy images that helps with the sick ones? What can it not know? How would you test whether the drawn images help, and on which images? What would you warn the hospital of?
# (4 points, marked by hand, one for each answer; a model answer stands in `solutions/`.)

# %% [markdown] open="question_4" points=4
# What both classes share, the shape of a chest, the noise of the machine, the position of the patient, can be learnt from all 930 images, as slant and thickness are shared by all digits. What the disease looks like it can only
# know from the thirty: forms that are not among them cannot appear except by luck, and with so few the generator may replay them. I would train the diagnosis once with and once without the drawn images and compare on *real*
# images of both classes that neither the GAN nor the classifier has seen, and look for copies of the thirty. The warning: a picture drawn as "sick" is not evidence of what the disease looks like, errors in the thirty are
# multiplied, and thirty recognisable patients may be drawn again.
#
# *Rubric, a point for each*: what is shared between classes is learnt from all images · the variety of the rare class is limited by its thirty images · test on real held-out images, with and without · a danger is
# named (copies and privacy, multiplied errors, false certainty).

# %% [markdown]
# ## Summary
#
# - A conditional GAN learns $p_{data}(x \mid y)$; both players are told the label, and $D$ judges pairs.
# - Fakes are judged with the labels they were made for. A label in the wrong place raises no error, and not every measure shows it.
# - One-hot, embedding, map, projection: ways to tell $D$. Which is best is a question for a measurement, not for taste.
# - With the class given, the noise keeps what classes share: style.
# - GAN-test asks whether orders are obeyed, GAN-train and distances within a class whether there is variety in them.

# %% [markdown]
# **Sources**: Mirza & Osindero 2014, *Conditional Generative Adversarial Nets*. Reed et al. 2016, *Generative Adversarial Text to Image Synthesis*, algorithm 1 (wrong labels). Miyato & Koyama 2018, *cGANs with Projection
# Discriminator*, section 3. Shmelkov, Schmid & Alahari 2018, *How Good Is My GAN?* (GAN-test, GAN-train).
#
# **One step further**: give $G$ a wrong idea. Swap the labels of 3 and 8 in `mnist.labels` for the first half of the training only. How long does it take $G$ to relearn?
