"""Widgets to touch: the latent explorer."""

from gancourse.widgets.explorer import LatentExplorer

__all__ = ["LatentExplorer"]
