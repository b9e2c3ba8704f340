// A dataset: adds files, edits captions, sets focus points, masks and exclusions.
import { attempt, element, request, say } from "./studio.js";
import { paint } from "./mask.js";

const byId = id => document.getElementById(id);
const page = byId("subject"), subject = page.dataset.subject;
const api = `/api/datasets/${encodeURIComponent(subject)}`;
const ofImage = (what, name) => `${api}/${what}?image=${encodeURIComponent(name)}`;

/** Takes the overview and the images from the server again. Texts that are being written are kept. */
async function refresh() {
  const text = await (await fetch(location.pathname)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  byId("overview").replaceWith(fresh.getElementById("overview"));
  const old = new Map([...document.querySelectorAll(".image")].map(article => [article.dataset.image, article]));
  const active = document.activeElement;
  const made = [...fresh.querySelectorAll("#images > *")].map(article => {
    const known = old.get(article.dataset.image);
    const isWritten = active.matches("textarea") && known?.contains(active);
    return known && (isWritten || known.outerHTML === article.outerHTML) ? known : article;
  });
  const article = active.closest(".image");
  const place = article ? [...article.querySelectorAll("button, textarea")].indexOf(active) : -1;
  byId("images").replaceChildren(...made);
  // The keyboard stays where it was.
  const again = made.find(one => one.dataset.image === article?.dataset.image);
  again?.querySelectorAll("button, textarea")[place]?.focus({ preventScroll: true });
  check();
}

/** Lists the problems that only decoding every image finds. */
async function check() {
  const report = await attempt(() => request("GET", api));
  if (!report) return;
  byId("problems").replaceChildren(...report.problems.map(text => element("li", { class: "note" }, text)));
}

/** Makes a change and shows its result. */
const change = (method, path, body) => attempt(async () => {
  const answer = await request(method, path, body);
  await refresh();
  return answer;
});

// Files.
const limit = 64 * 2 ** 20;
async function add(files) {
  const refused = byId("refused");
  refused.replaceChildren();
  refused.hidden = true;
  let done = 0;
  for (const file of files) {
    byId("adding").textContent = `Adding ${done + 1} of ${files.length}: ${file.name}`;
    try {
      if (file.size > limit) throw new Error(`${file.name} has more than ${limit / 2 ** 20} MiB; add a smaller file.`);
      const answer = await fetch(`${api}/files?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
      if (!answer.ok) throw new Error((await answer.json()).error.message);
    } catch (error) {
      refused.append(element("li", {}, error.message));
      refused.hidden = false;
    }
    done += 1;
  }
  byId("adding").textContent = files.length === 1 ? "1 file was added." : `${files.length - refused.children.length} of ${files.length} files were added.`;
  await refresh();
}
byId("files").addEventListener("change", event => { add([...event.target.files]); event.target.value = ""; });
byId("add").addEventListener("submit", event => event.preventDefault());
document.addEventListener("dragover", event => { event.preventDefault(); byId("add").classList.add("over"); });
document.addEventListener("dragleave", event => { if (!event.relatedTarget) byId("add").classList.remove("over"); });
document.addEventListener("drop", event => {
  event.preventDefault();
  byId("add").classList.remove("over");
  if (event.dataTransfer.files.length) add([...event.dataTransfer.files]);
});

// The subject.
byId("settings").addEventListener("submit", async event => {
  event.preventDefault();
  if (await change("PUT", `${api}/settings`, { trigger: byId("trigger").value.trim(), class_word: byId("class_word").value.trim() }) !== undefined) say("Saved.");
});

// Captions, one by one: saved when the field is left.
document.addEventListener("change", event => {
  const caption = event.target.closest("[data-caption]");
  if (!caption) return;
  const name = caption.closest(".image").dataset.image;
  attempt(async () => {
    await request("PUT", ofImage("caption", name), { caption: caption.value });
    say(`The caption of ${name} is saved.`);
    await refresh();
  });
});

// Captions, all at once.
let planned = null;
const edit = byId("edit");
function arrange() {
  byId("text-field").hidden = edit.value === "trigger";
  byId("with-field").hidden = edit.value !== "replace";
  byId("case-field").hidden = !["replace", "remove"].includes(edit.value);
  forget();
}
function forget() { planned = null; byId("apply").hidden = true; byId("changes").hidden = true; }
edit.addEventListener("change", arrange);
for (const id of ["text", "with", "ignoring_case"]) byId(id).addEventListener("input", forget);
byId("bulk").addEventListener("submit", event => {
  event.preventDefault();
  attempt(async () => {
    planned = await request("POST", `${api}/captions/preview`, { edit: edit.value, text: byId("text").value, with: byId("with").value, ignoring_case: byId("ignoring_case").checked });
    byId("changes").tBodies[0].replaceChildren(...planned.map(one => element("tr", {},
      element("th", { scope: "row" }, one.image), element("td", {}, element("del", {}, one.before), element("br"), element("ins", {}, one.after)))));
    byId("changes").hidden = planned.length === 0;
    byId("apply").hidden = planned.length === 0;
    if (planned.length === 0) say("No caption changes.");
  });
});
byId("apply").addEventListener("click", async () => {
  const count = planned.length;
  if (await change("POST", `${api}/captions`, { changes: planned }) !== undefined) { say(`${count} captions are changed.`); forget(); }
});

// Images.
document.addEventListener("click", event => {
  const button = event.target.closest(".image button");
  if (!button) return;
  const article = button.closest(".image"), name = article.dataset.image;
  if (button.dataset.exclude) change("PUT", ofImage("excluded", name), { excluded: button.dataset.exclude === "true" });
  else if ("unfocus" in button.dataset) change("PUT", ofImage("focus", name), { focus: null });
  else if ("remove" in button.dataset) {
    if (confirm(`Remove ${name}? It is moved into the folder .trash of the dataset.`)) change("DELETE", ofImage("image", name));
  } else if ("focus" in button.dataset) focus(button, event, article);
  else if ("mask" in button.dataset) mask(article, name, button.dataset.mask === "true");
});

/** A click on the tile: the picture is shown whole and centered in it. A press of a key takes the middle. */
function focus(button, event, article) {
  const box = button.querySelector("img").getBoundingClientRect();
  const [across, down] = [Number(article.dataset.width), Number(article.dataset.height)];
  const scale = Math.min(box.width / across, box.height / down);
  const [width, height] = [across * scale, down * scale];
  const place = (position, start, whole, length) => (position - start - (whole - length) / 2) / length;
  let [x, y] = [place(event.clientX, box.left, box.width, width), place(event.clientY, box.top, box.height, height)];
  if (event.detail === 0) [x, y] = [0.5, 0.5];
  if (x < 0 || x > 1 || y < 0 || y > 1) return;
  change("PUT", ofImage("focus", article.dataset.image), { focus: [Number(x.toFixed(3)), Number(y.toFixed(3))] });
}

async function mask(article, name, hasMask) {
  const painted = await paint({
    image: ofImage("image", name), mask: hasMask ? ofImage("mask", name) : null,
    width: Number(article.dataset.width), height: Number(article.dataset.height), name,
  });
  if (painted === undefined) return;
  attempt(async () => {
    const answer = await fetch(ofImage("mask", name), painted ? { method: "PUT", body: painted } : { method: "DELETE" });
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    await refresh();
  });
}

arrange();
check();
