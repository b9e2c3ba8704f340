// The queue: follows the jobs and shows them.
import { attempt, element, request } from "./studio.js";

const list = document.getElementById("jobs");
const nothing = document.getElementById("no-jobs");
const isActive = job => job.status === "waiting" || job.status === "running";
/** Ended jobs that are shown until they are dismissed: those that the page has seen active, and the newest failed ones. */
const jobs = new Map();
let receive = () => {};

/** Follows the jobs. `onChange` is called with each state of a job. */
export function followJobs(onChange) {
  receive = onChange;
  const source = new EventSource("/api/jobs/events");
  source.addEventListener("job", event => update(JSON.parse(event.data)));
  source.addEventListener("jobs", event => {
    const all = JSON.parse(event.data);
    const known = new Set(all.map(job => job.id));
    for (const id of jobs.keys()) if (!known.has(id)) { jobs.get(id).remove(); jobs.delete(id); }
    for (const job of all.reverse()) if (isActive(job) || job.status === "failed" || jobs.has(job.id)) update(job);
    tidy();
  });
}

function update(job) {
  receive(job);
  const item = jobs.get(job.id);
  const isShown = job.notes.length > 0 || job.kind === "comparison" && item;
  if (job.status === "finished" && !isShown || job.status === "cancelled") {
    if (item) { item.remove(); jobs.delete(job.id); }
    return tidy();
  }
  const fresh = show(job, item);
  if (!item) {
    jobs.set(job.id, fresh);
    list.append(fresh);
  }
  tidy();
}

function tidy() { nothing.hidden = jobs.size > 0; }

function show(job, item) {
  item ??= element("li", { "data-job": job.id },
    element("div", { class: "frame" }, element("img", { class: "preview", alt: "", hidden: true })),
    element("div", {}, element("p", { class: "prompt" }, job.title), element("progress", { max: 1, value: 0, "aria-label": `Job ${job.id}` }),
      element("p", { class: "soft" }), element("ul", { class: "soft", hidden: true })),
    element("p", { class: "actions" }));
  item.dataset.status = job.status;
  const [frame, middle, actions] = item.children;
  const preview = frame.firstChild;
  const [, bar, words, notes] = middle.children;
  if (job.preview > 0 && job.status === "running") {
    preview.src = `/api/jobs/${job.id}/preview?${job.preview}`;
    preview.hidden = false;
    preview.alt = "Preview";
  }
  bar.hidden = !isActive(job);
  bar.value = job.share;
  words.textContent = sentence(job);
  words.className = job.status === "failed" ? "problem" : "soft";
  notes.replaceChildren(...job.notes.map(note => element("li", {}, note)));
  notes.hidden = job.notes.length === 0;
  const wanted = isActive(job) ? "cancel" : job.status === "failed" ? "again" : "dismiss";
  if (actions.dataset.shown !== wanted) {
    actions.dataset.shown = wanted;
    actions.replaceChildren(...buttons(job, wanted, item));
  }
  return item;
}

function sentence(job) {
  switch (job.status) {
    case "waiting": return job.position === 0 ? "Next" : `Waits for ${job.position} ${job.position === 1 ? "other" : "others"}`;
    case "running": {
      const picture = job.count > 1 ? `Picture ${Math.min(job.pictures.length + 1, job.count)} of ${job.count}, ` : "";
      return job.steps ? `${picture}step ${job.step} of ${job.steps}` : "Loading the model";
    }
    case "failed": return job.failure ?? "Failed.";
    default: return "Finished";
  }
}

function buttons(job, kind, item) {
  const button = (text, action) => {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", () => attempt(action));
    return made;
  };
  const dismiss = () => { item.remove(); jobs.delete(job.id); tidy(); };
  if (kind === "cancel") return [button("Cancel", () => request("DELETE", `/api/jobs/${job.id}`))];
  if (kind === "dismiss") {
    const open = job.kind === "comparison" ? [element("a", { class: "button primary", href: `/comparisons/${job.id}` }, "Open")] : [];
    return [...open, button("Dismiss", dismiss)];
  }
  return [
    button("Draw again", async () => { await request("POST", `/api/jobs/${job.id}/again`); dismiss(); }),
    button("Dismiss", dismiss),
  ];
}
