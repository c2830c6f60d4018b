"""Support package of the course: data, networks, training, metrics, figures and widgets.

`import gancourse` is quick: torch, matplotlib and the widgets load with the module that needs them, e.g.
`from gancourse import datasets, training`.
"""

import os

__version__ = "0.1.0"

BUDGETS = ("quick", "cpu", "gpu")


def budget_name() -> str:
    """Return "quick", "cpu" or "gpu": how much time a lesson may spend on training.

    `GANCOURSE_BUDGET` decides; without it, autograding (`NBGRADER_EXECUTION`) is quick, and otherwise it depends on
    whether there is a GPU. Raises ValueError where GANCOURSE_BUDGET is none of the three.
    """
    told = os.environ.get("GANCOURSE_BUDGET", "")
    if name := told.strip().lower():
        if name not in BUDGETS:
            raise ValueError(f"GANCOURSE_BUDGET is {told!r}; it must be one of {', '.join(BUDGETS)}.")
        return name
    if os.environ.get("NBGRADER_EXECUTION"):
        return "quick"
    from gancourse.training import pick_device

    return "cpu" if pick_device().type == "cpu" else "gpu"


def budget(quick: int, cpu: int, gpu: int) -> int:
    """Return the number that fits this machine's budget: `steps = budget(quick=50, cpu=3_000, gpu=10_000)`.

    For numbers of training steps, and of samples to measure with.
    """
    return {"quick": quick, "cpu": cpu, "gpu": gpu}[budget_name()]
