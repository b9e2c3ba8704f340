// Export and publication of a checkpoint's adapter.
import { element, order, report, request } from "./studio.js";

const byId = id => document.getElementById(id);
const run = byId("run").dataset.run;

/** Waits for a process of the studio, and returns what it has printed last. Throws its error. */
async function finished(state) {
  while (state.is_running) {
    await new Promise(done => setTimeout(done, 400));
    state = await request("GET", `/api/processes/${state.id}`);
  }
  if (state.failure) throw new Error(state.failure);
  return state.result ?? "";
}

function serve(name, path, more, show) {
  const dialog = byId(`${name}-dialog`), form = byId(name), result = byId(`${name}-result`);
  let step = null;
  document.addEventListener("click", event => {
    const chosen = event.target.dataset?.[name];
    if (chosen === undefined) return;
    step = chosen;
    result.replaceChildren();
    dialog.showModal();
  });
  form.addEventListener("submit", event => {
    if (event.submitter?.value === "close") return;
    event.preventDefault();
    report(form, async () => {
      result.textContent = "Working.";
      event.submitter.disabled = true;
      try {
        const state = await request("POST", `/api/runs/${run}/${path}`, { ...order(form), ...more(), step });
        result.replaceChildren(...show(await finished(state)));
      } catch (error) {
        result.textContent = error.message;
        throw error;
      } finally {
        event.submitter.disabled = false;
      }
    });
  });
}

serve("export", "exports", () => ({}), path => {
  const name = path.split("/").at(-1);
  return name.endsWith(".safetensors")
    ? ["Exported: ", element("a", { href: `/api/exports/${encodeURIComponent(name)}`, download: name }, name)] : [`Exported into ${path}.`];
});
serve("publish", "publications", () => ({ private: byId("publish-private").checked }), address =>
  ["Published: ", element("a", { href: address, rel: "noreferrer" }, address)]);
