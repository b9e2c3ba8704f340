// Two pictures on top of each other: the divider follows the slider and the pointer.
import "./studio.js";

const pair = document.getElementById("pair"), divider = document.getElementById("divider");
const place = () => pair.style.setProperty("--divider", `${divider.value}%`);
divider.addEventListener("input", place);
pair.addEventListener("pointermove", event => {
  if (event.pointerType !== "mouse" && event.buttons === 0) return;
  const box = pair.getBoundingClientRect();
  divider.value = String(Math.round(100 * (event.clientX - box.left) / box.width));
  place();
});
place();

// The pictures and the slider fit into the window.
const image = pair.querySelector("img");
const ratio = Number(image.getAttribute("width")) / Number(image.getAttribute("height"));
pair.style.maxWidth = `max(240px, calc((100vh - 300px) * ${ratio}))`;
