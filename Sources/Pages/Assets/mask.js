// Paints a mask over an image: what is painted does not count in training.

const byId = id => document.getElementById(id);
const dialog = byId("mask-dialog"), canvas = byId("mask-canvas"), image = byId("mask-image");
const context = canvas.getContext("2d");
const largest = 2048;
let finish = null, last = null;

const loaded = picture => picture.decode();

/**
 * Opens the dialog. Resolves with a PNG file (white counts, black does not), with null for no mask, and with
 * undefined if nothing shall change.
 */
export async function paint({ image: address, mask, width, height, name }) {
  image.src = address;
  image.alt = name;
  const scale = Math.min(1, largest / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const result = new Promise(done => { finish = painted => { finish = null; dialog.close(); done(painted); }; });
  byId("mask-save").disabled = true;
  dialog.showModal();
  const own = finish;
  try {
    await loaded(image);
  } catch {
    finish?.(undefined);
    throw new Error(`${name} cannot be shown.`);
  }
  // It may have been closed meanwhile.
  if (finish !== own) return result;
  fit();
  if (mask) {
    const old = new Image();
    old.src = mask;
    await loaded(old);
    if (finish !== own) return result;
    context.drawImage(old, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < pixels.data.length; at += 4) {
      const weight = pixels.data[at];
      pixels.data.set([255, 45, 120, 255 - weight], at);
    }
    context.putImageData(pixels, 0, 0);
  }
  byId("mask-save").disabled = false;
  return result;
}

/** Lays the canvas over the image. */
function fit() {
  const box = image.getBoundingClientRect();
  canvas.style.width = `${box.width}px`;
  canvas.style.height = `${box.height}px`;
}
addEventListener("resize", fit);

function stroke(event) {
  const box = canvas.getBoundingClientRect();
  const point = [(event.clientX - box.left) / box.width * canvas.width, (event.clientY - box.top) / box.height * canvas.height];
  context.globalCompositeOperation = byId("erase").checked ? "destination-out" : "source-over";
  context.strokeStyle = context.fillStyle = "rgb(255, 45, 120)";
  context.lineWidth = byId("brush").value / 250 * Math.max(canvas.width, canvas.height);
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(...(last ?? point));
  context.lineTo(...point);
  context.stroke();
  // A line without length is not drawn.
  context.beginPath();
  context.arc(...point, context.lineWidth / 2, 0, 2 * Math.PI);
  context.fill();
  last = point;
}
canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); last = null; stroke(event); });
canvas.addEventListener("pointermove", event => { if (event.buttons) stroke(event); });
canvas.addEventListener("pointerup", () => { last = null; });

byId("mask-clear").addEventListener("click", () => context.clearRect(0, 0, canvas.width, canvas.height));
byId("mask-cancel").addEventListener("click", () => finish?.(undefined));
byId("mask-remove").addEventListener("click", () => finish?.(null));
dialog.addEventListener("cancel", () => finish?.(undefined));
byId("mask-save").addEventListener("click", () => {
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  let isEmpty = true;
  for (let at = 0; at < pixels.data.length; at += 4) {
    const weight = 255 - pixels.data[at + 3];
    if (weight < 255) isEmpty = false;
    pixels.data.set([weight, weight, weight, 255], at);
  }
  if (isEmpty) return finish?.(null);
  const plain = document.createElement("canvas");
  [plain.width, plain.height] = [canvas.width, canvas.height];
  plain.getContext("2d").putImageData(pixels, 0, 0);
  plain.toBlob(blob => finish?.(blob), "image/png");
});
