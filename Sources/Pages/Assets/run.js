// A run's page: curves, samples, and the run itself while it is trained.
import { attempt, duration, follow as followEvents, request, announce, send, sharpen } from "./studio.js";
import { draw, smoothed, whenResized } from "./chart.js";
import "./adapter.js";

const byId = id => document.getElementById(id);
const page = byId("run"), id = page.dataset.run;
const curve = { step: [], loss: [], low: [], high: [], learning_rate: [], seconds: [] };
let steps = Number(page.dataset.steps), records = null, width = 0;

/** Replaces the points after a step by newer ones. */
function add(fresh, after) {
  let kept = curve.step.length;
  while (kept > 0 && curve.step[kept - 1] > after) kept -= 1;
  for (const key of Object.keys(curve)) curve[key] = [...curve[key].slice(0, kept), ...fresh[key]];
  show();
}

function show() {
  const one = (name, values) => ({ name, steps: curve.step, values });
  draw(byId("loss-chart"), {
    label: "Loss", last: steps, band: { steps: curve.step, low: curve.low, high: curve.high },
    curves: [one("mean", curve.loss), one("smooth", smoothed(curve.loss))],
  });
  draw(byId("rate-chart"), { label: "Learning rate", last: steps, curves: [one("mean", curve.learning_rate)] });
  draw(byId("seconds-chart"), { label: "Seconds per step", last: steps, unit: " s", curves: [one("mean", curve.seconds)] });
}

function showValidation() {
  const place = byId("validation-chart");
  const points = text => text.split(" ").filter(Boolean).map(point => point.split(":").map(Number));
  const one = (name, all) => ({ name, steps: all.map(point => point[0]), values: all.map(point => point[1]) });
  draw(place, { label: "Validation loss", last: steps, curves: [one("validation", points(place.dataset.points)), one("training", points(place.dataset.training))] });
}

function showSamples() {
  const slider = byId("sample-step");
  if (!slider) return;
  const images = [...document.querySelectorAll(".samples img")];
  const slide = () => {
    images.forEach((image, index) => { image.hidden = index !== Number(slider.value); });
    byId("sample-name").textContent = images[Number(slider.value)].dataset.step;
  };
  images.forEach(sharpen);
  slider.addEventListener("input", slide);
  slide();
}

/** Takes sections of the page from the server again. What the reader has opened and chosen stays. */
async function refresh() {
  const fresh = new DOMParser().parseFromString(await send("GET", location.pathname), "text/html");
  const slider = byId("sample-step"), isNewest = !slider || slider.value === slider.max;
  const step = slider ? document.querySelectorAll(".samples img")[Number(slider.value)]?.dataset.step : null;
  const isOpen = byId("facts").querySelector("details")?.open;
  const focused = document.activeElement?.id, isStopping = byId("stop").disabled;
  for (const name of ["samples", "checkpoints", "facts", "validation-figure", "controls"]) {
    const [old, made] = [byId(name), fresh.getElementById(name)];
    if (old && made) old.replaceWith(made);
  }
  const details = byId("facts").querySelector("details");
  if (details) details.open = isOpen ?? false;
  byId("stop").disabled = isStopping && !byId("stop").hidden;
  showSamples();
  const place = [...document.querySelectorAll(".samples img")].findIndex(image => image.dataset.step === step);
  if (!isNewest && place >= 0) { byId("sample-step").value = place; byId("sample-step").dispatchEvent(new Event("input")); }
  if (focused) (byId(focused)?.hidden ? byId("resume") : byId(focused))?.focus({ preventScroll: true });
  showValidation();
}

function follow(pulse) {
  steps = pulse.steps;
  byId("bar").max = pulse.steps;
  byId("bar").value = pulse.step;
  byId("step").textContent = `${pulse.step} of ${pulse.steps}`;
  if (Number.isFinite(pulse.loss)) byId("loss").textContent = `loss ${pulse.loss.toFixed(4)}`;
  const seconds = pulse.seconds_per_step;
  byId("seconds").textContent = seconds ? `${Number(seconds.toPrecision(3))} s per step` : "";
  byId("left").textContent = pulse.status === "running" && seconds ? `about ${duration(seconds * (pulse.steps - pulse.step))} left, without samples` : "";
  byId("memory").textContent = pulse.peak_memory_bytes ? `${(pulse.peak_memory_bytes / 1e9).toFixed(2)} GB` : "";
  byId("status").textContent = pulse.status;
  byId("status").className = `badge ${pulse.status}`;
  byId("failure").hidden = !pulse.failure;
  byId("failure").textContent = pulse.failure ?? "";
  const isChanged = page.dataset.status !== pulse.status || records !== null && records !== pulse.records;
  if (page.dataset.status !== pulse.status) announce(`Run ${id} is ${pulse.status}.`);
  page.dataset.status = pulse.status;
  records = pulse.records;
  width = pulse.curve.width;
  if (pulse.curve.step.length || curve.step.some(step => step > pulse.after)) add(pulse.curve, pulse.after);
  if (isChanged) attempt(refresh);
}

function listen() {
  const known = () => curve.step.at(-1) ?? 0;
  const catchUp = (after = 0) => attempt(async () => follow(await request("GET", `/api/runs/${id}/pulse?after=${after}`)));
  followEvents(`/api/runs/${id}/events`, { pulse: pulse => {
    const isOther = width !== 0 && pulse.curve.width !== width;
    if (isOther) catchUp();
    // Points that this page has missed are fetched.
    else if (pulse.after > known()) catchUp(known() - known() % pulse.curve.width);
    else follow(pulse);
    // The connection may have been lost for a while.
  } }, () => catchUp(width === 0 ? 0 : known() - known() % width));
}

document.addEventListener("click", event => {
  if (event.target.id === "stop") attempt(async () => {
    await request("POST", `/api/runs/${id}/stop`);
    event.target.disabled = true;
    announce("The run saves and stops after the current step.");
  });
  if (event.target.id === "resume") attempt(async () => {
    event.target.disabled = true;
    try {
      await watch((await request("POST", `/api/runs/${id}/resume`)).id);
    } finally {
      event.target.disabled = false;
    }
  });
});

/** Waits until a process that was started trains the run, or has failed. */
async function watch(training) {
  announce("Starting. The model is loaded first.");
  for (;;) {
    const state = await request("GET", `/api/processes/${training}`);
    if (state.failure) throw new Error(state.failure);
    if (!state.is_running || page.dataset.status === "running") return;
    await new Promise(done => setTimeout(done, 500));
  }
}

listen();
whenResized(byId("loss-chart"), () => { show(); showValidation(); });
showSamples();
showValidation();
