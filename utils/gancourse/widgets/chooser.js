// A row of buttons, each with a picture and a name; the arrow keys need no handling, Tab goes from button to button.
export default { render({ model, el }) {
  el.innerHTML = `<div class="gancourse-choices" role="group"></div>`;
  const row = el.firstElementChild;
  let addresses = [];
  function draw() {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    addresses = [];
    row.setAttribute("aria-label", model.get("label"));
    row.replaceChildren(...model.get("items").map(({ name, title, picture }) => {
      const button = document.createElement("button"), text = document.createElement("span");
      button.type = "button";
      button.dataset.name = name;
      if (picture?.byteLength) {
        const image = document.createElement("img");
        image.alt = "";
        addresses.push(image.src = URL.createObjectURL(new Blob([picture], { type: "image/png" })));
        button.append(image);
      }
      text.textContent = title;
      button.append(text);
      button.addEventListener("click", () => { model.set("value", name); model.save_changes(); });
      return button;
    }));
    press();
  }
  function press() {
    for (const button of row.children) button.setAttribute("aria-pressed", String(button.dataset.name === model.get("value")));
  }
  draw();
  model.on("change:items", draw);
  model.on("change:value", press);
  return () => {
    model.off("change:items", draw); model.off("change:value", press);
    addresses.forEach((address) => URL.revokeObjectURL(address));
  };
} };
