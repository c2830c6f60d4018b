"""Checks of the exercises: one module a lesson, `checks.vanilla_gan.discriminator_loss(discriminator_loss)`."""

import importlib
from types import ModuleType


def __getattr__(lesson: str) -> ModuleType:
    """Import the lesson's module when it is first asked for."""
    try:
        return importlib.import_module(f"{__name__}.{lesson}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{lesson}":
            raise
        raise AttributeError(f"there are no checks for a lesson called {lesson!r}") from None
