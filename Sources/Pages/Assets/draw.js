// The form that draws, and the gallery beside it.
import { attempt, card, order, report, request, announce } from "./studio.js";
import { followJobs } from "./jobs.js";

const form = document.getElementById("draw");
const byId = id => document.getElementById(id);
const seed = byId("seed"), keep = byId("keep-seed"), size = byId("size"), gallery = byId("gallery");
const options = () => [...form.querySelectorAll("[data-option]")];

/** The order that the form describes. */
function drawing() {
  const fields = order(form);
  fields.seed = keep.checked && seed.value.trim() !== "" ? seed.value.trim() : "-1";
  const adapters = [...form.querySelectorAll("[data-adapter]:checked")]
    .map(box => `${box.value}:${box.closest(".row").querySelector(".tiny").value.trim() || "1"}`);
  if (adapters.length) fields.loras = adapters;
  return fields;
}

function fill(fields) {
  for (const input of options()) {
    const value = fields[input.name];
    input.value = value === undefined ? (input.tagName === "SELECT" ? input.options[0].value : "") : Array.isArray(value) ? value.join("\n") : value;
    if (input.tagName === "SELECT" && value !== undefined && input.value !== String(value)) {
      input.add(new Option(String(value), String(value)));
      input.value = value;
    }
  }
  for (const box of form.querySelectorAll("[data-adapter]")) {
    const chosen = [fields.loras ?? []].flat().find(text => text === box.value || text.startsWith(`${box.value}:`));
    box.checked = chosen !== undefined;
    box.closest(".row").querySelector(".tiny").value = chosen?.slice(box.value.length + 1) || "1";
  }
  const lost = [fields.loras ?? []].flat().filter(text => ![...form.querySelectorAll("[data-adapter]")].some(box => text === box.value || text.startsWith(`${box.value}:`)));
  if (lost.length) announce(`${lost.join(", ")} is not offered here any more, and is left out.`, true);
  if (fields.seed !== undefined) { seed.value = fields.seed; keep.checked = true; }
  matchSize();
  remember();
}

function matchSize() {
  const wanted = byId("width").value && byId("height").value ? `${byId("width").value}x${byId("height").value}` : "";
  size.value = [...size.options].some(option => option.value === wanted) ? wanted : "own";
}

size.addEventListener("change", () => {
  if (size.value === "own") return;
  const [width, height] = size.value === "" ? ["", ""] : size.value.split("x");
  byId("width").value = width;
  byId("height").value = height;
});
for (const id of ["width", "height"]) byId(id).addEventListener("input", matchSize);

// A seed that is written is meant.
seed.addEventListener("input", () => { keep.checked = seed.value.trim() !== ""; });
byId("next-seed").addEventListener("click", () => {
  const count = Math.max(1, Math.trunc(Number(byId("count").value)) || 1);
  seed.value = String(BigInt(/^\d+$/.test(seed.value.trim()) ? seed.value.trim() : 0) + BigInt(count));
  keep.checked = true;
});
byId("clear").addEventListener("click", () => { form.reset(); matchSize(); remember(); byId("prompt").focus(); });

/** Keeps what is written while the reader looks at other pages. */
function remember() {
  const fields = order(form);
  if (keep.checked) fields.seed = seed.value;
  sessionStorage.setItem("drawing", JSON.stringify(fields));
}
form.addEventListener("input", remember);
form.addEventListener("change", remember);

const button = form.querySelector("[type=submit]");
async function draw() {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await report(form, async () => {
      const job = await request("POST", "/api/pictures", drawing());
      seed.value = job.seed;
      announce(job.position > 0 ? `Job ${job.id} waits.` : `Job ${job.id} is being drawn.`);
    });
  } finally {
    button.disabled = false;
  }
}
form.addEventListener("submit", event => { event.preventDefault(); draw(); });
document.addEventListener("keydown", event => {
  const isInForm = form.contains(event.target) || event.target === document.body;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isInForm && !event.repeat) { event.preventDefault(); draw(); }
});

document.addEventListener("click", event => {
  const button = event.target.closest("[data-reuse]");
  if (button) attempt(() => reuse(button.dataset.reuse));
});
async function reuse(id) {
  const picture = await request("GET", `/api/pictures/${id}`);
  fill({ ...picture.order, seed: picture.seed, count: "1" });
  byId("prompt").focus();
  form.scrollIntoView({ block: "start" });
}

const parameters = new URLSearchParams(location.search);
const remembered = sessionStorage.getItem("drawing");
if (remembered) fill(JSON.parse(remembered));
if (parameters.has("picture")) attempt(() => reuse(parameters.get("picture")));
if (parameters.has("over")) {
  const image = form.elements.image;
  image.value = parameters.get("over");
  image.closest("details").open = true;
  byId("prompt").focus();
}
if (parameters.has("run")) {
  byId("run").value = parameters.get("run");
  if (byId("run").value === "") announce(`There is no checkpoint ${parameters.get("run")} any more.`, true);
  byId("prompt").focus();
}

// New pictures appear at the top, unless the page shows only some of them.
const isWhole = !parameters.has("before") && !parameters.has("starred");
const mostCards = 120;
const shown = new Set([...gallery.children].map(article => Number(article.dataset.picture)));
const newest = Math.max(0, ...shown);
followJobs(job => {
  for (const id of job.pictures) {
    if (shown.has(id) || id <= newest) continue;
    shown.add(id);
    if (!isWhole) {
      byId("newer").hidden = false;
      continue;
    }
    attempt(async () => {
      const fresh = card(await request("GET", `/api/pictures/${id}`));
      const next = [...gallery.children].find(article => Number(article.dataset.picture) < id);
      gallery.insertBefore(fresh, next ?? null);
      byId("no-pictures")?.remove();
      while (gallery.children.length > mostCards) gallery.lastElementChild.remove();
    });
  }
});
