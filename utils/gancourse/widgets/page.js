// ipywidgets gives the handle of a slider no name, nor the number beside it, nor a button without text, and a picture no
// text in its place: a screen reader would say "slider, 0.5", "button" and "image".
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
  for (const [part, text] of [["wanted", "The picture that the explorer is looking for"], ["nearest", "The nearest training pictures, the nearest first"]])
    for (const image of box.querySelectorAll(`img.gancourse-${part}`)) set(image, "alt", text);
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
