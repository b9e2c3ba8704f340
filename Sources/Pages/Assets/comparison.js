// A comparison: enlarging pictures, holding one to see another column, one checkpoint at a time.
"use strict";
const names = [...document.querySelectorAll("thead th")].map(head => head.firstChild.textContent.trim());
const cells = {};
for (const image of document.querySelectorAll("td img")) cells[image.dataset.row + "," + image.dataset.column] = image;
const prompts = [...document.querySelectorAll("tbody th > span")].map(label => label.textContent);
// The sources of all pictures. A held picture shows another source for a while.
const sources = Object.fromEntries(Object.entries(cells).map(([place, image]) => [place, image.src]));
const source = (row, column) => sources[row + "," + column];
const byId = id => document.getElementById(id);
const other = byId("other");
const sharpen = image => image.classList.toggle("small", image.naturalWidth > 0 && image.naturalWidth < 200);
for (const image of document.images) { image.addEventListener("load", () => sharpen(image)); sharpen(image); }

// While a picture is held, it shows the same prompt and seed from the other column.
function holdable(image, place, click) {
  let timer = null, isHeld = false;
  const flip = held => {
    isHeld = held;
    image.classList.toggle("flipped", held);
    const { row, column } = place();
    image.src = source(row, held ? Number(other.value) : column);
    if (image === picture) describe(held ? Number(other.value) : column);
  };
  image.addEventListener("pointerdown", event => {
    delete image.dataset.wasHeld;
    if (event.button !== 0 || !other) return;
    timer = setTimeout(() => flip(true), 180);
  });
  const release = () => { clearTimeout(timer); if (isHeld) { flip(false); image.dataset.wasHeld = "yes"; } };
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) image.addEventListener(name, release);
  image.addEventListener("contextmenu", event => { if (isHeld) event.preventDefault(); });
  image.addEventListener("click", () => {
    if (image.dataset.wasHeld) delete image.dataset.wasHeld; else click();
  });
}

const full = byId("full"), picture = full.querySelector("img");
let shown = { row: 0, column: 0 };
function describe(column) {
  byId("what").textContent = names[column];
  byId("prompt").textContent = prompts[shown.row];
}
function show(row, column) {
  shown = { row, column };
  picture.src = source(row, column);
  picture.alt = names[column];
  describe(column);
  if (!full.open) full.showModal();
}
holdable(picture, () => shown, () => full.close());
full.addEventListener("click", event => { if (event.target !== picture) full.close(); });
full.addEventListener("keydown", event => {
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const row = Math.min(Math.max(shown.row + move[0], 0), prompts.length - 1);
  const column = Math.min(Math.max(shown.column + move[1], 0), names.length - 1);
  show(row, column);
});
for (const [key, image] of Object.entries(cells)) {
  const [row, column] = key.split(",").map(Number);
  holdable(image, () => ({ row, column }), () => show(row, column));
}

// One checkpoint at a time.
const step = byId("step"), singles = [...document.querySelectorAll(".one img")];
function slide() {
  const column = Number(step.value);
  byId("name").textContent = names[column];
  for (const image of singles) image.src = source(image.dataset.row, column);
}
step.addEventListener("input", slide);
for (const image of singles) {
  const row = Number(image.dataset.row);
  holdable(image, () => ({ row, column: Number(step.value) }), () => show(row, Number(step.value)));
}
byId("view").addEventListener("change", event => {
  const one = event.target.value === "one";
  byId("all").hidden = one;
  byId("one").hidden = !one;
  if (one) slide();
});
