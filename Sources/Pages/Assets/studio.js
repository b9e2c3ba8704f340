// What all pages share: requests, messages, stars, and sharp small pictures.

const line = document.getElementById("message");
let timer = null;

/** Shows a sentence at the bottom of the page: for a while, or an error until the next one. */
export function announce(sentence, isError = false) {
  line.textContent = sentence;
  clearTimeout(timer);
  if (!isError) timer = setTimeout(() => { line.textContent = ""; }, 8000);
}
line.addEventListener("click", () => { line.textContent = ""; });

/** Sends a request and returns the text of its answer. Throws an error with the server's sentence. */
export async function send(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, { method, headers, body });
  } catch {
    throw new Error("The studio does not answer. Start it again with lora-train serve.");
  }
  const text = await answer.text();
  if (answer.ok) return text;
  let problem = null;
  try { problem = JSON.parse(text).error; } catch { /* Not JSON: the status is enough. */ }
  const error = new Error(problem?.message ?? `The studio answers ${answer.status}.`);
  error.field = problem?.field;
  throw error;
}

/** Sends a request to the interface and returns the JSON of its answer. Throws as `send`. */
export async function request(method, path, body) {
  const text = body === undefined ? await send(method, path)
    : await send(method, path, JSON.stringify(body), { "Content-Type": "application/json" });
  return text ? JSON.parse(text) : null;
}

/** Calls an action, and shows the sentence of its error. */
export async function attempt(action) {
  try { return await action(); } catch (error) { announce(error.message, true); return undefined; }
}

/** Follows events of the studio, and connects again whenever the connection is lost. */
export function follow(path, handlers, opened = () => {}) {
  const lost = document.getElementById("lost");
  const source = new EventSource(path);
  for (const [name, handler] of Object.entries(handlers)) source.addEventListener(name, event => handler(JSON.parse(event.data)));
  source.addEventListener("open", () => { lost.hidden = true; opened(); });
  source.addEventListener("error", () => {
    lost.hidden = false;
    // After an answer with an error, the browser does not try again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(path, handlers, opened), 5000);
  });
}

/** Asks before the page is left while it has something that is not saved. */
export function keepUnsaved(isUnsaved) {
  window.addEventListener("beforeunload", event => { if (isUnsaved()) event.preventDefault(); });
}

/** Small pictures are shown with sharp pixels. */
export function sharpen(image) {
  const update = () => image.classList.toggle("pixelated", image.naturalWidth > 0 && image.naturalWidth < 200);
  image.addEventListener("load", update);
  if (image.complete) update();
}
for (const image of document.querySelectorAll("main img")) sharpen(image);

// Times are shown in the time zone of the reader.
for (const time of document.querySelectorAll("time[datetime]")) time.textContent = new Date(time.dateTime).toLocaleString();

document.addEventListener("click", event => {
  const star = event.target.closest("[data-star]");
  if (!star) return;
  const isStarred = star.getAttribute("aria-pressed") !== "true";
  attempt(async () => {
    await request("PUT", `/api/pictures/${star.dataset.star}/star`, { starred: isStarred });
    star.setAttribute("aria-pressed", String(isStarred));
  });
});

/** Makes an element with attributes and children. Texts are never read as HTML. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A card of the gallery, as the server makes them. */
export function card(picture) {
  const image = element("img", {
    src: `/api/pictures/${picture.id}/file?side=384`, width: picture.width, height: picture.height,
    loading: "lazy", alt: picture.prompt,
  });
  sharpen(image);
  const actions = element("p", { class: "actions" },
    element("button", { type: "button", "data-reuse": picture.id, title: "Fill the form with this picture's settings" }, "Reuse"),
    element("button", {
      type: "button", class: "star", "data-star": picture.id, "aria-pressed": String(picture.starred),
      "aria-label": `Star picture ${picture.id}`,
    }, "★"));
  if (picture.pair) {
    actions.append(element("a", { class: "button", href: `/pictures/${picture.id}/beside/${picture.pair}` }, "Compare"));
  }
  return element("article", { class: "card", "data-picture": picture.id },
    element("a", { href: `/pictures/${picture.id}` }, image),
    element("p", { class: "prompt" }, picture.prompt), element("p", { class: "soft" }, picture.details), actions);
}

/** A duration in words: 1 h 5 min. */
export function duration(seconds) {
  if (!(seconds >= 0)) return "";
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const inputs = form => [...form.querySelectorAll("[data-option]")];

/** The values of a form's fields by their names. Empty fields are left out. */
export function order(form) {
  const fields = {};
  for (const input of inputs(form)) {
    const value = input.value.trim();
    if (value === "") continue;
    const separator = "list" in input.dataset ? "\n" : "words" in input.dataset ? /[\s,;]+/ : null;
    fields[input.name] = separator === null ? value : value.split(separator).map(part => part.trim()).filter(Boolean);
  }
  return fields;
}

document.addEventListener("input", event => event.target.removeAttribute?.("aria-invalid"));

/** Calls an action. The sentence of an error is shown, and its field is marked and gets the focus. */
export async function report(form, action) {
  for (const input of inputs(form)) input.removeAttribute("aria-invalid");
  try {
    return await action();
  } catch (error) {
    announce(error.message, true);
    const wrong = error.field && form.elements[error.field];
    if (wrong) {
      wrong.setAttribute("aria-invalid", "true");
      wrong.closest("details")?.setAttribute("open", "");
      wrong.focus();
    }
    return undefined;
  }
}
