# %% [markdown]
# # 2 · The minimax loss, and games that do not want to end
#
# Two players argue about one number. This lesson works out what each of them wants, what the best answer of one leaves to the
# other, and why two players who both do the right thing may run in circles.
#
# **You will be able to**
#
# - derive the best discriminator and what is left for the generator, and check both with numbers;
# - say why the generator is not trained on the minimax loss, and what a loss of log 4 means;
# - explain, with a game of two numbers, why GAN training may not converge, and what R1 does about it.
#
# **Time**: 80 minutes, nine exercises among them. Every cell runs in seconds on a CPU, but for that of 2.10, which trains for about a minute.
#
# **Builds on**: lesson 1. Words of the trade are in the [glossary](../README.md#glossary).
#
# The first cell looks whether everything is there. If it names a problem, do what the arrow says and run it again.

# %%
from gancourse import checks, doctor

doctor.check()

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
# ## 2.1 One number, two wishes
#
# $D(x)$ is a probability: how sure is the discriminator that $x$ is real? The game is about the *value*
#
# $$V(D, G) = \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))].$$
#
# $\mathbb{E}$ is the average over draws. The first term is high, near 0, if $D$ is sure of real samples; the second, if $D$ is
# sure that fakes are fake. So $D$ **maximises** $V$, and $G$, which can only touch the second term, **minimises** it:
#
# $$\min_G \max_D V(D, G).$$
#
# That is the minimax game. *Predict*: how large is $V$ for a $D$ that says one half to everything?

# %% [markdown]
# ### Exercise 1 · `value`
# ●○○ · 4 minutes
#
# Write $V$ for two batches of probabilities: `value(d_real, d_fake)`, D's answers to n real samples and to m fakes, shapes (n,) and
# (m,), all between 0 and 1 → one number, in nats: log is the natural logarithm, in this lesson always.
#
# It tests: which player gets what, and what an expectation is in code.
#
# <details><summary>Hint 1</summary>Two means, added. The counts n and m may differ, so each mean is taken by
# itself.</details>
# <details><summary>Hint 2</summary><code>d_real.log().mean()</code> is the first; the second has
# <code>1 - d_fake</code> inside.</details>

# %%
import math

import torch


# %% exercise="value"
def value(d_real: torch.Tensor, d_fake: torch.Tensor) -> torch.Tensor:
    """Return V(D, G) for D's probabilities on real samples (n,) and on fakes (m,)."""
    ### BEGIN SOLUTION
    return d_real.log().mean() + (1 - d_fake).log().mean()
    ### END SOLUTION


# %% compared=true
half = torch.full((10,), 0.5)
print(
    f"D guesses:             V = {float(value(half, half)):.6f}, and -log 4 is {-math.log(4):.6f}"
)
print(f"D is 99 % sure, right: V = {float(value(half + 0.49, half - 0.49)):.6f}")
print(f"D is 99 % sure, wrong: V = {float(value(half - 0.49, half + 0.49)):.6f}")

# %% [markdown]
# ## 2.2 The best discriminator
#
# Hold $G$ still. Write $p$ for the density of the data at some $x$ and $q$ for that of the fakes. What should $D$ answer there? Its
# share of $V$ at this $x$ is
#
# $$f(D) = p \log D + q \log(1 - D).$$
#
# The derivative is $p / D - q / (1 - D)$. It is 0 where $p\,(1 - D) = q\,D$, and so
#
# $$D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)}.$$
#
# $f$ bends downwards everywhere, so this is a maximum. $D^*$ is no mystery: it is the share of the data among all that is
# found at $x$. Lesson 1 used it the other way round, to get a density ratio out of a classifier.

# %% [markdown]
# ### Exercise 2 · `best_discriminator`
# ●○○ · 3 minutes
#
# Write it: `best_discriminator(p, q)` with the densities of data and fakes at the same places, two tensors of one shape (a number, a vector or a
# table) → $D^*$ there. One of the two may be 0, never both.
#
# It tests: what the perfect judge would say.
#
# <details><summary>Hint 1</summary>What must come out where p = q? Where q = 0?</details>
# <details><summary>Hint 2</summary>The formula above, as it stands.</details>


# %% exercise="best_discriminator"
def best_discriminator(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """Return D* for the densities p of the data and q of the fakes."""
    ### BEGIN SOLUTION
    return p / (p + q)
    ### END SOLUTION


# %%
import matplotlib.pyplot as plt

from gancourse import figures

D = torch.linspace(0.01, 0.99, 99)
figure, ax = plt.subplots(figsize=(7, 2.8))
for p, q, colour, line in ((0.3, 0.1, figures.BLUE, "-"), (0.2, 0.2, figures.VERMILION, "--")):
    f = p * D.log() + q * (1 - D).log()
    best = float(best_discriminator(torch.tensor(p), torch.tensor(q)))
    ax.plot(D, f, line, color=colour, label=f"p = {p}, q = {q}: best at {best:.2f}")
    ax.plot(best, p * math.log(best) + q * math.log(1 - best), "o", color=colour)
ax.set(xlabel="D", ylabel="p log D + q log(1 - D)")
ax.legend()
plt.show()

# %% [markdown]
# ## 2.3 What is left for the generator
#
# Suppose $D$ always plays its best. Then $G$ minimises $V(D^*, G)$, and that depends on the two densities alone:
#
# $$V(D^*, G) = \int p \log \frac{p}{p + q} + q \log \frac{q}{p + q} \; dx = -\log 4 + 2\, JS(p, q).$$
#
# $JS$ is the *Jensen-Shannon divergence*: with the mixture $m = (p + q) / 2$ it is half of $\int p \log \frac{p}{m}\,dx$ plus half of
# $\int q \log \frac{q}{m}\,dx$. To see the second equality, write $\frac{p}{p + q} = \frac{1}{2} \cdot \frac{p}{m}$: the factors $\frac{1}{2}$ give $-\log 2$ twice. $JS$ is 0 only if $p = q$ and never above
# $\log 2$. So the best that $G$ can do is $p_g = p_{data}$, and then $V = -\log 4$.
#
# On a grid with step $dx$ the integral is a sum times $dx$. Where $p$ is 0 its term counts 0.

# %% [markdown]
# ### Exercise 3 · `value_at_best`
# ●●○ · 7 minutes
#
# Write it: `value_at_best(p, q, dx)` with both densities on a grid, shape (n,), and the step of the grid → $V(D^*, G)$, one number. There
# may be places where p, q, or both are 0.
#
# It tests: the formula above, and $0 \log 0$.
#
# <details><summary>Hint 1</summary><code>0 * torch.log(0)</code> is not a number. <code>torch.xlogy(p, d)</code> is p log d with
# 0 log 0 = 0.</details>
# <details><summary>Hint 2</summary>With <code>both = (p + q).clamp_min(1e-30)</code>:
# <code>torch.xlogy(p, p / both) + torch.xlogy(q, q / both)</code>, summed, times dx. (1 − D* instead of q / (p + q) would be
# rounded to 0 where D* is nearly 1.)</details>


# %% exercise="value_at_best"
def value_at_best(p: torch.Tensor, q: torch.Tensor, dx: float) -> torch.Tensor:
    """Return V(D*, G) for densities (n,) on a grid with step dx."""
    ### BEGIN SOLUTION
    both = (p + q).clamp_min(1e-30)
    return (torch.xlogy(p, p / both) + torch.xlogy(q, q / both)).sum() * dx
    ### END SOLUTION


# %% [markdown]
# Data from $\mathcal{N}(0, 1)$, fakes from $\mathcal{N}(\mu, 1)$. *Predict*: what happens to $V(D^*, G)$ while $\mu$ goes from 0 to 8?
# And to its slope, which is what $G$ would follow?


# %% compared=true
def normal(x, mean=0.0, spread=1.0):
    return torch.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))


x = torch.arange(-12, 20, 0.01, dtype=torch.float64)
print(" mu     V(D*, G)        JS    slope of V in mu")
for mu in (0, 1, 2, 4, 8):
    v, more = (float(value_at_best(normal(x), normal(x, m), 0.01)) for m in (mu, mu + 0.001))
    print(f"{mu:3}   {v:10.6f}  {(v + math.log(4)) / 2:8.6f}   {(more - v) / 0.001:10.6f}")

# %% [markdown]
# The last line is the trouble in one number. At $\mu = 8$ the two hardly overlap, $V$ sits at 0, and so does its slope: a generator
# that is far off learns next to *nothing* from a perfect discriminator. A better $D$ is not always a better teacher.

# %% [markdown]
# ## 2.4 From the value to a loss
#
# Optimisers minimise, so $D$ gets $-V$. And networks return a logit $a$, with $D = \sigma(a)$; then
# $-\log D = \text{softplus}(-a)$ and $-\log(1 - D) = \text{softplus}(a)$, where $\text{softplus}(a) = \log(1 + e^a)$. So $-V$ is what
# every library calls *binary cross-entropy with logits*, with the label 1 for real and 0 for fake, summed over the two kinds.

# %%
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

torch.manual_seed(0)
real_logits, fake_logits = torch.randn(1000) + 1, torch.randn(1000) - 1
bce = binary_cross_entropy_with_logits
print("-V:          ", -float(value(real_logits.sigmoid(), fake_logits.sigmoid())))
print("softplus:    ", float(softplus(-real_logits).mean() + softplus(fake_logits).mean()))
real_half = bce(real_logits, torch.ones(1000))
print("cross-entropy:", float(real_half + bce(fake_logits, torch.zeros(1000))))

# %% [markdown]
# What do such numbers mean in a training run? A $D$ that says one half everywhere has a summed loss of $\log 4 = 1.386$ and is right half of the
# time. The best $D$ does so where $p_g = p_{data}$. A $D$ that has learnt nothing does so, too. **The loss of $D$ tells how the game
# stands, not how good the fakes are.** (Some programs print the mean of the two halves instead of their sum: then it is
# $\log 2 = 0.693$.)

# %% [markdown]
# ## 2.5 Two losses for the generator
#
# $G$ should minimise the second term of $V$, the mean of $\log(1 - D(G(z)))$. At the beginning its fakes are bad and $D$ is sure of
# them: $D$ near 0, the logit $a$ far below 0. How steep is the loss there? In the logit, by the chain rule,
#
# $$\frac{d}{da} \log(1 - \sigma(a)) = -\sigma(a), \qquad \frac{d}{da} \big({-\log \sigma(a)}\big) = -(1 - \sigma(a)).$$
#
# The first slope dies just where $G$ needs it most: that loss is called *saturating*. The second loss, $-\log D(G(z))$, wants
# the same thing, that fakes are taken for real, and is steep where $D$ is sure of a fake. It is called *non-saturating*, and it
# is what nearly everybody trains with. It is no longer the other side of the same $V$: the two players now have two different
# losses.

# %% [markdown]
# ### Exercise 4 · `generator_losses`
# ●○○ · 4 minutes
#
# Write both: `generator_losses(fake_logits)` with logits of shape (n,) → a tuple, the saturating loss first: the means of
# $\log(1 - D)$ and of $-\log D$. Right for logits of ±100 as well.
#
# It tests: two signs in two places.
#
# <details><summary>Hint 1</summary>Section 2.4 writes both logarithms as a softplus. The first loss is negative, the
# second positive.</details>
# <details><summary>Hint 2</summary><code>-softplus(fake_logits).mean()</code> is the first.</details>


# %% exercise="generator_losses"
def generator_losses(fake_logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the saturating and the non-saturating loss of G for logits (n,)."""
    ### BEGIN SOLUTION
    return -softplus(fake_logits).mean(), softplus(-fake_logits).mean()
    ### END SOLUTION


# %% [markdown]
# ### Exercise 5 · `generator_slopes`
# ●○○ · 4 minutes
#
# Write the two derivatives in the logit: `generator_slopes(fake_logits)` with logits of shape (n,) → a tuple of two tensors (n,), for the
# saturating loss first. Each logit by itself, no mean.
#
# It tests: where a loss pulls and where it sleeps.
#
# <details><summary>Hint 1</summary>Both stand above, and both are negative: each loss falls when the logit rises.</details>
# <details><summary>Hint 2</summary><code>-fake_logits.sigmoid()</code> is the first.</details>


# %% exercise="generator_slopes"
def generator_slopes(fake_logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the derivatives of log(1 - D) and of -log D in each logit, two tensors (n,)."""
    ### BEGIN SOLUTION
    return -fake_logits.sigmoid(), -(-fake_logits).sigmoid()
    ### END SOLUTION


# %% compared=true
print("     a   saturating: loss, slope   non-saturating: loss, slope")
for a in (-10.0, -3.0, 0.0, 3.0):
    logit = torch.tensor([a])
    (l1, l2), (s1, s2) = generator_losses(logit), generator_slopes(logit)
    print(f"{a:6.1f}   {float(l1):9.5f}  {float(s1):10.3g}     {float(l2):9.5f}  {float(s2):10.5f}")

# %% [markdown]
# At $a = -10$ the non-saturating loss pulls 22,000 times harder. Now see it: blue is the data, orange is what the generator
# draws, the arrows show where its loss pulls the fakes. Try this:
#
# 1. Move the generator far away, mean 6, with the saturating loss. Where are the arrows? Switch to the non-saturating one.
#    (*Play* brings $G$ home with either: Adam divides each slope by its usual size, so that a tiny slope still gives full steps.)
# 2. Mean 0, width 1: what do $D^*$, $V$ and both losses say? Compare with $-\log 4$ and $\log 2$.
# 3. *Two bumps*, and a narrow generator in the middle, mean 0 and width 0.5: where do the arrows point? *Play*: does $G$ get
#    wider, with either loss?
# 4. Set *D* to *learnt* and press *Play*: now $D$ is a small network that trains along. Does it settle?

# %%
from gancourse.widgets import LineGame

LineGame()

# %% [markdown]
# ## 2.6 A judge who is never quite sure
#
# A $D$ that is certain is a bad teacher. *One-sided label smoothing* gives real samples the target $t = 0.9$ instead of 1; that of
# fakes stays 0. At one $x$ the loss is then
#
# $$-p\,\big(t \log D + (1 - t) \log(1 - D)\big) - q \log(1 - D).$$
#
# Collect what stands before $\log D$, which is $t\,p$, and before $\log(1 - D)$, which is $(1 - t)\,p + q$, and proceed as in 2.2.

# %% [markdown]
# ### Exercise 6 · `smoothed_best`
# ●○○ · 4 minutes
#
# Write the best $D$ of this loss: `smoothed_best(p, q, target)` with densities of one shape, not both 0 anywhere → $D$ there.
#
# It tests: what smoothing does to the perfect judge.
#
# <details><summary>Hint 1</summary>In 2.2 the answer was: what stands before log D, divided by the sum of what stands before the
# two logarithms.</details>
# <details><summary>Hint 2</summary>The sum is t p + (1 − t) p + q = p + q.</details>


# %% exercise="smoothed_best"
def smoothed_best(p: torch.Tensor, q: torch.Tensor, target: float) -> torch.Tensor:
    """Return the best D where real samples have the label `target` and fakes 0."""
    ### BEGIN SOLUTION
    return target * p / (p + q)
    ### END SOLUTION


# %% compared=true
d = float(smoothed_best(torch.tensor(0.3), torch.tensor(0.3), 0.9))
print(f"where p = q:  D = {d:.2f}")
print(f"summed loss:  {-(0.9 * math.log(d) + 0.1 * math.log(1 - d)) - math.log(1 - d):.6f}")
print(f"G's loss:     {-math.log(d):.6f}")

# %% [markdown]
# At a draw $D$ now says 0.45, its summed loss is 1.376 instead of 1.386, and $G$'s 0.799 instead of 0.693. Who reads a loss curve must
# know how it was computed. (Were the fakes' target raised, too, to $s$, then $s\,q$ would stand in the numerator, and where there are only fakes
# $D$ would still say $s$: a reward for staying there.)

# %% [markdown]
# ## 2.7 Taking turns
#
# In theory $D$ is at its best before $G$ moves. In practice the two take turns, one small step each:
#
# | in words | in code |
# |---|---|
# | for each step: | `for step in range(steps):` |
# | draw real samples and noise | `real, z = batch(), noise()` |
# | $D$'s loss $-V$; the fakes are cut off from $G$ | `loss = d_loss(D(real), D(G(z).detach()))` |
# | $D$ goes against its slope | `opt_D.zero_grad(); loss.backward(); opt_D.step()` |
# | draw fresh noise: $G$ is to please $D$ with fakes that $D$ was not just fitted to | `z = noise()` |
# | $G$'s loss, against the $D$ that has just moved | `loss = g_loss(D(G(z)))` |
# | $G$ goes against its slope, through $D$ | `opt_G.zero_grad(); loss.backward(); opt_G.step()` |

# %% [markdown]
# `d_loss` is $-V$ (2.4), `g_loss` the non-saturating loss (2.5), both on logits. `backward()` adds each weight's slope to its `.grad`, `step()` moves the
# weights of *one* player, `zero_grad()` clears their slopes.
#
# `detach()` cuts the gradient off: in $D$'s turn $G$ is not to learn. In $G$'s turn the gradient must pass *through* $D$, or $G$ would not know
# where to go. $D$ gets gradients then, too, and does not step; `zero_grad()` removes them before its next turn.

# %% [markdown]
# The smallest GAN there is has one number for each player. The data is a single point, 0. $G$ draws a single point, $\theta$. $D$ is a
# straight line, with the logit $a(x) = \psi x$. So $a = 0$ at the data, whatever $\psi$, and $a = \psi\,\theta$ at the fake:
#
# $$L_D = \text{softplus}(\psi\,\theta) + \log 2, \qquad L_G = \text{softplus}(-\psi\,\theta),$$
#
# with the slopes $\sigma(\psi\theta)\,\theta$ in $\psi$ and $-\sigma(-\psi\theta)\,\psi$ in $\theta$. It is called the *Dirac-GAN*. The perfect end is known: $\theta = 0$, the
# fake on top of the data, and $\psi = 0$, a $D$ with no opinion.

# %% [markdown]
# ### Exercise 7 · `alternating_step`
# ●●○ · 7 minutes
#
# Write one round: `alternating_step(theta, psi, step_size)`, three numbers → the new theta and psi. First $D$ goes against the slope of its
# loss by step_size; then $G$, against the *new* $D$. Python numbers: `math.exp`, or tensors if you like.
#
# It tests: who moves when, and against whom.
#
# <details><summary>Hint 1</summary>Both slopes stand above. σ(a) is 1 / (1 + exp(−a)).</details>
# <details><summary>Hint 2</summary>The first line is <code>psi = psi - step_size * sigmoid(psi * theta) * theta</code>; the second
# uses this psi.</details>


# %% exercise="alternating_step"
def alternating_step(theta: float, psi: float, step_size: float) -> tuple[float, float]:
    """Return theta and psi after one step of D and then one of G, with the non-saturating loss."""
    ### BEGIN SOLUTION
    psi = psi - step_size * theta / (1 + math.exp(-psi * theta))
    theta = theta + step_size * psi / (1 + math.exp(psi * theta))
    return theta, psi
    ### END SOLUTION


# %%
path = [(1.0, 1.0)]
for _ in range(500):
    path.append(tuple(map(float, alternating_step(*path[-1], 0.2))))
for step in (0, 50, 100, 200, 500):
    print(f"step {step:3}: distance from the solution {math.hypot(*path[step]):.4f}")
figure, ax = plt.subplots(figsize=(3.6, 3.6))
ax.plot(*zip(*path, strict=True), color=figures.BLUE, linewidth=0.8)
ax.plot(0, 0, "o", color=figures.VERMILION)
ax.set(xlabel="theta: where the fake lies", ylabel="psi: slope of D")
plt.show()

# %% [markdown]
# ## 2.8 Right moves, wrong ways
#
# Both players do the sensible thing, and together they turn in a spiral. *Why*: where the fake lies to the right of the data, $D$ tilts
# downwards there; $G$ runs left, past the data, since $D$ still says left; $D$ tilts back, too late. The same game with other losses, at once
# (*simultaneous*) or in turns (*alternating*):

# %% compared=true
from gancourse import toys

print("distance from the solution after 500 steps     simultaneous   alternating")
for loss in toys.DIRAC_LOSSES:
    ends = [
        toys.dirac_trajectory(loss, 500, 0.2, alternating=turns)[-1].norm()
        for turns in (False, True)
    ]
    print(f"{loss:44} {ends[0]:14.4f} {ends[1]:13.4f}")

# %% [markdown]
# The start was $\sqrt 2 = 1.414$ away. (*WGAN* takes the logit itself for a loss, without softplus.) Near the solution both sigmoids are one half, so a round of the minimax game
# is $\theta' = \theta + \frac{h}{2}\psi$, $\psi' = \psi - \frac{h}{2}\theta$: a matrix. Its *eigenvalues* say what a round does to the distance: a size
# above 1 and it grows, below 1 and it shrinks. With both players moving at once the eigenvalues of the minimax game are $1 \pm \frac{i h}{2}$ for a step
# size $h$: their size is $\sqrt{1 + h^2 / 4}$, above 1 for *every* $h$. Smaller steps only take longer to get away. Turns make it exactly 1: the
# players circle for ever. (The non-saturating game has the same matrix at the solution; what makes it shrink lies farther out. In turns it comes home, ever more slowly; at once it ends on a circle.)

# %% [markdown]
# Try this in the game below:
#
# 1. Minimax, simultaneous: make the step size smaller, 0.1, then 0.05. Does the distance ever fall? Read the eigenvalues.
# 2. Alternating: what changes? What do the eigenvalues say?
# 3. *R1 gamma* is a brake on $D$; the next section says which. Give it a little strength, and more, and very much.

# %%
from gancourse.widgets import DiracGame

DiracGame()

# %% [markdown]
# ## 2.9 Friction
#
# The spiral has a cause: at the solution $D$ ought to be flat, but nothing makes it so. *R1* does. It punishes $D$ for being steep at real samples:
#
# $$R_1 = \mathbb{E}_{x \sim p_{data}} \lVert \nabla_x\, a(x) \rVert^2, \qquad L_D = -V + \frac{\gamma}{2} R_1.$$
#
# The bars are the length of the gradient, squared: all its entries squared and added. In the Dirac-GAN the slope of $a$ is $\psi$, so the penalty
# is $\frac{\gamma}{2} \psi^2$: friction, which brings the pendulum to rest.
#
# For a network the gradient in $x$ comes from `torch.autograd.grad`. The penalty is itself to be differentiated, by the weights of $D$; so the
# gradient needs a graph of its own: `create_graph=True`.

# %% compared=true
print("distance after 100 steps of minimax     simultaneous   alternating")
for gamma in (0.0, 0.3, 1.0):
    ends = [
        toys.dirac_trajectory("minimax", 100, 0.2, alternating=turns, gamma=gamma)[-1].norm()
        for turns in (False, True)
    ]
    print(f"gamma {gamma:31} {ends[0]:14.4g} {ends[1]:13.4g}")

# %% [markdown]
# ### Exercise 8 · `r1_penalty`
# ●●○ · 7 minutes
#
# Write $R_1$, without $\gamma / 2$: `r1_penalty(D, real)` with a network D that gives logits (N,) for samples real (N, ...) → one number. Its
# gradient must reach D's weights. Leave `real` and D as you found them, the gradients that D had before included.
#
# It tests: a gradient of a gradient.
#
# <details><summary>Hint 1</summary>Each logit depends on its own sample only. So the gradient of the <em>sum</em> of the logits in
# <code>real</code> holds one gradient for each sample.</details>
# <details><summary>Hint 2</summary><code>(gradient,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)</code> for a copy
# of real that wants a gradient; then <code>gradient.square().flatten(1).sum(1).mean()</code>.</details>


# %% exercise="r1_penalty"
def r1_penalty(D, real: torch.Tensor) -> torch.Tensor:
    """Return the mean squared length of the gradient of D's logit at real samples (N, ...)."""
    ### BEGIN SOLUTION
    real = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
    ### END SOLUTION


# %% [markdown]
# ## 2.10 Eight islands
#
# In two dimensions a new way to fail appears. The data: eight small heaps on a circle. A generator that draws *one* of them perfectly fools
# $D$, until $D$ learns that this heap is suspicious; then $G$ moves to the next. It may chase around the ring for ever, or keep to some of
# the heaps and forget the rest. This is **mode collapse**, and no loss shows it: count.

# %% [markdown]
# ### Exercise 9 · `covered_modes`
# ●●○ · 6 minutes
#
# Write the count: `covered_modes(samples, centres, std)` with samples (n, 2) and the centres of the heaps (k, 2) → how many centres have at least
# one sample within 3 std.
#
# It tests: coverage is about the modes, not about the samples.
#
# <details><summary>Hint 1</summary><code>torch.cdist(samples, centres)</code> gives all distances, (n, k). Ask of each column whether any
# entry is small enough.</details>
# <details><summary>Hint 2</summary><code>(distances <= 3 * std).any(0)</code> says yes or no for each centre;
# <code>.sum()</code> counts the yes.</details>


# %% exercise="covered_modes"
def covered_modes(samples: torch.Tensor, centres: torch.Tensor, std: float) -> int:
    """Return how many of the centres (k, 2) have one of the samples (n, 2) within 3 std."""
    ### BEGIN SOLUTION
    return int((torch.cdist(samples, centres) <= 3 * std).any(0).sum())
    ### END SOLUTION


# %% [markdown]
# A GAN for the ring, in full: find every line of section 2.7 in it. It trains with the saturating and the non-saturating loss, without
# and with R1, three times each. *Predict*: which of the four covers all eight?

# %%
from torch import nn

import gancourse

torch.set_num_threads(1)  # for networks this small, a second one waits more than it helps
STEPS = gancourse.budget(quick=100, cpu=2_000, gpu=2_000)
STD = 0.05
centres = toys.ring().modes  # (8, 2), on a circle of radius 1


def train(which_loss, gamma, seed=0):
    """Return 2,500 samples of a generator trained on the ring; which_loss: 0 saturating, 1 non-saturating."""
    torch.manual_seed(seed)
    G = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    D = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    D.append(nn.Flatten(0))  # logits (n,)
    opt_G = torch.optim.Adam(G.parameters(), 1e-3, betas=(0.5, 0.99))
    opt_D = torch.optim.Adam(D.parameters(), 1e-3, betas=(0.5, 0.99))
    for _ in range(STEPS):
        real = centres[torch.randint(8, (128,))] + STD * torch.randn(128, 2)  # D's turn
        fake = G(torch.randn(128, 2)).detach()
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
        penalty = gamma / 2 * r1_penalty(D, real) if gamma else 0
        opt_D.zero_grad()
        (loss + penalty).backward()
        opt_D.step()

        loss = generator_losses(D(G(torch.randn(128, 2))))[which_loss]  # G's turn, with fresh noise
        opt_G.zero_grad()
        loss.backward()
        opt_G.step()
    with torch.no_grad():
        return G(torch.randn(2_500, 2))


# %%
plans = [("saturating", 0, 0.0), ("non-saturating", 1, 0.0)]
plans += [("saturating, R1", 0, 0.1), ("non-saturating, R1", 1, 0.1)]
figure, axes = plt.subplots(1, 4, figsize=(11, 3))
for ax, (title, which_loss, gamma) in zip(axes, plans, strict=True):
    samples = [train(which_loss, gamma, seed) for seed in (0, 1, 2)]
    modes = [covered_modes(s, centres, STD) for s in samples]
    print(f"{title:20} covers {modes[0]}, {modes[1]} and {modes[2]} of 8, with three seeds")
    ax.plot(*samples[0].T, ".", markersize=1, color=figures.VERMILION)
    ax.plot(*centres.T, "+", markersize=9, color=figures.BLUE)
    ax.set(title=title, xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
plt.show()

# %% [markdown]
# When this page was made, the non-saturating loss alone covered 0, 8 and 1 of 8: look where it was when time was up. The saturating one covered all, each
# time. Should it not be the other way round (2.5)? The rule is about bad *beginnings*: $D$ sure, fakes far off. Here the fakes begin in the middle
# of the data, and $D$ is never sure for long; and a loss that pushes hardest where $D$ is surest overshoots. With this little R1 both cover everything. One run of
# one loss would have taught you something wrong: that is why there are three seeds.

# %% [markdown]
# The game below has all of it under your hands, and more shapes; draw one of your own. Try this:
#
# 1. Press *Play*: as it stands it covers the ring in seconds. Now set *G learning rate* to 5.0e-3, *D learning rate* to 1.0e-3, *R1 gamma* to 0, and press *New
#    players*: a clump that chases round the ring and covers one heap at a time, or none. This is mode collapse, alive.
# 2. Set the rates back (D 2.0e-3, G 1.0e-3) while it plays. How long until all eight are covered?
# 3. Turn *R1 gamma* up, to 0.1, then to 2. What happens to $D$ at the data? Too much friction, and $D$ is too flat to teach.
# 4. Take the moons, or *free hand*, and draw in the plane with the mouse.

# %%
from gancourse.widgets import PlaneGame

PlaneGame()

# %% [markdown]
# ## 2.11 What people say, and what you have seen
#
# | one reads | look again |
# |---|---|
# | "While $D$ trains nothing is back-propagated." | It is, through $D$. It is $G$ that is held still (2.7). |
# | "First $D$ is trained fully, then it is dropped." | They take turns; against a perfect $D$ the minimax loss has no slope (2.3, 2.5). |
# | "$P(z)$ is the generator's distribution." | It is the prior. The generator's is the push-forward $p_g$ (lesson 1). |
# | "$D$ minimises its reward." | It maximises $V$. It minimises the cross-entropy, which is $-V$ (2.4). |
# | "$D$'s loss rises, so something is wrong." | At the solution it *is* $\log 4$, and $D$ is right half of the time (2.4). |
# | "GAN training converges." | The Dirac-GAN circles, or flies apart (2.8). With R1 this one converges (2.9). |

# %% [markdown]
# ## Check yourself
#
# Three questions and one to write about. Put your letter into the function below each.
#
# **Question 1.** In a training $D$'s summed loss has settled at $\log 4$, and $D$ is right half of the time. What follows?
#
# - **a** $p_g = p_{data}$.
# - **b** $D$ sees no difference between real and fake. Whether there is one, this does not tell.
# - **c** $D$ has failed: its loss should go to 0.
# - **d** $G$ is good, since its loss is at $\log 2$ as well.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** Which sentence about training is right?
#
# - **a** In $G$'s turn no gradient may pass through $D$, because $D$ is held still.
# - **b** $D$ should be trained to the end before $G$ begins.
# - **c** The generator's distribution is $p_z$.
# - **d** In $G$'s turn gradients pass through $D$ into $G$, and only $G$'s optimiser steps.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** The minimax Dirac-GAN with simultaneous steps does not come to its solution. What would help?
#
# - **a** Punishing $D$ for being steep at the data.
# - **b** A smaller step size.
# - **c** The non-saturating loss: it changes what happens close to the solution.
# - **d** Nothing: this game has no solution.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about five sentences. "The better the discriminator, the better the generator learns." What speaks for
# it, in theory? Where does it fail, with the minimax loss? Does the non-saturating loss mend it? What else does? (4 points, marked by hand, one
# for each answer; a model answer stands in `solutions/`.)

# %% [markdown] open="question_4" points=4
# In theory $G$ minimises $V(D^*, G) = -\log 4 + 2 JS$: only a perfect $D$ shows it the true divergence. But where data and fakes hardly overlap, $JS$ sits at
# $\log 2$, $D^*$ is 0 or 1, and the slope of the minimax loss is 0: nothing is learnt from a perfect judge. The non-saturating loss keeps the slope in the
# logit near 1; it mends the vanishing, but a $D$ that is flat and sure still says little about *where* to go, and its direction may swing. What helps is a $D$ with a gentle
# slope everywhere: R1 or another gradient penalty, label smoothing, fewer steps of $D$.
#
# *Rubric, a point for each*: the optimum of $D$ gives JS, or the inner maximum is assumed in theory · no slope where the densities do not overlap or $D$ is sure, under the
# minimax loss · the non-saturating loss keeps a slope in the logit, but is no cure for everything · names a remedy: gradient penalty or R1, smoothing, keeping $D$ from running ahead.

# %% [markdown]
# ## Summary
#
# - $D$ maximises $V$, $G$ minimises it; the best $D$ is $p_{data} / (p_{data} + p_g)$.
# - Against it $G$ minimises $-\log 4 + 2\,JS$: the least is $-\log 4$, at $p_g = p_{data}$.
# - The minimax loss is flat where $D$ is sure of a fake; $-\log D$ is steep there, and is what one trains with.
# - Two players who both descend may circle or fly apart. R1 is friction.
# - Losses tell how the game stands. Coverage must be counted, quality measured from outside.
#
# **Sources**: Goodfellow et al. 2014, *Generative Adversarial Nets*, section 4 (the optimum), section 3 (both losses). Salimans et al. 2016, section 3.4 (smoothing). Mescheder, Geiger &
# Nowozin 2018, *Which Training Methods for GANs do actually Converge?*, sections 2 to 4 (Dirac-GAN, R1). Srivastava et al. 2017, *VEEGAN*, section 4 (the ring); Lin et al. 2018, *PacGAN*, section 4.
#
# **One step further**: in the Dirac-GAN, let $D$ take five steps for each of $G$. What becomes of the eigenvalues?
