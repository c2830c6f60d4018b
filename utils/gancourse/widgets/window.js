// One message for a whole update, and no search for formulas in it, which the HTML widget does: a browser that draws takes
// the processor away from the training.
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
