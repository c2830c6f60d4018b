# %% [markdown]
# # 4 · Is it any good? Evaluating GANs
#
# Losses do not tell, and eyes deceive. In this lesson you build the six measures that people use instead, try each on sets of
# digits whose faults you know, and find out which measure sees which fault. None sees them all.
#
# **You will be able to**
#
# - compute class shares, inception score, Fréchet and kernel distance, precision and recall, and a test for copies;
# - say of each what it sees, what it is blind to, and how it depends on the number of images;
# - read a published FID, and say when two of them can be compared.
#
# **Time**: 75 minutes, six exercises among them. Nothing is trained: the generators come with the course. The cells take about
# a minute on two CPU cores.
#
# **Builds on**: lesson 3. Words of the trade are in the [glossary](../README.md#glossary).

# %% [markdown]
# The first cell looks whether everything is there. If it names a problem, do what the arrow says and run it again. Below each
# exercise stands its check, and below that two folded cells: one gives marks, where somebody grades this notebook; the other puts the course's
# version in the place of an answer that is not right yet, so that you can carry on.

# %%
from gancourse import checks, doctor

doctor.check("mnist")

# %% [markdown]
# ## 4.1 Ten suspects
#
# What can be wrong with a set of generated images? We collect faults of every kind. Four sets are drawn by generators that come
# with the course; the others we spoil ourselves, by hand, so that we know what is wrong:
#
# | set | what it is |
# |---|---|
# | early, late | the better recipe of lesson 3, after 3,000 and after 28,000 steps |
# | collapsed | the recipe of many tutorials, which ends in a few digits |
# | half | the late generator, but only what looks like 0 to 4 |
# | noise, blur | random pixels; real digits, each pixel the mean of 3×3 |
# | one digit | real 3s |
# | ten pictures | one real image of each digit, over and over |
# | replay | real *training* images, as a generator would draw that has learnt them by heart |
# | replay 200 | the same, but only 200 different ones |

# %%
import matplotlib.pyplot as plt
import torch
from IPython.display import display
from torch.nn.functional import avg_pool2d

import gancourse
from gancourse import datasets, features, figures, metrics, pretrained, training

N = gancourse.budget(quick=300, cpu=2_000, gpu=10_000)  # images in each set
mnist, test = datasets.load("mnist"), datasets.load("mnist", split="test")
rng = torch.Generator().manual_seed(0)
train = mnist.images[torch.randperm(60_000, generator=rng)[: max(N, 200)]]
read_digits = features.digits()  # the course's digit classifier, whose features we are going to use


def drawn_by(name, n, stage=None):
    return training.sample(pretrained.load(name, stage).generator, n, seed=1)


many = drawn_by("mnist_better", 3 * N)
suspects = {
    "early": drawn_by("mnist_better", N, stage=2),
    "late": drawn_by("mnist_better", N),
    "collapsed": drawn_by("mnist_tutorial", N),
    "half": many[read_digits(many)[1].argmax(1) < 5][:N],
    "noise": torch.randint(0, 256, (N, 1, 28, 28), dtype=torch.uint8, generator=rng),
    "blur": avg_pool2d(train[:N].float(), 3, stride=1, padding=1).to(torch.uint8),
    "one digit": mnist.images[mnist.labels == 3][torch.arange(N) % 6_000],
    "ten pictures": torch.stack([mnist.images[mnist.labels == c][5] for c in range(10)])[
        torch.arange(N) % 10
    ],
    "replay": train[:N],
    "replay 200": train[torch.randint(200, (N,), generator=rng)],
}
names = list(suspects)
for row in (names[:5], names[5:]):
    display(figures.image_grids({name: suspects[name][:25] for name in row}, columns=5, width=1.9))

# %% [markdown]
# *Predict before you go on*: order the ten by eye, from best to worst. In which of them would you have noticed the fault
# without being told? Keep your list; section 4.8 has the answer of the measures.

# %% [markdown]
# ## 4.2 Which classes are there?
#
# The first question needs no new idea: a classifier that was trained on *real* digits reads the fakes. Count what it reads.

# %%
reading = {
    name: read_digits(images)[1] for name, images in suspects.items()
}  # probabilities (N, 10)
figure, axes = plt.subplots(2, 5, figsize=(10, 3.2), sharex=True, sharey=True)
for ax, (name, probabilities) in zip(axes.flat, reading.items(), strict=True):
    ax.bar(range(10), torch.bincount(probabilities.argmax(1), minlength=10) / N, color=figures.BLUE)
    ax.axhline(0.1, color=figures.GREY, linewidth=0.8, linestyle=":")
    ax.set(title=name, xticks=range(10), ylim=(0, 1.05))
for ax in axes[:, 0]:
    ax.set_ylabel("share")
figure.supxlabel("digit, as the classifier reads it", fontsize=10)
figure.tight_layout()
plt.show()

# %% [markdown]
# To make one number of a histogram, compare it with that of the real digits. Let $p_k$ be the share of class $k$ among the
# fakes, $q_k$ that among real images. The **Kullback-Leibler divergence**
#
# $$KL(p \,\|\, q) = \sum_k p_k \log \frac{p_k}{q_k}$$
#
# is 0 if the shares agree, and larger the more they differ. A class with $p_k = 0$ adds nothing, since $p \log p \to 0$. With natural
# logarithms it is in nats.

# %% [markdown]
# ### Exercise 1 · `class_kl`
# ●○○ · 6 minutes
#
# Write it: `class_kl(labels, real_labels, classes)` → one number. labels: int64 (N,), what was read in the fakes; real_labels: int64
# (M,); both from 0 to `classes` − 1. Every class occurs among the real labels, not every one among the others, and N
# need not be M.
#
# It tests: from labels to shares, which way round a divergence goes, and what a missing class does to a logarithm.
#
# <details><summary>Hint 1</summary><code>torch.bincount(labels, minlength=classes)</code> counts each class, also the last ones
# when they are missing. Divide by the number of labels.</details>
# <details><summary>Hint 2</summary><code>torch.special.xlogy(p, p / q).sum()</code>: xlogy(a, b) is a · log(b), and 0 where a
# is 0.</details>


# %% exercise="class_kl"
def class_kl(labels: torch.Tensor, real_labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return KL(shares of labels (N,) || shares of real_labels (M,)) in nats."""
    ### BEGIN SOLUTION
    p = torch.bincount(labels, minlength=classes).double() / len(labels)
    q = torch.bincount(real_labels, minlength=classes).double() / len(real_labels)
    return torch.special.xlogy(p, p / q).sum()
    ### END SOLUTION


# %%
for name, probabilities in reading.items():
    print(f"{name:13} class KL {float(class_kl(probabilities.argmax(1), test.labels, 10)):.3f}")

# %% [markdown]
# It finds the missing classes: half of them gone is about $\log 2 = 0.69$, one left is $-\log q_3 = 2.3$. It says nothing about the
# pictures: *ten pictures* and *blur* are as good as real for it. And the classifier names a digit even where there is none, in noise.

# %% [markdown]
# ## 4.3 Sure of each, and all of them
#
# The **inception score** asks two things of the classifier's probabilities $p(y|x)$. Is it sure of each image? Then $p(y|x)$ has one
# peak. Do all classes occur? Then their mean over the images, $p(y)$, is flat. Both together make these two differ:
#
# $$IS = \exp\Big(\frac{1}{N} \sum_n \sum_k p(k|x_n) \log \frac{p(k|x_n)}{p(k)}\Big)$$
#
# It lies between 1 and the number of classes. (The name is that of the classifier used for photographs; ours reads digits, so
# our numbers are comparable with each other only.)

# %% [markdown]
# ### Exercise 2 · `inception_score`
# ●●○ · 6 minutes
#
# Write it: `inception_score(probabilities)` → one number. probabilities: (N, K), each row sums to one; some are exactly 0, and
# add 0.
#
# It tests: a mean over images against a sum over classes, and where the exponential stands.
#
# <details><summary>Hint 1</summary>$p(y)$ is the mean of the rows, shape (K,). The inner sum runs over the classes of one image,
# the mean over images; the exponential comes last.</details>
# <details><summary>Hint 2</summary><code>torch.special.xlogy(p, p / p.mean(0)).sum(1).mean().exp()</code>, except that a class
# that never occurs gives 0 / 0: <code>nansum(1)</code> skips it.</details>


# %% exercise="inception_score"
def inception_score(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the inception score of a classifier's probabilities (N, K)."""
    ### BEGIN SOLUTION
    marginal = probabilities.mean(0)
    terms = torch.special.xlogy(probabilities, probabilities / marginal)
    return terms.nansum(1).mean().exp()
    ### END SOLUTION


# %% [markdown]
# *Predict*: which set gets the highest score?

# %%
real_score = inception_score(read_digits(test.images[:N])[1])
print(f"{'real digits':13} inception score {float(real_score):5.2f}")
for name, probabilities in reading.items():
    print(f"{name:13} inception score {float(inception_score(probabilities)):5.2f}")

# %% [markdown]
# *Ten pictures* win, above real digits: ten clear images, one of each class, are all that this score can ask for. It reads nothing but probabilities of classes,
# so it cannot see whether the pictures inside a class differ from each other; and it never looks at a real image.

# %% [markdown]
# ## 4.4 Two clouds in the space of features
#
# So compare with real images. Not pixel by pixel: lesson 1 showed that in pixels a digit can be nearer to another digit than to itself, moved by two pixels. Let the
# classifier turn each image into the 128 numbers just before its last layer, its **features**. Now a set of images is a cloud of points.
#
# The **Fréchet distance** fits a normal distribution to each cloud, mean $\mu$ and covariance $S$, and asks how far
# one must be carried to become the other:
#
# $$d = \lVert \mu_a - \mu_b \rVert^2 + \text{tr}\big(S_a + S_b - 2\,(S_a S_b)^{1/2}\big)$$
#
# The root is that of a *matrix*: $R\,R = S_a S_b$. We need only its trace, and that is the sum of the square roots of the eigenvalues of
# $S_a S_b$. They are real and not negative, up to rounding. (That product is not symmetric, so `eigvalsh` would be wrong here. And $d$ is the *square* of a distance;
# everybody reports the square.)

# %%
shuffled = torch.randperm(10_000, generator=torch.Generator().manual_seed(1))
pick, held_out = shuffled[:N], shuffled[-N:]
real_features, _ = read_digits(test.images[pick])  # (N, 128): what all sets are compared with
suspect_features = {name: read_digits(images)[0] for name, images in suspects.items()}
fresh = torch.randperm(60_000, generator=torch.Generator().manual_seed(2))[:N]
floor_features, _ = read_digits(mnist.images[fresh])  # other real digits: as good as it can get

_, _, axes_of_real = torch.pca_lowrank(real_features, q=2)
figure, panels = plt.subplots(1, 4, figsize=(10, 2.8), sharex=True, sharey=True)
for ax, name in zip(panels, ("late", "early", "blur", "ten pictures"), strict=True):
    for f, colour, label in (
        (real_features, figures.GREY, "real"),
        (suspect_features[name], figures.VERMILION, name),
    ):
        x, y = ((f - real_features.mean(0)) @ axes_of_real).T
        ax.plot(x, y, ".", markersize=2, alpha=0.5, color=colour, label=label)
    ax.set_title(f"real (grey) and {name}", fontsize=10)
figure.supxlabel("first principal direction of the real features", fontsize=10)
panels[0].set_ylabel("second")
figure.tight_layout()
plt.show()

# %% [markdown]
# ### Exercise 3 · `frechet_distance`
# ●●● · 12 minutes
#
# Write it: `frechet_distance(a, b)` → one number, for features a (N, d) and b (M, d), float64. The covariances are the unbiased
# ones, divided by $N - 1$; some features may be constant.
#
# It tests: a covariance, a root of a matrix, and that all four terms are there.
#
# <details><summary>Hint 1</summary><code>torch.cov</code> wants one <em>variable</em> a row, and has one <em>image</em> a row: give it
# <code>a.T</code>. <code>torch.linalg.eigvals(S_a @ S_b)</code> returns complex numbers whose imaginary part is rounding.</details>
# <details><summary>Hint 2</summary><code>roots = torch.linalg.eigvals(S_a @ S_b).real.clamp(min=0).sqrt()</code>; then
# the squared gap of the means, plus both traces, minus <code>2 * roots.sum()</code>.</details>


# %% exercise="frechet_distance"
def frechet_distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the squared Fréchet distance of the normal distributions fitted to features a (N, d) and b (M, d)."""
    ### BEGIN SOLUTION
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    roots = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * roots.sum()
    ### END SOLUTION


# %%
floor = float(frechet_distance(floor_features, real_features))
print(f"{'real digits':13} Fréchet distance on digit features {floor:7.2f}: the floor")
for name, f in suspect_features.items():
    distance = float(frechet_distance(f, real_features))
    print(
        f"{name:13} Fréchet distance on digit features {distance:7.2f} = {distance / floor:6.2f} x floor"
    )

# %% [markdown]
# Nearly every fault shows, and *late* is by far the best of the generators. One set has no fault for it at all: *replay*
# lies at the floor, and even below it by chance. It compares two summaries of clouds, and real training images have the right one.
#
# Two real sets are not at distance 0 either. That **floor** belongs beside every such number.

# %% [markdown]
# ## 4.5 A distance without bias
#
# Where does the floor come from? Mean and covariance of few points are noisy, and on average noise *adds* to a squared distance. So a
# Fréchet distance is too large, the more so the fewer the images.
#
# The **kernel distance** looks at pairs instead. A *kernel* says how alike two images are, here $k(x, y) = (x \cdot y / d + 1)^3$ with
# $d$ features. If the two sets have the same distribution, then pairs within $a$, pairs within $b$ and pairs across are equally
# alike on average:
#
# $$\frac{1}{N(N-1)} \sum_{i \ne j} k(a_i, a_j) + \frac{1}{M(M-1)} \sum_{i \ne j} k(b_i, b_j) - \frac{2}{NM} \sum_{i, j} k(a_i, b_j)$$
#
# An image is not paired with itself: that would make each set look alike, and bring the bias back. So this number is 0 *on
# average* for two sets of the same distribution, and can be negative.

# %% [markdown]
# ### Exercise 4 · `kernel_distance`
# ●●○ · 8 minutes
#
# Write it: `kernel_distance(a, b)` → one number, for features a (N, d) and b (M, d).
#
# It tests: which pairs count, and by what they are divided.
#
# <details><summary>Hint 1</summary>Three matrices of kernel values: (N, N), (M, M), (N, M). From the first two take away the
# diagonal, <code>k.trace()</code>, before you divide.</details>
# <details><summary>Hint 2</summary><code>k = (a @ a.T / d + 1) ** 3</code>, then <code>(k.sum() - k.trace()) / (n * (n - 1))</code>;
# the pairs across are <code>2 * k.mean()</code>.</details>


# %% exercise="kernel_distance"
def kernel_distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the unbiased kernel distance (squared MMD, cubic kernel) of features a (N, d) and b (M, d)."""

    ### BEGIN SOLUTION
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x):
        k = kernel(x, x)
        return (k.sum() - k.trace()) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2 * kernel(a, b).mean()
    ### END SOLUTION


# %% [markdown]
# *Predict*: two sets of **real** digits, at each of several sizes, ten times. What will the two distances do as the sets grow?

# %%
more_real, _ = read_digits(mnist.images[:: 60_000 // (4 * N)])
sizes = [n for n in (150, 300, 500, 1_000, 2_000) if 2 * n <= len(more_real)]
curves = {"Fréchet distance": frechet_distance, "kernel distance": kernel_distance}
figure, panels = plt.subplots(1, 2, figsize=(9, 3))
for ax, (title, measure) in zip(panels, curves.items(), strict=True):
    values = torch.empty(len(sizes), 10)
    for row, n in enumerate(sizes):
        for column in range(10):
            order = torch.randperm(len(more_real), generator=rng)
            values[row, column] = float(measure(more_real[order[:n]], more_real[order[n : 2 * n]]))
    ax.errorbar(sizes, values.mean(1), values.std(1), color=figures.BLUE, marker="o", capsize=3)
    ax.axhline(0, color=figures.GREY, linewidth=0.8, linestyle=":")
    ax.set(title=f"{title}, real against real", xlabel="images in each set", xscale="log")
    ax.set_xticks(sizes, [f"{n:,}" for n in sizes], minor=False)
    ax.minorticks_off()
panels[0].set_ylabel("distance on digit features")
figure.tight_layout()
plt.show()

# %% [markdown]
# The dots are means, the bars standard deviations of ten draws. The Fréchet distance falls towards 0; the kernel distance stays around 0 all the
# time, and only scatters less. Two consequences:
#
# - Fréchet distances of *different numbers of images* cannot be compared. Small sets (lesson 7 has a hundred Pokémon to compare with)
#   get a kernel distance. Nor can multiples of the floor: lesson 3's better generator lies at 4 times the floor with
#   10,000 images, and the same weights, *late* above, nearer to it with fewer.
# - A kernel distance needs its **error bar**. Leave out each image in turn and see how far the number moves
#   (the *jackknife*): `metrics.kernel_distance` returns both.

# %%
for name in ("early", "late", "replay 200", "replay"):
    value, error = metrics.kernel_distance(suspect_features[name], real_features)
    print(f"{name:11} kernel distance on digit features {value:7.1f} ± {error:.1f}")

# %% [markdown]
# *Late* lies within its error bar: with 2,000 images this measure does not see what your eyes do. That *replay 200* repeats itself, it does see.

# %% [markdown]
# ## 4.6 Two numbers for two faults
#
# One distance mixes two faults: bad pictures, and missing ones. **Precision and recall** keep them apart. Put a ball around each point of a cloud
# that reaches to its $k$-th nearest *other* point of the same cloud: together the balls are a rough map of where that cloud is.
#
# - **Precision**: the share of the fakes that lie in at least one ball of a *real* image. Are they plausible?
# - **Recall**: the share of the real images that lie in at least one ball of a *fake*. Is everything there?

# %% [markdown]
# ### Exercise 5 · `precision_recall`
# ●●○ · 10 minutes
#
# Write it: `precision_recall(real, fake, k)` → the two numbers as a tuple, precision first; real (N, d), fake (M, d), k smaller than N and M.
# Two points at one place are two points.
#
# It tests: whose ball, whose point.
#
# <details><summary>Hint 1</summary><code>torch.cdist(x, y)</code> gives all distances, (N, M). In <code>torch.cdist(x, x)</code> each
# point is its own nearest neighbour, at 0: the k-th *other* one is the (k + 1)-th smallest.</details>
# <details><summary>Hint 2</summary><code>radius = torch.cdist(x, x).kthvalue(k + 1, dim=1).values</code>; precision is
# <code>(torch.cdist(fake, real) <= real_radius).any(1).double().mean()</code>, and recall the same with the two exchanged.</details>


# %% exercise="precision_recall"
def precision_recall(
    real: torch.Tensor, fake: torch.Tensor, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return precision and recall of features real (N, d) and fake (M, d), with balls up to the k-th neighbour."""

    ### BEGIN SOLUTION
    def radius(x):
        return torch.cdist(x, x).kthvalue(k + 1, dim=1).values

    def covered(points, centres):
        return (torch.cdist(points, centres) <= radius(centres)).any(1).double().mean()

    return covered(fake, real), covered(real, fake)
    ### END SOLUTION


# %%
figure, ax = plt.subplots(figsize=(6, 3.4))
sets = {"real digits": floor_features} | suspect_features
for (name, f), marker in zip(sets.items(), "*osv^D<>PXh", strict=True):
    precision, recall = precision_recall(real_features, f, k=3)
    colour = "black" if name == "real digits" else None
    ax.plot(recall, precision, marker, markersize=8, label=name, color=colour, alpha=0.8)
ax.set(xlabel="recall", ylabel="precision", xlim=(-0.05, 1), ylim=(0.6, 1.02))
ax.legend(fontsize=8, bbox_to_anchor=(1.02, 1), loc="upper left")
figure.tight_layout()
plt.show()

# %% [markdown]
# Recall does what it should: *half* loses half of it, *one digit* and *ten pictures* nearly all. But look at the precision of **noise**, the highest of
# all! Which balls do the random pictures lie in?

# %%
centres, noise = real_features, suspect_features["noise"]
radius = torch.cdist(centres, centres).kthvalue(4, dim=1).values
inside = (
    torch.cdist(noise, centres) <= radius
)  # (N, N): does this noise lie in the ball of that digit?
shares, digits = inside.double().mean(0).sort(descending=True)
print(
    f"share of the noise in the ball of one digit: {shares[0]:.0%}, and of the next: {shares[1]:.0%}"
)
print(
    f"radius of that ball {radius[digits[0]]:.0f}; half of all balls are smaller than {radius.median():.0f}"
)
lengths = {name: sets[name].norm(dim=1).mean() for name in ("real digits", "late", "blur", "noise")}
print("length of a feature vector:", ", ".join(f"{name} {v:.0f}" for name, v in lengths.items()))
display(figures.image_grids({"the digits with these balls": test.images[pick][digits[:8]]}))

# %% [markdown]
# Nearly all of the noise sits in the balls of one or two odd digits, whose third neighbour is far away. One outlier is enough. And the features of noise are
# small: our classifier never saw noise, makes small numbers of it, and such outliers live there.
#
# Noise is not alone. *Blur* and *collapsed* lie above real digits too, and *early* above *late*: their features are small as well. What goes wrong
# with them shows in the recall instead. So on these features do not rank by precision. A measure sees what its network was trained to see.

# %% [markdown]
# ## 4.7 New, or learnt by heart?
#
# *Replay* has passed every test so far, better than any generator. A training set is a perfect sample; what it lacks is anything
# new. To see that, look for each fake's nearest *training* image.
#
# How near is too near? Real images that were never trained on, **held out**, tell: they too have a nearest training image. Take the distance below
# which only 1 % of *them* lie. Of a generator that draws new digits about 1 % come that near, or fewer if it draws badly; of one that replays, all.

# %% [markdown]
# ### Exercise 6 · `copied_share`
# ●●○ · 8 minutes
#
# Write it: `copied_share(fake, train, held_out)` → the share of the fakes that are nearer to their nearest training image than the 1st
# percentile of those distances for the held-out images, interpolated linearly; all features (.., d).
#
# It tests: a threshold that comes from data, not from thin air.
#
# <details><summary>Hint 1</summary>A function for the distance to the nearest training image, called twice: for the fakes and for the
# held-out images. <code>torch.quantile(values, 0.01)</code> is the 1st percentile.</details>
# <details><summary>Hint 2</summary><code>torch.cdist(x, train).min(1).values</code> is (N,); then
# <code>(of_fakes < of_held_out.quantile(0.01)).double().mean()</code>.</details>


# %% exercise="copied_share"
def copied_share(fake: torch.Tensor, train: torch.Tensor, held_out: torch.Tensor) -> torch.Tensor:
    """Return the share of fakes (N, d) nearer to `train` (M, d) than 99 % of `held_out` (K, d) are."""

    ### BEGIN SOLUTION
    def to_nearest(x):
        return torch.cdist(x, train).min(1).values

    return (to_nearest(fake) < to_nearest(held_out).quantile(0.01)).double().mean()
    ### END SOLUTION


# %%
train_features, _ = read_digits(train)
for name, f in suspect_features.items():
    share = float(copied_share(f, train_features, real_features))
    print(f"{name:13} nearer to a training image than 99 % of new real ones: {share:6.1%}")

# %% [markdown]
# (We look among the training images of section 4.1, from which *replay* was taken. *One digit* and *ten pictures* are training images
# too, but mostly other ones: one 3 in thirty is among these 2,000, of the ten pictures none. Look among **all** that a generator was trained on.)
#
# Numbers are one thing. Look at the nearest pairs as well: above a fake, below it the training image nearest to it, the ten nearest first.

# %%
pairs = {}
for name in ("late", "replay 200"):
    distance, index = metrics.nearest(suspect_features[name], train_features)
    first = distance.argsort()[:10]
    pairs[f"{name}, and below it the nearest"] = torch.cat(
        [suspects[name][first], train[index[first]]]
    )
display(figures.image_grids(pairs, columns=10, width=4.6))

# %% [markdown]
# The nearest of *late* are 1s: single strokes, of which there are not many kinds. Near, and yet no copies. (Features tell less apart than pixels do; where
# the answer matters, look at both.)

# %% [markdown]
# ## 4.8 Which measure sees which fault?
#
# Now all of them on all ten. `metrics.evaluate_images` is the polished form of what you have written: equal numbers of images, the same real images each time,
# and copies looked for among all 60,000 training images. (It compares with other real digits than those above, so the numbers differ a little.) *Sees it* means: clearly worse than
# real digits. Where "clearly" begins is a choice, and stands in the code.

# %%
reports = {name: metrics.evaluate_images(images) for name, images in suspects.items()}
beside = reports["late"].real


def verdicts(report):
    """Each measure, and whether it is clearly worse than that of real digits."""
    precision, recall = report.precision_recall
    return {
        "class KL": (report.class_kl, report.class_kl > 0.02),
        "inception score": (report.inception_score, report.inception_score < 9.3),
        "Fréchet": (report.times_floor, report.times_floor > 1.5),
        "kernel": (report.kernel[0], report.kernel[0] > 3 * report.kernel[1]),
        "precision": (precision, precision < beside.precision_recall[0] - 0.05),
        "recall": (recall, recall < beside.precision_recall[1] - 0.05),
        "copies": (report.copied, report.copied > 0.03),
    }


table = {name: verdicts(report) for name, report in reports.items()}
table["real digits"] = verdicts(metrics.evaluate_images(test.images[held_out]))
measures = list(table["late"])
figure, ax = plt.subplots(figsize=(9, 4))
ax.imshow(
    torch.tensor([[seen for _, seen in row.values()] for row in table.values()]),
    cmap="Blues",
    vmax=2,
    aspect="auto",
)
for y, row in enumerate(table.values()):
    for x, (value, seen) in enumerate(row.values()):
        ax.text(
            x,
            y,
            (f"{value:,.0f}" if value >= 100 else f"{value:.2g}") + " sees it" * seen,
            ha="center",
            va="center",
            fontsize=8,
        )
ax.set_xticks(range(len(measures)), [m + (" x floor" if m == "Fréchet" else "") for m in measures])
ax.set_yticks(range(len(table)), list(table))
ax.spines[:].set_visible(False)
ax.tick_params(length=0)
figure.tight_layout()
plt.show()

# %% [markdown]
# The last row is for comparison: real test digits, new to all. Read by column: no measure sees everything. Then by row: each fault is seen by some measure, if you ask the right ones. A distance for
# the whole, recall for what is missing, a look for copies, and always the pictures themselves: that is a fair report.
#
# Compare with your list from the beginning. (For *one digit* and *ten pictures* the copies are true: these *are* training images.)

# %% [markdown]
# ## 4.9 What a published number means
#
# The distance that papers report, the **FID**, is a Fréchet distance on the features of *one* particular network, Inception, mostly with 50,000 generated
# images. For DCGAN on CIFAR-10 people who trained it with care report numbers from 25 to 48, all called FID, all of "the" DCGAN. How far apart can numbers for the *same*
# generator be?


# %%
def distance_of(n, reference, network):
    real_images = {"test": test.images[pick], "train": mnist.images[fresh]}[reference]
    return float(frechet_distance(network(suspects["late"][:n]), network(real_images[:n])))


def of_digits(images):
    return read_digits(images)[0]


def of_small_pictures(images):  # no network at all: 49 grey levels, in a unit of our choice
    return avg_pool2d(images.double(), 4).flatten(1) / 10


few = max(150, N // 4)
print("The very same generator:")
for n, reference, network, name in (
    (N, "test", of_digits, "digit features"),
    (N, "train", of_digits, "digit features"),
    (few, "test", of_digits, "digit features"),
    (N, "test", of_small_pictures, "7x7 pixels"),
):
    print(
        f"  {n:6,} images, {reference:5} split, {name:14}: {distance_of(n, reference, network):6.2f}"
    )

# %% [markdown]
# A number without the count of images, the reference split and the feature network means nothing. Also the resizing of images and the file format change it
# by several points. So this course reports "Fréchet distance on digit features", with N and floor, never "FID". In the terminal,
# `gancourse evaluate mnist_better` prints the whole report with 10,000 images, the floor, and three controls; if you have the weights of the Inception
# network, add `--inception FILE` for colour images: that number may be called FID.

# %% [markdown]
# ## 4.10 Play: spoil a set yourself
#
# Here are real digits, none of them wrong. Spoil them:
#
# 1. Blur them. Which three measures notice first? Which one *rises*? Could you see it by then?
# 2. Leave out one digit. Which two measures do not notice, even when five are gone?
# 3. Use fewer and fewer different pictures. At 250, which measures are still content? (They are picked at random, so that at 50 the classes are no longer even.)
# 4. Replace the set by training images, all of it. Who notices at all? Then add a little noise, hardly to be seen: what happens to the share of copies?

# %%
from gancourse.widgets import SetSpoiler

SetSpoiler()

# %% [markdown]
# ## Check yourself
#
# Three questions and one to write about. Put your letter into the function below each.
#
# **Question 1.** Two papers report FID 12 and FID 15 on CIFAR-10. What must agree before the first may be called better?
#
# - **a** Nothing more: FID is a standard.
# - **b** The number of samples, the reference split, the feature network and the preprocessing.
# - **c** Only the number of training steps.
# - **d** Only the architecture of the generator.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** A generator replays training images, each as often as any other. Which measure sees it?
#
# - **a** The Fréchet distance.
# - **b** Precision.
# - **c** The inception score.
# - **d** The distance of each fake to its nearest training image.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** The Fréchet distance of 1,000 real images to as many other real images is 18, that of 10,000 is 3.6. Why?
#
# - **a** Mean and covariance of few samples are noisy, and that noise adds to the distance.
# - **b** The 1,000 were drawn badly.
# - **c** A larger set holds better images.
# - **d** The features change with the number of images.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. A start-up writes: "Our face generator reaches an FID of 3.1, better than all published
# ones." You may ask them four things. Which, and what could each answer reveal? (4 points, marked by hand, one for each question with its
# reason; a model answer stands in `solutions/`.)

# %% [markdown] open="question_4" points=4
# How many images, against which split, with which network and which resizing? Few images make an FID larger, but another network, the training split as
# reference or images that went through the same compression can make it smaller, and a number computed in another way is not comparable with the published ones. What is the floor,
# real against real, in the same set-up? If it is 3, they are at the floor; if it is 1, they are not. How near are the samples to their training images, compared with held-out
# faces? An FID of a generator that replays faces is excellent. What do precision and recall, or the shares of groups of people, say? One distance hides what is missing. And I would
# ask for a page of samples that nobody picked.
#
# *Rubric, a point for each that is asked with a reason, up to four*: number of images, split, network or preprocessing · the floor, or controls · copies of
# training images · missing parts (recall, classes, groups) · unselected samples · error bar or several seeds.

# %% [markdown]
# ## Summary
#
# - A judge from outside the game: a network trained on real images turns pictures into features, and clouds of features are compared.
# - Class KL sees missing classes, the inception score unclear ones; neither looks inside a class.
# - The Fréchet distance sees nearly every fault but copying; it depends on the number of images, so a floor belongs beside it. The kernel distance is without bias, and needs its error bar.
# - Precision and recall tell bad pictures from missing ones, if the features know what a bad picture is; ours know neither noise nor blur.
# - Only a comparison with held-out images tells new from learnt by heart.

# %% [markdown]
# **Sources**: Salimans et al. 2016, *Improved Techniques for Training GANs*, section 4 (inception score). Heusel et al. 2017, *GANs Trained by a Two Time-Scale Update Rule*,
# section 3 (Fréchet distance). Bińkowski et al. 2018, *Demystifying MMD GANs*, section 4 and appendix D (kernel distance; bias). Kynkäänniemi et al. 2019, *Improved Precision and
# Recall Metric*, section 2. Parmar et al. 2022, *On Aliased Resizing and Surprising Subtleties in GAN Evaluation*. Barratt & Sharma 2018, *A Note on the Inception Score*.
#
# **One step further**: repeat section 4.4 with the features of an *untrained* classifier, `DigitClassifier()` from `gancourse.networks.classifier`. Does it still order the
# generators in the same way?
