"""One thread: small networks are fastest so, and tests that run side by side do not wait for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded, here and in subprocesses
