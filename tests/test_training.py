"""The training engine: batches, resuming to the bit, and stops that say why."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

from gancourse import training, watching
from gancourse.augment import random_flip
from gancourse.checkpoints import CheckpointError
from gancourse.files import save_atomically
from gancourse.steps import mlp_step
from gancourse.training import Batches, TrainingStopped, fit
from toy_training import images, players, toy_fit, weights_hash

TOY = Path(__file__).with_name("toy_training.py")


def stopping_step(at: int, act):
    """A train step that does `act()` during step `at`."""
    step_function = mlp_step(gamma=1.0)

    def train_step(G, D, opt_G, opt_D, real, step):
        if step == at:
            act()
        return step_function(G, D, opt_G, opt_D, real, step)

    return train_step


class AtStep(watching.Watcher):
    """Do `act()` after step `at`, while the train step stays the same. A signal is noticed in the next step."""

    def __init__(self, at: int, act):
        self.at, self.act, self.step = at, act, 0

    def asks(self) -> bool:
        self.step += 1
        if self.step == self.at:
            self.act()
        return False


# ---- torch.compile ----

of_torch_itself = pytest.mark.filterwarnings("ignore")
needs_a_compiler = pytest.mark.skipif(not shutil.which(os.environ.get("CXX", "g++")), reason="no C++ compiler")


@of_torch_itself
@needs_a_compiler
def test_compiled_networks_learn_the_same_and_resume_to_the_bit(tmp_path):
    settings = {"train_step": mlp_step(), "ema": 0.9}
    plain = toy_fit(steps=6, **settings)
    compiled = toy_fit(steps=6, compile=True, **settings)
    for name, values in compiled.history.items():
        torch.testing.assert_close(values, plain.history[name], rtol=1e-3, atol=1e-4)
    assert compiled.G._compiled_call_impl is None  # what is returned is an ordinary network
    toy_fit(tmp_path, steps=3, compile=True, **settings)
    assert weights_hash(toy_fit(tmp_path, steps=6, compile=True, **settings)) == weights_hash(compiled)


@of_torch_itself
@needs_a_compiler
def test_what_cannot_be_compiled_is_said_at_the_first_step(monkeypatch):
    with pytest.raises(ValueError, match="compile=True does not work here: a gradient cannot be differentiated then"):
        toy_fit(compile=True, train_step=mlp_step(gamma=1.0, every=1))
    torch._dynamo.reset()
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no-such-compiler",))
    monkeypatch.setattr("torch._inductor.config.force_disable_caches", True)
    with pytest.raises(ValueError, match=r"compile=True does not work here: .*compiler.*Train without it"):
        toy_fit(compile=True, train_step=mlp_step())


# ---- batches ----


def test_an_epoch_shows_every_image_once_and_the_next_another_order():
    batches = Batches(images(96), batch_size=32, seed=3)
    first = torch.cat([batches.indices(s) for s in (1, 2, 3)])
    second = torch.cat([batches.indices(s) for s in (4, 5, 6)])
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(96))
    assert first.tolist() != second.tolist()


def test_a_batch_depends_on_seed_and_step_alone():
    forwards, at_once = Batches(images(), 32, seed=1), Batches(images(), 32, seed=1)
    for step in range(1, 40):
        forwards(step)
    torch.testing.assert_close(forwards(40), at_once(40), rtol=0, atol=0)
    assert not torch.equal(at_once(40), Batches(images(), 32, seed=2)(40))


def test_batches_are_scaled_to_the_range_of_tanh():
    black_and_white = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    batch = Batches(black_and_white, 2)(1)
    assert batch.dtype == torch.float32
    assert sorted(batch.flatten().tolist()) == [-1, 1]


@pytest.mark.parametrize(
    ("bad", "size", "says"),
    [(images().float(), 32, "must be uint8"), (images()[:, 0], 32, "shape"), (images(9), 32, "batch of 32")],
)
def test_bad_images_are_refused_in_words(bad, size, says):
    with pytest.raises(ValueError, match=says):
        Batches(bad, size)


def test_uint8_survives_the_way_to_unit_and_back():
    every = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(training.to_uint8(training.to_unit(every)), every)


# ---- the run ----


def test_fit_records_every_step_and_leaves_networks_in_eval_mode():
    run = toy_fit(steps=25, snapshot_steps=[10, 25])
    assert run.step == 25
    assert {name: len(values) for name, values in run.history.items()} == dict.fromkeys(
        ("d_loss", "g_loss", "d_real", "d_fake"), 25
    )
    assert sorted(run.snapshots) == [10, 25]
    assert run.snapshots[10].shape == (64, 1, 28, 28)
    assert run.snapshots[10].dtype == torch.uint8
    assert not torch.equal(run.snapshots[10], run.snapshots[25])
    assert not any(network.training for network in (run.G, run.D, run.generator))


def test_the_averaged_generator_is_the_average_by_hand():
    weights = []

    def train_step(*arguments):
        values = mlp_step()(*arguments)
        weights.append([p.detach().clone() for p in arguments[0].parameters()])
        return values

    run = toy_fit(steps=5, train_step=train_step, ema=0.7)
    expected = weights[0]
    for later in weights[1:]:
        expected = [0.7 * e + 0.3 * w for e, w in zip(expected, later, strict=True)]
    for p, e in zip(run.generator.parameters(), expected, strict=True):
        torch.testing.assert_close(p, e)


def test_batch_norm_of_the_average_is_refreshed_from_its_own_noise():
    run = toy_fit(steps=40, ema=0.99)
    norm = run.generator.body[1]
    first = run.generator.body[0](training.noise(run.generator, 20_000, seed=99))
    torch.testing.assert_close(norm.running_mean, first.mean(0), atol=0.05, rtol=0)
    torch.testing.assert_close(norm.running_var, first.var(0), atol=0, rtol=0.1)


def test_noise_depends_on_the_seed_and_follows_the_prior():
    G, *_ = players()
    assert torch.equal(training.noise(G, 5, seed=1), training.noise(G, 5, seed=1))
    assert not torch.equal(training.noise(G, 5, seed=1), training.noise(G, 5, seed=2))
    assert training.noise(G, 1_000, seed=1).abs().max() > 2
    G.prior = "uniform"
    z = training.noise(G, 10_000, seed=1)
    assert -1 <= z.min() < -0.99
    assert 0.99 < z.max() <= 1


def test_progress_goes_to_stdout_and_can_be_silenced(capsys, monkeypatch):
    toy_fit(steps=5, progress=True)
    out, err = capsys.readouterr()
    assert "5/5" in out
    assert "d_loss" in out
    assert err == ""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    toy_fit(steps=5, progress=True)
    assert capsys.readouterr() == ("", "")


# ---- stopping and resuming ----


def test_interrupt_finishes_the_step_and_resumes_to_the_bit(tmp_path):
    before = signal.getsignal(signal.SIGINT)  # a program in the background of a script ignores it
    whole = toy_fit(steps=60, snapshot_steps=[20, 50])
    press_ctrl_c = AtStep(32, lambda: os.kill(os.getpid(), signal.SIGINT))
    part = toy_fit(tmp_path, 60, watcher=press_ctrl_c, snapshot_steps=[20, 50])
    assert part.interrupted
    assert part.step == 33
    assert signal.getsignal(signal.SIGINT) is before
    rest = toy_fit(tmp_path, 60, snapshot_steps=[20, 50])
    assert not rest.interrupted
    assert weights_hash(rest) == weights_hash(whole)
    for step in (20, 50):
        assert torch.equal(rest.snapshots[step], whole.snapshots[step])


def test_a_second_interrupt_stops_at_once():
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)  # Python handles signals between two instructions

    with pytest.raises(KeyboardInterrupt):
        toy_fit(train_step=stopping_step(5, twice))


def test_a_finished_training_is_only_loaded(tmp_path):
    done = toy_fit(tmp_path, 20)
    again = toy_fit(tmp_path, 20, watcher=AtStep(1, lambda: pytest.fail("trained again")))
    assert weights_hash(again) == weights_hash(done)


def test_a_longer_training_goes_on_from_a_shorter_one(tmp_path):
    toy_fit(tmp_path, 20)
    assert weights_hash(toy_fit(tmp_path, 45)) == weights_hash(toy_fit(steps=45))


def test_training_works_outside_the_main_thread():
    runs = []
    thread = threading.Thread(target=lambda: runs.append(toy_fit(steps=5)))
    thread.start()
    thread.join()
    assert runs[0].step == 5


def kill_and_resume(folder: Path, kills: int, steps: int) -> None:
    """Kill a training that writes a checkpoint fifty times a second, each time somewhere after a new one has appeared."""
    rng = random.Random(0)
    checkpoint = folder / "checkpoint.safetensors"
    command = [sys.executable, str(TOY), str(folder), str(steps)]
    reached = 0
    for _ in range(kills):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before:
            assert process.poll() is None, "the training ended before it could be killed: give it more steps"
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        assert process.wait() == -signal.SIGKILL, "the training ended before it could be killed: give it more steps"
        with safe_open(checkpoint, "pt") as file:
            step = json.loads(file.metadata()["about"])["step"]
        assert step > reached, "every life must go on from where the last one was killed"
        reached = step
    assert reached < steps
    fresh = [sys.executable, str(TOY), str(folder / "whole"), str(steps)]
    resumed, whole = (subprocess.run(c, capture_output=True, text=True, check=True).stdout for c in (command, fresh))
    assert resumed == whole != ""


def test_killed_a_training_ends_the_same_to_the_bit(tmp_path):
    kill_and_resume(tmp_path, kills=1, steps=400)


@pytest.mark.long
def test_killed_ten_times_a_training_ends_the_same_to_the_bit(tmp_path):
    kill_and_resume(tmp_path, kills=10, steps=2_500)


# ---- what goes wrong ----


def test_a_loss_that_is_not_a_number_stops_and_names_the_step(tmp_path):
    def train_step(G, D, opt_G, opt_D, real, step):
        values = mlp_step()(G, D, opt_G, opt_D, real, step)
        return values | {"g_loss": values["g_loss"] / (step != 7)}

    with pytest.raises(TrainingStopped, match=r"Step 7: .*g_loss = (inf|nan)"):
        toy_fit(tmp_path, 20, train_step)
    assert not (tmp_path / "checkpoint.safetensors").exists(), "broken weights must not be resumed"


def test_a_discriminator_that_is_always_certain_stops_the_training():
    def certain(G, D, opt_G, opt_D, real, step):
        right = torch.tensor(1.0)
        return {"d_loss": torch.tensor(0.33), "g_loss": torch.tensor(11.0), "d_real": right, "d_fake": right}

    with pytest.raises(TrainingStopped, match="For 30 steps the discriminator has been right"):
        toy_fit(steps=60, train_step=certain, patience=30)
    assert toy_fit(steps=60, train_step=certain, patience=None).step == 60


def test_a_generator_that_ignores_its_noise_stops_the_training():
    def deaf(G, D, opt_G, opt_D, real, step):
        with torch.no_grad():
            G.body[0].weight.zero_()
        return {"d_loss": torch.tensor(1.0)}

    with pytest.raises(TrainingStopped, match="same picture for every noise vector"):
        toy_fit(steps=5, train_step=deaf, ema=0, snapshot_steps=[5])


def test_train_step_must_return_the_same_names():
    def fickle(G, D, opt_G, opt_D, real, step):
        return {f"loss{step}": torch.tensor(1.0)}

    with pytest.raises(ValueError, match="same names at every step"):
        toy_fit(steps=3, train_step=fickle)


@pytest.mark.parametrize("returned", [None, {}, 0.7])
def test_a_train_step_that_returns_nothing_useful_is_told_so(returned):
    with pytest.raises(ValueError, match="must end with `return` and a dict"):
        toy_fit(steps=3, train_step=lambda *_: returned)


def test_interrupting_a_snapshot_still_saves(tmp_path, monkeypatch):
    take = training._take_snapshot

    def interrupted_snapshot(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        take(*arguments)

    monkeypatch.setattr(training, "_take_snapshot", interrupted_snapshot)
    run = toy_fit(tmp_path, 60, snapshot_steps=[20])
    assert run.interrupted
    assert run.step == 20
    assert json.loads((tmp_path / "card.json").read_text())["step"] == 20


def test_a_checkpoint_of_other_images_or_learning_rates_is_refused(tmp_path):
    toy_fit(tmp_path, 10)
    G, D, opt_G, opt_D = players()
    same = {"steps": 20, "batch_size": 32, "ema": 0.9, "folder": tmp_path, "progress": False}
    with pytest.raises(CheckpointError, match="images: "):
        fit(mlp_step(gamma=1.0), G, D, opt_G, opt_D, images() // 2, **same)
    with pytest.raises(CheckpointError, match=r"opt_D: .*0\.001.*there.*0\.01.*here"):
        fit(mlp_step(gamma=1.0), G, D, opt_G, training.adam(D, 1e-2), images(), **same)


def test_flips_reach_the_batch():
    ramp = torch.arange(28, dtype=torch.uint8).expand(64, 1, 28, 28).contiguous()
    batch = Batches(ramp, 64, augment=random_flip)(1)
    flipped = batch[:, 0, 0, 0] > batch[:, 0, 0, -1]
    assert 10 < flipped.sum() < 54
    torch.testing.assert_close(batch[flipped], batch[~flipped][:1].flip(-1).expand(int(flipped.sum()), 1, 28, 28))


def test_a_damaged_checkpoint_is_refused_with_what_to_do(tmp_path):
    toy_fit(tmp_path, 10)
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"cannot be read.*Delete the folder"):
        toy_fit(tmp_path, 20)


def test_a_checkpoint_of_other_settings_is_refused_and_named(tmp_path):
    toy_fit(tmp_path, 10)
    with pytest.raises(CheckpointError, match=r"batch_size: 32 there, 16 here"):
        toy_fit(tmp_path, 20, batch_size=16)


def test_a_checkpoint_of_other_networks_is_refused(tmp_path):
    toy_fit(tmp_path, 10)
    G, D, opt_G, opt_D = players()
    D.body[1] = torch.nn.Linear(784, 7)
    with pytest.raises(CheckpointError, match="other networks"):
        fit(
            mlp_step(gamma=1.0),
            G,
            D,
            opt_G,
            opt_D,
            images(),
            steps=20,
            batch_size=32,
            ema=0.9,
            folder=tmp_path,
            progress=False,
        )


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    file = tmp_path / "x.bin"
    save_atomically(file, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        save_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_generator_in_training_mode_is_copied_and_another_is_used_as_it_is():
    G, *_ = players()
    copied = training.in_eval_mode(G)
    assert G.training
    assert copied is not G
    assert not copied.training
    assert training.in_eval_mode(G.eval()) is G
    with pytest.raises(ValueError, match="z_dim"):
        training.in_eval_mode(torch.nn.Linear(2, 2))


class Doubler(nn.Module):
    """Images (N, 3, h, w) -> (N, 3, 2h, 2w), without noise."""

    def __init__(self):
        super().__init__()
        self.body = nn.ConvTranspose2d(3, 3, 2, stride=2)
        self.examples = None

    def forward(self, small):
        return self.body(small)


def test_a_generator_that_enlarges_images_needs_no_noise():
    G, D = Doubler(), nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 1))
    images = torch.randint(0, 256, (20, 3, 8, 8), dtype=torch.uint8)
    optimizers = [torch.optim.SGD(network.parameters(), lr=0.1) for network in (G, D)]

    def train_step(G, D, opt_G, opt_D, real, step):
        loss = (G(real[..., ::2, ::2]) - real).square().mean()
        opt_G.zero_grad()
        loss.backward()
        opt_G.step()
        return {"loss": loss}

    settings = {"steps": 30, "batch_size": 4, "progress": False, "ema": 0.9, "snapshot_steps": [30]}
    with pytest.raises(ValueError, match=r"`G.examples`, uint8 \(K, C, h, w\)"):
        training.fit(train_step, G, D, *optimizers, images, **settings)
    G.examples = images[:6, :, ::2, ::2]
    run = training.fit(train_step, G, D, *optimizers, images, **settings)
    assert run.history["loss"][-5:].mean() < run.history["loss"][:5].mean()
    assert run.snapshots[30].shape == (64, 3, 8, 8)
    assert torch.equal(training.sample(run.generator, 8)[6:], training.sample(run.generator, 2))  # by turns
    G.examples = images[:6, :1]
    with pytest.raises(ValueError, match=r"takes images \(N, C, h, w\), such as its `examples`"):
        training.fit(train_step, G, D, *optimizers, images, **settings)
