# %% [markdown]
# # 8 · The latent space
#
# A generator turns every noise vector into a picture. The space of all noise vectors is its **latent space**. In this lesson you find out how to move through it: which ways lead to good pictures, which directions mean something, and where a given picture lies.
#
# **You will be able to**
#
# - walk between noise vectors along an arc, and say what is wrong with a straight line;
# - find directions that change one property, and measure whether they deserve their name;
# - find the noise of a given picture, also of one that you draw yourself.
#
# **Time**: 100 minutes, including seven exercises. Nothing is trained; every cell runs in less than a minute on two CPU cores. A good place for a break is after 8.5.
#
# **You need**: lessons 3 and 4, from 8.6 on also lesson 5. The [glossary](../README.md#glossary) explains the terms. Exercises, checks and folded cells work as in
# [lesson 1](../01_generative_models/01_generative_models.ipynb).

# %% start=true
from gancourse import checks, doctor

doctor.check("mnist")

# %%
import matplotlib.pyplot as plt
import torch
from IPython.display import Image, display

import gancourse
from gancourse import datasets, features, figures, metrics, pretrained, training, walks

G = pretrained.load("mnist_better").generator  # noise (N, 64) -> digits


@torch.no_grad()
def draw(z, *labels, generator=G):
    """Return the images of noise (N, z_dim), uint8 (N, C, H, W)."""
    return training.to_uint8(generator(z, *labels))


# This is where we are going: a walk through four noise vectors and back to the first.
stations = training.noise(G, 4, seed=12)
walk = walks.along(stations[[0, 1, 2, 3, 0]], torch.linspace(0, 4, 41)[:-1])
display(
    figures.image_grids({"ten steps from one noise vector to the next": draw(walk)}, columns=10)
)

# %% [markdown]
# ## 8.1 How long is a noise vector?
#
# $G$ was trained on noise $z \sim \mathcal{N}(0, I)$: every number is drawn from a standard normal distribution. The density of this distribution is highest at $z = 0$. So you might expect most noise vectors near 0.
#
# *Predict*: how long is a vector of 64 such numbers, and how much do the lengths differ?

# %%
torch.manual_seed(0)
print(" z_dim   √z_dim   mean length   standard deviation   within 10 % of √z_dim")
for z_dim in (2, 16, 64, 1_024):
    lengths = torch.randn(10_000, z_dim).norm(dim=1)
    near = (lengths / z_dim**0.5 - 1).abs() < 0.1
    print(
        f"{z_dim:6,} {z_dim**0.5:8.2f} {lengths.mean():13.2f} {lengths.std():20.2f} {near.double().mean():23.0%}"
    )
shortest = torch.randn(100_000, 64).norm(dim=1).min()
print(f"the shortest of 100,000 vectors of 64 numbers has the length {shortest:.1f}")

# %% [markdown]
# The mean length is close to $\sqrt{z_{dim}}$, and the standard deviation is about 0.7 for all but the smallest size. So in many dimensions nearly all noise vectors are about equally long: they lie in a thin shell around 0.
#
# The reason is arithmetic: the squared length is a sum of $z_{dim}$ independent terms with mean 1 and variance 2. So it is near $z_{dim}$, with a standard deviation of $\sqrt{2\,z_{dim}}$. The square root turns this into a length near $\sqrt{z_{dim}}$ whose standard deviation hardly depends on $z_{dim}$ any more. The density is highest at 0, but the shell has so much more volume that nearly all draws fall into it. The region in which nearly all draws fall is called the **typical set**. During training, $G$ saw hardly any noise from elsewhere.

# %% [markdown]
# ## 8.2 Straight lines and arcs
#
# To walk from one noise vector to another you could take the straight line $(1-t)\,a + t\,b$. How long are the vectors on the way?

# %%
a, b = training.noise(G, 400, seed=1).chunk(2)
t = torch.linspace(0, 1, 41)
straight = torch.lerp(a, b, t[:, None, None]).norm(dim=2)  # (41, 200)
usual = torch.randn(10_000, 64).norm(dim=1).quantile(torch.tensor([0.001, 0.999]))
print(f"99.8 % of all noise vectors have a length between {usual[0]:.1f} and {usual[1]:.1f};")
print(f"{(straight[20] < usual[0]).double().mean():.0%} of the points halfway are shorter")
figure, ax = plt.subplots(figsize=(7, 3))
ax.axhspan(*usual, color=figures.GREY, alpha=0.25, label="99.8 % of all noise")
ax.plot(t, straight.mean(1), color=figures.BLUE, label="straight line, mean of 200 pairs")
ax.fill_between(
    t, *straight.quantile(torch.tensor([0.05, 0.95]), dim=1), color=figures.BLUE, alpha=0.3
)
ax.set(xlabel="t", ylabel="length of the noise vector", ylim=(4, 10.5))
ax.legend(loc="lower center", ncols=2, fontsize=9)
figure.tight_layout()
plt.show()

# %% [markdown]
# The middle of a straight line is too short: 70 % of the points halfway lie below the grey band, outside the typical set. Two independent noise vectors are nearly perpendicular in many dimensions, so halfway the length is about $\sqrt{1/2}$ of theirs. An **arc** around 0 changes the length evenly from one end to the other. This is **spherical interpolation**, *slerp* for short (Shoemake 1985; for GANs White 2016). The course's version is `walks.slerp`; the first figure used it. Now write your own.

# %% [markdown]
# ### Exercise 1 · `slerp`
# ●●○ · 10 minutes
#
# Write it: `slerp(a, b, t)` returns noise vectors (N, z_dim). Row $i$ lies at `t[i]` in [0, 1] on the arc from `a[i]` to `b[i]`:
#
# $$\Big((1-t)\,\lVert a\rVert + t\,\lVert b\rVert\Big)\left(\frac{\sin((1-t)\,\theta)}{\sin\theta}\,\frac{a}{\lVert a\rVert} + \frac{\sin(t\,\theta)}{\sin\theta}\,\frac{b}{\lVert b\rVert}\right)$$
#
# Here $\theta$ is the angle between $a$ and $b$, in radians. a and b are float32 (N, z_dim) without zero rows, t is (N,). Where $\sin\theta$ is below 0.001 there is no arc, because $a$ and $b$ have almost the same direction or the opposite one: return the point on the straight line, $(1-t)\,a + t\,b$.
#
# You practise: formulas on rows, and a case where a formula divides by 0.
#
# <details><summary>Hint 1</summary>The cosine of the angle is the inner product of the two unit vectors. Rounding can make it larger than 1; what does arccos return then?</details>
# <details><summary>Hint 2</summary><code>torch.nn.functional.normalize</code> makes unit vectors, <code>clamp</code> repairs the cosine, <code>torch.where</code> chooses row by row. Give t, the lengths and the angle the shape (N, 1).</details>


# %% exercise="slerp"
def slerp(a: torch.Tensor, b: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Return the points at t (N,) in [0, 1] on the arcs from a to b, all (N, z_dim)."""
    ### BEGIN SOLUTION
    t = t[:, None]
    long_a, long_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a, unit_b = a / long_a, b / long_b
    angle = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1).arccos()
    arc = (((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b) / angle.sin()
    straight = (1 - t) * a + t * b
    return torch.where(angle.sin() < 1e-3, straight, arc * ((1 - t) * long_a + t * long_b))
    ### END SOLUTION


# %%
first, second = training.noise(G, 2, seed=21)
t = torch.linspace(0, 1, 12)
line = torch.lerp(first, second, t[:, None])
arc = slerp(first.expand(12, -1), second.expand(12, -1), t)
pictures = torch.cat([draw(line), draw(arc)])
display(figures.image_grids({"the same two ends": pictures}, columns=12, rows=["line", "arc"]))

# %% [markdown]
# Both rows begin and end alike. Do you see a difference in the middle? With single walks you cannot decide anything. So draw many points halfway, and compare these sets with real digits, as in lesson 4. Precision is the share of the fakes that lie near a real digit, recall the share of the real digits that lie near a fake. *Unsure* is the share of the pictures to whose likeliest class the classifier gives a probability below 90 %.
#
# *Predict*: which of the two sets halfway is closer to the real digits? Which has the higher precision?

# %%
N = gancourse.budget(quick=300, cpu=5_000, gpu=5_000)
read_digits = features.digits()
real = metrics.real("mnist", N, read_digits)


def measure(name, z):
    """Print how the digits of noise (N, 64) compare with N real ones."""
    f, probabilities = read_digits(draw(z))
    distance = metrics.frechet_distance(f, real.test)
    precision, recall = metrics.precision_recall(real.test, f)
    unsure = (probabilities.max(1).values < 0.9).double().mean()
    print(
        f"{name:>20} {z.norm(dim=1).mean():8.1f} {distance:14.1f} {precision:11.2f} {recall:8.2f} {unsure:9.0%}"
    )


TITLE = f"{'':20}   length   Fréchet dist.   precision   recall   unsure"
print(TITLE)
a, b = training.noise(G, 2 * N, seed=0).chunk(2)
half = torch.full((N,), 0.5)
measure("random noise", a)
measure("halfway on the arc", slerp(a, b, half))
measure("halfway on the line", (a + b) / 2)
measure("noise, times √½", a * 0.5**0.5)
print(f"floor of the Fréchet distance: {real.floor:.1f}")
grids = {"halfway on the arc": slerp(a, b, half)[:24], "halfway on the line": (a + b)[:24] / 2}
display(figures.image_grids({title: draw(z) for title, z in grids.items()}))

# %% [markdown]
# The straight line is worse by far: halfway on it the Fréchet distance is 90.2, on the arc 14.6, and for random noise 14.2. On the arc the points are as good as random noise.
#
# The last row shows the reason. It has nothing to do with lines: random noise that is made shorter by the same factor gives nearly the same numbers. Short noise has a *higher* precision than random noise, 0.84 instead of 0.73, and a lower recall. By these two numbers its digits are plausible, but less varied. But many of them are faint, and the share of *unsure* pictures rises from 14 % to 20 %. Lesson 4 warned that precision on these features can mislead. The next section makes the noise shorter still.

# %% [markdown]
# ## 8.3 Truncation
#
# You can also draw short noise on purpose. This is the **truncation trick** (Marchesi 2017; Brock et al. 2019, section 3.1): draw every number again until it lies within a limit. Many papers use it to show better-looking samples.

# %% [markdown]
# ### Exercise 2 · `truncated_noise`
# ●●○ · 8 minutes
#
# Write it: `truncated_noise(n, z_dim, limit)` returns noise (n, z_dim), float32. Every number is drawn from N(0, 1); every number outside $[-\text{limit}, \text{limit}]$ is drawn again, as often as necessary.
#
# You practise: drawing from a distribution that torch does not offer.
#
# <details><summary>Hint 1</summary>Which numbers must be drawn again? After the second draw some of them may be outside again.</details>
# <details><summary>Hint 2</summary>Draw all numbers once. While any is outside, make a mask of them and give these places new numbers of <code>torch.randn</code>. <code>mask.sum()</code> says how many.</details>


# %% exercise="truncated_noise"
def truncated_noise(n: int, z_dim: int, limit: float) -> torch.Tensor:
    """Return noise (n, z_dim) from N(0, 1), in which every number outside [-limit, limit] was drawn again."""
    ### BEGIN SOLUTION
    z = torch.randn(n, z_dim)
    while (outside := z.abs() > limit).any():
        z[outside] = torch.randn(int(outside.sum()))
    return z
    ### END SOLUTION


# %% [markdown]
# *Predict*: what happens to precision, recall and the Fréchet distance as the limit falls?

# %%
torch.manual_seed(0)
print(TITLE)
measure("no limit", truncated_noise(N, 64, torch.inf))
for limit in (2.0, 1.5, 1.0, 0.7, 0.5):
    measure(f"limit {limit}", truncated_noise(N, 64, limit))

# %%
torch.manual_seed(1)
grids = {"no limit": draw(truncated_noise(32, 64, torch.inf))}
grids |= {f"limit {limit}": draw(truncated_noise(32, 64, limit)) for limit in (1.0, 0.5)}
display(figures.image_grids(grids))

short, probabilities = read_digits(draw(truncated_noise(N, 64, 0.5)))
shares = torch.bincount(probabilities.argmax(1), minlength=10) / N
often = ", ".join(
    f"{digit}: {shares[digit]:.0%}" for digit in shares.argsort(descending=True)[:3].tolist()
)
print(f"limit 0.5, read by the classifier as {often}")
lengths = (real.test.norm(dim=1).mean(), short.norm(dim=1).mean())
print("length of a feature vector: real digits {:.0f}, limit 0.5 {:.0f}".format(*lengths))
near = torch.cdist(real.test, real.test).kthvalue(4, dim=1).values  # radii of the balls of 4.6
inside = (torch.cdist(short, real.test) <= near).double().mean(0)
print(f"share of them in the ball of one real digit: {inside.max():.0%}")

# %% [markdown]
# Precision rises to 0.99, and recall falls to 0.16: truncation pays for precision with variety. The Fréchet distance rises at every limit.
#
# But look at the pictures. With a limit of 0.5 they are grey and blurred, and the classifier reads nearly all of them as 9, 3 or 5. It is unsure about 52 % of them instead of 14 %. This is not "better-looking". We think that precision is near 1 for the reason given in 4.6: blurred digits have short feature vectors, and 64 % of them lie in the ball of one single real digit.
#
# So for our generator truncation does not make better pictures. Other generators differ: Brock et al. (2019) report that it improves the pictures of some of their large generators and spoils those of others. They added a penalty on the weights in training, so that more generators tolerate it. In training no generator sees noise near 0. Some draw well there all the same; ours does not, and we do not know why.

# %% [markdown]
# ## 8.4 Directions of most change
#
# A picture is determined by 64 numbers, but nothing in the training gives single numbers of $z$ a meaning. Along which directions does the picture change most?
#
# **GANSpace** (Härkönen et al. 2020) looks at the activations inside $G$. Compute the activations of a hidden layer for many noise vectors, and find their **principal components**: the directions in which they vary most. Then carry each component back to the noise: average the noise vectors, each weighted by how far its activations lie along the component.

# %% [markdown]
# ### Exercise 3 · `activation_directions`
# ●●○ · 12 minutes
#
# Write it: `activation_directions(activations, z, k)` returns k directions in the noise, (k, z_dim), each of length 1. Row $j$ of activations (N, d) belongs to row $j$ of z (N, z_dim).
#
# 1. Find the first k principal components of the activations: the k directions with the largest variance, largest first.
# 2. Component $i$ has a coordinate for each image, $x_{ji}$: the inner product of image $j$'s activations, minus their mean over all images, with component $i$.
# 3. Direction $i$ is $\sum_j x_{ji}\, z_j$, divided by its length. Its sign is arbitrary.
#
# You practise: principal components, and carrying them back to the noise.
#
# <details><summary>Hint 1</summary>Principal components are eigenvectors of a covariance matrix, or singular vectors of the centred activations. In which order does your function return them?</details>
# <details><summary>Hint 2</summary><code>torch.linalg.svd(centred, full_matrices=False)</code> returns U, S, Vh: the rows of Vh are the components, largest first. The coordinates are centred @ Vh.T.</details>


# %% exercise="activation_directions"
def activation_directions(activations: torch.Tensor, z: torch.Tensor, k: int) -> torch.Tensor:
    """Return k unit directions (k, z_dim) in z (N, z_dim) that move along the principal components of activations (N, d)."""
    ### BEGIN SOLUTION
    centred = activations - activations.mean(0)
    components = torch.linalg.svd(centred, full_matrices=False).Vh[:k]  # (k, d)
    coordinates = centred @ components.T  # (N, k)
    return torch.nn.functional.normalize(coordinates.T @ z, dim=1)
    ### END SOLUTION


# %%
z = training.noise(G, 2_000, seed=0)
with torch.no_grad():
    activations = G.body[:3](z)  # (2000, 256): after the first hidden layer
found = activation_directions(activations, z, 8)
chance = torch.nn.functional.normalize(training.noise(G, 8, seed=99), dim=1)


@torch.no_grad()
def change(direction, step=2.0):
    """Return the mean squared change of the pixels, -1 to 1, along a direction (64,): 500 pictures, one step."""
    z = training.noise(G, 500, seed=5)
    return (G(z + step * direction) - G(z)).square().mean().item()


for name, group in (("from activations", found), ("at random", chance)):
    print(f"{name:>17}:", " ".join(f"{change(direction):.2f}" for direction in group))

# %%
steps = torch.linspace(-4, 4, 11)
start = training.noise(G, 1, seed=5)
rows = torch.cat([draw(start + steps[:, None] * d) for d in (*found[:3], chance[0])])
names = [f"component {i}" for i in (1, 2, 3)] + ["random"]
display(figures.image_grids({"the same digit, moved by -4 to 4": rows}, columns=11, rows=names))

# %% [markdown]
# One step along a direction from the activations changes the picture on average about three times as much as one along a random direction: 0.18 to 0.31 instead of 0.04 to 0.13. In the figure each component reaches another digit at one end at least. The random direction keeps the 6 until it breaks at the right.
#
# The explorer's *directions of most change* come from another calculation: it moves the noise a little, looks at the pixels, and needs no activations (Wang & Ponce 2021).

# %% [markdown]
# ## 8.5 Does a direction deserve a name?
#
# It is tempting to look at one row of pictures and say: "this direction is slant". Is it true for other digits, too? Then you can measure it:
#
# 1. Compute **statistics** of the pictures, numbers such as slant. For digits the course has five: slant, thickness of the strokes, ink (the mean of all pixels), width, and symmetry.
# 2. Move each of 256 random noise vectors along the direction by a random amount: 1 to 3, forwards or backwards.
# 3. On the first half of the 256 compute the correlation of the amounts with the changes of each statistic, and choose the statistic with the largest one.
# 4. The sign of the correlation predicts for each move whether the statistic rises or falls. Give the name only if the prediction is right in at least 95 % of the moves, on the first half *and* on the second.
#
# The second half was not used to choose. Without it the best of five statistics could look good by chance. (The table shows the correlation on the first half and the share of moves on the second.)

# %%
from gancourse import directions

print(f"{'':17} {'name':>10} {'correlation':>12} {'predicted':>11}")
for group, vectors in (("from activations", found), ("at random", chance)):
    for i, name in enumerate(directions.name_directions(G, vectors)):
        said = name.statistic or "no name"
        print(f"{group:>17} {i + 1} {said:>8} {name.correlation:12.2f} {name.agreement:11.0%}")

more = torch.nn.functional.normalize(training.noise(G, 40, seed=100), dim=1)
named = sum(name.statistic is not None for name in directions.name_directions(G, more))
print(f"of 40 more random directions, {named} earn a name")

# %% [markdown]
# Three of the eight directions from the activations earn a name, and two of these share one: slant. Of the eight random directions none does, of 40 more three do. A correlation of 0.66 looks impressive, but it is not enough: along the third random direction the prediction is wrong in about one move of eleven.
#
# Five of the strong directions have no name. They change something, but nothing that we measure, or different things in different digits. Papers usually show the directions that worked.

# %% [markdown]
# ## 8.6 Arithmetic on noise
#
# You can also start from the property. Take many noise vectors, sort them by the thickness of their digits, and subtract the mean of the thinnest from the mean of the thickest. The result is a vector that points from thin to thick. Radford et al. (2016, section 6.3) used means of three noise vectors, because single ones gave unstable results.

# %% [markdown]
# ### Exercise 4 · `group_direction`
# ●○○ · 5 minutes
#
# Write it: `group_direction(z, values, n)` returns the mean of the n noise vectors with the largest values, minus the mean of the n with the smallest: (z_dim,). z is (N, z_dim), values is (N,): one number for the image of each row, all different; n is at most N.
#
# You practise: choosing rows by another tensor.
#
# <details><summary>Hint 1</summary>You need the numbers of the rows, not the values themselves.</details>
# <details><summary>Hint 2</summary><code>values.argsort()</code> returns row numbers from the smallest value to the largest.</details>


# %% exercise="group_direction"
def group_direction(z: torch.Tensor, values: torch.Tensor, n: int) -> torch.Tensor:
    """Return the mean of the n rows of z (N, z_dim) with the largest values (N,), minus that of the n with the smallest."""
    ### BEGIN SOLUTION
    order = values.argsort()
    return z[order[-n:]].mean(0) - z[order[:n]].mean(0)
    ### END SOLUTION


# %%
from gancourse import appearance

z = training.noise(G, 4_000, seed=1)
thickness = appearance.measure(draw(z))["thickness"]  # pixels
thicker = group_direction(z, thickness, 400)
print(f"length of the difference: {thicker.norm():.2f}; of a noise vector: about 8")

digits = training.noise(G, 12, seed=3)
rows = torch.cat([draw(digits - thicker), draw(digits), draw(digits + thicker)])
display(
    figures.image_grids({"12 digits": rows}, columns=12, rows=["z - thicker", "z", "z + thicker"])
)

# %% [markdown]
# Now with classes. The conditional generator of lesson 5 draws the class that you ask for. Measure the direction on 3s alone: thick 3s minus thin 3s. Then add it to the noise of other classes: "thick 3 minus thin 3 plus 8".
#
# *Predict*: does it make an 8 thicker, although no 8 was used?

# %%
C = pretrained.load("mnist_conditional").generator


def thickness_of(z, digit):
    """Return the thickness, in pixels, of the digits that C draws from noise z (N, 64) for one class: (N,)."""
    images = draw(z, torch.full((len(z),), digit), generator=C)
    return appearance.measure(images)["thickness"]


z = training.noise(C, 2_000, seed=1)
thicker_3 = group_direction(z, thickness_of(z, 3), 200)
others = training.noise(C, 1_000, seed=9)
length = thicker_3.norm()
random = length * torch.nn.functional.normalize(training.noise(C, 20, seed=5), dim=1)
print(f"length of the direction: {length:.2f}. Change of the mean thickness, in pixels:")
print("class   thickness   thick 3 - thin 3   20 random vectors of this length")
for digit in range(10):
    before = thickness_of(others, digit).mean()
    change_3 = thickness_of(others + thicker_3, digit).mean() - before
    by_chance = torch.stack([thickness_of(others + v, digit).mean() - before for v in random])
    print(
        f"{digit:5} {before:11.2f} {change_3:+18.2f} {by_chance.min():+20.2f} to {by_chance.max():+.2f}"
    )

# %% [markdown]
# It does. The direction was measured on 3s, and in every class it adds 1.2 to 2.1 pixels to the thickness. Random vectors of the same length change it by half a pixel at most. So this generator stores thickness in the same place for all ten classes. We think that this is for the reason of lesson 5.8: the class adds a vector to the first layer, and $W_z z$ is the same for all.
#
# Look at the upper figure again. The thick version of a digit is sometimes another digit: the third one, a 9, becomes a 0. We think that thick and thin digits differ in more than thickness, and that the difference of the means takes all of that along.

# %% [markdown]
# ## 8.7 How smooth is the space?
#
# How much does the picture change for a small step? Take a point on the arc, at $t$, and a point a little further on. Divide the squared change of the features by the squared step in $t$. The mean over many arcs is called the **perceptual path length** (Karras et al. 2019, section 4.1). In spite of its name it is a squared speed. It is a mean: where it is small, short steps change little on average, but single jumps are still possible. Karras et al. use other features, so do not compare their numbers with ours.

# %% [markdown]
# ### Exercise 5 · `path_length`
# ●●○ · 8 minutes
#
# Write it: `path_length(features, a, b, t, step)` returns the mean over N pairs of
#
# $$\frac{\lVert f(\text{slerp}(a, b, t + \text{step})) - f(\text{slerp}(a, b, t))\rVert^2}{\text{step}^2}$$
#
# as a tensor without dimensions. `features` is the function $f$: it takes noise (N, z_dim) and returns (N, d). a and b are (N, z_dim), t is (N,), step is a small number; t + step is at most 1. Use the course's `walks.slerp(a, b, t)`, so that your answer to exercise 1 does not matter here.
#
# You practise: a derivative as a difference, and a mean in the right place.
#
# <details><summary>Hint 1</summary>The square belongs to the whole vector of d numbers of one pair. At which point of the formula do you take the mean over pairs?</details>
# <details><summary>Hint 2</summary>Two calls of <code>features</code>; sum the squared difference over dim 1; divide by the square of step; take the mean.</details>


# %% exercise="path_length"
def path_length(
    features, a: torch.Tensor, b: torch.Tensor, t: torch.Tensor, step: float
) -> torch.Tensor:
    """Return how fast features (N, z_dim) -> (N, d) change along arcs from a to b (N, z_dim), at t (N,): a 0-d mean."""
    ### BEGIN SOLUTION
    here, ahead = features(walks.slerp(a, b, t)), features(walks.slerp(a, b, t + step))
    return (ahead - here).square().sum(1).mean() / step**2
    ### END SOLUTION


# %%
classifier, _ = pretrained.load_classifier()
torch.manual_seed(0)
a, b = torch.randn(2, N, 64)
t = torch.rand(N)
card = pretrained.read_card("mnist_better")
print("stage   path length   variance of the features   Fréchet distance (10,000 images)")
for number, stage in enumerate(card["stages"], start=1):
    generator = pretrained.load("mnist_better", stage=number).generator

    @torch.no_grad()
    def of_noise(z, generator=generator):
        return classifier.features(generator(z))

    length = path_length(of_noise, a, b, t, step=1e-2)
    variance = of_noise(a).var(0).sum()
    distance = stage["metrics"]["frechet_digit_features"]
    print(f"{number:5} {length:13,.0f} {variance:26,.0f} {distance:18.1f}")

# %% [markdown]
# The path becomes *longer* with training, from 1,018 to 17,960, while the distance falls from 1,000.2 to 12.8. (Section 8.2 measured 14.2 for the last stage, because it compared fewer images.) The variance of the features grows, too, from 180 to 1,318. So part of the longer path may be variety, which you want. A generator that draws the same picture for every noise vector has path length 0.
#
# So a short path alone is no sign of quality. Compare path lengths only between generators whose pictures are about equally good and equally varied.

# %% [markdown]
# ## 8.8 What the class leaves to the noise
#
# In lesson 5 the label decided which digit appears, and the noise decided slant and thickness. How much does each decide? Draw every class with the same noise vectors. Then split the variance of the features: one part lies between the class means, the rest lies within the classes.

# %% [markdown]
# ### Exercise 6 · `class_share`
# ●●○ · 8 minutes
#
# Write it: `class_share(features)` returns the share of the variance that the class explains, a tensor without dimensions, from 0 to 1. `features` (classes, n, d) holds the features of every class with the same n noise vectors: `features[y, j]` belongs to $G(z_j, y)$.
#
# The total is the mean squared distance of all feature vectors from their overall mean. The class's part is the mean squared distance of the class means from the overall mean. Return the part divided by the total.
#
# You practise: means over the right dimensions.
#
# <details><summary>Hint 1</summary>A class mean is a vector of d numbers. How many of them are there?</details>
# <details><summary>Hint 2</summary>A mean over the second dimension gives (classes, d), a mean over the first two gives (d,). A squared distance is a sum over the last dimension.</details>


# %% exercise="class_share"
def class_share(features: torch.Tensor) -> torch.Tensor:
    """Return the share of the variance of features (classes, n, d) that lies between the class means, a 0-d tensor."""
    ### BEGIN SOLUTION
    overall = features.mean((0, 1))
    total = (features - overall).square().sum(2).mean()
    between = (features.mean(1) - overall).square().sum(1).mean()
    return between / total
    ### END SOLUTION


# %%
n = gancourse.budget(quick=50, cpu=500, gpu=500)
z = training.noise(C, n, seed=2)
test = datasets.load("mnist", "test")
each = min(torch.bincount(test.labels).min().item(), 800)
generated = [draw(z, torch.full((n,), y), generator=C) for y in range(10)]
real_digits = [test.images[test.labels == y][:each] for y in range(10)]
print("share that the class explains   of the features   of the pixels")
for name, classes in (("generated", generated), ("real test digits", real_digits)):
    of_features = class_share(torch.stack([read_digits(images)[0] for images in classes]))
    of_pixels = class_share(torch.stack([images.flatten(1).double() for images in classes]))
    print(f"{name:>29} {of_features:17.0%} {of_pixels:15.0%}")

# %% [markdown]
# The class explains 67 % of the variance of the features, for generated digits as for real ones, and 22 and 21 % of that of the pixels. So in generated digits the class decides as large a share as in real ones, and the noise decides the rest.
#
# We think that the two numbers differ because the features come from a classifier: it was trained to tell classes apart, and to ignore the rest.

# %% [markdown]
# ## 8.9 Inversion: the noise of a given picture
#
# Until now the noise came first. **Inversion** goes the other way: given a picture $x$, find the noise vector $z$ for which $G(z)$ is as like $x$ as possible. $G$ stays as it is; you optimise its input:
#
# $$z^* = \arg\min_z\; \lVert G(z) - x \rVert^2$$
#
# You have done this for one picture in the challenge of lesson 5. Two things make it hard: a search can end in a poor place, and it can leave the typical set, where $G$ was never trained.

# %% [markdown]
# ### Exercise 7 · `invert` · the challenge
# ●●● · 25 minutes
#
# Write it: `invert(G, images)` returns for each image, float32 (N, C, H, W) in [-1, 1], the noise vector whose picture is as like it as possible: (N, z_dim). $G$ maps noise (N, `G.z_dim`) to images.
#
# - For images that $G$ has drawn, the mean squared difference must be below 1 % of that between two random images of $G$; for any other image, at most 1.2 times what the course's answer reaches.
# - No noise vector may be longer than $1.5\sqrt{z_{dim}}$.
# - $G$ draws in eval mode. Afterwards its mode, weights and gradients are as before.
# - You have ten seconds for eight small images.
#
# You practise: optimising an input instead of weights, from a good start.
#
# <details><summary>Hint 1</summary>Gradient descent from one random start may end in a poor place. Random samples are cheap, and the nearest of many is a good start.</details>
# <details><summary>Hint 2</summary>Start each image at the nearest of several hundred samples. Let Adam change z, with the gradient of <code>torch.autograd.grad</code> and a learning rate that falls from 0.1 to 0. After each step shorten what is too long.</details>


# %% exercise="invert"
def invert(G, images: torch.Tensor) -> torch.Tensor:
    """Return noise (N, z_dim) for which G draws images (N, C, H, W) in [-1, 1] as exactly as possible."""
    ### BEGIN SOLUTION
    was_training = G.training
    G.eval()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        guesses = torch.randn(1_000, G.z_dim, generator=random)
        nearest = torch.cdist(images.flatten(1), G(guesses).flatten(1)).argmin(1)
    z = guesses[nearest].clone().requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.1, betas=(0.9, 0.99))
    steps, longest = 300, 1.4 * G.z_dim**0.5
    for step in range(steps):
        error = (G(z) - images).square().mean((1, 2, 3)).sum()
        (z.grad,) = torch.autograd.grad(error, z)
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / steps)
        optimizer.step()
        with torch.no_grad():
            z *= (longest / z.norm(dim=1, keepdim=True)).clamp(max=1)
    G.train(was_training)
    return z.detach()
    ### END SOLUTION


# %% [markdown]
# Now invert test digits, which $G$ has never seen. Compare with three others: the course's search from a single random start for each digit; the nearest of 1,000 random samples, without a search; and **PCA**, the best *linear* code of 64 numbers, fitted on training digits.
#
# *Predict*: which has the smallest error? Whose pictures look most like digits?

# %%
from gancourse import inversion

count = gancourse.budget(quick=6, cpu=40, gpu=40)
wanted = test.images[:count]
labels = test.labels[:count]
x = training.to_unit(wanted)  # (count, 1, 28, 28), -1 to 1

mine = draw(invert(G, x))
one_start = torch.cat(
    [
        inversion.invert(G, image[None], samples=1, starts=1, seed=i).images
        for i, image in enumerate(wanted)
    ]
)
guesses = training.to_unit(draw(training.noise(G, 1_000, seed=0)))
best_sample = training.to_uint8(guesses[torch.cdist(x.flatten(1), guesses.flatten(1)).argmin(1)])

rows = training.to_unit(datasets.load("mnist").images[:10_000]).flatten(1)
mean = rows.mean(0)
components = torch.linalg.svd(rows - mean, full_matrices=False).Vh[:64]  # (64, 784)
by_pca = (x.flatten(1) - mean) @ components.T @ components + mean
by_pca = training.to_uint8(by_pca.clamp(-1, 1).view_as(x))

results = {"your search": mine, "random start": one_start, "nearest": best_sample, "PCA": by_pca}
print(f"{'':>14}   mean squared error   class kept   ({count} test digits)")
for name, images in results.items():
    error = (training.to_unit(images) - x).square().mean()
    kept = (read_digits(images)[1].argmax(1) == labels).double().mean()
    print(f"{name:>14} {error:20.3f} {kept:12.0%}")
shown = torch.cat([wanted[:12], *(images[:12] for images in results.values())])
display(figures.image_grids({"twelve test digits": shown}, columns=12, rows=["wanted", *results]))

# %% [markdown]
# The course's answer has an error of 0.025 and keeps the class of all 40 digits. (Yours may print slightly other numbers.) From one random start the error is 0.032. The nearest sample alone, without a search, has 0.164, and 82 % keep their class.
#
# PCA has 0.031. So on these 40 digits our search with several starts describes unseen digits a little better than the best linear code of 64 numbers, and a search from a single start does not. PCA leaves grey shadows around nearly every digit. Most of $G$'s pictures have a clean background, but where the search ends in a poor place, strokes are broken or specked.
#
# This is not so for every generator. On photographs the course's `cifar10_dcgan` does not beat PCA with 100 numbers (the script `tests/benchmarks/latent.py` measures it). We think that many photographs are unlike anything that it can draw.

# %% [markdown]
# ## 8.10 Play: walk, draw, take home
#
# 1. Choose the sliders *properties*. Press *Map*, choose slant across and thickness down, and drag over the map. Do the properties keep their promise far from the middle?
# 2. Lock *ink* and move *thickness*. What happens to the picture?
# 3. Press *Draw your own* and draw a digit. Then draw a letter, or a smile. What does $G$ make of it?
# 4. Pin three digits, watch the walk, and save it as a GIF.
#
# <details><summary>What we saw</summary>1: near the middle, yes. Towards thick strokes our 5 became a 0, and at the edge towards thin strokes and a slant to the left it fell apart. 2: with the ink locked, our 5 became a 0 as its strokes grew thinner, and a 1 as they grew thicker: the same ink makes long thin strokes or short thick ones. 3: a digit comes back nearly as you drew it. So did the capital letters A, T and E, which $G$ has never seen; an M and a smile came back faint and with gaps. 4: between two digits there is usually a short stretch whose pictures are neither.</details>

# %%
from gancourse.widgets import LatentExplorer

LatentExplorer("mnist_better", seed=12)

# %% [markdown]
# A loop to take home: the walk of the first figure as a GIF, which you can save from the page. Change the seed, or the generator.

# %%
smooth = walks.along(stations[[0, 1, 2, 3, 0]], torch.linspace(0, 4, 97)[:-1])
loop = figures.gif(draw(smooth), milliseconds=50, at_least=112)
display(Image(loop))

# %% [markdown]
# Every generator of the course can be explored on one page: `make explore`. A network that you have trained in another lesson appears there, too, after `from gancourse import runs` and `runs.keep("my digits", generator)`.

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** Two noise vectors of 100 standard normal numbers are drawn independently. How long is the point halfway between them on a straight line, approximately?
#
# - **a** 10, as long as the two.
# - **b** 5, half as long.
# - **c** 7, shorter than nearly every noise vector.
# - **d** 0, because the two cancel.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** You truncate the noise of a generator strongly, and measure its pictures as in 8.3. Which result do you expect, compared with noise that is not truncated?
#
# - **a** Precision rises, recall falls.
# - **b** Precision and recall rise: only bad images are removed.
# - **c** Precision falls, recall rises.
# - **d** Both stay: the generator is the same.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** A friend moves the noise of a digit along one direction and sees the strokes grow thicker. She says: "This direction is thickness." What should she do first?
#
# - **a** Name it: she has seen it.
# - **b** Move other digits the same way, and measure how often their strokes grow thicker.
# - **c** Train the generator again with another seed.
# - **d** Move the same digit further.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. A company lets you upload a portrait, moves it along a direction called "friendly", and shows the result. Name two things that can go wrong on the way from your portrait to the noise and along the direction. What would you measure before you believe the name "friendly"? What would you show to users?
# (4 points, graded by hand: one for each of the two faults, one for the measurement, one for what you would show; a model answer is in `solutions/`.)

# %% [markdown] open="question_4" points=4
# The inversion may end at noise whose picture is not me: the generator cannot draw everything, so it draws the nearest face that it knows. A small error in the pixels does not show this. The direction may change more than it says: in the training pictures friendly faces may also be younger, of one sex, or lit in another way, and a difference of means takes all of that along. I would move many portraits that were not used to find the direction, of different groups of people, and let people who do not know it judge the pictures; the name is earned if the judgement changes as predicted in nearly all moves. I would also measure what else changes, and show the picture that was found beside the original.
#
# *Rubric, one point for each*: the found picture differs from the given one (poor start, or outside of what $G$ can draw) · the direction changes other properties, too, or does not hold for all portraits · a measurement on many held-out portraits with a share or a correlation · the found picture, the error or the uncertainty is shown.

# %% [markdown]
# ## Summary
#
# - A noise vector of many numbers nearly always has about the length $\sqrt{z_{dim}}$. Walk along arcs: the middle of a straight line is too short, and there the pictures are less varied and fainter.
# - Truncation pays for precision with recall. For our generator the pictures also become blurred.
# - Activations, or differences of group means, give directions that change much. A name must be measured, on other pictures than those that suggested it.
# - A short path is a virtue only among generators that are equally good and varied.
# - Inversion searches for the noise whose picture is most like a given one. It finds what the generator can draw, which may be more than you expect, or less.

# %% [markdown]
# **Sources**: Shoemake 1985, *Animating Rotation with Quaternion Curves*, and White 2016, *Sampling Generative Networks*, section 2 (arcs). Wang & Ponce 2021, *A Geometric Analysis of Deep Generative Image Models and Its Applications*, section 2. Marchesi 2017, *Megapixel Size Image Creation using GANs*, and Brock et al. 2019, *Large Scale GAN Training for High Fidelity Natural Image Synthesis*, section 3.1 (truncation). Härkönen et al. 2020, *GANSpace*, section 3. Radford et al. 2016, section 6.3 (arithmetic). Shen et al. 2020, *Interpreting the Latent Space of GANs for Semantic Face Editing* (properties and locks). Karras et al. 2019, *A Style-Based Generator Architecture*, section 4.1 (path length). Lipton & Tripathi 2017, *Precise Recovery of Latent Vectors from GANs* (inversion).
#
# **One step further**: GANSpace can look at any layer. Take the activations after `G.body[:6]`, the second hidden layer, and measure change and names again. Which layer gives more named directions?
