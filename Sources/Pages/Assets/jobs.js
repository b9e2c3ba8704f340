// The queue: follows the jobs and shows them.
import { attempt, element, follow, request, announce } from "./studio.js";

const list = document.getElementById("jobs");
const nothing = document.getElementById("no-jobs");
const isActive = job => job.status === "waiting" || job.status === "running";
/** Ended jobs that are shown until they are dismissed: those that the page has seen active, and the newest failed ones. */
const jobs = new Map();
const mostFailed = 5;
const dismissed = new Set(JSON.parse(localStorage.getItem("dismissed") ?? "[]"));
let receive = () => {};

/** Follows the jobs. `onChange` is called with each state of a job. */
export function followJobs(onChange) {
  receive = onChange;
  follow("/api/jobs/events", { job: update, jobs: all => {
    const known = new Set(all.map(job => job.id));
    for (const id of [...jobs.keys()]) if (!known.has(id)) forget(id);
    const failed = new Set(all.filter(job => job.status === "failed" && !dismissed.has(job.id)).slice(0, mostFailed).map(job => job.id));
    for (const job of all.reverse()) {
      if (isActive(job) || failed.has(job.id) || jobs.has(job.id)) update(job); else receive(job);
    }
    tidy();
  } });
}

function forget(id) {
  const item = jobs.get(id);
  if (!item) return;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  const hadFocus = item.contains(document.activeElement);
  item.remove();
  jobs.delete(id);
  tidy();
  // The keyboard stays in the list.
  if (hadFocus) (next?.querySelector("button, a") ?? document.getElementById("queue-title")).focus();
}

function dismiss(id) {
  dismissed.add(id);
  localStorage.setItem("dismissed", JSON.stringify([...dismissed].slice(-500)));
  forget(id);
}

function update(job) {
  receive(job);
  const item = jobs.get(job.id);
  const isShown = job.notes.length > 0 || job.kind === "comparison" && item;
  if (job.status === "finished" && item && item.dataset.status !== "finished") announce(`Job ${job.id} is finished.`);
  if (job.status === "finished" && !isShown || job.status === "cancelled") return forget(job.id);
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
    preview.onerror = () => { preview.hidden = true; };
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
    case "waiting": return job.position === 0 ? "Next" : job.position ? `${job.position} ${job.position === 1 ? "job" : "jobs"} before it` : "Waits";
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
    made.addEventListener("click", async () => {
      made.disabled = true;
      try { await attempt(action); } finally { made.disabled = false; }
    });
    return made;
  };
  if (kind === "cancel") {
    const cancel = button("Cancel", async () => {
      cancel.textContent = "Cancelling";
      try { await request("DELETE", `/api/jobs/${job.id}`); } catch (error) { cancel.textContent = "Cancel"; throw error; }
    });
    return [cancel];
  }
  if (kind === "dismiss") {
    const open = job.kind === "comparison" ? [element("a", { class: "button primary", href: `/comparisons/${job.id}` }, "Open")] : [];
    return [...open, button("Dismiss", () => dismiss(job.id))];
  }
  if (job.kind === "campaign") return [element("a", { class: "button", href: `/campaigns/${encodeURIComponent(job.title)}` }, "Open"), button("Dismiss", () => dismiss(job.id))];
  return [
    button("Draw again", async () => { await request("POST", `/api/jobs/${job.id}/again`); dismiss(job.id); }),
    button("Dismiss", () => dismiss(job.id)),
  ];
}
