// A dataset: adds files, edits captions, sets focus points, masks and exclusions.
import { attempt, element, keepUnsaved, request, announce, send, sharpen } from "./studio.js";
import { paint } from "./mask.js";

const byId = id => document.getElementById(id);
const page = byId("subject"), subject = page.dataset.subject;
const api = `/api/datasets/${encodeURIComponent(subject)}`;
const ofImage = (what, name) => `${api}/${what}?image=${encodeURIComponent(name)}`;

/** Takes the overview and the images from the server again. Texts that are being written are kept. */
async function refresh() {
  const fresh = new DOMParser().parseFromString(await send("GET", location.pathname), "text/html");
  if (!fresh.getElementById("overview")) throw new Error("The dataset could not be read again.");
  byId("overview").replaceWith(fresh.getElementById("overview"));
  const old = new Map([...document.querySelectorAll(".image")].map(article => [article.dataset.image, article]));
  const active = document.activeElement;
  const made = [...fresh.querySelectorAll("#images > *")].map(article => {
    const known = old.get(article.dataset.image);
    const isWritten = active.matches("textarea") && known?.contains(active);
    return known && (isWritten || known.outerHTML === article.outerHTML) ? known : article;
  });
  const article = active.closest(".image");
  const control = ["focus", "exclude", "mask", "remove", "caption"].find(name => name in active.dataset);
  byId("images").replaceChildren(...made);
  for (const image of byId("images").querySelectorAll("img")) sharpen(image);
  // The keyboard stays where it was, or on the image.
  const again = made.find(one => one.dataset.image === article?.dataset.image);
  if (article) (again?.querySelector(`[data-${control}]`) ?? again?.querySelector(".tile") ?? byId("images-title")).focus({ preventScroll: true });
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
let adding = Promise.resolve();
/** Adds files one after the other, and after those that are being added. */
const add = files => { adding = adding.then(() => addAll(files)); };

async function addAll(files) {
  const refused = byId("refused");
  refused.replaceChildren();
  refused.hidden = true;
  let [added, present] = [0, 0];
  for (const [index, file] of files.entries()) {
    byId("adding").textContent = `Adding ${index + 1} of ${files.length}: ${file.name}`;
    try {
      if (file.size > limit) throw new Error(`${file.name} has more than ${limit / 2 ** 20} MiB; add a smaller file.`);
      const answer = JSON.parse(await send("POST", `${api}/files?name=${encodeURIComponent(file.name)}`, file));
      if (answer.is_present) present += 1; else added += 1;
    } catch (error) {
      refused.append(element("li", {}, error.message));
      refused.hidden = false;
    }
  }
  const parts = [`${added} added`, present && `${present} there already`, refused.children.length && `${refused.children.length} refused`];
  byId("adding").textContent = `${parts.filter(Boolean).join(", ")}.`;
  await attempt(refresh);
}
byId("files").addEventListener("change", event => { add([...event.target.files]); event.target.value = ""; });
byId("add").addEventListener("submit", event => event.preventDefault());
const hasFiles = event => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", event => { if (hasFiles(event)) { event.preventDefault(); byId("add").classList.add("over"); } });
document.addEventListener("dragleave", event => { if (!event.relatedTarget) byId("add").classList.remove("over"); });
document.addEventListener("drop", event => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  byId("add").classList.remove("over");
  if (event.dataTransfer.files.length) add([...event.dataTransfer.files]);
});

// The subject.
byId("settings").addEventListener("submit", async event => {
  event.preventDefault();
  if (await change("PUT", `${api}/settings`, { trigger: byId("trigger").value.trim(), class_word: byId("class_word").value.trim() }) !== undefined) announce("Saved.");
});

// Captions, one by one: saved when the field is left.
document.addEventListener("change", event => {
  const caption = event.target.closest("[data-caption]");
  if (!caption) return;
  const name = caption.closest(".image").dataset.image;
  attempt(async () => {
    try {
      await request("PUT", ofImage("caption", name), { caption: caption.value });
    } catch (error) {
      caption.setAttribute("aria-invalid", "true");
      throw error;
    }
    caption.defaultValue = caption.value;
    announce(`The caption of ${name} is saved.`);
    await refresh();
  });
});
keepUnsaved(() => [...document.querySelectorAll("[data-caption]")].some(caption => caption.value !== caption.defaultValue));

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
    if (planned.length === 0) announce("No caption changes.");
  });
});
byId("apply").addEventListener("click", async () => {
  const count = planned.length;
  if (await change("POST", `${api}/captions`, { changes: planned }) !== undefined) { announce(count === 1 ? "1 caption is changed." : `${count} captions are changed.`); forget(); }
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

/** A click on the tile: the picture is shown whole and centered in it. */
function focus(button, event, article) {
  if (event.detail === 0) return;
  const box = button.querySelector("img").getBoundingClientRect();
  const [across, down] = [Number(article.dataset.width), Number(article.dataset.height)];
  const scale = Math.min(box.width / across, box.height / down);
  const [width, height] = [across * scale, down * scale];
  const place = (position, start, whole, length) => (position - start - (whole - length) / 2) / length;
  setFocus(article, [place(event.clientX, box.left, box.width, width), place(event.clientY, box.top, box.height, height)]);
}

function setFocus(article, point) {
  if (point.some(share => !(share >= 0 && share <= 1))) return;
  change("PUT", ofImage("focus", article.dataset.image), { focus: point.map(share => Number(share.toFixed(3))) });
}

// The arrow keys move the point by a twentieth.
document.addEventListener("keydown", event => {
  const tile = event.target.closest?.(".tile");
  const move = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, -0.05], ArrowDown: [0, 0.05] }[event.key];
  if (!tile || !move || tile.disabled) return;
  event.preventDefault();
  const article = tile.closest(".image");
  const now = (article.dataset.point || "0.5 0.5").split(" ").map(Number);
  setFocus(article, now.map((share, axis) => Math.min(1, Math.max(0, share + move[axis]))));
});

async function mask(article, name, hasMask) {
  const painted = await attempt(() => paint({
    image: ofImage("image", name), mask: hasMask ? ofImage("mask", name) : null,
    width: Number(article.dataset.width), height: Number(article.dataset.height), name,
  }));
  if (painted === undefined) return;
  attempt(async () => {
    await send(painted ? "PUT" : "DELETE", ofImage("mask", name), painted ?? undefined);
    announce(painted ? "The mask is saved." : "The image has no mask.");
    await refresh();
  });
}

arrange();
check();
