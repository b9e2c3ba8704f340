// The form of a new run: recipes, an estimate, the start.
import { duration, keepUnsaved, order, report, request, announce } from "./studio.js";

const form = document.getElementById("train"), forecast = document.getElementById("forecast");
const fields = () => ({ ...order(form), subject: form.dataset.subject });

// The options of a recipe, by their keys.
const options = recipe => recipe.value.split("\t").map(pair => {
  const end = pair.indexOf("=");
  return [pair.slice(0, end), pair.slice(end + 1)];
});

function follow(recipe) {
  const set = (key, value) => { if (form.elements[key]) form.elements[key].value = value; };
  for (const other of form.querySelectorAll("[data-recipe]")) {
    for (const [key] of options(other)) set(key, "");
  }
  for (const [key, value] of options(recipe)) set(key, value);
  estimate();
}
let isChanged = false;
form.addEventListener("input", () => {
  forecast.textContent = "";
  isChanged = true;
});
keepUnsaved(() => isChanged);
// Enter in a field estimates; only the button starts.
form.addEventListener("keydown", event => {
  if (event.key === "Enter" && event.target.matches("input[type=text]")) { event.preventDefault(); estimate(); }
});
form.addEventListener("change", event => { if ("recipe" in event.target.dataset) follow(event.target); });

const size = bytes => `${(bytes / 1e9).toFixed(1)} GB`;
let asked = 0;
const estimate = () => report(form, async () => {
  const number = ++asked;
  const found = await request("POST", "/api/runs/forecast", fields());
  if (number !== asked) return;
  const time = found.seconds === undefined ? "The time is known after the first steps, since no run like it is recorded yet." : `The steps take about ${duration(found.seconds)}, as in run ${found.run}.`;
  const fits = found.peak_bytes <= found.budget_bytes ? "" : " This is more than there is; choose a smaller resolution or batch.";
  forecast.textContent = `About ${size(found.peak_bytes)} of ${size(found.budget_bytes)} of memory on ${found.device} (${found.memory}).${fits} ${time}`;
});
document.getElementById("estimate").addEventListener("click", estimate);

form.addEventListener("submit", event => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  report(form, async () => {
    button.disabled = true;
    try {
      let state = await request("POST", "/api/runs", fields());
      announce("Starting. Images and model are checked first.");
      while (state.run === undefined && state.is_running) {
        await new Promise(done => setTimeout(done, 400));
        state = await request("GET", `/api/processes/${state.id}`);
      }
      if (state.run === undefined) throw new Error(state.failure ?? "The training has ended without a run.");
      isChanged = false;
      location.href = `/runs/${state.run}`;
    } finally {
      button.disabled = false;
    }
  });
});

// A recipe may have been chosen before this script was loaded.
const chosen = form.querySelector("[data-recipe]:checked");
if (chosen) follow(chosen);
