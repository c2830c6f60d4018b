// The map is a picture of `tiles` x `tiles` pictures; the middle of the first is at -1, of the last at 1. The place of the
// pointer is told when the last one has been painted, so a slow generator skips places instead of lagging behind.
const STEP = 0.1; // of an arrow key

export default { render({ model, el }) {
  el.innerHTML = `<div class="gancourse-map" tabindex="0" role="application"
    aria-label="Map of the pictures around this one. The arrow keys move the mark, Enter draws the map around it."><img alt="" draggable="false"><svg viewBox="-10 -10 20 20"
    aria-hidden="true"><circle r="8" fill="none" stroke="#fff" stroke-width="5"/><circle r="8" fill="none" stroke="#d55e00" stroke-width="2.5"/>
    </svg></div>`;
  const box = el.firstElementChild, image = box.querySelector("img"), mark = box.querySelector("svg");
  const me = crypto.getRandomValues(new Uint32Array(1))[0];
  let drags = 0, drag = 0, down = false, number = 0, open = 0, next = null, here = [0, 0], address = "";

  const edge = () => model.get("tiles") / Math.max(1, model.get("tiles") - 1); // the map's border
  function place() {
    const at = model.get("at");
    mark.style.display = at.length ? "block" : "none";
    if (at.length && !down) put(at);
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
    model.send({ kind: "go", view: me, number, drag, at: next });
    next = null;
  }
  function hear(message) {
    if (message.kind === "painted" && message.view === me && message.number === open) { open = 0; tell(); }
  }
  function at(event) {
    const { left, top, width, height } = box.getBoundingClientRect(), limit = edge();
    const inside = (v) => Math.max(-limit, Math.min(limit, v));
    return [inside(limit * (2 * (event.clientX - left) / width - 1)), inside(limit * (2 * (event.clientY - top) / height - 1))];
  }
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    [down, drag] = [true, ++drags];
    box.setPointerCapture(event.pointerId);
    go(at(event));
  });
  box.addEventListener("pointermove", (event) => { if (down) go(at(event)); });
  for (const end of ["pointerup", "pointercancel"])
    box.addEventListener(end, (event) => { if (down) { go(at(event)); down = false; } });
  box.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Enter") model.send({ kind: "centre" });
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = model.get("at"), from = open ? here : at.length ? at : [0, 0], limit = edge();
    drag = 0; // keys that follow each other fast are one move to Undo
    go(from.map((v, i) => Math.max(-limit, Math.min(limit, v + STEP * by[i]))));
    event.preventDefault();
    event.stopPropagation(); // Lab would go to the next cell
  });
  picture(); place();
  model.on("change:picture", picture);
  model.on("change:at", place);
  model.on("msg:custom", hear);
  return () => {
    model.off("change:picture", picture); model.off("change:at", place);
    model.off("msg:custom", hear);
    URL.revokeObjectURL(address);
  };
} };
