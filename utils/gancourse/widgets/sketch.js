// A canvas to draw on. After each stroke the drawing is sent as the bytes of a PNG.
export default { render({ model, el }) {
  const colour = model.get("colour"), paper = colour ? "#ffffff" : "#000000";
  el.innerHTML = `<div class="gancourse-sketch"><canvas width="280" height="280" role="img" aria-label="A field to draw on with the pointer"></canvas>
    <div class="tools"><button type="button" class="jupyter-widgets jupyter-button">Clear</button>${
      colour ? '<label>Colour <input type="color" value="#e0503c"></label>' : ""}</div></div>`;
  const canvas = el.querySelector("canvas"), pen = canvas.getContext("2d"), ink = el.querySelector("input");
  let drawn = false, last = null;
  function clear() {
    pen.fillStyle = paper;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    drawn = false;
  }
  function line(event) {
    const { left, top, width } = canvas.getBoundingClientRect(), scale = canvas.width / width;
    const here = [scale * (event.clientX - left), scale * (event.clientY - top)];
    pen.strokeStyle = colour ? ink.value : "#ffffff";
    pen.lineWidth = 22;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath(); pen.moveTo(...(last ?? here)); pen.lineTo(...here); pen.stroke();
    [last, drawn] = [here, true];
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    last = null;
    line(event);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) for (const part of event.getCoalescedEvents?.() ?? [event]) line(part);
  });
  canvas.addEventListener("pointerup", () => {
    if (drawn) canvas.toBlob(async (blob) => model.send({ kind: "drawing" }, undefined, [await blob.arrayBuffer()]));
  });
  el.querySelector("button").addEventListener("click", () => { clear(); model.send({ kind: "cleared" }); });
  clear();
} };
