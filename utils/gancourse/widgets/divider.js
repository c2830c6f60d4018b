// Two pictures of the same thing on each other, with a line that can be dragged: left of it one is seen, right of it the other. The slider
// below is for the keyboard. The line stays where it is while the pictures behind it are enlarged and scrolled.
const ZOOMS = [1, 2, 4, 8];

export default { render({ model, el }) {
  el.innerHTML = `<div class="gancourse-divider">
    <div class="choices"><label>Left <select aria-label="Left"></select></label><label>Zoom <select aria-label="Zoom"></select></label><label>Right <select aria-label="Right"></select></label></div>
    <div class="view"><div class="scroll" tabindex="0" role="group" aria-label="Pictures; scroll when enlarged"><div class="both"><img draggable="false"><img alt="" draggable="false"></div></div>
    <div class="line" aria-hidden="true"></div></div>
    <input type="range" min="0" max="100" step="1" aria-label="Divider">
    </div>`;
  const part = (name) => el.querySelector(name);
  const [left, zoom, right] = el.querySelectorAll("select");
  const [below, above] = el.querySelectorAll("img");
  const view = part(".view"), scroll = part(".scroll"), both = part(".both"), line = part(".line"), slider = part("input");
  let addresses = [], down = false;

  function options(select, texts) {
    select.replaceChildren(...texts.map((text, i) => new Option(text, String(i))));
  }
  function pictures() {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    addresses = model.get("pictures").map((bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/png" })));
    if ([...left.options].map((option) => option.text).join() !== model.get("names").join()) {
      options(left, model.get("names")); options(right, model.get("names"));
    }
    choose();
  }
  function choose() {
    const names = model.get("names");
    left.value = String(model.get("left"));
    right.value = String(model.get("right"));
    above.src = addresses[model.get("left")];
    below.src = addresses[model.get("right")];
    const told = `${model.get("label")}: ${names[model.get("left")]} left of the divider, ${names[model.get("right")]} right of it`;
    below.alt = told;
  }
  function place() {
    const share = model.get("place") / 100;
    line.style.left = `${100 * share}%`;
    slider.value = String(Math.round(model.get("place")));
    slider.setAttribute("aria-valuetext", `${Math.round(model.get("place"))} percent`);
    const shown = scroll.scrollLeft + share * scroll.clientWidth; // pixels of the enlarged picture left of the line
    above.style.clipPath = `inset(0 ${Math.max(0, both.clientWidth - shown)}px 0 0)`;
  }
  function enlarge() {
    const before = both.clientWidth || 1;
    const middle = [(scroll.scrollLeft + scroll.clientWidth / 2) / before, (scroll.scrollTop + scroll.clientHeight / 2) / before];
    zoom.value = String(ZOOMS.indexOf(model.get("zoom")));
    view.style.touchAction = model.get("zoom") > 1 ? "auto" : "pan-y"; // a finger drags the line, and scrolls an enlarged picture
    both.style.width = `${100 * model.get("zoom")}%`;
    const now = both.clientWidth; // what was in the middle stays there
    scroll.scrollLeft = middle[0] * now - scroll.clientWidth / 2;
    scroll.scrollTop = middle[1] * now - scroll.clientHeight / 2;
    place();
  }
  function set(name, value) { model.set(name, value); model.save_changes(); }
  function drag(event) {
    const { left: from, width } = view.getBoundingClientRect();
    model.set("place", Math.max(0, Math.min(100, 100 * (event.clientX - from) / width))); // told to the kernel at the end
  }
  options(zoom, ZOOMS.map((times) => `${times} ×`));
  left.addEventListener("change", () => set("left", Number(left.value)));
  right.addEventListener("change", () => set("right", Number(right.value)));
  zoom.addEventListener("change", () => set("zoom", ZOOMS[Number(zoom.value)]));
  slider.addEventListener("input", () => model.set("place", Number(slider.value)));
  slider.addEventListener("change", () => model.save_changes());
  scroll.addEventListener("scroll", place);
  view.addEventListener("pointerdown", (event) => {
    const onBar = event.target === scroll; // a scroll bar, not a picture
    if (event.button || onBar || event.pointerType === "touch" && model.get("zoom") > 1) return; // a finger scrolls then
    down = true;
    view.setPointerCapture(event.pointerId);
    drag(event);
  });
  view.addEventListener("pointermove", (event) => { if (down) drag(event); });
  for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => {
    if (down) model.save_changes();
    down = false;
  });
  el.firstElementChild.addEventListener("keydown", (event) => { // Lab would go to another cell, or run a command
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !["Tab", "Escape"].includes(event.key)) event.stopPropagation();
  });
  const resized = new ResizeObserver(place);
  resized.observe(scroll);
  pictures(); enlarge();
  model.on("change:pictures", pictures);
  model.on("change:left", choose);
  model.on("change:right", choose);
  model.on("change:label", choose);
  model.on("change:place", place);
  model.on("change:zoom", enlarge);
  return () => {
    resized.disconnect();
    model.off("change:pictures", pictures); model.off("change:left", choose); model.off("change:right", choose);
    model.off("change:label", choose); model.off("change:place", place); model.off("change:zoom", enlarge);
    addresses.forEach((address) => URL.revokeObjectURL(address));
  };
} };
