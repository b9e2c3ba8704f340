// Charts as SVG: curves over steps, with a band between the lowest and the highest values.

const height = 220, margin = { left: 60, right: 12, top: 10, bottom: 24 };
const space = "http://www.w3.org/2000/svg";

function node(name, attributes, text) {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Few digits, but enough to tell values apart. */
function number(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  return size >= 1000 || size < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** The exponentially smoothed values, without the bias of the start. */
export function smoothed(values, weight = 0.95) {
  let mean = 0, part = 0;
  return values.map(value => {
    mean = weight * mean + (1 - weight) * value;
    part = weight * part + (1 - weight);
    return mean / part;
  });
}

/** Draws curves into an element. `curves`: [{ name, steps, values }], `band`: { steps, low, high }. */
export function draw(place, { label, curves, band, last, unit = "" }) {
  const drawn = curves.filter(curve => curve.values.length > 1);
  if (drawn.length === 0) {
    place.replaceChildren(Object.assign(document.createElement("p"), { className: "soft", textContent: "Nothing recorded yet." }));
    return;
  }
  const width = Math.max(280, place.clientWidth || 640);
  const steps = drawn.flatMap(curve => [curve.steps[0], curve.steps.at(-1)]);
  const first = Math.min(...steps), end = Math.max(last ?? 0, ...steps);
  // One value that stands out would flatten the rest: the highest of a hundred is cut.
  const values = [...drawn.flatMap(curve => curve.values), ...(band?.high ?? []), ...(band?.low ?? [])].filter(Number.isFinite).sort((a, b) => a - b);
  let low = values[0], high = values[Math.floor((values.length - 1) * 0.99)];
  if (high - low < 1e-12) { high += Math.abs(high) * 0.1 || 1; low -= Math.abs(low) * 0.1; }
  const x = step => margin.left + (step - first) / Math.max(1, end - first) * (width - margin.left - margin.right);
  const y = value => margin.top + (high - Math.min(high, Math.max(low, value))) / (high - low) * (height - margin.top - margin.bottom);
  const svg = node("svg", { viewBox: `0 0 ${width} ${height}` });
  for (const part of [0, 0.5, 1]) {
    const value = low + (high - low) * part;
    svg.append(node("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }),
      node("text", { x: margin.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  }
  for (const part of [0, 0.5, 1]) {
    const step = Math.round(first + (end - first) * part);
    svg.append(node("text", { x: x(step), y: height - 6, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" }, step));
  }
  if (band?.steps.length > 1) {
    const there = band.steps.map((step, index) => `${x(step).toFixed(1)},${y(band.high[index]).toFixed(1)}`);
    const back = band.steps.map((step, index) => `${x(step).toFixed(1)},${y(band.low[index]).toFixed(1)}`).reverse();
    svg.append(node("polygon", { class: "raw", points: [...there, ...back].join(" ") }));
  }
  for (const curve of drawn) {
    const points = curve.steps.map((step, index) => `${x(step).toFixed(1)},${y(curve.values[index]).toFixed(1)}`);
    svg.append(node("polyline", { class: curve.name, points: points.join(" ") }));
  }
  const cursor = node("line", { class: "cursor", x1: 0, x2: 0, y1: margin.top, y2: height - margin.bottom, visibility: "hidden" });
  const words = node("text", { y: margin.top + 8, visibility: "hidden" });
  svg.append(cursor, words);
  const marked = drawn.at(-1);
  const nearest = step => marked.steps.reduce((best, value, at) => Math.abs(value - step) < Math.abs(marked.steps[best] - step) ? at : best, 0);
  const text = index => `step ${marked.steps[index]}: ${number(marked.values[index])}${unit}`;
  const mark = index => {
    const place = x(marked.steps[index]);
    cursor.setAttribute("x1", place);
    cursor.setAttribute("x2", place);
    words.setAttribute("x", place > width / 2 ? place - 6 : place + 6);
    words.setAttribute("text-anchor", place > width / 2 ? "end" : "start");
    words.textContent = text(index);
    for (const part of [cursor, words]) part.setAttribute("visibility", "visible");
  };
  const unmark = () => { for (const part of [cursor, words]) part.setAttribute("visibility", "hidden"); };
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect();
    mark(nearest(first + ((event.clientX - box.left) / box.width * width - margin.left) / (width - margin.left - margin.right) * (end - first)));
  });
  svg.addEventListener("pointerleave", unmark);
  place.replaceChildren(svg);
  read(place, { label: `${label}, from ${number(low)}${unit} to ${number(high)}${unit}`, marked, nearest, text, mark, unmark });
}

/** Lets the keyboard and screen readers read a chart: the arrow keys go from value to value, as on a slider. */
function read(place, { label, marked, nearest, text, mark, unmark }) {
  const last = marked.steps.length - 1;
  // A chart of a run that goes on is drawn again while it is read.
  let index = document.activeElement === place ? nearest(Number(place.getAttribute("aria-valuenow"))) : last;
  const set = value => {
    index = Math.min(last, Math.max(0, value));
    place.setAttribute("aria-valuenow", marked.steps[index]);
    place.setAttribute("aria-valuetext", text(index));
  };
  place.tabIndex = 0;
  const attributes = { role: "slider", "aria-label": label, "aria-valuemin": marked.steps[0], "aria-valuemax": marked.steps[last] };
  for (const [key, value] of Object.entries(attributes)) place.setAttribute(key, value);
  set(index);
  if (document.activeElement === place) mark(index);
  place.onfocus = () => mark(index);
  place.onblur = unmark;
  place.onkeydown = event => {
    const far = Math.max(1, Math.round(last / 10));
    const target = {
      ArrowLeft: index - 1, ArrowDown: index - 1, ArrowRight: index + 1, ArrowUp: index + 1,
      PageDown: index - far, PageUp: index + far, Home: 0, End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    set(target);
    mark(index);
  };
}

/** Calls `redraw` when the width of an element changes. */
export function whenResized(place, redraw) {
  let width = place.clientWidth;
  new ResizeObserver(() => { if (place.clientWidth !== width) { width = place.clientWidth; redraw(); } }).observe(place);
}
