"""What goes on between two steps of a training: progress, and stopping."""

import contextlib
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from gancourse.training import Run


class Watcher:
    """Callbacks between two steps of a training; in this base class they do nothing."""

    def asks(self) -> bool:
        """Return whether to look after this step already, not only every half second; called at every step."""
        return False

    def look(self, run: "Run", recent: dict[str, Tensor]) -> None:
        """Look at the run; recent: what was recorded since the last look, name -> float32 (k,) on the CPU."""

    def stops(self) -> bool:
        """Return whether to end the training here."""
        return False

    def stop(self) -> None:
        """React to Ctrl-C: do not make the training wait any longer."""

    def end(self) -> None:
        """Clean up: the training is over, or has failed."""


class ProgressBar(Watcher):
    """A line of text that says how far the training is, and what was recorded last."""

    def __init__(self, steps: int, done: int):
        from tqdm import tqdm

        # On stdout, not stderr: a notebook shows stderr as an alarming red box.
        self.bar = tqdm(total=steps, initial=done, unit="step", file=sys.stdout, mininterval=0, ncols=110)

    def look(self, run: "Run", recent: dict[str, Tensor]) -> None:
        self.bar.set_postfix_str("  ".join(f"{n} {v[-1]:.3f}" for n, v in recent.items()), refresh=False)
        self.bar.update(run.step - self.bar.n)

    def end(self) -> None:
        self.bar.close()


@contextlib.contextmanager
def stop_after_step(on_stop: Callable[[], None]):
    """Turn the first Ctrl-C, or SIGTERM, into a request that the loop honours between two steps; a second Ctrl-C interrupts at once.

    Stopping inside a step would leave one player updated and the other not. SIGTERM is what a cluster, `docker stop` and
    `kill` send before they kill.
    """
    asked = []

    def on_stop_signal(signum, frame):
        asked.append(True)
        on_stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = {number: signal.signal(number, on_stop_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, which alone receives signals
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
