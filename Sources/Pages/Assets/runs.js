// The list of runs: bars move while runs are trained.
import { request } from "./studio.js";

const rows = new Map([...document.querySelectorAll("[data-run]")].map(row => [row.dataset.run, row]));

async function update() {
  const runs = await request("GET", "/api/runs");
  if (runs.some(run => !rows.has(String(run.id)))) return location.reload();
  for (const run of runs) {
    const row = rows.get(String(run.id));
    row.querySelector("progress").max = run.steps;
    row.querySelector("progress").value = run.step;
    row.querySelector("[data-step]").textContent = `${run.step} of ${run.steps}`;
    const status = row.querySelector("[data-status]");
    status.textContent = run.status;
    status.className = `badge ${run.status}`;
    if (Number.isFinite(run.loss)) row.querySelector("[data-loss]").textContent = run.loss.toFixed(4);
    if (run.seconds_per_step !== null) row.querySelector("[data-seconds]").textContent = String(Number(run.seconds_per_step.toPrecision(3)));
  }
}

async function follow() {
  // A page in the background asks for nothing.
  if (!document.hidden) try { await update(); } catch { /* The next attempt may succeed. */ }
  setTimeout(follow, 2000);
}
setTimeout(follow, 2000);
