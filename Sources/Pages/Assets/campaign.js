// A campaign: its template as a form, and the sheet that fills.
import { attempt, element, keepUnsaved, report, request, announce, send, sharpen } from "./studio.js";
import { followJobs } from "./jobs.js";

const byId = id => document.getElementById(id);
const page = byId("campaign"), form = byId("template"), lists = byId("lists");
const api = `/api/campaigns/${page.dataset.address}`;
const words = text => text.split(/[\s,;]+/).filter(Boolean);
const lines = text => text.split("\n").filter(line => line !== "");

/** The names in single braces of the prompt and the negative prompt. */
function names() {
  const texts = `${byId("prompt").value} ${form.elements.negative?.value ?? ""}`.replaceAll("{{", "").replaceAll("}}", "");
  return [...new Set([...texts.matchAll(/\{([\p{L}\p{N}_-]+)\}/gu)].map(match => match[1]))];
}

/** A list for each name. What was written in a list that is not named any more is kept until the page is left. */
const written = new Map();
function arrange() {
  for (const field of lists.children) written.set(field.dataset.listName, field.querySelector("textarea").value);
  const wanted = names();
  if (wanted.join() === [...lists.children].map(field => field.dataset.listName).join()) return;
  lists.replaceChildren(...wanted.map(name => {
    const text = element("textarea", { id: `list-${name}`, rows: 4 });
    text.value = written.get(name) ?? "";
    return element("div", { class: "field", "data-list-name": name }, element("label", { for: text.id }, `${name}, one entry a line`), text);
  }));
}
form.addEventListener("input", event => { if (event.target.matches("#prompt, [name=negative]")) arrange(); });

let isChanged = false;
form.addEventListener("input", () => { isChanged = true; });
form.addEventListener("change", () => { isChanged = true; });
keepUnsaved(() => isChanged);

const save = () => report(form, async () => {
  arrange();
  const options = {}, painter = {};
  for (const input of form.querySelectorAll("[data-option]")) if (input.value.trim() !== "") options[input.name] = input.value.trim();
  for (const input of form.querySelectorAll("[data-painter]")) if (input.value !== "") painter[input.name] = input.value;
  await request("PUT", api, {
    form: {
      prompt: byId("prompt").value, options, seeds: words(byId("seeds").value), strengths: words(byId("strengths").value),
      lists: [...lists.children].map(field => ({ name: field.dataset.listName, entries: lines(field.querySelector("textarea").value) })),
    }, painter,
  });
  isChanged = false;
  await refresh();
  return true;
});
byId("save").addEventListener("click", async () => { if (await save()) announce("Saved."); });
form.addEventListener("submit", async event => {
  event.preventDefault();
  if (await save()) await attempt(() => request("POST", `${api}/draw`));
});

async function refresh() {
  const fresh = new DOMParser().parseFromString(await send("GET", location.pathname), "text/html").getElementById("sheet");
  if (!fresh) throw new Error("The campaign could not be read again.");
  const focused = document.activeElement?.dataset?.mark;
  byId("sheet").replaceWith(fresh);
  for (const image of fresh.querySelectorAll("img")) sharpen(image);
  if (focused) fresh.querySelector(`[data-mark="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

document.addEventListener("click", event => {
  const star = event.target.closest("[data-mark]");
  if (star) attempt(async () => {
    const isStarred = star.getAttribute("aria-pressed") !== "true";
    await request("PUT", `${api}/stars`, { file: star.dataset.mark, starred: isStarred });
    star.setAttribute("aria-pressed", String(isStarred));
  });
  if (event.target.id === "export") attempt(async () => {
    const { folder, count } = await request("POST", `${api}/export`);
    announce(`${count} ${count === 1 ? "picture is" : "pictures are"} in ${folder}, with the manifest.`, true);
  });
});

// The sheet fills while the campaign is drawn, at most once a second.
let timer = null;
followJobs(job => {
  if (job.kind !== "campaign" || job.title !== page.dataset.name || timer) return;
  timer = setTimeout(() => { timer = null; attempt(refresh); }, 1000);
});
