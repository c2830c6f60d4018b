# %% [markdown]
# # 8 · The latent space
#
# TODO opening

# %% start=true
from gancourse import checks, doctor

doctor.check("mnist")

# %%
import torch

from gancourse import pretrained, training

# %% [markdown]
# ### Exercise 1 · `slerp`
# ●●○ · 10 minutes
#
# Write it: `slerp(a, b, t)` returns noise vectors (N, z_dim). Row $i$ lies at `t[i]` in [0, 1] on the arc from `a[i]` to `b[i]`:
#
# $$\Big((1-t)\,\lVert a\rVert + t\,\lVert b\rVert\Big)\left(\frac{\sin((1-t)\,\theta)}{\sin\theta}\,\frac{a}{\lVert a\rVert} + \frac{\sin(t\,\theta)}{\sin\theta}\,\frac{b}{\lVert b\rVert}\right)$$
#
# Here $\theta$ is the angle between $a$ and $b$, in radians. a and b are float32 (N, z_dim) without zero rows, t is (N,). Where $\sin\theta$ is below 0.0001, $a$ and $b$ have almost the same direction: return the point on the straight line, $(1-t)\,a + t\,b$.
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
    return torch.where(angle.sin() < 1e-4, straight, arc * ((1 - t) * long_a + t * long_b))
    ### END SOLUTION


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


# %% [markdown]
# ### Exercise 4 · `group_direction`
# ●○○ · 5 minutes
#
# Write it: `group_direction(z, values, n)` returns the mean of the n noise vectors with the largest values, minus the mean of the n with the smallest: (z_dim,). z is (N, z_dim), values is (N,): one number for the image of each row.
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


# %% [markdown]
# ### Exercise 5 · `path_length`
# ●●○ · 8 minutes
#
# Write it: `path_length(features, a, b, t, step)` returns the mean over N pairs of
#
# $$\frac{\lVert f(\text{slerp}(a, b, t + \text{step})) - f(\text{slerp}(a, b, t))\rVert^2}{\text{step}^2}$$
#
# as a tensor without dimensions. `features` is the function $f$: it takes noise (N, z_dim) and returns (N, d). a and b are (N, z_dim), t is (N,), step is a small number. Use the course's `walks.slerp(a, b, t)`, so that your answer to exercise 1 does not matter here.
#
# You practise: a derivative as a difference, and a mean in the right place.
#
# <details><summary>Hint 1</summary>The square belongs to the whole vector of d numbers of one pair. Where does the mean over pairs come?</details>
# <details><summary>Hint 2</summary>Two calls of <code>features</code>; sum the squared difference over dim 1; divide by the square of step; take the mean.</details>


# %%
from gancourse import walks


# %% exercise="path_length"
def path_length(
    features, a: torch.Tensor, b: torch.Tensor, t: torch.Tensor, step: float
) -> torch.Tensor:
    """Return how fast features (N, z_dim) -> (N, d) change along arcs from a to b (N, z_dim), at t (N,): a 0-d mean."""
    ### BEGIN SOLUTION
    here, ahead = features(walks.slerp(a, b, t)), features(walks.slerp(a, b, t + step))
    return (ahead - here).square().sum(1).mean() / step**2
    ### END SOLUTION


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
# <details><summary>Hint 2</summary><code>features.mean(1)</code> are the class means, <code>features.mean((0, 1))</code> is the overall mean. A squared distance is a sum over the last dimension.</details>


# %% exercise="class_share"
def class_share(features: torch.Tensor) -> torch.Tensor:
    """Return the share of the variance of features (classes, n, d) that lies between the class means, a 0-d tensor."""
    ### BEGIN SOLUTION
    overall = features.mean((0, 1))
    total = (features - overall).square().sum(2).mean()
    between = (features.mean(1) - overall).square().sum(1).mean()
    return between / total
    ### END SOLUTION


# %% [markdown]
# ### Exercise 7 · `invert` · the challenge
# ●●● · 25 minutes
#
# Write it: `invert(G, images)` returns one noise vector for each image, (N, z_dim), so that $G$ of it is as like the image as possible. images is float32 (N, C, H, W) in [-1, 1]; $G$ maps noise (N, `G.z_dim`) to such images.
#
# - For an image that $G$ has drawn itself, the mean squared difference must fall below 1 % of that between two random images of $G$.
# - For any other image it must be at most 1.2 times what the course's answer reaches.
# - No noise vector may be longer than $1.5\sqrt{z_{dim}}$.
# - $G$ draws in eval mode. Afterwards everything about it is as before: its mode, its weights and their gradients.
# - You have ten seconds for eight images.
#
# You practise: optimising an input instead of weights, from a good start.
#
# <details><summary>Hint 1</summary>Gradient descent from one random start often ends in a poor place. A hundred random samples cost as much as a hundred steps, and one of them is already near.</details>
# <details><summary>Hint 2</summary>For each image take the best of several hundred samples as its start. Then let Adam change z, with the gradient of <code>torch.autograd.grad</code>, a learning rate of about 0.1 that falls to 0. After each step shorten what has become too long.</details>


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
# **Question 2.** You truncate the noise strongly before you measure a generator. Which result do you expect, compared with untruncated noise?
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
