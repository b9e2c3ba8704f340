// A picture in full size: the arrow keys lead to its neighbours.
import { attempt, request } from "./studio.js";

document.addEventListener("keydown", event => {
  if (event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  document.querySelector(`a[rel="${rel}"]`)?.click();
});

document.addEventListener("click", event => {
  const id = event.target.dataset?.remove;
  if (id && confirm("Remove this picture? Its file is moved into Checkpoints/pictures/.trash.")) attempt(async () => {
    await request("DELETE", `/api/pictures/${id}`);
    location.href = "/draw";
  });
});
