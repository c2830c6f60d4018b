"""What the widgets share in the page: their look, and names for the sliders that screen readers can speak."""

import base64
import html
import io
from collections.abc import Callable

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from PIL import Image

CSS = """
.gancourse { --line: #767676; --strong: #0b5cad; color: #1f1f1f; background: #ffffff; padding: 8px; max-width: 1000px; }
.gancourse img { image-rendering: pixelated; }
.gancourse .widget-label, .gancourse .widget-readout, .gancourse .widget-html-content { color: #1f1f1f; }
.gancourse button, .gancourse select, .gancourse input { color: #1f1f1f; }
.gancourse button:disabled, .gancourse button[disabled] { color: #595959; opacity: 1; background: #f2f2f2; }
.gancourse button.mod-active { background: #d6e6f7; box-shadow: inset 0 0 0 1px var(--strong); }
.gancourse .jupyter-button:focus-visible, .gancourse a:focus-visible, .gancourse select:focus-visible,
.gancourse input:focus-visible, .gancourse .noUi-handle:focus-visible { outline: 2px solid var(--strong); outline-offset: 1px; }
.gancourse .widget-html-content { line-height: 1.4; }
.gancourse-message:not(:empty) { border-left: 4px solid #b00020; background: #fdecee; padding: 6px 10px; }
.gancourse-message.gancourse-hint:not(:empty) { border-left-color: var(--strong); background: #eaf2fb; }
.gancourse a.gancourse-save { display: inline-block; padding: 0 10px; line-height: 28px; margin: 2px; background: #eeeeee;
  color: #1f1f1f; text-decoration: none; }
.gancourse pre { background: #f5f5f5; padding: 8px; margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere;
  max-height: 14em; overflow-y: auto; font-size: 12px; line-height: 1.35; }
.gancourse .gancourse-small.jupyter-button { padding: 0; text-overflow: clip; }
.gancourse .gancourse-classes { display: flex; flex-flow: row nowrap; align-items: baseline; }
.gancourse .gancourse-classes .widget-label { flex: 0 0 86px; margin-right: 7px; text-align: right; }
.gancourse .gancourse-classes .jupyter-button { padding: 0 6px; min-width: 27px; margin: 1px; }
.gancourse-see-through.jupyter-button { background: transparent; border: 0; box-shadow: none; min-width: 0; padding: 0; }
.gancourse-see-through.jupyter-button:hover { box-shadow: inset 0 0 0 2px #e69f00; }
.gancourse-see-through.jupyter-button:focus-visible { outline: 3px solid #e69f00; outline-offset: -3px; }
.gancourse progress { width: 100%; height: 18px; accent-color: var(--strong); }
.gancourse .both { display: flex; flex-wrap: wrap; gap: 8px 24px; }
.gancourse .curves { flex: 1 1 320px; min-width: 280px; max-width: 480px; }
.gancourse .both img { width: 320px; max-height: 320px; object-fit: contain; }
.gancourse .both .caption { max-width: 540px; }
.gancourse .status { min-height: 1.4em; }
.gancourse-pinned img { border: 1px solid var(--line); }
.gancourse-panels { display: flex; flex-wrap: wrap; gap: 4px 24px; margin-top: 8px; }
.gancourse-panels > div { flex: 1 1 300px; min-width: 0; max-width: 480px; }
.gancourse-panels > div[hidden] { display: none; }
.gancourse-panels canvas { display: block; width: 100%; margin-bottom: 6px; user-select: none; }
.gancourse-panels + div { line-height: 1.4; min-height: 2.8em; white-space: pre-line; }
.gancourse svg text { font-family: system-ui, sans-serif; font-size: 12px; fill: #1f1f1f; }
"""

# ipywidgets gives the handle of a slider no name, nor the number beside it, nor a button without text, and a picture no
# text in its place: a screen reader would say "slider, 0.5", "button" and "image".
NAMES = """
function set(part, attribute, text) {
  if (text && part.getAttribute(attribute) !== text) part.setAttribute(attribute, text);
}
function name(box, model) {
  for (const slider of box.querySelectorAll(".widget-slider")) {
    const label = slider.querySelector(".widget-label")?.textContent;
    for (const part of slider.querySelectorAll(".noUi-handle, .widget-readout")) set(part, "aria-label", label);
    for (const part of slider.querySelectorAll(".widget-readout")) set(part, "role", "textbox");
  }
  for (const icon of box.querySelectorAll(".widget-play i"))
    set(icon.parentElement, "aria-label", { "fa-play": "Play", "fa-pause": "Pause", "fa-stop": "Back to the start" }[icon.classList[1]]);
  for (const button of box.querySelectorAll(".gancourse-small, .gancourse-see-through")) set(button, "aria-label", button.title);
  for (const group of box.querySelectorAll(".gancourse-classes")) {
    set(group, "role", "group");
    set(group, "aria-label", "Class");
    for (const button of group.querySelectorAll("button")) {
      set(button, "aria-label", button.title);
      set(button, "aria-pressed", String(button.classList.contains("mod-active")));
    }
  }
  for (const pin of box.querySelectorAll(".gancourse-pinned"))
    for (const image of pin.querySelectorAll("img")) set(image, "alt", pin.querySelector("button")?.title.replace(/^(Go to|Remove) /, ""));
  for (const field of box.querySelectorAll("input[title]")) set(field, "aria-label", field.title);
  for (const image of box.querySelectorAll("img.gancourse-picture")) set(image, "alt", model.get("picture"));
}
export default { render({ model, el }) {
  el.style.display = "none";
  let watching;
  const wait = setInterval(() => {
    const box = el.closest(".gancourse");
    if (!box) return;
    clearInterval(wait);
    name(box, model);
    watching = new MutationObserver(() => name(box, model));
    watching.observe(box, { childList: true, subtree: true, attributeFilter: ["class", "title"] });
    model.on("change:picture", () => name(box, model));
  }, 50);
  return () => { clearInterval(wait); watching?.disconnect(); model.off("change:picture"); };
} };
"""


class Page(anywidget.AnyWidget):
    """An invisible part of a widget with the class "gancourse": its style sheet, and names for screen readers.

    picture: what the image with the class "gancourse-picture" shows.
    """

    _esm = NAMES
    _css = CSS
    picture = traitlets.Unicode("").tag(sync=True)


STILL = 600  # pixels that a picture for readers without widgets has at most after it has been enlarged


def png(picture: np.ndarray, at_least: int = 0) -> bytes:
    """Return a picture, uint8 (height, width) or (height, width, 3), as PNG.

    at_least: pixels; a smaller picture is enlarged by a whole factor, for readers that would blur it.
    """
    factor = max(1, at_least // max(picture.shape[:2]))
    buffer = io.BytesIO()
    Image.fromarray(picture.repeat(factor, 0).repeat(factor, 1)).save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def save_link(text: str, name: str, kind: str, data: bytes) -> str:
    """Return HTML: a link that saves data under a name; kind: the data's media type."""
    encoded = base64.b64encode(data).decode()
    name, text = html.escape(name), html.escape(text)
    return f'<a class="gancourse-save" download="{name}" href="data:{kind};base64,{encoded}">{text}</a>'


def sized(width: int | str, label: int) -> dict:
    """Return layout and style for a control: its width, in pixels or as CSS has it, and the pixels of that for its label."""
    width = f"{width}px" if isinstance(width, int) else width
    return {"layout": widgets.Layout(width=width), "style": {"description_width": f"{label}px"}}


def see_through(tooltip: str, place: int, columns: int, press: Callable[[int], None]) -> widgets.Button:
    """Return a see-through button that lies over the cell `place` of a grid of so many columns; a click calls press(place)."""
    row, column = (i + 1 for i in divmod(place, columns))
    area = f"{row} / {column} / {row + 1} / {column + 1}"
    button = widgets.Button(
        tooltip=tooltip, layout=widgets.Layout(width="auto", height="auto", margin="0", grid_area=area)
    )
    button.add_class("gancourse-see-through")
    button.on_click(lambda _: press(place))
    return button


def with_still(bundle, picture: bytes | None):
    """Return what a widget says of itself to a notebook, with a PNG added for readers without widgets (GitHub, paper)."""
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    if picture is not None:
        data["image/png"] = picture
    return bundle


class Message(widgets.HTML):
    """A line for what went wrong, or for a hint; screen readers speak it. Empty, it takes no room."""

    def __init__(self):
        super().__init__(layout=widgets.Layout(margin="0", max_width="100%"))

    def error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.value = f'<div class="gancourse-message" role="alert">{html.escape(text)}</div>'

    def hint(self, text: str) -> None:
        """Show a hint, which is not an error."""
        self.value = f'<div class="gancourse-message gancourse-hint" role="status">{html.escape(text)}</div>'

    def clear(self) -> None:
        """Say nothing."""
        self.value = ""


# One message for a whole update, and no search for formulas in it, which the HTML widget does: a browser that draws takes
# the processor away from the training.
WINDOW = """
export default { render({ model, el }) {
  el.innerHTML = `<progress></progress><div class="status"></div><div class="both"><div class="curves"></div>
    <div><img class="gancourse-picture" alt="" hidden><div class="caption"></div></div></div>`;
  const part = (name) => el.querySelector(name);
  let shown;
  function update() {
    part("progress").max = model.get("steps");
    part("progress").value = model.get("step");
    part("progress").setAttribute("aria-label", "training");
    part(".status").textContent = model.get("status");
    part(".curves").innerHTML = model.get("curves");
    part(".caption").textContent = model.get("caption");
    const bytes = model.get("picture");
    if (bytes.byteLength && bytes !== shown) {
      shown = bytes;
      const image = part("img"), before = image.src;
      image.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
      image.alt = model.get("caption");
      image.hidden = false;
      if (before) URL.revokeObjectURL(before);
    }
  }
  let asked = 0;
  const soon = () => { asked ||= requestAnimationFrame(() => { asked = 0; update(); }); };
  update();
  model.on("change", soon);
  return () => { model.off("change", soon); cancelAnimationFrame(asked); URL.revokeObjectURL(part("img").src); };
} };
"""


class Window(anywidget.AnyWidget):
    """What the monitor shows of a training: progress, curves and a picture. Change several parts within `hold_sync()`."""

    _esm = WINDOW
    step = traitlets.Int(0).tag(sync=True)
    steps = traitlets.Int(1).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    curves = traitlets.Unicode("").tag(sync=True)  # SVG
    picture = traitlets.Bytes(b"").tag(sync=True)  # PNG
    caption = traitlets.Unicode("").tag(sync=True)
