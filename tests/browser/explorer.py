"""A latent explorer in a web page: what it shows, and what it says that it shows."""

import html
import re
from pathlib import Path

import torch
from playwright.sync_api import Locator, Page
from torch import nn

from gancourse import figures, pretrained, training

# What the browser shows of the picture, decoded: [height, width, red, green and blue of every pixel].
PIXELS = """async image => {
  for (let tries = 0; tries < 50; tries++) {  // a picture that is just being replaced cannot be decoded
    try { await image.decode(); break; } catch { await new Promise(later => setTimeout(later, 50)); }
  }
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return [canvas.height, canvas.width, Array.from(rgba).filter((_, i) => i % 4 != 3)];
}"""
# Counts messages in which the page says that the reader has moved a control.
COUNT_MOVES = """() => {
  window.sentUpdates = 0;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const text = typeof data === "string" ? data : new TextDecoder().decode(data);
    if (text.includes('"method":"update"') && /"(value|index)"/.test(text)) window.sentUpdates += 1;
    return send.call(this, data);
  };
}"""
# Drags over the map of the explorer in a box in circles, a new place with each frame of the page; returns how many pictures were
# shown meanwhile, and for how many seconds.
DRAG = """async ([box, seconds]) => {
  const visible = (selector) => [...document.querySelectorAll(box + " " + selector)].find((part) => part.offsetParent);
  const map = visible(".gancourse-map"), image = visible("img.gancourse-picture");
  let pictures = 0;
  const watching = new MutationObserver(() => { pictures += 1; });
  watching.observe(image, { attributes: true, attributeFilter: ["src"] });
  const { left, top, width } = map.getBoundingClientRect();
  const send = (kind, x, y) => map.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, button: 0, bubbles: true, clientX: left + width * x, clientY: top + width * y }));
  map.setPointerCapture = () => {};
  send("pointerdown", 0.5, 0.5);
  const began = performance.now();
  let angle = 0;
  while (performance.now() - began < 1000 * seconds) {
    angle += 0.15;
    send("pointermove", 0.5 + 0.35 * Math.cos(angle), 0.5 + 0.35 * Math.sin(angle));
    await new Promise(requestAnimationFrame);
  }
  const took = (performance.now() - began) / 1000;
  watching.disconnect();
  send("pointerup", 0.75, 0.25);
  return [pictures, took];
}"""
SECONDS = 10  # until the picture and the text must agree


def pixels_of(image: Locator) -> torch.Tensor:
    """Return the decoded picture of an image in the page, uint8 (height, width, 3)."""
    height, width, colours = image.evaluate(PIXELS)
    return torch.tensor(colours, dtype=torch.uint8).view(height, width, 3)


def spoken(name: str) -> str | re.Pattern:
    """Return what a control of this name is called: "direction 1" is "1 · slant 0.89" once it has been measured."""
    found = re.fullmatch(r"(Lock )?direction (\d+)(.*)", name)
    return re.compile(rf"^{found[1] or ''}(direction {found[2]}|{found[2]} · .*){found[3]}$") if found else name


class ExplorerPage:
    """The explorer of a generator, `mnist_better` unless told, in a page; z is read from its code, which is opened."""

    def __init__(self, page: Page, box: Locator | None = None, generator: nn.Module | None = None):
        self.page = page
        self.generator = generator or pretrained.load("mnist_better").generator
        self.box = box or page.locator(".gancourse-latent").filter(visible=True)
        self.image = self.box.locator("img.gancourse-picture")
        self.image.wait_for()
        self.press("Code")
        self.box.locator("pre").wait_for()

    def press(self, name: str) -> None:
        """Press a button."""
        self.box.get_by_role("button", name=spoken(name), exact=True).click()

    def slider(self, name: str) -> Locator:
        """Return the handle of a slider, by the name that a screen reader speaks."""
        return self.box.get_by_role("slider", name=spoken(name), exact=True)

    def move(self, name: str, *keys: str) -> None:
        """Move a slider with the keyboard."""
        self.slider(name).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def menu(self, name: str) -> Locator:
        """Return a menu, by its label."""
        return self.box.get_by_label(name, exact=True)

    def number(self, name: str) -> float:
        """Return the number beside a slider."""
        text = self.box.get_by_role("textbox", name=spoken(name), exact=True).inner_text()
        return float(text.replace("\N{MINUS SIGN}", "-"))

    def load(self, file: Path) -> None:
        """Load a noise file."""
        with self.page.expect_file_chooser() as chooser:
            self.box.get_by_role("button", name="Load noise").click()
        chooser.value.set_files(file)

    def pixels(self) -> torch.Tensor:
        """Return the decoded picture, uint8 (height, width, 3)."""
        return pixels_of(self.image)

    def inputs(self) -> list[torch.Tensor]:
        """Return what the shown code gives the generator: noise (1, z_dim) and, where it is conditional, labels."""
        code = html.unescape(self.box.locator("pre").inner_text())
        names = {"torch": torch, "training": training, "generator": self.generator}
        for line in code.splitlines():
            if line.startswith(("z = ", "labels = ")):
                exec(re.sub(r"\s+", " ", line), names)
        return [names[name] for name in ("z", "labels") if name in names]

    def z(self) -> torch.Tensor:
        """Return the noise vector (z_dim,) that the shown code makes."""
        return self.inputs()[0][0]

    def picture_of(self, z: torch.Tensor, *labels: torch.Tensor) -> torch.Tensor:
        """Return G(z) or G(z, labels), uint8 (height, width, 3); z: (z_dim,)."""
        with torch.no_grad():
            image = training.to_uint8(self.generator(z[None], *labels))[0]
        return image.expand(3, -1, -1).permute(1, 2, 0)

    def count_moves(self) -> None:
        """Count from now on what the page sends of controls that have moved; `moves_sent` says how often."""
        self.page.evaluate(COUNT_MOVES)

    def moves_sent(self) -> int:
        """Return how many moves of controls the page has sent since `count_moves`."""
        return self.page.evaluate("window.sentUpdates")

    def text(self) -> str:
        """Return what the explorer says in words."""
        return self.box.locator("[role=status]").first.inner_text()

    def settle(self) -> None:
        """Wait until nothing changes any more."""
        before = None
        for _ in range(10 * SECONDS):
            self.page.wait_for_timeout(400)
            now = (self.box.locator("pre").inner_text(), self.text(), self.image.get_attribute("src"))
            if now == before:
                return
            before = now
        raise AssertionError("the explorer does not come to rest")

    def assert_shows_g_of_z(self) -> None:
        """Assert that the last picture is the generator's picture of the shown z, pixel for pixel."""
        self.settle()
        z, *labels = self.inputs()
        shown, wanted = self.pixels(), self.picture_of(z[0], *labels)
        if shown.shape != wanted.shape:  # neighbours: z is in the middle of five by five
            height, width, _ = wanted.shape
            sheet = figures.tile(torch.zeros(25, 3, height, width, dtype=torch.uint8), 5, pad=1)
            assert shown.shape == sheet.shape
            top, left = 1 + 2 * (height + 1), 1 + 2 * (width + 1)
            shown = shown[top : top + height, left : left + width]
        gap = (shown.int() - wanted.int()).abs().max()
        assert gap <= 1, f"a pixel differs by {gap} grey levels"
