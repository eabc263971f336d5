/* Files dropped anywhere join those that are chosen; their names are shown. Without this the form works all the same. */
const chosen = () => document.getElementById("field-files");
const named = () => {
  const names = document.getElementById("dropped");
  names.replaceChildren(...[...chosen().files].map((file) => {
    const item = document.createElement("li");
    item.textContent = file.name;
    return item;
  }));
};
const over = (is) => document.getElementById("paste")?.classList.toggle("over", is);
const brings = (event) => chosen() && [...(event.dataTransfer?.types ?? [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!brings(event)) return;
  event.preventDefault(); // else the browser shows the file in place of the page
  over(true);
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
document.addEventListener("drop", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  over(false);
  const all = new DataTransfer();
  for (const file of [...chosen().files, ...event.dataTransfer.files]) all.items.add(file);
  chosen().files = all.files;
  named();
});
document.addEventListener("change", (event) => { if (event.target === chosen()) named(); });

/* An answer that comes in place of another. */
document.addEventListener("htmx:load", (event) => {
  sortable(event.target);
  if (event.target !== document.body) document.querySelector("#verdict h1")?.focus({preventScroll: true});
  for (const link of document.querySelectorAll(".refusal a[href^='#field-']"))
    document.getElementById(decodeURIComponent(link.hash.slice(1)))?.setAttribute("aria-invalid", "true");
});
document.addEventListener("input", (event) => event.target.removeAttribute("aria-invalid"));
document.addEventListener("htmx:sendError", () => {
  const panel = document.createElement("div"), text = document.createElement("p");
  panel.className = "panel refusal";
  panel.setAttribute("role", "alert");
  text.textContent = "The server does not answer: is `convcost serve` still running?";
  panel.append(text);
  document.getElementById("answer").replaceChildren(panel);
});
