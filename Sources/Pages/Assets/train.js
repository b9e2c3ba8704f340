// The form of a new run: recipes, an estimate, the start.
import { duration, request, say } from "./studio.js";

const form = document.getElementById("train"), forecast = document.getElementById("forecast");
const options = () => [...form.querySelectorAll("[data-option]")];

function order() {
  const fields = { subject: form.dataset.subject };
  for (const input of options()) {
    const value = input.value.trim();
    if (value === "") continue;
    fields[input.name] = input.hasAttribute("data-list") ? value.split("\n").map(line => line.trim()).filter(Boolean) : value;
  }
  return fields;
}

function follow(recipe) {
  for (const pair of recipe.value.split(" ")) {
    const [key, value] = pair.split("=");
    const input = form.elements[key];
    if (input) input.value = value;
  }
  estimate();
}
form.addEventListener("change", event => { if ("recipe" in event.target.dataset) follow(event.target); });

/** Calls an action. The field of an error is marked. */
async function attempt(action) {
  for (const input of options()) input.removeAttribute("aria-invalid");
  try { return await action(); } catch (error) {
    say(error.message);
    const wrong = error.field && form.elements[error.field];
    if (wrong) { wrong.setAttribute("aria-invalid", "true"); wrong.closest("details")?.setAttribute("open", ""); wrong.focus(); }
    return undefined;
  }
}

const size = bytes => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const estimate = () => attempt(async () => {
  const found = await request("POST", "/api/runs/forecast", order());
  const time = found.seconds === undefined ? "The time is known after the first steps, since no run like it is recorded yet." : `The steps take about ${duration(found.seconds)}, as in run ${found.run}.`;
  const fits = found.peak_bytes <= found.budget_bytes ? "" : " This is more than there is; choose a smaller resolution or batch.";
  forecast.textContent = `About ${size(found.peak_bytes)} of ${size(found.budget_bytes)} of memory on ${found.device} (${found.memory}).${fits} ${time}`;
});
document.getElementById("estimate").addEventListener("click", estimate);

form.addEventListener("submit", event => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  attempt(async () => {
    button.disabled = true;
    try {
      let state = await request("POST", "/api/runs", order());
      say("Starting. Images and model are checked first.");
      while (state.run === undefined && state.is_running) {
        await new Promise(done => setTimeout(done, 400));
        state = await request("GET", `/api/trainings/${state.id}`);
      }
      if (state.run === undefined) throw new Error(state.failure ?? "The training has ended without a run.");
      location.href = `/runs/${state.run}`;
    } finally {
      button.disabled = false;
    }
  });
});

// A recipe may have been chosen before this script was loaded.
const chosen = form.querySelector("[data-recipe]:checked");
if (chosen) follow(chosen);
