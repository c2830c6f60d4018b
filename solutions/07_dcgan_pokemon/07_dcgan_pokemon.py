# %% [markdown]
# # 7 · A thousand pictures and no copies
#
# CIFAR-10 has 50,000 photographs. There are about a thousand Pokémon, and no more can be taken. A discriminator learns that many by heart. This lesson lets you see what happens then, and what helps.
#
# **You will be able to**
#
# - see a discriminator overfit, before the pictures show it;
# - build differentiable augmentation, and say why augmenting the real pictures alone would leak into the samples;
# - judge whether a new Pokémon is new.
#
# **Time**: 90 minutes, six exercises among them. Training takes about five minutes on two CPU cores with bfloat16 in hardware, 25 without: start it, and read on. The generator that needs hours comes with the course.
#
# **Builds on**: lessons 4 and 6. How an exercise, its check and the folded cells below it work stands at the top of lesson 3. Words of the trade are in the [glossary](../README.md#glossary).

# %%
from gancourse import checks, doctor

doctor.check("pokemon")

# %%
import torch
import torch.nn.functional as F
from IPython.display import display

from gancourse import datasets, figures, pretrained, training


def show(**grids):
    """Show grids of pictures, uint8 (N, 3, 64, 64), beside each other: title=pictures."""
    titled = {title.replace("_", " "): images for title, images in grids.items()}
    display(figures.image_grids(titled, columns=6, width=4.5))


shipped = pretrained.load("pokemon_dcgan").generator
title = "drawn by the generator that comes with the course"
display(figures.image_grids({title: training.sample(shipped, 24)}, columns=8, width=6.4))

# %% [markdown]
# ## 7.1 The data
#
# One artwork each of 1,008 species: 908 to train on, and 100 held out, chosen once at random. 3×64×64 numbers each. Before you run the cell: mirrored, moved, recoloured, with a hole: which of these is still a possible Pokémon?

# %%
NAME = "pokemon"  # or "pokemon819"

train = datasets.load(NAME).images  # uint8 (N, 3, 64, 64)
if NAME == "pokemon":
    held_out = datasets.load(NAME, split="test").images
else:  # nothing is held out there: every tenth shall be
    tenth = torch.arange(len(train)) % 10 == 0
    train, held_out = train[~tenth], train[tenth]
some = torch.randperm(len(train), generator=torch.Generator().manual_seed(2))[:12]
show(training_pictures=train[some], held_out=held_out[:12])
white = (train >= 250).all(1)
print(tuple(train.shape), "to train on;", len(held_out), "held out")
print(
    f"white: {white.float().mean():.0%} of all pixels, {white[:, 0].float().mean():.0%} of the top row"
)

# %% [markdown]
# Every artwork was made square on a white ground and then made smaller. The white ground is a gift: no background to learn. It is also a trap. A picture that is a little less than white at its edge is a fake, and nothing is easier to see.
#
# A mirrored Pokémon is still one, so flips are fine. A red Bulbasaur, one that is half out of the picture, one with a grey hole: none of them is in the set, and a generator that draws them has learnt something wrong. Keep that in mind; in a moment we shall show $D$ exactly such pictures.
#
# (`pokemon819` is the set of most tutorials, 819 pictures of the first seven generations. `gancourse data pokemon819` fetches it. With it in the first line above the lesson runs, too, on 737 pictures to train on and 82 held out; but the shipped generator was trained on some of those 82, and the game of 7.7 stays with `pokemon`.)

# %% [markdown]
# ## 7.2 A discriminator that knows them all
#
# The DCGAN of lesson 6 with one block more in each player, for 64×64, and half as many channels everywhere: a small set needs no large networks. *Predict*: in 2,500 steps of 32 pictures (the budget of a CPU) each of the 908 is seen 88 times. How will $D$ judge pictures that it has seen so often, beside real ones that it has never met?
#
# Both kinds come from the same artists. If $D$ has learnt what a Pokémon looks like, it takes them for equally real. If it has learnt *these* Pokémon, held-out ones look to it like fakes. One number says how far that has gone (Karras et al. 2020, equation 1):
#
# $$r = \frac{\mathbb{E}[a(x_{train})] - \mathbb{E}[a(x_{held\,out})]}{\mathbb{E}[a(x_{train})] - \mathbb{E}[a(G(z))]}$$
#
# $a$ are the logits. 0: held-out pictures are judged like those it was trained on. 1: they are judged like fakes. (As long as $D$ cannot tell fakes from the pictures it was trained on, the denominator is near 0 and $r$ says nothing.)

# %% [markdown]
# ### Exercise 1 · `overfitting`
# ●○○ · 6 minutes
#
# Write it: `overfitting(D, train, held_out, fakes)` → one number; three sets of images (N, 3, H, W) in $[-1, 1]$, each with an N of its own. `D(images)` returns the logits $a$, (N,). Ask it in eval mode and under `torch.no_grad()`, and leave it in the mode in which it was.
#
# It tests: asking a network without changing it.
#
# <details><summary>Hint 1</summary>Three means of logits. In train mode batch norm would normalise each set by itself, and take away much of the difference that you look for.</details>
# <details><summary>Hint 2</summary><code>was_training = D.training</code>, <code>D.eval()</code>, then the means under <code>torch.no_grad()</code>, then <code>D.train(was_training)</code>.</details>


# %% exercise="overfitting"
def overfitting(D, train: torch.Tensor, held_out: torch.Tensor, fakes: torch.Tensor):
    """Return 0 where D judges held-out images (N, 3, H, W) like those it was trained on, 1 where it judges them like fakes."""
    ### BEGIN SOLUTION
    was_training = D.training
    D.eval()
    with torch.no_grad():
        of_train, of_new, of_fakes = (D(images).mean() for images in (train, held_out, fakes))
    D.train(was_training)
    return float((of_train - of_new) / (of_train - of_fakes))
    ### END SOLUTION


# %% [markdown]
# Train with the step of lesson 6, and ask $D$ ten times on the way: for its mean logit of training pictures, of held-out ones, and of fakes. (`patience=None`: go on although $D$ is sure of everything; that is what we want to see.)

# %%
import gancourse
from gancourse import augment, recipes
from gancourse.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gancourse.widgets import fit_live

STEPS = gancourse.budget(quick=10, cpu=2_500, gpu=10_000)
SETTINGS = {
    "steps": STEPS,
    "batch_size": 32,
    "augment": augment.random_flip,  # of the real pictures: a mirrored Pokémon is one
    "ema": 0.99,
    "bf16": True,
    "patience": None,
}
device = training.pick_device()
known = training.to_unit(train[::9]).to(device)  # about a hundred
new = training.to_unit(held_out).to(device)


def new_players():
    """Return G and D of 64x64 pixels, and an optimiser for each."""
    torch.manual_seed(0)
    G = DCGANGenerator(width=32, size=64).to(device)
    D = DCGANDiscriminator(width=32, size=64).to(device)
    return G, D, training.adam(G, 4e-4, (0.5, 0.99)), training.adam(D, 4e-4, (0.5, 0.99))


def asking(train_step, said, T=lambda images: images):
    """Return the same training step, which now and then notes in `said` what D says to T(pictures)."""

    def step_and_ask(G, D, opt_G, opt_D, real, step):
        values = train_step(G, D, opt_G, opt_D, real, step)
        if step % (STEPS // 10) == 0:
            fakes = training.to_unit(training.sample(G, len(known))).to(device)
            D.eval()
            with (
                torch.no_grad(),
                torch.random.fork_rng(),
            ):  # T's random numbers are not the training's
                said.append([step, *(float(D(T(x)).mean()) for x in (known, new, fakes))])
            D.train()
        return values

    return step_and_ask


said_plain = []
plain = await fit_live(asking(recipes.dcgan_step(), said_plain), *new_players(), train, **SETTINGS)

# %%
import matplotlib.pyplot as plt


def plot_logits(**said):
    """Plot the mean logits of three kinds of pictures, a panel for each training."""
    fig, axes = plt.subplots(1, len(said), figsize=(1.2 + 3.9 * len(said), 2.8), squeeze=False)
    for ax, (title, rows) in zip(axes[0], said.items(), strict=True):
        steps, *three = zip(*rows, strict=True)
        for logits, name, look in zip(
            three, ("training", "held out", "fakes"), ("o-", "s--", "^:"), strict=True
        ):
            ax.plot(steps, logits, look, label=name)
        ax.set(title=title, xlabel="step", ylabel="mean logit of D")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))  # one for all panels, and over no line
    fig.tight_layout()
    plt.show()


plot_logits(plain=said_plain)
fakes = training.to_unit(training.sample(plain.G, 100)).to(device)  # G itself: the one that D knows
print(f"r = {overfitting(plain.D, known, new, fakes):.2f}")

# %% [markdown]
# Look at the distances between the lines; that all three go up and down together does not matter. At first training and held-out pictures lie together. Then they part, and the held-out ones end up near the fakes. All that tells them apart is that $D$ has seen one kind 88 times. For this $D$, "real" has come to mean "one of those 908", and $r$ is near 1.
#
# What does $G$ learn from such a judge? Soon nothing: what is not one of the 908 is a fake, and a good new Pokémon is refused like a bad one. The pictures do not show it yet. Half an hour later they have fallen apart: 7.6.

# %% [markdown]
# ## 7.3 More pictures out of the same ones
#
# A classifier that overfits is shown each picture a little changed every time. Do that to the real pictures of a GAN, and $G$ learns to draw changed ones: they *are* what $D$ calls real. The way out (Zhao et al. 2020): change **everything that $D$ sees**, real and fake, in the same ways, each picture with random numbers of its own,
#
# $$L_D = -\mathbb{E}\big[\log D(T(x))\big] - \mathbb{E}\big[\log(1 - D(T(G(z))))\big], \qquad L_G = -\mathbb{E}\big[\log D(T(G(z)))\big].$$
#
# (In formulas $D$ is the probability; in code `D(...)` returns the logit $a$.)
#
# $G$ has to draw pictures which *after* $T$ look like real ones after $T$. As $G$ learns through $T$, $T$ must be **differentiable**. That excludes little: moving, erasing, recolouring are sums and products.
#
# You build these three yourself; the random numbers come in as arguments.

# %% [markdown]
# ### Exercise 2 · `recolour`
# ●●○ · 8 minutes
#
# Write it: `recolour(images, brightness, saturation, contrast)` → images of the same shape (N, 3, H, W); the three are (N,), a number for each image.
#
# 1. Add `brightness` to all numbers.
# 2. The *grey* of a pixel is the mean of its three colours. Multiply the distance of each colour from it by `saturation`.
# 3. The *mean* of an image is one number. Multiply the distance of each number from it by `contrast`.
#
# Each step works on what the one before has made. Change no argument, and do not clamp to $[-1, 1]$: a number that was cut off has gradient 0.
#
# It tests: one number for each image beside four dimensions, and means over the right ones. (A riddle: does the order of the three matter?)
#
# <details><summary>Hint 1</summary><code>brightness.view(-1, 1, 1, 1)</code> fits beside (N, 3, H, W); <code>keepdim=True</code> keeps a mean in place.</details>
# <details><summary>Hint 2</summary><code>grey = images.mean(1, keepdim=True)</code>, <code>images = grey + saturation * (images - grey)</code>; the mean of the image is <code>images.mean((1, 2, 3), keepdim=True)</code>.</details>
# <details><summary>The riddle</summary>It does not: brightness moves everything, saturation leaves each grey where it is, contrast multiplies all distances alike.</details>


# %% exercise="recolour"
def recolour(
    images: torch.Tensor, brightness: torch.Tensor, saturation: torch.Tensor, contrast: torch.Tensor
) -> torch.Tensor:
    """Change the colours of images (N, 3, H, W), each by numbers of its own, (N,) each."""
    ### BEGIN SOLUTION
    brightness, saturation, contrast = (
        v.view(-1, 1, 1, 1) for v in (brightness, saturation, contrast)
    )
    images = images + brightness
    grey = images.mean(1, keepdim=True)
    images = grey + saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + contrast * (images - mean)
    ### END SOLUTION


# %% [markdown]
# ### Exercise 3 · `translate`
# ●●○ · 8 minutes
#
# Write it: `translate(images, down, right)` → images of the same shape (N, C, H, W). Image $i$ moves down by `down[i]` pixels and to the right by `right[i]`, int64 (N,) each; a negative number moves it up, or to the left; none moves by its whole height or width. What leaves is lost, and 0 comes in. New tensors belong on `images.device`.
#
# Why 0, which is grey, and not white like the ground? With grey, $D$ can see how far a picture was moved. With white, a moved Pokémon could not be told from one drawn at the edge, and $G$ could draw there unpunished.
#
# It tests: a part of one tensor at another place in a new one.
#
# <details><summary>Hint 1</summary>Loop over the images. Padding on one side and cutting off on the other is a move; <code>torch.roll</code> is not, it turns in a circle. With slices, mind the 0: <code>x[:-0]</code> is empty.</details>
# <details><summary>Hint 2</summary><code>torch.nn.functional.pad(image, (x, -x, y, -y))</code> pads x columns on the left, takes x away on the right, and the same with y rows above and below. <code>.tolist()</code> makes numbers of a tensor,
# <code>torch.stack</code> a batch of images.</details>


# %% exercise="translate"
def translate(images: torch.Tensor, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Move each image of (N, C, H, W) by whole pixels, int64 (N,) each; 0 comes in."""
    ### BEGIN SOLUTION
    moved = [
        torch.nn.functional.pad(image, (x, -x, y, -y))
        for image, y, x in zip(images, down.tolist(), right.tolist(), strict=True)
    ]
    return torch.stack(moved)
    ### END SOLUTION


# %% [markdown]
# ### Exercise 4 · `cutout`
# ●●○ · 7 minutes
#
# Write it: `cutout(images, top, left, side)` → images of the same shape (N, C, H, W), a square of side × side pixels set to 0 in each. Its upper left corner, (top[i], left[i]), int64 (N,) each, may lie outside of the image, also at negative numbers; then only the part inside is erased. Change no argument; a mask belongs on `images.device`.
#
# It tests: a mask, and slices that begin at negative numbers.
#
# <details><summary>Hint 1</summary>Either a copy in which you set a slice of each image to 0; or a mask of 0 and 1 to multiply with. <code>x[-2:1]</code> is no slice from outside: -2 counts from the end.</details>
# <details><summary>Hint 2</summary><code>new = images.clone()</code>, and for each i <code>new[i, :, max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)] = 0</code>.</details>


# %% exercise="cutout"
def cutout(images: torch.Tensor, top: torch.Tensor, left: torch.Tensor, side: int) -> torch.Tensor:
    """Set a square of each image of (N, C, H, W) to 0, its upper left corner at (top, left), int64 (N,) each."""
    ### BEGIN SOLUTION
    new = images.clone()
    for i, (y, x) in enumerate(zip(top.tolist(), left.tolist(), strict=True)):
        new[i, :, max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)] = 0
    return new
    ### END SOLUTION


# %% [markdown]
# Together they are $T$. Each image gets random numbers of its own, from ranges that the paper chose. This is what $D$ is going to see:


# %%
def T(images):
    """Change each image of (N, C, H, W) in colour and place, and erase a square of half its height."""
    n, _, height, width = images.shape
    brightness, saturation, contrast = torch.rand(3, n, device=images.device)
    images = recolour(images, brightness - 0.5, 2 * saturation, contrast + 0.5)
    down = torch.randint(-height // 8, height // 8 + 1, (n,), device=images.device)
    right = torch.randint(-width // 8, width // 8 + 1, (n,), device=images.device)
    images = translate(images, down, right)
    top = torch.randint(-height // 4, height - height // 4 + 1, (n,), device=images.device)
    left = torch.randint(-width // 4, width - width // 4 + 1, (n,), device=images.device)
    return cutout(images, top, left, height // 2)


six = training.to_unit(train[[3, 24, 132, 300, 5, 150]])
torch.manual_seed(1)
seen = torch.cat([T(six) for _ in range(3)]).clamp(-1, 1)
show(real=training.to_uint8(six), what_D_sees=training.to_uint8(seen))

# %% [markdown]
# ### Exercise 5 · `augmented_step`
# ●●● · 10 minutes · a quarter of the points each: $D$'s update, $G$'s update, the two together, what you return
#
# Write it: `augmented_step(G, D, opt_G, opt_D, real, step, augment)` → a dict. It is lesson 3's training step: $D$ on `real` and on as many fresh fakes, then $G$ against the new $D$, with noise drawn anew. No gradient of $D$'s turn reaches $G$. $D$ sees real images and fakes in batches of their own, all through `augment`: any function of images (N, C, H, W) that
# draws its own random numbers.
#
# You have `training.noise(G, n)`, `losses.discriminator_loss(real_logits, fake_logits)` and `losses.non_saturating_loss(fake_logits)`. In the dict: `d_loss` and `g_loss`, detached; of $D$'s turn, from the logits that `d_loss` was made of, `d_real`, the share of the real images with a logit above 0, and `d_fake`, that of the fakes with one below. Change no modes and no `requires_grad`.
#
# It tests: where $T$ stands in the game, and that $G$'s gradient has to come back through it.
#
# <details><summary>Hint 1</summary>D is asked in three places. In all three the images go through <code>augment</code> first. Return nothing that holds on to its graph.</details>
# <details><summary>Hint 2</summary>D's turn: <code>D(augment(real)), D(augment(fake))</code>. G's: <code>losses.non_saturating_loss(D(augment(G(training.noise(G, len(real))))))</code>. At the end <code>d_loss.detach()</code>, <code>g_loss.detach()</code>.</details>

# %%
from gancourse import losses


# %% exercise="augmented_step"
def augmented_step(G, D, opt_G, opt_D, real: torch.Tensor, step: int, augment) -> dict:
    """Update D, then G, where D sees all images through `augment`; return what to record."""
    ### BEGIN SOLUTION
    fake = G(training.noise(G, len(real))).detach()
    real_logits, fake_logits = D(augment(real)), D(augment(fake))
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = losses.non_saturating_loss(D(augment(G(training.noise(G, len(real))))))
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
    ### END SOLUTION


# %% [markdown]
# The same training once more, with nothing changed but that (with the course's $T$, which is yours without loops over the images: it costs less). *Predict*: how far apart will training and held-out pictures be after as many steps? And which of the two has the lower loss of $D$?

# %%
import functools

said_augmented = []
augmented = training.fit(
    asking(functools.partial(augmented_step, augment=augment.differentiable), said_augmented, T),
    *new_players(),
    train,
    **SETTINGS,
)

# %%
plot_logits(plain=said_plain, augmented=said_augmented)
fakes = training.to_unit(training.sample(augmented.G, 100)).to(device)
several = [overfitting(augmented.D, T(known), T(new), T(fakes)) for _ in range(10)]  # T is random
print(f"r = {sum(several) / len(several):.2f}")
for name, run in (("plain", plain), ("augmented", augmented)):
    print(f"D's loss in the last 100 steps, {name}: {run.history['d_loss'][-100:].mean():.2f}")
show(plain=training.sample(plain.generator, 12), augmented=training.sample(augmented.generator, 12))

# %% [markdown]
# On the right, where all three go through $T$, the two real kinds stay close together to the end: no sign that $D$ knows any by heart. It never sees the same picture twice. (Do not trust $r$ here: fakes, too, are judged almost like the rest, so it divides by very little. The lines are the better answer.)
#
# $D$'s loss is much higher than before, near $\log 4 = 1.39$, where it is undecided: for $D$ the game has become harder. That alone says nothing about $G$: near $\log 4$ is where a fair judge ends, and one that sees too little (section 3.9). Pictures and distances tell.
#
# And the pictures? After 2,500 steps the plain ones still look *better*: closed bodies beside crumbs. Augmentation does not make a start faster. It makes it possible to go on: 7.6.

# %% [markdown]
# ## 7.4 What leaks
#
# Now the mistake on purpose: holes in the real pictures *alone*, the fakes go to $D$ as they are. *Predict*: what will $G$ draw?

# %%
LEAK_STEPS = gancourse.budget(quick=4, cpu=600, gpu=2_000)
leaky = training.fit(
    recipes.dcgan_step(),
    *new_players(),
    train,
    **SETTINGS | {"augment": augment.random_hole, "steps": LEAK_STEPS},
)
show(holes_in_the_real_pictures_alone=training.sample(leaky.generator, 12))

# %% [markdown]
# Grey patches in nearly every picture, after a few hundred steps, and hardly a body yet: the holes were the easiest thing to learn.
#
# What $D$ calls real, $G$ learns; to $D$, pictures with a grey square *were* real. Every change of the real pictures alone leaks. Not every leak does harm: a mirrored Pokémon is as good as any, so flips stay where they were, on the real pictures only, and double the set.
#
# And with $T$ before both, can nothing leak? $G$'s pictures after $T$ must be distributed like real ones after $T$. The question is whether two different sets of pictures can look the same after $T$. If $T$ turned each picture by 0, 90, 180 or 270 degrees, all equally likely, they could: nobody could tell upright Pokémon from
# upside-down ones. With our holes, moves and colours they cannot: from the statistics of all the changed pictures one could reckon back to those of the originals (Karras et al. 2020, section 2.2, say when exactly).

# %% [markdown]
# ## 7.5 Is it new?
#
# Lesson 4's test: a generated picture counts as a copy if it lies nearer to a training picture than 99 % of the held-out ones do. In which space? Let us ask before we trust an answer, with copies that we make ourselves: what should be found is known.

# %%
from gancourse import features, metrics, small_sets

classifier = features.cifar10_classes()  # its features; it looks at 32x32 pixels


def seen_by_classifier(images):
    """uint8 (N, 3, 64, 64) -> features float64 (N, d)."""
    return classifier(F.avg_pool2d(images.float(), 2).round().to(torch.uint8))[0]


originals = train[:100]
moved, far = (F.pad(originals, (n, 0, n, 0), value=255)[..., :64, :64] for n in (3, 10))
noisy = (
    originals + torch.randn(originals.shape, generator=torch.Generator().manual_seed(0)) * 8
).clamp(0, 255)
doctored = {
    "the same": originals,
    "mirrored": originals.flip(-1),
    "moved by 3 pixels": moved,
    "moved by 10 pixels": far,
    "red and blue exchanged": originals.flip(1),
    "with some noise": noisy.to(torch.uint8),
    "nobody's copy: held out": held_out,
}
searched = torch.cat([train, train.flip(-1)])  # a mirrored copy is one, too
of_searched, of_held_out = map(seen_by_classifier, (searched, held_out))
rows_searched, rows_held_out = map(small_sets.as_rows, (searched, held_out))
print(f"{'counted as copies':>24}   features   pixels")
for name, images in doctored.items():
    in_features = metrics.copied_share(seen_by_classifier(images), of_searched, of_held_out)
    in_pixels = metrics.copied_share(small_sets.as_rows(images), rows_searched, rows_held_out)
    print(f"{name:>24}   {in_features:8.0%} {in_pixels:8.0%}")

# %% [markdown]
# Mirrored copies are found because we search among mirrored pictures, too. But pixels compare each place with itself: a copy that is moved by three of them passes as new. They err the other way, too: a sample with only a small thing on its white ground lies near to *any* small Pokémon. Features of a network that knows *things* mind less. That is why the test is done in features, and pixels are only reported.
#
# They do mind: of the copies that were moved by ten pixels, or whose red and blue were exchanged, only about half are found (of the latter, pixels find 57 %), though anyone would call them copies. A test that finds nothing has proved little, so look at the pairs as well. (The last row has to say 1 %: the limit is drawn where 1 % of the held-out pictures lie nearer.)

# %% [markdown]
# ### Exercise 6 · `closest_pairs`
# ●○○ · 6 minutes
#
# Write it: `closest_pairs(fake, train, pairs)` → `(fakes, pictures, distances)`: features fake (N, d) and train (M, d); the places of the fakes that lie nearest to any training picture, int64 (pairs,), the place of that picture for each, and how far it is, nearest first.
#
# It tests: a minimum along the right side of a table, and keeping three lists in one order.
#
# <details><summary>Hint 1</summary><code>torch.cdist(fake, train)</code> is a table (N, M). Each fake has one nearest picture; then sort the fakes.</details>
# <details><summary>Hint 2</summary><code>distances, nearest = torch.cdist(fake, train).min(1)</code> and <code>order = distances.argsort()[:pairs]</code></details>


# %% exercise="closest_pairs"
def closest_pairs(
    fake: torch.Tensor, train: torch.Tensor, pairs: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return places of fakes (N, d), of their training pictures (M, d), and the distances, (pairs,) each."""
    ### BEGIN SOLUTION
    distances, nearest = torch.cdist(fake, train).min(1)
    order = distances.argsort()[:pairs]
    return order, nearest[order], distances[order]
    ### END SOLUTION


# %% [markdown]
# Now the generator that comes with the course, trained with augmentation for 66,176 steps, two hours of a single CPU core: a thousand pictures (60 in a quick run), nothing picked, and the ten that lie nearest to a training picture, which stands below each, perhaps mirrored.

# %%
samples = training.sample(shipped, gancourse.budget(quick=60, cpu=1_000, gpu=1_000))
of_samples = seen_by_classifier(samples)
fakes, partners, distances = closest_pairs(of_samples, of_searched, pairs=10)
pairs = torch.cat([samples[fakes], searched[partners]])
title = "above: generated, below: the nearest training picture"
display(figures.image_grids({title: pairs}, columns=10, width=9))
print("distances:", *(f"{d:.2f}" for d in distances.tolist()))

to_samples, to_held_out = (metrics.nearest(x, of_searched)[0] for x in (of_samples, of_held_out))
for limit in to_held_out.sort().values[:4].tolist():
    share = (to_samples < limit).double().mean()
    print(f"a held-out picture lies at {limit:.2f}; nearer than that: {share:.1%} of the samples")

# %% [markdown]
# Sort the hundred held-out pictures by their distance: the limit, their first percentile, lies just below the second. So read the second line: about 1 % of the samples count as copies, and of the held-out pictures, which certainly are none, as many. A limit that hangs on one picture is a rough one; with the third as the limit, the share would be half as large again. (On the features of EfficientNet-Lite0 it is 1.5 %,
# between pixels 0.7 %; `gancourse evaluate pokemon_dcgan` measures it again, after `pip install -e ".[colour]"`.)
#
# With a thousand samples all ten above count as copies by this test. So look, do not only count. Mostly a colour agrees, in some a posture; in none the picture. This generator has learnt from the 908 how Pokémon look and, as far as this test and the eye can tell, does not hand them out.

# %% [markdown]
# And how good are its pictures? Look at the first figure of the lesson, nothing picked there either. White ground; mostly closed bodies, with an outline and one or two colours, lit from above; often an eye or a mouth, seldom a face; a round spot that is an eye here and a cheek there. In about one picture in three, and in more of those
# in this figure, a part lies loose or is torn. A child would ask "which one is that?" and not "what is that?"; the artist would not be fooled.

# %% [markdown]
# ## 7.6 What each is worth
#
# Compared at equal time again, as in 6.9: these networks, two seeds, a thousand samples, on the features of EfficientNet-Lite0. A cell has three figures: the kernel distance of lesson 4 to the 100 held-out pictures, with its error bar; that to the training pictures; the share of copies. Training pictures have 0.00 to the held-out ones themselves, blurred ones 1.94, noise 3.44.
#
# The candidates, all with flips, and with the average of the generator where nothing is said: the recipe of lesson 6's shipped generators; everything that $D$ sees augmented, once with the average of the generator and once without; the mistake of 7.4 with all of $T$; a $D$ of half the width; R1 on every 16th step, without and with augmentation. *Write down before you look on*: which is the best after five minutes, which the worst? And after
# thirty?

# %% [markdown]
# Five minutes each (smaller is better):
#
# | | steps | seed 0 | seed 1 |
# |---|---|---|---|
# | lesson 6's recipe at 64x64 and half the width | 6,741 | 2.00 ± 0.10, 2.10, 0.0% | 2.07 ± 0.10, 2.15, 0.0% |
# | everything that D sees is augmented | 5,617 | 1.88 ± 0.11, 1.97, 0.0% | 2.60 ± 0.14, 2.74, 0.0% |
# | the same without the average | 5,617 | 1.99 ± 0.11, 2.07, 0.0% | 2.66 ± 0.14, 2.82, 0.0% |
# | the real pictures alone are augmented | 6,550 | 4.07 ± 0.16, 4.18, 0.0% | 3.49 ± 0.16, 3.59, 0.0% |
# | D of half the width, nothing augmented | 10,676 | 1.70 ± 0.09, 1.78, 0.0% | 2.00 ± 0.10, 2.11, 0.0% |
# | R1, gamma 0.1, nothing augmented | 6,276 | 1.69 ± 0.10, 1.78, 0.1% | 1.63 ± 0.10, 1.71, 0.0% |
# | R1, gamma 0.1, and everything augmented | 5,244 | 2.45 ± 0.13, 2.56, 0.0% | 3.16 ± 0.15, 3.29, 0.0% |

# %% [markdown]
# The mistake of 7.4, with all of $T$ before the real pictures alone, is last with either seed: as far from Pokémon as noise, or further.
#
# Augmenting everything gains nothing in five minutes; with one seed it loses. R1, the penalty on $D$'s slope from lesson 2, gains 0.3 and 0.4, which is probably real. (In 6.9 it lost in the same time: there each photograph had been seen seven times, here each picture 221 times.) A $D$ of half the width gains 0.3 and 0.1, and has had 1.6 times as many steps: two seeds cannot tell. R1 and augmentation together come out behind either. Perhaps $D$ is
# then held back twice; we do not know.
#
# The average of the generator lies 0.1 nearer than the generator itself, in one and the same training, with either seed: little, but for nothing, as in 6.9. The best are hardly nearer than blurred pictures. (The 0.0 % of copies are no merit here: what is far from every picture is no copy.) And look from left to right: with another seed the same recipe lies up to 0.7 away. A single run proves nothing here.

# %% [markdown]
# Thirty minutes each, of two cores:
#
# | | steps | seed 0 | seed 1 |
# |---|---|---|---|
# | lesson 6's recipe at 64x64 and half the width | 39,911 | 2.40 ± 0.12, 2.51, 0.0% | 2.86 ± 0.12, 2.97, 0.0% |
# | everything that D sees is augmented | 33,088 | 0.58 ± 0.06, 0.58, 1.3% | 0.63 ± 0.06, 0.65, 0.9% |
#
# There is the difference. Without augmentation six times the time has made things *worse*: the samples, looked at, are clouds of dots in a few colours. With augmentation they are four times nearer to the real pictures, with either seed, and the share of copies is that of held-out pictures.

# %% [markdown]
# Note what the distances do *not* see: a replay. The training pictures themselves, all of them copies, have 0.00 to the held-out ones, because both are from the same distribution. Only the share of copies, and a look at the pairs, tell a generator that draws from one that remembers.
#
# Can it be bettered? R1 on top did not help in five minutes. Twice the time, 66,176 steps, has 0.51 ± 0.06 instead of 0.58 ± 0.06: hardly more than the error. That is the generator that you have. What R1 alone is worth after thirty minutes, or a $D$ of half the width, we have not measured.
#
# Your turn, in the folder of the course, after `pip install -e ".[colour]"`. On two cores the first table takes a little over an hour, the second two; both can be stopped in between.
#
# ```
# python tests/benchmarks/ablation.py pokemon
# python tests/benchmarks/ablation.py pokemon_long
# ```

# %% [markdown]
# ## 7.7 Play: who's that Pokémon?
#
# A quarter of these pictures was drawn by an artist, and held out. A quarter is $G(z)$. The rest are two kinds of *blends*, something between two Pokémon: $G$ of the noise halfway between two others, along the arc on which lesson 3's explorer walks (*Blended in z*); and the mean of two generated pictures (*Blended in pixels*).
#
# 1. Play once. Which kind do you never get wrong, and why?
# 2. Press *Again* and tick *Silhouettes*. Which kinds can be told by their outline alone?
# 3. Step back two metres from the screen. Can you still tell real from generated?

# %%
from gancourse.widgets import WhosThatPokemon

WhosThatPokemon()

# %% [markdown]
# The mean of two pictures shows both outlines, one through the other, like a photograph taken twice: no Pokémon has that. Halfway in the noise there is one body again. That is what it means that $G$ has learnt *a space* of Pokémon, and not a list of them.

# %% [markdown]
# ## 7.8 Your own
#
# Click on pictures that you like; each gets a place, a name that you give it, and two files to save: the picture, and its noise, which the explorer's *Load noise* opens. *More* draws others.

# %%
from gancourse.widgets import Gallery

gallery = Gallery()
gallery

# %% [markdown]
# A picture that is nearly good can be made better: move its noise. In the explorer below, *direction 1* and its neighbours change most; pin two that you like and walk between them. Then run the cell after it: what the explorer shows goes into your gallery above.

# %%
from gancourse.widgets import LatentExplorer

explorer = LatentExplorer("pokemon_dcgan", seed=1)
explorer

# %%
gallery.keep(explorer.z, name="From the explorer")

# %% [markdown]
# ## Check yourself
#
# Three questions and one to write about. Put your letter into the function below each.
#
# **Question 1.** $D$ gives the training pictures a mean logit of 5, held-out ones −2, fakes −4. What do the held-out pictures show?
#
# - **a** $D$ is undecided about real pictures.
# - **b** $D$ has learnt nothing about Pokémon yet.
# - **c** $D$ knows the training pictures by heart.
# - **d** $G$ draws pictures like the held-out ones.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** A friend erases a square of every real picture before $D$ sees it, and of no fake. What will $G$ learn to draw?
#
# - **a** Whole Pokémon: holes belong to no single picture.
# - **b** Pokémon with grey squares.
# - **c** Whole Pokémon, but more slowly.
# - **d** Copies of training pictures.


# %% quiz="question_2"
def question_2() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% [markdown]
# **Question 3.** None of 1,000 samples lies near a training picture, measured between pixels. Is each of them new?
#
# - **a** Yes: pixels are all that a picture consists of.
# - **b** Yes, if held-out pictures lie as far away.
# - **c** Yes, as long as the noise is drawn anew.
# - **d** That is not shown: a moved copy would pass.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. An artist finds that a generator on the internet draws something very much like one of her pictures, which was among its 900 training pictures. Its makers answer: "We measured; no output is a copy." What would you ask them about their measurement? Name two ways in which a
# measurement can come out so and the artist still be right. What would *you* measure, beside what?
# (4 points, marked by hand: one for your questions, one for each of the two ways, one for what you would measure; a model answer stands in `solutions/`.)

# %% [markdown] open="question_4" points=4
# I would ask in which space distances were measured, against which limit, how many samples were searched, and whether the searched set was the whole training set. The measurement can come out so in pixels, where a copy that is moved, mirrored or recoloured lies as far away as a new picture; it can also come out so because few samples were
# looked at, or because an *average* distance was reported, in which one copied picture among a thousand disappears. I would search the training set, mirrored too, for the nearest neighbour of many unselected samples, in the features of a network that knows things, beside the same distances of held-out pictures, which are certainly
# no copies; test the measure on copies that I doctor myself; and show the nearest pairs, so that people can judge.
#
# *Rubric, a point for each*: asks for the space, the limit or the number of samples · one way in which copies pass (moved, mirrored, recoloured; pixels) · another one (few samples, an average, part of the training set) · held-out pictures as the yardstick, or doctored copies, and pairs to look at.

# %% [markdown]
# ## Summary
#
# - With a thousand pictures $D$ learns them by heart; held-out pictures show it: $r$ goes to 1.
# - Augment everything that $D$ sees, differentiably. What is done to real pictures alone, $G$ learns to draw.
# - Copies are sought in features that know things, beside held-out pictures, and shown: a distance between sets does not see a replay.
# - Augmentation does not make a start faster; it lets a training go on. R1 helped in the first five minutes.
# - Halfway in the noise lies a picture; halfway between pictures lie both, one through the other.

# %% [markdown]
# **Sources**: Zhao et al. 2020, *Differentiable Augmentation for Data-Efficient GAN Training*, sections 3 and 4. Karras et al. 2020, *Training Generative Adversarial Networks with Limited Data*, section 2 and equation 1. Bińkowski et al. 2018, *Demystifying MMD GANs* (the kernel distance).
#
# **One step further**: put `pokemon819` into the first line of 7.1. Its pictures come in families of relatives and of several forms of one species. Draw the held-out ones by family instead of every tenth: how does the limit for copies move, and which of the two splits is the fairer?
