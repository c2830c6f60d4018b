"""Small controls that several parts of the explorer have."""

from collections.abc import Callable

import ipywidgets as widgets

from gancourse.widgets.page import sized

MAX_BUTTONS = 12  # classes; more of them are a menu


def width(width: str) -> widgets.Layout:
    """Return a layout of this width, as CSS has it."""
    return widgets.Layout(width=width)


def button(text: str, tooltip: str, on_click: Callable[[], None]) -> widgets.Button:
    """Return a button that is as wide as its text."""
    made = widgets.Button(description=text, tooltip=tooltip, layout=width("auto"))
    made.on_click(lambda _: on_click())
    return made


def toggle(text: str, tooltip: str, on_change: Callable[[bool], None]) -> widgets.ToggleButton:
    """Return a button that stays pressed; on_change hears whether it is."""
    made = widgets.ToggleButton(description=text, tooltip=tooltip, layout=width("auto"))
    made.observe(lambda change: on_change(change.new), "value")
    return made


def row(*children: widgets.Widget) -> widgets.Box:
    """Return controls side by side, on further lines where they do not fit."""
    return widgets.Box(children, layout=widgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="2px 6px"))


def show(part: widgets.DOMWidget, shown: bool) -> None:
    """Show a part or hide it; a page keeps what is taken out of it, so nothing is ever taken out."""
    part.layout.display = "flex" if shown else "none"


def class_control(names: list[str]) -> widgets.ToggleButtons | widgets.Dropdown:
    """Return one button for each class, or a menu where they are many; the value is the class, None between classes."""
    options = [(name, i) for i, name in enumerate(names)]
    if len(options) > MAX_BUTTONS:
        return widgets.Dropdown(options=options, description="Class", **sized(300, 84))
    buttons = widgets.ToggleButtons(
        options=options,
        description="Class",
        tooltips=[f"class {name}" for name in names],
        style={"button_width": "auto", "description_width": "84px"},
    )
    buttons.add_class("gancourse-classes")
    return buttons
