// The form that draws, and the gallery beside it.
import { attempt, card, order, report, request } from "./studio.js";
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
  if (fields.seed !== undefined) { seed.value = fields.seed; keep.checked = true; }
  matchSize();
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

byId("next-seed").addEventListener("click", () => {
  const count = Number(byId("count").value) || 1;
  seed.value = String(BigInt(/^\d+$/.test(seed.value.trim()) ? seed.value.trim() : 0) + BigInt(count));
  keep.checked = true;
});
byId("clear").addEventListener("click", () => { form.reset(); matchSize(); byId("prompt").focus(); });

const draw = () => report(form, async () => { seed.value = (await request("POST", "/api/pictures", drawing())).seed; });
form.addEventListener("submit", event => { event.preventDefault(); draw(); });
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); draw(); }
});

document.addEventListener("click", event => {
  const button = event.target.closest("[data-reuse]");
  if (button) attempt(() => reuse(button.dataset.reuse));
});
async function reuse(id) {
  const picture = await request("GET", `/api/pictures/${id}`);
  fill({ ...picture.order, seed: picture.seed });
  byId("prompt").focus();
  form.scrollIntoView({ block: "start" });
}

const parameters = new URLSearchParams(location.search);
if (parameters.has("picture")) attempt(() => reuse(parameters.get("picture")));
if (parameters.has("run")) {
  byId("run").value = parameters.get("run");
  byId("prompt").focus();
}

// New pictures appear at the top, unless the page shows only some of them.
const isWhole = !parameters.has("before") && !parameters.has("starred");
const shown = new Set([...gallery.children].map(article => Number(article.dataset.picture)));
followJobs(job => {
  for (const id of job.pictures) {
    if (shown.has(id) || !isWhole) continue;
    shown.add(id);
    attempt(async () => {
      const fresh = card(await request("GET", `/api/pictures/${id}`));
      const next = [...gallery.children].find(article => Number(article.dataset.picture) < id);
      gallery.insertBefore(fresh, next ?? null);
      byId("no-pictures")?.remove();
    });
  }
});
