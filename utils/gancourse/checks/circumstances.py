"""Under which circumstances an answer runs: the same for everybody, for a limited time, without a word on stderr."""

import _thread
import contextlib
import io
import logging
import os
import random
import signal
import threading
import warnings

import numpy as np
import torch

SECONDS = 10  # for an answer on one case; right ones take a fraction of a second


class Endless(Exception):
    """An answer takes too long."""


@contextlib.contextmanager
def muted():
    """Let nothing be printed, logged or warned, also not by code outside Python: nbgrader gives 0 for a line on stderr."""
    nowhere, level, stderr = io.StringIO(), logging.root.manager.disable, os.dup(2)
    with (
        open(os.devnull, "w") as null,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(action="ignore"),
    ):
        logging.disable()
        os.dup2(null.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            logging.disable(level)


@contextlib.contextmanager
def time_limit():
    """Interrupt Python code that takes longer than SECONDS; it ends with Endless where it has come to."""
    if threading.current_thread() is not threading.main_thread():  # an interrupt would reach another one
        yield
        return
    over = threading.Event()

    def interrupt():
        over.set()
        _thread.interrupt_main()

    timer = threading.Timer(SECONDS, interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process of `nohup` ignores interrupts
    timer.start()
    try:
        yield
    except KeyboardInterrupt as stop:
        if not over.is_set():
            raise
        raise Endless(f"no end after {SECONDS} seconds").with_traceback(stop.__traceback__) from None
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@contextlib.contextmanager
def same_circumstances(seed: int):
    """Random numbers that begin at the seed, full float32 precision, one thread, the CPU; all is put back at the end."""
    precision, dtype = torch.get_float32_matmul_precision(), torch.get_default_dtype()
    threads = torch.get_num_threads()
    of_python, of_numpy = random.getstate(), np.random.get_state()
    with (
        torch.random.fork_rng(devices=[]),
        torch.autocast("cpu", enabled=False),
        torch.enable_grad(),
        contextlib.nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"),  # a slow one
    ):
        torch.default_generator.manual_seed(seed + 2**40)  # far from any seed that an answer sets; the CPU alone
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.set_float32_matmul_precision("highest")
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(1)  # fastest for networks this small
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)
            torch.set_float32_matmul_precision(precision)
            torch.set_default_dtype(dtype)
            torch.set_num_threads(threads)
