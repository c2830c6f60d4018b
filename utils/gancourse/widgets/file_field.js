// A button that sends a file to the kernel. A file that is too large to send is refused here: a kernel's connection closes when a
// message is too long.
export default { render({ model, el }) {
  el.innerHTML = `<button type="button" class="jupyter-widgets jupyter-button"></button><input type="file" tabindex="-1" aria-hidden="true" hidden>`;
  const [button, field] = el.children;
  button.textContent = model.get("text");
  button.title = model.get("told");
  field.accept = model.get("accept");
  button.addEventListener("click", () => field.click());
  field.addEventListener("change", async () => {
    const file = field.files[0];
    field.value = "";
    if (!file) return;
    if (file.size > model.get("most_bytes")) model.send({ kind: "too large", bytes: file.size });
    else model.send({ kind: "file" }, undefined, [await file.arrayBuffer()]);
  });
} };
