// A picture in full size: the arrow keys lead to its neighbours.
import "./studio.js";

document.addEventListener("keydown", event => {
  if (event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  document.querySelector(`a[rel="${rel}"]`)?.click();
});
