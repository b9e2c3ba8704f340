// The form of a comparison.
import { element, order, report, request } from "./studio.js";
import { followJobs } from "./jobs.js";

const form = document.getElementById("compare"), entries = document.getElementById("entries");

form?.addEventListener("click", event => {
  const run = event.target.dataset.all ?? event.target.dataset.none;
  if (run === undefined) return;
  for (const box of form.querySelectorAll(`[data-run="${run}"] input`)) box.checked = "all" in event.target.dataset;
});
form?.addEventListener("submit", event => {
  event.preventDefault();
  const fields = order(form);
  fields.checkpoints = [...form.querySelectorAll("[data-checkpoint]:checked")].map(box => box.value);
  fields.base = document.getElementById("base").checked;
  report(form, () => request("POST", "/api/comparisons", fields));
});

const listed = new Set([...entries.querySelectorAll("li > a:first-child")].map(link => link.getAttribute("href")));
followJobs(job => {
  const address = `/comparisons/${job.id}`;
  if (job.kind !== "comparison" || job.status !== "finished" || listed.has(address)) return;
  listed.add(address);
  entries.prepend(element("li", {}, element("a", { href: address }, job.title), " ",
    element("a", { class: "button", href: `${address}/sheet.png`, download: `comparison-${job.id}.png` }, "Sheet")));
  document.getElementById("no-entries")?.remove();
});

const wanted = new URLSearchParams(location.search).getAll("checkpoint");
for (const box of document.querySelectorAll("[data-checkpoint]")) {
  if (wanted.includes(box.value)) { box.checked = true; box.closest("details").open = true; }
}
