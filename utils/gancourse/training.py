"""The training engine: one loop that drives any GAN training step.

    run = fit(train_step, G, D, opt_G, opt_D, images, steps=3_000)

`train_step(G, D, opt_G, opt_D, real, step)` updates both players once on a batch `real` (B, C, H, W) in [-1, 1] and
returns a dict of 0-d tensors to record, such as {"d_loss": ..., "g_loss": ...}. A conditional GAN's step gets the labels
too: `train_step(G, D, opt_G, opt_D, real, labels, step)`. The engine does the rest: batches, the EMA generator,
progress, snapshots, checkpoints, and a clear stop when training has broken down.

Where the speed comes from: the dataset lies on the device as one uint8 tensor and a batch is one indexing operation;
the recorded numbers stay on the device, so that no step waits for a `.item()`; the optimisers are fused; the channels of a
pixel lie side by side in memory, the layout that suits convolutions; with `bf16=True` these run in bfloat16.
"""

import contextlib
import copy
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gancourse import arguments, checkpoints, memory
from gancourse.watching import ProgressBar, Watcher, stop_after_step

TrainStep = Callable[..., dict[str, Tensor]]  # (G, D, opt_G, opt_D, real, step), or (..., real, labels, step)

CHECK_SECONDS = 0.5  # how often the engine looks at the losses; a look makes a GPU wait
SNAPSHOT_IMAGES = 64
CERTAIN = 7.0  # a g_loss above it means that D gives the fakes less than one chance in a thousand of being real


class TrainingStopped(RuntimeError):
    """Training broke down: a loss is not a number, or one player has nothing left to learn from."""


# ---- device -------------------------------------------------------------------------------------------------------


def pick_device() -> torch.device:
    """Return the fastest device at hand: cuda, then mps (Apple), then cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def has_native_bf16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 matrices in hardware. Emulated, it is many times slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))
    return False


def adam(network: nn.Module, lr: float, betas: tuple[float, float] = (0.5, 0.999)) -> torch.optim.Adam:
    """Return Adam over the network's parameters, fused: one kernel for all tensors instead of several for each."""
    return torch.optim.Adam(network.parameters(), lr=lr, betas=betas, fused=True)


# ---- batches ------------------------------------------------------------------------------------------------------


@dataclass
class Batches:
    """Random batches out of one uint8 tensor (or numpy array, or dataset of the course), without replacement in an epoch.

    Batch number `step` (from 1) depends on `seed` and `step` alone, so that a resumed training sees the same ones.
    """

    images: Tensor  # uint8 (N, C, H, W)
    batch_size: int
    seed: int = 0
    device: torch.device = field(default_factory=pick_device)
    augment: Callable[[Tensor], Tensor] | None = None
    labels: Tensor | None = None  # int64 (N,)

    def __post_init__(self):
        self.images = arguments.images_of(self.images)
        self.batch_size = arguments.whole("batch_size", self.batch_size, least=1)
        self.per_epoch = len(self.images) // self.batch_size
        if self.per_epoch == 0:
            raise ValueError(f"a batch of {self.batch_size} cannot be drawn from {len(self.images)} images.")
        if self.labels is not None:
            self.labels = arguments.labels_of(self.labels, len(self.images)).to(self.device)
        self.images = self.images.to(self.device)
        self._epoch, self._order = -1, None

    def indices(self, step: int) -> Tensor:
        """Return the int64 indices (B,) of batch number `step`."""
        epoch, i = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            rng = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self._order = torch.randperm(len(self.images), generator=rng, device="cpu").to(self.device)
            self._epoch = epoch
        return self._order[i * self.batch_size : (i + 1) * self.batch_size]

    def __call__(self, step: int) -> Tensor:
        """Return batch number `step` as float32 (B, C, H, W) in [-1, 1]."""
        images = to_unit(self.images[self.indices(step)])
        return self.augment(images) if self.augment else images

    def arguments(self, step: int) -> tuple:
        """Return what a train_step gets of batch number `step`: (real, step), or (real, labels, step)."""
        labels = () if self.labels is None else (self.labels[self.indices(step)],)
        return self(step), *labels, step


def to_unit(images: Tensor) -> Tensor:
    """Return uint8 images 0..255 as float32 -1..1, the range of tanh."""
    return images.float().div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Return float images -1..1 as uint8 0..255, rounded."""
    return images.add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


# ---- the EMA generator ---------------------------------------------------------------------------------------


def average_of(G: nn.Module, decay: float) -> AveragedModel:
    """Return an exponential moving average of G's weights (Yazici et al. 2019); call `update_parameters(G)` each step.

    Raises ValueError where G keeps something that cannot be copied.
    """
    arguments.check_copyable(G, "generator")
    return AveragedModel(G, multi_avg_fn=get_ema_multi_avg_fn(decay))


def refresh_batch_norm(G: nn.Module, drawn: int = 10_000) -> nn.Module:
    """Recompute G's batch-norm statistics from its own noise, in batches of 250 images, and leave G in eval mode.

    The EMA weights produce activations that no training batch has produced, so the statistics gathered while training
    do not fit them. A generator without batch-norm is only put in eval mode.
    drawn: images that G's training has drawn; as many are enough here, and at most 10,000.
    """
    layers = [m for m in G.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if layers:
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
        G.train()
        try:
            with torch.no_grad():
                for seed in range(math.ceil(min(drawn, 10_000) / 250)):
                    G(*generator_inputs(G, 250, seed))
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum
            G.eval()
    return G.eval()


def noise(G: nn.Module, n: int, seed: int | None = None) -> Tensor:
    """Return noise (n, G.z_dim) for G, on its device: N(0, 1), or uniform on (-1, 1) where `G.prior` says "uniform".

    With a seed it depends on the seed alone, whatever the device; without, on torch's global generator. Raises ValueError
    where G has no `z_dim`.
    """
    arguments.check_generator(G)
    device = device_of(G)
    uniform = getattr(G, "prior", "normal") == "uniform"
    draw = torch.rand if uniform else torch.randn
    if seed is None:
        z = draw(n, G.z_dim, device=device, dtype=torch.float32)
    else:
        rng = torch.Generator().manual_seed(seed)
        z = draw(n, G.z_dim, generator=rng, device="cpu", dtype=torch.float32).to(device)
    return z * 2 - 1 if uniform else z


def noise_deviation(G: nn.Module) -> float:
    """Return the standard deviation of one number of G's noise: 1, or 1/√3 where it is uniform on (-1, 1)."""
    return 3**-0.5 if getattr(G, "prior", "normal") == "uniform" else 1.0


def generator_inputs(G: nn.Module, n: int, seed: int | None = None, labels: Tensor | None = None) -> tuple[Tensor, ...]:
    """Return G's inputs for n images, on its device: the noise, then coarse images, then labels, where G takes them.

    G takes coarse images if it has `examples` of them, uint8 (K, C, h, w): it gets them by turns, as float -1 to 1, and others
    with the next seed. A G that has these and no `z_dim` takes no noise. G is conditional if it has `classes`, the number of
    them; example i then shows class i % classes, and K is a multiple of the classes. labels: int64 (n,); without, 0, 1, 2, ...
    and again from 0. Raises ValueError for labels that do not fit, or where the images are missing.
    """
    classes, examples = getattr(G, "classes", None), getattr(G, "examples", None)
    if examples is None and not takes_noise(G):
        raise ValueError(
            "This generator enlarges images: give it some to begin with: `G.examples`, uint8 (K, C, h, w)."
        )
    turns = torch.arange(n, device="cpu")
    if examples is not None:
        turns += n * (seed or 0)
    if classes is None and labels is not None:
        raise ValueError(f"{type(G).__name__} takes no labels: it has no attribute `classes`.")
    if classes is not None:
        labels = turns % classes if labels is None else labels
        if labels.shape != (n,):
            raise ValueError(f"{n} images need {n} labels, not a tensor of {tuple(labels.shape)}.")
        labels = check_labels(labels, classes)
    inputs = [noise(G, n, seed)] if takes_noise(G) else []
    if examples is not None:
        places = (
            turns if classes is None else labels.cpu() + classes * (turns // classes)
        )  # of examples of these classes
        inputs.append(to_unit(examples[places % len(examples)]))
    if classes is not None:
        inputs.append(labels)
    device = device_of(G)
    return tuple(x.to(device) for x in inputs)


def takes_noise(G: nn.Module) -> bool:
    """Return whether G draws from noise; one that enlarges images without any has the attribute `examples` and no `z_dim`."""
    return hasattr(G, "z_dim") or not hasattr(G, "examples")


def check_labels(labels: Tensor, classes: int) -> Tensor:
    """Return the labels (N,); raises ValueError unless they are int64, each from 0 to classes - 1."""
    if labels.dim() != 1:
        raise ValueError(f"labels have the shape (N,), one for each image; these have {tuple(labels.shape)}.")
    if labels.dtype != torch.int64:
        raise ValueError(f"labels are int64, these are {labels.dtype}: `.long()` turns whole numbers into them.")
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        raise ValueError(f"there is a label {outside[0]}; with {classes} classes, labels run from 0 to {classes - 1}.")
    return labels


@torch.no_grad()
def sample(G: nn.Module, n: int, seed: int = 0, labels: Tensor | None = None, batch_size: int = 500) -> Tensor:
    """Return n images of G in eval mode: uint8 (n, C, H, W) on the CPU; G's mode is left as it was.

    labels: int64 (n,), for a conditional G; without, its classes by turns. Raises ValueError for what is no image from -1
    to 1.
    """
    arguments.whole("n, the number of images,", n, least=1)
    inputs = generator_inputs(G, n, seed, labels)
    was_training = G.training
    G.eval()
    images = []
    try:
        for part in zip(*(whole.split(batch_size) for whole in inputs), strict=True):
            what = "noise" if takes_noise(G) else "images"
            given = f"{what} {tuple(part[0].shape)}" + " and labels" * hasattr(G, "classes")
            images.append(to_uint8(arguments.check_pixels(drawn(G, *part), len(part[0]), given)).cpu())
    finally:
        G.train(was_training)
    return torch.cat(images)


def drawn(G: nn.Module, *inputs: Tensor) -> Tensor:
    """Return G(*inputs); where G adds detail to coarse images, limited to [-1, 1], because the sum may go beyond."""
    images = G(*inputs)
    return images.clamp(-1, 1) if hasattr(G, "examples") and isinstance(images, Tensor) else images


def in_eval_mode(G: nn.Module) -> nn.Module:
    """Return G, or a copy of it in eval mode where G is in training mode: another thread may be training it at this moment.

    Raises ValueError where G is no generator, or keeps something that cannot be copied.
    """
    arguments.check_generator(G)
    if not G.training:
        return G
    arguments.check_copyable(G, "generator")
    return copy.deepcopy(G).eval()


def device_of(network: nn.Module) -> torch.device:
    """Return the device that a network lies on."""
    return next((p.device for p in network.parameters()), torch.device("cpu"))


# ---- the run ------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """What a training has produced so far."""

    G: nn.Module
    D: nn.Module
    generator: nn.Module  # the one to sample from: the EMA generator where there is one, else G itself
    step: int = 0  # steps done
    seconds: float = 0.0  # time spent in the loop, over all resumed parts
    history: dict[str, Tensor] = field(default_factory=dict)  # name -> float32 (step,) on the CPU
    snapshots: dict[int, Tensor] = field(default_factory=dict)  # step -> uint8 (64, C, H, W), always the same noise
    interrupted: bool = False


def fit(
    train_step: TrainStep, G: nn.Module, D: nn.Module, opt_G: Optimizer, opt_D: Optimizer, images: Tensor, **settings
) -> Run:
    """Train G and D on `images` (uint8 (N, C, H, W), or a dataset of the course) and return the Run. Settings, all by name:

    steps: how many.
    labels: int64 (N,), for a conditional GAN; train_step then gets those of the batch, before the step's number.
    batch_size: 64 unless told.
    seed: of torch's global generator and of the batches, 0 unless told.
    ema: decay of the EMA generator, 0 for none, the default.
    augment: a function that changes a batch of real images, (B, C, H, W) in [-1, 1].
    bf16: True to compute convolutions and matrix products of the step in bfloat16, where the device does so in hardware;
        weights and their updates stay float32 ("mixed precision", Micikevicius et al. 2018).
    compile: True to let torch.compile fuse the networks' operations. The first step then takes half a minute longer or
        more. It needs a C++ compiler, on a GPU Triton, and cannot differentiate a gradient, as R1 does.
    snapshot_steps: where to draw 64 pictures from fixed noise; with `folder`, the weights are kept there too.
    folder: where checkpoints go, every `checkpoint_seconds` (30) and at the end. A training that finds one there goes on
        from it; on a CPU the result is the same to the bit as without the stop. What is restored: networks, optimisers
        and their learning rates, the random numbers of torch, numpy and Python; a scheduler of your own is not. A
        checkpoint of another training is refused, also of another `train_step`, as far as its code tells.
    patience: stop with TrainingStopped once D has been right and certain for so many steps, 1,000 unless told; None never
        does. It looks at the recorded d_real, d_fake (shares D is right about) and g_loss (non-saturating), where
        train_step has them.
    progress: False for no progress bar.

    Networks must already lie on the device to train on. Ctrl-C (the notebook's stop button) or SIGTERM finishes the step,
    keeps what was learnt and returns with `run.interrupted`. Raises TrainingStopped, CheckpointError, or ValueError for bad
    arguments.
    """
    for run in fit_in_steps(train_step, G, D, opt_G, opt_D, images, **settings):  # noqa: B007 (the last one is meant)
        pass
    return run


def fit_in_steps(
    train_step: TrainStep,
    G: nn.Module,
    D: nn.Module,
    opt_G: Optimizer,
    opt_D: Optimizer,
    images: Tensor,
    *,
    steps: int,
    labels: Tensor | None = None,
    batch_size: int = 64,
    seed: int = 0,
    ema: float = 0.0,
    augment: Callable[[Tensor], Tensor] | None = None,
    bf16: bool = False,
    compile: bool = False,
    snapshot_steps: Iterable[int] = (),
    folder: str | Path | None = None,
    checkpoint_seconds: float = 30.0,
    patience: int | None = 1_000,
    progress: bool = True,
    watcher: Watcher | None = None,
) -> Iterator[Run]:
    """Train as `fit` does; yield the Run, always the same object, after every step and once more at the end.

    What happens between two steps is not counted as the training's time.
    watcher: sees how the training goes and may end it; it replaces the progress bar.
    """
    _check_players(G, D)
    steps = arguments.whole("steps", steps, least=0)
    device = device_of(G)
    if hasattr(G, "classes"):
        labels = getattr(images, "labels", None) if labels is None else labels  # those of an ImageDataset
        if labels is None:
            raise ValueError("these are conditional networks: pass `labels`, one for each image.")
        labels = check_labels(arguments.labels_of(labels, len(images)), G.classes)
    batches = Batches(images, batch_size, seed, device, augment, labels)
    images, labels = batches.images, batches.labels
    _check_size(G, images)
    snapshot_steps = set(snapshot_steps)
    if folder and Path(folder).is_file():
        raise ValueError(f"{folder} is a file; `folder` is where checkpoints go: name a folder, new or old.")
    bf16 = bf16 and has_native_bf16(device)
    if device.type != "mps":  # where PyTorch's batch-norm has mistaken the layout (pytorch issue 175189)
        for network in (G, D):
            network.to(memory_format=torch.channels_last)
    average = average_of(G, ema) if ema else None
    run = Run(G, D, average.module if average else G)
    networks = {"G": G, "D": D} | ({"average": average} if average else {})
    optimizers = {"opt_G": opt_G, "opt_D": opt_D}
    checkpoint = Path(folder) / "checkpoint.safetensors" if folder else None
    plan = {"batch_size": batch_size, "seed": seed, "ema": ema}
    if checkpoint:  # what a training must share with the checkpoint that it goes on from
        checkpoints.check_room(checkpoint.parent, networks)
        plan["train_step"] = checkpoints.code_of(train_step)
        plan["images"] = f"{tuple(images.shape)}, sha256 {hashlib.sha256(images.cpu().numpy()).hexdigest()[:16]}"
        if labels is not None:
            plan["labels"] = f"sha256 {hashlib.sha256(labels.cpu().numpy()).hexdigest()[:16]}"
        plan |= {name: json.loads(json.dumps(opt.defaults, default=str)) for name, opt in optimizers.items()}
    memory.keep_freed()
    torch.manual_seed(seed)
    names: list[str] = []  # what train_step records
    records: list[Tensor] = []  # one tensor (names,) a step, on the device
    if checkpoint and checkpoint.exists():
        tensors, about = checkpoints.read(checkpoint, networks, optimizers, plan)
        run.step, run.seconds = about["step"], about["seconds"]
        names = about["names"]
        run.snapshots = {int(step): t for step, t in checkpoints.with_prefix(tensors, "snapshot").items()}
        records = list(tensors["history"])
        if run.step >= steps:
            yield _finish(run, names, records, batch_size)
            return
    for optimizer in optimizers.values():  # resumed, or used before
        checkpoints.lay_out(optimizer)
    G.train()
    D.train()

    def save() -> None:
        if checkpoint:
            tensors = {f"snapshot.{step}": images for step, images in run.snapshots.items()}
            tensors["history"] = torch.stack(records)
            last = {n: round(float(v), 4) for n, v in zip(names, records[-1], strict=True)}
            about = {"step": run.step, "seconds": round(run.seconds, 2), "names": names, "last": last, "plan": plan}
            checkpoints.write(checkpoint, networks, optimizers, tensors, about)

    if watcher is None:
        quiet = not progress or "NBGRADER_EXECUTION" in os.environ
        watcher = Watcher() if quiet else ProgressBar(steps, run.step)
    with (
        checkpoints.locked(folder),
        stop_after_step(watcher.stop) as stop_asked,
        _compiled(G, D) if compile else contextlib.nullcontext(),
        contextlib.ExitStack() as at_the_end,
    ):
        at_the_end.callback(watcher.end)
        checked = run.step
        began = last_check = last_save = time.monotonic()
        earlier = run.seconds
        for step in range(run.step + 1, steps + 1):
            # No cache: a weight that was cast for one player's turn is another one after its update.
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16, cache_enabled=False):
                values = train_step(G, D, opt_G, opt_D, *batches.arguments(step))
            if not isinstance(values, dict) or not values:
                raise ValueError(
                    f"train_step returned {values!r}. It must end with `return` and a dict of what to record, such as "
                    '{"d_loss": d_loss, "g_loss": g_loss}.'
                )
            names = names or list(values)
            records.append(_as_record(values, names, device))
            if average:
                average.update_parameters(G)
            run.step = step
            now = time.monotonic()
            asked = stop_asked() or watcher.asks()
            if step == steps or asked or step in snapshot_steps or now - last_check > CHECK_SECONDS:
                run.seconds = earlier + now - began
                recent = torch.stack(records[checked:]).cpu()
                records[checked:] = recent
                _stop_if_broken(names, recent, checked, records, patience)
                watcher.look(run, dict(zip(names, recent.T, strict=True)))
                checked, last_check = step, now
                if step in snapshot_steps:
                    _take_snapshot(run, folder, batch_size)
                stop = stop_asked() or watcher.stops()  # asked once: either may come between two lines
                if step == steps or stop or now - last_save > checkpoint_seconds:
                    save()
                    last_save = now
                if stop:
                    run.interrupted = step < steps
                    break
            paused = time.monotonic()
            yield run
            began += time.monotonic() - paused
        run.seconds = earlier + time.monotonic() - began
    yield _finish(run, names, records, batch_size)


@contextlib.contextmanager
def _compiled(*networks: nn.Module):
    """Compile what the networks do when they are called, for as long as the context lasts."""
    before = [network._compiled_call_impl for network in networks]
    for network in networks:
        network.compile()
    try:
        yield
    except RuntimeError as error:
        if "double backward" in str(error) or "create_graph" in str(error):
            what = "a gradient cannot be differentiated then, as R1 does"
        elif isinstance(error, torch._dynamo.exc.TorchDynamoException):
            what = str(error).strip().splitlines()[0]
        else:
            raise
        raise ValueError(f"compile=True does not work here: {what}. Train without it.") from error
    finally:
        for network, call in zip(networks, before, strict=True):
            network._compiled_call_impl = call


def _finish(run: Run, names: list[str], records: list[Tensor], batch_size: int) -> Run:
    if records:
        run.history = dict(zip(names, torch.stack(records).T, strict=True))
    _refresh_average(run, batch_size)
    run.G.eval()
    run.D.eval()
    return run


def _as_record(values: dict[str, Tensor], names: list[str], device: torch.device) -> Tensor:
    if list(values) != names:
        raise ValueError(f"train_step returned {list(values)} after {names}: return the same names at every step.")
    return torch.stack([_as_number(name, value, device) for name, value in values.items()])


def _as_number(name: str, value: object, device: torch.device) -> Tensor:
    try:
        number = torch.as_tensor(value, device=device).detach().float()
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"train_step returned {name} = {value!r}. It records numbers: tensors or floats.") from None
    if number.numel() != 1:
        raise ValueError(
            f"train_step returned {name} of shape {tuple(number.shape)}. It records one number a step: take the `.mean()`."
        )
    return number.reshape(())


def _check_players(G: object, D: object) -> None:
    if takes_noise(G):
        arguments.check_generator(G)
    arguments.check_network(D, "discriminator")
    for network, role in ((G, "generator"), (D, "discriminator")):
        arguments.check_weights(network, role)
    if device_of(G) != device_of(D):
        raise ValueError(
            f"G lies on {device_of(G)}, D on {device_of(D)}: move both to one device, before their optimisers."
        )


def _check_size(G: nn.Module, images: Tensor) -> None:
    """Raise ValueError unless G draws images like the real ones; a step would say so less clearly."""
    try:
        drawn = tuple(sample(G, arguments.ENOUGH).shape[1:])
    except NotImplementedError:  # an exercise that is not solved yet
        raise
    except (RuntimeError, TypeError, IndexError) as error:
        first_line = (str(error) or "no message").splitlines()[0]
        stops = f"The generator stops with {type(error).__name__}: {first_line}."
        if not takes_noise(G):
            raise ValueError(f"{stops} It takes images (N, C, h, w), such as its `examples`.") from error
        raise ValueError(
            f"{stops} It takes noise (N, {G.z_dim})"
            f"{' and labels (N,)' if hasattr(G, 'classes') else ''}. If it begins with a convolution, begin its forward with "
            f"`z.view(-1, {G.z_dim}, 1, 1)`. If it takes coarse images, too, give it some: `G.examples`, uint8 (K, C, h, w)."
        ) from error
    wanted = tuple(images.shape[1:])
    if drawn != wanted:
        raise ValueError(f"G draws images of {drawn}, and the real ones have {wanted}: (C, H, W) must be the same.")


def _stop_if_broken(names, recent: Tensor, first: int, records: list[Tensor], patience: int | None) -> None:
    """Raise TrainingStopped if a recorded value is not finite, or if D has been certain for `patience` steps."""
    bad = ~recent.isfinite().all(1)
    if bad.any():
        row = int(bad.nonzero()[0])
        what = ", ".join(f"{n} = {v:.3g}" for n, v in zip(names, recent[row], strict=True))
        raise TrainingStopped(
            f"Step {first + row + 1}: {what}. Once a loss is not a finite number, every weight it touches is lost. "
            "Look for a log of zero (work on logits), a learning rate that is too high, or a division by zero."
        )
    if patience and len(records) >= patience and {"d_real", "d_fake", "g_loss"} <= set(names):
        d_real, d_fake, g_loss = (names.index(n) for n in ("d_real", "d_fake", "g_loss"))
        if records[-1][g_loss] < CERTAIN:
            return
        window = torch.stack(records[-patience:])
        if window[:, [d_real, d_fake]].min() >= 1 and window[:, g_loss].min() > CERTAIN:
            raise TrainingStopped(
                f"For {patience} steps the discriminator has been right about every single image, and sure of it: "
                "the generator has stopped learning. Check that G's optimiser holds G's parameters, that G's loss is the "
                "non-saturating one, and that D's learning rate is not far above G's. `patience=None` goes on regardless."
            )


def _refresh_average(run: Run, batch_size: int) -> None:
    if run.generator is not run.G:
        refresh_batch_norm(run.generator, run.step * batch_size)


def _take_snapshot(run: Run, folder: str | Path | None, batch_size: int) -> None:
    _refresh_average(run, batch_size)
    images = sample(run.generator, SNAPSHOT_IMAGES, seed=0)
    run.snapshots[run.step] = images
    if len(images.flatten(1).unique(dim=0)) == 1:
        raise TrainingStopped(
            f"Step {run.step}: the generator draws the same picture for every noise vector. It has collapsed; "
            "start again with a lower learning rate, or let D see more varied fakes (larger batches)."
        )
    if folder:
        checkpoints.write_players(Path(folder) / f"snapshot-{run.step:06d}.safetensors", run.generator, run.D)
