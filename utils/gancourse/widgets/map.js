// The map is a picture of `tiles` x `tiles` pictures; the middle of the first is at -1, of the last at 1. The place of the
// pointer is told when the last one has been painted, so a slow generator skips places instead of lagging behind.
const STEP = 0.1; // of an arrow key
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: null };

export default { render({ model, el }) {
  el.innerHTML = `<div class="gancourse-map" tabindex="0" role="application"
    aria-label="Map of the pictures around this one. The arrow keys move the mark, Enter draws the map around it.">
    <img alt="" draggable="false"><svg viewBox="-10 -10 20 20" aria-hidden="true"><circle r="8" fill="none" stroke="#fff" stroke-width="5"/>
    <circle r="8" fill="none" stroke="#d55e00" stroke-width="2.5"/></svg></div>`;
  const box = el.firstElementChild, image = box.querySelector("img"), mark = box.querySelector("svg");
  const me = crypto.getRandomValues(new Uint32Array(1))[0];
  let drags = 0, drag = 0, down = false, tapped = false, number = 0, open = 0, next = null, here = [0, 0], address = "";

  const edge = () => model.get("tiles") / Math.max(1, model.get("tiles") - 1); // the map's border
  const inside = (v) => Math.max(-edge(), Math.min(edge(), v));
  function place() {
    const at = model.get("at");
    if (down) return;
    mark.style.display = at.length ? "block" : "none";
    if (at.length) put(at);
  }
  function put([x, y]) {
    mark.style.display = "block";
    mark.style.left = `${50 + 50 * x / edge()}%`;
    mark.style.top = `${50 + 50 * y / edge()}%`;
  }
  function picture() {
    const bytes = model.get("picture");
    if (!bytes.byteLength) return;
    const before = address;
    image.src = address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    if (before) URL.revokeObjectURL(before);
  }
  function go(at) {
    put(at);
    here = next = at;
    if (!open) tell();
  }
  function tell() {
    if (!next) return;
    open = ++number;
    model.send({ kind: "go", view: me, number, drag, map: model.get("number"), at: next });
    next = null;
  }
  function hear(message) {
    if (message.kind === "painted" && message.view === me && message.number === open) { open = 0; tell(); }
  }
  function at(event) {
    const { left, top, width, height } = box.getBoundingClientRect();
    return [inside(edge() * (2 * (event.clientX - left) / width - 1)), inside(edge() * (2 * (event.clientY - top) / height - 1))];
  }
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    [down, drag] = [true, ++drags];
    box.setPointerCapture(event.pointerId);
    // A finger on the map may be about to scroll the page, and then the pointer is cancelled; on the mark it drags.
    tapped = event.pointerType === "touch" && !mark.contains(event.target);
    if (!tapped) go(at(event));
  });
  box.addEventListener("pointermove", (event) => { if (down) go(at(event)); });
  box.addEventListener("pointerup", (event) => { if (down) { go(at(event)); down = false; } });
  box.addEventListener("pointercancel", () => { down = false; place(); });
  box.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation(); // Lab would go to the next cell, or edit this one
    const by = KEYS[event.key], at = model.get("at");
    if (!by) return model.send({ kind: "centre" });
    drag = 0; // keys that follow each other fast are one move to Undo
    const from = open ? here : at.length ? at : [0, 0];
    go(from.map((v, i) => inside(v + STEP * by[i])));
  });
  picture(); place();
  model.on("change:picture", picture);
  model.on("change:at", place);
  model.on("msg:custom", hear);
  return () => {
    model.off("change:picture", picture); model.off("change:at", place); model.off("msg:custom", hear);
    URL.revokeObjectURL(address);
  };
} };
