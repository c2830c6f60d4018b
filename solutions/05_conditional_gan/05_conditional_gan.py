# %% [markdown]
# # 5 · Conditional GANs
#
# The generator of lesson 3 draws *some* digit. In this lesson you train one that draws the digit you ask for, and find out what the
# noise still decides.
#
# **You will be able to**
#
# - give $G$ the class, give it to $D$ in four ways, and say how these differ;
# - write the losses and the training step of a conditional GAN, and avoid label errors that raise no error message;
# - measure whether a generator draws the class that you asked for, and whether its classes are varied.
#
# **Time**: 100 minutes, including six exercises. About 12 to 20 of these minutes are training on two CPU cores, depending on the machine. About half of that is the training in 5.7; to skip it, set `TRAIN = False` there.
#
# **You need**: lessons 3 and 4. The [glossary](../README.md#glossary) explains the terms. Exercises, checks and folded cells work as in
# [lesson 1](../01_generative_models/01_generative_models.ipynb).

# %% start=true
from gancourse import checks, doctor

doctor.check("mnist")

# %%
import torch
from IPython.display import display

from gancourse import figures, pretrained, training

# This is where we are going: a row for each digit that we asked for. Nothing is picked by hand.
shipped = pretrained.load("mnist_conditional").generator
rows = [
    training.sample(shipped, 12, seed=7, labels=torch.full((12,), digit)) for digit in range(10)
]
digits = [str(digit) for digit in range(10)]  # the names of the rows
display(figures.image_grids({"G(z, y)": torch.cat(rows)}, columns=12, rows=digits))

# %% [markdown]
# ## 5.1 One distribution for each class
#
# A labelled dataset consists of pairs $(x, y)$: an image and its class. Until now we ignored $y$ and learnt $p_{data}(x)$. A **conditional
# GAN** learns $p_{data}(x \mid y)$, one distribution for each class: what do images look like *given* that they show a 3?
#
# Both players receive the label. $G(z, y)$ draws an image of class $y$. $D(x, y)$ is the probability that the *pair* is real: that $x$ is a
# real image of class $y$. If only $G$ received the label, $G$ could ignore it: a good 4 instead of a 3 would fool a $D$ that does not know
# what was asked for.
#
# $$\min_G \max_D\; V(D, G) = \mathbb{E}_{(x, y) \sim p_{data}}[\log D(x, y)] + \mathbb{E}_{z \sim p_z,\, y \sim p_{data}}[\log(1 - D(G(z, y), y))]$$

# %% [markdown]
# How does a network receive a class? It needs numbers, but the number of the class is a bad choice. A network that receives 3 or 7 treats the second as larger, and 5 as something between them. As shapes, digits have no such order: a 5 does not look like something between a 3 and a 7. The
# simplest code without an order is the **one-hot code**: as many numbers as classes, 1 at the place of the class, 0 elsewhere.

# %% [markdown]
# ## 5.2 How G receives the class
#
# $G$'s input is the noise with the code **next to it**: 64 random numbers and the 10 of the code, 74 in all. The first linear layer then
# computes $W_z z + W_y\,\text{code}(y)$. With a one-hot code, the second term is the column of $W_y$ for this class. So each class adds a
# vector of its own to the activations of the first layer.

# %% [markdown]
# ### Exercise 1 · `join`
# ●○○ · 5 minutes
#
# Write $G$'s input: `join(z, labels, classes)` returns float32 (N, z_dim + classes): first the noise z (N, z_dim), then the one-hot
# code of labels, int64 (N,). Do not change z.
#
# You practise: concatenating along the right dimension.
#
# <details><summary>Hint 1</summary>Each row belongs to one image, and should become longer. Which dimension is that?</details>
# <details><summary>Hint 2</summary><code>torch.cat</code> joins a list of tensors along <code>dim</code>.
# <code>torch.nn.functional.one_hot</code> takes the number of classes and returns whole numbers; linear layers need floats.</details>


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
# The course's `ConditionalGenerator` is the better generator of lesson 3 with this input. Its `code` can also be **learnt**: an
# **embedding** is a table with a row of numbers for each class, which training changes like any weight. A one-hot code followed by a linear
# layer already is an embedding, with as many numbers for each class as the layer has outputs. A separate table in front of the layer can have shorter rows, such as 32 numbers. With many classes that takes fewer weights.

# %% [markdown]
# ## 5.3 Four ways to give D the class
#
# | `code` | how $D$ receives the class |
# |---|---|
# | `"one-hot"` | ten numbers next to the 784 pixels |
# | `"embedding"` | 32 learnt numbers next to the pixels |
# | `"map"` | a learnt picture of the class, 28 × 28, as a second channel of the image; for our MLP, 784 more numbers |
# | `"projection"` | only at the end, by an inner product |
#
# %% [markdown]
# The first three give $D$ the class at its input. As in 5.2, each of them adds a vector for the class to the first layer. Ten classes need ten vectors, and each of the three can produce any ten, so they can compute the same functions. In the course's networks they differ in how large the vectors are at the start. Each vector is a sum of columns of the first layer's weights, each column multiplied by one number of the code. One-hot adds one column, times 1; the embedding adds 32 and the map 784, times random numbers of size about 1. More terms make a larger vector.

# %% [markdown]
# The **projection** first computes the activations $h$ of the last hidden layer,
# which do not depend on $y$. Then it asks: is the image real ($w \cdot h + b$), and does it fit the class ($e_y \cdot h$, with
# a learnt vector $e_y$ for each class)?
#
# $$a(x, y) = w \cdot h(x) + b + e_y \cdot h(x)$$

# %% [markdown]
# Compare the optimal discriminator. By 2.2 it answers $p_{data} / (p_{data} + p_g)$, now for pairs, so its logit $\log \frac{D}{1 - D}$ is $\log (p_{data} / p_g)$. With $p(x, y) = p(x)\,p(y|x)$ this has two terms, too:
#
# $$\log \frac{p_{data}(x, y)}{p_g(x, y)} = \log \frac{p_{data}(x)}{p_g(x)} + \log \frac{p_{data}(y|x)}{p_g(y|x)}.$$
#
# The first term asks whether $x$ is real, as $w \cdot h + b$ can. The second compares labels, as $e_y \cdot h$ can: among real images that look like $x$, $p_{data}(y|x)$ is the share with the label $y$; among such fakes, $p_g(y|x)$ is the share made for $y$. Take a clear 4 that $G$ made for the label 3. Real images like it almost never have the label 3, but some fakes do, so the term is strongly negative. That inner products are enough for both terms is an assumption of the method (Miyato & Koyama 2018).

# %% [markdown]
# ### Exercise 2 · `projection_logit`
# ●●○ · 7 minutes
#
# Write the formula: `projection_logit(h, labels, w, b, codes)` returns logits (N,). h: (N, d), the activations of the last hidden layer;
# labels: int64 (N,); w: (d,); b: without dimensions; codes: (classes, d), one row $e_y$ for each class. The gradient must reach h, w, b and codes.
#
# You practise: an inner product for each image of a batch.
#
# <details><summary>Hint 1</summary>Which code does image i need? Indexing a table with a tensor of labels picks one row for each
# image.</details>
# <details><summary>Hint 2</summary><code>codes[labels]</code> has the shape (N, d), like h. Multiply the two element by element and sum over one
# dimension. <code>@</code> is right for w. All three terms must have the shape (N,) or no dimension before you add them.</details>


# %% exercise="projection_logit"
def projection_logit(
    h: torch.Tensor, labels: torch.Tensor, w: torch.Tensor, b: torch.Tensor, codes: torch.Tensor
) -> torch.Tensor:
    """Return w·h + b + e_y·h for activations h (N, d), labels y (N,) and codes e (classes, d); (N,)."""
    ### BEGIN SOLUTION
    return h @ w + b + (codes[labels] * h).sum(1)
    ### END SOLUTION


# %% [markdown]
# The course's discriminator ends in the same way. Do the two agree?

# %%
D = ConditionalDiscriminator(code="projection")
x, y = torch.rand(5, 1, 28, 28), torch.tensor([3, 1, 4, 1, 5])
with torch.no_grad():
    yours = projection_logit(
        D.body(x.flatten(1)), y, D.head.weight[0], D.head.bias[0], D.code.table
    )
    print("your logits:", yours, "those of the course:", D(x, y), sep="\n")

# %% [markdown]
# ## 5.4 Mismatched pairs
#
# What should $D$ say to a **real** image with a **wrong** label? It should reject it. But $V$ contains only real images with their own label, and fakes with the label
# that they were made for: $D$ never sees a real 3 with the label 8. Once the fakes are perfect this does no harm. But early in training the fakes are badly drawn, and $D$ can reject them without looking at the label. Reed et al. (2016) therefore add a third kind of pair, **mismatched pairs** $(x, y')$, to be rejected like fakes: only the label gives these away. We try them in one run of 5.6; the other trainings of this lesson do without. With them $D$ minimises
#
# $$-\,\mathbb{E}[\log D(x, y)] - \frac{1}{2}\Big(\mathbb{E}[\log(1 - D(x, y'))] + \mathbb{E}[\log(1 - D(G(z, y), y))]\Big), \qquad y' \ne y$$
#
# The factor ½ gives both sides the same weight.

# %% [markdown]
# There is a price: the best $G$ no longer draws exactly $p_{data}$. Take one class $y$, and let all densities be those of $x$ for this label: $p_{data}$ of its real images, $p_{mismatched}$ of real images of the other classes, $p_g$ of its fakes. Suppose that $G$ is perfect, $p_g = p_{data}$. Would it stay so? Without mismatched pairs $D$ is then ½ everywhere: no gradient, so $G$ stays. With them, as in 2.2, the optimal $D$ is $p_{data} / (p_{data} + \frac12 (p_{mismatched} + p_g))$:
#
# - At images that occur in no other class, $p_{mismatched} = 0$, so $D = p_{data} / (p_{data} + \frac12 p_{data}) = 2/3$.
# - At a 4 that could also be a 9, $p_{mismatched} > 0$, so $D$ is smaller.
#
# Now $D$ increases from the ambiguous images to the clear ones. $G$ follows this gradient, although it was perfect, and ends with too few ambiguous images.

# %% [markdown]
# ### Exercise 3 · `conditional_loss`
# ●●○ · 6 minutes
#
# Write $D$'s loss with mismatched pairs (5.4): `conditional_loss(real_logits, mismatched_logits, fake_logits)` takes three batches of logits (N,) and returns a tensor without
# dimensions. It must be right for large logits such as ±100, too. Mismatched means: real images with a wrong label. On logits $a$, $-\log D$ is softplus$(-a)$ and $-\log(1 - D)$ is softplus$(a)$, as in lesson 2.
#
# You practise: a loss with three kinds of pairs.
#
# <details><summary>Hint 1</summary>Which of the three should D accept? Which two should it reject, and with which weight?</details>
# <details><summary>Hint 2</summary>An accepted pair costs <code>softplus</code> of minus its logit, a rejected one of plus its logit. Take three
# means, and multiply the right ones by 0.5.</details>

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
# ## 5.5 The training step with labels
#
# The training step is almost that of lesson 3. But each call of a player now has a second argument, and a wrong label causes no error message.
# Two rules:
#
# - $D$ judges fakes with **the same** labels that $G$ made them for. If $D$ gets another label in $G$'s turn, $G$ is judged by a label that it never
#   received. If $D$ sees a fake 3 with the label 8 in its own turn, it can reject it for its label alone. It then has little reason to look at how the 3 is drawn, and teaches $G$ less about drawing.
# - Each class should be as frequent among the fakes as among the real images. If more fakes than real images had the label 8, $D$ could guess "fake" from this label, without looking at the image. The best $G$ would stay the same, but $D$ would first learn something that does not help $G$. We use the labels of the real batch.

# %% [markdown]
# ### Exercise 4 · `conditional_step`
# ●●○ · 12 minutes · a quarter of the points each: $D$'s update, $G$'s update, the two together, what you return
#
# Write `conditional_step(G, D, opt_G, opt_D, real, labels, step)`. `real` holds real images (N, 1, 28, 28), and `labels` their classes, int64 (N,); ignore `step`. Call the players
# as `G(z, labels)` and `D(x, labels)`; `training.noise(G, n)` draws noise for n images.
#
# 1. Update $D$ once on $-V$: real pairs and fakes, none mismatched. No gradient may reach $G$.
# 2. Then update $G$ once against the new $D$, with the non-saturating loss, **fresh noise** and the same labels.
# 3. Return a dict of numbers, or of tensors without a graph: `d_loss`, `g_loss`, `d_real` and `d_fake`. The last two are the shares of real images and of fakes that $D$ judged
#    correctly, from the logits that gave `d_loss`.
#
# Do not change modes or `requires_grad`. The cell below imports `discriminator_loss(real_logits, fake_logits)` and `non_saturating_loss(fake_logits)`.

# %% [markdown]
# You practise: passing the right labels with every image.
#
# <details><summary>Hint 1</summary>Start from your step of lesson 3. Where are G and D called? Each call needs labels.</details>
# <details><summary>Hint 2</summary>G is called twice and D three times, each with <code>labels</code> as its second argument. Everything else stays:
# <code>detach</code> in D's turn, <code>zero_grad</code>, <code>backward</code>, <code>step</code>, new noise.</details>

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
# `training.fit` passes labels to the step if you give it some: `fit(step, ..., images, labels=...)`. A short run shows whether $G$ learns to use them:

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
        {f"after {first.step:,} steps": training.sample(first.generator, 100, labels=ordered)},
        columns=10,
        rows=digits,
    )
)

# %% [markdown]
# It does learn to use them. In some rows, such as 0 and 1, most images already show the digit asked for; in others many do not yet.

# %% [markdown]
# ## 5.6 Does G draw the class you ask for?
#
# Lesson 4 used a classifier as an independent judge. Here the test is simple: classify the fakes. The share that it classifies as the class that you
# asked for is the **label consistency**, also called GAN-test. The measures of lesson 4 do not look at the labels: if $G$ drew an 8 for each 3 and a 3 for each 8, they would not notice.


# %%
def label_consistency(classifier, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the share of images (N, 1, 28, 28) that are classified as their labels (N,)."""
    with torch.no_grad():
        return (classifier(images).argmax(1) == labels).float().mean()


# %% [markdown]
# Next, five short trainings with equally many steps and the same random seed: the four ways to give $D$ the class, and one-hot with mismatched
# pairs, the row *wrong labels too*. (With the embedding, $G$ has an embedding, too.) The step is the better one of lesson 3, with R1 on every eighth step and the same fakes in both turns. The five take three to five minutes on two free CPU cores. *Predict*: which
# follows the label best, and which draws best? (`measure` prints the label consistency and the Fréchet distance as a multiple of the floor, both of 5,000 images on a CPU. So do not compare with lesson 3, which used 10,000.)

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
    print(f"{name:26} {float(obeys):6.1%} as asked for   {report.times_floor:6.2f} x floor")


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
# These are single, short runs (5,000 samples, one seed), so they cannot rank codes that are a few points apart. In these runs the projection has the smallest distance, and one-hot the lowest label consistency of the four codes. We think the reason is the vector of 5.3: for one-hot it is small at the start, so $D$ at first hardly notices the class beside 784 pixels. We did not test it. Mismatched pairs changed the label consistency more than any code did:
# 96.9 % instead of 80.6 %, with the same networks. The distance falls, too; in so short a run the price of 5.4 does not show. We still train without them here, because their optimum is not $p_{data}$.
#
# To see the spread, change the seed in `players` (5.5), and pass another `seed=` to `fit`. The long training uses plain one-hot, because it is the simplest code; 5.7 shows how far it gets.

# %% [markdown]
# ## 5.7 The full training
#
# The same step for longer: five to ten minutes on two CPU cores. Set `TRAIN = False` to load finished weights of the same recipe instead. In the
# monitor each column is a class.

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
    generator = run.generator  # the EMA generator
else:
    generator = pretrained.load("mnist_conditional").generator
generator = generator.cpu()
measure("trained", generator)

# %% [markdown]
# After the longer training 97.4 % of the images show the class asked for, instead of 80.6 %, and the distance is 2.22 times the floor instead of 44.10. So with enough steps plain one-hot follows the label, too. (For comparison, the classifier classifies 99.3 % of the real test digits correctly: lesson 1.)

# %% [markdown]
# ## 5.8 What does the noise decide?
#
# The label decides which digit. What does $z$ decide now? Keep $z$ and change the label.

# %% [markdown]
# ### Exercise 5 · `class_grid`
# ●●○ · 8 minutes
#
# Write it: `class_grid(G, z, classes)` returns images (classes · n, 1, 28, 28), row by row, for n noise vectors z (n, z_dim). Row $y$ shows class
# $y$, column $j$ uses the noise $z_j$: image number $y \cdot n + j$ is $G(z_j, y)$. $G$ must draw in eval mode; afterwards it must be in the mode
# that you found. The result has no graph.
#
# You practise: two kinds of repetition, and leaving a network as you found it.
#
# <details><summary>Hint 1</summary>For n = 3 the noise runs 0, 1, 2, 0, 1, 2, ... and the labels run 0, 0, 0, 1, 1, 1, ... These are two different
# functions of torch.</details>
# <details><summary>Hint 2</summary><code>repeat</code> for one, <code>repeat_interleave</code> on <code>torch.arange</code> for the other. Remember
# <code>G.training</code> before you call <code>G.eval()</code>, draw under <code>torch.no_grad()</code>, and restore the mode with
# <code>G.train(...)</code>.</details>


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
display(figures.image_grids({"each column a z": training.to_uint8(grid)}, columns=12, rows=digits))

# %% [markdown]
# Look down a column. The digits seem to share slant and thickness, and faults, too: some columns are smeared in several classes. Two numbers measure style: the **slant** (fit a line to the ink: how far does it move to the right as you go up?) and the **amount of ink**, which grows with thickness.
#
# The next cell draws every class with the same 500 noise vectors. So for each class there are 500 slants, one for each noise vector. Do the noise vectors that give a slanted 3 also give a slanted 8? That is the correlation of the two lists of slants. The cell prints its mean over all pairs of classes, and the same for the ink.


# %%
def style(images):
    """Slant (how far the ink moves to the right for each step up) and amount of ink of images (N, 1, H, W)."""
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
    shared = (by_class.sum() - 10) / 90  # without the diagonal, ten ones: the mean of 90 pairs
    print(f"{what}: the same z in two classes, mean correlation {float(shared):.2f}")

# %% [markdown]
# A correlation of 1 would mean: from the slant in one class you can compute it in the others, by a straight line. A correlation of 0 would mean no linear relation. It is
# 0.84 for slant and 0.73 for ink, so the columns really share them.
#
# Nothing in the training asks for this. We think the reason is the first layer: it adds a vector for the class to the same $W_z z$, so that sharing
# style among classes is easy. The label decides *which* digit, and the noise *how* it is written.

# %% [markdown]
# ### Exercise 6 · `same_hand`
# ●●● · 20 minutes · a challenge: several ways are right
#
# How would the hand that wrote *this* digit write the other nine? Build it: `same_hand(G, image, label, classes)` takes one image (1, 28, 28) in
# $[-1, 1]$ of class `label` and returns images (classes, 1, 28, 28): number $y$ shows class $y$, and all come from **one** $z$, the one whose
# $G(z, label)$ is closest to the image. You have to search for it; nobody knows it.
#
# Compare by the mean squared difference of the pixels. `training.noise(G, n)` draws n noise vectors; labels are int64 (n,). $G$ draws in eval
# mode. Leave it as you found it: mode, weights and their `.grad`. The result has no graph. A few seconds are enough.

# %% [markdown]
# You practise: training an input instead of a network.
#
# <details><summary>Hint 1</summary>z can be trained like a weight: it needs <code>requires_grad</code>, a loss and an optimiser. One start may
# end in a poor place. What could you do with a batch of starts?</details>
# <details><summary>Hint 2</summary>Start from 32 noise vectors at once, with <code>label</code> for each, and a few hundred steps of
# <code>torch.optim.Adam([z], lr=0.1)</code>. <code>torch.autograd.grad</code> with respect to z does not touch the <code>.grad</code> of the weights; put its
# result into <code>z.grad</code> before the step. Keep the best start, expand it to all classes, and draw them as in
# <code>class_grid</code>.</details>

# %%
STARTS = 32


# %% exercise="same_hand"
def same_hand(G, image: torch.Tensor, label: int, classes: int) -> torch.Tensor:
    """Return G(z, y) for every class y, (classes, 1, 28, 28), with the z whose G(z, label) is closest to image (1, 28, 28)."""
    ### BEGIN SOLUTION
    was_training = G.training
    G.eval()
    z = training.noise(G, STARTS).requires_grad_()
    labels = torch.full((STARTS,), label)
    optimizer = torch.optim.Adam([z], lr=0.1)
    for _ in range(200):
        gaps = (G(z, labels) - image).square().mean((1, 2, 3))
        (z.grad,) = torch.autograd.grad(gaps.sum(), z)
        optimizer.step()
    best = z[gaps.argmin()].detach()
    with torch.no_grad():
        images = G(best.expand(classes, -1), torch.arange(classes))
    G.train(was_training)
    return images
    ### END SOLUTION


# %%
rows = []
for index in (1, 6, 8, 24):  # four digits of the test set
    image, label = training.to_unit(test.images[index]), int(test.labels[index])
    drawn = training.to_uint8(same_hand(generator, image, label, 10))
    rows.append(torch.cat([test.images[index][None], drawn]))
display(
    figures.image_grids(
        {"left: a real test digit, then 0 to 9 in its hand": torch.cat(rows)}, columns=11
    )
)

# %% [markdown]
# (The four labels are 2, 4, 5 and 4.) Each digit is close to its copy in the column of its own class, and thin and bold hands stay thin and bold. In the third row several digits are damaged, in the fourth the 8. We see two possible reasons and did not test them: the loss compares only one digit, so nothing keeps the other nine good; and the search may end at a $z$ farther from 0 than usual noise (whose norm is near 8), where $G$ was hardly trained. To see, add `print(best.norm())` to your function and run the cell again.

# %% [markdown]
# ## 5.9 Is each class varied?
#
# A generator that always draws the same good image of each class has a perfect label consistency. Two measures detect that. **GAN-train** reverses the test: train a
# classifier on *generated* digits only, and test it on real ones. It can hardly learn a way of writing that the generator never draws. The second is the **mean distance
# within a class**: how far the features of two images of one class are apart on average, divided by the same number for real digits.

# %%
from gancourse import features, recipes

MANY = gancourse.budget(quick=1_280, cpu=20_000, gpu=60_000)
epochs = gancourse.budget(quick=1, cpu=3, gpu=5)
asked_for = mnist.labels[:MANY]
drawn = training.sample(generator, MANY, seed=2, labels=asked_for)
for name, images in (("real", mnist.images[:MANY]), ("generated", drawn)):
    _, accuracy = recipes.train_classifier(images, asked_for, epochs=epochs)
    print(
        f"trained on {MANY:,} {name:9} digits: classifies {accuracy:.1%} of the real test digits correctly"
    )

read = features.digits()
real_spread = metrics.within_class_distance(read(test.images)[0], test.labels, 10)
spread = (
    metrics.within_class_distance(read(drawn[:SAMPLES])[0], asked_for[:SAMPLES], 10) / real_spread
)
print(
    "distance within a class, real = 1:",
    ", ".join(f"{d}: {v:.2f}" for d, v in enumerate(spread.tolist())),
)

# %% [markdown]
# The classifier trained on generated digits classifies 96.4 % of the real test digits correctly, about two points less than the one trained on real digits
# (98.6 %). The classes are about as varied as real ones. A value above 1 can also come from failed digits, which lie far from the other images of their class.
#
# Read the two tests together. If GAN-test is high and GAN-train is low, the classes are right, but variety is probably missing. If both are low, $G$ may ignore the labels or draw badly. Here both are high: 97.4 %
# and 96.4 %.

# %% [markdown]
# ## 5.10 Do labels also make better pictures?
#
# Do labels also improve the pictures themselves? Take lesson 3's plain networks (two hidden layers of 128; no batch norm, R1 or EMA) and train them for half as many steps as there, once with labels and once without, with two seeds. The cell prints three measures of lesson 4: the class KL (how wrong the shares of the digits are), the distance, and the recall. *Predict*: which of them will change, and what will that prove? (Compare within this cell only: initialisation, number of samples and the use of the fakes differ from lesson 3.)


# %%
class Plain(torch.nn.Module):
    """The layers of lesson 3's generator: noise (N, 64), and labels (N,) if it is conditional, to images (N, 1, 28, 28)."""

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
            recipes.mlp_step(),  # like the step of lesson 3, but with the same fakes in both turns
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
        sheets[name] = training.sample(G, 60)  # a conditional G draws 0, 1, 2, ... by turns
display(figures.image_grids(sheets, columns=10))

# %% [markdown]
# In both seeds labels bring the shares of the digits close to the real ones (class KL 0.016 and 0.015 instead of 0.057 and 0.114), as expected: each digit is asked for. The distance falls, too: 36.9 instead of 55.1 times the floor, and 40.7 instead of 64.6. This does not tell whether single pictures are better, because wrong shares alone make the distance larger. Recall does not tell either: it can rise because a missing class appears, or because each class is more varied or better drawn (4.6). It is 0.16 and 0.17 with labels, 0.15 and 0.11 without.
#
# The picture shows seed 1; with labels, each column is a class. Single images have specks and gaps in both halves. So labels repair the shares; whether they do more, this experiment does not show.

# %% [markdown]
# ## 5.11 Between two classes
#
# There is no class between 3 and 8, but you can write a code for one: half the code of 3 plus half the code of 8. The course's conditional networks accept such
# *shares* instead of labels, (N, classes), each row summing to 1. $G$ has never seen such a code. *Predict*: a sudden jump, a blend of both pictures, or
# a shape in between?

# %%
steps = torch.linspace(0, 1, 12)[:, None]
codes = torch.eye(10)
z = training.noise(generator, 12, seed=3)[[4, 9, 6]]  # columns of the class grid in 5.8
rows = []
with torch.no_grad():
    for noise, (a, b) in zip(z, ((3, 8), (1, 7), (4, 9)), strict=True):
        shares = (1 - steps) * codes[a] + steps * codes[b]
        rows.append(training.to_uint8(generator(noise.expand(12, -1), shares)))
display(
    figures.image_grids(
        {"3 to 8, 1 to 7, 4 to 9; the noise of a row stays": torch.cat(rows)}, columns=12
    )
)

# %% [markdown]
# There is no jump. You mostly see a shape in between, not always a legible digit: the 3 and the 4 close, the 1 grows a bar, at first faintly. Choose other columns to see more; where a noise vector draws poor digits at both ends, the row tells little.

# %% [markdown]
# ## 5.12 Play: choose a digit
#
# The explorer now has a row of classes.
#
# 1. Press one class after the other. What stays the same? Then press *Draw another*: what changes now?
# 2. Move the first slider to its end, and press the classes again. Does the direction mean the same for a 1 and for an 8?
# 3. Pin a 3, change the class to 8, pin it, and walk between the pins. Then pin two different 3s, and walk. Which walk shows more legible digits?
# 4. Press *Neighbours* around a 7, at spread 1, then wider. In lesson 3 you found borders between digits there. Where are they now?

# %% [markdown]
# <details><summary>What you should see</summary>1: thickness and slant stay; another z changes them. 2: in the shipped generator the first slider changes the slant, of a 1
# as much as of an 8 (yours may differ; <code>LatentExplorer(shipped)</code> shows that one). 3: the walk between two 3s. Halfway from 3 to 8 there is a code that G never saw, and some pictures are neither digit. 4: few borders near the centre: the label decides the digit, not z. Far from the centre
# more pictures fail.</details>

# %%
from gancourse.widgets import LatentExplorer

LatentExplorer(generator)

# %% [markdown]
# ## 5.13 Labels elsewhere
#
# CIFAR-10 has ten classes, too, but there a class is an object in many poses, not one shape. Beside the 3,072 numbers of a colour image $D$ may overlook ten one-hot numbers (our guess). So lesson 6 uses a projection, with an $h$ from convolutions. 5.6 cannot tell whether it is the best code there. The condition need not be a class: pix2pix receives a picture, a text-to-image model a sentence, super-resolution (planned as lesson 10) a small image.

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** A conditional $G$ and $D$ are trained, but you forgot to give $D$ the labels; $G$ still receives them. What does $G$ learn to do with a
# label?
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
# **Question 2.** In a class grid, the images of one column share a noise vector, and the class changes from row to row. What do they have in common?
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
# **Question 3.** A classifier classifies 99 % of a conditional generator's samples as the class asked for (GAN-test). A classifier trained only on the samples
# classifies 80 % of real test digits correctly (GAN-train). What is the likely reason?
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
# **Question 4**, in your own words, about six sentences. A hospital has 900 X-ray images of healthy lungs and 30 of a rare disease, and wants to train a conditional GAN
# that draws more images of the disease. What could the GAN learn from the healthy images that helps with the others? What can it not know? How would you test whether
# the generated images help, and on which images? What would you warn the hospital of? (4 points, graded by hand, one for each answer; a model answer is in `solutions/`.)

# %% [markdown] open="question_4" points=4
# What both classes share, the shape of a chest, the noise of the machine, the position of the patient, can be learnt from all 930 images, as slant and thickness are
# shared by all digits. What the disease looks like it can only learn from the thirty: forms that are not among them cannot appear except by chance, and with so few images
# the generator may memorise them. I would train the diagnostic classifier once with and once without the generated images and compare on *real* images of both classes that neither
# the GAN nor the classifier has seen, and look for copies of the thirty. The warning: a generated picture is no evidence of what the disease looks like, errors in the
# thirty are multiplied, and thirty recognisable patients may be drawn again.
#
# *Rubric, one point for each*: what is shared between classes is learnt from all images · the variety of the rare class is limited by its thirty images · test on real
# held-out images, with and without · a danger is named (copies and privacy, multiplied errors, false certainty).

# %% [markdown]
# ## Summary
#
# - A conditional GAN learns $p_{data}(x \mid y)$. Both players receive the label, and $D$ judges pairs.
# - $D$ judges fakes with the labels that they were made for. A wrong label causes no error message. Look at a grid with a row for each class, or use a measure that knows the label, such as GAN-test.
# - One-hot, embedding, map and projection are ways to give $D$ the class. Measure which is best for your data. In our one run mismatched pairs made $G$ follow the label sooner. In theory their best $G$ is not exactly $p_{data}$.
# - When the class is given, the noise decides the rest. Much of it, such as slant and thickness, means the same in all classes.
# - GAN-test measures whether $G$ draws the class asked for; GAN-train and distances within a class measure variety.

# %% [markdown]
# **Sources**: Mirza & Osindero 2014, *Conditional Generative Adversarial Nets*. Reed et al. 2016, *Generative Adversarial Text to Image Synthesis*, algorithm 1 (mismatched pairs). Miyato & Koyama 2018,
# *cGANs with Projection Discriminator*, section 3. Shmelkov, Schmid & Alahari 2018, *How Good Is My GAN?* (GAN-test, GAN-train).
#
# **One step further**: swap the labels of 3 and 8 in `mnist.labels` for the first half of the training only (call `fit` twice with the same players and optimisers). How long does $G$ take to learn the right labels afterwards?

# %% [markdown]
# ## A page to keep
#
# The conditional GAN of 5.7 as one script that needs only PyTorch (with fresh fakes for $G$'s turn, as in Exercise 4). Copy it into a file, save the images beside it with
# `torch.save(mnist.images, "images.pt")` and `torch.save(mnist.labels, "labels.pt")`, and run it with Python.
#
# ```python
# """A conditional GAN for grey images of 28 x 28 pixels. Needs images.pt, a uint8 tensor (N, 1, 28, 28), and
# labels.pt, an int64 tensor (N,) from 0 to 9; writes samples.pgm, one row for each class."""
#
# import torch
# from torch import nn
# from torch.nn.functional import one_hot, softplus
#
# STEPS, BATCH, Z_DIM, CLASSES, R1_GAMMA, R1_EVERY, DECAY = 32_000, 64, 64, 10, 1.0, 8, 0.999
# device = "cuda" if torch.cuda.is_available() else "cpu"
#
#
# class Generator(nn.Module):
#     """Noise (N, 64), labels (N,) -> images (N, 1, 28, 28) in [-1, 1]."""
#
#     def __init__(self):
#         super().__init__()
#         self.body = nn.Sequential(
#             nn.Linear(Z_DIM + CLASSES, 256, bias=False),
#             nn.BatchNorm1d(256),
#             nn.LeakyReLU(0.2),
#             nn.Linear(256, 512, bias=False),
#             nn.BatchNorm1d(512),
#             nn.LeakyReLU(0.2),
#             nn.Linear(512, 784),
#             nn.Tanh(),
#         )
#
#     def forward(self, z, labels):
#         code = one_hot(labels, CLASSES).float()
#         return self.body(torch.cat([z, code], dim=1)).view(-1, 1, 28, 28)
#
#
# class Discriminator(nn.Module):
#     """Images (N, 1, 28, 28), labels (N,) -> logits (N,)."""
#
#     def __init__(self):
#         super().__init__()
#         self.body = nn.Sequential(
#             nn.Linear(784 + CLASSES, 512),
#             nn.LeakyReLU(0.2),
#             nn.Linear(512, 256),
#             nn.LeakyReLU(0.2),
#             nn.Linear(256, 1),
#         )
#
#     def forward(self, x, labels):
#         code = one_hot(labels, CLASSES).float()
#         return self.body(torch.cat([x.flatten(1), code], dim=1)).squeeze(1)
#
#
# def r1_penalty(D, real, labels):
#     """Mean squared gradient norm of the logit at real images."""
#     real = real.clone().requires_grad_()
#     (gradient,) = torch.autograd.grad(D(real, labels).sum(), real, create_graph=True)
#     return gradient.square().flatten(1).sum(1).mean()
#
#
# def train_step(G, D, opt_G, opt_D, real, labels, step):
#     """Update D, then G; return both losses."""
#     fake = G(torch.randn(len(real), Z_DIM, device=device), labels).detach()  # no gradient reaches G
#     d_loss = softplus(-D(real, labels)).mean() + softplus(D(fake, labels)).mean()
#     penalty = R1_EVERY * R1_GAMMA / 2 * r1_penalty(D, real, labels) if step % R1_EVERY == 0 else 0
#     opt_D.zero_grad()
#     (d_loss + penalty).backward()
#     opt_D.step()
#
#     fake = G(torch.randn(len(real), Z_DIM, device=device), labels)
#     g_loss = softplus(-D(fake, labels)).mean()  # with the labels that G made them for
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
# def save_samples(G, path, columns=8):
#     """Write a grid of samples as a PGM picture, one row for each class."""
#     G.eval()
#     labels = torch.arange(CLASSES, device=device).repeat_interleave(columns)
#     images = G(torch.randn(len(labels), Z_DIM, device=device), labels).cpu()
#     grid = images.view(CLASSES, columns, 28, 28).transpose(1, 2).reshape(CLASSES * 28, columns * 28)
#     pixels = ((grid + 1) * 127.5).round().to(torch.uint8)
#     with open(path, "wb") as file:
#         file.write(f"P5 {columns * 28} {CLASSES * 28} 255\n".encode() + bytes(pixels.flatten().tolist()))
#
#
# images, labels = torch.load("images.pt"), torch.load("labels.pt")
# G, D, ema = Generator().to(device), Discriminator().to(device), Generator().to(device)
# ema.load_state_dict(G.state_dict())
# opt_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.99))
# opt_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.99))
# for step in range(1, STEPS + 1):
#     picked = torch.randint(len(images), (BATCH,))
#     real = images[picked].to(device).float() / 127.5 - 1  # [-1, 1], like tanh
#     d_loss, g_loss = train_step(G, D, opt_G, opt_D, real, labels[picked].to(device), step)
#     update_ema(ema, G)
#     if step % 1_000 == 0:
#         print(f"step {step:,}: D loss {d_loss:.3f}, G loss {g_loss:.3f}")
# save_samples(ema, "samples.pgm")
# ```
