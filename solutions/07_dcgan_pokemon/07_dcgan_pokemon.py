# %% [markdown]
# # 7 · Learning from a thousand pictures
#
# CIFAR-10 has 50,000 photographs; there are only about a thousand Pokémon. A discriminator can memorise so few pictures. In this lesson you see what happens then, and what helps.
#
# **You will be able to**
#
# - detect that a discriminator overfits, before you can see it in the pictures;
# - build differentiable augmentation, and explain why you must not augment the real pictures alone;
# - test whether a generated Pokémon is new.
#
# **Time**: 90 minutes, including six exercises. Training takes about ten minutes on two CPU cores with bfloat16 in hardware, 25 without; you can read on meanwhile. A generator that was trained for 26 times as many steps comes with the course.
#
# **You need**: lessons 3, 4 and 6. The [glossary](../README.md#glossary) explains the terms. Exercises, checks and folded cells work as in [lesson 1](../01_generative_models/01_generative_models.ipynb).

# %% start=true
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
    display(figures.image_grids(titled, columns=6))


shipped = pretrained.load("pokemon_dcgan").generator
title = "drawn by the generator that comes with the course"
display(figures.image_grids({title: training.sample(shipped, 18)}, columns=6))

# %% [markdown]
# ## 7.1 The data
#
# The dataset contains one artwork of each of 1,008 species. We train on 908 and hold out 100, chosen once at random. Each has 3 × 64 × 64 numbers. *Predict*: mirrored, shifted, recoloured, with a hole: which of these changes still gives a possible Pokémon?

# %%
NAME = "pokemon"  # or "pokemon819"

train = datasets.load(NAME).images  # uint8 (N, 3, 64, 64)
if NAME == "pokemon":
    held_out = datasets.load(NAME, split="test").images
else:  # this set has no held-out pictures: hold out every tenth
    tenth = torch.arange(len(train)) % 10 == 0
    train, held_out = train[~tenth], train[tenth]
some = torch.randperm(len(train), generator=torch.Generator().manual_seed(2))[:6]
show(training_pictures=train[some], held_out=held_out[:6])
white = (train >= 250).all(1)
print(tuple(train.shape), "to train on;", len(held_out), "held out")
print(
    f"white: {white.float().mean():.0%} of all pixels, {white[:, 0].float().mean():.0%} of the top row"
)

# %% [markdown]
# Each artwork was placed on a white square and scaled down. The white background makes the task easier: there is no background to learn. It also makes fakes easier to detect: 96 % of the real pixels in the top row are white, so a grey edge can reveal a fake.
#
# A mirrored Pokémon is still one, so flips are fine. A red Bulbasaur, one that is partly outside the picture, or one with a grey hole does not occur in the set, and a generator should not draw them. Yet soon we will show $D$ exactly such pictures.
#
# (Many tutorials use `pokemon819`, 819 pictures of the first seven generations. `gancourse data pokemon819` fetches it. With this name in the first line above, the lesson uses 737 pictures for training and 82 held-out ones. But the shipped generator was trained on some of those 82, and the game of 7.7 always uses `pokemon`.)

# %% [markdown]
# ## 7.2 A discriminator that overfits
#
# We use the DCGAN of lesson 6 with one more block in each player, for 64 × 64, and half as many channels. The settings are those of the course's recipe (6.9), but with an EMA of 0.99, because 2,500 steps are few. In 2,500 steps of 32 pictures (the CPU budget) $D$ sees each of the 908 pictures 88 times. *Predict*: how will it judge these, compared with real pictures that it has never seen?
#
# If $D$ has learnt what Pokémon look like, it gives training and held-out pictures about the same logits. If it has memorised the training pictures, it judges held-out pictures like fakes. The number $r$ measures how far $D$ overfits (Karras et al. 2020, equation 1):
#
# $$r = \frac{\mathbb{E}[a(x_{train})] - \mathbb{E}[a(x_{held\,out})]}{\mathbb{E}[a(x_{train})] - \mathbb{E}[a(G(z))]}$$
#
# $a$ are the logits. At $r = 0$, $D$ judges held-out pictures like training pictures, at $r = 1$ like fakes. (Where $D$ cannot tell fakes from training pictures, the denominator is near 0 and $r$ means nothing.)

# %% [markdown]
# ### Exercise 1 · `overfitting`
# ●○○ · 6 minutes
#
# Write it: `overfitting(D, train, held_out, fakes)` returns one number, for three sets of images (N, 3, H, W) in $[-1, 1]$, each with its own N. `D(images)` returns the logits $a$, (N,). Use eval mode and `torch.no_grad()`, and leave $D$ in the mode that you found.
#
# You practise: using a network without changing it.
#
# <details><summary>Hint 1</summary>You need three means of logits. In training mode batch norm would normalise each set separately, and hide much of the difference.</details>
# <details><summary>Hint 2</summary>Remember <code>D.training</code> before you call <code>D.eval()</code>, and restore it with <code>D.train(...)</code>. The formula needs no <code>abs</code>.</details>


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
# Train with the step of lesson 6, and record $D$'s mean logit ten times, for training pictures, held-out pictures and fakes. You need not read `asking`, which wraps a training step for that. (`fit` stops a training in which $D$ has been sure of every image for 1,000 steps; `patience=None` switches this off.)

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
    """Wrap a training step: ten times in a training, append D's mean logits of T(pictures) to `said`."""

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
# Look at the gap between training and held-out pictures. What moves all three lines together, such as the fall in the middle, cancels in $r$; we have not looked for its cause. At first the gap is small. Then the lines separate, and the held-out pictures end near the fakes: $r = 0.85$ (one training, about a hundred pictures of each kind). The two sets differ only in that $D$ has seen one of them 88 times.
#
# Such a $D$ gives new Pokémon almost the logits of fakes. We think that $G$ therefore learns little from it. 7.6 follows such a GAN for half an hour.

# %% [markdown]
# ## 7.3 Differentiable augmentation
#
# To train a classifier on few pictures, one shows it a slightly different version each time. If you do this to the real pictures of a GAN, $G$ learns to draw the changed pictures, because they *are* what $D$ calls real. The solution (Zhao et al. 2020): change **everything that $D$ sees**, real and fake, with the same kinds of changes and separate random numbers for each picture. Then $D$ never sees the same picture twice. The losses are
#
# $$L_D = -\mathbb{E}\big[\log D(T(x))\big] - \mathbb{E}\big[\log(1 - D(T(G(z))))\big], \qquad L_G = -\mathbb{E}\big[\log D(T(G(z)))\big].$$
#
# (In formulas $D$ is the probability; in code `D(...)` returns the logit $a$.)
#
# Now $G$ must draw pictures that, *after* $T$, look like real pictures after $T$. $G$'s gradient flows through $T$, so $T$ must be **differentiable**. Recolouring adds and multiplies, erasing multiplies by 0, and shifting copies pixels; a gradient flows back through all three. You build these three; their random numbers come in as arguments.

# %% [markdown]
# ### Exercise 2 · `recolour`
# ●●○ · 8 minutes
#
# Write it: `recolour(images, brightness, saturation, contrast)` returns images of the same shape (N, 3, H, W). The three others have the shape (N,), one number for each image.
#
# 1. Add `brightness` to all numbers.
# 2. The *grey* of a pixel is the mean of its three colours. New colour = grey + `saturation` · (colour − grey).
# 3. The *mean* of an image is one number. New number = mean + `contrast` · (number − mean).
#
# Each step uses the result of the one before, and the gradient flows through all of it, including the means. Change no argument. Do not clamp to $[-1, 1]$: a clamped number has gradient 0.

# %% [markdown]
# You practise: broadcasting one number for each image. (Does the order of the three steps matter? Answer before you unfold the last line.)
#
# <details><summary>Hint 1</summary>Which shape must a (N,) tensor get so that it can be multiplied with (N, 3, H, W)? And which option of <code>mean</code> keeps the dimensions that it averages over?</details>
# <details><summary>Hint 2</summary><code>view</code> or <code>None</code> adds three dimensions of size 1; <code>keepdim=True</code> keeps a mean broadcastable. Steps 2 and 3 have the same form: mean + factor · (images − mean).</details>
# <details><summary>Does the order matter?</summary>No. Brightness moves everything by one number. Saturation changes no grey, so it does not change the mean of the image. Contrast multiplies all differences by one number.</details>


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
# Write it: `translate(images, down, right)` returns images of the same shape (N, C, H, W). Image $i$ moves down by `down[i]` pixels and to the right by `right[i]`, int64 (N,) each, on the images' device. Negative numbers move it up or left; no image moves by its whole height or width. Pixels that leave are lost, and 0 comes in. New tensors belong on `images.device`.
#
# Why 0, which is grey, and not white like the background? With grey, $D$ sees a strip and so how far a picture was moved. With white there is no strip: a whole Pokémon that $T$ moved over the edge looks the same as one that $G$ drew cut off. We think that $D$ would then correct such a $G$ less.
#
# You practise: padding and cropping.
#
# <details><summary>Hint 1</summary>A move is padding on one side and cropping on the other. <code>torch.roll</code> is different: what leaves comes back on the other side. If you use slices, test a move by 0: <code>x[:-0]</code> is empty.</details>
# <details><summary>Hint 2</summary><code>torch.nn.functional.pad</code> accepts negative numbers, which crop: (left, right, top, bottom). Loop over the images, with <code>.tolist()</code> for the numbers, and <code>torch.stack</code> the results.</details>


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
# Write it: `cutout(images, top, left, side)` returns images of the same shape (N, C, H, W), with a square of side × side pixels set to 0 in each. Its upper left corner (top[i], left[i]), int64 (N,) each, may lie outside the image, also at negative numbers; then only the part inside is erased. Change no argument; a mask belongs on `images.device`.
#
# You practise: slices at the edges of an image.
#
# <details><summary>Hint 1</summary>Either set a slice of a copy to 0, or multiply with a mask of 0 and 1. What does a negative number in a slice mean, such as <code>x[-2:1]</code>?</details>
# <details><summary>Hint 2</summary><code>clone</code> the images. For each image both ends of both slices need <code>max(..., 0)</code>; a slice may end beyond the image.</details>


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
# Together they are $T$. Each image gets its own random numbers, from the ranges in the paper: brightness moves by up to 0.5, saturation is multiplied by 0 to 2, contrast by 0.5 to 1.5; a picture moves by up to an eighth of its size, and the hole has half its height. This is what $D$ will see:


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
seen = T(six).clamp(-1, 1)
show(real=training.to_uint8(six), what_D_sees=training.to_uint8(seen))

# %% [markdown]
# ### Exercise 5 · `augmented_step`
# ●●○ · 10 minutes · a quarter of the points each: $D$'s update, $G$'s update, both in one call, what you return
#
# Write it: `augmented_step(G, D, opt_G, opt_D, real, step, augment)` returns a dict. It is lesson 3's training step, but $D$ sees every image through `augment`, a function of images (N, C, H, W) that draws its own random numbers. `step` is not used.
#
# 1. Update $D$ once, on `real` and as many new fakes: in separate batches, each passed through `augment` once. No gradient may reach $G$.
# 2. Update $G$ once against the new $D$, with new noise.
# 3. Return a dict: `d_loss` and `g_loss`, detached; `d_real`, the share of real images with a logit above 0, and `d_fake`, the share of fakes with a logit below 0, both from the logits that gave `d_loss`.
#
# Do not change modes or `requires_grad`. You have `training.noise(G, n)`, `losses.discriminator_loss(real_logits, fake_logits)` and `losses.non_saturating_loss(fake_logits)`. (`fit` flips `real` before your step: this is the `augment` of `SETTINGS`, not yours.)

# %% [markdown]
# You practise: placing $T$ in the game, with a gradient through it.
#
# <details><summary>Hint 1</summary>Start from lesson 3's step. Where does D see images? Which of these images need a gradient that flows back through <code>augment</code>?</details>
# <details><summary>Hint 2</summary>D is called three times, each time on <code>augment(...)</code>. Keep the logits of D's turn for the shares. Return detached losses.</details>

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
# Now the same training with augmentation. (The course's $T$ does what yours does, without loops. The two trainings differ in one more small thing: your step draws new noise for $G$'s turn, `recipes.dcgan_step` of the plain training uses the same fakes twice.) *Predict*: how far apart are training and held-out pictures now? And in which training is $D$'s loss lower?

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
# Training and held-out pictures stay close together to the end (right panel, where all three sets go through $T$; mind its smaller scale), so nothing suggests that $D$ memorises. But the fakes are close, too: this $D$ hardly separates anything yet, so the evidence is weak. (For the same reason do not trust $r$ here: its denominator is small, so chance decides its size and even its sign.)
#
# $D$'s loss is 1.29, near $\log 4 = 1.39$: the task has become harder for $D$. This alone tells nothing about $G$ (lesson 3).
#
# After 2,500 steps the plain pictures look *better* to us. The small regular dots in the augmented ones are not the holes of $T$, which are grey squares at random places; they look like the grid of 6.5. Yet $r$ warned us of the plain training already. Augmentation did not speed up the start here. Does it pay if you train for longer? See 7.6.

# %% [markdown]
# ## 7.4 Leaks
#
# Now make the mistake on purpose: cut holes into the real pictures *only*, and give $D$ the fakes as they are. *Predict*: what will $G$ draw?

# %%
LEAK_STEPS = gancourse.budget(quick=4, cpu=600, gpu=2_000)
leaky = training.fit(
    recipes.dcgan_step(),
    *new_players(),
    train,
    **SETTINGS | {"augment": augment.random_hole, "steps": LEAK_STEPS},  # holes instead of flips
)
show(holes_in_the_real_pictures_alone=training.sample(leaky.generator, 6))

# %% [markdown]
# After 600 steps the pictures contain grey patches.
#
# $G$ learns what $D$ calls real, and these real pictures *had* grey squares. Such a change of the real pictures alone **leaks** into the samples. Some leaks do no harm: a mirrored Pokémon is a plausible Pokémon, so we keep the flips of real pictures.

# %% [markdown]
# Can a change leak even if it is applied to both? It can if wrong pictures look right after $T$. Suppose that $T$ turned each picture by 0, 90, 180 or 270 degrees, all equally likely. Then upright and upside-down Pokémon would look the same to $D$, and $G$ might draw upside-down ones.
#
# The remedy is to apply $T$ to each picture only with a probability p below 1. Then a share of 1 − p of the pictures is not touched, and the rest is spread over the four directions, p/4 each; one of them is 0 degrees. So 1 − p + p/4 are upright, more than the p/4 of each other direction. If $G$ drew upside-down pictures, $D$ would see too many of these.

# %% [markdown]
# Karras et al. (2020, section 2.2) show this for many augmentations whose random change may be "no change", such as a turn by 0 degrees: in theory they do not leak for any p below 1; in practice p should stay below about 0.8. Ours is always applied, and always erases at least 16 × 16 pixels, so this guarantee does not cover it. We have seen no leak in our pictures, but we have not proved that there is none.

# %% [markdown]
# ### Exercise 6 · `my_augmentation`
# ●●● · 20 minutes · a challenge: invent one
#
# Build an augmentation that is not among the three (the check cannot test this): `my_augmentation(images, p)` returns images of the same shape (N, 3, H, W), of which each was changed with probability p. Turn them, zoom, stretch, exchange the colours, blur, add waves: anything that passes these rules.
#
# - Each image is chosen by a random number of its own, drawn anew in each call. With p = 0 all images come back exactly as they were; with p = 1 *all* are changed. (So yours has no "turn by 0 degrees": p alone says how many are changed. What that means for a safe p, you find out after the exercise.)
# - Images do not mix: what comes out for one depends on no other.
# - A gradient flows back from every image to the image it came from.
# - It works for one image, for square images of any size, and on `images.device`. The arguments do not change.

# %% [markdown]
# You practise: designing an augmentation that a GAN can be trained with.
#
# <details><summary>Hint 1</summary>First write the change for one image, and make sure that it never leaves an image as it was (no turn by 0 degrees). Does it only move, add and multiply numbers? Then a gradient flows.</details>
# <details><summary>Hint 2</summary><code>torch.rand(len(images), device=...) &lt; p</code> decides for each image. <code>rot90</code>, <code>flip</code>, indexing the colours and <code>F.interpolate</code> all have gradients. A list of images and <code>torch.stack</code> is fast enough.</details>


# %% exercise="my_augmentation"
def my_augmentation(images: torch.Tensor, p: float) -> torch.Tensor:
    """Return images (N, 3, H, W) of which each was changed with probability p, by random numbers of its own."""
    ### BEGIN SOLUTION
    chosen = torch.rand(len(images)) < p
    turns = torch.randint(1, 4, (len(images),))  # by 90, 180 or 270 degrees
    return torch.stack(
        [
            image.rot90(int(k), (1, 2)) if change else image
            for image, change, k in zip(images, chosen, turns, strict=True)
        ]
    )
    ### END SOLUTION


# %%
torch.manual_seed(0)
changed = [my_augmentation(six[:3], p).clamp(-1, 1) for p in (0.5, 1.0)]
show(three_with_p_of_one_half_and_three_with_1=training.to_uint8(torch.cat(changed)))

# %% [markdown]
# To train with yours, put it into the step: `functools.partial(augmented_step, augment=lambda images: my_augmentation(images, 0.3))`. *Predict*: if yours turns images by 90, 180 or 270 degrees, never by 0, which p leaks most?
#
# <details><summary>Which p?</summary>p = 3/4. Yours never turns by 0 degrees: a share of 1 − p stays upright, and p/3 goes into each other direction. At p = 3/4 all four shares are equal, and D cannot tell which way up G draws. The turns of the text include 0 degrees, so there upright stays the most frequent for every p below 1. For yours 0.8 is no safe limit.
# At p = 0.3 most are upright. For an exchange of red and blue the worst value is p = 1/2, where both versions are equally frequent.</details>

# %% [markdown]
# ## 7.5 Is it new?
#
# Lesson 4's test counts a generated picture as a copy if it is nearer to a training picture than 99 % of the held-out ones are. Nearer in pixels or in features? Test the test first, with copies that we make ourselves.

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
    "no copies: held out": held_out,
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
# Mirrored copies are found because the search includes mirrored pictures. Pixel distances compare pixels at the same place, so they find hardly any of the copies that were shifted by three pixels; features find 99 %. That is why we test in features and report pixels beside them.
#
# Features miss copies, too: about half of those shifted by ten pixels, and of those with red and blue exchanged (pixels find 57 % of these). So also look at the nearest pairs. (The last row must say 1 %, because the limit is the first percentile of the held-out distances.)


# %%
def closest_pairs(fake, train, pairs):
    """Return the indices of the fakes (N, d) nearest to `train` (M, d), of their neighbours, and the distances, (pairs,) each."""
    distances, nearest = torch.cdist(fake, train).min(1)
    order = distances.argsort()[:pairs]
    return order, nearest[order], distances[order]


# %% [markdown]
# Now test the generator that comes with the course: trained with augmentation for 66,176 steps, 26 times as many as yours. The cell takes a thousand unselected samples (60 in a quick run) and shows the ten that are nearest to a training picture, each above its nearest picture, which may be mirrored.

# %%
samples = training.sample(shipped, gancourse.budget(quick=60, cpu=1_000, gpu=1_000))
of_samples = seen_by_classifier(samples)
fakes, partners, distances = closest_pairs(of_samples, of_searched, pairs=10)
for first in (0, 5):
    pairs = torch.cat([samples[fakes[first : first + 5]], searched[partners[first : first + 5]]])
    title = (
        f"pairs {first + 1} to {first + 5}; above: generated, below: the nearest training picture"
    )
    display(figures.image_grids({title: pairs}, columns=5))
print("distances:", *(f"{d:.2f}" for d in distances.tolist()))

to_samples, to_held_out = (metrics.nearest(x, of_searched)[0] for x in (of_samples, of_held_out))
for limit in to_held_out.sort().values[:4].tolist():
    share = (to_samples < limit).double().mean()
    print(f"a held-out picture lies at {limit:.2f}; nearer than that: {share:.1%} of the samples")

# %% [markdown]
# The limit is the first percentile of the held-out distances. It lies between the two smallest, 6.48 and 6.87; interpolation puts it just below 6.87. So read the line of 6.87: 1.1 % of the samples count as copies, about as many as of the held-out pictures, which cannot be copies. The limit is rough, because it depends on one or two pictures: at the smallest distance the share is 0.2 %, at the third smallest 1.6 %. (On the features of EfficientNet-Lite0 the share is 1.5 %,
# in pixels 0.7 %; `gancourse evaluate pokemon_dcgan` measures it again, after `pip install -e ".[colour]"`.)
#
# All ten pairs above count as copies by this test, so look at them. In most pairs a colour agrees, in some the posture. In none do we see the same picture. As far as this test and we can tell, the generator has not memorised its training pictures.

# %% [markdown]
# How good are its pictures? Look at the first figure of the lesson, also unselected. You see white backgrounds; often closed bodies with an outline and one or two colours; often an eye or a mouth, seldom a face. In many pictures a part is torn, or separate from the body. They resemble Pokémon artwork in style, but most of them look unfinished to us.

# %% [markdown]
# ## 7.6 What helps, and how much?
#
# We compare at equal time again, as in 6.9, with the networks of this lesson and two seeds for each method. The measure is the kernel distance of lesson 4, because it has no bias with as few as 100 pictures. It compares 1,000 samples with the 100 held-out pictures, on the features of EfficientNet-Lite0. For comparison: training pictures are at a distance of 0.00 from the held-out ones, blurred ones at 1.94, noise at 3.44. All trainings use flips, and samples come from the EMA of $G$ (as in 6.9). Only in the row *without EMA* they come from $G$ itself, in the same two trainings as in the row above. ± is the standard error from the choice of pictures (lesson 4); how much trainings differ, you see from the two seeds. We measured this beforehand, on a faster machine; the cell only shows the numbers.
#
# The methods: lesson 6's recipe; everything augmented, with and without EMA; the real pictures alone augmented; a narrower $D$; R1 (6.8); R1 and augmentation. *Predict*: which is best after five minutes? And which of the first two is better after thirty?

# %%
after_five_minutes = {
    "lesson 6's recipe at 64x64 and half the width": ((2.00, 0.10), (2.07, 0.10)),
    "everything that D sees is augmented": ((1.88, 0.11), (2.60, 0.14)),
    "the same without EMA": ((1.99, 0.11), (2.66, 0.14)),
    "the real pictures alone are augmented": ((4.07, 0.16), (3.49, 0.16)),
    "D of half the width, nothing augmented": ((1.70, 0.09), (2.00, 0.10)),
    "R1, gamma 0.1, nothing augmented": ((1.69, 0.10), (1.63, 0.10)),
    "R1, gamma 0.1, and everything augmented": ((2.45, 0.13), (3.16, 0.15)),
}
after_thirty_minutes = {
    "lesson 6's recipe at 64x64 and half the width": ((2.40, 0.12), (2.86, 0.12)),
    "everything that D sees is augmented": ((0.58, 0.06), (0.63, 0.06)),
}
controls = {"training pictures": 0.00, "blur": 1.94, "noise": 3.44}
display(
    figures.seeds(
        after_five_minutes, "kernel distance after five minutes, smaller is better", controls
    )
)
display(figures.seeds(after_thirty_minutes, "kernel distance after thirty minutes", controls))

# %% [markdown]
# After five minutes (about 5,000 to 11,000 steps):
#
# - **No method is good.** The smallest distance, 1.63 ± 0.10, is not far below that of blurred pictures, 1.94.
# - **Augmenting the real pictures alone is worst**, with both seeds: as far away as noise, or farther.
# - **R1 added to the first row** lowers the distance with both seeds. (In 6.9 R1 raised it. Data, networks, settings and measure differ; we have not tested which of them is the reason.)
# - **R1 and augmentation together** are farther than R1 alone, with both seeds, by more than the seeds of either row differ.
# - **Two seeds cannot decide** whether augmentation alone, a narrower $D$, or both R1 and augmentation change the first row. EMA lowers the distance in the same two trainings, but by no more than the errors.

# %% [markdown]
# After thirty minutes augmentation wins clearly: its distance is about a quarter of the distance without it, with both seeds. Without augmentation the distance even rose, by 0.40 and 0.79 (the seeds differ by up to 0.46).
#
# Two such generators come with the course: one trained once more like the first row, with a distance of 2.51 ± 0.11, and the one of 7.5, trained with augmentation for twice as long. (We did not keep its weights after half an hour. The second half lowered its distance from 0.58 ± 0.06 to 0.51 ± 0.06, by about the error.) *Predict*: what will you see?

# %%
plain_generator = pretrained.load("pokemon_plain").generator
without = training.sample(plain_generator, len(samples))
grids = {
    "without augmentation, 39,911 steps": without[:9],
    "with augmentation, 66,176 steps": samples[:9],
}
display(figures.image_grids(grids, columns=3))

# %% [markdown]
# Without augmentation we see smooth bodies in a few colours, with spots in the middle, and clouds of spots, some of which look nearly the same; no eye, no mouth. With augmentation there are outlines, eyes and several parts, though often torn. In the training on the left $D$ was right about nearly every picture of its batches after about 15,000 steps (the curves are in `data/pretrained/pokemon_plain`, in the course's folder). We think that $G$ could then learn little from it, for the reason in 7.2; we did not measure $r$ in this training.
#
# Did it memorise? A generator that replayed its training set would have a distance near 0, as the training pictures have. So a small distance does *not* rule out copies. A large one, like 2.51, rules out a replay of the whole set, but not copies of a few pictures. The next cell counts copies, in features and in pixels, and shows the pairs that are nearest in pixels.

# %%
of_without = seen_by_classifier(without)
rows_without = small_sets.as_rows(without)
print(f"copies in features: {metrics.copied_share(of_without, of_searched, of_held_out):.1%}")
print(f"copies in pixels: {metrics.copied_share(rows_without, rows_searched, rows_held_out):.1%}")
fakes, partners, _ = closest_pairs(rows_without, rows_searched, pairs=5)
title = (
    "without augmentation; above: generated, below: the nearest training picture, between pixels"
)
display(figures.image_grids({title: torch.cat([without[fakes], searched[partners]])}, columns=5))

# %% [markdown]
# Features count 0.2 % as copies, fewer than of held-out pictures, and pixels none. In the pairs only this is alike: something pale on much white. The same cream picture is the neighbour three times; in pixels, a pale picture is near to many others. As far as these tests and we can tell, this generator has not memorised; it draws badly. (In the plot for thirty minutes, features count no copies with either seed of the first row, pixels none with one and 18.2 % with the other. These may only be pale pictures, too; we did not keep those generators, so we cannot look.)
#
# We have not measured R1 alone, or a narrower $D$, after thirty minutes.
#
# To measure again (one and two hours on two cores), rename `tests/benchmarks/ablation.json`, because what stands in it is not measured again. Then run in the folder of the course, after `pip install -e ".[colour]"`:
#
# ```
# python tests/benchmarks/ablation.py pokemon
# python tests/benchmarks/ablation.py pokemon_long
# ```

# %% [markdown]
# ## 7.7 Play: who's that Pokémon?
#
# An artist drew a quarter of these pictures; they were held out. A quarter is $G(z)$. The rest are two kinds of *blends* of two Pokémon: $G$ of the noise halfway between two noise vectors, along an arc (*Blended in z*), and the mean of two generated pictures (*Blended in pixels*).
#
# 1. Play once. Which kind do you recognise most easily, and why?
# 2. Press *Again* and tick *Silhouettes*. Which kinds can you recognise by their outline alone?
# 3. Step back two metres from the screen. Can you still tell real from generated?

# %%
from gancourse.widgets import WhosThatPokemon

WhosThatPokemon()

# %% [markdown]
# 1 and 2: the mean of two pictures shows both outlines, like a double exposure, so you can often recognise it, also by its outline. For 3 we have no measurement. Halfway between two noise vectors $G$ mostly draws one body (our impression). This alone does not speak against memorising: a generator that jumped from one stored picture to the next would show one body there, too. Look for jumps on a whole walk (Radford et al. 2016), between two pins in the explorer of 7.8. The test in 7.5 is stronger evidence.

# %% [markdown]
# ## 7.8 Your own Pokémon
#
# Click the pictures that you like. Each gets a name that you choose, and two files to save: the picture, and its noise, which the explorer's *Load noise* opens. *More* draws others.

# %%
from gancourse.widgets import Gallery

gallery = Gallery()
gallery

# %% [markdown]
# You can improve a picture that is nearly good: change its noise. In the explorer below, the first directions change most; pin two pictures and walk between them. Then run the cell below the explorer to add its picture to your gallery.

# %%
from gancourse.widgets import LatentExplorer

explorer = LatentExplorer("pokemon_dcgan", seed=1)
explorer

# %%
gallery.keep(explorer.z, name="From the explorer")

# %% [markdown]
# ## Check yourself
#
# Answer three questions with a letter, and one in your own words. Put the letter into the function below each question.
#
# **Question 1.** $D$ gives training pictures a mean logit of 5, held-out ones −2, fakes −4. What do these numbers tell about $D$?
#
# - **a** It is undecided about real pictures.
# - **b** It has learnt nothing about Pokémon yet.
# - **c** It has memorised training pictures.
# - **d** It judges held-out pictures like training pictures.


# %% quiz="question_1"
def question_1() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% [markdown]
# **Question 2.** A friend erases a square of every real picture before $D$ sees it, and of no fake. What will $G$ learn to draw?
#
# - **a** Whole Pokémon: the holes belong to no particular picture.
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
# **Question 3.** None of 1,000 samples is near a training picture, measured in pixels. Is each of them new?
#
# - **a** Yes: pixels are all that a picture consists of.
# - **b** Yes, if held-out pictures are as far away.
# - **c** Yes, as long as the noise is drawn anew.
# - **d** That is not shown: a shifted copy would pass.


# %% quiz="question_3"
def question_3() -> str:
    """Return the letter of the right answer: "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% [markdown]
# **Question 4**, in your own words, about six sentences. An artist finds that a generator on the internet draws something very similar to one of her pictures, which was among its 900 training pictures. Its makers answer: "We measured; no output is a copy." What would you ask them about their measurement? Name two reasons why such a measurement can miss a copy. What would *you* measure, and with what would you compare it?
# (4 points, graded by hand: one for your questions, one for each of the two reasons, one for what you would measure; a model answer is in `solutions/`.)

# %% [markdown] open="question_4" points=4
# I would ask in which space distances were measured, against which limit, how many samples were searched, and whether the whole training set was searched. The measurement can miss a copy if it compares pixels: there nearly every copy that is shifted by three pixels passes, and a mirrored one if mirrored pictures are not searched. Features miss some, too. It can also miss one because few samples were searched, or because an *average* distance was reported, in which one copy among a thousand disappears. I would search the training set, mirrored too, for the nearest neighbour of many unselected samples, in the features of a classifier, and compare with the same distances of held-out pictures, which certainly are no copies; test the measure on copies that I make myself; and show the nearest pairs, so that people can judge.
#
# *Rubric, one point for each*: asks for the space, the limit or the number of samples · one way in which copies pass (shifted, mirrored, recoloured; in pixels or features) · another one (few samples, an average, part of the training set) · held-out pictures for comparison, or self-made copies, and pairs to look at.

# %% [markdown]
# ## Summary
#
# - With 908 pictures and no augmentation but flips, $r$ reached 0.85 after 2,500 steps: $D$ judged held-out pictures almost like fakes.
# - Augment everything that $D$ sees, with a differentiable $T$. $G$ learns to draw whatever you do to the real pictures alone.
# - Search for copies in features, compare with held-out pictures, and look at the pairs. A distance between sets does not detect copies.
# - In our runs augmentation did not speed up the start; after thirty minutes its distance was about a quarter. In the first five minutes R1 helped without augmentation; added to augmentation it did not.

# %% [markdown]
# **Sources**: Zhao et al. 2020, *Differentiable Augmentation for Data-Efficient GAN Training*, sections 3 and 4. Karras et al. 2020, *Training Generative Adversarial Networks with Limited Data*, section 2 and equation 1. Bińkowski et al. 2018, *Demystifying MMD GANs* (the kernel distance).
#
# **One step further**: put `pokemon819` into the first line of 7.1. Its pictures contain families of related species and several forms of one species. Hold out whole families instead of every tenth picture. (Look at the pictures to find families, or use the order of the numbers.) How does the limit for copies change, and which split is fairer?
