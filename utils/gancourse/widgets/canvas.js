// The page draws a frame in its next repaint and says so; the kernel sends no other one before. What is touched is told in
// the panel's units, many points at a time, because a kernel that trains takes a message only every so often.
const FONT = "12px system-ui, sans-serif", BOLD = "600 " + FONT, INK = "#1f1f1f", LINE = "#767676", ROW = 17;
const POINTER_MS = 30;
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function mark(g, shape, x, y, r) {
  g.beginPath();
  if (shape === "cross") {
    g.moveTo(x - r, y - r); g.lineTo(x + r, y + r); g.moveTo(x - r, y + r); g.lineTo(x + r, y - r); g.stroke();
    return;
  }
  if (shape === "square") g.rect(x - r, y - r, 2 * r, 2 * r);
  else if (shape === "triangle") { g.moveTo(x, y - r); g.lineTo(x + r, y + r); g.lineTo(x - r, y + r); }
  else g.arc(x, y, r, 0, 7);
  g.fill();
}

function arrow(g, x0, y0, x1, y1) {
  const length = Math.hypot(x1 - x0, y1 - y0), head = Math.min(7, 0.6 * length);
  if (length < 1) return;
  const turn = Math.atan2(y1 - y0, x1 - x0);
  const wing = (by) => [x1 - head * Math.cos(turn + by), y1 - head * Math.sin(turn + by)];
  g.beginPath(); g.moveTo(x0, y0); g.lineTo(x1 - 0.7 * head * Math.cos(turn), y1 - 0.7 * head * Math.sin(turn)); g.stroke();
  g.beginPath(); g.moveTo(x1, y1); g.lineTo(...wing(0.45)); g.lineTo(...wing(-0.45)); g.fill();
}

function heat(g, layer, bytes, to) {
  const [height, width] = layer.shape, image = new ImageData(width, height);
  const stops = layer.colours.map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
  const table = new Uint8ClampedArray(4 * 256).fill(255);
  for (let i = 0; i < 256; i++) {
    const place = i / 255 * (stops.length - 1), k = Math.min(Math.floor(place), stops.length - 2);
    stops[k].forEach((low, c) => { table[4 * i + c] = low + (place - k) * (stops[k + 1][c] - low); });
  }
  const colours = new Uint32Array(table.buffer), pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < height; row++)
    for (let i = 0; i < width; i++) pixels[(height - 1 - row) * width + i] = colours[bytes[row * width + i]];
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d").putImageData(image, 0, 0);
  g.drawImage(small, to.left, to.top, to.width, to.height);
}

function look(g, layer) {
  g.strokeStyle = g.fillStyle = layer.colour;
  g.lineWidth = layer.width ?? 1.6;
  g.setLineDash(layer.dash ?? []);
  g.globalAlpha = layer.opacity ?? 1;
}

function paint(g, layer, view, to) {
  if (layer.kind === "heat") return heat(g, layer, new Uint8Array(view.buffer, view.byteOffset, view.byteLength), to);
  const values = floats(view);
  look(g, layer);
  if (layer.kind === "points")
    for (let i = 0; i < values.length; i += 2) mark(g, layer.marker, to.x(values[i]), to.y(values[i + 1]), layer.size / 2);
  if (layer.kind === "arrows")
    for (let i = 0; i < values.length; i += 4)
      arrow(g, to.x(values[i]), to.y(values[i + 1]), to.x(values[i + 2]), to.y(values[i + 3]));
  if (layer.kind === "lines") {
    let i = 0;
    for (const length of layer.lengths) {
      if (!length) continue;
      const line = new Path2D(), first = to.x(values[i]);
      for (const end = i + 2 * length; i < end; i += 2) line.lineTo(to.x(values[i]), to.y(values[i + 1]));
      g.stroke(line);
      if (!layer.fill) continue;
      line.lineTo(to.x(values[i - 2]), to.y(0)); line.lineTo(first, to.y(0));
      g.globalAlpha = 0.12; g.fill(line); g.globalAlpha = layer.opacity;
    }
  }
}

// Title and names above the plot, in as many rows as they need; returns their height.
function legend(g, panel, width) {
  const rows = [[]];
  g.font = FONT;
  let x = 0;
  for (const layer of panel.layers.filter((layer) => layer.name)) {
    const wide = 38 + g.measureText(layer.name).width;
    if (x && x + wide > width) { rows.push([]); x = 0; }
    rows.at(-1).push([x, layer]);
    x += wide;
  }
  rows.forEach((row, i) => row.forEach(([left, layer]) => {
    const y = ROW * (i + 1) + 8;
    look(g, layer);
    if (layer.kind === "points") mark(g, layer.marker, left + 10, y, Math.max(3, layer.size / 2));
    else if (layer.kind === "arrows") arrow(g, left, y, left + 22, y);
    else { g.beginPath(); g.moveTo(left, y); g.lineTo(left + 24, y); g.stroke(); }
    g.globalAlpha = 1; g.setLineDash([]); g.fillStyle = INK; g.textAlign = "left"; g.textBaseline = "middle";
    g.fillText(layer.name, left + 28, y);
  }));
  g.font = BOLD; g.fillStyle = INK; g.textAlign = "left"; g.textBaseline = "middle"; g.fillText(panel.title, 0, 8, width);
  return ROW * (1 + (rows[0].length ? rows.length : 0));
}

function draw(canvas, panel, views) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.globalAlpha = 1; g.setLineDash([]); g.clearRect(0, 0, width, height);
  const top = legend(g, panel, width) + 6, left = 40, below = panel.x_label ? 34 : 20;
  const to = { left, top, width: width - left - 10, height: height - top - below };
  if (panel.equal) {
    const unit = Math.min(to.width / (panel.x[1] - panel.x[0]), to.height / (panel.y[1] - panel.y[0]));
    to.width = unit * (panel.x[1] - panel.x[0]); to.height = unit * (panel.y[1] - panel.y[0]);
  }
  to.x = (v) => to.left + to.width * (v - panel.x[0]) / (panel.x[1] - panel.x[0]);
  to.y = (v) => to.top + to.height * (panel.y[1] - v) / (panel.y[1] - panel.y[0]);
  canvas.units = (x, y) => [panel.x[0] + (x - to.left) / to.width * (panel.x[1] - panel.x[0]),
    panel.y[1] - (y - to.top) / to.height * (panel.y[1] - panel.y[0])];
  g.save();
  g.beginPath(); g.rect(to.left, to.top, to.width, to.height); g.clip();
  panel.layers.forEach((layer, i) => paint(g, layer, views[i], to));
  g.restore();
  g.strokeStyle = LINE; g.lineWidth = 1; g.fillStyle = INK; g.font = FONT;
  g.strokeRect(to.left, to.top, to.width, to.height);
  g.textBaseline = "middle"; g.textAlign = "right";
  for (const [value, text] of panel.y_ticks) g.fillText(text, to.left - 5, to.y(value), left - 6);
  g.textBaseline = "top"; g.textAlign = "center";
  for (const [value, text] of panel.x_ticks) // a number at the right end stays on the canvas
    g.fillText(text, Math.min(to.x(value), width - g.measureText(text).width / 2), to.top + to.height + 5);
  g.fillText(panel.x_label, to.left + to.width / 2, to.top + to.height + 19);
}

export default { render({ model, el }) {
  const me = crypto.getRandomValues(new Uint32Array(1))[0];
  el.innerHTML = `<div class="gancourse-panels" role="img"><div></div><div></div></div><div role="status"></div>`;
  const [picture, text] = el.children;
  let canvases = [], frame, views, asked = 0, held = [], sent = 0, later = 0;
  const name = () => picture.setAttribute("aria-label", model.get("label"));
  function show() {
    asked = 0;
    while (canvases.length < frame.panels.length) {
      const canvas = document.createElement("canvas");
      touch(canvas, canvases.push(canvas) - 1);
    }
    let i = 0;
    frame.panels.forEach((panel, p) => {
      const canvas = canvases[p], column = picture.children[panel.column];
      if (canvas.parentElement !== column) column.append(canvas);
      canvas.style.aspectRatio = 1 / panel.ratio;
      canvas.style.touchAction = panel.pointer ? "none" : "auto";
      canvas.style.cursor = panel.pointer;
      draw(canvas, panel, views.slice(i, i += panel.layers.length));
    });
    picture.children[1].hidden = !picture.children[1].children.length;
    if (text.textContent !== frame.text) text.textContent = frame.text;
  }
  function drawn() {
    show();
    picture.dataset.frame = frame.number;
    model.send({ kind: "drawn", frame: frame.number, view: me });
  }
  function hear(message, buffers) {
    if (message.kind !== "frame") return;
    [frame, views] = [message, buffers];
    asked ||= requestAnimationFrame(drawn);
  }
  function tell(phase, panel) {
    clearTimeout(later);
    [later, sent] = [0, performance.now()];
    model.send({ kind: "pointer", phase, panel, points: held });
    held = [];
  }
  function touch(canvas, panel) {
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      held.push(canvas.units(event.clientX - box.left, event.clientY - box.top));
    };
    let down = false;
    canvas.addEventListener("pointerdown", (event) => {
      if (!frame.panels[panel].pointer || event.button) return;
      down = true; held = [];
      canvas.setPointerCapture(event.pointerId);
      at(event); tell("down", panel);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!down) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) at(part);
      later ||= setTimeout(() => tell("move", panel), Math.max(0, sent + POINTER_MS - performance.now()));
    });
    const end = (event) => { if (down) { down = false; at(event); tell("up", panel); } };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }
  const sizes = new ResizeObserver(() => { if (frame) show(); });
  sizes.observe(picture);
  name();
  model.on("change:label", name);
  model.on("msg:custom", hear);
  model.send({ kind: "ready", view: me });
  return () => {
    model.off("change:label", name);
    model.off("msg:custom", hear);
    sizes.disconnect(); cancelAnimationFrame(asked); clearTimeout(later);
    model.send({ kind: "gone", view: me });
  };
} };
